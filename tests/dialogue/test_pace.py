"""More time: every wait twice, four times, ten times as long, then without a limit; by word and by key (WCAG 2.2.1)."""

from __future__ import annotations

import math

import pytest

from tests.dialogue.driver import Table
from voice_imago.dialogue.pace import NO_LIMIT, changed, stretched, unstretched
from voice_imago.events import Intervention, Window

WINDOW = Window("thing", 0, 1, "send", 3.5, (20.0, 60.0, 300.0), (30.0, 60.0, 90.0))


@pytest.mark.parametrize(
    ("pace", "silence_s", "reminders_s", "limits_s"),
    [
        (1.0, 3.5, (20.0, 60.0, 300.0), (30.0, 60.0, 90.0)),
        (2.0, 7.0, (40.0, 120.0, 600.0), (60.0, 120.0, 180.0)),
        (10.0, 10.5, (200.0, 600.0, 3000.0), (300.0, 600.0, 900.0)),
        (NO_LIMIT, 10.5, (), ()),
    ],
)
def test_every_wait_is_stretched(
    pace: float, silence_s: float, reminders_s: tuple[float, ...], limits_s: tuple[float, ...]
) -> None:
    window = stretched(WINDOW, pace, grace=False)
    assert (window.end_silence_s, window.reminders_s, window.talk_limits_s) == (silence_s, reminders_s, limits_s)


def test_the_guide_still_asks_what_nobody_asks() -> None:
    assert stretched(WINDOW, NO_LIMIT, grace=True).reminders_s == (200.0, 600.0, 3000.0)


def test_it_goes_in_steps_to_ten_times_and_beyond_and_back_at_once() -> None:
    pace, paces = 1.0, []
    for _ in range(5):
        pace = changed(pace, more=True)
        paces.append(pace)
    assert paces == [2.0, 4.0, 10.0, math.inf, math.inf]
    assert changed(math.inf, more=False) == 1.0
    assert (unstretched(40.0, 2.0), unstretched(40.0, NO_LIMIT)) == (20.0, 40.0)


@pytest.mark.parametrize("by", ["word", "key"])
def test_who_asks_for_more_time_gets_it_from_the_step_at_hand(by: str) -> None:
    table = Table().goes_to("thing").guide_finishes()
    usual = table.window.reminders_s

    def more() -> None:
        (table.command("more_time") if by == "word" else table.key("g")).guide_finishes()

    more()
    assert (table.step, table.window.reminders_s) == ("thing", tuple(2 * s for s in usual))
    for _ in range(3):
        more()
    assert (table.step, table.window.reminders_s, table.window.talk_limits_s) == ("thing", (), ())
    assert table.prompts[-1] == "guide.no_limit"
    table.key("z").guide_finishes()
    assert table.window.reminders_s == usual


def test_reminders_come_in_their_order_however_long_they_take() -> None:
    table = Table().goes_to("thing").guide_finishes()
    table.key("g").guide_finishes()
    said = []
    for _ in range(2):
        table.waits(table.window.reminders_s[0]).guide_finishes()
        said.append(table.prompts[-1])
    assert said == ["guide.take_time", "guide.stay_skip_stop"]


def test_a_long_turn_is_left_alone_for_longer() -> None:
    table = Table().goes_to("thing").guide_finishes()
    table.key("g").guide_finishes()
    table.talks_on(60.0)
    assert [(move.kind, move.rung) for move in table.published(Intervention)] == [("long_turn", 1)]
