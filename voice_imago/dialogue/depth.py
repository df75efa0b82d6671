"""How many pieces in a row stayed on the surface: a graph may then offer a stem that leads deeper (domain §1.1, D6).

A piece is deep if it holds a phrase of the list ``deeper`` ("I feel", "it hurts"). What was not understood counts as
surface: an offer does no harm. The count is the slot ``surface``, for branches of the mirror graph.
"""

from __future__ import annotations

from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.slots import Slot

__all__ = ["first_piece", "piece_done", "words_came"]

SLOT = "surface"


def first_piece(guide: Guide) -> None:
    """A mirror begins: nothing was sent in it so far."""
    _keep(guide, 0)


def piece_done(guide: Guide) -> None:
    """A piece was mirrored and found right."""
    sent, before = guide.state.sent, guide.state.slots.get(SLOT)
    deep = sent is not None and _deep(guide, sent.text)
    _keep(guide, 0 if deep or before is None else int(before.meaning.partition(":")[2]) + 1)


def words_came(guide: Guide, text: str) -> None:
    """The words of a piece arrived after it was counted."""
    if _deep(guide, text):
        _keep(guide, 0)


def _deep(guide: Guide, text: str | None) -> bool:
    return bool(text) and guide.replies.holds(text or "", "deeper")


def _keep(guide: Guide, pieces: int) -> None:
    guide.state = guide.state.keep(SLOT, Slot(f"number:{pieces}"))
