"""From pieces of speech to voices: the pieces of an enrolment, or the turns of a dialogue in which nobody is enrolled.

Sound is held in memory until a voice is learnt, then it is dropped; nothing here writes it anywhere. What is called a
lesson is a function without arguments that costs the processor: it is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, Samples, Voiceprint
from voice_imago.engines.voiceprint_enrolment import VoiceModel, check_voice, learn_voice, tell_apart, too_alike
from voice_imago.engines.voiceprint_gmm import speech_features
from voice_imago.engines.voiceprint_spectra import HOP_S
from voice_imago.events import Partner

__all__ = ["Pieces", "Turns", "TurnsLearnt", "Voices", "speech_s"]

MOST_PIECES_S = 60.0
"""Seconds of one partner that are held at most; the oldest go first."""
LEAST_TURNS = 2
LEAST_TURN_SPEECH_S = 8.0
"""Turns and seconds of speech of each partner that voices are learnt from: two turns in all were measured to be too
few, two of each to be enough."""
MOST_TURNS = 12
"""Of one partner that are held."""
MOST_TURN_S = 30.0
"""Seconds of one turn; a long one must not outweigh the others."""

Voices = tuple[VoiceModel | None, VoiceModel | None]


@dataclass(frozen=True, slots=True)
class Pieces:
    """What one partner said to be learnt; pieces add up."""

    sounds: tuple[Samples, ...] = ()

    def added(self, sound: Samples) -> Pieces:
        """With one more piece, the latest in any case."""
        return Pieces(_latest((*self.sounds, sound), MOST_PIECES_S))

    def learn(self, noise_db: float | None, embedding: bool | None) -> tuple[str, Pieces, VoiceModel | None]:
        """An outcome, what is worth holding for the next piece, and the voice once it is learnt.

        A spoilt piece is told and left out, so that it does not spoil the next attempt.
        """
        if not len(self.sounds[-1]):
            return "too_short", Pieces(self.sounds[:-1]), None
        verdicts = [check_voice(sound, noise_db=noise_db, least_speech_s=0.0) for sound in self.sounds]
        usable = tuple(sound for sound, verdict in zip(self.sounds, verdicts, strict=True) if verdict == "good")
        if verdicts[-1] != "good":
            return verdicts[-1], Pieces(usable), None
        together = np.concatenate(usable)
        verdict = check_voice(together, noise_db=noise_db)
        if verdict != "good":
            return verdict, Pieces(usable), None
        return "good", Pieces(), learn_voice(together, embedding=embedding)


@dataclass(frozen=True, slots=True)
class TurnsLearnt:
    """What came of the turns; no voiceprint: the voices are too alike."""

    voices: tuple[VoiceModel, VoiceModel]
    voiceprint: Voiceprint | None


@dataclass(slots=True)
class _Partner:
    turns: dict[float, tuple[Samples, float]] = field(default_factory=dict)
    """Start -> sound and seconds of speech: a turn that went on after all comes again, longer."""

    @property
    def sounds(self) -> tuple[Samples, ...]:
        return _latest(tuple(sound for sound, _ in self.turns.values()), MOST_PIECES_S)

    @property
    def speech_s(self) -> float:
        return sum(spoken_s for _, spoken_s in self.turns.values())


@dataclass(slots=True)
class Turns:
    """Turns of which the protocol says whose they are."""

    _partners: tuple[_Partner, _Partner] = field(default_factory=lambda: (_Partner(), _Partner()))
    _needed_s: float = LEAST_TURN_SPEECH_S
    _told: bool = False

    @staticmethod
    def shortened(sound: Samples) -> Samples:
        """As much of a turn as is worth holding."""
        return sound[: round(MOST_TURN_S * HEAR_HZ)]

    def add(self, partner: Partner, start: float, sound: Samples, spoken_s: float) -> None:
        turns = self._partners[partner].turns
        turns[start] = (sound, spoken_s)
        while len(turns) > MOST_TURNS:
            del turns[min(turns)]

    def lesson(self, voices: Voices, embedding: bool | None) -> Callable[[], TurnsLearnt] | None:
        """Learns the voices that are not known yet; None while there is too little to learn them from."""
        if not all(
            voice is not None or (len(known.turns) >= LEAST_TURNS and known.speech_s >= self._needed_s)
            for voice, known in zip(voices, self._partners, strict=True)
        ):
            return None
        sounds = [known.sounds for known in self._partners]

        def learn(partner: Partner) -> VoiceModel:
            return voices[partner] or learn_voice(np.concatenate(sounds[partner]), embedding=embedding)

        def lesson() -> TurnsLearnt:
            first, second = learn(0), learn(1)
            return TurnsLearnt((first, second), None if too_alike(first, second) else tell_apart(first, second))

        return lesson

    def alike(self) -> str:
        """The voices were too alike: said once, then tried again with more speech."""
        self._needed_s = LEAST_TURN_SPEECH_S + max(known.speech_s for known in self._partners)
        told, self._told = self._told, True
        return "more" if told else "too_alike"


def speech_s(sound: Samples) -> float:
    """Seconds of speech in a piece."""
    return len(speech_features(sound)) * HOP_S


def _latest(sounds: tuple[Samples, ...], most_s: float) -> tuple[Samples, ...]:
    """The last one in any case, and of those before it what ``most_s`` seconds hold."""
    kept: list[Samples] = []
    left = round(most_s * HEAR_HZ)
    for sound in reversed(sounds):
        left -= len(sound)
        if kept and left < 0:
            break
        kept.insert(0, sound)
    return tuple(kept)
