"""Walking a graph: which step comes next, whose it is, how often it was visited. No words, no effects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from voice_imago.dialogue.aloneness import own_slots, with_own_slots
from voice_imago.dialogue.script import (
    RETURN,
    Graph,
    Mode,
    Step,
    Target,
    target_for,
)
from voice_imago.dialogue.script_names import (
    BREAKS,
    MIRROR_GRAPH,
)
from voice_imago.dialogue.script_shape import branch_range
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import BASES, Call, CallKind, State
from voice_imago.events import Partner

__all__ = ["Walker", "branch_target", "other", "with_call"]

_PASSED = ("say", "task", "walk", "branch")
"""Kinds of steps that "back" does not stop at."""


def branch_target(step: Step, slot: Slot | None, sender: Partner = 0) -> Target | None:
    """Where a branch leads with this slot; None: on. A name may be told by the role that the partner has now."""
    if slot is None or slot.is_empty:
        return step.on.get("empty")
    kind, _, value = slot.meaning.partition(":")
    if kind == "name":
        role = "sender" if int(value) == sender else "receiver"
        return step.on.get(role) or step.on.get(kind)
    if kind == "number":
        number = int(value)
        found = (to for case, to in step.on.items() if case.startswith("number:") and number in _numbers(case))
        return next(found, None)
    return step.on.get(slot.meaning) or step.on.get(kind)


def _numbers(case: str) -> range:
    return branch_range(case) or range(0)


def other(partner: Partner) -> Partner:
    """The other one of two."""
    return 1 if partner == 0 else 0


def with_call(state: State, call: Call) -> State:
    """The same state with another top of the stack."""
    return replace(state, calls=(*state.calls[:-1], call))


class Walker:
    """Moves a ``State`` along the graphs; every method returns a new state.

    None in place of a state: the graph at the bottom of the stack is over; the next one is to be begun. A state with
    ``resumed`` stands on a step that was left for an aside: it is taken up again.
    """

    def __init__(self, graphs: Mapping[str, Graph]) -> None:
        self._graphs = graphs
        self._own = own_slots(graphs)

    # ------------------------------------------------------------------ where we are

    def step(self, state: State) -> Step:
        """The step that the state stands on."""
        return self._step(state.call)

    def _step(self, call: Call) -> Step:
        return self._graphs[call.graph].steps[call.step]

    def stands_on(self, state: State, tasks: Collection[str]) -> bool:
        """Whether the current step, or one that waits beneath it, does one of these tasks."""
        return any(self._step(call).task in tasks for call in state.calls)

    def actor(self, state: State) -> Partner | None:
        """Who acts in the current step; None: nobody in particular."""
        return self.partner(state, self.step(state).actor)

    def partner(self, state: State, role: str | None) -> Partner | None:
        """The partner behind a role. A step for both is walked twice, with the roles changed between."""
        if role in ("sender", "both"):
            return state.sender
        return other(state.sender) if role == "receiver" else None

    def position(self, state: State) -> tuple[int, int]:
        """Number of the current step of the main line and how many there are; a side step has the one before it.

        A part of a dialogue counts as the step of the dialogue that walks it.
        """
        dialogues = [call for call in state.calls if call.kind in BASES and self._graphs[call.graph].menu]
        call = dialogues[-1] if dialogues else state.calls[state.base]
        steps = list(self._graphs[call.graph].steps.values())
        counted = [step.counted and step.do not in ("end", "walk", "branch") for step in steps]
        here = [step.id for step in steps].index(call.step)
        return (max(1, sum(counted[: here + 1])), sum(counted))

    # ------------------------------------------------------------------ going on

    def begin(
        self, state: State, graph: str, kind: CallKind = "main", mode: Mode = "loop", *, flipped: bool = False
    ) -> State:
        """Enter a graph at its first step, on top of the stack."""
        visits = state.aside_visits.get(graph, {}) if kind == "aside" else {}
        entered = self._graphs[graph]
        first = (kind == "prelude" and entered.prelude) or entered.start
        call = Call(graph, first, kind, mode, visits, flipped=flipped)
        return self._entered(state, call)

    def walk(self, state: State) -> State:
        """Enter the graph that the current step walks; in an aside it is an aside, too."""
        name = self.step(state).graph
        if name.startswith("{"):
            name = state.slots[name[1:-1]].meaning.partition(":")[2]
        if state.call.kind == "aside":
            return self.begin(state, name, "aside")
        call = Call(name, self._graphs[name].start, "part", way=state.trail, came=state.sender)
        return self._entered(replace(state, trail=()), call)

    def _entered(self, state: State, call: Call) -> State:
        entered = with_own_slots(state, replace(state, calls=(*state.calls, call)), self._graphs, self._own)
        return self._arrive(entered, call.step) or state

    def branch(self, state: State) -> State | None:
        """Decide a branch by what was kept; of a list, take the next item."""
        step, slots = self.step(state), state.slots
        slot = slots.get(step.by)
        if slot is not None and step.take:
            taken, left = slot.next_item()
            state = state.keep(step.by, left).keep(step.take, taken) if taken is not None else state
            slot = taken
        if slot is not None and step.give:
            state = state.keep(step.give, state.slots.get(step.give, Slot("list")).with_items(*slot.lines))
        target = branch_target(step, slot, state.sender)
        return self.finish(state) if target is None else self.follow(state, target)

    def walked(self, state: State) -> bool:
        """Whether the current graph was walked from a step of another one."""
        return len(state.calls) > 1 and self._step(state.calls[-2]).do == "walk"

    def leave(self, state: State) -> State | None:
        """A dialogue that was walked from a step of another graph is over."""
        return self._left(state)

    def follow(self, state: State, target: Target) -> State | None:
        """Go to ``target``.

        ``return`` ends a graph: after the mirror, and where it was walked, the calling step is finished; a step that
        was left for an aside is taken up again.
        """
        if state.call.second:
            state = _change_places(state, second=False)
        name = self._name(target, state)
        if name != RETURN:
            return self._arrive(state, name)
        return self._left(state)

    def _left(self, state: State) -> State | None:
        """Out of the graph on top of the stack."""
        ended, below = state.call, replace(state, calls=state.calls[:-1])
        below = with_own_slots(state, below, self._graphs, self._own)
        if ended.flipped:
            below = replace(below, sender=other(below.sender))
        if ended.kind == "part":
            below = replace(below, sender=ended.came, trail=ended.way)
        if ended.kind == "mirror" or self.walked(state):
            return self.finish(below)
        if not below.calls:
            return None
        part = self.in_a_part(below) if ended.graph in BREAKS else None
        if part is not None:
            return self._arrive(part, self._graphs[part.call.graph].exit)
        return replace(with_call(below, replace(below.call, told=False)), resumed=True)

    def in_a_part(self, state: State) -> State | None:
        """The graph on the stack in which somebody plays a part, with nothing above it; None: nobody (still) does."""
        for level in range(len(state.calls) - 1, -1, -1):
            leaving = self._graphs[state.calls[level].graph].exit
            if leaving and state.calls[level].step != leaving:
                away = sum(call.flipped for call in state.calls[level + 1 :]) % 2
                sender = other(state.sender) if away else state.sender
                return replace(state, calls=state.calls[: level + 1], sender=sender)
        return None

    def finish(self, state: State) -> State | None:
        """The current step is done: the second partner's part of a step for both, or what comes next."""
        step = self.step(state)
        if step.actor == "both" and not state.call.second:
            return _on_the_trail(_change_places(state, second=True))
        if step.next is None:
            # check_prompts refuses such a graph
            raise ValueError(f"step {step.id!r} of {state.call.graph!r} has no next step")
        return self.follow(state, step.next)

    def skip(self, state: State) -> State | None:
        """Leave the current step without doing it; of a step for both only one's own part."""
        step = self.step(state)
        own_part = step.actor == "both" and not state.call.second
        if own_part or "skip" not in step.on:
            return self.finish(state)
        return self.follow(state, step.on["skip"])

    def mirror(self, state: State) -> State | None:
        """After a turn: into the mirror graph if the step wants it, else on."""
        step = self.step(state)
        if step.mirror is None:
            return self.finish(state)
        flipped = step.actor == "receiver"  # in the mirror the sender is whoever just spoke
        if flipped:
            state = replace(state, sender=other(state.sender))
        return self.begin(state, MIRROR_GRAPH, "mirror", step.mirror, flipped=flipped)

    def outcome(self, state: State, outcome: str) -> State | None:
        """After a task: where its outcome leads."""
        target = self.step(state).on.get(outcome)
        return self.finish(state) if target is None else self.follow(state, target)

    def diverted(self, state: State, target: str, label: str) -> State | None:
        """Take a `heard` branch, once in this step until the step is forgotten."""
        call = replace(state.call, branched=state.call.branched | {(state.call.step, label)})
        return self.follow(with_call(state, call), target)

    def back(self, state: State) -> State | None:
        """One step back.

        Out of an aside; from the mirror to the turn that is being mirrored; else to the turn, question or rest
        before the current one, with everything counted as it was then. At the beginning: to the beginning.
        """
        if state.call.kind == "aside":
            return self._left(state)
        base = state.base
        trail = state.trail if len(state.calls) > base + 1 else state.trail[:-1]
        while trail and self._step(trail[-1][0]).do in _PASSED:
            trail = trail[:-1]
        trail = trail or state.trail[:1]
        if not trail:  # a part that began with a branch or a walk
            return state
        call, sender = trail[-1]
        return replace(state, calls=(*state.calls[:base], call), sender=sender, trail=trail)

    # ------------------------------------------------------------------ looking ahead

    def needs_next(self, state: State, slot: str) -> bool:
        """Whether a slot decides what follows the current step, or is given to a task, before anything is said."""
        steps = self._graphs[state.call.graph].steps
        seen: set[str] = set()
        waiting = [self.step(state).next]
        while waiting:
            step = steps.get(self._name(waiting.pop() or RETURN, state))
            if step is None or step.id in seen:
                continue
            seen.add(step.id)
            if step.by == slot or slot in step.of:
                return True
            waiting += [*step.on.values(), step.next] if step.do == "branch" else []
        return False

    def next_actor(self, state: State) -> Partner | None:
        """Who acts after the current turn; that voice taking the floor ends the turn."""
        step = self.step(state)
        if step.actor == "both" and not step.mirror and not state.call.second:
            return other(state.sender)
        target: Target = self._graphs[MIRROR_GRAPH].start if step.mirror else step.next or RETURN
        name = self._name(target, state)
        if step.actor == "both" or name == RETURN:
            return None
        graph = MIRROR_GRAPH if step.mirror else state.call.graph
        following = self._graphs[graph].steps[name]
        if step.mirror:
            return other(self.actor(state) or 0) if following.actor == "receiver" else self.actor(state)
        return self.partner(state, following.actor if following.actor != "both" else None)

    def ahead(self, state: State) -> list[tuple[Step, Partner]]:
        """Steps that the current one may lead to, each with who would be the sender; the likeliest first."""
        step, graph = self.step(state), state.call.graph
        found: list[tuple[Step, Partner]] = []
        if step.actor == "both" and not state.call.second:
            found.append((step, other(state.sender)))
        targets = [t for t in (step.next, *step.on.values(), *step.heard.values()) if t is not None]
        names = [self._name(target, state) for target in targets]
        if step.mirror:
            sender = other(state.sender) if step.actor == "receiver" else state.sender
            found += [(s, sender) for s in self._graphs[MIRROR_GRAPH].steps.values()]
        if step.do == "walk" and step.graph in self._graphs:
            entered = self._graphs[step.graph]
            found.append((entered.steps[entered.start], state.sender))
        if RETURN in names and len(state.calls) > 1:
            caller = self._graphs[state.calls[-2].graph]
            after = caller.steps[state.calls[-2].step].next
            if isinstance(after, str) and after in caller.steps:
                found.append((caller.steps[after], state.sender))
        steps = self._graphs[graph].steps
        for name in names:
            if name in steps:
                sender = other(state.sender) if steps[name].swap else state.sender
                found.append((steps[name], sender))
        return found

    # ------------------------------------------------------------------ arriving

    def _name(self, target: Target, state: State) -> str:
        return target_for(target, state.call.mode)

    def _arrive(self, state: State, name: str) -> State | None:
        """Enter a step: divert when it was visited often enough, count the visit, forget, change places."""
        steps, visits = self._graphs[state.call.graph].steps, dict(state.call.visits)
        while (limit := steps[name].visits) and visits.get(name, 0) >= limit.most:
            name = self._name(limit.then, state)
            if name == RETURN:
                return self.follow(state, name)
        step = steps[name]
        visits[name] = visits.get(name, 0) + 1
        for forgotten in step.resets:
            visits.pop(forgotten, None)
        branched = frozenset(one for one in state.call.branched if one[0] not in step.resets)
        call = replace(state.call, step=name, visits=visits, branched=branched, second=False, told=False, left_s=None)
        state = with_call(state, call)
        if step.swap:
            state = replace(state, sender=other(state.sender))
        if call.kind == "aside":
            state = replace(state, aside_visits={**state.aside_visits, call.graph: visits})
        return _on_the_trail(state)


def _change_places(state: State, *, second: bool) -> State:
    state = replace(state, sender=other(state.sender))
    return with_call(state, replace(state.call, second=second, told=False))


def _on_the_trail(state: State) -> State:
    if state.call.kind not in BASES:
        return state
    return replace(state, trail=(*state.trail, (state.call, state.sender)))
