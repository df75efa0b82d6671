"""What recognition costs, how soon words are there, and how many are wrong.

    python benchmarks/recognition.py --shape base          random weights of the true size, built on the spot: cost only
    python benchmarks/recognition.py --fixture             the shipped fixture model, which knows the scenes' words
    python benchmarks/recognition.py --model FOLDER        a real model
    python benchmarks/recognition.py --model FOLDER --clips FOLDER     ... and its words on NAME.flac|wav + NAME.txt
    python benchmarks/recognition.py --only answers,phrasings --stray FOLDER     parts of it

Everything runs as in a session: the sound goes through Ear, Session and Stage, in real time while the scribe is at
work, and the scribe writes in its child process, at low priority, on one core. A model of random weights costs what a
real one costs (it says as many words as people do in that time), but nothing about words. Needs eSpeak NG and flite.
The peer on the same sound: ``recognition_peer.py``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recognition_answers import measure_latency, measure_phrasings, measure_without_download
from recognition_models import Measured, measured_model
from recognition_sounds import Clip, scene_clips
from recognition_turns import measure_breathless, measure_piece, measure_turns
from recognition_words import measure_no_speech, measure_words

from tests.whisper_fixture import SHAPES

PARTS = ("turns", "latency", "words", "silence", "answers", "phrasings")


def main() -> None:
    told = _told()
    with tempfile.TemporaryDirectory() as home:
        os.environ["VOICE_IMAGO_HOME"] = home  # a stranger's computer
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
        with measured_model(told) as model:
            print(model.title)
            _measure(told, model)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _measure(told: argparse.Namespace, model: Measured) -> None:
    scenes: list[Clip] = scene_clips() if {"turns", "words"} & set(told.only) else []
    parts: dict[str, Callable[[], None]] = {
        "turns": lambda: _turns(told, model, scenes),
        "latency": lambda: measure_latency(model.answers, 2 * told.turns, told.real_time),
        "words": lambda: measure_words(model, scenes, told.clips, told.language),
        "silence": lambda: measure_no_speech(model),
        "answers": lambda: measure_without_download(told.stray),
        "phrasings": measure_phrasings,
    }
    for part in PARTS:
        if part in told.only and (part != "words" or model.understands):
            parts[part]()


def _turns(told: argparse.Namespace, model: Measured, scenes: list[Clip]) -> None:
    measure_turns(model.pieces, scenes, told.turns, told.real_time)
    measure_piece(model.pieces, min(5, told.turns))
    measure_breathless(model.pieces, min(5, told.turns))


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--shape", choices=SHAPES, help="random weights of that size")
    which.add_argument("--fixture", action="store_true", help="the fixture recogniser")
    which.add_argument("--model", type=Path, metavar="FOLDER", help="a real model")
    parser.add_argument("--clips", type=Path, metavar="FOLDER", help="NAME.flac or NAME.wav, and NAME.txt")
    parser.add_argument("--language", default="en", help="of the clips (en)")
    parser.add_argument("--stray", type=Path, metavar="FOLDER", help="recordings of people, *.flac")
    parser.add_argument("--turns", type=int, default=20, help="turns of each length and end (20)")
    parser.add_argument("--real-time", action="store_true", help="let no time fly while the scribe is idle")
    parser.add_argument("--only", type=_parts, default=PARTS, help=f"parts, of: {','.join(PARTS)}")
    return parser.parse_args()


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(","))
    if unknown := [part for part in parts if part not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return parts


if __name__ == "__main__":
    main()
