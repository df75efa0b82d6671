"""The workup (domain §1.4): one alone, twelve questions, three sittings, a sentence of one's own words."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, END, Table, step, with_graphs
from voice_imago.dialogue.script_shape import Graph
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase
from voice_imago.events import Partner

ANSWERS = {
    "people": "My mother, my father and grandma Rosa.",
    "liked": "They were warm, funny and playful.",
    "hard": "They could be strict and often away.",
    "mattered": "Warm, and often away.",
    "wanted": "What I wanted most was time.",
    "feelings": "I often felt lonely and proud.",
    "frustrated": "Nobody came to my school play.",
    "did": "I went to my room.",
    "happiest": "We picked cherries with my grandmother.",
    "loves": "I love that you are patient.",
    "troubles": "Late evenings at work.",
    "goal": "More evenings together.",
}
"""What Ana says, question by question."""
QUESTIONS = list(ANSWERS)


def begun(**options: object) -> Table:
    """At the secret, with nobody else in earshot."""
    table = Table("workup", **options)  # type: ignore[arg-type]
    table.says(ANA, "Yes.")
    table.says(ANA, "Yes.")
    table.guide_finishes()
    return table


def unlocked(outcome: str = "new", values: tuple[tuple[str, str, str], ...] = ()) -> Table:
    """Past the secret; what was kept is there again."""
    table = begun().performed(outcome).guide_finishes()
    if outcome == "good":
        table.performed("good" if values else "nothing", values=values).guide_finishes()
    return table


def to_question(
    table: Table, question: str = "people", *, kept: str = "good", answers: dict[str, str] = ANSWERS, who: Partner = ANA
) -> Table:
    """Answer until that question is asked; every store is answered with ``kept``."""
    for _ in range(80):
        table.guide_finishes()
        if table.step == question and table.phase is not Phase.WORKING:
            return table
        assert not table.dialogue.over, table.steps
        if table.phase is Phase.WORKING:
            table.performed(kept)
        elif table.phase is Phase.RESTING:
            table.key("s")
        elif table.step in answers:
            table.says(who, answers[table.step])
        elif table.step.startswith("break"):
            table.says(who, "Go on.")
        else:
            table.says(who, {"another_pair": "No.", "another_goal": "No.", "note_them": "No."}.get(table.step, "Yes."))
    raise AssertionError(f"{question} is not reached: {table.steps}")


def said_since(table: Table, key: str) -> list[str]:
    """What the guide said from that prompt on."""
    at = max(n for n, say in enumerate(table.said) if say.prompt == key)
    return [say.text for say in table.said[at:]]


# ---------------------------------------------------------------------------------------------- who, where, how


def test_whoever_is_here_is_asked_and_spoken_to() -> None:
    table = Table("workup")
    table.says(BEN, "No.")
    table.guide_finishes()

    assert (table.step, table.actor) == ("earshot", "Ben")
    assert table.last == "Ben, can you speak freely here, with Ana out of earshot? Yes or no."


def test_all_that_comes_before_the_first_question_can_be_done_by_key() -> None:
    table = Table("workup", words="nothing")
    for key in "yyy":
        table.guide_finishes().key(key)
    table.guide_finishes()

    assert (table.step, table.phase) == ("settle", Phase.RESTING)


def test_out_of_earshot_is_asked_once_and_waited_for() -> None:
    table = Table("workup")
    table.says(ANA, "Yes.")
    table.says(ANA, "No.")
    table.guide_finishes()
    assert table.step == "wait"
    table.says(ANA, "Yes.")
    table.guide_finishes()
    assert (table.step, table.steps.count("earshot")) == ("secret", 1)


def test_without_a_quiet_place_it_ends_kindly() -> None:
    table = Table("workup")
    for answer in ("Yes.", "No.", "No."):
        table.says(ANA, answer)
    table.guide_finishes()

    assert (table.ended, table.steps[-1]) == ("finished", "another_time")


def test_the_other_voice_is_not_taken() -> None:
    table = begun(voices="known").performed("new").guide_finishes()
    to_question(table)
    table.says(BEN, "Her mother was terrible.")
    table.says(BEN, "Hello?")

    assert (table.step, "people" in table.slots) == ("people", False)
    table.says(ANA, ANSWERS["people"])
    assert table.slots["people"].items == ("my mother", "my father", "grandma Rosa")


# ---------------------------------------------------------------------------------------------- the secret


def test_the_secret_is_that_of_the_one_who_is_here() -> None:
    table = Table("workup")
    table.says(BEN, "No.")
    table.says(BEN, "Yes.")
    table.guide_finishes()

    assert (table.tasks[-1].task, table.tasks[-1].partner) == ("unlock", BEN)


def test_a_new_secret_leads_to_the_first_question_with_nothing_recalled() -> None:
    table = to_question(unlocked("new"))

    assert "chosen" in table.steps
    assert [task.task for task in table.tasks] == ["unlock"]


def test_a_known_secret_recalls_what_was_kept() -> None:
    table = unlocked("good")
    assert [(task.task, task.what, task.partner) for task in table.tasks] == [
        ("unlock", "", ANA),
        ("recall", "workup", ANA),
    ]
    assert set(table.tasks[-1].wanted) >= {"people", "liked", "hard", "wanted", "feelings", "responses", "hear"}


def test_a_secret_that_opens_nothing_may_be_typed_again_twice() -> None:
    table = begun().performed("wrong").guide_finishes()
    for _ in range(2):
        assert table.step == "not_it"
        table.says(ANA, "Yes.")
        table.guide_finishes().performed("wrong").guide_finishes()

    assert table.step == "unkept"


@pytest.mark.parametrize("outcome", ["unavailable", "failed"])
def test_without_a_secret_it_says_so_and_can_be_done_in_one_go(outcome: str) -> None:
    table = begun().performed(outcome).guide_finishes()
    assert (table.step, table.last) == (
        "unkept",
        "I can't keep your answers today. We can still do it in one go. Shall we?",
    )
    table.says(ANA, "Yes.")
    table = to_question(table, "break_unkept", kept="locked")

    assert "break_kept" not in table.steps
    assert "recall" not in [task.task for task in table.tasks]


def test_without_a_secret_one_may_leave_it() -> None:
    table = begun().key("s").guide_finishes()
    assert table.step == "unkept"
    table.says(ANA, "No.")
    table.guide_finishes()

    assert table.ended == "finished"


@pytest.mark.parametrize("outcome", ["locked", "failed", "unavailable"])
def test_what_cannot_be_read_is_not_written_over(outcome: str) -> None:
    table = begun().performed("good").guide_finishes().performed(outcome).guide_finishes()

    assert table.ended == "finished"
    assert "closed" in table.steps
    assert "store" not in [task.task for task in table.tasks]


# ---------------------------------------------------------------------------------------------- the questions


def test_every_question_is_asked_in_its_order_and_its_answer_stored_at_once() -> None:
    table = to_question(unlocked(), "hear")

    assert [step for step in table.steps if step in QUESTIONS] == QUESTIONS
    stores = [task for task in table.tasks if task.task == "store"]
    assert {task.what for task in stores} == {"workup"}
    assert {task.partner for task in stores} == {ANA}
    assert [dict((name, words) for name, _, words in task.values) for task in stores[:2]] == [
        {"people": "my mother\nmy father\ngrandma Rosa"},
        {"people": "my mother\nmy father\ngrandma Rosa", "liked": "warm\nfunny\nplayful"},
    ]
    assert {name: words for name, _, words in stores[-1].values} == {
        "people": "my mother\nmy father\ngrandma Rosa",
        "liked": "warm\nfunny\nplayful",
        "hard": "strict\noften away",
        "mattered": "Warm, and often away.",
        "wanted": "time",
        "feelings": "lonely\nproud",
        "frustrations": "Nobody came to my school play",
        "responses": "I went to my room",
        "happiest": "We picked cherries with my grandmother.",
        "loves": "patient",
        "troubles": "late evenings at work",
        "note": "More evenings together",
    }


def test_after_what_was_hard_comes_what_was_bright() -> None:
    """Nobody is left with the frustrations; the second break comes after the happiest memory."""
    table = to_question(unlocked(), "loves")

    seen = [step for step in table.steps if step in ("did", "happiest", "break_kept")]
    assert seen == ["break_kept", "did", "happiest", "break_kept"]


@pytest.mark.parametrize("pairs", [1, 2, 4, 9])
def test_up_to_four_pairs_lie_side_by_side(pairs: int) -> None:
    table = to_question(unlocked(), "frustrated")
    for number in range(pairs):
        if table.step != "frustrated":
            break
        table.says(ANA, f"Frustration number {number}.")
        table.says(ANA, f"Answer number {number}.")
        table.guide_finishes().performed("good")
        table.says(ANA, "Yes." if number + 1 < pairs else "No.")
        table.guide_finishes()

    got = min(pairs, 4)
    assert table.step == "happiest"
    assert table.slots["frustrations"].items == tuple(f"Frustration number {n}" for n in range(got))
    assert table.slots["responses"].items == tuple(f"Answer number {n}" for n in range(got))


def test_whoever_skips_everything_reaches_the_end_and_keeps_nothing() -> None:
    table = unlocked()
    for _ in range(60):
        table.guide_finishes()
        if table.dialogue.over:
            break
        if table.phase is Phase.WORKING:
            table.performed("good")
        else:
            table.key("s")

    assert table.ended == "finished"
    assert table.tasks[-1].values == ()
    assert "here_it_is" not in table.steps
    assert "nothing_yet" in table.steps


def test_whoever_says_no_to_everything_reaches_the_end() -> None:
    table = unlocked()
    for _ in range(80):
        table.guide_finishes()
        if table.dialogue.over:
            break
        if table.phase is Phase.WORKING:
            table.performed("not_kept")
        elif table.phase is Phase.RESTING:
            table.key("space")
        else:
            table.says(ANA, {"break_unkept": "Go on.", "hear": "Nothing."}.get(table.step, "No."))

    assert table.ended == "finished"
    assert {name for task in table.tasks for name, _, _ in task.values} == {"hear"}
    assert "did" not in table.steps


# ---------------------------------------------------------------------------------------------- three sittings


def test_after_the_first_three_questions_one_may_stop() -> None:
    table = to_question(unlocked(), "break_kept")
    assert table.last == "That is kept, for you alone. Go on, or stop here for today?"
    table.says(ANA, "Stop here.")
    table.guide_finishes()

    assert (table.ended, table.steps[-1]) == ("finished", "until_then")
    assert "mattered" not in table.steps


def kept_until(question: str) -> tuple[tuple[str, str, str], ...]:
    """What an evening that stopped before that question has kept."""
    slots = dict(zip(QUESTIONS, ["people", "liked", "hard", "mattered", "wanted", "feelings", "frustrations",
                                 "responses", "happiest", "loves", "troubles", "note"], strict=True))  # fmt: skip
    done = QUESTIONS[: QUESTIONS.index(question)]
    return tuple((slots[one], "list" if one not in ("mattered", "happiest") else "words", "x") for one in done)


@pytest.mark.parametrize("question", ["liked", "hard", "mattered", "wanted", "feelings", "frustrated", "happiest",
                                      "loves", "troubles", "goal"])  # fmt: skip
def test_another_evening_goes_on_at_the_first_question_that_is_open(question: str) -> None:
    table = unlocked("good", kept_until(question)).guide_finishes()

    assert table.step == question
    assert table.prompts[-1] in (f"{table.where[-1][0]}.{question}", "guide.stem")
    assert "settle" not in table.steps
    assert "welcome" in table.steps


def test_what_was_left_out_is_asked_once_more_without_asking_all_the_rest() -> None:
    values = tuple(value for value in kept_until("mattered") if value[0] != "liked")
    table = unlocked("good", values).guide_finishes()
    assert table.step == "liked"
    table.says(ANA, ANSWERS["liked"])
    table.guide_finishes().performed("good").guide_finishes()

    assert table.step == "mattered"
    assert "hard" not in table.steps


def test_stopping_in_between_has_kept_all_answers_so_far() -> None:
    table = to_question(unlocked(), "feelings")
    table.key("q").guide_finishes()

    assert table.ended == "stopped"
    assert {name for name, _, _ in table.tasks[-1].values} == {"people", "liked", "hard", "mattered", "wanted"}


# ---------------------------------------------------------------------------------------------- when it is hard


def test_who_remembers_nothing_is_asked_for_a_place_or_a_smell_once() -> None:
    table = to_question(unlocked(), "liked")
    table.says(ANA, "I remember nothing.")
    table.guide_finishes()
    assert (table.step, table.prompts[-2]) == ("place_liked", "workup_people.place")
    table.says(ANA, "The smell of bread.")
    table.guide_finishes()
    assert table.step == "hard"

    table.says(ANA, "I don't remember.")
    if table.guide_finishes().step == "place_hard":
        table.says(ANA, "A blue door.")
    table.guide_finishes()

    assert table.step == "save_hard"
    assert not {"liked", "hard"} & set(table.slots)


def test_who_stays_loyal_hears_that_both_can_be_true() -> None:
    table = to_question(unlocked(), "hard")
    table.says(ANA, "They did their best, really.")
    table.guide_finishes()
    assert table.step == "both_true"
    assert [say.text for say in table.said if say.prompt == "workup_people.both_true"] == [
        "Both can be true, the good and the hard. Which words fit the hard part?"
    ]
    table.says(ANA, "Strict.")

    assert table.slots["hard"].items == ("strict",)


@pytest.mark.parametrize("question", ["wanted", "feelings", "frustrated", "did"])
def test_a_hard_moment_offers_something_happy_a_pause_or_another_day(question: str) -> None:
    table = to_question(unlocked(), question)
    table.says(ANA, "I can't talk about that.")
    table.guide_finishes()
    assert table.step == "hard_moment"

    table.says(ANA, "A pause.")
    table.guide_finishes()
    assert (table.step, table.phase) == ("quiet_minutes", Phase.RESTING)
    table.key("space").guide_finishes()
    assert table.step == "hard_moment"
    table.says(ANA, "Something happy.")
    table.guide_finishes()

    assert table.step == "happiest"


def test_another_day_keeps_what_there_is_and_ends() -> None:
    table = to_question(unlocked(), "feelings")
    table.says(ANA, "This is too painful.")
    table.says(ANA, "Another day.")
    table.guide_finishes()
    assert (table.tasks[-1].task, dict((name, text) for name, _, text in table.tasks[-1].values)["wanted"]) == (
        "store",
        "time",
    )
    table.performed("good").guide_finishes()

    assert (table.ended, table.steps[-1]) == ("finished", "until_then")


def test_a_hard_moment_that_does_not_end_leads_to_something_happy() -> None:
    table = to_question(unlocked(), "wanted")
    table.says(ANA, "I can't talk about that.")
    for _ in range(5):
        table.guide_finishes()
        if table.step != "hard_moment":
            break
        table.says(ANA, "A pause.")
        table.guide_finishes().key("space")

    assert table.guide_finishes().step == "happiest"


def test_too_much_offers_a_break_of_one_alone() -> None:
    table = to_question(unlocked(), "wanted")
    table.says(ANA, "It's too much.")
    table.guide_finishes()
    assert table.where[-1] == ("flooded", "offer")
    table.says(ANA, "Yes.")
    table.guide_finishes().key("space").guide_finishes()  # twenty minutes, then they are over
    table.key("space").guide_finishes()
    table.says(ANA, "Six.")
    table.says(ANA, "Continue.")
    table.guide_finishes()

    assert (table.step, table.actor) == ("wanted", "Ana")


# ---------------------------------------------------------------------------------------------- the goals


def test_goals_are_a_note_for_both_only_if_that_is_wanted() -> None:
    table = to_question(unlocked(), "note_them")
    assert "note" not in [task.what for task in table.tasks]
    table.says(ANA, "Yes.")
    table.guide_finishes()

    assert (table.tasks[-1].task, table.tasks[-1].what, table.tasks[-1].values) == (
        "store",
        "note",
        (("note", "list", "More evenings together"),),
    )
    table.performed("not_kept").guide_finishes()
    assert "not_noted" in table.steps


def test_at_most_three_goals() -> None:
    table = to_question(unlocked(), "goal")
    for number in range(5):
        if table.step != "goal":
            break
        table.says(ANA, f"Goal {number}.")
        table.guide_finishes().performed("good")
        table.says(ANA, "Yes.")
        table.guide_finishes()

    assert (table.step, len(table.slots["note"].items)) == ("note_them", 3)


# ---------------------------------------------------------------------------------------------- the sentence


def at_the_sentence(**slots: Slot) -> Table:
    """The last part, with these answers."""
    names = {"people": Slot("list", items=("x",)), "mattered": Slot("words", "x"), "happiest": Slot("words", "x"),
             "loves": Slot("list", items=("x",)), "troubles": Slot("list", items=("x",)),
             "note": Slot("list", items=("x",))}  # fmt: skip
    asked = {"liked", "hard", "wanted", "feelings", "frustrations", "responses"} - set(slots)
    values = tuple((name, slot.meaning, slot.as_kept) for name, slot in (names | slots).items())
    table = unlocked("good", values)
    for _ in range(30):
        table.guide_finishes()
        if table.dialogue.over or table.step in ("right", "hear"):
            return table
        if table.phase is Phase.WORKING:
            table.performed("good")
        elif table.step.startswith("break"):
            table.says(ANA, "Go on.")
        elif table.step in ("note_them", "another_pair", "another_goal"):
            table.says(ANA, "No.")
        else:
            assert asked, table.step
            table.key("s")
    raise AssertionError(table.steps)


LIKED, HARD = Slot("list", items=("warm", "funny")), Slot("list", items=("strict", "often away"))
WANTED, FELT = Slot("list", items=("time",)), Slot("list", items=("lonely",))
DID = Slot("list", items=("I went to my room", "I made a joke"))


def test_the_sentence_is_made_of_the_persons_own_words_alone() -> None:
    table = at_the_sentence(liked=LIKED, hard=HARD, wanted=WANTED, feelings=FELT, responses=DID)

    assert said_since(table, "workup_sentence.here_it_is") == [
        "Here is your sentence, in your own words. Only listen.",
        "I have looked for someone who is warm and funny, and also strict and often away.",
        "With such a person, this troubles me: strict and often away.",
        "What I wish to get is time.",
        "When I don't get it, I feel lonely. And this is what I often do: I went to my room and I made a joke.",
        "Is that how you would say it? Yes, or no.",
    ]


@pytest.mark.parametrize(
    ("slots", "lines"),
    [
        ({"liked": LIKED}, ["I have looked for someone who is warm and funny."]),
        (
            {"hard": HARD},
            [
                "I have looked for someone who is strict and often away.",
                "With such a person, this troubles me: strict and often away.",
            ],
        ),
        ({"wanted": WANTED}, ["What I wish to get is time."]),
        ({"feelings": FELT}, ["When I don't get it, I feel lonely."]),
        (
            {"responses": Slot("list", items=("I hid",))},
            ["When I don't get it, this is what I often do: I hid."],
        ),
    ],
)
def test_a_part_without_words_is_left_out(slots: dict[str, Slot], lines: list[str]) -> None:
    table = at_the_sentence(**slots)

    assert said_since(table, "workup_sentence.here_it_is")[1:-1] == lines


def test_where_there_are_no_words_nothing_is_made_up() -> None:
    table = at_the_sentence()

    assert "nothing_yet" in table.steps
    assert not [key for key in table.prompts if key.startswith("workup_sentence.say")]


@pytest.mark.parametrize(
    ("part", "slot", "words", "kept"),
    [
        ("What I liked.", "liked", "They were patient and kind.", ("patient", "kind")),
        ("What was hard.", "hard", "Loud.", ("loud",)),
        ("The wish.", "wanted", "What I wish to get is rest.", ("rest",)),
        ("The feelings.", "feelings", "I feel small.", ("small",)),
        ("What I do.", "responses", "Then I often hide.", ("hide",)),
    ],
)
def test_each_part_can_be_said_anew(part: str, slot: str, words: str, kept: tuple[str, ...]) -> None:
    table = at_the_sentence(liked=LIKED, hard=HARD, wanted=WANTED, feelings=FELT, responses=DID)
    table.says(ANA, "Not quite.")
    table.says(ANA, part)
    table.says(ANA, words)
    table.guide_finishes()

    assert table.slots[slot].items == kept
    assert table.step == "right"
    assert any(kept[0] in say.text for say in table.said[-6:])  # read again, changed


def test_nobody_changes_the_sentence_for_ever() -> None:
    table = at_the_sentence(liked=LIKED)
    for _ in range(40):
        table.guide_finishes()
        if table.step not in ("right", "which", "again_liked"):
            break
        table.says(ANA, {"right": "No.", "which": "The first."}.get(table.step, "Kind."))

    assert table.guide_finishes().step == "hear"
    assert table.steps.count("which") == 8


# ---------------------------------------------------------------------------------------------- what may be heard


@pytest.mark.parametrize(
    ("answer", "stored"),
    [("All of it.", "choice:hear_all"), ("Parts of it.", "choice:hear_parts"), ("Nothing.", "choice:hear_nothing")],
)
def test_what_the_partner_may_hear_is_stored_with_the_rest(answer: str, stored: str) -> None:
    table = to_question(unlocked(), "hear")
    table.says(ANA, answer)

    table.guide_finishes()
    assert dict((name, meaning) for name, meaning, _ in table.tasks[-1].values)["hear"] == stored
    table.performed("good").guide_finishes()
    assert (table.ended, table.steps[-2:]) == ("finished", ["kept", "thanks"])


def test_without_an_answer_the_partner_may_hear_nothing() -> None:
    table = to_question(unlocked(), "hear")
    table.key("s").guide_finishes()

    assert "hear" not in dict((name, meaning) for name, meaning, _ in table.tasks[-1].values)


def test_what_was_not_kept_is_said() -> None:
    table = to_question(unlocked(), "hear", kept="locked")
    table.says(ANA, "Nothing.")
    table.guide_finishes().performed("locked").guide_finishes()

    assert table.steps[-2:] == ["not_kept", "thanks"]


# ---------------------------------------------------------------------------------------------- without words


@pytest.mark.parametrize("words", ["nothing", "answers"])
def test_without_words_it_is_done_with_pen_and_paper(words: str) -> None:
    table = Table("workup", words=words)  # type: ignore[arg-type]
    table.guide_finishes().key("y").guide_finishes().key("y").guide_finishes()
    assert table.step == "paper"
    assert table.last == "I can't note answers today. Shall I lead you through the questions, with pen and paper?"
    table.key("y")
    for _ in range(80):
        table.guide_finishes()
        if table.dialogue.over:
            break
        if table.phase is Phase.WORKING:
            table.performed("locked")
        elif table.phase is Phase.RESTING:
            table.key("space")
        elif table.dialogue.step.do == "turn":
            table.says(ANA, None)
        else:
            table.key({"another_pair": "n", "another_goal": "n"}.get(table.step, "1"))

    assert table.ended == "finished"
    assert [step for step in table.steps if step in QUESTIONS] == QUESTIONS
    assert not {"unlock", "recall"} & {task.task for task in table.tasks}
    assert not [key for key in table.prompts if key.startswith("workup_sentence")]
    assert "workup_paper.looked" in table.prompts


def test_pen_and_paper_may_be_left() -> None:
    table = Table("workup", words="nothing")
    for key in "yyn":
        table.guide_finishes().key(key)
    table.guide_finishes()

    assert table.ended == "finished"


# ---------------------------------------------------------------------------------------------- the next one


def test_the_other_one_does_not_find_what_the_first_one_said() -> None:
    """Both on one evening: nothing of the first one is in a slot, a prompt or a store of the second one."""
    evening = Graph(
        "evening",
        "first",
        {
            "first": step("first", "walk", "guide", graph="workup", next="second"),
            "second": step("second", "walk", "guide", graph="workup", next="end"),
            "end": END,
        },
    )
    table = Table("evening", script=with_graphs(evening))
    table.says(ANA, "Yes.")
    table.says(ANA, "Yes.")
    table.guide_finishes().performed("new")
    to_question(table, "hear")
    assert table.slots["liked"].items == ("warm", "funny", "playful")
    table.says(ANA, "Nothing.")
    table.guide_finishes().performed("good").guide_finishes()
    assert (table.where[0], table.step) == (("evening", "second"), "who")
    tasks, said = len(table.tasks), len(table.said)

    table.says(ANA, "No.")  # it is Ben who is here
    table.says(BEN, "Yes.")
    table.guide_finishes().performed("new").guide_finishes()
    to_question(table, "liked", answers={"people": "My aunt."}, who=BEN)
    while not table.dialogue.over:
        table.guide_finishes()
        table.performed("good") if table.phase is Phase.WORKING else table.key("s")

    assert {text for task in table.tasks[tasks:] for _, _, text in task.values} == {"my aunt"}
    assert {task.partner for task in table.tasks[tasks:]} == {BEN}
    assert not [say.text for say in table.said[said:] if "funny" in say.text or "lonely" in say.text]
