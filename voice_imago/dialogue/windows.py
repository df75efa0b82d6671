"""Which listening window a state opens: whose voice, how patiently, with which reminders."""

from __future__ import annotations

from voice_imago.dialogue.script import (
    Script,
    Step,
)
from voice_imago.dialogue.script_names import (
    MIRROR_GRAPH,
)
from voice_imago.dialogue.state import Phase, State
from voice_imago.dialogue.walk import Walker
from voice_imago.events import Window

__all__ = ["window"]

LEAST_GRACE_S = 1.0
"""However late the end of the turn was decided, this much grace is left."""


def window(walker: Walker, script: Script, state: State, at: float) -> Window:
    """What is expected at the second ``at``."""
    step = walker.step(state)
    if state.phase in (Phase.RESTING, Phase.PAUSED, Phase.WORKING):
        return Window(step.id, None, None, "setup", script.timings["setup"].end_silence_s)
    if state.doubt is not None:  # whose turn was it? Either may say so
        timing = script.timings["answer"]
        return Window(step.id, None, None, "answer", timing.end_silence_s, _left(state, timing.reminders_s))
    timing = script.timings[step.kind]
    either = step.asker is not None and not state.asked
    grace_s = max(LEAST_GRACE_S, step.supply_after_s - (at - state.last_end))
    return Window(
        step=step.id,
        actor=None if either else walker.actor(state),
        next_actor=walker.next_actor(state) if step.do == "turn" else None,
        kind=step.kind,
        end_silence_s=step.end_silence_s or timing.end_silence_s,
        reminders_s=(grace_s,) if state.phase is Phase.GRACE else _left(state, step.reminders_s or timing.reminders_s),
        talk_limits_s=timing.talk_limits_s if _is_mirrored(step, state) else (),
    )


def _is_mirrored(step: Step, state: State) -> bool:
    return step.do == "turn" and (step.mirror is not None or state.call.graph == MIRROR_GRAPH)


def _left(state: State, reminders_s: tuple[float, ...]) -> tuple[float, ...]:
    """The reminders that were not said yet, counted from the end of the last one."""
    return tuple(s - state.waited_s for s in reminders_s if s > state.waited_s + 0.01)
