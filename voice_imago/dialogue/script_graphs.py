"""Checks on the graphs: every step can be reached, every step leads to an end, every target exists.

A step's *ways* are the steps that can follow it. They are worked out for each mode of the shared mirror
graph, since ``{ loop = "more", once = "return" }`` leads elsewhere in each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from voice_imago.dialogue.script_files import Problems, did_you_mean
from voice_imago.dialogue.script_names import (
    ANY_OUTCOME,
    MIRROR_GRAPH,
    OUTCOMES,
    TURN_TASK,
    WHATS,
)
from voice_imago.dialogue.script_shape import (
    RETURN,
    ByMode,
    Graph,
    Mode,
    Step,
    Target,
    Timing,
    number_range,
    target_for,
)
from voice_imago.dialogue.script_walks import check_walks
from voice_imago.events import Kind

__all__ = ["check_graphs", "ways"]

MOST_CHOICES = 5

_MEANINGS = ("yes", "no", "partly", "talk", "name", "date", "number", "skip")
_KEPT = ("name", "date", "number", "choice")
"""What an answer may leave behind (`keep`)."""
_NO_SLOTS = {"sender", "receiver", "actor", "other", "asker", "stem", "number", "count", "title"}
"""Placeholders that mean something already."""
_ONLY_FOR = {
    "mirror": "turn", "heard": "turn", "asker": "ask", "seconds": "rest", "reason": "end", "what": "task",
    "third": "turn", "add": "turn", "graph": "walk", "take": "branch", "give": "branch", "of": "task",
}  # fmt: skip
"""Field -> the only `do` it has a meaning for."""


def check_graphs(graphs: Mapping[str, Graph], timings: Mapping[Kind, Timing], problems: Problems) -> None:
    """Report everything that is wrong with the graphs and the timing classes."""
    for kind, timing in timings.items():
        if len(timing.remind) != len(timing.reminders_s):
            problems.add("dialogues/timings.toml", kind, "'remind' needs one entry for each of 'reminders_s'")
    for graph in graphs.values():
        file = _file(graph)
        for place, name in zip(("start", "prelude"), graph.entrances, strict=False):
            if name not in graph.steps:
                problems.add(file, place, f"no step is called '{name}'" + did_you_mean(name, graph.steps))
        if graph.prelude and not graph.shared:
            problems.add(file, "prelude", "has a meaning only with shared = true")
        if graph.menu and graph.shared:
            problems.add(file, "menu", "a shared graph is part of others and cannot be chosen by itself")
        for step in graph.steps.values():
            for place, what in _step_problems(step, graph, graphs, timings):
                problems.add(file, f"{step.id}/{place}" if place else step.id, what)
        if set(graph.entrances) <= set(graph.steps):
            _check_ways(graph, problems)
    check_walks(graphs, problems)


def ways(step: Step, mode: Mode) -> list[str]:
    """The steps (or ``return``) that can follow."""
    targets: list[Target] = [*step.on.values(), *step.heard.values()]
    targets += [step.third] if step.third else []
    targets += [target for target in (step.next, step.visits and step.visits.then) if target]
    return [target_for(target, mode) for target in targets]


def _file(graph: Graph) -> str:
    return f"dialogues/{graph.id}.toml"


# ------------------------------------------------------------------------------------ one step


def _step_problems(
    step: Step, graph: Graph, graphs: Mapping[str, Graph], timings: Mapping[Kind, Timing]
) -> Iterator[tuple[str, str]]:
    yield from _target_problems(step, graph)
    yield from _form_problems(step)
    yield from _task_problems(step)
    if step.do != "branch":
        yield from _outcome_problems(step) if step.task else _answer_problems(step)
    if step.do != "branch":
        yield from _number_problems(step)
    yield from _keep_problems(step)
    if step.mirror and MIRROR_GRAPH not in graphs:
        yield "mirror", "there is no dialogues/mirror.toml to mirror with"
    if graph.id != MIRROR_GRAPH and step.id in getattr(graphs.get(MIRROR_GRAPH), "steps", ()):
        yield "id", f"'{step.id}' is a step of the shared mirror graph; choose another name"
    if step.remind or step.reminders_s:
        timing = timings.get(step.kind)
        times_s = step.reminders_s or (timing.reminders_s if timing else ())
        if len(step.remind) != len(times_s) and (step.reminders_s or timing):
            yield "remind", f"needs {len(times_s)} entries, one for each of the reminder times"


def _target_problems(step: Step, graph: Graph) -> Iterator[tuple[str, str]]:
    named: list[tuple[str, Target]] = [("on." + meaning.replace(":", "."), to) for meaning, to in step.on.items()]
    named += [(f"heard.{name}", to) for name, to in step.heard.items()]
    named += [("next", step.next)] if step.next else []
    named += [("third", step.third)] if step.third else []
    named += [("visits.then", step.visits.then)] if step.visits else []
    named += [("resets", name) for name in step.resets]
    for place, target in named:
        if isinstance(target, ByMode) and graph.id != MIRROR_GRAPH:
            yield place, "'loop' and 'once' have a meaning only in mirror.toml"
        modes = [target] if isinstance(target, str) else [target.loop, target.once, target.deep or target.loop]
        for name in modes:
            if name == RETURN and not graph.shared:
                yield place, f"'{RETURN}' has a meaning only in a graph with shared = true"
            elif name != RETURN and name not in graph.steps:
                yield place, f"no step is called '{name}'" + did_you_mean(name, graph.steps)


def _form_problems(step: Step) -> Iterator[tuple[str, str]]:
    """Fields that the kind of step needs, and fields that mean nothing on it."""
    for key, do in _ONLY_FOR.items():
        if getattr(step, key) and step.do != do:
            yield key, f"has a meaning only with do = \"{do}\", this is a '{step.do}' step"
    if step.do in ("say", "turn", "rest", "task", "walk", "branch") and step.next is None:
        yield "next", f"is missing; a '{step.do}' step needs it"
    if step.do == "end" and (step.next or step.on):
        yield "next", "nothing can follow an 'end' step"
    if step.do == "end" and not step.reason:
        yield "reason", "is missing; finished, stopped or time_out"
    if step.do == "turn" and step.actor == "guide":
        yield "actor", "the guide takes no turn; sender, receiver or both"
    if step.do == "ask" and step.actor == "both":
        yield "actor", "one person answers: sender, receiver, or guide if either may"
    if step.do == "ask" and step.asker == step.actor:
        yield "asker", "must be the other partner, not the one who answers"
    if step.tunes and step.actor not in ("sender", "receiver"):
        yield "tunes", "is for one partner; the actor must be sender or receiver"
    if not step.microphone and step.do not in ("rest", "ask"):
        yield "microphone", "can only be off during a 'rest', or an 'ask' that is answered by keys alone"


def _task_problems(step: Step) -> Iterator[tuple[str, str]]:
    """Which task fits which kind of step."""
    if step.do == "task" and not step.task:
        yield "task", "is missing; a 'task' step needs it"
    if not step.task:
        return
    if step.do not in ("task", "turn"):
        yield "task", f'has a meaning only with do = "task" or "turn", this is a \'{step.do}\' step'
    elif step.task == "learn_turn":
        yield "task", "'learn_turn' is asked for by the guide itself; no step can name it"
    elif (step.do == "turn") != (step.task == TURN_TASK):
        yield "task", f'\'{TURN_TASK}\' goes with do = "turn", whose sound it needs, and the others with do = "task"'
    known = WHATS.get(step.task, ("",))
    if step.what not in known:
        allowed = ", ".join(what for what in known if what)
        wants = f"must be one of: {allowed}" if allowed else f"means nothing to '{step.task}'"
        yield "what", wants + did_you_mean(step.what, known)
    if step.actor == "both":
        yield "actor", "a task is for one partner or for nobody: sender, receiver or guide"
    for key in ("mirror", "heard"):
        if step.do == "turn" and getattr(step, key):
            yield key, "cannot follow a turn with a task; the outcome decides what follows"


def _outcome_problems(step: Step) -> Iterator[tuple[str, str]]:
    known = (
        [*OUTCOMES[step.task], *(name for name in ANY_OUTCOME if name not in OUTCOMES[step.task])] if step.task else []
    )
    for outcome in step.on:
        if outcome not in known and outcome != "skip":
            what = f"is no outcome of '{step.task}' ({', '.join(known)})" + did_you_mean(outcome, known)
            yield f"on.{outcome}".replace(":", "."), what


def _answer_problems(step: Step) -> Iterator[tuple[str, str]]:
    for meaning in step.on:
        if not meaning.startswith(("choice:", "number:")) and meaning not in _MEANINGS:
            known = [*_MEANINGS, "choice.<name>", "number.<from>-<to>"]
            yield f"on.{meaning}", f"is no meaning ({', '.join(known)})" + did_you_mean(meaning, _MEANINGS)
        elif step.do in ("turn", "say", "task", "walk") and meaning != "skip":
            yield f"on.{meaning}".replace(":", "."), f"a '{step.do}' step has no answer, only 'skip'"
    answers = set(step.on) - {"skip"}
    if step.do != "ask":
        return
    if not answers:
        yield "on", "is missing; an 'ask' step needs a target for each answer"
    if len(answers & {"yes", "no"}) == 1:
        yield "on", "'yes' and 'no' are answered together; one of them is missing"
    if len([meaning for meaning in answers if meaning.startswith("choice:")]) > MOST_CHOICES:
        yield "on", f"more than {MOST_CHOICES} choices are too many to hear"
    keyed = {meaning.partition(":")[0] for meaning in answers} & {"number", "choice", "name"}
    if len(keyed) > 1:
        yield "on", f"{' and '.join(sorted(keyed))} cannot stand together; their keys would be the same"
    if step.skippable and "skip" not in step.on and step.next is None:
        yield "on.skip", "is missing: where does skipping lead? (or skippable = false)"


def _number_problems(step: Step) -> Iterator[tuple[str, str]]:
    """The ranges of `on.number` lead every answer from 0 to 10 to exactly one step."""
    leads: dict[int, str] = {}
    ranges = [meaning for meaning in step.on if meaning.startswith("number:")]
    if ranges and "number" in step.on:
        yield "on.number", "is either one step or a table of ranges"
    for meaning in ranges:
        place, numbers = "on." + meaning.replace(":", "."), number_range(meaning)
        if numbers is None:
            yield place, 'is no range; "0-3", "4-10" or a single "5", from 0 to 10'
            return
        for number in numbers:
            if number in leads:
                yield place, f"{number} stands in '{leads[number].removeprefix('number:')}' too"
            leads.setdefault(number, meaning)
    missing = [str(number) for number in range(11) if number not in leads]
    if ranges and missing:
        yield "on.number", f"{', '.join(missing)} leads nowhere; the ranges must cover 0 to 10"


def _keep_problems(step: Step) -> Iterator[tuple[str, str]]:
    if step.keep_who and step.actor not in ("sender", "receiver"):
        yield "keep_who", "needs a step in which one partner acts: sender or receiver"
    if step.days and "date" not in step.on:
        yield "days", "has a meaning only where a day is asked for (on.date)"
    for name, field in ((step.keep, "keep"), (step.keep_who, "keep_who")):
        if name in _NO_SLOTS:
            yield field, f"'{{{name}}}' means something else in a prompt already; choose another name"
    if not step.keep:
        return
    if step.do not in ("ask", "rest", "turn"):
        yield "keep", f"a '{step.do}' step has no answer to keep"
    elif step.do != "turn" and not any(meaning.partition(":")[0] in _KEPT for meaning in step.on):
        yield "keep", "there is nothing to keep; on.number, on.date, on.name or on.choice is needed"


# ------------------------------------------------------------------------------------ the whole graph


def _check_ways(graph: Graph, problems: Problems) -> None:
    modes: tuple[Mode, ...] = get_args(Mode) if graph.id == MIRROR_GRAPH else ("loop",)
    reached = {mode: _reachable(graph, mode) for mode in modes}
    for step in graph.steps.values():
        if not any(step.id in names for names in reached.values()):
            problems.add(_file(graph), step.id, "no way leads to this step")
    for mode, names in reached.items():
        leading = _leading_to_an_end(graph, mode)
        for name in [name for name in graph.steps if name in names and name not in leading]:
            called = f" when called with '{mode}'" if len(modes) > 1 else ""
            problems.add(_file(graph), name, f"is a dead end: no way leads from here to an end{called}")
        for name in names:
            if _diverted_forever(graph, name, mode):
                problems.add(_file(graph), f"{name}/visits.then", "leads back to itself; nobody gets out")


def _reachable(graph: Graph, mode: Mode) -> set[str]:
    found, waiting = set(graph.entrances), list(graph.entrances)
    while waiting:
        for name in ways(graph.steps[waiting.pop()], mode):
            if name in graph.steps and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _leading_to_an_end(graph: Graph, mode: Mode) -> set[str]:
    """Steps from which an end can be reached; grows backwards from the ends."""
    leading: set[str] = {RETURN} | {step.id for step in graph.steps.values() if step.do == "end"}
    grown = True
    while grown:
        more = {name for name, step in graph.steps.items() if not leading.isdisjoint(ways(step, mode))} - leading
        grown = bool(more)
        leading |= more
    return leading


def _diverted_forever(graph: Graph, name: str, mode: Mode) -> bool:
    """Whether a chain of ``visits.then`` comes back to ``name``: the walk would never stand still."""
    seen: set[str] = set()
    at = name
    while at in graph.steps and (visits := graph.steps[at].visits):
        if at in seen:
            return at == name
        seen.add(at)
        at = target_for(visits.then, mode)
    return False
