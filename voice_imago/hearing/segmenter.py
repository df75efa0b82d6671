"""Speech probability per frame -> speech started, speech ended.

    quiet ──p ≥ on──► onset ──spoken for onset_s──► speech ──silent for hangover_s──► quiet
                        └──silent for hangover_s (a click)──► quiet

*Hysteresis*: a frame speaks when its probability reaches ``on``; inside speech, silence counts from the first
frame below ``off`` until a frame reaches ``on`` again. *Onset*: speech is believed once it lasted
``onset_s``, and then began where it began. *Hangover*: silence tolerated inside speech. *Lag*: the detector's
output trails the sound by ``lag_s`` at both ends; it is taken out of every time told here, never of the
moment of deciding. The rules are those of Silero's own ``get_speech_timestamps``, made streaming. Whole
frames are counted, no float adds up.
"""

from __future__ import annotations

from dataclasses import dataclass

from voice_imago.hearing.framing import whole_frames


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    """Thresholds that go with one detector."""

    frame_s: float = 0.032
    """Seconds per frame."""
    lag_s: float = 0.06
    """Seconds by which the detector's output trails the sound."""
    on: float = 0.4
    """Probability that starts speech."""
    off: float = 0.3
    """Probability below which silence begins."""
    onset_s: float = 0.1
    """Seconds of speech before it is believed."""
    hangover_s: float = 0.2
    """Seconds of silence that end a segment."""

    def __post_init__(self) -> None:
        if not 0.0 < self.off <= self.on < 1.0:
            raise ValueError(f"needs 0 < off <= on < 1, not off {self.off} and on {self.on}")
        if self.frame_s <= 0.0 or self.lag_s < 0.0:
            raise ValueError("a frame needs a length and the lag cannot be negative")


@dataclass(frozen=True, slots=True)
class Started:
    start: float
    """Seconds, lag removed."""


@dataclass(frozen=True, slots=True)
class Ended:
    start: float
    end: float
    """Seconds, lag removed."""


class Segmenter:
    """Feed it every frame in order; at most one change comes out of each."""

    def __init__(self, settings: SegmenterSettings | None = None) -> None:
        self._settings = s = settings or SegmenterSettings()
        self._onset_frames = whole_frames(s.onset_s, s.frame_s)
        self._hangover_frames = whole_frames(s.hangover_s, s.frame_s)
        self._believed = False
        self._frames = 0
        self._silent = 0
        self._start = 0.0
        self._last_end = 0.0

    @property
    def speaking(self) -> bool:
        """Speech was believed and has not ended."""
        return self._believed

    @property
    def running(self) -> bool:
        """Speech, or what may become speech, or the hangover behind it."""
        return self._frames > 0

    @property
    def voiced(self) -> bool:
        """The last frame spoke, whether it is believed yet or not."""
        return self._frames > 0 and not self._silent

    @property
    def silent_frames(self) -> int:
        """Frames of silence at the end of what is running."""
        return self._silent

    @property
    def start(self) -> float:
        """Seconds where what is running began."""
        return self._start

    def feed(self, at: float, speech: float) -> Started | Ended | None:
        """One frame that ended at ``at`` with this probability of speech."""
        if not self._frames:
            if speech >= self._settings.on:
                self._begin(at)
                return self._believe()
            return None
        self._frames += 1
        if speech >= self._settings.on:
            self._silent = 0
        elif self._silent or speech < self._settings.off:
            self._silent += 1
        if self._silent >= self._hangover_frames:
            return self.close(at)
        return None if self._believed else self._believe()

    def close(self, at: float) -> Ended | None:
        """End what is running now (the microphone was gated, the recording is over)."""
        s = self._settings
        ended = Ended(self._start, max(self._start, at - self._silent * s.frame_s - s.lag_s))
        was_speech = self._believed
        self._frames = self._silent = 0
        self._believed = False
        if not was_speech:
            return None
        self._last_end = ended.end
        return ended

    def _begin(self, at: float) -> None:
        s = self._settings
        self._frames = 1
        self._start = max(self._last_end, at - s.frame_s - s.lag_s, 0.0)

    def _believe(self) -> Started | None:
        if self._frames - self._silent < self._onset_frames:
            return None
        self._believed = True
        return Started(self._start)
