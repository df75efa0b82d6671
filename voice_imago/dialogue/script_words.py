"""Checks on the words of each language: complete, short, spoken to the right person, and neutral.

The rules are those of the domain: a prompt has one breath (§5.1, §6.4), the second time is much shorter than
the first (§5.2), and nothing the guide says blames, diagnoses, judges or guesses a feeling (§2.4, §6.14).
"""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from voice_imago.dialogue.phrases import Phrases, plain_words
from voice_imago.dialogue.script_figures import check_numbers, check_times
from voice_imago.dialogue.script_files import Problems, did_you_mean
from voice_imago.dialogue.script_names import (
    ADDRESS_KEY,
    ALWAYS_KNOWN,
    GUIDE_KEYS,
)
from voice_imago.dialogue.script_read import Read
from voice_imago.dialogue.script_replies import check_commands, check_replies
from voice_imago.dialogue.script_shape import (
    AGAIN,
    STEM,
    Language,
    Prompt,
    Step,
)
from voice_imago.dialogue.script_walks import kept_slots

__all__ = ["check_words", "prompt_words"]

MOST_WORDS = 30
USUAL_WORDS = 20
USUAL_SHARE = 0.95
"""Share of all forms of a language that have at most ``USUAL_WORDS``."""
SHORT_FIRST_WORDS = 5
"""A first form of so many words need not be shortened by 40 %."""
REPEAT_SHARE = 0.6
"""Most words of a repeat form, as a share of the first form."""

_NAMES = frozenset({"sender", "receiver", "actor", "other", "asker"})
_MORE_PLACEHOLDERS = {
    "guide.stem": {"stem"}, "guide.where": {"number", "count", "title"}, "guide.how_long": {"count"},
    "guide.last_mirrored": {"line"},
    "guide.unfinished": {"title"}, "guide.practice": {"number"}, "guide.practice_kind": {"number", "title"},
    "guide.practice_appreciations": {"number"}, "guide.practice_requests": {"number", "count"},
    "guide.practice_days": {"number"}, "guide.due_yesterday": {"name", "what"}, "guide.due_week": {"name", "what"},
    "guide.due_days": {"number", "name", "what"}, "guide.due_weeks": {"number", "name", "what"},
    "guide.date_today": {"what"}, "guide.date_tomorrow": {"what"}, "guide.date_days": {"number", "what"},
    "guide.date_over": {"what"}, "guide.date_days_unnamed": {"number"},
    "guide.first_language": {"number"}, "guide.first_number": {"count"}, "guide.first_loudspeaker": {"number"},
    "guide.first_microphone": {"number", "what"},
}  # fmt: skip
_FORMS = ("first", "repeat", "cue")


