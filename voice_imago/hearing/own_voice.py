"""Is what the echo canceller leaves the guide's own voice? Its likeness to what was played, at any delay. Pure.

An echo that is not taken out, whatever the reason (a gap in what was played that nobody told of), is still a copy of
what was played; a partner is not. Both are whitened by their differences and correlated. Measured in a room of 0.3 s,
0.3 s of sound each: partners 0.03 to 0.15 (5 to 95 of 100), a canceller that was led astray 0.13 to 0.47.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["LIKE", "SURELY", "likeness"]

LIKE = 0.14
"""From here on a frame counts for nobody's voice. Of 40 times that the echo's delay jumped 5 were then taken for a
voice, and 17 without; of 40 partners none was missed, and the median found as soon as without."""
SURELY = 0.25
"""No partner was ever so like."""


def likeness(left: npt.NDArray[np.float32], played: npt.NDArray[np.float32]) -> float:
    """The largest normalised correlation, 0..1; ``played`` is longer, both end now, at one rate."""
    if len(played) <= len(left) or len(left) < 2:
        return 0.0
    x, r = np.diff(left.astype(np.float64)), np.diff(played.astype(np.float64))
    size = 1 << (len(r) + len(x) - 1).bit_length()
    places = len(r) - len(x) + 1
    alike = np.fft.irfft(np.conj(np.fft.rfft(x, size)) * np.fft.rfft(r, size), size)[:places]
    energy = np.concatenate(([0.0], np.cumsum(r**2)))
    energy = energy[len(x) :] - energy[: -len(x)]
    loudest = np.maximum(energy, 1e-3 * float(energy.max()) + 1e-12)  # hardly any sound is like anything
    return min(1.0, float(np.max(np.abs(alike) / np.sqrt(loudest * max(1e-12, float(np.sum(x**2)))))))
