"""What the files in ``prompts/`` become: frozen objects. The format: prompts/README.md.

Everyone imports these names from ``voice_imago.dialogue.script``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from voice_imago.events import Kind, Task

Do = Literal["say", "turn", "ask", "rest", "task", "end"]
Actor = Literal["sender", "receiver", "both", "guide"]
Mode = Literal["loop", "once"]
EndReason = Literal["finished", "stopped", "time_out"]

RETURN: Final = "return"
"""The target in ``mirror.toml`` that leads back to the step that called."""
AGAIN: Final = "again"
"""In a ``remind`` list: the step's question again, shorter (``Wording.question``)."""
STEM: Final = "stem"
"""In a ``remind`` list: ``guide.stem`` with the step's own stem; a step without one hears ``AGAIN``."""
MIRROR_GRAPH: Final = "mirror"
TIME_OUT_GRAPH: Final = "time_out"
STOP_GRAPH: Final = "stop"
ROOM_GRAPH: Final = "room"
VOICES_GRAPH: Final = "voices"
ROOM_CHECK_GRAPH: Final = "room_check"
MODEL_GRAPH: Final = "model"
SHARED_GRAPHS: Final = (
    MIRROR_GRAPH, TIME_OUT_GRAPH, STOP_GRAPH, ROOM_GRAPH, VOICES_GRAPH, ROOM_CHECK_GRAPH, MODEL_GRAPH,
)  # fmt: skip
"""Graphs that are entered from a step of another graph, or walked before a dialogue, and left with ``return``."""
OUTCOMES: Final[Mapping[Task, tuple[str, ...]]] = {
    "check_room": ("good", "louder", "silent"),
    "measure_room": ("good", "noisy", "restless", "silent"),
    "measure_echo": ("good", "unheard", "ringing", "overloud"),
    "learn_voice": ("good", "too_short", "too_quiet", "clipped", "noisy"),
    "tell_apart": ("good", "too_alike", "missing"),
    "keep_voices": ("good", "failed"),
    "learn_turn": ("more", "good", "too_alike"),
    "look_for_model": ("here", "untried", "none", "base", "tiny"),
    "choose_model": ("good", "here", "english", "likely_slow"),
    "fetch_model": ("good", "offline", "silent", "full", "damaged", "cut", "missing", "cancelled"),
    "try_model": ("good", "slow", "too_slow"),
    "use_model": ("good",),
    "decline_model": ("good",),
}
"""What may come of each task; the same table as in ``effects.Perform``."""
WHATS: Final[Mapping[Task, tuple[str, ...]]] = {
    "look_for_model": ("", "smaller"),
    "choose_model": ("tiny", "base", "small", "several"),
}
"""The tasks that a step has to say more about, and what it may say; "" where it may be left out."""
TASK_S: Final = 30.0
"""Seconds after which a task that has not answered counts as failed ..."""
LONG_S: Final[Mapping[Task, float]] = {"fetch_model": 90.0, "try_model": 240.0, "use_model": 90.0}
"""... and of those that may take longer; any ``Progressed`` renews them."""
CANCELLABLE: Final = ("fetch_model",)
"""Tasks that skipping gives up, instead of leaving them behind."""
ANY_OUTCOME: Final = ("unavailable", "failed")
"""What may come of every task: the runtime cannot do it; it did not answer in time."""
TURN_TASK: Final = "learn_voice"
"""The only task of a ``turn`` step: it needs the sound of the turn."""
SUPPLY_AFTER_S: Final = 4.0
"""Seconds of silence after which the guide supplies a question that a partner was to ask."""

COMMANDS: Final = (
    "repeat", "pause", "go_on", "skip", "time_out", "stop", "help", "slower", "faster", "louder", "softer",
    "where", "back", "done", "that_was_me", "not_me", "learn_voices", "check_room", "speech_model",
)  # fmt: skip
"""Every command; each language has phrases for all of them."""
GUIDE_KEYS: Final = frozenset(
    "guide." + name
    for name in (
        # beginning and end
        "hello", "hello_setup", "limits", "goodbye", "help_resources", "no_recogniser", "answers_only", "no_microphone",
        # waiting
        "take_time", "stay_skip_stop", "pausing_now", "stem", "one_moment", "ready_question",
        # answers
        "answer_options", "answer_number", "answer_name", "answer_date", "answer_or_date", "by_key", "by_key_choice",
        "by_key_number", "by_key_date", "heard_yes", "heard_no", "heard_partly",
        # voices
        "which_voice", "which_key", "floor_back", "third_voice", "voices_learning", "voices_known", "voices_alike",
        # commands
        "paused", "resumed", "stopped", "skip_not", "skipped", "help", "keys", "where", "slower", "faster",
        "louder", "softer", "slowest", "fastest", "loudest", "softest",
        # gentle moves
        "floor_1", "floor_2", "floor_3", "one_voice", "pause_there", "let_catch",
        # faults: <part>_lost or <part>_failed, and <part>_back
        "microphone_lost", "microphone_back", "loudspeaker_lost", "loudspeaker_back", "recogniser_failed",
        "recogniser_back", "voice_failed", "voice_back", "detector_failed", "detector_back", "journal_failed",
        "journal_back", "journal_full", "journal_late", "journal_aside",
        # the journal
        "welcome_back", "last_mirrored", "unfinished", "practice_none", "practice_one", "practice", "practice_kind",
        "practice_appreciations", "practice_requests", "practice_days", "due_yesterday", "due_days", "due_week",
        "due_weeks", "due_unnamed", "date_today", "date_tomorrow", "date_days", "date_over", "date_today_unnamed",
        "date_tomorrow_unnamed", "date_days_unnamed", "date_over_unnamed",
        # a speech model that is fetched
        "quarter_here", "half_here", "three_quarters_here", "fetch_stopped", "whole_sentences",
        # the speech server at home
        "home_recogniser", "home_voice", "home_unreached", "home_lost", "home_back",
    )
)  # fmt: skip
"""Prompts that no graph names and the guide needs all the same."""


