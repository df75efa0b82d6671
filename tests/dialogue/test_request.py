"""The behaviour change request (domain §1.2): when it may be, each of its branches, its guards, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.dialogue.driver import BEN, Table
from tests.dialogue.following import by_keys, mirrored, says, skips_everything, to_the_end
from voice_imago.dialogue.slots import Slot

PRACTISED = {"dialogues": Slot("number:3")}
"""Three couples dialogues are behind them."""
ASK = "In the next four weeks, on Sundays, please make breakfast once."
"""An ask with something to do, a day and an end."""


def request(words: str = "speech", **slots: Slot) -> Table:
    return Table("request", words=words, slots={**PRACTISED, **slots}).guide_finishes()  # type: ignore[arg-type]


def at(step: str, *, most: int = 200) -> Table:
    return request().goes_to(step, most=most)


# ---------------------------------------------------------------------------------------- may it be today?


@pytest.mark.parametrize(
    ("slots", "step"),
    [
        ({"dialogues": Slot("number:0")}, "not_yet"),
        ({"dialogues": Slot("number:2")}, "not_yet"),
        ({"dialogues": Slot("number:3")}, "invite"),
        ({"dialogues": Slot("number:40")}, "invite"),
        ({}, "had_three"),
        ({**PRACTISED, "calm": Slot("number:4"), "calm_too": Slot("number:10")}, "invite"),
        ({**PRACTISED, "calm": Slot("number:3"), "calm_too": Slot("number:10")}, "calmer_first"),
        ({**PRACTISED, "calm": Slot("number:4"), "calm_too": Slot("number:3")}, "calmer_first"),
        ({"dialogues": Slot("number:1"), "calm": Slot("number:0")}, "not_yet"),
    ],
)
def test_it_comes_after_three_dialogues_and_on_a_calm_evening(slots: Mapping[str, Slot], step: str) -> None:
    assert Table("request", slots=slots).guide_finishes().step == step


@pytest.mark.parametrize(("answer", "step"), [("Yes.", "invite"), ("No.", "not_yet"), ("Yes, we have.", "invite")])
def test_where_nothing_is_counted_the_couple_says_whether_they_had_three(answer: str, step: str) -> None:
    table = Table("request", slots={}).guide_finishes()
    assert says(table, answer).step == step


def test_the_kind_refusal_leads_into_a_couples_dialogue_and_ends_well() -> None:
    table = Table("request", slots={"dialogues": Slot("number:1")}).guide_finishes()
    says(table, "Yes, let's.")
    assert table.where == (("request", "dialogue_first"), ("dialogue", "invite"))
    assert to_the_end(table).ended == "finished"
    assert table.prompts[-2:] == ["request.in_its_time", "guide.goodbye"]


@pytest.mark.parametrize("answer", ["No.", "Not today.", "Later."])
def test_the_kind_refusal_may_be_declined(answer: str) -> None:
    table = Table("request", slots={"dialogues": Slot("number:1")}).guide_finishes()
    assert says(table, answer).ended == "finished"
    assert "request.another_day" in table.prompts


def test_on_a_stormy_evening_an_appreciation_is_offered_and_nobody_is_named() -> None:
    table = request(calm=Slot("number:2"))
    assert not {"Ana", "Ben"} & set(table.last.split())
    says(table, "Yes.")
    assert table.where[-1] == ("appreciation", "invite")


# ---------------------------------------------------------------------------------------- the invitation


def test_a_time_that_is_named_is_stored_with_the_topic_and_said_back() -> None:
    table = says(request(), "I have a request about our mornings. Is now a good time?")
    says(table, "Tomorrow at eight.")
    assert table.tasks[-1].what == "appointment"
    assert table.stored("appointment") == [
        {
            "topic": ("words", "I have a request about our mornings. Is now a good time?"),
            "when": ("date:+1d 20:00", "tomorrow at eight"),
        }
    ]
    table.performed("good").guide_finishes()
    assert "Good: tomorrow at eight. I have noted it." in [say.text for say in table.said]
    assert table.ended == "finished"


def test_without_notes_the_couple_is_asked_to_remember_the_time() -> None:
    table = says(says(request(), "It is about our mornings."), "Tomorrow at eight.")
    table.performed("not_kept").guide_finishes()
    assert "keep_time.remember" in table.prompts
    assert table.ended == "finished"


def test_later_asks_once_for_a_time() -> None:
    table = says(says(request(), "Our mornings."), "Not now.")
    assert table.where[-1] == ("find_time", "when")
    says(table, "No.")
    assert "find_time.open" in table.prompts
    assert (table.ended, table.stored("appointment")) == ("finished", [])


@pytest.mark.parametrize(
    ("answer", "follows"),
    [("No.", "request.another_day"), ("I will.", "find_time.when"), ("Tomorrow.", None)],
)
def test_a_flat_no_gets_one_try_and_then_a_kind_end(answer: str, follows: str | None) -> None:
    table = says(says(request(), "Our mornings."), "No.")
    assert (table.step, table.actor) == ("not_now", "Ben")
    says(table, answer)
    assert follows in table.prompts if follows else table.tasks[-1].what == "appointment"


# ---------------------------------------------------------------------------------------- telling it


@pytest.mark.parametrize(
    "text", ["You're so lazy.", "You never help me.", "You are always late.", "It is typical, you just don't care."]
)
def test_a_trait_is_not_mirrored_but_a_camera_is_asked_once(text: str) -> None:
    table = says(at("frustration"), text)
    assert table.where == (("request", "camera"),)
    says(table, text)
    assert table.where[-1] == ("mirror", "mirror")


def test_what_a_camera_can_see_is_mirrored_at_once() -> None:
    table = says(at("frustration"), "I get frustrated when the dishes stand in the sink in the evening.")
    assert table.where[-1] == ("mirror", "mirror")
    assert "camera" not in table.steps


def test_a_thought_in_place_of_a_feeling_is_offered_five_words() -> None:
    table = says(at("feeling"), "I feel that you do not see me.")
    assert table.step == "feeling_word"
    asked = next(say.text for say in table.said if say.prompt == "request.feeling_word")
    assert asked.startswith("Ana, one word for it: sad, lonely, scared, annoyed, tired?")


def test_a_thought_is_offered_a_feeling_word_to_each_of_the_two_steps() -> None:
    """The same list in the sender's step and in the receiver's."""
    table = says(at("feeling"), "I feel that you do not see me.")
    table.goes_to("feelings")
    assert says(table, "I imagine you feel that I am away too much.").step == "one_word"


def test_what_it_reminds_of_offers_skipping_first_and_can_be_skipped() -> None:
    table = at("long_ago")
    asked = next(say.text for say in table.said if say.prompt == "request.long_ago")
    assert asked.startswith("Skip this freely.")
    table.key("s").guide_finishes()
    assert table.step == "need"


@pytest.mark.parametrize(
    ("step", "text", "there"),
    [
        ("sense", "Nothing makes sense.", "part"),
        ("sense", "Well, it is a difficult thing.", "part"),
        ("sense", "You make sense to me, because you were alone with it.", "feelings"),
        ("felt", "No.", "name"),
        ("all_of_it", "Partly.", "adding"),
    ],
)
def test_summary_validation_and_empathy_branch_as_in_the_dialogue(step: str, text: str, there: str) -> None:
    assert says(at(step), text).step == there


def test_who_finds_only_a_part_of_it_says_that_part_and_hears_more() -> None:
    table = says(at("sense"), "Nothing makes sense.")
    says(table, "This part makes sense, that you were tired.")
    assert (table.step, table.actor) == ("say_more", "Ana")
    says(table, "I had waited since five.")
    assert (table.step, table.actor) == ("sense_again", "Ben")
    assert says(table, "I still do not know.").step == "feelings"  # whatever comes is enough


# ---------------------------------------------------------------------------------------- three small asks


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Please stop looking at your phone.", "smart_do"),
        ("Please don't come home late.", "smart_do"),
        ("Please be nicer to me.", "smart_count"),
        ("Please show me that I matter, with more attention.", "smart_count"),
        ("Please cook dinner for us.", "smart_when"),
        ("Please hug me every morning, always.", "smart_week"),
        ("Please hug me every morning.", "smart_end"),
        ("First of all hug me, and also cook on Sundays.", "smart_one"),
    ],
)
def test_each_ask_gets_at_most_one_question(text: str, question: str) -> None:
    table = says(at("ask_first"), text)
    assert table.step == question
    mirrored(says(table, text))  # the same again is taken as it is
    assert table.step == "one_more"


def test_an_ask_that_says_what_when_and_until_is_only_mirrored() -> None:
    table = mirrored(says(at("ask_first"), ASK))
    assert table.step == "one_more"
    assert not any(step.startswith("smart") for step in table.steps)


def test_the_same_question_may_be_asked_about_the_next_ask() -> None:
    table = at("ask_first")
    for _ in range(3):
        says(table, "Please cook dinner for us.")
        assert table.step == "smart_when"
        mirrored(says(table, ASK))
        if table.step == "one_more":
            says(table, "Yes.")
    assert table.step == "choose"


def test_there_are_three_asks_at_most() -> None:
    table = at("ask_first")
    for _ in range(2):
        mirrored(says(table, ASK))
        says(table, "Yes, one more.")
        assert table.step == "ask_next"
    mirrored(says(table, ASK))
    assert (table.step, table.actor) == ("choose", "Ben")


@pytest.mark.parametrize("answer", ["Enough.", "No.", "No, that's enough.", "One is enough."])
def test_enough_ends_the_asking_early(answer: str) -> None:
    table = mirrored(says(at("ask_first"), ASK))
    assert says(table, answer).step == "choose"


@pytest.mark.parametrize("text", ["Enough.", "That's all.", "No more."])
def test_enough_in_place_of_the_next_ask_counts_too(text: str) -> None:
    table = mirrored(says(at("ask_first"), ASK))
    says(table, "Yes.")
    assert says(table, text).step == "choose"


def test_a_question_that_is_skipped_leaves_the_ask_as_it_was_and_mirrored() -> None:
    table = says(at("ask_first"), "Please be nicer to me.")
    table.key("s").guide_finishes()
    assert (table.step, table.actor) == ("as_said", "Ben")
    assert says(table, "What you ask for is that I am nicer.").step == "one_more"


# ---------------------------------------------------------------------------------------- the choice


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        ("Number two.", "commit"),
        ("I can do number one.", "commit"),
        ("Three.", "commit"),
        ("Zero.", "change_or_none"),
        ("Seven.", "choose"),
        ("No.", "change_or_none"),
        ("Yes.", "first_day"),
    ],
)
def test_one_is_chosen_by_its_number(answer: str, step: str) -> None:
    assert says(at("choose"), answer).step == step


def test_a_number_that_is_none_of_them_is_asked_again_only_so_often() -> None:
    table = at("choose")
    for _ in range(3):
        assert table.step == "choose"
        says(table, "Seven.")
    assert table.step == "change_or_none"


def test_a_counter_offer_is_answered_by_the_asker_and_may_be_made_twice() -> None:
    table = says(says(at("choose"), "No."), "I'd change one.")
    for _ in range(2):
        assert (table.step, table.actor) == ("counter", "Ben")
        mirrored(says(table, "What I could do is one evening in the next two weeks."))
        assert (table.step, table.actor) == ("a_gift", "Ana")
        table.says(BEN, "Yes.")  # it is not the giver who says whether it is a gift
        assert table.guide_finishes().step == "a_gift"
        says(table, "No.")
    assert table.step == "size"


def test_a_counter_offer_that_is_a_gift_is_the_commitment() -> None:
    table = says(says(at("choose"), "No."), "Change one.")
    mirrored(says(table, "What I could do is one evening in the next two weeks."))
    assert says(table, "Yes.").step == "commit"


def test_a_bargain_is_led_back_to_a_gift() -> None:
    table = says(says(at("choose"), "No."), "Change one.")
    assert says(table, "I could do that if you stop calling me at work.").step == "as_gift"
    mirrored(says(table, "What I could do is one evening."))
    assert table.step == "a_gift"


def test_none_is_asked_for_a_size_once_and_then_left() -> None:
    table = says(says(at("choose"), "No."), "None today.")
    assert table.step == "size"
    table.key("s").guide_finishes()
    assert table.step == "thanks_anyway"
    assert to_the_end(table).ended == "finished"
    assert table.stored("request") == []
    assert "request.heard" in table.prompts


def test_a_size_that_is_possible_may_become_the_gift() -> None:
    table = says(says(at("choose"), "No."), "None of them.")
    mirrored(says(table, "What would be possible is five minutes."))
    assert says(table, "Yes.").step == "commit"


@pytest.mark.parametrize("text", ["Yes.", "Okay, I'll do it.", "Sure, no problem.", "Whatever you want, all of them."])
def test_a_promise_that_comes_fast_is_asked_for_its_first_day(text: str) -> None:
    table = says(says(at("choose"), "One."), text)
    assert (table.step, table.actor) == ("first_day", "Ben")
    says(table, "On Sunday.")
    assert table.step == "commit"
    assert says(table, "I will make breakfast on Sundays.").step == "until"


def test_until_when_is_asked_once_if_it_was_not_said() -> None:
    table = says(says(at("choose"), "One."), "I will make breakfast on Sundays.")
    assert table.step == "until"
    assert says(table, "In four weeks.").step == "look_again"


@pytest.mark.parametrize("text", ["For the next four weeks I will make breakfast.", "I will do it until Easter."])
def test_until_when_is_not_asked_if_it_was_said(text: str) -> None:
    assert says(says(at("choose"), "One."), text).step == "look_again"


# ---------------------------------------------------------------------------------------- what is kept


def committed() -> Table:
    table = says(says(at("choose"), "Yes."), "On Sunday.")
    says(table, "I will make breakfast on Sundays, as a gift.")
    return says(table, "In four weeks.")


def test_the_request_is_kept_with_its_words_days_and_giver() -> None:
    table = says(committed(), "Yes.")
    table.goes_to("keep")
    assert table.stored("request") == [
        {
            "request": ("words", "I will make breakfast on Sundays, as a gift."),
            "start": ("date:sun", "on Sunday"),
            "until": ("date:+28d", "in four weeks"),
            "review": ("date:+14d", "in two weeks"),
            "giver": ("name:1", "Ben"),
        }
    ]
    table.performed("good").guide_finishes()
    assert "I have noted it. You both come back to it in two weeks. No tally until then." in [
        s.text for s in table.said
    ]
    assert table.ended == "finished"
    assert "request.end" in table.prompts


def test_another_day_for_the_review_is_the_givers() -> None:
    table = says(committed(), "No.")
    assert (table.step, table.actor) == ("other_day", "Ben")
    says(table, "In three weeks.")
    table.goes_to("keep")
    assert table.stored("request")[0]["review"] == ("date:+21d", "in three weeks")


def test_by_key_the_days_that_are_proposed_are_taken() -> None:
    table = at("commit")
    says(table, "I will make breakfast.")
    table.key("1").guide_finishes()
    assert table.step == "look_again"
    table.key("y").guide_finishes()
    table.goes_to("keep")
    stored = table.stored("request")[0]
    assert (stored["until"][0], stored["review"][0]) == ("date:+28d", "date:+14d")


def test_a_long_commitment_is_kept_whole() -> None:
    words = " ".join(["For the next four weeks I will"] + ["cook and wash and sing"] * 12)
    table = says(at("commit"), words)
    table.goes_to("keep")
    assert table.stored("request")[0]["request"] == ("words", words)


@pytest.mark.parametrize("outcome", ["not_kept", "unavailable", "failed", "locked"])
def test_where_nothing_is_kept_they_are_asked_to_write_it_down(outcome: str) -> None:
    table = at("keep")
    table.performed(outcome).guide_finishes()
    assert "request.remember" in table.prompts
    assert table.ended == "finished"


# ---------------------------------------------------------------------------------------- thanks


def test_a_choice_that_is_graded_is_led_back_to_what_it_means_and_to_thanks() -> None:
    table = says(at("means"), "That is better than nothing.")
    assert table.step == "only_meaning"
    mirrored(says(table, "It will mean that I can rest."))
    assert (table.step, table.actor) == ("thanks", "Ana")
    assert says(table, "Well, it is the easy one.").step == "only_thanks"
    assert (says(table, "Thank you.").step, table.actor) == ("thanks_back", "Ben")


# ---------------------------------------------------------------------------------------- any couple


def test_a_couple_that_agrees_reaches_the_end_with_everything_mirrored() -> None:
    table = to_the_end(request())
    assert table.ended == "finished"
    assert table.steps.count("mirror") >= 10
    order = [
        "invite",
        "frustration",
        "feeling",
        "reaction",
        "story",
        "long_ago",
        "need",
        "summary",
        "sense",
        "feelings",
    ]
    order += ["wish", "ask_first", "choose", "commit", "look_again", "means", "thanks", "thanks_back", "keep", "end"]
    assert [step for step in dict.fromkeys(table.steps) if step in order] == order


def test_a_couple_that_says_no_to_everything_reaches_a_kind_end() -> None:
    no = {step: "No." for step in ("all_of_it", "felt", "check", "stuck", "one_more", "choose", "a_gift", "that_size")}
    table = to_the_end(request(), change_or_none="Change one.", **{**no, "stuck": "Leave it."})
    assert table.ended == "finished"
    assert table.stored("request") == []
    assert "request.no_gift" in table.prompts


def test_a_couple_that_skips_everything_reaches_a_kind_end() -> None:
    table = skips_everything(request(), reply="y")
    assert table.ended == "finished"
    assert "request.heard" in table.prompts


def test_without_words_keys_and_voices_lead_through_all_of_it() -> None:
    table = by_keys(request("nothing"), one_more="n", choose="1", until="1")
    assert table.ended == "finished"
    stored = table.stored("request")[0]
    assert "request" not in stored
    assert stored["giver"] == ("name:1", "Ben")
    assert (stored["until"][0], stored["review"][0]) == ("date:+28d", "date:+14d")
