"""The process in which pyttsx3 speaks one text into one file. Run by path; it imports nothing of the house.

One JSON request on stdin, one JSON answer on a private copy of stdout (pyttsx3 prints to the real one). A
fresh process per text, because in pyttsx3 2.99 a second text, a changed property or a fork is unreliable,
and ``os._exit`` because tearing the engine down can hang. ``runAndWait`` may return before the file exists,
so the end is taken from ``finished-utterance``; the driver of Windows does not tell it and is believed when
it returns.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any

POLL_S = 0.004
GRACE_S = 3.0
"""Seconds after the parent's deadline at which an orphan ends itself."""


class Refused(Exception):
    """The request cannot be met; ``code`` says why: engine, voice or render."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def main() -> None:
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    # pyttsx3 writes the file in a callback of eSpeak: an error there (a full disk) would reach nobody
    sys.unraisablehook = lambda lost: _leave(answers, {"error": "render", "message": str(lost.exc_value)})
    try:
        request = json.loads(sys.stdin.buffer.read())
        _end_if_orphaned(float(request["deadline_s"]) + GRACE_S)
        answer = _answer(request)
    except Refused as refusal:
        answer = {"error": refusal.code, "message": refusal.message}
    _leave(answers, answer)


def _leave(answers: int, answer: dict[str, Any]) -> None:
    os.write(answers, json.dumps(answer).encode())
    os._exit(0)


def _end_if_orphaned(after_s: float) -> None:
    """Make sure that this process ends even when the parent was killed and the engine hangs."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, after_s)
    else:
        timer = threading.Timer(after_s, os._exit, [3])
        timer.daemon = True
        timer.start()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    engine = _engine()
    if request["do"] == "voices":
        return {"voices": _names(engine)}
    if request["do"] == "render_many":
        return _render_many(request)
    _tune(engine, request)
    _render(engine, request["text"], request["target"], float(request["deadline_s"]))
    return {"done": True}


def _render_many(request: dict[str, Any]) -> dict[str, Any]:
    """One text after the other, each with an engine object of its own: only the library behind them stays.

    A second text of one object would not be spoken. Stops at the first that fails; elsewhere than with eSpeak at once.
    """
    from pyttsx3.engine import Engine

    end, count = time.monotonic() + float(request["deadline_s"]), 0
    for text, target in zip(request["texts"], request["targets"], strict=True):
        try:
            engine = Engine()
            if str(engine) != "espeak":
                break
            _tune(engine, request)
            _render(engine, text, target, end - time.monotonic())
        except Refused:
            break
        count += 1
    return {"done": True, "count": count}


def _engine() -> Any:
    try:
        import pyttsx3

        return pyttsx3.init()
    except ImportError as error:
        raise Refused("engine", f"pyttsx3 is not installed ({error})") from error
    except (RuntimeError, OSError, AttributeError, ValueError) as error:
        raise Refused("engine", " ".join(str(error).split()) or type(error).__name__) from error


def _tune(engine: Any, request: dict[str, Any]) -> None:
    """All properties once, before the only text."""
    troubles: list[str] = []
    engine.connect("error", lambda exception=None, **_: troubles.append(str(exception)))
    try:
        voice = _voice_id(engine, request["voice"])
        if voice:
            engine.setProperty("voice", voice)
        engine.setProperty("rate", int(request["rate_wpm"]))
        engine.setProperty("volume", float(request["volume"]))
        if str(engine) == "espeak":
            _take_effect(engine, int(request["rate_wpm"]))
    except (ValueError, KeyError, OSError) as error:
        raise Refused("voice", f"the voice could not be set: {error}") from error
    engine.troubles = troubles


def _take_effect(engine: Any, rate_wpm: int) -> None:
    """Let eSpeak work off what was set, and see that it did.

    pyttsx3 would set the properties and at once end its loop, which cancels what eSpeak has still queued: one
    prompt in a hundred came out at pyttsx3's own rate of 200.
    """
    from pyttsx3.drivers import _espeak

    engine.proxy.setBusy(False)  # hands the properties on
    _espeak.Synchronize()
    if engine.getProperty("rate") != rate_wpm:
        raise Refused("render", "the rate of the voice could not be set")


def _render(engine: Any, text: str, target: str, deadline_s: float) -> None:
    finished = threading.Event()
    engine.connect("finished-utterance", lambda **_: finished.set())
    engine.save_to_file(text, target)
    engine.runAndWait()
    tells = str(engine) in ("espeak", "nsss")
    end = time.monotonic() + deadline_s
    while tells and not finished.wait(POLL_S) and not engine.troubles:
        if time.monotonic() > end:
            raise Refused("render", "the speech engine did not finish")
    if engine.troubles:
        raise Refused("render", engine.troubles[0])


# ------------------------------------------------------------------------------------------ voices


def _voices(engine: Any) -> list[Any]:
    """Without mbrola: they are listed though not installed, and would be written at a wrong rate."""
    return [voice for voice in engine.getProperty("voices") if not str(voice.id).startswith("mb/")]


def _names(engine: Any) -> list[str]:
    """What a user may write for each voice: the language code with eSpeak, else the voice's own name."""
    codes = str(engine) == "espeak"
    return [str(voice.languages[0]) if codes and voice.languages else str(voice.name) for voice in _voices(engine)]


def _voice_id(engine: Any, wanted: str) -> str:
    """The engine's id for a voice given by id, name or language code; Refused when there is none.

    An unknown name would silently give the default voice, so it is looked up first.
    """
    espeak = str(engine) == "espeak"
    if not wanted:
        return "en-us" if espeak else ""  # the British default voice is understood worse
    base, _, variant = wanted.partition("+")
    voice = _voice(engine, _folded(base))
    if not espeak:
        return str(voice.id)
    if not variant:
        return str(voice.id)
    try:
        return f"{voice.id}+{_variants()[_folded(variant)]}"
    except KeyError:
        raise Refused("voice", f"there is no variant '{variant}' of the voice '{base}'") from None


def _voice(engine: Any, base: str) -> Any:
    """By id, name or language code; a bare language ("fr") gives its first voice."""
    voices = _voices(engine)
    for voice in voices:
        if base in _aliases(voice):
            return voice
    for voice in voices:
        if "-" not in base and any(alias.startswith(f"{base}-") for alias in _aliases(voice)):
            return voice
    raise Refused("voice", f"there is no voice '{base}'")


def _aliases(voice: Any) -> set[str]:
    codes = [_folded(str(code)) for code in voice.languages or []]
    ids = _folded(str(voice.id))
    return {ids, ids.rsplit("/", 1)[-1], _folded(str(voice.name)), *codes}


def _variants() -> dict[str, str]:
    """eSpeak's voice variants (``+f3``): folded name -> name of the file."""
    from pyttsx3.drivers import _espeak

    names: list[str] = []
    try:
        found = _espeak.cListVoices(_espeak.VOICE(languages=b"variant"))
        while found[len(names)]:
            names.append(found[len(names)][0].identifier.decode("utf-8", "replace").rsplit("/", 1)[-1])
    except (AttributeError, TypeError) as error:
        raise Refused("voice", f"voice variants cannot be listed: {error}") from error
    return {_folded(name): name for name in names}


def _folded(name: str) -> str:
    return name.strip().casefold().replace("_", "-")


if __name__ == "__main__":
    main()
