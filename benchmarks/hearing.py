"""How well and how cheaply hearing works on a folder of conversations with ground truth.

    python benchmarks/hearing.py DIR [--quick] [--compare]

DIR holds `cNN.flac` with `cNN.json` (segments, turns with pauses), `cNN.enrolA.flac`, `cNN.enrolB.flac`, `noise/*.flac`
and its own scorer `evaluate.py`. Prints: the scorer's table for both voiceprints and both detectors, false alarms on
noise and on 30 minutes of made music and noise, F1 against input level, pauses cut against latency per end silence and
per step kind, short answers, seconds to notice the other voice, processor seconds per hour of sound, peak memory.
`--compare` adds what others do on the same files, as far as they are installed: faster-whisper's own
`get_speech_timestamps`, webrtcvad alone, Resemblyzer through its own API (with torch), pipecat's smart-turn.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hearing_cases import Case, as_prediction, load_cases, load_scorer, print_table, seconds_of, segments, used
from hearing_overlap import measure_overlap
from hearing_peers import compare
from hearing_turns import lone_turns, measure_endpoint, measure_kinds, measure_short, measure_takeover

from voice_imago.engines.detectors import DetectorName, make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Samples, Voiceprint
from voice_imago.engines.voiceprint_enrolment import make_voiceprint
from voice_imago.events import Window
from voice_imago.hearing.hearing import Hearing
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.listening import ListenSettings, listen, read_all

GAINS_DB = (-30, -20, -10, 0, 10)
MADE_S = 300.0
"""Seconds of each made sound without speech; six of them make 30 minutes."""


def measure_listening(scorer: ModuleType, cases: Sequence[Case], quick: bool) -> None:
    """The scorer's table for each chain, with its processor time."""
    chains: list[tuple[str, ListenSettings]] = [
        ("silero, voice model + mixtures", ListenSettings("silero", True)),
        ("silero, mixtures alone", ListenSettings("silero", False)),
        ("webrtc, mixtures alone (no models at all)", ListenSettings("webrtc", False)),
    ]
    for title, settings in chains[: 1 if quick else None]:
        begun = time.process_time()
        found = {}
        for case in cases:
            partners = {p: case.enrolment(p) for p in "AB"}
            found[case.name] = as_prediction(listen(case.sound, partners, settings, tell=lambda sentence: None))
        used = time.process_time() - begun
        print_table(title, scorer, cases, found)
        print(f"processor: {used / seconds_of(cases) * 3600:.0f} s per hour of sound, enrolling included")


def measure_noise(folder: Path) -> None:
    print("\nspeech-free noise called speech")
    for path in sorted((folder / "noise").glob("*.flac")):
        sound = read_all(path)
        for detector in ("silero", "webrtc"):
            share = sum(s["end"] - s["start"] for s in segments(sound, detector)) / (len(sound) / HEAR_HZ)
            print(f"  {path.stem:12s} {detector:7s} {share:7.2%}")


def measure_made() -> None:
    """Sounds that a detector trained on speech never learnt."""
    print(f"\nmade sounds without speech, {MADE_S / 60:.0f} minutes each, called speech")
    for title, sound in made_sounds(MADE_S):
        shares = {}
        for detector in ("silero", "webrtc"):
            found = segments(sound, detector)
            shares[detector] = sum(s["end"] - s["start"] for s in found) / MADE_S
        print(f"  {title:24s} silero {shares['silero']:7.2%}   webrtc {shares['webrtc']:7.2%}")


def made_sounds(seconds: float) -> list[tuple[str, Samples]]:
    random, count = np.random.default_rng(11), round(seconds * HEAR_HZ)
    white = random.normal(0.0, 1.0, count)
    brown = np.fft.irfft(np.fft.rfft(white) / np.maximum(20.0, np.fft.rfftfreq(count, 1.0 / HEAR_HZ)), count)
    hum = sum(np.sin(2.0 * np.pi * 50.0 * n * np.arange(count) / HEAR_HZ) / n for n in range(1, 12))
    sounds = {
        "chords": _chords(count),
        "drums": _drums(count, random),
        "chords and drums": _chords(count) + _drums(count, random),
        "white noise": white,
        "brown noise": brown,
        "hum that comes and goes": hum * (np.sin(np.arange(count) / HEAR_HZ * 2.1) > 0.0),
    }
    return [(name, (0.1 * s / np.sqrt(np.mean(s**2))).clip(-1.0, 1.0).astype(np.float32)) for name, s in sounds.items()]


