"""From the loudspeaker back into the microphone: what was played, on its way to the canceller, and what it leaves.

    output callback ─ put ─► Reference ─ take (microphone's callback) ─► EchoPath.clean ─► cleaned and raw sound

The microphone's callback takes what was played until then, so that both arrive in the order of the world, however late
the main loop is. While the loudspeaker is quiet the microphone's own sound is handed on, only as late as the cleaned
one: outside of prompts a couple is heard exactly as without a canceller.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, EchoCanceller, Pcm, Samples
from voice_imago.hearing.gain import SILENCE_DB

__all__ = ["EchoFrame", "EchoPath", "Played", "Reference"]

PLAY_FRAME, HEAR_FRAME = PLAY_HZ // 100, HEAR_HZ // 100
"""10 ms."""
MOST_BLOCKS = 400
"""Blocks of the loudspeaker that wait at most, several seconds: the microphone is gone then."""
LINGERS_FRAMES = 100
"""A second after the last sound that was played its echo and the room are silent."""
LEFT_S, PLAYED_S = 0.3, 0.9
SOUNDING = 30
"""16-bit level from which a block of the loudspeaker is a sound."""

Played = tuple[Pcm, float]
"""A block that the loudspeaker was given, and its rate in Hz."""


class Reference:
    """What the loudspeaker was given. ``put`` belongs to the audio thread, ``take`` to the microphone's."""

    def __init__(self) -> None:
        self._blocks: deque[Played] = deque(maxlen=MOST_BLOCKS)

    def put(self, block: Pcm, rate_hz: float) -> None:
        self._blocks.append((block.copy(), rate_hz))

    def take(self) -> list[Played]:
        """All that was put since the last time."""
        taken = []
        while self._blocks:
            taken.append(self._blocks.popleft())
        return taken

    def clear(self) -> None:
        self._blocks.clear()


class Lately:
    """The last seconds of a sound at ``HEAR_HZ``."""

    def __init__(self, seconds: float) -> None:
        self._size = round(seconds * HEAR_HZ)
        self._parts: deque[Samples] = deque()
        self._held = 0

    def add(self, sound: Samples) -> None:
        self._parts.append(sound)
        self._held += len(sound)
        while self._held - len(self._parts[0]) >= self._size:
            self._held -= len(self._parts.popleft())

    @property
    def sound(self) -> Samples:
        return np.concatenate(self._parts)[-self._size :] if self._parts else np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class EchoFrame:
    """10 ms of the microphone, for whoever judges the canceller."""

    played_db: float
    raw: Samples
    cleaned: Samples


@dataclass(slots=True)
class _Cut:
    """Cuts a stream of blocks into frames of one size."""

    size: int
    rest: list[np.ndarray] = field(default_factory=list)

    def frames(self, block: np.ndarray) -> list[np.ndarray]:
        joined = np.concatenate([*self.rest, block])
        whole = len(joined) // self.size * self.size
        self.rest = [joined[whole:]]
        return list(joined[:whole].reshape(-1, self.size))


class EchoPath:
    """One canceller and its two streams; belongs to one thread."""

    def __init__(
        self, make: Callable[[], EchoCanceller], watch: Callable[[EchoFrame], None] = lambda frame: None
    ) -> None:
        """Raises DeviceError where there is no canceller. ``watch`` sees every frame."""
        self._make, self._watch = make, watch
        self._canceller = make()
        self._held_frames = 0
        self._start()

    def hold_back(self, seconds: float) -> None:
        """The echo comes so late that what was played has to wait for it."""
        self._held_frames = max(0, round(seconds * 100))

    def restart(self) -> None:
        """Another device: the canceller learns the room anew."""
        self._canceller, self._held_frames = self._make(), 0
        self._start()

    def _start(self) -> None:
        self._rate_hz = float(PLAY_HZ)
        self._resampler: object | None = None
        self._played = _Cut(PLAY_FRAME)
        self._heard = _Cut(HEAR_FRAME)
        self._waiting: deque[Pcm] = deque()
        self._late = np.zeros(self._canceller.lag_samples, np.float32)
        self._lingers = 0
        self.left, self.played = Lately(LEFT_S), Lately(PLAYED_S)
        """What the canceller has given and what was played lately, at one rate."""
        self._share = 0.0
        """Of the cleaned sound in what was handed on last; the rest is the microphone's own."""

    def clean(self, played: Sequence[Played], chunk: Samples) -> tuple[Samples, Samples]:
        """The microphone's sound without the guide, and as it was, equally long; a rest of 10 ms waits."""
        for block, rate_hz in played:
            for frame in self._played.frames(self._at_play_rate(block, rate_hz)):
                self._waiting.append(frame)
        while len(self._waiting) > self._held_frames:
            self._take_played(self._waiting.popleft())
        cleaned, raw = [], []
        for heard in self._heard.frames(chunk):
            mixed, own = self._frame(heard)
            cleaned.append(mixed)
            raw.append(own)
        nothing = np.zeros(0, np.float32)
        return (np.concatenate(cleaned), np.concatenate(raw)) if cleaned else (nothing, nothing)

    def _take_played(self, frame: Pcm) -> None:
        self._canceller.played(np.ascontiguousarray(frame))
        peak = int(np.abs(frame.astype(np.int32)).max())
        if peak > SOUNDING:
            self._lingers = LINGERS_FRAMES
        self.played.add(frame.reshape(-1, PLAY_HZ // HEAR_HZ).mean(axis=1, dtype=np.float32))
        self._played_db = _db(frame.astype(np.float32) / 32768.0)

    _played_db = SILENCE_DB

    def _frame(self, heard: Samples) -> tuple[Samples, Samples]:
        pcm = np.rint(np.clip(heard, -1.0, 1.0) * 32767.0).astype(np.int16)
        cleaned = self._canceller.clean(pcm).astype(np.float32) / np.float32(32767.0)
        self.left.add(cleaned)
        both = np.concatenate([self._late, heard])
        raw, self._late = both[: len(heard)], both[len(heard) :]
        self._watch(EchoFrame(self._played_db, raw, cleaned))
        self._lingers = max(0, self._lingers - 1)
        before, self._share = self._share, 1.0 if self._lingers else 0.0
        if before == self._share:
            return (cleaned if before else raw), raw
        ramp = np.linspace(before, self._share, len(raw), dtype=np.float32)
        return ramp * cleaned + (1.0 - ramp) * raw, raw

    def _at_play_rate(self, block: Pcm, rate_hz: float) -> Pcm:
        """The canceller's reference is 48 kHz: from 22 kHz, for one, it would take out hardly anything."""
        if rate_hz != self._rate_hz:
            import soxr

            self._rate_hz = rate_hz
            self._resampler = (
                None if rate_hz == PLAY_HZ else soxr.ResampleStream(rate_hz, PLAY_HZ, 1, dtype="int16", quality="LQ")
            )
        resampler: object | None = self._resampler
        return block if resampler is None else resampler.resample_chunk(block)  # type: ignore[attr-defined]


def _db(sound: Samples) -> float:
    power = float(np.mean(sound**2)) if len(sound) else 0.0
    return max(SILENCE_DB, 10.0 * float(np.log10(max(power, 1e-10))))
