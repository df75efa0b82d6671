"""What the loudspeaker's callback plays: one prompt, fades where one is cut off, and earcons over it.

A prompt may be ducked or held while somebody seems to speak over it, and taken up again at its last phrase.

No device, no lock, no clock. ``play``, ``stop``, ``duck``, ``hold``, ``resume`` and ``chime`` come from any thread;
``fill`` belongs to the audio thread. Orders travel through a queue, so that the audio thread waits for nobody.
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

DUCKED = 10.0 ** (-12.0 / 20.0)
"""Factor of a prompt that somebody may be speaking over."""
PAUSE_S = 0.10
"""Silence inside a prompt from which a new phrase begins."""
PHRASE_S = 6.0
"""Seconds that are looked through for it."""
_QUIET = 300
"""16-bit level below which a prompt is silent."""
_BLOCK_S = 0.010

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
    gain: float = 1.0
    """The loudness of the sample at ``position``;"""
    target: float = 1.0
    """it gets here within a fade, and at 0 the prompt stands still."""
    told: bool = False
    """Its beginning was told."""
    ducked_at: int | None = None
    """Where it was ducked or held first since it last sounded normally."""

    def take(self, n_samples: int) -> Pcm:
        piece = self.pcm[self.position : self.position + n_samples]
        self.position += piece.size
        return piece

    def take_gained(self, n_samples: int, fade_samples: int) -> Pcm:
        """The next samples as loud as they should be; fewer where the prompt is over, or comes to stand still."""
        if self.gain == self.target:
            if self.gain == 1.0:
                return self.take(n_samples)
            return NOTHING if self.gain == 0.0 else (self.take(n_samples) * np.float32(self.gain)).astype(np.int16)
        step = 1.0 / fade_samples if self.target > self.gain else -1.0 / fade_samples
        n_fading = min(n_samples, max(1, round((self.target - self.gain) / step)))
        piece = self.take(n_fading)
        ramp = self.gain + step * np.arange(1, piece.size + 1, dtype=np.float32)
        self.gain = float(self.gain + step * n_fading)
        if abs(self.gain - self.target) < 0.5 / fade_samples:
            self.gain = self.target
        faded: Pcm = (piece * np.clip(ramp, 0.0, 1.0)).astype(np.int16)
        if n_fading == n_samples or self.over:
            return faded
        return np.concatenate([faded, self.take_gained(n_samples - n_fading, fade_samples)])

    def soften(self, target: float) -> None:
        if self.ducked_at is None:
            self.ducked_at = self.position
        self.target = target

    @property
    def over(self) -> bool:
        return self.position >= self.pcm.size


@dataclass(frozen=True, slots=True)
class _Order:
    kind: Literal["play", "stop", "chime", "duck", "hold", "resume"]
    id: int = 0
    pcm: Pcm = field(default_factory=lambda: NOTHING)
    again: bool = False


class Playback:
    """Every prompt is told ``ended`` exactly once, and ``began`` before it unless it was cut off unheard."""

    def __init__(self, rate_hz: float, tell: Callable[[Progress], None], quiet_start: bool = True) -> None:
        self._tell = tell
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._prompt: _Sounding | None = None
        self._over: list[_Sounding] = []
        """Earcons and the last milliseconds of what was cut off."""
        self._rate_hz = rate_hz
        self._fade_samples = max(1, round(FADE_S * rate_hz))
        self._ramp_samples = round(QUIET_START_S * rate_hz)
        self._ramped = 0 if quiet_start else self._ramp_samples

    def play(self, id: int, pcm: Pcm) -> None:
        self._orders.put(_Order("play", id, pcm))

    def stop(self) -> None:
        self._orders.put(_Order("stop"))

    def duck(self) -> None:
        """12 dB softer, until ``resume``."""
        self._orders.put(_Order("duck"))

    def hold(self) -> None:
        """Silent and standing still, until ``resume``."""
        self._orders.put(_Order("hold"))

    def resume(self, *, again: bool = True) -> None:
        """At full height; ``again``: from the beginning of the phrase in which it was ducked."""
        self._orders.put(_Order("resume", again=again))

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
            elif order.kind in ("duck", "hold", "resume"):
                self._soften(order)
            else:
                self._cut_off(replaced=order.kind == "play")
                if order.kind == "play":
                    self._prompt = _Sounding(order.id, order.pcm)

    def _soften(self, order: _Order) -> None:
        prompt = self._prompt
        if prompt is None:
            return
        if order.kind != "resume":
            prompt.soften(DUCKED if order.kind == "duck" else 0.0)
            return
        if order.again and prompt.ducked_at is not None:
            if prompt.gain > 0.0:
                self._over.append(_Sounding(0, self._faded(prompt)))
            prompt.position, prompt.gain = last_phrase(prompt.pcm, prompt.ducked_at, self._rate_hz), 0.0
        prompt.target, prompt.ducked_at = 1.0, None

    def _cut_off(self, *, replaced: bool) -> None:
        """The prompt and all earcons fade out in 5 ms."""
        prompt, self._prompt = self._prompt, None
        fading = [*self._over, *([prompt] if prompt else [])]
        self._over = [_Sounding(0, self._faded(sound)) for sound in fading if 0 < sound.position < sound.pcm.size]
        if prompt is not None:
            self._tell(Progress("ended", prompt.id, True, self._fade_samples, replaced))

    def _faded(self, sound: _Sounding) -> Pcm:
        piece = sound.take(self._fade_samples)
        ramp = np.linspace(sound.gain, 0.0, self._fade_samples, dtype=np.float32)
        return (piece * ramp[: piece.size]).astype(np.int16)

    def _fill_prompt(self, mixed: np.typing.NDArray[np.int32]) -> None:
        prompt = self._prompt
        if prompt is None:
            return
        if not prompt.told:
            prompt.told = True
            self._tell(Progress("began", prompt.id))
        piece = prompt.take_gained(mixed.size, self._fade_samples)
        mixed[: piece.size] += piece
        if prompt.over:
            self._prompt = None
            self._tell(Progress("ended", prompt.id, False, piece.size))

    def _come_up(self, mixed: np.typing.NDArray[np.int32]) -> None:
        steps = np.arange(self._ramped, self._ramped + mixed.size, dtype=np.float32) / self._ramp_samples
        mixed[:] = (mixed * np.minimum(steps, 1.0)).astype(np.int32)
        self._ramped += mixed.size


def last_phrase(pcm: Pcm, position: int, rate_hz: float) -> int:
    """Sample at which the phrase begins that ``position`` lies in: after the last pause of ``PAUSE_S`` before it."""
    block = max(1, round(_BLOCK_S * rate_hz))
    first = max(0, position - round(PHRASE_S * rate_hz)) // block * block
    loud = np.abs(pcm[first : max(first, position) // block * block].reshape(-1, block).max(axis=1)) > _QUIET
    spoken = np.flatnonzero(loud)
    if not spoken.size:
        return first
    starts = spoken[1:][np.diff(spoken) * _BLOCK_S > PAUSE_S]
    return first if not starts.size else first + max(0, int(starts[-1]) - 2) * block
