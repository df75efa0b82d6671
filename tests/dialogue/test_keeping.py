"""What is kept of turns: with their words, in lists, moved from list to list, told to tasks and recalled."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, END, Table, real_script, step, tiny
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase
from voice_imago.dialogue.wording import Wording
from voice_imago.events import Prepare, WordsKnown


def listing(add: str = "words", **more: object) -> Table:
    """Two turns that go into one list, which decides what follows the first; then somewhere to stand."""
    return Table(
        "tiny",
        script=tiny(
            step("one", "turn", kind="setup", keep="things", add=add, next="which", **more),
            step("which", "branch", "guide", by="things", on={"empty": "two"}, next="two", prompt=""),
            step("two", "turn", kind="setup", keep="things", add=add, next="rest"),
            step("again", "turn", kind="setup", keep="things", add=add, next="rest"),
            step("rest", "turn", kind="setup", next="end"),
            END,
        ),
    )


# ---------------------------------------------------------------------------------------------- words that come late


def test_a_turn_that_is_to_be_kept_is_over_when_its_words_are_there() -> None:
    table = listing()
    turn = table.says(ANA, None)
    assert (table.step, table.phase) == ("one", Phase.DECIDING)

    table.words_come(turn, ANA, "Warm and funny.")

    assert (table.step, table.slots["things"].items) == ("two", ("warm", "funny"))


def test_words_that_do_not_come_are_waited_for_eight_seconds_and_kept_all_the_same() -> None:
    table = listing()
    turn = table.says(ANA, None)
    table.waits(4.0)
    assert (table.step, table.prompts[-1]) == ("one", "guide.one_moment")
    table.waits(6.0)
    assert (table.step, "things" in table.slots) == ("two", False)

    table.words_come(turn, ANA, "Warm.")

    assert (table.step, table.slots["things"].items) == ("two", ("warm",))


def test_space_goes_on_without_the_words_and_keeps_them_when_they_come() -> None:
    table = listing()
    turn = table.says(ANA, None)
    table.key("space").guide_finishes()
    assert table.step == "two"

    table.words_come(turn, ANA, "Warm.")

    assert table.slots["things"].items == ("warm",)


def test_whoever_goes_on_meanwhile_loses_nothing() -> None:
    table = listing()
    first = table.says(ANA, None)
    second = table.says(ANA, None)
    table.words_come(first, ANA, "Warm.")
    assert table.step == "one"

    table.words_come(second, ANA, "Funny.")

    assert (table.step, table.slots["things"].items) == ("two", ("warm", "funny"))


def test_a_turn_that_was_a_command_leaves_the_step_as_it_is() -> None:
    table = listing()
    turn = table.says(ANA, None)
    table.feed(WordsKnown(table.at, turn, ()))  # as the session tells it
    table.command("pause").guide_finishes()

    assert (table.step, table.phase) == ("one", Phase.PAUSED)


@pytest.mark.parametrize("words", ["nothing", "answers"])
def test_where_no_words_come_nobody_waits(words: str) -> None:
    table = Table(
        "tiny",
        words=words,  # type: ignore[arg-type]
        script=tiny(step("one", "turn", kind="setup", keep="things", next="two"), step("two", "turn", next="end"), END),
    )
    table.says(ANA, None)

    assert (table.step, table.phase) == ("two", Phase.SPEAKING)


def test_where_nothing_is_decided_by_the_words_nobody_waits_for_them() -> None:
    table = Table(
        "tiny",
        script=tiny(step("one", "turn", kind="setup", keep="things", next="two"), step("two", "turn", next="end"), END),
    )
    turn = table.says(ANA, None)
    assert table.step == "two"
    table.words_come(turn, ANA, "Warm.")

    assert table.slots["things"].text == "Warm."


@pytest.mark.parametrize("over", ["store", "branch", "walk"])
def test_words_are_waited_for_where_a_task_or_a_branch_needs_them_before_anything_is_said(over: str) -> None:
    silent = {
        "store": step("x", "task", task="store", what="note", of=("things",), prompt="", next="end"),
        "branch": step("x", "branch", "guide", by="calm", on={"empty": "end"}, prompt="", next="store"),
        "walk": step("x", "walk", "guide", graph="find_help", next="store"),
    }[over]
    store = step("store", "task", task="store", what="note", of=("things",), prompt="", next="end")
    one = step("one", "turn", kind="setup", keep="things", next="x")
    table = Table("tiny", script=tiny(one, silent, store, END))
    table.says(ANA, None)

    assert (table.phase is Phase.DECIDING) is (over != "walk")


def test_a_turn_that_is_mirrored_waits_for_no_words() -> None:
    table = Table("tiny", script=tiny(step("one", "turn", kind="send", keep="thing", mirror="once", next="end"), END))
    table.says(ANA, None)

    assert table.step == "mirror"


# ---------------------------------------------------------------------------------------------- lists


def test_a_turn_that_leads_to_a_second_try_is_no_line() -> None:
    table = listing("line", heard={"vague": "again"})
    table.says(ANA, "You're great.")
    assert (table.step, "things" in table.slots) == ("again", False)

    table.says(ANA, "You made breakfast.")

    assert table.slots["things"].items == ("You made breakfast",)


def test_what_is_kept_alone_is_kept_before_a_second_try() -> None:
    """There may be no second one."""
    table = listing("", heard={"vague": "again"})
    table.says(ANA, "You're great.")

    assert (table.step, table.slots["things"].text) == ("again", "You're great.")


def test_to_say_that_there_is_nothing_is_no_line_however_often() -> None:
    table = Table(
        "tiny",
        script=tiny(
            step("one", "turn", kind="setup", keep="things", add="words", heard={"forgot": "one"}, next="rest"),
            step("rest", "turn", kind="setup", next="end"),
            END,
        ),
    )
    table.says(ANA, "Um, I don't remember.")
    assert table.step == "one"
    table.says(ANA, "I don't remember.")

    assert (table.step, "things" in table.slots) == ("rest", False)


def test_the_same_with_words_that_come_late() -> None:
    table = listing("words", heard={"forgot": "again"})
    turn = table.says(ANA, None)
    table.waits(10.0)
    assert table.step == "two"

    table.words_come(turn, ANA, "I forgot.")

    assert "things" not in table.slots


def test_anew_puts_a_list_in_the_place_of_the_old_one() -> None:
    table = listing("words")
    table.says(ANA, "Warm and funny.")
    assert table.slots["things"].items == ("warm", "funny")

    other = Table(
        "tiny",
        script=tiny(
            step("one", "turn", kind="setup", keep="things", add="words", next="two"),
            step("two", "turn", kind="setup", keep="things", add="anew", next="rest"),
            step("rest", "turn", kind="setup", next="end"),
            END,
        ),
    )
    other.says(ANA, "Warm and funny.")
    other.says(ANA, "Patient.")

    assert other.slots["things"].items == ("patient",)


def mover() -> Table:
    return Table(
        "tiny",
        script=tiny(
            step("say", "turn", kind="setup", keep="line", next="move"),
            step("move", "branch", "guide", by="line", give="all", on={"empty": "rest"}, next="say_two", prompt=""),
            step("say_two", "turn", kind="setup", keep="line", next="move_two"),
            step("move_two", "branch", "guide", by="line", give="all", on={"empty": "rest"}, next="rest", prompt=""),
            step("rest", "turn", kind="setup", next="take"),
            step("take", "branch", "guide", by="all", take="line", give="read", on={"empty": "last"}, next="take",
                 prompt=""),
            step("last", "turn", kind="setup", next="end"),
            END,
        ),
    )  # fmt: skip


def test_words_are_given_to_a_list_and_its_lines_are_moved_to_another_one() -> None:
    table = mover()
    table.says(ANA, "We laugh a lot")
    table.says(ANA, "We travel")
    assert table.slots["all"].items == ("We laugh a lot", "We travel")

    table.says(ANA, "Go on with it.")

    assert table.step == "last"
    assert table.slots["read"].items == ("We laugh a lot", "We travel")
    assert table.slots["all"].is_empty


# ---------------------------------------------------------------------------------------------- tasks

LONG = " ".join(f"word{n}" for n in range(60))


def storing() -> Table:
    return Table(
        "tiny",
        script=tiny(
            step("one", "turn", kind="setup", keep="things", add="line", next="two"),
            step("two", "turn", kind="setup", keep="things", add="line", next="long"),
            step("long", "turn", kind="setup", keep="story", next="calm"),
            step("calm", "ask", keep="level", on={"number": "store", "skip": "store"}),
            step("store", "task", task="store", what="note", of=("things", "story", "level"), prompt="", next="recall"),
            step("recall", "task", task="recall", what="note", of=("things", "story", "level"), prompt="", next="end"),
            END,
        ),
    )


def stored() -> Table:
    table = storing()
    for text in ("We laugh, and travel.", "We cook.", LONG, "Seven."):
        table.says(ANA, text)
    return table


def test_a_task_gets_every_word_however_many_and_every_line() -> None:
    table = stored()

    assert table.tasks[-1].values == (
        ("things", "list", "We laugh, and travel\nWe cook"),
        ("story", "words", LONG),
        ("level", "number:7", "seven"),
    )


def test_what_is_recalled_stands_in_place_of_what_was_there() -> None:
    table = stored().performed("good")
    table.performed("good", values=(("things", "list", "We sing\nWe dance"), ("strange", "words", "x")))

    assert table.slots["things"].items == ("We sing", "We dance")
    assert not {"story", "level", "strange"} & set(table.slots)


@pytest.mark.parametrize("outcome", ["nothing", "locked", "unavailable", "failed"])
def test_where_nothing_is_recalled_nothing_of_this_evening_is_lost(outcome: str) -> None:
    table = stored().performed("good")
    table.performed(outcome)

    assert table.slots["things"].items == ("We laugh, and travel", "We cook")


# ---------------------------------------------------------------------------------------------- the couple's own words


def test_a_prompt_with_the_couples_own_words_says_so() -> None:
    wording = Wording(real_script().languages["en"], ("Ana", "Ben"))

    with_words = wording.line("pause_here.call", {"emergency": "one one two"})
    without = wording.line("pause_here.call", {})

    assert (with_words.own, with_words.text) == (True, "If anyone might be in danger now: one one two.")
    assert not without.own
    assert not wording.line("mirror.send", {}).own
    assert not wording.stem("mirror.send", {"actor": "Ana"}).own


def test_it_is_told_with_the_prompt_and_wherever_it_is_rendered_ahead() -> None:
    table = Table(
        "tiny",
        script=tiny(
            step("one", "turn", kind="setup", keep="emergency", next="two"),
            step("two", "say", "guide", prompt="pause_here.call", next="three"),
            step("three", "turn", kind="setup", next="end"),
            END,
        ),
    )
    table.says(ANA, "Grandmother")
    table.guide_finishes()

    assert [say.own for say in table.said if "Grandmother" in say.text] == [True]
    assert not [say for say in table.said if say.own and "Grandmother" not in say.text]
    prepared = [effect for effect in table.effects if isinstance(effect, Prepare)]
    ahead = {text for effect in prepared for text in effect.texts if "Grandmother" in text}
    assert ahead
    assert {text for effect in prepared for text in effect.own} == ahead


def test_a_slot_gives_its_lines_its_words_or_nothing() -> None:
    assert Slot("list", items=("a", "b")).lines == ("a", "b")
    assert Slot("words", "a").lines == ("a",)
    assert Slot("number:3").lines == ()
