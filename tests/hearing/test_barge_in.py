"""Suspected, certain, over: frame by frame."""

from __future__ import annotations

import random

import pytest

from voice_imago.events import FrameHeard
from voice_imago.hearing.barge_in import Alarm, BargeIn

FRAME_S = 0.032


class Frames:
    def __init__(self) -> None:
        self.barge_in, self.n = BargeIn(), 0
        self.barge_in.prompt_began(speaking=False)

    def feed(self, n: int, quick: float | None = 0.0, speech: float = 0.0, **more: bool) -> list[tuple[int, Alarm]]:
        """What came of these frames, and after how many."""
        found = []
        for count in range(1, n + 1):
            self.n += 1
            heard = None if quick is None else quick >= 0.6
            marks = {"over": True, "against": speech < 0.05, **more}
            frame = FrameHeard(self.n * FRAME_S, speech, -30.0, quick=heard, **marks)
            if (alarm := self.barge_in.feed(frame)) is not None:
                found.append((count, alarm))
        return found


def test_a_voice_is_suspected_after_64_ms_and_certain_after_96() -> None:
    frames = Frames()
    frames.feed(10)
    assert frames.feed(10, 1.0, 0.9) == [(2, "suspected"), (3, "certain")]


def test_it_is_over_when_they_have_finished() -> None:
    frames = Frames()
    frames.feed(20, 1.0, 0.9)
    assert frames.feed(40) == [(22, "over")]


def test_a_false_alarm_is_over_sooner_and_the_third_is_not_believed() -> None:
    frames = Frames()
    for _ in range(2):
        assert frames.feed(3, 1.0, 0.0) == [(2, "suspected")]
        assert frames.feed(30) == [(13, "over")]
    assert frames.feed(3, 1.0, 0.0) == []
    assert frames.feed(20) == []
    assert frames.feed(6, 1.0, 0.5) == [(3, "certain")], "a voice is believed all the same"


def test_what_the_slow_detector_is_wholly_against_is_never_certain() -> None:
    frames = Frames()
    assert frames.feed(30, 1.0, 0.04) == [(2, "suspected")]


def test_what_a_jump_of_the_echo_leaves_for_a_moment_is_neither_certain_nor_suspected() -> None:
    frames = Frames()
    assert frames.feed(6, 1.0, 0.2, faint=True) == []
    frames.feed(8)
    assert frames.feed(2, 1.0, 0.2, faint=True) == []
    assert frames.feed(4, 1.0, 0.2) == [(2, "suspected"), (3, "certain")], "and hides nobody"


def test_faint_frames_count_a_third() -> None:
    frames = Frames()
    found = [alarm for faint in (True, False, True, False, True) for _, alarm in frames.feed(1, 1.0, 0.2, faint=faint)]
    assert found == ["suspected", "certain"]
    fewer = Frames()
    found = [alarm for faint in (True, False, False, True) for _, alarm in fewer.feed(1, 1.0, 0.2, faint=faint)]
    assert found == ["suspected"]


def test_without_a_quick_detector_the_slow_one_decides() -> None:
    frames = Frames()
    assert frames.feed(10, None, 0.4) == []
    assert frames.feed(10, None, 0.6) == [(2, "suspected"), (3, "certain")]


@pytest.mark.parametrize("mark", ["doubtful", "gated"])
def test_frames_that_cannot_be_trusted_count_for_nothing(mark: str) -> None:
    frames = Frames()
    assert frames.feed(30, 1.0, 0.9, **{mark: True}) == []


def test_speech_that_began_before_the_prompt_counts_only_after_a_pause() -> None:
    frames = Frames()
    frames.barge_in.prompt_began(speaking=True)
    assert frames.feed(30, 1.0, 0.9) == []
    frames.feed(8)
    assert frames.feed(5, 1.0, 0.9) == [(2, "suspected"), (3, "certain")]


def test_an_alarm_that_outlasts_the_prompt_still_ends_and_none_begins_after_it() -> None:
    frames = Frames()
    frames.feed(5, 1.0, 0.9)
    assert frames.feed(30, over=False) == [(22, "over")]
    assert frames.feed(10, 1.0, 0.9, over=False) == []


def test_nobody_is_waited_for_longer_than_twelve_seconds() -> None:
    frames = Frames()
    alarms = frames.feed(1000, 1.0, 0.9)
    assert [alarm for _, alarm in alarms] == ["suspected", "certain", "over"]
    assert alarms[-1][0] * FRAME_S == pytest.approx(12.0, abs=0.2)


def test_whatever_comes_alarms_follow_each_other_in_order() -> None:
    chance = random.Random(4)
    for _ in range(50):
        frames, before = Frames(), "over"
        for _ in range(100):
            quick, speech = chance.choice((0.0, 1.0)), chance.random()
            for _, alarm in frames.feed(chance.randint(1, 20), quick, speech, doubtful=chance.random() < 0.1):
                allowed = {"over": {"suspected", "certain"}, "suspected": {"certain", "over"}, "certain": {"over"}}
                assert alarm in allowed[before]
                before = alarm
