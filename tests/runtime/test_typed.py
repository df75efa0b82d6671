"""The typed dialogue: both dialogues to their end, no line swallowed, the end of input and Ctrl-C are a stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from voice_imago.dialogue.engine import Course
from voice_imago.dialogue.script import Script, load_script
from voice_imago.events import KeyPressed, LineTyped
from voice_imago.runtime.scene import find_scene, read_scene
from voice_imago.runtime.typed import TypedPlan, as_input, run_typed

ROOT = Path(__file__).parents[2]
PARTNERS = ("Ana", "Ben")
COMMAND = [sys.executable, "-m", "voice_imago", "start", "--typed", "--straight", "--partners", *PARTNERS]
SHORT = "Ana: Is now a good time?\nBen: Not now, later.\n"


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("\n", "space"),
        ("  \n", "space"),
        ("space", "space"),
        ("Y\n", "y"),
        ("n", "n"),
        ("R", "r"),
        ("q\r\n", "q"),
        ("+", "+"),
        ("2", "2"),
        ("Ana: y", "y"),
    ],
)
def test_a_key_is_its_letter_in_a_line_of_its_own(line: str, key: str) -> None:
    assert as_input(line, PARTNERS, 1.0) == KeyPressed(1.0, key)


@pytest.mark.parametrize(
    ("line", "text", "by"),
    [
        ("Ana: thank you", "thank you", 0),
        ("ben:thank you\n", "thank you", 1),
        ("  BEN :  thank you: really", "thank you: really", 1),
        ("thank you", "thank you", None),
        ("Anabel: thank you", "Anabel: thank you", None),
        ("what I hear: you are tired", "what I hear: you are tired", None),
        ("²", "²", None),
    ],
)
def test_a_name_in_front_says_whose_words_they_are(line: str, text: str, by: int | None) -> None:
    assert as_input(line, PARTNERS, 1.0) == LineTyped(1.0, text, by)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "names", [("Zoë-Lou", "Øyvind"), ("Strauß", "STRAUSZ"), ("\u05d3\u05d5\u05d3", "🌻Ina"), ("{0}A", '"B"')]
)
def test_names_of_every_script_can_stand_in_front(names: tuple[str, str]) -> None:
    assert as_input(f"{names[0].upper()}: hello", names, 0.0) == LineTyped(0.0, "hello", 0)
    assert as_input(f"{names[1]}: hello", names, 0.0) == LineTyped(0.0, "hello", 1)


def lines_of(scene: str) -> list[str]:
    there = read_scene(find_scene(scene))
    return [line.key or f"{line.by.capitalize()}: {line.say}" for line in there.line if not line.overlap_s]


@pytest.mark.parametrize(("scene", "dialogue"), [("first_appreciation", "appreciation"), ("full_dialogue", "dialogue")])
def test_both_dialogues_reach_their_end_by_typed_lines(
    script: Script, tmp_path: Path, scene: str, dialogue: str
) -> None:
    """All lines are there at once, faster than anybody types; each is taken in its turn."""
    shown: list[str] = []
    lines, events = lines_of(scene), tmp_path / "e.jsonl"
    course = Course(dialogue, "en", PARTNERS)
    assert run_typed(script, TypedPlan(course, events, shown.append, lines)) == "finished"
    told = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    heard = [event["text"] for event in told if event["event"] == "transcript"]
    assert heard == [line.partition(": ")[2] for line in lines if ": " in line]
    assert shown == [event["text"] for event in told if event["event"] == "prompt_started"]


def test_the_end_of_input_stops_with_a_goodbye(script: Script) -> None:
    shown: list[str] = []
    plan = TypedPlan(Course("appreciation", "en", PARTNERS), None, shown.append, [])
    assert run_typed(script, plan) == "stopped"
    assert "We stop for today" in shown[-2]


def test_input_that_breaks_off_stops_too(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[str]:
        yield "Ana: Is now a good time?"
        raise OSError("the terminal is gone")

    monkeypatch.setattr("threading.excepthook", lambda arguments: None)
    plan = TypedPlan(Course("appreciation", "en", PARTNERS), None, lambda line: None, broken())
    assert run_typed(script, plan) == "stopped"


def test_a_piped_script_is_led_to_its_end() -> None:
    """`printf ... | voice-imago start --typed`"""
    done = subprocess.run(COMMAND, cwd=ROOT, input=SHORT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "See you next time" in done.stdout
    assert "We stop for today" not in done.stdout


def test_bytes_that_are_no_text_do_not_hang_it() -> None:
    done = subprocess.run(COMMAND, cwd=ROOT, input=b"\xff\xfe\x00\n", capture_output=True, timeout=30, check=False)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


class Typing:
    """The program with its input held open."""

    def __init__(self, *options: str) -> None:
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [*COMMAND, *options],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Typing:
        return self

    def __exit__(self, *failure: object) -> None:
        self.process.kill()
        self.process.communicate()

    def read_until(self, words: str) -> None:
        assert self.process.stdout is not None
        while words not in (line := self.process.stdout.readline()):
            assert line, f"{words!r} was never printed"

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self) -> tuple[int, str]:
        code = self.process.wait(timeout=20)
        assert self.process.stderr is not None
        return code, self.process.stderr.read()


def test_it_ends_by_itself_while_its_input_stays_open() -> None:
    """A thread that waits for a line must not break the end of the program."""
    with Typing() as typing:
        typing.type(SHORT)
        assert typing.end() == (0, "")


def test_who_types_nothing_gets_the_question_that_nobody_asked() -> None:
    with Typing() as typing:
        typing.type("Ana: Is now a good time?\nBen: Yes.\nAna: You sing in the car.\nBen: I sing in the car.\n")
        typing.read_until("did I get that?")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_is_the_stop_key(tmp_path: Path) -> None:
    events = tmp_path / "e.jsonl"
    with Typing("--events", str(events)) as typing:
        typing.read_until("is now a good time")
        typing.process.send_signal(signal.SIGINT)
        assert typing.end() == (0, "")
    assert json.loads(events.read_text(encoding="utf-8").splitlines()[-1])["reason"] == "stopped"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_to_end_ends_it_without_a_traceback() -> None:
    with Typing() as typing:
        typing.read_until("is now a good time")
        typing.process.send_signal(signal.SIGTERM)
        assert typing.end() == (128 + signal.SIGTERM, "")
