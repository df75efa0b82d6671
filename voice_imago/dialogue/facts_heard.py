"""What the dialogue takes in, and which of it leaves the last end of a turn open."""

from __future__ import annotations

from voice_imago.events import (
    AnswerKeyed,
    BargedIn,
    Command,
    Disclosed,
    Due,
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
    Waited,
    WordsKnown,
)

__all__ = ["UNDOABLE", "DialogueFact"]

DialogueFact = (
    PromptEnded
    | TurnHeard
    | WordsKnown
    | Waited
    | Talked
    | Interruption
    | Overlap
    | BargedIn
    | Due
    | Performed
    | Progressed
    | UnderstandingChanged
    | Disclosed
    | Command
    | AnswerKeyed
    | Fault
    | Recovered
)

UNDOABLE = (
    PromptEnded, WordsKnown, Performed, Progressed, UnderstandingChanged, Waited, Talked, Interruption, Overlap,
    Recovered,
)  # fmt: skip
"""Facts after which the last end of turn may still be undone: nobody has decided anything since."""
