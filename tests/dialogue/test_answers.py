"""Ask steps: whose answer counts, what is asked again and how, with and without words."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, END, STRANGER, Table, real_script, step, tiny
from tests.dialogue.test_engine import at_the_check
from voice_imago.dialogue.answers import keyed, options_prompt, target
from voice_imago.dialogue.script_shape import Step
from voice_imago.dialogue.state import Phase
from voice_imago.events import Due, TurnEnded, TurnHeard, Utterance


def spoken(table: Table, *pieces: tuple[int | None, str], confidence: float = 1.0) -> Table:
    """One turn in which several voices were heard."""
    table.guide_finishes()
    table.turns += 1
    table.at += 3
    ended = TurnEnded(table.at, table.turns, pieces[0][0], table.at - 3, table.at, table.at, "silence", 3.0)  # type: ignore[arg-type]
    words = tuple(Utterance(who, text, confidence) for who, text in pieces)  # type: ignore[arg-type]
    table.window = None
    return table.feed(TurnHeard(table.at, ended, words))


# ------------------------------------------------------------------ asked again


def test_an_answer_not_understood_is_asked_again_shorter_then_by_name_then_by_key() -> None:
    table = at_the_check()
    prompts = []
    for _ in range(4):
        table.says(ANA, "The neighbours have a new fence.")
        prompts.append((table.prompts[-1], table.said[-1].form))
    assert prompts == [
        ("mirror.check", "repeat"),
        ("guide.answer_options", "first"),
        ("guide.by_key", "first"),
        ("guide.by_key", "first"),
    ]
    table.says(ANA, "Yes.")
    assert table.step == "more"


def test_a_question_that_was_asked_aloud_is_asked_again_as_the_question_itself() -> None:
    table = at_the_check()
    table.says(BEN, "Did I get that?")
    table.says(ANA, "The neighbours have a new fence.")
    assert table.last == "Ana, did Ben get that?"


def test_a_choice_not_understood_twice_is_asked_by_number() -> None:
    table = Table("tiny", script=tiny(step("q", "ask", on={"choice:leave": "end", "choice:again": "end"}), END))
    table.says(ANA, "Bananas.")
    table.says(ANA, "Bananas.")
    assert table.prompts[-1] == "guide.by_key_choice"
    table.key("2")
    assert table.replies[-1] == "choice:again"


def test_the_guide_never_says_that_it_did_not_understand() -> None:
    texts = " ".join(prompt.first.lower() for prompt in real_script().languages["en"].prompts.values())
    for phrase in ("didn't understand", "don't understand", "didn't get", "sorry", "wrong"):
        assert phrase not in texts


def test_a_doubtful_answer_is_asked_again_and_a_cough_is_not() -> None:
    table = at_the_check()
    table.says(ANA, "Yes.", confidence=0.5)
    assert (table.step, table.replies) == ("check", ["yes", "unclear"])
    count = len(table.said)
    table.says(ANA, "")
    assert (table.step, table.replies[-1]) == ("check", "unclear")
    assert len(table.said) == count
    assert table.window is not None


# ------------------------------------------------------------------ whose answer


def test_question_and_answer_by_two_voices_in_one_turn_are_the_answer() -> None:
    table = at_the_check()
    spoken(table, (BEN, "Did I get that?"), (ANA, "Exactly."))
    assert table.step == "more"


def test_question_and_answer_in_one_breath_of_an_unknown_voice_are_the_answer() -> None:
    table = at_the_check()
    spoken(table, (STRANGER, "Did I get it? Yes, exactly."))
    assert table.step == "more"


def test_question_and_answer_heard_as_the_askers_turn_are_the_answer_of_the_one_who_was_asked() -> None:
    """A quick "yes" after "did I get it?" is often swallowed by the longer question's turn."""
    table = at_the_check()
    spoken(table, (BEN, "Did I get it? Yes, exactly."))
    assert table.step == "more"


def test_the_askers_yes_is_neither_the_question_nor_the_answer() -> None:
    table = at_the_check()
    spoken(table, (BEN, "Yes."))
    assert (table.step, table.phase) == ("check", Phase.GRACE)


def test_where_nobody_is_to_ask_the_other_partner_is_not_heard() -> None:
    table = Table().goes_to("swap")
    assert table.actor == "Ben"
    table.says(ANA, "Yes.")
    assert (table.step, table.replies.count("yes")) == ("swap", table.replies[:-1].count("yes") + 1)
    assert table.window is not None
    table.says(BEN, "No.")
    assert table.step == "thanks"


