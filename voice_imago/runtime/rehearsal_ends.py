"""The ends of a rehearsal: a loudspeaker that counts samples, prompts made in place, and who understands the couple."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import soxr

from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Heard, Pcm, Recogniser, Samples
from voice_imago.errors import VoiceError
from voice_imago.events import Partner, TextReady, Transcribe, TuneVoice
from voice_imago.runtime.couple import Couple
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.runtime.stage import Pieces, Stage

__all__ = ["CachedPrompts", "RealRecogniser", "SampleClockPlayer", "SceneText", "Understanding"]

SLACK_S = 0.1
"""Seconds by which a detected segment may miss the edge of a word."""


class SampleClockPlayer:
    """A loudspeaker that counts samples; ports.Player."""

    def __init__(self) -> None:
        self._sound: Samples = np.zeros(0, np.float32)
        self._id: int | None = None
        self._position = 0
        self._earcon: Samples = np.zeros(0, np.float32)
        self._told: list[tuple[int, str]] = []

    def play(self, id: int, pcm: Pcm) -> None:
        self.stop()
        self._sound = _heard(pcm)
        self._id, self._position = id, 0
        self._told.append((id, "began"))

    def stop(self) -> None:
        if self._id is not None:
            self._told.append((self._id, "stopped"))
        self._id = None

    def duck(self) -> None:
        """A scripted couple waits for the guide to finish."""

    def hold(self) -> None:
        """See ``duck``."""

    def resume(self, *, again: bool = True) -> None:
        """See ``duck``."""

    def chime(self, pcm: Pcm) -> None:
        self._earcon = _heard(pcm)

    def block(self, n_samples: int) -> Samples:
        """The next samples that leave the loudspeaker."""
        out = np.zeros(n_samples, np.float32)
        earcon, self._earcon = self._earcon[:n_samples], self._earcon[n_samples:]
        out[: len(earcon)] = earcon
        if self._id is not None:
            part = self._sound[self._position : self._position + n_samples]
            out[: len(part)] += part
            self._position += len(part)
            if self._position >= len(self._sound):
                self._told.append((self._id, "ended"))
                self._id = None
        return out

    def told(self) -> Iterator[tuple[int, str]]:
        """What happened since the last call: (id, began | ended | stopped)."""
        while self._told:
            yield self._told.pop(0)


def _heard(pcm: Pcm) -> Samples:
    """What leaves the loudspeaker, at the microphone's rate."""
    return soxr.resample(pcm.astype(np.float32) / 32768, PLAY_HZ, HEAR_HZ).astype(np.float32)  # type: ignore[no-any-return]


class CachedPrompts:
    """stage.Prompts that fetches in the caller's thread; the first failure is told."""

    def __init__(self, cache: PromptCache, on_failure: Callable[[VoiceError], None]) -> None:
        self._cache, self._on_failure = cache, on_failure
        self._told = False

    def ask(
        self, text: str, ready: Callable[[Pcm | None], None], to: Partner | None = None, *, fresh: bool = False
    ) -> None:
        try:
            pcm: Pcm | None = self._cache.fetch(text, to)
        except VoiceError as error:
            pcm = None
            if not self._told:
                self._told = True
                self._on_failure(error)
        ready(pcm)

    def prepare(self, texts: tuple[str, ...], to: tuple[Partner | None, ...] = ()) -> None:
        """Nothing is rendered ahead: the sample clock waits."""

    def retune(self, tuned: TuneVoice) -> None:
        self._cache.retune(tuned.rate, tuned.volume, tuned.pitch, tuned.to)

    def never_keep(self, text: str) -> None:
        self._cache.never_keep(text)


class Understanding:
    """stage.Pieces that hands on to whoever understands just now."""

    def __init__(self, now: Pieces) -> None:
        self.now = now

    def submit(self, wanted: Transcribe, sound: Samples) -> None:
        self.now.submit(wanted, sound)


class SceneText:
    """stage.Pieces that knows what the scene says."""

    def __init__(self, couple: Couple, stage: Callable[[], Stage], working: Callable[[], bool]) -> None:
        self._couple, self._stage, self._working = couple, stage, working

    def submit(self, wanted: Transcribe, sound: Samples) -> None:
        stage = self._stage()
        text = self._couple.words(wanted.start - SLACK_S, wanted.end + SLACK_S) if self._working() else ""
        stage.feed(TextReady(stage.now, wanted.id, text, 1.0 if text else 0.0))


class RealRecogniser:
    """stage.Pieces that asks a real recogniser in the caller's thread."""

    def __init__(self, recogniser: Recogniser, names: tuple[str, str], stage: Callable[[], Stage]) -> None:
        self._recogniser, self._names, self._stage = recogniser, names, stage

    def submit(self, wanted: Transcribe, sound: Samples) -> None:
        stage = self._stage()
        heard: Heard = self._recogniser.recognise(sound, short=wanted.short, hints=self._names)
        stage.feed(TextReady(stage.now, wanted.id, heard.text, heard.confidence))
