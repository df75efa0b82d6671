"""Which form of a prompt to say, with the names filled in.

Tapering (domain §5.2): the first time a person meets a prompt they hear all of it, the second time the short
form, from then on a cue. After an error the full form comes back. Counted per prompt key and person.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from voice_imago.dialogue.line import Line
from voice_imago.dialogue.phrases import begun
from voice_imago.dialogue.script_shape import Language, Prompt
from voice_imago.words import Form, Partner

__all__ = ["STEM_KEY", "Wording", "meant_for"]

STEM_KEY = "guide.stem"
"""The prompt around a stem: "You could start: …"."""

_NO_ANSWERS = {"sender", "receiver", "actor", "other", "asker", "stem", "number", "count", "title", "minutes"}
"""Placeholders that nobody's answer stands in."""
_CALLED = re.compile(r"\{(sender|receiver|actor|other|asker)\}\s*[,:]")
"""The beginning of a prompt that calls somebody by name: "{actor}, say back what you heard"."""
_FORMS: tuple[Form, Form, Form] = ("first", "repeat", "cue")
Person = Partner | None
"""Whom a prompt is for; None: both."""


class Wording:
    """The words of one language for two people, and what they have heard before."""

    def __init__(self, language: Language, names: tuple[str, str]) -> None:
        self._language = language
        self._names = names
        self._heard: Counter[tuple[str, Person]] = Counter()
        self._offered: Counter[str] = Counter()
        """How often a stem of each prompt was offered."""

    # ------------------------------------------------------------------ which form

    def form(self, key: str, person: Person) -> Form:
        """The form that this person would hear next."""
        return _FORMS[min(self._heard[key, person], len(_FORMS) - 1)]

    def next_line(self, key: str, roles: Mapping[str, str], person: Person, *, again: bool = False) -> Line:
        """The prompt in the form that is due, counted as heard; ``again`` brings the full form back."""
        if again:
            self.forget(key, person)
        form = self.form(key, person)
        self._heard[key, person] += 1
        return meant_for(self.line(key, roles, form=form), person)

    def peek(self, key: str, roles: Mapping[str, str], person: Person) -> Line:
        """What ``next_line`` would give, without counting it."""
        return meant_for(self.line(key, roles, form=self.form(key, person)), person)

    def forget(self, key: str, person: Person) -> None:
        """The full form next time, after an error or when an explanation was wanted."""
        del self._heard[key, person]

    def reset(self) -> None:
        """Everybody is new again."""
        self._heard.clear()

    @property
    def heard(self) -> dict[tuple[str, Person], int]:
        """How often each person has heard each prompt; ``remember`` takes it back in a later session."""
        return dict(self._heard)

    def remember(self, heard: Mapping[tuple[str, Person], int]) -> None:
        self._heard = Counter(heard)

    # ------------------------------------------------------------------ words

    def knows(self, key: str) -> bool:
        """Whether the language has this prompt."""
        return key in self._language.prompts

    def fixed(self, key: str, values: Mapping[str, str]) -> bool:
        """Whether nothing but these values has to be filled in."""
        prompt = self._sayable(key, values)
        texts = (prompt.first, prompt.repeat, prompt.cue, prompt.stem, *prompt.stems)
        return set[str]().union(*map(_named, texts)) <= {"sender", "receiver", *values}

    def line(self, key: str, roles: Mapping[str, str], *, form: Form = "first") -> Line:
        """A prompt in one form. A key that no file has is a fault of the program, so it raises KeyError."""
        prompt = self._sayable(key, roles)
        return self._line(prompt.key, form, getattr(prompt, form), roles)

    def text(self, key: str, form: Form, roles: Mapping[str, str]) -> str:
        """The words alone."""
        return self._filled(getattr(self._sayable(key, roles), form), roles)

    def question(self, key: str, roles: Mapping[str, str]) -> Line:
        """The step's question again, put to the one who answers; the repeat form where the guide asked itself."""
        prompt = self._sayable(key, roles)
        return self._line(prompt.key, "repeat", prompt.again or prompt.repeat, roles)

    def _line(self, key: str, form: Form, text: str, roles: Mapping[str, str]) -> Line:
        """Whom it calls by name, to them it is said."""
        called = _CALLED.match(text)
        name = self._value(called[1], roles) if called else ""
        to: Partner | None = None if name not in self._names else 0 if name == self._names[0] else 1
        return Line(key, form, self._filled(text, roles), _holds_own_words(text), to)

    def title(self, key: str) -> str:
        """What "where are we" calls the step of this prompt."""
        return self._prompt(key).title

    def has_stem(self, key: str, roles: Mapping[str, str] = {}) -> bool:
        return bool(self._sayable(key, roles).stem)

    def next_stem(self, key: str, roles: Mapping[str, str]) -> Line:
        """The stem that is due, counted as offered: a prompt with several offers another one each time."""
        line = self.stem(key, roles, self._offered[key])
        self._offered[key] += 1
        return line

    def stems(self, key: str, roles: Mapping[str, str]) -> int:
        """How many stems the prompt has."""
        prompt = self._sayable(key, roles)
        return bool(prompt.stem) + len(prompt.stems)

    def stem(self, key: str, roles: Mapping[str, str], number: int = 0) -> Line:
        """How one could start: "You could start: What I hear you say is …". Empty where there is no stem."""
        prompt = self._sayable(key, roles)
        several = (prompt.stem, *prompt.stems)
        written = several[number % len(several)]
        stem = self._filled(written, roles)
        if not stem:
            return Line(STEM_KEY, "first", "")
        if stem[-1].isalnum():  # the partner goes on from here
            stem += "…"
        return replace(self.line(STEM_KEY, {**roles, "stem": stem}), own=_holds_own_words(written))

    def _prompt(self, key: str) -> Prompt:
        return self._language.prompts[key]

    def _sayable(self, key: str, values: Mapping[str, str]) -> Prompt:
        """The prompt, or the one that does without what was not answered yet."""
        prompt = self._prompt(key)
        if not prompt.without:
            return prompt
        named = set[str]().union(
            *map(_named, (prompt.first, prompt.repeat, prompt.cue, prompt.stem, *prompt.stems, prompt.again))
        )
        return prompt if named <= {"sender", "receiver", *values} else self._prompt(prompt.without)

    def _filled(self, text: str, roles: Mapping[str, str]) -> str:
        """Fill the placeholders in; names are taken as they are, so a brace in a name does no harm."""
        parts = []
        for literal, placeholder, _, _ in string.Formatter().parse(text):
            parts.append(literal)
            if placeholder is not None:
                parts.append(self._value(placeholder, roles))
        said = "".join(parts)
        return begun(said, dotless=self._language.dotless_i) if text.startswith("{") else said

    def _value(self, placeholder: str, roles: Mapping[str, str]) -> str:
        return {"sender": self._names[0], "receiver": self._names[1], **roles}[placeholder]


def meant_for(line: Line, person: Person) -> Line:
    """The line of a step that is for this person, unless it calls another one by name."""
    return line if line.to is not None else replace(line, to=person)


def _named(text: str) -> set[str]:
    """The placeholders of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _holds_own_words(text: str) -> bool:
    """Whether a text, as it is written, names a kept answer."""
    return not _named(text) <= _NO_ANSWERS
