"""Single keys beside the voice: from a terminal as they are pressed, else one name per line.

    terminal        one key: those of ``command_words``, Y, N and 0-9; Enter is space
    no terminal     lines such as "space", "y", "repeat" or "go on"  for programs and screen readers

What a key means is the dialogue's business; here it only gets its name. The terminal is put back as it was at
``close``, at exit, and when a signal ends the program.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType, TracebackType
from typing import Any, TextIO

from voice_imago.command_words import KEY_ANSWERS, KEY_COMMANDS

KEYS: Mapping[str, str] = {
    " ": "space",
    "\n": "space",
    "\r": "space",
    "=": "+",  # the same key without shift
    **{key: key for key in (*KEY_COMMANDS, *KEY_ANSWERS) if len(key) == 1},
}
"""What is pressed -> the key's name; capital letters count as small ones."""

WORDS: Mapping[str, str] = {
    **{command.replace("_", " "): key for key, command in KEY_COMMANDS.items()},
    "space": "space",
    "go on": "space",
    "time-out": "t",
    "timeout": "t",
    "yes": "y",
    "no": "n",
    "quit": "q",
    "where are we": "w",
    "learn our voices": "v",
}
"""Further names for lines."""

ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
"""An arrow or function key: one escape sequence, which must not count as its letters."""
POLL_S = 0.05
"""Seconds between looks at the keyboard on Windows, which cannot be waited for."""

OnKey = Callable[[str], None]
Secret = Callable[[str | None], None]


def pressed(text: str, table: Mapping[str, str] = KEYS) -> Iterator[str]:
    """Names of the keys in what a terminal sent; unknown ones are left out."""
    for character in ESCAPE.sub("", text):
        name = table.get(character) or table.get(character.casefold())
        if name:
            yield name


def named(line: str, table: Mapping[str, str] = KEYS) -> str | None:
    """The key meant by a line, or None. Names are never moved; without any key they mean nothing either."""
    word = " ".join(line.split()).casefold()
    if word in WORDS and table:
        return WORDS[word]
    return table.get(word) if len(word) == 1 else None


