"""The history by voice: every line is printed and said, and no word of the couple is in a sound on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.dialogue.driver import real_script
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.errors import DeviceError
from voice_imago.journal.telling import Told, sentences
from voice_imago.runtime import history_aloud
from voice_imago.runtime.history_aloud import say_history

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
TOLD = [
    Told("guide.due_week", {"name": "Ben", "what": "carrying the xylophone"}, own=True),
    Told("guide.practice_one", {}),
]


class Heard:
    """A loudspeaker that remembers."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.closed = False

    def play(self, block: Samples) -> None:
        self.seconds.append(len(block) / HEAR_HZ)
        assert np.abs(block).max() > 0.01 or len(self.seconds) > len(TOLD)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def lines() -> list[str]:
    return sentences(TOLD, real_script().languages["en"])


def test_each_line_is_printed_and_said(
    home: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = Heard()
    monkeypatch.setattr(history_aloud, "Aloud", lambda: heard)
    say_history(real_script(), "en", TOLD, lines)
    assert capsys.readouterr().out.splitlines() == lines
    assert len(heard.seconds) == 3
    assert min(heard.seconds[:2]) > 1.0
    assert heard.closed
    assert len(list(home.rglob("*.wav"))) == 1, "only the sentence without their words"


def test_without_a_loudspeaker_it_is_printed(
    home: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none() -> Heard:
        raise DeviceError("No loudspeaker was found.", "Plug one in.")

    monkeypatch.setattr(history_aloud, "Aloud", none)
    say_history(real_script(), "en", TOLD, lines)
    told = capsys.readouterr()
    assert told.out.splitlines() == lines
    assert "No loudspeaker was found." in told.err
