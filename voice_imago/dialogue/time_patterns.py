"""Patterns of days and times: the phrases of ``times.toml``, with placeholders for numbers and months.

half past {hour}        "half past seven", "half past 7"
saat {hour:at}          the form "at" of the number, a table of ``numbers.toml``
{ordinal} of {month}    "third of May", "3rd of May"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from voice_imago.dialogue.phrases import Phrases, Words
from voice_imago.dialogue.reply_lists import Lists
from voice_imago.dialogue.reply_number import Figures
from voice_imago.dialogue.script_shape import TimeWords

__all__ = ["PLACEHOLDERS", "RANGES", "Bound", "Match", "Patterns", "labelled_patterns"]

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
RANGES = {
    "hour": range(25), "minute": range(1, 60), "number": range(1, 1000), "day": range(1, 32), "ordinal": range(1, 32),
}  # fmt: skip
"""Which numbers a placeholder takes."""
PLACEHOLDERS = (*RANGES, "month")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})")
_TABLES = ("days", "weekday", "date", "today", "part", "half_day", "moment", "clock", "ahead")


@dataclass(frozen=True, slots=True)
class _Slot:
    kind: str
    form: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What a placeholder stood for."""

    value: int
    minute: int | None = None
    """Of "7:30" in the place of an hour."""
    exact: bool = False
    """An hour that only the 24-hour clock has, or is written as it does."""


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern in an utterance."""

    table: str
    """The table of ``times.toml``."""
    key: str
    start: int
    end: int
    bound: Mapping[str, Bound] = field(default_factory=dict)


def labelled_patterns(times: TimeWords) -> Iterator[tuple[str, str, str]]:
    """(table, key, pattern) of a language."""
    for table in _TABLES:
        for key, patterns in getattr(times, table).items():
            yield from ((table, key, pattern) for pattern in patterns)
    yield from (("next_week", "", pattern) for pattern in times.next_week)


class Patterns:
    """Finds days and times in tokens."""

    def __init__(self, lists: Lists, figures: Figures, times: TimeWords) -> None:
        self._figures = figures
        self._months = Phrases(
            (str(number), map(lists.plain, names)) for number, names in enumerate(times.month.values(), start=1)
        )
        self._figure_dates = times.figures == "day_month"
        self._patterns: dict[str | None, list[tuple[tuple[str | _Slot, ...], str, str]]] = {}
        """By the first word; None: the pattern begins with a placeholder."""
        for table, key, pattern in labelled_patterns(times):
            items = _items(lists, pattern)
            if items:
                first = items[0] if isinstance(items[0], str) else None
                self._patterns.setdefault(first, []).append((items, table, key))

    def find(self, tokens: Words) -> list[Match]:
        """All of them, from left to right, the longest at each place."""
        found: list[Match] = []
        at = 0
        while at < len(tokens):
            best = max(self._at(tokens, at), key=lambda match: match.end, default=None)
            if best is not None:
                found.append(best)
            at = best.end if best else at + 1
        return found

    def clock(self, tokens: Words, at: int) -> Bound | None:
        """A bare hour, without a word that says so."""
        return next((bound for bound, _ in self._numbers(tokens, at, _Slot("hour", ""))), None)

    def _at(self, tokens: Words, at: int) -> Iterator[Match]:
        date = re.fullmatch(r"(\d+)\.(\d+)\.", tokens[at])
        if date and self._figure_dates and int(date[2]) in range(1, 13):
            yield Match("date", "day_month", at, at + 1, {"day": Bound(int(date[1])), "month": Bound(int(date[2]))})
        time = _CLOCK.fullmatch(tokens[at])
        if time and (bound := _clock(time)) is not None:
            yield Match("clock", "0", at, at + 1, {"hour": bound})
        for items, table, key in chain(self._patterns.get(tokens[at], ()), self._patterns.get(None, ())):
            for end, bound_slots in self._match(items, tokens, at):
                yield Match(table, key, at, end, bound_slots)

    def _match(self, items: tuple[str | _Slot, ...], tokens: Words, at: int) -> Iterator[tuple[int, dict[str, Bound]]]:
        if not items:
            yield at, {}
        elif isinstance(items[0], str):
            if tokens[at : at + 1] == (items[0],):
                yield from self._match(items[1:], tokens, at + 1)
        else:
            for bound, length in self._numbers(tokens, at, items[0]):
                for end, others in self._match(items[1:], tokens, at + length):
                    yield end, {items[0].kind: bound, **others}

    def _numbers(self, tokens: Words, at: int, slot: _Slot) -> Iterator[tuple[Bound, int]]:
        if slot.kind == "month":
            for length in (2, 1):
                label = self._months.label(tokens[at : at + length])
                if label is not None:
                    yield Bound(int(label)), length
            return
        time = _CLOCK.fullmatch(tokens[at]) if slot.kind == "hour" and at < len(tokens) else None
        if time and (bound := _clock(time)) is not None:
            yield bound, 1
        form = "ordinal" if slot.kind == "ordinal" else slot.form
        for value, length in self._figures.at(tokens, at, form):
            if value in RANGES[slot.kind]:
                yield Bound(value, exact=slot.kind == "hour" and value not in range(1, 13)), length


def _clock(time: re.Match[str]) -> Bound | None:
    hour, minute = int(time[1]), int(time[2])
    if hour > 24 or minute > 59:
        return None
    return Bound(hour, minute, exact=hour not in range(1, 13) or time[1].startswith("0"))


def _items(lists: Lists, pattern: str) -> tuple[str | _Slot, ...]:
    items: list[str | _Slot] = []
    for number, part in enumerate(PLACEHOLDER.split(pattern)):
        if number % 2:
            kind, _, form = part.partition(":")
            if kind in PLACEHOLDERS:  # the check refuses others
                items.append(_Slot(kind, form))
        else:
            items += lists.tokens(part)
    return tuple(items)
