"""The peer that a user would pick, RealtimeSTT, on the same model and the same sound, beside ours.

    python -m venv /tmp/peer && /tmp/peer/bin/pip install 'realtimestt[recommended]'
    python benchmarks/recognition_peer.py --python /tmp/peer/bin/python --shape base [--turns 5]
    python benchmarks/recognition_peer.py --python /tmp/peer/bin/python --fixture        with words

It is not a dependency and lives in an environment of its own (torch, torchaudio and PyAudio are among its
requirements; the latter two are not needed for sound that is fed). Version 1.1.2 was measured, with what its own pages
recommend for a processor: ``device="cpu", compute_type="int8"``, everything else as it comes (beam 5, batches,
faster-whisper's speech gate, all threads). Sound is fed in real time, 32 ms at once. Three ways of using it:

* ``pauses``: its continuous loop; a recording ends after 0.6 s of silence, and its words follow. A turn is several
  recordings.
* ``whole``: one recording a turn, ``start()`` and ``stop()``: the counterpart of our space bar.
* ``updates``: the same with texts while somebody speaks (``enable_realtime_transcription``) by the same model; whole
  recordings are decoded again and again.

Our side is the chain of ``recognition_turns.py``: a turn ended by key.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

BLOCK = 512
RATE_HZ = 16_000
ENOUGH_S = 30.0
"""Seconds after the last sound by which its words are there, or never will be."""
WAYS = ("pauses", "whole", "updates")


# ---------------------------------------------------------------------- inside the peer's environment


def inside(folder: Path) -> None:
    """Run in the peer's environment: reads ``asked.json`` and the sounds, writes ``told.json``."""
    asked = json.loads((folder / "asked.json").read_text())
    told = {way: _way(way, asked["model"], [np.load(folder / name) for name in names]) for way, names in asked["ways"]}
    (folder / "told.json").write_text(json.dumps(told))


def _way(way: str, model: str, sounds: list[Any]) -> dict[str, Any]:
    from RealtimeSTT import AudioToTextRecorder  # type: ignore[import-not-found]

    begun = time.perf_counter()
    more: dict[str, Any] = {}
    if way == "updates":
        more = {"enable_realtime_transcription": True, "use_main_model_for_realtime": True}
    recorder = AudioToTextRecorder(
        model=model,
        language="en",
        device="cpu",
        compute_type="int8",
        use_microphone=False,
        spinner=False,
        no_log_file=True,
        ensure_sentence_ends_with_period=False,
        **more,
    )
    ready_s = time.perf_counter() - begun
    before, turns = _tree_cpu_s(), []
    for pcm in sounds:
        turns.append(_in_pauses(recorder, pcm) if way == "pauses" else _as_a_whole(recorder, pcm))
    spoken_s = sum(len(pcm) for pcm in sounds) / RATE_HZ
    told = {"turns": turns, "ready_s": ready_s, "share": (_tree_cpu_s() - before) / spoken_s, "memory_mb": _tree_mb()}
    recorder.shutdown()
    return told


def _as_a_whole(recorder: Any, pcm: Any) -> tuple[float, str]:
    recorder.start()
    _feed(recorder, pcm)
    ended = time.perf_counter()
    recorder.stop()
    text = recorder.text()
    return time.perf_counter() - ended, text


def _in_pauses(recorder: Any, pcm: Any) -> tuple[float, str]:
    """Lag of the last words behind the last sound; silence goes on until they are there."""
    over, ended, texts = threading.Event(), [0.0], []

    def feed() -> None:
        _feed(recorder, pcm)
        ended[0] = time.perf_counter()
        while not over.is_set() and time.perf_counter() < ended[0] + ENOUGH_S:
            _feed(recorder, np.zeros(BLOCK, np.int16))
        recorder.abort()

    feeding = threading.Thread(target=feed)
    feeding.start()
    last = 0.0
    while True:
        text = recorder.text()
        if text:
            texts.append(text)
            last = time.perf_counter()
        # The last recording began before the last sound; nothing is recording any more when its words are there.
        if (
            ended[0]
            and not recorder.is_recording
            and time.perf_counter() > ended[0] + recorder.post_speech_silence_duration
        ):
            break
    over.set()
    feeding.join()
    return last - ended[0], " ".join(texts)


def _feed(recorder: Any, pcm: Any) -> None:
    begun = time.perf_counter()
    for at in range(0, len(pcm), BLOCK):
        recorder.feed_audio(pcm[at : at + BLOCK].tobytes())
        left = begun + (at + BLOCK) / RATE_HZ - time.perf_counter()
        if left > 0.0:
            time.sleep(left)


