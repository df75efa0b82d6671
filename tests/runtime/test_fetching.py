"""A download that is cut, killed, raced or taken up again: what is kept, what is gone on with, what is thrown away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.loopback_hub import Serve
from voice_imago.engines.whisper_models import Model, verify_model
from voice_imago.errors import FileError, ModelError
from voice_imago.runtime import fetch_parts
from voice_imago.runtime.fetch_parts import WEIGHTS, claimed_part, remove_part, unfinished
from voice_imago.runtime.fetching import FetchError, fetching
from voice_imago.runtime.models import fetch_model, list_models, list_parts, remove_model

ROOT = Path(__file__).parents[2]
SOON_S = 3.0
PATIENCE_S = 30.0
PROGRAM = """
import sys, voice_imago.runtime.models as models
from dataclasses import replace
from pathlib import Path
from voice_imago.engines import whisper_models
changed = {**models.MODELS, "tiny.en": replace(models.MODELS["tiny.en"], sha256=sys.argv[2], download_mb=1)}
models.MODELS = whisper_models.MODELS = changed
print(models.fetch_model("tiny.en", Path(sys.argv[1])), flush=True)
"""
"""A program of its own that fetches the model of the loopback hub."""

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes and signals")


def started(place: Path, model: Model) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", PROGRAM, str(place), model.sha256]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(true: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    tick, left = threading.Event(), PATIENCE_S / 0.02
    while not true() and left:
        left -= 1
        tick.wait(0.02)
    assert true()


def first_byte(asked: str) -> int:
    return int(asked.removeprefix("bytes=").split("-")[0])


def size_of(source: Path) -> int:
    return (source / WEIGHTS).stat().st_size


def left_behind(place: Path, model: Model, weights: bytes, **note: str) -> Path:
    """A part as a killed program leaves it."""
    folder = place / ".part-tiny.en-left"
    folder.mkdir(parents=True)
    pin = {"name": model.name, "sha256": model.sha256, **note}
    (folder / "pin.json").write_text(json.dumps(pin))
    (folder / WEIGHTS).write_bytes(weights)
    return folder


def cut_short(serve: Serve, place: Path, **trouble: object) -> FetchError:
    serve(**trouble)
    with pytest.raises(FetchError) as caught:
        fetch_model("tiny.en", place, deadline_s=20.0 if "cut_at" in trouble else SOON_S)
    return caught.value


class TestWithinARun:
    def test_goes_on_where_the_connection_was_cut(self, serve: Serve, tmp_path: Path, source: Path) -> None:
        hub = serve(cut_at=600_000)
        assert fetch_model("tiny.en", tmp_path) is not None
        assert [first_byte(asked) > 500_000 for asked in hub.ranges] == [True]
        assert hub.sent_bytes < 1.2 * size_of(source)

    def test_goes_on_when_the_server_falls_silent_for_a_while(self, serve: Serve, tmp_path: Path, source: Path) -> None:
        hub = serve(stall_at=400_000, stalls=1)
        assert fetch_model("tiny.en", tmp_path, deadline_s=4.0) is not None
        assert hub.sent_bytes < 1.2 * size_of(source)

    def test_a_slow_line_is_not_a_silent_one(self, serve: Serve, tmp_path: Path) -> None:
        """A quarter of a megabyte takes longer than the patience, a few bytes do not."""
        serve(slow_blocks=14)
        assert fetch_model("tiny.en", tmp_path, deadline_s=2.5) is not None

    def test_many_cuts_are_no_reason_to_give_up_as_long_as_something_comes(
        self, serve: Serve, tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub = serve(cut_at=0, cuts=3)
        assert fetch_model("tiny.en", tmp_path) is not None
        assert len([request for request in hub.requests if "/elsewhere/" in request]) == 4


class TestAcrossRuns:
    @pytest.mark.parametrize(
        ("trouble", "kind"),
        [({"cut_at": 300_000, "cuts": 99}, "cut"), ({"stall_at": 300_000}, "silent")],
        ids=["cut for good", "stalled"],
    )
    def test_what_has_arrived_is_named_counted_and_gone_on_with(
        self, serve: Serve, tmp_path: Path, source: Path, trouble: dict[str, object], kind: str
    ) -> None:
        error = cut_short(serve, tmp_path, **trouble)
        assert error.kind == kind
        (part,) = list_parts(tmp_path)
        assert (part.name, part.running) == ("tiny.en", False)
        assert 250_000 < part.size_bytes <= 320_000
        assert list_models(tmp_path) == ()

        hub = serve()
        folder = fetch_model("tiny.en", tmp_path)
        assert folder is not None
        assert verify_model(folder) == "good"
        assert [first_byte(asked) for asked in hub.ranges] == [part.size_bytes]
        assert hub.sent_bytes == size_of(source) - part.size_bytes
        assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.en"]

    def test_progress_goes_on_where_it_stopped(self, serve: Serve, tmp_path: Path) -> None:
        cut_short(serve, tmp_path, stall_at=500_000)
        serve()
        told: list[int] = []
        fetch_model("tiny.en", tmp_path, told.append)
        assert told == [0, 25, 50, 75, 100]

    @posix
    def test_a_killed_program_leaves_a_part_that_the_next_one_goes_on_with(
        self, serve: Serve, tmp_path: Path, source: Path, small: Model
    ) -> None:
        hub = serve(stall_at=600_000)
        program = started(tmp_path, small)
        assert hub.stalled.wait(PATIENCE_S)
        until(lambda: any(part.size_bytes > 500_000 for part in list_parts(tmp_path)))
        assert [part.running for part in list_parts(tmp_path)] == [True]

        program.kill()
        program.communicate()
        until(lambda: not list_parts(tmp_path)[0].running)  # the child ends with its parent
        (part,) = list_parts(tmp_path)

        again = serve()
        assert fetch_model("tiny.en", tmp_path) == tmp_path / "tiny.en"
        assert [first_byte(asked) for asked in again.ranges] == [part.size_bytes]
        assert verify_model(tmp_path / "tiny.en") == "good"
        assert list_parts(tmp_path) == ()

    @posix
    def test_a_child_that_is_killed_is_told_and_leaves_its_part(
        self, serve: Serve, tmp_path: Path, small: Model
    ) -> None:
        hub = serve(stall_at=600_000)
        fetch = fetching(small, tmp_path)
        while not hub.stalled.is_set():
            next(fetch)
        until(lambda: bool(children()))
        for child in children():
            os.kill(child, signal.SIGKILL)
        with pytest.raises(ModelError, match="the download stopped by itself") as caught:
            for _ in fetch:
                pass
        assert isinstance(caught.value, FetchError)
        assert caught.value.kind == "failed"
        assert [part.name for part in list_parts(tmp_path)] == ["tiny.en"]


def children() -> list[int]:
    """The downloads that this process has started."""
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "fetch_child" in line]


class TestAPartThatDoesNotFit:
    def test_one_of_another_pin_is_thrown_away(self, serve: Serve, tmp_path: Path, small: Model, source: Path) -> None:
        left_behind(tmp_path, small, b"old" * 1000, sha256="0" * 64)
        hub = serve()
        fetch_model("tiny.en", tmp_path)
        assert hub.ranges == []
        assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.en"]

    @pytest.mark.parametrize("length", [300_000, 2_000_000], ids=["shorter", "longer than the file"])
    def test_one_with_wrong_bytes_is_fetched_once_more_from_nothing(
        self, serve: Serve, tmp_path: Path, small: Model, source: Path, length: int
    ) -> None:
        left_behind(tmp_path, small, b"\0" * length)
        hub = serve()
        assert fetch_model("tiny.en", tmp_path) is not None
        assert verify_model(tmp_path / "tiny.en") == "good"
        assert hub.sent_bytes >= size_of(source)

    def test_one_that_is_whole_is_only_checked(self, serve: Serve, tmp_path: Path, small: Model, source: Path) -> None:
        left_behind(tmp_path, small, (source / WEIGHTS).read_bytes())
        hub = serve()
        assert fetch_model("tiny.en", tmp_path) is not None
        assert hub.sent_bytes == 0

    def test_a_server_without_ranges_sends_all_of_it_again(
        self, serve: Serve, tmp_path: Path, small: Model, source: Path
    ) -> None:
        left_behind(tmp_path, small, (source / WEIGHTS).read_bytes()[:400_000])
        hub = serve(no_ranges=True)
        assert fetch_model("tiny.en", tmp_path) is not None
        assert hub.sent_bytes == size_of(source)

    @pytest.mark.parametrize("note", ["", "{", "[]", '{"name": 3}'])
    def test_rubbish_is_swept_up(self, serve: Serve, tmp_path: Path, small: Model, note: str) -> None:
        folder = left_behind(tmp_path, small, b"rubbish")
        (folder / "pin.json").write_text(note)
        (tmp_path / ".part-base.en-empty").mkdir()
        serve()
        fetch_model("tiny.en", tmp_path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.en"]

    def test_the_fullest_of_several_is_gone_on_with(
        self, serve: Serve, tmp_path: Path, small: Model, source: Path
    ) -> None:
        weights = (source / WEIGHTS).read_bytes()
        for length in (100_000, 500_000, 300_000):
            left_behind(tmp_path, small, weights[:length]).rename(tmp_path / f".part-tiny.en-{length}")
        hub = serve()
        fetch_model("tiny.en", tmp_path)
        assert [first_byte(asked) for asked in hub.ranges] == [500_000]
        assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.en"]

    def test_one_of_another_model_is_kept_for_a_week(self, serve: Serve, tmp_path: Path, small: Model) -> None:
        other = left_behind(tmp_path, small, b"half", name="base.en").rename(tmp_path / ".part-base.en-young")
        old = left_behind(tmp_path, small, b"half", name="small.en").rename(tmp_path / ".part-small.en-old")
        for path in (*old.iterdir(), old):
            os.utime(path, (0, 0))
        serve()
        fetch_model("tiny.en", tmp_path)
        assert other.exists()
        assert not old.exists()


class TestSeveralPrograms:
    @posix
    def test_two_at_once_both_get_the_model(self, serve: Serve, tmp_path: Path, small: Model) -> None:
        hub = serve()
        both = [started(tmp_path, small) for _ in range(2)]
        told = [program.communicate(timeout=PATIENCE_S) for program in both]
        assert [out.strip() for out, _ in told] == [str(tmp_path / "tiny.en")] * 2, told
        assert verify_model(tmp_path / "tiny.en") == "good"
        assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.en"]
        assert hub.requests

    def test_two_in_one_program_both_get_the_model(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        got: list[Path | None] = []
        both = [threading.Thread(target=lambda: got.append(fetch_model("tiny.en", tmp_path))) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert got == [tmp_path / "tiny.en"] * 2
        assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.en"]

    def test_a_part_that_is_being_fetched_is_left_alone(self, serve: Serve, tmp_path: Path, small: Model) -> None:
        hub = serve(stall_at=300_000, stalls=1)
        slow = fetching(small, tmp_path)
        while not hub.stalled.is_set():
            next(slow)
        assert fetch_model("tiny.en", tmp_path) == tmp_path / "tiny.en"
        (part,) = list_parts(tmp_path)
        assert part.running
        assert not remove_part(part.folder)
        with pytest.raises(FileError, match=r"The model tiny\.en is being fetched just now\."):
            remove_model("tiny.en", tmp_path)
        slow.close()
        assert list_parts(tmp_path) == ()
        assert verify_model(tmp_path / "tiny.en") == "good"

    def test_a_finished_part_that_is_about_to_become_a_model_is_left_alone(
        self, tmp_path: Path, small: Model, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = left_behind(tmp_path, small, (source / WEIGHTS).read_bytes())
        fetch_parts.note_finished(folder)
        with claimed_part(tmp_path, small.name, small.sha256) as mine:
            assert mine != folder
        monkeypatch.setattr(fetch_parts, "SETTLING_S", -1.0)  # a minute later: whoever finished it was killed
        with claimed_part(tmp_path, small.name, small.sha256) as mine:
            assert mine == folder


class TestRemoving:
    def test_a_part_is_removed_with_its_model(self, tmp_path: Path, small: Model, serve: Serve) -> None:
        serve()
        fetch_model("tiny.en", tmp_path)
        left_behind(tmp_path, small, b"half")
        assert remove_model("tiny.en", tmp_path) is True
        assert list(tmp_path.iterdir()) == []

    def test_a_part_alone_is_removed_by_the_name_of_its_model(self, tmp_path: Path, small: Model) -> None:
        left_behind(tmp_path, small, b"half")
        assert remove_model("base.en", tmp_path) is False
        assert unfinished(tmp_path) != ()
        assert remove_model("tiny.en", tmp_path) is True
        assert list(tmp_path.iterdir()) == []


@posix
def test_a_small_disk_fills_up(serve: Serve, tmp_path: Path, small: Model) -> None:
    """A real file system of 700 kB, in a mount namespace of its own."""
    serve()
    disk = tmp_path / "disk"
    disk.mkdir()
    program = PROGRAM.replace("download_mb=1", "download_mb=0")  # or the missing room would be told beforehand
    script = f'mount -t tmpfs -o size=700k none "$1" && "{sys.executable}" -c "$2" "$1" "$3"; ls -A "$1"'
    words = ["unshare", "-m", "sh", "-c", script, "sh", str(disk), program, small.sha256]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    if "mount" in done.stderr and "Traceback" not in done.stderr:
        pytest.skip("no tmpfs here")
    assert "There is not enough room in" in done.stderr
    assert done.stdout == ""
