"""Yes, no, partly, a choice, talk or a question: what phrases laid over an answer come to.

1. Phrases are laid over the words, the longest first; what a phrase means depends on the kind of question
   (``_LISTS``): after "is there more?" the words "that's all" mean no, after "did I get it?" they mean yes.
2. What is left over tells how much weight the phrases have: in a long story a "sure" in the middle is no
   answer, and a "not" that no phrase accounts for makes the answer unclear.
3. Contradictions are settled where the language settles them ("no, that's right") and are unclear otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from voice_imago.dialogue.phrases import BREAK, Found, Phrases, Words, rest_of
from voice_imago.dialogue.reply_lists import Lists

__all__ = ["FAMILIES", "Opinions"]

STORY_WORDS = 6
"""So many weighty words that no phrase accounts for are a story and no answer."""
LEADING_WORDS = 3
"""In a story only a phrase that starts within so many words is an answer."""
TALK_WORDS = {"none": 2, "yes": 2, "no": 4}
"""So many weighty words beside no answer, a yes or a no to an open question are somebody going on to talk."""
FAMILIES = frozenset({"number", "name", "date"})
"""Meanings that carry a value; read elsewhere."""

Question = Literal["open", "check", "consent"]

# Which lists answer which kind of question, and what they say there. Of equal phrases the earlier counts.
_LISTS: Mapping[Question, Mapping[str, str]] = {
    # "is there more?"
    "open": {
        "that_is_all": "all", "more": "more", "amount": "more", "unsure": "unsure", "no": "no", "yes": "yes",
        "right": "right", "wrong": "wrong",
    },
    # "did I get it?"
    "check": {
        "right": "right", "partly": "partly", "more": "partly", "unsure": "unsure", "wrong": "wrong",
        "no": "no", "yes": "yes",
    },
    # "is now a good time?", "shall we?"
    "consent": {
        "now": "now", "ready": "yes", "willing": "yes", "unsure": "unsure", "no": "no", "yes": "yes",
        "right": "yes", "wrong": "no", "partly": "partly",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weighed:
    """An answer with everything that bears on its meaning."""

    found: Sequence[Found]
    heavy: int
    """Weighty words beside the phrases."""
    count: int
    """All words but the hesitation."""
    doubt: bool
    """A word such as "not" that no phrase accounts for."""
    turned: bool
    """The same, a bare "no" aside."""
    negated: bool
    """A phrase that ends in a "not" runs into another one: "I don't" + "think" + "you got it"."""
    closed: bool
    """The last phrase ends the utterance."""

    @property
    def story(self) -> bool:
        return self.heavy >= STORY_WORDS

    @property
    def given(self) -> set[str]:
        return {one.label for one in self.found}


@dataclass(frozen=True, slots=True)
class _Asked:
    """The phrases that may answer one set of meanings."""

    phrases: Phrases
    whole: Mapping[Words, str]
    """Phrases that must be the whole utterance."""


class Opinions:
    """Reads answers by the lists of one spelling."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        self._asked: dict[frozenset[str], _Asked] = {}

    def meaning(self, text: str, wanted: frozenset[str]) -> str:
        """One of ``wanted``, ``question``, or any other word for "not understood"."""
        return self.of_words(self.lists.words(text), wanted)

    def of_words(self, words: Words, wanted: frozenset[str]) -> str:
        """The same, of words."""
        lists = self.lists
        words = lists.without_hesitation(words, self._for(wanted).phrases)
        meaning = self._meaning(words, wanted)
        if meaning == "unclear":  # "that's, you know, right": once more without what is said in passing
            meaning = self._meaning(lists.without_fillers(words), wanted)
        return meaning

    def of_phrase(self, words: Words, wanted: frozenset[str]) -> str:
        """What a phrase of the lists means here when nothing else is said."""
        return self._answer(words, wanted)

    def candidates(self, wanted: frozenset[str]) -> list[Words]:
        """Every phrase that may answer beside other words."""
        return [words for words, _ in self._for(wanted).phrases]

    def nothing_left_over(self, words: Words, wanted: frozenset[str]) -> bool:
        """Whether the phrases account for every weighty word and every negation."""
        lists, asked = self.lists, self._for(wanted)
        words = lists.without_hesitation(words, asked.phrases)
        if words in asked.whole or lists.without_fillers(words) in asked.whole:
            return True
        weighed = self._weighed(words, asked.phrases.find(words))
        return not weighed.heavy and not weighed.doubt

    def _meaning(self, words: Words, wanted: frozenset[str]) -> str:
        marked = self.lists.questions
        if marked.is_whole(words):  # "all of it" is a question after a mirror, and a choice where it is offered
            answer = self._answer(words, wanted) if "question" not in wanted else ""
            return answer if answer.startswith("choice:") else "question"
        questions = marked.anywhere.find(words)
        if not questions:
            return self._answer(words, wanted)
        # both in one breath: "did I get it?" - "yes"; what stands before the question is the mirror itself
        answer = self._answer(words[questions[-1].end :], wanted)
        return "question" if answer in ("unclear", "talk") else answer

    def _answer(self, words: Words, wanted: frozenset[str]) -> str:
        asked = self._for(wanted)
        label = asked.whole.get(words)
        found = [Found(label, 0, words)] if label else asked.phrases.find(words)
        weighed = self._weighed(words, found)
        if any(label.startswith("choice:") for label in weighed.given):
            return self._choice(words, weighed)
        return _open_answer(weighed) if _kind(wanted) == "open" else _closed_answer(weighed)

    def _weighed(self, words: Words, found: list[Found]) -> Weighed:
        lists = self.lists
        found = [one for one in found if not self._is_determiner(one, words, found)]
        rest = rest_of(words, found)
        heavy = lists.heavy(rest)
        doubt = not lists.negators.isdisjoint(rest)
        if len(heavy) >= STORY_WORDS:
            found = [one for one in found if one.start < LEADING_WORDS or _says_it_all(one, len(words))]
            doubt = not lists.negators.isdisjoint(rest_of(words[: 2 * LEADING_WORDS], found))
        closed = bool(found) and not lists.without_fillers(words[found[-1].end :])
        count = len(lists.without_fillers(words))
        turned = not lists.turning.isdisjoint(rest)
        return Weighed(found, len(heavy), count, doubt, turned, self._negated(words, found), closed)

    def _is_determiner(self, one: Found, words: Words, found: Sequence[Found]) -> bool:
        """Whether a "no" belongs to the word after it: "I have no objection"; in Spanish "no" turns any verb."""
        lists = self.lists
        if len(one.words) > 1 or one.end == len(words):
            return False
        if one.words[0] in lists.breaking:
            return words[one.end] not in (BREAK, one.words[0])
        if one.words[0] not in lists.negators or one.start == 0:
            return False
        between = rest_of(words[: one.start], found)
        return bool(between) and words[one.start - 1] == between[-1] and not lists.fillers.label(between[-1:])

    def _negated(self, words: Words, found: Sequence[Found]) -> bool:
        before = self.lists.turning - self.lists.turning_after
        return any(
            one.words[-1] in before and words[one.end] != BREAK and following.label != "partly"
            for one, following in pairwise(found)
        )

    def _choice(self, words: Words, weighed: Weighed) -> str:
        """One choice and nothing against it; a yes or no beside it does not matter ("no, let's stop")."""
        choices = {label for label in weighed.given if label.startswith("choice:")}
        ends = [0, *(one.end for one in weighed.found)]
        turned = any(self.turned(words, one, end) for one, end in zip(weighed.found, ends, strict=False))
        turned = turned or weighed.turned or weighed.negated or self._refused(words, weighed.found)
        against = turned or weighed.given & {"now", "unsure"}
        return "unclear" if len(choices) > 1 or against or weighed.story else choices.pop()

    def _refused(self, words: Words, found: Sequence[Found]) -> bool:
        """Whether a no follows that speaks of the choice: "tomorrow I can't", but not "later, I can't now"."""
        now, breaking = self.lists.words_of("now"), self.lists.breaking
        return any(
            one.label.startswith("choice:")
            and (after.label, after.start) == ("no", one.end)
            and (len(after.words) > 1 or after.words[0] in breaking)
            and now.isdisjoint(after.words)
            for one, after in pairwise(found)
        )

    def turned(self, words: Words, one: Found, ended: int) -> bool:
        """Whether a "not" stands right before a phrase, or right after it in a language that puts it there.

        ``ended`` is where the phrase before it ends.
        """
        before = words[max(0, one.start - 2, ended) : one.start]
        if BREAK in before:
            before = before[before.index(BREAK) :]
        after = words[one.end : one.end + 1]
        return not self.lists.turning.isdisjoint(before) or not self.lists.turning_after.isdisjoint(after)

    def _for(self, wanted: frozenset[str]) -> _Asked:
        if wanted not in self._asked:
            lists = self.lists
            choices = sorted(meaning for meaning in wanted if meaning.startswith("choice:"))
            choices.sort(key=lambda choice: lists.choice(choice) != choice)  # a list of its own comes first
            labelled = [(choice, lists.choice(choice)) for choice in choices]
            if wanted - set(choices) - {"question", "skip"} - FAMILIES:
                labelled += [(label, name) for name, label in _LISTS[_kind(wanted)].items()]
            whole: dict[Words, str] = {}
            for label, name in labelled:
                for words in lists.whole(name):
                    whole.setdefault(words, label)
            self._asked[wanted] = _Asked(lists.phrases(*labelled), whole)
        return self._asked[wanted]


