"""Fetches one speech model: the parent's end of ``fetch_child``.

A download goes into a part beside the models and is renamed into place only when every file is there and the weights
have the pinned hash. So a folder with a model's name is always a whole model, however the download ended: cancelled,
cut, killed, or raced by a second program. What a cut or a kill left is kept, and the next download goes on with it.

    fetch = fetching(model, folder)        nothing has happened yet
    for arrived in fetch: …                several times a second, also when nothing new is here
    fetch.close()                          cancels; nothing half is left
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
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from voice_imago.engines.whisper_models import Model, mark_verified, missing_files, verify_model
from voice_imago.errors import FileError, ModelError
from voice_imago.runtime.fetch_parts import WEIGHTS, drop_notes, remove_part, reopen

__all__ = ["SILENCE_S", "Arrived", "FetchError", "Fetching", "fetching", "settle", "trouble"]

SILENCE_S = 30.0
"""Seconds without one new byte after which a download is given up."""
CONNECT_S = 10.0
"""Seconds in which the server has to answer, or to go on."""
_ROOM = 1.1
"""Free space asked for, as a multiple of the download."""
_LOOK_S = 0.1
_ENDING_S = 5.0
_KEPT_AFTER = ("cut", "silent", "offline", "died")
"""Troubles of the network, after which the next download goes on with what is here."""
_RETRY = "Try again later with: voice-imago setup, or copy a model here by hand and name it with --model-dir."


@dataclass(frozen=True, slots=True)
class Arrived:
    """How much of the weights is here."""

    bytes: int
    of: int

    @property
    def fraction(self) -> float:
        """0..1; all is there only when it was checked, so never quite 1."""
        return min(0.999, self.bytes / self.of) if self.of else 0.0

    @property
    def percent(self) -> int:
        """0..99."""
        return int(100.0 * self.fraction)


Fetching = Generator[Arrived, None, Path]
"""A download under way, which gives the model's folder in the end. ModelError or FileError; ``close`` cancels it."""


class FetchError(ModelError):
    """A model could not be fetched; ``kind`` is an outcome of the task ``fetch_model``, or ``failed``."""

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind


def fetching(model: Model, place: Path, deadline_s: float = SILENCE_S, *, afresh: bool = False) -> Fetching:
    """Download ``model`` into the folder ``place``; one that is there already, whole and undamaged, is not fetched.

    ``deadline_s`` are the seconds without a new byte after which the server counts as gone. ``afresh``: the one that is
    there does not work; of it only weights with the right hash are kept.
    """
    goal = place / model.name
    if not afresh and verify_model(goal, model.sha256) == "good":
        return goal
    _look_writable(place)
    if goal.is_dir() and verify_model(goal, model.sha256) == "good":
        reopen(goal, model.name, model.sha256)
    talk = _Talk()
    keep = False
    try:
        with _child(model, place, min(CONNECT_S, deadline_s / 2), talk):
            yield from _follow(talk, model, place, deadline_s)
        _settle_part(talk.part, goal, model)
    except FetchError as error:
        keep = error.kind in _KEPT_AFTER or error.kind == "failed"
        raise
    finally:
        part = talk.part
        if part is not None and not (keep and (part / WEIGHTS).exists()):
            remove_part(part)
    return goal


def settle(part: Path, goal: Path, sha256: str) -> None:
    """Make a whole and checked folder a model, in place of a damaged one. FileError if that is not possible."""
    mark_verified(part, sha256)
    try:
        if goal.exists() and verify_model(goal, sha256) != "good":
            shutil.rmtree(goal) if goal.is_dir() else goal.unlink()
        if not goal.exists():
            part.rename(goal)
    except OSError as error:
        if verify_model(goal, sha256) != "good":  # else a second program was faster
            raise FileError(f"The model could not be saved as {goal}: {error.strerror}.") from error


def _settle_part(part: Path | None, goal: Path, model: Model) -> None:
    if part is None or missing_files(part):
        if verify_model(goal, model.sha256) == "good":  # a second program went on with the part, and was faster
            return
        raise trouble("missing", model, goal.parent)
    settle(part, goal, model.sha256)
    drop_notes(goal)


