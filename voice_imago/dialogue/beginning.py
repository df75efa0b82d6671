"""How a session begins: with a greeting and the first step, or where an earlier session stopped.

What of a ``State`` outlives the program is a ``Standing``: the way through the graphs and what was kept on it, never
a prompt, a window or a deadline. An aside (a time-out, the question whether to stop) is not taken up again but the
step that it left; a shared graph before the dialogue begins anew, since what it measured and learnt is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import takewhile
from typing import Any

from voice_imago.dialogue import ahead, facilitation
from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.script_names import KNOWN_SLOTS, MIRROR_GRAPH, STOP_GRAPH, TIME_OUT_GRAPH, VOICES_GRAPH
from voice_imago.dialogue.script_shape import Script
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Line, State
from voice_imago.dialogue.walk import other
from voice_imago.events import Partner, Prepare

__all__ = ["LASTING", "Standing", "fits", "greet", "standing_of", "take_up"]

LASTING = tuple(
    field.name
    for field in fields(State)
    if field.name in ("calls", "to_come", "sender", "trail", "aside_visits", "slots")
)
"""The fields of a state that outlive the program."""
_AS_NOW = frozenset(KNOWN_SLOTS) - {"last_mirrored", "surface", "times", "alone", "disclosed", "dialogue"}
_GREETING = ("guide.hello", "guide.limits")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a dialogue stands, for a later session."""

    lasting: Mapping[str, Any]
    """The values of ``LASTING``."""
    heard: Mapping[tuple[str, Partner | None], int] = field(default_factory=dict)
    """How often each person has heard each prompt."""
    mirrored: str = ""
    """What was mirrored last, in the words of the one who mirrored it; empty where words are not kept."""


def standing_of(guide: Guide, mirrored: str = "") -> Standing:
    """What there is to keep of a dialogue now."""
    return Standing({name: getattr(guide.state, name) for name in LASTING}, guide.wording.heard, mirrored)


def greet(guide: Guide) -> None:
    """Greet, then perform the first step."""
    course = guide.course
    guide.state = replace(guide.state, to_come=(*course.prelude, course.dialogue))
    guide.begin_next()
    greetings = [*course.opening, *facilitation.capability_notice(course.words)]
    if course.voices == "learn" and VOICES_GRAPH not in (*course.prelude, course.dialogue):  # that graph says it itself
        greetings.append("guide.voices_learning")
    lines = [guide.line(key) for key in greetings]
    _prepare(guide, lines)
    guide.speak(lines, "step")


def take_up(guide: Guide, standing: Standing) -> None:
    """Welcome back, say what was mirrored last, and put the step once more."""
    course = guide.course
    lasting = {**standing.lasting, "slots": _slots_of_both(standing.lasting.get("slots", {}), guide.state.slots)}
    guide.state = state = _leave_asides(replace(guide.state, **lasting))
    if state.calls[0].kind == "prelude":
        guide.state = replace(state, to_come=(state.calls[0].graph, *state.to_come))
        guide.begin_next()
    guide.wording.remember(standing.heard)
    notices = [key for key in course.opening if key not in _GREETING]
    lines = [guide.line(key) for key in ("guide.welcome_back", *notices, *facilitation.capability_notice(course.words))]
    if standing.mirrored:
        lines.append(replace(guide.line("guide.last_mirrored", line=standing.mirrored), own=True))
    _prepare(guide, lines)
    guide.take_up(lines)


def fits(script: Script, standing: Standing) -> bool:
    """Whether the graphs still have every step that the standing names; another version may have other ones."""
    lasting = standing.lasting
    calls = (*lasting["calls"], *(call for call, _ in lasting["trail"]))
    known = all(call.graph in script.graphs and call.step in script.graphs[call.graph].steps for call in calls)
    return known and bool(lasting["calls"]) and all(graph in script.graphs for graph in lasting["to_come"])


def _slots_of_both(then: Mapping[str, Slot], now: Mapping[str, Slot]) -> dict[str, Slot]:
    """What was answered then; what may be kept and what the program knows are as they are now."""
    kept = {name: slot for name, slot in then.items() if name not in _AS_NOW}
    return {**kept, **{name: slot for name, slot in now.items() if name in _AS_NOW}}


def _leave_asides(state: State) -> State:
    """Where the step stands that an aside left; whoever changed places in the aside changes back."""
    calls = tuple(takewhile(lambda call: call.kind != "aside", state.calls))
    changed = sum(call.second + call.flipped for call in state.calls[len(calls) :])
    return replace(state, calls=calls, sender=other(state.sender) if changed % 2 else state.sender)


def _prepare(guide: Guide, lines: list[Line]) -> None:
    """The greeting first, then whatever the graphs may say, then what may be said at any time.

    What is asked for last comes first. Nothing that holds the couple's own words.
    """
    course, prompts = guide.course, guide.script.languages[guide.course.language].prompts
    own_lines = [key for key in prompts if key.startswith("guide.")]
    guide.emit(ahead.anywhere(guide.wording, course.partners, own_lines))
    guide.prepare_all((*course.prelude, course.dialogue, MIRROR_GRAPH, TIME_OUT_GRAPH, STOP_GRAPH))
    guide.emit(Prepare(tuple(line.text for line in lines if not line.own)))
