"""Where a dialogue stands, and how it was set up, as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, get_type_hints

import msgspec

from voice_imago.dialogue import state
from voice_imago.dialogue.beginning import LASTING, Standing
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.state import State
from voice_imago.hearing.hearing import HearingSettings
from voice_imago.journal.levels import Level, allows
from voice_imago.journal.tape import PLACEHOLDER
from voice_imago.journal.wordless import listed
from voice_imago.session import SessionSettings

__all__ = ["SessionSnapshot", "read_settings", "read_standing", "write_settings", "write_standing"]

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


def write_standing(standing: Standing, level: Level) -> bytes:
    """Without the words that ``level`` does not allow: the last mirrored line, and kept answers that are words.

    What is left in their place says that there were some, so that a replay goes the same way.
    """
    lasting = dict(standing.lasting)
    slots = lasting.get("slots")
    if isinstance(slots, Mapping) and not allows(level, "notes"):
        lasting["slots"] = {name: _wordless(slot) for name, slot in slots.items()}
    plain = {name: msgspec.to_builtins(value) for name, value in lasting.items()}
    heard = [(key, person, count) for (key, person), count in standing.heard.items()]
    mirrored = standing.mirrored
    if mirrored and not allows(level, "transcript"):
        mirrored = PLACEHOLDER
    return msgspec.msgpack.encode(_Standing(plain, heard, mirrored))


def _wordless(slot: Any) -> Any:
    return replace(slot, text=PLACEHOLDER) if getattr(slot, "text", "") else slot


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
