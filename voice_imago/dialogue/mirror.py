"""How much of what was sent came back in the mirror. A nudge and a note, never a verdict: only the sender judges.

Recall of content words: of the words of the sent piece that carry meaning, the share that a word of the mirror
answers to. Words are stemmed (Snowball: "cooked" answers to "cooking"), and a stem that differs by what a recogniser
gets wrong counts too (Jaro-Winkler similarity of rapidfuzz). Pronouns change sides in a mirror and carry no
content; they are in the language's list ``function_words`` with articles, auxiliaries and the like.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import snowballstemmer
from rapidfuzz.distance import JaroWinkler

from voice_imago.dialogue.phrases import plain_words

__all__ = ["ALIKE", "MirrorCheck"]

ALIKE = 0.93
"""Similarity of two stems, 0..1, from which they are one word: "bycicle" is "bicycle", "lonely" is not "lovely"."""
LEAST_LETTERS = 4
"""Shorter stems have to be equal: one letter makes another word of them."""

_ALGORITHMS = {"en": "english", "de": "german", "es": "spanish", "fr": "french", "nl": "dutch", "tr": "turkish"}


class MirrorCheck:
    """Compares pieces and their mirrors in one language."""

    def __init__(self, language: str, function_words: Sequence[str] = ()) -> None:
        algorithm = _ALGORITHMS.get(language)
        self._stemmer: Any = None if algorithm is None else snowballstemmer.stemmer(algorithm)
        self._light = frozenset(word for phrase in function_words for word in plain_words(phrase))

    def content(self, text: str) -> tuple[str, ...]:
        """The stems of the words that carry meaning, each once, in their order."""
        words = [word for word in plain_words(text) if word not in self._light]
        stems = words if self._stemmer is None else self._stemmer.stemWords(words)
        return tuple(dict.fromkeys(stems))

    def recall(self, sent: str, mirrored: str) -> float | None:
        """Share of the sent content words that came back, 0..1; None where nothing of content was sent."""
        wanted, given = self.content(sent), self.content(mirrored)
        if not wanted:
            return None
        return sum(any(_same(word, other) for other in given) for word in wanted) / len(wanted)


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) >= LEAST_LETTERS and JaroWinkler.similarity(one, other) >= ALIKE
