"""The `draw` command: a dialogue's graph as Mermaid, or as plain text that can be read aloud line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from voice_imago import output
from voice_imago.dialogue.script import Graph, Script, Step, Target, load_script
from voice_imago.errors import FileError, UsageError
from voice_imago.runtime.plan import choose_name

__all__ = ["as_mermaid", "as_text", "draw"]

_SHAPES = {
    "say": ("(", ")"), "turn": ("[", "]"), "ask": ("{{", "}}"), "rest": ("([", "])"), "task": ("[/", "/]"),
    "walk": ("[[", "]]"), "branch": ("{", "}"), "end": ("((", "))"),
}  # fmt: skip
"""Mermaid's brackets for each kind of step."""


def draw(name: str, language: str, *, text: bool, target: Path | None) -> int:
    """Print a graph, or write it to ``target``. Raises UsageError for one that does not exist, FileError."""
    script = load_script()
    graph = script.graphs[choose_name("dialogue", name, sorted(script.graphs))]
    if language not in script.languages:
        raise UsageError(f"There is no language called {language!r}.", f"Choose one of: {', '.join(script.languages)}.")
    drawn = as_text(graph, script, language) if text else as_mermaid(graph)
    if target is None:
        output.say(drawn)
        return 0
    try:
        target.write_text(drawn + "\n", encoding="utf-8")
    except OSError as error:
        raise FileError(f"The drawing {target} cannot be written: {error.strerror}.", "Name another file.") from error
    output.say(f"Drawn: {target}")
    return 0


def as_mermaid(graph: Graph) -> str:
    """A flowchart in Mermaid's language, which many editors and web sites show as a picture."""
    lines = ["flowchart TD"]
    for step in graph.steps.values():
        opening, closing = _SHAPES[step.do]
        lines.append(f'    {_name(step.id)}{opening}"{step.id}<br/>{_about(step)}"{closing}')
    if any(to == "return" for step in graph.steps.values() for _, to in ways(step)):
        lines.append("    __return(((return)))")
    for step in graph.steps.values():
        for label, to in ways(step):
            where = "__return" if to == "return" else _name(to)
            lines.append(f"    {_name(step.id)} -->|{label}| {where}" if label else f"    {_name(step.id)} --> {where}")
    return "\n".join(lines)


def as_text(graph: Graph, script: Script, language: str) -> str:
    """One block a step: what it is, what is said, where each answer leads."""
    words = script.languages[language]
    blocks = [
        f"{words.titles.get(graph.id, graph.id)} ({graph.id}), {len(graph.steps)} steps, begins with {graph.start}."
    ]
    for step in graph.steps.values():
        lines = [f"{step.id}: {_about(step)}."]
        if step.prompt in words.prompts:
            lines.append(f"  says: {words.prompts[step.prompt].first}")
        lines += [f"  {label or 'then'}: {to}" for label, to in ways(step)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def ways(step: Step) -> Iterator[tuple[str, str]]:
    """Label and target of every way out of a step, the usual one without a label."""
    for meaning, target in step.on.items():
        yield from _modes(meaning.replace("choice:", "").replace("number:", "number "), target)
    for name, to in step.heard.items():
        yield (f"without {name[1:]}" if name.startswith("!") else f"heard {name}"), to
    if step.third:
        yield "third move", step.third
    if step.visits is not None:
        yield from _modes(f"after {step.visits.most} times", step.visits.then)
    if step.next is not None:
        yield from _modes("", step.next)


def _modes(label: str, target: Target) -> Iterator[tuple[str, str]]:
    if isinstance(target, str):
        yield label, target
        return
    for mode in ("loop", "once"):
        yield f"{label}, {mode}".removeprefix(", "), getattr(target, mode)


def _about(step: Step) -> str:
    """What a step is, in a few words."""
    parts: dict[str, str] = {
        "turn": f"turn of the {step.actor}" + (", mirrored" if step.mirror else ""),
        "ask": "either may answer" if step.actor == "guide" else f"question to the {step.actor}",
        "say": "the guide speaks",
        "rest": f"rest of {step.seconds or 0:.0f} seconds",
        "task": f"task {step.task}",
        "walk": f"walks {step.graph}",
        "branch": f"by {step.by}",
        "end": f"end, {step.reason}",
    }
    return parts[step.do]


def _name(id: str) -> str:
    """Mermaid stumbles over ids such as "end"."""
    return f"s_{id}"
