"""Reading the files of ``prompts/``, item by item, so that one bad value does not hide the next.

``script_tables`` says what each table may hold. What is wrong goes to ``Problems`` as
``file: place: what; did you mean …``.
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

from voice_imago.dialogue.script_shape import (
    Actor,
    Graph,
    Language,
    Prompt,
    Resource,
    Step,
    Target,
    Timing,
    Visits,
)
from voice_imago.dialogue.script_tables import (
    GraphTable,
    LanguageTable,
    PromptTable,
    ResourcesTable,
    ResourceTable,
    StepTable,
    TimingTable,
)
from voice_imago.events import Kind

NAMED_TABLES = ("replies", "commands", "neutrality")
"""Files of a language that are no prompts."""


@dataclass(slots=True)
class Problems:
    """Everything that is wrong, in the order of the files."""

    lines: list[str] = field(default_factory=list)

    def add(self, file: str, place: str, what: str) -> None:
        self.lines.append(f"{file}: {place}: {what}" if place else f"{file}: {what}")

    def unknown(self, file: str, place: str, what: str, word: str, known: Iterable[str]) -> None:
        """``what`` says that ``word`` is not known; adds what may have been meant."""
        self.add(file, place, what + did_you_mean(word, known))


@dataclass(frozen=True, slots=True)
class Read:
    """What could be read of a folder, however much is wrong with the rest."""

    graphs: dict[str, Graph]
    timings: dict[Kind, Timing]
    languages: dict[str, Language]
    neutrality: dict[str, dict[str, tuple[str, ...]]]
    """Language -> kind of wording to avoid -> phrases."""
    resources: dict[str, tuple[Resource, ...]]
    broken: tuple[str, ...] = ()
    """Graphs that could not be read; what is said about the rest leaves them out."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'feeling'?`` or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def read_folder(folder: Path, problems: Problems) -> Read:
    """Read every file that the format knows."""
    paths = [path for path in sorted((folder / "dialogues").glob("*.toml")) if path.stem != "timings"]
    graphs = {path.stem: graph for path in paths if (graph := _read_graph(folder, path, problems))}
    broken = tuple(path.stem for path in paths if path.stem not in graphs)
    languages, neutrality = {}, {}
    for code, table in _tables(folder, folder / "languages.toml", LanguageTable, problems).items():
        languages[code] = _read_language(folder, code, table, problems)
        neutrality[code] = _read_lists(folder, folder / code / "neutrality.toml", problems)
    timings, resources = _read_timings(folder, problems), _read_resources(folder, problems)
    return Read(graphs, timings, languages, neutrality, resources, broken)


# ------------------------------------------------------------------------------------------------ graphs


def _read_graph(folder: Path, path: Path, problems: Problems) -> Graph | None:
    file, raw = _name(folder, path), _toml(folder, path, problems)
    if raw is None:
        return None
    before = len(problems.lines)
    items = raw.pop("step", None)
    head = _fields(raw | {"step": []}, GraphTable, (file, ""), problems)
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        problems.add(file, "step", "there must be at least one [[step]]")
        return None
    if head.get("id", path.stem) != path.stem:
        problems.add(file, "id", f"must be '{path.stem}' like the file's name, is '{head['id']}'")
    steps: dict[str, Step] = {}
    for number, item in enumerate(items, start=1):
        place = str(item.get("id") or f"step {number}")
        step = _read_step(item, path.stem, (file, place), problems)
        if step is not None and step.id in steps:
            problems.add(file, place, "two steps have this id")
        if step is not None:
            steps[step.id] = step
    if len(problems.lines) > before and len(steps) < len(items):
        return None  # further checks of half a graph would only repeat the problem
    start, prelude = str(head.get("start", "")), str(head.get("prelude", ""))
    return Graph(path.stem, start, steps, bool(head.get("menu", False)), prelude)


