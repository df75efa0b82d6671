"""Which recogniser is used, and why: the only place that knows all of them.

``auto`` takes the best there is: the largest whole speech model on this computer that is fast enough here, else
answers without a model, else none. The reason is a code; the guide has a sentence for each of them and says it once.

A name may also be the address of a speech server at home, ``wyoming://host[:port]``. What ``auto`` would give stands
in for it when it is not there.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from voice_imago.engines.ports import Recogniser
from voice_imago.engines.recogniser_none import NoRecogniser
from voice_imago.engines.recogniser_pocketsphinx import AnswerRecogniser
from voice_imago.engines.recogniser_whisper import WhisperRecogniser
from voice_imago.engines.whisper_models import (
    MODELS,
    find_model,
    missing_files,
    preferred,
    verify_model,
)
from voice_imago.engines.whisper_paces import known_pace, quickest_first
from voice_imago.engines.wyoming_address import (
    RECOGNISER_PORT,
    HomeAddress,
    is_home,
    missing_extra,
    parse_address,
)
from voice_imago.errors import ModelError, RecognitionError, UsageError
from voice_imago.folders import models_folder

Name = Literal["auto", "whisper", "answers", "none"]
Reason = Literal["found", "asked", "no_model", "damaged_model", "no_engine", "home_away"]
"""``found`` and ``asked`` need no sentence; the others say why something else is used. ``home_away``: the server at
home did not answer at the start."""


@dataclass(frozen=True, slots=True)
class RecogniserSpec:
    """What was asked for on the command line or in the settings."""

    name: str = "auto"
    """A ``Name``, or the address of a server: wyoming://host[:port]."""
    model: str = ""
    """tiny.en, base.en, small.en, tiny, base, small; empty: the best on this computer."""
    model_dir: Path | None = None
    """A folder of models, or one model's own folder; None: ours, then the hub's cache."""
    language: str = "en"
    hints: tuple[str, ...] = ()
    """The partners' names."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What will be used; nothing is loaded yet."""

    name: Literal["whisper", "answers", "none", "home"]
    """``home``: sound will leave this computer, which has to be said."""
    reason: Reason
    folder: Path | None = None
    """The model's folder, for whisper."""
    address: HomeAddress | None = None
    """Where the server is, for home."""


@dataclass(frozen=True, slots=True)
class Made:
    """A loaded recogniser and why it is this one."""

    recogniser: Recogniser
    reason: Reason


def choose_recogniser(spec: RecogniserSpec) -> Choice:
    """Decide without loading anything or asking the network. UsageError or ModelError if it cannot be had."""
    if is_home(spec.name):
        return _choose_home(spec)
    if spec.name not in get_args(Name):
        raise UsageError(f"There is no recogniser called {spec.name}.", f"Choose one of: {', '.join(get_args(Name))}.")
    if spec.name in ("answers", "none"):
        return Choice("none" if spec.name == "none" else "answers", "asked")
    folders = _find(spec)
    if spec.name == "whisper":
        return Choice("whisper", "asked", _demand(folders, spec))
    if not _installed("faster_whisper"):
        return without_model(spec, "no_engine")
    whole = next((folder for folder in folders if verify_model(folder) not in ("damaged", "incomplete")), None)
    if whole is None:
        return without_model(spec, "damaged_model" if folders else "no_model")
    return Choice("whisper", "found", whole)


def make_recogniser(spec: RecogniserSpec) -> Made:
    """The recogniser that was asked for, loaded. UsageError or ModelError if it cannot be had."""
    choice = choose_recogniser(spec)
    if choice.address is not None:
        return _make_home(spec, choice.address)
    if choice.folder is not None:
        return Made(WhisperRecogniser(choice.folder, spec.language), choice.reason)
    if choice.name == "answers":
        return Made(AnswerRecogniser(), choice.reason)
    return Made(NoRecogniser(), choice.reason)


def _choose_home(spec: RecogniserSpec) -> Choice:
    address = parse_address(spec.name, RECOGNISER_PORT)
    if not _installed("wyoming"):
        raise missing_extra()
    choose_recogniser(replace(spec, name="auto"))  # a stand-in that cannot be had is told now, not in the dialogue
    return Choice("home", "asked", address=address)


def _make_home(spec: RecogniserSpec, address: HomeAddress) -> Made:
    """The server with a stand-in; the stand-in alone, for the whole dialogue, where the server does not answer.

    It is not tried again later: the couple was not told that their voices leave this computer.
    """
    from voice_imago.engines.wyoming_recogniser import HomeRecogniser  # late: needs the extra `home`
    from voice_imago.engines.wyoming_standin import HomeFirst

    def local() -> Recogniser:
        return make_recogniser(replace(spec, name="auto")).recogniser

    try:
        home = HomeRecogniser(address, spec.language)
    except RecognitionError:
        return Made(local(), "home_away")
    return Made(HomeFirst(home, local), "asked")


def _find(spec: RecogniserSpec) -> list[Path]:
    """The folders of the models that may be used, the one to be used first in front."""
    if spec.model_dir is not None and not spec.model_dir.is_dir():
        raise ModelError(
            f"There is no model folder {spec.model_dir}.",
            "Check --model-dir, or fetch a model with: voice-imago setup",
        )
    if spec.model and spec.model not in MODELS and spec.model_dir is None:
        raise UsageError(f"There is no speech model called {spec.model}.", f"Choose one of: {', '.join(MODELS)}.")
    names = (spec.model,) if spec.model else preferred(spec.language)
    found = {name: folder for name in names if (folder := find_model(name, spec.model_dir)) is not None}
    measured = {name: pace for name, folder in found.items() if (pace := known_pace(folder)) is not None}
    return list(dict.fromkeys(found[name] for name in quickest_first(tuple(found), measured)))


def _demand(folders: list[Path], spec: RecogniserSpec) -> Path:
    if not folders:
        raise _missing(spec)
    folder = folders[0]
    if verify_model(folder) == "damaged":
        raise ModelError(f"The speech model in {folder} is damaged.", "Fetch it again with: voice-imago setup")
    return folder


def _missing(spec: RecogniserSpec) -> ModelError:
    place = spec.model_dir or models_folder()
    half = place / spec.model
    lacks = missing_files(half) if spec.model and half.is_dir() else ()
    if lacks:
        return ModelError(
            f"The speech model in {half} lacks {', '.join(lacks)}.", "Fetch it again with: voice-imago setup"
        )
    which = f"speech model {spec.model}" if spec.model else "speech model"
    return ModelError(
        f"There is no {which} in {place}.",
        "Fetch one with: voice-imago setup, or go on without with --recogniser none.",
    )


def without_model(spec: RecogniserSpec, reason: Reason) -> Choice:
    """What understands where no speech model does."""
    # The answer recogniser's model is US English.
    fits = spec.language == "en" and _installed("pocketsphinx")
    return Choice("answers" if fits else "none", reason)


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
