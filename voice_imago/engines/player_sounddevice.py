"""The loudspeaker: one stream kept open all session, so that a prompt starts and stops within one buffer.

Beginnings and ends are told from a thread of their own, never from the audio callback: ``on_began`` when
the stream takes the first sample, ``on_ended`` when the last one has left the device (output latency
later), or at once when another prompt follows. A prompt that a dead stream can never finish is told as
ended and interrupted.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from voice_imago.engines import portaudio
from voice_imago.engines.playback import Playback, Progress
from voice_imago.engines.ports import PLAY_HZ, Began, Ended, Pcm
from voice_imago.engines.recorded import resample
from voice_imago.engines.stream_watch import StreamWatch
from voice_imago.errors import DeviceError

LATENCY_S = 0.060
WATCH_S = 0.200
"""Seconds between looks at whether the stream still lives."""
RUNNING_S = 0.200
"""Seconds of sound, beyond the latency, after which a stream is believed to run."""


class SounddevicePlayer:
    """``on_began(id)`` and ``on_ended(id, interrupted)`` come from one thread, in order."""

    def __init__(
        self,
        on_began: Began,
        on_ended: Ended,
        device: int | str | None = None,
        quiet_start: bool = True,
        reference: Callable[[Pcm, float], None] | None = None,
    ) -> None:
        """``reference`` gets each block that is played and its rate, in the audio thread; the block is not kept."""
        self._reference = reference
        self._on_began = on_began
        self._on_ended = on_ended
        self._device = device
        self._quiet_start = quiet_start
        self._stream: Any = None
        self._playback = Playback(PLAY_HZ, self._progress, quiet_start)
        self._watch = StreamWatch(PLAY_HZ, 0.0)
        self._told: queue.SimpleQueue[tuple[Progress, float] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._untold: dict[int, int] = {}
        """Prompts not yet told as ended: their serial number in this player -> their id."""
        self._serials = itertools.count()
        self._thread: threading.Thread | None = None
        self.device_name = ""
        self.device_rate_hz = 0.0
        self.underflows = 0

    def start(self) -> None:
        """Open the device at 48 kHz, or at its own rate; also again after ``close``. Raises DeviceError."""
        tried = portaudio.formats("output", self._device, PLAY_HZ)
        stream = portaudio.open_stream(
            "output", self._device, tried, block_s=0.0, latency=LATENCY_S, callback=self._fill
        )
        self.device_name = portaudio.about("output", self._device).name
        self.device_rate_hz = float(stream.samplerate)
        self._playback = Playback(self.device_rate_hz, self._progress, self._quiet_start)
        self._quiet_start = False  # only the first sound of a session comes up slowly
        self._watch = StreamWatch(self.device_rate_hz, time.monotonic())
        self._told = queue.SimpleQueue()
        self._stream = stream
        try:
            with portaudio.named_errors("output", self._device):
                stream.start()
        except DeviceError:
            self.close()
            raise
        self._thread = threading.Thread(target=self._tell, name="player", daemon=True)
        self._thread.start()

    def play(self, id: int, pcm: Pcm) -> None:
        """Start at the next callback, cutting off what is being played. When closed: ended at once."""
        ready: Pcm = resample(pcm, PLAY_HZ, self.device_rate_hz or PLAY_HZ)
        with self._lock:
            open_ = self._thread is not None
            if open_:
                serial = next(self._serials)
                self._untold[serial] = id
                self._playback.play(serial, ready)
        if not open_:
            self._on_ended(id, True)

    def chime(self, pcm: Pcm) -> None:
        """Play an earcon over whatever is being played; not told back."""
        if self._stream is not None:
            self._playback.chime(resample(pcm, PLAY_HZ, self.device_rate_hz))

    def stop(self) -> None:
        """Fade out in 5 ms; what was being played is told as ended and interrupted."""
        self._playback.stop()

    def duck(self) -> None:
        """12 dB softer within 5 ms of the next callback."""
        self._playback.duck()

    def hold(self) -> None:
        """Silent where it is; not over."""
        self._playback.hold()

    def resume(self, *, again: bool = True) -> None:
        """As loud as before, from the beginning of the last phrase or from where it is."""
        self._playback.resume(again=again)

    def close(self) -> None:
        """Never hangs. What was being played is told as ended and interrupted before this returns."""
        stream, self._stream = self._stream, None
        if stream is not None:
            portaudio.close_stream(stream)
        with self._lock:
            thread, self._thread = self._thread, None
        self._told.put(None)
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=portaudio.CLOSING_S)

    @property
    def latency_s(self) -> float:
        """Seconds from the callback to the loudspeaker, as the driver reports them."""
        stream = self._stream
        return 0.0 if stream is None else float(stream.latency)

    @property
    def running(self) -> bool:
        """It has taken more than its buffers hold: also a device that does nothing fills those."""
        return self._watch.received_samples > (self.latency_s + RUNNING_S) * self._watch.rate_hz

    def health(self) -> Literal["ok", "lost"]:
        stream = self._stream
        active = stream is not None and bool(stream.active)
        return "ok" if self._watch.health(active=active, now=time.monotonic()) == "ok" else "lost"

    # ---------------------------------------------------------------------------- the audio thread

    def _fill(self, outdata: npt.NDArray[np.int16], n_samples: int, _time: Any, status: Any) -> None:
        if status.output_underflow:
            self.underflows += 1
        self._watch.chunk(n_samples, zeros=False, now=time.monotonic())
        first = outdata[:, 0]
        self._playback.fill(first)
        if self._reference is not None:
            self._reference(first, self._watch.rate_hz)
        if outdata.shape[1] > 1:
            outdata[:, 1:] = first[:, np.newaxis]

    def _progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.kind == "began" or progress.replaced:
            self._told.put((progress, now))
        else:
            self._told.put((progress, now + self.latency_s + progress.offset_samples / self._watch.rate_hz))

    # -------------------------------------------------------------------------- the telling thread

    def _tell(self) -> None:
        waiting: tuple[Progress, float] | None = None
        while True:
            try:
                news = self._told.get(timeout=self._patience_s(waiting))
            except queue.Empty:
                waiting = self._pass_on_due(waiting)
                continue
            if waiting is not None:
                self._pass_on(waiting[0])  # something follows, so it is over
            if news is None:
                break
            waiting = self._pass_on_due(news)
        self._give_up()

    def _patience_s(self, waiting: tuple[Progress, float] | None) -> float:
        return WATCH_S if waiting is None else min(WATCH_S, max(0.001, waiting[1] - time.monotonic()))

    def _pass_on_due(self, waiting: tuple[Progress, float] | None) -> tuple[Progress, float] | None:
        if waiting is not None:
            if waiting[1] > time.monotonic():
                return waiting
            self._pass_on(waiting[0])
        elif self._untold and self.health() == "lost":
            self._playback.stop()  # silent also when the stream comes back to life
            self._give_up()
        return None

    def _pass_on(self, progress: Progress) -> None:
        with self._lock:
            began = progress.kind == "began"
            id = self._untold.get(progress.id) if began else self._untold.pop(progress.id, None)
        if id is None:
            return  # it was given up before
        if began:
            self._on_began(id)
        else:
            self._on_ended(id, progress.interrupted)

    def _give_up(self) -> None:
        with self._lock:
            lost, self._untold = list(self._untold.values()), {}
        for id in lost:
            self._on_ended(id, True)


class SilentPlayer:
    """No loudspeaker, text only: every prompt begins and ends at once, in the caller's thread."""

    latency_s = 0.0
    underflows = 0

    def __init__(self, on_began: Began, on_ended: Ended) -> None:
        self._on_began = on_began
        self._on_ended = on_ended

    def start(self) -> None:
        """Always works."""

    def play(self, id: int, pcm: Pcm) -> None:
        self._on_began(id)
        self._on_ended(id, False)

    def chime(self, pcm: Pcm) -> None:
        """Nothing to hear."""

    def stop(self) -> None:
        """Nothing is ever being played."""

    def duck(self) -> None:
        """Nothing to soften."""

    def hold(self) -> None:
        """Nothing to hold."""

    def resume(self, *, again: bool = True) -> None:
        """Nothing to take up."""

    def close(self) -> None:
        """Nothing is open."""

    def health(self) -> Literal["ok", "lost"]:
        return "ok"
