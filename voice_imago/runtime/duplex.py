"""Full duplex where it works, half duplex else: decides which, and hands the microphone's sound on without the guide.

The session always begins in half duplex. While the guide greets, the canceller works beside it and ``EchoJudge`` looks
at what it leaves; the step ``test_echo`` then decides. Later on the same judge takes full duplex back when cancelling
stops working (another loudspeaker, a cable) or sound is lost all the time, and gives it back when it works again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from voice_imago import output
from voice_imago.engines.detector_webrtc import QuickWebrtc
from voice_imago.engines.detectors import make_detector, segmenter_for
from voice_imago.engines.echo_livekit import LivekitCanceller
from voice_imago.engines.ports import HEAR_HZ, EchoCanceller, Samples, SpeechDetector
from voice_imago.errors import DeviceError
from voice_imago.hearing.echo import BLOCK_S, EchoJudge, Sort
from voice_imago.hearing.framing import Framing
from voice_imago.hearing.gain import level_db
from voice_imago.hearing.gate import Gate
from voice_imago.hearing.own_voice import LIKE, SURELY, likeness
from voice_imago.hearing.room import Echo
from voice_imago.hearing.segmenter import Segmenter
from voice_imago.runtime.echo_path import EchoFrame, EchoPath, Played, Reference
from voice_imago.runtime.plan import StartPlan

__all__ = ["Chunk", "Duplex", "EchoMode", "Hearing", "LostSound", "make_duplex"]

EchoMode = Literal["auto", "full", "half"]
Chunk = tuple[Sequence[Played], Samples]
"""What was played since the chunk before, and a chunk of the microphone."""
DOUBTFUL_S = 1.0
"""After lost sound nobody barges in for so long: the echo may not be taken out,"""
GOOD_BLOCKS = 10
"""nor before it is seen to be gone in so many tenths of a second of the guide in a row (sound may be lost while the
guide is silent, and the canceller learns only from sound),"""
MOST_BLOCKS = 60
"""or after so many in all: then it is somebody who speaks."""
MOST_FALLS = 2
"""After so many times that cancelling stopped working it stays with half duplex."""
OFTEN, OFTEN_S = 5, 30.0
"""Where sound is lost in so many seconds of so many, a computer that cannot keep up is better off in half duplex."""
FAR_S = 0.42
"""An echo that comes later (Bluetooth) is beyond the canceller's search: what was played waits for it."""
NEAR_S = 0.12
RAW_S = 8.0
"""Seconds of the microphone's own sound that are kept, to measure an echo in."""
_BLOCK_FRAMES = 10
GAP_S = 0.10
"""So much later than its best the microphone's sound is missing something, or comes in a burst."""


class Hearing(Protocol):
    """What is needed of ear.Ear."""

    gate: Gate
    doubtful_until_s: float
    quick: Callable[[Samples], float] | None
    own: Callable[[], bool] | None
    raw: Callable[[float, float], Samples] | None

    @property
    def now(self) -> float: ...


@dataclass(slots=True)
class _Doubt:
    """Whether the echo is gone again."""

    good: int = 0
    """Good blocks in a row that are still wanted."""
    most: int = 0
    """Blocks of the guide after which it is over anyway."""

    def lasts(self, block: Sort) -> bool:
        """After this block."""
        if not self.good or block == "silent":
            return self.good > 0
        self.most -= 1
        self.good = 0 if not self.most else self.good - 1 if block == "good" else GOOD_BLOCKS
        return self.good > 0


class LostSound:
    """Notices underflows of the loudspeaker and gaps of the microphone from their counters."""

    def __init__(self) -> None:
        self._underflows = 0
        self._behind_s = 0.0

    def now(self, counters: tuple[int, float]) -> bool:
        """Whether something was lost since the last time. A microphone that catches up has lost nothing."""
        (before, best_s), (underflows, behind_s) = (self._underflows, self._behind_s), counters
        gap = behind_s > best_s + GAP_S
        self._underflows = underflows
        self._behind_s = behind_s if gap else min(best_s, behind_s) + 1e-4  # a clock may be slower by a little
        return gap or underflows > before


