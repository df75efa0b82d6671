"""The table as it is live, on sound that is given: real Ear, Session and Stage; the guide's prompts make no sound.

``pieces_of`` cuts one turn as the live chain cuts it. ``LiveTable`` goes from turn to turn of a tiny dialogue and has
the pieces recognised, in place or by a real ``Scribe`` on the wall clock. While the scribe has nothing to do, the
sound may pass faster than real time: nothing that it will do later depends on how long it was idle. While it has, every
chunk arrives when it would have been heard, so that pieces wait for each other exactly as they do at the table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, Protocol

import numpy as np

from voice_imago.dialogue.engine import Course
from voice_imago.dialogue.script import Script, Step, load_script
from voice_imago.dialogue.script_shape import Graph
from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Heard, Pcm, Recogniser, Samples, SpeechDetector
from voice_imago.events import KeyPressed, TextReady, Transcribe
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.stage import Stage, StagePorts
from voice_imago.runtime.workers import Inbox
from voice_imago.session import Session, SessionSettings

Event = Mapping[str, Any]
What = Literal["tell", "answer"]
NAMES = ("Ana", "Ben")
CHUNK = 320
"""Samples that come at once: 20 ms."""
LISTENS_S, DECIDES_S = 60.0, 30.0
"""Seconds after which a table that does not listen, or does not decide, is a fault."""


@cache
def _script() -> Script:
    """The shipped words, and two dialogues without end: one long turn after the other, one answer after the other."""
    script = load_script()
    there_and_back = (("one", "two"), ("two", "one"))
    tell = {a: Step(a, "turn", "sender", "send", "mirror.send", next=b) for a, b in there_and_back}
    answer = {
        a: Step(a, "ask", "sender", "answer", "mirror.send", on=dict.fromkeys(("yes", "no", "partly"), b))
        for a, b in there_and_back
    }
    added = {id: Graph(id, "one", steps) for id, steps in (("tell", tell), ("answer", answer))}
    return replace(script, graphs={**script.graphs, **added})


class Recognises(Protocol):
    """Who turns pieces into words: calls back, at once or later, from any thread."""

    def submit(self, id: int, sound: Samples, short: bool, turn: int | None = None, *, look: bool = False) -> None: ...


OnText = Callable[[int, Heard, float], None]


@dataclass(frozen=True, slots=True)
class Cut:
    """Sound that was handed to the recogniser."""

    wanted: Transcribe
    sound: Samples

    @property
    def length_s(self) -> float:
        return self.sound.size / HEAR_HZ


class InPlace:
    """A recogniser asked at once, in the caller's thread."""

    def __init__(self, recogniser: Recogniser | None) -> None:
        self._recogniser = recogniser
        self.on_text: OnText = lambda id, heard, wall_s: None

    def submit(self, id: int, sound: Samples, short: bool, turn: int | None = None, *, look: bool = False) -> None:
        nothing = Heard("", 0.0)
        heard = self._recogniser.recognise(sound, short=short, hints=NAMES) if self._recogniser else nothing
        self.on_text(id, heard, 0.0)


