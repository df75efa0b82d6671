"""The word aid: off unless wished for; once in each pass, in the couples dialogue alone, and nobody is judged."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, Table, real_script
from tests.dialogue.following import mirrored, says
from voice_imago.dialogue.mirror import MirrorCheck
from voice_imago.dialogue.openings import Openings
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.word_aid import generalises
from voice_imago.events import Intervention

ALWAYS = "You always look at your phone while we eat."
ON = {"word_aid": Slot("yes")}


def telling(**options: object) -> Table:
    return Table("dialogue", **options).goes_to("tell")  # type: ignore[arg-type]


def offers(table: Table) -> int:
    return table.prompts.count("guide.try_when")


def test_without_it_always_is_a_piece_like_any_other() -> None:
    table = telling()
    table.says(ANA, ALWAYS)
    assert (table.guide_finishes().step, offers(table)) == ("mirror", 0)


def test_with_it_another_beginning_is_offered_and_the_next_words_are_the_piece() -> None:
    table = telling(slots=ON)
    table.says(ANA, ALWAYS)
    table.guide_finishes()
    assert (table.step, table.said[-1].text) == ("tell", "Ana, try: When that happens, I feel…")
    assert [(fact.kind, fact.for_) for fact in table.published(Intervention)] == [("generalises", ANA)]
    table.at += 60.0
    table.says(ANA, "You never look up.")
    assert (table.guide_finishes().step, offers(table)) == ("mirror", 1)


def test_it_is_offered_once_in_a_pass_also_in_later_pieces() -> None:
    table = telling(slots=ON)
    table.says(ANA, "The phone lies on the table.")
    table.guide_finishes()
    mirrored(table)
    says(table, "Yes, there is more.")
    table.at += 60.0
    table.says(ANA, ALWAYS)
    table.guide_finishes()
    assert (table.step, offers(table)) == ("next_piece", 1)
    table.at += 60.0
    table.says(ANA, ALWAYS)
    table.guide_finishes()
    assert (table.step, offers(table)) == ("mirror", 1)


def test_a_listener_who_says_always_mirrors() -> None:
    table = telling(slots=ON)
    table.says(ANA, "It lies there.")
    table.guide_finishes()
    table.at += 60.0
    table.says(BEN, "You always see it lie there.")
    table.guide_finishes()
    assert offers(table) == 0


def test_in_an_appreciation_always_is_fine() -> None:
    table = Table("appreciation", slots=ON).goes_to("thing")
    table.says(ANA, "You always make me laugh.")
    assert (table.guide_finishes().step, offers(table)) == ("mirror", 0)


@pytest.mark.parametrize("by", ["word", "key"])
def test_it_is_switched_on_and_off_by_word_and_by_key(by: str) -> None:
    table = telling()

    def switch() -> None:
        table.command("word_aid", "key" if by == "key" else ANA).guide_finishes()

    switch()
    assert "guide.word_aid" in table.prompts
    table.says(ANA, ALWAYS)
    table.guide_finishes()
    assert offers(table) == 1
    switch()
    assert "guide.word_aid_off" in table.prompts
    table.at += 60.0
    table.says(ANA, "You never look up.")
    assert (table.guide_finishes().step, offers(table)) == ("mirror", 1)


@pytest.mark.parametrize(
    ("language", "always", "fine"),
    [
        ("en", "Well, you never listen.", "I always wait for you."),
        ("en", "You are so cold.", "I think you are home late."),
        ("en", "Um, you are so cold.", "Um, I think you are home late."),
        ("de", "Du hörst nie zu.", "Ich warte immer auf dich."),
        ("es", "Tú nunca escuchas.", "Yo siempre te espero."),
        ("fr", "Tu ne m'écoutes jamais.", "Je t'attends toujours."),
        ("nl", "Je luistert nooit.", "Ik wacht altijd op je."),
        ("tr", "Sen hiç dinlemiyorsun.", "Ben seni hep beklerim."),
    ],
)
def test_each_language_knows_what_is_said_of_the_other_and_leaves_what_one_says_of_oneself(
    language: str, always: str, fine: str
) -> None:
    spoken = real_script().languages[language]
    openings = Openings(spoken.replies, MirrorCheck(language, spoken.replies.get("function_words", ())))
    replies = Replies(spoken)
    assert generalises(always, replies, openings)
    assert not generalises(fine, replies, openings)
