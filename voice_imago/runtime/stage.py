"""Carries out what the session asks for: plays prompts, shuts the gate, hands pieces to the recogniser, writes events.

The same stage stands behind a live table, a rehearsal and typed lines; only the ports differ. One prompt is current
at a time: asked for, then heard (played) or read (no sound: shown, and given the time to read it), then over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from voice_imago.dialogue.beginning import Standing
from voice_imago.engines.ports import PLAY_HZ, Pcm, Player, Samples
from voice_imago.events import (
    Cancel,
    Chime,
    Duck,
    Effect,
    Finish,
    Hold,
    Hush,
    Input,
    Mute,
    PartFailed,
    Partner,
    Perform,
    Performed,
    Prepare,
    PromptBegan,
    PromptEnded,
    Publish,
    Resume,
    Say,
    SwitchMicrophone,
    Transcribe,
    TuneVoice,
)
from voice_imago.hearing.gate import prompt_forecast
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.event_stream import EventStream
from voice_imago.session import Session

__all__ = ["AtTheTable", "Keeps", "Pieces", "Prompts", "Stage", "StagePorts", "reading_s"]

READ_WPM = 180.0
"""Words a minute at which a prompt without sound is read from the screen."""
READ_LEAST_S = 1.0
READER_LAG_S = 0.7
"""Seconds after which a screen reader has begun to say a line."""


class Prompts(Protocol):
    """Where the sound of a prompt comes from."""

    def ask(
        self, text: str, ready: Callable[[Pcm | None], None], to: Partner | None = None, *, fresh: bool = False
    ) -> None:
        """Call ``ready`` with the sound: at once if it is at hand, else when it is rendered; None: there is none.

        ``to``: in whose way it is spoken; ``fresh``: only as the voice is set now.
        """
        ...

    def prepare(self, texts: tuple[str, ...], to: tuple[Partner | None, ...] = ()) -> None: ...

    def retune(self, tuned: TuneVoice) -> None: ...

    def never_keep(self, text: str) -> None:
        """The couple's own words are in this prompt: its sound does not go to the disk."""
        ...


class Pieces(Protocol):
    """Who turns a piece of sound into words; answers with a ``TextReady`` input later."""

    def submit(self, wanted: Transcribe, sound: Samples) -> None: ...


class AtTheTable(Protocol):
    """Who measures the room, learns the voices, fetches a model; answers with a ``Performed`` input later."""

    def perform(self, wanted: Perform) -> None: ...

    def cancel(self, id: int) -> None:
        """Give up what was asked for under this id; it answers ``cancelled`` when nothing of it is left."""
        ...

    def tick(self, now_s: float) -> None:
        """So late it is on the audio clock; called after each chunk of sound."""
        ...


class Keeps(Protocol):
    """Who keeps what both partners agreed to keep."""

    def take(self, given: Input | None, effects: Sequence[Effect], session: Session) -> Input | None:
        """What the session was fed (None: it has begun) and what came of it.

        Returns when what must not be lost is on the disk, or after a tenth of a second; gives what else is to be fed.
        """
        ...


@dataclass(frozen=True, slots=True)
class StagePorts:
    """Everything outside the session."""

    prompts: Prompts
    player: Player
    pieces: Pieces
    ear: Ear | None
    stream: EventStream
    chime: Callable[[str], Pcm] | None = None
    """Earcons by name; None: no earcons."""
    show: Callable[[str], None] = lambda line: None
    """Prints the spoken twin of a prompt."""
    clock: Callable[[], float] = lambda: 0.0
    """Seconds since the session began, where there is no microphone to count samples."""
    audible: Callable[[], bool] = lambda: True
    """False while there is no loudspeaker: prompts are read, and none is rendered."""
    mute: Literal["", "voice", "text"] = ""
    """In which way the session begins: the guide is only read, or only heard."""
    tasks: AtTheTable | None = None
    """None: there is nothing to measure (typed lines)."""
    journal: Keeps | None = None
    """None: nothing is kept."""


@dataclass(slots=True)
class _Prompt:
    """The newest prompt that is not over."""

    id: int
    text: str
    key: str
    stage: Literal["asked", "heard", "read"] = "asked"
    read_at: float = 0.0
    """Second at which it has been read."""
    by_reader: bool = False
    """A screen reader says it, to which the microphone must not listen."""


def reading_s(text: str) -> float:
    """Seconds that a prompt without sound stays before the dialogue goes on."""
    return max(READ_LEAST_S, 60.0 * len(text.split()) / READ_WPM)


