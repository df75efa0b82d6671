"""Long evenings: how much memory grows, and whether a block of sound is ever lost.

    python benchmarks/soak.py [--hours 8]          on the sample clock, with the canceller where the extra aec is there
    python benchmarks/soak.py --room [--minutes 30]   the real program in the virtual room (PulseAudio, ../shared/room)

A couple tells, mirrors and answers without end, in full duplex; what both say is kept in a journal. A block is lost
when the clock and the ear, the ear and the session, or a piece for the recogniser and its sound disagree; in the
virtual room, when the audio clock falls behind the wall clock.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "room"), str(ROOT / "benchmarks")]

from couple_at_the_table import PLAIN, Guided, spoken, start_program  # noqa: E402
from session import resident_mb, scene_text  # noqa: E402
from virtual_room import VirtualRoom, missing  # noqa: E402

from voice_imago.engines.detectors import make_detector  # noqa: E402
from voice_imago.engines.echo_livekit import LivekitCanceller  # noqa: E402
from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Samples  # noqa: E402
from voice_imago.errors import DeviceError  # noqa: E402
from voice_imago.events import FrameHeard, Input, Transcribe  # noqa: E402
from voice_imago.runtime import rehearse as rehearsing  # noqa: E402
from voice_imago.runtime.duplex import Duplex  # noqa: E402
from voice_imago.runtime.rehearsal import Outcome, Rehearsal  # noqa: E402
from voice_imago.runtime.settling import Settled  # noqa: E402

WARM_S = 600.0
"""Growth counts from here on: every prompt has been said once, every buffer is full."""
ROOM_WARM_S = 600.0
ECHO_S, ECHO_DB = 0.1, -12.0
BLOCK_S = 0.02


class Soaked(Rehearsal):
    """A rehearsal whose microphone hears the guide, through the canceller; counts what is missing on the way."""

    last: Soaked

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        Soaked.last = self
        self.lost: dict[str, int] = {"samples": 0, "frames": 0, "samples of pieces": 0}
        self._frames = 0
        self._air = np.zeros(round(ECHO_S * HEAR_HZ), np.float32)
        try:
            self._duplex: Duplex | None = Duplex("full", self._ear, LivekitCanceller, lambda: make_detector("auto"))
        except DeviceError as error:
            self._duplex = None
            print(f"{error.message} This soak is one of half duplex.")
        self._feed, self.session.feed = self.session.feed, self._counted  # type: ignore[method-assign]
        self._submit, self._stage.ports.pieces.submit = self._stage.ports.pieces.submit, self._piece  # type: ignore[method-assign]
        self.growth = Growth()

    def _microphone(self, couple: Samples, guide: Samples) -> Samples:
        if self._duplex is None:
            return super()._microphone(couple, guide)
        joined = np.concatenate([self._air, guide])
        echo, self._air = joined[: len(guide)], joined[len(guide) :]
        heard = couple + echo * np.float32(10 ** (ECHO_DB / 20))
        played = np.rint(np.repeat(guide, PLAY_HZ // HEAR_HZ) * 32767.0).astype(np.int16)
        return self._duplex.clean([([(played, float(PLAY_HZ))], heard)])

    def _counted(self, input: Input) -> Any:
        if isinstance(input, FrameHeard):
            self._frames += 1
        return self._feed(input)

    def _piece(self, wanted: Transcribe, sound: Samples) -> None:
        asked = round(wanted.end * HEAR_HZ) - round(wanted.start * HEAR_HZ)
        self.lost["samples of pieces"] += asked - len(sound)
        self._submit(wanted, sound)

    def _pass_block(self) -> None:
        super()._pass_block()
        self._settled.look(self._now(), busy=self._stage.talking or self.session.hearing.turn_open)  # as live
        if self.growth.due(self._now()):
            self._look()
            self._outcome.texts.clear()  # a rehearsal remembers what was said; live nobody does
        elif self.growth.warm_mb and self._clock % (HEAR_HZ * 64) == 0:
            self.growth.now_mb = resident_mb()

    def run(self) -> Outcome:
        self._settled = Settled()
        outcome = super().run()
        print(f"the end of the session, where the journal is packed: {resident_mb() - self.growth.now_mb:+.1f} MB")
        return outcome

    def _look(self) -> None:
        heard = round(self._ear.now * HEAR_HZ)
        waiting = self._clock - heard  # less than 10 ms wait in the canceller
        self.lost["samples"] = waiting if waiting >= HEAR_HZ // 100 else 0
        self.lost["frames"] = heard // 512 - self._frames
        self.growth.note(self._now(), resident_mb(), self.lost)


class Growth:
    """Memory by time."""

    EVERY_S = 1800.0

    def __init__(self) -> None:
        self.warm_mb = self.now_mb = 0.0
        self._due_s = WARM_S
        self._began = time.monotonic()

    def due(self, now_s: float) -> bool:
        return now_s >= self._due_s

    def note(self, now_s: float, mb: float, lost: dict[str, int]) -> None:
        self._due_s = (now_s // self.EVERY_S + 1) * self.EVERY_S
        self.warm_mb = self.warm_mb or mb
        self.now_mb = mb
        wall = time.monotonic() - self._began
        print(
            f"{now_s / 3600:5.2f} h  {mb:7.1f} MB  {mb - self.warm_mb:+5.1f}  lost {lost}  wall {wall:.0f} s",
            flush=True,
        )


def on_the_sample_clock(hours: float) -> None:
    rehearsing.Rehearsal = Soaked  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VOICE_IMAGO_HOME"] = folder  # nothing of the user's own is touched
        path = Path(folder) / "long.toml"
        path.write_text(scene_text(60.0 * hours), encoding="utf-8")
        began = time.perf_counter()
        outcome: Outcome = rehearsing.rehearse(
            rehearsing.RehearsePlan(path, events=Path(folder) / "events", keep="transcript")
        )
        wall = time.perf_counter() - began
        files = [file for file in Path(folder).rglob("*") if file.is_file() and file.suffix != ".wav"]
        kept_mb = sum(file.stat().st_size for file in files) / 1e6
    for problem in outcome.problems:
        print(f"not as planned: {problem}")
    growth, lost, counts = Soaked.last.growth, Soaked.last.lost, outcome.counts
    speed = outcome.seconds / wall
    print(f"sample clock      {outcome.seconds / 3600:6.2f} h, ended: {outcome.reason}, {speed:.0f} times real time")
    print(f"turns             {len(outcome.whys)}; prompts {len(outcome.prompts)}")
    print(f"barged in         {counts.get('barged_in', 0)} (nobody does)")
    print(f"events, journal   {kept_mb:6.1f} MB on the disk")
    grown_mb = growth.now_mb - growth.warm_mb
    print(f"memory            {growth.warm_mb:6.1f} MB after ten minutes, {grown_mb:+.1f} at the end")
    print("lost              " + ", ".join(f"{number} {what}" for what, number in lost.items()))


# ---------------------------------------------------------------------- in the virtual room

KEYS = {"invite": "y", "check": "y", "more": "y", "enough": "n"}


def memory_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return float(line.split()[1]) / 1024


def in_the_room(minutes: float) -> None:
    if why := missing():
        print(f"The virtual room cannot be used here: {why}.")
        return
    with tempfile.TemporaryDirectory() as temporary, VirtualRoom() as room:
        folder = Path(temporary)
        clip = spoken("You made breakfast for all of us on Sunday, and it was quiet.", "en-us+f3", folder / "s.wav")
        room.echo(-12.0)
        words = [word if word != "half" else "auto" for word in PLAIN]
        guided = start_program(room, folder, "--recogniser", "none", "--thinking", "quick", *words)
        try:
            talk(guided, room, clip, minutes)
        finally:
            guided.close()


def talk(guided: Guided, room: VirtualRoom, clip: Path, minutes: float) -> None:
    """Answers every window; at the end prints what became of memory and of the clock."""
    began = time.monotonic()
    warm: tuple[float, float, float] | None = None
    newest: dict[str, Any] = {}
    noted = 0.0
    while (now := time.monotonic() - began) < 60.0 * minutes and guided.process.poll() is None:
        for event in guided.new_events():
            newest = event
            if event["event"] in ("fault", "recovered", "barged_in", "session_ended"):
                print(
                    f"{now / 60:5.1f} min  {event['event']} {event.get('part', '')} {event.get('code', '')}", flush=True
                )
        windows = [event for event in guided.events if event["event"] == "listening"]
        if warm is None and now > ROOM_WARM_S:
            warm = (memory_mb(guided.process.pid), newest["wall"], newest["t"])
        if warm is not None and now - noted > 300.0:
            noted = now
            print(f"{now / 60:5.1f} min  {memory_mb(guided.process.pid):6.1f} MB", flush=True)
        if windows:
            guided.events.clear()
            window = windows[-1]
            time.sleep(0.4)
            if window["step"] in KEYS:
                guided.press(KEYS[window["step"]])
            else:
                room.say(clip)
        time.sleep(0.05)
    if warm is None or guided.process.poll() is not None:
        raise SystemExit("The program ended too soon.")
    mb = memory_mb(guided.process.pid)
    guided.press("q")
    guided.process.wait(timeout=60.0)
    newest = [*guided.new_events(), newest][0]
    behind_s = (newest["wall"] - warm[1]) - (newest["t"] - warm[2])
    print(f"virtual room      {(newest['wall'] - warm[1]) / 60:6.1f} min after the first ten")
    print(f"memory            {warm[0]:6.1f} MB, then {mb:.1f}: {mb - warm[0]:+.1f} MB")
    lost = max(0, int(behind_s / BLOCK_S - 2))
    print(f"clock             {1000 * behind_s:6.0f} ms behind the wall: {lost} blocks lost")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--room", action="store_true")
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    if options.room:
        in_the_room(options.minutes)
    else:
        on_the_sample_clock(options.hours)


if __name__ == "__main__":
    main()
