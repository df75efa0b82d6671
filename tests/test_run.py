"""run.py and scripts/lock.py: everything that can be judged without installing anything."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import run
from scripts import lock

ROOT = Path(__file__).resolve().parent.parent


# --- which Python


@pytest.mark.parametrize(
    ("version", "system", "machine", "fits"),
    [
        ((3, 10, 14), "Linux", "x86_64", False),
        ((3, 11, 0), "Linux", "x86_64", True),
        ((3, 14, 2), "Linux", "aarch64", True),
        ((3, 15, 0), "Linux", "x86_64", False),
        ((3, 14, 0), "Darwin", "arm64", True),
        ((3, 14, 0), "Darwin", "x86_64", False),
        ((3, 13, 9), "Darwin", "x86_64", True),
        ((3, 14, 0), "Windows", "AMD64", True),
    ],
)
def test_supported_pythons(version: tuple[int, ...], system: str, machine: str, fits: bool) -> None:
    assert run.supported(version, system, machine) is fits


@pytest.mark.parametrize(
    ("text", "version"), [("3.11.7", (3, 11)), (" 3.14 \n", (3, 14)), ("", (0, 0)), ("three.one", (0, 0))]
)
def test_parse_version(text: str, version: tuple[int, int]) -> None:
    assert run.parse_version(text) == version


def test_a_supported_python_is_used_as_it_is() -> None:
    assert run.find_python() == sys.executable


def test_an_old_python_looks_for_another_and_trusts_only_one_that_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 6))
    monkeypatch.setattr(run.platform, "system", lambda: "Linux")
    monkeypatch.setattr(run.shutil, "which", lambda name: f"/usr/bin/{name}")
    answers = {"python3.12": "/usr/bin/python3.12"}  # the others are on the PATH but do not start
    monkeypatch.setattr(run, "ask_python", lambda command: answers.get(command[0]))
    assert run.find_python() == "/usr/bin/python3.12"


def test_the_python_with_wheels_for_everything_is_tried_first() -> None:
    assert run.python_candidates("Windows") == [["py", f"-3.{minor}"] for minor in (13, 14, 12, 11)]
    assert run.python_candidates("Linux")[0] == ["python3.13"]


def test_ask_python_about_a_real_and_a_missing_one() -> None:
    assert run.ask_python([sys.executable]) == sys.executable
    assert run.ask_python(["no-such-python"]) is None


def test_run_py_parses_on_python_3_9_and_uses_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


# --- the stamp


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with locks and an environment that only looks like one."""
    for name in [*run.LOCKS.values(), *run.OPTIONAL]:
        (tmp_path / name).write_text(f"# {name}\n")
    fake_environment(tmp_path)
    return tmp_path


def fake_environment(checkout: Path) -> None:
    python = run.python_in(checkout / ".venv")
    python.parent.mkdir(parents=True)
    python.write_text("")
    write_config(checkout, "version = 3.11.7")


def write_config(checkout: Path, version: str) -> None:
    (checkout / ".venv" / "pyvenv.cfg").write_text(f"home = {checkout}\n{version}\n")


def write_stamp(checkout: Path, text: str) -> None:
    (checkout / ".venv" / run.STAMP.name).write_text(text)


def stamp(checkout: Path, level: str) -> None:
    write_stamp(checkout, run.stamp_for(level, checkout) + "\n")


def judge(checkout: Path, level: str = "runtime") -> str:
    return run.judge(level, checkout)


def test_without_an_environment_it_is_built(tmp_path: Path) -> None:
    assert run.judge("runtime", tmp_path) == "rebuild"


def test_an_environment_without_a_stamp_is_filled(checkout: Path) -> None:
    assert judge(checkout) == "install"


@pytest.mark.parametrize(
    ("holds", "wanted", "state"),
    [
        ("runtime", "runtime", "ready"),
        ("runtime", "dev", "install"),
        ("dev", "dev", "ready"),
        ("dev", "runtime", "ready"),
    ],
)
def test_a_matching_stamp_means_nothing_to_do(checkout: Path, holds: str, wanted: str, state: str) -> None:
    stamp(checkout, holds)
    assert judge(checkout, wanted) == state


