"""The only place that prints. One event, one plain line: no colour, no cursor movement, no redrawing."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from typing import TextIO

__all__ = ["Progress", "error", "overheard", "plain", "say"]

TURNED_AROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Bidirectional overrides: with one of them a name could make a line read differently."""

_lock = threading.Lock()
_hearers: list[Callable[[str], None]] = []


@contextlib.contextmanager
def overheard(hear: Callable[[str], None]) -> Iterator[None]:
    """Whatever is printed meanwhile, line by line, is told to ``hear`` too."""
    _hearers.append(hear)
    try:
        yield
    finally:
        _hearers.remove(hear)


def say(line: str) -> None:
    """Print a line, or several. Silently nothing once the reader has gone away."""
    _write(sys.stdout, line)


def error(line: str) -> None:
    """The same to standard error."""
    _write(sys.stderr, line)


def plain(text: str) -> str:
    """Without characters that a terminal obeys instead of showing; line ends stay, tabs become spaces."""
    lines = text.replace("\r\n", "\n").expandtabs(4).split("\n")
    return "\n".join("".join(filter(_shown, line)) for line in lines)


def _shown(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in TURNED_AROUND


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # pythonw has none
        return
    line = plain(text)
    with _lock:
        for hear in _hearers:
            for one in line.split("\n"):
                hear(one)
        try:
            print(_encodable(line, stream), file=stream, flush=True)
        except (OSError, ValueError):  # the reader is gone, the disk is full, or the stream is closed
            _silence(stream)


def _encodable(line: str, stream: TextIO) -> str:
    """What the stream cannot encode becomes a question mark."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return line.encode(encoding, "replace").decode(encoding)


def _silence(stream: TextIO) -> None:
    """Let later writes go nowhere, also the flush at exit, which would print a traceback."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class Progress:
    """Tells a long job at whole quarters, one line each, and never the same quarter twice."""

    def __init__(self, what: str, total: float, tell: Callable[[str], None] = say) -> None:
        self._what = what
        self._total = total
        self._tell = tell
        self._quarters = 0

    def update(self, done: float) -> None:
        """``done`` in the unit of ``total``; may also go back, which is not told."""
        quarters = 4 if self._total <= 0 else min(4, int(4 * done / self._total))
        if quarters > self._quarters:
            self._quarters = quarters
            self._tell(f"{self._what}: {25 * quarters} percent.")
