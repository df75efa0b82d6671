"""Where things are kept. ``VOICE_IMAGO_HOME`` overrides every folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

__all__ = [
    "cache_folder",
    "data_folder",
    "journal_folder",
    "log_file",
    "models_folder",
    "settings_file",
    "voices_folder",
]


def _home() -> Path | None:
    home = os.environ.get("VOICE_IMAGO_HOME")
    return Path(home) if home else None


def cache_folder() -> Path:
    """Rendered prompts; may be deleted at any time."""
    home = _home()
    return home / "cache" if home else Path(platformdirs.user_cache_dir("voice-imago", appauthor=False))


def data_folder() -> Path:
    """Models and what the couple keeps."""
    home = _home()
    return home / "data" if home else Path(platformdirs.user_data_dir("voice-imago", appauthor=False))


def models_folder() -> Path:
    return data_folder() / "models"


def voices_folder() -> Path:
    """Voices of Piper that somebody has put there."""
    return data_folder() / "voices"


def journal_folder() -> Path:
    """What the couple agreed to keep of its dialogues."""
    return data_folder() / "journal"


def log_file() -> Path:
    """What happened, in numbers: no words, no names."""
    return data_folder() / "log" / "log.txt"


def settings_file() -> Path:
    home = _home()
    folder = home or Path(platformdirs.user_config_dir("voice-imago", appauthor=False))
    return folder / "settings.toml"
