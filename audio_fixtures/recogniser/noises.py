"""Sounds in which nobody speaks: noise, music, breathing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]

RATE_HZ = 16_000
INAUDIBLE = 12.0
"""Times that a chord has faded by 1/e: 104 dB."""


def unit_power(sound: npt.NDArray[Any]) -> Sound:
    """The same sound, as loud as white noise of deviation 1."""
    scaled: Sound = (sound / (np.sqrt(np.mean(sound**2)) + 1e-9)).astype(np.float32)
    return scaled


def music(rng: np.random.Generator, n_samples: int) -> Sound:
    """Chords of decaying harmonics, of about unit power."""
    at_s = np.arange(n_samples) / RATE_HZ
    sound, beat_s = np.zeros(n_samples), float(rng.uniform(0.2, 0.7))
    for begin in np.arange(0.0, at_s[-1], beat_s):
        fade_s = rng.uniform(0.1, 0.8)
        heard = slice(*np.searchsorted(at_s, (begin, begin + INAUDIBLE * fade_s)))
        since = at_s[heard] - begin
        shape = np.exp(-since / fade_s) * np.minimum(since / 0.01, 1.0)
        for note in rng.integers(40, 84, 3):
            hz = 440.0 * 2 ** ((note - 69) / 12)
            sound[heard] += shape * sum(np.sin(2 * np.pi * hz * k * since) / k**1.3 for k in (1, 2, 3, 4))
    return unit_power(sound)


def breathing(rng: np.random.Generator, n_samples: int) -> Sound:
    """Noise that swells and falls, of about unit power."""
    at_s = np.arange(n_samples) / RATE_HZ
    swell = np.maximum(0.0, np.sin(2 * np.pi * (at_s * rng.uniform(0.2, 0.6) + rng.uniform()))) ** 2
    sound = swell * coloured(rng, n_samples, float(rng.uniform(0.2, 1.0)))
    return unit_power(sound)


def coloured(rng: np.random.Generator, n_samples: int, slope: float) -> Sound:
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    frequency = np.maximum(np.arange(len(spectrum)), 1)
    return np.fft.irfft(spectrum / frequency ** (slope / 2), n_samples).astype(np.float32)
