"""Whose voice it was: asked when hearing is not sure; a third one pauses the dialogue; "not me" gives a turn back.

Nothing here hears anything: hearing says who it was and whether it is sure. At most once in a step the guide asks;
the answer is a name, "me", or a key, and after two answers that name nobody the turn is the partner's whose turn it
was. While the question is open, ``State.doubt`` holds the turn, and every turn is an answer to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voice_imago.dialogue.answers import Answers
from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.replies import SURE
from voice_imago.dialogue.state import LISTENING, Doubt, Line, Phase
from voice_imago.dialogue.turns import Turns
from voice_imago.dialogue.walk import other
from voice_imago.events import (
    UNKNOWN,
    Expect,
    Interruption,
    Intervention,
    Partner,
    Publish,
    Speaker,
    TurnHeard,
    Utterance,
    WordsKnown,
)

__all__ = ["Voices"]

THIRD_VOICE_REST_S = 300.0
"""A radio does not stop the evening: a third voice is told so seldom, seconds."""
MOST_UNCLEAR = 2
"""So many answers that name nobody, and the turn is the partner's whose turn it was."""
_FIRST_REMINDER_S = 10.0
"""Until then the reminder is the question again, later the keys; seconds of silence."""


class Voices:
    """Decides whose a turn was where hearing alone cannot."""

    def __init__(self, guide: Guide, turns: Turns, answers: Answers) -> None:
        self._guide = guide
        self._turns = turns
        self._answers = answers
        self._third_at = -1e9
        """Second at which a third voice was told last; no undo forgets it."""

    # ------------------------------------------------------------------ a third voice

    def is_third(self, heard: TurnHeard) -> bool:
        """Whether a turn was neither partner's. Then it is not taken, and now and then the dialogue pauses."""
        guide, ended = self._guide, heard.ended
        if ended.speaker != UNKNOWN or not ended.sure or guide.voices != "known" or guide.step.task is not None:
            return False
        if not self._pauses():
            self._turns.not_taken(heard.utterances or ())
            if guide.state.phase is Phase.DECIDING:
                guide.emit(Expect(guide.window()))
            else:
                guide.listen_on()
        return True

    def interrupts(self, fact: Interruption) -> bool:
        """Whether it was a third voice that spoke inside a turn."""
        if fact.by != UNKNOWN or self._guide.voices != "known" or self._guide.step.task is not None:
            return False
        self._pauses()
        return True

    def _pauses(self) -> bool:
        guide = self._guide
        if guide.at - self._third_at < THIRD_VOICE_REST_S:
            return False
        self._third_at = guide.at
        guide.emit(Publish(Intervention(guide.at, "third_voice", 1, None)))
        guide.speak([guide.line("guide.third_voice")], "pause")
        return True

    # ------------------------------------------------------------------ asking whose it was

    def doubts(self, heard: TurnHeard) -> bool:
        """Whether the guide has to ask whose this turn was; it asks."""
        guide, ended = self._guide, heard.ended
        if ended.sure or not self._matters(ended.speaker):
            return False
        if guide.step.do == "turn":
            self._ask(Doubt(ended.turn, ended.start, ended.end, heard.utterances))
            return True
        if heard.utterances is None:
            guide.state = replace(guide.state, unsure_turns=guide.state.unsure_turns | {ended.turn})
            return False
        return self._doubts_answer(ended.turn, heard.utterances)

    def doubts_words(self, fact: WordsKnown) -> bool:
        """The words of an answer came, whose voice was not sure."""
        state = self._guide.state
        if fact.turn not in state.unsure_turns or state.doubted or state.phase not in LISTENING:
            return False
        return self._doubts_answer(fact.turn, fact.utterances)

    def _doubts_answer(self, turn: int, utterances: tuple[Utterance, ...]) -> bool:
        if not self._answers.would_answer(utterances):
            return False
        self._ask(Doubt(turn, self._guide.state.last_start, self._guide.state.last_end, utterances))
        return True

    def _matters(self, speaker: Speaker | None) -> bool:
        """Whether the step would go another way if it was the partner whose turn it is."""
        guide = self._guide
        if guide.actor is None or guide.state.doubted or guide.step.task is not None:
            return False
        return speaker == other(guide.actor) or (speaker == UNKNOWN and guide.voices == "known")

    def _ask(self, doubt: Doubt) -> None:
        guide = self._guide
        others = guide.state.answer_turns - {doubt.turn}
        guide.state = replace(guide.state, doubt=doubt, doubted=True, floor=None, answer_turns=others)
        lines = [self._guide.line("guide.which_voice")]
        if guide.words == "nothing":
            lines.append(self._guide.line("guide.which_key"))
        guide.speak(lines, "listen")

    # ------------------------------------------------------------------ the answer

    def answered(self, heard: TurnHeard) -> None:
        """Somebody spoke while it is being asked whose a turn was."""
        guide, ended, doubt = self._guide, heard.ended, self._guide.state.doubt
        if doubt is None:
            return
        by = ended.speaker if ended.sure and ended.speaker in (0, 1) else None
        guide.state = replace(guide.state, doubt=replace(doubt, by=by))
        if heard.utterances is not None:
            self.understand(heard.utterances)
        elif guide.words == "nothing":
            self.not_understood()
        else:
            self._answers.wait_for_words(ended)

    def words_came(self, fact: WordsKnown) -> None:
        """The words of the answer, or those of the turn in question."""
        guide, doubt = self._guide, self._guide.state.doubt
        if doubt is not None and fact.turn == doubt.turn:
            guide.state = replace(guide.state, doubt=replace(doubt, utterances=fact.utterances))
        elif fact.turn in guide.state.answer_turns:
            guide.state = replace(guide.state, answer_turns=guide.state.answer_turns - {fact.turn})
            if guide.state.open_question:
                self.understand(fact.utterances)

    def understand(self, utterances: Sequence[Utterance]) -> None:
        """Settle it on the first utterance that says who."""
        guide, spoken = self._guide, [one for one in utterances if one.text]
        for one in spoken:
            who = guide.replies.who(one.text) if one.confidence >= SURE else None
            if who is not None:
                self.settle_word(who)
                return
        if spoken or guide.words != "speech":
            self.not_understood()
        elif guide.state.phase is not Phase.SPEAKING:
            guide.listen()  # a cough, a chair: nothing was said

    def by_key(self, key: str) -> bool:
        """Whether a key was an answer to whose turn it was."""
        guide = self._guide
        if guide.state.doubt is None or not guide.state.open_question:
            return False
        if key in ("1", "2"):
            self._settle(0 if key == "1" else 1)
        else:
            self.not_understood()
        return True

    def said_me(self, by: Speaker | None) -> None:
        """ "That was me", as a command."""
        self._settle(by if by in (0, 1) else self._expected())

    def not_understood(self) -> None:
        """Ask once more, for a key; then it was the partner whose turn it is."""
        guide, doubt = self._guide, self._guide.state.doubt
        if doubt is None:
            return
        if doubt.unclear + 1 >= MOST_UNCLEAR:
            self._settle(self._expected())
            return
        guide.state = replace(guide.state, doubt=replace(doubt, unclear=doubt.unclear + 1))
        guide.speak([self._guide.line("guide.which_key")], "listen")

    def explain_keys(self) -> None:
        """What can be pressed."""
        self._guide.speak([self._guide.line("guide.which_key")], "listen")

    def reminder(self, waited_s: float) -> Line:
        """In a silence; it never decides anything."""
        return self._guide.line("guide.which_voice" if waited_s < _FIRST_REMINDER_S else "guide.which_key")

    def _expected(self) -> Partner:
        actor = self._guide.actor
        return 0 if actor is None else actor

    def settle_word(self, who: str) -> None:
        """0, 1, "me" or "not_me"."""
        doubt = self._guide.state.doubt
        by = doubt.by if doubt is not None and doubt.by in (0, 1) else None
        if who in ("0", "1"):
            self._settle(0 if who == "0" else 1)
        else:
            me = self._expected() if by is None else by
            self._settle(me if who == "me" else other(me))

    def _settle(self, partner: Partner) -> None:
        """It was this partner's: take it, or give the floor back."""
        guide, doubt = self._guide, self._guide.state.doubt
        if doubt is None:
            return
        guide.hush()
        guide.state = replace(
            guide.state, phase=Phase.LISTENING, back=None, doubt=None, deadline=None, waited_s=0.0,
            last_turn=doubt.turn, last_start=doubt.start, last_end=doubt.end,
        )  # fmt: skip
        utterances = doubt.utterances or ()
        if partner != guide.actor:
            self._turns.not_taken(utterances)
            self.give_floor_back()
        elif guide.step.do == "ask":
            self._answers.that_was_me(utterances)
        else:
            self._turns.over(" ".join(one.text for one in utterances) or None)

    # ------------------------------------------------------------------ the floor

    def give_floor_back(self) -> None:
        """Thank, and say whose turn it is; a question is put again."""
        guide = self._guide
        lines = [guide.line("guide.floor_back")]
        if guide.step.do == "ask":
            lines.append(guide.short_line())
        guide.speak(lines, "listen")
