"""The prompts in the air, and what happens while the guide speaks and hears at once. Pure.

    FrameHeard(over) ─► BargeIn ─► suspected ─► Duck
                                 ─► certain ──► BargedIn ─► the dialogue: Hush, Hold, or nothing
                                 ─► over ─────► Resume, from the last phrase

What was said over a prompt and belongs to no turn is recognised all the same: it may be a command.
"""

from __future__ import annotations

from voice_imago.events import (
    BargedIn,
    Duck,
    Effect,
    FrameHeard,
    HearingFact,
    PromptBegan,
    PromptEnded,
    PromptFinished,
    PromptStarted,
    Resume,
    Say,
    SpeechEnded,
)
from voice_imago.hearing.barge_in import BargeIn, BargeInSettings
from voice_imago.hearing.hearing import Hearing

__all__ = ["OverPrompts"]

MOST_AGAIN = 3
"""So often a prompt goes back to its last phrase; then it goes on where it is, lest it never end."""
_NEVER = 1e9


class OverPrompts:
    """The prompts of one session; one at a time is heard."""

    def __init__(self, hearing: Hearing, frame_s: float) -> None:
        self._hearing = hearing
        self._barge_in = BargeIn(BargeInSettings(frame_s=frame_s))
        self._lines: dict[int, Say] = {}
        self._now: Say | None = None
        self._softened = False
        self._again = 0
        self._span = (_NEVER, _NEVER)
        """From when to when the newest prompt was in the air."""

    # ------------------------------------------------------------------ prompts

    def asked(self, say: Say) -> None:
        """A prompt was asked for."""
        self._lines[say.id] = say

    def began(self, began: PromptBegan) -> PromptStarted | None:
        """The fact of it; None for a prompt that nobody asked for."""
        say = self._lines.get(began.id)
        if say is None:
            return None
        self._now, self._softened, self._again = say, False, 0
        self._span = (began.at, _NEVER)
        self._barge_in.prompt_began(speaking=self._hearing.speaking)
        return PromptStarted(began.at, say.prompt, say.text, say.form)

    def ended(self, ended: PromptEnded) -> PromptFinished | None:
        say = self._lines.pop(ended.id, None)
        if say is None:
            return None
        if self._now is say:
            self._now, self._span = None, (self._span[0], ended.at)
        return PromptFinished(ended.at, say.prompt, say.text, say.form, ended.interrupted)

    def reopened(self) -> None:
        """The turn before goes on: the prompt was said too soon, and nobody barges into it any more."""
        self._now = None
        self._barge_in.prompt_began(speaking=True)

    # ------------------------------------------------------------------ who speaks over them

    def frame(self, frame: FrameHeard) -> tuple[list[Effect], list[HearingFact]]:
        """What a frame tells about speaking over the guide; call when hearing has had it."""
        if not frame.over and self._barge_in.alarm is None:
            return [], []
        if self._hearing.undecided and self._barge_in.alarm == "suspected":
            return [], []  # perhaps the turn before goes on: then it is taken up again, and nobody barged in
        alarm, say = self._barge_in.feed(frame), self._now
        if alarm is None or say is None:
            return [], []
        if alarm == "over":
            return self._resumed(), []
        ducked: list[Effect] = [] if self._softened else [Duck()]
        self._softened = True
        return ducked, [BargedIn(frame.at, self._hearing.voice, say.prompt)] if alarm == "certain" else []

    def _resumed(self) -> list[Effect]:
        if not self._softened:
            return []
        self._softened = False
        self._again += 1
        return [Resume(again=self._again <= MOST_AGAIN)]

    def overheard(self, ended: SpeechEnded) -> bool:
        """Whether this was said over a prompt and belongs to no turn."""
        began, over = self._span
        return not self._hearing.turn_open and began < ended.start < over
