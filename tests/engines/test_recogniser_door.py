"""Whatever knocks comes in as 16 kHz mono float32 in -1..1, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from voice_imago.engines.recogniser_door import active_s, admit, loudest_db
from voice_imago.errors import RecognitionError

SECOND = 16_000


def tone(length: int = SECOND, amplitude: float = 0.5) -> np.ndarray[Any, np.dtype[np.float32]]:
    return (amplitude * np.sin(np.arange(length) * 0.1)).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int8])
def test_integers_are_scaled_to_one(dtype: type[np.signedinteger[Any]]) -> None:
    whole = (tone().astype(np.float64) * np.iinfo(dtype).max).astype(dtype)
    clean = admit(whole)
    assert clean is not None
    assert clean.dtype == np.float32
    assert np.abs(clean).max() == pytest.approx(0.5, abs=0.01)


def test_the_most_negative_sample_is_minus_one() -> None:
    clean = admit(np.full(SECOND, -32768, dtype=np.int16))
    assert clean is not None
    assert clean.min() == -1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_becomes_silence(bad: float) -> None:
    sound = tone()
    sound[100:200] = bad
    clean = admit(sound)
    assert clean is not None
    assert np.all(clean[100:200] == 0.0)
    np.testing.assert_array_equal(clean[200:], sound[200:])


def test_too_loud_is_clipped_and_stays_sound() -> None:
    clean = admit(tone(amplitude=40.0))
    assert clean is not None
    assert (clean.min(), clean.max()) == (-1.0, 1.0)


def test_sound_that_is_right_comes_through_unchanged_and_is_our_own_copy() -> None:
    sound = tone()
    clean = admit(sound)
    assert clean is not None
    np.testing.assert_array_equal(clean, sound)
    assert not np.shares_memory(clean, sound)


@pytest.mark.parametrize(
    "nothing",
    [
        np.zeros(0, np.float32),
        np.ones(1, np.float32),
        tone(1_599),
        np.zeros(SECOND, np.float32),
        np.zeros(SECOND, np.int16),
        np.full(SECOND, np.nan, np.float32),
        tone(amplitude=0.0001),
    ],
    ids=["empty", "one sample", "under a tenth of a second", "silence", "integer silence", "NaN", "inaudible"],
)
def test_nothing_comes_out_as_nothing(nothing: np.ndarray[Any, np.dtype[Any]]) -> None:
    assert admit(nothing) is None


def test_a_quiet_voice_is_not_silence() -> None:
    assert admit(tone(amplitude=0.003)) is not None


def test_one_click_in_silence_is_sound() -> None:
    sound = np.zeros(SECOND, np.float32)
    sound[8_000:8_480] = 0.2
    assert admit(sound) is not None


@pytest.mark.parametrize("shape", [(SECOND, 2), (2, SECOND), (1, SECOND), ()])
def test_more_than_one_channel_is_refused_in_one_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(RecognitionError, match="Recognition needs one channel of sound, but got the shape"):
        admit(np.zeros(shape, np.float32))


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.complex64])
def test_samples_of_a_foreign_kind_are_refused(dtype: type[Any]) -> None:
    with pytest.raises(RecognitionError, match="Recognition needs float or signed integer samples, but got"):
        admit(np.zeros(SECOND, dtype))


def test_the_level_is_that_of_the_loudest_moment() -> None:
    sound = np.zeros(SECOND, np.float32)
    sound[4_800:5_280] = 0.1
    assert loudest_db(sound) == pytest.approx(-20.0, abs=0.1)
    assert loudest_db(np.zeros(0, np.float32)) == -120.0


def test_the_active_part_leaves_the_silence_around_out() -> None:
    sound = np.concatenate([np.zeros(8_000, np.float32), tone(9_600), np.zeros(8_000, np.float32)])
    assert active_s(sound) == pytest.approx(0.6, abs=0.06)
    assert active_s(np.zeros(0, np.float32)) == 0.0
