"""Opinions become labels: smoothed, late windows included, strangers apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.events import UNKNOWN
from voice_imago.hearing.speakers import SpeakerSettings, VoiceTrack

FRAME_S = 0.032


def track(*stretches: tuple[int, float | None], settings: SpeakerSettings | None = None) -> VoiceTrack:
    """Stretches of frames with the same opinion, one directly after the other."""
    made = VoiceTrack(settings or SpeakerSettings(frame_weight=1.0), FRAME_S, 0.0)
    n = 0
    for stretch, (count, llr) in enumerate(stretches):
        for frame in range(count):
            n += 1
            made.add(n * FRAME_S, llr, fresh=stretch == 0 and frame == 0)
    return made


def labels(made: VoiceTrack) -> list[tuple[int | None, int]]:
    """Speaker and number of frames of each span."""
    return [(s.speaker, round((s.end - s.start) / FRAME_S)) for s in made.spans(0.0, 1e9)]


def test_a_few_contrary_frames_do_not_change_the_speaker() -> None:
    assert labels(track((20, 2.0), (3, -2.0), (20, 2.0))) == [(0, 43)]


def test_enough_contrary_frames_change_the_speaker_where_they_began() -> None:
    assert labels(track((20, 2.0), (20, -2.0))) == [(0, 20), (1, 20)]


def test_the_running_label_follows_later_than_the_smoothed_one() -> None:
    made = track((20, 2.0), (6, -2.0))

    assert made.label == 0
    assert made.run(4.0)[0] == 0


def test_a_late_window_changes_frames_that_were_heard_before() -> None:
    made = track((40, 0.0))
    made.opine(0.0, 20 * FRAME_S, -20.0, True)
    made.opine(20 * FRAME_S, 40 * FRAME_S, 20.0, True)

    assert labels(made) == [(1, 20), (0, 20)]


def test_a_pause_makes_another_speaker_cheaper() -> None:
    made = track((20, 2.0))
    for n in range(21, 26):
        made.add(n * FRAME_S, -1.0, fresh=n == 21)
    without_pause = track((20, 2.0), (5, -1.0))

    assert made.label is None
    assert made.lead < 0.0
    assert without_pause.lead > 0.0


def test_the_expected_partner_wins_when_nothing_else_speaks() -> None:
    made = track((10, None))
    made.expect(1)

    assert not made.heard_voices
    assert labels(made) == [(1, 10)]


def test_the_expected_partner_loses_against_evidence() -> None:
    made = track((10, 1.0))
    made.expect(1)

    assert labels(made) == [(0, 10)]


def test_unfamiliar_windows_for_two_seconds_are_somebody_else() -> None:
    made = track((100, 0.1))
    made.opine(10 * FRAME_S, 90 * FRAME_S, 5.0, 1.5)

    assert labels(made) == [(0, 10), (UNKNOWN, 80), (0, 10)]


def test_one_unfamiliar_window_is_not_somebody_else() -> None:
    made = track((100, 0.1))
    made.opine(10 * FRAME_S, 48 * FRAME_S, 5.0, 1.5)

    assert labels(made) == [(0, 100)]


def test_a_familiar_window_over_the_same_frames_vouches_for_them() -> None:
    made = track((100, 0.1))
    made.opine(0.0, 100 * FRAME_S, 5.0, 1.5)
    made.opine(0.0, 100 * FRAME_S, 5.0, 0.0)

    assert made.strange_s() == 0.0


def test_windows_that_are_strange_only_on_the_whole_are_somebody_else() -> None:
    """Single windows say little: the mean of the run counts, and one window of a partner ends the run."""
    made = track((100, 0.1))
    for n, strangeness in enumerate((0.8, 1.6, 0.7, 1.4)):
        made.opine(20 * n * FRAME_S, 20 * (n + 1) * FRAME_S, 5.0, strangeness)
    assert made.strange_s() == pytest.approx(100 * FRAME_S)

    made.opine(40 * FRAME_S, 60 * FRAME_S, 5.0, 0.0)
    assert made.strange_s() == 0.0


def test_nobody_else_begins_in_the_middle_of_a_partners_word() -> None:
    """A noisy stretch of a partner's turn looks strange; somebody else begins in a silence."""
    made = track((100, 0.1))
    made.opine(30 * FRAME_S, 100 * FRAME_S, 5.0, 1.5)
    assert labels(made) == [(0, 100)]
    assert made.strange_s() == 0.0

    paused = VoiceTrack(SpeakerSettings(frame_weight=1.0), FRAME_S, 0.0)
    for n in range(1, 101):
        paused.add(n * FRAME_S, 0.1, fresh=n in (1, 31))
    paused.opine(30 * FRAME_S, 100 * FRAME_S, 5.0, 1.5)
    assert labels(paused) == [(0, 30), (UNKNOWN, 70)]


def test_dropping_a_turn_keeps_what_follows() -> None:
    made = track((20, 2.0), (20, -2.0))

    made.drop(20 * FRAME_S)

    assert len(made) == 20
    assert labels(made) == [(1, 20)]
    assert made.heard_voices


def test_trimming_the_hangover_keeps_the_speech() -> None:
    made = track((20, 2.0), (6, None))

    made.trim(20 * FRAME_S)

    assert len(made) == 20


def test_a_run_tells_since_when_the_voice_speaks() -> None:
    speaker, since, held_s = track((20, 2.0), (20, -2.0)).run(4.0)

    assert speaker == 1
    assert since == pytest.approx(20 * FRAME_S)
    assert held_s == pytest.approx(20 * FRAME_S)


@given(
    st.lists(st.floats(-8.0, 8.0), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40), st.floats(-25.0, 25.0)), max_size=6),
)
def test_late_windows_give_the_same_leads_as_a_fresh_start(
    frames: list[float], windows: list[tuple[int, int, float]]
) -> None:
    """The leads are only computed again where a window reaches; the result is that of computing them all."""
    once, again = (VoiceTrack(SpeakerSettings(), FRAME_S, 0.0) for _ in range(2))
    for n, llr in enumerate(frames, 1):
        once.add(n * FRAME_S, llr, fresh=n == 1)
        again.add(n * FRAME_S, llr, fresh=n == 1)
    for start, length, llr in windows:
        once.opine(start * FRAME_S, (start + length) * FRAME_S, llr, True)
        again.opine(start * FRAME_S, (start + length) * FRAME_S, llr, True)
    again.expect(None)

    assert once.lead == pytest.approx(again.lead)
    assert once.spans(0.0, 1e9) == again.spans(0.0, 1e9)


def test_the_first_label_leans_little_on_who_spoke_before() -> None:
    """Three frames of the other voice are enough after a pause; the running label still says the first one."""
    made = track((20, 2.0))
    for n in range(21, 24):
        made.add(n * FRAME_S, -1.4, fresh=n == 21)

    assert made.label is None
    assert made.first_label(20 * FRAME_S) == 1


def test_the_first_label_is_none_while_nothing_speaks_for_either() -> None:
    made = track((3, 0.1))

    assert made.first_label(0.0) is None


def test_a_rest_is_found_where_speech_began_anew() -> None:
    made = track((10, 2.0))
    for n in range(11, 31):
        made.add(n * FRAME_S, -2.0, fresh=n == 21)

    assert made.rested(5 * FRAME_S, 1.0) == pytest.approx(20 * FRAME_S)
    assert made.rested(21 * FRAME_S, 1.0) is None
