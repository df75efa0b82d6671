"""What the loudspeaker plays, sample by sample, and what the session is told about it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from fake_sound import FakeDevice, FakeSound, laptop
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.engines import player_sounddevice, stream_watch
from voice_imago.engines.duplex_sounddevice import SilentPlayer, SounddevicePlayer
from voice_imago.engines.playback import Playback, Progress
from voice_imago.errors import DeviceError

RATE = 48_000
FADE = 240
TONE = np.full(4800, 10_000, dtype=np.int16)
SOON_S = 5.0


class Listener:
    """A playback and everything it told."""

    def __init__(self, quiet_start: bool = False) -> None:
        self.told: list[Progress] = []
        self.playback = Playback(RATE, self.told.append, quiet_start)

    def hear(self, n_samples: int) -> np.ndarray:
        block = np.full(n_samples, -1, dtype=np.int16)
        self.playback.fill(block)
        return block


def test_without_a_prompt_there_is_silence_and_nothing_is_told() -> None:
    listener = Listener()
    assert not listener.hear(1000).any()
    assert listener.told == []


def test_a_prompt_starts_with_the_first_sample_of_the_next_block() -> None:
    listener = Listener()
    listener.hear(100)
    listener.playback.play(7, TONE)
    assert listener.hear(10).tolist() == [10_000] * 10
    assert listener.told == [Progress("began", 7)]


def test_the_end_is_told_at_the_last_sample_of_the_prompt() -> None:
    listener = Listener()
    listener.playback.play(7, TONE)
    heard = listener.hear(5000)
    assert np.flatnonzero(heard)[-1] == TONE.size - 1
    assert listener.told[1:] == [Progress("ended", 7, False, TONE.size)]


def test_stop_leaves_at_most_5_ms_and_no_click() -> None:
    listener = Listener()
    listener.playback.play(7, TONE)
    before = listener.hear(1000)
    listener.playback.stop()
    after = listener.hear(1000)
    assert not after[FADE:].any()
    steps = np.abs(np.diff(np.concatenate([before[-1:], after]).astype(int)))
    assert steps.max() <= 10_000 // FADE + 1
    assert listener.told[-1] == Progress("ended", 7, True, FADE)


def test_stop_without_a_prompt_tells_nothing() -> None:
    listener = Listener()
    listener.playback.stop()
    listener.hear(100)
    assert listener.told == []


def test_a_second_prompt_cuts_off_the_first_and_starts_at_once() -> None:
    listener = Listener()
    listener.playback.play(1, TONE)
    listener.hear(1000)
    listener.playback.play(2, -TONE)
    heard = listener.hear(1000)
    assert heard[0] == 0  # the old at full height and the new
    assert (heard[FADE:] == -10_000).all()
    assert listener.told[1:] == [Progress("ended", 1, True, FADE, replaced=True), Progress("began", 2)]


def test_a_prompt_cut_off_before_it_was_heard_ends_without_having_begun() -> None:
    listener = Listener()
    listener.playback.play(1, TONE)
    listener.playback.play(2, TONE)
    listener.playback.stop()
    assert not listener.hear(100).any()
    assert [(news.kind, news.id, news.interrupted) for news in listener.told] == [
        ("ended", 1, True),
        ("ended", 2, True),
    ]


def test_an_empty_prompt_begins_and_ends() -> None:
    listener = Listener()
    listener.playback.play(3, TONE[:0])
    listener.hear(100)
    assert [(news.kind, news.interrupted) for news in listener.told] == [("began", False), ("ended", False)]


def test_the_first_sound_of_a_session_comes_up_over_300_ms() -> None:
    listener = Listener(quiet_start=True)
    listener.hear(RATE)  # silence before it does not use it up
    listener.playback.play(1, np.full(RATE, 10_000, dtype=np.int16))
    heard = listener.hear(RATE).astype(int)
    assert heard[0] == 0
    assert heard[7200] == pytest.approx(5000, abs=2)
    assert (heard[14_400:] == 10_000).all()
    assert (np.diff(heard[:14_400]) >= 0).all()


def test_the_second_prompt_starts_at_full_height() -> None:
    listener = Listener(quiet_start=True)
    for id in (1, 2):
        listener.playback.play(id, np.full(RATE, 10_000, dtype=np.int16))
        heard = listener.hear(RATE)
    assert (heard == 10_000).all()


def test_an_earcon_sounds_over_a_prompt_and_is_not_told() -> None:
    listener = Listener()
    listener.playback.play(1, TONE)
    listener.playback.chime(np.full(100, 500, dtype=np.int16))
    heard = listener.hear(200)
    assert heard[:100].tolist() == [10_500] * 100
    assert heard[100:].tolist() == [10_000] * 100
    assert listener.told == [Progress("began", 1)]


def test_sounds_that_add_up_are_clipped_and_never_wrap_round() -> None:
    listener = Listener()
    loud = np.full(100, 32_000, dtype=np.int16)
    listener.playback.play(1, loud)
    listener.playback.chime(loud)
    assert listener.hear(100).tolist() == [32_767] * 100


@given(st.lists(st.integers(1, 997), min_size=1, max_size=20))
def test_the_size_of_the_blocks_does_not_change_what_is_heard(sizes: list[int]) -> None:
    sound = (np.arange(6000) % 20_001 - 10_000).astype(np.int16)
    whole, cut = Listener(quiet_start=True), Listener(quiet_start=True)
    for listener in (whole, cut):
        listener.playback.play(1, sound)
    pieces = [cut.hear(size) for size in sizes]
    assert np.concatenate(pieces).tolist() == whole.hear(sum(sizes)).tolist()


# --------------------------------------------------- the player on a sound system without hardware


class Told:
    """Collects what a player tells; waits for it instead of sleeping."""

    def __init__(self) -> None:
        self.news: queue.SimpleQueue[tuple[str, int, bool, str]] = queue.SimpleQueue()

    def began(self, id: int) -> None:
        self.news.put(("began", id, False, threading.current_thread().name))

    def ended(self, id: int, interrupted: bool) -> None:
        self.news.put(("ended", id, interrupted, threading.current_thread().name))

    def next(self) -> tuple[str, int, bool]:
        return self.news.get(timeout=SOON_S)[:3]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> FakeSound:
    return laptop().install(monkeypatch)


@pytest.fixture
def player(sound: FakeSound, told: Told) -> Iterator[SounddevicePlayer]:
    player = SounddevicePlayer(told.began, told.ended, quiet_start=False)
    player.start()
    yield player
    player.close()


def test_the_stream_is_48_khz_mono_and_stays_open(player: SounddevicePlayer, sound: FakeSound) -> None:
    assert (sound.stream.samplerate, sound.stream.channels, sound.stream.blocksize) == (48_000, 1, 0)
    player.play(1, TONE)
    sound.stream.play(9600)
    player.play(2, TONE)
    sound.stream.play(9600)
    assert len(sound.streams) == 1


def test_beginning_and_end_are_told_outside_the_audio_thread(
    player: SounddevicePlayer, sound: FakeSound, told: Told
) -> None:
    player.play(5, TONE)
    assert sound.stream.play(9600)[: TONE.size].tolist() == TONE.tolist()
    first, second = told.news.get(timeout=SOON_S), told.news.get(timeout=SOON_S)
    assert [first[:3], second[:3]] == [("began", 5, False), ("ended", 5, False)]
    assert first[3] == second[3] == "player"


def test_the_end_is_told_only_after_the_output_latency(sound: FakeSound, told: Told, player: SounddevicePlayer) -> None:
    sound.stream.latency = 0.15
    player.play(1, TONE[:480])
    started = time.monotonic()
    sound.stream.play(480)
    assert told.next() == ("began", 1, False)
    assert told.next() == ("ended", 1, False)
    assert time.monotonic() - started >= 0.15


def test_a_prompt_that_follows_does_not_wait_for_the_end_of_the_last_one(
    sound: FakeSound, told: Told, player: SounddevicePlayer
) -> None:
    sound.stream.latency = 3600.0
    player.play(1, TONE)
    sound.stream.play(TONE.size)
    player.play(2, TONE)
    sound.stream.play(10)
    assert [told.next() for _ in range(3)] == [("began", 1, False), ("ended", 1, False), ("began", 2, False)]


def test_an_id_may_be_used_again(player: SounddevicePlayer, sound: FakeSound, told: Told) -> None:
    for _ in range(3):
        player.play(-1, TONE)
        sound.stream.play(100)
    player.stop()
    sound.stream.play(1000)
    news = [told.next() for _ in range(6)]
    assert news == [("began", -1, False), ("ended", -1, True)] * 3


def test_closing_tells_what_was_being_played_as_interrupted(
    player: SounddevicePlayer, sound: FakeSound, told: Told
) -> None:
    player.play(1, TONE)
    sound.stream.play(100)
    player.close()
    assert [told.next(), told.next()] == [("began", 1, False), ("ended", 1, True)]
    player.play(2, TONE)
    assert told.next() == ("ended", 2, True)


def test_a_dead_stream_is_noticed_and_its_prompt_told_as_interrupted(
    player: SounddevicePlayer, sound: FakeSound, told: Told
) -> None:
    player.play(1, TONE)
    sound.stream.play(100)
    sound.stream.active = False
    assert [told.next(), told.next()] == [("began", 1, False), ("ended", 1, True)]
    assert player.health() == "lost"


def test_a_stream_that_stops_calling_back_is_noticed(
    player: SounddevicePlayer, sound: FakeSound, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound.stream.play(100)
    assert player.health() == "ok"
    monkeypatch.setattr(stream_watch, "LOST_AFTER_S", 0.0)
    player.play(1, TONE)
    assert told.next() == ("ended", 1, True)
    assert player.health() == "lost"
    assert not sound.stream.play(100).any()  # silent when it comes back to life


def test_a_closed_player_can_be_started_again_and_does_not_come_up_slowly_twice(sound: FakeSound, told: Told) -> None:
    player = SounddevicePlayer(told.began, told.ended)
    for _ in range(2):
        player.start()
        player.play(1, TONE)
        heard = sound.stream.play(9600)
        player.close()
        assert [told.next(), told.next()] == [("began", 1, False), ("ended", 1, False)]
    assert heard[: TONE.size].tolist() == TONE.tolist()


def test_it_runs_once_it_has_taken_more_than_its_buffers_hold(player: SounddevicePlayer, sound: FakeSound) -> None:
    sound.stream.latency = 0.1
    sound.stream.play(4800)
    assert not player.running
    sound.stream.play(12_000)
    assert player.running


def test_underflows_are_counted(player: SounddevicePlayer, sound: FakeSound) -> None:
    sound.stream.play(100)
    sound.stream.play(100, underflow=True)
    assert player.underflows == 1


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000.0, 2), (44_100.0, 2), (96_000.0, 6)])
def test_a_loudspeaker_that_refuses_48_khz_mono_gets_its_own_rate_and_channels(
    monkeypatch: pytest.MonkeyPatch, told: Told, rate_hz: float, channels: int
) -> None:
    device = FakeDevice("odd", rate_hz, outputs=channels, takes_rates=(rate_hz,), takes_channels=(channels,))
    sound = FakeSound([device]).install(monkeypatch)
    player = SounddevicePlayer(told.began, told.ended, quiet_start=False)
    player.start()
    t = np.arange(RATE) / RATE
    player.play(1, (10_000 * np.sin(2 * np.pi * 500 * t)).astype(np.int16))
    heard = sound.stream.play(round(rate_hz) * 2)
    player.close()
    assert (sound.streams[0].samplerate, sound.streams[0].channels) == (rate_hz, channels)
    assert np.flatnonzero(heard)[-1] == pytest.approx(rate_hz, rel=0.01)
    strongest = np.argmax(np.abs(np.fft.rfft(heard[: round(rate_hz)])))
    assert strongest == 500


@pytest.mark.parametrize("rate_hz", [8_000.0, 96_000.0])
def test_a_loudspeaker_that_does_not_say_which_rate_it_takes_is_opened_all_the_same(
    monkeypatch: pytest.MonkeyPatch, told: Told, rate_hz: float
) -> None:
    sound = FakeSound([FakeDevice("liar", 48_000.0, outputs=2, takes_rates=(rate_hz,))]).install(monkeypatch)
    player = SounddevicePlayer(told.began, told.ended, quiet_start=False)
    player.start()
    player.play(1, TONE)
    heard = sound.stream.play(round(rate_hz))
    player.close()
    assert sound.streams[0].samplerate == player.device_rate_hz == rate_hz
    assert np.flatnonzero(np.abs(heard) > 5000)[-1] == pytest.approx(0.1 * rate_hz, rel=0.02)


def test_no_loudspeaker_is_one_sentence_with_a_way_out(monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    FakeSound([FakeDevice("mic", inputs=1)]).install(monkeypatch)
    with pytest.raises(DeviceError) as caught:
        SounddevicePlayer(told.began, told.ended).start()
    assert caught.value.message == "No loudspeaker was found."
    assert "Plug one in" in caught.value.hint


def test_an_unknown_loudspeaker_is_named(sound: FakeSound, told: Told) -> None:
    with pytest.raises(DeviceError, match=r"The loudspeaker 'kitchen' was not found\. `voice-imago devices`"):
        SounddevicePlayer(told.began, told.ended, device="kitchen").start()


def test_a_loudspeaker_that_does_not_start_is_closed_again(sound: FakeSound, told: Told) -> None:
    sound.refuses_to_start = True
    player = SounddevicePlayer(told.began, told.ended)
    with pytest.raises(DeviceError, match=r"The loudspeaker cannot be used: .*Device unavailable\. "):
        player.start()
    assert all(stream.closed for stream in sound.streams)
    sound.refuses_to_start = False
    player.start()
    player.play(1, TONE)
    sound.stream.play(100)
    assert told.next() == ("began", 1, False)
    player.close()


def test_closing_does_not_wait_for_a_hanging_driver(
    player: SounddevicePlayer, sound: FakeSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(player_sounddevice.portaudio, "CLOSING_S", 0.05)
    monkeypatch.setattr(sound.stream, "abort", lambda ignore_errors: released.wait(SOON_S))
    player.close()
    assert not sound.streams[0].closed  # it gave up waiting
    released.set()


def test_without_a_loudspeaker_prompts_take_no_time(told: Told) -> None:
    player = SilentPlayer(told.began, told.ended)
    player.start()
    player.play(1, TONE)
    player.stop()
    player.close()
    assert [told.next(), told.next()] == [("began", 1, False), ("ended", 1, False)]
    assert told.news.empty()
