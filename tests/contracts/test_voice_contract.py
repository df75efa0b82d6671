"""What every speech engine promises: a whole, audible WAV in its place, or VoiceError and nothing."""

from __future__ import annotations

import json
import shutil
import stat
import sys
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import read_wav
from voice_imago.engines.voice_chain import ChainVoice, ClosableVoice
from voice_imago.engines.voice_espeak import EspeakVoice
from voice_imago.engines.voice_flite import FliteVoice
from voice_imago.engines.voice_piper import PiperVoice
from voice_imago.engines.voice_pyttsx3 import Pyttsx3Voice
from voice_imago.errors import VoiceError

PROMPT = "Ana, name one thing you value about Ben. Something you saw, or heard."
HOME_VOICES = (("en-us", "English (America)"), ("en-gb", "English"), ("fr-fr", "French"), ("de", ""), ("es", ""))
PIPER_MODELS = {"en_US-tiny": "en-us", "de_DE-tiny": "de"}
PIPER_CHILD = """
import json, os, subprocess, sys
voice = json.load(open(sys.argv[1] + ".json"))["espeak"]["voice"]
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    speech = ["-v", voice, "-s", str(round(165 / request["stretch"])), "-a", str(round(100 * request["volume"]))]
    text = request["text"].encode()
    subprocess.run(["espeak-ng", *speech, "-w", request["target"], "--stdin"], input=text, check=True)
    print(json.dumps({"done": True}), flush=True)
"""
"""In the place of Piper's own child, whose models cannot be fetched everywhere; it speaks with eSpeak NG."""


@dataclass(frozen=True)
class Speaker:
    """An engine, and how its voices are named."""

    engine: ClosableVoice
    usual: str = "en-us"
    different: tuple[str, ...] = ("en-us", "en-gb", "en-us+f3", "en-gb+m3")
    """Voices that cannot be mistaken for each other."""
    names: tuple[str, ...] = ("", "en", "EN_US", "gmw/en-us", "English (America)", "fr", "de")
    """Ways to name one."""
    listed: frozenset[str] = frozenset({"en-us", "en-gb", "fr-fr", "de", "es"})

    def render(self, text: str, path: Path, rate_wpm: int = 155, volume: float = 1.0) -> None:
        self.engine.render(text, VoiceSettings(self.usual, rate_wpm, volume), path)


ENGINES: dict[str, Callable[[], Speaker]] = {
    "pyttsx3": lambda: Speaker(Pyttsx3Voice()),
    "espeak": lambda: Speaker(EspeakVoice()),
    "chain": lambda: Speaker(ChainVoice([Pyttsx3Voice(), EspeakVoice()])),
    "flite": lambda: Speaker(
        FliteVoice(), "rms", ("rms", "slt", "awb", "kal16"), ("", "rms", "SLT"), frozenset({"rms", "slt", "awb"})
    ),
}


@pytest.fixture(params=[*ENGINES, "piper", "home"])
def voice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speaker]:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    if request.param == "flite" and not FliteVoice.installed():
        pytest.skip("flite is not installed")
    if request.param == "home":
        yield from at_home()
        return
    speaker = ENGINES[request.param]() if request.param != "piper" else with_models(tmp_path_factory.mktemp("piper"))
    yield speaker
    speaker.engine.close()


def with_models(folder: Path) -> Speaker:
    for name, voice in PIPER_MODELS.items():
        (folder / f"{name}.onnx").write_bytes(b"a model")
        (folder / f"{name}.onnx.json").write_text(json.dumps({"espeak": {"voice": voice}}))
    child = folder / "child.py"
    child.write_text(PIPER_CHILD)
    engine = PiperVoice(folder, (sys.executable, str(child)))
    models = tuple(PIPER_MODELS)
    return Speaker(engine, models[0], models, ("", *models, str(folder / f"{models[0]}.onnx")), frozenset(models))


def at_home() -> Iterator[Speaker]:
    """A voice on a server of the home, which speaks with eSpeak NG and knows no pace and no volume."""
    pytest.importorskip("wyoming", reason="the extra `home` is not installed")
    from tests.home_server import Home, home_server
    from voice_imago.engines.wyoming_voice import HomeVoice

    with home_server(Home(voices=HOME_VOICES)) as home:
        engine = HomeVoice(home.address)
        yield Speaker(engine, names=("", "en", "EN_US", "English (America)", "fr", "de"))
        engine.close()


def seconds(path: Path) -> float:
    rate_hz, sound = read_wav(path)
    return sound.size / rate_hz


def loudness(path: Path) -> float:
    return float(np.sqrt(np.square(read_wav(path)[1].astype(float)).mean()))


