"""The commands about what is kept: `history`, `export`, `forget`, `replay`, `vault`."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from voice_imago import output
from voice_imago.dialogue.script_read import prompts_folder, read_script
from voice_imago.dialogue.script_shape import Script
from voice_imago.errors import DeviceError, FileError, UsageError, VoiceError
from voice_imago.journal import files
from voice_imago.journal.history import Practice, practice
from voice_imago.journal.journal import reading
from voice_imago.journal.telling import all_told, sentences
from voice_imago.runtime.asking import ask_new_passphrase, ask_passphrase
from voice_imago.settings import load_settings

if TYPE_CHECKING:
    from voice_imago.journal.exporting import Format

__all__ = ["export", "forget", "history", "key_for", "replay_command", "vault_command"]

KEY = "The passphrase of the journal, please:"
NEW_KEY = "A new passphrase for the journal:"
EXPORT_KEY = "A passphrase for the export:"
NO_WAY_BACK = "Without the passphrase nobody opens it, and there is no other way in."


def key_for(path: Path) -> str | None:
    """The passphrase of an encrypted journal, asked for once. Raises FileError, JournalError, VaultError."""
    return ask_passphrase(KEY) if files.kind_of(path) == "sealed" else None


# ---------------------------------------------------------------------- history


def history(options: argparse.Namespace) -> int:
    """What was done and what is due, in plain lines, as JSON, or as a picture."""
    path, today = files.journal_file(), datetime.date.today()
    if files.kind_of(path) in ("missing", "empty"):
        if options.json:
            output.say(_as_json(Practice(today, (), (), (), {}, {})))
        else:
            output.say("Nothing is kept yet. A dialogue is kept when both of you say yes to it: start --keep counts.")
        return 0
    with reading(path, key_for(path)) as connection:
        past = practice(connection, today, floor=options.json or options.plot is not None)
    if options.json:
        output.say(_as_json(past))
        return 0
    script = read_script(options.language)
    if options.language not in script.languages:
        known = ", ".join(script.languages)
        raise UsageError(f"There is no language called {options.language!r}.", f"Choose one of: {known}.")
    language = script.languages[options.language]
    if options.plot is not None:
        return _plot(past, script, language.code, options.plot)
    told = all_told(past, script, language.code)
    lines = sentences(told, language)
    left = deque(lines)
    if options.aloud:
        _say(left, script, language.code, kept=[line for one, line in zip(told, lines, strict=True) if not one.own])
    for line in left:
        output.say(line)
    return 0


def _say(left: deque[str], script: Script, language: str, kept: Sequence[str]) -> None:
    """Print and say each line; what was not said, for want of a loudspeaker or a voice, is left, and that is told."""
    from voice_imago.runtime.read_aloud import read_aloud

    def show(line: str) -> None:
        output.say(left.popleft())

    try:
        read_aloud(list(left), script, load_settings(), language=language, kept=kept, show=show)
    except (DeviceError, UsageError, VoiceError) as error:
        output.error(str(error))


def _as_json(past: Practice) -> str:
    unfinished = past.unfinished
    whole = {
        "today": past.today.isoformat(),
        "finished": dict(past.finished),
        "appreciations": past.appreciations,
        "rounds": past.rounds,
        "requests": dict(zip(("chosen", "kept"), past.requests, strict=True)),
        "days_kept_this_month": past.days_this_month,
        "due": past.due,
        "dates": past.dates,
        "unfinished": None if unfinished is None else {"session": unfinished.id, "step": unfinished.step},
        "floor_s": {step: round(seconds, 1) for step, seconds in past.floor_s.items()},
        "sessions": past.sessions,
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()


def _plot(past: Practice, script: Script, language: str, path: Path) -> int:
    from voice_imago.runtime.history_picture import describe, draw_history, panels_of

    form = path.suffix.lower().removeprefix(".")
    if form not in ("png", "svg"):
        raise UsageError(f"The picture {path} is neither .png nor .svg.", "Name it history.png.")
    panels = panels_of(past, lambda step: _title(script, language, step))
    text = path.with_name(f"{path.name}.txt")
    try:
        drawn = draw_history(panels, form)  # type: ignore[arg-type]
        path.write_bytes(drawn)
        text.write_text(describe(panels), encoding="utf-8")
    except ImportError as error:
        raise FileError("The picture cannot be drawn: matplotlib is missing.", "Say history without --plot.") from error
    except OSError as error:
        raise FileError(f"The picture {path} cannot be written: {error.strerror}.", "Name another folder.") from error
    output.say(f"The picture is in {path}, what it shows stands in {text}.")
    return 0


def _title(script: Script, language: str, step: str) -> str:
    """What "where are we" calls a step, wherever it is."""
    prompts = script.languages[language].prompts
    for graph in script.graphs.values():
        prompt = prompts.get(graph.steps[step].prompt) if step in graph.steps else None
        if prompt is not None and prompt.title:
            return prompt.title
    return step


# ---------------------------------------------------------------------- export, forget


def export(options: argparse.Namespace) -> int:
    """Write what is kept to a new file."""
    from voice_imago.journal.exporting import exported

    form: Format = options.format or _format(options.to)
    path = files.journal_file()
    if files.kind_of(path) in ("missing", "empty"):
        raise FileError("Nothing is kept, so there is nothing to export.", "")
    with reading(path, key_for(path)) as connection:
        content = exported(connection, form, datetime.datetime.now(datetime.UTC))
    if options.passphrase:
        from voice_imago.journal.sealing import seal_with

        content = seal_with(content, ask_new_passphrase(EXPORT_KEY))
    _write_new(options.to, content)
    how = ", encrypted (age -d opens it)" if options.passphrase else ""
    output.say(f"The export is in {options.to}{how}. Private parts are not in it.")
    return 0


def _format(path: Path) -> Format:
    forms: dict[str, Format] = {".md": "md", ".json": "json", ".ics": "ics"}
    form = forms.get(Path(path.name.removesuffix(".age")).suffix.lower())
    if form is None:
        raise UsageError(f"The name {path.name} does not tell the format.", "End it in .md, .json or .ics.")
    return form


def _write_new(path: Path, content: bytes) -> None:
    """For the owner's eyes; nothing that is there is replaced, and no half of it is left. Raises FileError."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
        except OSError:
            path.unlink()
            raise
    except FileExistsError as error:
        raise FileError(f"The file {path} is there already.", "Name another one.") from error
    except OSError as error:
        raise FileError(f"The export {path} cannot be written: {error.strerror}.", "Name another folder.") from error


