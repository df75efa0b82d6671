"""An aid that the couple may switch on: a sender who says always, never, you are is offered a gentler beginning.

Once in each pass, in the couples dialogue alone (``mirror = "deep"``): "you always make me laugh" is a fine thing to
hear in an appreciation. The words are not judged aloud, and whatever is said next is the piece (domain §1.6).
"""

from __future__ import annotations

from voice_imago.dialogue.facilitation import Move
from voice_imago.dialogue.openings import Openings
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.script_shape import Step
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import State

__all__ = ["MOVE", "generalises", "is_due", "is_on", "offered", "switched"]

MOVE = Move(2, "guide.try_when")
"""A sentence with the stem; there is no firmer one."""
SLOT = "word_aid"
_LAST = "word_aid_last"
"""Who was offered it last: in each pass it is the other one's turn to send."""
_ON, _OFF = Slot("yes"), Slot("no")


def is_on(state: State) -> bool:
    return state.slots.get(SLOT, _OFF).meaning == "yes"


def switched(state: State, *, on: bool) -> State:
    return state.keep(SLOT, _ON if on else _OFF)


def is_due(state: State, step: Step, text: str | None, replies: Replies, openings: Openings) -> bool:
    """Whether these words of the sender call for it; ``state``, ``step``: where they were spoken."""
    if not text or not is_on(state) or "deep" not in (step.mirror, state.call.mode):
        return False
    return state.slots.get(_LAST) != _of(state) and generalises(text, replies, openings)


def generalises(text: str, replies: Replies, openings: Openings) -> bool:
    """Whether a sender's words say always or never of the other one, or begin by saying what the other one is."""
    return replies.holds(text, "always_never") or openings.says_what_you_are(text)


def offered(state: State) -> State:
    """It was offered to whoever sends."""
    return state.keep(_LAST, _of(state))


def _of(state: State) -> Slot:
    return Slot(f"name:{state.sender}")
