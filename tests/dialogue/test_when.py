"""Times that were said, and the points in time that they come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.answer_tables import ALL, NONE, Case, replies_of
from voice_imago.dialogue.script import load_script
from voice_imago.dialogue.slots import Slot, spoken_slots
from voice_imago.dialogue.when import PARTS, When

THURSDAY = datetime(2026, 11, 26, 16, 0)
"""A Thursday, four in the afternoon."""


@pytest.mark.parametrize(
    ("text", "now", "meant"),
    [
        ("at eight", "2026-11-26 16:00", "2026-11-26 20:00"),
        ("at eight", "2026-11-26 07:00", "2026-11-26 08:00"),
        ("at eight", "2026-11-26 20:00", "2026-11-27 08:00"),
        ("at three", "2026-11-26 22:00", "2026-11-27 15:00"),
        ("at eleven", "2026-11-26 20:00", "2026-11-26 23:00"),
        ("at eleven", "2026-11-26 09:00", "2026-11-26 11:00"),
        ("at noon", "2026-11-26 16:00", "2026-11-27 12:00"),
        ("today at eight", "2026-11-26 16:00", "2026-11-26 20:00"),
        ("tomorrow at eight", "2026-11-26 16:00", "2026-11-27 20:00"),
        ("tomorrow at eight in the morning", "2026-11-26 16:00", "2026-11-27 08:00"),
        ("tomorrow at ten", "2026-11-26 16:00", "2026-11-27 10:00"),
        ("tomorrow", "2026-12-31 16:00", "2027-01-01 20:00"),
        ("the day after tomorrow at half past seven", "2026-11-26 16:00", "2026-11-28 19:30"),
        ("tonight", "2026-11-26 16:00", "2026-11-26 20:00"),
        ("tonight", "2026-11-26 20:30", "2026-11-26 21:30"),
        ("tonight at eight", "2026-11-26 20:30", "2026-11-27 20:00"),
        ("tonight at twelve", "2026-11-26 20:30", "2026-11-27 00:00"),
        ("in the morning", "2026-11-26 16:00", "2026-11-27 09:00"),
        ("in half an hour", "2026-11-26 23:45", "2026-11-27 00:15"),
        ("in two hours", "2026-11-26 16:00", "2026-11-26 18:00"),
        ("Saturday after dinner", "2026-11-26 16:00", "2026-11-28 20:00"),
        ("on Thursday at nine", "2026-11-26 07:00", "2026-12-03 09:00"),
        ("next Sunday", "2026-11-26 16:00", "2026-11-29 20:00"),
        ("Sunday next week", "2026-11-26 16:00", "2026-12-06 20:00"),
        ("next week on Monday", "2026-11-29 16:00", "2026-11-30 20:00"),
        ("next week", "2026-11-26 16:00", "2026-12-03 20:00"),
        ("on the third of May", "2026-11-26 16:00", "2027-05-03 20:00"),
        ("on the third of May", "2026-05-03 19:00", "2026-05-03 20:00"),
        ("on the third of May", "2026-05-03 20:00", "2027-05-03 20:00"),
        ("on the 31st at six", "2026-02-01 16:00", "2026-03-31 18:00"),
        ("on the 29th of February", "2026-11-26 16:00", "2028-02-29 20:00"),
    ],
)
def test_a_time_comes_to_the_next_point_that_fits(text: str, now: str, meant: str) -> None:
    when = replies_of("en").when(text)

    assert when is not None
    assert when.resolve(datetime.fromisoformat(now)) == datetime.fromisoformat(meant)


def test_half_an_hour_is_half_an_hour_also_when_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 29, 1, 45, tzinfo=berlin)

    later = When(minutes=30).resolve(now)

    assert (later - now.astimezone(UTC)) == timedelta(minutes=30)
    assert (later.hour, later.minute) == (3, 15)
    assert When(days=1, hour=8).resolve(now).tzinfo is berlin


WHENS = st.builds(
    When,
    days=st.none() | st.integers(0, 400),
    weekday=st.none() | st.integers(0, 6),
    weeks=st.integers(0, 1),
    month=st.none() | st.integers(1, 12),
    day=st.none() | st.integers(1, 29),
    hour=st.none() | st.integers(0, 23),
    minute=st.integers(0, 59),
    exact=st.booleans(),
    part=st.none() | st.sampled_from(PARTS),
)


@given(WHENS, st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
def test_nothing_that_was_said_lies_in_the_past(when: When, now: datetime) -> None:
    assert when.resolve(now) > now
    assert when.resolve(now) == when.resolve(now)


@pytest.mark.parametrize("case", [case for case in ALL if case.table == "when" and case.meaning != NONE], ids=str)
def test_what_the_guide_says_of_a_time_means_that_time(case: Case) -> None:
    """Said back in words and understood again, in every language."""
    replies, language = replies_of(case.code), load_script().languages[case.code]
    when = replies.when(case.text)
    spoken = spoken_slots({"day": Slot("date", when=when)}, language, ("Ana", "Ben"))["day"]

    again = replies.when(spoken)

    assert again is not None, spoken
    assert again.code == case.meaning, spoken


@pytest.mark.parametrize("code", sorted(load_script().languages))
def test_every_time_of_day_can_be_said(code: str) -> None:
    language = load_script().languages[code]
    for minute in range(0, 24 * 60, 7):
        when = When(days=1, hour=minute // 60, minute=minute % 60, exact=True)
        spoken = spoken_slots({"day": Slot("date", when=when)}, language, ("Ana", "Ben"))["day"]
        again = replies_of(code).when(spoken)
        assert again is not None, (when.code, spoken)
        assert again.code == when.code, spoken
