"""How a file of ``prompts/`` becomes values, item by item, so that one bad value does not hide the next.

What is wrong goes to ``Problems`` as ``file: place: what; did you mean …``.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

__all__ = [
    "Problems", "converted", "did_you_mean", "file_name", "frozen", "plain", "read_fields", "read_tables", "read_toml",
]  # fmt: skip


@dataclass(slots=True)
class Problems:
    """Everything that is wrong, in the order of the files."""

    lines: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    """Files of which nothing is known: what is missing in them is no problem of its own."""

    def add(self, file: str, place: str, what: str) -> None:
        self.lines.append(_visible(f"{file}: {place}: {what}" if place else f"{file}: {what}"))

    def unknown(self, file: str, place: str, what: str, word: str, known: Iterable[str]) -> None:
        """``what`` says that ``word`` is not known; adds what may have been meant."""
        self.add(file, place, what + did_you_mean(word, known))


def _visible(text: str) -> str:
    """In one line, with what cannot be seen as its escape: a tab, or a mark that turns the direction round."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'feeling'?`` or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as tuples, so that what is built from them cannot change."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def file_name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def read_toml(folder: Path, path: Path, problems: Problems) -> dict[str, Any] | None:
    file = file_name(folder, path)
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        problems.add(file, "", "the file is missing")
        return None
    except UnicodeDecodeError:
        problems.add(file, "", "is not UTF-8 text; save it as UTF-8")
    except OSError as error:
        problems.add(file, "", f"cannot be read ({error.strerror})")
    except tomllib.TOMLDecodeError as error:
        problems.add(file, "", f"is not valid TOML: {error}")
    problems.unread.add(file)
    return None


def read_tables(folder: Path, path: Path, shape: type[Struct], problems: Problems) -> dict[str, dict[str, Any]]:
    """A file that consists of named tables of one shape."""
    file, tables = file_name(folder, path), {}
    for name, table in (read_toml(folder, path, problems) or {}).items():
        if isinstance(table, dict):
            tables[name] = read_fields(table, shape, (file, name), problems)
        else:
            problems.add(file, name, f"must be a table like [{name}]")
    return tables


@cache
def _fields_of(shape: type[Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {item.encode_name: item for item in msgspec.structs.fields(shape)}


def read_fields(
    table: Mapping[str, Any], shape: type[Struct], where: tuple[str, str], problems: Problems
) -> dict[str, Any]:
    """The good values of a table; a problem for each bad, unknown or missing one."""
    fields = _fields_of(shape)
    values = {}
    for key, raw in table.items():
        place = (where[0], f"{where[1]}/{key}".lstrip("/"))
        if key not in fields:
            problems.unknown(*place, f"'{key}' is no known key", key, fields)
        elif (value := converted(raw, fields[key].type, place, problems)) is not None:
            values[key] = value
    for key, item in fields.items():
        if item.required and key not in table:
            problems.add(*where, f"'{key}' is missing")
    return values


def converted(raw: Any, kind: Any, place: tuple[str, str], problems: Problems) -> Any:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        choices = _choices(kind)
        if choices and isinstance(raw, str):
            allowed = ", ".join(choices)
            problems.unknown(*place, f"'{raw}' is not allowed here (allowed: {allowed})", raw, choices)
        else:
            problems.add(*place, plain(str(error)))
    return None


def _choices(kind: Any) -> list[str]:
    """The words of a Literal, also inside a union."""
    if get_origin(kind) is Literal:
        return [word for word in get_args(kind) if word]
    if get_origin(kind) in (Union, UnionType):
        return [word for part in get_args(kind) for word in _choices(part)]
    return []


_PLAIN = {
    "`str | object | null`": "text in quotes or a table", "`str | object`": "text in quotes or a table",
    "`str`": "text in quotes", "`int`": "a whole number", "`float`": "a number", "`bool`": "true or false",
    "`array`": "a list", "`object`": "a table", "`null`": "nothing", "Expected": "must be", ", got": ", is",
    "length": "of a length",
}  # fmt: skip


def plain(message: str) -> str:
    """msgspec's message in the words of a person who knows TOML but not Python."""
    message, _, path = message.partition(" - at `$")
    for technical, everyday in _PLAIN.items():
        message = message.replace(technical, everyday)
    return message + (f" (at {path.strip('`')})" if path.strip("`") else "")
