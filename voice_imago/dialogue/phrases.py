"""Phrases in words: finding them, and what their marks mean. Nothing here knows a language.

A phrase of a list in ``prompts/<lang>/replies.toml`` may carry a mark:

    for once        stands anywhere in the utterance
    finally.        stands at its end
    = i forgot      is the whole utterance, hesitation aside
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Found", "MarkedPhrases", "Phrases", "Words", "is_marked", "one_apart", "plain_words"]

Words = tuple[str, ...]


def plain_words(text: str) -> Words:
    """Small letters, without punctuation; ``that's`` becomes ``thats``, ``time-out`` becomes ``time out``."""
    without_apostrophes = re.sub(r"['’‘ʼ`´]", "", text.casefold())
    return tuple(re.findall(r"[^\W_]+", without_apostrophes))


def is_marked(phrase: str) -> bool:
    """Whether a phrase says where it must stand."""
    return phrase.lstrip().startswith("=") or phrase.rstrip().endswith(".")


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in an utterance."""

    label: str
    start: int
    words: Words

    @property
    def end(self) -> int:
        return self.start + len(self.words)


class Phrases:
    """Phrases with labels; finds the longest one at each place. Of equal phrases the earlier counts."""

    def __init__(self, lists: Iterable[tuple[str, Iterable[Words]]]) -> None:
        self._label: dict[Words, str] = {}
        for label, phrases in lists:
            for phrase in phrases:
                if phrase:
                    self._label.setdefault(phrase, label)
        self._longest = max(map(len, self._label), default=0)

    def __iter__(self) -> Iterator[tuple[Words, str]]:
        return iter(self._label.items())

    def label(self, words: Words) -> str | None:
        """The label of these words as a whole."""
        return self._label.get(words)

    def find(self, words: Words) -> list[Found]:
        """All phrases, from left to right, none inside another."""
        found, at = [], 0
        while at < len(words):
            one = self._at(words, at)
            if one is not None:
                found.append(one)
            at = one.end if one else at + 1
        return found

    def _at(self, words: Words, at: int) -> Found | None:
        for length in range(min(self._longest, len(words) - at), 0, -1):
            label = self._label.get(words[at : at + length])
            if label is not None:
                return Found(label, at, words[at : at + length])
        return None


class MarkedPhrases:
    """One list whose phrases may say where they must stand."""

    def __init__(self, phrases: Iterable[str]) -> None:
        marked: dict[str, list[Words]] = {"": [], "=": [], ".": []}
        for phrase in phrases:
            mark = "=" if phrase.lstrip().startswith("=") else "." if phrase.rstrip().endswith(".") else ""
            marked[mark].append(plain_words(phrase))
        self.anywhere = Phrases([("", marked[""])])
        self._whole = frozenset(marked["="])
        self._last = frozenset(marked["."])

    def is_whole(self, words: Words) -> bool:
        """Whether the words are a phrase that must stand alone."""
        return words in self._whole

    def is_placed(self, words: Words, without_fillers: Words) -> bool:
        """Whether a marked phrase is in the words, at the place that its mark asks for."""
        if not self._whole.isdisjoint((words, without_fillers)):
            return True
        ends = [text[-length:] for text in (words, without_fillers) for length in range(1, len(text) + 1)]
        return not self._last.isdisjoint(ends)


def one_apart(left: str, right: str) -> bool:
    """Whether one letter is missing, added, changed, or swapped with its neighbour (Damerau 1964)."""
    if left == right or abs(len(left) - len(right)) > 1:
        return left == right
    pairs = enumerate(zip(left, right, strict=False))
    start = next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))
    one, two = left[start:], right[start:]
    swapped = len(one) > 1 and len(two) > 1 and one[:2] == two[1] + two[0] and one[2:] == two[2:]
    return one[1:] == two[1:] or one[1:] == two or one == two[1:] or swapped
