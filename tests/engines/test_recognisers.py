"""Which recogniser is used, and why."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from tests.whisper_fixture import Script, write_model
from voice_imago.engines import recognisers, whisper_models
from voice_imago.engines.recognisers import RecogniserSpec, choose_recogniser, make_recogniser
from voice_imago.engines.whisper_models import (
    MARK,
    MODELS,
    find_model,
    mark_verified,
    model_name,
    preferred,
    verify_model,
)
from voice_imago.errors import ModelError, UsageError


@pytest.fixture(scope="module")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "micro")


@pytest.fixture
def shelf(micro: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The guide's own model folder with one model in it; nothing else of this computer is seen."""
    place = tmp_path / "shelf"
    shutil.copytree(micro, place / "tiny.en")
    monkeypatch.setattr(whisper_models, "models_folder", lambda: place)
    monkeypatch.setattr(recognisers, "models_folder", lambda: place)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return place


@pytest.fixture
def empty_shelf(shelf: Path) -> Path:
    shutil.rmtree(shelf / "tiny.en")
    return shelf


def without(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    monkeypatch.setattr(recognisers, "_installed", lambda package: package not in packages)


class TestAuto:
    def test_takes_the_model_on_this_computer(self, shelf: Path) -> None:
        made = make_recogniser(RecogniserSpec())
        assert (made.recogniser.understands, made.recogniser.name) == ("speech", "whisper tiny.en")
        assert made.reason == "found"

    def test_prefers_base_over_tiny_and_takes_small_last(self, shelf: Path) -> None:
        for name in ("small.en", "base.en"):
            shutil.copytree(shelf / "tiny.en", shelf / name)
        assert choose_recogniser(RecogniserSpec()).folder == shelf / "base.en"
        assert preferred("en") == ("base.en", "tiny.en", "small.en", "base", "tiny", "small")

    def test_another_language_takes_no_english_model(self, shelf: Path) -> None:
        assert choose_recogniser(RecogniserSpec(language="de")).reason == "no_model"
        shutil.copytree(shelf / "tiny.en", shelf / "tiny")
        assert choose_recogniser(RecogniserSpec(language="de")).folder == shelf / "tiny"

    def test_without_a_model_understands_answers_and_says_why(
        self, empty_shelf: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without(monkeypatch)
        choice = choose_recogniser(RecogniserSpec())
        assert (choice.name, choice.reason) == ("answers", "no_model")

    @pytest.mark.parametrize("language", ["de", "pt"])
    def test_answers_are_offered_in_english_only(self, empty_shelf: Path, language: str) -> None:
        choice = choose_recogniser(RecogniserSpec(language=language))
        assert (choice.name, choice.reason) == ("none", "no_model")

    def test_without_model_and_pocketsphinx_understands_nothing(
        self, empty_shelf: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without(monkeypatch, "pocketsphinx")
        made = make_recogniser(RecogniserSpec())
        assert (made.recogniser.understands, made.reason) == ("nothing", "no_model")

    def test_without_faster_whisper_says_so(self, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        without(monkeypatch, "faster_whisper")
        choice = choose_recogniser(RecogniserSpec())
        assert (choice.name, choice.reason) == ("answers", "no_engine")

    def test_a_damaged_model_is_not_used(self, shelf: Path) -> None:
        model = shelf / "tiny.en"
        mark_verified(model, "0" * 64)
        (model / "model.bin").write_bytes(b"rubbish")
        choice = choose_recogniser(RecogniserSpec())
        assert (choice.name, choice.reason) == ("answers", "damaged_model")

    def test_a_half_model_is_no_model(self, shelf: Path) -> None:
        (shelf / "tiny.en" / "tokenizer.json").unlink()
        assert choose_recogniser(RecogniserSpec()).reason == "no_model"

    def test_loads_nothing_to_decide(self, shelf: Path) -> None:
        (shelf / "tiny.en" / "model.bin").write_bytes(b"not a model, but there")
        assert choose_recogniser(RecogniserSpec()).name == "whisper"


class TestWhatWasAskedFor:
    def test_is_what_one_gets(self, shelf: Path) -> None:
        for name, understands in (("none", "nothing"), ("answers", "answers"), ("whisper", "speech")):
            made = make_recogniser(RecogniserSpec(name))  # type: ignore[arg-type]
            assert (made.recogniser.understands, made.reason) == (understands, "asked")

    def test_one_models_own_folder_is_a_model_folder(self, micro: Path, empty_shelf: Path) -> None:
        choice = choose_recogniser(RecogniserSpec("whisper", model_dir=micro))
        assert choice.folder == micro

    def test_a_model_of_any_name_in_a_folder_of_ones_own(self, micro: Path, empty_shelf: Path) -> None:
        choice = choose_recogniser(RecogniserSpec("whisper", "micro", model_dir=micro.parent))
        assert choice.folder == micro

    def test_no_model_is_one_sentence(self, empty_shelf: Path) -> None:
        with pytest.raises(ModelError) as caught:
            make_recogniser(RecogniserSpec("whisper"))
        assert caught.value.message == f"There is no speech model in {empty_shelf}."
        assert caught.value.hint == ("Fetch one with: voice-imago setup, or go on without with --recogniser none.")

    def test_a_model_that_is_not_there_is_named(self, shelf: Path) -> None:
        with pytest.raises(ModelError, match=r"There is no speech model base\.en in"):
            make_recogniser(RecogniserSpec("whisper", "base.en"))

    def test_a_half_model_says_what_it_lacks(self, shelf: Path) -> None:
        (shelf / "tiny.en" / "tokenizer.json").unlink()
        with pytest.raises(ModelError, match=r"tiny\.en lacks tokenizer\.json\."):
            make_recogniser(RecogniserSpec("whisper", "tiny.en"))

    def test_a_damaged_model_is_one_sentence(self, shelf: Path) -> None:
        mark_verified(shelf / "tiny.en", "0" * 64)
        (shelf / "tiny.en" / "model.bin").write_bytes(b"rubbish")
        with pytest.raises(ModelError, match=r"The speech model in .*tiny\.en is damaged\."):
            make_recogniser(RecogniserSpec("whisper"))

    def test_a_folder_that_is_not_there_is_one_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="There is no model folder"):
            make_recogniser(RecogniserSpec("whisper", model_dir=tmp_path / "none"))

    def test_an_unknown_model_lists_the_known_ones(self, shelf: Path) -> None:
        with pytest.raises(UsageError) as caught:
            make_recogniser(RecogniserSpec("whisper", "huge"))
        assert caught.value.message == "There is no speech model called huge."
        assert all(name in caught.value.hint for name in MODELS)

    def test_an_unknown_recogniser_lists_the_known_ones(self) -> None:
        with pytest.raises(UsageError) as caught:
            make_recogniser(RecogniserSpec("vosk"))  # type: ignore[arg-type]
        assert caught.value.message == "There is no recogniser called vosk."
        assert caught.value.hint == "Choose one of: auto, whisper, answers, none."

    def test_an_english_model_in_another_language_is_one_sentence(self, shelf: Path) -> None:
        with pytest.raises(ModelError, match="understands English only"):
            make_recogniser(RecogniserSpec("whisper", "tiny.en", language="de"))


class TestTheHubsCache:
    @pytest.fixture
    def snapshot(self, micro: Path, empty_shelf: Path, tmp_path: Path) -> Path:
        base = MODELS["base.en"]
        folder = tmp_path / "hub" / "models--Systran--faster-whisper-base.en" / "snapshots" / base.revision
        return Path(shutil.copytree(micro, folder))

    def test_is_searched_after_our_own_folder(self, snapshot: Path) -> None:
        assert find_model("base.en") == snapshot
        assert model_name(snapshot) == "base.en"

    def test_is_held_to_the_pinned_hash_and_never_written_to(self, snapshot: Path) -> None:
        assert verify_model(snapshot) == "damaged"  # our micro model is not base.en
        assert not (snapshot / MARK).exists()

    def test_another_commit_is_not_used(self, snapshot: Path) -> None:
        snapshot.rename(snapshot.with_name("0" * 40))
        assert find_model("base.en") is None


class TestVerifying:
    def test_weights_are_hashed_once(self, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        model = shelf / "tiny.en"
        right = hashlib.sha256((model / "model.bin").read_bytes()).hexdigest()
        mark_verified(model, right)
        hashed: list[Path] = []
        monkeypatch.setattr(whisper_models, "_sha256", lambda file, *_: hashed.append(file) or right)
        assert [verify_model(model) for _ in range(3)] == ["good"] * 3
        assert hashed == []
        (model / "model.bin").touch()
        assert [verify_model(model) for _ in range(3)] == ["good"] * 3
        assert len(hashed) == 1

    def test_a_model_of_ones_own_is_unknown_and_usable(self, micro: Path) -> None:
        assert verify_model(micro) == "unknown"

    def test_a_half_model_is_incomplete(self, shelf: Path) -> None:
        (shelf / "tiny.en" / "model.bin").write_bytes(b"")
        assert verify_model(shelf / "tiny.en") == "incomplete"

    @pytest.mark.parametrize("mark", ["", "{", "[]", '"text"', '{"sha256": 1}'])
    def test_a_mark_that_makes_no_sense_is_no_proof(self, shelf: Path, mark: str) -> None:
        (shelf / "tiny.en" / MARK).write_text(mark)
        assert verify_model(shelf / "tiny.en") in ("unknown", "damaged")

    def test_pins_are_whole_commits_and_hashes(self) -> None:
        for name, model in MODELS.items():
            assert name == model.name
            assert re.fullmatch("[0-9a-f]{40}", model.revision)
            assert re.fullmatch("[0-9a-f]{64}", model.sha256)
        assert len({(model.revision, model.sha256) for model in MODELS.values()}) == len(MODELS)


def test_a_multilingual_model_loads_in_its_language(tmp_path: Path) -> None:
    write_model(tmp_path / "tiny", Script("Ja.", languages=("en", "de")))
    spec = RecogniserSpec("whisper", "tiny", model_dir=tmp_path, language="de")
    assert make_recogniser(spec).recogniser.understands == "speech"
