"""The process in which Flite's libraries speak several texts, without a new program for each. Run by path; it imports
nothing of the house.

One JSON request on stdin, one JSON answer on stdout: how many texts were spoken. Where the libraries are not those of
Flite 2 on Linux that is none, and the program ``flite`` speaks each by itself. What they write is the same, but for the
noise in it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Sequence
from typing import Any


class _Voice(ctypes.Structure):
    """The beginning of ``cst_voice`` (flite's ``cst_voice.h``)."""

    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    try:
        count = speak(request["voice"], float(request["stretch"]), request["texts"], request["targets"])
    except (OSError, AttributeError) as error:
        answer: dict[str, Any] = {"count": 0, "message": str(error)}
    else:
        answer = {"count": count}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


def speak(name: str, stretch: float, texts: Sequence[str], targets: Sequence[str]) -> int:
    """How many were spoken. OSError or AttributeError where a library, or something in it, is missing."""
    core = ctypes.CDLL("libflite.so.1", mode=ctypes.RTLD_GLOBAL)
    ctypes.CDLL("libflite_usenglish.so.1", mode=ctypes.RTLD_GLOBAL)
    ctypes.CDLL("libflite_cmulex.so.1", mode=ctypes.RTLD_GLOBAL)
    register = getattr(ctypes.CDLL(f"libflite_cmu_us_{name}.so.1"), f"register_cmu_us_{name}")
    register.restype, register.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)
    core.feat_set_float.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float)
    core.feat_set_float.restype = None
    core.flite_file_to_speech.argtypes = (ctypes.c_char_p, ctypes.c_void_p, ctypes.c_char_p)
    core.flite_file_to_speech.restype = ctypes.c_float
    core.flite_init()
    voice = register(None)
    about = _Voice.from_address(voice)
    if about.name != name.encode():
        raise OSError("another version of Flite")
    core.feat_set_float(about.features, b"duration_stretch", stretch)
    count = 0
    for text, target in zip(texts, targets, strict=True):
        place = os.memfd_create("text")  # in no folder
        os.write(place, f"{text}\n".encode())
        seconds = core.flite_file_to_speech(f"/proc/self/fd/{place}".encode(), voice, os.fsencode(target))
        os.close(place)
        if not seconds > 0:
            break
        count += 1
    return count


if __name__ == "__main__":
    main()
