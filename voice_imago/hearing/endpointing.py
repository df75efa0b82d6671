"""When a turn is over.

Early is worse than late: an early end interrupts somebody, a late one costs a moment. Silence ends a turn
after

    patience = the step's end silence x the couple's setting x what this partner's own pauses taught
               (+ 2 s after a word that says "not done")

When recognition starts inside this silence stands in ``pieces``; nothing is said then. The *hard end* waits the
whole patience. A key, a hand-over phrase, or the other partner holding the floor ends at once. A turn ended by
silence can be *reopened* when the same voice goes on within two seconds.

Pauses are learnt as log-normal (they are, roughly, in speech): the mean of the partner's log pauses, drawn
towards the usual one by ``PRIOR_PAUSES`` imaginary pauses, so that nothing changes before there is evidence;
each wrong end that had to be undone adds a tenth. Bounded, kept for the session only, and shown by
``explain``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log
from typing import Literal

from voice_imago.events import Partner, Speaker, Window
from voice_imago.hearing.pieces import PieceRules, Pieces
from voice_imago.hearing.speakers import LabelledSpan

Thinking = Literal["quick", "normal", "patient"]

THINKING: dict[Thinking, float] = {"quick": 0.6, "normal": 1.0, "patient": 2.0}
"""The couple's setting as a factor."""
USUAL_PAUSE_S = 0.8
"""Median pause of at least ``LEAST_PAUSE_S`` inside a turn."""
LEAST_PAUSE_S = 0.3
PRIOR_PAUSES = 12
"""Imaginary usual pauses that a partner's own are weighed against."""
LEAST_FACTOR, MOST_FACTOR = 0.9, 1.5
PER_WRONG_END = 1.1
LEAST_HOLD_S = 0.3
"""Speech that makes somebody the holder of a turn."""


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """How turns end."""

    thinking: Thinking = "normal"
    least_s: float = 0.6
    """Seconds that no patience falls below: a detector needs that long to be sure of a silence."""
    undo_s: float = 2.0
    """Seconds after a silence end within which the same voice takes the turn up again; 0: never."""
    undo_in_prompt_s: float = 0.5
    """The same from the moment when the gate shuts for a prompt, if that is later."""
    pieces: PieceRules = field(default_factory=PieceRules)
    """When the sound of an open turn is handed to the recogniser."""
    takeover_s: float = 1.0
    """Seconds for which another voice must hold the floor."""
    cut_in_s: float = 4.0
    """The same for a voice that cut in, so that an interruption does not take the turn."""
    learn: bool = True
    """Let a partner's own pauses change the patience."""
    continuous: bool = False
    """The window stays open after a turn: a recording is heard, no dialogue is led."""


class PauseMemory:
    """What the partners' own pauses taught in this session."""

    def __init__(self) -> None:
        self._count = [0, 0]
        self._sum = [0.0, 0.0]
        self._wrong_ends = [0, 0]

    def heard(self, partner: Partner | None, pause_s: float) -> None:
        """A pause inside a turn, after which the same partner went on."""
        if partner is not None and pause_s >= LEAST_PAUSE_S:
            self._count[partner] += 1
            self._sum[partner] += log(pause_s / USUAL_PAUSE_S)

    def ended_wrongly(self, partner: Partner | None) -> None:
        """A turn of this partner had to be reopened."""
        if partner is not None:
            self._wrong_ends[partner] += 1

    def factor(self, partner: Partner | None) -> float:
        """Factor on the patience for this partner; 1 until there is evidence."""
        if partner is None:
            return 1.0
        mean = self._sum[partner] / (self._count[partner] + PRIOR_PAUSES)
        return min(MOST_FACTOR, max(LEAST_FACTOR, exp(mean) * PER_WRONG_END ** self._wrong_ends[partner]))

    def count(self, partner: Partner) -> int:
        """Pauses heard from this partner."""
        return self._count[partner]


@dataclass(frozen=True, slots=True)
class Patience:
    """The silence that ends a turn, and where it came from."""

    step_s: float
    thinking: float
    learned: float
    extra_s: float
    least_s: float = 0.0

    @property
    def seconds(self) -> float:
        return max(self.least_s, self.step_s * self.thinking * self.learned) + self.extra_s


@dataclass(slots=True)
class Turn:
    """A turn that is open, or was ended a moment ago."""

    number: int
    window: Window
    start: float
    last_end: float
    """End of the last speech."""
    pieces: Pieces
    """What was not handed to the recogniser yet."""
    speech_s: float = 0.0
    extra_s: float = 0.0
    """Added to the patience until somebody speaks again."""
    talked: int = 0
    """Talk limits told."""
    interrupted: bool = False
    """The present intrusion of the other voice was told."""
    overlaps: int = 0
    """How many of the limits of talking at once the present intrusion has passed."""
    joined_at: float | None = None
    """Since when another voice has spoken beside the holder, as far as that is heard."""
    decided: float = 0.0
    """When it was ended, for the undo."""
    speaker: Speaker | None = None
    held_s: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Seconds of speech per partner, as they were labelled while running."""
    parts: list[LabelledSpan] = field(default_factory=list)
    """Labelled at each end; a turn that was reopened has ended more than once."""
    nats: dict[Speaker | None, float] = field(default_factory=dict)
    """Evidence for partner 0 per label, summed over ``parts``; empty without voiceprints."""

    def margin_nats(self, speaker: Speaker | None) -> float:
        """Evidence for the speaker."""
        return abs(self.nats.get(speaker, 0.0))

    def holder(self) -> Partner | None:
        """Whose turn it is by voice: the expected partner as soon as they spoke, else who spoke most."""
        actor = self.window.actor
        if actor is not None and self.held_s[actor] >= LEAST_HOLD_S:
            return actor
        most: Partner = 0 if self.held_s[0] >= self.held_s[1] else 1
        return most if self.held_s[most] >= LEAST_HOLD_S else None

    def partner(self) -> Partner | None:
        """The holder, or who is expected to be it."""
        holder = self.holder()
        return self.window.actor if holder is None else holder
