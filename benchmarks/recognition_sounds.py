"""Speech to measure with: lines of the scenes in their synthetic voices, or clips with texts; turns made of them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio_fixtures.recogniser.evaluate import scene_lines
from tests.whisper_fixture import like_speech
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.script import load_script
from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.engines.recorded import read_sound

PAUSE_S, LEAST_PAUSE_S, MOST_PAUSE_S = 0.6, 0.15, 2.0
"""Between two sentences of a turn: the median of a log-normal, and its bounds."""
LEAST_WORDS = 4
"""Of a line that may stand in a turn; shorter ones are answers."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound and the words in it."""

    text: str
    voice: str
    sound: Samples

    @property
    def length_s(self) -> float:
        return self.sound.size / HEAR_HZ


def scene_clips() -> list[Clip]:
    """Every line of the scenes once per voice and rate; without eSpeak NG, sound that is like speech."""
    if shutil.which("espeak-ng") is None:
        print("eSpeak NG is not installed: made sound instead of the scenes' voices, without words")
        return [Clip("", "made", like_speech(2.0 + 0.25 * n)) for n in range(20)]
    lines = (line for _, said in scene_lines() for line in said)
    once = {(line.text, line.voice, line.sound.size): Clip(line.text, line.voice, line.sound) for line in lines}
    return list(once.values())


def clips_in(folder: Path) -> list[Clip]:
    """NAME.flac or NAME.wav with NAME.txt; all counted as one voice."""
    sounds = sorted(path for kind in ("flac", "wav") for path in folder.glob(f"*.{kind}"))
    with_text = [path for path in sounds if path.with_suffix(".txt").exists()]
    return [Clip(path.with_suffix(".txt").read_text("utf-8").strip(), "clips", read_sound(path)) for path in with_text]


def turns(clips: Sequence[Clip], least_s: float, most_s: float, count: int, seed: int = 0) -> list[Clip]:
    """Turns of one voice each: its clips in any order with pauses between them, ended by their last sound."""
    rng = np.random.default_rng(seed)
    usable = [clip for clip in clips if len(clip.text.split()) >= LEAST_WORDS and _is_content(clip.text)]
    usable = usable or list(clips)
    voices = sorted({clip.voice for clip in usable})
    made: list[Clip] = []
    for _ in range(count * 50):
        own = [clip for clip in usable if clip.voice == voices[len(made) % len(voices)]]
        turn = _joined(own, float(rng.uniform(least_s, most_s)), rng)
        if least_s <= turn.length_s <= most_s:
            made.append(turn)
        if len(made) == count:
            break
    return made


def _joined(clips: Sequence[Clip], length_s: float, rng: np.random.Generator) -> Clip:
    chosen: list[Clip] = []
    parts: list[Samples] = []
    while sum(part.size for part in parts) < length_s * HEAR_HZ:
        chosen.append(clips[rng.integers(len(clips))])
        pause_s = float(np.clip(rng.lognormal(np.log(PAUSE_S), 0.5), LEAST_PAUSE_S, MOST_PAUSE_S))
        parts += [chosen[-1].sound, np.zeros(round(pause_s * HEAR_HZ), np.float32)]
    return Clip(" ".join(clip.text for clip in chosen), chosen[0].voice, _until_last_sound(np.concatenate(parts)))


def _until_last_sound(sound: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    return sound[: loud[-1] + 1]


def _is_content(text: str) -> bool:
    """No command, and nothing that gives the floor away: such words end a turn."""
    replies = _replies()
    sentences = [text, *re.split(r"(?<=[.?!]) ", text)]
    return not any(replies.command(one) or replies.hands_over(one) for one in sentences)


def _replies() -> Replies:
    if not _KEPT:
        _KEPT.append(Replies(load_script().languages["en"]))
    return _KEPT[0]


_KEPT: list[Replies] = []

Plain = Callable[[str], str]


def normaliser(language: str = "en") -> tuple[Plain, str]:
    """What makes texts comparable, and its name: Whisper's own rules where they are installed."""
    try:
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError:
        from audio_fixtures.recogniser.evaluate import plain

        return plain, "plain words (whisper-normalizer is not installed)"
    kind = EnglishTextNormalizer if language == "en" else BasicTextNormalizer
    return kind(), "whisper-normalizer"


def word_errors(said: Sequence[str], heard: Sequence[str], language: str = "en") -> float:
    """Word error rate of all together, in percent."""
    import jiwer

    plain, _ = normaliser(language)
    pairs = [(plain(a), plain(b)) for a, b in zip(said, heard, strict=True)]
    kept = [(a, b) for a, b in pairs if a]
    return 100.0 * float(jiwer.wer([a for a, _ in kept], [b for _, b in kept]))


def minutes(clips: Sequence[Clip]) -> float:
    return sum(clip.length_s for clip in clips) / 60.0


def without_speech(total_s: float, part_s: int = 20) -> Iterator[tuple[str, Samples]]:
    """Silence, noise of three colours, music, breathing and a kitchen in turn, until it is enough."""
    from audio_fixtures.recogniser.evaluate import no_speech

    passed, seed = 0.0, 0
    while passed < total_s:
        for kind, sound in no_speech(seconds=part_s, seed=seed).items():
            if passed >= total_s:
                return
            yield kind, sound
            passed += part_s
        seed += 1
