"""What recognition costs: loading, a short answer, a piece, memory; and with real clips, how many words are wrong.

    python benchmarks/recognition.py --shape base          a random model of the true size, built on the spot
    python benchmarks/recognition.py --model FOLDER        a real model
    python benchmarks/recognition.py --model FOLDER --clips FOLDER     ... and its words on NAME.flac + NAME.txt

A model of random weights costs what a real one costs, but says nothing about words. Everything runs as in a session:
in the scribe's child process, at low priority, on one core.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.whisper_fixture import SHAPES, Script, like_speech, write_model
from voice_imago.engines.ports import Heard
from voice_imago.engines.recogniser_whisper import WhisperRecogniser, WhisperSettings
from voice_imago.engines.recognisers import RecogniserSpec
from voice_imago.runtime.scribe import Scribe

ANSWER = "Yes, you got it."
STORY_WORDS = 38
"""Words in 15 s of unhurried speech (150 a minute)."""
PATIENCE_S = 120.0


@dataclass
class Answers:
    """Collects what the scribe says."""

    texts: dict[int, Heard] = field(default_factory=dict)
    waits_s: dict[int, float] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def on_text(self, id: int, heard: Heard, waited_s: float) -> None:
        with self.changed:
            self.texts[id], self.waits_s[id] = heard, waited_s
            self.changed.notify_all()

    def wait(self, id: int) -> float:
        with self.changed:
            assert self.changed.wait_for(lambda: id in self.waits_s, PATIENCE_S), "no answer"
            return self.waits_s[id]


@contextmanager
def scribe(folder: Path) -> Iterator[tuple[Scribe, Answers]]:
    answers = Answers()
    spec = RecogniserSpec("whisper", model_dir=folder)
    running = Scribe(spec, answers.on_text, lambda code, sentence: print(f"  {code}: {sentence}"))
    begun = time.perf_counter()
    running.start()
    print(f"ready after                 {time.perf_counter() - begun:6.2f} s   process, libraries and model")
    try:
        yield running, answers
    finally:
        running.close()


def timed(running: Scribe, answers: Answers, sound: Any, short: bool, runs: int) -> list[float]:
    first = len(answers.waits_s)
    waits_s = []
    for id in range(first, first + runs):
        running.submit(id, sound, short)
        waits_s.append(answers.wait(id))
    return waits_s


def peak_mb(pid: int | None) -> float:
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else float("nan")


def row(name: str, waits_s: list[float], note: str = "") -> None:
    print(f"{name:27} {min(waits_s):6.3f} s   median {statistics.median(waits_s):.3f} s   {note}".rstrip())


def answer_in_full_window(folder: Path, runs: int) -> list[float]:
    """The same answer with the window that Whisper was trained with, in this process."""
    recogniser = WhisperRecogniser(folder, settings=WhisperSettings(short_window_s=30.0))
    waits_s = []
    for _ in range(runs):
        begun = time.perf_counter()
        recogniser.recognise(like_speech(2.0), short=True)
        waits_s.append(time.perf_counter() - begun)
    return waits_s


def cost(answer_model: Path, piece_model: Path, runs: int) -> None:
    with scribe(answer_model) as (running, answers):
        row("2 s answer, 12 s window", timed(running, answers, like_speech(2.0), True, runs))
    row("2 s answer, 30 s window", answer_in_full_window(answer_model, runs), "in this process")
    with scribe(piece_model) as (running, answers):
        waits_s = timed(running, answers, np.tile(like_speech(5.0), 3), False, runs)
        row("15 s piece", waits_s, f"{min(waits_s) / 15.0:.3f} of real time")
        print(f"most memory                 {peak_mb(running.pid):6.0f} MB  of the child")


def words(folder: Path, clips: Path) -> None:
    import jiwer
    import soundfile

    recogniser = WhisperRecogniser(folder)
    said, heard, seconds = [], [], 0.0
    begun = time.perf_counter()
    for clip in sorted(clips.glob("*.flac")):
        text = clip.with_suffix(".txt")
        if text.exists():
            sound, _ = soundfile.read(clip, dtype="float32")
            seconds += len(sound) / 16_000
            said.append(plain(text.read_text()))
            heard.append(plain(recogniser.recognise(sound, short=False).text))
    if not said:
        print(f"no NAME.flac with NAME.txt in {clips}")
        return
    wrong = jiwer.wer(said, heard)
    print(f"word error rate             {100 * wrong:6.1f} %   {len(said)} clips, {seconds:.0f} s", end="")
    print(f", {(time.perf_counter() - begun) / seconds:.3f} of real time")


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w' ]", " ", text.casefold()).split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--shape", choices=SHAPES, default="tiny", help="size of the random model (tiny)")
    parser.add_argument("--model", type=Path, help="a real model's folder instead")
    parser.add_argument("--clips", type=Path, help="a folder of NAME.flac and NAME.txt")
    parser.add_argument("--runs", type=int, default=5, help="repeats of each measurement (5)")
    told = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if told.model:
        print(f"model {told.model.name}, real weights")
        cost(told.model, told.model, told.runs)
        if told.clips:
            words(told.model, told.clips)
        return
    with tempfile.TemporaryDirectory() as place:
        print(f"model of the shape of {told.shape}, random weights: cost only")
        story = " ".join(f"word{number}" for number in range(STORY_WORDS))
        models = [
            write_model(Path(place) / name, Script(text), SHAPES[told.shape])
            for name, text in (("answer", ANSWER), ("story", story))
        ]
        cost(*models, told.runs)


if __name__ == "__main__":
    main()