@dataclass(frozen=True, slots=True)
class ByMode:
    """A target of the shared mirror graph that depends on how the graph was called."""

    loop: str
    once: str


Target = str | ByMode


def target_for(target: Target, mode: Mode) -> str:
    """The step (or ``return``) that a target names in this mode."""
    return target if isinstance(target, str) else getattr(target, mode)


def number_range(meaning: str) -> range | None:
    """The numbers of ``number:0-3`` or ``number:5``; None: it is no range between 0 and 10."""
    found = re.fullmatch(r"number:(\d{1,2})(?:-(\d{1,2}))?", meaning, re.ASCII)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return range(first, last + 1) if first <= last <= 10 else None


@dataclass(frozen=True, slots=True)
class Visits:
    """Instead of entry number ``most + 1`` go to ``then`` (which may have a limit of its own)."""

    most: int
    then: Target


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a graph. Fields that do not belong to its ``do`` keep their defaults."""

    id: str
    do: Do
    actor: Actor
    kind: Kind
    prompt: str
    """Prompt key ``<file>.<name>``; empty: a task that is done without a word."""
    task: Task | None = None
    """What the runtime does in a ``task`` step, or with the sound of a ``turn`` step."""
    what: str = ""
    """Which one the task is about, where it needs to be told (``WHATS``)."""
    mirror: Mode | None = None
    """After the turn, the shared graph; in it the sender is whoever held the floor in this step."""
    skippable: bool = True
    sensitive: bool = False
    """Skipping is offered first."""
    counted: bool = True
    """A step of the main line; "where are we" counts these."""
    next: Target | None = None
    on: Mapping[str, Target] = field(default_factory=dict)
    """Meaning of ``Replies.meaning`` -> target: yes, no, partly, talk, ``choice:<name>``, ``number:<from>-<to>``,
    ``name``, ``date``; also ``skip``.
    With a ``task``: outcome -> target; an outcome that is not here leads to ``next``.

    ``skip`` may stand on any step; where it is missing, skipping leads to ``next``."""
    heard: Mapping[str, str] = field(default_factory=dict)
    """Reply list -> step: where to go instead if the turn's words are there and hold a phrase of the list.

    ``!because`` means: none of the list's phrases was heard."""
    asker: Literal["sender", "receiver"] | None = None
    """Who should put the question; the guide supplies it after ``supply_after_s`` of silence."""
    supply_after_s: float = SUPPLY_AFTER_S
    """Seconds; 0: the guide speaks at once."""
    seconds: float | None = None
    """Length of a rest in seconds."""
    microphone: bool = True
    reason: str = ""
    """Of an ``end``: finished, stopped or time_out."""
    swap: bool = False
    visits: Visits | None = None
    resets: tuple[str, ...] = ()
    remind: tuple[str, ...] = ()
    """Prompt keys instead of the timing class's own."""
    reminders_s: tuple[float, ...] = ()
    """Seconds of silence, instead of the timing class's own."""
    end_silence_s: float | None = None
    """Seconds, instead of the timing class's own."""
    keep: str = ""
    """Name under which the answer, or the words of the turn, are kept for later prompts."""

    @property
    def patience_s(self) -> float:
        """Seconds that the task may go without a sign of life."""
        return TASK_S if self.task is None else LONG_S.get(self.task, TASK_S)


@dataclass(frozen=True, slots=True)
class Graph:
    """A dialogue, or the shared mirror graph; ``steps`` keep the file's order."""

    id: str
    start: str
    steps: Mapping[str, Step]
    menu: bool = False
    """Offered to the couple by its title."""
    prelude: str = ""
    """The first step when walked before a dialogue; empty: ``start``."""

    @property
    def entrances(self) -> tuple[str, ...]:
        """Every step at which the graph may begin."""
        return (self.start, self.prelude) if self.prelude else (self.start,)


