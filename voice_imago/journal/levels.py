"""How much is kept, and who decides it: the stricter of two wishes.

none          nothing at all
counts        that, when and how long; no word, no name, partners as 0 and 1
notes         also what both agreed on, in words: requests, dates, shared lists
transcript    also what was said; never sound
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from voice_imago.words import Partner

__all__ = ["LEVELS", "Consent", "Level", "allows", "as_level", "stricter"]

Level = Literal["none", "counts", "notes", "transcript"]
LEVELS: tuple[Level, ...] = ("none", "counts", "notes", "transcript")
"""From the strictest to the fullest."""


def as_level(word: str) -> Level:
    """The level of that name; anything else is the strictest."""
    return next((level for level in LEVELS if level == word), "none")


def allows(level: Level, wanted: Level) -> bool:
    """Whether what belongs to ``wanted`` may be written at ``level``."""
    return LEVELS.index(level) >= LEVELS.index(wanted)


def stricter(one: Level, two: Level) -> Level:
    return min(one, two, key=LEVELS.index)


@dataclass(frozen=True, slots=True)
class Consent:
    """What each of the two wants to be kept of this session."""

    wishes: tuple[Level | None, Level | None] = (None, None)
    """None: not said yet, so nothing is kept."""

    def wished(self, by: Partner, level: Level) -> Consent:
        """After one of them has spoken; a later wish takes the place of an earlier one."""
        first, second = self.wishes
        return replace(self, wishes=(level, second) if by == 0 else (first, level))

    @property
    def decided(self) -> bool:
        """Both have spoken."""
        return None not in self.wishes

    @property
    def refused(self) -> bool:
        """One of them wants nothing kept, whatever the other one says."""
        return "none" in self.wishes

    @property
    def level(self) -> Level:
        first, second = self.wishes
        return stricter(first or "none", second or "none")
