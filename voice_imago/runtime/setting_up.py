"""The commands `setup` (a speech model, once) and `devices` (the choices)."""

from __future__ import annotations

import sys
from pathlib import Path

from voice_imago import output
from voice_imago.errors import DeviceError, UsageError, VoiceError
from voice_imago.runtime.devices import describe, list_devices
from voice_imago.runtime.models import MODELS, fetch_model, find_model
from voice_imago.runtime.plan import make_voice

__all__ = ["print_devices", "set_up"]

MODEL = "base.en"
"""The default: understands ordinary speech on a two-core laptop."""


def set_up(name: str, folder: Path | None, *, ask: bool) -> int:
    """Download a speech model after saying its size and asking. Raises UsageError, FileError, ModelError."""
    if name not in MODELS:
        raise UsageError(f"There is no speech model called {name!r}.", f"Choose one of: {', '.join(MODELS)}.")
    if find_model(name, folder) is not None:
        output.say(f"The speech model {name} is already here. No network is needed.")
        return 0
    output.say(f"The speech model {name} is a download of {MODELS[name].download_mb} megabytes, once.")
    output.say("It stays on this computer. Afterwards the guide needs no network.")
    if ask and not _agreed():
        output.say("Nothing was downloaded. Without a model I follow voices and short answers; keys always work.")
        return 0
    place = fetch_model(name, folder, lambda percent: output.say(f"{percent} percent."))
    if place is None:
        output.say("The download was cancelled. Nothing half is left behind.")
        return 0
    output.say(f"The speech model {name} is ready.")
    return 0


def _agreed() -> bool:
    """Whether somebody at the keyboard says yes; nobody there is a no."""
    if not sys.stdin.isatty():
        output.say("Nobody is at the keyboard to agree; say setup --yes to download without asking.")
        return False
    output.say("Download it now? Type yes or no.")
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def print_devices() -> int:
    """Microphones, loudspeakers and voices, one plain line each; what cannot be listed says why."""
    for kind, title in (("input", "Microphones"), ("output", "Loudspeakers")):
        output.say(f"{title}:")
        try:
            for line in describe(list_devices(kind)) or ["none found"]:  # type: ignore[arg-type]
                output.say(f"  {line}")
        except DeviceError as error:
            output.say(f"  {error}")
    output.say("Voices:")
    voice = make_voice()
    try:
        output.say("  " + ", ".join(voice.voices()))
    except VoiceError as error:
        output.say(f"  {error}")
    finally:
        voice.close()
    return 0
