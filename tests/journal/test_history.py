"""What the couple is told of its practice: true, neutral, what is due first, and nothing that weighs one against the
other."""

from __future__ import annotations

import datetime
import io
import re
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from matplotlib.image import imread

from tests.journal.kept_room import NAMES, KeptRoom, keep_one, kept, script
from voice_imago.journal import files
from voice_imago.journal.history import DAYS_KEPT, Practice, practice
from voice_imago.journal.journal import Journal, reading
from voice_imago.journal.notes import Agreement, Appointment
from voice_imago.journal.shared import Shared
from voice_imago.journal.telling import Told, all_told, due_told, sentences
from voice_imago.runtime.history_picture import MOST_LISTED, Panels, describe, draw_history, panels_of

TODAY = datetime.date(2026, 3, 15)
EN = script().languages["en"]


@pytest.fixture
def path(home: Path) -> Path:
    return files.journal_file()


def past(path: Path, today: datetime.date = TODAY) -> Practice:
    with reading(path) as connection:
        return practice(connection, today, floor=True)


def said(path: Path, today: datetime.date = TODAY) -> list[str]:
    return sentences(all_told(past(path, today), script(), "en"), EN)


def agreed(path: Path, *ones: Agreement | Appointment) -> None:
    """Kept in a session of notes."""
    with kept(path, "notes") as keeper:
        room = KeptRoom(keeper).goes_on(1)
        for one in ones:
            job = keeper.shared.agree(one) if isinstance(one, Agreement) else keeper.shared.appoint(one)
            assert job is not None
            job.result()
        room.key("q")
        room.guide_finishes()


def request(starts: str, **more: object) -> Agreement:
    return Agreement(**{"text": "I make tea.", "who": "Ben", "what": "making tea.", "starts": starts, **more})  # type: ignore[arg-type]


# ---------------------------------------------------------------------- counted


def test_nothing_yet_is_said_as_it_is(path: Path) -> None:
    keep_one(path, "counts", 1)
    assert said(path) == [
        "Your last dialogue stopped on the way, at: the appreciation itself. Shall we go on there?",
        "No dialogue is finished yet.",
    ]


def test_dialogues_appreciations_and_rounds_are_counted(path: Path) -> None:
    for _ in range(3):
        keep_one(path, "counts")
    keep_one(path, "counts", 2)
    keep_one(path, "counts")
    now = past(path)
    assert dict(now.finished) == {"appreciation": 4}
    assert now.appreciations == 5  # one was said in the session that was broken off, too
    assert now.rounds == 4 * 3
    assert now.unfinished is None
    assert said(path) == ["You have finished 4 dialogues together.", "Appreciations said: 5."]


def test_each_kind_is_named_once_there_are_several(path: Path) -> None:
    keep_one(path, "counts")
    with kept(path, "counts") as keeper:
        KeptRoom(keeper, "dialogue").to_the_end()
    keep_one(path, "counts")
    titles = EN.titles
    assert said(path)[:3] == [
        "You have finished 3 dialogues together.",
        f"Of these, {titles['appreciation']}: 2.",
        f"Of these, {titles['dialogue']}: 1.",
    ]


def test_days_of_a_pledge_are_those_of_this_month(path: Path) -> None:
    day = [TODAY]
    with Journal(path) as journal:
        shared = Shared(journal, lambda: "counts", today=lambda: day[0])
        for day[0] in (TODAY, TODAY, TODAY - datetime.timedelta(3), TODAY - datetime.timedelta(40)):
            job = shared.count(DAYS_KEPT)
            assert job is not None
            job.result()
    assert past(path).counted == {DAYS_KEPT: {"2026-02-03": 1, "2026-03-12": 1, "2026-03-15": 2}}
    assert said(path)[-1] == "Days kept this month: 2."


def test_the_floor_is_counted_by_step_and_never_by_partner(path: Path) -> None:
    keep_one(path, "counts")
    floor = past(path).floor_s
    assert list(floor.values()) == sorted(floor.values(), reverse=True)
    assert {"mirror", "thing", "summary"} <= set(floor)
    with reading(path) as connection:
        whole = connection.execute("SELECT sum(speech_s) FROM turns").fetchone()[0]
        assert practice(connection, TODAY).floor_s == {}
    assert sum(floor.values()) == pytest.approx(whole)


# ---------------------------------------------------------------------- due


