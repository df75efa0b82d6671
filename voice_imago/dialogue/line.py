"""A prompt in words."""

from __future__ import annotations

from dataclasses import dataclass

from voice_imago.words import Form, Partner

__all__ = ["Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """One prompt, ready to be said."""

    key: str
    form: Form
    text: str
    own: bool = False
    """Words of the couple's own are in it: its sound is never written."""
    to: Partner | None = None
    """In whose way it is spoken; None: to both."""
    fresh: bool = False
    """Only as the voice is set now: it tells how it was changed."""
