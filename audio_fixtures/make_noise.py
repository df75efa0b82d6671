"""Makes kitchen.flac: a fridge, a fan, a tap and dishes, all synthesised, so that no licence but ours is involved.

python audio_fixtures/make_noise.py audio_fixtures/kitchen.flac
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile as sf

RATE_HZ = 16_000
SECONDS = 20


def coloured(rng: np.random.Generator, n_samples: int, slope: float) -> np.ndarray:
    """Noise whose power falls with frequency to the power of ``slope`` (0 white, 1 pink, 2 brown), unit rms."""
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    frequency = np.maximum(np.arange(len(spectrum)), 1)
    sound = np.fft.irfft(spectrum / frequency ** (slope / 2), n_samples)
    return sound / np.sqrt(np.mean(sound**2))


def hum(seconds: np.ndarray) -> np.ndarray:
    """A compressor: mains harmonics."""
    return sum(np.sin(2 * np.pi * f * seconds) * a for f, a in ((50, 1.0), (100, 0.6), (150, 0.3), (300, 0.1)))


def dish(rng: np.random.Generator) -> np.ndarray:
    """One plate put down: a few damped partials."""
    seconds = np.arange(RATE_HZ // 4) / RATE_HZ
    partials = rng.uniform(900, 5000, 5)
    decays = rng.uniform(0.01, 0.05, 5)
    return sum(np.sin(2 * np.pi * f * seconds) * np.exp(-seconds / d) for f, d in zip(partials, decays, strict=True))


def kitchen() -> np.ndarray:
    """20 s that can be looped."""
    rng = np.random.default_rng(2026)
    n_samples = RATE_HZ * SECONDS
    seconds = np.arange(n_samples) / RATE_HZ
    tap = coloured(rng, n_samples, 0.3) * (0.5 + 0.5 * np.sin(2 * np.pi * seconds / SECONDS)) ** 2
    sound = 0.5 * coloured(rng, n_samples, 1.2) + 0.25 * hum(seconds) + 0.4 * tap
    for start in rng.integers(0, n_samples - RATE_HZ, 5):
        sound[start : start + RATE_HZ // 4] += dish(rng) * rng.uniform(0.8, 2.0)
    return (0.1 * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    sf.write(target, kitchen(), RATE_HZ, subtype="PCM_16")
    print(f"{target}: {SECONDS} s")
