"""Walks into other graphs, branches by what was kept, lists that are read one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.dialogue.driver import ANA, BEN, END, Table, real_script, step
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.script_shape import Graph, Step, branch_range
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase
from voice_imago.dialogue.walk import branch_target


def script(*graphs: tuple[str, tuple[Step, ...], dict[str, bool]]) -> Script:
    """The real words and a few small graphs."""
    made = {
        name: Graph(name, steps[0].id, {one.id: one for one in steps}, **flags)  # type: ignore[arg-type]
        for name, steps, flags in graphs
    }
    return replace(real_script(), graphs={**real_script().graphs, **made})


def walk(id: str, graph: str, next: str) -> Step:
    return Step(id, "walk", "guide", "setup", "", graph=graph, next=next)


def branch(id: str, by: str, on: dict[str, str], next: str, **more: str) -> Step:
    return Step(id, "branch", "guide", "setup", "", by=by, on=on, next=next, **more)  # type: ignore[arg-type]


SAY = "mirror.leave"


def test_a_shared_graph_is_walked_and_comes_back_with_the_roles_as_they_were() -> None:
    part = (step("one", "turn", "receiver", "send", next="two"), step("two", "say", "guide", swap=True, next="return"))
    main = (walk("first", "part", "last"), step("last", "turn", "sender", "send", next="end"), END)
    table = Table("main", script=script(("main", main, {}), ("part", part, {"shared": True}))).guide_finishes()
    assert (table.step, table.actor, table.where) == ("one", "Ben", (("main", "first"), ("part", "one")))
    table.says(BEN, "I say this.")
    table.guide_finishes()
    assert (table.step, table.actor) == ("last", "Ana")


def test_a_dialogue_that_is_walked_comes_back_from_its_end_without_a_goodbye() -> None:
    menu = (
        step("what", "ask", "guide", on={"choice:later": "go", "choice:stop": "go"}, keep="dialogue", skippable=False),
        walk("go", "{dialogue}", "after"),
        step("after", "say", "guide", prompt=SAY, next="end"),
        END,
    )
    later = (step("thing", "turn", "sender", "send", next="over"), replace(END, id="over"))
    table = Table("main", script=script(("main", menu, {}), ("later", later, {"menu": True}))).guide_finishes()
    table.says(ANA, "Later.")
    table.guide_finishes()
    assert table.where == (("main", "go"), ("later", "thing"))
    table.says(ANA, "It was good.")
    said = [line.prompt for line in table.said]
    table.guide_finishes()
    assert table.ended == "finished"
    assert [line.prompt for line in table.said].count("guide.goodbye") == 1
    assert "guide.goodbye" not in said


def test_stop_inside_a_walked_dialogue_ends_the_evening() -> None:
    main = (walk("first", "appreciation", "last"), step("last", "say", "guide", next="end"), END)
    table = Table("main", script=script(("main", main, {}))).goes_to("thing")
    table.key("q").guide_finishes()
    assert table.ended == "stopped"


def test_a_time_out_inside_a_walk_comes_back_inside_the_walk() -> None:
    main = (walk("first", "appreciation", "last"), step("last", "say", "guide", next="end"), END)
    table = Table("main", script=script(("main", main, {}))).goes_to("thing")
    before = table.where
    table.key("t").waits(1245)
    for key in "7711":
        table.key(key).guide_finishes()
    assert table.where == before


def test_an_aside_that_walks_another_aside_comes_back_to_the_step_that_was_left() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "I'm overwhelmed.")
    table.guide_finishes()
    assert table.where[-1] == ("flooded", "offer")
    table.says(BEN, "Yes.")
    table.guide_finishes()
    assert [graph for graph, _ in table.where] == ["appreciation", "flooded", "time_out"]
    table.waits(31).waits(1201).guide_finishes()
    for key in "7711":
        table.key(key).guide_finishes()
    assert (table.where, table.phase) == ((("appreciation", "thing"),), Phase.LISTENING)


def test_back_stays_inside_the_graph_that_is_walked() -> None:
    main = (walk("first", "appreciation", "last"), step("last", "say", "guide", next="end"), END)
    table = Table("main", script=script(("main", main, {}))).goes_to("thing")
    table.command("back").guide_finishes()
    assert table.where == (("main", "first"), ("appreciation", "invite"))
    table.command("back").guide_finishes()
    assert table.where == (("main", "first"), ("appreciation", "invite"))


def test_where_counts_the_steps_of_the_graph_that_is_walked() -> None:
    main = (walk("first", "appreciation", "last"), step("last", "say", "guide", next="end"), END)
    table = Table("main", script=script(("main", main, {}))).goes_to("thing").key("w")
    assert table.last.startswith("Step 2 of ")


@pytest.mark.parametrize(
    ("slot", "target"),
    [
        (None, "nothing"),
        (Slot("words", ""), "nothing"),
        (Slot("list"), "nothing"),
        (Slot("number:0"), "few"),
        (Slot("number:2"), "few"),
        (Slot("number:3"), "many"),
        (Slot("number:4711"), "many"),
        (Slot("choice:stop"), "stopped"),
        (Slot("choice:later"), None),
        (Slot("words", "Sunday"), "said"),
        (Slot("list", items=("a",)), "listed"),
        (Slot("name:1"), None),
    ],
)
def test_a_branch_decides_by_what_was_kept(slot: Slot | None, target: str | None) -> None:
    on = {
        "empty": "nothing", "number:0-2": "few", "number:3-": "many", "choice:stop": "stopped", "words": "said",
        "list": "listed",
    }  # fmt: skip
    assert branch_target(branch("b", "slot", on, "on"), slot) == target


@pytest.mark.parametrize(
    ("case", "numbers"),
    [("number:3", (3, 3)), ("number:0-2", (0, 2)), ("number:6-", (6, 100_000)), ("number:2-1", None), ("number:", None),
     ("number:-3", None), ("number:3-4-5", None), ("choice:3", None)],
)  # fmt: skip
def test_a_range_of_a_branch(case: str, numbers: tuple[int, int] | None) -> None:
    found = branch_range(case)
    assert (None if found is None else (found[0], found[-1])) == numbers


def test_the_lines_of_a_list_are_taken_one_by_one() -> None:
    main = (
        branch("next_one", "lines", {"empty": "end"}, "read", take="line"),
        step("read", "turn", "sender", "send", next="next_one"),
        END,
    )
    slots = {"lines": Slot("list", items=("one", "two", "three"))}
    table = Table("main", script=script(("main", main, {})), slots=slots).guide_finishes()
    taken = []
    while table.ended is None:
        taken.append(table.dialogue.guide.state.slots["line"].text)
        table.says(ANA, "I read it.")
        table.guide_finishes()
    assert taken == ["one", "two", "three"]


@pytest.mark.parametrize(("add", "items"), [("line", ("I like that you sing",)), ("words", ("you sing",))])
def test_turns_are_gathered_in_a_list_also_when_their_words_come_late(add: str, items: tuple[str, ...]) -> None:
    main = (
        step("first", "turn", "sender", "send", keep="liked", add=add, next="second"),
        step("second", "turn", "sender", "send", keep="liked", add=add, next="third"),
        step("third", "turn", "sender", "send", next="end"),
        END,
    )
    table = Table("main", script=script(("main", main, {}))).guide_finishes()
    late = table.says(ANA, None)
    table.says(ANA, "Warm.")
    table.words_come(late, ANA, "I like that you sing.")
    kept = table.dialogue.guide.state.slots["liked"]
    assert set(kept.items) == {*items, "Warm" if add == "line" else "warm"}


def test_a_task_gets_the_slots_that_it_is_about_and_may_fill_others() -> None:
    main = (
        step("calm", "ask", "sender", on={f"number:{n}": "note" for n in range(11)}, keep="calm", skippable=False),
        Step("note", "task", "guide", "setup", "", task="store", what="note", of=("calm", "missing"), next="known"),
        Step("known", "task", "guide", "setup", "", task="recall", what="vision", of=("lines",), next="last"),
        step("last", "turn", "sender", "send", next="end"),
        END,
    )
    table = Table("main", script=script(("main", main, {}))).guide_finishes()
    table.says(ANA, "Seven.")
    assert table.tasks[-1].values == (("calm", "number:7", "seven"),)
    table.performed("good")
    assert table.tasks[-1].wanted == ("lines",)
    table.performed("good", values=(("lines", "list", "We laugh.\nWe rest."), ("secret", "words", "no")))
    slots = table.dialogue.guide.state.slots
    assert slots["lines"].items == ("We laugh.", "We rest.")
    assert "secret" not in slots
