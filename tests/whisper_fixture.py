"""A Whisper model in a folder, built with numpy alone, that says what it is told: for tests around it.

The architecture, the tokenizer and the files are those of a real model in CTranslate2 form, so the real
loading, feature, encoding, decoding and segment code of faster-whisper runs; only the weights are made up.
Every layer adds nothing to the stream, which therefore is the position's own vector and a trace of the last
token. Position ``t`` holds the vector of the token that is wanted after it, so every window yields the same
text whatever the sound.

``Script`` says which text, how surely, and whether the model doubts that anybody spoke. With
``unsure_in_short_windows`` the encoder's positions carry a mark that cancels out over 30 s but not over 12 s,
and the decoder's attention turns what is left of it into doubt: a model that needs the fall back to the full
window. With ``tokens_per_s`` it says no more of the text than people would in a sound of that length.

A micro model takes 0.03 s and 1 MB; ``SHAPES`` are the true sizes, for measuring cost. ``like_speech`` is
sound that speech detectors take for a voice.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tokenizers
from ctranslate2.specs import WhisperSpec
from tokenizers import decoders, models, pre_tokenizers, trainers

from audio_fixtures.recogniser.export import AFTER_LANGUAGES, BEFORE_LANGUAGES, TIMESTAMPS

Array = npt.NDArray[np.float32]

AUDIO_POSITIONS = 1500
TEXT_POSITIONS = 448
LOGIT = 20.0
"""Of a wanted token of which the model is certain."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a Whisper model."""

    width: int
    heads: int
    layers: int
    text_tokens: int = 0
    """Words in the vocabulary; 0: as few as the text needs."""


MICRO = Shape(64, 2, 1)
SHAPES = {
    "tiny": Shape(384, 6, 4, 50_256),
    "base": Shape(512, 8, 6, 50_256),
    "small": Shape(768, 12, 12, 50_256),
}


@dataclass(frozen=True, slots=True)
class Script:
    """What the model says to any sound."""

    text: str = "Yes, you got it."
    sure: float = 1.0
    """0..1, how certain the model is of each token; at 0.4 a text is improbable."""
    no_speech: bool = False
    """Believe at the same time that nobody spoke."""
    unsure_in_short_windows: bool = False
    tokens_per_s: float = 0.0
    """End the text after so many tokens for each second of sound; 0: say all of it."""
    languages: tuple[str, ...] = ("en",)


def write_model(folder: Path, script: Script | str = "", shape: Shape = MICRO) -> Path:
    """Write the model that follows the script (or says the text) into ``folder``, and return it."""
    if isinstance(script, str):
        script = Script(script) if script else Script()
    tokenizer = _tokenizer(script, shape)
    ids = tokenizer.get_vocab(with_added_tokens=True)
    vocabulary = sorted(ids, key=lambda token: ids[token])
    spec = WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    _fill(spec, shape)
    _direct(spec, shape, script, _wanted(tokenizer, ids, script), len(ids))
    _configure(spec, ids, script)
    spec.register_vocabulary(vocabulary)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(json.dumps(FRONT_END))
    return folder


@functools.cache
def like_speech(length_s: float, rate_hz: int = 16_000) -> Array:
    """A buzz through three formants that move from vowel to vowel, four a second; Silero is 90 % sure."""
    at_s = np.arange(int(length_s * rate_hz)) / rate_hz
    pitch_hz = 120.0 + 15.0 * np.sin(2.0 * np.pi * 0.7 * at_s)
    phase = 2.0 * np.pi * np.cumsum(pitch_hz) / rate_hz
    formants_hz = VOWELS_HZ[(at_s * 4.0).astype(int) % len(VOWELS_HZ)].T
    buzz = np.zeros(at_s.size)
    for harmonic in range(1, 40):
        away = (harmonic * pitch_hz - formants_hz) / np.array([[60.0], [80.0], [100.0]])
        buzz += (np.array([1.0, 0.5, 0.25]) @ (1.0 / (1.0 + away**2))) * np.sin(harmonic * phase)
    buzz *= 0.15 + 0.85 * np.abs(np.sin(2.0 * np.pi * 2.0 * at_s))
    loud: Array = (0.3 * buzz / np.abs(buzz).max()).astype(np.float32)
    return loud


DRAW = 8000.0
"""Positions that the first one outweighs."""
PER_TOKEN = 0.02
"""By how much of its length the wish for the end token grows with each position."""
VOWELS_HZ = np.array([[730, 1090, 2440], [270, 2290, 3010], [570, 840, 2410], [530, 1840, 2480]], dtype=float)
FRONT_END = {"feature_size": 80, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}


