"""A day and a time as somebody said it, and what it comes to once it is known what time it is.

The core knows no clock: ``When`` holds what was said, and ``resolve`` takes the present as an argument. How it
decides what was left open:

- **Never in the past.** Without a day it is the next time that fits; with one that is over, the one after it.
- **A bare hour without a day** ("at eight") is its next occurrence among waking hours, seven in the morning to eleven
  at night: said in the afternoon, "at eight" is this evening; "at three" is never the middle of the night.
- **A bare hour of another day** ("tomorrow at eight"): one to eight are in the afternoon or evening, when couples
  talk; nine to twelve are taken as they are. A part of the day ("in the morning") or a moment ("after dinner")
  decides otherwise.
- **A day without a time** is at eight in the evening; a part of the day has an hour of its own (``PART_HOURS``).
- **A weekday** is the next one from tomorrow on, with "next" or without: too early can be put off, too late is
  missed. Only "next week" goes past the coming Sunday.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

__all__ = ["PARTS", "PART_HOURS", "WEEKDAYS", "Part", "When"]

Part = Literal["morning", "afternoon", "evening", "night"]
PARTS: tuple[Part, ...] = ("morning", "afternoon", "evening", "night")
PART_HOURS: dict[Part, int] = {"morning": 9, "afternoon": 15, "evening": 20, "night": 21}
"""The hour of a part of the day that was named alone."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_HOUR = 20
"""The hour of a day that was named alone."""
WAKING = (time(7), time(23))
LATEST_GUESS = 8
"""A bare hour of another day up to this one is in the afternoon or evening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """What was said of a day and a time; a field is None where nothing was said."""

    minutes: int | None = None
    """From now; then nothing else counts."""
    days: int | None = None
    """From today."""
    weekday: int | None = None
    """0 is Monday."""
    weeks: int = 0
    """After this one: 1 with "next week"."""
    month: int | None = None
    """1 to 12."""
    day: int | None = None
    """Of the month; without ``month`` the next month that fits."""
    hour: int | None = None
    """0 to 23."""
    minute: int = 0
    exact: bool = False
    """The hour is that of the 24-hour clock; else it may be either half of the day."""
    part: Part | None = None
    named: bool = False
    """Hour and minute are those of a moment ("after dinner")."""

    # ------------------------------------------------------------------ the point in time

    def resolve(self, now: datetime) -> datetime:
        """The point in time that is meant, in the time zone of ``now``, always after it. Rules: see the module."""
        if self.minutes is not None:
            return _later(now, timedelta(minutes=self.minutes))
        for day in self._days(now.date()):
            for shift, clock in self._times(fixed=self.another_day):
                at = datetime.combine(day + timedelta(days=shift), clock, now.tzinfo)
                if at > now:
                    return at
        # a part of today that has begun ("tonight" at half past eight): soon
        return _later(now, timedelta(hours=1))

    @property
    def another_day(self) -> bool:
        """Not today, for all that was said."""
        return bool(self.days or self.weeks or self.weekday is not None or self.day is not None)

    def _days(self, today: date) -> Iterator[date]:
        """The days that may be meant, in order."""
        if self.day is not None:
            yield from self._dates(today)
            return
        if self.weekday is not None:
            ahead = 7 * self.weeks + self.weekday - today.weekday()
            first = today + timedelta(days=ahead if self.weeks else (ahead - 1) % 7 + 1)
            step = 7
        else:
            first, step = today + timedelta(days=(self.days or 0) + 7 * self.weeks), 1
        open_end = self.hour is not None or self.days is None
        yield from (first + timedelta(days=step * n) for n in range(3 if open_end else 1))

    def _dates(self, today: date) -> Iterator[date]:
        """This year, or as often as it takes to find the 29th of February."""
        months = range(12 * 9)
        for n in months:
            year, month = today.year + (today.month - 1 + n) // 12, (today.month - 1 + n) % 12 + 1
            if self.month in (None, month) and self.day is not None and self.day <= _length(year, month):
                yield date(year, month, self.day)

    def _times(self, *, fixed: bool) -> list[tuple[int, time]]:
        """(days later, time) in order of likeliness; ``fixed``: the day is known, so one time must be chosen."""
        if self.hour is None:
            hour = DAY_HOUR if self.part is None else PART_HOURS[self.part]
            return [(0, time(hour))]
        if self.exact:
            return [(0, time(self.hour, self.minute))]
        if self.part is not None:
            return [_in_part(self.part, self.hour % 12, self.minute)]
        early, late = (time(self.hour % 12 + half, self.minute) for half in (0, 12))
        if fixed:
            return [(0, late if self.hour % 12 <= LATEST_GUESS else early)]
        awake = [(0, clock) for clock in (early, late) if WAKING[0] <= clock <= WAKING[1]]
        return awake or [(0, late)]

    # ------------------------------------------------------------------ in the event stream

    @property
    def code(self) -> str:
        """Short and without a language: "+30m", "+1d 20:00", "sat 15:00", "--05-03 evening", "08:00|20:00".

        A day is ``+Nd``, ``mon`` to ``sun``, ``+Nw``, ``--MM-DD`` or ``---DD`` (ISO 8601); a time ``HH:MM``, both
        halves of the day where the present must decide, or a part of the day.
        """
        if self.minutes is not None:
            return f"+{self.minutes}m"
        words = [f"+{self.days}d"] if self.days is not None else []
        words += [WEEKDAYS[self.weekday][:3]] if self.weekday is not None else []
        words += [f"+{self.weeks}w"] if self.weeks else []
        if self.day is not None:
            words.append(f"---{self.day:02}" if self.month is None else f"--{self.month:02}-{self.day:02}")
        if self.hour is None:
            return " ".join([*words, self.part] if self.part else words)
        times = self._times(fixed=self.another_day)
        shift = f"+{times[0][0]}d " if times[0][0] and self.days is None else ""
        if times[0][0] and self.days is not None:
            words[0] = f"+{self.days + times[0][0]}d"
        return " ".join([*words, shift + "|".join(f"{clock:%H:%M}" for _, clock in times)])


def _later(now: datetime, by: timedelta) -> datetime:
    """Time that really passes, also where clocks are put forward meanwhile."""
    if now.tzinfo is None:
        return now + by
    return (now.astimezone(UTC) + by).astimezone(now.tzinfo)


def _length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def _in_part(part: Part, hour: int, minute: int) -> tuple[int, time]:
    """An hour 0 to 11 of either half in a part of the day; the small hours of a night are the next day's."""
    if part == "morning":
        return 0, time(hour, minute)
    if part == "afternoon":
        return 0, time(hour + 12, minute)
    small = hour < 4 if part == "evening" else hour < 6
    return (1, time(hour, minute)) if small else (0, time(hour + 12, minute))
