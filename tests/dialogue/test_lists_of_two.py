"""What a couple gathers together: the vision, caring things, the fun list (domain §1.5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dialogue.driver import ANA, BEN, Table
from voice_imago.dialogue.state import Phase


def begun(dialogue: str, recalled: tuple[str, ...] = (), **options: object) -> Table:
    """Both have time; what was kept earlier is recalled."""
    table = Table(dialogue, **options)  # type: ignore[arg-type]
    if table.guide_finishes().step == "offer":
        table.says(ANA, "Yes.")
    table.guide_finishes()
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("recall", dialogue.removesuffix("_reading"))
    values = (("lines", "list", "\n".join(recalled)),)
    return table.performed("good" if recalled else "nothing", values=values if recalled else ()).guide_finishes()


def walk(table: Table, *turns: tuple[str, int, str]) -> Table:
    """Each turn: the step that has to be there, who speaks, and what; tasks are not done, rests are over."""
    for wanted, who, text in turns:
        for _ in range(12):
            table.guide_finishes()
            if table.step == wanted and table.phase not in (Phase.WORKING, Phase.RESTING):
                break
            if table.phase is Phase.WORKING:
                table.performed("unavailable")
            elif table.phase is Phase.RESTING:
                table.key("space")
            else:
                table.does_what_is_asked()
        assert table.step == wanted, (wanted, table.where)
        table.says(who, text)  # type: ignore[arg-type]
    return table.guide_finishes()


def on_to(table: Table, wanted: str) -> Table:
    """The happy path, with a number where one is asked for."""
    for _ in range(60):
        table.guide_finishes()
        if table.step == wanted:
            return table
        if table.phase is Phase.WORKING:
            table.performed("unavailable")
        else:
            table.does_what_is_asked({"how_much": "One.", "how_much_too": "Two."})
    raise AssertionError(table.steps)


def said_since(table: Table, start: int) -> list[str]:
    return [say.text for say in table.said[start:]]


def store_of(table: Table, what: str) -> list[dict[str, str]]:
    return [
        {name: text for name, _, text in task.values}
        for task in table.tasks
        if (task.task, task.what) == ("store", what)
    ]


# ---------------------------------------------------------------------------------------------- a list is read aloud


@pytest.mark.parametrize("lines", [(), ("we laugh a lot",), ("we laugh a lot", "we travel", "we rest")])
def test_a_list_is_read_line_by_line_and_stays_as_it_was(lines: tuple[str, ...]) -> None:
    table = begun("vision_reading", lines)
    if not lines:
        assert (table.ended, table.steps[-1]) == ("finished", "none_yet")
        return
    said = len(table.said)
    table.key("space").guide_finishes()

    assert said_since(table, said)[: len(lines)] == [line.capitalize() + "." for line in lines]
    assert table.slots["lines"].items == lines
    assert table.step == "touched"


def test_a_line_that_is_too_long_to_say_is_passed_over_and_kept() -> None:
    long = "we " + "very " * 40 + "much"
    table = begun("vision_reading", ("we rest", long))
    said = len(table.said)
    table.key("space").guide_finishes()

    assert said_since(table, said)[:2] == ["We rest.", "The next line is long."]
    assert table.slots["lines"].items == ("we rest", long)


# ---------------------------------------------------------------------------------------------- the vision


def sentence(who: int, text: str, too: str, more: str) -> Iterator[tuple[str, int, str]]:
    """One sentence, mirrored, and whether the other one takes it over."""
    other = BEN if who == ANA else ANA
    yield from (("sentence", who, text), ("mirror", other, text), ("check", who, "Yes."))
    yield from (("theirs_too", other, too), ("another", who, more))


def shared(table: Table | None = None) -> Table:
    """Two sentences of Ana's, one of Ben's; two of them are both's."""
    return walk(
        table or begun("vision"),
        *sentence(ANA, "We laugh a lot.", "Yes.", "Yes."),
        *sentence(ANA, "We live by the sea.", "No.", "No."),
        *sentence(BEN, "We look after each other's rest.", "Yes.", "No."),
    )


def test_only_what_both_want_goes_into_the_vision() -> None:
    table = shared()
    assert store_of(table, "vision") == [{"lines": "We laugh a lot\nWe look after each other's rest"}]
    assert table.steps.count("aside") == 1


def test_after_the_first_part_one_may_stop_with_all_of_it_kept() -> None:
    table = shared().performed("good").guide_finishes()
    assert (table.step, table.last) == ("on_or_not", "That part is done. Go on, or stop here for today?")
    table.says(ANA, "Stop here.")
    table.guide_finishes()

    assert (table.ended, table.steps[-1]) == ("finished", "until_then")


