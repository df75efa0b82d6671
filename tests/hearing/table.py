"""A kitchen table made of numbers: who speaks for how long, frame by frame, and what hearing concludes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from voice_imago.events import FrameHeard, HearingFact, Kind, Partner, VoiceScored, Window
from voice_imago.hearing.endpointing import EndpointSettings
from voice_imago.hearing.hearing import Hearing, HearingSettings
from voice_imago.hearing.segmenter import SegmenterSettings

FRAME_S = 0.032
NATS = {0: 4.0, 1: -4.0, None: None}


def window(
    actor: Partner | None = 0,
    next_actor: Partner | None = 1,
    kind: Kind = "send",
    end_silence_s: float = 2.5,
    *,
    step: str = "feeling",
    reminders_s: tuple[float, ...] = (),
    talk_limits_s: tuple[float, ...] = (),
) -> Window:
    return Window(step, actor, next_actor, kind, end_silence_s, reminders_s, talk_limits_s)


def settings(**endpoint: object) -> HearingSettings:
    """No lag, nothing learnt: times can be read off the script."""
    values = {"learn": False, **endpoint}
    return HearingSettings(SegmenterSettings(lag_s=0.0), EndpointSettings(**values))  # type: ignore[arg-type]


@dataclass
class Table:
    """Drives one ``Hearing``; ``voices`` says whether a voiceprint has opinions."""

    hearing: Hearing = field(default_factory=lambda: Hearing(settings()))
    voices: bool = True
    frames: int = 0
    facts: list[HearingFact] = field(default_factory=list)

    @property
    def now(self) -> float:
        return self.frames * FRAME_S

    def expects(self, expected: Window | None) -> None:
        self.facts += self.hearing.expect(expected, self.now)

    def speaks(self, who: Partner | None, seconds: float, *, level_db: float = -30.0) -> None:
        """``who`` None: somebody without any opinion of the voiceprint."""
        self._pass(seconds, 0.9, NATS[who] if self.voices else None, level_db)

    def pauses(self, seconds: float) -> None:
        self._pass(seconds, 0.02, None)

    def gated(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.frames += 1
            self.facts += self.hearing.feed(FrameHeard(self.now, 0.0, gated=True))

    def stranger_speaks(self, seconds: float) -> None:
        """Neither partner's voice: windows of 1.2 s say so."""
        for n in range(round(seconds / FRAME_S)):
            self._pass(FRAME_S, 0.9, 0.0)
            if n % 12 == 11 and n > 36:
                self.facts += self.hearing.feed(VoiceScored(self.now, self.now - 1.2, self.now, 1.0, 1.5))

    def both_speak(self, seconds: float, windows_nats: float) -> None:
        """Partner 0 and the other one at once: frames lean to partner 0, windows of 1.2 s say what they say."""
        for n in range(round(seconds / FRAME_S)):
            self._pass(FRAME_S, 0.9, 2.4)
            if n % 6 == 5 and n > 36:
                self.facts += self.hearing.feed(VoiceScored(self.now, self.now - 1.2, self.now, windows_nats, 0.0))

    def ends(self, why: str) -> None:
        self.facts += self.hearing.end_turn(self.now, why)  # type: ignore[arg-type]

    def all(self, kind: type) -> list[HearingFact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def names(self) -> list[str]:
        return [type(fact).__name__ for fact in self.facts]

    def _pass(self, seconds: float, speech: float, llr: float | None, level_db: float = -30.0) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.frames += 1
            self.facts += self.hearing.feed(FrameHeard(self.now, speech, level_db, llr))


def listening(expected: Window | None = None, *, voices: bool = True, **endpoint: object) -> Table:
    """A table with an open window."""
    table = Table(Hearing(settings(**endpoint)), voices)
    table.expects(window() if expected is None else expected)
    return table


def types(facts: Iterable[HearingFact]) -> list[str]:
    return [type(fact).__name__ for fact in facts]
