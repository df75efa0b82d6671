"""Facts and inputs without words: what may be written where no word may.

A text is a word unless this module knows that it cannot be one. So a field that somebody adds tomorrow is left out
until it is named here, instead of leaking. Partners' names become 0 and 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from voice_imago import facts, inputs
from voice_imago.events import Fact, Input, LastWords, Talked, TurnPaused, Waited

__all__ = ["FACTS", "INPUTS", "fact_from", "listed", "plain_fact", "without_words"]

FACTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Fact)}
INPUTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Input)}
_NO_WORDS = frozenset(
    (
        "SessionStarted.dialogue", "SessionStarted.language", "SessionStarted.recogniser", "SessionStarted.version",
        "StepEntered.step", "StepEntered.role", "PromptStarted.prompt", "PromptFinished.prompt", "Listening.step",
        "TurnExplained.step", "Reply.step", "Reply.meaning", "Command.name", "TaskDone.outcome", "Intervention.kind",
        "Fault.part", "Fault.code", "Recovered.part", "Consent.keep",
        "KeyPressed.key", "Performed.outcome", "PartFailed.part", "PartFailed.code", "PartRecovered.part",
    )
)  # fmt: skip
"""Texts that come from a list of the program or of ``prompts/``, never from a mouth."""
_LISTED = re.compile(r"[a-z0-9_.:+<>-]{0,40}")
_NOT_KEPT = (TurnPaused, LastWords, Waited, Talked)
"""Facts that are not told to the outside."""
_LEFT_OUT = {"TurnExplained": ("strip", "spans")}
"""What a replay gives again, and what would fill most of a journal."""


def plain_fact(fact: Fact, partners: tuple[str, str]) -> dict[str, Any] | None:
    """A fact as a table of plain values; None for one that is not kept."""
    if isinstance(fact, _NOT_KEPT):
        return None
    name = type(fact).__name__
    values = {key: value for key, value in _plain(fact).items() if key not in _LEFT_OUT.get(name, ())}
    if isinstance(fact, facts.StepEntered):
        values["actor"] = _actor(fact.actor, partners)
    return {"is": name, **values}


def _actor(name: str, partners: tuple[str, str]) -> str:
    if name in partners:
        return str(partners.index(name))
    return name if name in ("both", "guide") else ""


def fact_from(table: Mapping[str, Any], partners: tuple[str, str]) -> Fact:
    """The fact again, as far as it was kept: words are empty, and names are those given. Raises KeyError, TypeError."""
    values = dict(table)
    kind = FACTS[values.pop("is")]
    if kind is facts.StepEntered and values["actor"] in ("0", "1"):
        values["actor"] = partners[int(values["actor"])]
    empty = {field.name: () for field in fields(kind) if field.name in _LEFT_OUT.get(kind.__name__, ())}
    return kind(**empty, **{key: _frozen(value) for key, value in values.items()})  # type: ignore[no-any-return]


def without_words(input: Input) -> dict[str, Any]:
    """An input's fields as plain values, without its words."""
    return _plain(input)


def _plain(value: Any) -> dict[str, Any]:
    kind: type = type(value)
    plain = {}
    for name, wordless in _fields(kind):
        content = getattr(value, name)
        plain[name] = content if wordless else _without(content, f"{kind.__name__}.{name}")
    return plain


def _without(content: Any, where: str) -> Any:
    if content is None or isinstance(content, bool | int | float):
        return content
    if isinstance(content, tuple):
        return tuple(_without(one, "") for one in content)
    return listed(content) if isinstance(content, str) and where in _NO_WORDS else ""


def listed(text: str) -> str:
    """The text if it looks like a name of the program's own; else nothing."""
    return text if _LISTED.fullmatch(text) else ""


@cache
def _fields(kind: type) -> tuple[tuple[str, bool], ...]:
    """The fields of a value, each with whether its type leaves no room for a word."""
    hints = get_type_hints(kind, vars(facts) | vars(inputs))
    return tuple((field.name, not _may_hold_text(hints[field.name])) for field in fields(kind))


def _may_hold_text(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType, tuple):
        return any(_may_hold_text(part) for part in get_args(hint))
    return hint is not None and get_origin(hint) is not Literal and hint not in (int, float, bool, type(None), Ellipsis)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
