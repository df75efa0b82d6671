"""A copy of what ships, in English only, to break: reading one language takes a sixth of the time."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from voice_imago.dialogue.script import prompts_folder

__all__ = ["english_copy"]


def english_copy(target: Path) -> Path:
    """The prompts of the program without its other languages."""
    shipped = prompts_folder()
    others = [code for code in tomllib.loads((shipped / "languages.toml").read_text("utf-8")) if code != "en"]
    shutil.copytree(shipped, target, ignore=shutil.ignore_patterns(*others))
    text = (target / "languages.toml").read_text("utf-8")
    (target / "languages.toml").write_text(text[: text.index(f"[{others[0]}]")], "utf-8")
    return target
