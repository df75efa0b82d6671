"""Tokenizer, and the folder that faster-whisper loads: weights in CTranslate2 form, 8 bits each."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
from ctranslate2.specs import WhisperSpec
from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers

BEFORE_LANGUAGES = ("<|endoftext|>", "<|startoftranscript|>")
AFTER_LANGUAGES = (
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nocaptions|>",
    "<|notimestamps|>",
)
"""Whisper's special tokens, in Whisper's order around those of its languages."""
SPECIALS = (*BEFORE_LANGUAGES, "<|en|>", *AFTER_LANGUAGES)
TIMESTAMPS = 1501
"""<|0.00|> to <|30.00|> in steps of 0.02 s."""
TEXT_TOKENS = 1000
# Where a part of a layer is in CTranslate2's spec and file: our parts, one below the other.
LINEARS = {
    "self_attention/linear_0": ("self.query", "self.key", "self.value"),
    "self_attention/linear_1": ("self.out",),
    "attention/linear_0": ("cross.query",),
    "attention/linear_1": ("cross.key", "cross.value"),
    "attention/linear_2": ("cross.out",),
    "ffn/linear_0": ("feed.wide",),
    "ffn/linear_1": ("feed.narrow",),
}
NORMS = {
    "self_attention/layer_norm": "self.norm",
    "attention/layer_norm": "cross.norm",
    "ffn/layer_norm": "feed.norm",
}
FRONT_END = {"feature_size": 80, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}

_FORMS = ("<f4", "<i1", "<i2", "<i4", "<f2")
"""Kinds of number in a file, by their number there."""


def make_tokenizer(texts: Iterable[str]) -> tokenizers.Tokenizer:
    """Byte-level BPE that knows the usual words whole, then Whisper's special tokens in Whisper's order."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=TEXT_TOKENS, min_frequency=2, show_progress=False, initial_alphabet=letters
    )
    tokenizer.train_from_iterator([f" {text}" for text in texts], trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIALS])
    times = (f"<|{number * 0.02:.2f}|>" for number in range(TIMESTAMPS))
    tokenizer.add_tokens([AddedToken(time, special=False, normalized=False) for time in times])
    return tokenizer