@dataclass(frozen=True, slots=True)
class Timing:
    """Patience of one timing class (domain §5.4)."""

    end_silence_s: float
    """Seconds of silence that end a turn."""
    reminders_s: tuple[float, ...] = ()
    """Seconds of silence since the window opened; one for each of ``remind``."""
    talk_limits_s: tuple[float, ...] = ()
    """Seconds of an open turn after which the sender is asked to let the other catch up."""
    remind: tuple[str, ...] = ()
    """What is said then: a prompt key, ``again`` or ``stem``."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The words of one prompt key in one language."""

    key: str
    title: str
    first: str
    repeat: str
    cue: str
    stem: str = ""
    again: str = ""
    """Of a step with an ``asker``: the question put to the one who answers, once it stands in the room."""
    without: str = ""
    """Key of the prompt that is said instead while something that it names was not answered yet."""


Numbered = Mapping[int, tuple[str, ...]]
"""A number -> the ways of saying it; the first is how the guide says it."""


@dataclass(frozen=True, slots=True)
class NumberWords:
    """How a language says numbers (``numbers.toml``)."""

    cardinal: Numbered = field(default_factory=dict)
    ordinal: Numbered = field(default_factory=dict)
    ordinal_marks: tuple[str, ...] = ()
    """What follows the figure of an ordinal: the "rd" of "3rd"."""
    forms: Mapping[str, Numbered] = field(default_factory=dict)
    """Other forms, for the placeholders of ``times.toml``: ``{hour:at}`` is the form "at"."""
    scale: Numbered = field(default_factory=dict)
    """Further answers to "from zero to ten": "none at all" is 0."""
    half: tuple[str, ...] = ()
    """ "and a half", after a number."""
    of_ten: tuple[str, ...] = ()
    """ "out of ten", said beside the number."""
    inexact: tuple[str, ...] = ()
    """What leaves the number open: "more than", "between"."""
    beside: tuple[str, ...] = ()
    """Words without weight beside a number: "calm", "level"."""
    articles: tuple[str, ...] = ()
    """Words for one that are mostly articles: the "eine" of "eine Sieben"."""


@dataclass(frozen=True, slots=True)
class TimeWords:
    """How a language says days and times (``times.toml``); patterns with placeholders like ``{hour}``."""

    days: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Days from today."""
    weekday: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    next_week: tuple[str, ...] = ()
    joined: Mapping[str, str] = field(default_factory=dict)
    """Word that may be joined to a day, or follow a weekday -> what it means there: the "abend" of "Samstagabend"."""
    month: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """``day_month`` and ``day``."""
    figures: Literal["day_month", "none"] = "none"
    """What "3.5." means."""
    today: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parts of today: "tonight"."""
    part: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parts of any day; the first phrase stands beside a day, the second alone."""
    half_day: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """``am`` and ``pm``."""
    moment: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """``HH:MM`` -> moments of a day: "after dinner"."""
    clock: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Minutes beside the hour -> patterns: ``30``, ``-30`` ("halb acht"), ``minute``, ``-minute``, ``minute-30``."""
    ahead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Minutes from now -> phrases; ``minutes``, ``hours``, ``hours_half``, ``days``, ``weeks`` -> patterns; ``ago``."""
    past: tuple[str, ...] = ()
    """What speaks of something that was: "ago", "yesterday"."""


@dataclass(frozen=True, slots=True)
class Language:
    """Everything in one language."""

    code: str
    name: str
    native: str
    voices: tuple[str, ...]
    """Voices of the speech engine in order of preference."""
    prompts: Mapping[str, Prompt]
    titles: Mapping[str, str]
    """Dialogue id -> how it is called in speech."""
    replies: Mapping[str, tuple[str, ...]]
    """List name -> phrases; a choice's list is ``choice:<name>``."""
    commands: Mapping[str, tuple[str, ...]]
    """Command name -> phrases."""
    numbers: NumberWords = NumberWords()
    times: TimeWords = TimeWords()
    offered: bool = True
    """Couples may choose it; else it is read and checked as far as its files exist."""
    reviewed: bool = False
    """Somebody who grew up with the language has read all of it."""
    dotless_i: bool = False
    """The small letter of I is ı, as in Turkish."""
    sounds: bool = False
    """Its words may be likened by sound (Metaphone, which is made for English)."""


ResourceKind = Literal["emergency", "suicide", "partner_violence", "child", "counselling", "find_therapist"]


@dataclass(frozen=True, slots=True)
class Resource:
    """One help line. Without a recent ``verified_on`` it is never spoken (domain §2.6)."""

    service: str
    kind: ResourceKind
    number: str = ""
    text_ok: bool = False
    """Text messages are answered."""
    languages: tuple[str, ...] = ()
    hours: str = ""
    hidden_on_bill: bool = False
    url: str = ""
    verified_on: date | None = None
    """The day on which a person called or looked it up."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """All of ``prompts/``."""

    graphs: Mapping[str, Graph]
    timings: Mapping[Kind, Timing]
    languages: Mapping[str, Language]
    resources: Mapping[str, tuple[Resource, ...]]
    """Locale -> help lines."""
