"""How well and how cheaply hearing works on a folder of conversations with ground truth.

    python benchmarks/hearing.py DIR [--quick] [--compare] [--json FILE]

DIR holds `cNN.flac` with `cNN.json` (segments, turns with pauses), `cNN.enrolA.flac`, `cNN.enrolB.flac`, `noise/*.flac`
and its own scorer `evaluate.py`. Prints: the scorer's table for both voiceprints and both detectors, false alarms on
noise, F1 against input level, pauses cut against latency per end silence, seconds to notice the other voice, processor
seconds per hour of sound, peak memory. `--compare` adds what faster-whisper's own `get_speech_timestamps` and webrtcvad
alone do on the same files.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from voice_imago.engines.detectors import DetectorName, make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Samples, Voiceprint
from voice_imago.engines.voiceprint_enrolment import make_voiceprint
from voice_imago.events import FrameHeard, TurnEnded, VoiceScored, Window
from voice_imago.hearing.hearing import Hearing, HearingSettings
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.listening import ListenSettings, Span, listen, read_all

Truth = dict[str, Any]
Prediction = list[dict[str, Any]]
COLUMNS = (
    "vad_f1",
    "far",
    "f1_250",
    "attr_acc",
    "turn_acc",
    "der",
    "der_miss",
    "der_fa",
    "der_conf",
    "der_no",
)
END_SILENCES_S = (0.6, 0.8, 1.0, 1.5, 2.0, 2.4, 2.5, 2.6, 3.0, 3.5)
GAINS_DB = (-30, -20, -10, 0, 10)


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation."""

    name: str
    sound: Path
    truth: Truth

    def enrolment(self, partner: str) -> Path:
        return self.sound.with_name(f"{self.name}.enrol{partner}.flac")


def load_cases(folder: Path) -> list[Case]:
    found = sorted(folder.glob("[ct][0-9][0-9].json"))
    return [Case(p.stem, p.with_suffix(".flac"), json.loads(p.read_text())) for p in found]


