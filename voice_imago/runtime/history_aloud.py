"""The history by voice: each sentence as the guide says it; the couple's own words are in no sound on the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from voice_imago import output
from voice_imago.dialogue.script import Script
from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Samples
from voice_imago.engines.recorded import resample
from voice_imago.errors import DeviceError, VoiceError
from voice_imago.journal.telling import Told
from voice_imago.runtime.aloud import Aloud
from voice_imago.runtime.guide_voice import make_prompts
from voice_imago.settings import load_settings

__all__ = ["say_history"]

PAUSE_S = 0.4


def say_history(script: Script, language: str, told: Sequence[Told], lines: Sequence[str]) -> None:
    """Print and say each line. Without a loudspeaker or a voice they are printed, and that is told once."""
    prompts, voice = make_prompts(script, language, load_settings(), background=False)
    player: Aloud | None = None
    try:
        player = _player()
        for one, line in zip(told, lines, strict=True):
            output.say(line)
            if one.own:
                prompts.never_keep(line)
            if player is not None and not _said(line, prompts.fetch, player.play):
                player.close()
                player = None
        if player is not None:
            player.play(np.zeros(HEAR_HZ, np.float32))  # the last word is heard to its end
    finally:
        if player is not None:
            player.close()
        voice.close()
        prompts.close()


def _player() -> Aloud | None:
    try:
        return Aloud()
    except DeviceError as error:
        output.error(str(error))
        return None


def _said(line: str, fetch: Callable[[str], NDArray[np.int16]], play: Callable[[Samples], None]) -> bool:
    """Whether it went well; else it is told."""
    try:
        sound: Samples = resample(fetch(line), PLAY_HZ, HEAR_HZ).astype(np.float32) / np.float32(32768)
        play(np.concatenate([sound, np.zeros(round(PAUSE_S * HEAR_HZ), np.float32)]))
    except (DeviceError, VoiceError) as error:
        output.error(str(error))
        return False
    return True
