"""Speech with exact times of words and sounds: espeak-ng through its C library; flite, without times."""

from __future__ import annotations

import ctypes
import ctypes.util
import itertools
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

RATE_HZ = 16_000
ESPEAK_VOICES = {
    "en": "gmw/en",
    "en-gb": "gmw/en",
    "en-us": "gmw/en-US",
    "en-gb-x-rp": "gmw/en-GB-x-rp",
    "en-gb-scotland": "gmw/en-GB-scotland",
    "en-gb-x-gbclan": "gmw/en-GB-x-gbclan",
    "en-gb-x-gbcwmd": "gmw/en-GB-x-gbcwmd",
    "en-029": "gmw/en-029",
    "en-us-nyc": "gmw/en-US-nyc",
}
FLITE_VOICES = ("kal16", "awb", "rms", "slt")
FLITE_RATE_WPM = 165
"""How fast flite speaks by itself, about."""

_RETRIEVAL, _PHONEME_EVENTS = 1, 1
_END, _WORD, _PHONEME = 0, 1, 7
_RATE_PARAMETER, _UTF8 = 1, 1
_PAUSES = ("_:", "_", "_!", "")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One rendered text; times in seconds."""

    sound: npt.NDArray[np.float32]
    words: tuple[tuple[float, float], ...] = ()
    """Start and end of each word of the text; empty: not known."""
    phonemes: tuple[tuple[str, float, float], ...] = ()

    @property
    def length_s(self) -> float:
        return len(self.sound) / RATE_HZ


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h; the last field is a union of which only the name of a phoneme is of use."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """espeak-ng in this process; one at a time."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
        self._rate_hz = self._library.espeak_Initialize(_RETRIEVAL, 0, None, _PHONEME_EVENTS)
        if self._rate_hz <= 0:
            raise RuntimeError("espeak-ng does not start; install the package espeak-ng")
        self._blocks: list[npt.NDArray[np.int16]] = []
        self._word_starts: dict[int, float] = {}
        self._phoneme_starts: list[tuple[float, str]] = []
        self._callback = _Callback(self._take)  # kept: the library holds no reference
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, rate_wpm: int) -> Spoken:
        """One text; ``voice`` as in a scene, such as ``en-us+f3``."""
        self._blocks, self._word_starts, self._phoneme_starts = [], {}, []
        base, _, variant = voice.partition("+")
        name = ESPEAK_VOICES[base] + (f"+{variant}" if variant else "")
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise ValueError(f"espeak-ng does not know the voice {voice}")
        self._library.espeak_SetParameter(_RATE_PARAMETER, rate_wpm, 0)
        told = text.encode()
        self._library.espeak_Synth(told, len(told) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        sound = np.concatenate(self._blocks).astype(np.float32) / np.float32(32768)
        sound = soxr.resample(sound, self._rate_hz, RATE_HZ)
        end_s = self._end_s(len(sound) / RATE_HZ)
        return Spoken(sound, self._words(text, end_s), self._phonemes(end_s))

    def _take(self, samples: object, count: int, events: object) -> int:
        """The library hands over sound and what happens in it."""
        if samples and count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        number = 0
        while (event := events[number]).type != _END:  # type: ignore[index]
            at_s = event.sample / self._rate_hz
            if event.type == _WORD:
                self._word_starts.setdefault(event.text_position - 1, at_s)
            elif event.type == _PHONEME:
                self._phoneme_starts.append((at_s, bytes(event.name).partition(b"\0")[0].decode("utf-8", "replace")))
            number += 1
        return 0

    def _end_s(self, length_s: float) -> float:
        """Where the last sound ends; a pause follows it."""
        pauses = [at_s for at_s, name in self._phoneme_starts if name in _PAUSES]
        sounds = [at_s for at_s, name in self._phoneme_starts if name not in _PAUSES]
        after = [at_s for at_s in pauses if at_s > max(sounds, default=0.0)]
        return min([*after, length_s])

    def _words(self, text: str, end_s: float) -> tuple[tuple[float, float], ...]:
        """Times of the words between spaces; where espeak runs words together, by their letters."""
        places = [match.start() for match in re.finditer(r"\S+", text)]
        if not places or places[0] not in self._word_starts:
            return ()
        known = [place for place in places if place in self._word_starts] + [len(text) + 1]
        at = {place: self._word_starts[place] for place in known[:-1]} | {len(text) + 1: end_s}
        edges = []
        for place in [*places, len(text) + 1]:
            before = max(one for one in known if one <= place)
            after = min((one for one in known if one > place), default=place)
            part = (place - before) / max(1, after - before)
            edges.append(at[before] + part * (at[after] - at[before]))
        return tuple(itertools.pairwise(edges))

    def _phonemes(self, end_s: float) -> tuple[tuple[str, float, float], ...]:
        starts = [*sorted(one for one in self._phoneme_starts if one[0] < end_s), (end_s, "_")]
        pairs = itertools.pairwise(starts)
        return tuple((name, a, b) for (a, name), (b, _) in pairs if b - a >= 0.01 and name not in _PAUSES)


def flite(text: str, voice: str, rate_wpm: int) -> Spoken:
    """One text by flite."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "said.wav"
        stretch = f"duration_stretch={FLITE_RATE_WPM / rate_wpm:.2f}"
        command = ["flite", "-voice", voice, "--setf", stretch, "-t", text + " ", "-o", str(target)]
        subprocess.run(command, check=True, capture_output=True)
        sound, rate_hz = soundfile.read(target, dtype="float32")
    return Spoken(_trimmed(soxr.resample(sound, rate_hz, RATE_HZ)))


def _trimmed(sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    loud = np.flatnonzero(np.abs(sound) > 0.003)
    return sound[max(0, loud[0] - 160) : loud[-1] + 480] if len(loud) else sound
