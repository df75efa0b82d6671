"""The gentle moves of domain §1.6: three rungs, at most one in 20 s, anew at each step, never a culprit named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "REST_S", "SOFT_SOUND", "Move", "capability_notice", "ladder", "on_interruption", "on_long_turn", "on_overlap",
    "understanding_notice",
]  # fmt: skip

REST_S = 20.0
"""Seconds between two interventions."""


@dataclass(frozen=True, slots=True)
class Move:
    """What to say, and how firmly: 1 a cue, 2 a sentence, 3 a choice."""

    rung: int
    prompt: str


SOFT_SOUND = Move(1, "")
"""A tone and no word."""
FIRM_S = 3.0
"""Both have talked at once for so long that a tone does not help."""

_LADDERS: Mapping[str, tuple[str, str, str]] = {
    "interruption": ("guide.floor_1", "guide.floor_2", "guide.floor_3"),
    "both_at_once": ("guide.one_voice", "guide.floor_2", "guide.floor_3"),
    "rebuts": ("guide.mirror_first", "guide.mirror_for_now", "guide.smaller_or_pause"),
    "adds": ("guide.only_their_words", "guide.hold_that", "guide.smaller_or_pause"),
    "asks": ("guide.mirror_then_ask", "guide.mirror_for_now", "guide.smaller_or_pause"),
}
"""What is said about each deviation: a cue, a sentence, a choice."""


def ladder(kind: str, moves: int) -> Move:
    """The move for a deviation after so many moves in this step."""
    rung = min(moves, 2)
    return Move(rung + 1, _LADDERS[kind][rung])


def on_interruption(before: int, moves: int, since_s: float) -> Move | None:
    """The move for an interruption, after ``before`` others and ``moves`` moves in this step.

    ``since_s`` is the time since the last move of any kind. The first interruption is let pass: most people stop by
    themselves.
    """
    if before == 0 or since_s < REST_S:
        return None
    return ladder("interruption", moves)


def on_overlap(seconds: float, moves: int, since_s: float) -> Move | None:
    """The move where both have been talking for ``seconds``: a tone, and words when they go on."""
    if since_s < REST_S:
        return None
    return SOFT_SOUND if seconds < FIRM_S else ladder("both_at_once", moves)


def on_long_turn(seconds: float, limits_s: tuple[float, ...], since_s: float) -> int:
    """The rung for a piece of ``seconds``: 1 a soft sound, 2 the sentence, 3 an offer of single sentences; 0 nothing
    so soon after another."""
    rung = min(3, sum(1 for limit in limits_s if seconds >= limit - 0.01))
    return rung if rung == 1 or since_s >= REST_S else 0


def capability_notice(words: Literal["nothing", "answers", "speech"]) -> tuple[str, ...]:
    """Prompts that say once, at the start, what the guide cannot understand today."""
    return {"nothing": ("guide.no_recogniser",), "answers": ("guide.answers_only",), "speech": ()}[words]


def understanding_notice(words: Literal["nothing", "answers", "speech"]) -> tuple[str, ...]:
    """Prompts that say, when another recogniser has taken over in the evening, what it understands."""
    return ("guide.whole_sentences",) if words == "speech" else capability_notice(words)
