"""Chunks of any size in, frames of one fixed size out.

A device delivers what it likes; a detector eats blocks of exactly ``frame_samples``. Everything behind this
module sees the same frames however the sound was cut (chunk invariance).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


class Framing:
    """Cuts a stream into frames; the rest waits for the next chunk."""

    def __init__(self, frame_samples: int) -> None:
        if frame_samples < 1:
            raise ValueError(f"a frame needs at least one sample, not {frame_samples}")
        self._size = frame_samples
        self._rest = np.zeros(frame_samples, np.float32)
        self._filled = 0

    def push(self, chunk: Samples) -> Iterator[Samples]:
        """Yield each frame that ``chunk`` completes. A frame is valid until the next one is asked for."""
        begin = 0
        if self._filled:
            begin = min(self._size - self._filled, len(chunk))
            self._rest[self._filled : self._filled + begin] = chunk[:begin]
            self._filled += begin
            if self._filled < self._size:
                return
            self._filled = 0
            yield self._rest
        whole = begin + (len(chunk) - begin) // self._size * self._size
        for at in range(begin, whole, self._size):
            yield chunk[at : at + self._size]
        self._filled = len(chunk) - whole
        self._rest[: self._filled] = chunk[whole:]

    def clear(self) -> None:
        """Forget the waiting rest."""
        self._filled = 0


def whole_frames(seconds: float, frame_s: float) -> int:
    """Seconds of a setting as the nearest whole number of frames, at least one."""
    return max(1, round(seconds / frame_s))
