"""Keeps ALSA from printing: its remarks ("underrun occurred") would stand between the guide's lines, and a screen
reader would say them. Faults are told by our own watch on the streams."""

from __future__ import annotations

import ctypes
import functools
import sys

__all__ = ["keep_alsa_quiet"]


@functools.cache
def keep_alsa_quiet() -> bool:
    """Whether there is an ALSA, and it prints nothing from now on."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        alsa, libc = ctypes.CDLL("libasound.so.2"), ctypes.CDLL(None)
        handler = ctypes.cast(libc.getpid, ctypes.c_void_p)
        # getpid: a function of C that takes no notice of ALSA's arguments. One of Python would be called in the audio
        # thread and wait there for the interpreter.
        alsa.snd_lib_error_set_handler(handler)
    except (OSError, AttributeError):
        return False
    return True
