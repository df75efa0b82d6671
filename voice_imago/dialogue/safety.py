"""Words that may tell of harm (domain §2.5): short lists of phrases, high recall. A false alarm costs one pause.

What is found is never repeated, named, kept or judged: the dialogue pauses in neutral words, and what was said is left
out of every event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from voice_imago.dialogue.phrases import Phrases, folded, phrase_words, plain_words

__all__ = ["Harm", "HarmWords"]

Harm = Literal["self_harm", "harm"]
_LISTS: tuple[Harm, ...] = ("self_harm", "harm")


class HarmWords:
    """Looks for the phrases of one language; negation does not matter, and neither does whose harm it is."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        phrases = {name: [phrase_words(phrase) for phrase in lists.get(name, ())] for name in _LISTS}
        self._phrases = Phrases(phrases.items())
        self._plainer = Phrases((name, [tuple(map(folded, one)) for one in ones]) for name, ones in phrases.items())

    def kind(self, text: str) -> Harm | None:
        """What the words may tell of; danger to oneself before harm by others.

        Where no word has an accent, it may have been typed or recognised without any.
        """
        words = plain_words(text)
        phrases = self._plainer if all(word.isascii() for word in words) else self._phrases
        found = {one.label for one in phrases.find(words)}
        return next((name for name in _LISTS if name in found), None)
