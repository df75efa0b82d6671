"""Kept voices: saved only when a couple asks for it, listed, and forgotten without a trace.

    data folder/voices/          0700
        <key>.npz                0600, the voice (``voiceprint_file``)
        <key>.json               0600, whose it is, and since when

A voice is biometric data. The key is a hash of the name, so that any name will do; names that differ only in case, in
spaces or in how an accent is written are one name. No link is followed out of the folder.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from voice_imago.engines.voiceprint_enrolment import VoiceModel, load_voice, save_voice
from voice_imago.errors import FileError, UsageError
from voice_imago.folders import data_folder

__all__ = ["Profile", "forget", "forget_all", "load", "names", "save"]

AGAIN = "Forget this voice and let it be learnt again."
ROOM = "Make room on the disk, or check who owns the folder; the dialogue goes on without it."
MOST_BYTES = 100_000
"""Of the small file that says whose a voice is."""
MOST_SHOWN = 60
"""Characters of a name in a sentence."""
_KEY = 32
_OURS = re.compile(rf"\.?([0-9a-f]{{{_KEY}}})\.(npz|json)(\..*part)?")


@dataclass(frozen=True, slots=True)
class Profile:
    """One kept voice."""

    name: str
    """As it was written when the voice was kept; empty when the file that says so is damaged."""
    kept: str
    """Day, as 2025-03-01."""
    speech_s: float
    """Seconds of speech that it was learnt from."""


def save(name: str, model: VoiceModel, *, today: datetime.date | None = None) -> None:
    """Keep a voice, in place of an earlier one of that name.

    Raises FileError, and then the earlier one is still there; UsageError for an empty name.
    """
    key, folder = _key(name), _folder()
    kept = Profile(_tidy(name), (today or datetime.date.today()).isoformat(), round(model.speech_s, 1))
    part = folder / f".{key}.json.{os.getpid()}.part"
    try:
        _make(folder)
        _write(part, json.dumps(asdict(kept)).encode("ascii"))
        save_voice(model, folder / f"{key}.npz")
        part.replace(folder / f"{key}.json")
    except (OSError, FileError) as error:
        with contextlib.suppress(OSError):
            part.unlink()
        _remove_empty(folder)
        cause = error if isinstance(error, OSError) else error.__cause__
        why = getattr(cause, "strerror", None) or str(error).rstrip(".")
        raise FileError(f"The voice of {_shown(name)} cannot be kept in {folder}: {why}.", ROOM) from error


def load(name: str) -> VoiceModel | None:
    """The kept voice of that name; None when there is none. Raises FileError when it cannot be used."""
    path = _folder() / f"{_key(name)}.npz"
    if path.is_symlink():
        raise FileError(f"The kept voice of {_shown(name)} is a link to somewhere else and is not read.", AGAIN)
    if not path.exists():
        return None
    try:
        return load_voice(path)
    except FileError as error:
        raise FileError(f"The kept voice of {_shown(name)} cannot be used. {error.message}", error.hint) from error


def names() -> list[Profile]:
    """All kept voices, by name. Raises FileError when the folder cannot be read."""
    found = [_profile(path) for path in _files() if path.suffix == ".npz"]
    return sorted(found, key=lambda profile: (profile.name.casefold(), profile.name, profile.kept))


def forget(name: str) -> bool:
    """Leave nothing of that voice; False when there was nothing. Raises FileError."""
    key = _key(name)
    return _remove([path for path in _files() if path.name.lstrip(".").startswith(key)])


def forget_all() -> bool:
    """Leave nothing of any voice; False when there was nothing. Raises FileError."""
    return _remove(_files())


# ---------------------------------------------------------------------- names


def _tidy(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _key(name: str) -> str:
    tidy = _tidy(name)
    if not tidy:
        raise UsageError("A kept voice needs a name.", "Name the partners with --partners.")
    folded = unicodedata.normalize("NFC", tidy.casefold())
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY]


def _shown(name: str) -> str:
    """A name in a sentence: short, and without characters that turn or break a line."""
    plain = "".join(c if c.isprintable() and not c.isspace() else " " for c in _tidy(name))
    return plain if len(plain) <= MOST_SHOWN else plain[: MOST_SHOWN - 1] + "…"


# ---------------------------------------------------------------------- files


def _folder() -> Path:
    """Raises FileError when it is a link."""
    folder = data_folder() / "voices"
    if folder.is_symlink():
        raise FileError(f"The folder of kept voices {folder} is a link, which is not followed.", "Remove the link.")
    return folder


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)  # of a process that died
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _files() -> list[Path]:
    """Everything that ``save`` may have left, also half a file."""
    folder = _folder()
    try:
        return sorted(path for path in folder.iterdir() if _OURS.fullmatch(path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FileError(
            f"The folder of kept voices {folder} cannot be read: {error.strerror}.", "Check who owns it."
        ) from error


def _profile(voice: Path) -> Profile:
    """What the small file beside a voice says, if it is about this voice."""
    path = voice.with_suffix(".json")
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES:
            return Profile("", "", 0.0)
        told = json.loads(path.read_bytes())
        name, kept, speech_s = str(told["name"]), str(told["kept"]), float(told["speech_s"])
        datetime.date.fromisoformat(kept)
        if _key(name) == voice.stem:
            return Profile(name, kept, speech_s)
    except (OSError, ValueError, LookupError, TypeError, RecursionError, UsageError):
        pass
    return Profile("", "", 0.0)


def _remove(paths: Sequence[Path]) -> bool:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise FileError(
                f"The kept voice {path} cannot be deleted: {error.strerror}.", "Check who owns the folder."
            ) from error
    _remove_empty(_folder())
    return bool(paths)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()
