"""Rendered prompts on disk: a private folder of bounded size; the files used longest ago go first."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from voice_imago.engines.rendering import PROBE_BYTES

PRIVATE_FOLDER = 0o700
TRIM_TO = 0.9
"""Part of the limit that is left after trimming, so that it does not happen at every prompt."""
ABANDONED_S = 3600.0
"""Seconds after which a half-written file belongs to nobody."""


class PromptFolder:
    """File names are keys and tell nothing. Not thread-safe beyond what the file system gives."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder = folder
        self._limit_bytes = limit_bytes
        self._size_bytes: int | None = None

    def open(self) -> None:
        """Create the folder, private; clear what a killed run left, and what is over the limit. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        self.folder.chmod(PRIVATE_FOLDER)
        for part in self.folder.glob(".*.part.wav"):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > ABANDONED_S:
                    part.unlink()
        self._size_bytes = sum(size for _, size, _ in self._files())
        if self._size_bytes > self._limit_bytes:
            self._trim()

    def path(self, key: str) -> Path:
        return self.folder / f"{key}.wav"

    def touch(self, key: str) -> None:
        """Remember that a prompt was used now."""
        with contextlib.suppress(OSError):
            os.utime(self.path(key))

    def works(self) -> bool:
        """Whether a prompt can be written now: there, allowed, and space left."""
        probe = self.folder / f".{os.getpid()}.probe"
        try:
            probe.write_bytes(bytes(PROBE_BYTES))
        except OSError:
            return False
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()
        return True

    def added(self, key: str) -> None:
        """Count a new file and trim the folder if it grew too large."""
        try:
            self._size_bytes = (
                sum(size for _, size, _ in self._files())
                if self._size_bytes is None
                else (self._size_bytes + self.path(key).stat().st_size)
            )
        except OSError:
            return
        if self._size_bytes > self._limit_bytes:
            self._trim()

    def _trim(self) -> None:
        files = sorted(self._files())
        size = sum(size for _, size, _ in files)
        for _, file_bytes, path in files:
            if size <= self._limit_bytes * TRIM_TO:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                size -= file_bytes
        self._size_bytes = size

    def _files(self) -> list[tuple[float, int, Path]]:
        """(last use, bytes, path) of every prompt."""
        found = []
        for path in self.folder.glob("*.wav"):
            with contextlib.suppress(OSError):
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
        return found
