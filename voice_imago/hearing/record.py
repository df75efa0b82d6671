"""Why each turn ended when it did: what ``explain`` shows. Bounded: the last turns, the last seconds of each."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from voice_imago.events import Speaker, TurnExplained, Why, Window
from voice_imago.hearing.endpointing import Patience
from voice_imago.hearing.speakers import LabelledSpan

KEPT_TURNS = 64
STRIP_S = 12.0
"""Seconds of probability kept before the end of a turn."""


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One ended turn, explained."""

    turn: int
    window: Window
    speaker: Speaker | None
    margin_nats: float
    """Evidence for the speaker; 0 without voiceprints."""
    start: float
    end: float
    decided: float
    why: Why
    patience: Patience
    spans: tuple[LabelledSpan, ...] = ()
    strip: tuple[float, ...] = ()
    """Probability of speech per frame up to ``decided``."""

    @property
    def silence_s(self) -> float:
        """Silence at the moment of deciding."""
        return max(0.0, self.decided - self.end)

    def fact(self, at: float, frame_s: float) -> TurnExplained:
        """The record as it is published."""
        return TurnExplained(
            at=at,
            turn=self.turn,
            speaker=self.speaker,
            step=self.window.step,
            kind=self.window.kind,
            start=self.start,
            end=self.end,
            decided=self.decided,
            why=self.why,
            margin_nats=self.margin_nats,
            step_s=self.patience.step_s,
            thinking=self.patience.thinking,
            learned=self.patience.learned,
            extra_s=self.patience.extra_s,
            least_s=self.patience.least_s,
            frame_s=frame_s,
            strip=self.strip,
            spans=tuple((span.start, span.end, span.speaker) for span in self.spans),
        )


class TurnRecords:
    """The last turns' records, and the strip that the next one will hold."""

    def __init__(self, frame_s: float) -> None:
        self._strip: deque[float] = deque(maxlen=self.longest(frame_s))
        self._records: OrderedDict[int, TurnRecord] = OrderedDict()

    @staticmethod
    def longest(frame_s: float) -> int:
        """Frames that the strip holds."""
        return round(STRIP_S / frame_s)

    def frame(self, speech: float) -> None:
        """One more frame's probability."""
        self._strip.append(speech)

    def keep(self, record: TurnRecord, spans: Sequence[LabelledSpan]) -> None:
        """A turn has ended; one that had ended before and was reopened keeps its earlier spans."""
        before = self._records.pop(record.turn, None)
        earlier = () if before is None else before.spans
        self._records[record.turn] = replace(record, spans=(*earlier, *spans), strip=tuple(self._strip))
        while len(self._records) > KEPT_TURNS:
            self._records.popitem(last=False)

    def get(self, turn: int) -> TurnRecord | None:
        """A turn's record, if it is still kept."""
        return self._records.get(turn)
