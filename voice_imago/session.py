"""``feed(input) -> effects``: joins hearing and dialogue. Pure: no device, no thread, no clock but frames.

    FrameHeard ─► Hearing ─ facts ─► Dialogue ─ effects ─► out
                     ▲                  │
                     └──── Expect ──────┘        (the only effect that stays inside)

Words arrive late: each pause inside a turn hands the piece since the last pause to the recogniser, the pieces of
a turn are joined, and the dialogue gets them with the end of the turn if they are there, else when they come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from voice_imago import __version__
from voice_imago.command_words import KEY_COMMANDS, spoken_command
from voice_imago.dialogue.beginning import Standing
from voice_imago.dialogue.engine import Dialogue
from voice_imago.dialogue.replies import SURE, Replies
from voice_imago.dialogue.safety import Harm, HarmWords
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.state import LISTENING, Phase
from voice_imago.discretion import Discretion
from voice_imago.events import (
    AnswerKeyed,
    Backchannel,
    BargedIn,
    Command,
    Disclosed,
    Due,
    Effect,
    Expect,
    Fact,
    Fault,
    Finish,
    FrameHeard,
    Input,
    Interruption,
    KeyPressed,
    LastWords,
    LineTyped,
    Listening,
    Overlap,
    PartFailed,
    PartRecovered,
    Performed,
    Progressed,
    PromptBegan,
    PromptEnded,
    Publish,
    RecogniserChanged,
    Recovered,
    Say,
    SessionEnded,
    SessionStarted,
    Speaker,
    SpeechEnded,
    SpeechStarted,
    Talked,
    TextReady,
    Ticked,
    Transcript,
    TurnEnded,
    TurnHeard,
    TurnPaused,
    TurnReopened,
    UnderstandingChanged,
    VoiceScored,
    Waited,
    Window,
    WordsKnown,
)
from voice_imago.hearing.hearing import Hearing
from voice_imago.over_prompts import OverPrompts
from voice_imago.session_settings import SessionSettings
from voice_imago.turn_words import TurnsInWork, TurnWords
from voice_imago.typed_lines import TypedLines

__all__ = ["KEY_COMMANDS", "Session", "SessionSettings"]

NOT_DONE_S = 2.0
"""Patience added when the last word says that more is coming (domain §5.4)."""


class Session:
    """One couple, one evening; the same object behind a live table, a rehearsal and typed lines."""

    def __init__(self, script: Script, settings: SessionSettings) -> None:
        self.settings = settings
        self.dialogue = Dialogue(script, settings.course)
        self.hearing = Hearing(settings.hearing)
        self._harm_words = HarmWords(script.languages[settings.course.language].replies)
        self._window: Window | None = None
        self._over = OverPrompts(self.hearing, settings.hearing.segmenter.frame_s)
        self._turns = TurnsInWork()
        self._at = 0.0
        self._discretion = Discretion()
        self._typed = TypedLines()
        self._out: list[Effect] = []
        self._inputs: dict[type, Callable[[Any], None]] = {
            FrameHeard: self._frame_heard,
            VoiceScored: lambda score: self._hear(self.hearing.feed(score)),
            KeyPressed: self._key_pressed,
            LineTyped: self._typed.waiting.append,
            PromptBegan: self._prompt_began,
            PromptEnded: self._prompt_ended,
            TextReady: self._text_ready,
            Performed: self._tell,
            Progressed: self._tell,
            RecogniserChanged: self._recogniser_changed,
            PartFailed: lambda part: self._publish_and_tell(Fault(self._at, part.part, part.code, part.message)),
            PartRecovered: lambda part: self._publish_and_tell(Recovered(self._at, part.part)),
            Ticked: lambda tick: None,  # deadlines are looked at after every input
        }
        self._facts: dict[type, Callable[[Any], None]] = {
            SpeechStarted: self._publish,
            SpeechEnded: self._speech_ended,
            BargedIn: self._publish_and_tell,
            Backchannel: self._publish,
            Interruption: self._publish_and_tell,
            Overlap: self._publish_and_tell,
            TurnPaused: self._turn_paused,
            LastWords: self._last_words,
            TurnEnded: self._turn_ended,
            TurnReopened: self._turn_reopened,
            Waited: self._tell,
            Talked: self._tell,
        }

    # ------------------------------------------------------------------ from outside

    @property
    def over(self) -> bool:
        """Nothing more will happen."""
        return self.dialogue.over

    @property
    def _replies(self) -> Replies:
        """The only reader of words, here and in the dialogue; a journal may listen to what it answers."""
        return self.dialogue.guide.replies

    @property
    def window(self) -> Window | None:
        """What is being listened for, if anything."""
        return self._window

    def begin(self, at: float = 0.0, standing: Standing | None = None) -> list[Effect]:
        """Open the session; the greeting follows, or what is said when an earlier session is taken up."""
        self._at, chosen, course = at, self.settings, self.settings.course
        who = (course.dialogue, course.language, course.partners)
        self._publish(SessionStarted(at, *who, chosen.recogniser, chosen.echo, __version__))
        self._apply(self.dialogue.begin(at, standing))
        return self._flush()

    def feed(self, input: Input) -> list[Effect]:
        """Take one input, give what is to be done, in order."""
        self._at = max(self._at, input.at)
        self._discretion.at(alone=self.dialogue.alone)
        if not self.over:
            self._inputs[type(input)](input)
            self._read_typed()
            deadline = self.dialogue.deadline
            if deadline is not None and self._at >= deadline:
                self._tell(Due(self._at))
        return self._flush()

    # ------------------------------------------------------------------ inputs

    def _frame_heard(self, frame: FrameHeard) -> None:
        self._hear(self.hearing.feed(frame))
        effects, facts = self._over.frame(frame)
        self._out += effects
        self._hear(facts)

    def _key_pressed(self, pressed: KeyPressed) -> None:
        key = pressed.key
        if key == "space" and self.hearing.turn_open and self.dialogue.phase in LISTENING:
            self._publish(Command(self._at, "done", "key"))
            self._hear(self.hearing.end_turn(self._at, "key"))
        elif key in KEY_COMMANDS:
            self._publish_and_tell(Command(self._at, KEY_COMMANDS[key], "key"))
        else:
            self._tell(AnswerKeyed(self._at, key))

    def _read_typed(self) -> None:
        """A typed line is a whole turn with its words; while the guide speaks or measures it waits."""
        waiting = self._typed.waiting
        while waiting and not self.over:
            line = waiting[0]
            command = None if self.dialogue.answers(line.text) else self._replies.command(line.text)
            if command is None and (self._window is None or self.dialogue.phase is Phase.WORKING):
                return
            waiting.popleft()
            by = self._window.actor if line.by is None and self._window else line.by
            if command is not None:
                self._publish_and_tell(Command(self._at, command, "key" if command != "stop" else by))
            else:
                self._typed_turn(line.text, by)

    def _typed_turn(self, text: str, by: Speaker | None) -> None:
        harm = self._harm_words.kind(text)
        ended, transcript, heard = self._typed.turn(self._at, text, by, withheld=harm is not None)
        self._publish(ended)
        self._publish(transcript)
        self._tell(heard if harm is None else Disclosed(self._at, harm))

    def _prompt_began(self, began: PromptBegan) -> None:
        if (started := self._over.began(began)) is not None:
            self._publish(started)

    def _prompt_ended(self, ended: PromptEnded) -> None:
        if (finished := self._over.ended(ended)) is not None:
            self._publish(finished)
            self._tell(ended)

    def _recogniser_changed(self, changed: RecogniserChanged) -> None:
        """Pieces from now on are for the new one; answers to earlier ones still count."""
        course = replace(self.settings.course, words=changed.words)
        self.settings = replace(self.settings, course=course, recogniser=changed.recogniser)
        self._publish_and_tell(UnderstandingChanged(self._at, changed.recogniser, changed.words))

    # ------------------------------------------------------------------ facts of hearing

    def _hear(self, facts: list[Any]) -> None:
        for fact in facts:
            self._facts[type(fact)](fact)

    def _publish(self, fact: Fact) -> None:
        self._out.append(Publish(self._discretion.told(fact, alone=self.dialogue.alone)))

    def _tell(self, fact: Any) -> None:
        self._apply(self.dialogue.feed(fact, turn_open=self.hearing.turn_open))

    def _publish_and_tell(self, fact: Any) -> None:
        self._publish(fact)
        self._tell(fact)

    def _speech_ended(self, ended: SpeechEnded) -> None:
        """What was said over a prompt may have been a command."""
        self._publish(ended)
        if self._over.overheard(ended) and self.settings.course.words == "speech":
            self._out.append(self._turns.ask_overheard(ended))

    def _turn_paused(self, pause: TurnPaused) -> None:
        """Give the piece to the recogniser, if it understands this kind of piece."""
        self._discretion.turn(pause.turn)
        words = self.settings.course.words
        answering = self._window is not None and self._window.kind in ("answer", "setup")
        if words == "speech" or (words == "answers" and answering):
            self._out.append(self._turns.ask_piece(pause, answering))

    def _last_words(self, pause: LastWords) -> None:
        """Look at the end of an open piece, for what it says about the floor."""
        if self.settings.course.words == "speech":
            self._out.append(self._turns.ask_look(pause))

    def _turn_ended(self, ended: TurnEnded) -> None:
        turn = self._turns.turn(ended.turn)
        turn.ended, turn.visit = ended, self.dialogue.visit
        self._publish(ended)
        record = self.hearing.record(ended.turn)
        if record is not None:
            self._publish(record.fact(self._at, self.settings.hearing.segmenter.frame_s))
        known = self.settings.course.words != "nothing" and turn.complete
        if known and turn.pieces:
            self._publish(Transcript(self._at, turn.number, turn.text, True, 0.0))
        self._tell(TurnHeard(self._at, ended, turn.utterances if known else None))

    def _turn_reopened(self, fact: TurnReopened) -> None:
        """The same voice goes on: the dialogue goes back, or, if it is too late, hears a new turn."""
        self._over.reopened()
        effects = self.dialogue.undo(self._at, fact.turn)
        turn = self._turns.known(fact.turn)
        if effects is None or turn is None:
            self._listen_anew()
            return
        turn.ended = None
        self._publish(fact)
        self._apply(effects)

    def _listen_anew(self) -> None:
        """Drop the open turn; speech that is running begins a new one."""
        self.hearing.expect(None, self._at)
        self._hear(self.hearing.expect(self._window, self._at))
        self._forget_dropped_turns()

    def _forget_dropped_turns(self) -> None:
        if not self.hearing.turn_open:
            for number in self._turns.unfinished():
                self._turns.forget(number)

    # ------------------------------------------------------------------ words

    def _text_ready(self, ready: TextReady) -> None:
        if (said := self._turns.overheard(ready.id)) is not None:
            self._overheard(said.speaker, ready)
            return
        if (looked_at := self._turns.looked_at(ready.id)) is not None:
            self._looked_at(looked_at, ready)
            return
        turn = self._turns.take(ready)
        if turn is not None and (harm := self._harm_words.kind(ready.text)) is not None:
            self._withhold(turn, harm)
            return
        if turn is None or (ready.confidence >= SURE and ready.text and self._acted_on(turn, ready)):
            return
        if turn.ended is None:
            self._publish(Transcript(self._at, turn.number, turn.text, False, 0.0))
            if self._replies.not_done(ready.text):
                self.hearing.extend(NOT_DONE_S)
        elif turn.complete:
            self._publish(Transcript(self._at, turn.number, turn.text, True, self._at - turn.ended.decided))
            self._tell(WordsKnown(self._at, turn.number, turn.utterances))

    def _overheard(self, speaker: Speaker | None, ready: TextReady) -> None:
        """Words over a prompt: a command, or nobody's business."""
        if (harm := self._harm_words.kind(ready.text)) is not None:
            self._tell(Disclosed(self._at, harm))
        elif ready.confidence >= SURE and (command := self._replies.command(ready.text)) not in (None, "done"):
            self._publish_and_tell(Command(self._at, str(command), speaker))

    def _withhold(self, turn: TurnWords, harm: Harm) -> None:
        """Words that tell of harm: nothing of the turn is passed on, and the dialogue pauses at once."""
        self._publish(Transcript(self._at, turn.number, "", True, 0.0))
        if turn.ended is None:
            self._window = None
            self.hearing.expect(None, self._at)
        self._turns.forget(turn.number)
        self._tell(Disclosed(self._at, harm))

    def _looked_at(self, number: int, ready: TextReady) -> None:
        """Last words: they may give the floor away, or say that more is coming. Who goes on meanwhile is right."""
        turn = self._turns.turn(number)
        if (harm := self._harm_words.kind(ready.text)) is not None:
            self._withhold(turn, harm)
            return
        if turn.ended is not None or not self.hearing.turn_open or self.hearing.speaking:
            return
        if ready.confidence >= SURE and self._replies.hands_over(ready.text):
            self._hear(self.hearing.end_turn(self._at, "phrase"))
        elif self._replies.not_done(ready.text):
            self.hearing.extend(NOT_DONE_S)

    def _acted_on(self, turn: TurnWords, ready: TextReady) -> bool:
        """Whether the piece was a command, or the words that hand the floor over."""
        command = spoken_command(self.dialogue, turn, ready)
        if command is not None:
            self._obey(command, turn, ready.id)
            return True
        if turn.ended is None and self.hearing.turn_open and self._replies.hands_over(ready.text):
            self._publish(Transcript(self._at, turn.number, turn.text, False, 0.0))
            self._hear(self.hearing.end_turn(self._at, "phrase"))
            return True
        return False

    def _obey(self, command: str, turn: TurnWords, piece: int) -> None:
        """The turn was no turn but a command."""
        self._publish(Transcript(self._at, turn.number, turn.text, True, 0.0))
        if turn.ended is None:
            self._listen_anew()
        else:
            self._tell(WordsKnown(self._at, turn.number, ()))
        self._turns.forget(turn.number)
        self._publish_and_tell(Command(self._at, command, turn.pieces[piece].speaker))

    # ------------------------------------------------------------------ effects of the dialogue

    def _apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Expect):
                self._expect(effect.window)
                continue
            if isinstance(effect, Say):
                self._over.asked(self._discretion.line(effect, alone=self.dialogue.alone))
            if isinstance(effect, Finish):
                self._publish(SessionEnded(self._at, effect.reason))
            if isinstance(effect, Publish):
                effect = Publish(self._discretion.told(effect.fact, alone=self.dialogue.alone))
            self._out.append(effect)

    def _expect(self, window: Window | None) -> None:
        self._window = window
        facts = self.hearing.expect(window, self._at)
        self._forget_dropped_turns()
        if window is not None:
            self._publish(Listening(self._at, window.step, window.actor, window.kind, window.end_silence_s))
        self._hear(facts)

    def _flush(self) -> list[Effect]:
        """Effects in order; the end of the session comes last."""
        out, self._out = self._out, []
        return sorted(out, key=lambda one: isinstance(getattr(one, "fact", one), Finish | SessionEnded))
