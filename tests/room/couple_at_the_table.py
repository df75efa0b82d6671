"""Two people for the room tests: they follow the event stream, speak into the virtual microphone, press keys."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from virtual_room import VirtualRoom

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.recorded import read_sound, write_wav
from voice_imago.engines.voice_espeak import EspeakVoice

ROOT = Path(__file__).parents[2]
EVAL = ROOT.parent / "shared" / "eval"
RATE_HZ = 48_000


def spoken(text: str, voice: str, target: Path) -> Path:
    """A sentence in an installed voice."""
    EspeakVoice().render(text, VoiceSettings(voice, 150), target)
    return target


def recorded(which: str, target: Path, seconds: float = 3.5) -> Path | None:
    """A real person from the development set, where it is there."""
    source = EVAL / f"c04.enrol{which}.flac"
    if not source.is_file():
        return None
    sound = read_sound(source, RATE_HZ)[: int(seconds * RATE_HZ)]
    write_wav(target, [sound / np.abs(sound).max() * 0.5], RATE_HZ)
    return target


@dataclass
class Guided:
    """The real program in the room."""

    process: subprocess.Popen[str]
    events_file: Path
    seen: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def new_events(self) -> list[dict[str, Any]]:
        """Events since the last call; a line that is still being written waits."""
        if not self.events_file.exists():
            return []
        whole = self.events_file.read_text(encoding="utf-8").rpartition("\n")[0]
        lines = whole.splitlines()[self.seen :]
        self.seen += len(lines)
        new = [json.loads(line) for line in lines]
        self.events += new
        return new

    def close(self) -> None:
        """End the program if it still runs."""
        self.process.kill()
        self.process.communicate()

    def press(self, key: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{key}\n")
        self.process.stdin.flush()


def speak_fast(folder: Path) -> None:
    """The guide's settings of a test that has no time to lose."""
    (folder / "home").mkdir()
    (folder / "home" / "settings.toml").write_text("rate_wpm = 300\n", encoding="utf-8")


PLAIN = ("--straight", "--voices", "off", "--room", "off", "--echo", "half")
"""One dialogue alone, without the first evening's questions."""


def start_program(
    room: VirtualRoom,
    folder: Path,
    *options: str,
    command: str = "start",
    within: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Guided:
    """`voice-imago start` (or another command) as a user would, with its keys on standard input.

    ``within``: the words that start it where it may do less; ``env``: more of its environment.
    """
    events_file = folder / "events.jsonl"
    events_file.unlink(missing_ok=True)  # an earlier session's events would be answered
    words = [sys.executable, "-m", "voice_imago", command, "--partners", "Ana", "Ben", "--events", str(events_file)]
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen(
            [*within, *words, *options],
            cwd=ROOT,
            env={**room.env(), "VOICE_IMAGO_HOME": str(folder / "home"), **(env or {})},
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return Guided(process, events_file)


def lead_through(
    guided: Guided, room: VirtualRoom, clips: Mapping[str, Path], keys: Mapping[str, str], patience_s: float
) -> None:
    """Answer every listening window: with the step's key, else with the clip of whoever is expected, if anybody."""
    ends_at = time.monotonic() + patience_s
    while guided.process.poll() is None and time.monotonic() < ends_at:
        windows = [event for event in guided.new_events() if event["event"] == "listening"]
        if not windows:
            time.sleep(0.02)
            continue
        window = windows[-1]
        if window["step"] in keys:
            guided.press(keys[window["step"]])
        elif window["for"] in clips:
            time.sleep(0.4)
            room.say(clips[window["for"]])
    guided.new_events()


def loudness_during(recording: Path, prompts: Sequence[tuple[float, float]], began_wall: float) -> list[float]:
    """The rms of the loudspeaker while each prompt was on (walls of its start and end)."""
    sound = read_sound(recording, RATE_HZ)
    levels = []
    for start, end in prompts:
        part = sound[int((start - began_wall) * RATE_HZ) : int((end - began_wall) * RATE_HZ)]
        levels.append(float(np.sqrt(np.mean(np.square(part)))) if part.size else 0.0)
    return levels
