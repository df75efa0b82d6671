"""Speech models in a rehearsal: "fetched" from a folder beside the scene on the sample clock, really tried and used.

Every model that is asked for is the one in that folder, copied block by block into a folder that is gone afterwards.
Only the fetcher is another one, with the face of ``fetching``; the disk, the trial in a child process, the loading and
the taking over are those of an evening. Nothing of the user's own is looked at or written.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from voice_imago.engines.ports import Recogniser
from voice_imago.engines.recogniser_whisper import WhisperRecogniser
from voice_imago.engines.whisper_models import Model, missing_files
from voice_imago.events import Input, Progressed, RecogniserChanged
from voice_imago.runtime.fetch_drivers import FetchOnClock
from voice_imago.runtime.fetch_parts import WEIGHTS
from voice_imago.runtime.fetching import Arrived, Fetching, settle, trouble
from voice_imago.runtime.model_shelf import Shelf
from voice_imago.runtime.model_tasks import ModelPorts, ModelTasks, Understanding
from voice_imago.runtime.tasks import at_once
from voice_imago.runtime.trial import Trial

__all__ = ["SceneHub", "copying"]

STEPS = 100

Feed = Callable[[Callable[[float], Input]], None]


def copying(source: Path, steps: int = STEPS) -> Callable[[Model, Path, bool], Fetching]:
    """A fetcher that copies the model in ``source``, its weights in so many blocks."""

    def fetch(model: Model, place: Path, afresh: bool) -> Fetching:
        if missing_files(source):
            raise trouble("missing", model, place)
        part = place / f".part-{model.name}"
        weights = (source / WEIGHTS).read_bytes()
        block = -(-len(weights) // steps)
        try:
            shutil.copytree(source, part, ignore=lambda folder, names: {n for n in names if not _belongs(n)})
            with (part / WEIGHTS).open("wb") as file:
                for start in range(0, len(weights), block):
                    file.write(weights[start : start + block])
                    yield Arrived(file.tell(), len(weights))
            settle(part, place / model.name, hashlib.sha256(weights).hexdigest())
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return place / model.name

    return fetch


def _belongs(name: str) -> bool:
    """To a model, and is small."""
    return name.endswith((".json", ".txt"))


class SceneHub:
    """The models of one rehearsal."""

    def __init__(
        self, source: Path, takes_s: float, language: str, show: Callable[[str], None] = lambda line: None
    ) -> None:
        self._source, self._takes_s, self._language, self._show = source, takes_s, language, show
        self._folder = tempfile.TemporaryDirectory(prefix="voice-imago-scene-")
        self._trial = Trial()
        self._recognisers: list[Recogniser] = []

    def tasks(
        self, done: Callable[[int, str], None], feed: Feed, understand: Callable[[Recogniser], None]
    ) -> ModelTasks:
        """The tasks about speech models; ``understand`` gets the recogniser that takes over."""

        def use(folder: Path) -> Understanding:
            recogniser = WhisperRecogniser(folder, self._language)
            self._recognisers.append(recogniser)
            understand(recogniser)
            return recogniser.name, recogniser.understands

        ports = ModelPorts(
            run=at_once,
            driver=FetchOnClock(self._takes_s / STEPS),
            fetch=copying(self._source),
            try_out=self._trial.run,
            end_trial=self._trial.close,
            use=use,
            remember=lambda name: None,
            done=done,
            progress=lambda id, percent: feed(lambda at: Progressed(at, id, percent)),
            understands=lambda name, words: feed(lambda at: RecogniserChanged(at, name, words)),
            show=self._show,
        )
        return ModelTasks(ports, Shelf(self._language, Path(self._folder.name), {}))

    def close(self) -> None:
        for recogniser in self._recognisers:
            recogniser.close()
        self._trial.close()
        self._folder.cleanup()
