"""The first start by ear, twice: on the sample clock, and as the real program in the virtual room, led from a terminal
of its own by two people who hear and type but never look. Needs PulseAudio and ../shared/room for the second one.

    python benchmarks/set_up.py [--rehearsed]      --rehearsed leaves the room out
"""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "room")]

from couple_at_the_table import Guided, spoken  # noqa: E402
from virtual_room import VirtualRoom, missing  # noqa: E402

from voice_imago.runtime.rehearsal_typed import LETTER_S, THINK_S  # noqa: E402
from voice_imago.runtime.rehearse import RehearsePlan, rehearse  # noqa: E402
from voice_imago.runtime.scene import find_scene  # noqa: E402

STORY = (
    "This morning I had porridge with apples, and a second cup of tea by the window, because it was still dark. "
    "After that I read the paper, and I listened to the radio for a while, and then I took the dog to the river."
)
TYPED = {
    "For English": "1",
    "Type one": "1",
    "Type the first name": "Ana",
    "Now the other": "Ben",
    "Ana and Ben.": "",
}
"""What is typed once a line that begins so is there."""
ANSWERS = {
    "loudspeaker": "yes", "hello": "hello", "pace_keys": "y", "breakfast": "ana", "breakfast_too": "ben", "keep": "y",
    "keep_too": "y", "offer": "n", "smaller": "n",
}  # fmt: skip
"""Step -> a clip that is said, or a key."""
MUST_S = 240.0


class Terminal:
    """Runs the program in a terminal of its own; what it prints comes line by line."""

    def __init__(self, words: list[str], env: dict[str, str]) -> None:
        self.end, inside = pty.openpty()
        self.process = subprocess.Popen(words, cwd=ROOT, env=env, stdin=inside, stdout=inside, stderr=inside)
        os.close(inside)
        self.lines: list[str] = []
        self._rest = ""

    def read(self, wait_s: float) -> list[str]:
        """New whole lines."""
        if not select.select([self.end], [], [], wait_s)[0]:
            return []
        try:
            text = self._rest + os.read(self.end, 65_536).decode(errors="replace")
        except OSError:  # the program has ended
            return []
        *whole, self._rest = text.replace("\r\n", "\n").split("\n")
        self.lines += whole
        return whole

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())


def in_the_room(folder: Path) -> None:
    clips = {
        "yes": spoken("Yes.", "en-us+f3", folder / "yes.wav"),
        "hello": spoken("Hello.", "en-us+f3", folder / "hello.wav"),
        "ana": spoken(STORY, "en-us+f3", folder / "ana.wav"),
        "ben": spoken(STORY, "en-gb+m3", folder / "ben.wav"),
    }
    with VirtualRoom() as room:
        room.echo(-15.0, 60)
        env = {**room.env(), "VOICE_IMAGO_HOME": str(folder / "home"), "LANG": "C.UTF-8", "LC_ALL": "", "TERM": "dumb"}
        events = folder / "events.jsonl"
        began = time.monotonic()
        terminal = Terminal([sys.executable, "-m", "voice_imago", "setup", "--events", str(events)], env)
        guided = Guided(terminal.process, events)  # type: ignore[arg-type]
        try:
            typed_s = _lead(terminal, guided, room, clips, began)
        finally:
            terminal.process.kill()
            terminal.process.wait()
        took = time.monotonic() - began
    print(f"virtual room: {took:.0f} s of at most {MUST_S:.0f}, first words {typed_s:.0f} s of them")
    ended = [event["reason"] for event in guided.events if event["event"] == "session_ended"]
    done = [f"{event['task']} {event['outcome']}" for event in guided.events if event["event"] == "task_done"]
    print(f"  ended: {', '.join(ended) or 'not at all'}; {', '.join(done)}")
    twins = {event["text"] for event in guided.events if event["event"] == "prompt_started"}
    untold = [line for line in terminal.lines if line.strip() and line not in twins and not _first_word(line)]
    print(f"  lines printed: {len(terminal.lines)}; of these without a spoken twin: {untold or 'none'}")
    print(f"  control sequences: {sum(chr(27) in line for line in terminal.lines)}")


def _first_word(line: str) -> bool:
    """Said before the session, or typed and shown by the terminal."""
    return line.endswith(("Enter.", "change them.")) or line.startswith("Type one") or line in TYPED.values()


def _lead(terminal: Terminal, guided: Guided, room: VirtualRoom, clips: dict[str, Path], began: float) -> float:
    typed, typed_s = dict(TYPED), 0.0
    while terminal.process.poll() is None and time.monotonic() - began < 2 * MUST_S:
        for line in terminal.read(0.02):
            start = next((start for start in typed if line.startswith(start)), None)
            if start is not None:
                answer = typed.pop(start)
                time.sleep(_hears_s(line) + THINK_S + LETTER_S * (len(answer) + 1))
                terminal.type(f"{answer}\n")
                typed_s = time.monotonic() - began
        windows = [event for event in guided.new_events() if event["event"] == "listening"]
        if windows and windows[-1]["step"] in ANSWERS and _waits(windows[-1]):
            _answer(terminal, room, clips, ANSWERS[windows[-1]["step"]])
    terminal.read(0.2)
    guided.new_events()
    return typed_s


def _waits(window: dict[str, Any]) -> bool:
    """For somebody; while a task is done, the window is of kind setup and for both."""
    return bool(window["kind"] != "setup" or window["for"] != "both")


def _answer(terminal: Terminal, room: VirtualRoom, clips: dict[str, Path], answer: str) -> None:
    time.sleep(0.6)
    if answer in clips:
        room.say(clips[answer])
    else:
        terminal.type(answer)


def _hears_s(line: str) -> float:
    """A line is printed when its sound begins, and nobody types before it was heard."""
    return 60.0 * len(line.split()) / 150.0


def main() -> None:
    for scene in ("a_first_start", "a_first_start_by_key"):
        outcome = rehearse(RehearsePlan(find_scene(scene)))
        print(
            f"rehearsed, {scene}: {outcome.seconds:.0f} s of at most {MUST_S:.0f}; {outcome.problems or 'as expected'}"
        )
    if "--rehearsed" in sys.argv:
        return
    if why := missing():
        print(f"no virtual room: {why}")
        return
    with tempfile.TemporaryDirectory(prefix="set-up-") as folder:
        in_the_room(Path(folder))


if __name__ == "__main__":
    main()