@pytest.mark.parametrize("name", [*run.LOCKS.values(), *run.OPTIONAL])
def test_any_changed_lock_makes_the_stamp_stale(checkout: Path, name: str) -> None:
    stamp(checkout, "dev")
    (checkout / name).write_text("# other\n")
    assert judge(checkout) == "install"


def test_an_interrupted_installation_is_redone(checkout: Path) -> None:
    write_stamp(checkout, run.UNFINISHED)
    assert judge(checkout) == "rebuild"


@pytest.mark.parametrize("version", ["version = 3.10.2", "version_info = 3.15.0", "", "version = nonsense"])
def test_an_environment_of_an_unsupported_python_is_rebuilt(checkout: Path, version: str) -> None:
    stamp(checkout, "dev")
    write_config(checkout, version)
    assert judge(checkout) == "rebuild"


def test_another_supported_python_in_the_environment_is_filled_again(checkout: Path) -> None:
    stamp(checkout, "dev")
    write_config(checkout, "version_info = 3.12.4")
    assert judge(checkout) == "install"


def test_an_environment_whose_python_was_removed_is_rebuilt(checkout: Path) -> None:
    stamp(checkout, "dev")
    (checkout / ".venv" / "pyvenv.cfg").write_text(f"home = {checkout / 'gone'}\nversion = 3.11.7\n")
    assert judge(checkout) == "rebuild"


# --- building


class Builder:
    """Stands in for uv or pip."""

    def __init__(self, fails_at: str = "") -> None:
        self.fails_at = fails_at
        self.did: list[str] = []

    def create(self) -> None:
        self.did.append("create")
        fake_environment(run.ROOT)

    def install(self, lock: Path) -> None:
        self.did.append(lock.name)
        if lock.name == self.fails_at:
            raise run.SetupError("Installing failed. No wheel.")


@pytest.fixture
def build_here(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "ROOT", checkout)
    monkeypatch.setattr(run, "VENV", checkout / ".venv")
    monkeypatch.setattr(run, "STAMP", checkout / ".venv" / run.STAMP.name)
    return checkout


def test_build_installs_the_lock_and_the_optional_ones_then_stamps(build_here: Path) -> None:
    builder = Builder()
    run.build(builder, "dev", "install")
    assert builder.did == ["requirements-dev.lock", *run.OPTIONAL]
    assert judge(build_here, "dev") == "ready"


def test_build_goes_on_without_an_optional_package(build_here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.build(Builder(fails_at="requirements-voiceprint.lock"), "runtime", "install")
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert "Without Resemblyzer" in said[0]
    assert judge(build_here) == "ready"


def test_a_failed_build_leaves_the_mark_of_an_unfinished_one(build_here: Path) -> None:
    with pytest.raises(run.SetupError):
        run.build(Builder(fails_at="requirements.lock"), "runtime", "install")
    assert run.STAMP.read_text() == run.UNFINISHED


def test_a_rebuild_starts_from_an_empty_folder(build_here: Path) -> None:
    left_over = build_here / ".venv" / "left-over"
    left_over.write_text("")
    builder = Builder()
    run.build(builder, "runtime", "rebuild")
    assert builder.did[0] == "create"
    assert not left_over.exists()


def test_set_up_tries_pip_when_uv_fails(build_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Builder(fails_at="requirements.lock"), Builder()
    monkeypatch.setattr(run, "builders", lambda: [first, second])
    run.set_up("runtime")
    assert second.did == ["create", "requirements.lock", *run.OPTIONAL]
    run.set_up("runtime")  # the stamp matches now
    assert len(second.did) == 2 + len(run.OPTIONAL)


def test_install_words_never_allow_a_compiler_or_an_unverified_file() -> None:
    words = run.install_words(Path("some.lock"))
    assert words == ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", "some.lock"]


def test_quietly_turns_a_failure_into_its_last_error_line() -> None:
    program = "import sys; print('chatter'); print('ERROR: no space left'); print('bye'); sys.exit(3)"
    with pytest.raises(run.SetupError, match=r"^Installing failed\. ERROR: no space left\.$"):
        run.quietly([sys.executable, "-c", program], "installing")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("chatter\nERROR: first\nERROR: second\nbye\n", "ERROR: second"),
        ("chatter\n  × No solution\n", "× No solution"),
        ("only chatter\n\n", "only chatter"),
        ("", "It gave no reason."),
        (
            "WARNING: … [Errno 101] Network is unreachable\nERROR: No matching",
            "The internet could not be reached",
        ),
    ],
)
def test_last_words(output: str, words: str) -> None:
    assert run.last_words(output).startswith(words)


