"""How quick a speech model is on this computer: a timed decode of five seconds of speech, as the scribe does it.

In the scribe's own child process, with one thread and low priority, while the evening goes on beside it. The pace is
seconds of processor time for each second of speech: with low priority the seconds on the wall grow with whatever else
the computer does just then (five times as many were seen), and say nothing about the next evening. The best of a few
tries counts. A clip of five seconds costs as much as half a minute (the model's window is always that long), so a turn
goes quicker than the pace says.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.recognisers import RecogniserSpec
from voice_imago.engines.recorded import read_sound
from voice_imago.errors import ModelError, RecognitionError
from voice_imago.runtime.scene import scenes_folder
from voice_imago.runtime.scribe_process import ChildGone, ScribeProcess

__all__ = ["Trial", "trial_sound"]

TRIES = 3
LOAD_S = 60.0
DECODE_S = 60.0
"""Seconds after which a decode is given up: the pace is then at least this, by the clip's length."""
ENOUGH_S = 10.0
"""Seconds that a decode may take to be worth another try."""


def trial_sound() -> Samples:
    """The clip: five seconds of synthetic speech. Raises FileError."""
    return read_sound(scenes_folder() / "trial.flac")


class Trial:
    """One at a time; ``close`` from another thread ends it."""

    def __init__(self, tries: int = TRIES) -> None:
        self._tries = tries
        self._lock = threading.Lock()
        self._child: ScribeProcess | None = None
        self._closed = False

    def run(self, folder: Path, language: str) -> float:
        """The pace of the model in a folder. ModelError if it cannot be used."""
        sound = trial_sound()
        child = self._new_child()
        try:
            child.load(RecogniserSpec("whisper", model_dir=folder, language=language), LOAD_S)
            return self._best(child, sound) / (sound.size / HEAR_HZ)
        except (ChildGone, RecognitionError) as error:
            raise ModelError(
                f"The speech model in {folder} stopped while it was tried out.",
                "Fetch it again with: voice-imago setup",
            ) from error
        finally:
            child.close()

    def close(self) -> None:
        """End the trial that is running, and let no other begin."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.close()

    def _new_child(self) -> ScribeProcess:
        with self._lock:
            self._child = child = ScribeProcess()
            if self._closed:
                child.close()
        return child

    def _best(self, child: ScribeProcess, sound: Samples) -> float:
        """Seconds of processor time of the quickest decode."""
        best = float("inf")
        for _ in range(self._tries):
            began = time.monotonic()
            try:
                child.recognise(sound, short=False, within_s=DECODE_S)
            except ChildGone as gone:
                if gone.hung and not self._closed:
                    return min(best, DECODE_S)
                raise
            best = min(best, child.work_s)
            if time.monotonic() - began > ENOUGH_S:
                break
        return best
