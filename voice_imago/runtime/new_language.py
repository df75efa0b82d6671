"""The `new-language` command: a folder with the English words to be translated, and its entry in languages.toml."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from voice_imago import output
from voice_imago.dialogue.script import prompts_folder
from voice_imago.errors import FileError, UsageError

__all__ = ["new_language"]

TEMPLATE = "en"
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")


def new_language(code: str, name: str, folder: Path | None = None) -> int:
    """Scaffold a translation. Raises UsageError for a code that is none or taken, FileError where it cannot write."""
    place = folder or prompts_folder()
    if not _CODE.fullmatch(code):
        raise UsageError(f"{code!r} is no language code.", "Use two or three small letters, such as it or pt.")
    if not name.strip() or not name.isprintable() or '"' in name or "\\" in name:
        raise UsageError(f"{name!r} cannot be the name of a language.", "Say the name in English, such as Italian.")
    if (place / code).exists():
        raise UsageError(f"There is a folder {place / code} already.", "Edit the files in it, then: voice-imago check")
    entry = (
        f'\n[{code}]\nname = "{name}"\nnative = "{name}"               # how it calls itself\n'
        f'voices = ["{code}"]                     # first that the speech engine has; part of a name is enough\n'
        'joiner = "and"                        # the word before the last of several things\n'
        "offered = false                       # true when `check` finds nothing missing\n"
        "reviewed = false                      # true when somebody who grew up with it has read it all\n"
    )
    try:
        shutil.copytree(place / TEMPLATE, place / code)
        with (place / "languages.toml").open("a", encoding="utf-8") as languages:
            languages.write(entry)
    except OSError as error:
        shutil.rmtree(place / code, ignore_errors=True)
        raise FileError(f"The words of {name} cannot be written to {place / code}: {error.strerror}.") from error
    output.say(f"The words of {name} lie in {place / code}, in English for now. Translate them file by file.")
    output.say("Then: voice-imago check. When nothing is missing, set offered = true in languages.toml.")
    return 0
