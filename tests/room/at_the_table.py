"""The child process of the room tests: opens real devices, does what is asked, ends with a line of JSON.

python at_the_table.py speak SECONDS   plays tones; prints when each was asked for, told, and heard by parec
python at_the_table.py listen SECONDS TARGET.wav
python at_the_table.py lose             waits until the devices are lost, and opens them when they are back
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from voice_imago.engines.duplex_sounddevice import SounddeviceMicrophone, SounddevicePlayer
from voice_imago.engines.portaudio import reinitialise
from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Samples
from voice_imago.engines.recorded import write_wav
from voice_imago.errors import DeviceError
from voice_imago.output import say

PATIENCE_S = 10.0
LOUD = 500
CHUNK_BYTES = 2 * 240
"""5 ms."""


class Ear:
    """Listens at the loudspeaker with parec and remembers when sound came and went."""

    def __init__(self) -> None:
        command = ["parec", "--device=speaker.monitor", "--format=s16le", "--rate=48000", "--channels=1"]
        self._parec = subprocess.Popen([*command, "--latency-msec=5", "--raw"], stdout=subprocess.PIPE)
        self.edges: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        loud = False
        assert self._parec.stdout is not None
        while data := self._parec.stdout.read(CHUNK_BYTES):
            now = time.monotonic()
            heard = bool(np.abs(np.frombuffer(data, dtype="<i2").astype(int)).max() > LOUD)
            if heard != loud:
                loud = heard
                self.edges.put(("sound" if loud else "silence", now))

    def next(self, kind: str) -> float:
        found, when = self.edges.get(timeout=PATIENCE_S)
        assert found == kind
        return when

    def close(self) -> None:
        self._parec.terminate()
        self._parec.wait()


class Told:
    def __init__(self) -> None:
        self.news: queue.SimpleQueue[tuple[str, int, bool, float]] = queue.SimpleQueue()

    def began(self, id: int) -> None:
        self.news.put(("began", id, False, time.monotonic()))

    def ended(self, id: int, interrupted: bool) -> None:
        self.news.put(("ended", id, interrupted, time.monotonic()))

    def next(self) -> tuple[str, int, bool, float]:
        return self.news.get(timeout=PATIENCE_S)


def tone(seconds: float) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * PLAY_HZ)) / PLAY_HZ)).astype(np.int16)


def speak(turns: int) -> dict[str, Any]:
    """Some tones played to their end and as many cut off, in milliseconds after the call."""
    told, ear = Told(), Ear()
    player = SounddevicePlayer(told.began, told.ended, quiet_start=False)
    player.start()
    rows = []
    for turn in range(turns):
        asked = time.monotonic()
        player.play(turn, tone(0.4))
        row = {"heard": ear.next("sound") - asked, "began": told.next()[3] - asked}
        row |= {"silent": ear.next("silence") - asked, "ended": told.next()[3] - asked}
        player.play(turn, tone(30.0))
        ear.next("sound")
        told.next()
        asked = time.monotonic()
        player.stop()
        row["stopped"] = ear.next("silence") - asked
        kind, _, interrupted, when = told.next()
        assert (kind, interrupted) == ("ended", True)
        row["stop told"] = when - asked
        rows.append({name: round(1000 * seconds, 1) for name, seconds in row.items()})
    latency, underflows = player.latency_s, player.underflows
    player.close()
    ear.close()
    return {"ms": rows, "latency_s": latency, "underflows": underflows}


def listen(seconds: float, target: Path) -> dict[str, Any]:
    """What the microphone hears, from "ready" on."""
    chunks: list[Samples] = []
    enough = threading.Event()

    def hear(chunk: Samples) -> None:
        chunks.append(chunk)
        if sum(chunk.size for chunk in chunks) >= seconds * HEAR_HZ:
            enough.set()

    microphone = SounddeviceMicrophone(hear)
    microphone.start()
    say("ready")
    assert enough.wait(seconds + PATIENCE_S)
    answer = {
        "health": microphone.health(),
        "behind_s": microphone.behind_s,
        "rate_hz": microphone.device_rate_hz,
        "name": microphone.device_name,
    }
    microphone.close()
    write_wav(target, [np.concatenate(chunks)], HEAR_HZ)
    return answer


def opened(told: Told) -> tuple[SounddeviceMicrophone, SounddevicePlayer]:
    microphone = SounddeviceMicrophone(lambda chunk: None)
    microphone.start()
    player = SounddevicePlayer(told.began, told.ended, quiet_start=False)
    try:
        player.start()
    except DeviceError:
        microphone.close()
        raise
    return microphone, player


def lose() -> dict[str, Any]:
    """Wait until both devices are lost, close them, and open them anew as soon as that works."""
    told, tick = Told(), threading.Event()
    microphone, player = opened(told)
    player.play(1, tone(60.0))
    assert told.next()[0] == "began"
    say("ready")
    while (microphone.health(), player.health()) != ("lost", "lost"):
        tick.wait(0.01)
    say("lost")
    answer: dict[str, Any] = {"told": list(told.next()[:3])}
    started = time.monotonic()
    microphone.close()
    player.close()
    answer["closed_s"] = time.monotonic() - started
    microphone, player = opened_again(told, answer)
    while player.health() == "ok" and microphone.last_chunk_wall is None:
        tick.wait(0.01)
    answer["health"] = [microphone.health(), player.health()]
    microphone.close()
    player.close()
    return answer


def opened_again(told: Told, answer: dict[str, Any]) -> tuple[SounddeviceMicrophone, SounddevicePlayer]:
    tick = threading.Event()
    while True:
        reinitialise()
        try:
            return opened(told)
        except DeviceError as error:
            if "refused" not in answer:
                say("refused")
            answer["refused"] = str(error)
            tick.wait(0.1)


def main(what: str, *rest: str) -> None:
    if what == "speak":
        answer = speak(int(rest[0]))
    elif what == "listen":
        answer = listen(float(rest[0]), Path(rest[1]))
    else:
        answer = lose()
    say(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
