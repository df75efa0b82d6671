"""Sound files in and out, and a recording as a microphone."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.errors import FileError

BLOCK_S = 10.0
"""Seconds read at once, so that a long recording at a high rate never lies in memory whole."""
RATES_HZ = (4_000, 768_000)
"""Rates that a recording may have; a damaged header can hold anything."""
READABLE_HINT = "WAV, FLAC, OGG, MP3 and AIFF can be read."


def resample(sound: npt.NDArray[Any], from_hz: float, to_hz: float) -> npt.NDArray[Any]:
    """Mono sound at another rate (soxr, high quality); int16 stays int16 and float32 stays float32."""
    if from_hz == to_hz or not sound.size:
        return sound
    import soxr

    resampled: npt.NDArray[Any] = soxr.resample(sound, from_hz, to_hz, quality="HQ")
    return resampled


def read_sound(path: Path | str, rate: int = HEAR_HZ) -> Samples:
    """A whole sound file as mono float32 at ``rate``. FileError in one sentence for anything else."""
    pieces = list(_resampled_blocks(Path(path), rate))
    sound = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)
    if not sound.size:
        raise FileError(f"The recording {path} is empty.", "Choose a file with sound in it.")
    return sound


def write_wav(path: Path | str, channels: Sequence[npt.NDArray[Any]], rate: int) -> None:
    """A 16-bit WAV of these channels (int16, or float in -1..1), shorter ones padded; replaced atomically."""
    path = Path(path)
    frames = _as_frames(channels)
    if path.exists() and not path.is_file():  # a device must not be replaced by a file
        raise FileError(f"The sound file {path} cannot be written: it is not a file.", "Choose another name.")
    import soundfile

    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}.", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            soundfile.write(file, frames, rate, format="WAV", subtype="PCM_16")
        part.replace(path)
    except (OSError, soundfile.LibsndfileError) as error:
        if part is not None:
            with contextlib.suppress(OSError):
                part.unlink()
        raise FileError(
            f"The sound file {path} cannot be written: {_reason(error)}.",
            "Choose a folder that exists, has space and that you may write to.",
        ) from error


class RecordedMicrophone:
    """A recording handed out in chunks, as a microphone would; ``finished`` is set after the last one."""

    def __init__(
        self,
        recording: Path | str | Samples,
        on_chunk: Callable[[Samples], None],
        chunk_samples: int = 320,
        real_time: bool = False,
    ) -> None:
        if chunk_samples < 1:
            raise ValueError("a chunk holds at least one sample")
        self._recording = recording
        self._on_chunk = on_chunk
        self._chunk_samples = chunk_samples
        self._real_time = real_time
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self.finished = threading.Event()

    def start(self) -> None:
        """Read the file (FileError), then hand it out from a thread."""
        sound = self._sound()
        self._thread = threading.Thread(target=self._hand_out, args=(sound,), name="recorded-microphone", daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Hand everything out in the caller's thread, for a repeatable run."""
        self._hand_out(self._sound())

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _sound(self) -> Samples:
        if isinstance(self._recording, np.ndarray):
            return self._recording
        return read_sound(self._recording)

    def _hand_out(self, sound: Samples) -> None:
        for start in range(0, sound.size, self._chunk_samples):
            if self._closing.wait(self._chunk_samples / HEAR_HZ if self._real_time else 0):
                return
            self._on_chunk(sound[start : start + self._chunk_samples].copy())
        self.finished.set()


def _resampled_blocks(path: Path, rate: int) -> Iterator[Samples]:
    import soundfile

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise FileError(f"The recording {path} {what}.", "Check the name and the folder.")
    try:
        with soundfile.SoundFile(path) as file:
            yield from _blocks(file, rate)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: it wants to be told the rate of .raw
        if not os.access(path, os.R_OK):
            raise FileError(f"The recording {path} may not be read.", "Check who owns the file.") from error
        if path.stat().st_size == 0:
            raise FileError(f"The recording {path} is empty.", "Choose a file with sound in it.") from error
        raise FileError(f"The recording {path} is damaged or no sound file.", READABLE_HINT) from error
    except OSError as error:
        raise FileError(f"The recording {path} cannot be read: {_reason(error)}.", READABLE_HINT) from error


def _blocks(file: Any, rate: int) -> Iterator[Samples]:
    import soxr

    if not RATES_HZ[0] <= file.samplerate <= RATES_HZ[1]:
        raise FileError(f"The recording {file.name} has an unlikely rate of {file.samplerate} Hz.", READABLE_HINT)
    stream = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32") if file.samplerate != rate else None
    while True:
        block = file.read(round(BLOCK_S * file.samplerate), dtype="float32", always_2d=True)
        mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32), posinf=1.0, neginf=-1.0)
        last = len(block) == 0
        piece = mono if stream is None else stream.resample_chunk(mono, last=last)
        if piece.size:
            yield np.clip(piece, -1.0, 1.0).astype(np.float32)
        if last:
            return


def _as_frames(channels: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.int16]:
    if not channels:
        raise ValueError("a sound file needs at least one channel")
    frames = np.zeros((max(len(channel) for channel in channels), len(channels)), dtype=np.int16)
    for column, channel in enumerate(channels):
        frames[: len(channel), column] = to_int16(channel)
    return frames


def to_int16(sound: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    """Floats in -1..1 as int16, clipped; int16 as it is."""
    if sound.dtype == np.int16:
        return sound
    scaled = np.nan_to_num(sound.astype(np.float32)) * 32767.0
    clipped: npt.NDArray[np.int16] = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    return clipped


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).rstrip(".")
