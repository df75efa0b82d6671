"""The trained fixture recogniser: faster-whisper's real loading and decoding understands every scene, offline."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import pytest

from audio_fixtures.recogniser.evaluate import Spoken, joined, kitchen, no_speech, plain, scene_lines
from tests.live_table import Cut, pieces_of, table_in_place
from voice_imago.engines.detectors import make_detector
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.recogniser_whisper import WhisperRecogniser, WhisperSettings
from voice_imago.engines.whisper_models import MODELS, find_model, missing_files, preferred
from voice_imago.runtime import rehearse
from voice_imago.runtime.scene import scenes_folder

FOLDER = scenes_folder() / "recogniser"
NAMES = ("Ana", "Ben")
LONGEST_WINDOW_S = 17.0
"""Seconds of speech that the model understands at once."""
HALF_AN_HOUR_S = 1800
AFRESH = "Lines of scenes changed? Train it again as audio_fixtures/recogniser/README.md says."
pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("faster_whisper") is None, reason="faster-whisper is not installed"),
    pytest.mark.timeout(300),  # all lines of all scenes are said and heard
]
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


@pytest.fixture(scope="module")
def told(recogniser: WhisperRecogniser, lines: list[Spoken]) -> list[Told]:
    """Every line in the short window, the longest ones in the full one; TestTurns asks for the full window."""
    return [hear(recogniser, line, short=True) for line in lines]


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
    def test_every_line_is_understood(self, told: list[Told]) -> None:
        assert len(told) >= 100
        assert wrong_words(told) <= 0.05, listing(told)

    def test_answers_and_commands_are_understood_to_the_word(self, told: list[Told]) -> None:
        answers = [one for one in told if len(one.said.split()) <= 4]
        assert len(answers) >= 20
        assert sum(one.said == one.heard for one in answers) >= 0.92 * len(answers), listing(answers)

    def test_a_noisy_kitchen_costs_few_words(self, recogniser: WhisperRecogniser, lines: list[Spoken]) -> None:
        noise = kitchen(10.0)
        told = [hear(recogniser, line, short=True, noise=noise) for line in lines[::5]]
        assert wrong_words(told) <= 0.08, listing(told)


Turns = list[tuple[Spoken, list[Spoken]]]


@needs_voice
class TestTurns:
    """Bounds leave room for processors whose 8-bit arithmetic decides borderline words the other way."""

    @pytest.mark.parametrize(("sentences", "stride", "most"), [(2, 12, 0.08), (3, 8, 0.15)])
    def test_sentences_in_one_clip_are_heard(
        self, recogniser: WhisperRecogniser, scenes: dict[str, list[Spoken]], sentences: int, stride: int, most: float
    ) -> None:
        turns = neighbours(scenes, sentences)[::stride]
        assert len(turns) >= 12
        told = [hear(recogniser, turn, short=False) for turn, _ in turns]
        assert wrong_words(told) <= most, listing(told)

    @pytest.mark.parametrize(("gap_s", "stride", "most"), [(0.4, 4, 0.2), (0.8, 5, 0.1)])
    def test_a_turn_in_live_pieces_has_no_more_wrong_words_than_the_whole(
        self, recogniser: WhisperRecogniser, scenes: dict[str, list[Spoken]], gap_s: float, stride: int, most: float
    ) -> None:
        detector, turns = make_detector(), long_turns(scenes, gap_s)[::stride]
        cuts = [pieces_of(turn.sound, detector=detector) for turn in turns]
        pieces = [Told(plain(turn.text), said_in(recogniser, cut)) for turn, cut in zip(turns, cuts, strict=True)]
        whole = [hear(recogniser, turn, short=False) for turn in turns]
        assert len(turns) >= 10
        assert sum(len(cut) > 1 for cut in cuts) >= len(turns) / 2
        assert wrong_words(pieces) <= wrong_words(whole) + 0.01, listing(pieces)
        assert wrong_words(pieces) <= most, listing(pieces)


def long_turns(scenes: dict[str, list[Spoken]], gap_s: float) -> list[Spoken]:
    """Neighbouring sentences of one speaker, long enough to be cut while they are said."""
    turns = [turn for said in scenes.values() for turn, _ in joined(said, 4, gap_s, LONGEST_WINDOW_S)]
    return [turn for turn in turns if turn.length_s >= 10.0]


def said_in(recogniser: WhisperRecogniser, cuts: list[Cut]) -> str:
    heard = [recogniser.recognise(cut.sound, short=cut.wanted.short, hints=NAMES).text for cut in cuts]
    return plain(" ".join(heard))


def neighbours(scenes: dict[str, list[Spoken]], sentences: int) -> Turns:
    """Neighbouring sentences of one speaker, 0.3 s and 0.8 s apart by turns."""
    near, far = ([t for said in scenes.values() for t in joined(said, sentences, gap_s)] for gap_s in (0.3, 0.8))
    return near[::2] + far[1::2]


@needs_voice
class TestDialogues:
    def test_a_couple_goes_through_a_whole_dialogue_by_what_is_recognised(self, tmp_path: Path) -> None:
        scene = tmp_path / "understood.toml"
        shipped = (scenes_folder() / "first_appreciation.toml").read_text(encoding="utf-8")
        scene.write_text('recogniser = "fixture"\n' + shipped, encoding="utf-8")
        outcome = rehearse.rehearse(rehearse.RehearsePlan(scene))
        assert outcome.problems == []
        assert any("made breakfast on Sunday" in text for text in outcome.texts)


class TestNoWords:
    @pytest.mark.timeout(300)
    def test_half_an_hour_without_speech_is_no_words_at_the_table(self, recogniser: WhisperRecogniser) -> None:
        table, seconds = table_in_place("tell", recogniser), 10
        table.until_listening()
        for seed in range(HALF_AN_HOUR_S // (seconds * len(no_speech(seconds=1, seed=0)))):
            for sound in no_speech(seconds=seconds, seed=seed).values():
                table.says(sound)
        assert table.ear.now > 0.95 * HALF_AN_HOUR_S
        assert [event["text"] for event in table.published("transcript") if event["text"]] == []
        assert sum(cut.length_s for cut in table.cuts) < 5.0, "the detector takes noise for speech"

    @pytest.mark.parametrize("gate", [True, False], ids=["with the speech gate", "by itself"])
    def test_silence_noise_music_and_breathing_have_no_words(self, gate: bool) -> None:
        alone = WhisperRecogniser(FOLDER, settings=WhisperSettings(speech_gate=gate))
        heard = {
            (kind, short): alone.recognise(sound[: HEAR_HZ * (6 if short else 12)], short=short).text
            for kind, sound in no_speech(seconds=12, seed=3).items()
            for short in (True, False)
        }
        assert len(heard) >= 10
        assert {where: text for where, text in heard.items() if text} == {}
