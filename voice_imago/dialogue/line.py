"""A prompt in words."""

from __future__ import annotations

from dataclasses import dataclass

from voice_imago.words import Form

__all__ = ["Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """One prompt, ready to be said."""

    key: str
    form: Form
    text: str
    own: bool = False
    """Words of the couple's own are in it: its sound is never written."""
