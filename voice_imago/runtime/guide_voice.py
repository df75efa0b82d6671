"""The guide's voice: which engines there are, which voice it is, and the cache that holds what it says."""

from __future__ import annotations

import sys

from voice_imago import output
from voice_imago.dialogue.script import Script
from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.voice_chain import ClosableVoice, EngineFailure
from voice_imago.engines.voice_espeak import EspeakVoice
from voice_imago.engines.voice_flite import FliteVoice
from voice_imago.engines.voice_piper import PiperVoice
from voice_imago.engines.voice_pyttsx3 import Pyttsx3Voice
from voice_imago.engines.voice_shelf import BUILT_IN, HouseVoice, Shelf, fill_shelf
from voice_imago.engines.wyoming_address import VOICE_PORT, is_home, parse_address
from voice_imago.errors import UsageError, VoiceError
from voice_imago.folders import cache_folder, voices_folder
from voice_imago.runtime.prompts_cache import Faulted, PromptCache
from voice_imago.settings import Settings

__all__ = ["check_asked_voice", "check_voice", "make_prompts", "make_voice", "no_voice_sentence", "own_engines"]

WORKERS = 2
"""Prompts that are rendered at the same time."""
SAME_VOICE = BUILT_IN
"""Beginnings of the names of engines that say the same."""
PLATFORM_VOICES = sys.platform in ("darwin", "win32")
"""There pyttsx3 speaks with voices of the system, which are better than Flite's; elsewhere with eSpeak's."""


def tell_fault(code: str, sentence: str) -> None:
    """What goes on all the same is told; a prompt that cannot be made raises where it is wanted."""
    if code != "voice_failed":
        output.error(sentence)


def own_engines() -> dict[str, ClosableVoice]:
    """The engines of this computer, best first; pyttsx3 is always among them."""
    engines: dict[str, ClosableVoice] = {}
    if PiperVoice.installed():
        engines["piper"] = PiperVoice(voices_folder())
    if PLATFORM_VOICES:
        engines["pyttsx3"] = Pyttsx3Voice()
    if FliteVoice.installed():
        engines["flite"] = FliteVoice()
    engines.setdefault("pyttsx3", Pyttsx3Voice())
    engines["espeak"] = EspeakVoice()
    return engines


def make_voice(script: Script, language: str, address: str = "", on_fault: Faulted = tell_fault) -> HouseVoice:
    """Every engine as one; before all of them a speech server at home, if one is named.

    A server that is not there is told and left out. Raises UsageError for one that cannot be used. ``on_fault``
    is told, from any thread, when another engine has spoken in the place of one that failed.
    """
    engines = own_engines()
    shelf = fill_shelf(engines, language, script.languages[language].voices)
    if address:
        from voice_imago.engines.wyoming_voice import HomeVoice  # late: needs the extra `home`

        try:
            engines = {"home": HomeVoice(parse_address(address, VOICE_PORT), language), **engines}
        except VoiceError as error:
            output.error(f"{error} I speak with a voice of this computer.")
    return HouseVoice(engines, shelf, on_helped=lambda failure: _stands_in(failure, on_fault))


def _stands_in(failure: EngineFailure, on_fault: Faulted) -> None:
    """Another voice is heard than was chosen. Not so where eSpeak NG stands in for pyttsx3: it says the same."""
    if not failure.engine.startswith(SAME_VOICE):
        on_fault("other_voice", f"{failure.message.rstrip('.')}. Another voice speaks in its place.")


def check_voice(shelf: Shelf, wanted: str, *, asked: bool, language: str) -> str:
    """The full name of the voice that is wanted, else of the best one; empty: nothing is installed for the language.

    UsageError when a voice that was asked for just now is not here; one that was kept and has gone is told. A kept one
    of another language is left alone.
    """
    if wanted:
        found = shelf.find(wanted)
        elsewhere = found is not None and found.partition("+")[0] in shelf.foreign
        if found is not None and (asked or not elsewhere):
            return found
        if elsewhere:  # kept from an evening in another language; nothing is wrong
            return shelf.names[0] if shelf.names else ""
        if not shelf.troubles:  # else nobody knows what there is: let the engine say
            sentence = f"The voice {wanted!r} is not installed here."
            if asked:
                listed = ", ".join(shelf.names) or "none"
                raise UsageError(sentence, f"For {language} there are: {listed}. See: voice-imago devices.")
            output.error(f"{sentence} I take another one.")
        else:
            return wanted
    return shelf.names[0] if shelf.names else ""


def check_asked_voice(script: Script, language: str, wanted: str) -> None:
    """Before any device is looked for. UsageError for a voice of this computer that is not here."""
    if is_home(wanted):
        return
    engines = own_engines()
    try:
        spoken = script.languages[language]
        check_voice(fill_shelf(engines, language, spoken.voices), wanted, asked=True, language=spoken.name)
    finally:
        for engine in engines.values():
            engine.close()


def no_voice_sentence(language: str) -> str:
    """What is missing, and what to do."""
    if sys.platform == "darwin":
        how = "Add one in System Settings, Accessibility, Spoken Content."
    elif sys.platform == "win32":
        how = "Add one in Settings, Time and language, Speech."
    else:
        how = "On Debian or Ubuntu run: sudo apt-get install -y espeak-ng"
    return f"No voice for {language} is installed, so my words are hard to understand; they are on the screen. {how}"


def make_prompts(
    script: Script,
    language: str,
    settings: Settings,
    *,
    background: bool,
    on_fault: Faulted = tell_fault,
    asked_voice: str = "",
) -> tuple[PromptCache, HouseVoice]:
    """The prompt cache in the voice that is set, else in the language's best one; close the voice first.

    UsageError for a voice that was asked for (``asked_voice``) and is not here.
    """
    wanted = asked_voice or settings.voice
    voice = make_voice(script, language, wanted if is_home(wanted) else "", on_fault)
    try:
        name = (
            "home:" if voice.at_home else _own(voice.shelf, wanted, bool(asked_voice), script.languages[language].name)
        )
    except UsageError:
        voice.close()
        raise
    spoken = VoiceSettings(name, settings.rate_wpm, settings.volume)
    return PromptCache(
        voice, spoken, cache_folder() / "prompts", on_fault, background=background, workers=WORKERS
    ), voice


def _own(shelf: Shelf, wanted: str, asked: bool, language: str) -> str:
    """The voice of this computer to speak with."""
    name = check_voice(shelf, "" if is_home(wanted) else wanted, asked=asked, language=language)
    if shelf.missing and not name:
        output.error(no_voice_sentence(language))
    return name
