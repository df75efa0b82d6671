"""What is remembered of how quick a model is, and which one is used because of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.engines import recognisers, whisper_paces
from voice_imago.engines.recognisers import RecogniserSpec, choose_recogniser
from voice_imago.engines.whisper_models import preferred
from voice_imago.engines.whisper_paces import (
    FAST,
    WORK,
    forget_pace,
    known_pace,
    predicted_pace,
    quickest_first,
    remember_pace,
)
from voice_imago.folders import data_folder

FILES = ("config.json", "tokenizer.json", "vocabulary.json")


def model(folder: Path, weights: bytes = b"weights") -> Path:
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).write_text("{}")
    (folder / "model.bin").write_bytes(weights)
    return folder


class TestRemembering:
    def test_a_pace_comes_back(self, tmp_path: Path) -> None:
        one, two = model(tmp_path / "one"), model(tmp_path / "two")
        remember_pace(one, 0.18)
        remember_pace(two, 0.5)
        assert (known_pace(one), known_pace(two)) == (0.18, 0.5)
        forget_pace(one)
        assert (known_pace(one), known_pace(two)) == (None, 0.5)

    def test_on_another_computer_it_counts_for_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        one = model(tmp_path / "one")
        remember_pace(one, 0.18)
        monkeypatch.setattr(whisper_paces.platform, "node", lambda: "another-laptop")
        assert known_pace(one) is None

    def test_other_weights_are_another_model(self, tmp_path: Path) -> None:
        one = model(tmp_path / "one")
        remember_pace(one, 0.18)
        (one / "model.bin").write_bytes(b"other weights")
        assert known_pace(one) is None

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", '{"machine": 3}', '{"machine": "x", "models": 3}', '{"models": {"a": 1}}']
    )
    def test_a_file_that_makes_no_sense_is_no_knowledge(self, tmp_path: Path, text: str) -> None:
        one = model(tmp_path / "one")
        data_folder().mkdir(parents=True)
        (data_folder() / "paces.json").write_text(text)
        assert known_pace(one) is None
        remember_pace(one, 0.2)
        assert known_pace(one) == 0.2

    @pytest.mark.parametrize("pace", [0, -1, "fast", None, True])
    def test_a_pace_that_is_none_is_no_pace(self, tmp_path: Path, pace: object) -> None:
        one = model(tmp_path / "one")
        remember_pace(one, 0.2)
        path = data_folder() / "paces.json"
        told = json.loads(path.read_text())
        next(iter(told["models"].values()))["pace"] = pace
        path.write_text(json.dumps(told))
        assert known_pace(one) is None

    def test_a_folder_that_cannot_be_written_is_no_fault(self, tmp_path: Path) -> None:
        one = model(tmp_path / "one")
        data_folder().parent.mkdir(parents=True)
        data_folder().write_text("not a folder")
        remember_pace(one, 0.2)
        assert known_pace(one) is None


class TestPredicting:
    def test_from_another_size_by_the_work_of_the_shapes(self) -> None:
        assert predicted_pace("small.en", {"base.en": 0.2}) == pytest.approx(0.2 * WORK["small"] / WORK["base"])
        assert predicted_pace("tiny", {"base.en": 0.2}) == pytest.approx(0.1)

    def test_nothing_from_nothing_or_from_a_stranger(self) -> None:
        assert predicted_pace("base.en", {}) is None
        assert predicted_pace("base.en", {"my-own": 0.1}) is None
        assert predicted_pace("my-own", {"base.en": 0.1}) is None


class TestWhichIsUsed:
    def test_unmeasured_the_usual_order_holds(self) -> None:
        assert quickest_first(preferred("en"), {}) == preferred("en")

    @pytest.mark.parametrize(
        ("measured", "first"),
        [
            ({"base.en": 0.12}, "base.en"),  # the larger one would be slow
            ({"base.en": 0.05}, "small.en"),
            ({"base.en": 0.25, "tiny.en": 0.12, "small.en": 0.79}, "base.en"),
            ({"base.en": 0.5, "tiny.en": 0.24, "small.en": 1.6}, "tiny.en"),
            ({"base.en": 1.5, "tiny.en": 0.7, "small.en": 5.0}, "tiny.en"),
            ({"tiny.en": 0.06}, "base.en"),
            ({"tiny.en": 0.2}, "tiny.en"),
        ],
    )
    def test_the_largest_that_is_fast_enough_else_the_quickest(self, measured: dict[str, float], first: str) -> None:
        assert quickest_first(("base.en", "tiny.en", "small.en"), measured)[0] == first

    @given(
        st.permutations(["base.en", "tiny.en", "small.en", "base", "own"]),
        st.dictionaries(st.sampled_from(["base.en", "tiny.en", "small", "own"]), st.floats(0.001, 9.0)),
    )
    def test_nobody_is_lost_and_no_slow_one_stands_before_a_fast_one(
        self, names: list[str], measured: dict[str, float]
    ) -> None:
        order = quickest_first(tuple(names), measured)
        assert sorted(order) == sorted(names)
        slow = [measured[name] > FAST for name in order if name in measured]
        assert slow == sorted(slow)

    @pytest.fixture
    def shelf(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        for name in ("base.en", "tiny.en"):
            model(tmp_path / "shelf" / name, name.encode())
        monkeypatch.setattr(recognisers, "_installed", lambda package: True)
        return tmp_path / "shelf"

    def test_auto_follows_what_was_measured(self, shelf: Path) -> None:
        spec = RecogniserSpec(model_dir=shelf)
        assert choose_recogniser(spec).folder == shelf / "base.en"
        remember_pace(shelf / "base.en", 0.6)
        remember_pace(shelf / "tiny.en", 0.2)
        assert choose_recogniser(spec).folder == shelf / "tiny.en"
        shutil.rmtree(shelf / "tiny.en")
        assert choose_recogniser(spec).folder == shelf / "base.en"  # slow, and better than none

    def test_a_damaged_one_makes_room_for_a_whole_one(self, shelf: Path) -> None:
        (shelf / "base.en" / "verified.json").write_text('{"sha256": "0"}')
        assert choose_recogniser(RecogniserSpec(model_dir=shelf)).folder == shelf / "tiny.en"

    def test_what_was_asked_for_by_name_is_what_one_gets(self, shelf: Path) -> None:
        remember_pace(shelf / "base.en", 3.0)
        remember_pace(shelf / "tiny.en", 0.1)
        assert choose_recogniser(RecogniserSpec("whisper", "base.en", shelf)).folder == shelf / "base.en"
