"""What every speech detector promises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from made_voices import ANA, BEN, HZ, scene, silence

from voice_imago.engines.detector_silero import SileroDetector
from voice_imago.engines.detector_webrtc import WebrtcDetector
from voice_imago.engines.detectors import segmenter_for
from voice_imago.engines.ports import SpeechDetector


@pytest.fixture(params=[SileroDetector, WebrtcDetector])
def make(request: pytest.FixtureRequest) -> Callable[[], SpeechDetector]:
    made: Callable[[], SpeechDetector] = request.param
    return made


def probabilities(detector: SpeechDetector, sound: np.ndarray) -> np.ndarray:
    size = detector.frame_samples
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    return np.array([detector.probability(frame) for frame in frames])


class TestDetector:
    def test_speech_is_likely_and_silence_is_not(self, make: Callable[[], SpeechDetector]) -> None:
        detector = make()
        settings = segmenter_for(detector)
        sound = scene(silence(1.0), ANA.speaks(2.0), silence(1.0), BEN.speaks(2.0), silence(1.0))
        heard = probabilities(detector, sound)

        at = np.arange(1, len(heard) + 1) * detector.frame_samples / HZ - detector.lag_s
        speech = ((at > 1.2) & (at < 2.8)) | ((at > 4.2) & (at < 5.8))
        quiet = (at < 0.75) | ((at > 3.2) & (at < 3.75)) | (at > 6.2)
        assert (heard[speech] >= settings.on).mean() > 0.95
        assert (heard[quiet] < settings.off).all()

    def test_every_number_is_a_probability(self, make: Callable[[], SpeechDetector]) -> None:
        random = np.random.default_rng(0)
        loud = np.clip(random.normal(0.0, 1.0, HZ), -1.0, 1.0).astype(np.float32)
        square = np.sign(np.sin(np.arange(HZ) * 0.3)).astype(np.float32)

        for sound in (np.zeros(HZ, np.float32), loud, square):
            heard = probabilities(make(), sound)
            assert ((heard >= 0.0) & (heard <= 1.0)).all()

    def test_after_a_reset_the_past_is_forgotten(self, make: Callable[[], SpeechDetector]) -> None:
        detector = make()
        first = probabilities(detector, ANA.speaks(1.0))

        detector.reset()

        assert probabilities(detector, ANA.speaks(1.0)).tolist() == first.tolist()

    def test_two_detectors_do_not_share_a_past(self, make: Callable[[], SpeechDetector]) -> None:
        one, other = make(), make()
        probabilities(one, ANA.speaks(1.0))

        fresh = probabilities(make(), BEN.speaks(0.5))
        assert probabilities(other, BEN.speaks(0.5)).tolist() == fresh.tolist()

    def test_the_frame_is_left_as_it_was(self, make: Callable[[], SpeechDetector]) -> None:
        """faster-whisper's own wrapper zeroes the end of the caller's array."""
        detector = make()
        frame = ANA.speaks(1.0)[: detector.frame_samples]
        before = frame.copy()

        detector.probability(frame)

        assert (frame == before).all()

    @pytest.mark.parametrize("samples", [0, 1, 511, 513, 1024])
    def test_a_frame_of_another_length_is_refused(self, make: Callable[[], SpeechDetector], samples: int) -> None:
        with pytest.raises(ValueError, match="512 samples"):
            make().probability(np.zeros(samples, np.float32))

    def test_it_has_a_name_a_lag_and_thresholds(self, make: Callable[[], SpeechDetector]) -> None:
        detector = make()
        settings = segmenter_for(detector)

        assert detector.name.isalpha()
        assert 0.0 < detector.lag_s < 0.5
        assert settings.frame_s == detector.frame_samples / HZ
        assert settings.lag_s == detector.lag_s
