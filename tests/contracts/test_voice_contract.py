"""What every speech engine promises: a whole, audible WAV in its place, or VoiceError and nothing."""

from __future__ import annotations

import shutil
import stat
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import read_wav
from voice_imago.engines.voice_chain import ChainVoice, ClosableVoice
from voice_imago.engines.voice_espeak import EspeakVoice
from voice_imago.engines.voice_pyttsx3 import Pyttsx3Voice
from voice_imago.errors import VoiceError

PROMPT = "Ana, name one thing you value about Ben. Something you saw, or heard."
ENGINES: dict[str, Callable[[], ClosableVoice]] = {
    "pyttsx3": Pyttsx3Voice,
    "espeak": EspeakVoice,
    "chain": lambda: ChainVoice([Pyttsx3Voice(), EspeakVoice()]),
}
HOME_VOICES = (("en-us", "English (America)"), ("en-gb", "English"), ("fr-fr", "French"), ("de", ""), ("es", ""))


@pytest.fixture(params=[*ENGINES, "home"])
def voice(request: pytest.FixtureRequest) -> Iterator[ClosableVoice]:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    if request.param == "home":
        yield from at_home()
        return
    engine = ENGINES[request.param]()
    yield engine
    engine.close()


def at_home() -> Iterator[ClosableVoice]:
    """A voice on a server of the home, which speaks with eSpeak NG and knows no pace and no volume."""
    pytest.importorskip("wyoming", reason="the extra `home` is not installed")
    from tests.home_server import Home, home_server
    from voice_imago.engines.wyoming_voice import HomeVoice

    with home_server(Home(voices=HOME_VOICES)) as home:
        engine = HomeVoice(home.address)
        yield engine
        engine.close()


def seconds(path: Path) -> float:
    rate_hz, sound = read_wav(path)
    return sound.size / rate_hz


def loudness(path: Path) -> float:
    return float(np.sqrt(np.square(read_wav(path)[1].astype(float)).mean()))


