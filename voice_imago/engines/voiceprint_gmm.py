"""Two voices told apart by diagonal Gaussian mixtures over cepstra. numpy only, nothing pretrained.

Reynolds & Rose, *Robust text-independent speaker identification using Gaussian mixture speaker models*, 1995:
one mixture of 16 diagonal Gaussians per partner, fitted to 15 s of enrolment by expectation-maximisation; the
opinion on a frame is the difference of its log-likelihoods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice_imago.engines.ports import Samples, VoiceOpinion
from voice_imago.engines.voiceprint_spectra import FEATURES, Cepstra, Rows, Spectra, loud

COMPONENTS = 16
ROUNDS = 25
CLIP_NATS = 8.0
"""Largest opinion on one 10 ms hop."""
FADE_DB_PER_HOP = 0.05
"""How fast the remembered loudness sinks, so that a quieter talker is heard after a loud one."""
BELOW_PEAK_DB = 25.0
"""Hops this far below the remembered loudness have no opinion."""
_VANISHED = np.float32(1e-30)
_SEED = 20240607
Doubles = npt.NDArray[np.float64]
_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, slots=True)
class Mixture:
    """A diagonal Gaussian mixture, in the form that makes scoring two matrix products."""

    constant: npt.NDArray[np.float32]
    linear: Rows
    quadratic: Rows

    def components(self, features: Rows) -> npt.NDArray[np.float32]:
        """Log of weight times density, one column per component."""
        scores: Rows = (features @ self.linear + (features * features) @ self.quadratic + self.constant).astype(
            np.float32, copy=False
        )
        return scores

    def log_likelihood(self, features: Rows) -> npt.NDArray[np.float32]:
        """Log-likelihood of each row in nats."""
        return _log_sum(self.components(features))

    def draw(self, count: int) -> Rows:
        """Rows as this mixture has them, the same ones each time."""
        variances = -0.5 / self.quadratic.T.astype(np.float64)
        means = self.linear.T * variances
        logs = self.constant + 0.5 * (np.log(2.0 * np.pi * variances) + means**2 / variances).sum(axis=1)
        shares = np.exp(logs - logs.max())
        random = np.random.default_rng(_SEED)
        which = random.choice(len(shares), count, p=shares / shares.sum())
        rows: Rows = random.normal(means[which], np.sqrt(variances[which])).astype(np.float32)
        return rows


def _log_sum(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    top = scores.max(axis=1)
    total: npt.NDArray[np.float32] = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
    return total


def _mixture(weights: Doubles, means: Doubles, variances: Doubles) -> Mixture:
    constant = np.log(weights) - 0.5 * (
        means.shape[1] * _LOG_2PI + np.log(variances).sum(axis=1) + (means**2 / variances).sum(axis=1)
    )
    return Mixture(
        constant.astype(np.float32),
        (means / variances).T.astype(np.float32),
        (-0.5 / variances).T.astype(np.float32),
    )


def _spread_means(features: Rows, count: int) -> Rows:
    """Starting means far apart (k-means++, Arthur & Vassilvitskii 2007), the same ones each time."""
    random = np.random.default_rng(_SEED)
    means = [features[random.integers(len(features))]]
    nearest = np.full(len(features), np.inf)
    for _ in range(1, count):
        nearest = np.minimum(nearest, ((features - means[-1]) ** 2).sum(axis=1))
        share = nearest / nearest.sum() if nearest.sum() > 0.0 else np.full(len(features), 1.0 / len(features))
        means.append(features[random.choice(len(features), p=share)])
    return np.array(means, np.float32)


def fit_mixture(features: Rows, components: int = COMPONENTS) -> Mixture:
    """Expectation-maximisation from spread means; deterministic. Variances are kept from collapsing."""
    if len(features) < 2 * components:
        raise ValueError(f"{len(features)} hops of speech are too few for a voiceprint")
    data = features.astype(np.float64)
    spread = data.var(axis=0) + 1e-4
    means = _spread_means(features, components).astype(np.float64)
    weights: Doubles = np.full(components, 1.0 / components)
    variances: Doubles = np.tile(spread, (components, 1))
    for _ in range(ROUNDS):
        scores = _mixture(weights, means, variances).components(features).astype(np.float64)
        share = np.exp(scores - scores.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        count = share.sum(axis=0) + 1e-3
        means = (share.T @ data + 1e-3 * data.mean(axis=0)) / count[:, None]
        variances = np.maximum((share.T @ data**2) / count[:, None] - means**2, 0.05 * spread)
        weights = count / count.sum()
    return _mixture(weights, means, variances)


def speech_features(sound: Samples) -> Rows:
    """Features of the loud hops of a whole recording."""
    features, level_db = Cepstra().push(Spectra().push(sound))
    return features[loud(level_db, BELOW_PEAK_DB)]


class FrameScorer:
    """Power spectra in, one opinion out: the part that the combined voiceprint shares."""

    def __init__(self, first: Mixture, second: Mixture) -> None:
        # Both mixtures side by side, for [features, their squares, 1]: one product scores both.
        self._both = np.concatenate(
            [np.concatenate((m.linear, m.quadratic, m.constant[None])) for m in (first, second)], axis=1
        )
        self._second = len(first.constant)
        self._cepstra = Cepstra()
        self._peak_db = -np.inf

    def clear(self) -> None:
        """A new stretch of speech begins; the talkers' loudness stays known."""
        self._cepstra.clear()

    def forget(self) -> None:
        self.clear()
        self._peak_db = -np.inf

    def score(self, power: Rows) -> float | None:
        """Mean opinion of the loud hops that became ready, in nats."""
        features, level_db = self._cepstra.push(power)
        if not len(level_db):
            return None
        self._peak_db = max(self._peak_db - FADE_DB_PER_HOP * len(level_db), float(level_db.max()))
        features = features[level_db > self._peak_db - BELOW_PEAK_DB]
        if not len(features):
            return None
        rows = np.ones((len(features), 2 * FEATURES + 1), np.float32)
        rows[:, :FEATURES] = features
        np.multiply(features, features, out=rows[:, FEATURES:-1])
        scores = rows @ self._both
        scores -= scores.max(axis=1, keepdims=True)  # the better voice sums to at least one, the other may vanish
        np.exp(scores, out=scores)
        sums = np.add.reduceat(scores, (0, self._second), axis=1)
        np.log(np.maximum(sums, _VANISHED, out=sums), out=sums)
        llr = sums[:, 0] - sums[:, 1]
        return float(np.minimum(np.maximum(llr, -CLIP_NATS), CLIP_NATS).mean())


