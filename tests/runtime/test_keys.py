"""Keys reach the dialogue by name, from a terminal or a program, and the terminal is left as it was found."""

from __future__ import annotations

import io
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest

from voice_imago.runtime.keys import KEYS, Keys, named, pressed

SOON_S = 10.0
posix = pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")


# ----------------------------------------------------------------------------------- what is meant


@pytest.mark.parametrize("key", list("rptsynhq0123456789+-"))
def test_letters_and_digits_name_themselves(key: str) -> None:
    assert list(pressed(key)) == [key]
    assert list(pressed(key.upper())) == [key]
    assert named(key) == key


def test_space_and_enter_go_on() -> None:
    assert list(pressed(" \n\r")) == ["space"] * 3


@pytest.mark.parametrize(
    "sent", ["\x1b[A", "\x1bOP", "\x1b[15~", "\x1b[1;5C", "\x1b", "\x1b[200~", "\x1bs", "é", "ß", "\x7f"]
)
def test_arrow_and_function_keys_are_not_taken_for_their_letters(sent: str) -> None:
    assert list(pressed(sent + "y")) == ["y"] or sent == "\x1b"
    assert list(pressed(sent)) == []


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("space", "space"),
        ("Done", "space"),
        ("  go   on ", "space"),
        ("PAUSE", "p"),
        ("time-out", "t"),
        ("yes", "y"),
        ("no", "n"),
        ("quit", "q"),
        ("faster", "+"),
        ("-", "-"),
        ("2", "2"),
        ("", None),
        ("yesterday", None),
        ("22", None),
        ("é", None),
    ],
)
def test_a_line_may_be_a_key_or_its_meaning(line: str, key: str | None) -> None:
    assert named(line) == key


def test_keys_may_be_remapped_and_taken_away() -> None:
    table = {**KEYS, "d": "space", "q": ""}
    assert list(pressed("dqDy", table)) == ["space", "space", "y"]
    assert named("d", table) == "space"
    assert not named("q", table)
    assert list(pressed("ynq", {})) == []


# ------------------------------------------------------------------------------ lines of a program


class Listener:
    def __init__(self) -> None:
        self.keys: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.unknown: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen(self, stream: TextIO) -> Keys:
        keys = Keys(self.keys.put, stream=stream, on_unknown=self.unknown.put)
        keys.start()
        return keys

    def heard(self, count: int) -> list[str]:
        return [self.keys.get(timeout=SOON_S) for _ in range(count)]


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, int]]:
    reading, writing = os.pipe()
    stream = os.fdopen(reading, encoding="utf-8")
    yield stream, writing
    stream.close()


@posix
def test_a_program_sends_lines_and_is_heard_at_once(listener: Listener, pipe: tuple[TextIO, int]) -> None:
    stream, writing = pipe
    keys = listener.listen(stream)
    os.write(writing, b"space\nye")
    assert listener.heard(1) == ["space"]
    os.write(writing, b"s\r\n\nwhat\n")
    assert listener.heard(1) == ["y"]
    assert listener.unknown.get(timeout=SOON_S) == "what"
    os.write(writing, b"stop")
    os.close(writing)
    assert listener.heard(1) == ["q"]  # the last line needs no line end
    keys.close()
    assert listener.keys.empty()


@posix
def test_closing_ends_the_thread_though_nothing_comes(listener: Listener, pipe: tuple[TextIO, int]) -> None:
    keys = listener.listen(pipe[0])
    keys.close()
    assert keys._thread is not None
    assert not keys._thread.is_alive()
    os.close(pipe[1])


@posix
def test_the_end_of_input_ends_the_thread_quietly(listener: Listener) -> None:
    with open(os.devnull, encoding="utf-8") as nothing:  # noqa: PTH123
        keys = listener.listen(nothing)
        assert keys._thread is not None
        keys._thread.join(SOON_S)
        assert not keys._thread.is_alive()
        keys.close()


