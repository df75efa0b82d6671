"""What the core concluded, past tense; published as the event stream and heard by the dialogue. See ``events``.

Field names are those of the event stream (design: ``for_`` is written ``for``); partners are indices here and become
names when written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voice_imago.words import Form, Kind, Partner, Speaker, Task, Why, Words

# Field names are those of the event stream; partners are indices here and become names when written.


@dataclass(frozen=True, slots=True)
class SessionStarted:
    at: float
    dialogue: str
    language: str
    partners: tuple[str, str]
    recogniser: str
    echo: Literal["half", "full"]
    version: str


@dataclass(frozen=True, slots=True)
class StepEntered:
    at: float
    step: str
    actor: str
    """A partner's name, 'both' or 'guide'."""
    role: str
    """sender, receiver, both or guide."""


@dataclass(frozen=True, slots=True)
class PromptStarted:
    at: float
    prompt: str
    text: str
    form: Form


@dataclass(frozen=True, slots=True)
class PromptFinished:
    at: float
    prompt: str
    text: str
    form: Form
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Listening:
    """A listening window opened."""

    at: float
    step: str
    for_: Partner | None
    """None: both may speak."""
    kind: Kind
    end_silence_s: float


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak. ``at`` is when that was decided, ``start`` when it was (lag removed)."""

    at: float
    start: float
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """A speech segment ended: ``at`` decided, ``end`` true end."""

    at: float
    start: float
    end: float
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class TurnPaused:
    """A piece of the turn is complete and may be recognised; nothing is said. Not in the event stream."""

    at: float
    turn: int
    start: float
    """Start of the piece, which was not handed to the recogniser before."""
    end: float
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class LastWords:
    """A pause in a piece that stays open: its end may be looked at, for what it says about the floor. Not streamed."""

    at: float
    turn: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class TurnEnded:
    at: float
    turn: int
    speaker: Speaker | None
    start: float
    end: float
    """End of the last speech."""
    decided: float
    why: Why
    speech_s: float = 0.0
    """Seconds of speech inside the turn, pauses left out."""
    sure: bool = True
    """False: voices are told apart, but who this was is too close to call; ``speaker`` is the likelier one."""


@dataclass(frozen=True, slots=True)
class TurnExplained:
    """Why a turn ended when it did; follows each ``TurnEnded``. What ``explain`` shows."""

    at: float
    turn: int
    speaker: Speaker | None
    step: str
    kind: Kind
    start: float
    end: float
    decided: float
    why: Why
    margin_nats: float
    """Evidence for the speaker; 0 without voiceprints."""
    step_s: float
    """The patience: of the step, times the couple's setting, times what this partner's pauses taught, plus extra."""
    thinking: float
    learned: float
    extra_s: float
    frame_s: float
    strip: tuple[float, ...]
    """Probability of speech per frame, the last one at ``decided``."""
    spans: tuple[tuple[float, float, Speaker | None], ...]
    """Start, end and speaker of each stretch of speech."""
    least_s: float = 0.0
    """What the patience does not fall below, before the extra."""


@dataclass(frozen=True, slots=True)
class TurnReopened:
    at: float
    turn: int


@dataclass(frozen=True, slots=True)
class Transcript:
    at: float
    turn: int
    text: str
    final: bool
    lag_s: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer meant: yes, no, partly, question, choice:<name>, talk, unclear, or a value.

    ``number:0`` to ``number:10``; ``name:0`` or ``name:1``, a partner's index; ``date:`` and ``When.code``, such as
    ``date:+30m``, ``date:+1d 20:00``, ``date:sat 15:00``, ``date:--05-03 evening`` or ``date:08:00|20:00`` (the next
    of the two). Empty in an event of what one partner answers alone.
    """

    at: float
    step: str
    meaning: str
    by: Speaker | Literal["key"] | None


@dataclass(frozen=True, slots=True)
class Command:
    at: float
    name: str
    by: Speaker | Literal["key"] | None


@dataclass(frozen=True, slots=True)
class TaskDone:
    """Something at the table was measured, learnt or kept; see ``effects.Perform``."""

    at: float
    task: Task
    outcome: str
    for_: Partner | None


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """A task that takes minutes is so far; told for each new percent, followed by its ``TaskDone``."""

    at: float
    task: Task
    percent: int


@dataclass(frozen=True, slots=True)
class UnderstandingChanged:
    """Another recogniser has taken over in the running session: a speech model was fetched."""

    at: float
    recogniser: str
    words: Words


@dataclass(frozen=True, slots=True)
class VoiceTuned:
    """From now on the guide speaks to a partner, or to both, in this way; see ``effects.TuneVoice``."""

    at: float
    for_: Partner | None
    rate: float
    volume: float
    pitch: float


@dataclass(frozen=True, slots=True)
class Intervention:
    at: float
    kind: str
    rung: int
    for_: Partner | None


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How much of a piece came back in its mirror. A note, never spoken and never a score: the sender judges."""

    at: float
    turn: int
    """The mirror's."""
    of: int
    """The turn that was mirrored."""
    recall: float
    """Share of the content words that came back, 0..1."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """The other voice for more than a second inside somebody's turn."""

    at: float
    by: Speaker
    during: int
    """The turn."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Both talk at once, for ``seconds`` as far as it is heard: the other voice cut in and nobody has rested since, or
    it sounds beside that of the holder, who keeps the floor."""

    at: float
    by: Speaker
    """The other voice."""
    during: int
    """The turn."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Backchannel:
    """A short sound of the listener inside a turn; never a turn."""

    at: float
    by: Speaker
    during: int


@dataclass(frozen=True, slots=True)
class BargedIn:
    """Somebody is surely speaking over a prompt of the guide."""

    at: float
    by: Speaker | None
    """None: nobody can tell yet."""
    prompt: str


@dataclass(frozen=True, slots=True)
class Waited:
    """Nobody has spoken for ``seconds`` since the window opened (one of the window's reminders). Not streamed."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Talked:
    """The open turn has lasted ``seconds`` (one of the window's talk limits). Not streamed."""

    at: float
    seconds: float
    turn: int


@dataclass(frozen=True, slots=True)
class Fault:
    at: float
    part: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Recovered:
    at: float
    part: str


@dataclass(frozen=True, slots=True)
class Consent:
    at: float
    keep: str
    by: Partner


@dataclass(frozen=True, slots=True)
class Kept:
    at: float
    what: str


@dataclass(frozen=True, slots=True)
class Agreement:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    at: float
    reason: Literal["finished", "stopped", "time_out", "fault"]


HearingFact = (
    SpeechStarted
    | SpeechEnded
    | TurnPaused
    | LastWords
    | TurnEnded
    | TurnReopened
    | Interruption
    | Overlap
    | Backchannel
    | BargedIn
    | Waited
    | Talked
)
Fact = (
    HearingFact
    | SessionStarted
    | TurnExplained
    | TaskDone
    | TaskProgress
    | UnderstandingChanged
    | StepEntered
    | PromptStarted
    | PromptFinished
    | Listening
    | Transcript
    | Reply
    | Command
    | VoiceTuned
    | Intervention
    | Mirrored
    | Fault
    | Recovered
    | Consent
    | Kept
    | Agreement
    | SessionEnded
)
