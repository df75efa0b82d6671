"""Can we hear each other: by voice or by two keys, whatever goes amiss, and everybody gets through."""

from __future__ import annotations

from typing import Literal

import pytest
from driver import ANA, BEN, Table

from voice_imago.dialogue.state import Phase


def hear_me() -> Table:
    return Table("appreciation", prelude=("hear_me",))


def test_loudspeaker_microphone_and_pace_in_a_few_words() -> None:
    table = hear_me()
    table.says(BEN, "Yes, I do.")
    table.says(ANA, "Hello there.")
    table.performed("too_short")
    table.says(ANA, "Yes.")
    table.says(BEN, "Yes.")
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("store", "set_up")
    table.performed().guide_finishes()
    assert table.steps[:6] == ["loudspeaker", "hello", "heard", "pace", "pace_too", "remember"]
    assert table.where[0][0] == "appreciation"


def test_who_only_reads_is_asked_neither_for_a_loudspeaker_nor_for_a_pace() -> None:
    table = Table("appreciation", prelude=("hear_me",), mute="voice")
    assert table.step == "hello"
    table.key("s").guide_finishes()
    assert table.tasks[-1].what == "set_up"
    assert [key for key in table.prompts if key.startswith("hear_me.")] == ["hear_me.hello"]


@pytest.mark.parametrize("words", ["answers", "nothing"])
def test_where_only_answers_or_nothing_is_understood_nobody_is_told_to_say_slower(
    words: Literal["answers", "nothing"],
) -> None:
    table = Table("appreciation", prelude=("hear_me",), words=words)
    table.key("y").guide_finishes().key("s").guide_finishes()
    assert table.step == "pace_keys"
    table.key("n").guide_finishes()
    assert [key for key in table.prompts if key.startswith("hear_me.")][-2:] == [
        "hear_me.how_keys",
        "hear_me.pace_keys",
    ]
    table.key("-").guide_finishes()
    assert table.step == "pace_keys"
    table.key("y")
    assert table.tasks[-1].what == "set_up"


def test_the_keys_are_enough() -> None:
    table = hear_me().guide_finishes().key("y").guide_finishes().key("s").guide_finishes().key("y").guide_finishes()
    table.key("y")
    assert table.tasks[-1].what == "set_up"


@pytest.mark.parametrize(("outcome", "step"), [("too_quiet", "closer"), ("clipped", "further"), ("noisy", "noisy")])
def test_a_level_that_is_not_good_gets_one_sentence(outcome: str, step: str) -> None:
    table = hear_me()
    table.says(ANA, "Yes.")
    table.says(ANA, "Hello.")
    table.performed(outcome)
    assert table.prompts[-1] == f"hear_me.{step}"


def test_a_silent_microphone_is_named_and_nobody_waits_for_ever() -> None:
    table = hear_me()
    table.says(ANA, "Yes.")
    table.guide_finishes().waits(9.0)
    assert "hear_me.nothing_yet" in table.prompts
    table.key("s").guide_finishes()
    assert table.step == "pace"


def test_no_makes_it_louder_twice_and_then_goes_on() -> None:
    table = hear_me()
    table.says(ANA, "No.")
    table.says(ANA, "No.")
    table.guide_finishes()
    assert table.prompts.count("hear_me.louder") == 2
    assert table.step == "hello"


def test_the_pace_is_changed_by_the_words_that_change_it_anywhere() -> None:
    table = hear_me()
    table.says(ANA, "Yes.")
    table.guide_finishes().key("s").guide_finishes()
    table.command("slower", ANA).guide_finishes()
    assert (table.step, table.phase) == ("pace", Phase.LISTENING)
    table.says(ANA, "Yes.")
    assert table.guide_finishes().step == "pace_too"
