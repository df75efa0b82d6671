"""What a run was asked to do, as the command line and the settings say it; and the parts that every run needs."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from voice_imago.dialogue.script import Script
from voice_imago.dialogue.script_names import MIRROR_GRAPH
from voice_imago.engines.recognisers import RecogniserSpec
from voice_imago.errors import UsageError
from voice_imago.runtime.keeping import NOTHING_KEPT, KeptPorts
from voice_imago.settings import Settings

__all__ = [
    "ENROLMENT",
    "MODEL_SETUP",
    "SET_UP",
    "StartPlan",
    "check_dialogue",
    "check_language",
    "check_partners",
    "check_scene",
    "choose_name",
    "same_name",
    "spoken_name",
]


UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode categories that no name needs: control, format, half of a pair, private, unassigned."""
LONGEST_NAME = 40
"""Characters of a name."""
JOINERS = "\u200c\u200d"
"""Two format characters that some scripts and emoji need inside a word."""


ENROLMENT = "voices"
"""The graph that `enrol` walks as if it were a dialogue."""
MODEL_SETUP = "model"
"""The graph that `setup --only model` walks as if it were a dialogue."""
SET_UP = "set_up"
"""The graph that `setup` walks: loudspeaker, microphone, pace, room, voices, speech model."""
PRELUDES = ("hear_me", "room", "voices", "room_check", "model")
"""Graphs that may come before a dialogue."""


@dataclass(frozen=True, slots=True)
class StartPlan:
    """Everything that `start` was told."""

    dialogue: str
    """The graph to begin with: ``session``, or one that is walked by itself."""
    language: str
    partners: tuple[str, str]
    asked: str = ""
    """The dialogue that was asked for; empty: the menu asks."""
    recogniser: str = "auto"
    model: str = ""
    model_dir: Path | None = None
    input: str = ""
    output: str = ""
    thinking: Literal["quick", "normal", "patient"] = "normal"
    detector: Literal["auto", "silero", "webrtc"] = "auto"
    events: Path | None = None
    settings: Settings = field(default_factory=Settings)
    voice_asked: bool = False
    """The voice of the settings was named on the command line: it has to be here."""
    echo: Literal["auto", "full", "half"] = "half"
    """Whether it listens while it speaks; auto: if a test at the start shows that it can."""
    voices: Literal["auto", "learn", "off"] = "auto"
    room: Literal["auto", "measure", "off"] = "auto"
    notices: tuple[str, ...] = ()
    """Prompts that are said after the greeting."""
    kept: KeptPorts = NOTHING_KEPT

    def recogniser_spec(self) -> RecogniserSpec:
        """Who is to understand words."""
        return RecogniserSpec(self.recogniser, self.model, self.model_dir, self.language, self.partners)


def choose_name(what: str, given: str, choices: Sequence[str]) -> str:
    """The name, if it is one of the choices. Raises UsageError with the choices, and what may have been meant."""
    if given in choices:
        return given
    close = difflib.get_close_matches(given, choices, 1)
    did = f" Did you mean {close[0]}?" if close else ""
    raise UsageError(f"There is no {what} called {given!r}.{did}", f"Choose one of: {', '.join(choices)}.")


def check_dialogue(script: Script, name: str) -> str:
    """The dialogue's id. Raises UsageError with the choices."""
    return choose_name("dialogue", name, [graph.id for graph in script.graphs.values() if graph.menu])


def check_scene(script: Script, dialogue: str, prelude: Sequence[str]) -> None:
    """What a scene may begin with: a dialogue, or a part of dialogues by itself; before it shared graphs. Raises
    UsageError."""
    if dialogue == MIRROR_GRAPH or dialogue not in script.graphs:
        check_dialogue(script, dialogue)
    for name in prelude:
        choose_name("prelude", name, PRELUDES)


def check_language(script: Script, code: str) -> str:
    """The code of a language that is offered. Raises UsageError with the choices."""
    offered = [language.code for language in script.languages.values() if language.offered]
    language = script.languages.get(code)
    if language is not None and not language.offered:
        what = f"{language.name} is not ready yet: the guide's own words in it are still to be written."
        raise UsageError(what, f"Choose one of: {', '.join(offered)}.")
    return choose_name("language", code, offered)


def check_partners(names: Sequence[str]) -> tuple[str, str]:
    """Two different, speakable names. Raises UsageError."""
    if len(names) != 2:
        raise UsageError(f"Two names are needed, {len(names)} given.", "Say --partners Ana Ben.")
    first, second = (spoken_name(name) for name in names)
    if same_name(first, second):
        raise UsageError(f"Both partners are called {first}.", "Add an initial or a nickname to one of them.")
    return first, second


def same_name(first: str, second: str) -> bool:
    """Nobody could be called by either of them."""
    return first.casefold() == second.casefold()


def spoken_name(given: str) -> str:
    """A name without what is neither seen nor spoken (control characters, marks of direction). Raises UsageError."""
    spaced = " ".join(given.split())  # first: a line break is a space, then it would be a sign unseen
    seen = "".join(c for c in spaced if c in JOINERS or unicodedata.category(c) not in UNSEEN)
    name = unicodedata.normalize("NFC", " ".join(seen.split()))
    if len(name) > LONGEST_NAME or not any(c.isalpha() for c in name):
        shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
        raise UsageError(f"{shown!r} cannot be spoken as a name.", f"Use letters, at most {LONGEST_NAME} of them.")
    return name
