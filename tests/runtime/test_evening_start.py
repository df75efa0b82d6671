"""What is known before an evening begins, and that the notice is remembered, by the real command in a fresh home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.dialogue.driver import real_script
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.script import Resource, Script
from voice_imago.events import Perform
from voice_imago.folders import settings_file
from voice_imago.journal import store
from voice_imago.journal.files import journal_file
from voice_imago.journal.journal import reading
from voice_imago.runtime.evening import EVENING, Remembering, evening_course, evening_slots
from voice_imago.runtime.help_page import read_locale
from voice_imago.runtime.tasks import at_once
from voice_imago.settings import Settings, load_settings

NOW = datetime(2026, 3, 4, 20, 0)
YES = "choice:yes"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICE_IMAGO_HOME", str(tmp_path))
    return tmp_path


def script_with(verified_on: date | None) -> Script:
    script = real_script()
    line = Resource(service="Emergency", kind="emergency", number="112", verified_on=verified_on, source="a test")
    return Script(script.graphs, script.timings, script.languages, {read_locale(script.resources): (line,)})


@pytest.mark.parametrize(
    ("asked", "settings", "known"),
    [
        ("", Settings(), {}),
        ("request", Settings(), {"dialogue": "choice:request"}),
        ("", Settings(notice_heard=True), {"notice": YES}),
        ("", Settings(deep=True), {"deep": YES}),
    ],
)
def test_what_was_asked_for_and_heard_is_known(asked: str, settings: Settings, known: dict[str, str]) -> None:
    slots = evening_slots(asked, settings, script_with(None), NOW)
    assert {name: slot.meaning for name, slot in slots.items()} == known


@pytest.mark.parametrize(
    ("verified_on", "spoken"),
    [(None, False), (date(2026, 1, 1), True), (date(2025, 3, 3), False), (date(2026, 3, 5), False)],
)
def test_an_emergency_number_is_spoken_only_if_somebody_checked_it_within_a_year(
    verified_on: date | None, spoken: bool
) -> None:
    slots = evening_slots("", Settings(), script_with(verified_on), NOW)
    assert [slot.text for name, slot in slots.items() if name == "emergency"] == (["112"] if spoken else [])


def test_the_limits_are_said_once_by_the_notice() -> None:
    course = evening_course(Course("x", "en", ("Ana", "Ben")), "dialogue", Settings(), real_script(), NOW)
    assert (course.dialogue, course.opening, course.began) == (EVENING, ("guide.hello",), NOW)


def test_the_notice_is_remembered_and_everything_else_stays(home: Path) -> None:
    told: list[tuple[int, str]] = []
    settings_file().write_text('partners = ["Ana", "Ben"]\nrate_wpm = 130\n', encoding="utf-8")
    Remembering(at_once, lambda id, outcome: told.append((id, outcome))).perform(Perform(7, "store", what="notice"))
    assert told == [(7, "good")]
    assert load_settings() == Settings(partners=("Ana", "Ben"), rate_wpm=130, notice_heard=True)


def test_a_settings_file_that_is_a_folder_is_one_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    settings_file().mkdir(parents=True)
    Remembering(at_once, lambda id, outcome: told.append(outcome)).perform(Perform(7, "store", what="notice"))
    assert told == ["failed"]
    assert "cannot be read" in capsys.readouterr().err


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an evening of which both wanted everything kept; the program died after the mirror."""
    home = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-m", "voice_imago", "start", "--typed", "--partners", "Ana", "Ben"]
    environment = {**os.environ, "VOICE_IMAGO_HOME": str(home)}
    dying = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert dying.stdin is not None
    assert dying.stdout is not None
    evening = "y\ny\nAna: yes\nBen: yes\nn\nAna: all words\nBen: all words\nAna: eight\nBen: six\nappreciation\n"
    dying.stdin.write(evening + "Ana: now?\nBen: yes\nAna: I value your tea\nBen: you value my tea\n")
    dying.stdin.flush()
    while "did I get that?" not in (said := dying.stdout.readline()):
        assert said, "it ended before the mirror was checked"
    dying.kill()
    dying.communicate()
    return home


