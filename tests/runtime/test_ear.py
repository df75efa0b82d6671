"""From chunks to frames heard: the gate, the memory of sound, bad input, and chunk invariance of the whole chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_voices import ANA, BEN, HZ, Samples, scene, silence

from voice_imago.engines.detectors import make_detector
from voice_imago.engines.ports import VoiceOpinion
from voice_imago.engines.voiceprint_enrolment import make_voiceprint
from voice_imago.events import FrameHeard, VoiceScored
from voice_imago.runtime.ear import Ear, Gate

FRAME_S = 512 / HZ


class LevelDetector:
    """Speech is whatever is loud; remembers what it was given."""

    name = "level"
    frame_samples = 512
    lag_s = 0.0
    level_sensitive = False

    def __init__(self) -> None:
        self.frames: list[Samples] = []
        self.resets = 0

    def probability(self, frame: Samples) -> float:
        self.frames.append(frame.copy())
        return float(np.abs(frame).max() > 0.01)

    def reset(self) -> None:
        self.resets += 1


class CountingVoiceprint:
    """Has an opinion on every frame, and one window per stretch, over all of it."""

    name = "counting"

    def __init__(self) -> None:
        self.stretches: list[list[Samples]] = [[]]

    def frame_llr(self, frame: Samples) -> float | None:
        self.stretches[-1].append(frame.copy())
        return 1.0

    def windows(self) -> Sequence[VoiceOpinion]:
        return ()

    def reset(self) -> None:
        if self.stretches[-1]:
            self.stretches.append([])

    def finish(self) -> Sequence[VoiceOpinion]:
        heard = len(self.stretches[-1]) * 512
        self.reset()
        return [VoiceOpinion(0, heard, 5.0)] if heard else []


def loud(seconds: float) -> Samples:
    """As loud as 0.1, and without an offset."""
    return np.where(np.arange(round(seconds * HZ)) % 2, np.float32(-0.1), np.float32(0.1))


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * HZ), np.float32)


def frames(heard: Sequence[object]) -> list[FrameHeard]:
    return [item for item in heard if isinstance(item, FrameHeard)]


# ---------------------------------------------------------------------- time and chunks


def test_each_frame_ends_when_it_was_received() -> None:
    heard = frames(Ear(LevelDetector()).hear(quiet(1.0)))

    assert [frame.at for frame in heard] == [(n + 1) * 512 / HZ for n in range(31)]


def test_now_counts_samples_not_frames() -> None:
    ear = Ear(LevelDetector())
    ear.hear(quiet(0.01))

    assert ear.now == 0.01


@pytest.fixture(scope="module")
def enrolments() -> tuple[Samples, Samples]:
    ana, ben = (scene(silence(0.3), replace(v, seed=v.seed + 10).speaks(8.0)) for v in (ANA, BEN))
    return ana, ben


@pytest.mark.parametrize("chunk", [16, 160, 511, 513, HZ, 100 * HZ])
def test_any_chunks_give_the_same_frames_and_opinions(chunk: int, enrolments: tuple[Samples, Samples]) -> None:
    """1 ms, 10 ms, odd sizes, 1 s and the whole recording at once, through the real chain."""
    sound = scene(silence(0.4), ANA.speaks(1.9), silence(0.5), BEN.speaks(0.6), silence(0.5))
    whole = Ear(make_detector("silero"), make_voiceprint(*enrolments)).hear(sound)

    ear = Ear(make_detector("silero"), make_voiceprint(*enrolments))
    cut = [heard for begin in range(0, len(sound), chunk) for heard in ear.hear(sound[begin : begin + chunk])]

    assert cut == whole
    assert any(isinstance(heard, VoiceScored) for heard in whole)


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_become_silence_and_are_counted(bad: float) -> None:
    ear = Ear(LevelDetector())
    sound = loud(0.1)
    sound[3:7] = bad

    heard = frames(ear.hear(sound))

    assert ear.faulty_samples == 4
    assert all(np.isfinite(frame.level_db) for frame in heard)
    assert ear.sound(0.0, 0.001)[3:7].tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (np.zeros(512, np.int16), "not int16"),
        (np.zeros((512, 2), np.float32), r"mono sound, not an array of shape \(512, 2\)"),
        ([0.0] * 512, "not list"),
    ],
)
def test_sound_of_another_kind_is_refused(sound: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Ear(LevelDetector()).hear(sound)  # type: ignore[arg-type]


def test_sound_beyond_full_scale_is_clipped() -> None:
    ear = Ear(LevelDetector())
    ear.hear(np.full(1024, 1e30, np.float32))

    assert ear.sound(0.0, 1.0).max() == 1.0


def test_an_empty_chunk_is_no_sound() -> None:
    ear = Ear(LevelDetector())

    assert ear.hear(np.zeros(0, np.float32)) == []
    assert ear.now == 0.0


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(4 * HZ, np.float32),
        np.ones(4 * HZ, np.float32),
        np.sign(np.sin(np.arange(4 * HZ) * 0.2)).astype(np.float32),
    ],
    ids=["zeros", "full scale", "square wave"],
)
def test_sound_without_a_voice_passes_the_whole_chain(sound: Samples, enrolments: tuple[Samples, Samples]) -> None:
    heard = frames(Ear(make_detector("silero"), make_voiceprint(*enrolments)).hear(sound))

    assert len(heard) == 125
    assert all(0.0 <= frame.speech <= 1.0 for frame in heard)


# ---------------------------------------------------------------------- memory of sound


def test_the_sound_of_a_moment_is_given_back_as_it_was() -> None:
    ear = Ear(LevelDetector())
    sound = scene(ANA.speaks(1.0))
    ear.hear(sound)

    assert np.abs(ear.sound(0.25, 0.75) - sound[4000:12000]).max() < 1e-4


def test_sound_that_is_gone_or_not_yet_here_is_left_out() -> None:
    ear = Ear(LevelDetector(), keep_s=1.0)
    ear.hear(quiet(3.0))
    ear.hear(loud(0.5))

    assert len(ear.sound(0.0, 1.0)) == 0
    assert len(ear.sound(2.0, 2.75)) == round(0.25 * HZ)
    assert len(ear.sound(3.25, 9.0)) == round(0.25 * HZ)
    assert len(ear.sound(-5.0, 2.0)) == 0


@given(st.lists(st.integers(0, 300), min_size=1, max_size=30), st.integers(0, 3000), st.integers(0, 400))
def test_the_memory_wraps_round_without_a_seam(chunks: list[int], start: int, length: int) -> None:
    ear = Ear(LevelDetector(), keep_s=500 / HZ)
    sound = (np.arange(sum(chunks)) % 1000 / 1000.0).astype(np.float32)
    begin = 0
    for size in chunks:
        ear.hear(sound[begin : begin + size])
        begin += size

    found = ear.sound(start / HZ, (start + length) / HZ)

    first = max(start, len(sound) - 500)
    assert np.allclose(found, sound[first : max(first, start + length)], atol=1e-4)


# ---------------------------------------------------------------------- gate


def test_nothing_the_guide_says_reaches_the_detector() -> None:
    detector = LevelDetector()
    ear = Ear(detector)
    ear.gate.shut()

    heard = frames(ear.hear(loud(1.0)))

    assert detector.frames == []
    assert all(frame.gated and frame.speech == 0.0 for frame in heard)


def test_the_gate_opens_one_tail_after_the_last_sample() -> None:
    ear = Ear(LevelDetector(), tail_s=0.3)
    ear.gate.shut()
    ear.hear(quiet(1.0))
    ear.gate.open_after(1.0)

    heard = frames(ear.hear(quiet(1.0)))

    first = next(frame for frame in heard if not frame.gated)
    assert first.at - FRAME_S >= 1.3
    assert first.at - FRAME_S < 1.3 + FRAME_S


def test_the_detector_begins_anew_when_the_gate_opens() -> None:
    detector = LevelDetector()
    ear = Ear(detector)
    ear.hear(quiet(0.2))
    ear.gate.shut()
    ear.hear(quiet(0.2))
    ear.gate.open_after(ear.now, 0.0)
    ear.hear(quiet(0.2))

    assert detector.resets == 1


def test_the_gate_can_be_shut_from_a_moment_on() -> None:
    """So that it does not depend on chunks when the guide began to speak."""
    ear = Ear(LevelDetector())
    ear.gate.shut(at_s=0.5)

    heard = frames(ear.hear(quiet(1.0)))

    assert [frame.at for frame in heard if not frame.gated][-1] <= 0.5


def test_a_time_out_closes_the_microphone_until_it_is_over() -> None:
    ear = Ear(LevelDetector())
    ear.gate.microphone(False)
    ear.gate.open_after(0.0, 0.0)
    assert all(frame.gated for frame in frames(ear.hear(quiet(0.5))))

    ear.gate.microphone(True)
    assert not any(frame.gated for frame in frames(ear.hear(quiet(0.5))))


def test_a_new_prompt_during_the_tail_keeps_the_gate_shut() -> None:
    gate = Gate(tail_s=0.5)
    gate.open_after(1.0)
    gate.shut()

    assert gate.closed(2.0, 2.032)


def test_the_sound_under_a_closed_gate_is_still_remembered() -> None:
    ear = Ear(LevelDetector())
    ear.gate.shut()
    ear.hear(loud(0.5))

    assert ear.sound(0.0, 0.5).max() > 0.09


# ---------------------------------------------------------------------- voiceprint


def test_the_voiceprint_gets_each_stretch_of_speech_with_its_pre_roll_and_without_silence() -> None:
    voiceprint = CountingVoiceprint()
    ear = Ear(LevelDetector(), voiceprint)

    heard = ear.hear(np.concatenate((quiet(0.512), loud(0.512), quiet(0.512), loud(1.024), quiet(0.512))))

    assert [len(stretch) for stretch in voiceprint.stretches if stretch] == [16 + 3, 32 + 3]
    windows = [item for item in heard if isinstance(item, VoiceScored)]
    assert [(w.start, w.end) for w in windows] == [
        (pytest.approx(0.512 - 3 * FRAME_S), pytest.approx(1.024)),
        (pytest.approx(1.536 - 3 * FRAME_S), pytest.approx(2.56)),
    ]


def test_a_short_dip_stays_inside_the_stretch() -> None:
    voiceprint = CountingVoiceprint()
    ear = Ear(LevelDetector(), voiceprint)

    ear.hear(np.concatenate((loud(0.512), quiet(0.096), loud(0.512), quiet(0.512))))

    assert [len(stretch) for stretch in voiceprint.stretches if stretch] == [16 + 3 + 16]


def test_the_gate_ends_a_stretch() -> None:
    voiceprint = CountingVoiceprint()
    ear = Ear(LevelDetector(), voiceprint)
    ear.hear(loud(0.512))
    ear.gate.shut()

    heard = ear.hear(loud(0.512))

    assert isinstance(heard[0], VoiceScored)
    assert [len(stretch) for stretch in voiceprint.stretches if stretch] == [16]


def test_a_partner_enrolled_later_is_known_from_then_on() -> None:
    ear = Ear(LevelDetector())
    assert all(frame.llr is None for frame in frames(ear.hear(loud(0.5))))

    ear.enrol(CountingVoiceprint())

    assert any(frame.llr == 1.0 for frame in frames(ear.hear(loud(0.5))))


@settings(max_examples=20)
@given(st.sampled_from([-30.0, -20.0, -10.0, 0.0, 10.0]))
def test_the_level_of_the_microphone_hardly_matters(gain_db: float) -> None:
    """Silero alone would miss quiet speech in noise; the gain stage brings it back."""
    random = np.random.default_rng(9)
    sound = np.concatenate((silence(2.0), ANA.speaks(3.0), silence(1.0)))
    sound = sound + random.normal(0.0, 10.0 ** (-46.0 / 20.0), len(sound)).astype(np.float32)
    scaled = np.clip(sound * np.float32(10.0 ** (gain_db / 20.0)), -1.0, 1.0)

    heard = frames(Ear(make_detector("silero")).hear(scaled))

    spoken = [frame.speech >= 0.4 for frame in heard if 2.3 < frame.at < 5.0]
    assert np.mean(spoken) > 0.9
    assert not any(frame.speech >= 0.4 for frame in heard if frame.at < 1.9)


# ---------------------------------------------------------------------- the first half second of a prompt


def level(at: float) -> float | None:
    return -20.0


def test_speech_that_is_running_when_a_prompt_begins_goes_on_being_heard_for_half_a_second() -> None:
    ear = Ear(LevelDetector())
    ear.hear(loud(0.512))
    ear.gate.shut(forecast=level)

    heard = frames(ear.hear(loud(1.024)))

    assert [frame.gated for frame in heard] == [False] * 15 + [True] * 17


def test_a_click_before_a_prompt_is_no_speech_that_goes_on() -> None:
    """Two frames are not believed yet; the guide's echo would make them a word."""
    ear = Ear(LevelDetector())
    ear.hear(np.concatenate((quiet(0.512), loud(0.064))))
    ear.gate.shut(forecast=level)

    assert all(frame.gated for frame in frames(ear.hear(loud(1.024))))


