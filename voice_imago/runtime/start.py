"""What the commands `start`, `rehearse` and `listen` do, from their options to their exit code."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from voice_imago import output
from voice_imago.dialogue.engine import Course
from voice_imago.dialogue.script import Script
from voice_imago.engines.recognisers import choose_recogniser
from voice_imago.errors import DeviceError, UsageError, VoiceError
from voice_imago.remembering import remember
from voice_imago.runtime.evening import EVENING, evening_course
from voice_imago.runtime.first_words import NO_NAMES
from voice_imago.runtime.introduction import couples_script, introduce, say_also
from voice_imago.runtime.keeping import NOTHING_KEPT, Keeping, KeptPorts, keeping
from voice_imago.runtime.plan import (
    ENROLMENT,
    MODEL_SETUP,
    SET_UP,
    StartPlan,
    check_dialogue,
    check_language,
    check_partners,
)
from voice_imago.settings import Settings, load_settings

__all__ = ["lead_typed", "run_listen", "run_rehearsal", "sit_down", "start"]

_REASONS = {
    "no_model": "No speech model is installed, so {also}. To change that: voice-imago setup.",
    "damaged_model": "The speech model is damaged, so {also}. To fetch it again: voice-imago setup.",
    "no_engine": "faster-whisper is not installed, so {also}.",
}
"""Why the automatic choice understands less than it could."""
_ALSO = {
    "answers": "I understand short answers only, and the keys",
    "none": "I follow your voices and the keys, not your words",
    "whisper": "",
    "home": "",
}
FIRST = "appreciation"
"""The dialogue that a couple begins with."""
INSTEAD = "first_appreciation"
"""The scene that is played where nobody can be heard,"""
NAMELESS = ("You", "Your partner")
"""The partners of a set-up where they were never named."""
INSTEAD_OF_ENROLMENT = "learning_the_voices"
"""and in place of an enrolment."""
PATIENCE_S = 3.0
"""Seconds after which a long job says how far it is."""


def start(options: argparse.Namespace) -> int:
    """Lead a dialogue live, or typed; without a microphone the rehearsal plays in its place."""
    if not options.resume:
        introduce(options)
    settings = load_settings()
    spoken = () if options.resume else (options.language or settings.language,)
    script = couples_script(options, spoken)
    asked = check_dialogue(script, options.dialogue) if options.dialogue else ""
    graph = asked or FIRST if options.straight else EVENING
    with keeping(options, script) as kept:
        if kept.resumed is not None and not kept.offered:
            graph = EVENING
            options.partners = options.partners or kept.resumed.partners
            options.language = options.language or kept.resumed.language
        return (lead_typed if options.typed else sit_down)(options, script, graph, asked, kept)


def sit_down(
    options: argparse.Namespace, script: Script, dialogue: str, asked: str = "", kept: Keeping | None = None
) -> int:
    """Lead ``dialogue``, or an evening with the dialogue that was ``asked`` for, live.

    Without a microphone the rehearsal plays in its place, and a set-up is typed.
    """
    from voice_imago.runtime.understanding import remembered_model

    settings, kept = load_settings(), kept or Keeping()
    settings = as_told(settings, options)
    language = check_language(script, options.language or settings.language)
    if options.voice:
        from voice_imago.runtime.guide_voice import check_asked_voice

        check_asked_voice(script, language, options.voice)
    partners = _partners(options, settings, needed=dialogue != MODEL_SETUP)
    plan = StartPlan(
        dialogue=dialogue,
        asked=asked,
        language=language,
        partners=partners,
        recogniser=options.recogniser or settings.recogniser,
        model=options.model or remembered_model(settings, language, options.model_dir),
        model_dir=options.model_dir,
        input=options.input or settings.input,
        output=options.output or settings.output,
        thinking=options.thinking or settings.thinking,
        detector=options.detector,
        events=options.events,
        settings=settings,
        voice_asked=bool(options.voice),
        echo=options.echo,
        voices=options.voices,
        room=options.room,
        notices=kept.notices,
        kept=kept.ports(partners, script, script.languages[language]),
    )
    if dialogue not in (MODEL_SETUP, SET_UP):
        _say_what_is_understood(plan)
    return _live(plan, script)


def as_told(settings: Settings, options: argparse.Namespace) -> Settings:
    """The settings with what the command line says about the guide's voice, for this evening."""
    told = {name: getattr(options, name, None) for name in ("voice", "mute", "earcons")}
    told = {name: "" if value == "off" and name == "mute" else value for name, value in told.items() if value}
    return msgspec.structs.replace(settings, **told)


def _say_what_is_understood(plan: StartPlan) -> None:
    """Before any device is opened: a model that was asked for must be whole; a missing one is said once."""
    choice = choose_recogniser(plan.recogniser_spec())
    if choice.reason in _REASONS:  # said by the guide itself when it has greeted
        output.say(_REASONS[choice.reason].format(also=_ALSO[choice.name]))


def _partners(options: argparse.Namespace, settings: Settings, *, needed: bool = True) -> tuple[str, str]:
    """From the command line, else as last time or as typed just now; remembered for the next time."""
    given = options.partners or settings.partners
    if not given and not needed:
        return NAMELESS
    if not given:
        raise NO_NAMES
    partners = check_partners(given)
    if settings.partners != partners:
        remember(lambda now: {"partners": partners})
    return partners


