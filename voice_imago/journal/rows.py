"""Sessions, turns and words as they are read. Light to import: the history needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from voice_imago.journal.levels import Level, as_level

__all__ = ["SessionRow", "TurnRow", "names_of", "session", "sessions", "texts_of", "turns_of", "unfinished"]


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One closed turn."""

    turn: int
    step: str
    speaker: int | None
    start_s: float
    end_s: float
    speech_s: float
    why: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session as it is listed."""

    id: int
    started: str
    dialogue: str
    language: str
    version: str
    prompts: str
    level: Level
    length_s: float
    reason: str | None
    step: str
    number: int
    count: int
    rounds: int
    appreciations: int
    resumed: int | None
    whole: bool


_COLUMNS = (
    "id, started, dialogue, language, version, prompts, level, length_s, reason, step, number, count, rounds, "
    "appreciations, resumed, whole"
)


def _row(values: Sequence[Any]) -> SessionRow:
    row = dict(zip(SessionRow.__slots__, values, strict=True))
    return SessionRow(**{**row, "level": as_level(row["level"]), "whole": bool(row["whole"])})


def sessions(connection: Any) -> list[SessionRow]:
    """All sessions, the oldest first."""
    return [_row(values) for values in connection.execute(f"SELECT {_COLUMNS} FROM sessions ORDER BY id")]  # noqa: S608


def session(connection: Any, number: int) -> SessionRow | None:
    if not 0 < number < 1 << 63:  # more than the database can count
        return None
    found = connection.execute(f"SELECT {_COLUMNS} FROM sessions WHERE id = ?", (number,)).fetchone()  # noqa: S608
    return None if found is None else _row(found)


def unfinished(connection: Any) -> list[SessionRow]:
    """Sessions that were broken off, the newest first."""
    select = f"SELECT {_COLUMNS} FROM sessions WHERE reason IS NULL ORDER BY id DESC"  # noqa: S608
    return [_row(values) for values in connection.execute(select)]


def names_of(connection: Any, session: int) -> tuple[str, str] | None:
    """The partners' names; None where they are not kept."""
    found = dict(connection.execute("SELECT partner, name FROM names WHERE session = ?", (session,)))
    return (found[0], found[1]) if found.keys() == {0, 1} else None


def turns_of(connection: Any, session: int) -> list[TurnRow]:
    select = "SELECT turn, step, speaker, start_s, end_s, speech_s, why FROM turns WHERE session = ? ORDER BY start_s"
    return [TurnRow(*values) for values in connection.execute(select, (session,))]


def texts_of(connection: Any, session: int, kinds: Iterable[str]) -> dict[tuple[str, int], str]:
    """Kept words, by kind and number."""
    select = "SELECT kind, number, text FROM words WHERE session = ?"
    wanted = set(kinds)
    return {(kind, number): text for kind, number, text in connection.execute(select, (session,)) if kind in wanted}
