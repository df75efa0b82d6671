"""From two recordings to a voiceprint: which one can be had, and whether the recordings are good enough."""

from __future__ import annotations

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.voiceprint_encoder import Encoder
from voice_imago.engines.voiceprint_gmm import GmmVoiceprint, fit_mixture, speech_features
from voice_imago.engines.voiceprint_resemblyzer import ResemblyzerVoiceprint, calibrate
from voice_imago.engines.voiceprint_spectra import HOP_S, Cepstra, Spectra, loud
from voice_imago.engines.voiceprint_weights import weights_file
from voice_imago.errors import ModelError

LEAST_SPEECH_S = 5.0
"""Seconds of speech that an enrolment needs."""
LEAST_LEVEL_DB = -55.0
"""Level of its speech below full scale."""
MOST_CLIPPED = 0.005
"""Share of samples at full scale."""
LEAST_GAP_NATS = 4.0
"""How far apart two voices' own windows must lie on average."""

Enrolled = GmmVoiceprint | ResemblyzerVoiceprint


def make_voiceprint(first: Samples, second: Samples, *, embedding: bool | None = None) -> Enrolled:
    """The best voiceprint for two recordings of about 15 s. ``embedding``: None takes what is installed.

    Raises ModelError (weights asked for and missing or damaged) and ValueError (hardly any speech).
    """
    wanted = weights_file() is not None if embedding is None else embedding
    if not wanted:
        return _enrolled(GmmVoiceprint(), first, second)
    try:
        return _enrolled(ResemblyzerVoiceprint(), first, second)
    except ModelError:
        if embedding:
            raise
        return _enrolled(GmmVoiceprint(), first, second)


def _enrolled(voiceprint: Enrolled, first: Samples, second: Samples) -> Enrolled:
    voiceprint.enrol(first, second)
    return voiceprint


def check_enrolment(first: Samples, second: Samples) -> list[str]:
    """What is wrong with two recordings: ``too_short:0``, ``too_quiet:1``, ``clipped:0`` (partner after the colon) or
    ``too_alike``. Empty: use them."""
    found = [f"{code}:{n}" for n, sound in enumerate((first, second)) for code in _faults(sound)]
    short = any(code.startswith("too_") for code in found)
    return found if short or not _alike(first, second) else [*found, "too_alike"]


def _faults(sound: Samples) -> list[str]:
    _features, level_db = Cepstra().push(Spectra().push(sound))
    speech = loud(level_db)
    found = []
    if float(speech.sum()) * HOP_S < LEAST_SPEECH_S:
        found.append("too_short")
    if _level_db(sound) < LEAST_LEVEL_DB:
        found.append("too_quiet")
    if len(sound) and float((np.abs(sound) >= 0.999).mean()) > MOST_CLIPPED:
        found.append("clipped")
    return found


def _level_db(sound: Samples) -> float:
    """Level of the loud tenths of a second."""
    block = HEAR_HZ // 10
    blocks = sound[: len(sound) // block * block].reshape(-1, block)
    if not len(blocks):
        return -100.0
    return 10.0 * float(np.log10(np.percentile((blocks**2).mean(axis=1), 80) + 1e-10))


def _alike(first: Samples, second: Samples) -> bool:
    if weights_file() is not None:
        try:
            return _alike_vectors(first, second)
        except ModelError:
            pass
    return _alike_mixtures(first, second)


def _alike_vectors(first: Samples, second: Samples) -> bool:
    """Whether even their own windows hardly tell the two voices apart."""
    encoder = Encoder()
    vectors = [encoder.own_windows(sound) for sound in (first, second)]
    calibration = calibrate(*vectors)
    nats = [float(calibration.nats(calibration.cosines(v)).mean()) for v in vectors]
    return (nats[0] - nats[1]) / 2.0 < LEAST_GAP_NATS


def _alike_mixtures(first: Samples, second: Samples) -> bool:
    """The same with mixtures: each learns one half of a recording and judges the other."""
    halves = [np.array_split(speech_features(sound), 2) for sound in (first, second)]
    learnt = [fit_mixture(half[0]) for half in halves]
    nats = [float((learnt[0].log_likelihood(h[1]) - learnt[1].log_likelihood(h[1])).mean()) for h in halves]
    return (nats[0] - nats[1]) / 2.0 < 0.5
