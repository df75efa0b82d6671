"""A report helps to find a fault and tells nothing of the couple: read word by word."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.dialogue.driver import real_script
from tests.journal.kept_room import NAMES, KeptRoom, kept
from voice_imago.errors import FileError
from voice_imago.folders import data_folder
from voice_imago.journal import files
from voice_imago.journal.notes import Agreement
from voice_imago.runtime.event_stream import EVENTS
from voice_imago.runtime.rehearse import RehearsePlan, rehearse
from voice_imago.runtime.reporting import report, report_lines
from voice_imago.runtime.scene import find_scene, read_scene
from voice_imago.runtime.turn_log import TurnLog
from voice_imago.settings import Settings, save_settings


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-zäöüß']+", text.lower()))


def values_of(lines: list[str]) -> set[str]:
    """What stands behind the names of fields, and everything else that is no event's name."""
    found: set[str] = set()
    for line in lines:
        for number, token in enumerate(line.lower().split()):
            event = number == 1 and token in EVENTS | {"turn"}
            found |= set() if event else {token.rpartition("=")[2]}
    return found


def program_words() -> set[str]:
    """Names of graphs and steps, and what an answer may mean: the program's own, whoever talks."""
    graphs = real_script().graphs
    steps = [step for graph in graphs.values() for step in graph.steps.values()]
    return {*graphs, *(step.id for step in steps), *(meaning for step in steps for meaning in step.on)}


def test_a_report_of_a_computer_that_never_ran_it_has_every_section() -> None:
    lines = report_lines()
    assert [line for line in lines if line.startswith("[")] == [
        "[program]", "[settings]", "[computer]", "[journal]", "[log]",
    ]  # fmt: skip
    assert any(line.startswith("version=") for line in lines)
    assert "kind=missing" in lines
    assert "partners=0 seats=0" in lines


@pytest.mark.timeout(120)
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_no_word_of_a_scene_and_no_name_is_in_the_report(tmp_path: Path) -> None:
    """Every word of every line, beyond those that a report has anyway; also with all states in the log."""
    without = words_of("\n".join(report_lines()))
    scene = read_scene(find_scene("first_appreciation"))
    log = TurnLog(scene.names, lambda: True, debug=True)
    rehearse(
        RehearsePlan(
            find_scene("first_appreciation"), keep="transcript", journal=files.journal_file(), listener=log.note
        )
    )
    log.close()
    save_settings(
        Settings(
            partners=scene.names, voice="wyoming://192.168.7.20:10200", input="Ana's AirPods", output="kitchen",
            recogniser="wyoming://192.168.7.20", model="base.en", seat_db=(-30.0, -31.0),
        )
    )  # fmt: skip
    lines = report_lines()
    assert len([line for line in lines if " turn t=" in line]) > 10
    assert "sessions=1" in "\n".join(lines)
    said = set().union(*(words_of(line.say) for line in scene.line), map(str.lower, scene.names))
    assert {"river", "breakfast", "ana", "ben"} & said
    assert (values_of(lines) & said) - without <= program_words()
    text = "\n".join(lines)
    for secret in ("192.168", "AirPods", "kitchen", "base.en", *scene.names, str(data_folder()), str(Path.home())):
        assert secret not in text


def test_a_report_counts_what_is_kept(home: Path) -> None:
    with kept(files.journal_file(), "notes") as keeper:
        room = KeptRoom(keeper).goes_on(2)
        job = keeper.shared.agree(Agreement(text="No xylophone", who=NAMES[0], starts="2026-03-01"))
        assert job is not None
        job.result()
        room.to_the_end()
    lines = report_lines()
    assert {"kind=plain", "ended_finished=1", "level_notes=1", "dialogue_appreciation=1"} <= set(lines)
    assert not [word for word in (*NAMES, "xylophone") if word in "\n".join(lines)]


def test_what_is_damaged_is_told_in_a_word(home: Path) -> None:
    path = files.journal_file()
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(8192))
    (home / "settings.toml").write_text("partners = 7", encoding="utf-8")
    lines = report_lines()
    assert "unusable=damaged" in lines
    assert "unusable=FileError" in lines


def test_the_report_is_a_new_file_and_nothing_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "report.txt"
    assert report(target) == 0
    assert "holds no word that was said and no name" in capsys.readouterr().out
    before = target.read_bytes()
    assert before.startswith(b"voice_imago report\n")
    with pytest.raises(FileError, match=r"report\.txt is there already"):
        report(target)
    with pytest.raises(FileError, match="cannot be written"):
        report(tmp_path / "nowhere" / "report.txt")
    assert target.read_bytes() == before
