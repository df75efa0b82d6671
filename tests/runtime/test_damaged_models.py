"""Damaged models, and one of another language: one sentence at the start, at the set-up and at `models verify`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.damaged_models import KINDS, Kind
from tests.loopback_hub import Serve
from voice_imago.__main__ import main
from voice_imago.engines.recognisers import RecogniserSpec, choose_recogniser
from voice_imago.errors import LanguageError, ModelError
from voice_imago.runtime.scribe import Scribe
from voice_imago.runtime.understanding import start_scribe
from voice_imago.settings import Settings, save_settings

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shelf(source: Path, tmp_path: Path) -> Path:
    """A folder of models with one in it."""
    shutil.copytree(source, tmp_path / "shelf" / "tiny.en")
    return tmp_path / "shelf"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest, shelf: Path) -> Kind:
    """A way in which it is broken, done to it."""
    chosen: Kind = request.param
    chosen.damage(shelf / "tiny.en")
    return chosen


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["voice-imago", *words])
        code = main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def one_sentence(told: str, kind: Kind) -> None:
    assert kind.sentence in told
    assert "tiny.en" in told
    assert "Traceback" not in told
    for foreign in ("RuntimeError", "ValueError", "HFValidation", "LocalEntry", "Errno"):
        assert foreign not in told
    assert len(told.strip().splitlines()) == 1


def test_asked_for_it_is_one_sentence_before_the_evening(kind: Kind, shelf: Path) -> None:
    spec = RecogniserSpec("whisper", "tiny.en", shelf)
    scribe = Scribe(spec, lambda *told: None, lambda *told: None)
    with pytest.raises(ModelError) as caught:
        scribe.start()
    scribe.close()
    one_sentence(str(caught.value), kind)
    assert "setup" in caught.value.hint
    if kind.seen == "files":
        with pytest.raises(ModelError):
            choose_recogniser(spec)


def test_chosen_by_itself_it_is_told_and_the_evening_goes_on_without(
    kind: Kind, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scribe = start_scribe(RecogniserSpec("auto", "", shelf), lambda *told: None, lambda *told: None)
    scribe.close()
    assert scribe.understands in ("answers", "nothing")
    assert scribe.reason in ("damaged_model", "no_model")
    if kind.seen == "loading":
        one_sentence(capsys.readouterr().err, kind)
        assert scribe.reason == "damaged_model"


def test_verifying_names_it_in_one_line_with_exit_code_one(kind: Kind, shelf: Path, run: Run) -> None:
    code, out, err = run("models", "verify", "--model-dir", str(shelf))
    assert (code, err) == (1, "")
    one_sentence(out, kind)
    code, out, _ = run("models", "verify", "tiny.en", "--model-dir", str(shelf))
    assert code == 1


def test_the_set_up_replaces_it(kind: Kind, shelf: Path, run: Run, serve: Serve) -> None:
    serve()
    code, out, err = run("setup", "--model", "tiny.en", "--model-dir", str(shelf), "--yes")
    assert (code, err) == (0, "")
    assert "The speech model tiny.en is ready." in out
    assert run("models", "verify", "--model-dir", str(shelf))[:2] == (0, "tiny.en: whole, and it works.\n")


def test_listing_it_costs_nothing(kind: Kind, shelf: Path, run: Run) -> None:
    code, out, err = run("models", "list", "--model-dir", str(shelf))
    assert (code, err) == (0, "")
    assert out.startswith("tiny.en: ")
    assert len(out.splitlines()) == 1


class TestAnotherLanguage:
    """A whole model is no damaged one."""

    def test_asked_for_it_is_one_sentence(self, shelf: Path) -> None:
        spec = RecogniserSpec("whisper", "tiny.en", shelf, language="de")
        scribe = Scribe(spec, lambda *told: None, lambda *told: None)
        with pytest.raises(LanguageError, match="understands English only, but the language is de") as caught:
            scribe.start()
        scribe.close()
        assert "without .en" in caught.value.hint

    def test_verifying_says_so_and_finds_nothing_damaged(self, shelf: Path, run: Run) -> None:
        save_settings(Settings(language="de"))
        code, out, _ = run("models", "verify", "--model-dir", str(shelf))
        assert code == 0
        assert "tiny.en: whole. The speech model in" in out
        assert "understands English only" in out

    def test_chosen_by_itself_it_is_not_even_looked_at(self, shelf: Path) -> None:
        scribe = start_scribe(RecogniserSpec("auto", "", shelf, "de"), lambda *told: None, lambda *told: None)
        scribe.close()
        assert (scribe.understands, scribe.reason) == ("nothing", "no_model")


# ---------------------------------------------------------------------- the real program


def program(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "VOICE_IMAGO_HOME": str(home), "PULSE_SERVER": str(home / "no.socket")}
    return subprocess.run(
        [sys.executable, "-m", "voice_imago", *words],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


SOME = {"no tokenizer", "weights that are not the pinned ones", "half the weights", "rubbish for a tokenizer"}


@pytest.mark.parametrize("broken", [kind for kind in KINDS if kind.name in SOME], ids=lambda kind: kind.name)
def test_models_verify_as_a_program(broken: Kind, shelf: Path, tmp_path: Path) -> None:
    broken.damage(shelf / "tiny.en")
    done = program("models", "verify", "--model-dir", str(shelf), home=tmp_path / "home")
    assert (done.returncode, done.stderr) == (1, "")
    one_sentence(done.stdout, broken)


@pytest.mark.parametrize(
    "broken", [kind for kind in KINDS if kind.name in SOME and kind.seen == "files"], ids=lambda kind: kind.name
)
def test_start_as_a_program(broken: Kind, shelf: Path, tmp_path: Path) -> None:
    """What the files show is told before any device is looked for."""
    broken.damage(shelf / "tiny.en")
    names = ("--partners", "Ana", "Ben", "--recogniser", "whisper", "--model", "tiny.en", "--model-dir", str(shelf))
    done = program("start", *names, home=tmp_path / "home")
    assert (done.returncode, done.stdout) == (2, "")
    one_sentence(done.stderr, broken)


@pytest.mark.parametrize("name", [kind.name for kind in KINDS if kind.name in SOME])
def test_set_up_without_a_network_as_a_program(name: str, shelf: Path, tmp_path: Path) -> None:
    next(kind for kind in KINDS if kind.name == name).damage(shelf / "tiny.en")
    env = {"HF_ENDPOINT": "http://127.0.0.1:9"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", env["HF_ENDPOINT"])
        done = program("setup", "--model", "tiny.en", "--model-dir", str(shelf), "--yes", home=tmp_path / "home")
    assert done.returncode == 2
    assert done.stderr.startswith("The speech model tiny.en could not be fetched: there is no connection")
    assert "Traceback" not in done.stderr
    assert (shelf / "tiny.en").exists(), "what was there is kept until there is something better"
