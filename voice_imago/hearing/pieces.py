"""What of an open turn the recogniser gets, and when: a turn is recognised while it is spoken.

A model looks at half a minute at once and each look costs the same, so pieces should be long; but words are wanted
soon after they were said, so they cannot be too long. The rules:

* *A long piece* (8 s and more) is cut at the next pause of half a second.
* *The tail*: after two seconds of silence whatever is left is handed out. The turn is probably over, and its words
  are there when it is.
* *A few words* that stand alone after a pause may be a command, or give the floor away: they are handed out a
  quarter of a second after their end (0.7 s if they are more than a few), as a piece of their own, and what was said
  before them just before.

Who speaks for half a minute without such a pause is cut at the quietest frame of the last three seconds. No sound
is handed out twice, and none of a turn is left out.

Beside the pieces there are *last words*: at a pause in a piece that stays open, its end may be looked at through a
short window, to learn whether the floor is given away ("... over to you") or more is coming ("... because").
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from voice_imago.hearing.framing import whole_frames

__all__ = ["PieceRules", "Pieces", "Stretch"]

LEAST_S = 0.12
"""Seconds; a leftover shorter than this holds no word."""


@dataclass(frozen=True, slots=True)
class PieceRules:
    """When sound is handed out."""

    long_s: float = 8.0
    """Seconds of a piece from which the next pause ends it."""
    pause_s: float = 0.5
    """Seconds of silence that make such a pause."""
    longest_s: float = 28.0
    """Seconds after which a piece is cut inside speech; the model's window is 30 s."""
    search_s: float = 3.0
    """Seconds at the end of such a piece in which the quietest frame is looked for."""
    tail_s: float = 2.0
    """Seconds of silence after which any piece is handed out."""
    few_words_s: float = 1.5
    """Seconds that a hand-over phrase or a command lasts ..."""
    more_words_s: float = 3.0
    """... and the longest ones."""
    early_s: float = 0.25
    """Seconds of silence after which few words are handed out ..."""
    soft_s: float = 0.7
    """... and more words, and after which last words are looked at."""
    alone_s: float = 0.7
    """Seconds of silence before words that stand alone."""
    last_words_s: float = 3.0
    """Seconds that are looked at."""
    share: float = 0.7
    """Of a short patience: the words of an answer are then on their way when it ends."""
    around_s: float = 0.15
    """Seconds of sound given along before and behind, where it is there: soft consonants begin before the detector."""


class Stretch(NamedTuple):
    """Speech between two pauses, seconds on the audio clock."""

    start: float
    end: float | None
    """None while it goes on."""
    alone: bool = True
    """It began the turn, or followed a pause of ``alone_s``."""


