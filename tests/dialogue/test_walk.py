"""Walking a graph: where a step leads, whose it is, and that nothing but the graph decides it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.driver import ANA, BEN, END, real_script, step
from voice_imago.dialogue.script_shape import ByMode, Graph, Visits
from voice_imago.dialogue.state import State
from voice_imago.dialogue.walk import Walker, other


def walker(*steps: object, mirror: Graph | None = None) -> Walker:
    graphs = {**real_script().graphs, "tiny": Graph("tiny", "one", {s.id: s for s in (*steps, END)})}  # type: ignore[attr-defined]
    if mirror is not None:
        graphs["mirror"] = mirror
    return Walker(graphs)


def begun(walk: Walker, graph: str = "tiny") -> State:
    return walk.begin(State(calls=()), graph)


def at(state: State | None) -> str:
    assert state is not None
    return state.call.step


def test_a_step_for_both_is_walked_twice_with_the_roles_changed_between() -> None:
    walk = walker(step("one", "turn", "both", next="end"))
    first = begun(walk)
    second = walk.finish(first)
    assert second is not None
    assert [walk.actor(first), walk.actor(second)] == [ANA, BEN]
    done = walk.finish(second)
    assert done is not None
    assert (at(done), done.sender) == ("end", ANA)


def test_skipping_in_a_step_for_both_restores_the_roles_whoever_skips() -> None:
    walk = walker(step("one", "turn", "both", next="end", on={"skip": "end"}))
    second = walk.skip(begun(walk))
    assert second is not None
    assert second.call.second
    done = walk.skip(second)
    assert done is not None
    assert (at(done), done.sender) == ("end", ANA)


def test_the_receivers_turn_is_mirrored_by_the_sender_and_the_roles_come_back() -> None:
    walk = walker(step("one", "turn", "receiver", mirror="once", next="end"))
    mirrored = walk.mirror(begun(walk))
    assert mirrored is not None
    assert (mirrored.call.graph, mirrored.sender, walk.actor(mirrored)) == ("mirror", BEN, ANA)
    done = walk.follow(mirrored, "return")
    assert done is not None
    assert (at(done), done.sender) == ("end", ANA)


def test_a_target_by_mode_is_the_one_of_the_call() -> None:
    walk = walker(step("one", "turn", mirror="loop", next="two"), step("two", "turn", mirror="once", next="end"))
    there = ByMode("more", "return")
    loop = walk.mirror(begun(walk))
    assert loop is not None
    assert at(walk.follow(loop, there)) == "more"
    once = walk.mirror(walk.finish(begun(walk)) or begun(walk))
    assert once is not None
    assert at(walk.follow(once, there)) == "end"


def test_a_step_that_was_visited_often_enough_leads_elsewhere_until_it_is_forgotten() -> None:
    walk = walker(
        step("one", "turn", next="two", visits=Visits(2, "three")),
        step("two", "turn", next="one"),
        step("three", "turn", next="one", resets=("one",)),
    )
    state, seen = begun(walk), []
    for _ in range(9):
        seen.append(state.call.step)
        state = walk.finish(state) or state
    assert seen == ["one", "two", "one", "two", "three", "one", "two", "one", "two"]


def test_each_mirror_counts_anew() -> None:
    walk = walker(step("one", "turn", mirror="loop", next="two"), step("two", "turn", mirror="loop", next="end"))
    state = walk.mirror(begun(walk))
    assert state is not None
    state = walk.follow(walk.follow(state, "fix") or state, "fix")
    assert state is not None
    assert state.call.visits["fix"] == 2
    state = walk.mirror(walk.follow(state, "return") or state)
    assert state is not None
    assert "fix" not in state.call.visits


def test_the_visits_of_an_aside_last_as_long_as_the_session() -> None:
    walk, seen = walker(step("one", "turn", next="end")), []
    state = begun(walk)
    for _ in range(4):
        inside = walk.begin(state, "time_out", "aside")
        seen.append(inside.call.step)
        state = replace(inside, calls=inside.calls[:-1])
    assert seen == ["called", "called", "third", "third"]


def test_swap_changes_the_roles_on_entering() -> None:
    walk = walker(step("one", "turn", next="two"), step("two", "say", swap=True, next="end"))
    state = walk.finish(begun(walk))
    assert state is not None
    assert state.sender == BEN


def test_back_restores_roles_and_counts() -> None:
    walk = walker(
        step("one", "turn", next="two", visits=Visits(1, "end")), step("two", "say", "guide", swap=True, next="three"),
        step("three", "turn", next="end"),
    )  # fmt: skip
    state = walk.finish(walk.finish(begun(walk)) or begun(walk))
    assert state is not None
    assert (at(state), state.sender) == ("three", BEN)
    back = walk.back(state)
    assert back is not None
    assert (at(back), back.sender, back.call.visits) == ("one", ANA, {"one": 1})
    again = walk.finish(walk.finish(back) or back)
    assert again is not None
    assert (at(again), again.sender) == ("three", BEN)


def test_a_turn_without_a_next_step_is_refused_loudly() -> None:
    walk = walker(step("one", "turn"))
    with pytest.raises(ValueError, match="'one'"):
        walk.finish(begun(walk))


@pytest.mark.parametrize(
    ("graph", "at_step", "expected"),
    [
        ("appreciation", "thing", BEN),  # the receiver mirrors
        ("appreciation", "summary", BEN),  # the receiver goes on: no change of floor
        ("appreciation", "receive", BEN),
        ("dialogue", "intention", BEN),  # the second partner's part
        ("dialogue", "value", None),  # both, mirrored: told by the mirror's own window
        ("dialogue", "invite", BEN),
    ],
)
def test_whose_voice_ends_the_turn(graph: str, at_step: str, expected: int | None) -> None:
    walk = Walker(real_script().graphs)
    state = begun(walk, graph)
    state = walk.follow(state, at_step) or state
    assert walk.next_actor(state) == expected


# ------------------------------------------------------------------ any way through the real graphs


@given(st.sampled_from(["appreciation", "dialogue"]), st.lists(st.integers(0, 11), max_size=120))
def test_however_a_dialogue_is_walked_roles_and_levels_stay_in_order(graph: str, choices: list[int]) -> None:
    walk = Walker(real_script().graphs)
    state, swaps = begun(walk, graph), 0
    for choice in choices:
        now = walk.step(state)
        if now.do == "end":
            break
        targets = list(now.on.values())
        if now.do == "turn" and choice % 3:
            following = walk.mirror(state)
        elif targets:
            following = walk.follow(state, targets[choice % len(targets)])
        else:
            following = walk.finish(state)
        assert following is not None, "only asides end in nothing"
        swaps += walk.step(following).swap
        state = following
        assert len(state.calls) <= 2
        assert state.call.kind == ("main" if len(state.calls) == 1 else "mirror")
        away = state.calls[0].second + any(call.flipped for call in state.calls)
        assert state.sender == (ANA if (swaps + away) % 2 == 0 else BEN)
        assert walk.actor(state) in (ANA, BEN, None)
        back = walk.back(state)
        assert back is not None
        assert back.call.kind == "main"
        assert walk.step(back).do != "say"


@given(st.sampled_from([0, 1]))
def test_the_other_of_the_other_is_oneself(partner: int) -> None:
    assert other(other(partner)) == partner  # type: ignore[arg-type]
    assert other(partner) != partner  # type: ignore[arg-type]
