"""The whole session on the sample clock: frames in, effects out, words late."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.dialogue.driver import ANA, BEN, Room, real_script
from voice_imago.dialogue.state import Phase
from voice_imago.events import (
    Command,
    Finish,
    FrameHeard,
    KeyPressed,
    LineTyped,
    Listening,
    PartRecovered,
    Perform,
    Performed,
    PromptEnded,
    Publish,
    Reply,
    SessionEnded,
    SessionStarted,
    StepEntered,
    SwitchMicrophone,
    TextReady,
    Transcribe,
    Transcript,
    TurnEnded,
    TurnReopened,
)
from voice_imago.session import KEY_COMMANDS, Session

HEARD = "How you made breakfast on Sunday was so kind of you"


def at_the_thing(**more: Any) -> Room:
    room = Room(**more).guide_finishes()
    room.says(BEN, "Yes please")
    room.is_silent_until_decided().guide_finishes()
    assert room.step == "thing"
    return room


def at_the_mirror(**more: Any) -> Room:
    room = at_the_thing(**more)
    room.says(ANA, HEARD)
    room.is_silent_until_decided()
    assert room.step == "mirror"
    return room.guide_finishes()


def at_the_check(**more: Any) -> Room:
    room = at_the_mirror(**more)
    room.says(BEN, "You liked how I made breakfast")
    room.is_silent_until_decided()
    assert room.step == "check"
    return room


# ------------------------------------------------------------------ a whole evening


def answer_for(room: Room) -> str:
    question = {"more": "No that's all", "swap": "No thank you", "switch": "No thank you", "enough": "No"}
    return question.get(room.step, "Yes exactly")


def whole_evening(dialogue: str, **more: Any) -> Room:
    room = Room(dialogue, **more)
    for _ in range(80):
        room.guide_finishes()
        if room.session.over:
            break
        guide = room.session.dialogue.guide
        actor = guide.actor if guide.actor is not None else ANA
        if room.phase is Phase.RESTING:
            room.says(ANA, "Ready")
        elif room.session.dialogue.step.do == "turn":
            room.says(actor, "You make sense to me because the garden is yours as well")
        else:
            room.says(actor, answer_for(room))
        if not room.session.over:
            room.is_silent_until_decided()
    return room


@pytest.mark.parametrize("dialogue", ["appreciation", "dialogue"])
@pytest.mark.parametrize("words_after_s", [0.05, 1.7])
def test_a_couple_finishes_a_dialogue_by_voice_alone(dialogue: str, words_after_s: float) -> None:
    room = whole_evening(dialogue, words_after_s=words_after_s)
    assert room.ended == "finished"
    assert [type(effect) for effect in room.effects[-2:]] == [Publish, Finish]
    assert isinstance(room.effects[-2].fact, SessionEnded)  # type: ignore[union-attr]
    assert isinstance(room.effects[0].fact, SessionStarted)  # type: ignore[union-attr]


@pytest.mark.parametrize("dialogue", ["appreciation", "dialogue"])
@pytest.mark.parametrize("words", ["nothing", "answers"])
def test_without_free_words_voices_and_keys_finish_a_dialogue(dialogue: str, words: str) -> None:
    room = Room(dialogue, words=words)  # type: ignore[arg-type]
    for _ in range(80):
        room.guide_finishes()
        if room.session.over:
            break
        guide, step = room.session.dialogue.guide, room.session.dialogue.step
        if step.do == "turn":
            room.says(guide.actor if guide.actor is not None else ANA, "I tell you about the garden").key("space")
        elif step.do == "rest":
            room.key("space")
        else:
            room.key("n" if room.step in ("more", "swap", "switch") else "y")
    assert room.ended == "finished"
    if words == "nothing":
        assert not any(isinstance(effect, Transcribe) for effect in room.effects)


def test_the_same_inputs_give_the_same_effects() -> None:
    """A kept journal fed again makes the same decisions, also with another session object."""
    evening = whole_evening("appreciation", words_after_s=1.1)
    again = Session(real_script(), evening.session.settings)
    effects = again.begin(0.0)
    for given in evening.inputs:
        effects += again.feed(given)
    assert effects == evening.effects
    assert len(effects) > 150


# ------------------------------------------------------------------ late words


def test_the_guide_speaks_before_the_words_of_a_turn_are_there() -> None:
    room = at_the_thing()
    room.words_after_s = 9.0
    room.says(ANA, HEARD)
    room.is_silent_until_decided()
    assert room.step == "mirror"
    assert not any(HEARD in t.text for t in room.published(Transcript))
    room.waits(10)
    assert any(t.text == HEARD and t.final for t in room.published(Transcript))
    assert room.step == "mirror"


def test_words_for_an_id_that_nobody_waits_for_are_dropped() -> None:
    room = at_the_check()
    count, state = len(room.effects), room.session.dialogue.guide.state
    for id in (0, -3, 10_000):
        room.feed(TextReady(room.at, id, "Stop", 1.0))
    for wanted in [effect for effect in room.effects if isinstance(effect, Transcribe)]:
        room.feed(TextReady(room.at, wanted.id, "Stop", 1.0))  # a second answer to the same piece
    assert (len(room.effects), room.session.dialogue.guide.state) == (count, state)


def test_an_answer_that_comes_after_a_key_has_answered_changes_nothing() -> None:
    room = at_the_check()
    room.words_after_s = 2.5
    room.says(ANA, "No not at all").waits(1.5)
    assert room.phase is Phase.DECIDING
    room.key("y").waits(6)
    assert "fix" not in [entered.step for entered in room.published(StepEntered)]
    assert room.step == "more"


def test_while_the_words_of_an_answer_are_awaited_the_guide_says_one_moment_and_then_asks_again() -> None:
    room = at_the_check()
    room.words_after_s = 60.0
    room.says(ANA, "Yes exactly").waits(1.2)
    assert room.phase is Phase.DECIDING
    room.waits(3.2)
    assert room.prompts[-1] == "guide.one_moment"
    room.waits(5.5)
    assert room.prompts[-1] == "mirror.check"


def test_an_answer_that_comes_while_the_question_is_asked_again_still_counts() -> None:
    room = at_the_check()
    room.words_after_s = 9.3
    room.says(ANA, "Yes exactly").waits(12)
    assert "guide.one_moment" in room.prompts
    assert room.step == "more"


def test_the_pieces_of_a_turn_are_joined_in_the_order_in_which_they_were_said() -> None:
    room = at_the_thing(words_after_s=4.0)
    room.says(ANA, "One thing I appreciate about you").waits(1.5)
    room.says(ANA, "is your patience").is_silent_until_decided()
    room.waits(5)
    finals = [t.text for t in room.published(Transcript) if t.final]
    assert finals[-1] == "One thing I appreciate about you is your patience"


def test_a_last_word_that_says_not_done_gives_two_more_seconds() -> None:
    ends = []
    for text in ("One thing I appreciate is your patience", "One thing I appreciate is your patience because"):
        room = at_the_thing(words_after_s=0.1)
        room.says(ANA, text, 3.0)
        silence = room.at
        room.is_silent_until_decided()
        ends.append(room.at - silence)
    assert ends[1] - ends[0] == pytest.approx(2.0, abs=0.1)


def test_words_that_hand_the_floor_over_end_the_turn_at_once() -> None:
    room = at_the_thing(words_after_s=0.1)
    room.says(ANA, "I value your patience and over to you").waits(1.2)
    assert room.step == "mirror"
    assert room.published(TurnEnded)[-1].why == "phrase"


# ------------------------------------------------------------------ spoken commands


def test_a_command_in_a_turn_is_obeyed_and_is_not_the_turn() -> None:
    room = at_the_thing()
    room.says(ANA, "help").waits(1.5)
    assert "guide.help" in room.prompts
    room.guide_finishes().waits(8)
    assert (room.step, room.phase) == ("thing", Phase.LISTENING)
    assert not [ended for ended in room.published(TurnEnded) if ended.turn > 1]
    room.says(ANA, HEARD).is_silent_until_decided()
    assert room.step == "mirror"


def test_a_command_said_as_an_answer_leaves_nobody_waiting_for_words() -> None:
    room = at_the_check()
    room.words_after_s = 1.5
    room.says(ANA, "help").waits(1.2)
    assert room.phase is Phase.DECIDING
    room.waits(1.4).guide_finishes()
    assert room.phase is Phase.GRACE
    room.waits(12)
    assert "guide.one_moment" not in room.prompts


def test_a_command_whose_words_come_after_its_turn_has_ended_is_still_obeyed() -> None:
    room = at_the_thing(words_after_s=5.0)
    room.says(ANA, "time out").waits(7)
    assert "time_out.called" in room.prompts


def test_a_late_skip_does_not_skip_the_next_step() -> None:
    room = at_the_thing(words_after_s=5.0)
    room.says(ANA, "skip").waits(7)
    assert room.step == "mirror"


def test_time_out_counts_even_as_the_last_piece_of_a_long_turn() -> None:
    room = at_the_thing()
    room.says(ANA, "I wanted to say something about").waits(1.2)
    room.says(ANA, "time out").waits(1.5)
    assert "time_out.called" in room.prompts


def test_skip_in_the_middle_of_a_story_is_a_word_of_the_story() -> None:
    room = at_the_thing()
    room.says(ANA, "You tell me which song to").waits(1.2)
    room.says(ANA, "skip").waits(1.2)
    assert room.step == "thing"
    assert not room.published(Command)


def test_a_command_that_the_recogniser_is_not_sure_of_is_not_obeyed() -> None:
    room = at_the_thing()
    room.confidence = 0.4
    room.says(ANA, "stop").waits(2.0)
    assert not room.published(Command)


def test_the_command_knows_who_gave_it() -> None:
    room = at_the_thing()
    room.says(BEN, "pause").waits(1.5)
    assert [(command.name, command.by) for command in room.published(Command)] == [("pause", BEN)]


def test_go_on_is_heard_in_a_pause_after_other_talk() -> None:
    room = at_the_thing().key("p").guide_finishes()
    room.says(BEN, "Shall we make some tea").waits(3)
    room.says(ANA, "It is in the cupboard").waits(3)
    assert room.phase is Phase.PAUSED
    room.says(BEN, "go on").waits(3).guide_finishes()
    assert (room.step, room.phase) == ("thing", Phase.LISTENING)


def test_late_words_of_a_turn_that_was_broken_off_do_not_end_another_turn() -> None:
    room = at_the_thing()
    room.words_after_s = 6.5
    room.says(ANA, "I value your patience and over to you").waits(1.0).key("p").guide_finishes()
    room.key("p").guide_finishes()
    room.says(ANA, "One thing I appreciate about you is your patience", 3.0)
    assert (room.step, room.session.hearing.turn_open) == ("thing", True)
    assert room.published(TurnEnded)[-1].turn == 1


def test_space_ends_a_pause_even_while_somebody_is_talking() -> None:
    room = at_the_thing().key("p").guide_finishes()
    room.says(BEN, "Shall we make some tea").key("space").guide_finishes()
    assert (room.step, room.phase) == ("thing", Phase.LISTENING)


# ------------------------------------------------------------------ the floor


def test_space_ends_the_open_turn_at_once() -> None:
    room = at_the_thing()
    room.says(ANA, HEARD).key("space")
    assert room.step == "mirror"
    assert room.published(TurnEnded)[-1].why == "key"


@pytest.mark.parametrize("key", ["w", "-", "h"])
def test_a_key_pressed_while_somebody_speaks_loses_no_turn(key: str) -> None:
    room = at_the_thing()
    room.says(ANA, "One thing I appreciate about you", 2.0)
    room.key(key)
    room.says(ANA, "is your patience", 2.0)
    room.is_silent_until_decided().waits(1)
    assert room.step == "mirror"
    text = [t.text for t in room.published(Transcript) if t.final][-1]
    assert text == "One thing I appreciate about you is your patience"


def test_a_fault_told_while_somebody_speaks_loses_no_turn() -> None:
    room = at_the_thing()
    room.says(ANA, "One thing I appreciate about you", 2.0)
    room.fails("detector", "failed")
    assert room.prompts[-1] == "guide.detector_failed"
    room.says(ANA, "is your patience", 2.0)
    room.is_silent_until_decided().waits(1)
    assert room.step == "mirror"


def test_the_partner_who_acts_next_ends_the_turn_by_speaking_and_hears_no_prompt() -> None:
    room = at_the_thing()
    room.says(ANA, HEARD).waits(0.6)
    count = len(room.said)
    room.says(BEN, "You liked how I made breakfast on Sunday", 3.0)
    assert room.published(TurnEnded)[-1].why == "other_voice"
    assert (room.step, len(room.said)) == ("mirror", count)
    room.is_silent_until_decided()
    assert room.step == "check"


def test_the_same_voice_going_on_brings_the_step_back_and_no_word_is_lost() -> None:
    """Full duplex: the microphone hears while the guide begins to speak."""
    room = at_the_thing(gate=False, words_after_s=0.3)
    room.says(ANA, "One thing I appreciate about you").waits(3.6)
    while room.step != "mirror":
        room.frame()
    room._words.append((room.at, room.at + 2.0, "is your patience"))
    for _ in range(62):
        room.frame(ANA)
    assert len(room.published(TurnReopened)) == 1
    assert room.step == "thing"
    room.is_silent_until_decided().waits(1)
    assert room.step == "mirror"
    assert [t.text for t in room.published(Transcript) if t.final][-1] == (
        "One thing I appreciate about you is your patience"
    )


def test_a_turn_that_cannot_be_reopened_any_more_is_a_new_turn() -> None:
    room = at_the_thing(gate=False)
    room.says(ANA, "One thing I appreciate about you").waits(3.6)
    while room.step != "mirror":
        room.frame()
    room.key("t")
    for _ in range(62):
        room.frame(ANA)
    assert room.published(TurnReopened) == []
    assert room.session.dialogue.guide.state.call.graph == "time_out"


# ------------------------------------------------------------------ silence


def test_half_an_hour_of_silence_leaves_the_step_and_the_microphone_listening() -> None:
    room = at_the_thing().waits(1800)
    assert (room.step, room.phase) == ("thing", Phase.PAUSED)
    assert not [c for c in room.published(Command)]
    room.says(ANA, "go on").waits(3).guide_finishes()
    room.says(ANA, HEARD).is_silent_until_decided()
    assert room.step == "mirror"


def test_reminders_count_from_the_end_of_the_reminder_before() -> None:
    room = at_the_thing()
    start, count = room.at, len(room.said)
    room.waits(70)
    begun = [say.prompt for say in room.said[count:]]
    assert begun == ["guide.take_time", "guide.stay_skip_stop"]
    assert room.at - start == pytest.approx(70, abs=1)


def test_a_time_out_closes_the_microphone_until_its_end() -> None:
    room = at_the_thing().key("t").guide_finishes().waits(32)
    switches = [effect.on for effect in room.effects if isinstance(effect, SwitchMicrophone)]
    assert switches == [False]
    room.waits(1204)
    switches = [effect.on for effect in room.effects if isinstance(effect, SwitchMicrophone)]
    assert switches == [False, True]
    for who, words in ((ANA, "Seven"), (BEN, "Eight"), (ANA, "Continue")):
        room.says(who, words).is_silent_until_decided()
    room.says(BEN, "Continue").is_silent_until_decided().guide_finishes()
    assert (room.step, room.phase) == ("thing", Phase.LISTENING)


@pytest.mark.parametrize("words", ["Please stop.", "Stop, please.", "Okay, stop.", "Ben, please stop."])
def test_a_polite_stop_is_no_yes_to_the_question_that_was_asked(words: str) -> None:
    room = Room(words_after_s=0.2).guide_finishes()
    assert room.step == "invite"
    room.says(BEN, words).waits(1.5)
    assert room.session.dialogue.guide.state.call.graph == "stop"
    assert [fact.meaning for fact in room.published(Reply)] == []


def test_a_word_that_is_offered_is_the_answer_and_no_command() -> None:
    room = at_the_thing().key("t").waits(35).waits(1204).guide_finishes()
    for key in "77":
        room.key(key).guide_finishes()
    assert room.step == "ready"
    room.says(ANA, "Stop, please.").waits(1.5)
    assert [fact.meaning for fact in room.published(Reply)][-1] == "choice:stop"


# ------------------------------------------------------------------ typed


def test_typed_lines_lead_through_a_question_and_a_turn() -> None:
    room = Room().guide_finishes()
    room.types("yes", BEN).guide_finishes()
    assert room.step == "thing"
    room.types("How you made breakfast on Sunday.").guide_finishes()
    assert room.step == "mirror"
    assert [t.text for t in room.published(Transcript)] == ["yes", "How you made breakfast on Sunday."]


def test_a_line_typed_while_the_guide_speaks_is_read_when_it_listens() -> None:
    room = Room()
    room.types("yes", BEN)
    assert room.step == "invite"
    room.guide_finishes()
    assert room.step == "thing"


def test_lines_typed_ahead_answer_the_questions_one_after_the_other() -> None:
    room = Room()
    for line in ("Ready?", "Yes.", "How you made breakfast on Sunday.", "You liked breakfast.", "Yes."):
        room.types(line)
    room.waits(30)
    assert room.step == "more"


def test_a_typed_command_is_a_command_unless_it_answers_the_question() -> None:
    room = Room().guide_finishes()
    room.types("help")
    assert room.prompts[-1] == "guide.help"
    room.guide_finishes().types("stop").guide_finishes()
    assert room.step == "sure"
    room.types("stop").guide_finishes()
    assert room.ended == "stopped"


# ------------------------------------------------------------------ keys, order, end


@pytest.mark.parametrize("key", [*KEY_COMMANDS, "y", "n", "1", "9", "x", "F1", ""])
def test_no_key_does_harm_at_any_moment(key: str) -> None:
    for room in (at_the_thing(), at_the_mirror(), at_the_check()):
        room.key(key).waits(3).guide_finishes()
        assert room.ended == ("stopped" if key == "q" else None)
        assert room.session.window is not None or room.session.over


def test_a_listening_window_is_published_each_time_it_opens() -> None:
    room = at_the_check()
    listening = [(event.step, event.for_, event.kind) for event in room.published(Listening)]
    assert listening[-3:] == [("thing", ANA, "send"), ("mirror", BEN, "mirror"), ("check", None, "answer")]


def test_the_window_is_closed_while_the_guide_speaks_and_after_the_end() -> None:
    room = Room()
    assert room.session.window is None
    room.guide_finishes()
    assert room.session.window is not None
    room.key("q").guide_finishes()
    assert room.session.over
    assert room.session.window is None


def test_nothing_moves_after_the_end() -> None:
    room = Room().key("q").guide_finishes()
    count = len(room.effects)
    for late in (
        FrameHeard(room.at + 1, 0.9),
        KeyPressed(room.at + 1, "y"),
        LineTyped(room.at + 1, "yes"),
        TextReady(room.at + 1, 1, "yes", 1.0),
        PromptEnded(room.at + 1, 1),
    ):
        room.feed(late)
    assert len(room.effects) == count


def test_the_answers_recogniser_is_only_asked_where_an_answer_is_expected() -> None:
    room = Room(words="answers").guide_finishes()
    room.says(BEN, "Yes").is_silent_until_decided()
    asked = sum(isinstance(effect, Transcribe) for effect in room.effects)
    assert asked == 1
    room.says(ANA, HEARD).is_silent_until_decided()
    assert sum(isinstance(effect, Transcribe) for effect in room.effects) == asked


def test_an_answer_understood_with_some_doubt_is_confirmed_in_passing() -> None:
    room = Room(words="answers").guide_finishes()
    room.confidence = 0.7
    room.says(BEN, "Yes").is_silent_until_decided().guide_finishes()
    assert room.prompts[-3:] == ["guide.heard_yes", "appreciation.thing", "guide.stem"]
    assert [reply.meaning for reply in room.published(Reply)] == ["yes"]


# ------------------------------------------------------------------ anything at all

TEXTS = (
    *("Yes", "No", "Partly", "help", "time out", "skip", "That's all", "Did I get that", "continue", "over to you", ""),
    *("You make sense because the garden is yours", "and then because"),
)
PARTS = ("microphone", "recogniser", "journal", "detector")


def does_what_is_asked(room: Room) -> None:
    guide, step = room.session.dialogue.guide, room.session.dialogue.step
    actor = guide.actor if guide.actor is not None else ANA
    if step.do == "rest":
        room.key("space")
    else:
        room.says(actor, HEARD if step.do == "turn" else answer_for(room), 2.0)


def one_random_thing(room: Room, chance: random.Random) -> None:
    kind = chance.random()
    if room.phase is Phase.WORKING and chance.random() < 0.6:
        wanted = [effect.id for effect in room.effects if isinstance(effect, Perform)]
        outcome = chance.choice(("good", "louder", "too_short", "too_alike", "failed", "unavailable"))
        room.feed(Performed(room.at, chance.choice((wanted[0], wanted[-1])), outcome))
    elif kind < 0.45:
        does_what_is_asked(room)
        room.waits(chance.choice((0.2, 1.5, 3.6, 4.5)))
    elif kind < 0.6:
        room.says(chance.choice((ANA, BEN)), chance.choice(TEXTS), chance.choice((0.3, 1.0, 3.5)))
        room.waits(chance.choice((0.2, 0.9, 1.5, 4.5)))
    elif kind < 0.7:  # speech at any moment, also while the guide speaks
        who, frames = chance.choice((ANA, BEN)), chance.choice((10, 30, 60))
        for _ in range(0 if room.session.over else frames):
            room.frame(who)
    elif kind < 0.8:
        room.key(chance.choice(("y", "n", "1", "space", "space", "r", "p", "t", "s", "h", "w", "b", "-", "v", "m")))
    elif kind < 0.85:
        room.fails(chance.choice(PARTS), chance.choice(("lost", "failed")))
    elif kind < 0.95:
        room.feed(PartRecovered(room.at, chance.choice(PARTS)))
    else:
        room.types(chance.choice(TEXTS), chance.choice((ANA, BEN, None)))


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("dialogue", ["appreciation", "dialogue", "voices"])
def test_whatever_happens_somebody_can_always_go_on(dialogue: str, gate: bool) -> None:
    for seed in range(12):
        chance = random.Random(f"{dialogue}{gate}{seed}")
        room = Room(dialogue, gate=gate, words_after_s=chance.choice((0.1, 1.0, 4.0)))
        for _ in range(40):
            if room.session.over:
                break
            one_random_thing(room, chance)
            if chance.random() < 0.7:
                room.guide_finishes()
                assert room.session.over or room.session.window is not None, (seed, room.step, room.phase)
        times = [fact.at for fact in room.published(object)]
        assert times == sorted(times), seed
        assert ends_each_turn_once(room), seed


def ends_each_turn_once(room: Room) -> bool:
    """A turn ends once, and once more for each time it was reopened."""
    open_again: dict[int, bool] = {}
    for fact in room.published(object):
        if isinstance(fact, TurnEnded):
            if not open_again.get(fact.turn, True):
                return False
            open_again[fact.turn] = False
        elif isinstance(fact, TurnReopened):
            open_again[fact.turn] = True
    return True
