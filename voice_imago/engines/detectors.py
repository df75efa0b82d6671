"""Which speech detector: Silero where it runs, webrtcvad elsewhere."""

from __future__ import annotations

from typing import Literal

from voice_imago.engines.detector_silero import SileroDetector
from voice_imago.engines.detector_webrtc import WebrtcDetector
from voice_imago.engines.ports import HEAR_HZ, SpeechDetector
from voice_imago.errors import ModelError, UsageError
from voice_imago.hearing.endpointing import EndpointSettings, Thinking
from voice_imago.hearing.hearing import HearingSettings
from voice_imago.hearing.segmenter import SegmenterSettings

DetectorName = Literal["auto", "silero", "webrtc"]


def make_detector(name: DetectorName = "auto") -> SpeechDetector:
    """The detector of that name; ``auto`` falls back to webrtcvad where Silero cannot run. Raises ModelError."""
    if name == "webrtc":
        return WebrtcDetector()
    if name == "silero":
        return SileroDetector()
    if name != "auto":
        raise UsageError(f"There is no speech detector called {name!r}.", "Choose auto, silero or webrtc.")
    try:
        return SileroDetector()
    except ModelError:
        return WebrtcDetector()


def settings_for(
    detector: SpeechDetector,
    *,
    thinking: Thinking = "normal",
    continuous: bool = False,
) -> HearingSettings:
    """Hearing's settings for a detector; see the fields of ``HearingSettings``."""
    least_s: float = getattr(detector, "least_end_s", SileroDetector.least_end_s)
    endpoint = EndpointSettings(thinking=thinking, continuous=continuous, least_s=least_s)
    return HearingSettings(segmenter_for(detector), endpoint)


def segmenter_for(detector: SpeechDetector) -> SegmenterSettings:
    """The thresholds that go with a detector; Silero's for one that brings none."""
    on = getattr(detector, "on", SileroDetector.on)
    off = getattr(detector, "off", SileroDetector.off)
    return SegmenterSettings(frame_s=detector.frame_samples / HEAR_HZ, lag_s=detector.lag_s, on=on, off=off)
