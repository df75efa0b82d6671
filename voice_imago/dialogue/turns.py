"""Turn steps: what ends them, what follows, and what is said to somebody who speaks too long or out of turn."""

from __future__ import annotations

from dataclasses import replace

from voice_imago.dialogue import facilitation
from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.pace import unstretched
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase, State
from voice_imago.dialogue.walk import other
from voice_imago.events import (
    Expect,
    Interruption,
    Intervention,
    Overlap,
    Publish,
    Speaker,
    Talked,
    TurnHeard,
    Utterance,
    WordsKnown,
)

__all__ = ["FILLER_S", "GIVE_UP_S", "Turns"]

FILLER_S = 3.0
"""Seconds without the words that are needed until "one moment" (domain §5.7)."""
GIVE_UP_S = 8.0
"""Seconds without them until the guide goes on, or asks again."""


class Turns:
    """Leads from a turn to what comes after it."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    def over(self, text: str | None) -> None:
        """A turn step is done: its task, or perhaps a gentle second try, else the mirror, else on.

        A list gets no line from a turn that led to a second try.
        """
        guide, label = self._guide, self._diverts(text)
        if label is None or not guide.step.add:
            self._keep(text)
        if guide.step.task is not None:
            guide.state = replace(guide.state, floor=None)  # whoever comes next is asked first
            guide.work(guide.state.last_start, guide.state.last_end)
            return
        if label is not None:
            guide.follow(guide.walker.diverted(guide.state, guide.step.heard[label], label))
            return
        if text:
            asked = guide.replies.holds(text, "question")
            guide.state = replace(guide.state, asked=asked)
        guide.follow(guide.walker.mirror(guide.state))

    def _diverts(self, text: str | None) -> str | None:
        """The reply list for which the step goes elsewhere; with ``!``, one of which there is nothing in the words."""
        guide = self._guide
        if not text or guide.step.task is not None:
            return None
        labels = [label for label in guide.step.heard if (guide.step.id, label) not in guide.state.call.branched]
        return next(
            (label for label in labels if guide.replies.holds(text, label.lstrip("!")) is not label.startswith("!")),
            None,
        )

    # ------------------------------------------------------------------ words to be kept

    def waits(self, heard: TurnHeard) -> bool:
        """Whether the words of this turn have to be there first, and are not: what follows is decided by them, or
        has them kept."""
        guide, step = self._guide, self._guide.step
        needed = bool(step.keep) and step.mirror is None and guide.walker.needs_next(guide.state, step.keep)
        if heard.text is not None or guide.words != "speech" or not needed:
            return False
        self._keep(None)
        guide.state = replace(
            guide.state, phase=Phase.DECIDING, waiting=heard, deadline=guide.at + FILLER_S, filler_said=False
        )
        guide.emit(Expect(guide.window()))
        return True

    def awaited(self, fact: WordsKnown) -> TurnHeard | None:
        """The turn that waits for these words, with them; a turn that was none leaves the step as it is."""
        guide, waiting = self._guide, self._guide.state.waiting
        if waiting is None or waiting.ended.turn != fact.turn or guide.state.phase is not Phase.DECIDING:
            return None
        left = {turn: other for turn, other in guide.state.keeping.items() if turn != fact.turn}
        guide.state = replace(guide.state, keeping=left, waiting=None)
        return replace(waiting, utterances=fact.utterances)

    def due(self) -> None:
        """The words do not come: first a filler, then on without them; they are kept when they come."""
        guide = self._guide
        if guide.state.filler_said:
            self.over(None)
        else:
            guide.state = replace(guide.state, filler_said=True, deadline=guide.at + GIVE_UP_S - FILLER_S)
            guide.murmur(guide.line("guide.one_moment"))

    def _keep(self, text: str | None) -> None:
        """Keep the words of the turn if the step says so, or when they come."""
        guide, step = self._guide, self._guide.step
        if not step.keep:
            return
        wanted = (step.keep, step.add, tuple(label for label in step.heard if not label.startswith("!")))
        if text:
            self._keep_as(*wanted, text)
        else:
            guide.state = replace(guide.state, keeping={**guide.state.keeping, guide.state.last_turn: wanted})

    def words_came(self, fact: WordsKnown) -> State:
        """The words of an earlier turn, which may be awaited to be kept."""
        guide, wanted = self._guide, self._guide.state.keeping.get(fact.turn)
        if wanted is not None:
            left = {turn: other for turn, other in guide.state.keeping.items() if turn != fact.turn}
            guide.state = replace(guide.state, keeping=left)
            if fact.text:
                self._keep_as(*wanted, fact.text)
        return guide.state

    def _keep_as(self, name: str, add: str, heard: tuple[str, ...], text: str) -> None:
        """The words themselves; or, in a list, one more line, or each of the things that were named.

        What as a whole is a phrase of a list that the step listens for ("I remember nothing") is not kept.
        """
        guide = self._guide
        if any(guide.replies.is_wholly(text, label) for label in heard):
            return
        if not add:
            guide.state = guide.state.keep(name, Slot("words", text))
            return
        items = guide.replies.lines(text, add)
        before = Slot("list") if add == "anew" else guide.state.slots.get(name, Slot("list"))
        guide.state = guide.state.keep(name, before.with_items(*items))

    def of_the_other(self, heard: TurnHeard, *, alone: bool = False) -> None:
        """Not the partner whose turn it is: the step stays. Who should be ``alone`` has no other one to be told of."""
        speaker = heard.ended.speaker
        self.not_taken(heard.utterances or ())
        self._guide.listen()
        if speaker is not None and not alone:
            self.interrupted(Interruption(heard.at, speaker, heard.ended.turn))

    def not_taken(self, utterances: tuple[Utterance, ...]) -> None:
        """Keep what was said in case that it was meant after all ("that was me")."""
        self._guide.state = replace(self._guide.state, refused=utterances, floor=None)

    def interrupted(self, fact: Interruption) -> None:
        """The other voice inside a turn: let pass the first time, then a move."""
        if not self._disturbs(fact.by):
            return
        guide, state = self._guide, self._guide.state
        move = facilitation.on_interruption(state.disturbances, state.moves, guide.at - state.intervened_at)
        guide.state = replace(state, disturbances=state.disturbances + 1)
        if move is not None:
            self._make("interruption", move)

    def overlapped(self, fact: Overlap) -> None:
        """Both talk at once: a soft sound; where they go on, whose floor it is."""
        if not self._disturbs(fact.by):
            return
        guide, state = self._guide, self._guide.state
        move = facilitation.on_overlap(fact.seconds, state.moves, guide.at - state.intervened_at)
        if move is facilitation.SOFT_SOUND:
            guide.emit(Publish(Intervention(guide.at, "both_at_once", 1, None)))
            guide.chime("time", alone=True, instead=guide.line("guide.one_voice"))
        elif move is not None:
            self._make("both_at_once", move)

    def _disturbs(self, by: Speaker) -> bool:
        """Whether this is the voice of whoever listens in the present turn."""
        guide, actor = self._guide, self._guide.actor
        if guide.state.phase is not Phase.LISTENING or guide.step.do != "turn" or guide.state.doubt is not None:
            return False
        return actor is not None and by == other(actor)

    def _make(self, kind: str, move: facilitation.Move) -> None:
        """Say whose floor it is; the turn stays open."""
        guide, state = self._guide, self._guide.state
        guide.state = replace(state, moves=state.moves + 1, intervened_at=guide.at)
        by = None if guide.actor is None or kind == "both_at_once" else other(guide.actor)
        guide.emit(Publish(Intervention(guide.at, kind, move.rung, by)))
        guide.murmur(guide.line(move.prompt))

    def talked(self, fact: Talked) -> None:
        """Too long for one mirror: first a soft sound, then a sentence; the turn itself stays open."""
        guide = self._guide
        if guide.state.phase is not Phase.LISTENING or guide.step.do != "turn":
            return
        limits_s = guide.script.timings[guide.step.kind].talk_limits_s
        rung = facilitation.on_long_turn(
            unstretched(fact.seconds, guide.pace), limits_s, guide.at - guide.state.intervened_at
        )
        if rung == 0:
            return
        guide.emit(Publish(Intervention(guide.at, "long_turn", rung, guide.actor)))
        if rung == 1:
            guide.chime("time", alone=True)
        else:
            guide.state = replace(guide.state, intervened_at=guide.at)
            guide.murmur(guide.line("guide.let_catch" if rung == 2 else "guide.one_sentence"))
