"""Numbers in words and figures, and the answer to "from zero to ten".

A number in between ("seven and a half", "7.5") counts as the lower one: the scale is asked to protect, and lower is
more careful. Two numbers ("six or seven", "between six and seven"), "more than three", and anything above ten are
not understood; "six, no, seven" is seven.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from voice_imago.dialogue.near import Near
from voice_imago.dialogue.phrases import Found, Phrases, Words, without
from voice_imago.dialogue.reply_lists import Lists
from voice_imago.dialogue.script_shape import Numbered, NumberWords

__all__ = ["SCALE", "Figures", "Numbers"]

SCALE = range(11)
"""What can be answered."""
HEAVY_BEFORE = 3
"""Most weighty words before the number."""
_DECIMAL = re.compile(r"(\d+)[.,:]\d+")


class Figures:
    """The number words of a language, as tokens."""

    def __init__(self, lists: Lists, numbers: NumberWords) -> None:
        cardinal = self._table(lists, numbers.cardinal)
        self._tables: Mapping[str, Mapping[Words, int]] = {
            "": cardinal,
            "ordinal": self._table(lists, numbers.ordinal),
            **{name: self._table(lists, form) for name, form in numbers.forms.items()},
        }
        self._marks = frozenset(word for mark in numbers.ordinal_marks for word in lists.plain(mark))
        self.words = Phrases((str(value), [words]) for words, value in cardinal.items())

    @staticmethod
    def _table(lists: Lists, numbered: Numbered) -> dict[Words, int]:
        return {lists.plain(phrase): value for value, phrases in numbered.items() for phrase in phrases}

    def at(self, tokens: Words, at: int, form: str = "") -> list[tuple[int, int]]:
        """(value, tokens) of each number that begins here, the longest first; figures have no form but ordinals."""
        table = self._tables.get(form, {})
        found = []
        if at < len(tokens) and tokens[at].isdecimal() and len(tokens[at]) <= 4 and form in ("", "ordinal"):
            marked = form == "ordinal" and tokens[at + 1 : at + 2] and tokens[at + 1] in self._marks
            found += [(int(tokens[at]), 2)] if marked else []
            found += [(int(tokens[at]), 1)]
        longest = max(map(len, table), default=0)
        for length in range(min(longest, len(tokens) - at), 0, -1):
            value = table.get(tokens[at : at + length])
            if value is not None:
                found.append((value, length))
        return found


class Numbers:
    """Reads an answer to "from zero to ten"."""

    def __init__(self, lists: Lists, figures: Figures, numbers: NumberWords, near: Near) -> None:
        self._lists = lists
        self._figures = figures
        self._near = near
        scale = [(str(value), phrase) for value, phrases in numbers.scale.items() for phrase in phrases]
        self._whole = {lists.phrase(phrase): label for label, phrase in scale if phrase.startswith("=")}
        self._scale = Phrases((label, [lists.phrase(phrase)]) for label, phrase in scale if not phrase.startswith("="))
        self._of_ten = Phrases([("", [("/", "10"), *map(lists.plain, numbers.of_ten)])])
        self._half = Phrases([("", map(lists.plain, numbers.half))])
        self._inexact = Phrases([("", map(lists.plain, numbers.inexact))])
        self._articles = frozenset(word for phrase in numbers.articles for word in lists.plain(phrase))
        self._passing = frozenset(word for phrase in numbers.beside for word in lists.plain(phrase))
        self._passing |= lists.words_of("about") | lists.words_of("yes") | lists.words_of("willing")
        self._openings = lists.phrases(("", "not_done"), ("", "because"))
        self._unsure = lists.phrases(("about", "about"), ("unsure", "unsure"))

    def value(self, text: str) -> int | None:
        """0 to 10; None: no such number, more than one, or one that is left open."""
        tokens = self._lists.after_question(self._lists.tokens(text))
        for words in (tokens, self._lists.without_fillers(tokens)):
            if words in self._whole:
                return int(self._whole[words])
        for passing in (self._of_ten, self._half):
            tokens = without(tokens, passing.find(tokens))
        said = self._unsure.find(tokens)
        tokens = without(tokens, [one for one in said if one.label == "about" and len(one.words) > 1])
        if any(one.label == "unsure" for one in said) or self._inexact.find(tokens):
            return None
        tokens = self._corrected(tokens)
        found = self._without_articles(self._numbers(tokens))
        values = {int(one.label) for one in found}
        if not found:
            return self._misspelt(tokens)
        if len(values) > 1 or not values <= set(SCALE) or not self._is_the_answer(tokens, found):
            return None
        return values.pop()

    def _numbers(self, tokens: Words) -> list[Found]:
        """Every number; of a decimal the whole part."""
        found, at = [], 0
        while at < len(tokens):
            decimal = _DECIMAL.fullmatch(tokens[at])
            scale = next(iter(self._scale.find(tokens[at:])), None)
            numbers = self._figures.at(tokens, at)
            if decimal and ":" not in tokens[at]:
                found.append(Found(decimal[1], at, tokens[at : at + 1]))
            elif scale is not None and scale.start == 0 and (not numbers or len(scale.words) > numbers[0][1]):
                found.append(Found(scale.label, at, scale.words))
            elif numbers:
                found.append(Found(str(numbers[0][0]), at, tokens[at : at + numbers[0][1]]))
            else:
                at += 1
                continue
            at = found[-1].end
        return found

    def _without_articles(self, found: list[Found]) -> list[Found]:
        """Without an article that stands right before a number, or one word before it: "eine glatte Acht"."""
        following = [*(one.start for one in found[1:]), None]
        return [
            one
            for one, after in zip(found, following, strict=False)
            if after is None or one.words[0] not in self._articles or after - one.end > 1
        ]

    def _corrected(self, tokens: Words) -> Words:
        """What follows the last correction, if it is a number: "six, no, seven"."""
        for one in reversed(self._lists.corrections(tokens)):
            if self._numbers(tokens[one.end :]):
                return tokens[one.end :]
        return tokens

    def _is_the_answer(self, tokens: Words, found: list[Found]) -> bool:
        """Neither turned round nor a number in a story: "we have two children", "three times"."""
        lists = self._lists
        covered = {at for one in found for at in range(one.start, one.end)}
        if any(at not in covered and lists.is_turned(tokens, at) for at in range(len(tokens))):
            return False
        before, after = tokens[: found[0].start], tokens[found[-1].end :]
        heavy_before = [word for word in lists.heavy(before) if word not in self._passing]
        return len(heavy_before) <= HEAVY_BEFORE and not self._weighs(after)

    def _weighs(self, after: Words) -> bool:
        """Whether what follows the number belongs to it; what begins with "because" or "but" does not."""
        words = self._lists.without_fillers(after)
        opening = {one.start for one in self._openings.find(words)}
        for at, word in enumerate(words):
            if at in opening and word not in self._passing:
                return False
            if word not in self._lists.weightless and word not in self._passing:
                return True
        return False

    def _misspelt(self, tokens: Words) -> int | None:
        words = self._lists.without_fillers(tokens)
        near = self._near.nearest(words, self._figures.words) if len(words) == 1 else None
        return int(near) if near is not None and int(near) in SCALE else None
