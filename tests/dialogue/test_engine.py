"""The guide as a couple meets it: the table of engine.py, row by row."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from tests.dialogue.driver import ANA, BEN, END, STRANGER, Table, real_script, step, tiny
from voice_imago.dialogue.script_names import (
    GUIDE_KEYS,
)
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase
from voice_imago.events import (
    Chime,
    Finish,
    Hush,
    Intervention,
    Overlap,
    PromptEnded,
    Say,
    StepEntered,
    TurnEnded,
    TurnHeard,
)

DIALOGUES = ("appreciation", "dialogue")
MAIN_SCRIPTS = [(name, words) for name in DIALOGUES for words in ("speech", "answers", "nothing")]


# ------------------------------------------------------------------ reaching the end (domain §6, 1)


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_a_couple_that_does_what_is_asked_reaches_the_end(dialogue: str) -> None:
    table = Table(dialogue, greeting=True)
    for _ in range(120):
        table.does_what_is_asked({"swap": "No, thank you.", "switch": "No, thank you."})
    assert table.ended == "finished"
    assert table.prompts[-2:] == [f"{dialogue}.end", "guide.goodbye"]


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_both_passes_are_walked_when_the_listener_wants_to_speak_too(dialogue: str) -> None:
    table = Table(dialogue)
    for _ in range(200):
        table.does_what_is_asked()
    assert table.ended == "finished"
    first = "thing" if dialogue == "appreciation" else "topic"
    senders = [entered.actor for entered in table.published(StepEntered) if entered.step == first]
    assert senders == ["Ana", "Ben"]


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_a_couple_that_always_says_no_reaches_an_end(dialogue: str) -> None:
    table = Table(dialogue)
    table.says(ANA, "Is now a good time?")
    for _ in range(40):
        table.guide_finishes()
        if table.ended:
            break
        table.says(table.dialogue.guide.actor, "No.")
    assert table.ended == "finished"


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_a_couple_that_agrees_once_and_then_always_says_no_reaches_an_end(dialogue: str) -> None:
    table = Table(dialogue)
    if dialogue == "dialogue":
        table.says(ANA, "Is now a good time?")
    table.says(BEN, "Yes.")
    for _ in range(200):
        table.guide_finishes()
        if table.ended:
            break
        if table.phase is Phase.RESTING:
            table.key("space")
        elif table.prompts[-1] == "guide.by_key_choice":  # "no" is no choice between two things
            table.key("n")
        else:
            table.says(table.dialogue.guide.actor, "No.")
    assert table.ended == "finished"


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_a_couple_that_skips_everything_reaches_an_end(dialogue: str) -> None:
    table = Table(dialogue)
    for _ in range(100):
        if table.ended:
            break
        table.key("s")
        if not table.dialogue.step.skippable:
            table.guide_finishes()
            table.key("y")
        table.guide_finishes()
    assert table.ended == "finished"


@pytest.mark.parametrize(("dialogue", "words"), MAIN_SCRIPTS)
def test_keys_alone_lead_through_a_whole_dialogue(dialogue: str, words: str) -> None:
    """Design promise: with no recogniser at all, space, y and n are enough."""
    table = Table(dialogue, words=words)  # type: ignore[arg-type]
    for _ in range(200):
        table.guide_finishes()
        if table.ended:
            break
        if table.dialogue.step.do == "ask":
            table.key("n" if table.step in ("more", "enough") else "y")
        else:
            table.key("space")
    assert table.ended == "finished"
    assert table.steps.count("mirror") >= 3


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_voices_without_words_and_keys_for_answers_lead_through_a_whole_dialogue(dialogue: str) -> None:
    table = Table(dialogue, words="nothing")
    for _ in range(300):
        table.guide_finishes()
        if table.ended:
            break
        if table.phase is Phase.RESTING:
            table.waits(61)
        elif table.dialogue.step.do == "turn":
            table.says(table.dialogue.guide.actor, None, seconds=6.0)
        else:
            if table.phase is Phase.GRACE:
                table.says(BEN, None, seconds=1.0)
            table.key("n" if table.step == "more" else "y")
    assert table.ended == "finished"


# ------------------------------------------------------------------ never skipped or answered by silence (domain §6, 9)


def every_step_on_the_way(dialogue: str) -> list[str]:
    table, found = Table(dialogue), []
    for _ in range(90):
        table.guide_finishes()
        if table.ended:
            break
        found.append(table.step)
        check = "No." if found.count("check") < 5 else "Yes."
        answers = {"swap": "No.", "switch": "No.", "check": check, "stuck": "Leave it."}
        table.does_what_is_asked(answers)
    return list(dict.fromkeys(found))


def test_the_way_that_the_silence_test_walks_has_every_kind_of_step() -> None:
    found = every_step_on_the_way("dialogue")
    assert {"invite", "reply", "intention", "value", "mirror", "check", "fix", "more", "summary"} <= set(found)
    assert {"all_of_it", "sense", "feelings", "felt", "landing", "switch", "thanks", "keep"} <= set(found)


@pytest.mark.parametrize("words", ["speech", "nothing"])
@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_half_an_hour_of_silence_moves_no_step(dialogue: str, words: str) -> None:
    table = Table(dialogue, words=words)  # type: ignore[arg-type]
    silent = 0
    for n in range(150):
        table.guide_finishes()
        if table.ended:
            break
        if table.dialogue.step.do == "rest":
            table.key("space")
            continue
        before = (table.where, table.dialogue.guide.state.sender, table.dialogue.guide.state.call.second)
        table.waits(1800)
        after = (table.where, table.dialogue.guide.state.sender, table.dialogue.guide.state.call.second)
        assert after == before
        assert table.phase in (Phase.LISTENING, Phase.PAUSED)
        silent += 1
        if table.phase is Phase.PAUSED:
            table.key("space").guide_finishes()
        if table.dialogue.step.do == "ask":
            table.key("n" if table.step in ("more", "swap", "switch") or (table.step == "check" and n < 20) else "y")
        else:
            table.key("space")
    assert table.ended == "finished"
    assert silent > 20


def test_after_five_minutes_of_silence_in_a_send_step_the_guide_pauses_and_says_so() -> None:
    table = Table().goes_to("thing").waits(310)
    assert table.phase is Phase.PAUSED
    assert table.prompts[-3:] == ["guide.take_time", "guide.stay_skip_stop", "guide.pausing_now"]


def test_reminders_come_at_the_times_of_the_timing_class_counted_from_the_opening_of_the_window() -> None:
    table = Table().goes_to("thing")
    opened, count = table.at, len(table.said)
    table.waits(19.9)
    assert len(table.said) == count
    table.waits(0.2)
    assert table.last == "Take your time. I'm here."
    table.guide_finishes()
    table.waits(opened + 60 + 2 * 1.5 - table.at)
    assert table.prompts[-1] == "guide.stay_skip_stop"
    assert table.step == "thing"


def test_talking_on_after_a_reminder_takes_the_turn() -> None:
    table = Table().goes_to("thing").waits(25)
    table.says(ANA, "One thing I appreciate is your calm on Sunday.")
    assert table.step == "mirror"


# ------------------------------------------------------------------ the mirror (domain §6, 2 and 3)


def at_the_check(**more: object) -> Table:
    table = Table(**more).goes_to("thing")  # type: ignore[arg-type]
    table.says(ANA, "One thing I value is how you made breakfast on Sunday.")
    table.says(BEN, "You value how I made breakfast on Sunday.")
    assert (table.step, table.phase) == ("check", Phase.GRACE)
    return table


def test_no_at_the_check_asks_for_the_missing_piece_and_then_the_mirror_again() -> None:
    table = at_the_check()
    table.says(ANA, "No.")
    assert (table.step, table.actor) == ("fix", "Ana")
    table.says(ANA, "It was the quiet that I meant.")
    assert (table.step, table.actor) == ("mirror", "Ben")


@pytest.mark.parametrize("answer", ["Partly.", "There's a piece missing.", "Not quite."])
def test_partly_at_the_check_asks_for_the_missing_piece(answer: str) -> None:
    table = at_the_check()
    table.says(ANA, answer)
    assert table.step == "fix"


def test_more_leads_to_the_next_piece_and_its_mirror() -> None:
    table = at_the_check()
    table.says(ANA, "Yes.")
    assert table.step == "more"
    table.says(ANA, "Yes, there is.")
    assert (table.step, table.actor) == ("send", "Ana")
    table.says(ANA, "And the coffee was good.")
    assert (table.step, table.actor) == ("mirror", "Ben")


def test_going_on_instead_of_answering_is_the_next_piece_already() -> None:
    table = at_the_check()
    table.says(ANA, "Yes.")
    table.says(ANA, "The coffee on the balcony in the morning sun was lovely and warm.")
    assert table.step == "mirror"
    assert table.replies[-1] == "talk"


def test_three_times_no_gives_the_choice_once_for_each_piece() -> None:
    table = Table().goes_to("thing")
    for _ in range(2):  # two pieces
        table.says(ANA, "A piece about the garden and the rain.")
        for _ in range(2):
            table.says(BEN, "Something else.")
            table.says(ANA, "No.")
            assert table.step == "fix"
            table.says(ANA, "The rain.")
        table.says(BEN, "Something else.")
        table.says(ANA, "No.")
        assert table.step == "stuck"
        table.says(ANA, "Five words.")
        assert table.step == "five"
        table.says(ANA, "The rain in the garden.")
        table.says(BEN, "Something else again.")
        table.says(ANA, "No.")
        assert table.step == "leave"
        table.guide_finishes()
        assert table.step == "more"
        table.says(ANA, "Yes, there is more.")
    assert table.steps.count("stuck") == 2
    assert "wrong" not in " ".join(say.text for say in table.said).lower()


def test_after_six_pieces_the_guide_offers_to_move_on() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "A piece about the garden.")
    for _ in range(5):
        table.says(BEN, "About the garden.")
        table.says(ANA, "Yes.")
        assert table.step == "more"
        table.says(ANA, "Yes, there is more.")
        table.says(ANA, "Another piece about the garden.")
    table.says(BEN, "About the garden.")
    table.says(ANA, "Yes.")
    assert table.step == "enough"
    table.says(ANA, "No.")
    assert table.step == "feeling"


@pytest.mark.parametrize("step_id", ["check", "more", "all_of_it"])
@pytest.mark.parametrize("answer", ["Yes.", "No.", "Yes, exactly.", "Partly."])
def test_only_the_senders_answer_moves_a_question_about_the_mirror(step_id: str, answer: str) -> None:
    table = Table().goes_to(step_id)
    table.says(BEN, answer)
    table.guide_finishes()
    table.says(BEN, answer)
    table.guide_finishes()
    assert table.step == step_id
    assert table.replies.count("yes") + table.replies.count("no") == len(table.replies)
    table.says(ANA, "Yes." if step_id != "more" else "No.")
    assert table.step != step_id


def test_only_the_senders_answer_moves_the_feel_check() -> None:
    table = Table("dialogue").goes_to("felt")
    table.says(BEN, "Yes.")
    assert table.step == "felt"
    table.says(ANA, "Yes.")
    assert table.step == "landing"


@pytest.mark.parametrize("who", [None, STRANGER])
def test_a_voice_that_is_not_known_is_judged_by_its_words(who: int | None) -> None:
    table = at_the_check()
    table.says(who, "Did I get that?")  # type: ignore[arg-type]
    assert (table.step, table.window.actor) == ("check", ANA)  # type: ignore[union-attr]
    table.says(who, "Yes, exactly.")  # type: ignore[arg-type]
    assert table.step == "more"


# ------------------------------------------------------------------ who asks


def test_the_guide_stays_silent_when_the_partner_asks() -> None:
    table = at_the_check()
    count = len(table.said)
    table.says(BEN, "Did I get that?")
    assert table.phase is Phase.LISTENING
    table.says(ANA, "Yes.")
    table.says(BEN, "Is there more about that?")
    table.says(ANA, "No.")
    assert table.step == "feeling"
    assert table.prompts[count:] == ["appreciation.feeling"]


def test_the_guide_supplies_the_question_after_four_seconds_counted_from_the_end_of_the_mirror() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "How you made breakfast on Sunday.")
    table.guide_finishes()
    end = table.at
    ended = TurnEnded(end + 2.5, 99, BEN, end - 3, end, end + 2.5, "silence", 3.0)
    table.at = end + 2.5  # the mirror step waits 2.5 s for the end of the turn
    table.feed(TurnHeard(table.at, ended, ()))
    assert table.phase is Phase.GRACE
    assert table.window is not None
    assert table.window.reminders_s == (pytest.approx(1.5),)


def test_a_question_inside_the_mirror_needs_no_other_question() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "How you made breakfast on Sunday.")
    count = len(table.said) + 1  # the stem is still to be said
    table.says(BEN, "You liked the breakfast. Did I get that?")
    assert (table.step, table.phase, len(table.said)) == ("check", Phase.LISTENING, count)


def test_a_question_whose_words_come_late_still_needs_no_other_question() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "How you made breakfast on Sunday.")
    turn = table.says(BEN, None)
    assert table.phase is Phase.GRACE
    table.words_come(turn, BEN, "You liked the breakfast. Did I get that?")
    assert table.phase is Phase.LISTENING
    table.waits(5)
    assert table.in_the_air is None
    assert "mirror.check" not in table.prompts


def test_a_receiver_who_goes_on_mirroring_has_not_asked() -> None:
    table = at_the_check()
    table.says(BEN, "And it was on Sunday morning.")
    assert table.phase is Phase.GRACE
    table.waits(4.1)
    assert table.prompts[-1] == "mirror.check"


def test_the_third_time_the_guide_asks_the_question_itself_and_then_only_the_answer_counts() -> None:
    table = at_the_check()
    for _ in range(2):
        table.waits(4.1)
        table.says(ANA, "No.")
        table.says(ANA, "The quiet.")
        table.says(BEN, "The quiet.")
    table.waits(4.1)
    assert table.last == "Did Ben get that?"
    table.guide_finishes()
    assert table.window is not None
    assert table.window.actor == ANA


def test_a_reminder_of_a_question_that_was_asked_is_the_question_itself() -> None:
    table = at_the_check()
    table.says(BEN, "Did I get that?")
    table.waits(6.1)
    assert table.last == "Ana, did Ben get that?"


# ------------------------------------------------------------------ whose turn it is


def test_the_other_partners_turn_does_not_end_a_turn_step() -> None:
    table = Table().goes_to("thing")
    table.says(BEN, "I would rather talk about the garage.")
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)
    assert table.window is not None


def test_that_was_me_takes_the_turn_that_was_not_taken() -> None:
    table = Table().goes_to("thing")
    table.says(BEN, "How you made breakfast on Sunday.")
    table.command("that_was_me", ANA)
    assert table.step == "mirror"


def test_that_was_me_takes_the_answer_that_was_not_taken() -> None:
    table = at_the_check()
    table.says(BEN, "Yes, exactly.")
    assert table.step == "check"
    table.command("that_was_me", ANA)
    assert table.step == "more"


def test_a_voice_that_took_the_floor_hears_no_prompt() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "How you made breakfast on Sunday.", why="other_voice")
    assert (table.step, table.phase, table.in_the_air) == ("mirror", Phase.LISTENING, None)


def test_the_floor_taken_by_the_wrong_partner_of_a_branch_does_not_silence_its_prompt() -> None:
    """Ben began to mirror, but the step that follows is Ana's again."""
    table = Table().goes_to("thing")
    table.says(ANA, "You are great.", why="other_voice")
    assert table.step == "when"
    assert table.in_the_air is not None


