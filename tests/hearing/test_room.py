"""The room measured from sound: noise of every kind, and the echo of a chirp in made rooms whose truth is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_voices import ANA, BEN

from voice_imago.hearing.room import (
    CHIRP_PEAK,
    CHIRP_S,
    HIGH_HZ,
    HZ,
    LEAST_TAIL_S,
    LISTEN_S,
    LOW_HZ,
    MARGIN_DB,
    MOST_TAIL_S,
    PROMPT_DB,
    UNHEARD_DB,
    Echo,
    Noise,
    Room,
    chirp,
    dead,
    echo_of,
    louder,
    noise_of,
)

Doubles = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32]
LENGTH = round(LISTEN_S * HZ)
CHIRP = chirp()


def hiss(level_db: float, seconds: float = 3.0, *, tilt: float = 0.0, seed: int = 1) -> Samples:
    """Noise; tilt 0 is white, 0.5 pink, 1 brown."""
    n = round(seconds * HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0.0, 1.0, n))
    sound = np.fft.irfft(spectrum / np.maximum(np.fft.rfftfreq(n, 1.0 / HZ), 40.0) ** tilt, n)
    return (sound / sound.std() * 10.0 ** (level_db / 20.0)).astype(np.float32)


def tone(hz: float, level_db: float, seconds: float = 3.0) -> Samples:
    t = np.arange(round(seconds * HZ)) / HZ
    return (np.sqrt(2.0) * 10.0 ** (level_db / 20.0) * np.sin(2.0 * np.pi * hz * t)).astype(np.float32)


def clatter(count: int, level_db: float = -20.0, seconds: float = 3.0, seed: int = 2) -> Samples:
    """Cutlery: bursts that die away within a tenth of a second."""
    random = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * HZ))
    burst = np.exp(-np.arange(3200) / 600.0)
    for begin in random.integers(0, len(sound) - len(burst), count):
        sound[begin : begin + len(burst)] += random.normal(0.0, 10.0 ** (level_db / 20.0), len(burst)) * burst
    return sound.astype(np.float32)


def spoken(level_db: float) -> Samples:
    """Three seconds of words with pauses between them."""
    sound = ANA.speaks(3.0) * np.float32(10.0 ** ((level_db + 24.0) / 20.0))
    t = np.arange(len(sound)) / HZ
    return (sound * (np.sin(2.0 * np.pi * 0.9 * t) > -0.5)).astype(np.float32)


# ---------------------------------------------------------------------- noise


@pytest.mark.parametrize("level_db", [-75.0, -60.0, -50.0])
@pytest.mark.parametrize("tilt", [0.0, 0.5, 1.0])
def test_a_quiet_room_is_good_whatever_its_noise_sounds_like(level_db: float, tilt: float) -> None:
    noise = noise_of(hiss(level_db, tilt=tilt))

    assert noise.outcome == "good"
    assert noise.noise_db == pytest.approx(level_db, abs=1.5)


@pytest.mark.parametrize("tilt", [0.0, 0.5, 1.0])
def test_a_fan_or_a_kettle_is_noisy(tilt: float) -> None:
    noise = noise_of(hiss(-36.0, tilt=tilt))

    assert noise.outcome == "noisy"
    assert noise.noise_db == pytest.approx(-36.0, abs=1.5)


def test_a_hum_is_noisy() -> None:
    assert noise_of(tone(100.0, -35.0) + hiss(-60.0)).outcome == "noisy"


def test_clatter_in_a_quiet_room_is_restless_and_hides_its_floor_from_nobody() -> None:
    noise = noise_of(hiss(-62.0) + clatter(5))

    assert noise.outcome == "restless"
    assert noise.noise_db == pytest.approx(-62.0, abs=2.0)
    assert noise.noise_peak_db > -45.0


def test_speech_is_restless() -> None:
    for level_db in (-25.0, -35.0, -40.0):
        assert noise_of(hiss(-65.0) + spoken(level_db)).outcome == "restless"


def test_one_click_is_not_worth_a_word() -> None:
    sound = hiss(-62.0)
    sound[20_000:20_300] += 0.3

    assert noise_of(sound).outcome == "good"


def test_clatter_that_disturbs_nobody_is_good() -> None:
    assert noise_of(hiss(-75.0) + clatter(6, level_db=-58.0)).outcome == "good"


def test_some_clatter_over_a_loud_fan_is_told_of_the_fan() -> None:
    """Asking for quiet would not help."""
    noise = noise_of(hiss(-34.0) + clatter(3, level_db=-12.0))

    assert noise.outcome == "noisy"
    assert noise.steady


def test_somebody_who_speaks_hides_the_room() -> None:
    """A voice must not be remembered as the room's noise."""
    assert not noise_of(hiss(-65.0) + spoken(-30.0)).steady
    assert not noise_of(hiss(-65.0) + BEN.speaks(3.0)).steady