class GmmVoiceprint:
    """The voiceprint that needs no weights."""

    name = "gmm"

    def __init__(self) -> None:
        self._spectra = Spectra()
        self._scorer: FrameScorer | None = None

    def enrol(self, first: Samples, second: Samples) -> None:
        """Learn both partners from about 15 s of speech each. ValueError when there is too little."""
        self.know(*(fit_mixture(speech_features(sound)) for sound in (first, second)))

    def know(self, first: Mixture, second: Mixture) -> None:
        """Take both partners as they were learnt before."""
        self._scorer = FrameScorer(first, second)
        self.reset()

    def frame_llr(self, frame: Samples) -> float | None:
        """Opinion on the hops that became ready with this frame; None when not enrolled or too quiet."""
        if self._scorer is None:
            return None
        return self._scorer.score(self._spectra.push(frame))

    def windows(self) -> Sequence[VoiceOpinion]:
        """None: all opinions are on frames."""
        return ()

    def finish(self) -> Sequence[VoiceOpinion]:
        """The stretch of speech is over."""
        self._spectra.clear()
        if self._scorer is not None:
            self._scorer.clear()
        return ()

    def reset(self) -> None:
        """Forget what was heard; the enrolment stays."""
        self.finish()
        if self._scorer is not None:
            self._scorer.forget()