@pytest.fixture
def broken_off(killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, for a test of its own."""
    home = tmp_path / "home"
    shutil.copytree(killed, home)
    monkeypatch.setenv("VOICE_IMAGO_HOME", str(home))
    return home


def sessions(home: Path) -> list[tuple[str, str]]:
    """Level and end of each kept session."""
    with reading(journal_file()) as db:
        return [(row.level, row.reason or "") for row in store.sessions(db)]


def test_an_evening_that_was_killed_is_offered_the_next_time_and_goes_on_where_it_was(broken_off: Path) -> None:
    """What may be kept is asked again first, and kept is what was said now."""
    said, steps = typed(broken_off, "y\nAna: all words\nBen: notes\nAna: yes\nwhat do you keep?\nq\n")
    assert "Last time we stopped on the way." in " ".join(said)
    assert "The last thing said back was: you value my tea." in " ".join(said)
    assert steps[:2] == ["unfinished", "wish"]
    assert steps.index("take_up") + 1 == steps.index("check")
    assert "more" in steps
    assert any(line.startswith("I keep what you agreed on") for line in said)
    assert sessions(broken_off) == [("transcript", "resumed"), ("notes", "stopped")]
    _, steps = typed(broken_off, "q\n")
    assert "unfinished" not in steps, "it is over"


def test_whoever_goes_on_without_saying_so_keeps_nothing(broken_off: Path) -> None:
    """What was agreed on the evening before does not count for this one."""
    said, steps = typed(broken_off, "y\nAna: nothing\nBen: notes\nwhat do you keep?\nAna: yes\nq\n")
    assert "check" in steps
    assert any(line.startswith("I keep nothing of this.") for line in said)
    assert sessions(broken_off) == [("transcript", "resumed")]


def test_deleting_this_evening_deletes_also_what_was_before_it_broke_off(broken_off: Path) -> None:
    said, _ = typed(broken_off, "y\nAna: notes\nBen: notes\nAna: yes\ndelete\nthis evening\nq\n")
    assert "Deleted. It is gone from this computer." in said
    assert sessions(broken_off) == []
    assert not [path for path in broken_off.rglob("*") if path.is_file() and b"value your tea" in path.read_bytes()]


def test_an_evening_that_nobody_wants_back_is_not_offered_again(broken_off: Path) -> None:
    _, steps = typed(broken_off, "n\nq\n")
    assert steps[:3] == ["unfinished", "not_there", "reminder"]
    assert sessions(broken_off) == [("transcript", "declined")]
    _, steps = typed(broken_off, "q\n")
    assert steps[0] == "reminder"


def test_an_evening_is_offered_until_somebody_says_yes_or_no(broken_off: Path) -> None:
    for _ in range(2):
        _, steps = typed(broken_off, "later\nq\n")
        assert steps[:2] == ["unfinished", "reminder"]


def test_somebody_else_is_not_offered_it(broken_off: Path) -> None:
    _, steps = typed(broken_off, "q\n", "--partners", "Cem", "Dana")
    assert "unfinished" not in steps


def test_resume_goes_on_without_the_question(broken_off: Path) -> None:
    said, steps = typed(broken_off, "Ana: counts\nBen: counts\nAna: yes\nq\n", "--resume")
    assert steps[0] == "wish"
    assert "check" in steps
    assert any(line.startswith("Welcome back Ana") for line in said)
    assert sessions(broken_off) == [("transcript", "resumed"), ("counts", "stopped")]


def test_a_dialogue_straight_away_may_be_kept_too(home: Path) -> None:
    lines = "Ana: counts\nBen: notes\nq\n"
    said, steps = typed(home, lines, "--straight", "--dialogue", "repair", "--keep", "notes")
    assert steps[0] == "wish"
    assert "I keep dates and counts. No words, no names." in said
    assert sessions(home) == [("counts", "stopped")]


def typed(home: Path, lines: str, *options: str) -> tuple[list[str], list[str]]:
    """What is said in a typed evening, and which steps were entered."""
    events = home / "events.jsonl"
    command = [sys.executable, "-m", "voice_imago", "start", "--typed", "--partners", "Ana", "Ben", *options]
    done = subprocess.run(
        [*command, "--events", str(events)], input=lines, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    return done.stdout.splitlines(), [event["step"] for event in told if event["event"] == "step_entered"]


def test_two_evenings_of_a_new_couple(home: Path) -> None:
    """The lines come all at once, as from a pipe: none overtakes another."""
    said, steps = typed(home, "y\ny\nAna: yes\nBen: yes\nn\nAna: nothing\nBen: notes\nAna: eight\nBen: six\nq\n")
    assert steps[:2] == ["what", "machine"]
    assert steps[-1] == "first", "the menu"
    assert any(line.startswith("I keep nothing.") for line in said)
    _, steps = typed(home, "Ana: nothing\nBen: notes\nAna: eight\nBen: six\nq\n", "--dialogue", "repair")
    assert steps[0] == "reminder"
    assert not {"what", "first"} & set(steps), "no notice and no menu"
    assert steps[-1] == next(iter(real_script().graphs["repair"].steps))


def test_a_dialogue_straight_away_has_neither_notice_nor_check_in(home: Path) -> None:
    said, steps = typed(home, "q\n", "--straight", "--dialogue", "repair")
    assert steps == [real_script().graphs["repair"].start]
    assert any(line.startswith("This is practice, not therapy.") for line in said)
