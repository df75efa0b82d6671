"""A session, a player, prompts and an ear that a test leads by hand; only the ports of the stage are false."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Pcm, Samples
from voice_imago.events import Effect, FrameHeard, Input, Partner, Transcribe, TuneVoice
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.stage import Stage, StagePorts

FRAME = 512


class SetSession:
    """Answers inputs with the effects that a test has set for their kind."""

    def __init__(self, *opening: Effect) -> None:
        self.opening = list(opening)
        self.answers: dict[type, list[list[Effect]]] = {}
        self.fed: list[Input] = []

    def begin(self, at: float, standing: object = None) -> list[Effect]:
        return self.opening

    def feed(self, input: Input) -> list[Effect]:
        self.fed.append(input)
        answers = self.answers.get(type(input))
        return answers.pop(0) if answers else []

    def got(self, *kinds: type) -> list[Input]:
        return [input for input in self.fed if isinstance(input, kinds)]


class NotedPlayer:
    """ports.Player that notes what it is told."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []

    def play(self, id: int, pcm: Pcm) -> None:
        self.done.append(("play", id, len(pcm)))

    def stop(self) -> None:
        self.done.append(("stop",))

    def chime(self, pcm: Pcm) -> None:
        self.done.append(("chime", len(pcm)))


class HeldPrompts:
    """stage.Prompts that are ready when the test says so."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.at_once = at_once
        self.pcm: Pcm | None = np.ones(PLAY_HZ, np.int16)
        self.asked: list[tuple[str, Callable[[Pcm | None], None]]] = []
        self.prepared: list[str] = []
        self.unkept: list[str] = []

    def ask(
        self, text: str, ready: Callable[[Pcm | None], None], to: Partner | None = None, *, fresh: bool = False
    ) -> None:
        self.asked.append((text, ready))
        if self.at_once:
            ready(self.pcm)

    def prepare(self, texts: tuple[str, ...], to: tuple[Partner | None, ...] = ()) -> None:
        self.prepared += texts

    def retune(self, tuned: TuneVoice) -> None: ...

    def never_keep(self, text: str) -> None:
        self.unkept.append(text)


class Loud:
    """ports.SpeechDetector: how loud a frame is."""

    name = "loud"
    frame_samples = FRAME
    lag_s = 0.0

    def probability(self, frame: Samples) -> float:
        return min(1.0, 10.0 * float(np.abs(frame).max()))

    def reset(self) -> None: ...


class NoPieces:
    def submit(self, wanted: Transcribe, sound: Samples) -> None: ...


@dataclass
class Staging:
    """One stage and what stands around it."""

    session: SetSession
    prompts: HeldPrompts = field(default_factory=HeldPrompts)
    player: NotedPlayer = field(default_factory=NotedPlayer)
    audible: bool = True
    mute: Literal["", "voice", "text"] = ""
    shown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ear = Ear(Loud())
        self.stream = EventStream(None, ("Ana", "Ben"), lambda: 0.0)
        self.stage = Stage(self.session, self._ports())  # type: ignore[arg-type]
        self.stage.begin(0.0)

    def _ports(self) -> StagePorts:
        return StagePorts(
            prompts=self.prompts,
            player=self.player,
            pieces=NoPieces(),
            ear=self.ear,
            stream=self.stream,
            chime=lambda name: np.ones(PLAY_HZ // 10, np.int16),
            show=self.shown.append,
            audible=lambda: self.audible,
            mute=self.mute,
        )

    def pass_s(self, seconds: float) -> list[FrameHeard]:
        """Let loud sound come in for so long; gives the frames as the session got them."""
        before = len(self.session.fed)
        for _ in range(round(seconds * HEAR_HZ / FRAME)):
            self.stage.hear(np.where(np.arange(FRAME) % 2, np.float32(-0.5), np.float32(0.5)))
        return [input for input in self.session.fed[before:] if isinstance(input, FrameHeard)]


def full_disk() -> Path:
    """A file that can be opened and takes nothing."""
    return Path("/dev/full")
