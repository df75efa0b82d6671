"""The pieces of sound that wait to be recognised: answers first, then pieces as they came. Pure.

When pieces pile up, neighbours of one turn are joined, up to one model window: each window costs the same
however full it is, so joining is what catches up. Nothing is dropped: the bound is two hours of waiting speech
(230 MB), more than any evening holds. Only a look at last words gives way to a newer one; its sound comes again in
a piece.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, Pcm, Samples

FULL_SCALE = 32767.0


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Sound that waits for its text."""

    ids: tuple[int, ...]
    """Requests it answers; more than one after joining."""
    pcm: Pcm
    """16 kHz mono; half the size of what the recogniser gets."""
    short: bool
    turn: int | None
    submitted_s: tuple[float, ...]
    """Wall-clock seconds at which each request came."""
    tries: int = 0
    """Workers that died or hung over it."""
    look: bool = False
    """A look at words whose sound comes again."""

    @property
    def length_s(self) -> float:
        return self.pcm.size / HEAR_HZ

    @property
    def sound(self) -> Samples:
        """What the recogniser gets: float32 in -1..1."""
        return self.pcm.astype(np.float32) / np.float32(FULL_SCALE)


def as_pcm(sound: Samples) -> Pcm:
    """Sound in -1..1 as it waits."""
    pcm: Pcm = np.rint(sound * FULL_SCALE).astype(np.int16)
    return pcm


@dataclass(slots=True)
class PieceQueue:
    """First come, first served, except that answers jump the queue and neighbours may be joined."""

    window_s: float = 28.0
    """Seconds; pieces are not joined beyond this."""
    longest_wait_s: float = 7200.0
    """Seconds of waiting sound that are kept."""
    _answers: deque[Piece] = field(default_factory=deque)
    _pieces: deque[Piece] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self._answers) + len(self._pieces)

    @property
    def waiting_s(self) -> float:
        """Seconds of sound that wait."""
        return sum(piece.length_s for piece in (*self._answers, *self._pieces))

    def put(self, piece: Piece) -> list[Piece]:
        """Take a piece in; returns what nobody recognises any more: an earlier look, the oldest beyond the bound."""
        given_up = [old for old in self._answers if old.look] if piece.look else []
        for old in given_up:
            self._answers.remove(old)
        (self._answers if piece.short else self._pieces).append(piece)
        while self.waiting_s > self.longest_wait_s and len(self) > 1:
            given_up.append((self._pieces or self._answers).popleft())
        return given_up

    def put_back(self, piece: Piece) -> None:
        """A piece whose worker died goes to the front again."""
        (self._answers if piece.short else self._pieces).appendleft(piece)

    def take(self) -> Piece | None:
        """The next piece, joined with its waiting neighbours; None if nothing waits."""
        if self._answers:
            return self._answers.popleft()
        if not self._pieces:
            return None
        together = [self._pieces.popleft()]
        while self._pieces and self._fits(together, self._pieces[0]):
            together.append(self._pieces.popleft())
        return join(together)

    def _fits(self, together: list[Piece], other: Piece) -> bool:
        same_turn = other.turn is not None and other.turn == together[0].turn
        # A piece that killed a worker is tried again alone, so that it cannot take its neighbours with it.
        untried = together[0].tries == 0 and other.tries == 0
        return same_turn and untried and sum(p.length_s for p in together) + other.length_s <= self.window_s


def join(pieces: Iterable[Piece]) -> Piece:
    """Neighbours as one piece that answers all their requests."""
    together = tuple(pieces)
    if len(together) == 1:
        return together[0]
    return Piece(
        ids=tuple(id for piece in together for id in piece.ids),
        pcm=np.concatenate([piece.pcm for piece in together]),
        short=together[0].short,
        turn=together[0].turn,
        submitted_s=tuple(at for piece in together for at in piece.submitted_s),
    )
