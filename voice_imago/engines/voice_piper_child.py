"""The process in which Piper speaks. Run by path; it imports nothing of the house, and downloads nothing.

It loads one voice, answers ``{"ready": true}``, and then for each line of JSON on its standard input writes one WAV and
answers with a line on a private copy of its standard output. It ends when its input does.
"""

from __future__ import annotations

import json
import os
import sys
import wave
from typing import Any


def main() -> None:
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a library prints is no answer
    os.environ.update({"HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"})
    try:
        from piper import PiperVoice

        voice = PiperVoice.load(sys.argv[1])
    except ImportError as error:
        _answer(answers, {"error": "engine", "message": str(error)})
        return
    except Exception as error:  # a damaged model may raise anything
        _answer(answers, {"error": "voice", "message": _line(error)})
        return
    _answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        try:
            _render(voice, json.loads(line))
        except Exception as error:
            _answer(answers, {"error": "render", "message": _line(error)})
        else:
            _answer(answers, {"done": True})


def _render(voice: Any, request: dict[str, Any]) -> None:
    from piper import SynthesisConfig

    usual = getattr(voice.config, "length_scale", 1.0) or 1.0
    settings = SynthesisConfig(length_scale=usual * float(request["stretch"]), volume=float(request["volume"]))
    with open(request["target"], "wb") as raw, wave.open(raw, "wb") as file:  # noqa: PTH123 - so that a full disk raises here
        voice.synthesize_wav(request["text"], file, syn_config=settings)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _answer(answers: int, answer: dict[str, Any]) -> None:
    os.write(answers, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
