"""Taking a turn back: the state before it is put back as a whole, since it is one frozen value.

Two turns can be taken back: the one that silence may have ended wrongly (the same voice goes on), as long as nobody has
decided anything since; and the last one that moved the dialogue on ("not me", or its words say that it was none).
"""

from __future__ import annotations

from dataclasses import replace

from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.state import Before, Phase
from voice_imago.events import Effect, Expect

__all__ = ["GoingBack"]


class GoingBack:
    """Remembers where the dialogue was when the last turns were over."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._before: Before | None = None
        """The last end of a turn, as long as silence may have ended it wrongly."""
        self._taken: Before | None = None
        """The last turn step that was done, as long as it may be said that it was somebody else's."""

    def note(self, turn: int) -> None:
        """A turn is over; this is where we are."""
        self._before = Before(turn, self._guide.state, self._guide.wording.heard)

    def settle(self) -> None:
        """The last end of a turn stands: something was decided, or its sound is in use."""
        self._before = None

    def took(self) -> None:
        """The turn moved the dialogue on."""
        guide = self._guide
        if guide.state.phase is Phase.WORKING:
            self.settle()
        elif self._before is not None:
            self._taken = replace(self._before, led_to=guide.state.visit)

    @property
    def taken(self) -> Before | None:
        """The turn that moved the dialogue on last, if nothing else has happened since."""
        state, taken = self._guide.state, self._taken
        seen_off = state.phase is Phase.SPEAKING and state.after in ("pause", "stop")
        stands = taken is not None and taken.led_to == state.visit and state.phase is not Phase.PAUSED
        return taken if stands and not seen_off else None

    def undo(self, at: float, turn: int) -> list[Effect] | None:
        """The end of ``turn`` was wrong, the same voice goes on: be where we were; None if it is too late."""
        guide, before = self._guide, self._before
        if before is None or before.turn != turn or guide.state.phase is Phase.OVER:
            return None
        guide.at = at
        self.put_back(before)
        guide.emit(Expect(guide.window()))
        return guide.flush()

    def put_back(self, before: Before) -> None:
        """Be where we were when that turn was not over yet."""
        guide = self._guide
        self._before = self._taken = None
        guide.hush()
        now = guide.state
        guide.state = replace(before.state, first=now.first, switched_off=now.switched_off)
        guide.wording.remember(before.heard)
        guide.microphone(on=True)
        if now.visit != guide.state.visit:
            guide.tell_step()
