"""Which model is remembered, and how one takes over in a running evening."""

from __future__ import annotations

import queue
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.whisper_fixture import like_speech
from voice_imago.engines.ports import Heard
from voice_imago.engines.recognisers import RecogniserSpec
from voice_imago.errors import ModelError
from voice_imago.folders import models_folder, settings_file
from voice_imago.runtime.scribe import Scribe
from voice_imago.runtime.understanding import remember_model, remembered_model, start_scribe, take_over
from voice_imago.settings import Settings, load_settings, save_settings


@pytest.fixture
def tiny(source: Path) -> Path:
    return Path(shutil.copytree(source, models_folder() / "tiny.en"))


class TestRemembering:
    def test_a_picked_model_is_remembered_and_a_refusal_forgotten(self) -> None:
        save_settings(Settings(partners=("Ana", "Ben"), model_declined=True))
        remember_model("base.en")
        assert (load_settings().model, load_settings().model_declined) == ("base.en", False)
        assert load_settings().partners == ("Ana", "Ben")

    def test_a_refusal_is_remembered_and_the_model_kept(self) -> None:
        save_settings(Settings(model="tiny.en"))
        remember_model("")
        assert (load_settings().model, load_settings().model_declined) == ("tiny.en", True)

    def test_where_nothing_can_be_written_it_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        settings_file().parent.parent.mkdir(parents=True, exist_ok=True)
        settings_file().parent.write_text("not a folder")
        remember_model("base.en")
        assert "cannot be" in capsys.readouterr().err

    def test_it_is_used_while_it_is_here_and_knows_the_language(self, tiny: Path) -> None:
        settings = Settings(model="tiny.en")
        assert remembered_model(settings, "en", None) == "tiny.en"
        assert remembered_model(settings, "de", None) == ""
        assert remembered_model(Settings(), "en", None) == ""
        shutil.rmtree(tiny)
        assert remembered_model(settings, "en", None) == ""


class TestTakingOver:
    def test_from_short_answers_to_whole_sentences(self, tiny: Path) -> None:
        texts: queue.SimpleQueue[str] = queue.SimpleQueue()

        def heard(id: int, told: Heard, wall_s: float) -> None:
            texts.put(told.text)

        spec = RecogniserSpec("none")
        scribe = start_scribe(spec, heard, lambda *told: None)
        try:
            assert take_over(scribe, spec, tiny) == ("whisper tiny.en", "speech")
            scribe.submit(1, np.asarray(like_speech(1.0)), short=True)
            assert texts.get(timeout=30.0) == "Yes, you got it."
        finally:
            scribe.close()

    def test_a_server_at_home_stays_in_front_and_gets_a_new_stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        used: list[RecogniserSpec] = []
        monkeypatch.setattr(Scribe, "use", lambda self, spec: used.append(spec))
        spec = RecogniserSpec("wyoming://10.0.0.5")
        take_over(Scribe(spec, lambda *told: None, lambda *told: None), spec, Path("models/base.en"))
        assert used == [spec]

    def test_one_that_was_asked_for_by_name_must_load(self, tiny: Path) -> None:
        (tiny / "tokenizer.json").write_text("rubbish")
        with pytest.raises(ModelError):
            start_scribe(RecogniserSpec("whisper"), lambda *told: None, lambda *told: None)
