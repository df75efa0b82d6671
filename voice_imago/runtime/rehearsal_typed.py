"""The first words of a rehearsal: what the scene types, on the sample clock, with the real sentences in real voices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from voice_imago.dialogue.script import Script
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.runtime.first_console import Voices
from voice_imago.runtime.first_words import Asked, first_words
from voice_imago.runtime.scene import Scene
from voice_imago.settings import Settings

__all__ = ["TypedBeginning", "type_the_beginning"]

THINK_S, LETTER_S = 1.2, 0.35
"""Seconds until somebody begins to type, and for each key, Enter included: without looking, and in no hurry."""
ASKED: tuple[Asked, ...] = ("language", "address", "ways", "names")
"""In a rehearsal there is one loudspeaker and one microphone."""
HearRoom = Callable[[Samples, Samples], None]


@dataclass(slots=True)
class TypedBeginning:
    """What came of it."""

    seconds: float = 0.0
    mute: Literal["", "voice", "text"] = ""
    formal: bool = False
    problems: list[str] = field(default_factory=list)
    """What the scene expected and did not get."""


class _TypedConsole:
    """first_words.Console that counts samples.

    Whoever types the number of a line begins when that line was heard, and what is said meanwhile is cut off.
    """

    mute: Literal["", "voice", "text"] = ""

    def __init__(self, lines: tuple[str, ...], voices: Voices, show: Callable[[str], None], hear: HearRoom) -> None:
        self.seconds = 0.0
        self.lines = list(lines)
        self._told = 0
        """Lines since something was typed."""
        self._typing_s: float | None = None
        """Seconds until what is being typed is there."""
        self._voices, self._show, self._hear = voices, show, hear

    def tell(self, line: str, language: str, output: str = "") -> None:
        if self.mute != "text":
            self._show(line)
        if self.mute != "voice":
            sound = self._voices.sound(line, language)
            if self._typing_s is not None:
                sound = sound[: round(self._typing_s * HEAR_HZ)]
                self._typing_s -= sound.size / HEAR_HZ
            self._pass(sound)
        self._told += 1
        if self.lines and self.lines[0] == str(self._told):
            self._typing_s = self._takes_s(self.lines[0])

    def typed(self) -> str | None:
        if not self.lines:
            return None
        line = self.lines.pop(0)
        self._show(f"Typed: {line}")
        left_s = self._takes_s(line) if self._typing_s is None else self._typing_s
        self._pass(np.zeros(round(left_s * HEAR_HZ), np.float32))
        self._told, self._typing_s = 0, None
        return line

    def waiting(self) -> bool:
        return self._typing_s is not None and self._typing_s < 1.0 / HEAR_HZ

    @staticmethod
    def _takes_s(line: str) -> float:
        return THINK_S + LETTER_S * (len(line) + 1)

    def _pass(self, guide: Samples) -> None:
        self.seconds += guide.size / HEAR_HZ
        self._hear(np.zeros_like(guide), guide)


def type_the_beginning(
    scene: Scene, script: Script, settings: Settings, show: Callable[[str], None], hear: HearRoom
) -> TypedBeginning:
    """Ask what is asked at a first start. Raises UsageError when no names come of it."""
    voices = Voices(script, settings)
    console = _TypedConsole(scene.typed, voices, show, hear)
    try:
        got = first_words(script, Settings(), ASKED, console, home=scene.language)
    finally:
        voices.close()
    problems = []
    if (got.language, got.partners) != (scene.language, scene.names):
        problems.append(f"typed: expected {scene.language}, {scene.names}, got {got.language}, {got.partners}")
    if console.lines:
        problems.append(f"typed: nobody asked for {', '.join(map(repr, console.lines))}")
    return TypedBeginning(console.seconds, got.mute, got.formal, problems)
