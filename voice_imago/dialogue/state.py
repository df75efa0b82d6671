"""Where a dialogue stands: one frozen value, so that a wrong end of turn is undone by putting an older one back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, Literal

from voice_imago.dialogue.line import Line
from voice_imago.dialogue.openings import Sent
from voice_imago.dialogue.script_shape import Mode
from voice_imago.dialogue.slots import Slot
from voice_imago.events import Partner, Performed, Speaker, TurnHeard, Utterance, WordsKnown

__all__ = [
    "BASES",
    "LISTENING",
    "After",
    "Before",
    "Call",
    "CallKind",
    "Doubt",
    "Line",
    "Phase",
    "Place",
    "State",
    "entered",
]


class Phase(Enum):
    """What the guide is doing."""

    SPEAKING = "speaking"
    """A prompt is being said."""
    GRACE = "grace"
    """Giving a partner the chance to ask the question before the guide supplies it."""
    LISTENING = "listening"
    """Somebody has the floor."""
    DECIDING = "deciding"
    """An answer was given; its words are not there yet."""
    RESTING = "resting"
    """A timed rest: breathing, or a time-out."""
    WORKING = "working"
    """A task is being done: a measurement, voices being learnt."""
    PAUSED = "paused"
    """Frozen until somebody says go on."""
    OVER = "over"


LISTENING = (Phase.GRACE, Phase.LISTENING, Phase.DECIDING)
"""The phases in which the current step is being answered."""

After = Literal["listen", "grace", "next", "rest", "finish", "back", "pause", "step", "again", "stop", "work", "leave"]
"""What follows when the lines in the queue are said."""


CallKind = Literal["main", "prelude", "part", "mirror", "aside"]
"""``part``: walked from a step of another graph."""
BASES: Final = ("main", "prelude", "part")
"""Calls whose steps one can go back along."""


@dataclass(frozen=True, slots=True)
class Call:
    """One graph being walked; the last on the stack is the current one."""

    graph: str
    step: str
    kind: CallKind = "main"
    mode: Mode = "loop"
    visits: Mapping[str, int] = field(default_factory=dict)
    """How often each step was entered."""
    branched: frozenset[tuple[str, str]] = frozenset()
    """Which `heard` branches were already taken: step and list."""
    second: bool = False
    """In a step for both: the second partner's part."""
    flipped: bool = False
    """A mirror of the receiver's turn: sender and receiver changed places and change back at its end."""
    told: bool = False
    """``StepEntered`` was published for the current step."""
    left_s: float | None = None
    """Seconds left of this step's rest, when it was interrupted."""
    way: tuple[tuple[Call, Partner], ...] = ()
    """Of a part: the trail and the sender where it was entered; both are so again when it is left."""
    came: Partner = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """A turn of which it is being asked whose it was."""

    turn: int
    start: float
    end: float
    utterances: tuple[Utterance, ...] | None
    """None: its words are not there yet."""
    by: Speaker | None = None
    """Whose voice answers, if that is sure: what "me" means."""
    unclear: int = 0
    """Answers that named nobody."""


