"""From recordings to a voiceprint: each voice learnt for itself, two of them told apart, and whether they will do.

    sound ─► check_voice ─► learn_voice ─► VoiceModel ─┬─► too_alike
                                                       └─► tell_apart ─► voiceprint

Voices may be learnt one after the other, on different days; ``voiceprint_file`` keeps them.
"""

from __future__ import annotations

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.voiceprint_encoder import installed_encoder
from voice_imago.engines.voiceprint_file import load_voice, save_voice
from voice_imago.engines.voiceprint_gmm import GmmVoiceprint, fit_mixture, speech_features
from voice_imago.engines.voiceprint_model import VoiceModel
from voice_imago.engines.voiceprint_resemblyzer import LEAST_DEVIATION, ResemblyzerVoiceprint, unit_mean
from voice_imago.engines.voiceprint_spectra import HOP_S, Cepstra, Rows, Spectra, loud
from voice_imago.engines.voiceprint_weights import weights_file
from voice_imago.errors import ModelError

__all__ = [
    "Enrolled",
    "VoiceModel",
    "check_enrolment",
    "check_voice",
    "learn_voice",
    "load_voice",
    "make_voiceprint",
    "save_voice",
    "tell_apart",
    "too_alike",
]

LEAST_SPEECH_S = 5.0
"""Seconds of speech that an enrolment needs."""
LEAST_LEVEL_DB = -55.0
"""Level of its speech below full scale."""
MOST_CLIPPED = 0.005
"""Share of samples at full scale."""
LEAST_ABOVE_NOISE_DB = 6.0
"""How far speech must stand above the room."""
LEAST_GAP = 0.7
"""How far apart two voices' windows must lie, in standard deviations. Of pairs from the development set (15 s each, the
second from the conversation) below it lay 4 of 5 of one voice and 1 of 40 of two, that one in 5 dB of noise."""
LEAST_MIXTURE_GAP_NATS = -0.4
"""The same per hop, for mixtures: 7 of 10 and 1 of 40."""
HALF_COMPONENTS = 8
"""Gaussians of the mixture that learns half a recording."""
DRAWN_HOPS = 1000
"""Hops drawn from a mixture to see how another one likes them."""

Enrolled = GmmVoiceprint | ResemblyzerVoiceprint


# ---------------------------------------------------------------------- learning


def learn_voice(sound: Samples, *, embedding: bool | None = None) -> VoiceModel:
    """Learn one voice from a recording of about 15 s. ``embedding``: None takes the voice model if it is installed.

    Raises ModelError (voice model asked for and missing or damaged) and ValueError (hardly any speech).
    """
    vectors = _vectors(sound, embedding)
    features = speech_features(sound)
    first, second = (fit_mixture(half, HALF_COMPONENTS) for half in np.array_split(features, 2))
    speech_s = len(features) * HOP_S
    return VoiceModel(vectors, fit_mixture(features), (first, second), speech_s, _level_db(sound))


def _vectors(sound: Samples, embedding: bool | None) -> Rows | None:
    wanted = weights_file() is not None if embedding is None else embedding
    if not wanted:
        return None
    try:
        encoder = installed_encoder()
    except ModelError:
        if embedding:
            raise
        return None
    return encoder.own_windows(sound)


def tell_apart(first: VoiceModel, second: VoiceModel) -> Enrolled:
    """The best voiceprint for two voices: the voice model's where both were learnt with it and it is installed now,
    else the mixtures alone. Never raises."""
    if first.vectors is not None and second.vectors is not None:
        try:
            both = ResemblyzerVoiceprint(installed_encoder())
        except ModelError:
            pass
        else:
            both.know((first.mixture, first.vectors), (second.mixture, second.vectors))
            return both
    mixtures = GmmVoiceprint()
    mixtures.know(first.mixture, second.mixture)
    return mixtures


def make_voiceprint(first: Samples, second: Samples, *, embedding: bool | None = None) -> Enrolled:
    """Learn two voices and tell them apart; see ``learn_voice``."""
    return tell_apart(learn_voice(first, embedding=embedding), learn_voice(second, embedding=embedding))


