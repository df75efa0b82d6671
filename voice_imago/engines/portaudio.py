"""The one door to PortAudio: loading it, naming its errors, closing a stream that may hang.

sounddevice raises OSError at import where PortAudio is missing; its device list is frozen when it is
loaded.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from voice_imago.engines.alsa_quiet import keep_alsa_quiet
from voice_imago.errors import DeviceError

Kind = Literal["input", "output"]
NAMES: dict[Kind, str] = {"input": "microphone", "output": "loudspeaker"}
NO_PORTAUDIO_HINT = "On Debian or Ubuntu run: sudo apt-get install -y libportaudio2"
NO_DEVICE_HINTS: dict[Kind, str] = {
    "input": "Plug one in, allow it for your terminal; on Linux: sudo apt-get install -y libasound2-plugins",
    "output": "Plug one in; on Linux: sudo apt-get install -y libasound2-plugins",
}
CHOOSE_HINT = "`voice-imago devices` lists the devices."
USUAL_HZ = (48_000.0, 44_100.0, 96_000.0, 32_000.0, 16_000.0, 8_000.0, 192_000.0)
CLOSING_S = 2.0
"""Seconds a stream may take to close before it is left to itself."""


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone or a loudspeaker as PortAudio sees it."""

    number: int
    name: str
    driver: str
    """ALSA, Core Audio, Windows WASAPI, …"""
    channels: int
    rate_hz: float
    default: bool


def load() -> Any:
    """The sounddevice module. DeviceError where PortAudio is missing or cannot start."""
    try:
        import sounddevice
    except ImportError as error:
        raise DeviceError("The Python package sounddevice is not installed.", "Run: python3 run.py") from error
    except OSError as error:
        raise DeviceError("PortAudio, which plays and records sound, is not installed.", NO_PORTAUDIO_HINT) from error
    keep_alsa_quiet()
    return sounddevice


def devices(kind: Kind) -> list[Device]:
    """All that can be used as ``kind``, in PortAudio's order."""
    sounddevice = load()
    try:
        found, drivers = sounddevice.query_devices(), sounddevice.query_hostapis()
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"The sound devices cannot be listed: {_words(error)}.") from error
    default = sounddevice.default.device[kind]
    if not isinstance(default, int) or default < 0:
        default = next((driver[f"default_{kind}_device"] for driver in drivers[:1]), -1)
    return [
        Device(
            number=about["index"],
            name=about["name"],
            driver=drivers[about["hostapi"]]["name"],
            channels=about[f"max_{kind}_channels"],
            rate_hz=float(about["default_samplerate"]),
            default=about["index"] == default,
        )
        for about in found
        if about[f"max_{kind}_channels"] > 0
    ]


def about(kind: Kind, device: int | str | None) -> Device:
    """The chosen device, or the default one; DeviceError when there is none."""
    sounddevice = load()
    with named_errors(kind, device):
        number = sounddevice.query_devices(device, kind)["index"]
    return next(found for found in devices(kind) if found.number == number)


def reinitialise() -> None:
    """Look for devices anew. Every stream has to be closed before."""
    sounddevice = load()
    try:
        sounddevice._terminate()
        sounddevice._initialize()
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"The sound system cannot be restarted: {_words(error)}.") from error


@contextlib.contextmanager
def named_errors(kind: Kind, device: int | str | None) -> Iterator[None]:
    """Turn PortAudio's errors into ours, once."""
    sounddevice = load()
    try:
        yield
    except ValueError as error:  # a name that fits none, or several
        raise DeviceError(f"The {NAMES[kind]} '{device}' was not found.", CHOOSE_HINT) from error
    except sounddevice.PortAudioError as error:
        if device is None and "-1" in str(error):
            raise DeviceError(f"No {NAMES[kind]} was found.", NO_DEVICE_HINTS[kind]) from error
        which = f"The {NAMES[kind]}" if device is None else f"The {NAMES[kind]} '{device}'"
        raise DeviceError(f"{which} cannot be used: {_words(error)}.", CHOOSE_HINT) from error


def open_stream(kind: Kind, device: int | str | None, formats: list[tuple[float, int]], **options: Any) -> Any:
    """An unstarted stream in the first of ``formats`` (rate, channels) that the device takes."""
    sounddevice = load()
    stream = sounddevice.InputStream if kind == "input" else sounddevice.OutputStream
    refusal: Exception | None = None
    for rate_hz, channels in formats:
        blocksize = round(options["block_s"] * rate_hz)
        try:
            return stream(
                samplerate=rate_hz,
                channels=channels,
                blocksize=blocksize,
                device=device,
                dtype="int16",
                latency=options["latency"],
                callback=options["callback"],
            )
        except sounddevice.PortAudioError as error:
            refusal = refusal or error
    with named_errors(kind, device):
        raise refusal or ValueError("no format to try")


def formats(kind: Kind, device: int | str | None, rate_hz: int) -> list[tuple[float, int]]:
    """What to try, best first: our rate, the device's own, then others, as a device may not say what it takes; one
    channel, else what it insists on."""
    chosen = about(kind, device)
    channels = [
        1,
        *([2] if chosen.channels >= 2 else []),
        *([chosen.channels] if chosen.channels > 2 else []),
    ]
    rates = dict.fromkeys([float(rate_hz), chosen.rate_hz, *USUAL_HZ])
    return [(rate, n_channels) for rate in rates for n_channels in channels]


def close_stream(stream: Any) -> bool:
    """Abort and close; False when PortAudio did not come back in time."""

    def close() -> None:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)

    closing = threading.Thread(target=close, name="closing-sound", daemon=True)
    closing.start()
    closing.join(CLOSING_S)
    return not closing.is_alive()


def _words(error: Exception) -> str:
    """PortAudio's own words without its numbers."""
    first = str(error.args[0]) if error.args else type(error).__name__
    return first.split(" [PaErrorCode")[0].strip().rstrip(".") or "unknown reason"
