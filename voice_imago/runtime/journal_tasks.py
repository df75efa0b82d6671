"""What graphs ask of the journal (``store``, ``recall``, ``consent``, ``forget``, ``unlock``), done beside the talk.

Everything that touches the disk is done in the thread of jobs; what came of it is answered later. Without a journal
(``--keep none``, or a rehearsal without one) every task is answered ``unavailable``, and the guide says that nothing is
kept.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from voice_imago import output
from voice_imago.errors import VaultError, VoiceImagoError
from voice_imago.events import Partner, Perform
from voice_imago.journal import files, notes, sealing, store
from voice_imago.journal.history import DAYS_KEPT, FINISHED, practice
from voice_imago.journal.keeper import Keeper
from voice_imago.journal.levels import Level, allows, as_level
from voice_imago.journal.private import Private, PrivateParts
from voice_imago.runtime.forgetting import forget_everything
from voice_imago.runtime.tasks import Run

__all__ = ["JOURNAL_TASKS", "Answer", "JournalTasks", "TypeSecret"]

JOURNAL_TASKS = frozenset({"store", "recall", "consent", "forget", "unlock", "take_up"})
Values = tuple[tuple[str, str, str], ...]
TypeSecret = Callable[[Callable[[str | None], None]], None]
"""Calls back with what somebody typed unseen; None: they thought better of it."""
_LISTS = ("vision", "caring", "fun", "note")
PLEDGE = "pledge_begun"
"""The counter of the days on which a pledge began."""
TOPICS = "topics"
"""The list of things that wait for a time of their own."""
_PART = 1
"""Number of the workup among the private parts."""
_AFTERWARDS: Mapping[str, notes.State] = {
    "choice:make_smaller": "resized",
    "choice:as_it_is": "open",
    "choice:let_it_go": "dropped",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a task."""

    outcome: str
    values: Values = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A task with its values by name."""

    what: str
    partner: Partner | None
    given: Mapping[str, tuple[str, str]]

    def text(self, name: str) -> str:
        return self.given.get(name, ("", ""))[1].strip()

    def meaning(self, name: str) -> str:
        return self.given.get(name, ("", ""))[0]

    def lines(self, name: str) -> list[str]:
        """A list, or the words of a turn as its only line."""
        return [line.strip() for line in self.text(name).split("\n") if line.strip()]

    def day(self, name: str) -> str:
        """ISO 8601, as ``Guide`` gives dates where it knows when the session began; else empty."""
        text = self.text(name)
        return text if self.meaning(name).startswith("date:") and text[:4].isdigit() else ""


@dataclass(slots=True)
class JournalTasks:
    """Answers the tasks of one session."""

    keeper: Keeper | None
    partners: tuple[str, str]
    run: Run
    done: Callable[[int, Answer], None]
    type_secret: TypeSecret | None = None
    """None: nothing can be typed unseen here."""
    today: Callable[[], datetime.date] = datetime.date.today
    _secrets: dict[Partner, str] = field(default_factory=dict)
    _looked_at: int = 0
    """Id of the request that was recalled last."""

    def perform(self, wanted: Perform) -> None:
        """Begin; ``done`` is told what came of it."""
        keeper = self.keeper
        if keeper is None:
            self.done(wanted.id, Answer("unavailable"))
            return
        given = _Wanted(wanted.what, wanted.partner, {name: (meaning, text) for name, meaning, text in wanted.values})
        if wanted.task == "take_up":
            self._answer_later(wanted.id, lambda: self._take_up(keeper, given))
        elif wanted.task == "consent":
            self.done(wanted.id, self._consent(keeper, given))
        elif wanted.task == "unlock":
            self._unlock(keeper, wanted.id, given.partner)
        else:
            level = keeper.level  # now: what is done later is done for what was agreed when it was asked for
            work = {"store": self._store, "recall": self._recall, "forget": self._forget}[wanted.task]
            self._answer_later(wanted.id, lambda: work(keeper, given, level))

    def _answer_later(self, id: int, work: Callable[[], Answer]) -> None:
        def safely() -> Answer:
            try:
                return work()
            except VoiceImagoError as error:
                output.error(str(error))
                return Answer("failed")

        self.run(safely, lambda answer: self.done(id, answer if isinstance(answer, Answer) else Answer("failed")))

    # ------------------------------------------------------------------ consent

    def _consent(self, keeper: Keeper, given: _Wanted) -> Answer:
        """What is kept from now on: the stricter wish of both."""
        if given.partner is None:
            return Answer("failed")
        wish = next((meaning for meaning, _ in given.given.values()), "")
        level = as_level("none" if given.what == "withdrawn" else wish.removeprefix("choice:"))
        now = keeper.consent(given.partner, level)
        return Answer("good", (("keeping", f"choice:{now}", ""),))

    def _take_up(self, keeper: Keeper, given: _Wanted) -> Answer:
        """The earlier session is over with that, one way or the other."""
        job = keeper.settles("declined" if given.what == "declined" else "resumed")
        if job is not None:
            job.result()
        return Answer("good")

    # ------------------------------------------------------------------ store

    def _store(self, keeper: Keeper, given: _Wanted, level: Level) -> Answer:
        if given.what == "workup":
            return self._store_private(keeper, given)
        if given.what == "finished":
            return self._finished(keeper, given, level)
        if not allows(level, "notes" if given.what in _LISTS else "counts"):
            return Answer("not_kept")
        store: Mapping[str, Callable[[Keeper, _Wanted], bool]] = {
            "request": self._request,
            "kept_request": self._kept_request,
            "appointment": self._appointment,
            "pledge": self._pledge,
            "old_dates": self._old_dates,
            **dict.fromkeys(_LISTS, self._list),
        }
        return Answer("good" if store[given.what](keeper, given) else "not_kept")

    def _finished(self, keeper: Keeper, given: _Wanted, level: Level) -> Answer:
        """One more of this dialogue; how many there are by now."""
        dialogue = given.meaning("dialogue").removeprefix("choice:")
        if not dialogue or not allows(level, "counts"):
            return Answer("not_kept")
        keeper.journal.run(lambda db: notes.count(db, f"{FINISHED}{dialogue}", self.today(), 1, keeper.session))
        past = keeper.journal.run(lambda db: practice(db, self.today()))
        return Answer("good", (("times", f"number:{past.finished.get(dialogue, 1)}", ""),))

    def _request(self, keeper: Keeper, given: _Wanted) -> bool:
        today = self.today().isoformat()
        one = notes.Agreement(
            text=given.text("request"),
            who=self._name(given.meaning("giver")),
            starts=given.day("start")[:10] or today,
            ends=given.day("until")[:10],
            review=given.day("review")[:10] or (self.today() + datetime.timedelta(days=14)).isoformat(),
        )
        return _waited(keeper.shared.agree(one))

    def _kept_request(self, keeper: Keeper, given: _Wanted) -> bool:
        """How it went, and what becomes of it; made smaller, the smaller one takes its place."""
        if not self._looked_at:
            return False
        often, review = _number(given.meaning("often")), given.day("review")[:10]
        state = _AFTERWARDS.get(given.meaning("next_step"))
        old = keeper.journal.run(notes.agreements)
        before = next((one for one in old if one.id == self._looked_at), None)
        kept = None if often is None else (before.kept if before else 0) + often
        if not _waited(keeper.shared.review(self._looked_at, kept=kept, state=state, again=review or None)):
            return False
        if state == "resized" and before is not None and given.text("new_size"):
            smaller = notes.Agreement(
                text=given.text("new_size"),
                who=before.who,
                starts=self.today().isoformat(),
                review=review or (self.today() + datetime.timedelta(days=14)).isoformat(),
            )
            return _waited(keeper.shared.agree(smaller))
        return True

    def _appointment(self, keeper: Keeper, given: _Wanted) -> bool:
        """A date; a topic without one goes on the list of things that wait for their time."""
        at = next((day for name in given.given if (day := given.day(name))), "")
        what = next((given.text(name) for name in given.given if given.meaning(name) == "words"), "")
        if at:
            return _waited(keeper.shared.appoint(notes.Appointment(at=at, what=what)))
        return bool(what) and _waited(keeper.shared.propose(notes.Item(document=TOPICS, text=what, by="")))

    def _old_dates(self, keeper: Keeper, given: _Wanted) -> bool:
        """Dates that went by are told no more."""
        today = self.today().isoformat()
        over = [one.id for one in keeper.journal.run(notes.appointments) if one.state == "open" and one.at[:10] < today]
        for id in over:
            keeper.shared.settle_appointment(id, "done")
        return bool(over)

    def _list(self, keeper: Keeper, given: _Wanted) -> bool:
        """The list takes the place of the one before; notes only grow."""
        lines = [line for name in given.given for line in given.lines(name)]
        by = self._owner(given)
        document, anew = given.what, given.what != "note"
        session = keeper.session

        def write(db: Any) -> None:
            if anew:
                notes.clear(db, document, by)
            for line in lines:
                notes.propose(db, notes.Item(document=document, text=line, by=by), session)

        if anew:
            keeper.journal.erase(write).result()
        else:
            keeper.journal.run(write)
        return True

    def _pledge(self, keeper: Keeper, given: _Wanted) -> bool:
        """Begun, begun again, or one more day of it."""
        begins = not given.meaning("pledge_days").startswith("number:")
        keeper.journal.run(lambda db: notes.count(db, PLEDGE if begins else DAYS_KEPT, self.today(), 1, keeper.session))
        return True

    # ------------------------------------------------------------------ recall

    def _recall(self, keeper: Keeper, given: _Wanted, level: Level) -> Answer:
        if given.what == "workup":
            return self._recall_private(keeper, given)
        if keeper.session is None and files.kind_of(keeper.journal.path) == "missing":
            return Answer("nothing")
        recall: Mapping[str, Callable[[Keeper, _Wanted], Values]] = {
            "request": self._recall_request,
            "pledge": self._recall_pledge,
            **dict.fromkeys(_LISTS, self._recall_list),
        }
        values = recall[given.what](keeper, given) if given.what in recall else ()
        return Answer("good" if values else "nothing", values)

    def _recall_request(self, keeper: Keeper, given: _Wanted) -> Values:
        """The one that has been due for the longest, else the newest that runs."""
        past = keeper.journal.run(lambda db: practice(db, self.today()))
        running = [one for one in past.agreements if one.state == "open"]
        one = next(iter(past.due), running[-1] if running else None)
        if one is None:
            return ()
        self._looked_at = one.id
        who = next((n for n, name in enumerate(self.partners) if name.casefold() == one.who.casefold()), None)
        found = {
            "request": ("words", one.text),
            "start": ("words", one.starts),
            "until": ("words", one.ends),
            "review": ("words", one.review),
            "giver": ("" if who is None else f"name:{who}", one.who),
        }
        return tuple((name, meaning, text) for name, (meaning, text) in found.items() if text)

    def _recall_pledge(self, keeper: Keeper, given: _Wanted) -> Values:
        counted = keeper.journal.run(notes.counted)
        begun = max(counted.get(PLEDGE, {}), default="")
        if not begun:
            return ()
        days = sum(1 for day, value in counted.get(DAYS_KEPT, {}).items() if value and day >= begun)
        return (("pledge_days", f"number:{days}", ""),)

    def _recall_list(self, keeper: Keeper, given: _Wanted) -> Values:
        by = self._owner(given)
        items = keeper.journal.run(lambda db: notes.document(db, given.what))
        lines = [item.text for item in items if item.by == by]
        return (("lines", "list", "\n".join(lines)),) if lines else ()

    # ------------------------------------------------------------------ one partner's own

    def _unlock(self, keeper: Keeper, id: int, partner: Partner | None) -> None:
        if partner is None or self.type_secret is None:
            self.done(id, Answer("unavailable"))
            return

        def typed(secret: str | None) -> None:
            if not secret:
                self.done(id, Answer("unavailable"))
            else:
                self._answer_later(id, lambda: Answer(self._opened(keeper, partner, secret)))

        self.type_secret(typed)

    def _opened(self, keeper: Keeper, partner: Partner, secret: str) -> Literal["good", "new", "wrong", "unavailable"]:
        """A new person's secret begins a private part; a known one's has to open it."""
        parts, name = PrivateParts(keeper.journal), self.partners[partner]
        if files.kind_of(keeper.journal.path) != "missing" and parts.known(name):
            try:
                parts.read(name, secret)
            except VaultError as error:
                return "wrong" if error.message == sealing.WRONG else "unavailable"
            self._secrets[partner] = secret
            return "good"
        try:
            parts.begin(name, secret)
        except VaultError as error:
            output.error(str(error))
            return "unavailable"
        self._secrets[partner] = secret
        return "new"

    def _store_private(self, keeper: Keeper, given: _Wanted) -> Answer:
        if given.partner is None or given.partner not in self._secrets:
            return Answer("locked")
        content = {name: list(pair) for name, pair in given.given.items()}
        PrivateParts(keeper.journal).put(self.partners[given.partner], Private(_PART, content))
        return Answer("good")

    def _recall_private(self, keeper: Keeper, given: _Wanted) -> Answer:
        if given.partner is None or given.partner not in self._secrets:
            return Answer("locked")
        parts = PrivateParts(keeper.journal).read(self.partners[given.partner], self._secrets[given.partner])
        newest = next((one.content for one in reversed(parts) if one.part == _PART), None)
        if newest is None:
            return Answer("nothing")
        return Answer("good", tuple((name, pair[0], pair[1]) for name, pair in newest.items()))

    # ------------------------------------------------------------------ forget

    def _forget(self, keeper: Keeper, given: _Wanted, level: Level) -> Answer:
        """It is gone when this is answered."""
        kept = keeper.session is not None
        for partner in (0, 1):
            keeper.consent(partner, "none")
        erased = keeper.erased()
        if erased is not None:
            erased.result()
        if given.what == "session":
            return Answer("good" if self._forget_first_part(keeper) or kept else "nothing")
        self._secrets.clear()
        keeper.journal.close()
        output.say(forget_everything())
        return Answer("good")

    def _forget_first_part(self, keeper: Keeper) -> bool:
        """The evening is also what it was before it broke off."""
        earlier = keeper.taken_up
        if earlier is None:
            return False
        keeper.taken_up = None
        return keeper.journal.erase(lambda db: store.forget_evening(db, earlier)).result()

    # ------------------------------------------------------------------ names

    def _owner(self, given: _Wanted) -> str:
        """Whose list it is: wishes are one partner's, the others are both's."""
        return self.partners[given.partner] if given.what == "caring" and given.partner is not None else ""

    def _name(self, meaning: str) -> str:
        return self.partners[int(meaning[-1])] if meaning in ("name:0", "name:1") else ""


def _waited(job: Any) -> bool:
    """Whether it is on the disk; no job: nothing of the kind is kept."""
    if job is None:
        return False
    job.result()
    return True


def _number(meaning: str) -> int | None:
    kind, _, value = meaning.partition(":")
    return int(value) if kind == "number" and value.isdecimal() else None