# ---------------------------------------------------------------------- whether a recording will do


def check_voice(sound: Samples, *, noise_db: float | None = None, least_speech_s: float = LEAST_SPEECH_S) -> str:
    """Whether to learn a voice from this: ``good``, ``too_short``, ``too_quiet``, ``clipped`` or ``noisy``.

    ``noise_db``: level of the room without speech, dB below full scale; None: not known, so never ``noisy``.
    """
    return next(iter(_faults(sound, noise_db, least_speech_s)), "good")


def _faults(sound: Samples, noise_db: float | None = None, least_speech_s: float = LEAST_SPEECH_S) -> list[str]:
    level_db = _level_db(sound)
    found = []
    if _speech_s(sound) < least_speech_s:
        found.append("too_short")
    if level_db < LEAST_LEVEL_DB:
        found.append("too_quiet")
    if len(sound) and float((np.abs(sound) >= 0.999).mean()) > MOST_CLIPPED:
        found.append("clipped")
    if noise_db is not None and level_db < noise_db + LEAST_ABOVE_NOISE_DB:
        found.append("noisy")
    return found


def _speech_s(sound: Samples) -> float:
    _features, level_db = Cepstra().push(Spectra().push(sound))
    return float(loud(level_db).sum()) * HOP_S


def _level_db(sound: Samples) -> float:
    """Level of the loud tenths of a second."""
    block = HEAR_HZ // 10
    blocks = sound[: len(sound) // block * block].reshape(-1, block)
    if not len(blocks):
        return -100.0
    return 10.0 * float(np.log10(np.percentile((blocks**2).mean(axis=1), 80) + 1e-10))


def check_enrolment(first: Samples, second: Samples) -> list[str]:
    """What is wrong with two recordings: ``too_short:0``, ``too_quiet:1``, ``clipped:0`` (partner after the colon) or
    ``too_alike``. Empty: use them."""
    found = [f"{code}:{n}" for n, sound in enumerate((first, second)) for code in _faults(sound)]
    if any(code.startswith("too_") for code in found):
        return found
    return [*found, "too_alike"] if too_alike(learn_voice(first), learn_voice(second)) else found


# ---------------------------------------------------------------------- whether two voices can be told apart


def too_alike(first: VoiceModel, second: VoiceModel) -> bool:
    """Whether what was learnt of two voices hardly tells one from the other.

    Each half of a recording is judged by what the halves that did not learn from it are like: judged by itself, even
    one voice's two recordings seem far apart.
    """
    one, two = first.vectors, second.vectors
    if one is not None and two is not None and min(len(one), len(two)) >= 2:
        return _vector_gap(one, two) < LEAST_GAP
    return (_mixture_gap(first, second) + _mixture_gap(second, first)) / 2.0 < LEAST_MIXTURE_GAP_NATS


def _vector_gap(first: Rows, second: Rows) -> float:
    """Mean of the held-out windows' scores for their own voice, in standard deviations."""
    gaps, spreads = [], []
    for learnt, judged in ((0, 1), (1, 0)):
        halves = [np.array_split(vectors, 2) for vectors in (first, second)]
        towards = unit_mean(halves[0][learnt]) - unit_mean(halves[1][learnt])
        scores = (halves[0][judged] @ towards, -(halves[1][judged] @ towards))
        gaps += [score.mean() for score in scores]
        spreads += [score.var() for score in scores]
    return float(np.mean(gaps)) / max(LEAST_DEVIATION, float(np.sqrt(np.mean(spreads))))


def _mixture_gap(voice: VoiceModel, other: VoiceModel) -> float:
    """Nats per hop by which ``voice`` explains its own other half better than the better one of the other's does."""
    gaps = []
    for learnt, judged in ((0, 1), (1, 0)):
        hops = voice.halves[judged].draw(DRAWN_HOPS)
        strange = np.maximum(*(half.log_likelihood(hops) for half in other.halves))
        gaps.append(float((voice.halves[learnt].log_likelihood(hops) - strange).mean()))
    return sum(gaps) / 2.0
