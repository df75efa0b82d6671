"""The console of the first words: lines are printed and said, answers are typed.

The loudspeaker is open only while a line is said: a stream that is given nothing stutters, and the session needs its
own.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from voice_imago import output
from voice_imago.dialogue.script import Script
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.errors import VoiceImagoError
from voice_imago.runtime.aloud import Aloud, with_pause
from voice_imago.runtime.devices import find_device, list_devices
from voice_imago.runtime.guide_voice import make_prompts
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.settings import Settings

__all__ = ["SpokenConsole", "Voices"]

PAUSE_S = 0.45
"""Silence after a line; longer than what a stream that is closed may lose of its end."""
BLOCK = HEAR_HZ // 5
"""Samples that are played between two looks at the keyboard."""
QUIET_START_S = 0.3
"""The very first sound comes up this slowly, lest it startle (domain A22)."""


class Voices:
    """The sound of a line in any language, each in a voice of its own."""

    def __init__(self, script: Script, settings: Settings) -> None:
        self._script, self._settings = script, settings
        self._made: dict[str, tuple[PromptCache, Any]] = {}

    def sound(self, line: str, language: str) -> Samples:
        """At 16 kHz, with the pause that follows it. Raises VoiceError.

        Nothing of it is kept on the disk: names and devices are in it.
        """
        if language not in self._made:
            wanted = self._settings if language == self._settings.language else Settings(language=language)
            self._made[language] = make_prompts(self._script, language, wanted, background=False)
        prompts, _ = self._made[language]
        prompts.never_keep(line)
        return with_pause(prompts.fetch(line), PAUSE_S)

    def close(self) -> None:
        for prompts, voice in self._made.values():
            voice.close()
            prompts.close()
        self._made.clear()


class SpokenConsole:
    """first_words.Console at a real table. Without a loudspeaker or a voice the lines are printed, whatever is mute."""

    mute: Literal["", "voice", "text"] = ""

    def __init__(
        self,
        script: Script,
        settings: Settings,
        *,
        speaks: bool = True,
        read: Callable[[], str] = lambda: sys.stdin.readline(),
    ) -> None:
        """``speaks``: False for a dialogue that is typed; ``read`` gives the next line, empty at the end."""
        self._voices, self._settings = Voices(script, settings), settings
        self._speaks, self._read = speaks, read
        self._sounded = False

    def tell(self, line: str, language: str, output_name: str = "") -> None:
        if self.mute != "text":
            output.say(line)
        said = self._speaks and self.mute != "voice" and self.say(line, language, output_name)
        if self.mute == "text" and not said:
            output.say(line)

    def typed(self) -> str | None:
        line = self._read()
        return line.rstrip("\r\n") if line else None

    def waiting(self) -> bool:
        """Where nobody can look, nobody has typed."""
        try:
            return bool(select.select([sys.stdin], [], [], 0.0)[0])
        except (OSError, ValueError):  # Windows looks at sockets only; or there is no standard input
            return _windows_waits()

    def close(self) -> None:
        self._voices.close()

    def say(self, line: str, language: str, name: str = "") -> bool:
        """Only say it; False where there is no loudspeaker or no voice. ``name``: which loudspeaker."""
        try:
            if not list_devices("output"):
                return False
            sound = self._voices.sound(line, language)
            if not self._sounded:
                ramp = np.linspace(0.0, 1.0, round(QUIET_START_S * HEAR_HZ), dtype=np.float32)
                sound[: ramp.size] *= ramp[: sound.size]
            self._play(Aloud(find_device("output", name or self._settings.output)), sound)
        except VoiceImagoError:  # whoever needs what is missing tells so
            return False
        self._sounded = True
        return True

    def _play(self, loudspeaker: Aloud, sound: Samples) -> None:
        """To its end, or until somebody has typed: then nobody waits for the rest."""
        try:
            for start in range(0, sound.size, BLOCK):
                if self.waiting():
                    break
                loudspeaker.play(sound[start : start + BLOCK])
        finally:
            loudspeaker.close()


def _windows_waits() -> bool:
    if sys.platform == "win32":
        import msvcrt

        return bool(msvcrt.kbhit())
    return False
