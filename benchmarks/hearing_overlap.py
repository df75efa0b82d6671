"""Both talk at once: how often that is noticed, and how often where nobody did. See ``hearing.py``.

The set has no overlap of more than a second, so two turns of the same room are laid over each other: the second
partner's begins two seconds after the first's, as loud as it was spoken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from hearing_cases import Case, Heard, hear_all
from hearing_turns import undisturbed

from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.voiceprint_enrolment import make_voiceprint
from voice_imago.events import Overlap, Window
from voice_imago.hearing.hearing import Hearing
from voice_imago.runtime.listening import read_all

LEAD_S = 2.5
AFTER_S = 2.0
"""Seconds of the first turn before the second begins."""
MOST_S = 3.5
"""Seconds of the second turn."""
LEAST_S = 2.5


def measure_overlap(cases: Sequence[Case]) -> None:
    """Turns alone, and the same turns with the other partner's speech over them."""
    alone, over, late = [], [], []
    for case in cases:
        if not case.name.startswith("c"):
            continue
        enrolled = [read_all(case.enrolment(partner)) for partner in "AB"]
        for actor, turn, mixed in _pairs(case):
            first = [
                _first_overlap(hear_all(sound, "silero", make_voiceprint(*enrolled)), actor) for sound in (turn, mixed)
            ]
            alone.append(first[0] is not None)
            over.append(first[1] is not None)
            late += [] if first[1] is None else [first[1] - LEAD_S - AFTER_S]
    print(f"\nboth at once: {len(over)} turns with {LEAST_S} to {MOST_S} s of the other partner over them")
    print(
        f"noticed {np.mean(over):.2f}, after {np.median(late):.1f} s; noticed in the turns alone {np.mean(alone):.2f}"
    )


def _pairs(case: Case) -> Iterator[tuple[int, Samples, Samples]]:
    """The actor, a turn in its room, and that turn with the other's speech over it."""
    sound = read_all(case.sound)
    lead = sound[: round(LEAD_S * HEAR_HZ)]
    turns = [t for t in case.truth["turns"] if undisturbed(case.truth, t)]
    for actor, partner in enumerate("AB"):
        others = [t for t in turns if t["speaker"] != partner and t["end"] - t["start"] >= LEAST_S]
        mine = [t for t in turns if t["speaker"] == partner and t["end"] - t["start"] >= AFTER_S + LEAST_S]
        for turn, other in zip(mine[:3], others[:3], strict=False):
            speech = _cut(sound, turn, 1e9)
            over, begin = _cut(sound, other, MOST_S), round(AFTER_S * HEAR_HZ)
            mixed = speech.copy()
            mixed[begin : begin + len(over)] += over[: len(speech) - begin]
            yield actor, np.concatenate([lead, speech, lead]), np.concatenate([lead, mixed, lead])


def _cut(sound: Samples, turn: dict[str, Any], most_s: float) -> Samples:
    return sound[round(turn["start"] * HEAR_HZ) : round(min(turn["end"], turn["start"] + most_s) * HEAR_HZ)]


def _first_overlap(heard: Heard, actor: int) -> float | None:
    hearing = Hearing(settings_for(make_detector("silero")))
    hearing.expect(Window("send", actor, 1 - actor, "send", 3.5), 0.0)  # type: ignore[arg-type]
    return next((f.at for frame in heard for f in hearing.feed(frame) if isinstance(f, Overlap)), None)
