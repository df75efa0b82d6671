"""The means of the guide: say lines one after the other, open a listening window, perform a step.

``Guide`` owns the ``State`` and collects effects; it knows nothing of what people answer. The modules that
decide (``engine``, ``answers``, ``commands``, ``faults``) use these means and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from voice_imago.dialogue import ahead
from voice_imago.dialogue.course import Course, VoicesKnown, Words
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.script import Script, Step
from voice_imago.dialogue.script_shape import CANCELLABLE
from voice_imago.dialogue.slots import spoken_slots
from voice_imago.dialogue.state import LISTENING, After, Line, Phase, State, entered
from voice_imago.dialogue.walk import Walker, with_call
from voice_imago.dialogue.windows import window
from voice_imago.dialogue.wording import Wording
from voice_imago.events import (
    Cancel,
    Chime,
    Effect,
    Expect,
    Finish,
    Hush,
    Partner,
    Perform,
    Prepare,
    Publish,
    Say,
    StepEntered,
    SwitchMicrophone,
    Task,
    Window,
)

__all__ = ["Course", "Guide"]

Reason = Literal["finished", "stopped", "time_out", "fault"]

BY_KEY = ("guide.which_voice", "guide.which_key", "guide.answer_name")
"""In these the first partner is always named first: the first key is theirs."""
_AFTER: dict[str, After] = {
    "say": "next", "turn": "listen", "ask": "listen", "rest": "rest", "task": "work", "end": "finish",
}  # fmt: skip


class Guide:
    """Says, listens and walks; every method appends to the effects."""

    def __init__(self, script: Script, course: Course) -> None:
        language = script.languages[course.language]
        self.course = course
        self.script = script
        self.replies = Replies(language, course.partners)
        self.wording = Wording(language, course.partners)
        self.walker = Walker(script.graphs)
        self.state = State(calls=(), sender=course.first)
        self.at = 0.0
        self.words: Words = course.words
        """What the recogniser understands now; "nothing" while it is out of order."""
        self.voices: VoicesKnown = course.voices
        """Whether the voices are told apart by now."""
        self.turn_open = False
        """Somebody is in the middle of a turn; told by the session before every fact."""
        self.running = 0
        """Id of a task that has to be given up when nobody waits for it any more; 0: there is none."""
        self._ids = 0
        self._tasks = 0
        self._out: list[Effect] = []
        self._endings: dict[After, Callable[[], None]] = {
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
        }

    # ------------------------------------------------------------------ effects

    def emit(self, *effects: Effect) -> None:
        self._out.extend(effects)

    def flush(self) -> list[Effect]:
        """The effects collected since the last call."""
        out, self._out = self._out, []
        return out

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
        taken = step.do in ("turn", "ask") and state.floor is not None and state.floor == self.actor
        asked = not resumed and step.asker is not None and (state.asked or taken)
        self.state = entered(state, asked=asked)
        if self.running and not self.walker.stands_on(self.state, CANCELLABLE):
            self.give_up()
        if not self.state.call.told:
            self.tell_step()
        self.microphone(on=step.microphone)
        soon = ahead.texts_ahead(self.walker, self.wording, self.course.partners, self.state, self._kept())
        self.emit(Prepare(tuple(soon)))
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
        if step.do == "end":
            lines = [*self.give_up(), *lines, self.line("guide.goodbye")]
        self.speak(lines, _AFTER[step.do])

    def _opening_lines(self, step: Step, resumed: bool) -> list[Line]:
        """The prompt; for somebody who meets the step for the first time also how one could start."""
        if not step.prompt:
            return []
        line = self.prompt_line(again=resumed)
        new = step.do == "turn" and line.form == "first" and not resumed
        stem = new and self.wording.has_stem(step.prompt, self.roles())
        return [line, self.wording.stem(step.prompt, self.roles())] if stem else [line]

    def begin_next(self) -> None:
        """Begin the next of the graphs to come, as if nothing had been before it."""
        state = self.state
        graph, *others = state.to_come
        empty = replace(
            state, calls=(), trail=(), to_come=tuple(others), sender=self.course.first, asked=False, floor=None
        )
        self.state = self.walker.begin(empty, graph, "prelude" if others else "main")

    def follow(self, state: State | None) -> None:
        """Stand on a new step, or (None: a graph was left with ``return``) go on with what is below or after it."""
        if state is not None:
            self.state = state
            self.perform()
        elif len(self.state.calls) > 1:
            below = replace(self.state, calls=self.state.calls[:-1])
            self.state = with_call(below, replace(below.call, told=False))
            self.perform(resumed=True)
        elif self.state.to_come:
            self.begin_next()
            self.perform()
        else:
            self.speak([self.line("guide.goodbye")], "finish")

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

    def speak(self, lines: Iterable[Line], after: After) -> None:
        """Say lines one after the other, cutting off what is being said; then ``after``."""
        said = tuple(lines)
        queue = (*self.state.first, *said)
        if not queue:
            self.hush()
        self.state = replace(
            self.state, queue=queue, after=after, said=said, first=(), murmurs=(), deadline=None, back=None
        )
        if queue:
            self.emit(Expect(None))
            self.state = replace(self.state, phase=Phase.SPEAKING)
            self.say_first()
        else:
            self._endings[after]()

    def say_before_the_next(self, line: Line) -> None:
        """Say this in passing, before whatever is said next."""
        self.state = replace(self.state, first=(*self.state.first, line))

    def aside(self, lines: Iterable[Line]) -> None:
        """Say something in between and return to where we were; from another thing in between, to where that was.

        Nobody in the middle of a turn loses it: then the lines are only murmured.
        """
        now = self.state
        if now.phase in LISTENING and self.turn_open:
            self.murmur(*lines)
            return
        self.speak(lines, "back")
        self.state = replace(self.state, back=now.beneath, said=now.said)

    def murmur(self, *lines: Line) -> None:
        """Say something without taking the floor away: the listening window and the open turn stay."""
        self.state = replace(self.state, murmurs=lines)
        self._say_murmur()

    def murmur_said(self) -> None:
        """The first murmur was said: the next one."""
        self.state = replace(self.state, murmurs=self.state.murmurs[1:])
        if self.state.murmurs:
            self._say_murmur()

    def say_first(self) -> None:
        """The first line of the queue, from its beginning."""
        self.state = replace(self.state, saying=self._say(self.state.queue[0]))

    def line_said(self) -> None:
        """The first line of the queue was said: the next one, or what comes after them all."""
        self.state = replace(self.state, queue=self.state.queue[1:])
        if self.state.queue:
            self.say_first()
        else:
            self._endings[self.state.after]()

    def hush(self) -> None:
        """Cut off the prompt that is in the air."""
        if self.state.talking:
            self.state = replace(self.state, queue=())
            self.emit(Hush())

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

    def _say_murmur(self) -> None:
        self.state = replace(self.state, murmuring=self._say(self.state.murmurs[0]))

    def _say(self, line: Line) -> int:
        self._ids += 1
        self.emit(Say(self._ids, line.key, line.text, line.form, line.own))
        return self._ids

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
            self.emit(Perform(self._tasks, task, partner, start, end, self.step.what))
        return self._tasks

    def give_up(self) -> list[Line]:
        """End what is still being done for a step that was left; what there is to say about that."""
        if not self.running:
            return []
        self.emit(Cancel(self.running))
        self.running = 0
        return [self.line("guide.fetch_stopped")]

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
        left_s = self.step.seconds if self.state.call.left_s is None else self.state.call.left_s
        self._await(Phase.RESTING, None if left_s is None else self.at + left_s)

    def rest_over(self) -> None:
        """The rest is over, by time or because somebody said so."""
        self.emit(Expect(None), Chime("time"))
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
        return window(self.walker, self.script, self.state, self.at)

    # ------------------------------------------------------------------ words

    def line(self, key: str, **more: str) -> Line:
        """A prompt of the guide itself; not tapered."""
        names = self.course.partners
        fixed = {"sender": names[0], "receiver": names[1]} if key in BY_KEY else {}
        return self.wording.line(key, self.roles() | fixed | more, form="first")

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
        if self.step.asker and not self.state.asked:
            return self.wording.line(self.step.prompt, self.roles(), form="repeat")
        return self.wording.question(self.step.prompt, self.roles())

    def roles(self) -> dict[str, str]:
        """What prompts may name in the current step: partners by role, and kept answers."""
        step = self.step if self.state.calls else None
        return ahead.roles(self.course.partners, step, self.state.sender) | self._kept()

    def _kept(self) -> dict[str, str]:
        language = self.script.languages[self.course.language]
        return spoken_slots(self.state.slots, language, self.course.partners)
