"""Days and times in an answer: "tomorrow at eight", "in half an hour", "Saturday after dinner"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from voice_imago.dialogue.phrases import Found, Phrases, Words, rest_of, without
from voice_imago.dialogue.reply_lists import Lists
from voice_imago.dialogue.reply_number import Figures
from voice_imago.dialogue.script_shape import TimeWords
from voice_imago.dialogue.time_patterns import Bound, Match, Patterns
from voice_imago.dialogue.when import WEEKDAYS, Part, When

__all__ = ["Times"]

STORY_WORDS = 4
"""So many weighty words beside a time are a story and no appointment."""
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY_KINDS = ("date", "days", "weekday")
"""The more exact one first."""


class _Contradiction(Exception):
    """Two days, two times, or a day that no calendar has."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one pattern says."""

    kind: str
    """days, weekday, date, weeks, part, half_day, moment, clock or minutes; of each kind only one may be said."""
    fields: dict[str, Any]


class Times:
    """Reads an answer to "when?"."""

    def __init__(self, lists: Lists, figures: Figures, times: TimeWords) -> None:
        self._lists = lists
        self._figures = figures
        self._patterns = Patterns(lists, figures, times)
        self._joined = {lists.plain(word)[0]: lists.plain(meaning) for word, meaning in times.joined.items()}
        self._weekdays = _single(lists, times.weekday.values())
        self._days = self._weekdays | _single(lists, times.days.values())
        self._past = Phrases([("", map(lists.plain, times.past))])
        self._unsure = lists.phrases(("about", "about"), ("unsure", "unsure"))
        no = lists.turning | lists.bare_no
        turned = [words for words in lists.of("later") if not no.isdisjoint(words)]
        self._not_now = Phrases([("", [words for words in turned if not self._is_time(words)])])
        names = ("yes", "right", "willing", "ready", "now", "later", "no", "about", "correction")
        self._passing = lists.phrases(*((name, name) for name in names))

    def _is_time(self, words: Words) -> bool:
        """Whether the words are a time from beginning to end: "wenn die Kinder schlafen"."""
        found = self._patterns.find(words)
        return len(found) == 1 and found[0].end - found[0].start == len(words)

    def is_past(self, text: str) -> bool:
        """Whether it is told what was: "yesterday at eight"."""
        return bool(self._past.find(self._lists.tokens(text)))

    def when(self, text: str) -> When | None:
        """What was said; None: nothing, two different things, or not as an answer."""
        tokens = self._lists.after_question(self._parted(self._lists.tokens(text)))
        if self._past.find(tokens):
            return None
        tokens = without(tokens, self._not_now.find(tokens))  # "not today, tomorrow"
        found = self._patterns.find(tokens)
        found += self._bare_hour(tokens, found)
        if not found or not self._is_the_answer(tokens, found):
            return None
        try:
            return _joined(self._parts(tokens, sorted(found, key=lambda match: match.start)))
        except _Contradiction:
            return None

    def _parted(self, tokens: Words) -> Words:
        """What is joined to a day in words of its own: "Samstagabend", "morgenochtend"."""
        parted: list[str] = []
        for token in tokens:
            after = parted[-1:] if parted and parted[-1] in self._weekdays else None
            if after and token in self._joined:
                parted += self._joined[token]
                continue
            day = next((day for day in self._days if token.startswith(day) and token[len(day) :] in self._joined), None)
            parted += [token] if day is None else [day, *self._joined[token[len(day) :]]]
        return tuple(parted)

    def _bare_hour(self, tokens: Words, found: list[Match]) -> list[Match]:
        """ "Tomorrow, eight": a number alone is an hour, unless a noun follows."""
        if any(match.table in ("clock", "ahead") for match in found):
            return []
        covered = {at for match in found for at in range(match.start, match.end)}
        hours = [at for at in range(len(tokens)) if at not in covered and self._patterns.clock(tokens, at)]
        bound = self._patterns.clock(tokens, hours[0]) if len(hours) == 1 else None
        if bound is None:
            return []
        at = hours[0]
        end = at + max((length for _, length in self._figures.at(tokens, at)), default=1)
        noun = end not in covered and bool(self._lists.heavy(tokens[end : end + 1]))
        article = bound.value == 1 and not tokens[at].isdecimal()
        return [] if noun or article else [Match("clock", "0", at, end, {"hour": bound})]

    def _is_the_answer(self, tokens: Words, found: list[Match]) -> bool:
        lists = self._lists
        spans = [Found("", match.start, tokens[match.start : match.end]) for match in found]
        rest = rest_of(tokens, spans)
        covered = {at for match in found for at in range(match.start, match.end)}
        if any(at not in covered and lists.is_turned(tokens, at) for at in range(len(tokens))):
            return False
        if any(one.label == "unsure" for one in self._unsure.find(rest)):
            return False
        if not lists.words_of("or").isdisjoint(rest):  # one of two days, or not at all
            return False
        if any(self._is_number(rest, at) for at in range(len(rest))):
            return False
        return len(lists.heavy(rest_of(rest, self._passing.find(rest)))) < STORY_WORDS

    def _is_number(self, rest: Words, at: int) -> bool:
        """A number that belongs to no time; "one" is mostly an article, and a year follows a date."""
        numbers = self._figures.at(rest, at)
        return bool(numbers) and (2 <= numbers[0][0] < 1900 or rest[at] == "1")

    # ------------------------------------------------------------------ what the patterns say

    def _parts(self, tokens: Words, found: list[Match]) -> dict[str, dict[str, Any]]:
        """By kind. After a correction ("tomorrow, no, on Sunday") what is said later counts."""
        said: dict[str, dict[str, Any]] = {}
        for match, before in zip(found, [None, *found], strict=False):
            between = tokens[before.end : match.start] if before else ()
            corrected = any(self._lists.corrections(between))
            for part in _read(match):
                if corrected and part.kind in _DAY_KINDS:
                    said = {kind: fields for kind, fields in said.items() if kind not in _DAY_KINDS}
                if not corrected and said.get(part.kind, part.fields) != part.fields:
                    raise _Contradiction
                said[part.kind] = part.fields
        return said


