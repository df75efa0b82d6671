"""Which voices are installed for a language, best first, and one engine over all of them.

A voice is called ``engine:name`` (``flite:rms``, ``piper:en_US-lessac-medium``, ``pyttsx3:en-us``). A bare name, as in
older settings, is looked for in every engine.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.voice_chain import ChainVoice, ClosableVoice, EngineFailure
from voice_imago.errors import VoiceError

__all__ = ["BUILT_IN", "HouseVoice", "Shelf", "fill_shelf", "full_name", "in_order"]

BUILT_IN = ("pyttsx3", "espeak")
"""Engines that take the same names; where the first fails the second says the same."""

VARIANTS = ("m3", "f3")
"""Of eSpeak's voices, for languages of which it has only one; understood a little worse than the voice itself."""
_ESPEAK_CODE = re.compile(r"([a-z]{2,3})(-[A-Za-z0-9-]+)?")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What there is for one language."""

    names: tuple[str, ...]
    """Best first; empty: nothing is installed for it."""
    others: tuple[str, ...] = ()
    """Voices of other languages, which may be asked for by name."""
    troubles: tuple[str, ...] = ()
    """Engines that could not be asked, one sentence each; what they have is not known."""
    foreign: frozenset[str] = frozenset()
    """Those of ``others`` that are known to speak another language."""

    @property
    def missing(self) -> bool:
        """It is known that there is no voice for the language."""
        return not self.names and not self.troubles

    def find(self, wanted: str) -> str | None:
        """The full name of what was asked for, with its variant (``en-us+f3``); None when it is not here."""
        base, plus, variant = wanted.strip().partition("+")
        for full in (*self.names, *self.others):
            engine, _, name = full.partition(":")
            if base.casefold() in (full.casefold(), name.casefold()):
                return f"{full}{plus}{variant}" if not plus or engine in BUILT_IN else None
        return None

    def after(self, current: str) -> str | None:
        """The next voice of the language, round and round; None when there is no other one."""
        if not [name for name in self.names if name != current]:
            return None
        place = self.names.index(current) if current in self.names else -1
        return self.names[(place + 1) % len(self.names)]


def fill_shelf(engines: Mapping[str, ClosableVoice], language: str, wanted: Sequence[str]) -> Shelf:
    """Ask every engine. ``engines``: best first; ``wanted``: the language's voices of the computer's own engine."""
    names: list[str] = []
    others: list[str] = []
    troubles: list[str] = []
    foreign: set[str] = set()
    for engine, voice in engines.items():
        if engine == "espeak":
            continue  # it has what pyttsx3 has, and stands in for it
        try:
            installed = list(voice.voices())
        except VoiceError as error:
            troubles.append(str(error))
            continue
        fitting = _fitting(engine, voice, installed, language, wanted)
        names += [f"{engine}:{name}" for name in fitting]
        others += [f"{engine}:{name}" for name in installed if name not in fitting]
        foreign |= {f"{engine}:{name}" for name in installed if _language(engine, voice, name) not in ("", language)}
    if len(names) == 1:
        names += _variants(names[0])
    return Shelf(tuple(names), tuple(others), tuple(troubles), frozenset(foreign))


def _fitting(
    engine: str, voice: ClosableVoice, installed: Sequence[str], language: str, wanted: Sequence[str]
) -> list[str]:
    if engine in ("flite", "piper"):
        return [name for name in installed if _language(engine, voice, name) == language]
    return in_order(installed, wanted)


def _variants(name: str) -> list[str]:
    """What an only voice can also sound like, so that there is another one to be had."""
    engine, _, code = name.partition(":")
    able = engine in BUILT_IN and _ESPEAK_CODE.fullmatch(code)
    return [f"{name}+{variant}" for variant in VARIANTS] if able else []


def _language(engine: str, voice: ClosableVoice, name: str) -> str:
    """Two letters; empty where nobody knows."""
    if engine == "flite":
        return "en"
    if engine == "piper":
        knows: Callable[[str], str] = getattr(voice, "language", lambda name: "")
        return knows(name)
    code = _ESPEAK_CODE.fullmatch(name)  # the voices of macOS and Windows have names
    return code[1] if code else ""


def in_order(installed: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those of the installed voices that are wanted, in the order of ``wanted``. A name of more than three letters may
    be part of the installed one, as in "Microsoft Zira Desktop"."""
    found: dict[str, None] = {}
    for name in wanted:
        exact = [voice for voice in installed if voice.casefold() == name.casefold()]
        part = [voice for voice in installed if len(name) > 3 and name.casefold() in _words(voice)]
        found.update(dict.fromkeys(exact or part))
    return list(found)


