"""`voice-imago start` where something is missing: a sentence, what to do, and the rehearsal in place of the table."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fake_sound import FakeDevice, FakeSound

from voice_imago.__main__ import main
from voice_imago.errors import DeviceError
from voice_imago.runtime import start as starting
from voice_imago.runtime.aloud import Aloud

ROOT = Path(__file__).parents[2]
START = ("start", "--partners", "Ana", "Ben", "--recogniser", "none")
GOODBYE = "I have stopped listening."

needs_voice = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["voice-imago", *words])
        code = main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def short_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the first appreciation, which takes a minute of rendering."""
    path = tmp_path / "short.toml"
    path.write_text(
        'title = "x"\ndialogue = "appreciation"\n'
        'partners = { cleo = { voice = "en-us" }, dan = { voice = "en-gb" } }\n'
        'line = [{ by = "cleo", at = "invite", say = "Is now a good time?" },\n'
        '  { by = "dan", say = "Not now, later." }]\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(starting, "INSTEAD", str(path))


def hears_something(env: dict[str, str]) -> bool:
    """Whether PortAudio finds a microphone; in a process of its own, since it looks once only."""
    look = "from voice_imago.runtime.devices import list_devices as look; raise SystemExit(7 if look('input') else 0)"
    return (
        subprocess.run([sys.executable, "-c", look], cwd=ROOT, env=env, capture_output=True, check=False).returncode
        == 7
    )


@needs_voice
@pytest.mark.timeout(120)
def test_on_a_computer_without_sound_the_rehearsal_plays_as_text(tmp_path: Path) -> None:
    """The real program, as it is started by somebody who has no microphone."""
    env = {**os.environ, "PULSE_SERVER": str(tmp_path / "no.socket"), "VOICE_IMAGO_HOME": str(tmp_path)}
    if hears_something(env):
        pytest.skip("this computer has a microphone")
    done = subprocess.run(
        [sys.executable, "-m", "voice_imago", *START],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sentence, hint, instead, *lines = done.stdout.splitlines()
    assert sentence == "No microphone was found."
    assert hint.startswith("Plug one in")
    assert instead.startswith("Here is a rehearsal instead")
    assert lines[0].startswith("Hello Ana, hello Ben.")
    assert lines[-1].startswith(GOODBYE)
    assert any(line.startswith("Ben: ") for line in lines)
    assert "Traceback" not in done.stderr


@needs_voice
def test_a_voice_that_is_not_here_is_wrong_usage_before_any_device_is_looked_for(command) -> None:  # type: ignore[no-untyped-def]
    code, out, err = command(*START, "--voice", "nobody")
    assert code == 2
    assert "The voice 'nobody' is not installed here." in err
    assert "pyttsx3:en-us" in err
    assert out == ""


@needs_voice
def test_each_voice_is_listed_once(command) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = command("devices")
    voices = [word.strip(" ,") for line in out.splitlines() if line.startswith("  ") for word in line.split(", ")]
    named = [voice for voice in voices if voice.startswith(("pyttsx3:", "flite:", "piper:"))]
    assert code == 0
    assert len(named) > 20
    assert len(named) == len(set(named))


@needs_voice
def test_without_portaudio_it_says_what_to_install_and_rehearses(
    command,
    short_scene: None,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    """sounddevice raises OSError at import when the library is missing."""
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    code, out, err = command(*START)
    assert code == 0
    assert "PortAudio, which plays and records sound, is not installed." in out
    assert "libportaudio2" in out
    assert GOODBYE not in out.split("Here is a rehearsal instead")[0]
    assert "Cleo: Is now a good time?" in out
    assert "Traceback" not in err


def test_with_neither_microphone_nor_voice_the_rehearsal_is_read(
    command,
    short_scene: None,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    FakeSound().install(monkeypatch)
    monkeypatch.setattr("voice_imago.engines.voice_espeak.EspeakVoice.render", broken("eSpeak NG is not installed."))
    code, out, _ = command(*START)
    assert code == 0
    assert "No microphone was found." in out
    assert "eSpeak NG is not installed." in out
    read = out.split("eSpeak NG is not installed.")[1]
    assert "Cleo: Is now a good time?" in read
    assert GOODBYE in read


def broken(sentence: str):  # type: ignore[no-untyped-def]
    from voice_imago.errors import VoiceError

    def render(*arguments: object, **options: object) -> None:
        raise VoiceError(sentence)

    return render


def test_a_device_that_is_not_there_is_refused_before_anything_is_opened(
    command,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    sound = FakeSound([FakeDevice("Built-in", inputs=1, outputs=2), FakeDevice("Headset", inputs=1)])
    sound.install(monkeypatch)
    for option, there in (("--input", "Built-in; 1 Headset"), ("--output", "Built-in")):
        code, _, err = command(*START, option, "Kazoo")
        assert code == 2
        assert "Kazoo" in err
        assert there in err
    assert sound.streams == []


def test_an_event_file_that_cannot_be_written_is_refused_before_anything_is_opened(
    command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    sound = FakeSound([FakeDevice("Built-in", inputs=1, outputs=2)])
    sound.install(monkeypatch)
    code, _, err = command(*START, "--events", str(tmp_path / "none" / "e.jsonl"))
    assert code == 2
    assert "cannot be written" in err
    assert sound.streams == []


@needs_voice
def test_to_rehearse_aloud_without_a_loudspeaker_is_one_sentence(
    command,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    FakeSound([FakeDevice("Mic", inputs=1)]).install(monkeypatch)
    code, out, err = command("rehearse", "--listen")
    assert code == 3
    assert out == ""
    assert err.startswith("No loudspeaker was found. Plug one in")


@needs_voice
def test_to_rehearse_aloud_without_portaudio_is_one_sentence(
    command,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    code, _, err = command("rehearse", "--listen")
    assert code == 3
    assert "PortAudio" in err


def test_a_loudspeaker_that_is_lost_while_rehearsing_aloud_is_a_device_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    sound = FakeSound([FakeDevice("Box", outputs=2, takes_rates=(44_100.0,), rate_hz=44_100.0)])
    sound.install(monkeypatch)
    aloud = Aloud()
    written: list[int] = []

    def write(frames: np.ndarray) -> None:
        written.append(len(frames))
        if sum(written) > 44_100:
            raise sound.PortAudioError("Error writing: Device unavailable [PaErrorCode -9985]")

    sound.stream.write = write  # type: ignore[attr-defined]

    def play_on() -> None:
        for _ in range(100):
            aloud.play(np.zeros(512, np.float32))

    with pytest.raises(DeviceError, match="loudspeaker cannot be used: Error writing: Device unavailable"):
        play_on()
    assert 44_100 < sum(written) < 48_000, "at the device's own rate"
    aloud.close()


@needs_voice
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_recording_on_a_full_disk_is_one_sentence(command, short_scene: None) -> None:  # type: ignore[no-untyped-def]
    code, _, err = command("rehearse", starting.INSTEAD, "--out", "/dev/full", "--quiet")
    assert code == 2
    assert "/dev/full" in err
    assert "Traceback" not in err


@needs_voice
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_events_on_a_full_disk_cost_the_file_and_not_the_rehearsal(command, short_scene: None) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = command("rehearse", starting.INSTEAD, "--events", "/dev/full")
    assert code == 0
    assert "The rehearsal ended: finished" in out


def test_debug_may_stand_anywhere(command) -> None:  # type: ignore[no-untyped-def]
    from voice_imago.errors import UsageError

    for words in (["--debug", "start", "--dialogue", "quarrel"], ["start", "--dialogue", "quarrel", "--debug"]):
        with pytest.raises(UsageError, match="no dialogue called 'quarrel'"):
            command(*words, "--partners", "Ana", "Ben")
