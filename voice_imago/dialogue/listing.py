"""A turn in which somebody lists things, as the things: "He was warm, and, um, always late." -> warm, always late.

The words stay the person's own; only what is said around them goes: hesitation, fillers, "she was", the "and" in
between. A filler that may be the thing itself ("love") stays: rather a word too many than one of theirs lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from voice_imago.dialogue.phrases import plain_words, small

__all__ = ["listed", "one_line"]

_STOPS = re.compile(r"[,;.!?…–—\n]+")


def one_line(text: str) -> str:
    """The whole turn as a line of a list: said among others it needs no full stop of its own."""
    return text.strip().rstrip(".,;") or text


def listed(
    text: str, lists: Mapping[str, Sequence[str]], *, capitals: bool = False, dotless: bool = False
) -> tuple[str, ...]:
    """The things of a spoken list, each once, in their order.

    ``capitals``: the language writes nouns with a capital, so one at the beginning stays; ``dotless``: the small
    letter of I is ı.
    """
    joiners = [plain_words(phrase) for phrase in lists.get("list_and", ())]
    kept = {plain_words(phrase) for phrase in lists.get("list_keep", ())}
    leads = [plain_words(name) for part in ("list_lead", "hesitation") for name in lists.get(part, ())]
    leads += [words for words in map(plain_words, lists.get("fillers", ())) if words not in kept]
    leads += joiners
    pieces = [piece for part in _STOPS.split(text) for piece in _split(part.split(), joiners)]
    things = [_without(leads, piece, capitals, dotless) for piece in pieces]
    return tuple(dict.fromkeys(" ".join(thing) for thing in things if thing))


def _split(words: list[str], joiners: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """At each "and"."""
    parts: list[list[str]] = [[]]
    for word in words:
        if plain_words(word) in joiners:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _without(leads: Sequence[tuple[str, ...]], words: list[str], capitals: bool, dotless: bool) -> list[str]:
    """Without what leads up to the thing, and with a small letter if only the sentence made it a capital."""
    plain = [plain_words(word) for word in words]
    at = 0
    while at < len(words):
        rest = tuple(letter for word in plain[at:] for letter in word)
        lead = max((len(phrase) for phrase in leads if phrase and rest[: len(phrase)] == phrase), default=0)
        if not lead:
            break
        while lead > 0 and at < len(words):
            lead -= len(plain[at])
            at += 1
    kept = words[at:]
    if kept and at == 0 and kept[0][1:].islower() and not capitals:
        kept = [small(kept[0][:1], dotless=dotless) + kept[0][1:], *kept[1:]]
    return kept
