"""Killed at any instant, between any two writes, or left without power: no closed turn is lost, and it goes on from the
right step."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journal.kept_room import KeptRoom, keep_one, kept, rows, script
from voice_imago.dialogue.beginning import fits
from voice_imago.events import Say, TurnEnded
from voice_imago.journal import files, store
from voice_imago.journal.journal import Journal, reading
from voice_imago.journal.replay import kept_session, replay
from voice_imago.session import Session, SessionSettings

ROOT = Path(__file__).parents[2]
WHOLE = os.environ.get("VOICE_IMAGO_PROOFS") == "whole"
"""``benchmarks/journal_proofs.py`` asks for all of them; here a part has to do."""
AT_MOMENTS = 500 if WHOLE else 50
"""Kills at a random moment, and …"""
AT_STATEMENTS = 200 if WHOLE else 50
"""… at a given statement."""
TRUNCATIONS = 150 if WHOLE else 25

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


@dataclass
class Evening:
    """A session as it goes when nobody disturbs it."""

    settings: SessionSettings
    inputs: list[Any]
    turns: list[int]
    """Numbers of its turns, in the order in which they were closed."""
    steps: list[str]
    """Where it stood after each transaction."""


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    home = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICE_IMAGO_HOME", str(home))
        steps: list[str] = []
        write = store.write_progress

        def noting(db: Any, session: int, number: int, progress: store.Progress) -> None:
            steps.append(progress.place[0])
            write(db, session, number, progress)

        patch.setattr(store, "write_progress", noting)
        room = keep_one(files.journal_file(), "transcript")
    turns = [fact.turn for fact in room.published(TurnEnded)]
    return Evening(room.session.settings, room.inputs, turns, steps)


class KillServer:
    """A process that plays the evening in processes of its own; see ``kill_server``."""

    def __init__(self, evening: Evening, folder: Path) -> None:
        tape = folder / "evening.pickle"
        tape.write_bytes(pickle.dumps((evening.settings, evening.inputs)))
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "VOICE_IMAGO_HOME": str(folder / "home")}
        command = [sys.executable, "-m", "tests.journal.kill_server", str(tape)]
        self.path = folder / "home" / "data" / "journal" / "journal.db"
        self.statements = 0
        """Of the last evening, if it was to be killed at one and was over before."""
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def play(self, *, lines: int = 0, delay_s: float = 0.0, fatal: int = 0) -> tuple[list[tuple[int, str]], bool]:
        """One evening, cut off at a statement, or some seconds after so many prompts.

        Gives what was heard of it (turns closed so far, step), and whether it was killed.
        """
        shutil.rmtree(self.path.parent, ignore_errors=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"path": str(self.path), "lines": lines, "delay_s": delay_s, "fatal": fatal}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        done = json.loads(self._process.stdout.readline())
        self.statements = done["statements"]
        return [(turns, step) for turns, step in done["told"]], done["killed"]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def server(evening: Evening, monkeypatch: pytest.MonkeyPatch) -> Iterator[KillServer]:
    """In memory where that is possible: what a killed process has written is there, whatever the disk does."""
    ram = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=ram if os.access(ram, os.W_OK) else None, prefix="kills-") as folder:
        monkeypatch.setenv("VOICE_IMAGO_HOME", str(Path(folder) / "home"))
        one = KillServer(evening, Path(folder))
        yield one
        one.close()


def check(path: Path, evening: Evening, heard: list[tuple[int, str]]) -> str:
    """Nothing that was heard is lost, and the session can be taken up where it stood. Gives what was found."""
    if not path.exists():
        assert not heard or heard[-1][0] == 0
        return "nothing"
    with Journal(path) as journal:
        assert journal.open() is None  # not damaged
        found = journal.run(store.sessions)
        if not found:
            assert all(turns == 0 for turns, _ in heard)
            return "nothing"
        (row,) = found
        parts = journal.run(lambda db: db.execute("SELECT count(*) FROM tape").fetchone()[0])
        closed_steps = [(turn.turn, turn.step) for turn in journal.run(lambda db: store.turns_of(db, 1))]
        turns = [turn for turn, _ in closed_steps]
        said = journal.run(lambda db: store.texts_of(db, 1, ("turn",)))
        closed = heard[-1][0] if heard else 0
        assert turns == evening.turns[: len(turns)]
        assert len(turns) >= closed
        assert {("turn", turn) for turn in evening.turns[:closed]} <= said.keys()
        if row.reason is not None:
            assert row.reason == "finished"
            return "finished"
        snapshot = journal.run(lambda db: store.snapshot(db, 1))
        assert [one.id for one in journal.run(store.unfinished)] == [1]
    assert snapshot is not None
    assert snapshot.step == row.step == evening.steps[parts - 1]
    assert fits(script(), snapshot.standing)
    session = Session(script(), evening.settings)
    said_first = [effect.prompt for effect in session.begin(0.0, snapshot.standing) if isinstance(effect, Say)]
    assert said_first == ["guide.welcome_back"]
    assert session.dialogue.step.id == snapshot.step
    if "mirror" in [step for turn, step in closed_steps if turn in evening.turns[: max(0, closed - 1)]]:
        assert snapshot.standing.mirrored == "I hear you say that the xylophone went upstairs"
    return "resumed"


@pytest.mark.timeout(500)
def test_kills_lose_no_closed_turn_and_find_the_right_step(server: KillServer, evening: Evening) -> None:
    """A part of them; ``benchmarks/journal_proofs.py`` does five hundred at random moments, two hundred at statements.

    A random moment is some time after a random prompt, so that a busy computer does not move them all to the beginning.
    """
    began = time.monotonic()
    heard, killed = server.play(fatal=10**9)
    pause_s = 2 * (time.monotonic() - began) / len(heard)
    assert not killed
    assert check(server.path, evening, heard) == "finished"
    statements, prompts = server.statements, len(heard)
    assert statements > 100
    dice, kills, found = random.Random(7), 0, Counter[str]()
    while kills < AT_STATEMENTS + AT_MOMENTS:
        if kills < AT_STATEMENTS:
            heard, killed = server.play(fatal=1 + kills * statements // AT_STATEMENTS)
        else:  # the last moments may come when it is over
            heard, killed = server.play(lines=dice.randrange(prompts), delay_s=dice.uniform(0.0001, pause_s))
        outcome = check(server.path, evening, heard)
        kills += killed
        found[outcome] += killed
        assert killed or outcome == "finished"
    print(f"{kills} kills: {dict(found)}; closed turns lost: 0")  # noqa: T201 -- for the proofs
    assert found["resumed"] > 0.6 * kills
    assert found["nothing"] > 0


# ---------------------------------------------------------------------- without power


def test_a_wal_that_was_cut_off_anywhere_gives_a_whole_beginning(evening: Evening, home: Path, tmp_path: Path) -> None:
    """What a power cut leaves: the file, and some of what was written beside it; its last bytes may be anything."""
    path = files.journal_file()
    with kept(path, "transcript") as keeper:
        keeper.journal.open()
        KeptRoom(keeper).to_the_end()
        image, wal = path.read_bytes(), files.beside(path, "-wal").read_bytes()
    assert len(wal) > 100_000
    dice = random.Random(5)
    lengths = sorted({0, 1, 32, len(wal), *(dice.randrange(len(wal)) for _ in range(TRUNCATIONS - 4))})
    found = []
    for number, length in enumerate(lengths):
        for one in path.parent.iterdir():
            one.unlink()
        left = bytearray(wal[:length])
        if number % 3 == 0 and length > 200:
            left[-100:] = dice.randbytes(100)  # torn in the middle of a page
        path.write_bytes(image)
        files.beside(path, "-wal").write_bytes(left)
        found.append(_whole_beginning(path, evening))
    assert found[-1] == len(evening.turns)
    assert len(set(found)) > 8  # it was cut in the middle of many different turns


def _whole_beginning(path: Path, evening: Evening) -> int:
    """Everything fits together; gives how many turns there are."""
    with Journal(path) as journal:
        assert journal.open() is None
        found = journal.run(store.sessions)
        if not found:
            return 0
        (row,) = found
        turns = [turn.turn for turn in journal.run(lambda db: store.turns_of(db, 1))]
        part = journal.run(lambda db: store.tape_of(db, 1))
        snapshot = journal.run(lambda db: store.snapshot(db, 1))
    ended = [fact["turn"] for fact in part.facts if fact["is"] == "TurnEnded"]
    assert sorted(set(ended)) == sorted(turns)
    assert turns == evening.turns[: len(turns)]
    assert (snapshot is None) == (row.reason is not None)
    return len(turns)


# ---------------------------------------------------------------------- the real program


@pytest.mark.timeout(180)
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_rehearsal_that_is_killed_keeps_what_was_heard_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole program, killed with the words still on its lips; the second time they are rendered already."""
    for prompts in (14, 5):
        _kill_a_rehearsal(prompts, tmp_path / "home", monkeypatch)
        shutil.rmtree(tmp_path / "home" / "data")


