"""Keeps one session: takes what the stage feeds and what comes of it, and has each decision written before the guide
speaks on.

    undecided ──both said yes──► keeping ──one says less──► keeping less, or ──none──► nothing
        └──one says none──► nothing, and what was heard so far is dropped

Until both have spoken nothing is written; the wordless tape of these first minutes waits in memory. The stage waits a
tenth of a second at most. What takes longer is written all the same, and said once; what fails is said, and the evening
goes on without keeping.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from voice_imago import __version__
from voice_imago.dialogue.script import Script
from voice_imago.errors import JournalError, VoiceImagoError
from voice_imago.events import (
    Agreement,
    Command,
    Consent,
    Effect,
    Fact,
    Input,
    Kept,
    PartFailed,
    Partner,
    Publish,
    Reply,
    SessionEnded,
    StepEntered,
    TaskDone,
    Transcript,
    TurnEnded,
    TurnReopened,
)
from voice_imago.journal import notes, store
from voice_imago.journal.journal import Journal
from voice_imago.journal.levels import Consent as Wishes
from voice_imago.journal.levels import Level, allows, as_level
from voice_imago.journal.logbook import Logbook
from voice_imago.journal.overheard import Overhearing, vocabulary
from voice_imago.journal.shared import Shared
from voice_imago.journal.snapshot import SessionSnapshot, write_settings, write_shape, write_standing
from voice_imago.journal.unrecorded import Strangers, hidden_graphs, is_hidden
from voice_imago.journal.writer import Job
from voice_imago.session import Session

__all__ = ["Keeper", "KeeperPorts"]

WAIT_S = 0.1
"""Seconds that the stage waits for the disk."""
UNDECIDED_S = 1800.0
"""Seconds of tape that wait in memory for both to say whether it may be kept."""
_DECISIONS = (TurnEnded, TurnReopened, StepEntered, Reply, Command, TaskDone, Consent, Kept, Agreement, SessionEnded)
"""Facts that are on the disk before the guide speaks on."""


@dataclass(frozen=True, slots=True)
class KeeperPorts:
    """What a keeper needs from outside."""

    prompts: str = ""
    """Digest of the graphs and words, for a replay."""
    wait_s: float | None = WAIT_S
    """None: as long as it takes, where the clock stands still meanwhile."""
    now: Callable[[], datetime.datetime] = datetime.datetime.now
    tell: Callable[[str], None] = lambda sentence: None
    """Prints what is wrong with the journal."""


class Keeper:
    """One session and the journal that it is kept in. ``take`` is called by the stage after every input."""

    def __init__(
        self,
        journal: Journal,
        ports: KeeperPorts = KeeperPorts(),
        *,
        wishes: tuple[Level | None, Level | None] = (None, None),
        resumed: SessionSnapshot | None = None,
    ) -> None:
        self.journal = journal
        self.session: int | None = None
        """Its number, once something of it is written; set by the writer's thread, whose jobs are done in order."""
        self.taken_up: int | None = None
        """The session that this one goes on with."""
        self.shared = Shared(journal, lambda: self.level, lambda: self.session)
        """Requests, dates and lists of this session and earlier ones."""
        self._ports, self._resumed, self._started = ports, resumed, ports.now()
        self._consent = Wishes(wishes)
        self._book: Logbook | None = None
        self._parts = 0
        self._whole = True
        """The tape has every input since the session began."""
        self._off = False
        self._jobs: list[Job[Any]] = []
        self._slow: set[Job[Any]] = set()
        """Jobs that may take their time."""
        self._late_told = False
        self._hidden_graphs: frozenset[str] = frozenset()
        self._hidden = False
        """Something goes on of which nothing is kept."""
        self._agreed: frozenset[str] = frozenset()
        """Slots whose words are to be agreed on."""
        self._strangers = Strangers()

    # ------------------------------------------------------------------ consent

    @property
    def level(self) -> Level:
        """How much is kept now."""
        return "none" if self._off else self._consent.level

    @property
    def wishes(self) -> tuple[Level | None, Level | None]:
        return self._consent.wishes

    def consent(self, partner: Partner, level: Level) -> Level:
        """One of the two says what may be kept; gives what is kept from now on. Less takes effect at once."""
        before, self._consent = self.level, self._consent.wished(partner, level)
        now = self.level
        if self._consent.refused:
            self._whole = False
        if self._book is not None and not allows(now, "transcript"):
            self._book.drop_words()
        if self._book is not None and now != before and self._parts:
            self._change(now, self._book, less=not allows(now, before))
        elif self._book is not None and self._consent.refused:
            self._book.drop()
        return now

    def erased(self) -> Job[Any] | None:
        """The last deletion that is on its way: whoever says that it is done waits for it."""
        return next((job for job in reversed(self._jobs) if job in self._slow), None)

    def settles(self, reason: Literal["resumed", "declined"]) -> Job[Any] | None:
        """The session that was broken off is taken up, or is not to be; None: there is none."""
        if self._resumed is None:
            return None
        earlier = self._resumed.session
        self.taken_up = earlier if reason == "resumed" else None
        return self.journal.submit(lambda db: store.settle(db, earlier, reason, self.session))

    def _change(self, level: Level, book: Logbook, *, less: bool) -> None:
        """What is written already follows the new level."""
        names = book.partners

        def write(db: Any) -> None:
            if self.session is None:
                return
            if less:
                store.lower(db, self.session, level, self._agreed)
            else:
                store.raise_to(db, self.session, level, names if allows(level, "notes") else None)
            if level == "none":
                self.session = None

        self._do(self.journal.erase(write) if less else self.journal.submit(write), slow=less)
        if level == "none":
            self._parts = 0
            book.drop()

    # ------------------------------------------------------------------ called by the stage

    def take(self, given: Input | None, effects: Sequence[Effect], session: Session) -> Input | None:
        """What the session was fed (None: it has begun) and what came of it; gives the fault to feed, if there is one.

        Returns when every decision among the effects is on the disk, at most ``wait_s`` later.
        """
        if self._off:
            return None
        book = self._book = self._book or self._open_book(session)
        behind = any(not job.over for job in self._jobs)
        words = allows(self.level, "transcript")
        before, self._hidden = self._hidden, is_hidden(session, self._hidden_graphs)
        if before or self._hidden:
            book.tape.close()
        if given is not None:
            book.input(given, words=words and not self._strangers.here)
        if not effects:
            return self._settle(book.seconds, wait_s=0.0) if self._jobs else None
        facts = self._to_be_kept(effects, session, book, hidden=before or self._hidden)
        for fact in facts:
            book.fact(fact, words=words)
        if not self._hidden:
            book.look(session)
        for fact in facts:
            if isinstance(fact, Consent):
                self.consent(fact.by, as_level(fact.keep))
        if self.level == "none":
            self._wait_for_consent(book)
        elif any(_decides(fact, words) for fact in facts) and book.standing is not None:
            self._write(facts, session, book)
        return self._settle(book.seconds, wait_s=0.0 if behind else self._ports.wait_s)

    def _open_book(self, session: Session) -> Logbook:
        book, guide = Logbook(session), session.dialogue.guide
        known, lines = vocabulary(guide.script, guide.course.language), list[str]()
        session.dialogue.read_by(lambda reader: Overhearing(reader, known, book.tape.answer, lines))
        self._hidden_graphs = hidden_graphs(guide.script)
        self._agreed = _to_be_agreed(guide.script)
        return book

    def _to_be_kept(self, effects: Sequence[Effect], session: Session, book: Logbook, *, hidden: bool) -> list[Fact]:
        """The facts, without those of which nothing is kept."""
        facts = [effect.fact for effect in effects if isinstance(effect, Publish)]
        book.pieces(effects)
        withheld = self._strangers.turns_of(facts, session)
        if self._hidden:  # it may be words of harm that led here: nothing of their turn is left
            withheld |= {fact.turn for fact in facts if isinstance(fact, Transcript) and not fact.text}
        if withheld and (written := book.withhold(withheld)):
            self._take_back(written)
        if hidden:
            return [fact for fact in facts if isinstance(fact, SessionEnded | Consent) or book.knows(fact)]
        return facts

    def _take_back(self, keys: list[tuple[str, int]]) -> None:
        """Words that may be written already."""

        def write(db: Any) -> None:
            if self.session is not None:
                store.take_back(db, self.session, keys)

        if self._parts and allows(self.level, "transcript"):
            self._do(self.journal.erase(write), slow=True)

    def _wait_for_consent(self, book: Logbook) -> None:
        """Nothing is written. Once somebody has refused, or when it takes too long, nothing waits either."""
        if self._consent.refused or book.seconds > UNDECIDED_S:
            self._whole = False
            book.drop()

    def _write(self, facts: Sequence[Fact], session: Session, book: Logbook) -> None:
        level, reason = self.level, next((fact.reason for fact in facts if isinstance(fact, SessionEnded)), None)
        progress = book.cut(reason)
        if reason is None and book.standing is not None:
            progress.standing = write_standing(book.standing, level, self._agreed, self._hidden_graphs)
        if not self._whole:
            progress.part = book.only_facts(progress.part)
        agreed = [fact.text for fact in facts if isinstance(fact, Agreement)]
        opening, names = self._opening(session), book.partners
        number, self._parts = self._parts, self._parts + 1

        def write(db: Any) -> int:
            id = self.session
            if id is None:
                id = store.begin_session(db, opening, level)
                if allows(level, "notes"):
                    store.name_partners(db, id, names)
            store.write_progress(db, id, number, progress)
            for text in agreed:
                one = notes.Agreement(text=text, starts=opening.started[:10])
                notes.agree(db, one, id, words=allows(level, "notes"))
            return id

        def remember(id: int) -> None:
            self.session = id

        self._do(self.journal.submit(write, then=remember), slow=not number)

    def _opening(self, session: Session) -> store.Opening:
        settings, resumed = session.settings, self._resumed
        return store.Opening(
            started=self._started.isoformat(timespec="seconds"),
            dialogue=settings.course.dialogue,
            language=settings.course.language,
            version=__version__,
            prompts=self._ports.prompts,
            setup=write_settings(settings),
            whole=self._whole,
            resumed=None if resumed is None or settings.course.offered else resumed.session,
            began=None if resumed is None else write_shape(resumed.standing),
        )

    # ------------------------------------------------------------------ what becomes of it

    def _do(self, job: Job[Any], *, slow: bool) -> None:
        self._jobs.append(job)
        if slow:
            self._slow.add(job)

    def _settle(self, at: float, wait_s: float | None) -> Input | None:
        """Wait for the disk, unless it is behind already; gives the fault that is to be told."""
        for job in self._jobs:
            job.wait(None if self._ports.wait_s is None else wait_s)
        done = [job for job in self._jobs if job.over]
        self._jobs = [job for job in self._jobs if not job.over]
        self._slow.difference_update(done)
        failed = next((job.error for job in done if job.error is not None), None)
        if failed is not None:
            return self._fail(at, failed)
        if self._late_told or not self._jobs or self._slow:
            return None
        self._late_told = True
        return PartFailed(at, "journal", "late", "")

    def _fail(self, at: float, error: VoiceImagoError) -> Input:
        """The evening goes on without keeping."""
        self._off = True
        self._tell(error)
        code = error.code if isinstance(error, JournalError) else "failed"
        return PartFailed(at, "journal", code, error.message)

    def _tell(self, error: VoiceImagoError) -> None:
        self._ports.tell(str(error))

    def close(self) -> None:
        """Everything that was decided is written; a session that is not over can be taken up later."""
        for job in self._jobs:
            job.wait()
            if job.error is not None and not self._off:
                self._off = True
                self._tell(job.error)


def _to_be_agreed(script: Script) -> frozenset[str]:
    """The slots that some graph stores as an agreement, a date, a note or a list of both."""
    steps = [step for graph in script.graphs.values() if not graph.alone for step in graph.steps.values()]
    return frozenset(name for step in steps if step.task == "store" for name in step.of)


def _decides(fact: Fact, words: bool) -> bool:
    return isinstance(fact, _DECISIONS) or (words and isinstance(fact, Transcript) and fact.final)
