"""What the files in ``prompts/`` become: frozen objects. The format: prompts/README.md.

Everyone imports these names from ``voice_imago.dialogue.script``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from voice_imago.dialogue.script_names import LONG_S, SUPPLY_AFTER_S, TASK_S
from voice_imago.words import Kind, Task

Do = Literal["say", "turn", "ask", "rest", "task", "walk", "branch", "end"]
Actor = Literal["sender", "receiver", "both", "guide"]
Mode = Literal["loop", "once", "deep"]
"""How the mirror graph is called: piece by piece, one piece, or piece by piece with steps that lead deeper."""
EndReason = Literal["finished", "stopped", "time_out"]

RETURN: Final = "return"
"""The target in a shared graph that leads back to the step that entered it."""
AGAIN: Final = "again"
"""In a ``remind`` list: the step's question again, shorter (``Wording.question``)."""
STEM: Final = "stem"
"""In a ``remind`` list: ``guide.stem`` with the step's own stem; a step without one hears ``AGAIN``."""


@dataclass(frozen=True, slots=True)
class ByMode:
    """A target of the shared mirror graph that depends on how the graph was called."""

    loop: str
    once: str
    deep: str = ""
    """Empty: as ``loop``."""


Target = str | ByMode


def target_for(target: Target, mode: Mode) -> str:
    """The step (or ``return``) that a target names in this mode."""
    return target if isinstance(target, str) else getattr(target, mode) or target.loop


def number_range(meaning: str) -> range | None:
    """The numbers of ``number:0-3`` or ``number:5``; None: it is no range between 0 and 10."""
    found = re.fullmatch(r"number:(\d{1,2})(?:-(\d{1,2}))?", meaning, re.ASCII)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return range(first, last + 1) if first <= last <= 10 else None


MOST_COUNTED: Final = 100_000
"""An open range ("3-") ends here."""


def branch_range(meaning: str) -> range | None:
    """The numbers of ``number:0-2``, ``number:3-`` or ``number:5``; None: it is no range."""
    found = re.fullmatch(r"number:(\d{1,5})(-?)(\d{0,5})", meaning, re.ASCII)
    if found is None or (found[3] and not found[2]):
        return None
    first = int(found[1])
    last = int(found[3]) if found[3] else MOST_COUNTED if found[2] else first
    return range(first, last + 1) if first <= last else None


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
    tunes: bool = False
    """It is about the guide's voice: *slower* and its like are for the actor here, also by key or unknown voice."""
    third: str = ""
    """With a turn: where the third gentle move leads, a step that offers a choice."""
    graph: str = ""
    """Of a ``walk``: the shared graph or dialogue that is walked before ``next``; ``{slot}``: the one chosen there."""
    by: str = ""
    """Of a ``branch``: the slot that decides. Of a ``rest``: the slot with the time until which it lasts."""
    take: str = ""
    """Of a ``branch`` by a list: the slot that gets its next item."""
    give: str = ""
    """Of a ``branch`` by words: the list whose next line they become."""
    of: tuple[str, ...] = ()
    """Slots that a task gets, or fills."""
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
    add: Literal["", "line", "words", "anew"] = ""
    """With ``keep`` on a turn: what is kept is a list, and the turn is its next line, or holds words of it (``anew``:
    all of its words)."""
    keep_who: str = ""
    """Name under which it is kept who acts in this step."""
    days: tuple[int, ...] = ()
    """Where a day is asked for: what the keys 1, 2, 3 mean, in days from today; a yes takes the first."""

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
    alone: bool = False
    """For the sender alone: the other one is not heard, and no word of it stands in an event."""
    shared: bool = False
    """Entered from other graphs, by a command or before a dialogue, and left with ``return``."""
    exit: str = ""
    """Of a shared graph in which somebody plays a part: the only step that leads out of it. A break leads there, too,
    and it is said before any end."""
    held: bool = False
    """Its prompts have to be heard: speaking over them cuts none off, but for the one who has the floor."""
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
    stems: tuple[str, ...] = ()
    """Further stems; each time that one is offered it is the next."""
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
    noun_capitals: bool = False
    """Nouns are written with a capital, as in German: a capital at the beginning may be the word's own."""
    joiner: str = "and"
    """The word before the last of several things."""
    sounds: bool = False
    """Its words may be likened by sound (Metaphone, which is made for English)."""
    two_addresses: bool = False
    """The guide has an informal and a formal way to address the couple."""


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
