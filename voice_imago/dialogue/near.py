"""Words that were written down a little wrong: by their letters (rapidfuzz) and their sound (jellyfish).

What a recogniser does to a short answer is a letter or two ("thats al"), another word of the same sound ("not
quiet"), or another gap between words ("tomor row"). So letters are compared without gaps, by optimal string
alignment (a swapped pair is one edit), and where the language has a code of sounds two edits are borne if the
codes are equal (Metaphone, Philips 1990; for English only).

Never borne is an edit that may turn the meaning round: one that adds or takes a part such as "n't", "un-" or the
Turkish "-me-" (``turning_parts``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

import jellyfish
from rapidfuzz.distance import OSA, Levenshtein

from voice_imago.dialogue.phrases import Words, folded

__all__ = ["Near"]

LEAST_LETTERS = 5
"""Shorter phrases are only taken as they are, accents aside."""
SURE_LETTERS = 12
"""From so many letters on two edits are borne without a code of sounds."""
SOUND_LETTERS = 6
"""From so many letters on two edits are borne where the sound is the same; one from two letters less on."""
MOST_EDITS = 2
LEAST_SOUNDS = 2
"""A code of one sound proves nothing: "no", "now", "knee"."""
MARGIN = 1
"""A phrase of another meaning must be more than so many edits further away."""


class Near:
    """Finds the phrase that was meant."""

    def __init__(self, *, sounds: bool, turning_parts: Collection[str] = ()) -> None:
        self._sounds = sounds
        self._turning = frozenset(turning_parts)

    def apart(self, said: str, phrase: str) -> int | None:
        """Edits between two texts without gaps; None: too far, or their difference may turn the meaning round."""
        if abs(len(said) - len(phrase)) > MOST_EDITS:
            return None
        limit = self._limit(said, phrase)
        edits = OSA.distance(said, phrase, score_cutoff=limit)
        if edits > limit or (edits and self._turned(said, phrase)):
            return None
        return edits

    @staticmethod
    def letters_apart(one: str, other: str) -> int:
        """Edits between two words, accents aside."""
        return OSA.distance(folded(one), folded(other))

    def same_sound(self, one: str, other: str) -> bool:
        """Whether two texts sound alike; never, in a language without a code of sounds."""
        if not self._sounds or not one.isascii() or not other.isascii():
            return False
        code = _metaphone(one)
        return len(code) >= LEAST_SOUNDS and code == _metaphone(other)

    def is_one_word(self, said: str, known: str, *, careful: bool) -> bool:
        """Whether a word may be another one, misspelt; ``careful``: as sure as a phrase must be."""
        if not careful:
            return abs(len(said) - len(known)) <= 1 and OSA.distance(said, known, score_cutoff=1) <= 1
        first = said[:1] == known[:1] or self.same_sound(said, known)
        return first and self.apart(said, known) is not None

    def nearest(self, said: Words, phrases: Iterable[tuple[Words, str]]) -> str | None:
        """The label of the phrase nearest to the whole of what was said, if no other meaning is about as near.

        The first letter of a single word must be right, or sound right: "might" is not "right".
        """
        letters = joined(said)
        found: dict[str, int] = {}
        for words, label in phrases:
            edits = self.apart(letters, joined(words))
            if edits and len(said) == len(words) == 1 and letters[:1] != joined(words)[:1]:
                edits = edits if self.same_sound(letters, joined(words)) else None
            if edits is not None:
                found[label] = min(edits, found.get(label, edits))
        if not found:
            return None
        best = min(found, key=lambda label: found[label])
        others = [edits for label, edits in found.items() if label != best]
        return best if all(edits > found[best] + MARGIN for edits in others) else None

    def _limit(self, said: str, phrase: str) -> int:
        shorter = min(len(said), len(phrase))
        if shorter >= SURE_LETTERS:
            return 2
        if shorter >= SOUND_LETTERS - 2 and self.same_sound(said, phrase):
            return 2 if shorter >= SOUND_LETTERS else 1
        return 1 if shorter >= LEAST_LETTERS else 0

    def _turned(self, said: str, phrase: str) -> bool:
        """Whether letters that turn a meaning round are in the one and not in the other."""
        for edit in Levenshtein.opcodes(said, phrase):
            parts = said[edit.src_start : edit.src_end], phrase[edit.dest_start : edit.dest_end]
            if edit.tag != "equal" and not self._turning.isdisjoint(parts):
                return True
        return False


@lru_cache(maxsize=4096)
def _metaphone(letters: str) -> str:
    return jellyfish.metaphone(letters)


@lru_cache(maxsize=8192)
def joined(words: Words) -> str:
    """Without gaps and accents."""
    return folded("".join(words))