def test_an_answer_that_cut_the_mirror_short_is_waited_for_without_a_prompt() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "How you made breakfast on Sunday.")
    table.says(BEN, "You liked the breakfast.", why="other_voice")
    assert (table.step, table.phase) == ("check", Phase.LISTENING)
    table.says(ANA, "Exactly.")
    assert table.step == "more"


def test_a_step_for_both_is_done_by_each_in_turn_and_leaves_the_roles_as_they_were() -> None:
    table = Table("dialogue").goes_to("intention")
    assert table.actor == "Ana"
    table.says(ANA, "I want us to feel closer.")
    assert (table.step, table.actor) == ("intention", "Ben")
    table.says(BEN, "Me too.")
    assert (table.step, table.dialogue.guide.state.sender) == ("centre", ANA)


def test_the_second_partners_value_is_mirrored_by_the_first() -> None:
    table = Table("dialogue").goes_to("value")
    table.says(ANA, "Your patience.")
    table.says(BEN, "My patience.")
    table.says(ANA, "Yes.")
    assert (table.step, table.actor) == ("value", "Ben")
    table.says(BEN, "Your humour.")
    assert (table.step, table.actor) == ("mirror", "Ana")
    table.says(ANA, "My humour.")
    table.says(BEN, "Yes.")
    assert (table.step, table.actor) == ("topic", "Ana")


