"""Tasks, the graphs before a dialogue, and the set-up of room and voices by voice alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dialogue.driver import ANA, BEN, END, Room, Table, step, tiny
from voice_imago.dialogue.state import Phase
from voice_imago.events import Perform, Performed


def working(**more: object) -> Table:
    """In the middle of measuring the room."""
    table = Table("room", **more).guide_finishes()  # type: ignore[arg-type]
    assert (table.step, table.phase) == ("quiet", Phase.WORKING)
    return table


def at_breakfast(**more: object) -> Table:
    return Table("voices", **more).goes_to("breakfast")  # type: ignore[arg-type]


def learnt(table: Table, outcomes: str = "good", who: int = ANA) -> Table:
    """A piece of talk and what came of it."""
    table.says(who, "Bread with honey, and a lot of coffee.", seconds=15.0)  # type: ignore[arg-type]
    assert table.phase is Phase.WORKING
    return table.performed(outcomes).guide_finishes()


def both_learnt(**more: object) -> Table:
    table = learnt(learnt(at_breakfast(**more)), who=BEN)
    assert (table.step, table.phase) == ("apart", Phase.WORKING)
    return table


# ------------------------------------------------------------------ the general means


def test_a_task_is_asked_for_after_its_prompt_and_its_outcome_decides_what_follows() -> None:
    table = Table("room")
    assert table.tasks == []
    table.guide_finishes()
    assert [(task.task, task.partner) for task in table.tasks] == [("measure_room", None)]
    table.waits(3.0)
    assert table.step == "quiet"
    table.performed("noisy")
    assert table.step == "noisy"
    assert table.dones == [("measure_room", "noisy")]


def test_an_outcome_that_the_step_does_not_name_leads_on() -> None:
    assert working().performed("good").step == "sound"


def test_a_task_without_a_prompt_is_done_without_a_word() -> None:
    table = both_learnt()
    assert table.in_the_air is None
    assert table.tasks[-1].task == "tell_apart"


def test_a_task_that_does_not_answer_has_failed_after_thirty_seconds() -> None:
    table = working()
    asked = table.tasks[-1]
    table.waits(29.0)
    assert (table.step, table.phase) == ("quiet", Phase.WORKING)
    table.waits(1.1)
    assert (table.step, table.dones) == ("cannot", [("measure_room", "failed")])
    table.performed("noisy", asked.id)
    assert table.step == "cannot"


@pytest.mark.parametrize("id", [0, -1, 99])
def test_an_outcome_that_nobody_waits_for_is_dropped(id: int) -> None:
    table = working()
    before = table.dialogue.guide.state
    assert table.dialogue.feed(Performed(table.at, id, "noisy")) == []
    assert table.dialogue.guide.state == before
    talking = Table().goes_to("thing")
    assert talking.dialogue.feed(Performed(talking.at, id, "noisy")) == []


@pytest.mark.parametrize("key", ["p", "t", "q"])
def test_an_outcome_that_comes_after_somebody_paused_or_left_is_dropped(key: str) -> None:
    table = working().key(key)
    where = table.where
    table.performed("noisy")
    assert (table.where, table.dones) == (where, [])


def test_a_pause_stops_the_measuring_and_go_on_begins_it_anew() -> None:
    table = working()
    old = table.tasks[-1].id
    table.command("pause").guide_finishes().waits(600)
    table.command("go_on").guide_finishes()
    assert (table.step, table.phase) == ("quiet", Phase.WORKING)
    assert table.tasks[-1].id != old
    table.performed("noisy", old)
    assert table.phase is Phase.WORKING
    table.performed("good")
    assert table.step == "sound"


@pytest.mark.parametrize("command", ["help", "where", "repeat", "slower"])
def test_an_outcome_that_comes_during_help_is_taken_afterwards(command: str) -> None:
    table = working().command(command)
    table.performed("noisy")
    assert (table.step, table.dones) == ("quiet", [])
    table.guide_finishes()
    assert table.step == "noisy"


def test_the_time_that_help_takes_is_not_counted_against_a_task() -> None:
    table = working().waits(25)
    table.command("help")
    table.at += 20
    table.guide_finishes()
    table.waits(29)
    assert (table.step, table.phase) == ("quiet", Phase.WORKING)
    table.waits(2)
    assert table.dones == [("measure_room", "failed")]


def test_skip_goes_on_without_the_task() -> None:
    table = working().command("skip")
    assert (table.step, table.dones) == ("sound", [])


def test_a_time_out_comes_back_to_the_measuring() -> None:
    table = working().key("t").waits(1245)
    for key in "7711":
        table.key(key).guide_finishes()
    assert (table.step, table.phase, table.tasks[-1].task) == ("quiet", Phase.WORKING, "measure_room")


def test_talk_while_something_is_measured_moves_nothing_and_the_guide_still_hears_commands() -> None:
    table = working()
    table.says(BEN, "Shall I close the window?")
    assert (table.step, table.phase) == ("quiet", Phase.WORKING)
    assert table.window is not None
    assert table.window.actor is None


@pytest.mark.parametrize("key", ["y", "n", "1", "space"])
def test_no_key_but_skip_ends_a_measuring(key: str) -> None:
    assert working().key(key).guide_finishes().phase is Phase.WORKING


def test_repeat_in_a_task_without_words_says_one_moment() -> None:
    table = both_learnt().command("repeat")
    assert table.prompts[-1] == "guide.one_moment"
    table.guide_finishes()
    assert table.phase is Phase.WORKING


def test_a_turn_with_a_task_hands_over_its_sound_with_its_partner() -> None:
    table = at_breakfast()
    begin = table.at
    table.says(ANA, "Bread with honey.", seconds=12.0)
    wanted = table.tasks[-1]
    assert (wanted.task, wanted.partner) == ("learn_voice", ANA)
    assert (wanted.start, wanted.end) == (begin, begin + 12.0)


def test_a_turn_whose_task_was_asked_for_cannot_be_undone() -> None:
    table = at_breakfast()
    turn = table.says(ANA, "Bread with honey.")
    assert table.dialogue.undo(table.at, turn) is None
    assert table.phase is Phase.WORKING


def test_a_task_of_a_turn_is_done_for_the_receiver_as_well() -> None:
    table = learnt(at_breakfast())
    assert (table.step, table.actor) == ("breakfast_too", "Ben")
    table.says(BEN, "Nothing yet.", seconds=9.0)
    assert table.tasks[-1].partner == BEN


def test_tasks_in_a_graph_of_ones_own() -> None:
    table = Table(
        "tiny",
        script=tiny(
            step("one", "task", "guide", task="check_room", prompt="", on={"louder": "two"}, next="end"),
            step("two", "turn", next="end"),
            END,
        ),
    )
    assert table.phase is Phase.WORKING
    assert table.performed("louder").step == "two"


# ------------------------------------------------------------------ graphs before a dialogue


def test_the_graphs_before_a_dialogue_come_after_the_greeting_and_lead_to_its_ordinary_first_prompt() -> None:
    table = Table(prelude=("room_check", "room"), greeting=True).guide_finishes()
    assert table.prompts == ["guide.hello", "guide.limits", "room_check.listen"]
    table.performed("good")
    assert table.step == "quiet"
    table.guide_finishes().performed("good").guide_finishes().performed("good").guide_finishes()
    assert (table.where, table.phase) == ((("appreciation", "invite"),), Phase.LISTENING)
    first = Table().guide_finishes()
    assert [(say.prompt, say.form, say.text) for say in table.said[-len(first.said) :]] == [
        (say.prompt, say.form, say.text) for say in first.said
    ]
    assert "guide.resumed" not in table.prompts


@pytest.mark.parametrize("graph", ["room", "voices", "room_check"])
def test_a_shared_graph_as_the_dialogue_ends_the_session_with_the_goodbye(graph: str) -> None:
    table = Table(graph, greeting=True)
    for _ in range(40):
        table.does_what_is_asked()
    assert table.ended == "finished"
    assert table.prompts[-1] == "guide.goodbye"


def test_the_enrolment_measures_the_room_first_and_then_learns_the_voices() -> None:
    table = Table("voices", prelude=("room",))
    for _ in range(40):
        table.does_what_is_asked()
    tasks = [task for task, _ in table.dones]
    assert tasks == ["measure_room", "measure_echo", "learn_voice", "learn_voice", "tell_apart", "keep_voices"]
    assert "voices.offer" not in table.prompts  # whoever calls for it need not be asked


def test_skip_leads_through_everything_before_a_dialogue() -> None:
    table = Table(prelude=("room_check", "room", "voices"))
    for _ in range(12):
        if table.where[0][0] == "appreciation":
            break
        table.key("s")
    assert table.where == (("appreciation", "invite"),)


def test_back_before_a_dialogue_stays_before_it_and_back_in_it_does_not_leave_it() -> None:
    table = Table(prelude=("voices",)).guide_finishes()
    table.says(BEN, "Now, please.")
    table.guide_finishes()
    learnt(table)
    assert table.step == "breakfast_too"
    table.key("b").guide_finishes()
    assert (table.step, table.actor) == ("breakfast", "Ana")
    table.key("b").guide_finishes()
    assert table.step == "offer"
    table.says(ANA, "As we go.")
    table.guide_finishes()
    table.key("b").guide_finishes()
    assert table.where == (("appreciation", "invite"),)


def test_where_we_are_is_told_before_a_dialogue_too() -> None:
    table = Table(prelude=("room",)).guide_finishes().key("w")
    assert table.last == "Step 1 of 2: the quiet of the room."


@pytest.mark.parametrize("do", [lambda t: t.key("p"), lambda t: t.key("h"), lambda t: t.command("stop")])
def test_pause_help_and_an_unwanted_stop_come_back_to_the_same_place(do: Callable[[Table], Table]) -> None:
    table = Table(prelude=("voices",)).goes_to("breakfast")
    do(table).guide_finishes()
    if table.step == "sure":
        table.says(BEN, "No.")
    if table.phase is Phase.PAUSED:
        table.key("space")
    table.guide_finishes()
    assert (table.where, table.phase) == ((("voices", "breakfast"),), Phase.LISTENING)


def test_stopping_before_a_dialogue_stops_the_session() -> None:
    assert Table(prelude=("room",)).key("q").guide_finishes().ended == "stopped"


def test_the_goodbye_of_a_shared_graph_can_be_cut_short() -> None:
    table = working().key("s").key("s")
    assert table.prompts[-1] == "guide.goodbye"
    table.key("s")
    assert table.ended == "finished"


# ------------------------------------------------------------------ the room


def test_a_hum_gets_advice_time_to_act_and_one_more_measuring_at_most() -> None:
    table = working().performed("noisy").guide_finishes()
    assert (table.prompts[-1], table.phase) == ("room.noisy", Phase.RESTING)
    table.says(ANA, "Ready.")
    table.guide_finishes()
    assert (table.step, table.tasks[-1].task) == ("once_more", "measure_room")
    table.performed("noisy").guide_finishes()
    assert table.prompts[-2:] == ["room.still_noisy", "room.sound"]
    assert table.tasks[-1].task == "measure_echo"


def test_a_silent_microphone_is_told_and_tried_once_more() -> None:
    table = working().performed("silent").guide_finishes()
    assert table.last.startswith("I hear nothing at all from the microphone. Check that it isn't muted")
    table.waits(21).guide_finishes()
    table.performed("silent").guide_finishes()
    assert table.ended == "finished"
    assert "room.sound" not in table.prompts


@pytest.mark.parametrize("outcome", ["unheard", "ringing", "overloud"])
def test_each_trouble_with_the_sound_gets_one_sentence_of_advice(outcome: str) -> None:
    table = working().performed("good").guide_finishes().performed(outcome).guide_finishes()
    assert table.prompts[-2:] == [f"room.{outcome}", "guide.goodbye"]


def test_a_runtime_that_cannot_measure_is_not_asked_twice() -> None:
    table = working().performed("unavailable").guide_finishes()
    assert len(table.tasks) == 1
    assert "room.cannot" in table.prompts


def test_room_and_voices_take_less_than_two_minutes() -> None:
    """With 15 seconds of talk each, prompts at 155 words a minute, and the patience of the steps."""
    table = Table("voices", prelude=("room",))
    talk_s = measured_s = 0.0
    for _ in range(40):
        table.guide_finishes()
        if table.ended:
            break
        if table.phase is Phase.WORKING:
            measured_s += {"measure_room": 3.0, "measure_echo": 1.5}.get(table.tasks[-1].task, 0.5)
        elif table.dialogue.step.do == "turn":
            assert table.window is not None
            talk_s += 15.0 + table.window.end_silence_s
        else:
            talk_s += 2.0
        table.does_what_is_asked()
    spoken_s = sum(len(say.text.split()) for say in table.said) / 155 * 60
    assert 60 < talk_s + measured_s + spoken_s < 120


# ------------------------------------------------------------------ checking the room


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("good", []), ("louder", ["room_check.louder"]), ("silent", ["room_check.silent"]), ("unavailable", [])],
)
def test_the_room_is_checked_at_any_step_and_only_news_are_told(outcome: str, said: list[str]) -> None:
    table = Table().goes_to("thing")
    count = len(table.said)
    table.key("m").guide_finishes()
    assert table.tasks[-1].task == "check_room"
    table.performed(outcome).guide_finishes()
    assert table.prompts[count:] == ["room_check.listen", *said, "appreciation.thing"]
    assert (table.where, table.phase) == ((("appreciation", "thing"),), Phase.LISTENING)


# ------------------------------------------------------------------ the voices


@pytest.mark.parametrize(
    ("answer", "there"),
    [("Now.", "breakfast"), ("Yes.", "breakfast"), ("As we go.", "invite"), ("No.", "invite"), ("Later.", "invite")],
)
@pytest.mark.parametrize("who", [ANA, BEN])
def test_before_a_dialogue_either_may_choose_whether_the_voices_are_learnt_now(
    answer: str, there: str, who: int
) -> None:
    table = Table(prelude=("voices",))
    table.says(who, answer)  # type: ignore[arg-type]
    assert table.guide_finishes().step == there


@pytest.mark.parametrize(("key", "there"), [("1", "breakfast"), ("2", "invite"), ("y", "breakfast"), ("n", "invite")])
def test_the_choice_can_be_made_by_key(key: str, there: str) -> None:
    assert Table(prelude=("voices",)).key(key).guide_finishes().step == there


def test_whoever_cuts_in_on_a_breakfast_is_still_asked_for_their_own() -> None:
    table = at_breakfast(voices="known")
    table.says(ANA, "Bread with honey.", why="other_voice", seconds=15.0)
    table.performed().guide_finishes()
    assert (table.last, table.step) == (
        "Ben, tell me what you had for breakfast, and keep talking for a little while.",
        "breakfast_too",
    )


def test_thinking_about_breakfast_does_not_end_the_turn() -> None:
    table = at_breakfast()
    assert table.window is not None
    assert table.window.end_silence_s >= 3.5
    table.waits(250)
    assert (table.step, table.phase) == ("breakfast", Phase.LISTENING)


def test_too_little_talk_gets_another_question_each_time_and_three_pieces_are_enough() -> None:
    table = at_breakfast()
    for there in ("tomorrow", "liked", "breakfast_too"):
        learnt(table, "too_short")
        assert table.step == there
    pieces = [say.prompt for say in table.said if say.prompt in ("voices.breakfast", "voices.tomorrow", "voices.liked")]
    assert pieces == ["voices.breakfast", "voices.tomorrow", "voices.liked", "voices.breakfast"]


@pytest.mark.parametrize(("outcome", "advice"), [("too_quiet", "closer"), ("clipped", "further"), ("noisy", "quieter")])
@pytest.mark.parametrize("who", [ANA, BEN])
def test_a_piece_that_cannot_be_used_gets_advice_and_the_next_question(outcome: str, advice: str, who: int) -> None:
    table = at_breakfast() if who == ANA else learnt(at_breakfast())
    learnt(table, outcome, who)
    assert f"voices.{advice}" in table.prompts[-2:]
    assert table.step.startswith("tomorrow")
    assert table.dialogue.guide.actor == who
    learnt(table, outcome, who)
    learnt(table, outcome, who)
    assert table.step == ("breakfast_too" if who == ANA else "apart")


@pytest.mark.parametrize(
    ("outcome", "said"), [("too_alike", "alike"), ("missing", "missing"), ("unavailable", "missing")]
)
def test_voices_that_cannot_be_told_apart_are_no_hindrance(outcome: str, said: str) -> None:
    table = both_learnt().performed(outcome).guide_finishes()
    assert table.prompts[-2:] == [f"voices.{said}", "guide.goodbye"]
    assert "voices.keep" not in table.prompts


@pytest.mark.parametrize("refused", ["keep", "keep_too"])
def test_voices_are_kept_only_if_both_want_it(refused: str) -> None:
    table = both_learnt().performed().guide_finishes()
    assert (table.step, table.actor) == ("keep", "Ana")
    if refused == "keep_too":
        table.says(ANA, "Yes.")
        assert (table.step, table.actor) == ("keep_too", "Ben")
    table.says(ANA if refused == "keep" else BEN, "No.")
    table.guide_finishes()
    assert "voices.not_kept" in table.prompts
    assert "keep_voices" not in [task.task for task in table.tasks]


def test_nobody_consents_for_the_other() -> None:
    table = both_learnt().performed().guide_finishes()
    table.says(BEN, "Yes.")
    assert table.guide_finishes().step == "keep"
    table.says(ANA, "Yes.")
    table.says(ANA, "Yes.")
    assert table.guide_finishes().step == "keep_too"
    table.says(BEN, "Yes.")
    assert (table.phase, table.tasks[-1].task) == (Phase.WORKING, "keep_voices")


@pytest.mark.parametrize(("outcome", "said"), [("good", "kept"), ("failed", "not_stored")])
def test_it_is_told_whether_the_voices_were_kept(outcome: str, said: str) -> None:
    table = both_learnt().performed().guide_finishes().key("y").guide_finishes().key("y").performed(outcome)
    assert table.guide_finishes().prompts[-2:] == [f"voices.{said}", "guide.goodbye"]


def test_silence_keeps_nothing() -> None:
    table = both_learnt().performed().guide_finishes().waits(3600)
    assert table.step == "keep"
    assert "keep_voices" not in [task.task for task in table.tasks]


@pytest.mark.parametrize("way", ["key", "word"])
def test_voices_are_learnt_at_any_step_without_the_offer_and_the_step_comes_back(way: str) -> None:
    table = Table().goes_to("thing")
    if way == "key":
        table.key("v")
    else:
        table.command("learn_voices", BEN)
    table.guide_finishes()
    assert table.where == (("appreciation", "thing"), ("voices", "breakfast"))
    assert "voices.offer" not in table.prompts
    learnt(learnt(table), who=BEN).performed().guide_finishes()
    table.key("n").guide_finishes()
    assert (table.where, table.phase) == ((("appreciation", "thing"),), Phase.LISTENING)


def test_voices_can_be_learnt_again_with_all_their_questions() -> None:
    table = Table().goes_to("thing")
    for _ in range(2):
        table.key("v").guide_finishes()
        for there in ("tomorrow", "liked", "breakfast_too"):
            learnt(table, "too_short")
            assert table.step == there
        learnt(table, who=BEN).performed("missing").guide_finishes()
        assert table.step == "thing"


# ------------------------------------------------------------------ learning from the dialogue itself


def test_without_an_enrolment_the_greeting_says_that_the_voices_are_learnt() -> None:
    table = Table(voices="learn", greeting=True).guide_finishes()
    assert table.prompts[:3] == ["guide.hello", "guide.limits", "guide.voices_learning"]
    for known in ("none", "known"):
        assert "guide.voices_learning" not in Table(voices=known, greeting=True).guide_finishes().prompts  # type: ignore[arg-type]
    offered = Table(voices="learn", greeting=True, prelude=("voices",)).guide_finishes()
    assert "guide.voices_learning" not in offered.prompts


def lessons(table: Table) -> list[Perform]:
    return [task for task in table.tasks if task.task == "learn_turn"]


def test_each_turn_of_a_partner_is_learnt_from_without_waiting() -> None:
    table = Table(voices="learn").goes_to("thing")
    begin = table.at
    table.says(ANA, "How you made breakfast.", seconds=5.0)
    assert (table.step, table.phase) == ("mirror", Phase.SPEAKING)
    table.says(BEN, "I made breakfast.", seconds=4.0)
    assert [lesson.partner for lesson in lessons(table)] == [ANA, BEN]
    assert (lessons(table)[0].start, lessons(table)[0].end) == (begin, begin + 5.0)


def test_short_turns_answers_and_turns_that_the_other_cut_off_teach_nothing() -> None:
    table = Table(voices="learn").goes_to("thing")
    table.says(ANA, "Breakfast.", seconds=1.9)
    table.says(BEN, "Breakfast on Sunday.", why="other_voice", seconds=5.0)
    table.says(ANA, "Yes, exactly, that is what I said.", seconds=4.0)
    assert lessons(table) == []


@pytest.mark.parametrize("voices", ["none", "known"])
def test_nothing_is_learnt_where_it_is_not_wanted(voices: str) -> None:
    table = Table(voices=voices).goes_to("thing")  # type: ignore[arg-type]
    table.says(ANA, "How you made breakfast.", seconds=5.0)
    assert table.tasks == []


@pytest.mark.parametrize(("outcome", "said"), [("good", "guide.voices_known"), ("too_alike", "guide.voices_alike")])
def test_when_enough_was_learnt_it_is_said_once_in_passing_and_learning_ends(outcome: str, said: str) -> None:
    table = Table(voices="learn").goes_to("thing")
    table.says(ANA, "How you made breakfast.", seconds=5.0)
    table.guide_finishes().performed("more")
    table.says(BEN, "I made breakfast.", seconds=5.0)
    count = len(table.said)
    table.performed(outcome)
    assert len(table.said) == count  # nobody loses the floor for it
    table.waits(4.1)
    assert table.prompts[count:] == [said, "mirror.check"]
    table.says(ANA, "No.")
    table.says(ANA, "The quiet of it was what I meant.", seconds=5.0)
    assert len(lessons(table)) == 2
    assert table.dones == [("learn_turn", "more"), ("learn_turn", outcome)]


def test_learning_ends_when_the_voices_were_learnt_by_command() -> None:
    table = Table(voices="learn").goes_to("thing").key("v").guide_finishes()
    learnt(learnt(table), who=BEN).performed().guide_finishes()
    table.key("n").guide_finishes()
    table.says(ANA, "How you made breakfast.", seconds=5.0)
    assert lessons(table) == []


def test_an_outcome_of_learning_is_not_taken_for_that_of_another_task() -> None:
    table = Table(voices="learn").goes_to("thing")
    table.says(ANA, "How you made breakfast.", seconds=5.0)
    lesson = table.tasks[-1].id
    table.key("m").guide_finishes()
    table.performed("good", lesson)
    assert table.phase is Phase.WORKING
    table.performed("louder")
    assert table.guide_finishes().prompts[-3:-1] == ["guide.voices_known", "room_check.louder"]


# ------------------------------------------------------------------ the whole session


def test_an_outcome_reaches_the_dialogue_through_the_session_and_the_deadline_too() -> None:
    room = Room("room").guide_finishes()
    wanted = [effect for effect in room.effects if isinstance(effect, Perform)]
    assert [task.task for task in wanted] == ["measure_room"]
    room.feed(Performed(room.at, wanted[0].id, "noisy"))
    assert room.step == "noisy"
    room.guide_finishes().waits(20.5).guide_finishes()
    assert room.step == "once_more"
    room.waits(30.5)
    assert room.step == "cannot"


def test_a_spoken_command_is_heard_while_the_room_is_measured() -> None:
    room = Room("room").guide_finishes()
    room.says(BEN, "help").waits(1.5)
    assert "guide.help" in room.prompts


def test_a_line_typed_during_a_task_waits_for_the_question() -> None:
    room = Room("room", opening=()).guide_finishes()
    room.types("ready")
    room.waits(1.0)
    assert (room.step, room.phase) == ("quiet", Phase.WORKING)
    wanted = next(effect for effect in room.effects if isinstance(effect, Perform))
    room.feed(Performed(room.at, wanted.id, "noisy")).guide_finishes()
    assert "room.noisy" in room.prompts
    assert room.step == "once_more"


@pytest.mark.parametrize(("text", "graph"), [("learn our voices", "voices"), ("check the room", "room_check")])
def test_the_set_up_is_entered_by_voice(text: str, graph: str) -> None:
    room = Room().guide_finishes()
    room.says(ANA, text).waits(1.5)
    assert room.session.dialogue.guide.state.call.graph == graph
