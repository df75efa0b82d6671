"""A model hub on the loopback interface, and a micro model that it has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.loopback_hub import Hub, Serve, Trouble, loopback_hub
from voice_imago.engines import whisper_models
from voice_imago.engines.whisper_models import MODELS, Model


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the hub serves: a real micro model of about a megabyte."""
    from tests.whisper_fixture import write_model  # late: most tests need no tokenizers

    return write_model(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def small(source: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """``tiny.en`` as the loopback hub has it."""
    weights = (source / "model.bin").read_bytes()
    model = replace(MODELS["tiny.en"], sha256=hashlib.sha256(weights).hexdigest(), download_mb=1)
    monkeypatch.setitem(whisper_models._KNOWN, "tiny.en", model)  # what MODELS shows everywhere
    return model


@pytest.fixture
def serve(source: Path, small: Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Opens the hub with a trouble, and points the program at it."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # as a recogniser in the same process leaves it: no reason not to fetch
    for name in ("HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running: list[AbstractContextManager[Hub]] = []

    def opened(**trouble: object) -> Hub:
        context = loopback_hub(source, small.repo, small.revision, Trouble(**trouble))  # type: ignore[arg-type]
        hub = context.__enter__()
        running.append(context)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        return hub

    yield opened
    for context in running:
        context.__exit__(None, None, None)
