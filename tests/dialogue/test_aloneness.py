"""Graphs for one partner alone: what is said in them is that partner's, and stands in no event and no later step."""

from __future__ import annotations

import json

import pytest

from tests.dialogue.driver import ANA, BEN, END, Room, Table, real_script, step, tiny, with_graphs
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.script_shape import Graph
from voice_imago.events import PromptFinished, PromptStarted, Publish, Reply, Transcript, UnderstandingChanged
from voice_imago.runtime.event_stream import as_event

SECRET = "I was always afraid of the dark cellar"


def graph(id: str, *steps: object, **more: object) -> Graph:
    return Graph(id, steps[0].id, {s.id: s for s in steps}, **more)  # type: ignore[arg-type, attr-defined]


def private(*, follow: str = "return") -> Script:
    """A graph for one alone, walked from a graph for two, with a question and an answer in it."""
    own = graph(
        "own",
        step("sure", "ask", prompt="stop.sure", on={"yes": "tell", "no": "tell"}),
        step("tell", "turn", kind="send", keep="fear", next="back"),
        step("back", "say", "guide", prompt="mirror.leave", next=follow),
        alone=True,
        shared=True,
    )
    both = graph(
        "both",
        step("before", "turn", kind="send", keep="shared", next="inside"),
        step("inside", "walk", "guide", graph="own", next="after"),
        step("after", "turn", "receiver", kind="send", next="again"),
        step("again", "walk", "guide", graph="own", next="end"),
        END,
    )
    return with_graphs(own, both)


def inside(table: Table) -> Table:
    table.says(ANA, "Something for both of us.")
    table.says(ANA, "Yes.")
    return table


def test_what_was_kept_alone_is_gone_when_both_are_at_the_table_again() -> None:
    table = inside(Table("both", script=private()))
    assert not {"fear"} & set(table.slots)
    assert "alone" in table.slots

    table.says(ANA, SECRET)
    assert table.slots["fear"].text == SECRET
    table.guide_finishes()

    assert table.step == "after"
    assert not {"fear", "alone"} & set(table.slots)
    assert table.slots["shared"].text == "Something for both of us."


def test_the_next_one_alone_does_not_find_what_the_first_one_said() -> None:
    table = inside(Table("both", script=private()))
    table.says(ANA, SECRET)
    table.says(BEN, "Here I am.")
    table.guide_finishes()

    assert (table.step, "fear" in table.slots, "alone" in table.slots) == ("sure", False, True)


def test_words_that_come_when_the_graph_is_left_are_kept_nowhere() -> None:
    table = inside(Table("both", script=private()))
    turn = table.says(ANA, None)
    table.key("space")
    table.guide_finishes()
    assert table.step == "after"

    table.words_come(turn, ANA, SECRET)

    assert "fear" not in table.slots


def test_a_graph_in_a_graph_for_one_alone_keeps_what_is_there() -> None:
    inner = graph("inner", step("more", "turn", kind="send", next="return"), shared=True, alone=True)
    outer = graph(
        "outer",
        step("tell", "turn", kind="send", keep="fear", next="inside"),
        step("inside", "walk", "guide", graph="inner", next="last"),
        step("last", "turn", kind="send", next="end"),
        END,
        alone=True,
    )
    table = Table("outer", script=with_graphs(inner, outer))
    table.says(ANA, SECRET)
    table.says(ANA, "And more.")
    table.guide_finishes()

    assert (table.step, table.slots["fear"].text) == ("last", SECRET)


def test_the_voice_of_the_other_is_not_taken_and_not_talked_about() -> None:
    table = inside(Table("both", script=private(), voices="known"))
    said = len(table.said)

    table.says(BEN, "What are you two talking about?")
    table.says(BEN, "Hello?")

    assert (table.step, table.dialogue.guide.state.phase.value) == ("tell", "listening")
    assert table.said[said:] == []
    assert "fear" not in table.slots


def test_a_time_out_of_one_alone_waits_for_one() -> None:
    table = inside(Table("both", script=private()))
    table.key("t").guide_finishes()
    table.key("space").guide_finishes()  # twenty minutes, then over
    table.key("space").guide_finishes()
    assert (table.step, table.actor) == ("calm", "Ana")

    table.says(ANA, "Seven.")
    table.says(ANA, "Continue.")
    table.guide_finishes()

    assert (table.step, table.actor) == ("tell", "Ana")


def test_a_time_out_of_two_waits_for_both() -> None:
    table = Table("both", script=private())
    table.key("t").guide_finishes()
    table.key("space").guide_finishes()
    table.key("space").guide_finishes()
    table.says(ANA, "Seven.")
    table.guide_finishes()
    assert (table.step, table.actor) == ("calm_too", "Ben")
    table.says(BEN, "Six.")
    table.says(ANA, "Continue.")
    table.guide_finishes()

    assert (table.step, table.actor) == ("ready_too", "Ben")


