"""What is known of one voice: numbers that tell it from another one, never its sound."""

from __future__ import annotations

from dataclasses import dataclass

from voice_imago.engines.voiceprint_gmm import Mixture
from voice_imago.engines.voiceprint_spectra import Rows


@dataclass(frozen=True, slots=True, eq=False)
class VoiceModel:
    """One voice as learnt from one recording. Two of them make a voiceprint."""

    vectors: Rows | None
    """The encoder's unit vectors of the recording's windows (n, 256); None without its weights."""
    mixture: Mixture
    """Learnt from the whole recording: tells voices apart."""
    halves: tuple[Mixture, Mixture]
    """Learnt from its first and its second half: how far one voice lies from itself."""
    speech_s: float
    """Seconds of speech in the recording."""
    level_db: float
    """Level of that speech, dB below full scale."""
