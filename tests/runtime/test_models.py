"""The shelf: models are fetched, listed and removed; what a download leaves when it fails. The real child process,
against a hub on the loopback interface."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.loopback_hub import Serve
from voice_imago.engines import whisper_models
from voice_imago.engines.recogniser_whisper import WhisperRecogniser
from voice_imago.engines.whisper_models import MARK, Model, find_model, missing_files, verify_model
from voice_imago.engines.whisper_paces import known_pace, remember_pace
from voice_imago.errors import FileError, ModelError, UsageError
from voice_imago.runtime.models import fetch_model, list_models, list_parts, remove_model

SOON_S = 3.0
"""Seconds: a deadline that a loopback server only misses on purpose."""


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
        asked = [request for request in hub.requests if not request.startswith("GET /elsewhere/")]
        assert all(f"/resolve/{small.revision}/" in request for request in asked)
        assert len(asked) >= 5

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

    @pytest.mark.parametrize("damage", [b"rubbish", b""], ids=["foreign", "empty"])
    def test_replaces_a_damaged_model(self, serve: Serve, tmp_path: Path, damage: bytes) -> None:
        serve()
        folder = fetch_model("tiny.en", tmp_path)
        assert folder is not None
        (folder / "model.bin").write_bytes(damage)
        assert verify_model(folder) in ("damaged", "incomplete")
        fetch_model("tiny.en", tmp_path)
        assert verify_model(folder) == "good"

    def test_replaces_a_file_that_has_the_name_of_the_model(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        (tmp_path / "tiny.en").write_text("not a folder")
        fetch_model("tiny.en", tmp_path)
        assert verify_model(tmp_path / "tiny.en") == "good"


class TestTrouble:
    @pytest.mark.parametrize(
        ("trouble", "sentence"),
        [
            ({"silent": True}, "The speech model tiny.en could not be fetched: its server does not answer."),
            ({"status": 404}, "The speech model tiny.en could not be fetched: its server does not have it any more."),
            ({"status": 401}, "The speech model tiny.en could not be fetched: its server does not have it any more."),
            (
                {"status": 503},
                "The speech model tiny.en could not be fetched: its server answered with status 503.",
            ),
            ({"lacks": "tokenizer.json"}, "does not have it any more."),
            ({"lacks": "vocabulary.json"}, "does not have it any more."),
            ({"lacks": "model.bin"}, "does not have it any more."),
            ({"damage": True}, "The speech model tiny.en arrived damaged and was thrown away."),
            ({"portal": True}, "The speech model tiny.en arrived damaged and was thrown away."),
        ],
        ids=["silent", "gone", "closed", "refused", "no tokenizer", "no words", "no weights", "damaged", "hotel"],
    )
    def test_is_one_sentence_and_leaves_nothing(
        self, serve: Serve, tmp_path: Path, trouble: dict[str, object], sentence: str
    ) -> None:
        serve(**trouble)
        folder = tmp_path / "models"
        with pytest.raises(ModelError) as caught:
            fetch_model("tiny.en", folder, deadline_s=SOON_S)
        assert sentence in caught.value.message
        assert "setup" in caught.value.hint or "--model-dir" in caught.value.hint
        assert nothing_left(folder)

    def test_a_file_that_only_large_models_have_may_be_missing(self, serve: Serve, tmp_path: Path) -> None:
        serve(lacks="preprocessor_config.json")
        assert fetch_model("tiny.en", tmp_path) is not None

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
        monkeypatch.setitem(whisper_models._KNOWN, "tiny.en", replace(small, download_mb=10**9))
        with pytest.raises(ModelError, match="There is not enough room in"):
            fetch_model("tiny.en", tmp_path)
        assert hub.requests == []
        assert nothing_left(tmp_path)

    def test_a_folder_that_is_a_file_is_named(self, serve: Serve, tmp_path: Path) -> None:
        place = tmp_path / "models"
        place.write_text("not a folder")
        with pytest.raises(FileError, match=f"The folder {place} for speech models cannot be written"):
            fetch_model("tiny.en", place)

    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="this system has no /proc")
    def test_a_folder_in_which_nobody_may_write_is_named(self, serve: Serve) -> None:
        """Not even root."""
        with pytest.raises(FileError, match="The folder /proc/self/models for speech models cannot be written"):
            fetch_model("tiny.en", Path("/proc/self/models"))

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
    def test_a_read_only_folder_is_named(self, serve: Serve, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(FileError, match="cannot be written: Permission denied"):
            fetch_model("tiny.en", tmp_path)

    def test_an_unknown_name_lists_the_known_ones(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            fetch_model("huge", tmp_path)
        assert caught.value.message == "There is no speech model called huge."
        assert "base.en" in caught.value.hint


class TestTheShelf:
    def test_lists_and_removes(self, serve: Serve, tmp_path: Path) -> None:
        serve()
        folder = fetch_model("tiny.en", tmp_path)
        assert folder is not None
        remember_pace(folder, 0.12)
        (tmp_path / "holiday photos").mkdir()
        (only,) = list_models(tmp_path)
        assert (only.name, only.state, only.size_mb, only.pace, only.ours) == ("tiny.en", "good", 1, 0.12, True)
        assert remove_model("tiny.en", tmp_path) is True
        assert list_models(tmp_path) == ()
        assert remove_model("tiny.en", tmp_path) is False
        fetch_model("tiny.en", tmp_path)
        assert known_pace(folder) is None

    def test_a_models_own_folder_is_a_shelf_with_one_model(self, source: Path) -> None:
        assert [one.folder for one in list_models(source)] == [source]

    def test_the_hubs_cache_is_listed_and_never_touched(
        self, source: Path, small: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
        place = tmp_path / "models--Systran--faster-whisper-tiny.en" / "snapshots" / small.revision
        place.parent.mkdir(parents=True)
        place.symlink_to(source)
        (only,) = list_models()
        assert (only.name, only.state, only.ours) == ("tiny.en", "good", False)
        assert remove_model("tiny.en") is False
        assert place.exists()

    def test_a_model_that_lacks_its_weights_is_listed_as_half(self, tmp_path: Path) -> None:
        (tmp_path / "base.en").mkdir()
        assert [(one.name, one.state) for one in list_models(tmp_path)] == [("base.en", "incomplete")]

    @pytest.mark.parametrize("name", ["..", "../elsewhere", "", "holiday photos", "."])
    def test_removes_models_only(self, tmp_path: Path, name: str) -> None:
        shelf, elsewhere = tmp_path / "models", tmp_path / "elsewhere"
        for folder in (shelf, elsewhere, shelf / "holiday photos"):
            folder.mkdir(parents=True)
        assert remove_model(name, shelf) is False
        assert elsewhere.exists()
        assert (shelf / "holiday photos").exists()

    def test_an_empty_or_missing_shelf_is_no_error(self, tmp_path: Path) -> None:
        assert list_models(tmp_path / "none") == ()
        assert list_parts(tmp_path / "none") == ()
        assert find_model("tiny.en", tmp_path / "none") is None
