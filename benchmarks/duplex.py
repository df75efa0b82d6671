"""Speaking and hearing at once, in the virtual room: does the guide trigger itself, how soon does it give way, how soon
is it audible and silent. Needs PulseAudio, ../shared/room and the extra aec.

    python benchmarks/duplex.py [--prompts 100] [--near 30] [--echo-db -6] [--latency 0.06] [--only self,near]

The couple's voices are those of ../shared/eval where it is there, else synthetic; each as loud as the echo is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "room")]

from couple_at_the_table import EVAL, spoken  # noqa: E402
from virtual_room import VirtualRoom, missing  # noqa: E402

from voice_imago.dialogue.script import load_script  # noqa: E402
from voice_imago.engines.ports import VoiceSettings  # noqa: E402
from voice_imago.engines.recorded import read_sound, write_wav  # noqa: E402
from voice_imago.engines.voice_espeak import EspeakVoice  # noqa: E402
from voice_imago.runtime.prompts_cache import PromptCache  # noqa: E402

CHILD = Path(__file__).with_name("duplex_child.py")
RATE_HZ = 48_000
SILENT = 60
"""16-bit level below which the loudspeaker, or the couple, is silent."""
CHUNK_BYTES = 480
"""5 ms."""


class Meter:
    """Remembers when sound came and went at a source of the room."""

    def __init__(self, room: VirtualRoom, source: str) -> None:
        command = ["parec", f"--device={source}", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1"]
        self._parec = subprocess.Popen([*command, "--latency-msec=5", "--raw"], stdout=subprocess.PIPE, env=room.env())
        self.levels: list[tuple[float, int]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while self._parec.stdout and (data := self._parec.stdout.read(CHUNK_BYTES)):
            self.levels.append((time.monotonic(), int(np.abs(np.frombuffer(data, "<i2").astype(int)).max())))

    def first(self, after: float, *, loud: bool, within_s: float = 3.0, for_s: float = 0.0) -> float | None:
        """When it was first loud, or first silent for ``for_s`` seconds."""
        since: float | None = None
        for wall, level in self.levels:
            if wall < after or wall > after + within_s:
                continue
            if (level > SILENT) != loud:
                since = None
            elif since is None:
                since = wall
            if since is not None and wall - since >= for_s:
                return since
        return None

    def close(self) -> None:
        self._parec.terminate()


def prompts_into(folder: Path, count: int) -> None:
    """The guide's own sentences, as the guide would play them."""
    cache = PromptCache(EspeakVoice(), VoiceSettings("en-us", 150, 0.7), None, background=False)
    english = load_script().languages["en"].prompts.values()
    texts = [prompt.first for prompt in english if "{" not in prompt.first and len(prompt.first.split()) > 7]
    folder.mkdir()
    for number in range(min(count, len(texts))):
        write_wav(folder / f"{number:03}.wav", [cache.fetch(texts[number]).astype(np.float32) / 32768.0], RATE_HZ)


def couple(folder: Path) -> list[np.ndarray]:
    """Two seconds of each voice from its first sound on, at full level."""
    files = sorted(EVAL.glob("c*.enrol?.flac"))
    if not files:
        voices = ("en-us+f3", "en-gb+m3", "en-us+m7", "en-gb+f2")
        files = [spoken("I would like to say something now, please.", v, folder / f"{v}.wav") for v in voices]
    sounds = []
    for file in files:
        sound = read_sound(file, RATE_HZ)
        loud = np.flatnonzero(np.abs(sound) > 0.2 * np.abs(sound).max())
        sounds.append(sound[max(0, loud[0] - 2400) :][: 2 * RATE_HZ])
    return sounds


def run(room: VirtualRoom, mode: str, prompts: int, folder: Path, latency: str, gap_s: float) -> subprocess.Popen[str]:
    words = [sys.executable, str(CHILD), mode, str(prompts), str(folder), latency, str(gap_s)]
    paths = f"{ROOT}:{room.env().get('PYTHONPATH', '')}"
    return subprocess.Popen(words, stdout=subprocess.PIPE, env={**room.env(), "PYTHONPATH": paths}, text=True)


def news(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)
    if process.wait():
        raise SystemExit("The child failed; what it says above is why.")


def show(title: str, ms: list[float]) -> None:
    if ms:
        p50, p95 = np.percentile(ms, [50, 95])
        print(f"{title:46} n {len(ms):3d}   p50 {p50:5.0f}   p95 {p95:5.0f}   max {max(ms):5.0f} ms", flush=True)
    else:
        print(f"{title:46} none", flush=True)


