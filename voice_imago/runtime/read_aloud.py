"""Says a few sentences outside of a dialogue: one after the other, in the guide's voice, and each as it is printed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from voice_imago.dialogue.script import Script
from voice_imago.engines.ports import HEAR_HZ
from voice_imago.runtime.aloud import Aloud, with_pause
from voice_imago.runtime.devices import find_device, list_devices
from voice_imago.runtime.first_words import OWN_LANGUAGE
from voice_imago.runtime.guide_voice import make_prompts
from voice_imago.settings import Settings

__all__ = ["read_aloud"]

PAUSE_S = 0.35
ENDING_S = 0.5
"""Of silence at the end, so that nothing of the last word is lost when the stream closes."""


def read_aloud(
    lines: Sequence[str],
    script: Script,
    settings: Settings,
    *,
    language: str = OWN_LANGUAGE,
    kept: Collection[str] = (),
    show: Callable[[str], None] = lambda line: None,
) -> None:
    """Blocks until the last line is said. Raises DeviceError without a loudspeaker, VoiceError without a voice.

    ``language``: of the lines. ``kept``: those whose sound may stay on the disk; the others may name devices and
    folders, or hold the couple's own words. ``show`` is told each line when it begins; those that it was not told when
    an error is raised were not said.
    """
    if not lines:
        return
    if not list_devices("output"):
        find_device("output", 0)  # words the error
    prompts, voice = make_prompts(script, language, settings, background=False)
    loudspeaker = None
    try:
        for line in lines:
            if line not in kept:
                prompts.never_keep(line)
        following = prompts.fetch(lines[0])  # before a device is opened: without a voice there is nothing to play
        loudspeaker = Aloud(find_device("output", settings.output))
        for number, line in enumerate(lines):
            show(line)
            loudspeaker.play(with_pause(following, PAUSE_S))
            if number + 1 < len(lines):
                following = prompts.fetch(lines[number + 1])
        loudspeaker.play(np.zeros(round(ENDING_S * HEAR_HZ), np.float32))
    finally:
        if loudspeaker is not None:
            loudspeaker.close()
        voice.close()
        prompts.close()
