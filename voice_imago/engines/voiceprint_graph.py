"""The speaker encoder as an ONNX graph, written byte by byte.

onnxruntime runs the three LSTM layers three times as fast as numpy does, but takes a graph only as an ONNX
file, and the package ``onnx`` would be one more dependency for these few lines of protocol-buffer wire format
(https://protobuf.dev/programming-guides/encoding, field numbers from onnx.proto).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voice_imago.engines.voiceprint_weights import LAYERS, Weights

FLOAT, INT_ATTRIBUTE = 1, 2
OPSET, IR_VERSION = 14, 8


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


def _tensor(name: str, array: npt.NDArray[np.float32]) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    return dims + _number(2, FLOAT) + _bytes(8, name) + _bytes(9, array.astype("<f4").tobytes())


def _node(kind: str, inputs: list[str], outputs: list[str], **attributes: int) -> bytes:
    out = b"".join(_bytes(1, name) for name in inputs) + b"".join(_bytes(2, name) for name in outputs)
    out += _bytes(4, kind)
    for name, value in attributes.items():
        out += _bytes(5, _bytes(1, name) + _number(3, value) + _number(20, INT_ATTRIBUTE))
    return out


def _port(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, d) if isinstance(d, int) else _bytes(2, d)) for d in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, dims)))


def _gates(torch_order: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """torch stacks the gates input, forget, cell, output; ONNX input, output, forget, cell."""
    i, f, c, o = np.split(torch_order, 4)
    return np.concatenate((i, o, f, c))


def encoder_graph(weights: Weights) -> bytes:
    """Mel power [hops, windows, 40] -> the last layer's final output after the linear layer and ReLU [windows, 256]."""
    hidden = weights["linear.weight"].shape[1]
    nodes, tensors, source = [], [], "mel"
    for n in range(LAYERS):
        bias = [_gates(weights[f"lstm.bias_{side}_l{n}"]) for side in ("ih", "hh")]
        tensors += [
            _tensor(f"w{n}", _gates(weights[f"lstm.weight_ih_l{n}"])[None]),
            _tensor(f"r{n}", _gates(weights[f"lstm.weight_hh_l{n}"])[None]),
            _tensor(f"b{n}", np.concatenate(bias)[None]),
        ]
        last = n == LAYERS - 1
        outputs = ["", "final"] if last else [f"y{n}"]
        nodes.append(_node("LSTM", [source, f"w{n}", f"r{n}", f"b{n}"], outputs, hidden_size=hidden))
        if not last:  # [hops, directions, windows, hidden] -> [hops, windows, hidden]
            nodes.append(_node("Squeeze", [f"y{n}", "one"], [f"x{n}"]))
            source = f"x{n}"
    nodes.append(_node("Squeeze", ["final", "zero"], ["flat"]))
    nodes.append(_node("Gemm", ["flat", "lw", "lb"], ["raw"], transB=1))
    nodes.append(_node("Relu", ["raw"], ["embedding"]))
    tensors += [_tensor("lw", weights["linear.weight"]), _tensor("lb", weights["linear.bias"])]
    tensors += [_axes("one", 1), _axes("zero", 0)]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, "speaker_encoder")
    graph += b"".join(_bytes(5, tensor) for tensor in tensors)
    graph += _bytes(11, _port("mel", ("hops", "windows", 40))) + _bytes(12, _port("embedding", ("windows", hidden)))
    return _number(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, OPSET))


def _axes(name: str, axis: int) -> bytes:
    """A one-element int64 tensor."""
    return _number(1, 1) + _number(2, 7) + _bytes(8, name) + _bytes(9, np.array([axis], "<i8").tobytes())
