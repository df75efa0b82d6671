"""Several speech engines as one: the next takes over where one fails, or hangs while somebody waits for a prompt."""

from __future__ import annotations

import queue
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
SOON_S = 3.0
"""Seconds that an engine may take over a prompt that is waited for: thirty times as long as it needs;"""
UNTRUSTED = 0.2
"""and this part of it where it has kept failing, so that text alone goes on at its own pace."""


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
        self,
        engines: Sequence[ClosableVoice],
        on_failure: Callable[[EngineFailure], None] | None = None,
        *,
        on_helped: Callable[[EngineFailure], None] | None = None,
        soon_s: float = SOON_S,
    ) -> None:
        """``on_failure``: each failure, once; ``on_helped``: another speaks in the place of this one, and not for one
        prompt alone."""
        if not engines:
            raise ValueError("a chain needs at least one engine")
        self._engines = tuple(engines)
        self._in_a_row = [0] * len(engines)
        self._on_failure, self._on_helped, self._soon_s = on_failure, on_helped, soon_s
        self._lock = threading.Lock()
        self._failures: list[EngineFailure] = []
        self._newest: dict[int, EngineFailure] = {}
        self._hanging: set[int] = set()
        """Engines that were left to their deadline."""
        self._told: set[int] = set()

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
        self._first_of(lambda place: self._engines[place].render(text, settings, target))

    def render_soon(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """The same while somebody waits: an engine that hangs is left to its deadline, and the next one begins.

        What it brings after all stays as good as the other's, since a file is replaced whole. Then it is trusted again,
        and if that is before the next such prompt, nothing was the matter.
        """
        self._first_of(lambda place: self._within(place, text, settings, target), waited_for=True)

    def _first_of(self, render: Callable[[int], None], *, waited_for: bool = False) -> None:
        before = [place for place in range(len(self._engines)) if not self.trusts(place)]
        first_error: VoiceError | None = None
        for place in self._order():
            try:
                render(place)
            except PlaceError:
                raise
            except VoiceError as error:
                self._remember(place, error)
                first_error = first_error or error
            else:
                self._trust(place)
                self._tell([each for each in before if waited_for or each not in self._hanging])
                return
        raise first_error or VoiceError("No voice engine is there.")

    def _within(self, place: int, text: str, settings: VoiceSettings, target: Path) -> None:
        done: queue.SimpleQueue[VoiceError | None] = queue.SimpleQueue()

        def work() -> None:
            error: VoiceError | None = None
            try:
                self._engines[place].render(text, settings, target)
            except VoiceError as trouble:
                error = trouble
            except Exception as trouble:  # the boundary of this thread
                error = VoiceError(f"The voice engine {self._engines[place].name} broke: {type(trouble).__name__}.")
            else:
                self._trust(place)
            self._hanging.discard(place)
            done.put(error)

        patience_s = self._soon_s * (1.0 if self.trusts(place) else UNTRUSTED)
        self._hanging.add(place)
        threading.Thread(target=work, name="voice", daemon=True).start()
        try:
            error = done.get(timeout=patience_s)
        except queue.Empty:
            with self._lock:
                self._in_a_row[place] = max(self._in_a_row[place], PATIENCE - 1)  # it has cost enough
            raise VoiceError(f"The voice engine {self._engines[place].name} does not answer.") from None
        if error is not None:
            raise error

    def _trust(self, place: int) -> None:
        with self._lock:
            self._in_a_row[place] = 0
            self._told.discard(place)

    def _tell(self, failed: Sequence[int]) -> None:
        """That these do not speak any more, each once."""
        for place in failed:
            with self._lock:
                new = not self.trusts(place) and place not in self._told
                self._told.add(place)
            if new and self._on_helped is not None:
                self._on_helped(self._newest[place])

    def trusts(self, place: int) -> bool:
        """Whether this engine is asked in its turn; False: last."""
        return self._in_a_row[place] < PATIENCE

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
        return sorted(places, key=lambda place: (not self.trusts(place), place))

    def _remember(self, place: int, error: VoiceError) -> None:
        failure = EngineFailure(self._engines[place].name, str(error))
        with self._lock:
            self._in_a_row[place] += 1
            self._newest[place] = failure
            known = failure in self._failures
            if not known:
                self._failures.append(failure)
        if not known and self._on_failure is not None:
            self._on_failure(failure)
