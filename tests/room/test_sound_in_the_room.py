"""The real microphone and loudspeaker code on the real PortAudio, in a room without hardware."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from virtual_room import VirtualRoom

from voice_imago.engines.ports import HEAR_HZ
from voice_imago.engines.recorded import read_sound, write_wav

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("at_the_table.py")
PATIENCE_S = 40.0


class Child:
    """The program at the table; killed at the end if it still runs."""

    def __init__(self, room: VirtualRoom, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(TABLE), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**room.env(), "PYTHONPATH": str(ROOT)},
            text=True,
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *failure: object) -> None:
        self._process.kill()
        self._process.communicate()

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def answer(self) -> dict[str, Any]:
        out, errors = self._process.communicate(timeout=PATIENCE_S)
        assert self._process.returncode == 0, errors
        return json.loads(out.splitlines()[-1])


def test_a_prompt_is_heard_soon_and_stops_soon(room: VirtualRoom) -> None:
    """Figures are printed by a benchmark; here they only have to be possible."""
    with Child(room, "speak", "3") as child:
        answer = child.answer()
    assert 0 < answer["latency_s"] < 0.5
    for row in answer["ms"]:
        assert 0 < row["began"] < row["heard"] < 1000
        assert 300 < row["silent"] - row["heard"] < 1000  # a tone of 400
        assert row["ended"] > 380  # the tone lasts 400; both ends are noticed by the block
        assert row["stopped"] < 1000
        assert row["stop told"] < 1000


def test_the_room_hears_the_prompt_as_it_is(room: VirtualRoom, tmp_path: Path) -> None:
    room.record(tmp_path / "room.wav")
    with Child(room, "speak", "1") as child:
        child.answer()
    room.stop_recording()
    sound = read_sound(tmp_path / "room.wav", rate=48_000)
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    first = sound[loud[0] : loud[0] + 19_200]
    assert np.argmax(np.abs(np.fft.rfft(first))) * 48_000 / first.size == pytest.approx(440, abs=3)
    assert np.abs(first).max() == pytest.approx(8000 / 32_768, rel=0.02)


def test_what_is_said_at_the_table_arrives_whole(room: VirtualRoom, tmp_path: Path) -> None:
    t = np.arange(HEAR_HZ) / HEAR_HZ
    said = np.concatenate([0.3 * np.sin(2 * np.pi * pitch * t) for pitch in (300.0, 700.0)])
    write_wav(tmp_path / "said.wav", [said], HEAR_HZ)
    with Child(room, "listen", "4", str(tmp_path / "heard.wav")) as child:
        assert child.line() == "ready"
        room.say(tmp_path / "said.wav")
        answer = child.answer()
    heard = read_sound(tmp_path / "heard.wav")
    loud = np.flatnonzero(np.abs(heard) > 0.1)
    speech = heard[loud[0] : loud[-1] + 1]
    assert answer["health"] == "ok"
    assert abs(answer["behind_s"]) < 0.5
    assert 0.99 * said.size < speech.size < 1.25 * said.size  # on a busy computer the room itself stumbles
    assert np.abs(speech).max() == pytest.approx(0.3, rel=0.03)
    for half, pitch in ((speech[2000:14_000], 300), (speech[-14_000:-2000], 700)):
        assert np.argmax(np.abs(np.fft.rfft(half))) * HEAR_HZ / half.size == pytest.approx(pitch, abs=2)


def test_a_lost_sound_system_is_noticed_and_both_devices_open_again_when_it_is_back(
    room: VirtualRoom,
) -> None:
    with Child(room, "lose") as child:
        assert child.line() == "ready"
        room.switch_off()
        assert child.line() == "lost"
        assert child.line() == "refused"
        room.start()
        answer = child.answer()
    assert answer["told"] == ["ended", 1, True]
    assert answer["refused"]
    assert answer["closed_s"] < 4.5
    assert answer["health"] == ["ok", "ok"]
