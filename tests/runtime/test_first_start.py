"""The real program at a terminal of its own, started for the first time by somebody who only types."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


class Terminal:
    """A pseudo-terminal; what is typed comes after the line that asks for it."""

    def __init__(self, home: Path, *words: str, **env: str) -> None:
        import pty

        self.end, inside = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "voice_imago", *words],
            cwd=ROOT,
            env={**os.environ, "VOICE_IMAGO_HOME": str(home), "LC_ALL": "C.UTF-8", "PULSE_SERVER": "none", **env},
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.end)

    def until(self, what: str) -> None:
        ends_at = time.monotonic() + PATIENCE_S
        while what not in self.seen and time.monotonic() < ends_at and self._read():
            pass
        assert what in self.seen, self.seen

    def answer(self, what: str, typed: str) -> None:
        self.until(what)
        os.write(self.end, f"{typed}\n".encode())

    def ended(self) -> int:
        while self._read():
            pass
        return self.process.wait(timeout=PATIENCE_S)

    def _read(self) -> bool:
        if not select.select([self.end], [], [], PATIENCE_S)[0]:
            return False
        try:
            data = os.read(self.end, 65_536).decode(errors="replace")
        except OSError:  # the program has ended
            return False
        self.seen += data
        return bool(data)


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
@pytest.mark.timeout(180)
def test_language_names_and_a_dialogue_by_typing_alone(tmp_path: Path) -> None:
    with Terminal(tmp_path, "start", "--typed", "--straight", NO_COLOR="1", TERM="xterm-256color") as terminal:
        terminal.answer("Türkçe için 6", "2")
        terminal.answer("Zwei: ich sage Sie", "2")
        terminal.answer("Vornamen tippen von", 'Ana "Anni" 🌻')
        terminal.answer("anderen Vornamen", "בן")
        terminal.answer("Enter drücken", "")
        terminal.answer("Hallo Ana", "q")
        terminal.until("Ich höre jetzt nicht mehr zu")
        assert terminal.ended() == 0
    kept = tomllib.loads((tmp_path / "settings.toml").read_text(encoding="utf-8"))
    assert (kept["language"], kept["formal"], kept["partners"]) == ("de", True, ['Ana "Anni" 🌻', "בן"])
    assert "\x1b" not in terminal.seen
    assert not re.search(r"\r(?!\n)", terminal.seen), "no line is drawn anew"
    assert "Traceback" not in terminal.seen


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
@pytest.mark.timeout(120)
def test_the_end_of_the_input_is_one_sentence(tmp_path: Path) -> None:
    with Terminal(tmp_path, "setup", "--typed") as terminal:
        terminal.answer("Türkçe için 6", "1")
        terminal.until("whoever begins")
        os.write(terminal.end, b"\x04")
        assert terminal.ended() == 2
        assert terminal.seen.rstrip().endswith("I do not know your names. Say --partners Ana Ben.")
