"""One thread owns the database; whoever has something to write hands in a job and may wait until it is on the disk.

Each job is one transaction: it is in the file as a whole or not at all. Jobs are done in order. The first that fails is
told and, as far as the session is concerned, the last: what follows would stand on what is missing.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from voice_imago.errors import JournalError, VoiceImagoError
from voice_imago.journal.connection import database_errors, trouble

__all__ = ["Job", "Writer", "in_transaction", "named"]

T = TypeVar("T")
CLOSING_S = 10.0
"""Seconds that closing waits for what is still to be written."""


class Job(Generic[T]):
    """Something that is being written."""

    def __init__(self, work: Callable[[Any], T], *, alone: bool, then: Callable[[T], None] | None) -> None:
        self._work = work
        self._alone = alone
        self._then = then
        self._over = threading.Event()
        self._result: T
        self.error: VoiceImagoError | None = None
        """Why it was not done; only once it is over."""

    @property
    def over(self) -> bool:
        """It is on the disk, or failed."""
        return self._over.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it was over within so many seconds (None: however long it takes)."""
        return self._over.wait(seconds)

    def result(self) -> T:
        """What the job gave; waits for it. Raises what kept it from being done."""
        self._over.wait()
        if self.error is not None:
            raise self.error
        return self._result

    def do(self, connection: Any) -> None:
        """In the writer's thread."""
        if self._alone:
            self._result = self._work(connection)
        else:
            self._result = in_transaction(connection, self._work)
        if self._then is not None:
            self._then(self._result)

    def end(self, error: VoiceImagoError | None = None) -> None:
        self.error = error
        self._over.set()


class Writer:
    """Opens the database with the first job; ``open`` is called in the thread that then owns it."""

    def __init__(self, open: Callable[[], Any], name: Callable[[Exception], VoiceImagoError]) -> None:
        self._open = open
        self._name = name
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(
        self, work: Callable[[Any], T], *, alone: bool = False, then: Callable[[T], None] | None = None
    ) -> Job[T]:
        """Have it done in one transaction; ``alone``: outside of any, as VACUUM wants it.

        ``then`` is called with what came of it once that is on the disk, in the writer's thread, before the next job.
        """
        job = Job(work, alone=alone, then=then)
        if self._closed:
            job.end(JournalError("The journal is closed.", "Start again."))
            return job
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()
        self._jobs.put(job)
        return job

    def close(self) -> None:
        """After everything that was handed in is written."""
        self._closed = True
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(CLOSING_S)

    def _run(self) -> None:
        connection: Any = None
        while (job := self._jobs.get()) is not None:
            try:
                if connection is None:
                    connection = self._open()
                job.do(connection)
                job.end()
            except VoiceImagoError as error:
                job.end(error)
            except database_errors() as error:
                job.end(self._name(error))
            except Exception as error:  # the thread goes on, and whoever waits is told
                job.end(JournalError(f"The journal could not be written: {type(error).__name__}.", code="failed"))
        if connection is not None:
            try:
                connection.close()
            except database_errors():
                pass


def in_transaction(connection: Any, work: Callable[[Any], T]) -> T:
    """All of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def named(path: Any) -> Callable[[Exception], VoiceImagoError]:
    """What a database error means for this file."""
    return lambda error: trouble(path, error)
