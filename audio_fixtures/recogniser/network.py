"""Whisper's architecture, small, with two more outputs that only training uses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_fixtures.recogniser.samples import Phonemes

POSITIONS = 1500
"""Encoder positions of Whisper's 30 s window."""
TEXT_POSITIONS = 448
MELS = 80


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes."""

    width: int = 144
    heads: int = 4
    encoder_layers: int = 3
    decoder_layers: int = 2
    heard_positions: int = 900
    """Encoder positions (18 s) that know where they are; the later ones share one vector."""
    dropout: float = 0.05


class Attention(nn.Module):
    """With the residual connection, and the layer norm before it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.value, self.out = (nn.Linear(width, width) for _ in range(3))
        self.key = nn.Linear(width, width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.weights: Tensor | None = None
        """Of the last cross-attention, for the guided loss."""

    def forward(self, x: Tensor, bias: Tensor | None, source: Tensor | None = None) -> Tensor:
        normed = self.norm(x)
        read = normed if source is None else source
        query, key, value = self._split(self.query(normed)), self._split(self.key(read)), self._split(self.value(read))
        if source is None:
            mixed = functional.scaled_dot_product_attention(query, key, value, bias, is_causal=bias is None)
        else:
            scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
            self.weights = torch.softmax(scores + bias, -1)
            mixed = self.weights @ value
        return x + self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class Feed(nn.Module):
    """The two linear layers after an attention."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.wide, self.narrow = (
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.Linear(4 * width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.narrow(functional.gelu(self.wide(self.norm(x))))


@dataclass(slots=True)
class Encoded:
    """What the encoder gives."""

    states: Tensor
    bias: Tensor
    """Added to attention scores: the last position stands for all padding."""
    phonemes: Tensor
    """Scores, for training."""
    words: Tensor


class Whisper(nn.Module):
    """Encoder and decoder.

    The 30 s of padding behind a clip all look the same to the encoder if its later positions share one vector. So
    one position stands for them, with the logarithm of their number added to its attention score: exactly the
    same as all of them, at a tenth of the cost.
    """

    def __init__(self, shape: Shape, tokens: int, text_tokens: int) -> None:
        super().__init__()
        self.shape, width = shape, shape.width
        self.conv1 = nn.Conv1d(MELS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("positions", torch.tensor(sinusoids(POSITIONS, width)))
        self.padding_position = nn.Parameter(torch.randn(width) * 0.5)
        self.encoder = nn.ModuleList(
            nn.ModuleDict({"self": Attention(width, shape.heads), "feed": Feed(width)})
            for _ in range(shape.encoder_layers)
        )
        self.encoder_norm = nn.LayerNorm(width)
        self.embedding = nn.Embedding(tokens, width)
        nn.init.normal_(self.embedding.weight, std=0.05)
        self.text_positions = nn.Parameter(torch.randn(TEXT_POSITIONS, width) * 0.01)
        self.decoder = nn.ModuleList(
            nn.ModuleDict(
                {"self": Attention(width, shape.heads), "cross": Attention(width, shape.heads), "feed": Feed(width)}
            )
            for _ in range(shape.decoder_layers)
        )
        self.decoder_norm = nn.LayerNorm(width)
        self.word_output, self.phoneme_output = nn.Linear(width, text_tokens), nn.Linear(width, Phonemes.MOST)
        self.dropout = nn.Dropout(shape.dropout)

    def encode(self, features: Tensor, window: int) -> Encoded:
        """``features``: batch, mels, an even number of frames; ``window``: encoder positions with the padding."""
        heard = features.shape[2] // 2
        x = functional.pad(features, (0, 8))
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(x)))).transpose(1, 2)
        x = torch.cat([x[:, :heard] + self.positions[:heard], x[:, heard + 2 : heard + 3] + self.padding_position], 1)
        bias = torch.zeros(1, 1, 1, heard + 1)
        bias[..., -1] = math.log(max(1, window - heard))
        x, phonemes = self.dropout(x), None
        for number, layer in enumerate(self.encoder):
            x = layer["feed"](layer["self"](x, bias))
            if number == len(self.encoder) - 2:
                phonemes = self.phoneme_output(x[:, :-1])
        states = self.encoder_norm(x)
        return Encoded(states, bias, phonemes, self.word_output(states[:, :-1]))

    def decode(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        x = self.dropout(self.embedding(tokens) + self.text_positions[: tokens.shape[1]])
        for layer in self.decoder:
            x = layer["feed"](layer["cross"](layer["self"](x, None), encoded.bias, encoded.states))
        return functional.linear(self.decoder_norm(x), self.embedding.weight)


def sinusoids(length: int, channels: int) -> np.ndarray:
    """Whisper's fixed positions."""
    inverse = np.exp(-math.log(10_000) / (channels // 2 - 1) * np.arange(channels // 2))
    angles = np.arange(length)[:, None] * inverse[None]
    return np.concatenate([np.sin(angles), np.cos(angles)], 1).astype(np.float32)
