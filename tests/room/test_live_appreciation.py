"""The main job on real sound: a couple finishes an appreciation at the virtual kitchen table."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from couple_at_the_table import PLAIN, lead_through, loudness_during, recorded, spoken, start_program
from virtual_room import VirtualRoom

KEYS = {"invite": "y", "check": "y", "more": "n", "all_of_it": "y", "swap": "n", "deeper": "s"}


@pytest.mark.timeout(400)
def test_a_couple_finishes_an_appreciation_by_voice_and_keys(room: VirtualRoom, tmp_path: Path) -> None:
    """Every prompt is audible, every turn is heard, and the program ends by itself with 0."""
    story = "You made breakfast for us all."
    ana = recorded("A", tmp_path / "ana.wav") or spoken(story, "en-us+f3", tmp_path / "ana.wav")
    ben = recorded("B", tmp_path / "ben.wav") or spoken("You liked the breakfast.", "en-gb+m3", tmp_path / "ben.wav")
    recording = tmp_path / "loudspeaker.wav"
    began_wall = time.monotonic()
    room.record(recording)
    guided = start_program(room, tmp_path, "--recogniser", "none", "--thinking", "quick", *PLAIN)
    try:
        lead_through(guided, room, {"Ana": ana, "Ben": ben, "both": ben}, KEYS, patience_s=300.0)
        code = guided.process.wait(timeout=20.0)
    finally:
        guided.close()
    room.stop_recording()

    assert code == 0, (tmp_path / "out.txt").read_text()
    assert guided.events[-1]["event"] == "session_ended"
    assert guided.events[-1]["reason"] == "finished"
    turns = [event for event in guided.events if event["event"] == "turn_ended"]
    assert {turn["speaker"] for turn in turns} >= {"Ana", "Ben"}
    assert all(turn["start"] < turn["end"] <= turn["decided"] for turn in turns)
    begun = [event["wall"] for event in guided.events if event["event"] == "prompt_started"]
    ended = [event["wall"] for event in guided.events if event["event"] == "prompt_finished"]
    assert len(begun) == len(ended) >= 12
    levels = loudness_during(recording, list(zip(begun, ended, strict=True)), began_wall)
    assert min(levels) > 0.01, levels
    assert np.median(levels) > 0.03, levels


@pytest.mark.timeout(120)
def test_an_unknown_microphone_lists_what_there_is(room: VirtualRoom, tmp_path: Path) -> None:
    guided = start_program(room, tmp_path, "--recogniser", "none", "--input", "no such microphone")
    code = guided.process.wait(timeout=60.0)
    guided.close()
    out = (tmp_path / "out.txt").read_text()

    assert code == 2, out
    assert "There is no microphone 'no such microphone'. There are: " in out
    assert "pulse" in out
    assert "Traceback" not in out