def _chords(count: int) -> np.ndarray:
    """Four chords, one every two seconds, plucked: each note has overtones and dies away."""
    length = 2 * HEAR_HZ
    t = np.arange(length) / HEAR_HZ
    bars = []
    for root_hz in (220.0, 174.6, 261.6, 196.0):
        notes = [root_hz * 2.0 ** (half / 12.0) for half in (0, 4, 7, 12)]
        bars.append(sum(np.sin(2 * np.pi * f * n * t) / n for f in notes for n in range(1, 6)) * np.exp(-0.8 * t))
    return np.resize(np.concatenate(bars), count)


def _drums(count: int, random: np.random.Generator) -> np.ndarray:
    """A bass drum and a snare in turn, four a second."""
    t = np.arange(HEAR_HZ // 4) / HEAR_HZ
    bass = 6.0 * np.sin(2 * np.pi * 60.0 * t) * np.exp(-30.0 * t)
    snares = [3.0 * random.normal(0.0, 1.0, len(t)) * np.exp(-40.0 * t) for _ in range(8)]
    return np.resize(np.concatenate([part for snare in snares for part in (bass, snare)]), count)


def measure_levels(scorer: ModuleType, cases: Sequence[Case]) -> None:
    print("\ninput gain, dB -> F1 (16-bit quantised)")
    for gain_db in GAINS_DB:
        found = {c.name: segments(_amplified(read_all(c.sound), gain_db)) for c in cases}
        scores, _ = scorer.score_set({c.name: c.truth for c in cases}, found)
        print(f"  {gain_db:+4d}  {scores['all']['vad_f1']:.4f}")


def _amplified(sound: Samples, gain_db: float) -> Samples:
    loud = np.clip(sound * np.float32(10.0 ** (gain_db / 20.0)), -1.0, 1.0)
    return (np.rint(loud * 32767.0) / 32767.0).astype(np.float32)


def measure_cost(cases: Sequence[Case]) -> None:
    """Processor seconds per hour of each part; silence separately."""
    sounds = [read_all(c.sound) for c in cases[:6]]
    hours = sum(len(s) for s in sounds) / HEAR_HZ / 3600.0
    a, b = (read_all(cases[0].enrolment(p)) for p in "AB")
    print("\nprocessor seconds per hour of sound")
    for title, detector, voiceprint in (
        ("webrtc", "webrtc", None),
        ("silero", "silero", None),
        ("silero + mixtures", "silero", make_voiceprint(a, b, embedding=False)),
        ("silero + voice model + mixtures", "silero", make_voiceprint(a, b)),
    ):
        seconds = used(lambda d=detector, v=voiceprint: [_live(s, d, v) for s in sounds])  # type: ignore[misc]
        print(f"  {title:34s} {seconds / hours:6.0f}   {seconds / hours / 36.0:.2f} % of a core")
    quiet = np.concatenate([s[: round(2.7 * HEAR_HZ)] for s in sounds] * 8)
    seconds = used(lambda: _live(quiet, "silero", make_voiceprint(a, b, embedding=False)))
    print(f"  {'listening to an empty room':34s} {seconds / (len(quiet) / HEAR_HZ / 3600.0):6.0f}")


def _live(sound: Samples, detector: DetectorName, voiceprint: Voiceprint | None) -> None:
    """As at the table: chunks of 20 ms, ear and hearing."""
    ear = Ear(make_detector(detector), voiceprint)
    hearing = Hearing(settings_for(make_detector(detector), continuous=True))
    hearing.expect(Window("recording", None, None, "send", 2.5), 0.0)
    for begin in range(0, len(sound), 320):
        for heard in ear.hear(sound[begin : begin + 320]):
            hearing.feed(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="only the best chain's table and the cost")
    parser.add_argument("--compare", action="store_true", help="run the peers, too")
    options = parser.parse_args()
    cases = load_cases(options.folder)
    if not cases:
        raise SystemExit(f"There are no conversations (cNN.flac, cNN.json) in {options.folder}.")
    scorer = load_scorer(options.folder)
    print(f"{len(cases)} conversations, {seconds_of(cases) / 60:.1f} minutes")
    measure_listening(scorer, cases, options.quick)
    turns = [] if options.quick and not options.compare else lone_turns([c for c in cases if c.name.startswith("c")])
    if not options.quick:
        measure_noise(options.folder)
        measure_made()
        measure_levels(scorer, cases)
        measure_endpoint(turns)
        measure_kinds(turns)
        measure_short(cases)
        measure_takeover(cases)
        measure_overlap(cases)
    measure_cost(cases)
    if options.compare:
        compare(scorer, cases, turns)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