def prompt_words(text: str) -> int:
    """Spoken words; a placeholder is one. A sign that stands apart, as in "Ça va ?", is none."""
    return sum(any(sign.isalnum() for sign in word) for word in text.split())


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one language with the places where the graphs use them."""

    language: Language
    used: Mapping[str, Sequence[tuple[str, Step | None]]]
    """Prompt key -> (file, step) that use it; no step: it is used as a reminder."""
    slots: Collection[str]
    """Names under which some step keeps an answer."""
    problems: Problems

    def plain(self, text: str) -> tuple[str, ...]:
        return plain_words(text, dotless=self.language.dotless_i)

    def add(self, key: str, what: str) -> None:
        file, _, name = key.partition(".")
        self.problems.add(f"{self.language.code}/{file}.toml", name, what)


def check_words(read: Read, problems: Problems) -> None:
    """Report everything that is wrong with the words, language by language."""
    used = _used_keys(read)
    slots = kept_slots(read.graphs)
    for code, language in read.languages.items():
        if code not in read.neutrality:  # of which only the name was read
            continue
        words = _Words(language, used, slots, problems)
        _check_keys(words, read.broken)
        avoid = Phrases((kind, map(words.plain, list_)) for kind, list_ in read.neutrality[code].items())
        for prompt in language.prompts.values():
            _check_forms(words, prompt)
            _check_placeholders(words, prompt)
            _check_without(words, prompt)
            _check_neutral(words, prompt, avoid)
        _check_usual_length(words)
        check_replies(language, read, problems)
        check_commands(language, problems)
        check_numbers(language, problems)
        check_times(language, problems)
        for graph in read.graphs.values():
            if graph.id not in language.titles and language.offered:
                what = "is missing; it is how the dialogue is called in speech"
                problems.add(f"{code}/{graph.id}.toml", "title", what)


def _used_keys(read: Read) -> dict[str, list[tuple[str, Step | None]]]:
    used: dict[str, list[tuple[str, Step | None]]] = defaultdict(list)
    for graph in read.graphs.values():
        for step in graph.steps.values():
            if step.prompt:
                used[step.prompt].append((f"dialogues/{graph.id}.toml", step))
            for key in step.remind:
                used[key].append((f"dialogues/{graph.id}.toml", None))
    for timing in read.timings.values():
        for key in timing.remind:
            used[key].append(("dialogues/timings.toml", None))
    for key in (AGAIN, STEM):
        used.pop(key, None)
    return used


def _check_keys(words: _Words, broken: Collection[str]) -> None:
    """Missing prompts, prompts that nothing uses (as far as graphs could be read), titles of steps."""
    prompts, needed = words.language.prompts, set(words.used) | GUIDE_KEYS
    if words.language.two_addresses:
        needed = needed | {ADDRESS_KEY}
    instead = {prompt.without for prompt in prompts.values()}
    unused = [key for key in prompts if key not in needed | instead and key.partition(".")[0] not in broken]
    for key in sorted(needed - set(prompts)) if words.language.offered else ():
        if f"{words.language.code}/{key.partition('.')[0]}.toml" in words.problems.unread:
            continue
        where = words.used[key][0] if key in words.used else ("the guide itself", None)
        user = f"step '{where[1].id}' in {where[0]}" if where[1] else where[0]
        near = did_you_mean(key.partition(".")[2], [other.partition(".")[2] for other in unused])
        words.add(key, f"the prompt is missing (used by {user}){near}")
    for key in unused:
        file = key.partition(".")[0]
        near = did_you_mean(key, [other for other in needed - set(prompts) if other.startswith(file + ".")])
        words.add(key, f"nothing uses this prompt{near}")
    for key, users in words.used.items():
        if key in prompts and not prompts[key].title and any(step for _, step in users):
            words.add(key, "'title' is missing; \"where are we\" needs it")
        if key in prompts and not prompts[key].again and any(step and step.asker for _, step in users):
            words.add(key, "'again' is missing: the question as the guide puts it to the one who answers")


# ------------------------------------------------------------------------------------ prompts


def _check_forms(words: _Words, prompt: Prompt) -> None:
    """Lengths of one prompt's forms."""
    first, repeat, cue = (prompt_words(getattr(prompt, form)) for form in _FORMS)
    for form, count in zip(_FORMS, (first, repeat, cue), strict=True):
        if count > MOST_WORDS:
            words.add(prompt.key, f"'{form}' has {count} words; {MOST_WORDS} is the most")
    if prompt.key.startswith("guide.") and prompt.repeat == prompt.first:
        return  # said the same way every time
    if first > SHORT_FIRST_WORDS and repeat > REPEAT_SHARE * first:
        most = int(REPEAT_SHARE * first)
        what = f"'repeat' has {repeat} words; at most {most} are 40 % less than 'first' ({first})"
        words.add(prompt.key, what)
    if first <= SHORT_FIRST_WORDS and repeat > first:
        words.add(prompt.key, "'repeat' is longer than 'first'")
    if cue > repeat:
        words.add(prompt.key, f"'cue' has {cue} words and is longer than 'repeat' ({repeat})")


def _check_usual_length(words: _Words) -> None:
    prompts = words.language.prompts.values()
    forms = [(prompt.key, getattr(prompt, form)) for prompt in prompts for form in _FORMS]
    long = sorted({key for key, text in forms if prompt_words(text) > USUAL_WORDS})
    if long and len(long) > (1 - USUAL_SHARE) * len(forms):
        many = f"{len(long)} of {len(forms)} prompts have more than {USUAL_WORDS} words, 5 % may"
        words.problems.add(words.language.code, "", f"{many}: {', '.join(long)}")


