"""When the words of a turn are there, and what it costs to write it down: the real chain from Ear to Scribe.

The sound arrives in real time whenever the scribe has something to do; while it is idle, time may fly (see
``tests/live_table.py``), unless ``--real-time`` says that it must not.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from recognition_report import cpu_s, peak_mb, percentiles, say
from recognition_sounds import Clip, turns

from tests.live_table import InPlace, LiveTable, What
from tests.whisper_fixture import like_speech
from voice_imago.engines.ports import HEAR_HZ, Heard
from voice_imago.engines.recognisers import RecogniserSpec
from voice_imago.runtime.scribe import Scribe

LENGTHS_S = (5.0, 30.0, 120.0)
SPREAD = 0.15
"""Turns of a length are so much shorter or longer."""
Ends = Literal["key", "silence"]


@dataclass(frozen=True, slots=True)
class Lag:
    """One turn, seconds on the table's clock."""

    length_s: float
    ended: float
    decided: float
    text: float

    @property
    def after_speech_s(self) -> float:
        return max(0.0, self.text - self.ended)

    @property
    def after_decision_s(self) -> float:
        return max(0.0, self.text - self.decided)


@dataclass(slots=True)
class Cost:
    """Processor time while somebody speaks."""

    spoken_s: float = 0.0
    scribe_s: float = 0.0
    table_s: float = 0.0
    pieces: list[float] = field(default_factory=list)
    """Lengths of the pieces, seconds."""
    looks: int = 0


def _told(code: str, sentence: str) -> None:
    print(f"  {code}: {sentence}")


@contextmanager
def live_table(
    what: What, folder: Path, real_time: bool = False, quiet: bool = False
) -> Iterator[tuple[LiveTable, Scribe]]:
    """A table with the real scribe in its process."""
    answers = InPlace(None)
    scribe = Scribe(
        RecogniserSpec("whisper", model_dir=folder),
        lambda id, heard, wall_s: answers.on_text(id, heard, wall_s),
        _told,
    )
    begun = time.perf_counter()
    scribe.start()
    if not quiet:
        say("ready after", f"{time.perf_counter() - begun:.2f} s", note="process, libraries and model")
    try:
        table = LiveTable(what, scribe, real_time=real_time)
        answers.on_text = table.text
        yield table, scribe
    finally:
        scribe.close()


def measure_turns(folder: Path, clips: Sequence[Clip], count: int, real_time: bool) -> None:
    """Lags of turns of three lengths, ended by a key and by silence; processor time and memory of the scribe."""
    print("\nwords of a turn, after its end")
    cost = Cost()
    with live_table("tell", folder, real_time) as (table, scribe):
        for ends in ("key", "silence"):
            lags = {n: lags_of(table, scribe, turns_of(clips, n, count), ends, cost) for n in LENGTHS_S}
            _print_lags(lags, ends)
        scribe_mb = peak_mb(scribe.pid)
    print("\ncost of writing a turn down")
    share, own = cost.scribe_s / cost.spoken_s, cost.table_s / cost.spoken_s
    note = f"of {cost.spoken_s / 60:.0f} min of turns; {own:.1%} more for hearing and session"
    say("processor while somebody speaks", f"{share:.1%} of a core", "must 15 %, aim 8 %", note)
    pieces = f"{len(cost.pieces)} pieces of {np.mean(cost.pieces):.1f} s, {cost.looks} looks at last words"
    factor = cost.scribe_s / sum(cost.pieces)
    say("real-time factor", f"{factor:.3f}", note=f"processor seconds per second of piece; {pieces}")
    say("memory of the scribe, peak", f"{scribe_mb:.0f} MB", "must 350 MB, aim 300 MB")


def turns_of(clips: Sequence[Clip], length_s: float, count: int) -> list[Clip]:
    return turns(clips, length_s * (1 - SPREAD), length_s * (1 + SPREAD), count, seed=round(length_s))


def lags_of(table: LiveTable, scribe: Scribe, made: Sequence[Clip], ends: Ends, cost: Cost) -> list[Lag]:
    """One turn after the other; what it cost is added up."""
    found = []
    for turn in made:
        table.until_listening()
        before, own, cuts = cpu_s(scribe.pid), time.process_time(), len(table.cuts)
        ended = table.says(turn.sound)
        decided = table.ends_by_key() if ends == "key" else table.until_decided()
        text = table.until("transcript", lambda e, n=decided["turn"]: e["turn"] == n and e["final"])  # type: ignore[misc]
        found.append(Lag(turn.length_s, ended, decided["wall"], text["wall"]))
        cost.spoken_s += turn.length_s
        cost.scribe_s += cpu_s(scribe.pid) - before
        cost.table_s += time.process_time() - own
        cost.pieces += [cut.length_s for cut in table.cuts[cuts:] if not cut.wanted.look]
        cost.looks += sum(cut.wanted.look for cut in table.cuts[cuts:])
    return found


def memory_mb(scribe: int | None) -> float:
    """Most memory of the scribe and of this process together."""
    return peak_mb(scribe) + peak_mb(os.getpid())


def _print_lags(lags: dict[float, list[Lag]], ends: Ends) -> None:
    how = "ended by key at the last sound" if ends == "key" else "ended by silence"
    for length_s, found in lags.items():
        name = f"{length_s:.0f} s turn, {how}"
        target = "must p95 1.5 s, aim 1.0 s"
        after_speech = percentiles([lag.after_speech_s for lag in found])
        say(name, percentiles([lag.after_decision_s for lag in found]), target, f"after the last sound: {after_speech}")
    # Silence hides most of the work, so that what is left after the decision would be compared with nothing.
    compared = {
        n: [lag.after_decision_s if ends == "key" else lag.after_speech_s for lag in found] for n, found in lags.items()
    }
    p95 = [float(np.percentile(values, 95)) for values in compared.values()]
    after = "the decision" if ends == "key" else "the last sound"
    say(f"longest p95 / shortest p95 after {after}", f"{max(p95) / min(p95):.2f}", "must 1.20 (within 20 %)")


def measure_breathless(folder: Path, count: int = 5) -> None:
    """Half a minute and two without a pause of half a second: the last piece may be anything up to 28 s."""
    with live_table("tell", folder, quiet=True) as (table, _):
        found = []
        for number in range(count):
            table.until_listening()
            ended = table.says(np.resize(like_speech(5.0), round((30.0 + 5.0 * number) * HEAR_HZ)))
            decided = table.ends_by_key()
            text = table.until("transcript", lambda e, n=decided["turn"]: e["turn"] == n and e["final"])
            found.append(text["wall"] - ended)
    say("30-50 s without any pause, ended by key", percentiles(found), note="not in the table: nobody speaks so")


def measure_piece(folder: Path, runs: int) -> None:
    """One long piece by itself: the usual figure of a recogniser."""
    waits_s: list[float] = []
    came = threading.Semaphore(0)

    def took(id: int, heard: Heard, wall_s: float) -> None:
        waits_s.append(wall_s)
        came.release()

    scribe = Scribe(
        RecogniserSpec("whisper", model_dir=folder), took, lambda code, sentence: print(f"  {code}: {sentence}")
    )
    scribe.start()
    try:
        for id in range(runs):
            scribe.submit(id, np.tile(like_speech(5.0), 3), False)
            came.acquire(timeout=120.0)
    finally:
        scribe.close()
    if waits_s:
        say("a 15 s piece by itself", percentiles(waits_s), note=f"{np.median(waits_s) / 15.0:.3f} of real time")
