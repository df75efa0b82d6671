"""What people mean, from their words: answers with and without a value, names, times and commands.

The phrases are data (``prompts/<lang>/replies.toml``, ``commands.toml``, ``numbers.toml``, ``times.toml``); each kind
of meaning is read by a module of its own. An answer is tried in this order, until one is clear:

    date, number, name      if they are among the expected                    reply_time, reply_number, reply_name
    the phrases as written  accents and all                                   reply_opinions
    misspelt or misheard    if then no word is left over                      reply_misspelling

An unclear answer costs one more question, a wrong one costs trust: in doubt the meaning is ``unclear``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from voice_imago.dialogue.listing import listed, one_line
from voice_imago.dialogue.near import Near
from voice_imago.dialogue.phrases import MarkedPhrases
from voice_imago.dialogue.reply_commands import SpokenCommands
from voice_imago.dialogue.reply_lists import Lists
from voice_imago.dialogue.reply_misspelling import Misspelling
from voice_imago.dialogue.reply_name import Names, Who
from voice_imago.dialogue.reply_number import Figures, Numbers
from voice_imago.dialogue.reply_opinions import FAMILIES, Opinions
from voice_imago.dialogue.reply_time import Times
from voice_imago.dialogue.script import Language
from voice_imago.dialogue.when import When
from voice_imago.events import Speaker

__all__ = ["SURE", "Replies"]

SURE = 0.6
"""Confidence of the recogniser, 0..1, from which on a decision is taken without asking again."""


class Replies:
    """Understands the answers and commands of one language. Holds no state but what it has worked out already."""

    def __init__(self, language: Language, names: Sequence[str] = ()) -> None:
        self._language = language
        self._lists = Lists(language, names)
        self._plainer = Lists(language, names, fold=True)
        near = Near(sounds=language.sounds, turning_parts=self._plainer.words_of("turning_parts"))
        self._opinions = Opinions(self._lists)
        self._misspelling = Misspelling(self._opinions, self._plainer, near)
        figures = Figures(self._plainer, language.numbers)
        self._numbers = Numbers(self._plainer, figures, language.numbers, near)
        self._times = Times(self._plainer, figures, language.times)
        self._names = Names(self._lists, near)
        self._commands = SpokenCommands(language, self._lists, near)
        self._marked: dict[str, MarkedPhrases] = {}

    # ------------------------------------------------------------------ answers

    def meaning(self, text: str, expected: Collection[str], by: Speaker | None = None) -> str:
        """What ``text`` answers where the meanings ``expected`` are possible.

        ``talk`` among them marks an open question ("is there more?"), ``partly`` a check ("did I get it?").
        ``number`` and ``name`` are given with their value (``number:7``, ``name:0``), and ``date`` is one that
        ``when`` can tell. ``by``: whose voice it was, which tells who "me" is.
        Gives one of ``expected``, ``question`` (the partner asked instead of answering) or ``unclear``.
        """
        wanted = frozenset(expected)
        value = self._value(text, wanted & FAMILIES, by)
        if value is not None:
            return value
        meaning = self._opinions.meaning(text, wanted)
        if meaning == "choice:later" and self._times.is_past(text):
            return "unclear"
        clear = meaning in wanted and meaning != "talk"
        if clear and not _has_accents(text) and self._misspelling.reads_otherwise(text, meaning, wanted):
            return "unclear"
        if meaning == "question" or (clear and self._opinions.nothing_left_over(self._lists.words(text), wanted)):
            return meaning
        if clear:
            return "unclear" if self._misspelling.hides_another(text, meaning, wanted) else meaning
        near = self._misspelling.meaning(text, wanted)
        return near if near in wanted else meaning if meaning in wanted else "unclear"

    def _value(self, text: str, families: frozenset[str], by: Speaker | None) -> str | None:
        if "date" in families and self._times.when(text) is not None:
            return "date"
        number = self._numbers.value(text) if "number" in families else None
        if number is not None:
            return f"number:{number}"
        return self._names.meaning(text, by) if "name" in families else None

    def when(self, text: str) -> When | None:
        """The day and time that were said; None: none, or not as an answer."""
        return self._times.when(text)

    # ------------------------------------------------------------------ names, commands, ends of turns, content

    def who(self, text: str) -> Who | None:
        """Whose turn it was, by these words; None: it is not said."""
        return self._names.who(text)

    def command(self, text: str) -> str | None:
        """The command that the whole utterance is; a name or a "please" around it is tolerated."""
        return self._commands.command(text)

    def bare(self, text: str) -> str:
        """The words without "please", names and the like at either end."""
        return self._commands.bare(text)

    def hands_over(self, text: str) -> bool:
        """Whether the speaker gives the floor away with the last words: "that's it", "over to you"."""
        return self._commands.hands_over(text)

    def not_done(self, text: str) -> bool:
        """Whether the last word says that more is coming: "and", "because", "um"."""
        return self._commands.not_done(text)

    def holds(self, text: str, list_name: str) -> bool:
        """Whether a phrase of the list is in the words, at the place that its mark asks for; "not ready" is not."""
        words, marked = self._lists.plain(text), self._marks(list_name)
        anywhere = any(not self._opinions.turned(words, one, 0) for one in marked.anywhere.find(words))
        return anywhere or marked.is_placed(words, self._lists.without_fillers(words))

    def is_wholly(self, text: str, list_name: str) -> bool:
        """Whether the words as a whole, hesitation aside, are a phrase that the list marks as a whole utterance."""
        lists, marked = self._lists, self._marks(list_name)
        words = tuple(word for word in lists.plain(text) if word not in lists.hesitation)
        return marked.is_whole(words) or marked.is_whole(lists.without_fillers(words))

    def lines(self, text: str, add: str) -> tuple[str, ...]:
        """What a turn adds to a list: itself as one ``line``, or each of the things that it names."""
        if add == "line":
            return (one_line(text),)
        spelling = {"capitals": self._language.noun_capitals, "dotless": self._language.dotless_i}
        return listed(text, self._language.replies, **spelling)

    def _marks(self, list_name: str) -> MarkedPhrases:
        if list_name not in self._marked:
            self._marked[list_name] = self._lists.marked(list_name)
        return self._marked[list_name]


def _has_accents(text: str) -> bool:
    """Whether whoever wrote this down writes accents."""
    return any(letter.isalpha() and not letter.isascii() for letter in text)
