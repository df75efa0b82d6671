"""Piper: neural voices, from model files that are here already; this program never fetches one.

A voice is a file ``NAME.onnx`` with its ``NAME.onnx.json``, in the folder of voices or named by its path. The package
``piper-tts`` (GPL-3.0, installed by whoever wants it) runs in a child process that stays, since a model takes a second
to load.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import Deadline, accept, clean_text, clipped_rate, part_file
from voice_imago.errors import VoiceError

CHILD = (sys.executable, "-I", str(Path(__file__).with_name("voice_piper_child.py")))
USUAL_WPM = 165
"""Words per minute of most models as they are; a rough figure, for each model has its own."""
LOADING_S = 30.0
MOST_CHILDREN = 2
"""As many as there are partners, who may have chosen different voices; each takes about 100 MB."""
DEADLINE = Deadline(base_s=20.0, per_character_s=0.1)
"""A slow computer needs about as long as it speaks."""
SPOKEN_TYPES = ("espeak", "text")
"""Ways to phonemes that need nothing beside the package; others would fetch data."""
INSTALL_HINT = "To use it: .venv/bin/python -m pip install piper-tts"


class PiperVoice:
    """Safe from any thread; one prompt after the other. ``folder``: where voices are."""

    def __init__(self, folder: Path, child: Sequence[str] = CHILD, deadline: Deadline = DEADLINE) -> None:
        self._folder, self._command, self._deadline = folder, tuple(child), deadline
        self._turn = threading.Lock()
        self._children: tuple[_Child, ...] = ()
        """With a model loaded in each; the one that was used last stands last."""
        self._closed = False
        self.name = f"piper {_version()}"

    @staticmethod
    def installed() -> bool:
        """Whether the package is here; nothing is imported."""
        return importlib.util.find_spec("piper") is not None

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """Write one mono 16-bit WAV to ``target``, replaced atomically. VoiceError after a second try."""
        spoken, model = clean_text(text), self._model(settings.voice)
        with self._turn:
            try:
                self._render_once(spoken, model, settings, target)
            except _Broken:  # the child died or hung: once more in a fresh one
                self._render_once(spoken, model, settings, target)

    def voices(self) -> Sequence[str]:
        """Names of the models in the folder that can be spoken here."""
        return [model.stem for model in sorted(self._folder.glob("*.onnx")) if _described(model) is not None]

    def language(self, voice: str) -> str:
        """Two letters, such as ``en``; empty when its description does not say."""
        with contextlib.suppress(VoiceError):
            about = _described(self._model(voice)) or {}
            code = about.get("language", {}).get("code", "") or about.get("espeak", {}).get("voice", "")
            return str(code)[:2].casefold()
        return ""

    def close(self) -> None:
        """End the child; every later render raises VoiceError. Safe from any thread."""
        self._closed = True
        for child in self._children:
            child.kill()

    def _render_once(self, spoken: str, model: Path, settings: VoiceSettings, target: Path) -> None:
        with part_file(target) as part:
            request = {
                "text": spoken,
                "target": str(part.absolute()),
                "stretch": USUAL_WPM / clipped_rate(settings.rate_wpm),
                "volume": min(max(settings.volume, 0.0), 1.0),
            }
            self._running(model).ask(request, self._deadline.seconds(spoken))
            accept(part, target, spoken, settings)

    def _running(self, model: Path) -> _Child:
        """A child with this model loaded; the models of both partners stay loaded."""
        if self._closed:
            raise VoiceError("The voice was switched off.")
        others = tuple(child for child in self._children if child.model != model and child.alive)
        found = next((child for child in self._children if child.model == model and child.alive), None)
        kept = others[-(MOST_CHILDREN - 1) :]
        for child in self._children:
            if child is not found and child not in kept:
                child.kill()
        if found is None:
            self._children = kept
            found = _Child(self._command, model)
            self._children = (*kept, found)
            if self._closed:  # meanwhile, from another thread
                found.kill()
            try:
                found.load()
            except VoiceError:
                found.kill()
                self._children = kept
                raise
        self._children = (*kept, found)
        return found

    def _model(self, voice: str) -> Path:
        names = self.voices()
        if not voice and names:
            voice = names[0]
        model = Path(voice) if voice.endswith(".onnx") else self._folder / f"{voice}.onnx"
        if _described(model) is None:
            raise VoiceError(
                f"There is no voice '{voice}' on this computer.", f"Its two files belong in {self._folder}."
            )
        return model.absolute()


class _Broken(VoiceError):
    """The child died, hung or could not be started."""


class _Child:
    """One process with one model."""

    def __init__(self, command: Sequence[str], model: Path) -> None:
        self.model = model
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(
                [*command, str(model)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=sys.platform != "win32",  # Ctrl-C is for the guide
            )
        except OSError as error:
            raise _Broken(f"The voice engine piper could not be started: {error.strerror}.") from error
        threading.Thread(target=self._read, name="piper", daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def load(self) -> None:
        self._answer(LOADING_S)

    def ask(self, request: Mapping[str, Any], deadline_s: float) -> None:
        """Raises VoiceError for what Piper refuses, _Broken when it does not answer."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
        except OSError as error:
            self.kill()
            raise _Broken("The voice engine piper broke down.") from error
        self._answer(deadline_s)

    def kill(self) -> None:
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2.0)
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def _read(self) -> None:
        """Lines as they come, then an empty one; closes the pipe."""
        pipe = self._process.stdout
        if pipe is not None:
            with pipe:
                for line in pipe:
                    self._lines.put(line)
        self._lines.put(b"")

    def _answer(self, deadline_s: float) -> None:
        try:
            answer = json.loads(self._lines.get(timeout=deadline_s) or b"null")
        except queue.Empty:
            self.kill()
            raise _Broken(f"The voice engine piper did not finish within {deadline_s:.0f} seconds.") from None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.kill()
            raise _Broken("The voice engine piper broke down.")
        if "error" in answer:
            message = str(answer.get("message", ""))[:300]
            if answer["error"] == "engine":
                raise VoiceError(f"Piper is not installed ({message}).", INSTALL_HINT)
            if answer["error"] == "voice":
                raise VoiceError(f"The voice {self.model.stem} cannot be used: {message}.", "Fetch its files again.")
            raise VoiceError(f"The voice engine piper failed: {message}.")


def _described(model: Path) -> dict[str, Any] | None:
    """What stands in the file beside the model; None where one of the two is missing or not for us."""
    try:
        about = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(about, dict) or not model.is_file():
        return None
    return about if about.get("phoneme_type", "espeak") in SPOKEN_TYPES else None


def _version() -> str:
    try:
        return metadata.version("piper-tts")
    except metadata.PackageNotFoundError:
        return "missing"
