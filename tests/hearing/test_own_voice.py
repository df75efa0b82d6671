"""The guide's own voice and a partner's, told apart by what was played."""

from __future__ import annotations

import numpy as np
import pytest

from voice_imago.hearing.own_voice import LIKE, SURELY, likeness

HZ = 16_000


def voice(seed: int, seconds: float) -> np.ndarray:
    random = np.random.default_rng(seed)
    n = round(seconds * HZ)
    return (np.convolve(random.standard_normal(n), np.ones(6) / 6, mode="same") * 0.1).astype(np.float32)


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.2, 0.55])
@pytest.mark.parametrize("factor", [1.0, -0.05])
def test_a_copy_of_what_was_played_is_known_at_any_delay_and_loudness(delay_s: float, factor: float) -> None:
    played = voice(1, 1.5)
    end = len(played) - round(delay_s * HZ)
    left = factor * played[end - round(0.3 * HZ) : end] + 0.003 * voice(3, 0.3)
    assert likeness(left, played[-round(0.9 * HZ) :]) > 0.9 > SURELY


def test_another_voice_is_not() -> None:
    assert likeness(voice(2, 0.3), voice(1, 0.9)) < LIKE


def test_a_partner_over_a_rest_of_the_echo_is_no_copy() -> None:
    played = voice(1, 0.9)
    left = voice(2, 0.3) + 0.05 * played[-round(0.5 * HZ) : -round(0.2 * HZ)]
    assert likeness(left, played) < LIKE


@pytest.mark.parametrize("played", [np.zeros(14_400, np.float32), np.zeros(0, np.float32), np.zeros(100, np.float32)])
def test_where_nothing_was_played_nothing_is_its_echo(played: np.ndarray) -> None:
    assert likeness(voice(2, 0.3), played) < LIKE


def test_silence_is_like_nothing() -> None:
    assert likeness(np.zeros(4800, np.float32), voice(1, 0.9)) == 0.0