class TestVoiceContract:
    def test_a_prompt_becomes_a_private_16_bit_mono_wav_and_nothing_else(
        self, voice: ClosableVoice, tmp_path: Path
    ) -> None:
        voice.render(PROMPT, VoiceSettings("en-us"), tmp_path / "a.wav")
        assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
        with wave.open(str(tmp_path / "a.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert 3.0 < seconds(tmp_path / "a.wav") < 9.0
        assert stat.S_IMODE((tmp_path / "a.wav").stat().st_mode) == 0o600

    def test_the_first_long_text_is_complete(self, voice: ClosableVoice, tmp_path: Path) -> None:
        """Where pyttsx3 returns before its file exists."""
        voice.render(" ".join([PROMPT] * 5), VoiceSettings("en-us"), tmp_path / "long.wav")
        voice.render(PROMPT, VoiceSettings("en-us"), tmp_path / "short.wav")
        assert seconds(tmp_path / "long.wav") > 4.5 * (seconds(tmp_path / "short.wav") - 0.5)

    def test_rate_and_volume_are_obeyed_every_time(self, voice: ClosableVoice, tmp_path: Path) -> None:
        for turn in range(3):
            settings = [
                VoiceSettings("en-us", 155, 1.0),
                VoiceSettings("en-us", 250, 1.0),
                VoiceSettings("en-us", 155, 0.3),
            ]
            normal, fast, soft = (tmp_path / f"{turn}-{place}.wav" for place in range(3))
            for path, setting in zip((normal, fast, soft), settings, strict=True):
                voice.render(PROMPT, setting, path)
            assert seconds(fast) < 0.75 * seconds(normal)
            assert loudness(soft) < 0.5 * loudness(normal)

    def test_voices_and_their_variants_sound_different(self, voice: ClosableVoice, tmp_path: Path) -> None:
        spectra = []
        for name in ("en-us", "en-gb", "en-us+f3", "en-gb+m3"):
            voice.render(PROMPT, VoiceSettings(name), tmp_path / "a.wav")
            sound = read_wav(tmp_path / "a.wav")[1].astype(float)
            spectra.append(np.log1p(np.abs(np.fft.rfft(sound, 2**17)).reshape(-1)[:-1].reshape(256, -1).mean(axis=1)))
        for place, one in enumerate(spectra):
            for other in spectra[place + 1 :]:
                assert np.abs(one - other).mean() > 0.05

    @pytest.mark.parametrize("name", ["xx", "en-us+nobody", "mb-us1", "us-mbrola-1", "../en", "-h"])
    def test_an_unknown_voice_is_an_error_and_not_the_default_voice(
        self, voice: ClosableVoice, tmp_path: Path, name: str
    ) -> None:
        if shutil.which("mbrola") and "mb" in name:
            pytest.skip("mbrola is installed")
        with pytest.raises(VoiceError, match=r"[Tt]here is no (voice|variant)"):
            voice.render(PROMPT, VoiceSettings(name), tmp_path / "a.wav")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["", "en", "EN_US", "gmw/en-us", "English (America)", "fr", "de"])
    def test_a_voice_may_be_named_by_language_code_file_or_name(
        self, voice: ClosableVoice, tmp_path: Path, name: str
    ) -> None:
        if "/" in name and voice.name.startswith("wyoming"):
            pytest.skip("a server's voices have no files here")
        voice.render(PROMPT, VoiceSettings(name), tmp_path / "a.wav")
        assert seconds(tmp_path / "a.wav") > 2.0

    def test_the_voices_that_it_lists_can_be_used(self, voice: ClosableVoice, tmp_path: Path) -> None:
        names = voice.voices()
        assert {"en-us", "en-gb", "fr-fr", "de", "es"} <= set(names)
        for name in [*names[::40], names[-1]]:
            voice.render("1, 2, 3.", VoiceSettings(name), tmp_path / "a.wav")

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
    def test_any_name_and_markup_is_spoken(self, voice: ClosableVoice, tmp_path: Path, text: str) -> None:
        voice.render(text, VoiceSettings("en-us"), tmp_path / "a.wav")
        assert 0.5 < seconds(tmp_path / "a.wav") < (4.0 if "<speak>" in text else 30.0)

    @pytest.mark.parametrize("text", ["", "   ", "...", "?!", "\x00\x1b"])
    def test_nothing_to_say_is_an_error(self, voice: ClosableVoice, tmp_path: Path, text: str) -> None:
        with pytest.raises(VoiceError, match="nothing to say"):
            voice.render(text, VoiceSettings("en-us"), tmp_path / "a.wav")
        assert list(tmp_path.iterdir()) == []

    def test_a_place_that_cannot_be_written_is_an_error(self, voice: ClosableVoice, tmp_path: Path) -> None:
        with pytest.raises(VoiceError):
            voice.render(PROMPT, VoiceSettings("en-us"), tmp_path / "missing" / "a.wav")
        assert list(tmp_path.iterdir()) == []

    def test_a_failure_leaves_the_old_file_as_it_was(self, voice: ClosableVoice, tmp_path: Path) -> None:
        voice.render(PROMPT, VoiceSettings("en-us"), tmp_path / "a.wav")
        before = (tmp_path / "a.wav").read_bytes()
        with pytest.raises(VoiceError):
            voice.render(PROMPT, VoiceSettings("xx"), tmp_path / "a.wav")
        assert (tmp_path / "a.wav").read_bytes() == before

    def test_after_close_it_refuses(self, voice: ClosableVoice, tmp_path: Path) -> None:
        voice.close()
        with pytest.raises(VoiceError, match="switched off"):
            voice.render(PROMPT, VoiceSettings("en-us"), tmp_path / "a.wav")

    def test_its_name_says_which_version_it_is(self, voice: ClosableVoice) -> None:
        assert voice.name == voice.name
        assert any(character.isdigit() for character in voice.name)
