"""One thread for what costs the processor at a live table; see ``tasks.Run``."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from voice_imago.runtime.tasks import Job, Then
from voice_imago.runtime.workers import Post

__all__ = ["JobThread"]

CLOSING_S = 5.0
"""Seconds that closing waits for the job at hand."""


class JobThread:
    """Does jobs in order; what follows from them is posted to the main loop. ``close`` drops what has not begun."""

    def __init__(self, post: Callable[[Post], None]) -> None:
        self._post = post
        self._jobs: queue.SimpleQueue[tuple[Job, Then] | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, job: Job, then: Then) -> None:
        """Jobs do not raise (``tasks`` sees to that). After ``close`` nothing is done."""
        if self._closed.is_set():
            return
        if self._thread is None:  # most evenings need none after the first minutes
            self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
            self._thread.start()
        self._jobs.put((job, then))

    def close(self) -> None:
        self._closed.set()
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    def _work(self) -> None:
        while (task := self._jobs.get()) is not None and not self._closed.is_set():
            job, then = task
            result = job()
            if not self._closed.is_set():
                self._post(_bound(then, result))


def _bound(then: Then, result: object) -> Post:
    return lambda: then(result)
