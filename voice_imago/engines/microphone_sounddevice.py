"""The microphone: one stream kept open all session, 16 kHz mono, in chunks of 20 or 40 ms."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_imago.engines import portaudio
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.stream_watch import Health, StreamWatch
from voice_imago.errors import DeviceError

CHUNK_S = 0.040
"""Half as many wakings as at 20 ms, at the price of hearing 20 ms later."""
QUICK_CHUNK_S = 0.020
"""Where somebody may be speaking over the guide (full duplex), those 20 ms count."""
ONE_STEP = np.float32(1 / 32768)


class SounddeviceMicrophone:
    """Hands each chunk to ``on_chunk`` in PortAudio's thread: it must only enqueue, not block, not raise."""

    def __init__(
        self, on_chunk: Callable[[Samples], None], device: int | str | None = None, chunk_s: float = CHUNK_S
    ) -> None:
        self._on_chunk = on_chunk
        self._device = device
        self._chunk_s = chunk_s
        self._stream: Any = None
        self._resampler: Any = None
        self._watch = StreamWatch(HEAR_HZ, 0.0)
        self.device_name = ""
        self.device_rate_hz = 0.0

    def start(self) -> None:
        """Open the device at 16 kHz, or at its own rate; also again after ``close``. Raises DeviceError."""
        tried = portaudio.formats("input", self._device, HEAR_HZ)
        stream = portaudio.open_stream(
            "input", self._device, tried, block_s=self._chunk_s, latency="high", callback=self._received
        )
        self.device_name = portaudio.about("input", self._device).name
        self.device_rate_hz = float(stream.samplerate)
        self._resampler = _resampler(self.device_rate_hz)
        self._watch = StreamWatch(self.device_rate_hz, time.monotonic())
        self._stream = stream
        try:
            with portaudio.named_errors("input", self._device):
                stream.start()
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        """Never hangs; no chunk comes afterwards."""
        stream, self._stream = self._stream, None
        if stream is not None:
            portaudio.close_stream(stream)

    # ------------------------------------------------------------------------------------ watching

    def health(self) -> Health:
        """'lost': no chunk for 0.7 s or the stream ended. 'silent': 3 s of exact zeros. Cheap to ask."""
        stream = self._stream
        active = stream is not None and bool(stream.active)
        return self._watch.health(active=active, now=time.monotonic())

    @property
    def running(self) -> bool:
        """A chunk has come."""
        return self._watch.received_samples > 0

    @property
    def alive(self) -> bool:
        """It has given a sound that was not exact zeros."""
        return self._watch.alive

    @property
    def received_samples(self) -> int:
        """At the device's rate, since the start."""
        return self._watch.received_samples

    @property
    def last_chunk_wall(self) -> float | None:
        """Monotonic seconds of the last chunk."""
        return self._watch.last_chunk_wall

    @property
    def zero_samples_run(self) -> int:
        return self._watch.zero_samples_run

    @property
    def overflows(self) -> int:
        """As PortAudio tells them; with PulseAudio it never does, see ``behind_s``."""
        return self._watch.overflows

    @property
    def behind_s(self) -> float:
        """Seconds of sound missing against the clock."""
        return self._watch.behind_s(time.monotonic())

    # ----------------------------------------------------------------------------------- receiving

    def _received(self, indata: npt.NDArray[np.int16], n_samples: int, _time: Any, status: Any) -> None:
        """PortAudio's thread: copy, count, hand on."""
        if self._stream is None:
            return
        if status.input_overflow:
            self._watch.overflows += 1
        self._watch.chunk(n_samples, zeros=not indata.any(), now=time.monotonic())
        chunk = mono(indata)
        if self._resampler is not None:
            chunk = self._resampler.resample_chunk(chunk)
        if chunk.size:
            self._on_chunk(chunk)


def mono(block: npt.NDArray[np.int16]) -> Samples:
    """A fresh float32 copy of a block (samples, channels), channels averaged."""
    samples: Samples
    samples = block[:, 0].astype(np.float32) if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
    samples *= ONE_STEP
    return samples


def _resampler(rate_hz: float) -> Any:
    if rate_hz == HEAR_HZ:
        return None
    import soxr

    return soxr.ResampleStream(rate_hz, HEAR_HZ, 1, dtype="float32", quality="HQ")
