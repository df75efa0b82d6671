"""ALSA prints nothing between the guide's lines."""

from __future__ import annotations

import ctypes.util
import subprocess
import sys

import pytest

COMPLAINS = (
    "alsa = ctypes.CDLL('libasound.so.2'); alsa.snd_pcm_open(ctypes.byref(ctypes.c_void_p()), b'nonsense', 0, 0)"
)


def printed(before: str) -> str:
    """What ALSA says about a device that is not there."""
    program = f"import ctypes; from voice_imago.engines.alsa_quiet import keep_alsa_quiet; {before}; {COMPLAINS}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux") or not ctypes.util.find_library("asound"), reason="no ALSA")
def test_alsa_keeps_its_remarks_to_itself() -> None:
    assert "nonsense" in printed("pass")
    assert printed("assert keep_alsa_quiet()") == ""
