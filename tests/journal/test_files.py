"""The file itself: of an older or newer version, foreign, empty, a folder, a link, elsewhere, or damaged."""

from __future__ import annotations

import datetime
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journal.kept_room import DAY, foreign, keep_one, of_a_newer_version, rows
from voice_imago.errors import FileError, JournalError, VaultError
from voice_imago.folders import data_folder, journal_folder
from voice_imago.journal import connection as connections
from voice_imago.journal import files, migrations, notes, store
from voice_imago.journal.connection import open_for_reading, open_for_writing
from voice_imago.journal.journal import Journal, reading

VERSION_1 = Path(__file__).with_name("version_1.sql")
"""A journal as the first version wrote it."""
NOT_ROOT = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may do anything")


@pytest.fixture
def path(home: Path) -> Path:
    journal_folder().mkdir(parents=True)
    return files.journal_file()


def old_journal(path: Path) -> None:
    """As it lies on a disk that nobody has touched since."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def everything(path: Path, table: str) -> list[tuple[object, ...]]:
    return rows(path, f"SELECT * FROM {table}")  # noqa: S608


# ---------------------------------------------------------------------- versions


def test_a_new_journal_is_of_the_newest_version_and_marked_as_ours(path: Path) -> None:
    open_for_writing(path, None).close()
    assert rows(path, "PRAGMA user_version") == [(len(migrations.MIGRATIONS),)]
    assert rows(path, "PRAGMA application_id") == [(migrations.APPLICATION_ID,)]
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize(
    ("pragma", "value"), [("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1), ("temp_store", 2)]
)
def test_the_database_is_set_for_safety(path: Path, pragma: str, value: int) -> None:
    connection = open_for_writing(path, None)
    assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)
    connection.close()


def test_the_journal_of_the_first_version_is_read_as_it_is(path: Path) -> None:
    old_journal(path)
    with reading(path) as connection:
        (one, two) = store.sessions(connection)
        assert (one.dialogue, one.reason, one.level) == ("appreciation", "finished", "transcript")
        assert two.reason is None
        assert store.names_of(connection, 1) == ("Ana", "Ben")
        snapshot = store.snapshot(connection, 2)
        assert notes.counted(connection) == {"days_kept": {"2026-03-02": 2}}
        (request,) = notes.agreements(connection)
        assert (request.text, request.review, request.state) == ("A walk on Sunday", "2026-03-15", "open")
    assert snapshot is not None
    assert snapshot.step == "more"


def test_a_later_version_brings_an_older_journal_up_to_date_and_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same steps, and one more, as the next version will have it."""
    old_journal(path)
    before = {table: everything(path, table) for table in ("sessions", "turns", "words", "agreements")}
    later = (
        *migrations.MIGRATIONS,
        "ALTER TABLE sessions ADD COLUMN mood INTEGER; -- a comment; and more\nCREATE TABLE later (id INTEGER);",
    )
    for module in (migrations, connections):
        monkeypatch.setattr(module, "MIGRATIONS", later)
    monkeypatch.setattr(connections, "migrate", lambda connection: migrations.migrate(connection, later))
    with Journal(path) as journal:
        assert journal.open() is None
        assert [row.id for row in journal.run(store.sessions)] == [1, 2]
    assert rows(path, "PRAGMA user_version") == [(len(later),)]
    assert rows(path, "SELECT * FROM later") == []
    after = {table: everything(path, table) for table in before}
    assert after.pop("sessions") == [(*row, None) for row in before.pop("sessions")]
    assert after == before


