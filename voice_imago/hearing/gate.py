"""When the microphone is not listened to: the guide hears neither itself nor anybody during a time-out.

In full duplex (``Gate.full``) somebody else takes the guide's voice out of the sound, and its prompts shut nothing.

In half duplex no frame that touches a shut moment of the sample clock is heard, but for the first half second of a
prompt, in which somebody who had only paused may go on. What is heard there cannot be the guide's own echo:

(a) speech that was believed before the prompt began goes on being heard while it lasts;
(b) a frame that is 9 dB louder than the echo can be. The forecast is the loudest 32 ms of the prompt *so far*, so that
    it holds however late the loudspeaker is, times the room's measured coupling. Without a measured room: only (a).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from voice_imago.hearing.gain import SILENCE_DB

GRACE_S = 0.5
"""Seconds from the beginning of a prompt in which whoever goes on is still heard."""
ECHO_MARGIN_DB = 9.0
"""A frame this far above the forecast is not the echo: what a room's modes and an old measurement may add is less."""
FORECAST_S = 1.0
"""Seconds of a prompt that a forecast covers: the grace, and the lag of the slowest detector."""
STEP_S = 0.008
BLOCK_S = 0.032

Forecast = Callable[[float], float | None]
"""Seconds on the audio clock -> the most that the loudspeaker has been given so far, dB below full scale, of what is
played now; None: unknown."""


class Gate:
    """Says of each frame whether it may be heard."""

    def __init__(self, tail_s: float = 0.2) -> None:
        self.coupling_db: float | None = None
        """Level in the microphone minus level given to the loudspeaker, as measured here; None: not measured."""
        self.tail_s = tail_s
        """Seconds for which the room still sounds after the last sample of a prompt."""
        self.full = False
        """The guide's echo is taken out of what is heard, so its prompts shut nothing."""
        self._shut_at: float | None = None
        self._over_until = 0.0
        self._forecast: Forecast | None = None
        self._grace_from: float | None = None
        self._opens_at = 0.0
        self._microphone = True

    def shut(self, at_s: float = 0.0, forecast: Forecast | None = None) -> None:
        """Nothing from ``at_s`` on is heard (default: from the next frame on) until ``open_after``.

        With a ``forecast`` (see ``prompt_forecast``) whoever goes on is heard for half a second more."""
        self._shut_at = at_s
        self._forecast, self._grace_from = forecast, None

    def open_after(self, at_s: float, tail_s: float | None = None) -> None:
        """The prompt's last sample sounded at ``at_s``: hear again one tail later.

        ``tail_s``: hear nothing until then, whatever is taken out (a sound that measures)."""
        if tail_s is None:
            self._over_until, self._opens_at = at_s + self.tail_s, 0.0
        else:
            self._opens_at = at_s + tail_s
        self._shut_at = None

    def microphone(self, on: bool) -> None:
        """False: hear nothing until told otherwise (time-out)."""
        self._microphone = on

    def closed(self, start_s: float, end_s: float) -> bool:
        """Whether the frame from ``start_s`` to ``end_s`` must not be heard, but for ``grace``."""
        if not self._microphone or start_s < self._opens_at:
            return True
        return not self.full and self.over(start_s, end_s)

    def over(self, start_s: float, end_s: float) -> bool:
        """Whether a prompt or its echo is in the air between two moments."""
        return start_s < self._over_until or (self._shut_at is not None and end_s > self._shut_at)

    def busy(self, start_s: float, end_s: float) -> bool:
        """Whether the room cannot be heard by itself: something is in the air, or nothing is listened to."""
        return self.closed(start_s, end_s) or self.over(start_s, end_s)

    def grace(self, start_s: float, end_s: float, lag_s: float = 0.0) -> bool:
        """Whether this closed frame lies in the first half second of a prompt, as a detector sees it that is late by
        ``lag_s``. Ask for each closed frame, in order."""
        if self._shut_at is None or self._forecast is None:
            return False
        if self._grace_from is None:
            self._grace_from = max(start_s, self._shut_at)
        over = end_s - lag_s > self._grace_from + GRACE_S
        return self._microphone and start_s >= max(self._opens_at, self._over_until) and not over

    def no_echo(self, end_s: float, level_db: float) -> bool:
        """Whether a frame of grace is too loud for the guide's own echo."""
        played_db = None if self._forecast is None else self._forecast(end_s)
        if played_db is None or self.coupling_db is None:
            return False
        return level_db >= played_db + self.coupling_db + ECHO_MARGIN_DB


def prompt_forecast(pcm: npt.NDArray[np.int16], hz: int, begin_s: float) -> Forecast:
    """The forecast of a prompt of which no sample can reach the room before ``begin_s``."""
    step, block = round(STEP_S * hz), round(BLOCK_S * hz)
    sound = np.concatenate((np.zeros(block), pcm[: round(FORECAST_S * hz)].astype(np.float64) / 32768.0))
    energy = np.concatenate(([0.0], np.cumsum(sound**2)))
    ends = np.arange(block, len(energy), step)
    power = np.maximum.accumulate((energy[ends] - energy[ends - block]) / block) if len(ends) else np.zeros(1)
    loudest = np.maximum(SILENCE_DB, 10.0 * np.log10(np.maximum(power, 1e-10)))

    def so_far(at_s: float) -> float:
        passed = int(np.ceil((at_s - begin_s) / STEP_S)) + 1
        return float(loudest[min(passed, len(loudest) - 1)]) if passed > 0 else SILENCE_DB

    return so_far
