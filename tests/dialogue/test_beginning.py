"""An evening that was broken off is taken up where it stood: what is said first, which step, and that it goes on from
there to its end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.driver import ANA, BEN, Table, real_script, step, tiny, with_graphs
from voice_imago.dialogue.beginning import Standing, standing_of
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.engine import Dialogue
from voice_imago.dialogue.script import Graph, Script
from voice_imago.dialogue.state import Phase
from voice_imago.events import Prepare, Say, StepEntered

GREETING = ("guide.hello", "guide.limits", "guide.home_voice")


def taken_up(
    standing: Standing, dialogue: str = "appreciation", script: Script | None = None, *, words: str = "speech"
) -> Table:
    """A new evening that begins where the standing is."""
    table = Table(dialogue, script=script)
    course = Course(dialogue, "en", ("Ana", "Ben"), 0, words, GREETING)  # type: ignore[arg-type]
    table.dialogue = Dialogue(script or real_script(), course)
    table.effects, table.said, table.tasks, table.in_the_air, table.window = [], [], [], None, None
    table.at, table.ended = 0.0, None
    table._take(table.dialogue.resume(0.0, standing))
    return table


def stood(table: Table, mirrored: str = "") -> Standing:
    return standing_of(table.dialogue.guide, mirrored)


def test_it_welcomes_back_says_what_was_mirrored_and_puts_the_step_again_in_short() -> None:
    before = Table().goes_to("feeling")
    table = taken_up(stood(before, "you lifted it"))
    table.guide_finishes()
    assert table.prompts == ["guide.welcome_back", "guide.home_voice", "guide.last_mirrored", "appreciation.feeling"]
    assert table.said[2].text == "The last thing said back was: you lifted it."
    words = real_script().languages["en"].prompts["appreciation.feeling"]
    assert table.last == words.repeat.replace("{sender}", "Ana").replace("{receiver}", "Ben")
    assert (table.step, table.actor, table.phase) == ("feeling", "Ana", Phase.LISTENING)
    assert table.published(StepEntered)[0].step == "feeling"


def test_without_a_mirrored_line_none_is_said() -> None:
    table = taken_up(stood(Table().goes_to("feeling")))
    assert "guide.last_mirrored" not in table.guide_finishes().prompts


def test_only_what_the_couple_said_is_marked_as_its_own_and_never_rendered_ahead() -> None:
    table = taken_up(stood(Table().goes_to("feeling"), "you lifted it")).guide_finishes()
    assert [say.prompt for say in table.said if say.own] == ["guide.last_mirrored"]
    ahead = [text for effect in table.effects if isinstance(effect, Prepare) for text in effect.texts]
    assert ahead
    assert not [text for text in ahead if "lifted" in text]


@pytest.mark.parametrize("wanted", ["mirror", "check", "more"])
def test_it_goes_on_inside_the_mirror_and_back_to_the_dialogue(wanted: str) -> None:
    before = Table().goes_to(wanted)
    table = taken_up(stood(before)).guide_finishes()
    assert table.where == before.where
    assert table.actor == before.actor
    table.goes_to("feeling")


def test_counters_and_the_sender_are_as_they_were() -> None:
    """After both have changed places, and after two mirrors that were not right."""
    before = Table().goes_to("check")
    for _ in range(2):
        before.says(ANA, "No, that's wrong.")
        before.does_what_is_asked()  # says it again
        before.does_what_is_asked()  # is mirrored again
    before.guide_finishes()
    table = taken_up(stood(before)).guide_finishes()
    for one in (before, table):
        one.says(ANA, "No, that's wrong.")
        one.guide_finishes()
    assert table.step == before.step == "stuck"
    assert table.dialogue.guide.state.sender == before.dialogue.guide.state.sender


def test_the_other_way_round_goes_on_the_other_way_round() -> None:
    before = Table().goes_to("swap")
    before.says(BEN, "Yes.")
    before.goes_to("feeling")
    assert before.actor == "Ben"
    assert taken_up(stood(before)).guide_finishes().actor == "Ben"


def test_back_still_knows_the_way() -> None:
    before = Table().goes_to("deeper")
    table = taken_up(stood(before)).guide_finishes()
    for one in (before, table):
        one.command("back")
        one.guide_finishes()
    assert table.where == before.where
    assert table.step == "feeling"


@pytest.mark.parametrize("aside", ["time_out", "stop", "learn_voices"])
def test_an_aside_is_not_taken_up_but_the_step_that_it_left(aside: str) -> None:
    before = Table().goes_to("feeling")
    before.command(aside)
    before.guide_finishes()
    assert len(before.where) == 2
    table = taken_up(stood(before)).guide_finishes()
    assert table.where == (("appreciation", "feeling"),)
    assert table.actor == "Ana"


def test_whoever_changed_places_in_an_aside_has_changed_back() -> None:
    """The second partner was being asked there."""
    both = step("each", "turn", "both", "setup", next="return")
    script = with_graphs(Graph("time_out", "each", {"each": both}))
    before = Table(script=script).goes_to("feeling")
    before.command("time_out").guide_finishes()
    before.does_what_is_asked()
    assert (before.dialogue.guide.state.call.second, before.dialogue.guide.state.sender) == (True, BEN)
    table = taken_up(stood(before), script=script).guide_finishes()
    assert (table.step, table.actor) == ("feeling", "Ana")


def test_a_walk_before_the_dialogue_begins_anew() -> None:
    """What it learnt is gone with the program."""
    before = Table(prelude=("room", "voices"), voices="none").guide_finishes()
    while before.where[0] != ("voices", "breakfast_too") and before.where[0][0] != "appreciation":
        before.does_what_is_asked()
    assert before.where[0] == ("voices", "breakfast_too")
    table = taken_up(stood(before)).guide_finishes()
    graph = real_script().graphs["voices"]
    assert table.steps[0] in graph.entrances
    assert table.dialogue.guide.state.to_come == ("appreciation",)


def test_a_rest_goes_on_for_the_seconds_that_are_left() -> None:
    script = tiny(
        step("one", "rest", "guide", "setup", seconds=600.0, next="end"),
        step("end", "end", "guide", "setup", prompt="appreciation.end", reason="finished"),
    )
    before = Table("tiny", script=script).guide_finishes()
    before.waits(200.0)
    before.command("pause")
    table = taken_up(stood(before), "tiny", script).guide_finishes()
    assert table.phase is Phase.RESTING
    left = table.dialogue.deadline
    assert left is not None
    assert left - table.at == pytest.approx(400.0, abs=3.0)


def test_what_it_cannot_understand_today_is_said() -> None:
    table = taken_up(stood(Table().goes_to("feeling")), words="nothing").guide_finishes()
    assert "guide.no_recogniser" in table.prompts


def test_a_question_that_waited_for_the_partner_is_put_by_the_guide() -> None:
    """After a break nobody sits in silence."""
    before = Table().goes_to("check")
    assert before.phase is Phase.GRACE
    table = taken_up(stood(before))
    table.guide_finishes()
    assert table.prompts[-1] == "mirror.check"


WAYS = ("usual", "usual", "usual", "no", "back", "skip", "pause", "time_out", "stop", "help", "story")


@given(st.lists(st.sampled_from(WAYS), max_size=30), st.sampled_from(["appreciation", "dialogue"]))
def test_wherever_it_was_broken_off_it_goes_on_to_its_end(ways: list[str], dialogue: str) -> None:
    before = Table(dialogue)
    for way in ways:
        if before.dialogue.over:
            break
        before.guide_finishes()
        if way == "usual":
            before.does_what_is_asked()
        elif way in ("no", "story"):
            if before.window is not None:
                actor = before.dialogue.guide.actor
                before.says(
                    ANA if actor is None else actor, "No." if way == "no" else "It was a very long story today."
                )
        else:
            before.command(way)
    state = before.dialogue.guide.state
    if before.dialogue.over or before.dialogue.step.do == "end":
        return
    table = taken_up(stood(before), dialogue).guide_finishes()
    here = next((call for call in reversed(state.calls) if call.kind != "aside"), state.calls[0])
    below_asides = [call for call in state.calls if call.kind == "aside"] == []
    if below_asides and real_script().graphs[here.graph].steps[here.step].do not in ("say", "task"):
        assert table.where[-1] == (here.graph, here.step)
    for _ in range(150):
        if table.dialogue.over:
            break
        table.does_what_is_asked()
    assert table.ended in ("finished", "stopped")


def test_every_prompt_in_the_air_belongs_to_the_new_evening() -> None:
    """Ids begin anew, and no old line is finished."""
    before = Table().goes_to("feeling")
    before.command("help")
    table = taken_up(replace(stood(before)))
    assert [effect.id for effect in table.effects if isinstance(effect, Say)] == [1]
