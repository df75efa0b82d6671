"""The speech models on this computer: fetch, list, verify and remove them.

What a model is, and whether it is whole, stands in ``engines/whisper_models.py``, how one is fetched in ``fetching``.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voice_imago.engines.whisper_models import (
    MODELS,
    Model,
    State,
    find_model,
    hub_snapshots,
    verify_model,
)
from voice_imago.engines.whisper_paces import forget_pace, known_pace
from voice_imago.errors import FileError, UsageError
from voice_imago.folders import models_folder
from voice_imago.runtime.fetch_parts import Part, remove_part, unfinished
from voice_imago.runtime.fetching import SILENCE_S, fetching

__all__ = [
    "MODELS",
    "Installed",
    "Model",
    "fetch_model",
    "find_model",
    "known_model",
    "list_models",
    "list_parts",
    "models_folder",
    "name_for",
    "remove_model",
    "verify_model",
]

Progress = Callable[[int], None]
"""Called with 0, 25, 50, 75 and 100 (percent), each once."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on this computer."""

    name: str
    folder: Path
    size_mb: int
    state: State
    pace: float | None = None
    """Seconds of work for each second of speech; None: not measured here."""
    ours: bool = True
    """It lies in a folder of ours; False: in the hub's cache, where other programs keep theirs."""


def name_for(size: str, language: str, *, several: bool = False) -> str:
    """The model of a size (tiny, base, small) for a language: for English the one that knows nothing else."""
    return f"{size}.en" if language == "en" and not several else size


def known_model(name: str) -> Model:
    """A model that can be fetched. UsageError lists the choices."""
    if name not in MODELS:
        raise UsageError(f"There is no speech model called {name}.", f"Choose one of: {', '.join(MODELS)}.")
    return MODELS[name]


def fetch_model(
    name: str,
    folder: Path | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    deadline_s: float = SILENCE_S,
    *,
    afresh: bool = False,
) -> Path | None:
    """Download a model into ``folder`` (ours by default) and return its own folder; None when cancelled.

    A model that is already there, whole and undamaged, is not fetched again, unless ``afresh``: then it does not work.
    UsageError, FileError or ModelError.
    """
    fetch = fetching(known_model(name), folder or models_folder(), deadline_s, afresh=afresh)
    told = _each_quarter(progress)
    told(0.0)
    try:
        while True:
            told(next(fetch).fraction)
            if cancel is not None and cancel.is_set():
                return None
    except StopIteration as end:
        told(1.0)
        place: Path = end.value
        return place
    finally:
        fetch.close()


def list_models(folder: Path | None = None) -> tuple[Installed, ...]:
    """The models in ``folder`` (by default ours, then the hub's cache); whatever else lies there is left out."""
    own = tuple(_installed(one.name, one) for one in _model_folders(folder or models_folder()))
    return own if folder else (*own, *(_installed(name, one, ours=False) for name, one in hub_snapshots()))


def list_parts(folder: Path | None = None) -> tuple[Part, ...]:
    """Downloads that are not finished, which the next one goes on with."""
    return unfinished(folder or models_folder())


def remove_model(name: str, folder: Path | None = None) -> bool:
    """Delete a model from ``folder`` (ours by default) and what is left of its downloads; whether there was anything.

    FileError if it cannot be deleted, or is being fetched just now.
    """
    place = folder or models_folder()
    parts = [part for part in unfinished(place) if part.name == name]
    for part in parts:
        if not remove_part(part.folder):
            raise FileError(f"The model {name} is being fetched just now.", "Cancel that first.")
    models = [one for one in _model_folders(place) if one.name == name]
    for model in models:
        forget_pace(model)
        try:
            shutil.rmtree(model)
        except OSError as error:
            raise FileError(f"The model {model} could not be deleted: {error.strerror}.") from error
    return bool(parts or models)


def _installed(name: str, folder: Path, *, ours: bool = True) -> Installed:
    size_mb = round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6)
    return Installed(name, folder, size_mb, verify_model(folder), known_pace(folder), ours)


def _model_folders(place: Path) -> Iterator[Path]:
    """Of a folder of models, or of one that is a model itself."""
    if (place / "model.bin").is_file():
        yield place
        return
    for one in sorted(place.iterdir()) if place.is_dir() else []:
        if not one.name.startswith(".") and one.is_dir() and (one.name in MODELS or (one / "model.bin").exists()):
            yield one


def _each_quarter(progress: Progress | None) -> Callable[[float], None]:
    """Turns a growing fraction into quarters, each told once; the last one only when all is checked."""
    ahead = [0, 25, 50, 75, 100]

    def told(fraction: float) -> None:
        while ahead and fraction * 100.0 >= ahead[0]:
            reached = ahead.pop(0)
            if progress is not None:
                progress(reached)

    return told
