"""Training samples: rendered clips, joined, put into a room, and labelled with what sounds when."""

# ruff: noqa: S311 - see train.py
from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import tokenizers
from faster_whisper.feature_extractor import FeatureExtractor

from audio_fixtures.recogniser.noises import breathing, coloured, music, unit_power
from audio_fixtures.recogniser.sayings import NAMES, Saying, mixed, phrases, scene_sayings
from audio_fixtures.recogniser.synthesis import FLITE_VOICES, RATE_HZ, Espeak, Spoken, flite

Sound = npt.NDArray[np.float32]

KITCHEN = Path(__file__).parents[1] / "kitchen.flac"
VOICES = ("en-us", "en-us+m3", "en-us+f5", "en-gb", "en-gb+f2", "en-gb-x-rp+m7", "en-gb-scotland", "en-029+f4")
RATES_WPM = (120, 130, 140, 150, 160, 175)
POSITIONS_PER_S = 50
LONGEST_S = 13.0
"""Seconds of a joined sample."""
LONGEST_CLIP_S = 16.5
"""Seconds of a single sentence; with its pauses it must fit into what the encoder hears."""
SPEECH_DB = -26.0
"""Where the program's rehearsals put the voices."""
UNLABELLED = -100
"""The label that costs nothing."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One rendered text with its tokens; times in seconds."""

    kind: str
    text: str
    voice: str
    sound: npt.NDArray[np.int16]
    tokens: tuple[int, ...]
    token_spans: npt.NDArray[np.float32] | None
    """Start and end of each token; None: not known."""
    sounding: tuple[bool, ...]
    """Whether a token is heard: punctuation is not."""
    phonemes: tuple[tuple[int, float, float], ...] = ()

    @property
    def length_s(self) -> float:
        return len(self.sound) / RATE_HZ


@dataclass(frozen=True, slots=True)
class Sample:
    """What one row of a batch is made of."""

    features: Sound
    tokens: tuple[int, ...] | None
    """None: nobody speaks."""
    end_s: float
    words: npt.NDArray[np.int64]
    """Token that sounds at each encoder position, 0 for none, UNLABELLED where not known."""
    phonemes: npt.NDArray[np.int64]
    centres: npt.NDArray[np.float32] | None
    """Encoder position of the middle of each token."""


class Phonemes:
    """Numbers for the sounds of espeak, in the order in which they are met; 0 is silence."""

    MOST = 96

    def __init__(self, known: Sequence[str] = ()) -> None:
        self.numbers = {name: number for number, name in enumerate(known, 1)}

    def number(self, name: str) -> int:
        return self.numbers.setdefault(name, min(len(self.numbers) + 1, self.MOST - 1))


class Studio:
    """Renders clips."""

    def __init__(self, tokenizer: tokenizers.Tokenizer, phonemes: Phonemes) -> None:
        self._espeak, self._tokenizer, self._phonemes = Espeak(), tokenizer, phonemes

    def clip(self, kind: str, saying: Saying) -> Clip:
        if saying.voice in FLITE_VOICES:
            spoken = flite(saying.text, saying.voice, saying.rate_wpm)
        else:
            spoken = self._espeak.say(saying.text, saying.voice, saying.rate_wpm)
        words = [self._tokenizer.encode(f" {word}").ids for word in saying.text.split()]
        tokens = tuple(token for word in words for token in word)
        sounding = tuple(any(c.isalnum() for c in self._tokenizer.decode([token])) for token in tokens)
        spans = _token_spans(spoken, words, sounding) if len(spoken.words) == len(words) else None
        heard = tuple((self._phonemes.number(name), a, b) for name, a, b in spoken.phonemes)
        sound = (np.clip(spoken.sound, -1.0, 1.0) * 32767).astype(np.int16)
        return Clip(kind, saying.text, saying.voice, sound, tokens, spans, sounding, heard)


def _token_spans(spoken: Spoken, words: list[list[int]], sounding: tuple[bool, ...]) -> npt.NDArray[np.float32]:
    """Each word's time, shared among its tokens; punctuation at its end."""
    spans: list[tuple[float, float]] = []
    for (start_s, next_s), word in zip(spoken.words, words, strict=True):
        ends = [end for _, begin, end in spoken.phonemes if start_s <= begin < next_s]
        end_s = max(ends, default=next_s)
        heard = [n for n in range(len(word)) if sounding[len(spans) + n]] or [0]
        step_s = (end_s - start_s) / len(heard)
        for number in range(len(word)):
            begin_s = start_s + step_s * sum(1 for one in heard if one < number)
            spans.append((begin_s, begin_s + step_s) if number in heard else (end_s, end_s))
    return np.array(spans, np.float32).reshape(-1, 2)


