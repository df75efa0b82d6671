"""What an evening opens with: asked of a real journal."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

import pytest

from tests.dialogue.driver import real_script
from voice_imago.dialogue.slots import Slot
from voice_imago.events import Perform
from voice_imago.journal import files, notes
from voice_imago.journal.journal import Journal
from voice_imago.journal.keeper import Keeper
from voice_imago.runtime.journal_tasks import Answer, JournalTasks
from voice_imago.runtime.keeping import keeping
from voice_imago.runtime.tasks import at_once

NAMES = ("Ana", "Ben")


def day(ahead: int) -> str:
    return (datetime.date.today() + datetime.timedelta(days=ahead)).isoformat()


def kept_dates(*dates: notes.Appointment) -> None:
    with Journal() as journal:
        for one in dates:
            journal.run(lambda db, one=one: notes.appoint(db, one, None, words=True))  # type: ignore[misc]


def known(language: str = "en") -> dict[str, Slot]:
    script = real_script()
    with keeping(argparse.Namespace(keep="", resume=False), script) as kept:
        return dict(kept.ports(NAMES, script, script.languages[language]).slots)


@pytest.fixture(autouse=True)
def empty(home: Path) -> None:
    assert files.kind_of(files.journal_file()) == "missing"


def test_of_no_journal_nothing_is_known_and_none_is_made() -> None:
    assert known() == {}
    assert files.kind_of(files.journal_file()) == "missing"


@pytest.mark.parametrize(
    ("ahead", "name", "says"),
    [
        (0, "dates", "Today, as planned: the holiday"),
        (1, "dates", "Tomorrow, as planned: the holiday"),
        (-1, "overdue", "Some days ago you planned: the holiday. Would you like a new date?"),
        (-14, "overdue", "Some days ago you planned: the holiday. Would you like a new date?"),
        (-15, "", ""),
        (2, "", ""),
    ],
)
def test_dates_are_told_when_they_are_near_and_for_two_weeks_afterwards(ahead: int, name: str, says: str) -> None:
    kept_dates(notes.Appointment(at=f"{day(ahead)}T20:00", what="the holiday"))
    slots = known()
    assert {one for one in ("dates", "overdue") if one in slots} == ({name} if name else set())
    if name:
        assert slots[name].text == says


def test_a_request_is_due_when_its_day_has_come() -> None:
    with Journal() as journal:
        for ahead, text in ((1, "later"), (0, "putting the phone away")):
            one = notes.Agreement(text=text, who="Ben", starts=day(-14), review=day(ahead))
            journal.run(lambda db, one=one: notes.agree(db, one, None, words=True))  # type: ignore[misc]
    assert known()["due"].text == "2 weeks ago Ben chose: putting the phone away"


def test_a_date_that_is_done_with_is_not_told_again() -> None:
    kept_dates(notes.Appointment(at=day(-3), what="the holiday"), notes.Appointment(at=day(0), what="the garden"))
    told: list[Answer] = []
    with Journal() as journal:
        keeper = Keeper(journal, wishes=("counts", "counts"))
        tasks = JournalTasks(keeper, NAMES, at_once, lambda id, answer: told.append(answer))
        tasks.perform(Perform(1, "store", what="old_dates"))
        keeper.close()
    assert told == [Answer("good")]
    slots = known()
    assert "overdue" not in slots
    assert slots["dates"].text == "Today, as planned: the garden"
