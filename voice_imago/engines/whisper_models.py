"""The speech models that the guide can use: where they come from, where they lie, whether they are whole.

Everything here looks at local files only; not one request leaves the computer. The hub's own loader cannot
promise that: a folder without ``tokenizer.json`` sends faster-whisper to the network even with
``local_files_only``, and an unresponsive server then blocks it for minutes. So a folder is checked here
first, and only a whole one is loaded.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from voice_imago.folders import models_folder

MARK = "verified.json"
"""Written beside a model once its weights were hashed, so that no start has to hash them again."""


@dataclass(frozen=True, slots=True)
class Model:
    """One Whisper model in CTranslate2 form on the Hugging Face hub."""

    name: str
    repo: str
    revision: str
    """The commit that is fetched, never a branch."""
    sha256: str
    """Of ``model.bin``."""
    download_mb: int
    """Megabytes of the whole folder."""
    english_only: bool

    @property
    def size(self) -> str:
        """tiny, base or small."""
        return self.name.removesuffix(".en")


def _model(name: str, revision: str, sha256: str, download_mb: int) -> tuple[str, Model]:
    repo = f"Systran/faster-whisper-{name}"
    return name, Model(name, repo, revision, sha256, download_mb, name.endswith(".en"))


# Commits and hashes were compared between several independent projects that pin the same models.
_KNOWN = dict(
    (
        _model(
            "tiny.en",
            "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            78,
        ),
        _model(
            "base.en",
            "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
            "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
            148,
        ),
        _model(
            "small.en",
            "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
            "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
            486,
        ),
        _model(
            "tiny",
            "d90ca5fe260221311c53c58e660288d3deb8d356",
            "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1",
            78,
        ),
        _model(
            "base",
            "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            148,
        ),
        _model(
            "small",
            "536b0662742c02347bc0e980a01041f333bce120",
            "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
            486,
        ),
    )
)
MODELS: MappingProxyType[str, Model] = MappingProxyType(_KNOWN)

State = Literal["good", "unknown", "damaged", "incomplete"]
"""``unknown``: whole, but nobody told us the hash its weights should have."""


def preferred(language: str) -> tuple[str, ...]:
    """Names of the models for a language, best first; ``small`` is slow on two cores and so comes last."""
    sizes = ("base", "tiny", "small")
    many = tuple(sizes)
    return tuple(f"{size}.en" for size in sizes) + many if language == "en" else many


def missing_files(folder: Path) -> tuple[str, ...]:
    """Names of the files that a model folder lacks, or that are empty; () when it is whole."""
    needed = ["config.json", "model.bin", "tokenizer.json"]
    missing = [name for name in needed if not _has(folder / name)]
    if not any(_has(folder / f"vocabulary.{end}") for end in ("txt", "json")):
        missing.append("vocabulary.txt")
    # Only the large models have a preprocessor_config.json: without it faster-whisper takes 80 mel bands.
    if (folder / "preprocessor_config.json").exists() and not _has(folder / "preprocessor_config.json"):
        missing.append("preprocessor_config.json")
    return tuple(missing)


def read_vocabulary(folder: Path) -> tuple[str, ...]:
    """The words of a model's weights in the order of their numbers; () where they cannot be read."""
    try:
        for file in (folder / "vocabulary.json", folder / "vocabulary.txt"):
            if file.is_file():
                text = file.read_text(encoding="utf-8")
                words = json.loads(text) if file.suffix == ".json" else text.removesuffix("\n").split("\n")
                return tuple(str(word) for word in words)
    except (OSError, ValueError, TypeError):
        pass
    return ()


def find_model(name: str, folder: Path | None = None) -> Path | None:
    """The folder of a model on this computer, or None.

    ``folder`` may hold models by name, be a hub cache, or be the model itself; without it our own folder and
    the user's hub cache are searched.
    """
    for place in (folder,) if folder else (models_folder(), hub_cache()):
        for candidate in _places(name, place):
            if not missing_files(candidate):
                return candidate
    return None


def hub_cache() -> Path:
    """Where other programs keep models that they fetched from the hub."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache).expanduser()
    home = os.environ.get("HF_HOME") or Path("~", ".cache", "huggingface")
    return Path(home).expanduser() / "hub"


def hub_snapshots() -> Iterator[tuple[str, Path]]:
    """The models that other programs have fetched from the hub: name and folder."""
    for model in MODELS.values():
        folder = _snapshot(model, hub_cache())
        if (folder / "model.bin").exists():
            yield model.name, folder


def verify_model(folder: Path, sha256: str = "", *, afresh: bool = False) -> State:
    """Whether a model folder is whole and, where the hash of its weights is known, undamaged.

    Weights that we fetched carry a mark with their hash; they are hashed again after the file changed, or ``afresh``.
    """
    if missing_files(folder):
        return "incomplete"
    mark = _read_mark(folder)
    expected = sha256 or str(mark.get("sha256", "")) or _pinned_sha256(folder)
    if not expected:
        return "unknown"
    if mark == _stamp(folder, expected) and not afresh:
        return "good"
    weights = folder / "model.bin"
    if afresh:
        _sha256.cache_clear()
    if _sha256(weights, weights.stat().st_size, weights.stat().st_mtime_ns) != expected:
        return "damaged"
    if mark:
        mark_verified(folder, expected)
    return "good"


def mark_verified(folder: Path, sha256: str) -> None:
    """Remember beside a model that its weights were hashed and are right."""
    with contextlib.suppress(OSError):  # a read-only folder is hashed at every start: slower, still right
        (folder / MARK).write_text(json.dumps(_stamp(folder, sha256)), encoding="utf-8")


def model_name(folder: Path) -> str:
    """How a model's folder is called in speech and in the event stream."""
    return next((model.name for model in MODELS.values() if folder.name == model.revision), folder.name)


def _places(name: str, folder: Path) -> Iterator[Path]:
    yield folder / name
    if known := MODELS.get(name):
        yield _snapshot(known, folder)
    yield folder


def _snapshot(model: Model, cache: Path) -> Path:
    return cache / f"models--{model.repo.replace('/', '--')}" / "snapshots" / model.revision


def _pinned_sha256(folder: Path) -> str:
    """A folder of the hub's cache is named after its commit, which tells the hash; others tell nothing."""
    return next((model.sha256 for model in MODELS.values() if folder.name == model.revision), "")


def _has(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0


def _stamp(folder: Path, sha256: str) -> dict[str, object]:
    weights = (folder / "model.bin").stat()
    return {"sha256": sha256, "bytes": weights.st_size, "changed_ns": weights.st_mtime_ns}


def _read_mark(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@functools.cache
def _sha256(file: Path, size_bytes: int, changed_ns: int) -> str:
    """Size and time of change are there to be remembered with the answer, for as long as this process lives."""
    with file.open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()
