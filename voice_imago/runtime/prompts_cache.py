"""Prompts rendered before they are needed, in memory and on disk.

    text ── memory? ── disk? ── render ──► file (verified) ──► trimmed, levelled samples ──► memory

``get`` never blocks; ``fetch`` does whatever is needed in the caller's thread; ``prepare`` has one
background thread do it in order of need. After ``retune`` the old sound of a text is given out until the
new one is there. Volume is applied when a prompt is handed out, so it changes at once and needs no
rendering.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from voice_imago.engines.ports import Pcm, VoiceEngine, VoiceSettings
from voice_imago.engines.rendering import clipped_rate
from voice_imago.errors import VoiceError
from voice_imago.runtime.prompt_sound import at_volume
from voice_imago.runtime.prompts_folder import PromptFolder
from voice_imago.runtime.prompts_maker import PromptMaker

RATE_FACTORS = (0.6, 2.5)
GIVING_UP = 3
"""Failures in a row after which the background thread drops the rest; the next ``prepare`` tries again."""

Faulted = Callable[[str, str], None]
"""Code (``voice_failed``, ``cache_disk``) and one sentence; from any thread, once for each sentence."""
Ready = Callable[[Pcm | None], None]


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """How much is kept."""

    disk_bytes: int = 200_000_000
    memory_bytes: int = 16_000_000
    """96 000 bytes are one second."""


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    pcm: Pcm
    """At full volume."""


class PromptCache:
    """Safe from any thread. ``folder`` None: nothing stays on disk. ``background`` False: no threads."""

    def __init__(
        self,
        engine: VoiceEngine,
        settings: VoiceSettings,
        folder: Path | None,
        on_fault: Faulted | None = None,
        *,
        limits: CacheLimits = CacheLimits(),
        background: bool = True,
    ) -> None:
        self._settings = settings
        self._rate_factor = 1.0
        self._volume = settings.volume
        self._on_fault = on_fault
        self._limits = limits
        self._background = background
        self._changed = threading.Condition()
        self._memory: OrderedDict[str, _Entry] = OrderedDict()
        self._wanted: tuple[str, ...] = ()
        self._pending: list[str] = []
        self._busy: set[str] = set()
        self._working = False
        self._told: set[tuple[str, str]] = set()
        self._closed = False
        self._thread: threading.Thread | None = None
        disk = None if folder is None else PromptFolder(folder, limits.disk_bytes)
        self._maker = PromptMaker(engine, disk, lambda message: self._tell("cache_disk", message))

    # -------------------------------------------------------------------------------------- asking

    def get(self, text: str) -> Pcm | None:
        """The prompt if it is in memory, perhaps still at the rate before ``retune``; never blocks."""
        with self._changed:
            entry = self._memory.get(text)
            if entry is None:
                return None
            self._memory.move_to_end(text)
            volume = self._volume
        return at_volume(entry.pcm, volume)

    def fetch(self, text: str) -> Pcm:
        """The prompt as the voice is set now; blocks while it is loaded or rendered. Raises VoiceError."""
        settings = self._tuned()
        key = self._maker.key(text, settings)
        entry = self._claimed(text, key)
        if entry is None:
            try:
                entry = _Entry(key, self._maker.make(text, settings, key))
                self._remember(text, entry)
            finally:
                with self._changed:
                    self._busy.discard(key)
                    self._changed.notify_all()
        return at_volume(entry.pcm, self._volume)

    def ask(self, text: str, ready: Ready) -> None:
        """Call ``ready`` with the prompt: now if at hand, else from a thread once it is; None: there is none.

        Not queued behind what is being prepared: a prompt that is needed now waits for nothing else.
        """
        pcm = self.get(text)
        if pcm is not None:
            ready(pcm)
        elif self._background:
            threading.Thread(target=self._answer, args=(text, ready), name="prompt", daemon=True).start()
        else:
            self._answer(text, ready)

    def prepare(self, texts: Iterable[str]) -> None:
        """Render these ahead in the background, the first one first and before whatever was asked earlier."""
        with self._changed:
            self._wanted = tuple(dict.fromkeys(texts))
            self._pending = [*self._wanted, *(text for text in self._pending if text not in self._wanted)]
            self._wake()

    def retune(self, rate_factor: float, volume: float) -> None:
        """Rate as a factor (0.6..2.5) on the set one, for prompts as they get ready; volume 0..1, at once."""
        with self._changed:
            self._volume = min(max(volume, 0.0), 1.0)
            self._rate_factor = min(max(rate_factor, RATE_FACTORS[0]), RATE_FACTORS[1])
            self._renew()

    def revoice(self, settings: VoiceSettings) -> None:
        """Another voice or base rate; old prompts still play until theirs are ready."""
        with self._changed:
            self._settings = settings
            self._volume = settings.volume
            self._renew()

    def never_keep(self, text: str) -> None:
        """This one does not go to the disk."""
        self._maker.never_keep(text)

    def settle(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing is left to prepare; False when it took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or not (self._pending or self._working), timeout_s)

    def close(self) -> None:
        """Stop preparing. A render under way ends when the engine is closed; close that first."""
        with self._changed:
            self._closed = True
            self._pending.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    # ----------------------------------------------------------------------------------- preparing

    def _renew(self) -> None:
        recent = reversed(self._memory)
        self._pending = list(dict.fromkeys([*self._wanted, *self._pending, *recent]))
        self._wake()

    def _wake(self) -> None:
        if self._closed or not self._background:
            self._pending.clear()
            return
        if self._thread is None and self._pending:
            self._thread = threading.Thread(target=self._work, name="prompts", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _answer(self, text: str, ready: Ready) -> None:
        ready(self._fetched(text))

    def _work(self) -> None:
        failed = 0
        while (text := self._next()) is not None:
            failed = 0 if self._fetched(text) is not None else failed + 1
            if failed >= GIVING_UP:
                failed = 0
                with self._changed:
                    self._pending.clear()

    def _fetched(self, text: str) -> Pcm | None:
        """The boundary of the worker threads: whatever happens, they go on and the fault is told."""
        try:
            return self.fetch(text)
        except VoiceError as error:
            self._tell("voice_failed", str(error))
        except Exception as error:
            self._tell("voice_failed", f"A prompt could not be prepared: {type(error).__name__}.")
        return None

    def _next(self) -> str | None:
        """The text needed first that is not ready; None when closed."""
        with self._changed:
            self._working = False
            while not self._closed:
                while self._pending:
                    text = self._pending.pop(0)
                    entry = self._memory.get(text)
                    if entry is None or entry.key != self._maker.key(text, self._tuned()):
                        self._working = True
                        return text
                self._changed.notify_all()
                self._changed.wait()
        return None

    # -------------------------------------------------------------------------------------- making

    def _tuned(self) -> VoiceSettings:
        """What the engine is asked for: always full volume, softened later."""
        rate_wpm = clipped_rate(self._settings.rate_wpm * self._rate_factor)
        return replace(self._settings, rate_wpm=rate_wpm, volume=1.0)

    def _claimed(self, text: str, key: str) -> _Entry | None:
        """What memory has; else None, and the key is the caller's to make (waits while another makes it)."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._busy)
            entry = self._memory.get(text)
            if entry is not None and entry.key == key:
                self._memory.move_to_end(text)
                return entry
            self._busy.add(key)
            return None

    # ------------------------------------------------------------------------------------- keeping

    def _remember(self, text: str, entry: _Entry) -> None:
        with self._changed:
            if text in self._memory and entry.key != self._maker.key(text, self._tuned()):
                return  # the voice was changed meanwhile; what is there may be newer
            self._memory[text] = entry
            self._memory.move_to_end(text)
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Until memory is within its limit; what is needed next stays."""
        size = sum(entry.pcm.nbytes for entry in self._memory.values())
        for text in [text for text in self._memory if text not in self._wanted]:
            if size <= self._limits.memory_bytes:
                return
            if len(self._memory) > 1:
                size -= self._memory.pop(text).pcm.nbytes

    def _tell(self, code: str, message: str) -> None:
        with self._changed:
            if (code, message) in self._told:
                return
            self._told.add((code, message))
        if self._on_fault is not None:
            self._on_fault(code, message)
