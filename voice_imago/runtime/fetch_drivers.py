"""What keeps a download going beside the evening: a thread at a live table, the sample clock in a rehearsal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from voice_imago.errors import ModelError, VoiceImagoError
from voice_imago.runtime.fetching import Arrived, Fetching
from voice_imago.runtime.workers import Post

__all__ = ["FetchDriver", "FetchOnClock", "FetchThread", "OnArrived", "OnEnded"]

SIGN_S = 5.0
"""Seconds after which something that arrived is told, even if it is less than a percent."""
CLOSING_S = 5.0

OnArrived = Callable[[Arrived], None]
OnEnded = Callable[[Path | VoiceImagoError | None], None]
"""The model's folder, why there is none, or None: it was cancelled, and nothing is left of it."""


class FetchDriver(Protocol):
    """One download at a time."""

    def start(self, fetch: Fetching, arrived: OnArrived, ended: OnEnded) -> None: ...

    def tick(self, now_s: float) -> None:
        """So late it is on the audio clock."""
        ...

    def cancel(self) -> None:
        """End what is under way; ``ended`` is told None when nothing of it is left."""
        ...

    def close(self) -> None:
        """The same, at once; nothing is told any more."""
        ...


class FetchThread:
    """What is told is posted to the main loop."""

    def __init__(self, post: Callable[[Post], None]) -> None:
        self._post = post
        self._cancel = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self, fetch: Fetching, arrived: OnArrived, ended: OnEnded) -> None:
        self._cancel = cancel = threading.Event()
        work = (fetch, cancel, arrived, ended)
        self._thread = threading.Thread(target=self._work, args=work, name="fetch", daemon=True)
        self._thread.start()

    def tick(self, now_s: float) -> None:
        """The thread has its own time."""

    def cancel(self) -> None:
        self._cancel.set()

    def close(self) -> None:
        self._closed = True
        self._cancel.set()
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    def _work(self, fetch: Fetching, cancel: threading.Event, arrived: OnArrived, ended: OnEnded) -> None:
        result: Path | VoiceImagoError | None
        try:
            result = self._consume(fetch, cancel, arrived)
        except VoiceImagoError as error:
            result = error
        except Exception as error:  # a worker's boundary: whatever it is, the evening goes on
            result = ModelError(f"The download stopped: {type(error).__name__}: {error}.")
        finally:
            fetch.close()
        self._tell(lambda: ended(result))

    def _consume(self, fetch: Fetching, cancel: threading.Event, arrived: OnArrived) -> Path | None:
        told, told_at = Arrived(0, 0), 0.0
        while not cancel.is_set():
            try:
                now = next(fetch)
            except StopIteration as end:
                place: Path = end.value
                return place
            late = time.monotonic() - told_at > SIGN_S
            if now.percent > told.percent or (late and now.bytes > told.bytes):
                told, told_at = now, time.monotonic()
                self._tell(_bound(arrived, now))
        return None

    def _tell(self, what: Post) -> None:
        if not self._closed:
            self._post(what)


def _bound(arrived: OnArrived, now: Arrived) -> Post:
    return lambda: arrived(now)


class FetchOnClock:
    """Goes on by one step for each ``step_s`` seconds of the sample clock."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._under_way: tuple[Fetching, OnArrived, OnEnded] | None = None
        self._next_s: float | None = None

    def start(self, fetch: Fetching, arrived: OnArrived, ended: OnEnded) -> None:
        self._under_way, self._next_s = (fetch, arrived, ended), None

    def tick(self, now_s: float) -> None:
        if self._next_s is None:
            self._next_s = now_s + self._step_s
        while self._under_way is not None and self._next_s is not None and now_s >= self._next_s:
            self._next_s += self._step_s
            self._step(*self._under_way)

    def cancel(self) -> None:
        if self._under_way is not None:
            fetch, _, ended = self._under_way
            self._under_way = None
            fetch.close()
            ended(None)

    def close(self) -> None:
        if self._under_way is not None:
            self._under_way[0].close()
        self._under_way = None

    def _step(self, fetch: Fetching, arrived: OnArrived, ended: OnEnded) -> None:
        result: Path | VoiceImagoError
        try:
            arrived(next(fetch))
            return
        except StopIteration as end:
            result = end.value
        except VoiceImagoError as error:
            result = error
        self._under_way = None
        ended(result)
