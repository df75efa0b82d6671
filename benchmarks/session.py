"""A 45-minute rehearsed session: processor time, memory after a minute and at the end, speed against real time."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from voice_imago.runtime.rehearse import RehearsePlan, rehearse

MINUTES = 45
ROUND_S = 35.0
"""Length of one round below on the sample clock."""
MORE_PIECES = 5
"""After so many the guide asks whether it is enough for now."""
STORY = (
    "When you come home late and go straight to your desk, I feel as if the day had ended without me. "
    "I sit in the kitchen and wait, and then I do not want to wait any more."
)
ROUND = """
[[line]]
by = "ana"
at = "{step}"
say = "{story}"

[[line]]
by = "ben"
at = "mirror"
say = "What I hear you say is that when I come home late, you sit in the kitchen and wait. Did I get that?"

[[line]]
by = "ana"
at = "check"
say = "Yes, you got it."

[[line]]
by = "{asker}"
at = "{question}"
say = "{asks}"
{answer}
"""
ANSWER = """
[[line]]
by = "ana"
say = "Yes, there is more."
"""


def scene_text(minutes: float) -> str:
    """An appreciation whose first part goes on and on, until somebody presses the stop key."""
    head = (
        'title = "A long evening"\ndialogue = "appreciation"\n'
        '[partners.ana]\nvoice = "en-us+f3"\n[partners.ben]\nvoice = "en-gb+m3"\n'
        '[[line]]\nat = "invite"\nkey = "y"\n'
    )
    rounds = []
    for number in range(round(minutes * 60 / ROUND_S)):
        enough = number >= MORE_PIECES
        rounds.append(
            ROUND.format(
                step="thing" if number == 0 else "send",
                story=STORY,
                asker="ana" if enough else "ben",
                question="enough" if enough else "more",
                asks="Yes, there is more." if enough else "Is there more about that?",
                answer="" if enough else ANSWER,
            )
        )
    stop = '[[line]]\nat = "send"\nkey = "q"\n'
    return head + "".join(rounds) + stop


def resident_mb() -> float:
    """Memory of this process now, in megabytes (Linux), else its peak."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Watch:
    """Looks at memory as the sample clock passes whole minutes."""

    def __init__(self) -> None:
        self.by_minute: dict[int, float] = {}

    def note(self, event: Any) -> None:
        minute = int(event["t"] // 60)
        if minute not in self.by_minute:
            self.by_minute[minute] = resident_mb()


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.toml"
        path.write_text(scene_text(minutes), encoding="utf-8")
        rehearse(RehearsePlan(path))  # once for the cache
        watch = Watch()
        began, cpu = time.perf_counter(), time.process_time()
        outcome = rehearse(RehearsePlan(path, listener=watch.note))
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    after_a_minute, last = watch.by_minute.get(1, 0.0), watch.by_minute[max(watch.by_minute)]
    for problem in outcome.problems:
        print(f"not as planned: {problem}")
    print(f"session length          {outcome.seconds / 60:8.1f} min on the sample clock, ended: {outcome.reason}")
    print(f"processor time          {cpu:8.1f} s")
    print(f"wall time               {wall:8.1f} s, {outcome.seconds / wall:.0f} times faster than real time")
    print(f"memory after a minute   {after_a_minute:8.1f} MB")
    print(f"memory at the end       {last:8.1f} MB, growth {last - after_a_minute:+.1f} MB")


if __name__ == "__main__":
    main()
