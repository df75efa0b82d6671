"""Does somebody speak over the guide? Suspected after two frames of speech, certain after a fifth of a second. Pure.

Counts only speech that began while the guide was speaking: whoever was speaking before goes on with a turn, which is
the turn's matter. Where sound was lost a moment ago nobody is believed. After two false alarms in one prompt a
suspicion is ignored: a cough or a television does not make the guide stammer.

Measured with Silero behind WebRTC's echo canceller (benchmarks/barge_in.py): no prompt was ever taken for a voice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from voice_imago.events import FrameHeard
from voice_imago.hearing.framing import whole_frames

__all__ = ["Alarm", "BargeIn", "BargeInSettings"]

Alarm = Literal["suspected", "certain", "over"]


@dataclass(frozen=True, slots=True)
class BargeInSettings:
    """How soon the guide gives way."""

    frame_s: float = 0.032
    speech: float = 0.5
    """Probability from which a frame counts."""
    suspect_s: float = 0.064
    """Of speech within twice as long."""
    certain_s: float = 0.16
    """Of speech within twice as long."""
    over_s: float = 0.4
    """Silence after which a false alarm is over;"""
    rest_s: float = 0.7
    """and after which somebody who surely spoke has finished."""
    longest_s: float = 12.0
    """Longer than this nobody is waited for."""
    false_alarms: int = 2
    """After so many in one prompt nothing is suspected any more, only certain."""


class BargeIn:
    """Feed it every frame in which the guide is in the air, and those after it until the alarm is over."""

    def __init__(self, settings: BargeInSettings | None = None) -> None:
        self._settings = s = settings or BargeInSettings()
        self._suspect = whole_frames(s.suspect_s, s.frame_s)
        self._certain = whole_frames(s.certain_s, s.frame_s)
        self._recent: deque[bool] = deque(maxlen=2 * self._certain)
        self._alarm: Alarm | None = None
        self._since = 0.0
        self._silent_s = 0.0
        self._false = 0
        self._running = False
        """Speech that began before the prompt."""

    @property
    def alarm(self) -> Alarm | None:
        """What is believed now: suspected, certain, or nothing."""
        return self._alarm

    def prompt_began(self, *, speaking: bool) -> None:
        """Another prompt: ``speaking``: somebody has not finished yet."""
        self._recent.clear()
        self._running, self._false, self._silent_s = speaking, 0, 0.0
        self._alarm = None

    def feed(self, frame: FrameHeard) -> Alarm | None:
        """What this frame changes."""
        speech = not frame.gated and not frame.doubtful and frame.speech >= self._settings.speech
        self._silent_s = 0.0 if speech else self._silent_s + self._settings.frame_s
        if self._running:
            self._running = self._silent_s < 0.2
            return None
        self._recent.append(speech)
        if self._alarm is not None and self._is_over(frame.at):
            self._false += self._alarm == "suspected"
            self._alarm = None
            self._recent.clear()
            return "over"
        return self._raised(frame) if frame.over else None

    def _is_over(self, at: float) -> bool:
        s = self._settings
        if at - self._since > s.longest_s:
            self._running = True
            return True
        return self._silent_s >= (s.rest_s if self._alarm == "certain" else s.over_s)

    def _raised(self, frame: FrameHeard) -> Alarm | None:
        recent, s = list(self._recent), self._settings
        if self._alarm != "certain" and sum(recent) >= self._certain:
            if self._alarm is None:
                self._since = frame.at
            self._alarm = "certain"
            return "certain"
        suspicious = sum(recent[-2 * self._suspect :]) >= self._suspect
        if self._alarm is None and suspicious and self._false < s.false_alarms:
            self._alarm, self._since = "suspected", frame.at
            return "suspected"
        return None
