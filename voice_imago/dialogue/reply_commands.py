"""Commands, and the last words of a turn."""

from __future__ import annotations

import re

from voice_imago.dialogue.near import Near
from voice_imago.dialogue.phrases import Words
from voice_imago.dialogue.reply_lists import Lists
from voice_imago.dialogue.script_shape import Language

__all__ = ["NEVER_GUESSED", "SpokenCommands"]

NEAR_LETTERS = 6
"""A command of at least so many letters is understood with one letter wrong."""
NEVER_GUESSED = frozenset({"stop", "time_out", "skip", "back"})
"""Commands that are only obeyed when the words are exact."""


class SpokenCommands:
    """Understands the commands of one language."""

    def __init__(self, language: Language, lists: Lists, near: Near) -> None:
        self._lists = lists
        self._near = near
        self._phrases = {lists.plain(phrase): name for name, phrases in language.commands.items() for phrase in phrases}
        self._names = frozenset(word for name in lists.names for word in name)
        self._polite = sorted([*lists.of("address"), *((name,) for name in self._names)], key=len, reverse=True)

    def command(self, text: str) -> str | None:
        """The command that the whole utterance is; a name or a "please" around it is tolerated."""
        words = self._lists.plain(text)
        exact = self._phrases.get(words)
        if exact is not None or not words:
            return exact
        words = self._unaddressed(words)
        return self._phrases.get(words) or self._near_command(words)

    def bare(self, text: str) -> str:
        """The words without what is polite around them: the "please" of "please stop" is no answer."""
        return " ".join(self._unaddressed(self._lists.plain(text)))

    def _unaddressed(self, words: Words) -> Words:
        """Without "okay", "please" and names at either end."""
        while len(words) > 1:
            shorter = next((_stripped(words, phrase) for phrase in self._polite if _stripped(words, phrase)), ())
            if not shorter:
                break
            words = shorter
        return words

    def _near_command(self, words: Words) -> str | None:
        """A command with a letter wrong, if it can only be that one; a negation is never overheard."""
        if len("".join(words)) < NEAR_LETTERS:
            return None
        turning = self._lists.turning.intersection(words)
        name = self._near.nearest(
            words, [(phrase, name) for phrase, name in self._phrases.items() if turning <= set(phrase)]
        )
        return None if name in NEVER_GUESSED else name

    # ------------------------------------------------------------------ ends of turns

    def hands_over(self, text: str) -> bool:
        """Whether the speaker gives the floor away with the last words: "that's it", "over to you"."""
        lists = self._lists
        words = lists.plain(text)
        last_sentence = lists.plain(re.split(r"[.!?…,;:]", text.strip(" .!?…,;:"))[-1])
        if last_sentence in lists.of("handover"):
            return True
        for phrase in lists.of("handover"):
            if len(phrase) > 1 and words[-len(phrase) :] == phrase:  # "done" needs a sentence of its own
                before = words[: -len(phrase)]
                return lists.turning.isdisjoint(before[-3:]) and before[-1:] not in lists.of("not_handover")
        return False

    def not_done(self, text: str) -> bool:
        """Whether the last word says that more is coming: "and", "because", "um"."""
        if text.rstrip().endswith(("...", "…", ",", "-", "–", "—")):
            return True
        words = self._lists.plain(text)
        return any(words[-len(phrase) :] == phrase for phrase in self._lists.of("not_done"))


def _stripped(words: Words, phrase: Words) -> Words:
    """Words without a phrase at the beginning or at the end; empty: it is not there."""
    if words[: len(phrase)] == phrase:
        return words[len(phrase) :]
    return words[: -len(phrase)] if words[-len(phrase) :] == phrase else ()
