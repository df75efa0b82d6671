"""The journal of a couple: one file, one thread that writes it, and what others ask of it.

Nothing is created before there is something to keep. A damaged file is set aside, never replaced.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from voice_imago.errors import JournalError
from voice_imago.journal import files
from voice_imago.journal.connection import database_errors, open_for_reading, open_for_writing, trouble
from voice_imago.journal.writer import Job, Writer, in_transaction, named

__all__ = ["Journal", "erase", "reading"]

T = TypeVar("T")


class Journal:
    """Open until ``close``. Everything that is written goes through ``submit`` or ``run``."""

    def __init__(
        self,
        path: Path | None = None,
        key: str | None = None,
        *,
        today: Callable[[], datetime.date] = datetime.date.today,
    ) -> None:
        self.path = path or files.journal_file()
        self.set_aside: Path | None = None
        """Where a damaged journal went."""
        self._key = key
        self._today = today
        self._writer = Writer(self._open, named(self.path))

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def submit(self, work: Callable[[Any], T], then: Callable[[T], None] | None = None) -> Job[T]:
        """Write something, in one transaction; whoever needs it to be on the disk waits for the job.

        ``then`` is told what came of it, by the writer's thread, before anything else is written.
        """
        return self._writer.submit(work, then=then)

    def run(self, work: Callable[[Any], T]) -> T:
        """The same, waited for. Raises FileError, VaultError, JournalError."""
        return self.submit(work).result()

    def erase(self, work: Callable[[Any], T]) -> Job[T]:
        """Take something away so that no byte of it is left in the file."""
        return self._writer.submit(lambda connection: erase(connection, work), alone=True)

    def open(self) -> str | None:
        """Open the file now; a sentence if a damaged one was set aside. Raises FileError, VaultError, JournalError."""
        self.run(lambda connection: None)
        if self.set_aside is None:
            return None
        return f"The journal was damaged. It is kept as {self.set_aside}, and a new one is begun."

    def close(self) -> None:
        """After everything is written."""
        self._writer.close()

    def _open(self) -> Any:
        """In the writer's thread."""
        key, self._key = self._key, None
        try:
            return open_for_writing(self.path, key)
        except JournalError as error:
            if error.code != "damaged":
                raise
            self.set_aside = self._put_aside(error)
            return open_for_writing(self.path, key)

    def _put_aside(self, damage: JournalError) -> Path:
        try:
            return files.set_aside(self.path, self._today())
        except OSError as error:
            why = f"It is damaged, and it cannot be renamed: {error.strerror}."
            raise JournalError(f"The journal {self.path} cannot be used. {why}", damage.hint) from error


@contextmanager
def reading(path: Path | None = None, key: str | None = None) -> Iterator[Any]:
    """A connection to a journal that is only looked at. Raises FileError, VaultError, JournalError."""
    path = path or files.journal_file()
    connection = open_for_reading(path, key)
    try:
        yield connection
    except database_errors() as error:
        raise trouble(path, error) from error
    finally:
        connection.close()


def erase(connection: Any, work: Callable[[Any], T]) -> T:
    """Do ``work`` in a transaction, then leave nothing of what it deleted: neither in the file nor in its -wal.

    ``secure_delete`` overwrites what is deleted, but not the copies that are left where SQLite has moved a row from one
    page to another; so the file is written anew. Raises the database's errors; JournalError when somebody else reads.
    """
    result = in_transaction(connection, work)
    connection.execute("VACUUM")
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        what = "It is deleted, but another program is reading the journal, so traces of it are still on the disk."
        raise JournalError(what, "Close the other program and start this one once more; that clears them.")
    return result