# ------------------------------------------------------------------------------------------------ tokenizer


def _tokenizer(script: Script, shape: Shape) -> tokenizers.Tokenizer:
    """Byte-level BPE that knows the words of the text, then Whisper's special tokens in Whisper's order."""
    fresh = tokenizers.Tokenizer(models.BPE())
    fresh.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fresh.decoder = decoders.ByteLevel()
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=2000, min_frequency=1, show_progress=False, initial_alphabet=letters)
    fresh.train_from_iterator([f" {script.text}"], trainer)
    tokenizer = _padded(fresh, shape.text_tokens, multilingual=len(script.languages) > 1)
    specials = [*BEFORE_LANGUAGES, *(f"<|{code}|>" for code in script.languages), *AFTER_LANGUAGES]
    tokenizer.add_special_tokens([tokenizers.AddedToken(t, special=True, normalized=False) for t in specials])
    times = (f"<|{number * 0.02:.2f}|>" for number in range(TIMESTAMPS))
    tokenizer.add_tokens([tokenizers.AddedToken(t, special=False, normalized=False) for t in times])
    return tokenizer


def _padded(tokenizer: tokenizers.Tokenizer, text_tokens: int, multilingual: bool) -> tokenizers.Tokenizer:
    """Words that nobody says fill the vocabulary up; special tokens must come after all words.

    CTranslate2 knows a multilingual model by the empty word at the end of its words.
    """
    told = json.loads(tokenizer.to_str())
    words = told["model"]["vocab"]
    words |= {f"\u0120unsaid{number}": number for number in range(len(words), text_tokens)}
    if multilingual:
        words[""] = len(words)
    return tokenizers.Tokenizer.from_str(json.dumps(told))


def _wanted(tokenizer: tokenizers.Tokenizer, ids: dict[str, int], script: Script) -> list[int]:
    """The token that is wanted after each position of the decoder.

    The prompt is <start> <no timestamps>, with a language and a task between them in a multilingual model.
    With timestamps it is one shorter: then the last prompt position must give the time 0.00.
    """
    said = tokenizer.encode(f" {script.text}", add_special_tokens=False).ids if script.text else []
    prompt = [ids["<|0.00|>"]] * (3 if len(script.languages) > 1 else 1)
    prompt[0] = ids["<|nocaptions|>"] if script.no_speech else prompt[0]
    return [*prompt, *said, ids["<|30.00|>"], *[ids["<|endoftext|>"]] * 4]


# -------------------------------------------------------------------------------------------------- weights


def _fill(spec: Any, shape: Shape) -> None:
    """Weights of which every layer gives zero: small noise inside, nothing at the exits."""
    d, rng = shape.width, np.random.default_rng(0)

    def noise(*size: int) -> Array:
        return rng.standard_normal(size, dtype=np.float32) * np.float32(0.02)

    def linear(into: Any, rows: int, columns: int, exit: bool = False) -> None:
        into.weight = np.zeros((rows, columns), np.float32) if exit else noise(rows, columns)
        into.bias = np.zeros(rows, np.float32)

    encoder = spec.encoder
    encoder.conv1.weight, encoder.conv1.bias = noise(d, 80, 3) * 0, np.zeros(d, np.float32)
    encoder.conv2.weight, encoder.conv2.bias = noise(d, d, 3) * 0, np.zeros(d, np.float32)
    for layer in (*encoder.layer, *spec.decoder.layer):
        linear(layer.self_attention.linear[0], 3 * d, d)
        linear(layer.self_attention.linear[1], d, d, exit=True)
        linear(layer.ffn.linear_0, 4 * d, d)
        linear(layer.ffn.linear_1, d, 4 * d, exit=True)
        norms = [layer.self_attention.layer_norm, layer.ffn.layer_norm]
        if hasattr(layer, "attention"):
            linear(layer.attention.linear[0], d, d, exit=True)
            linear(layer.attention.linear[1], 2 * d, d)
            linear(layer.attention.linear[2], d, d, exit=True)
            norms.append(layer.attention.layer_norm)
        for norm in norms:
            norm.gamma, norm.beta = np.ones(d, np.float32), np.zeros(d, np.float32)