def test_quietly_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(run, "PATIENCE_S", 0.1)
    run.quietly([sys.executable, "-c", "import time; print('chatter'); time.sleep(0.6)"], "installing")
    said = capsys.readouterr().out.splitlines()
    assert said
    assert all(re.fullmatch(r"Still installing, \d+ seconds so far\.", line) for line in said)


# --- system packages


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ([], True),
        (["rehearse"], True),
        (["start", "--language", "de"], True),
        (["test", "-q"], False),
        (["check"], False),
        (["--help"], False),
        (["rehearse", "--help"], False),
    ],
)
def test_which_commands_need_audio(arguments: list[str], needed: bool) -> None:
    assert run.needs_audio(arguments) is needed


@pytest.mark.parametrize(
    ("managers", "line"),
    [
        (["apt-get"], "apt-get install -y libportaudio2 espeak-ng"),
        (["dnf"], "dnf install -y portaudio espeak-ng"),
        (["pacman"], "pacman -S --noconfirm portaudio espeak-ng"),
        (["zypper"], "zypper install -y libportaudio2 espeak-ng"),
        (["apk"], None),
        ([], None),
    ],
)
def test_the_line_that_installs(managers: list[str], line: str | None) -> None:
    assert run.install_line(["PortAudio", "eSpeak NG"], managers) == line


def test_only_what_is_missing_is_installed() -> None:
    assert run.install_line(["eSpeak NG"], ["apt-get"]) == "apt-get install -y espeak-ng"


@pytest.fixture
def bare_debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """A Debian without the two packages; returns the installations that were started."""
    started: list[list[str]] = []
    monkeypatch.setattr(run, "missing_pieces", lambda: ["PortAudio", "eSpeak NG"])
    monkeypatch.setattr(run.shutil, "which", lambda name: name if name in ("apt-get", "sudo") else None)
    monkeypatch.setattr(run, "install_system", started.append)
    monkeypatch.setattr(run, "DECLINED", tmp_path / "declined")
    return started


def be(monkeypatch: pytest.MonkeyPatch, *, root: bool, terminal: bool, answer: str = "") -> None:
    monkeypatch.setattr(run.os, "geteuid", lambda: 0 if root else 1000, raising=False)
    monkeypatch.setattr(run.sys, "stdin", type("Input", (), {"isatty": lambda self: terminal})())
    monkeypatch.setattr("builtins.input", lambda _: answer)