_DEFAULT_ACTOR: dict[str, Actor] = {"say": "guide", "end": "guide", "rest": "guide", "task": "guide"}
_DEFAULT_KIND: dict[str, Kind] = {"ask": "answer", **dict.fromkeys(("say", "end", "rest", "task"), "setup")}


def _read_step(item: dict[str, Any], graph: str, where: tuple[str, str], problems: Problems) -> Step | None:
    before = len(problems.lines)
    values = _fields(item, StepTable, where, problems)
    do = str(values.get("do", ""))
    for key, defaults in (("actor", _DEFAULT_ACTOR), ("kind", _DEFAULT_KIND)):
        if key not in item and do in defaults:
            values[key] = defaults[do]
        elif key not in item and do:
            problems.add(*where, f"'{key}' is missing; a '{do}' step needs it")
    if len(problems.lines) > before:
        return None
    values.setdefault("prompt", "" if do == "task" else f"{graph}.{values['id']}")
    values["on"] = _flat(values.get("on", {}), where, problems)
    values["microphone"] = values.get("microphone", "on") == "on"
    if visits := values.get("visits"):
        values["visits"] = Visits(visits.most, visits.then)
    return Step(**_frozen(values))


def _frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as tuples, so that what is built from them cannot change."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def _flat(on: Mapping[str, Any], where: tuple[str, str], problems: Problems) -> dict[str, Target]:
    """``choice.leave`` in TOML is a table in a table; a meaning is called ``choice:leave``."""
    flat: dict[str, Target] = {}
    for meaning, target in on.items():
        inner = target.items() if meaning == "choice" and isinstance(target, dict) else [("", target)]
        for name, raw in inner:
            label = f"{meaning}:{name}" if name else meaning
            place = (where[0], f"{where[1]}/on.{meaning}" + (f".{name}" if name else ""))
            if (converted := _convert(raw, Target, place, problems)) is not None:
                flat[label] = converted
    return flat


def _read_timings(folder: Path, problems: Problems) -> dict[Kind, Timing]:
    path = folder / "dialogues" / "timings.toml"
    timings: dict[Kind, Timing] = {}
    kinds: tuple[Kind, ...] = get_args(Kind)
    tables = _tables(folder, path, TimingTable, problems)
    for name in tables:
        if name not in kinds:
            problems.unknown(_name(folder, path), name, f"'{name}' is no timing class", name, kinds)
    for kind in kinds:
        if "end_silence_s" in tables.get(kind, {}):
            timings[kind] = Timing(**_frozen(tables[kind]))
        elif path.exists() and kind not in tables:
            problems.add(_name(folder, path), kind, "the timing class is missing")
    return timings


# ------------------------------------------------------------------------------------------------ words


def _read_language(folder: Path, code: str, table: Mapping[str, Any], problems: Problems) -> Language:
    prompts: dict[str, Prompt] = {}
    titles: dict[str, str] = {}
    if not (folder / code).is_dir():
        problems.add("languages.toml", code, f"there is no folder '{code}'")
    for path in sorted((folder / code).glob("*.toml")):
        if path.stem not in NAMED_TABLES:
            prompts |= _read_prompts(folder, path, titles, problems)
    return Language(
        code=code,
        name=str(table.get("name", code)),
        native=str(table.get("native", code)),
        voices=tuple(table.get("voices", ())),
        prompts=prompts,
        titles=titles,
        replies=_read_lists(folder, folder / code / "replies.toml", problems),
        commands=_read_lists(folder, folder / code / "commands.toml", problems),
    )


