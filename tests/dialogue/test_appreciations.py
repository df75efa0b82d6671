"""Appreciations long and short (domain §1.3): what is offered when one slips, and how each of them ends."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import Table
from tests.dialogue.following import by_keys, mirrored, says, skips_everything, to_the_end

FAMILY = ("appreciation", "short_appreciation", "daily", "flooding_appreciation")
SWEET = "One thing I appreciate about you is how you made breakfast on Sunday."


def at(dialogue: str, step: str) -> Table:
    return Table(dialogue).goes_to(step, most=150)


# ---------------------------------------------------------------------------------------- what slips


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("You're great.", "when"),
        ("I like that you cooked for once.", "sweet"),
        ("You cooked, better late than never.", "sweet"),
        ("You are kind, but you never show it at home.", "sweet"),
        ("There are so many things, the cooking and the garden.", "choose_one"),
        ("First of all the cooking, and also the garden.", "choose_one"),
    ],
)
@pytest.mark.parametrize("dialogue", ["appreciation", "short_appreciation"])
def test_an_appreciation_that_slips_gets_one_gentle_try(dialogue: str, text: str, step: str) -> None:
    table = says(at(dialogue, "thing"), text)
    assert table.step == step
    assert says(table, text).where[-1] == ("mirror", "mirror")  # whatever comes now is taken


def test_an_appreciation_that_is_one_thing_is_mirrored_at_once() -> None:
    for dialogue in ("appreciation", "short_appreciation"):
        assert says(at(dialogue, "thing"), SWEET).where[-1] == ("mirror", "mirror")


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("When you do that, I feel that you think of me.", "mirror"),
        ("I feel good, why not always.", "sweet_feeling"),
        ("When you do that, I feel warm.", "mirror"),
    ],
)
def test_the_feeling_is_asked_for_in_a_word(text: str, step: str) -> None:
    assert says(at("appreciation", "feeling"), text).step == step


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("It was nothing.", "just_thanks"),
        ("Anyone would have done it.", "just_thanks"),
        ("I appreciate about you that you say that.", "just_receive"),
        ("You too.", "just_receive"),
        ("Hearing that, I feel happy.", "swap"),
    ],
)
def test_taking_it_in_is_practised(text: str, step: str) -> None:
    table = says(at("appreciation", "receive"), text)
    assert table.step == step
    if step != "swap":
        assert table.actor == "Ben"
        assert says(table, text).step == "swap"


@pytest.mark.parametrize("dialogue", ["short_appreciation", "daily", "flooding_appreciation"])
@pytest.mark.parametrize(
    ("text", "step"), [("It was nothing.", "let_in"), ("Same to you.", "only_receive"), ("Thank you.", None)]
)
def test_the_short_forms_take_it_in_with_a_thank_you(dialogue: str, text: str, step: str | None) -> None:
    table = at(dialogue, "thank_you")
    assert table.actor == "Ben"
    says(table, text)
    if step is None:
        assert table.where[0][0] == dialogue
        assert not {"let_in", "only_receive"} & set(table.steps)
    else:
        assert (table.step, table.actor) == (step, "Ben")


def test_each_of_the_two_may_be_offered_the_same_try() -> None:
    table = says(at("appreciation", "thing"), "You're great.")
    for _ in range(120):
        if table.steps.count("thing") == 2 and table.step == "thing":
            break
        table.does_what_is_asked()
    assert table.actor == "Ben"
    assert says(table, "You're great.").step == "when"


# ---------------------------------------------------------------------------------------- the short forms


def test_the_short_one_is_said_mirrored_once_and_taken_in() -> None:
    table = mirrored(says(Table("short_appreciation").guide_finishes(), SWEET))
    says(table, "Thank you.")
    assert table.ended == "finished"
    assert table.steps == ["thing", "mirror", "check", "thank_you", "end"]


def test_the_guide_says_little_in_the_short_one() -> None:
    """Even the very first time, with every stem: so that it takes about a minute from the second time on."""
    said = to_the_end(Table("short_appreciation")).said
    assert sum(len(say.text.split()) for say in said) / 155 * 60 < 40


def test_the_daily_one_goes_both_ways_and_ends() -> None:
    table = to_the_end(Table("daily"))
    assert table.ended == "finished"
    assert table.steps == [
        *("today", "mirror", "check", "thank_you", "other_way"),
        *("today", "mirror", "check", "thank_you", "end"),
    ]


def test_the_daily_one_asks_the_other_when_one_skips() -> None:
    table = Table("daily").guide_finishes()
    table.key("s").guide_finishes()
    assert (table.step, table.actor) == ("today", "Ben")
    table.key("s").guide_finishes()
    assert table.ended == "finished"


# ---------------------------------------------------------------------------------------- many in a row


def test_a_flood_is_of_body_character_doing_and_the_whole_and_only_thanks_answer_it() -> None:
    table = to_the_end(Table("flooding_appreciation"), change="No.")
    assert table.steps == [
        *(
            "invite",
            "settle",
            "body",
            "thank_you",
            "character",
            "thank_you",
            "doing",
            "thank_you",
            "whole",
            "thank_you",
        ),
        *("change", "end"),
    ]
    assert "mirror" not in table.steps


def test_a_flood_waits_for_the_next_line_longer_than_other_turns() -> None:
    table = at("flooding_appreciation", "body")
    assert table.window is not None
    assert table.window.end_silence_s == 6.0
    assert table.window.talk_limits_s == ()


def test_a_flood_changes_over_once() -> None:
    table = to_the_end(Table("flooding_appreciation"))
    assert table.steps.count("other_way") == 1
    assert table.steps.count("body") == 2
    assert table.ended == "finished"


@pytest.mark.parametrize("answer", ["No.", "Another day.", "Later."])
def test_a_flood_may_be_for_another_day(answer: str) -> None:
    table = says(at("flooding_appreciation", "change"), answer)
    assert table.ended == "finished"
    asked = Table("flooding_appreciation").guide_finishes()
    assert says(asked, answer).prompts[-2:] == ["flooding_appreciation.another_day", "guide.goodbye"]


def test_a_hidden_complaint_in_a_flood_is_asked_for_its_sweet_part() -> None:
    table = at("flooding_appreciation", "doing")
    says(table, "I love how you clean up, for once.")
    assert table.step == "doing_sweet"
    assert says(table, "I love how you clean up.").step == "thank_you"


def test_a_part_of_the_flood_that_is_skipped_needs_no_thanks() -> None:
    table = at("flooding_appreciation", "body")
    table.key("s").guide_finishes()
    assert table.step == "character"
    assert "thank_you" not in table.steps


# ---------------------------------------------------------------------------------------- any couple


@pytest.mark.parametrize("dialogue", FAMILY)
def test_everybody_reaches_the_end(dialogue: str) -> None:
    assert to_the_end(Table(dialogue)).ended == "finished"
    assert skips_everything(Table(dialogue), invite="y").ended == "finished"
    assert by_keys(Table(dialogue, words="nothing")).ended == "finished"
