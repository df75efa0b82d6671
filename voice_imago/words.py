"""The few names that inputs, facts and effects share."""

from __future__ import annotations

from typing import Literal

Partner = Literal[0, 1]
UNKNOWN: Literal[-1] = -1
Speaker = Literal[-1, 0, 1]
"""A partner's index, or ``UNKNOWN``."""

Kind = Literal["answer", "mirror", "send", "validate", "setup"]
"""Timing class of a listening window (domain §5.4)."""

Words = Literal["nothing", "answers", "speech"]
"""What a recogniser understands: nothing, short answers to a question, or whatever is said."""

Task = Literal[
    "check_room", "measure_room", "measure_echo", "test_echo", "learn_voice", "tell_apart", "keep_voices", "learn_turn",
    "store", "recall", "consent", "forget", "unlock", "take_up",
    "look_for_model", "choose_model", "fetch_model", "try_model", "use_model", "decline_model",
    "another_voice", "know_sound", "keep_way",
]  # fmt: skip
"""What the dialogue may ask of the runtime beside speaking and listening; see ``effects.Perform``."""

Form = Literal["first", "repeat", "cue"]
Why = Literal["silence", "phrase", "key", "other_voice", "limit"]
"""Why a turn ended."""
