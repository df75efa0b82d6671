"""Encrypting the whole journal and taking that back: nothing readable is left, and an interruption loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journal.kept_room import SECRETS, KeptRoom, found, keep_one, kept, raw, rows
from voice_imago.errors import FileError, JournalError, UsageError, VaultError
from voice_imago.folders import journal_folder
from voice_imago.journal import files, store, vault
from voice_imago.journal.connection import open_for_reading
from voice_imago.journal.exporting import to_json
from voice_imago.journal.journal import Journal, reading

KEY, NEW = 'it\'s a ünïcode "key"', "another one; DROP TABLE sessions"
ROOT = Path(__file__).parents[2]
STAGES = ("_export", "_compare", "_sync", "_put_in_place", "part.replace", "_sync(folder)", "overwritten")

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def path(home: Path) -> Path:
    return files.journal_file()


def content(path: Path, key: str | None = None) -> bytes:
    with reading(path, key) as connection:
        return to_json(connection)


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir())


class TestWithCipher:
    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        pytest.importorskip("sqlcipher3")

    def test_there_and_back_loses_nothing(self, path: Path) -> None:
        keep_one(path, "transcript")
        keep_one(path, "notes", 4)
        before = content(path)
        assert found(path)
        vault.lock(path, KEY)
        assert vault.is_locked(path)
        assert found(path) == set()
        assert b"SQLite" not in raw(path)
        assert content(path, KEY) == before
        vault.change(path, KEY, NEW)
        assert content(path, NEW) == before
        with pytest.raises(VaultError):
            content(path, KEY)
        vault.unlock(path, NEW)
        assert content(path) == before
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
        assert names(path) == ["journal.db"]

    def test_a_wrong_passphrase_is_one_sentence_and_nothing_else(self, path: Path, capfd: Any) -> None:
        """The library would write its own errors to the terminal."""
        keep_one(path, "counts", 3)
        vault.lock(path, KEY)
        before = raw(path)
        for wrong in ("wrong", KEY + " "):
            with pytest.raises(VaultError) as raised:
                open_for_reading(path, wrong)
            assert str(raised.value).startswith(f"This passphrase does not open the journal {path}. Try again.")
        with Journal(path, "wrong") as journal, pytest.raises(VaultError, match="does not open"):
            journal.open()
        with pytest.raises(VaultError, match="does not open"):
            vault.unlock(path, "wrong")
        captured = capfd.readouterr()
        assert (captured.out, captured.err) == ("", "")
        assert raw(path) == before
        assert not list(journal_folder().glob("*damaged*"))

    def test_a_dialogue_is_kept_in_an_encrypted_journal(self, path: Path) -> None:
        vault.lock(path, KEY)
        with kept(path, "transcript", key=KEY) as keeper:
            KeptRoom(keeper).to_the_end()
            assert found(path) == set()  # nor beside it, while it is open
        with reading(path, KEY) as connection:
            assert [row.reason for row in store.sessions(connection)] == ["finished"]
        assert found(path) == set()

    def test_less_in_the_middle_works_there_too(self, path: Path) -> None:
        vault.lock(path, KEY)
        with kept(path, "transcript", key=KEY) as keeper:
            room = KeptRoom(keeper).goes_on(3)
            keeper.consent(0, "counts")
            room.to_the_end()
        with reading(path, KEY) as connection:
            assert connection.execute("SELECT count(*) FROM words").fetchone() == (0,)

    def test_where_nothing_is_kept_yet_it_begins_encrypted(self, path: Path) -> None:
        vault.lock(path, KEY)
        assert files.kind_of(path) == "sealed"
        with reading(path, KEY) as connection:
            assert store.sessions(connection) == []

    def test_what_is_already_so_is_said(self, path: Path) -> None:
        keep_one(path, "counts", 2)
        with pytest.raises(UsageError, match="is not encrypted"):
            vault.unlock(path, KEY)
        with pytest.raises(UsageError, match="is not encrypted"):
            vault.change(path, KEY, NEW)
        vault.lock(path, KEY)
        with pytest.raises(UsageError, match="encrypted already"):
            vault.lock(path, NEW)

    @pytest.mark.parametrize("bad", ["", "tab\tand\nline", "\0"])
    def test_a_passphrase_that_cannot_be_typed_is_refused(self, path: Path, bad: str) -> None:
        keep_one(path, "counts", 2)
        with pytest.raises(VaultError, match="only such as can be typed"):
            vault.lock(path, bad)
        assert not vault.is_locked(path)

    def test_a_journal_that_somebody_uses_is_left_alone(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another program: a dialogue that is going on, though it writes nothing just now."""
        monkeypatch.setattr("voice_imago.journal.connection.BUSY_MS", 1)
        keep_one(path, "transcript", 3)
        user = subprocess.Popen(
            [sys.executable, "-c", IN_USE], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert user.stdout is not None
            assert user.stdout.readline() == "open\n"
            with pytest.raises(JournalError, match=r"is in use\. Close the other program"):
                vault.lock(path, KEY)
        finally:
            user.communicate("done\n")
        assert not vault.is_locked(path)
        assert rows(path, "SELECT count(*) FROM sessions") == [(1,)]
        assert names(path) == ["journal.db"]

    def test_a_foreign_database_is_not_encrypted(self, path: Path) -> None:
        import sqlite3

        path.parent.mkdir(parents=True)
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE bookmarks (id)")
        connection.commit()
        connection.close()
        with pytest.raises(FileError, match="another program"):
            vault.lock(path, KEY)
        assert rows(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]

    def test_a_copy_that_is_not_the_same_never_takes_the_place(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep_one(path, "transcript", 4)
        before = content(path)
        export = vault._export

        def loses_a_word(source: Any, part: Path, key: str | None) -> None:
            export(source, part, key)
            other = vault.connect(part, key, cipher=True)
            other.execute("UPDATE words SET text = 'x' WHERE number = (SELECT min(number) FROM words)")
            other.close()

        monkeypatch.setattr(vault, "_export", loses_a_word)
        with pytest.raises(JournalError, match="not the same as the old one"):
            vault.lock(path, KEY)
        assert content(path) == before
        assert names(path) == ["journal.db"]

    @pytest.mark.parametrize("broken", ["_export", "_compare", "_sync"])
    def test_a_disk_that_fails_midway_leaves_the_old_one(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
    ) -> None:
        keep_one(path, "transcript", 4)
        before = content(path)

        def fails(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(vault, broken, fails)
        with pytest.raises(JournalError, match="No space left on device"):
            vault.lock(path, KEY)
        assert content(path) == before
        assert names(path) == ["journal.db"]

    @pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
    @pytest.mark.parametrize(
        ("way", "before"),
        [
            *(("lock", stage) for stage in STAGES),
            *((way, stage) for way in ("unlock", "change") for stage in ("_compare", "_sync(folder)")),
        ],
    )
    def test_killed_midway_the_old_one_or_the_new_one_is_there_whole(self, path: Path, way: str, before: str) -> None:
        keep_one(path, "transcript", 3)
        same = content(path)
        if way != "lock":
            vault.lock(path, KEY)
        subprocess.run(
            [sys.executable, "-c", KILLED, way, before, KEY, NEW], cwd=ROOT, check=False, capture_output=True
        )
        keys = {"lock": (None, NEW), "unlock": (KEY, None), "change": (KEY, NEW)}[way]
        key = None if not vault.is_locked(path) else keys[0] or keys[1]
        if way == "change" and before == "_sync(folder)":  # it was in place already
            key = NEW
        assert key in keys
        assert content(path, key) == same
        with Journal(path, key) as journal:  # the next start clears what was half made
            journal.open()
        assert names(path) == ["journal.db"]

    def test_what_was_plain_is_overwritten(self, path: Path, tmp_path: Path) -> None:
        """A second name of the same file shows what is left of it."""
        keep_one(path, "transcript", 4)
        shadow = path.with_name("shadow")
        os.link(path, shadow)
        assert any(word.encode() in shadow.read_bytes() for word in SECRETS)
        vault.lock(path, KEY)
        assert shadow.read_bytes().strip(b"\0") == b""


IN_USE = """
from voice_imago.journal import store
from voice_imago.journal.journal import Journal
with Journal() as journal:
    journal.run(store.sessions)
    print("open", flush=True)
    input()
"""
KILLED = """
import os, signal, sys
from voice_imago.journal import files, vault
way, before, key, new = sys.argv[1:]
def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)
if before == "part.replace":
    import pathlib
    pathlib.Path.replace = die
elif before == "_sync(folder)":
    real = vault._sync
    vault._sync = lambda path: die() if path.is_dir() else real(path)
elif before == "overwritten":
    vault.os.fstat = die
else:
    setattr(vault, before, die)
path = files.journal_file()
{"lock": lambda: vault.lock(path, new), "unlock": lambda: vault.unlock(path, key),
 "change": lambda: vault.change(path, key, new)}[way]()
"""


def refuses(do: Callable[[], object]) -> str:
    with pytest.raises(VaultError) as raised:
        do()
    return str(raised.value)


def test_without_the_extra_the_sentence_says_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_one(path, "counts", 2)
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    said = refuses(lambda: vault.lock(path, KEY))
    assert said == "What encrypts the journal is not installed. Install it: pip install voice-imago[vault]."
    assert content(path)


def test_an_encrypted_journal_without_the_extra_is_one_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(os.urandom(8192))
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    said = refuses(lambda: open_for_reading(path, KEY))
    assert "is encrypted, and what opens it is not installed. Install it: pip install" in said


def test_an_encrypted_journal_whose_passphrase_was_not_asked_for_is_not_opened(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(os.urandom(8192))
    assert "is encrypted. Its passphrase is needed." in refuses(lambda: open_for_reading(path, None))
