"""What is forgotten is gone from every file and every byte, and the sentence is said after that."""

from __future__ import annotations

import datetime
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.journal.kept_room import NAMES, SECRETS, KeptRoom, found, keep_one, kept, raw, rows
from voice_imago.__main__ import main
from voice_imago.errors import JournalError
from voice_imago.folders import cache_folder, data_folder, journal_folder, log_file, models_folder, settings_file
from voice_imago.journal import files, notes, store
from voice_imago.journal.journal import Journal, reading
from voice_imago.journal.notes import Agreement, Item
from voice_imago.runtime import forgetting, profiles
from voice_imago.settings import Settings, load_settings, save_settings

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def path(home: Path) -> Path:
    return files.journal_file()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line: (exit code, standard output, standard error)."""

    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["voice-imago", *words])
        code = main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return command


def tree(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*")}


def holding(folder: Path, words: tuple[str, ...] = SECRETS) -> dict[str, set[str]]:
    """Every file in which one of the words stands, in its bytes or its name."""
    found_in = {}
    for one in folder.rglob("*"):
        content = one.read_bytes().lower() if one.is_file() else b""
        name = str(one).lower()
        here = {word for word in words if word.lower().encode() in content or word.lower() in name}
        if here:
            found_in[str(one.relative_to(folder))] = here
    return found_in


@pytest.fixture
def lived_in(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home where a couple has left everything that the program ever writes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(forgetting, "RAM", tmp_path / "ram")
    (models_folder() / "base.en").mkdir(parents=True)
    (models_folder() / "base.en" / "model.bin").write_bytes(b"a speech model")
    path = files.journal_file()
    keep_one(path, "transcript", now=datetime.datetime(2026, 2, 1, 20))
    path.rename(path.with_name("journal.damaged-2026-02-02.db"))
    files.beside(path, files.PART).write_bytes(b"half a journal with a xylophone")
    keep_one(path, "transcript")
    with kept(path, "notes") as keeper:
        room = KeptRoom(keeper).goes_on(2)
        keeper.shared.agree(Agreement(text="No xylophone", who=NAMES[0], starts="2026-03-01"))
        keeper.shared.propose(Item(document="vision", text="A xylophone", by=NAMES[1], ratings={NAMES[0]: 1}))
        room.goes_on(1)
    keep_one(files.rehearsals_file(), "transcript", 3)
    save_settings(Settings(partners=NAMES, voice="en-us"))
    settings_file().with_name("settings-x.part").write_text(f"partners = {NAMES}", encoding="utf-8")
    for name in ("prompts", "couples", "pictures"):
        (cache_folder() / name).mkdir(parents=True)
        (cache_folder() / name / "0f.wav").write_bytes(b"RIFF Hello Annegret")
    log_file().parent.mkdir()
    log_file().write_text("turn=1 step=thing\n", encoding="utf-8")
    for place in (tmp_path, tmp_path / "ram"):
        left = place / "voice-imago-killed"
        left.mkdir(parents=True)
        (left / "prompt.wav").write_bytes(b"RIFF Benedikt")
    voices = data_folder() / "voices"
    voices.mkdir(mode=0o700)
    for name in NAMES:
        key = profiles._key(name)
        (voices / f"{key}.npz").write_bytes(b"numbers")
        (voices / f"{key}.json").write_bytes(msgspec.json.encode({"name": name, "kept": "2026-03-01", "speech_s": 9.0}))
    return home


# ---------------------------------------------------------------------- everything


def test_after_everything_only_speech_models_are_left(lived_in: Path, tmp_path: Path, run: Run) -> None:
    assert len(holding(lived_in)) > 6
    code, said, _ = run("forget", "everything")
    assert (code, said.splitlines()) == (
        0,
        ["Everything is forgotten: journal, voices, settings, prompts and log. Speech models stay; they hold no word."],
    )
    assert tree(lived_in) == {"data", "data/models", "data/models/base.en", "data/models/base.en/model.bin"}
    assert holding(tmp_path) == {}
    assert not list(tmp_path.rglob("voice-imago-killed"))


def test_without_models_not_even_the_folders_are_left(home: Path, run: Run) -> None:
    keep_one(files.journal_file(), "transcript", 3)
    run("forget", "everything")
    assert not home.exists()


def test_forgetting_nothing_is_no_fault(run: Run, home: Path) -> None:
    assert run("forget", "everything")[0] == 0
    assert not home.exists()


def test_what_cannot_be_deleted_is_named_and_nothing_is_claimed(
    lived_in: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.unlink

    def refused(self: Path, missing_ok: bool = False) -> None:
        if self.name == "settings.toml":
            raise PermissionError(13, "Permission denied")
        real(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    code, said, wrong = run("forget", "everything")
    assert code == 2
    assert "settings.toml cannot be deleted: Permission denied." in wrong
    assert "forgotten" not in said


def test_somebody_elses_files_in_the_temporary_folder_stay(lived_in: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "voice-imago-link").symlink_to(lived_in)
    (tmp_path / "voice_imago_other").mkdir()
    run("forget", "everything")
    assert (tmp_path / "voice-imago-link").is_symlink()
    assert (tmp_path / "voice_imago_other").exists()


def test_at_a_keyboard_it_is_asked_first(lived_in: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def __init__(self, typed: str) -> None:
            self._typed = typed

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return self._typed

    before = tree(lived_in)
    monkeypatch.setattr(sys, "stdin", Terminal("no\n"))
    code, said, _ = run("forget", "everything")
    assert code == 1
    assert said.splitlines()[-1] == "Nothing was forgotten."
    assert tree(lived_in) == before
    monkeypatch.setattr(sys, "stdin", Terminal("yes\n"))
    assert run("forget", "everything")[0] == 0
    assert not files.journal_file().exists()


# ---------------------------------------------------------------------- a person


def test_a_person_is_gone_from_every_file_and_the_other_ones_counts_stay(lived_in: Path, run: Run) -> None:
    code, said, _ = run("forget", "person", "annegret")
    assert code == 0
    assert said.startswith("annegret is forgotten: ")
    assert said.strip().endswith("What is left is counted without names.")
    left = holding(lived_in)
    assert "Annegret" not in {word for words in left.values() for word in words}
    assert set(left) == {f"data/voices/{profiles._key('Benedikt')}.json"}  # his own voice is his own
    assert load_settings().partners == ()
    assert load_settings().voice == "en-us"
    with reading(files.journal_file()) as connection:
        assert [row.level for row in store.sessions(connection)] == ["counts", "counts"]
        assert store.sessions(connection)[0].rounds == 3
    assert rows(files.journal_file(), "SELECT text, who, what, starts FROM agreements") == [
        (None, None, None, "2026-03-01")
    ]


def test_a_person_of_whom_nothing_is_kept(run: Run, home: Path) -> None:
    code, said, _ = run("forget", "person", "Zoe")
    assert (code, said.strip()) == (0, "Nothing of Zoe is kept; there is nothing to forget.")


def test_a_person_needs_a_name_and_a_session_a_number(run: Run) -> None:
    for words, sentence in (
        (("person",), "Who is to be forgotten?"),
        (("person", "  "), "Nobody was named."),
        (("session",), "Which session is to be forgotten?"),
        (("session", "last"), "Which session is to be forgotten?"),
        (("all",), "invalid choice"),
    ):
        code, _, wrong = run("forget", *words)
        assert code == 2
        assert sentence in wrong


# ---------------------------------------------------------------------- a session


def test_a_forgotten_session_is_gone_and_the_others_are_whole(path: Path, run: Run) -> None:
    keep_one(path, "transcript")
    keep_one(path, "counts")
    assert found(path) == set(SECRETS)
    code, said, _ = run("forget", "session", "1")
    assert (code, said.strip()) == (0, "Session 1 is forgotten.")
    assert found(path) == set()
    assert rows(path, "SELECT id FROM sessions") == [(2,)]
    code, _, wrong = run("forget", "session", "1")
    listed = "Kept sessions: 2 (2026-03-01 at 20:15, appreciation)."
    assert (code, wrong.strip()) == (2, f"There is no session 1. {listed}")
    code, _, wrong = run("forget", "session")
    which = f"Which session is to be forgotten? {listed} Say forget session with its number."
    assert (code, wrong.strip()) == (2, which)
    keep_one(path, "counts")
    assert rows(path, "SELECT id FROM sessions ORDER BY id") == [(2,), (3,)]  # no number is given twice


def test_of_an_evening_in_two_parts_the_other_part_is_named(path: Path, run: Run) -> None:
    keep_one(path, "transcript", 4)
    with Journal(path) as journal:
        snapshot = journal.run(lambda db: store.snapshot(db, 1))
    assert snapshot is not None
    with kept(path, "counts", resumed=snapshot) as keeper:
        KeptRoom(keeper, standing=snapshot.standing).to_the_end()
    _, said, _ = run("forget", "session", "2")
    assert said.strip() == "Session 2 is forgotten. It went on with session 1, which is still kept."


def test_the_log_goes_with_a_session(path: Path, run: Run) -> None:
    """Its lines tell when there was an evening, and how it went."""
    keep_one(path, "counts")
    log_file().parent.mkdir()
    for name in ("log.txt", "log.txt.1"):
        log_file().with_name(name).write_text("turn=1 step=thing\n", encoding="utf-8")
    run("forget", "session", "1")
    assert list(log_file().parent.iterdir()) == []


def test_what_an_evening_counted_and_changed_goes_with_it(path: Path) -> None:
    """A request that was looked at is as it was before."""
    with kept(path, "notes") as keeper:
        room = KeptRoom(keeper).goes_on(2)
        keeper.shared.agree(Agreement(text="No xylophone", who=NAMES[0], starts="2026-03-01", review="2026-03-15"))
        keeper.shared.count("days_kept")
        room.to_the_end()
    with kept(path, "notes") as keeper:
        room = KeptRoom(keeper).goes_on(2)
        keeper.shared.review(1, kept=3, state="kept", again="2026-04-01")
        keeper.shared.count("days_kept")
        room.to_the_end()

    def now() -> tuple[int, str, str, int]:
        with reading(path) as connection:
            (one,) = notes.agreements(connection)
            return one.kept, one.state, one.review, sum(notes.counted(connection)["days_kept"].values())

    assert now() == (3, "kept", "2026-04-01", 2)
    with Journal(path) as journal:
        journal.erase(lambda db: store.forget_session(db, 2)).result()
    assert now() == (0, "open", "2026-03-15", 1)


def test_where_nothing_is_kept_there_is_no_session_to_forget(run: Run, home: Path) -> None:
    code, _, wrong = run("forget", "session", "1")
    assert code == 2
    assert "nothing is kept" in wrong


def many(path: Path, sessions: int) -> None:
    """Real sessions, copied with words of their own: a rare one in each row that may hold words."""
    keep_one(path, "transcript")
    with Journal(path) as journal:

        def copy(db: object) -> None:
            execute = db.execute  # type: ignore[attr-defined]
            columns = [one[1] for one in execute("PRAGMA table_info(sessions)") if one[1] != "id"]
            names = ", ".join(columns)
            for number in range(2, sessions + 1):
                execute(f"INSERT INTO sessions(id, {names}) SELECT ?, {names} FROM sessions WHERE id = 1", (number,))  # noqa: S608
                execute("INSERT INTO names SELECT ?, partner, ? FROM names WHERE session = 1", (number, rare(number)))
                execute(
                    "INSERT INTO words SELECT ?, kind, number, ? || text || ? FROM words WHERE session = 1",
                    (number, rare(number), rare(number) * (number % 40)),
                )
                execute("INSERT INTO tape SELECT ?, part, content FROM tape WHERE session = 1", (number,))
                execute(
                    "INSERT INTO agreements(session, text, who, what, starts) VALUES (?, ?, ?, ?, '2026-03-01')",
                    (number, *[rare(number)] * 3),
                )

        journal.run(copy)


def rare(number: int) -> str:
    return f"qx{number:04d}zq"


def test_of_a_thousand_sessions_one_leaves_no_word_in_any_byte(path: Path) -> None:
    """Nor do ten more, whose rows lay among those of the others."""
    many(path, 1000)
    with Journal(path) as journal:
        journal.open()
        for number in (500, 2, 999, 77, 78, 79, 640, 311, 901, 123):
            word = rare(number).encode()
            assert raw(path).count(word) > 10
            journal.erase(lambda db, n=number: store.forget_session(db, n)).result()  # type: ignore[misc]
            assert raw(path).count(word) == 0
        assert raw(path).count(rare(501).encode()) > 10
        assert len(journal.run(store.sessions)) == 990
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_deleting_alone_would_leave_words_behind(path: Path) -> None:
    """What the test above would not see if it could not fail: SQLite leaves copies where it has moved rows."""
    many(path, 300)
    left = 0
    with Journal(path) as journal:
        journal.open()
        for number in range(2, 300, 7):
            journal.run(lambda db, n=number: store.forget_session(db, n))  # type: ignore[misc]
            journal._writer.submit(_checkpoint, alone=True).result()
            left += rare(number).encode() in raw(path)
    assert left > 0


def _checkpoint(db: object) -> None:
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # type: ignore[attr-defined]


def test_while_another_program_reads_the_sentence_is_honest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its old pages are still beside the file; the next start clears them."""
    monkeypatch.setattr("voice_imago.journal.connection.BUSY_MS", 1)
    keep_one(path, "transcript")
    with Journal(path) as journal:
        journal.open()
        import sqlite3

        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM words").fetchone()
        with pytest.raises(JournalError, match=r"another program is reading the journal, so traces of it"):
            journal.erase(lambda db: store.forget_session(db, 1)).result()
        reader.close()
    with Journal(path) as journal:
        journal.open()
        assert found(path) == set()


def test_a_journal_that_is_a_link_is_not_forgotten_through_it(home: Path, tmp_path: Path, run: Run) -> None:
    journal_folder().mkdir(parents=True)
    theirs = tmp_path / "theirs.db"
    theirs.write_bytes(b"theirs")
    files.journal_file().symlink_to(theirs)
    code, _, wrong = run("forget", "session", "1")
    assert code == 2
    assert "is a link" in wrong
    run("forget", "everything")
    assert theirs.read_bytes() == b"theirs"
    assert not files.journal_file().is_symlink()


def test_a_folder_of_links_is_left_alone(home: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "file").write_bytes(b"theirs")
    home.mkdir()
    (home / "cache").symlink_to(tmp_path / "theirs")
    data_folder().mkdir()
    journal_folder().symlink_to(tmp_path / "theirs")
    forgetting.forget_everything()
    assert (tmp_path / "theirs" / "file").exists()
