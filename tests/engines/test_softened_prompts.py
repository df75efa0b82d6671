"""A prompt that is ducked, held and taken up again: what is heard, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from voice_imago.engines.playback import DUCKED, Playback, Progress, last_phrase

RATE = 48_000
FADE = 240
BLOCK = 480


def phrases(*lengths_s: float, pause_s: float = 0.2) -> np.ndarray:
    """Phrases of rising loudness with pauses between them."""
    parts = []
    for number, seconds in enumerate(lengths_s, start=1):
        parts += [np.full(round(seconds * RATE), 1000 * number, np.int16), np.zeros(round(pause_s * RATE), np.int16)]
    return np.concatenate(parts[:-1])


class Listener:
    def __init__(self, pcm: np.ndarray) -> None:
        self.told: list[Progress] = []
        self.playback = Playback(RATE, self.told.append, quiet_start=False)
        self.playback.play(1, pcm)

    def hear(self, seconds: float, block: int = BLOCK) -> np.ndarray:
        heard = []
        for _ in range(round(seconds * RATE / block)):
            out = np.full(block, -1, np.int16)
            self.playback.fill(out)
            heard.append(out)
        return np.concatenate(heard)


def test_ducked_is_12_db_softer_within_a_fade_and_without_a_click() -> None:
    listener = Listener(np.full(RATE, 10_000, np.int16))
    listener.hear(0.1)
    listener.playback.duck()
    heard = listener.hear(0.1)
    assert np.abs(np.diff(heard.astype(int))).max() < 10_000 / FADE + 5
    assert set(heard[FADE:]) == {round(10_000 * DUCKED)} or abs(int(heard[-1]) - 10_000 * DUCKED) < 2
    assert 20 * np.log10(heard[-1] / 10_000) == pytest.approx(-12.0, abs=0.05)


def test_held_is_silent_is_not_over_and_loses_no_sample() -> None:
    pcm = (np.arange(RATE) % 20_000).astype(np.int16)
    listener = Listener(pcm)
    listener.hear(0.1)
    listener.playback.hold()
    heard = listener.hear(3.0)
    assert not heard[FADE:].any()
    assert [progress.kind for progress in listener.told] == ["began"]
    listener.playback.resume(again=False)
    after = listener.hear(0.5)
    begin = round(0.1 * RATE) + FADE
    assert np.array_equal(after[FADE:], pcm[begin + FADE : begin + after.size])


def test_it_goes_on_at_the_phrase_that_was_ducked_not_at_the_one_that_was_played_ducked() -> None:
    pcm = phrases(0.5, 0.5, 0.5)
    listener = Listener(pcm)
    listener.hear(0.9)  # in the second phrase
    listener.playback.duck()
    listener.hear(0.6)  # in the third
    listener.playback.resume()
    heard = listener.hear(0.6)
    assert heard[round(0.1 * RATE)] == 2000
    assert heard.max() == 2000 or heard[: round(0.4 * RATE)].max() <= 2000
    listener.hear(2.0)
    assert [(progress.kind, progress.interrupted) for progress in listener.told] == [("began", False), ("ended", False)]


def test_ducked_first_and_held_later_it_goes_back_to_where_it_was_ducked() -> None:
    listener = Listener(phrases(0.5, 0.5, 0.5))
    listener.hear(0.9)  # in the second phrase
    listener.playback.duck()
    listener.hear(0.6)  # in the third
    listener.playback.hold()
    listener.hear(0.5)
    listener.playback.resume()
    assert listener.hear(0.2)[round(0.1 * RATE)] == 2000


def test_a_second_duck_after_a_resume_counts_from_there() -> None:
    listener = Listener(phrases(0.5, 0.5, 0.5))
    listener.playback.duck()
    listener.hear(0.2)
    listener.playback.resume()
    listener.hear(1.6)
    listener.playback.duck()
    listener.hear(0.1)
    listener.playback.resume()
    assert listener.hear(0.2)[round(0.1 * RATE)] == 3000


def test_a_held_prompt_can_be_stopped_and_replaced() -> None:
    listener = Listener(phrases(1.0))
    listener.hear(0.1)
    listener.playback.hold()
    listener.hear(0.1)
    listener.playback.play(2, np.full(RATE, 5000, np.int16))
    assert listener.hear(0.1)[0] == 5000
    assert [(progress.kind, progress.id) for progress in listener.told] == [("began", 1), ("ended", 1), ("began", 2)]
    assert listener.told[1].interrupted


def test_orders_without_a_prompt_do_nothing() -> None:
    listener = Listener(np.full(10, 1000, np.int16))
    listener.hear(0.1)
    for order in (listener.playback.duck, listener.playback.hold, listener.playback.resume):
        order()
    assert not listener.hear(0.1).any()
    listener.playback.play(2, np.full(RATE, 5000, np.int16))
    assert listener.hear(0.1)[0] == 5000


def test_a_prompt_ducked_to_its_end_is_over() -> None:
    listener = Listener(np.full(RATE // 2, 10_000, np.int16))
    listener.hear(0.1)
    listener.playback.duck()
    listener.hear(1.0)
    assert listener.told[-1].kind == "ended"
    assert not listener.told[-1].interrupted


@pytest.mark.parametrize("block", [1, 7, 480, 1024])
def test_the_size_of_the_blocks_changes_no_sample(block: int) -> None:
    def heard(size: int) -> np.ndarray:
        listener = Listener(phrases(0.02, 0.02))
        listener.playback.duck()
        return listener.hear(7 * 1024 * 480 / 480 / RATE, size)[: 6 * 1024]

    whole, cut = heard(1024), heard(block)
    length = min(len(whole), len(cut))
    assert np.abs(whole[:length].astype(int) - cut[:length]).max() <= 1


@pytest.mark.parametrize(
    ("at_s", "phrase_s"), [(0.0, 0.0), (0.3, 0.0), (0.65, 0.0), (0.75, 0.7), (1.2, 0.7), (1.45, 1.4)]
)
def test_the_last_phrase_begins_after_the_last_pause(at_s: float, phrase_s: float) -> None:
    start = last_phrase(phrases(0.5, 0.5, 0.5), round(at_s * RATE), RATE)
    assert start / RATE == pytest.approx(phrase_s, abs=0.03)
    assert start <= at_s * RATE


def test_a_prompt_without_a_pause_goes_back_a_few_seconds_at_most() -> None:
    assert last_phrase(np.full(20 * RATE, 1000, np.int16), 15 * RATE, RATE) == 9 * RATE
    assert last_phrase(np.zeros(RATE, np.int16), RATE // 2, RATE) == 0
