"""The sound system dies and comes back under the real program: how soon is that noticed, how soon is the guide heard
again? Needs PulseAudio and ../shared/room.

    python benchmarks/device_loss.py [--times 5]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "room"), str(ROOT / "benchmarks")]

from couple_at_the_table import PLAIN, Guided, start_program  # noqa: E402
from duplex import Meter, show  # noqa: E402
from virtual_room import VirtualRoom, missing  # noqa: E402

PATIENCE_S = 30.0


def wait_for(guided: Guided, after: float, **fields: Any) -> float:
    """Wall time of the first such event that came after."""
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:
        guided.new_events()
        for event in guided.events:
            if event["wall"] >= after and fields.items() <= event.items():
                return float(event["wall"])
        time.sleep(0.01)
    raise SystemExit(f"There was no {fields}.")


def once(room: VirtualRoom, guided: Guided, figures: dict[str, list[float]]) -> None:
    off = time.monotonic()
    room.switch_off()
    for part in ("microphone", "loudspeaker"):
        noticed = wait_for(guided, off, event="fault", part=part, code="lost")
        figures[f"{part} lost, noticed"].append(1000 * (noticed - off))
    time.sleep(6.0)  # until the tries have become rare
    room.start()
    on = time.monotonic()
    meter = Meter(room, "speaker.monitor")
    for part in ("microphone", "loudspeaker"):
        back = wait_for(guided, on - 1.0, event="recovered", part=part)
        figures[f"{part} back, opened"].append(max(0.0, 1000 * (back - on)))
    time.sleep(1.5)
    heard = meter.first(on, loud=True, within_s=PATIENCE_S)
    if heard is not None:
        figures["back, the guide is heard"].append(1000 * (heard - on))
    wait_for(guided, on, event="listening")
    meter.close()


def main() -> None:
    if why := missing():
        print(f"The virtual room cannot be used here: {why}.")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    names = [f"{part} {what}" for what in ("lost, noticed", "back, opened") for part in ("microphone", "loudspeaker")]
    figures: dict[str, list[float]] = {name: [] for name in [*names, "back, the guide is heard"]}
    with tempfile.TemporaryDirectory() as temporary, VirtualRoom() as room:
        guided = start_program(room, Path(temporary), "--recogniser", "none", *PLAIN)
        try:
            wait_for(guided, 0.0, event="listening")
            for _ in range(times):
                once(room, guided, figures)
        finally:
            guided.close()
    for name, ms in figures.items():
        show(name, ms)


if __name__ == "__main__":
    main()
