"""Two enrolled voices told apart by a pretrained speaker encoder, together with the Gaussian mixtures.

The encoder's score (cosine to the one partner minus cosine to the other) is turned into nats by the
enrolments' own windows; the mixtures add their opinion on every frame. While both agree who is speaking, most
windows are left out: they would say the same, and the mixtures notice another voice first. The enrolments stay as
they are: adapting them during a session never helped and sometimes drifted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voice_imago.engines.ports import Samples, VoiceOpinion
from voice_imago.engines.voiceprint_encoder import Encoder, SpeechWindows
from voice_imago.engines.voiceprint_gmm import FrameScorer, Mixture, fit_mixture, speech_features
from voice_imago.engines.voiceprint_spectra import Rows, Spectra
from voice_imago.hearing.speakers import DOUBTFUL

CLIP_NATS = 25.0
STRANGE_COSINE = 0.13
"""Windows that lie so much further from both partners than their own windows do, on average over two seconds, are
somebody else's: of 92 turns of readers at 5 dB and better none was, of others' turns more than half."""
NOISE_COSINE = 0.04
"""Noise pushes everybody away from an enrolment: further than this the session's usual window is the measure."""
USUAL_WINDOWS = 100
"""Windows that make the usual one; about a minute of speech."""
FIRST_WINDOWS = 12
"""Before so many windows the session has no usual one, and only what is as far as ``FIRST_COSINE`` is strange."""
FIRST_COSINE = 0.55
MOST_STRANGE = 3.0
SURE_NATS = 20.0
"""A window this sure,"""
AGREEING_NATS = 0.5
"""and mixtures that say the same by this much per hop, settle who is speaking."""
_NEW_SHARE = 0.1
"""Weight of the newest frame in what the mixtures say; about 0.3 s."""
LEAST_DEVIATION = 0.03


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the two enrolments' own windows score, and what follows for others."""

    centroids: Rows
    """Two unit vectors."""
    centre: float
    slope: float
    """Nats per unit of score."""
    usual: Rows
    """Mean cosine of each partner's own windows."""

    def cosines(self, vectors: Rows) -> Rows:
        """How close each vector is to the first and to the second partner."""
        close: Rows = vectors @ self.centroids.T
        return close

    def nats(self, cosines: Rows) -> Rows:
        """Opinion for the first partner."""
        score = cosines[:, 0] - cosines[:, 1] - np.float32(self.centre)
        opinion: Rows = np.clip(np.float32(self.slope) * score, -CLIP_NATS, CLIP_NATS)
        return opinion


def unit_mean(vectors: Rows) -> Rows:
    """The direction that many vectors share."""
    mean: Rows = vectors.mean(axis=0)
    return mean / np.float32(max(1e-9, float(np.linalg.norm(mean))))


def calibrate(first: Rows, second: Rows) -> Calibration:
    """Two Gaussians of equal spread through the scores of both enrolments' own windows."""
    centroids = np.stack([unit_mean(first), unit_mean(second)])
    own = [vectors @ centroids.T for vectors in (first, second)]
    score = [cosine[:, 0] - cosine[:, 1] for cosine in own]
    spread = max(LEAST_DEVIATION, float(np.sqrt(np.mean([s.var() for s in score]))))
    gap = float(score[0].mean() - score[1].mean())
    centre = float(score[0].mean() + score[1].mean()) / 2.0
    usual = np.array([own[0][:, 0].mean(), own[1][:, 1].mean()], np.float32)
    return Calibration(centroids, centre, gap / spread**2, usual)


class ResemblyzerVoiceprint:
    """Encoder windows and Gaussian mixture frames, from one Fourier transform."""

    name = "resemblyzer+gmm"

    def __init__(self, encoder: Encoder | None = None) -> None:
        self.encoder = encoder or Encoder()
        self._spectra = Spectra()
        self._windows = SpeechWindows(self.encoder)
        self._usual: deque[float] = deque(maxlen=USUAL_WINDOWS)
        self._scorer: FrameScorer | None = None
        self._window_nats = self._mixture_nats = 0.0
        self._calibration: Calibration | None = None

    def enrol(self, first: Samples, second: Samples) -> None:
        """Learn both partners from about 15 s of speech each. ValueError when there is too little."""
        mixtures = [fit_mixture(speech_features(sound)) for sound in (first, second)]
        self.know((mixtures[0], self.encoder.own_windows(first)), (mixtures[1], self.encoder.own_windows(second)))

    def know(self, first: tuple[Mixture, Rows], second: tuple[Mixture, Rows]) -> None:
        """Take both partners as they were learnt before: mixture, and vectors of the recording's windows."""
        self._scorer = FrameScorer(first[0], second[0])
        self._calibration = calibrate(first[1], second[1])
        self.reset()

    def frame_llr(self, frame: Samples) -> float | None:
        """Opinion of the mixtures on the hops that became ready with this frame."""
        if self._scorer is None:
            return None
        power = self._spectra.push(frame)
        self._windows.push(power)
        llr = self._scorer.score(power)
        if llr is not None:
            self._mixture_nats += _NEW_SHARE * (llr - self._mixture_nats)
        return llr

    def windows(self) -> Sequence[VoiceOpinion]:
        """The encoder's opinions that became due since the last call."""
        return self._judge(*self._windows.due(settled=self._settled()))

    def _settled(self) -> bool:
        """Whether the next windows would say nothing new, of the voice or of the room."""
        if len(self._usual) < FIRST_WINDOWS:
            return False
        side = 1.0 if self._window_nats > 0.0 else -1.0
        return side * self._window_nats >= SURE_NATS and side * self._mixture_nats >= AGREEING_NATS

    def finish(self) -> Sequence[VoiceOpinion]:
        """The stretch of speech is over: the opinion on its rest (all of it, if it was short)."""
        opinions = self._judge(*self._windows.rest())
        self._window_nats = self._mixture_nats = 0.0
        self._spectra.clear()
        if self._scorer is not None:
            self._scorer.clear()
        return opinions

    def reset(self) -> None:
        """Forget what was heard; the enrolment stays."""
        self._spectra.clear()
        self._windows.clear()
        self._usual.clear()
        self._window_nats = self._mixture_nats = 0.0
        if self._scorer is not None:
            self._scorer.forget()

    def _judge(self, spans: list[tuple[int, int]], vectors: Rows) -> Sequence[VoiceOpinion]:
        if not spans or self._calibration is None:
            return ()
        cosines = self._calibration.cosines(vectors)
        self._usual.extend(cosines.max(axis=1).tolist())
        strangeness = self._strangeness(cosines, self._calibration.usual)
        nats = self._calibration.nats(cosines)
        self._window_nats = float(nats[-1]) if strangeness[-1] < DOUBTFUL else 0.0
        found = zip(spans, nats.tolist(), strangeness.tolist(), strict=True)
        return [VoiceOpinion(a, b, llr, strange) for (a, b), llr, strange in found]

    def _strangeness(self, cosines: Rows, usual: Rows) -> Rows:
        """1 where a window is ``STRANGE_COSINE`` further from both partners than windows usually are."""
        known = len(self._usual) >= FIRST_WINDOWS
        most = float(np.median(self._usual)) + NOISE_COSINE if known else FIRST_COSINE + STRANGE_COSINE
        usual = np.minimum(usual, np.float32(most))
        further: Rows = (usual - cosines).min(axis=1) / np.float32(STRANGE_COSINE)
        return np.clip(further, 0.0, MOST_STRANGE)
