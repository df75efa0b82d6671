"""The partners' names and the language, asked at the keyboard before anything else; every line is also said aloud."""

from __future__ import annotations

import sys
from collections.abc import Callable

from voice_imago import output
from voice_imago.dialogue.script import Script
from voice_imago.errors import UsageError, VoiceImagoError
from voice_imago.runtime.plan import check_partners
from voice_imago.settings import Settings

__all__ = ["ask_language", "ask_names", "say_also"]

TRIES = 3
ASKED = "What are your first names? Type both with a space between, the one who begins first."
Tell = Callable[[str], None]


def say_also(script: Script, settings: Settings) -> Tell:
    """Prints a line and says it, as far as there is a loudspeaker and a voice; blocks until it is said."""

    def tell(line: str) -> None:
        output.say(line)
        if settings.mute == "voice":
            return
        from voice_imago.runtime.read_aloud import read_aloud

        try:
            read_aloud([line], script, settings)
        except VoiceImagoError:
            return  # it was printed, and what is missing is told by whoever needs it

    return tell


def ask_names(tell: Tell, read: Callable[[], str] = lambda: sys.stdin.readline()) -> tuple[str, str]:
    """Two names that can be spoken. UsageError after three tries, or at the end of the input."""
    tell(ASKED)
    problem = UsageError("I do not know your names.", "Say --partners Ana Ben.")
    for _ in range(TRIES):
        line = read()
        if not line:
            break
        try:
            first, second = check_partners(line.split())
        except UsageError as error:
            problem = error
            tell(f"{error.message} Please type them once more.")
        else:
            tell(f"{first} and {second}.")
            return first, second
    raise problem


def ask_language(script: Script, tell: Tell, read: Callable[[], str] = lambda: sys.stdin.readline()) -> str | None:
    """The code of the language by its number; None where there is no choice, or nobody chose."""
    offered = [language for language in script.languages.values() if language.offered]
    if len(offered) < 2:
        return None
    listed = "; ".join(f"{number} {language.native}" for number, language in enumerate(offered, start=1))
    tell(f"Type the number of your language: {listed}.")
    for _ in range(TRIES):
        answer = read().strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(offered):
            return offered[int(answer) - 1].code
        if not answer:
            return None
        tell(f"A number from 1 to {len(offered)}, please.")
    return None
