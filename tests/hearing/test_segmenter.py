"""Probability in, speech started and ended out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.hearing.segmenter import Ended, Segmenter, SegmenterSettings, Started

FRAME_S = 0.032


def run(segmenter: Segmenter, *probabilities: float, begin: int = 0) -> list[tuple[int, Started | Ended]]:
    """Changes with the number of the frame (from 1) that told them."""
    found = []
    for n, speech in enumerate(probabilities, begin + 1):
        change = segmenter.feed(n * FRAME_S, speech)
        if change is not None:
            found.append((n, change))
    return found


def plain() -> Segmenter:
    return Segmenter(SegmenterSettings(lag_s=0.0))


def test_speech_starts_where_it_began_not_where_it_was_believed() -> None:
    assert run(plain(), *[0.0] * 10, *[0.9] * 5) == [(13, Started(pytest.approx(10 * FRAME_S)))]


def test_speech_ends_at_the_first_silent_frame_once_the_hangover_is_over() -> None:
    changes = run(plain(), *[0.9] * 10, *[0.0] * 20)

    assert changes[1] == (16, Ended(0.0, pytest.approx(10 * FRAME_S)))


def test_the_lag_is_taken_out_of_both_times() -> None:
    late = Segmenter(SegmenterSettings(lag_s=0.06))

    changes = [change for _, change in run(late, *[0.0] * 10, *[0.9] * 10, *[0.0] * 10)]

    assert changes == [
        Started(pytest.approx(10 * FRAME_S - 0.06)),
        Ended(pytest.approx(10 * FRAME_S - 0.06), pytest.approx(20 * FRAME_S - 0.06)),
    ]


def test_a_click_is_not_speech() -> None:
    assert run(plain(), 0.0, 0.9, 0.9, *[0.0] * 20) == []


def test_two_clicks_within_the_hangover_are_the_beginning_of_speech() -> None:
    changes = run(plain(), 0.9, 0.0, 0.0, 0.9, 0.9)

    assert changes == [(4, Started(0.0))]


def test_a_short_dip_does_not_end_speech() -> None:
    assert len(run(plain(), *[0.9] * 10, *[0.0] * 5, *[0.9] * 10)) == 1


def test_a_doubtful_probability_keeps_what_is_the_case() -> None:
    """Between off and on nothing begins and nothing ends."""
    between = 0.35

    assert run(plain(), *[between] * 50) == []
    assert len(run(plain(), *[0.9] * 5, *[between] * 50)) == 1


def test_silence_that_turned_doubtful_still_ends_speech() -> None:
    changes = run(plain(), *[0.9] * 5, 0.1, *[0.35] * 10)

    assert isinstance(changes[1][1], Ended)


def test_closing_ends_what_is_running() -> None:
    segmenter = plain()
    run(segmenter, *[0.9] * 10)

    assert segmenter.close(10 * FRAME_S) == Ended(0.0, pytest.approx(10 * FRAME_S))
    assert not segmenter.running
    assert segmenter.close(11 * FRAME_S) is None


def test_closing_forgets_a_click() -> None:
    segmenter = plain()
    run(segmenter, 0.9)

    assert segmenter.running
    assert segmenter.close(FRAME_S) is None
    assert not segmenter.running


def test_a_segment_never_begins_before_the_one_before_it_ended() -> None:
    segmenter = Segmenter(SegmenterSettings(lag_s=0.3))
    run(segmenter, *[0.9] * 5)
    ended = segmenter.close(5 * FRAME_S + 0.3)

    changes = run(segmenter, *[0.9] * 5, begin=5)

    assert ended is not None
    assert changes[0][1].start >= ended.end


@given(st.lists(st.floats(0.0, 1.0), max_size=300))
def test_segments_alternate_and_never_overlap(probabilities: list[float]) -> None:
    segmenter = Segmenter()
    changes = [change for _, change in run(segmenter, *probabilities)]

    last_end = 0.0
    for n, change in enumerate(changes):
        assert isinstance(change, Started if n % 2 == 0 else Ended)
        if isinstance(change, Ended):
            assert last_end <= change.start <= change.end
            assert change.start == changes[n - 1].start
            last_end = change.end


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"on": 0.3, "off": 0.4}, "off <= on"),
        ({"on": 1.0}, "on < 1"),
        ({"frame_s": 0.0}, "frame needs a length"),
        ({"lag_s": -0.1}, "lag cannot be negative"),
    ],
)
def test_impossible_thresholds_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SegmenterSettings(**wrong)
