"""Fetching a model from a hub on the loopback interface: the real library in the real child process."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.loopback_hub import Hub, Trouble, loopback_hub
from tests.whisper_fixture import write_model
from voice_imago.engines import whisper_models
from voice_imago.engines.recogniser_whisper import WhisperRecogniser
from voice_imago.engines.whisper_models import MARK, MODELS, Model, find_model, missing_files, verify_model
from voice_imago.errors import FileError, ModelError, UsageError
from voice_imago.runtime import models
from voice_imago.runtime.models import fetch_model, list_models, remove_model

SOON_S = 3.0
"""Seconds: a deadline that a loopback server only misses on purpose."""

Serve = Callable[..., AbstractContextManager[Hub]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the hub serves: a real micro model with weights of more than one of the library's steps."""
    return write_model(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def small(source: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """``tiny.en`` as the loopback hub has it."""
    weights = (source / "model.bin").read_bytes()
    model = replace(MODELS["tiny.en"], sha256=hashlib.sha256(weights).hexdigest(), download_mb=1)
    changed = {**MODELS, "tiny.en": model}
    monkeypatch.setattr(whisper_models, "MODELS", changed)
    monkeypatch.setattr(models, "MODELS", changed)
    return model


@pytest.fixture
def serve(source: Path, small: Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Opens the hub with a trouble, and points the library at it."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # as a recogniser in the same process leaves it
    for name in ("HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running: list[AbstractContextManager[Hub]] = []

    def opened(**trouble: object) -> Hub:
        context = loopback_hub(source, small.repo, small.revision, Trouble(**trouble))  # type: ignore[arg-type]
        hub = context.__enter__()
        running.append(context)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        return hub

    yield opened  # type: ignore[misc]
    for context in running:
        context.__exit__(None, None, None)


def nothing_left(folder: Path) -> bool:
    return not folder.exists() or list(folder.iterdir()) == []


class TestADownload:
    def test_gives_a_whole_verified_model_that_the_real_library_loads(
        self, serve: Serve, tmp_path: Path, small: Model
    ) -> None:
        serve()
        folder = fetch_model("tiny.en", tmp_path)
        assert folder == tmp_path / "tiny.en"
        assert missing_files(folder) == ()
        assert verify_model(folder) == "good"
        WhisperRecogniser(folder).close()

    def test_asks_for_the_pinned_commit_only(self, serve: Serve, tmp_path: Path, small: Model) -> None:
        hub = serve()
        fetch_model("tiny.en", tmp_path)
        assert hub.requests
        assert all(small.revision in request for request in hub.requests)

    def test_tells_each_quarter_once_and_the_last_when_all_is_checked(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        told: list[tuple[int, bool]] = []
        fetch_model("tiny.en", tmp_path, lambda percent: told.append((percent, (tmp_path / "tiny.en").exists())))
        assert [percent for percent, _ in told] == [0, 25, 50, 75, 100]
        assert [there for _, there in told] == [False, False, False, False, True]

    def test_leaves_nothing_beside_the_model(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        fetch_model("tiny.en", tmp_path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.en"]
        assert sorted(file.name for file in (tmp_path / "tiny.en").iterdir()) == [
            "config.json",
            "model.bin",
            "preprocessor_config.json",
            "tokenizer.json",
            MARK,
            "vocabulary.json",
        ]

    def test_a_second_time_asks_nothing(self, serve: Serve, tmp_path: Path) -> None:
        hub = serve()
        fetch_model("tiny.en", tmp_path)
        before = len(hub.requests)
        told: list[int] = []
        assert fetch_model("tiny.en", tmp_path, told.append) == tmp_path / "tiny.en"
        assert len(hub.requests) == before
        assert told[-1] == 100

    def test_replaces_a_damaged_model(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        folder = fetch_model("tiny.en", tmp_path)
        assert folder is not None
        (folder / "model.bin").write_bytes(b"rubbish")
        assert verify_model(folder) == "damaged"
        fetch_model("tiny.en", tmp_path)
        assert verify_model(folder) == "good"

    def test_goes_on_where_the_connection_was_cut(self, serve: Serve, tmp_path: Path) -> None:
        hub = serve(cut_at=600_000)
        assert fetch_model("tiny.en", tmp_path) is not None
        assert any(int(asked.removeprefix("bytes=").split("-")[0]) > 0 for asked in hub.ranges)

    def test_two_programs_at_once_both_get_the_model(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        got: list[Path | None] = []
        both = [threading.Thread(target=lambda: got.append(fetch_model("tiny.en", tmp_path))) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert got == [tmp_path / "tiny.en"] * 2
        assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.en"]


class TestTrouble:
    @pytest.mark.parametrize(
        ("trouble", "sentence"),
        [
            ({"silent": True}, "The speech model tiny.en could not be fetched: its server does not answer."),
            (
                {"stall_at": 300_000},
                "The speech model tiny.en could not be fetched: its server does not answer.",
            ),
            (
                {"status": 404},
                "The speech model tiny.en could not be fetched: its server does not have it any more.",
            ),
            (
                {"status": 503},
                "The speech model tiny.en could not be fetched: its server answered with status 503.",
            ),
            ({"lacks": "tokenizer.json"}, "does not have it any more."),
            ({"damage": True}, "The speech model tiny.en arrived damaged and was thrown away."),
            (
                {"cut_at": 300_000, "cuts": 99},
                "The speech model tiny.en could not be fetched: the connection broke off.",
            ),
        ],
        ids=["silent", "stalled", "gone", "refused", "file missing", "damaged", "cut for good"],
    )
    def test_is_one_sentence_and_leaves_nothing(
        self, serve: Serve, tmp_path: Path, trouble: dict[str, object], sentence: str
    ) -> None:
        serve(**trouble)
        folder = tmp_path / "models"
        # A connection that is cut for good is retried with pauses before the library gives it up.
        with pytest.raises(ModelError) as caught:
            fetch_model("tiny.en", folder, deadline_s=20.0 if "cuts" in trouble else SOON_S)
        assert sentence in caught.value.message
        assert "setup" in caught.value.hint or "--model-dir" in caught.value.hint
        assert nothing_left(folder)

    def test_no_network_is_told_at_once(self, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        with pytest.raises(ModelError, match="there is no connection to its server"):
            fetch_model("tiny.en", tmp_path, deadline_s=10.0)
        assert nothing_left(tmp_path)

    def test_a_cancelled_download_leaves_nothing(self, serve: Serve, tmp_path: Path) -> None:
        serve(stall_at=300_000)
        cancel = threading.Event()
        told: list[int] = []

        def heard(percent: int) -> None:
            told.append(percent)
            if percent == 25:
                cancel.set()

        assert fetch_model("tiny.en", tmp_path, heard, cancel) is None
        assert told == [0, 25]
        assert nothing_left(tmp_path)

    def test_a_disk_that_fills_up_is_named(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        resource = pytest.importorskip("resource", reason="file size limits are a thing of POSIX")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        try:
            with pytest.raises(ModelError, match=r"There is not enough room in .* \(1 MB\)"):
                fetch_model("tiny.en", tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert nothing_left(tmp_path)

    def test_too_little_room_is_told_before_anything_is_fetched(
        self, serve: Serve, tmp_path: Path, small: Model, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub = serve()
        monkeypatch.setitem(models.MODELS, "tiny.en", replace(small, download_mb=10**9))  # type: ignore[arg-type]
        with pytest.raises(ModelError, match="There is not enough room in"):
            fetch_model("tiny.en", tmp_path)
        assert hub.requests == []

    def test_a_folder_that_is_a_file_is_named(self, serve: Serve, tmp_path: Path) -> None:
        place = tmp_path / "models"
        place.write_text("not a folder")
        with pytest.raises(FileError, match=f"The folder {place} for speech models cannot be written"):
            fetch_model("tiny.en", place)

    def test_an_unknown_name_lists_the_known_ones(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            fetch_model("huge", tmp_path)
        assert caught.value.message == "There is no speech model called huge."
        assert "base.en" in caught.value.hint

    def test_what_a_killed_download_left_is_swept_up(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        old = tmp_path / ".part-tiny.en-gone"
        young = tmp_path / ".part-tiny.en-running"
        for left in (old, young):
            left.mkdir()
        os.utime(old, (0, 0))
        fetch_model("tiny.en", tmp_path)
        assert not old.exists()
        assert young.exists()


class TestTheShelf:
    def test_lists_and_removes(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        fetch_model("tiny.en", tmp_path)
        (tmp_path / "holiday photos").mkdir()
        (only,) = list_models(tmp_path)
        assert (only.name, only.state, only.size_mb) == ("tiny.en", "good", 1)
        assert remove_model("tiny.en", tmp_path) is True
        assert list_models(tmp_path) == ()
        assert remove_model("tiny.en", tmp_path) is False

    @pytest.mark.parametrize("name", ["..", "../elsewhere", "", "holiday photos"])
    def test_removes_models_only(self, tmp_path: Path, name: str) -> None:
        shelf, elsewhere = tmp_path / "models", tmp_path / "elsewhere"
        for folder in (shelf, elsewhere, shelf / "holiday photos"):
            folder.mkdir(parents=True)
        assert remove_model(name, shelf) is False
        assert elsewhere.exists()
        assert (shelf / "holiday photos").exists()

    def test_an_empty_or_missing_shelf_is_no_error(self, tmp_path: Path) -> None:
        assert list_models(tmp_path / "none") == ()
        assert find_model("tiny.en", tmp_path / "none") is None
