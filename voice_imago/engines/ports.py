"""What the runtime expects of an engine. Engines do not inherit; ``tests/contracts/`` runs one class per Protocol.

All sound inside the house is mono; the microphone side is 16 000 Hz float32 in -1..1, the loudspeaker side is
int16 at ``PLAY_HZ``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

HEAR_HZ = 16_000
"""Hertz of everything that hearing and recognition see."""
PLAY_HZ = 48_000
"""Hertz of everything that is played."""

Samples = npt.NDArray[np.float32]
"""Mono microphone sound, shape (n,), -1..1."""
Pcm = npt.NDArray[np.int16]
"""Mono loudspeaker sound, shape (n,)."""


class SpeechDetector(Protocol):
    """Frame in, probability out; keeps its own state between frames."""

    @property
    def name(self) -> str: ...

    @property
    def frame_samples(self) -> int:
        """Samples at ``HEAR_HZ`` that ``probability`` takes."""
        ...

    @property
    def lag_s(self) -> float:
        """Seconds by which the output trails the sound."""
        ...

    def probability(self, frame: Samples) -> float:
        """Probability of speech in one frame of exactly ``frame_samples``; ValueError otherwise."""
        ...

    def reset(self) -> None:
        """Forget the past; the next frame is the first."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceOpinion:
    """Which of two enrolled voices a stretch of sound is."""

    start_sample: int
    end_sample: int
    llr: float
    """Nats, > 0 the first partner, < 0 the second."""
    strangeness: float = 0.0
    """How unlike both partners; from 1 on rather somebody else, 0 for a partner or where nobody can say."""


class Voiceprint(Protocol):
    """Tells two enrolled voices apart, streaming."""

    @property
    def name(self) -> str: ...

    def frame_llr(self, frame: Samples) -> float | None:
        """Opinion on one detector frame, or None where it has none (too quiet, not enrolled)."""
        ...

    def windows(self) -> Sequence[VoiceOpinion]:
        """Opinions on longer windows that became ready since the last call (sample counts since reset)."""
        ...

    def finish(self) -> Sequence[VoiceOpinion]:
        """The stretch of speech is over: the last opinions on it; counting starts anew."""
        ...

    def reset(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """One recognised piece."""

    text: str
    confidence: float
    """0..1."""


Understands = Literal["nothing", "answers", "speech"]


class Recogniser(Protocol):
    """Sound in, words out; blocking, used by one worker only."""

    @property
    def name(self) -> str: ...

    @property
    def understands(self) -> Understands:
        """'speech': free text. 'answers': only short expected answers. 'nothing': never asked."""
        ...

    def recognise(self, sound: Samples, *, short: bool, hints: Sequence[str] = ()) -> Heard:
        """Text of one piece (16 kHz mono float32). ``hints`` are partner names. Raises RecognitionError."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How the guide sounds."""

    voice: str = ""
    """The engine's own name of a voice; empty: the language's default."""
    rate_wpm: int = 155
    """Words per minute."""
    volume: float = 1.0
    """0..1."""


class VoiceEngine(Protocol):
    """Text in, WAV file out; may block up to its own deadline."""

    @property
    def name(self) -> str:
        """Engine and version, part of the cache key."""
        ...

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """Write one mono 16-bit WAV to ``target`` (replaced atomically). Raises VoiceError."""
        ...

    def voices(self) -> Sequence[str]: ...


Began = Callable[[int], None]
Ended = Callable[[int, bool], None]


class Player(Protocol):
    """Plays prompts, one at a time, stoppable at once; never blocks."""

    def play(self, id: int, pcm: Pcm) -> None:
        """Start now (cuts off what is being played). Told back through Began and Ended."""
        ...

    def stop(self) -> None:
        """Fade out in 5 ms."""
        ...

    def duck(self) -> None:
        """Play what is being played 12 dB softer."""
        ...

    def hold(self) -> None:
        """Be silent where the prompt is now; it is not over."""
        ...

    def resume(self, *, again: bool = True) -> None:
        """As loud as before ``duck`` or ``hold``; ``again``: from the beginning of the phrase that was ducked."""
        ...

    def chime(self, pcm: Pcm) -> None:
        """Play an earcon over whatever is being played; not told back."""
        ...


class EchoCanceller(Protocol):
    """Takes the guide's own voice out of the microphone. Frames are exactly 10 ms; ValueError otherwise."""

    @property
    def name(self) -> str: ...

    @property
    def lag_samples(self) -> int:
        """At ``HEAR_HZ``: by which what ``clean`` gives trails what it was given."""
        ...

    def played(self, frame: Pcm) -> None:
        """10 ms at ``PLAY_HZ`` that the loudspeaker was given, silence too; before their echo reaches ``clean``."""
        ...

    def clean(self, frame: Pcm) -> Pcm:
        """10 ms of the microphone at ``HEAR_HZ``, without the echo."""
        ...


class Microphone(Protocol):
    """Delivers chunks of ``HEAR_HZ`` mono float32 to a callback given at creation."""

    def start(self) -> None:
        """Raises DeviceError."""
        ...

    def close(self) -> None: ...
