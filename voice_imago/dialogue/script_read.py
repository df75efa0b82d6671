"""Reading ``prompts/``: graphs, timings, help lines and, by ``script_languages``, the words.

``script_tables`` says what each table may hold, ``script_files`` reads them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from voice_imago.dialogue.script_files import (
    Problems,
    converted,
    file_name,
    frozen,
    read_fields,
    read_tables,
    read_toml,
)
from voice_imago.dialogue.script_languages import named_only, read_language, read_lists
from voice_imago.dialogue.script_shape import (
    Actor,
    Graph,
    Language,
    Resource,
    Script,
    Step,
    Target,
    Timing,
    Visits,
)
from voice_imago.dialogue.script_tables import (
    GraphTable,
    LanguageTable,
    ResourcesTable,
    ResourceTable,
    StepTable,
    TimingTable,
)
from voice_imago.errors import PromptError
from voice_imago.words import Kind

__all__ = ["Read", "prompts_folder", "read_folder", "read_script"]


def prompts_folder() -> Path:
    """The prompts that came with the program: package data in a wheel, else the checkout's folder."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "_data" / "prompts"
    return packaged if packaged.is_dir() else package.parent / "prompts"


def read_script(language: str) -> Script:
    """The script for a few sentences in one language, in a fraction of the time: read, but not checked.

    Raises PromptError for what cannot be read. Every session and ``check`` look at the rest.
    """
    folder, problems = prompts_folder(), Problems()
    read = read_folder(folder, problems, only=(language,))
    if problems.lines:
        raise PromptError(f"The prompts in {folder} cannot be read.", problems.lines, "Say check.")
    return Script(read.graphs, read.timings, read.languages, read.resources)


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


def read_folder(
    folder: Path, problems: Problems, complete: str = "", *, formal: bool = False, only: Collection[str] = ()
) -> Read:
    """Read every file that the format knows; the language ``complete`` as if it were offered.

    ``only``: of other languages no more than their names (none given: all are read).
    """
    paths = [path for path in sorted((folder / "dialogues").glob("*.toml")) if path.stem != "timings"]
    graphs = {path.stem: graph for path in paths if (graph := _read_graph(folder, path, problems))}
    broken = tuple(path.stem for path in paths if path.stem not in graphs)
    languages, neutrality = {}, {}
    for code, table in read_tables(folder, folder / "languages.toml", LanguageTable, problems).items():
        if only and code not in only:
            languages[code] = named_only(code, table)
            continue
        offered = {"offered": True} if code == complete else {}
        languages[code] = read_language(folder, code, {**table, **offered}, problems, formal=formal)
        path = folder / code / "neutrality.toml"
        read = path if languages[code].offered or path.exists() else None
        neutrality[code] = read_lists(folder, read, problems)
    timings, resources = _read_timings(folder, problems), _read_resources(folder, problems)
    return Read(graphs, timings, languages, neutrality, resources, broken)


# ------------------------------------------------------------------------------------------------ graphs


def _read_graph(folder: Path, path: Path, problems: Problems) -> Graph | None:
    file, raw = file_name(folder, path), read_toml(folder, path, problems)
    if raw is None:
        return None
    before = len(problems.lines)
    items = raw.pop("step", None)
    head = read_fields(raw | {"step": []}, GraphTable, (file, ""), problems)
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
    start, leave, prelude = (str(head.get(name, "")) for name in ("start", "exit", "prelude"))
    menu, alone, shared, held = (bool(head.get(name, False)) for name in ("menu", "alone", "shared", "held"))
    return Graph(path.stem, start, steps, menu, alone, shared, leave, held, prelude)


_SILENT = ("walk", "branch")
"""Kinds of steps that the guide does without a word."""
_OF_THE_GUIDE = ("say", "end", "rest", "task", *_SILENT)
_DEFAULT_ACTOR: dict[str, Actor] = dict.fromkeys(_OF_THE_GUIDE, "guide")
_DEFAULT_KIND: dict[str, Kind] = {"ask": "answer", **dict.fromkeys(_OF_THE_GUIDE, "setup")}


def _read_step(item: dict[str, Any], graph: str, where: tuple[str, str], problems: Problems) -> Step | None:
    before = len(problems.lines)
    values = read_fields(item, StepTable, where, problems)
    do = str(values.get("do", ""))
    for key, defaults in (("actor", _DEFAULT_ACTOR), ("kind", _DEFAULT_KIND)):
        if key not in item and do in defaults:
            values[key] = defaults[do]
        elif key not in item and do:
            problems.add(*where, f"'{key}' is missing; a '{do}' step needs it")
    if len(problems.lines) > before:
        return None
    values.setdefault("prompt", "" if do == "task" or do in _SILENT else f"{graph}.{values['id']}")
    values["on"] = _flat(values.get("on", {}), where, problems)
    values["microphone"] = values.get("microphone", "on") == "on"
    if visits := values.get("visits"):
        values["visits"] = Visits(visits.most, visits.then)
    return Step(**frozen(values))


def _flat(on: Mapping[str, Any], where: tuple[str, str], problems: Problems) -> dict[str, Target]:
    """``choice.leave`` in TOML is a table in a table; a meaning is called ``choice:leave``, ``number:0-3``."""
    flat: dict[str, Target] = {}
    for meaning, target in on.items():
        inner = target.items() if meaning in ("choice", "number") and isinstance(target, dict) else [("", target)]
        for name, raw in inner:
            label = f"{meaning}:{name}" if name else meaning
            place = (where[0], f"{where[1]}/on.{meaning}" + (f".{name}" if name else ""))
            if (there := converted(raw, Target, place, problems)) is not None:
                flat[label] = there
    return flat


def _read_timings(folder: Path, problems: Problems) -> dict[Kind, Timing]:
    path = folder / "dialogues" / "timings.toml"
    timings: dict[Kind, Timing] = {}
    kinds: tuple[Kind, ...] = get_args(Kind)
    tables = read_tables(folder, path, TimingTable, problems)
    for name in tables:
        if name not in kinds:
            problems.unknown(file_name(folder, path), name, f"'{name}' is no timing class", name, kinds)
    for kind in kinds:
        if "end_silence_s" in tables.get(kind, {}):
            timings[kind] = Timing(**frozen(tables[kind]))
        elif path.exists() and kind not in tables:
            problems.add(file_name(folder, path), kind, "the timing class is missing")
    return timings


def _read_resources(folder: Path, problems: Problems) -> dict[str, tuple[Resource, ...]]:
    resources = {}
    for path in sorted((folder / "resources").glob("*.toml")):
        file, raw = file_name(folder, path), read_toml(folder, path, problems) or {}
        items = raw.pop("line", [])
        head = read_fields(raw | {"line": []}, ResourcesTable, (file, ""), problems)
        if head.get("locale", path.stem) != path.stem:
            problems.add(file, "locale", f"must be '{path.stem}' like the file's name")
        lines = []
        for number, item in enumerate(items, start=1):
            before = len(problems.lines)
            values = read_fields(item, ResourceTable, (file, f"line {number}"), problems)
            if len(problems.lines) == before:
                lines.append(Resource(**frozen(values)))
        resources[path.stem] = tuple(lines)
    return resources
