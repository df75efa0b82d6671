"""What people mean, from their words: yes, no, partly, question, choice:<name>, talk, unclear; and commands.

The phrases are data (``prompts/<lang>/replies.toml``, ``commands.toml``). A decision is made in four moves:

1. The words are made plain: small letters, no punctuation, no apostrophes.
2. Phrases are laid over them, the longest first; what a phrase means depends on the kind of question
   (``_LISTS``): after "is there more?" the words "that's all" mean no, after "did I get it?" they mean yes.
3. What is left over tells how much weight the phrases have: in a long story a "sure" in the middle is no
   answer, and a "not" that no phrase accounts for makes the answer unclear.
4. Contradictions are settled where the language settles them ("no, that's right") and are unclear otherwise.

An unclear answer costs one more question, a wrong one costs trust: in doubt the meaning is ``unclear``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from voice_imago.dialogue.phrases import Found, MarkedPhrases, Phrases, Words, one_apart, plain_words
from voice_imago.dialogue.script import Language

__all__ = ["SURE", "Replies"]

SURE = 0.6
"""Confidence of the recogniser, 0..1, from which on a decision is taken without asking again."""

STORY_WORDS = 6
"""So many weighty words that no phrase accounts for are a story and no answer."""
LEADING_WORDS = 3
"""In a story only a phrase that starts within so many words is an answer."""
TALK_WORDS = {"none": 2, "yes": 2, "no": 4}
"""So many weighty words beside no answer, a yes or a no to an open question are somebody going on to talk."""
NEAR_LETTERS = 6
"""A command of at least so many letters is understood with one letter wrong."""
NEAR_WORDS = 3
"""In so few words a name is understood with one letter wrong."""
NEVER_GUESSED = frozenset({"stop", "time_out", "skip", "back"})
"""Commands that are only obeyed when the words are exact."""

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
class _Utterance:
    """An answer with everything that bears on its meaning."""

    found: Sequence[Found]
    heavy: int
    """Weighty words beside the phrases."""
    count: int
    """All words but the hesitation."""
    doubt: bool
    """A word such as "not" that no phrase accounts for."""
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


class Replies:
    """Understands the answers and commands of one language."""

    def __init__(self, language: Language, names: Sequence[str] = ()) -> None:
        self._marked = {name: MarkedPhrases(phrases) for name, phrases in language.replies.items()}
        self._lists = {name: tuple(map(plain_words, phrases)) for name, phrases in language.replies.items()}
        self._names = frozenset(word for name in names for word in plain_words(name))
        self._who = [plain_words(name) for name in names]
        commands = {name: tuple(map(plain_words, phrases)) for name, phrases in language.commands.items()}
        self._commands = Phrases(commands.items())
        self._fillers = Phrases([("filler", self._list("fillers") + self._list("hesitation"))])
        self._hesitation = self._words_of("hesitation")
        self._weightless = self._words_of("short")
        self._negators = self._words_of("negators")
        bare = {phrase[0] for phrase in self._list("no") if len(phrase) == 1}
        self._turning = self._negators - bare
        """Words that turn what follows round; a bare "no" is an answer of its own."""
        self._phrases: dict[frozenset[str], Phrases] = {}

    # ------------------------------------------------------------------ answers

    def meaning(self, text: str, expected: Collection[str]) -> str:
        """What ``text`` answers where the meanings ``expected`` are possible.

        ``talk`` among them marks an open question ("is there more?"), ``partly`` a check ("did I get it?").
        Gives one of ``expected``, ``question`` (the partner asked instead of answering) or ``unclear``.
        """
        wanted = frozenset(expected)
        words = tuple(word for word in plain_words(text) if word not in self._names)
        words = self._without_hesitation(words, self._phrases_for(wanted))
        meaning = self._meaning(words, wanted)
        if meaning == "unclear":  # "that's, you know, right": once more without what is said in passing
            meaning = self._meaning(self._without_fillers(words), wanted)
        return meaning if meaning in wanted or meaning == "question" else "unclear"

    def _meaning(self, words: Words, wanted: frozenset[str]) -> str:
        marked = self._marked["question"]
        if marked.is_whole(words):
            return "question"
        questions = marked.anywhere.find(words)
        if not questions:
            return self._answer(words, wanted)
        # both in one breath: "did I get it?" - "yes"; what stands before the question is the mirror itself
        answer = self._answer(words[questions[-1].end :], wanted)
        return "question" if answer in ("unclear", "talk") else answer

    def _answer(self, words: Words, wanted: frozenset[str]) -> str:
        utterance = self._weighed(words, self._phrases_for(wanted).find(words))
        if any(label.startswith("choice:") for label in utterance.given):
            return self._choice(words, utterance)
        return _open_answer(utterance) if _kind(wanted) == "open" else _closed_answer(utterance)

    def _weighed(self, words: Words, found: list[Found]) -> _Utterance:
        found = [one for one in found if not self._is_determiner(one, words, found)]
        rest = _rest(words, found)
        heavy = [word for word in self._without_fillers(rest) if word not in self._weightless]
        doubt = not self._negators.isdisjoint(rest)
        if len(heavy) >= STORY_WORDS:
            found = [one for one in found if one.start < LEADING_WORDS or _says_it_all(one, len(words))]
            doubt = not self._negators.isdisjoint(_rest(words[: 2 * LEADING_WORDS], found))
        closed = bool(found) and not self._without_fillers(words[found[-1].end :])
        count, negated = len(self._without_fillers(words)), self._negated(found)
        return _Utterance(found, len(heavy), count, doubt, negated, closed)

    def _is_determiner(self, one: Found, words: Words, found: Sequence[Found]) -> bool:
        """Whether a "no" belongs to the word after it: "I have no objection"."""
        if len(one.words) > 1 or one.words[0] not in self._negators or one.start == 0 or one.end == len(words):
            return False
        between = _rest(words[: one.start], found)
        return bool(between) and words[one.start - 1] == between[-1] and not self._fillers.label(between[-1:])

    def _negated(self, found: Sequence[Found]) -> bool:
        return any(one.words[-1] in self._turning and following.label != "partly" for one, following in pairwise(found))

    def _choice(self, words: Words, utterance: _Utterance) -> str:
        """One choice and nothing against it; a yes or no beside it does not matter ("no, let's stop")."""
        choices = {label for label in utterance.given if label.startswith("choice:")}
        ends = [0, *(one.end for one in utterance.found)]
        turned = any(self._turned(words, one, end) for one, end in zip(utterance.found, ends, strict=False))
        against = turned or utterance.negated or utterance.given & {"now", "unsure"}
        return "unclear" if len(choices) > 1 or against or utterance.story else choices.pop()

    def _turned(self, words: Words, one: Found, ended: int) -> bool:
        """Whether a "not" stands right before a phrase; ``ended`` is where the phrase before it ends."""
        before = words[max(0, one.start - 2, ended) : one.start]
        return not self._turning.isdisjoint(before)

    def _without_hesitation(self, words: Words, phrases: Phrases) -> Words:
        """Without the sounds of thinking, unless they are the answer ("uh huh")."""
        kept = {at for one in phrases.find(words) for at in range(one.start, one.end)}
        return tuple(word for at, word in enumerate(words) if at in kept or word not in self._hesitation)

    def _without_fillers(self, words: Words) -> Words:
        return _rest(words, self._fillers.find(words))

    def _phrases_for(self, wanted: frozenset[str]) -> Phrases:
        if wanted not in self._phrases:
            choices = sorted(meaning for meaning in wanted if meaning.startswith("choice:"))
            lists = [(choice, self._choice_list(choice)) for choice in choices]
            if wanted - set(choices) - {"question", "skip"}:
                lists += [(label, self._list(name)) for name, label in _LISTS[_kind(wanted)].items()]
            self._phrases[wanted] = Phrases(lists)
        return self._phrases[wanted]

    def _choice_list(self, choice: str) -> tuple[Words, ...]:
        """``choice:later`` has a list of its own or shares the list ``later``."""
        return self._lists.get(choice) or self._list(choice.removeprefix("choice:"))

    def _list(self, name: str) -> tuple[Words, ...]:
        return self._lists.get(name, ())

    def _words_of(self, name: str) -> frozenset[str]:
        return frozenset(word for phrase in self._list(name) for word in phrase)

    # ------------------------------------------------------------------ names

    def who(self, text: str) -> str | None:
        """Whose turn it was, by these words: "0" or "1" for a partner's name, "me", "not_me"; None: it is not said."""
        words = plain_words(text)
        for label in ("not_me", "me"):
            if self._marked[label].is_placed(words, self._without_fillers(words)):
                return label
        if not self._turning.isdisjoint(words):
            return None
        named = {n for n, name in enumerate(self._who) if Phrases([("", [name])]).find(words)}
        if not named and len(words) <= NEAR_WORDS:
            named = {n for n, name in enumerate(self._who) if any(_sounds_like(word, name) for word in words)}
        return str(named.pop()) if len(named) == 1 else None

    # ------------------------------------------------------------------ commands

    def command(self, text: str) -> str | None:
        """The command that the whole utterance is; a name or a "please" around it is tolerated."""
        words = plain_words(text)
        exact = self._commands.label(words)
        if exact is not None or not words:
            return exact
        words = self._unaddressed(words)
        return self._commands.label(words) or self._near_command(" ".join(words))

    def _unaddressed(self, words: Words) -> Words:
        """Without "okay", "please" and names at either end."""
        polite = sorted([*self._list("address"), *((name,) for name in self._names)], key=len, reverse=True)
        while len(words) > 1:
            shorter = next((_stripped(words, phrase) for phrase in polite if _stripped(words, phrase)), ())
            if not shorter:
                break
            words = shorter
        return words

    def _near_command(self, letters: str) -> str | None:
        """A command with one letter wrong, if it can only be that one."""
        if len(letters) < NEAR_LETTERS:
            return None
        phrases = [(" ".join(words), name) for words, name in self._commands]
        near = {name for phrase, name in phrases if len(phrase) >= NEAR_LETTERS and one_apart(letters, phrase)}
        return near.pop() if len(near) == 1 and not near & NEVER_GUESSED else None

    # ------------------------------------------------------------------ ends of turns, content

    def hands_over(self, text: str) -> bool:
        """Whether the speaker gives the floor away with the last words: "that's it", "over to you"."""
        words = plain_words(text)
        last_sentence = plain_words(re.split(r"[.!?…,;:]", text.strip(" .!?…,;:"))[-1])
        if last_sentence in self._list("handover"):
            return True
        for phrase in self._list("handover"):
            if len(phrase) > 1 and words[-len(phrase) :] == phrase:  # "done" needs a sentence of its own
                before = words[: -len(phrase)]
                return self._turning.isdisjoint(before[-3:]) and before[-1:] not in self._list("not_handover")
        return False

    def not_done(self, text: str) -> bool:
        """Whether the last word says that more is coming: "and", "because", "um"."""
        if text.rstrip().endswith(("...", "…", ",", "-", "–", "—")):
            return True
        words = plain_words(text)
        return any(words[-len(phrase) :] == phrase for phrase in self._list("not_done"))

    def holds(self, text: str, list_name: str) -> bool:
        """Whether a phrase of the list is in the words, at the place that its mark asks for; "not ready" is not."""
        words, marked = plain_words(text), self._marked[list_name]
        anywhere = any(not self._turned(words, one, 0) for one in marked.anywhere.find(words))
        return anywhere or marked.is_placed(words, self._without_fillers(words))