def _check_placeholders(words: _Words, prompt: Prompt) -> None:
    known = _placeholders(prompt.key, words) | set(words.slots)
    texts = [(form, getattr(prompt, form)) for form in (*_FORMS, "stem", "again", "title")]
    for form, text in [*texts, *(("stems", stem) for stem in prompt.stems)]:
        if form != "first" and text == prompt.first:
            continue
        try:
            names = _named(text)
        except ValueError as error:
            words.add(f"{prompt.key}/{form}", f"a curly bracket is not closed or not opened ({error})")
            continue
        for name in names:
            if name not in known:
                allowed = ", ".join(f"{{{one}}}" for one in sorted(known - set(words.slots)))
                what = f"'{{{name}}}' cannot be filled in here (known: {allowed})"
                words.add(f"{prompt.key}/{form}", what + did_you_mean(name, known))


def _placeholders(key: str, words: _Words) -> set[str]:
    """Names that mean somebody in every step that uses the prompt."""
    known = {*_NAMES, *_MORE_PLACEHOLDERS.get(key, ())}
    steps = [step for _, step in words.used.get(key, ()) if step]
    if any(step.asker is None for step in steps):
        known.discard("asker")
    if any(step.actor == "guide" or (step.actor == "both" and step.do != "turn") for step in steps):
        known -= {"actor", "other"}
    return known


def _named(text: str) -> list[str]:
    """The placeholders of a text. Raises ValueError."""
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def _slots(prompt: Prompt, words: _Words) -> list[str]:
    """Which kept answers a prompt names."""
    try:
        forms = [getattr(prompt, form) for form in (*_FORMS, "stem", "again")]
        named = {name for text in (*forms, *prompt.stems) for name in _named(text)}
    except ValueError:
        return []  # told already
    return sorted(named & set(words.slots) - ALWAYS_KNOWN)


def _check_without(words: _Words, prompt: Prompt) -> None:
    """What is said while a kept answer is missing; it may need none itself."""
    slots, prompts = _slots(prompt, words), words.language.prompts
    if slots and not prompt.without:
        what = f"'without' is missing: which prompt is said while {{{slots[0]}}} was not answered yet?"
        words.add(prompt.key, what)
    if not prompt.without:
        return
    if not slots:
        words.add(f"{prompt.key}/without", "has a meaning only in a prompt that names a kept answer")
    instead = prompts.get(prompt.without)
    if instead is None:
        near = did_you_mean(prompt.without, prompts)
        words.add(f"{prompt.key}/without", f"no prompt is called '{prompt.without}'{near}")
    elif _slots(instead, words) or instead.without:
        words.add(f"{prompt.key}/without", f"'{prompt.without}' must do without kept answers itself")
    elif _named_roles(instead) - _placeholders(prompt.key, words):
        words.add(f"{prompt.key}/without", f"'{prompt.without}' names somebody whom this prompt cannot")


def _named_roles(prompt: Prompt) -> set[str]:
    try:
        return {name for form in _FORMS for name in _named(getattr(prompt, form))} & _NAMES
    except ValueError:
        return set()


def _check_neutral(words: _Words, prompt: Prompt, avoid: Phrases) -> None:
    """A stem is what the partner says, so it may name a feeling; the guide may not."""
    texts = [(form, getattr(prompt, form)) for form in (*_FORMS, "stem", "again")]
    for form, text in [*texts, *(("stems", stem) for stem in prompt.stems)]:
        if form in ("repeat", "cue") and text == prompt.first:
            continue
        for found in avoid.find(words.plain(text)):
            if form not in ("stem", "stems") or found.label != "feeling_guess":
                phrase = " ".join(found.words)
                what = f"'{phrase}' is on the neutrality list ({found.label}); say what is next"
                words.add(f"{prompt.key}/{form}", what)