def jobs(seed: int) -> list[tuple[str, Saying]]:
    """What is rendered: scenes in their own and other voices, phrases, and made-up texts.

    Who says a text, and how fast, depends on nothing but that text, so that a new line changes no other.
    """
    scenes, answers = scene_sayings(), phrases()
    couple = sorted({saying.voice for saying in scenes})
    others = [voice for voice in VOICES if voice not in couple]
    texts = list(dict.fromkeys(saying.text for saying in scenes))
    found = [("scene", saying) for saying in scenes]
    for text in texts:
        rng = random.Random(f"{seed} {text}")
        voices = [*couple, *couple, *rng.sample(others, 4), rng.choice(FLITE_VOICES)]
        found += [("scene", Saying(text, voice, rng.choice(RATES_WPM))) for voice in voices]
    for text in answers:
        rng = random.Random(f"{seed} {text}")
        voices = [*rng.sample(couple, 2), rng.choice(others)]
        found += [("phrase", Saying(text, voice, rng.choice(RATES_WPM))) for voice in voices]
    for number, text in enumerate(mixed(texts * 4 + answers, 2400, seed)):
        rng = random.Random(f"{seed} {text}")
        voice = rng.choice(couple if number % 5 < 3 else others)
        found.append(("mixed", Saying(text, voice, rng.choice(RATES_WPM))))
    return list(dict.fromkeys(found))


