"""Opening the database, plain or encrypted, and what its errors mean.

Everything is set here so that no word stays where it should not be: WAL with ``synchronous=FULL`` (a commit is on the
disk), ``secure_delete`` (what is deleted is overwritten), temporary tables in memory.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from voice_imago.errors import FileError, JournalError, VaultError, VoiceImagoError
from voice_imago.journal import files
from voice_imago.journal.migrations import APPLICATION_ID, MIGRATIONS, migrate, version_of

__all__ = [
    "WRONG_KEY",
    "check_ours",
    "connect",
    "database_errors",
    "key_clause",
    "not_opened",
    "open_for_reading",
    "open_for_writing",
    "trouble",
]

BUSY_MS = 5_000
"""Another program may hold the file for so long."""
NO_VAULT = "The journal {path} is encrypted, and what opens it is not installed."
INSTALL_VAULT = "Install it: pip install voice-imago[vault]."
WRONG_KEY = "This passphrase does not open the journal {path}."
WRONG_KEY_HINT = "Try again. If it never had a passphrase, the file is damaged; nothing was changed."
_SETTINGS = (
    "journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "secure_delete = ON", "foreign_keys = ON",
    "trusted_schema = OFF", "cache_size = -256",  # KiB: what is written is hardly ever read again
)  # fmt: skip


def _cipher() -> Any:
    """The module of the extra ``vault``. Raises ImportError."""
    from sqlcipher3 import dbapi2

    return dbapi2


def database_errors() -> tuple[type[Exception], ...]:
    """What any of the two libraries may raise."""
    try:
        return (sqlite3.Error, _cipher().Error)
    except ImportError:
        return (sqlite3.Error,)


def key_clause(key: str) -> str:
    """A passphrase as SQL text: a pragma takes no parameters."""
    return "'" + key.replace("'", "''") + "'"


def connect(path: Path, key: str | None, *, mode: str = "rw", cipher: bool = False) -> Any:
    """A connection in autocommit mode; with ``key`` to an encrypted file. Raises the libraries' errors, VaultError.

    ``cipher``: with the library that can encrypt, also for a file that is not.
    """
    if key is None and not cipher:
        module: Any = sqlite3
    else:
        try:
            module = _cipher()
        except ImportError as error:
            raise VaultError(NO_VAULT.format(path=path), INSTALL_VAULT) from error
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = module.connect(address, uri=True, isolation_level=None)
    try:
        if key is not None:
            connection.execute("PRAGMA cipher_log_level = NONE")  # it would print a wrong key's errors
            connection.execute(f"PRAGMA key = {key_clause(key)}")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_writing(path: Path, key: str | None) -> Any:
    """The journal with the newest tables; a new one where there is none.

    Raises FileError (foreign, newer, outside the data folder), VaultError, JournalError (cannot be opened), and with
    the code ``damaged`` JournalError for a file that is not whole.
    """
    files.guard(path)
    kind = files.kind_of(path)
    key = _key_for(path, kind, key)
    try:
        files.make(path)
        connection = connect(path, key)
    except OSError as error:
        raise JournalError(f"The journal {path} cannot be written: {error.strerror}.", ROOM) from error
    except database_errors() as error:
        raise not_opened(path, key, error) from error
    try:
        check_ours(connection, path)
        with contextlib.suppress(OSError):  # of a conversion that was killed; one that goes on would hold the file
            files.remove(files.beside(path, files.PART))
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        migrate(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # what was erased while somebody was reading
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise JournalError(f"The journal {path} is damaged.", files.DAMAGED, "damaged")
    except database_errors() as error:
        connection.close()
        raise trouble(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path, key: str | None) -> Any:
    """A journal that is only looked at, wherever it is. Raises FileError, VaultError, JournalError."""
    kind = files.kind_of(path)
    if kind in ("missing", "empty"):
        raise FileError(f"The journal {path} is empty." if kind == "empty" else f"There is no journal {path}.", NOTHING)
    key = _key_for(path, kind, key)
    try:
        connection = _reading(path, key)
    except database_errors() as error:
        raise not_opened(path, key, error) from error
    try:
        check_ours(connection, path)
        if not version_of(connection):
            raise FileError(f"The journal {path} is empty.", NOTHING)
        if version_of(connection) < len(MIGRATIONS):
            if not _is_own(path):
                raise FileError(f"The journal {path} is of an older version.", "Read it with that version.")
            connection.close()
            open_for_writing(path, key).close()
            connection = _reading(path, key)
    except database_errors() as error:
        connection.close()
        raise trouble(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _key_for(path: Path, kind: files.Kind, key: str | None) -> str | None:
    """The passphrase if the file needs one. Raises VaultError when it was not asked for."""
    if kind == "sealed" and not key:
        raise VaultError(f"The journal {path} is encrypted.", "Its passphrase is needed.")
    return None if kind == "plain" else key


def not_opened(path: Path, key: str | None, error: Exception) -> VoiceImagoError:
    if key is not None and name_of(error) == "SQLITE_NOTADB":
        return VaultError(WRONG_KEY.format(path=path), WRONG_KEY_HINT)
    return trouble(path, error)


def _reading(path: Path, key: str | None) -> Any:
    """Our own file as it is, with what a killed program left in its -wal; nothing is left beside anybody else's."""
    if _is_own(path):
        try:
            connection = connect(path, key)
        except database_errors() as error:
            if name_of(error) not in ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_READONLY_DIRECTORY"):
                raise
            connection = connect(path, key, mode=_still(path))
        connection.execute("PRAGMA query_only = ON")
        return connection
    return connect(path, key, mode=_still(path))


