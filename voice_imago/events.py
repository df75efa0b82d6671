"""Everything that flows through the house. READ THIS FIRST.

    runtime ── inputs ──►  Session  ── effects ──► runtime
                             │
                             └─ facts: what hearing and dialogue concluded; each is published as one
                                line of the event stream (design §3.1) and heard by the dialogue

*Inputs* arrive from the outside, *facts* are past tense and concluded by the core, *effects* are imperative
and ask the runtime to do something. ``at`` is always seconds on the audio clock (samples received / sample
rate) since the session began; nothing in the core knows any other time. Requests carry an ``id``; an answer to
an id nobody waits for is dropped.

Partners are known by their index 0 or 1 inside the core and by name on the outside. ``None`` as a speaker means
"not decided"; ``UNKNOWN`` means "decided: neither partner".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Partner = Literal[0, 1]
UNKNOWN: Literal[-1] = -1
Speaker = Literal[-1, 0, 1]
"""A partner's index, or ``UNKNOWN``."""

Kind = Literal["answer", "mirror", "send", "validate", "setup"]
"""Timing class of a listening window (domain §5.4)."""

Form = Literal["first", "repeat", "cue"]
Why = Literal["silence", "phrase", "key", "other_voice", "limit"]
"""Why a turn ended."""

# --------------------------------------------------------------------------- inputs (runtime -> session)


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


@dataclass(frozen=True, slots=True)
class VoiceScored:
    """A voiceprint window's opinion; arrives later than its frames."""

    at: float
    start: float
    end: float
    llr: float
    """Nats for the whole window: > 0 partner 0, < 0 partner 1."""
    familiar: bool = True
    """False when the window resembles neither enrolment."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key from the keyboard: 'space', 'r', 'p', 't', 's', 'y', 'n', 'h', 'q' or a digit."""

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
class PartFailed:
    """A part of the program failed; the session goes on without it."""

    at: float
    part: str
    """microphone, loudspeaker, recogniser, voice, journal, detector."""
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
    | PartFailed
    | PartRecovered
    | Ticked
)

# --------------------------------------------------------------------------- facts (core -> stream, core -> core)
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
    """Soft end: nothing is said, recognition of the piece may start. Not in the event stream."""

    at: float
    turn: int
    start: float
    """Start of the piece that was not handed to the recogniser before."""
    end: float
    speaker: Speaker | None


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
    """What an answer meant: yes, no, partly, question, choice:<name>, talk or unclear."""

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
class Intervention:
    at: float
    kind: str
    rung: int
    for_: Partner | None


@dataclass(frozen=True, slots=True)
class Interruption:
    """The other voice for more than a second inside somebody's turn."""

    at: float
    by: Speaker
    during: int
    """The turn."""


@dataclass(frozen=True, slots=True)
class Backchannel:
    """A short sound of the listener inside a turn; never a turn."""

    at: float
    by: Speaker
    during: int


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
    SpeechStarted | SpeechEnded | TurnPaused | TurnEnded | TurnReopened | Interruption | Backchannel | Waited | Talked
)
Fact = (
    HearingFact
    | SessionStarted
    | StepEntered
    | PromptStarted
    | PromptFinished
    | Listening
    | Transcript
    | Reply
    | Command
    | Intervention
    | Fault
    | Recovered
    | Consent
    | Kept
    | Agreement
    | SessionEnded
)

# --------------------------------------------------------------------------- effects (session -> runtime)


@dataclass(frozen=True, slots=True)
class Say:
    """Play a prompt now; answer with PromptBegan and PromptEnded carrying ``id``."""

    id: int
    prompt: str
    text: str
    form: Form


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop whatever is being said; its PromptEnded comes with ``interrupted``."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Render these texts ahead, in order of need."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chime:
    """Play an earcon: 'listening', 'time', 'paused', 'done'."""

    name: str


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Recognise the sound from ``start`` to ``end``; answer with TextReady carrying ``id``."""

    id: int
    start: float
    end: float
    short: bool
    """True: a short answer, jump the queue."""


@dataclass(frozen=True, slots=True)
class TuneVoice:
    """Change how the guide speaks, for every prompt from now on."""

    rate: float
    """Factor on the set rate, 0.6..2.5."""
    volume: float
    """0..1."""


@dataclass(frozen=True, slots=True)
class SwitchMicrophone:
    """Close the gate until told otherwise (time-out), or open it again."""

    on: bool


@dataclass(frozen=True, slots=True)
class Publish:
    """Write a fact to the event stream and the journal."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Finish:
    """The session is over; stop in mirrored order."""

    reason: Literal["finished", "stopped", "time_out", "fault"]


@dataclass(frozen=True, slots=True)
class Window:
    """What the dialogue expects to hear next; tells hearing how patient to be."""

    step: str
    actor: Partner | None
    """Whose turn it is; None: either."""
    next_actor: Partner | None
    """Who acts after this turn: that voice holding the floor ends the turn."""
    kind: Kind
    end_silence_s: float
    reminders_s: tuple[float, ...] = ()
    """Silence since the window opened after which ``Waited`` is told."""
    talk_limits_s: tuple[float, ...] = ()
    """Length of the open turn after which ``Talked`` is told."""


@dataclass(frozen=True, slots=True)
class Expect:
    """Open a listening window, or close it (None). Stays inside the session: hearing is told, nobody else."""

    window: Window | None


Effect = Say | Hush | Prepare | Chime | Transcribe | TuneVoice | SwitchMicrophone | Publish | Finish | Expect

# --------------------------------------------------------------------------- between session and dialogue


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one voice said in one piece of a turn."""

    speaker: Speaker | None
    text: str
    confidence: float = 1.0
    """0..1."""


@dataclass(frozen=True, slots=True)
class TurnHeard:
    """A turn is over, with its words if they are known by now (the guide never waits for them)."""

    at: float
    ended: TurnEnded
    utterances: tuple[Utterance, ...] | None
    """None: the words are not there yet, or never will be."""

    @property
    def text(self) -> str | None:
        """All words of the turn."""
        return None if self.utterances is None else " ".join(u.text for u in self.utterances if u.text)


@dataclass(frozen=True, slots=True)
class WordsKnown:
    """All words of an earlier turn arrived."""

    at: float
    turn: int
    utterances: tuple[Utterance, ...]

    @property
    def text(self) -> str:
        """All words of the turn."""
        return " ".join(u.text for u in self.utterances if u.text)


@dataclass(frozen=True, slots=True)
class AnswerKeyed:
    """Yes or no by key, or a numbered choice."""

    at: float
    key: str


@dataclass(frozen=True, slots=True)
class Due:
    """The dialogue's own deadline has passed."""

    at: float
