"""Runs the real session against a scripted couple, on the sample clock: the same ear, hearing, dialogue and prompts.

Only the two ends are different: the microphone is the scene's mixer, the loudspeaker counts samples. There is no
thread, no wall clock and no chance, so that two runs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from voice_imago.dialogue.beginning import Standing
from voice_imago.dialogue.engine import Course
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.state import Phase
from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Pcm, Recogniser, Samples, Voiceprint
from voice_imago.engines.voice_shelf import HouseVoice
from voice_imago.engines.voiceprint_model import VoiceModel
from voice_imago.errors import VoiceError
from voice_imago.events import (
    KeyPressed,
    PartFailed,
    Partner,
    PartRecovered,
    Performed,
    PromptBegan,
    PromptEnded,
)
from voice_imago.hearing.room import Room as MeasuredRoom
from voice_imago.journal.keeper import Keeper
from voice_imago.runtime.all_tasks import AllTasks
from voice_imago.runtime.couple import Couple
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.evening import EVENING, evening_course
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.journal_tasks import Answer, JournalTasks
from voice_imago.runtime.opening import greeting
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.runtime.rehearsal_ends import (
    CachedPrompts,
    RealRecogniser,
    SampleClockPlayer,
    SceneText,
    Understanding,
)
from voice_imago.runtime.rehearsal_typed import TypedBeginning
from voice_imago.runtime.scene import Expect, Fault, Line, Scene, part_of
from voice_imago.runtime.scene_hub import SceneHub
from voice_imago.runtime.stage import Stage, StagePorts
from voice_imago.runtime.tasks import TaskPorts, Tasks, at_once
from voice_imago.runtime.voice_kept import VoiceTasks
from voice_imago.session import Session, SessionSettings
from voice_imago.settings import Settings

__all__ = ["Outcome", "Rehearsal", "RehearsalPorts", "SampleClockPlayer", "unmet"]

BEGAN = datetime(2026, 1, 5, 19, 30)
"""When every rehearsed evening begins: a Monday."""
BLOCK = 512
"""Samples at 16 kHz that pass at once: one detector frame."""
STALL_S = 420.0
"""Seconds without anything from the couple after which the scene is given up; longer than any reminder."""


@dataclass(frozen=True, slots=True)
class RehearsalPorts:
    """What a rehearsal needs from outside."""

    prompts: PromptCache
    voice: HouseVoice
    """The engines behind the prompts, with the voices that there are."""
    sound_of: Callable[[Line], Samples]
    """A line's sound at 16 kHz."""
    voiceprint: Voiceprint | None = None
    recogniser: Recogniser | None = None
    """Instead of the scene's own texts."""
    hub: SceneHub | None = None
    """Where speech models come from; None: there are none to be had."""
    noise: Samples | None = None
    chime: Callable[[str], Pcm] | None = None
    keep: Callable[[Partner, VoiceModel], None] = lambda partner, voice: None
    """Takes a voice that both partners want to be remembered."""
    events: Path | None = None
    journal: Keeper | None = None
    standing: Standing | None = None
    """Where an earlier session stopped."""
    show: Callable[[str], None] = lambda line: None
    listener: Callable[[Mapping[str, Any]], None] | None = None
    before: TypedBeginning = field(default_factory=TypedBeginning)
    """What was typed before the session."""
    hear_room: Callable[[Samples, Samples], None] | None = None
    """Called with each block's (couple, guide) sound: to record it, or to play it aloud."""


