"""Feeds the kept inputs of a session again and compares what comes of them with what came of them then.

With all words there, they are read again; without, the noted answers of their reader take their place. Either way the
same decisions must be made: what differs is a change of the program, of the prompts, or a fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from voice_imago.dialogue.beginning import Standing, fits
from voice_imago.dialogue.script import Script
from voice_imago.errors import FileError
from voice_imago.events import Effect, Input, Publish
from voice_imago.journal import store
from voice_imago.journal.overheard import Remembering
from voice_imago.journal.snapshot import read_settings, read_standing
from voice_imago.journal.tape import Part, inputs_of
from voice_imago.journal.wordless import fact_from, plain_fact
from voice_imago.session import Session, SessionSettings

__all__ = ["Kept", "Replayed", "digest_of", "kept_session", "replay"]

MOST_DIFFERENCES = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept session, ready to be replayed."""

    row: store.SessionRow
    settings: SessionSettings
    began: Standing | None
    part: Part
    texts: dict[tuple[str, int], str]

    @property
    def inputs(self) -> Iterator[Input]:
        frame_s = self.settings.hearing.segmenter.frame_s
        return inputs_of(self.part, frame_s, lambda kind, number: self.texts.get((kind, number)))

    @property
    def with_words(self) -> bool:
        """Every text that came in is kept."""
        spoken = [("piece", table["id"]) for table in self.part.others if table["is"] == "TextReady" and table["text"]]
        typed = [table for table in self.part.others if table["is"] == "LineTyped"]
        lines = [("line", number) for number, table in enumerate(typed, 1) if table["text"]]
        return all(key in self.texts for key in (*spoken, *lines))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay."""

    inputs: int
    facts: int
    """Facts that were kept."""
    differences: tuple[str, ...]
    """The first ones, in sentences."""
    by: Literal["words", "answers"]
    """The words were read again, or the noted answers given."""
    closed: bool = False
    """The rest of the session was not put on tape."""

    @property
    def same(self) -> bool:
        return not self.differences


def digest_of(folder: Path) -> str:
    """Changes with any graph or word in ``prompts/``."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.toml")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def kept_session(connection: Any, number: int | None) -> Kept:
    """The session of that number, else the newest. Raises FileError for one that is not there or not whole."""
    rows = store.sessions(connection)
    row = next((row for row in reversed(rows) if number in (None, row.id)), None)
    if row is None:
        kept = ", ".join(str(row.id) for row in rows[-10:]) or "none"
        none = "No session is kept." if number is None else f"There is no session {number}."
        raise FileError(none, f"Kept: {kept}.")
    if not row.whole:
        raise FileError(
            f"Session {row.id} was not kept from its beginning, so it cannot be replayed.", "Choose another one."
        )
    try:
        setup, began = store.setup_of(connection, row.id)
        names = store.names_of(connection, row.id)
        texts = store.texts_of(connection, row.id, ("piece", "line"))
        standing = None if began is None else read_standing(began)
        return Kept(row, read_settings(setup, names), standing, store.tape_of(connection, row.id), texts)
    except ValueError as error:
        raise FileError(f"Session {row.id} cannot be replayed: {error}.", "Use the version that kept it.") from error


def replay(script: Script, kept: Kept) -> Replayed:
    """Feed it again. Raises FileError for what this version cannot play."""
    course = kept.settings.course
    known = course.dialogue in script.graphs and course.language in script.languages
    if not known or (kept.began is not None and not fits(script, kept.began)):
        what = f"Session {kept.row.id} needs prompts that are not here any more."
        raise FileError(what, "Use the version that kept it.")
    session = Session(script, kept.settings)
    if not kept.with_words:
        answers = iter(kept.part.answers)
        session.dialogue.read_by(lambda reader: Remembering(reader, answers))
    again: list[dict[str, Any]] = []
    count = 0
    try:
        begun = float(kept.part.facts[0]["at"]) if kept.part.facts else 0.0
        again += _facts(session.begin(begun, kept.began), course.partners)
        for given in kept.inputs:
            count += 1
            again += _facts(session.feed(given), course.partners)
    except (ValueError, KeyError) as error:
        what = f"Session {kept.row.id} cannot be replayed: {error}."
        raise FileError(what, "Use the version that kept it.") from error
    by: Literal["words", "answers"] = "words" if kept.with_words else "answers"
    differences = _differences(kept.part.facts, again, course.partners)
    return Replayed(count, len(kept.part.facts), differences, by, kept.part.closed)


def _facts(effects: list[Effect], partners: tuple[str, str]) -> list[dict[str, Any]]:
    plain = [plain_fact(effect.fact, partners) for effect in effects if isinstance(effect, Publish)]
    return [fact for fact in plain if fact is not None]


def _differences(then: list[dict[str, Any]], now: list[dict[str, Any]], partners: tuple[str, str]) -> tuple[str, ...]:
    """The first places where the two differ."""
    found = []
    for number, (one, two) in enumerate(zip(then, now, strict=False)):
        if _value(one, partners) != _value(two, partners):
            found.append(f"{two['at']:.2f} s, fact {number}: {_told(two)}; it was {_told(one)}")
            if len(found) == MOST_DIFFERENCES:
                return tuple(found)
    if len(then) != len(now):
        found.append(f"{len(now)} facts instead of {len(then)}")
    return tuple(found)


def _value(table: dict[str, Any], partners: tuple[str, str]) -> Any:
    """As a fact, so that a number is the same number however it was kept."""
    try:
        return replace(fact_from(table, partners))
    except (KeyError, TypeError):
        return table


def _told(table: dict[str, Any]) -> str:
    fields = ", ".join(f"{name}={value}" for name, value in table.items() if name not in ("is", "at") and value != "")
    return f"{table['is']}({fields})"