class Keys:
    """Calls ``on_key`` with a key's name, from a thread of its own that ends quietly when the input does."""

    def __init__(
        self,
        on_key: OnKey,
        table: Mapping[str, str] = KEYS,
        stream: TextIO | None = None,
        on_unknown: Callable[[str], None] | None = None,
    ) -> None:
        """``on_unknown`` is told each line that names no key. ``stream``: standard input unless given."""
        self._on_key = on_key
        self._table = table
        self._stream = sys.stdin if stream is None else stream
        self._on_unknown = on_unknown
        self._secret: Secret | None = None
        self._secret_so_far = ""
        self._closing = threading.Event()
        self._terminal: Terminal | None = None
        self._wake: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Never fails: without an input there are no keys."""
        reader = self._reader()
        if reader is None:
            return
        self._thread = threading.Thread(target=reader, name="keys", daemon=True)
        self._thread.start()

    def type_secret(self, typed: Secret) -> None:
        """What is typed next, up to Enter, is shown nowhere and is no key; Escape gives None. Called in the thread."""
        self._secret_so_far, self._secret = "", typed

    def close(self) -> None:
        """Put the terminal back and stop listening."""
        self._closing.set()
        if self._terminal is not None:
            self._terminal.restore()
        if self._wake is not None:
            with contextlib.suppress(OSError):
                os.write(self._wake[1], b".")
        if self._thread is not None and self._wake is not None:
            self._thread.join(timeout=1.0)

    def __enter__(self) -> Keys:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------------------------ where from

    def _reader(self) -> Callable[[], None] | None:
        number = _file_number(self._stream)
        if number is None:
            return None if self._stream is None else self._read_stream
        terminal = self._stream.isatty()
        if sys.platform == "win32":
            return self._read_console if terminal else self._read_stream
        if terminal and not _in_foreground(number):
            return None  # reading or changing the terminal would stop the program
        self._wake = os.pipe()
        if terminal:
            self._terminal = Terminal(number)
        return lambda: self._read_file(number, terminal)

    def _read_file(self, number: int, terminal: bool) -> None:
        """POSIX: wait for input or for ``close``."""
        import select

        wake = self._wake
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        rest = ""
        while wake is not None and not self._closing.is_set():
            try:
                ready, _, _ = select.select([number, wake[0]], [], [])
                data = os.read(number, 4096) if number in ready else b""
            except OSError:  # the terminal was closed
                data = b""
            if not data:
                break
            rest = self._take(rest + decoder.decode(data), terminal)
        if rest:
            self._line(rest)
        self._wake = None
        for end in wake or ():
            os.close(end)

    def _take(self, text: str, terminal: bool) -> str:
        """Report what is complete; returns the rest."""
        if terminal:
            self._characters(text)
            return ""
        *lines, rest = text.split("\n")
        for line in lines:
            self._line(line)
        return rest

    def _read_stream(self) -> None:
        """Any file-like object; ``close`` cannot wake it, so the thread is left to its end."""
        with contextlib.suppress(OSError, ValueError):
            for line in self._stream:
                if self._closing.is_set():
                    return
                self._line(line)

    def _characters(self, text: str) -> None:
        """What a terminal sent: of a secret as long as one is being typed, else keys."""
        while self._secret is not None and text:
            typed, character, text = self._secret, text[0], text[1:]
            if character in "\r\n\x1b":
                self._secret = None
                typed(None if character == "\x1b" else self._secret_so_far or None)
                self._secret_so_far = ""
            elif character in "\x7f\b":
                self._secret_so_far = self._secret_so_far[:-1]
            else:
                self._secret_so_far += character
        for key in pressed(text, self._table):
            self._on_key(key)

    def _line(self, line: str) -> None:
        typed, self._secret = self._secret, None
        if typed is not None:
            typed(line.rstrip("\r") or None)
            return
        key = named(line, self._table)
        if key is not None:
            self._on_key(key)
        elif line.strip() and self._on_unknown is not None:
            self._on_unknown(line.strip())

    def _read_console(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            while not self._closing.wait(POLL_S):
                while msvcrt.kbhit():
                    character = msvcrt.getwch()
                    if character in "\x00\xe0":  # a function key: its code follows
                        msvcrt.getwch()
                        continue
                    self._characters(character)


class Terminal:
    """A POSIX terminal that gives single keys, without echo; signals such as Ctrl-C still work."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._before: list[Any] | None = None
        self._handlers: dict[int, Any] = {}
        self._single_keys()
        atexit.register(self.restore)
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGTERM", "SIGHUP"):
                number = getattr(signal, name)
                self._handlers[number] = signal.signal(number, self._ended)
            self._handlers[signal.SIGCONT] = signal.signal(signal.SIGCONT, self._continued)

    def restore(self) -> None:
        """As it was; harmless when done twice."""
        import termios

        before, self._before = self._before, None
        if before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._number, termios.TCSADRAIN, before)
        self._give_back_signals()
        atexit.unregister(self.restore)

    def _single_keys(self) -> None:
        import termios
        import tty

        with contextlib.suppress(termios.error):
            before = termios.tcgetattr(self._number)
            tty.setcbreak(self._number, termios.TCSADRAIN)
            self._before = self._before or before

    def _give_back_signals(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number, before in self._handlers.items():
                if signal.getsignal(number) in (self._ended, self._continued):
                    signal.signal(number, before)
            self._handlers.clear()

    def _ended(self, number: int, frame: FrameType | None) -> None:
        before = self._handlers.get(number, signal.SIG_DFL)
        self.restore()
        if callable(before):
            before(number, frame)
        elif before != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def _continued(self, number: int, frame: FrameType | None) -> None:
        """Back from Ctrl-Z: the shell has put its own settings in place."""
        before = self._handlers.get(number)
        if self._before is not None:
            self._single_keys()
        if callable(before):
            before(number, frame)


def _file_number(stream: TextIO | None) -> int | None:
    if stream is None:
        return None
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None


def _in_foreground(number: int) -> bool:
    """Whether this program may use the terminal without being stopped (one started with ``&`` may not)."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(number) == os.getpgrp()
    except OSError:  # not the terminal that controls us, so it cannot stop us
        return True