def test_root_on_debian_installs_and_says_so(
    bare_debian: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be(monkeypatch, root=True, terminal=False)
    run.offer_system_packages()
    assert bare_debian == [["apt-get", "install", "-y", "libportaudio2", "espeak-ng"]]
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_without_a_terminal_nobody_is_asked_and_nothing_installed(
    bare_debian: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be(monkeypatch, root=False, terminal=False, answer="yes")
    run.offer_system_packages()
    assert bare_debian == []
    assert capsys.readouterr().out.strip().endswith("To install: sudo apt-get install -y libportaudio2 espeak-ng")


@pytest.mark.parametrize(("answer", "installs"), [("yes", 1), ("Yes ", 1), ("", 0), ("y", 0), ("no", 0)])
def test_sudo_only_after_a_typed_yes(
    bare_debian: list[list[str]], monkeypatch: pytest.MonkeyPatch, answer: str, installs: int
) -> None:
    be(monkeypatch, root=False, terminal=True, answer=answer)
    run.offer_system_packages()
    assert len(bare_debian) == installs
    assert run.DECLINED.exists() is not bool(installs)


def test_a_no_is_remembered(bare_debian: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    be(monkeypatch, root=False, terminal=True, answer="no")
    run.offer_system_packages()
    be(monkeypatch, root=False, terminal=True, answer="yes")
    run.offer_system_packages()
    assert bare_debian == []


# --- starting, and what is said when it cannot


def test_words_after_test_go_to_pytest() -> None:
    words = run.command_for(["test", "-q", "tests/test_run.py"], Path("python"))
    assert words == ["python", "-m", "pytest", "-q", "tests/test_run.py"]


@pytest.mark.parametrize("words", [[], ["rehearse", "--out", "a b.wav"], ["listen", "test"]])
def test_other_words_go_to_voice_imago(words: list[str]) -> None:
    assert run.command_for(words, Path("python")) == ["python", "-P", "-m", "voice_imago", *words]


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (run.SetupError("Please install Python 3.13.", code=2), 2, "Please install Python 3.13."),
        (
            PermissionError(13, "Permission denied", "/x/.venv"),
            1,
            "This did not work. Permission denied: /x/.venv.",
        ),
        (
            subprocess.CalledProcessError(4, ["pip"]),
            1,
            "This did not work. Command '['pip']' returned non-zero",
        ),
        (KeyboardInterrupt(), 1, "Stopped."),
    ],
)
def test_a_problem_is_one_sentence_and_an_exit_code(
    problem: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_: list[str]) -> int:
        raise problem

    monkeypatch.setattr(run, "run", fail)
    assert run.main([]) == code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(said)


# --- the locks


def test_the_locks_belong_to_this_pyproject() -> None:
    assert lock.stale() == [], "run: python3 scripts/lock.py"


def test_a_changed_dependency_makes_the_locks_stale() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    before = lock.dependency_hash(pyproject)
    pyproject["project"]["description"] = "other words"
    assert lock.dependency_hash(pyproject) == before
    pyproject["dependency-groups"]["dev"].append("another")
    assert lock.dependency_hash(pyproject) != before


def test_the_locks_name_no_address_and_hash_every_package() -> None:
    for name in lock.LOCKS:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text, name
        assert "index-url" not in text, name
        entries = lock.requirements(text)
        assert entries, name
        assert all("--hash=sha256:" in entry for entry in entries), name


def test_the_traps_are_locked_out() -> None:
    names = {}
    for file in [*run.LOCKS.values(), *run.OPTIONAL]:
        for entry in lock.requirements((ROOT / file).read_text(encoding="utf-8")):
            name, _, version = lock.pin(entry).partition("==")
            names[name] = version
    assert int(names["av"].partition(".")[0]) < 19
    assert names.keys().isdisjoint({"torch", "librosa", "webrtcvad", "pyobjc", "setuptools"})


def test_the_development_lock_holds_all_of_the_runtime() -> None:
    runtime, dev = ((ROOT / name).read_text(encoding="utf-8") for name in run.LOCKS.values())
    pins = {lock.pin(entry).partition(" ")[0] for entry in lock.requirements(runtime)}
    assert pins <= {lock.pin(entry).partition(" ")[0] for entry in lock.requirements(dev)}


# --- what conftest promises


def test_tests_cannot_leave_this_computer() -> None:
    with socket.socket() as outside, pytest.raises(PermissionError, match="tried to reach"):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(PermissionError, match="tried to reach"):
        socket.getaddrinfo("example.org", 80)


def test_tests_may_use_this_computer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_tests_have_a_home_of_their_own(home: Path, tmp_path: Path) -> None:
    assert home.is_relative_to(tmp_path)
