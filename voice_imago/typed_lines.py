"""Lines that are typed instead of spoken: each is a whole turn with its words. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from voice_imago.events import LineTyped, Speaker, Transcript, TurnEnded, TurnHeard, Utterance

__all__ = ["TypedLines"]


@dataclass(slots=True)
class TypedLines:
    """Lines that wait until somebody listens, and the turns that they become."""

    waiting: deque[LineTyped] = field(default_factory=deque)
    _turns: int = 0

    def turn(
        self, at: float, text: str, by: Speaker | None, *, withheld: bool
    ) -> tuple[TurnEnded, Transcript, TurnHeard]:
        """What a spoken turn would have been; typed turns have numbers below zero. ``withheld``: without its words."""
        self._turns += 1
        ended = TurnEnded(at, -self._turns, by, at, at, at, "key")
        said = "" if withheld else text
        return ended, Transcript(at, ended.turn, said, True, 0.0), TurnHeard(at, ended, (Utterance(by, said),))
