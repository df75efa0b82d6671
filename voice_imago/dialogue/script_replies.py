"""Checks on replies.toml and commands.toml: every list that is needed, no phrase with two opposite meanings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from voice_imago.dialogue.phrases import GAP, Words, bare, is_marked, is_whole, phrase_words
from voice_imago.dialogue.script_files import Problems, did_you_mean
from voice_imago.dialogue.script_names import (
    COMMANDS,
)
from voice_imago.dialogue.script_read import Read
from voice_imago.dialogue.script_shape import (
    Language,
)

__all__ = ["check_commands", "check_replies"]

_LISTS = (
    "yes", "right", "willing", "no", "wrong", "partly", "unsure", "that_is_all", "more", "amount", "question",
    "ready", "now", "later", "not_done", "handover", "not_handover", "hesitation", "fillers", "short",
    "negators", "address", "me", "not_me", "you", "about", "correction", "or",
    "rebut", "own_view", "asking", "mirror_stem", "flooding", "crying", "function_words", "self_harm", "harm",
    "list_lead", "list_and", "list_keep", "deeper", "always_never", "you_are",
)  # fmt: skip
"""Lists of replies.toml that every language needs, whatever the graphs hear."""
_OPTIONAL = ("turning_no", "turning_after", "turning_parts", "turning_endings")
"""Lists that only some languages need."""
_ANSWERS = (
    "yes", "right", "willing", "no", "wrong", "partly", "unsure", "that_is_all", "more", "amount", "ready", "now",
    "later",
)  # fmt: skip
"""Lists whose phrases may have to be the whole utterance."""
_OPPOSITES = (
    (("yes", "right", "willing", "now", "ready"), ("no", "wrong", "partly")),
    (("yes", "right"), ("unsure",)),
    (("partly",), ("no", "wrong")),
    (("yes", "more", "amount"), ("no", "that_is_all")),
    (("now",), ("later",)),
    (("me",), ("not_me", "you")),
)


def check_replies(language: Language, read: Read, problems: Problems) -> None:
    """Report what is wrong with the lists of replies.toml."""
    lists, file = language.replies, f"{language.code}/replies.toml"
    if not lists:
        return  # the file is missing or broken, which is reported already
    content = {
        name.lstrip("!") for graph in read.graphs.values() for step in graph.steps.values() for name in step.heard
    }
    needed = _needed(read)
    for name, where in needed.items() if language.offered else ():
        shared = name.removeprefix("choice:")
        if name not in lists and shared not in lists:
            label = name.replace(":", ".")
            near = did_you_mean(name, lists)
            problems.add(file, label, f"the list is missing (used by {where}){near}")
    for name, phrases in lists.items():
        label = name.replace(":", ".")
        if name not in {*needed, *_OPTIONAL} and f"choice:{name}" not in needed and not read.broken:
            problems.unknown(file, label, "nothing uses this list", name, needed)
        if not any(_words(language, phrase) for phrase in phrases):
            problems.add(file, label, "the list is empty")
        for what in _misshapen(name, phrases, content) if not read.broken else ():
            problems.add(file, label, what)
    for first, second, phrase in _contradictions(language):
        problems.add(file, second, f"'{phrase}' stands in '{first}' too, which means the opposite")
    for first, second, phrase in _same_choices(language, read):
        problems.add(file, second.replace(":", "."), f"'{phrase}' stands in '{first}' too, which is offered beside it")


def _needed(read: Read) -> dict[str, str]:
    """List -> who needs it."""
    needed = dict.fromkeys(_LISTS, "the program itself")
    for graph in read.graphs.values():
        for step in graph.steps.values():
            where = f"step '{step.id}' in dialogues/{graph.id}.toml"
            lists = [name.lstrip("!") for name in step.heard]
            if step.do != "branch":  # what it decides by was answered elsewhere, or is known
                lists += [name for name in step.on if name.startswith("choice:")]
            needed = dict.fromkeys(lists, where) | needed
    return needed


def _words(language: Language, phrase: str) -> Words:
    return phrase_words(bare(phrase), dotless=language.dotless_i)


def _misshapen(name: str, phrases: Sequence[str], content: set[str]) -> Iterator[str]:
    """Marks where they mean nothing, and gaps that are none."""
    marks = content | {"question", "me", "not_me", "flooding", "crying", "deeper"}
    answers = name in _ANSWERS or name.startswith("choice:")
    for phrase in phrases:
        if is_marked(phrase) and name not in marks and not (answers and is_whole(phrase)):
            yield f"'{phrase}': a mark has no meaning in this list"
        if GAP in phrase:
            words = phrase_words(bare(phrase))
            if words.count(GAP) > 1 or GAP in (words[:1] + words[-1:]) or is_marked(phrase):
                yield f"'{phrase}': a gap stands once, between two words of a phrase without a mark"


def _contradictions(language: Language) -> Iterator[tuple[str, str, str]]:
    lists = language.replies
    for ones, others in _OPPOSITES:
        for one in ones:
            meant = {_words(language, phrase) for phrase in lists.get(one, ())}
            for other in others:
                for phrase in lists.get(other, ()):
                    if _words(language, phrase) in meant:
                        yield one, other, phrase


def _same_choices(language: Language, read: Read) -> Iterator[tuple[str, str, str]]:
    """Choices of one step whose own lists share a phrase; a list of general use (`later`) gives way to them."""
    lists: Mapping[str, Sequence[str]] = language.replies
    told = set()
    for graph in read.graphs.values():
        for step in graph.steps.values():
            choices = [name for name in step.on if name.startswith("choice:") and step.do != "branch"]
            for one, other in combinations([name for name in choices if name in lists], 2):
                meant = {_words(language, phrase) for phrase in lists.get(one, ())}
                for phrase in lists.get(other, ()):
                    if _words(language, phrase) in meant and (one, other, phrase) not in told:
                        told.add((one, other, phrase))
                        yield one, other, phrase


def check_commands(language: Language, problems: Problems) -> None:
    """Report what is wrong with commands.toml."""
    commands, file = language.commands, f"{language.code}/commands.toml"
    if not commands:
        return
    owner: dict[Words, str] = {}
    for name in COMMANDS if language.offered else ():
        if not commands.get(name):
            problems.add(file, name, "the command has no phrases")
    for name, phrases in commands.items():
        if name not in COMMANDS:
            problems.unknown(file, name, f"there is no command '{name}'", name, COMMANDS)
        for phrase in phrases:
            taken = owner.setdefault(_words(language, phrase), name)
            if taken != name:
                problems.add(file, name, f"'{phrase}' is a phrase of '{taken}' too")
