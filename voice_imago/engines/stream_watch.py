"""Is a sound stream alive? On Linux PortAudio reports neither loss nor overflow, so samples are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Health = Literal["ok", "lost", "silent"]

LOST_AFTER_S = 0.7
"""Seconds without a chunk."""
FIRST_CHUNK_S = 3.0
"""Seconds a device may take to begin; Bluetooth needs two."""
SILENT_AFTER_S = 3.0
"""Seconds of exact zeros: no living microphone is that quiet."""


@dataclass(slots=True)
class StreamWatch:
    """Counters of one stream. ``now`` is always the monotonic clock in seconds."""

    rate_hz: float
    opened_wall: float
    received_samples: int = 0
    zero_samples_run: int = 0
    overflows: int = 0
    alive: bool = False
    """It has given a sound: exact zeros from now on mean that it was switched off."""
    first_chunk_wall: float | None = None
    last_chunk_wall: float | None = None

    def chunk(self, n_samples: int, *, zeros: bool, now: float) -> None:
        if self.first_chunk_wall is None:
            self.first_chunk_wall = now - n_samples / self.rate_hz
        self.last_chunk_wall = now
        self.received_samples += n_samples
        self.alive = self.alive or not zeros
        self.zero_samples_run = self.zero_samples_run + n_samples if zeros else 0

    def health(self, *, active: bool, now: float) -> Health:
        if not active:
            return "lost"
        if self.last_chunk_wall is None:
            return "lost" if now - self.opened_wall > FIRST_CHUNK_S else "ok"
        if now - self.last_chunk_wall > LOST_AFTER_S:
            return "lost"
        return "silent" if self.zero_samples_run >= SILENT_AFTER_S * self.rate_hz else "ok"

    def behind_s(self, now: float) -> float:
        """Seconds of sound that are missing against the clock; grows when chunks are dropped."""
        if self.first_chunk_wall is None:
            return 0.0
        return (now - self.first_chunk_wall) - self.received_samples / self.rate_hz
