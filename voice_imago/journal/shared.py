"""What dialogues ask of the journal about agreements: keep one, look at one, say what is due."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from voice_imago.journal import notes
from voice_imago.journal.journal import Journal
from voice_imago.journal.levels import Level, allows
from voice_imago.journal.writer import Job

__all__ = ["Shared"]


class Shared:
    """Requests, dates and lists, as far as the level allows it.

    Each method that writes gives the job, to wait for before it is said that it is kept; None: nothing is kept now.
    """

    def __init__(
        self,
        journal: Journal,
        level: Callable[[], Level],
        session: Callable[[], int | None] = lambda: None,
        today: Callable[[], datetime.date] = datetime.date.today,
    ) -> None:
        self._journal, self._level, self._session, self._today = journal, level, session, today

    def agree(self, one: notes.Agreement) -> Job[int] | None:
        """A request was chosen; without ``notes`` only its days are kept."""
        words = allows(self._level(), "notes")
        return self._write("counts", lambda db: notes.agree(db, one, self._session(), words=words))

    def review(
        self, id: int, *, kept: int | None = None, state: notes.State | None = None, again: str | None = None
    ) -> Job[bool] | None:
        """How a request went, and when to look at it again."""
        return self._write(
            "counts", lambda db: notes.review(db, id, self._session(), kept=kept, state=state, again=again)
        )

    def appoint(self, one: notes.Appointment) -> Job[int] | None:
        """A date for a dialogue."""
        words = allows(self._level(), "notes")
        return self._write("counts", lambda db: notes.appoint(db, one, self._session(), words=words))

    def settle_appointment(self, id: int, state: str) -> Job[bool] | None:
        """A date is over, or let go."""
        return self._write("counts", lambda db: notes.settle_appointment(db, id, state))

    def count(self, name: str, by: int = 1) -> Job[None] | None:
        """One more of something today; ``name`` is the program's, never words of the couple."""
        day = self._today()
        return self._write("counts", lambda db: notes.count(db, name, day, by, self._session()))

    def propose(self, item: notes.Item) -> Job[int] | None:
        """A line for a shared list."""
        return self._write("notes", lambda db: notes.propose(db, item, self._session()))

    def rate(self, id: int, by: str, rating: int) -> Job[bool] | None:
        return self._write("notes", lambda db: notes.rate(db, id, by, rating))

    def drop_item(self, id: int) -> Job[bool] | None:
        """A line is taken off its list, without a trace."""
        return self._journal.erase(lambda db: notes.drop_item(db, id)) if self._level() != "none" else None

    def _write(self, wanted: Level, work: Callable[[Any], Any]) -> Job[Any] | None:
        return self._journal.submit(work) if allows(self._level(), wanted) else None
