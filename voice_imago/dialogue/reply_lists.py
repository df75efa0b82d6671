"""The lists of one language as words, and what every reading of an answer needs of them.

A language is read in two spellings. *Exact*: accents count where they tell words apart ("sí" is yes, "si" is if),
and nowhere else. *Folded*: they never count, for whoever types without them and for recognisers that lose them;
``Replies`` trusts it only where no word is left over. Numbers and times are always read folded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from voice_imago.dialogue.phrases import (
    BREAK,
    NOT,
    Found,
    MarkedPhrases,
    Phrases,
    Words,
    bare,
    folded,
    is_whole,
    phrase_words,
    plain_words,
    rest_of,
    small,
)
from voice_imago.dialogue.script_shape import Language

__all__ = ["Lists"]

_PUNCTUATED = re.compile(r"[^\W_]+|[.,;:!?…]")
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_INITIALS = re.compile(r"\b([^\W\d_])\. ?([^\W\d_])\b\.?")
_TOKEN = re.compile(
    r"\d{1,2}\.\d{1,2}\.(?!\d)"  # 3.5., a date
    r"|\d{1,2}[:.]\d{2}(?![\d.])"  # 7:30
    r"|\d+[.,]\d+"  # 7,5
    r"|\d+|[^\W\d_]+"
    r"|(?<=\d)[/–-](?=\d)"  # 7/10, 6-7
    r"|[.,;:!?…]"
)


def _told_apart(language: Language) -> frozenset[str]:
    """Words without their accents that are several words with them."""
    spellings: dict[str, set[str]] = {}
    for phrases in (*language.replies.values(), *language.commands.values()):
        for phrase in phrases:
            for word in plain_words(phrase, dotless=language.dotless_i):
                spellings.setdefault(folded(word), set()).add(word.replace("ı", "i"))
    return frozenset(plain for plain, several in spellings.items() if len(several) > 1)


_MARKS = ".,;:!?…"


class Lists:
    """Phrases of one language in one spelling."""

    def __init__(self, language: Language, names: Sequence[str] = (), *, fold: bool = False) -> None:
        self._dotless = language.dotless_i
        self._told_apart = frozenset() if fold else _told_apart(language)
        self._written = language.replies
        self._words = {name: tuple(map(self.phrase, phrases)) for name, phrases in language.replies.items()}
        self.breaking = self.words_of("turning_no")
        """A bare "no" that turns round what follows in the same breath, as in Spanish."""
        self.names = tuple(self.plain(name) for name in names)
        self.known = frozenset(word for phrases in self._words.values() for phrase in phrases for word in phrase)
        """Every word of every list."""
        self._name_words = frozenset(word for name in self.names for word in name) - self.known
        """Left out of answers; a name that is a word of the language too ("Will", in Dutch "Ben") stays."""
        self.hesitation = self.words_of("hesitation")
        self._endings = tuple(self.words_of("turning_endings"))
        marks = {NOT} if self._endings else set()
        self.weightless = self.words_of("short") | marks
        sure = tuple(ending for ending in self._endings if len(ending) > 2)  # "-ma" may be a case as well
        turned = {word for word in self.known if sure and word.endswith(sure)}
        alone = {phrase[0] for phrases in self._words.values() for phrase in phrases if len(phrase) == 1}
        affirming = {phrase[0] for phrase in self.anywhere("yes") if len(phrase) == 1}
        self.negators = (
            (self.words_of("negators") - affirming) | marks | (turned - alone)
        )  # without its accent "si" is yes more than if
        self.bare_no = frozenset(phrase[0] for phrase in self.of("no") if len(phrase) == 1)
        self.turning = (self.negators - (self.bare_no - self.breaking)) | self.breaking
        """Words that turn a meaning round; a bare "no" is an answer of its own."""
        self.turning_after = self.words_of("turning_after") | marks
        """Those that stand behind what they turn round: "passt nicht"."""
        self.fillers = self.phrases(("filler", "fillers"), ("filler", "hesitation"))
        self._corrections = self.phrases(("", "correction"))
        self.questions = self.marked("question")

    # ------------------------------------------------------------------ spelling

    def phrase(self, phrase: str) -> Words:
        """The words of a phrase as it is written in a list."""
        return self._spelt(phrase_words(bare(phrase), dotless=self._dotless))

    def plain(self, text: str) -> Words:
        """Every word of a text."""
        return self._spelt(plain_words(text, dotless=self._dotless))

    def words(self, text: str) -> Words:
        """The words that may answer: without names, with the breaks that matter."""
        if not self.breaking:
            return self._negations([word for word in self.plain(text) if word not in self._name_words])
        spelt = _APOSTROPHES.sub("", small(text, dotless=self._dotless))
        words: list[str] = []
        for token in self._spelt(tuple(_PUNCTUATED.findall(spelt))):
            if token[0].isalnum():
                words += [token] if token not in self._name_words else []
            elif words and words[-1] in self.breaking:
                words.append(BREAK)
        return tuple(words[:-1] if words[-1:] == [BREAK] else words)

    def tokens(self, text: str) -> Words:
        """Words and figures: ``7:30``, ``7,5``, ``8`` and ``pm`` apart; without names and sounds of thinking."""
        spelt = _INITIALS.sub(r"\1\2 ", _APOSTROPHES.sub("", small(text, dotless=self._dotless)))
        left_out = self._name_words | self.hesitation
        tokens: list[str] = []
        for token in self._spelt(tuple(_TOKEN.findall(spelt))):
            if token in _MARKS:
                tokens += [BREAK] if tokens and tokens[-1] in self.breaking else []
            elif token not in left_out:
                tokens.append(token)
        return self._negations(tokens[:-1] if tokens[-1:] == [BREAK] else tokens)

    def _negations(self, words: Iterable[str]) -> Words:
        """With a mark behind each word that its ending turns round; words of the lists are what the lists say."""
        marked: list[str] = []
        for word in words:
            turned = self._endings and word not in self.known and word.endswith(self._endings)
            marked += [word, NOT] if turned else [word]
        return tuple(marked)

    def is_turned(self, tokens: Words, at: int) -> bool:
        """Whether a word turns the meaning round where it stands; a "no" that a break follows does not."""
        word = tokens[at]
        return word in self.turning and (word not in self.breaking or tokens[at + 1 : at + 2] != (BREAK,))

    def corrections(self, tokens: Words) -> list[Found]:
        """Where somebody corrects themselves: "six, no, seven"."""
        found = self._corrections.find(tokens)
        return [one for one in found if not self.is_turned(tokens, one.end - 1)]

    def _spelt(self, words: Words) -> Words:
        plain = map(folded, words)
        return tuple(word if bare in self._told_apart else bare for word, bare in zip(words, plain, strict=True))

    # ------------------------------------------------------------------ lists

    def of(self, name: str) -> tuple[Words, ...]:
        """The phrases of a list, marks aside; a list that is not there is empty."""
        return self._words.get(name, ())

    def anywhere(self, name: str) -> list[Words]:
        """The phrases of a list that may stand beside other words."""
        pairs = zip(self._written.get(name, ()), self.of(name), strict=True)
        return [words for phrase, words in pairs if not is_whole(phrase)]

    def whole(self, name: str) -> list[Words]:
        """The phrases of a list that must be the whole utterance."""
        pairs = zip(self._written.get(name, ()), self.of(name), strict=True)
        return [words for phrase, words in pairs if is_whole(phrase)]

    def choice(self, choice: str) -> str:
        """The list of a choice: ``choice:later`` has one of its own or shares the list ``later``."""
        return choice if choice in self._words else choice.removeprefix("choice:")

    def words_of(self, name: str) -> frozenset[str]:
        return frozenset(word for phrase in self.of(name) for word in phrase)

    def marked(self, name: str) -> MarkedPhrases:
        """A list about content; raises KeyError when nobody wrote it."""
        return MarkedPhrases(zip(self._written[name], self._words[name], strict=True))

    def phrases(self, *labelled: tuple[str, str]) -> Phrases:
        """(label, list) pairs as phrases to look for."""
        lists = [(label, self.anywhere(name)) for label, name in labelled]
        return Phrases(lists, self.negators | self.bare_no)

    # ------------------------------------------------------------------ words without weight

    def without_fillers(self, words: Words) -> Words:
        return rest_of(words, self.fillers.find(words))

    def heavy(self, words: Words) -> list[str]:
        """The words that weigh something."""
        return [word for word in self.without_fillers(words) if word not in self.weightless]

    def without_hesitation(self, words: Words, phrases: Phrases) -> Words:
        """Without the sounds of thinking, unless they are the answer ("uh huh")."""
        kept = {at for one in phrases.find(words) for at in range(one.start, one.end)}
        return tuple(word for at, word in enumerate(words) if at in kept or word not in self.hesitation)

    def after_question(self, words: Words) -> Words:
        """What follows the last question, if there is one: "how calm are you? seven"."""
        questions: list[Found] = self.questions.anywhere.find(words)
        return words[questions[-1].end :] if questions else words
