"""A program that may open no socket: an audit hook in it and in every Python that it starts, and no network to reach.

The hook sees what Python does; a network namespace without a route also holds what libraries in C would do. A socket of
the file system (the sound server's) is no network, and both let it be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "hooked", "hooked_programs", "without_network"]

ROOT = Path(__file__).parents[1]
HOOK = """
import os, socket, sys

FORBIDDEN = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
INTERNET = (socket.AF_INET, socket.AF_INET6)

def hook(event, arguments):
    if event in FORBIDDEN or (event == "socket.__new__" and arguments[1] in INTERNET):
        with open(os.environ["AUDIT_LOG"], "a") as log:
            log.write(f"{event} {arguments}\\n")
        raise PermissionError(event)

sys.addaudithook(hook)
with open(os.environ["AUDIT_LOG"] + ".on", "a") as seen:
    seen.write("on\\n")
"""


@cache
def without_network() -> tuple[str, ...]:
    """The words that start a program in a namespace without any network; () where this system has none."""
    for words in (("unshare", "-n"), ("unshare", "-r", "-n")):
        if (
            shutil.which("unshare")
            and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
        ):
            return words
    return ()


def hooked(folder: Path) -> dict[str, str]:
    """What the environment needs for the hook, which lies in this folder and writes ``audit.log`` there."""
    (folder / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "AUDIT_LOG": str(folder / "audit.log")}


def hooked_programs(folder: Path) -> int:
    """How many programs the hook was in."""
    return len((folder / "audit.log.on").read_text(encoding="utf-8").splitlines())