def _kill_a_rehearsal(prompts: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**os.environ, "VOICE_IMAGO_HOME": str(home)}
    command = [sys.executable, "-u", "-m", "voice_imago", "rehearse", "first_appreciation", "--keep", "counts"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    spoken = 0
    assert process.stdout is not None
    for line in process.stdout:
        spoken += not line.startswith(("Ana:", "Ben:"))
        if spoken == prompts:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    monkeypatch.setenv("VOICE_IMAGO_HOME", str(home))
    path = files.rehearsals_file()
    with Journal(path) as journal:
        assert journal.open() is None
        (row,) = journal.run(store.unfinished)
        snapshot = journal.run(lambda db: store.snapshot(db, row.id))
        facts = journal.run(lambda db: store.tape_of(db, row.id)).facts
    begun = sum(1 for fact in facts if fact["is"] == "PromptStarted")
    assert begun >= prompts - 2  # the one that is being said, and one that was cut off before it sounded
    assert snapshot is not None
    assert snapshot.step == [fact["step"] for fact in facts if fact["is"] == "StepEntered"][-1]


def test_a_session_that_was_taken_up_is_unfinished_no_more(home: Path) -> None:
    path = files.journal_file()
    keep_one(path, "transcript", 4)
    with Journal(path) as journal:
        snapshot = journal.run(lambda db: store.snapshot(db, 1))
    assert snapshot is not None
    assert snapshot.standing.mirrored == "I hear you say that the xylophone went upstairs"
    with kept(path, "counts", resumed=snapshot) as keeper:
        room = KeptRoom(keeper, standing=snapshot.standing)
        room.to_the_end()
    assert room.prompts[0] == "guide.welcome_back"
    assert rows(path, "SELECT id, reason, resumed, step FROM sessions") == [
        (1, "resumed", None, snapshot.step),
        (2, "finished", 1, "end"),
    ]
    with reading(path) as connection:
        again = kept_session(connection, 2)
    assert replay(script(), again).differences == ()


def test_two_programs_may_begin_a_journal_at_once(home: Path) -> None:
    """Neither finds half of the other's tables."""
    path = files.journal_file()
    journals = [Journal(path) for _ in range(4)]
    threads = [threading.Thread(target=journal.open) for journal in journals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for journal in journals:
        assert journal.run(store.sessions) == []
        journal.close()