class Duplex:
    """Belongs to the main loop, but for ``reference`` and ``taken``."""

    def __init__(
        self,
        wanted: EchoMode,
        ear: Hearing,
        make_canceller: Callable[[], EchoCanceller],
        make_detector: Callable[[], SpeechDetector],
        changed: Callable[[bool], None] = lambda full: None,
    ) -> None:
        """``changed`` is told when it changes after the test. Raises DeviceError where full duplex cannot be."""
        self.reference = Reference()
        self._wanted, self._ear, self._changed = wanted, ear, changed
        self._path = EchoPath(make_canceller, self._watch)
        self._judge = EchoJudge()
        self._detector = make_detector()
        self._segmenter = Segmenter(segmenter_for(self._detector))
        self._framing = Framing(self._detector.frame_samples)
        self._frames: list[EchoFrame] = []
        self._tested = False
        self._falls = 0
        self._doubt = _Doubt()
        self._lost_s: deque[float] = deque(maxlen=OFTEN)
        """When sound was lost lately, on the ear's clock; once a second."""
        self._raw = np.zeros(0, np.float32)
        ear.quick, ear.own, ear.raw = QuickWebrtc().share, self._own, self.raw
        self.ear_full(wanted == "full")
        self.lost_sound()  # nothing is known yet

    @property
    def full(self) -> bool:
        """The guide listens while it speaks."""
        return self._ear.gate.full

    @property
    def judge(self) -> EchoJudge:
        """What was seen of the canceller's work."""
        return self._judge

    def ear_full(self, on: bool) -> None:
        self._ear.gate.full = on

    # ------------------------------------------------------------------ sound

    def taken(self) -> list[Played]:
        """What was played since the last time; for the microphone's thread."""
        return self.reference.take()

    def clean(self, chunks: Sequence[Chunk]) -> Samples:
        """What the ear is to hear. The microphone's own sound stays at hand for ``raw``."""
        cleaned = []
        for played, chunk in chunks:
            clean, raw = self._path.clean(played, chunk)
            cleaned.append(clean)
            self._raw = np.concatenate([self._raw[-round(RAW_S * HEAR_HZ) :], raw])
        return np.concatenate(cleaned) if cleaned else np.zeros(0, np.float32)

    def _own(self) -> bool:
        """Whether what is heard now is what was played; then the canceller was led astray, told of or not."""
        alike = likeness(self._path.left.sound, self._path.played.sound)
        if alike >= SURELY:
            self.lost_sound()
        return alike >= LIKE

    def raw(self, start_s: float, end_s: float) -> Samples:
        """The microphone's own sound between two recent moments of the ear's clock."""
        begin = round(self._ear.now * HEAR_HZ) - len(self._raw)
        return self._raw[max(0, round(start_s * HEAR_HZ) - begin) : max(0, round(end_s * HEAR_HZ) - begin)]

    def _watch(self, frame: EchoFrame) -> None:
        """Every 10 ms; judged by tenths of a second."""
        self._frames.append(frame)
        if len(self._frames) < _BLOCK_FRAMES:
            return
        frames, self._frames = self._frames, []
        raw = np.concatenate([frame.raw for frame in frames])
        cleaned = np.concatenate([frame.cleaned for frame in frames])
        voice = not self.full and self._voice_in(cleaned)
        played_db = max(frame.played_db for frame in frames)
        if self._doubt.lasts(self._judge.block(played_db, level_db(raw), level_db(cleaned), voice)):
            self._ear.doubtful_until_s = max(self._ear.doubtful_until_s, self._ear.now + 2.0 * BLOCK_S)
        self._reconsider()

    def _voice_in(self, cleaned: Samples) -> bool:
        for frame in self._framing.push(cleaned):
            self._segmenter.feed(self._ear.now, self._detector.probability(frame))
        return self._segmenter.speaking

    # ------------------------------------------------------------------ which

    def tested(self, echo: Echo | None) -> Literal["full", "half"]:
        """The self-test is over: what the chirp told, if it could be played, and what the greeting showed."""
        if echo is not None and echo.outcome != "unheard" and echo.delay_s > FAR_S:
            self._path.hold_back(echo.delay_s - NEAR_S)
            self._judge.forget()
        verdict = self._judge.verdict
        if verdict is None and echo is not None:
            verdict = echo.outcome == "unheard"
        self._tested = True
        self.ear_full(self._wanted == "full" or (bool(verdict) and not self._lost_often))
        return "full" if self.full else "half"

    def _reconsider(self) -> None:
        if self._wanted != "auto" or not self._tested or self._falls >= MOST_FALLS:
            return
        often = self._lost_often
        if self.full and (self._judge.broken or often):
            self._falls += 1
            self._switch(on=False)
        elif not self.full and self._judge.verdict and not often:
            self._switch(on=True)

    @property
    def _lost_often(self) -> bool:
        return len(self._lost_s) == OFTEN and self._ear.now - self._lost_s[0] < OFTEN_S

    def _switch(self, *, on: bool) -> None:
        self.ear_full(on)
        self._judge.forget()
        self._changed(on)

    def lost_sound(self) -> None:
        """An underflow or a gap."""
        now = self._ear.now
        self._doubt = _Doubt(GOOD_BLOCKS, MOST_BLOCKS)
        self._ear.doubtful_until_s = now + DOUBTFUL_S
        if not self._lost_s or now - self._lost_s[-1] >= 1.0:
            self._lost_s.append(now)

    def device_back(self) -> None:
        """Another stream: the canceller learns anew, and has to be judged anew."""
        self.reference.clear()
        self._path.restart()
        self._judge.forget()
        self.lost_sound()
        if self._wanted == "auto":
            self.ear_full(False)


def make_duplex(
    plan: StartPlan, ear: Hearing, changed: Callable[[bool], None], make: Callable[[], EchoCanceller] | None = None
) -> Duplex | None:
    """None where half duplex was asked for, or nothing can cancel echoes; the latter is told where it was asked for."""
    if plan.echo == "half":
        return None
    try:
        return Duplex(plan.echo, ear, make or LivekitCanceller, lambda: make_detector(plan.detector), changed)
    except DeviceError as error:
        if plan.echo == "full":
            output.error(f"{error.message} The guide does not listen while it speaks. {error.hint}".strip())
        return None
