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
        self._window: Samples = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)  # periodic, as librosa's
        self._allocate(2 * WINDOW_SAMPLES + HOP_SAMPLES)

    def _allocate(self, samples: int) -> None:
        self._buffer = np.zeros(samples, np.float32)
        self._filled = 0
        self._views = np.lib.stride_tricks.sliding_window_view(self._buffer, WINDOW_SAMPLES)[::HOP_SAMPLES]

    def clear(self) -> None:
        """The next sample is the first of a new stretch."""
        self._filled = 0

    def push(self, sound: Samples) -> Rows:
        """Power spectra (n, 201) of the hops completed by ``sound``."""
        filled = self._filled + len(sound)
        if filled > len(self._buffer):
            rest = self._buffer[: self._filled]
            self._allocate(filled + WINDOW_SAMPLES)
            self._buffer[: len(rest)] = rest
        self._buffer[filled - len(sound) : filled] = sound
        hops = max(0, (filled - WINDOW_SAMPLES) // HOP_SAMPLES + 1)
        spectra = np.fft.rfft(self._views[:hops] * self._window, axis=1)
        self._filled = filled - hops * HOP_SAMPLES
        self._buffer[: self._filled] = self._buffer[hops * HOP_SAMPLES : filled]
        real: Rows = spectra.real.astype(np.float32, copy=False)  # as they are; only the type checker needs it
        imaginary: Rows = spectra.imag.astype(np.float32, copy=False)
        power: Rows = real * real
        power += imaginary * imaginary
        return power


class Cepstra:
    """Power spectra in, 19 cepstra + 19 deltas and the hop's level out, ``DELTA_REACH`` hops late."""

    def __init__(self) -> None:
        self._filters = cepstral_filters()
        self._cosines = _cosine_transform(self._filters.shape[1], CEPSTRA)
        self.clear()

    def clear(self) -> None:
        """The next hop is the first of a new stretch."""
        self._waiting = np.zeros((0, CEPSTRA + 1), np.float32)

    def push(self, power: Rows) -> tuple[Rows, npt.NDArray[np.float32]]:
        """Features (n, 38) and levels in dB (n,) of the hops that now have their neighbours."""
        waiting, hops = len(self._waiting), len(power)
        rows = np.empty((waiting + hops, CEPSTRA + 1), np.float32)
        rows[:waiting] = self._waiting
        bands = power @ self._filters
        bands += _TINY
        rows[waiting:, -1] = bands.sum(axis=1)
        np.log10(rows[waiting:, -1], out=rows[waiting:, -1])
        rows[waiting:, -1] *= 10.0
        np.matmul(np.log(bands, out=bands), self._cosines, out=rows[waiting:, :-1])
        ready = max(0, len(rows) - 2 * DELTA_REACH)
        self._waiting = rows[ready:]
        features = np.empty((ready, FEATURES), np.float32)
        if ready:
            static, delta = rows[:, :-1], features[:, CEPSTRA:]
            features[:, :CEPSTRA] = static[DELTA_REACH : DELTA_REACH + ready]
            np.subtract(static[4 : 4 + ready], static[:ready], out=delta)
            delta *= 2.0
            delta += static[3 : 3 + ready]
            delta -= static[1 : 1 + ready]
            delta *= np.float32(1.0 / _DELTA_NORM)
        return features, rows[DELTA_REACH : DELTA_REACH + ready, -1]


def loud(level_db: npt.NDArray[np.float32], below_peak_db: float = 25.0) -> npt.NDArray[np.bool_]:
    """Hops within ``below_peak_db`` of the recording's loud part (its 95th percentile)."""
    if not len(level_db):
        return np.zeros(0, np.bool_)
    mask: npt.NDArray[np.bool_] = level_db > float(np.percentile(level_db, 95)) - below_peak_db
    return mask
