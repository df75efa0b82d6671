"""The commands `setup` (a speech model, by voice, typed, or without a word) and `devices` (the choices)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from voice_imago import output
from voice_imago.dialogue.script import load_script
from voice_imago.engines.voice_shelf import Shelf, fill_shelf
from voice_imago.engines.whisper_paces import FAST, REAL_TIME, known_pace, remember_pace
from voice_imago.errors import DeviceError, ModelError, UsageError
from voice_imago.runtime.devices import describe, list_devices
from voice_imago.runtime.guide_voice import no_voice_sentence, own_engines
from voice_imago.runtime.introduction import couples_script, introduce
from voice_imago.runtime.model_shelf import SIZES
from voice_imago.runtime.models import MODELS, fetch_model, find_model, name_for, verify_model
from voice_imago.runtime.plan import MODEL_SETUP, SET_UP, check_language
from voice_imago.runtime.start import lead_typed, sit_down
from voice_imago.runtime.trial import Trial
from voice_imago.runtime.understanding import remember_model
from voice_imago.settings import load_settings

__all__ = ["print_devices", "set_up"]

SIZE = "base"
"""The one that is recommended: it understands ordinary speech on a two-core laptop."""


def set_up(options: argparse.Namespace) -> int:
    """By voice, unless a model is named or nobody is to be asked. Raises UsageError, FileError, ModelError."""
    if options.model is None and not options.yes:
        if not options.only:
            introduce(options, again=True)
        options.thinking, options.voices, options.room, options.echo = None, "off", "off", "half"
        if options.typed:  # there is nothing to hear
            return lead_typed(options, couples_script(options), MODEL_SETUP)
        return sit_down(options, couples_script(options), MODEL_SETUP if options.only else SET_UP)
    language = check_language(load_script(), options.language or load_settings().language)
    return fetch_one(options.model or name_for(SIZE, language), options.model_dir, language, ask=not options.yes)


def fetch_one(name: str, folder: Path | None, language: str, *, ask: bool) -> int:
    """Fetch a model without a dialogue, after saying its size; time it, and remember it as the one to use."""
    if name not in MODELS:
        raise UsageError(f"There is no speech model called {name!r}.", f"Choose one of: {', '.join(MODELS)}.")
    if MODELS[name].english_only and language != "en":
        raise UsageError(
            f"The speech model {name} understands English only, but the language is {language}.",
            f"Choose {MODELS[name].size}, which knows many languages.",
        )
    works = _works(name, folder, language)
    if works:
        output.say(f"The speech model {name} is already here. No network is needed.")
        remember_model(name)
        return 0
    output.say(f"The speech model {name} is a download of {MODELS[name].download_mb} megabytes, once.")
    output.say("It stays on this computer. Afterwards the guide needs no network.")
    if ask and not _agreed():
        output.say("Nothing was downloaded. Without a model I follow voices and short answers; keys always work.")
        return 0
    try:
        place = fetch_model(name, folder, lambda percent: output.say(f"{percent} percent."), afresh=works is False)
    except KeyboardInterrupt:
        output.say("The download was cancelled. Nothing half is left behind.")
        return 1
    if place is not None:
        _time(name, place, language)
        remember_model(name)
        output.say(f"The speech model {name} is ready.")
    return 0


def _works(name: str, folder: Path | None, language: str) -> bool | None:
    """Whether the model that is here works, None if there is none; what is wrong with it is said."""
    place = find_model(name, folder)
    if place is None:
        return None
    if verify_model(place) in ("damaged", "incomplete"):
        output.say(f"The speech model in {place} is damaged, so it has to be fetched again.")
        return False
    if known_pace(place) is None:
        try:
            _time(name, place, language)
        except ModelError as error:
            output.say(error.message)
            return False
    return True


def _time(name: str, folder: Path, language: str) -> None:
    """Try a model out, and say so where this computer is slow for it. ModelError if it cannot be used."""
    output.say("One moment, it is being tried out.")
    pace = Trial().run(folder, language)
    remember_pace(folder, pace)
    output.say(_pace_line(name, pace))
    below = SIZES[: SIZES.index(MODELS[name].size)]
    if pace > FAST and below:
        smaller = name.replace(MODELS[name].size, below[-1])
        output.say(f"A smaller one keeps up better: voice-imago setup --model {smaller}")
    elif pace > FAST:
        output.say("It is the smallest one: words will come late, and the guide will not wait for them.")


def _pace_line(name: str, pace: float) -> str:
    """What a measured pace means, in one plain line."""
    speed = "fast enough" if pace <= FAST else "slow" if pace <= REAL_TIME else "slower than speech"
    return f"{name} takes {pace:.2f} seconds of work for a second of speech on this computer: {speed}."


def _agreed() -> bool:
    """Whether somebody at the keyboard says yes; nobody there is a no."""
    if not sys.stdin.isatty():
        output.say("Nobody is at the keyboard to agree; say setup --yes to download without asking.")
        return False
    output.say("Download it now? Type yes or no.")
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def print_devices() -> int:
    """Microphones, loudspeakers and voices, one plain line each; what cannot be listed says why."""
    for kind, title in (("input", "Microphones"), ("output", "Loudspeakers")):
        output.say(f"{title}:")
        try:
            for line in describe(list_devices(kind)) or ["none found"]:  # type: ignore[arg-type]
                output.say(f"  {line}")
        except DeviceError as error:
            output.say(f"  {error}")
    return print_voices()


def print_voices() -> int:
    """The voices of each language that is offered, the best one first, and how to get one where there is none."""
    engines = own_engines()
    shelves: list[Shelf] = []
    try:
        for language in load_script().languages.values():
            if language.offered:
                shelf = fill_shelf(engines, language.code, language.voices)
                shelves.append(shelf)
                output.say(f"Voices for {language.name}, best first:")
                for name in shelf.names:
                    output.say(f"  {name}")
                if shelf.missing:
                    output.say(f"  {no_voice_sentence(language.name)}")
    finally:
        for engine in engines.values():
            engine.close()
    listed = {name for shelf in shelves for name in shelf.names}
    others = [name for name in dict.fromkeys(shelves[-1].others) if name not in listed] if shelves else []
    if others:
        output.say("Other voices that may be named:")
        output.say("  " + ", ".join(others))
    for trouble in dict.fromkeys(trouble for shelf in shelves for trouble in shelf.troubles):
        output.say(f"  {trouble}")
    return 0