Place = tuple[Call, Partner]
"""A step as it was entered, and who was the sender then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    calls: tuple[Call, ...]
    to_come: tuple[str, ...] = ()
    """Graphs to be walked after the one at the bottom of ``calls``, in order; the last one is the dialogue."""
    sender: Partner = 0
    trail: tuple[Place, ...] = ()
    """The way through the main graph so far, for "back"."""
    aside_visits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Visits in the graphs of asides (time-out, stop); these last as long as the session."""
    phase: Phase = Phase.SPEAKING

    queue: tuple[Line, ...] = ()
    """Lines still to be said; the first is being said."""
    saying: int = 0
    """Id of the line being said."""
    after: After = "listen"
    first: tuple[Line, ...] = ()
    """To be said before whatever is said next: a confirmation, or a notice that could wait."""
    said: tuple[Line, ...] = ()
    """What the guide said for this step, for "repeat"; empty: it said nothing, so it has not asked."""
    murmurs: tuple[Line, ...] = ()
    """Lines being said without taking the floor away; the first is being said."""
    murmuring: int = 0
    """Id of the first murmur."""
    back: State | None = None
    """Where to return when something in between (help, a hint, a fault) was said."""
    meanwhile: tuple[WordsKnown | Performed, ...] = ()
    """Words and outcomes that arrived while something in between was said."""

    resumed: bool = False
    """The step stands where it was left for an aside."""
    visit: int = 0
    """Counts the steps performed; tells whether the dialogue has moved on."""
    floor: Partner | None = None
    """This partner has already begun to speak: no prompt for them, only listening."""
    asked: bool = False
    """The question of this step has been asked aloud."""
    answer_turns: frozenset[int] = frozenset()
    """Turns of this step whose words are awaited."""
    sent: Sent | None = None
    """The piece that is being mirrored."""
    mirror_turn: int = 0
    """The turn of its mirror; 0: there is none yet."""
    mirror_text: str | None = None
    confirmed: int = 0
    """The turn of the last mirror that the sender found right; its words are the slot ``last_mirrored``."""
    last_turn: int = 0
    """The turn that was over last."""
    last_start: float = 0.0
    """Start of its speech, seconds."""
    last_end: float = 0.0
    """End of its speech, seconds."""
    task: int = 0
    """Id of the task whose outcome is awaited."""
    percent: int = 0
    """How far that task is."""
    doubt: Doubt | None = None
    """The turn of which it is being asked whose it was."""
    doubted: bool = False
    """That was asked in this step."""
    unsure_turns: frozenset[int] = frozenset()
    """Turns of this step whose words are awaited and whose speaker is not sure."""
    refused: tuple[Utterance, ...] | None = None
    """What was just not taken because the voice seemed to be the wrong one ("that was me" takes it)."""
    unclear: int = 0
    """Answers not understood in this step."""
    waited_s: float = 0.0
    """Silence already answered by a reminder in this step, seconds."""
    filler_said: bool = False
    deadline: float | None = None
    """Audio-clock second at which ``Due`` is wanted."""
    disturbances: int = 0
    """Interruptions in this step."""
    moves: int = 0
    """Gentle moves made in this step."""
    intervened_at: float = -1e9
    """Second of the last intervention."""
    switched_off: bool = False
    """The microphone is off (time-out)."""
    frozen: bool = False
    """Paused because the microphone was lost."""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    """Answers kept by name, for as long as the session lasts."""
    keeping: Mapping[int, tuple[str, str, tuple[str, ...]]] = field(default_factory=dict)
    """Turns whose words are awaited to be kept: the name for them, how they are added to a list, and the reply lists
    that the step listens for."""
    waiting: TurnHeard | None = None
    """The turn that is over when its words are there (phase DECIDING)."""

    @property
    def call(self) -> Call:
        return self.calls[-1]

    @property
    def base(self) -> int:
        """Where in ``calls`` the graph is that is being walked, apart from mirrors and asides."""
        return max(n for n, call in enumerate(self.calls) if call.kind in BASES)

    @property
    def talking(self) -> bool:
        """A prompt is in the air."""
        return self.phase is Phase.SPEAKING and bool(self.queue)

    def keep(self, name: str, slot: Slot) -> State:
        """The same state with an answer kept."""
        return replace(self, slots={**self.slots, name: slot})

    @property
    def beneath(self) -> State:
        """What is being done, apart from what is said in between."""
        return self if self.back is None or self.phase is not Phase.SPEAKING else self.back

    @property
    def open_question(self) -> bool:
        """The current step is being asked or answered, so a key may answer it."""
        now = self.beneath
        if now.phase is Phase.SPEAKING:
            return now.after in ("listen", "grace", "rest")
        return now.phase in LISTENING or now.phase is Phase.RESTING or now.frozen


@dataclass(frozen=True, slots=True)
class Before:
    """Where we were when a turn was over."""

    turn: int
    state: State
    heard: dict[tuple[str, Partner | None], int]
    """Prompts heard by then, for tapering."""
    led_to: int = 0
    """The visit that the turn led to; once the dialogue is further than that, it is too late to give it back."""


def entered(state: State, *, asked: bool) -> State:
    """A step begins: nothing of the step before it counts any more."""
    return replace(
        state,
        visit=state.visit + 1,
        back=None,
        floor=None,
        asked=asked,
        said=(),
        unclear=0,
        waited_s=0.0,
        disturbances=0,
        moves=0,
        filler_said=False,
        frozen=False,
        refused=None,
        meanwhile=(),
        answer_turns=frozenset(),
        task=0,
        percent=0,
        doubt=None,
        doubted=False,
        unsure_turns=frozenset(),
        waiting=None,
    )
