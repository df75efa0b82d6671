"""The first words of a rehearsal pass on the sample clock, and what was expected of them is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from voice_imago.dialogue.script import load_script
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.errors import UsageError
from voice_imago.runtime import rehearsal_typed
from voice_imago.runtime.rehearsal_typed import TypedBeginning, type_the_beginning
from voice_imago.runtime.scene import Partner, Scene
from voice_imago.settings import Settings

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
SPOKEN = Settings(voice="pyttsx3:en-us")
SCRIPT = load_script()


class Tones:
    """first_console.Voices without a voice: two seconds for each line."""

    def __init__(self, script: object, settings: object) -> None: ...

    def sound(self, line: str, language: str) -> Samples:
        return np.ones(2 * HEAR_HZ, np.float32)

    def close(self) -> None: ...


@pytest.fixture
def tones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal_typed, "Voices", Tones)


def typing(*typed: str) -> tuple[TypedBeginning, list[str], list[Samples]]:
    """What came of it, what was shown, what the guide sounded like."""
    shown: list[str] = []
    heard: list[Samples] = []
    partners = {"ana": Partner(voice="en-us"), "ben": Partner(voice="en-gb")}
    scene = Scene("typed", "set_up", partners, typed=typed, folder=Path())
    took = type_the_beginning(scene, SCRIPT, SPOKEN, shown.append, lambda couple, guide: heard.append(guide))
    return took, shown, heard


def test_lines_and_typing_take_the_time_that_they_take() -> None:
    took, shown, heard = typing("1", "1", "Ana", "Ben", "")
    assert took.problems == []
    assert took.seconds == pytest.approx(np.concatenate(heard).size / HEAR_HZ)
    assert 15.0 < took.seconds < 60.0
    assert shown.index("Typed: 1") == 2, "whoever hears their language types, in the middle of the next one"


def test_who_only_reads_hears_nothing_from_then_on(tones: None) -> None:
    took, shown, heard = typing("1", "2", "Ana", "Ben", "")
    assert took.mute == "voice"
    after = [guide for guide in heard if guide.any()]
    assert len(after) == 3, "two languages, and the ways"
    assert shown[-2].startswith("Ana and Ben.")


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (("2", "1", "1", "Ana", "Ben", ""), "typed: expected en, ('Ana', 'Ben'), got de, ('Ana', 'Ben')"),
        (("1", "1", "Ana", "Cem", ""), "got en, ('Ana', 'Cem')"),
        (("1", "1", "Ana", "Ben", "", "more"), "typed: nobody asked for 'more'"),
    ],
)
def test_what_was_expected_otherwise_is_told(tones: None, typed: tuple[str, ...], problem: str) -> None:
    took, _, _ = typing(*typed)
    assert len(took.problems) == 1
    assert problem in took.problems[0]


def test_a_scene_that_types_too_little_is_one_sentence(tones: None) -> None:
    with pytest.raises(UsageError, match="I do not know your names"):
        typing("1", "1", "Ana")
