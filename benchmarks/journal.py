"""What keeping costs: between a decision and the prompt that follows it, per frame, in bytes; and a journal of years.

    .venv/bin/python benchmarks/journal.py [--sessions 1000] [--minutes 15] [--disk FOLDER]

The disk decides about the first figure: name a folder on the one that you mean.
"""

from __future__ import annotations

import argparse
import datetime
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.session import scene_text
from voice_imago.dialogue.script import load_script
from voice_imago.events import Publish
from voice_imago.journal import files, store
from voice_imago.journal.history import practice
from voice_imago.journal.journal import Journal, reading
from voice_imago.journal.keeper import _DECISIONS, Keeper
from voice_imago.journal.replay import kept_session, replay
from voice_imago.runtime.rehearse import RehearsePlan, rehearse

ROOT = Path(__file__).parents[1]
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


class Watch:
    """Measures what the stage waits for the keeper, beside the rehearsal."""

    def __init__(self) -> None:
        self.decisions_s: list[float] = []
        self.frames_s: list[float] = []

    def __enter__(self) -> Watch:
        self._take = take = Keeper.take

        def timed(keeper: Keeper, given: Any, effects: Sequence[Any], session: Any) -> Any:
            decided = any(isinstance(e, Publish) and isinstance(e.fact, _DECISIONS) for e in effects)
            began = time.perf_counter()
            result = take(keeper, given, effects, session)
            (self.decisions_s if decided else self.frames_s).append(time.perf_counter() - began)
            return result

        Keeper.take = timed  # type: ignore[method-assign]
        return self

    def __exit__(self, *exception: object) -> None:
        Keeper.take = self._take  # type: ignore[method-assign]


def percentiles(values: Iterable[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"p50 {1000 * statistics.median(ordered):.1f} ms, p95 {1000 * p95:.1f} ms, most {1000 * ordered[-1]:.1f} ms"


def cost_of_keeping(scene: Path) -> None:
    """Rehearsed at full speed, so the disk has no rest between two commits."""
    for level in ("counts", "transcript"):
        path = files.journal_folder() / f"{level}.db"
        with Watch() as watch:
            outcome = rehearse(RehearsePlan(scene, journal=path, keep=level))  # type: ignore[arg-type]
        (size,) = sqlite3.connect(path).execute("SELECT sum(length(content)) FROM tape").fetchone()
        minutes = outcome.seconds / 60
        per_frame = 1e6 * statistics.median(watch.frames_s)
        print(f"{level}: a session of {minutes:.1f} minutes")
        print(f"  decision to prompt, added     {percentiles(watch.decisions_s)} (n {len(watch.decisions_s)})")
        print(f"  each other input, added       {per_frame:.1f} µs")
        print(f"  tape and facts                {size / minutes:.0f} bytes a minute")
        with reading(path) as connection:
            began = time.perf_counter()
            done = replay(load_script(), kept_session(connection, None))
        took = time.perf_counter() - began
        print(f"  replayed in                   {took:.2f} s, {'the same' if done.same else 'NOT the same'}")


def word(dice: random.Random, letters: int = 8) -> str:
    """As long as the word that it stands for."""
    return "".join(dice.choice(VOWELS if n % 2 else CONSONANTS) for n in range(letters))


def years(template: Path, path: Path, sessions: int) -> list[str]:
    """Copies of a real session, each with words of its own; gives a rare word of each."""
    dice, marks = random.Random(1), []
    source = sqlite3.connect(template)
    tables = {name: source.execute(f"SELECT * FROM {name}").fetchall() for name in ("turns", "words", "tape", "names")}  # noqa: S608
    (row,) = source.execute("SELECT * FROM sessions").fetchall()
    columns = [one[1] for one in source.execute("PRAGMA table_info(sessions)")]
    begin = datetime.datetime(2020, 1, 1, 20)
    with Journal(path) as journal:
        for number in range(1, sessions + 1):
            marks.append(word(dice) + word(dice))
            started = (begin + datetime.timedelta(days=1.5 * number)).isoformat(timespec="seconds")
            values = {**dict(zip(columns, row, strict=True)), "id": number, "started": started}
            journal.run(lambda db, v=values, m=marks[-1]: one_session(db, v, tables, m, dice))  # type: ignore[misc]
    return marks


def one_session(db: Any, values: dict[str, Any], tables: dict[str, list[Any]], mark: str, dice: random.Random) -> None:
    number = values["id"]
    db.execute(f"INSERT INTO sessions VALUES ({', '.join('?' * len(values))})", tuple(values.values()))  # noqa: S608
    for name, rows in tables.items():
        for row in rows:
            fields = [number, *row[1:]]
            if name == "words":
                words = [word(dice, len(one)) for one in fields[-1].split()]
                fields[-1] = " ".join([mark, *words])
            db.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(fields))})", fields)  # noqa: S608
    if number % 10 == 0:
        db.execute(
            "INSERT INTO agreements(session, text, who, what, starts, review) VALUES (?, ?, 'Ben', ?, ?, ?)",
            (number, f"{mark} every Sunday", f"{mark} every Sunday", values["started"][:10], values["started"][:10]),
        )


def figures_of_years(path: Path, marks: list[str]) -> None:
    size = path.stat().st_size
    print(f"a journal of {len(marks)} sessions: {size / 1e6:.1f} MB")
    command = [sys.executable, "-m", "voice_imago", "history"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for what, more in (("history", []), ("history --json", ["--json"])):
        times = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run([*command, *more], env=environment, check=True, capture_output=True)
            times.append(time.perf_counter() - began)
        print(f"  {what:<29} {1000 * statistics.median(times):.0f} ms, the whole command")
    with reading(path) as connection:
        began = time.perf_counter()
        practice(connection, datetime.date.today())
        print(f"  reading it                    {1000 * (time.perf_counter() - began):.0f} ms")
    chosen = len(marks) // 2
    raw = path.read_bytes()
    before = raw.count(marks[chosen - 1].encode())
    with Journal(path) as journal:
        journal.open()
        began = time.perf_counter()
        journal.erase(lambda db: store.forget_session(db, chosen)).result()
        took = time.perf_counter() - began
        left = sum(
            one.read_bytes().count(marks[chosen - 1].encode()) for one in files.our_files() if one.stem == path.stem
        )
    print(f"  forgetting one session        {took:.2f} s; its rare word stood {before} times, stands {left} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--disk", type=Path, help="a folder on the disk to be measured (default: the temporary one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.disk) as folder:
        os.environ["VOICE_IMAGO_HOME"] = folder
        scene = Path(folder) / "evening.toml"
        scene.write_text(scene_text(options.minutes), encoding="utf-8")
        cost_of_keeping(scene)
        path = files.journal_file()
        figures_of_years(path, years(files.journal_folder() / "transcript.db", path, options.sessions))


if __name__ == "__main__":
    main()
