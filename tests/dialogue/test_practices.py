"""Repair, the thirty days without put-downs, and the weekly check-in (domain §1.5)."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import Table
from tests.dialogue.following import by_keys, mirrored, says, skips_everything, to_the_end
from voice_imago.dialogue.slots import Slot

PRACTICES = ("repair", "pledge", "weekly")


# ---------------------------------------------------------------------------------------- repair


def test_a_repair_is_three_sentences_each_mirrored_and_an_appreciation_each() -> None:
    table = to_the_end(Table("repair"))
    mine = [step for step in table.steps if step not in ("mirror", "check")]
    steps = ["did", "wished", "can_do"]
    assert mine == ["invite", "breathe", *steps, "other_way", *steps, "value", "value", "end"]
    assert table.steps.count("mirror") == 8
    assert "more" not in table.steps  # one mirror each, no loop


@pytest.mark.parametrize("step", ["did", "wished", "can_do"])
@pytest.mark.parametrize(
    "text", ["I shouted, but I was tired.", "I was late because you called me.", "I lied. You started it though."]
)
def test_an_apology_that_goes_on_to_the_other_one_gets_one_try(step: str, text: str) -> None:
    table = says(Table("repair").goes_to(step), text)
    assert (table.step, table.actor) == (f"{step}_plain", "Ana")
    assert says(table, text).where[-1] == ("mirror", "mirror")


def test_both_are_offered_that_try() -> None:
    table = says(Table("repair").goes_to("did"), "I shouted, but I was tired.")
    assert (table.step, table.actor) == ("did_plain", "Ana")
    table.goes_to("did")
    assert says(table, "I shouted, but I was tired.").actor == "Ben"
    assert table.steps.count("did_plain") == 2


@pytest.mark.parametrize("answer", ["No.", "Tomorrow at eight.", "Not now."])
def test_a_repair_may_wait(answer: str) -> None:
    table = to_the_end(says(Table("repair").guide_finishes(), answer), when="On Sunday.")
    assert table.ended == "finished"
    assert "repair.another_day" in table.prompts
    assert len(table.stored("appointment")) == (answer != "No.")


# ---------------------------------------------------------------------------------------- pledge


def pledge(outcome: str, days: int | None = None) -> Table:
    table = Table("pledge").guide_finishes()
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("recall", "pledge")
    values = () if days is None else (("pledge_days", f"number:{days}", ""),)
    return table.performed(outcome, values=values).guide_finishes()


def test_a_new_pledge_is_explained_agreed_by_both_and_stored_without_a_number() -> None:
    table = to_the_end(pledge("nothing"))
    order = ["look", "what", "who_decides", "signal", "signal_too", "again", "rehearse", "rehearse", "promise"]
    assert table.steps == [*order, "promise_too", "begin", "begins", "end"]
    assert table.stored("pledge") == [{}]


@pytest.mark.parametrize(("asked", "step"), [("signal_too", "other_signal"), ("promise", None), ("promise_too", None)])
def test_nobody_is_pressed_into_it(asked: str, step: str | None) -> None:
    table = says(pledge("nothing").goes_to(asked), "No.")
    if step:
        assert (table.step, table.actor) == (step, "Ben")
    else:
        assert (table.ended, table.prompts[-2]) == ("finished", "pledge.not_today")
        assert table.stored("pledge") == []


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, None), (1, "pledge.one_day"), (2, "pledge.many_days"), (12, "pledge.many_days")],
)
def test_a_pledge_that_runs_goes_on_with_its_days(days: int, said: str | None) -> None:
    table = pledge("good", days)
    assert (table.step, table.actor) == ("today", "Ana")
    assert {key for key in table.prompts if key.endswith("_day") or key.endswith("_days")} == (
        {said} if said else set()
    )
    if days == 12:
        assert "So far this month: twelve days, kept by both of you." in [say.text for say in table.said]


def test_a_day_counts_when_both_say_so_and_is_stored_on_top_of_what_was_recalled() -> None:
    table = says(pledge("good", 4), "Yes.")
    assert (table.step, table.actor) == ("today_too", "Ben")
    says(table, "Yes.")
    assert table.stored("pledge") == [{"pledge_days": ("number:4", "four")}]
    assert to_the_end(table).prompts[-3:] == ["pledge.counted", "pledge.end", "guide.goodbye"]


@pytest.mark.parametrize("answers", [("No.",), ("Yes.", "No.")])
def test_a_day_that_either_does_not_count_stays_open_without_a_name(answers: tuple[str, ...]) -> None:
    table = pledge("good", 4)
    for answer in answers:
        says(table, answer)
    assert table.step == "mend"
    said = next(say.text for say in table.said if say.prompt == "pledge.not_counted")
    assert said == "Then today stays open. Nobody has to say why."
    assert table.stored("pledge") == []


@pytest.mark.parametrize(
    ("answer", "step"),
    [("Three appreciations.", "three"), ("A time for a dialogue.", "when"), ("Leave it for today.", "restart")],
)
def test_what_slipped_can_be_mended_or_left(answer: str, step: str) -> None:
    table = says(says(pledge("good", 4), "No."), answer)
    assert table.step == step
    assert to_the_end(table).ended == "finished"


def test_counting_goes_on_unless_they_begin_again() -> None:
    going_on = says(says(says(pledge("good", 4), "No."), "Leave it."), "Count on.")
    assert (going_on.ended, going_on.stored("pledge")) == ("finished", [])
    anew = says(says(says(pledge("good", 4), "No."), "Leave it."), "Begin again.")
    assert anew.stored("pledge") == [{"restart": ("choice:begin_again", "begin again")}]
    assert "pledge.begins" in to_the_end(anew).prompts


@pytest.mark.parametrize("outcome", ["unavailable", "failed", "locked"])
def test_where_nothing_is_kept_they_say_whether_it_runs_and_mark_a_calendar(outcome: str) -> None:
    table = pledge(outcome)
    assert table.step == "begun"
    says(says(says(table, "Yes."), "Yes."), "Yes.")
    table.performed(outcome).guide_finishes()
    assert table.prompts[-3:] == ["pledge.mark_it", "pledge.end", "guide.goodbye"]
    new = says(pledge(outcome), "No.")
    assert "pledge.what" in new.prompts
    assert "pledge.begins_unnoted" in to_the_end(new, outcome).prompts


# ---------------------------------------------------------------------------------------- weekly


def test_a_week_is_two_appreciations_each_a_worry_a_look_back_and_a_date() -> None:
    table = to_the_end(Table("weekly"))
    mine = [step for step in dict.fromkeys(table.steps) if step not in ("mirror", "check")]
    assert mine[:4] == ["value", "value_two", "any_worry", "whose_worry"]
    assert (table.steps.count("value"), table.steps.count("value_two")) == (3, 2)  # one more in the look back
    assert {"worry", "when", "look", "next_week", "note", "noted"} <= set(mine)
    assert table.stored("appointment")[-1] == {"next_week": ("date:+7d", "in a week")}


@pytest.mark.parametrize(("name", "actor"), [("Ana.", "Ana"), ("Ben.", "Ben"), ("It's Ben's.", "Ben")])
def test_one_worry_is_named_by_its_owner_mirrored_and_gets_a_time(name: str, actor: str) -> None:
    table = says(Table("weekly").goes_to("any_worry"), name)
    assert table.actor == actor
    mirrored(says(table, "What worries me is the rent."))
    assert table.where[-1] == ("find_time", "when")
    says(table, "On Saturday.")
    assert table.stored("appointment") == [
        {"topic": ("words", "What worries me is the rent."), "when": ("date:sat", "on Saturday")}
    ]


def test_a_worry_is_not_asked_for_twice() -> None:
    table = says(Table("weekly").goes_to("any_worry"), "No.")
    assert (table.step, table.stored("appointment")) == ("look", [])


def test_a_request_is_looked_back_at_if_there_is_one() -> None:
    table = says(Table("weekly").goes_to("any_worry"), "No.")
    table.performed("nothing").guide_finishes()
    assert table.step == "next_week"
    with_one = says(Table("weekly").goes_to("any_worry"), "No.")
    with_one.performed("good", values=(("giver", "name:1", ""),)).guide_finishes()
    assert with_one.step == "often"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [("Yes.", "date:+7d"), ("On Friday.", "date:fri"), ("In two weeks.", "date:+14d")],
)
def test_the_next_check_in_is_agreed_and_said_back(answer: str, kept: str) -> None:
    table = says(Table("weekly").goes_to("next_week"), answer)
    assert table.stored("appointment")[-1]["next_week"][0] == kept
    assert "weekly.remember" in to_the_end(table, "unavailable").prompts


def test_another_day_for_the_next_check_in_is_asked_once() -> None:
    table = says(Table("weekly").goes_to("next_week"), "No.")
    assert table.step == "other_time"
    table.key("s").guide_finishes()
    assert "weekly.open" in table.prompts
    assert table.ended == "finished"


def test_where_we_are_counts_the_steps_of_the_week_also_inside_a_part_of_it() -> None:
    table = Table("weekly").goes_to("look")
    table.performed("unavailable").guide_finishes()
    number, count = table.dialogue.guide.walker.position(table.dialogue.guide.state)
    assert (number, count) == (4, 6)


# ---------------------------------------------------------------------------------------- any couple


@pytest.mark.parametrize("outcome", ["good", "not_kept", "nothing", "locked", "failed", "unavailable"])
@pytest.mark.parametrize("dialogue", PRACTICES)
def test_everybody_reaches_the_end(dialogue: str, outcome: str) -> None:
    assert to_the_end(Table(dialogue), outcome).ended == "finished"
    assert by_keys(Table(dialogue, words="nothing"), outcome).ended == "finished"


@pytest.mark.parametrize("dialogue", PRACTICES)
def test_skipping_everything_and_saying_no_to_everything_end_kindly(dialogue: str) -> None:
    assert skips_everything(Table(dialogue), invite="y").ended == "finished"
    asked = Table(dialogue, slots={"pledge_days": Slot("number:3")})
    steps = asked.dialogue.guide.script.graphs[dialogue].steps.values()
    no = {step.id: "No." for step in steps if step.do == "ask" and "no" in step.on}
    assert to_the_end(asked, **no).ended == "finished"
