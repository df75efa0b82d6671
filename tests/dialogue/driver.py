"""A couple at the table, for tests: facts go in in readable form, and what the guide does can be looked at.

``Table`` drives a ``Dialogue``; it keeps the time and stands in for hearing (windows, reminders, turns).
``Room`` drives a whole ``Session`` with detector frames; it stands in for microphone, loudspeaker and recogniser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from voice_imago.dialogue.engine import Course, Dialogue
from voice_imago.dialogue.script import Script, Step, load_script
from voice_imago.dialogue.script_shape import Graph
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import LISTENING, Phase
from voice_imago.events import (
    AnswerKeyed,
    Chime,
    Command,
    Due,
    Effect,
    Expect,
    Fault,
    Finish,
    FrameHeard,
    Hush,
    Input,
    Interruption,
    KeyPressed,
    LineTyped,
    PartFailed,
    Partner,
    Perform,
    Performed,
    Prepare,
    PromptBegan,
    PromptEnded,
    Publish,
    Recovered,
    Reply,
    Say,
    Speaker,
    StepEntered,
    SwitchMicrophone,
    Talked,
    TaskDone,
    TextReady,
    Transcribe,
    TurnEnded,
    TurnHeard,
    Utterance,
    Waited,
    Window,
    WordsKnown,
)
from voice_imago.hearing.hearing import HearingSettings
from voice_imago.session import KEY_COMMANDS, Session, SessionSettings

ANA: Literal[0] = 0
BEN: Literal[1] = 1
STRANGER: Literal[-1] = -1
PROMPT_S = 1.5
"""Seconds that every prompt takes."""


@cache
def real_script() -> Script:
    return load_script()


def with_graphs(*graphs: Graph) -> Script:
    """The real words, with some graphs replaced or added."""
    script = real_script()
    return replace(script, graphs={**script.graphs, **{graph.id: graph for graph in graphs}})


def tiny(*steps: Step, id: str = "tiny") -> Script:
    """The real words and one small graph, begun at its first step."""
    return with_graphs(Graph(id, steps[0].id, {step.id: step for step in steps}))


def step(id: str, do: str, actor: str = "sender", kind: str = "answer", **more: Any) -> Step:
    """A step of a tiny graph, with a prompt that exists."""
    return Step(id, do, actor, kind, **{"prompt": "mirror.send", **more})  # type: ignore[arg-type]


END = Step("end", "end", "guide", "setup", "appreciation.end", reason="finished")


def usual(step: Step) -> str:
    """What somebody who agrees answers: yes, or the first thing that is offered."""
    if "yes" in step.on or not step.on:
        return "Yes."
    first = next(meaning for meaning in step.on if meaning != "skip")
    kind, _, value = first.partition(":")
    phrases = real_script().languages["en"].replies
    offered = phrases.get(first) or phrases.get(value, ())
    return {"number": "Two.", "name": "Ana.", "date": "Tomorrow at eight."}.get(kind) or offered[0]


class Table:
    """Two people and a dialogue, without any sound."""

    def __init__(
        self,
        dialogue: str = "appreciation",
        *,
        words: Literal["nothing", "answers", "speech"] = "speech",
        script: Script | None = None,
        greeting: bool = False,
        partners: tuple[str, str] = ("Ana", "Ben"),
        prelude: tuple[str, ...] = (),
        voices: Literal["none", "known", "learn"] = "none",
        slots: Mapping[str, Slot] | None = None,
        began: datetime | None = None,
        mute: Literal["", "voice", "text"] = "",
        first: Partner = 0,
    ) -> None:
        opening = ("guide.hello", "guide.limits") if greeting else ()
        course = Course(dialogue, "en", partners, first, words, opening, prelude, voices, slots or {}, began, mute=mute)
        self.dialogue = Dialogue(script or real_script(), course)
        self.at = 0.0
        self.effects: list[Effect] = []
        self.window: Window | None = None
        self.said: list[Say] = []
        self.tasks: list[Perform] = []
        self.in_the_air: Say | None = None
        self.microphone = True
        self.ended: str | None = None
        self.turns = 0
        self._quiet_since = 0.0
        self._reminded = 0
        self._take(self.dialogue.begin(0.0))
        if not greeting:  # the notice of what is not understood today
            while self.phase is Phase.SPEAKING and self.dialogue.guide.state.after == "step":
                self.guide_finishes_line()

    # ------------------------------------------------------------------ what is looked at

    @property
    def phase(self) -> Phase:
        return self.dialogue.phase

    @property
    def step(self) -> str:
        return self.dialogue.step.id

    @property
    def where(self) -> tuple[tuple[str, str], ...]:
        """Graph and step of every level."""
        return tuple((call.graph, call.step) for call in self.dialogue.guide.state.calls)

    @property
    def actor(self) -> str:
        actor = self.dialogue.guide.actor
        return "nobody" if actor is None else self.dialogue.guide.course.partners[actor]

    @property
    def prompts(self) -> list[str]:
        return [say.prompt for say in self.said]

    @property
    def last(self) -> str:
        return self.said[-1].text

    def published(self, kind: type) -> list[Any]:
        return [e.fact for e in self.effects if isinstance(e, Publish) and isinstance(e.fact, kind)]

    @property
    def replies(self) -> list[str]:
        return [reply.meaning for reply in self.published(Reply)]

    @property
    def dones(self) -> list[tuple[str, str]]:
        """Every task that was done, with its outcome."""
        return [(done.task, done.outcome) for done in self.published(TaskDone)]

    @property
    def steps(self) -> list[str]:
        return [entered.step for entered in self.published(StepEntered)]

    @property
    def published_steps(self) -> list[StepEntered]:
        """Every step that was told, with its actor."""
        return self.published(StepEntered)

    @property
    def chimes(self) -> list[str]:
        return [effect.name for effect in self.effects if isinstance(effect, Chime)]

    # ------------------------------------------------------------------ what happens

    def feed(self, fact: Any, *, turn_open: bool = False) -> Table:
        self._take(self.dialogue.feed(fact, turn_open=turn_open))
        return self

    def guide_finishes_line(self) -> Table:
        """The prompt in the air has been said."""
        assert self.in_the_air is not None, "nothing is being said"
        say, self.in_the_air = self.in_the_air, None
        self.at += PROMPT_S
        return self.feed(PromptEnded(self.at, say.id))

    def guide_finishes(self) -> Table:
        """Everything that the guide has to say has been said."""
        for _ in range(50):
            if self.in_the_air is None:
                return self
            self.guide_finishes_line()
        raise AssertionError(f"the guide does not stop talking: {self.prompts[-6:]}")

    def says(
        self,
        who: Speaker | None,
        text: str | None = "",
        *,
        seconds: float = 2.0,
        confidence: float = 1.0,
        why: Literal["silence", "other_voice", "key", "phrase"] = "silence",
        sure: bool = True,
    ) -> int:
        """A turn, once the guide listens; ``text=None``: its words come later, if ever. Gives the turn's number."""
        self.guide_finishes()
        assert self.window is not None, f"nobody listens in {self.where}, {self.phase}"
        self.turns += 1
        start, self.at = self.at, self.at + seconds
        ended = TurnEnded(self.at, self.turns, who, start, self.at, self.at, why, seconds, sure)
        self.window = None  # a window is used up by a turn
        words = None if text is None else (Utterance(who, text, confidence),)
        self.feed(TurnHeard(self.at, ended, words))
        return self.turns

    def performed(
        self, outcome: str = "good", id: int | None = None, values: tuple[tuple[str, str, str], ...] = ()
    ) -> Table:
        """What came of the last task, or of an older one; ``values``: what was recalled."""
        return self.feed(Performed(self.at, self.tasks[-1].id if id is None else id, outcome, values))

    @property
    def slots(self) -> Mapping[str, Slot]:
        """What is kept for later prompts."""
        return self.dialogue.guide.state.slots

    def stored(self, what: str) -> list[dict[str, tuple[str, str]]]:
        """What was given to be kept of a kind: slot -> meaning and words."""
        given = [task for task in self.tasks if (task.task, task.what) == ("store", what)]
        return [{name: (meaning, text) for name, meaning, text in task.values} for task in given]

    def words_come(self, turn: int, who: Speaker | None, text: str, confidence: float = 1.0) -> Table:
        return self.feed(WordsKnown(self.at, turn, (Utterance(who, text, confidence),)))

    def key(self, key: str) -> Table:
        if key in KEY_COMMANDS:
            return self.feed(Command(self.at, KEY_COMMANDS[key], "key"))
        return self.feed(AnswerKeyed(self.at, key))

    def command(self, name: str, by: Speaker | None = ANA, *, turn_open: bool = False) -> Table:
        """A spoken command."""
        return self.feed(Command(self.at, name, by), turn_open=turn_open)

    def interrupts(self, who: Speaker) -> Table:
        return self.feed(Interruption(self.at, who, self.turns + 1), turn_open=True)

    def talks_on(self, seconds: float) -> Table:
        return self.feed(Talked(self.at, seconds, self.turns + 1), turn_open=True)

    def fails(self, part: str, code: str = "failed", *, turn_open: bool = False) -> Table:
        return self.feed(Fault(self.at, part, code, "It failed."), turn_open=turn_open)

    def recovers(self, part: str) -> Table:
        return self.feed(Recovered(self.at, part))

    def waits(self, seconds: float) -> Table:
        """Nobody says or presses anything."""
        until = self.at + seconds
        while not self.dialogue.over:
            if self.in_the_air is not None:
                self.guide_finishes_line()
                continue
            deadline, reminder = self.dialogue.deadline, self._next_reminder()
            due = min((s for s in (deadline, reminder) if s is not None), default=until + 1)
            if due > until:
                self.at = max(self.at, until)
                return self
            self.at = max(self.at, due)
            if due == deadline:
                self.feed(Due(self.at))
            else:
                assert self.window is not None
                self._reminded += 1
                self.feed(Waited(self.at, self.window.reminders_s[self._reminded - 1]))
        return self

    def _next_reminder(self) -> float | None:
        if self.window is None or self._reminded >= len(self.window.reminders_s):
            return None
        return self._quiet_since + self.window.reminders_s[self._reminded]

    def _take(self, effects: list[Effect]) -> None:
        self.effects += effects
        interrupted: list[Say] = []
        for effect in effects:
            if isinstance(effect, Say):
                interrupted += [self.in_the_air] if self.in_the_air else []
                self.in_the_air = effect
                self.said.append(effect)
            elif isinstance(effect, Hush):
                interrupted += [self.in_the_air] if self.in_the_air else []
                self.in_the_air = None
            elif isinstance(effect, Expect):
                self.window, self._quiet_since, self._reminded = effect.window, self.at, 0
            elif isinstance(effect, Perform):
                self.tasks.append(effect)
            elif isinstance(effect, SwitchMicrophone):
                self.microphone = effect.on
            elif isinstance(effect, Finish):
                self.ended = effect.reason
            else:
                assert isinstance(effect, Prepare | Publish | Chime) or effect is not None
        for say in interrupted:  # told by the loudspeaker, a moment later
            self.feed(PromptEnded(self.at, say.id, True))
        self._check()

    def _check(self) -> None:
        """What holds after every single fact."""
        if self.phase is Phase.SPEAKING:
            assert self.dialogue.guide.state.queue, "speaking, with nothing to say"
        if self.ended is None and self.in_the_air is None and self.phase is not Phase.OVER:
            assert self.window is not None or self._turn_in_hand, f"deaf and mute in {self.where}, {self.phase}"
        if self.phase is Phase.WORKING:
            assert self.tasks[-1].id == self.dialogue.guide.state.task, "nobody was asked"
            assert self.dialogue.deadline is not None, "waiting for ever"
        if self.phase in LISTENING or self.phase in (Phase.RESTING, Phase.PAUSED, Phase.WORKING):
            assert self.window is None or self.window.step == self.step

    _turn_in_hand = False

    # ------------------------------------------------------------------ getting somewhere

    def goes_to(self, wanted: str, *, most: int = 60) -> Table:
        """Walk the happy path until that step listens."""
        for _ in range(most):
            self.guide_finishes()
            if self.step == wanted:
                return self
            self.does_what_is_asked()
        raise AssertionError(f"{wanted} is not reached from the beginning, but {self.steps}")

    def does_what_is_asked(self, answers: Mapping[str, str] = {}) -> Table:
        """Whoever is asked does the usual thing: tells, mirrors, says yes, has no more to say."""
        self.guide_finishes()
        if self.dialogue.over:
            return self
        now, guide = self.dialogue.step, self.dialogue.guide
        if self.phase is Phase.WORKING:
            self.performed()
        elif now.do == "turn":
            self.says(guide.actor, "You make sense because I heard how you feel about the garden.")
        elif now.do == "rest":
            self.key("space")
        else:
            text = answers.get(now.id) or {"more": "No, that's all.", "enough": "No."}.get(now.id) or usual(now)
            self.says(guide.actor if guide.actor is not None else ANA, text)
        return self.guide_finishes()


