"""Reading the words of a language: prompts, phrase lists, numbers and times.

A language that is not offered yet is read as far as its files exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voice_imago.dialogue.script_address import addressed
from voice_imago.dialogue.script_files import Problems, converted, file_name, read_fields, read_toml
from voice_imago.dialogue.script_shape import Language, Numbered, NumberWords, Prompt, TimeWords
from voice_imago.dialogue.script_tables import NumbersTable, PromptTable, TimesTable

__all__ = ["NAMED_TABLES", "named_only", "read_language", "read_lists"]

NAMED_TABLES = ("replies", "commands", "neutrality", "numbers", "times")
"""Files of a language that are no prompts."""


_ADDRESSING = ("title", "first", "repeat", "cue", "again")
"""Texts in which the guide addresses somebody."""


def read_language(
    folder: Path, code: str, table: Mapping[str, Any], problems: Problems, *, formal: bool = False
) -> Language:
    """Everything in the folder of one language; ``table``: what languages.toml says of it."""
    prompts: dict[str, Prompt] = {}
    titles: dict[str, str] = {}
    twofold: set[str] = set()  # files in which the guide has two ways to address the couple
    offered = bool(table.get("offered", True))
    if not (folder / code).is_dir():
        problems.add("languages.toml", code, f"there is no folder '{code}'")
    for path in sorted((folder / code).glob("*.toml")):
        if path.stem not in NAMED_TABLES:
            prompts |= _read_prompts(folder, path, titles, twofold, problems, formal=formal)

    def path_of(name: str) -> Path | None:
        path = folder / code / f"{name}.toml"
        return path if offered or path.exists() else None

    return Language(
        code=code,
        name=str(table.get("name", code)),
        native=str(table.get("native", code)),
        voices=tuple(table.get("voices", ())),
        prompts=prompts,
        titles=titles,
        replies=read_lists(folder, path_of("replies"), problems),
        commands=read_lists(folder, path_of("commands"), problems),
        numbers=_read_numbers(folder, path_of("numbers"), problems),
        times=_read_times(folder, path_of("times"), problems),
        offered=offered,
        reviewed=bool(table.get("reviewed", False)),
        joiner=str(table.get("joiner", "and")),
        dotless_i=bool(table.get("dotless_i", False)),
        noun_capitals=bool(table.get("noun_capitals", False)),
        sounds=bool(table.get("sounds", False)),
        two_addresses=bool(twofold),
    )


def named_only(code: str, table: Mapping[str, Any]) -> Language:
    """A language of which nothing is read but what languages.toml says: it cannot be spoken, only chosen."""
    return Language(
        code=code,
        name=str(table.get("name", code)),
        native=str(table.get("native", code)),
        voices=tuple(table.get("voices", ())),
        prompts={},
        titles={},
        replies={},
        commands={},
        offered=bool(table.get("offered", True)),
        reviewed=bool(table.get("reviewed", False)),
    )


def _read_prompts(
    folder: Path, path: Path, titles: dict[str, str], twofold: set[str], problems: Problems, *, formal: bool
) -> dict[str, Prompt]:
    file, raw = file_name(folder, path), read_toml(folder, path, problems) or {}
    title = raw.pop("title", None)
    if isinstance(title, str) and title:
        titles[path.stem] = _addressed(title, (file, "title"), problems, formal)
    prompts = {}
    for name, table in raw.items():
        values = read_fields(table, PromptTable, (file, name), problems) if isinstance(table, dict) else None
        if values is None:
            problems.add(file, name, "must be a table like [thing]")
            continue
        for form in _ADDRESSING:
            if values.get(form):
                twofold |= {path.stem} if "|" in values[form] else set()
                values[form] = _addressed(values[form], (file, f"{name}/{form}"), problems, formal)
        for form in ("repeat", "cue"):
            if path.stem != "guide" and not values.get(form):
                problems.add(file, name, f"'{form}' is missing")
        if values.get("first"):
            first = values["first"]
            repeat = values.get("repeat") or first
            key = f"{path.stem}.{name}"
            cue = values.get("cue") or repeat
            more = {name: values.get(name, "") for name in ("stem", "again", "without")}
            stems = tuple(values.get("stems", ()))
            prompts[key] = Prompt(key, values.get("title", ""), first, repeat, cue, stems=stems, **more)
    return prompts


def _addressed(text: str, place: tuple[str, str], problems: Problems, formal: bool) -> str:
    try:
        return addressed(text, formal=formal)
    except ValueError as error:
        problems.add(*place, str(error))
        return text


def read_lists(folder: Path, path: Path | None, problems: Problems) -> dict[str, tuple[str, ...]]:
    """A file of phrase lists; lists in a table get its name in front: ``choice:leave``."""
    if path is None:
        return {}
    file, lists = file_name(folder, path), {}
    for name, value in (read_toml(folder, path, problems) or {}).items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        for part, phrases in inner:
            label = f"{name}:{part}" if part else name
            if (good := converted(phrases, list[str], (file, label), problems)) is not None:
                lists[label] = tuple(good)
    return lists


# ------------------------------------------------------------------------------------------------ numbers, times


def _read_numbers(folder: Path, path: Path | None, problems: Problems) -> NumberWords:
    if path is None:
        return NumberWords()
    file = file_name(folder, path)
    values = read_fields(read_toml(folder, path, problems) or {}, NumbersTable, (file, ""), problems)
    for name in ("cardinal", "ordinal", "scale"):
        values[name] = _numbered(values.get(name, {}), (file, name), problems)
    forms = values.get("forms", {})
    values["forms"] = {name: _numbered(form, (file, f"forms.{name}"), problems) for name, form in forms.items()}
    return NumberWords(**{name: _tuples(value) for name, value in values.items()})


def _read_times(folder: Path, path: Path | None, problems: Problems) -> TimeWords:
    if path is None:
        return TimeWords()
    values = read_fields(read_toml(folder, path, problems) or {}, TimesTable, (file_name(folder, path), ""), problems)
    return TimeWords(**{name: _tuples(value) for name, value in values.items()})


def _numbered(table: Mapping[str, list[str]], place: tuple[str, str], problems: Problems) -> Numbered:
    """Keys are numbers."""
    numbered = {}
    for key, phrases in table.items():
        if key.isdecimal() and key.isascii() and len(key) <= 3:
            numbered[int(key)] = tuple(phrases)
        else:
            problems.add(place[0], f"{place[1]}.{key}", "the key must be a number")
    return numbered


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}  # a text stays a text
    return tuple(value) if isinstance(value, list) else value
