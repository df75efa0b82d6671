"""Jobs done by a thread of their own, their results posted to the main loop."""

from __future__ import annotations

import threading

from kitchen import Kitchen, Table, speech
from made_voices import ANA

from voice_imago.runtime.jobs import JobThread
from voice_imago.runtime.workers import Inbox

PATIENCE_S = 20.0


def test_jobs_are_done_elsewhere_and_in_order_and_what_follows_is_done_here() -> None:
    inbox = Inbox()
    run = JobThread(inbox.post)
    done: list[tuple[int, str, str]] = []
    for n in range(3):
        run(
            lambda n=n: (n, threading.current_thread().name),
            lambda r: done.append((*r, threading.current_thread().name)),
        )
    while len(done) < 3:
        assert inbox.work(PATIENCE_S)
    run.close()

    here = threading.current_thread().name
    assert done == [(n, "jobs", here) for n in range(3)]


def test_closing_drops_what_has_not_begun_and_ends_the_thread() -> None:
    inbox = Inbox()
    run = JobThread(inbox.post)
    begun, go_on = threading.Event(), threading.Event()
    did: list[str] = []

    def slow() -> None:
        begun.set()
        go_on.wait(PATIENCE_S)

    run(slow, lambda result: did.append("then"))
    run(lambda: did.append("second"), lambda result: did.append("then"))
    assert begun.wait(PATIENCE_S)
    closing = threading.Thread(target=run.close)
    closing.start()
    while not run._closed.is_set():  # close has begun: only then may the job at hand end
        pass
    go_on.set()
    closing.join(PATIENCE_S)
    run(lambda: did.append("late"), lambda result: None)

    assert did == []
    assert not inbox.work(0.0)
    assert "jobs" not in {thread.name for thread in threading.enumerate()}


def test_closing_what_never_worked_is_nothing() -> None:
    JobThread(Inbox().post).close()


def test_a_voice_is_learnt_by_the_thread() -> None:
    inbox = Inbox()
    run = JobThread(inbox.post)
    table = Table(Kitchen(), run=run)
    table.ask(1, "learn_voice", 0, table.kitchen.hear(speech(ANA, 9.0)))
    assert table.done == []
    assert inbox.work(PATIENCE_S)
    run.close()

    assert table.done == [(1, "good")]
