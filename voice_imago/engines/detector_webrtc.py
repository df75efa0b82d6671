"""webrtcvad as a detector: no model, no onnxruntime; the share of speech in the last 300 ms.

Mode 3 with a 300 ms window and 0.8 / 0.4 measured best of its settings. Frames outside are 32 ms like
Silero's; inside they are cut again into the 20 ms that webrtcvad takes.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.errors import ModelError
from voice_imago.hearing.framing import Framing

FRAME_SAMPLES = 512
BLOCK_SAMPLES = 320
WINDOW_BLOCKS = 15
MODE = 3


class WebrtcDetector:
    """Share of the last 300 ms that webrtcvad calls speech."""

    name = "webrtc"
    frame_samples = FRAME_SAMPLES
    lag_s = 0.25
    on = 0.8
    """Share that starts speech."""
    off = 0.4
    """Share below which silence begins."""
    least_end_s = 1.0
    """A new word shows a quarter of a second late; with less silence one in ten short answers is cut."""
    level_sensitive = False
    """Amplified, it takes three times as much kitchen noise for speech."""

    def __init__(self) -> None:
        self._make = _vad_class()
        self._blocks = Framing(BLOCK_SAMPLES)
        self._heard: deque[bool] = deque(maxlen=WINDOW_BLOCKS)
        self.reset()

    def reset(self) -> None:
        """Forget the past; the next frame is the first."""
        self._vad = self._make(MODE)
        self._blocks.clear()
        self._heard.clear()

    def probability(self, frame: Samples) -> float:
        """Share of speech in the 300 ms up to the end of this frame; ValueError for another length."""
        if frame.shape != (FRAME_SAMPLES,):
            raise ValueError(f"webrtc takes frames of {FRAME_SAMPLES} samples, not of shape {frame.shape}")
        for block in self._blocks.push(frame):
            pcm = (np.clip(block, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
            self._heard.append(bool(self._vad.is_speech(pcm, HEAR_HZ)))
        return sum(self._heard) / WINDOW_BLOCKS


class QuickWebrtc:
    """The same without a window: who speaks over the guide is heard 200 ms sooner than by Silero, and in the midst of
    an echo that is left far more often (benchmarks/duplex.py)."""

    def __init__(self) -> None:
        self._vad = _vad_class()(MODE)
        self._blocks = Framing(BLOCK_SAMPLES // 2)
        self._share = 0.0

    def share(self, frame: Samples) -> float:
        """Share of the blocks of 10 ms that end in this frame which are called speech."""
        blocks = [(np.clip(block, -1.0, 1.0) * 32767.0).astype("<i2").tobytes() for block in self._blocks.push(frame)]
        if blocks:
            self._share = sum(self._vad.is_speech(block, HEAR_HZ) for block in blocks) / len(blocks)
        return self._share


def _vad_class() -> Any:
    """Raises ModelError where webrtcvad is missing."""
    try:
        import webrtcvad
    except ImportError as missing:
        raise ModelError(
            "The package webrtcvad is missing, so there is no speech detector.",
            "Run `python3 run.py` again to repair the installation.",
        ) from missing
    return webrtcvad.Vad
