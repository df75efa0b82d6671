"""Words that may tell of harm (domain §2.5): short lists of phrases, high recall. A false alarm costs one pause.

What is found is never repeated, named, kept or judged: the dialogue pauses in neutral words, and what was said is left
out of every event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from voice_imago.dialogue.phrases import Phrases, phrase_words, plain_words

__all__ = ["Harm", "HarmWords"]

Harm = Literal["self_harm", "harm"]
_LISTS: tuple[Harm, ...] = ("self_harm", "harm")


class HarmWords:
    """Looks for the phrases of one language; negation does not matter, and neither does whose harm it is."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self._phrases = Phrases((name, map(phrase_words, lists.get(name, ()))) for name in _LISTS)

    def kind(self, text: str) -> Harm | None:
        """What the words may tell of; danger to oneself before harm by others."""
        found = {one.label for one in self._phrases.find(plain_words(text))}
        return next((name for name in _LISTS if name in found), None)
