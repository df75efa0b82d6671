"""What a user gets for bad input: one clear sentence, the right exit code, no traceback, nothing lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice_imago.__main__ import main
from voice_imago.engines.recorded import write_wav

Run = Callable[..., tuple[int, str, str]]


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


def scene(folder: Path, text: str) -> str:
    path = folder / "scene.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


GOOD = """
title = "x"
dialogue = "appreciation"
partners = { ana = { voice = "en-us" }, ben = { voice = "en-gb" } }
"""


def test_an_unknown_scene_lists_the_scenes_and_guesses(run: Run) -> None:
    code, _, said = run("rehearse", "full_dialoge")
    assert code == 2
    assert "no scene 'full_dialoge'" in said
    assert "Did you mean full_dialogue?" in said
    assert "first_appreciation" in said


def test_a_scene_reports_every_problem_at_once(run: Run, tmp_path: Path) -> None:
    path = scene(
        tmp_path,
        'titel = "x"\ndialogue = "appreciation"\npartners = { ana = {} }\n'
        'line = [{ by = "cleo", say = "hello" }, { by = "ana" }, { by = "ana", wav = "none.wav" }]\n',
    )
    code, _, said = run("rehearse", path)
    assert code == 2
    for problem in (
        "titel: unknown, did you mean title?",
        "title: missing",
        "two are needed, 1 given",
        "partners.ana: give a voice",
        "line 1: by: 'cleo' is not one of ana",
        "line 2: give exactly one of say, wav or key",
        "line 3: wav: there is no file none.wav",
    ):
        assert problem in said


def test_a_scene_that_is_no_toml_is_named(run: Run, tmp_path: Path) -> None:
    code, _, said = run("rehearse", scene(tmp_path, "title = "))
    assert code == 2
    assert "scene.toml is not a TOML file" in said


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('dialogue = "apreciation"', "There is no dialogue called 'apreciation'. Did you mean appreciation?"),
        ('dialogue = "dialogue"\nlanguage = "xx"', "There is no language called 'xx'."),
    ],
)
def test_a_scene_of_an_unknown_dialogue_or_language_is_refused(
    run: Run, tmp_path: Path, line: str, sentence: str
) -> None:
    code, _, said = run("rehearse", scene(tmp_path, GOOD.replace('dialogue = "appreciation"', line)))
    assert code == 2
    assert sentence in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--partners", "Ana", "ana"), "Both partners are called Ana."),
        (("--partners", "Ana", "7"), "'7' cannot be spoken as a name."),
        (("--partners", "Ana"), "expected 2 arguments"),
        (("--partners", "Ana", "Ben", "--dialogue", "quarrel"), "There is no dialogue called 'quarrel'."),
        (("--partners", "Ana", "Ben", "--language", "klingon"), "There is no language called 'klingon'."),
        (("--partners", "Ana", "Ben", "--keep", "everything"), "invalid choice: 'everything'"),
        (("--partners", "Ana", "Ben", "--resume"), "No dialogue was broken off, so there is none to go on with."),
        (("--partners", "Ana", "Ben", "--recogniser", "siri"), "There is no recogniser called siri"),
        ((), "I do not know your names."),
    ],
)
def test_start_says_what_is_wrong(run: Run, options: tuple[str, ...], sentence: str) -> None:
    code, _, said = run("start", *options)
    assert code == 2
    assert sentence in said


def test_an_unknown_command_points_to_help(run: Run) -> None:
    code, _, said = run("strat")
    assert code == 2
    assert "strat" in said
    assert "--help" in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"RIFF this is no sound at all", "not"), (b"", "empty")],
)
def test_a_corrupt_or_empty_recording_is_one_sentence(run: Run, tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(content)
    code, _, said = run("listen", str(path))
    assert code == 2
    assert "talk.wav" in said
    assert sentence in said


def test_a_missing_recording_is_one_sentence(run: Run, tmp_path: Path) -> None:
    code, _, said = run("listen", str(tmp_path / "none.wav"))
    assert code == 2
    assert "none.wav" in said


def test_a_recording_without_a_sample_is_one_sentence(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    write_wav(path, [np.zeros(0, np.int16)], 16_000)
    code, _, said = run("listen", str(path))
    assert code == 2
    assert "short.wav" in said


def test_a_partner_without_a_file_is_explained(run: Run, tmp_path: Path) -> None:
    code, _, said = run("listen", "x.wav", "--partner", "ana")
    assert code == 2
    assert "--partner ana is not NAME=FILE" in said


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_an_event_file_that_may_not_be_written_is_one_sentence(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    code, _, said = run("rehearse", "--events", str(tmp_path / "events.jsonl"), "--quiet")
    assert code == 2
    assert "events.jsonl cannot be written" in said


@pytest.mark.parametrize("option", ["--events", "--out"])
def test_what_the_system_forbids_to_write_is_one_sentence(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """Also where the tests run as root, whom the system forbids nothing."""
    real = Path.open

    def forbidding(self: Path, *arguments: Any, **named: Any) -> Any:
        if self.name == "forbidden":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return real(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", forbidding)
    code, out, said = run("rehearse", option, str(tmp_path / "forbidden"), "--quiet")
    assert code == 2
    assert "forbidden cannot be written: Permission denied." in said
    assert "ended" not in out


@pytest.mark.parametrize("option", ["--events", "--out"])
def test_a_file_in_no_folder_is_one_sentence(run: Run, tmp_path: Path, option: str) -> None:
    """Before anything is played: the evening is not lost at its end."""
    code, out, said = run("rehearse", option, str(tmp_path / "none" / "file"), "--quiet")
    assert code == 2
    assert "file cannot be written" in said
    assert "ended" not in out


def test_check_names_a_path_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, _, said = run("check", str(tmp_path / "nowhere"))
    assert code == 2
    assert "There is no file or folder" in said


def test_check_reports_the_problems_of_a_scene(run: Run, tmp_path: Path) -> None:
    code, _, said = run("check", scene(tmp_path, GOOD + 'line = [{ by = "ana", at = "thign", say = "x" }]\n'))
    assert code == 2
    assert "there is no step 'thign'" in said


def test_everything_that_ships_is_in_order(run: Run) -> None:
    code, out, _ = run("check")
    assert code == 0
    assert "no problems" in out


def test_setup_refuses_an_unknown_model(run: Run) -> None:
    code, _, said = run("setup", "--model", "enormous")
    assert code == 2
    assert "There is no speech model called 'enormous'" in said
    assert "base.en" in said


@pytest.mark.parametrize("files", [(), ("model.bin",), ("model.bin", "config.json", "tokenizer.json")])
def test_a_broken_model_folder_is_one_sentence_before_anything_starts(
    run: Run, tmp_path: Path, files: tuple[str, ...]
) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"no model")
    options = ("--partners", "Ana", "Ben", "--recogniser", "whisper", "--model-dir", str(tmp_path))
    code, out, said = run("start", *options)
    assert code == 2
    assert str(tmp_path) in said
    assert "Hello" not in out


def test_settings_that_are_broken_are_named(run: Run, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "settings.toml").write_text("partners = 7\n", encoding="utf-8")
    code, _, said = run("start", "--partners", "Ana", "Ben")
    assert code == 2
    assert "settings.toml are not usable" in said


def test_help_is_plain_and_needs_no_heavy_import() -> None:
    """`--help` answers before numpy or a speech engine is loaded."""
    code = (
        "import sys; from voice_imago.cli import build_parser; build_parser().format_help(); "
        "heavy = {'numpy', 'onnxruntime', 'sounddevice', 'faster_whisper', 'msgspec'} & set(sys.modules); "
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
