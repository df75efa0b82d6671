"""From loudspeaker to microphone: what is handed on, and when the guide listens while it speaks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Pcm, Samples
from voice_imago.errors import DeviceError
from voice_imago.hearing.gate import Gate
from voice_imago.hearing.room import Echo
from voice_imago.runtime.duplex import GAP_S, Duplex, LostSound, make_duplex
from voice_imago.runtime.echo_path import EchoPath, Reference
from voice_imago.runtime.plan import StartPlan

CHUNK = 640
"""40 ms, as the microphone gives them."""


class Exact:
    """ports.EchoCanceller that knows the way: every third sample of what was played, half as loud, at once."""

    name = "exact"
    lag_samples = 32
    works = True

    def __init__(self) -> None:
        self.played_frames: list[Pcm] = []
        self._heard = 0
        self._late = np.zeros(self.lag_samples)

    def played(self, frame: Pcm) -> None:
        assert frame.shape == (480,)
        assert frame.dtype == np.int16
        self.played_frames.append(frame)

    def clean(self, frame: Pcm) -> Pcm:
        assert frame.shape == (160,)
        known = self._heard < len(self.played_frames)
        echo = self.played_frames[self._heard][::3] / 2.0 if known else np.zeros(160)
        self._heard += 1
        left = np.concatenate([self._late, frame - (echo if self.works else 0)])
        self._late = left[160:]
        return np.rint(left[:160]).astype(np.int16)


def noise(seconds: float, amplitude: int, seed: int = 1, rate_hz: int = PLAY_HZ) -> Pcm:
    random = np.random.default_rng(seed)
    return (random.standard_normal(round(seconds * rate_hz)) * amplitude).astype(np.int16)


def through(path: EchoPath, far: Pcm, near: Samples | None = None) -> tuple[Samples, Samples]:
    """Echo and partner through the path, chunk by chunk."""
    mic = far[::3] / 2.0 / 32768.0
    mic = (mic if near is None else mic + near).astype(np.float32)
    cleaned, raw = [], []
    for n in range(len(mic) // CHUNK):
        pair = path.clean([(far[3 * CHUNK * n :][: 3 * CHUNK], float(PLAY_HZ))], mic[CHUNK * n :][:CHUNK])
        cleaned.append(pair[0])
        raw.append(pair[1])
    return np.concatenate(cleaned), np.concatenate(raw)


def level(sound: Samples) -> float:
    return 10 * float(np.log10(np.mean(sound**2) + 1e-12))


# ---------------------------------------------------------------------- the path


def test_while_the_guide_sounds_it_is_taken_out_and_the_raw_sound_is_kept() -> None:
    cleaned, raw = through(EchoPath(Exact), noise(2.0, 3000))
    assert len(cleaned) == len(raw) == 2 * HEAR_HZ
    assert level(raw[HEAR_HZ:]) > -30.0
    assert level(cleaned[HEAR_HZ:]) < -70.0


def test_while_the_loudspeaker_is_quiet_the_couple_is_heard_as_the_microphone_heard_it() -> None:
    """Only as late as the cleaned sound would be: the noise suppression of a canceller touches no voice."""
    near = (noise(2.0, 3000, 2, HEAR_HZ) / 32768.0).astype(np.float32)
    cleaned, raw = through(EchoPath(Exact), np.zeros(2 * PLAY_HZ, np.int16), near)
    assert np.array_equal(cleaned, raw)
    assert np.array_equal(cleaned[Exact.lag_samples :], near[: -Exact.lag_samples])


def test_back_from_one_to_the_other_there_is_no_jump() -> None:
    t = np.arange(3 * HEAR_HZ) / HEAR_HZ
    near = (0.2 * np.sin(2 * np.pi * 200 * t)).astype(np.float32)
    far = np.concatenate([noise(0.5, 3000), np.zeros(round(2.5 * PLAY_HZ), np.int16)])
    cleaned, raw = through(EchoPath(Exact), far, near)
    assert np.array_equal(cleaned[-HEAR_HZ:], raw[-HEAR_HZ:]), "a second after the guide"
    steepest = 0.2 * 2 * np.pi * 200 / HEAR_HZ
    assert np.abs(np.diff(cleaned[HEAR_HZ // 2 :])).max() < 1.1 * steepest + 2e-4


@pytest.mark.parametrize("size", [1, 37, 160, 1000])
def test_chunks_of_any_size_become_frames_of_10_ms(size: int) -> None:
    path, far = EchoPath(Exact), noise(0.3, 3000)
    mic = (far[::3] / 2.0 / 32768.0).astype(np.float32)
    out = [path.clean([(far[3 * n : 3 * (n + size)], float(PLAY_HZ))], mic[n : n + size]) for n in range(0, 4800, size)]
    cleaned = np.concatenate([pair[0] for pair in out])
    assert len(cleaned) == 4800 // 160 * 160
    assert level(cleaned[320:]) < -70.0, "but for the crossfade, which comes before the echo in a room"


@pytest.mark.parametrize("rate_hz", [8_000.0, 44_100.0, 96_000.0])
def test_a_loudspeaker_of_another_rate_is_brought_to_48_khz(rate_hz: float) -> None:
    made: list[Exact] = []
    path = EchoPath(lambda: made.append(Exact()) or made[-1])  # type: ignore[func-returns-value]
    for _ in range(50):
        path.clean([(noise(0.04, 1000, rate_hz=int(rate_hz)), rate_hz)], np.zeros(CHUNK, np.float32))
    assert len(made[0].played_frames) == pytest.approx(200, abs=8)


def test_a_late_loudspeaker_is_waited_for() -> None:
    made: list[Exact] = []
    path = EchoPath(lambda: made.append(Exact()) or made[-1])  # type: ignore[func-returns-value]
    path.hold_back(0.3)
    for _ in range(10):
        path.clean([(np.zeros(3 * CHUNK, np.int16), float(PLAY_HZ))], np.zeros(CHUNK, np.float32))
    assert len(made[0].played_frames) == 40 - 30
    path.restart()
    path.clean([(np.zeros(3 * CHUNK, np.int16), float(PLAY_HZ))], np.zeros(CHUNK, np.float32))
    assert len(made[1].played_frames) == 4


def test_what_was_played_is_copied_and_a_microphone_that_is_gone_fills_no_memory() -> None:
    reference, block = Reference(), np.ones(480, np.int16)
    reference.put(block, 48_000.0)
    block[:] = 7
    assert reference.take()[0][0].max() == 1
    for _ in range(10_000):
        reference.put(block, 48_000.0)
    assert len(reference.take()) < 1000


def test_the_reference_may_be_put_and_taken_in_two_threads() -> None:
    reference, taken = Reference(), []
    putting = threading.Thread(target=lambda: [reference.put(np.full(1, n, np.int16), 1.0) for n in range(300)])
    putting.start()
    while putting.is_alive():
        taken += reference.take()
    taken += reference.take()
    assert [int(block[0]) for block, _ in taken] == list(range(300))


# ---------------------------------------------------------------------- which mode


class Silent:
    """ports.SpeechDetector that hears what a test says."""

    name, frame_samples, lag_s = "silent", 512, 0.0

    def __init__(self) -> None:
        self.hears = 0.0

    def probability(self, frame: Samples) -> float:
        return self.hears

    def reset(self) -> None: ...


@dataclass
class Evening:
    """A duplex on the sample clock, with a guide that makes noise."""

    wanted: Any = "auto"
    canceller: Exact = field(default_factory=Exact)
    changes: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ear = SimpleNamespace(gate=Gate(), doubtful_until_s=0.0, quick=None, own=None, raw=None, now=0.0)
        self.detector = Silent()
        self.duplex = Duplex(self.wanted, self.ear, self._make, lambda: self.detector, self.changes.append)

    def _make(self) -> Exact:
        works, self.canceller = self.canceller.works, Exact()
        self.canceller.works = works
        return self.canceller

    def guide(self, seconds: float, echo: bool = True, loud: int = 3000) -> None:
        far = noise(seconds, loud)
        for n in range(len(far) // (3 * CHUNK)):
            block = far[3 * CHUNK * n :][: 3 * CHUNK]
            self.duplex.reference.put(block, float(PLAY_HZ))
            mic = block[::3] / 2.0 / 32768.0 if echo else np.zeros(CHUNK)
            mic = mic + 1e-4 * np.random.default_rng(n).standard_normal(CHUNK)
            out = self.duplex.clean([(self.duplex.taken(), mic.astype(np.float32))])
            self.ear.now += len(out) / HEAR_HZ

    def silence(self, seconds: float) -> None:
        self.guide(seconds, echo=False, loud=0)


HEARD = Echo("good", -12.0, 0.2, 0.1)
UNHEARD = Echo("unheard", None, 0.05, 0.0)


def in_full_duplex() -> Evening:
    """The test at the start went well."""
    evening = Evening()
    evening.silence(2.0)
    evening.guide(5.0)
    assert evening.duplex.tested(HEARD) == "full"
    return evening


def test_it_begins_in_half_duplex_and_the_test_decides() -> None:
    evening = Evening()
    evening.silence(2.0)
    evening.guide(5.0)
    assert not evening.duplex.full
    assert evening.duplex.tested(HEARD) == "full"
    assert evening.duplex.full
    assert evening.changes == [], "the test says it, and nobody else"


def test_an_echo_that_is_left_means_half_duplex() -> None:
    evening = Evening()
    evening.canceller.works = False
    evening.silence(2.0)
    evening.guide(5.0)
    assert evening.duplex.tested(HEARD) == "half"


def test_a_voice_in_what_is_left_means_half_duplex() -> None:
    evening = Evening()
    evening.detector.hears = 0.9
    evening.silence(2.0)
    evening.guide(5.0)
    assert evening.duplex.tested(HEARD) == "half"


@pytest.mark.parametrize(("echo", "mode"), [(HEARD, "half"), (UNHEARD, "full"), (None, "half")])
def test_where_the_guide_has_said_too_little_only_headphones_are_believed(echo: Echo | None, mode: str) -> None:
    evening = Evening()
    evening.guide(0.5)
    assert evening.duplex.tested(echo) == mode


def test_a_good_prompt_later_gives_full_duplex_and_it_is_told() -> None:
    evening = Evening()
    assert evening.duplex.tested(HEARD) == "half"
    evening.silence(2.0)
    evening.guide(5.0)
    assert evening.duplex.full
    assert evening.changes == [True]


def test_cancelling_that_stops_working_means_half_duplex_at_last_for_good() -> None:
    evening = in_full_duplex()
    for _ in range(4):
        evening.canceller.works = False
        evening.guide(6.0)
        evening.canceller.works = True
        evening.silence(1.0)
        evening.guide(6.0)
    assert evening.changes == [False, True, False]
    assert not evening.duplex.full


def test_a_computer_that_loses_sound_all_the_time_goes_back_to_half_duplex_until_it_keeps_up() -> None:
    evening = in_full_duplex()
    for _ in range(3):
        evening.duplex.lost_sound()
        evening.duplex.lost_sound()
        evening.silence(4.0)
    evening.guide(3.0)
    assert evening.duplex.full, "it was four times, one of them at the very start"
    evening.duplex.lost_sound()
    evening.silence(2.0)
    evening.duplex.lost_sound()
    evening.guide(5.0)
    assert evening.changes == [False]
    evening.silence(30.0)
    evening.guide(5.0)
    assert evening.changes == [False, True]


def test_a_computer_that_loses_sound_during_the_test_begins_in_half_duplex() -> None:
    evening = Evening()
    for _ in range(4):
        evening.guide(2.0)
        evening.duplex.lost_sound()
    assert evening.duplex.judge.verdict
    assert evening.duplex.tested(HEARD) == "half"
    assert evening.changes == []


def test_full_is_full_and_no_test_changes_that() -> None:
    evening = Evening("full")
    evening.canceller.works = False
    assert evening.duplex.full
    evening.silence(2.0)
    evening.guide(6.0)
    assert evening.duplex.tested(HEARD) == "full"
    evening.guide(6.0)
    assert evening.duplex.full
    assert evening.changes == []


def test_another_device_has_to_be_judged_anew_and_nobody_is_believed_meanwhile() -> None:
    evening = in_full_duplex()
    first = evening.canceller
    evening.duplex.device_back()
    assert evening.canceller is not first
    assert not evening.duplex.full
    assert evening.ear.doubtful_until_s == pytest.approx(evening.ear.now + 1.0)
    assert evening.duplex.judge.verdict is None
    evening.silence(2.0)
    evening.guide(5.0)
    assert evening.duplex.full


def test_after_lost_sound_nobody_is_believed_until_the_echo_is_seen_to_be_gone() -> None:
    """Also if it was lost while the guide was silent, and however long that lasts."""
    evening = Evening("full")
    evening.silence(2.0)
    evening.guide(1.0)
    evening.duplex.lost_sound()
    evening.silence(5.0)
    assert evening.ear.doubtful_until_s > evening.ear.now
    evening.canceller.works = False
    evening.guide(2.0)
    assert evening.ear.doubtful_until_s > evening.ear.now
    evening.canceller.works = True
    evening.guide(1.8)
    assert evening.ear.doubtful_until_s < evening.ear.now


def test_somebody_who_talks_on_is_believed_at_last() -> None:
    evening = Evening("full")
    evening.silence(2.0)
    evening.duplex.lost_sound()
    evening.canceller.works = False
    evening.guide(5.5)
    assert evening.ear.doubtful_until_s > evening.ear.now
    evening.guide(1.5)
    assert evening.ear.doubtful_until_s < evening.ear.now


def test_its_own_voice_is_known_when_nobody_told_of_a_gap() -> None:
    evening = Evening("full")
    evening.silence(2.0)
    evening.guide(3.0)
    assert not evening.ear.own()
    evening.canceller.works = False
    evening.guide(0.5)
    assert evening.ear.own()
    assert evening.ear.doubtful_until_s > evening.ear.now


def test_a_bluetooth_loudspeaker_is_waited_for() -> None:
    evening = Evening()
    evening.duplex.tested(Echo("good", -12.0, 0.2, 0.5))
    before = len(evening.canceller.played_frames)
    evening.guide(1.0)
    assert len(evening.canceller.played_frames) - before == 100 - 38


def test_the_raw_sound_of_a_moment_ago_is_there_to_measure_in() -> None:
    evening = Evening()
    evening.silence(9.0)
    evening.guide(1.0)
    end = evening.ear.now
    assert len(evening.duplex.raw(end - 0.5, end)) == HEAR_HZ // 2
    assert level(evening.duplex.raw(end - 0.5, end)) > -35.0
    assert level(evening.duplex.raw(end - 1.6, end - 1.1)) < -60.0
    assert len(evening.duplex.raw(0.0, 0.5)) == 0, "long gone"
    assert level(evening.ear.raw(end - 0.5, end)) > -35.0, "and the ear may ask for it"


# ---------------------------------------------------------------------- lost sound


def test_an_underflow_is_told_once() -> None:
    lost = LostSound()
    assert [lost.now(counters) for counters in ((0, 0.0), (1, 0.0), (1, 0.0), (3, 0.0))] == [False, True, False, True]


def test_a_gap_is_told_once_and_neither_a_drifting_clock_nor_a_late_chunk_that_is_usual() -> None:
    lost = LostSound()
    assert not any(lost.now((0, 0.02 + 0.03 * (n % 2) + n * 5e-6)) for n in range(10_000))
    assert lost.now((0, 0.3 + GAP_S))
    assert not lost.now((0, 0.3 + GAP_S))


# ---------------------------------------------------------------------- where it cannot be


def plan(echo: Any) -> StartPlan:
    return StartPlan("appreciation", "en", ("Ana", "Ben"), echo=echo, detector="webrtc")


def cannot() -> Any:
    raise DeviceError("Echo cancelling is not installed.", "Run: python3 run.py")


@pytest.mark.parametrize(("echo", "told"), [("half", False), ("auto", False), ("full", True)])
def test_without_a_canceller_it_is_half_duplex_and_whoever_asked_for_full_is_told(
    echo: str, told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_duplex(plan(echo), Evening().ear, lambda full: None, cannot) is None
    assert ("not installed" in capsys.readouterr().err) is told


def test_with_a_canceller_it_depends_on_what_was_asked_for() -> None:
    ear = Evening().ear
    assert make_duplex(plan("half"), ear, lambda full: None, Exact) is None
    duplex = make_duplex(plan("full"), ear, lambda full: None, Exact)
    assert duplex is not None
    assert ear.gate.full
