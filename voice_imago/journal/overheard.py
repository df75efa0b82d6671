"""Listens to what the reader of words answers, so that a session can be replayed without its words.

``Replies`` is the only place where words become decisions. A journal notes each of its answers in order: yes, a
command, whether a phrase was there. In a replay without words the same questions are asked in the same order, and
``Remembering`` gives the noted answers. An answer that itself holds words (a name, a time) is noted as withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.script import Script

__all__ = ["Answer", "Overhearing", "Remembering", "vocabulary"]

Answer = bool | int | str | None
WITHHELD = "?"


def vocabulary(script: Script, language: str) -> frozenset[str]:
    """Every text that an answer may be without being a word of the couple."""
    words = script.languages[language]
    meanings = {meaning for graph in script.graphs.values() for step in graph.steps.values() for meaning in step.on}
    fixed = {"yes", "no", "partly", "question", "talk", "unclear", "0", "1", "me", "not_me"}
    return frozenset(meanings | fixed | set(words.replies) | set(words.commands))


class Overhearing:
    """Stands before ``Replies`` and tells each answer to ``note``."""

    def __init__(self, replies: Replies, known: frozenset[str], note: Callable[[Answer], None]) -> None:
        self._replies, self._known, self._note = replies, known, note

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._replies, name)
        if not callable(asked):
            return asked

        def answered(*arguments: Any, **named: Any) -> Any:
            answer = asked(*arguments, **named)
            plain = answer is None or isinstance(answer, bool) or (isinstance(answer, str) and answer in self._known)
            self._note(answer if plain else WITHHELD)
            return answer

        return answered


class Remembering:
    """Stands before ``Replies`` and gives the answers that were noted; a withheld one is asked for again."""

    def __init__(self, replies: Replies, answers: Iterable[Answer]) -> None:
        self._replies, self._answers = replies, iter(answers)
        self.missed = 0
        """Questions that nobody had asked, so that the replay has gone another way."""

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._replies, name)
        if not callable(asked):
            return asked

        def answered(*arguments: Any, **named: Any) -> Any:
            answer = next(self._answers, WITHHELD)
            if answer != WITHHELD:
                return answer
            self.missed += 1
            return asked(*arguments, **named)

        return answered
