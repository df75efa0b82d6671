"""Which of the two partners is meant: by name, or as "me" and "you" where it is known who speaks."""

from __future__ import annotations

from typing import Literal

from voice_imago.dialogue.near import Near
from voice_imago.dialogue.phrases import Phrases, Words
from voice_imago.dialogue.reply_lists import Lists
from voice_imago.events import Speaker

__all__ = ["Names", "Who"]

Who = Literal["0", "1", "me", "not_me"]

NEAR_WORDS = 3
"""In so few words a name is understood with a letter wrong."""
NEAR_LETTERS = 3
"""Of a name; "Al" and "Jo" are taken only as they are."""


class Names:
    """Finds a partner in an answer."""

    def __init__(self, lists: Lists, near: Near) -> None:
        self._lists = lists
        self._near = near
        self._me, self._not_me = lists.marked("me"), lists.marked("not_me")
        self._you = lists.phrases(("you", "you"))
        self._named = [Phrases([("", [name])]) for name in lists.names]

    def who(self, text: str) -> Who | None:
        """Whose turn it was, by these words; None: it is not said."""
        words = self._lists.plain(text)
        bare = self._lists.without_fillers(words)
        if self._not_me.is_placed(words, bare):
            return "not_me"
        if self._me.is_placed(words, bare):
            return "me"
        if not self._lists.turning.isdisjoint(words):
            return None
        named = {n for n, phrases in enumerate(self._named) if phrases.find(words)}
        if not named and len(words) <= NEAR_WORDS:
            named = {n for n, name in enumerate(self._lists.names) if any(self._near_name(w, name) for w in words)}
        return ("0", "1")[named.pop()] if len(named) == 1 else None

    def meaning(self, text: str, by: Speaker | None) -> str | None:
        """``name:0`` or ``name:1``; ``by``: whose voice answers, which tells who "me" and "you" are."""
        who = self.who(text)
        if who in ("0", "1"):
            return f"name:{who}"
        if by not in (0, 1):
            return None
        if who is None:
            words = self._lists.plain(text)
            turned = not self._lists.turning.isdisjoint(words)
            you = bool(self._you.find(words)) and not turned
            return f"name:{1 - by}" if you and len(self._lists.heavy(words)) <= NEAR_WORDS else None
        return f"name:{by if who == 'me' else 1 - by}"

    def _near_name(self, word: str, name: Words) -> bool:
        """Names are what a recogniser spells wrong first, and mostly as they sound."""
        if len(name) != 1 or min(len(word), len(name[0])) < NEAR_LETTERS or word[:1] != name[0][:1]:
            return self._sounds_like(word, name)
        return self._near.letters_apart(word, name[0]) <= 1 or self._sounds_like(word, name)

    def _sounds_like(self, word: str, name: Words) -> bool:
        """ "Katherine" for "Catherine", but never an everyday word of the language ("more" for "Mary")."""
        letters = "".join(name)
        if len(letters) <= NEAR_LETTERS or word in self._lists.known:
            return False
        near_enough = 2 * self._near.letters_apart(word, letters) <= len(letters)
        return near_enough and self._near.same_sound(word, letters)
