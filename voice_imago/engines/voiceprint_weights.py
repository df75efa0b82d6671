"""The speaker encoder's weights, read from the installed Resemblyzer wheel without torch.

``pretrained.pt`` is an old-style torch file: pickles (magic, protocol, sizes, the tensors' layout, storage
keys) and then the storages' raw numbers. A pickle can run code, so the file's SHA-256 is checked first and
the unpickler knows three harmless names; anything else is refused.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_imago.errors import ModelError

Weights = dict[str, npt.NDArray[np.float32]]

SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
HINT = "Run `python3 run.py` again to repair the installation; until then voices are told apart less well."
LAYERS = 3


def weights_file() -> Path | None:
    """Where the wheel keeps its weights, or None when it is not installed; nothing is imported."""
    try:
        spec = importlib.util.find_spec("resemblyzer")
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / "pretrained.pt"
        if path.is_file():
            return path
    return None


class _Layout:
    """Where a tensor lies in its storage."""

    def __init__(self, storage: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.storage, self.offset, self.size, self.stride = storage, offset, size, stride


def _rebuild(storage: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _Layout:
    return _Layout(storage, offset, size, stride)


class _Unpickler(pickle.Unpickler):
    """Knows tensors' layouts and nothing else."""

    allowed: dict[tuple[str, str], Any] = {  # noqa: RUF012 - never changed
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
        ("torch", "FloatStorage"): "float32",
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights") from None

    def persistent_load(self, pid: Any) -> str:
        return str(pid[2])  # ('storage', type, key, device, length, view)


def _storages(stream: io.BytesIO, keys: list[str]) -> dict[str, npt.NDArray[np.float32]]:
    """The raw numbers behind the pickles, in the order of ``keys``: a 64-bit count, then little-endian float32."""
    found = {}
    for key in keys:
        (count,) = struct.unpack("<q", stream.read(8))
        found[key] = np.frombuffer(stream.read(4 * count), "<f4")
    return found


def _tensor(layout: _Layout, storages: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    numbers = storages[layout.storage][layout.offset :]
    strides = [4 * step for step in layout.stride]
    return np.lib.stride_tricks.as_strided(numbers, layout.size, strides).astype(np.float32)


def read_weights(path: Path) -> Weights:
    """Name -> array. Raises ModelError when the file is missing, foreign or damaged."""
    try:
        content = path.read_bytes()
    except OSError as unreadable:
        raise ModelError(f"The voice model {path.name} cannot be read: {unreadable.strerror}.", HINT) from unreadable
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ModelError(f"The voice model {path.name} is not the one this program knows; it is not opened.", HINT)
    return _unpack(content)


def _unpack(content: bytes) -> Weights:
    stream = io.BytesIO(content)
    _magic, _protocol, _sizes, checkpoint, keys = (_Unpickler(stream).load() for _ in range(5))
    storages = _storages(stream, keys)
    wanted = ("lstm.", "linear.")
    return {n: _tensor(t, storages) for n, t in checkpoint["model_state"].items() if n.startswith(wanted)}
