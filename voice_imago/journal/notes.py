"""What the two agreed on: requests, dates, shared lists, and how often something was done. All SQL about it.

Words are written only where the level allows ``notes``; below that a request is kept as its dates alone. Nothing here
counts for one partner against the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

__all__ = [
    "Agreement",
    "Appointment",
    "Item",
    "State",
    "agree",
    "agreements",
    "appoint",
    "appointments",
    "clear",
    "count",
    "counted",
    "document",
    "documents",
    "drop_item",
    "propose",
    "rate",
    "review",
    "settle_appointment",
]

State = Literal["open", "kept", "resized", "dropped"]
"""Of a request: running, done as agreed, made smaller (another one follows), let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A request that was chosen (domain §1.2)."""

    text: str = ""
    """The agreed sentence."""
    who: str = ""
    """The name of the partner who chose it."""
    what: str = ""
    """What that partner will do, as it is said after "chose"; empty: ``text``."""
    starts: str = ""
    """Day, ISO 8601."""
    ends: str = ""
    review: str = ""
    """Day on which the two look at it again."""
    kept: int = 0
    """How often it was done so far."""
    state: State = "open"
    id: int = 0
    session: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A date for a dialogue, from a "not now" or at the end of an evening."""

    at: str
    """Day, or day and time, local, ISO 8601."""
    what: str = ""
    state: Literal["open", "done", "dropped"] = "open"
    id: int = 0
    session: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of a shared list: a vision, a caring behaviour, an agreed note."""

    document: str
    text: str
    by: str
    """The name of the partner who proposed it."""
    ratings: Mapping[str, int] = field(default_factory=dict)
    """Name -> 1 (very) to 5 (less)."""
    id: int = 0
    session: int | None = None


# ---------------------------------------------------------------------- requests


def agree(connection: Any, one: Agreement, session: int | None, *, words: bool) -> int:
    cursor = connection.execute(
        "INSERT INTO agreements(session, text, who, what, starts, ends, review, kept, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session, *((one.text, one.who, one.what) if words else (None, None, None)), one.starts, one.ends or None,
            one.review or None, one.kept, one.state,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid)


def review(
    connection: Any, id: int, session: int | None, *, kept: int | None, state: State | None, again: str | None
) -> bool:
    """How it went: done so often in all, what becomes of it, and the day of the next look. False: there is none.

    It belongs to the evening of the look: when that is forgotten, the request is as it was before.
    """
    cursor = connection.execute(
        "INSERT INTO looks(agreement, session, kept, state, review) SELECT id, ?, ?, ?, ? FROM agreements WHERE id = ?",
        (session, kept, state, again, id),
    )
    return bool(cursor.rowcount)


def _newest(column: str) -> str:
    looks = f"FROM looks WHERE agreement = a.id AND {column} IS NOT NULL ORDER BY looks.id DESC LIMIT 1"
    return f"coalesce((SELECT {column} {looks}), a.{column})"


def agreements(connection: Any) -> list[Agreement]:
    now = ", ".join(map(_newest, ("review", "kept", "state")))
    select = f"SELECT id, session, text, who, what, starts, ends, {now} FROM agreements a ORDER BY id"  # noqa: S608
    return [
        Agreement(
            id=id, session=session, text=text or "", who=who or "", what=what or "", starts=starts, ends=ends or "",
            review=review or "", kept=kept, state=state,
        )
        for id, session, text, who, what, starts, ends, review, kept, state in connection.execute(select)
    ]  # fmt: skip


# ---------------------------------------------------------------------- dates


def appoint(connection: Any, one: Appointment, session: int | None, *, words: bool) -> int:
    cursor = connection.execute(
        "INSERT INTO appointments(session, at, what, state) VALUES (?, ?, ?, ?)",
        (session, one.at, one.what if words else None, one.state),
    )
    return int(cursor.lastrowid)


def settle_appointment(connection: Any, id: int, state: str) -> bool:
    return bool(connection.execute("UPDATE appointments SET state = ? WHERE id = ?", (state, id)).rowcount)


def appointments(connection: Any) -> list[Appointment]:
    select = "SELECT id, session, at, what, state FROM appointments ORDER BY at, id"
    return [
        Appointment(id=id, session=session, at=at, what=what or "", state=state)
        for id, session, at, what, state in connection.execute(select)
    ]


# ---------------------------------------------------------------------- counters


def count(connection: Any, name: str, day: date, by: int, session: int | None = None) -> None:
    """So many more of this today: days kept of a pledge, dialogues finished. They go with the session."""
    connection.execute(
        "INSERT INTO counts(session, name, day, value) VALUES (?, ?, ?, ?)", (session, name, day.isoformat(), by)
    )


def counted(connection: Any) -> dict[str, dict[str, int]]:
    """Name -> day -> how many."""
    found: dict[str, dict[str, int]] = {}
    select = "SELECT name, day, sum(value) FROM counts GROUP BY name, day ORDER BY name, day"
    for name, day, value in connection.execute(select):
        found.setdefault(name, {})[day] = value
    return found


# ---------------------------------------------------------------------- shared lists


def propose(connection: Any, item: Item, session: int | None) -> int:
    cursor = connection.execute(
        "INSERT INTO items(session, document, text, by, ratings) VALUES (?, ?, ?, ?, ?)",
        (session, item.document, item.text, item.by, json.dumps(dict(item.ratings), ensure_ascii=False)),
    )
    return int(cursor.lastrowid)


def rate(connection: Any, id: int, by: str, rating: int) -> bool:
    found = connection.execute("SELECT ratings FROM items WHERE id = ?", (id,)).fetchone()
    if found is None:
        return False
    ratings = json.dumps({**json.loads(found[0]), by: rating}, ensure_ascii=False)
    connection.execute("UPDATE items SET ratings = ? WHERE id = ?", (ratings, id))
    return True


def drop_item(connection: Any, id: int) -> bool:
    return bool(connection.execute("DELETE FROM items WHERE id = ?", (id,)).rowcount)


def document(connection: Any, name: str) -> list[Item]:
    """The lines of one shared list, in the order in which they were proposed."""
    return list(_items(connection.execute(f"{_ITEMS} WHERE document = ? ORDER BY id", (name,))))


def documents(connection: Any) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in _items(connection.execute(f"{_ITEMS} ORDER BY document, id")):
        found.setdefault(item.document, []).append(item)
    return found


def clear(connection: Any, document: str, by: str) -> None:
    """Every line of one shared list that one partner (both: nobody) put there; for a list that is written anew."""
    connection.execute("DELETE FROM items WHERE document = ? AND by = ?", (document, by))


_ITEMS = "SELECT id, session, document, text, by, ratings FROM items"


def _items(rows: Iterable[Any]) -> Iterable[Item]:
    for id, session, document, text, by, ratings in rows:
        yield Item(id=id, session=session, document=document, text=text, by=by, ratings=json.loads(ratings))
