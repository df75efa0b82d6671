"""Prompts rendered before they are needed, in memory and on disk.

    text ── memory? ── disk? ── render ──► file (verified) ──► trimmed, levelled samples ──► memory

``get`` never blocks; ``fetch`` does whatever is needed in the caller's thread; ``prepare`` has background threads do it
in order of need. A prompt is said in the manner of the partner whom it is for, or of both; as long as the two are
spoken to alike, nothing is rendered twice. After ``retune`` the old sound of a text is given out until the new one is
there. Volume is applied when a prompt is handed out, so it changes at once and needs no rendering.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voice_imago.engines.ports import Pcm, VoiceEngine, VoiceSettings
from voice_imago.engines.rendering import clipped_rate
from voice_imago.errors import VoiceError
from voice_imago.events import Partner
from voice_imago.runtime.prompt_sound import at_volume
from voice_imago.runtime.prompts_folder import PromptFolder
from voice_imago.runtime.prompts_maker import PromptMaker

RATE_FACTORS = (0.6, 2.5)
PITCH_FACTORS = (0.5, 2.0)
BULK = 20
"""Texts that are rendered at once where that is cheaper, at most; fewer towards the end (``_share``)."""
GIVING_UP = 3
"""Failures in a row after which the background thread drops the rest; the next ``prepare`` tries again."""
PATIENCE_S = 1.0
"""Seconds for which a prompt that is waited for waits for the thread that prepares it; then it is made at once."""

Faulted = Callable[[str, str], None]
"""Code (``voice_failed``, ``other_voice``, ``cache_disk``) and one sentence; from any thread, once each."""
Ready = Callable[[Pcm | None], None]


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """How much is kept."""

    disk_bytes: int = 200_000_000
    memory_bytes: int = 16_000_000
    """96 000 bytes are one second."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody is spoken to."""

    rate: float = 1.0
    pitch: float = 1.0
    volume: float = 1.0


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    pcm: Pcm
    """At full volume."""