def test_the_whole_way_to_a_vision_that_is_read_aloud() -> None:
    table = shared().performed("unavailable").guide_finishes()
    said = len(table.said)
    table.says(BEN, "Go on.")
    walk(table, ("how_much", BEN, "Five."), ("how_much_too", ANA, "Four."), ("how_much", BEN, "Two."))
    walk(table, ("how_much_too", ANA, "Five."))
    assert [text for text in said_since(table, said) if text.startswith("We l")] == [
        "We laugh a lot.",
        "We look after each other's rest.",
    ]
    on_to(table, "read_it")
    read = len(table.said)
    table.says(ANA, "Yes.")
    table.guide_finishes()

    assert said_since(table, read)[:2] == ["We laugh a lot.", "We look after each other's rest."]
    assert store_of(table, "vision")[-1] == {"lines": "We laugh a lot\nWe look after each other's rest"}
    table.goes_to("thanks")
    table.says(BEN, "Thanks.")
    table.says(ANA, "Thanks.")
    assert table.guide_finishes().ended == "finished"


def test_each_names_what_matters_most_and_what_will_be_hardest() -> None:
    table = shared().performed("unavailable").guide_finishes()
    table.says(BEN, "Go on.")
    on_to(table, "read_it")

    actors = {(entered.step, entered.actor) for entered in table.published_steps}
    assert {("most", "Ana"), ("most", "Ben"), ("hardest", "Ana"), ("hardest", "Ben")} <= actors


def test_a_vision_that_is_there_can_be_heard_added_to_or_begun_anew() -> None:
    table = begun("vision", ("we rest",))
    assert table.step == "which"
    said = len(table.said)
    table.says(ANA, "Hear it.")
    table.guide_finishes()
    assert (said_since(table, said)[0], table.step) == ("We rest.", "which")

    table.says(ANA, "Add to it.")
    assert shared(table).slots["lines"].items[0] == "we rest"
    anew = begun("vision", ("we rest",))
    anew.says(ANA, "Begin anew.")
    anew.guide_finishes()
    assert anew.slots["lines"].is_empty


def test_without_a_shared_sentence_it_ends_kindly() -> None:
    table = walk(
        begun("vision"), *sentence(ANA, "We live by the sea.", "No.", "No."), *sentence(BEN, "We ski.", "No.", "No.")
    )
    table.performed("unavailable").guide_finishes()

    assert (table.ended, table.steps[-1]) == ("finished", "none_yet")


def test_nobody_reads_more_than_eight_sentences() -> None:
    table = begun("vision").goes_to("sentence")
    for number in range(20):
        if table.dialogue.guide.state.sender != ANA:
            break
        walk(table, *sentence(ANA, f"We like number {number}.", "Yes.", "Yes."))

    assert len(table.slots["lines"].items) == 8


# ---------------------------------------------------------------------------------------------- caring things


def wish(step: str, who: int, text: str, weight: str, answer: str, more: str) -> Iterator[tuple[str, int, str]]:
    other = BEN if who == ANA else ANA
    yield from ((step, who, text), ("how_much", who, weight), ("possible", other, answer), (f"more_{step}", who, more))


def wished() -> Table:
    return walk(
        begun("caring"),
        *wish("now", ANA, "I feel loved when you make tea.", "One.", "Yes.", "Yes."),
        *wish("now", ANA, "I feel loved when you sing.", "Four.", "Not for now.", "No."),
        *wish("once", ANA, "You wrote me notes.", "Two.", "Sure.", "No."),
        *wish("would", ANA, "You would read to me.", "One.", "Yes.", "No."),
    )


def test_what_is_possible_is_kept_as_the_wishes_of_the_one_who_said_them() -> None:
    table = wished()

    assert store_of(table, "caring") == [
        {"lines": "I feel loved when you make tea\nYou wrote me notes\nYou would read to me"}
    ]
    assert table.tasks[-1].partner == ANA


def test_not_for_now_needs_no_reason_and_is_not_read_again() -> None:
    table = wished().performed("good").guide_finishes()
    assert table.steps.count("aside") == 1
    assert (table.step, table.actor) == ("hear_it", "Ben")
    said = len(table.said)
    table.says(BEN, "Yes.")
    table.guide_finishes()

    assert len(said_since(table, said)[:3]) == 3
    assert not [text for text in said_since(table, said) if "sing" in text]


