"""Which voice is the best one that is installed, what a name means, and who speaks where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from voice_imago.dialogue.script import load_script
from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.voice_shelf import HouseVoice, Shelf, fill_shelf, full_name, in_order
from voice_imago.errors import UsageError, VoiceError
from voice_imago.runtime import guide_voice
from voice_imago.runtime.guide_voice import check_voice, no_voice_sentence


class Engine:
    """Says which voice it spoke with."""

    def __init__(self, name: str, voices: Sequence[str], *, languages: dict[str, str] | None = None) -> None:
        self.name, self._voices, self.languages = name, voices, languages or {}
        self.failing = ""
        self.spoke: list[str] = []
        self.closed = False

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        if self.failing:
            raise VoiceError(self.failing)
        if settings.voice and settings.voice not in self._voices:
            raise VoiceError(f"There is no voice '{settings.voice}'.")
        self.spoke.append(settings.voice)
        target.write_text(self.name)

    def voices(self) -> Sequence[str]:
        if self.failing:
            raise VoiceError(self.failing)
        return self._voices

    def language(self, voice: str) -> str:
        return self.languages.get(voice, "")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def engines() -> dict[str, Engine]:
    return {
        "piper": Engine("piper 1", ("nice", "schoen"), languages={"nice": "en", "schoen": "de"}),
        "flite": Engine("flite 2", ("rms", "slt")),
        "pyttsx3": Engine("pyttsx3 3", ("en-gb", "en-us", "de")),
        "espeak": Engine("espeak 4", ("en-gb", "en-us", "de")),
    }


WANTED = {"en": ("Samantha", "en-us", "en-gb"), "de": ("Anna", "de"), "tr": ("Yelda", "tr")}


def shelf(engines: dict[str, Engine], language: str = "en") -> Shelf:
    return fill_shelf(engines, language, WANTED[language])


def test_the_best_engine_comes_first_and_each_voice_belongs_to_its_language(engines: dict[str, Engine]) -> None:
    assert shelf(engines).names == ("piper:nice", "flite:rms", "flite:slt", "pyttsx3:en-us", "pyttsx3:en-gb")
    assert shelf(engines, "de").names == ("piper:schoen", "pyttsx3:de")


def test_a_language_without_a_voice_is_missing_unless_an_engine_could_not_be_asked(engines: dict[str, Engine]) -> None:
    assert shelf(engines, "tr").missing
    engines["pyttsx3"].failing = "It hangs."
    assert not shelf(engines, "tr").missing
    assert shelf(engines, "tr").troubles == ("It hangs.",)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("flite:slt", "flite:slt"),
        ("SLT", "flite:slt"),
        ("en-us+f3", "pyttsx3:en-us+f3"),
        ("pyttsx3:de", "pyttsx3:de"),
        ("de", "pyttsx3:de"),
        ("slt+f3", None),
        ("flite:nobody", None),
        ("http://example.org/voice", None),
        ("", None),
    ],
)
def test_a_name_means_a_voice_that_is_here_or_none(engines: dict[str, Engine], wanted: str, found: str | None) -> None:
    assert shelf(engines).find(wanted) == found


def test_another_voice_goes_round(engines: dict[str, Engine]) -> None:
    here = shelf(engines)
    seen, name = [], here.names[0]
    for _ in here.names:
        name = here.after(name) or ""
        seen.append(name)
    assert seen == [*here.names[1:], here.names[0]]
    assert here.after("somebody who is gone") == here.names[0]
    assert Shelf(("only",)).after("only") is None


def test_part_of_a_name_is_enough_but_not_of_a_code() -> None:
    windows = ("Microsoft Hazel Desktop", "Microsoft Zira Desktop")
    assert in_order(windows, ("Zira", "Hazel", "en")) == ["Microsoft Zira Desktop", "Microsoft Hazel Desktop"]
    assert in_order(("deluxe", "de-at"), ("de",)) == []


def test_an_engine_that_is_not_here_is_part_of_the_name() -> None:
    assert full_name("piper:x", ("flite",)) == ("", "piper:x")
    assert full_name("flite:rms", ("flite",)) == ("flite", "rms")


def test_where_a_voice_fails_the_best_of_the_others_speaks(engines: dict[str, Engine], tmp_path: Path) -> None:
    told = []
    house = HouseVoice(engines, shelf(engines), told.append)
    engines["flite"].failing = "flite is upset."
    house.render("Hello.", VoiceSettings("flite:slt"), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_text() == "pyttsx3 3"
    assert engines["pyttsx3"].spoke == ["en-us"]
    assert [failure.message for failure in told] == ["flite is upset."]
    engines["pyttsx3"].failing = "No."
    house.render("Hello.", VoiceSettings("flite:slt"), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_text() == "espeak 4"
    engines["espeak"].failing = "No."
    house.render("Hello.", VoiceSettings("flite:slt"), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_text() == "piper 1"


def test_a_listed_voice_that_is_gone_costs_a_sentence_and_no_prompt(engines: dict[str, Engine], tmp_path: Path) -> None:
    house = HouseVoice(engines, shelf(engines))
    house.render("Hello.", VoiceSettings("flite:gone"), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").exists()
    assert house.failures[0].message == "There is no voice 'gone'."


def test_the_house_closes_all(engines: dict[str, Engine]) -> None:
    HouseVoice(engines).close()
    assert all(engine.closed for engine in engines.values())


# ------------------------------------------------------------------ the guide's choice


def test_a_voice_that_was_asked_for_has_to_be_here(engines: dict[str, Engine]) -> None:
    with pytest.raises(UsageError) as caught:
        check_voice(shelf(engines), "flite:nobody", asked=True, language="English")
    assert caught.value.message == "The voice 'flite:nobody' is not installed here."
    assert "flite:slt" in caught.value.hint


def test_a_kept_voice_that_has_gone_is_told_and_replaced(
    engines: dict[str, Engine], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_voice(shelf(engines), "flite:gone", asked=False, language="English") == "piper:nice"
    assert capsys.readouterr().err == "The voice 'flite:gone' is not installed here. I take another one.\n"


def test_without_a_voice_for_the_language_there_is_one_sentence() -> None:
    assert check_voice(Shelf(()), "", asked=False, language="Turkish") == ""
    sentence = no_voice_sentence("Turkish")
    assert sentence.startswith("No voice for Turkish is installed")
    assert "\n" not in sentence


def test_a_voice_that_was_kept_from_an_evening_in_another_language_is_left_alone(
    engines: dict[str, Engine], capsys: pytest.CaptureFixture[str]
) -> None:
    engines["pyttsx3"]._voices = ("en-gb", "en-us", "en-gb-scotland", "de", "Alex")
    german, english = shelf(engines, "de"), shelf(engines)
    for kept in ("flite:slt", "piper:nice", "pyttsx3:en-us", "en-us+f3"):
        assert check_voice(german, kept, asked=False, language="German") == "piper:schoen"
        assert check_voice(german, kept, asked=True, language="German") == german.find(kept)
    assert check_voice(english, "en-gb-scotland", asked=False, language="English") == "pyttsx3:en-gb-scotland"
    assert check_voice(english, "Alex", asked=False, language="English") == "pyttsx3:Alex", (
        "nobody knows what it speaks"
    )
    assert capsys.readouterr().err == ""


def test_an_only_voice_of_espeak_has_variants_so_that_there_is_another_one(engines: dict[str, Engine]) -> None:
    del engines["piper"]
    german = shelf(engines, "de")
    assert german.names == ("pyttsx3:de", "pyttsx3:de+m3", "pyttsx3:de+f3")
    assert german.find("pyttsx3:de+f3") == german.after("pyttsx3:de+m3") == "pyttsx3:de+f3"
    engines["pyttsx3"]._voices = ("Anna",)
    assert shelf(engines, "de").names == ("pyttsx3:Anna",), "what has no variants"


def test_a_voice_that_does_not_work_is_told_once_and_another_one_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engines: dict[str, Engine]
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(guide_voice, "own_engines", lambda: engines)
    house = guide_voice.make_voice(load_script(), "en", on_fault=lambda code, sentence: told.append((code, sentence)))
    engines["flite"].failing = "The voice rms cannot be used: it is damaged."
    for number in range(3):
        house.render("Go on.", VoiceSettings("flite:rms"), tmp_path / f"{number}.wav")
    assert told == [("other_voice", "The voice rms cannot be used: it is damaged. Another voice speaks in its place.")]
    engines["pyttsx3"].failing = "It hangs."
    house.render("Go on.", VoiceSettings("pyttsx3:en-us"), tmp_path / "same.wav")
    assert (tmp_path / "same.wav").read_text() == "espeak 4"
    assert len(told) == 1, "eSpeak NG says the same"