Wanted = tuple[str, Partner | None]
"""A text, and to whom it is said."""


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
        workers: int = 1,
    ) -> None:
        """``workers``: threads that render ahead; engines are processes of their own."""
        self._settings = settings
        self._manners: dict[Partner | None, Manner] = {None: Manner(volume=settings.volume)}
        self._voices: dict[Partner, str] = {}
        """Of partners who chose another one than that of the settings."""
        self._on_fault = on_fault
        self._limits = limits
        self._background = background
        self._workers = workers
        self._failed = 0
        """In a row, of what was rendered ahead."""
        self._changed = threading.Condition()
        self._memory: OrderedDict[str, _Entry] = OrderedDict()
        self._keys: dict[str, list[str]] = {}
        """Text -> the keys under which it is in memory, the newest last."""
        self._wanted: tuple[Wanted, ...] = ()
        self._pending: list[Wanted] = []
        self._busy: set[str] = set()
        self._working = 0
        self._told: set[tuple[str, str]] = set()
        self._closed = False
        self._threads: list[threading.Thread] = []
        disk = None if folder is None else PromptFolder(folder, limits.disk_bytes)
        self._maker = PromptMaker(engine, disk, lambda message: self._tell("cache_disk", message))

    # -------------------------------------------------------------------------------------- asking

    def get(self, text: str, to: Partner | None = None, *, fresh: bool = False) -> Pcm | None:
        """The prompt if it is in memory, perhaps still as it was before ``retune`` (not if ``fresh``); never blocks.

        What is given out as it was is rendered as it should be, for the next time.
        """
        with self._changed:
            key = self._key(text, to)
            if key not in self._memory:
                older = self._keys.get(text)
                if not older or fresh:
                    return None
                key = older[-1]
                self._pending = [(text, to), *(wanted for wanted in self._pending if wanted != (text, to))]
                self._wake()
            self._memory.move_to_end(key)
            entry, volume = self._memory[key], self._manner(to).volume
        return at_volume(entry.pcm, volume)

    def fetch(self, text: str, to: Partner | None = None, *, waited_for: bool = False) -> Pcm:
        """The prompt as the voice is set now; blocks while it is loaded or rendered. Raises VoiceError.

        ``waited_for``: neither an engine that hangs nor a thread that waits for it holds this one up for long."""
        settings, pitch = self._tuned(to)
        key = self._key_of(text, settings, pitch)
        entry = self._claimed(key, PATIENCE_S if waited_for else None)
        if entry is None:
            try:
                on_disk = self._maker.key(text, settings)
                entry = _Entry(text, self._maker.make(text, settings, on_disk, pitch, waited_for=waited_for))
                self._remember(key, entry)
            finally:
                with self._changed:
                    self._busy.discard(key)
                    self._changed.notify_all()
        return at_volume(entry.pcm, self._manner(to).volume)

    def ask(self, text: str, ready: Ready, to: Partner | None = None, *, fresh: bool = False) -> None:
        """Call ``ready`` with the prompt: now if at hand, else from a thread once it is; None: there is none.

        Not queued behind what is being prepared: a prompt that is needed now waits for nothing else.
        """
        pcm = self.get(text, to, fresh=fresh)
        if pcm is not None:
            ready(pcm)
        elif self._background:
            threading.Thread(target=self._answer, args=(text, ready, to), name="prompt", daemon=True).start()
        else:
            self._answer(text, ready, to)

    def prepare(self, texts: Iterable[str], to: Sequence[Partner | None] = ()) -> None:
        """Render these ahead in the background, the first one first and before whatever was asked earlier.

        ``to``: to whom each is said; empty: all of them to both.
        """
        with self._changed:
            said = list(texts)
            self._wanted = tuple(dict.fromkeys(zip(said, to or [None] * len(said), strict=True)))
            now = set(self._wanted)
            self._pending = [*self._wanted, *(wanted for wanted in self._pending if wanted not in now)]
            self._wake()

    def retune(self, rate_factor: float, volume: float, pitch: float = 1.0, to: Partner | None = None) -> None:
        """Rate as a factor (0.6..2.5) on the set one and pitch, for prompts as they get ready; volume 0..1, at once.

        ``to``: what is said to this partner; None: what is said to both, and to whoever has no manner of their own.
        """
        with self._changed:
            self._manners[to] = Manner(
                min(max(rate_factor, RATE_FACTORS[0]), RATE_FACTORS[1]),
                min(max(pitch, PITCH_FACTORS[0]), PITCH_FACTORS[1]),
                min(max(volume, 0.0), 1.0),
            )
            self._renew()

    def revoice(self, settings: VoiceSettings, voices: Mapping[Partner, str] = {}) -> None:
        """Another voice or base rate; old prompts still play until theirs are ready. Manners stay.

        ``voices``: of partners who are spoken to in another voice than that of the settings.
        """
        with self._changed:
            self._settings, self._voices = settings, dict(voices)
            self._renew()

    @property
    def settings(self) -> VoiceSettings:
        """The voice as it is set now, for what is said to both."""
        return self._settings

    def voice_to(self, to: Partner | None) -> str:
        """In which voice somebody is spoken to."""
        return self._settings.voice if to is None else self._voices.get(to, self._settings.voice)

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
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=2.0)

    # ----------------------------------------------------------------------------------- preparing

    def _renew(self) -> None:
        """Whatever is there or wanted is needed once more: the next prompts first, then what was used last."""
        recent = dict.fromkeys(entry.text for entry in reversed(self._memory.values()))
        again = ((text, to) for text in recent for to in self._listeners())
        self._pending = list(dict.fromkeys([*self._wanted, *self._pending, *again]))
        self._wake()

    def _wake(self) -> None:
        if self._closed or not self._background:
            self._pending.clear()
            return
        while self._pending and len(self._threads) < self._workers:
            thread = threading.Thread(target=self._work, name="prompts", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._changed.notify_all()

    def _answer(self, text: str, ready: Ready, to: Partner | None) -> None:
        ready(self._fetched(text, to, waited_for=self._background))

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            try:
                if len(batch) > 1:
                    self._in_bulk(batch)
                for text, to in batch:
                    self._failed = 0 if self._fetched(text, to) is not None else self._failed + 1
                    if self._failed >= GIVING_UP or self._closed:
                        break
            finally:
                with self._changed:
                    self._working -= 1
                    if self._failed >= GIVING_UP:
                        self._failed = 0
                        self._pending.clear()
                    self._changed.notify_all()

    def _in_bulk(self, batch: Sequence[Wanted]) -> None:
        """Onto the disk, several in one go; whatever fails is rendered by itself afterwards, and told then."""
        settings, _ = self._tuned(batch[0][1])
        try:
            self._maker.render_ahead([(text, self._maker.key(text, settings)) for text, _ in batch], settings)
        except Exception as error:
            self._tell("voice_failed", f"Prompts could not be prepared: {type(error).__name__}.")

    def _fetched(self, text: str, to: Partner | None, *, waited_for: bool = False) -> Pcm | None:
        """The boundary of the worker threads: whatever happens, they go on and the fault is told."""
        try:
            return self.fetch(text, to, waited_for=waited_for)
        except VoiceError as error:
            self._tell("voice_failed", str(error))
        except Exception as error:
            self._tell("voice_failed", f"A prompt could not be prepared: {type(error).__name__}.")
        return None

    def _next(self) -> list[Wanted] | None:
        """What is needed first and not ready, in one manner; None when closed. Counted as work until it is done."""
        with self._changed:
            while not self._closed:
                batch: list[Wanted] = []
                something = bool(self._pending)
                share = self._share() if self._pending else 0
                while self._pending and len(batch) < share:
                    wanted = self._pending[0]
                    if batch and self._tuned(wanted[1]) != self._tuned(batch[0][1]):
                        break
                    self._pending.pop(0)
                    if self._needs_work(wanted):
                        batch.append(wanted)
                if batch:
                    self._working += 1
                    return batch
                if something:  # else two threads would wake each other for ever
                    self._changed.notify_all()
                self._changed.wait()
        return None

    def _share(self) -> int:
        """How many texts a thread takes at once: two thirds of its part of what is left, so that all end together.

        Fewer and fewer from each to the next, as in Polychronopoulos and Kuck, "Guided self-scheduling", 1987."""
        if not self._maker.in_bulk:
            return 1
        return min(BULK, math.ceil(len(self._pending) * 2 / (3 * self._workers)))

    def _needs_work(self, wanted: Wanted) -> bool:
        """Not in memory; where memory is full, what is on the disk is near enough until it is wanted next."""
        text, to = wanted
        settings, pitch = self._tuned(to)
        if self._key_of(text, settings, pitch) in self._memory:
            return False
        full = self._bytes() >= self._limits.memory_bytes and wanted not in self._wanted
        return not (full and self._maker.on_disk(text, self._maker.key(text, settings)))

    # -------------------------------------------------------------------------------------- making

    def _listeners(self) -> set[Partner | None]:
        """Who is spoken to in a way of their own; None: both."""
        return {*self._manners, *self._voices}

    def _manner(self, to: Partner | None) -> Manner:
        return self._manners.get(to, self._manners[None])

    def _tuned(self, to: Partner | None) -> tuple[VoiceSettings, float]:
        """What the engine is asked for, and the pitch that is made of it: always full volume, softened later."""
        manner = self._manner(to)
        rate_wpm = clipped_rate(clipped_rate(self._settings.rate_wpm * manner.rate) / manner.pitch)
        return replace(self._settings, voice=self.voice_to(to), rate_wpm=rate_wpm, volume=1.0), manner.pitch

    def _key(self, text: str, to: Partner | None) -> str:
        return self._key_of(text, *self._tuned(to))

    def _key_of(self, text: str, settings: VoiceSettings, pitch: float) -> str:
        key = self._maker.key(text, settings)
        return key if pitch == 1.0 else f"{key} {pitch}"

    def _claimed(self, key: str, patience_s: float | None) -> _Entry | None:
        """What memory has; else None, and the key is the caller's to make (waits a while for another who makes it)."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._busy, patience_s)
            entry = self._memory.get(key)
            if entry is not None:
                self._memory.move_to_end(key)
                return entry
            self._busy.add(key)
            return None

    # ------------------------------------------------------------------------------------- keeping

    def _remember(self, key: str, entry: _Entry) -> None:
        """What a manner of now gives takes the place of what none gives any more."""
        with self._changed:
            current = {self._key(entry.text, to) for to in self._listeners()}
            older = self._keys.get(entry.text, [])
            if older and key not in current:
                return  # the voice was changed meanwhile; what is there may be newer
            for outdated in [known for known in older if known not in current]:
                self._drop(outdated)
            self._memory[key] = entry
            self._memory.move_to_end(key)
            keys = self._keys.setdefault(entry.text, [])
            if key not in keys:
                keys.append(key)
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Until memory is within its limit; what is needed next stays."""
        needed, size = {text for text, _ in self._wanted}, self._bytes()
        for key in [key for key, entry in self._memory.items() if entry.text not in needed]:
            if size <= self._limits.memory_bytes:
                return
            if len(self._memory) > 1:
                size -= self._memory[key].pcm.nbytes
                self._drop(key)

    def _drop(self, key: str) -> None:
        entry = self._memory.pop(key, None)
        if entry is not None:
            keys = [known for known in self._keys[entry.text] if known != key]
            if keys:
                self._keys[entry.text] = keys
            else:
                del self._keys[entry.text]

    def _bytes(self) -> int:
        return sum(entry.pcm.nbytes for entry in self._memory.values())

    def _tell(self, code: str, message: str) -> None:
        with self._changed:
            if (code, message) in self._told:
                return
            self._told.add((code, message))
        if self._on_fault is not None:
            self._on_fault(code, message)
