"""How a turn begins and what it carries: the few signs in words that the facilitator goes by. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from voice_imago.dialogue.mirror import MirrorCheck
from voice_imago.dialogue.phrases import Words, plain_words

__all__ = ["Deviation", "Openings", "Sent"]

Deviation = Literal["rebuts", "adds", "asks"]
"""What a listener may do instead of mirroring (domain §1.6); the guide says what is next, never this name."""

LITTLE = 0.34
"""Recall of the sent words below which a turn that begins like a rebuttal is none of a mirror."""
HALF = 0.5
"""The same for a question or a view of one's own: with half of the words back it is a mirror, too."""
STEM_WITHIN = 6
"""Words within which "what I hear you say" makes a mirror of whatever follows."""
FAR_LONGER = 2.0
FAR_LONGER_WORDS = 20
FAR_LONGER_S = 12.0
"""A mirror with more than twice the words and these besides (or seconds, without words) holds more than was sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The piece that is to be mirrored."""

    turn: int
    speech_s: float
    text: str | None = None
    """None: its words are not there (yet)."""


class Openings:
    """Judges a listener's turn against the piece that was sent; in doubt it is a mirror."""

    def __init__(self, lists: Mapping[str, Sequence[str]], mirror: MirrorCheck) -> None:
        self._lists = {name: tuple(map(plain_words, phrases)) for name, phrases in lists.items()}
        self._mirror = mirror

    def deviation(self, text: str, sent: Sent) -> Deviation | None:
        """What the words of a listener's turn do instead of mirroring; None: they mirror, or nobody can tell."""
        said = plain_words(text)
        words = self._weighty(said)
        if not words or self._within("mirror_stem", words[: STEM_WITHIN + 4]):
            return "adds" if _far_longer(words, sent) else None
        rebuts = len(words) > 1 and self._begins("rebut", words)
        if not sent.text:
            return "rebuts" if rebuts else None
        back = self._mirror.recall(sent.text, text) or 0.0
        if rebuts and back < LITTLE:
            return "rebuts"
        if back < HALF and self._is_question(text, words):
            return "asks"
        if back < HALF and (self._begins("own_view", words) or self._begins("own_view", said)):
            return "adds"
        return "adds" if _far_longer(words, sent) else None

    def says_what_you_are(self, text: str) -> bool:
        """Whether the words begin by saying what the other one is; "I think you are" does not."""
        words = plain_words(text)
        return self._begins("you_are", words) or self._begins("you_are", self._weighty(words, "hesitation"))

    @staticmethod
    def too_long(speech_s: float, sent: Sent) -> bool:
        """The same by time alone, where no words are understood."""
        return speech_s > FAR_LONGER * sent.speech_s + FAR_LONGER_S

    def _is_question(self, text: str, words: Words) -> bool:
        asked = text.rstrip().endswith("?") or self._begins("asking", words)
        return asked and not self._within("question", words)

    def _weighty(self, words: Words, *lists: str) -> Words:
        """Without what these lists hold at the beginning: hesitation and fillers, unless said otherwise."""
        light = {phrase for name in lists or ("hesitation", "fillers") for phrase in self._lists.get(name, ())}
        longest = max((len(phrase) for phrase in light), default=0)
        while words:
            size = next((n for n in range(min(longest, len(words)), 0, -1) if words[:n] in light), 0)
            if not size:
                break
            words = words[size:]
        return words

    def _begins(self, name: str, words: Words) -> bool:
        return any(words[: len(phrase)] == phrase for phrase in self._lists.get(name, ()) if phrase)

    def _within(self, name: str, words: Words) -> bool:
        return any(
            words[at : at + len(phrase)] == phrase
            for phrase in self._lists.get(name, ())
            if phrase
            for at in range(len(words) - len(phrase) + 1)
        )


def _far_longer(words: Words, sent: Sent) -> bool:
    return bool(sent.text) and len(words) > FAR_LONGER * len(plain_words(sent.text or "")) + FAR_LONGER_WORDS
