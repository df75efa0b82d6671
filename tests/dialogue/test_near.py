"""Likeness of letters and sounds, phrases with gaps, and what may never be forgiven."""

from __future__ import annotations

import pytest

from voice_imago.dialogue.near import Near
from voice_imago.dialogue.phrases import GAP, Phrases, folded, phrase_words, plain_words

ENGLISH = Near(sounds=True, turning_parts=("nt", "un", "in", "not"))
TURKISH = Near(sounds=False, turning_parts=("m", "me", "ma"))


@pytest.mark.parametrize(
    ("said", "phrase", "edits"),
    [
        ("notquite", "notquite", 0),
        ("notquiet", "notquite", 1),
        ("partly", "party", 1),
        ("yes", "yet", None),  # short words are taken as they are
        ("no", "now", None),
        ("thatsawl", "thatsall", 1),
        ("egzactly", "exactly", 2),  # the same sound
        ("thatsrude", "thatsright", None),
        ("definately", "definitely", 1),
        ("correct", "incorrect", None),  # the difference turns it round
        ("youdidgetit", "youdidntgetit", None),
        ("anythingelsethen", "anythingelsewhen", 1),
    ],
)
def test_how_far_two_texts_are_apart(said: str, phrase: str, edits: int | None) -> None:
    assert ENGLISH.apart(said, phrase) == edits
    assert ENGLISH.apart(phrase, said) == edits


def test_a_negating_syllable_is_never_forgiven() -> None:
    assert TURKISH.apart("biliyorum", "bilmiyorum") is None
    assert TURKISH.apart("bilyorum", "biliyorum") == 1
    assert TURKISH.apart("sekizz", "sekiz") == 1


def test_only_the_nearest_meaning_is_found_and_only_if_it_stands_alone() -> None:
    phrases = [(("you", "did", "get", "it"), "yes"), (("you", "didnt", "get", "it"), "no"), (("mostly",), "partly")]

    assert ENGLISH.nearest(("you", "didn", "get", "it"), phrases) is None
    assert ENGLISH.nearest(("mostley",), phrases) == "partly"
    assert ENGLISH.nearest(("ghostly",), phrases) is None
    assert ENGLISH.nearest(("breakfast",), phrases) is None
    assert ENGLISH.nearest((), phrases) is None


@pytest.mark.parametrize(("one", "other", "alike"), [("katherine", "catheryn", True), ("no", "know", False)])
def test_sounds_are_likened_by_their_code_if_it_says_enough(one: str, other: str, alike: bool) -> None:
    assert ENGLISH.same_sound(one, other) is alike
    assert not TURKISH.same_sound(one, other)
    assert not ENGLISH.same_sound("ça", "sa")


def test_a_gap_holds_up_to_three_words_but_no_negation() -> None:
    phrases = Phrases([("stop", [phrase_words("hören … auf")]), ("more", [("noch",)])], {"nicht"})

    def found(text: str) -> list[tuple[str, int, int]]:
        return [(one.label, one.start, one.end) for one in phrases.find(plain_words(text))]

    assert phrase_words("hören … auf") == ("hören", GAP, "auf")
    assert found("Hören wir für heute auf.") == [("stop", 0, 5)]
    assert found("hören auf") == [("stop", 0, 2)]
    assert found("Hören wir noch lange nicht auf") == [("more", 2, 3)]
    assert found("Hören wir nun aber wirklich mal auf") == []
    assert found("hören") == []
    assert phrases.label(plain_words("Hören wir auf")) == "stop"
    assert phrases.label(plain_words("Hören wir auf jetzt")) is None


def test_words_are_made_small_as_their_language_does_it() -> None:
    assert plain_words("İYİ, IŞIK", dotless=True) == ("iyi", "ışık")
    assert plain_words("İyi") == ("iyi",)
    assert plain_words("C’EST ÇA, j'ai") == ("cest", "ça", "jai")
    assert plain_words("cafe\u0301 Straße") == ("café", "strasse")
    assert [folded(word) for word in ("café", "hayır", "straße", "ağır", "niño")] == [
        "cafe", "hayir", "straße", "agir", "nino",
    ]  # fmt: skip