# ------------------------------------------------------------------ content branches


def test_something_vague_is_asked_about_once() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "You are great.")
    assert table.step == "when"


def test_words_that_are_late_for_a_branch_change_nothing() -> None:
    table = Table().goes_to("thing")
    turn = table.says(ANA, None)
    where = table.where
    table.words_come(turn, ANA, "You are great.")
    assert table.where == where


# ------------------------------------------------------------------ late and foreign facts


def test_the_end_of_a_prompt_that_nobody_is_saying_changes_nothing() -> None:
    table = Table().goes_to("thing")
    state = table.dialogue.guide.state
    for id in (-1, 0, 1, 9999):
        assert table.dialogue.feed(PromptEnded(table.at, id)) == []
    assert table.dialogue.guide.state == state


def test_words_of_an_answer_do_not_move_the_step_after_it() -> None:
    table = at_the_check()
    turn = table.says(ANA, None)
    assert table.phase is Phase.DECIDING
    table.key("y")
    assert table.step == "more"
    table.words_come(turn, ANA, "No.")
    assert table.step == "more"


def test_nothing_has_an_effect_after_the_end() -> None:
    table = Table()
    table.key("q")
    table.guide_finishes()
    assert table.ended == "stopped"
    for key in ("r", "t", "y", "space", "b"):
        assert table.key(key).effects[-1] == table.effects[-1]
    assert table.phase is Phase.OVER
    assert sum(isinstance(effect, Finish) for effect in table.effects) == 1


