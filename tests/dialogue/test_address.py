"""Two ways to address somebody, in one text; which of them the guide uses; what `check` says of a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.small_copy import english_copy
from voice_imago.dialogue.script import check_prompts, load_script
from voice_imago.dialogue.script_address import addressed

FIRST = "{sender}, name one thing you value about {receiver}. Something you saw, or heard."


@pytest.mark.parametrize(
    ("text", "informal", "formal"),
    [
        ("No choice here.", "No choice here.", "No choice here."),
        ("{sender}, [nenne|nennen Sie] eines.", "{sender}, nenne eines.", "{sender}, nennen Sie eines."),
        ("[Dis|Dites] ce que [tu|vous] vois.", "Dis ce que tu vois.", "Dites ce que vous vois."),
        ("Hazır [mısın|mısınız]?", "Hazır mısın?", "Hazır mısınız?"),
        ("Komm [|bitte] herein.", "Komm herein.", "Komm bitte herein."),
    ],
)
def test_one_of_the_two_is_said(text: str, informal: str, formal: str) -> None:
    assert addressed(text, formal=False) == informal
    assert addressed(text, formal=True) == formal


@pytest.mark.parametrize("text", ["[du", "du|Sie", "[du]", "du]", "[a|b|c]", "[a[b|c]|d]"])
def test_a_broken_bracket_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\[du\|Sie\]"):
        addressed(text, formal=False)


def ask_for_the_address(copy: Path) -> None:
    with (copy / "en" / "guide.toml").open("a", encoding="utf-8") as file:
        file.write('\n[first_address]\nfirst = "One or two?"\n')


def with_first(folder: Path, text: str, *, asked: bool = True) -> Path:
    """The shipped prompts, with another first prompt of the appreciation, and a question which address it shall be."""
    copy = english_copy(folder / "prompts")
    if asked:
        ask_for_the_address(copy)
    words = copy / "en" / "appreciation.toml"
    was = words.read_text(encoding="utf-8")
    assert FIRST in was
    words.write_text(was.replace(FIRST, text), encoding="utf-8")
    return copy


def test_the_guide_speaks_as_it_was_told_to(tmp_path: Path) -> None:
    folder = with_first(
        tmp_path, "{sender}, [name one thing|would you name one thing] that you value about {receiver} these days."
    )
    said = {
        formal: load_script(folder, formal=formal).languages["en"].prompts["appreciation.thing"].first
        for formal in (False, True)
    }
    assert said == {
        False: "{sender}, name one thing that you value about {receiver} these days.",
        True: "{sender}, would you name one thing that you value about {receiver} these days.",
    }


def test_both_ways_are_checked(tmp_path: Path) -> None:
    """A formal form that is too long is found, though nobody has chosen it yet."""
    long = " ".join(["please"] * 35)
    problems = check_prompts(with_first(tmp_path, f"{{sender}}, [name|{long} name] one thing."))
    assert [line for line in problems if "appreciation.toml: thing: 'first' has 3" in line]


def test_check_names_the_prompt_of_a_broken_bracket(tmp_path: Path) -> None:
    problems = check_prompts(with_first(tmp_path, "{sender}, [name one thing."))
    assert problems[0].startswith("en/appreciation.toml: thing/first: square brackets hold two ways")


def test_where_there_are_two_ways_the_couple_can_be_asked_for_one(tmp_path: Path) -> None:
    problems = check_prompts(with_first(tmp_path, "{sender}, [name|would you name] one thing.", asked=False))
    assert [line for line in problems if "first_address: the prompt is missing (used by the guide itself)" in line]


def test_where_there_is_one_way_nobody_is_asked(tmp_path: Path) -> None:
    copy = english_copy(tmp_path / "prompts")
    ask_for_the_address(copy)
    assert [line for line in check_prompts(copy) if "first_address: nothing uses this prompt" in line]


def test_only_the_language_that_is_spoken_is_read() -> None:
    """The others can still be named, and chosen the next time."""
    quick, whole = load_script(languages=("nl",)), load_script()
    assert quick.languages["nl"] == whole.languages["nl"]
    assert quick.graphs == whole.graphs
    assert {code: bool(one.prompts) for code, one in quick.languages.items() if code != "nl"}.keys() == {
        code for code in whole.languages if code != "nl"
    }
    assert not any(one.prompts or one.replies for code, one in quick.languages.items() if code != "nl")
    assert [one.offered for one in quick.languages.values()] == [one.offered for one in whole.languages.values()]
