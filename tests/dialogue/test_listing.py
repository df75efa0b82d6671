"""Spoken lists as the things that were named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.driver import real_script
from voice_imago.dialogue.listing import listed
from voice_imago.dialogue.slots import Slot, joined

LISTS = real_script().languages["en"].replies


@pytest.mark.parametrize(
    ("said", "things"),
    [
        ("Warm, funny and always there.", ("warm", "funny", "always there")),
        ("She was warm, and, um, she was strict.", ("warm", "strict")),
        ("He was patient. He could be very quiet.", ("patient", "quiet")),
        ("Well, I liked that she was brave", ("brave",)),
        ("my grandmother and my uncle Ben", ("my grandmother", "my uncle Ben")),
        ("Warm. Warm.", ("warm",)),
        ("Well, love, and love letters.", ("love", "love letters")),
        ("There is just being there, and thanks.", ("just being there", "thanks")),
        ("Um, and.", ()),
        ("", ()),
        ("the smell of bread", ("the smell of bread",)),
    ],
)
def test_what_leads_up_to_a_thing_is_left_out_and_its_words_stay(said: str, things: tuple[str, ...]) -> None:
    assert listed(said, LISTS) == things


@pytest.mark.parametrize(
    ("said", "things"),
    [
        ("Wärme und Humor.", ("Wärme", "Humor")),
        ("Sie waren warm, lustig und, äh, immer zu spät.", ("warm", "lustig", "immer zu spät")),
        ("Oma Inge und mein Vater.", ("Oma Inge", "mein Vater")),
        ("Dann habe ich mich versteckt.", ("mich versteckt",)),
    ],
)
def test_a_german_noun_keeps_its_capital(said: str, things: tuple[str, ...]) -> None:
    german = real_script().languages["de"]

    assert german.noun_capitals
    assert listed(said, german.replies, capitals=german.noun_capitals) == things


@pytest.mark.parametrize(
    ("said", "things"),
    [
        ("İlgili, neşeli ve hep yanımda.", ("ilgili", "neşeli", "hep yanımda")),
        ("Işıl ışıl. Onlar şöyleydi: sıcak, biraz sert.", ("ışıl ışıl", "sıcak", "biraz sert")),
        ("Hem sıcak hem şey, dağınık.", ("sıcak", "dağınık")),
        ("Anneannem ve babam.", ("anneannem", "babam")),
        ("En çok istediğim şuydu: biraz huzur.", ("biraz huzur",)),
    ],
)
def test_a_turkish_i_keeps_its_dot_or_its_want_of_one(said: str, things: tuple[str, ...]) -> None:
    turkish = real_script().languages["tr"]

    assert listed(said, turkish.replies, dotless=turkish.dotless_i) == things


@given(st.text(max_size=80))
def test_no_word_is_added(said: str) -> None:
    words = set(said.casefold().replace(",", " ").replace(".", " ").split())
    for thing in listed(said, LISTS):
        for word in thing.casefold().split():
            assert any(word in other or other in word for other in words)


def test_a_list_is_said_with_an_and_before_the_last() -> None:
    assert joined((), "and") == ""
    assert joined(("warm",), "and") == "warm"
    assert joined(("warm", "funny", "quiet"), "and") == "warm, funny and quiet"


def test_a_list_holds_each_thing_once_and_is_taken_from_the_front() -> None:
    slot = Slot("list").with_items("a", "b").with_items("b", "c")
    assert slot.items == ("a", "b", "c")
    first, rest = slot.next_item()
    assert first == Slot("words", "a")
    assert rest.items == ("b", "c")
    assert Slot("list").next_item() == (None, Slot("list"))
