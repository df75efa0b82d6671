"""Where a dialogue stands, and how it was set up, as bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, get_type_hints

import msgspec

from voice_imago.dialogue import state
from voice_imago.dialogue.beginning import LASTING, Standing
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Call, State
from voice_imago.hearing.hearing import HearingSettings
from voice_imago.journal.levels import Level, allows
from voice_imago.journal.overheard import SPOKEN
from voice_imago.journal.tape import placeholder
from voice_imago.journal.wordless import listed
from voice_imago.session import SessionSettings

__all__ = ["SessionSnapshot", "read_settings", "read_standing", "write_settings", "write_shape", "write_standing"]

NAMES = ("One", "Two")
"""Stand for partners whose names were not kept."""


_NEEDED = ("calls", "to_come", "trail")
"""Without these nobody knows where a dialogue stands; another version may not know the others yet."""


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """An unfinished session, ready to be taken up."""

    session: int
    started: str
    """Local date and time, ISO 8601."""
    dialogue: str
    language: str
    partners: tuple[str, str] | None
    """None where names are not kept: they have to be said again."""
    level: Level
    step: str
    number: int
    """Of the step on the main line, and …"""
    count: int
    """… how many there are."""
    standing: Standing


class _Standing(msgspec.Struct):
    lasting: dict[str, Any]
    heard: list[tuple[str, Literal[0, 1] | None, int]]
    mirrored: str = ""


_NEVER = ("disclosed",)
"""Slots that are not kept at any level."""


def write_standing(
    standing: Standing, level: Level, agreed: Collection[str] = (), hidden: Collection[str] = ()
) -> bytes:
    """To take it up later, without the words that ``level`` does not allow: those are as if they had not been said.

    ``agreed``: slots whose words are on their way to be agreed on, so that ``notes`` allows them; ``hidden``: graphs of
    which nothing is kept, not even that they were walked.
    """
    lasting = dict(standing.lasting)
    slots = {name: slot for name, slot in lasting.get("slots", {}).items() if name not in _NEVER}
    if not allows(level, "transcript"):
        free = agreed if allows(level, "notes") else ()
        slots = {name: slot if name in free else replace(slot, text="") for name, slot in slots.items()
                 if name in free or slot.meaning not in ("words", "list")}  # fmt: skip
    lasting["slots"] = slots
    if hidden:
        lasting["trail"] = _trail(lasting.get("trail", ()), hidden)
        lasting["calls"] = tuple(replace(call, way=_trail(call.way, hidden)) for call in lasting["calls"])
        visits = lasting.get("aside_visits", {})
        lasting["aside_visits"] = {graph: steps for graph, steps in visits.items() if graph not in hidden}
    heard = {key: n for key, n in standing.heard.items() if key[0].partition(".")[0] not in hidden}
    return _encoded(lasting, heard, standing.mirrored if allows(level, "transcript") else "")


def _trail(trail: tuple[tuple[Call, Any], ...], hidden: Collection[str]) -> tuple[tuple[Call, Any], ...]:
    return tuple(
        (replace(call, way=_trail(call.way, hidden)), partner) for call, partner in trail if call.graph not in hidden
    )


def write_shape(standing: Standing) -> bytes:
    """For a replay of the session that took it up: no word, but where there were some."""
    lasting = dict(standing.lasting)
    lasting["slots"] = {name: _wordless(slot) for name, slot in lasting.get("slots", {}).items()}
    return _encoded(lasting, standing.heard, placeholder(standing.mirrored))


def _encoded(lasting: Mapping[str, Any], heard: Mapping[Any, int], mirrored: str) -> bytes:
    plain = {name: msgspec.to_builtins(value) for name, value in lasting.items()}
    counts = [(key, person, count) for (key, person), count in heard.items()]
    return msgspec.msgpack.encode(_Standing(plain, counts, mirrored))


def _wordless(slot: Slot) -> Slot:
    items = tuple(f"{SPOKEN}{number}" for number, _ in enumerate(slot.items))
    return replace(slot, text=placeholder(slot.text), items=items)


def read_standing(content: bytes) -> Standing:
    """Raises ValueError for what this version cannot read."""
    try:
        kept = msgspec.msgpack.decode(content, type=_Standing)
        known = {name: kind for name, kind in _kinds().items() if name in kept.lasting or name in _NEEDED}
        lasting = {name: msgspec.convert(kept.lasting[name], kind) for name, kind in known.items()}
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError) as error:
        raise ValueError(f"where the dialogue stood cannot be read: {error}") from error
    return Standing(lasting, {(key, person): count for key, person, count in kept.heard}, kept.mirrored)


@cache
def _kinds() -> dict[str, Any]:
    hints = get_type_hints(State, vars(state))
    return {name: hints[name] for name in LASTING}


class _Settings(msgspec.Struct):
    course: Course
    hearing: HearingSettings
    recogniser: str
    echo: Literal["half", "full"]


def write_settings(settings: SessionSettings) -> bytes:
    """Without the partners' names, any words of theirs, and the address of a speech server."""
    slots = {name: _wordless(slot) for name, slot in settings.course.slots.items()}
    course = replace(settings.course, partners=NAMES, slots=slots)
    return msgspec.msgpack.encode(_Settings(course, settings.hearing, listed(settings.recogniser), settings.echo))


def read_settings(content: bytes, partners: tuple[str, str] | None = None) -> SessionSettings:
    """Raises ValueError for what this version cannot read."""
    try:
        kept = msgspec.msgpack.decode(content, type=_Settings)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"how the session was set up cannot be read: {error}") from error
    course = replace(kept.course, partners=partners or NAMES)
    return SessionSettings(course, kept.hearing, kept.recogniser, kept.echo)
