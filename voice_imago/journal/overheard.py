"""Listens to what the readers of words find, so that a session can be replayed without its words.

``Replies``, ``MirrorCheck`` and ``Openings`` are the only places where words become decisions. A journal notes each of
their answers in order: yes, a command, a day, whether a phrase was there, how much of a piece came back. In a replay
without words the same questions are asked in the same order, and ``Remembering`` gives the noted answers. Lines of a
list are noted by which of them are the same; any other answer that itself holds words is noted as withheld.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from voice_imago.dialogue.script import Script
from voice_imago.dialogue.when import When

__all__ = ["SPOKEN", "Answer", "Overhearing", "Remembering", "vocabulary"]

Answer = bool | int | float | str | list[int] | dict[str, Any] | None
"""A dict: a day and a time (``When``); a list: lines, by the order in which they were first heard."""
WITHHELD = "?"
SPOKEN = "·"
"""Stands in a replay for a word that was not kept; it can be said like one."""
_VALUE = re.compile(r"(number|name):\d{1,3}")


def vocabulary(script: Script, language: str) -> frozenset[str]:
    """Every text that an answer may be without being a word of the couple."""
    words = script.languages[language]
    meanings = {meaning for graph in script.graphs.values() for step in graph.steps.values() for meaning in step.on}
    fixed = {"yes", "no", "partly", "question", "talk", "unclear", "0", "1", "me", "not_me", "date"}
    return frozenset(meanings | fixed | {"rebuts", "adds", "asks"} | set(words.replies) | set(words.commands))


class Overhearing:
    """Stands before a reader and tells each answer to ``note``."""

    def __init__(self, reader: Any, known: frozenset[str], note: Callable[[Answer], None], lines: list[str]) -> None:
        """``lines``: those heard so far, shared by all readers of a session."""
        self._reader, self._known, self._note, self._lines = reader, known, note, lines

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._reader, name)
        if not callable(asked):
            return asked

        def answered(*arguments: Any, **named: Any) -> Any:
            answer = asked(*arguments, **named)
            self._note(self._plain(answer))
            return answer

        return answered

    def _plain(self, answer: Any) -> Answer:
        if answer is None or isinstance(answer, bool | int | float):
            return answer
        if isinstance(answer, When):
            plain: dict[str, Any] = msgspec.to_builtins(answer)
            return plain
        if isinstance(answer, tuple):
            return [self._number(line) for line in answer]
        known = isinstance(answer, str) and (answer in self._known or _VALUE.fullmatch(answer) is not None)
        return answer if known else WITHHELD

    def _number(self, line: str) -> int:
        if line not in self._lines:
            self._lines.append(line)
        return self._lines.index(line)


class Remembering:
    """Stands before a reader and gives the answers that were noted; a withheld one is asked for again."""

    def __init__(self, reader: Any, answers: Iterator[Answer] | Iterable[Answer]) -> None:
        """``answers``: one iterator for all readers of a session."""
        self._reader, self._answers = reader, iter(answers)

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._reader, name)
        if not callable(asked):
            return asked

        def answered(*arguments: Any, **named: Any) -> Any:
            answer = next(self._answers, WITHHELD)
            if answer == WITHHELD:
                return asked(*arguments, **named)
            if isinstance(answer, list):
                return tuple(f"{SPOKEN}{number}" for number in answer)
            return msgspec.convert(answer, When) if isinstance(answer, dict) else answer

        return answered
