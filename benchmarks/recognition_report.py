"""Lines of figures: what was measured, and beside it what it must be and should be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def say(name: str, measured: str, target: str = "", note: str = "") -> None:
    """One plain line."""
    print("   ".join(part for part in (f"{name:<44}", f"{measured:<32}", f"{target:<30}", note) if part).rstrip())


def percentiles(values: Sequence[float], unit: str = "s", factor: float = 1.0, digits: int = 2) -> str:
    """Median, 95th percentile and the number of values; they may be few."""
    if not values:
        return "nothing measured"
    p50, p95 = np.percentile(np.array(values) * factor, [50, 95])
    return f"p50 {p50:.{digits}f} {unit}, p95 {p95:.{digits}f} {unit}, n {len(values)}"


def cpu_s(pid: int | None) -> float:
    """Processor seconds that a process has used (Linux)."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def peak_mb(pid: int | None) -> float:
    """Most memory that a process has held, in megabytes (Linux)."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else float("nan")
