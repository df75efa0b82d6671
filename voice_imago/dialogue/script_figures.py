"""Checks on numbers.toml and times.toml: nothing missing, no word with two values, no idle placeholder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from voice_imago.dialogue.phrases import Words, folded, is_whole, plain_words
from voice_imago.dialogue.script_files import Problems, did_you_mean
from voice_imago.dialogue.script_shape import Language, Numbered
from voice_imago.dialogue.time_patterns import PLACEHOLDER, PLACEHOLDERS, labelled_patterns
from voice_imago.dialogue.when import PARTS, WEEKDAYS

__all__ = ["check_numbers", "check_times"]

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_NEEDED: Mapping[str, Iterable[str]] = {
    "days": ("0", "1", "2"),
    "weekday": WEEKDAYS,
    "month": _MONTHS,
    "date": ("day_month", "day"),
    "today": ("evening",),
    "part": PARTS,
    "moment": ("12:00",),
    "clock": ("0", "minute"),
    "ahead": ("30", "60", "minutes", "hours", "days", "weeks"),
}
"""Keys that every language must have, by table of times.toml."""
_KEYS = {
    "days": r"\d|number",
    "weekday": "|".join(WEEKDAYS),
    "month": "|".join(_MONTHS),
    "date": "day_month|day",
    "today": "|".join(PARTS),
    "part": "|".join(PARTS),
    "half_day": "am|pm",
    "moment": r"([01]\d|2[0-3]):[0-5]\d",
    "clock": r"-?[0-5]?\d|-?minute(-[0-5]\d)?",
    "ahead": r"\d{1,3}|minutes|hours|hours_half|days|weeks|ago",
}
"""Keys that mean something."""
_MAY = {"clock": {"hour", "minute"}, "date": {"day", "ordinal", "month"}, "ahead": {"number"}, "days": {"number"}}
"""Placeholders, by table."""


def check_numbers(language: Language, problems: Problems) -> None:
    """Report what is wrong with numbers.toml."""
    numbers, file = language.numbers, f"{language.code}/numbers.toml"
    if not numbers.cardinal:
        return  # missing or broken, which is reported already
    for table, numbered, values in (
        ("cardinal", numbers.cardinal, range(61)),
        ("ordinal", numbers.ordinal, range(1, 32)),
    ):
        missing = [value for value in values if not numbered.get(value)]
        if missing:
            problems.add(file, f"{table}.{missing[0]}", f"is missing; {values[0]} to {values[-1]} are needed")
    tables = {"cardinal": numbers.cardinal, "ordinal": numbers.ordinal, "scale": numbers.scale}
    tables |= {f"forms.{name}": form for name, form in numbers.forms.items()}
    for table, numbered in tables.items():
        for value, phrase, other in _twice(language, numbered):
            problems.add(file, f"{table}.{value}", f"'{phrase}' stands for {other} too")
        most = 10 if table == "scale" else 60
        for value in numbered:
            if value > most:
                problems.add(file, f"{table}.{value}", f"is more than {most}")
    meant = {_plain(language, phrase): value for value, phrases in numbers.cardinal.items() for phrase in phrases}
    for value, phrases in numbers.scale.items():
        for phrase in phrases:
            other = meant.get(_plain(language, phrase), value)
            if other != value and not is_whole(phrase):
                problems.add(file, f"scale.{value}", f"'{phrase}' stands for {other} too")


def _twice(language: Language, numbered: Numbered) -> Iterator[tuple[int, str, int]]:
    owner: dict[Words, int] = {}
    for value, phrases in numbered.items():
        for phrase in phrases:
            other = owner.setdefault(_plain(language, phrase), value)
            if other != value:
                yield value, phrase, other


def _plain(language: Language, phrase: str) -> Words:
    return tuple(map(folded, plain_words(phrase, dotless=language.dotless_i)))


def check_times(language: Language, problems: Problems) -> None:
    """Report what is wrong with times.toml."""
    times, file = language.times, f"{language.code}/times.toml"
    if not times.days:
        return
    for table, keys in _NEEDED.items():
        there: Mapping[str, tuple[str, ...]] = getattr(times, table)
        for key in keys:
            if not there.get(key):
                problems.add(file, f"{table}.{key}", "is missing")
    for table, shape in _KEYS.items():
        for key, phrases in getattr(times, table).items():
            if not re.fullmatch(shape, key, re.ASCII):
                problems.add(
                    file, f"{table}.{key}", "is no key of this table" + did_you_mean(key, _NEEDED.get(table, ()))
                )
            elif not phrases:
                problems.add(file, f"{table}.{key}", "the list is empty")
            elif table == "part" and len(phrases) < 2:
                problems.add(file, f"{table}.{key}", "needs two phrases: one beside a day, one alone")
    parts = {_plain(language, phrase) for phrases in times.part.values() for phrase in phrases}
    for key, phrase in times.joined.items():
        if _plain(language, phrase) not in parts:
            problems.add(file, f"joined.{key}", f"'{phrase}' stands in no list of [part]")
    if not times.clock.get("30") and not times.clock.get("-30"):
        problems.add(file, "clock.30", "is missing; 30 or -30 is needed")
    _check_patterns(language, problems)


def _check_patterns(language: Language, problems: Problems) -> None:
    """Placeholders, and patterns that say two things."""
    file, owner = f"{language.code}/times.toml", dict[tuple[str, ...], tuple[str, str]]()
    for table, key, pattern in labelled_patterns(language.times):
        place = f"{table}.{key}" if key else table
        for what in _placeholder_problems(language, table, key, pattern):
            problems.add(file, place, f"'{pattern}': {what}")
        shape = tuple(
            part if number % 2 else " ".join(_plain(language, part))
            for number, part in enumerate(PLACEHOLDER.split(pattern))
        )
        if not any(shape):
            problems.add(file, place, f"'{pattern}' has no words")
        taken = owner.setdefault(shape, (table, key))
        if taken != (table, key):
            problems.add(file, place, f"'{pattern}' stands in {'.'.join(taken).rstrip('.')} too")


def _placeholder_problems(language: Language, table: str, key: str, pattern: str) -> Iterator[str]:
    names = [part.partition(":") for part in PLACEHOLDER.findall(pattern)]
    kinds = [kind for kind, _, _ in names]
    if pattern.count("{") != len(names) or pattern.count("}") != len(names):
        yield "a curly bracket is not closed or not opened"
    for kind, _, form in names:
        if kind not in _MAY.get(table, ()):
            known = sorted(_MAY.get(table, ()))
            yield f"'{{{kind}}}' cannot stand here" + did_you_mean(kind, known or PLACEHOLDERS)
        elif form and form not in language.numbers.forms and language.numbers.cardinal:
            yield f"numbers.toml has no forms.{form}" + did_you_mean(form, language.numbers.forms)
    wanted = _wanted(table, key)
    for kind in wanted - set(kinds):
        if not (kind == "day" and "ordinal" in kinds):
            yield f"{{{kind}}} is missing"
    if len(kinds) != len(set(kinds)) or {"day", "ordinal"} <= set(kinds):
        yield "the same thing is said twice"
    if kinds and key != "ago" and set(kinds) - wanted - {"ordinal", "day"} and not set(kinds) - _MAY.get(table, set()):
        yield "has a placeholder too many"


def _wanted(table: str, key: str) -> set[str]:
    """The placeholders that a pattern needs."""
    if table == "clock":
        return {"hour", "minute"} if "minute" in key else {"hour"}
    if table == "date":
        return {"day", "month"} if key == "day_month" else {"day"}
    return {"number"} if table in ("ahead", "days") and not key.isdecimal() and key != "ago" else set()
