"""Half duplex, and the half second in which it is not: what may be heard while the guide speaks."""

from __future__ import annotations

import numpy as np
import pytest

from voice_imago.hearing.gate import GRACE_S, Gate, prompt_forecast

HZ = 48_000
FRAME_S = 0.032


def tone(seconds: float, level_db: float) -> np.ndarray:
    amplitude = 10.0 ** (level_db / 20.0) * np.sqrt(2.0) * 32767.0
    return np.rint(amplitude * np.sin(np.arange(round(seconds * HZ)) * 0.1)).astype(np.int16)


def test_a_plain_shut_knows_no_grace() -> None:
    gate = Gate()
    gate.coupling_db = -30.0
    gate.shut()

    assert gate.closed(1.0, 1.032)
    assert not gate.grace(1.0, 1.032)
    assert not gate.no_echo(1.032, 0.0)


def test_grace_lasts_half_a_second_from_the_first_shut_frame() -> None:
    gate = Gate()
    gate.shut(forecast=lambda at: -20.0)

    graced = [n for n in range(40) if gate.grace(3.0 + n * FRAME_S, 3.0 + (n + 1) * FRAME_S)]

    assert graced == list(range(int(GRACE_S / FRAME_S)))


def test_a_late_detector_gets_its_lag_on_top() -> None:
    gate = Gate()
    gate.shut(forecast=lambda at: -20.0)
    gate.grace(3.0, 3.032)

    assert not gate.grace(3.6, 3.632)
    assert gate.grace(3.6, 3.632, lag_s=0.25)


def test_a_tail_that_still_rings_and_a_time_out_know_no_grace() -> None:
    gate = Gate(tail_s=0.2)
    gate.open_after(1.0)
    gate.shut(forecast=lambda at: -20.0)
    assert not gate.grace(1.1, 1.132)
    assert gate.grace(1.22, 1.252)

    gate.microphone(False)
    assert not gate.grace(1.252, 1.284)


@pytest.mark.parametrize(("level_db", "heard"), [(-31.5, False), (-30.5, True)])
def test_only_a_frame_nine_decibels_above_the_forecast_is_no_echo(level_db: float, heard: bool) -> None:
    gate = Gate()
    gate.coupling_db = -20.0
    gate.shut(forecast=lambda at: -20.0)

    assert gate.no_echo(1.0, level_db) is heard


def test_without_a_measured_room_or_a_known_level_everything_may_be_echo() -> None:
    gate = Gate()
    gate.shut(forecast=lambda at: -20.0)
    assert not gate.no_echo(1.0, 0.0)

    gate.coupling_db = -20.0
    gate.shut(forecast=lambda at: None)
    assert not gate.no_echo(1.0, 0.0)


def test_a_forecast_is_the_loudest_so_far_and_never_sinks() -> None:
    pcm = np.concatenate((tone(0.2, -40.0), tone(0.1, -14.0), tone(0.5, -60.0)))
    forecast = prompt_forecast(pcm, HZ, 5.0)

    assert forecast(4.9) == -100.0
    assert forecast(5.1) == pytest.approx(-40.0, abs=0.5)
    assert forecast(5.3) == pytest.approx(-14.0, abs=0.5)
    assert forecast(5.6) == forecast(9.0) == pytest.approx(-14.0, abs=0.5)


def test_a_forecast_is_never_behind_what_was_played() -> None:
    """At each moment it covers every 32 ms that have begun to sound, wherever the microphone's frames begin."""
    random = np.random.default_rng(3)
    pcm = np.rint(random.normal(0.0, 3000.0, HZ) * np.linspace(0.0, 1.0, HZ) ** 2).astype(np.int16)
    forecast = prompt_forecast(pcm, HZ, 0.0)
    block = round(FRAME_S * HZ)

    for end in range(block, round(0.8 * HZ), 997):
        power = np.mean((pcm[end - block : end] / 32768.0) ** 2)
        assert forecast(end / HZ) >= 10.0 * np.log10(power + 1e-10) - 1.0


@pytest.mark.parametrize("samples", [0, 1, 100])
def test_a_prompt_of_next_to_nothing_has_a_forecast(samples: int) -> None:
    assert prompt_forecast(np.zeros(samples, np.int16), HZ, 0.0)(0.3) == -100.0


def test_in_full_duplex_a_prompt_shuts_nothing_and_is_known_to_be_in_the_air() -> None:
    gate = Gate(tail_s=0.2)
    gate.full = True
    gate.shut(1.0)
    assert not gate.closed(1.5, 1.532)
    assert gate.over(1.5, 1.532)
    assert not gate.over(0.9, 0.932)
    gate.open_after(2.0)
    assert gate.over(2.1, 2.132)
    assert gate.busy(2.1, 2.132)
    assert not gate.over(2.25, 2.282)


def test_a_sound_that_measures_is_heard_in_no_mode() -> None:
    gate = Gate()
    gate.full = True
    gate.open_after(1.0, 2.0)
    assert gate.closed(1.5, 1.532)
    assert not gate.closed(3.1, 3.132)


def test_a_time_out_closes_it_in_full_duplex_too() -> None:
    gate = Gate()
    gate.full = True
    gate.microphone(False)
    assert gate.closed(1.0, 1.032)
    assert gate.busy(1.0, 1.032)


def test_a_prompt_that_ends_opens_what_a_measurement_has_shut() -> None:
    gate = Gate(tail_s=0.2)
    gate.open_after(1.0, 5.0)
    gate.shut()
    gate.open_after(2.0)
    assert not gate.closed(2.3, 2.332)