@pytest.mark.parametrize(
    ("starts", "sentence"),
    [
        ("2026-03-14", "Yesterday Ben chose: making tea."),
        ("2026-03-11", "4 days ago Ben chose: making tea."),
        ("2026-03-08", "A week ago Ben chose: making tea."),
        ("2026-03-01", "2 weeks ago Ben chose: making tea."),
        ("2025-12-15", "12 weeks ago Ben chose: making tea."),
    ],
)
def test_a_request_is_due_on_the_day_of_its_look(path: Path, starts: str, sentence: str) -> None:
    agreed(path, request(starts, review="2026-03-15"))
    assert said(path)[0] == sentence
    assert said(path, TODAY - datetime.timedelta(1))[0] != sentence


def test_what_has_been_due_longest_comes_first_and_what_is_settled_not_at_all(path: Path) -> None:
    agreed(
        path,
        request("2026-03-01", review="2026-03-15", what="the second"),
        request("2026-02-01", ends="2026-03-01", what="the first"),
        request("2026-02-01", ends="2026-03-16", what="not yet"),
        request("2026-02-01", what="without an end"),
        request("2026-02-01", review="2026-03-01", what="settled", state="kept"),
    )
    assert [one.slots["what"] for one in due_told(past(path))] == ["the first", "the second"]


def test_reviewing_a_request_moves_its_next_look(path: Path) -> None:
    agreed(path, request("2026-03-01", review="2026-03-15"))
    (due,) = past(path).due
    with Journal(path) as journal:
        shared = Shared(journal, lambda: "notes")
        job = shared.review(due.id, kept=3, again="2026-03-29")
        assert job is not None
        assert job.result()
        again = shared.review(99, kept=3)
        assert again is not None
        assert not again.result()
    now = past(path)
    assert now.due == []
    assert now.requests == (1, 3)
    assert "Requests chosen: 1. Kept so far, in all: 3 times." in said(path)


def test_a_request_without_words_is_due_without_words(path: Path) -> None:
    with kept(path, "counts") as keeper:
        KeptRoom(keeper).goes_on(1)
        job = keeper.shared.agree(request("2026-03-01", review="2026-03-15"))
        assert job is not None
        job.result()
    assert said(path)[0] == "A request is due for a look."


@pytest.mark.parametrize(
    ("at", "what", "sentence"),
    [
        ("2026-03-15T20:00", "a dialogue", "Today, as planned: a dialogue."),
        ("2026-03-16", "a dialogue.", "Tomorrow, as planned: a dialogue."),
        ("2026-03-20T08:15", "tea", "In 5 days, as planned: tea."),
        ("2026-03-12", "tea", "Some days ago you planned: tea. Would you like a new date?"),
        ("2026-03-15", "", "Today is the day you planned for a dialogue."),
        ("2026-03-16", "", "Tomorrow is the day you planned for a dialogue."),
        ("2026-03-20", "", "You planned a dialogue in 5 days."),
        ("2026-03-12", "", "The day you planned for a dialogue is over. Would you like a new date?"),
    ],
)
def test_a_date_is_told_by_how_far_it_is(path: Path, at: str, what: str, sentence: str) -> None:
    agreed(path, Appointment(at=at, what=what))
    assert said(path)[0] == sentence


def test_a_date_that_is_over_or_let_go_is_told_no_more(path: Path) -> None:
    agreed(path, Appointment(at="2026-03-12", what="tea"))
    (date,) = past(path).dates
    with Journal(path) as journal:
        job = Shared(journal, lambda: "notes").settle_appointment(date.id, "done")
        assert job is not None
        assert job.result()
    assert past(path).dates == []


def test_the_couples_own_words_are_marked_so_that_their_sound_is_never_written(path: Path) -> None:
    agreed(path, request("2026-03-01", review="2026-03-15"), Appointment(at="2026-03-20", what="tea"))
    told = all_told(past(path), script(), "en")
    assert [one.own for one in told] == ["what" in one.slots for one in told]
    assert sum(one.own for one in told) == 2


def test_whoever_chose_more_is_not_told_apart(path: Path) -> None:
    """Whatever both did, only what is due names a person; with the names changed over it says the same."""
    for one, two in (NAMES, NAMES[::-1]):
        agreed(
            path,
            request("2026-03-01", who=one, review="2026-03-15", kept=9),
            request("2026-03-01", who=two, review="2026-03-15", kept=0),
        )
    keep_one(path, "counts")
    for line in said(path):
        names = [name for name in NAMES if name in line]
        assert len(names) <= 1
        assert not names or line.endswith("chose: making tea.")
    panels = panels_of(past(path), lambda step: step)
    assert not [name for name in NAMES if name in describe(panels) + repr(panels)]