def _heavy(clips: Sequence[Clip]) -> list[Clip]:
    """Lines of many scenes, commands and long lines more than once, so that they are drawn more often."""
    said = Counter(saying.text for saying in scene_sayings())

    def times(text: str) -> int:
        words = len(text.split())
        return min(6, max(1, said[text], words // 8, 3 if words <= 3 else 1))

    return [clip for clip in clips for _ in range(times(clip.text))]


class Mixer:
    """Draws samples from the clips; what comes out depends on the seed alone."""

    def __init__(self, clips: Sequence[Clip], seed: int) -> None:
        self._rng, self._noise_rng = random.Random(seed), np.random.default_rng(seed)
        clips = [clip for clip in clips if clip.length_s < LONGEST_CLIP_S]
        self._kinds = {kind: [clip for clip in clips if clip.kind == kind] for kind in ("scene", "phrase", "mixed")}
        self._kinds["scene"] = _heavy(self._kinds["scene"])
        self._by_voice = {
            (kind, voice): [clip for clip in group if clip.voice == voice]
            for kind, group in self._kinds.items()
            for voice in {clip.voice for clip in group}
        }
        self._kitchen = soundfile.read(KITCHEN, dtype="float32")[0]
        self._colours = [coloured(self._noise_rng, 30 * RATE_HZ, slope) for slope in (0.0, 0.3, 0.6, 0.9, 1.2)]
        self._extractor = FeatureExtractor()

    def draw(self, joined: float) -> list[Clip]:
        """Clips for one sample, of one voice; with the probability ``joined`` more than one. Empty: no speech."""
        if self._rng.random() < 0.06:
            return []
        chosen = [self._one()]
        if self._rng.random() < joined:
            wanted = self._rng.choice((2, 2, 3, 3, 4))
            chosen += [self._one(chosen[0].voice) for _ in range(wanted - 1)]
        while sum(clip.length_s + 1.0 for clip in chosen) > LONGEST_S and len(chosen) > 1:
            chosen.pop()
        return chosen

    def _one(self, voice: str = "") -> Clip:
        kind = self._rng.choices(("scene", "phrase", "mixed"), (0.65, 0.15, 0.2))[0]
        group = self._by_voice.get((kind, voice)) if voice else None
        return self._rng.choice(group or self._kinds[kind])

    def sample(self, clips: Sequence[Clip]) -> Sample:
        """The clips one after the other, in a room."""
        if not clips:
            sound = self._no_speech()
            nothing = np.zeros(_positions(len(sound)), np.int64)
            return Sample(self._features(sound), None, 0.0, nothing, nothing, None)
        starts, sound = self._placed(clips)
        if self._rng.random() < 0.55:
            sound = self._noisy(sound)
        end_s = starts[-1] + clips[-1].length_s
        tokens = tuple(token for clip in clips for token in clip.tokens)
        positions = _positions(len(sound))
        if any(clip.token_spans is None for clip in clips):
            unknown = np.full(positions, UNLABELLED, np.int64)
            return Sample(self._features(sound), tokens, end_s, unknown, unknown, None)
        words, phonemes, centres = _labels(clips, starts, positions)
        return Sample(self._features(sound), tokens, end_s, words, phonemes, centres)

    def previous_text(self, tokenizer: tokenizers.Tokenizer) -> list[int]:
        """What may stand before the text: the partners' names, as the program gives them, or another sentence."""
        if self._rng.random() < 0.6:
            return list(tokenizer.encode(" " + ", ".join(self._rng.sample(NAMES, 2))).ids)
        return list(self._one().tokens[:14])

    def _placed(self, clips: Sequence[Clip]) -> tuple[list[float], Sound]:
        """Start of each clip in seconds, and the sound at some level, with pauses before, between and after."""
        rng = self._rng
        level_db = SPEECH_DB + rng.gauss(0.0, 1.5) if rng.random() < 0.5 else rng.uniform(-40.0, -12.0)
        lead_s = rng.uniform(0.0, 0.45) if rng.random() < 0.92 else rng.uniform(0.4, 1.5)
        parts, starts, at = [np.zeros(int(lead_s * RATE_HZ), np.float32)], [], int(lead_s * RATE_HZ)
        for clip in clips:
            starts.append(at / RATE_HZ)
            pause_s = rng.uniform(0.02, 0.9) if clip is not clips[-1] else rng.uniform(0.0, 0.5)
            sound = clip.sound.astype(np.float32) / np.float32(32768)
            loud = sound[np.abs(sound) > 0.1 * np.abs(sound).max()]
            gain = 10 ** (level_db / 20) / float(np.sqrt(np.mean(loud**2)))
            parts += [sound * np.float32(gain), np.zeros(int(pause_s * RATE_HZ), np.float32)]
            at += len(parts[-2]) + len(parts[-1])
        return starts, np.concatenate(parts)

    def _noisy(self, sound: Sound) -> Sound:
        loud = sound[np.abs(sound) > 0.1 * np.abs(sound).max()]
        level = float(np.sqrt(np.mean(loud**2))) * 10 ** (-self._rng.uniform(8.0, 40.0) / 20)
        return sound + np.float32(level) * self._room(len(sound))

    def _room(self, n_samples: int) -> Sound:
        """Noise of unit power: the kitchen of the scenes, or some other colour."""
        looped = self._kitchen if self._rng.random() < 0.6 else self._rng.choice(self._colours)
        start = self._rng.randrange(len(looped))
        noise = np.resize(np.roll(looped, -start), n_samples)
        return unit_power(noise)

    def _no_speech(self) -> Sound:
        """Silence, noise, music or breathing."""
        n_samples = int(self._rng.uniform(0.3, 7.0) * RATE_HZ)
        kind = self._rng.random()
        if kind < 0.15:
            return np.zeros(n_samples, np.float32)
        level = np.float32(10 ** (self._rng.uniform(-75.0, -18.0) / 20))
        if kind < 0.6:
            return level * self._room(n_samples)
        if kind < 0.8:
            return level * music(self._noise_rng, n_samples)
        return level * breathing(self._noise_rng, n_samples)

    def _features(self, sound: Sound) -> Sound:
        found: Sound = self._extractor(sound)
        return found


def _positions(n_samples: int) -> int:
    """Encoder positions: two frames of features each."""
    return (n_samples + 160) // 160 // 2 + 1


def _labels(
    clips: Sequence[Clip], starts: Sequence[float], positions: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    words, phonemes = np.zeros(positions, np.int64), np.zeros(positions, np.int64)
    centres: list[float] = []
    for clip, start_s in zip(clips, starts, strict=True):
        spans = clip.token_spans if clip.token_spans is not None else np.zeros((0, 2), np.float32)
        for token, heard, span in zip(clip.tokens, clip.sounding, spans + start_s, strict=True):
            first, last = (float(edge) * POSITIONS_PER_S for edge in span)
            centres.append((first + last) / 2)
            if heard:
                words[int(first) : max(int(first) + 1, int(last))] = token
        for number, a, b in clip.phonemes:
            phonemes[int((a + start_s) * POSITIONS_PER_S) : int((b + start_s) * POSITIONS_PER_S)] = number
    return words, phonemes, np.array(centres, np.float32)
