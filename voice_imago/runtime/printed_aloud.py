"""What a command prints, said as well: errors of the commands that sit down, and anything with the option --aloud."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from voice_imago import output
from voice_imago.dialogue.script import load_script
from voice_imago.errors import VoiceImagoError
from voice_imago.runtime.first_console import SpokenConsole
from voice_imago.runtime.first_words import OWN_LANGUAGE
from voice_imago.settings import Settings, load_settings

__all__ = ["ALOUD", "SITTING", "printed_aloud", "say_error"]

ALOUD = "--aloud"
SITTING = frozenset({"start", "setup", "enrol"})
"""Commands that are used by ear: what keeps them from beginning is said as well."""


@contextlib.contextmanager
def printed_aloud() -> Iterator[None]:
    """Say each line that was printed meanwhile, errors too, once the command has done its work."""
    lines: list[str] = []
    try:
        with output.overheard(lines.append):
            yield
    finally:
        _say(lines)


def say_error(error: VoiceImagoError, words: Sequence[str]) -> None:
    """Say it where the command is one that is used by ear, or --aloud, and nobody has muted the voice. Never raises."""
    by_ear = bool(words) and words[0] in SITTING and "--typed" not in words
    if not by_ear and ALOUD not in words:
        return
    muted = "voice" in (word.removeprefix("--mute=") for word in words)
    if not muted:
        _say([error.message, error.hint])


def _say(lines: Sequence[str]) -> None:
    """Without a loudspeaker or a voice they were printed, which has to be enough."""
    with contextlib.suppress(VoiceImagoError):
        settings = _settings()
        if settings.mute == "voice":
            return
        console = SpokenConsole(load_script(languages=(settings.language, OWN_LANGUAGE)), settings)
        with contextlib.closing(console):
            for line in lines:
                if line.strip() and not console.say(line.strip(), OWN_LANGUAGE):
                    return


def _settings() -> Settings:
    try:
        return load_settings()
    except VoiceImagoError:  # perhaps that is what is to be said
        return Settings()