def test_every_sentence_of_the_history_can_be_spoken() -> None:
    keys = [key for key in EN.prompts if re.match(r"guide\.(practice|due|date|unfinished)", key)]
    assert len(keys) > 15
    slots = {"number": "3", "count": "4", "name": "Ben", "what": "tea", "title": "thanks"}
    for text in sentences([Told(key, slots) for key in keys], EN):
        assert "{" not in text
        assert len(text.split()) <= 20


# ---------------------------------------------------------------------- drawn

FULL = Panels(
    "week",
    [("2026-03-02", 2, 0), ("2026-03-09", 0, 0), ("2026-03-16", 1, 1)],
    [("saying it back", 12.5), ("$the$ _thing_", 3.25)],
    [("2026-03-02", 5), ("2026-03-17", 2)],
    [("tea on Sunday", 3, "running"), ("a walk", 0, "let go")],
)
EMPTY = Panels("week", [], [], [], [])


@cache
def drawn_once(full: bool, form: Literal["png", "svg"]) -> bytes:
    """A picture takes a second."""
    return draw_history(FULL if full else EMPTY, form)


@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
def test_the_picture_has_no_colour(full: bool) -> None:
    """Everything is told by grey, hatches, markers and labels."""
    pixels = imread(io.BytesIO(drawn_once(full, "png")))[..., :3]
    assert pixels.shape[1] > 1200
    assert np.ptp(pixels, axis=2).max() == 0.0
    assert pixels.min() < 0.1
    assert pixels.max() == 1.0


def test_the_same_history_is_the_same_picture() -> None:
    for form in ("png", "svg"):
        assert drawn_once(True, form) == draw_history(FULL, form)  # type: ignore[arg-type]


def test_the_svg_holds_its_labels_as_text_and_hatches_its_bars() -> None:
    drawn = drawn_once(True, "svg").decode()
    for label in ("saying it back", "$the$ _thing_", "tea on Sunday", "finished", "not finished", "3 · running",
                  "Minutes, both of you together"):  # fmt: skip
        assert label in drawn
    assert drawn.count("<pattern") >= 3
    assert not re.findall(r"#(?!([0-9a-f]{2})\1\1)[0-9a-f]{6}\b", drawn)


def test_the_text_beside_says_what_is_on_the_picture() -> None:
    text = describe(FULL)
    for line in ("Week of 2026-03-16: 1 finished, 1 not finished.", "saying it back: 12.5 minutes.",
                 "2026-03-17: 2.", "tea on Sunday: 3 times, running.", "a walk: 0 times, let go."):  # fmt: skip
        assert line in text
    assert "2026-03-09" not in text
    assert describe(EMPTY).count("Nothing yet.") == 4


def test_a_long_history_is_drawn_by_months_and_listed_in_part(path: Path) -> None:
    keep_one(path, "counts", now=datetime.datetime(2024, 1, 31, 20))
    keep_one(path, "counts", now=datetime.datetime(2026, 3, 1, 20))
    panels = panels_of(past(path), lambda step: step)
    assert panels.unit == "month"
    assert [panels.times[0], panels.times[-1]] == [("2024-01-01", 1, 0), ("2026-03-01", 1, 0)]
    assert len(panels.times) == 27
    many = Panels("month", [], [], [("2026-03-01", n) for n in range(100)], [])
    assert f"The newest {MOST_LISTED} of 100:" in describe(many)
    assert describe(many).count("2026-03-01") == MOST_LISTED


def test_a_clock_that_jumped_back_disturbs_nothing(path: Path) -> None:
    """Sessions are in the order in which they were kept, whatever the clock said."""
    keep_one(path, "counts", now=datetime.datetime(2026, 3, 10, 20))
    keep_one(path, "counts", now=datetime.datetime(2020, 1, 1, 0))
    keep_one(path, "counts", 2, now=datetime.datetime(2026, 3, 1, 20))
    now = past(path)
    assert [row.id for row in now.sessions] == [1, 2, 3]
    assert now.unfinished is not None
    assert draw_history(panels_of(now, lambda step: step), "png")