def _kind(wanted: frozenset[str]) -> Question:
    if "talk" in wanted:
        return "open"
    return "check" if "partly" in wanted else "consent"


def _rest(words: Words, found: Iterable[Found]) -> Words:
    """The words that no phrase accounts for."""
    covered = {at for one in found for at in range(one.start, one.end)}
    return tuple(word for at, word in enumerate(words) if at not in covered)


def _sounds_like(word: str, name: Words) -> bool:
    """Names are what a recogniser spells wrong first."""
    return len(name) == 1 and len(name[0]) > 2 and word[:1] == name[0][:1] and one_apart(word, name[0])


def _stripped(words: Words, phrase: Words) -> Words:
    """Words without a phrase at the beginning, or without one word at the end; empty: it is not there."""
    if words[: len(phrase)] == phrase:
        return words[len(phrase) :]
    return words[:-1] if words[-1:] == phrase else ()


def _says_it_all(one: Found, count: int) -> bool:
    """Whether a phrase answers even in a story: "that's not what I meant", or "that's all" at its end."""
    plain = len(one.words) >= 3 and one.label in ("right", "wrong")
    return plain or (one.label == "all" and one.end == count)


def _open_answer(said: _Utterance) -> str:
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


def _closed_answer(said: _Utterance) -> str:
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