def _words(name: str) -> list[str]:
    return name.casefold().replace("-", " ").replace("_", " ").split()


def full_name(wanted: str, engines: Sequence[str]) -> tuple[str, str]:
    """Engine and name; an unknown engine is none ("" for the first one), and part of the name."""
    engine, colon, name = wanted.partition(":")
    return (engine, name) if colon and engine in engines else ("", wanted)


class _Bound:
    """One voice of one engine, whatever voice is asked for."""

    def __init__(self, engine: ClosableVoice, voice: str) -> None:
        self._engine, self._voice = engine, voice
        self.name = engine.name

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        self._engine.render(text, replace(settings, voice=self._voice), target)

    def voices(self) -> Sequence[str]:
        return self._engine.voices()

    def close(self) -> None:
        """The engine is closed by its owner."""


class HouseVoice:
    """All engines as one. ``VoiceSettings.voice`` is a full name; where it fails, the best of each other engine helps.

    A bare name is one of the built-in engines'. Safe from any thread.
    """

    def __init__(
        self,
        engines: Mapping[str, ClosableVoice],
        shelf: Shelf = Shelf(()),
        on_failure: Callable[[EngineFailure], None] | None = None,
        on_helped: Callable[[EngineFailure], None] | None = None,
    ) -> None:
        """``on_failure``, ``on_helped``: see ChainVoice; from any thread."""
        if not engines:
            raise ValueError("a house voice needs at least one engine")
        self._engines, self.shelf = dict(engines), shelf
        self._on_failure, self._on_helped = on_failure, on_helped
        self._chains: dict[str, ChainVoice] = {}
        self._lock = threading.Lock()
        self.name = ", ".join(engine.name for name, engine in engines.items() if name != "espeak" or len(engines) == 1)

    @property
    def at_home(self) -> bool:
        """A server at home speaks first."""
        return "home" in self._engines

    @property
    def failures(self) -> tuple[EngineFailure, ...]:
        """What failed since the start."""
        with self._lock:
            return tuple(failure for chain in self._chains.values() for failure in chain.failures)

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """Raises the first engine's VoiceError when none of them could render."""
        self._chain(settings.voice).render(text, settings, target)

    def render_soon(self, text: str, settings: VoiceSettings, target: Path) -> None:
        """The same while somebody waits for it: an engine that hangs delays one prompt by a few seconds."""
        self._chain(settings.voice).render_soon(text, settings, target)

    def render_many(self, texts: Sequence[str], settings: VoiceSettings, targets: Sequence[Path]) -> None:
        """Several texts at once where the engine can do that, else nothing; see ``Pyttsx3Voice.render_many``."""
        engine, name = full_name(settings.voice, tuple(self._engines))
        many = getattr(self._engines.get(engine or BUILT_IN[0]), "render_many", None)  # Pyttsx3Voice, FliteVoice
        if many is not None and not self._chain(settings.voice).failures:
            many(texts, replace(settings, voice=name), targets)

    def voices(self) -> Sequence[str]:
        """Full names, those of the language first."""
        return (*self.shelf.names, *self.shelf.others)

    def close(self) -> None:
        for engine in self._engines.values():
            engine.close()

    def _chain(self, wanted: str) -> ChainVoice:
        with self._lock:
            if wanted not in self._chains:
                self._chains[wanted] = ChainVoice(self._bound(wanted), self._on_failure, on_helped=self._on_helped)
            return self._chains[wanted]

    def _bound(self, wanted: str) -> list[ClosableVoice]:
        engine, name = full_name(wanted, tuple(self._engines))
        links = dict[str, str]()
        if engine:
            links[engine] = name
        own = name if engine in ("", *BUILT_IN) else self._best("pyttsx3")
        for built_in in BUILT_IN:
            if built_in in self._engines:
                links.setdefault(built_in, own)
        for other in self._engines:
            if other == "home" or (other not in links and self._best(other)):
                links.setdefault(other, self._best(other))
        return [_Bound(self._engines[link], voice) for link, voice in links.items()]

    def _best(self, engine: str) -> str:
        """The best voice of an engine for the language; empty: its own choice."""
        return next((n.partition(":")[2] for n in self.shelf.names if n.partition(":")[0] == engine), "")
