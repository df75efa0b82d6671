"""What of a turn is handed to the recogniser, and when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.hearing.pieces import LEAST_S, PieceRules, Pieces

FRAME_S = 0.032
RULES = PieceRules()


def said(*stretches: tuple[float, float]) -> Pieces:
    """Speech of so many seconds, each after so many seconds of silence."""
    pieces, at = Pieces(RULES, FRAME_S), 0.0
    for n, (paused_s, seconds) in enumerate(stretches):
        at += paused_s
        pieces.speech(at, paused_s if n else None)
        at += seconds
        pieces.silence(at)
    return pieces


@pytest.mark.parametrize(
    ("stretches", "due_s"),
    [
        (((0.0, 1.0),), RULES.early_s),
        (((0.0, 2.0),), RULES.soft_s),
        (((0.0, 4.0),), RULES.tail_s),
        (((0.0, 3.5), (0.4, 1.0)), RULES.tail_s),
        (((0.0, 3.5), (0.8, 1.0)), RULES.early_s),
        (((0.0, 3.5), (0.8, 2.5)), RULES.soft_s),
        (((0.0, 5.0), (0.4, 2.5)), RULES.tail_s),
        (((0.0, 5.0), (0.4, 2.7)), RULES.pause_s),
        (((0.0, 9.0),), RULES.pause_s),
        (((0.0, 9.0), (0.8, 1.0)), RULES.early_s),
    ],
)
def test_few_words_are_due_at_once_long_pieces_soon_and_the_rest_when_the_turn_is_probably_over(
    stretches: tuple[tuple[float, float], ...], due_s: float
) -> None:
    assert said(*stretches).due_s(3.5) == due_s


def test_last_words_are_looked_at_once_in_a_pause_and_stay_in_their_piece() -> None:
    pieces = said((0.0, 5.0))
    assert pieces.last_words(5.5, 0.5) is None
    assert pieces.last_words(5.7, 0.7) == (2.0, 5.15)
    assert pieces.last_words(5.8, 0.8) is None
    pieces.speech(6.0, 1.0)
    pieces.silence(10.0)
    assert pieces.last_words(10.8, 0.8) == (7.0, 10.15)
    assert pieces.rest(11.0) == [(0.0, 10.15)]


def test_where_patience_is_short_words_are_on_their_way_before_the_turn_ends() -> None:
    assert said((0.0, 2.0)).due_s(0.7) == pytest.approx(0.49)
    assert said((0.0, 4.0)).due_s(1.2) == pytest.approx(0.84)
    assert said((0.0, 1.0)).due_s(0.7) == RULES.early_s


def test_nothing_said_is_nothing_due() -> None:
    pieces = Pieces(RULES, FRAME_S)
    assert pieces.in_silence(60.0, 60.0, 3.5) == []
    assert pieces.in_speech(60.0) == []
    assert pieces.rest(60.0) == []


def test_a_click_is_not_worth_recognising() -> None:
    assert said((0.0, LEAST_S - 0.01)).rest(3.0) == []
    assert said((0.0, LEAST_S + 0.01)).rest(3.0) != []


def test_what_the_other_voice_says_is_left_out() -> None:
    pieces = said((0.0, 2.0), (0.3, 4.0))
    assert pieces.rest(2.1) == [(0.0, 2.1)]
    pieces.speech(6.5, 0.2)
    assert pieces.rest(7.0) == [(pytest.approx(6.35), 7.0)]


def test_the_quietest_of_the_last_seconds_is_where_a_piece_is_cut() -> None:
    pieces = Pieces(RULES, FRAME_S)
    pieces.speech(0.0)
    cuts = []
    for n in range(1, 1000):
        at = n * FRAME_S
        level = {200: -90.0, 820: -70.0, 850: -60.0}.get(n, -30.0)  # the first lies too far back
        pieces.frame(at, level)
        if found := pieces.in_speech(at):
            cuts.append((at, found))
    ((decided, ((begin, end),)),) = cuts
    assert decided == pytest.approx(RULES.longest_s, abs=FRAME_S)
    assert (begin, end) == (0.0, pytest.approx(820 * FRAME_S - FRAME_S / 2))
    assert pieces.rest(999 * FRAME_S) == [(end, 999 * FRAME_S)]


@given(
    st.lists(st.tuples(st.floats(0.2, 4.0), st.floats(0.05, 40.0)), min_size=1, max_size=12),
    st.sampled_from([0.7, 1.2, 2.5, 4.0]),
)
def test_every_word_is_handed_out_once_in_order_and_in_time(
    stretches: list[tuple[float, float]], patience_s: float
) -> None:
    pieces, n, at = Pieces(RULES, FRAME_S), 0, 0.0
    given_out: list[tuple[float, float]] = []
    spoken: list[tuple[float, float]] = []
    for paused_s, seconds in stretches:
        quiet_from = at
        for _ in range(round(paused_s / FRAME_S)):
            n += 1
            at = n * FRAME_S
            pieces.frame(at, -60.0)
            given_out += pieces.in_silence(at, at - quiet_from, patience_s)
        pieces.speech(at, at - quiet_from if spoken else None)
        start = at
        for _ in range(max(2, round(seconds / FRAME_S))):
            n += 1
            at = n * FRAME_S
            pieces.frame(at, -30.0 - n % 7)
            given_out += pieces.in_speech(at)
        pieces.silence(at)
        spoken.append((start, at))
    given_out += pieces.rest(at)

    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(given_out))
    assert all(end - begin <= RULES.longest_s + 2 * RULES.around_s for begin, end in given_out)
    for start, end in spoken:
        missing = (end - start) - sum(max(0.0, min(end, e) - max(start, b)) for b, e in given_out)
        assert missing <= LEAST_S + 1e-9
    assert pieces.rest(at) == []
