"""Numbers, names and times in a dialogue: where they lead, how they are asked again, and what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.dialogue.driver import ANA, BEN, END, Table, real_script, step, with_graphs
from voice_imago.dialogue.script import Graph, Prompt, Script, Step
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase
from voice_imago.events import Prepare, WordsKnown

CALM = step("calm", "ask", on={"number:0-3": "low", "number:4-10": "fine"}, keep="calm", next="end")
LOW = step("low", "say", "guide", "setup", prompt="test.calm", next="end")
FINE = step("fine", "turn", kind="send", prompt="test.calm", next="end")
WHO = step("who", "ask", "guide", on={"name": "hear"}, keep="first", next="hear")
DAY = step("day", "ask", on={"date": "hear", "choice:later": "end"}, keep="day", next="hear")
INVITED = step("invited", "ask", on={"yes": "hear", "no": "hear", "date": "hear"}, keep="day", next="hear")
PART = step("part", "ask", on={"choice:leave": "hear", "choice:again": "hear"}, keep="part", next="hear")
HEAR = step("hear", "turn", kind="send", prompt="test.kept", next="end")
TOPIC = step("topic", "turn", kind="send", keep="topic", next="hear")


def script_of(*steps: Step) -> Script:
    """The real words with prompts that name what was kept."""
    prompts = [
        Prompt("test.calm", "calm", "You said {calm}.", "{calm}.", "{calm}.", without="test.plain"),
        *(
            Prompt(f"test.{slot}", slot, f"You said {{{slot}}}.", f"{{{slot}}}.", f"{{{slot}}}.", without="test.plain")
            for slot in ("first", "day", "part", "topic")
        ),
        Prompt("test.plain", "plain", "Nothing was said.", "Nothing.", "Nothing."),
    ]
    script = with_graphs(Graph("tiny", steps[0].id, {one.id: one for one in (*steps, END)}))
    english = script.languages["en"]
    words = {**english.prompts, **{prompt.key: prompt for prompt in prompts}}
    return replace(script, languages={"en": replace(english, prompts=words)})


def table_of(*steps: Step, **more: Any) -> Table:
    return Table("tiny", script=script_of(*steps), **more)


def says_of(slot: str) -> Step:
    return replace(HEAR, prompt=f"test.{slot}")


# ---------------------------------------------------------------------------------------------- where they lead


@pytest.mark.parametrize(
    ("text", "leads", "meaning"),
    [
        ("Zero.", "low", "number:0"),
        ("Three.", "low", "number:3"),
        ("Four.", "fine", "number:4"),
        ("about a seven", "fine", "number:7"),
        ("Ten out of ten.", "fine", "number:10"),
    ],
)
def test_a_number_leads_where_its_range_does(text: str, leads: str, meaning: str) -> None:
    table = table_of(CALM, LOW, FINE)

    table.says(ANA, text)

    assert table.steps == ["calm", leads]
    assert table.replies == [meaning]


def test_one_step_for_every_number() -> None:
    table = table_of(step("calm", "ask", on={"number": "fine"}, keep="calm", next="end"), FINE)

    table.says(ANA, "Nine.")

    assert (table.step, table.replies) == ("fine", ["number:9"])


@pytest.mark.parametrize(("key", "meaning"), [("0", "number:0"), ("7", "number:7"), ("x", "number:10")])
def test_a_digit_is_a_number_and_x_is_ten(key: str, meaning: str) -> None:
    table = table_of(CALM, LOW, FINE)

    table.guide_finishes().key(key)

    assert table.replies == [meaning]


def test_only_the_partner_who_is_asked_gives_the_number() -> None:
    table = table_of(CALM, LOW, FINE)

    table.says(BEN, "Two.")

    assert (table.step, table.replies) == ("calm", [])
    table.says(ANA, "Eight.")
    assert (table.step, table.replies) == ("fine", ["number:8"])


@pytest.mark.parametrize(
    ("who", "text", "meaning"),
    [(ANA, "Me.", "name:0"), (BEN, "Me first.", "name:1"), (BEN, "You start.", "name:0"), (None, "Ben.", "name:1")],
)
def test_a_name_is_told_by_name_or_by_whose_voice_says_me(who: Any, text: str, meaning: str) -> None:
    table = table_of(WHO, says_of("first"))

    table.says(who, text)

    assert table.replies == [meaning]
    assert table.last == f"You said {'Ana' if meaning == 'name:0' else 'Ben'}."


def test_me_from_nobody_known_is_asked_again() -> None:
    table = table_of(WHO, says_of("first"))

    table.says(None, "Me.")

    assert (table.step, table.replies) == ("who", ["unclear"])


@pytest.mark.parametrize(
    ("text", "meaning", "spoken"),
    [
        ("Tomorrow at eight.", "date:+1d 20:00", "tomorrow at eight"),
        ("In half an hour.", "date:+30m", "in half an hour"),
        ("Saturday after dinner.", "date:sat 20:00", "on Saturday after dinner"),
        ("On the third of May.", "date:--05-03", "on the third of May"),
        ("Tonight.", "date:+0d evening", "tonight"),
        ("Eight.", "date:08:00|20:00", "at eight"),
        ("tomorrow at 20:40", "date:+1d 20:40", "tomorrow evening at twenty to nine"),
    ],
)
def test_a_time_is_kept_and_said_in_words(text: str, meaning: str, spoken: str) -> None:
    table = table_of(DAY, says_of("day"))

    table.says(ANA, text)

    assert table.replies == [meaning]
    assert table.last == f"You said {spoken}."


def test_later_without_a_time_is_still_a_choice() -> None:
    table = table_of(DAY, says_of("day"))

    table.says(ANA, "Maybe later.")

    assert table.replies == ["choice:later"]


@pytest.mark.parametrize(
    ("key", "code", "spoken"),
    [
        ("1", "+0d evening", "tonight"),
        ("2", "+1d evening", "tomorrow evening"),
        ("3", "+2d evening", "the day after tomorrow evening"),
    ],
)
def test_keys_name_the_next_evenings(key: str, code: str, spoken: str) -> None:
    only_date = step("day", "ask", on={"date": "hear"}, keep="day", next="hear")
    table = table_of(only_date, says_of("day"))

    table.guide_finishes().key(key)

    assert table.replies == [f"date:{code}"]
    assert table.last == f"You said {spoken}."


def test_yes_and_no_keep_their_keys_beside_a_date() -> None:
    table = table_of(INVITED, says_of("day"))

    table.guide_finishes().key("y")

    assert table.replies == ["yes"]
    assert table.last == "Nothing was said."


# ---------------------------------------------------------------------------------------------- asked again


@pytest.mark.parametrize(
    ("asked", "second", "third"),
    [
        (CALM, "A number from zero to ten.", "Press a digit. X means ten."),
        (replace(WHO, actor="receiver"), "Say a name: Ana or Ben.", "Press one for Ana, or two for Ben."),
        (
            step("day", "ask", on={"date": "hear"}, next="hear"),
            "A day and a time, for example: tomorrow at eight.",
            "Press one for tonight, two for tomorrow evening, three for the evening after.",
        ),
        (INVITED, "Yes, no, or a time, for example: tomorrow at eight.", "Press Y for yes, or N for no."),
    ],
    ids=["number", "name", "date", "yes or date"],
)
def test_an_unclear_answer_brings_the_question_then_the_answers_then_the_keys(
    asked: Step, second: str, third: str
) -> None:
    table = table_of(asked, LOW, FINE, says_of("day"))
    said = []

    for _ in range(3):
        table.says(table.dialogue.guide.actor, "Hm, well.")
        said.append(table.said[-1])

    assert (table.step, table.replies) == (asked.id, ["unclear"] * 3)
    assert (said[0].prompt, said[0].form) == ("mirror.send", "repeat")
    assert [say.text for say in said[1:]] == [second, third]


def test_a_silence_names_the_answers_that_fit() -> None:
    table = table_of(CALM, LOW, FINE)

    table.guide_finishes().waits(25.0)

    assert table.prompts[-1] == "guide.answer_number"


def test_without_words_the_keys_are_explained() -> None:
    table = table_of(CALM, LOW, FINE, words="nothing")

    table.says(ANA, None)

    assert table.prompts[-1] == "guide.by_key_number"


# ---------------------------------------------------------------------------------------------- what is kept


def test_a_number_is_said_as_a_word() -> None:
    table = table_of(CALM, LOW, FINE)

    table.says(ANA, "7")

    assert (table.said[-1].prompt, table.last) == ("test.calm", "You said seven.")


def test_a_choice_is_said_in_its_first_phrase() -> None:
    table = table_of(PART, says_of("part"))

    table.says(ANA, "Let's move on.")

    assert table.last == "You said leave."


def test_what_was_skipped_is_done_without() -> None:
    table = table_of(CALM, LOW, FINE)
    only_skipped = table_of(step("calm", "ask", on={"number": "fine", "skip": "fine"}, keep="calm", next="end"), FINE)

    only_skipped.guide_finishes().command("skip")

    assert (only_skipped.said[-1].prompt, only_skipped.last) == ("guide.skipped", "Skipped. That's fine.")
    only_skipped.guide_finishes()
    assert (only_skipped.said[-1].prompt, only_skipped.last) == ("test.plain", "Nothing was said.")
    assert table.dialogue.guide.state.slots == {}


def test_the_words_of_a_turn_are_kept() -> None:
    table = table_of(TOPIC, says_of("topic"))

    table.says(ANA, "The garden.")

    assert table.last == "You said The garden."


def test_words_that_come_late_are_kept_when_they_come() -> None:
    again = step("again", "say", "guide", "setup", prompt="test.topic", next="end")
    table = table_of(TOPIC, replace(says_of("topic"), next="again"), again)

    turn = table.says(ANA, None)
    assert table.last == "Nothing was said."
    table.words_come(turn, ANA, "The garden")
    table.says(ANA, "Yes, that.")

    assert table.last == "You said The garden."


def test_words_that_come_while_something_else_is_said_are_kept_too() -> None:
    table = table_of(TOPIC, says_of("topic"))
    turn = table.says(ANA, None)
    table.guide_finishes().command("help")
    table.words_come(turn, ANA, "The garden")
    assert table.phase is Phase.SPEAKING
    table.guide_finishes()

    assert table.dialogue.guide.state.slots == {"topic": Slot("words", "The garden")}
    assert table.step == "hear"


def test_a_turn_without_words_keeps_nothing() -> None:
    table = table_of(TOPIC, says_of("topic"))
    turn = table.says(ANA, None)

    table.feed(WordsKnown(table.at, turn, ()))
    table.words_come(turn, ANA, "Too late")

    assert table.dialogue.guide.state.slots == {}


def test_words_too_many_to_be_said_again_are_kept_but_not_said() -> None:
    table = table_of(TOPIC, says_of("topic"))

    table.says(ANA, "word " * 31)

    assert len(table.dialogue.guide.state.slots["topic"].text.split()) == 31
    assert table.last == "Nothing was said."


def test_a_wrong_end_of_turn_takes_back_what_was_kept() -> None:
    table = table_of(TOPIC, says_of("topic"))
    turn = table.says(ANA, "The garden.")
    kept = table.dialogue.guide.state

    effects = table.dialogue.undo(table.at, turn)

    assert effects is not None
    assert kept.slots == {"topic": Slot("words", "The garden.")}
    assert table.dialogue.guide.state.slots == {}


def test_what_was_kept_lasts_into_the_next_graph() -> None:
    """A check-in before the dialogue; the time-out in between does no harm."""
    first = Graph("room", "calm", {"calm": replace(CALM, on={"number": "return"})})
    main = Graph("tiny", "fine", {"fine": FINE, "end": END})
    script = script_of(FINE)
    script = replace(script, graphs={**script.graphs, "room": first, "tiny": main})
    table = Table("tiny", script=script, prelude=("room",))

    table.says(ANA, "Six.")
    table.guide_finishes().command("time_out")
    table.guide_finishes()

    assert "You said six." in [say.text for say in table.said]
    assert table.dialogue.guide.state.slots == {"calm": Slot("number:6")}


def test_an_answer_given_again_replaces_the_old_one() -> None:
    table = table_of(replace(CALM, on={"number": "second"}), replace(CALM, id="second", on={"number": "fine"}), FINE)

    table.says(ANA, "Two.")
    table.says(ANA, "Nine.")

    assert table.last == "You said nine."


def test_what_names_an_answer_is_rendered_ahead_once_it_is_known() -> None:
    """The step after next; before the answer there is only the prompt that does without."""
    between = step("between", "turn", kind="send", next="fine")
    table = table_of(replace(CALM, on={"number": "between"}), between, FINE)
    before = [text for effect in table.effects if isinstance(effect, Prepare) for text in effect.texts]

    table.says(ANA, "Seven.")
    after = [text for effect in table.effects if isinstance(effect, Prepare) for text in effect.texts]

    assert "You said seven." not in before
    assert "Nothing was said." in before
    assert "You said seven." in after


def test_every_prompt_of_the_shipped_graphs_names_nothing_that_is_not_kept() -> None:
    script = real_script()
    kept = {one.keep for graph in script.graphs.values() for one in graph.steps.values()} - {""}
    named = {prompt.key for prompt in script.languages["en"].prompts.values() if prompt.without}

    assert bool(named) == bool(kept)
