"""Checks on what joins the graphs: walks into other graphs, branches by what was kept, and the slots themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from voice_imago.dialogue.script_files import Problems, did_you_mean
from voice_imago.dialogue.script_names import (
    ASIDES,
    KNOWN_SLOTS,
    MIRROR_GRAPH,
)
from voice_imago.dialogue.script_shape import (
    RETURN,
    Graph,
    Step,
    branch_range,
    target_for,
)

__all__ = ["check_walks", "kept_slots"]

_SILENT = ("walk", "branch")
_BRANCHES = ("empty", "words", "list", "date", "number", "choice", "name", "sender", "receiver")


def kept_slots(graphs: Mapping[str, Graph]) -> set[str]:
    """Every name under which something may be kept."""
    steps = [step for graph in graphs.values() for step in graph.steps.values()]
    kept = {name for step in steps for name in (step.keep, step.keep_who, step.take, step.give)}
    recalled = {name for step in steps if step.task == "recall" for name in step.of}
    return (kept | recalled | set(KNOWN_SLOTS)) - {""}


def check_walks(graphs: Mapping[str, Graph], problems: Problems) -> None:
    """Report walks that lead nowhere or round in circles, and branches by what nobody keeps."""
    slots = kept_slots(graphs)
    for graph in graphs.values():
        file = f"dialogues/{graph.id}.toml"
        for step in graph.steps.values():
            for place, what in _problems(step, graphs, slots):
                problems.add(file, f"{step.id}/{place}", what)
        for place, what in _exit_problems(graph):
            problems.add(file, place, what)
        for name in _circles(graph):
            problems.add(file, name, "is a circle of steps without a word; nobody gets out")
    for name in _walked_in_circles(graphs):
        problems.add(f"dialogues/{name}.toml", "", "walks into itself, by other graphs or directly")
    for name in _not_entered(graphs):
        problems.add(f"dialogues/{name}.toml", "shared", "no graph, command or start enters it")


def _problems(step: Step, graphs: Mapping[str, Graph], slots: Collection[str]) -> Iterator[tuple[str, str]]:
    if step.do == "walk":
        yield from _walk_problems(step, graphs, slots)
    elif step.do == "branch":
        yield from _branch_problems(step, slots)
    elif step.by and step.do != "rest":
        yield "by", f'has a meaning only with do = "branch" or "rest", this is a \'{step.do}\' step'
    elif step.by and step.by not in slots:
        yield "by", f"nothing keeps '{step.by}'" + did_you_mean(step.by, slots)
    for name in step.of:
        if name not in slots:
            yield "of", f"nothing keeps '{name}'" + did_you_mean(name, slots)


def _walk_problems(step: Step, graphs: Mapping[str, Graph], slots: Collection[str]) -> Iterator[tuple[str, str]]:
    name = step.graph
    if not name:
        yield "graph", "is missing; a 'walk' step needs it"
    elif name.startswith("{") and name.endswith("}"):
        if name[1:-1] not in slots:
            yield "graph", f"nothing keeps '{name[1:-1]}'" + did_you_mean(name[1:-1], slots)
    elif name == MIRROR_GRAPH:
        yield "graph", 'the mirror follows a turn with mirror = "loop" or "once"; it cannot be walked'
    elif name not in graphs:
        yield "graph", f"there is no graph '{name}'" + did_you_mean(name, graphs)


def _branch_problems(step: Step, slots: Collection[str]) -> Iterator[tuple[str, str]]:
    if not step.by:
        yield "by", "is missing; a 'branch' step needs it"
    elif step.by not in slots:
        yield "by", f"nothing keeps '{step.by}'" + did_you_mean(step.by, slots)
    if not step.on:
        yield "on", "is missing; a 'branch' step needs a target for each case"
    taken: dict[int, str] = {}
    for meaning in step.on:
        place = "on." + meaning.replace(":", ".")
        if meaning.partition(":")[0] not in _BRANCHES:
            yield place, f"is no case of a branch ({', '.join(_BRANCHES)})" + did_you_mean(meaning, _BRANCHES)
        if not meaning.startswith("number:"):
            continue
        numbers = branch_range(meaning)
        if numbers is None:
            yield place, 'is no range; "0-2", "3-" or a single "5"'
            continue
        for number in numbers:
            if number in taken:
                yield place, f"{number} stands in '{taken[number].removeprefix('number:')}' too"
                break
            taken[number] = meaning


def _exit_problems(graph: Graph) -> Iterator[tuple[str, str]]:
    if not graph.exit:
        return
    leaving = graph.steps.get(graph.exit)
    if leaving is None:
        yield "exit", f"no step is called '{graph.exit}'" + did_you_mean(graph.exit, graph.steps)
        return
    if not graph.shared:
        yield "exit", "has a meaning only with shared = true"
    if leaving.do != "turn" or leaving.skippable:
        yield leaving.id, 'is the exit; it needs do = "turn" and skippable = false'
    for name in _ways_past_the_exit(graph):
        yield name, f"leads out of the graph past its exit, '{graph.exit}'"


def _circles(graph: Graph) -> Iterator[str]:
    """Branches that may lead back to themselves without anything being said or done in between."""
    for step in graph.steps.values():
        seen: set[str] = set()
        waiting = _after(step) if step.do == "branch" and not step.take else []
        while waiting:
            name = waiting.pop()
            following = graph.steps.get(name)
            if following is None or name in seen or following.do != "branch" or following.take:
                continue
            seen.add(name)
            waiting += _after(following)
        if step.id in seen:
            yield step.id


def _ways_past_the_exit(graph: Graph) -> Iterator[str]:
    """Steps of a graph with an exit from which one gets out in another way."""
    seen, waiting = {graph.exit}, [graph.start]
    while waiting:
        name = waiting.pop()
        step = graph.steps.get(name)
        if step is None or name in seen:
            continue
        seen.add(name)
        following = _after(step)
        if RETURN in following or step.do == "end":
            yield name
        waiting += following


def _after(step: Step) -> list[str]:
    visits = [step.visits.then] if step.visits else []
    targets = [*step.on.values(), *step.heard.values(), *([step.next] if step.next else []), *visits]
    targets += [step.third] if step.third else []
    return [target_for(target, "loop") for target in targets]


def _walks(graph: Graph, graphs: Mapping[str, Graph]) -> set[str]:
    """The graphs that a graph may walk; a slot may name every dialogue of the menu."""
    named = {step.graph for step in graph.steps.values() if step.do == "walk"}
    chosen = {other.id for other in graphs.values() if other.menu} if any(n.startswith("{") for n in named) else set()
    return {name for name in named if name in graphs} | chosen


def _walked_in_circles(graphs: Mapping[str, Graph]) -> Iterator[str]:
    for graph in graphs.values():
        seen: set[str] = set()
        waiting = list(_walks(graph, graphs))
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += _walks(graphs[name], graphs)
        if graph.id in seen:
            yield graph.id


def _not_entered(graphs: Mapping[str, Graph]) -> Iterator[str]:
    walked = {name for graph in graphs.values() for name in _walks(graph, graphs)}
    for graph in graphs.values():
        if graph.shared and graph.id not in walked | ASIDES | {MIRROR_GRAPH}:
            yield graph.id
