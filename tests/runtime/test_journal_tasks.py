"""What graphs ask of the journal, with a real file: requests, dates, lists, pledges, one's own part, consent."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tests.tried_once import tried_once
from voice_imago.events import Partner, Perform, Task
from voice_imago.journal import files
from voice_imago.journal.journal import Journal, reading
from voice_imago.journal.keeper import Keeper
from voice_imago.journal.levels import Level
from voice_imago.journal.notes import appointments, documents
from voice_imago.runtime.journal_tasks import Answer, JournalTasks
from voice_imago.runtime.tasks import at_once

TODAY = datetime.date(2026, 3, 2)
NAMES = ("Annegret", "Benedikt")
Given = tuple[tuple[str, str, str], ...]
WISH: Given = (("request", "words", "I'll put the xylophone away by six"), ("giver", "name:1", "Benedikt"))


class Kept:
    """A session whose journal can be asked; ``secrets``: what is typed unseen, one after the other."""

    def __init__(self, level: Level | None, *secrets: str | None, today: datetime.date = TODAY) -> None:
        self.journal = Journal(today=lambda: today)
        wishes = (level, level)
        self.keeper = Keeper(self.journal, wishes=wishes)
        typed = iter(secrets)
        self.answers: list[Answer] = []
        self.tasks = JournalTasks(
            self.keeper,
            NAMES,
            at_once,
            lambda id, answer: self.answers.append(answer),
            lambda done: done(next(typed)),
            lambda: today,
        )

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *exception: object) -> None:
        self.keeper.close()
        self.journal.close()

    def does(self, task: Task, what: str = "", given: Given = (), partner: Partner | None = None) -> Answer:
        self.tasks.perform(Perform(1, task, partner, what=what, values=given))
        return self.answers[-1]

    def recalled(self, what: str, partner: Partner | None = None) -> dict[str, tuple[str, str]]:
        return {name: (meaning, text) for name, meaning, text in self.does("recall", what, partner=partner).values}


@pytest.fixture(autouse=True)
def empty(home: Path) -> None:
    assert files.kind_of(files.journal_file()) == "missing"


@pytest.mark.parametrize("task", ["store", "recall", "consent", "forget", "unlock"])
def test_without_a_journal_nothing_can_be_done(task: Task) -> None:
    told: list[Answer] = []
    JournalTasks(None, NAMES, at_once, lambda id, answer: told.append(answer)).perform(Perform(1, task, what="note"))
    assert told == [Answer("unavailable")]


@pytest.mark.parametrize(
    ("first", "second", "now"),
    [
        ("choice:notes", "choice:transcript", "notes"),
        ("choice:none", "choice:transcript", "none"),
        ("no", "choice:counts", "none"),
        ("choice:counts", "choice:counts", "counts"),
    ],
)
def test_the_stricter_wish_counts_and_only_when_both_have_spoken(first: str, second: str, now: str) -> None:
    with Kept(None) as kept:
        assert kept.does("consent", given=(("wish", first, ""),), partner=0).values == (("keeping", "choice:none", ""),)
        answer = kept.does("consent", given=(("wish_too", second, ""),), partner=1)
        assert answer == Answer("good", (("keeping", f"choice:{now}", ""),))
        assert kept.does("consent", "withdrawn", partner=1).values[0][1] == "choice:none"


@pytest.mark.parametrize(
    ("level", "what", "outcome"),
    [
        ("none", "request", "not_kept"),
        ("counts", "request", "good"),
        ("counts", "note", "not_kept"),
        ("counts", "vision", "not_kept"),
        ("notes", "note", "good"),
        ("none", "finished", "not_kept"),
    ],
)
def test_nothing_is_kept_that_both_did_not_agree_to(level: Level, what: str, outcome: str) -> None:
    given = (("note", "list", "We ask first"), ("dialogue", "choice:dialogue", ""))
    with Kept(level) as kept:
        assert kept.does("store", what, given).outcome == outcome
    if level == "none":
        assert files.kind_of(files.journal_file()) == "missing", "not even an empty file"


def test_with_counts_a_request_is_kept_without_a_word_of_it() -> None:
    with Kept("counts") as kept:
        assert kept.does("store", "request", WISH).outcome == "good"
        assert "request" not in kept.recalled("request")
    assert b"xylophone" not in files.journal_file().read_bytes()


def test_a_request_is_looked_at_again_two_weeks_later() -> None:
    with Kept("notes") as kept:
        assert kept.recalled("request") == {}
        assert kept.answers[-1].outcome == "nothing"
        kept.does("store", "request", WISH)
    with Kept("notes", today=TODAY + datetime.timedelta(days=14)) as kept:
        found = kept.recalled("request")
        assert found["request"] == ("words", WISH[0][2])
        assert (found["giver"][0], found["review"][1]) == ("name:1", "2026-03-16")


def test_dates_are_kept_as_points_in_time() -> None:
    given = (("when", "date:+1d 20:00", "2026-03-03T20:00"), ("topic", "words", "the holiday"))
    with Kept("notes") as kept:
        assert kept.does("store", "appointment", given).outcome == "good"
    with reading() as db:
        (one,) = appointments(db)
    assert (one.at, one.what) == ("2026-03-03T20:00", "the holiday")


def test_another_topic_waits_for_a_time_of_its_own() -> None:
    with Kept("notes") as kept:
        assert kept.does("store", "appointment", (("later_topic", "words", "the holiday"),)).outcome == "good"
        assert kept.does("store", "appointment", (("when", "date:+1d", "tomorrow"),)).outcome == "not_kept"
    with reading() as db:
        assert [item.text for item in documents(db)["topics"]] == ["the holiday"]


@pytest.mark.parametrize(
    ("next_step", "left"),
    [
        ("choice:as_it_is", ["I'll put the xylophone away by six"]),
        ("choice:let_it_go", []),
        ("choice:make_smaller", ["only on Mondays"]),
    ],
)
def test_what_becomes_of_a_request(next_step: str, left: list[str]) -> None:
    after = (("often", "number:3", ""), ("next_step", next_step, ""), ("new_size", "words", "only on Mondays"))
    with Kept("notes") as kept:
        assert kept.does("store", "kept_request", after).outcome == "not_kept", "none was looked at"
        kept.does("store", "request", WISH)
        kept.recalled("request")
        assert kept.does("store", "kept_request", after).outcome == "good"
        assert [found for found in [kept.recalled("request").get("request", ("", ""))[1]] if found] == left


@pytest.mark.parametrize(("what", "partner"), [("vision", None), ("fun", None), ("caring", 1)])
def test_a_list_takes_the_place_of_the_one_before(what: str, partner: Partner | None) -> None:
    with Kept("notes") as kept:
        kept.does("store", what, (("lines", "list", "We laugh\nWe xylophone"),), partner)
        kept.does("store", what, (("lines", "list", "We laugh\nWe rest"),), partner)
        assert kept.recalled(what, partner) == {"lines": ("list", "We laugh\nWe rest")}
    assert b"xylophone" not in files.journal_file().read_bytes()


def test_wishes_are_one_partners_own() -> None:
    with Kept("notes") as kept:
        kept.does("store", "caring", (("lines", "list", "Bring me tea"),), 0)
        assert kept.recalled("caring", 1) == {}
        assert kept.recalled("caring", 0) == {"lines": ("list", "Bring me tea")}


def test_days_of_a_pledge_count_from_its_last_beginning() -> None:
    one_more: Given = (("pledge_days", "number:0", ""),)
    with Kept("counts") as kept:
        assert kept.recalled("pledge") == {}
        kept.does("store", "pledge")
        assert kept.recalled("pledge") == {"pledge_days": ("number:0", "")}
    for day in (1, 2):
        with Kept("counts", today=TODAY + datetime.timedelta(days=day)) as kept:
            kept.does("store", "pledge", one_more)
            assert kept.recalled("pledge") == {"pledge_days": (f"number:{day}", "")}
    with Kept("counts", today=TODAY + datetime.timedelta(days=3)) as kept:
        kept.does("store", "pledge", (("restart", "choice:anew", ""),))
        assert kept.recalled("pledge") == {"pledge_days": ("number:0", "")}


def test_finished_dialogues_are_counted_by_their_kind() -> None:
    with Kept("counts") as kept:
        for dialogue, times in (("repair", 1), ("repair", 2), ("dialogue", 1)):
            answer = kept.does("store", "finished", (("dialogue", f"choice:{dialogue}", ""),))
            assert answer == Answer("good", (("times", f"number:{times}", ""),))


OWN: Given = (("people", "list", "Grandmother Xanthippe"), ("hear", "choice:hear_nothing", ""))


def test_ones_own_part_needs_ones_own_secret() -> None:
    with Kept("transcript", None) as kept:
        assert kept.does("store", "workup", OWN, 0).outcome == "locked"
        assert kept.does("recall", "workup", partner=0).outcome == "locked"
        assert kept.does("unlock", partner=0).outcome == "unavailable", "nothing was typed"


def test_ones_own_part_is_read_with_the_secret_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tried_once(monkeypatch)
    with Kept("none", "my own word") as kept:
        assert kept.does("unlock", partner=0).outcome == "new"
        assert kept.does("recall", "workup", partner=0).outcome == "nothing"
        assert kept.does("store", "workup", OWN, 0).outcome == "good"
        assert kept.does("recall", "workup", partner=1).outcome == "locked"
    assert b"Xanthippe" not in files.journal_file().read_bytes()
    with Kept("none", "another word", "my own word") as kept:
        assert kept.does("unlock", partner=0).outcome == "wrong"
        assert kept.does("recall", "workup", partner=0).outcome == "locked"
        assert kept.does("unlock", partner=0).outcome == "good"
        assert kept.recalled("workup", 0) == {name: (meaning, text) for name, meaning, text in OWN}


def test_deleting_the_evening_of_which_nothing_was_kept() -> None:
    with Kept("notes") as kept:
        assert kept.does("forget", "session").outcome == "nothing"
        assert kept.keeper.level == "none"


def test_everything_is_gone_when_it_is_said(home: Path) -> None:
    with Kept("notes") as kept:
        kept.does("store", "request", WISH)
        assert files.journal_file().exists()
        assert kept.does("forget", "everything").outcome == "good"
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_a_journal_that_cannot_be_written_is_a_failed_task(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = files.journal_file()
    path.mkdir(parents=True)
    with Kept("notes") as kept:
        assert kept.does("store", "request", WISH).outcome == "failed"
    assert str(path) in capsys.readouterr().err
