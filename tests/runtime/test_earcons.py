"""Five sounds that can be told apart by rhythm alone and by pitch alone, and that startle nobody."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from voice_imago.engines.ports import PLAY_HZ
from voice_imago.runtime.earcons import EARCONS, earcon

NAMES = ("listening", "time", "paused", "done", "fault")


def test_there_are_five() -> None:
    assert set(EARCONS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_earcon_is_short_soft_and_does_not_click(name: str) -> None:
    sound = earcon(name)
    assert sound.dtype == np.int16
    assert 0.1 < sound.size / PLAY_HZ <= 0.5
    assert 2000 < np.abs(sound.astype(int)).max() < 4000
    assert np.sqrt(np.square(sound / 32768).mean()) < 10 ** (-22 / 20)
    assert abs(int(sound[0])) < 20
    assert abs(int(sound[-1])) < 20
    assert np.abs(np.diff(sound.astype(int))).max() < 1000


@pytest.mark.parametrize("name", NAMES)
def test_an_earcon_is_always_the_same_and_cannot_be_spoilt(name: str) -> None:
    first = earcon(name).copy()
    earcon.cache_clear()
    assert np.array_equal(earcon(name), first)
    with pytest.raises(ValueError, match="read-only"):
        earcon(name)[0] = 1


def onsets_s(name: str) -> list[float]:
    """When its notes begin, found in the sound itself."""
    size = PLAY_HZ // 200
    sound = earcon(name).astype(float)
    height = np.abs(sound[: sound.size // size * size]).reshape(-1, size).max(axis=1)
    loud = np.concatenate([[False], height > 0.35 * height.max()])
    return [float(start) / 200 for start in np.flatnonzero(loud[1:] & ~loud[:-1])]


def lengths_s(name: str) -> tuple[float, ...]:
    return tuple(round(note.length_s + note.rest_s, 2) for note in EARCONS[name])


def test_rhythms_differ() -> None:
    for one, other in itertools.combinations(NAMES, 2):
        assert lengths_s(one) != lengths_s(other)
    assert len(onsets_s("time")) == 3
    assert len(onsets_s("paused")) == 2
    assert len(onsets_s("listening")) == 2


def test_pitches_differ() -> None:
    melodies = [tuple(note.pitch_hz for note in EARCONS[name]) for name in NAMES]
    assert len(set(melodies)) == len(NAMES)


def test_listening_rises_and_paused_falls() -> None:
    assert EARCONS["listening"][0].pitch_hz < EARCONS["listening"][-1].pitch_hz
    assert EARCONS["paused"][0].pitch_hz > EARCONS["paused"][-1].pitch_hz


def test_no_pitch_lies_where_hearing_fades_with_age() -> None:
    assert all(note.pitch_hz < 1000 for notes in EARCONS.values() for note in notes)


def test_an_unknown_earcon_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        earcon("fanfare")
