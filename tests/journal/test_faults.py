"""Whatever happens to the file while a session is kept: one sentence is said and printed, and the evening goes on."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journal.kept_room import DAY, KeptRoom, kept, rows
from voice_imago.dialogue.script import load_script
from voice_imago.events import PartFailed, Publish, SessionEnded
from voice_imago.journal import connection as connections
from voice_imago.journal import files, journal, store, writer
from voice_imago.journal.journal import Journal
from voice_imago.journal.keeper import Keeper, KeeperPorts

ERRORS = {
    "ENOSPC": (sqlite3.OperationalError, "SQLITE_FULL", "database or disk is full", "full"),
    "EIO": (sqlite3.OperationalError, "SQLITE_IOERR_FSYNC", "disk I/O error", "failed"),
    "EROFS": (sqlite3.OperationalError, "SQLITE_READONLY", "attempt to write a readonly database", "failed"),
    "locked": (sqlite3.OperationalError, "SQLITE_BUSY", "database is locked", "failed"),
    "corrupt": (sqlite3.DatabaseError, "SQLITE_CORRUPT", "database disk image is malformed", "damaged"),
}
pytestmark = pytest.mark.timeout(400)

PER_ERROR = 40 if os.environ.get("VOICE_IMAGO_PROOFS") == "whole" else 8
"""With five errors: two hundred as a proof (``benchmarks/journal_proofs.py``)."""


@pytest.fixture
def path(home: Path) -> Path:
    return files.journal_file()


class FaultyConnection:
    """A real connection whose statements fail from the ``first`` one on, as those of a broken disk do."""

    def __init__(self, real: Any, first: int, make: Callable[[], Exception]) -> None:
        self._real, self._first, self._make, self._done = real, first, make, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, *arguments: Any) -> Any:
        self._step(arguments[0])
        return self._real.execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        self._step(arguments[0])
        return self._real.executemany(*arguments)

    def _step(self, statement: str) -> None:
        self._done += 1
        if self._done >= self._first and statement != "ROLLBACK":
            raise self._make()


def failing(name: str) -> Callable[[], Exception]:
    kind, sqlite_name, text, _ = ERRORS[name]

    def make() -> Exception:
        error = kind(text)
        error.sqlite_errorname = sqlite_name  # type: ignore[attr-defined]
        return error

    return make


def injected(monkeypatch: pytest.MonkeyPatch, first: int, name: str) -> list[FaultyConnection]:
    """Statement number ``first`` of this session fails, and every one after it."""
    opened, made = connections.open_for_writing, []

    def faulty(*arguments: Any) -> Any:
        made.append(FaultyConnection(opened(*arguments), first, failing(name)))
        return made[-1]

    monkeypatch.setattr(journal, "open_for_writing", faulty)
    return made


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many an evening is until the guide says goodbye; later nothing can be said any more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICE_IMAGO_HOME", str(tmp_path_factory.mktemp("counted")))
        made = injected(patch, 10**9, "EIO")
        with kept(files.journal_file(), "transcript") as keeper:
            room = KeptRoom(keeper)
            while "guide.goodbye" not in room.prompts:
                room.answers()
                count = made[0]._done
    assert count > 100
    return count - 12


def evening(path: Path, printed: list[str]) -> KeptRoom:
    with kept(path, "transcript", tell=printed.append) as keeper:
        room = KeptRoom(keeper)
        room.to_the_end()
        assert keeper.level == "none" or not room.troubles
    return room


def spoken(room: KeptRoom) -> list[str]:
    return [prompt for prompt in room.prompts if prompt.startswith("guide.journal_")]


@pytest.mark.parametrize("name", ERRORS)
def test_faults_are_each_told_once_and_the_dialogue_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch, statements: int, name: str
) -> None:
    """So many statements of an evening for each of five errors."""
    code = ERRORS[name][3]
    said = "guide.journal_full" if code == "full" else "guide.journal_failed"
    for number in range(PER_ERROR):
        first = 1 + number * statements // PER_ERROR
        with monkeypatch.context() as patch:
            injected(patch, first, name)
            printed: list[str] = []
            room = evening(path, printed)
        assert [trouble.code for trouble in room.troubles] == [code], first
        assert spoken(room) == [said]
        (sentence,) = printed
        assert sentence.startswith(f"The journal {path} cannot be used: ")
        assert "Traceback" not in sentence
        assert room.published(SessionEnded)[0].reason == "finished"
        connections.open_for_writing(path, None).close()  # whole: what was committed is there
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    kept_turns = [count for (count,) in rows(path, "SELECT count(*) FROM turns GROUP BY session ORDER BY session")]
    assert kept_turns == sorted(kept_turns)  # the later the fault, the more is kept
    assert kept_turns[-1] > 10


def test_what_was_kept_before_a_fault_can_be_taken_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        injected(patch, 90, "ENOSPC")
        evening(path, [])
    with Journal(path) as one:
        (row,) = one.run(store.unfinished)
        snapshot = one.run(lambda db: store.snapshot(db, row.id))
    assert snapshot is not None
    again = KeptRoom(None, standing=snapshot.standing)
    assert again.session.dialogue.step.id == snapshot.step
    assert again.prompts[0] == "guide.welcome_back"


# ---------------------------------------------------------------------- real ones


def test_a_disk_that_is_really_full(path: Path) -> None:
    """SQLite's own limit stands for the disk's."""
    printed: list[str] = []
    with kept(path, "counts", tell=printed.append) as keeper:
        room = KeptRoom(keeper).goes_on(3)
        keeper.journal.run(lambda db: db.execute("PRAGMA page_count").fetchone())
        limit = keeper.journal.submit(_at_its_limit)
        limit.result()
        room.to_the_end()
    assert [trouble.code for trouble in room.troubles] == ["full"]
    assert spoken(room) == ["guide.journal_full"]
    assert "the disk is full" in printed[0]


def _at_its_limit(db: Any) -> None:
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")


def test_a_disk_that_can_only_be_read(path: Path) -> None:
    printed: list[str] = []
    with kept(path, "counts", tell=printed.append) as keeper:
        room = KeptRoom(keeper).goes_on(3)
        keeper.journal.submit(lambda db: None).result()
        keeper.journal._writer.submit(lambda db: db.execute("PRAGMA query_only = ON"), alone=True).result()
        room.to_the_end()
    assert [trouble.code for trouble in room.troubles] == ["failed"]
    assert "the disk or the file cannot be written" in printed[0]


def test_a_page_that_is_really_damaged(path: Path) -> None:
    """While the session goes on; the next start sets the file aside and begins a new one."""
    printed: list[str] = []
    with kept(path, "counts", tell=printed.append) as keeper:
        room = KeptRoom(keeper).goes_on(3)
        keeper.journal._writer.submit(_checkpointed, alone=True).result()
        content = path.read_bytes()
        path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
        room.to_the_end()
    assert [trouble.code for trouble in room.troubles] == ["damaged"]
    assert "it is damaged" in printed[0]
    with Journal(path, today=DAY.date) as again:
        sentence = again.open()
    assert sentence == f"The journal was damaged. It is kept as {again.set_aside}, and a new one is begun."


def _checkpointed(db: Any) -> None:
    db.execute("PRAGMA cache_size = 0")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def test_a_file_that_another_program_holds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_MS", 1)
    printed: list[str] = []
    with kept(path, "counts", tell=printed.append) as keeper:
        room = KeptRoom(keeper).goes_on(3)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        room.to_the_end()
        holder.close()
    assert [trouble.code for trouble in room.troubles] == ["failed"]
    assert "another program holds it" in printed[0]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_write_that_the_system_really_refuses(path: Path) -> None:
    """A limit on the size of files: SQLite sees a failed write."""
    import resource

    printed: list[str] = []
    with kept(path, "counts", tell=printed.append) as keeper:
        room = KeptRoom(keeper).goes_on(3)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = files.beside(path, "-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
        try:
            room.goes_on(3)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        room.to_the_end()
    assert [trouble.code for trouble in room.troubles] in (["failed"], ["full"])
    assert len(printed) == 1
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


# ---------------------------------------------------------------------- slow


class Held:
    """A disk that answers when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = threading.Event()
        self.go.set()
        write = store.write_progress

        def waiting(*arguments: Any) -> None:
            self.go.wait(30)
            write(*arguments)

        monkeypatch.setattr(store, "write_progress", waiting)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    one = Held(monkeypatch)
    yield one
    one.go.set()


