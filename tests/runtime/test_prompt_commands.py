"""Drawing a dialogue, beginning a translation, the help page."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from voice_imago import cli
from voice_imago.dialogue.script import check_prompts, load_script, prompts_folder
from voice_imago.errors import FileError, UsageError
from voice_imago.runtime.drawing import as_mermaid, as_text, ways
from voice_imago.runtime.help_page import emergency_number, is_verified, page, read_locale
from voice_imago.runtime.new_language import new_language

TODAY = date(2026, 6, 1)
GRAPHS = sorted(load_script().graphs)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_drawing_holds_every_step_and_every_way(name: str) -> None:
    graph = load_script().graphs[name]
    drawn = as_mermaid(graph)
    assert drawn.startswith("flowchart TD\n")
    nodes = set(re.findall(r"^    (s_\w+|__return)[^ ]", drawn, flags=re.MULTILINE))
    arrows = re.findall(r"^    (\w+) -->(?:\|[^|]+\|)? (\w+)$", drawn, flags=re.MULTILINE)
    assert nodes >= {f"s_{step}" for step in graph.steps}
    assert {end for arrow in arrows for end in arrow} <= nodes
    assert len(arrows) == sum(len(list(ways(step))) for step in graph.steps.values())


def test_a_drawing_in_text_holds_the_words_and_can_be_read_line_by_line() -> None:
    script = load_script()
    text = as_text(script.graphs["mirror"], script, "en")
    assert "check: question to the sender." in text
    assert "  no: fix" in text
    assert "  says: {receiver}, say back what you heard" in text
    assert text.isascii() or "…" in text


def test_draw_prints_or_writes_and_names_what_exists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["draw", "stop", "--text"]) == 0
    assert "sure: either may answer." in capsys.readouterr().out
    assert cli.main(["draw", "stop", "--to", str(tmp_path / "stop.mmd")]) == 0
    assert (tmp_path / "stop.mmd").read_text().startswith("flowchart TD")
    with pytest.raises(UsageError, match="There is no dialogue called 'stopp'"):
        cli.main(["draw", "stopp"])
    with pytest.raises(UsageError, match="There is no language called 'xx'"):
        cli.main(["draw", "stop", "--language", "xx"])
    with pytest.raises(FileError, match="cannot be written"):
        cli.main(["draw", "stop", "--to", str(tmp_path / "missing" / "stop.mmd")])


# ------------------------------------------------------------------ a new language


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    return Path(shutil.copytree(prompts_folder(), tmp_path / "prompts"))


def test_a_new_language_can_be_checked_at_once_and_is_not_offered(prompts: Path) -> None:
    assert new_language("it", "Italian", prompts) == 0
    assert check_prompts(prompts) == []
    language = load_script(prompts).languages["it"]
    assert (language.name, language.offered, language.reviewed) == ("Italian", False, False)


@pytest.mark.parametrize("code", ["IT", "italian", "i", "../it", "", "it it"])
def test_a_code_that_is_none_is_refused_and_nothing_is_written(prompts: Path, code: str) -> None:
    before = sorted(prompts.rglob("*"))
    with pytest.raises(UsageError, match="is no language code"):
        new_language(code, "Italian", prompts)
    assert sorted(prompts.rglob("*")) == before


@pytest.mark.parametrize("name", ["", " ", 'It"alian', "It\nalian"])
def test_a_name_that_would_break_the_file_is_refused(prompts: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        new_language("it", name, prompts)


def test_a_language_that_is_there_is_not_overwritten(prompts: Path) -> None:
    with pytest.raises(UsageError, match="already"):
        new_language("en", "English", prompts)


# ------------------------------------------------------------------ the help page


def test_only_what_was_checked_within_a_year_is_verified() -> None:
    one = load_script().resources["DE"][0]
    for day, verified in (
        (None, False), (date(2026, 6, 1), True), (date(2025, 6, 1), True), (date(2025, 5, 31), False),
        (date(2026, 6, 2), False),
    ):  # fmt: skip
        assert is_verified(replace(one, verified_on=day), TODAY) is verified


def test_a_number_may_be_spoken_only_when_it_is_verified() -> None:
    lines = load_script().resources["DE"]
    assert emergency_number(lines, TODAY) == ""
    checked = tuple(replace(one, verified_on=TODAY) for one in lines)
    assert emergency_number(checked, TODAY) == "112"


@pytest.mark.parametrize("locale", sorted(load_script().resources))
def test_every_page_has_an_emergency_number_and_says_what_was_not_checked(locale: str) -> None:
    lines = list(page(load_script().resources[locale], TODAY))
    assert lines[0].startswith("Help numbers.")
    assert "Emergency" in lines
    assert any("not checked by us" in line for line in lines)
    assert any("Getting the Love You Want" in line for line in lines)


def test_the_page_of_this_computer_is_the_nearest_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = load_script().resources
    for told, code in (("de_DE.UTF-8", "DE"), ("pt_BR", "EU"), (None, "EU"), ("C", "EU")):
        monkeypatch.setattr("locale.getlocale", lambda told=told: (told, None))
        assert read_locale(resources) == code


def test_the_page_is_printed_and_an_unknown_locale_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["help-page", "--locale", "gb"]) == 0
    assert "999" in capsys.readouterr().out
    with pytest.raises(UsageError, match="There is no locale called 'XX'"):
        cli.main(["help-page", "--locale", "xx"])
