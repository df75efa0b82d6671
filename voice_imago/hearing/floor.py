"""Who holds the floor: the holder, an intrusion by another voice, a listener's short sounds.

A *backchannel* ("mm-hm") is short and changes nothing. An *interruption* is another voice for more than a
second inside somebody's turn, an *overlap* one that cut in and goes on without a rest of either, or that the windows
hear beside the holder's. When the other voice belongs to whoever the step expects next, it is no interruption: the
floor was *yielded*, and the turn is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voice_imago.events import UNKNOWN, Partner, Speaker
from voice_imago.hearing.endpointing import Turn
from voice_imago.hearing.speakers import FRESH_S, LabelledSpan, VoiceTrack

INTERRUPTION_S = 1.0
"""Another voice inside a turn is an interruption from here on, a backchannel up to here."""
OVERLAP_S = (1.5, 3.0)
"""Both talk at once: the other voice cut in and has spoken for so long without a rest of either (domain §1.6: 1.5 s).
At the first limit there is time for a sound, at the second for a word."""
LEAST_BACKCHANNEL_S = 0.15
LEAST_SPOKEN_S = 0.6
"""Speech without which nobody holds the floor, however long the silence around it."""
SURE_NATS = 10.0
"""Evidence for the voice that takes the floor over. Measured: 15 of 140 take-overs were wrong without, 10 with it."""
CERTAIN_S = 2.0
"""Speech after which the label alone is believed."""
NEWEST_S = 0.5
MIXED_S, MIXED_NATS = 1.0, 3.0
"""Seconds over which the windows of a voice that has the floor speak against it, and by how much, when another voice
speaks beside it. Measured on 58 turns with 2.5 to 3.5 s of the other partner over them: 45 % are noticed, 38 % by the
running label alone; in 98 turns alone none. With 2 nats there were two."""
_LOOK_BACK_S = 4.0


@dataclass(frozen=True, slots=True)
class Intrusion:
    """Another voice than the holder's, right now."""

    by: Speaker
    since: float
    """Seconds on the audio clock."""
    held_s: float
    """Seconds of its speech."""
    left_at: float | None = None
    """Since when it has spoken alone: it began there in a silence. None: it cut in and has not rested since."""


def intrusion(track: VoiceTrack, turn: Turn) -> Intrusion | None:
    """The voice that is speaking inside ``turn`` without holding it, if there is one."""
    strange_s = track.strange_s()
    if strange_s >= track.settings.stranger_s:
        return Intrusion(UNKNOWN, track.now - strange_s, strange_s)
    holder, label = turn.holder(), track.label
    if holder is None or label is None or label == holder:
        return None
    by, since, held_s = track.run(_LOOK_BACK_S)
    return Intrusion(by, since, held_s, _left_at(track, since)) if since > turn.start else None


def _left_at(track: VoiceTrack, since: float) -> float | None:
    """Where the label changed, if that was about a pause; else, having cut in, after the next pause."""
    if track.rested(since - FRESH_S, since + FRESH_S) is not None:
        return since
    return track.rested(since, track.now)


def holds(track: VoiceTrack, found: Intrusion, for_s: float) -> bool:
    """Whether the voice has had the floor to itself for ``for_s``, pauses included, and is surely whose it seems."""
    if found.left_at is None or track.now - found.left_at < for_s:
        return False
    spoken_s = track.speech_s(found.left_at)
    sign = 1.0 if found.by == 0 else -1.0
    sure = sign * track.evidence(found.since, track.now) >= SURE_NATS or spoken_s >= CERTAIN_S
    return spoken_s >= LEAST_SPOKEN_S and sure


def speaks_now(track: VoiceTrack, by: Speaker) -> bool:
    """Whether the newest frames are that voice's; the running label stays half a second with one that fell silent."""
    evidence = track.evidence(track.now - NEWEST_S, track.now)
    return by in (0, 1) and (evidence > 0.0) == (by == 0)


def joined(track: VoiceTrack, turn: Turn) -> Partner | None:
    """The partner who speaks beside the holder: the label stays with the holder, and yet the windows are against it."""
    holder, said = turn.holder(), track.windows_mean(MIXED_S)
    if holder is None or said is None or track.label not in (holder, None):  # else it was taken for another's
        return None
    other: Partner = 1 if holder == 0 else 0
    return other if (said if other == 0 else -said) > MIXED_NATS else None


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
