"""The log: one line a turn, numbers only, for the owner's eyes, and none where nothing is kept."""

from __future__ import annotations

import datetime
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.journal.kept_room import NAMES, SECRETS, KeptRoom, script
from voice_imago.events import Publish, TurnEnded
from voice_imago.folders import log_file
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.turn_log import MOST_BYTES, TurnLog, erase_log, last_lines

NOW = datetime.datetime(2026, 3, 1, 20, 15, 30)
LINE = re.compile(r"2026-03-01T20:15:30 [a-z_]+ t=\d+\.\d\d( [a-z_]+=[A-Za-z0-9_.:+-]*)*")


def evening(*, active: bool = True, debug: bool = False) -> tuple[KeptRoom, list[str]]:
    """A whole dialogue with its log."""
    log = TurnLog(NAMES, lambda: active, debug=debug, now=lambda: NOW)
    stream = EventStream(None, NAMES, wall=lambda: 0.0)
    stream.listen(log.note)
    room = KeptRoom(None).to_the_end()
    for effect in room.effects:
        if isinstance(effect, Publish):
            stream.write(effect.fact)
    log.close()
    return room, last_lines(10_000)


def test_there_is_one_line_for_each_turn() -> None:
    room, lines = evening()
    turns = [line for line in lines if " turn t=" in line]
    assert len(turns) == len(room.published(TurnEnded))
    first = turns[0]
    for part in ("turn=1", "step=invite", "speaker=1", "why=silence", "words=1", "to=thing"):
        assert f" {part} " in f"{first} "
    assert re.search(r"silence_s=\d+\.\d+", first)
    assert re.search(r"speech_s=\d+\.\d+", first)
    assert lines[0].startswith("2026-03-01T20:15:30 session_started t=0.00 dialogue=appreciation language=en")
    assert lines[-1] == f"2026-03-01T20:15:30 session_ended t={room.published_end():.2f} reason=finished"


@pytest.mark.parametrize("debug", [False, True])
def test_no_line_holds_a_word_or_a_name(debug: bool) -> None:
    room, lines = evening(debug=debug)
    said = {word for text in re.findall(r"text='([^']*)'", str(room.inputs)) for word in text.lower().split()}
    assert {"xylophone", "upstairs"} <= said
    for line in lines:
        assert LINE.fullmatch(line), line
        assert not [word for word in SECRETS if word.lower() in line.lower()]


def test_debugging_adds_the_states_in_between() -> None:
    _, plain = evening()
    log_file().unlink()
    _, more = evening(debug=True)
    kinds = {line.split()[1] for line in more} - {line.split()[1] for line in plain}
    assert kinds == {"step_entered", "prompt_started", "listening"}
    assert any("step_entered" in line and "step=mirror actor=1" in line for line in more)


def test_where_nothing_is_kept_nothing_is_written(home: Path) -> None:
    _, lines = evening(active=False)
    assert lines == []
    assert not home.exists()


@pytest.mark.parametrize("debug", [False, True])
def test_when_an_evening_is_forgotten_its_lines_go_too(debug: bool) -> None:
    wanted = [True]
    log = TurnLog(NAMES, lambda: wanted[0], withdrawn=lambda: not wanted[0], debug=debug, now=lambda: NOW)
    log.note({"event": "fault", "t": 1.0, "part": "microphone", "code": "lost"})
    assert len(last_lines(10)) == 1
    wanted[0] = False
    log.note({"event": "recovered", "t": 2.0, "part": "microphone"})
    log.note({"event": "recovered", "t": 3.0, "part": "microphone"})
    log.close()
    assert [line.split()[1] for line in last_lines(10)] == ["recovered"] * 2 * debug


def test_an_evening_of_which_nothing_was_kept_takes_no_earlier_line_away() -> None:
    evening()
    before = last_lines(10_000)
    log = TurnLog(NAMES, lambda: False, withdrawn=lambda: True, debug=True, now=lambda: NOW)
    log.note({"event": "recovered", "t": 1.0, "part": "microphone"})
    log.close()
    assert last_lines(10_000)[:-1] == before


def test_a_log_that_is_open_is_erased_and_begun_anew() -> None:
    log = TurnLog(NAMES, lambda: True, now=lambda: NOW)
    log.note({"event": "recovered", "t": 1.0, "part": "microphone"})
    assert erase_log()
    assert not log_file().exists()
    assert not erase_log()
    log.note({"event": "recovered", "t": 2.0, "part": "loudspeaker"})
    log.close()
    assert [line.split()[-1] for line in last_lines(10)] == ["part=loudspeaker"]


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_the_log_is_for_the_owners_eyes() -> None:
    evening()
    assert stat.S_IMODE(log_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(log_file().parent.stat().st_mode) == 0o700


def test_the_log_does_not_grow_for_ever() -> None:
    log = TurnLog(NAMES, lambda: True, now=lambda: NOW)
    event: dict[str, Any] = {"event": "fault", "t": 1.0, "part": "microphone", "code": "lost", "message": "Annegret's"}
    for _ in range(12_000):
        log.note(event)
    log.close()
    sizes = [one.stat().st_size for one in log_file().parent.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= MOST_BYTES
    assert "Annegret" not in log_file().read_text("utf-8")


def test_a_log_that_cannot_be_written_disturbs_nobody(home: Path) -> None:
    log_file().mkdir(parents=True)
    log = TurnLog(NAMES, lambda: True, now=lambda: NOW)
    log.note({"event": "recovered", "t": 1.0, "part": "microphone"})
    log.close()
    assert last_lines(10) == []


@pytest.mark.parametrize("debug", [False, True])
def test_what_is_nobody_elses_is_not_logged(debug: bool) -> None:
    """Neither a step of the pause after words of harm, nor that a turn led there."""
    steps = script().graphs["pause_here"].steps
    log = TurnLog(NAMES, lambda: True, debug=debug, hidden=steps, now=lambda: NOW)
    stream = EventStream(None, NAMES, wall=lambda: 0.0)
    stream.listen(log.note)
    room = KeptRoom(None).goes_on(1).guide_finishes()
    room.says(0, "he hits me")  # type: ignore[arg-type]
    room.waits(3.0)  # type: ignore[attr-defined]
    room.guide_finishes().key("space").guide_finishes()
    assert room.step == "today"
    room.key("q").guide_finishes()
    for effect in room.effects:
        if isinstance(effect, Publish):
            stream.write(effect.fact)
    log.close()
    text = "\n".join(last_lines(10_000))
    assert "reason=stopped" in text
    assert not [step for step in steps if step != "stopped" and f"={step}" in text]
    assert "pause_here" not in text
