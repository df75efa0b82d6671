"""From text to a WAV file that can be trusted: what the speech engines share.

No engine is believed. A prompt counts as rendered when its file is a RIFF/WAVE of 16-bit mono sound, about
as long as the text needs, and not silent; only then is it moved to its place. Engines run in child
processes that are killed, with everything they started, when their deadline passes.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import unicodedata
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice_imago.engines.ports import Pcm, VoiceSettings
from voice_imago.errors import VoiceError

RATE_RANGE_WPM = (80, 450)
"""Words per minute that every engine here can do; eSpeak clips to the same."""
REFERENCE_WPM = 155
SHORTEST_S_PER_LETTER = 0.025
"""Seconds at 155 words per minute. Measured 0.049 for the densest Latin text; less means missing words."""
LONGEST_S_PER_CHARACTER = 1.5
"""Seconds at 155 words per minute: numbers and foreign scripts are spelled out."""
LONGEST_EXTRA_S = 3.0
AUDIBLE = 330
"""Peak of a 16-bit prompt at full volume that is certainly not silence (-40 dBFS)."""
LAST_LATIN = "\u024f"
PROBE_BYTES = 262_144
"""As much as a long prompt."""
SPARE_BYTES = 1_024
"""What a WAV may hold beside its sound: the header, a note of its maker."""
_SSML = re.compile(
    r"</?(?:speak|break|prosody|voice|phoneme|say-as|emphasis|sub|audio|mark|lang|lexicon|metadata|meta|desc|amazon:\w+|p|s|w)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
"""Tags of the Speech Synthesis Markup Language: neither obeyed nor spelled out. Any other ``<name>`` is a word."""

_counter = itertools.count()


class PlaceError(VoiceError):
    """The folder takes no more: a full disk. No engine is at fault, and no other one would help."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"Prompts cannot be saved in {folder}: {error.strerror}.", "Free some disk space.")


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a child may take."""

    base_s: float = 10.0
    per_character_s: float = 0.010

    def seconds(self, text: str) -> float:
        return self.base_s + self.per_character_s * len(text)


DEADLINE = Deadline()


# -------------------------------------------------------------------------------------------- text


def clean_text(text: str) -> str:
    """The text without what an engine could take for an instruction; VoiceError when nothing can be spoken.

    Control, bidirectional and private characters go, and so do SSML tags (what is between them stays); ``[[`` would
    start phoneme names in eSpeak.
    """
    kept = "".join(character if _harmless(character) else " " for character in text)
    kept = _SSML.sub(" ", kept)
    kept = " ".join(kept.replace("[[", "[ [").split())
    if not any(unicodedata.category(character)[0] in "LNS" for character in kept):
        raise VoiceError("There is nothing to say aloud in this prompt.", "Check its text in the prompts folder.")
    return kept


def _harmless(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cf":
        return character in "\u200c\u200d\u00ad"  # joiners of Persian, Indic scripts and emoji; the soft hyphen
    return category[0] != "C"


def clipped_rate(rate_wpm: float) -> int:
    return round(min(max(rate_wpm, RATE_RANGE_WPM[0]), RATE_RANGE_WPM[1]))


# ------------------------------------------------------------------------------------------- files


@contextlib.contextmanager
def part_file(target: Path) -> Iterator[Path]:
    """A private, empty file beside ``target`` to render into; what is left of it is removed."""
    part = target.with_name(f".{target.stem[:40]}.{os.getpid()}-{next(_counter)}.part.wav")
    try:
        part.touch(mode=0o600)
    except OSError as error:
        raise PlaceError(target.parent, error) from error
    try:
        yield part
    except VoiceError:
        _check_place(target.parent)  # an engine seldom knows that it was the disk
        raise
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def accept(part: Path, target: Path, text: str, settings: VoiceSettings) -> None:
    """Verify what was rendered and move it to its place; VoiceError when it is not what the text needs."""
    convert_to_wav(part)
    rate_hz, sound = read_wav(part)
    judge(sound, rate_hz, text, settings)
    try:
        part.chmod(0o600)
        part.replace(target)
    except OSError as error:
        raise PlaceError(target.parent, error) from error


def _check_place(folder: Path) -> None:
    """Raises PlaceError where nothing more can be written."""
    probe = folder / f".{os.getpid()}-{next(_counter)}.probe"
    try:
        probe.write_bytes(bytes(PROBE_BYTES))
    except OSError as error:
        raise PlaceError(folder, error) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def convert_to_wav(path: Path) -> None:
    """Rewrite ``path`` as 16-bit mono WAV if it is something else, such as the AIFF of macOS."""
    if not path.exists() or path.stat().st_size == 0:
        raise VoiceError("The voice engine wrote nothing.")
    if _is_plain_wav(path):
        return
    import soundfile  # late: only macOS and odd voices need it

    try:
        sound, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        raise VoiceError("The voice engine wrote a file that is not sound.") from error
    mono = sound.astype(np.int32).mean(axis=1).astype(np.int16)
    save_wav16(path, mono, rate_hz)


def _is_plain_wav(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(12)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return False
        with wave.open(str(path), "rb") as file:
            return file.getnchannels() == 1 and file.getsampwidth() == 2
    except (wave.Error, EOFError, OSError):
        return False


def read_wav(path: Path) -> tuple[int, Pcm]:
    """Rate and samples of a 16-bit mono WAV; VoiceError when it is damaged, or not as long as its header says."""
    try:
        size = path.stat().st_size
        with wave.open(str(path), "rb") as file:
            layout = file.getnchannels(), file.getsampwidth()
            rate_hz, length = file.getframerate(), file.getnframes()
            data = file.readframes(min(length, size))  # a header may promise gigabytes
    except (wave.Error, EOFError, OSError, RuntimeError) as error:
        raise VoiceError(f"The rendered prompt is damaged: {error}.") from error
    if layout != (1, 2) or not 4_000 <= rate_hz <= 192_000:
        raise VoiceError("The rendered prompt is not 16-bit mono sound.")
    if len(data) != 2 * length:
        raise VoiceError("The rendered prompt is shorter than its header says.")
    if size - len(data) > SPARE_BYTES:
        raise VoiceError("The rendered prompt is longer than its header says.")
    return rate_hz, np.frombuffer(data, dtype="<i2").astype(np.int16)


def save_wav16(path: Path, sound: Pcm, rate_hz: int) -> None:
    """``write_wav16`` that tells in words why it could not."""
    try:
        write_wav16(path, sound, rate_hz)
    except OSError as error:
        raise PlaceError(path.parent, error) from error


def write_wav16(path: Path, sound: Pcm, rate_hz: int) -> None:
    with path.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(sound.astype("<i2").tobytes())


def judge(sound: Pcm, rate_hz: int, text: str, settings: VoiceSettings) -> None:
    """VoiceError when the sound is silent, or its length cannot be that of ``text``."""
    seconds = sound.size / rate_hz
    shortest, longest = plausible_seconds(text, settings.rate_wpm)
    if seconds < shortest:
        raise VoiceError(f"The voice engine dropped words: {seconds:.1f} s of sound for {len(text)} characters.")
    if seconds > longest:
        raise VoiceError(f"The voice engine ran on: {seconds:.1f} s of sound for {len(text)} characters.")
    loudest = int(np.abs(sound.astype(np.int32)).max(initial=0))
    if settings.volume > 0 and loudest < AUDIBLE * min(settings.volume, 1.0):
        raise VoiceError("The voice engine wrote silence.")


def plausible_seconds(text: str, rate_wpm: float) -> tuple[float, float]:
    """Shortest and longest believable duration of a spoken text."""
    slowness = REFERENCE_WPM / clipped_rate(rate_wpm)
    letters = sum(character.isalnum() and character <= LAST_LATIN for character in text)
    characters = sum(not character.isspace() for character in text)
    shortest = max(0.05, letters * SHORTEST_S_PER_LETTER * slowness)
    return shortest, LONGEST_EXTRA_S + characters * LONGEST_S_PER_CHARACTER * max(slowness, 1.0)


# ---------------------------------------------------------------------------------------- children


class Overdue(Exception):
    """A child did not finish in time and was killed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a child left behind."""

    code: int
    out: bytes
    err: bytes


class Children:
    """Runs child processes, each with a deadline; ``close`` kills what still runs. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(self, command: Sequence[str], stdin: bytes, deadline_s: float) -> Finished:
        """Raises Overdue, OSError when it cannot be started, VoiceError after ``close``."""
        child = self._start(command)
        try:
            out, err = child.communicate(stdin, timeout=deadline_s)
        except subprocess.TimeoutExpired:
            raise Overdue from None
        finally:
            _reap(child)
            with self._lock:
                self._running.discard(child)
        if self._closed:
            raise VoiceError("The voice was switched off.")
        return Finished(child.returncode, out, err)

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise VoiceError("The voice was switched off.")
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=sys.platform != "win32",  # its own group, so that all of it can be killed
            )
            self._running.add(child)
        return child

    def close(self) -> None:
        with self._lock:
            self._closed = True
            running = list(self._running)
        for child in running:
            _kill(child)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End a child and everything it started. Not once it is reaped: its number may be reused by then."""
    if child.returncode is not None:
        return
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)


def _reap(child: subprocess.Popen[bytes]) -> None:
    _kill(child)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=2.0)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError, ValueError):
                pipe.close()
