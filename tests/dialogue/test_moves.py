"""The facilitator's moves that need words, and those that go by time where no words are understood (domain §1.6)."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, Table, real_script
from voice_imago.dialogue.mirror import MirrorCheck
from voice_imago.dialogue.openings import Openings, Sent
from voice_imago.dialogue.script import load_script
from voice_imago.dialogue.state import Phase
from voice_imago.events import Intervention, Mirrored

PIECE = "I was sad when the door was locked on Sunday evening."


def at_the_mirror(**more: object) -> Table:
    table = Table(**more).goes_to("thing")  # type: ignore[arg-type]
    table.says(ANA, PIECE, seconds=4.0)
    return table.guide_finishes()


def interventions(table: Table) -> list[tuple[str, int]]:
    return [(fact.kind, fact.rung) for fact in table.published(Intervention)]


# ------------------------------------------------------------------ what the words of a mirror tell


@pytest.fixture(scope="module")
def openings() -> Openings:
    lists = load_script().languages["en"].replies
    return Openings(lists, MirrorCheck("en", lists["function_words"]))


@pytest.mark.parametrize(
    ("said", "deviation"),
    [
        ("What I hear you say is that you were sad when the door was locked on Sunday.", None),
        ("You were sad. The door was locked on Sunday evening.", None),
        ("You were sad.", None),
        ("No, wait. What I hear you say is that you were sad.", None),
        ("But you were sad because the door was locked on Sunday evening?", None),
        ("Um, well, the door, Sunday, you were sad.", None),
        ("Mm.", None),
        ("No.", None),
        ("But I had told you that I would be late!", "rebuts"),
        ("Well, actually, that's not true.", "rebuts"),
        ("That's not fair, I never did that.", "rebuts"),
        ("Yes, but you always forget your key.", "rebuts"),
        ("I just wanted to have some rest, and I'm sorry.", "adds"),
        ("I'm sorry. I forgot it, I was so tired.", "adds"),
        ("For me it was different, I waited for you.", "adds"),
        ("Why didn't you call me?", "asks"),
        ("Did you have your phone with you?", "asks"),
        ("How was I to know that?", "asks"),
        ("Did I get that?", None),
        ("Is there more?", None),
        ("You say you were sad, and " + "then I went on and on about my own day at work " * 4, "adds"),
    ],
)
def test_what_a_listener_does_instead_of_mirroring(openings: Openings, said: str, deviation: str | None) -> None:
    assert openings.deviation(said, Sent(1, 4.0, PIECE)) == deviation


def test_without_the_words_of_the_piece_only_a_clear_rebuttal_counts(openings: Openings) -> None:
    sent = Sent(1, 4.0, None)
    assert openings.deviation("But I had told you so!", sent) == "rebuts"
    assert openings.deviation("I just wanted some rest.", sent) is None
    assert openings.deviation("No.", sent) is None


@pytest.mark.parametrize(("speech_s", "too_long"), [(4.0, False), (19.0, False), (21.0, True)])
def test_by_time_alone_only_a_far_longer_turn_counts(openings: Openings, speech_s: float, too_long: bool) -> None:
    assert openings.too_long(speech_s, Sent(1, 4.0)) is too_long


# ------------------------------------------------------------------ moves


def test_the_rungs_are_a_cue_a_sentence_and_a_choice_and_the_step_stays() -> None:
    table = at_the_mirror()
    said = []
    for _ in range(3):
        table.says(BEN, "But I had told you that I would be late!")
        said.append(table.last)
        assert table.step == "mirror" or table.where[-1][0] == "mirror"
        table.guide_finishes().waits(21)
    assert said[:2] == ["Ben, mirror first.", "Ben, your turn to answer comes. For now: What I hear you say is…"]
    assert interventions(table) == [("rebuts", 1), ("rebuts", 2), ("rebuts", 3)]


def test_a_mirror_after_a_move_goes_on_as_if_nothing_had_been() -> None:
    table = at_the_mirror()
    table.says(BEN, "Why didn't you call me?")
    assert table.last == "Ben, mirror, then: is there more?"
    table.says(BEN, "You were sad when the door was locked.")
    assert table.guide_finishes().step == "check"


def test_at_most_one_move_in_twenty_seconds_and_then_the_turn_counts() -> None:
    table = at_the_mirror()
    table.says(BEN, "But I had told you that I would be late!")
    table.says(BEN, "But I had told you that I would be late!")
    assert table.step == "check"
    assert interventions(table) == [("rebuts", 1)]


def test_the_next_step_begins_with_a_cue_again() -> None:
    table = at_the_mirror()
    table.says(BEN, "But I had told you so, did I not?")
    table.says(BEN, "You were sad when the door was locked.")
    table.says(ANA, "Yes, you got it.")
    table.says(ANA, "Yes, there is more.").guide_finishes() if False else table.says(ANA, "Yes, there is more.")
    table.guide_finishes().waits(21)
    table.says(ANA, "And the light was broken.")
    table.guide_finishes()
    table.says(BEN, "But I repaired it on Monday!")
    assert interventions(table) == [("rebuts", 1), ("rebuts", 1)]


def test_words_that_come_late_take_the_turn_back_while_nothing_has_followed() -> None:
    table = at_the_mirror()
    turn = table.says(BEN, None)
    assert table.step == "check"
    table.words_come(turn, BEN, "But I had told you that I would be late!")
    assert (table.step, table.last) == ("mirror", "Ben, mirror first.")


def test_words_that_come_after_the_answer_change_nothing() -> None:
    table = at_the_mirror()
    turn = table.says(BEN, None)
    table.says(ANA, "Yes, you got it.")
    table.words_come(turn, BEN, "But I had told you that I would be late!")
    assert table.step == "more"
    assert interventions(table) == []


def test_without_words_a_far_longer_mirror_is_led_back_by_time() -> None:
    table = Table(words="nothing").goes_to("thing")
    table.says(ANA, None, seconds=4.0)
    table.guide_finishes()
    table.says(BEN, None, seconds=25.0)
    assert (table.step, table.last) == ("mirror", "Ben, only Ana's words.")


def test_no_culprit_is_named() -> None:
    for prompt in real_script().languages["en"].prompts.values():
        for word in (
            "wrong",
            "you should",
            "you must",
            "stop interrupting",
            "don't interrupt",
            "you always",
            "you never",
        ):
            assert word not in f" {prompt.first.lower()} ", prompt.key


@pytest.mark.parametrize("words", ["It's too much.", "I can't.", "I'm overwhelmed, I need some air."])
def test_too_much_is_answered_with_the_offer_of_a_time_out_which_may_be_declined(words: str) -> None:
    table = Table().goes_to("thing")
    table.says(ANA, words)
    assert table.guide_finishes().where[-1] == ("flooded", "offer")
    table.says(BEN, "No.")
    table.guide_finishes()
    assert (table.where, table.phase) == ((("appreciation", "thing"),), Phase.LISTENING)


def test_tears_have_no_hurry_and_the_step_stays() -> None:
    table = Table().goes_to("thing")
    table.says(ANA, "Sorry, I'm crying.")
    assert table.last == "No hurry. Pause if you like, or stay as you are."
    table.says(ANA, "Your breakfast on Sunday.")
    assert table.guide_finishes().step == "mirror"


# ------------------------------------------------------------------ how much came back


def test_how_much_of_a_piece_came_back_is_noted_and_never_said() -> None:
    table = at_the_mirror()
    said = len(table.said)
    table.says(BEN, "You were sad, the door was locked on Sunday.")
    (mirrored,) = table.published(Mirrored)
    assert mirrored.recall == pytest.approx(0.8)
    assert not any(character.isdigit() for line in table.said[said:] for character in line.text)


def test_late_words_of_the_piece_or_of_the_mirror_are_compared_when_both_are_there() -> None:
    table = Table().goes_to("thing")
    piece = table.says(ANA, None)
    mirror = table.says(BEN, None)
    table.words_come(mirror, BEN, "You were sad.")
    assert table.published(Mirrored) == []
    table.words_come(piece, ANA, PIECE)
    assert [(fact.turn, fact.of) for fact in table.published(Mirrored)] == [(mirror, piece)]
