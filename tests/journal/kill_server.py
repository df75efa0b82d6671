"""Plays a kept session again and again in processes of its own and kills them; started by ``test_kills``.

One line of JSON comes in for each kill, one goes out. The process forks, so that a kill costs milliseconds: everything
is imported already. What the child tells before its death is what a couple would have heard.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import sys
from pathlib import Path
from typing import Any

from tests.journal.kept_room import script
from voice_imago.dialogue import guide
from voice_imago.dialogue.replies import Replies
from voice_imago.events import Publish, Say, TurnEnded
from voice_imago.journal import connection
from voice_imago.journal.journal import Journal
from voice_imago.journal.keeper import Keeper, KeeperPorts
from voice_imago.session import Session, SessionSettings

PATIENCE_S = 60.0


class DeadlyConnection:
    """A real connection; before its ``fatal``-th statement the process dies."""

    def __init__(self, real: Any, fatal: int) -> None:
        self._real, self._fatal, self.done = real, fatal, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, *arguments: Any) -> Any:
        self._step()
        return self._real.execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        self._step()
        return self._real.executemany(*arguments)

    def _step(self) -> None:
        self.done += 1
        if self.done == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def play(settings: SessionSettings, inputs: list[Any], path: Path, tell: int, fatal: int) -> None:
    """The child: a session at full speed, kept in ``path``; each prompt is told once the keeper has let it pass."""
    counted = make_deadly(fatal) if fatal else []
    keeper = Keeper(Journal(path), KeeperPorts(wait_s=None), wishes=("transcript", "transcript"))
    session = Session(script(), settings)
    turns = 0
    for given in (None, *inputs):
        effects = session.begin(0.0) if given is None else session.feed(given)
        turns += sum(isinstance(effect, Publish) and isinstance(effect.fact, TurnEnded) for effect in effects)
        assert keeper.take(given, effects, session) is None
        if any(isinstance(effect, Say) for effect in effects):
            os.write(tell, f"{turns} {session.dialogue.step.id}\n".encode())
    keeper.close()
    keeper.journal.close()
    os.write(tell, f"{sum(one.done for one in counted)} statements\n".encode())


def make_deadly(fatal: int) -> list[DeadlyConnection]:
    """Statements are counted from the first one that touches the file: also those that make its tables."""
    real, made = connection.connect, []

    def connect(*arguments: Any, **named: Any) -> Any:
        made.append(DeadlyConnection(real(*arguments, **named), fatal))
        return made[-1]

    connection.connect = connect  # type: ignore[assignment]
    return made


def one_kill(order: dict[str, Any], settings: SessionSettings, inputs: list[Any]) -> dict[str, Any]:
    """Fork, kill, and give what was told before.

    Killed ``delay_s`` after it has told ``lines`` prompts, or by itself at statement ``fatal``; without both it lives.
    """
    hears, tells = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hears)
        try:
            play(settings, inputs, Path(order["path"]), tells, order["fatal"])
        finally:
            os._exit(0)
    os.close(tells)
    told, delay_s = b"", order["delay_s"]
    if delay_s:
        while told.count(b"\n") < order["lines"] and (chunk := os.read(hears, 65_536)):
            told += chunk
        select.select([], [], [], delay_s)
        os.kill(child, signal.SIGKILL)
    while chunk := os.read(hears, 65_536):
        told += chunk
    os.close(hears)
    _, status = os.waitpid(child, 0)
    lines = [line.split() for line in told.decode().splitlines()]
    heard = [(int(turns), step) for turns, step in lines if step != "statements"]
    counted = [int(number) for number, what in lines if what == "statements"]
    return {"told": heard, "killed": os.WIFSIGNALED(status), "statements": counted[0] if counted else 0}


def main() -> None:
    settings, inputs = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 -- our own file
    course = settings.course
    shared = Replies(script().languages[course.language], course.partners)
    guide.Replies = lambda language, names: shared  # type: ignore[assignment, misc]
    Session(script(), settings)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(one_kill(json.loads(line), settings, inputs)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
