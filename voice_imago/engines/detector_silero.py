"""Silero v6 as a streaming detector, from the ONNX file inside the faster-whisper wheel.

faster-whisper's own wrapper runs whole clips, forgets its state between calls and zeroes the last 64 samples
of the caller's array; so the graph is driven here: 64 samples of context before each frame, state ``h`` and
``c`` carried over. The file is a private asset of that wheel, hence the check of its input names.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_imago.engines.ports import Samples
from voice_imago.errors import ModelError

FRAME_SAMPLES = 512
CONTEXT_SAMPLES = 64
STATE_SHAPE = (1, 1, 128)
INPUTS = ("input", "h", "c")
HINT = "Run `python3 run.py` again to repair the installation, or choose the detector `webrtc`."


def silero_file() -> Path:
    """The ONNX file, found without importing faster_whisper (slow). Raises ModelError."""
    try:
        spec = importlib.util.find_spec("faster_whisper")
    except (ImportError, ValueError):
        spec = None
    folders = (spec.submodule_search_locations if spec else None) or ()
    for folder in folders:
        found = sorted((Path(folder) / "assets").glob("silero_vad*.onnx"))
        if found:
            return found[-1]
    raise ModelError("The speech detector Silero was not found: faster-whisper is not installed completely.", HINT)


def open_graph(source: str | bytes) -> Any:
    """An onnxruntime session on one thread of the processor. Raises ModelError."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else the import itself reports to its maker
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as foreign
    except ImportError as missing:
        raise ModelError("The package onnxruntime is missing, which the speech models need.", HINT) from missing
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    # onnxruntime's errors share no base of their own: each derives from Exception.
    errors: tuple[type[Exception], ...] = tuple(
        e for e in (*vars(foreign).values(), RuntimeError) if isinstance(e, type) and issubclass(e, Exception)
    )
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except errors as broken:
        name = "in memory" if isinstance(source, bytes) else Path(source).name
        raise ModelError(f"The speech model {name} cannot be read; it is damaged.", HINT) from broken


class SileroDetector:
    """Probability of speech per 32 ms frame; keeps its state between frames."""

    name = "silero"
    frame_samples = FRAME_SAMPLES
    lag_s = 0.06
    on = 0.4
    """Probability that starts speech."""
    off = 0.3
    """Probability below which silence begins."""
    least_end_s = 0.6
    """Silence below which a short answer is cut now and then."""
    level_sensitive = True
    """In noise it hears only speech of about its own training level: wants the gain stage."""

    def __init__(self, model: Path | None = None) -> None:
        path = model or silero_file()
        if not path.is_file():
            raise ModelError(f"The speech detector's model {path.name} was not found.", HINT)
        self._graph = open_graph(str(path))
        ports = {port.name: tuple(port.shape) for port in self._graph.get_inputs()}
        if set(ports) != set(INPUTS):
            raise ModelError(f"{path.name} is not a Silero v6 detector: it takes {', '.join(ports)}.", HINT)
        sizes = (ports["input"][-1], ports["h"], ports["c"], len(self._graph.get_outputs()))
        if sizes != (CONTEXT_SAMPLES + FRAME_SAMPLES, STATE_SHAPE, STATE_SHAPE, 3):
            raise ModelError(f"{path.name} is not a Silero v6 detector: its inputs have other sizes.", HINT)
        self._window = np.zeros((1, CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the past; the next frame is the first."""
        self._window[:] = 0.0
        self._h: npt.NDArray[np.float32] = np.zeros(STATE_SHAPE, np.float32)
        self._c: npt.NDArray[np.float32] = np.zeros(STATE_SHAPE, np.float32)

    def probability(self, frame: Samples) -> float:
        """Probability of speech in one frame of exactly ``frame_samples``; ValueError otherwise."""
        if frame.shape != (FRAME_SAMPLES,):
            raise ValueError(f"Silero takes frames of {FRAME_SAMPLES} samples, not of shape {frame.shape}")
        window = self._window
        window[0, :CONTEXT_SAMPLES] = window[0, -CONTEXT_SAMPLES:]
        window[0, CONTEXT_SAMPLES:] = frame
        speech, self._h, self._c = self._graph.run(None, {"input": window, "h": self._h, "c": self._c})
        return float(speech.reshape(-1)[0])
