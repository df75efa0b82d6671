"""The log: one line a turn, in numbers. No word that was said, no name, no sound, no path.

It is written where something is kept anyway, or with ``--debug``, which adds the steps and prompts in between. Where
nothing is kept and nobody debugs, nothing is written; when an evening is forgotten, the log goes with it.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import weakref
from collections.abc import Callable, Collection, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from voice_imago.folders import log_file

__all__ = ["TurnLog", "erase_log", "last_lines"]

MOST_BYTES = 300_000
_ALWAYS = {
    "session_started": ("dialogue", "language", "recogniser", "version"),
    "session_ended": ("reason",),
    "command": ("name", "by"),
    "reply": ("step", "meaning", "by"),
    "fault": ("part", "code"),
    "recovered": ("part",),
    "consent": ("keep", "by"),
    "task_done": ("task", "outcome", "for"),
    "intervention": ("kind", "rung", "for"),
}
"""Events that are logged, with the fields that hold neither words nor names (partners become 0 and 1)."""
_STATES = {
    "step_entered": ("step", "actor", "role"),
    "prompt_started": ("prompt", "form"),
    "listening": ("step", "for", "kind", "end_silence_s"),
    "turn_reopened": ("turn",),
}
"""The same with ``--debug``."""
_PARTNER = {"by", "for", "actor", "speaker"}


class _PrivateFile(RotatingFileHandler):
    """0600, in a folder of 0700."""

    def _open(self) -> Any:
        path = Path(self.baseFilename)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that cannot be written disturbs nobody."""

    def let_go(self) -> None:
        """Close the file; the next line opens it anew. Some systems delete no open file."""
        with self.lock or contextlib.nullcontext():
            if self.stream is not None:
                self.stream.close()
                self.stream = None


_open_logs: weakref.WeakSet[_PrivateFile] = weakref.WeakSet()


def erase_log() -> bool:
    """Leave nothing of the log; whether there was any. Raises OSError."""
    for opened in list(_open_logs):
        opened.let_go()
    path = log_file()
    if path.parent.is_symlink():
        return False
    found = [one for one in path.parent.glob(f"{path.name}*") if one.is_symlink() or not one.is_dir()]
    for one in found:
        one.unlink(missing_ok=True)
    return bool(found)


class TurnLog:
    """Told every event of a session; ``active`` says whether something is kept now, and so a line may be written.

    ``withdrawn`` says that nothing may be kept any more of what was: then what is written already goes.
    """

    def __init__(
        self,
        partners: tuple[str, str],
        active: Callable[[], bool],
        *,
        withdrawn: Callable[[], bool] = lambda: False,
        debug: bool = False,
        hidden: Collection[str] = (),
        now: Callable[[], datetime.datetime] = datetime.datetime.now,
    ) -> None:
        """``hidden``: steps of which nothing is logged, not even that they were entered."""
        self._partners, self._active, self._now, self._hidden = partners, active, now, frozenset(hidden)
        self._events = _ALWAYS | (_STATES if debug else {})
        self._withdrawn, self._debug, self._kept = withdrawn, debug, False
        self._turn: dict[str, Any] = {}
        self._step = ""
        self._logger = logging.Logger("voice_imago.turns")
        self._handler: _PrivateFile | None = None

    def note(self, event: Mapping[str, Any]) -> None:
        """One event of the stream."""
        self._follow()
        kind = event["event"]
        if kind == "turn_ended":
            self._line_of_turn()
            self._turn = {} if self._step in self._hidden else self._about(event)
        elif kind == "turn_explained" and self._turn:
            self._turn["speech_s"] = round(sum(end - start for start, end, _ in event["spans"]), 2)
            self._turn["margin"] = event["margin_nats"]
        elif kind == "transcript" and event["final"] and event["turn"] == self._turn.get("turn"):
            self._turn |= {"words": len(event["text"].split()), "lag_s": event["lag_s"]}
        elif kind == "step_entered":
            self._step = event["step"]
        if self._step in self._hidden and kind != "session_ended":
            return
        if kind in self._events:
            if kind == "session_ended":
                self._line_of_turn()
            self._write(kind, event["t"], {name: self._plain(name, event[name]) for name in self._events[kind]})

    def _follow(self) -> None:
        """What was kept so far is not to be kept any more."""
        kept, self._kept = self._kept, self._active()
        if kept and self._withdrawn():
            self._turn = {}
            with contextlib.suppress(OSError):
                erase_log()

    def close(self) -> None:
        self._follow()
        self._line_of_turn()
        if self._handler is not None:
            self._handler.close()

    def _about(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "t": event["t"],
            "turn": event["turn"],
            "step": self._step,
            "speaker": self._plain("speaker", event["speaker"]),
            "why": event["why"],
            "silence_s": round(event["decided"] - event["end"], 2),
        }

    def _line_of_turn(self) -> None:
        turn, self._turn = self._turn, {}
        if turn:
            at = turn.pop("t")
            self._write("turn", at, {**turn, "to": "-" if self._step in self._hidden else self._step})

    def _plain(self, name: str, value: Any) -> Any:
        if name not in _PARTNER or value is None:
            return value
        if value in self._partners:
            return self._partners.index(value)
        return value if value in ("both", "guide", "key", "unknown") else "-"

    def _write(self, what: str, at: float, fields: Mapping[str, Any]) -> None:
        if not self._debug and not self._active():
            return
        if self._handler is None:
            self._handler = _PrivateFile(log_file(), maxBytes=MOST_BYTES, backupCount=1, delay=True)
            self._logger.addHandler(self._handler)
            _open_logs.add(self._handler)
        pairs = " ".join(f"{name}={value}" for name, value in fields.items())
        with contextlib.suppress(OSError):
            stamp = self._now().isoformat(timespec="seconds")
            self._logger.info(f"{stamp} {what} t={at:.2f} {pairs}")


def last_lines(most: int) -> list[str]:
    """The end of the log; [] where there is none."""
    try:
        return log_file().read_text(encoding="utf-8", errors="replace").splitlines()[-most:]
    except OSError:
        return []
