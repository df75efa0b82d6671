"""Sentences outside of a dialogue: every line is printed and said; no word of the couple is in a sound on the disk."""

from __future__ import annotations

import shutil
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from voice_imago.dialogue.script import load_script
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.errors import DeviceError
from voice_imago.journal.telling import Told, sentences
from voice_imago.runtime import journal_commands, read_aloud
from voice_imago.runtime.devices import Device
from voice_imago.runtime.read_aloud import ENDING_S
from voice_imago.settings import Settings

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
TOLD = [
    Told("guide.due_week", {"name": "Ben", "what": "carrying the xylophone"}, own=True),
    Told("guide.practice_one", {}),
]


@dataclass
class Heard:
    """A loudspeaker that remembers, and may break."""

    breaks_after: int = 99
    device: int | str | None = None
    blocks: list[Samples] = field(default_factory=list)
    closed: bool = False

    def open(self, device: int | str | None = None) -> Heard:
        self.device = device
        return self

    def play(self, block: Samples) -> None:
        if len(self.blocks) >= self.breaks_after:
            raise DeviceError("The loudspeaker is gone.", "Plug it in.")
        self.blocks.append(block)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def lines() -> list[str]:
    return sentences(TOLD, load_script().languages["en"])


def plug_in(monkeypatch: pytest.MonkeyPatch, heard: Heard) -> Heard:
    monkeypatch.setattr(
        read_aloud, "list_devices", lambda kind: [Device(3, "kitchen", "ALSA", 2, 48_000.0, default=True)]
    )
    monkeypatch.setattr(read_aloud, "find_device", lambda kind, wanted: 3 if wanted == "kitchen" else None)
    monkeypatch.setattr(read_aloud, "Aloud", heard.open)
    return heard


def said_and_printed(lines: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    left = deque(lines)
    journal_commands._say(left, load_script(), "en", kept=lines[1:])
    told = capsys.readouterr()
    return [*told.out.splitlines(), *left], told.err


def test_each_line_is_printed_and_said(
    home: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = plug_in(monkeypatch, Heard())
    assert said_and_printed(lines, capsys) == (lines, "")
    *spoken, last = heard.blocks
    assert [len(block) > HEAR_HZ and np.abs(block).max() > 0.01 for block in spoken] == [True, True]
    assert len(last) == ENDING_S * HEAR_HZ, "the last word is heard to its end"
    assert heard.closed
    assert len(list(home.rglob("*.wav"))) == 1, "only the sentence without their words"


def test_without_a_loudspeaker_it_is_printed(
    home: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(read_aloud, "list_devices", lambda kind: [])
    monkeypatch.setattr("voice_imago.runtime.devices.list_devices", lambda kind: [])
    printed, told = said_and_printed(lines, capsys)
    assert printed == lines
    assert "loudspeaker" in told
    assert len(told.splitlines()) <= 2


def test_a_loudspeaker_that_breaks_on_the_way_costs_no_printed_line(
    home: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = plug_in(monkeypatch, Heard(breaks_after=1))
    printed, told = said_and_printed(lines, capsys)
    assert printed == lines, "each line once"
    assert "The loudspeaker is gone." in told
    assert heard.closed


def test_it_speaks_at_the_loudspeaker_of_the_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = plug_in(monkeypatch, Heard())
    read_aloud.read_aloud(["Go on."], load_script(), Settings(output="kitchen"))
    assert heard.device == 3


def test_english_lines_are_spoken_by_an_english_voice_in_any_language(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor speaks English to a German couple: what a German voice makes of that nobody understands."""
    plug_in(monkeypatch, Heard())
    asked: list[str] = []
    real = read_aloud.make_prompts

    def noted(script: object, language: str, *rest: object, **more: object) -> object:
        asked.append(language)
        return real(script, language, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(read_aloud, "make_prompts", noted)
    read_aloud.read_aloud(["Go on."], load_script(), Settings(language="de"))
    assert asked == ["en"]


def test_nothing_to_say_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = plug_in(monkeypatch, Heard())
    read_aloud.read_aloud([], load_script(), Settings())
    assert heard.device is None
