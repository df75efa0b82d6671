"""Patience and what changes it."""

from __future__ import annotations

import pytest

from voice_imago.events import Window
from voice_imago.hearing.endpointing import LEAST_FACTOR, MOST_FACTOR, Patience, PauseMemory, Turn
from voice_imago.hearing.pieces import PieceRules, Pieces

WINDOW = Window("feeling", 0, 1, "send", 2.5)


def taught(*pauses_s: float) -> PauseMemory:
    memory = PauseMemory()
    for pause_s in pauses_s:
        memory.heard(0, pause_s)
    return memory


def test_patience_is_the_step_times_the_setting_times_the_partner_plus_a_word() -> None:
    assert Patience(2.5, 2.0, 1.2, 2.0).seconds == pytest.approx(2.5 * 2.0 * 1.2 + 2.0)


def test_without_pauses_nothing_was_learnt() -> None:
    assert PauseMemory().factor(0) == 1.0
    assert PauseMemory().factor(None) == 1.0


def test_usual_pauses_change_nothing() -> None:
    assert taught(*[0.8] * 50).factor(0) == pytest.approx(1.0)


def test_long_pauses_make_the_guide_more_patient_with_that_partner_only() -> None:
    memory = taught(*[1.6] * 20)

    assert memory.factor(0) > 1.2
    assert memory.factor(1) == 1.0


def test_one_long_pause_hardly_matters() -> None:
    assert taught(2.5).factor(0) < 1.1


def test_what_is_learnt_stays_within_bounds() -> None:
    assert taught(*[30.0] * 100).factor(0) == MOST_FACTOR
    assert taught(*[0.31] * 100).factor(0) == LEAST_FACTOR


def test_gaps_between_words_are_not_pauses() -> None:
    assert taught(*[0.25] * 100).count(0) == 0


def test_a_wrong_end_makes_the_guide_more_patient() -> None:
    memory = PauseMemory()
    memory.ended_wrongly(1)

    assert memory.factor(1) == pytest.approx(1.1)
    assert memory.factor(0) == 1.0


def test_the_expected_partner_holds_the_turn_once_they_spoke() -> None:
    turn = Turn(1, WINDOW, 0.0, 0.0, Pieces(PieceRules(), 0.032))
    turn.held_s[1] = 2.0

    assert turn.holder() == 1
    turn.held_s[0] = 0.4
    assert turn.holder() == 0


def test_nobody_holds_a_turn_before_a_third_of_a_second() -> None:
    turn = Turn(1, WINDOW, 0.0, 0.0, Pieces(PieceRules(), 0.032))
    turn.held_s[1] = 0.2

    assert turn.holder() is None
    assert turn.partner() == 0


def test_no_setting_makes_the_guide_hastier_than_its_detector() -> None:
    assert Patience(0.7, 0.6, 0.9, 0.0, least_s=0.6).seconds == 0.6
    assert Patience(0.7, 0.6, 0.9, 2.0, least_s=0.6).seconds == pytest.approx(2.6)
    assert Patience(3.5, 0.6, 1.0, 0.0, least_s=0.6).seconds == pytest.approx(2.1)
