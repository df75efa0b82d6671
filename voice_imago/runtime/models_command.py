"""The command `models`: one plain line for each speech model on this computer; verify and remove them."""

from __future__ import annotations

from pathlib import Path

from voice_imago import output
from voice_imago.engines.recognisers import RecogniserSpec
from voice_imago.engines.whisper_models import missing_files
from voice_imago.errors import FileError, LanguageError, ModelError, UsageError
from voice_imago.runtime.models import (
    MODELS,
    Installed,
    list_models,
    list_parts,
    models_folder,
    remove_model,
    verify_model,
)
from voice_imago.runtime.scribe_process import ChildGone, ScribeProcess
from voice_imago.settings import load_settings

__all__ = ["models_command"]

LOAD_S = 60.0
"""Seconds to load a model that is verified."""
AGAIN = "Fetch it again with: voice-imago setup"
NONE_HERE = "No speech models are here. Fetch one with: voice-imago setup"


def models_command(what: str, name: str | None, folder: Path | None) -> int:
    """Exit code: 1 for a damaged model found by verifying. UsageError for an unknown name, FileError."""
    if folder is not None and not folder.is_dir():
        raise FileError(f"There is no model folder {folder}.", "Check --model-dir.")
    if what == "list":
        return _list(name, folder)
    if what == "verify":
        return _verify(name, folder)
    if name is None:
        raise UsageError("Which speech model is to be removed?", "Say models remove NAME; models list names them.")
    return _remove(name, folder)


def _list(name: str | None, folder: Path | None) -> int:
    lines = [_line(model) for model in _chosen(name, folder, parts=True)]
    for part in list_parts(folder):
        if name in (None, part.name) and part.name:
            whole = f" of {MODELS[part.name].download_mb}" if part.name in MODELS else ""
            state = "is being fetched now" if part.running else f"setup --model {part.name} goes on with it"
            lines.append(
                f"{part.name}: {part.size_bytes / 1e6:.0f}{whole} megabytes, "
                f"an unfinished download, {state}, in {part.folder}"
            )
    for line in lines or [NONE_HERE]:
        output.say(line)
    return 0


def _chosen(name: str | None, folder: Path | None, *, parts: bool = False) -> list[Installed]:
    """The models that are meant. UsageError lists the choices."""
    models = list_models(folder)
    chosen = [model for model in models if name in (None, model.name)]
    unfinished = [part.name for part in list_parts(folder)] if parts else []
    if name is not None and not chosen and name not in unfinished:
        here = ", ".join(dict.fromkeys(model.name for model in models)) or "none"
        raise UsageError(f"There is no speech model called {name} here.", f"Here are: {here}.")
    return chosen


def _line(model: Installed) -> str:
    states = {
        "good": "whole",
        "unknown": "whole, of an origin that I do not know",
        "damaged": "damaged",
        "incomplete": f"lacks {', '.join(missing_files(model.folder))}",
    }
    timed = "not timed yet" if model.pace is None else f"{model.pace:.2f} seconds of work for a second of speech"
    return f"{model.name}: {model.size_mb} megabytes, {states[model.state]}, {timed}, in {model.folder}"


# ------------------------------------------------------------------------------------------------ verify


def _verify(name: str | None, folder: Path | None) -> int:
    models, damaged = _chosen(name, folder), False
    language = load_settings().language
    for model in models:
        told = "whole, and it works."
        try:
            _check(model.folder, language)
        except LanguageError as error:
            told = f"whole. {error}"
        except ModelError as error:
            told, damaged = str(error), True
        output.say(f"{model.name}: {told}")
    if not models:
        output.say(NONE_HERE)
    return 1 if damaged else 0


def _check(folder: Path, language: str) -> None:
    """Hash the weights anew and load the model, in a process of its own, which damaged weights may bring down.

    ModelError with what is wrong.
    """
    lacks = missing_files(folder)
    if lacks:
        raise ModelError(f"The speech model in {folder} lacks {', '.join(lacks)}.", AGAIN)
    try:
        if verify_model(folder, afresh=True) == "damaged":
            raise ModelError(f"The speech model in {folder} is damaged.", AGAIN)
    except OSError as error:
        raise ModelError(f"The speech model in {folder} cannot be read: {error.strerror}.") from error
    child = ScribeProcess()
    try:
        child.load(RecogniserSpec("whisper", model_dir=folder, language=language), LOAD_S)
    except ChildGone as gone:
        raise ModelError(f"The speech model in {folder} brings speech recognition down.", AGAIN) from gone
    finally:
        child.close()


# ------------------------------------------------------------------------------------------------ remove


def _remove(name: str, folder: Path | None) -> int:
    """The sentence comes after it is true."""
    if not remove_model(name, folder):
        elsewhere = [model for model in _chosen(name, folder) if not model.ours]
        for model in elsewhere:
            raise FileError(
                f"The speech model {name} lies in {model.folder}, where other programs keep theirs.",
                "Remove it there by hand, if nobody else needs it.",
            )
        raise UsageError(f"There is no speech model called {name} in {folder or models_folder()}.")
    output.say(f"The speech model {name} is removed.")
    return 0