def test_one_is_picked_for_today_then_the_other_way_round() -> None:
    table = wished().performed("good").guide_finishes()
    walk(table, ("hear_it", BEN, "No."), ("pick", BEN, "Today I will make tea."), ("thanks", ANA, "Thank you."))
    assert (table.step, table.actor) == ("your_list", "Ben")
    table.says(BEN, "Yes.")
    table.guide_finishes()
    assert (table.step, table.actor, table.slots["lines"].is_empty) == ("now", "Ben", True)

    walk(table, *wish("now", BEN, "You hold my hand.", "One.", "Yes.", "No."))
    table.key("s").guide_finishes().key("s").guide_finishes()
    assert store_of(table, "caring")[-1] == {"lines": "You hold my hand"}
    assert table.tasks[-1].partner == BEN


def test_after_both_lists_it_is_over() -> None:
    table = wished().performed("good").guide_finishes()
    walk(table, ("hear_it", BEN, "No."), ("pick", BEN, "Tea."), ("thanks", ANA, "Thanks."), ("your_list", BEN, "Yes."))
    walk(table, *wish("now", BEN, "You hold my hand.", "One.", "Yes.", "No."))
    table.key("s").guide_finishes().key("s").guide_finishes().performed("good").guide_finishes()
    walk(table, ("hear_it", ANA, "No."), ("pick", ANA, "Today I hold your hand."), ("thanks", BEN, "Thanks."))

    assert (table.ended, table.steps[-2:]) == ("finished", ["daily", "end"])


def test_a_wish_for_something_not_to_be_done_is_asked_for_as_a_deed_once() -> None:
    table = begun("caring")
    table.key("space").guide_finishes().key("s").guide_finishes().key("s").guide_finishes()
    assert table.step == "would"
    table.says(ANA, "I would feel loved if you didn't look at your phone.")
    table.guide_finishes()
    assert table.step == "as_a_deed"
    table.says(ANA, "You put it in the drawer.")
    table.guide_finishes()

    assert (table.step, table.slots["wish"].text) == ("how_much", "You put it in the drawer.")


def test_each_part_holds_four_at_most() -> None:
    table = begun("caring").goes_to("now")
    for number in range(6):
        if table.step != "now":
            break
        walk(table, *wish("now", ANA, f"Thing {number}.", "One.", "Yes.", "Yes."))

    assert (table.step, len(table.slots["lines"].items)) == ("once", 4)


def test_on_another_day_each_picks_from_the_list_of_the_other() -> None:
    table = begun("caring", ("you make tea",))
    assert (table.step, table.tasks[-1].partner) == ("which", ANA)
    table.says(ANA, "Pick one for today.")
    walk(table, ("hear_it", BEN, "Yes."), ("pick", BEN, "Tea."), ("thanks", ANA, "Thank you."))

    assert (table.tasks[-1].task, table.tasks[-1].partner) == ("recall", BEN)
    assert table.slots["lines"].is_empty  # Ana's list is not read as Ben's
    table.performed("good", values=(("lines", "list", "you hold my hand"),)).guide_finishes()
    assert (table.step, table.actor) == ("hear_it", "Ana")
    said = len(table.said)
    table.says(ANA, "Yes.")
    table.guide_finishes()
    assert said_since(table, said)[0] == "You hold my hand."
    walk(table, ("pick", ANA, "Today I hold your hand."), ("thanks", BEN, "Thank you."))
    assert (table.ended, table.steps[-2:]) == ("finished", ["daily", "end"])


def test_new_lists_begin_with_empty_ones() -> None:
    table = begun("caring", ("you make tea",))
    table.says(ANA, "New lists.")
    table.guide_finishes()

    assert (table.step, table.slots["lines"].is_empty) == ("think", True)


# ---------------------------------------------------------------------------------------------- the fun list


def listed() -> Table:
    return walk(
        begun("fun"),
        ("thing", ANA, "We could dance in the kitchen."),
        ("another", ANA, "Yes."),
        ("thing", ANA, "Mini golf."),
        ("another", ANA, "No."),
        ("thing", BEN, "A pillow fight."),
        ("another", BEN, "No."),
    )


def test_both_lists_are_merged_into_one() -> None:
    table = listed()

    assert store_of(table, "fun") == [{"lines": "We could dance in the kitchen\nMini golf\nA pillow fight"}]


