"""Graphs for one partner alone: what is kept in them is that partner's, and is not there before or afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from voice_imago.dialogue.script import Graph
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import State

__all__ = ["ALONE", "is_alone", "own_slots", "with_own_slots"]

ALONE: Final = "alone"
"""The known slot that is filled while only the sender is at the table."""


def own_slots(graphs: Mapping[str, Graph]) -> frozenset[str]:
    """The names under which graphs for one partner alone keep something."""
    steps = [step for graph in graphs.values() if graph.alone for step in graph.steps.values()]
    recalled = {name for step in steps if step.task == "recall" for name in step.of}
    return frozenset({step.keep for step in steps} | {step.take for step in steps} | recalled | {ALONE}) - {""}


def is_alone(state: State, graphs: Mapping[str, Graph]) -> bool:
    """Whether a graph on the stack is for the sender alone."""
    return any(graphs[call.graph].alone for call in state.calls)


def with_own_slots(before: State, after: State, graphs: Mapping[str, Graph], own: Collection[str]) -> State:
    """``after``; if the first graph for one alone was entered, or the last one left, without what is anybody's own."""
    alone = is_alone(after, graphs)
    if alone == is_alone(before, graphs):
        return after
    slots = {name: slot for name, slot in after.slots.items() if name not in own}
    keeping = {turn: wanted for turn, wanted in after.keeping.items() if wanted[0] not in own}
    if alone:
        slots[ALONE] = Slot("words", ALONE)
    return replace(after, slots=slots, keeping=keeping, refused=None)
