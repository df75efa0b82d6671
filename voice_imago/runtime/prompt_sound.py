"""A rendered prompt made ready to play: trimmed, at the loudspeaker's rate, all prompts equally loud."""

from __future__ import annotations

import numpy as np

from voice_imago.engines.ports import PLAY_HZ, Pcm, Samples
from voice_imago.engines.recorded import resample, to_int16

LEAD_S = 0.030
"""Seconds kept before the first sound."""
TAIL_S = 0.060
"""Seconds kept after the last sound; eSpeak leaves 0.35."""
FADE_S = 0.005
LOUDNESS_DBFS = -19.0
"""RMS of a prompt at full volume, below which speech at the table lies about 5 dB."""
CEILING = 0.97
"""Peak that is never exceeded, of 1."""
QUIET_DB = -50.0
"""A window this far below the loudest one is silence; the softest consonants lie around -35."""
WINDOW_S = 0.005


def ready_to_play(sound: Pcm, rate_hz: int) -> Pcm:
    """Mono int16 at ``PLAY_HZ`` at full volume; the same input gives the same samples, bit for bit."""
    trimmed = trim(sound.astype(np.float32) / 32768.0, rate_hz)
    resampled: Samples = resample(trimmed, rate_hz, PLAY_HZ)
    return to_int16(fade_ends(level(resampled), PLAY_HZ))


def trim(sound: Samples, rate_hz: int) -> Samples:
    """Without the silence at both ends, except for a lead and a tail."""
    window = max(1, round(WINDOW_S * rate_hz))
    whole = sound[: sound.size // window * window].reshape(-1, window)
    power = np.square(whole, dtype=np.float64).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (QUIET_DB / 10))
    if not loud.size:
        return sound
    first = max(0, loud[0] * window - round(LEAD_S * rate_hz))
    last = (loud[-1] + 1) * window + round(TAIL_S * rate_hz)
    return sound[first:last]


def level(sound: Samples) -> Samples:
    """At the house's loudness, or as near to it as the peaks allow."""
    rms = float(np.sqrt(np.square(sound, dtype=np.float64).mean())) if sound.size else 0.0
    if rms == 0.0:
        return sound
    gain = min(10 ** (LOUDNESS_DBFS / 20) / rms, CEILING / float(np.abs(sound).max()))
    return sound * np.float32(gain)


def fade_ends(sound: Samples, rate_hz: int) -> Samples:
    """Both ends faded, so that neither clicks."""
    n_samples = min(round(FADE_S * rate_hz), sound.size // 2)
    ramp = np.linspace(0.0, 1.0, n_samples, endpoint=False, dtype=np.float32)
    faded = sound.copy()
    faded[:n_samples] *= ramp
    faded[faded.size - n_samples :] *= ramp[::-1]
    return faded


def at_volume(sound: Pcm, volume: float) -> Pcm:
    """The same prompt softer; ``volume`` 0..1."""
    if volume >= 1.0:
        return sound
    softer: Pcm = np.rint(sound * np.float32(max(volume, 0.0))).astype(np.int16)
    return softer