@pytest.mark.parametrize(
    "sound",
    [np.zeros(3 * HZ, np.float32), np.full(3 * HZ, 0.1, np.float32), np.zeros(0, np.float32), np.zeros(1, np.float32)],
    ids=["zeros", "an offset", "nothing", "one sample"],
)
def test_what_no_microphone_delivers_is_silent(sound: Samples) -> None:
    assert noise_of(sound).outcome == "silent"
    assert dead(sound)


def test_the_faintest_real_noise_is_not_silent() -> None:
    """One step of 16 bits now and then: a muted microphone gives exact zeros, a quiet one does not."""
    sound = np.rint(np.random.default_rng(3).normal(0.0, 0.4, 3 * HZ)).astype(np.float32) / np.float32(32767.0)

    assert noise_of(sound).outcome == "good"


def test_an_offset_of_the_microphone_is_no_noise() -> None:
    assert noise_of(hiss(-60.0) + np.float32(0.1)).noise_db == pytest.approx(-60.0, abs=1.0)


@given(st.floats(-90.0, -5.0), st.integers(0, 9), st.integers(0, 6))
@settings(max_examples=40)
def test_noise_is_judged_in_order_of_level(level_db: float, seed: int, bursts: int) -> None:
    noise = noise_of(np.clip(hiss(level_db, seed=seed) + clatter(bursts, seed=seed), -1.0, 1.0))

    assert np.isfinite([noise.noise_db, noise.noise_peak_db]).all()
    assert noise.noise_db <= noise.noise_peak_db
    if noise.noise_db > -40.0:
        assert noise.outcome != "good"
    if bursts == 0 and level_db < -50.0:
        assert noise.outcome == "good"


# ---------------------------------------------------------------------- louder than before


@pytest.mark.parametrize(
    ("before", "now_db", "expected"),
    [
        (Room(), -20.0, False),
        (Room(noise_db=-60.0), -56.0, False),
        (Room(noise_db=-80.0), -60.0, False),
        (Room(noise_db=-60.0), -45.0, True),
        (Room(noise_db=-60.0, seat_db=(-20.0, -22.0)), -45.0, False),
        (Room(noise_db=-70.0, seat_db=(-20.0, -44.0)), -55.0, True),
        (Room(noise_db=-70.0, seat_db=(None, -44.0)), -55.0, True),
    ],
    ids=["never measured", "4 dB", "still quiet", "kettle", "loud partners", "a quiet partner", "one seat known"],
)
def test_louder_means_by_six_decibels_and_enough_to_matter(before: Room, now_db: float, expected: bool) -> None:
    assert louder(Noise("good", now_db, now_db + 2.0), before) is expected


def test_a_couple_that_chats_at_the_start_does_not_make_the_room_louder() -> None:
    now = noise_of(hiss(-62.0) + spoken(-28.0))

    assert not louder(now, Room(noise_db=-62.0, seat_db=(-28.0, -30.0)))


