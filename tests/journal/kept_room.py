"""A couple at the table whose session is kept: the real session, keeper and file; only sound is left out."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tests.dialogue.driver import ANA, BEN, Room, real_script
from voice_imago.dialogue.beginning import Standing
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.script import Script
from voice_imago.events import Effect, Input, PartFailed, SessionEnded
from voice_imago.hearing.hearing import HearingSettings
from voice_imago.journal.journal import Journal
from voice_imago.journal.keeper import Keeper, KeeperPorts
from voice_imago.journal.levels import Level
from voice_imago.journal.snapshot import SessionSnapshot
from voice_imago.session import Session, SessionSettings

NAMES = ("Annegret", "Benedikt")
"""Long enough not to be found by accident in a file."""
SENT = "I appreciate how you carried the xylophone upstairs"
MIRRORED = "I hear you say that the xylophone went upstairs"
SECRETS = ("xylophone", "upstairs", *NAMES)
"""Words that no file of the program holds."""
DAY = datetime.datetime(2026, 3, 1, 20, 15)


@cache
def script() -> Script:
    """The real graphs and words, with less patience: an evening here is hundreds of evenings long."""
    real = real_script()
    quick = {kind: replace(one, end_silence_s=min(one.end_silence_s, 0.8)) for kind, one in real.timings.items()}
    return replace(real, timings=quick)


class KeptRoom(Room):
    """``tests.dialogue.driver.Room`` with a journal behind it, as the stage has it."""

    def __init__(
        self,
        keeper: Keeper | None,
        dialogue: str = "appreciation",
        *,
        words: Literal["nothing", "answers", "speech"] = "speech",
        standing: Standing | None = None,
        opening: tuple[str, ...] = (),
        on_say: Callable[[str], None] = lambda prompt: None,
    ) -> None:
        self.keeper = keeper
        self.troubles: list[PartFailed] = []
        self.on_say = on_say
        course = Course(dialogue, "en", NAMES, words=words, opening=opening)
        self.session = Session(script(), SessionSettings(course, HearingSettings()))
        self.frames, self.words_after_s, self.confidence = 0, 0.2, 1.0
        self.effects, self.inputs, self.said = [], [], []
        self.ended = None
        self._gate, self._playing = True, None
        self._words, self._texts = [], []
        self._taken(None, self.session.begin(0.0, standing))

    def feed(self, input: Input) -> KeptRoom:
        self.inputs.append(input)
        self._taken(input, self.session.feed(input))
        return self

    def _taken(self, input: Input | None, effects: list[Effect]) -> None:
        trouble = None if self.keeper is None else self.keeper.take(input, effects, self.session)
        for effect in effects:
            if type(effect).__name__ == "Say":
                self.on_say(effect.prompt)  # type: ignore[union-attr]
        self._take(effects)
        if trouble is not None:
            assert isinstance(trouble, PartFailed)
            self.troubles.append(trouble)
            self.feed(trouble)

    def published_end(self) -> float:
        """The second at which it was over."""
        end: float = self.published(SessionEnded)[0].at
        return end

    def answers(self) -> KeptRoom:
        """Whoever is asked does the usual thing, once."""
        self.guide_finishes()
        guide, step = self.session.dialogue.guide, self.session.dialogue.step
        who = ANA if guide.actor is None else guide.actor
        if step.do == "rest":
            return self.key("space")  # type: ignore[return-value]
        if step.do == "turn":
            text = MIRRORED if step.kind == "mirror" else SENT
        else:
            text = {"more": "No, that's all.", "enough": "No.", "swap": "No."}.get(step.id, "Yes.")
        self.says(who, text)
        self.is_silent_until_decided()
        return self

    def goes_on(self, answers: int) -> KeptRoom:
        for _ in range(answers):
            if self.session.over:
                break
            self.answers()
        return self

    def to_the_end(self) -> KeptRoom:
        self.goes_on(60)
        self.guide_finishes()
        assert self.session.over, self.step
        return self


@contextmanager
def kept(
    path: Path,
    level: Level | None,
    *,
    key: str | None = None,
    resumed: SessionSnapshot | None = None,
    wait_s: float | None = None,
    now: datetime.datetime = DAY,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Keeper]:
    """A keeper for one session, closed in the right order; ``level`` None: nobody has said yet what may be kept."""
    journal = Journal(path, key, today=now.date)
    ports = KeeperPorts(prompts="digest", wait_s=wait_s, now=lambda: now, tell=tell)
    keeper = Keeper(journal, ports, wishes=(level, level), resumed=resumed)
    try:
        yield keeper
    finally:
        keeper.close()
        journal.close()


def keep_one(path: Path, level: Level, answers: int = 99, *, now: datetime.datetime = DAY) -> KeptRoom:
    """One session in a journal, led so far and closed."""
    with kept(path, level, now=now) as keeper:
        room = KeptRoom(keeper)
        if answers == 99:
            room.to_the_end()
        else:
            room.goes_on(answers)
    return room


def raw(path: Path) -> bytes:
    """Every byte of a journal, with what lies beside it."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*")))


def found(path: Path, words: tuple[str, ...] = SECRETS) -> set[str]:
    """Which of the words stand anywhere in the bytes of the journal, in whatever capitals."""
    content = raw(path).lower()
    return {word for word in words if word.lower().encode() in content}


def rows(path: Path, select: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(select, values).fetchall()
    finally:
        connection.close()


__all__ = [
    "ANA", "BEN", "DAY", "MIRRORED", "NAMES", "SECRETS", "SENT", "KeptRoom", "found", "keep_one", "kept", "raw", "rows",
    "script",
]  # fmt: skip


def of_a_newer_version(path: Path) -> None:
    """A journal that is there becomes one that this version does not know."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def foreign(path: Path) -> None:
    """A database of another program."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (id INTEGER)")
    connection.commit()
    connection.close()
