"""The echo canceller of WebRTC (AEC3), as livekit's wheel brings it: the extra ``aec``.

Offline: importing it starts threads, no connection. A frame that is not exactly 10 ms would abort the whole process
inside the library, so its length is asserted before every call; each call gets a fresh buffer, which it writes into.
The delay is left to the canceller: it finds any from 20 to 480 ms by itself, and a hint makes it worse. The gain
control stays off, so that partners keep their distance in loudness.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Pcm
from voice_imago.errors import DeviceError

__all__ = ["LivekitCanceller"]

FRAME_S = 0.010
HEAR_FRAME, PLAY_FRAME = round(FRAME_S * HEAR_HZ), round(FRAME_S * PLAY_HZ)
LAG_SAMPLES = 224
"""Measured with noise and no echo, at 16 kHz."""


class LivekitCanceller:
    """ports.EchoCanceller. Raises DeviceError where the extra is missing or does not load."""

    name = "livekit"
    lag_samples = LAG_SAMPLES

    def __init__(self) -> None:
        try:
            from livekit.rtc import AudioFrame
            from livekit.rtc.apm import AudioProcessingModule
        except (ImportError, OSError) as error:
            raise DeviceError("Echo cancelling is not installed.", "Run: python3 run.py") from error
        logging.getLogger("livekit").setLevel(logging.ERROR)
        self._frame: Any = AudioFrame
        try:
            self._module: Any = AudioProcessingModule(
                echo_cancellation=True, noise_suppression=True, high_pass_filter=True, auto_gain_control=False
            )
        except Exception as error:  # a foreign library's own kinds
            raise DeviceError(f"Echo cancelling cannot start: {type(error).__name__}.") from error

    def played(self, frame: Pcm) -> None:
        """10 ms that the loudspeaker was given."""
        self._module.process_reverse_stream(self._framed(frame, PLAY_FRAME, PLAY_HZ))

    def clean(self, frame: Pcm) -> Pcm:
        """10 ms of the microphone without the echo, late by ``lag_samples``."""
        framed = self._framed(frame, HEAR_FRAME, HEAR_HZ)
        self._module.process_stream(framed)
        return np.frombuffer(framed.data, dtype=np.int16).copy()

    def _framed(self, frame: Pcm, samples: int, rate_hz: int) -> Any:
        if frame.shape != (samples,) or frame.dtype != np.int16:
            raise ValueError(f"the echo canceller takes {samples} int16 samples, not {frame.dtype} {frame.shape}")
        return self._frame(bytearray(frame.tobytes()), rate_hz, 1, samples)
