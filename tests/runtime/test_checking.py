"""`voice-imago check` says every problem of whatever it is pointed at, and never crashes over it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voice_imago.dialogue.script import prompts_folder
from voice_imago.errors import FileError
from voice_imago.runtime.checking import check

SCENE = """
title = "x"
dialogue = "appreciation"
partners = { ana = { voice = "en-us" }, ben = { voice = "en-gb" } }
line = [{ by = "ana", at = "thign", say = "x" }]
expect = { steps = ["nowhere"], prompts = ["guide.helo"] }
"""


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(prompts_folder(), tmp_path / "prompts"))


def errors(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_whole_copy_has_no_problems(prompts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(prompts) == 0
    assert capsys.readouterr().out == "Checked the prompts: no problems.\n"


def test_every_broken_file_is_named_at_once(prompts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (prompts / "en" / "guide.toml").write_text("[hello\n", encoding="utf-8")
    graph = prompts / "dialogues" / "appreciation.toml"
    graph.write_text(graph.read_text(encoding="utf-8").replace('next = "feeling"', 'next = "feling"'), encoding="utf-8")
    assert check(prompts) == 2
    said = errors(capsys)
    assert "guide.toml" in said
    assert "feling" in said
    assert "problem(s) found." in said


@pytest.mark.parametrize("gone", ["languages.toml", "en", "dialogues", "en/guide.toml"])
def test_a_missing_part_is_a_problem_and_no_crash(prompts: Path, gone: str, capsys: pytest.CaptureFixture[str]) -> None:
    there = prompts / gone
    shutil.rmtree(there) if there.is_dir() else there.unlink()
    assert check(prompts) == 2
    assert errors(capsys)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"= 3", b"[[step]]\nid = 3\n", b'step = "x"\n', b"\x00"])
def test_whatever_stands_in_a_graph_it_is_named(
    prompts: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (prompts / "dialogues" / "appreciation.toml").write_bytes(content)
    assert check(prompts) == 2
    assert "appreciation" in errors(capsys)


def test_a_folder_of_scenes_names_each_wrong_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.toml").write_text(SCENE, encoding="utf-8")
    (tmp_path / "two.toml").write_text("title =", encoding="utf-8")
    assert check(tmp_path) == 2
    said = errors(capsys)
    assert "one.toml: there is no step 'thign'" in said
    assert "one.toml: there is no step 'nowhere'" in said
    assert "one.toml: there is no prompt 'guide.helo'" in said
    assert "two.toml" in said
    assert "4 problem(s) found." in said


def test_a_folder_with_nothing_to_check_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="neither prompts nor scenes"):
        check(tmp_path)
    with pytest.raises(FileError, match="There is no file or folder"):
        check(tmp_path / "none")
