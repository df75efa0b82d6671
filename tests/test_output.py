"""Plain lines, whatever is in them and whatever becomes of the reader."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from voice_imago import output


def test_a_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("Listening. Ana speaks.")
    output.error("No microphone was found.")
    captured = capsys.readouterr()
    assert captured.out == "Listening. Ana speaks.\n"
    assert captured.err == "No microphone was found.\n"


def test_nothing_that_a_terminal_obeys_gets_through(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("A\x1b[31mna\r, \u202eneB\x07\x00\x9b2J go\ud800 on")
    assert capsys.readouterr().out == "A[31mna, neB2J go on\n"
    output.say("a\tb")
    assert capsys.readouterr().out == "a   b\n"


def test_several_lines_stay_several(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("one\r\ntwo\n")
    assert capsys.readouterr().out == "one\ntwo\n\n"


def test_names_of_any_script_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("Zoë, שרה, 小明, 👩\u200d🚀")
    assert capsys.readouterr().out == "Zoë, שרה, 小明, 👩\u200d🚀\n"


def test_what_the_terminal_cannot_show_becomes_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", newline=""))
    output.say("Zoë speaks – now.")
    assert raw.getvalue() == b"Zo? speaks ? now.\n"


def test_without_any_output_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    output.say("nobody reads this")


def test_a_closed_output_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    output.say("nobody reads this")


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_when_the_reader_goes_away_the_program_goes_on_without_a_traceback() -> None:
    script = (
        "import sys; from voice_imago import output\n"
        "sys.stdin.readline()\n"
        "for _ in range(100): output.say('x' * 1000)\n"
        "output.error('went on')"
    )
    reading, writing = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    os.close(writing)
    os.close(reading)
    _, errors = child.communicate(b"\n", timeout=30)
    assert errors == b"went on\n"
    assert child.returncode == 0


def test_progress_tells_whole_quarters_once() -> None:
    told: list[str] = []
    progress = output.Progress("Downloading the speech model", 200, told.append)
    for done in (0, 10, 49, 50, 51, 40, 50, 120, 160, 199, 200, 200):
        progress.update(done)
    assert told == [f"Downloading the speech model: {percent} percent." for percent in (25, 50, 75, 100)]


@pytest.mark.parametrize("total", [0, -1])
def test_progress_of_nothing_is_done_at_once(total: float) -> None:
    told: list[str] = []
    progress = output.Progress("Preparing", total, told.append)
    progress.update(0)
    progress.update(5)
    assert told == ["Preparing: 100 percent."]


def test_progress_goes_to_the_screen_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    output.Progress("Preparing", 4).update(9)
    assert capsys.readouterr().out == "Preparing: 100 percent.\n"
