"""Encrypting a whole journal, and taking that back: a new file is made beside the old one, compared, takes its place.

    plain or encrypted journal.db ──export──► journal.db.part ──verify, fsync──► journal.db

Interrupted anywhere, the old file or the new one is there, whole, under its name. SQLCipher does the encryption; a
passphrase that is lost opens nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voice_imago.errors import JournalError, UsageError, VaultError
from voice_imago.journal import files
from voice_imago.journal.connection import (
    INSTALL_VAULT,
    check_ours,
    connect,
    database_errors,
    key_clause,
    not_opened,
    open_for_writing,
    trouble,
)
from voice_imago.journal.migrations import APPLICATION_ID, version_of

__all__ = ["change", "is_locked", "lock", "unlock"]

IN_USE = "Close the other program, then say it again; nothing was changed."


def is_locked(path: Path) -> bool:
    """Whether the journal is encrypted. Raises FileError, JournalError."""
    return files.kind_of(path) == "sealed"


def lock(path: Path, new: str) -> None:
    """Encrypt it; where there is none yet, begin an encrypted one. Raises FileError, JournalError, VaultError."""
    _check(new)
    if is_locked(path):
        raise UsageError("The journal is encrypted already.", "Say vault change for another passphrase.")
    if files.kind_of(path) in ("missing", "empty"):
        _needs_cipher()
        open_for_writing(path, new).close()
        return
    _convert(path, None, new)


def unlock(path: Path, old: str) -> None:
    """Keep it without encryption from now on. Raises FileError, JournalError, VaultError."""
    if not is_locked(path):
        raise UsageError("The journal is not encrypted.", "Nothing was changed.")
    _convert(path, old, None)


def change(path: Path, old: str, new: str) -> None:
    """Another passphrase. Raises FileError, JournalError, VaultError."""
    _check(new)
    if not is_locked(path):
        raise UsageError("The journal is not encrypted.", "Say vault on.")
    _convert(path, old, new)


def _check(passphrase: str) -> None:
    if not passphrase or not passphrase.isprintable():
        raise VaultError("A passphrase needs at least one character, and only such as can be typed.", "Try again.")


def _needs_cipher() -> None:
    try:
        import sqlcipher3  # noqa: F401
    except ImportError as error:
        raise VaultError("What encrypts the journal is not installed.", INSTALL_VAULT) from error


def _convert(path: Path, old: str | None, new: str | None) -> None:
    files.guard(path)
    _needs_cipher()
    part = files.beside(path, files.PART)
    try:
        with _alone(path, old) as source:
            files.remove(part)
            files.make(part)
            _export(source, part, new)
            _compare(source, part, new)
            _sync(part)
            if os.name == "posix":  # while nobody else can write; elsewhere an open file is not replaced
                _put_in_place(part, path, overwrite=old is None)
        if os.name != "posix":
            part.replace(path)
    except OSError as error:
        raise JournalError(
            f"The journal {path} cannot be written: {error.strerror}.", "Nothing was changed."
        ) from error
    except database_errors() as error:
        raise trouble(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            files.remove(part)


@contextlib.contextmanager
def _alone(path: Path, key: str | None) -> Iterator[Any]:
    """The journal with nobody else in it, and without a -wal. Raises VaultError, JournalError."""
    try:
        connection = connect(path, key, cipher=True)
    except database_errors() as error:
        raise not_opened(path, key, error) from error
    try:
        check_ours(connection, path)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except database_errors() as error:
            raise JournalError(f"The journal {path} is in use.", IN_USE) from error
        if mode != "delete":
            raise JournalError(f"The journal {path} is in use.", IN_USE)
        yield connection
    finally:
        connection.close()


def _export(source: Any, part: Path, key: str | None) -> None:
    source.execute(f"ATTACH DATABASE ? AS other KEY {key_clause(key or '')}", (str(part),))
    try:
        source.execute("SELECT sqlcipher_export('other')").fetchone()
        source.execute(f"PRAGMA other.application_id = {APPLICATION_ID}")
        source.execute(f"PRAGMA other.user_version = {version_of(source)}")
    finally:
        source.execute("DETACH DATABASE other")


def _compare(source: Any, part: Path, key: str | None) -> None:
    """The new file is sound and holds the same. Raises JournalError."""
    made = connect(part, key, cipher=True)
    try:
        sound = made.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if key is not None:
            sound = sound and made.execute("PRAGMA cipher_integrity_check").fetchall() == []
        if not sound or _digest(made) != _digest(source):
            raise JournalError("The new journal is not the same as the old one.", "The old one stays as it is.")
    finally:
        made.close()


def _digest(connection: Any) -> str:
    """Of everything in the tables."""
    digest = hashlib.sha256(str(version_of(connection)).encode())
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    for table in tables:
        digest.update(table.encode())
        columns = len(connection.execute(f'PRAGMA table_info("{table}")').fetchall())
        order = ", ".join(str(number) for number in range(1, min(3, columns) + 1))  # no primary key has more
        for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY {order}'):  # noqa: S608 -- our own names
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _put_in_place(part: Path, path: Path, *, overwrite: bool) -> None:
    """Under its name; what was plain is overwritten as far as the disk does that."""
    before = path.open("r+b") if overwrite else None
    try:
        part.replace(path)
        _sync(path.parent)
        if before is not None:
            size = os.fstat(before.fileno()).st_size
            for start in range(0, size, 1 << 20):
                before.write(bytes(min(1 << 20, size - start)))
            before.flush()
            os.fsync(before.fileno())
    finally:
        if before is not None:
            before.close()


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
