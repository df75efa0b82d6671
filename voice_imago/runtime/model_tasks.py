"""Performs what the guide asks for about speech models: look, choose, fetch, try out, use. See ``effects.Perform``.

    perform ─► fetch ── driver (a thread, or the sample clock) ─► progress …, done(id, outcome)
               the others ── job (run) ──────────────────────► done(id, outcome)

Fetching goes on through pauses and time-outs: it is asked for again when the couple comes back, and joined. It ends by
``cancel`` or ``close``, and then nothing half is left. Everything else is a job; one that raises is an outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice_imago.engines.whisper_models import Model, model_name
from voice_imago.engines.whisper_paces import FAST, REAL_TIME
from voice_imago.errors import VoiceImagoError
from voice_imago.events import Perform, Words
from voice_imago.runtime.fetch_drivers import FetchDriver
from voice_imago.runtime.fetching import Arrived, FetchError, Fetching
from voice_imago.runtime.model_shelf import SIZES, Shelf
from voice_imago.runtime.tasks import Job, Run, safely

__all__ = ["MODEL_TASKS", "ModelPorts", "ModelTasks", "Understanding"]

MODEL_TASKS = frozenset(
    {"look_for_model", "choose_model", "fetch_model", "try_model", "use_model", "decline_model"}
)  # fmt: skip

Understanding = tuple[str, Words]
"""The name of a recogniser, and what it understands."""


@dataclass(frozen=True, slots=True)
class ModelPorts:
    """Everything around the tasks; the jobs' own are ``try_out``, ``use`` and ``remember``."""

    run: Run
    driver: FetchDriver
    fetch: Callable[[Model, Path, bool], Fetching]
    """A download into a folder of models; True: the one that is there does not work."""
    try_out: Callable[[Path, str], float]
    """The pace of the model in a folder, for a language. Raises ModelError."""
    end_trial: Callable[[], None]
    use: Callable[[Path], Understanding | None]
    """Let the model understand from now on; None: there is nobody to be understood (typed lines). Raises ModelError."""
    remember: Callable[[str], None]
    """The name of the model that was chosen; empty: none is wanted."""
    done: Callable[[int, str], None]
    """The id of a Perform and its outcome."""
    progress: Callable[[int, int], None]
    """The id of a Perform and percent."""
    understands: Callable[[str, Words], None]
    """Another recogniser has taken over."""
    show: Callable[[str], None] = lambda line: None
    trouble: Callable[[str], None] = lambda sentence: None
    """Why something failed."""


@dataclass(slots=True)
class _Download:
    """One that is under way."""

    name: str
    cancelled: bool = False


