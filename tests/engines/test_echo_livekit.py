"""The real echo canceller, where the extra is installed: it takes the guide out and leaves the partner."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
import soxr

from voice_imago.engines.echo_livekit import LAG_SAMPLES, LivekitCanceller
from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ
from voice_imago.errors import DeviceError


def babble(seconds: float, seed: int, rate_hz: int) -> np.ndarray:
    """Noise that comes and goes like syllables, as int16."""
    random = np.random.default_rng(seed)
    n = round(seconds * rate_hz)
    gates = np.repeat(random.random(n // (rate_hz // 8) + 1) > 0.3, rate_hz // 8)[:n]
    coloured = np.convolve(random.standard_normal(n), np.ones(8) / 8, mode="same")
    return np.rint(np.clip(gates * coloured * 6000, -30_000, 30_000)).astype(np.int16)


def level(pcm: np.ndarray) -> float:
    return 10 * float(np.log10(np.mean((pcm / 32768.0) ** 2) + 1e-10))


@pytest.fixture
def canceller() -> LivekitCanceller:
    if "CI" not in os.environ:  # there it is always the real one: each of its platforms has a wheel
        pytest.importorskip("livekit.rtc")
    return LivekitCanceller()


def passed(canceller: LivekitCanceller, far: np.ndarray, mic: np.ndarray) -> np.ndarray:
    cleaned = []
    for n in range(len(mic) // 160):
        canceller.played(far[480 * n : 480 * n + 480])
        cleaned.append(canceller.clean(mic[160 * n : 160 * n + 160]))
    return np.concatenate(cleaned)


def echo_of(far: np.ndarray, delay_s: float = 0.1, db: float = -6.0) -> np.ndarray:
    at_the_ear = soxr.resample(far.astype(np.float32), PLAY_HZ, HEAR_HZ)[: len(far) // 3]
    late = np.concatenate([np.zeros(round(delay_s * HEAR_HZ)), at_the_ear])[: len(at_the_ear)]
    return np.rint(late * 10 ** (db / 20)).astype(np.int16)


def test_the_guide_is_taken_out(canceller: LivekitCanceller) -> None:
    far = babble(6.0, 1, PLAY_HZ)
    mic = echo_of(far)
    cleaned = passed(canceller, far, mic)
    second = slice(2 * HEAR_HZ, None)
    assert level(mic[second]) - level(cleaned[second]) > 20.0


def test_a_partner_without_a_prompt_is_left_alone_but_for_a_lag(canceller: LivekitCanceller) -> None:
    near = babble(4.0, 2, HEAR_HZ)
    cleaned = passed(canceller, np.zeros(4 * PLAY_HZ, np.int16), near).astype(float)
    end = slice(2 * HEAR_HZ, 3 * HEAR_HZ)
    alike = [float(np.dot(near[end], cleaned[end.start + lag : end.stop + lag])) for lag in range(400)]
    assert int(np.argmax(alike)) == pytest.approx(LAG_SAMPLES, abs=8)
    assert level(near[end]) - level(cleaned[end]) < 3.0


@pytest.mark.parametrize("wrong", [np.zeros(80, np.int16), np.zeros(161, np.int16), np.zeros(160, np.float32)])
def test_a_frame_of_another_length_is_an_error_and_not_the_end_of_the_program(
    canceller: LivekitCanceller, wrong: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="takes 160 int16 samples"):
        canceller.clean(wrong)
    with pytest.raises(ValueError, match="takes 480 int16 samples"):
        canceller.played(wrong)


def test_what_it_was_given_stays_as_it_was(canceller: LivekitCanceller) -> None:
    frame = np.arange(160, dtype=np.int16)
    frame.flags.writeable = False
    given = canceller.clean(frame)
    assert np.array_equal(frame, np.arange(160))
    given[0] = 1  # a copy of one's own


def test_without_the_extra_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livekit", None)
    monkeypatch.setitem(sys.modules, "livekit.rtc", None)
    with pytest.raises(DeviceError, match="Echo cancelling is not installed"):
        LivekitCanceller()
