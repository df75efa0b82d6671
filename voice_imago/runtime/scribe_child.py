"""The process in which speech becomes text; ``scribe_process.py`` starts it with ``-m``.

Its own process, so that a crash or a hang inside a foreign library costs one piece a second try and never the
session, and its own low priority, so that hearing and speaking come first on two cores.

Protocol, on private copies of stdin and stdout (foreign libraries may print to the real ones): JSON lines,
where it says ``bytes`` followed by so many raw bytes. In: the spec, then pieces. Out: ready or error, then
one answer to each piece.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from voice_imago.engines.ports import Recogniser, Samples
from voice_imago.engines.recognisers import RecogniserSpec, make_recogniser
from voice_imago.errors import RecognitionError, VoiceImagoError

NICENESS = 10


def main() -> int:
    """Serve until the other side closes its end."""
    inbox, outbox = _private_pipes()
    _step_back()
    spec = _spec(json.loads(inbox.readline()))
    try:
        made = make_recogniser(spec)
    except VoiceImagoError as error:
        _say(outbox, {"error": type(error).__name__, "message": error.message, "hint": error.hint})
        return 1
    told = made.recogniser
    ready = {"name": told.name, "understands": told.understands, "reason": made.reason}
    _say(outbox, ready | _standing(told, "here" if made.reason == "home_away" else "home"))
    while line := inbox.readline():
        job = json.loads(line)
        raw = inbox.read(job["bytes"])
        if len(raw) == job["bytes"]:
            _say(outbox, _answer(told, job, np.frombuffer(raw, dtype=np.float32), spec.hints))
    return 0


def _answer(recogniser: Recogniser, job: dict[str, Any], sound: Samples, hints: tuple[str, ...]) -> dict[str, Any]:
    began = time.process_time()
    try:
        heard = recogniser.recognise(sound, short=job["short"], hints=hints)
    except RecognitionError as error:
        return {"job": job["job"], "failed": str(error)} | _standing(recogniser)
    told = {"text": heard.text, "confidence": heard.confidence, "work_s": time.process_time() - began}
    return {"job": job["job"]} | told | _standing(recogniser)


def _standing(recogniser: Recogniser, otherwise: str = "home") -> dict[str, Any]:
    """Who answers, where a server at home may: it, this computer in its place, or nobody; and the trouble with it."""
    return {
        "standing": getattr(recogniser, "standing", otherwise),
        "trouble": getattr(recogniser, "trouble", ""),
    }


def _spec(told: dict[str, Any]) -> RecogniserSpec:
    folder = told["model_dir"]
    told |= {"model_dir": Path(folder) if folder else None, "hints": tuple(told["hints"])}
    return RecogniserSpec(**told)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our own ends of the pipes; whatever a library prints or reads goes nowhere."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return inbox, outbox


def _step_back() -> None:
    """Low priority, one thread per library, and Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Linux shares the processor out by sessions first, and we have one of our own (Ctrl-C): measured, the nice value
    # alone left us as much of a busy core as the main loop, with this a seventh.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")


def _say(outbox: BinaryIO, told: dict[str, Any]) -> None:
    outbox.write(json.dumps(told).encode() + b"\n")
    outbox.flush()


if __name__ == "__main__":
    sys.exit(main())
