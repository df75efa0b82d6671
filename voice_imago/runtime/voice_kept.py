"""How the guide speaks to whom, from one evening to the next; and another voice when one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from voice_imago.dialogue.tuning import Tunings, VoiceTuning, gentler
from voice_imago.engines.voice_shelf import HouseVoice
from voice_imago.events import Partner, Perform, TuneVoice
from voice_imago.remembering import remember
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.settings import Settings, Tuning

__all__ = ["VOICE_TASKS", "VoiceTasks", "at_start", "keep_tuning", "tunings_of"]

VOICE_TASKS = frozenset({"another_voice", "know_sound", "keep_way"})
Run = Callable[[Callable[[], Any], Callable[[Any], None]], None]
MOST_KEPT = 20
"""People whose ways are remembered; the oldest are forgotten first."""


def tunings_of(settings: Settings, partners: tuple[str, str]) -> Tunings:
    """How each partner wanted to be spoken to; who is new hears the usual voice at the set volume."""
    first, second = (_tuning(settings, name) for name in partners)
    return first, second


def _tuning(settings: Settings, name: str) -> VoiceTuning:
    kept = settings.tunings.get(name)
    return VoiceTuning(volume=settings.volume) if kept is None else VoiceTuning(kept.rate, kept.volume, kept.pitch)


def at_start(tunings: Tunings) -> Iterator[TuneVoice]:
    """What a voice has to be told before the first word."""
    to: Partner | None
    for to, tuning in ((0, tunings[0]), (1, tunings[1]), (None, gentler(tunings))):
        yield TuneVoice(tuning.rate, tuning.volume, tuning.pitch, to)


def keep_tuning(partners: tuple[str, str], tuned: TuneVoice, run: Run) -> None:
    """Remember how a partner is spoken to; what is said to both follows from it. ``run``: a disk may be slow."""
    if tuned.to is not None:
        name, kept = partners[tuned.to], Tuning(tuned.rate, tuned.volume, tuned.pitch)
        run(lambda: remember(lambda settings: {"tunings": _with(settings.tunings, name, kept)}), _done)


def _with(tunings: Mapping[str, Tuning], name: str, kept: Tuning) -> dict[str, Tuning]:
    others = [(known, tuning) for known, tuning in tunings.items() if known != name]
    return dict([*others[-(MOST_KEPT - 1) :], (name, kept)])


def _done(result: Any) -> None:
    """Nothing follows from it."""


def _also(known: tuple[str, ...], name: str) -> tuple[str, ...]:
    return known if name in known else (*known, name)


def way_of(what: str) -> dict[str, Any]:
    """What the settings remember of a ``keep_way``."""
    return {"earcons": what} if what in ("sounds", "words") else {"mute": "" if what == "both" else what}


class VoiceTasks:
    """Speaks with the language's next voice."""

    def __init__(self, cache: PromptCache, house: HouseVoice, run: Run, done: Callable[[int, str], None]) -> None:
        self._cache, self._house, self._run, self._done = cache, house, run, done

    def perform(self, wanted: Perform) -> None:
        if wanted.task == "know_sound":
            self._run(lambda: remember(lambda now: {"earcons_known": _also(now.earcons_known, wanted.what)}), _done)
            self._done(wanted.id, "good")
            return
        if wanted.task == "keep_way":
            self._run(lambda: remember(lambda now: way_of(wanted.what)), _done)
            self._done(wanted.id, "good")
            return
        settings = self._cache.settings
        following = None if self._house.at_home else self._house.shelf.after(settings.voice)
        if following is None:
            self._done(wanted.id, "only")
            return
        self._cache.revoice(replace(settings, voice=following))
        self._run(lambda: remember(lambda settings: {"voice": following}), _done)
        self._done(wanted.id, "good")
