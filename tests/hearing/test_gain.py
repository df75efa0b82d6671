"""The gain stage brings speech to one level and leaves silence alone."""

from __future__ import annotations

import numpy as np
import pytest

from voice_imago.hearing.gain import SILENCE_DB, Gain, level_db

FRAME = 512


def noise(db: float, frames: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(0.0, 10.0 ** (db / 20.0), (frames, FRAME)).astype(np.float32)


def run(gain: Gain, frames: np.ndarray) -> np.ndarray:
    return np.array([gain.apply(frame, level_db(frame)) for frame in frames])


@pytest.mark.parametrize("speech_db", [-50, -40, -26, -15])
def test_speech_of_any_level_comes_out_at_the_target(speech_db: float) -> None:
    gain = Gain()
    run(gain, noise(speech_db - 30, 60))

    out = run(gain, noise(speech_db, 60))

    assert level_db(out[-1]) == pytest.approx(-15.0, abs=1.5)


def test_an_empty_room_is_never_amplified() -> None:
    gain = Gain()

    run(gain, noise(-60, 600))

    assert gain.gain_db == 0.0
    assert gain.speech_db is None
    assert gain.floor_db == pytest.approx(-60.0, abs=1.0)


def test_the_gain_is_held_in_a_pause() -> None:
    gain = Gain()
    run(gain, noise(-70, 60))
    run(gain, noise(-40, 60))
    before = gain.gain_db

    run(gain, noise(-70, 300))

    assert gain.gain_db == before


def test_a_second_louder_talker_is_followed_at_once_and_a_quieter_one_slowly() -> None:
    gain = Gain()
    run(gain, noise(-70, 60))
    run(gain, noise(-40, 60))

    quiet_gain_db = gain.gain_db
    run(gain, noise(-20, 8))
    loud_gain_db = gain.gain_db
    run(gain, noise(-40, 8))

    assert loud_gain_db < quiet_gain_db - 15.0
    assert gain.gain_db < loud_gain_db + 6.0


def test_a_loud_frame_is_clipped_not_wrapped() -> None:
    gain = Gain()
    run(gain, noise(-80, 60))
    run(gain, noise(-45, 60))

    out = run(gain, noise(-5, 1))

    assert np.abs(out).max() == 1.0


def test_digital_silence_has_a_level_and_changes_nothing() -> None:
    gain = Gain()
    frame = np.zeros(FRAME, np.float32)

    assert level_db(frame) == SILENCE_DB
    assert not gain.apply(frame, SILENCE_DB).any()
    assert gain.floor_db is None


def test_reset_forgets_the_room() -> None:
    gain = Gain()
    run(gain, noise(-70, 30))
    run(gain, noise(-40, 30))

    gain.reset()

    assert (gain.floor_db, gain.speech_db, gain.gain_db) == (None, None, 0.0)
