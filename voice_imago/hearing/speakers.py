"""Voiceprint opinions -> which partner, per frame and per turn.

A two-state hidden Markov model over the frames of speech: each frame brings evidence (its own opinion, and
the mean of the windows that cover it), and changing the speaker costs ``switch_nats``, less across a pause.
With two states the whole Viterbi recursion is one number per frame, the lead of partner 0 over partner 1:

    lead[i] = clip(lead[i-1], -switch, +switch) + evidence[i]

Its sign now is the running label; walking back from a later frame gives the smoothed labels of a turn: a turn
is labelled when it ends, not word by word. Windows arrive late, so the last second of leads is computed again
when one comes. Opinions of neighbouring frames and overlapping windows repeat each other, hence weights below
one.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from voice_imago.events import UNKNOWN, Partner, Speaker

WINDOW_LATE_S = 1.6
"""Frames younger than this may still wait for their first window."""
WINDOW_NEW_S = 0.6
"""A window that ended so long ago says nothing about now."""
FRESH_S = 0.4
"""A label's change is placed no better than this, in seconds: so near a silence, the voice began in it."""
ONSET_S = 0.1
"""A turn's start may be placed so much after the first frame of its speech."""
DOUBTFUL = 0.5
"""Strangeness below which a frame is a partner's and ends a run of strange ones."""


