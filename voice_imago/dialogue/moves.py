"""The gentle moves that need words: a listener who answers instead of mirroring, a flood, tears.

The guide says what is next and never what was wrong. The first move is a cue, the second a sentence with the stem, the
third offers a choice; at most one in twenty seconds, counted anew in each step. Where no move is due, whatever was
said counts as the turn: only the sender judges a mirror.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from voice_imago.dialogue import depth, word_aid
from voice_imago.dialogue.facilitation import REST_S, ladder
from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.mirror import MirrorCheck
from voice_imago.dialogue.openings import Openings, Sent
from voice_imago.dialogue.script_names import (
    FLOODED_GRAPH,
    MIRROR_GRAPH,
    PAUSE_HERE_GRAPH,
)
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import State
from voice_imago.events import Disclosed, Intervention, Mirrored, Publish, TurnHeard, WordsKnown

__all__ = ["Moves"]

MIRROR_STEP = "mirror"
"""The step of the shared graph in which the listener says back what was sent."""


class Moves:
    """Looks at the words of a turn that is over, when it ends or when they come."""

    def __init__(self, guide: Guide) -> None:
        language = guide.script.languages[guide.course.language]
        self._guide = guide
        self._mirror = MirrorCheck(language.code, language.replies.get("function_words", ()))
        self._openings = Openings(language.replies, self._mirror)

    def read_by(self, before: Callable[[Any], Any]) -> None:
        """``before`` stands before whoever compares words here."""
        self._mirror, self._openings = before(self._mirror), before(self._openings)

    # ------------------------------------------------------------------ what was sent, what came back

    def note(self, heard: TurnHeard, state: State) -> None:
        """Remember the piece that is about to be mirrored, or its mirror; ``state`` is where the turn was spoken."""
        guide, ended, text = self._guide, heard.ended, heard.text
        if self._mirrors(state):
            guide.state = replace(guide.state, mirror_turn=ended.turn, mirror_text=text)
            self._tell_recall()
        elif self._sends(state):
            sent = Sent(ended.turn, ended.speech_s, text)
            guide.state = replace(guide.state, sent=sent, mirror_turn=0, mirror_text=None)
            if state.call.graph != MIRROR_GRAPH:
                depth.first_piece(guide)

    def words_came(self, fact: WordsKnown) -> None:
        """The words of the piece or of its mirror arrived later than its end."""
        guide, state = self._guide, self._guide.state
        if state.sent is not None and state.sent.turn == fact.turn:
            guide.state = replace(state, sent=replace(state.sent, text=fact.text))
            depth.words_came(guide, fact.text)
        elif state.mirror_turn == fact.turn:
            guide.state = replace(state, mirror_text=fact.text)
            if state.confirmed == fact.turn and fact.text:
                guide.state = guide.state.keep("last_mirrored", Slot("words", fact.text.rstrip(" .")))
        else:
            return
        self._tell_recall()

    def _sends(self, state: State) -> bool:
        step = self._guide.walker.step(state)
        again = state.call.graph == MIRROR_GRAPH and step.actor == "sender"
        return step.do == "turn" and (again or step.mirror is not None)

    @staticmethod
    def _mirrors(state: State) -> bool:
        return state.call.graph == MIRROR_GRAPH and state.call.step == MIRROR_STEP

    def _tell_recall(self) -> None:
        state = self._guide.state
        if state.sent is None or not state.sent.text or not state.mirror_text or not state.mirror_turn:
            return
        recall = self._mirror.recall(state.sent.text, state.mirror_text)
        if recall is not None:
            self._guide.emit(Publish(Mirrored(self._guide.at, state.mirror_turn, state.sent.turn, round(recall, 3))))

    # ------------------------------------------------------------------ moves

    def disclosed(self, fact: Disclosed) -> None:
        """Pause in neutral words, whatever was going on; nothing is asked about what was said."""
        guide = self._guide
        if any(call.graph == PAUSE_HERE_GRAPH for call in guide.state.calls):
            return
        guide.state = guide.state.keep("disclosed", Slot(f"choice:{fact.kind}"))
        guide.enter_aside(PAUSE_HERE_GRAPH)

    def overwhelmed(self, text: str | None) -> bool:
        """Words that ask for a break without naming one ("it's too much"): a time-out is offered, never forced."""
        guide = self._guide
        if not text or guide.at - guide.state.intervened_at < REST_S or guide.state.call.kind == "aside":
            return False
        if not guide.replies.holds(text, "flooding"):
            return False
        guide.state = replace(guide.state, intervened_at=guide.at)
        guide.emit(Publish(Intervention(guide.at, "flooding", 3, None)))
        guide.enter_aside(FLOODED_GRAPH)
        return True

    def tearful(self, text: str | None) -> bool:
        """Somebody says that tears come: no hurry. Sound is never judged."""
        guide = self._guide
        if not text or not guide.replies.holds(text, "crying"):
            return False
        guide.emit(Publish(Intervention(guide.at, "crying", 2, None)))
        guide.speak([guide.line("guide.no_hurry")], "listen")
        return True

    def due(self, text: str | None, speech_s: float, state: State) -> str | None:
        """What a listener's turn did instead of mirroring, or a sender's said, if a move is due for it."""
        if self._guide.at - state.intervened_at < REST_S:
            return None
        if self._sends(state):
            step = self._guide.walker.step(state)
            due = word_aid.is_due(state, step, text, self._guide.replies, self._openings)
            return "generalises" if due else None
        if not self._mirrors(state) or state.sent is None:
            return None
        if text:
            return self._openings.deviation(text, state.sent)
        return "adds" if self._openings.too_long(speech_s, state.sent) else None

    def make(self, kind: str) -> None:
        """Say the move that is due; the step stays, or at the third rung the couple chooses."""
        guide, state = self._guide, self._guide.state
        if kind == "generalises":
            state, move = word_aid.offered(state), word_aid.MOVE
        else:
            move = ladder(kind, state.moves)
        guide.state = replace(state, moves=state.moves + 1, intervened_at=guide.at)
        guide.emit(Publish(Intervention(guide.at, kind, move.rung, guide.actor)))
        if move.rung == 3 and guide.step.third:
            guide.follow(guide.walker.follow(guide.state, guide.step.third))
        else:
            guide.speak([guide.line(move.prompt)], "listen")
