"""What a user would take instead, on the same files: whatever of it is installed. See ``hearing.py``."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from hearing_cases import Case, Prediction, print_table, seconds_of, segments, used
from hearing_turns import HEAD, LoneTurn, row

from voice_imago.engines.detector_silero import open_graph
from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.events import SpeechEnded, SpeechStarted, Window
from voice_imago.hearing.hearing import Hearing
from voice_imago.runtime.listening import read_all

SMART_TURN_S = 8.0
"""Seconds that smart-turn hears, the last ones of the turn."""
SMART_TURN_RULES = ((0.5, 0.2, 3.0), (0.8, 1.0, 2.0), (0.8, 0.7, 2.5))
"""Probability of "complete", seconds of silence then, and otherwise; the first is pipecat's own."""


def compare(scorer: ModuleType, cases: Sequence[Case], turns: Sequence[LoneTurn]) -> None:
    """One table for each peer that is here, one line for each that is not."""
    _table("faster-whisper get_speech_timestamps, its defaults", scorer, cases, lambda c: _faster_whisper(_sound(c)))
    _table("webrtcvad mode 3 alone", scorer, cases, lambda c: _webrtcvad(_sound(c)))
    _resemblyzer(scorer, cases)
    _smart_turn(turns)


def _table(title: str, scorer: ModuleType, cases: Sequence[Case], peer: Callable[[Case], Prediction]) -> None:
    found: dict[str, Prediction] = {}
    seconds = used(lambda: found.update({case.name: peer(case) for case in cases}))
    print_table(title, scorer, cases, found)
    print(f"processor: {seconds / seconds_of(cases) * 3600:.0f} s per hour of sound")


def _sound(case: Case) -> Samples:
    return read_all(case.sound)


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


# ---------------------------------------------------------------------- Resemblyzer


def _resemblyzer(scorer: ModuleType, cases: Sequence[Case]) -> None:
    """Its own API on our segments: it has no detector that keeps times."""
    if importlib.util.find_spec("torch") is None:
        print("\nResemblyzer through its own API: torch is not installed (pip install resemblyzer, without --no-deps)")
        return
    from resemblyzer import VoiceEncoder, preprocess_wav  # type: ignore[import-not-found]

    encoder = VoiceEncoder("cpu", verbose=False)

    def heard(case: Case) -> Prediction:
        enrolled = np.stack([encoder.embed_utterance(preprocess_wav(read_all(case.enrolment(p)))) for p in "AB"])
        sound, found = _sound(case), segments(_sound(case))
        for segment in found:
            begin, end = (round(segment[side] * HEAR_HZ) for side in ("start", "end"))
            segment["speaker"] = "AB"[int(np.argmax(enrolled @ encoder.embed_utterance(sound[begin:end])))]
        return found

    _table("Resemblyzer through its own API, on our segments", scorer, cases, heard)


# ---------------------------------------------------------------------- smart-turn


def _smart_turn(turns: Sequence[LoneTurn]) -> None:
    """pipecat's smart-turn v3 asked at each silence of 0.2 s, without importing pipecat."""
    files = {path.name: path for path in _wheel_files("pipecat-ai")}
    models = sorted(name for name in files if name.startswith("smart-turn-v3") and name.endswith(".onnx"))
    if not models or "_whisper_features.py" not in files:
        print("\nsmart-turn: pipecat's wheel is not installed (pip install --no-deps pipecat-ai==1.14.0)")
        return
    features, graph = _module(files["_whisper_features.py"]), open_graph(str(files[models[-1]]))
    size = round(SMART_TURN_S * HEAR_HZ)

    def complete(sound: Samples) -> float:
        last = np.pad(sound[-size:], (max(0, size - len(sound)), 0))
        mel = features.compute_whisper_log_mel_features(last, do_normalize=True)
        return float(graph.run(None, {"input_features": mel[None].astype(np.float32)})[0].reshape(-1)[0])

    asked: list[list[tuple[float, float, float]]] = []
    seconds = used(lambda: asked.extend([list(_silences(turn, complete)) for turn in turns]))
    calls = sum(len(silences) for silences in asked)
    print(f"\n{models[-1]}, asked {calls} times, {seconds / calls * 1000.0:.0f} ms of processor each")
    for title, last in (("inside a turn", False), ("at its end", True)):
        said = [
            p for turn, silences in zip(turns, asked, strict=True) for at, _, p in silences if (at > turn.end_s) == last
        ]
        print(f"  probability of complete {title}: median {np.median(said):.2f}, {len(said)} times")
    print(f"complete from   end silence s then / else   {HEAD}")
    for least, then_s, else_s in SMART_TURN_RULES:
        ends = [_smart_ends(turn, found, least, then_s, else_s) for turn, found in zip(turns, asked, strict=True)]
        print(f"{least:13.1f}   {then_s:18.1f} / {else_s:4.1f}   {row(turns, ends)}")


def _wheel_files(package: str) -> list[Path]:
    try:
        found = importlib.metadata.distribution(package).files or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in found]


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _silences(turn: LoneTurn, complete: Callable[[Samples], float]) -> Iterator[tuple[float, float, float]]:
    """Each silence of a turn: when it was noticed, when speech went on, and whether the turn sounded complete."""
    hearing = Hearing(settings_for(make_detector("silero"), continuous=True))
    hearing.expect(Window("send", 0, 1, "send", 60.0), 0.0)
    facts = [f for heard in turn.heard for f in hearing.feed(heard) if isinstance(f, SpeechStarted | SpeechEnded)]
    for n, fact in enumerate(facts):
        if isinstance(fact, SpeechEnded):
            later = [after.start for after in facts[n + 1 :] if isinstance(after, SpeechStarted)]
            yield fact.at, later[0] if later else np.inf, complete(turn.sound[: round(fact.at * HEAR_HZ)])


def _smart_ends(
    turn: LoneTurn, silences: Sequence[tuple[float, float, float]], least: float, then_s: float, else_s: float
) -> tuple[int, float | None]:
    """Early ends, and the latency of the true one; a silence is noticed 0.2 s after it began."""
    ends = [at + (then_s if p > least else else_s) - 0.2 for at, resumed, p in silences]
    ends = [end for end, (_, resumed, _) in zip(ends, silences, strict=True) if end < resumed]
    late = [end - turn.end_s for end in ends if end >= turn.end_s]
    return sum(end < turn.end_s for end in ends), late[0] if late else None
