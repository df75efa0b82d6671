"""A kitchen table without hardware: a private PulseAudio with a virtual microphone and a virtual loudspeaker.

The room is the script ``../shared/room/virtual_room.sh``. A program hears and speaks in it when it is started
with ``env()``: the variables have to stand before PortAudio is loaded, so whatever opens a device runs in a
child process.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

SCRIPT = Path(__file__).parents[2] / "shared" / "room" / "virtual_room.sh"
PROGRAMS = ("bash", "pulseaudio", "pactl", "paplay", "parec")
PATIENCE_S = 30.0
HISS_VOLUME = 4400
"""Of 65536, which PulseAudio takes cubed: -70 dB, and uniform noise has -5 dB."""


def missing() -> str:
    """Why there can be no room here; empty when there can."""
    if not SCRIPT.is_file():
        return "the folder ../shared/room is not there"
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


class VirtualRoom:
    """One room of its own; nothing of a user's sound system is touched."""

    def __init__(self) -> None:
        # not pytest's folder: the path of a socket may have at most 107 characters
        self.folder = Path(tempfile.mkdtemp(prefix="room-"))
        self._hiss: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """``--echo``, ``--echo-db -12``, ``--echo-ms 40``, ``--rate 48000``."""
        self._run("start", *options)
        self._hiss_softly()

    def _hiss_softly(self) -> None:
        """No room is so quiet that a microphone gives exact zeros: noise of about -75 dB, as from a good microphone."""
        quiet = ["--device=room", f"--volume={HISS_VOLUME}", "--format=s16le", "--rate=16000", "--channels=1", "--raw"]
        with Path("/dev/urandom").open("rb") as noise:
            self._hiss = subprocess.Popen(
                ["pacat", "--playback", "--latency-msec=200", *quiet],
                stdin=noise,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self.env(),
            )

    def switch_off(self) -> None:
        """Let the whole sound system die; ``start`` brings it back."""
        self._run("stop")
        if self._hiss is not None:
            self._hiss.kill()
            self._hiss.wait()
            self._hiss = None

    def stop(self) -> None:
        self.switch_off()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> VirtualRoom:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def env(self) -> dict[str, str]:
        """The whole environment for a program in this room."""
        added = {}
        for line in self._run("env").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            added[name] = "".join(shlex.split(value))
        return {**os.environ, **added}

    def say(self, *recordings: Path) -> None:
        """Play into the virtual microphone, in real time; returns when all is said."""
        self._run("say", *map(str, recordings), patience_s=600.0)

    def record(self, target: Path) -> None:
        """Record what the virtual loudspeaker plays (WAV, mono, 48 kHz) until ``stop_recording``."""
        self._run("record", str(target))

    def stop_recording(self) -> None:
        self._run("record-stop")

    def echo(self, db: float | None = -12.0, delay_ms: int = 40) -> None:
        """Let the microphone hear the loudspeaker this much quieter; None: not at all."""
        self._run(*(("echo", "off") if db is None else ("echo", "on", str(db), str(delay_ms))))

    def plug(self, what: str) -> None:
        """'mic' or 'speaker'. While another source or sink is left, the server moves streams there."""
        self._run(f"plug-{what}")

    def unplug(self, what: str) -> None:
        self._run(f"unplug-{what}")

    def mute_microphone(self, *, on: bool) -> None:
        """Switched off it is still there, and gives exact zeros."""
        self._pactl("set-source-mute", "mic", "1" if on else "0")

    def stop_loudspeaker(self, *, on: bool) -> None:
        """It takes no sound any more, and nobody is told."""
        self._pactl("suspend-sink", "speaker", "1" if on else "0")

    def _pactl(self, *words: str) -> str:
        done = subprocess.run(["pactl", *words], env=self.env(), capture_output=True, text=True, check=True)
        return done.stdout

    def _run(self, *words: str, patience_s: float = PATIENCE_S) -> str:
        """Output by way of files: programs that stay would keep a pipe open for ever."""
        env: Mapping[str, str] = {**os.environ, "ROOM_DIR": str(self.folder)}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            done = subprocess.run(
                ["bash", str(SCRIPT), *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env=dict(env),
                timeout=patience_s,
                check=False,
            )
            out.seek(0)
            errors.seek(0)
            if done.returncode:
                raise RuntimeError(f"the room failed to {words[0]}: {errors.read().decode(errors='replace')}")
            return out.read().decode()
