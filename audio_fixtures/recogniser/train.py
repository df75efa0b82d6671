"""Trains the fixture recogniser from synthetic voices and writes it beside this file.

    nice -n 19 python -m audio_fixtures.recogniser.train                             # from nothing
    nice -n 19 python -m audio_fixtures.recogniser.train --continue --steps 1000     # new lines in the scenes

README.md says what has to be installed. One thread: a second one makes it slower.
"""

# ruff: noqa: S311 - what is drawn must be the same every time, not secret
from __future__ import annotations

import argparse
import math
import pickle
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch
from torch import Tensor
from torch.nn import functional

from audio_fixtures.recogniser.export import export, make_tokenizer, read_back
from audio_fixtures.recogniser.network import Shape, Whisper
from audio_fixtures.recogniser.samples import UNLABELLED, Clip, Mixer, Phonemes, Sample, Studio, jobs
from audio_fixtures.recogniser.sayings import NAMES, Saying, phrases, scene_sayings
from audio_fixtures.recogniser.synthesis import RATE_HZ

FOLDER = Path(__file__).parent
WORK = Path(tempfile.gettempdir()) / "fixture_recogniser"
LEARNING_RATE = 1.5e-3
WARM_STEPS = 200
FRAMES_A_BATCH = 3600
"""So many frames (10 ms) of sound at once; short clips make larger batches."""
MOST_A_BATCH = 24
POOL = 384
"""Samples that are sorted by length together."""
CHECKPOINT_STEPS = 250
TIMESTAMP_STEP_S = 0.02
HEARD_FRAMES = 1798


