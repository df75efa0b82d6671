"""What to believe of a decoded piece. Pure.

Whisper invents words for noise and falls into loops. These are the signs, from the field's experience:

* improbable *and* likely no speech: dropped (faster-whisper's own rule; one sign alone is common in speech);
* improbable *and* repetitive (it compresses by more than 2.4): dropped; either sign: worth another try;
* the same phrase over and over: said once, with less confidence;
* more words than anybody can speak in that time: dropped.

No phrase is ever forbidden: "thank you" is what couples say here.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import JaroWinkler

from voice_imago.engines.ports import Heard
from voice_imago.engines.recogniser_none import NOTHING

NO_SPEECH = 0.6
"""Probability of no speech from which an improbable text is dropped."""
LOW_LOGPROB = -1.0
"""Mean log-probability of a token below which a text is improbable."""
REPETITIVE = 2.4
"""Compression ratio above which a text is repetitive."""
FASTEST_WORDS_PER_S = 5.0
SPARE_WORDS = 4
"""Words that even the shortest piece may hold."""
LOOP_PHRASES = 3
"""So many times the same phrase in a row is a loop."""
LOOP_WORDS = 4
"""So many times the same word in a row is a loop; people do say "no, no, no"."""
LONGEST_LOOP_WORDS = 8
NAME_LIKENESS = 0.85
"""Jaro-Winkler likeness, 0..1, from which a capitalised word is taken for a partner's name."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One segment as the model gave it."""

    text: str
    logprob: float
    """Mean natural log-probability of a token."""
    no_speech: float
    """Probability 0..1 that nobody spoke."""
    tokens: int


def doubtful(decoded: Decoded) -> bool:
    """Whether decoding again with the full window may give a better text."""
    return decoded.logprob < LOW_LOGPROB or _compression(decoded.text) > REPETITIVE


def judge(segments: Sequence[Decoded], length_s: float, names: Sequence[str]) -> Heard:
    """What was heard in ``length_s`` seconds of sound, after all checks."""
    kept = [part for part in segments if part.text.strip() and not _invented(part)]
    if not kept:
        return NOTHING
    text, loops = collapse_loops(" ".join(part.text.strip() for part in kept))
    if len(text.split()) > SPARE_WORDS + FASTEST_WORDS_PER_S * length_s:
        return NOTHING
    return Heard(correct_names(text, names), _confidence(kept) * 0.5**loops)


def collapse_loops(text: str) -> tuple[str, int]:
    """The text with every loop said once, and how many loops there were."""
    words, loops = text.split(), 0
    for length in range(1, LONGEST_LOOP_WORDS + 1):
        least = LOOP_WORDS if length == 1 else LOOP_PHRASES
        words, found = _collapse(words, length, least)
        loops += found
    return " ".join(words), loops


def correct_names(text: str, names: Sequence[str]) -> str:
    """The partners' names, spelled as they spell them.

    Only words that the model itself wrote as names are touched: capitalised, and not at the start of a
    sentence unless a comma follows. So "been" never becomes "Ben", and "Same here" never "Sam here".
    """

    def corrected(found: re.Match[str]) -> str:
        before, word, after = text[: found.start()].rstrip(), found[0], text[found.end() : found.end() + 1]
        starts = not before or before[-1] in ".?!…"
        if not word[0].isupper() or (starts and after not in (",", "")) or (starts and not before and not after):
            return word
        return _closest(word, names) or word

    return re.sub(r"[^\W\d_]{2,}", corrected, text)


def _closest(word: str, names: Sequence[str]) -> str | None:
    scored = [(JaroWinkler.similarity(word.casefold(), name.casefold()), name) for name in names]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= NAME_LIKENESS else None


def _invented(part: Decoded) -> bool:
    doubted = part.no_speech > NO_SPEECH or _compression(part.text) > REPETITIVE
    return doubted and part.logprob < LOW_LOGPROB


def _compression(text: str) -> float:
    packed = text.strip().encode()
    return len(packed) / len(zlib.compress(packed)) if packed else 0.0


def _confidence(parts: Sequence[Decoded]) -> float:
    """The mean probability of a token, lowered when the model doubts that anybody spoke."""
    tokens = sum(part.tokens for part in parts) or 1
    logprob = sum(part.logprob * part.tokens for part in parts) / tokens
    no_speech = max(part.no_speech for part in parts)
    doubt = 1.0 - no_speech if no_speech > NO_SPEECH else 1.0
    return min(1.0, max(0.0, math.exp(min(0.0, logprob)) * doubt))


def _collapse(words: list[str], length: int, least: int) -> tuple[list[str], int]:
    plain = [word.strip(".,;:!?…-").casefold() for word in words]
    kept: list[str] = []
    at = loops = 0
    while at < len(words):
        times = 1
        while plain[at + times * length : at + (times + 1) * length] == plain[at : at + length]:
            times += 1
        step = length * times if times >= least else 1
        loops += times >= least
        kept += words[at : at + (length if times >= least else 1)]
        at += step
    return kept, loops
