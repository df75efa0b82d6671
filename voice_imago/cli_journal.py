"""The part of the command line that is about what is kept. See ``cli``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["JOURNAL_COMMANDS", "add_journal_commands"]


def add_journal_commands(commands: Any) -> None:
    """`history`, `export`, `forget`, `replay`, `vault`, `report`."""

    def command(name: str, says: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(name, help=says, description=says)
        return parser

    add = command("history", "What you have done together, and what is due.").add_argument
    add("--json", action="store_true", help="print JSON")
    add("--plot", type=Path, metavar="FILE", help="draw it: FILE.png or FILE.svg; what it shows goes to FILE.txt")
    add("--aloud", action="store_true", help="also say it")
    add("--language", metavar="CODE", default="en", help="of the sentences (default: en)")

    add = command("export", "Write what is kept to a file.").add_argument
    add("--to", type=Path, required=True, metavar="FILE", help="a new file, .md, .json or .ics")
    add("--format", choices=("md", "json", "ics"), help="agreed notes, everything, or days for a calendar")
    add("--passphrase", action="store_true", help="encrypt it (age); the passphrase is asked for")

    add = command("forget", "Delete what is kept, and say so when it is gone.").add_argument
    add("what", choices=("session", "person", "everything"), help="how much")
    add("which", nargs="?", metavar="N|NAME", help="the session's number, or the person's name")
    add("--yes", action="store_true", help="do not ask again")

    add = command("replay", "Feed a kept session again; the same decisions must be made.").add_argument
    add("journal", nargs="?", type=Path, metavar="JOURNAL", help="a journal's file (default: yours)")
    add("--session", type=int, metavar="N", help="its number (default: the newest)")

    add = command("vault", "Encrypt the journal with a passphrase, or take that back.").add_argument
    add("what", choices=("on", "off", "change"))

    add = command("report", "Write what helps to find a fault: no words, no names.").add_argument
    add("--to", type=Path, default=Path("voice-imago-report.txt"), metavar="FILE", help="a new file")


def _history(options: argparse.Namespace) -> int:
    from voice_imago.runtime.journal_commands import history

    return history(options)


def _export(options: argparse.Namespace) -> int:
    from voice_imago.runtime.journal_commands import export

    return export(options)


def _forget(options: argparse.Namespace) -> int:
    from voice_imago.runtime.journal_commands import forget

    return forget(options)


def _replay(options: argparse.Namespace) -> int:
    from voice_imago.runtime.journal_commands import replay_command

    return replay_command(options)


def _vault(options: argparse.Namespace) -> int:
    from voice_imago.runtime.journal_commands import vault_command

    return vault_command(options)


def _report(options: argparse.Namespace) -> int:
    from voice_imago.runtime.reporting import report

    return report(options.to)


JOURNAL_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "history": _history,
    "export": _export,
    "forget": _forget,
    "replay": _replay,
    "vault": _vault,
    "report": _report,
}
