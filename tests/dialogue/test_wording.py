"""Which form of a prompt somebody hears, and whose name is in it."""

from __future__ import annotations

import dataclasses

import pytest

from voice_imago.dialogue.script import Language, Prompt, load_script
from voice_imago.dialogue.wording import STEM_KEY, Wording

THING = "appreciation.thing"
ROLES = {"sender": "Ana", "receiver": "Ben", "actor": "Ana", "other": "Ben", "asker": "Ben"}


@pytest.fixture(scope="module")
def english() -> Language:
    return load_script().languages["en"]


@pytest.fixture
def wording(english: Language) -> Wording:
    return Wording(english, ("Ana", "Ben"))


def with_prompt(language: Language, prompt: Prompt) -> Language:
    return dataclasses.replace(language, prompts={**language.prompts, prompt.key: prompt})


def test_a_prompt_tapers_from_the_whole_to_a_cue(wording: Wording) -> None:
    heard = [wording.next_line(THING, ROLES, 0) for _ in range(5)]

    assert [line.form for line in heard] == ["first", "repeat", "cue", "cue", "cue"]
    assert len(heard[0].text) > len(heard[1].text) > len(heard[2].text)


def test_each_person_hears_a_prompt_for_the_first_time_once(wording: Wording) -> None:
    wording.next_line(THING, ROLES, 0)
    wording.next_line(THING, ROLES, 0)

    assert wording.next_line(THING, ROLES, 1).form == "first"
    assert wording.next_line(THING, ROLES, None).form == "first"
    assert wording.next_line("mirror.mirror", ROLES, 0).form == "first"


def test_an_answer_at_the_beginning_gets_the_capital_of_its_language(wording: Wording) -> None:
    turkish = Wording(load_script().languages["tr"], ("Ayşe", "Mert"))

    assert turkish.line("closing.noted", {**ROLES, "when": "iki hafta sonra"}, form="cue").text == "İki hafta sonra."
    assert turkish.line("closing.noted", {**ROLES, "when": "yarın sekizde"}, form="cue").text == "Yarın sekizde."
    assert wording.line("closing.noted", {**ROLES, "when": "in an hour"}, form="cue").text == "In an hour."


def test_after_an_error_the_whole_prompt_comes_back(wording: Wording) -> None:
    for _ in range(3):
        wording.next_line(THING, ROLES, 0)

    assert wording.next_line(THING, ROLES, 0, again=True).form == "first"
    assert wording.next_line(THING, ROLES, 0).form == "repeat"


def test_looking_ahead_does_not_count(wording: Wording) -> None:
    assert [wording.peek(THING, ROLES, 0).form for _ in range(3)] == ["first"] * 3
    assert wording.peek(THING, ROLES, 0) == wording.next_line(THING, ROLES, 0)
    assert wording.peek(THING, ROLES, 0) == wording.next_line(THING, ROLES, 0)


def test_what_was_heard_can_be_forgotten(wording: Wording) -> None:
    wording.next_line(THING, ROLES, 0)
    wording.next_line(THING, ROLES, 1)

    wording.forget(THING, 0)
    assert (wording.form(THING, 0), wording.form(THING, 1)) == ("first", "repeat")
    wording.forget(THING, 0)
    wording.reset()
    assert wording.form(THING, 1) == "first"


def test_what_was_heard_is_remembered_in_a_later_session(wording: Wording, english: Language) -> None:
    wording.next_line(THING, ROLES, 0)
    later = Wording(english, ("Ana", "Ben"))

    later.remember(wording.heard)

    assert later.form(THING, 0) == "repeat"
    assert later.form(THING, 1) == "first"


def test_names_stand_where_the_roles_are(wording: Wording) -> None:
    assert wording.text(THING, "repeat", ROLES) == "Ana, one thing you value."
    swapped = ROLES | {"sender": "Ben", "receiver": "Ana"}
    assert wording.text(THING, "repeat", swapped) == "Ben, one thing you value."


def test_a_name_with_a_bracket_in_it_does_no_harm(english: Language) -> None:
    wording = Wording(english, ("{receiver}", "B}{n %s \\1"))
    roles = {"sender": "{receiver}", "receiver": "B}{n %s \\1"}

    assert wording.text(THING, "repeat", roles) == "{receiver}, one thing you value."
    assert "B}{n %s \\1" in wording.text(THING, "first", roles)


def test_sender_and_receiver_are_known_without_roles(wording: Wording) -> None:
    assert wording.line("guide.hello", {}).text.startswith("Hello Ana, hello Ben.")


def test_more_values_can_be_filled_in(wording: Wording) -> None:
    roles = ROLES | {"number": "3", "count": "8", "title": wording.title(THING)}

    assert wording.line("guide.where", roles).text == "Step 3 of 8: the appreciation itself."


def test_a_stem_is_offered_as_a_beginning(wording: Wording) -> None:
    line = wording.stem(THING, ROLES)

    assert (line.key, line.text) == (STEM_KEY, "You could start: One thing I appreciate about you is…")
    assert wording.has_stem(THING)


def test_a_prompt_without_a_stem_offers_nothing(wording: Wording) -> None:
    assert not wording.has_stem("mirror.stuck")
    assert wording.stem("mirror.stuck", ROLES).text == ""


def test_a_stem_that_is_a_question_is_offered_as_one(wording: Wording) -> None:
    assert wording.stem("mirror.check", ROLES).text == "You could start: Did I get that?"


def test_a_stem_may_hold_a_name(english: Language) -> None:
    prompt = Prompt("x.y", "", "Say it.", "Say it.", "Say.", "Dear {other}, I")
    wording = Wording(with_prompt(english, prompt), ("Ana", "Ben"))

    assert wording.stem("x.y", ROLES).text == "You could start: Dear Ben, I…"


def test_a_question_that_was_asked_is_put_again_to_the_one_who_answers(wording: Wording) -> None:
    assert wording.text("mirror.check", "repeat", ROLES) == "Ben, ask: did I get that?"
    assert wording.question("mirror.check", ROLES).text == "Ana, did Ben get that?"
    assert wording.question("mirror.stuck", ROLES) == wording.line("mirror.stuck", ROLES, form="repeat")


def test_a_prompt_that_nobody_wrote_is_a_fault_of_the_program(wording: Wording) -> None:
    assert not wording.knows("guide.no_such_key")
    assert wording.knows("guide.hello")
    with pytest.raises(KeyError):
        wording.line("guide.no_such_key", ROLES)
    with pytest.raises(KeyError):
        wording.text("guide.where", "first", {"number": "1"})
