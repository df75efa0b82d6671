"""The file of the journal: where it is, what it is, who may read it, and where a damaged one goes.

data folder/journal/            0700
    journal.db                  0600, plain or (``vault``) encrypted; beside it -wal and -shm while it is open
    rehearsals.db               what rehearsed scenes keep
    journal.damaged-….db        a damaged one, set aside
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from voice_imago.errors import FileError, JournalError
from voice_imago.folders import data_folder, journal_folder

__all__ = [
    "Kind",
    "beside",
    "guard",
    "in_the_way",
    "journal_file",
    "kind_of",
    "make",
    "our_files",
    "rehearsals_file",
    "remove",
    "set_aside",
]

Kind = Literal["missing", "empty", "young", "plain", "sealed"]
"""``young``: all that it holds is still in the -wal beside it."""
MAGIC = b"SQLite format 3\x00"
PAGE_BYTES = 4096
"""Of a page, also of an encrypted one."""
DAMAGED = "The next dialogue that is kept sets it aside and begins a new one; nothing is deleted."
PART = ".part"
"""Ending of a file that is being made."""
SIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database."""


def journal_file() -> Path:
    return journal_folder() / "journal.db"


def rehearsals_file() -> Path:
    """Rehearsed couples have a journal of their own."""
    return journal_folder() / "rehearsals.db"


def kind_of(path: Path) -> Kind:
    """What lies there, by its first bytes. Raises FileError for what is no journal, JournalError for a damaged one."""
    if path.is_symlink():
        hint = in_the_way(path, "Name the file itself.")
        raise FileError(f"The journal {path} is a link, which is not followed.", hint)
    if path.is_dir():
        hint = in_the_way(path, "Name the file in it, which ends in .db.")
        raise FileError(f"The journal {path} is a folder.", hint)
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise FileError(f"The journal {path} is a device or a pipe, no file.", in_the_way(path, "Name a file."))
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError as error:
        raise FileError(f"The journal {path} cannot be read: {error.strerror}.", "Check who owns the file.") from error
    if not size:
        return "young" if beside(path, "-wal").exists() else "empty"
    if head == MAGIC:
        return "plain"
    if not head.strip(b"\0"):
        raise JournalError(f"The journal {path} is damaged.", DAMAGED, "damaged")
    if size % PAGE_BYTES:
        hint = in_the_way(path, "Name a file that voice-imago has kept.")
        raise FileError(f"The file {path} is no journal, or not whole.", hint)
    return "sealed"


def in_the_way(path: Path, other: str) -> str:
    """What to do about something else in the place of one's own journal; ``other``: about a file that was named."""
    own = (journal_file().absolute(), rehearsals_file().absolute())
    return "Move it away, then start again." if path.absolute() in own else other


def guard(path: Path) -> None:
    """Nothing is written outside the data folder, nor through a link. Raises FileError."""
    for folder in (path.parent, data_folder()):
        if folder.is_symlink():
            raise FileError(f"The folder {folder} is a link, which is not followed.", "Remove the link.")
    home = data_folder().resolve()
    if not path.resolve().is_relative_to(home):
        raise FileError(f"The journal {path} is outside the data folder {home}.", "Nothing is written there.")


def make(path: Path) -> None:
    """The folder 0700 and an empty file 0600, unless they are there. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def remove(path: Path) -> bool:
    """Delete a file with what SQLite keeps beside it; False if it was not there. Raises OSError."""
    for ending in SIDE:
        beside(path, ending).unlink(missing_ok=True)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def set_aside(path: Path, today: datetime.date) -> Path:
    """Give a damaged journal another name, with all that belongs to it; gives the name. Raises OSError."""
    name = next(name for name in _names(path, today) if not name.exists() and not name.is_symlink())
    path.rename(name)
    for ending in SIDE:
        with contextlib.suppress(FileNotFoundError):
            beside(path, ending).rename(beside(name, ending))
    return name


def _names(path: Path, today: datetime.date) -> Iterator[Path]:
    stem = f"{path.stem}.damaged-{today.isoformat()}"
    yield path.with_name(f"{stem}{path.suffix}")
    number = 1
    while True:
        number += 1
        yield path.with_name(f"{stem}-{number}{path.suffix}")


def our_files() -> list[Path]:
    """Everything in the journal's folder: also damaged journals, half-made ones, and what SQLite keeps beside them."""
    folder = journal_folder()
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_symlink() or not path.is_dir())