# ------------------------------------------------------------------ undo


def undo(table: Table, turn: int) -> bool:
    effects = table.dialogue.undo(table.at, turn)
    if effects is None:
        return False
    table._take(effects)
    return True


def test_a_turn_that_goes_on_brings_the_step_back_and_stops_the_prompt() -> None:
    table = Table().goes_to("thing")
    turn = table.says(ANA, "One thing I appreciate")
    assert (table.step, table.in_the_air is not None) == ("mirror", True)
    assert undo(table, turn)
    assert (table.step, table.actor, table.phase) == ("thing", "Ana", Phase.LISTENING)
    assert table.in_the_air is None
    assert any(isinstance(effect, Hush) for effect in table.effects[-3:])
    assert table.steps[-2:] == ["mirror", "thing"]
    table.says(ANA, "One thing I appreciate is your patience with me.")
    assert table.step == "mirror"


def test_a_prompt_cut_off_by_an_undone_turn_is_said_in_full_the_next_time() -> None:
    table = Table().goes_to("thing")
    turn = table.says(ANA, "One thing")
    assert undo(table, turn)
    table.says(ANA, "One thing I appreciate is your patience.")
    assert table.said[-1].form == "first"


def test_a_turn_cannot_be_undone_once_somebody_has_commanded_something() -> None:
    table = Table().goes_to("thing")
    turn = table.says(ANA, "One thing I appreciate")
    table.key("t")
    assert not undo(table, turn)
    assert ("time_out", "called") in table.where