@pytest.mark.parametrize("who", [ANA, BEN, STRANGER, None])
def test_a_question_of_the_guide_may_be_answered_by_either(who: int | None) -> None:
    table = Table().goes_to("thing").command("stop")
    table.says(who, "No.")  # type: ignore[arg-type]
    assert table.step == "thing"


# ------------------------------------------------------------------ late words


def test_the_words_of_a_second_answer_still_count_when_the_first_was_a_mumble() -> None:
    table = at_the_check()
    first = table.says(ANA, None)
    second = table.says(ANA, None)
    table.words_come(first, ANA, "Hm, well.")
    assert table.phase is Phase.DECIDING
    table.words_come(second, ANA, "Yes.")
    assert table.step == "more"


def test_a_second_answer_whose_words_are_there_first_moves_the_step_and_the_first_comes_too_late() -> None:
    table = at_the_check()
    first = table.says(ANA, None)
    table.says(ANA, "Yes.")
    assert table.step == "more"
    table.words_come(first, ANA, "No.")
    assert table.step == "more"


def test_while_words_are_awaited_the_window_is_open() -> None:
    table = at_the_check()
    table.says(ANA, None)
    assert table.window is not None
    table.says(ANA, "Hm, well.")
    assert table.window is not None
    assert table.phase is Phase.DECIDING


def test_words_that_never_come_lead_to_the_question_again_and_in_the_end_to_the_keys() -> None:
    table = at_the_check()
    for _ in range(3):
        table.says(ANA, None)
        table.waits(10)
    assert table.prompts[-1] == "guide.by_key"
    table.key("y")
    assert table.step == "more"


def test_late_words_that_do_not_answer_do_not_talk_over_the_question() -> None:
    table = at_the_check()
    turn = table.says(ANA, None)
    table.waits(3.1)
    table.at += 5
    table.feed(Due(table.at))
    assert table.in_the_air is not None
    air = table.in_the_air
    table.words_come(turn, ANA, "Hm, well.")
    assert table.in_the_air is air


# ------------------------------------------------------------------ keys


@pytest.mark.parametrize(
    ("on", "key", "meaning"),
    [
        (("yes", "no"), "y", "yes"),
        (("yes", "no"), "n", "no"),
        (("yes", "no"), "1", None),
        (("choice:a", "choice:b", "choice:c"), "2", "choice:b"),
        (("choice:a", "choice:b", "choice:c"), "y", "choice:a"),
        (("choice:a", "choice:b", "choice:c"), "n", "choice:c"),
        (("choice:a", "choice:b"), "3", None),
        (("choice:a", "choice:b"), "0", None),
        (("choice:a", "yes", "no"), "y", "yes"),
        (("choice:a", "yes", "no"), "1", "choice:a"),
        (("yes", "no"), "x", None),
        (("yes", "no"), "²", None),
        (("yes", "no", "skip"), "s", None),
    ],
)
def test_what_a_key_means(on: tuple[str, ...], key: str, meaning: str | None) -> None:
    assert keyed(step("q", "ask", on=dict.fromkeys(on, "end")), key) == meaning


@pytest.mark.parametrize("situation", ["prompt", "grace", "listening", "deciding", "help", "reminder"])
def test_a_key_answers_from_the_prompt_on_at_any_moment(situation: str) -> None:
    table = at_the_check()
    if situation == "prompt":
        table.key("r")
    elif situation == "listening":
        table.says(BEN, "Did I get that?")
    elif situation == "deciding":
        table.says(ANA, None)
    elif situation == "help":
        table.key("h")
    elif situation == "reminder":
        table.says(BEN, "Did I get that?")
        table.waits(5.9)
    table.key("y")
    assert (table.step, table.in_the_air) == ("more", None)
    assert table.replies[-1] == "yes"


def test_an_answer_key_means_nothing_in_a_pause_a_turn_or_the_greeting() -> None:
    for table in (Table().goes_to("thing"), at_the_check().key("p").guide_finishes(), Table(greeting=True)):
        where = table.where
        for key in ("y", "n", "1"):
            table.key(key)
        assert table.where == where


# ------------------------------------------------------------------ steps


