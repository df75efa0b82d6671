"""Speech to text on a server of the couple's own network.

A piece goes over the wire as 16-bit mono at 16 kHz; what comes back is a text and nothing else. So there is no
probability to judge by, and a speech model that is fed noise invents words. Hence three measures:

* nothing in which our own speech detector finds no voice is sent;
* the text must pass the rules of ``recogniser_judge`` that need no probability (words per second, loops);
* the confidence is a constant, the same for every text that passes: enough to be acted on, never certain. A loop
  halves it, which makes the guide ask again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from voice_imago.engines.detectors import make_detector
from voice_imago.engines.ports import HEAR_HZ, Heard, Samples, SpeechDetector, Understands
from voice_imago.engines.recogniser_door import admit
from voice_imago.engines.recogniser_judge import Decoded, judge
from voice_imago.engines.recogniser_none import NOTHING
from voice_imago.engines.wyoming_address import HomeAddress, HomeTrouble
from voice_imago.engines.wyoming_offer import Program, plain_text, read_offer
from voice_imago.engines.wyoming_wire import HomeServer, Message, message
from voice_imago.errors import RecognitionError, UsageError

CONFIDENCE = 0.7
"""0..1, for every text that passes: above ``replies.SURE``, below ``answers.CERTAIN``."""
VOICE_PROBABILITY = 0.5
"""Of the speech detector, 0..1, that one frame at least must reach."""
FORMAT = {"rate": HEAR_HZ, "width": 2, "channels": 1}


@dataclass(frozen=True, slots=True)
class HomeSettings:
    """How patient we are with the server, and how we talk to it."""

    answer_floor_s: float = 10.0
    """Seconds that any text may take ..."""
    answer_per_s: float = 0.5
    """... and so many more for each second of sound. With the time to connect, and a decode on this computer
    afterwards, that stays within the 20 s + 2 s per second that the scribe waits before it starts a new child."""
    chunk_samples: int = 4096
    """Samples in one message. A quarter of a second costs 1.6 % more than the bare sound; the 64 ms that are usual
    where sound is sent as it is spoken cost 6.5 %, and as many times the work at both ends."""
    speech_gate: bool = True
    """Send nothing in which our own speech detector finds no voice."""


class HomeRecogniser:
    """Asks the server once what it can do, then for the text of each piece.

    UsageError when it cannot do what is needed, or is not at home; RecognitionError when it is not there.
    """

    understands: Understands = "speech"

    def __init__(self, address: HomeAddress, language: str = "en", settings: HomeSettings | None = None) -> None:
        self._settings = settings or HomeSettings()
        self._language = language
        self._server = HomeServer(address)
        program = self._asked()
        self._model = self._fitting(program)
        self._gate = make_detector() if self._settings.speech_gate else None
        self.name = " ".join(filter(None, ("wyoming", program.name, self._model, f"at {address}")))

    def recognise(self, sound: Samples, *, short: bool, hints: Sequence[str] = ()) -> Heard:
        """Text of one piece or short answer; no words for silence. RecognitionError if the server fails."""
        clean = admit(sound)
        if clean is None or (self._gate is not None and not has_voice(clean, self._gate)):
            return NOTHING
        # Names that are told ahead are heard where nobody said them; a short answer has no room for that.
        names = () if short else tuple(hints)
        try:
            text = self._transcribed(clean, names)
        except HomeTrouble as trouble:
            raise RecognitionError(trouble.message, trouble.hint) from trouble
        return _judged(text, clean.size / HEAR_HZ, hints)

    def close(self) -> None:
        """End what still waits; from now on every piece fails. Safe from any thread."""
        self._server.close()

    def _asked(self) -> Program:
        try:
            program = read_offer(self._server.describe(), "asr")
        except HomeTrouble as trouble:
            kind = RecognitionError if trouble.kind == "away" else UsageError
            raise kind(trouble.message, trouble.hint) from trouble
        if program is None:
            raise UsageError(
                f"The speech server at {self._server.address} does not offer speech recognition.",
                "Servers that do, such as wyoming-faster-whisper, are usually at port 10300.",
            )
        return program

    def _fitting(self, program: Program) -> str:
        """The name of the model that serves. UsageError when none fits."""
        address, wanted = self._server.address, self._server.address.name
        model = program.named(wanted) if wanted else program.of_language(self._language)
        if wanted and model is None:
            names = ", ".join(one.name for one in program.offered[:10]) or "none"
            raise UsageError(f"The speech server at {address} has no model {wanted}.", f"It has: {names}.")
        if (model and not model.speaks(self._language)) or not program.knows_language(self._language):
            raise UsageError(
                f"The speech server at {address} does not know the language {self._language}.",
                "Give it a model that does, or go on without it: --recogniser auto.",
            )
        return model.name if model else ""

    def _transcribed(self, sound: Samples, names: Sequence[str]) -> str:
        settings = self._settings
        within_s = settings.answer_floor_s + settings.answer_per_s * sound.size / HEAR_HZ
        with self._server.conversation(within_s) as talk:
            talk.say(self._question(sound, names))
            text = talk.hear("transcript").data.get("text")
            if not isinstance(text, str):
                raise talk.foreign("its transcript has no text")
        return plain_text(text)

    def _question(self, sound: Samples, names: Sequence[str]) -> Iterator[Message]:
        wanted = self._server.address.name
        told = {"language": self._language} | ({"name": self._model} if wanted else {})
        # ``transcript_names`` is younger than the oldest package we take, so it is written by hand.
        yield message("transcribe", told | ({"transcript_names": list(names)} if names else {}))
        yield message("audio-start", dict(FORMAT))
        pcm = np.rint(sound * 32767.0).astype("<i2")
        for start in range(0, pcm.size, self._settings.chunk_samples):
            chunk = pcm[start : start + self._settings.chunk_samples]
            yield message("audio-chunk", dict(FORMAT), chunk.tobytes())
        yield message("audio-stop")


def has_voice(sound: Samples, detector: SpeechDetector) -> bool:
    """Whether the detector is sure of a voice in one frame at least."""
    detector.reset()
    size = detector.frame_samples
    padded = np.pad(sound, (0, -sound.size % size))
    frames = (padded[start : start + size] for start in range(0, padded.size, size))
    return any(detector.probability(frame) >= VOICE_PROBABILITY for frame in frames)


def _judged(text: str, length_s: float, names: Sequence[str]) -> Heard:
    """As if a model had been moderately sure of it and of somebody having spoken."""
    return judge([Decoded(text, math.log(CONFIDENCE), 0.0, len(text.split()))], length_s, names)
