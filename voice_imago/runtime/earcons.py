"""Five short sounds, synthesised: each has its own rhythm and its own pitch, so that either is enough.

    listening   two quick notes up          ♪♪
    time        three equal knocks          ♪ ♪ ♪
    paused      two slow notes down         ♩ ♩
    done        three notes up, the last one held
    fault       one low note, trembling

They are softer than speech and never the only carrier of a meaning (domain A7, A8).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice_imago.engines.ports import PLAY_HZ, Pcm

PEAK = 0.11
"""Of full scale; about 5 dB below the prompts."""
EDGE_S = 0.012
"""Seconds over which a note comes and goes, so that it does not click."""
OVERTONES = (1.0, 0.35, 0.15)
"""A pure tone of one pitch can fall into a hearing loss; its overtones are heard then."""
TREMBLE_HZ = 14.0


@dataclass(frozen=True, slots=True)
class Note:
    """``pitch_hz`` for ``length_s``, then ``rest_s`` of silence."""

    pitch_hz: float
    length_s: float
    rest_s: float = 0.0
    trembling: bool = False


EARCONS: dict[str, tuple[Note, ...]] = {
    "listening": (Note(523.25, 0.07, 0.02), Note(783.99, 0.09)),
    "time": (Note(659.26, 0.05, 0.11), Note(659.26, 0.05, 0.11), Note(659.26, 0.05)),
    "paused": (Note(440.00, 0.19, 0.04), Note(293.66, 0.22)),
    "done": (Note(523.25, 0.08), Note(659.26, 0.08), Note(783.99, 0.28)),
    "fault": (Note(233.08, 0.45, trembling=True),),
}


@functools.cache
def earcon(name: str) -> Pcm:
    """The sound of one of ``EARCONS`` at ``PLAY_HZ``; always the same samples. KeyError for another name."""
    sound = np.concatenate([_note(note) for note in EARCONS[name]])
    sound *= PEAK / np.abs(sound).max()
    pcm: Pcm = np.rint(sound * 32767).astype(np.int16)
    pcm.setflags(write=False)
    return pcm


def _note(note: Note) -> npt.NDArray[np.float64]:
    t = np.arange(round(note.length_s * PLAY_HZ)) / PLAY_HZ
    tone = np.zeros(t.size)
    for place, strength in enumerate(OVERTONES, start=1):
        tone += strength * np.sin(2 * np.pi * place * note.pitch_hz * t)
    if note.trembling:
        tone *= 0.6 - 0.4 * np.cos(2 * np.pi * TREMBLE_HZ * t)
    edge = round(EDGE_S * PLAY_HZ)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    tone[:edge] *= ramp
    tone[tone.size - edge :] *= ramp[::-1]
    return np.concatenate([tone, np.zeros(round(note.rest_s * PLAY_HZ))])
