"""Flite as it is installed here: whole prompts, its own voices only, and never the network."""

from __future__ import annotations

import shutil
import stat
import sys
from pathlib import Path

import pytest

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import Deadline, read_wav
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
