"""Plays a rehearsal aloud as it happens, which also sets its pace."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

from voice_imago.engines import portaudio
from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Pcm, Samples
from voice_imago.engines.recorded import resample, to_int16

__all__ = ["Aloud", "with_pause"]

LATENCY_S = 0.2
"""Nobody answers a rehearsal, so it may be late and need not stutter."""


class Aloud:
    """Writes to the loudspeaker and waits while it plays. Raises DeviceError where there is none, or no more."""

    def __init__(self, device: int | str | None = None) -> None:
        self._device = device
        tried = portaudio.formats("output", device, PLAY_HZ)
        self._stream: Any = portaudio.open_stream(
            "output", device, tried, block_s=0.0, latency=LATENCY_S, callback=None
        )
        self._resampler = soxr.ResampleStream(HEAR_HZ, float(self._stream.samplerate), 1, dtype="float32")
        with portaudio.named_errors("output", device):
            self._stream.start()

    def play(self, block: Samples) -> None:
        """The next block at 16 kHz."""
        sound = to_int16(self._resampler.resample_chunk(block))
        if sound.size:
            frames = np.repeat(sound[:, np.newaxis], self._stream.channels, axis=1)
            with portaudio.named_errors("output", self._device):
                self._stream.write(frames)

    def close(self) -> None:
        """At once; the sound of the last moments is lost when it was not played yet."""
        portaudio.close_stream(self._stream)


def with_pause(pcm: Pcm, pause_s: float) -> Samples:
    """A prompt as ``Aloud`` plays it, and the silence after it."""
    sound: Samples = resample(pcm, PLAY_HZ, HEAR_HZ).astype(np.float32) / np.float32(32768)
    return np.concatenate([sound, np.zeros(round(pause_s * HEAR_HZ), np.float32)])
