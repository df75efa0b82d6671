"""The walls of the house (design §1 and §2), read from the source: who may import what."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "voice_imago"
NAME = PACKAGE.name
MODULES = {
    ".".join((NAME, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "_data" not in path.parts
}

ROOMS = ("engines", "runtime", "journal", "captions", "hearing", "dialogue")
LANGUAGE = {"events", "facts", "effects", "inputs", "words"}
"""The house's common vocabulary: modules of values only."""
CORE_PLAIN = LANGUAGE | {
    "command_words",
    "over_prompts",
    "session",
    "session_settings",
    "turn_words",
    "typed_lines",
    "discretion",
}
PURE_STANDARD = {
    "__future__", "bisect", "collections", "dataclasses", "datetime", "enum", "functools", "itertools", "math", "re",
    "string", "types", "typing", "unicodedata",
}  # fmt: skip
"""The parts of the standard library that neither wait nor look outside."""
DIALOGUE_MAY = {"rapidfuzz", "jellyfish", "snowballstemmer"}
"""Pure functions of text: how alike two words are by their letters and by their sound, and their stems."""
SCRIPT_MAY = {"pathlib", "tomllib", "msgspec", "difflib", "json", "importlib"}
MOST_LINES = 400


def imports(path: Path, *, lazy: bool = True) -> Iterator[str]:
    """Every module imported in a file, also inside functions unless ``lazy`` is False; as full names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if lazy else iter(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            module = node.module or ""
            yield from (
                f"{module}.{alias.name}" if f"{module}.{alias.name}" in MODULES else module for alias in node.names
            )


def room(module: str) -> str:
    """The room of a module of the package; a module beside the rooms is a room of its own."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else NAME


def is_core(module: str) -> bool:
    return room(module) in {"hearing", "dialogue"} | CORE_PLAIN


def within(module: str) -> set[str]:
    """The package's modules that a module imports."""
    return {name for name in imports(MODULES[module]) if name.split(".")[0] == NAME}


def foreign(module: str) -> set[str]:
    """The top-level names of everything else that it imports."""
    return {name.split(".")[0] for name in imports(MODULES[module])} - {NAME}


CORE = sorted(name for name in MODULES if is_core(name))


def test_the_core_is_where_this_test_looks_for_it() -> None:
    for name in ("events", "session", "hearing.hearing", "dialogue.engine", "dialogue.script"):
        assert f"{NAME}.{name}" in CORE
    assert len(CORE) > 25


@pytest.mark.parametrize("module", CORE)
def test_the_core_imports_nothing_that_waits_or_looks_outside(module: str) -> None:
    allowed = set(PURE_STANDARD)
    last = module.rsplit(".", 1)[-1]
    if room(module) == "hearing":
        allowed |= {"numpy"}
    if room(module) == "dialogue":
        allowed |= DIALOGUE_MAY
    if room(module) == "dialogue" and last.startswith("script"):
        allowed |= SCRIPT_MAY
    assert foreign(module) <= allowed


@pytest.mark.parametrize("module", CORE)
def test_the_core_knows_neither_engines_nor_runtime(module: str) -> None:
    known = {room(name) for name in within(module)} - {NAME}
    allowed = {"hearing", "dialogue"} | CORE_PLAIN
    if module.rsplit(".", 1)[-1].startswith("script"):
        allowed |= {"errors"}
    assert known <= allowed
    assert NAME not in within(module) or room(module) == "session"  # for its __version__


def test_hearing_and_dialogue_do_not_know_each_other() -> None:
    for module in CORE:
        rooms = {room(name) for name in within(module)}
        assert not (room(module) == "hearing" and "dialogue" in rooms), module
        assert not (room(module) == "dialogue" and "hearing" in rooms), module
        assert room(module) == "session" or "session" not in rooms, module


def test_the_vocabulary_knows_nobody_else() -> None:
    for module in CORE:
        if room(module) in LANGUAGE:
            assert {room(name) for name in within(module)} <= LANGUAGE, module


def test_engines_know_only_the_vocabulary_the_ports_and_the_values_of_hearing() -> None:
    allowed = LANGUAGE | {"engines", "errors", "folders", "hearing"}
    for module in MODULES:
        if room(module) == "engines":
            assert {room(name) for name in within(module)} <= allowed, module
    assert {room(name) for name in within(f"{NAME}.folders")} <= {"errors"}


def test_the_journal_knows_the_core_and_nobody_who_runs_it() -> None:
    """It neither prints nor asks, and knows no engine; one module locks, and two know the database that encrypts."""
    allowed = CORE_PLAIN | {"journal", "dialogue", "hearing", "errors", "folders", NAME}
    libraries: dict[str, set[str]] = {}
    for module in MODULES:
        if room(module) == "journal":
            assert {room(name) for name in within(module)} <= allowed, module
            for name in foreign(module) & {"pyrage", "sqlcipher3", "matplotlib"}:
                libraries.setdefault(name, set()).add(module.rsplit(".", 1)[-1])
    assert libraries == {"pyrage": {"sealing"}, "sqlcipher3": {"connection", "vault"}}


def test_nobody_but_the_entrances_knows_the_command_line() -> None:
    for module in MODULES:
        if room(module) not in ("cli", "cli_journal", "__main__"):
            assert not {"cli", "cli_journal"} & {room(name) for name in within(module)}, module


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    def at_start(module: str) -> set[str]:
        return {name for name in imports(MODULES[module], lazy=False) if name in MODULES} - {NAME}

    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way, module))
        if module not in done:
            for name in sorted(at_start(module)):
                visit(name, (*way, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_longer_than_four_hundred_lines(module: str) -> None:
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("module", MODULES)
def test_only_output_prints(module: str) -> None:
    if room(module) == "output":
        return
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        called = node.func if isinstance(node, ast.Call) else None
        assert not (isinstance(called, ast.Name) and called.id == "print"), f"line {getattr(node, 'lineno', 0)}"


@pytest.mark.parametrize("module", CORE)
def test_the_core_asks_no_clock_and_opens_no_file(module: str) -> None:
    """Also not by a builtin or through an allowed import."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        reader = room(module) == "dialogue" and module.rsplit(".", 1)[-1].startswith("script")
        assert name not in {"open", "input", "exec", "eval", "__import__"}, name
        assert reader or name not in {"datetime.now", "date.today", "datetime.datetime.now"}, name


def test_the_command_line_starts_without_the_heavy_packages() -> None:
    heavy = ("numpy", "msgspec", "onnxruntime", "faster_whisper", "sounddevice", "av", "ctranslate2")
    code = f"import sys, {NAME}.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.strip() == "[]"
