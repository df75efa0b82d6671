"""How an evening begins: which voices are known already, and what is asked or measured before the dialogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from voice_imago import output
from voice_imago.dialogue.course import Course, VoicesKnown
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.script_names import ECHO_GRAPH, HEAR_ME_GRAPH
from voice_imago.engines.ports import Voiceprint
from voice_imago.engines.recognisers import Reason
from voice_imago.engines.voiceprint_enrolment import VoiceModel, tell_apart, too_alike
from voice_imago.engines.wyoming_address import is_home
from voice_imago.errors import VoiceImagoError
from voice_imago.hearing.room import Room
from voice_imago.runtime import profiles
from voice_imago.runtime.evening import EVENING, evening_course
from voice_imago.runtime.plan import ENROLMENT, MODEL_SETUP, SET_UP, StartPlan
from voice_imago.runtime.scribe import Scribe
from voice_imago.runtime.voice_kept import tunings_of
from voice_imago.settings import Settings

__all__ = ["Opening", "choose_opening", "greeting", "room_of", "with_room"]

Models = tuple[VoiceModel | None, VoiceModel | None]


@dataclass(frozen=True, slots=True)
class Opening:
    """What the session begins with."""

    voices: VoicesKnown
    prelude: tuple[str, ...]
    models: Models = (None, None)
    voiceprint: Voiceprint | None = None

    def course(self, plan: StartPlan, scribe: Scribe, script: Script) -> Course:
        """The course of this evening. That sound leaves the computer is said before anything else is asked."""
        notices = [*plan.notices]
        if is_home(plan.recogniser):
            notices.append("guide.home_unreached" if scribe.reason == "home_away" else "guide.home_recogniser")
        sets_up = plan.dialogue in (MODEL_SETUP, SET_UP, ENROLMENT)
        if plan.echo != "half" and ECHO_GRAPH not in self.prelude and not sets_up:
            notices.append("echo.half")
        if is_home(plan.settings.voice):
            notices.append("guide.home_voice")
        course = Course(
            plan.dialogue,
            plan.language,
            plan.partners,
            words=scribe.understands,
            opening=(*greeting(plan.dialogue), *notices),
            prelude=(*self.prelude, *plan.kept.prelude),
            voices=self.voices,
            tunings=tunings_of(plan.settings, plan.partners),
            earcons=plan.settings.earcons,
            mute=plan.settings.mute,
            earcons_known=frozenset(plan.settings.earcons_known),
            slots=plan.kept.slots,
            offered=plan.kept.standing is not None,
        )
        whole = plan.dialogue == EVENING
        return evening_course(course, plan.asked, plan.settings, script, datetime.now()) if whole else course


def greeting(dialogue: str) -> tuple[str, ...]:
    """What is said first; a set-up is no practice, so it has no limits to tell."""
    return ("guide.hello_setup",) if dialogue in (MODEL_SETUP, SET_UP) else ("guide.hello", "guide.limits")


def choose_opening(plan: StartPlan, reason: Reason = "asked", *, duplex: bool = True) -> Opening:
    """Kept voices are used without a word; unknown ones are learnt in the prelude or from the first turns.

    ``reason``: why it is this recogniser. Where there is no speech model for the automatic one, it is offered.
    ``duplex``: echoes can be cancelled here.
    """
    if plan.dialogue in (MODEL_SETUP, SET_UP):
        return Opening("none", ())
    if plan.dialogue == ENROLMENT:
        return Opening("none", () if plan.room == "off" else ("room",))
    room = () if plan.room == "off" else ("room",) if _to_measure(plan) else ("room_check",)
    if plan.echo != "half" and duplex:
        room = (*room, ECHO_GRAPH)
    if reason in ("no_model", "damaged_model") and plan.recogniser == "auto" and not plan.settings.model_declined:
        room = (*room, MODEL_SETUP)
    if plan.dialogue == EVENING and plan.room != "off" and not plan.settings.set_up:
        room = (HEAR_ME_GRAPH, *room)
    if plan.voices == "off":
        return Opening("none", room)
    models = _kept(plan)
    voiceprint = _voiceprint(models)
    if voiceprint is not None:
        return Opening("known", room, models, voiceprint)
    return Opening("learn", room if plan.voices == "learn" else (*room, "voices"), models)


def _to_measure(plan: StartPlan) -> bool:
    return plan.room == "measure" or plan.settings.noise_db is None


def _kept(plan: StartPlan) -> Models:
    if plan.voices == "learn":
        return (None, None)
    first, second = (_load(name) for name in plan.partners)
    return (first, second)


def _load(name: str) -> VoiceModel | None:
    """A profile that cannot be read is told, and its voice learnt anew."""
    try:
        return profiles.load(name)
    except VoiceImagoError as error:
        output.error(str(error))
        return None


def _voiceprint(models: Models) -> Voiceprint | None:
    first, second = models
    if first is None or second is None:
        return None
    try:
        return None if too_alike(first, second) else tell_apart(first, second)
    except VoiceImagoError as error:
        output.error(str(error))
        return None


def room_of(settings: Settings) -> Room:
    """The room as it was measured last."""
    seats = settings.seat_db
    return Room(
        noise_db=settings.noise_db,
        noise_peak_db=settings.noise_peak_db,
        seat_db=(seats[0], seats[1]) if len(seats) == 2 else (None, None),
        echo_db=settings.echo_db,
        tail_s=settings.tail_s,
    )


def with_room(settings: Settings, room: Room) -> Settings:
    """The settings with what was measured of the room."""
    first, second = room.seat_db
    return msgspec.structs.replace(
        settings,
        noise_db=room.noise_db,
        noise_peak_db=room.noise_peak_db,
        seat_db=() if first is None or second is None else (first, second),
        echo_db=room.echo_db,
        tail_s=room.tail_s,
    )
