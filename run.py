"""Sets up what voice_imago needs, then starts it.

    python3 run.py                  a live dialogue; further words go to voice_imago, e.g. `run.py rehearse`
    python3 run.py test             the test suite; further words go to pytest

Standard library only, and it must parse on Python 3.9, so that an old Python gives a sentence, no traceback.
"""

from __future__ import annotations

import contextlib
import ctypes.util
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "voice-imago.stamp"  # written last: which locks this environment holds
DECLINED = VENV / "voice-imago.declined"  # the user said no to system packages; do not ask again
UV_VENV = ROOT / ".uv-venv"

LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}  # dev holds all of runtime
UV_LOCK = "requirements-uv.lock"
OPTIONAL = {
    "requirements-answers.lock": "Without pocketsphinx, short answers will be understood a little later.",
    "requirements-aec.lock": "Without livekit, the guide will not listen while it speaks.",
    "requirements-vault.lock": "Without sqlcipher3 and pyrage, the journal cannot have a passphrase.",
    "requirements-voiceprint.lock": "Without Resemblyzer, voices will not be told apart by their sound.",
}
UNFINISHED = "unfinished"
OFFLINE_SIGNS = (  # how pip and uv say that there is no network
    "Temporary failure in name resolution",
    "nodename nor servname",
    "getaddrinfo failed",
    "Network is unreachable",
    "Failed to establish a new connection",
    "dns error",
    "error sending request",
    "Request failed after",
)
OLDEST = (3, 11)
PREFERRED = (3, 13)
INSTALL_PYTHON = "Please install Python {}.{}, then start again.".format(*PREFERRED)
PATIENCE_S = 20.0  # how long to install in silence before saying that it goes on

NEEDS_NO_AUDIO = {
    "test", "check", "models", "history", "export", "forget", "replay", "vault", "report", "new-language", "draw",
    "help-page",
}  # fmt: skip
ASKS_ONLY = {"-h", "--help", "--version"}
SYSTEM_PACKAGES = {  # package manager -> the line that installs what is missing
    "apt-get": ("apt-get install -y", {"PortAudio": "libportaudio2", "eSpeak NG": "espeak-ng"}),
    "dnf": ("dnf install -y", {"PortAudio": "portaudio", "eSpeak NG": "espeak-ng"}),
    "zypper": ("zypper install -y", {"PortAudio": "libportaudio2", "eSpeak NG": "espeak-ng"}),
    "pacman": ("pacman -S --noconfirm", {"PortAudio": "portaudio", "eSpeak NG": "espeak-ng"}),
}


