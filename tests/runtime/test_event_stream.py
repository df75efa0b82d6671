"""The event stream is what design §3.1 says: these names, these fields, names of partners, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from voice_imago import facts
from voice_imago.errors import FileError
from voice_imago.events import (
    UNKNOWN,
    Agreement,
    Backchannel,
    BargedIn,
    Command,
    Consent,
    Fact,
    Fault,
    Interruption,
    Intervention,
    Kept,
    LastWords,
    Listening,
    Mirrored,
    Overlap,
    PromptFinished,
    PromptStarted,
    Recovered,
    Reply,
    SessionEnded,
    SessionStarted,
    SpeechEnded,
    SpeechStarted,
    StepEntered,
    Talked,
    TaskDone,
    TaskProgress,
    Transcript,
    TurnEnded,
    TurnExplained,
    TurnPaused,
    TurnReopened,
    UnderstandingChanged,
    VoiceTuned,
    Waited,
)
from voice_imago.runtime.event_stream import EVENTS, EventStream, as_event

PARTNERS = ("Ana", "Ben")
TABLE: list[tuple[Fact, dict[str, Any]]] = [
    (
        SessionStarted(0.0, "appreciation", "en", PARTNERS, "none", "half", "0.1.0"),
        {
            "event": "session_started",
            "dialogue": "appreciation",
            "language": "en",
            "partners": ["Ana", "Ben"],
            "recogniser": "none",
            "echo": "half",
            "version": "0.1.0",
        },
    ),
    (
        StepEntered(0.0, "invite", "Ben", "receiver"),
        {"event": "step_entered", "step": "invite", "actor": "Ben", "role": "receiver"},
    ),
    (
        PromptStarted(0.0, "guide.hello", "Hello.", "first"),
        {"event": "prompt_started", "prompt": "guide.hello", "text": "Hello.", "form": "first"},
    ),
    (
        PromptFinished(0.0, "guide.hello", "Hello.", "cue", True),
        {"event": "prompt_finished", "prompt": "guide.hello", "text": "Hello.", "form": "cue", "interrupted": True},
    ),
    (
        Listening(0.0, "thing", 0, "send", 3.5),
        {"event": "listening", "step": "thing", "for": "Ana", "kind": "send", "end_silence_s": 3.5},
    ),
    (
        Listening(0.0, "thing", None, "send", 3.5),
        {"event": "listening", "step": "thing", "for": "both", "kind": "send", "end_silence_s": 3.5},
    ),
    (SpeechStarted(0.0, 0.0, None), {"event": "speech_started", "speaker": None}),
    (SpeechStarted(0.0, 0.0, 1), {"event": "speech_started", "speaker": "Ben"}),
    (SpeechEnded(0.0, 0.0, 0.0, UNKNOWN), {"event": "speech_ended", "speaker": "unknown"}),
    (
        TurnEnded(0.0, 7, 1, 1.0, 2.0, 3.0, "silence", 0.5),
        {
            "event": "turn_ended",
            "turn": 7,
            "speaker": "Ben",
            "start": 1.0,
            "end": 2.0,
            "decided": 3.0,
            "why": "silence",
        },
    ),
    (TurnReopened(0.0, 7), {"event": "turn_reopened", "turn": 7}),
    (
        Transcript(0.0, 7, "hm", True, 0.0),
        {"event": "transcript", "turn": 7, "text": "hm", "final": True, "lag_s": 0.0},
    ),
    (Reply(0.0, "check", "yes", 0), {"event": "reply", "step": "check", "meaning": "yes", "by": "Ana"}),
    (Reply(0.0, "check", "no", "key"), {"event": "reply", "step": "check", "meaning": "no", "by": "key"}),
    (Command(0.0, "repeat", 1), {"event": "command", "name": "repeat", "by": "Ben"}),
    (Command(0.0, "stop", "key"), {"event": "command", "name": "stop", "by": "key"}),
    (
        Intervention(0.0, "interruption", 2, 1),
        {"event": "intervention", "kind": "interruption", "rung": 2, "for": "Ben"},
    ),
    (Interruption(0.0, 1, 7), {"event": "interruption", "by": "Ben", "during": 7}),
    (Overlap(0.0, 1, 7, 1.5), {"event": "overlap", "by": "Ben", "during": 7, "seconds": 1.5}),
    (BargedIn(0.0, 1, "mirror.check"), {"event": "barged_in", "by": "Ben", "prompt": "mirror.check"}),
    (Backchannel(0.0, 0, 7), {"event": "backchannel", "by": "Ana", "during": 7}),
    (
        Fault(0.0, "microphone", "lost", "It is gone."),
        {"event": "fault", "part": "microphone", "code": "lost", "message": "It is gone."},
    ),
    (Recovered(0.0, "microphone"), {"event": "recovered", "part": "microphone"}),
    (Consent(0.0, "counts", 0), {"event": "consent", "keep": "counts", "by": "Ana"}),
    (Kept(0.0, "counts"), {"event": "kept", "what": "counts"}),
    (Agreement(0.0, "We ask."), {"event": "agreement", "text": "We ask."}),
    (
        TaskDone(0.0, "learn_voice", "good", 1),
        {"event": "task_done", "task": "learn_voice", "outcome": "good", "for": "Ben"},
    ),
    (
        VoiceTuned(0.0, None, 0.9, 0.7, 1.1),
        {"event": "voice_tuned", "for": "both", "rate": 0.9, "volume": 0.7, "pitch": 1.1},
    ),
    (TaskProgress(0.0, "fetch_model", 42), {"event": "task_progress", "task": "fetch_model", "percent": 42}),
    (
        UnderstandingChanged(0.0, "whisper base.en", "speech"),
        {"event": "understanding_changed", "recogniser": "whisper base.en", "words": "speech"},
    ),
    (
        TurnExplained(
            at=0.0,
            turn=3,
            speaker=1,
            step="mirror",
            kind="mirror",
            start=1.0,
            end=2.0,
            decided=4.5,
            why="silence",
            margin_nats=12.345678,
            step_s=2.5,
            thinking=1.0,
            learned=1.1,
            extra_s=0.0,
            least_s=0.6,
            frame_s=0.032,
            strip=(0.0, 0.349, 0.99, 1.0),
            spans=((1.0, 1.51234, 1), (1.6, 2.0, None)),
        ),
        {
            "event": "turn_explained",
            "turn": 3,
            "speaker": "Ben",
            "step": "mirror",
            "kind": "mirror",
            "start": 1.0,
            "end": 2.0,
            "decided": 4.5,
            "why": "silence",
            "margin_nats": 12.3457,
            "step_s": 2.5,
            "thinking": 1.0,
            "learned": 1.1,
            "extra_s": 0.0,
            "frame_s": 0.032,
            "least_s": 0.6,
            "strip": "0399",
            "spans": [[1.0, 1.512, "Ben"], [1.6, 2.0, None]],
        },
    ),
    (Mirrored(0.0, 3, 2, 0.5), {"event": "mirrored", "turn": 3, "of": 2, "recall": 0.5}),
    (SessionEnded(0.0, "finished"), {"event": "session_ended", "reason": "finished"}),
]
"""Design §3.1, line by line, beside `t` and `wall`."""


@dataclass
class Wall:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("fact", "fields"), TABLE, ids=lambda value: type(value).__name__)
def test_an_event_has_exactly_the_fields_of_the_design(fact: Fact, fields: dict[str, Any]) -> None:
    assert as_event(fact, PARTNERS) == {"t": 0.0, **fields}


def test_every_fact_is_in_the_table_or_not_streamed_on_purpose() -> None:
    unstreamed = {TurnPaused, LastWords, Waited, Talked}
    assert {type(fact) for fact, _ in TABLE} == set(get_args(Fact)) - unstreamed
    assert {fields["event"] for _, fields in TABLE} == EVENTS
    for kind in unstreamed:
        arguments = [0.0] * (len(kind.__dataclass_fields__))
        assert as_event(kind(*arguments), PARTNERS) is None  # type: ignore[arg-type]


def test_no_fact_was_forgotten_in_the_union() -> None:
    kinds = {value for value in vars(facts).values() if isinstance(value, type) and value.__module__ == facts.__name__}
    assert kinds == set(get_args(Fact))


def test_each_line_is_on_the_disk_at_once(tmp_path: Path) -> None:
    stream = EventStream(tmp_path / "e.jsonl", PARTNERS, Wall(3.25))
    stream.write(SessionEnded(1.00004, "stopped"))
    (line,) = (tmp_path / "e.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"t": 1.0, "event": "session_ended", "reason": "stopped", "wall": 3.25}
    stream.close()
    stream.close()


def ended(turn: int) -> TurnEnded:
    return TurnEnded(0.0, turn, 0, 0.0, 0.0, 0.0, "silence")


def lags(stream: EventStream) -> list[float]:
    found: list[float] = []
    stream.listen(lambda event: found.append(event["lag_s"]) if event["event"] == "transcript" else None)
    return found


def test_the_lag_of_a_transcript_is_wall_time_from_its_own_turns_decision() -> None:
    wall = Wall(10.0)
    stream = EventStream(None, PARTNERS, wall)
    found = lags(stream)
    stream.write(ended(1))
    wall.now = 11.0
    stream.write(ended(2))
    wall.now = 12.5
    stream.write(Transcript(0.0, 1, "late", True, 0.0))
    stream.write(Transcript(0.0, 2, "late", True, 0.0))
    assert found == [2.5, 1.5]


def test_a_transcript_before_the_decision_or_after_a_reopening_has_no_lag() -> None:
    wall = Wall(10.0)
    stream = EventStream(None, PARTNERS, wall)
    found = lags(stream)
    stream.write(Transcript(0.0, 1, "early", False, 0.0))
    stream.write(ended(1))
    wall.now = 11.0
    stream.write(TurnReopened(0.0, 1))
    stream.write(Transcript(0.0, 1, "goes on", False, 0.0))
    assert found == [0.0, 0.0]


def test_names_of_every_script_come_back_as_they_were(tmp_path: Path) -> None:
    partners = ('Zoë "Zo" {0}', "\u05d3\u05d5\u05d3 🌻")
    stream = EventStream(tmp_path / "e.jsonl", partners, Wall())
    stream.write(Command(0.0, "help", 0))
    stream.write(Command(0.0, "help", 1))
    stream.close()
    lines = (tmp_path / "e.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["by"] for line in lines] == list(partners)


class FullAfter:
    """A file on a disk that fills up."""

    def __init__(self, lines: int) -> None:
        self.room, self.closed, self.text = lines, False, ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        self.room -= 1
        if self.room < 0:
            raise OSError(28, "No space left on device")

    def close(self) -> None:
        self.closed = True
        raise OSError(28, "No space left on device")


def test_a_disk_that_fills_up_is_told_once_and_the_file_closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = FullAfter(1)
    monkeypatch.setattr(Path, "open", lambda *args, **options: file)
    stream = EventStream(tmp_path / "e.jsonl", PARTNERS, Wall())
    told: list[str] = []
    stream.listen(lambda event: told.append(event["event"]))
    stream.write(Recovered(0.0, "voice"))
    with pytest.raises(OSError, match="No space left"):
        stream.write(Recovered(0.0, "voice"))
    stream.write(Recovered(0.0, "voice"))
    assert told == ["recovered"] * 3
    assert file.closed


def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot be written: No such file or directory\. Name a file in a folder"):
        EventStream(tmp_path / "none" / "e.jsonl", PARTNERS, Wall())