def test_partly_counts_as_no_where_the_step_does_not_tell_them_apart() -> None:
    both = step("q", "ask", on={"yes": "a", "no": "b"})
    assert target(both, "partly") == "b"
    assert target(step("q", "ask", on={"yes": "a", "no": "b", "partly": "c"}), "partly") == "c"
    assert target(both, "unclear") is None


def test_saying_the_word_skip_is_no_answer() -> None:
    assert target(step("q", "ask", on={"yes": "a", "no": "b", "skip": "c"}), "skip") is None


def test_the_options_that_are_named_are_those_of_the_step() -> None:
    prompts = {
        options_prompt(Step("q", "ask", "sender", "answer", "x", on=on))
        for on in ({"yes": "a", "no": "a", "partly": "a"}, {"yes": "a", "no": "a"}, {"choice:a": "a"})
    }
    assert prompts == {"guide.answer_options", "guide.by_key", "guide.by_key_choice"}


# ------------------------------------------------------------------ recognisers that understand less


def test_without_words_the_first_voice_asks_and_the_second_is_told_the_keys() -> None:
    table = at_the_check_without_words()
    table.says(None, None, seconds=1.5)
    assert table.phase is Phase.LISTENING
    assert table.window is not None
    table.says(None, None, seconds=0.8)
    assert table.prompts[-1] == "guide.by_key"
    table.key("y")
    assert table.step == "more"


def at_the_check_without_words(words: str = "nothing") -> Table:
    table = Table(words=words)  # type: ignore[arg-type]
    table.guide_finishes().key("y").guide_finishes()
    table.says(ANA, None)
    table.says(BEN, None)
    assert table.step == "check"
    return table


@pytest.mark.parametrize("words", ["nothing", "answers"])
def test_without_free_words_a_long_answer_to_is_there_more_is_the_next_piece(words: str) -> None:
    table = at_the_check_without_words(words)
    table.key("y")
    assert table.step == "more"
    table.says(ANA, None, seconds=9.0)
    assert (table.step, table.replies[-1]) == ("mirror", "talk")


@pytest.mark.parametrize("words", ["nothing", "answers"])
def test_without_free_words_the_receiver_talking_on_is_no_next_piece(words: str) -> None:
    table = at_the_check_without_words(words)
    table.key("y")
    table.says(BEN, None, seconds=9.0)
    assert table.step == "more"


@pytest.mark.parametrize(
    ("answer", "confirmed", "leads_to"),
    [("Yes.", "guide.heard_yes", "more"), ("No.", "guide.heard_no", "fix"), ("Partly.", "guide.heard_partly", "fix")],
)
def test_an_answer_that_is_not_quite_sure_is_said_back_in_passing(answer: str, confirmed: str, leads_to: str) -> None:
    table = at_the_check_without_words("answers")
    table.says(ANA, answer, confidence=0.7)
    assert (table.step, table.prompts[-1]) == (leads_to, confirmed)
    table.guide_finishes()
    if leads_to == "more":  # the receiver still has the chance to ask
        assert table.phase is Phase.GRACE
    else:
        assert table.prompts[-2:] == ["mirror.fix", "guide.stem"] or table.prompts[-1] == "mirror.fix"


def test_what_was_understood_is_not_said_back_when_it_is_sure_or_the_words_are_free() -> None:
    sure = at_the_check_without_words("answers")
    sure.says(ANA, "Yes.", confidence=0.9)
    free = at_the_check()
    free.says(ANA, "Yes.", confidence=0.7)
    by_key = at_the_check_without_words("answers")
    by_key.key("y")
    for table in (sure, free, by_key):
        assert table.step == "more"
        assert "guide.heard_yes" not in table.prompts


def test_an_answer_said_back_can_be_taken_back() -> None:
    table = at_the_check_without_words("answers")
    table.says(ANA, "Yes.", confidence=0.7)
    table.key("b").guide_finishes()
    assert (table.step, table.actor) == ("thing", "Ana")


@pytest.mark.parametrize(
    ("words", "notice"),
    [("nothing", "guide.no_recogniser"), ("answers", "guide.answers_only"), ("speech", None)],
)
def test_the_greeting_says_what_the_guide_cannot_understand_today(words: str, notice: str | None) -> None:
    table = Table(words=words, greeting=True)  # type: ignore[arg-type]
    table.guide_finishes()
    expected = ["guide.hello", "guide.limits", *([notice] if notice else [])]
    assert table.prompts[: len(expected)] == expected
    assert table.prompts[len(expected)] == "appreciation.invite"