def test_reading_an_older_journal_of_ones_own_brings_it_up_to_date_first(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    later = (*migrations.MIGRATIONS, "CREATE TABLE later (id INTEGER);")
    elsewhere = tmp_path / "theirs.db"
    for one in (path, elsewhere):
        old_journal(one)
    monkeypatch.setattr(connections, "MIGRATIONS", later)
    monkeypatch.setattr(connections, "migrate", lambda connection: migrations.migrate(connection, later))
    with reading(path) as connection:
        assert len(store.sessions(connection)) == 2
    with pytest.raises(FileError, match=r"theirs\.db is of an older version\. Read it with that version\."):
        open_for_reading(elsewhere, None)


def test_a_step_that_fails_leaves_the_older_journal_as_it_was(path: Path) -> None:
    old_journal(path)
    connection = sqlite3.connect(path, isolation_level=None)
    steps = (*migrations.MIGRATIONS, "CREATE TABLE later (id INTEGER); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError):
        migrations.migrate(connection, steps)
    assert not connection.in_transaction
    connection.close()
    assert rows(path, "PRAGMA user_version") == [(len(migrations.MIGRATIONS),)]
    assert rows(path, "SELECT name FROM sqlite_master WHERE name = 'later'") == []


def test_what_shipped_as_version_one_is_never_changed(path: Path) -> None:
    """Whoever edits it breaks the journals that are out there: add a step instead."""
    old_journal(path)
    old = rows(path, "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
    for one in journal_folder().iterdir():
        one.unlink()
    connection = sqlite3.connect(path, isolation_level=None)
    migrations.migrate(connection, migrations.MIGRATIONS[:1])
    connection.close()
    new = rows(path, "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
    assert [(name, " ".join((sql or "").split())) for name, sql in new] == [
        (name, " ".join((sql or "").split())) for name, sql in old
    ]


# ---------------------------------------------------------------------- bad files


def newer(path: Path) -> None:
    open_for_writing(path, None).close()
    of_a_newer_version(path)


def linked(path: Path) -> None:
    target = path.with_name("elsewhere.db")
    open_for_writing(target, None).close()
    path.symlink_to(target)


def picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(200)))


def text(path: Path) -> None:
    path.write_text("Dear diary", encoding="utf-8")


BAD: list[tuple[Callable[[Path], object], str]] = [
    (newer, "was written by a newer version of voice-imago (format 99). Start that version"),
    (foreign, "is a database of another program. Move it away, then start again."),
    (Path.mkdir, "is a folder. Move it away"),
    (linked, "is a link, which is not followed. Move it away"),
    (picture, "is no journal, or not whole. Move it away"),
    (text, "is no journal, or not whole."),
]


@pytest.mark.parametrize(("make", "sentence"), BAD, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("open", [open_for_writing, open_for_reading])
def test_a_file_that_is_no_journal_of_ours_is_one_sentence_and_stays(
    path: Path, open: Callable[..., object], make: Callable[[Path], object], sentence: str
) -> None:
    make(path)
    before = None if path.is_dir() else path.read_bytes()
    with pytest.raises(FileError) as raised:
        open(path, None)
    assert sentence in str(raised.value)
    assert str(path) in str(raised.value)
    assert path.is_dir() or path.read_bytes() == before
    assert not list(journal_folder().glob("*damaged*"))


@pytest.mark.parametrize("content", [b"", None], ids=["empty", "missing"])
def test_an_empty_file_is_nothing_to_read_and_a_journal_to_begin(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileError, match=r"is empty\.|There is no journal"):
        open_for_reading(path, None)
    with Journal(path) as journal:
        assert journal.open() is None
        assert journal.run(store.sessions) == []


def test_a_journal_that_was_only_begun_is_empty(path: Path) -> None:
    """Killed after the first bytes of the file: no table yet."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    with pytest.raises(FileError, match="is empty"):
        open_for_reading(path, None)
    open_for_writing(path, None).close()
    assert rows(path, "SELECT count(*) FROM sessions") == [(0,)]


def test_nothing_is_written_outside_the_data_folder(tmp_path: Path, home: Path) -> None:
    elsewhere = tmp_path / "journal.db"
    with pytest.raises(FileError, match=r"is outside the data folder .*\. Nothing is written there\."):
        open_for_writing(elsewhere, None)
    with pytest.raises(FileError, match="outside"):
        open_for_writing(data_folder() / ".." / "journal.db", None)
    assert not elsewhere.exists()
    assert not home.exists()


def test_nothing_is_written_through_a_link_in_the_way(tmp_path: Path, home: Path) -> None:
    data_folder().mkdir(parents=True)
    (tmp_path / "theirs").mkdir()
    journal_folder().symlink_to(tmp_path / "theirs")
    with pytest.raises(FileError, match="is a link, which is not followed"):
        open_for_writing(files.journal_file(), None)
    assert list((tmp_path / "theirs").iterdir()) == []


def test_somebody_elses_journal_is_read_without_a_trace(path: Path, tmp_path: Path) -> None:
    keep_one(path, "counts", 3)
    theirs = tmp_path / "theirs.db"
    theirs.write_bytes(path.read_bytes())
    with reading(theirs) as connection:
        assert len(store.sessions(connection)) == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM sessions")
    assert [one.name for one in tmp_path.iterdir()] == ["theirs.db"]


def test_what_is_read_cannot_be_changed_by_reading(path: Path) -> None:
    keep_one(path, "counts", 3)
    with pytest.raises(JournalError, match="cannot be written"), reading(path) as connection:
        connection.execute("DELETE FROM sessions")
    assert rows(path, "SELECT count(*) FROM sessions") == [(1,)]


@NOT_ROOT
def test_a_journal_that_may_not_be_read_is_one_sentence(path: Path) -> None:
    keep_one(path, "counts", 2)
    path.chmod(0)
    with pytest.raises((FileError, JournalError), match="cannot be"):
        open_for_reading(path, None)


def test_a_folder_that_cannot_be_made_is_one_sentence(home: Path) -> None:
    home.mkdir()
    (home / "data").write_text("a file where the folder belongs", encoding="utf-8")
    with pytest.raises(JournalError, match=r"cannot be written: .*\. The dialogue goes on without keeping\."):
        open_for_writing(files.journal_file(), None)


# ---------------------------------------------------------------------- damaged


def zeroed(path: Path) -> None:
    """What a power cut leaves on some disks."""
    path.write_bytes(bytes(path.stat().st_size))


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 - 100])


def scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [zeroed, torn, scribbled])
def test_a_damaged_journal_is_set_aside_named_and_never_replaced(path: Path, damage: Callable[[Path], None]) -> None:
    keep_one(path, "transcript")
    damage(path)
    content = path.read_bytes()
    with Journal(path, today=DAY.date) as journal:
        sentence = journal.open()
        assert journal.run(store.sessions) == []
    aside = path.with_name("journal.damaged-2026-03-01.db")
    assert sentence == f"The journal was damaged. It is kept as {aside}, and a new one is begun."
    assert aside.read_bytes() == content
    with pytest.raises((JournalError, FileError)):
        open_for_reading(aside, None)


def test_what_lies_beside_a_damaged_journal_goes_with_it(path: Path) -> None:
    keep_one(path, "counts", 2)
    zeroed(path)
    files.beside(path, "-wal").write_bytes(b"not written into the journal yet")
    with Journal(path, today=DAY.date) as journal:
        journal.open()
        assert journal.set_aside is not None
        assert files.beside(journal.set_aside, "-wal").read_bytes() == b"not written into the journal yet"


def test_two_damaged_journals_of_one_day_do_not_meet(path: Path) -> None:
    for _ in range(3):
        keep_one(path, "counts", 2)
        zeroed(path)
    with Journal(path, today=DAY.date) as journal:
        journal.open()
    names = sorted(one.name for one in journal_folder().glob("*damaged*.db"))
    assert names == [f"journal.damaged-2026-03-01{more}.db" for more in ("-2", "-3", "")]


def test_reading_a_damaged_journal_says_what_will_become_of_it_and_leaves_it(path: Path) -> None:
    keep_one(path, "counts")
    scribbled(path)
    content = path.read_bytes()
    sentence = r"damaged\. The next dialogue that is kept sets it aside"
    with pytest.raises(JournalError, match=sentence), reading(path) as connection:
        store.sessions(connection)
    assert path.read_bytes() == content


def test_a_damaged_journal_that_cannot_be_renamed_is_left_and_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_one(path, "counts")
    scribbled(path)

    def refused(path: Path, today: datetime.date) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "set_aside", refused)
    with Journal(path) as journal, pytest.raises(JournalError, match="cannot be renamed: Permission denied"):
        journal.open()
    assert path.exists()


def test_a_file_that_may_be_encrypted_is_never_set_aside(path: Path) -> None:
    """Without its passphrase nobody can tell it from a damaged one."""
    path.write_bytes(os.urandom(8192))
    with Journal(path) as journal, pytest.raises(VaultError, match="is encrypted"):
        journal.open()
    assert path.stat().st_size == 8192
