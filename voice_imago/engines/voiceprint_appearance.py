"""Two voices told apart without enrolment: the first to speak is the first partner, whoever is unlike is the
second.

Each new window of the encoder joins those heard so far (the last minutes), and all are split in two by
spherical k-means (Dhillon & Modha 2001), started from the split before and from the two most unlike windows;
the better one wins. The part that was heard first stays the first partner. As long as both parts are as alike
as one voice's own windows, there is one voice. Worse than an enrolment, and it cannot know names; labels
given earlier are not taken back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from voice_imago.engines.ports import Samples, VoiceOpinion
from voice_imago.engines.voiceprint_encoder import Encoder, SpeechWindows
from voice_imago.engines.voiceprint_resemblyzer import CLIP_NATS, unit_mean
from voice_imago.engines.voiceprint_spectra import Rows, Spectra

ALIKE = 0.86
"""Cosine of two parts from which they are one voice."""
FIRST_WINDOWS = 3
"""Windows that say who spoke first."""
LEAST_WINDOWS = 2
"""A second voice needs this many windows."""
KEPT_WINDOWS = 400
"""About four minutes of speech."""
ROUNDS = 6
SLOPE_NATS = 80.0
"""Nats per unit of score; about the median slope of enrolled pairs."""


class AppearanceVoiceprint:
    """Needs the pretrained encoder, but no enrolment."""

    name = "appearance"

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = encoder or Encoder()
        self._spectra = Spectra()
        self._windows = SpeechWindows(self._encoder)
        self.reset()

    def frame_llr(self, frame: Samples) -> float | None:
        """None: all opinions are on windows."""
        self._windows.push(self._spectra.push(frame))
        return None

    def windows(self) -> Sequence[VoiceOpinion]:
        """Opinions that became due since the last call."""
        return self._judge(*self._windows.due())

    def finish(self) -> Sequence[VoiceOpinion]:
        """The stretch of speech is over: the opinion on its rest."""
        opinions = self._judge(*self._windows.rest())
        self._spectra.clear()
        return opinions

    def reset(self) -> None:
        """Forget the voices, too: there is no enrolment to keep."""
        self._spectra.clear()
        self._windows.clear()
        self._heard: list[Rows] = []
        self._voices: tuple[Rows, Rows] | None = None

    def _judge(self, spans: list[tuple[int, int]], vectors: Rows) -> Sequence[VoiceOpinion]:
        if not spans:
            return ()
        self._heard.extend(vectors)
        del self._heard[:-KEPT_WINDOWS]
        self._voices = self._split(np.stack(self._heard))
        return [VoiceOpinion(a, b, self._nats(vector)) for (a, b), vector in zip(spans, vectors, strict=True)]

    def _nats(self, vector: Rows) -> float:
        if self._voices is None:
            return CLIP_NATS
        score = float(vector @ self._voices[0] - vector @ self._voices[1])
        return max(-CLIP_NATS, min(CLIP_NATS, SLOPE_NATS * score))

    def _split(self, heard: Rows) -> tuple[Rows, Rows] | None:
        """Two voices, the first heard first, or None while there is one."""
        if len(heard) < 2 * LEAST_WINDOWS:
            return self._voices
        starts = [_most_unlike(heard)] + ([self._voices] if self._voices is not None else [])
        first, second, _ = max((_two_means(heard, *start) for start in starts), key=lambda found: found[2])
        if float(first @ second) > ALIKE:
            return self._voices
        return self._in_order(heard, first, second)

    def _in_order(self, heard: Rows, first: Rows, second: Rows) -> tuple[Rows, Rows]:
        old = self._voices
        begun = heard[:FIRST_WINDOWS].mean(axis=0)
        if old is None:
            swapped = float(begun @ first) < float(begun @ second)
        else:
            swapped = float(first @ old[0] + second @ old[1]) < float(first @ old[1] + second @ old[0])
        return (second, first) if swapped else (first, second)


def _most_unlike(heard: Rows) -> tuple[Rows, Rows]:
    alike: npt.NDArray[np.float32] = heard @ heard.T
    a, b = divmod(int(alike.argmin()), len(heard))
    return heard[a], heard[b]


def _two_means(heard: Rows, first: Rows, second: Rows) -> tuple[Rows, Rows, float]:
    """Both centroids and how well they fit; a part with too few windows does not count as a fit."""
    for _ in range(ROUNDS):
        firsts = heard @ first >= heard @ second
        if min(firsts.sum(), (~firsts).sum()) < LEAST_WINDOWS:
            return first, first, -1.0
        first, second = unit_mean(heard[firsts]), unit_mean(heard[~firsts])
    return first, second, float(np.maximum(heard @ first, heard @ second).mean())