def test_a_slow_disk_is_told_once_and_nothing_is_lost(path: Path, held: Held) -> None:
    """The stage is not held up again while the disk is behind."""
    printed: list[str] = []
    with kept(path, "counts", wait_s=0.01, tell=printed.append) as keeper:
        room = KeptRoom(keeper).goes_on(3)
        keeper.journal.submit(lambda db: None).result()
        held.go.clear()
        room.goes_on(6)
        held.go.set()
        room.to_the_end()
    assert [trouble.code for trouble in room.troubles] == ["late"]
    assert spoken(room) == ["guide.journal_late"]
    assert printed == []
    assert rows(path, "SELECT reason FROM sessions") == [("finished",)]
    turns = rows(path, "SELECT count(*) FROM turns")[0][0]
    assert turns > 10


def test_the_stage_waits_a_tenth_of_a_second_and_no_longer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it asks the job for, without looking at a clock."""
    asked: list[float | None] = []

    def waited(self: object, seconds: float | None = None) -> bool:
        asked.append(seconds)
        return False

    session_keeper = Keeper(Journal(path), KeeperPorts(), wishes=("counts", "counts"))
    room = KeptRoom(session_keeper)
    monkeypatch.setattr(writer.Job, "wait", waited)
    room.goes_on(4)
    monkeypatch.undo()
    session_keeper.close()
    session_keeper.journal.close()
    assert asked
    assert {seconds for seconds in asked if seconds is not None} <= {0.0, 0.1}
    assert None not in asked


def test_a_disk_that_fails_after_it_was_slow_is_told_too(
    path: Path, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []
    with kept(path, "counts", wait_s=0.01, tell=printed.append) as keeper:
        room = KeptRoom(keeper).goes_on(3)
        keeper.journal.submit(lambda db: None).result()
        held.go.clear()
        room.goes_on(2)
        monkeypatch.setattr(store, "write_progress", _fails)
        room.goes_on(2)
        held.go.set()
        for job in list(keeper._jobs):
            job.wait()
        room.to_the_end()
    assert [trouble.code for trouble in room.troubles] == ["late", "full"]
    assert len(printed) == 1


def _fails(*arguments: Any) -> None:
    raise failing("ENOSPC")()


def test_an_unexpected_error_of_the_writer_is_a_sentence_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours must not end the evening either."""

    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError

    printed: list[str] = []
    monkeypatch.setattr(store, "write_progress", broken)
    room = evening(path, printed)
    assert [trouble.code for trouble in room.troubles] == ["failed"]
    assert printed == ["The journal could not be written: ZeroDivisionError."]


def test_every_code_of_a_fault_has_a_sentence_of_the_guide() -> None:
    words = load_script().languages["en"].prompts
    for code in ("full", "late", "aside", "failed", "back"):
        assert f"guide.journal_{code}" in words


def test_a_fault_is_fed_to_the_session_like_any_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    injected(monkeypatch, 1, "EIO")
    with kept(path, "counts") as keeper:
        room = KeptRoom(keeper).goes_on(2)
    faults = [e.fact for e in room.effects if isinstance(e, Publish) and type(e.fact).__name__ == "Fault"]
    assert [(fault.part, fault.code) for fault in faults] == [("journal", "failed")]
    assert isinstance(room.troubles[0], PartFailed)
