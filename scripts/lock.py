"""Writes the requirements locks from pyproject.toml. Needs the network and uv (on the PATH, or `UV=…`).

python3 scripts/lock.py                     after a change of dependencies; keeps the other pins
python3 scripts/lock.py --upgrade           newest versions of everything, at least a week old
python3 scripts/lock.py --check             are the locks as old as pyproject.toml? (also a test)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
QUARANTINE = "7 days"  # so that a bad release has a week to be noticed
MARK = "# dependencies sha256: "
HEADER = "# Written by scripts/lock.py; do not edit.\n"

PROJECT_LOCKS = {  # file -> what `uv export` adds to the runtime
    "requirements.lock": ["--no-dev"],
    "requirements-dev.lock": ["--group", "dev"],
}
EXTRA_LOCKS = {  # file -> the extra whose packages it adds to requirements.lock
    "requirements-answers.lock": "answers",
    "requirements-aec.lock": "aec",
    "requirements-vault.lock": "vault",
}
SINGLE_LOCKS = {  # file -> the one package it pins, without its dependencies
    "requirements-voiceprint.lock": "resemblyzer==0.1.4",
    "requirements-uv.lock": "uv",
}
SERVER_LOCKS = {  # file -> a program that the tests start, with its dependencies, in an environment of its own
    "requirements-homeserver.lock": "wyoming-faster-whisper>=3.8",
}
LOCKS = [*PROJECT_LOCKS, *EXTRA_LOCKS, *SINGLE_LOCKS, *SERVER_LOCKS]


def dependency_hash(pyproject: dict[str, Any]) -> str:
    """Changes whenever pyproject.toml asks for other packages, Pythons or platforms; else it stays."""
    project = pyproject["project"]
    asked = [
        project["requires-python"],
        project["dependencies"],
        project.get("optional-dependencies", {}),
        pyproject.get("dependency-groups", {}),
        pyproject.get("tool", {}).get("uv", {}),
        SINGLE_LOCKS,
        SERVER_LOCKS,
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def requirements(lock: str) -> list[str]:
    """The entries of a lock, each with its hash lines."""
    return re.findall(r"^[^#\s].*(?:\n[ \t]+--hash.*)*", lock, flags=re.MULTILINE)


def pin(entry: str) -> str:
    """`numpy==2.4.6 ; python_full_version < '3.12'`, without the hashes."""
    return entry.splitlines()[0].rstrip("\\ ")


def stale(root: Path = ROOT) -> list[str]:
    """The locks that were not made from this pyproject.toml."""
    wanted = MARK + dependency_hash(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")))
    paths = [root / name for name in LOCKS]
    return [p.name for p in paths if not p.exists() or wanted not in p.read_text(encoding="utf-8").splitlines()]


def uv(*words: str, cwd: Path) -> str:
    program = os.environ.get("UV") or shutil.which("uv")
    if program is None:
        raise SystemExit("uv is not on the PATH. Install it into an environment outside this folder.")
    done = subprocess.run([program, *words], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stderr.strip()}\nIf an old pin is in the way: --upgrade NAME")
    return done.stdout


def write_locks(kept: list[str]) -> None:
    source = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    header = f"{HEADER}{MARK}{dependency_hash(tomllib.loads(source))}\n"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        constraints = f"constraint-dependencies = {json.dumps(kept)}\n"
        (work / "pyproject.toml").write_text(
            source.replace("[tool.uv]\n", f"[tool.uv]\n{constraints}"), encoding="utf-8"
        )
        for needed in ("voice_imago/__init__.py", "README.md", "LICENSE"):
            (work / needed).parent.mkdir(exist_ok=True)
            (work / needed).write_text((ROOT / needed).read_text(encoding="utf-8") if needed.endswith("py") else "")
        uv("lock", "--exclude-newer", QUARANTINE, cwd=work)
        export = ("export", "--quiet", "--frozen", "--no-emit-project", "--no-annotate", "--no-header")
        texts = {name: uv(*export, *words, cwd=work) for name, words in PROJECT_LOCKS.items()}
        runtime = requirements(texts["requirements.lock"])
        for name, extra in EXTRA_LOCKS.items():
            with_extra = requirements(uv(*export, "--no-dev", "--extra", extra, cwd=work))
            texts[name] = "".join(f"{entry}\n" for entry in with_extra if entry not in runtime)
        for name, package in SINGLE_LOCKS.items():
            texts[name] = single(package, kept, work)
        for name, package in SERVER_LOCKS.items():
            texts[name] = with_dependencies(package, kept, work)
    for name, text in texts.items():
        if "://" in text:
            raise SystemExit(f"{name} would hold an address; nothing was written.")
    for name, text in texts.items():
        (ROOT / name).write_text(header + text, encoding="utf-8")
        print(f"{name}: {len(requirements(text))} packages")


def single(package: str, kept: list[str], work: Path) -> str:
    """One package without its dependencies."""
    own = [each for each in kept if each.split("==")[0] == package.split("==")[0]]
    return compiled("\n".join([package, *own]), work, "--no-deps")


def with_dependencies(package: str, kept: list[str], work: Path) -> str:
    """One package and all that it needs, at the versions of the other locks where those have them."""
    (work / "constraints.txt").write_text("\n".join(kept), encoding="utf-8")
    # --no-config: it need not run on every platform that the program itself runs on.
    return compiled(package, work, "--no-config", "--constraint", "constraints.txt", "--python-version", "3.11")


def compiled(asked: str, work: Path, *more: str) -> str:
    (work / "in.txt").write_text(asked, encoding="utf-8")
    options = ("--universal", "--generate-hashes", "--only-binary", ":all:", "--no-annotate", "--no-header")
    return uv("pip", "compile", "--quiet", "--exclude-newer", QUARANTINE, *options, *more, "in.txt", cwd=work)


def pins_now() -> list[str]:
    paths = [ROOT / name for name in LOCKS]
    entries = [entry for path in paths if path.exists() for entry in requirements(path.read_text(encoding="utf-8"))]
    return sorted({pin(entry) for entry in entries})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--upgrade", nargs="*", metavar="NAME", help="newer versions of these, or of everything")
    parser.add_argument("--check", action="store_true", help="only say which locks are stale")
    options = parser.parse_args()
    if options.check:
        for name in stale():
            print(f"{name} is stale; run: python3 scripts/lock.py")
        return 1 if stale() else 0
    if options.upgrade is None:
        kept = pins_now()
    else:  # no names: everything
        kept = [each for each in pins_now() if options.upgrade and each.split("==")[0] not in options.upgrade]
    write_locks(kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
