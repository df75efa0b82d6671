"""What leaves the journal at the couple's wish: agreed notes alone, everything, or days; other programs read it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.kept_room import MIRRORED, NAMES, SENT, KeptRoom, keep_one, kept
from voice_imago.journal import files
from voice_imago.journal.calendar import to_calendar
from voice_imago.journal.exporting import exported
from voice_imago.journal.journal import reading
from voice_imago.journal.notes import Agreement, Appointment, Item

NOW = datetime.datetime(2026, 3, 1, 21, 30, tzinfo=datetime.UTC)
REQUEST = Agreement(
    text="I carry *one* box a day; really", who="Benedikt", what="carrying one box", starts="2026-03-02",
    ends="2026-03-29", review="2026-03-15", kept=2,
)  # fmt: skip


@pytest.fixture
def path(home: Path) -> Path:
    path = files.journal_file()
    with kept(path, "transcript") as keeper:
        room = KeptRoom(keeper).goes_on(3)
        shared = keeper.shared
        for job in (
            shared.agree(REQUEST),
            shared.appoint(Appointment(at="2026-03-08T20:00", what="the couples dialogue")),
            shared.appoint(Appointment(at="2026-02-01", what="long ago", state="done")),
            shared.propose(Item(document="vision", text="We # laugh\na lot", by="Annegret", ratings={"Benedikt": 2})),
        ):
            assert job is not None
            job.result()
        rated = shared.rate(1, "Annegret", 1)
        assert rated is not None
        assert rated.result()
        room.to_the_end()
    return path


def out(path: Path, form: str) -> str:
    with reading(path) as connection:
        return exported(connection, form, NOW).decode()  # type: ignore[arg-type]


def test_the_markdown_holds_what_was_agreed_and_nothing_that_was_said(path: Path) -> None:
    text = out(path, "md")
    assert text == (
        "# What we agreed on\n\n## Requests\n\n"
        "- **Benedikt**: I carry \\*one\\* box a day; really (from 2026-03-02, until 2026-03-29, a look on 2026-03-15,"
        " kept 2 times)\n\n"
        "## Dates\n\n- 2026-03-08, 20:00: the couples dialogue\n\n"
        "## Vision\n\n- We \\# laugh a lot (proposed by Annegret; Annegret 1, Benedikt 2)\n"
    )
    assert SENT not in text
    assert MIRRORED not in text


def test_the_json_holds_everything_that_is_kept(path: Path) -> None:
    whole = json.loads(out(path, "json"))
    (session,) = whole["sessions"]
    assert session["partners"] == list(NAMES)
    assert SENT in [turn.get("text") for turn in session["turns"]]
    assert whole["agreements"][0]["what"] == "carrying one box"
    assert [one["state"] for one in whole["appointments"]] == ["done", "open"]
    assert whole["documents"]["vision"][0]["ratings"] == {"Annegret": 1, "Benedikt": 2}


def test_what_is_kept_without_words_is_exported_without(home: Path) -> None:
    path = files.journal_file()
    keep_one(path, "counts")
    assert out(path, "md") == "# What we agreed on\n\nNothing yet.\n"
    text = out(path, "json")
    assert not [word for word in (*NAMES, "xylophone") if word in text]
    (session,) = json.loads(text)["sessions"]
    assert "text" not in session["turns"][0]
    assert {turn["speaker"] for turn in session["turns"]} == {0, 1}


# ---------------------------------------------------------------------- calendar


def test_the_calendar_is_read_by_another_program(path: Path) -> None:
    calendars = pytest.importorskip("icalendar")
    calendar = calendars.Calendar.from_ical(out(path, "ics"))
    events = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}
    whole = events["Benedikt: carrying one box"]
    assert (whole["DTSTART"].dt, whole["DTEND"].dt) == (datetime.date(2026, 3, 2), datetime.date(2026, 3, 30))
    assert str(whole["DESCRIPTION"]) == REQUEST.text
    look = events["A look at the request: Benedikt: carrying one box"]
    assert look["DTSTART"].dt == datetime.date(2026, 3, 15)
    date = events["the couples dialogue"]
    assert date["DTSTART"].dt == datetime.datetime(2026, 3, 8, 20, 0)
    assert date["DURATION"].dt == datetime.timedelta(hours=1)
    assert {event["DTSTAMP"].dt for event in events.values()} == {NOW}
    assert len({str(event["UID"]) for event in events.values()}) == len(events) == 4


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=200))
def test_any_words_come_back_as_they_were(words: str) -> None:
    calendars = pytest.importorskip("icalendar")
    one = Agreement(id=1, text=words, what="x", starts="2026-03-02")
    calendar = calendars.Calendar.from_ical(to_calendar([one], [], NOW))
    (event,) = calendar.walk("VEVENT")
    assert str(event.get("DESCRIPTION", "")) == ("" if words == "x" else words)


@given(st.text(max_size=300))
def test_no_line_is_longer_than_the_standard_allows_and_none_is_forged(words: str) -> None:
    """RFC 5545 §3.1; words cannot begin a line of their own."""
    content = to_calendar([Agreement(id=1, text=words, what=words, starts="2026-03-02")], [], NOW)
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 for line in lines)
    for line in lines:
        line.decode("utf-8")
        assert line[:1] == b" " or line.split(b":")[0].split(b";")[0] in (
            b"BEGIN", b"END", b"VERSION", b"PRODID", b"CALSCALE", b"UID", b"DTSTAMP", b"DTSTART", b"DTEND", b"TRANSP",
            b"SUMMARY", b"DESCRIPTION",
        )  # fmt: skip


def test_the_same_request_is_the_same_event_in_every_export() -> None:
    """So that a calendar updates it instead of adding it again."""
    one, other = (to_calendar([REQUEST], [], NOW + datetime.timedelta(days=n)) for n in (0, 3))
    uids = [line for line in one.split(b"\r\n") if line.startswith(b"UID")]
    assert uids
    assert uids == [line for line in other.split(b"\r\n") if line.startswith(b"UID")]


@pytest.mark.parametrize("day", ["", "someday", "2026-13-01"])
def test_what_has_no_day_is_no_event(day: str) -> None:
    made = to_calendar([Agreement(text="x", starts=day)], [Appointment(at=day)], NOW)
    assert b"VEVENT" not in made


def test_an_end_before_the_beginning_is_one_day() -> None:
    made = to_calendar([Agreement(text="x", starts="2026-03-05", ends="2026-03-01")], [], NOW)
    assert b"DTSTART;VALUE=DATE:20260305\r\nDTEND;VALUE=DATE:20260306" in made
