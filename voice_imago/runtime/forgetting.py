"""Forgetting: a session, a person, or everything; each says so after it is true.

Beside the journal that is whatever else the program may have written: kept voices, rendered prompts (they hold names),
settings, the log, half-made and damaged files, and what a killed program left in the temporary folders.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from voice_imago.errors import FileError, JournalError, UsageError
from voice_imago.folders import cache_folder, data_folder, journal_folder, log_file, settings_file
from voice_imago.journal import files, store
from voice_imago.journal.journal import Journal, reading
from voice_imago.journal.private import forget_person as forget_private
from voice_imago.runtime import profiles
from voice_imago.runtime.turn_log import erase_log
from voice_imago.settings import load_settings, save_settings

__all__ = ["forget_everything", "forget_person", "forget_session", "sessions_kept"]

Ask = Callable[[Path], str | None]
"""The passphrase of a journal, if it needs one."""
LISTED = 10
"""The newest sessions, from which one is chosen."""
TEMPORARY = "voice-imago-*"
RAM = Path("/dev/shm")  # noqa: S108 -- only folders of ours in it are removed


def forget_session(number: int, ask: Ask) -> str:
    """Leave nothing of one session. Raises UsageError, FileError, VaultError, JournalError."""
    path = files.journal_file()
    if files.kind_of(path) in ("missing", "empty"):
        raise UsageError(f"There is no session {number}; nothing is kept.", "There is nothing to forget.")
    key = ask(path)
    with reading(path, key) as connection:  # a damaged one stays where it is
        row = store.session(connection, number)
        if row is None:
            raise UsageError(f"There is no session {number}.", _kept(store.sessions(connection)))
    with Journal(path, key) as journal:
        aside = journal.open()
        if aside is not None:
            raise JournalError(aside, f"Session {number} is still in it; say forget everything to delete that too.")
        journal.erase(lambda db: store.forget_session(db, number)).result()
    _erase_log()
    first = "" if row.resumed is None else f" It went on with session {row.resumed}, which is still kept."
    return f"Session {number} is forgotten.{first}"


def sessions_kept(ask: Ask) -> str:
    """What there is to choose from. Raises FileError, VaultError, JournalError."""
    path = files.journal_file()
    if files.kind_of(path) in ("missing", "empty"):
        return "Nothing is kept."
    with reading(path, ask(path)) as connection:
        return _kept(store.sessions(connection))


def _kept(rows: Sequence[store.SessionRow]) -> str:
    told = [f"{row.id} ({row.started[:16].replace('T', ' at ')}, {row.dialogue})" for row in rows[-LISTED:]]
    return f"Kept sessions: {', '.join(told) or 'none'}."


def forget_person(name: str, ask: Ask) -> str:
    """Leave nothing that names a person, and no word of the dialogues that person took part in.

    Raises UsageError, FileError, VaultError, JournalError.
    """
    wanted = _folded(name)
    if not wanted:
        raise UsageError("Nobody was named.", "Say forget person NAME.")
    done = _in_journals(wanted, name, ask)
    if profiles.forget(name):
        done.append("the kept voice")
    settings = load_settings()
    if wanted in map(_folded, settings.partners):
        save_settings(msgspec.structs.replace(settings, partners=()))
        done.append("the name in the settings")
    if _remove_all([*_damaged(), *_prompts(), *_left_over(), *_half_settings()]):
        done.append("spoken prompts and damaged files")
    if not done:
        return f"Nothing of {name} is kept; there is nothing to forget."
    return f"{name} is forgotten: {', '.join(done)}. What is left is counted without names."


def forget_everything() -> str:
    """Leave nothing that the couple has brought. Raises FileError. Speech models stay; they hold nothing of anybody."""
    profiles.forget_all()
    _erase_log()
    log = log_file().parent
    everything = [*files.our_files(), *_prompts(), *_left_over(), settings_file(), *_half_settings()]
    everything += [*log.glob("*")] if log.is_dir() and not log.is_symlink() else []
    _remove_all(everything)
    for folder in (journal_folder(), log, data_folder(), cache_folder(), settings_file().parent):
        with contextlib.suppress(OSError):  # something else is in it
            folder.rmdir()
    left = [path for path in everything if path.exists() or path.is_symlink()]
    if left:
        raise FileError(f"{left[0]} could not be deleted.", "Delete it by hand.")
    return "Everything is forgotten: journal, voices, settings, prompts and log. Speech models stay; they hold no word."


# ---------------------------------------------------------------------- the journals


def _in_journals(wanted: str, name: str, ask: Ask) -> list[str]:
    done: list[str] = []
    for path in (files.journal_file(), files.rehearsals_file()):
        try:
            if files.kind_of(path) == "missing":
                continue
            key = ask(path)
        except JournalError as error:
            if error.code != "damaged":
                raise
            key = None
        with Journal(path, key) as journal:  # sets a damaged one aside, which is deleted with the others
            dialogues, private = journal.erase(lambda db: _strip(db, wanted, name)).result()
        if dialogues:
            done.append(f"the words of {dialogues} dialogues")
        if private:
            done.append("the private part")
    return done


def _strip(db: Any, wanted: str, name: str) -> tuple[int, bool]:
    """Sessions of that person keep their counts alone; so do requests and lists in which the person is named."""
    named = [session for session, other in db.execute("SELECT session, name FROM names") if _folded(other) == wanted]
    for session in set(named):
        store.lower(db, session, "counts")
    requests = [id for id, who in db.execute("SELECT id, who FROM agreements WHERE who IS NOT NULL")
                if _folded(who) == wanted]  # fmt: skip
    blank = "UPDATE agreements SET text = NULL, who = NULL, what = NULL WHERE id = ?"
    db.executemany(blank, [(id,) for id in requests])
    items = [id for id, by, ratings in db.execute("SELECT id, by, ratings FROM items")
             if wanted in map(_folded, (by, *msgspec.json.decode(ratings)))]  # fmt: skip
    db.executemany("DELETE FROM items WHERE id = ?", [(id,) for id in items])
    return len(set(named)), forget_private(db, name)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


# ---------------------------------------------------------------------- files


def _damaged() -> list[Path]:
    """Journals that were set aside, and half-made ones: what they hold cannot be told."""
    ours = {files.journal_file(), files.rehearsals_file()}
    kept = {one for path in ours for one in (path, *(files.beside(path, ending) for ending in files.SIDE))}
    return [path for path in files.our_files() if path not in kept]


def _prompts() -> list[Path]:
    """Rendered sentences; names are spoken in them."""
    folder = cache_folder()
    if folder.is_symlink():
        return []
    return [path for name in ("prompts", "couples", "pictures") if (path := folder / name).exists()]


def _half_settings() -> list[Path]:
    """What a program left that was killed while it saved them."""
    path = settings_file()
    return sorted(path.parent.glob(f"{path.stem}-*.part"))


def _left_over() -> list[Path]:
    """What a killed program left in the temporary folders."""
    places = {Path(tempfile.gettempdir()), *([RAM] if RAM.is_dir() else [])}
    found: list[Path] = []
    for place in places:
        with contextlib.suppress(OSError):
            found += [path for path in place.glob(TEMPORARY) if _is_mine(path)]
    return found


def _is_mine(path: Path) -> bool:
    return not path.is_symlink() and (os.name != "posix" or path.stat().st_uid == os.geteuid())


def _erase_log() -> None:
    """Raises FileError."""
    try:
        erase_log()
    except OSError as error:
        raise FileError(f"The log {log_file()} cannot be deleted: {error.strerror}.", "Delete it by hand.") from error


def _remove_all(paths: Iterable[Path]) -> bool:
    """Whether there was anything. Raises FileError."""
    any_there = False
    for path in paths:
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise FileError(f"{path} cannot be deleted: {error.strerror}.", "Check who owns it.") from error
        any_there = True
    return any_there
