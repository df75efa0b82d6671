"""The only reader of ``prompts/``: files -> frozen objects, with every problem in all files reported at once.

    from voice_imago.dialogue.script import load_script
    script = load_script()
    script.graphs["appreciation"].steps["thing"].mirror      # 'loop'
    script.languages["en"].prompts["appreciation.thing"]     # Prompt(...)

The shapes are in ``script_shape``, the files' tables in ``script_tables``, the reading in ``script_read`` and
``script_languages``, the checks in ``script_graphs``, ``script_words``, ``script_replies`` and ``script_figures``;
prompts/README.md describes the format.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from pathlib import Path

from voice_imago.dialogue.script_files import Problems
from voice_imago.dialogue.script_graphs import check_graphs
from voice_imago.dialogue.script_names import (
    COMMANDS,
    MIRROR_GRAPH,
    TIME_OUT_GRAPH,
)
from voice_imago.dialogue.script_read import Read, prompts_folder, read_folder
from voice_imago.dialogue.script_schema import check_schemas
from voice_imago.dialogue.script_shape import (
    AGAIN,
    RETURN,
    STEM,
    ByMode,
    Graph,
    Language,
    Mode,
    Prompt,
    Resource,
    Script,
    Step,
    Target,
    Timing,
    Visits,
    target_for,
)
from voice_imago.dialogue.script_words import check_words
from voice_imago.errors import PromptError

__all__ = [
    "AGAIN",
    "COMMANDS",
    "MIRROR_GRAPH",
    "RETURN",
    "STEM",
    "TIME_OUT_GRAPH",
    "ByMode",
    "Graph",
    "Language",
    "Mode",
    "Prompt",
    "Resource",
    "Script",
    "Step",
    "Target",
    "Timing",
    "Visits",
    "check_prompts",
    "load_script",
    "prompts_folder",
    "target_for",
]


def load_script(folder: Path | None = None, *, formal: bool = False, languages: Collection[str] = ()) -> Script:
    """Everything in ``folder``. Raises PromptError listing every problem in all files.

    ``formal``: the guide addresses the partners formally where the language has two ways. ``languages``: only these
    are read and can be spoken, which is quicker; of the others the names are known. The program's own files (no
    ``folder``) are read once in a process.
    """
    if folder is None:
        return _read_once(prompts_folder(), formal, frozenset(languages))
    return _load(folder, formal, languages)


@functools.cache
def _read_once(folder: Path, formal: bool, languages: frozenset[str]) -> Script:
    return _load(folder, formal, languages)


def _load(folder: Path, formal: bool, languages: Collection[str]) -> Script:
    problems = Problems()
    read = _read_and_check(folder, problems, formal=formal, only=languages)
    if problems.lines:
        count = len(problems.lines)
        many = "is 1 problem" if count == 1 else f"are {count} problems"
        raise PromptError(
            f"There {many} in the prompts in {folder}.", problems.lines, "Correct the files, then try again."
        )
    return Script(read.graphs, read.timings, read.languages, read.resources)


def check_prompts(folder: Path | None = None, language: str = "") -> list[str]:
    """Every problem in ``folder``, one line each; empty: all is well.

    What a language lacks that is not offered yet is no problem, unless it is this ``language``.
    """
    folder, problems = folder or prompts_folder(), Problems()
    _read_and_check(folder, problems, language)
    formal = Problems()
    _read_and_check(folder, formal, language, formal=True)
    problems.lines += [line for line in formal.lines if line not in problems.lines]
    check_schemas(folder, problems)  # only an editor needs them, so no session fails over them
    return problems.lines


def _read_and_check(
    folder: Path, problems: Problems, language: str = "", *, formal: bool = False, only: Collection[str] = ()
) -> Read:
    if not folder.is_dir():
        problems.add(str(folder), "", "there is no such folder")
        return Read({}, {}, {}, {}, {})
    read = read_folder(folder, problems, language, formal=formal, only=only)
    check_graphs(read.graphs, read.timings, problems)
    check_words(read, problems)
    return read
