"""How an evening begins: from what is kept and measured, and what the options say."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from made_voices import ANA, BEN, scene

from voice_imago.__main__ import main
from voice_imago.dialogue.script import load_script
from voice_imago.engines.voiceprint_enrolment import VoiceModel, learn_voice
from voice_imago.events import Partner
from voice_imago.folders import data_folder
from voice_imago.hearing.room import Room
from voice_imago.runtime import profiles
from voice_imago.runtime.enrolling import enrol
from voice_imago.runtime.opening import choose_opening, room_of, with_room
from voice_imago.runtime.plan import ENROLMENT, MODEL_SETUP, StartPlan
from voice_imago.settings import Settings, load_settings, save_settings

MEASURED = Settings(noise_db=-62.0, noise_peak_db=-55.0, echo_db=-18.0, tail_s=0.3)


@pytest.fixture(scope="module")
def models() -> tuple[VoiceModel, VoiceModel]:
    first, second = (learn_voice(scene(voice.speaks(9.0)), embedding=False) for voice in (ANA, BEN))
    return first, second


@pytest.fixture
def kept(models: tuple[VoiceModel, VoiceModel]) -> None:
    for name, model in zip(("Ana", "Ben"), models, strict=True):
        profiles.save(name, model)


def plan(settings: Settings = MEASURED, **more: Any) -> StartPlan:
    return StartPlan("appreciation", "en", ("Ana", "Ben"), settings=settings, **more)


def test_the_first_evening_measures_the_room_and_offers_to_learn_the_voices() -> None:
    opening = choose_opening(plan(Settings()))
    assert (opening.prelude, opening.voices, opening.voiceprint) == (("room", "voices"), "learn", None)


def test_kept_voices_and_a_measured_room_are_used_without_a_question(kept: None) -> None:
    opening = choose_opening(plan())
    assert (opening.prelude, opening.voices) == (("room_check",), "known")
    assert opening.voiceprint is not None


def test_a_kept_voice_belongs_to_its_name_however_it_is_written(kept: None) -> None:
    opening = choose_opening(plan(msgspec.structs.replace(MEASURED), room="off"))
    other = choose_opening(StartPlan("appreciation", "en", ("ANA", "Carla"), settings=MEASURED, room="off"))
    assert opening.voices == "known"
    assert (other.voices, other.models[1]) == ("learn", None)
    assert other.models[0] is not None


@pytest.mark.parametrize(
    ("options", "prelude", "voices"),
    [
        ({"voices": "off"}, ("room_check",), "none"),
        ({"voices": "learn"}, ("room_check",), "learn"),
        ({"room": "off"}, ("voices",), "learn"),
        ({"room": "measure", "voices": "off"}, ("room",), "none"),
        ({"room": "off", "voices": "off"}, (), "none"),
        ({"room": "off", "voices": "off", "echo": "auto"}, ("echo",), "none"),
        ({"voices": "off", "echo": "full"}, ("room_check", "echo"), "none"),
    ],
)
def test_options_decide(options: dict[str, Any], prelude: tuple[str, ...], voices: str) -> None:
    opening = choose_opening(plan(**options))
    assert (opening.prelude, opening.voices) == (prelude, voices)


def test_without_a_canceller_that_it_cannot_hear_itself_out_is_said_and_no_chirp_is_played() -> None:
    asked = plan(voices="off", echo="auto")
    opening = choose_opening(asked, duplex=False)
    assert opening.prelude == ("room_check",)
    course = opening.course(asked, Heard(), load_script())  # type: ignore[arg-type]
    assert course.opening[-1] == "echo.half"
    half = plan(voices="off", echo="half")
    assert "echo.half" not in choose_opening(half).course(half, Heard(), load_script()).opening  # type: ignore[arg-type]


def test_the_enrolment_measures_the_room_first(kept: None) -> None:
    opening = choose_opening(StartPlan(ENROLMENT, "en", ("Ana", "Ben"), settings=MEASURED, room="measure"))
    assert (opening.prelude, opening.voices, opening.voiceprint) == (("room",), "none", None)


@pytest.mark.parametrize(
    ("reason", "options", "offered"),
    [
        ("no_model", {}, True),
        ("damaged_model", {}, True),
        ("found", {}, False),
        ("no_engine", {}, False),  # nothing could use it
        ("asked", {"recogniser": "answers"}, False),
        ("no_model", {"recogniser": "wyoming://10.0.0.5"}, False),
        ("no_model", {"settings": msgspec.structs.replace(MEASURED, model_declined=True)}, False),
    ],
)
def test_a_speech_model_is_offered_where_there_is_none_and_it_was_not_declined(
    reason: Any, options: dict[str, Any], offered: bool
) -> None:
    settings = options.pop("settings", MEASURED)
    opening = choose_opening(plan(settings, **options), reason)
    assert opening.prelude == (("room_check", "model", "voices") if offered else ("room_check", "voices"))


def test_the_set_up_asks_whatever_was_declined_and_nothing_else() -> None:
    settings = msgspec.structs.replace(MEASURED, model_declined=True)
    setup = StartPlan(MODEL_SETUP, "en", ("Ana", "Ben"), settings=settings)
    opening = choose_opening(setup, "no_model")
    assert (opening.prelude, opening.voices) == ((), "none")
    assert opening.course(setup, Heard(), load_script()).opening == ("guide.hello_setup",)  # type: ignore[arg-type]


def test_a_damaged_profile_is_told_and_its_voice_learnt_anew(kept: None, capsys: pytest.CaptureFixture[str]) -> None:
    for path in sorted((data_folder() / "voices").glob("*.npz")):
        path.write_bytes(b"nothing of use")
    opening = choose_opening(plan())
    assert (opening.prelude, opening.voices) == (("room_check", "voices"), "learn")
    told = capsys.readouterr().err
    assert "The kept voice of Ana cannot be used." in told
    assert "Traceback" not in told


def test_one_voice_under_both_names_is_learnt_anew(models: tuple[VoiceModel, VoiceModel]) -> None:
    profiles.save("Ana", models[0])
    profiles.save("Ben", models[0])
    assert choose_opening(plan()).voices == "learn"


@pytest.mark.parametrize("room", [Room(-61.5, -50.0, (-30.0, -33.0), -17.5, 0.25), Room(), Room(-61.5, tail_s=0.1)])
def test_the_room_comes_back_from_the_settings_as_it_was_measured(tmp_path: Path, room: Room) -> None:
    path = tmp_path / "settings.toml"
    save_settings(with_room(Settings(partners=("Ana", "Ben")), room), path)
    assert room_of(load_settings(path)) == room
    assert load_settings(path).partners == ("Ana", "Ben")


# ---------------------------------------------------------------------- the command


class Options:
    list = False
    forget: str | None = None

    def __init__(self, **given: Any) -> None:
        self.__dict__.update(given)


def test_kept_voices_are_listed(kept: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert enrol(Options(list=True)) == 0  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Voices kept: 2."
    assert lines[1].startswith("Ana, kept on 20")
    assert "seconds of speech" in lines[2]


def test_where_no_voice_is_kept_the_list_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert enrol(Options(list=True)) == 0  # type: ignore[arg-type]
    assert capsys.readouterr().out == "No voices are kept.\n"


@pytest.mark.parametrize(("name", "left"), [("ana", ["Ben"]), ("all", [])])
def test_a_voice_is_forgotten_without_a_trace(
    kept: None, capsys: pytest.CaptureFixture[str], name: str, left: list[str]
) -> None:
    assert enrol(Options(forget=name)) == 0  # type: ignore[arg-type]
    assert "forgotten" in capsys.readouterr().out
    assert [profile.name for profile in profiles.names()] == left
    folder = data_folder() / "voices"
    assert len(list(folder.iterdir()) if folder.exists() else []) == 2 * len(left)


def test_an_unknown_name_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kept: None
) -> None:
    monkeypatch.setattr(sys, "argv", ["voice-imago", "enrol", "--forget", "Carla"])
    assert main() == 2
    assert capsys.readouterr().err == "No voice of 'Carla' is kept. Kept voices: Ana, Ben.\n"


def seat(partner: Partner, level_db: float) -> tuple[float | None, float | None]:
    return (level_db, None) if partner == 0 else (None, level_db)


@pytest.mark.parametrize("partner", [0, 1])
def test_one_seat_alone_is_not_remembered(partner: Partner) -> None:
    assert room_of(with_room(Settings(), Room(-60.0, seat_db=seat(partner, -30.0)))).seat_db == (None, None)


@dataclass
class Heard:
    understands: str = "speech"
    reason: str = "asked"


@pytest.mark.parametrize(
    ("recogniser", "reason", "voice", "said"),
    [
        ("auto", "found", "", []),
        ("wyoming://10.0.0.5", "asked", "", ["guide.home_recogniser"]),
        ("wyoming://10.0.0.5", "home_away", "", ["guide.home_unreached"]),
        ("none", "asked", "wyoming://10.0.0.5", ["guide.home_voice"]),
    ],
)
def test_that_sound_leaves_the_computer_is_said_before_anything_is_asked(
    recogniser: str, reason: str, voice: str, said: list[str]
) -> None:
    at_home = plan(msgspec.structs.replace(MEASURED, voice=voice), recogniser=recogniser)
    course = choose_opening(at_home).course(at_home, Heard(reason=reason), load_script())  # type: ignore[arg-type]
    assert list(course.opening) == ["guide.hello", "guide.limits", *said]
    assert set(course.opening) <= load_script().languages["en"].prompts.keys()