def forget(options: argparse.Namespace) -> int:
    """Forget and say so, in this order."""
    from voice_imago.runtime import forgetting

    what, which = options.what, options.which
    if what == "session":
        if which is None or not which.isdecimal():
            asked = f"Which session is to be forgotten? {forgetting.sessions_kept(key_for)}"
            raise UsageError(asked, "Say forget session with its number.")
        output.say(forgetting.forget_session(int(which), key_for))
        return 0
    if what == "person" and not which:
        raise UsageError("Who is to be forgotten?", "Say forget person NAME.")
    whole = "everything that is kept" if what == "everything" else f"all that names {which}, and what you two said"
    if not options.yes and not _sure(f"This deletes {whole}."):
        output.say("Nothing was forgotten.")
        return 1
    output.say(forgetting.forget_everything() if what == "everything" else forgetting.forget_person(which, key_for))
    return 0


def _sure(sentence: str) -> bool:
    """Asked once, at a keyboard; a pipe has decided already."""
    if sys.stdin is None or not sys.stdin.isatty():
        return True
    output.say(f"{sentence} Type yes to do it.")
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


# ---------------------------------------------------------------------- replay


def replay_command(options: argparse.Namespace) -> int:
    """Feed a kept session again; 1 when something else came of it."""
    from voice_imago.dialogue.script import load_script
    from voice_imago.journal.replay import digest_of, kept_session, replay

    path: Path = options.journal or files.journal_file()
    with reading(path, key_for(path)) as connection:
        kept = kept_session(connection, options.session)
    done = replay(load_script(), kept)
    how = "its words" if done.by == "words" else "the noted answers, without words"
    output.say(f"Session {kept.row.id} was replayed by {how}: {done.inputs} inputs, {done.facts} facts.")
    if done.closed:
        output.say("It ends where something was said that is nobody else's; from there on nothing was put on tape.")
    if done.same:
        output.say("The same decisions were made.")
        return 0
    output.error("Other decisions were made than then:")
    for difference in done.differences:
        output.error(f"  {difference}")
    if kept.row.prompts != digest_of(prompts_folder()):
        output.error("The prompts have changed since; that may be why.")
    return 1


# ---------------------------------------------------------------------- vault


def vault_command(options: argparse.Namespace) -> int:
    """Encrypt the journal, take that back, or change the passphrase. Nothing is asked for that would be of no use."""
    from voice_imago.journal import vault

    path = files.journal_file()
    if vault.is_locked(path) is (options.what == "on"):
        already = "encrypted already" if options.what == "on" else "not encrypted"
        raise UsageError(f"The journal is {already}.", "Nothing was changed.")
    if options.what == "on":
        vault.lock(path, ask_new_passphrase(NEW_KEY))
        output.say(f"The journal is encrypted now. {NO_WAY_BACK}")
        return 0
    old = ask_passphrase(KEY)
    if options.what == "off":
        vault.unlock(path, old)
        output.say("The journal is not encrypted any more; your account's password is all that guards it.")
    else:
        vault.change(path, old, ask_new_passphrase(NEW_KEY))
        output.say(f"The journal has its new passphrase. {NO_WAY_BACK}")
    return 0
