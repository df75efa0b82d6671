"""The scribe's process, killed, stopped, starved and closed; real faster-whisper on a scripted model inside."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from tests.whisper_fixture import like_speech, write_model
from voice_imago.engines.ports import Heard
from voice_imago.engines.recognisers import RecogniserSpec
from voice_imago.errors import ModelError, RecognitionError, UsageError
from voice_imago.runtime.scribe import InlineScribe, Scribe, ScribeSettings

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="children are watched through pidfds (Linux)")

TEXT = "Yes, you got it."
PATIENCE_S = 30.0
"""Seconds after which a test fails instead of waiting."""


class Ear:
    """What a scribe told, and a way to wait for it."""

    def __init__(self) -> None:
        self.texts: list[tuple[int, str]] = []
        self.waits_s: list[float] = []
        self.faults: list[str] = []
        self.sentences: list[str] = []
        self.threads: set[str] = set()
        self.on_fault: Callable[[str], None] = lambda code: None
        self._changed = threading.Condition()

    def text(self, id: int, heard: Heard, waited_s: float) -> None:
        with self._changed:
            self.texts.append((id, heard.text))
            self.waits_s.append(waited_s)
            self.threads.add(threading.current_thread().name)
            self._changed.notify_all()

    def fault(self, code: str, sentence: str) -> None:
        self.on_fault(code)
        with self._changed:
            self.faults.append(code)
            self.sentences.append(sentence)
            self.threads.add(threading.current_thread().name)
            self._changed.notify_all()

    def wait(self, texts: int = 0, faults: int = 0) -> None:
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.texts) >= texts and len(self.faults) >= faults, PATIENCE_S)
        assert enough, (self.texts, self.faults)


Start = Callable[..., tuple[Scribe, Ear]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("scribe") / "micro", TEXT)


@pytest.fixture
def start(model: Path) -> Iterator[Start]:
    running: list[Scribe] = []

    def started(folder: Path = model, **settings: float) -> tuple[Scribe, Ear]:
        ear = Ear()
        spec = RecogniserSpec("whisper", model_dir=folder)
        scribe = Scribe(spec, ear.text, ear.fault, ScribeSettings(**settings))  # type: ignore[arg-type]
        running.append(scribe)
        scribe.start()
        return scribe, ear

    yield started
    for scribe in running:
        scribe.close()


def kill(scribe: Scribe, how: int = 9) -> None:
    assert scribe.pid is not None
    os.kill(scribe.pid, how)


def kill_and_see(scribe: Scribe) -> None:
    """Kill the child and wait until it is dead, though not yet reaped."""
    assert scribe.pid is not None
    watched = os.pidfd_open(scribe.pid)
    kill(scribe)
    gone(watched)


def strike_twice(scribe: Scribe, ear: Ear) -> None:
    """Two pieces; the child dies over the first, and the next child, too, as soon as it is there."""
    deaths = iter(range(1))
    ear.on_fault = lambda code: kill_and_see(scribe) if code == "recovered" and next(deaths, None) == 0 else None
    kill(scribe, signal.SIGSTOP)
    scribe.submit(1, speech(), short=True)
    scribe.submit(2, speech(), short=False)
    kill(scribe)
    ear.wait(texts=2)


def gone(pidfd: int) -> None:
    ready, _, _ = select.select([pidfd], [], [], PATIENCE_S)
    os.close(pidfd)
    assert ready, "the child still runs"


def until_waiting(scribe: Scribe, pieces: int) -> None:
    """Until no more than so many pieces wait, so that one more is under way."""
    while len(scribe._queue) > pieces:
        os.sched_yield()


def speech(length_s: float = 1.0) -> npt.NDArray[np.float32]:
    return like_speech(length_s)


class TestWriting:
    def test_each_piece_gets_its_text_from_one_thread(self, start: Start) -> None:
        scribe, ear = start()
        assert (scribe.name, scribe.understands, scribe.reason) == ("whisper micro", "speech", "asked")
        for id in range(3):
            scribe.submit(id, speech(), short=id == 1)
        ear.wait(texts=3)
        assert sorted(ear.texts) == [(0, TEXT), (1, TEXT), (2, TEXT)]
        assert ear.threads == {"scribe"}
        assert ear.faults == []
        assert all(0.0 < waited_s < PATIENCE_S for waited_s in ear.waits_s)

    def test_an_answer_jumps_the_queue(self, start: Start) -> None:
        scribe, ear = start()
        kill(scribe, signal.SIGSTOP)
        scribe.submit(0, speech(), short=False)
        until_waiting(scribe, 0)
        scribe.submit(1, speech(), short=False)
        scribe.submit(2, speech(), short=True)
        kill(scribe, signal.SIGCONT)
        ear.wait(texts=3)
        assert [id for id, _ in ear.texts] == [0, 2, 1]

    def test_falling_behind_joins_the_pieces_of_a_turn_and_drops_nothing(self, start: Start) -> None:
        scribe, ear = start()
        kill(scribe, signal.SIGSTOP)
        scribe.submit(0, speech(), short=False, turn=1)
        until_waiting(scribe, 0)
        for id, turn in ((1, 1), (2, 1), (3, 2)):
            scribe.submit(id, speech(), short=False, turn=turn)
        kill(scribe, signal.SIGCONT)
        ear.wait(texts=4)
        assert ear.texts == [(0, TEXT), (1, TEXT), (2, ""), (3, TEXT)]

    def test_silence_is_answered_without_words(self, start: Start) -> None:
        scribe, ear = start()
        scribe.submit(7, np.zeros(16_000, np.float32), short=True)
        ear.wait(texts=1)
        assert ear.texts == [(7, "")]

    def test_sound_of_a_foreign_shape_is_refused_at_once(self, start: Start) -> None:
        scribe, ear = start()
        with pytest.raises(RecognitionError, match="one channel"):
            scribe.submit(1, np.zeros((16_000, 2), np.float32), short=True)
        scribe.submit(2, speech(), short=True)
        ear.wait(texts=1)
        assert ear.texts == [(2, TEXT)]

    def test_the_callers_buffer_may_be_used_again(self, start: Start) -> None:
        scribe, ear = start()
        kill(scribe, signal.SIGSTOP)
        buffer = speech().copy()
        scribe.submit(1, buffer, short=True)
        buffer[:] = 0.0
        kill(scribe, signal.SIGCONT)
        ear.wait(texts=1)
        assert ear.texts == [(1, TEXT)]

    def test_the_child_steps_back_for_hearing_and_keeps_out_of_our_session(self, start: Start) -> None:
        scribe, _ = start()
        assert scribe.pid is not None
        assert os.getpriority(os.PRIO_PROCESS, scribe.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
        assert os.getsid(scribe.pid) != os.getsid(0)  # so Ctrl-C does not reach it

    @pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="sessions do not share the processor here")
    def test_its_session_steps_back_too(self, start: Start) -> None:
        scribe, _ = start()
        assert Path(f"/proc/{scribe.pid}/autogroup").read_text().split()[-2:] == ["nice", "10"]

    def test_without_a_recogniser_every_piece_is_answered_and_no_process_runs(self) -> None:
        ear = Ear()
        scribe = Scribe(RecogniserSpec("none"), ear.text, ear.fault)
        scribe.start()
        assert (scribe.pid, scribe.understands) == (None, "nothing")
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=1)
        assert ear.texts == [(1, "")]
        scribe.close()


class TestDeath:
    def test_a_child_killed_in_the_middle_of_a_piece_loses_no_word(self, start: Start) -> None:
        scribe, ear = start()
        kill(scribe, signal.SIGSTOP)
        for id in range(3):
            scribe.submit(id, speech(), short=False)
        until_waiting(scribe, 2)
        kill(scribe)
        ear.wait(texts=3)
        assert ear.texts == [(0, TEXT), (1, TEXT), (2, TEXT)]
        assert ear.faults == ["died", "recovered"]
        assert ear.sentences[0] == ("Speech recognition stopped and is started again; nothing that was said is lost.")

    def test_twenty_kills_lose_no_piece(self, start: Start) -> None:
        scribe, ear = start()
        for id in range(20):
            scribe.submit(2 * id, speech(), short=False)
            scribe.submit(2 * id + 1, speech(), short=True)
            kill_and_see(scribe)
            ear.wait(texts=2 * id + 2)
        assert sorted(ear.texts) == [(id, TEXT) for id in range(40)]
        assert set(ear.faults) == {"died", "recovered"}

    def test_a_child_that_dies_while_nothing_is_asked_is_replaced_by_itself(self, start: Start) -> None:
        scribe, ear = start()
        kill_and_see(scribe)
        ear.wait(faults=2)
        assert ear.faults == ["died", "recovered"]
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=1)
        assert ear.texts == [(1, TEXT)]

    def test_a_hanging_child_is_ended_and_the_piece_asked_again(self, start: Start) -> None:
        scribe, ear = start(answer_floor_s=0.5, answer_per_s=0.5)
        kill(scribe, signal.SIGSTOP)
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=1)
        assert ear.texts == [(1, TEXT)]
        assert ear.faults == ["hung", "recovered"]
        assert ear.waits_s[0] >= 0.5

    def test_a_piece_that_costs_too_many_children_is_left_and_the_others_go_on(self, start: Start) -> None:
        for _ in range(5):  # on a busy computer the child may answer before the second blow, and nothing is lost
            scribe, ear = start(tries=2)
            strike_twice(scribe, ear)
            if (1, TEXT) not in ear.texts:
                break
        assert ear.texts == [(1, ""), (2, TEXT)]
        assert ear.faults == ["died", "recovered", "died", "piece_lost", "recovered"]

    def test_recognition_that_keeps_stopping_is_given_up_and_every_piece_answered(self, start: Start) -> None:
        scribe, ear = start(restarts=2, tries=9)
        ear.on_fault = lambda code: kill_and_see(scribe) if code == "recovered" else None
        kill(scribe, signal.SIGSTOP)
        for id in range(3):
            scribe.submit(id, speech(), short=False)
        kill(scribe)
        ear.wait(texts=3)
        assert ear.texts == [(0, ""), (1, ""), (2, "")]
        assert ear.faults[-1] == "gave_up"
        assert ear.sentences[-1] == "Speech recognition keeps stopping, so the dialogue goes on without it."
        assert scribe.understands == "nothing"
        scribe.submit(9, speech(), short=True)
        ear.wait(texts=4)
        assert ear.texts[-1] == (9, "")

    def test_a_model_deleted_meanwhile_ends_recognition_in_one_sentence(
        self, start: Start, model: Path, tmp_path: Path
    ) -> None:
        folder = Path(shutil.copytree(model, tmp_path / "micro"))
        scribe, ear = start(folder)
        shutil.rmtree(folder)
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=1)  # it still has the model in memory
        kill_and_see(scribe)
        scribe.submit(2, speech(), short=True)
        ear.wait(texts=2)
        assert ear.texts == [(1, TEXT), (2, "")]
        assert ear.faults == ["died", "gave_up"]
        assert "There is no model folder" in ear.sentences[-1]

    def test_more_than_can_wait_is_said_and_answered(self, start: Start) -> None:
        scribe, ear = start(longest_wait_s=2.5)
        kill(scribe, signal.SIGSTOP)
        scribe.submit(0, speech(), short=False)
        until_waiting(scribe, 0)
        for id in range(1, 5):
            scribe.submit(id, speech(), short=False)
        kill(scribe, signal.SIGCONT)
        ear.wait(texts=5)
        assert sorted(ear.texts) == [(0, TEXT), (1, ""), (2, ""), (3, TEXT), (4, TEXT)]
        assert set(ear.faults) == {"piece_lost"}

    def test_that_words_come_late_is_said_once_and_nothing_is_lost(self, start: Start) -> None:
        scribe, ear = start(late_s=2.5)
        kill(scribe, signal.SIGSTOP)
        scribe.submit(0, speech(), short=False)
        until_waiting(scribe, 0)
        for id in range(1, 6):
            scribe.submit(id, speech(), short=False)
        kill(scribe, signal.SIGCONT)
        ear.wait(texts=6)
        assert ear.texts == [(id, TEXT) for id in range(6)]
        assert ear.faults == ["too_slow"]

    def test_a_look_that_a_newer_one_overtakes_is_answered_without_words_and_without_a_word(self, start: Start) -> None:
        scribe, ear = start()
        kill(scribe, signal.SIGSTOP)
        scribe.submit(0, speech(), short=False)
        until_waiting(scribe, 0)
        scribe.submit(1, speech(), short=True, look=True)
        scribe.submit(2, speech(), short=True, look=True)
        kill(scribe, signal.SIGCONT)
        ear.wait(texts=3)
        assert sorted(ear.texts) == [(0, TEXT), (1, ""), (2, TEXT)]
        assert ear.faults == []


class TestStarting:
    def test_no_model_is_the_sentence_of_the_factory(self, start: Start, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="There is no speech model in"):
            start(tmp_path)

    def test_an_unknown_recogniser_is_a_usage_error(self) -> None:
        ear = Ear()
        with pytest.raises(UsageError, match="There is no recogniser called vosk"):
            Scribe(RecogniserSpec("vosk"), ear.text, ear.fault).start()  # type: ignore[arg-type]

    def test_a_damaged_model_is_the_childs_own_sentence(self, start: Start, model: Path, tmp_path: Path) -> None:
        folder = Path(shutil.copytree(model, tmp_path / "micro"))
        (folder / "model.bin").write_bytes(b"rubbish")
        with pytest.raises(ModelError) as caught:
            start(folder)
        assert caught.value.message == f"The speech model in {folder} is damaged or of another kind."
        assert "voice-imago setup" in caught.value.hint

    def test_a_model_that_does_not_load_in_time_is_one_sentence(self, start: Start) -> None:
        with pytest.raises(ModelError, match=r"Speech recognition was not ready in time\."):
            start(load_s=0.01)


class TestClosing:
    def test_ends_the_child_and_the_thread_at_once(self, start: Start) -> None:
        scribe, _ = start()
        assert scribe.pid is not None
        watched = os.pidfd_open(scribe.pid)
        scribe.close()
        gone(watched)
        assert not scribe._thread.is_alive()
        scribe.close()

    def test_does_not_wait_for_a_piece_and_tells_nothing_afterwards(self, start: Start) -> None:
        scribe, ear = start()
        kill(scribe, signal.SIGSTOP)
        for id in range(3):
            scribe.submit(id, speech(), short=False)
        scribe.close()
        assert not scribe._thread.is_alive()
        scribe.submit(9, speech(), short=True)
        assert (ear.texts, ear.faults) == ([], [])

    def test_may_be_called_from_a_callback(self, start: Start) -> None:
        scribe, ear = start()
        closed = threading.Event()

        def close(code: str) -> None:
            scribe.close()
            closed.set()

        ear.on_fault = close
        kill_and_see(scribe)
        assert closed.wait(PATIENCE_S)

    def test_works_while_the_child_is_being_replaced(self, start: Start) -> None:
        scribe, ear = start()
        seen = threading.Event()
        ear.on_fault = lambda code: seen.set() if code == "died" else None
        kill_and_see(scribe)
        scribe.submit(1, speech(), short=True)
        assert seen.wait(PATIENCE_S)
        scribe.close()
        assert not scribe._thread.is_alive()
        assert ear.texts == []

    def test_works_before_the_start(self, model: Path) -> None:
        ear = Ear()
        Scribe(RecogniserSpec("whisper", model_dir=model), ear.text, ear.fault).close()

    def test_a_program_that_is_killed_leaves_no_child(self, model: Path, tmp_path: Path) -> None:
        script = tmp_path / "parent.py"
        script.write_text(
            "import sys, time\n"
            "from pathlib import Path\n"
            "from voice_imago.engines.recognisers import RecogniserSpec\n"
            "from voice_imago.runtime.scribe import Scribe\n"
            "spec = RecogniserSpec('whisper', model_dir=Path(sys.argv[1]))\n"
            "scribe = Scribe(spec, print, print)\n"
            "scribe.start()\n"
            "print(scribe.pid, flush=True)\n"
            "sys.stdin.read()\n"
        )
        root = Path(__file__).resolve().parents[2]
        parent = subprocess.Popen(
            [sys.executable, str(script), str(model)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        with parent:
            assert parent.stdout is not None
            watched = os.pidfd_open(int(parent.stdout.readline()))
            parent.kill()
            gone(watched)


OTHER_TEXT = "No, that's all."


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("scribe") / "other", OTHER_TEXT)


class TestAnotherRecogniser:
    def test_takes_over_between_two_pieces_and_gets_those_that_wait(self, start: Start, other: Path) -> None:
        scribe, ear = start()
        before = scribe.pid
        assert before is not None
        watched = os.pidfd_open(before)
        os.kill(before, signal.SIGSTOP)
        scribe.submit(0, speech(), short=False)
        until_waiting(scribe, 0)
        scribe.submit(1, speech(), short=False)
        scribe.submit(2, speech(), short=True)
        scribe.use(RecogniserSpec("whisper", model_dir=other))
        assert (scribe.name, scribe.understands) == ("whisper other", "speech")
        os.kill(before, signal.SIGCONT)
        ear.wait(texts=3)
        assert ear.texts == [(0, TEXT), (2, OTHER_TEXT), (1, OTHER_TEXT)]
        gone(watched)
        assert ear.faults == []

    def test_takes_over_where_nobody_understood(self, other: Path) -> None:
        ear = Ear()
        scribe = Scribe(RecogniserSpec("none"), ear.text, ear.fault)
        scribe.start()
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=1)
        scribe.use(RecogniserSpec("whisper", model_dir=other))
        scribe.submit(2, speech(), short=True)
        ear.wait(texts=2)
        scribe.close()
        assert ear.texts == [(1, ""), (2, OTHER_TEXT)]

    def test_is_the_one_that_is_started_anew_after_a_death(self, start: Start, other: Path) -> None:
        scribe, ear = start()
        scribe.use(RecogniserSpec("whisper", model_dir=other))
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=1)
        kill_and_see(scribe)
        scribe.submit(2, speech(), short=True)
        ear.wait(texts=2)
        assert [text for _, text in ear.texts] == [OTHER_TEXT] * 2

    def test_brings_a_recognition_back_that_was_given_up(self, start: Start, other: Path) -> None:
        scribe, ear = start()
        scribe._give_up("It keeps stopping.")
        scribe.use(RecogniserSpec("whisper", model_dir=other))
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=1)
        assert ear.texts == [(1, OTHER_TEXT)]

    def test_that_cannot_be_loaded_leaves_everything_as_it_was(self, start: Start, tmp_path: Path) -> None:
        scribe, ear = start()
        before = scribe.pid
        with pytest.raises(ModelError, match="There is no speech model in"):
            scribe.use(RecogniserSpec("whisper", model_dir=tmp_path))
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=1)
        assert (scribe.name, scribe.pid, ear.texts) == ("whisper micro", before, [(1, TEXT)])

    def test_of_several_only_the_last_is_kept(self, start: Start, other: Path, model: Path) -> None:
        scribe, ear = start()
        kill(scribe, signal.SIGSTOP)
        scribe.submit(0, speech(), short=False)
        until_waiting(scribe, 0)
        scribe.use(RecogniserSpec("whisper", model_dir=model))
        assert scribe._successor is not None
        skipped = scribe._successor[1]
        scribe.use(RecogniserSpec("whisper", model_dir=other))
        assert not skipped.alive
        kill(scribe, signal.SIGCONT)
        scribe.submit(1, speech(), short=True)
        ear.wait(texts=2)
        assert ear.texts == [(0, TEXT), (1, OTHER_TEXT)]

    def test_a_scribe_that_is_closed_takes_nobody_in(self, start: Start, other: Path) -> None:
        scribe, _ = start()
        scribe.close()
        with pytest.raises(ModelError):
            scribe.use(RecogniserSpec("whisper", model_dir=other))


class TestInline:
    def test_has_the_same_face_and_answers_before_submit_returns(self, model: Path) -> None:
        ear = Ear()
        scribe = InlineScribe(RecogniserSpec("whisper", model_dir=model), ear.text, ear.fault)
        scribe.start()
        assert (scribe.name, scribe.understands, scribe.reason) == ("whisper micro", "speech", "asked")
        scribe.submit(1, speech(), short=True)
        scribe.submit(2, speech(), short=False, turn=3)
        assert ear.texts == [(1, TEXT), (2, TEXT)]
        assert ear.waits_s == [0.0, 0.0]
        assert ear.threads == {threading.current_thread().name}
        scribe.close()
        scribe.close()
        scribe.submit(3, speech(), short=True)
        assert len(ear.texts) == 2

    def test_a_piece_that_fails_is_told_and_answered(self, model: Path) -> None:
        ear = Ear()
        scribe = InlineScribe(RecogniserSpec("whisper", model_dir=model), ear.text, ear.fault)
        scribe.start()
        assert scribe._recogniser is not None
        scribe._recogniser.close()  # the weights are gone: every decode fails
        scribe.submit(1, speech(), short=True)
        assert ear.texts == [(1, "")]
        assert ear.faults == ["piece_failed"]

    def test_every_face_is_the_same(self) -> None:
        assert {name for name in dir(InlineScribe) if not name.startswith("_")} <= set(dir(Scribe))


class TestTheServerAtHome:
    def test_that_it_stops_and_answers_again_is_told_once_each(self, model: Path) -> None:
        """The real child, a real server that goes and comes back, and a model of this computer in between."""
        pytest.importorskip("wyoming")
        from tests.home_server import Home, home_server

        with home_server(Home("From home.")) as home:
            url = home.url
            ear = Ear()
            scribe = Scribe(RecogniserSpec(url, model_dir=model), ear.text, ear.fault)
            scribe.start()
            scribe.submit(1, speech(), short=True)
            ear.wait(texts=1)
        try:
            scribe.submit(2, speech(), short=True)
            scribe.submit(3, speech(), short=True)
            ear.wait(texts=3)
            assert [text for _, text in ear.texts] == ["From home.", TEXT, TEXT]
            assert ear.faults == ["home_lost"]
            assert "127.0.0.1" in ear.sentences[0]
        finally:
            scribe.close()

    def test_every_change_has_its_word(self) -> None:
        ear = Ear()
        scribe = Scribe(RecogniserSpec("none"), ear.text, ear.fault)
        for standing in ("home", "here", "here", "home", "away", "home"):
            scribe._follow_standing(SimpleNamespace(standing=standing, trouble="It is gone."))  # type: ignore[arg-type]
        assert ear.faults == ["home_lost", "home_back", "home_away", "recovered"]
