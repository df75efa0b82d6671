"""Everything that takes its time: what is done at the table, and what is done about speech models."""

from __future__ import annotations

from collections.abc import Callable

from voice_imago.events import Perform
from voice_imago.runtime.evening import Remembering
from voice_imago.runtime.journal_tasks import JOURNAL_TASKS, JournalTasks
from voice_imago.runtime.model_tasks import MODEL_TASKS, ModelTasks
from voice_imago.runtime.tasks import Tasks
from voice_imago.runtime.voice_kept import VOICE_TASKS, VoiceTasks

__all__ = ["AllTasks"]


class AllTasks:
    """stage.AtTheTable that hands each task to whoever can do it."""

    def __init__(
        self,
        table: Tasks | None,
        models: ModelTasks | None,
        done: Callable[[int, str], None] = lambda id, outcome: None,
        *,
        remembering: Remembering | None = None,
        journal: JournalTasks | None = None,
        voice: VoiceTasks | None = None,
    ) -> None:
        """None: this computer, or this kind of evening, cannot do it; ``done`` is told so."""
        self._table, self._models, self._done = table, models, done
        self._remembering, self._journal, self._voice = remembering, journal, voice

    def perform(self, wanted: Perform) -> None:
        able = self._able(wanted)
        if able is None:
            self._done(wanted.id, "unavailable")
        else:
            able.perform(wanted)

    def _able(self, wanted: Perform) -> Tasks | ModelTasks | Remembering | JournalTasks | VoiceTasks | None:
        if wanted.task in MODEL_TASKS:
            return self._models
        if Remembering.can(wanted):
            return self._remembering
        if wanted.task in VOICE_TASKS:
            return self._voice
        if wanted.task in JOURNAL_TASKS:
            return self._journal
        return self._table

    def cancel(self, id: int) -> None:
        if self._models is not None:
            self._models.cancel(id)

    def tick(self, now_s: float) -> None:
        for able in (self._table, self._models):
            if able is not None:
                able.tick(now_s)

    def close(self) -> None:
        for able in (self._models, self._table):
            if able is not None:
                able.close()
