"""What is known before an evening begins: what was asked for, what both have heard before, what may be spoken.

And the one thing that is remembered of it without a journal: that both have heard the notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from voice_imago.dialogue.course import Course
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.slots import Slot
from voice_imago.events import Perform
from voice_imago.remembering import remember
from voice_imago.runtime.help_page import emergency_number, read_locale
from voice_imago.settings import Settings

__all__ = ["EVENING", "Done", "Remembering", "evening_course", "evening_slots"]

EVENING = "session"
"""The graph of a whole evening."""
YES = Slot("choice:yes")
Done = Callable[[int, str], None]
Run = Callable[[Callable[[], Any], Callable[[Any], None]], None]


def evening_course(course: Course, asked: str, settings: Settings, script: Script, now: datetime) -> Course:
    """The course of a whole evening; the notice says the limits, so the greeting does not."""
    opening = tuple(key for key in course.opening if key != "guide.limits")
    slots = {**evening_slots(asked, settings, script, now), **course.slots}
    return replace(course, dialogue=EVENING, opening=opening, slots=slots, began=now)


def evening_slots(asked: str, settings: Settings, script: Script, now: datetime) -> Mapping[str, Slot]:
    """The slots that are known beforehand (``script_names.KNOWN_SLOTS``); ``asked``: a dialogue, or empty."""
    emergency = emergency_number(script.resources.get(read_locale(script.resources), ()), now.date())
    known = {
        "dialogue": Slot(f"choice:{asked}") if asked else None,
        "notice": YES if settings.notice_heard else None,
        "deep": YES if settings.deep else None,
        "word_aid": YES if settings.word_aid else None,
        "emergency": Slot("words", emergency) if emergency else None,
    }
    return {name: slot for name, slot in known.items() if slot is not None}


class Remembering:
    """Remembers that the notice was heard, and that the set-up was walked."""

    def __init__(self, run: Run, done: Done) -> None:
        """``run``: where a disk may take its time."""
        self._run, self._done = run, done

    @staticmethod
    def can(wanted: Perform) -> bool:
        """Whether this is the task for it."""
        return wanted.task == "store" and wanted.what in ("notice", "set_up")

    def perform(self, wanted: Perform) -> None:
        """A dialogue does not fail for want of a disk: then the notice is heard again the next time."""
        known: dict[str, Any] = {"notice_heard": True} if wanted.what == "notice" else {"set_up": True}

        def keep() -> str:
            return "good" if remember(lambda settings: known) else "failed"

        self._run(keep, lambda outcome: self._done(wanted.id, outcome))
