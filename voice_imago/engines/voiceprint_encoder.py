"""The pretrained speaker encoder: 1.2 s of speech -> a unit vector that is close to others of the same voice.

Resemblyzer's encoder (GE2E, Wan et al. 2018), run without torch on windows of 1.2 s every 0.4 s inside a
stretch of speech; a shorter stretch is one window. Its mel frames are then *repeated* up to the window's
length: the encoder's own zero-padding costs 13 points of accuracy at 0.5 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from voice_imago.engines.detector_silero import open_graph
from voice_imago.engines.ports import Samples
from voice_imago.engines.voiceprint_graph import encoder_graph
from voice_imago.engines.voiceprint_spectra import (
    HOP_SAMPLES,
    WINDOW_SAMPLES,
    Rows,
    Spectra,
    encoder_filters,
)
from voice_imago.engines.voiceprint_weights import HINT, Weights, read_weights, weights_file
from voice_imago.errors import ModelError

WINDOW_HOPS = 120
STEP_HOPS = 40
LEAST_HOPS = 16
"""A stretch shorter than this says nothing."""
MOST_SKIPPED = 2
"""Windows in a row that may be left out: the next one still begins where the last one ended."""
BATCH = 8
"""Windows embedded at once while enrolling: half the time of one by one."""
LOUD_SHARE = 0.4
"""Least share of loud hops in an enrolment's window."""
QUIET_POWER = 10.0 ** (-30.0 / 10.0)
"""Resemblyzer lifts quieter sound to -30 dB below full scale."""


class Encoder:
    """Mel power -> unit vectors of 256 numbers."""

    def __init__(self, weights: Weights | None = None, *, exact: bool = False) -> None:
        weights = _installed_weights() if weights is None else weights
        try:
            self._graph: Any = open_graph(encoder_graph(weights, exact=exact))
        except ModelError:  # an onnxruntime without the operator for whole numbers
            self._graph = open_graph(encoder_graph(weights, exact=True))
        # One more column: the hop's mean square (Parseval; a Hann window's squares sum to 3/8 of its length).
        scale = 2.0 / (WINDOW_SAMPLES * 0.375 * WINDOW_SAMPLES)
        mean_square = np.full((WINDOW_SAMPLES // 2 + 1, 1), scale, np.float32)
        self._columns = np.concatenate((encoder_filters(), mean_square), axis=1)

    def mel(self, power: Rows) -> Rows:
        """Mel power and, in the last column, the mean square of each hop (n, 41)."""
        rows: Rows = power @ self._columns
        return rows

    def embed(self, windows: Sequence[Rows]) -> Rows:
        """One vector per window of mel power, each repeated to full length and lifted to the encoder's level."""
        stack = np.stack([_lifted(_repeated(window)) for window in windows], axis=1)
        raw = self._graph.run(None, {"mel": stack})[0]
        length = np.linalg.norm(raw, axis=1, keepdims=True)
        vectors: Rows = raw / np.maximum(length, 1e-9)
        return vectors

    def own_windows(self, sound: Samples) -> Rows:
        """Vectors of all windows of a whole recording that are not mostly silence."""
        mel = self.mel(Spectra().push(sound))
        if len(mel) < LEAST_HOPS:
            raise ValueError(f"{len(sound)} samples are too few for a voiceprint")
        level = mel[:, -1]
        loud = level > float(np.percentile(level, 95)) * 10.0**-2.5
        spans = whole_windows(len(mel))
        windows = [mel[a:b] for a, b in spans if loud[a:b].mean() > LOUD_SHARE] or [mel[a:b] for a, b in spans]
        batches = [windows[n : n + BATCH] for n in range(0, len(windows), BATCH)]
        return np.concatenate([self.embed(batch) for batch in batches])


def _installed_weights() -> Weights:
    path = weights_file()
    if path is None:
        raise ModelError("The voice model (package resemblyzer) is not installed.", HINT)
    return read_weights(path)


def installed_encoder() -> Encoder:
    """The encoder with the installed weights; read once, since it keeps nothing of what it hears. Raises ModelError."""
    return _encoder_of(weights_file())


@lru_cache(maxsize=1)
def _encoder_of(path: Path | None) -> Encoder:
    return Encoder(None if path is None else read_weights(path))


def _repeated(mel: Rows) -> Rows:
    times = -(-WINDOW_HOPS // len(mel))
    return np.tile(mel, (times, 1))[:WINDOW_HOPS] if times > 1 else mel[:WINDOW_HOPS]


def _lifted(mel: Rows) -> Rows:
    """Mel power alone, of the same sound at -30 dB below full scale if it was quieter."""
    power = float(mel[:, -1].mean())
    return mel[:, :-1] * np.float32(QUIET_POWER / power if 0.0 < power < QUIET_POWER else 1.0)


def whole_windows(hops: int) -> list[tuple[int, int]]:
    """The windows of a whole stretch; the rest gets one last window, a short stretch is one."""
    if hops <= WINDOW_HOPS:
        return [(0, hops)]
    starts = list(range(0, hops - WINDOW_HOPS + 1, STEP_HOPS))
    if starts[-1] + WINDOW_HOPS < hops:
        starts.append(hops - WINDOW_HOPS)
    return [(start, start + WINDOW_HOPS) for start in starts]


class SpeechWindows:
    """Cuts a stretch of speech into the encoder's windows as it comes in."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.clear()

    def clear(self) -> None:
        """The next hop is the first of a new stretch."""
        self._mel: list[Rows] = []
        self._dropped = self._hops = 0
        self._next = WINDOW_HOPS
        self._covered = self._skipped = 0

    def push(self, power: Rows) -> None:
        """More hops of the stretch."""
        if len(power):
            self._mel.append(self._encoder.mel(power))
            self._hops += len(power)

    def due(self, *, settled: bool = False) -> tuple[list[tuple[int, int]], Rows]:
        """Windows that became complete, in samples of the stretch, and their vectors. ``settled``: nothing new is to be
        expected of them, so most are left out."""
        spans = []
        while self._hops >= self._next:
            if settled and self._skipped < MOST_SKIPPED:
                self._skipped += 1
            else:
                spans.append((self._next - WINDOW_HOPS, self._next))
                self._covered, self._skipped = self._next, 0
            self._next += STEP_HOPS
        return self._embedded(spans)

    def rest(self) -> tuple[list[tuple[int, int]], Rows]:
        """The stretch is over: one window for what no window covered, if that is enough to say anything."""
        enough = self._hops - self._covered >= LEAST_HOPS
        found = self._embedded([(max(0, self._hops - WINDOW_HOPS), self._hops)] if enough else [])
        self.clear()
        return found

    def _embedded(self, spans: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], Rows]:
        if not spans:
            return [], np.zeros((0, 256), np.float32)
        mel = np.concatenate(self._mel)
        vectors = self._encoder.embed([mel[a - self._dropped : b - self._dropped] for a, b in spans])
        drop = max(0, len(mel) - WINDOW_HOPS)  # only the last window can still be asked for
        self._mel, self._dropped = [mel[drop:]], self._dropped + drop
        return [(a * HOP_SAMPLES, (b - 1) * HOP_SAMPLES + WINDOW_SAMPLES) for a, b in spans], vectors
