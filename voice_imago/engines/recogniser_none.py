"""The recogniser that understands nothing: the guide goes by voice activity and keys alone."""

from __future__ import annotations

from collections.abc import Sequence

from voice_imago.engines.ports import Heard, Samples, Understands

NOTHING = Heard(text="", confidence=0.0)


class NoRecogniser:
    """Answers every piece with no words, at once."""

    name = "none"
    understands: Understands = "nothing"

    def recognise(self, sound: Samples, *, short: bool, hints: Sequence[str] = ()) -> Heard:
        """No words, whatever the sound."""
        return NOTHING

    def close(self) -> None:
        """Nothing to let go of."""
