"""How well the fixture recogniser understands the scenes, through the program's own voices and recogniser.

    python -m audio_fixtures.recogniser.evaluate [FOLDER]

Sounds are rendered, levelled and resampled as a rehearsal does it, and decoded by WhisperRecogniser.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jiwer
import numpy as np
import numpy.typing as npt
import soundfile

from audio_fixtures.recogniser.noises import breathing, coloured, music, unit_power
from voice_imago.engines.recogniser_whisper import WhisperRecogniser
from voice_imago.runtime.couple import levelled, under_speech
from voice_imago.runtime.rehearse import SceneVoices
from voice_imago.runtime.scene import Line, read_scene

Sound = npt.NDArray[np.float32]

FOLDER = Path(__file__).parent
RATE_HZ = 16_000
LONGEST_JOINED_S = 12.0
MINUTES_WITHOUT_SPEECH = 30
NAMES = ("Ana", "Ben")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line as the microphone would hear it, without the room."""

    text: str
    speaker: str
    voice: str
    sound: Sound

    @property
    def length_s(self) -> float:
        return len(self.sound) / RATE_HZ


@dataclass(slots=True)
class Score:
    """Errors of one kind of clip."""

    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, said: str, heard: str) -> None:
        self.said.append(plain(said))
        self.heard.append(plain(heard))

    def __str__(self) -> str:
        exact = sum(a == b for a, b in zip(self.said, self.heard, strict=True)) / len(self.said)
        each_ms = 1000 * self.seconds / len(self.said)
        wrong = jiwer.wer(self.said, self.heard)
        return f"WER {wrong:6.2%}  exact {exact:4.0%}  {len(self.said):3} clips  {each_ms:.0f} ms each"


def plain(text: str) -> str:
    """Words without capitals and punctuation."""
    return " ".join(re.sub(r"[^a-z' ]+", " ", text.lower().replace("’", "'").replace("-", " ")).split())


def scene_lines(scenes: Path = FOLDER.parent) -> Iterator[tuple[str, list[Spoken]]]:
    """Scene by scene, the lines that are spoken in the language of the model."""
    for path in sorted(scenes.glob("*.toml")):
        scene = read_scene(path)
        if scene.language != "en":
            continue
        voices = SceneVoices(scene)
        try:
            yield path.stem, [_spoken(voices, line, scene.everybody[line.by].voice) for line in scene.line if line.say]
        finally:
            voices.close()


def _spoken(voices: SceneVoices, line: Line, voice: str) -> Spoken:
    return Spoken(line.say, line.by, voice, levelled(voices.sound_of(line)))


def joined(
    lines: list[Spoken], sentences: int, gap_s: float, longest_s: float = LONGEST_JOINED_S
) -> Iterator[tuple[Spoken, list[Spoken]]]:
    """Neighbouring sentences of one speaker in one clip, as a turn has them, and each of them."""
    for speaker in sorted({line.speaker for line in lines}):
        own = [line for line in lines if line.speaker == speaker]
        for first in range(0, len(own) - sentences + 1, sentences):
            group = own[first : first + sentences]
            gap = np.zeros(int(gap_s * RATE_HZ), np.float32)
            sound = np.concatenate([part for line in group for part in (line.sound, gap)])
            if len(sound) <= longest_s * RATE_HZ:
                yield Spoken(" ".join(line.text for line in group), speaker, group[0].voice, sound), group


def kitchen(snr_db: float) -> Sound:
    """The kitchen, so much below the voices."""
    noise = under_speech(soundfile.read(FOLDER.parent / "kitchen.flac", dtype="float32")[0], snr_db)
    return np.zeros(RATE_HZ, np.float32) if noise is None else noise


def no_speech(seconds: int, seed: int) -> dict[str, Sound]:
    """All kinds of sound in which nobody speaks."""
    rng, n_samples = np.random.default_rng(seed), seconds * RATE_HZ
    colours = {f"noise of slope {slope}": coloured(rng, n_samples, slope) for slope in (0.0, 0.5, 1.0)}
    loud = {name: unit_power(sound) for name, sound in colours.items()}
    loud |= {"music": music(rng, n_samples), "breathing": breathing(rng, n_samples)}
    found = {name: (sound * 10 ** (-30.0 / 20)).astype(np.float32) for name, sound in loud.items()}
    return found | {"silence": np.zeros(n_samples, np.float32), "kitchen": np.resize(kitchen(10.0), n_samples)}


def main() -> None:
    os.environ["VOICE_IMAGO_HOME"] = str(Path(tempfile.gettempdir()) / "fixture_recogniser" / "voices")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    begun = time.perf_counter()
    recogniser = WhisperRecogniser(folder)
    print(f"loaded and tried out in {1000 * (time.perf_counter() - begun):.0f} ms")
    scores: dict[str, Score] = {}
    wrong: list[str] = []

    def judge(kind: str, spoken: Spoken, short: bool, change: Callable[[Sound], Sound] = lambda sound: sound) -> None:
        begun = time.perf_counter()
        heard = recogniser.recognise(change(spoken.sound), short=short, hints=() if short else NAMES)
        score = scores.setdefault(kind, Score())
        score.seconds += time.perf_counter() - begun
        score.add(spoken.text, heard.text)
        if plain(spoken.text) != plain(heard.text):
            wrong.append(f"  {kind}, {spoken.voice}: {spoken.text}  ->  {heard.text} ({heard.confidence:.2f})")

    noise = kitchen(10.0)
    for _, lines in scene_lines():
        for line in lines:
            judge("line, short window", line, True)
            judge("line, full window", line, False)
            judge("line, kitchen 10 dB", line, True, lambda sound: sound + np.resize(noise, sound.shape))
            if len(line.text.split()) <= 4:
                judge("of these, answers of 1-4 words", line, True)
        for sentences, gap_s in ((2, 0.3), (2, 0.8), (3, 0.3), (3, 0.6)):
            for turn, _ in joined(lines, sentences, gap_s):
                judge(f"{sentences} sentences, {gap_s} s apart", turn, False)
    print("\n".join(wrong))
    for kind, score in scores.items():
        print(f"{kind:32} {score}")
    heard = invented(recogniser, MINUTES_WITHOUT_SPEECH)
    print("\n".join([f"{MINUTES_WITHOUT_SPEECH} min without speech: {len(heard)} clips with words", *heard]))


def invented(recogniser: WhisperRecogniser, minutes: int) -> list[str]:
    """Words heard where nobody speaks, in so many minutes of every kind of it together."""
    kinds = no_speech(seconds=20, seed=0)
    found = []
    for seed in range(max(1, minutes * 3 // len(kinds))):
        for kind, sound in no_speech(seconds=20, seed=seed).items():
            found += [f"  {kind}: {text}" for text in [recogniser.recognise(sound, short=False).text] if text]
    return found


if __name__ == "__main__":
    main()
