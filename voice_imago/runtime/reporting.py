"""The `report` command: what helps to find a fault, and nothing that tells who is talking about what.

Names, words, devices' names (people call their headphones after themselves), addresses and folders are left out; what
is a choice is told as "set" or by its name in the program.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from voice_imago import __version__, output
from voice_imago.errors import FileError, VoiceImagoError
from voice_imago.folders import data_folder
from voice_imago.journal import files, store
from voice_imago.journal.journal import reading
from voice_imago.runtime.turn_log import last_lines
from voice_imago.settings import Settings, load_settings

__all__ = ["report", "report_lines"]

LOG_LINES = 300
PACKAGES = (
    "faster-whisper", "ctranslate2", "av", "pyttsx3", "sounddevice", "numpy", "onnxruntime", "webrtcvad-wheels",
    "soxr", "soundfile", "platformdirs", "msgspec", "rapidfuzz", "matplotlib", "pocketsphinx", "sqlcipher3", "pyrage",
    "wyoming",
)  # fmt: skip
FREE = ("rate_wpm", "volume", "thinking", "language", "tail_s", "noise_db", "noise_peak_db", "echo_db")
"""Settings that are numbers or names of the program's own."""


def report(path: Path) -> int:
    """Write the report to a new file. Raises FileError."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(report_lines()) + "\n")
    except FileExistsError as error:
        raise FileError(f"The file {path} is there already.", "Name another one with --to FILE.") from error
    except OSError as error:
        raise FileError(f"The report {path} cannot be written: {error.strerror}.", "Name another folder.") from error
    output.say(f"The report is in {path}. It holds no word that was said and no name; read it before you send it.")
    return 0


def report_lines() -> list[str]:
    """Everything that is in a report."""
    return [
        "voice_imago report",
        *_section("program", _program()),
        *_section("settings", _settings()),
        *_section("computer", _computer()),
        *_section("journal", _journal()),
        *_section("log", iter(last_lines(LOG_LINES))),
    ]


def _section(title: str, lines: Iterator[str]) -> list[str]:
    return ["", f"[{title}]", *lines]


def _program() -> Iterator[str]:
    yield f"version={__version__}"
    yield f"python={platform.python_version()} {sys.implementation.name}"
    yield f"system={platform.system()} {platform.release()} {platform.machine()}"
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield f"{package}={importlib.metadata.version(package)}"


def _settings() -> Iterator[str]:
    try:
        settings = load_settings()
    except VoiceImagoError as error:
        yield f"unusable={type(error).__name__}"
        return
    for name in FREE:
        yield f"{name}={getattr(settings, name)}"
    yield f"recogniser={_named(settings.recogniser, Settings().recogniser)}"
    for name in ("voice", "model", "input", "output"):
        yield f"{name}={_named(getattr(settings, name), '')}"
    yield f"partners={len(settings.partners)} seats={len(settings.seat_db)}"


def _named(value: str, usual: str) -> str:
    """Whether a choice was made, and whether it leads out of this computer."""
    if value == usual:
        return "usual"
    return "home" if "://" in value else "set"


def _computer() -> Iterator[str]:
    from voice_imago.runtime.devices import list_devices
    from voice_imago.runtime.models import list_models

    for kind, title in (("input", "microphones"), ("output", "loudspeakers")):
        try:
            yield f"{title}={len(list_devices(kind))}"  # type: ignore[arg-type]
        except VoiceImagoError as error:
            yield f"{title}={type(error).__name__}"
    yield f"espeak={'there' if shutil.which('espeak-ng') or shutil.which('espeak') else 'missing'}"
    with contextlib.suppress(VoiceImagoError):
        yield f"models={len(list_models())}"
    place = next((one for one in (data_folder(), *data_folder().parents) if one.exists()), None)
    if place is not None:
        yield f"free_mb={shutil.disk_usage(place).free // 1_000_000}"


def _journal() -> Iterator[str]:
    path = files.journal_file()
    try:
        kind = files.kind_of(path)
        yield f"kind={kind}"
        if kind in ("missing", "empty"):
            return
        yield f"bytes={path.stat().st_size}"
        if kind == "sealed":
            return
        with reading(path) as connection:
            rows = store.sessions(connection)
            turns = connection.execute("SELECT count(*) FROM turns").fetchone()[0]
    except (VoiceImagoError, OSError) as error:
        yield f"unusable={getattr(error, 'code', '') or type(error).__name__}"
        return
    yield f"sessions={len(rows)} turns={turns} seconds={sum(row.length_s for row in rows):.0f}"
    for title, counted in (
        ("ended", Counter(row.reason or "unfinished" for row in rows)),
        ("level", Counter(row.level for row in rows)),
        ("dialogue", Counter(row.dialogue for row in rows)),
    ):
        yield from (f"{title}_{name}={count}" for name, count in sorted(counted.items()))
    yield f"set_aside={sum(1 for one in files.our_files() if '.damaged-' in one.name)}"
