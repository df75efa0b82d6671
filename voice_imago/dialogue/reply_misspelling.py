"""Answers that were written down wrong: without accents, with a letter or a word misheard.

Nothing here is trusted that leaves a word over, and no misspelling is read past a "not". The other way round, an
answer that was understood beside a word nobody knows is doubted when that word, put right, would change it: "you
got it rong" is not "you got it", and "know more" is not "more".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from voice_imago.dialogue.near import Near
from voice_imago.dialogue.phrases import Words
from voice_imago.dialogue.reply_lists import Lists
from voice_imago.dialogue.reply_opinions import Opinions

__all__ = ["Misspelling"]

MOST_WORDS = 6
"""Longer utterances are only taken as they are."""
LEAST_LETTERS = 3
"""A shorter word may be anything."""


class Misspelling:
    """Reads answers by likeness."""

    def __init__(self, exact: Opinions, lists: Lists, near: Near) -> None:
        """``exact``: the reading with accents; ``lists``: those without."""
        self._exact = exact
        self._lists = lists
        self._near = near
        self._opinions = Opinions(lists)
        self._candidates: dict[frozenset[str], list[tuple[Words, str]]] = {}

    def meaning(self, text: str, wanted: frozenset[str]) -> str:
        """What was probably meant: without accents, then the nearest phrase, then with one word put right."""
        words = self._lists.words(text)
        meaning = self._whole(words, wanted)
        if meaning is not None:
            return meaning
        words = tuple(word for word in words if word not in self._lists.hesitation)
        nearest = self._nearest(words, wanted) or self._nearest(self._lists.without_fillers(words), wanted)
        if nearest is not None:
            return nearest
        others = self._put_right(words, self._lists.known, careful=True)
        put_right = {self._whole(other, wanted) for other in others}
        return (put_right.pop() or "unclear") if len(put_right) == 1 else "unclear"

    def reads_otherwise(self, text: str, meaning: str, wanted: frozenset[str]) -> bool:
        """Whether an answer without any accent would mean something else if some were put there."""
        return self._opinions.of_words(self._lists.words(text), wanted) in wanted - {meaning, "talk"}

    def hides_another(self, text: str, meaning: str, wanted: frozenset[str]) -> bool:
        """Whether what was understood would mean something else if a misspelling were put right."""
        words = tuple(word for word in self._lists.words(text) if word not in self._lists.hesitation)
        for some in (words, self._lists.without_fillers(words)):
            if self._nearest(some, wanted, careful=False) not in (None, meaning):
                return True
        lists = self._exact.lists
        words = tuple(word for word in lists.words(text) if word not in lists.hesitation)
        others = self._put_right(words, lists.known, careful=False)
        return any(self._exact.of_words(other, wanted) in wanted - {meaning, "talk"} for other in others)

    def _whole(self, words: Words, wanted: frozenset[str]) -> str | None:
        """What the words mean, if they are all accounted for."""
        meaning = self._opinions.of_words(words, wanted)
        whole = meaning in wanted and meaning != "talk" and self._opinions.nothing_left_over(words, wanted)
        return meaning if whole else None

    def _nearest(self, words: Words, wanted: frozenset[str], *, careful: bool = True) -> str | None:
        """What the phrase means that is nearest to all of the words; ``careful``: never past a "not" of either."""
        if not words or len(words) > MOST_WORDS or (len(words) == 1 and words[0] in self._lists.known):
            return None
        if wanted not in self._candidates:
            phrases = self._opinions.candidates(wanted)
            self._candidates[wanted] = [(one, self._opinions.of_phrase(one, wanted)) for one in phrases]
        near = self._near.nearest(words, self._candidates[wanted])
        if near is None or not careful:
            return near
        turning = self._lists.turning
        said = turning.intersection(words)
        same = [one for one in self._candidates[wanted] if turning.intersection(one[0]) == said]
        return near if near == self._near.nearest(words, same) else None

    def _put_right(self, words: Words, known: Collection[str], *, careful: bool) -> Iterator[Words]:
        """The words with one that nobody knows made one of the language; ``careful``: if it is hardly another."""
        if len(words) > MOST_WORDS:
            return
        for at, word in enumerate(words):
            if len(word) < LEAST_LETTERS or word in known or word.isdecimal():
                continue
            for meant in known:
                if self._near.is_one_word(word, meant, careful=careful):
                    yield (*words[:at], meant, *words[at + 1 :])