def _single(lists: Lists, phrases: Iterable[tuple[str, ...]]) -> frozenset[str]:
    """The phrases of one word."""
    words = {lists.plain(phrase) for some in phrases for phrase in some}
    return frozenset(one[0] for one in words if len(one) == 1)


def _read(match: Match) -> list[_Part]:
    key, bound = match.key, match.bound
    if match.table == "days":
        return [_Part("days", {"days": bound["number"].value if "number" in bound else int(key)})]
    if match.table == "weekday":
        return [_Part("weekday", {"weekday": WEEKDAYS.index(key)})]
    if match.table == "next_week":
        return [_Part("weeks", {"weeks": 1})]
    if key == "ago":
        raise _Contradiction
    if match.table == "date":
        return [_Part("date", _date(bound))]
    if match.table == "today":
        return [_Part("days", {"days": 0}), _Part("part", {"part": key})]
    if match.table in ("part", "half_day"):
        return [_Part(match.table, {"part": key})]
    if match.table == "moment":
        hour, minute = map(int, key.split(":"))
        return [_Part("moment", {"hour": hour, "minute": minute, "exact": True, "named": True})]
    return [_Part("clock", _clock(key, bound)) if match.table == "clock" else _ahead(key, bound)]


def _date(bound: Any) -> dict[str, Any]:
    day = (bound.get("ordinal") or bound.get("day")).value
    month = bound["month"].value if "month" in bound else None
    if day > (_LONGEST[month - 1] if month else 31):
        raise _Contradiction
    return {"day": day, "month": month}


def _clock(key: str, bound: Any) -> dict[str, Any]:
    """The key is the way from the full hour: ``30``, ``-minute``, ``minute-30``."""
    hour: Bound = bound["hour"]
    minute = bound["minute"].value if "minute" in bound else 0
    if hour.minute is not None:
        if key != "0":
            raise _Contradiction
        minute = hour.minute
        offset = minute
    else:
        sign = -1 if key.startswith("-minute") else 1
        fixed = key.replace("-minute", "").replace("minute", "")
        offset = sign * minute + int(fixed or 0)
    at = (hour.value * 60 + offset) % (24 * 60)
    return {"hour": at // 60, "minute": at % 60, "exact": hour.exact}


def _ahead(key: str, bound: Any) -> _Part:
    number = bound["number"].value if "number" in bound else 0
    if key in ("days", "weeks"):
        return _Part("days", {"days": number * (7 if key == "weeks" else 1)})
    minutes = {"minutes": number, "hours": 60 * number, "hours_half": 60 * number + 30}
    return _Part("minutes", {"minutes": minutes[key] if key in minutes else int(key)})


def _joined(said: dict[str, dict[str, Any]]) -> When:
    """One value; where two kinds of day or time were said, the more exact one."""
    kinds = set(said)
    if "minutes" in kinds:
        if not kinds <= {"minutes", "days"} or said.get("days", {}).get("days", 0):
            raise _Contradiction
        return When(**said["minutes"])
    if "weeks" in kinds and kinds & {"days", "date"}:
        raise _Contradiction
    day = next((kind for kind in _DAY_KINDS if kind in kinds), None)
    when = When(**said[day]) if day else When()
    when = replace(when, weeks=said.get("weeks", {}).get("weeks", 0))
    return _with_time(when, said)


def _with_time(when: When, said: dict[str, dict[str, Any]]) -> When:
    part = said.get("part", {}).get("part")
    if "clock" not in said:
        if "half_day" in said:
            raise _Contradiction
        return replace(when, **said["moment"]) if "moment" in said else replace(when, part=part)
    when = replace(when, **said["clock"])
    if "half_day" in said and when.hour is not None:
        late = said["half_day"]["part"] == "pm"
        hour = when.hour if when.exact and when.hour >= 13 else when.hour % 12 + 12 * late
        return replace(when, hour=hour, exact=True)
    if part is None and "moment" in said:
        part = _part_of(said["moment"]["hour"])
    return when if when.exact else replace(when, part=part)


def _part_of(hour: int) -> Part:
    return "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"