def test_only_the_last_turn_can_be_undone_and_only_once() -> None:
    table = Table().goes_to("thing")
    turn = table.says(ANA, "One thing I appreciate")
    assert not undo(table, turn - 1)
    assert undo(table, turn)
    assert not undo(table, turn)


# ------------------------------------------------------------------ rests


def test_a_rest_ends_by_time_with_a_chime() -> None:
    table = Table("dialogue").goes_to("centre").waits(59)
    assert table.phase is Phase.RESTING
    table.waits(2)
    assert table.step == "value"
    assert table.chimes[-1] == "time"


@pytest.mark.parametrize("text", ["Ready.", "We are ready."])
def test_a_rest_ends_early_when_somebody_is_ready(text: str) -> None:
    table = Table("dialogue").goes_to("centre")
    table.says(ANA, text)
    assert table.step == "value"


@pytest.mark.parametrize("text", ["I'm not ready.", "Nice weather.", ""])
def test_other_words_do_not_end_a_rest_and_the_guide_goes_on_listening(text: str) -> None:
    table = Table("dialogue").goes_to("centre")
    table.says(BEN, text)
    assert (table.step, table.phase) == ("centre", Phase.RESTING)
    assert table.window is not None
    table.says(ANA, "Ready.")
    assert table.step == "value"


def test_a_rest_that_was_paused_goes_on_with_what_was_left_of_it() -> None:
    table = Table("dialogue").goes_to("centre").waits(50)
    table.key("p").guide_finishes().waits(300)
    table.key("p").guide_finishes()
    assert table.phase is Phase.RESTING
    assert table.dialogue.deadline == pytest.approx(table.at + 10.0)


# ------------------------------------------------------------------ long turns, interruptions


def test_a_long_piece_gets_a_soft_sound_and_then_a_sentence_but_never_loses_the_floor() -> None:
    table = Table().goes_to("thing")
    window = table.window
    table.talks_on(30.0)
    assert table.chimes[-1] == "time"
    said = len(table.said)
    table.at += 30
    table.talks_on(60.0)
    assert table.prompts[said:] == ["guide.let_catch"]
    assert table.last == "Ana, let Ben catch that."
    assert table.window is window
    table.guide_finishes()
    assert (table.step, table.phase, table.window) == ("thing", Phase.LISTENING, window)


def test_a_turn_that_nobody_mirrors_has_no_limit() -> None:
    table = Table("dialogue").goes_to("landing")
    assert table.window is not None
    assert table.window.talk_limits_s == ()


def test_the_end_of_a_murmur_changes_nothing() -> None:
    table = Table().goes_to("thing")
    table.talks_on(60.0)
    before = table.dialogue.guide.state
    table.guide_finishes()
    assert table.dialogue.guide.state.phase is before.phase
    assert table.dialogue.guide.state.visit == before.visit


def test_the_interventions_climb_three_rungs_no_faster_than_every_twenty_seconds() -> None:
    table = Table().goes_to("thing")
    for _ in range(12):
        table.interrupts(BEN)
        table.at += 7
    rungs = [fact.rung for fact in table.published(Intervention)]
    times = [fact.at for fact in table.published(Intervention)]
    assert rungs == [1, 2, 3, 3]
    assert all(later - earlier >= 20 for earlier, later in pairwise(times))
    assert table.window is not None
    assert table.step == "thing"


def test_the_first_interruption_is_let_pass_and_the_speaker_is_no_interrupter() -> None:
    table = Table().goes_to("thing")
    count = len(table.said)
    table.interrupts(BEN)
    table.at += 30
    table.interrupts(ANA)
    table.interrupts(STRANGER)
    assert len(table.said) == count


def test_both_at_once_hear_a_tone_and_then_whose_floor_it_is_and_nobody_is_named_as_wrong() -> None:
    table = Table().goes_to("thing")
    said, window = len(table.said), table.window
    table.feed(Overlap(table.at, BEN, 1, 1.5), turn_open=True)
    chime = [effect for effect in table.effects if isinstance(effect, Chime)][-1]
    assert (chime, len(table.said)) == (Chime("time", "One voice. Ana has the floor."), said)
    table.feed(Overlap(table.at, BEN, 1, 3.0), turn_open=True)
    assert [say.text for say in table.said[said:]] == ["One voice. Ana has the floor."]
    assert [(fact.kind, fact.rung, fact.for_) for fact in table.published(Intervention)] == [
        ("both_at_once", 1, None), ("both_at_once", 1, None)
    ]  # fmt: skip
    assert table.window is window


def test_a_voice_that_does_not_listen_here_talks_over_nobody() -> None:
    table = Table().goes_to("thing")
    chimes = len(table.chimes)
    table.feed(Overlap(table.at, ANA, 1, 1.5))
    table.feed(Overlap(table.at, STRANGER, 1, 1.5))
    assert len(table.chimes) == chimes


