"""Whatever lies in the place of the journal: every command says one sentence about it, and leaves it as it is."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from tests.journal.kept_room import foreign, keep_one, of_a_newer_version
from voice_imago.__main__ import main
from voice_imago.folders import journal_folder
from voice_imago.journal import files

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def path(home: Path) -> Path:
    journal_folder().mkdir(parents=True)
    return files.journal_file()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line, with a passphrase in the pipe: (exit code, standard output, standard error)."""

    def command(*words: str) -> tuple[int, str, str]:
        typed = tmp_path / "typed"
        typed.write_text("river stones\n", encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["voice-imago", *words])
        with typed.open(encoding="utf-8") as pipe:
            monkeypatch.setattr(sys, "stdin", pipe)
            code = main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return command


def newer(path: Path) -> None:
    keep_one(path, "counts", 1)
    of_a_newer_version(path)


def text(path: Path) -> None:
    path.write_text("Dear diary", encoding="utf-8")


def linked(path: Path) -> None:
    keep_one(path, "counts", 1)
    path.rename(path.with_name("elsewhere.db"))
    path.symlink_to(path.with_name("elsewhere.db"))


def pipe(path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes with a name")
    os.mkfifo(path)


def damaged(path: Path) -> None:
    keep_one(path, "counts", 1)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


def zeros(path: Path) -> None:
    path.write_bytes(bytes(8192))


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "newer": (newer, "was written by a newer version of voice-imago (format 99). Start that version; "),
    "foreign": (foreign, "is a database of another program. Move it away, then start again."),
    "text": (text, "is no journal, or not whole. Move it away, then start again."),
    "folder": (Path.mkdir, "is a folder. Move it away, then start again."),
    "link": (linked, "is a link, which is not followed. Move it away, then start again."),
    "pipe": (pipe, "is a device or a pipe, no file. Move it away, then start again."),
    "damaged": (damaged, "is damaged. The next dialogue that is kept sets it aside and begins a new one"),
    "zeros": (zeros, "is damaged. The next dialogue that is kept sets it aside and begins a new one"),
}
COMMANDS = (
    "history", "history --json", "history --plot HERE/p.png", "export --to HERE/x.md", "replay", "forget session 1",
    "forget session", "vault on",
)  # fmt: skip


def seen(path: Path) -> dict[str, bytes]:
    """All that lies in the journal's folder."""
    return {one.name: one.read_bytes() if one.is_file() else b"" for one in path.parent.iterdir()}


@pytest.mark.parametrize("kind", BAD)
def test_each_command_says_one_sentence_and_changes_nothing(path: Path, tmp_path: Path, run: Run, kind: str) -> None:
    make, sentence = BAD[kind]
    make(path)
    before = seen(path)
    for command in COMMANDS:
        if command == "vault on" and find_spec("sqlcipher3") is None:
            continue
        code, said, wrong = run(*command.replace("HERE", str(tmp_path)).split())
        assert code in (1, 2), command
        told = wrong.strip().splitlines()
        assert str(path) in told[-1], command
        assert sentence in told[-1], command
        assert len(told) == 1 + ("passphrase" in told[0]), command
        assert said == "", command
        assert seen(path) == before, command
    code, _, _ = run("report", "--to", str(tmp_path / "report.txt"))
    assert code == 0
    assert "\nunusable=" in (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert seen(path) == before


def test_an_empty_file_holds_nothing_yet(path: Path, tmp_path: Path, run: Run) -> None:
    path.write_bytes(b"")
    code, said, _ = run("history")
    assert (code, said.startswith("Nothing is kept yet.")) == (0, True)
    for command in ("export --to HERE/x.md", "replay", "forget session 1", "forget session"):
        code, _, wrong = run(*command.replace("HERE", str(tmp_path)).split())
        assert (code, len(wrong.splitlines())) == (2, 1), command
    assert seen(path) == {path.name: b""}


def test_what_another_program_reads_is_also_read_where_nothing_is_kept(home: Path, run: Run) -> None:
    code, said, _ = run("history", "--json")
    assert code == 0
    assert msgspec.json.decode(said)["sessions"] == []


def test_a_damaged_journal_does_not_keep_a_person_from_being_forgotten(path: Path, run: Run) -> None:
    """What it holds cannot be told any more, so it goes as a whole."""
    zeros(path)
    code, said, _ = run("forget", "person", "Ana")
    assert code == 0
    assert said.startswith("Ana is forgotten: ")
    assert bytes(8192) not in seen(path).values()


def test_damage_that_is_found_late_is_named_and_no_session_is_claimed_to_be_gone(
    path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of sessions can still be read; what one of them holds cannot."""
    keep_one(path, "transcript")
    connection = sqlite3.connect(path)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'words'").fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    code, said, wrong = run("forget", "session", "1")
    (aside,) = path.parent.glob("journal.damaged-*.db")
    assert code == 1
    assert said == ""
    assert f"It is kept as {aside}, and a new one is begun. Session 1 is still in it; " in wrong
    assert aside.read_bytes() == bytes(content)


def test_numbers_that_no_session_has(path: Path, run: Run) -> None:
    keep_one(path, "counts", 1)
    for words in (("forget", "session", "9" * 30), ("replay", "--session", "0"), ("replay", "--session", "9" * 30)):
        code, _, wrong = run(*words)
        assert code == 2
        assert wrong.startswith("There is no session ")


def test_an_unknown_language_is_told_with_the_known_ones(path: Path, run: Run) -> None:
    keep_one(path, "counts", 1)
    code, _, wrong = run("history", "--language", "xx")
    assert code == 2
    assert wrong.startswith("There is no language called 'xx'. Choose one of: en, ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_half_an_export_is_not_left_behind(
    path: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_one(path, "counts", 1)
    monkeypatch.setattr("os.fdopen", lambda number, mode: Path("/dev/full").open(mode, buffering=0))  # noqa: SIM115
    code, _, wrong = run("export", "--to", str(tmp_path / "x.md"))
    assert code == 2
    assert "x.md cannot be written: No space left on device." in wrong
    assert not (tmp_path / "x.md").exists()
