"""The event stream of design §3.1: one JSON object a line, flushed at once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import IO, Any, get_args

from voice_imago.errors import FileError
from voice_imago.events import (
    UNKNOWN,
    Fact,
    LastWords,
    SpeechEnded,
    SpeechStarted,
    Talked,
    Transcript,
    TurnEnded,
    TurnPaused,
    TurnReopened,
    Waited,
)

__all__ = ["EVENTS", "EventStream", "as_event"]

_UNSTREAMED = (TurnPaused, LastWords, Waited, Talked)
_PARTNER_FIELDS = {"for_", "by", "speaker"}
_HIDDEN = {"at", "speech_s", "sure"}
_TIMES = {"start", "end"}
"""Of a turn these are streamed; of a piece of speech `t` says enough."""
_NAMES = {"for_": "for"}


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


EVENTS = frozenset(_snake(kind.__name__) for kind in get_args(Fact) if kind not in _UNSTREAMED)
"""The names of all events."""


def _plain(name: str, value: Any, partners: tuple[str, str], none: str | None) -> Any:
    if name == "strip":  # a digit a frame: 3 is a probability from .3 to .4
        return "".join(str(min(9, int(10 * speech))) for speech in value)
    if name == "spans":
        return [[round(s, 3), round(e, 3), _plain("speaker", who, partners, None)] for s, e, who in value]
    if name in _PARTNER_FIELDS and not isinstance(value, str):
        if value is None:
            return none
        return "unknown" if value == UNKNOWN else partners[value]
    if isinstance(value, float):
        return round(value, 4)
    return list(value) if isinstance(value, tuple) else value


def as_event(fact: Fact, partners: tuple[str, str]) -> dict[str, Any] | None:
    """The fact as it stands in the stream, without ``wall``; None for facts that are not streamed."""
    if isinstance(fact, _UNSTREAMED):
        return None
    event: dict[str, Any] = {"t": round(fact.at, 4), "event": _snake(type(fact).__name__)}
    for field in fields(fact):
        if field.name in _HIDDEN or (field.name in _TIMES and isinstance(fact, SpeechStarted | SpeechEnded)):
            continue
        none = "both" if field.name == "for_" else None
        event[_NAMES.get(field.name, field.name)] = _plain(field.name, getattr(fact, field.name), partners, none)
    return event


class EventStream:
    """Writes facts as lines to a file and tells every listener.

    ``wall`` gives seconds of the runtime's monotonic clock; a rehearsal passes its sample clock, so that two runs
    write the same bytes.
    """

    def __init__(self, path: Path | None, partners: tuple[str, str], wall: Callable[[], float]) -> None:
        self._partners = partners
        self._wall = wall
        self._decided: dict[int, float] = {}
        self._listeners: list[Callable[[Mapping[str, Any]], None]] = []
        self._file: IO[str] | None = None
        if path is not None:
            try:
                self._file = path.open("w", encoding="utf-8")
            except OSError as error:
                raise FileError(
                    f"The event file {path} cannot be written: {error.strerror}.",
                    "Name a file in a folder that you may write to.",
                ) from error

    def listen(self, listener: Callable[[Mapping[str, Any]], None]) -> None:
        self._listeners.append(listener)

    def write(self, fact: Fact) -> None:
        """Write one fact. A full disk ends the file, not the session: one ``OSError`` reaches the caller."""
        event = as_event(fact, self._partners)
        if event is None:
            return
        wall = self._wall()
        if isinstance(fact, TurnEnded):
            self._decided[fact.turn] = wall
        elif isinstance(fact, TurnReopened):
            self._decided.pop(fact.turn, None)
        elif isinstance(fact, Transcript):
            event["lag_s"] = round(max(0.0, wall - self._decided.get(fact.turn, wall)), 4)
        event["wall"] = round(wall, 4)
        for listener in self._listeners:
            listener(event)
        if self._file is not None:
            self._write_line(event)

    def _write_line(self, event: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Safe more than once; what a full disk did not take is lost quietly, it was told before."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
