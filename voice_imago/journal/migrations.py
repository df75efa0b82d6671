"""The tables of a journal, version by version. What has shipped here is never changed, only added to.

``PRAGMA user_version`` says which version a file has. Each step runs in one transaction with the number it leads to, so
a file is always of one version.

All words are in columns named here and nowhere else: ``names.name``, ``words.text``, ``agreements.text/what/who``,
``appointments.what``, ``items.text/by/ratings``. ``private.sealed`` holds what only one person can open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["APPLICATION_ID", "MIGRATIONS", "migrate", "version_of"]

APPLICATION_ID = 0x56496D61
"""``VIma``: marks the file as ours."""

_FIRST = """
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started TEXT NOT NULL,                  -- local date and time, ISO 8601
    dialogue TEXT NOT NULL,
    language TEXT NOT NULL,
    version TEXT NOT NULL,                  -- of the program
    prompts TEXT NOT NULL,                  -- digest of the graphs and words
    level TEXT NOT NULL,
    length_s REAL NOT NULL DEFAULT 0,       -- on the audio clock
    reason TEXT,                            -- of the end; NULL while it is not over
    step TEXT NOT NULL DEFAULT '',
    number INTEGER NOT NULL DEFAULT 0,      -- of the step on the main line
    count INTEGER NOT NULL DEFAULT 0,       -- steps of the main line
    rounds INTEGER NOT NULL DEFAULT 0,      -- turns that were mirrored
    appreciations INTEGER NOT NULL DEFAULT 0,
    resumed INTEGER REFERENCES sessions(id) ON DELETE SET NULL,  -- the session that this one took up
    setup BLOB NOT NULL,                    -- what a replay needs beside the tape
    began BLOB,                             -- where it began, if it took up another session
    whole INTEGER NOT NULL,                 -- 1: the tape begins with the session
    standing BLOB                           -- where the dialogue stands; NULL once it is over
);
CREATE INDEX unfinished ON sessions(id) WHERE reason IS NULL;
CREATE TABLE names (
    session INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
    partner INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (session, partner)
) WITHOUT ROWID;
CREATE TABLE turns (
    session INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
    turn INTEGER NOT NULL,
    step TEXT NOT NULL,
    speaker INTEGER,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    speech_s REAL NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (session, turn)
) WITHOUT ROWID;
CREATE TABLE words (
    session INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,                     -- turn (what was said), piece and line (what came in, for a replay)
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (session, kind, number)
) WITHOUT ROWID;
CREATE TABLE tape (
    session INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (session, part)
);
CREATE TABLE agreements (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER REFERENCES sessions(id) ON DELETE CASCADE,
    text TEXT, who TEXT, what TEXT,         -- NULL where no words are kept
    starts TEXT NOT NULL, ends TEXT, review TEXT,   -- days, ISO 8601
    kept INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'open'
);
CREATE INDEX agreements_of ON agreements(session);
CREATE TABLE appointments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER REFERENCES sessions(id) ON DELETE CASCADE,
    at TEXT NOT NULL,                       -- day, or day and time, local, ISO 8601
    what TEXT,
    state TEXT NOT NULL DEFAULT 'open'
);
CREATE INDEX appointments_of ON appointments(session);
CREATE TABLE counters (
    name TEXT NOT NULL, day TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (name, day)
) WITHOUT ROWID;
CREATE TABLE items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER REFERENCES sessions(id) ON DELETE CASCADE,
    document TEXT NOT NULL,
    text TEXT NOT NULL,
    by TEXT NOT NULL,
    ratings TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX items_of ON items(session);
CREATE TABLE people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mark TEXT NOT NULL UNIQUE,              -- digest of the name
    recipient TEXT NOT NULL,                -- what seals for this person
    identity BLOB NOT NULL                  -- what opens, sealed with the person's own secret
);
CREATE TABLE private (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    part INTEGER NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX private_of ON private(person);
"""

_COUNTS_AND_LOOKS_OF_A_SESSION = """
CREATE TABLE counts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER REFERENCES sessions(id) ON DELETE CASCADE,
    name TEXT NOT NULL, day TEXT NOT NULL, value INTEGER NOT NULL
);
CREATE INDEX counts_of ON counts(session);
INSERT INTO counts(name, day, value) SELECT name, day, value FROM counters;
DROP TABLE counters;
CREATE TABLE looks (                        -- what came of a request, the newest look counts
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agreement INTEGER NOT NULL REFERENCES agreements(id) ON DELETE CASCADE,
    session INTEGER REFERENCES sessions(id) ON DELETE CASCADE,
    kept INTEGER, state TEXT, review TEXT   -- NULL: as it was before
);
CREATE INDEX looks_at ON looks(agreement);
CREATE INDEX looks_of ON looks(session);
"""
"""Whatever an evening has counted and changed goes with it when it is forgotten."""

MIGRATIONS: tuple[str, ...] = (_FIRST, _COUNTS_AND_LOOKS_OF_A_SESSION)
"""``MIGRATIONS[n]`` leads from version ``n`` to ``n + 1``."""


def version_of(connection: Any) -> int:
    """The file's version; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: Any, steps: Sequence[str] = MIGRATIONS) -> None:
    """Bring the tables to the newest version. Raises the database's errors, and then the file is as it was."""
    while version_of(connection) < len(steps):
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(connection)  # another program may have done it meanwhile
            if version < len(steps):
                for statement in _statements(steps[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _statements(script: str) -> list[str]:
    """``executescript`` would commit in between."""
    bare = "\n".join(line.partition("--")[0] for line in script.splitlines())
    return [statement for statement in map(str.strip, bare.split(";")) if statement]
