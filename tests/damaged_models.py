"""Every way in which a folder of a speech model can be broken: files missing, empty, cut short, foreign, mixed up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.whisper_fixture import Script, write_model

Break = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way."""

    name: str
    damage: Break
    """Does it to a whole model's folder."""
    sentence: str
    """Part of what is said."""
    seen: str = "loading"
    """Whether the files alone show it, or only loading does."""


def _without(name: str) -> Break:
    return lambda folder: (folder / name).unlink()


def _with(name: str, content: bytes) -> Break:
    def write(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return write


def _changed(name: str, change: Callable[[bytes], bytes]) -> Break:
    def write(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return write


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _a_folder_in_place_of_the_weights(folder: Path) -> None:
    (folder / "model.bin").unlink()
    (folder / "model.bin").mkdir()


def _dangling(folder: Path) -> None:
    (folder / "model.bin").unlink()
    (folder / "model.bin").symlink_to(folder / "nowhere")


def _foreign_tokenizer(folder: Path) -> None:
    """One that the library reads, and that has never heard of Whisper."""
    told = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    told["added_tokens"] = []
    (folder / "tokenizer.json").write_text(json.dumps(told), encoding="utf-8")


def _tokenizer_of_another_model(folder: Path) -> None:
    text = (
        "Many more words than the model has: Tuesday, kitchen, lighthouse, breakfast, umbrella, because of the garden."
    )
    other = write_model(folder.parent / "other", Script(text))
    shutil.copy(other / "tokenizer.json", folder / "tokenizer.json")
    shutil.rmtree(other)


def _marked_with_another_hash(folder: Path) -> None:
    (folder / "verified.json").write_text(json.dumps({"sha256": "0" * 64}))


LACKS = "lacks"
DAMAGED = "is damaged"
FOREIGN = "damaged or of another kind"
MIXED = "do not belong together"
KINDS = (
    Kind("an empty folder", _empty, LACKS, "files"),
    Kind("no weights", _without("model.bin"), LACKS, "files"),
    Kind("no tokenizer", _without("tokenizer.json"), LACKS, "files"),
    Kind("no words", _without("vocabulary.json"), LACKS, "files"),
    Kind("no configuration", _without("config.json"), LACKS, "files"),
    Kind("empty weights", _with("model.bin", b""), LACKS, "files"),
    Kind("an empty tokenizer", _with("tokenizer.json", b""), LACKS, "files"),
    Kind("empty words", _with("vocabulary.json", b""), LACKS, "files"),
    Kind("an empty configuration", _with("config.json", b""), LACKS, "files"),
    Kind("an empty front end", _with("preprocessor_config.json", b""), LACKS, "files"),
    Kind("a folder in place of the weights", _a_folder_in_place_of_the_weights, LACKS, "files"),
    Kind("weights that point nowhere", _dangling, LACKS, "files"),
    Kind("weights that are not the pinned ones", _marked_with_another_hash, DAMAGED, "files"),
    Kind("half the weights", _changed("model.bin", lambda raw: raw[: len(raw) // 2]), FOREIGN),
    Kind("all but one byte", _changed("model.bin", lambda raw: raw[:-1]), FOREIGN),
    Kind("rubbish for weights", _with("model.bin", b"\x00\xff" * 5000), FOREIGN),
    Kind("text for weights", _with("model.bin", b"<html>Not found</html>"), FOREIGN),
    Kind(
        "weights of another kind",
        _changed("model.bin", lambda raw: raw.replace(b"WhisperSpec", b"WhimperSpec")),
        FOREIGN,
    ),
    Kind("rubbish for a tokenizer", _with("tokenizer.json", b"rubbish"), FOREIGN),
    Kind("another tokenizer", _foreign_tokenizer, "of a Whisper model"),
    Kind("an empty table for a tokenizer", _with("tokenizer.json", b"{}"), FOREIGN),
    Kind("rubbish for words", _with("vocabulary.json", b"rubbish"), FOREIGN),
    Kind("too few words", _with("vocabulary.json", b'["a", "b"]'), MIXED),
    Kind("rubbish for a configuration", _with("config.json", b"rubbish"), FOREIGN),
    Kind("another front end", _with("preprocessor_config.json", b'{"feature_size": 128}'), MIXED),
    Kind("the tokenizer of another model", _tokenizer_of_another_model, MIXED),
)