class Room:
    """A session with sound: frames of speech and silence, prompts that take time, words that come late."""

    FRAME_S = 0.032

    def __init__(
        self,
        dialogue: str = "appreciation",
        *,
        words: Literal["nothing", "answers", "speech"] = "speech",
        words_after_s: float = 0.2,
        script: Script | None = None,
        opening: tuple[str, ...] = (),
        gate: bool = True,
        slots: Mapping[str, Slot] | None = None,
    ) -> None:
        course = Course(dialogue, "en", ("Ana", "Ben"), words=words, opening=opening, slots=slots or {})
        self.session = Session(script or real_script(), SessionSettings(course, HearingSettings()))
        self.frames = 0
        self.words_after_s = words_after_s
        self.confidence = 1.0
        self.effects: list[Effect] = []
        self.inputs: list[Input] = []
        self.said: list[Say] = []
        self.ended: str | None = None
        self._gate = gate
        self._playing: tuple[int, float] | None = None
        self._words: list[tuple[float, float, str]] = []
        self._texts: list[tuple[float, Transcribe]] = []
        self._take(self.session.begin(0.0))

    @property
    def at(self) -> float:
        return self.frames * self.FRAME_S

    @property
    def step(self) -> str:
        return self.session.dialogue.step.id

    @property
    def phase(self) -> Phase:
        return self.session.dialogue.phase

    def published(self, kind: type) -> list[Any]:
        return [e.fact for e in self.effects if isinstance(e, Publish) and isinstance(e.fact, kind)]

    @property
    def prompts(self) -> list[str]:
        return [say.prompt for say in self.said]

    def feed(self, input: Input) -> Room:
        self.inputs.append(input)
        self._take(self.session.feed(input))
        return self

    def key(self, key: str) -> Room:
        return self.feed(KeyPressed(self.at, key))

    def types(self, text: str, by: Literal[0, 1] | None = None) -> Room:
        return self.feed(LineTyped(self.at, text, by))

    def fails(self, part: str, code: str = "lost") -> Room:
        return self.feed(PartFailed(self.at, part, code, "It failed."))

    def frame(self, who: Speaker | None = None) -> Room:
        """One frame: somebody speaks, or (None) nobody does."""
        self.frames += 1
        llr = {0: 4.0, 1: -4.0}.get(who) if who is not None else None
        gated = self._gate and self._playing is not None
        speech = 0.0 if who is None else 0.95
        self.feed(FrameHeard(self.at, speech, -30.0 if who is not None else -70.0, llr, gated))
        return self._pass_on()

    def _pass_on(self) -> Room:
        """What is due by now: the end of the prompt, and words."""
        if self._playing is not None and not self._held() and self.at >= self._playing[1]:
            id, self._playing = self._playing[0], None
            self.feed(PromptEnded(self.at, id))
        while self._texts and self.at >= self._texts[0][0]:
            wanted = self._texts.pop(0)[1]
            self.feed(TextReady(self.at, wanted.id, self.words_between(wanted.start, wanted.end), self.confidence))
        return self

    def _held(self) -> bool:
        """Whether the prompt in the air stands still."""
        return False

    def waits(self, seconds: float) -> Room:
        for _ in range(round(seconds / self.FRAME_S)):
            if not self.session.over:
                self.frame()
        return self

    def says(self, who: Speaker, text: str, seconds: float | None = None) -> Room:
        """Somebody speaks, as soon as the guide listens; the turn is still open afterwards."""
        self.guide_finishes()
        length_s = seconds if seconds is not None else max(0.6, 0.35 * len(text.split()))
        begin = self.at
        self._words.append((begin, begin + length_s, text))
        for _ in range(round(length_s / self.FRAME_S)):
            self.frame(who)
        return self

    def is_silent_until_decided(self) -> Room:
        """Silence until the open turn is over and the guide has reacted."""
        for _ in range(round(12.0 / self.FRAME_S)):
            if not self.session.hearing.turn_open and self.phase is not Phase.DECIDING:
                return self
            self.frame()
        raise AssertionError(f"the turn does not end in {self.step}")

    def guide_finishes(self) -> Room:
        for _ in range(round(60.0 / self.FRAME_S)):
            if self._playing is None:
                return self
            self.frame()
        raise AssertionError("the guide does not stop talking")

    def words_between(self, start: float, end: float) -> str:
        return " ".join(text for a, b, text in self._words if a < end and b > start)

    def _take(self, effects: list[Effect]) -> None:
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Say):
                cut, self._playing = self._playing, (effect.id, self.at + PROMPT_S)
                self.said.append(effect)
                self.feed(PromptBegan(self.at, effect.id))
                if cut is not None:
                    self.feed(PromptEnded(self.at, cut[0], True))
            elif isinstance(effect, Hush) and self._playing is not None:
                id, self._playing = self._playing[0], None
                self.feed(PromptEnded(self.at, id, True))
            elif isinstance(effect, Transcribe):
                self._texts.append((self.at + self.words_after_s, effect))
            elif isinstance(effect, Finish):
                self.ended = effect.reason
