"""The command line. Imports are late, so that `--help` is instant and a missing part hurts only who needs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from voice_imago import __version__, cli_prompts
from voice_imago.cli_journal import JOURNAL_COMMANDS, add_journal_commands
from voice_imago.cli_models import add_model_commands, run_models, run_setup
from voice_imago.cli_prompts import add_prompt_commands
from voice_imago.errors import UsageError

__all__ = ["main"]

KEEP = ("none", "counts", "notes", "transcript")
DESCRIPTION = (
    "A voice guide for couples: two people, one laptop, an Imago dialogue led by ear. Nothing leaves the machine."
)


EPILOG = "Without a command: start. With --aloud after a command, what it prints is also said."


class _Parser(argparse.ArgumentParser):
    """argparse without colours, and with one sentence where the usage is wrong."""

    def __init__(self, *args: object, **options: object) -> None:
        if sys.version_info >= (3, 14):
            options.setdefault("color", False)
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"See: {self.prog} --help")


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = _Parser(
        prog="voice-imago",
        description=DESCRIPTION,
        epilog="Without a command: start. With --aloud after a command, what it prints is also said.",
    )
    parser.add_argument("--version", action="version", version=f"voice-imago {__version__}")
    parser.add_argument("--debug", action="store_true", help="show where a fault comes from")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    _add_start(commands)
    _add_rehearse(commands)
    _add_listen(commands)
    _add_enrol(commands)
    _add_small(commands)
    add_journal_commands(commands)
    add_model_commands(lambda name, says: _command(commands, name, says), _add_table)
    add_prompt_commands(lambda name, says: _command(commands, name, says))
    return parser


def _command(commands: argparse._SubParsersAction[_Parser], name: str, says: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=says, description=says)


def _add_start(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(commands, "start", "Lead a dialogue at the table.")
    add = parser.add_argument
    add(
        "--dialogue",
        default="",
        metavar="NAME",
        help="appreciation, dialogue, request, workup, … (default: you are asked)",
    )
    says = "the dialogue alone, without what belongs to an evening: notice, check-in, menu, next time"
    add("--straight", action="store_true", help=says)
    add("--formal", action="store_true", help="the guide says Sie, vous, usted, u or siz")
    _add_table(parser)
    says = "full: the guide listens while it speaks; half: it does not; auto: a test at the start decides"
    add("--echo", choices=("auto", "full", "half"), default="auto", help=says)
    add("--thinking", choices=("quick", "normal", "patient"), help="how long a pause may be before a turn is over")
    says = "auto: kept voices, else you are asked; learn: from your first turns; off: never told apart"
    add("--voices", choices=("auto", "learn", "off"), default="auto", help=says)
    says = "auto: measured once, then checked at each start; measure: anew; off: not at all"
    add("--room", choices=("auto", "measure", "off"), default="auto", help=says)
    says = "none: you are not asked; else a reminder of what you want (default: both of you are asked)"
    add("--keep", choices=KEEP, default="", help=says)
    add("--resume", action="store_true", help="go on with the dialogue that was broken off")
    add("--typed", action="store_true", help="no sound: you type what is said")


def _add_table(parser: argparse.ArgumentParser) -> None:
    """What every command needs that sits at the table."""
    add = parser.add_argument
    add("--partners", nargs=2, metavar=("NAME", "NAME"), help="your two first names; the first one begins")
    add("--language", metavar="CODE", help="en")
    says = "who understands words: auto (default), whisper, answers, none, or wyoming://host:10300 in your home"
    add("--recogniser", metavar="NAME", help=says)
    says = "an installed voice such as flite:slt (see devices), or wyoming://host:10200 in your home"
    add("--voice", metavar="NAME", help=says)
    says = "voice: the guide is only read, for screen readers; text: it is only heard; off: both"
    add("--mute", choices=("voice", "text", "off"), help=says)
    add("--earcons", choices=("sounds", "words", "off"), help="short tones, words in their place, or neither")
    add("--model", metavar="NAME", help="speech model: tiny.en, base.en, small.en, …")
    add("--model-dir", type=Path, metavar="FOLDER", help="a folder with a speech model")
    add("--input", metavar="DEVICE", help="microphone, by number or part of its name")
    add("--output", metavar="DEVICE", help="loudspeaker, by number or part of its name")
    add("--detector", choices=("auto", "silero", "webrtc"), default="auto", help="speech detector")
    add("--events", type=Path, metavar="FILE", help="write the event stream, one JSON object a line")


def _add_rehearse(commands: argparse._SubParsersAction[_Parser]) -> None:
    says = "Play a scripted couple through the guide, faster than real time."
    add = _command(commands, "rehearse", says).add_argument
    add("scene", nargs="?", default="first_appreciation", metavar="SCENE", help="a shipped scene or a .toml file")
    add("--listen", action="store_true", help="play it aloud")
    add("--out", type=Path, metavar="WAV", help="write what the room heard (left: couple, right: guide)")
    add("--events", type=Path, metavar="FILE", help="write the event stream")
    add("--quiet", action="store_true", help="print only the result")
    says = "keep it in the journal of rehearsals, to be replayed (default: what the scene says)"
    add("--keep", choices=KEEP, help=says)


def _add_listen(commands: argparse._SubParsersAction[_Parser]) -> None:
    add = _command(commands, "listen", "Who spoke when in a recording, with exactly the live hearing.").add_argument
    add("recording", type=Path, metavar="RECORDING")
    add("--partner", action="append", default=[], metavar="NAME=WAV", help="a recording of about 15 s of one partner")
    add("--json", action="store_true", help="print JSON")
    add("--rttm", action="store_true", help="print RTTM")


def _add_enrol(commands: argparse._SubParsersAction[_Parser]) -> None:
    says = "Measure the room and learn both voices, by voice; or list and forget the voices that are kept."
    parser = _command(commands, "enrol", says)
    parser.add_argument("--list", action="store_true", help="name the voices that are kept on this computer")
    parser.add_argument("--forget", metavar="NAME", help="delete a kept voice; all: every one")
    _add_table(parser)


def _add_small(commands: argparse._SubParsersAction[_Parser]) -> None:
    check = _command(commands, "check", "Check prompts and scenes; every problem at once.")
    check.add_argument("path", nargs="?", type=Path, metavar="PATH", help="a prompts folder or a scene (default: all)")
    check.add_argument("--language", default="", metavar="CODE", help="also everything that this language lacks")
    _command(commands, "devices", "List microphones, loudspeakers and voices.")
    doctor = _command(commands, "doctor", "What is there, what is missing, how to mend it; a line each, also spoken.")
    says = "voice: only print it; text: only say it; off: both (default: as in the settings)"
    doctor.add_argument("--mute", choices=("voice", "text", "off"), help=says)
    doctor.add_argument("--model-dir", type=Path, metavar="FOLDER", help="a folder with a speech model")
    says = "Why the turns of a session ended when they did, from its event stream."
    explain = _command(commands, "explain", says)
    explain.add_argument("events", type=Path, metavar="EVENTS", help="a file that --events wrote")
    explain.add_argument("--turn", type=int, metavar="N", help="explain this turn (default: a line for each turn)")
    explain.add_argument("--png", type=Path, metavar="FILE", help="also draw the turn; its words go to FILE.txt")


def commands_words(argv: Sequence[str]) -> list[str]:
    """The command and its options; without a command it is start."""
    words = [word for word in argv if word != "--debug"]  # __main__ looks for it
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words.insert(0, "start")
    return words


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code. Raises VoiceImagoError, which ``__main__`` prints."""
    words = commands_words(sys.argv[1:] if argv is None else argv)
    if "--aloud" in words[1:] and words[0] != "history":  # which says only what it has to tell
        from voice_imago.runtime.printed_aloud import printed_aloud

        with printed_aloud():
            return main([word for word in words if word != "--aloud"])
    options = build_parser().parse_args(words)
    table: dict[str, Callable[[argparse.Namespace], int]] = {
        "start": _start,
        "rehearse": _rehearse,
        "listen": _listen,
        "enrol": _enrol,
        "check": _check,
        "devices": _devices,
        "doctor": _doctor,
        "setup": run_setup,
        "models": run_models,
        "explain": _explain,
        **cli_prompts.COMMANDS,
        **JOURNAL_COMMANDS,
    }
    return table[options.command](options)


def _start(options: argparse.Namespace) -> int:
    from voice_imago.runtime.start import start

    return start(options)


def _rehearse(options: argparse.Namespace) -> int:
    from voice_imago.runtime.start import run_rehearsal

    return run_rehearsal(options)


def _listen(options: argparse.Namespace) -> int:
    from voice_imago.runtime.start import run_listen

    return run_listen(options)


def _enrol(options: argparse.Namespace) -> int:
    from voice_imago.runtime.enrolling import enrol

    return enrol(options)


def _check(options: argparse.Namespace) -> int:
    from voice_imago.runtime.checking import check

    return check(options.path, options.language)


def _devices(options: argparse.Namespace) -> int:
    from voice_imago.runtime.setting_up import print_devices

    return print_devices()


def _doctor(options: argparse.Namespace) -> int:
    from voice_imago.runtime.doctor import doctor

    return doctor(options.mute, options.model_dir)


def _explain(options: argparse.Namespace) -> int:
    from voice_imago.runtime.explaining import explain

    return explain(options.events, options.turn, options.png)
