"""What was answered, kept under a name for later prompts, and how it is said.

    keep = "calm"          in a graph's step: number, choice, name, date, or the words of a turn
    {calm}                 in a prompt: "seven", "leave it", "Ana", "tomorrow at eight", the words themselves

A day and a time are said as they were understood, in the first phrase that ``times.toml`` has for each part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voice_imago.dialogue.listing import one_line
from voice_imago.dialogue.phrases import bare
from voice_imago.dialogue.script_shape import Language
from voice_imago.dialogue.when import WEEKDAYS, Part, When

__all__ = ["Slot", "joined", "spoken_slots"]

MOST_WORDS = 30
"""A turn of more words is not said again; prompts that name it say what they say without."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One kept answer."""

    meaning: str
    """As in ``Reply.meaning``; ``words`` for a turn."""
    text: str = ""
    """The words of a turn."""
    when: When | None = None
    """The day and time of a date."""
    items: tuple[str, ...] = ()
    """Of a ``list``: its lines or words."""

    @property
    def is_empty(self) -> bool:
        """There is nothing in it: no words, no line."""
        return not (self.items or self.text) if self.meaning in ("words", "list") else not self.meaning

    @property
    def as_kept(self) -> str:
        """Words and lines as they are stored and recalled, however long: one line of a list beneath the other."""
        return "\n".join(self.items) if self.meaning == "list" else self.text

    def with_items(self, *more: str) -> Slot:
        """A list with more lines; each stands in it once."""
        return Slot("list", items=tuple(dict.fromkeys((*self.items, *more))))

    @property
    def lines(self) -> tuple[str, ...]:
        """What it adds to a list: its lines, or its words as one."""
        return self.items or ((one_line(self.text),) if self.text else ())

    def next_item(self) -> tuple[Slot | None, Slot]:
        """The first line as a slot of its own, and the list without it."""
        if not self.items:
            return None, self
        return Slot("words", self.items[0]), Slot("list", items=self.items[1:])


def spoken_slots(slots: Mapping[str, Slot], language: Language, partners: tuple[str, str]) -> dict[str, str]:
    """Kept answers in words; what cannot be said is left out."""
    said = {name: _spoken(slot, language, partners) for name, slot in slots.items()}
    return {name: text for name, text in said.items() if text}


def _spoken(slot: Slot, language: Language, partners: tuple[str, str]) -> str:
    kind, _, value = slot.meaning.partition(":")
    if slot.when is not None:
        return _When(language).words(slot.when)
    if kind == "number":
        return _number(language, int(value))
    if kind == "name":
        return partners[int(value)]
    if kind == "list":
        return joined(slot.items, language.joiner)
    if kind == "choice":
        phrases = language.replies.get(slot.meaning) or language.replies.get(value, ())
        return bare(phrases[0]) if phrases else ""
    return slot.text.strip(" .,;:!?…") if len(slot.text.split()) <= MOST_WORDS else ""


def joined(items: Sequence[str], joiner: str) -> str:
    """One after the other, with "and" before the last."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def _number(language: Language, value: int, form: str = "") -> str:
    forms = {"": language.numbers.cardinal, "ordinal": language.numbers.ordinal, **language.numbers.forms}
    phrases = forms.get(form, {}).get(value)
    return phrases[0] if phrases else str(value)


class _When:
    """Says a day and a time in one language: day, part of the day, time."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._times = language.times

    def words(self, when: When) -> str:
        if when.minutes is not None:
            return self._ahead(when.minutes)
        part = when.part or (_part_of(when.hour) if when.hour is not None and when.exact and not when.named else None)
        clock = self._clock(when)
        if clock in [phrases[0] for phrases in self._times.moment.values() if phrases]:
            part = None
        return " ".join(word for word in (*self._day(when, part), clock) if word)

    def _day(self, when: When, part: Part | None) -> list[str]:
        """The day and its part; what lies on today has words of its own ("tonight")."""
        times = self._times
        if when.days == 0 and part is not None and times.today.get(part):
            return [times.today[part][0]]
        words = [times.next_week[0]] if when.weeks and times.next_week else []
        if when.day is not None:
            words.append(self._date(when))
        elif when.days is not None:
            fixed = times.days.get(str(when.days))
            weeks = when.days % 7 == 0 and times.ahead.get("weeks")
            ahead = self._filled(weeks, number=when.days // 7) if weeks else ""
            words.append(fixed[0] if fixed else ahead or self._filled(times.ahead.get("days", ()), number=when.days))
        elif when.weekday is not None:
            words.append(times.weekday[WEEKDAYS[when.weekday]][0])
        if part is not None:
            beside, alone = times.part[part][:2]
            words.append(beside if words and when.day is None else alone)
        return words

    def _date(self, when: When) -> str:
        day = when.day or 1
        if when.month is None:
            return self._filled(self._times.date["day"], day=day, ordinal=day)
        return self._filled(self._times.date["day_month"], day=day, ordinal=day, month=when.month)

    def _clock(self, when: When) -> str:
        if when.hour is None:
            return ""
        moment = self._times.moment.get(f"{when.hour:02}:{when.minute:02}")
        if moment and (when.named or (when.exact and when.minute == 0 and when.hour in (0, 12))):
            return moment[0]
        clock, minute = self._times.clock, when.minute
        for key, hours in ((str(minute), when.hour), (str(minute - 60), when.hour + 1)):
            if clock.get(key):
                return self._filled(clock[key], hour=(hours - 1) % 12 + 1)
        if minute > 30 and clock.get("-minute"):
            return self._filled(clock["-minute"], hour=when.hour % 12 + 1, minute=60 - minute)
        return self._filled(clock["minute"], hour=(when.hour - 1) % 12 + 1, minute=minute)

    def _ahead(self, minutes: int) -> str:
        ahead = self._times.ahead
        if ahead.get(str(minutes)):
            return ahead[str(minutes)][0]
        if minutes % 60 == 0:
            return self._filled(ahead["hours"], number=minutes // 60)
        return self._filled(ahead["minutes"], number=minutes)

    def _filled(self, patterns: tuple[str, ...], **values: int) -> str:
        """The first pattern with its numbers in words."""
        text = patterns[0] if patterns else ""
        for kind, value in values.items():
            for form in ("", *self._language.numbers.forms):
                place = f"{{{kind}:{form}}}" if form else f"{{{kind}}}"
                if place in text:
                    text = text.replace(place, self._word(kind, value, form))
        return text

    def _word(self, kind: str, value: int, form: str) -> str:
        if kind == "month":
            return list(self._times.month.values())[value - 1][0]
        return _number(self._language, value, "ordinal" if kind == "ordinal" else form)


def _part_of(hour: int) -> Part:
    return "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"
