"""The first words: typed without looking, each language in its own words, and nobody is caught in a loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest

from voice_imago.dialogue.script import load_script
from voice_imago.errors import UsageError
from voice_imago.runtime.first_words import Devices, first_words, in_order
from voice_imago.settings import Settings

SCRIPT = load_script()
ONE_OF_EACH, USUAL = Devices(), Settings()
EVERYTHING = ("language", "address", "ways", "loudspeaker", "microphone", "names")


class Keyboard:
    """first_words.Console: what is told is noted, what is typed was set by a test."""

    mute: Literal["", "voice", "text"] = ""

    def __init__(self, *lines: str, hasty: int = 0) -> None:
        self.lines = list(lines)
        self.told: list[tuple[str, str, str]] = []
        """Line, language, loudspeaker."""
        self.hasty = hasty
        """Lines after which somebody has typed, without waiting for the rest."""

    def tell(self, line: str, language: str, output: str = "") -> None:
        self.told.append((line, language, output))

    def typed(self) -> str | None:
        return self.lines.pop(0) if self.lines else None

    def waiting(self) -> bool:
        return bool(self.hasty) and len(self.told) >= self.hasty

    @property
    def said(self) -> list[str]:
        return [line for line, _, _ in self.told]


def talk(
    keyboard: Keyboard, *asked: str, devices: Devices = ONE_OF_EACH, settings: Settings = USUAL, home: str = "en"
) -> Settings:
    return first_words(SCRIPT, settings, asked, keyboard, devices, home=home)  # type: ignore[arg-type]


def test_everything_is_asked_in_turn_and_the_names_are_said_back() -> None:
    keyboard = Keyboard("1", "1", "Ana", "Ben", "")
    got = talk(keyboard, *EVERYTHING)
    assert (got.language, got.mute, got.partners) == ("en", "", ("Ana", "Ben"))
    assert keyboard.said[-1].startswith("Ana and Ben.")
    assert keyboard.lines == []


def test_each_language_is_offered_in_its_own_words_and_spoken_as_itself() -> None:
    keyboard = Keyboard("3")
    assert talk(keyboard, "language", home="de").language == in_order(SCRIPT, "de")[2].code
    assert [language for _, language, _ in keyboard.told] == ["de", "en", "es", "fr", "nl", "tr"]
    assert "Deutsch die 1" in keyboard.said[0]
    assert "Español".casefold() in keyboard.said[2].casefold()


def test_who_has_typed_does_not_hear_the_list_to_its_end() -> None:
    keyboard = Keyboard("2", hasty=2)
    assert talk(keyboard, "language").language == "de"
    assert len(keyboard.told) == 2


def test_what_follows_is_in_the_chosen_language() -> None:
    keyboard = Keyboard("2", "", "", "Ana", "Ben", "")
    talk(keyboard, "language", "address", "ways", "names")
    assert {language for _, language, _ in keyboard.told[6:]} == {"de"}
    assert keyboard.said[-1].startswith("Ana und Ben.")


@pytest.mark.parametrize(("typed", "before", "formal"), [("1", True, False), ("2", False, True), ("", True, True)])
@pytest.mark.parametrize("language", ["de", "es", "fr", "nl", "tr"])
def test_a_language_with_two_ways_to_address_the_couple_asks_for_one(
    language: str, typed: str, before: bool, formal: bool
) -> None:
    keyboard = Keyboard(typed)
    assert talk(keyboard, "address", settings=Settings(language=language, formal=before)).formal is formal
    assert len(keyboard.told) == 1


def test_english_has_one_way_and_does_not_ask() -> None:
    keyboard = Keyboard("2")
    assert talk(keyboard, "address", settings=Settings(language="en")) == Settings(language="en")
    assert (keyboard.told, keyboard.lines) == ([], ["2"])


@pytest.mark.parametrize(("typed", "mute"), [("1", ""), ("2", "voice"), ("3", "text"), ("", ""), (" 2 ", "voice")])
def test_how_the_guide_reaches_the_couple_holds_at_once(typed: str, mute: str) -> None:
    keyboard = Keyboard(typed)
    assert talk(keyboard, "ways").mute == keyboard.mute == mute


def test_a_wrong_number_is_asked_again_and_then_things_stay_as_they_were() -> None:
    keyboard = Keyboard("9", "two", "0")
    assert talk(keyboard, "ways", settings=Settings(mute="text")).mute == "text"
    assert keyboard.said[1:] == ["A number from one to 3, please, then Enter."] * 3


def test_each_loudspeaker_says_its_own_number() -> None:
    keyboard = Keyboard("2")
    devices = Devices(("Built-in", "Headset"), ())
    assert talk(keyboard, "loudspeaker", devices=devices).output == "Headset"
    assert [output for _, _, output in keyboard.told] == ["Built-in", "Headset"]
    assert ["loudspeaker 1" in keyboard.said[0], "loudspeaker 2" in keyboard.said[1]] == [True, True]


@pytest.mark.parametrize("names", [(), ("Only one",)])
def test_where_there_is_nothing_to_choose_nothing_is_asked(names: Sequence[str]) -> None:
    keyboard = Keyboard("1")
    assert talk(keyboard, "loudspeaker", "microphone", devices=Devices(names, names)) == Settings()
    assert keyboard.told == []


def test_a_microphone_is_chosen_by_number_and_who_reads_is_asked_for_no_loudspeaker() -> None:
    keyboard = Keyboard("2")
    devices = Devices(("A", "B"), ("Built-in", "Headset"))
    got = talk(keyboard, "loudspeaker", "microphone", devices=devices, settings=Settings(mute="voice"))
    assert (got.input, got.output) == ("Headset", "")
    assert keyboard.said[:2] == ["Microphone 1: Built-in.", "Microphone 2: Headset."]


def test_names_can_be_typed_again() -> None:
    keyboard = Keyboard("Anna", "Ben", "n", "Ana", "Ben", "")
    assert talk(keyboard, "names").partners == ("Ana", "Ben")


def test_known_names_are_only_said_back() -> None:
    known = Settings(partners=("Ana", "Ben"))
    keyboard = Keyboard("")
    assert talk(keyboard, "names", settings=known).partners == ("Ana", "Ben")
    assert len(keyboard.told) == 1
    assert talk(Keyboard("n", "Cem", "Dana", ""), "names", settings=known).partners == ("Cem", "Dana")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ('Ana "Anni" O\'Neil', 'Ana "Anni" O\'Neil'),
        ("Ana 🌻", "Ana 🌻"),
        ("שרה", "שרה"),
        ("  Ana\t Maria ", "Ana Maria"),
        ("Ana\u202eneB", "AnaneB"),
        ("{actor}", "{actor}"),
    ],
)
def test_a_name_is_what_was_typed_without_what_nobody_sees(typed: str, name: str) -> None:
    keyboard = Keyboard(typed, "Ben", "")
    assert talk(keyboard, "names").partners == (name, "Ben")
    assert name in keyboard.said[-1]


@pytest.mark.parametrize("typed", ["", "7", "🌻", "?!", "a" * 200, "\u200f"])
def test_what_is_no_name_gets_one_sentence_and_another_try(typed: str) -> None:
    keyboard = Keyboard(typed, "Ana", "Ben", "")
    assert talk(keyboard, "names").partners == ("Ana", "Ben")
    assert keyboard.said[1] == "I can't say that as a name. Letters, please, forty at most."


def test_two_equal_names_are_asked_apart() -> None:
    keyboard = Keyboard("Ana", "ANA", "Ana B", "")
    assert talk(keyboard, "names").partners == ("Ana", "Ana B")
    assert "Both names are the same. Add a letter or a nickname." in keyboard.said


@pytest.mark.parametrize("lines", [(), ("Ana",), ("7", "8", "9"), ("Ana", "Ana", "ana", "ANA"), ("A", "B", "n") * 3])
def test_without_names_it_ends_in_one_sentence(lines: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as raised:
        talk(Keyboard(*lines), "names")
    assert raised.value.hint
    assert len(str(raised.value)) < 150


def test_a_name_of_two_hundred_letters_is_not_repeated_in_full() -> None:
    with pytest.raises(UsageError) as raised:
        talk(Keyboard(*["a" * 200] * 3), "names")
    assert len(str(raised.value)) < 120


def test_the_computers_language_comes_first_and_an_unknown_one_changes_nothing() -> None:
    assert [language.code for language in in_order(SCRIPT, "tr")] == ["tr", "en", "de", "es", "fr", "nl"]
    assert [language.code for language in in_order(SCRIPT, "xx")] == ["en", "de", "es", "fr", "nl", "tr"]
