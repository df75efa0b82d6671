"""What the core asks of the runtime, imperative; and what session and dialogue tell each other. See ``events``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voice_imago.facts import Fact, TurnEnded
from voice_imago.words import Form, Kind, Partner, Speaker, Task


@dataclass(frozen=True, slots=True)
class Say:
    """Play a prompt now; answer with PromptBegan and PromptEnded carrying ``id``."""

    id: int
    prompt: str
    text: str
    form: Form
    own: bool = False
    """Words of the couple's own are in it: its sound is never written."""
    to: Partner | None = None
    """In whose way it is spoken (``TuneVoice``); None: to both."""
    fresh: bool = False
    """Only as the voice is set now, even if that takes a moment: it tells how it was changed."""


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop whatever is being said; its PromptEnded comes with ``interrupted``."""


@dataclass(frozen=True, slots=True)
class Duck:
    """Play the prompt 12 dB softer: perhaps somebody speaks over it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Be silent in the middle of the prompt until ``Resume``; it is not over."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Play a ducked or held prompt on at its own loudness, from the beginning of its last phrase."""

    again: bool = True
    """False: from where it is."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Render these texts ahead, in order of need."""

    texts: tuple[str, ...]
    own: tuple[str, ...] = ()
    """Those of them that hold words of the couple's own: their sound is never written."""
    to: tuple[Partner | None, ...] = ()
    """To whom each of the texts is said; empty: all of them to both."""


@dataclass(frozen=True, slots=True)
class Chime:
    """Play an earcon: 'listening', 'time', 'paused', 'done', 'fault'."""

    name: str
    text: str = ""
    """What is printed where nothing is said with it, so that the sound alone carries nothing."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Recognise the sound from ``start`` to ``end``; answer with TextReady carrying ``id``."""

    id: int
    start: float
    end: float
    short: bool
    """True: a short answer, jump the queue."""
    turn: int = 0
    """The turn that it is a piece of: a recogniser that has fallen behind may take its pieces together."""
    look: bool = False
    """Last words of a piece that stays open: their sound comes again, so a newer look may take their place."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Do something at the table that takes its time; answer with Performed carrying ``id`` and an outcome.

    ======================  =========================================================================================
    task                    outcomes (a runtime that cannot do it answers ``unavailable``)
    ======================  =========================================================================================
    ``check_room``          3 s at each start: ``good``, ``louder`` (than when measured), ``silent`` (exact zeros)
    ``measure_room``        3 s of quiet: ``good``, ``noisy`` (steady: a fan, a kettle), ``restless`` (clatter, speech),
                            ``silent``
    ``measure_echo``        one chirp: ``good``, ``unheard`` (headphones, or no loudspeaker), ``ringing`` (long tail),
                            ``overloud``
    ``test_echo``           a chirp and what the guide has said so far: ``full`` (from now on it hears while it speaks),
                            ``half``
    ``learn_voice``         the sound ``start``..``end`` is ``partner`` alone: ``good``, ``too_short``, ``too_quiet``,
                            ``clipped``, ``noisy`` (hardly above the room); several pieces of one partner add up
    ``tell_apart``          both voices were learnt: from now on they are told apart: ``good``, ``too_alike``,
                            ``missing`` (one voice was not learnt)
    ``keep_voices``         save them for the next time: ``good``, ``failed``
    ``learn_turn``          a protocol turn of ``partner``, collected while nobody is enrolled: ``more``, ``good`` (from
                            now on the voices are told apart), ``too_alike``
    ``store``               keep a thing and its values: ``good``, ``not_kept`` (both agreed that nothing of the
                            kind is kept), ``locked`` (its owner's secret is missing)
    ``recall``              what was kept of that kind, told with the outcome: ``good``, ``nothing``, ``locked``
    ``consent``             what a partner wants to be kept; the stricter wish counts from now on: ``good``
    ``take_up``             go on with the session that was broken off: ``good``
    ``forget``              delete this session, or everything that is kept: ``good``, ``nothing``
    ``unlock``              the partner types a secret, unseen, for what is theirs alone: ``good``, ``new`` (it
                            was chosen just now), ``wrong``
    ``look_for_model``      is a speech model for the language here? ``here`` (and measured), ``untried``, ``none``; for
                            "smaller", the size of the one below the chosen one: ``base``, ``tiny``, ``none``
    ``choose_model``        take note of a size, or of "several" languages: ``good``, ``here`` (it need not be fetched),
                            ``english`` (there is one for English only as well), ``likely_slow`` (by prediction)
    ``fetch_model``         download the chosen one, for minutes, telling how far it is: ``good``, ``offline``,
                            ``silent``, ``full``, ``damaged``, ``cut``, ``missing``, ``cancelled``
    ``try_model``           a timed decode with it: ``good``, ``slow``, ``too_slow`` (slower than speech)
    ``use_model``           from now on it understands; it is remembered: ``good``
    ``decline_model``       none is wanted, and that is remembered: ``good``
    ``another_voice``       the guide speaks with the language's next voice: ``good``, ``only`` (there is no other one)
    ``know_sound``          an earcon was introduced in words, and that is remembered: ``good``
    ``keep_way``            how the guide reaches the couple ("voice" or "text" is muted, or "both" are there; "sounds",
                            "words") is remembered: ``good``
    ======================  =========================================================================================
    """

    id: int
    task: Task
    partner: Partner | None = None
    start: float = 0.0
    """Of the sound, seconds; only with ``partner``."""
    end: float = 0.0
    what: str = ""
    """Which one, where the step says so."""
    values: tuple[tuple[str, str, str], ...] = ()
    """Of the step's slots: name, meaning (as in ``Reply``; ``words`` or ``list``), and all of its words, a list's lines
    one below the other; of other answers how they are said."""
    wanted: tuple[str, ...] = ()
    """Names of the slots that ``recall`` is to fill."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give a ``Perform`` up; it answers ``cancelled`` when nothing of it is left."""

    id: int


@dataclass(frozen=True, slots=True)
class TuneVoice:
    """Change how the guide speaks to one partner, or to both, for every prompt from now on."""

    rate: float
    """Factor on the set rate, 0.6..2.5."""
    volume: float
    """0..1."""
    pitch: float = 1.0
    """Factor on the pitch of the voice."""
    to: Partner | None = None
    """None: what is said to both."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Say and print everything until the prompt ``after`` is over; from then on only print what the guide says
    (``voice`` is mute), only say it (``text`` is mute), or go on with both."""

    what: Literal["", "voice", "text"]
    after: str
    """Key of the prompt that tells it."""


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


Effect = (
    Say
    | Hush
    | Duck
    | Hold
    | Resume
    | Prepare
    | Chime
    | Transcribe
    | Perform
    | Cancel
    | TuneVoice
    | Mute
    | SwitchMicrophone
    | Publish
    | Finish
    | Expect
)


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
    """Yes or no by key, a numbered choice, or a number (X is ten)."""

    at: float
    key: str


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Somebody spoke of harm. What was said is not passed on, and is in no event."""

    at: float
    kind: Literal["self_harm", "harm"]


@dataclass(frozen=True, slots=True)
class Due:
    """The dialogue's own deadline has passed."""

    at: float
