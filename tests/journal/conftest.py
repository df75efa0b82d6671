"""Whole dialogues are led here without sound (``kept_room``), and kept in memory where the system has a place there:
what is tested is what is written, and hundreds of evenings would wait for the disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dialogue.conftest import shared_replies

__all__ = ["home", "shared_replies"]

RAM = Path("/dev/shm")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh, not yet existing folder for settings, journal and models."""
    place = RAM if os.access(RAM, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kept-", dir=place) as folder:
        path = Path(folder) / "voice-imago-home"
        monkeypatch.setenv("VOICE_IMAGO_HOME", str(path))
        yield path
