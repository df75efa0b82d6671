"""Which texts may be said soon, in order of need: so that every prompt is rendered before it is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from voice_imago.dialogue.script import Graph, Step
from voice_imago.dialogue.script_names import MIRROR_GRAPH
from voice_imago.dialogue.state import Line, State
from voice_imago.dialogue.walk import Walker, other
from voice_imago.dialogue.wording import Wording, meant_for
from voice_imago.events import Form, Partner, Prepare

__all__ = ["anywhere", "everything", "lines_ahead", "reachable", "roles"]

_FORMS: tuple[Form, ...] = ("first", "repeat", "cue")


def roles(names: tuple[str, str], step: Step | None, sender: Partner) -> dict[str, str]:
    """Names by role in a step: every placeholder that a prompt may hold."""
    receiver = other(sender)
    acting = receiver if step is not None and step.actor == "receiver" else sender
    asking = {"sender": sender, "receiver": receiver, None: acting}[None if step is None else step.asker]
    return {
        "sender": names[sender],
        "receiver": names[receiver],
        "actor": names[acting],
        "other": names[other(acting)],
        "asker": names[asking],
    }


def everything(graphs: Iterable[Graph], wording: Wording, names: tuple[str, str], first: Partner) -> Prepare:
    """Every prompt of these graphs for either sender: first forms in the order of the graphs, then shorter ones.

    Nothing in it holds an answer: a prompt that names one is said as it is without.
    """
    steps = [step for graph in graphs for step in graph.steps.values() if step.prompt]
    lines = []
    for form in _FORMS:
        for sender in (first, other(first)):
            for step in steps:
                person, now = _person(step, sender), roles(names, step, sender)
                if not wording.fixed(step.prompt, now):
                    continue
                lines.append(meant_for(wording.line(step.prompt, now, form=form), person))
                if form == "first":
                    lines += _stems(wording, step, now, person)
    return _prepare(lines)


def anywhere(wording: Wording, names: tuple[str, str], keys: Iterable[str]) -> Prepare:
    """What the guide itself may say at any time: to both, and so far as nothing has to be filled in but names."""
    both: tuple[Partner, Partner] = (0, 1)
    filled = [(key, roles(names, None, sender)) for sender in both for key in keys]
    return _prepare(wording.line(key, now) for key, now in filled if wording.fixed(key, now))


def reachable(graphs: Mapping[str, Graph], names: Iterable[str]) -> list[Graph]:
    """These graphs and whatever they walk, in that order, each once; a dialogue that is still to be chosen is none."""
    found: dict[str, Graph] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name in graphs and name not in found:
            found[name] = graphs[name]
            steps = graphs[name].steps.values()
            waiting += [step.graph for step in steps if step.do == "walk"]
            waiting += [MIRROR_GRAPH for step in steps if step.mirror]
    return list(found.values())


def lines_ahead(
    walker: Walker, wording: Wording, names: tuple[str, str], state: State, kept: dict[str, str]
) -> Prepare:
    """This step's stem and shorter forms, and the prompts of the steps that it may lead to; ``kept``: answers."""
    step, now = walker.step(state), roles(names, walker.step(state), state.sender) | kept
    lines: list[Line] = []
    if step.prompt:
        person = walker.partner(state, step.asker or step.actor)
        lines = _stems(wording, step, now, person)
        lines.append(meant_for(wording.question(step.prompt, now), person))
        lines += [meant_for(wording.line(step.prompt, now, form=form), person) for form in _FORMS[1:]]
    for following, sender in walker.ahead(state):
        if following.prompt:
            person = walker.partner(replace(state, sender=sender), following.asker or following.actor)
            lines.append(wording.peek(following.prompt, roles(names, following, sender) | kept, person))
    return _prepare(lines)


def _person(step: Step, sender: Partner) -> Partner | None:
    """To whom a step's prompt is said; in a step for both each of them is the sender once."""
    whose = step.asker or step.actor
    if whose == "receiver":
        return other(sender)
    return sender if whose in ("sender", "both") else None


def _stems(wording: Wording, step: Step, now: Mapping[str, str], person: Partner | None) -> list[Line]:
    count = wording.stems(step.prompt, now)
    return [replace(wording.stem(step.prompt, now, n), to=person) for n in range(count)]


def _prepare(lines: Iterable[Line]) -> Prepare:
    """Each text once for each way in which it is said."""
    wanted = dict.fromkeys((line.text, line.to) for line in lines if line.text)
    own = dict.fromkeys(line.text for line in lines if line.own and line.text)
    return Prepare(tuple(text for text, _ in wanted), tuple(own), tuple(to for _, to in wanted))