class LiveTable:
    """One couple that tells, or answers, for as long as there is sound."""

    def __init__(
        self,
        what: What,
        recognises: Recognises,
        *,
        words: Literal["speech", "answers"] = "speech",
        detector: SpeechDetector | None = None,
        real_time: bool = False,
    ) -> None:
        detector = detector or make_detector()
        detector.reset()
        course = Course(what, "en", NAMES, words=words, opening=())
        self.session = Session(_script(), SessionSettings(course, settings_for(detector)))
        self.ear = Ear(detector, keep_s=300.0)
        self.cuts: list[Cut] = []
        self.events: list[Event] = []
        """All that was published; ``wall`` is the moment on the table's clock."""
        self.pending = 0
        """Pieces whose text is not there yet."""
        self._recognises, self._real_time = recognises, real_time
        self._inbox = Inbox()
        self._passed = 0
        self._ahead_s = time.monotonic()
        """The wall clock minus the table's clock."""
        self._room = np.random.default_rng(7).normal(0.0, 10.0**-3.5, HEAR_HZ).astype(np.float32)
        stream = EventStream(None, NAMES, wall=self.clock)
        stream.listen(self.events.append)
        ports = StagePorts(_NoPrompts(), _NoPlayer(), self, self.ear, stream, audible=lambda: False)
        self._stage = Stage(self.session, ports)
        self._stage.begin(0.0)

    # ------------------------------------------------------------------ what the couple does

    def until_listening(self) -> None:
        """Silence until the guide listens."""
        self._until(lambda: self.session.window is not None and not self.session.hearing.turn_open, LISTENS_S)

    def says(self, sound: Samples) -> float:
        """Sound in the quiet room; gives the moment on the table's clock at which it was over."""
        self._hear(sound)
        return self.ear.now

    def until_decided(self) -> Event:
        """Silence until the turn is over; gives its ``turn_ended``."""
        before = len(self.published("turn_ended"))
        self._until(lambda: len(self.published("turn_ended")) > before, DECIDES_S)
        return self.published("turn_ended")[-1]

    def ends_by_key(self) -> Event:
        """The space bar; gives the ``turn_ended`` that follows."""
        before = len(self.published("turn_ended"))
        self._stage.feed(KeyPressed(self.ear.now, "space"))
        assert len(self.published("turn_ended")) > before, "no turn was open"
        return self.published("turn_ended")[-1]

    def until(self, kind: str, holds: Callable[[Event], bool], within_s: float = DECIDES_S) -> Event:
        """Silence until such an event was published; gives it."""
        self._until(lambda: any(holds(event) for event in self.published(kind)), within_s)
        return next(event for event in self.published(kind) if holds(event))

    def published(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["event"] == kind]

    def clock(self) -> float:
        """Seconds on the table's clock: samples, and between two chunks the wall clock where somebody waits."""
        exact = time.monotonic() - self._ahead_s
        return max(self.ear.now, exact) if self.pending or self._real_time else self.ear.now

    # ------------------------------------------------------------------ stage.Pieces, and the words

    def submit(self, wanted: Transcribe, sound: Samples) -> None:
        self.cuts.append(Cut(wanted, sound))
        self.pending += 1
        self._recognises.submit(wanted.id, sound, wanted.short, wanted.turn, look=wanted.look)

    def text(self, id: int, heard: Heard, wall_s: float) -> None:
        """A recogniser's answer, from any thread."""
        self._inbox.post(lambda: self._take(id, heard, wall_s))

    def _take(self, id: int, heard: Heard, wall_s: float) -> None:
        # Published before it counts as answered: its moment is still that of the wall clock.
        self._stage.feed(TextReady(self.ear.now, id, heard.text, heard.confidence, wall_s))
        self.pending -= 1

    # ------------------------------------------------------------------ time

    def _until(self, over: Callable[[], bool], within_s: float) -> None:
        given_up = self.ear.now + within_s
        while not over():
            if self.ear.now > given_up:
                raise AssertionError(f"nothing came of it within {within_s:.0f} s; last: {self.events[-5:]}")
            self._hear(np.zeros(CHUNK, np.float32))

    def _hear(self, sound: Samples) -> None:
        for begin in range(0, sound.size, CHUNK):
            chunk = sound[begin : begin + CHUNK]
            self._passed += chunk.size
            self._keep_time(self._passed / HEAR_HZ)
            at = self._passed % (HEAR_HZ - CHUNK)
            self._stage.hear(chunk + self._room[at : at + chunk.size])
            self._work()

    def _keep_time(self, due: float) -> None:
        """Wait until the chunk that ends at ``due`` would have been heard; not where nobody is waited for."""
        while self.pending or self._real_time:
            left = due - (time.monotonic() - self._ahead_s)
            if left <= 0.0:
                return
            self._inbox.work(left)
        self._ahead_s = time.monotonic() - due

    def _work(self) -> None:
        while self._inbox.work(0.0):
            pass


class _NoPrompts:
    """stage.Prompts: nothing is heard, so nothing is asked for."""

    def ask(self, text: str, ready: Callable[[Pcm | None], None]) -> None:
        ready(None)

    def prepare(self, texts: tuple[str, ...]) -> None:
        """Nothing to render."""

    def retune(self, rate: float, volume: float) -> None:
        """No voice."""


class _NoPlayer:
    """ports.Player: silent."""

    def play(self, id: int, pcm: Pcm) -> None:
        raise AssertionError("prompts make no sound here")

    def chime(self, pcm: Pcm) -> None:
        raise AssertionError("there are no earcons here")

    def stop(self) -> None:
        """Nothing sounds."""


def table_in_place(what: What, recogniser: Recogniser | None, **more: Any) -> LiveTable:
    """A table whose pieces are recognised at once; None: nobody understands anything."""
    in_place = InPlace(recogniser)
    table = LiveTable(what, in_place, **more)
    in_place.on_text = table.text
    return table


def pieces_of(sound: Samples, what: What = "tell", detector: SpeechDetector | None = None) -> list[Cut]:
    """One turn in a quiet room, as the live chain cuts it into pieces; ended by silence, at the latest behind it."""
    table = table_in_place(what, None, detector=detector)
    table.until_listening()
    table.says(sound)
    if not table.published("turn_ended"):
        table.until_decided()
    return [cut for cut in table.cuts if not cut.wanted.look]


def heard_in_pieces(sound: Samples, recogniser: Recogniser, detector: SpeechDetector | None = None) -> str:
    """The words of one turn, piece by piece as it is live."""
    heard = [
        recogniser.recognise(cut.sound, short=cut.wanted.short, hints=() if cut.wanted.short else NAMES).text
        for cut in pieces_of(sound, detector=detector)
    ]
    return " ".join(text for text in heard if text)
