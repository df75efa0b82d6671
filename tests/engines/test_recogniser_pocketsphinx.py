"""Short answers through pocketsphinx, spoken by the voices that are installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soxr

from tests.whisper_fixture import like_speech
from voice_imago.engines.recogniser_pocketsphinx import ANSWERS, CONFIDENCE, FILLERS, AnswerRecogniser
from voice_imago.errors import ModelError

pytest.importorskip("pocketsphinx", reason="the extra `answers` is not installed")

Sound = npt.NDArray[np.float32]
Say = Callable[[str], Sound]


def _espeak(text: str) -> Sound:
    spoken = subprocess.run(
        ["espeak-ng", "-v", "en-us", "-s", "150", "--stdout", text], capture_output=True, check=True
    )
    samples = np.frombuffer(spoken.stdout[44:], dtype="<i2").astype(np.float32) / 32768.0
    resampled: Sound = soxr.resample(samples, 22_050, 16_000).astype(np.float32)
    return resampled


@pytest.fixture(scope="module")
def say() -> Say:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed, so nobody can speak the answers")
    return _espeak


@pytest.fixture(scope="module")
def recogniser() -> AnswerRecogniser:
    return AnswerRecogniser()


@pytest.mark.parametrize("answer", ANSWERS)
def test_each_answer_is_understood_and_asks_for_confirmation(
    recogniser: AnswerRecogniser, say: Say, answer: str
) -> None:
    heard = recogniser.recognise(say(answer), short=True)
    assert heard.text == answer
    assert heard.confidence == CONFIDENCE < 1.0


@pytest.mark.parametrize("stray", ["I was thinking about it", "with his brother", "in the garden", "maybe later"])
def test_other_words_are_no_answer(recogniser: AnswerRecogniser, say: Say, stray: str) -> None:
    assert recogniser.recognise(say(stray), short=True).text == ""


def test_the_same_sound_gets_the_same_answer_again_and_again(recogniser: AnswerRecogniser, say: Say) -> None:
    no = say("no")
    assert {recogniser.recognise(no, short=True).text for _ in range(5)} == {"no"}


def test_an_answer_is_understood_after_stray_words(recogniser: AnswerRecogniser, say: Say) -> None:
    recogniser.recognise(say("in the garden"), short=True)
    assert recogniser.recognise(say("there is more"), short=True).text == "there is more"


def test_a_quiet_answer_is_understood(recogniser: AnswerRecogniser, say: Say) -> None:
    assert recogniser.recognise(say("yes") * np.float32(0.1), short=True).text == "yes"


def test_an_answer_cut_out_exactly_is_understood(recogniser: AnswerRecogniser, say: Say) -> None:
    sound = say("that's all")
    loud = np.flatnonzero(np.abs(sound) > 0.005)
    assert recogniser.recognise(sound[loud[0] : loud[-1]], short=True).text == "that's all"


def test_long_pieces_are_never_recognised(recogniser: AnswerRecogniser, say: Say) -> None:
    assert recogniser.recognise(say("yes"), short=False).text == ""
    twice = np.concatenate([say("there is more"), say("there is more"), say("there is more")])
    assert recogniser.recognise(twice, short=True).text == ""


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(16_000, np.float32),
        np.full(16_000, np.nan, np.float32),
        np.zeros(0, np.float32),
        like_speech(0.15),
        np.pad(like_speech(0.5), (0, 80_000)),
    ],
    ids=["silence", "NaN", "empty", "too short", "a clip too long"],
)
def test_what_cannot_be_an_answer_is_none(recogniser: AnswerRecogniser, sound: Sound) -> None:
    heard = recogniser.recognise(sound, short=True)
    assert (heard.text, heard.confidence) == ("", 0.0)


def test_no_filler_is_a_word_of_an_answer() -> None:
    assert not set(FILLERS) & {word for answer in ANSWERS for word in answer.split()}


def test_without_the_package_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(ModelError) as caught:
        AnswerRecogniser()
    assert caught.value.message == "Spoken answers need the package pocketsphinx, which is not installed."


def test_nothing_is_printed(say: Say, tmp_path: Path) -> None:
    """The library logs to the terminal unless it is told not to, and a live terminal is read aloud."""
    script = tmp_path / "quiet.py"
    script.write_text(
        "import numpy as np\n"
        "from voice_imago.engines.recogniser_pocketsphinx import AnswerRecogniser\n"
        "AnswerRecogniser().recognise(np.load(__file__ + '.npy'), short=True)\n"
    )
    np.save(f"{script}.npy", say("yes"))
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, str(script)], capture_output=True, check=True, env={"PYTHONPATH": str(root)})
    assert (done.stdout, done.stderr) == (b"", b"")