def _tree() -> list[int]:
    """This process and all that it started (Linux)."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # ended meanwhile
            continue
    found = [os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _tree_cpu_s() -> float:
    total = 0.0
    for pid in _tree():
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / 100
    return total


def _tree_mb() -> float:
    lines = [line for pid in _tree() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


# ---------------------------------------------------------------------- outside


def main() -> None:
    told = _told()
    if why := _missing(told.python):
        print(f"RealtimeSTT cannot be measured here: {why}")
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from recognition_models import measured_model
    from recognition_report import say

    with tempfile.TemporaryDirectory() as place:
        os.environ["VOICE_IMAGO_HOME"] = str(Path(place) / "home")
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
        with measured_model(told) as model:
            print(model.title)
            (_words if model.understands else _lags)(told, model, Path(place), say)
        print(f"load {os.getloadavg()[0]:.1f} at the end")


def _lags(told: argparse.Namespace, model: Any, place: Path, say: Any) -> None:
    from recognition_report import percentiles
    from recognition_sounds import scene_clips
    from recognition_turns import LENGTHS_S, Cost, lags_of, live_table, memory_mb, turns_of

    clips = scene_clips()
    for length_s in LENGTHS_S:
        count = told.turns if length_s < 60.0 else min(3, told.turns)
        made = turns_of(clips, length_s, count)
        ways = WAYS if length_s < 60.0 else WAYS[:2]
        asked = _ask(told.python, model.pieces, [turn.sound for turn in made], ways, place)
        cost = Cost()
        with live_table("tell", model.pieces, quiet=True) as (table, scribe):
            ours = [lag.after_speech_s for lag in lags_of(table, scribe, made, "key", cost)]
            mb = memory_mb(scribe.pid)
        print(f"\n{length_s:.0f} s turns: words after the last sound, processor meanwhile, memory of all processes")
        share = (cost.scribe_s + cost.table_s) / cost.spoken_s
        say("ours, ended by key", percentiles(ours), note=f"{share:.1%} of a core, {mb:.0f} MB")
        for way in ways:
            peer = asked[way]
            lags = [lag for lag, _ in peer["turns"]]
            note = f"{peer['share']:.1%} of a core, {peer['memory_mb']:.0f} MB, ready after {peer['ready_s']:.1f} s"
            say(f"RealtimeSTT, {way}", percentiles(lags), note=note)


def _words(told: argparse.Namespace, model: Any, place: Path, say: Any) -> None:
    from recognition_sounds import minutes, scene_clips, turns, word_errors

    from tests.live_table import heard_in_pieces
    from voice_imago.engines.recogniser_whisper import WhisperRecogniser

    made = turns(scene_clips(), 6.0, 17.0, 4 * told.turns)
    said = [turn.text for turn in made]
    recogniser = WhisperRecogniser(model.pieces)
    ours = [heard_in_pieces(turn.sound, recogniser) for turn in made]
    recogniser.close()
    asked = _ask(told.python, model.pieces, [turn.sound for turn in made], WAYS[:2], place)
    print(f"\nwrong words in {len(made)} joined turns, {minutes(made):.1f} min")
    say("ours, in pieces", f"{word_errors(said, ours):.1f} %")
    for way in WAYS[:2]:
        say(f"RealtimeSTT, {way}", f"{word_errors(said, [text for _, text in asked[way]['turns']]):.1f} %")


def _ask(python: Path, model: Path, sounds: list[Any], ways: tuple[str, ...], place: Path) -> dict[str, Any]:
    names = []
    for number, sound in enumerate(sounds):
        names.append(f"{number}.npy")
        np.save(place / names[-1], np.rint(np.clip(sound, -1.0, 1.0) * 32767.0).astype(np.int16))
    (place / "asked.json").write_text(json.dumps({"model": str(model), "ways": [(way, names) for way in ways]}))
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    command = [str(python), str(Path(__file__).resolve()), "--inside", str(place)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"RealtimeSTT failed: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, Any] = json.loads((place / "told.json").read_text())
    return found


def _missing(python: Path | None) -> str:
    if python is None:
        return "name an interpreter that has it with --python"
    try:
        done = subprocess.run([python, "-c", "import RealtimeSTT"], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{python}: {error.strerror}"
    return "" if done.returncode == 0 else f"{python}: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}"


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--shape", choices=("tiny", "base", "small"), help="random weights of that size (base)")
    which.add_argument("--fixture", action="store_true", help="the fixture recogniser: wrong words instead of lags")
    which.add_argument("--model", type=Path, metavar="FOLDER", help="a real model: wrong words instead of lags")
    parser.add_argument("--python", type=Path, help="the interpreter of an environment with RealtimeSTT")
    parser.add_argument("--turns", type=int, default=5, help="turns of each length; three of 120 s at most (5)")
    told = parser.parse_args()
    if not (told.shape or told.fixture or told.model):
        told.shape = "base"
    return told


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(Path(sys.argv[2]))
    else:
        main()