class SetupError(Exception):
    """Something the user has to do first; the message says what."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def say(line: str) -> None:
    print(line, flush=True)


# --- which Python


def newest(system: str, machine: str) -> tuple[int, int]:
    """onnxruntime has no wheel for Python 3.14 on Intel Macs."""
    return (3, 13) if (system, machine) == ("Darwin", "x86_64") else (3, 14)


def supported(version: Sequence[int], system: str | None = None, machine: str | None = None) -> bool:
    last = newest(system or platform.system(), machine or platform.machine())
    return OLDEST <= tuple(version[:2]) <= last


def parse_version(text: str) -> tuple[int, int]:
    """The first two numbers of "3.11.7"; (0, 0) for anything else."""
    parts = text.strip().split(".")
    if len(parts) >= 2 and parts[0].isdigit() and parts[1].isdigit():
        return int(parts[0]), int(parts[1])
    return 0, 0


def python_candidates(system: str) -> list[list[str]]:
    """Commands that may start another Python: the one with wheels for everything first."""
    best = PREFERRED[1]
    minors = [best, *(minor for minor in range(14, OLDEST[1] - 1, -1) if minor != best)]
    if system == "Windows":
        return [["py", f"-3.{minor}"] for minor in minors]
    return [[f"python3.{minor}"] for minor in minors]


def ask_python(command: Sequence[str]) -> str | None:
    """The real path behind a Python command, or None if it does not run or is of an unsupported version."""
    probe = "import sys; print('.'.join(map(str, sys.version_info[:3]))); print(sys.executable)"
    try:
        done = subprocess.run([*command, "-c", probe], capture_output=True, text=True, timeout=30, check=True)
        version, path = done.stdout.splitlines()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return path if supported(parse_version(version)) else None


def find_python() -> str | None:
    """This Python if it is of a supported version, else another one on this computer."""
    if supported(sys.version_info[:2]):
        return sys.executable
    for command in python_candidates(platform.system()):
        if shutil.which(command[0]):
            found = ask_python(command)
            if found:
                return found
    return None


# --- is the environment as the locks say


def python_in(venv: Path) -> Path:
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def venv_config(venv: Path) -> dict[str, str]:
    try:
        lines = (venv / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def venv_version(venv: Path) -> str:
    config = venv_config(venv)
    return config.get("version") or config.get("version_info") or ""  # written by venv, by uv


def stamp_for(level: str, root: Path) -> str:
    """What the stamp says once `level` is installed: changes with any lock, the Python, or the folder."""
    venv = root / VENV.name
    digest = hashlib.sha256()
    for name in [*LOCKS.values(), *OPTIONAL]:
        digest.update((root / name).read_bytes())
    digest.update(f"{venv_version(venv)} {os.path.realpath(python_in(venv))}".encode())
    return f"{level} {digest.hexdigest()}"


def judge(level: str, root: Path) -> str:
    """ready, install (packages are missing or old) or rebuild (the environment itself cannot be used)."""
    venv = root / VENV.name
    home = venv_config(venv).get("home")
    if not python_in(venv).exists() or not home or not Path(home).exists():
        return "rebuild"
    if not supported(parse_version(venv_version(venv))):
        return "rebuild"
    try:
        stamp = (venv / STAMP.name).read_text(encoding="utf-8").strip()
    except OSError:
        return "install"
    if stamp == UNFINISHED:
        return "rebuild"
    enough = {stamp_for(each, root) for each in {level, "dev"}}
    return "ready" if stamp in enough else "install"


# --- setting up


def quietly(command: Sequence[str], doing: str) -> None:
    """Run a command without its chatter; say now and then that it goes on. A failure tells its last error."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    started = time.monotonic()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        try:
            while True:
                try:
                    output, _ = process.communicate(timeout=PATIENCE_S)
                    break
                except subprocess.TimeoutExpired:
                    say(f"Still {doing}, {round(time.monotonic() - started)} seconds so far.")
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise SetupError(f"{doing[0].upper()}{doing[1:]} failed. {last_words(output)}")


def last_words(output: str) -> str:
    """What went wrong: no network, or the last error line, or else the last line."""
    if any(sign in output for sign in OFFLINE_SIGNS):
        return "The internet could not be reached; it is needed once, for setting up."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "× ", "fatal"))]
    words = (errors or lines or ["It gave no reason"])[-1]
    return words if words.endswith((".", "!", "?")) else f"{words}."


def install_words(lock: Path) -> list[str]:
    """Exactly what the lock says: nothing unlisted, nothing unverified, nothing that needs a compiler."""
    return ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]


class WithUv:
    """Builds with uv, which also brings a Python of its own if it must."""

    def __init__(self, uv: str, base: str | None) -> None:
        self.uv = uv
        self.base = base

    def create(self) -> None:
        wanted = self.base or "{}.{}".format(*PREFERRED)
        try:
            quietly(
                [self.uv, "venv", "--quiet", "--allow-existing", "--python", wanted, str(VENV)],
                "preparing Python",
            )
        except SetupError as problem:
            if self.base:
                raise
            raise SetupError(f"{problem} {INSTALL_PYTHON}", code=2) from problem

    def install(self, lock: Path) -> None:
        python = ["--python", str(python_in(VENV))]
        quietly([self.uv, "pip", "install", "--quiet", *python, *install_words(lock)], "installing")


