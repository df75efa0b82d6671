"""When a turn is over: pauses cut against latency, short answers, the other voice taking over. See ``hearing.py``."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from hearing_cases import Case, Heard, Truth, hear_all

from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Samples, VoiceSettings
from voice_imago.engines.voice_espeak import EspeakVoice
from voice_imago.engines.voiceprint_enrolment import make_voiceprint
from voice_imago.errors import VoiceError
from voice_imago.events import TurnEnded, Window
from voice_imago.hearing.endpointing import THINKING
from voice_imago.hearing.hearing import Hearing, HearingSettings
from voice_imago.runtime.listening import read_all

END_SILENCES_S = (0.6, 0.8, 1.0, 1.5, 2.0, 2.4, 2.5, 2.6, 3.0, 3.5)
TIMINGS = Path(__file__).resolve().parent.parent / "prompts" / "dialogues" / "timings.toml"
VOICES = ("en-us", "en-gb+f3", "en-us+m3", "en-gb+f4")
ANSWERS = (
    *("Yes.", "No.", "Yes, please.", "I think so.", "Not yet.", "Partly.", "That is right.", "Ready."),
    *("Well, yes.", "No, not really.", "Um, yes, I did.", "Yes, and there was more.", "Almost, but not quite."),
)
TAIL_S = 9.0
"""Seconds of the room after a turn; longer than any patience."""


@dataclass(frozen=True, slots=True)
class LoneTurn:
    """One turn, followed by the same room without speech."""

    sound: Samples
    heard: Heard
    start_s: float
    end_s: float
    pauses: int
    """Pauses of at least 0.3 s."""


def lone_turns(cases: Sequence[Case]) -> list[LoneTurn]:
    """Every turn of the conversations that nobody else speaks into."""
    found = []
    for case in cases:
        sound, quiet = read_all(case.sound), _room(case)
        for turn in case.truth["turns"]:
            if undisturbed(case.truth, turn):
                begin, end = (round(t * HEAR_HZ) for t in (max(0.0, turn["start"] - 0.05), turn["end"] + 0.05))
                pauses = sum(p["end"] - p["start"] >= 0.3 for p in turn["pauses"])
                found.append(_alone(quiet, sound[begin:end], pauses))
    return found


def _room(case: Case) -> Samples:
    """The conversation's room before anybody speaks."""
    lead_s = float(case.truth.get("lead_s", 3.0)) - 0.3
    return read_all(case.sound)[: round(lead_s * HEAR_HZ)]


def _alone(quiet: Samples, speech: Samples, pauses: int) -> LoneTurn:
    tail = np.resize(np.concatenate((quiet, quiet[::-1])), round(TAIL_S * HEAR_HZ))
    sound = np.concatenate((quiet, speech, tail))
    start_s, end_s = len(quiet) / HEAR_HZ, (len(quiet) + len(speech)) / HEAR_HZ - 0.05
    return LoneTurn(sound, hear_all(sound, "silero"), start_s, end_s, pauses)


def undisturbed(truth: Truth, turn: dict[str, Any]) -> bool:
    others = [s for s in truth["segments"] if s["speaker"] != turn["speaker"]]
    return not any(s["start"] < turn["end"] + 0.1 and s["end"] > turn["start"] - 0.1 for s in others)


# ---------------------------------------------------------------------- curves


HEAD = "pauses cut   turns cut   latency mean   p95"


def row(turns: Sequence[LoneTurn], ends: Sequence[tuple[int, float | None]]) -> str:
    """One row under ``HEAD``: from each turn's number of early ends, and the latency of its true one."""
    pauses = max(1, sum(turn.pauses for turn in turns))
    late = [latency for _, latency in ends if latency is not None]
    mean, p95 = (float(np.mean(late)), float(np.percentile(late, 95))) if late else (np.nan, np.nan)
    cut = sum(count for count, _ in ends) / pauses
    return f"{cut:10.3f}   {sum(n > 0 for n, _ in ends) / len(turns):9.3f}   {mean:12.2f}   {p95:.2f}"


def measure_endpoint(turns: Sequence[LoneTurn]) -> None:
    """Silence alone decides; each turn stands alone."""
    pauses = sum(turn.pauses for turn in turns)
    print(f"\n{len(turns)} lone turns with {pauses} pauses of at least 0.3 s\nend silence s   {HEAD}")
    settings = settings_for(make_detector("silero"), continuous=True)
    settings = replace(settings, endpoint=replace(settings.endpoint, learn=False))
    for silence_s in END_SILENCES_S:
        ends = [_ends(turn, settings, Window("send", 0, 1, "send", silence_s)) for turn in turns]
        print(f"{silence_s:13.1f}   {row(turns, ends)}")


