"""A kitchen on the sample clock: a real ear, a loudspeaker whose sound comes back, two partners, and the tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import soxr
from made_voices import BEN, HZ, MadeVoice, Samples

from voice_imago.engines.ports import PLAY_HZ, Pcm, Voiceprint
from voice_imago.engines.voiceprint_enrolment import VoiceModel
from voice_imago.events import FrameHeard, Partner, Perform, VoiceScored
from voice_imago.hearing.room import Echo, Room
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.tasks import Job, TaskPorts, Tasks, Then, at_once

BLOCK = 512
QUIET_DB = -66.0


def room_response(rt60_s: float, level_db: float) -> Samples:
    random = np.random.default_rng(4)
    n = round(1.3 * rt60_s * HZ)
    response = random.normal(0.0, 1.0, n) * 10.0 ** (-3.0 * np.arange(n) / HZ / rt60_s)
    response[0] += np.sqrt(np.sum(response**2))
    return (response / np.sqrt(np.sum(response**2)) * 10.0 ** (level_db / 20.0)).astype(np.float32)


class LevelDetector:
    """Speech is whatever is loud."""

    name = "level"
    frame_samples = BLOCK
    lag_s = 0.0
    level_sensitive = False

    def probability(self, frame: Samples) -> float:
        return float(np.abs(frame).max() > 0.01)

    def reset(self) -> None: ...


class LaterRun:
    """Does its jobs when the test says so, as a worker's thread would."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Job, Then]] = []

    def __call__(self, job: Job, then: Then) -> None:
        self.waiting.append((job, then))

    def work(self) -> None:
        waiting, self.waiting = self.waiting, []
        for job, then in waiting:
            then(job())


class Kitchen:
    """The sample clock, a noise, a loudspeaker and what comes back of it."""

    def __init__(
        self,
        *,
        noise_db: float = QUIET_DB,
        way: Samples | None = None,
        delay_s: float = 0.0,
        detector: Any = None,
        block: int = BLOCK,
    ) -> None:
        self.ear = Ear(detector or LevelDetector())
        self.block = block
        self.noise_db, self.way, self.delay_s = noise_db, way, delay_s
        self.heard: list[FrameHeard | VoiceScored] = []
        self.chimes: list[float] = []
        self.tasks: Tasks | None = None
        self._random = np.random.default_rng(8)
        self._air = np.zeros(0, np.float32)

    def play(self, pcm: Pcm) -> None:
        """Through the loudspeaker, from now on; what comes back is added to what is in the air."""
        self.chimes.append(self.ear.now)
        if self.way is None:
            return
        sound = soxr.resample(pcm.astype(np.float32) / 32768, PLAY_HZ, HZ)
        back = np.convolve(sound, self.way)[: len(sound) + len(self.way)]
        self._into_the_air(np.concatenate((np.zeros(round(self.delay_s * HZ)), back)))

    def _into_the_air(self, sound: Samples) -> None:
        air = np.zeros(max(len(sound), len(self._air)), np.float32)
        air[: len(self._air)] += self._air
        air[: len(sound)] += sound
        self._air = air

    def prompt(self, seconds: float = 1.0) -> None:
        """The guide speaks, as the stage does it."""
        self.ear.gate.shut()
        self.play(np.rint(BEN.speaks(3 * seconds) * 20_000).astype(np.int16)[: round(seconds * PLAY_HZ)])
        self.pass_(seconds)
        self.ear.gate.open_after(self.ear.now)

    def pass_(self, seconds: float) -> None:
        self.hear(np.zeros(round(seconds * HZ), np.float32))

    def hear(self, sound: Samples) -> tuple[float, float]:
        """What partners say, block by block; gives its start and end in seconds."""
        start = self.ear.now
        for begin in range(0, len(sound), self.block):
            block = sound[begin : begin + self.block].copy()
            if self.noise_db > -100.0:
                block += self._random.normal(0.0, 10.0 ** (self.noise_db / 20.0), len(block)).astype(np.float32)
            back, self._air = self._air[: len(block)], self._air[len(block) :]
            block[: len(back)] += back
            self.heard += self.ear.hear(np.clip(block, -1.0, 1.0))
            if self.tasks is not None:
                self.tasks.tick(self.ear.now)
        return start, self.ear.now


@dataclass
class Table:
    """A kitchen with tasks, and all that they told."""

    kitchen: Kitchen = field(default_factory=Kitchen)
    run: Callable[[Job, Then], None] = at_once
    room: Room | None = None
    voices: tuple[VoiceModel | None, VoiceModel | None] = (None, None)
    keep: Callable[[Partner, VoiceModel], None] = lambda partner, voice: None
    audible: bool = True
    late_s: float = 0.0
    duplex: Callable[[Echo | None], str] | None = None
    embedding: bool | None = None
    done: list[tuple[int, str]] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    apart: int = 0

    def __post_init__(self) -> None:
        ports = TaskPorts(
            ear=self.kitchen.ear,
            run=self.run,
            done=lambda id, outcome: self.done.append((id, outcome)),
            chime=self.kitchen.play,
            keep=lambda partner, voice: self.keep(partner, voice),
            audible=lambda: self.audible,
            late_s=lambda: self.late_s,
            duplex=self.duplex,
            room_known=self.rooms.append,
            trouble=self.told.append,
            embedding=self.embedding,
        )
        self._enrol, self.kitchen.ear.enrol = self.kitchen.ear.enrol, self._enrolled  # type: ignore[method-assign]
        self.tasks = self.kitchen.tasks = Tasks(ports, room=self.room, voices=self.voices)

    def _enrolled(self, voiceprint: Voiceprint | None) -> None:
        """From now on the ear has opinions on voices."""
        self.apart += 1
        self._enrol(voiceprint)

    def ask(self, id: int, task: Any, partner: Partner | None = None, span: tuple[float, float] = (0.0, 0.0)) -> None:
        self.tasks.perform(Perform(id, task, partner, *span))

    def outcome(self, task: Any, partner: Partner | None = None, span: tuple[float, float] = (0.0, 0.0)) -> str:
        """Of a task that needs no more sound."""
        self.ask(len(self.done) + 1000, task, partner, span)
        return self.done[-1][1]

    def teach(self, partner: Partner, sound: Samples) -> str:
        span = self.kitchen.hear(sound)
        self.kitchen.pass_(0.3)
        return self.outcome("learn_voice", partner, span)

    def turn(self, partner: Partner, sound: Samples) -> str:
        span = self.kitchen.hear(sound)
        self.kitchen.pass_(0.3)
        return self.outcome("learn_turn", partner, span)


def speech(voice: MadeVoice, seconds: float, lesson: int = 10) -> Samples:
    return replace(voice, seed=voice.seed + lesson).speaks(seconds)
