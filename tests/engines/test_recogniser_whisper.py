"""faster-whisper as we run it: real loading, encoding and decoding, on a scripted micro model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.whisper_fixture import Script, like_speech, write_model
from voice_imago.engines.recogniser_whisper import WhisperRecogniser, WhisperSettings
from voice_imago.errors import ModelError

TEXT = "Yes, you got it."
WORDS = ("ber", "lin", "mond", "tag", "rose", "wind", "heim", "korn", "bach", "see")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("whisper") / "micro", TEXT)


@pytest.fixture
def broken(folder: Path, tmp_path: Path) -> Path:
    """A copy of the model that a test may damage."""
    return Path(shutil.copytree(folder, tmp_path / "broken"))


class TestRecognition:
    @pytest.mark.parametrize("short", [True, False])
    def test_speech_becomes_text(self, folder: Path, short: bool) -> None:
        heard = WhisperRecogniser(folder).recognise(like_speech(2.0), short=short)
        assert heard.text == TEXT
        assert heard.confidence > 0.99

    def test_both_ways_through_the_model_agree_on_the_probability(self, tmp_path: Path) -> None:
        unsure = write_model(tmp_path / "unsure", Script(TEXT, sure=0.6))
        recogniser = WhisperRecogniser(unsure)
        sound = like_speech(2.0)
        answer, piece = (recogniser.recognise(sound, short=short) for short in (True, False))
        assert 0.2 < answer.confidence < 0.98
        assert answer.text == piece.text
        assert answer.confidence == pytest.approx(piece.confidence, abs=1e-3)

    def test_a_piece_longer_than_one_window_is_heard_to_its_end(self, folder: Path) -> None:
        heard = WhisperRecogniser(folder).recognise(np.tile(like_speech(7.0), 10), short=False)
        assert heard.text.count(TEXT) >= 2

    def test_an_answer_too_long_for_the_short_window_is_heard_all_the_same(self, folder: Path) -> None:
        assert WhisperRecogniser(folder).recognise(like_speech(9.0), short=True).text == TEXT

    def test_the_same_recogniser_is_used_again_and_again(self, folder: Path) -> None:
        recogniser = WhisperRecogniser(folder)
        said = [recogniser.recognise(like_speech(1.0), short=n % 2 == 0).text for n in range(6)]
        assert said == [TEXT] * 6

    def test_a_model_that_keeps_pace_says_as_much_as_people_would(self, tmp_path: Path) -> None:
        """What the benchmarks rely on where the weights mean nothing."""
        story = " ".join(f"{a}{b}" for a in ("so", "me", "la", "ti", "na", "re", "fo", "ga", "du", "ki") for b in WORDS)
        paced = WhisperRecogniser(write_model(tmp_path / "paced", Script(story, tokens_per_s=3.0)))
        words = [len(paced.recognise(like_speech(s), short=False).text.split()) for s in (5.0, 10.0, 20.0)]
        assert words == pytest.approx([15, 30, 60], rel=0.3)

    def test_a_multilingual_model_speaks_the_language_of_the_session(self, tmp_path: Path) -> None:
        both = write_model(tmp_path / "both", Script("Ja, genau so.", languages=("en", "de")))
        recogniser = WhisperRecogniser(both, "de")
        assert [recogniser.recognise(like_speech(2.0), short=short).text for short in (True, False)] == [
            "Ja, genau so."
        ] * 2

    def test_names_are_corrected(self, tmp_path: Path) -> None:
        named = write_model(tmp_path / "named", "I heard you, Anna.")
        recogniser = WhisperRecogniser(named)
        assert recogniser.recognise(like_speech(2.0), short=True, hints=["Ana"]).text == "I heard you, Ana."
        assert recogniser.recognise(like_speech(2.0), short=False, hints=["Ana"]).text == "I heard you, Ana."

    def test_names_are_told_to_the_model_before_long_pieces_only(self, folder: Path) -> None:
        # Told names stand before the text, so the scripted text begins at a later word.
        recogniser = WhisperRecogniser(folder)
        assert recogniser.recognise(like_speech(6.0), short=False, hints=["Ana"]).text != TEXT
        assert recogniser.recognise(like_speech(2.0), short=False, hints=["Ana"]).text == TEXT
        assert recogniser.recognise(like_speech(6.0), short=True, hints=["Ana"]).text == TEXT


class TestTheShortWindow:
    def test_an_answer_that_looks_wrong_in_it_is_decoded_with_the_full_one(self, tmp_path: Path) -> None:
        doubtful = write_model(tmp_path / "doubtful", Script(TEXT, unsure_in_short_windows=True))
        heard = WhisperRecogniser(doubtful).recognise(like_speech(2.0), short=True)
        assert heard.text == TEXT
        assert heard.confidence > 0.99

    def test_is_what_an_answer_gets(self, tmp_path: Path) -> None:
        # Without the fall back this model's answer in a 12 s window is no answer: proof that 12 s were used.
        doubtful = write_model(tmp_path / "doubtful", Script(TEXT, unsure_in_short_windows=True))
        recogniser = WhisperRecogniser(doubtful)
        features = recogniser._model.feature_extractor(like_speech(2.0))
        assert recogniser._decode(features, 12.0).text.strip() != TEXT
        assert recogniser._decode(features, 30.0).text.strip() == TEXT

    def test_can_be_switched_off(self, tmp_path: Path) -> None:
        doubtful = write_model(tmp_path / "doubtful", Script(TEXT, unsure_in_short_windows=True))
        settings = WhisperSettings(short_window_s=30.0)
        assert WhisperRecogniser(doubtful, settings=settings).recognise(like_speech(2.0), short=True).text == TEXT


class TestNoInventedWords:
    @pytest.mark.parametrize("short", [True, False])
    @pytest.mark.parametrize("level", [0.0, 0.0003, 0.02])
    def test_silence_and_noise_have_no_words(self, folder: Path, short: bool, level: float) -> None:
        noise = np.random.default_rng(3).standard_normal(5 * 16_000).astype(np.float32) * np.float32(level)
        assert WhisperRecogniser(folder).recognise(noise, short=short).text == ""

    @pytest.mark.parametrize("short", [True, False])
    def test_a_text_that_the_model_itself_doubts_is_dropped(self, tmp_path: Path, short: bool) -> None:
        doubted = write_model(tmp_path / "doubted", Script(TEXT, sure=0.45, no_speech=True))
        assert WhisperRecogniser(doubted).recognise(like_speech(2.0), short=short).text == ""

    @pytest.mark.parametrize("short", [True, False])
    def test_a_loop_is_said_once(self, tmp_path: Path, short: bool) -> None:
        looping = write_model(tmp_path / "looping", "I know. " * 12)
        heard = WhisperRecogniser(looping).recognise(like_speech(7.0), short=short)
        assert heard.text == "I know."
        assert heard.confidence < 0.6

    @pytest.mark.parametrize("short", [True, False])
    def test_more_words_than_can_be_spoken_are_dropped(self, tmp_path: Path, short: bool) -> None:
        story = " ".join(f"word{number}" for number in range(20))
        hasty = write_model(tmp_path / "hasty", story)
        assert WhisperRecogniser(hasty).recognise(like_speech(1.0), short=short).text == ""


Damage = Callable[[Path], object]


class TestAModelThatIsNoModel:
    @pytest.mark.parametrize("lost", ["config.json", "model.bin", "tokenizer.json"])
    def test_a_missing_file_is_named(self, broken: Path, lost: str) -> None:
        (broken / lost).unlink()
        with pytest.raises(ModelError) as caught:
            WhisperRecogniser(broken)
        assert caught.value.message == f"The speech model in {broken} lacks {lost}."
        assert "voice-imago setup" in caught.value.hint

    def test_a_missing_vocabulary_is_named(self, broken: Path) -> None:
        (broken / "vocabulary.json").unlink()
        with pytest.raises(ModelError, match=r"lacks vocabulary\.txt\."):
            WhisperRecogniser(broken)

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match=r"none lacks config\.json, model\.bin, tokenizer\.json, vocabulary\.txt"):
            WhisperRecogniser(tmp_path / "none")

    @pytest.mark.parametrize(
        "damage",
        [
            lambda folder: (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:50_000]),
            lambda folder: (folder / "model.bin").write_bytes(b"\x00" * 4096),
            lambda folder: (folder / "model.bin").write_bytes(b"<html>Please log in</html>"),
            lambda folder: (folder / "config.json").write_text("{"),
            lambda folder: (folder / "tokenizer.json").write_text("{"),
            lambda folder: (folder / "tokenizer.json").write_text('{"version": "1.0"}'),
            lambda folder: (folder / "preprocessor_config.json").write_text('{"feature_size": "many"}'),
            lambda folder: (folder / "preprocessor_config.json").write_text("[1]"),
        ],
        ids=[
            "cut off",
            "zeros",
            "a login page",
            "bad config",
            "bad tokenizer",
            "empty tokenizer",
            "foreign front end",
            "list for front end",
        ],
    )
    def test_a_damaged_file_is_one_sentence(self, broken: Path, damage: Damage) -> None:
        damage(broken)
        with pytest.raises(ModelError) as caught:
            WhisperRecogniser(broken)
        assert caught.value.message == f"The speech model in {broken} is damaged or of another kind."

    def test_a_tokenizer_of_another_kind_is_one_sentence(self, broken: Path) -> None:
        told = (broken / "tokenizer.json").read_text().replace("startoftranscript", "startofsomethingelse")
        (broken / "tokenizer.json").write_text(told)
        with pytest.raises(ModelError, match=r"The file tokenizer\.json in .* is not one of a Whisper model"):
            WhisperRecogniser(broken)

    def test_files_of_different_models_are_one_sentence(self, broken: Path) -> None:
        (broken / "vocabulary.json").write_text("[]")
        with pytest.raises(ModelError, match=r"The files of the speech model in .* do not belong together"):
            WhisperRecogniser(broken)

    def test_an_english_model_in_another_language_is_one_sentence(self, folder: Path) -> None:
        with pytest.raises(ModelError, match="understands English only, but the language is de"):
            WhisperRecogniser(folder, "de")

    def test_a_language_that_whisper_does_not_know_is_one_sentence(self, tmp_path: Path) -> None:
        both = write_model(tmp_path / "both", Script("Ja.", languages=("en", "de")))
        with pytest.raises(ModelError, match="does not know the language xx"):
            WhisperRecogniser(both, "xx")

    def test_a_language_that_this_model_lacks_is_one_sentence(self, tmp_path: Path) -> None:
        both = write_model(tmp_path / "both", Script("Ja.", languages=("en", "de")))
        with pytest.raises(ModelError, match="does not know the language fr"):
            WhisperRecogniser(both, "fr")


def test_the_hub_is_switched_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    WhisperRecogniser(folder)
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
