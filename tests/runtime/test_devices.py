"""Which device a name means, and what is said when it means none or several."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fake_sound import FakeDevice, FakeSound, laptop

from voice_imago.errors import DeviceError, UsageError
from voice_imago.runtime.devices import Device, describe, find_device, list_devices, match, reinitialise


def device(number: int, name: str, driver: str = "ALSA") -> Device:
    return Device(number, name, driver, 2, 48_000.0, default=number == 0)


DESK = [
    device(0, "Built-in Microphone"),
    device(3, "USB Headset: Audio (hw:1,0)"),
    device(4, "USB Conference Phone (hw:2,0)"),
    device(7, "pulse"),
]
WINDOWS = [
    device(1, "Microphone Array (Realtek High ", "MME"),
    device(5, "Microphone Array (Realtek High Definition)", "Windows WASAPI"),
    device(9, "Microphone Array (Realtek High Definition)", "Windows WDM-KS"),
]


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (3, 3),
        ("3", 3),
        (" 7 ", 7),
        ("pulse", 7),
        ("PULSE", 7),
        ("headset", 3),
        ("usb conference", 4),
        ("hw:2,0", 4),
        ("phone usb", 4),
        ("built-in microphone", 0),
    ],
)
def test_a_device_is_found_by_number_name_or_part_of_it(wanted: str | int, number: int) -> None:
    assert match(DESK, "input", wanted).number == number


def test_a_whole_name_wins_over_a_part_of_another() -> None:
    desk = [device(1, "USB"), device(2, "USB Headset")]
    assert match(desk, "input", "usb").number == 1


def test_one_device_offered_by_several_drivers_is_one_device() -> None:
    assert match(WINDOWS, "input", "realtek").number == 5


def test_a_driver_may_be_named_too() -> None:
    assert match(WINDOWS, "input", "realtek wdm-ks").number == 9


def test_an_ambiguous_name_lists_what_it_fits() -> None:
    with pytest.raises(UsageError) as caught:
        match(DESK, "input", "usb")
    assert str(caught.value) == (
        "More than one microphone fits 'usb': "
        "3 USB Headset: Audio (hw:1,0); 4 USB Conference Phone (hw:2,0). "
        "Write more of the name, or the number."
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("wanted", ["kitchen", "99", "-1", 12, "micro phone x"])
def test_an_unknown_name_lists_what_there_is(wanted: str | int) -> None:
    with pytest.raises(UsageError) as caught:
        match(DESK, "output", wanted)
    assert caught.value.message == f"There is no loudspeaker '{wanted}'."
    assert "3 USB Headset" in caught.value.hint
    assert "7 pulse" in caught.value.hint


def test_without_any_device_it_says_so_and_what_to_do() -> None:
    with pytest.raises(DeviceError) as caught:
        match([], "input", "usb")
    assert caught.value.message == "No microphone was found."
    assert caught.value.hint
    assert caught.value.exit_code == 3


def test_devices_are_described_in_plain_lines_that_start_with_the_number() -> None:
    mono = Device(7, "pulse", "ALSA", 1, 44_100.0, default=False)
    assert describe([DESK[0], mono]) == [
        "0: Built-in Microphone, ALSA, 2 channels, 48000 Hz, default",
        "7: pulse, ALSA, 1 channel, 44100 Hz",
    ]


# ----------------------------------------------------------- through sounddevice, without hardware


def test_only_devices_of_the_kind_are_listed_and_the_default_is_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeSound([FakeDevice("mic", 44_100.0, inputs=1), FakeDevice("speaker", outputs=2)]).install(monkeypatch)
    assert list_devices("input") == [Device(0, "mic", "ALSA", 1, 44_100.0, default=True)]
    assert list_devices("output") == [Device(1, "speaker", "ALSA", 2, 48_000.0, default=True)]


@pytest.mark.parametrize("wanted", [None, ""])
def test_no_wish_means_the_default_and_needs_no_sound_system(
    monkeypatch: pytest.MonkeyPatch, wanted: str | None
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert find_device("input", wanted) is None


def test_a_wish_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSound([FakeDevice("mic", inputs=1), FakeDevice("USB mic", inputs=1)]).install(monkeypatch)
    assert find_device("input", "usb") == 1


def test_looking_for_devices_anew_restarts_the_sound_system(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = laptop().install(monkeypatch)
    reinitialise()
    assert sound.restarts == 1


def test_a_restart_with_an_open_stream_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = laptop().install(monkeypatch)
    options = {"samplerate": 48_000, "channels": 1, "blocksize": 0, "callback": None, "device": None}
    sound.OutputStream(**options)
    with pytest.raises(DeviceError, match=r"The sound system cannot be restarted: streams are open\."):
        reinitialise()


def test_a_missing_portaudio_is_one_sentence_and_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DeviceError) as caught:
        list_devices("input")
    assert caught.value.message.startswith("PortAudio")
    assert "sudo apt-get install -y libportaudio2" in caught.value.hint
    assert caught.value.exit_code == 3


def test_a_missing_package_says_how_to_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeviceError, match=r"sounddevice is not installed\. Run: python3 run\.py"):
        list_devices("output")
