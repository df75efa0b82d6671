"""A passphrase, asked at the terminal without an echo, or read as a line from a pipe. Never an argument."""

from __future__ import annotations

import getpass
import os
import sys

from voice_imago import output
from voice_imago.errors import VaultError

__all__ = ["ask_new_passphrase", "ask_passphrase"]

NONE_GIVEN = "No passphrase was given."


def ask_passphrase(what: str) -> str:
    """``what`` is printed. Raises VaultError when none is given."""
    given = getpass.getpass(f"{what} ") if _at_the_keyboard() else _line(what)
    if not given:
        raise VaultError(NONE_GIVEN, "Start again and type it.")
    return given


def ask_new_passphrase(what: str) -> str:
    """Typed twice at a keyboard, since nobody sees it. Raises VaultError."""
    given = ask_passphrase(what)
    if _at_the_keyboard() and getpass.getpass("Once more: ") != given:
        raise VaultError("The two were not the same.", "Start again; nothing was changed.")
    return given


def _at_the_keyboard() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _line(what: str) -> str:
    """One line of a pipe, byte by byte: what follows it is for somebody else."""
    output.error(what)  # what is printed may be for another program
    if sys.stdin is None:
        return ""
    try:
        number = sys.stdin.fileno()
    except (OSError, ValueError):  # no real file
        return sys.stdin.readline().rstrip("\r\n")
    taken = bytearray()
    while (byte := os.read(number, 1)) not in (b"", b"\n"):
        taken += byte
    return taken.decode("utf-8", "replace").rstrip("\r")
