"""The speaker encoder as an ONNX graph, written byte by byte.

onnxruntime runs the three LSTM layers three times as fast as numpy does, but takes a graph only as an ONNX
file, and the package ``onnx`` would be one more dependency for these few lines of protocol-buffer wire format
(https://protobuf.dev/programming-guides/encoding, field numbers from onnx.proto).

A window takes 120 steps one after the other, and each reads all weights anew: memory is what it costs. So the second
and third layer keep theirs as whole numbers (onnxruntime's own ``DynamicQuantizeLSTM``): half the time, and vectors
within a cosine of 0.999 of the exact ones. The first layer stays exact, since mel power spans too many decibels for
eight bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from voice_imago.engines.voiceprint_weights import LAYERS, Weights

FLOAT, INT8, INT64, INT_ATTRIBUTE = 1, 3, 7, 2
OPSET, IR_VERSION = 14, 8
CONTRIBUTED = "com.microsoft"
STEPS = 100
"""Largest whole number of a weight: with 127, processors that add pairs in 16 bits could run over."""


Floats = npt.NDArray[np.float32]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _tensor(name: str, array: npt.NDArray[Any]) -> bytes:
    kind = {"f": FLOAT, "i": INT64}[array.dtype.kind] if array.dtype != np.int8 else INT8
    dims = b"".join(_number(1, size) for size in array.shape)
    return dims + _number(2, kind) + _bytes(8, name) + _bytes(9, array.tobytes())


def _node(kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: int) -> bytes:
    out = b"".join(_bytes(1, name) for name in inputs) + b"".join(_bytes(2, name) for name in outputs)
    out += _bytes(4, kind) + _bytes(7, domain)
    for name, value in attributes.items():
        out += _bytes(5, _bytes(1, name) + _number(3, value) + _number(20, INT_ATTRIBUTE))
    return out


def _port(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, d) if isinstance(d, int) else _bytes(2, d)) for d in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, dims)))


def _gates(torch_order: Floats) -> Floats:
    """torch stacks the gates input, forget, cell, output; ONNX input, output, forget, cell."""
    i, f, c, o = np.split(torch_order, 4)
    return np.concatenate((i, o, f, c))


def _rounded(matrix: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Weights (gates, inputs) as whole numbers (1, inputs, gates), and what one step of each gate is worth."""
    step = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / STEPS
    return np.rint(matrix / step[:, None]).T[None].astype(np.int8), step[None].astype(np.float32)


def _exact_layer(n: int, weights: Weights, source: str, outputs: list[str]) -> tuple[bytes, list[bytes]]:
    w, r, bias = _layer(n, weights)
    tensors = [_tensor(f"w{n}", w[None]), _tensor(f"r{n}", r[None]), _tensor(f"b{n}", bias)]
    return _node("LSTM", [source, f"w{n}", f"r{n}", f"b{n}"], outputs, hidden_size=r.shape[1]), tensors


def _rounded_layer(n: int, weights: Weights, source: str, outputs: list[str]) -> tuple[bytes, list[bytes]]:
    *matrices, bias = _layer(n, weights)
    tensors, inputs = [_tensor(f"b{n}", bias)], []
    for name, matrix in zip(("w", "r"), matrices, strict=True):
        whole, step = _rounded(matrix)
        zero = np.zeros(step.shape, np.int8)
        tensors += [_tensor(f"{name}{n}", whole), _tensor(f"{name}s{n}", step), _tensor(f"{name}z{n}", zero)]
        inputs += [f"{name}s{n}", f"{name}z{n}"]
    states = [""] * 4  # sequence lengths, both initial states, peepholes
    inputs = [source, f"w{n}", f"r{n}", f"b{n}", *states, *inputs]
    return _node("DynamicQuantizeLSTM", inputs, outputs, CONTRIBUTED, hidden_size=matrices[1].shape[1]), tensors


def _layer(n: int, weights: Weights) -> tuple[Floats, Floats, Floats]:
    """Input weights, recurrent weights and both biases of one layer, gates in ONNX order."""
    w, r = (_gates(weights[f"lstm.weight_{side}_l{n}"]) for side in ("ih", "hh"))
    return w, r, np.concatenate([_gates(weights[f"lstm.bias_{side}_l{n}"]) for side in ("ih", "hh")])[None]


def encoder_graph(weights: Weights, *, exact: bool = False) -> bytes:
    """Mel power [hops, windows, 40] -> the last layer's final output after the linear layer and ReLU [windows, 256]."""
    hidden = weights["linear.weight"].shape[1]
    nodes, tensors, source = [], [], "mel"
    for n in range(LAYERS):
        last = n == LAYERS - 1
        layer = _exact_layer if exact or n == 0 else _rounded_layer
        node, own = layer(n, weights, source, ["", "final"] if last else [f"y{n}"])
        nodes.append(node)
        tensors += own
        if not last:  # [hops, directions, windows, hidden] -> [hops, windows, hidden]
            nodes.append(_node("Squeeze", [f"y{n}", "one"], [f"x{n}"]))
            source = f"x{n}"
    nodes.append(_node("Squeeze", ["final", "zero"], ["flat"]))
    nodes.append(_node("Gemm", ["flat", "lw", "lb"], ["raw"], transB=1))
    nodes.append(_node("Relu", ["raw"], ["embedding"]))
    tensors += [_tensor("lw", weights["linear.weight"]), _tensor("lb", weights["linear.bias"])]
    tensors += [_tensor("one", np.array([1])), _tensor("zero", np.array([0]))]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, "speaker_encoder")
    graph += b"".join(_bytes(5, tensor) for tensor in tensors)
    graph += _bytes(11, _port("mel", ("hops", "windows", 40))) + _bytes(12, _port("embedding", ("windows", hidden)))
    operators = b"".join(
        _bytes(8, _bytes(1, domain) + _number(2, version)) for domain, version in (("", OPSET), (CONTRIBUTED, 1))
    )
    return _number(1, IR_VERSION) + _bytes(7, graph) + operators
