"""Fetch, list, verify and remove speech models. What a model is, and whether it is whole, stands in
``engines/whisper_models.py``; here is what changes the disk or needs the network.

A download goes into a folder of its own beside the others and is renamed into place only when every file is
there and the weights have the pinned hash. So a folder with a model's name is always a whole model, however
the download ended: cancelled, cut, killed, or raced by a second program.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from voice_imago.engines.whisper_models import (
    MODELS,
    Model,
    State,
    find_model,
    mark_verified,
    missing_files,
    verify_model,
)
from voice_imago.errors import FileError, ModelError, UsageError
from voice_imago.folders import models_folder

__all__ = [
    "MODELS",
    "Installed",
    "Model",
    "fetch_model",
    "find_model",
    "list_models",
    "models_folder",
    "remove_model",
    "verify_model",
]

SILENCE_S = 30.0
"""Seconds without one new byte after which a download is given up."""
_ROOM = 1.1
"""Free space asked for, as a multiple of the download."""
_PART = ".part-"
_STALE_S = 24 * 3600.0
"""Seconds after which somebody else's unfinished download is rubbish."""
_LOOK_S = 0.1
_RETRY = "Try again later with: voice-imago setup, or copy a model here by hand and name it with --model-dir."

Progress = Callable[[int], None]
"""Called with 0, 25, 50, 75 and 100 (percent), each once."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on this computer."""

    name: str
    folder: Path
    size_mb: int
    state: State


def fetch_model(
    name: str,
    folder: Path | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    deadline_s: float = SILENCE_S,
) -> Path | None:
    """Download a model into ``folder`` (ours by default) and return its own folder; None when cancelled.

    ``deadline_s`` are the seconds without a new byte after which the server counts as gone. A model that is
    already there, whole and undamaged, is not fetched again. UsageError, FileError or ModelError otherwise.
    """
    model = _known(name)
    place = (folder or models_folder()) / model.name
    if verify_model(place, model.sha256) == "good":
        _each_quarter(progress)(1.0)
        return place
    with _part_folder(place.parent, model) as part:
        told = _each_quarter(progress)
        told(0.0)
        whole = model.download_mb * 1e6
        if not _download(model, part, lambda done: told(done / whole), (cancel, deadline_s)):
            return None
        _check(model, part)
        _move_into_place(part, place, model)
        told(1.0)
    return place


def list_models(folder: Path | None = None) -> tuple[Installed, ...]:
    """The models in ``folder`` (ours by default), by name; whatever else lies there is left out."""
    place = folder or models_folder()
    found = sorted(place.iterdir()) if place.is_dir() else []
    return tuple(
        Installed(one.name, one, round(_bytes(one) / 1e6), verify_model(one))
        for one in found
        if one.is_dir() and not one.name.startswith(".") and (one / "model.bin").exists()
    )


def remove_model(name: str, folder: Path | None = None) -> bool:
    """Delete a model from ``folder`` (ours by default); False if it was not there, FileError if it cannot."""
    place = folder or models_folder()
    if name not in {one.name for one in list_models(place)}:
        return False
    try:
        shutil.rmtree(place / name)
    except OSError as error:
        raise FileError(f"The model {place / name} could not be deleted: {error.strerror}.") from error
    return True


def _known(name: str) -> Model:
    if name not in MODELS:
        raise UsageError(f"There is no speech model called {name}.", f"Choose one of: {', '.join(MODELS)}.")
    return MODELS[name]


# --------------------------------------------------------------------------------------------- the child


def _download(
    model: Model,
    part: Path,
    arrived: Callable[[int], None],
    limits: tuple[threading.Event | None, float],
) -> bool:
    """Run the child until it is done; False when cancelled, ModelError when it failed or fell silent."""
    cancel, deadline_s = limits
    with _child(model, part) as lines:
        heard_at = time.monotonic()
        while True:
            if cancel is not None and cancel.is_set():
                return False
            try:
                told = lines.get(timeout=_LOOK_S)
            except queue.Empty:
                if time.monotonic() - heard_at > deadline_s:
                    raise _trouble("silent", model, part) from None
                continue
            heard_at = time.monotonic()
            if told is None or "error" in told:
                raise _trouble(str(told["error"]) if told else "died", model, part)
            if "done" in told:
                return True
            arrived(int(told["bytes"]))


