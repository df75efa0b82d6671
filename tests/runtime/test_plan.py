"""What a run was asked to do: names that can be spoken and printed, choices that are listed, settings that are kept."""

from __future__ import annotations

import os
import stat
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.dialogue.script import Script, load_script
from voice_imago.dialogue.wording import Wording
from voice_imago.errors import FileError, UsageError
from voice_imago.runtime.plan import check_dialogue, check_language, check_partners, check_scene
from voice_imago.settings import Settings, load_settings, save_settings


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["  Ana  Maria ", "Ben"], ("Ana Maria", "Ben")),
        (["Zoë", "Søren"], ("Zoë", "Søren")),
        (["Zoe\u0308", "Ben"], ("Zoë", "Ben")),
        (["{sender}", "B{0!r}"], ("{sender}", "B{0!r}")),
        (['A"na', "B'en\\"], ('A"na', "B'en\\")),
        (["Ana 🌻", "\u05d3\u05d5\u05d3"], ("Ana 🌻", "\u05d3\u05d5\u05d3")),
        (["\u202eAna\u202c", "Be\u200fn"], ("Ana", "Ben")),
        (["A\x1b[31mna", "Ben\x07"], ("A[31mna", "Ben")),
    ],
)
def test_names_are_kept_but_for_what_nobody_sees(given: list[str], kept: tuple[str, str]) -> None:
    assert check_partners(given) == kept


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["Ana"], "Two names are needed, 1 given."),
        (["Ana", ""], "'' cannot be spoken"),
        (["Ana", "🌻"], "cannot be spoken"),
        (["Ana", "\u202e"], "'' cannot be spoken"),
        (["Ana", "x" * 41], "cannot be spoken"),
        (["Ana", "\udcff"], "'' cannot be spoken"),
        (["Ana", "ANA\u200e"], "Both partners are called Ana."),
    ],
)
def test_names_that_cannot_be_spoken_are_refused(given: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_partners(given)
    assert sentence in str(refused.value)


@given(st.text(max_size=45), st.text(max_size=45))
def test_whatever_a_name_is_it_can_be_printed_and_written(first: str, second: str) -> None:
    try:
        names = check_partners([first, second])
    except UsageError:
        return
    for name in names:
        name.encode("utf-8")
        assert not set(name) & set(string.whitespace) - {" "}
        assert check_partners([name, "Somebody Else Entirely"])[0] == name


def test_a_name_with_braces_is_said_as_it_is(script: Script) -> None:
    wording = Wording(script.languages["en"], ("{receiver}", 'B"{0}"'))
    text = wording.text(
        "appreciation.invite", "first", {"actor": "{receiver}", "asker": "{receiver}", "other": 'B"{0}"'}
    )
    assert "{receiver}" in text


def test_a_wrong_choice_lists_the_choices(script: Script) -> None:
    with pytest.raises(UsageError, match=r"Did you mean appreciation\? Choose one of: .*dialogue"):
        check_dialogue(script, "apreciation")
    with pytest.raises(UsageError, match=r"There is no dialogue called 'mirror'"):
        check_dialogue(script, "mirror")
    with pytest.raises(UsageError, match=r"There is no language called 'xx'\. Choose one of: en"):
        check_language(script, "xx")


def test_a_language_that_is_not_ready_cannot_be_chosen(script: Script) -> None:
    only_english = {code: replace(one, offered=code == "en") for code, one in script.languages.items()}
    script = replace(script, languages=only_english)
    assert check_language(script, "en") == "en"
    for code, language in script.languages.items():
        if code != "en":
            with pytest.raises(UsageError, match=rf"{language.name} is not ready yet.* Choose one of: en\."):
                check_language(script, code)


def test_every_language_that_is_offered_can_be_chosen(script: Script) -> None:
    offered = [code for code, language in script.languages.items() if language.offered]
    assert {"en", "de"} <= set(offered)
    assert [check_language(script, code) for code in offered] == offered


def test_a_scene_may_begin_with_a_dialogue_or_with_a_part_of_one(script: Script) -> None:
    for name in ("dialogue", "voices", "follow_up", "session"):
        check_scene(script, name, ("room",))
    for name, prelude in (("mirror", ()), ("quarrel", ()), ("dialogue", ("follow_up",))):
        with pytest.raises(UsageError):
            check_scene(script, name, prelude)


SETTINGS = Settings(partners=('Zoë "Z" \\', "Be\x7fn 🌻"), voice="en-us+f3", rate_wpm=140, volume=0.5, tail_s=0.35)


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.toml"
    save_settings(SETTINGS, path)
    assert load_settings(path) == SETTINGS


@pytest.mark.skipif(os.name != "posix", reason="POSIX rights")
def test_settings_are_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.toml"
    before = os.umask(0)
    try:
        save_settings(SETTINGS, path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_settings_are_replaced_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.toml"
    save_settings(SETTINGS, path)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="cannot be written: No space left on device"):
        save_settings(Settings(), path)
    assert load_settings(path) == SETTINGS
    assert [file.name for file in tmp_path.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize(
    "line", ["volume = 7.0", "volume = nan", "rate_wpm = 0", "tail_s = -1.0", "partners = 7", "voice ="]
)
def test_settings_that_make_no_sense_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"settings\.toml are not usable"):
        load_settings(path)


def test_settings_of_another_version_are_told_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('colour = 1\nthinking = "patient"\n', encoding="utf-8")
    assert load_settings(path) == Settings(thinking="patient")
    assert "settings.toml name colour, which this version does not know" in capsys.readouterr().err
