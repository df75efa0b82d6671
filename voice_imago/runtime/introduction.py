"""When the first words are asked: before the first start of all, and in every set-up; and what is said beside them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import msgspec

from voice_imago import output
from voice_imago.dialogue.script import Script, load_script
from voice_imago.errors import DeviceError, FileError
from voice_imago.runtime.devices import Kind, choices, list_devices
from voice_imago.runtime.first_console import SpokenConsole
from voice_imago.runtime.first_words import OWN_LANGUAGE, Asked, Devices, computers_language, first_words
from voice_imago.runtime.plan import check_language, check_partners
from voice_imago.settings import Settings, load_settings, save_settings

__all__ = ["couples_script", "introduce", "say_also", "to_be_asked"]


def introduce(options: argparse.Namespace, *, again: bool = False) -> None:
    """Ask whatever the command line does not say, by ear, and remember it. Raises UsageError, FileError.

    ``again``: also where the couple is known. Nobody at the keyboard is asked nothing.
    """
    settings = load_settings()
    if not sys.stdin or not sys.stdin.isatty() or not (again or not settings.partners):
        return
    script = load_script()
    if options.language:
        settings = msgspec.structs.replace(settings, language=check_language(script, options.language))
    if options.partners:
        settings = msgspec.structs.replace(settings, partners=check_partners(options.partners))
    typed = bool(getattr(options, "typed", False))
    asked = to_be_asked(options, typed=typed)
    if not asked:
        return
    console = SpokenConsole(script, settings, speaks=not typed)
    try:
        devices = Devices(_choices("output"), _choices("input"))
        settings = first_words(script, settings, asked, console, devices, home=computers_language())
    finally:
        console.close()
    try:
        save_settings(settings)
    except FileError as error:  # the evening needs them now, whatever the disk does
        output.error(str(error))
        options.partners, options.language = list(settings.partners), settings.language
        options.formal = settings.formal


def couples_script(options: argparse.Namespace, languages: Sequence[str] = ()) -> Script:
    """The guide's words, in the address that the couple wished for. Raises PromptError, FileError."""
    return load_script(formal=getattr(options, "formal", False) or load_settings().formal, languages=languages)


def to_be_asked(options: argparse.Namespace, *, typed: bool) -> list[Asked]:
    """What the command line leaves open; without sound neither devices nor ways."""
    given: dict[Asked, object] = {
        "language": options.language,
        "address": getattr(options, "formal", False),
        "ways": typed or options.mute,
        "loudspeaker": typed or options.output,
        "microphone": typed or options.input,
        "names": options.partners,
    }
    return [one for one, known in given.items() if not known]


def _choices(kind: Kind) -> Sequence[str]:
    try:
        return choices(list_devices(kind))
    except DeviceError:
        return ()


def say_also(script: Script, settings: Settings, lines: Sequence[str]) -> None:
    """Print sentences of the program itself, and say them as far as there is a loudspeaker and a voice."""
    console = SpokenConsole(script, settings)
    console.mute = settings.mute
    try:
        for line in lines:
            if line:
                console.tell(line, OWN_LANGUAGE)
    finally:
        console.close()
