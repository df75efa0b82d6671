"""What the guide does next: (state, fact) -> (state, effects).

Theory of operation
-------------------
A dialogue is a walk through graphs of steps (``prompts/dialogues/*.toml``). ``Walker`` knows the way, ``Wording``
the words, ``Replies`` what an answer means; this module knows *when*; what is done then is said by ``Turns``,
``Answers``, ``Voices`` (whose voice it was), ``Tasks`` (what the runtime measures and learns), ``Commands`` and
``Faults``. The state is one frozen value; a fact either moves it along the table below or is of no interest and
changes nothing.

    phase      fact          what happens
    ---------  ------------  ------------------------------------------------------------------------------
    SPEAKING   PromptEnded   the next line of the queue, or what comes after it (``After``)
    SPEAKING   WordsKnown    an answer that came late, while its question is being asked again
    GRACE      TurnHeard     somebody asked the question or answered it
    GRACE      Waited        nobody asked: the guide supplies the question
    GRACE      WordsKnown    the turn before this step held the question
    LISTENING  TurnHeard     a turn step is over; an ask step has an answer (or a question) to understand
    LISTENING  Waited        a reminder; never a skip
    LISTENING  Talked        a soft hint that the piece is long; never a cut
    DECIDING   the same as LISTENING, and WordsKnown: the words of the answer, or of a turn that is to be kept
    DECIDING   Due           "one moment", then the question again
    RESTING    Due           the rest is over ("ready" ends it early; a rest may have answers, too)
    PAUSED     nothing but commands, and the keys while the microphone is lost
    WORKING    Performed     the task is done; its outcome decides what follows
    WORKING    Progressed    it is alive, so more time is granted; each quarter is murmured
    WORKING    Due           the same, with the outcome "failed"
    any        Command, AnswerKeyed, Interruption, Overlap, Fault, Recovered, UnderstandingChanged

While the guide asks whose a turn was (``State.doubt``), every turn in LISTENING and DECIDING is an answer to that.

The guide's words come in three strengths. A *prompt* closes the listening window and decides what follows.
Something *in between* (help, a fault) closes it too and then goes back to exactly where we were; words that arrive
meanwhile are kept. A *murmur* leaves window and open turn alone: what must be said while somebody has the floor.

Rules that the table keeps: the guide never waits for words where it does not need them; no step is ever ended
by silence alone; only the partner whose answer is asked moves an ask step; every state has a command that leaves
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from voice_imago.dialogue.aloneness import is_alone
from voice_imago.dialogue.answers import Answers, expected, reminder_prompt, target
from voice_imago.dialogue.barging_in import BargingIn
from voice_imago.dialogue.beginning import Standing, greet, take_up
from voice_imago.dialogue.commands import Commands
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.facts_heard import UNDOABLE, DialogueFact
from voice_imago.dialogue.faults import Faults
from voice_imago.dialogue.going_back import GoingBack
from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.moves import Moves
from voice_imago.dialogue.pace import unstretched
from voice_imago.dialogue.script import AGAIN, STEM, Script, Step
from voice_imago.dialogue.state import LISTENING, Line, Phase
from voice_imago.dialogue.tasks import Tasks
from voice_imago.dialogue.turns import Turns
from voice_imago.dialogue.voices import Voices
from voice_imago.dialogue.walk import other
from voice_imago.dialogue.wording import meant_for
from voice_imago.events import (
    AnswerKeyed,
    BargedIn,
    Command,
    Disclosed,
    Due,
    Effect,
    Expect,
    Fault,
    Interruption,
    Overlap,
    Performed,
    Progressed,
    PromptEnded,
    Recovered,
    Talked,
    TurnHeard,
    UnderstandingChanged,
    Utterance,
    Waited,
    WordsKnown,
)

__all__ = ["Course", "Dialogue", "DialogueFact"]


class Dialogue:
    """Leads one dialogue from its greeting to its goodbye."""

    def __init__(self, script: Script, course: Course) -> None:
        self._guide = Guide(script, course)
        self._answers = Answers(self._guide)
        self._turns = Turns(self._guide)
        self._tasks = Tasks(self._guide)
        self._moves = Moves(self._guide)
        self._voices = Voices(self._guide, self._turns, self._answers)
        self._commands = Commands(self._guide)
        self._faults = Faults(self._guide)
        self._back = GoingBack(self._guide)
        self._table: dict[type, Callable[[Any], None]] = {
            PromptEnded: self._prompt_ended,
            TurnHeard: self._turn_heard,
            WordsKnown: self._words_known,
            Waited: self._waited,
            Talked: self._turns.talked,
            Interruption: self._interrupted,
            Overlap: self._overlapped,
            BargedIn: BargingIn(self._guide).barged_in,
            Due: self._due,
            Disclosed: self._moves.disclosed,
            Command: self._commanded,
            Performed: self._tasks.performed,
            Progressed: self._tasks.progressed,
            UnderstandingChanged: self._tasks.understands,
            AnswerKeyed: self._keyed,
            Fault: self._faults.failed,
            Recovered: self._faults.recovered,
        }

    # ------------------------------------------------------------------ seen from outside

    @property
    def deadline(self) -> float | None:
        """Audio-clock second at which the dialogue wants ``Due``."""
        return self._guide.state.deadline

    @property
    def phase(self) -> Phase:
        return self._guide.state.phase

    @property
    def over(self) -> bool:
        return self.phase is Phase.OVER

    @property
    def step(self) -> Step:
        return self._guide.step

    @property
    def visit(self) -> int:
        """Counts the steps performed; another number means that the dialogue has moved on."""
        return self._guide.state.visit

    @property
    def alone(self) -> bool:
        """What is said now is for one partner alone; no word of it may stand in an event."""
        return is_alone(self._guide.state, self._guide.script.graphs)

    @property
    def guide(self) -> Guide:
        """State, words and ways of this dialogue, to look at."""
        return self._guide

    def read_by(self, before: Callable[[Any], Any]) -> None:
        """``before`` stands before whoever reads words here: a journal that notes what they find, or a replay."""
        self._guide.replies = before(self._guide.replies)
        self._moves.read_by(before)

    def answers(self, text: str) -> bool:
        """Whether the words, which could be a command as well, answer what is being asked just now."""
        text = self._guide.replies.bare(text)
        if self._guide.state.doubt is not None and self.phase in LISTENING:
            return self._guide.replies.who(text) is not None
        step, asking = self.step, self.step.do == "ask" and self.phase in LISTENING
        if not asking and not (step.on and self.phase is Phase.RESTING):
            return False
        meaning = self._guide.replies.meaning(text, expected(step))
        return meaning != "talk" and target(step, meaning) is not None

    def begin(self, at: float, standing: Standing | None = None) -> list[Effect]:
        """Greet, then perform the first step; a session that was broken off is taken up, now or by ``take_up``."""
        if standing is not None and not self._guide.course.offered:
            return self.resume(at, standing)
        self._tasks.offered = standing
        self._guide.at = at
        greet(self._guide)
        return self._guide.flush()

    def resume(self, at: float, standing: Standing) -> list[Effect]:
        """Welcome back, then go on where an earlier session stopped."""
        self._guide.at = at
        take_up(self._guide, standing)
        return self._guide.flush()

    def feed(self, fact: DialogueFact, *, turn_open: bool = False) -> list[Effect]:
        """Take one fact, give the effects in order. After the end nothing has an effect.

        ``turn_open``: somebody is in the middle of a turn just now and should not lose it.
        """
        self._guide.at, self._guide.turn_open = fact.at, turn_open
        if not isinstance(fact, UNDOABLE):
            self._back.settle()
        if not self.over:
            self._table[type(fact)](fact)
        return self._guide.flush()

    def undo(self, at: float, turn: int) -> list[Effect] | None:
        """The end of ``turn`` was wrong, the same voice goes on: be where we were; None if it is too late."""
        return self._back.undo(at, turn)

    # ------------------------------------------------------------------ facts

    def _prompt_ended(self, fact: PromptEnded) -> None:
        guide = self._guide
        if guide.state.murmurs and fact.id == guide.state.murmuring:
            guide.murmur_said()
        elif self.phase is Phase.SPEAKING and fact.id == guide.state.saying:
            guide.line_said()
            self._catch_up()

    def _catch_up(self) -> None:
        """Back from something in between: take what arrived meanwhile."""
        guide, meanwhile = self._guide, self._guide.state.meanwhile
        if meanwhile and guide.state.beneath is guide.state:
            guide.state = replace(guide.state, meanwhile=())
            for fact in meanwhile:
                self._table[type(fact)](fact)

    def _turn_heard(self, heard: TurnHeard) -> None:
        guide = self._guide
        if self.phase is Phase.RESTING:
            self._heard_in_rest(heard.utterances or ())
        elif self.phase in (Phase.PAUSED, Phase.WORKING):
            guide.emit(Expect(guide.window()))
        if self.phase not in LISTENING:
            return
        if guide.state.doubt is not None:
            self._voices.answered(heard)
        elif not self._voices.is_third(heard):
            self._turn_of_a_partner(heard)

    def _turn_of_a_partner(self, heard: TurnHeard) -> None:
        guide, ended = self._guide, heard.ended
        self._back.note(ended.turn)
        taken = ended.why == "other_voice" and guide.step.do == "turn"
        floor = guide.walker.next_actor(guide.state) if taken else None
        state = replace(guide.state, last_turn=ended.turn, last_start=ended.start, last_end=ended.end)
        guide.state = replace(state, floor=floor, refused=None)
        if self._voices.doubts(heard):
            return
        if guide.step.do == "ask":
            self._answers.heard(heard)
        elif guide.actor is not None and ended.speaker == other(guide.actor) and guide.step.task is None:
            self._turns.of_the_other(heard, alone=self.alone)
        else:
            self._take(heard)

    def _take(self, heard: TurnHeard) -> None:
        """A turn step is done, unless its words are needed first, or a gentle move is due."""
        if self._turns.waits(heard) or self._moves.overwhelmed(heard.text) or self._moves.tearful(heard.text):
            return
        self._moves.note(heard, self._guide.state)
        kind = self._moves.due(heard.text, heard.ended.speech_s, self._guide.state)
        if kind is not None:
            self._moves.make(kind)
            return
        self._tasks.learn(heard)
        self._turns.over(heard.text)
        self._back.took()

    def _words_known(self, fact: WordsKnown) -> None:
        if (heard := self._turns.awaited(fact)) is not None:
            self._take(heard) if heard.utterances else self._guide.listen()
            return
        guide, state = self._guide, self._turns.words_came(fact)
        if state.beneath is not state:
            guide.state = replace(state, meanwhile=(*state.meanwhile, fact))
            return
        self._moves.words_came(fact)
        state = guide.state
        if self._move_late(fact):
            return
        if self.phase is Phase.RESTING:
            self._answers.rest_heard(fact.utterances)
        elif state.doubt is not None:
            self._voices.words_came(fact)
        elif self._voices.doubts_words(fact):
            return
        elif fact.turn in state.answer_turns:
            self._answers.words_came(fact)
        elif self._asked_before(fact):
            self._answers.question_asked()

    def _move_late(self, fact: WordsKnown) -> bool:
        """Whether the words of the turn before call for a move, and nothing has followed from it yet."""
        taken = self._back.taken
        if taken is None or taken.turn != fact.turn or self._guide.state.asked:
            return False
        kind = self._moves.due(fact.text, 0.0, taken.state)
        if kind is None:
            return False
        self._back.put_back(taken)
        self._moves.make(kind)
        return True

    def _asked_before(self, fact: WordsKnown) -> bool:
        """Whether the turn before this question held it already, as its words tell only now."""
        waiting = self.phase is Phase.GRACE and fact.turn == self._guide.state.last_turn
        return waiting and self._guide.replies.holds(fact.text, "question")

    def _heard_in_rest(self, utterances: tuple[Utterance, ...]) -> None:
        guide, visit = self._guide, self.visit
        self._answers.rest_heard(utterances)
        if visit == self.visit:
            guide.emit(Expect(guide.window()))

    def _waited(self, fact: Waited) -> None:
        guide = self._guide
        if self.phase is Phase.GRACE:
            guide.speak([guide.prompt_line()], "listen")
        elif self.phase is Phase.LISTENING:
            waited_s, said = guide.state.waited_s + unstretched(fact.seconds, guide.pace), guide.state.said
            doubt = guide.state.doubt is not None
            line = self._voices.reminder(waited_s) if doubt else self._reminder(waited_s)
            guide.speak([line], "pause" if line.key == "guide.pausing_now" else "listen")
            guide.state = replace(guide.state, waited_s=waited_s, said=said)

    def _reminder(self, waited_s: float) -> Line:
        guide, step = self._guide, self._guide.step
        timing = guide.script.timings[step.kind]
        times_s, keys = step.reminders_s or timing.reminders_s, step.remind or timing.remind
        nearest = min(range(len(times_s)), key=lambda i: abs(times_s[i] - waited_s))
        key = keys[min(nearest, len(keys) - 1)]
        if key == STEM and guide.wording.has_stem(step.prompt, guide.roles()):
            return meant_for(guide.wording.next_stem(step.prompt, guide.roles()), guide.actor)
        if key == "guide.answer_options":
            key = reminder_prompt(step)
        return guide.short_line() if key in (AGAIN, STEM) else guide.line(key)

    def _interrupted(self, fact: Interruption) -> None:
        if self.phase in LISTENING and not self._voices.interrupts(fact):
            self._turns.interrupted(fact)

    def _overlapped(self, fact: Overlap) -> None:
        if self.phase in LISTENING:
            self._turns.overlapped(fact)

    def _due(self, fact: Due) -> None:
        state = self._guide.state
        if self.phase is Phase.RESTING:
            self._guide.rest_over()
        elif self.phase is Phase.WORKING:
            self._tasks.too_late()
        elif state.waiting is not None:
            self._turns.due()
        elif self.phase is Phase.DECIDING:
            asks_who = state.doubt is not None and state.filler_said
            (self._voices.not_understood if asks_who else self._answers.due)()

    def _keyed(self, fact: AnswerKeyed) -> None:
        if not self._voices.by_key(fact.key):
            self._answers.by_key(fact.key)

    # ------------------------------------------------------------------ commands

    def _commanded(self, command: Command) -> None:
        if command.name == "that_was_me":
            self._was_me(command)
        elif command.name == "not_me":
            self._was_not_me()
        elif command.name == "done" and command.by == "key" and self._asks_who:
            self._voices.explain_keys()
        else:
            self._commands.obey(command)

    @property
    def _asks_who(self) -> bool:
        return self._guide.state.doubt is not None and self.phase in LISTENING

    def _was_me(self, command: Command) -> None:
        """Take what was refused."""
        guide, refused = self._guide, self._guide.state.refused
        if self._asks_who:
            self._voices.said_me(command.by if command.by != "key" else None)
        elif refused is not None and self.phase in LISTENING:
            guide.state = replace(guide.state, refused=None)
            if guide.step.do == "ask":
                self._answers.that_was_me(refused)
            else:
                self._turns.over(" ".join(utterance.text for utterance in refused))

    def _was_not_me(self) -> None:
        """Give back what was taken, if nothing else has happened since (domain §1.6)."""
        guide, taken = self._guide, self._back.taken
        if self._asks_who:
            self._voices.settle_word("not_me")
        elif taken is not None:
            self._back.put_back(taken)
            self._voices.give_floor_back()
        elif self.phase in LISTENING and guide.actor is not None:
            guide.aside([guide.line("guide.floor_back")])