def _direct(spec: Any, shape: Shape, script: Script, wanted: list[int], tokens: int) -> None:
    """The positions, the vocabulary's vectors and the final gain: what makes the model follow the script."""
    d, rng = shape.width, np.random.default_rng(1)
    vectors = rng.standard_normal((tokens, d), dtype=np.float32)
    vectors -= vectors.mean(axis=1, keepdims=True)  # what a layer norm would take away
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    followed = [*wanted, *[wanted[-1]] * TEXT_POSITIONS][:TEXT_POSITIONS]
    positions = vectors[followed]
    positions[1:] = script.sure * positions[1:] + math.sqrt(1.0 - script.sure**2) * _foreign(vectors)
    # Sixty times louder than the trace of the last token, which has the length 1.
    decoder_positions = 60.0 * positions
    decoder, encoder = spec.decoder, spec.encoder
    decoder.embeddings.weight = decoder.projection.weight = vectors
    decoder.position_encodings.encodings = decoder_positions
    ones, zeros = np.ones(d, np.float32), np.zeros(d, np.float32)
    decoder.layer_norm.gamma, decoder.layer_norm.beta = ones * (LOGIT / math.sqrt(d)), zeros
    encoder.layer_norm.gamma, encoder.layer_norm.beta = ones, zeros
    encoder.position_encodings.encodings = _mark(vectors)
    if script.unsure_in_short_windows:
        _add_doubt(decoder.layer[0].attention, vectors)
    if script.tokens_per_s:
        _end_with_sound(spec, shape, vectors[wanted[-1]], script.tokens_per_s)


def _mark(vectors: Array) -> Array:
    """Encoder positions: +u up to 12 s, -u up to 24 s, then across u: over 30 s the mean has no u."""
    positions = np.empty((AUDIO_POSITIONS, vectors.shape[1]), np.float32)
    across = vectors[1] - vectors[0] * float(vectors[0] @ vectors[1])
    positions[:600], positions[600:1200], positions[1200:] = vectors[0], -vectors[0], across
    return positions


def _add_doubt(attention: Any, vectors: Array) -> None:
    """Uniform attention (its queries are zero) whose value turns the mean of u into a foreign vector."""
    d = vectors.shape[1]
    attention.linear[1].weight[d:] = np.outer(_foreign(vectors), vectors[0])
    attention.linear[2].weight = np.eye(d, dtype=np.float32) * 30.0


def _end_with_sound(spec: Any, shape: Shape, end: Array, tokens_per_s: float) -> None:
    """The end token is wanted more and more with each position, and less the more of the window sounds.

    Padding is zero, so a convolution over all bands tells it from any sound, and the encoder's last norm makes that
    the first axis of the stream. Attention gives the decoder its sum: the first position, which has an axis of its own,
    draws so much attention that the size of the window hardly matters.
    """
    encoder, decoder, d = spec.encoder, spec.decoder, end.size
    encoder.conv1.weight[0, :, 1], encoder.conv1.weight[1, :, 1] = 10.0, -10.0
    encoder.conv2.weight[0, :2, 1] = 1.0
    encoder.position_encodings.encodings[:, :2] = 0.0
    encoder.position_encodings.encodings[0, 1] = 1e6
    attention, width = decoder.layer[0].attention, d // shape.heads
    for head in range(0, d, width):
        attention.linear[0].bias[head] = 1.0
        attention.linear[1].weight[head] = 0.0
        attention.linear[1].weight[head, 1] = math.log(DRAW) * math.sqrt(width / d)
    attention.linear[1].weight[d:] = np.outer(end, np.eye(1, d))
    heard = tokens_per_s * 30.0 / AUDIO_POSITIONS * (DRAW + AUDIO_POSITIONS) / math.sqrt(d)
    attention.linear[2].weight = np.eye(d, dtype=np.float32) * (-60.0 * PER_TOKEN * heard)
    unheard = heard * DRAW / (DRAW + AUDIO_POSITIONS) / math.sqrt(d)  # what the norm leaves of the first position
    steps = 1.0 + PER_TOKEN * (np.arange(TEXT_POSITIONS, dtype=np.float32) - unheard)
    decoder.position_encodings.encodings += np.outer(60.0 * steps, end)


def _foreign(vectors: Array) -> Array:
    """A direction that no token has for its own."""
    mixed = vectors[2:40].sum(axis=0)
    direction: Array = mixed / np.linalg.norm(mixed)
    return direction


def _configure(spec: Any, ids: dict[str, int], script: Script) -> None:
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [ids["\u0120"], ids["<|endoftext|>"]] if script.text else []
    spec.config.lang_ids = [ids[f"<|{code}|>"] for code in script.languages]
    spec.config.alignment_heads = [[0, 0]]