@dataclass(frozen=True, slots=True)
class Ids:
    """Special tokens."""

    end: int
    start: int
    previous: int
    no_speech: int
    no_times: int

    @property
    def first_time(self) -> int:
        return self.no_times + 1


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of some samples of similar length."""

    features: Tensor
    tokens: Tensor
    wanted: Tensor
    weight: Tensor
    words: Tensor
    phonemes: Tensor
    away: Tensor
    """How far from where a token sounds each position is, 0..1; all 0 where it is not known."""


class Batches:
    """Endless batches from the clips."""

    def __init__(self, clips: list[Clip], tokenizer: tokenizers.Tokenizer, seed: int) -> None:
        self._mixer, self._tokenizer = Mixer(clips, seed), tokenizer
        self._rng, self._mask_rng = random.Random(seed), np.random.default_rng(seed)
        names = ("<|endoftext|>", "<|startoftranscript|>", "<|startofprev|>", "<|nocaptions|>", "<|notimestamps|>")
        self.ids = Ids(*(tokenizer.token_to_id(name) for name in names))

    def pool(self, joined: float) -> Iterator[Batch]:
        """Some batches; ``joined``: the share of samples with more than one sentence."""
        drawn = [self._mixer.draw(joined) for _ in range(POOL)]
        drawn.sort(key=lambda clips: sum(clip.length_s + 0.5 for clip in clips) + self._rng.random() * 0.3)
        groups: list[list[list[Clip]]] = [[]]
        for clips in drawn:
            longest = 100 * sum(clip.length_s + 0.6 for clip in clips) + 60
            if groups[-1] and (longest * (len(groups[-1]) + 1) > FRAMES_A_BATCH or len(groups[-1]) >= MOST_A_BATCH):
                groups.append([])
            groups[-1].append(clips)
        self._rng.shuffle(groups)
        for group in groups:
            yield self._batch([self._mixer.sample(clips) for clips in group])

    def _batch(self, samples: list[Sample]) -> Batch:
        frames = min(HEARD_FRAMES, (max(sample.features.shape[1] for sample in samples) + 1) // 2 * 2)
        if self._rng.random() < 0.06:
            frames = self._rng.randrange(frames, HEARD_FRAMES + 2, 2)
        rows, positions = len(samples), frames // 2
        features = np.zeros((rows, 80, frames), np.float32)
        words, phonemes = np.zeros((rows, positions), np.int64), np.zeros((rows, positions), np.int64)
        texts = [self._text(sample) for sample in samples]
        longest = max(len(text[0]) for text in texts) - 1
        tokens = np.full((2, rows, longest), self.ids.end, np.int64)
        weight, away = np.zeros((rows, longest), np.float32), np.zeros((rows, longest, positions + 1), np.float32)
        for row, (sample, (text, wanted, counts, first)) in enumerate(zip(samples, texts, strict=True)):
            length = min(frames, sample.features.shape[1])
            features[row, :, :length] = self._masked(sample.features[:, :length])
            heard = min(positions, len(sample.words))
            words[row, :heard], phonemes[row, :heard] = sample.words[:heard], sample.phonemes[:heard]
            tokens[0, row, : len(text) - 1], tokens[1, row, : len(wanted)] = text[:-1], wanted
            weight[row, : len(counts)] = counts
            if sample.centres is not None:
                distance = (np.arange(positions)[None] - sample.centres[:, None]) / 5.0
                away[row, first : first + len(sample.centres), :-1] = 1.0 - np.exp(-(distance**2) / 2)
                away[row, first : first + len(sample.centres), -1] = 1.0
        made = (features, tokens[0], tokens[1], weight, words, phonemes, away)
        return Batch(*(torch.from_numpy(array) for array in made))

    def _text(self, sample: Sample) -> tuple[list[int], list[int], list[float], int]:
        """The decoder's tokens, what it should give after each, how much that counts, and where the words begin.

        Whether anybody speaks is asked of what follows the start token, with times or without.
        """
        ids, with_times = self.ids, self._rng.random() < 0.35
        before = []
        if self._rng.random() < 0.3:
            before = [ids.previous, *self._mixer.previous_text(self._tokenizer)]
        mode = ids.first_time if with_times else ids.no_times
        said = list(sample.tokens or ())
        if said and with_times:
            said.append(ids.first_time + min(1500, round(sample.end_s / 0.2) * 10))
        text = [*before, ids.start, mode, *said, ids.end]
        wanted = text[1:]
        counts = [0.0] * len(before) + [1.0 if with_times else 0.0] + [1.0] * (len(said) + 1)
        if not said:
            wanted[len(before)], counts[len(before)] = ids.no_speech, 1.0
        return text, wanted, counts, len(before) + 1

    def _masked(self, features: np.ndarray) -> np.ndarray:
        """Some bands and moments taken out (SpecAugment, Park et al. 2019)."""
        features, rng = features.copy(), self._mask_rng
        low = features.min(initial=0.0)
        for _ in range(2):
            width, frames = int(rng.integers(0, 11)), features.shape[1]
            if frames > 60:
                begin = int(rng.integers(0, frames - width))
                features[:, begin : begin + width] = low
        bands = int(rng.integers(0, 9))
        begin = int(rng.integers(0, 80 - bands))
        features[begin : begin + bands] = low
        return features


def losses(model: Whisper, batch: Batch, window: int) -> dict[str, Tensor]:
    """Text; what sounds when, as words and as phonemes; and attention that must lie where the word sounds."""
    encoded = model.encode(batch.features, window)
    scores = model.decode(batch.tokens, encoded).transpose(1, 2)
    text = functional.cross_entropy(scores, batch.wanted, reduction="none", label_smoothing=0.05)
    attended = [layer["cross"].weights.mean(1) for layer in model.decoder]
    guided = (batch.away.amax(-1) > 0).sum().clamp(min=1)
    return {
        "text": (text * batch.weight).sum() / batch.weight.sum(),
        "words": _labelled(encoded.words, batch.words),
        "phonemes": _labelled(encoded.phonemes, batch.phonemes),
        "attention": sum((weights * batch.away).sum() / guided for weights in attended),
    }


def _labelled(scores: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy over what is labelled; 0 where nothing is."""
    lost = functional.cross_entropy(scores.transpose(1, 2), wanted, ignore_index=UNLABELLED, reduction="sum")
    return lost / (wanted != UNLABELLED).sum().clamp(min=1)


