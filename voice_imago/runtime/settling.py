"""Keeps memory as it is in a long evening: a little is given back each minute, when nobody speaks.

A full garbage collection looks at every object; with the script, the models and the libraries that takes so long that
nobody should be speaking, and Python does it so seldom that memory grows by a megabyte an hour meanwhile. So what lives
as long as the session is left out, and the rest is looked at in a quiet moment.
"""

from __future__ import annotations

import gc

__all__ = ["EVERY_S", "Settled"]

EVERY_S = 60.0
"""Seconds between two collections, or more where the quiet moment comes later."""


class Settled:
    """Make it once, when everything is set up; for a process that leads one session."""

    def __init__(self) -> None:
        gc.collect()
        gc.freeze()
        self._next_s = 0.0

    def look(self, now_s: float, *, busy: bool) -> None:
        """``busy``: somebody is speaking, or is heard."""
        if not busy and now_s >= self._next_s:
            self._next_s = now_s + EVERY_S
            gc.collect()
