"""What the couple has set. The settings file holds choices, never words that were spoken."""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from voice_imago import output
from voice_imago.errors import FileError
from voice_imago.folders import settings_file

__all__ = ["Settings", "Tuning", "load_settings", "save_settings"]


class Tuning(msgspec.Struct, frozen=True):
    """How one person wants to be spoken to."""

    rate: Annotated[float, Meta(ge=0.6, le=2.5)] = 1.0
    """Factor on ``rate_wpm``."""
    volume: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.7
    pitch: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    voice: str = ""
    """Full name of a voice of their own; empty: the voice of all."""


class Settings(msgspec.Struct, frozen=True):
    """What is remembered between evenings."""

    partners: tuple[str, ...] = ()
    language: str = "en"
    voice: str = ""
    rate_wpm: Annotated[int, Meta(ge=60, le=500)] = 150
    volume: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.7
    tunings: dict[str, Tuning] = {}
    """By name: how each partner wants to be spoken to, as said with *slower*, *louder* or *lower*."""
    earcons: Literal["sounds", "words", "off"] = "sounds"
    """Short tones, or a few words in their place ("I'm listening")."""
    earcons_known: tuple[str, ...] = ()
    """Tones that were introduced in words."""
    mute: Literal["", "voice", "text"] = ""
    """The guide is only read (by a screen reader), or only heard."""
    keys: dict[str, str] = {}
    """Keys that were moved: the key, and what it means, such as "time out"; "" for nothing."""
    keys_off: bool = False
    """No key means anything, as where a cat walks over them; Ctrl-C still stops."""
    set_up: bool = False
    """The set-up was walked once."""
    thinking: Literal["quick", "normal", "patient"] = "normal"
    recogniser: str = "auto"
    """auto, whisper, answers, none, or the address of a speech server at home."""
    model: str = ""
    """The speech model to use; empty: the best one that is here."""
    model_declined: bool = False
    """Both were asked at a start whether to fetch one, and did not want it; `setup` asks again."""
    notice_heard: bool = False
    """Both have heard what this is and what it is not for, and said yes; later evenings begin with a reminder."""
    deep: bool = False
    """The parent-child dialogue may be chosen."""
    word_aid: bool = False
    """A sender who says always or never is offered a gentler beginning, once; a command changes it for the evening."""
    formal: bool = False
    """The guide addresses the partners formally, in languages that have two ways."""
    input: str = ""
    output: str = ""
    tail_s: Annotated[float, Meta(ge=0.0, le=5.0)] = 0.2
    """Seconds for which the room still rings after the guide's last sample."""
    noise_db: float | None = None
    """Of the room when it was measured: its steady floor in dB below full scale; None: not measured yet."""
    noise_peak_db: float | None = None
    seat_db: tuple[float, ...] = ()
    """Level of each partner's voice at the microphone."""
    echo_db: float | None = None
    """By how much quieter the guide's own voice comes back into the microphone."""


def load_settings(path: Path | None = None) -> Settings:
    """The saved settings, or the defaults. Raises FileError for a file that cannot be used.

    A name that another version wrote, or a misspelt one, is told and left out: it must not end the evening.
    """
    path = path or settings_file()
    try:
        lines = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = msgspec.convert(lines, Settings)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise FileError(f"The settings {path} cannot be read: {error.strerror}.", "Check who owns the file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise FileError(f"The settings {path} are not usable: {error}.", "Mend the line or delete the file.") from error
    unknown = sorted(lines.keys() - set(Settings.__struct_fields__))
    if unknown:
        output.error(f"The settings {path} name {', '.join(unknown)}, which this version does not know.")
    return settings


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings: replaced as a whole, for the owner's eyes only. Raises FileError."""
    path = path or settings_file()
    known = {name: value for name, value in msgspec.structs.asdict(settings).items() if value is not None}
    lines = [f"{name} = {_toml(value)}" for name, value in known.items()]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, "\n".join(lines) + "\n")
    except OSError as error:
        hint = "Check the folder, or name another one with VOICE_IMAGO_HOME."
        raise FileError(f"The settings {path} cannot be written: {error.strerror}.", hint) from error


def _replace(path: Path, text: str) -> None:
    """Never half a file: written beside it (mkstemp gives 0600), then put in its place."""
    number, part = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".part")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(number)
        Path(part).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):  # a TOML string is a JSON string, but for DEL
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    return str(value)
