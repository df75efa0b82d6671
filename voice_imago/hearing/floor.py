"""Who holds the floor: the holder, an intrusion by another voice, a listener's short sounds.

A *backchannel* ("mm-hm") is short and changes nothing. An *interruption* is another voice for more than a
second inside somebody's turn. When the other voice belongs to whoever the step expects next, it is no
interruption: the floor was *yielded*, and the turn is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voice_imago.events import UNKNOWN, Partner, Speaker
from voice_imago.hearing.endpointing import Turn
from voice_imago.hearing.speakers import LabelledSpan, VoiceTrack

INTERRUPTION_S = 1.0
"""Another voice inside a turn is an interruption from here on, a backchannel up to here."""
STRANGER_S = 2.0
"""Neither partner's voice must last this long before it is taken for somebody else."""
LEAST_BACKCHANNEL_S = 0.15
_LOOK_BACK_S = 4.0


@dataclass(frozen=True, slots=True)
class Intrusion:
    """Another voice than the holder's, right now."""

    by: Speaker
    since: float
    """Seconds on the audio clock."""
    held_s: float
    """Seconds of its speech."""


def intrusion(track: VoiceTrack, turn: Turn) -> Intrusion | None:
    """The voice that is speaking inside ``turn`` without holding it, if there is one."""
    strange_s = track.strange_s()
    if strange_s >= STRANGER_S:
        return Intrusion(UNKNOWN, track.now - strange_s, strange_s)
    holder, label = turn.holder(), track.label
    if holder is None or label is None or label == holder:
        return None
    by, since, held_s = track.run(_LOOK_BACK_S)
    return Intrusion(by, since, held_s) if since > turn.start else None


def yields(by: Speaker, turn: Turn) -> bool:
    """Whether that voice holding the floor means that the turn is over."""
    if by == UNKNOWN:
        return False
    return turn.window.actor is None or turn.window.next_actor == by


def backchannels(spans: Sequence[LabelledSpan], holder: Partner | None) -> list[LabelledSpan]:
    """The listener's short sounds among the labelled spans of one segment."""
    if holder is None:
        return []
    other = 1 - holder
    return [s for s in spans if s.speaker == other and LEAST_BACKCHANNEL_S <= s.end - s.start < INTERRUPTION_S]
