"""The speech models that are here for one language, and how quick each of them is on this computer."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from voice_imago.engines.recognisers import RecogniserSpec, choose_recogniser
from voice_imago.engines.whisper_models import MODELS, Model, find_model, model_name, preferred, verify_model
from voice_imago.engines.whisper_paces import FAST, known_pace, predicted_pace, remember_pace
from voice_imago.folders import models_folder
from voice_imago.runtime.models import name_for

__all__ = ["SIZES", "Shelf"]

SIZES = ("tiny", "base", "small")
"""From the quickest to the one that mishears least."""


class Shelf:
    """Looks at files only. ``folder``: where models are and go; None: ours, and the hub's cache is looked at too."""

    def __init__(
        self, language: str, folder: Path | None = None, paces: MutableMapping[Path, float] | None = None
    ) -> None:
        """``paces`` stands in for what is remembered on the disk."""
        self.language = language
        self._folder = folder
        self._paces = paces

    @property
    def place(self) -> Path:
        """Where a model is fetched to."""
        return self._folder or models_folder()

    def in_use(self) -> Path | None:
        """The model that would be used by itself; None: there is no whole one for the language."""
        if self._folder is not None and not self._folder.is_dir():
            return None
        return choose_recogniser(RecogniserSpec("auto", "", self._folder, self.language)).folder

    def of_size(self, size: str, *, several: bool) -> Path | None:
        """A whole model of a size: for English the one that knows nothing else comes first, unless ``several``."""
        names = dict.fromkeys((name_for(size, self.language, several=several), size))
        folders = (find_model(name, self._folder) for name in names)
        return next((f for f in folders if f is not None and verify_model(f) in ("good", "unknown")), None)

    def model(self, size: str, *, several: bool) -> Model:
        """The one to be fetched."""
        return MODELS[name_for(size, self.language, several=several)]

    def pace(self, folder: Path) -> float | None:
        """As measured on this computer."""
        return known_pace(folder) if self._paces is None else self._paces.get(folder)

    def remember_pace(self, folder: Path, pace: float) -> None:
        """For the next time."""
        if self._paces is None:
            remember_pace(folder, pace)
        else:
            self._paces[folder] = pace

    def likely_slow(self, size: str) -> bool:
        """A prediction from the models that were measured; False where none was."""
        guess = predicted_pace(size, self._measured())
        return guess is not None and guess > FAST

    def _measured(self) -> dict[str, float]:
        found = {name: find_model(name, self._folder) for name in preferred(self.language)}
        folders = {model_name(folder): folder for folder in found.values() if folder is not None}
        return {name: pace for name, folder in folders.items() if (pace := self.pace(folder)) is not None}
