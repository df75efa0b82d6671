"""Which key means what, as the couple has set it: each can be moved, or left without a meaning (domain A15).

keys = { "1" = "yes", "3" = "no", "+" = "repeat", "q" = "" }      in the settings; a key left out stays as it is
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from voice_imago.command_words import KEY_ANSWERS, KEY_COMMANDS
from voice_imago.errors import UsageError
from voice_imago.runtime.keys import KEYS

__all__ = ["key_table"]

MEANINGS: Mapping[str, str] = {
    **{command.replace("_", " "): key for key, command in KEY_COMMANDS.items()},
    **{key: key for key in KEY_ANSWERS},
    "yes": "y",
    "no": "n",
    "go on": "space",
}
"""What a key can mean -> the name of the key that means it at first."""
PRESSED: Mapping[str, str] = {"space": " ", "enter": "\n"}


def key_table(changes: Mapping[str, str], *, off: bool = False) -> Mapping[str, str]:
    """The keys as they are, with the changes; ``off``: none means anything. Raises UsageError.

    Whatever is taken away, Ctrl-C still stops.
    """
    if off:
        return {}
    table = dict(KEYS)
    for key, wanted in changes.items():
        pressed = PRESSED.get(key.casefold(), key.casefold())
        if len(pressed) != 1:
            raise UsageError(
                f"The settings name the key {key!r}, which is not one key.", "Write one character, or space."
            )
        meaning = " ".join(wanted.replace("_", " ").split()).casefold()
        if not meaning:
            table.pop(pressed, None)
        elif meaning in MEANINGS:
            table[pressed] = MEANINGS[meaning]
        else:
            close = difflib.get_close_matches(meaning, MEANINGS, 1)
            did = f" Did you mean {close[0]}?" if close else ""
            hint = f"Choose one of: {', '.join(name for name in MEANINGS if len(name) > 1)}, or a digit."
            raise UsageError(
                f"The settings give the key {key!r} the meaning {wanted!r}, which there is not.{did}", hint
            )
    return table
