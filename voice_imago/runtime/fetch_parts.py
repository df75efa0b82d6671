"""Unfinished downloads on the disk: whose they are, and how one is gone on with.

Each download writes into a folder of its own, ``.part-<model>-…``, beside the models, and holds a lock in it as long as
its process lives; the system lets go of the lock however the process ends. So a part that is not locked was left
behind: the next download of the same pinned model goes on with it, one of another pin is thrown away, and one of
another model is kept for a week. One that is finished is about to become a model, and left alone for a minute.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["WEIGHTS", "Part", "claimed_part", "drop_notes", "note_finished", "remove_part", "reopen", "unfinished"]

WEIGHTS = "model.bin"
KEPT_S = 7 * 24 * 3600.0
"""Seconds for which the part of another model is kept."""
SETTLING_S = 60.0
"""Seconds in which a finished part becomes a model."""
_PREFIX = ".part-"
_NOTE, _LOCK = "pin.json", "in-use"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Part:
    """An unfinished download."""

    folder: Path
    name: str
    """Of the model; empty: nothing in the folder says so."""
    sha256: str
    """That the finished weights must have."""
    size_bytes: int
    """Of the weights that are here."""
    running: bool
    """A program is fetching it just now."""


def unfinished(place: Path) -> tuple[Part, ...]:
    """The unfinished downloads in a folder of models, the fullest first."""
    return tuple(_look(folder) for folder in _parts(place))


def remove_part(folder: Path) -> bool:
    """Delete a part, unless a program is fetching it; whether it is gone."""
    hold = _hold(folder) if folder.is_dir() else None
    if hold is not None:
        _throw_away(hold)
    return not folder.exists()


@contextlib.contextmanager
def claimed_part(place: Path, name: str, sha256: str) -> Iterator[Path]:
    """A folder to fetch into, ours until the end: the one that was left behind, if there is one, else a new one.

    What others left behind and nobody can use is swept up on the way. OSError when the folder cannot be written.
    """
    place.mkdir(parents=True, exist_ok=True)
    mine: _Hold | None = None
    for folder in _parts(place):
        hold = None if _is_settling(folder) else _hold(folder)
        if hold is None:
            continue
        part = _look(folder)
        if mine is None and (part.name, part.sha256) == (name, sha256):
            mine = hold
        elif part.name in (name, "") or _age_s(folder / WEIGHTS) > KEPT_S:
            _throw_away(hold)
        else:
            hold.close()
    mine = mine or _new_part(place, name, sha256)
    try:
        yield mine.folder
    finally:
        mine.close()


def note_finished(folder: Path) -> None:
    """All is here and checked: nobody is to go on with it."""
    note = _note(folder)
    (folder / _NOTE).write_text(json.dumps(note | {"finished": True}), encoding="utf-8")


def reopen(model: Path, name: str, sha256: str) -> None:
    """A model that does not work becomes a part again: its weights may be right, and are not fetched twice then."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}-", dir=model.parent))
    folder.rmdir()
    model.rename(folder)
    (folder / _NOTE).write_text(json.dumps({"name": name, "sha256": sha256}), encoding="utf-8")


def drop_notes(folder: Path) -> None:
    """What was a part is a model now: nothing of the download stays in it."""
    for name in (_NOTE, _LOCK):
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()


def _parts(place: Path) -> list[Path]:
    folders = [folder for folder in place.glob(f"{_PREFIX}*") if folder.is_dir()] if place.is_dir() else []
    return sorted(folders, key=lambda folder: (-_weights_bytes(folder), folder.name))


def _look(folder: Path) -> Part:
    note = _note(folder)
    name, sha256 = note.get("name"), note.get("sha256")
    known = isinstance(name, str) and isinstance(sha256, str)
    told = (str(name), str(sha256)) if known else ("", "")
    return Part(folder, *told, _weights_bytes(folder), _is_running(folder))


def _note(folder: Path) -> dict[str, object]:
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _is_settling(folder: Path) -> bool:
    return bool(_note(folder).get("finished")) and _age_s(folder / _NOTE) < SETTLING_S


def _weights_bytes(folder: Path) -> int:
    try:
        return (folder / WEIGHTS).stat().st_size
    except OSError:
        return 0


def _age_s(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0


def _new_part(place: Path, name: str, sha256: str) -> _Hold:
    for _ in range(_TRIES):  # a second program may take a folder for rubbish before it is locked
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}-", dir=place))
        hold = _hold(folder)
        if hold is not None:
            break
    else:  # a file system without locks: then nobody can claim what is left behind either
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}-", dir=place))
        hold = _Hold(folder, None)
    (folder / _NOTE).write_text(json.dumps({"name": name, "sha256": sha256}), encoding="utf-8")
    return hold


# ------------------------------------------------------------------------------------------------ the lock


class _Hold:
    """A part that nobody else may touch."""

    def __init__(self, folder: Path, number: int | None) -> None:
        self.folder = folder
        self._number = number

    def close(self) -> None:
        if self._number is not None:
            os.close(self._number)
        self._number = None


def _throw_away(hold: _Hold) -> None:
    hold.close()  # before: Windows deletes no open file
    shutil.rmtree(hold.folder, ignore_errors=True)


def _hold(folder: Path) -> _Hold | None:
    """The lock of a part; None where another process has it, or the folder was moved or removed meanwhile."""
    path = folder / _LOCK
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        _lock(number)
        if os.fstat(number).st_ino == path.stat().st_ino:
            return _Hold(folder, number)
    except OSError:
        pass
    os.close(number)
    return None


def _is_running(folder: Path) -> bool:
    """Whether a program holds the lock; a part of our own counts as running too."""
    try:
        number = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(number)
    except OSError:
        return True
    finally:
        os.close(number)
    return False


def _lock(number: int) -> None:
    """Raises OSError where somebody else has the lock, or the file system knows none."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
