"""The doctor: one plain line for each part, whatever is wrong with the others."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from fake_sound import FakeDevice, FakeSound

from voice_imago.__main__ import main
from voice_imago.dialogue.script import load_script
from voice_imago.folders import data_folder, settings_file
from voice_imago.runtime import doctor as clinic
from voice_imago.runtime.doctor import CHECKS, Checkup, Finding, examine, spoken_lines
from voice_imago.settings import Settings, save_settings

PARTS = [
    "Microphone", "Loudspeaker", "Sample rates", "Echo", "Noise", "Voice", "Recogniser", "Speech model", "Disk",
    "Permissions", "Versions",
]  # fmt: skip


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> FakeSound:
    devices = [FakeDevice("Desk microphone", 44_100.0, inputs=1), FakeDevice("Desk speaker", 8_000.0, outputs=2)]
    fake = FakeSound(devices)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


@pytest.fixture
def room(sound: FakeSound) -> Iterator[np.ndarray]:
    """Plays what a test puts into it to whichever microphone is open."""
    block = np.zeros(160, np.int16)
    over = threading.Event()

    def pump() -> None:
        while not over.wait(0.001):
            for stream in list(sound.streams):
                if stream.kind == "input" and stream.active:
                    stream.hear(block)

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    yield block
    over.set()
    thread.join()


def checkup(settings: Settings | None = None) -> Checkup:
    return Checkup(settings or Settings(), load_script())


def found(part: str, settings: Settings | None = None) -> Finding:
    """What one check finds; the noise is that of what the microphone heard."""
    places = [PARTS.index("Microphone")] if part == "Noise" else []
    return examine(checkup(settings), [CHECKS[place] for place in (*places, PARTS.index(part))])[-1]


def test_every_part_gets_one_line_that_begins_with_its_name() -> None:
    findings = examine(checkup())
    assert [finding.part for finding in findings] == PARTS
    for finding in findings:
        assert "\n" not in finding.line
        assert finding.line.startswith(f"{finding.part}: ")
        assert finding.state == "ok" or finding.mend, finding.line


def test_without_any_device_it_says_so_and_looks_at_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", FakeSound([]))
    states = {finding.part: finding.state for finding in examine(checkup())}
    assert [states[part] for part in PARTS[:3]] == ["missing", "missing", "missing"]
    assert states["Versions"] == "ok"


def test_a_microphone_that_hears_is_ok_and_its_room_is_measured(room: np.ndarray) -> None:
    room[:] = (20 * np.sin(np.arange(160))).astype(np.int16)
    findings = {finding.part: finding for finding in examine(checkup(), CHECKS[:5])}
    assert findings["Microphone"].line == "Microphone: ok. Desk microphone delivers sound."
    assert findings["Noise"].state == "ok"


def test_a_microphone_of_pure_silence_is_not_right(room: np.ndarray) -> None:
    finding = found("Microphone")
    assert finding.state == "wrong"
    assert "silence" in finding.what


def test_a_microphone_that_delivers_nothing_is_not_waited_for(
    sound: FakeSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clinic, "WAIT_S", 0.05)
    assert "delivers nothing" in found("Microphone").what


def test_a_loud_room_is_told_with_what_to_do(room: np.ndarray) -> None:
    room[:] = (6000 * np.sin(np.arange(160))).astype(np.int16)
    finding = found("Noise")
    assert (finding.state, finding.mend) == ("wrong", "Switch off what hums, or sit closer.")


def test_odd_sample_rates_are_converted_and_named(room: np.ndarray, sound: FakeSound) -> None:
    sound.devices[1].takes_rates = (8_000.0,)
    finding = found("Sample rates")
    assert finding.state == "ok"
    assert "loudspeaker 8000 hertz, converted" in finding.what


def test_a_voice_that_was_kept_and_has_gone_is_told() -> None:
    finding = found("Voice", Settings(voice="flite:nobody"))
    assert finding.state in ("wrong", "missing")
    assert "nobody" in finding.what or "installed" in finding.what


def test_what_others_may_read_is_told_with_the_line_that_mends_it() -> None:
    save_settings(Settings())
    settings_file().chmod(0o644)
    finding = found("Permissions")
    assert finding.state == "wrong"
    assert f"chmod -R go-rwx {settings_file()}" in finding.mend


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(clinic.tempfile, "NamedTemporaryFile", full)
    assert found("Disk").what == f"Nothing can be written in {data_folder()}: No space left on device."


def test_a_check_that_breaks_is_a_line_of_its_own() -> None:
    def _moon(checkup: Checkup) -> Finding:
        raise ZeroDivisionError("no tide")

    findings = examine(checkup(), [_moon, CHECKS[-1]])
    assert findings[0].line == "Moon: not right. It could not be looked at: ZeroDivisionError: no tide."
    assert findings[1].state == "ok"


def test_what_is_amiss_is_said_first() -> None:
    good, bad = Finding("A", "ok", "Fine."), Finding("B", "missing", "Gone.", "Buy one.")
    assert spoken_lines([good, bad]) == ["1 of 2 are all right.", "B: missing. Gone. Buy one.", "A: ok. Fine."]
    assert spoken_lines([good])[0] == "Everything is all right."


def test_each_printed_line_is_said_and_the_reverse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr("voice_imago.runtime.read_aloud.read_aloud", lambda lines, script, settings: said.extend(lines))
    monkeypatch.setattr(clinic, "CHECKS", CHECKS[-2:])
    monkeypatch.setattr(clinic, "examine", lambda checkup: examine(checkup, CHECKS[-2:]))
    monkeypatch.setattr(sys, "argv", ["voice-imago", "doctor"])
    code = main()
    printed = capsys.readouterr().out.splitlines()
    assert said == printed
    assert code == 0
    assert "\x1b" not in "".join(printed)

    said.clear()
    monkeypatch.setattr(sys, "argv", ["voice-imago", "doctor", "--mute", "text"])
    main()
    assert said == printed
    assert capsys.readouterr().out == ""

    said.clear()
    monkeypatch.setattr(sys, "argv", ["voice-imago", "doctor", "--mute", "voice"])
    main()
    assert said == []
    assert capsys.readouterr().out.splitlines() == printed


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], Settings]]:
    """What is said, and with which settings; only what needs no device is looked at."""
    calls: list[tuple[list[str], Settings]] = []
    monkeypatch.setattr(
        "voice_imago.runtime.read_aloud.read_aloud",
        lambda lines, script, settings: calls.append((list(lines), settings)),
    )
    monkeypatch.setattr(clinic, "examine", lambda checkup: examine(checkup, CHECKS[-3:]))
    return calls


def test_english_lines_are_said_in_an_english_voice(said: list[tuple[list[str], Settings]]) -> None:
    save_settings(Settings(language="de", voice="pyttsx3:de"))
    clinic.doctor()
    assert (said[0][1].language, said[0][1].voice) == ("en", "")
    save_settings(Settings(voice="flite:slt"))
    clinic.doctor()
    assert said[1][1].voice == "flite:slt"


def test_the_way_of_the_settings_holds_unless_another_one_is_asked_for(
    said: list[tuple[list[str], Settings]], capsys: pytest.CaptureFixture[str]
) -> None:
    save_settings(Settings(mute="text"))
    clinic.doctor()
    assert (len(said), capsys.readouterr().out) == (1, "")
    clinic.doctor("off")
    assert (len(said), capsys.readouterr().out.splitlines()) == (2, said[1][0])
    clinic.doctor("voice")
    assert (len(said), bool(capsys.readouterr().out)) == (2, True)


def test_what_cannot_be_said_is_printed_though_text_is_mute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", FakeSound([]))
    monkeypatch.setattr(clinic, "examine", lambda checkup: examine(checkup, CHECKS[-3:]))
    clinic.doctor("text")
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1].startswith("Versions: ")
    assert printed.err == "I cannot say this aloud. No loudspeaker was found.\n"


def test_settings_that_cannot_be_used_are_a_finding_and_not_the_end(
    said: list[tuple[list[str], Settings]], capsys: pytest.CaptureFixture[str]
) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text("mute = 7\n", encoding="utf-8")
    assert clinic.doctor() == 1
    lines = said[0][0]
    assert lines[1].startswith("Settings: not right. The settings ")
    assert "Mend the line or delete the file." in lines[1]
    assert lines[-1].startswith("Versions: ")
