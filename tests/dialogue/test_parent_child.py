"""The parent-child dialogue (domain §1.5): off by default, with a warning, and nobody leaves it in a part."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.dialogue.driver import ANA, BEN, END, Table, step, with_graphs
from voice_imago.dialogue.script import Graph
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase

READY = {"deep": Slot("choice:on"), "dialogues": Slot("number:6")}
PUT_DOWN = "Ben, put the part down, aloud: I'm Ben, your partner again."
PARTS = ["whom", "take_part", "living", "hurts_asked", "hurts", "needs_asked", "needs"]
"""Steps in which Ben speaks for a parent."""


def table(known: Mapping[str, Slot] = READY, **options: object) -> Table:
    return Table("parent_child", slots=known, **options)  # type: ignore[arg-type]


def at(step: str, **options: object) -> Table:
    return table(**options).goes_to(step)


# ---------------------------------------------------------------------------------------------- the gate


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"deep": Slot("choice:on")},
        {"dialogues": Slot("number:20")},
        {"deep": Slot("choice:on"), "dialogues": Slot("number:5")},
        {"deep": Slot("choice:on"), "dialogues": Slot("number:0")},
    ],
)
def test_it_is_refused_kindly_with_something_lighter(known: Mapping[str, Slot]) -> None:
    refused = table(known).guide_finishes()

    assert refused.prompts == ["parent_child.not_yet", "parent_child.instead"]
    assert refused.step == "instead"
    assert not [step for step in refused.steps if step in PARTS]


@pytest.mark.parametrize("dialogues", [6, 7, 300])
def test_switched_on_and_after_six_dialogues_it_begins_with_a_warning(dialogues: int) -> None:
    begun = table({"deep": Slot("choice:on"), "dialogues": Slot(f"number:{dialogues}")}).guide_finishes()

    assert begun.prompts == ["parent_child.deep", "parent_child.word", "parent_child.wanted"]
    assert "time-out" in begun.said[1].text


def test_one_memory_instead_is_told_and_mirrored() -> None:
    lighter = table({}).goes_to("memory")
    lighter.says(ANA, "We picked cherries.")
    lighter.guide_finishes()
    assert (lighter.step, lighter.actor) == ("mirror", "Ben")
    lighter.goes_to("light_thanks")
    lighter.says(ANA, "Thank you.")
    lighter.says(BEN, "Thank you.")
    lighter.guide_finishes()

    assert (lighter.ended, lighter.steps[-1]) == ("finished", "told")


@pytest.mark.parametrize("answer", ["No.", None])
def test_the_lighter_one_may_be_declined(answer: str | None) -> None:
    lighter = table({}).guide_finishes()
    lighter.key("s") if answer is None else lighter.says(ANA, answer)
    lighter.guide_finishes()

    assert (lighter.ended, lighter.steps[-1]) == ("finished", "another_day")


# ---------------------------------------------------------------------------------------------- a yes from each


@pytest.mark.parametrize(("sender", "receiver"), [("No.", None), ("skip", None), ("Yes.", "No."), ("Yes.", "skip")])
def test_without_a_yes_from_each_it_is_another_day(sender: str, receiver: str | None) -> None:
    """Skipping the question is no yes."""
    asked = table().guide_finishes()
    for who, answer in ((ANA, sender), (BEN, receiver)):
        if answer == "skip":
            asked.key("s")
        elif answer is not None:
            asked.says(who, answer)
        asked.guide_finishes()

    assert (asked.ended, asked.steps[-1]) == ("finished", "another_day")


def test_the_yes_of_one_is_not_the_yes_of_the_other() -> None:
    asked = table(voices="known").guide_finishes()
    asked.says(ANA, "Yes.")
    asked.says(ANA, "Yes, Ben wants it, too.")

    assert asked.step == "wanted_too"


# ---------------------------------------------------------------------------------------------- the happy path


def test_each_question_is_asked_aloud_answered_and_mirrored() -> None:
    told = at("put_down")

    assert [step for step in told.steps if step in [*PARTS, "mirror", "put_down"]] == [
        "whom", "take_part", "living", "mirror", "hurts_asked", "hurts", "mirror", "needs_asked", "needs", "mirror",
        "put_down",
    ]  # fmt: skip
    assert (told.actor, told.prompts[-2]) == ("Ben", "parent_child_roles.put_down")
    told.says(BEN, "I'm Ben, your partner again.")
    told.guide_finishes()
    assert (told.step, told.actor, told.prompts[-3:-1]) == (
        "offer",
        "Ben",
        ["parent_child.here", "parent_child.offer"],
    )
    told.goes_to("thanks")
    told.says(ANA, "Thank you.")
    told.says(BEN, "Thank you.")
    told.guide_finishes()
    assert told.ended == "finished"
    assert [step for step in told.steps if step in ("gift", "sense", "feelings", "felt_it")] == [
        "gift", "sense", "feelings", "felt_it",
    ]  # fmt: skip


def test_it_can_be_done_by_voice_activity_and_keys_alone() -> None:
    quiet = table(words="nothing").guide_finishes()
    for _ in range(80):
        quiet.guide_finishes()
        if quiet.dialogue.over:
            break
        now = quiet.dialogue.step
        if quiet.phase is Phase.RESTING:
            quiet.key("space")
        elif now.do == "turn":
            quiet.says(quiet.dialogue.guide.actor, None)
        else:
            quiet.key("n" if now.id in ("more", "enough") else "y")

    assert quiet.ended == "finished"
    assert "put_down" in quiet.steps


# ---------------------------------------------------------------------------------------------- out of the part


@pytest.mark.parametrize("step", PARTS)
def test_skipping_in_a_part_leads_out_of_it(step: str) -> None:
    skipped = at(step).key("s").guide_finishes()

    assert (skipped.step, skipped.actor) == ("put_down", "Ben")


def test_the_way_out_cannot_be_skipped() -> None:
    leaving = at("put_down").key("s").guide_finishes()

    assert (leaving.step, leaving.prompts[-1]) == ("put_down", "guide.skip_not")


@pytest.mark.parametrize("step", [*PARTS, "mirror", "check"])
def test_a_time_out_in_a_part_goes_on_at_the_way_out(step: str) -> None:
    """Also out of a mirror, in which the places were changed or not."""
    away = at(step).key("t").guide_finishes()
    away.key("space").guide_finishes()  # twenty minutes, then they are over
    away.key("space").guide_finishes()
    for who, answer in ((ANA, "Seven."), (BEN, "Seven."), (ANA, "Continue."), (BEN, "Continue.")):
        away.says(who, answer)
        away.guide_finishes()

    assert (away.step, away.actor, away.where[-1]) == ("put_down", "Ben", ("parent_child_roles", "put_down"))


def test_too_much_in_a_part_leads_out_of_it_also_without_a_break() -> None:
    hard = at("living")
    hard.says(ANA, "It's too much.")
    hard.guide_finishes()
    assert hard.where[-1] == ("flooded", "offer")
    hard.says(ANA, "No.")
    hard.guide_finishes()

    assert hard.step == "put_down"


def test_a_hard_moment_in_a_part_leads_out_of_it() -> None:
    hard = at("hurts")
    hard.says(ANA, "I can't talk about that.")
    hard.guide_finishes()

    assert (hard.step, hard.actor) == ("put_down", "Ben")


@pytest.mark.parametrize("step", [*PARTS, "mirror", "check"])
@pytest.mark.parametrize("how", ["key", "voice"])
def test_whoever_stops_in_a_part_hears_how_to_put_it_down(step: str, how: str) -> None:
    stopped = at(step)
    said = len(stopped.said)
    if how == "key":
        stopped.key("q").guide_finishes()
    else:
        stopped.command("stop").guide_finishes()
        stopped.says(ANA, "Yes.")
        stopped.guide_finishes()

    assert stopped.ended == "stopped"
    assert PUT_DOWN in [say.text for say in stopped.said[said:]]
    assert stopped.said[-1].prompt == "guide.goodbye"


@pytest.mark.parametrize("step", ["wanted", "settle", "put_down", "offer", "gift", "thanks"])
def test_outside_of_a_part_there_is_nothing_to_put_down(step: str) -> None:
    stopped = at(step)
    said = len(stopped.said)
    stopped.key("q").guide_finishes()

    assert stopped.ended == "stopped"
    assert PUT_DOWN not in [say.text for say in stopped.said[said:]]


@pytest.mark.parametrize("step", ["wanted", "offer", "gift"])
def test_outside_of_a_part_a_time_out_goes_on_where_it_was(step: str) -> None:
    away = at(step).key("t").guide_finishes().key("space").guide_finishes().key("space").guide_finishes()
    for who, answer in ((ANA, "Seven."), (BEN, "Seven."), (ANA, "Continue."), (BEN, "Continue.")):
        away.says(who, answer)
        away.guide_finishes()

    assert away.step == step


def test_a_question_in_between_does_not_end_the_part() -> None:
    asked = at("living").command("help").guide_finishes()

    assert (asked.step, asked.phase) == ("living", Phase.LISTENING)


def test_out_of_the_mirror_of_the_receivers_own_turn_the_places_come_back() -> None:
    """In that mirror they are changed."""
    play = step("play", "turn", "receiver", kind="send", mirror="once", next="leave")
    leave = step(
        "leave", "turn", "receiver", kind="send", prompt="parent_child_roles.put_down", skippable=False, next="return"
    )
    part = Graph("part", "play", {"play": play, "leave": leave}, shared=True, exit="leave")
    main = Graph("main", "one", {"one": step("one", "walk", "guide", graph="part", next="end"), "end": END})
    played = Table("main", script=with_graphs(part, main))
    played.says(BEN, "I play.")
    played.guide_finishes()
    assert (played.step, played.actor) == ("mirror", "Ana")

    stopped = Table("main", script=with_graphs(part, main))
    stopped.says(BEN, "I play.")
    stopped.guide_finishes().key("q").guide_finishes()
    assert PUT_DOWN in [say.text for say in stopped.said]

    played.key("t").guide_finishes().key("space").guide_finishes().key("space").guide_finishes()
    for answer in ("Seven.", "Seven.", "Continue.", "Continue."):
        played.says(played.dialogue.guide.actor, answer)
        played.guide_finishes()
    assert (played.step, played.actor) == ("leave", "Ben")
