"""The tables of the files in ``prompts/``, as they stand there; prompts/README.md explains each key.

``script_read`` turns them into frozen objects, ``script_schema`` makes JSON schemas for editors from them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from voice_imago.dialogue.script_shape import Actor, Do, EndReason, Mode, ResourceKind, Target
from voice_imago.words import Kind, Task

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Phrases = list[str]


class VisitsTable(Struct, forbid_unknown_fields=True):
    most: Annotated[int, Meta(ge=1)]
    then: Target


class StepTable(Struct, forbid_unknown_fields=True):
    """One ``[[step]]``; prompts/README.md explains each key."""

    id: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]
    do: Do
    actor: Actor | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    prompt: str | UnsetType = UNSET
    task: Task | None = None
    what: str = ""
    mirror: Mode | None = None
    skippable: bool = True
    sensitive: bool = False
    counted: bool = True
    next: Target | None = None
    on: dict[str, str | dict[str, str | dict[str, str]]] = {}
    heard: dict[str, str] = {}
    asker: Literal["sender", "receiver"] | None = None
    supply_after_s: Seconds = 4.0
    seconds: Seconds | None = None
    microphone: Literal["on", "off"] = "on"
    reason: EndReason | Literal[""] = ""
    swap: bool = False
    tunes: bool = False
    third: str = ""
    graph: str = ""
    by: str = ""
    take: Annotated[str, Meta(pattern="^([a-z][a-z0-9_]*)?$")] = ""
    give: Annotated[str, Meta(pattern="^([a-z][a-z0-9_]*)?$")] = ""
    of: list[str] = []
    visits: VisitsTable | None = None
    resets: list[str] = []
    remind: list[str] = []
    reminders_s: list[Seconds] = []
    end_silence_s: Seconds | None = None
    keep: Annotated[str, Meta(pattern="^([a-z][a-z0-9_]*)?$")] = ""
    add: Literal["", "line", "words", "anew"] = ""
    keep_who: Annotated[str, Meta(pattern="^([a-z][a-z0-9_]*)?$")] = ""
    days: list[Annotated[int, Meta(ge=0, le=366)]] = []


class GraphTable(Struct, forbid_unknown_fields=True):
    id: str
    start: str
    step: list[StepTable]
    menu: bool = False
    alone: bool = False
    shared: bool = False
    exit: str = ""
    held: bool = False
    prelude: str = ""


class TimingTable(Struct, forbid_unknown_fields=True):
    end_silence_s: Seconds
    reminders_s: list[Seconds] = []
    talk_limits_s: list[Seconds] = []
    remind: list[str] = []


class PromptTable(Struct, forbid_unknown_fields=True):
    first: Annotated[str, Meta(min_length=1)]
    repeat: str = ""
    cue: str = ""
    stem: str = ""
    stems: list[str] = []
    again: str = ""
    title: str = ""
    without: str = ""


class LanguageTable(Struct, forbid_unknown_fields=True):
    name: str
    native: str
    voices: list[str]
    offered: bool = True
    reviewed: bool = False
    joiner: str = "and"
    dotless_i: bool = False
    noun_capitals: bool = False
    sounds: bool = False


Lists = dict[str, Phrases]


class NumbersTable(Struct, forbid_unknown_fields=True):
    """``numbers.toml``; the keys of the tables are numbers."""

    cardinal: Lists
    ordinal: Lists = {}
    ordinal_marks: Phrases = []
    forms: dict[str, Lists] = {}
    scale: Lists = {}
    half: Phrases = []
    of_ten: Phrases = []
    inexact: Phrases = []
    beside: Phrases = []
    articles: Phrases = []


class TimesTable(Struct, forbid_unknown_fields=True):
    """``times.toml``; prompts/README.md explains each table."""

    days: Lists
    weekday: Lists
    month: Lists
    date: Lists
    today: Lists
    part: Lists
    moment: Lists
    clock: Lists
    ahead: Lists
    next_week: Phrases = []
    joined: dict[str, str] = {}
    figures: Literal["day_month", "none"] = "none"
    half_day: Lists = {}
    past: Phrases = []


class ResourceTable(Struct, forbid_unknown_fields=True):
    service: str
    kind: ResourceKind
    number: str = ""
    text_ok: bool = False
    languages: list[str] = []
    hours: str = ""
    hidden_on_bill: bool = False
    url: str = ""
    verified_on: date | None = None
    source: str = ""


class ResourcesTable(Struct, forbid_unknown_fields=True):
    locale: str
    line: list[ResourceTable]
