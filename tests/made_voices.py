"""Voices made of numbers: glottal pulses through vowel formants. No recording, no model, the same each time.

Enough of a voice for every detector and voiceprint of the house; nobody would take them for people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HZ = 16_000
Samples = npt.NDArray[np.float32]

VOWELS_HZ = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
    (490, 1350, 1690),
)
"""Formants of six vowels (Peterson & Barney 1952)."""
WIDTHS_HZ = (80.0, 100.0, 140.0)


@dataclass(frozen=True)
class MadeVoice:
    """One made person."""

    pitch_hz: float
    tract: float
    """Factor on the formants: below 1 a longer vocal tract."""
    seed: int
    level_db: float = -24.0

    def speaks(self, seconds: float) -> Samples:
        """Syllables of 0.12 to 0.24 s without a pause."""
        random = np.random.default_rng(self.seed)
        parts: list[Samples] = []
        while sum(len(part) for part in parts) < seconds * HZ:
            vowel = VOWELS_HZ[random.integers(len(VOWELS_HZ))]
            parts.append(self._syllable(random.uniform(0.12, 0.24), vowel, random))
        sound = np.concatenate(parts)[: round(seconds * HZ)]
        level = np.sqrt(np.mean(sound**2))
        return (sound / level * 10.0 ** (self.level_db / 20.0)).astype(np.float32)

    def _syllable(self, seconds: float, vowel_hz: tuple[int, ...], random: np.random.Generator) -> Samples:
        n = round(seconds * HZ)
        glide = np.linspace(random.uniform(0.92, 1.12), random.uniform(0.88, 1.05), n)
        phase = np.cumsum(self.pitch_hz * glide / HZ)
        pulses = np.diff(np.floor(phase), prepend=0.0)
        breath = random.normal(0.0, 0.02, n)
        spectrum = np.fft.rfft(pulses + breath) * self._tract(np.fft.rfftfreq(n, 1.0 / HZ), vowel_hz)
        onset = np.minimum(1.0, np.arange(n) / (0.02 * HZ))
        return (np.fft.irfft(spectrum, n) * onset * onset[::-1] ** 0.5).astype(np.float32)

    def _tract(self, hz: npt.NDArray[np.float64], vowel_hz: tuple[int, ...]) -> npt.NDArray[np.complex128]:
        gain = np.ones(len(hz), np.complex128)
        for centre, width in zip(vowel_hz, WIDTHS_HZ, strict=True):
            f = centre * self.tract
            gain *= f**2 / (f**2 - hz**2 + 1j * hz * width * self.tract)
        return gain / (1.0 + hz / 500.0)


ANA = MadeVoice(pitch_hz=215.0, tract=1.12, seed=1)
BEN = MadeVoice(pitch_hz=112.0, tract=0.94, seed=2)


def silence(seconds: float) -> Samples:
    """A quiet room: noise 70 dB below full scale."""
    return np.random.default_rng(7).normal(0.0, 10.0**-3.5, round(seconds * HZ)).astype(np.float32)


def scene(*parts: Samples) -> Samples:
    """One part after the other, in the quiet room."""
    sound = np.concatenate(parts)
    return sound + silence(len(sound) / HZ)[: len(sound)]
