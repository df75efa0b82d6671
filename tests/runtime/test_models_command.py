"""`voice-imago models` and `voice-imago setup`: plain lines, exit codes, and the set-up typed from beginning to end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.loopback_hub import Hub, Serve
from tests.runtime.test_fetching import left_behind
from voice_imago.__main__ import main
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.script import load_script
from voice_imago.engines.whisper_models import Model, verify_model
from voice_imago.engines.whisper_paces import known_pace, remember_pace
from voice_imago.folders import models_folder
from voice_imago.runtime import setting_up
from voice_imago.runtime.models import list_parts
from voice_imago.runtime.plan import MODEL_SETUP
from voice_imago.runtime.trial import Trial
from voice_imago.runtime.typed import TypedPlan, run_typed
from voice_imago.runtime.understanding import model_tasks
from voice_imago.settings import load_settings, save_settings

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no hub"))

    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["voice-imago", *words])
        code = main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return command


@pytest.fixture
def tiny(source: Path, small: Model) -> Path:
    """One model of ours."""
    folder = models_folder() / "tiny.en"
    shutil.copytree(source, folder)
    return folder


class TestListing:
    def test_no_models_is_one_line_with_what_to_do(self, run: Run) -> None:
        assert run("models", "list") == (0, "No speech models are here. Fetch one with: voice-imago setup\n", "")

    def test_each_model_is_one_line_with_size_state_pace_and_place(self, run: Run, tiny: Path, source: Path) -> None:
        shutil.copytree(source, models_folder() / "my-own")
        verify_model(tiny, sha_of(tiny))
        remember_pace(tiny, 0.18)
        code, out, _ = run("models", "list")
        assert code == 0
        own, ours = out.splitlines()
        place = models_folder() / "my-own"
        assert own == f"my-own: 1 megabytes, whole, of an origin that I do not know, not timed yet, in {place}"
        assert ours.startswith("tiny.en: 1 megabytes, whole, ")
        assert "0.18 seconds of work for a second of speech" in ours
        assert ours.endswith(f"in {tiny}")

    def test_an_unfinished_download_is_named_and_counted(self, run: Run, small: Model) -> None:
        left_behind(models_folder(), small, b"\0" * 600_000)
        code, out, _ = run("models", "list")
        assert code == 0
        assert out.startswith(
            "tiny.en: 1 of 1 megabytes, an unfinished download, setup --model tiny.en goes on with it"
        )

    def test_one_by_its_name(self, run: Run, tiny: Path, source: Path) -> None:
        shutil.copytree(source, models_folder() / "my-own")
        assert len(run("models", "list", "my-own")[1].splitlines()) == 1

    @pytest.mark.parametrize("what", ["list", "verify", "remove"])
    def test_an_unknown_name_is_exit_code_two(self, run: Run, tiny: Path, what: str) -> None:
        code, out, err = run("models", what, "huge")
        assert (code, out) == (2, "")
        assert "There is no speech model called huge" in err

    def test_a_folder_that_is_not_there(self, run: Run, tmp_path: Path) -> None:
        code, _, err = run("models", "list", "--model-dir", str(tmp_path / "nowhere"))
        assert (code, err) == (2, f"There is no model folder {tmp_path / 'nowhere'}. Check --model-dir.\n")

    @pytest.mark.parametrize("words", [(), ("lst",)])
    def test_what_is_to_be_done_has_to_be_said(self, run: Run, words: tuple[str, ...]) -> None:
        assert run("models", *words)[0] == 2


def sha_of(folder: Path) -> str:
    import hashlib

    return hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()


class TestVerifying:
    def test_whole_models_are_whole(self, run: Run, tiny: Path) -> None:
        assert run("models", "verify") == (0, "tiny.en: whole, and it works.\n", "")

    def test_weights_that_changed_under_their_mark_are_found(self, run: Run, tiny: Path, small: Model) -> None:
        """The size and the time of change are the same: only hashing anew shows it."""
        from voice_imago.engines.whisper_models import mark_verified

        mark_verified(tiny, small.sha256)
        weights = tiny / "model.bin"
        stamp = weights.stat()
        raw = bytearray(weights.read_bytes())
        raw[len(raw) // 2] ^= 1
        weights.write_bytes(raw)
        os.utime(weights, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        assert verify_model(tiny) == "good"
        code, out, _ = run("models", "verify")
        assert (code, out) == (
            1,
            f"tiny.en: The speech model in {tiny} is damaged. Fetch it again with: voice-imago setup\n",
        )


class TestRemoving:
    def test_removes_and_says_so_afterwards(self, run: Run, tiny: Path) -> None:
        remember_pace(tiny, 0.2)
        assert run("models", "remove", "tiny.en") == (0, "The speech model tiny.en is removed.\n", "")
        assert not tiny.exists()
        assert known_pace(tiny) is None

    def test_removes_what_is_left_of_a_download(self, run: Run, small: Model) -> None:
        left_behind(models_folder(), small, b"half")
        assert run("models", "remove", "tiny.en")[0] == 0
        assert list_parts() == ()

    def test_without_a_name_asks_which(self, run: Run) -> None:
        code, _, err = run("models", "remove")
        assert (code, err.startswith("Which speech model")) == (2, True)

    def test_what_other_programs_keep_is_left_alone(
        self, run: Run, source: Path, small: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        snapshot = tmp_path / "hub" / "models--Systran--faster-whisper-tiny.en" / "snapshots" / small.revision
        shutil.copytree(source, snapshot)
        code, _, err = run("models", "remove", "tiny.en")
        assert code == 2
        assert "where other programs keep theirs" in err
        assert snapshot.exists()


class TestSetUpWithoutAWord:
    def test_fetches_times_and_remembers(self, run: Run, serve: Serve) -> None:
        serve()
        code, out, err = run("setup", "--model", "tiny.en", "--yes")
        assert (code, err) == (0, "")
        lines = out.splitlines()
        assert lines[0] == "The speech model tiny.en is a download of 1 megabytes, once."
        assert [line for line in lines if line.endswith(" percent.")] == [f"{p} percent." for p in (0, 25, 50, 75, 100)]
        assert any("seconds of work for a second of speech" in line for line in lines)
        assert lines[-1] == "The speech model tiny.en is ready."
        assert load_settings().model == "tiny.en"
        assert known_pace(models_folder() / "tiny.en") is not None

    def test_what_is_here_needs_no_network(self, run: Run, serve: Serve) -> None:
        hub = serve()
        run("setup", "--model", "tiny.en", "--yes")
        requests = len(hub.requests)
        assert run("setup", "--model", "tiny.en")[1] == (
            "The speech model tiny.en is already here. No network is needed.\n"
        )
        assert len(hub.requests) == requests

    @pytest.mark.parametrize(
        ("pace", "name", "said"),
        [
            (0.5, "base.en", "A smaller one keeps up better: voice-imago setup --model tiny.en"),
            (2.0, "small", "A smaller one keeps up better: voice-imago setup --model base"),
            (0.5, "tiny.en", "It is the smallest one: words will come late, and the guide will not wait for them."),
        ],
    )
    def test_a_slow_computer_is_told(
        self, capsys: pytest.CaptureFixture[str], source: Path, monkeypatch: pytest.MonkeyPatch,
        pace: float, name: str, said: str,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(Trial, "run", lambda self, folder, language: pace)
        setting_up._time(name, source, "en")
        assert capsys.readouterr().out.splitlines()[-1] == said

    def test_nobody_at_the_keyboard_is_a_no(self, run: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
        hub = serve()
        with Path(os.devnull).open() as nobody:
            monkeypatch.setattr("sys.stdin", nobody)
            code, out, _ = run("setup", "--model", "tiny.en")
        assert code == 0
        assert "say setup --yes" in out
        assert hub.requests == []

    def test_an_english_model_in_another_language_is_refused(self, run: Run) -> None:
        save_settings(load_settings())
        from voice_imago.errors import UsageError
        from voice_imago.runtime.setting_up import fetch_one

        with pytest.raises(UsageError, match="understands English only") as caught:
            fetch_one("base.en", None, "de", ask=False)
        assert "Choose base" in caught.value.hint

    def test_trouble_is_one_sentence(self, run: Run, serve: Serve) -> None:
        serve(status=404)
        code, _, err = run("setup", "--model", "tiny.en", "--yes")
        assert code == 2
        assert len(err.splitlines()) == 1

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
    def test_ctrl_c_cancels_and_leaves_nothing_half(self, serve: Serve, small: Model, tmp_path: Path) -> None:
        hub = serve(stall_at=600_000)
        home = tmp_path / "home"
        code = (
            "import sys; from dataclasses import replace; from voice_imago.engines import whisper_models as w; "
            "w._KNOWN['tiny.en'] = replace(w._KNOWN['tiny.en'], sha256=sys.argv.pop(), download_mb=1); "
            "from voice_imago.__main__ import main; sys.exit(main())"
        )
        words = [sys.executable, "-c", code, "setup", "--model", "tiny.en", "--yes", small.sha256]
        env = {**os.environ, "VOICE_IMAGO_HOME": str(home)}
        program = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert hub.stalled.wait(30.0)
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=30.0)
        assert program.returncode == 1
        assert out.endswith("The download was cancelled. Nothing half is left behind.\n")
        assert "Traceback" not in err
        assert list((home / "data" / "models").iterdir()) == []


# ---------------------------------------------------------------------- typed


def typed(lines: list[str], place: Path | None = None) -> tuple[str, list[str]]:
    shown: list[str] = []
    course = Course(MODEL_SETUP, "en", ("Ana", "Ben"), opening=("guide.hello_setup",))
    plan = TypedPlan(course, None, shown.append, lines, models=lambda desk: model_tasks(desk, "en", place))
    return run_typed(load_script(), plan), shown


@pytest.fixture
def hub(serve: Serve) -> Hub:
    return serve()


class TestSetUpTyped:
    def test_from_the_offer_to_the_model(self, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
        """The end of the input waits for the download."""
        reason, shown = typed(["no", "yes", "yes"])
        assert reason == "finished"
        assert verify_model(models_folder() / "tiny.en") == "good"
        assert shown[0].startswith("Hello. Let's see")
        for sentence in (
            "The smaller one is seventy-eight megabytes",
            "Will you speak English only?",
            "I fetch it now",
        ):
            assert any(line.startswith(sentence) for line in shown), sentence
        assert shown[-2:] == [
            "The speech model is ready, and stays on this computer.",
            "I have stopped listening. Help numbers are always under help.",
        ]
        printed = capsys.readouterr().out.splitlines()
        assert [line for line in printed if line.endswith(" percent.")][-1] == "100 percent."
        assert load_settings().model == "tiny.en"

    def test_by_numbers(self, hub: Hub) -> None:
        assert typed(["1", "1", "y"])[0] == "finished"
        assert verify_model(models_folder() / "tiny.en") == "good"

    def test_no_twice_goes_on_without_and_is_remembered(self, hub: Hub) -> None:
        reason, shown = typed(["no", "no"])
        assert reason == "finished"
        assert load_settings().model_declined
        assert hub.requests == []
        assert any(line.startswith("Meanwhile I follow your voices and short answers") for line in shown)

    def test_set_up_again_asks_again_and_forgets_the_no(self, hub: Hub) -> None:
        typed(["no", "no"])
        typed(["no", "yes", "yes"])
        assert not load_settings().model_declined

    def test_trouble_and_one_more_try(self, serve: Serve) -> None:
        serve(status=404)
        reason, shown = typed(["1", "1", "y", "n"])
        assert reason == "finished"
        assert "The server doesn't have this model any more." in shown

    def test_skip_in_the_middle_leaves_nothing_half(self, serve: Serve) -> None:
        hub = serve(stall_at=600_000)

        def lines() -> object:
            yield from ["1", "1", "y"]
            assert hub.stalled.wait(30.0)
            yield "skip"

        reason, shown = typed(lines())  # type: ignore[arg-type]
        assert reason == "finished"
        assert "Cancelled. Nothing half is left." in shown
        assert list(models_folder().iterdir()) == []

    def test_q_in_the_middle_stops_and_says_that_nothing_half_is_left(self, serve: Serve) -> None:
        hub = serve(stall_at=600_000)

        def lines() -> object:
            yield from ["1", "1", "y"]
            assert hub.stalled.wait(30.0)
            yield "q"

        reason, shown = typed(lines())  # type: ignore[arg-type]
        assert reason == "stopped"
        assert shown[-3] == "I stop fetching. Nothing half is left."
        assert list(models_folder().iterdir()) == []

    def test_as_a_program_without_a_microphone(self, tmp_path: Path) -> None:
        env = {**os.environ, "VOICE_IMAGO_HOME": str(tmp_path), "PULSE_SERVER": str(tmp_path / "no.socket")}
        env["HF_ENDPOINT"] = "http://127.0.0.1:9"
        done = subprocess.run(
            [sys.executable, "-m", "voice_imago", "setup", "--typed"],
            cwd=ROOT, env=env, input="yes\nyes\nno\n", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "I can't reach the internet just now." in done.stdout
        assert "Shall I try once more?" in done.stdout
        assert "there is no connection to its server" in done.stderr
        assert "Traceback" not in done.stderr
