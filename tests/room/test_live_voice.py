"""The real program in the virtual room: its voice changed at the table, and still so on the next evening."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from couple_at_the_table import PLAIN, Guided, start_program
from test_live_faults import about, end_of, wait_for
from virtual_room import VirtualRoom


def ended(guided: Guided, folder: Path) -> None:
    guided.press("q")
    wait_for(guided, about("command", name="stop"))
    guided.press("q")  # the goodbye, too
    assert guided.process.wait(timeout=30.0) == 0, (folder / "out.txt").read_text()
    guided.new_events()


@pytest.mark.timeout(150)
def test_a_voice_that_was_changed_by_key_is_the_same_on_the_next_evening(room: VirtualRoom, tmp_path: Path) -> None:
    guided = start_program(room, tmp_path, "--recogniser", "none", "--voice", "pyttsx3:en-us", *PLAIN)
    try:
        wait_for(guided, about("prompt_started", prompt="guide.hello"))
        for key, said in (("-", "slower"), (">", "louder"), (".", "higher"), ("j", "another_voice")):
            guided.press(key)
            wait_for(guided, about("prompt_finished", prompt=f"guide.{said}", interrupted=False))
        ended(guided, tmp_path)
    finally:
        end_of(guided)
    told = [e for e in guided.events if e["event"] in ("voice_tuned", "task_done") and e["for"] == "both"]
    assert [(e.get("rate"), e.get("volume"), e.get("pitch"), e.get("outcome")) for e in told] == [
        (0.9, 0.7, 1.0, None),
        (0.9, 1.0, 1.0, None),
        (0.9, 1.0, 1.1, None),
        (None, None, None, "good"),
    ]
    kept = tomllib.loads((tmp_path / "home" / "settings.toml").read_text())
    assert kept["voice"] == "pyttsx3:en-gb"
    assert kept["tunings"]["Ana"] == kept["tunings"]["Ben"] == {"rate": 0.9, "volume": 1.0, "pitch": 1.1, "voice": ""}

    again = start_program(room, tmp_path, "--recogniser", "none", *PLAIN)
    try:
        wait_for(again, about("prompt_started", prompt="guide.hello"))
        again.press("-")
        wait_for(again, about("voice_tuned", **{"for": "Ana"}, rate=0.8, volume=1.0, pitch=1.1))
        ended(again, tmp_path)
    finally:
        end_of(again)
    assert "Traceback" not in (tmp_path / "out.txt").read_text()
