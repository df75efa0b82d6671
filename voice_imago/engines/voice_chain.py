"""Several speech engines as one: the next takes over where one fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from voice_imago.engines.ports import VoiceEngine, VoiceSettings
from voice_imago.engines.rendering import PlaceError
from voice_imago.errors import VoiceError

PATIENCE = 2
"""Failures in a row after which an engine is asked last, lest a hanging one delay every prompt."""


class ClosableVoice(VoiceEngine, Protocol):
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class EngineFailure:
    """One engine could not render one prompt, and why. For a ``PartFailed``."""

    engine: str
    message: str


class ChainVoice:
    """Asks its engines in order. ``failures`` remembers what went wrong, even where another helped."""

    def __init__(
        self, engines: Sequence[ClosableVoice], on_failure: Callable[[EngineFailure], None] | None = None
    ) -> None:
        if not engines:
            raise ValueError("a chain needs at least one engine")
        self._engines = tuple(engines)
        self._in_a_row = [0] * len(engines)
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._failures: list[EngineFailure] = []

    @property
    def name(self) -> str:
        """Of the first engine: a prompt that a later engine rendered is kept under it all the same."""
        return self._engines[0].name

    @property
    def failures(self) -> tuple[EngineFailure, ...]:
        """What failed since the start, oldest first; the same failure of one engine is listed once."""
        with self._lock:
            return tuple(self._failures)

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """Raises the first engine's VoiceError when none of them could render; PlaceError at once."""
        first_error: VoiceError | None = None
        for place in self._order():
            try:
                self._engines[place].render(text, settings, target)
            except PlaceError:
                raise
            except VoiceError as error:
                first_error = first_error or error
                self._remember(place, error)
            else:
                self._in_a_row[place] = 0
                return
        raise first_error or VoiceError("No voice engine is there.")

    def voices(self) -> Sequence[str]:
        """Of all engines, each name once, in order."""
        names: dict[str, None] = {}
        error: VoiceError | None = None
        for engine in self._engines:
            try:
                names.update(dict.fromkeys(engine.voices()))
            except VoiceError as trouble:
                error = error or trouble
        if not names and error is not None:
            raise error
        return list(names)

    def close(self) -> None:
        for engine in self._engines:
            engine.close()

    def _order(self) -> list[int]:
        places = range(len(self._engines))
        return sorted(places, key=lambda place: (self._in_a_row[place] >= PATIENCE, place))

    def _remember(self, place: int, error: VoiceError) -> None:
        failure = EngineFailure(self._engines[place].name, str(error))
        with self._lock:
            self._in_a_row[place] += 1
            known = failure in self._failures
            if not known:
                self._failures.append(failure)
        if not known and self._on_failure is not None:
            self._on_failure(failure)