def load_scorer(folder: Path) -> ModuleType:
    path = folder / "evaluate.py"
    spec = importlib.util.spec_from_file_location("evaluate", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SystemExit(f"There is no scorer {path}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_prediction(spans: Iterable[Span]) -> Prediction:
    return [{"start": s.start, "end": s.end, "speaker": s.speaker} for s in spans]


def print_table(title: str, scorer: ModuleType, cases: Sequence[Case], found: dict[str, Prediction]) -> None:
    scores, _ = scorer.score_set({c.name: c.truth for c in cases}, found)
    print(f"\n{title}\n{'':6s}" + " ".join(f"{c:>8s}" for c in COLUMNS))
    for group, score in scores.items():
        print(f"{group:6s}" + " ".join(f"{score[c]:8.4f}" if c in score else f"{'-':>8s}" for c in COLUMNS))


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
            found[case.name] = as_prediction(listen(case.sound, partners, settings))
        used = time.process_time() - begun
        print_table(title, scorer, cases, found)
        print(f"processor: {used / seconds_of(cases) * 3600:.0f} s per hour of sound, enrolling included")


def seconds_of(cases: Sequence[Case]) -> float:
    return sum(float(case.truth["dur"]) for case in cases)


def hear_all(
    sound: Samples, detector: DetectorName, voiceprint: Voiceprint | None = None
) -> list[FrameHeard | VoiceScored]:
    return Ear(make_detector(detector), voiceprint, keep_s=1.0).hear(sound)


def segments(sound: Samples, detector: DetectorName = "silero") -> Prediction:
    """Speech without speakers."""
    settings = settings_for(make_detector(detector), continuous=True)
    hearing, found = Hearing(settings), []
    hearing.expect(Window("recording", None, None, "send", 2.5), 0.0)
    heard = hear_all(sound, detector)
    last = FrameHeard(heard[-1].at + 1.0, 0.0, gated=True)
    for frame in [*heard, last]:
        for fact in hearing.feed(frame):
            if type(fact).__name__ == "SpeechEnded":
                found.append({"start": fact.start, "end": fact.end, "speaker": "?"})
    return found


def measure_noise(folder: Path) -> None:
    print("\nspeech-free noise called speech")
    for path in sorted((folder / "noise").glob("*.flac")):
        sound = read_all(path)
        for detector in ("silero", "webrtc"):
            share = sum(s["end"] - s["start"] for s in segments(sound, detector)) / (len(sound) / HEAR_HZ)
            print(f"  {path.stem:12s} {detector:7s} {share:7.2%}")


def measure_levels(scorer: ModuleType, cases: Sequence[Case]) -> None:
    print("\ninput gain, dB -> F1 (16-bit quantised)")
    for gain_db in GAINS_DB:
        found = {c.name: segments(_amplified(read_all(c.sound), gain_db)) for c in cases}
        scores, _ = scorer.score_set({c.name: c.truth for c in cases}, found)
        print(f"  {gain_db:+4d}  {scores['all']['vad_f1']:.4f}")


def _amplified(sound: Samples, gain_db: float) -> Samples:
    loud = np.clip(sound * np.float32(10.0 ** (gain_db / 20.0)), -1.0, 1.0)
    return (np.rint(loud * 32767.0) / 32767.0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class LoneTurn:
    """One turn cut out of a conversation, followed by 4.5 s of the same room without speech."""

    heard: list[FrameHeard | VoiceScored]
    end_s: float
    pauses: int


def lone_turns(cases: Sequence[Case]) -> list[LoneTurn]:
    found = []
    for case in cases:
        sound, room = read_all(case.sound), float(case.truth.get("lead_s", 3.0)) - 0.3
        quiet = sound[: round(room * HEAR_HZ)]
        tail = np.tile(np.concatenate((quiet, quiet[::-1])), 2)[: round(4.5 * HEAR_HZ)]
        for turn in case.truth["turns"]:
            if _undisturbed(case.truth, turn):
                begin, end = (round(t * HEAR_HZ) for t in (max(0.0, turn["start"] - 0.05), turn["end"] + 0.05))
                clip = np.concatenate((quiet, sound[begin:end], tail))
                end_s = (len(quiet) + end - begin) / HEAR_HZ - 0.05
                long_pauses = sum(p["end"] - p["start"] >= 0.3 for p in turn["pauses"])
                found.append(LoneTurn(hear_all(clip, "silero"), end_s, long_pauses))
    return found


def _undisturbed(truth: Truth, turn: dict[str, Any]) -> bool:
    others = [s for s in truth["segments"] if s["speaker"] != turn["speaker"]]
    return not any(s["start"] < turn["end"] + 0.1 and s["end"] > turn["start"] - 0.1 for s in others)


def measure_endpoint(cases: Sequence[Case]) -> None:
    """Silence alone decides; each turn stands alone."""
    turns = lone_turns([c for c in cases if c.name.startswith("c")])
    pauses = sum(turn.pauses for turn in turns)
    print(f"\n{len(turns)} lone turns with {pauses} pauses of at least 0.3 s")
    print("end silence s   pauses cut   turns cut   latency mean   p95")
    settings = settings_for(make_detector("silero"), continuous=True)
    settings = replace(settings, endpoint=replace(settings.endpoint, learn=False))
    for silence_s in END_SILENCES_S:
        cut, latencies = zip(*(_ends(turn, settings, silence_s) for turn in turns), strict=True)
        share = sum(count > 0 for count in cut) / len(turns)
        known = [latency for latency in latencies if latency is not None]
        mean, p95 = float(np.mean(known)), float(np.percentile(known, 95))
        print(f"{silence_s:13.1f}   {sum(cut) / pauses:10.3f}   {share:9.3f}   {mean:12.2f}   {p95:.2f}")


def _ends(turn: LoneTurn, settings: HearingSettings, silence_s: float) -> tuple[int, float | None]:
    hearing = Hearing(settings)
    hearing.expect(Window("send", 0, 1, "send", silence_s), 0.0)
    ends = [f.decided for heard in turn.heard for f in hearing.feed(heard) if isinstance(f, TurnEnded)]
    late = [end - turn.end_s for end in ends if end >= turn.end_s]
    return sum(end < turn.end_s for end in ends), late[0] if late else None


def measure_takeover(cases: Sequence[Case]) -> None:
    """Seconds from the moment when the other partner has spoken for 1 s until the turn is given to them."""
    delays: list[float] = []
    for case in cases:
        if case.name.startswith("c"):
            delays += _takeovers(case)
    p50, p95 = np.percentile(delays, [50, 95])
    print(f"\nthe other voice takes over, {len(delays)} times")
    print(f"noticed after its first second: median +{p50:.2f} s, p95 +{p95:.2f} s")


def _takeovers(case: Case) -> list[float]:
    enrolled = [read_all(case.enrolment(p)) for p in "AB"]
    hearing = Hearing(settings_for(make_detector("silero"), continuous=True))
    hearing.expect(Window("recording", None, None, "send", 60.0), 0.0)
    ends = [
        fact.decided
        for heard in hear_all(read_all(case.sound), "silero", make_voiceprint(enrolled[0], enrolled[1]))
        for fact in hearing.feed(heard)
        if isinstance(fact, TurnEnded) and fact.why == "other_voice"
    ]
    delays = []
    for turn in case.truth["turns"][1:]:
        second = _after_one_second(case.truth, turn)
        noticed = [end for end in ends if turn["start"] < end < turn["end"] + 1.0]
        if second is not None and noticed:
            delays.append(noticed[0] - second)
    return delays


def _after_one_second(truth: Truth, turn: dict[str, Any]) -> float | None:
    """When the turn's speaker has spoken for one second, pauses left out."""
    spoken = 0.0
    for s in truth["segments"]:
        if s["speaker"] == turn["speaker"] and turn["start"] - 0.01 <= s["start"] < turn["end"]:
            if spoken + s["end"] - s["start"] >= 1.0:
                return float(s["start"]) + 1.0 - spoken
            spoken += s["end"] - s["start"]
    return None


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
        used = _used(lambda d=detector, v=voiceprint: [_live(s, d, v) for s in sounds])  # type: ignore[misc]
        print(f"  {title:34s} {used / hours:6.0f}   {used / hours / 36.0:.2f} % of a core")
    quiet = np.concatenate([s[: round(2.7 * HEAR_HZ)] for s in sounds] * 8)
    used = _used(lambda: _live(quiet, "silero", make_voiceprint(a, b, embedding=False)))
    print(f"  {'listening to an empty room':34s} {used / (len(quiet) / HEAR_HZ / 3600.0):6.0f}")


def _live(sound: Samples, detector: DetectorName, voiceprint: Voiceprint | None) -> None:
    """As at the table: chunks of 20 ms, ear and hearing."""
    ear = Ear(make_detector(detector), voiceprint)
    hearing = Hearing(settings_for(make_detector(detector), continuous=True))
    hearing.expect(Window("recording", None, None, "send", 2.5), 0.0)
    for begin in range(0, len(sound), 320):
        for heard in ear.hear(sound[begin : begin + 320]):
            hearing.feed(heard)


def _used(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def compare(scorer: ModuleType, cases: Sequence[Case]) -> None:
    """What a user would take instead, on the same files."""
    peers = {
        "faster-whisper get_speech_timestamps, its defaults": _faster_whisper,
        "webrtcvad mode 3 alone": _webrtcvad,
    }
    for title, peer in peers.items():
        begun = time.process_time()
        found = {c.name: peer(read_all(c.sound)) for c in cases}
        used = time.process_time() - begun
        print_table(title, scorer, cases, found)
        print(f"processor: {used / seconds_of(cases) * 3600:.0f} s per hour of sound")


def _faster_whisper(sound: Samples) -> Prediction:
    from faster_whisper.vad import get_speech_timestamps

    found = get_speech_timestamps(sound.copy())
    return [{"start": s["start"] / HEAR_HZ, "end": s["end"] / HEAR_HZ, "speaker": "?"} for s in found]


def _webrtcvad(sound: Samples) -> Prediction:
    import webrtcvad

    vad, found = webrtcvad.Vad(3), []
    pcm = (np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2")
    for begin in range(0, len(pcm) - 319, 320):
        if vad.is_speech(pcm[begin : begin + 320].tobytes(), HEAR_HZ):
            found.append({"start": begin / HEAR_HZ, "end": (begin + 320) / HEAR_HZ, "speaker": "?"})
    return found


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
    if not options.quick:
        measure_noise(options.folder)
        measure_levels(scorer, cases)
        measure_endpoint(cases)
        measure_takeover(cases)
    measure_cost(cases)
    if options.compare:
        compare(scorer, cases)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
