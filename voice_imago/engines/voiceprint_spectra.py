"""Sound -> power spectra -> the two feature sets of the voiceprints, streaming.

One short-time Fourier transform (25 ms Hann window every 10 ms) serves both: mel power as Resemblyzer's
encoder wants it (librosa's Slaney mel scale), and 19 cepstra with their deltas for the Gaussian mixtures (HTK
mel scale, no c0, so the level does not matter). No cepstral mean is removed: both partners share one channel,
and removing it costs more than it gains.
"""

from __future__ import annotations

from math import log10

import numpy as np
import numpy.typing as npt

from voice_imago.engines.ports import HEAR_HZ, Samples

Rows = npt.NDArray[np.float32]
"""One row per 10 ms hop."""

WINDOW_SAMPLES = 400
HOP_SAMPLES = 160
HOP_S = HOP_SAMPLES / HEAR_HZ
CEPSTRA = 19
FEATURES = 2 * CEPSTRA
DELTA_REACH = 2
"""Hops to each side that a delta looks at; features come this much later than their sound."""
_DELTA_NORM = 2.0 * sum(n * n for n in range(1, DELTA_REACH + 1))
_TINY = 1e-10


def _slaney_mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear below 1 kHz, logarithmic above (M. Slaney, Auditory Toolbox, 1998)."""
    return np.where(hz < 1000.0, hz / (200.0 / 3.0), 15.0 + np.log(np.maximum(hz, 1.0) / 1000.0) / (np.log(6.4) / 27.0))


def _slaney_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel < 15.0, mel * (200.0 / 3.0), 1000.0 * np.exp((np.log(6.4) / 27.0) * (mel - 15.0)))


def _triangles(edges_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Triangular filters between neighbouring edges, one column each."""
    bins_hz = np.arange(WINDOW_SAMPLES // 2 + 1) * (HEAR_HZ / WINDOW_SAMPLES)
    low, middle, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rise = (bins_hz[:, None] - low) / (middle - low)
    fall = (high - bins_hz[:, None]) / (high - middle)
    return np.maximum(0.0, np.minimum(rise, fall))


def encoder_filters(count: int = 40) -> Rows:
    """librosa's mel filter bank from 0 to 8 kHz, area-normalised."""
    edges_hz = _slaney_hz(np.linspace(0.0, float(_slaney_mel(np.array(HEAR_HZ / 2.0))), count + 2))
    return (_triangles(edges_hz) * (2.0 / (edges_hz[2:] - edges_hz[:-2]))).astype(np.float32)


def cepstral_filters(count: int = 30, low_hz: float = 80.0, high_hz: float = 7600.0) -> Rows:
    """Mel filters (HTK scale) between ``low_hz`` and ``high_hz``."""
    low, high = (2595.0 * log10(1.0 + hz / 700.0) for hz in (low_hz, high_hz))
    edges_hz = 700.0 * (10.0 ** (np.linspace(low, high, count + 2) / 2595.0) - 1.0)
    return _triangles(edges_hz).astype(np.float32)


def _cosine_transform(rows: int, keep: int) -> Rows:
    """Columns 1..keep of the orthonormal DCT-II (c0 left out)."""
    k = np.arange(1, keep + 1)
    basis: Rows = (np.cos(np.pi / rows * (np.arange(rows)[:, None] + 0.5) * k) * np.sqrt(2.0 / rows)).astype(np.float32)
    return basis


class Spectra:
    """Samples in, power spectra out; one row for each hop whose window is complete."""

    def __init__(self) -> None:
        self._window = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)  # periodic, as librosa's
        self._rest = np.zeros(0, np.float32)

    def clear(self) -> None:
        self._rest = np.zeros(0, np.float32)

    def push(self, sound: Samples) -> Rows:
        """Power spectra (n, 201) of the hops completed by ``sound``."""
        samples = np.concatenate((self._rest, sound))
        hops = max(0, (len(samples) - WINDOW_SAMPLES) // HOP_SAMPLES + 1)
        self._rest = samples[hops * HOP_SAMPLES :]
        if not hops:
            return np.zeros((0, WINDOW_SAMPLES // 2 + 1), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES][:hops]
        spectra = np.fft.rfft(windows * self._window, axis=1)
        power: Rows = (spectra.real**2 + spectra.imag**2).astype(np.float32, copy=False)
        return power


class Cepstra:
    """Power spectra in, 19 cepstra + 19 deltas and the hop's level out, ``DELTA_REACH`` hops late."""

    def __init__(self) -> None:
        self._filters = cepstral_filters()
        self._cosines = _cosine_transform(self._filters.shape[1], CEPSTRA)
        self.clear()

    def clear(self) -> None:
        self._static = np.zeros((0, CEPSTRA), np.float32)
        self._level_db = np.zeros(0, np.float32)

    def push(self, power: Rows) -> tuple[Rows, npt.NDArray[np.float32]]:
        """Features (n, 38) and levels in dB (n,) of the hops that now have their neighbours."""
        bands = power @ self._filters
        static = np.concatenate((self._static, np.log(bands + _TINY) @ self._cosines))
        level_db = np.concatenate((self._level_db, 10.0 * np.log10(bands.sum(axis=1) + _TINY)))
        ready = max(0, len(static) - 2 * DELTA_REACH)
        self._static, self._level_db = static[ready:], level_db[ready:]
        if not ready:
            return np.zeros((0, FEATURES), np.float32), np.zeros(0, np.float32)
        delta = np.zeros((ready, CEPSTRA), np.float32)
        for reach in range(1, DELTA_REACH + 1):
            later, earlier = DELTA_REACH + reach, DELTA_REACH - reach
            delta += reach * (static[later : later + ready] - static[earlier : earlier + ready])
        middle = slice(DELTA_REACH, DELTA_REACH + ready)
        features = np.concatenate((static[middle], delta / np.float32(_DELTA_NORM)), axis=1)
        return features, level_db[middle]


def loud(level_db: npt.NDArray[np.float32], below_peak_db: float = 25.0) -> npt.NDArray[np.bool_]:
    """Hops within ``below_peak_db`` of the recording's loud part (its 95th percentile)."""
    if not len(level_db):
        return np.zeros(0, np.bool_)
    mask: npt.NDArray[np.bool_] = level_db > float(np.percentile(level_db, 95)) - below_peak_db
    return mask
