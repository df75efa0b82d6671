"""Which texts may be said soon, in order of need: so that every prompt is rendered before it is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from voice_imago.dialogue.script import Graph, Step
from voice_imago.dialogue.state import State
from voice_imago.dialogue.walk import Walker, other
from voice_imago.dialogue.wording import Wording
from voice_imago.events import Form, Partner, Prepare

__all__ = ["lines_ahead", "roles", "texts_of_all"]

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


def texts_of_all(graphs: Iterable[Graph], wording: Wording, names: tuple[str, str], first: Partner) -> list[str]:
    """Every prompt of these graphs for either sender: first forms in the order of the graphs, then shorter ones."""
    steps = [step for graph in graphs for step in graph.steps.values() if step.prompt]
    return _distinct(
        wording.line(step.prompt, roles(names, step, sender), form=form).text
        for form in _FORMS
        for sender in (first, other(first))
        for step in steps
    )


def lines_ahead(
    walker: Walker, wording: Wording, names: tuple[str, str], state: State, kept: dict[str, str]
) -> Prepare:
    """This step's stem and shorter forms, and the prompts of the steps that it may lead to; ``kept``: answers."""
    step, now = walker.step(state), roles(names, walker.step(state), state.sender) | kept
    lines = []
    if step.prompt:
        lines = [wording.stem(step.prompt, now, n) for n in range(wording.stems(step.prompt, now))]
        lines.append(wording.question(step.prompt, now))
    lines += [wording.line(step.prompt, now, form=form) for form in _FORMS[1:] if step.prompt]
    for following, sender in walker.ahead(state):
        if following.prompt:
            person = walker.partner(replace(state, sender=sender), following.asker or following.actor)
            lines.append(wording.peek(following.prompt, roles(names, following, sender) | kept, person))
    own = _distinct(line.text for line in lines if line.own)
    return Prepare(tuple(_distinct(line.text for line in lines)), tuple(own))


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
