"""All SQL about sessions: what is written while one goes on, what is read of it later, what is taken away again.

Functions take a connection and run inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from voice_imago.journal.levels import Level
from voice_imago.journal.rows import (
    SessionRow,
    TurnRow,
    names_of,
    session,
    sessions,
    texts_of,
    turns_of,
    unfinished,
)
from voice_imago.journal.snapshot import SessionSnapshot, read_standing, write_standing
from voice_imago.journal.tape import Part, joined, packed, unpacked

__all__ = [
    "Opening",
    "Progress",
    "SessionRow",
    "TurnRow",
    "begin_session",
    "forget_evening",
    "forget_session",
    "lower",
    "name_partners",
    "names_of",
    "raise_to",
    "session",
    "sessions",
    "settle",
    "setup_of",
    "snapshot",
    "take_back",
    "tape_of",
    "texts_of",
    "turns_of",
    "unfinished",
    "write_progress",
]


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a session when its keeping begins."""

    started: str
    dialogue: str
    language: str
    version: str
    prompts: str
    setup: bytes
    whole: bool
    """The tape begins with the session."""
    resumed: int | None = None
    """The session that it takes up, and …"""
    began: bytes | None = None
    """… where that stood."""


@dataclass(slots=True)
class Progress:
    """What came since the last transaction."""

    part: Part
    length_s: float
    place: tuple[str, int, int]
    """Step, its number, and how many there are."""
    standing: bytes | None
    """None: the dialogue is over."""
    rounds: int = 0
    appreciations: int = 0
    reason: str | None = None
    turns: list[TurnRow] = field(default_factory=list)
    words: list[tuple[str, int, str]] = field(default_factory=list)
    """Kind, number, text."""


# ---------------------------------------------------------------------- writing


def begin_session(connection: Any, opening: Opening, level: Level) -> int:
    """A new session; gives its number. One that it takes up is over with that."""
    cursor = connection.execute(
        "INSERT INTO sessions(started, dialogue, language, version, prompts, level, setup, whole, began, resumed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM sessions WHERE id = ?))",
        (
            opening.started, opening.dialogue, opening.language, opening.version, opening.prompts, level,
            opening.setup, opening.whole, opening.began, opening.resumed,
        ),
    )  # fmt: skip
    if opening.resumed is not None:
        settle(connection, opening.resumed, "resumed")
    return int(cursor.lastrowid)


def settle(connection: Any, earlier: int, reason: str, by: int | None = None) -> None:
    """A session that was broken off is taken up (``by`` another one), or is not to be offered any more."""
    over = "UPDATE sessions SET reason = ?, standing = NULL WHERE id = ? AND reason IS NULL"
    connection.execute(over, (reason, earlier))
    if reason == "resumed" and by is not None:
        connection.execute("UPDATE sessions SET resumed = ? WHERE id = ?", (earlier, by))


def name_partners(connection: Any, session: int, names: Sequence[str]) -> None:
    rows = [(session, partner, name) for partner, name in enumerate(names)]
    connection.executemany("INSERT OR REPLACE INTO names VALUES (?, ?, ?)", rows)


def write_progress(connection: Any, session: int, number: int, progress: Progress) -> None:
    """Part ``number`` of a session's tape and everything that goes with it."""
    step, place, count = progress.place
    connection.execute(
        "UPDATE sessions SET length_s = ?, step = ?, number = ?, count = ?, rounds = ?, appreciations = ?,"
        " reason = ?, standing = ? WHERE id = ?",
        (
            progress.length_s, step, place, count, progress.rounds, progress.appreciations, progress.reason,
            progress.standing, session,
        ),
    )  # fmt: skip
    connection.execute("INSERT INTO tape VALUES (?, ?, ?)", (session, number, packed(progress.part)))
    connection.executemany(
        "INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(session, t.turn, t.step, t.speaker, t.start_s, t.end_s, t.speech_s, t.why) for t in progress.turns],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO words VALUES (?, ?, ?, ?)", [(session, *word) for word in progress.words]
    )
    if progress.reason is not None:
        _close_tape(connection, session)