def test_speech_that_ends_in_a_prompt_is_not_begun_again_by_the_echo() -> None:
    ear = Ear(LevelDetector())
    ear.hear(loud(0.512))
    ear.gate.shut(forecast=level)

    heard = frames(ear.hear(np.concatenate((quiet(0.256), loud(0.768)))))

    assert [frame.gated for frame in heard[:6]] == [False] * 6
    assert all(frame.gated for frame in heard[8:])


def test_what_is_too_loud_for_the_echo_is_heard_and_the_rest_is_not() -> None:
    detector = LevelDetector()
    ear = Ear(detector)
    ear.gate.coupling_db = -20.0
    ear.hear(quiet(0.512))
    detector.frames.clear()
    ear.gate.shut(forecast=level)

    heard = frames(ear.hear(np.concatenate((loud(0.128) * 0.2, loud(0.128), loud(0.128) * 0.2, loud(0.768)))))

    assert [frame.gated for frame in heard[:12]] == [True] * 4 + [False] * 4 + [True] * 4
    assert [frame.gated for frame in heard[12:15]] == [False] * 3
    assert all(frame.gated for frame in heard[15:])
    assert len(detector.frames) == 7


def test_the_voiceprint_hears_nothing_of_the_guide_between_the_words_of_a_partner() -> None:
    voiceprint = CountingVoiceprint()
    ear = Ear(LevelDetector(), voiceprint)
    ear.gate.coupling_db = -20.0
    ear.hear(quiet(0.512))
    ear.gate.shut(forecast=level)

    ear.hear(np.concatenate((loud(0.16), loud(0.064) * 0.2, loud(0.16), quiet(0.5))))

    (stretch,) = [stretch for stretch in voiceprint.stretches if stretch]
    assert {float(frame.max()) for frame in stretch} == {0.0, float(np.float32(0.1))}


