"""When the first words are asked, what is remembered of them, and that each printed line is also said."""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from pathlib import Path
from typing import ClassVar

import pytest
from fake_sound import FakeDevice, FakeSound

from voice_imago.dialogue.script import Script, load_script
from voice_imago.engines.ports import Samples
from voice_imago.errors import VoiceError
from voice_imago.folders import settings_file
from voice_imago.runtime import enrolling, first_console, introduction, setting_up
from voice_imago.runtime.devices import Device, choices
from voice_imago.runtime.first_console import SpokenConsole
from voice_imago.runtime.introduction import couples_script, introduce, to_be_asked
from voice_imago.settings import Settings, load_settings, save_settings


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def options(**given: object) -> Namespace:
    return Namespace(**{"language": "", "mute": None, "output": "", "input": "", "partners": None, **given})


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setitem(sys.modules, "sounddevice", FakeSound([]))
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)

    def lines(*typed: str) -> None:
        monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in typed)))

    return lines


def test_the_first_start_asks_and_remembers(typing: object, capsys: pytest.CaptureFixture[str]) -> None:
    typing("2", "2", "3", "Ana", "Ben", "")  # type: ignore[operator]
    introduce(options())
    kept = load_settings()
    assert (kept.language, kept.formal, kept.mute, kept.partners) == ("de", True, "text", ("Ana", "Ben"))
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "For English, type 1, then Enter."
    assert printed[-1].startswith("Ana und Ben.")  # text is mute, but there is no loudspeaker


def test_the_second_start_asks_nothing_and_a_set_up_asks_again(typing: object) -> None:
    save_settings(Settings(partners=("Ana", "Ben")))
    typing("2", "1", "2", "n", "Cem", "Dana", "")  # type: ignore[operator]
    introduce(options())
    assert load_settings().partners == ("Ana", "Ben")
    introduce(options(), again=True)
    assert load_settings().partners == ("Cem", "Dana")