def lead_typed(
    options: argparse.Namespace, script: Script, dialogue: str, asked: str = "", kept: Keeping | None = None
) -> int:
    """Lead ``dialogue``, or an evening with the dialogue that was ``asked`` for, by typed lines."""
    settings = load_settings()
    language = check_language(script, options.language or settings.language)
    partners = _partners(options, settings, needed=dialogue != MODEL_SETUP)
    kept = kept or Keeping()
    ports = kept.ports(partners, script, script.languages[language])
    course = Course(dialogue, language, partners, slots=ports.slots, offered=ports.standing is not None)
    course = replace(course, prelude=ports.prelude)
    if dialogue == EVENING:
        course = evening_course(course, asked, settings, script, datetime.now())
    return _type(script, course, options.events, options.model_dir, kept.notices, ports)


def _type(
    script: Script,
    course: Course,
    events: Path | None,
    model_dir: Path | None,
    notices: tuple[str, ...] = (),
    kept: KeptPorts = NOTHING_KEPT,
) -> int:
    from voice_imago.runtime.typed import TypedPlan, run_typed
    from voice_imago.runtime.understanding import Desk, ModelTasks, model_tasks

    def models(desk: Desk) -> ModelTasks:
        return model_tasks(desk, course.language, model_dir)

    if course.dialogue == MODEL_SETUP:
        course = replace(course, opening=("guide.hello_setup",))
        output.say("Typed set-up. Type yes or no, or a number. s skips, h is help, q stops.")
    else:
        course = replace(course, opening=(*course.opening, *notices))
        output.say("Typed dialogue. Type what is said, with the name in front if it matters: Ana: thank you.")
        output.say(
            "An empty line is done or go on. y yes, n no, r repeat, p pause, t time-out, s skip, h help, q stop."
        )
    plan = TypedPlan(course, events, output.say, models=models, kept=kept)
    reason = run_typed(script, plan)
    return 1 if reason == "fault" else 0


def _live(plan: StartPlan, script: Script) -> int:
    from voice_imago.runtime.live import Live, MicrophoneMissing

    try:
        reason = Live(plan, script).run()
    except MicrophoneMissing as missing:
        lines = [missing.message, missing.hint]
        if plan.dialogue in (MODEL_SETUP, SET_UP):
            lines.append("Here you can type instead. Or fetch the recommended model without a word: setup --yes.")
            say_also(script, plan.settings, lines)
            course = Course(MODEL_SETUP, plan.language, plan.partners)
            return _type(script, course, plan.events, plan.model_dir)
        say_also(script, plan.settings, [*lines, "Here is a rehearsal instead, so that you can hear what I do."])
        return _play_instead(plan, script)
    return 1 if reason == "fault" else 0


def _play_instead(plan: StartPlan, script: Script) -> int:
    """The rehearsal aloud where there is a loudspeaker, else as text, which needs no sound at all."""
    from voice_imago.runtime.rehearse import RehearsePlan, rehearse
    from voice_imago.runtime.scene import find_scene

    scene = find_scene(INSTEAD_OF_ENROLMENT if plan.dialogue == ENROLMENT else INSTEAD)
    rehearsal = RehearsePlan(scene, show=output.say, settings=plan.settings, aloud=True)
    try:
        try:
            rehearse(rehearsal)
        except DeviceError:
            rehearse(replace(rehearsal, aloud=False))
    except VoiceError as error:
        output.say(str(error))
        _read_instead(script, rehearsal.scene)
    return 0


def _read_instead(script: Script, path: Path) -> None:
    """A scene as if its lines were typed: where there is neither a microphone nor a voice."""
    from voice_imago.runtime.scene import read_scene
    from voice_imago.runtime.typed import TypedPlan, run_typed

    scene = read_scene(path)

    def lines() -> Iterator[str]:
        for line in scene.line:
            text = line.key or f"{line.by.capitalize()}: {line.say or line.text}"
            output.say(text)
            yield text

    run_typed(script, TypedPlan(Course(scene.dialogue, scene.language, scene.names), None, output.say, lines()))


def run_rehearsal(options: argparse.Namespace) -> int:
    """Play one scene; 1 when it did not go as expected."""
    from voice_imago.runtime.rehearse import RehearsePlan, rehearse
    from voice_imago.runtime.scene import find_scene

    show = (lambda line: None) if options.quiet else output.say
    scene, settings = find_scene(options.scene), load_settings()
    plan = RehearsePlan(scene, options.out, options.events, options.listen, show, settings=settings, keep=options.keep)
    outcome = rehearse(plan)
    output.say(f"The rehearsal ended: {outcome.reason}, after {outcome.seconds:.0f} seconds on the audio clock.")
    for problem in outcome.problems:
        output.error(f"Expected otherwise: {problem}")
    return 1 if outcome.problems else 0


def run_listen(options: argparse.Namespace) -> int:
    """Print who spoke when."""
    from voice_imago.runtime.listening import ListenSettings, listen, to_json, to_rttm

    enrolments: dict[str, Path] = {}
    for pair in options.partner:
        name, equals, path = pair.partition("=")
        if not equals or not name or not path:
            raise UsageError(f"--partner {pair} is not NAME=FILE.", "Say --partner ana=ENROL.wav.")
        if name in enrolments:
            raise UsageError(f"--partner {name} is given twice.", "Give two partners different names.")
        enrolments[name] = Path(path)
    began = time.monotonic()

    def tell(line: str) -> None:
        if time.monotonic() - began > PATIENCE_S:
            output.error(line)

    progress = output.Progress(options.recording.name, 100, tell)
    spans = listen(options.recording, enrolments, ListenSettings(), progress.update)
    if options.rttm:
        output.say(to_rttm(spans, options.recording.stem).rstrip("\n"))
    elif options.json:
        output.say(to_json(spans).rstrip("\n"))
    else:
        for span in spans:
            output.say(f"{span.start:8.2f} to {span.end:8.2f} seconds: {span.speaker}")
    return 0
