"""What is kept, for use elsewhere: agreed notes as Markdown, everything but the tapes as JSON, days as a calendar."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Any, Literal

import msgspec

from voice_imago.journal import notes, store
from voice_imago.journal.calendar import to_calendar

__all__ = ["Format", "exported", "to_json", "to_markdown"]

Format = Literal["md", "json", "ics"]
FORMAT = 1
"""Of the JSON."""
_MARKS = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|~"})


def exported(connection: Any, format: Format, now: datetime.datetime) -> bytes:
    """The whole export. Private parts are never in it."""
    if format == "ics":
        return to_calendar(notes.agreements(connection), notes.appointments(connection), now)
    return to_json(connection) if format == "json" else to_markdown(connection).encode()


def to_markdown(connection: Any) -> str:
    """Agreed notes alone: what a couple may want to show, or to take to a therapist."""
    lines = ["# What we agreed on", ""]
    requests = [one for one in notes.agreements(connection) if one.text or one.what]
    if requests:
        lines += ["## Requests", "", *(f"- {_request(one)}" for one in requests), ""]
    dates = [one for one in notes.appointments(connection) if one.what and one.state == "open"]
    if dates:
        lines += ["## Dates", "", *(f"- {one.at.replace('T', ', ')}: {_text(one.what)}" for one in dates), ""]
    for name, items in notes.documents(connection).items():
        lines += [f"## {_text(name[:1].upper() + name[1:])}", "", *(f"- {_item(one)}" for one in items), ""]
    if len(lines) == 2:
        lines += ["Nothing yet.", ""]
    return "\n".join(lines)


def _request(one: notes.Agreement) -> str:
    who = f"**{_text(one.who)}**: " if one.who else ""
    days = [f"from {one.starts}" if one.starts else "", f"until {one.ends}" if one.ends else ""]
    days += [f"a look on {one.review}" if one.review else "", f"kept {one.kept} times" if one.kept else ""]
    more = ", ".join(part for part in days if part)
    return f"{who}{_text(one.text or one.what)}" + (f" ({more})" if more else "")


def _item(one: notes.Item) -> str:
    ratings = ", ".join(f"{_text(name)} {rating}" for name, rating in sorted(one.ratings.items()))
    by = f"proposed by {_text(one.by)}" if one.by else ""
    more = "; ".join(part for part in (by, ratings) if part)
    return _text(one.text) + (f" ({more})" if more else "")


def _text(words: str) -> str:
    """Words as they were said, in one line, whatever marks they hold."""
    return " ".join(words.split()).translate(_MARKS)


def to_json(connection: Any) -> bytes:
    """Everything that is kept but the tapes, which only a replay can read."""
    sessions = [_session(connection, row) for row in store.sessions(connection)]
    whole = {
        "format": FORMAT,
        "sessions": sessions,
        "agreements": [asdict(one) for one in notes.agreements(connection)],
        "appointments": [asdict(one) for one in notes.appointments(connection)],
        "counters": notes.counted(connection),
        "documents": {name: [asdict(one) for one in items] for name, items in notes.documents(connection).items()},
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def _session(connection: Any, row: store.SessionRow) -> dict[str, Any]:
    said = store.texts_of(connection, row.id, ("turn",))
    turns = []
    for turn in store.turns_of(connection, row.id):
        text = said.get(("turn", turn.turn))
        turns.append({**asdict(turn), **({"text": text} if text is not None else {})})
    names = store.names_of(connection, row.id)
    return {**asdict(row), **({"partners": names} if names else {}), "turns": turns}
