"""The detectors' own troubles: missing packages, foreign files; and that streaming equals the whole."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from made_voices import ANA, scene, silence

from voice_imago.engines import detector_silero
from voice_imago.engines.detector_silero import SileroDetector, open_graph, silero_file
from voice_imago.engines.detectors import make_detector, segmenter_for, settings_for
from voice_imago.errors import ModelError, UsageError


def test_streaming_equals_the_librarys_own_batch() -> None:
    """Two ways through the same graph must agree; the library's is reset at the start only."""
    from faster_whisper.vad import get_vad_model

    sound = scene(silence(0.5), ANA.speaks(1.5), silence(0.5))
    sound = sound[: len(sound) // 512 * 512]
    detector = SileroDetector()

    streamed = [detector.probability(frame) for frame in sound.reshape(-1, 512)]

    batch = get_vad_model()(sound.copy()).reshape(-1)
    # The library zeroes the context of the second frame; from then on the state has to find together again.
    assert np.abs(np.array(streamed) - batch)[8:].max() < 0.05


def test_the_model_file_is_found_without_importing_the_library() -> None:
    assert silero_file().suffix == ".onnx"
    assert silero_file().stat().st_size > 500_000


def test_auto_is_silero_where_it_runs() -> None:
    assert make_detector("auto").name == "silero"


def test_without_onnxruntime_auto_falls_back_to_webrtc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    assert make_detector("auto").name == "webrtc"
    with pytest.raises(ModelError, match="onnxruntime is missing"):
        make_detector("silero")


def test_without_faster_whisper_auto_falls_back_to_webrtc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_silero.importlib.util, "find_spec", lambda name: None)

    assert make_detector("auto").name == "webrtc"
    with pytest.raises(ModelError, match="Silero was not found"):
        make_detector("silero")


def test_without_any_detector_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("onnxruntime", "webrtcvad"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(ModelError, match="no speech detector") as caught:
        make_detector("auto")
    assert "run.py" in caught.value.hint


def test_a_damaged_model_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "silero.onnx"
    path.write_bytes(silero_file().read_bytes()[:50_000])

    with pytest.raises(ModelError, match=r"silero\.onnx cannot be read; it is damaged"):
        SileroDetector(path)


def test_a_missing_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx was not found"):
        SileroDetector(tmp_path / "gone.onnx")


def test_another_model_in_its_place_is_refused(tmp_path: Path) -> None:
    """A new faster-whisper may bring a detector that takes other inputs."""
    other = silero_file().with_name(silero_file().name)
    content = other.read_bytes()
    assert content.count(b"input") >= 1
    path = tmp_path / "other.onnx"
    path.write_bytes(content.replace(b"\x05input", b"\x05inpuT"))

    with pytest.raises(ModelError, match=r"not a Silero v6 detector: it takes inpuT|damaged"):
        SileroDetector(path)


def test_a_model_for_frames_of_another_size_is_refused(tmp_path: Path) -> None:
    """The same names, but 800 samples instead of 576: each frame would fail."""
    content = silero_file().read_bytes()
    dimension = b"\x0a\x03\x08\xc0\x04"  # protocol buffers' way to write it
    assert content.count(dimension) == 1
    path = tmp_path / "other.onnx"
    path.write_bytes(content.replace(dimension, b"\x0a\x03\x08\xa0\x06"))

    with pytest.raises(ModelError, match=r"its inputs have other sizes|damaged"):
        SileroDetector(path)


def test_garbage_in_memory_is_one_sentence() -> None:
    with pytest.raises(ModelError, match="in memory cannot be read"):
        open_graph(b"not a graph")


def test_an_unknown_detector_is_refused() -> None:
    with pytest.raises(UsageError, match="no speech detector called 'loudness'"):
        make_detector("loudness")  # type: ignore[arg-type]


def test_settings_carry_the_detectors_own_thresholds() -> None:
    silero, webrtc = segmenter_for(make_detector("silero")), segmenter_for(make_detector("webrtc"))

    assert (silero.on, silero.off, silero.lag_s) == (0.4, 0.3, 0.06)
    assert (webrtc.on, webrtc.off, webrtc.lag_s) == (0.8, 0.4, 0.25)
    assert settings_for(make_detector("webrtc"), thinking="quick").endpoint.thinking == "quick"
