"""The first evening without a speech model, on real sound: offered, fetched, tried, and understanding at once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from couple_at_the_table import PLAIN, ROOT, Guided, spoken
from virtual_room import VirtualRoom

from tests.loopback_hub import loopback_hub
from voice_imago.engines.whisper_models import MODELS
from voice_imago.runtime.scene import scenes_folder

FIXTURE = scenes_folder() / "recogniser"
PROGRAM = """
import sys
from dataclasses import replace
from voice_imago.engines import whisper_models as known
known._KNOWN["base.en"] = replace(known._KNOWN["base.en"], sha256=sys.argv.pop(1))
from voice_imago.__main__ import main
sys.exit(main())
"""
"""The real program, but for the hash of what the loopback hub has in place of base.en."""


def start(room: VirtualRoom, folder: Path, hub: str, *options: str) -> Guided:
    sha256 = hashlib.sha256((FIXTURE / "model.bin").read_bytes()).hexdigest()
    events = folder / "events.jsonl"
    words = [sys.executable, "-c", PROGRAM, sha256, "start", "--partners", "Ana", "Ben", "--events", str(events)]
    env = {**room.env(), "VOICE_IMAGO_HOME": str(folder / "home"), "HF_ENDPOINT": hub, "HF_HUB_CACHE": str(folder)}
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen(
            [*words, *options],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return Guided(process, events)


@pytest.mark.timeout(240)
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_model_that_is_fetched_at_the_table_understands_the_next_answer(room: VirtualRoom, tmp_path: Path) -> None:
    question = spoken("Is now a good time for an appreciation?", "en-us+f3", tmp_path / "question.wav")
    yes = spoken("Yes.", "en-gb+m3", tmp_path / "yes.wav")
    said = {"both": question, "Ben": yes}
    by_voice = {"offer": yes, "english": yes}
    """Understood by the answer recogniser; a question that is asked again is answered by key."""
    base = MODELS["base.en"]
    with loopback_hub(FIXTURE, base.repo, base.revision) as hub:
        guided = start(room, tmp_path, hub.url, *PLAIN)
        ends_at = time.monotonic() + 200.0
        try:
            while guided.process.poll() is None and time.monotonic() < ends_at:
                for event in guided.new_events():
                    if event["event"] == "listening" and event["step"] in by_voice:
                        time.sleep(0.4)
                        room.say(by_voice.pop(event["step"]))
                    elif event["event"] == "listening" and event["step"] in ("offer", "english"):
                        guided.press("y")
                    elif event["event"] == "listening" and event["step"] == "invite" and event["for"] in said:
                        time.sleep(0.4)
                        room.say(said.pop(event["for"]))
                    elif event["event"] == "reply" and event["step"] == "invite":
                        guided.press("q")
                time.sleep(0.02)
            code = guided.process.wait(timeout=20)
        finally:
            guided.close()
        guided.new_events()
    printed = (tmp_path / "out.txt").read_text(encoding="utf-8")
    assert code == 0, printed
    done = {event["task"]: event["outcome"] for event in guided.events if event["event"] == "task_done"}
    assert done == {"choose_model": "english", "fetch_model": "good", "try_model": "good", "use_model": "good"}
    changed = [event for event in guided.events if event["event"] == "understanding_changed"]
    assert {(event["recogniser"], event["words"]) for event in changed} == {("whisper base.en", "speech")}
    reply = next(event for event in guided.events if event["event"] == "reply" and event["step"] == "invite")
    assert (reply["meaning"], said) == ("yes", {})
    heard = [event["text"] for event in guided.events if event["event"] == "transcript" and event["final"]]
    assert any(text.lower().startswith("yes") for text in heard)
    assert "I understand whole sentences now." in printed
    assert "100 percent." in printed
    assert (tmp_path / "home" / "data" / "models" / "base.en" / "verified.json").exists()
    assert 'model = "base.en"' in (tmp_path / "home" / "settings.toml").read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "home" / "data" / "models").iterdir()] == ["base.en"]
