"""eSpeak NG without pyttsx3: the second choice of the guide, and the voices of scripted couples."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from voice_imago.engines.ports import Pcm, VoiceSettings
from voice_imago.engines.rendering import (
    DEADLINE,
    Children,
    Deadline,
    Finished,
    Overdue,
    accept,
    clean_text,
    clipped_rate,
    part_file,
    save_wav16,
)
from voice_imago.errors import VoiceError

DEFAULT_VOICE = "en-us"
LISTING_DEADLINE_S = 5.0
INSTALL_HINT = "On Debian or Ubuntu run: sudo apt-get install -y espeak-ng"
_ROW = re.compile(r"^\s*\d+\s+(?P<code>\S+)\s+\S+\s+(?P<name>.*?\S)\s+(?P<file>\S+/\S.*?|\S+)\s*(?:\(.*)?$")


class EspeakVoice:
    """Text to the standard input of ``espeak-ng``, sound from its output. Safe from any thread.

    Not ``-w``: on a full disk that leaves half a file and reports success.
    """

    def __init__(
        self,
        pitch: int = 50,
        command: str = "espeak-ng",
        deadline: Deadline = DEADLINE,
    ) -> None:
        self._pitch = min(max(pitch, 0), 99)
        self._command = command
        self._deadline = deadline
        self._children = Children()

    @functools.cached_property
    def name(self) -> str:
        """Asks the program for its version, once."""
        try:
            out = self._run(["--version"]).out.decode("utf-8", "replace")
        except VoiceError:
            return "espeak-ng missing"
        found = re.search(r"\d+(\.\d+)+\S*", out)
        pitch = "" if self._pitch == 50 else f" pitch {self._pitch}"
        return f"espeak-ng {found.group() if found else 'unknown'}{pitch}"

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """Write one mono 16-bit WAV to ``target``, replaced atomically. Raises VoiceError."""
        spoken = clean_text(text)
        voice = self._known(settings.voice or DEFAULT_VOICE)
        loudness = round(100 * min(max(settings.volume, 0.0), 1.0))
        speech = ["-v", voice, "-s", str(clipped_rate(settings.rate_wpm)), "-a", str(loudness)]
        with part_file(target) as part:
            finished = self._run([*speech, "-p", str(self._pitch), "-b", "1", "--stdout"], spoken)  # -b 1: UTF-8
            if finished.code != 0:
                raise VoiceError(f"The voice engine espeak-ng failed: {_last_line(finished)}.")
            save_wav16(part, *_sound(finished.out))
            accept(part, target, spoken, settings)

    def voices(self) -> Sequence[str]:
        """Language codes and mbrola names that can be spoken here; a variant such as ``+f3`` may follow."""
        return [row["code"] for row in self._rows if "mb/" not in row["file"]] + [
            row["file"].removeprefix("mb/") for row in self._rows if _installed_mbrola(row["file"])
        ]

    def close(self) -> None:
        """Kill what is being rendered; every later render raises VoiceError. Safe from any thread."""
        self._children.close()

    def _known(self, wanted: str) -> str:
        """The name as espeak-ng takes it; VoiceError for an unknown one, which it would silently replace."""
        base, _, variant = wanted.partition("+")
        file = self._files.get(_folded(base))
        if file is None:
            raise VoiceError(f"There is no voice '{base}'.", "`voice-imago devices` lists the voices.")
        if not variant:
            return file
        if _folded(variant) not in self._variants:
            raise VoiceError(f"There is no variant '{variant}' of the voice '{base}'.")
        return f"{file}+{self._variants[_folded(variant)]}"

    @functools.cached_property
    def _rows(self) -> list[dict[str, str]]:
        return _table(self._run(["--voices"])) + _table(self._run(["--voices=mb"]))

    @functools.cached_property
    def _files(self) -> dict[str, str]:
        """What a user may write, folded -> file of the voice."""
        usable = [row for row in self._rows if "mb/" not in row["file"] or _installed_mbrola(row["file"])]
        files: dict[str, str] = {}
        for row in usable:
            for alias in (
                row["code"],
                row["file"],
                row["file"].rpartition("/")[2],
                row["name"].replace("_", " "),
            ):
                files.setdefault(_folded(alias), row["file"])
        for row in usable:  # a bare language gives its first voice
            files.setdefault(_folded(row["code"]).partition("-")[0], row["file"])
        return files

    @functools.cached_property
    def _variants(self) -> dict[str, str]:
        names = [row["file"].removeprefix("!v/") for row in _table(self._run(["--voices=variant"]))]
        return {_folded(name): name for name in names}

    def _run(self, options: Sequence[str], text: str = "") -> Finished:
        program = shutil.which(self._command)
        if program is None:
            raise VoiceError("The speech engine espeak-ng is not installed.", INSTALL_HINT)
        deadline_s = self._deadline.seconds(text) if text else LISTING_DEADLINE_S
        try:
            return self._children.run([program, *options], text.encode(), deadline_s)
        except Overdue:
            raise VoiceError(f"The voice engine espeak-ng did not finish within {deadline_s:.0f} seconds.") from None
        except OSError as error:
            raise VoiceError(f"The voice engine espeak-ng could not be started: {error.strerror}.") from error


def _sound(out: bytes) -> tuple[Pcm, int]:
    """Samples and rate of a WAV that was written to a pipe, so that its header does not know its length."""
    if out[:4] != b"RIFF" or out[36:40] != b"data":
        raise VoiceError("The voice engine espeak-ng wrote something that is not sound.")
    rate_hz = int.from_bytes(out[24:28], "little")
    data = out[44 : len(out) - len(out) % 2]
    return np.frombuffer(data, dtype="<i2").astype(np.int16), rate_hz


def _table(listing: Finished) -> list[dict[str, str]]:
    lines = listing.out.decode("utf-8", "replace").splitlines()[1:]
    return [found.groupdict() for found in map(_ROW.match, lines) if found]


def _installed_mbrola(file: str) -> bool:
    """eSpeak NG lists every mbrola voice; it can speak one only with the mbrola program and its data."""
    if not file.startswith("mb/") or shutil.which("mbrola") is None:
        return False
    name = file.removeprefix("mb/mb-").partition("-")[0]
    return any(Path(folder, name).exists() for folder in ("/usr/share/mbrola", f"/usr/share/mbrola/{name}"))


def _last_line(finished: Finished) -> str:
    lines = finished.err.decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), f"it ended with code {finished.code}")


def _folded(name: str) -> str:
    return name.strip().casefold().replace("_", "-")
