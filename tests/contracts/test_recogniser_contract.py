"""What the house relies on, of every recogniser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.whisper_fixture import like_speech, write_model
from voice_imago.engines.ports import Recogniser
from voice_imago.engines.recogniser_none import NoRecogniser
from voice_imago.engines.recogniser_pocketsphinx import AnswerRecogniser
from voice_imago.engines.recogniser_whisper import WhisperRecogniser

Make = Callable[[], Recogniser]
SECOND = 16_000


@pytest.fixture(scope="module", params=["none", "answers", "whisper", "home"])
def recogniser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recogniser]:
    if request.param == "none":
        yield NoRecogniser()
    elif request.param == "answers":
        pytest.importorskip("pocketsphinx", reason="the extra `answers` is not installed")
        yield AnswerRecogniser()
    elif request.param == "whisper":
        yield WhisperRecogniser(write_model(tmp_path_factory.mktemp("contract") / "micro"))
    else:
        yield from at_home()


def at_home() -> Iterator[Recogniser]:
    """A recogniser on a server of the home."""
    pytest.importorskip("wyoming", reason="the extra `home` is not installed")
    from tests.home_server import Home, home_server
    from voice_imago.engines.wyoming_recogniser import HomeRecogniser

    with home_server(Home()) as home:
        yield HomeRecogniser(home.address)


@pytest.mark.parametrize("short", [True, False])
class TestAnyRecogniser:
    @pytest.mark.parametrize(
        "sound",
        [
            np.zeros(0, np.float32),
            np.zeros(1, np.float32),
            np.ones(1, np.float32),
            np.zeros(3 * SECOND, np.float32),
            np.full(SECOND, np.nan, np.float32),
            np.zeros(SECOND, np.int16),
        ],
        ids=["empty", "one zero", "one sample", "silence", "NaN", "integer silence"],
    )
    def test_invents_no_words_for_nothing(
        self, recogniser: Recogniser, short: bool, sound: np.ndarray[Any, Any]
    ) -> None:
        heard = recogniser.recognise(sound, short=short)
        assert (heard.text, heard.confidence) == ("", 0.0)

    @pytest.mark.parametrize("length_s", [0.1, 0.2, 1.0, 7.9, 8.1, 29.9, 31.0])
    def test_takes_sound_of_any_length(self, recogniser: Recogniser, short: bool, length_s: float) -> None:
        heard = recogniser.recognise(np.resize(like_speech(4.0), int(length_s * SECOND)), short=short)
        assert isinstance(heard.text, str)
        assert 0.0 <= heard.confidence <= 1.0

    @pytest.mark.parametrize("gain", [0.01, 3.3, 1000.0], ids=["faint", "clipped", "square"])
    def test_takes_sound_of_any_level(self, recogniser: Recogniser, short: bool, gain: float) -> None:
        heard = recogniser.recognise(like_speech(1.0) * np.float32(gain), short=short)
        assert 0.0 <= heard.confidence <= 1.0

    def test_hears_integers_as_it_hears_floats(self, recogniser: Recogniser, short: bool) -> None:
        sound = like_speech(1.0)
        as_float = recogniser.recognise(sound, short=short)
        as_integer = recogniser.recognise((sound * 32767).astype(np.int16), short=short)  # type: ignore[arg-type]
        assert as_integer.text == as_float.text

    def test_leaves_the_sound_as_it_was(self, recogniser: Recogniser, short: bool) -> None:
        sound = like_speech(1.0).copy()
        sound[5] = 7.0
        before = sound.copy()
        recogniser.recognise(sound, short=short)
        np.testing.assert_array_equal(sound, before)

    def test_says_the_same_of_the_same_sound(self, recogniser: Recogniser, short: bool) -> None:
        first, *others = (recogniser.recognise(like_speech(1.0), short=short) for _ in range(3))
        assert others == [first] * 2

    def test_confidence_comes_with_words_only(self, recogniser: Recogniser, short: bool) -> None:
        heard = recogniser.recognise(like_speech(1.0), short=short, hints=("Ana", "Ben"))
        assert (heard.text == "") == (heard.confidence == 0.0)


class TestItsFace:
    def test_has_a_name_and_says_what_it_understands(self, recogniser: Recogniser) -> None:
        assert recogniser.name
        assert recogniser.understands in ("nothing", "answers", "speech")


def test_closing_is_quiet(tmp_path: Path) -> None:
    made: list[Recogniser] = [NoRecogniser(), WhisperRecogniser(write_model(tmp_path / "micro"))]
    for one in made:
        one.close()
        one.close()


def test_closing_one_at_home_is_quiet_too() -> None:
    for one in at_home():
        one.close()
        one.close()