@dataclass(slots=True)
class Outcome:
    """How a rehearsal went."""

    reason: str
    seconds: float
    """Length on the sample clock, with what was typed before the session."""
    steps: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    """Keys of what the guide began to say."""
    counts: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    whys: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What the scene expected and did not get."""


class Rehearsal:
    """One scene from its greeting to its end."""

    def __init__(self, scene: Scene, script: Script, ports: RehearsalPorts) -> None:
        self._scene, self._ports = scene, ports
        detector = make_detector("auto")
        known = scene.voices == "known" and ports.voiceprint is not None
        self._ear = Ear(detector, ports.voiceprint if known else None)
        self._player = SampleClockPlayer()
        self._couple = Couple(scene, ports.sound_of, ports.noise)
        self._clock = 0
        self._faults = sorted(scene.fault, key=lambda fault: fault.at_s)
        self._broken: dict[str, Fault] = {}
        """Parts that are out of order now."""
        self._outcome = Outcome("fault", 0.0)
        words = {"scene": "speech", "fixture": "speech", "none": "nothing", "answers": "answers"}[scene.recogniser]
        course = Course(
            scene.dialogue,
            scene.language,
            scene.names,
            opening=greeting(scene.dialogue),
            mute=ports.before.mute,
            words=words,  # type: ignore[arg-type]
            prelude=scene.prelude,
            voices="known" if known else "learn" if scene.voices == "learn" else "none",
            slots=scene.slots,
        )
        if scene.dialogue == EVENING:
            course = evening_course(course, "", Settings(), script, BEGAN)
        hearing = settings_for(detector, thinking=scene.thinking)
        self.session = Session(script, SessionSettings(course, hearing, recogniser=scene.recogniser))
        stream = EventStream(ports.events, scene.names, wall=self._now)
        stream.listen(self._note)
        if ports.listener is not None:
            stream.listen(ports.listener)
        text = SceneText(self._couple, lambda: self._stage, lambda: "recogniser" not in self._broken)
        self._pieces = Understanding(text)
        if ports.recogniser is not None:
            self._understand(ports.recogniser)
        self._stage = Stage(
            self.session,
            StagePorts(
                prompts=CachedPrompts(ports.prompts, self._voice_failed),
                player=self._player,
                pieces=self._pieces,
                ear=self._ear,
                stream=stream,
                chime=ports.chime,
                show=ports.show,
                audible=lambda: "loudspeaker" not in self._broken,
                mute=ports.before.mute,
                tasks=self._tasks(),  # they know the stage by the time they are asked
                journal=ports.journal,
            ),
        )
        self._stream = stream

    def _understand(self, recogniser: Recogniser) -> None:
        self._pieces.now = RealRecogniser(recogniser, self._scene.names, lambda: self._stage)

    def _tasks(self) -> AllTasks:
        """Rooms are measured, voices learnt and models fetched as they are live, but for the clock."""

        def done(id: int, outcome: str) -> None:
            self._stage.feed(Performed(self._now(), id, outcome))

        hub, models = self._ports.hub, None
        if hub is not None:
            models = hub.tasks(done, lambda make: self._stage.feed(make(self._now())), self._understand)

        def answered(id: int, answer: Answer) -> None:
            self._stage.feed(Performed(self._now(), id, answer.outcome, answer.values))

        journal = JournalTasks(self._ports.journal, self._scene.names, at_once, answered, today=BEGAN.date)
        voice = VoiceTasks(self._ports.prompts, self._ports.voice, at_once, done, None)
        return AllTasks(self._table_tasks(done), models, done, journal=journal, voice=voice)

    def _table_tasks(self, done: Callable[[int, str], None]) -> Tasks:
        ports = TaskPorts(
            ear=self._ear,
            run=at_once,
            done=done,
            chime=self._player.chime,
            keep=self._ports.keep,
            audible=lambda: "loudspeaker" not in self._broken,
            room_known=self._room_known,
        )
        return Tasks(ports)

    def _room_known(self, room: MeasuredRoom) -> None:
        self._ear.gate.tail_s, self._ear.gate.coupling_db = room.tail_s, room.echo_db

    def run(self) -> Outcome:
        """Play the scene through. Raises FileError when the event file cannot be written."""
        try:
            self._stage.begin(0.0, self._ports.standing)
            self._report_player()
            while self._stage.finished is None and not self._stalled():
                self._pass_block()
        finally:
            self._stream.close()
        self._outcome.reason = self._stage.finished or "stalled"
        self._outcome.seconds = self._ports.before.seconds + self._now()
        self._outcome.problems = self._problems()
        return self._outcome

    def _voice_failed(self, error: VoiceError) -> None:
        self._stage.feed(PartFailed(self._now(), "voice", "failed", error.message))

    def _now(self) -> float:
        return self._clock / HEAR_HZ

    def _pass_block(self) -> None:
        self._break_things()
        for line in self._couple.act(self._now()):
            self._begin_line(line)
        couple, guide = self._couple.block(self._clock, BLOCK), self._player.block(BLOCK)
        if self._ports.hear_room is not None:
            self._ports.hear_room(couple, guide)
        self._clock += BLOCK
        self._stage.hear(self._microphone(couple, guide))
        self._report_player()
        self._follow_window()
        if self._clock % (HEAR_HZ * 64) == 0:
            self._couple.forget_before(self._now() - 300.0)

    def _begin_line(self, line: Line) -> None:
        if line.key:
            self._stage.feed(KeyPressed(self._now(), line.key))
            self._report_player()
            self._follow_window()
        elif line.say or line.text:
            self._ports.show(f"{line.by.capitalize()}: {line.say or line.text}")

    def _microphone(self, couple: Samples, guide: Samples) -> Samples:
        if "microphone" in self._broken:
            return np.zeros(BLOCK, np.float32)
        echo_db = self._scene.room.echo_db
        return couple if echo_db is None else couple + guide * np.float32(10 ** (echo_db / 20))

    def _report_player(self) -> None:
        for id, what in self._player.told():
            if what == "began":
                self._stage.feed(PromptBegan(self._now(), id))
            else:
                self._stage.feed(PromptEnded(self._now(), id, what == "stopped"))

    _window_seen: Any = None

    def _follow_window(self) -> None:
        """Tell the couple when and where the guide listens."""
        window = self.session.window
        if window is None:
            self._couple.guide_stops_listening()
            self._window_seen = None
        elif window is not self._window_seen:
            self._window_seen = window
            self._couple.guide_listens(window.step, self._now())

    def _break_things(self) -> None:
        now = self._now()
        for part, fault in list(self._broken.items()):
            if now >= fault.at_s + fault.for_s:
                del self._broken[part]
                self._stage.feed(PartRecovered(now, part))
        while self._faults and now >= self._faults[0].at_s:
            fault = self._faults.pop(0)
            part = part_of(fault)
            self._broken[part] = fault
            if part == "loudspeaker":
                self._player.stop()
                self._report_player()
            self._stage.feed(PartFailed(now, part, fault.kind.rpartition("_")[2], f"The {part} failed."))

    def _stalled(self) -> bool:
        if self.session.dialogue.phase is Phase.RESTING:
            self._couple.acted_at = self._now()
        return self._now() - self._couple.acted_at > STALL_S

    # ------------------------------------------------------------------ what came of it

    def _note(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        self._outcome.counts[kind] = self._outcome.counts.get(kind, 0) + 1
        if kind == "step_entered":
            self._outcome.steps.append(event["step"])
        elif kind == "turn_ended":
            self._outcome.whys.append(event["why"])
        elif kind == "prompt_started":
            self._outcome.prompts.append(event["prompt"])
        elif kind == "transcript" and event["final"]:
            self._outcome.texts.append(event["text"])

    def _problems(self) -> list[str]:
        got, left = self._outcome, self._couple.waiting_for
        problems = [*self._ports.before.problems, *unmet(self._scene.expect, got)]
        if got.reason == "stalled":
            what = left or "the couple has nothing more to say"
            problems.insert(0, f"the scene stalled in step {self.session.dialogue.step.id!r}: {what}")
        elif left is not None:
            problems.append(f"the session ended before {left}")
        return problems


def unmet(expect: Expect, got: Outcome) -> list[str]:
    """What the scene expected and did not get."""
    problems = []
    if expect.ends and got.reason != expect.ends:
        problems.append(f"ends: expected {expect.ends!r}, got {got.reason!r}")
    missing = _first_missing(expect.steps, got.steps)
    if missing is not None:
        problems.append(f"steps: {missing!r} was not entered in this order; entered: {', '.join(got.steps)}")
    missing = _first_missing(expect.prompts, got.prompts)
    if missing is not None:
        problems.append(f"prompts: {missing!r} was not said in this order; said: {', '.join(got.prompts)}")
    missing = _first_missing(expect.whys, got.whys)
    if missing is not None:
        problems.append(f"whys: no turn ended by {missing!r} in this order; they ended by: {', '.join(got.whys)}")
    if expect.within_s and got.seconds > expect.within_s:
        problems.append(f"within_s: expected at most {expect.within_s:g}, took {got.seconds:.0f}")
    for kind, number in expect.counts.items():
        if got.counts.get(kind, 0) != number:
            problems.append(f"counts.{kind}: expected {number}, got {got.counts.get(kind, 0)}")
    for text in expect.texts:
        if not any(text.lower() in heard.lower() for heard in got.texts):
            problems.append(f"texts: nobody was heard saying {text!r}")
    return problems


def _first_missing(wanted: tuple[str, ...], entered: list[str]) -> str | None:
    rest = iter(entered)
    return next((one for one in wanted if one not in rest), None)
