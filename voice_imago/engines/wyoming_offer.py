"""What a Wyoming server offers: its answer to ``describe``, read with tolerance. Pure.

Only the first program of a kind counts: that is the one that serves whoever does not select another.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

JOINERS = "\u200c\u200d"
"""Format characters that some scripts need inside a word."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A model or a voice."""

    name: str
    languages: tuple[str, ...]
    """As the server writes them: en, en_US, en-GB, ..."""
    description: str = ""
    speakers: tuple[str, ...] = ()
    installed: bool = True

    def speaks(self, language: str) -> bool:
        """Whether it is of this language, in whatever country; one that names no language is of any."""
        return not self.languages or _base(language) in map(_base, self.languages)


@dataclass(frozen=True, slots=True)
class Program:
    """One service of a server."""

    name: str
    version: str
    offered: tuple[Offered, ...]

    def named(self, name: str) -> Offered | None:
        """By name or by description, whatever the case."""
        wanted = folded(name)
        by_name = (one for one in self.offered if folded(one.name) == wanted)
        by_description = (one for one in self.offered if folded(one.description) == wanted)
        return next(by_name, None) or next(by_description, None)

    def of_language(self, code: str) -> Offered | None:
        """The best one for a language: of the same country, and installed, if there is one."""
        fitting = [one for one in self.offered if one.speaks(code)]
        return min(fitting, key=lambda one: (not _same_country(one, code), not one.installed), default=None)

    def knows_language(self, code: str) -> bool:
        return not self.offered or self.of_language(code) is not None


def read_offer(info: Mapping[str, Any], kind: Literal["asr", "tts"]) -> Program | None:
    """The server's program of a kind; None when it has none."""
    programs = [one for one in _list(info.get(kind)) if isinstance(one, Mapping)]
    if not programs:
        return None
    first = programs[0]
    offered = _list(first.get("models" if kind == "asr" else "voices"))
    return Program(
        plain_text(first.get("name")) or "server",
        plain_text(first.get("version")),
        tuple(_offered(one) for one in offered if isinstance(one, Mapping) and plain_text(one.get("name"))),
    )


def plain_text(text: object) -> str:
    """A server's words without what no sentence needs: control characters, halves of pairs, needless space."""
    if not isinstance(text, str):
        return ""
    kept = (c if unicodedata.category(c)[0] != "C" or c in JOINERS else " " for c in text)
    return " ".join("".join(kept).split())


def folded(name: str) -> str:
    """For comparing: en_US is en-us."""
    return name.strip().casefold().replace("_", "-")


def _offered(told: Mapping[str, Any]) -> Offered:
    speakers = (plain_text(one.get("name")) for one in _list(told.get("speakers")) if isinstance(one, Mapping))
    return Offered(
        plain_text(told.get("name")),
        tuple(filter(None, map(plain_text, _list(told.get("languages"))))),
        plain_text(told.get("description")),
        tuple(filter(None, speakers)),
        told.get("installed") is not False,
    )


def _same_country(one: Offered, code: str) -> bool:
    return folded(code) in map(folded, one.languages)


def _base(language: str) -> str:
    return folded(language).partition("-")[0]


def _list(told: object) -> Sequence[Any]:
    return told if isinstance(told, list) else ()