def test_a_stream_without_a_file_works_too(listener: Listener) -> None:
    with Keys(listener.keys.put, stream=io.StringIO("y\nrepeat\n2")):
        assert listener.heard(3) == ["y", "r", "2"]


def test_without_any_input_there_are_no_keys(monkeypatch: pytest.MonkeyPatch, listener: Listener) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with Keys(listener.keys.put):
        pass
    assert listener.keys.empty()


# --------------------------------------------------------------------------------------- terminals

if os.name == "posix":
    import pty
    import termios

    LOCAL_MODES = 3


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    master, slave = pty.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


def modes(terminal: int) -> list[object]:
    return termios.tcgetattr(terminal)


@posix
def test_single_keys_come_without_enter_and_without_echo(listener: Listener, terminal: tuple[int, int]) -> None:
    master, slave = terminal
    before = modes(slave)
    with os.fdopen(os.dup(slave), encoding="utf-8") as stream:
        keys = listener.listen(stream)
        os.write(master, b" ")
        assert listener.heard(1) == ["space"]
        os.write(master, b"\x1b[AY\xc3\xa9+")
        assert listener.heard(2) == ["y", "+"]
        during = modes(slave)
        assert not int(during[LOCAL_MODES]) & (termios.ICANON | termios.ECHO)  # type: ignore[call-overload]
        assert int(during[LOCAL_MODES]) & termios.ISIG  # type: ignore[call-overload]
        keys.close()
        assert modes(slave) == before
        keys.close()


CHILD = """
import sys, time, os
from voice_imago.runtime.keys import Keys
keys = Keys(lambda key: print("key", key, flush=True))
keys.start()
print("ready", flush=True)
{then}
"""
WAIT = "for _ in range(1200): time.sleep(0.05)"
"""One long sleep would miss a signal that came just before it began."""
ENDINGS = {
    "returns": ("sys.stdin.buffer.raw.fileno()", 0, None),
    "raises": ("raise SystemExit(3)", 3, None),
    "crashes": ("1 / 0", 1, None),
    "SIGTERM": (WAIT, -15, "SIGTERM"),
    "SIGHUP": (WAIT, -1, "SIGHUP"),
    "SIGINT": (WAIT, -2, "SIGINT"),
    "own handler": (
        "import signal; own = lambda *_: os._exit(7)\n"
        "keys.close(); signal.signal(signal.SIGTERM, own); keys = Keys(print); keys.start(); print('ready')\n"
        "sys.stdout.flush(); time.sleep(60)",
        7,
        "SIGTERM",
    ),
}


@posix
@pytest.mark.parametrize("ending", list(ENDINGS))
def test_however_the_program_ends_the_terminal_is_as_it_was(ending: str, terminal: tuple[int, int]) -> None:
    then, code, sent = ENDINGS[ending]
    _, slave = terminal
    before = modes(slave)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(then=then)],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert child.stdout is not None
    for _ in range(2 if ending == "own handler" else 1):
        assert child.stdout.readline() == b"ready\n"
    if sent is not None:
        assert modes(slave) != before
        child.send_signal(getattr(signal, sent))
    child.stdout.read()
    assert child.wait(timeout=30) == code
    child.stdout.close()
    assert modes(slave) == before


BACKGROUND = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    from voice_imago.runtime.keys import Keys
    keys = Keys(print)
    keys.start()
    keys.close()
    os._exit(5)
_, status = os.waitpid(pid, os.WUNTRACED)
print("stopped" if os.WIFSTOPPED(status) else os.WEXITSTATUS(status))
os.kill(pid, signal.SIGKILL) if os.WIFSTOPPED(status) else None
"""


@posix
def test_a_program_in_the_background_is_not_stopped_by_its_terminal(terminal: tuple[int, int]) -> None:
    _, slave = terminal
    before = modes(slave)
    done = subprocess.run(
        [sys.executable, "-c", BACKGROUND],
        stdin=slave,
        capture_output=True,
        start_new_session=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.strip() == b"5", done.stderr
    assert modes(slave) == before
