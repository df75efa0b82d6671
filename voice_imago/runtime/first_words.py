"""The first words, before a session can begin: language and address, ways to reach the couple, devices, names.

They are typed, since nobody's voice is understood yet; every line is printed and said, each language in a voice of its
own, so that it needs no eyes. What the lines say is in ``prompts/``; where they sound and where the answers come from
is the console's business, so that a rehearsal walks the same way on the sample clock.
"""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec

from voice_imago.dialogue.script import Language, Script
from voice_imago.dialogue.wording import Wording
from voice_imago.errors import UsageError
from voice_imago.runtime.plan import same_name, spoken_name
from voice_imago.settings import Settings

__all__ = ["NO_NAMES", "OWN_LANGUAGE", "Asked", "Console", "Devices", "computers_language", "first_words", "in_order"]

OWN_LANGUAGE = "en"
"""Sentences of the program itself, such as errors, are in this one."""
TRIES = 3
WAYS: Mapping[str, Literal["", "voice", "text"]] = {"1": "", "2": "voice", "3": "text"}
"""Number -> what is mute."""
Asked = Literal["language", "address", "ways", "loudspeaker", "microphone", "names"]
NO_NAMES = UsageError("I do not know your names.", "Say --partners Ana Ben.")


class Console(Protocol):
    """Where the lines go, and where the answers come from."""

    mute: Literal["", "voice", "text"]
    """What is mute from now on."""

    def tell(self, line: str, language: str, output: str = "") -> None:
        """Print a line and say it, on this loudspeaker; returns when it is said."""
        ...

    def typed(self) -> str | None:
        """The next line that is typed; None: there are no more."""
        ...

    def waiting(self) -> bool:
        """Whether somebody has typed already, so that a list need not be told to its end."""
        ...


@dataclass(frozen=True, slots=True)
class Devices:
    """Names of devices that can be chosen between; a single one, or none, leaves nothing to choose."""

    loudspeakers: Sequence[str] = ()
    microphones: Sequence[str] = ()


@dataclass
class _Talk:
    """One talk at the console, in one language."""

    script: Script
    console: Console
    settings: Settings
    devices: Devices
    home: str
    names: tuple[str, str] = field(default=("", ""))

    def tell(self, key: str, language: str = "", output: str = "", **values: str) -> None:
        spoken = self.script.languages[language or self.settings.language]
        self.console.tell(_worded(spoken, key, self.names, values), spoken.code, output)

    def remember(self, **changed: object) -> None:
        self.settings = msgspec.structs.replace(self.settings, **changed)

    def number(self, most: int) -> int | None:
        """A number from 1 to ``most``; None when nobody chooses: an empty line, three wrong ones, no line at all."""
        for _ in range(TRIES):
            answer = (self.console.typed() or "").strip()
            if not answer:
                return None
            if answer.isdecimal() and 1 <= int(answer) <= most:
                return int(answer)
            self.tell("first_number", count=str(most))
        return None

    # ------------------------------------------------------------------ what is asked

    def language(self) -> None:
        offered = in_order(self.script, self.home)
        if len(offered) < 2:
            return
        for place, language in enumerate(offered, start=1):
            self.tell("first_language", language.code, number=str(place))
            if self.console.waiting():
                break
        self.remember(language=offered[(self.number(len(offered)) or 1) - 1].code)

    def address(self) -> None:
        """Informal or formal, in languages that have both."""
        if not self.script.languages[self.settings.language].two_addresses:
            return
        self.tell("first_address")
        chosen = self.number(2)
        if chosen is not None:
            self.remember(formal=chosen == 2)

    def ways(self) -> None:
        self.tell("first_ways")
        chosen = self.number(len(WAYS))
        if chosen is not None:
            self.remember(mute=WAYS[str(chosen)])
        self.console.mute = self.settings.mute

    def loudspeaker(self) -> None:
        """Each one says its own number, so that whoever hears it knows it."""
        names = self.devices.loudspeakers
        if len(names) < 2 or self.console.mute == "voice":
            return
        for place, name in enumerate(names, start=1):
            self.tell("first_loudspeaker", output=name, number=str(place))
            if self.console.waiting():
                break
        chosen = self.number(len(names))
        if chosen is not None:
            self.remember(output=names[chosen - 1])

    def microphone(self) -> None:
        names = self.devices.microphones
        if len(names) < 2:
            return
        for place, name in enumerate(names, start=1):
            self.tell("first_microphone", number=str(place), what=name)
            if self.console.waiting():
                break
        self.tell("first_which_microphone")
        chosen = self.number(len(names))
        if chosen is not None:
            self.remember(input=names[chosen - 1])

    def partners(self) -> None:
        """Both names, said back before they count. Names that are known are only said back."""
        first, *others = self.settings.partners or ("",)
        known = (first, others[0]) if others else None
        for _ in range(TRIES):
            self.names = known or self._both_names()
            known = None
            self.tell("first_names_right")
            answer = self.console.typed()
            if answer is None or not answer.strip():
                self.remember(partners=self.names)
                return
        raise NO_NAMES

    def _both_names(self) -> tuple[str, str]:
        first = self._name("first_name")
        for _ in range(TRIES):
            second = self._name("first_other_name")
            if not same_name(first, second):
                return first, second
            self.tell("first_names_same")
        raise UsageError(f"Both partners are called {first}.", "Say --partners Ana Ben.")

    def _name(self, key: str) -> str:
        problem = NO_NAMES
        self.tell(key)
        for _ in range(TRIES):
            line = self.console.typed()
            if line is None:
                break
            try:
                return spoken_name(line)
            except UsageError as error:
                problem = error
                self.tell("first_name_unspoken")
        raise problem


def first_words(
    script: Script,
    settings: Settings,
    asked: Sequence[Asked],
    console: Console,
    devices: Devices = Devices(),
    *,
    home: str = "",
) -> Settings:
    """Ask what is ``asked``, in that order; gives the settings with the answers. ``home``: the computer's language.

    Nobody who answers leaves a thing as it was; only names have to be there: UsageError without them.
    """
    talk = _Talk(script, console, settings, devices, home)
    console.mute = settings.mute
    table = {
        "language": talk.language,
        "address": talk.address,
        "ways": talk.ways,
        "loudspeaker": talk.loudspeaker,
        "microphone": talk.microphone,
        "names": talk.partners,
    }
    for one in asked:
        table[one]()
    return talk.settings


def in_order(script: Script, first: str) -> list[Language]:
    """The languages that are offered: the one of this computer first, then as in the file."""
    offered = [language for language in script.languages.values() if language.offered]
    return sorted(offered, key=lambda language: language.code != first)


def computers_language() -> str:
    """The two letters of its language, or whatever it says."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return (named or locale.getlocale()[0] or "")[:2].lower()


def _worded(language: Language, key: str, names: tuple[str, str], values: Mapping[str, str]) -> str:
    roles = {"sender": names[0], "receiver": names[1], **values}
    return Wording(language, names).line(f"guide.{key}", roles).text
