"""What every voiceprint promises. Skips the pretrained one where its weights are not installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from made_voices import ANA, BEN, HZ, MadeVoice, Samples, scene, silence

from voice_imago.engines.voiceprint_enrolment import Enrolled, make_voiceprint
from voice_imago.engines.voiceprint_weights import weights_file

FRAME = 512
Make = Callable[[], Enrolled]


def enrolment(voice: MadeVoice) -> Samples:
    return scene(silence(0.3), replace(voice, seed=voice.seed + 10).speaks(12.0), silence(0.3))


@pytest.fixture(scope="module", params=["gmm", "resemblyzer"])
def make(request: pytest.FixtureRequest) -> Make:
    wanted = request.param == "resemblyzer"
    if wanted and weights_file() is None:
        pytest.skip("the package resemblyzer is not installed")
    voiceprint = make_voiceprint(enrolment(ANA), enrolment(BEN), embedding=wanted)

    def again() -> Enrolled:
        voiceprint.reset()
        return voiceprint

    return again


def hear(voiceprint: Enrolled, sound: Samples) -> tuple[list[float], list[tuple[int, int, float, bool]]]:
    """Opinions on frames and on windows of one stretch of speech."""
    frames: list[float] = []
    windows = []
    for begin in range(0, len(sound) - FRAME + 1, FRAME):
        llr = voiceprint.frame_llr(sound[begin : begin + FRAME])
        if llr is not None:
            frames.append(llr)
        windows += voiceprint.windows()
    windows += voiceprint.finish()
    return frames, [(w.start_sample, w.end_sample, w.llr, w.strangeness) for w in windows]


class TestVoiceprint:
    def test_the_first_partner_is_positive_and_the_second_negative(self, make: Make) -> None:
        for voice, sign in ((ANA, 1.0), (BEN, -1.0)):
            frames, windows = hear(make(), scene(voice.speaks(3.0)))

            assert np.mean(np.sign(frames)) * sign > 0.8
            assert all(llr * sign > 0.0 for _, _, llr, _ in windows)

    def test_there_is_an_opinion_soon(self, make: Make) -> None:
        frames, _ = hear(make(), scene(ANA.speaks(0.3)))

        assert len(frames) >= 5

    def test_opinions_are_finite_and_bounded(self, make: Make) -> None:
        random = np.random.default_rng(3)
        loud = random.uniform(-1.0, 1.0, 2 * HZ).astype(np.float32)
        for sound in (np.zeros(2 * HZ, np.float32), loud, np.ones(2 * HZ, np.float32), silence(2.0)):
            frames, windows = hear(make(), sound)

            assert np.isfinite(frames).all()
            assert all(abs(llr) <= 25.0 for _, _, llr, _ in windows)

    def test_windows_lie_inside_their_stretch(self, make: Make) -> None:
        sound = scene(BEN.speaks(4.0))

        _, windows = hear(make(), sound)

        assert all(0 <= start < end <= len(sound) for start, end, _, _ in windows)

    def test_a_stretch_begins_counting_anew(self, make: Make) -> None:
        voiceprint = make()
        first = hear(voiceprint, scene(BEN.speaks(1.0)))[1]
        second = hear(voiceprint, scene(BEN.speaks(1.0)))[1]

        assert [w[:2] for w in first] == [w[:2] for w in second]

    def test_after_a_reset_the_enrolment_is_still_known(self, make: Make) -> None:
        sound = scene(ANA.speaks(2.0))
        before = hear(make(), sound)

        assert hear(make(), sound) == before

    def test_the_level_does_not_matter(self, make: Make) -> None:
        sound = scene(ANA.speaks(2.0))
        frames, windows = hear(make(), sound)
        quiet_frames, quiet_windows = hear(make(), sound * np.float32(0.1))

        assert np.mean(frames) == pytest.approx(np.mean(quiet_frames), abs=0.5)
        assert [w[2] > 0 for w in windows] == [w[2] > 0 for w in quiet_windows]

    def test_an_empty_stretch_has_no_last_word(self, make: Make) -> None:
        voiceprint = make()

        assert list(voiceprint.finish()) == []
        voiceprint.frame_llr(np.zeros(FRAME, np.float32))
        assert list(voiceprint.finish()) == []

    def test_too_little_speech_is_refused(self, make: Make) -> None:
        with pytest.raises(ValueError, match="too few"):
            type(make())().enrol(np.zeros(300, np.float32), np.zeros(300, np.float32))
