"""The real program in a room with an echo: it tests itself, says that it listens while it speaks, and gives way."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from couple_at_the_table import PLAIN, Guided, recorded, speak_fast, spoken, start_program
from test_live_faults import about, end_of, wait_for
from virtual_room import VirtualRoom

FULL = tuple("auto" if word == "half" else word for word in PLAIN)


def prompts(guided: Guided, kind: str) -> list[str]:
    return [str(event["prompt"]) for event in guided.events if event["event"] == kind]


@pytest.mark.timeout(180)
def test_it_hears_itself_out_says_so_and_gives_way_to_a_partner(room: VirtualRoom, tmp_path: Path) -> None:
    pytest.importorskip("livekit.rtc")
    room.echo(-12.0)
    ben = recorded("B", tmp_path / "ben.wav", 2.5) or spoken("Yes, I am ready.", "en-gb+m3", tmp_path / "ben.wav")
    speak_fast(tmp_path)
    guided = start_program(room, tmp_path, "--recogniser", "none", *FULL)
    try:
        wait_for(guided, about("task_done", task="test_echo", outcome="full"))
        wait_for(guided, about("prompt_finished", prompt="echo.full"))
        assert not [event for event in guided.events if event["event"] == "barged_in"], "it triggered itself"
        wait_for(guided, about("prompt_started", prompt="appreciation.invite"))
        time.sleep(0.3)
        room.say(ben)
        wait_for(guided, about("barged_in", prompt="appreciation.invite"))
        wait_for(guided, about("prompt_finished", prompt="appreciation.invite", interrupted=True))
        wait_for(guided, about("turn_ended"))
        guided.press("q")
        assert guided.process.wait(timeout=40.0) == 0, (tmp_path / "out.txt").read_text()
    finally:
        end_of(guided)
    assert prompts(guided, "prompt_started").count("echo.full") == 1
    assert "Traceback" not in (tmp_path / "out.txt").read_text()