class TestVoiceContract:
    def test_a_prompt_becomes_a_private_16_bit_mono_wav_and_nothing_else(self, voice: Speaker, tmp_path: Path) -> None:
        voice.render(PROMPT, tmp_path / "a.wav")
        assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
        with wave.open(str(tmp_path / "a.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert 3.0 < seconds(tmp_path / "a.wav") < 9.0
        assert stat.S_IMODE((tmp_path / "a.wav").stat().st_mode) == 0o600

    def test_the_first_long_text_is_complete(self, voice: Speaker, tmp_path: Path) -> None:
        """Where pyttsx3 returns before its file exists."""
        voice.render(" ".join([PROMPT] * 5), tmp_path / "long.wav")
        voice.render(PROMPT, tmp_path / "short.wav")
        assert seconds(tmp_path / "long.wav") > 4.5 * (seconds(tmp_path / "short.wav") - 0.5)

    def test_rate_and_volume_are_obeyed_every_time(self, voice: Speaker, tmp_path: Path) -> None:
        for turn in range(3):
            normal, fast, soft = (tmp_path / f"{turn}-{place}.wav" for place in range(3))
            voice.render(PROMPT, normal)
            voice.render(PROMPT, fast, 250)
            voice.render(PROMPT, soft, volume=0.3)
            assert seconds(fast) < 0.75 * seconds(normal)
            assert loudness(soft) < 0.5 * loudness(normal)

    def test_voices_and_their_variants_sound_different(self, voice: Speaker, tmp_path: Path) -> None:
        spectra = []
        for name in voice.different:
            voice.engine.render(PROMPT, VoiceSettings(name), tmp_path / "a.wav")
            sound = read_wav(tmp_path / "a.wav")[1].astype(float)
            spectra.append(np.log1p(np.abs(np.fft.rfft(sound, 2**17)).reshape(-1)[:-1].reshape(256, -1).mean(axis=1)))
        for place, one in enumerate(spectra):
            for other in spectra[place + 1 :]:
                assert np.abs(one - other).mean() > 0.05

    @pytest.mark.parametrize("name", ["xx", "en-us+nobody", "mb-us1", "us-mbrola-1", "../en", "-h"])
    def test_an_unknown_voice_is_an_error_and_not_the_default_voice(
        self, voice: Speaker, tmp_path: Path, name: str
    ) -> None:
        if shutil.which("mbrola") and "mb" in name:
            pytest.skip("mbrola is installed")
        with pytest.raises(VoiceError, match=r"[Tt]here is no (voice|variant)"):
            voice.engine.render(PROMPT, VoiceSettings(name), tmp_path / "a.wav")
        assert list(tmp_path.iterdir()) == []

    def test_a_voice_may_be_named_in_several_ways(self, voice: Speaker, tmp_path: Path) -> None:
        for name in voice.names:
            voice.engine.render(PROMPT, VoiceSettings(name), tmp_path / "a.wav")
            assert seconds(tmp_path / "a.wav") > 2.0, name

    def test_the_voices_that_it_lists_can_be_used(self, voice: Speaker, tmp_path: Path) -> None:
        names = voice.engine.voices()
        assert voice.listed <= set(names)
        for name in [*names[::40], names[-1]]:
            voice.engine.render("1, 2, 3.", VoiceSettings(name), tmp_path / "a.wav")

    @pytest.mark.parametrize(
        "text",
        [
            'O\'Brien & "Zoë" <Łukasz>, go on.',
            "שרה, go on.",
            "Ana 😀, go on.",
            "N" * 200 + ", go on.",
            '<speak><break time="9s"/>Go on.</speak>',
            "[[h@'loU]] Go on.",
            "Go\x00 on\x07,\x1b[31m Ana\u202e.\ud800",
            "-w /tmp/x Go on.",
            "Go on.\nAna.\r\n\r\nBen.",
        ],
    )
    def test_any_name_and_markup_is_spoken(self, voice: Speaker, tmp_path: Path, text: str) -> None:
        voice.render(text, tmp_path / "a.wav")
        assert 0.5 < seconds(tmp_path / "a.wav") < (4.0 if "<speak>" in text else 60.0)

    @pytest.mark.parametrize("text", ["", "   ", "...", "?!", "\x00\x1b"])
    def test_nothing_to_say_is_an_error(self, voice: Speaker, tmp_path: Path, text: str) -> None:
        with pytest.raises(VoiceError, match="nothing to say"):
            voice.render(text, tmp_path / "a.wav")
        assert list(tmp_path.iterdir()) == []

    def test_a_place_that_cannot_be_written_is_an_error(self, voice: Speaker, tmp_path: Path) -> None:
        with pytest.raises(VoiceError):
            voice.render(PROMPT, tmp_path / "missing" / "a.wav")
        assert list(tmp_path.iterdir()) == []

    def test_a_failure_leaves_the_old_file_as_it_was(self, voice: Speaker, tmp_path: Path) -> None:
        voice.render(PROMPT, tmp_path / "a.wav")
        before = (tmp_path / "a.wav").read_bytes()
        with pytest.raises(VoiceError):
            voice.engine.render(PROMPT, VoiceSettings("xx"), tmp_path / "a.wav")
        assert (tmp_path / "a.wav").read_bytes() == before

    def test_after_close_it_refuses(self, voice: Speaker, tmp_path: Path) -> None:
        voice.engine.close()
        with pytest.raises(VoiceError, match="switched off"):
            voice.render(PROMPT, tmp_path / "a.wav")

    def test_its_name_says_which_version_it_is(self, voice: Speaker) -> None:
        assert voice.engine.name == voice.engine.name
        if voice.engine.name == "piper missing":
            pytest.skip("piper-tts is not installed here; a stand-in speaks")
        assert any(character.isdigit() for character in voice.engine.name)
