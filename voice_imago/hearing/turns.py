"""The turns of a listening window: opened by speech, ended once, now and then reopened.

What speech and silence *mean*; the segmenter says where they are, the track whose they are. Each second of
speech in a turn is handed to the recogniser by exactly one ``TurnPaused``, when ``pieces`` says so, and at the
latest just before the turn ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from voice_imago.events import (
    UNKNOWN,
    Backchannel,
    HearingFact,
    Interruption,
    LastWords,
    Overlap,
    Speaker,
    TurnEnded,
    TurnPaused,
    TurnReopened,
    Why,
    Window,
)
from voice_imago.hearing.endpointing import THINKING, EndpointSettings, Patience, PauseMemory, Turn
from voice_imago.hearing.floor import (
    INTERRUPTION_S,
    OVERLAP_S,
    Intrusion,
    backchannels,
    holds,
    intrusion,
    joined,
    speaks_now,
    yields,
)
from voice_imago.hearing.pieces import Pieces
from voice_imago.hearing.record import TurnRecord, TurnRecords
from voice_imago.hearing.segmenter import Segmenter
from voice_imago.hearing.speakers import FRESH_S, LabelledSpan, VoiceTrack

UNDOABLE = ("silence", "phrase")
"""Ends that somebody who goes on takes back; a key was meant, and the other voice has the floor."""
UNDO_PATIENCE_S = 0.6
"""Speech after which an undecided voice is taken for the one that spoke before."""
UNDO_NATS = 3.0
"""Lead from which it is decided. Measured, with turns ended after 0.6 s: of 298 times that the same voice went on
273 were taken back, of 146 times that it was the other 23; by the running label, which leans on who spoke before, 281
and 51."""


@dataclass(slots=True)
class _Marks:
    """Moments that turns are measured against, in seconds."""

    owned_until: float = 0.0
    """Speech before this belongs to a turn that is over."""
    gate_shut: float = 0.0
    """When the guide began to speak."""
    gate_opened: float = 0.0
    """Until then nothing was heard."""
    sounds_since: float = 0.0
    """When the guide began what it is saying while it listens;"""
    sounded: float = -1e9
    """and when it was last heard to."""
    carried: float | None = None
    """Since when the voice that took the floor over has been running on."""

    @property
    def quiet_since(self) -> float:
        """Silence before this was the guide's."""
        return max(self.gate_opened, self.sounded)


