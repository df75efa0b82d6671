"""What is to be guided, for whom, and what the program can hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from voice_imago.dialogue.script_names import EARCONS
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.tuning import Tunings, VoiceTuning
from voice_imago.events import Partner, Words

__all__ = ["Course", "VoicesKnown", "Words"]

VoicesKnown = Literal["none", "known", "learn"]


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be guided, for whom."""

    dialogue: str
    language: str
    partners: tuple[str, str]
    first: Partner = 0
    """Who is the sender first."""
    words: Words = "speech"
    """What the recogniser understands."""
    opening: tuple[str, ...] = ("guide.hello", "guide.limits")
    """Prompts before the first step."""
    prelude: tuple[str, ...] = ()
    """Shared graphs walked after the greeting and before the dialogue, in order."""
    voices: VoicesKnown = "none"
    """Whether hearing tells the voices apart; ``learn``: it will, from the first turns."""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    """What is known beforehand (``script_names.KNOWN_SLOTS``)."""
    began: datetime | None = None
    """The wall-clock time at which the session began; "at eight" counts from it. None: nobody says."""
    offered: bool = False
    """A session that was broken off is offered to be taken up, and not taken up at once."""
    earcons: Literal["sounds", "words", "off"] = "sounds"
    """Short tones, or words in their place where nothing else says the same."""
    earcons_known: frozenset[str] = frozenset(EARCONS)
    """Tones that need no introduction any more."""
    mute: Literal["", "voice", "text"] = ""
    """The guide is only read, or only heard; where it is only read, words take the place of tones."""
    tunings: Tunings = (VoiceTuning(), VoiceTuning())
    """How the guide speaks to each partner."""
