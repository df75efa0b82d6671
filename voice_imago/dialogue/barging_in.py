"""Somebody speaks over a prompt: who may cut it off, and what then.

=============  ====================================================================================================
prompt         who speaks
=============  ====================================================================================================
held           (notice, consent, help: ``held = true`` in its graph) it is said to its end, softer, whoever speaks;
               a command, a key, a time-out, or the one who has the floor may cut it off
any other      anybody. Where an answer or a turn follows, it has begun: the rest is left out and the window opens.
               Where nothing is waited for, the guide is silent until they have finished, and goes on
a murmur       anybody: whoever is in the middle of a turn needs no hint
=============  ====================================================================================================
"""

from __future__ import annotations

from dataclasses import replace

from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.state import LISTENING
from voice_imago.events import BargedIn, Hold, Hush

__all__ = ["HELD", "BargingIn"]

HELD = frozenset(("guide.limits", "guide.home_recogniser", "guide.home_voice", "guide.home_unreached"))
"""Prompts of no graph that have to be heard."""


class BargingIn:
    """Takes ``BargedIn`` in whatever phase."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        graphs = guide.script.graphs.values()
        self._held = HELD | {step.prompt for graph in graphs if graph.held for step in graph.steps.values()}

    def barged_in(self, fact: BargedIn) -> None:
        """The prompt in the air is cut off, held, or goes on."""
        guide, state = self._guide, self._guide.state
        if state.murmurs:
            guide.state = replace(state, murmurs=state.murmurs[:1])
            guide.emit(Hush())
        elif not state.talking or state.after == "stop" or self._must_be_heard(fact):
            return
        elif self._answers_it(fact.prompt):
            guide.state = replace(state, queue=state.queue[:1])
            guide.emit(Hush())
        else:
            guide.emit(Hold())

    def _must_be_heard(self, fact: BargedIn) -> bool:
        return fact.prompt in self._held and (fact.by is None or fact.by != self._guide.actor)

    def _answers_it(self, prompt: str) -> bool:
        """Whether a window opens after what is being said, and it is no passing remark before that."""
        state = self._guide.state
        if state.queue[0] not in state.said and state.after != "back":
            return False
        if state.after == "back":
            return state.back is not None and state.back.phase in LISTENING
        return state.after in ("listen", "grace") or (state.after == "rest" and bool(self._guide.step.on))
