"""A voice kept in a file: the numbers of a ``VoiceModel`` as npz, nothing that could be played or run.

A voice is biometric data: the file is readable by its owner alone and appears whole or not at all. What is read back
is not trusted: no pickle, bounded sizes, every array of the shape and kind that it must have. A file learnt with
other weights of the voice model than the one this program knows keeps its mixtures; its vectors are left out.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from voice_imago.engines.voiceprint_gmm import COMPONENTS, Mixture
from voice_imago.engines.voiceprint_model import VoiceModel
from voice_imago.engines.voiceprint_spectra import FEATURES, Rows
from voice_imago.engines.voiceprint_weights import SHA256
from voice_imago.errors import FileError

KIND = "voice_imago voice"
VERSION = 1
VECTOR_SIZE = 256
MOST_VECTORS = 2000
"""A quarter of an hour of speech."""
MOST_BYTES = 4_000_000
MIXTURES = ("mixture", "first_half", "second_half")
PARTS = ("constant", "linear", "quadratic")
AGAIN = "Forget this voice and let it be learnt again."

# All that zipfile and numpy raise on damaged input; a pickled array is a ValueError.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
    *(ValueError, LookupError, EOFError, OSError, RuntimeError),
    *(SyntaxError, TypeError, AttributeError, MemoryError, ArithmeticError),
)

Arrays = dict[str, np.ndarray]


class _Foreign(Exception):
    """The content is not what it must be."""


# ---------------------------------------------------------------------- writing


def save_voice(model: VoiceModel, path: Path) -> None:
    """Write a voice to ``path`` (replaced at once, readable by its owner alone). Raises FileError."""
    arrays: Arrays = {
        "kind": np.array(KIND),
        "version": np.array(VERSION),
        "speech_s": np.array(model.speech_s),
        "level_db": np.array(model.level_db),
    }
    for name, mixture in zip(MIXTURES, (model.mixture, *model.halves), strict=True):
        arrays |= {f"{name}.{part}": getattr(mixture, part) for part in PARTS}
    if model.vectors is not None:
        arrays |= {"vectors": model.vectors, "weights": np.array(SHA256)}
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    _replace(path, content.getvalue())


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name[:40]}.{os.getpid()}.part")
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()  # of a process that died
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise FileError(
            f"The voice cannot be saved as {path}: {error.strerror}.", "Choose a folder that can be written to."
        ) from error


# ---------------------------------------------------------------------- reading


def load_voice(path: Path) -> VoiceModel:
    """Read a voice back. Raises FileError: missing, unreadable, not a voice, damaged, or of a later version."""
    content = _content(path)
    try:
        return _model(_arrays(content))
    except _Foreign as foreign:
        raise FileError(f"{path} is not a usable voice: {foreign}.", AGAIN) from foreign


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise FileError(f"There is no voice {path}.", "Let that voice be learnt again.")
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FileError(f"The voice {path} cannot be read: {error.strerror}.", "Check its permissions.") from error
    return content


def _arrays(content: bytes) -> Arrays:
    """The file's arrays, none of them bigger than a voice may be."""
    if not content:
        raise _Foreign("it is empty")
    if len(content) > MOST_BYTES:
        raise _Foreign("it is too big")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                raise _Foreign("it is too big")
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            return {name: loaded[name] for name in loaded.files}
    except DAMAGE as damaged:
        raise _Foreign("it is damaged") from damaged


def _model(arrays: Arrays) -> VoiceModel:
    if _text(arrays, "kind") != KIND:
        raise _Foreign("it holds something else")
    version = _number(arrays, "version")
    if version != VERSION:
        raise _Foreign(f"it was saved in format {version:g}, this program knows {VERSION}")
    mixture, first, second = (_mixture(arrays, name) for name in MIXTURES)
    return VoiceModel(
        _vectors(arrays), mixture, (first, second), _number(arrays, "speech_s"), _number(arrays, "level_db")
    )


def _vectors(arrays: Arrays) -> Rows | None:
    if "vectors" not in arrays:
        return None
    vectors = _floats(arrays, "vectors")
    if vectors.ndim != 2 or vectors.shape[1] != VECTOR_SIZE or not 0 < len(vectors) <= MOST_VECTORS:
        raise _Foreign("its vectors have another size")
    if (np.linalg.norm(vectors, axis=1) > 1.001).any():
        raise _Foreign("its vectors are too long")
    return vectors if _text(arrays, "weights") == SHA256 else None


def _mixture(arrays: Arrays, name: str) -> Mixture:
    constant, linear, quadratic = (_floats(arrays, f"{name}.{part}") for part in PARTS)
    count = constant.size
    if constant.shape != (count,) or not 0 < count <= COMPONENTS:
        raise _Foreign("a mixture in it has another size")
    if (linear.shape, quadratic.shape) != ((FEATURES, count),) * 2 or not (quadratic < 0.0).all():
        raise _Foreign("a mixture in it is no mixture")
    return Mixture(constant, linear, quadratic)


def _floats(arrays: Arrays, name: str) -> Rows:
    found = arrays.get(name)
    if found is None or found.dtype != np.float32 or not np.isfinite(found).all():
        raise _Foreign(f"its part {name!r} is missing or wrong")
    return found


def _number(arrays: Arrays, name: str) -> float:
    found = arrays.get(name)
    if found is None or found.shape != () or found.dtype.kind not in "if" or not np.isfinite(found):
        raise _Foreign(f"its part {name!r} is missing or wrong")
    return float(found)


def _text(arrays: Arrays, name: str) -> str:
    found = arrays.get(name)
    return str(found) if found is not None and found.shape == () and found.dtype.kind == "U" else ""
