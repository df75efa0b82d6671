"""Commands about the words: draw a dialogue, begin a translation, show the help page."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

__all__ = ["COMMANDS", "add_prompt_commands"]

Add = Callable[[str, str], argparse.ArgumentParser]


def add_prompt_commands(command: Add) -> None:
    """Their options; ``command`` makes a parser of a name and what it does."""
    draw = command("draw", "Draw a dialogue: Mermaid, or plain text that can be read aloud.")
    draw.add_argument("dialogue", metavar="DIALOGUE", help="appreciation, dialogue, mirror, …")
    draw.add_argument("--text", action="store_true", help="plain text with the words, instead of Mermaid")
    draw.add_argument("--language", default="en", metavar="CODE", help="whose words (default: en)")
    draw.add_argument("--to", type=Path, metavar="FILE", help="write it to a file")
    new = command("new-language", "Begin a translation: copies the English words and enters the language.")
    new.add_argument("code", metavar="CODE", help="two letters, such as it")
    new.add_argument("name", metavar="NAME", help="in English, such as Italian")
    page = command("help-page", "Numbers of people who listen, therapists, books and courses. To be read alone.")
    page.add_argument("--locale", default="", metavar="COUNTRY", help="US, GB, DE, … (default: this computer's)")


def _draw(options: argparse.Namespace) -> int:
    from voice_imago.runtime.drawing import draw

    return draw(options.dialogue, options.language, text=options.text, target=options.to)


def _new_language(options: argparse.Namespace) -> int:
    from voice_imago.runtime.new_language import new_language

    return new_language(options.code, options.name)


def _help_page(options: argparse.Namespace) -> int:
    from voice_imago.runtime.help_page import help_page

    return help_page(options.locale)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "draw": _draw,
    "new-language": _new_language,
    "help-page": _help_page,
}