# ------------------------------------------------------------------ faults


def test_a_lost_microphone_freezes_the_step_until_it_is_back() -> None:
    table = Table().goes_to("thing")
    table.fails("microphone", "lost").guide_finishes()
    assert table.prompts[-1] == "guide.microphone_lost"
    count = len(table.said)
    table.waits(1800)
    assert (table.step, len(table.said)) == ("thing", count)
    table.recovers("microphone").guide_finishes()
    assert table.prompts[-2:] == ["guide.microphone_back", "appreciation.thing"]
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


def test_while_the_microphone_is_lost_the_keys_lead_on() -> None:
    table = at_the_check()
    table.fails("microphone", "lost").guide_finishes()
    table.key("y").guide_finishes()
    assert table.step == "more"
    table.fails("microphone", "lost").guide_finishes()
    table.key("space").guide_finishes()
    assert (table.step, table.phase) == ("more", Phase.LISTENING)


def test_a_microphone_lost_during_help_is_told_and_comes_back_to_the_step() -> None:
    table = Table().goes_to("thing").key("h")
    table.fails("microphone", "lost").guide_finishes()
    assert table.phase is Phase.PAUSED
    table.key("h").guide_finishes()
    table.recovers("microphone").guide_finishes()
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


def test_a_microphone_lost_in_a_time_out_does_not_end_the_time_out() -> None:
    table = Table().goes_to("thing").key("t").waits(60)
    assert table.step == "apart"
    table.fails("microphone", "lost").guide_finishes()
    table.recovers("microphone").guide_finishes()
    assert (table.step, table.phase, table.microphone) == ("apart", Phase.RESTING, False)


def test_a_microphone_lost_during_the_goodbye_does_not_call_the_session_back() -> None:
    table = Table().goes_to("thing").key("q")
    table.fails("microphone", "lost").guide_finishes()
    assert table.ended == "stopped"


def test_a_pause_stays_a_pause_when_the_microphone_comes_back() -> None:
    table = Table().goes_to("thing").key("p").guide_finishes()
    table.fails("microphone", "lost").guide_finishes()
    table.recovers("microphone").guide_finishes()
    assert table.phase is Phase.PAUSED


def test_a_recogniser_that_dies_while_an_answer_is_awaited_leads_to_the_keys_at_once() -> None:
    table = at_the_check()
    table.says(ANA, None)
    table.fails("recogniser", "died").guide_finishes()
    assert (table.phase, table.prompts[-1]) == (Phase.LISTENING, "guide.recogniser_failed")
    table.says(ANA, None)
    assert table.prompts[-1] == "guide.by_key"
    table.recovers("recogniser").guide_finishes()
    table.says(ANA, "Yes.")
    assert table.step == "more"


@pytest.mark.parametrize(("part", "code"), [("journal", "failed"), ("voice", "replaced")])
def test_a_fault_that_can_wait_is_said_before_the_next_prompt_and_takes_nobodys_floor(part: str, code: str) -> None:
    table = Table().goes_to("thing")
    window, count = table.window, len(table.said)
    table.fails(part, code, turn_open=True)
    assert (table.window, len(table.said)) == (window, count)
    table.says(ANA, "How you made breakfast on Sunday.")
    table.guide_finishes()
    assert table.prompts[count:] == [f"guide.{part}_{code}", "mirror.mirror", "guide.stem"]


def test_a_notice_that_help_has_said_is_not_said_again() -> None:
    table = Table().goes_to("thing").fails("journal")
    table.key("h").guide_finishes()
    table.says(ANA, "How you made breakfast on Sunday.")
    assert table.guide_finishes().prompts.count("guide.journal_failed") == 1


def test_a_fault_that_cannot_wait_is_murmured_and_the_open_turn_stays() -> None:
    table = Table().goes_to("thing")
    window = table.window
    table.fails("detector", turn_open=True)
    assert table.prompts[-1] == "guide.detector_failed"
    assert table.window is window
    table.guide_finishes()
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


def test_one_lost_piece_is_no_announcement() -> None:
    table = at_the_check()
    count = len(table.said)
    for code in ("piece_failed", "piece_lost", "too_slow"):
        table.fails("recogniser", code)
    assert len(table.said) == count
    table.says(ANA, "Yes.")
    assert table.step == "more"


def test_a_fault_during_a_prompt_is_said_after_it_without_cutting_it_off() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "How you made breakfast on Sunday.")
    prompt = table.in_the_air
    table.fails("voice", "failed")
    assert table.in_the_air is prompt
    table.guide_finishes()
    assert table.prompts[-3:] == ["mirror.mirror", "guide.voice_failed", "guide.stem"]
    assert (table.step, table.phase) == ("mirror", Phase.LISTENING)


def test_an_answer_whose_words_come_while_a_fault_is_being_said_is_not_lost() -> None:
    table = at_the_check()
    turn = table.says(ANA, None)
    table.fails("voice", "failed")
    assert table.phase is Phase.SPEAKING
    table.words_come(turn, ANA, "Yes.")
    assert table.step == "check"
    table.guide_finishes()
    assert table.step == "more"