class Stage:
    """Feeds the session and does what it says."""

    def __init__(self, session: Session, ports: StagePorts) -> None:
        self.session = session
        self.ports = ports
        self.finished: str | None = None
        self._prompt: _Prompt | None = None
        self._mute = ports.mute
        """What is heard is not shown, or what is shown is not heard; what cannot be heard is shown all the same."""
        self._mute_next: Mute | None = None
        self._earcon: Pcm | None = None
        self._earcon_text = ""
        self._waiting: deque[Input] = deque()
        self._busy = False
        self._table: dict[type, Callable[[Any], None]] = {
            Say: self._say,
            Hush: lambda effect: self._cut_off(),
            Duck: lambda effect: self._soften(self.ports.player.duck),
            Hold: lambda effect: self._soften(self.ports.player.hold),
            Resume: lambda effect: self._soften(lambda: self.ports.player.resume(again=effect.again)),
            Prepare: self._prepare,
            Chime: self._chime,
            Transcribe: self._transcribe,
            Perform: self._perform,
            Cancel: self._cancel,
            TuneVoice: lambda effect: self.ports.prompts.retune(effect),
            Mute: self._change_mute,
            SwitchMicrophone: self._switch_microphone,
            Publish: self._publish,
            Finish: self._finish,
        }

    # ------------------------------------------------------------------ from outside

    @property
    def now(self) -> float:
        """Seconds on the audio clock."""
        return self.ports.ear.now if self.ports.ear is not None else self.ports.clock()

    @property
    def talking(self) -> bool:
        """A prompt is asked for, heard or read."""
        return self._prompt is not None

    def begin(self, at: float = 0.0, standing: Standing | None = None) -> None:
        """Open the session; ``standing``: where an earlier one stopped, to be taken up."""
        self._busy = True
        self._carry_out(self._kept(None, self.session.begin(at, standing)))
        self._drain()

    def hear(self, chunk: Samples) -> None:
        """Sound from the microphone, any number of samples."""
        if self.ports.ear is not None:
            for heard in self.ports.ear.hear(chunk):
                self.feed(heard)
        if self.ports.tasks is not None:
            self.ports.tasks.tick(self.now)
        prompt = self._prompt
        if prompt is not None and prompt.stage == "read" and self.now >= prompt.read_at:
            self.feed(PromptEnded(self.now, prompt.id))

    def feed(self, input: Input) -> None:
        """One input into the session, and what follows from it; from within an effect: after the effects at hand."""
        self._waiting.append(input)
        if not self._busy:
            self._drain()

    def _drain(self) -> None:
        self._busy = True
        try:
            while self._waiting:
                input = self._waiting.popleft()
                if isinstance(input, PromptEnded):
                    self._prompt_over(input)
                self._carry_out(self._kept(input, self.session.feed(input)))
        finally:
            self._busy = False

    def _kept(self, input: Input | None, effects: list[Effect]) -> list[Effect]:
        """What was decided is written before the guide speaks on."""
        if self.ports.journal is not None:
            trouble = self.ports.journal.take(input, effects, self.session)
            if trouble is not None:
                self._waiting.append(trouble)
        return effects

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._table[type(effect)](effect)
        earcon, self._earcon = self._earcon, None
        if earcon is not None:
            self._sound_alone(earcon)
            if self._earcon_text and self._mute != "text":
                self.ports.show(self._earcon_text)

    # ------------------------------------------------------------------ prompts

    def _say(self, say: Say) -> None:
        self._cut_off()
        if self._prompt is not None:
            self._leave(self._prompt)
        self._prompt = prompt = _Prompt(say.id, say.text, say.prompt)
        if self._mute != "text":
            self.ports.show(say.text)
        earcon, self._earcon = self._earcon, None
        if self._audible():
            if say.own:
                self.ports.prompts.never_keep(say.text)
            self.ports.prompts.ask(say.text, lambda pcm: self._play(prompt, pcm, earcon), say.to, fresh=say.fresh)
        else:
            self._let_read(prompt)

    def _play(self, prompt: _Prompt, pcm: Pcm | None, earcon: Pcm | None) -> None:
        """The sound is there. Nobody waits any more for that of a prompt which was cut off meanwhile."""
        if prompt is not self._prompt:
            return
        if pcm is None or not self._audible():
            if earcon is not None:
                self._sound_alone(earcon)
            self._let_read(prompt)
            return
        prompt.stage = "heard"
        sound = pcm if earcon is None else np.concatenate([earcon, pcm])
        self.ports.player.play(prompt.id, sound)
        if self.ports.ear is not None:  # after: no frame is heard meanwhile, and nothing delays the first sample
            self.ports.ear.gate.shut(forecast=prompt_forecast(sound, PLAY_HZ, self.now))

    def _let_read(self, prompt: _Prompt) -> None:
        """A prompt without sound still begins and ends, so that the dialogue goes on by text."""
        if self._mute == "text":
            self.ports.show(prompt.text)
        prompt.stage, prompt.read_at = "read", self.now + reading_s(prompt.text)
        if self._mute == "voice" and self.ports.ear is not None:
            prompt.by_reader, prompt.read_at = True, prompt.read_at + READER_LAG_S
            self.ports.ear.gate.shut()
        self.feed(PromptBegan(self.now, prompt.id))
        if self.ports.ear is None:  # nobody is hurried by a clock
            self.feed(PromptEnded(self.now, prompt.id))

    def _cut_off(self) -> None:
        """Stop what is heard, which the player tells back; what nobody hears is over at once."""
        prompt = self._prompt
        if prompt is None:
            return
        if prompt.stage == "heard":
            self.ports.player.stop()
        else:
            self._leave(prompt)
            self.feed(PromptEnded(self.now, prompt.id, True))

    def _soften(self, how: Callable[[], None]) -> None:
        """What nobody hears is neither ducked nor held."""
        if self._prompt is not None and self._prompt.stage == "heard":
            how()

    def _prompt_over(self, ended: PromptEnded) -> None:
        """Only the end of the newest prompt opens the gate: a newer one may be in the air."""
        prompt = self._prompt
        if prompt is None or prompt.id != ended.id:
            return
        self._leave(prompt)
        if prompt.stage == "heard" and self.ports.ear is not None:
            self.ports.ear.gate.open_after(ended.at)

    def _leave(self, prompt: _Prompt) -> None:
        self._prompt = None
        if prompt.by_reader and self.ports.ear is not None:
            self.ports.ear.gate.open_after(self.now)
        if self._mute_next is not None and prompt.key == self._mute_next.after:
            self._mute, self._mute_next = self._mute_next.what, None

    def _change_mute(self, mute: Mute) -> None:
        """It is told in both ways before it holds."""
        self._mute, self._mute_next = "", mute

    def _audible(self) -> bool:
        return self._mute != "voice" and self.ports.audible()

    def _prepare(self, prepare: Prepare) -> None:
        if self._audible():
            for text in prepare.own:
                self.ports.prompts.never_keep(text)
            self.ports.prompts.prepare(prepare.texts, prepare.to)

    # ------------------------------------------------------------------ earcons

    def _chime(self, chime: Chime) -> None:
        """An earcon leads the prompt that follows it in the same breath, or sounds alone; it never cuts one off."""
        if self.ports.chime is not None:
            self._earcon, self._earcon_text = self.ports.chime(chime.name), chime.text

    def _sound_alone(self, earcon: Pcm) -> None:
        """Over whatever is heard; where nothing is, the gate shuts for it."""
        if not self._audible():
            return
        heard = self._prompt is not None and self._prompt.stage == "heard"
        if self.ports.ear is not None and not heard:
            self.ports.ear.gate.open_after(self.now + len(earcon) / PLAY_HZ)
        self.ports.player.chime(earcon)

    # ------------------------------------------------------------------ the rest

    def _transcribe(self, wanted: Transcribe) -> None:
        if self.ports.ear is not None:
            self.ports.pieces.submit(wanted, self.ports.ear.sound(wanted.start, wanted.end))

    def _perform(self, wanted: Perform) -> None:
        if self.ports.tasks is None:
            self.feed(Performed(self.now, wanted.id, "unavailable"))
        else:
            self.ports.tasks.perform(wanted)

    def _cancel(self, cancel: Cancel) -> None:
        if self.ports.tasks is not None:
            self.ports.tasks.cancel(cancel.id)

    def _switch_microphone(self, switch: SwitchMicrophone) -> None:
        if self.ports.ear is not None:
            self.ports.ear.gate.microphone(switch.on)

    def _publish(self, publish: Publish) -> None:
        try:
            self.ports.stream.write(publish.fact)
        except OSError as error:
            why = error.strerror or type(error).__name__
            message = f"The event file cannot be written any more: {why}."
            self.ports.show(message)
            self.feed(PartFailed(publish.fact.at, "events", "failed", message))

    def _finish(self, finish: Finish) -> None:
        self.finished = finish.reason
