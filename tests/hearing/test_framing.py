"""Frames do not depend on how the sound was cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.hearing.framing import Framing, whole_frames

SOUND = np.arange(1000, dtype=np.float32)


def framed(framing: Framing, *chunks: np.ndarray) -> list[list[float]]:
    return [frame.tolist() for chunk in chunks for frame in framing.push(chunk)]


@given(st.lists(st.integers(0, 200), max_size=30), st.integers(1, 130))
def test_any_cut_of_the_sound_gives_the_same_frames(cuts: list[int], size: int) -> None:
    edges = np.minimum(np.cumsum([0, *cuts]), len(SOUND))
    chunks = [SOUND[a:b] for a, b in pairwise(edges)] + [SOUND[edges[-1] :]]

    frames = framed(Framing(size), *chunks)

    whole = len(SOUND) // size
    assert frames == SOUND[: whole * size].reshape(whole, size).tolist()


def test_the_rest_waits_for_the_next_chunk() -> None:
    framing = Framing(4)

    assert framed(framing, SOUND[:3]) == []
    assert framed(framing, SOUND[3:5]) == [[0, 1, 2, 3]]


def test_clearing_forgets_the_rest() -> None:
    framing = Framing(4)
    framed(framing, SOUND[:3])
    framing.clear()

    assert framed(framing, SOUND[10:14]) == [[10, 11, 12, 13]]


def test_a_frame_without_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample, not 0"):
        Framing(0)


@pytest.mark.parametrize(("seconds", "frames"), [(0.1, 3), (0.2, 6), (0.0, 1), (0.5, 16)])
def test_seconds_become_the_nearest_whole_frames(seconds: float, frames: int) -> None:
    assert whole_frames(seconds, 0.032) == frames