class Turns:
    """At most one open turn, and the one before it for as long as it may be taken up again."""

    def __init__(
        self, settings: EndpointSettings, segmenter: Segmenter, track: VoiceTrack, records: TurnRecords
    ) -> None:
        self.pauses = PauseMemory()
        self.open: Turn | None = None
        self.window: Window | None = None
        self._settings = settings
        self._segmenter = segmenter
        self._track = track
        self._records = records
        self._undoable: Turn | None = None
        self._numbers = 0
        self._marks = _Marks()

    # ------------------------------------------------------------------ windows and gate

    def expect(self, window: Window | None) -> None:
        """Another window, or none. An open turn of the same step goes on; speech already running is a new one."""
        turn = self.open
        self.window = window
        if window is None:
            self.open = None
            return
        self._undoable = None
        if turn is not None and turn.window.step == window.step:
            turn.window = window
            return
        self.open = None
        if self._segmenter.speaking:
            carried = self._marks.carried
            self._begin(window, self._own(self._segmenter.start) if carried is None else carried)

    def gated(self, at: float) -> bool:
        """This frame could not be heard. Whether the gate has just shut, so that somebody may still be going on."""
        marks, most_s = self._marks, self._settings.undo_in_prompt_s + self._track.lag_s
        if at - marks.gate_opened > most_s:
            marks.gate_shut = at - self._track.frame_s
        marks.gate_opened = at
        just_shut = at - marks.gate_shut < most_s
        if not just_shut:
            self._undoable = None
        return just_shut

    def guide_sounded(self, at: float) -> None:
        """The guide is speaking in this frame, and yet it is heard (full duplex)."""
        marks, most_s = self._marks, self._settings.undo_in_prompt_s + self._track.lag_s
        if at - marks.sounded > most_s:
            marks.sounds_since = at - self._track.frame_s
        marks.sounded = at
        if at - marks.sounds_since >= most_s and not self._segmenter.speaking:
            self._undoable = None

    @property
    def undecided(self) -> bool:
        """Whether it is still open if the turn that has just ended goes on."""
        return self._undoable is not None and self._segmenter.running

    def forget_sound(self) -> None:
        """What was running never became speech."""
        self._track.trim(self._marks.owned_until if self.open is None else self.open.last_end)

    # ------------------------------------------------------------------ speech

    def speech_started(self, at: float, start: float) -> list[HearingFact]:
        turn = self.open
        if turn is not None:
            self._learn_pause(turn, start)
            turn.extra_s = 0.0
            turn.pieces.speech(start, start - turn.last_end)
        elif self._undoable is not None:
            return [] if self._track.heard_voices else self._reopen(at, self._undoable)
        elif self.window is not None:
            self._begin(self.window, self._own(start))
        return []

    def speech_ended(self, at: float, start: float, end: float) -> list[HearingFact]:
        """A segment is over; its frames are labelled as far as can be told now."""
        self._marks.carried = None
        facts = [] if self._undoable is None else self._undo(at, self._undoable, over=True)
        turn = self.open
        if turn is None:
            self._track.trim(self._marks.owned_until)
            return facts
        begin = max(start, turn.start)
        turn.last_end = max(turn.last_end, end)
        turn.pieces.silence(end)
        if self._track.heard_voices:
            short = backchannels(self._track.spans(begin, end), turn.holder())
            facts += [Backchannel(at, span.speaker, turn.number) for span in short if span.speaker is not None]
        return facts

    def follow(self, at: float, level_db: float) -> list[HearingFact]:
        """Each frame: does the turn go on?"""
        if self._undoable is not None:
            return self._undo(at, self._undoable, over=False)
        turn = self.open
        if turn is None:
            return []
        turn.pieces.frame(at, level_db)
        if self._segmenter.speaking:
            label = self._track.label
            if label is not None and not self._segmenter.silent_frames:
                turn.held_s[label] += self._track.frame_s
            return self._intruded(at, turn) or self._handed_out(turn, at, turn.pieces.in_speech(at))
        return [] if self._segmenter.voiced else self._silent(at, turn)

    def end(self, at: float, why: Why) -> list[HearingFact]:
        """The open turn is over for a reason from outside."""
        turn = self.open
        if turn is None:
            return []
        if not self._segmenter.speaking:
            return self._end(turn, at, turn.last_end, why)
        return self._end(turn, at, max(turn.start, at), why)

    # ------------------------------------------------------------------ beginnings

    def _own(self, start: float) -> float:
        return max(start, self._marks.owned_until)

    def _begin(self, window: Window, start: float) -> Turn:
        self._numbers += 1
        self._marks.carried = None
        self._track.drop(start)
        if not self._settings.continuous:  # who spoke before says nothing about who answers
            self._track.expect(window.actor)
        pieces = Pieces(
            self._settings.pieces, self._track.frame_s, max(self._marks.owned_until, self._marks.gate_opened)
        )
        pieces.speech(start)
        self.open = Turn(self._numbers, window, start, start, pieces)
        return self.open

    def _reopen(self, at: float, turn: Turn) -> list[HearingFact]:
        """The same voice goes on: the silence was a pause after all."""
        start = self._segmenter.start
        self._undoable, self.open, self.window = None, turn, turn.window
        self._learn_pause(turn, start)
        ended = self._records.get(turn.number)
        if ended is not None and ended.why == "silence":  # else the patience was not at fault
            self.pauses.ended_wrongly(turn.partner())
        turn.extra_s = 0.0
        turn.pieces.speech(start, start - turn.last_end)
        return [TurnReopened(at, turn.number)]

    def _undo(self, at: float, turn: Turn, over: bool) -> list[HearingFact]:
        """Whether the turn that silence ended a moment ago goes on. ``over``: the new speech has just ended."""
        if not over and not self._segmenter.speaking:
            if self._too_late(at, turn) and not self._segmenter.voiced:
                self._undoable = None
            return []
        label = self._track.first_label(self._segmenter.start, UNDO_NATS)
        if label is None and not over and at - self._segmenter.start < UNDO_PATIENCE_S:
            return []
        self._undoable = None
        return self._reopen(at, turn) if label is None or label == turn.speaker else []

    def _too_late(self, at: float, turn: Turn) -> bool:
        in_prompt_s = at - self._track.lag_s - self._marks.gate_shut
        return at - turn.decided > self._settings.undo_s and in_prompt_s >= self._settings.undo_in_prompt_s

    def _learn_pause(self, turn: Turn, start: float) -> None:
        if self._marks.quiet_since < turn.last_end:  # else part of the silence was the guide's
            self.pauses.heard(turn.partner(), start - turn.last_end)

    # ------------------------------------------------------------------ endings

    def _intruded(self, at: float, turn: Turn) -> list[HearingFact]:
        found = intrusion(self._track, turn) if self._track.heard_voices else None
        if found is None:  # a stranger who goes on after a pause was told
            turn.interrupted = turn.interrupted and self._track.strange
            return self._joined(at, turn) if self._track.heard_voices else []
        if found.by == UNKNOWN and self._outlasted(at, turn, found.since):
            return self._end(turn, at, self._last_speech(turn, found.since), "silence")
        if yields(found.by, turn):
            if self._takes_floor(found):
                return self._taken_over(at, turn, found)
            if found.left_at is not None and not self._settings.continuous:
                return []  # the floor was free: nobody is interrupted
        if overlaps := self._overlapping(at, turn, found):
            return overlaps
        if turn.interrupted or found.held_s <= INTERRUPTION_S:
            return []
        turn.interrupted = True
        return [Interruption(at, found.by, turn.number)]

    def _joined(self, at: float, turn: Turn) -> list[HearingFact]:
        """Whether another voice speaks beside the holder's, who keeps the floor."""
        by = joined(self._track, turn)
        if by is None:
            turn.overlaps, turn.joined_at = 0, None
            return []
        if turn.joined_at is None:
            turn.joined_at = at
        return self._overlap(at, turn, by, OVERLAP_S[0] + at - turn.joined_at)

    def _overlapping(self, at: float, turn: Turn, found: Intrusion) -> list[HearingFact]:
        """Whether the voice that cut in and the holder's have gone on together past the next limit."""
        if found.by == UNKNOWN or found.left_at is not None or not speaks_now(self._track, found.by):
            return []
        return self._overlap(at, turn, found.by, found.held_s)

    @staticmethod
    def _overlap(at: float, turn: Turn, by: Speaker, seconds: float) -> list[HearingFact]:
        """Each limit is told once."""
        past = sum(seconds >= limit_s for limit_s in OVERLAP_S)
        if past <= turn.overlaps:
            return []
        turn.overlaps = past
        return [Overlap(at, by, turn.number, OVERLAP_S[past - 1])]

    def _outlasted(self, at: float, turn: Turn, since: float) -> bool:
        """A television or a guest does not keep a partner's turn open; a turn no partner began is nobody's to end."""
        gone_s = at - max(since, self._marks.quiet_since)
        began = since > turn.start + FRESH_S  # else the running labels took the stranger for a partner
        begun = began and turn.holder() is not None and not self._settings.continuous
        return begun and gone_s >= self._patience(turn).seconds

    def _takes_floor(self, found: Intrusion) -> bool:
        """Whether the voice that comes next has the floor by now; one that cut in has to keep it for longer."""
        s = self._settings
        if not self._segmenter.voiced:  # whoever has just fallen silent may only have said "mm-hm"
            return False
        if s.continuous:
            found = replace(found, left_at=found.since)
        return holds(self._track, found, s.takeover_s) or found.held_s >= s.cut_in_s

    def _taken_over(self, at: float, turn: Turn, found: Intrusion) -> list[HearingFact]:
        end = max(turn.start, min(found.since, at))
        facts = self._end(turn, at, self._last_speech(turn, end), "other_voice")
        if self._settings.continuous:
            following = self._begin(turn.window, found.since)
            following.held_s[found.by] = found.held_s
        else:
            self._marks.carried = found.since
        return facts

    def _last_speech(self, turn: Turn, before: float) -> float:
        """End of the speech before another voice."""
        spans = self._track.spans(turn.start, before)
        return min(before, spans[-1].end) if spans else before

    def _silent(self, at: float, turn: Turn) -> list[HearingFact]:
        silence_s = at - max(turn.last_end, self._marks.quiet_since)
        patience_s = self._patience(turn).seconds
        if silence_s >= patience_s:
            return self._end(turn, at, turn.last_end, "silence")
        if pieces := turn.pieces.in_silence(at, silence_s, patience_s):
            return self._handed_out(turn, at, pieces)
        last_words = turn.pieces.last_words(at, silence_s)
        return [] if last_words is None else [LastWords(at, turn.number, *last_words)]

    def _patience(self, turn: Turn) -> Patience:
        s = self._settings
        learned = self.pauses.factor(turn.partner()) if s.learn else 1.0
        return Patience(turn.window.end_silence_s, THINKING[s.thinking], learned, turn.extra_s, s.least_s)

    def _handed_out(self, turn: Turn, at: float, pieces: Iterable[tuple[float, float]]) -> list[HearingFact]:
        """Who spoke in each piece, as far as can be told now."""
        voices, actor = self._track.heard_voices, turn.window.actor
        return [
            TurnPaused(at, turn.number, start, end, most_spoken(self._track.spans(start, end)) if voices else actor)
            for start, end in pieces
        ]

    def _end(self, turn: Turn, at: float, end: float, why: Why) -> list[HearingFact]:
        # Whoever is speaking now is somebody else, or was cut off; after a silence there is some sound left to give.
        facts = self._handed_out(turn, at, turn.pieces.rest(end if self._segmenter.speaking else at))
        spans = self._judge(turn, end)
        heard = turn.nats or self._track.heard_voices
        speaker = most_spoken(turn.parts) if heard else turn.window.actor
        if why == "silence" and speaker is not None and self._mere_sound(turn, speaker):
            self._close(end)
            return [*facts, Backchannel(at, speaker, turn.number)]
        turn.speaker, turn.decided, turn.last_end = speaker, at, end
        margin, patience = turn.margin_nats(speaker), self._patience(turn)
        record = TurnRecord(turn.number, turn.window, speaker, margin, turn.start, end, at, why, patience)
        self._records.keep(record, spans)
        self._close(end)
        if not self._settings.continuous:
            self.window = None
            undoable = why in UNDOABLE and self._settings.undo_s > 0.0 and not self._segmenter.speaking
            self._undoable = turn if undoable else None
        sure = speaker not in (0, 1) or not turn.nats or margin >= self._track.settings.sure_turn_nats
        return [*facts, TurnEnded(at, turn.number, speaker, turn.start, end, at, why, turn.speech_s, sure)]

    def _close(self, end: float) -> None:
        self.open = None
        self._marks.owned_until = end
        self._track.drop(end)

    def _mere_sound(self, turn: Turn, speaker: Speaker) -> bool:
        """The listener said "mm-hm" while the actor was still thinking: no turn."""
        window = turn.window
        if window.kind in ("answer", "setup") or window.actor is None or not self._track.heard_voices:
            return False
        return speaker != window.actor and turn.speech_s < INTERRUPTION_S

    def _judge(self, turn: Turn, end: float) -> list[LabelledSpan]:
        """Adds the turn's newest part: its labelled spans, and the evidence for their labels."""
        spans = self._track.spans(turn.start, end)
        if not self._track.heard_voices:
            spans = [LabelledSpan(s.start, s.end, turn.window.actor) for s in spans]
        else:
            for s in spans:
                turn.nats[s.speaker] = turn.nats.get(s.speaker, 0.0) + self._track.evidence(s.start, s.end)
        turn.parts += spans
        turn.speech_s += sum(span.end - span.start for span in spans)
        return spans


def most_spoken(spans: Sequence[LabelledSpan]) -> Speaker | None:
    """The label with the most seconds."""
    seconds: dict[Speaker | None, float] = {}
    for span in spans:
        seconds[span.speaker] = seconds.get(span.speaker, 0.0) + span.end - span.start
    return max(seconds, key=lambda speaker: seconds[speaker]) if seconds else None
