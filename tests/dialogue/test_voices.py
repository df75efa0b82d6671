"""Whose voice was that: asked once, answered by name, "me" or key; third voices; turns given back."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, STRANGER, Room, Table, real_script
from tests.dialogue.test_engine import at_the_check, undo
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.state import Phase
from voice_imago.events import Command, Intervention, TurnEnded, Utterance, WordsKnown

BREAKFAST = "How you made breakfast on Sunday."


def doubted(**more: object) -> Table:
    """Ana's turn, in a voice that was rather Ben's; the guide has asked."""
    table = Table(voices="known", **more).goes_to("thing")  # type: ignore[arg-type]
    table.says(BEN, BREAKFAST, sure=False)
    assert table.prompts[-1] == "guide.which_voice"
    return table.guide_finishes()


def doubted_answer() -> Table:
    table = at_the_check(voices="known")
    table.says(BEN, "Did I get that?")
    table.says(BEN, "Yes, exactly.", sure=False)
    assert table.prompts[-1] == "guide.which_voice"
    return table.guide_finishes()


# ------------------------------------------------------------------ asking


def test_a_turn_that_hearing_is_not_sure_of_is_asked_about() -> None:
    table = doubted()
    assert table.last == "I'm not sure: was that Ana or Ben?"
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)
    assert table.window is not None
    assert (table.window.actor, table.window.kind) == (None, "answer")


@pytest.mark.parametrize("who", [ANA, None])
def test_a_turn_that_would_be_taken_anyway_is_not_asked_about(who: int | None) -> None:
    table = Table(voices="known").goes_to("thing")
    table.says(who, BREAKFAST, sure=False)  # type: ignore[arg-type]
    assert table.step == "mirror"
    assert "guide.which_voice" not in table.prompts


def test_a_sure_voice_of_the_other_is_not_asked_about() -> None:
    table = Table(voices="known").goes_to("thing")
    table.says(BEN, BREAKFAST)
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)
    assert "guide.which_voice" not in table.prompts


def test_an_unsure_strange_voice_is_asked_about_where_voices_are_told_apart() -> None:
    table = Table(voices="known").goes_to("thing")
    table.says(STRANGER, BREAKFAST, sure=False)
    assert table.prompts[-1] == "guide.which_voice"


@pytest.mark.parametrize("text", ["Ana.", "That was Ana.", "It was Ana, yes.", "Anna.", "I think it was Ana."])
@pytest.mark.parametrize("who", [ANA, BEN, None])
def test_the_name_of_the_partner_whose_turn_it_is_takes_the_turn(text: str, who: int | None) -> None:
    table = doubted()
    table.says(who, text)  # type: ignore[arg-type]
    assert (table.step, table.actor) == ("mirror", "Ben")


@pytest.mark.parametrize("text", ["Ben.", "That was Ben.", "Ben, I think."])
def test_the_name_of_the_other_gives_the_floor_back(text: str) -> None:
    table = doubted()
    table.says(ANA, text)
    assert table.last == "Thanks. Ana has the floor."
    table.guide_finishes()
    assert (table.step, table.phase) == ("thing", Phase.LISTENING)
    assert table.window is not None
    assert (table.window.actor, table.window.kind) == (ANA, "send")
    table.says(ANA, BREAKFAST)
    assert table.step == "mirror"


@pytest.mark.parametrize(
    ("who", "sure", "text", "there"),
    [
        (ANA, True, "That was me.", "mirror"),
        (BEN, True, "It was me.", "thing"),
        (BEN, False, "Me.", "mirror"),  # not sure either: the partner whose turn it is
        (None, True, "Me.", "mirror"),
        (ANA, True, "Not me.", "thing"),
        (BEN, True, "That wasn't me.", "mirror"),
    ],
)
def test_me_is_whoever_says_it(who: int | None, sure: bool, text: str, there: str) -> None:
    table = doubted()
    table.says(who, text, sure=sure)  # type: ignore[arg-type]
    assert table.guide_finishes().step == there


@pytest.mark.parametrize(("key", "there"), [("1", "mirror"), ("2", "thing")])
@pytest.mark.parametrize("in_the_air", [True, False])
def test_the_keys_name_the_partners_in_the_order_of_the_question(key: str, there: str, in_the_air: bool) -> None:
    table = Table(voices="known").goes_to("thing")
    table.says(BEN, BREAKFAST, sure=False)
    if not in_the_air:
        table.guide_finishes()
    table.key(key)
    assert table.step == there
    assert table.guide_finishes().phase is Phase.LISTENING


def test_the_keys_do_not_change_places_with_the_roles() -> None:
    table = Table("dialogue", voices="known").goes_to("mirror")  # the receiver mirrors, Ben
    table.says(ANA, "Your patience.", sure=False)
    assert table.last == "I'm not sure: was that Ana or Ben?"
    table.guide_finishes().key("2")
    assert table.step == "check"


def test_an_answer_that_names_nobody_leads_to_the_keys_and_then_the_turn_is_the_actors() -> None:
    table = doubted()
    table.says(BEN, "Yes.")
    assert table.last == "Press one for Ana, or two for Ben."
    table.says(BEN, "What do you mean?")
    assert table.step == "mirror"


def test_yes_and_no_by_key_make_no_sense_and_lead_to_the_keys() -> None:
    table = doubted().key("y")
    assert table.prompts[-1] == "guide.which_key"
    table.guide_finishes().key("2").guide_finishes()
    assert table.step == "thing"


def test_space_explains_the_keys_and_settles_nothing() -> None:
    table = doubted()
    for _ in range(4):
        table.key("space").guide_finishes()
    assert table.prompts[-1] == "guide.which_key"
    assert table.dialogue.guide.state.doubt is not None


def test_silence_settles_nothing() -> None:
    table = doubted().waits(1800)
    assert table.dialogue.guide.state.doubt is not None
    assert table.prompts[-2:] == ["guide.which_voice", "guide.which_key"]


def test_a_cough_is_no_answer() -> None:
    table = doubted()
    count = len(table.said)
    table.says(BEN, "")
    assert (len(table.said), table.phase) == (count, Phase.LISTENING)
    table.says(ANA, "Ana.")
    assert table.step == "mirror"


def test_it_is_asked_at_most_once_in_a_step() -> None:
    table = doubted()
    table.says(BEN, "Ben.")
    table.says(BEN, "And the garage.", sure=False)
    assert table.prompts.count("guide.which_voice") == 1
    assert table.guide_finishes().step == "thing"
    table.command("that_was_me", ANA)
    assert table.step == "mirror"


def test_it_is_asked_again_in_another_step() -> None:
    table = doubted()
    table.says(ANA, "Ana.")
    table.says(ANA, "Breakfast on Sunday.", sure=False)
    assert table.prompts.count("guide.which_voice") == 2


def test_without_a_recogniser_the_keys_are_said_at_once() -> None:
    table = Table(voices="known", words="nothing").key("y").goes_to("thing")
    table.says(BEN, None, sure=False, seconds=6.0)
    table.guide_finishes()
    assert table.prompts[-2:] == ["guide.which_voice", "guide.which_key"]
    table.key("1")
    assert table.step == "mirror"


def test_words_that_come_late_answer_and_the_turn_keeps_its_own() -> None:
    table = Table(voices="known").goes_to("thing")
    turn = table.says(BEN, None, sure=False)
    table.guide_finishes().words_come(turn, BEN, "You are great.")
    answer = table.says(ANA, None)
    assert table.phase is Phase.DECIDING
    table.words_come(answer, ANA, "That was me.")
    assert table.step == "when"  # what was said is vague, and was read as Ana's


def test_an_answer_without_words_gets_one_moment_and_then_the_keys() -> None:
    table = doubted()
    table.says(ANA, None)
    table.waits(3.1)
    assert "guide.one_moment" in table.prompts
    table.waits(6.5)
    assert table.prompts[-1] == "guide.which_key"
    assert table.dialogue.guide.state.doubt is not None


def test_a_turn_that_goes_on_takes_the_question_back() -> None:
    table = Table(voices="known").goes_to("thing")
    turn = table.says(BEN, "How you made", sure=False)
    assert undo(table, turn)
    assert (table.step, table.phase, table.in_the_air) == ("thing", Phase.LISTENING, None)
    assert table.dialogue.guide.state.doubt is None
    table.says(ANA, BREAKFAST)
    assert table.step == "mirror"


@pytest.mark.parametrize("command", ["help", "where", "repeat", "louder"])
def test_help_comes_back_to_the_open_question(command: str) -> None:
    table = doubted().command(command).guide_finishes()
    assert table.phase is Phase.LISTENING
    table.says(ANA, "Ana.")
    assert table.step == "mirror"


@pytest.mark.parametrize("way", ["pause", "time_out", "skip", "back"])
def test_whoever_leaves_the_question_is_not_asked_it_again(way: str) -> None:
    table = doubted().command(way).guide_finishes()
    assert table.dialogue.guide.state.doubt is None or table.phase is Phase.PAUSED
    if way == "pause":
        table.key("1")
        assert table.phase is Phase.PAUSED
        table.key("space").guide_finishes()
        assert (table.step, table.dialogue.guide.state.doubt) == ("thing", None)


def test_the_command_that_was_me_answers_the_question_too() -> None:
    assert doubted().command("that_was_me", ANA).step == "mirror"
    assert doubted().command("that_was_me", BEN).step == "thing"
    assert doubted().command("not_me", ANA).step == "thing"


# ------------------------------------------------------------------ asking about answers


def test_an_unsure_answer_in_the_wrong_voice_is_asked_about() -> None:
    table = doubted_answer()
    table.says(ANA, "That was me.")
    assert table.step == "more"
    assert table.replies[-1] == "yes"


def test_an_answer_that_was_the_others_puts_the_question_again() -> None:
    table = doubted_answer()
    table.says(ANA, "Ben.")
    table.guide_finishes()
    assert table.prompts[-2:] == ["guide.floor_back", "mirror.check"]
    assert (table.step, table.replies) == ("check", ["yes"])  # the invitation's


def test_words_that_are_no_answer_are_not_asked_about() -> None:
    table = at_the_check(voices="known")
    table.says(BEN, "Did I get that?", sure=False)
    assert "guide.which_voice" not in table.prompts
    assert table.phase is Phase.LISTENING


def test_an_unsure_answer_whose_words_come_late_is_asked_about_when_they_come() -> None:
    table = at_the_check(voices="known")
    turn = table.says(BEN, None, sure=False)
    assert "guide.which_voice" not in table.prompts
    table.words_come(turn, BEN, "Yes, exactly.")
    assert table.prompts[-1] == "guide.which_voice"
    table.guide_finishes().key("1")
    assert table.step == "more"


def test_an_unsure_answer_of_the_right_voice_counts() -> None:
    table = at_the_check(voices="known")
    table.says(ANA, "Yes.", sure=False)
    assert table.step == "more"


# ------------------------------------------------------------------ what the words mean


@pytest.mark.parametrize(
    ("names", "text", "who"),
    [
        (("Ana", "Ben"), "Ana", "0"),
        (("Ana", "Ben"), "it was ben", "1"),
        (("Ana", "Ben"), "been", "1"),
        (("Ana", "Ben"), "Ana or Ben", None),
        (("Ana", "Ben"), "not Ana", None),
        (("Ana", "Ben"), "that wasn't Ben", None),
        (("Ana", "Ben"), "me", "me"),
        (("Ana", "Ben"), "um, that was me", "me"),
        (("Ana", "Ben"), "it wasn't me", "not_me"),
        (("Ana", "Ben"), "give it to me", None),
        (("Ana", "Ben"), "yes", None),
        (("Ana", "Ben"), "", None),
        (("Anne Marie", "Jo"), "that was anne marie", "0"),
        (("Anne Marie", "Jo"), "so", None),  # too short a name to be guessed
        (("Jon", "Jan"), "jen", None),  # as near to the one as to the other
        (("Ana", "Ana"), "Ana", None),
    ],
)
def test_who_is_meant_by_an_answer(names: tuple[str, str], text: str, who: str | None) -> None:
    assert Replies(real_script().languages["en"], names).who(text) == who


# ------------------------------------------------------------------ not me


def test_not_me_gives_the_turn_back_that_was_just_taken() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "Who is at the door?")
    assert (table.step, table.actor) == ("mirror", "Ben")
    table.command("not_me", ANA)
    assert (table.step, table.last) == ("thing", "Thanks. Ana has the floor.")
    table.guide_finishes()
    assert table.phase is Phase.LISTENING
    assert table.window is not None
    assert table.window.actor == ANA
    table.says(ANA, BREAKFAST)
    assert (table.step, table.said[-1].form) == ("mirror", "first")


def test_not_me_is_heard_while_the_next_step_is_listening_already() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "Who is at the door?")
    table.guide_finishes().command("not_me", ANA).guide_finishes()
    assert table.step == "thing"


def test_not_me_is_too_late_when_something_else_has_happened() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, BREAKFAST)
    table.says(BEN, "You liked breakfast.")
    table.says(ANA, "Yes.")
    assert table.step == "more"
    table.command("not_me", ANA)
    assert table.step == "more"
    assert table.last == "Thanks. Ana has the floor."


def test_not_me_gives_back_one_turn_and_not_the_one_before_it() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, BREAKFAST)
    table.says(BEN, "You liked breakfast.")
    assert table.step == "check"
    for _ in range(3):
        table.command("not_me", BEN).guide_finishes()
        assert (table.step, table.actor) == ("mirror", "Ben")


@pytest.mark.parametrize("key", ["p", "t", "q"])
def test_not_me_calls_nobody_back_from_a_pause_a_time_out_or_the_end(key: str) -> None:
    table = Table().goes_to("thing")
    table.says(ANA, BREAKFAST)
    table.key(key)
    where = table.where
    table.command("not_me", ANA)
    assert table.where == where


def test_not_me_does_not_take_back_a_voice_that_is_being_learnt() -> None:
    table = Table("voices").goes_to("breakfast")
    table.says(ANA, "Bread with honey.", seconds=15.0)
    table.command("not_me", ANA)
    assert table.phase is Phase.WORKING


def test_not_me_spoken_into_the_next_step_is_heard_by_the_session() -> None:
    room = Room().guide_finishes()
    room.says(BEN, "Yes please").is_silent_until_decided().guide_finishes()
    room.says(ANA, "The cat wants to go out I think").is_silent_until_decided().guide_finishes()
    assert room.step == "mirror"
    room.says(ANA, "that wasn't me").waits(2.0).guide_finishes()
    assert (room.step, room.phase) == ("thing", Phase.LISTENING)
    assert room.prompts[-1] == "guide.floor_back"


# ------------------------------------------------------------------ a third voice


@pytest.mark.parametrize("at", ["thing", "swap"])
def test_a_third_voice_pauses_the_dialogue_and_go_on_takes_the_step_up_again(at: str) -> None:
    table = Table(voices="known").goes_to(at)
    table.says(STRANGER, "Mum, where are my shoes? Yes!", seconds=3.0)
    assert table.prompts[-1] == "guide.third_voice"
    table.guide_finishes()
    assert (table.step, table.phase) == (at, Phase.PAUSED)
    told = [(fact.kind, fact.rung, fact.for_) for fact in table.published(Intervention)]
    assert told == [("third_voice", 1, None)]
    table.waits(600)
    assert table.phase is Phase.PAUSED
    table.command("go_on").guide_finishes()
    assert (table.step, table.phase) == (at, Phase.LISTENING)


def test_a_third_voice_inside_a_turn_pauses_too() -> None:
    table = Table(voices="known").goes_to("thing").interrupts(STRANGER)
    assert table.prompts[-1] == "guide.third_voice"
    table.guide_finishes().key("space").guide_finishes()
    table.says(ANA, BREAKFAST)
    assert table.step == "mirror"


def test_a_radio_does_not_stop_the_evening() -> None:
    table = Table(voices="known").goes_to("thing").interrupts(STRANGER).guide_finishes()
    table.key("space").guide_finishes()
    count, begin = len(table.said), table.at
    while table.at < begin + 280:
        table.interrupts(STRANGER)
        table.says(STRANGER, "And now the weather.", seconds=20.0)
        assert (table.step, table.phase, len(table.said)) == ("thing", Phase.LISTENING, count)
        assert table.window is not None
    table.at = begin + 301
    table.interrupts(STRANGER)
    assert table.prompts.count("guide.third_voice") == 2


def test_the_answer_of_a_third_voice_does_not_count_but_that_was_me_takes_it() -> None:
    table = at_the_check(voices="known")
    table.says(STRANGER, "Hello there, who is it?")
    table.guide_finishes().key("space").guide_finishes()
    table.says(STRANGER, "Yes.")
    assert table.step == "check"
    table.command("that_was_me", ANA)
    assert table.step == "more"


def test_the_words_of_a_third_voice_do_not_disturb_an_answer_on_its_way() -> None:
    table = at_the_check(voices="known")
    table.says(STRANGER, "Hello there.")
    table.guide_finishes().key("space").guide_finishes()
    turn = table.says(ANA, None)
    assert table.phase is Phase.DECIDING
    table.says(STRANGER, "And now the news.")
    assert (table.phase, table.window is not None) == (Phase.DECIDING, True)
    table.words_come(turn, ANA, "Yes.")
    assert table.step == "more"


def test_a_stranger_cannot_agree_to_stop_for_the_couple() -> None:
    table = Table(voices="known").goes_to("thing").interrupts(STRANGER).guide_finishes()
    table.key("space").guide_finishes()
    table.command("stop", ANA)
    table.says(STRANGER, "Yes.")
    assert table.guide_finishes().ended is None
    assert table.step == "sure"


def test_where_voices_are_not_told_apart_a_strange_voice_is_taken_for_the_partners() -> None:
    table = Table().goes_to("thing")
    table.says(STRANGER, BREAKFAST)
    assert table.step == "mirror"


def test_a_pause_for_a_third_voice_is_not_forgotten_by_an_undone_turn() -> None:
    table = Table(voices="known").goes_to("thing").interrupts(STRANGER).guide_finishes()
    table.key("space").guide_finishes()
    turn = table.says(ANA, "How you made")
    assert undo(table, turn)
    table.interrupts(STRANGER)
    assert table.prompts.count("guide.third_voice") == 1


def test_a_voice_that_is_just_being_learnt_is_nobodys_third() -> None:
    table = Table(voices="known").goes_to("thing").key("v").guide_finishes()
    table.says(STRANGER, "Bread with honey.", seconds=15.0)
    assert (table.step, table.phase) == ("breakfast", Phase.WORKING)


def test_voices_learnt_in_the_session_tell_a_third_one_from_then_on() -> None:
    table = Table(voices="learn").goes_to("thing")
    table.says(ANA, BREAKFAST, seconds=5.0)
    table.guide_finishes().performed("good")
    table.says(STRANGER, "Where are my shoes?", seconds=3.0)
    assert table.guide_finishes().prompts[-2:] == ["guide.voices_known", "guide.third_voice"]


# ------------------------------------------------------------------ the whole session


def test_who_it_was_is_understood_by_the_session_and_is_no_command() -> None:
    room = Room().guide_finishes()
    room.says(BEN, "Yes please").is_silent_until_decided().guide_finishes()
    dialogue = room.session.dialogue
    assert not dialogue.answers("that was me")
    unsure = TurnEnded(room.at, 7, BEN, room.at - 2.0, room.at, room.at, "silence", 2.0, sure=False)
    room.session._hear([unsure])
    room.waits(0.1).guide_finishes()
    assert dialogue.answers("that was me")
    room.says(ANA, "that was me").is_silent_until_decided().waits(1)
    assert room.step == "mirror"
    assert "that_was_me" not in [command.name for command in room.published(Command)]


def test_late_words_for_a_doubt_that_is_over_change_nothing() -> None:
    table = doubted()
    answer = table.says(ANA, None)
    table.key("1")
    assert table.step == "mirror"
    state = table.dialogue.guide.state
    table.feed(WordsKnown(table.at, answer, (Utterance(BEN, "Ben."),)))
    assert table.dialogue.guide.state == state