@contextlib.contextmanager
def _child(model: Model, part: Path) -> Iterator[queue.SimpleQueue[dict[str, Any] | None]]:
    """A running download and what it says; it is ended on leaving, whatever it is doing."""
    child = subprocess.Popen(
        [sys.executable, "-m", "voice_imago.runtime.fetch_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(child, lines), name="download", daemon=True)
    try:
        wanted = {"repo": model.repo, "revision": model.revision, "folder": str(part)}
        reader.start()
        with contextlib.suppress(OSError):  # it died at once; the reader tells
            _end_of(child.stdin).write(json.dumps(wanted).encode() + b"\n")
            _end_of(child.stdin).close()
        yield lines
    finally:
        child.kill()
        child.wait()
        reader.join()
        _end_of(child.stdout).close()


def _read(child: subprocess.Popen[bytes], lines: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    for line in _end_of(child.stdout):
        if line.endswith(b"\n"):
            lines.put(json.loads(line))
    lines.put(None)


def _end_of(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the child was started without its pipes")
    return pipe


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    environment.pop("HF_HUB_OFFLINE", None)
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    environment |= {
        "PYTHONSAFEPATH": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",  # the faster protocol has no per-byte progress and its own caches
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    }
    environment.setdefault("HF_HUB_DOWNLOAD_TIMEOUT", "10")
    return environment


# ---------------------------------------------------------------------------------------------- the disk


@contextlib.contextmanager
def _part_folder(place: Path, model: Model) -> Iterator[Path]:
    """A fresh folder for one download; nothing of it is left when the download does not succeed."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        _sweep(place)
        part = Path(tempfile.mkdtemp(prefix=f"{_PART}{model.name}-", dir=place))
    except OSError as error:
        raise FileError(
            f"The folder {place} for speech models cannot be written: {error.strerror}.",
            "Choose another with --model-dir.",
        ) from error
    try:
        if shutil.disk_usage(part).free < model.download_mb * 1e6 * _ROOM:
            raise _trouble("full", model, part)
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove what a killed download left; a younger one may belong to a program that still runs."""
    for left in place.glob(f"{_PART}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True)


def _check(model: Model, part: Path) -> None:
    shutil.rmtree(part / ".cache", ignore_errors=True)  # the hub library's own notes
    if missing_files(part):
        raise _trouble("missing", model, part)
    if verify_model(part, model.sha256) != "good":
        raise _trouble("damaged", model, part)
    mark_verified(part, model.sha256)


def _move_into_place(part: Path, place: Path, model: Model) -> None:
    try:
        if place.exists() and verify_model(place, model.sha256) != "good":
            shutil.rmtree(place)
        if not place.exists():
            part.rename(place)
    except OSError as error:
        if verify_model(place, model.sha256) != "good":  # else a second program was faster
            raise FileError(f"The model could not be saved as {place}: {error.strerror}.") from error


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


# ------------------------------------------------------------------------------------------- the sentences


def _trouble(kind: str, model: Model, part: Path) -> ModelError:
    """One sentence for each way in which a download fails."""
    size, begin = f"{model.download_mb} MB", f"The speech model {model.name} could not be fetched"
    sentences = {
        "offline": f"{begin}: there is no connection to its server.",
        "silent": f"{begin}: its server does not answer.",
        "missing": f"{begin}: its server does not have it any more.",
        "cut": f"{begin}: the connection broke off.",
        "damaged": f"The speech model {model.name} arrived damaged and was thrown away.",
        "full": f"There is not enough room in {part.parent} for the speech model {model.name} ({size}).",
        "forbidden": f"The folder {part.parent} for speech models cannot be written.",
        "died": f"{begin}: the download stopped by itself.",
    }
    advice = {"full": f"Make {size} free, or choose another place with --model-dir."}
    return ModelError(sentences.get(kind, f"{begin}: its server answered with {kind}."), advice.get(kind, _RETRY))


def _each_quarter(progress: Progress | None) -> Callable[[float], None]:
    """Turns a growing fraction into quarters, each told once."""
    ahead = [0, 25, 50, 75, 100]

    def told(fraction: float) -> None:
        # The size is known roughly beforehand; the last quarter is told only when all is checked.
        percent = 100 if fraction == 1.0 else min(99.0, fraction * 100.0)
        while ahead and percent >= ahead[0]:
            reached = ahead.pop(0)
            if progress is not None:
                progress(reached)

    return told