def _close_tape(connection: Any, session: int) -> None:
    """A session that is over: its many small parts become one."""
    whole = packed(tape_of(connection, session), small=True)
    connection.execute("DELETE FROM tape WHERE session = ?", (session,))
    connection.execute("INSERT INTO tape VALUES (?, 0, ?)", (session, whole))


def raise_to(connection: Any, session: int, level: Level, names: Sequence[str] | None) -> None:
    """From now on more is kept of a session."""
    connection.execute("UPDATE sessions SET level = ? WHERE id = ?", (level, session))
    if names is not None:
        name_partners(connection, session, names)


def take_back(connection: Any, session: int, keys: Sequence[tuple[str, int]]) -> None:
    """Words that were not to be kept, by kind and number."""
    delete = "DELETE FROM words WHERE session = ? AND kind = ? AND number = ?"
    connection.executemany(delete, [(session, *key) for key in keys])


def lower(connection: Any, session: int, level: Level, agreed: Collection[str] = ()) -> None:
    """From now on less is kept of a session; what is above the new level goes. ``agreed``: see ``write_standing``."""
    if level == "none":
        forget_session(connection, session)
        return
    if level == "counts":
        connection.execute("DELETE FROM names WHERE session = ?", (session,))
        connection.execute("UPDATE agreements SET text = NULL, who = NULL, what = NULL WHERE session = ?", (session,))
        connection.execute("UPDATE appointments SET what = NULL WHERE session = ?", (session,))
        connection.execute("DELETE FROM items WHERE session = ?", (session,))
    if level in ("counts", "notes"):
        connection.execute("DELETE FROM words WHERE session = ?", (session,))
    kept = connection.execute("SELECT standing FROM sessions WHERE id = ?", (session,)).fetchone()[0]
    standing = None if kept is None else write_standing(read_standing(kept), level, agreed)
    connection.execute("UPDATE sessions SET level = ?, standing = ? WHERE id = ?", (level, standing, session))


def forget_session(connection: Any, session: int) -> bool:
    """Everything that belongs to a session; False if there was none."""
    return bool(connection.execute("DELETE FROM sessions WHERE id = ?", (session,)).rowcount)


def forget_evening(connection: Any, session: int) -> bool:
    """A session and those that it took up, one after the other; False if there was none."""
    earlier: int | None = session
    found = False
    while earlier is not None:
        row = connection.execute("SELECT resumed FROM sessions WHERE id = ?", (earlier,)).fetchone()
        found = forget_session(connection, earlier) or found
        earlier = None if row is None else row[0]
    return found


# ---------------------------------------------------------------------- reading


def snapshot(connection: Any, number: int) -> SessionSnapshot | None:
    """Where an unfinished session stands; None if it is over or there is none. Raises ValueError."""
    row = session(connection, number)
    kept = connection.execute("SELECT standing FROM sessions WHERE id = ?", (number,)).fetchone()
    if row is None or row.reason is not None or kept[0] is None:
        return None
    names, standing = names_of(connection, number), read_standing(kept[0])
    return SessionSnapshot(
        number, row.started, row.dialogue, row.language, names, row.level, row.step, row.number, row.count, standing
    )


def tape_of(connection: Any, session: int) -> Part:
    """The whole tape. Raises ValueError for a damaged one."""
    select = "SELECT content FROM tape WHERE session = ? ORDER BY part"
    parts = [unpacked(content) for (content,) in connection.execute(select, (session,))]
    return joined(parts)


def setup_of(connection: Any, session: int) -> tuple[bytes, bytes | None]:
    """What a replay needs beside the tape: the settings, and where a session began that took up another one."""
    select = "SELECT setup, began FROM sessions WHERE id = ?"
    setup, began = connection.execute(select, (session,)).fetchone()
    return setup, began
