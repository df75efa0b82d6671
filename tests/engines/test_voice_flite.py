"""Flite as it is installed here: whole prompts, its own voices only, and never the network."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from voice_imago.engines import voice_flite
from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import Deadline, Finished, read_wav
from voice_imago.engines.voice_flite import FliteVoice
from voice_imago.errors import VoiceError

pytestmark = pytest.mark.skipif(not FliteVoice.installed(), reason="flite is not installed")

TEXT = "Ana, name one thing you value about Ben."


def seconds(path: Path) -> float:
    rate_hz, sound = read_wav(path)
    return sound.size / rate_hz


def test_its_best_voices_come_first_and_what_cannot_speak_is_left_out() -> None:
    voices = FliteVoice().voices()
    assert voices[0] == "rms"
    assert "awb_time" not in voices
    assert FliteVoice().name.startswith("flite 2.")


def test_a_name_that_is_not_listed_never_reaches_the_program(tmp_path: Path) -> None:
    """Flite would take it for a file or fetch it."""
    log = tmp_path / "asked"
    command = tmp_path / "flite"
    command.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {shutil.which("flite")} "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    voice = FliteVoice(str(command))
    for name in ("http://127.0.0.1:9/voice", "/etc/passwd", "nobody"):
        with pytest.raises(VoiceError, match="There is no voice"):
            voice.render(TEXT, VoiceSettings(name), tmp_path / "a.wav")
    assert log.read_text().split("\n") == ["-lv", ""]


@pytest.mark.parametrize("rate_wpm", [93, 375])
def test_the_pace_is_what_was_asked_for(tmp_path: Path, rate_wpm: int) -> None:
    FliteVoice().render(TEXT, VoiceSettings("rms", 155), tmp_path / "usual.wav")
    FliteVoice().render(TEXT, VoiceSettings("rms", rate_wpm), tmp_path / "other.wav")
    assert seconds(tmp_path / "other.wav") * rate_wpm == pytest.approx(seconds(tmp_path / "usual.wav") * 155, rel=0.1)


def test_the_text_is_in_no_list_of_processes(tmp_path: Path) -> None:
    log = tmp_path / "asked"
    command = tmp_path / "flite"
    command.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {shutil.which("flite")} "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    FliteVoice(str(command)).render(TEXT, VoiceSettings("rms"), tmp_path / "a.wav")
    assert "Ana" not in log.read_text()


def test_a_hanging_program_is_killed(tmp_path: Path) -> None:
    command = tmp_path / "flite"
    command.write_text(f'#!/bin/sh\n[ "$1" = -lv ] && exec {shutil.which("flite")} "$@"\nexec sleep 600\n')
    command.chmod(0o700)
    with pytest.raises(VoiceError, match="did not finish within 1 seconds"):
        FliteVoice(str(command), Deadline(1.0, 0.0)).render(TEXT, VoiceSettings("rms"), tmp_path / "a.wav")
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_half_a_file_is_no_prompt(tmp_path: Path) -> None:
    """A file that is shorter than its header says, as a full disk leaves it."""
    command = tmp_path / "flite"
    flite = shutil.which("flite")
    command.write_text(f'#!/bin/sh\n{flite} "$@"\nfor last; do :; done\n[ "$1" = -lv ] || truncate -s -9000 "$last"\n')
    command.chmod(0o700)
    with pytest.raises(VoiceError, match="shorter than its header says"):
        FliteVoice(str(command)).render(TEXT, VoiceSettings("rms"), tmp_path / "a.wav")
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    "text",
    [
        '<speak><break time="9s"/>Go on.</speak>',
        "Go\x00 on\x07,\x1b[31m Ana\u202e.\ud800",
        "-o /tmp/x Go on.",
        "שרה 😀, go on.",
    ],
)
def test_markup_and_signs_are_neither_obeyed_nor_a_fault(tmp_path: Path, text: str) -> None:
    FliteVoice().render(text, VoiceSettings("slt"), tmp_path / "a.wav")
    assert 0.4 < seconds(tmp_path / "a.wav") < 5.0


def test_several_texts_of_one_process_are_what_the_program_says(tmp_path: Path) -> None:
    texts, targets = [TEXT, "Go on.", "Ben, say back what you heard."], [tmp_path / f"{n}.wav" for n in range(3)]
    settings = VoiceSettings("slt", 200, 0.5)
    flite = FliteVoice()
    flite.render_many(texts, settings, targets)
    if not targets[0].exists():
        pytest.skip("the libraries of Flite are not installed here")
    for text, target in zip(texts, targets, strict=True):
        flite.render(text, settings, tmp_path / "alone.wav")
        rate_hz, alone = read_wav(tmp_path / "alone.wav")
        also_hz, together = read_wav(target)
        assert (also_hz, together.size) == (rate_hz, alone.size)
        assert np.corrcoef(alone, together)[0, 1] > 0.9, "the same but for the noise in it"
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.wav", "1.wav", "2.wav", "alone.wav"]


@pytest.mark.parametrize(
    "body", ["import os; os._exit(11)", "print('nonsense')", "print('{\"count\": 0}')", "import time; time.sleep(60)"]
)
def test_a_process_that_breaks_leaves_nothing_and_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(voice_flite, "CHILD", (sys.executable, "-c", body))
    flite = FliteVoice(deadline=Deadline(0.5, 0.0))
    flite.render_many([TEXT], VoiceSettings("rms"), [tmp_path / "a.wav"])
    assert list(tmp_path.iterdir()) == []
    FliteVoice().render(TEXT, VoiceSettings("rms"), tmp_path / "a.wav")


def test_no_text_that_is_spoken_with_others_is_in_a_list_of_processes_or_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    flite = FliteVoice()
    run = flite._children.run

    def noted(command: Sequence[str], stdin: bytes, deadline_s: float) -> Finished:
        seen.append(" ".join(command).encode())
        finished = run(command, stdin, deadline_s)
        seen.extend(path.read_bytes() for path in tmp_path.iterdir())
        return finished

    monkeypatch.setattr(flite._children, "run", noted)
    flite.render_many([TEXT, TEXT], VoiceSettings("rms"), [tmp_path / "a.wav", tmp_path / "b.wav"])
    assert len(seen) == 4, "the voices were listed, then the child was asked"
    assert not any(b"value about" in one for one in seen)