def test_one_of_them_is_for_this_week_and_gets_a_day() -> None:
    table = listed().performed("good").guide_finishes()
    said = len(table.said)
    walk(table, ("hear_it", ANA, "Yes."))
    assert said_since(table, said)[:3] == ["We could dance in the kitchen.", "Mini golf.", "A pillow fight."]
    walk(table, ("pick", BEN, "The pillow fight."), ("agreed", ANA, "Yes."), ("day", ANA, "Saturday at three."))

    assert (table.tasks[-1].task, table.tasks[-1].what) == ("store", "appointment")
    assert [name for name, _, _ in table.tasks[-1].values] == ["when"]
    table.performed("good").guide_finishes()
    assert table.ended == "finished"


def test_who_does_not_like_the_pick_names_another_one() -> None:
    table = listed().performed("good").guide_finishes()
    walk(table, ("hear_it", ANA, "No."), ("pick", BEN, "The pillow fight."), ("agreed", ANA, "No."))
    walk(table, ("theirs", ANA, "Mini golf."), ("agreed_too", BEN, "No."))

    assert (table.ended, table.steps[-2:]) == ("finished", ["this_week", "end"])


def test_nobody_names_more_than_five() -> None:
    table = begun("fun").goes_to("thing")
    for number in range(9):
        if table.dialogue.guide.state.sender != ANA:
            break
        walk(table, ("thing", ANA, f"Thing {number}."), ("another", ANA, "Yes."))

    assert len(table.slots["lines"].items) == 5


def test_on_another_day_one_is_picked_from_the_list_that_is_there() -> None:
    table = begun("fun", ("dancing",))
    table.says(BEN, "Pick one.")
    table.guide_finishes()

    assert table.step == "hear_it"
    assert "thing" not in table.steps


# ---------------------------------------------------------------------------------------------- all of them

DIALOGUES = ("vision", "caring", "fun")


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_who_has_no_time_goes_in_peace(dialogue: str) -> None:
    for answer in ("No.", None):
        table = Table(dialogue)
        table.guide_finishes().key("s") if answer is None else table.says(BEN, answer)
        table.guide_finishes()

        assert (table.ended, table.steps[-1], table.tasks) == ("finished", "another_day", [])


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_who_skips_everything_reaches_the_end(dialogue: str) -> None:
    table = begun(dialogue)
    for _ in range(60):
        table.guide_finishes()
        if table.dialogue.over:
            break
        table.performed("not_kept") if table.phase is Phase.WORKING else table.key("s")

    assert table.ended == "finished"
    assert not [text for task in table.tasks for _, _, text in task.values]


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_who_says_no_to_everything_reaches_the_end(dialogue: str) -> None:
    table = begun(dialogue)
    for _ in range(160):
        table.guide_finishes()
        if table.dialogue.over:
            break
        now, actor = table.dialogue.step, table.dialogue.guide.actor
        if table.phase is Phase.WORKING:
            table.performed("not_kept")
        elif table.phase is Phase.RESTING:
            table.key("space")
        elif now.do == "turn":
            table.says(actor, "I say something here.")
        elif "number" in now.on:
            table.says(actor, "Three.")
        elif now.id == "on_or_not":
            table.says(ANA, "Go on.")
        elif "no" in now.on:
            table.says(actor if actor is not None else ANA, "No.")
        else:
            table.key("s")

    assert table.ended == "finished"


@pytest.mark.parametrize("dialogue", [*DIALOGUES, "vision_reading"])
def test_it_can_be_done_by_voice_activity_and_keys_alone(dialogue: str) -> None:
    """No list is made then: the guide says that they keep it on paper, or simply goes on."""
    table = begun(dialogue, words="nothing")
    keys = {"more": "n", "enough": "n", "another": "n", "more_now": "n", "more_once": "n", "more_would": "n"}
    for _ in range(200):
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
        elif now.id == "on_or_not":
            table.key("1")
        elif "number" in now.on:
            table.key("3")
        elif "date" in now.on:
            table.key("2")
        else:
            table.key(keys.get(now.id, "y"))

    assert table.ended == "finished"
    assert "lines" not in table.slots or table.slots["lines"].is_empty


def test_in_a_vision_without_words_they_mark_it_on_paper() -> None:
    table = begun("vision", words="nothing").goes_to("sentence")
    for _ in range(2):
        who = table.dialogue.guide.state.sender
        table.says(who, None)
        table.says(None, None)
        for _ in range(9):
            table.guide_finishes()
            if table.step not in ("check", "theirs_too", "another", "mirror"):
                break
            table.key("n" if table.step == "another" else "y")
    table.guide_finishes().performed("unavailable").guide_finishes()

    assert "by_hand" in table.steps
    assert table.step == "on_or_not"
