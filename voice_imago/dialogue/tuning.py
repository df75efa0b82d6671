"""How the guide speaks to each partner: pace, loudness and pitch, in steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["LIMITS", "Tunings", "VoiceTuning", "gentler"]

_RATES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5)
_VOLUMES = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
_PITCHES = (0.75, 0.82, 0.9, 1.0, 1.1, 1.2, 1.32)

LIMITS = {
    "slower": "slowest",
    "faster": "fastest",
    "louder": "loudest",
    "softer": "softest",
    "lower": "lowest",
    "higher": "highest",
}
"""Command -> the prompt that says that there is no further step."""


@dataclass(frozen=True, slots=True)
class VoiceTuning:
    """How the guide speaks, in steps."""

    rate: float = 1.0
    """Factor on the words per minute of the settings, 0.6..2.5."""
    volume: float = 0.7
    """0..1."""
    pitch: float = 1.0
    """Factor on the pitch of the voice."""

    def changed(self, name: str) -> VoiceTuning:
        """One step slower, faster, louder, softer, lower or higher; the same values at the end of the range."""
        if name in ("slower", "faster"):
            return replace(self, rate=_step(_RATES, self.rate, 1 if name == "faster" else -1))
        if name in ("lower", "higher"):
            return replace(self, pitch=_step(_PITCHES, self.pitch, 1 if name == "higher" else -1))
        return replace(self, volume=_step(_VOLUMES, self.volume, 1 if name == "louder" else -1))


Tunings = tuple[VoiceTuning, VoiceTuning]
"""Of the first and the second partner."""


def gentler(tunings: Tunings) -> VoiceTuning:
    """How both are spoken to: the slower pace, the greater loudness, the lower pitch."""
    first, second = tunings
    return VoiceTuning(min(first.rate, second.rate), max(first.volume, second.volume), min(first.pitch, second.pitch))


def _step(scale: tuple[float, ...], value: float, by: int) -> float:
    nearest = min(range(len(scale)), key=lambda i: abs(scale[i] - value))
    return scale[max(0, min(len(scale) - 1, nearest + by))]
