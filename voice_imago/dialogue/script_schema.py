"""JSON schemas of the files in ``prompts/``, so that an editor helps while one writes.

They are made from ``script_tables``; after a change there run
``python -m voice_imago.dialogue.script_schema``.
``check_prompts`` says so when they are out of date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from voice_imago.dialogue.script_files import Problems
from voice_imago.dialogue.script_tables import (
    GraphTable,
    LanguageTable,
    NumbersTable,
    PromptTable,
    ResourcesTable,
    TimesTable,
    TimingTable,
)

__all__ = ["check_schemas", "schemas", "write_schemas"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """File name -> JSON text."""
    phrases = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    made = {
        "graph.json": _one(GraphTable, "A dialogue graph"),
        "timings.json": _many(TimingTable, "Patience per timing class"),
        "words.json": _many(PromptTable, "The prompts of one graph", {"title": {"type": "string"}}),
        "languages.json": _many(LanguageTable, "The languages"),
        "resources.json": _one(ResourcesTable, "Help lines of one locale"),
        "numbers.json": _one(NumbersTable, "How a language says numbers"),
        "times.json": _one(TimesTable, "How a language says days and times"),
        "phrases.json": {
            "title": "Lists of phrases",
            "type": "object",
            "additionalProperties": {"anyOf": [phrases, {"type": "object", "additionalProperties": phrases}]},
        },
    }
    return {
        name: json.dumps({"$schema": DRAFT, **schema}, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        for name, schema in made.items()
    }


def _one(shape: type[msgspec.Struct], title: str) -> dict[str, Any]:
    """A file that is one table."""
    return {"title": title, **_without_titles(msgspec.json.schema(shape))}


def _many(shape: type[msgspec.Struct], title: str, properties: dict[str, Any] | None = None) -> dict[str, Any]:
    """A file of named tables of one shape."""
    inner = _without_titles(msgspec.json.schema(shape))
    tables = {"type": "object", "additionalProperties": {"$ref": inner["$ref"]}, "$defs": inner["$defs"]}
    return {"title": title, **tables, **({"properties": properties} if properties else {})}


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """Class names mean nothing to somebody who writes TOML."""
    for definition in schema["$defs"].values():
        definition.pop("title", None)
    return schema


def check_schemas(folder: Path, problems: Problems) -> None:
    """Report schemas that are missing or out of date; a folder without any has none to keep."""
    if not (folder / "schema").is_dir():
        return
    for name, text in schemas().items():
        path = folder / "schema" / name
        if not path.exists() or path.read_text("utf-8") != text:
            what = "is out of date; run: python -m voice_imago.dialogue.script_schema"
            problems.add(f"schema/{name}", "", what)


def write_schemas(folder: Path) -> None:
    """Write all schemas into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    from voice_imago.dialogue.script import prompts_folder

    write_schemas(prompts_folder() / "schema")
