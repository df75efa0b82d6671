"""Makes the sound of one prompt: from the folder if it is there and sound, else rendered into it.

When the disk fails, prompts are rendered by way of a private folder in RAM and the fault is told once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from voice_imago.engines.ports import Pcm, VoiceEngine, VoiceSettings
from voice_imago.engines.rendering import clean_text, judge, read_wav
from voice_imago.errors import VoiceError
from voice_imago.runtime.prompt_sound import ready_to_play
from voice_imago.runtime.prompts_folder import PromptFolder

RAM_FOLDER = Path("/dev/shm")  # noqa: S108 -- only a private folder made inside it is used

DiskLost = Callable[[str], None]
"""One sentence; from any thread."""


class PromptMaker:
    """Blocking; may be used from several threads for different prompts."""

    def __init__(self, engine: VoiceEngine, disk: PromptFolder | None, on_disk_lost: DiskLost) -> None:
        self._engine = engine
        self._engine_name = engine.name
        self._on_disk_lost = on_disk_lost
        self._disk = self._opened(disk) if disk is not None else None
        self._unkept: set[str] = set()

    def key(self, text: str, settings: VoiceSettings) -> str:
        """What decides how a prompt sounds, as one word."""
        parts = [self._engine_name, text, settings.voice, settings.rate_wpm, settings.volume]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def never_keep(self, text: str) -> None:
        """This text is rendered by way of RAM only."""
        self._unkept.add(text)

    def make(self, text: str, settings: VoiceSettings, key: str) -> Pcm:
        """Ready to play, at full volume. Raises VoiceError."""
        disk = self._disk
        if disk is None or text in self._unkept:
            return self._by_way_of_ram(text, settings)
        kept = self._kept(disk, text, settings, key)
        return kept if kept is not None else self._rendered(disk, text, settings, key)

    def _kept(self, disk: PromptFolder, text: str, settings: VoiceSettings, key: str) -> Pcm | None:
        """None when it is not there, or damaged and therefore to be rendered again."""
        path = disk.path(key)
        if not path.exists():
            return None
        try:
            rate_hz, sound = read_wav(path)
            judge(sound, rate_hz, clean_text(text), settings)
        except VoiceError:
            return None
        disk.touch(key)
        return ready_to_play(sound, rate_hz)

    def _rendered(self, disk: PromptFolder, text: str, settings: VoiceSettings, key: str) -> Pcm:
        try:
            self._engine.render(text, settings, disk.path(key))
            pcm = _ready(disk.path(key))
        except VoiceError:
            if disk.works():
                raise
            self._lose(disk, "the disk is full or cannot be written")
            return self._by_way_of_ram(text, settings)
        disk.added(key)
        return pcm

    def _by_way_of_ram(self, text: str, settings: VoiceSettings) -> Pcm:
        try:
            parent = RAM_FOLDER if os.access(RAM_FOLDER, os.W_OK) else None
            place = tempfile.mkdtemp(prefix="voice-imago-", dir=parent)
        except OSError as error:
            reason = f"No prompt can be rendered: {error.strerror}."
            raise VoiceError(reason, "Free some disk space.") from error
        try:
            path = Path(place, "prompt.wav")
            self._engine.render(text, settings, path)
            return _ready(path)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _opened(self, disk: PromptFolder) -> PromptFolder | None:
        try:
            disk.open()
        except OSError as error:
            self._lose(disk, error.strerror or str(error))
            return None
        if not disk.works():
            self._lose(disk, "the disk is full or cannot be written")
            return None
        return disk

    def _lose(self, disk: PromptFolder, reason: str) -> None:
        self._disk = None
        why = reason.rstrip(".")
        self._on_disk_lost(f"Prompts cannot be kept in {disk.folder}: {why}. For this session they are kept in memory.")


def _ready(path: Path) -> Pcm:
    rate_hz, sound = read_wav(path)
    return ready_to_play(sound, rate_hz)
