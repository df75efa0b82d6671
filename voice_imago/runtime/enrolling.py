"""The command `enrol`: learn both voices by voice, or list and forget those that are kept."""

from __future__ import annotations

import argparse

from voice_imago import output
from voice_imago.errors import UsageError
from voice_imago.runtime import profiles
from voice_imago.runtime.introduction import couples_script, introduce
from voice_imago.runtime.plan import ENROLMENT
from voice_imago.runtime.start import sit_down

__all__ = ["enrol"]

EVERYBODY = "all"


def enrol(options: argparse.Namespace) -> int:
    """Sit down and learn the voices, unless only the kept ones are asked for. Raises UsageError, FileError."""
    if options.list:
        return _list()
    if options.forget is not None:
        return _forget(options.forget)
    introduce(options)
    options.thinking, options.voices, options.room, options.echo = None, "auto", "measure", "half"
    return sit_down(options, couples_script(options), ENROLMENT)


def _list() -> int:
    kept = profiles.names()
    output.say("No voices are kept." if not kept else f"Voices kept: {len(kept)}.")
    for profile in kept:
        name = profile.name or "A voice whose name is damaged (forget it with --forget all)"
        output.say(f"{name}, kept on {profile.kept}, from {profile.speech_s:.0f} seconds of speech.")
    return 0


def _forget(name: str) -> int:
    """The sentence comes after it is true."""
    if name.casefold() == EVERYBODY:
        gone = profiles.forget_all()
        output.say("All kept voices are forgotten." if gone else "No voices are kept; there is nothing to forget.")
        return 0
    if not profiles.forget(name):
        known = ", ".join(profile.name for profile in profiles.names()) or "none"
        raise UsageError(f"No voice of {name!r} is kept.", f"Kept voices: {known}.")
    output.say(f"The voice of {name} is forgotten.")
    return 0
