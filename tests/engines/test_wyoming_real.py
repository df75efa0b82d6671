"""The speech server that people really run at home, wyoming-faster-whisper, as a process: heard, frozen, killed.

It has many packages of its own, so it lives in an environment of its own (requirements-homeserver.lock): `.ci/run`
makes one and names its interpreter in WYOMING_SERVER_PYTHON.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import pytest

pytest.importorskip("wyoming", reason="the extra `home` is not installed")

from audio_fixtures.recogniser.evaluate import Spoken, plain, scene_lines
from tests.home_server import a_dead_port
from tests.whisper_fixture import like_speech, write_model
from voice_imago.engines.ports import HEAR_HZ, Heard, Recogniser, Samples
from voice_imago.engines.recogniser_whisper import WhisperRecogniser
from voice_imago.engines.recognisers import RecogniserSpec, make_recogniser
from voice_imago.engines.wyoming_address import HomeAddress
from voice_imago.engines.wyoming_recogniser import HomeRecogniser, HomeSettings
from voice_imago.engines.wyoming_standin import REST_S, HomeFirst
from voice_imago.errors import RecognitionError
from voice_imago.runtime.scene import scenes_folder
from voice_imago.runtime.scribe import Scribe

FIXTURE = scenes_folder() / "recogniser"
IMPATIENT = HomeSettings(answer_floor_s=0.3, answer_per_s=0.0)
LONGEST_S = 8.0
"""Seconds of one line: the server asks for timestamps, and a longer sentence may then end too early."""
FROM_HERE = "From here."
needs_voice = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
needs_freezing = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be frozen here")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    address: HomeAddress

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def interpreter() -> str:
    """A Python that has the server."""
    python = os.environ.get("WYOMING_SERVER_PYTHON") or sys.executable
    try:
        looked = subprocess.run([python, "-c", "import wyoming_faster_whisper"], capture_output=True, check=False)
        why = "" if looked.returncode == 0 else "the server wyoming-faster-whisper is not installed there"
    except OSError as error:
        why = error.strerror or "it does not start"
    if why:
        pytest.skip(f"{python}: {why}; see requirements-homeserver.lock and WYOMING_SERVER_PYTHON in .ci/run")
    return python


@contextmanager
def serving(interpreter: str, model: Path, folder: Path) -> Iterator[Server]:
    port = a_dead_port()
    words = ["--uri", f"tcp://127.0.0.1:{port}", "--model", str(model), "--data-dir", str(folder)]
    command = [interpreter, "-m", "wyoming_faster_whisper", *words, "--language", "en", "--cpu-threads", "1"]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with (folder / "told").open("w") as log:
        process = subprocess.Popen([*command, "--local-files-only"], stdout=log, stderr=log, env=offline)
    server = Server(process, HomeAddress("127.0.0.1", port))
    try:
        until_up(server, folder / "told")
        yield server
    finally:
        server.kill()


def until_up(server: Server, told: Path) -> None:
    pause = threading.Event()
    while server.process.poll() is None:
        try:
            HomeRecogniser(server.address).close()
            return
        except RecognitionError:
            pause.wait(0.1)
    raise AssertionError(f"the server ended: {told.read_text()}")


@pytest.fixture
def server(interpreter: str, tmp_path: Path) -> Iterator[Server]:
    """The server with the fixture model."""
    with serving(interpreter, FIXTURE, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of this computer that always says the same: whoever says so stood in."""
    return write_model(tmp_path_factory.mktemp("local") / "here", FROM_HERE)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Spoken]:
    """What a couple says in one scene, without noise."""
    folder = tmp_path_factory.mktemp("scene")
    shutil.copy(scenes_folder() / "full_dialogue.toml", folder)
    return [line for _, said in scene_lines(folder) for line in said if line.length_s < LONGEST_S][::3]


@pytest.fixture(scope="module")
def line(lines: list[Spoken]) -> Spoken:
    return next(line for line in lines if line.length_s < 4.0)


