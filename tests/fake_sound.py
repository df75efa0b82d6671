"""A sound system without hardware: what we use of sounddevice, with devices and faults set by a test.

``pump`` is the hardware clock: it calls the callbacks of open streams, in the caller's thread.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest


class PortAudioError(Exception):
    """As sounddevice raises it."""


@dataclass
class FakeDevice:
    name: str
    rate_hz: float = 48_000.0
    inputs: int = 0
    outputs: int = 0
    takes_rates: tuple[float, ...] = ()
    """Empty: every rate."""
    takes_channels: tuple[int, ...] = ()
    """Empty: every number up to what it has."""


class FakeStream:
    def __init__(self, sound: FakeSound, kind: str, options: dict[str, Any]) -> None:
        device = sound.device(options["device"], kind)
        if device.takes_rates and options["samplerate"] not in device.takes_rates:
            raise PortAudioError(f"Error opening {kind} stream: Invalid sample rate [PaErrorCode -9997]", -9997)
        if device.takes_channels and options["channels"] not in device.takes_channels:
            raise PortAudioError(f"Error opening {kind} stream: Invalid number of channels [PaErrorCode -9998]", -9998)
        self.sound = sound
        self.kind = kind
        self.samplerate = float(options["samplerate"])
        self.channels = options["channels"]
        self.blocksize = options["blocksize"]
        self.callback = options["callback"]
        self.latency = sound.latency_s
        self.active = False
        self.closed = False
        sound.streams.append(self)

    def start(self) -> None:
        if self.sound.refuses_to_start:
            raise PortAudioError("Error starting stream: Device unavailable [PaErrorCode -9985]", -9985)
        self.active = True

    def abort(self, ignore_errors: bool = True) -> None:
        self.active = False

    def close(self, ignore_errors: bool = True) -> None:
        self.closed = True

    def play(self, n_samples: int, underflow: bool = False) -> np.ndarray:
        """Let the device take ``n_samples``; returns the first channel."""
        block = np.full((n_samples, self.channels), 12345, dtype=np.int16)
        self.callback(block, n_samples, None, SimpleNamespace(output_underflow=underflow))
        assert all((block[:, 0] == block[:, channel]).all() for channel in range(self.channels))
        return block[:, 0].copy()

    def hear(self, samples: np.ndarray, overflow: bool = False) -> None:
        """Let the device deliver ``samples`` (int16; one row per sample, or the same for all channels)."""
        block = samples if samples.ndim == 2 else np.repeat(samples[:, np.newaxis], self.channels, axis=1)
        self.callback(block, len(block), None, SimpleNamespace(input_overflow=overflow))
        block[:] = 0  # PortAudio uses its buffer again


@dataclass
class FakeSound:
    """Stands in for the module ``sounddevice``."""

    devices: list[FakeDevice] = field(default_factory=list)
    latency_s: float = 0.0
    refuses_to_start: bool = False
    streams: list[FakeStream] = field(default_factory=list)
    restarts: int = 0

    PortAudioError = PortAudioError

    def device(self, wanted: int | str | None, kind: str) -> FakeDevice:
        usable = [device for device in self.devices if getattr(device, f"{kind}s")]
        if isinstance(wanted, str):
            usable = [device for device in usable if wanted.casefold() in device.name.casefold()]
            if len(usable) != 1:
                raise ValueError(f"No {kind} device matching {wanted!r}")
        elif wanted is not None:
            if not 0 <= wanted < len(self.devices):
                raise PortAudioError(f"Error querying device {wanted}")
            return self.devices[wanted]
        if not usable:
            raise PortAudioError("Error querying device -1")
        return usable[0]

    @property
    def default(self) -> SimpleNamespace:
        return SimpleNamespace(device={"input": self._first("inputs"), "output": self._first("outputs")})

    def _first(self, direction: str) -> int:
        return next((number for number, device in enumerate(self.devices) if getattr(device, direction)), -1)

    def query_hostapis(self) -> list[dict[str, Any]]:
        defaults = self.default.device
        return [
            {
                "name": "ALSA",
                "default_input_device": defaults["input"],
                "default_output_device": defaults["output"],
            }
        ]

    def query_devices(self, device: int | str | None = None, kind: str | None = None) -> Any:
        if kind is not None:
            return self._about(self.device(device, kind))
        return [self._about(device) for device in self.devices]

    def _about(self, device: FakeDevice) -> dict[str, Any]:
        return {
            "index": self.devices.index(device),
            "name": device.name,
            "hostapi": 0,
            "max_input_channels": device.inputs,
            "max_output_channels": device.outputs,
            "default_samplerate": device.rate_hz,
        }

    def InputStream(self, **options: Any) -> FakeStream:
        return FakeStream(self, "input", options)

    def OutputStream(self, **options: Any) -> FakeStream:
        return FakeStream(self, "output", options)

    def _terminate(self) -> None:
        if any(not stream.closed for stream in self.streams):
            raise PortAudioError("streams are open")

    def _initialize(self) -> None:
        self.restarts += 1

    @property
    def stream(self) -> FakeStream:
        """The only open one."""
        (stream,) = [stream for stream in self.streams if not stream.closed]
        return stream

    def install(self, patch: pytest.MonkeyPatch) -> FakeSound:
        patch.setitem(sys.modules, "sounddevice", self)
        return self


def laptop() -> FakeSound:
    """One microphone and one loudspeaker that take everything."""
    return FakeSound([FakeDevice("Built-in", inputs=2, outputs=2)])
