"""Is the guide's own voice really taken out of what is heard? Judged while it speaks. Pure.

Sound comes in blocks of 100 ms. A block counts while the guide is in the air; it is *audible* when the microphone
hears clearly more than the room. Where hardly any block is audible (headphones) nothing has to be taken out. Else the
canceller must take out most of it, or all that stands above the room, and the detector must hear nobody in what is
left. A partner who talks over the guide looks like an echo that is left: then the verdict is no, until a prompt
without that gives another one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["BLOCK_S", "EchoJudge", "EchoWatch"]

BLOCK_S = 0.1
AUDIBLE_DB = 6.0
"""Above the room's floor."""
FEW = 0.15
"""Share of audible blocks up to which the guide counts as unheard."""
REDUCED_DB = 20.0
"""Enough in the median (working, it is 33 to 45 dB): what is left of a prompt is then softer than any partner,"""
GONE_DB = 4.0
"""and so is this much above the floor."""
ENOUGH = 25
"""Blocks (2.5 s of the guide) without which there is no verdict."""
REMEMBERED = 60
SETTLING = 8
"""The first blocks of all: the canceller is still learning the room."""
BROKEN_DB = 5.0
"""Where this little is taken out in the last ``LATELY`` blocks, cancelling has stopped working."""
LATELY = 25
SOUNDING_DB = -50.0
"""Of what is played."""
LINGERS_BLOCKS = 5
"""The echo of a block may come half a second later."""
_FLOOR_BLOCKS = 100
_SILENCE_DB = -100.0


Sort = Literal["silent", "good", "bad"]


@dataclass(frozen=True, slots=True)
class EchoWatch:
    """What was seen so far."""

    blocks: int
    """Of the guide."""
    audible: float
    """Share of them in which the microphone heard it."""
    reduction_db: float
    """Median over the audible ones; 0 without any."""
    residue_db: float
    """Median above the room's floor after cancelling."""
    voices: int
    """Blocks in which the detector took what was left for somebody's voice."""


class EchoJudge:
    """Feed it every block, in order."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[float, float, bool]] = deque(maxlen=REMEMBERED)
        """Microphone above the floor, cleaned above the floor (dB), voice."""
        self._floor: deque[float] = deque([-60.0], maxlen=_FLOOR_BLOCKS)
        self._settling = SETTLING
        self._lingers = 0

    def block(self, played_db: float, heard_db: float, cleaned_db: float, voice: bool) -> Sort:
        """Levels of 100 ms in dB below full scale; ``voice``: somebody seems to speak in the cleaned sound.

        Gives what this block alone tells: the guide was ``silent``, its echo is gone (``good``) or left (``bad``).
        """
        self._lingers = LINGERS_BLOCKS if played_db > SOUNDING_DB else self._lingers - 1
        if self._lingers <= 0:
            if played_db <= _SILENCE_DB + 1.0:
                self._floor.append(max(heard_db, -75.0))
            return "silent"
        floor = float(np.percentile(list(self._floor), 30))
        heard, cleaned = heard_db - floor, cleaned_db - floor
        if self._settling > 0:
            self._settling -= 1
        else:
            self._blocks.append((heard, cleaned, voice))
        return "good" if heard <= AUDIBLE_DB or heard - cleaned >= REDUCED_DB or cleaned <= GONE_DB else "bad"

    @property
    def seen(self) -> EchoWatch:
        audible = [(heard, cleaned) for heard, cleaned, _ in self._blocks if heard > AUDIBLE_DB]
        reduction = float(np.median([heard - cleaned for heard, cleaned in audible])) if audible else 0.0
        residue = float(np.median([cleaned for _, cleaned in audible])) if audible else 0.0
        voices = sum(voice for _, _, voice in self._blocks)
        return EchoWatch(len(self._blocks), len(audible) / max(1, len(self._blocks)), reduction, residue, voices)

    @property
    def verdict(self) -> bool | None:
        """Whether the guide may listen while it speaks; None: too little was seen."""
        seen = self.seen
        if seen.blocks < ENOUGH:
            return None
        if seen.voices:
            return False
        return seen.audible <= FEW or seen.reduction_db >= REDUCED_DB or seen.residue_db <= GONE_DB

    @property
    def broken(self) -> bool:
        """Whether cancelling has lately stopped working."""
        lately = list(self._blocks)[-LATELY:]
        audible = [heard - cleaned for heard, cleaned, _ in lately if heard > AUDIBLE_DB]
        return len(lately) == LATELY and len(audible) > LATELY // 2 and float(np.median(audible)) < BROKEN_DB

    def forget(self) -> None:
        """Another device, or another mode: look anew."""
        self._blocks.clear()
        self._settling = SETTLING
