"""The microphone and the loudspeaker at the table: opened, watched, and opened again when one was lost.

``watch`` is called from the main loop with the monotonic clock; it is the only place that knows wall time. Nothing
here knows the session: losses, returns and the silence in place of lost sound are told to ``TableNews``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from voice_imago.engines.ports import Pcm
from voice_imago.errors import DeviceError

__all__ = ["Device", "Loudspeaker", "Part", "Table", "TableDevices", "TableNews"]

REOPEN_S = (0.5, 1.0, 2.0)
"""Back-off between tries to open what was lost."""
BEHIND_S = 1.0
"""Seconds of sound that may be missing before a stream counts as lost; an hour of another clock costs less."""
BEHIND_WITHIN_S = 60.0
LONGEST_GAP_S = 2.0
"""Seconds of silence that are filled in at once; a computer that slept did not listen."""

Part = Literal["microphone", "loudspeaker"]
PARTS: tuple[Part, ...] = ("loudspeaker", "microphone")
SENTENCES: dict[Part, str] = {"microphone": "The microphone is gone.", "loudspeaker": "The loudspeaker is gone."}


class Device(Protocol):
    """A stream that can be opened, closed, and asked how it is."""

    def start(self) -> None:
        """Raises DeviceError."""
        ...

    def close(self) -> None: ...

    def health(self) -> str:
        """'lost' when it is gone."""
        ...

    @property
    def running(self) -> bool:
        """Sound has really passed since it was opened; a device may open and then do nothing."""
        ...


class Loudspeaker(Device, Protocol):
    """ports.Player with a device behind it."""

    @property
    def latency_s(self) -> float: ...

    @property
    def underflows(self) -> int: ...

    def play(self, id: int, pcm: Pcm) -> None: ...

    def stop(self) -> None: ...

    def duck(self) -> None: ...

    def hold(self) -> None: ...

    def resume(self, *, again: bool = True) -> None: ...

    def chime(self, pcm: Pcm) -> None: ...


@dataclass(frozen=True, slots=True)
class TableDevices:
    """Makes devices, not yet started. Each may raise UsageError and DeviceError."""

    microphone: Callable[[], Device]
    loudspeaker: Callable[[], Loudspeaker]
    look_anew: Callable[[], None]
    """Lets the sound system find what was plugged in; every device must be closed. Raises DeviceError."""


@dataclass(frozen=True, slots=True)
class TableNews:
    """Who is told what; all in the main loop's thread."""

    lost: Callable[[Part, str], None]
    back: Callable[[Part], None]
    silence: Callable[[float], None]
    """So many seconds without sound have passed while the microphone was gone."""
    talking: Callable[[], bool]
    """Whether a prompt is in the air, which a look for new devices would cut off."""
    hearing: Callable[[], bool] = lambda: False
    """Whether somebody is being heard, whose words a look for new devices would cost."""
    silent: Callable[[bool], None] = lambda on: None
    """The microphone is there and gives exact zeros (True), or sound again."""


@dataclass(slots=True)
class _Search:
    """Looking for what was lost."""

    next_try: float
    tries: int = 0
    parts: set[Part] = field(default_factory=set)


