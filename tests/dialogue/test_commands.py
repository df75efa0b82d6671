"""The global words work in every state, and every state has a way out (design promise 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.dialogue.driver import ANA, BEN, Table, real_script
from tests.dialogue.test_engine import at_the_check
from voice_imago.dialogue.commands import VoiceTuning
from voice_imago.dialogue.script_names import (
    COMMANDS,
)
from voice_imago.dialogue.state import LISTENING, Phase
from voice_imago.events import Due, Hush, TuneVoice, Waited


def deciding() -> Table:
    table = at_the_check()
    table.says(ANA, None)
    assert table.phase is Phase.DECIDING
    return table


def time_out_at(step: str) -> Table:
    """In the middle of an appreciation somebody called a time-out."""
    table = Table().goes_to("feeling").key("t").guide_finishes()
    for _ in range(20):
        if table.step == step:
            return table.guide_finishes()
        if table.phase is Phase.RESTING:
            table.waits(31 if table.step == "how_long" else 1201)
        else:
            words = {"calm": "Seven.", "calm_too": "Six.", "ready": "Continue."}
            table.says(table.dialogue.guide.actor, "No." if step == "longer" else words.get(table.step, "No."))
        table.guide_finishes()
    raise AssertionError(step)


SITUATIONS: dict[str, Callable[[], Table]] = {
    "greeting": lambda: Table(greeting=True),
    "first prompt": Table,
    "prompt in the mirror": lambda: (t := Table().goes_to("thing"), t.says(ANA, "Your breakfast on Sunday."), t)[-1],
    "grace": at_the_check,
    "grace with the question in the air": lambda: supplied(),
    "listening to a turn": lambda: Table().goes_to("thing"),
    "listening to the second part of a step for both": lambda: (
        t := Table("dialogue").goes_to("intention"),
        t.says(ANA, "That we are closer."),
        t.guide_finishes(),
    )[-1],
    "listening to an answer": lambda: Table().goes_to("swap"),
    "waiting for words": deciding,
    "waiting for words, in the filler": lambda: in_the_filler(),
    "resting": lambda: Table("dialogue").goes_to("centre"),
    "paused": lambda: Table().goes_to("thing").key("p").guide_finishes(),
    "saying that it is paused": lambda: Table().goes_to("thing").key("p"),
    "microphone lost": lambda: Table().goes_to("thing").fails("microphone", "lost").guide_finishes(),
    "help": lambda: Table().goes_to("thing").key("h"),
    "help while waiting for words": lambda: deciding().key("h"),
    "help in a pause": lambda: Table().goes_to("thing").key("p").guide_finishes().key("h"),
    "long-turn hint": lambda: Table().goes_to("thing").talks_on(60.0),
    "a reminder": lambda: reminded(),
    "time-out called": lambda: Table().goes_to("feeling").key("t"),
    "time-out, how long": lambda: time_out_at("how_long"),
    "time-out, apart": lambda: time_out_at("apart"),
    "time-out, coming back": lambda: time_out_at("ready"),
    "time-out, coming back, the other": lambda: time_out_at("ready_too"),
    "time-out, longer": lambda: time_out_at("longer"),
    "asked whether to stop": lambda: Table().goes_to("feeling").command("stop").guide_finishes(),
    "asked whether to stop, in the air": lambda: Table().goes_to("feeling").command("stop"),
    "asked whether to stop, inside a time-out": lambda: time_out_at("ready").command("stop").guide_finishes(),
    "measuring the quiet": lambda: Table().goes_to("thing").key("m").guide_finishes(),
    "measuring the quiet before the dialogue": lambda: Table(prelude=("room",)).guide_finishes(),
    "learning a voice before the dialogue": lambda: Table(prelude=("voices",)).goes_to("breakfast"),
    "learning a voice in the middle": lambda: Table().goes_to("thing").key("v").goes_to("breakfast"),
    "asked whose turn that was": lambda: unsure(),
    "the last words": lambda: last_words(),
}


def in_the_filler() -> Table:
    table = deciding()
    table.at += 3.1
    table.feed(Due(table.at))
    assert table.prompts[-1] == "guide.one_moment"
    return table


def supplied() -> Table:
    table = at_the_check()
    table.at += 4.1
    return table.feed(Waited(table.at, 4.1))


def unsure() -> Table:
    table = Table(voices="known").goes_to("thing")
    table.says(BEN, "How you made breakfast on Sunday.", sure=False)
    return table.guide_finishes()


def reminded() -> Table:
    table = Table().goes_to("thing")
    return table.feed(Waited(table.at, 20.0))


def last_words() -> Table:
    table = Table().goes_to("thanks")
    table.says(table.dialogue.guide.actor, "Thank you.")
    table.says(table.dialogue.guide.actor, "Thank you.")
    assert table.step == "end"
    return table


everywhere = pytest.mark.parametrize("situation", SITUATIONS)


def place(table: Table) -> tuple[object, ...]:
    state = table.dialogue.guide.state
    return (table.where, state.sender, state.call.second, state.phase in LISTENING or state.phase)


def settled(situation: str) -> Table:
    return SITUATIONS[situation]().guide_finishes()


@everywhere
def test_every_situation_is_what_it_is_called(situation: str) -> None:
    table = SITUATIONS[situation]()
    assert table.ended is None
    signs = ("greeting", "prompt", "air", "help", "hint", "reminder", "saying", "called", "filler", "last")
    assert (table.in_the_air is not None) == any(sign in situation for sign in signs)


@everywhere
@pytest.mark.parametrize("command", ["help", "repeat", "where", "slower", "louder", "that_was_me"])
@pytest.mark.parametrize("turn_open", [False, True])
def test_a_question_to_the_guide_comes_back_to_exactly_the_same_place(
    situation: str, command: str, turn_open: bool
) -> None:
    if command == "that_was_me" and "whose turn" in situation:
        return  # there it is the answer
    table = SITUATIONS[situation]()
    said = len(table.said)
    open_now = turn_open and table.phase in LISTENING and table.in_the_air is None
    table.command(command, ANA, turn_open=open_now)
    assert len(table.said) > said or command == "that_was_me"
    table.guide_finishes()
    assert place(table) == place(settled(situation))
    assert table.ended == settled(situation).ended


@everywhere
def test_pause_freezes_and_go_on_comes_back_to_the_same_step(situation: str) -> None:
    table = SITUATIONS[situation]()
    where = table.where
    table.command("pause").guide_finishes()
    assert table.phase is Phase.PAUSED
    table.waits(3600)
    assert table.phase is Phase.PAUSED
    table.command("go_on").guide_finishes()
    if situation == "time-out called":  # a sentence that is said again leads on
        where = (where[0], ("time_out", "how_long"))
    assert table.where == where or situation == "the last words"
    assert table.phase is not Phase.PAUSED


@everywhere
def test_the_pause_key_pauses_and_goes_on_in_turn(situation: str) -> None:
    if "pause" in situation or situation in ("microphone lost", "the last words", "time-out called"):
        return
    table = SITUATIONS[situation]()
    where = table.where
    table.key("p").guide_finishes()
    assert table.phase is Phase.PAUSED
    table.key("p").guide_finishes()
    assert table.where == where
    assert table.phase is not Phase.PAUSED


def test_the_word_pause_never_ends_a_pause() -> None:
    table = Table().goes_to("thing").key("p").guide_finishes()
    table.command("pause").guide_finishes()
    assert table.phase is Phase.PAUSED


def test_what_the_couple_talk_about_in_a_pause_leaves_the_guide_listening_for_go_on() -> None:
    table = Table().goes_to("thing").key("p").guide_finishes()
    for text in ("Shall we make some tea?", "Yes.", ""):
        table.says(BEN, text)
        assert table.phase is Phase.PAUSED
        assert table.window is not None
    assert table.step == "thing"


@everywhere
def test_the_stop_key_stops_at_once_and_says_goodbye(situation: str) -> None:
    table = SITUATIONS[situation]()
    air = table.in_the_air
    table.key("q")
    assert table.in_the_air is not air
    assert table.prompts[-1] == "guide.stopped"
    for key in ("p", "t", "h", "b", "s"):  # nothing calls it back
        table.key(key)
    table.guide_finishes()
    assert table.ended == "stopped"


@everywhere
def test_the_stop_key_twice_ends_even_the_goodbye(situation: str) -> None:
    table = SITUATIONS[situation]().key("q").key("q")
    assert table.ended == "stopped"
    assert table.in_the_air is None


@everywhere
def test_the_word_stop_is_asked_about_and_no_comes_back(situation: str) -> None:
    table = SITUATIONS[situation]()
    where = table.where
    table.command("stop").guide_finishes()
    assert table.where[-1] == ("stop", "sure")
    assert table.ended is None
    table.says(BEN, "No.")
    if "asked whether to stop" in situation:
        where = where[:-1]
    assert table.where == where
    table.guide_finishes()
    assert table.ended is None or situation == "the last words"


@everywhere
def test_the_word_stop_and_a_yes_by_either_partner_end_the_session(situation: str) -> None:
    table = SITUATIONS[situation]().command("stop")
    table.says(BEN, "Yes.")
    assert table.guide_finishes().ended == "stopped"


@everywhere
def test_a_time_out_can_be_called_anywhere_and_comes_back_to_the_same_step(situation: str) -> None:
    table = SITUATIONS[situation]()
    inside = any(graph == "time_out" for graph, _ in table.where)
    where = table.where
    table.command("time_out", BEN).guide_finishes()
    assert any(graph == "time_out" for graph, _ in table.where)
    if inside:
        return
    assert table.step == "how_long"
    table.waits(31)
    assert (table.step, table.microphone) == ("apart", False)
    table.waits(1210)
    assert (table.step, table.microphone) == ("calm", True)
    for words in ("Seven.", "Eight.", "Continue.", "Continue."):
        table.says(table.dialogue.guide.actor, words)
    if table.step == "last_line":
        table.guide_finishes()
    assert table.where == where
    assert table.microphone


def test_a_time_out_returns_to_the_second_partners_part_of_a_step_for_both() -> None:
    table = SITUATIONS["listening to the second part of a step for both"]()
    before = place(table)
    table.key("t").waits(1245)
    for key in "7711":
        table.key(key).guide_finishes()
    assert place(table) == before
    assert table.actor == "Ben"


# ------------------------------------------------------------------ time-out (domain §6, 15)


def test_the_microphone_is_off_all_through_a_time_out_of_twenty_minutes() -> None:
    table = Table().goes_to("thing").key("t").waits(34)
    assert (table.step, table.microphone) == ("apart", False)
    left_s = table.dialogue.deadline or 0.0
    left_s -= table.at
    assert left_s == pytest.approx(1200, abs=2)
    table.waits(left_s - 1)
    assert (table.step, table.microphone) == ("apart", False)
    table.waits(2)
    assert (table.step, table.microphone) == ("calm", True)
    assert table.chimes[-1] == "time"


@pytest.mark.parametrize(
    ("text", "key", "minutes"), [("Half an hour.", "1", 30), ("An hour.", "2", 60), ("Yes.", "y", 20)]
)
def test_the_couple_choose_how_long_by_voice_or_key(text: str, key: str, minutes: int) -> None:
    for by_key in (False, True):
        table = time_out_at("how_long")
        if by_key:
            table.key(key)
        else:
            table.says(BEN, text)
        table.guide_finishes()
        assert table.phase is Phase.RESTING
        assert table.dialogue.deadline == pytest.approx(table.at + 60 * minutes)


def test_what_was_left_of_one_rest_does_not_shorten_the_next() -> None:
    table = time_out_at("how_long").waits(20).key("p").guide_finishes()
    table.key("p").guide_finishes()
    assert table.dialogue.deadline == pytest.approx(table.at + 10)
    table.key("y").guide_finishes()
    assert (table.step, table.dialogue.deadline) == ("apart", pytest.approx(table.at + 1200))


def test_a_time_that_was_named_is_respected() -> None:
    table = time_out_at("how_long")
    table.says(ANA, "In fifteen minutes.")
    table.guide_finishes()
    assert (table.step, table.microphone) == ("apart_until", False)
    assert table.dialogue.deadline == pytest.approx(table.at + 15 * 60)


def test_a_time_by_the_clock_counts_from_when_the_evening_began() -> None:
    table = Table(began=datetime(2026, 5, 4, 19, 0)).goes_to("thing").key("t").guide_finishes()
    asked_at = table.at
    table.says(BEN, "At half past seven.")
    table.guide_finishes()
    assert table.step == "apart_until"
    assert table.dialogue.deadline == pytest.approx(30 * 60, abs=2.0)
    assert asked_at > 0


def test_another_day_is_asked_for_a_time_and_ends_the_session_as_a_time_out() -> None:
    table = time_out_at("how_long")
    table.says(ANA, "Another day.")
    assert table.guide_finishes().step == "another_day"
    table.says(BEN, "Tomorrow at eight.")
    table.guide_finishes()
    assert [(task.task, task.what) for task in table.tasks] == [("store", "appointment")]
    assert table.tasks[-1].values == (("back_at", "date:+1d 20:00", "tomorrow at eight"),)
    table.performed("good").guide_finishes()
    assert table.said[-2].text == "Tomorrow at eight, then. I have noted it. Be kind to each other."
    assert table.ended == "time_out"


def test_who_is_not_calm_yet_gets_more_time() -> None:
    table = time_out_at("calm")
    table.says(ANA, "Eight.")
    table.says(BEN, "Three.")
    assert table.guide_finishes().step == "more_time"
    table.says(ANA, "Ten more minutes.")
    assert table.guide_finishes().step == "longer"
    assert table.dialogue.deadline == pytest.approx(table.at + 600)


def test_the_last_line_that_came_back_and_was_right_is_said_again() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "Your breakfast on Sunday.")
    table.says(BEN, "You liked the breakfast on Sunday.")
    table.says(ANA, "Yes, you got it.")
    table.key("t").guide_finishes()
    table.waits(31).waits(1201).guide_finishes()
    for who, words in ((ANA, "Seven."), (BEN, "Seven."), (ANA, "Continue."), (BEN, "Continue.")):
        table.says(who, words)
        table.guide_finishes()
    assert "The last thing that came back was: You liked the breakfast on Sunday." in [say.text for say in table.said]
    assert table.step == "more"


def test_the_third_time_out_offers_to_stop() -> None:
    table = Table().goes_to("thing")
    for _ in range(2):
        table.key("t").guide_finishes()
        assert table.step == "how_long"
        table.waits(1245)
        for key in "7711":
            table.key(key).guide_finishes()
        assert table.step == "thing"
    table.key("t").guide_finishes()
    assert table.step == "third"


def test_time_out_cuts_off_what_is_being_said() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "Your breakfast on Sunday.")
    table.command("time_out")
    assert table.last == "Time-out. No one is in trouble."


def test_after_a_time_out_both_are_asked() -> None:
    table = time_out_at("ready")
    table.says(ANA, "Continue.")
    assert (table.step, table.actor) == ("ready_too", "Ben")
    table.says(BEN, "Stop for today.")
    assert table.guide_finishes().ended == "stopped"


def test_smaller_is_wished_by_one_and_agreed_by_the_other() -> None:
    table = time_out_at("ready")
    table.says(ANA, "Start smaller.")
    assert table.step == "smaller_too"
    table.says(BEN, "Yes.")
    assert table.step == "smaller"
    table.guide_finishes()
    assert table.step == "feeling"


def test_help_in_a_time_out_takes_nothing_from_its_time() -> None:
    table = time_out_at("apart")
    deadline = table.dialogue.deadline
    table.key("h").guide_finishes()
    assert (table.phase, table.dialogue.deadline, table.microphone) == (Phase.RESTING, deadline, False)


# ------------------------------------------------------------------ single commands


def test_every_command_of_the_languages_has_a_meaning_somewhere() -> None:
    for command in COMMANDS:
        table = Table().goes_to("thing")
        if command == "that_was_me":
            table.says(BEN, "I say something.")
        if command in ("go_on", "done"):
            table.key("p").guide_finishes()
        before = (table.where, len(table.said), len(table.tasks), table.phase)
        table.command(command)
        assert (table.where, len(table.said), len(table.tasks), table.phase) != before, command


def test_repeat_says_the_line_that_is_in_the_air_again() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "Your breakfast on Sunday.")
    line = table.last
    table.key("r")
    assert table.last == line
    table.guide_finishes()
    assert table.prompts[-1] == "guide.stem"


def test_repeat_in_help_repeats_help_and_comes_back() -> None:
    table = Table().goes_to("thing").key("h").key("r")
    assert table.prompts[-2:] == ["guide.help", "guide.help"]
    table.guide_finishes()
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


def test_repeat_after_a_reminder_repeats_the_question_and_not_the_reminder() -> None:
    table = Table().goes_to("swap")
    line = table.last
    table.waits(6.1)
    table.guide_finishes()
    table.key("r")
    assert table.last == line


def test_repeat_in_grace_is_the_question_that_has_not_been_asked() -> None:
    table = at_the_check().key("r")
    assert table.prompts[-1] == "mirror.check"


def test_repeat_when_the_partner_has_asked_is_the_question_itself() -> None:
    table = at_the_check()
    table.says(BEN, "Did I get that?")
    table.key("r")
    assert table.last == "Ana, did Ben get that?"


def test_help_says_what_one_can_say_where_numbers_are_and_how_to_begin() -> None:
    table = Table().goes_to("thing")
    count = len(table.said)
    table.key("h").guide_finishes()
    assert table.prompts[count:] == [
        "guide.help", "guide.keys", "guide.help_resources", "appreciation.thing", "guide.stem",
    ]  # fmt: skip


def test_where_counts_the_steps_of_the_main_graph_also_inside_the_mirror() -> None:
    table = at_the_check().key("w")
    steps = real_script().graphs["appreciation"].steps.values()
    counted = [step.id for step in steps if step.counted and step.do != "end"]
    assert table.last == f"Step {counted.index('thing') + 1} of {len(counted)}: was that right."
    assert len(counted) < len(steps) - 1, "there are side steps"


def test_skip_leaves_the_step_and_refuses_only_where_an_answer_is_needed() -> None:
    table = Table().key("s")
    assert table.prompts[-1] == "guide.skip_not"
    table.guide_finishes()
    assert table.step == "invite"
    table.key("y").guide_finishes().key("s")
    assert table.step == "feeling"  # nothing was said, so there is nothing to mirror


def test_skip_in_a_pause_leaves_the_step_and_the_pause() -> None:
    table = Table().goes_to("feeling").key("p").guide_finishes().key("s").guide_finishes()
    assert table.step == "deeper"
    assert table.phase is Phase.LISTENING


def test_skip_cuts_a_prompt_off_even_where_the_next_step_begins_with_silence() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "Your breakfast on Sunday.")
    assert table.in_the_air is not None
    table.key("s")
    assert (table.step, table.last) == ("more", "Skipped. That's fine.")
    table.guide_finishes()
    assert table.phase is Phase.GRACE


def test_a_key_that_answers_cuts_the_question_off_even_where_the_next_step_begins_with_silence() -> None:
    table = supplied()
    assert table.in_the_air is not None
    table.key("y")
    assert (table.step, table.phase, table.in_the_air) == ("more", Phase.GRACE, None)
    assert any(isinstance(effect, Hush) for effect in table.effects)


def test_skip_in_a_step_for_both_skips_ones_own_part_only() -> None:
    table = Table("dialogue").goes_to("intention").key("s")
    assert (table.step, table.actor) == ("intention", "Ben")


def test_skip_in_the_greeting_goes_to_the_next_sentence() -> None:
    table = Table(greeting=True).key("s")
    assert table.prompts[-1] == "guide.limits"
    table.key("s").guide_finishes()
    assert table.steps == ["invite"]


def test_a_pause_in_the_greeting_still_enters_the_first_step_once() -> None:
    table = Table(greeting=True).key("p").guide_finishes()
    table.key("p").guide_finishes()
    assert (table.step, table.steps) == ("invite", ["invite"])


def test_back_in_the_mirror_is_the_turn_that_is_being_mirrored() -> None:
    table = at_the_check().key("b").guide_finishes()
    assert (table.where, table.actor) == ((("appreciation", "thing"),), "Ana")


def test_back_in_the_mirror_of_the_second_partner_is_that_partners_turn() -> None:
    table = Table("dialogue").goes_to("value")
    table.says(ANA, "Your patience.")
    table.says(BEN, "My patience.")
    table.says(ANA, "Yes.")
    table.says(BEN, "Your humour.")
    assert (table.step, table.actor) == ("mirror", "Ana")
    table.key("b").guide_finishes()
    assert (table.step, table.actor) == ("value", "Ben")
    table.key("b").guide_finishes()
    assert (table.step, table.actor) == ("value", "Ana")
    table.key("b").guide_finishes()
    assert table.step == "centre"


def test_back_goes_further_each_time_and_stops_at_the_beginning() -> None:
    table = Table().goes_to("summary")
    visited = []
    for _ in range(6):
        visited.append(table.key("b").guide_finishes().step)
    assert visited == ["deeper", "feeling", "thing", "invite", "invite", "invite"]
    table.says(BEN, "Yes.")
    assert table.step == "thing"


def test_back_over_the_change_of_roles_changes_them_back_and_can_go_forward_again() -> None:
    table = Table().goes_to("swap")
    table.says(BEN, "Yes.")
    table.guide_finishes()
    assert (table.step, table.actor) == ("thing", "Ben")
    table.key("b").guide_finishes()
    assert (table.step, table.actor) == ("swap", "Ben")
    assert table.dialogue.guide.state.sender == ANA
    table.says(BEN, "Yes.")
    table.guide_finishes()
    assert (table.step, table.actor) == ("thing", "Ben")


def test_back_from_a_question_that_is_asked_once_lets_it_be_asked_again() -> None:
    table = Table().goes_to("swap").key("b").guide_finishes()
    assert table.step == "receive"
    table.says(BEN, "Hearing that, I feel happy.")
    assert table.step == "swap"


def test_back_in_a_time_out_is_back_to_the_step() -> None:
    table = time_out_at("apart").key("b").guide_finishes()
    assert (table.step, table.microphone, table.phase) == ("feeling", True, Phase.LISTENING)


def test_space_is_done_for_a_turn_that_the_microphone_did_not_hear() -> None:
    table = Table().goes_to("thing").key("space")
    assert table.step == "mirror"


def test_space_at_a_question_explains_the_answers_and_moves_nothing() -> None:
    table = Table().goes_to("check")
    if table.phase is Phase.GRACE:
        table.key("space")  # the question is taken as asked
        assert table.phase is Phase.LISTENING
    table.key("space")
    assert table.prompts[-1] == "guide.answer_options"
    table.guide_finishes()
    assert table.step == "check"


def test_space_during_a_prompt_goes_on_to_what_follows_it() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "Your breakfast on Sunday.")
    table.key("space")  # the prompt
    table.key("space")  # the stem
    assert (table.step, table.phase, table.in_the_air) == ("mirror", Phase.LISTENING, None)


# ------------------------------------------------------------------ how the guide sounds


def test_slower_and_louder_change_every_prompt_from_now_on_and_say_so_at_the_end_of_the_range() -> None:
    table = Table().goes_to("thing")
    spoken = []
    for _ in range(6):
        table.key("-").guide_finishes()
        spoken.append(table.last)
    rates = [effect.rate for effect in table.effects if isinstance(effect, TuneVoice) and effect.to is None]
    assert rates == [0.9, 0.8, 0.7, 0.6]
    assert spoken[-1] == "That's as slow as I can speak."
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


def test_a_voice_can_be_tuned_and_tuned_back() -> None:
    tuning = VoiceTuning()
    for up, down in (("faster", "slower"), ("louder", "softer")):
        assert tuning.changed(up) != tuning
        assert tuning.changed(up).changed(down) == tuning