def train(model: Whisper, batches: Batches, plan: argparse.Namespace, save: Any) -> None:
    """AdamW with a warm start and a cosine end."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    shown: dict[str, float] = {}
    step, begun, rng = 0, time.time(), random.Random(plan.seed)
    while step < plan.steps:
        share = step / plan.steps
        # Single sentences first: attention learns where words are before it has to find them far away.
        for batch in batches.pool(joined=0.6 if share >= plan.singles else 0.1):
            share = min(1.0, step / plan.steps)
            rate = plan.rate * min(1.0, (step + 1) / WARM_STEPS) * (0.49 * (1 + math.cos(math.pi * share)) + 0.02)
            for group in optimizer.param_groups:
                group["lr"] = rate
            parts = losses(model, batch, rng.choice((600, 750, 1500, 1500)) if batch.features.shape[2] < 1150 else 1500)
            guide = 1.0 if share < 0.6 else 0.3
            loss = parts["text"] + 0.5 * (parts["words"] + parts["phonemes"]) + guide * parts["attention"]
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            shown = {k: 0.98 * shown.get(k, v.item()) + 0.02 * v.item() for k, v in parts.items()}
            if step % 50 == 0:
                told = " ".join(f"{name} {value:.3f}" for name, value in shown.items())
                print(f"step {step} {told} {time.time() - begun:.0f} s, cpu {time.process_time():.0f} s", flush=True)
            if step % CHECKPOINT_STEPS == 0:
                save()
            if step >= plan.steps:
                break
    save()


def prepare(plan: argparse.Namespace, tokenizer: tokenizers.Tokenizer, phonemes: Phonemes) -> list[Clip]:
    """All clips; those that were rendered before are kept in the work folder."""
    kept, key = plan.work / "clips.pickle", (tokenizer.to_str(), tuple(phonemes.numbers))
    clips: dict[tuple[str, Saying], Clip] = {}
    if kept.exists():
        known, numbers, found = pickle.loads(kept.read_bytes())  # noqa: S301 - our own file
        if known[0] == key[0] and tuple(numbers)[: len(key[1])] == key[1]:
            phonemes.numbers, clips = numbers, found
    studio, begun, before = Studio(tokenizer, phonemes), time.time(), len(clips)
    clips = {job: clips.get(job) or studio.clip(*job) for job in jobs(plan.seed)}
    hours = sum(len(clip.sound) for clip in clips.values()) / RATE_HZ / 3600
    print(f"{len(clips)} clips, {hours:.1f} h ({before} known before) in {time.time() - begun:.0f} s", flush=True)
    kept.write_bytes(pickle.dumps((key, phonemes.numbers, clips)))
    return list(clips.values())


def _known(folder: Path, checkpoint: Path) -> dict[str, Any]:
    """The last checkpoint, or else the shipped model itself."""
    if checkpoint.exists():
        return dict(torch.load(checkpoint))
    return {"weights": {name: torch.from_numpy(value) for name, value in read_back(folder).items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the fixture recogniser.")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=LEARNING_RATE)
    parser.add_argument("--singles", type=float, default=0.2, help="share of the steps before sentences are joined")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--continue", dest="resume", action="store_true", help="go on from the last checkpoint, or the shipped model"
    )
    parser.add_argument("--work", type=Path, default=WORK, help="clips and checkpoints")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the model is written")
    plan = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    plan.work.mkdir(parents=True, exist_ok=True)
    plan.out.mkdir(parents=True, exist_ok=True)
    checkpoint = plan.work / "checkpoint.pt"
    known = _known(plan.out, checkpoint) if plan.resume else {}
    if not plan.resume:
        texts = list(dict.fromkeys(saying.text for saying in scene_sayings())) * 4 + phrases() * 2 + list(NAMES) * 2
        make_tokenizer([*texts, *(text.lower() for text in texts)]).save(str(plan.out / "tokenizer.json"))
    tokenizer = tokenizers.Tokenizer.from_file(str(plan.out / "tokenizer.json"))
    phonemes = Phonemes(known.get("phonemes", ()))
    clips = prepare(plan, tokenizer, phonemes)
    batches, shape = Batches(clips, tokenizer, plan.seed), Shape()
    model = Whisper(shape, tokenizer.get_vocab_size(), batches.ids.end)
    if known:
        model.load_state_dict(known["weights"], strict=False)  # a shipped model lacks what only training uses
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} million parameters", flush=True)

    def save() -> None:
        torch.save({"weights": model.state_dict(), "phonemes": tuple(phonemes.numbers)}, checkpoint)
        weights = {name: value.numpy() for name, value in model.state_dict().items()}
        export(plan.out, weights, shape.heads, shape.heard_positions)

    train(model, batches, plan, save)


if __name__ == "__main__":
    main()
