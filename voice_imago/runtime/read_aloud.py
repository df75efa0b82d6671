"""Says a few sentences outside of a dialogue: one after the other, in the guide's voice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import soxr

from voice_imago.dialogue.script import Script
from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ
from voice_imago.runtime.aloud import Aloud
from voice_imago.runtime.devices import find_device, list_devices
from voice_imago.runtime.guide_voice import make_prompts
from voice_imago.settings import Settings

__all__ = ["read_aloud"]

PAUSE_S = 0.35
ENDING_S = 0.5
"""Of silence at the end, so that nothing of the last word is lost when the stream closes."""


def read_aloud(lines: Sequence[str], script: Script, settings: Settings) -> None:
    """Blocks until the last line is said. Raises DeviceError without a loudspeaker, VoiceError without a voice.

    Nothing of it is kept on the disk: the lines name devices and folders.
    """
    if not list_devices("output"):
        find_device("output", 0)  # words the error
    prompts, voice = make_prompts(script, settings.language, settings, background=False)
    loudspeaker = None
    try:
        for line in lines:
            prompts.never_keep(line)
        first = prompts.fetch(lines[0])  # before a device is opened: without a voice there is nothing to play
        loudspeaker = Aloud(find_device("output", settings.output))
        for number, line in enumerate(lines):
            pcm = first if number == 0 else prompts.fetch(line)
            sound = soxr.resample(pcm.astype(np.float32) / 32768, PLAY_HZ, HEAR_HZ).astype(np.float32)
            loudspeaker.play(np.concatenate([sound, np.zeros(round(PAUSE_S * HEAR_HZ), np.float32)]))
        loudspeaker.play(np.zeros(round(ENDING_S * HEAR_HZ), np.float32))
    finally:
        if loudspeaker is not None:
            loudspeaker.close()
        voice.close()
        prompts.close()