@dataclass(slots=True)
class Pieces:
    """The sound of one open turn that was not handed out yet."""

    rules: PieceRules
    frame_s: float
    taken_until: float = 0.0
    """Sound before this was handed out, or was never the turn's: seconds."""
    _stretches: list[Stretch] = field(default_factory=list)
    _levels: deque[tuple[float, float]] = field(default_factory=deque)
    """Middle and level (dB) of the frames of the last ``search_s``."""
    _looked: bool = False
    """The last words before this pause were looked at."""

    @property
    def open(self) -> bool:
        """There is something to hand out."""
        return bool(self._stretches)

    @property
    def alone_s(self) -> float | None:
        """Length of the last stretch if it stands alone and may be a phrase or a command; else None."""
        last = self._stretches[-1] if self._stretches else None
        if last is None or last.end is None or not last.alone:
            return None
        length_s = last.end - last.start
        return length_s if length_s <= self.rules.more_words_s else None

    # ------------------------------------------------------------------ what is heard

    def speech(self, start: float, paused_s: float | None = None) -> None:
        """Somebody began to speak, after ``paused_s`` of silence inside the turn (None: the turn begins)."""
        alone = paused_s is None or paused_s >= self.rules.alone_s
        self._stretches.append(Stretch(start, None, alone))
        self._looked = False

    def silence(self, end: float) -> None:
        """The speech that was running ended there."""
        if self._stretches and self._stretches[-1].end is None:
            self._stretches[-1] = self._stretches[-1]._replace(end=max(end, self._stretches[-1].start))

    def frame(self, at: float, level_db: float) -> None:
        """One more frame, of that level; ``at`` is its end."""
        if len(self._levels) >= whole_frames(self.rules.search_s, self.frame_s):
            self._levels.popleft()
        self._levels.append((at - self.frame_s / 2, level_db))

    # ------------------------------------------------------------------ what is handed out

    def in_silence(self, at: float, silence_s: float, patience_s: float) -> list[tuple[float, float]]:
        """Start and end of what is to be recognised now, after ``silence_s`` without speech."""
        return self.rest(at) if self._stretches and silence_s >= self.due_s(patience_s) else []

    def due_s(self, patience_s: float) -> float:
        """Seconds of silence after the last speech at which it is handed out."""
        rules, last, alone_s = self.rules, self._stretches[-1] if self._stretches else None, self.alone_s
        long = last is not None and last.end is not None and last.end - self._stretches[0].start >= rules.long_s
        after_s = rules.pause_s if long else rules.tail_s
        if alone_s is not None:
            after_s = min(after_s, rules.early_s if alone_s <= rules.few_words_s else rules.soft_s)
        return min(after_s, rules.share * patience_s)

    def last_words(self, at: float, silence_s: float) -> tuple[float, float] | None:
        """Start and end of what is to be looked at now, once in each pause; the piece stays open."""
        if self._looked or not self._stretches or silence_s < self.rules.soft_s:
            return None
        self._looked = True
        first, end = self._stretches[0].start, self._stretches[-1].end or at
        return max(first, end - self.rules.last_words_s), min(at, end + self.rules.around_s)

    def in_speech(self, at: float) -> list[tuple[float, float]]:
        """The same while somebody goes on and on: a piece up to the quietest moment, if it has grown too long."""
        if not self._stretches or at - self._stretches[0].start < self.rules.longest_s or not self._levels:
            return []
        earliest = at - self.rules.search_s
        cut = min((frame for frame in self._levels if frame[0] > earliest), key=lambda frame: (frame[1], -frame[0]))[0]
        before, self._stretches = _split(self._stretches, cut)
        pieces = list(self._taken(before, cut))
        self.taken_until = cut
        return pieces

    def rest(self, until: float) -> list[tuple[float, float]]:
        """Everything that was said before ``until`` and not handed out; a few words at its end on their own."""
        self._stretches, _ = _split(self._stretches, until)
        self.silence(until)
        stretches, alone = self._stretches, self.alone_s is not None
        self._stretches = []
        groups = [stretches[:-1], stretches[-1:]] if alone else [stretches]
        return [piece for group in groups for piece in self._taken(group, until)]

    def _taken(self, stretches: list[Stretch], until: float) -> Iterator[tuple[float, float]]:
        """One piece from the first to the last of the stretches, with a little around it."""
        if not stretches:
            return
        first, end = stretches[0].start, stretches[-1].end or until
        if end - first < LEAST_S:
            return
        begin, self.taken_until = (
            max(self.taken_until, first - self.rules.around_s),
            min(until, end + self.rules.around_s),
        )
        yield begin, self.taken_until


def _split(stretches: list[Stretch], at: float) -> tuple[list[Stretch], list[Stretch]]:
    """What lies before a moment, and what lies behind it."""
    before, after = [], []
    for one in stretches:
        if one.start >= at:
            after.append(one)
        elif one.end is not None and one.end <= at:
            before.append(one)
        else:
            before.append(one._replace(end=at))
            after.append(Stretch(at, one.end, False))
    return before, [one for one in after if one.end is None or one.end > one.start]
