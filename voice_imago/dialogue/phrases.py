"""Phrases in words: finding them, and what their marks mean. Nothing here knows a language.

A phrase of a list in ``prompts/<lang>/replies.toml`` may carry a mark:

    for once        stands anywhere in the utterance
    finally.        stands at its end
    = i forgot      is the whole utterance, hesitation aside
    hören … auf     up to three other words stand in between, none of which turns the meaning round
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = [
    "BREAK", "GAP", "NOT", "Found", "MarkedPhrases", "Phrases", "Words", "bare", "begun", "folded", "is_marked",
    "is_whole", "phrase_words", "plain_words", "rest_of", "small", "without",
]  # fmt: skip

Words = tuple[str, ...]
GAP = "…"
"""Inside a phrase: other words may stand here."""
GAP_WORDS = 3
"""Most words in a gap."""
BREAK = ","
"""A word that is none: here stood a punctuation mark that matters (``reply_lists``)."""
NOT = "¬"
"""A word that is none: the word before it is turned round by its ending, as in Turkish "durma" (``reply_lists``)."""
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_WORD = re.compile(r"[^\W_]+")


def small(text: str, *, dotless: bool = False) -> str:
    """Small letters, composed; ``dotless``: as in Turkish, where I is ı and İ is i."""
    if dotless:
        text = text.replace("I", "ı")
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFC", text.replace("İ", "i").casefold())


def begun(text: str, *, dotless: bool = False) -> str:
    """With a capital at the beginning; ``dotless``: as in Turkish, where that of i is İ."""
    first = "İ" if dotless and text[:1] == "i" else text[:1].upper()
    return first + text[1:]


def plain_words(text: str, *, dotless: bool = False) -> Words:
    """Small letters, without punctuation; ``that's`` becomes ``thats``, ``time-out`` becomes ``time out``."""
    return tuple(_WORD.findall(_APOSTROPHES.sub("", small(text, dotless=dotless))))


def folded(word: str) -> str:
    """Without accents, and with the same i everywhere: ``cafe`` for ``café``, ``hayir`` for ``hayır``."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    return "".join(part for part in parts if not unicodedata.combining(part)).replace("ı", "i")


def is_whole(phrase: str) -> bool:
    """Whether a phrase must be the whole utterance."""
    return phrase.lstrip().startswith("=")


def is_marked(phrase: str) -> bool:
    """Whether a phrase says where it must stand."""
    return is_whole(phrase) or phrase.rstrip().endswith(".")


def bare(phrase: str) -> str:
    """A phrase without its marks."""
    return phrase.strip().lstrip("=").rstrip(".").strip()


def phrase_words(phrase: str, *, dotless: bool = False) -> Words:
    """The words of a phrase, its gaps kept."""
    parts = [plain_words(part, dotless=dotless) for part in phrase.split(GAP)]
    words: list[str] = list(parts[0])
    for part in parts[1:]:
        words += [GAP, *part]
    return tuple(words)


def without(words: Words, found: Iterable[Found]) -> Words:
    """What no phrase accounts for, with the breaks."""
    covered = {at for one in found for at in range(one.start, one.end)}
    return tuple(word for at, word in enumerate(words) if at not in covered)


def rest_of(words: Words, found: Iterable[Found]) -> Words:
    """The words that no phrase accounts for."""
    return tuple(word for word in without(words, found) if word != BREAK)


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in an utterance; ``words`` are those of the utterance, a gap filled."""

    label: str
    start: int
    words: Words

    @property
    def end(self) -> int:
        return self.start + len(self.words)


class Phrases:
    """Phrases with labels; finds the longest one at each place. Of equal phrases the earlier counts.

    ``never_between``: words that no gap may hold.
    """

    def __init__(self, lists: Iterable[tuple[str, Iterable[Words]]], never_between: Iterable[str] = ()) -> None:
        self._label: dict[Words, str] = {}
        self._split: dict[str, list[tuple[Words, Words, str]]] = {}
        self._never = frozenset(never_between) | {BREAK}
        for label, phrases in lists:
            for phrase in phrases:
                if GAP in phrase:
                    self._add_split(phrase, label)
                elif phrase:
                    self._label.setdefault(phrase, label)
        self._longest = max(map(len, self._label), default=0)

    def _add_split(self, phrase: Words, label: str) -> None:
        at = phrase.index(GAP)
        head, tail = phrase[:at], phrase[at + 1 :]
        if head and tail and GAP not in tail:  # the check refuses other shapes
            self._split.setdefault(head[0], []).append((head, tail, label))

    def __iter__(self) -> Iterator[tuple[Words, str]]:
        return iter(self._label.items())

    def label(self, words: Words) -> str | None:
        """The label of these words as a whole."""
        whole = self._label.get(words)
        if whole is None:
            split = self._split_at(words, 0)
            whole = split.label if split is not None and len(split.words) == len(words) else None
        return whole

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
        split = self._split_at(words, at)
        shortest = len(split.words) if split else 0
        for length in range(min(self._longest, len(words) - at), shortest, -1):
            label = self._label.get(words[at : at + length])
            if label is not None:
                return Found(label, at, words[at : at + length])
        return split

    def _split_at(self, words: Words, at: int) -> Found | None:
        """The longest phrase with a gap that begins here."""
        best: Found | None = None
        for head, tail, label in self._split.get(words[at], ()) if at < len(words) else ():
            if words[at : at + len(head)] != head:
                continue
            begin = at + len(head)
            for gap in range(GAP_WORDS + 1):
                end = begin + gap + len(tail)
                between = words[begin : begin + gap]
                if words[begin + gap : end] != tail or not self._never.isdisjoint(between):
                    continue
                if best is None or end > best.end:
                    best = Found(label, at, words[at:end])
        return best


class MarkedPhrases:
    """One list whose phrases may say where they must stand."""

    def __init__(self, phrases: Iterable[tuple[str, Words]]) -> None:
        """``phrases``: each as it is written, and its words."""
        marked: dict[str, list[Words]] = {"": [], "=": [], ".": []}
        for phrase, words in phrases:
            marked["=" if is_whole(phrase) else "." if is_marked(phrase) else ""].append(words)
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
