"""The microphone without hardware: what it delivers, and that it notices when nothing comes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from fake_sound import FakeDevice, FakeSound, laptop

from voice_imago.engines.duplex_sounddevice import SounddeviceMicrophone
from voice_imago.engines.microphone_sounddevice import QUICK_CHUNK_S
from voice_imago.engines.ports import Samples
from voice_imago.engines.stream_watch import FIRST_CHUNK_S, LOST_AFTER_S, StreamWatch
from voice_imago.errors import DeviceError


@pytest.fixture
def chunks() -> list[Samples]:
    return []


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> FakeSound:
    return laptop().install(monkeypatch)


@pytest.fixture
def microphone(sound: FakeSound, chunks: list[Samples]) -> Iterator[SounddeviceMicrophone]:
    microphone = SounddeviceMicrophone(chunks.append)
    microphone.start()
    yield microphone
    microphone.close()


def test_it_opens_16_khz_mono_in_chunks_of_40_ms(microphone: SounddeviceMicrophone, sound: FakeSound) -> None:
    assert (sound.stream.samplerate, sound.stream.channels, sound.stream.blocksize) == (16_000, 1, 640)


def test_in_full_duplex_it_hears_in_chunks_of_20_ms(sound: FakeSound) -> None:
    microphone = SounddeviceMicrophone(lambda chunk: None, chunk_s=QUICK_CHUNK_S)
    microphone.start()
    assert sound.stream.blocksize == 320
    microphone.close()


def test_chunks_are_copies_between_minus_one_and_one(
    microphone: SounddeviceMicrophone, sound: FakeSound, chunks: list[Samples]
) -> None:
    sound.stream.hear(np.array([0, 16384, -32768], dtype=np.int16))
    assert chunks[0].dtype == np.float32
    assert chunks[0].tolist() == [0.0, 0.5, -1.0]  # though the device's buffer was used again


@pytest.mark.parametrize("rate_hz", [8_000.0, 44_100.0, 48_000.0, 96_000.0])
def test_a_device_that_refuses_16_khz_is_opened_at_its_rate_and_resampled(
    monkeypatch: pytest.MonkeyPatch, chunks: list[Samples], rate_hz: float
) -> None:
    device = FakeDevice("odd", rate_hz, inputs=2, takes_rates=(rate_hz,), takes_channels=(2,))
    sound = FakeSound([device]).install(monkeypatch)
    microphone = SounddeviceMicrophone(chunks.append)
    microphone.start()
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(round(2 * rate_hz)) / rate_hz)).astype(np.int16)
    block = sound.stream.blocksize
    for start in range(0, tone.size, block):
        sound.stream.hear(tone[start : start + block].copy())
    heard = np.concatenate(chunks)
    microphone.close()
    assert block == round(0.04 * rate_hz)
    assert heard.size == pytest.approx(32_000, abs=1000)
    middle = heard[8000:24_000]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == 440
    assert np.abs(middle).max() == pytest.approx(8000 / 32768, rel=0.01)
    assert microphone.received_samples == tone.size


def test_two_channels_are_averaged(monkeypatch: pytest.MonkeyPatch, chunks: list[Samples]) -> None:
    sound = FakeSound([FakeDevice("array", inputs=2, takes_channels=(2,))]).install(monkeypatch)
    microphone = SounddeviceMicrophone(chunks.append)
    microphone.start()
    sound.stream.hear(np.array([[16384, 0], [-16384, 16384]], dtype=np.int16))
    microphone.close()
    assert chunks[0].tolist() == [0.25, 0.0]


def test_nothing_is_delivered_after_close(
    microphone: SounddeviceMicrophone, sound: FakeSound, chunks: list[Samples]
) -> None:
    stream = sound.stream
    microphone.close()
    stream.hear(np.ones(320, dtype=np.int16))
    assert chunks == []
    assert stream.closed


def test_a_closed_microphone_can_be_started_again(
    microphone: SounddeviceMicrophone, sound: FakeSound, chunks: list[Samples]
) -> None:
    sound.stream.hear(np.ones(320, dtype=np.int16))
    microphone.close()
    microphone.start()
    sound.stream.hear(np.ones(320, dtype=np.int16))
    assert len(chunks) == 2
    assert microphone.received_samples == 320


def test_it_runs_from_its_first_chunk_on(microphone: SounddeviceMicrophone, sound: FakeSound) -> None:
    assert not microphone.running
    sound.stream.hear(np.zeros(640, np.int16))
    assert microphone.running


def test_overflows_and_samples_are_counted(microphone: SounddeviceMicrophone, sound: FakeSound) -> None:
    sound.stream.hear(np.ones(320, dtype=np.int16), overflow=True)
    sound.stream.hear(np.ones(320, dtype=np.int16))
    assert (microphone.overflows, microphone.received_samples) == (1, 640)
    assert microphone.last_chunk_wall is not None


def test_three_seconds_of_exact_zeros_are_suspicious_until_sound_comes(
    microphone: SounddeviceMicrophone, sound: FakeSound
) -> None:
    for _ in range(149):
        sound.stream.hear(np.zeros(320, dtype=np.int16))
    assert microphone.health() == "ok"
    sound.stream.hear(np.zeros(320, dtype=np.int16))
    assert (microphone.health(), microphone.zero_samples_run) == ("silent", 48_000)
    sound.stream.hear(np.array([0, 1, 0], dtype=np.int16))
    assert (microphone.health(), microphone.zero_samples_run) == ("ok", 0)


def test_an_inactive_stream_is_lost(microphone: SounddeviceMicrophone, sound: FakeSound) -> None:
    assert microphone.health() == "ok"
    sound.stream.active = False
    assert microphone.health() == "lost"
    microphone.close()
    assert microphone.health() == "lost"


def test_no_microphone_is_one_sentence_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSound([FakeDevice("speaker", outputs=2)]).install(monkeypatch)
    with pytest.raises(DeviceError) as caught:
        SounddeviceMicrophone(lambda chunk: None).start()
    assert caught.value.message == "No microphone was found."
    assert "allow it for your terminal" in caught.value.hint
    assert caught.value.exit_code == 3


def test_a_busy_microphone_is_closed_again(sound: FakeSound) -> None:
    sound.refuses_to_start = True
    with pytest.raises(DeviceError, match=r"The microphone cannot be used: .*Device unavailable\."):
        SounddeviceMicrophone(lambda chunk: None).start()
    assert all(stream.closed for stream in sound.streams)


# --------------------------------------------------------------------------------------- the watch


def test_a_device_may_take_its_time_before_the_first_chunk() -> None:
    watch = StreamWatch(16_000, opened_wall=100.0)
    assert watch.health(active=True, now=100.0 + FIRST_CHUNK_S) == "ok"
    assert watch.health(active=True, now=100.1 + FIRST_CHUNK_S) == "lost"


def test_after_the_first_chunk_a_gap_means_lost_and_a_late_burst_mends_it() -> None:
    watch = StreamWatch(16_000, opened_wall=0.0)
    watch.chunk(320, zeros=False, now=1.0)
    assert watch.health(active=True, now=1.0 + LOST_AFTER_S) == "ok"
    assert watch.health(active=True, now=1.1 + LOST_AFTER_S) == "lost"
    watch.chunk(64_000, zeros=False, now=5.0)
    assert watch.health(active=True, now=5.1) == "ok"


def test_missing_samples_show_against_the_clock() -> None:
    watch = StreamWatch(16_000, opened_wall=0.0)
    assert watch.behind_s(3.0) == 0.0
    for tick in range(50):
        watch.chunk(320 if tick < 25 else 0, zeros=False, now=1.0 + 0.02 * tick)
    assert watch.behind_s(1.98) == pytest.approx(0.5)
