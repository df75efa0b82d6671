"""Microphones and loudspeakers: which there are, and which one is meant."""

from __future__ import annotations

from collections.abc import Sequence

from voice_imago.engines.portaudio import NAMES, NO_DEVICE_HINTS, Device, Kind, devices, reinitialise
from voice_imago.errors import DeviceError, UsageError

__all__ = [
    "Device", "Kind", "choices", "describe", "find_device", "list_devices", "match", "number_again", "reinitialise",
]  # fmt: skip

DRIVERS = ("Core Audio", "Windows WASAPI", "ALSA", "JACK Audio Connection Kit", "Windows DirectSound", "MME")
"""Where one device is offered by several drivers, the first of these is taken; others come last."""
SERVERS = {"pulse", "pipewire"}
"""ALSA's doors to a sound server, in which one chooses the device."""
SYSTEMS_CHOICE = ("Microsoft Sound Mapper", "Primary Sound")
"""Windows' names for whatever is chosen in its settings."""
SHORT_NAME = 31
"""Windows' oldest driver cuts names to this many characters."""


def list_devices(kind: Kind) -> list[Device]:
    """All microphones ('input') or loudspeakers ('output'). DeviceError without PortAudio."""
    return devices(kind)


def find_device(kind: Kind, wanted: str | int | None) -> int | None:
    """PortAudio's number of the device meant by a number, a name or a part of it; None: the default device.

    UsageError, listing what there is, when nothing or several fit; DeviceError when there is none at all.
    """
    if wanted is None or wanted == "":
        return None
    return match(list_devices(kind), kind, wanted).number


def number_again(kind: Kind, wanted: str) -> int | None:
    """PortAudio's number of a device that was there when the session began; it may have changed. DeviceError: gone."""
    try:
        return find_device(kind, wanted)
    except UsageError as error:
        raise DeviceError(error.message, error.hint) from error


def match(found: Sequence[Device], kind: Kind, wanted: str | int) -> Device:
    """See ``find_device``; pure."""
    if not found:
        raise DeviceError(f"No {NAMES[kind]} was found.", NO_DEVICE_HINTS[kind])
    fitting = _fitting(found, str(wanted).strip())
    if len({device.name[:SHORT_NAME] for device in fitting}) == 1:
        return min(fitting, key=_driver_rank)
    if not fitting:
        raise UsageError(f"There is no {NAMES[kind]} '{wanted}'.", f"There are: {_listed(found)}.")
    raise UsageError(
        f"More than one {NAMES[kind]} fits '{wanted}': {_listed(fitting)}.",
        "Write more of the name, or the number.",
    )


def describe(found: Sequence[Device]) -> list[str]:
    """One plain line per device, the number first because it is what to type."""
    return [_line(device) for device in found]


def _fitting(found: Sequence[Device], wanted: str) -> list[Device]:
    """The closest kind of fit that any device has: number, whole name, all words."""
    if wanted.isdecimal():
        return [device for device in found if device.number == int(wanted)]
    name = wanted.casefold()
    whole = [device for device in found if device.name.casefold() == name]
    words = name.split()
    return whole or [device for device in found if all(word in _full_name(device) for word in words)]


def _full_name(device: Device) -> str:
    return f"{device.name}, {device.driver}".casefold()


def _driver_rank(device: Device) -> int:
    return DRIVERS.index(device.driver) if device.driver in DRIVERS else len(DRIVERS)


def _listed(found: Sequence[Device]) -> str:
    return "; ".join(f"{device.number} {device.name}" for device in found)


def _line(device: Device) -> str:
    channels = "1 channel" if device.channels == 1 else f"{device.channels} channels"
    default = ", default" if device.default else ""
    return f"{device.number}: {device.name}, {device.driver}, {channels}, {device.rate_hz:.0f} Hz{default}"


def choices(found: Sequence[Device]) -> list[str]:
    """Names of the devices that a person can tell apart, each once; on Linux none where a sound server chooses."""
    if not found:
        return []
    driver = min(found, key=_driver_rank).driver
    names = [device.name for device in found if device.driver == driver]
    if driver == "ALSA":
        if SERVERS & set(names):
            return []
        names = [name for name in names if "(hw:" in name]
    return list(dict.fromkeys(name for name in names if not name.startswith(SYSTEMS_CHOICE)))
