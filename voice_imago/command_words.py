"""Keys and words that are commands, and when a piece of a turn is one. Pure."""

from __future__ import annotations

from voice_imago.dialogue.engine import Dialogue
from voice_imago.events import TextReady
from voice_imago.turn_words import TurnWords

__all__ = ["KEY_ANSWERS", "KEY_COMMANDS", "counts", "spoken_command"]

KEY_COMMANDS = {
    "space": "done",
    "r": "repeat",
    "p": "pause",
    "t": "time_out",
    "s": "skip",
    "h": "help",
    "q": "stop",
    "w": "where",
    "b": "back",
    "v": "learn_voices",
    "m": "check_room",
    "f": "speech_model",
    "u": "whose_turn",
    "l": "how_long",
    "k": "what_is_kept",
    "d": "delete",
    "e": "find_help",
    "a": "another_topic",
    "c": "private_check",
    "g": "more_time",
    "z": "usual_time",
    "/": "word_aid",
    "i": "that_was_me",
    "o": "not_me",
    "-": "slower",
    "+": "faster",
    "<": "softer",
    ">": "louder",
    ",": "lower",
    ".": "higher",
    "j": "another_voice",
    "*": "text_only",
    "#": "voice_only",
    ";": "sounds",
}
"""Keys that are commands."""
KEY_ANSWERS = "yn0123456789x"
"""Keys that answer a question; X is ten."""

CALLS = frozenset({"stop", "time_out", "pause", "help"})
"""Commands that count as one piece of a longer turn; the others only as the whole turn."""
MOVES = frozenset({"skip", "back", "go_on", "done"})
"""Commands that mean a certain step; when their words come after it was left, they mean nothing."""


def spoken_command(dialogue: Dialogue, turn: TurnWords, ready: TextReady) -> str | None:
    """The command that a piece is. A word that is also an answer to what was just asked is the answer."""
    command = dialogue.guide.replies.command(ready.text)
    if command in (None, "done") or dialogue.answers(ready.text):
        return None
    return command if counts(command, turn, ready, dialogue.visit) else None


def counts(command: str, turn: TurnWords, ready: TextReady, visit: int) -> bool:
    """Whether a command found in a piece of a turn is meant; ``visit``: where the dialogue is now."""
    if command not in CALLS and not turn.alone(ready.id):
        return False
    late = turn.ended is not None and turn.visit != visit
    return not (late and command in MOVES)
