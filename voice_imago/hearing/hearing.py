"""Hearing: frames and voice opinions in, facts out. The one object that the session talks to.

    FrameHeard ─► Segmenter ─► SpeechStarted / SpeechEnded
                      │
                      ├─► VoiceTrack ─► who
                      └─► Turns ─► TurnPaused (soft) ─► TurnEnded (hard, floor yielded, key, phrase) ─► TurnReopened

Turns exist only inside a window (``expect``). A turn opens with the first speech of the window, and the
window is used up when it ends, unless ``continuous`` (a recording without a dialogue). While the gate is
closed nothing is heard and silence does not count against a turn, but the clock runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from voice_imago.events import (
    FrameHeard,
    HearingFact,
    Speaker,
    SpeechEnded,
    SpeechStarted,
    Talked,
    VoiceScored,
    Waited,
    Why,
    Window,
)
from voice_imago.hearing.endpointing import EndpointSettings, PauseMemory
from voice_imago.hearing.framing import whole_frames
from voice_imago.hearing.record import TurnRecord, TurnRecords
from voice_imago.hearing.segmenter import Ended, Segmenter, SegmenterSettings, Started
from voice_imago.hearing.speakers import SpeakerSettings, VoiceTrack
from voice_imago.hearing.turns import Turns, most_spoken

REST_S = 0.3
"""Silence after the guide's own sound from which a rest was heard: a tone in somebody's sentence makes none."""


@dataclass(frozen=True, slots=True)
class HearingSettings:
    """Everything that hearing can be told beforehand."""

    segmenter: SegmenterSettings = field(default_factory=SegmenterSettings)
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    speakers: SpeakerSettings = field(default_factory=SpeakerSettings)


class Hearing:
    """Feed it every frame in order; it never looks ahead and knows no other time than theirs."""

    def __init__(self, settings: HearingSettings | None = None) -> None:
        self._settings = s = settings or HearingSettings()
        self._frame_s = s.segmenter.frame_s
        self._segmenter = Segmenter(s.segmenter)
        self._track = VoiceTrack(s.speakers, s.segmenter.frame_s, s.segmenter.lag_s)
        self._records = TurnRecords(s.segmenter.frame_s)
        self._turns = Turns(s.endpoint, self._segmenter, self._track, self._records)
        self._at: float | None = None
        self._quiet_since = 0.0
        self._reminded = 0
        self._unheard = False
        """The guide has sounded since somebody spoke last: what was going on meanwhile nobody knows."""
        self._still_s = 0.0
        """Silence heard since then."""

    # ------------------------------------------------------------------ what the session sees

    @property
    def turn_open(self) -> bool:
        """A turn has begun and is not over."""
        return self._turns.open is not None

    @property
    def speaking(self) -> bool:
        """Somebody is speaking now."""
        return self._segmenter.speaking

    @property
    def undecided(self) -> bool:
        """Somebody speaks, and perhaps it is the turn before that goes on."""
        return self._turns.undecided

    @property
    def voice(self) -> Speaker | None:
        """Whose voice is heard now, as far as can be told."""
        return self._track.label if self._track.heard_voices and self._segmenter.speaking else None

    @property
    def pauses(self) -> PauseMemory:
        """What the partners' pauses taught so far."""
        return self._turns.pauses

    def record(self, turn: int) -> TurnRecord | None:
        """Why that turn ended when it did; None when it is unknown or long ago."""
        return self._records.get(turn)

    def expect(self, window: Window | None, at: float) -> list[HearingFact]:
        """A listening window opens, or closes (None). Speech that is already running belongs to it."""
        self._quiet_since, self._reminded = at, 0
        self._turns.expect(window)
        return []

    def feed(self, heard: FrameHeard | VoiceScored) -> list[HearingFact]:
        """What one frame or one voice opinion means."""
        if isinstance(heard, VoiceScored):
            self._track.opine(heard.start, heard.end, heard.llr, heard.strangeness)
            return []
        facts = self._missed_frames(heard.at)
        self._at = heard.at
        self._records.frame(heard.speech)
        if heard.over:
            self._turns.guide_sounded(heard.at)
        facts += self._gated(heard.at) if heard.gated else self._frame(heard)
        return facts + self._limits(heard.at)

    def end_turn(self, at: float, why: Why) -> list[HearingFact]:
        """The open turn is over for a reason from outside (key, phrase, limit); [] if none is open."""
        return self._turns.end(at, why)

    def extend(self, seconds: float) -> None:
        """The last word said "not done": wait this much longer, until somebody speaks again."""
        turn = self._turns.open
        if turn is not None:
            turn.extra_s = max(turn.extra_s, seconds)

    # ------------------------------------------------------------------ frames

    def _missed_frames(self, at: float) -> list[HearingFact]:
        """Dropped blocks count as silence; time never runs back."""
        before, self._at = self._at, at
        if before is None:
            return []
        if at <= before:
            raise ValueError(f"time ran back: a frame at {at:.3f} s after one at {before:.3f} s")
        missed = round((at - before) / self._frame_s) - 1
        enough = whole_frames(self._settings.segmenter.hangover_s, self._frame_s) + 1  # more would change nothing
        facts: list[HearingFact] = []
        for _ in range(min(missed, TurnRecords.longest(self._frame_s))):
            self._records.frame(0.0)
        for n in range(1, min(missed, enough) + 1):
            facts += self._frame(FrameHeard(before + n * self._frame_s, 0.0))
        return facts

    def _frame(self, heard: FrameHeard) -> list[HearingFact]:
        was_running = self._segmenter.running
        believed = self._segmenter.speaking or not heard.doubtful  # what may be the guide itself begins nothing
        change = self._segmenter.feed(heard.at, heard.speech if believed else 0.0)
        if self._segmenter.running:
            unheard = self._unheard and self._still_s < REST_S
            self._track.add(heard.at, heard.llr, fresh=not was_running, unheard=unheard)
            self._unheard, self._still_s = False, 0.0
        elif was_running and change is None:
            self._turns.forget_sound()
        else:
            self._still_s += self._frame_s
        facts: list[HearingFact] = []
        if isinstance(change, Started):
            facts = self._speech_started(heard.at, change)
        elif isinstance(change, Ended):
            facts = self._speech_ended(heard.at, change)
        return facts + self._turns.follow(heard.at, heard.level_db)

    def _gated(self, at: float) -> list[HearingFact]:
        self._unheard, self._still_s = True, 0.0
        if self._turns.gated(at):  # perhaps only a syllable too soft to be told from the guide
            return self._frame(FrameHeard(at, 0.0))
        if not self._segmenter.running:
            return []
        ended = self._segmenter.close(at - self._frame_s)
        if ended is None:
            self._turns.forget_sound()
            return []
        return self._speech_ended(at, ended)

    def _speech_started(self, at: float, started: Started) -> list[HearingFact]:
        self._reminded = 0
        label = self._track.first_label(started.start) if self._track.heard_voices else None
        return [SpeechStarted(at, started.start, label), *self._turns.speech_started(at, started.start)]

    def _speech_ended(self, at: float, ended: Ended) -> list[HearingFact]:
        self._quiet_since = ended.end
        self._track.trim(ended.end)
        fact = SpeechEnded(at, ended.start, ended.end, self._segment_label(ended))
        return [fact, *self._turns.speech_ended(at, ended.start, ended.end)]

    def _segment_label(self, ended: Ended) -> Speaker | None:
        """Who spoke most of a segment, as far as can be told now."""
        if self._track.heard_voices:
            return most_spoken(self._track.spans(ended.start, ended.end))
        return self._turns.open.window.actor if self._turns.open is not None else None

    # ------------------------------------------------------------------ clocks

    def _limits(self, at: float) -> list[HearingFact]:
        turn, window = self._turns.open, self._turns.window
        facts: list[HearingFact] = []
        if turn is not None:
            limits = turn.window.talk_limits_s
            while turn.talked < len(limits) and at - turn.start >= limits[turn.talked]:
                facts.append(Talked(at, limits[turn.talked], turn.number))
                turn.talked += 1
        elif window is not None and not self._segmenter.speaking:
            reminders = window.reminders_s
            while self._reminded < len(reminders) and at - self._quiet_since >= reminders[self._reminded]:
                facts.append(Waited(at, reminders[self._reminded]))
                self._reminded += 1
        return facts