def _kind(wanted: frozenset[str]) -> Question:
    if "talk" in wanted:
        return "open"
    return "check" if "partly" in wanted else "consent"


def _says_it_all(one: Found, count: int) -> bool:
    """Whether a phrase answers even in a story: "that's not what I meant", or "that's all" at its end."""
    plain = len(one.words) >= 3 and one.label in ("right", "wrong")
    return plain or (one.label == "all" and one.end == count)


def _open_answer(said: Weighed) -> str:
    """After "is there more?"."""
    given = said.given
    if said.story:
        return "no" if said.closed and said.found[-1].label == "all" else "talk"
    if said.negated:
        return "unclear"
    if "all" in given and not given & {"more", "wrong", "unsure"} and not said.doubt:
        return "unclear" if "yes" in given and said.heavy else "no"
    answer = "yes" if given & {"yes", "more"} else "no" if "no" in given else "none"
    if said.heavy >= TALK_WORDS[answer] or (not given and said.heavy and said.count > 3):
        return "talk"
    if said.doubt or given & {"wrong", "unsure"} or {"all", "more"} <= given or given == {"yes", "no"}:
        return "unclear"
    if {"no", "more"} <= given:
        return "yes" if _bare_first(said.found, "no") else "unclear"
    return answer if answer != "none" else "unclear"


def _closed_answer(said: Weighed) -> str:
    """After "did I get it?" or "shall we?"."""
    given = said.given
    if "unsure" in given or said.negated:
        return "unclear"
    if "partly" in given:
        sure = not said.doubt or (said.found[0].label == "partly" and said.found[0].start == 0)
        return "partly" if sure else "unclear"
    if not given & {"no", "wrong"}:
        adverb = given == {"now"} and said.heavy  # "I'm cooking right now"
        return "yes" if given and not said.doubt and not adverb else "unclear"
    if "wrong" in given:
        settled = said.found[0].label == "no" or not given & {"right"}
        return "no" if settled and not said.doubt else "unclear"
    if given == {"no"}:
        return "unclear" if said.doubt and said.heavy else "no"
    polite = given == {"no", "right"} and _bare_first(said.found, "no")  # "no, that's right"
    return "yes" if polite and not said.doubt and not said.heavy else "unclear"


def _bare_first(found: Sequence[Found], label: str) -> bool:
    """Whether all phrases with a label are single words and stand before the rest: "no, no, that's right"."""
    these = [one.label == label for one in found]
    bare = all(len(one.words) == 1 for one in found if one.label == label)
    return bare and these == sorted(these, reverse=True)
