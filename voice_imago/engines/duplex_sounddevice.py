"""Microphone and loudspeaker of this computer, through PortAudio."""

from __future__ import annotations

from voice_imago.engines.microphone_sounddevice import SounddeviceMicrophone
from voice_imago.engines.player_sounddevice import SilentPlayer, SounddevicePlayer

__all__ = ["SilentPlayer", "SounddeviceMicrophone", "SounddevicePlayer"]
