"""The real program at the virtual table when things break: sound that dies and comes back, and every way of ending."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from couple_at_the_table import PLAIN, Guided, speak_fast, start_program
from virtual_room import VirtualRoom

PATIENCE_S = 40.0


def wait_for(guided: Guided, what: Callable[[dict[str, object]], bool]) -> None:
    """Until such an event was written."""
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:
        guided.new_events()
        if any(what(event) for event in guided.events):
            return
        assert guided.process.poll() is None, "the program ended"
        time.sleep(0.05)
    raise AssertionError(json.dumps(guided.events, indent=1))


def about(kind: str, **fields: object) -> Callable[[dict[str, object]], bool]:
    return lambda event: event["event"] == kind and fields.items() <= event.items()


def end_of(guided: Guided) -> None:
    guided.process.kill()
    guided.process.communicate()


def left_behind(folder: Path) -> Iterator[str]:
    """Commands of processes that were started with this test's home."""
    mark = f"VOICE_IMAGO_HOME={folder / 'home'}".encode()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue


@pytest.mark.timeout(180)
def test_when_the_sound_system_dies_and_comes_back_the_dialogue_goes_on(room: VirtualRoom, tmp_path: Path) -> None:
    speak_fast(tmp_path)
    guided = start_program(room, tmp_path, "--recogniser", "none", *PLAIN)
    try:
        wait_for(guided, about("listening", step="invite"))
        room.switch_off()
        wait_for(guided, about("fault", part="microphone", code="lost"))
        wait_for(guided, about("fault", part="loudspeaker", code="lost"))
        wait_for(guided, about("prompt_finished", prompt="guide.microphone_lost"))
        room.start()
        wait_for(guided, about("recovered", part="microphone"))
        wait_for(guided, about("recovered", part="loudspeaker"))
        wait_for(guided, about("prompt_started", prompt="guide.loudspeaker_back"))
        guided.press("q")
        assert guided.process.wait(timeout=PATIENCE_S) == 0, (tmp_path / "out.txt").read_text()
    finally:
        end_of(guided)
    guided.new_events()
    times = [event["t"] for event in guided.events]
    assert times == sorted(times)
    assert sum(1 for event in guided.events if event["event"] == "fault") == 2
    assert guided.events[-1]["reason"] == "stopped"
    assert "Traceback" not in (tmp_path / "out.txt").read_text()


@pytest.mark.timeout(120)
def test_a_microphone_that_is_switched_off_and_a_loudspeaker_that_is_taken_away_are_told_and_come_back(
    room: VirtualRoom, tmp_path: Path
) -> None:
    """The microphone gives exact zeros then; the loudspeaker can be opened all the time, and takes no sound."""
    speak_fast(tmp_path)
    guided = start_program(room, tmp_path, "--recogniser", "none", *PLAIN)
    try:
        wait_for(guided, about("listening", step="invite"))
        room.mute_microphone(on=True)
        wait_for(guided, about("fault", part="microphone", code="silent"))
        wait_for(guided, about("prompt_started", prompt="guide.microphone_silent"))
        room.mute_microphone(on=False)
        wait_for(guided, about("recovered", part="microphone"))
        wait_for(guided, about("prompt_started", prompt="guide.microphone_back"))
        wait_for(guided, lambda event: asked_again(guided, "appreciation.invite", 2))
        room.stop_loudspeaker(on=True)
        wait_for(guided, about("fault", part="loudspeaker", code="lost"))
        wait_for(guided, about("prompt_finished", prompt="guide.loudspeaker_lost", interrupted=False))
        room.stop_loudspeaker(on=False)
        wait_for(guided, about("recovered", part="loudspeaker"))
        wait_for(guided, lambda event: asked_again(guided, "appreciation.invite", 3))
        guided.press("q")
        assert guided.process.wait(timeout=PATIENCE_S) == 0, (tmp_path / "out.txt").read_text()
    finally:
        end_of(guided)
    faults = [event["part"] for event in guided.events if event["event"] == "fault"]
    assert faults == ["microphone", "loudspeaker"], "each is told once, and takes the other with it nowhere"
    assert "Traceback" not in (tmp_path / "out.txt").read_text()


@pytest.mark.timeout(120)
def test_a_recogniser_that_dies_is_started_again_and_keys_lead_on_meanwhile(room: VirtualRoom, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    speak_fast(tmp_path)
    guided = start_program(room, tmp_path, "--recogniser", "answers", *PLAIN)
    try:
        wait_for(guided, about("listening", step="invite"))
        for process in scribes_of(guided):
            os.kill(process, signal.SIGKILL)
        wait_for(guided, about("fault", part="recogniser", code="died"))
        guided.press("y")
        wait_for(guided, about("step_entered", step="thing"))
        wait_for(guided, about("recovered", part="recogniser"))
        guided.press("q")
        assert guided.process.wait(timeout=PATIENCE_S) == 0, (tmp_path / "out.txt").read_text()
    finally:
        end_of(guided)
    faults = [event["code"] for event in guided.events if event["event"] == "fault"]
    assert faults == ["died"]
    assert "Traceback" not in (tmp_path / "out.txt").read_text()


def scribes_of(guided: Guided) -> list[int]:
    """The processes that recognise for this program; there is one."""
    children = Path(f"/proc/{guided.process.pid}/task").glob("*/children")
    numbers = [int(number) for each in children for number in each.read_text().split()]
    found = [number for number in numbers if b"scribe_child" in Path(f"/proc/{number}/cmdline").read_bytes()]
    assert found
    return found


def asked_again(guided: Guided, prompt: str, times: int) -> bool:
    """The last sentence is repeated."""
    return sum(about("prompt_started", prompt=prompt)(event) for event in guided.events) >= times


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("end", "code", "reason"),
    [
        (signal.SIGINT, 0, "stopped"),
        (signal.SIGTERM, 128 + signal.SIGTERM, None),
        (signal.SIGKILL, -signal.SIGKILL, None),
    ],
)
def test_however_it_ends_no_process_is_left(
    room: VirtualRoom, tmp_path: Path, end: signal.Signals, code: int, reason: str | None
) -> None:
    """With a recogniser in a child of its own, and prompts being rendered ahead."""
    pytest.importorskip("pocketsphinx")
    guided = start_program(room, tmp_path, "--recogniser", "answers", *PLAIN)
    try:
        wait_for(guided, about("prompt_started"))
        guided.process.send_signal(end)
        assert guided.process.wait(timeout=PATIENCE_S) == code, (tmp_path / "out.txt").read_text()
    finally:
        end_of(guided)
    ends_at = time.monotonic() + 10.0
    while (left := list(left_behind(tmp_path))) and time.monotonic() < ends_at:
        time.sleep(0.05)
    assert left == []
    guided.new_events()
    assert "Traceback" not in (tmp_path / "out.txt").read_text()
    if reason:
        assert guided.events[-1]["reason"] == reason
