"""What no event may hold: words said by one partner alone, and what the guide made of them. Pure.

Words arrive late and prompts are over late, so it counts where the dialogue was when they were said, not only where it
is when they are told.
"""

from __future__ import annotations

from dataclasses import replace

from voice_imago.effects import Say
from voice_imago.facts import Fact, PromptFinished, PromptStarted, Reply, Transcript

__all__ = ["Discretion"]


class Discretion:
    """Remembers what was said by one partner alone."""

    def __init__(self) -> None:
        self._alone = False
        self._turns: set[int] = set()

    def at(self, *, alone: bool) -> None:
        """This is how the next input finds the dialogue."""
        self._alone = alone

    def turn(self, number: int) -> None:
        """A piece of this turn was said just now."""
        if self._alone:
            self._turns.add(number)

    def line(self, say: Say, *, alone: bool) -> Say:
        """The prompt as it may be told of."""
        return replace(say, text="") if alone or self._alone else say

    def told(self, fact: Fact, *, alone: bool) -> Fact:
        """The fact as it may stand in an event."""
        hidden = alone or self._alone
        if isinstance(fact, Transcript) and (hidden or fact.turn in self._turns):
            return replace(fact, text="")
        if isinstance(fact, PromptStarted | PromptFinished) and alone:
            return replace(fact, text="")
        return replace(fact, meaning="") if isinstance(fact, Reply) and hidden else fact