# ---------------------------------------------------------------------- the chirp


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_the_chirp_is_short_soft_and_does_not_click(rate_hz: int) -> None:
    sound = chirp(rate_hz)

    assert sound.dtype == np.float32
    assert len(sound) == round(CHIRP_S * rate_hz)
    assert np.abs(sound).max() <= CHIRP_PEAK
    assert abs(sound[0]) < 1e-6
    assert abs(sound[-1]) < 1e-3


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_the_chirp_stays_within_its_band(rate_hz: int) -> None:
    power = np.abs(np.fft.rfft(chirp(rate_hz))) ** 2
    hz = np.fft.rfftfreq(round(CHIRP_S * rate_hz), 1.0 / rate_hz)

    assert power[(hz > 0.9 * LOW_HZ) & (hz < 1.1 * HIGH_HZ)].sum() > 0.999 * power.sum()


# ---------------------------------------------------------------------- the echo


def room_response(rt60_s: float, direct_db: float, seed: int) -> Doubles:
    """A direct sound and noise that dies away exponentially, ``direct_db`` of the one above the other."""
    random = np.random.default_rng(seed)
    n = round((1.3 * rt60_s + 0.05) * HZ)
    response = random.normal(0.0, 1.0, n) * 10.0 ** (-3.0 * np.arange(n) / HZ / rt60_s)
    response /= np.sqrt(np.sum(response**2))
    response[0] += 10.0 ** (direct_db / 20.0)
    return response


def recorded(
    response: Doubles, coupling_db: float, snr_db: float, delay_s: float, *, tilt: float = 0.0, seed: int = 5
) -> tuple[Samples, Doubles, float]:
    """The chirp in that room as 16-bit sound, the response at the coupling's level, and the noise's level."""
    echo = np.convolve(CHIRP.astype(np.float64), response)
    scale = 10.0 ** (coupling_db / 20.0) * np.sqrt(np.sum(CHIRP.astype(np.float64) ** 2) / np.sum(echo**2))
    sound = np.zeros(LENGTH)
    begin = round(delay_s * HZ)
    length = min(len(echo), LENGTH - begin)
    sound[begin : begin + length] = scale * echo[:length]
    noise_db = 10.0 * float(np.log10(np.mean((scale * echo[: len(CHIRP)]) ** 2))) - snr_db
    sound += hiss(noise_db, LENGTH / HZ, tilt=tilt, seed=seed)
    return (np.rint(np.clip(sound, -1.0, 1.0) * 32767.0) / 32767.0).astype(np.float32), scale * response, noise_db