def test_a_lost_loudspeaker_freezes_the_step_and_the_last_sentence_is_said_again() -> None:
    table = Table().goes_to("thing")
    table.fails("loudspeaker", "lost").guide_finishes()
    assert (table.prompts[-1], table.phase) == ("guide.loudspeaker_lost", Phase.PAUSED)
    count = len(table.said)
    table.waits(1800)
    assert (table.step, len(table.said)) == ("thing", count)
    table.recovers("loudspeaker").guide_finishes()
    assert table.prompts[-2:] == ["guide.loudspeaker_back", "appreciation.thing"]
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


def test_a_prompt_that_the_loss_has_cut_off_is_said_again() -> None:
    """A say step is not passed over unheard."""
    table = Table().goes_to("thing")
    table.says(ANA, "How you made breakfast on Sunday.")
    cut = table.in_the_air
    assert cut is not None
    table.fails("loudspeaker", "lost").guide_finishes()
    table.recovers("loudspeaker").guide_finishes()
    assert cut.prompt in table.prompts[-2:]


def test_who_has_the_floor_keeps_it_when_the_loudspeaker_is_lost() -> None:
    table = Table().goes_to("thing")
    table.fails("loudspeaker", "lost", turn_open=True)
    assert table.prompts[-1] == "guide.loudspeaker_lost"
    assert table.phase is Phase.LISTENING
    table.guide_finishes().recovers("loudspeaker").guide_finishes()
    assert table.prompts[-3:-1] == ["guide.loudspeaker_back", "appreciation.thing"]


def test_what_is_back_is_not_told_as_lost_any_more() -> None:
    """At the end nothing freezes, and both sentences wait for the goodbye."""
    table = Table().goes_to("thing")
    table.key("q")
    table.fails("loudspeaker", "lost")
    table.recovers("loudspeaker").guide_finishes()
    assert "guide.loudspeaker_back" in table.prompts
    assert "guide.loudspeaker_lost" not in table.prompts


def test_the_dialogue_goes_on_only_when_both_are_back() -> None:
    table = Table().goes_to("thing")
    table.fails("loudspeaker", "lost")
    table.fails("microphone", "lost").guide_finishes()
    table.recovers("microphone").guide_finishes()
    assert table.phase is Phase.PAUSED
    table.recovers("loudspeaker").guide_finishes()
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


def test_who_can_read_goes_on_by_key_without_a_loudspeaker() -> None:
    table = Table().goes_to("thing")
    table.fails("loudspeaker", "lost").guide_finishes()
    table.key("space").guide_finishes()
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


def test_a_microphone_that_gives_nothing_is_said_in_its_own_words() -> None:
    table = Table().goes_to("thing")
    table.fails("microphone", "silent").guide_finishes()
    assert (table.prompts[-1], table.phase) == ("guide.microphone_silent", Phase.PAUSED)
    table.recovers("microphone").guide_finishes()
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)


# ------------------------------------------------------------------ words of the guide


@pytest.mark.parametrize("key", sorted(GUIDE_KEYS))
def test_every_sentence_of_the_guide_can_be_said_in_every_step(key: str) -> None:
    more = {"stem": "I feel", "number": "1", "count": "9", "title": "the end", "name": "Ben", "what": "x", "line": "y"}
    table = Table(script=real_script())
    for graph in real_script().graphs.values():
        for name in graph.steps:
            call = table.dialogue.guide.state.calls[0]
            table.dialogue.guide.state = type(table.dialogue.guide.state)(
                calls=(type(call)(graph.id, name),), sender=ANA
            )
            line = table.dialogue.guide.line(key, **more)
            assert line.text
            assert "{" not in line.text


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_everything_that_is_said_was_announced_for_rendering(dialogue: str) -> None:
    table = Table(dialogue)
    for _ in range(200):
        table.does_what_is_asked({"check": "Partly."})
        if table.ended or len(table.said) > 150:
            break
    announced: set[str] = set()
    late = []
    for effect in table.effects:
        announced |= set(getattr(effect, "texts", ()))
        if isinstance(effect, Say) and not effect.prompt.startswith("guide."):
            late += [effect.text] if effect.text not in announced else []
    assert late == []


# ------------------------------------------------------------------ a thousand evenings (domain §6, 1)

TEXTS = (
    "Yes.",
    "No.",
    "Partly.",
    "That's all.",
    "Did I get that?",
    "Is there more?",
    "There is more.",
    "You are great.",
    "Later.",
    "Stop.",
    "Ready.",
    "Half an hour.",
    "I don't remember.",
    "Ben.",
    "That was me.",
    "The long story about the garden and the rain and the neighbours.",
    "",
)
KEYS = ("y", "n", "1", "2", "3", "space", "r", "p", "t", "s", "h", "w", "b", "+", "-", "<", ">", "v", "m")
OUTCOMES = ("good", "good", "more", "noisy", "silent", "too_short", "too_alike", "missing", "failed", "unavailable")
GREETINGS = ((), ("room",), ("room", "voices"), ("voices",), ("room_check",))