def test_one_alone_who_is_not_calm_yet_is_offered_more_time() -> None:
    table = inside(Table("both", script=private()))
    table.key("t").guide_finishes().key("space").guide_finishes().key("space").guide_finishes()
    table.says(ANA, "Three.")
    table.guide_finishes()

    assert table.step == "more_time"


# ---------------------------------------------------------------------------------------------- events


def events_of(room: Room) -> str:
    facts = [effect.fact for effect in room.effects if isinstance(effect, Publish)]
    return json.dumps([as_event(fact, ("Ana", "Ben")) for fact in facts])


def alone_in_a_room(words_after_s: float = 0.2, *, follow: str = "sure") -> Room:
    """Ana has said her secret to a graph for her alone; it says it again, and asks one thing more."""
    told = real_script().languages["en"].prompts["pause_here.call"]  # a prompt that says an answer again
    assert "{emergency}" in told.first
    own = graph(
        "own",
        step("tell", "turn", kind="send", keep="emergency", next="say_it"),
        step("say_it", "say", "guide", prompt="pause_here.call", next=follow),
        step("sure", "ask", prompt="stop.sure", on={"yes": "return", "no": "return", "skip": "return"}),
        alone=True,
        shared=True,
    )
    both = graph(
        "both",
        step("inside", "walk", "guide", graph="own", next="after"),
        step("after", "turn", "receiver", kind="setup", next="end"),
        END,
    )
    return Room("both", script=with_graphs(own, both), words_after_s=words_after_s).says(ANA, SECRET)


@pytest.mark.parametrize("words_after_s", [0.2, 2.5])
def test_no_event_holds_a_word_that_was_said_alone_or_made_of_it(words_after_s: float) -> None:
    room = alone_in_a_room(words_after_s).is_silent_until_decided().guide_finishes()
    assert [say.text for say in room.said if say.prompt == "pause_here.call"] == [
        f"If anyone might be in danger now: {SECRET}."
    ]
    room.says(ANA, "Yes.").is_silent_until_decided().guide_finishes()
    assert room.step == "after"
    room.says(BEN, "This is for both.").is_silent_until_decided().waits(3)

    said = events_of(room)

    assert "cellar" not in said
    assert "danger" not in said
    assert '"yes"' not in said
    assert [reply.meaning for reply in room.published(Reply)] == [""]
    assert "This is for both." in said


def test_words_that_come_late_stand_in_no_event_either() -> None:
    """The dialogue has left the graph by then."""
    room = alone_in_a_room(words_after_s=40.0).is_silent_until_decided().guide_finishes()  # on without the words
    room.key("y").guide_finishes()
    assert room.step == "after"
    assert room.published(Transcript) == []
    room.waits(45.0)

    transcripts = [heard for heard in room.published(Transcript) if heard.turn == 1]
    assert transcripts
    assert {heard.text for heard in transcripts} == {""}
    assert "cellar" not in events_of(room)


def test_a_prompt_that_is_cut_off_on_the_way_out_is_told_without_its_words() -> None:
    room = alone_in_a_room(follow="return").is_silent_until_decided()
    while room.said[-1].prompt != "pause_here.call":
        room.frame()
    room.key("s")

    assert room.step == "after"
    told = [fact.text for kind in (PromptStarted, PromptFinished) for fact in room.published(kind)]
    assert not [text for text in told if "cellar" in text]


def test_outside_of_such_a_graph_events_are_as_they_were() -> None:
    room = Room("appreciation")
    room.says(ANA, "Is now a good time?").is_silent_until_decided().says(BEN, "Yes.").is_silent_until_decided()
    room.waits(2)

    assert {fact.text for fact in room.published(PromptStarted)} - {""}
    assert [reply.meaning for reply in room.published(Reply)] == ["yes"]


@pytest.mark.parametrize(("words", "leads_to"), [("nothing", "paper"), ("answers", "aloud"), ("speech", "aloud")])
def test_what_is_understood_is_known_to_every_graph(words: str, leads_to: str) -> None:
    one = step("one", "turn", kind="setup", next="which")
    which = step(
        "which", "branch", "guide", by="understanding", on={"choice:nothing": "paper"}, next="aloud", prompt=""
    )
    stand = [step(name, "turn", kind="setup", next="end") for name in ("paper", "aloud")]
    table = Table("tiny", words=words, script=tiny(one, which, *stand, END))  # type: ignore[arg-type]
    table.says(ANA, "One." if words == "speech" else None)

    assert table.step == leads_to


def test_a_recogniser_that_takes_over_in_the_evening_is_known_too() -> None:
    one = step("one", "turn", kind="setup", next="which")
    which = step("which", "branch", "guide", by="understanding", on={"choice:speech": "aloud"}, next="paper", prompt="")
    stand = [step(name, "turn", kind="setup", next="end") for name in ("paper", "aloud")]
    table = Table("tiny", words="nothing", script=tiny(one, which, *stand, END))
    table.feed(UnderstandingChanged(table.at, "whisper", "speech"))
    table.says(ANA, "One.")

    assert table.step == "aloud"