class Answers:
    """What a scribe says."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.faults: list[str] = []
        self._came = threading.Condition()

    def text(self, id: int, heard: Heard, wall_s: float) -> None:
        with self._came:
            self.texts.append(plain(heard.text))
            self._came.notify_all()

    def fault(self, code: str, sentence: str) -> None:
        self.faults.append(code)

    def wait(self, count: int) -> None:
        with self._came:
            assert self._came.wait_for(lambda: len(self.texts) == count, 40.0)


@needs_voice
class TestUnderstanding:
    def test_it_understands_a_scene_as_the_model_does_on_this_computer(
        self, server: Server, lines: list[Spoken]
    ) -> None:
        home, here = HomeRecogniser(server.address), WhisperRecogniser(FIXTURE)
        said = [plain(one.text) for one in lines]
        from_home, from_here = ([heard(recogniser, one) for one in lines] for recogniser in (home, here))
        assert len(said) >= 15
        assert jiwer.wer(said, from_home) <= 0.05, [*zip(said, from_home, strict=True)]
        assert jiwer.wer(from_here, from_home) <= 0.05, [*zip(from_here, from_home, strict=True)]
        assert "faster-whisper" in home.name


def heard(recogniser: Recogniser, line: Spoken) -> str:
    return plain(recogniser.recognise(line.sound, short=line.length_s < 3.0).text)


class TestLengths:
    def test_answers_and_pieces_of_any_length_come_back(self, interpreter: str, tmp_path: Path) -> None:
        model = write_model(tmp_path / "micro", "Ana, I hear you.")
        with serving(interpreter, model, tmp_path) as running:
            recogniser = HomeRecogniser(running.address)
            for length_s, short in ((0.5, True), (5.0, False), (28.0, False), (31.0, False)):
                sound = np.resize(like_speech(4.0), int(length_s * HEAR_HZ))
                told = recogniser.recognise(sound, short=short, hints=("Ana", "Ben"))
                assert told.text.startswith("Ana, I hear you."), (tmp_path / "told").read_text()


@needs_voice
class TestFailing:
    def test_killed_it_costs_no_words(self, server: Server, local: Path, line: Spoken) -> None:
        answers = Answers()
        scribe = Scribe(RecogniserSpec(f"wyoming://{server.address}", model_dir=local), answers.text, answers.fault)
        scribe.start()
        try:
            scribe.submit(1, line.sound, False)
            answers.wait(1)
            server.kill()
            scribe.submit(2, line.sound, False)
            scribe.submit(3, line.sound, True)
            answers.wait(3)
        finally:
            scribe.close()
        assert answers.texts == [plain(line.text), plain(FROM_HERE), plain(FROM_HERE)]
        assert answers.faults == ["home_lost"]

    @needs_freezing
    def test_killed_while_it_was_asked_it_costs_no_words(self, server: Server, local: Path, line: Spoken) -> None:
        recogniser = make_recogniser(RecogniserSpec(f"wyoming://{server.address}", model_dir=local)).recogniser
        server.freeze()
        texts: list[str] = []
        asking = threading.Thread(target=lambda: texts.append(heard(recogniser, line)))
        asking.start()
        server.kill()
        asking.join(timeout=40.0)
        assert texts == [plain(FROM_HERE)]

    @needs_freezing
    def test_frozen_it_is_left_alone_and_thawed_it_is_asked_again(
        self, server: Server, local: Path, line: Spoken
    ) -> None:
        now = [0.0]
        home = Patient(HomeRecogniser(server.address), HomeRecogniser(server.address, settings=IMPATIENT))
        recogniser = HomeFirst(home, lambda: WhisperRecogniser(local), lambda: now[0])
        assert heard(recogniser, line) == plain(line.text)
        server.freeze()
        home.patient = False
        assert heard(recogniser, line) == plain(FROM_HERE)
        assert (recogniser.standing, "did not answer within 0.3 seconds" in recogniser.trouble) == ("here", True)
        server.thaw()
        home.patient = True
        assert heard(recogniser, line) == plain(FROM_HERE)
        now[0] = REST_S
        assert heard(recogniser, line) == plain(line.text)
        assert recogniser.standing == "home"

    @needs_freezing
    def test_frozen_at_the_start_it_is_replaced(
        self, server: Server, local: Path, line: Spoken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("voice_imago.engines.wyoming_wire.DESCRIBE_S", 0.3)
        server.freeze()
        made = make_recogniser(RecogniserSpec(f"wyoming://{server.address}", model_dir=local))
        assert made.reason == "home_away"
        assert heard(made.recogniser, line) == plain(FROM_HERE)


class Patient:
    """The same server asked with a patience that a test may change: a busy machine must not look like a frozen one."""

    understands = "speech"

    def __init__(self, patient: HomeRecogniser, impatient: HomeRecogniser) -> None:
        self._ways = {True: patient, False: impatient}
        self.patient, self.name = True, patient.name

    def recognise(self, sound: Samples, *, short: bool, hints: Sequence[str] = ()) -> Heard:
        return self._ways[self.patient].recognise(sound, short=short, hints=hints)

    def close(self) -> None:
        for way in self._ways.values():
            way.close()
