"""When the guide may listen while it speaks."""

from __future__ import annotations

import pytest

from voice_imago.hearing.echo import ENOUGH, LATELY, SETTLING, EchoJudge

QUIET, PLAYED, SILENCE = -62.0, -20.0, -100.0


def judged(blocks: int, heard: float, cleaned: float, voices: int = 0) -> EchoJudge:
    judge = EchoJudge()
    for _ in range(50):
        judge.block(SILENCE, QUIET, QUIET, False)
    speak(judge, SETTLING + blocks, heard, cleaned, voices)
    return judge


def speak(judge: EchoJudge, blocks: int, heard: float, cleaned: float, voices: int = 0) -> None:
    for number in range(blocks):
        judge.block(PLAYED, heard, cleaned, blocks - number <= voices)


def test_too_little_of_the_guide_gives_no_verdict() -> None:
    assert judged(ENOUGH - 1, -30.0, -60.0).verdict is None
    assert judged(ENOUGH, -30.0, -60.0).verdict is True


@pytest.mark.parametrize(
    ("heard", "cleaned", "verdict"),
    [
        (-30.0, -60.0, True),  # taken out
        (-30.0, -51.0, True),  # 21 dB, although something is left
        (-30.0, -47.0, False),  # 17 dB of a loud echo: still a voice
        (-30.0, -36.0, False),  # hardly anything
        (-52.0, -59.0, True),  # a soft echo that drowns in the room
        (-61.0, -61.0, True),  # headphones: nothing comes back
    ],
)
def test_most_of_the_echo_must_be_gone(heard: float, cleaned: float, verdict: bool) -> None:
    assert judged(40, heard, cleaned).verdict is verdict


def test_a_voice_in_what_is_left_is_a_no_until_it_is_forgotten() -> None:
    judge = judged(40, -30.0, -55.0, voices=3)
    assert judge.verdict is False
    speak(judge, 70, -30.0, -55.0)
    assert judge.verdict is True


def test_the_first_blocks_do_not_count() -> None:
    judge = judged(0, -30.0, -30.0)
    speak(judge, ENOUGH, -30.0, -60.0)
    assert judge.seen.blocks == ENOUGH
    assert judge.seen.reduction_db == pytest.approx(30.0)
    assert judge.verdict is True


def test_what_sounds_while_the_guide_is_silent_counts_neither_way() -> None:
    judge = judged(40, -30.0, -60.0)
    for _ in range(200):
        judge.block(SILENCE, -25.0, -25.0, True)
    assert judge.seen.blocks <= 40 + 5
    assert not judge.broken


def test_cancelling_that_stops_working_is_noticed_and_a_moments_talk_is_not() -> None:
    judge = judged(60, -30.0, -60.0)
    speak(judge, LATELY // 3, -26.0, -27.0)
    assert not judge.broken
    speak(judge, LATELY, -26.0, -27.0)
    assert judge.broken
    judge.forget()
    assert judge.verdict is None
    assert not judge.broken


def test_the_echo_of_a_block_may_come_half_a_second_later() -> None:
    judge = EchoJudge()
    for _ in range(30):
        judge.block(SILENCE, QUIET, QUIET, False)
    for _ in range(12):
        for _ in range(2):
            judge.block(PLAYED, QUIET, QUIET, False)
        for _ in range(4):
            judge.block(SILENCE, -30.0, -31.0, False)
    assert judge.verdict is False
