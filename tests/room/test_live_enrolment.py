"""The first evening on real sound: the room is measured, two voices are learnt and kept, and known the next time."""

from __future__ import annotations

import contextlib
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from couple_at_the_table import Guided, lead_through, recorded, spoken, start_program
from virtual_room import VirtualRoom

from voice_imago.engines.recorded import write_wav

STORY = (
    "This morning I had porridge with apples, and a second cup of tea by the window, because it was still dark. "
    "After that I read the paper, and I listened to the radio for a while, and then I took the dog to the river."
)
RATE_HZ = 48_000


@contextlib.contextmanager
def quiet_hum(room: VirtualRoom, folder: Path) -> Iterator[None]:
    """A real microphone is never exactly silent: a soft hiss at -66 dB, for as long as the block lasts."""
    hiss = 0.0005 * np.random.default_rng(7).standard_normal(RATE_HZ * 240)
    write_wav(folder / "hiss.wav", [hiss.astype(np.float32)], RATE_HZ)
    command = ["paplay", "--device=room", str(folder / "hiss.wav")]
    process = subprocess.Popen(command, env=room.env())
    try:
        yield
    finally:
        process.kill()
        process.wait()


def outcomes(guided: Guided) -> dict[str, str]:
    done = [event for event in guided.events if event["event"] == "task_done"]
    return {f"{event['task']} {event['for']}": event["outcome"] for event in done}


@pytest.mark.timeout(400)
def test_two_voices_are_learnt_kept_and_known_the_next_time(room: VirtualRoom, tmp_path: Path) -> None:
    room.echo(-15.0, 60)
    ana = recorded("A", tmp_path / "ana.wav", 14.0) or spoken(STORY, "en-us+f3", tmp_path / "ana.wav")
    ben = recorded("B", tmp_path / "ben.wav", 14.0) or spoken(STORY, "en-gb+m3", tmp_path / "ben.wav")
    keys = {"keep": "y", "keep_too": "y"}
    with quiet_hum(room, tmp_path):
        guided = start_program(room, tmp_path, "--recogniser", "none", command="enrol")
        try:
            lead_through(guided, room, {"Ana": ana, "Ben": ben}, keys, 200.0)
            assert guided.process.wait(timeout=20) == 0, (tmp_path / "out.txt").read_text(encoding="utf-8")
        finally:
            guided.close()
        assert outcomes(guided) == {
            "measure_room both": "good",
            "measure_echo both": "good",
            "learn_voice Ana": "good",
            "learn_voice Ben": "good",
            "tell_apart both": "good",
            "keep_voices both": "good",
        }
        settings = tomllib.loads((tmp_path / "home" / "settings.toml").read_text(encoding="utf-8"))
        assert -72.0 < settings["noise_db"] < -60.0
        assert -19.0 < settings["echo_db"] < -11.0
        assert 0.05 < settings["tail_s"] < 0.4
        assert len(list((tmp_path / "home" / "data" / "voices").glob("*.npz"))) == 2
        known_the_next_time(room, tmp_path, ben)


def known_the_next_time(room: VirtualRoom, folder: Path, ben: Path) -> None:
    """No question about voices any more; and Ben, who speaks in Ana's place, is heard to be Ben."""
    short = recorded("B", folder / "short.wav", 4.0) or ben
    guided = start_program(room, folder, "--recogniser", "none", "--straight", "--echo", "half")
    try:
        ends_at = time.monotonic() + 90.0
        spoke = False
        while guided.process.poll() is None and time.monotonic() < ends_at:
            for event in guided.new_events():
                if event["event"] == "listening" and event["step"] == "invite":
                    guided.press("y")
                elif event["event"] == "listening" and event["step"] == "thing" and not spoke:
                    spoke = True
                    time.sleep(0.4)
                    room.say(short)
                elif event["event"] == "turn_ended" and event["speaker"] == "Ben":
                    guided.press("q")
            time.sleep(0.02)
        guided.process.wait(timeout=20)
    finally:
        guided.close()
    assert outcomes(guided) == {"check_room both": "good"}
    turn = next(event for event in guided.events if event["event"] == "turn_explained")
    assert (turn["step"], turn["speaker"]) == ("thing", "Ben")
    assert turn["margin_nats"] > 10.0
