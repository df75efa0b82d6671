"""What every player promises: each prompt is told once as begun and once as ended, in order."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from fake_sound import FakeSound, laptop

from voice_imago.engines.duplex_sounddevice import SilentPlayer, SounddevicePlayer
from voice_imago.engines.ports import Pcm, Player

News = tuple[str, int, bool]
PROMPT: Pcm = np.full(4800, 1000, dtype=np.int16)


@dataclass
class Rig:
    """A player and the means to let its time pass."""

    player: Player
    close: Callable[[], None]
    let_time_pass: Callable[[], None]
    told: queue.SimpleQueue[News]
    can_be_cut_off: bool

    def news(self, count: int) -> list[News]:
        return [self.told.get(timeout=5.0) for _ in range(count)]


@pytest.fixture(params=["sounddevice", "silent"])
def rig(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    told: queue.SimpleQueue[News] = queue.SimpleQueue()

    def began(id: int) -> None:
        told.put(("began", id, False))

    def ended(id: int, interrupted: bool) -> None:
        told.put(("ended", id, interrupted))

    if request.param == "silent":
        silent = SilentPlayer(began, ended)
        silent.start()
        yield Rig(silent, silent.close, lambda: None, told, False)
        silent.close()
        return
    sound: FakeSound = laptop().install(monkeypatch)
    player = SounddevicePlayer(began, ended)
    player.start()
    yield Rig(player, player.close, lambda: _pass_200_ms(sound), told, True)
    player.close()


def _pass_200_ms(sound: FakeSound) -> None:
    sound.stream.play(9600)


class TestPlayerContract:
    def test_a_prompt_begins_and_ends_uninterrupted(self, rig: Rig) -> None:
        rig.player.play(1, PROMPT)
        rig.let_time_pass()
        assert rig.news(2) == [("began", 1, False), ("ended", 1, False)]

    def test_prompts_are_told_in_order(self, rig: Rig) -> None:
        for id in (1, 2, 3):
            rig.player.play(id, PROMPT)
            rig.let_time_pass()
        assert [(kind, id) for kind, id, _ in rig.news(6)] == [
            (kind, id) for id in (1, 2, 3) for kind in ("began", "ended")
        ]

    def test_stopping_while_nothing_is_played_tells_nothing(self, rig: Rig) -> None:
        rig.player.stop()
        rig.let_time_pass()
        rig.player.play(1, PROMPT)
        rig.let_time_pass()
        assert rig.news(2) == [("began", 1, False), ("ended", 1, False)]
        assert rig.told.empty()

    def test_of_two_prompts_at_once_the_second_is_played_and_both_are_told_as_ended(self, rig: Rig) -> None:
        rig.player.play(1, PROMPT)
        rig.player.play(2, PROMPT)
        rig.let_time_pass()
        rig.close()
        news = [rig.told.get() for _ in range(rig.told.qsize())]
        assert [told for told in news if told[0] == "ended"] == [
            ("ended", 1, rig.can_be_cut_off),
            ("ended", 2, False),
        ]
        assert news[-2:] == [("began", 2, False), ("ended", 2, False)]

    def test_a_stopped_prompt_is_told_once(self, rig: Rig) -> None:
        rig.player.play(1, PROMPT)
        rig.player.stop()
        rig.player.stop()
        rig.let_time_pass()
        rig.close()
        news = [rig.told.get() for _ in range(rig.told.qsize())]
        assert [told for told in news if told[0] == "ended"] == [("ended", 1, rig.can_be_cut_off)]

    def test_closing_twice_is_harmless(self, rig: Rig) -> None:
        rig.close()
        rig.close()
        assert rig.told.empty()

    def test_the_caller_keeps_his_samples(self, rig: Rig) -> None:
        mine = PROMPT.copy()
        rig.player.play(1, mine)
        rig.let_time_pass()
        rig.player.stop()
        rig.let_time_pass()
        assert (mine == PROMPT).all()
