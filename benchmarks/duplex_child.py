"""The child of benchmarks/duplex.py: real devices, canceller, ear and judge in the virtual room; only the dialogue is
replaced by one prompt after the other. Prints a line of JSON for everything that happens.

python duplex_child.py MODE PROMPTS FOLDER LATENCY_S GAP_S

MODE: full or half; FOLDER holds the prompts as WAV files; GAP_S: from one prompt to the next.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from voice_imago.engines import player_sounddevice
from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.duplex_sounddevice import SounddeviceMicrophone, SounddevicePlayer
from voice_imago.engines.echo_livekit import LivekitCanceller
from voice_imago.engines.microphone_sounddevice import QUICK_CHUNK_S
from voice_imago.engines.ports import PLAY_HZ, Samples
from voice_imago.engines.recorded import read_sound
from voice_imago.events import (
    BargedIn,
    Effect,
    FrameHeard,
    Hush,
    Input,
    PromptBegan,
    PromptEnded,
    Say,
    SpeechStarted,
)
from voice_imago.hearing.hearing import Hearing
from voice_imago.over_prompts import OverPrompts
from voice_imago.runtime.duplex import Duplex, LostSound
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.stage import Stage, StagePorts
from voice_imago.runtime.table import Table, TableDevices, TableNews
from voice_imago.runtime.workers import Inbox


def tell(what: str, **more: Any) -> None:
    print(json.dumps({"what": what, "wall": time.monotonic(), **more}), flush=True)


class Reciter:
    """Stands in for the session: recites, and gives way to whoever surely speaks."""

    def __init__(self, hearing: Hearing, frame_s: float, prompts: int, gap_s: float) -> None:
        self.hearing, self.over = hearing, OverPrompts(hearing, frame_s)
        self._gap_s = gap_s
        self._left, self._id, self._next, self.done = prompts, 0, 1.5, False

    def begin(self, at: float, standing: Any = None) -> list[Effect]:
        return []

    def feed(self, input: Input) -> list[Effect]:
        if isinstance(input, FrameHeard):
            return self._frame(input)
        if isinstance(input, PromptBegan):
            self.over.began(input)
            tell("began", id=input.id)
        if isinstance(input, PromptEnded):
            self.over.ended(input)
            tell("ended", id=input.id, interrupted=input.interrupted)
            self._next = input.at + self._gap_s
            self.done = self._left == 0
        return []

    def _frame(self, frame: FrameHeard) -> list[Effect]:
        for fact in self.hearing.feed(frame):
            if isinstance(fact, SpeechStarted):
                tell("speech", over=frame.over)
        effects, facts = self.over.frame(frame)
        for effect in effects:
            tell(type(effect).__name__.lower())
        if any(isinstance(fact, BargedIn) for fact in facts):
            tell("barged_in")
            effects = [*effects, Hush()]
        if self._left and frame.at >= self._next:
            self._left -= 1
            self._id += 1
            self._next = 1e9
            say = Say(self._id, f"prompt {self._id}", str(self._id), "first")
            self.over.asked(say)
            tell("asked", id=self._id)
            effects = [*effects, say]
        return effects


class Prompts:
    """stage.Prompts from files, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._sounds = [
            np.rint(np.clip(read_sound(path, PLAY_HZ), -1, 1) * 32767).astype(np.int16)
            for path in sorted(folder.glob("*.wav"))
        ]

    def ask(self, text: str, ready: Any, to: Any = None, *, fresh: bool = False) -> None:
        ready(self._sounds[int(text) % len(self._sounds)])

    def prepare(self, texts: tuple[str, ...], to: tuple[Any, ...] = ()) -> None: ...

    def retune(self, tuned: Any) -> None: ...

    def never_keep(self, text: str) -> None: ...


def main(mode: str, prompts: str, folder: str, latency_s: str, gap_s: str) -> None:
    player_sounddevice.LATENCY_S = float(latency_s)
    inbox, detector = Inbox(), make_detector()
    ear = Ear(detector, tail_s=0.3)
    duplex = Duplex("full", ear, LivekitCanceller, make_detector) if mode == "full" else None
    settings = settings_for(detector)
    session = Reciter(Hearing(settings), settings.segmenter.frame_s, int(prompts), float(gap_s))
    lost = LostSound()

    def heard(chunk: Samples) -> None:
        played = duplex.taken() if duplex else []
        inbox.post(lambda: hear(played, chunk))

    def hear(played: Any, chunk: Samples) -> None:
        if duplex is not None:
            if lost.now(table.counters()):
                tell("lost_sound")
                duplex.lost_sound()
            chunk = duplex.clean([(played, chunk)])
        stage.hear(chunk)

    def began(id: int) -> None:
        inbox.post(lambda: stage.feed(PromptBegan(ear.now, id)))

    def ended(id: int, interrupted: bool) -> None:
        inbox.post(lambda: stage.feed(PromptEnded(ear.now, id, interrupted)))

    def loudspeaker() -> SounddevicePlayer:
        return SounddevicePlayer(began, ended, quiet_start=False, reference=duplex.reference.put if duplex else None)

    devices = TableDevices(lambda: SounddeviceMicrophone(heard, chunk_s=QUICK_CHUNK_S), loudspeaker, lambda: None)
    news = TableNews(lambda *said: tell("lost"), lambda part: None, lambda s: None, lambda: True)
    table = Table(devices, news)
    stream = EventStream(None, ("Ana", "Ben"), time.monotonic)
    ports = StagePorts(prompts=Prompts(Path(folder)), player=table, pieces=None, ear=ear, stream=stream)  # type: ignore[arg-type]
    stage = Stage(session, ports)  # type: ignore[arg-type]
    table.open_microphone()
    table.open_loudspeaker()
    stage.begin(0.0)
    while not session.done:
        inbox.work(0.2)
    if duplex is not None:
        seen = duplex.judge.seen
        tell("judge", reduction_db=seen.reduction_db, audible=seen.audible, residue_db=seen.residue_db)
    tell("underflows", n=table.counters()[0])
    table.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
