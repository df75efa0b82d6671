"""Promises 5 and 6: no network, and nothing on the disk but settings and rendered prompts; also no process is left."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dialogue.driver import real_script
from tests.sealed import ROOT, hooked, without_network
from voice_imago.runtime.scene import find_scene, read_scene

SECRET = "the zebra under our kitchen table"
pytestmark = [
    pytest.mark.timeout(150),
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes"),
]
needs_voice = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@dataclass
class Sealed:
    """A folder that is all the world to a program which may not open a socket."""

    world: Path
    outside: Path

    def command(self, *words: str) -> list[str]:
        return [*without_network(), sys.executable, "-B", "-m", "voice_imago", *words]

    def env(self) -> dict[str, str]:
        inside = {
            name: str(self.world) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        }
        env = {name: value for name, value in os.environ.items() if name not in ("XDG_RUNTIME_DIR", "PULSE_SERVER")}
        return {**env, **inside, "VOICE_IMAGO_HOME": str(self.world / "home"), **hooked(self.outside)}

    @property
    def log(self) -> Path:
        return self.outside / "audit.log"

    def run(self, *words: str, typed: str | None = None) -> str:
        (self.world / "here").mkdir(exist_ok=True)
        done = subprocess.run(
            self.command(*words),
            cwd=self.world / "here",
            env=self.env(),
            input=typed or "",
            capture_output=True,
            text=True,
            timeout=140,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.world)): path.read_bytes() for path in self.world.rglob("*") if path.is_file()
        }


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    world, outside = tmp_path / "world", tmp_path / "outside"
    world.mkdir()
    outside.mkdir()
    return Sealed(world, outside)


def test_the_hook_sees_a_socket(sealed: Sealed) -> None:
    """Or the tests below would prove nothing."""
    for code in (
        "socket.create_connection(('127.0.0.1', 9), 1)", "socket.getaddrinfo('localhost', 80)",
        "socket.socket(socket.AF_INET6)",
    ):  # fmt: skip
        words = [sys.executable, "-c", f"import socket; {code}"]
        done = subprocess.run(words, env=sealed.env(), capture_output=True, text=True, check=False)
        assert "PermissionError: socket." in done.stderr
        assert sealed.log.read_text(encoding="utf-8").startswith("socket.")
        sealed.log.unlink()


@needs_voice
@pytest.mark.parametrize("scene", ["first_appreciation", "fetching_a_model"])
def test_a_whole_rehearsal_opens_no_socket_and_leaves_prompts_alone_behind(sealed: Sealed, scene: str) -> None:
    """Also where a model is tried out, loaded and used."""
    out = sealed.run("rehearse", scene)
    assert "The rehearsal ended: " in out
    assert not sealed.log.exists(), sealed.log.read_text(encoding="utf-8")
    files = sealed.files()
    assert files
    assert all(name.startswith("home/cache/") for name in files), sorted(files)
    assert {Path(name).suffix for name in files} == {".wav"}
    said = [line.say for line in read_scene(find_scene(scene)).line if line.say]
    for name, content in files.items():
        assert not [text for text in said if text.encode() in content or text in name]


def test_a_typed_dialogue_opens_no_socket_and_leaves_the_settings_alone_behind(sealed: Sealed) -> None:
    typed = f"Ana: Is now a good time?\nBen: Yes.\nAna: One thing I appreciate is {SECRET}.\nBen: {SECRET}.\n"
    sealed.run("start", "--typed", "--partners", "Ana", "Ben", typed=typed)
    assert not sealed.log.exists(), sealed.log.read_text(encoding="utf-8")
    files = sealed.files()
    assert list(files) == ["home/settings.toml"]
    assert SECRET.encode() not in files["home/settings.toml"]


def test_a_kept_evening_and_all_that_is_asked_of_it_open_no_socket(sealed: Sealed) -> None:
    """Kept as both said, exported, replayed, reported, and gone when it is forgotten."""
    typed = (
        f"y\ny\nAna: yes\nBen: yes\nn\nAna: all words\nBen: all words\nAna: eight\nBen: six\nappreciation\n"
        f"Ana: now?\nBen: yes\nAna: One thing I appreciate is {SECRET}.\nBen: I hear {SECRET}.\nq\n"
    )
    sealed.run("start", "--typed", "--partners", "Ana", "Ben", typed=typed)
    holding = {name for name, content in sealed.files().items() if SECRET.encode() in content}
    assert holding
    assert all(name.startswith("home/data/journal/") for name in holding)
    assert sealed.run("history").splitlines() == ["No dialogue is finished yet.", "Appreciations said: 1."]
    assert "The same decisions were made." in sealed.run("replay")
    sealed.run("export", "--to", "ours.json")
    sealed.run("report", "--to", "report.txt")
    assert SECRET not in (sealed.world / "here" / "report.txt").read_text(encoding="utf-8")
    sealed.run("forget", "everything", "--yes")
    assert set(sealed.files()) == {"here/ours.json", "here/report.txt"}
    assert not sealed.log.exists(), sealed.log.read_text(encoding="utf-8")


def test_words_are_written_to_the_file_that_was_named_and_only_there(sealed: Sealed) -> None:
    typed = f"Ana: Is now a good time?\nBen: Yes.\nAna: One thing I appreciate is {SECRET}.\n"
    sealed.run("start", "--typed", "--partners", "Ana", "Ben", "--events", "mine.jsonl", typed=typed)
    holding = [name for name, content in sealed.files().items() if SECRET.encode() in content]
    assert holding == ["here/mine.jsonl"]


@needs_voice
def test_what_one_partner_says_alone_stands_in_no_event_and_in_no_sound_on_the_disk(sealed: Sealed) -> None:
    """Not a word of the lines of the scene, and none of the sentence that the guide made of them."""
    out = sealed.run("rehearse", "a_workup", "--events", "mine.jsonl")
    assert "The rehearsal ended: finished" in out
    lines = [line.say for line in read_scene(find_scene("a_workup")).line if line.say]
    said = {word for line in lines for word in words_of(line)}
    script = real_script()
    names = [name for graph in script.graphs.values() for name in (graph.id, *graph.steps)]
    ours = {word for name in names for word in words_of(name.replace("_", " "))}
    files = sealed.files()
    events = files["here/mine.jsonl"].decode()
    assert len(said - ours) >= 20
    assert (said - ours) & set(words_of(events)) == set()

    own = [
        line for line in out.splitlines() if line.startswith(("I have looked", "With such", "What I wish", "When I"))
    ]
    assert len(own) == 4
    assert all(words_of(line) & said for line in own)
    guide = {line for line in out.splitlines() if not line.startswith(("Ana:", "Ben:", "The rehearsal ended"))}
    sounds = [name for name in files if name.startswith("home/cache/prompts/") and name.endswith(".wav")]
    assert len(sounds) == len(guide - set(own))


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower().replace("'", "")))


def processes_of(world: Path) -> Iterator[int]:
    """Every process that was started with this home."""
    mark = f"VOICE_IMAGO_HOME={world / 'home'}".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    yield int(folder.name)
            except OSError:  # it has ended meanwhile, or is not ours
                continue


@needs_voice
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system has no /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_rehearsal_that_is_killed_leaves_no_process_and_no_half_prompt(sealed: Sealed, end: signal.Signals) -> None:
    command = [sys.executable, "-B", "-u", "-m", "voice_imago", "rehearse"]
    process = subprocess.Popen(command, cwd=ROOT, env=sealed.env(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"Hello")  # the next prompt is being rendered now
        process.send_signal(end)
        assert process.wait(timeout=20) != 0
    finally:
        process.kill()
        process.communicate()
    tick, patience = threading.Event(), 200
    while (left := list(processes_of(sealed.world))) and patience:
        patience -= 1
        tick.wait(0.05)
    assert left == []
