"""How an evening is kept: the journal is opened before any device is, and its passphrase asked for once.

``--keep`` is the wish of whoever typed it. It takes effect once both have said yes (``Keeper.consent``); until then,
and without it, nothing is written.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from voice_imago import output
from voice_imago.dialogue.beginning import Standing, fits
from voice_imago.dialogue.script import Language, Script, prompts_folder
from voice_imago.dialogue.slots import Slot
from voice_imago.errors import FileError, JournalError, UsageError, VaultError
from voice_imago.journal import files, store
from voice_imago.journal.history import Practice, practice
from voice_imago.journal.journal import Journal
from voice_imago.journal.keeper import Keeper, KeeperPorts
from voice_imago.journal.levels import Level, as_level
from voice_imago.journal.replay import digest_of
from voice_imago.journal.snapshot import SessionSnapshot
from voice_imago.journal.telling import due_told, sentences
from voice_imago.journal.unrecorded import hidden_graphs
from voice_imago.runtime.journal_commands import key_for
from voice_imago.runtime.turn_log import TurnLog

__all__ = ["NOTHING_KEPT", "Keeping", "KeptPorts", "keeping"]

NOT_YET = "Nothing is kept until both of you have said yes to it."
NOTHING_TO_RESUME = "No dialogue was broken off, so there is none to go on with."
DAYS_OVER = 14
"""So long after a date whether there should be a new one is asked."""
Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class KeptPorts:
    """What a session has to do with the journal; without anything: nothing is kept."""

    keeper: Keeper | None = None
    standing: Standing | None = None
    """Where an earlier session stopped: the evening begins with it."""
    listener: Listener | None = None
    """Told every event: the log."""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    """What is known of earlier evenings."""
    prelude: tuple[str, ...] = ()
    """Graphs to be walked first: the question what may be kept, where no evening asks it."""


NOTHING_KEPT = KeptPorts()


@dataclass(slots=True)
class Keeping:
    """What an evening has to do with the journal."""

    keeper: Keeper | None = None
    """None: the journal is not even opened."""
    wanted: Level = "none"
    """What was typed: offered to both, decided by neither."""
    resumed: SessionSnapshot | None = None
    """The session that was broken off."""
    offered: bool = False
    """Whether to take it up is asked; else it was asked for."""
    straight: bool = False
    """A dialogue without an evening around it."""
    notices: tuple[str, ...] = ()
    """Prompts to be said at the beginning."""
    refused: bool = False
    """It was typed that nothing is kept, so nobody is asked."""
    debug: bool = False
    log: TurnLog | None = None

    def ports(self, partners: tuple[str, str], script: Script, language: Language) -> KeptPorts:
        """What a session of these two is to be given."""
        if self.offered and self.resumed is not None and not self._is_theirs(self.resumed, partners):
            self.resumed = None
        keeper, slots = self.keeper, self._known(script, language)
        standing = None if self.resumed is None else self.resumed.standing
        prelude = ("consent",) if self.straight and standing is None and self.wanted != "none" else ()
        if keeper is None and not self.debug:
            return KeptPorts(keeper, standing, slots=slots, prelude=prelude)
        self.log = TurnLog(
            partners,
            lambda: keeper is not None and keeper.level != "none",
            withdrawn=lambda: keeper is not None and "none" in keeper.wishes,
            debug=self.debug,
            hidden=[step for graph in hidden_graphs(script) for step in script.graphs[graph].steps],
        )
        return KeptPorts(keeper, standing, self.log.note, slots, prelude)

    def _is_theirs(self, broken_off: SessionSnapshot, partners: tuple[str, str]) -> bool:
        """Nobody is offered the dialogue of somebody else, nor one that belongs into an evening without one."""
        return broken_off.partners in (None, partners) and not self.straight

    def _known(self, script: Script, language: Language) -> Mapping[str, Slot]:
        """How often, and what is due today (``script_names.KNOWN_SLOTS``)."""
        if self.keeper is None:
            return {"keeping": Slot("choice:none")} if self.refused else {}
        if files.kind_of(self.keeper.journal.path) == "missing":
            return {}
        past = self.keeper.journal.run(lambda db: practice(db, date.today()))
        finished = past.finished
        due = sentences([one for one in due_told(past) if one.key.startswith("guide.due_")][:1], language)
        known = {
            "sessions": Slot(f"number:{sum(finished.values())}"),
            "dialogues": Slot(f"number:{finished.get('dialogue', 0)}"),
            "appreciations": Slot(f"number:{finished.get('appreciation', 0)}"),
        }
        if self.resumed is not None:
            title = Slot("words", _title_of(self.resumed, script, language))
            known["unfinished"] = title if self.offered else Slot("choice:yes")
        return known | _worded("due", due) | _dates(past, language)


def _worded(name: str, told: list[str]) -> dict[str, Slot]:
    """The first sentences as a slot; the prompt brings its own full stop."""
    return {name: Slot("words", " ".join(told).rstrip(" ."))} if told else {}


def _dates(past: Practice, language: Language) -> dict[str, Slot]:
    """Dates of today and tomorrow are told; of those that went by, the newest, for two weeks."""
    days = {one.id: (date.fromisoformat(one.at[:10]) - past.today).days for one in past.dates}
    told = [one for one in due_told(past) if one.key.startswith("guide.date_")]
    near = sentences([one for one in told if 0 <= days[one.about] <= 1][:2], language)
    over = sentences([one for one in told if -DAYS_OVER <= days[one.about] < 0][-1:], language)
    return _worded("dates", near) | _worded("overdue", over)


@contextmanager
def keeping(options: argparse.Namespace, script: Script) -> Iterator[Keeping]:
    """Everything is written when this is left. Raises FileError, UsageError, JournalError, VaultError."""
    asked, resume = getattr(options, "keep", ""), getattr(options, "resume", False)
    wanted = as_level(asked)
    straight = getattr(options, "straight", False) and not resume
    kept = Keeping(wanted=wanted, debug="--debug" in sys.argv, refused=asked == "none", straight=straight)
    with ExitStack() as parts:
        if wanted != "none" or resume:
            _open(kept, parts, script, resume=resume)
            output.say(NOT_YET)
        elif asked != "none":
            _open_if_possible(kept, parts, script)
        try:
            yield kept
        finally:
            if kept.log is not None:
                kept.log.close()


def _open_if_possible(kept: Keeping, parts: ExitStack, script: Script) -> None:
    """Nobody has asked for a journal yet, so one that cannot be opened does not keep them from their evening."""
    try:
        _open(kept, parts, script, resume=False)
    except (FileError, JournalError, VaultError) as error:
        output.error(str(error))
        kept.keeper, kept.notices = None, ("guide.journal_failed",)


def _open(kept: Keeping, parts: ExitStack, script: Script, *, resume: bool) -> None:
    path = files.journal_file()
    files.guard(path)
    journal = parts.enter_context(Journal(path, key_for(path)))
    if files.kind_of(path) != "missing":
        sentence = journal.open()
        if sentence is not None:
            output.error(sentence)
            kept.notices = ("guide.journal_aside",)
    if resume:
        kept.resumed = _broken_off(journal, script)
    elif files.kind_of(path) != "missing":
        with contextlib.suppress(UsageError):
            kept.resumed, kept.offered = _broken_off(journal, script), True
    ports = KeeperPorts(prompts=digest_of(prompts_folder()), tell=output.error)
    kept.keeper = Keeper(journal, ports, resumed=kept.resumed)
    parts.callback(kept.keeper.close)


def _broken_off(journal: Journal, script: Script) -> SessionSnapshot:
    """The newest session that was broken off. Raises UsageError."""
    if files.kind_of(journal.path) == "missing":
        raise UsageError(NOTHING_TO_RESUME, "Leave --resume away.")
    rows = journal.run(store.unfinished)
    if not rows:
        raise UsageError(NOTHING_TO_RESUME, "Leave --resume away.")
    try:
        found = journal.run(lambda db: store.snapshot(db, rows[0].id))
    except ValueError:
        found = None
    if found is None or not fits(script, found.standing):
        what = "The dialogue that was broken off needs prompts that are not here any more."
        raise UsageError(what, "Leave --resume away to begin anew; nothing is lost.")
    return found


def _title_of(snapshot: SessionSnapshot, script: Script, language: Language) -> str:
    """What "where are we" calls the step that it stopped at, else the dialogue."""
    call = snapshot.standing.lasting["calls"][-1]
    step = script.graphs[call.graph].steps[call.step]
    prompt = language.prompts.get(step.prompt)
    return prompt.title if prompt is not None else language.titles.get(call.graph, call.graph)