def test_nobody_at_the_keyboard_is_asked_nothing(typing: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n1\nAna\nBen\n\n"))
    introduce(options(), again=True)
    assert not settings_file().exists()
    monkeypatch.setattr(sys, "stdin", None)
    introduce(options(), again=True)


def test_what_the_command_line_says_is_not_asked(typing: object) -> None:
    assert to_be_asked(options(), typed=False) == [
        "language", "address", "ways", "loudspeaker", "microphone", "names"
    ]  # fmt: skip
    assert to_be_asked(options(), typed=True) == ["language", "address", "names"]
    known = options(language="de", formal=True, mute="off", input="1", output="2")
    assert to_be_asked(known, typed=False) == ["names"]
    typing("")  # type: ignore[operator]
    introduce(options(language="fr", mute="voice", partners=["Ana", "Ben"]))
    assert (load_settings().language, load_settings().partners) == ("fr", ("Ana", "Ben"))


def test_a_disk_that_takes_nothing_does_not_lose_what_was_typed(
    typing: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(settings: Settings) -> None:
        save_settings(settings, Path("/dev/null/settings.toml"))

    monkeypatch.setattr(introduction, "save_settings", full)
    typing("2", "2", "1", "Ana", "Ben", "")  # type: ignore[operator]
    asked = options()
    introduce(asked)
    assert (asked.partners, asked.language, asked.formal) == (["Ana", "Ben"], "de", True)
    assert "cannot be written" in capsys.readouterr().err


# ------------------------------------------------------------------ the console


class Noted:
    """first_console.Aloud that notes what it plays."""

    played: ClassVar[list[tuple[str, int]]] = []

    def __init__(self, device: int | None = None) -> None:
        self.device = str(device)

    def play(self, block: Samples) -> None:
        self.played.append((self.device, block.size))

    def close(self) -> None: ...


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """(loudspeaker, samples) of what is played; the voice is real."""
    Noted.played = []
    sound = FakeSound([FakeDevice("Built-in", outputs=2), FakeDevice("Headset", outputs=2)])
    monkeypatch.setitem(sys.modules, "sounddevice", sound)
    monkeypatch.setattr(first_console, "Aloud", Noted)
    return Noted.played


def seconds(heard: list[tuple[str, int]], device: str) -> float:
    return sum(size for where, size in heard if where == device) / 16_000


def test_a_line_is_printed_and_said_and_each_loudspeaker_says_its_own(
    heard: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    console = SpokenConsole(load_script(), Settings())
    console.tell("Good evening, both of you.", "en")
    console.tell("Guten Abend.", "de", "Headset")
    console.close()
    assert capsys.readouterr().out == "Good evening, both of you.\nGuten Abend.\n"
    assert seconds(heard, "None") > 1.0
    assert seconds(heard, "1") > 0.5


@pytest.mark.parametrize(("mute", "printed", "said"), [("voice", True, False), ("text", False, True)])
def test_what_is_mute_is_mute(
    heard: list[tuple[str, int]], capsys: pytest.CaptureFixture[str], mute: str, printed: bool, said: bool
) -> None:
    console = SpokenConsole(load_script(), Settings())
    console.mute = mute  # type: ignore[assignment]
    console.tell("Good evening.", "en")
    console.close()
    assert bool(capsys.readouterr().out) == printed
    assert bool(heard) == said


def test_what_cannot_be_said_is_printed_though_text_is_mute(
    heard: list[tuple[str, int]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, line: str, language: str) -> Samples:
        raise VoiceError("No engine works.")

    monkeypatch.setattr(first_console.Voices, "sound", broken)
    console = SpokenConsole(load_script(), Settings())
    console.mute = "text"
    console.tell("Good evening.", "en")
    assert capsys.readouterr().out == "Good evening.\n"


def test_whoever_has_typed_does_not_hear_the_rest(
    heard: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    console = SpokenConsole(load_script(), Settings())
    monkeypatch.setattr(console, "waiting", lambda: len(heard) >= 2)
    console.tell("This is a rather long sentence that nobody wants to hear to its very end.", "en")
    assert len(heard) == 2


def test_nothing_of_it_is_kept_on_the_disk(heard: list[tuple[str, int]]) -> None:
    console = SpokenConsole(load_script(), Settings())
    console.tell("Ana and Ben.", "en")
    console.close()
    assert not [path for path in settings_file().parent.rglob("*.wav")]


# ------------------------------------------------------------------ which devices there are to choose


def device(name: str, driver: str) -> Device:
    return Device(0, name, driver, 2, 48_000.0, default=False)


def test_a_person_chooses_between_devices_and_not_between_drivers() -> None:
    windows = [
        device("Speakers (Realtek(R) Audio)", "Windows WASAPI"),
        device("Headset (USB)", "Windows WASAPI"),
        device("Microsoft Sound Mapper - Output", "MME"),
        device("Speakers (Realtek(R) Audio)", "MME"),
    ]
    assert choices(windows) == ["Speakers (Realtek(R) Audio)", "Headset (USB)"]
    bare = [device("HDA Intel PCH: ALC257 (hw:0,0)", "ALSA"), device("sysdefault", "ALSA"), device("default", "ALSA")]
    assert choices(bare) == ["HDA Intel PCH: ALC257 (hw:0,0)"]
    assert choices([*bare, device("pulse", "ALSA")]) == []
    assert choices([]) == []


@pytest.mark.parametrize(("kept", "asked"), [(True, False), (False, True), (False, False)])
def test_every_evening_set_up_and_enrolment_speaks_in_the_address_that_was_wished_for(kept: bool, asked: bool) -> None:
    save_settings(Settings(language="de", formal=kept))
    said = couples_script(options(formal=asked)).languages["de"].prompts["guide.hello_setup"].first
    assert ("Sie verstehen" in said) is (kept or asked)


@pytest.mark.parametrize("command", ["enrol", "set_up", "set_up typed"])
def test_the_commands_that_sit_down_speak_in_that_address(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save_settings(Settings(language="de", formal=True, partners=("Ana", "Ben")))
    led: list[Script] = []
    for module, name in ((enrolling, "sit_down"), (setting_up, "sit_down"), (setting_up, "lead_typed")):
        monkeypatch.setattr(module, name, lambda asked, script, *more: led.append(script) or 0)
    if command == "enrol":
        enrolling.enrol(options(list=False, forget=None))
    else:
        setting_up.set_up(options(model=None, yes=False, only="model", typed=command.endswith("typed")))
    assert "Sie verstehen" in led[0].languages["de"].prompts["guide.hello_setup"].first
