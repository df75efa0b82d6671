"""Makes the sound of one prompt: from the folder if it is there and sound, else rendered into it.

When the disk fails, prompts are rendered by way of a private folder in RAM and the fault is told once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from voice_imago.engines.ports import Pcm, VoiceEngine, VoiceSettings
from voice_imago.engines.rendering import PlaceError, clean_text, judge, read_wav
from voice_imago.errors import VoiceError
from voice_imago.runtime.prompt_sound import ready_to_play
from voice_imago.runtime.prompts_folder import PromptFolder

RAM_FOLDER = Path("/dev/shm")  # noqa: S108 -- only a private folder made inside it is used

Sound = tuple[int, Pcm]
"""Hertz and samples as an engine gave them."""
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

    def make(
        self, text: str, settings: VoiceSettings, key: str, pitch: float = 1.0, *, waited_for: bool = False
    ) -> Pcm:
        """Ready to play, at full volume. Raises VoiceError. ``waited_for``: no engine is given long.

        ``pitch``: a factor, made as a tape does it, by playing the same samples at another rate; the caller asks the
        engine for a slower or faster pace, so that the prompt takes as long as without.
        """
        disk = self._disk
        if disk is None or text in self._unkept:
            rate_hz, sound = self._by_way_of_ram(text, settings, waited_for)
        else:
            kept = self._kept(disk, text, settings, key)
            rate_hz, sound = kept if kept is not None else self._rendered(disk, text, settings, key, waited_for)
        return ready_to_play(sound, round(rate_hz * pitch))

    def on_disk(self, text: str, key: str) -> bool:
        """Whether there is a file for it; nobody has looked into it."""
        return self._disk is not None and text not in self._unkept and self._disk.path(key).exists()

    @property
    def in_bulk(self) -> bool:
        """Whether several texts at once are cheaper than one after the other."""
        return self._disk is not None and hasattr(self._engine, "render_many")

    def render_ahead(self, texts: Sequence[tuple[str, str]], settings: VoiceSettings) -> None:
        """Several texts, each with its key, into the folder. What fails is not there afterwards; nothing is raised."""
        disk = self._disk
        many = getattr(self._engine, "render_many", None)
        if disk is None or many is None:
            return
        kept = [(text, key) for text, key in texts if text not in self._unkept and not disk.path(key).exists()]
        if len(kept) < 2:
            return
        with contextlib.suppress(VoiceError):
            many([text for text, _ in kept], settings, [disk.path(key) for _, key in kept])
        for _, key in kept:
            disk.added(key)

    def _kept(self, disk: PromptFolder, text: str, settings: VoiceSettings, key: str) -> Sound | None:
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
        return rate_hz, sound

    def _render(self, text: str, settings: VoiceSettings, target: Path, waited_for: bool) -> None:
        soon = getattr(self._engine, "render_soon", None) if waited_for else None
        (soon or self._engine.render)(text, settings, target)

    def _rendered(self, disk: PromptFolder, text: str, settings: VoiceSettings, key: str, waited_for: bool) -> Sound:
        try:
            self._render(text, settings, disk.path(key), waited_for)
            sound = read_wav(disk.path(key))
        except VoiceError as error:
            if not isinstance(error, PlaceError) and disk.works():
                raise
            self._lose(disk, "the disk is full or cannot be written")
            return self._by_way_of_ram(text, settings, waited_for)
        disk.added(key)
        return sound

    def _by_way_of_ram(self, text: str, settings: VoiceSettings, waited_for: bool) -> Sound:
        try:
            parent = RAM_FOLDER if os.access(RAM_FOLDER, os.W_OK) else None
            place = tempfile.mkdtemp(prefix="voice-imago-", dir=parent)
        except OSError as error:
            reason = f"No prompt can be rendered: {error.strerror}."
            raise VoiceError(reason, "Free some disk space.") from error
        try:
            path = Path(place, "prompt.wav")
            self._render(text, settings, path, waited_for)
            return read_wav(path)
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
