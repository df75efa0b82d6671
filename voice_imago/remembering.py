"""Changes of the settings in the course of an evening, which does not fail for want of a disk."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from voice_imago import output
from voice_imago.errors import FileError
from voice_imago.settings import Settings, load_settings, save_settings

__all__ = ["remember", "told_when_forgotten"]

Told = Callable[[FileError], None]
_told: list[Told] = []
_lock = threading.Lock()


def remember(changed: Callable[[Settings], Settings | dict[str, Any]]) -> bool:
    """The settings with what has changed in them, for the next evening; from any thread, one after the other.

    Where that is not possible it is printed, whoever leads the evening is told, and it holds for this evening only.
    """
    try:
        with _lock:
            settings = load_settings()
            now = changed(settings)
            save_settings(now if isinstance(now, Settings) else msgspec.structs.replace(settings, **now))
    except FileError as error:
        output.error(str(error))
        for told in list(_told):
            told(error)
        return False
    return True


@contextlib.contextmanager
def told_when_forgotten(told: Told) -> Iterator[None]:
    """``told`` hears of each thing that could not be remembered."""
    _told.append(told)
    try:
        yield
    finally:
        _told.remove(told)