class WithPip:
    """Builds with the venv and pip of `base`; works without ensurepip if `base` has a pip of its own."""

    def __init__(self, base: str) -> None:
        self.base = base

    def create(self) -> None:
        try:
            quietly([self.base, "-m", "venv", str(VENV)], "preparing Python")
        except SetupError:
            quietly([self.base, "-m", "venv", "--clear", "--without-pip", str(VENV)], "preparing Python")
            STAMP.write_text(UNFINISHED, encoding="utf-8")

    def install(self, lock: Path) -> None:
        quietly([*self.pip(), "install", "--quiet", "--progress-bar", "off", *install_words(lock)], "installing")

    def pip(self) -> list[str]:
        """The environment's own pip, else the pip of `base` told to work there."""
        inside = str(python_in(VENV))
        for command in ([inside, "-m", "pip"], [self.base, "-m", "pip", "--python", inside]):
            if subprocess.run([*command, "--version"], capture_output=True, check=False).returncode == 0:
                return command
        advice = "Install it with: sudo apt install python3-venv" if shutil.which("apt-get") else "Install pip first."
        raise SetupError(f"This Python comes without pip. {advice}", code=2)


def builders() -> list[WithUv | WithPip]:
    """The ways to set up that this computer offers, best first."""
    base = find_python()
    uv = shutil.which("uv")
    if base is None and uv is None:
        uv = fetch_uv()
    ways: list[WithUv | WithPip] = []
    if uv:
        ways.append(WithUv(uv, base))
    if base:
        ways.append(WithPip(base))
    return ways


def fetch_uv() -> str:
    """On a computer with only an old Python: uv, in a folder of its own, can bring a newer one."""
    found = ".".join(map(str, sys.version_info[:2]))
    say(f"This is Python {found}; version 3.11 or later is needed. Fetching one, about 60 megabytes, once.")
    try:
        quietly([sys.executable, "-m", "venv", str(UV_VENV)], "preparing")
        words = install_words(ROOT / UV_LOCK)
        quietly([str(python_in(UV_VENV)), "-m", "pip", "install", "--quiet", *words], "fetching uv")
    except SetupError as problem:
        raise SetupError(f"{problem} {INSTALL_PYTHON}", code=2) from problem
    return str(python_in(UV_VENV).with_name("uv.exe" if os.name == "nt" else "uv"))


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two set-ups at once would trip over each other, so the second waits (not on Windows)."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (ROOT / ".venv.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is running here; waiting for it.")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def set_up(level: str) -> None:
    """Bring .venv to what the locks say. Does nothing, and prints nothing, if it is there already."""
    if judge(level, ROOT) == "ready":
        return
    with alone():
        state = judge(level, ROOT)
        if state == "ready":  # another set-up has just done it
            return
        if state == "rebuild":
            say("Setting up, once: about 150 megabytes to fetch, which takes some minutes.")
        else:
            say("Bringing the installed packages up to date.")
        ways = builders()
        for position, way in enumerate(ways, start=1):
            try:
                build(way, level, state)
                break
            except SetupError as problem:
                if position == len(ways):
                    raise
                say(f"{problem} Trying another way.")
                state = "rebuild"
    say("Set up.")


def build(way: WithUv | WithPip, level: str, state: str) -> None:
    if state == "rebuild" and VENV.exists():
        shutil.rmtree(VENV)
    VENV.mkdir(exist_ok=True)
    STAMP.write_text(UNFINISHED, encoding="utf-8")  # whatever stops us now, the next start begins again
    if state == "rebuild":
        way.create()
    way.install(ROOT / LOCKS[level])
    for lock, without in OPTIONAL.items():
        try:
            way.install(ROOT / lock)
        except SetupError as problem:
            say(f"{problem} Going on. {without}")
    STAMP.write_text(f"{stamp_for(level, ROOT)}\n", encoding="utf-8")


# --- system packages, Linux only


def needs_audio(arguments: Sequence[str]) -> bool:
    if ASKS_ONLY.intersection(arguments):
        return False
    return not arguments or arguments[0] not in NEEDS_NO_AUDIO


