"""The set of conversations that hearing is measured on, and its scorer. See ``hearing.py``."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from voice_imago.engines.detectors import DetectorName, make_detector, settings_for
from voice_imago.engines.ports import Samples, Voiceprint
from voice_imago.events import FrameHeard, SpeechEnded, VoiceScored, Window
from voice_imago.hearing.hearing import Hearing
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.listening import Span

Truth = dict[str, Any]
Prediction = list[dict[str, Any]]
Heard = list[FrameHeard | VoiceScored]
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


def seconds_of(cases: Sequence[Case]) -> float:
    return sum(float(case.truth["dur"]) for case in cases)


def hear_all(sound: Samples, detector: DetectorName, voiceprint: Voiceprint | None = None) -> Heard:
    return Ear(make_detector(detector), voiceprint, keep_s=1.0).hear(sound)


def segments(sound: Samples, detector: DetectorName = "silero") -> Prediction:
    """Speech without speakers."""
    hearing, found = Hearing(settings_for(make_detector(detector), continuous=True)), []
    hearing.expect(Window("recording", None, None, "send", 2.5), 0.0)
    heard = hear_all(sound, detector)
    last = FrameHeard(heard[-1].at + 1.0, 0.0, gated=True)
    for frame in [*heard, last]:
        for fact in hearing.feed(frame):
            if isinstance(fact, SpeechEnded):
                found.append({"start": fact.start, "end": fact.end, "speaker": "?"})
    return found


def used(work: Callable[[], object]) -> float:
    """Processor seconds."""
    begun = time.process_time()
    work()
    return time.process_time() - begun
