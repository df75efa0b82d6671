"""What arrives from outside: the runtime feeds these to the session. See ``events``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from voice_imago.words import Partner, Words

PER_NAT: Final = 16
"""The ear tells evidence in sixteenths of a nat, strangeness in sixty-fourths and levels in whole decibels: finer
differences decide nothing, and a journal keeps a frame in three bytes and still gives back exactly what was heard."""
PER_STRANGENESS: Final = 64


@dataclass(frozen=True, slots=True)
class FrameHeard:
    """One detector frame of microphone sound; also the tick of the only clock."""

    at: float
    """Seconds, the frame's end."""
    speech: float
    """Probability of speech, 0..1, as the detector gave it (its lag is not yet removed)."""
    level_db: float = -100.0
    """Level of the unamplified frame in dB below full scale."""
    llr: float | None = None
    """Log-likelihood ratio in nats that this frame is partner 0 (> 0) or partner 1 (< 0); None: no opinion."""
    gated: bool = False
    """The microphone gate was closed (the guide is speaking, or the microphone is off); nothing was heard."""
    over: bool = False
    """Heard while the guide was speaking: its echo was taken out (full duplex)."""
    quick: bool | None = None
    """Over the guide: whether a quicker detector hears a voice; None where there is none."""
    against: bool = False
    """Over the guide: the detector is wholly against a voice."""
    faint: bool = False
    """Over the guide: so much was taken out that what is left may be the rest of its echo."""
    doubtful: bool = False
    """Sound was lost a moment ago, so that the echo may not be taken out well."""


@dataclass(frozen=True, slots=True)
class VoiceScored:
    """A voiceprint window's opinion; arrives later than its frames."""

    at: float
    start: float
    end: float
    llr: float
    """Nats for the whole window: > 0 partner 0, < 0 partner 1."""
    strangeness: float = 0.0
    """How unlike both enrolments the window is; from 1 on rather somebody else's voice."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key from the keyboard: 'space', 'r', 'p', 't', 's', 'y', 'n', 'h', 'q', a digit, or 'x' for ten."""

    at: float
    key: str


@dataclass(frozen=True, slots=True)
class LineTyped:
    """A whole line typed instead of spoken (typed mode); a finished turn with its text."""

    at: float
    text: str
    by: Partner | None = None
    """None: whoever the step expects."""


@dataclass(frozen=True, slots=True)
class PromptBegan:
    """The loudspeaker took the first sample of a prompt."""

    at: float
    id: int


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """The last sample of a prompt was played, or it was stopped."""

    at: float
    id: int
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class TextReady:
    """A recogniser's answer to a ``Transcribe``."""

    at: float
    id: int
    text: str
    confidence: float
    """0..1; below ``replies.SURE`` a decision is asked again."""
    wall_s: float = 0.0
    """Wall-clock seconds the recogniser needed (0 on the sample clock)."""


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of a ``Perform``."""

    at: float
    id: int
    outcome: str
    """One of the task's outcomes, or ``unavailable``."""
    values: tuple[tuple[str, str, str], ...] = ()
    """What was recalled: name, meaning and words, as in ``Perform.values``; lines of a list are joined by newlines."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a ``Perform`` is that takes minutes; also the sign that it is alive, so it may come without a change."""

    at: float
    id: int
    percent: int


@dataclass(frozen=True, slots=True)
class RecogniserChanged:
    """From now on another recogniser gets the pieces."""

    at: float
    recogniser: str
    """Its name, for the event stream."""
    words: Words


@dataclass(frozen=True, slots=True)
class PartFailed:
    """A part of the program failed; the session goes on without it."""

    at: float
    part: str
    """microphone, loudspeaker, recogniser, home (a speech server), voice, journal, events (their file), detector,
    settings, echo."""
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PartRecovered:
    at: float
    part: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed without sound (typed mode, or the microphone is lost)."""

    at: float


Input = (
    FrameHeard
    | VoiceScored
    | KeyPressed
    | LineTyped
    | PromptBegan
    | PromptEnded
    | TextReady
    | Performed
    | Progressed
    | RecogniserChanged
    | PartFailed
    | PartRecovered
    | Ticked
)