def _read_prompts(folder: Path, path: Path, titles: dict[str, str], problems: Problems) -> dict[str, Prompt]:
    file, raw = _name(folder, path), _toml(folder, path, problems) or {}
    title = raw.pop("title", None)
    if isinstance(title, str) and title:
        titles[path.stem] = title
    prompts = {}
    for name, table in raw.items():
        values = _fields(table, PromptTable, (file, name), problems) if isinstance(table, dict) else None
        if values is None:
            problems.add(file, name, "must be a table like [thing]")
            continue
        for form in ("repeat", "cue"):
            if path.stem != "guide" and not values.get(form):
                problems.add(file, name, f"'{form}' is missing")
        if values.get("first"):
            first = values["first"]
            repeat = values.get("repeat") or first
            key = f"{path.stem}.{name}"
            cue, title = values.get("cue") or repeat, values.get("title", "")
            prompts[key] = Prompt(key, title, first, repeat, cue, values.get("stem", ""), values.get("again", ""))
    return prompts


def _read_lists(folder: Path, path: Path, problems: Problems) -> dict[str, tuple[str, ...]]:
    """A file of phrase lists; lists in a table get its name in front: ``choice:leave``."""
    file, lists = _name(folder, path), {}
    for name, value in (_toml(folder, path, problems) or {}).items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        for part, phrases in inner:
            label = f"{name}:{part}" if part else name
            if (converted := _convert(phrases, list[str], (file, label), problems)) is not None:
                lists[label] = tuple(converted)
    return lists


def _read_resources(folder: Path, problems: Problems) -> dict[str, tuple[Resource, ...]]:
    resources = {}
    for path in sorted((folder / "resources").glob("*.toml")):
        file, raw = _name(folder, path), _toml(folder, path, problems) or {}
        items = raw.pop("line", [])
        head = _fields(raw | {"line": []}, ResourcesTable, (file, ""), problems)
        if head.get("locale", path.stem) != path.stem:
            problems.add(file, "locale", f"must be '{path.stem}' like the file's name")
        lines = []
        for number, item in enumerate(items, start=1):
            before = len(problems.lines)
            values = _fields(item, ResourceTable, (file, f"line {number}"), problems)
            if len(problems.lines) == before:
                lines.append(Resource(**_frozen(values)))
        resources[path.stem] = tuple(lines)
    return resources


# ------------------------------------------------------------------------------------------------ tables


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _toml(folder: Path, path: Path, problems: Problems) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        problems.add(_name(folder, path), "", "the file is missing")
    except UnicodeDecodeError:
        problems.add(_name(folder, path), "", "is not UTF-8 text; save it as UTF-8")
    except OSError as error:
        problems.add(_name(folder, path), "", f"cannot be read ({error.strerror})")
    except tomllib.TOMLDecodeError as error:
        problems.add(_name(folder, path), "", f"is not valid TOML: {error}")
    return None


def _tables(folder: Path, path: Path, shape: type[Struct], problems: Problems) -> dict[str, dict[str, Any]]:
    """A file that consists of named tables of one shape."""
    file, tables = _name(folder, path), {}
    for name, table in (_toml(folder, path, problems) or {}).items():
        if isinstance(table, dict):
            tables[name] = _fields(table, shape, (file, name), problems)
        else:
            problems.add(file, name, f"must be a table like [{name}]")
    return tables


@cache
def _fields_of(shape: type[Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {item.encode_name: item for item in msgspec.structs.fields(shape)}


def _fields(
    table: Mapping[str, Any], shape: type[Struct], where: tuple[str, str], problems: Problems
) -> dict[str, Any]:
    """The good values of a table; a problem for each bad, unknown or missing one."""
    fields = _fields_of(shape)
    values = {}
    for key, raw in table.items():
        place = (where[0], f"{where[1]}/{key}".lstrip("/"))
        if key not in fields:
            problems.unknown(*place, f"'{key}' is no known key", key, fields)
        elif (value := _convert(raw, fields[key].type, place, problems)) is not None:
            values[key] = value
    for key, item in fields.items():
        if item.required and key not in table:
            problems.add(*where, f"'{key}' is missing")
    return values


def _convert(raw: Any, kind: Any, place: tuple[str, str], problems: Problems) -> Any:
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
