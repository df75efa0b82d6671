"""How much of a piece came back: content words, stems, and what a recogniser gets wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.driver import real_script
from voice_imago.dialogue.mirror import MirrorCheck


@pytest.fixture(scope="module")
def mirror() -> MirrorCheck:
    language = real_script().languages["en"]
    return MirrorCheck("en", language.replies["function_words"])


@pytest.mark.parametrize(
    ("sent", "mirrored", "recall"),
    [
        ("I was angry when you came home late.", "You were angry when I came home late.", 1.0),
        ("I loved how you cooked dinner on Friday.", "You love that I was cooking on Friday evening, a dinner.", 1.0),
        ("The kitchen was cold and nobody had lit the stove.", "The kitchen was cold.", 0.4),
        ("I need a hug in the morning.", "But I always help you with the dishes!", 0.0),
        ("You fixed my bicycle before the journey.", "I fixed your bycicle.", 0.67),
        ("You are so lonely.", "I am so lovely.", 0.0),
    ],
)
def test_recall_is_the_share_of_content_words_that_came_back(
    mirror: MirrorCheck, sent: str, mirrored: str, recall: float
) -> None:
    assert mirror.recall(sent, mirrored) == pytest.approx(recall, abs=0.01)


def test_where_no_content_was_sent_nothing_can_be_missing(mirror: MirrorCheck) -> None:
    assert mirror.recall("Well, I, you know, it is like that.", "Yes.") is None
    assert mirror.recall("", "What?") is None


def test_short_words_are_not_taken_for_each_other(mirror: MirrorCheck) -> None:
    assert mirror.recall("The cat.", "The car.") == 0.0


def test_other_languages_have_their_own_stems() -> None:
    german = MirrorCheck("de", ("du", "ich", "hast", "habe", "für", "uns"))
    assert german.recall("Du hast für uns gekocht.", "Ich habe für uns gekocht.") == 1.0
    assert MirrorCheck("xx").recall("Eins zwei", "zwei eins") == 1.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_recall_is_a_share_and_a_word_for_word_mirror_is_whole(sent: str, other: str) -> None:
    check = MirrorCheck("en", ("a", "the"))
    recall = check.recall(sent, other)
    assert recall is None or 0.0 <= recall <= 1.0
    assert check.recall(sent, sent) in (None, 1.0)
