"""What the loudspeaker's callback plays: one prompt, fades where one is cut off, and earcons over it.

No device, no lock, no clock. ``play``, ``stop`` and ``chime`` come from any thread; ``fill`` belongs to the
audio thread. Orders travel through a queue, so that the audio thread waits for nobody.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from voice_imago.engines.ports import Pcm

FADE_S = 0.005
QUIET_START_S = 0.300
"""The first sound of a session comes up this slowly, lest it startle (domain A22)."""

NOTHING: Pcm = np.zeros(0, dtype=np.int16)


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of a prompt, told from the audio thread."""

    kind: Literal["began", "ended"]
    id: int
    interrupted: bool = False
    offset_samples: int = 0
    """Into the block being filled, at which it happened."""
    replaced: bool = False
    """Cut off by another prompt, so that the loudspeaker is not quiet."""


@dataclass(slots=True)
class _Sounding:
    id: int
    pcm: Pcm
    position: int = 0

    def take(self, n_samples: int) -> Pcm:
        piece = self.pcm[self.position : self.position + n_samples]
        self.position += piece.size
        return piece

    @property
    def over(self) -> bool:
        return self.position >= self.pcm.size


@dataclass(frozen=True, slots=True)
class _Order:
    kind: Literal["play", "stop", "chime"]
    id: int = 0
    pcm: Pcm = field(default_factory=lambda: NOTHING)


class Playback:
    """Every prompt is told ``ended`` exactly once, and ``began`` before it unless it was cut off unheard."""

    def __init__(self, rate_hz: float, tell: Callable[[Progress], None], quiet_start: bool = True) -> None:
        self._tell = tell
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._prompt: _Sounding | None = None
        self._over: list[_Sounding] = []
        """Earcons and the last milliseconds of what was cut off."""
        self._fade_samples = max(1, round(FADE_S * rate_hz))
        self._ramp_samples = round(QUIET_START_S * rate_hz)
        self._ramped = 0 if quiet_start else self._ramp_samples

    def play(self, id: int, pcm: Pcm) -> None:
        self._orders.put(_Order("play", id, pcm))

    def stop(self) -> None:
        self._orders.put(_Order("stop"))

    def chime(self, pcm: Pcm) -> None:
        self._orders.put(_Order("chime", pcm=pcm))

    def fill(self, out: Pcm) -> None:
        """Write the next samples; silence where there is nothing to say."""
        self._obey()
        if self._prompt is None and not self._over:
            out.fill(0)  # most of a session
            return
        mixed = np.zeros(out.size, dtype=np.int32)
        for sound in self._over:
            piece = sound.take(out.size)
            mixed[: piece.size] += piece
        self._over = [sound for sound in self._over if not sound.over]
        self._fill_prompt(mixed)
        if self._ramped < self._ramp_samples and mixed.any():
            self._come_up(mixed)
        np.clip(mixed, -32768, 32767, out=out, casting="unsafe")

    def _obey(self) -> None:
        while not self._orders.empty():  # nobody else takes orders
            order = self._orders.get_nowait()
            if order.kind == "chime":
                self._over.append(_Sounding(0, order.pcm))
                continue
            self._cut_off(replaced=order.kind == "play")
            if order.kind == "play":
                self._prompt = _Sounding(order.id, order.pcm)

    def _cut_off(self, *, replaced: bool) -> None:
        """The prompt and all earcons fade out in 5 ms."""
        prompt, self._prompt = self._prompt, None
        fading = [*self._over, *([prompt] if prompt else [])]
        self._over = [_Sounding(0, self._faded(sound)) for sound in fading if 0 < sound.position < sound.pcm.size]
        if prompt is not None:
            self._tell(Progress("ended", prompt.id, True, self._fade_samples, replaced))

    def _faded(self, sound: _Sounding) -> Pcm:
        piece = sound.take(self._fade_samples)
        ramp = np.linspace(1.0, 0.0, self._fade_samples, dtype=np.float32)
        return (piece * ramp[: piece.size]).astype(np.int16)

    def _fill_prompt(self, mixed: np.typing.NDArray[np.int32]) -> None:
        prompt = self._prompt
        if prompt is None:
            return
        if prompt.position == 0:
            self._tell(Progress("began", prompt.id))
        piece = prompt.take(mixed.size)
        mixed[: piece.size] += piece
        if prompt.over:
            self._prompt = None
            self._tell(Progress("ended", prompt.id, False, piece.size))

    def _come_up(self, mixed: np.typing.NDArray[np.int32]) -> None:
        steps = np.arange(self._ramped, self._ramped + mixed.size, dtype=np.float32) / self._ramp_samples
        mixed[:] = (mixed * np.minimum(steps, 1.0)).astype(np.int32)
        self._ramped += mixed.size
