"""What the runtime was asked to do beside speaking and listening: what came of it, and what follows."""

from __future__ import annotations

from dataclasses import replace

from voice_imago.dialogue.beginning import Standing, take_up
from voice_imago.dialogue.facilitation import understanding_notice
from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase
from voice_imago.events import (
    Partner,
    Performed,
    Progressed,
    Publish,
    Task,
    TaskDone,
    TaskProgress,
    TurnHeard,
    UnderstandingChanged,
)

__all__ = ["Tasks"]

LEAST_TURN_S = 2.0
"""Shorter turns teach nothing about a voice, seconds of speech."""
_TEACHING = ("silence", "phrase", "key")
"""Ends of turns after which all of the turn is one partner's."""
_LATE = "failed"
"""The outcome of a task that never answers."""
_QUARTERS = ("", "guide.quarter_here", "guide.half_here", "guide.three_quarters_here", "")
"""What is said when so many quarters are there; at the end the outcome speaks for itself."""


class Tasks:
    """Takes outcomes: of the step that waits for one, and of the turns from which voices are learnt in passing."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self.offered: Standing | None = None
        """Where a session was broken off that may be taken up."""
        self._lessons: dict[int, Partner] = {}
        """Turns being learnt from, by the id of their task."""

    # ------------------------------------------------------------------ the step's task

    def performed(self, fact: Performed) -> None:
        """An outcome; one that nobody waits for is dropped."""
        guide, state = self._guide, self._guide.state
        waiting = state.beneath
        if fact.id == guide.running:
            guide.running = 0
        if fact.id in guide.beside:
            self._done_beside(*guide.beside.pop(fact.id), fact.outcome)
        elif fact.id in self._lessons:
            self._learnt(self._lessons.pop(fact.id), fact.outcome)
        elif waiting.phase is Phase.WORKING and waiting.task == fact.id:
            if waiting is state:
                self._recalled(fact)
                self._done(fact.outcome)
            else:  # taken when what is said in between was said
                guide.state = replace(state, meanwhile=(*state.meanwhile, fact))

    def progressed(self, fact: Progressed) -> None:
        """A sign of life: more time is granted, and each quarter is said in passing, if nothing else is."""
        guide, state = self._guide, self._guide.state
        waiting = state.beneath
        if waiting.phase is not Phase.WORKING or waiting.task != fact.id or guide.step.task is None:
            return
        if fact.percent > waiting.percent:
            guide.emit(Publish(TaskProgress(guide.at, guide.step.task, fact.percent)))
        if waiting is not state:  # help is being said; going back to the task grants all of its time again
            guide.state = replace(state, back=replace(waiting, percent=max(fact.percent, waiting.percent)))
            return
        quarter = fact.percent // 25 if fact.percent // 25 > state.percent // 25 else 0
        guide.state = replace(
            state, percent=max(fact.percent, state.percent), deadline=guide.at + guide.step.patience_s
        )
        if _QUARTERS[quarter]:
            self._murmur(_QUARTERS[quarter])

    def _murmur(self, key: str) -> None:
        """After the murmur that is in the air, in place of what was to follow it."""
        guide, line = self._guide, self._guide.line(key)
        if guide.state.murmurs:
            guide.state = replace(guide.state, murmurs=(guide.state.murmurs[0], line))
        else:
            guide.murmur(line)

    def too_late(self) -> None:
        """The outcome does not come."""
        self._guide.give_up()
        self._done(_LATE)

    def understands(self, fact: UnderstandingChanged) -> None:
        """Another recogniser has taken over; what that means for the couple is said once."""
        guide, before = self._guide, self._guide.course.words
        guide.course = replace(guide.course, words=fact.words)
        guide.words = fact.words
        if fact.words != before:
            for key in understanding_notice(fact.words):
                guide.say_before_the_next(guide.line(key))

    def _done(self, outcome: str) -> None:
        guide, task = self._guide, self._guide.step.task
        if task is None:  # nobody waits for the outcome of no task
            return
        self._tell(task, outcome, guide.actor)
        if task == "take_up" and not self._guide.step.what and outcome == "good" and self.offered is not None:
            take_up(guide, self.offered)
            return
        if task == "tell_apart":
            self._told_apart(outcome)
        guide.follow(guide.walker.outcome(guide.state, outcome))

    def _done_beside(self, task: Task, partner: Partner | None, outcome: str) -> None:
        """Said in the voice that it is about, to whom it was given."""
        guide = self._guide
        if task != "another_voice":
            return
        self._tell(task, outcome, partner)
        line = guide.line("guide.another_voice" if outcome == "good" else "guide.only_voice")
        guide.aside([replace(line, to=partner, fresh=True)])

    def _recalled(self, fact: Performed) -> None:
        """What was kept on an earlier evening is known again, in place of what was said meanwhile."""
        guide, state = self._guide, self._guide.state
        if guide.step.task == "recall" and fact.outcome == "good":
            guide.state = replace(state, slots={n: s for n, s in state.slots.items() if n not in guide.step.of})
        for name, meaning, text in fact.values:
            if name in guide.step.of:
                slot = Slot("list", items=tuple(text.split("\n"))) if meaning == "list" else Slot(meaning, text)
                guide.state = guide.state.keep(name, slot)

    def _told_apart(self, outcome: str) -> None:
        if outcome == "good":
            self._guide.voices = "known"
        elif outcome == "too_alike":
            self._guide.voices = "none"

    def _tell(self, task: Task, outcome: str, partner: Partner | None) -> None:
        self._guide.emit(Publish(TaskDone(self._guide.at, task, outcome, partner)))

    # ------------------------------------------------------------------ learning in passing

    def learn(self, heard: TurnHeard) -> None:
        """A turn of the dialogue tells how its partner sounds, as long as nobody's voice is known."""
        guide, ended, actor = self._guide, heard.ended, self._guide.actor
        if guide.voices != "learn" or guide.step.task is not None or actor is None:
            return
        if ended.why in _TEACHING and ended.speech_s >= LEAST_TURN_S:
            self._lessons[guide.ask_for("learn_turn", actor, ended.start, ended.end)] = actor

    def _learnt(self, partner: Partner, outcome: str) -> None:
        guide = self._guide
        self._tell("learn_turn", outcome, partner)
        if outcome == "more" or guide.voices != "learn":
            return
        guide.voices = "known" if outcome == "good" else "none"
        said = {"good": "guide.voices_known", "too_alike": "guide.voices_alike"}.get(outcome)
        if said is not None:
            guide.say_before_the_next(guide.line(said))
