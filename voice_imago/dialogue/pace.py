"""How much time everybody has: "more time" stretches every wait, up to ten times, then takes the limits away.

The end of a turn waits at most three times as long: beyond that a "done" or the key is kinder than the silence.
(WCAG 2.2.1: a limit can be turned off, or set to ten times its length.)
"""

from __future__ import annotations

import math
from dataclasses import replace

from voice_imago.events import Window

__all__ = ["NO_LIMIT", "changed", "stretched", "unstretched"]

NO_LIMIT = math.inf
_PACES = (1.0, 2.0, 4.0, 10.0, NO_LIMIT)
MOST_SILENCE = 3.0
"""Times the silence that ends a turn."""
MOST_GRACE = 10.0
"""Times the silence in which a partner may ask a question before the guide asks it: somebody has to."""


def changed(pace: float, *, more: bool) -> float:
    """One step more time, or back to the usual; the same at either end."""
    if not more:
        return _PACES[0]
    return _PACES[min(_PACES.index(pace) + 1, len(_PACES) - 1)]


def stretched(window: Window, pace: float, *, grace: bool) -> Window:
    """The window with that much time; ``grace``: its reminder is the guide's own question."""
    if pace == 1.0:
        return window
    return replace(
        window,
        end_silence_s=window.end_silence_s * min(pace, MOST_SILENCE),
        reminders_s=_times(window.reminders_s, min(pace, MOST_GRACE) if grace else pace),
        talk_limits_s=_times(window.talk_limits_s, pace),
    )


def unstretched(seconds: float, pace: float) -> float:
    """What so many seconds would have been at the usual pace."""
    return seconds if pace == NO_LIMIT else seconds / pace


def _times(limits_s: tuple[float, ...], pace: float) -> tuple[float, ...]:
    return () if pace == NO_LIMIT else tuple(limit * pace for limit in limits_s)
