"""Looking back at a request (domain §1.2, B15): both sides of it, without blame and without a score."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, Table
from tests.dialogue.following import by_keys, mirrored, says, skips_everything, to_the_end

BREAKFAST = "For the next four weeks I will make breakfast on Sundays."


def recalled(giver: str = "name:1", words: str = BREAKFAST) -> Table:
    """What was kept two weeks ago is known again."""
    table = Table("follow_up").guide_finishes()
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("recall", "request")
    values = [("giver", giver, ""), ("review", "date:+14d", "in two weeks")]
    values += [("request", "words", words)] if words else []
    return table.performed("good", values=tuple(values)).guide_finishes()


def not_kept() -> Table:
    return says(recalled(), "Zero.")


# ---------------------------------------------------------------------------------------- whose it is


def test_the_giver_hears_the_own_words_again_and_says_how_often() -> None:
    table = recalled()
    assert (table.step, table.actor) == ("often", "Ben")
    assert table.last == f"Ben, in your words: {BREAKFAST} How often did it happen, from zero to ten?"


def test_whoever_gives_is_asked_although_the_other_one_began() -> None:
    table = recalled(giver="name:0")
    assert (table.step, table.actor) == ("often", "Ana")
    table.says(BEN, "Zero.")
    assert table.guide_finishes().step == "often"  # nobody answers for the giver
    mirrored(says(says(table, "Three."), "Giving it, I felt proud."))
    assert (table.step, table.actor) == ("to_get", "Ben")


def test_without_the_words_it_is_called_what_was_chosen() -> None:
    assert recalled(words="").last.startswith("Ben, what you chose to give:")


@pytest.mark.parametrize("outcome", ["unavailable", "failed", "locked"])
def test_where_nothing_could_be_kept_the_couple_remembers(outcome: str) -> None:
    table = Table("follow_up").guide_finishes().performed(outcome).guide_finishes()
    assert table.step == "remembered"
    says(table, "Yes.")
    says(table, "Ana.")
    assert (table.step, table.actor) == ("often", "Ana")


def test_there_may_be_nothing_to_look_at() -> None:
    table = Table("follow_up").guide_finishes().performed("nothing").guide_finishes()
    assert (table.ended, table.prompts[-2:]) == ("finished", ["follow_up.none_there", "guide.goodbye"])
    other = Table("follow_up").guide_finishes().performed("unavailable").guide_finishes()
    assert says(other, "No.").ended == "finished"


# ---------------------------------------------------------------------------------------- how it went


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        ("Four.", "to_give"),
        ("Ten.", "to_give"),
        ("Partly.", "to_give"),
        ("Yes, it did.", "to_give"),
        ("Zero.", "not_kept"),
        ("Not at all.", "not_kept"),
        ("No.", "not_kept"),
    ],
)
def test_how_often_is_a_number_or_a_word(answer: str, step: str) -> None:
    assert says(recalled(), answer).step == step


def test_what_was_kept_gets_one_appreciation_with_one_mirror() -> None:
    table = says(recalled(), "Three.")
    mirrored(says(table, "Giving it, I felt proud."))
    mirrored(says(table, "Getting it, I felt seen."))
    assert (table.step, table.actor) == ("value", "Ana")
    mirrored(says(table, "One thing I appreciate about you is the smile that came with it."))
    assert table.where[-1] == ("taking_in", "thank_you")
    says(table, "Thank you.")
    kept = table.stored("kept_request")[0]
    assert (kept["request"], kept["often"], "next_step" in kept) == (("words", BREAKFAST), ("number:3", "three"), False)
    table.performed("good").guide_finishes()
    assert table.ended == "finished"


@pytest.mark.parametrize("text", ["It was about time.", "Well, better than nothing.", "You made breakfast for once."])
def test_an_appreciation_with_a_tail_is_asked_for_its_sweet_part(text: str) -> None:
    table = says(recalled(), "Three.").goes_to("value")
    assert says(table, text).step == "sweet"


def test_what_was_not_kept_is_met_without_blame() -> None:
    table = not_kept()
    assert (table.step, table.actor) == ("not_kept", "Ben")
    assert table.last == "That happens. Ben, make it smaller, try it as it is, or let it go?"


def test_it_may_become_smaller_if_it_is_still_a_gift() -> None:
    table = says(not_kept(), "Smaller.")
    mirrored(says(table, "What I could really do is coffee on Sunday."))
    assert (table.step, table.actor) == ("still_a_gift", "Ana")
    says(says(table, "Yes."), "Yes.")
    assert table.stored("kept_request") == [
        {
            "request": ("words", BREAKFAST),
            "often": ("number:0", "zero"),
            "next_step": ("choice:make_smaller", "smaller"),
            "new_size": ("words", "What I could really do is coffee on Sunday."),
            "review": ("date:+14d", "in two weeks"),
        }
    ]


def test_a_smaller_size_that_is_no_gift_leaves_two_ways() -> None:
    table = says(not_kept(), "Make it smaller.")
    mirrored(says(table, "What I could really do is once."))
    assert says(table, "No.").step == "stay_or_go"
    says(table, "Let it go.")
    assert table.stored("kept_request")[0]["next_step"] == ("choice:let_it_go", "let it go")


@pytest.mark.parametrize(
    ("answer", "step", "chosen"),
    [("Try it as it is.", "next_look", "choice:as_it_is"), ("Let it go.", "keep", "choice:let_it_go")],
)
def test_it_may_stay_or_go(answer: str, step: str, chosen: str) -> None:
    table = says(not_kept(), answer)
    assert table.step == step
    table = table if step == "keep" else says(table, "In three weeks.")
    assert table.stored("kept_request")[0]["next_step"][0] == chosen


def test_what_nobody_decided_stays_as_it_was() -> None:
    table = not_kept()
    table.key("s").guide_finishes()
    assert table.step == "stays"
    assert "next_step" not in table.stored("kept_request")[0]


# ---------------------------------------------------------------------------------------- any couple


def test_it_ends_and_gives_the_floor_back_as_it_was() -> None:
    """Walked from the weekly check-in, the roles there are the same afterwards, whoever gave."""
    table = Table("weekly")
    table.goes_to("look")
    table.performed("good", values=(("giver", "name:0", ""), ("request", "words", BREAKFAST))).guide_finishes()
    assert table.dialogue.guide.state.sender == BEN
    table.goes_to("next_week")
    assert table.dialogue.guide.state.sender == ANA


@pytest.mark.parametrize("outcome", ["good", "not_kept", "unavailable", "failed", "locked", "nothing"])
def test_whatever_the_journal_says_there_is_an_end(outcome: str) -> None:
    assert to_the_end(Table("follow_up"), outcome, who_gave="Ben.").ended == "finished"


def test_skipping_everything_ends_kindly() -> None:
    assert skips_everything(Table("follow_up")).ended == "finished"


def test_keys_and_voices_lead_through_it() -> None:
    table = by_keys(Table("follow_up", words="nothing"), often="4", who_gave="2")
    assert table.ended == "finished"
    assert table.stored("kept_request")[0]["often"] == ("number:4", "four")
