"""Sharing a workup (domain §1.4, W13): line by line in one's own words; the guide reads nothing of it aloud."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, Table, real_script
from voice_imago.dialogue.script import load_script
from voice_imago.dialogue.state import Phase

LINES = ["looked", "troubled", "wished", "felt", "did", "bright"]


def at_the_secret(**options: object) -> Table:
    table = Table("share_workup", **options)  # type: ignore[arg-type]
    table.says(ANA, "Yes.")
    return table.guide_finishes()


def opened(hear: str = "hear_all", outcome: str = "good") -> Table:
    """Unlocked, and what may be heard is recalled."""
    table = at_the_secret().performed("good").guide_finishes()
    values = (("hear", f"choice:{hear}", ""),) if hear else ()
    return table.performed(outcome, values=values).guide_finishes()


def at(step: str) -> Table:
    return at_the_secret().performed("unavailable").goes_to(step)


# ---------------------------------------------------------------------------------------------- whose it is


def test_the_one_who_shares_opens_it() -> None:
    table = Table("share_workup")
    table.says(ANA, "No.")
    table.guide_finishes()

    assert (table.tasks[-1].task, table.tasks[-1].partner) == ("unlock", BEN)
    assert table.prompts[-2:] == ["share_workup.other_one", "share_workup.secret"]


def test_nothing_but_what_may_be_heard_is_recalled() -> None:
    """The private words do not even come near the table."""
    table = at_the_secret().performed("good").guide_finishes()

    assert (table.tasks[-1].task, table.tasks[-1].what, table.tasks[-1].wanted, table.tasks[-1].partner) == (
        "recall",
        "workup",
        ("hear",),
        ANA,
    )


def test_no_prompt_of_it_names_anything_of_the_workup() -> None:
    """Nor could one: of all slots only the day of the next time is said."""
    texts = [
        getattr(prompt, form)
        for key, prompt in real_script().languages["en"].prompts.items()
        for form in ("first", "repeat", "cue", "stem")
        if key.startswith("share_workup.")
    ]
    private = {"people", "liked", "hard", "mattered", "wanted", "frustrations", "responses", "happiest", "loves",
               "troubles", "note"}  # fmt: skip

    assert texts
    assert not [text for text in texts for name in private if f"{{{name}}}" in text]


@pytest.mark.parametrize("hear", ["hear_all", "hear_parts"])
def test_what_was_meant_to_be_heard_is_shared_line_by_line(hear: str) -> None:
    table = opened(hear)

    assert table.step == "promise"
    assert "share_workup.by_heart" in table.prompts


def test_to_whom_nothing_was_promised_hears_the_same_as_if_there_were_none() -> None:
    """Nobody learns from the guide that the other one chose silence, and nobody is asked about it."""
    silent, unanswered = opened("hear_nothing"), opened("")
    none = at_the_secret().performed("good").guide_finishes().performed("nothing").guide_finishes()
    new = at_the_secret().performed("new").guide_finishes()

    heard = [[say.text for say in table.said] for table in (silent, unanswered, none, new)]
    assert heard[1:] == heard[:1] * 3
    assert {table.ended for table in (silent, unanswered, none, new)} == {"finished"}


def test_a_secret_that_does_not_open_it_shares_nothing() -> None:
    table = at_the_secret()
    for _ in range(2):
        table.performed("wrong").guide_finishes()
        table.says(ANA, "Yes.")
        table.guide_finishes()
    table.performed("wrong").guide_finishes()

    assert table.ended == "finished"
    assert "not_ready" in table.steps


@pytest.mark.parametrize("outcome", ["unavailable", "failed"])
def test_where_nothing_is_kept_it_is_shared_by_heart(outcome: str) -> None:
    table = at_the_secret().performed(outcome).guide_finishes()

    assert (table.step, "recall" in [task.task for task in table.tasks]) == ("promise", False)


# ---------------------------------------------------------------------------------------------- the reading


def test_without_a_promise_it_is_another_day() -> None:
    for answer in ("No.", None):
        table = at_the_secret().performed("unavailable").guide_finishes()
        table.key("s") if answer is None else table.says(BEN, answer)
        table.guide_finishes()

        assert (table.ended, table.steps[-1]) == ("finished", "another_day")


def test_each_line_is_said_by_its_owner_and_mirrored_then_made_sense_of() -> None:
    table = at("thanks")

    assert [step for step in table.steps if step in [*LINES, "mirror", "sense", "feelings", "felt_it", "landing"]] == [
        "looked", "mirror", "troubled", "mirror", "wished", "mirror", "felt", "mirror", "did", "mirror", "bright",
        "mirror", "sense", "feelings", "felt_it", "landing",
    ]  # fmt: skip
    spoken = {entered.step: entered.actor for entered in table.published_steps}
    assert {spoken[line] for line in LINES} == {"Ana"}
    assert {spoken["mirror"], spoken["sense"], spoken["feelings"]} == {"Ben"}


def test_any_line_may_be_left_out() -> None:
    table = at("looked")
    for line in LINES:
        assert table.guide_finishes().step == line
        table.key("s")

    assert table.guide_finishes().step == "sense"
    assert "mirror" not in table.steps


@pytest.mark.parametrize(
    "text",
    ["It's just like me, in my family we shouted.", "That's why you never listen.", "No wonder you are like that."],
)
def test_who_compares_or_explains_is_led_back_to_the_words_once(text: str) -> None:
    table = at("sense")
    table.says(BEN, text)
    table.guide_finishes()
    assert (table.step, table.said[-2].text) == (
        "only_their_words",
        "Ben, only Ana's words. What makes sense in them?",
    )
    table.says(BEN, text)

    assert table.step == "feelings"


def test_a_thought_in_place_of_a_feeling_is_asked_for_one_word() -> None:
    table = at("feelings")
    table.says(BEN, "I imagine you feel that I work a lot.")

    assert table.step == "one_word"


# ---------------------------------------------------------------------------------------------- the other way round


def test_the_other_way_round_gets_a_day_and_not_this_one() -> None:
    table = at("other_day")
    assert table.actor == "Ben"
    table.says(BEN, "Tomorrow at eight.")
    table.guide_finishes()

    assert (table.tasks[-1].task, table.tasks[-1].what) == ("store", "appointment")
    assert [name for name, _, _ in table.tasks[-1].values] == ["when"]
    table.performed("good").guide_finishes()
    assert (table.ended, table.said[-3].text) == ("finished", "It is noted: tomorrow at eight.")


@pytest.mark.parametrize("outcome", ["not_kept", "unavailable", "failed"])
def test_a_day_that_is_not_kept_is_said_so(outcome: str) -> None:
    table = at("other_day")
    table.says(BEN, "Tomorrow at eight.")
    table.guide_finishes().performed(outcome).guide_finishes()

    assert table.ended == "finished"
    assert table.said[-3].text == "I keep nothing today. Please remember it yourselves: tomorrow at eight."


@pytest.mark.parametrize(("answer", "end"), [("No.", "end"), ("Yes.", "settle_it"), (None, "end")])
def test_a_day_may_be_left_open(answer: str | None, end: str) -> None:
    table = at("other_day")
    table.key("s") if answer is None else table.says(BEN, answer)
    table.guide_finishes()

    assert table.ended == "finished"
    assert ("settle_it" in table.steps) is (end == "settle_it")
    assert "store" not in [task.task for task in table.tasks]


def test_it_can_be_done_by_voice_activity_and_keys_alone() -> None:
    table = Table("share_workup", words="nothing")
    for _ in range(120):
        table.guide_finishes()
        if table.dialogue.over:
            break
        now = table.dialogue.step
        if table.phase is Phase.WORKING:
            table.performed("unavailable")
        elif table.phase is Phase.RESTING:
            table.key("space")
        elif now.do == "turn":
            table.says(table.dialogue.guide.actor, None)
        else:
            table.key("n" if now.id in ("more", "enough") else "y")

    assert table.ended == "finished"
    assert [step for step in table.steps if step in LINES] == LINES


def test_places_never_change_on_the_same_day() -> None:
    steps = load_script().graphs["share_workup"].steps.values()

    assert [step.id for step in steps if step.swap] == ["other_one"]
