"""What the guide says and does when a part of the program fails or comes back.

Nobody loses the floor over a fault: what can wait is said before the next prompt, what cannot is murmured. Only a
lost microphone, or a lost loudspeaker, stops the dialogue, since nobody could be heard: it stands still until both are
there, or until somebody goes on by key. What was said last is said again then.
"""

from __future__ import annotations

from dataclasses import replace

from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import LISTENING, Line, Phase
from voice_imago.events import Fault, Recovered

__all__ = ["Faults"]

_PASSING = frozenset({"piece_failed", "piece_lost", "too_slow"})
"""Faults of the recogniser that cost one piece; the next one may be well."""
_DEVICES = frozenset({"microphone", "loudspeaker"})
_STILL_WRITES = ("late", "aside")
"""Faults of the journal after which it goes on keeping."""
_CAN_WAIT = frozenset({"recogniser", "journal", "home", "settings"})
"""Parts that nobody needs in the middle of a turn;"""
_MENDED = frozenset({"guide.voice_replaced"})
"""and what is mended already."""


class Faults:
    """Takes faults and recoveries, in whatever phase."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._lost: set[str] = set()
        """Which of ``_DEVICES`` are gone."""

    def failed(self, fault: Fault) -> None:
        """A part does not work any more."""
        guide = self._guide
        if fault.part in _DEVICES:
            self._lost.add(fault.part)
        if fault.part == "journal" and fault.code not in _STILL_WRITES:
            guide.state = guide.state.keep("keeping", Slot("choice:none"))
        if fault.part == "recogniser":
            if fault.code in _PASSING or guide.words == "nothing":
                return
            self._without_words()
        line = self._first_known(f"{fault.part}_{fault.code}", f"{fault.part}_failed", f"{fault.part}_lost")
        if line is None:
            return
        if self._stops_all(fault.part) and self._stands_or_falls():
            guide.chime("fault")
            guide.speak([line], "pause")
            guide.state = replace(guide.state, frozen=True)
        else:
            self._tell(fault.part, line)

    def recovered(self, fact: Recovered) -> None:
        """A part works again."""
        guide = self._guide
        self._lost.discard(fact.part)
        if fact.part == "recogniser":
            if guide.words == guide.course.words:
                return
            guide.words = guide.course.words
        line = self._first_known(f"{fact.part}_back")
        if line is None:
            return
        if fact.part in _DEVICES and guide.state.frozen and not self._lost:
            guide.speak([line], "again")
        elif fact.part == "loudspeaker" and guide.state.phase in LISTENING and not guide.turn_open:
            guide.aside([line, *guide.state.said])
        else:
            self._tell(fact.part, line)

    def _stops_all(self, part: str) -> bool:
        """A voice that is heard loses nothing over a loudspeaker."""
        return part == "microphone" or (part == "loudspeaker" and not self._guide.turn_open)

    def _stands_or_falls(self) -> bool:
        """Whether the dialogue needs them now: not in a rest or pause, not at the end."""
        now = self._guide.state.beneath
        resting = now.phase in (Phase.RESTING, Phase.PAUSED)
        return not resting and not (now.phase is Phase.SPEAKING and now.after in ("pause", "stop", "finish"))

    def _without_words(self) -> None:
        """The words that were awaited will not come."""
        guide = self._guide
        guide.words = "nothing"
        phase = Phase.LISTENING if guide.state.phase is Phase.DECIDING else guide.state.phase
        deadline = None if guide.state.phase is Phase.DECIDING else guide.state.deadline
        guide.state = replace(guide.state, phase=phase, deadline=deadline, answer_turns=frozenset())

    def _first_known(self, *names: str) -> Line | None:
        keys = (f"guide.{name}" for name in names)
        return next((self._guide.line(key) for key in keys if self._guide.wording.knows(key)), None)

    def _tell(self, part: str, line: Line) -> None:
        guide, state = self._guide, self._guide.state
        if state.talking:
            rest = (one for one in state.queue[1:] if not one.key.startswith(f"guide.{part}_"))  # that is past now
            guide.state = replace(state, queue=(state.queue[0], line, *rest))
        elif (part in _CAN_WAIT or line.key in _MENDED) and state.phase in LISTENING and guide.step.do == "turn":
            others = tuple(one for one in state.first if not one.key.startswith(f"guide.{part}_"))
            guide.state = replace(state, first=(*others, line))
        else:
            if not line.key.endswith("_back"):
                guide.chime("fault", instead=line if part == "voice" else None)  # a dead voice can introduce nothing
            guide.aside([line])