@dataclass(frozen=True, slots=True)
class SpeakerSettings:
    """Weights of the evidence and costs of changing the speaker, in nats."""

    frame_weight: float = 0.25
    """How much a frame's own opinion counts."""
    window_weight: float = 0.14
    """How much the mean of the windows over a frame counts, per frame."""
    switch_nats: float = 16.0
    """Cost of another speaker without a pause."""
    pause_switch_nats: float = 4.0
    """Cost of another speaker after a pause."""
    carried_nats: float = 2.0
    """How much it says about a segment's first words who spoke before. Measured at 685 beginnings: 2 gives 71 % of
    them a label, 93 % of those rightly; the 4 nats that a change costs would give 83 %, but 86 % rightly."""
    prior_nats: float = 1.0
    """Head start of the partner whom the step expects, once per turn."""
    sure_nats: float = 2.0
    """Lead from which a running label is told."""
    sure_turn_nats: float = 8.0
    """Evidence below which it is open whose turn it was. Measured on 630 turns of one segment each: 76 % of those that
    were given to the wrong partner lay below, and 3 % of the others (mixtures alone: 81 % and 11 %); no turn of
    several segments did."""
    stranger_s: float = 2.0
    """Seconds that neither partner's voice must last before it counts as somebody else's."""


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A stretch of speech with one label."""

    start: float
    end: float
    speaker: Speaker | None
    overlap: bool = False


class VoiceTrack:
    """The frames of speech that no finished turn owns yet, with their evidence."""

    def __init__(self, settings: SpeakerSettings, frame_s: float, lag_s: float) -> None:
        self.settings = settings
        self.frame_s = frame_s
        self.lag_s = lag_s
        self._before = 0.0
        """Lead before the first frame."""
        self._ends: list[float] = []
        self._llr: list[float] = []
        self._windows: list[float] = []
        self._covered: list[int] = []
        self._strangeness: list[float] = []
        self._switch: list[float] = []
        self._fresh: list[bool] = []
        self._rested: list[bool] = []
        self._lead: list[float] = []
        self._opinions = 0

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def now(self) -> float:
        """Seconds, end of the last frame."""
        return self._ends[-1] if self._ends else 0.0

    @property
    def heard_voices(self) -> bool:
        """Whether there was any opinion at all."""
        return self._opinions > 0

    @property
    def lead(self) -> float:
        """Nats by which partner 0 is ahead at the last frame."""
        return self._lead[-1] if self._lead else 0.0

    @property
    def label(self) -> Partner | None:
        """Who is speaking now, as far as that can be told."""
        if abs(self.lead) < self.settings.sure_nats:
            return None
        return 0 if self.lead > 0.0 else 1

    def add(self, at: float, llr: float | None, fresh: bool, *, unheard: bool = False) -> None:
        """One more frame of speech; ``fresh``: the first after a pause, in which perhaps somebody spoke ``unheard``."""
        s = self.settings
        self._ends.append(at - self.lag_s)
        self._llr.append(0.0 if llr is None else s.frame_weight * llr)
        self._windows.append(0.0)
        self._covered.append(0)
        self._strangeness.append(0.0)
        self._switch.append(s.pause_switch_nats if fresh else s.switch_nats)
        self._fresh.append(fresh)
        self._rested.append(fresh and not unheard)
        self._lead.append(0.0)
        self._opinions += llr is not None
        self._update(len(self._ends) - 1)

    def opine(self, start: float, end: float, llr: float, strangeness: float) -> None:
        """A window's opinion on the frames between two moments."""
        first = bisect_right(self._ends, start)
        last = bisect_right(self._ends, end)
        for n in range(first, last):
            self._windows[n] += llr
            self._covered[n] += 1
            self._strangeness[n] += strangeness
        self._opinions += last > first
        self._update(first)

    def expect(self, actor: Partner | None) -> None:
        """A turn begins with the first frame kept: the step's actor gets a small head start, nobody else any."""
        prior = self.settings.prior_nats
        self._before = 0.0 if actor is None else prior if actor == 0 else -prior
        self._update(0)

    def trim(self, end: float) -> None:
        """Forget frames after ``end``: they were the hangover's silence."""
        self._cut(0, bisect_right(self._ends, end + self.frame_s / 2.0))

    def drop(self, before: float) -> None:
        """Forget frames that end at or before this moment; their lead carries over a pause at most."""
        first = bisect_right(self._ends, before)
        if first:
            limit = self.settings.pause_switch_nats
            carried = max(-limit, min(limit, self._lead[first - 1]))
            onset = slice(max(0, first - round(ONSET_S / self.frame_s)), first)
            began = [(flags, any(flags[onset])) for flags in (self._fresh, self._rested)]
            self._cut(first, len(self._ends))
            for flags, flag in began:
                flags[:1] = [flag or flags[0]] if flags else []
            self._before = carried
            self._update(0)

    def first_label(self, start: float, least_nats: float | None = None) -> Partner | None:
        """Who began to speak at ``start``, a moment ago: by what was heard since and, a little, by who spoke before.

        None with a lead below ``least_nats`` (default: that of every running label)."""
        s, first = self.settings, bisect_right(self._ends, start)
        before = self._lead[first - 1] if first else self._before
        lead = max(-s.carried_nats, min(s.carried_nats, before)) + self.evidence(start, self.now)
        if abs(lead) < (s.sure_nats if least_nats is None else least_nats):
            return None
        return 0 if lead > 0.0 else 1

    def rested(self, start: float, end: float) -> float | None:
        """When, first between two moments, somebody began to speak after a pause."""
        for n in range(bisect_right(self._ends, start), bisect_right(self._ends, end)):
            if self._rested[n]:
                return self._ends[n] - self.frame_s
        return None

    def run(self, most_s: float) -> tuple[Partner, float, float]:
        """Who speaks at the last frame, since when, and for how many seconds of speech (looks back ``most_s``)."""
        state: Partner = 0 if self.lead > 0.0 else 1
        n = last = len(self._ends) - 1
        most = round(most_s / self.frame_s)
        while n > 0 and last - n < most and self._state_before(n, state) == state:
            n -= 1
        return state, self._ends[n] - self.frame_s, (last - n + 1) * self.frame_s

    def speech_s(self, since: float) -> float:
        """Seconds of speech from ``since`` on."""
        return (len(self._ends) - bisect_right(self._ends, since)) * self.frame_s

    def spans(self, start: float, end: float) -> list[LabelledSpan]:
        """Smoothed labels of the frames between two moments, one span per speaker and stretch of speech."""
        labels = self._labels()
        first, last = bisect_right(self._ends, start), bisect_right(self._ends, end + self.frame_s / 2.0)
        found: list[LabelledSpan] = []
        for n in range(first, last):
            begin, label = self._ends[n] - self.frame_s, labels[n]
            if found and found[-1].speaker == label and begin - found[-1].end < self.frame_s / 2.0:
                found[-1] = LabelledSpan(found[-1].start, self._ends[n], label)
            else:
                found.append(LabelledSpan(max(begin, start), self._ends[n], label))
        return found

    def evidence(self, start: float, end: float) -> float:
        """Sum of all evidence between two moments, nats for partner 0."""
        first, last = bisect_right(self._ends, start), bisect_right(self._ends, end + self.frame_s / 2.0)
        return sum(self._evidence(n) for n in range(first, last))

    def windows_mean(self, for_s: float) -> float | None:
        """What windows say on average, in nats for partner 0, of the newest ``for_s`` of speech that they cover.

        None where they cover less, or where somebody rested since."""
        last = self._covered_until(WINDOW_NEW_S)
        first = last - round(for_s / self.frame_s)
        if first < 0 or not all(self._covered[first:last]) or any(self._rested[first:]):
            return None
        return sum(self._windows[n] / self._covered[n] for n in range(first, last)) / (last - first)

    def strange_s(self) -> float:
        """Seconds up to now in which the windows sounded like neither partner's voice."""
        n = last = self._covered_until(WINDOW_LATE_S)
        while n > 0 and self._is_strange(n - 1):
            n -= 1
        n = self._alone_from(n, last)
        return (len(self._ends) - n) * self.frame_s if self._stranger(n, last) else 0.0

    def _covered_until(self, within_s: float) -> int:
        """One after the newest frame that a window covers; no earlier than ``within_s`` ago."""
        last = len(self._ends)
        least = max(0, last - round(within_s / self.frame_s))
        while last > least and not self._covered[last - 1]:
            last -= 1
        return last

    @property
    def strange(self) -> bool:
        """Whether the last frame that a window had an opinion on was hardly a partner's."""
        for n in range(len(self._ends) - 1, -1, -1):
            if self._covered[n]:
                return self._is_strange(n)
        return False

    def _is_strange(self, n: int) -> bool:
        covered = self._covered[n]
        return covered > 0 and self._strangeness[n] >= DOUBTFUL * covered

    def _alone_from(self, first: int, last: int) -> int:
        """Where in a run of strange frames somebody began in a silence; ``last``: nowhere, a voice does not change
        within a word."""
        near = max(0, first - round(FRESH_S / self.frame_s))
        if any(self._fresh[near : first + 1]):
            return first
        return next((n for n in range(first, last) if self._fresh[n]), last)

    def _stranger(self, first: int, last: int) -> bool:
        """Whether a run of strange frames is somebody else on the whole: single windows say little."""
        strangeness = sum(self._strangeness[n] / self._covered[n] for n in range(first, last))
        return last > first and strangeness >= last - first

    def _evidence(self, n: int) -> float:
        covered = self._covered[n]
        return self._llr[n] + (self.settings.window_weight * self._windows[n] / covered if covered else 0.0)

    def _update(self, first: int) -> None:
        lead = self._lead[first - 1] if first else self._before
        for n in range(first, len(self._ends)):
            switch = self._switch[n]
            lead = (switch if lead > switch else -switch if lead < -switch else lead) + self._evidence(n)
            self._lead[n] = lead

    def _state_before(self, n: int, state: int) -> Partner:
        """The best speaker of frame ``n - 1``, given the one of frame ``n``."""
        lead, switch = self._lead[n - 1], self._switch[n]
        if state == 0:
            return 0 if lead >= -switch else 1
        return 1 if lead <= switch else 0

    def _labels(self) -> list[Speaker]:
        labels: list[Speaker] = [0] * len(self._ends)
        state: Partner = 0 if self.lead > 0.0 else 1
        for n in range(len(labels) - 1, -1, -1):
            labels[n] = state
            if n:
                state = self._state_before(n, state)
        return self._with_strangers(labels)

    def _with_strangers(self, labels: list[Speaker]) -> list[Speaker]:
        least = round(self.settings.stranger_s / self.frame_s)
        n = 0
        while n < len(labels):
            begin = n
            while n < len(labels) and self._is_strange(n):
                n += 1
            begin = self._alone_from(begin, n)
            if n - begin >= least and self._stranger(begin, n):
                labels[begin:n] = [UNKNOWN] * (n - begin)
            n += 1
        return labels

    def _cut(self, first: int, last: int) -> None:
        for floats in (self._ends, self._llr, self._windows, self._strangeness, self._switch, self._lead):
            floats[:] = floats[first:last]
        self._covered[:] = self._covered[first:last]
        for flags in (self._fresh, self._rested):
            flags[:] = flags[first:last]
        self._opinions = sum(1 for llr, covered in zip(self._llr, self._covered, strict=True) if llr or covered)