def one_random_move(table: Table, chance: random.Random) -> None:
    kind = chance.random()
    if table.tasks and chance.random() < (0.7 if table.phase is Phase.WORKING else 0.1):
        table.performed(chance.choice(OUTCOMES), chance.choice((None, None, table.tasks[0].id)))
    elif table.phase is Phase.SPEAKING and chance.random() < 0.8:
        table.guide_finishes_line()
    elif kind < 0.5 and table.window is not None:
        text = chance.choice((None, *TEXTS))
        who = chance.choice((table.dialogue.guide.actor, ANA, BEN, STRANGER, None))
        why = chance.choice(("silence", "silence", "phrase", "other_voice"))
        table.window, window = None, table.window
        table.window = window
        if table.in_the_air is None:
            sure, confidence = chance.random() < 0.8, chance.choice((1.0, 1.0, 0.7, 0.3))
            turn = table.says(who, text, confidence=confidence, why=why, sure=sure)  # type: ignore[arg-type]
            if text is None and chance.random() < 0.7:
                table.words_come(turn, who, chance.choice(TEXTS))
            elif chance.random() < 0.05:
                undo(table, turn)
    elif kind < 0.72:
        table.key(chance.choice(KEYS))
    elif kind < 0.8:
        names = ("help", "pause", "go_on", "repeat", "where", "back", "skip", "time_out", "that_was_me", "not_me")
        table.command(chance.choice(names), chance.choice((ANA, BEN, None)), turn_open=chance.random() < 0.3)
    elif kind < 0.85:
        part = chance.choice(("microphone", "recogniser", "loudspeaker", "journal", "voice", "detector"))
        if chance.random() < 0.5:
            table.fails(part, turn_open=chance.random() < 0.3)
        else:
            table.recovers(part)
    elif kind < 0.9:
        table.interrupts(chance.choice((ANA, BEN, STRANGER)))
        table.talks_on(chance.choice((30.0, 60.0, 90.0)))
    else:
        table.waits(chance.choice((1.0, 5.0, 30.0, 400.0, 2000.0)))


def led_home(table: Table) -> bool:
    """From wherever they are, a couple that does what is asked reaches an end."""
    table.recovers("microphone")
    table.recovers("loudspeaker")
    table.recovers("recogniser")
    for _ in range(300):
        table.guide_finishes()
        if table.ended:
            return True
        if table.phase is Phase.PAUSED:
            table.key("space")
        else:
            table.does_what_is_asked({"sure": "No, continue.", "third": "No.", "stuck": "Leave it."})
    return False


SHORTER = ("daily", "flooding_appreciation", "follow_up", "pledge", "repair", "request", "short_appreciation", "weekly")
"""Dialogues that are walked at random less often: their every branch has a test of its own."""


@pytest.mark.parametrize("words", ["speech", "answers", "nothing"])
@pytest.mark.parametrize("dialogue", [*DIALOGUES, "room", "voices", *SHORTER])
def test_a_thousand_random_evenings_never_get_stuck(dialogue: str, words: str) -> None:
    """For each dialogue and each kind of recogniser; ``Table`` checks after every fact that somebody can act."""
    for seed in range(30 if dialogue in SHORTER else 90):
        chance = random.Random(f"{dialogue}{words}{seed}")
        table = Table(
            dialogue,
            words=words,  # type: ignore[arg-type]
            greeting=True,
            prelude=GREETINGS[seed % len(GREETINGS)],
            voices=chance.choice(("none", "known", "learn")),
            slots=chance.choice(({}, {"dialogues": Slot("number:3")})),
        )
        for _ in range(60):
            if table.dialogue.over:
                break
            one_random_move(table, chance)
        if words == "speech":
            assert led_home(table), (seed, table.where, table.phase, table.steps[-12:])
        else:
            table.key("q").guide_finishes()
            assert table.ended, (seed, table.where, table.phase)


def test_a_tiny_dialogue_of_one_question_ends() -> None:
    table = Table("tiny", script=tiny(step("q", "ask", on={"yes": "end", "no": "end"}), END))
    table.says(ANA, "Yes.")
    assert table.guide_finishes().ended == "finished"


def test_a_server_at_home_that_stops_answering_is_told_and_words_are_understood_as_before() -> None:
    table = at_the_check()
    table.fails("home", "lost").guide_finishes()
    assert "guide.home_lost" in table.prompts
    table.says(ANA, "Yes.")
    assert table.step == "more"
    table.recovers("home").guide_finishes()
    assert table.prompts[-1] == "guide.home_back"


def test_without_the_server_and_without_a_stand_in_the_keys_lead() -> None:
    table = at_the_check()
    table.fails("recogniser", "home_away").guide_finishes()
    table.says(ANA, None)
    assert table.prompts[-1] == "guide.by_key"
