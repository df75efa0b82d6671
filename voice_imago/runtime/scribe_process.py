"""The parent's end of one scribe child: start it, ask it, end it. Every wait has a deadline.

A reply can only be awaited by blocking on a pipe (Windows cannot select on pipes), so a timer ends the child when
the deadline passes; the blocked read then returns, empty. ``ChildGone`` therefore covers crash, hang and kill.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from voice_imago import errors
from voice_imago.engines.ports import Heard, Samples, Understands
from voice_imago.engines.recognisers import Reason, RecogniserSpec
from voice_imago.engines.wyoming_standin import Standing
from voice_imago.errors import ModelError, RecognitionError, VoiceImagoError

_ROOT = Path(__file__).resolve().parents[2]


class ChildGone(Exception):
    """The child died, or was ended because it did not answer in time."""

    def __init__(self, hung: bool) -> None:
        super().__init__()
        self.hung = hung


class ScribeProcess:
    """One child; it can be closed from any thread, also while it loads."""

    def __init__(self) -> None:
        self._child = _spawn()
        self._ending = threading.Lock()
        self._jobs = 0
        self.name = ""
        self.understands: Understands = "nothing"
        self.reason: Reason = "asked"
        self.standing: Standing = "home"
        """Who answered last: the server at home (or whoever was asked), this computer in its place, or nobody."""
        self.trouble = ""
        """What went wrong with the server at home last."""
        self.work_s = 0.0
        """Seconds of processor time that the last piece took."""

    def load(self, spec: RecogniserSpec, within_s: float) -> None:
        """Load the recogniser. The error that the child met, or ChildGone after ``within_s`` at the latest."""
        told = self._ask(_told(spec), b"", within_s)
        if "error" in told:
            self.close()
            raise _error(told)
        self.name, self.understands, self.reason = str(told["name"]), told["understands"], told["reason"]
        self.standing = told["standing"]

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def recognise(self, sound: Samples, *, short: bool, within_s: float) -> Heard:
        """Text of one piece. RecognitionError, or ChildGone after ``within_s`` seconds at the latest."""
        self._jobs += 1
        raw = sound.tobytes()
        told = self._ask({"job": self._jobs, "short": short, "bytes": len(raw)}, raw, within_s)
        if told.get("job") != self._jobs:
            self.close()
            raise ChildGone(hung=False)
        self.standing, self.trouble = told["standing"], str(told["trouble"])
        if "failed" in told:
            raise RecognitionError(str(told["failed"]))
        self.work_s = float(told["work_s"])
        return Heard(str(told["text"]), float(told["confidence"]))

    def close(self) -> None:
        """End the child at once; safe from any thread and more than once."""
        with self._ending:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                with suppress(OSError):  # what was not written yet cannot be written any more
                    if pipe is not None:
                        pipe.close()

    def _ask(self, told: dict[str, Any], raw: bytes, within_s: float) -> dict[str, Any]:
        with self._deadline(within_s) as expired:
            try:
                self._write(json.dumps(told).encode() + b"\n" + raw)
                line = self._read_line()
                answer = json.loads(line) if line.endswith(b"\n") else None
            except (OSError, ValueError):
                answer = None
        if not isinstance(answer, dict):
            self.close()
            raise ChildGone(hung=expired.is_set())
        return answer

    def _write(self, raw: bytes) -> None:
        if self._child.stdin is not None:  # Popen's type; it was opened as a pipe
            self._child.stdin.write(raw)
            self._child.stdin.flush()

    def _read_line(self) -> bytes:
        return self._child.stdout.readline() if self._child.stdout is not None else b""

    @contextmanager
    def _deadline(self, within_s: float) -> Iterator[threading.Event]:
        expired = threading.Event()

        def end() -> None:
            expired.set()
            self._child.kill()

        timer = threading.Timer(within_s, end)
        timer.daemon = True
        timer.start()
        try:
            yield expired
        finally:
            timer.cancel()


def _spawn() -> subprocess.Popen[bytes]:
    environment = dict(os.environ)
    # The package may lie in a checkout that is not installed, and the user may stand in any folder.
    paths = [str(_ROOT), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    environment.update(PYTHONSAFEPATH="1", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", OMP_NUM_THREADS="1")
    # One heap for all threads of glibc: 25 MB less at the peak, for the same work.
    environment.setdefault("MALLOC_ARENA_MAX", "1")
    calm = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        [sys.executable, "-m", "voice_imago.runtime.scribe_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        creationflags=calm,
        start_new_session=True,  # Ctrl-C is for us alone; we end the child in order
    )


def _told(spec: RecogniserSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "model": spec.model,
        "model_dir": str(spec.model_dir) if spec.model_dir else None,
        "language": spec.language,
        "hints": spec.hints,
    }


def _error(told: dict[str, Any]) -> VoiceImagoError:
    """The child's error as ours; one of a kind that we do not know is a model error."""
    kind = getattr(errors, str(told["error"]), None)
    known = kind if isinstance(kind, type) and issubclass(kind, VoiceImagoError) else ModelError
    return known(str(told["message"]), str(told["hint"]))