def test_the_detector_begins_anew_after_a_prompt_with_grace() -> None:
    detector = LevelDetector()
    ear = Ear(detector)
    ear.hear(loud(0.512))
    ear.gate.shut(forecast=level)
    ear.hear(loud(2.048))
    ear.gate.open_after(ear.now, 0.0)
    ear.hear(quiet(0.2))

    assert detector.resets == 1


@pytest.mark.parametrize("offset", [0.01, 0.05, -0.05])
def test_a_microphones_offset_does_not_make_the_ear_deaf(offset: float) -> None:
    """A level meter takes a constant for a loud sound; the quiet voice on top of it would not be amplified."""
    quiet_voice = scene(ANA.speaks(6.0)) * np.float32(0.05)
    clean = frames(Ear(make_detector("silero")).hear(quiet_voice))
    shifted = frames(Ear(make_detector("silero")).hear(quiet_voice + np.float32(offset)))
    spoken = [sum(frame.speech >= 0.4 for frame in heard) for heard in (clean, shifted)]
    assert spoken[0] > 100
    assert spoken[1] >= 0.95 * spoken[0]


@pytest.mark.parametrize(
    ("full", "sounding", "learns"), [(True, True, False), (True, False, True), (False, False, True)]
)
def test_what_a_canceller_leaves_of_the_guide_teaches_the_gain_nothing(
    full: bool, sounding: bool, learns: bool
) -> None:
    """Else what is left of the first prompt becomes 40 dB louder, and a voice."""
    ear = Ear(LevelDetector())
    ear.gate.full = full
    if sounding:
        ear.gate.shut()
    hiss = np.random.default_rng(1).standard_normal(512).astype(np.float32)
    for level_db in (-90.0, -90.0, -76.0, -76.0):
        ear.hear(hiss * np.float32(10 ** (level_db / 20)))
    assert (ear.gain.gain_db > 20.0) is learns
    assert (ear.gain.floor_db is not None) is learns


@pytest.mark.parametrize(("left_db", "faint"), [(-6.0, False), (-9.5, False), (-10.5, True), (-40.0, True)])
@pytest.mark.parametrize("voice", [True, False])
def test_over_the_guide_a_voice_is_faint_where_more_than_10_db_were_taken_out(
    left_db: float, faint: bool, voice: bool
) -> None:
    ear = Ear(LevelDetector())
    raw = np.full(512, 0.1, np.float32) * np.where(np.arange(512) % 2, 1, -1).astype(np.float32)
    asked: list[tuple[float, float]] = []

    def before(start_s: float, end_s: float) -> np.ndarray:
        asked.append((start_s, end_s))
        return raw

    ear.gate.full, ear.quick, ear.raw = True, lambda frame: 1.0 if voice else 0.0, before
    ear.gate.shut()
    heard = ear.hear((raw * 10 ** (left_db / 20)).astype(np.float32))

    assert [frame.faint for frame in heard if isinstance(frame, FrameHeard)] == [faint and voice]
    assert asked == ([(0.0, 0.032)] if voice else [])
