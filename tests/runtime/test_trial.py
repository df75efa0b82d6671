"""Timing a model: the clip that ships, the scribe's own child, and computers that are too slow."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_fixtures import make_trial
from voice_imago.engines.ports import HEAR_HZ
from voice_imago.engines.recogniser_whisper import WhisperRecogniser
from voice_imago.errors import ModelError
from voice_imago.runtime import trial as trials
from voice_imago.runtime.scene import scenes_folder
from voice_imago.runtime.trial import Trial, trial_sound


def test_the_clip_is_five_seconds_of_speech_with_its_origin_and_licence() -> None:
    sound = trial_sound()
    assert sound.size == 5 * HEAR_HZ
    assert 0.05 < float(np.sqrt(np.mean(sound**2))) < 0.2
    with soundfile.SoundFile(scenes_folder() / "trial.flac") as file:
        assert file.license == "Apache-2.0"
        assert "make_trial.py" in file.comment
        assert file.title == make_trial.SENTENCE


def test_the_clip_is_speech_to_the_scribe(source: Path) -> None:
    """Or nothing would be decoded and every computer be quick."""
    recogniser = WhisperRecogniser(source)
    assert recogniser.recognise(trial_sound(), short=False).text != ""
    recogniser.close()


def test_a_pace_is_seconds_of_work_for_a_second_of_speech(source: Path) -> None:
    assert 0.0 < Trial(tries=1).run(source, "en") < 60.0


def working(monkeypatch: pytest.MonkeyPatch, *work_s: float) -> list[float]:
    """Let the decodes take so much processor time; gives those that were not asked for."""
    left = list(work_s)

    def recognise(self: trials.ScribeProcess, *arguments: object, **named: object) -> None:
        self.work_s = left.pop(0)

    monkeypatch.setattr(trials.ScribeProcess, "recognise", recognise)
    return left


def test_the_quickest_try_counts(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = working(monkeypatch, 5.0, 2.0, 9.0)
    assert Trial().run(source, "en") == pytest.approx(2.0 / 5.0)
    assert left == []


def test_a_decode_that_takes_long_is_not_repeated(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = working(monkeypatch, 11.0, 2.0, 2.0)
    at = iter([0.0, 12.0])
    monkeypatch.setattr(trials.time, "monotonic", lambda: next(at))
    assert Trial().run(source, "en") == pytest.approx(11.0 / 5.0)
    assert left == [2.0, 2.0]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_what_else_the_computer_does_is_not_counted(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is stopped for a while has done no work meanwhile."""
    real = trials.ScribeProcess.recognise

    def interrupted(self: trials.ScribeProcess, *arguments: object, **named: object) -> object:
        os.kill(self.pid, signal.SIGSTOP)
        threading.Timer(1.5, os.kill, (self.pid, signal.SIGCONT)).start()
        return real(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(trials.ScribeProcess, "recognise", interrupted)
    assert Trial(tries=1).run(source, "en") < 1.5 / 5.0


def test_a_computer_that_does_not_get_through_is_as_slow_as_it_was_waited_for(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials.ScribeProcess, "recognise", hang)
    assert Trial().run(source, "en") == trials.DECODE_S / 5.0


def hang(self: trials.ScribeProcess, *arguments: object, **named: object) -> None:
    raise trials.ChildGone(hung=True)


def test_a_model_that_does_not_load_is_one_sentence(tmp_path: Path) -> None:
    for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match="is damaged or of another kind"):
        Trial().run(tmp_path, "en")


def test_closing_ends_the_trial_at_once(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial, decoding = Trial(), threading.Event()
    real = trials.ScribeProcess.recognise

    def slowly(self: trials.ScribeProcess, *arguments: object, **named: object) -> object:
        decoding.set()
        return real(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(trials.ScribeProcess, "recognise", slowly)
    came: list[object] = []

    def run() -> None:
        try:
            came.append(Trial.run(trial, source, "en"))
        except ModelError as error:
            came.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert decoding.wait(30.0)
    trial.close()
    thread.join(30.0)
    assert len(came) == 1
    with pytest.raises(ModelError):
        trial.run(source, "en")