class Table:
    """Both devices; also the session's ports.Player, which outlives any one loudspeaker."""

    def __init__(self, devices: TableDevices, news: TableNews) -> None:
        self._devices, self._news = devices, news
        self._microphone: Device | None = None
        self._loudspeaker: Loudspeaker | None = None
        self._search: _Search | None = None
        self._on_trial: set[Part] = set()
        """Opened again after a loss, and not running yet."""
        self._heard_until = 0.0
        self._silent = False
        self._behind = (0.0, 0.0)
        """When the microphone's sound was looked at, and how far it was behind the clock then."""

    # ------------------------------------------------------------------ opening, closing

    def open_microphone(self) -> None:
        """Raises DeviceError."""
        microphone = self._devices.microphone()
        microphone.start()
        self._microphone = microphone

    def open_loudspeaker(self) -> None:
        """Raises DeviceError; without a loudspeaker everything else works."""
        loudspeaker = self._devices.loudspeaker()
        loudspeaker.start()
        self._loudspeaker = loudspeaker

    def close(self) -> None:
        self._close("loudspeaker")
        self._close("microphone")

    def _close(self, part: Part) -> None:
        self._on_trial.discard(part)
        if part == "microphone":
            device, self._microphone = self._microphone, None
        else:
            device, self._loudspeaker = self._loudspeaker, None
        if device is not None:
            device.close()

    # ------------------------------------------------------------------ ports.Player

    def audible(self) -> bool:
        """Whether there is a loudspeaker, and it runs."""
        return self._loudspeaker is not None and "loudspeaker" not in self._on_trial

    def latency_s(self) -> float:
        """Seconds from a sample's being given to the loudspeaker to its being heard; 0 without one."""
        return self._loudspeaker.latency_s if self._loudspeaker is not None else 0.0

    def counters(self) -> tuple[int, float]:
        """Underflows of the loudspeaker, and seconds by which the microphone's sound is behind the clock."""
        loudspeaker, microphone = self._loudspeaker, self._microphone
        return (
            loudspeaker.underflows if loudspeaker is not None else 0,
            float(getattr(microphone, "behind_s", 0.0)),
        )

    def play(self, id: int, pcm: Pcm) -> None:
        """Only while ``audible``."""
        if self._loudspeaker is not None:
            self._loudspeaker.play(id, pcm)

    def stop(self) -> None:
        if self._loudspeaker is not None:
            self._loudspeaker.stop()

    def duck(self) -> None:
        if self._loudspeaker is not None:
            self._loudspeaker.duck()

    def hold(self) -> None:
        if self._loudspeaker is not None:
            self._loudspeaker.hold()

    def resume(self, *, again: bool = True) -> None:
        if self._loudspeaker is not None:
            self._loudspeaker.resume(again=again)

    def chime(self, pcm: Pcm) -> None:
        if self._loudspeaker is not None:
            self._loudspeaker.chime(pcm)

    # ------------------------------------------------------------------ watching

    def watch(self, now: float) -> None:
        """Look after both; ``now`` in monotonic seconds. Cheap while all is well."""
        for part in PARTS:
            device = self._device(part)
            if device is not None and device.health() == "lost":
                if part in self._on_trial:
                    self._close(part)
                else:
                    self._lose(part, now)
        self._watch_sound(now)
        search = self._search
        if search is None:
            return
        self._judge_trials(search)
        if "microphone" in search.parts:
            self._fill_in(now)
        if search.parts and now >= search.next_try:
            self._try_again(search, now)
        if not search.parts:
            self._search = None

    def _device(self, part: Part) -> Device | None:
        return self._microphone if part == "microphone" else self._loudspeaker

    def _judge_trials(self, search: _Search) -> None:
        """What was opened again is back once sound passes: else a dead one would be found and lost every second."""
        for part in sorted(self._on_trial, reverse=True):  # the microphone first
            device = self._device(part)
            if device is not None and device.running:
                self._on_trial.discard(part)
                search.parts.discard(part)
                self._news.back(part)

    def _watch_sound(self, now: float) -> None:
        """A microphone that is there and yet not heard: switched off, or losing what it hears."""
        microphone = self._microphone
        if microphone is None:
            self._silent, self._behind = False, (now, 0.0)
            return
        silent = microphone.health() == "silent" and bool(getattr(microphone, "alive", True))
        if silent is not self._silent:
            self._silent = silent
            self._news.silent(silent)
        behind_s = float(getattr(microphone, "behind_s", 0.0))
        if now - self._behind[0] > BEHIND_WITHIN_S:
            self._behind = (now, behind_s)
        elif behind_s - self._behind[1] > BEHIND_S:
            self._lose("microphone", now)

    def _lose(self, part: Part, now: float) -> None:
        """Closing tells the player's prompts as interrupted, so the session waits for none."""
        self._close(part)
        if part == "microphone":
            self._heard_until = now
        if self._search is None:
            self._search = _Search(now + REOPEN_S[0])
        self._search.parts.add(part)
        self._news.lost(part, SENTENCES[part])

    def _fill_in(self, now: float) -> None:
        """Silence in place of the lost sound, so that the audio clock goes on."""
        gap_s, self._heard_until = now - self._heard_until, now
        if gap_s > 0:
            self._news.silence(min(gap_s, LONGEST_GAP_S))

    def _try_again(self, search: _Search, now: float) -> None:
        """Open what is lost. New devices are looked for only while nobody is heard anyway."""
        search.tries += 1
        search.next_try = now + REOPEN_S[min(search.tries, len(REOPEN_S) - 1)]
        if search.tries > 1 and self._may_look(search):
            self._look_anew(now)
        for part in sorted(search.parts - self._on_trial, reverse=True):
            if self._opened(part):
                self._on_trial.add(part)
        self._judge_trials(search)

    def _may_look(self, search: _Search) -> bool:
        """Not while a prompt would be cut off, or a word lost: then the other device is still there. Nor while one has
        just been opened, which may take seconds to begin."""
        if self._on_trial:
            return False
        busy = self._news.talking() if "microphone" in search.parts else self._news.hearing()
        return not busy or search.parts == {"microphone", "loudspeaker"}

    def _look_anew(self, now: float) -> None:
        had: list[Part] = []
        had += ["microphone"] if self._microphone is not None else []
        had += ["loudspeaker"] if self._loudspeaker is not None else []
        self.close()
        with contextlib.suppress(DeviceError):
            self._devices.look_anew()
        for part in had:
            if not self._opened(part):
                self._lose(part, now)

    def _opened(self, part: Part) -> bool:
        try:
            if part == "microphone":
                self.open_microphone()
            else:
                self.open_loudspeaker()
        except DeviceError:
            return False
        return True