class ModelTasks:
    """What is chosen is remembered here from one task to the next."""

    def __init__(self, ports: ModelPorts, shelf: Shelf) -> None:
        self._ports, self._shelf = ports, shelf
        self._size, self._several = "base", False
        self._folder: Path | None = None
        """The model to be tried out and used."""
        self._broken: set[Path] = set()
        """Models that did not work when they were tried."""
        self._under_way: _Download | None = None
        self._quarters = 0
        self._waiting: dict[str, int] = {}
        """Task -> id of the one that is answered."""
        self._closed = False
        self._table: dict[str, Callable[[Perform], None]] = {
            "look_for_model": self._look,
            "choose_model": self._choose,
            "fetch_model": self._fetch,
            "try_model": self._try,
            "use_model": self._use,
            "decline_model": self._decline,
        }

    def perform(self, wanted: Perform) -> None:
        """Begin; one of the same kind that is not done is dropped without an answer, a running download is joined."""
        if not self._closed:
            self._waiting[wanted.task] = wanted.id
            self._table[wanted.task](wanted)

    def cancel(self, id: int) -> None:
        """Only a download can be given up; what is done already is answered all the same."""
        if self._closed or self._waiting.get("fetch_model", id) != id:
            return
        self._waiting["fetch_model"] = id
        if self._under_way is None:
            self._answer("fetch_model", id, "cancelled")
        else:
            self._under_way.cancelled = True
            self._ports.driver.cancel()

    def tick(self, now_s: float) -> None:
        """So late it is on the audio clock."""
        self._ports.driver.tick(now_s)

    def close(self) -> None:
        """Nothing is answered any more; a download is cancelled, a trial ends."""
        self._closed = True
        self._ports.driver.close()
        self._ports.end_trial()

    # ------------------------------------------------------------------ jobs and answers

    def _work(self, wanted: Perform, job: Job, then: Callable[[Any], str]) -> None:
        """Do a job; ``then`` turns its result into an outcome."""

        def finished(result: Any) -> None:
            if self._closed or self._waiting.get(wanted.task) != wanted.id:
                return
            if isinstance(result, VoiceImagoError):
                self._ports.trouble(str(result))
                self._answer(wanted.task, wanted.id, "failed")
            else:
                self._answer(wanted.task, wanted.id, then(result))

        self._ports.run(lambda: safely(job), finished)

    def _answer(self, task: str, id: int, outcome: str) -> None:
        self._waiting.pop(task, None)
        self._ports.done(id, outcome)

    # ------------------------------------------------------------------ looking and choosing

    def _look(self, wanted: Perform) -> None:
        if wanted.what == "smaller":
            below = SIZES[: SIZES.index(self._size)]
            self._answer(wanted.task, wanted.id, below[-1] if below else "none")
        else:
            self._work(wanted, self._shelf.in_use, self._found)

    def _found(self, folder: Path | None) -> str:
        if folder is None:
            return "none"
        self._folder, size = folder, model_name(folder).removesuffix(".en")
        self._size = size if size in SIZES else self._size
        return "untried" if self._shelf.pace(folder) is None else "here"

    def _choose(self, wanted: Perform) -> None:
        if wanted.what in SIZES:
            self._size, self._several = wanted.what, False
        else:
            self._several = True
        size, several = self._size, self._several

        def look() -> tuple[Path | None, bool]:
            return self._shelf.of_size(size, several=several), self._shelf.likely_slow(size)

        self._work(wanted, look, self._chosen)

    def _chosen(self, seen: tuple[Path | None, bool]) -> str:
        self._folder, likely_slow = seen
        if self._folder is not None and self._folder not in self._broken:
            return "here"
        if self._several:
            return "good"
        english = self._shelf.language == "en"
        return "likely_slow" if likely_slow else "english" if english else "good"

    # ------------------------------------------------------------------ fetching

    def _fetch(self, wanted: Perform) -> None:
        model, now = self._shelf.model(self._size, several=self._several), self._under_way
        if now is not None and now.name == model.name and not now.cancelled:
            return
        if now is not None:
            self._ports.driver.cancel()
        self._under_way = download = _Download(model.name)
        self._quarters = 0
        goal = self._shelf.place / model.name
        fetch = self._ports.fetch(model, self._shelf.place, goal in self._broken)
        self._broken.discard(goal)
        self._ports.driver.start(fetch, self._arrived, lambda result: self._ended(download, result))

    def _arrived(self, arrived: Arrived) -> None:
        quarters = arrived.percent // 25
        if quarters > self._quarters:
            self._quarters = quarters
            self._ports.show(f"{25 * quarters} percent.")
        id = self._waiting.get("fetch_model")
        if id is not None and not self._closed:
            self._ports.progress(id, arrived.percent)

    def _ended(self, download: _Download, result: Path | VoiceImagoError | None) -> None:
        if self._closed or self._under_way is not download:
            return
        self._under_way = None
        if isinstance(result, Path):
            self._ports.show("100 percent.")
            self._folder = result
        elif result is not None:
            self._ports.trouble(str(result))
        id = self._waiting.get("fetch_model")
        if id is not None:
            self._answer("fetch_model", id, _outcome(result))

    # ------------------------------------------------------------------ trying out and using

    def _try(self, wanted: Perform) -> None:
        folder = self._folder
        if folder is None:
            self._answer(wanted.task, wanted.id, "failed")
            return

        def job() -> float:
            try:
                pace = self._ports.try_out(folder, self._shelf.language)
            except VoiceImagoError:
                self._broken.add(folder)
                raise
            self._shelf.remember_pace(folder, pace)
            return pace

        def measured(pace: float) -> str:
            return "good" if pace <= FAST else "slow" if pace <= REAL_TIME else "too_slow"

        self._work(wanted, job, measured)

    def _use(self, wanted: Perform) -> None:
        folder = self._folder
        if folder is None:
            self._answer(wanted.task, wanted.id, "failed")
            return

        def job() -> Understanding | None:
            understanding = self._ports.use(folder)
            self._ports.remember(model_name(folder))
            return understanding

        def used(understanding: Understanding | None) -> str:
            if understanding is not None:
                self._ports.understands(*understanding)
            return "good"

        self._work(wanted, job, used)

    def _decline(self, wanted: Perform) -> None:
        self._work(wanted, lambda: self._ports.remember(""), lambda nothing: "good")


def _outcome(result: Path | VoiceImagoError | None) -> str:
    if isinstance(result, FetchError):
        return result.kind
    return "good" if isinstance(result, Path) else "cancelled" if result is None else "failed"
