"""What people mean, from their words: answers with and without a value, names, times and commands.

The phrases are data (``prompts/<lang>/replies.toml``, ``commands.toml``, ``numbers.toml``, ``times.toml``); each kind
of meaning is read by a module of its own. An answer is tried in this order, until one is clear:

    date, number, name      if they are among the expected                    reply_time, reply_number, reply_name
    the phrases as written  accents and all                                   reply_opinions
    without accents         if then no word is left over                      the same
    misspelt, misheard      the whole utterance near one phrase, and near no phrase of another meaning     near

An unclear answer costs one more question, a wrong one costs trust: in doubt the meaning is ``unclear``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from voice_imago.dialogue.near import Near
from voice_imago.dialogue.phrases import MarkedPhrases, Words
from voice_imago.dialogue.reply_commands import SpokenCommands
from voice_imago.dialogue.reply_lists import Lists
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
NEAR_WORDS = 6
"""Longer utterances are only taken as they are."""


class Replies:
    """Understands the answers and commands of one language. Holds no state but what it has worked out already."""

    def __init__(self, language: Language, names: Sequence[str] = ()) -> None:
        self._lists, self._plainer = Lists(language, names), Lists(language, names, fold=True)
        self._near = Near(sounds=language.sounds, turning_parts=self._plainer.words_of("turning_parts"))
        self._opinions, self._plainer_opinions = Opinions(self._lists), Opinions(self._plainer)
        figures = Figures(self._plainer, language.numbers)
        self._numbers = Numbers(self._plainer, figures, language.numbers, self._near)
        self._times = Times(self._plainer, figures, language.times)
        self._names = Names(self._lists, self._near)
        self._commands = SpokenCommands(language, self._lists, self._near)
        self._marked: dict[str, MarkedPhrases] = {}
        self._candidates: dict[frozenset[str], list[tuple[Words, str]]] = {}

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
        if meaning == "question" or (meaning in wanted and self._opinions.nothing_left_over(text, wanted)):
            return meaning
        if meaning in wanted and meaning != "talk":
            near = self._nearest_of(text, wanted, careful=False)  # "you got it rong" is not "you got it"
            return meaning if near in (None, meaning) else "unclear"
        near = self._by_letters(text, wanted)
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

    def _by_letters(self, text: str, wanted: frozenset[str]) -> str:
        """Without accents, then the nearest phrase; only where nothing else was said."""
        meaning = self._plainer_opinions.meaning(text, wanted)
        if meaning in wanted and meaning != "talk" and self._plainer_opinions.nothing_left_over(text, wanted):
            return meaning
        return self._nearest_of(text, wanted) or "unclear"

    def _nearest_of(self, text: str, wanted: frozenset[str], *, careful: bool = True) -> str | None:
        lists = self._plainer
        words = tuple(word for word in lists.words(text) if word not in lists.hesitation)
        near = self._nearest(words, wanted, careful)
        return near or self._nearest(lists.without_fillers(words), wanted, careful)

    def _nearest(self, words: Words, wanted: frozenset[str], careful: bool) -> str | None:
        """What the phrase means that is nearest to all of the words; ``careful``: never past a "not" of either."""
        if not words or len(words) > NEAR_WORDS or (len(words) == 1 and words[0] in self._plainer.known):
            return None
        if wanted not in self._candidates:
            meant = self._plainer_opinions
            self._candidates[wanted] = [(one, meant.of_phrase(one, wanted)) for one in meant.candidates(wanted)]
        near = self._near.nearest(words, self._candidates[wanted])
        if near is None or not careful:
            return near
        turning = self._plainer.turning
        said = turning.intersection(words)
        same = [one for one in self._candidates[wanted] if turning.intersection(one[0]) == said]
        return near if near == self._near.nearest(words, same) else None

    # ------------------------------------------------------------------ names, commands, ends of turns, content

    def who(self, text: str) -> Who | None:
        """Whose turn it was, by these words; None: it is not said."""
        return self._names.who(text)

    def command(self, text: str) -> str | None:
        """The command that the whole utterance is; a name or a "please" around it is tolerated."""
        return self._commands.command(text)

    def hands_over(self, text: str) -> bool:
        """Whether the speaker gives the floor away with the last words: "that's it", "over to you"."""
        return self._commands.hands_over(text)

    def not_done(self, text: str) -> bool:
        """Whether the last word says that more is coming: "and", "because", "um"."""
        return self._commands.not_done(text)

    def holds(self, text: str, list_name: str) -> bool:
        """Whether a phrase of the list is in the words, at the place that its mark asks for; "not ready" is not."""
        if list_name not in self._marked:
            self._marked[list_name] = self._lists.marked(list_name)
        words, marked = self._lists.plain(text), self._marked[list_name]
        anywhere = any(not self._opinions.turned(words, one, 0) for one in marked.anywhere.find(words))
        return anywhere or marked.is_placed(words, self._lists.without_fillers(words))
