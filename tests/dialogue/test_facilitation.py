"""Gentle moves: three rungs, rarely, and never a culprit."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import real_script
from voice_imago.dialogue.facilitation import (
    REST_S,
    SOFT_SOUND,
    capability_notice,
    on_interruption,
    on_long_turn,
    on_overlap,
)

LONG_AGO = 1e9


def test_the_first_interruption_is_let_pass() -> None:
    assert on_interruption(0, 0, LONG_AGO) is None


@pytest.mark.parametrize(("moves", "rung"), [(0, 1), (1, 2), (2, 3), (3, 3), (9, 3)])
def test_moves_get_firmer_one_rung_at_a_time_and_end_with_a_choice(moves: int, rung: int) -> None:
    move = on_interruption(moves + 1, moves, LONG_AGO)
    assert move is not None
    assert move.rung == rung


def test_many_interruptions_while_the_guide_holds_back_do_not_make_the_next_move_firmer() -> None:
    move = on_interruption(before=7, moves=0, since_s=LONG_AGO)
    assert move is not None
    assert move.rung == 1


def test_between_two_moves_there_are_twenty_seconds() -> None:
    assert on_interruption(3, 1, REST_S - 0.1) is None
    assert on_interruption(3, 1, REST_S) is not None


def test_both_at_once_get_a_tone_and_a_word_only_when_they_go_on() -> None:
    assert on_overlap(1.5, 0, REST_S) is SOFT_SOUND
    assert on_overlap(1.5, 0, REST_S - 0.1) is None
    assert on_overlap(3.0, 0, REST_S - 0.1) is None
    moves = [on_overlap(3.0, moves, REST_S) for moves in range(3)]
    assert [(move.rung, move.prompt) for move in moves if move is not None] == [
        (1, "guide.one_voice"), (2, "guide.floor_2"), (3, "guide.floor_3")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "since_s", "rung"),
    [(30.0, LONG_AGO, 1), (60.0, LONG_AGO, 2), (90.0, LONG_AGO, 2), (30.0, 1.0, 1), (60.0, 1.0, 0), (5.0, LONG_AGO, 0)],
)
def test_a_long_piece_gets_a_sound_and_then_a_sentence(seconds: float, since_s: float, rung: int) -> None:
    assert on_long_turn(seconds, (30.0, 60.0), since_s) == rung


def test_every_move_and_notice_has_words_and_names_nobody_as_wrong() -> None:
    prompts = real_script().languages["en"].prompts
    keys = [on_interruption(1, moves, LONG_AGO) for moves in range(3)]
    named = [move.prompt for move in keys if move is not None]
    named += [*capability_notice("nothing"), *capability_notice("answers"), "guide.let_catch"]
    for key in named:
        text = prompts[key].first.lower()
        assert not any(word in text for word in ("stop interrupting", "wrong", "don't", "must"))
    assert capability_notice("speech") == ()
    assert len(prompts["guide.floor_1"].first.split()) <= 6
