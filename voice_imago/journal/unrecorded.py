"""What nobody else may ever read, at whatever level: not its words, not its answers, not that it was there.

Graphs for one partner alone (the private check, the workup), and the pause after words of harm. While one is walked
nothing is written, and the tape of the session ends there: a tape has every key and every moment. Turns afterwards are
kept as before.

A third voice has agreed to nothing, so no word of a turn in which one spoke is kept, nor of anything until both say
that they are by themselves again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voice_imago.dialogue.script import Script
from voice_imago.dialogue.script_names import PAUSE_HERE_GRAPH
from voice_imago.events import UNKNOWN, Command, Fact, Interruption, Intervention, TurnEnded
from voice_imago.session import Session

__all__ = ["Strangers", "hidden_graphs", "is_hidden"]


def hidden_graphs(script: Script) -> frozenset[str]:
    """The graphs of which nothing is kept."""
    return frozenset({graph.id for graph in script.graphs.values() if graph.alone} | {PAUSE_HERE_GRAPH})


def is_hidden(session: Session, hidden: frozenset[str]) -> bool:
    """Whether such a graph is being walked."""
    return any(call.graph in hidden for call in session.dialogue.guide.state.calls)


@dataclass(slots=True)
class Strangers:
    """Notices a third voice."""

    here: bool = False
    """The guide has asked to be told when the two are by themselves again."""

    def turns_of(self, facts: Sequence[Fact], session: Session) -> set[int]:
        """The turns in which one spoke."""
        found = {fact.during for fact in facts if isinstance(fact, Interruption) and fact.by == UNKNOWN}
        if session.dialogue.guide.voices == "known":
            found |= {fact.turn for fact in facts if isinstance(fact, TurnEnded) and fact.speaker == UNKNOWN}
        if self.here:
            found |= {fact.turn for fact in facts if isinstance(fact, TurnEnded)}
        for fact in facts:
            if isinstance(fact, Intervention) and fact.kind == "third_voice":
                self.here = True
            elif isinstance(fact, Command) and fact.name in ("go_on", "pause"):
                self.here = self.here and fact.name == "pause" and fact.by != "key"
        return found
