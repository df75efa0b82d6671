"""A table with a loudspeaker: made voices, the guide's own echo, and the real ear on the sample clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from made_voices import HZ, MadeVoice, Samples, silence
from table import window

from voice_imago.engines.detectors import DetectorName, make_detector, settings_for
from voice_imago.engines.ports import Voiceprint
from voice_imago.events import HearingFact, TurnEnded, TurnPaused, TurnReopened, Window
from voice_imago.hearing.gate import prompt_forecast
from voice_imago.hearing.hearing import Hearing
from voice_imago.runtime.ear import Ear

GUIDE = MadeVoice(pitch_hz=165.0, tract=1.02, seed=9, level_db=-18.0)
LATE_S = 0.04
"""How much later the room hears what the loudspeaker is given."""
CHUNK = 160


def echo(prompt: Samples, coupling_db: float) -> Samples:
    """The prompt as the microphone hears it: through a room of 0.3 s, ``coupling_db`` quieter altogether."""
    random = np.random.default_rng(4)
    decay = random.normal(0.0, 1.0, round(0.3 * HZ)) * 10.0 ** (-3.0 * np.arange(round(0.3 * HZ)) / (0.3 * HZ))
    decay[0] = 6.0  # the direct sound
    heard = np.convolve(prompt, decay)
    loud = 10.0 ** (coupling_db / 20.0) * np.sqrt(np.mean(prompt**2) / np.mean(heard[: len(prompt)] ** 2))
    return np.concatenate((np.zeros(round(LATE_S * HZ)), heard * loud)).astype(np.float32)


@dataclass
class EchoingTable:
    """``speech`` is what the partner says; the guide answers the first end of a turn with ``prompt``."""

    speech: Samples
    prompt: Samples
    echo_db: float
    """What the room does."""
    coupling_db: float | None
    """What was measured."""
    detector: DetectorName = "silero"
    late_s: float = 0.0
    """From the end of the turn to the prompt."""
    voiceprint: Voiceprint | None = None
    facts: list[HearingFact] = field(default_factory=list)
    prompted_at: float | None = None

    def __post_init__(self) -> None:
        made = make_detector(self.detector)
        self.ear = Ear(made, self.voiceprint)
        self.ear.gate.coupling_db = self.coupling_db
        self.hearing = Hearing(settings_for(made))
        self.hearing.expect(window(), 0.0)
        self.quiet = self.speech + silence(len(self.speech) / HZ)[: len(self.speech)]
        self.sound = self.quiet.copy()

    def run(self) -> EchoingTable:
        begin, due = 0, None
        while begin < len(self.sound):
            heard = self.ear.hear(self.sound[begin : begin + CHUNK])
            begin += CHUNK
            new = [fact for item in heard for fact in self.hearing.feed(item)]
            self.facts += new
            if any(isinstance(fact, TurnEnded) for fact in new) and self.prompted_at is None:
                due = begin + round(self.late_s * HZ)
            if due is not None and begin >= due:
                self._play(begin)
                due = None
            if any(isinstance(fact, TurnReopened) for fact in new):
                due = None
                self._hush(begin)
        return self

    def _play(self, begin: int) -> None:
        self.prompted_at = begin / HZ
        pcm: npt.NDArray[np.int16] = np.rint(self.prompt * 32767.0).astype(np.int16)
        self.ear.gate.shut(forecast=prompt_forecast(pcm, HZ, self.ear.now))
        heard = echo(self.prompt, self.echo_db)[: len(self.sound) - begin]
        self.sound[begin : begin + len(heard)] += heard

    def _hush(self, begin: int) -> None:
        """The prompt stops; what the room still has of it dies away within the gate's tail."""
        if self.prompted_at is not None:
            self.sound[begin:] = self.quiet[begin:]
            self.ear.gate.open_after(self.ear.now)
        self.hearing.expect(Window("feeling", 0, 1, "send", 2.5), self.ear.now)

    def all(self, kind: type) -> list[HearingFact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def covers(self, start: float, end: float) -> bool:
        """Whether the recogniser's pieces hold all of the sound between two moments."""
        pieces = [fact for fact in self.facts if isinstance(fact, TurnPaused)]
        return any(piece.start <= start and end <= piece.end for piece in pieces)
