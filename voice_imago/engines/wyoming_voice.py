"""The guide's voice from a server of the couple's own network.

The protocol knows neither pace nor volume: the pace is made here (``wyoming_tempo``), and so is the volume. A pace
within a twentieth of the usual one is left as the server speaks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from voice_imago.engines.ports import Pcm, VoiceSettings
from voice_imago.engines.rendering import (
    REFERENCE_WPM,
    Deadline,
    accept,
    clean_text,
    clipped_rate,
    part_file,
    plausible_seconds,
    save_wav16,
)
from voice_imago.engines.wyoming_address import HomeAddress, HomeTrouble
from voice_imago.engines.wyoming_offer import Offered, Program, read_offer
from voice_imago.engines.wyoming_tempo import at_tempo
from voice_imago.engines.wyoming_wire import Conversation, HomeServer, message
from voice_imago.errors import UsageError, VoiceError

ANSWER = Deadline(base_s=10.0, per_character_s=0.1)
"""A good voice on a small computer needs about as long as it speaks: 0.07 s for a character."""
SAME_PACE = 0.05
RATES_HZ = range(8_000, 96_001)


class HomeVoice:
    """Asks the server once which voices it has, then for one prompt after the other. Safe from any thread.

    UsageError when the server has no voice for the language, or is not at home; VoiceError when it is not there.
    """

    def __init__(self, address: HomeAddress, language: str = "en", deadline: Deadline = ANSWER) -> None:
        self._language, self._deadline = language, deadline
        self._server = HomeServer(address)
        self._program = self._asked()
        self._usual = self._usual_voice()
        version = f" {self._program.version}" if self._program.version else ""
        self.name = f"wyoming {self._program.name}{version} {self._usual[0].name} at {address}"

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """Write one mono 16-bit WAV to ``target``, replaced atomically. Raises VoiceError."""
        spoken = clean_text(text)
        voice, speaker = self._known(settings.voice)
        with part_file(target) as part:
            try:
                sound, rate_hz = self._spoken(spoken, voice, speaker)
            except HomeTrouble as trouble:
                raise VoiceError(trouble.message, trouble.hint) from trouble
            save_wav16(part, _as_set(sound, rate_hz, settings), rate_hz)
            accept(part, target, spoken, settings)

    def voices(self) -> Sequence[str]:
        """The server's names; a speaker may follow after a plus sign."""
        return [voice.name for voice in self._program.offered]

    def close(self) -> None:
        """End what is being rendered; every later render raises VoiceError. Safe from any thread."""
        self._server.close()

    # ------------------------------------------------------------------ voices

    def _asked(self) -> Program:
        try:
            program = read_offer(self._server.describe(), "tts")
        except HomeTrouble as trouble:
            kind = VoiceError if trouble.kind == "away" else UsageError
            raise kind(trouble.message, trouble.hint) from trouble
        if program is None or not program.offered:
            raise UsageError(
                f"The speech server at {self._server.address} does not offer a voice.",
                "Servers that do, such as wyoming-piper, are usually at port 10200.",
            )
        return program

    def _usual_voice(self) -> tuple[Offered, str]:
        """What is spoken with when no voice is asked for: the one in the address, else one of the language."""
        address = self._server.address
        if address.name:
            try:
                return _named(self._program, address.name)
            except VoiceError as error:
                raise UsageError(error.message, error.hint) from error
        voice = self._program.of_language(self._language)
        if voice is None:
            raise UsageError(
                f"The speech server at {address} has no voice for the language {self._language}.",
                "Add one there, or go on without it.",
            )
        return voice, ""

    def _known(self, wanted: str) -> tuple[Offered, str]:
        """Voice and speaker for a name of the server's or a language; VoiceError for what it does not have."""
        usual, speaker = self._usual
        chosen = bool(self._server.address.name) and bool(usual.languages)
        if not wanted or (
            chosen and self._program.named(wanted) is None and usual.speaks(wanted) and "+" not in wanted
        ):
            return usual, speaker
        return _named(self._program, wanted)

    # ------------------------------------------------------------------ sound

    def _spoken(self, text: str, voice: Offered, speaker: str) -> tuple[Pcm, int]:
        told = {"name": voice.name} | ({"speaker": speaker} if speaker else {})
        with self._server.conversation(self._deadline.seconds(text)) as talk:
            talk.say([message("synthesize", {"text": text, "voice": told})])
            return _listened(talk, plausible_seconds(text, REFERENCE_WPM)[1])


def _named(program: Program, wanted: str) -> tuple[Offered, str]:
    """The voice of that name, or the best one of that language; a speaker may follow after a plus sign."""
    base, _, speaker = (wanted, "", "") if program.named(wanted) else wanted.partition("+")
    voice = program.named(base) or program.of_language(base)
    if voice is None:
        names = ", ".join(one.name for one in program.offered[:10])
        raise VoiceError(f"There is no voice '{base}' on the speech server.", f"It has: {names}.")
    if speaker and speaker not in voice.speakers:
        raise VoiceError(f"There is no variant '{speaker}' of the voice '{voice.name}'.")
    return voice, speaker


def _listened(talk: Conversation, longest_s: float) -> tuple[Pcm, int]:
    """All the sound up to its end, as mono, and its rate; a server that never ends is left in the middle."""
    rate_hz, channels = _format(talk, talk.hear("audio-start").data)
    raw = bytearray()
    while (event := talk.hear("audio-chunk", "audio-stop")).type == "audio-chunk":
        if _format(talk, event.data) != (rate_hz, channels):
            raise talk.foreign("its sound changes its format")
        raw += event.payload or b""
        if len(raw) > 2 * channels * rate_hz * longest_s:
            raise talk.foreign("its sound does not end")
    frames = np.frombuffer(raw[: len(raw) - len(raw) % (2 * channels)], "<i2").reshape(-1, channels)
    mono: Pcm = frames.mean(axis=1, dtype=np.float64).astype(np.int16)
    return mono, rate_hz


def _format(talk: Conversation, told: dict[str, Any]) -> tuple[int, int]:
    """Rate and channels of 16-bit sound."""
    rate_hz, width, channels = (told.get(name) for name in ("rate", "width", "channels"))
    if not isinstance(rate_hz, int) or rate_hz not in RATES_HZ or width != 2 or channels not in (1, 2):
        raise talk.foreign("its sound is not 16-bit at a usual rate")
    return rate_hz, int(channels)


def _as_set(sound: Pcm, rate_hz: int, settings: VoiceSettings) -> Pcm:
    """In the pace and the volume that were set."""
    factor = clipped_rate(settings.rate_wpm) / REFERENCE_WPM
    if abs(factor - 1.0) > SAME_PACE:
        sound = at_tempo(sound, rate_hz, factor)
    volume = min(max(settings.volume, 0.0), 1.0)
    loud: Pcm = np.rint(sound * volume).astype(np.int16)
    return loud
