"""The door of every recogniser: whatever knocks comes in as 16 kHz mono float32 in -1..1, or not at all.

Whisper accepts int16 without scaling it and NaN without complaint, and invents words for silence; none of
that may happen to a couple, so nothing reaches an engine except through ``admit``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.errors import RecognitionError

SHORTEST_S = 0.1
"""Seconds; anything shorter holds no word."""
SILENCE_DB = -65.0
"""dB below full scale; sound whose loudest 30 ms are quieter holds no word."""
_LEVEL_SAMPLES = int(0.030 * HEAR_HZ)


def admit(sound: npt.NDArray[Any]) -> Samples | None:
    """The sound ready to be recognised; None when nothing is in it. RecognitionError for foreign shapes."""
    if sound.ndim != 1:
        raise RecognitionError(f"Recognition needs one channel of sound, but got the shape {sound.shape}.")
    clean = _as_float(sound)
    if clean.size < SHORTEST_S * HEAR_HZ or loudest_db(clean) < SILENCE_DB:
        return None
    return clean


def loudest_db(sound: Samples) -> float:
    """Level of the loudest 30 ms, in dB below full scale."""
    power = _frame_power(sound)
    return float(10.0 * np.log10(power.max() + 1e-12)) if power.size else -120.0


def active_s(sound: Samples, below_peak_db: float = 25.0) -> float:
    """Seconds from the first to the last 30 ms that come within ``below_peak_db`` of the loudest."""
    power = _frame_power(sound)
    if not power.size:
        return 0.0
    loud = np.flatnonzero(power >= power.max() * 10.0 ** (-below_peak_db / 10.0))
    return float(loud[-1] - loud[0] + 1) * _LEVEL_SAMPLES / HEAR_HZ


def _frame_power(sound: Samples) -> npt.NDArray[np.float64]:
    short = -sound.size % _LEVEL_SAMPLES
    frames = np.pad(sound.astype(np.float64), (0, short)).reshape(-1, _LEVEL_SAMPLES)
    power: npt.NDArray[np.float64] = np.mean(frames * frames, axis=1)
    return power


def _as_float(sound: npt.NDArray[Any]) -> Samples:
    if np.issubdtype(sound.dtype, np.signedinteger):
        scaled = sound.astype(np.float32) / float(-int(np.iinfo(sound.dtype).min))
    elif np.issubdtype(sound.dtype, np.floating):
        scaled = np.nan_to_num(sound.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    else:
        raise RecognitionError(f"Recognition needs float or signed integer samples, but got {sound.dtype}.")
    return np.ascontiguousarray(np.clip(scaled, -1.0, 1.0), dtype=np.float32)
