"""The part of the command line that is about speech models: `setup` and `models`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

__all__ = ["add_model_commands", "run_models", "run_setup"]

AddCommand = Callable[[str, str], argparse.ArgumentParser]


def add_model_commands(add_command: AddCommand, add_table: Callable[[argparse.ArgumentParser], None]) -> None:
    """``add_command`` makes a command from its name and what it does, ``add_table`` adds what sitting down needs."""
    setup = add_command("setup", "Set everything up by ear: sound, pace, room, voices, a speech model.")
    add_table(setup)
    setup.add_argument("--typed", action="store_true", help="no sound: you type the answers")
    setup.add_argument("--only", choices=("model",), help="the speech model alone")
    setup.add_argument("--yes", action="store_true", help="fetch without asking (the recommended one, or --model)")
    models = add_command("models", "The speech models on this computer: list, verify or remove them.")
    models.add_argument("what", choices=("list", "verify", "remove"), metavar="list|verify|remove")
    models.add_argument("name", nargs="?", metavar="NAME", help="one model (remove needs it)")
    models.add_argument("--model-dir", type=Path, metavar="FOLDER", help="a folder of models (default: ours)")


def run_setup(options: argparse.Namespace) -> int:
    from voice_imago.runtime.setting_up import set_up

    return set_up(options)


def run_models(options: argparse.Namespace) -> int:
    from voice_imago.runtime.models_command import models_command

    return models_command(options.what, options.name, options.model_dir)
