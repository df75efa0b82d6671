"""Who understands the couple, from the start of the evening on, and how a fetched model takes over while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from voice_imago import output
from voice_imago.engines.recognisers import RecogniserSpec, without_model
from voice_imago.engines.whisper_models import MODELS, find_model
from voice_imago.engines.wyoming_address import is_home
from voice_imago.errors import ModelError
from voice_imago.events import Input, Performed, Progressed, RecogniserChanged
from voice_imago.remembering import remember
from voice_imago.runtime.fetch_drivers import FetchThread
from voice_imago.runtime.fetching import fetching
from voice_imago.runtime.model_shelf import Shelf
from voice_imago.runtime.model_tasks import ModelPorts, ModelTasks, Understanding
from voice_imago.runtime.scribe import OnFault, OnText, Scribe
from voice_imago.runtime.tasks import Run
from voice_imago.runtime.trial import Trial
from voice_imago.runtime.workers import Post
from voice_imago.settings import Settings

__all__ = ["Desk", "ModelTasks", "model_tasks", "remember_model", "remembered_model", "start_scribe", "take_over"]

Feed = Callable[[Callable[[float], Input]], None]
"""Feeds an input that is stamped with the audio clock at the moment it is worked on; from any thread."""


def start_scribe(spec: RecogniserSpec, on_text: OnText, on_fault: OnFault) -> Scribe:
    """The scribe, loaded. A model that only turns out to be damaged when it is loaded is told, and done without.

    ModelError or UsageError where one was asked for by name.
    """
    scribe = Scribe(spec, on_text, on_fault)
    try:
        scribe.start()
    except ModelError as error:
        if spec.name != "auto":
            raise
        output.error(str(error))
        instead = without_model(spec, "damaged_model")
        scribe = Scribe(replace(spec, name=instead.name), on_text, on_fault)
        scribe.start()
        scribe.reason = instead.reason
    return scribe


def take_over(scribe: Scribe, spec: RecogniserSpec, folder: Path) -> Understanding:
    """Let the model in a folder understand from now on; a server at home keeps it as its stand-in. ModelError."""
    if not is_home(spec.name):
        spec = replace(spec, name="whisper", model="", model_dir=folder)
    scribe.use(spec)
    return scribe.name, scribe.understands


def remembered_model(settings: Settings, language: str, folder: Path | None) -> str:
    """The model that was picked before, if it is still here and knows the language; else empty: the best one."""
    name = settings.model
    known = MODELS.get(name)
    foreign = known is not None and known.english_only and language != "en"
    return name if name and not foreign and find_model(name, folder) is not None else ""


def remember_model(name: str) -> None:
    """The picked model, or (empty) that none is wanted; told where it cannot be written."""
    remember(lambda settings: {"model": name, "model_declined": False} if name else {"model_declined": True})


@dataclass(frozen=True, slots=True)
class Desk:
    """What a running evening offers to the tasks about speech models."""

    run: Run
    post: Callable[[Post], None]
    feed: Feed
    use: Callable[[Path], Understanding | None]


def model_tasks(desk: Desk, language: str, folder: Path | None) -> ModelTasks:
    """The tasks about speech models, with the real hub, disk and settings behind them."""
    trial = Trial()
    ports = ModelPorts(
        run=desk.run,
        driver=FetchThread(desk.post),
        fetch=lambda model, place, afresh: fetching(model, place, afresh=afresh),
        try_out=trial.run,
        end_trial=trial.close,
        use=desk.use,
        remember=remember_model,
        done=lambda id, outcome: desk.feed(lambda at: Performed(at, id, outcome)),
        progress=lambda id, percent: desk.feed(lambda at: Progressed(at, id, percent)),
        understands=lambda name, words: desk.feed(lambda at: RecogniserChanged(at, name, words)),
        show=output.say,
        trouble=output.error,
    )
    return ModelTasks(ports, Shelf(language, folder))
