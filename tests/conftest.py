"""What holds for every test: no network beyond this computer, and nothing of the user's own is touched."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before anything imports onnxruntime, which reports at once

# A shell that starts the tests in the background has Ctrl-C ignored, and whatever the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# pytest-timeout finds what hangs; a slow machine alone must not fail a test.
settings.register_profile("voice_imago", deadline=None, database=None, derandomize="CI" in os.environ)
settings.load_profile("voice_imago")


class Scheduling(LoadScopeScheduling):
    """For ``-n 3``: one process has the tests of the virtual room, where sound takes its time; the rest go by file."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/room" if nodeid.startswith("tests/room/") else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    config.option.loadscopereorder = False  # the virtual room first, and not the file with most tests
    return Scheduling(config, log)


def stays_here(host: object) -> bool:
    """Is this host name or address the computer the test runs on?"""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


def refuse(host: object) -> None:
    if not stays_here(host):
        raise PermissionError(f"a test tried to reach {host!r}; tests use this computer only")


@pytest.fixture(autouse=True, scope="session")
def no_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Only AF_UNIX and loopback sockets may connect, and no other name may be looked up."""

    def guarded(name: str) -> Any:
        original = getattr(socket.socket, name)

        def method(self: socket.socket, *arguments: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                refuse(arguments[-1][0])  # the address comes last in connect, connect_ex and sendto
            return original(self, *arguments)

        return method

    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        refuse(host)
        return look_up(host, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("VOICE_IMAGO_HOME", str(tmp_path_factory.mktemp("shared-home")))
        yield


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh, not yet existing folder for settings, journal and models."""
    folder = tmp_path / "voice-imago-home"
    monkeypatch.setenv("VOICE_IMAGO_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_is_said_beside_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said before a session, or of an error, stays silent: whoever runs the tests may have a loudspeaker."""
    from voice_imago.errors import DeviceError
    from voice_imago.runtime import first_console

    def none(device: object = None) -> None:
        raise DeviceError("No loudspeaker was found.")

    monkeypatch.setattr(first_console, "Aloud", none)
