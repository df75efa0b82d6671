"""Informal and formal address in one text: "{sender}, [nenne|nennen Sie] eine Sache."

Where a language addresses people in two ways, both stand in the text and one of them is said. The partners' own words
(stems, lists of phrases) have no such choice: they talk to each other.
"""

from __future__ import annotations

import re

__all__ = ["addressed"]

_EITHER = re.compile(r"\[([^][|]*)\|([^][|]*)\]")


def addressed(text: str, *, formal: bool) -> str:
    """``text`` as it is said. Raises ValueError for a bracket that is not closed, is nested or has no two halves."""
    said = _EITHER.sub(lambda found: found[2 if formal else 1], text)
    if any(sign in said for sign in "[]|"):
        raise ValueError("square brackets hold two ways to say it, informal and formal: [du|Sie]")
    return " ".join(said.split()) if said != text else text
