"""What a session is told beside the script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voice_imago.dialogue.course import Course
from voice_imago.hearing.hearing import HearingSettings

__all__ = ["SessionSettings"]


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What a session needs to know beside the script."""

    course: Course
    hearing: HearingSettings
    recogniser: str = "none"
    """Its name, for the event stream."""
    echo: Literal["half", "full"] = "half"
