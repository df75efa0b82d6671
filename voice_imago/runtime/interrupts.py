"""Ctrl-C and the signals that end a program, made orderly."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

__all__ = ["orderly_end"]

_ENDING = ("SIGTERM", "SIGHUP")


@contextmanager
def orderly_end(on_interrupt: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C calls ``on_interrupt`` (which must only enqueue), a second one is KeyboardInterrupt.

    SIGTERM and a closed terminal become SystemExit, so that every part is stopped in order. Only in the main
    thread; elsewhere nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupted(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        on_interrupt()

    before: dict[int, Any] = {signal.SIGINT: signal.signal(signal.SIGINT, interrupted)}
    for name in _ENDING:
        if hasattr(signal, name):
            number = getattr(signal, name)
            before[number] = signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """128 + the signal, as a shell counts; a second one must not disturb the stopping."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)
