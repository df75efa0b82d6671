"""How the guide speaks to whom, from one evening to the next; and another voice when one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from voice_imago.dialogue.tuning import Tunings, VoiceTuning, gentler
from voice_imago.engines.voice_shelf import HouseVoice, Shelf
from voice_imago.events import Partner, Perform, TuneVoice
from voice_imago.remembering import remember
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.settings import Settings, Tuning

__all__ = ["VOICE_TASKS", "VoiceTasks", "at_start", "keep_tuning", "own_voices", "tunings_of"]

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
        name = partners[tuned.to]

        def changed(settings: Settings) -> dict[str, Any]:
            voice = settings.tunings.get(name, Tuning()).voice
            return {"tunings": _with(settings.tunings, name, Tuning(tuned.rate, tuned.volume, tuned.pitch, voice))}

        run(lambda: remember(changed), _done)


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
    """Speaks with the language's next voice, to one partner or to both; remembers which tones are known."""

    def __init__(
        self,
        cache: PromptCache,
        house: HouseVoice,
        run: Run,
        done: Callable[[int, str], None],
        partners: tuple[str, str] | None,
    ) -> None:
        """``partners``: by what names a voice is remembered; None: nothing is (a rehearsal)."""
        self._cache, self._house, self._run, self._done, self._partners = cache, house, run, done, partners

    def perform(self, wanted: Perform) -> None:
        if wanted.task == "know_sound":
            self._remember(lambda now: {"earcons_known": _also(now.earcons_known, wanted.what)})
            self._done(wanted.id, "good")
        elif wanted.task == "keep_way":
            self._remember(lambda now: way_of(wanted.what))
            self._done(wanted.id, "good")
        else:
            self._done(wanted.id, self._another(wanted.partner))

    def _another(self, whose: Partner | None) -> str:
        """What is said to both is said in the voice that was chosen last: whoever chose it may not follow another."""
        cache = self._cache
        following = None if self._house.at_home else self._house.shelf.after(cache.voice_to(whose))
        if following is None:
            return "only"
        both: tuple[Partner, Partner] = (0, 1)
        own = {partner: cache.voice_to(partner) for partner in both if whose not in (None, partner)}
        voices = {} if whose is None else {whose: following, **own}
        cache.revoice(replace(cache.settings, voice=following), voices)
        self._remember(lambda now: _with_voices(now, self._partners or ("", ""), following, voices))
        return "good"

    def _remember(self, changed: Callable[[Settings], dict[str, Any]]) -> None:
        if self._partners is not None:
            self._run(lambda: remember(changed), _done)


def _with_voices(
    settings: Settings, names: tuple[str, str], following: str, voices: Mapping[Partner, str]
) -> dict[str, Any]:
    """Whoever never changed a thing and has no voice of their own needs no line in the settings."""
    tunings: Mapping[str, Tuning] = settings.tunings
    both: tuple[Partner, Partner] = (0, 1)
    for partner in both:
        name, voice = names[partner], voices.get(partner, "")
        kept = tunings.get(name)
        if voice or kept is not None:
            kept = kept or Tuning(volume=settings.volume)
            tunings = _with(tunings, name, msgspec.structs.replace(kept, voice=voice))
    return {"voice": following, "tunings": dict(tunings)}


def own_voices(settings: Settings, partners: tuple[str, str], shelf: Shelf) -> dict[Partner, str]:
    """Who of the two chose a voice of their own, and which; one that is not here, or of another language, is none."""
    both: tuple[Partner, Partner] = (0, 1)
    kept = {partner: settings.tunings.get(partners[partner], Tuning()).voice for partner in both}
    return {partner: voice for partner, voice in kept.items() if voice in shelf.names}
