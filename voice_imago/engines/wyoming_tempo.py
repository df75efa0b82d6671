"""Faster or slower speech at the same pitch, for servers that know one pace only.

WSOLA: W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality
time-scale modification of speech", ICASSP 1993. Windows are taken at the new pace and laid at the old one; each is
shifted by up to ``SEARCH_S`` to where it best continues the one before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voice_imago.engines.ports import Pcm

WINDOW_S = 0.030
"""Seconds of a window: two periods of the lowest voice at least."""
SEARCH_S = 0.010
"""Seconds by which a window may be shifted either way: one period of the lowest voice."""

_Sound = npt.NDArray[np.float32]


def at_tempo(sound: Pcm, rate_hz: int, factor: float) -> Pcm:
    """The sound ``factor`` times as fast; its length is divided by that, its pitch stays."""
    step = int(WINDOW_S / 2 * rate_hz)
    search = int(SEARCH_S * rate_hz)
    steps = int(sound.size / factor / step)
    if steps < 2:
        return sound
    source = np.pad(sound.astype(np.float32), (search, search + 3 * step))
    window = np.hanning(2 * step + 1)[:-1].astype(np.float32)
    laid = np.zeros((steps + 1) * step, np.float32)
    at = search
    for number in range(steps):
        if number:
            wanted = search + round(number * step * factor)
            at = _best(source, at + step, wanted, search, 2 * step)
        laid[number * step : (number + 2) * step] += source[at : at + 2 * step] * window
    laid[:step] = source[search : search + step]  # nothing was laid under the rise of the first window
    return np.rint(laid).astype(np.int16)  # two windows share out every sample, so nothing gets louder


def _best(source: _Sound, follows: int, wanted: int, search: int, size: int) -> int:
    """The start near ``wanted`` of the window most like the one that naturally ``follows``."""
    wanted = min(wanted, source.size - size - search)
    natural = source[min(follows, source.size - size) :][:size]
    region = source[wanted - search : wanted + search + size]
    likeness = np.correlate(region, natural, mode="valid")
    power = np.cumsum(np.concatenate(([0.0], region.astype(np.float64) ** 2)))
    energy = power[size:] - power[:-size]
    return wanted - search + int(np.argmax(likeness / np.sqrt(energy + 1.0)))
