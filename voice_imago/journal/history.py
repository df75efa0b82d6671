"""The memory of the practice: what is done, what is due, in numbers that are the couple's and never one partner's."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voice_imago.journal import notes, rows

__all__ = ["DAYS_KEPT", "EVENING", "FINISHED", "Practice", "practice"]

DAYS_KEPT = "days_kept"
"""The counter of days on which both say that the pledge was kept."""
FINISHED = "finished:"
"""Counters with a dialogue behind it: how often it was led to its end in an evening."""
EVENING = "session"
"""The graph of a whole evening, which is no dialogue itself."""


@dataclass(frozen=True, slots=True)
class Practice:
    """Everything that the history tells, as of one day."""

    today: datetime.date
    sessions: Sequence[rows.SessionRow]
    """The oldest first."""
    agreements: Sequence[notes.Agreement]
    appointments: Sequence[notes.Appointment]
    counted: Mapping[str, Mapping[str, int]]
    """Name -> day -> how many."""
    floor_s: Mapping[str, float]
    """Seconds of speech in each step, both partners together, the longest first; empty unless asked for."""

    @property
    def finished(self) -> Mapping[str, int]:
        """Dialogue -> how often it was led to its end."""
        found = Counter(row.dialogue for row in self.sessions if row.reason == "finished" and row.dialogue != EVENING)
        for name, days in self.counted.items():
            if name.startswith(FINISHED):
                found[name.removeprefix(FINISHED)] += sum(days.values())
        return found

    @property
    def appreciations(self) -> int:
        return sum(row.appreciations for row in self.sessions)

    @property
    def rounds(self) -> int:
        """Turns that were mirrored."""
        return sum(row.rounds for row in self.sessions)

    @property
    def unfinished(self) -> rows.SessionRow | None:
        """The newest session, if it was broken off."""
        last = self.sessions[-1] if self.sessions else None
        return last if last is not None and last.reason is None else None

    @property
    def due(self) -> list[notes.Agreement]:
        """Requests to be looked at today, the longest overdue first."""
        running = [one for one in self.agreements if one.state == "open" and self._look(one)]
        return sorted(running, key=lambda one: (self._look(one), one.id))

    @property
    def dates(self) -> list[notes.Appointment]:
        """Open dates, the next one first."""
        return [one for one in self.appointments if one.state == "open"]

    @property
    def requests(self) -> tuple[int, int]:
        """How many were chosen, and how often in all they were kept."""
        return len(self.agreements), sum(one.kept for one in self.agreements)

    @property
    def days_this_month(self) -> int:
        month = self.today.isoformat()[:7]
        return sum(1 for day, value in self.counted.get(DAYS_KEPT, {}).items() if value and day.startswith(month))

    def _look(self, one: notes.Agreement) -> str:
        """The day of the look that has come; empty while it has not."""
        day = one.review or one.ends
        return day if day and day[:10] <= self.today.isoformat() else ""


def practice(connection: Any, today: datetime.date, *, floor: bool = False) -> Practice:
    """Read it all; ``floor``: also how long each step took, which has to look at every turn."""
    by_step = "SELECT step, sum(speech_s) FROM turns GROUP BY step ORDER BY 2 DESC"
    return Practice(
        today,
        rows.sessions(connection),
        notes.agreements(connection),
        notes.appointments(connection),
        notes.counted(connection),
        {step: seconds for step, seconds in connection.execute(by_step) if seconds} if floor else {},
    )