def missing_pieces() -> list[str]:
    pieces = []
    if not ctypes.util.find_library("portaudio"):
        pieces.append("PortAudio")
    if not ctypes.util.find_library("espeak-ng") and not shutil.which("espeak-ng"):
        pieces.append("eSpeak NG")
    return pieces


def install_line(pieces: Sequence[str], managers: Sequence[str]) -> str | None:
    """The command that installs `pieces` with the first package manager known here."""
    for manager in managers:
        if manager in SYSTEM_PACKAGES:
            start, names = SYSTEM_PACKAGES[manager]
            return " ".join([start, *(names[piece] for piece in pieces)])
    return None


def describe(pieces: Sequence[str]) -> str:
    uses = {
        "PortAudio": "PortAudio, for the microphone and loudspeaker",
        "eSpeak NG": "eSpeak NG, for the voice",
    }
    return f"Missing on this computer: {'; '.join(uses[piece] for piece in pieces)}."


def offer_system_packages() -> None:
    """Name what is missing; install it as root, or after a typed yes. Never a reason to stop."""
    pieces = missing_pieces()
    if not pieces:
        return
    line = install_line(pieces, [name for name in SYSTEM_PACKAGES if shutil.which(name)])
    if line is None:
        say(f"{describe(pieces)} Please install it with your package manager.")
        return
    if os.geteuid() == 0 and line.startswith("apt-get"):
        say(f"{describe(pieces)} Installing: {line}")
        install_system(line.split())
        return
    say(f"{describe(pieces)} To install: sudo {line}")
    if not (sys.stdin and sys.stdin.isatty()) or not shutil.which("sudo") or DECLINED.exists():
        return
    try:
        answer = input("Type yes to install it now, or press Enter to go on without: ")
    except EOFError:
        answer = ""
    if answer.strip().lower() == "yes":
        install_system(["sudo", *line.split()])
    else:
        DECLINED.write_text(line, encoding="utf-8")
        say("Going on without. You will not be asked again.")


def install_system(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    as_root = command[0] == "sudo"
    steps = [command]
    if "apt-get" in command[:2]:
        steps.insert(0, [*(["sudo"] if as_root else []), "apt-get", "update", "-qq"])
        command.insert(command.index("install") + 1, "-qq")
    output = None if as_root else subprocess.DEVNULL  # sudo may have to ask for a password
    codes = [subprocess.run(step, env=environment, stdout=output, check=False).returncode for step in steps]
    if codes[-1]:
        say("The installation did not work; going on without.")


# --- starting


def command_for(arguments: Sequence[str], python: Path) -> list[str]:
    """What is started in the environment for these words of the user."""
    if arguments and arguments[0] == "test":
        return [str(python), "-m", "pytest", *arguments[1:]]
    return [str(python), "-P", "-m", "voice_imago", *arguments]


def hand_over(command: list[str], environment: dict[str, str]) -> int:
    """Become the command, so that signals reach it and not us. Windows cannot; there we wait for it."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(command[0], command, environment)  # noqa: S606 - no shell is what we want
    with subprocess.Popen(command, env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the command has heard it too and ends in its own way
                continue


def run(arguments: list[str]) -> int:
    testing = arguments[:1] == ["test"]
    set_up("dev" if testing else "runtime")
    environment = dict(os.environ)
    if testing:
        os.chdir(ROOT)
    else:
        paths = [str(ROOT), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    if platform.system() == "Linux" and needs_audio(arguments):
        offer_system_packages()
    if ASKS_ONLY.intersection(arguments[:1]):
        say("python3 run.py test runs the test suite. All other words go to voice_imago:")
    return hand_over(command_for(arguments, python_in(VENV)), environment)


def main(arguments: list[str]) -> int:
    try:
        return run(arguments)
    except SetupError as problem:
        say(str(problem))
        return problem.code
    except OSError as problem:
        where = f": {problem.filename}" if problem.filename else ""
        say(f"This did not work. {problem.strerror or problem}{where}.")
        return 1
    except subprocess.SubprocessError as problem:
        say(f"This did not work. {problem}")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
