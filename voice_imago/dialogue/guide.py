"""The means of the guide: perform a step, open a listening window, have something done.

``Guide`` speaks (``Speaking``) and walks; it knows nothing of what people answer. The modules that decide (``engine``,
``answers``, ``commands``, ``faults``, ``moves``) use these means and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from voice_imago.dialogue import ahead
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.pace import stretched
from voice_imago.dialogue.script import Script, Step
from voice_imago.dialogue.script_names import (
    CANCELLABLE,
)
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.speaking import Speaking
from voice_imago.dialogue.state import After, Line, Phase, State, entered
from voice_imago.dialogue.walk import with_call
from voice_imago.dialogue.windows import window
from voice_imago.dialogue.wording import meant_for
from voice_imago.events import (
    Cancel,
    Chime,
    Expect,
    Finish,
    Partner,
    Perform,
    Publish,
    StepEntered,
    SwitchMicrophone,
    Task,
    Window,
)

__all__ = ["Course", "Guide"]

SHORTEST_REST_S, LONGEST_REST_S = 60.0, 24 * 3600.0
"""Bounds of a rest until a time that was named, seconds."""
Reason = Literal["finished", "stopped", "time_out", "fault"]

_AFTER: dict[str, After] = {
    "say": "next", "turn": "listen", "ask": "listen", "rest": "rest", "task": "work", "end": "finish",
}  # fmt: skip


class Guide(Speaking):
    """Says, listens and walks; every method appends to the effects."""

    def __init__(self, script: Script, course: Course) -> None:
        super().__init__(script, course)
        self.running = 0
        """Id of a task that has to be given up when nobody waits for it any more; 0: there is none."""
        self._tasks = 0
        self.beside: dict[int, tuple[Task, Partner | None]] = {}
        """Tasks that no step waits for, and for whom they are, by their ids."""
        self.endings = {
            "listen": self.listen,
            "grace": self.grant_grace,
            "next": self.finish_step,
            "rest": self.rest,
            "finish": self.finish,
            "back": self.back,
            "pause": self.pause,
            "step": self.perform,
            "again": lambda: self.perform(resumed=True),
            "stop": lambda: self.finish("stopped"),
            "work": self.work,
            "leave": lambda: self.follow(self.walker.leave(self.state)),
        }

    # ------------------------------------------------------------------ effects

    # ------------------------------------------------------------------ steps

    @property
    def step(self) -> Step:
        return self.walker.step(self.state)

    @property
    def actor(self) -> Partner | None:
        return self.walker.actor(self.state)

    @property
    def asker(self) -> Partner | None:
        return self.walker.partner(self.state, self.step.asker)

    def perform(self, *, resumed: bool = False) -> None:
        """Do what the current step says, from its beginning; ``resumed``: once more, after something else."""
        step, state = self.step, self.state
        if step.do == "walk":
            walked = self.walker.walk(state)
            if step.graph.startswith("{"):  # only now it is known which one
                self.prepare_all((walked.call.graph,))
            self.follow(walked)
            return
        if step.do == "branch":
            now = {"understanding": self.course.words, "muted": self.course.mute or "nothing"}
            known = {step.by: Slot(f"choice:{now[step.by]}")} if step.by in now else {}
            self.follow(self.walker.branch(replace(state, slots={**state.slots, **known})))
            return
        taken = step.do in ("turn", "ask") and state.floor is not None and state.floor == self.actor
        asked = not resumed and step.asker is not None and (state.asked or taken)
        self.state = entered(state, asked=asked)
        if step.keep_who and self.actor is not None:
            self.state = self.state.keep(step.keep_who, Slot(f"name:{self.actor}"))
        if self.running and not self.walker.stands_on(self.state, CANCELLABLE):
            self.give_up()
        if not self.state.call.told:
            self.tell_step()
        self.microphone(on=step.microphone)
        self.emit(ahead.lines_ahead(self.walker, self.wording, self.course.partners, self.state, self.kept()))
        if taken:
            self.listen()
        elif asked:
            self.speak((), "listen")
        elif step.asker and step.supply_after_s and not resumed:
            self.speak((), "grace")
        else:
            self._open(step, resumed)

    def take_up(self, before: Iterable[Line]) -> None:
        """After a break: these lines, then the current step's prompt in its repeat form, and the step itself."""
        step = self.step
        self.state = entered(self.state, asked=False)
        self.tell_step()
        self.microphone(on=step.microphone)
        self.speak([*before, *([self.short_line()] if step.prompt else [])], _AFTER[step.do])

    def _open(self, step: Step, resumed: bool) -> None:
        """Say the step's prompt, then do what the step is for."""
        lines = self._opening_lines(step, resumed)
        if step.do == "end" and step.reason == "finished" and self.walker.walked(self.state):
            self.speak(lines, "leave")
            return
        if step.do == "end":
            self.chime("done")
            lines = [*self.give_up(), *self.out_of_the_part(), *lines, self.line("guide.goodbye")]
        self.speak(lines, _AFTER[step.do])

    def _opening_lines(self, step: Step, resumed: bool) -> list[Line]:
        """The prompt; for somebody who meets the step for the first time also how one could start."""
        if not step.prompt:
            return []
        line = self.prompt_line(again=resumed)
        new = step.do == "turn" and line.form == "first" and not resumed
        stem = new and self.wording.has_stem(step.prompt, self.roles())
        return [line, replace(self.wording.next_stem(step.prompt, self.roles()), to=line.to)] if stem else [line]

    def prepare_all(self, graphs: Sequence[str]) -> None:
        """Render ahead whatever these graphs, and those that they walk, may say."""
        found = ahead.reachable(self.script.graphs, graphs)
        self.emit(ahead.everything(found, self.wording, self.course.partners, self.course.first))

    def begin_next(self) -> None:
        """Begin the next of the graphs to come, as if nothing had been before it."""
        state = self.state
        graph, *others = state.to_come
        empty = replace(
            state, calls=(), trail=(), to_come=tuple(others), sender=self.course.first, asked=False, floor=None
        )
        self.state = self.walker.begin(empty, graph, "prelude" if others else "main")

    def follow(self, state: State | None) -> None:
        """Stand on a new step, or on one that is taken up again; None: the graph is over, so begin the next one."""
        if state is not None:
            self.state = replace(state, resumed=False)
            self.perform(resumed=state.resumed)
        elif self.state.to_come:
            self.begin_next()
            self.perform()
        else:
            self.speak([self.line("guide.goodbye")], "finish")

    def enter_aside(self, graph: str) -> None:
        """Leave the step for a while; the graph's ``return`` leads back to it."""
        self.note_rest()
        self.state = replace(self.state, asked=False, floor=None)
        self.follow(self.walker.begin(self.state, graph, "aside"))

    def finish_step(self) -> None:
        self.follow(self.walker.finish(self.state))

    def tell_step(self) -> None:
        """Publish where we are."""
        step, actor = self.step, self.actor
        name = self.course.partners[actor] if actor is not None else "guide"
        role: str = "sender" if step.actor == "both" else step.actor
        if step.do == "rest":
            name = role = "both"
        self.emit(Publish(StepEntered(self.at, step.id, name, role)))
        self.state = with_call(self.state, replace(self.state.call, told=True))

    # ------------------------------------------------------------------ speaking

    def back(self) -> None:
        """Return from what was said in between to what was going on before it."""
        back, now = self.state.back, self.state
        if back is None:
            self.perform(resumed=True)
            return
        working = back.phase is Phase.WORKING  # nothing was measured meanwhile
        deadline = self.at + self.step.patience_s if working else back.deadline
        self.state = replace(back, first=now.first, meanwhile=now.meanwhile, deadline=deadline)
        if back.phase is Phase.SPEAKING:
            self.say_first()
        else:
            self.emit(Expect(self.window()))

    def finish(self, reason: Reason | None = None) -> None:
        self.give_up()
        self.state = replace(self.state, phase=Phase.OVER, queue=(), deadline=None)
        own: Reason = self.step.reason or "finished"  # type: ignore[assignment]  # check_prompts knows the reasons
        self.emit(Expect(None), Finish(reason or own))

    # ------------------------------------------------------------------ tasks

    def work(self, start: float = 0.0, end: float = 0.0) -> None:
        """Have the step's task done, with this stretch of sound if it needs one; its outcome decides what follows."""
        self._await(Phase.WORKING, self.at + self.step.patience_s)
        self.state = replace(self.state, task=self.ask_for(self.step.task, self.actor, start, end))
        if self.step.task in CANCELLABLE:
            self.running = self.state.task

    def ask_for(self, task: Task | None, partner: Partner | None, start: float, end: float) -> int:
        """Have something done without waiting for it; gives the id that its outcome will carry."""
        self._tasks += 1
        if task is not None:  # check_prompts knows that a task step has one
            self.emit(Perform(self._tasks, task, partner, start, end, self.step.what, self._values(), self.step.of))
        return self._tasks

    def ask_beside(self, task: Task, what: str = "", partner: Partner | None = None) -> None:
        """Have something done that no step waits for; what came of it may be said in between."""
        self._tasks += 1
        self.beside[self._tasks] = (task, partner)
        self.emit(Perform(self._tasks, task, partner, what=what))

    # ------------------------------------------------------------------ earcons

    def chime(self, name: str, *, alone: bool = False, instead: Line | None = None) -> None:
        """An earcon before whatever is said next; the first time ever followed by words that say what it means.

        ``alone``: nothing follows, as somebody speaks: it is introduced when the guide speaks next, and words in its
        place are said in passing. Where the guide is only read, words take the place of sounds. ``instead``: what it
        means this time; then it is not introduced.
        """
        course, usual = self.course, f"guide.instead_{name}"
        words = instead or (self.line(usual) if self.wording.knows(usual) else None)
        if course.earcons == "off":
            return
        if course.earcons == "sounds" and course.mute != "voice":
            self.emit(Chime(name, words.text if alone and words is not None else ""))
            if name not in course.earcons_known and instead is None:
                self.course = replace(course, earcons_known=course.earcons_known | {name})
                self.say_before_the_next(self.line(f"guide.sound_{name}"))
                self.ask_beside("know_sound", name)
        elif words is not None and alone:
            self.murmur(words)
        elif words is not None and instead is None:
            self.say_before_the_next(words)

    def _values(self) -> tuple[tuple[str, str, str], ...]:
        """What the step's task gets to know: its slots that are filled."""
        slots, said = self.state.slots, self.kept()
        return tuple(
            (name, slots[name].meaning, slots[name].as_kept or self._point(slots[name]) or said.get(name, ""))
            for name in self.step.of
            if name in slots
        )

    def _point(self, slot: Slot) -> str:
        """A day and a time as a point in time (ISO 8601), where it is known when the session began; else nothing."""
        if slot.when is None or self.course.began is None:
            return ""
        at = slot.when.resolve(self.course.began + timedelta(seconds=self.at))
        timed = slot.when.hour is not None or slot.when.minutes is not None or slot.when.part is not None
        return at.isoformat(timespec="minutes") if timed else at.date().isoformat()

    def give_up(self) -> list[Line]:
        """End what is still being done for a step that was left; what there is to say about that."""
        if not self.running:
            return []
        self.emit(Cancel(self.running))
        self.running = 0
        return [self.line("guide.fetch_stopped")]

    def out_of_the_part(self) -> list[Line]:
        """Before the end of a session in which somebody still plays a part: the words that lead out of it."""
        part = self.walker.in_a_part(self.state)
        if part is None:
            return []
        graph = self.script.graphs[part.call.graph]
        step = graph.steps[graph.exit]
        roles = ahead.roles(self.course.partners, step, part.sender) | self.kept()
        return [self.wording.line(step.prompt, roles, form="first")]

    # ------------------------------------------------------------------ listening, resting

    def listen(self) -> None:
        """Open the step's listening window."""
        self._await(Phase.LISTENING)

    def grant_grace(self) -> None:
        """Listen without a prompt, so that the partner may ask the question unprompted."""
        self._await(Phase.GRACE)

    def listen_on(self) -> None:
        """Go on listening in the same step; grace is granted anew while nobody has asked."""
        if self.step.asker and not self.state.asked and not self.state.said:
            self.grant_grace()
        else:
            self.listen()

    def rest(self) -> None:
        left_s = self._rest_s() if self.state.call.left_s is None else self.state.call.left_s
        self._await(Phase.RESTING, None if left_s is None else self.at + left_s)

    def _rest_s(self) -> float | None:
        """Until the time that was named, where the step says so and there is one; within bounds."""
        slot = self.state.slots.get(self.step.by)
        began = self.course.began
        if slot is None or slot.when is None or (began is None and slot.when.minutes is None):
            return self.step.seconds
        now = (began or datetime(2000, 1, 1)) + timedelta(seconds=self.at)
        return min(LONGEST_REST_S, max(SHORTEST_REST_S, (slot.when.resolve(now) - now).total_seconds()))

    def rest_over(self) -> None:
        """The rest is over, by time or because somebody said so."""
        self.emit(Expect(None))
        self.chime("time")
        self.finish_step()

    def pause(self) -> None:
        self._await(Phase.PAUSED)

    def _await(self, phase: Phase, deadline: float | None = None) -> None:
        self.hush()
        self.state = replace(self.state, phase=phase, deadline=deadline)
        self.emit(Expect(self.window()))

    def note_rest(self) -> None:
        """The rest is about to be interrupted: it will go on with the seconds that are left."""
        now = self.state.beneath
        if now.phase is Phase.RESTING and now.deadline is not None:
            self.state = with_call(self.state, replace(now.call, left_s=max(0.0, now.deadline - self.at)))

    def microphone(self, *, on: bool) -> None:
        if self.state.switched_off == on:
            self.state = replace(self.state, switched_off=not on)
            self.emit(SwitchMicrophone(on))

    def window(self) -> Window:
        """What is expected now."""
        grace = self.state.phase is Phase.GRACE
        return stretched(window(self.walker, self.script, self.state, self.at), self.pace, grace=grace)

    # ------------------------------------------------------------------ words

    def prompt_line(self, *, again: bool = False) -> Line:
        """The current step's prompt, in the form that fits how often this person has heard it.

        The shortest form of what a partner should ask is the question itself: then the guide has asked it.
        """
        step = self.step
        person = self.asker if step.asker else self.actor
        line = self.wording.next_line(step.prompt, self.roles(), person, again=again)
        if step.asker and line.form == "cue":
            self.state = replace(self.state, asked=True)
        return line

    def short_line(self) -> Line:
        """The current step's question again, shorter; once it was asked, put to the one who answers."""
        if not self.step.prompt:
            return self.line("guide.one_moment")
        person = self.asker if self.step.asker else self.actor
        if self.step.asker and not self.state.asked:
            return meant_for(self.wording.line(self.step.prompt, self.roles(), form="repeat"), person)
        return meant_for(self.wording.question(self.step.prompt, self.roles()), person)