def true_tail_s(response: Doubles, noise_db: float) -> float:
    """Schroeder's sum over the noiseless response, in the chirp's band."""
    lead, size = 200, 1 << 17
    hz = np.fft.rfftfreq(size, 1.0 / HZ)
    band = (hz > 600.0) & (hz < 3700.0)
    within = np.fft.irfft(np.fft.rfft(np.concatenate((np.zeros(lead), response)), size) * band)
    within /= np.sqrt(np.sum(np.fft.irfft(band.astype(float)) ** 2))
    fall_db = 10.0 * np.log10(np.cumsum((within[lead - 16 : size // 2] ** 2)[::-1])[::-1] + 1e-30)
    below = np.flatnonzero(fall_db <= max(noise_db, UNHEARD_DB) + MARGIN_DB - PROMPT_DB)
    return float(np.clip(below[0] / HZ, LEAST_TAIL_S, MOST_TAIL_S))


@pytest.mark.parametrize("rt60_s", [0.2, 0.35, 0.5, 0.8])
@pytest.mark.parametrize("snr_db", [30.0, 20.0, 10.0, 5.0])
@pytest.mark.parametrize("coupling_db", [-40.0, -20.0, -12.0, 0.0])
def test_level_delay_and_tail_of_an_echo_are_found(rt60_s: float, snr_db: float, coupling_db: float) -> None:
    for direct_db, delay_s, tilt in ((-6.0, 0.013, 0.0), (0.0, 0.25, 0.5), (6.0, 0.58, 0.0)):
        response = room_response(rt60_s, direct_db, seed=round(1000 * rt60_s))
        sound, way, noise_db = recorded(response, coupling_db, snr_db, delay_s, tilt=tilt)

        echo = echo_of(sound, CHIRP)

        assert echo.outcome == "good"
        assert echo.echo_db == pytest.approx(coupling_db, abs=1.0)
        assert echo.delay_s == pytest.approx(delay_s, abs=0.001)
        assert echo.tail_s == pytest.approx(true_tail_s(way, noise_db), abs=0.02)


def test_a_room_that_rings_longer_has_the_longer_tail() -> None:
    tails = []
    for rt60_s in (0.2, 0.4, 0.6, 0.8):
        sound, _, _ = recorded(room_response(rt60_s, 0.0, seed=3), -6.0, 40.0, 0.1)
        tails.append(echo_of(sound, CHIRP, noise_db=-70.0).tail_s)

    assert tails == sorted(tails)
    assert tails[-1] > 2.5 * tails[0]


def test_the_tail_is_shorter_in_a_louder_room_that_hides_it() -> None:
    sound, _, _ = recorded(room_response(0.6, -3.0, seed=3), -6.0, 30.0, 0.1)
    tails = [echo_of(sound, CHIRP, noise_db=noise_db).tail_s for noise_db in (-60.0, -50.0, -40.0)]

    assert tails[0] > tails[1] > tails[2]


@pytest.mark.parametrize("rt60_s", [0.35, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(3))
def test_a_decay_that_drowns_in_passing_noise_is_continued_by_its_slope(rt60_s: float, seed: int) -> None:
    """The room is known to be quiet; a kettle boiled over the chirp."""
    sound, way, _ = recorded(room_response(rt60_s, -6.0, seed), -3.0, 5.0, 0.1, seed=seed)

    assert echo_of(sound, CHIRP, noise_db=-60.0).tail_s == pytest.approx(true_tail_s(way, -60.0), rel=0.2)


@pytest.mark.parametrize("rt60_s", [0.35, 0.8])
@pytest.mark.parametrize("seed", range(3))
def test_a_decay_that_cannot_be_read_is_that_of_a_furnished_room(rt60_s: float, seed: int) -> None:
    sound, _, _ = recorded(room_response(rt60_s, -6.0, seed), -3.0, -5.0, 0.1, seed=seed)

    assert 0.15 < echo_of(sound, CHIRP, noise_db=-60.0).tail_s < 0.3


def test_a_prompt_without_delay_is_found_too() -> None:
    """In a rehearsal the loudspeaker and the microphone are one array."""
    sound = np.concatenate((CHIRP, np.zeros(LENGTH - len(CHIRP), np.float32))) * np.float32(0.25)

    echo = echo_of(sound, CHIRP)

    assert (echo.outcome, echo.tail_s) == ("good", LEAST_TAIL_S)
    assert echo.echo_db == pytest.approx(-12.0, abs=0.2)
    assert echo.delay_s == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize("tilt", [0.0, 0.5, 1.0])
def test_in_noise_alone_there_is_no_echo(tilt: float) -> None:
    for seed in range(40):
        assert echo_of(hiss(-40.0, LISTEN_S + 0.001, tilt=tilt, seed=seed), CHIRP).outcome == "unheard"


@pytest.mark.parametrize("hz", [50.0, 440.0, 1000.0, 3000.0])
def test_a_tone_is_no_echo(hz: float) -> None:
    sound = tone(hz, -30.0, LISTEN_S + 0.001) + hiss(-60.0, LISTEN_S + 0.001)

    assert echo_of(sound, CHIRP).outcome == "unheard"


@pytest.mark.parametrize("seed", range(8))
def test_somebody_speaking_or_clattering_is_no_echo(seed: int) -> None:
    voice = (ANA if seed % 2 else BEN).speaks(LISTEN_S + 0.1 * seed)[-LENGTH:]
    sounds = (voice, clatter(6, seconds=LISTEN_S + 0.001, seed=seed) + hiss(-60.0, LISTEN_S + 0.001))
    for sound in sounds:
        assert echo_of(sound, CHIRP) == Echo("unheard", None, LEAST_TAIL_S, 0.0)


def test_zeros_hold_no_echo() -> None:
    assert echo_of(np.zeros(LENGTH, np.float32), CHIRP).outcome == "unheard"


def test_an_echo_is_found_below_a_rumbling_table() -> None:
    sound, _, _ = recorded(room_response(0.4, 0.0, seed=3), -30.0, 20.0, 0.2)

    echo = echo_of(sound + tone(50.0, -30.0, LISTEN_S + 0.001)[:LENGTH], CHIRP)

    assert echo.echo_db == pytest.approx(-30.0, abs=1.0)
    assert echo.delay_s == pytest.approx(0.2, abs=0.001)


@pytest.mark.parametrize("seed", range(4))
def test_an_echo_is_found_through_clatter(seed: int) -> None:
    sound, _, _ = recorded(room_response(0.4, 0.0, seed=3), -12.0, 20.0, 0.2)

    echo = echo_of(sound + clatter(3, level_db=-30.0, seconds=LISTEN_S + 0.001, seed=seed)[:LENGTH], CHIRP)

    assert echo.echo_db == pytest.approx(-12.0, abs=2.0)
    assert echo.delay_s == pytest.approx(0.2, abs=0.001)


def test_a_bad_loudspeaker_does_not_hide_the_echo() -> None:
    """Soft clipping gives overtones, which an upward glide puts before the direct sound."""
    sound, _, _ = recorded(room_response(0.3, 0.0, seed=3), -12.0, 30.0, 0.3)

    echo = echo_of((np.tanh(sound * 60.0) / 60.0).astype(np.float32), CHIRP)

    assert echo.outcome == "good"
    assert echo.delay_s == pytest.approx(0.3, abs=0.001)


def test_a_hall_is_ringing() -> None:
    sound, _, _ = recorded(room_response(2.5, -6.0, seed=3), -3.0, 40.0, 0.1)

    echo = echo_of(sound, CHIRP)

    assert (echo.outcome, echo.tail_s) == ("ringing", MOST_TAIL_S)


def test_a_guide_that_overdrives_the_microphone_is_overloud() -> None:
    sound, _, _ = recorded(room_response(0.3, 3.0, seed=3), -6.0, 30.0, 0.1)

    assert echo_of(sound, CHIRP).outcome == "good"
    assert echo_of(np.clip(sound * 40.0, -1.0, 1.0), CHIRP).outcome == "overloud"


def test_too_little_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="too few to hear an echo in"):
        echo_of(CHIRP, CHIRP)


@given(
    rt60_s=st.floats(0.15, 0.9),
    direct_db=st.floats(-8.0, 10.0),
    coupling_db=st.floats(-40.0, 0.0),
    snr_db=st.floats(5.0, 40.0),
    delay_s=st.floats(0.0, 0.59),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_any_room_is_measured_near_its_truth(
    rt60_s: float, direct_db: float, coupling_db: float, snr_db: float, delay_s: float, seed: int
) -> None:
    sound, way, noise_db = recorded(room_response(rt60_s, direct_db, seed), coupling_db, snr_db, delay_s, seed=seed)

    echo = echo_of(sound, CHIRP)

    assert echo.echo_db == pytest.approx(coupling_db, abs=1.5)
    assert echo.delay_s == pytest.approx(delay_s, abs=0.002)
    assert echo.tail_s == pytest.approx(true_tail_s(way, noise_db), abs=0.04)
    assert LEAST_TAIL_S <= echo.tail_s <= MOST_TAIL_S


@given(st.floats(0.001, 8.0))
@settings(max_examples=20)
def test_the_gain_of_the_microphone_moves_the_level_and_nothing_else(gain: float) -> None:
    sound, _, _ = recorded(room_response(0.4, 0.0, seed=3), -20.0, 30.0, 0.2)

    echo = echo_of((sound * np.float32(gain)).astype(np.float32), CHIRP, noise_db=-30.0)

    assert echo.echo_db == pytest.approx(-20.0 + 20.0 * np.log10(gain), abs=0.3)
    assert echo.delay_s == pytest.approx(0.2, abs=0.001)
