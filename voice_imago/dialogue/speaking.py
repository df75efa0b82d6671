"""The voice of the guide: says lines one after the other, in between or beside what goes on, and fills in the words.

``Speaking`` owns the ``State`` and collects effects. What follows when the last line was said is decided by ``Guide``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from voice_imago.dialogue import ahead
from voice_imago.dialogue.course import Course, VoicesKnown, Words
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.slots import Slot, spoken_slots
from voice_imago.dialogue.state import LISTENING, After, Line, Phase, State
from voice_imago.dialogue.walk import Walker
from voice_imago.dialogue.wording import Wording
from voice_imago.events import Effect, Expect, Hush, Say

__all__ = ["Speaking"]

BY_KEY = ("guide.which_voice", "guide.which_key", "guide.answer_name")
"""In these the first partner is always named first: the first key is theirs."""


class Speaking:
    """Says lines; every method appends to the effects."""

    endings: dict[After, Callable[[], None]]
    """What follows when the lines in the queue are said."""

    def __init__(self, script: Script, course: Course) -> None:
        language = script.languages[course.language]
        self.course = course
        self.script = script
        self.replies = Replies(language, course.partners)
        self.wording = Wording(language, course.partners)
        self.walker = Walker(script.graphs)
        self.state = State(calls=(), sender=course.first, slots=dict(course.slots))
        self.at = 0.0
        self.words: Words = course.words
        """What the recogniser understands now; "nothing" while it is out of order."""
        self.voices: VoicesKnown = course.voices
        """Whether the voices are told apart by now."""
        self.pace = 1.0
        """How much time everybody has, as a multiple of the usual."""
        self.turn_open = False
        """Somebody is in the middle of a turn; told by the session before every fact."""
        self._ids = 0
        self._out: list[Effect] = []

    # ------------------------------------------------------------------ effects

    def emit(self, *effects: Effect) -> None:
        self._out.extend(effects)

    def flush(self) -> list[Effect]:
        """The effects collected since the last call."""
        out, self._out = self._out, []
        return out

    # ------------------------------------------------------------------ lines

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
            self.endings[after]()

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
            self.endings[self.state.after]()

    def hush(self) -> None:
        """Cut off the prompt that is in the air."""
        if self.state.talking:
            self.state = replace(self.state, queue=())
            self.emit(Hush())

    def _say_murmur(self) -> None:
        self.state = replace(self.state, murmuring=self._say(self.state.murmurs[0]))

    def _say(self, line: Line) -> int:
        self._ids += 1
        self.emit(Say(self._ids, line.key, line.text, line.form, line.own, line.to, line.fresh))
        return self._ids

    # ------------------------------------------------------------------ words

    def line(self, key: str, **more: str) -> Line:
        """A prompt of the guide itself; not tapered."""
        names = self.course.partners
        fixed = {"sender": names[0], "receiver": names[1]} if key in BY_KEY else {}
        return self.wording.line(key, self.roles() | fixed | more, form="first")

    def roles(self) -> dict[str, str]:
        """What prompts may name in the current step: partners by role, and kept answers."""
        step = self.walker.step(self.state) if self.state.calls else None
        return ahead.roles(self.course.partners, step, self.state.sender) | self.kept()

    def kept(self) -> dict[str, str]:
        """Kept answers in words, and what the program knows of the evening."""
        language = self.script.languages[self.course.language]
        slots = {"minutes": Slot(f"number:{int(self.at // 60)}"), **self.state.slots}
        return spoken_slots(slots, language, self.course.partners)