def _still(path: Path) -> str:
    """How a file is opened that nobody writes."""
    left = files.beside(path, "-wal")
    return "ro" if left.exists() and left.stat().st_size else "ro&immutable=1"


def _is_own(path: Path) -> bool:
    return path.resolve() in (files.journal_file().resolve(), files.rehearsals_file().resolve())


def check_ours(connection: Any, path: Path) -> None:
    """Raises FileError for another program's database, and for a newer version of ours.

    One without any table is ours too: a program that was killed had just begun it.
    """
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    if mark != APPLICATION_ID and (tables or mark):
        hint = files.in_the_way(path, "Name a journal of voice-imago.")
        raise FileError(f"The file {path} is a database of another program.", hint)
    version = version_of(connection)
    if version > len(MIGRATIONS):
        what = f"The journal {path} was written by a newer version of voice-imago (format {version})."
        raise FileError(what, "Start that version; this one changes nothing in it.")


# ---------------------------------------------------------------------- errors

ROOM = "The dialogue goes on without keeping. Make room on the disk, or check who owns the folder."
NOTHING = "Nothing is kept there."

_MEANINGS = {
    "SQLITE_FULL": ("full", "the disk is full", ROOM),
    "SQLITE_READONLY": ("failed", "the disk or the file cannot be written", ROOM),
    "SQLITE_CANTOPEN": ("failed", "the file cannot be opened", ROOM),
    "SQLITE_PERM": ("failed", "the file may not be opened", ROOM),
    "SQLITE_BUSY": ("failed", "another program holds it", "Close the other program, then start again."),
    "SQLITE_LOCKED": ("failed", "another program holds it", "Close the other program, then start again."),
    "SQLITE_CORRUPT": ("damaged", "it is damaged", files.DAMAGED),
    "SQLITE_NOTADB": ("damaged", "it is damaged", files.DAMAGED),
    "SQLITE_IOERR": ("failed", "the disk does not work", ROOM),
}


def name_of(error: Exception) -> str:
    """SQLite's name of an error; both libraries tell it."""
    return str(getattr(error, "sqlite_errorname", "") or "")


def trouble(path: Path, error: Exception) -> JournalError:
    """A database error in two sentences; its code is that of the spoken fault."""
    name = name_of(error)
    for start, (code, why, hint) in _MEANINGS.items():
        if name.startswith(start):
            return JournalError(f"The journal {path} cannot be used: {why}.", hint, code)
    why = name.removeprefix("SQLITE_").lower() or type(error).__name__
    return JournalError(f"The journal {path} cannot be used: {why}.", ROOM)