def self_triggers(room: VirtualRoom, mode: str, prompts: int, folder: Path, latency: str) -> None:
    """Nobody speaks but the guide."""
    meter = Meter(room, "speaker.monitor")
    counts: dict[str, int] = {}
    asked: list[float] = []
    about: dict[str, Any] = {}
    for event in news(run(room, mode, prompts, folder, latency, 1.0)):
        counts[event["what"]] = counts.get(event["what"], 0) + 1
        if event["what"] == "asked":
            asked.append(event["wall"])
        if event["what"] in ("judge", "underflows"):
            about |= event
    meter.close()
    told = {name: counts.get(name, 0) for name in ("ended", "speech", "duck", "barged_in", "lost_sound")}
    numbers = {name: round(value, 2) for name, value in about.items() if name not in ("what", "wall")}
    print(f"{mode} duplex, nobody speaks: {told} {numbers}", flush=True)
    lags = [1000 * (on - wall) for wall in asked if (on := meter.first(wall, loud=True)) is not None]
    show(f"{mode}: decision to sound", lags)


def barge_in(room: VirtualRoom, count: int, folder: Path, latency: str, voices: list[np.ndarray]) -> None:
    """Somebody as loud as the echo speaks over each prompt, a second after it began."""
    env = room.env()
    for words in (
        ["module-null-sink", "norewinds=1", "sink_name=near", f"rate={RATE_HZ}", "channels=1", "format=s16le"],
        ["module-loopback", "source=near.monitor", "sink=room", "latency_msec=20", "adjust_time=0"],
    ):
        subprocess.run(["pactl", "load-module", *words], env=env, stdout=subprocess.DEVNULL, check=True)
    speaker, near = Meter(room, "speaker.monitor"), Meter(room, "near.monitor")
    process = run(room, "full", count, folder, latency, 2.6)
    barged, ended, hushed = [], [], []
    starts: list[float] = []
    said = 0
    for event in news(process):
        if event["what"] == "began":
            target = folder.parent / f"near{said % len(voices)}.wav"
            said += 1
            threading.Timer(1.0, _say, (env, target)).start()
            starts.append(event["wall"] + 0.9)
        elif event["what"] == "barged_in":
            barged.append(event["wall"])
        elif event["what"] == "ended":
            (hushed if event["interrupted"] else ended).append(event["wall"])
    time.sleep(0.5)
    speaker.close()
    near.close()
    lags, detect, stop = [], [], []
    false = 0
    for start in starts:
        on = near.first(start, loud=True)
        cut = next((wall for wall in barged if start - 1.0 <= wall <= start + 3.5), None)
        if on is None or cut is None:
            continue
        if cut < on:
            false += 1
            continue
        off = speaker.first(cut, loud=False, for_s=0.3)
        detect.append(1000 * (cut - on))
        if off is not None:
            lags.append(1000 * (off - on))
            stop.append(1000 * (off - cut))
    print(f"somebody speaks over {len(starts)} prompts: {len(barged)} stopped, {false} before anybody spoke")
    show("voice to certain", detect)
    show("certain (or key, command) to silence", stop)
    show("voice to silence", lags)


def _say(env: dict[str, str], file: Path) -> None:
    subprocess.run(["paplay", "--device=near", "--latency-msec=20", str(file)], env=env, check=False)


def echo_level(folder: Path, echo_db: float) -> float:
    """Root mean square of the prompts as they come back, of full scale."""
    sounds = [read_sound(path, RATE_HZ) for path in sorted(folder.glob("*.wav"))]
    speech = np.concatenate([sound[np.abs(sound) > 0.01] for sound in sounds])
    return float(np.sqrt(np.mean(speech**2))) * 10 ** (echo_db / 20)


def main() -> None:
    if why := missing():
        print(f"The virtual room cannot be used here: {why}.")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument("--near", type=int, default=30)
    parser.add_argument("--echo-db", type=float, default=-6.0)
    parser.add_argument("--latency", default="0.06")
    parser.add_argument("--only", default="self,near,half")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, VirtualRoom() as room:
        work = Path(temporary)
        prompts_into(work / "prompts", 40)
        level = echo_level(work / "prompts", options.echo_db)
        voices = couple(work)[:12]
        for number, voice in enumerate(voices):
            rms = float(np.sqrt(np.mean(voice[np.abs(voice) > 0.01] ** 2)))
            write_wav(work / f"near{number}.wav", [np.clip(voice * level / rms, -1, 1)], RATE_HZ)
        room.echo(options.echo_db, 40)
        print(f"echo {options.echo_db:.0f} dB, partner as loud as the echo ({20 * np.log10(level):.0f} dBFS)")
        if "self" in options.only:
            self_triggers(room, "full", options.prompts, work / "prompts", options.latency)
        if "near" in options.only:
            barge_in(room, options.near, work / "prompts", options.latency, voices)
        if "half" in options.only:
            self_triggers(room, "half", options.prompts, work / "prompts", options.latency)


if __name__ == "__main__":
    main()
