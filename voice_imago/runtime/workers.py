"""One shared inbox: every thread posts what it has to say, one thread does it, in order.

The inbox is the only thing that threads share with the session. A post is a function that the main loop calls.
"""

from __future__ import annotations

import queue
from collections.abc import Callable

from voice_imago.engines.ports import Pcm
from voice_imago.events import Partner, TuneVoice
from voice_imago.runtime.prompts_cache import PromptCache

__all__ = ["Inbox", "LivePrompts"]

Post = Callable[[], None]
Ready = Callable[[Pcm | None], None]


class Inbox:
    """Posts from any thread or signal, done by one thread."""

    def __init__(self) -> None:
        self._posts: queue.SimpleQueue[Post] = queue.SimpleQueue()

    def post(self, what: Post) -> None:
        self._posts.put(what)

    def work(self, timeout_s: float) -> bool:
        """Do the next post; False when none came in time."""
        try:
            what = self._posts.get(timeout=timeout_s)
        except queue.Empty:
            return False
        what()
        return True


class LivePrompts:
    """stage.Prompts that never blocks: what is not in memory is made by a thread and posted when it is there.

    ``on_change`` is told False with the first prompt that cannot be made, and True with the next one that can.
    """

    def __init__(
        self,
        cache: PromptCache,
        inbox: Inbox,
        on_change: Callable[[bool], None],
        on_tuned: Callable[[TuneVoice], None] = lambda tuned: None,
    ) -> None:
        self._cache, self._inbox, self._on_change, self._on_tuned = cache, inbox, on_change, on_tuned
        self._well = True

    def ask(self, text: str, ready: Ready, to: Partner | None = None, *, fresh: bool = False) -> None:
        pcm = self._cache.get(text, to, fresh=fresh)
        if pcm is not None:
            ready(pcm)
        else:
            self._cache.ask(text, lambda made: self._inbox.post(lambda: self._came(made, ready)), to, fresh=fresh)

    def prepare(self, texts: tuple[str, ...], to: tuple[Partner | None, ...] = ()) -> None:
        self._cache.prepare(texts, to)

    def retune(self, tuned: TuneVoice) -> None:
        self._cache.retune(tuned.rate, tuned.volume, tuned.pitch, tuned.to)
        self._on_tuned(tuned)

    def never_keep(self, text: str) -> None:
        self._cache.never_keep(text)

    def _came(self, pcm: Pcm | None, ready: Ready) -> None:
        ready(pcm)
        well = pcm is not None
        if well is not self._well:
            self._well = well
            self._on_change(well)
