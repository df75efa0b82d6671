"""The scripted couple of a rehearsal: what the microphone would hear, block by block, on the sample clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.runtime.scene import Line, Scene

__all__ = ["SPEECH_DB", "Couple", "Spoken", "levelled", "under_speech"]

SPEECH_DB = -26.0
"""Level of a line in dB below full scale, as a laptop hears a partner across the table."""


def levelled(sound: Samples, level_db: float = SPEECH_DB) -> Samples:
    """The same sound with the level of its louder half set to ``level_db``."""
    loud = np.abs(sound) > 0.1 * np.abs(sound).max(initial=0.0)
    rms = float(np.sqrt(np.mean(np.square(sound[loud])))) if loud.any() else 0.0
    return sound if rms == 0.0 else (sound * (10 ** (level_db / 20) / rms)).astype(np.float32)


def under_speech(noise: Samples | None, snr_db: float) -> Samples | None:
    """The noise that much below the level of speech; None where there is none."""
    if noise is None or not len(noise):
        return None
    rms = float(np.sqrt(np.mean(np.square(noise)))) or 1.0
    return (noise * (10 ** ((SPEECH_DB - snr_db) / 20) / rms)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line that has its place on the clock."""

    line: Line
    start: int
    """Sample."""
    end: int
    """Sample after the last one."""
    text: str

    def words_between(self, start: float, end: float) -> str:
        """The words whose middle lies between two seconds; words are taken as equally spread."""
        words = self.text.split()
        step_s = (self.end - self.start) / HEAR_HZ / max(1, len(words))
        first_s = self.start / HEAR_HZ
        return " ".join(w for i, w in enumerate(words) if start <= first_s + (i + 0.5) * step_s <= end)


class Couple:
    """Says the lines of a scene when the guide listens.

    A line with `at` waits until the guide listens in that step; one without follows the line before it as soon as
    the guide listens. ``sound_of`` gives the sound of a line at 16 kHz.
    """

    def __init__(self, scene: Scene, sound_of: Callable[[Line], Samples], noise: Samples | None = None) -> None:
        self._lines = scene.line
        self._sound_of = sound_of
        self._noise = under_speech(noise, scene.room.snr_db)
        self._next = 0
        self._opened: float | None = None
        self._step = ""
        self._previous_end = 0.0
        self._spoken: list[Spoken] = []
        self._sounding: list[tuple[int, Samples]] = []
        """First sample and sound of the lines that are not over."""
        self.acted_at = 0.0
        """Second of the last thing that the couple did."""

    # ------------------------------------------------------------------ what the guide does

    def guide_listens(self, step: str, at: float) -> None:
        self._step = step
        self._opened = at

    def guide_stops_listening(self) -> None:
        self._opened = None

    # ------------------------------------------------------------------ what the couple does

    @property
    def waiting_for(self) -> str | None:
        """Why the next line is not said yet; None: everything has been said."""
        if self._next >= len(self._lines):
            return None
        line = self._lines[self._next]
        what = line.say or line.text or line.wav or f"key {line.key}"
        return f"line {self._next + 1} ({what!r}) waits for step {line.at!r}" if line.at else f"line {self._next + 1}"

    def act(self, at: float) -> list[Line]:
        """Start the lines that are due at second ``at``; gives the keys among them and the lines begun."""
        begun: list[Line] = []
        while (line := self._due(at)) is not None:
            self._next += 1
            begun.append(line)
            self._start(line, at)
            while (over := self._overlapping()) is not None:
                self._next += 1
                begun.append(over)
                self._start(over, self._previous_end - over.overlap_s + over.pause_s)
        return begun

    def _due(self, at: float) -> Line | None:
        if self._next >= len(self._lines) or self._opened is None:
            return None
        line = self._lines[self._next]
        if line.at and line.at != self._step:
            return None
        return line if at >= max(self._opened, self._previous_end) + line.after_s else None

    def _overlapping(self) -> Line | None:
        if self._next >= len(self._lines):
            return None
        line = self._lines[self._next]
        return line if line.overlap_s > 0 or line.pause_s > 0 else None

    def _start(self, line: Line, at: float) -> None:
        self.acted_at = max(self.acted_at, at)
        if line.key:
            self._previous_end = max(self._previous_end, at)
            return
        sound = levelled(self._sound_of(line), SPEECH_DB + line.gain_db)
        start = round(at * HEAR_HZ)
        spoken = Spoken(line, start, start + len(sound), line.text or line.say)
        self._spoken.append(spoken)
        self._sounding.append((start, sound))
        self._previous_end = max(self._previous_end, spoken.end / HEAR_HZ) if line.overlap_s else spoken.end / HEAR_HZ
        self.acted_at = max(self.acted_at, self._previous_end)

    # ------------------------------------------------------------------ what is heard

    def block(self, start: int, n_samples: int) -> Samples:
        """What reaches the microphone from the couple and the room, without the guide; blocks follow each other."""
        out = np.zeros(n_samples, np.float32)
        for begin, sound in self._sounding:
            a, b = max(start, begin), min(start + n_samples, begin + len(sound))
            if a < b:
                out[a - start : b - start] += sound[a - begin : b - begin]
        if self._sounding:
            self._sounding = [one for one in self._sounding if one[0] + len(one[1]) > start + n_samples]
        if self._noise is not None:
            out += np.take(self._noise, np.arange(start, start + n_samples), mode="wrap")  # looped
        return out

    def words(self, start: float, end: float) -> str:
        """What was said between two seconds, in the order of the lines."""
        heard = [spoken.words_between(start, end) for spoken in self._spoken]
        return " ".join(words for words in heard if words)

    def forget_before(self, at: float) -> None:
        """Forget the words of lines that ended long ago, so that a long rehearsal stays small."""
        self._spoken = [spoken for spoken in self._spoken if spoken.end / HEAR_HZ > at]

    @property
    def spoken(self) -> Sequence[Spoken]:
        return tuple(self._spoken)
