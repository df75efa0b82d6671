"""Recognition that is killed again and again while a couple talks: every piece gets its words all the same.

``SCRIBE_KILLS=100`` kills a hundred times.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from voice_imago.engines.ports import Heard, Samples, Understands
from voice_imago.engines.recognisers import RecogniserSpec
from voice_imago.runtime import rehearse
from voice_imago.runtime.scene import Scene, scenes_folder
from voice_imago.runtime.scribe import Scribe

PATIENCE_S = 60.0
KILLS = int(os.environ.get("SCRIBE_KILLS", "40"))

needs_voice = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


class ScribeInStep:
    """A recogniser that asks a scribe process, and waits for it: a rehearsal's clock stands still meanwhile."""

    name = "scribe"
    understands: Understands = "speech"

    def __init__(self, names: Sequence[str], kill_during: Callable[[], int]) -> None:
        folder = scenes_folder() / "recogniser"
        spec = RecogniserSpec("whisper", model_dir=folder, hints=tuple(names))
        self._scribe = Scribe(spec, self._text, self._fault)
        self._kill_during = kill_during
        self._changed = threading.Condition()
        self._heard: dict[int, Heard] = {}
        self._alive = threading.Event()
        self.kills = 0
        self.faults: list[str] = []
        self.asked = 0
        self._scribe.start()

    def recognise(self, sound: Samples, *, short: bool, hints: Sequence[str] = ()) -> Heard:
        self.asked += 1
        id = self.asked
        self._scribe.submit(id, sound, short)
        for _ in range(self._kill_during()):
            self._kill_at_work()
        with self._changed:
            assert self._changed.wait_for(lambda: id in self._heard, PATIENCE_S), self.faults
            return self._heard[id]

    def close(self) -> None:
        self._scribe.close()

    def _kill_at_work(self) -> None:
        """Once it has the piece, and, the second time, once the new process has it."""
        seen = len(self.faults)
        while len(self._scribe._queue):
            os.sched_yield()
        pid = self._scribe.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.kills += 1
        with self._changed:
            assert self._changed.wait_for(lambda: "recovered" in self.faults[seen:], PATIENCE_S), self.faults

    def _text(self, id: int, heard: Heard, waited_s: float) -> None:
        with self._changed:
            self._heard[id] = heard
            self._changed.notify_all()

    def _fault(self, code: str, sentence: str) -> None:
        with self._changed:
            self.faults.append(code)
            self._changed.notify_all()


@needs_voice
@pytest.mark.timeout(600)
def test_kills_in_rehearsals_lose_no_piece(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scene = tmp_path / "understood.toml"
    shipped = (scenes_folder() / "full_dialogue.toml").read_text(encoding="utf-8")
    scene.write_text('recogniser = "fixture"\n' + shipped, encoding="utf-8")
    undisturbed = rehearse.rehearse(rehearse.RehearsePlan(scene))
    assert undisturbed.problems == []

    dice, made = random.Random(7), []

    def killed(scene: Scene) -> ScribeInStep:
        def once_or_twice() -> int:
            return min(dice.randint(1, 2), KILLS - sum(one.kills for one in made))

        made.append(ScribeInStep(scene.names, once_or_twice))
        return made[-1]

    monkeypatch.setattr(rehearse, "_recogniser", killed)
    while sum(one.kills for one in made) < KILLS:
        outcome = rehearse.rehearse(rehearse.RehearsePlan(scene))
        assert outcome.problems == []
        assert outcome.texts == undisturbed.texts
    faults = [code for one in made for code in one.faults]
    assert sum(one.kills for one in made) == KILLS
    assert faults.count("died") == KILLS
    assert set(faults) == {"died", "recovered"}
