"""The house voice: pyttsx3, one fresh child process per text (why: see voice_child.py)."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import (
    DEADLINE,
    Children,
    Deadline,
    Overdue,
    PlaceError,
    accept,
    clean_text,
    clipped_rate,
    part_file,
)
from voice_imago.errors import VoiceError

CHILD = (sys.executable, "-I", str(Path(__file__).with_name("voice_child.py")))
TRIES = 2
INSTALL_HINT = "On Debian or Ubuntu run: sudo apt-get install -y espeak-ng"


class Pyttsx3Voice:
    """Text in, verified WAV out. Safe from any thread; each render is its own process."""

    def __init__(self, child: Sequence[str] = CHILD, deadline: Deadline = DEADLINE) -> None:
        self._child = tuple(child)
        self._deadline = deadline
        self._children = Children()
        self.name = f"pyttsx3 {_version()}"

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """Write one mono 16-bit WAV to ``target``, replaced atomically. VoiceError after a second try."""
        spoken = clean_text(text)
        trouble = VoiceError("The prompt was not rendered.")
        for _ in range(TRIES):
            try:
                self._render_once(spoken, settings, target)
                return
            except (_Refusal, PlaceError):
                raise  # it would be refused again
            except VoiceError as error:
                trouble = error
        raise trouble

    def render_many(self, texts: Sequence[str], settings: VoiceSettings, targets: Sequence[Path]) -> None:
        """Several texts in one child, which costs a tenth a text. What went wrong is not there afterwards; VoiceError
        only where nothing could be rendered at all."""
        with contextlib.ExitStack() as parts:
            wanted = [
                (clean_text(text), target, parts.enter_context(part_file(target)))
                for text, target in zip(texts, targets, strict=True)
            ]
            request = {
                "do": "render_many",
                "texts": [spoken for spoken, _, _ in wanted],
                "targets": [str(part.absolute()) for _, _, part in wanted],
                "voice": settings.voice,
                "rate_wpm": clipped_rate(settings.rate_wpm),
                "volume": min(max(settings.volume, 0.0), 1.0),
            }
            done = self._ask(request, self._deadline.seconds("".join(texts))).get("count", 0)
            for spoken, target, part in wanted[: int(done)]:
                with contextlib.suppress(VoiceError):
                    accept(part, target, spoken, settings)

    def voices(self) -> Sequence[str]:
        """Names that ``VoiceSettings.voice`` takes, without the variants of eSpeak such as ``en-us+f3``."""
        answer = self._ask({"do": "voices"}, self._deadline.seconds(""))
        return [str(name) for name in answer.get("voices", [])]

    def close(self) -> None:
        """Kill what is being rendered; every later render raises VoiceError. Safe from any thread."""
        self._children.close()

    def _render_once(self, spoken: str, settings: VoiceSettings, target: Path) -> None:
        with part_file(target) as part:
            request = {
                "do": "render",
                "text": spoken,
                "voice": settings.voice,
                "rate_wpm": clipped_rate(settings.rate_wpm),
                "volume": min(max(settings.volume, 0.0), 1.0),
                "target": str(part.absolute()),
            }
            self._ask(request, self._deadline.seconds(spoken))
            accept(part, target, spoken, settings)

    def _ask(self, request: Mapping[str, Any], deadline_s: float) -> Mapping[str, Any]:
        question = json.dumps({**request, "deadline_s": deadline_s}).encode()
        try:
            finished = self._children.run(self._child, question, deadline_s)
        except Overdue:
            raise VoiceError(f"The voice engine pyttsx3 did not finish within {deadline_s:.0f} seconds.") from None
        except OSError as error:
            raise VoiceError(f"The voice engine pyttsx3 could not be started: {error.strerror}.") from error
        return _understood(finished.out, finished.code)


class _Refusal(VoiceError):
    """The engine cannot do this at all, so a second try is of no use."""


def _understood(out: bytes, code: int) -> Mapping[str, Any]:
    try:
        answer = json.loads(out)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise VoiceError(f"The voice engine pyttsx3 broke down (its process ended with code {code}).")
    if "error" not in answer:
        return answer
    message = str(answer.get("message", ""))[:300]
    if answer["error"] == "engine":
        raise _Refusal(f"No speech engine can be used: {message}.", INSTALL_HINT)
    if answer["error"] == "voice":
        raise _Refusal(f"The voice cannot be used: {message}.", "`voice-imago devices` lists the voices.")
    raise VoiceError(f"The voice engine pyttsx3 failed: {message}.")


def _version() -> str:
    try:
        return metadata.version("pyttsx3")
    except metadata.PackageNotFoundError:
        return "missing"