def measure_kinds(turns: Sequence[LoneTurn]) -> None:
    """Every step kind with its own end silence, at each of the couple's settings."""
    print(f"\nstep kind  setting  end silence s   {HEAD}")
    for kind, timing in tomllib.loads(TIMINGS.read_text()).items():
        for thinking, factor in THINKING.items():
            settings = settings_for(make_detector("silero"), thinking=thinking, continuous=True)
            window = Window(kind, 0, 1, kind, timing["end_silence_s"])
            ends = [_ends(turn, settings, window) for turn in turns]
            print(f"{kind:9s}  {thinking:7s}  {window.end_silence_s * factor:13.2f}   {row(turns, ends)}")


def _ends(turn: LoneTurn, settings: HearingSettings, window: Window) -> tuple[int, float | None]:
    hearing = Hearing(settings)
    hearing.expect(window, 0.0)
    ends = [f.decided for heard in turn.heard for f in hearing.feed(heard) if isinstance(f, TurnEnded)]
    late = [end - turn.end_s for end in ends if end >= turn.end_s]
    return sum(turn.start_s < end < turn.end_s for end in ends), late[0] if late else None


# ---------------------------------------------------------------------- short answers


def measure_short(cases: Sequence[Case]) -> None:
    """Short answers of the machine's voices in the rooms of the set, and people's short phrases out of it."""
    settings = settings_for(make_detector("silero"), continuous=True)
    for title, answers in (("machine's voices", _spoken(cases)), ("people's own short phrases", _phrases(cases))):
        if not answers:
            print(f"\nshort answers, {title}: none here (Debian and Ubuntu: sudo apt-get install -y espeak-ng)")
            continue
        print(f"\n{len(answers)} short answers, {title}\nend silence s   false ends   never heard   latency mean   p95")
        for silence_s in (0.4, 0.5, 0.6, 0.8, 1.0, 1.2):
            ends = [_ends(answer, settings, Window("answer", 0, 1, "answer", silence_s)) for answer in answers]
            late = [latency for _, latency in ends if latency is not None] or [np.nan]
            early, lost = (np.mean(found) for found in ([n > 0 for n, _ in ends], [end == (0, None) for end in ends]))
            mean, p95 = np.mean(late), np.percentile(late, 95)
            print(f"{silence_s:13.1f}   {early:10.3f}   {lost:11.3f}   {mean:12.2f}   {p95:.2f}")


def _spoken(cases: Sequence[Case]) -> list[LoneTurn]:
    engine, found = EspeakVoice(), []
    rooms = [_room(case) for case in cases[:: max(1, len(cases) // 4)]][:4]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.wav"
        for n, text in enumerate(ANSWERS):
            for m, voice in enumerate(VOICES):
                try:
                    engine.render(text, VoiceSettings(voice), path)
                except VoiceError:
                    return []
                found.append(_alone(rooms[(n + m) % len(rooms)], *_answer(read_all(path), rooms[(n + m) % len(rooms)])))
    return found


def _answer(speech: Samples, room: Samples) -> tuple[Samples, int]:
    """An answer at the partners' usual level, its silent ends cut off, in the room."""
    loud = np.flatnonzero(np.abs(speech) > 0.02 * np.abs(speech).max())
    speech = speech[loud[0] : loud[-1] + round(0.05 * HEAR_HZ)]
    speech = speech * np.float32(10.0 ** (-26.0 / 20.0) / np.sqrt(np.mean(speech**2)))
    return speech + np.resize(room, len(speech)), 0


def _phrases(cases: Sequence[Case]) -> list[LoneTurn]:
    """Speech of 0.3 to 2 s between two silences of at least 0.3 s."""
    found = []
    for case in cases:
        if not case.name.startswith("c"):
            continue
        sound, parts = read_all(case.sound), sorted(case.truth["segments"], key=lambda s: float(s["start"]))
        for before, part, after in zip(parts, parts[1:], parts[2:], strict=False):
            alone = part["start"] - before["end"] >= 0.3 and after["start"] - part["end"] >= 0.3
            if alone and 0.3 <= part["end"] - part["start"] <= 2.0:
                begin, end = (round(t * HEAR_HZ) for t in (part["start"] - 0.05, part["end"] + 0.05))
                found.append(_alone(_room(case), sound[begin:end], 0))
    return found


# ---------------------------------------------------------------------- the other voice


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
