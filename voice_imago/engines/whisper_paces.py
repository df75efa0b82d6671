"""How quick each speech model was on this computer when it was tried out (``runtime/trial.py``), and what follows.

A pace is seconds of work for each second of speech. The paces lie beside the models as one small file, with the name of
the computer: on another one they count for nothing, and a model whose weights have changed is one that was not tried.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path

from voice_imago.folders import data_folder

__all__ = ["FAST", "REAL_TIME", "forget_pace", "known_pace", "predicted_pace", "quickest_first", "remember_pace"]

FAST = 0.3
"""The pace up to which words come while they are still of use."""
REAL_TIME = 1.0
"""Beyond this pace a model falls behind whoever speaks."""
WORK = {"tiny": 1.0, "base": 2.0, "small": 5.8}
"""Work of the sizes for the same speech, against the smallest: trials of the true shapes on one computer, which gave
paces of 0.12, 0.24 and 0.70. Only good enough to predict."""


def size_of(name: str) -> str:
    """tiny, base or small: what ``tiny.en`` and ``tiny`` have in common."""
    return name.removesuffix(".en")


def known_pace(folder: Path) -> float | None:
    """The measured pace of the model in a folder; None: it was not tried on this computer."""
    entry = _read().get(_key(folder))
    if not isinstance(entry, dict) or entry.get("bytes") != _weights_bytes(folder):
        return None
    pace = entry.get("pace")
    return pace if isinstance(pace, float) and pace > 0.0 else None


def remember_pace(folder: Path, pace: float) -> None:
    """For the next time; where it cannot be written the model is one that was not tried."""
    entry = {"pace": max(0.0001, round(float(pace), 4)), "bytes": _weights_bytes(folder)}
    _write(_read() | {_key(folder): entry})


def forget_pace(folder: Path) -> None:
    """The model is gone."""
    paces = _read()
    if paces.pop(_key(folder), None) is not None:
        _write(paces)


def predicted_pace(name: str, measured: Mapping[str, float]) -> float | None:
    """The pace that a model should have, from the measured ones by name; a guess, or None without any."""
    work = WORK.get(size_of(name))
    if work is None:
        return None
    guesses = [pace * work / WORK[size_of(other)] for other, pace in measured.items() if size_of(other) in WORK]
    return min(guesses, default=None)


def quickest_first(preferred: tuple[str, ...], measured: Mapping[str, float]) -> tuple[str, ...]:
    """The names in the order in which they should be used.

    Nothing measured: as preferred. Else the largest that is fast enough, measured or by prediction, then the others,
    the quickest first.
    """
    if not measured:
        return preferred
    paces = {name: measured.get(name) or predicted_pace(name, measured) or 0.0 for name in preferred}
    fast = [name for name in preferred if paces[name] <= FAST]
    fast.sort(key=lambda name: -WORK.get(size_of(name), 0.0))
    return (*fast, *sorted((name for name in preferred if name not in fast), key=lambda name: paces[name]))


def _file() -> Path:
    return data_folder() / "paces.json"


def _machine() -> str:
    return f"{platform.node()} {platform.machine()} {os.cpu_count()}"


def _key(folder: Path) -> str:
    return str(folder.resolve())


def _weights_bytes(folder: Path) -> int:
    try:
        return (folder / "model.bin").stat().st_size
    except OSError:
        return -1


def _read() -> dict[str, object]:
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
        return dict(found["models"]) if found["machine"] == _machine() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write(models: Mapping[str, object]) -> None:
    path = _file()
    text = json.dumps({"machine": _machine(), "models": models}, indent=1)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        number, part = tempfile.mkstemp(dir=path.parent, prefix="paces-", suffix=".part")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
            Path(part).replace(path)
        except OSError:
            Path(part).unlink(missing_ok=True)
