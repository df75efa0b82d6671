"""Recordings in and out: every format, rate and kind of damage that a user may bring."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.recorded import RecordedMicrophone, read_sound, resample, to_int16, write_wav
from voice_imago.errors import FileError


def tone(seconds: float, rate_hz: int, pitch_hz: float = 440.0) -> Samples:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * pitch_hz * t)).astype(np.float32)


def strongest_hz(sound: Samples, rate_hz: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(sound))) * rate_hz / sound.size)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_any_format_and_rate_becomes_16_khz_mono(tmp_path: Path, name: str, rate_hz: int) -> None:
    left = tone(1.0, rate_hz)
    soundfile.write(tmp_path / name, np.stack([left, left], axis=1), rate_hz)
    sound = read_sound(tmp_path / name)
    assert (sound.dtype, sound.ndim) == (np.float32, 1)
    assert sound.size == pytest.approx(HEAR_HZ, abs=0.1 * HEAR_HZ)  # MP3 pads
    assert strongest_hz(sound, HEAR_HZ) == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean(sound[2000:14_000] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_channels_are_averaged(tmp_path: Path) -> None:
    frames = np.array([[0.5, 0.0], [0.25, 0.25]])
    soundfile.write(tmp_path / "a.wav", frames, HEAR_HZ, subtype="FLOAT")
    assert read_sound(tmp_path / "a.wav").tolist() == [0.25, 0.25]


def test_another_rate_may_be_asked_for(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(1.0, HEAR_HZ), HEAR_HZ)
    sound = read_sound(tmp_path / "a.wav", rate=48_000)
    assert sound.size == 48_000
    assert strongest_hz(sound, 48_000) == pytest.approx(440, abs=1)


def test_a_recording_longer_than_a_block_has_no_seams(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", tone(25.0, 44_100, pitch_hz=100.0), 44_100)
    sound = read_sound(tmp_path / "a.flac")
    assert sound.size == 25 * HEAR_HZ
    expected = tone(25.0, HEAR_HZ, pitch_hz=100.0)
    assert np.abs(sound - expected)[1000:-1000].max() < 1e-3


def test_values_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([np.nan, np.inf, -np.inf, 7.0]), HEAR_HZ, subtype="FLOAT")
    assert read_sound(tmp_path / "a.wav").tolist() == [0.0, 1.0, -1.0, 1.0]


def test_a_wav_that_claims_more_than_it_holds_gives_what_there_is(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", [tone(1.0, HEAR_HZ)], HEAR_HZ)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: 44 + 2 * 5000])
    assert read_sound(tmp_path / "a.wav").size == 5000


def bad_recordings(folder: Path) -> dict[str, Path]:
    write_wav(folder / "whole.wav", [tone(0.1, HEAR_HZ)], HEAR_HZ)
    whole = (folder / "whole.wav").read_bytes()
    soundfile.write(folder / "flac.flac", tone(1.0, HEAR_HZ), HEAR_HZ)
    flac = (folder / "flac.flac").read_bytes()
    contents = {
        "empty.wav": b"",
        "header only.wav": whole[:44],
        "half a header.wav": whole[:20],
        "text.wav": b"We talked about the garden." * 50,
        "raw.raw": whole,
        "cut.flac": flac[: len(flac) // 2],
        "slow.wav": whole[:24] + (7).to_bytes(4, "little") + whole[28:],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.wav").mkdir()
    return {name: folder / name for name in [*contents, "folder.wav", "missing.wav"]}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.wav", "does not exist."),
        ("folder.wav", "is a folder."),
        ("empty.wav", "is empty."),
        ("header only.wav", "is empty."),
        ("half a header.wav", "is damaged or no sound file."),
        ("text.wav", "is damaged or no sound file."),
        ("raw.raw", "is damaged or no sound file."),
        ("cut.flac", "is damaged or no sound file."),
        ("slow.wav", "has an unlikely rate of 7 Hz."),
    ],
)
def test_a_bad_recording_is_one_sentence_with_its_name_and_a_way_out(tmp_path: Path, name: str, sentence: str) -> None:
    path = bad_recordings(tmp_path)[name]
    with pytest.raises(FileError) as caught:
        read_sound(path)
    assert caught.value.message.startswith(f"The recording {path} {sentence}")
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_recording_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", [tone(0.1, HEAR_HZ)], HEAR_HZ)
    (tmp_path / "a.wav").chmod(0)
    with pytest.raises(FileError, match="may not be read"):
        read_sound(tmp_path / "a.wav")


# ----------------------------------------------------------------------------------------- writing


def test_channels_of_different_kind_and_length_are_written_side_by_side(tmp_path: Path) -> None:
    ints = np.array([1, -2, 32_767], dtype=np.int16)
    write_wav(tmp_path / "a.wav", [ints, np.array([0.5])], 48_000)
    frames, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert rate_hz == 48_000
    assert frames.tolist() == [[1, 16_384], [-2, 0], [32_767, 0]]


def test_floats_beyond_full_scale_are_clipped() -> None:
    assert to_int16(np.array([2.0, -2.0, np.nan, 0.0])).tolist() == [32_767, -32_768, 0, 0]


def test_writing_leaves_no_other_file_behind_and_replaces_the_old_one(tmp_path: Path) -> None:
    for length in (10, 20):
        write_wav(tmp_path / "a.wav", [np.zeros(length, dtype=np.int16)], 16_000)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert soundfile.info(tmp_path / "a.wav").frames == 20


@pytest.mark.parametrize("where", ["missing folder/a.wav", "a file/a.wav", "a folder.wav"])
def test_what_cannot_be_written_is_one_sentence_and_changes_nothing(tmp_path: Path, where: str) -> None:
    (tmp_path / "a file").write_text("mine")
    (tmp_path / "a folder.wav").mkdir()
    with pytest.raises(FileError, match=r"The sound file .* cannot be written: .*\. Choose"):
        write_wav(tmp_path / where, [np.zeros(10)], 16_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a file", "a folder.wav"]
    assert (tmp_path / "a file").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_something_that_is_no_file_is_never_replaced_by_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="it is not a file"):
        write_wav(tmp_path / "pipe", [np.zeros(10)], 16_000)
    assert (tmp_path / "pipe").is_fifo()


def test_resampling_keeps_the_kind_of_number() -> None:
    for kind in (np.int16, np.float32):
        assert resample(np.zeros(480, dtype=kind), 48_000, 16_000).dtype == kind
    assert resample(np.zeros(0, dtype=np.int16), 48_000, 16_000).size == 0


# --------------------------------------------------------------------- a recording as a microphone


@pytest.mark.parametrize("chunk_samples", [1, 16, 320, 16_000])
def test_the_chunks_of_a_recording_put_together_are_the_recording(chunk_samples: int) -> None:
    sound = tone(0.1, HEAR_HZ)
    chunks: list[Samples] = []
    microphone = RecordedMicrophone(sound, chunks.append, chunk_samples)
    microphone.run()
    assert np.array_equal(np.concatenate(chunks), sound)
    assert all(chunk.size == chunk_samples for chunk in chunks[:-1])
    assert microphone.finished.is_set()


def test_a_recording_is_handed_out_in_the_background_too(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", [tone(1.0, HEAR_HZ)], HEAR_HZ)
    chunks: list[Samples] = []
    microphone = RecordedMicrophone(tmp_path / "a.wav", chunks.append)
    microphone.start()
    assert microphone.finished.wait(5.0)
    microphone.close()
    assert sum(chunk.size for chunk in chunks) == HEAR_HZ


def test_closing_ends_a_recording_that_is_played_in_real_time() -> None:
    first = threading.Event()
    microphone = RecordedMicrophone(tone(60.0, HEAR_HZ), lambda chunk: first.set(), real_time=True)
    microphone.start()
    assert first.wait(5.0)
    microphone.close()
    assert not microphone.finished.is_set()


def test_a_missing_recording_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        RecordedMicrophone(tmp_path / "none.wav", lambda chunk: None).start()


def test_a_chunk_without_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        RecordedMicrophone(tone(1.0, HEAR_HZ), lambda chunk: None, 0)
