"""Fakes that tests and users share: a speech engine whose tone follows the text, without any real engine."""

from __future__ import annotations

import threading
import wave
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from voice_imago.engines.ports import VoiceSettings
from voice_imago.errors import VoiceError

RATE_HZ = 22_050


class FakeVoice:
    """Counts what it renders; fails while ``failing`` is set, waits while ``held`` is set."""

    def __init__(self, name: str = "fake 1") -> None:
        self.name = name
        self.rendered: list[tuple[str, VoiceSettings]] = []
        self.failing: Exception | None = None
        self.stumbles_over = ""
        """A text that cannot be rendered."""
        self._held_rate_wpm: int | None = None
        self._free = threading.Event()
        self._free.set()
        self.waiting = threading.Event()

    def hold(self, rate_wpm: int | None = None) -> None:
        """Let renders (at this rate) wait until ``release``."""
        self._held_rate_wpm = rate_wpm
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        self.rendered.append((text, settings))
        self.waiting.set()
        held = self._held_rate_wpm in (None, settings.rate_wpm)
        if held and not self._free.wait(30.0):
            raise TimeoutError("nobody released the fake voice")
        if self.failing is not None:
            raise self.failing
        if text == self.stumbles_over:
            raise VoiceError("The voice stumbled.")
        write_speech(target, text, settings.rate_wpm)

    def voices(self) -> Sequence[str]:
        return ["fake"]

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.rendered]


def write_speech(target: Path, text: str, rate_wpm: int) -> None:
    """0.2 s of silence, the tone, 0.4 s of silence; VoiceError when the place cannot be written."""
    length = 0.06 * len(text) * 155 / rate_wpm
    t = np.arange(round(length * RATE_HZ)) / RATE_HZ
    tone = 6000 * np.sin(2 * np.pi * (200 + zlib.crc32(text.encode()) % 400) * t)
    silence = np.zeros(RATE_HZ // 5)
    sound = np.concatenate([silence, tone, silence, silence]).astype("<i2")
    try:
        with target.open("wb") as raw, wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(sound.tobytes())
    except OSError as error:
        raise VoiceError(f"cannot write: {error.strerror}") from error
