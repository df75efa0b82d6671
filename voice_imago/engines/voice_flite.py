"""Flite: English voices that are understood better than eSpeak's (see benchmarks), where the program is installed.

A name that Flite does not list is never handed to it: it would take it for a file or an address and ask the network.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from voice_imago.engines.ports import VoiceSettings
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
)
from voice_imago.errors import VoiceError

CHILD = (sys.executable, "-I", str(Path(__file__).with_name("voice_flite_child.py")))
USUAL_WPM = 162
"""Words per minute without stretching; measured against eSpeak at 155, silence at the ends left out."""
BEST_FIRST = ("rms", "slt", "awb", "kal16")
"""By word errors of a recogniser on the guide's prompts. ``awb_time`` can only tell the time, ``kal`` has 8 kHz."""
UNUSABLE = frozenset({"awb_time", "kal"})
LISTING_DEADLINE_S = 5.0
INSTALL_HINT = "On Debian or Ubuntu run: sudo apt-get install -y flite"
STDIN = "/dev/stdin"
"""The text goes this way, and not in the command, which everybody on the computer can read."""


class FliteVoice:
    """Text to the standard input of ``flite``, a file out of it. Safe from any thread."""

    def __init__(self, command: str = "flite", deadline: Deadline = DEADLINE) -> None:
        self._command = command
        self._deadline = deadline
        self._children = Children()

    @staticmethod
    def installed(command: str = "flite") -> bool:
        """Whether the program is there; not on Windows, which has no ``/dev/stdin``."""
        return sys.platform != "win32" and shutil.which(command) is not None

    @functools.cached_property
    def name(self) -> str:
        """Asks the program for its version, once."""
        try:
            out = self._run(["--version"]).out.decode("utf-8", "replace")
        except VoiceError:
            return "flite missing"
        found = re.search(r"flite-(\d+(?:\.\d+)+)", out)
        return f"flite {found.group(1) if found else 'unknown'}"

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """Write one mono 16-bit WAV to ``target``, replaced atomically. Raises VoiceError."""
        spoken = clean_text(text)
        voice = self._known(settings.voice)
        stretch = USUAL_WPM / clipped_rate(settings.rate_wpm)
        with part_file(target) as part:
            speech = ["-voice", voice, "--setf", f"duration_stretch={stretch:.4f}"]
            finished = self._run([*speech, "-f", STDIN, "-o", str(part.absolute())], spoken)
            if finished.code != 0:
                raise VoiceError(f"The voice engine flite failed: it ended with code {finished.code}.")
            _soften(part, settings.volume)
            accept(part, target, spoken, settings)

    def render_many(self, texts: Sequence[str], settings: VoiceSettings, targets: Sequence[Path]) -> None:
        """Several texts in one process, which saves a quarter of the time. What could not be rendered so is not there
        afterwards; VoiceError only for a voice that is not here."""
        voice = self._known(settings.voice)
        with contextlib.ExitStack() as parts:
            wanted = [
                (clean_text(text), target, parts.enter_context(part_file(target)))
                for text, target in zip(texts, targets, strict=True)
            ]
            request = {
                "voice": voice,
                "stretch": USUAL_WPM / clipped_rate(settings.rate_wpm),
                "texts": [spoken for spoken, _, _ in wanted],
                "targets": [str(part.absolute()) for _, _, part in wanted],
            }
            for spoken, target, part in wanted[: self._spoken(request, self._deadline.seconds("".join(texts)))]:
                with contextlib.suppress(VoiceError):
                    _soften(part, settings.volume)
                    accept(part, target, spoken, settings)

    def _spoken(self, request: Mapping[str, Any], deadline_s: float) -> int:
        """How many texts the child has spoken; none where anything went wrong, since each is tried by itself then."""
        try:
            finished = self._children.run(CHILD, json.dumps(request).encode(), deadline_s)
            return int(json.loads(finished.out)["count"])
        except (Overdue, OSError, ValueError, KeyError, TypeError):
            return 0

    def voices(self) -> Sequence[str]:
        """Names that ``VoiceSettings.voice`` takes, best first."""
        listed = self._listed
        return [name for name in BEST_FIRST if name in listed] + [name for name in listed if name not in BEST_FIRST]

    def close(self) -> None:
        """Kill what is being rendered; every later render raises VoiceError. Safe from any thread."""
        self._children.close()

    def _known(self, wanted: str) -> str:
        voices = {name.casefold(): name for name in self.voices()}
        if not wanted and voices:
            return next(iter(voices.values()))
        if wanted.strip().casefold() not in voices:
            raise VoiceError(f"There is no voice '{wanted}'.", "`voice-imago devices` lists the voices.")
        return voices[wanted.strip().casefold()]

    @functools.cached_property
    def _listed(self) -> tuple[str, ...]:
        out = self._run(["-lv"]).out.decode("utf-8", "replace")
        names = out.partition(":")[2].split()
        return tuple(dict.fromkeys(name for name in names if name not in UNUSABLE))

    def _run(self, options: Sequence[str], text: str = "") -> Finished:
        program = shutil.which(self._command)
        if program is None:
            raise VoiceError("The speech engine flite is not installed.", INSTALL_HINT)
        deadline_s = self._deadline.seconds(text) if text else LISTING_DEADLINE_S
        try:
            return self._children.run([program, *options], f"{text}\n".encode(), deadline_s)
        except Overdue:
            raise VoiceError(f"The voice engine flite did not finish within {deadline_s:.0f} seconds.") from None
        except OSError as error:
            raise VoiceError(f"The voice engine flite could not be started: {error.strerror}.") from error


def _soften(part: Path, volume: float) -> None:
    """Flite knows no volume."""
    if volume < 1.0:
        from voice_imago.engines.rendering import read_wav, save_wav16

        rate_hz, sound = read_wav(part)
        save_wav16(part, (sound * max(volume, 0.0)).astype(sound.dtype), rate_hz)
