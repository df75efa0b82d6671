"""The trained fixture recogniser: faster-whisper's real loading and decoding understands every scene, offline."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import jiwer
import numpy as np
import pytest

from audio_fixtures.recogniser.evaluate import Spoken, joined, kitchen, no_speech, plain, scene_lines
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.recogniser_whisper import WhisperRecogniser, WhisperSettings
from voice_imago.engines.whisper_models import MODELS, find_model, missing_files, preferred
from voice_imago.runtime.scene import scenes_folder

FOLDER = scenes_folder() / "recogniser"
NAMES = ("Ana", "Ben")
AFRESH = "Lines of scenes changed? Train it again as audio_fixtures/recogniser/README.md says."
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("faster_whisper") is None, reason="faster-whisper is not installed"
)
needs_voice = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@dataclass(frozen=True, slots=True)
class Told:
    """What was said, and what was heard."""

    said: str
    heard: str

    def __str__(self) -> str:
        return f"{self.said!r} -> {self.heard!r}"


def wrong_words(told: list[Told]) -> float:
    """Word error rate of all together."""
    return float(jiwer.wer([one.said for one in told], [one.heard for one in told]))


def listing(told: list[Told]) -> str:
    return "\n".join([AFRESH, *(str(one) for one in told if one.said != one.heard)])


@pytest.fixture(scope="module")
def recogniser() -> Iterator[WhisperRecogniser]:
    loaded = WhisperRecogniser(FOLDER)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def scenes() -> dict[str, list[Spoken]]:
    """The lines of every scene, as its couple says them."""
    return dict(scene_lines(scenes_folder()))


@pytest.fixture(scope="module")
def lines(scenes: dict[str, list[Spoken]]) -> list[Spoken]:
    """Every line once per voice and rate."""
    return list({(line.text, line.voice, len(line.sound)): line for said in scenes.values() for line in said}.values())


def hear(recogniser: WhisperRecogniser, line: Spoken, short: bool, noise: Samples | None = None) -> Told:
    sound = line.sound if noise is None else line.sound + np.resize(noise, line.sound.shape)
    heard = recogniser.recognise(sound, short=short, hints=() if short else NAMES)
    return Told(plain(line.text), plain(heard.text))


class TestTheFolder:
    def test_it_is_whole_and_small(self) -> None:
        assert missing_files(FOLDER) == ()
        files = [path for path in FOLDER.iterdir() if path.suffix in (".bin", ".json")]
        assert sum(path.stat().st_size for path in files) < 3_100_000

    def test_no_user_is_ever_offered_it(self) -> None:
        assert all(FOLDER.name not in (name, model.revision) for name, model in MODELS.items())
        assert [name for name in preferred("en") if find_model(name)] == []


@needs_voice
class TestScenes:
    def test_every_line_is_understood_in_the_short_window_or_the_full_one(
        self, recogniser: WhisperRecogniser, lines: list[Spoken]
    ) -> None:
        told = [hear(recogniser, line, short=number % 3 != 0) for number, line in enumerate(lines)]
        assert wrong_words(told) <= 0.05, listing(told)

    def test_answers_and_commands_are_understood_to_the_word(
        self, recogniser: WhisperRecogniser, lines: list[Spoken]
    ) -> None:
        answers = [line for line in lines if len(line.text.split()) <= 4]
        assert len(answers) >= 20
        told = [hear(recogniser, line, short=True) for line in answers]
        assert sum(one.said == one.heard for one in told) >= 0.92 * len(told), listing(told)

    def test_a_noisy_kitchen_costs_few_words(self, recogniser: WhisperRecogniser, lines: list[Spoken]) -> None:
        noise = kitchen(10.0)
        told = [hear(recogniser, line, short=True, noise=noise) for line in lines[::3]]
        assert wrong_words(told) <= 0.08, listing(told)


@needs_voice
class TestTurns:
    @pytest.fixture(scope="class")
    def turns(self, scenes: dict[str, list[Spoken]]) -> list[tuple[Spoken, list[Spoken]]]:
        """Neighbouring sentences of one speaker in one clip, and each by itself."""
        found = []
        for sentences, gap_s in ((2, 0.3), (2, 0.8), (3, 0.5)):
            found += [turn for said in scenes.values() for turn in joined(said, sentences, gap_s)]
        return found[::4]

    def test_sentences_that_follow_each_other_are_all_heard(
        self, recogniser: WhisperRecogniser, turns: list[tuple[Spoken, list[Spoken]]]
    ) -> None:
        told = [hear(recogniser, turn, short=False) for turn, _ in turns]
        assert len(told) >= 15
        assert wrong_words(told) <= 0.06, listing(told)

    def test_a_turn_in_pieces_has_no_more_wrong_words_than_the_whole(
        self, recogniser: WhisperRecogniser, turns: list[tuple[Spoken, list[Spoken]]]
    ) -> None:
        whole = [hear(recogniser, turn, short=False) for turn, _ in turns]
        pieces = [[hear(recogniser, piece, short=False) for piece in parts] for _, parts in turns]
        told = [Told(" ".join(p.said for p in parts), " ".join(p.heard for p in parts)) for parts in pieces]
        assert wrong_words(told) <= wrong_words(whole) + 0.01, listing(told)


class TestNoWords:
    @pytest.mark.parametrize("gate", [True, False], ids=["with the speech gate", "by itself"])
    def test_silence_noise_music_and_breathing_have_no_words(self, gate: bool) -> None:
        alone = WhisperRecogniser(FOLDER, settings=WhisperSettings(speech_gate=gate))
        heard = {
            (kind, short): alone.recognise(sound[: HEAR_HZ * (6 if short else 20)], short=short).text
            for kind, sound in no_speech(seconds=20, seed=3).items()
            for short in (True, False)
        }
        assert len(heard) >= 10
        assert {where: text for where, text in heard.items() if text} == {}
