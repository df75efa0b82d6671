"""How long the command line takes to be there: import, --help, and a bare interpreter to compare with."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 15


def median_ms(*words: str) -> float:
    """Median wall time of a command in milliseconds, after one run that is not counted."""
    times = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[1:])


if __name__ == "__main__":
    bare = median_ms("-c", "pass")
    print(f"python -c pass                {bare:6.0f} ms")
    print(f"import voice_imago.cli        {median_ms('-c', 'import voice_imago.cli'):6.0f} ms (interpreter included)")
    print(f"voice-imago --help            {median_ms('-m', 'voice_imago', '--help'):6.0f} ms (interpreter included)")
