"""The proofs of the journal at their full number: 700 kills, 200 faults of the disk, 150 cut logs.

    .venv/bin/python benchmarks/journal_proofs.py

The suite runs the same tests with a part of them; see ``tests/journal/test_journal_kills.py`` and ``test_faults.py``.
A journal of a thousand sessions is in ``benchmarks/journal.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROOFS = {
    "500 kills at random moments, 200 at statements": ["tests/journal/test_journal_kills.py", "-k", "kills_lose"],
    "150 logs cut off anywhere": ["tests/journal/test_journal_kills.py", "-k", "wal"],
    "200 faults: full, failing, read-only, locked, damaged": ["tests/journal/test_faults.py", "-k", "faults_are"],
}


def main() -> int:
    environment = {**os.environ, "VOICE_IMAGO_PROOFS": "whole"}
    failed = 0
    for what, selected in PROOFS.items():
        began = time.monotonic()
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rP",
            "-p",
            "no:cacheprovider",
            "--timeout",
            "1800",
            *selected,
        ]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        told = [line for line in done.stdout.splitlines() if " kills: " in line or " passed" in line or "Error" in line]
        print(f"{what}: {'held' if done.returncode == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s")
        print("\n".join(f"  {line}" for line in told))
        failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