def export(folder: Path, weights: Mapping[str, np.ndarray], heads: int, heard_positions: int) -> None:
    """Write model.bin, config.json and vocabulary.json beside the tokenizer.json that is in the folder already."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    layers = {side: 1 + max(int(name.split(".")[1]) for name in weights if name.startswith(f"{side}."))
              for side in ("encoder", "decoder")}  # fmt: skip
    spec = WhisperSpec(layers["encoder"], heads, layers["decoder"], heads)
    weights = {name: np.array(value) for name, value in weights.items()}  # optimize() writes into what it is given
    _fill(spec, weights, heard_positions)
    ids = tokenizer.get_vocab(with_added_tokens=True)
    spec.register_vocabulary(sorted(ids, key=lambda token: ids[token]))
    kept = {"<|endoftext|>", "<|notimestamps|>"}
    spec.config.suppress_ids = sorted(ids[token] for token in SPECIALS if token not in kept)
    # Unlike in Whisper, nothing at all may be said at once: noise then has no words to begin with.
    spec.config.suppress_ids_begin = [ids["\u0120"]]
    spec.config.lang_ids = [ids["<|en|>"]]
    spec.config.alignment_heads = [[0, head] for head in range(heads)]
    spec.validate()
    spec.optimize(quantization="int8_float16")
    spec.save(str(folder))
    (folder / "preprocessor_config.json").write_text(json.dumps(FRONT_END) + "\n", encoding="utf-8")


def _fill(spec: Any, weights: Mapping[str, np.ndarray], heard_positions: int) -> None:
    encoder, decoder = spec.encoder, spec.decoder
    for name, into in (("conv1", encoder.conv1), ("conv2", encoder.conv2)):
        into.weight, into.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    positions = weights["positions"].copy()
    positions[heard_positions:] = weights["padding_position"]
    encoder.position_encodings.encodings = positions
    decoder.position_encodings.encodings = weights["text_positions"]
    decoder.embeddings.weight = decoder.projection.weight = weights["embedding.weight"]
    _norm(encoder.layer_norm, weights, "encoder_norm")
    _norm(decoder.layer_norm, weights, "decoder_norm")
    for side, stack in (("encoder", encoder.layer), ("decoder", decoder.layer)):
        for number, layer in enumerate(stack):
            _layer(layer, weights, f"{side}.{number}")


def _layer(layer: Any, weights: Mapping[str, np.ndarray], name: str) -> None:
    for place, parts in LINEARS.items():
        if f"{name}.{parts[0]}.weight" in weights:
            _linear(_at(layer, place), weights, *(f"{name}.{part}" for part in parts))
    for place, part in NORMS.items():
        if f"{name}.{part}.weight" in weights:
            _norm(_at(layer, place), weights, f"{name}.{part}")


def _at(spec: Any, place: str) -> Any:
    """The part of a spec under the name that it has in the file."""
    for part in place.split("/"):
        spec = getattr(spec, part) if hasattr(spec, part) else spec.linear[int(part.removeprefix("linear_"))]
    return spec


def _linear(into: Any, weights: Mapping[str, np.ndarray], *names: str) -> None:
    """One linear layer of the spec from one or more of ours; keys have no bias."""
    into.weight = np.concatenate([weights[f"{name}.weight"] for name in names])
    zeros = [np.zeros(len(weights[f"{name}.weight"]), np.float32) for name in names]
    into.bias = np.concatenate([weights.get(f"{name}.bias", zero) for name, zero in zip(names, zeros, strict=True)])


def _norm(into: Any, weights: Mapping[str, np.ndarray], name: str) -> None:
    into.gamma, into.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


# ------------------------------------------------------------------------------------------------ reading back


def read_back(folder: Path) -> dict[str, np.ndarray]:
    """Our weights out of model.bin, as exact as 8 bits are: what a later training goes on from."""
    stored = _variables((folder / "model.bin").read_bytes())
    found = {
        "positions": stored["encoder/position_encodings/encodings"],
        "padding_position": stored["encoder/position_encodings/encodings"][-1],
        "text_positions": stored["decoder/position_encodings/encodings"],
        "embedding.weight": stored["decoder/embeddings/weight"],
    }
    for name in ("conv1", "conv2"):
        found |= {f"{name}.{kind}": stored[f"encoder/{name}/{kind}"] for kind in ("weight", "bias")}
    for side in ("encoder", "decoder"):
        found |= _read_norm(stored, f"{side}/layer_norm", f"{side}_norm")
        for number in range(sum(place.endswith("ffn/linear_0/bias") for place in stored if place.startswith(side))):
            found |= _read_layer(stored, f"{side}/layer_{number}", f"{side}.{number}")
    return found


def _read_layer(stored: Mapping[str, np.ndarray], place: str, name: str) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for inner, parts in LINEARS.items():
        if f"{place}/{inner}/weight" not in stored:
            continue
        weights = np.split(stored[f"{place}/{inner}/weight"], len(parts))
        biases = np.split(stored[f"{place}/{inner}/bias"], len(parts))
        for part, weight, bias in zip(parts, weights, biases, strict=True):
            found[f"{name}.{part}.weight"] = weight
            if not part.endswith(".key"):
                found[f"{name}.{part}.bias"] = bias
    for inner, part in NORMS.items():
        if f"{place}/{inner}/gamma" in stored:
            found |= _read_norm(stored, f"{place}/{inner}", f"{name}.{part}")
    return found


def _read_norm(stored: Mapping[str, np.ndarray], place: str, name: str) -> dict[str, np.ndarray]:
    return {f"{name}.weight": stored[f"{place}/gamma"], f"{name}.bias": stored[f"{place}/beta"]}


def _variables(file: bytes) -> dict[str, np.ndarray]:
    """The arrays of a CTranslate2 file (ctranslate2.specs.ModelSpec writes it), as 32-bit floats."""
    at = 0

    def number(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{form}", file, at)
        at += struct.calcsize(form)
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        return file[at - length : at - 1].decode()

    _, _, _, count = number("I"), text(), number("I"), number("I")
    raw: dict[str, np.ndarray] = {}
    for _ in range(count):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        form, size = _FORMS[number("B")], number("I")
        raw[name] = np.frombuffer(file, form, size // np.dtype(form).itemsize, at).reshape(shape)
        at += size
    return {name: _unpacked(array, raw.get(f"{name}_scale")) for name, array in raw.items()}


def _unpacked(array: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    values = array.astype(np.float32)
    return values if scale is None else values / scale.reshape(-1, *[1] * (values.ndim - 1))