def _look_writable(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise FileError(
            f"The folder {place} for speech models cannot be written: {error.strerror}.",
            "Choose another with --model-dir.",
        ) from error


# --------------------------------------------------------------------------------------------- the child


class _Talk:
    """What the child says, in order; None when it says nothing more."""

    def __init__(self) -> None:
        self.part: Path | None = None
        """Where the download is being put."""
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def listen(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            if line.endswith(b"\n"):
                told = json.loads(line)
                if "part" in told:
                    self.part = Path(told["part"])
                self._lines.put(told)
        self._lines.put(None)

    def next(self, within_s: float) -> dict[str, Any] | None:
        """Raises queue.Empty."""
        return self._lines.get(timeout=within_s)


def _follow(talk: _Talk, model: Model, place: Path, deadline_s: float) -> Iterator[Arrived]:
    """Until the child is done. FetchError when it failed or fell silent."""
    arrived, heard_at = Arrived(0, 0), time.monotonic()
    while True:
        yield arrived
        try:
            told = talk.next(_LOOK_S)
        except queue.Empty:
            if time.monotonic() - heard_at > deadline_s:
                raise trouble("silent", model, place) from None
            continue
        heard_at = time.monotonic()
        if told is None:
            raise trouble("died", model, place)
        if "error" in told:
            raise trouble(str(told["error"]), model, place)
        if "done" in told:
            return
        arrived = Arrived(int(told.get("bytes", arrived.bytes)), int(told.get("of", arrived.of)))


@contextlib.contextmanager
def _child(model: Model, place: Path, patience_s: float, talk: _Talk) -> Iterator[None]:
    """A running download; it is ended on leaving, whatever it is doing."""
    child = subprocess.Popen(
        [sys.executable, "-m", "voice_imago.runtime.fetch_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    reader = threading.Thread(target=talk.listen, args=(_end_of(child.stdout),), name="download", daemon=True)
    wanted = {
        "name": model.name,
        "repo": model.repo,
        "revision": model.revision,
        "sha256": model.sha256,
        "place": str(place),
        "need_bytes": int(model.download_mb * 1e6 * _ROOM),
        "patience_s": patience_s,
    }
    done = False
    try:
        reader.start()
        with contextlib.suppress(OSError):  # it died at once; the reader tells
            _end_of(child.stdin).write(json.dumps(wanted).encode() + b"\n")
            _end_of(child.stdin).flush()
        yield
        done = True
    finally:
        if done:  # it has said all, and lets go of the part now
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_ENDING_S)
        child.kill()
        child.wait()
        reader.join()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                _end_of(pipe).close()


def _end_of(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the child was started without its pipes")
    return pipe


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment | {"PYTHONSAFEPATH": "1"}


# ------------------------------------------------------------------------------------------- the sentences


def trouble(kind: str, model: Model, place: Path) -> FetchError:
    """One sentence for each way in which a download fails."""
    size, begin = f"{model.download_mb} MB", f"The speech model {model.name} could not be fetched"
    kept = " What has arrived is kept for the next time."
    sentences = {
        "offline": f"{begin}: there is no connection to its server.",
        "silent": f"{begin}: its server does not answer.",
        "missing": f"{begin}: its server does not have it any more.",
        "cut": f"{begin}: the connection broke off.{kept}",
        "damaged": f"The speech model {model.name} arrived damaged and was thrown away.",
        "full": f"There is not enough room in {place} for the speech model {model.name} ({size}).",
        "forbidden": f"The folder {place} for speech models cannot be written.",
        "died": f"{begin}: the download stopped by itself.",
    }
    advice = {"full": f"Make {size} free, or choose another place with --model-dir."}
    message = sentences.get(kind, f"{begin}: its server answered with {kind}.")
    known = kind if kind in ("offline", "silent", "missing", "cut", "damaged", "full") else "failed"
    return FetchError(known, message, advice.get(kind, _RETRY))
