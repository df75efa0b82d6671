"""The dialogue by keyboard and text: `start --typed`. No sound, no clock to hurry anybody.

A prompt is over as soon as it is printed, so no line is ever swallowed. Time passes only where the dialogue itself
waits: in a rest, in the grace in which a partner may ask a question before the guide asks it, and while a speech model
is fetched; the end of the input waits for that too, Ctrl-C does not.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from voice_imago.command_words import KEY_ANSWERS, KEY_COMMANDS
from voice_imago.dialogue.engine import Course
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.script_names import LONG_S
from voice_imago.dialogue.state import Phase
from voice_imago.engines.duplex_sounddevice import SilentPlayer
from voice_imago.engines.ports import Pcm, Samples
from voice_imago.events import (
    FrameHeard,
    Input,
    KeyPressed,
    LineTyped,
    Partner,
    Performed,
    Ticked,
    Transcribe,
    TuneVoice,
)
from voice_imago.hearing.hearing import HearingSettings
from voice_imago.runtime.all_tasks import AllTasks
from voice_imago.runtime.evening import Remembering
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.interrupts import orderly_end
from voice_imago.runtime.jobs import JobThread
from voice_imago.runtime.journal_tasks import Answer, JournalTasks
from voice_imago.runtime.keeping import NOTHING_KEPT, KeptPorts
from voice_imago.runtime.model_tasks import ModelTasks
from voice_imago.runtime.stage import Stage, StagePorts
from voice_imago.runtime.understanding import Desk
from voice_imago.session import Session, SessionSettings

__all__ = ["TypedPlan", "as_input", "run_typed"]

Typed = str | Callable[[], None] | None
"""A line, what another thread has to say, or the end of the input."""

TICK_S = 0.25
_KEYS = {"": "space", "space": "space", **{key: key for key in (*KEY_COMMANDS, *KEY_ANSWERS) if len(key) == 1}}


class _NoSound:
    """stage.Prompts, stage.Pieces: nothing is rendered and nothing is recognised."""

    def ask(
        self, text: str, ready: Callable[[Pcm | None], None], to: Partner | None = None, *, fresh: bool = False
    ) -> None:
        ready(None)

    def prepare(self, texts: tuple[str, ...], to: tuple[Partner | None, ...] = ()) -> None: ...

    def retune(self, tuned: TuneVoice) -> None: ...

    def never_keep(self, text: str) -> None: ...

    def submit(self, wanted: Transcribe, sound: Samples) -> None: ...


@dataclass(frozen=True, slots=True)
class TypedPlan:
    """What is to be led, and where the lines come from."""

    course: Course
    events: Path | None
    show: Callable[[str], None]
    lines: Iterable[str] | None = None
    """None: standard input."""
    models: Callable[[Desk], ModelTasks] | None = None
    """Who fetches a speech model; None: nobody."""
    kept: KeptPorts = NOTHING_KEPT


def as_input(line: str, partners: tuple[str, str], at: float) -> Input:
    """A typed line as an input: a key, an answer, or "Ana: what she says"."""
    by, text = _who(line.strip(), partners)
    key = text.casefold()
    if key in _KEYS:
        return KeyPressed(at, _KEYS[key])
    return LineTyped(at, text, by)


def _who(line: str, partners: tuple[str, str]) -> tuple[Partner | None, str]:
    """The partner named before the first colon, and the rest; None and the whole line where nobody is."""
    before, colon, after = line.partition(":")
    name = " ".join(before.split()).casefold()
    if colon and name == partners[0].casefold():
        return 0, after.strip()
    if colon and name == partners[1].casefold():
        return 1, after.strip()
    return None, line


def run_typed(script: Script, plan: TypedPlan) -> str:
    """Lead the dialogue by typed lines; the end of input stops it, as Ctrl-C does. Gives the reason of the end."""
    started = time.monotonic()

    def now() -> float:
        return round(time.monotonic() - started, 3)  # nobody types faster, and a journal keeps it exactly

    typed: queue.SimpleQueue[Typed] = queue.SimpleQueue()
    stream = EventStream(plan.events, plan.course.partners, wall=time.monotonic)
    session = Session(script, SessionSettings(plan.course, HearingSettings(), recogniser="typed"))
    secrets: list[Callable[[str | None], None]] = []
    nothing = _NoSound()
    player = SilentPlayer(lambda id: None, lambda id, cut: None)
    if plan.kept.listener is not None:
        stream.listen(plan.kept.listener)
    ports = StagePorts(nothing, player, nothing, None, stream, show=plan.show, clock=now, journal=plan.kept.keeper)
    with ExitStack() as parts:
        parts.callback(stream.close)
        if plan.models is not None:
            jobs = JobThread(typed.put)
            parts.callback(jobs.close)
            desk = Desk(jobs, typed.put, lambda make: typed.put(lambda: stage.feed(make(now()))), lambda folder: None)
            models = plan.models(desk)
            parts.callback(models.close)

            def done(id: int, outcome: str) -> None:
                stage.feed(Performed(now(), id, outcome))

            def answered(id: int, answer: Answer) -> None:
                stage.feed(Performed(now(), id, answer.outcome, answer.values))

            journal = JournalTasks(plan.kept.keeper, plan.course.partners, jobs, answered, secrets.append)
            ports = replace(
                ports, tasks=AllTasks(None, models, done, remembering=Remembering(jobs, done), journal=journal)
            )
        stage = Stage(session, ports)
        lines = _standard_input() if plan.lines is None else plan.lines
        threading.Thread(target=_read, args=(lines, typed), name="lines", daemon=True).start()
        with orderly_end(lambda: typed.put(lambda: stage.feed(KeyPressed(now(), "q")))):
            stage.begin(now(), plan.kept.standing)
            ended, held = False, deque[Input]()
            while stage.finished is None:
                ended = _work(stage, typed, held, secrets, now) or ended
                while held and not _working(stage):
                    stage.feed(held.popleft())
                if ended and not _working(stage):
                    stage.feed(KeyPressed(now(), "q"))
    return stage.finished


def _working(stage: Stage) -> bool:
    return stage.session.dialogue.phase is Phase.WORKING


def _work(
    stage: Stage,
    typed: queue.SimpleQueue[Typed],
    held: deque[Input],
    secrets: list[Callable[[str | None], None]],
    now: Callable[[], float],
) -> bool:
    """Do the next thing; whether it was the end of the input. ``secrets``: who waits for a line that nobody sees.

    Answers typed ahead of their question are held, and so is everything while something is done that takes no time.
    """
    try:
        item = typed.get(timeout=TICK_S)
    except queue.Empty:
        # only a heard silence lets the guide ask what nobody asked
        grace = stage.session.dialogue.phase is Phase.GRACE
        stage.feed(FrameHeard(now(), 0.0) if grace else Ticked(now()))
        return False
    if isinstance(item, str) and secrets:
        secrets.pop()(item.rstrip("\r\n") or None)
    elif isinstance(item, str):
        input = as_input(item, stage.session.settings.course.partners, now())
        answer = input.key in KEY_ANSWERS if isinstance(input, KeyPressed) else bool(held)
        if _working(stage) and (answer or stage.session.dialogue.step.task not in LONG_S):
            held.append(input)
        else:
            stage.feed(input)
    elif item is not None:
        item()
    return item is None


def _read(lines: Iterable[str], typed: queue.SimpleQueue[Typed]) -> None:
    """A thread of its own; whatever ends it ends the input."""
    try:
        for line in lines:
            typed.put(line)
    finally:
        typed.put(None)


def _standard_input() -> Iterator[str]:
    """Lines as they are typed. Not ``sys.stdin`` itself: a thread waiting in it would break the program's end."""
    if sys.stdin is None:  # pythonw has none
        return
    try:
        number = os.dup(sys.stdin.fileno())
    except (OSError, ValueError):  # no real file
        yield from sys.stdin
        return
    with os.fdopen(number, encoding=sys.stdin.encoding, errors="replace") as file:
        yield from file
