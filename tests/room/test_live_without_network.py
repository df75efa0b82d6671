"""Nothing leaves: a live session at the virtual table, all words understood and kept, without a network or a socket."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from couple_at_the_table import PLAIN, Guided, spoken, start_program
from virtual_room import VirtualRoom

from tests.journal.kept_room import rows
from tests.sealed import hooked, hooked_programs, without_network
from voice_imago.runtime.scene import scenes_folder

SENT, MIRRORED = "When you do that, I feel cared for.", "You feel cared for."
KEYS = {"wish": "4", "wish_too": "4", "invite": "y", "check": "q"}
"""All words are kept; then the appreciation itself, which ends after its first mirror."""


def lead(guided: Guided, room: VirtualRoom, clips: dict[str, Path], patience_s: float) -> None:
    """A key is pressed as soon as its step begins; a clip is said once somebody is listened to."""
    ends_at = time.monotonic() + patience_s
    while guided.process.poll() is None and time.monotonic() < ends_at:
        for event in guided.new_events():
            if event["event"] == "step_entered" and event["step"] in KEYS:
                guided.press(KEYS[event["step"]])
            elif event["event"] == "listening" and event["step"] in clips:
                time.sleep(0.3)
                room.say(clips.pop(event["step"]))
        time.sleep(0.02)
    guided.new_events()


@pytest.mark.timeout(200)
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_live_session_with_all_words_kept_opens_no_socket(room: VirtualRoom, tmp_path: Path) -> None:
    """The real program, a real recogniser and a quick voice; where there are network namespaces, in an empty one."""
    clips = {
        "thing": spoken(SENT, "en-us+f3", tmp_path / "sent.wav"),
        "mirror": spoken(MIRRORED, "en-gb+m3", tmp_path / "mirrored.wav"),
    }
    outside, home = tmp_path / "outside", tmp_path / "home"
    outside.mkdir()
    home.mkdir()
    (home / "settings.toml").write_text("rate_wpm = 450\n", encoding="utf-8")
    model = ("--recogniser", "whisper", "--model-dir", str(scenes_folder() / "recogniser"))
    options = ("--dialogue", "appreciation", "--keep", "transcript", "--thinking", "quick", *PLAIN)
    guided = start_program(room, tmp_path, *model, *options, within=without_network(), env=hooked(outside))
    try:
        lead(guided, room, clips, patience_s=150.0)
        code = guided.process.wait(timeout=20)
    finally:
        guided.close()
    printed = (tmp_path / "out.txt").read_text(encoding="utf-8")
    assert code == 0, printed
    assert hooked_programs(outside) >= 2, "the program and its scribe"
    assert not (outside / "audit.log").exists(), (outside / "audit.log").read_text(encoding="utf-8")

    journal = home / "data" / "journal" / "journal.db"
    assert rows(journal, "SELECT level, reason FROM sessions") == [("transcript", "stopped")]
    said = rows(journal, "SELECT text FROM words WHERE kind = 'turn' ORDER BY number")
    assert len(said) == 2
    assert all("cared for" in text for (text,) in said), said
    files = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    assert {path.parts[0] for path in files if path.suffix == ".wav"} == {"cache"}, "the guide's own sentences alone"
    holding = {path.parent.name for path in files if b"cared for" in (home / path).read_bytes()}
    assert holding == {"journal"}
