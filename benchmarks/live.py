"""The real program in the virtual room: from the decision that a turn is over to the first sample in the loudspeaker,
after short and long turns; and the load of idle listening. Needs PulseAudio and ../shared/room.

    python benchmarks/live.py [--long]      --long adds a turn of 120 s
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "room")]

from couple_at_the_table import PLAIN, Guided, lead_through, spoken, start_program  # noqa: E402
from virtual_room import VirtualRoom, missing  # noqa: E402

from voice_imago.engines.player_sounddevice import LATENCY_S  # noqa: E402
from voice_imago.engines.recorded import read_sound, write_wav  # noqa: E402

KEYS = {"invite": "y", "check": "y", "more": "n", "all_of_it": "y", "swap": "n", "deeper": "s"}
LOUD = 200
"""16-bit level above which the loudspeaker counts as sounding."""
RATE_HZ = 48_000


class Loudspeaker:
    """Notes the wall time of every onset at the virtual loudspeaker."""

    def __init__(self, room: VirtualRoom) -> None:
        command = ["parec", "--device=speaker.monitor", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1"]
        self._parec = subprocess.Popen([*command, "--latency-msec=5", "--raw"], stdout=subprocess.PIPE, env=room.env())
        self.onsets: list[float] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        quiet_blocks = 100
        while self._parec.stdout and (data := self._parec.stdout.read(480)):
            loud = bool(np.abs(np.frombuffer(data, "<i2").astype(int)).max() > LOUD)
            if loud and quiet_blocks >= 20:
                self.onsets.append(time.monotonic())
            quiet_blocks = 0 if loud else quiet_blocks + 1

    def close(self) -> None:
        self._parec.terminate()


def decisions(guided: Guided) -> list[tuple[float, float]]:
    """(length of the turn, wall of its decision) for every turn that a prompt followed at once."""
    found = []
    for event, following in zip(guided.events, guided.events[1:], strict=False):
        if event["event"] == "turn_ended" and following["event"] == "step_entered":
            found.append((event["end"] - event["start"], event["wall"]))
    return found


def lags_ms(guided: Guided, onsets: list[float]) -> list[tuple[float, float]]:
    """(length of the turn, milliseconds from its decision to sound)."""
    found = []
    for length, wall in decisions(guided):
        after = [onset for onset in onsets if wall <= onset < wall + 1.0]
        if after:
            found.append((length, 1000 * (after[0] - wall)))
    return found


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def session(room: VirtualRoom, folder: Path, clip: Path, steps: dict[str, str]) -> list[tuple[float, float]]:
    loudspeaker = Loudspeaker(room)
    guided = start_program(room, folder, "--recogniser", "none", "--thinking", "quick", *PLAIN)
    lead_through(guided, room, {"Ana": clip, "Ben": clip, "both": clip}, steps, patience_s=900.0)
    loudspeaker.close()
    guided.close()
    return lags_ms(guided, loudspeaker.onsets)


def idle(room: VirtualRoom, folder: Path) -> float:
    """Share of one core while the guide listens and nobody speaks."""
    guided = start_program(room, folder, "--recogniser", "none", *PLAIN)
    while not any(event["event"] == "listening" for event in guided.new_events()):
        time.sleep(0.1)
    time.sleep(2.0)  # prompts are still being rendered ahead
    while not (folder / "home" / "cache").exists():
        time.sleep(0.5)
    time.sleep(22.0)  # until the last reminder is over
    before, began = cpu_s(guided.process.pid), time.monotonic()
    time.sleep(15.0)
    share = (cpu_s(guided.process.pid) - before) / (time.monotonic() - began)
    guided.press("q")
    guided.process.wait(timeout=60.0)
    guided.close()
    return share


def show(title: str, rows: list[tuple[float, float]]) -> None:
    lags = [lag for _, lag in rows]
    if lags:
        p50, p95 = np.percentile(lags, [50, 95])
        print(f"{title:34} n {len(lags):3d}   p50 {p50:5.0f} ms   p95 {p95:5.0f} ms   max {max(lags):5.0f} ms")


def main() -> None:
    if why := missing():
        print(f"The virtual room cannot be used here: {why}.")
        return
    with tempfile.TemporaryDirectory() as temporary, VirtualRoom() as room:
        folder = Path(temporary)
        short = spoken("You made breakfast for all of us on Sunday, and it was quiet.", "en-us+f3", folder / "s.wav")
        print(f"the output stream is asked for     {1000 * LATENCY_S:.0f} ms of latency of its own")
        rows = session(room, folder, short, KEYS) + session(room, folder, short, KEYS)
        show("decision to sound, short turns", rows)
        if "--long" in sys.argv:
            sound = read_sound(short, RATE_HZ)
            long = folder / "long.wav"
            write_wav(long, [np.tile(sound, round(120 * RATE_HZ / sound.size))], RATE_HZ)
            steps = {**KEYS, "mirror": "space", "feeling": "q"}
            show("decision to sound, a 120 s turn", session(room, folder, long, steps))
        print(f"idle listening                     {100 * idle(room, folder):.1f} % of one core")


if __name__ == "__main__":
    main()
