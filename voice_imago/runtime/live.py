"""The live table: starts every part, runs the loop, stops the parts in mirrored order."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from voice_imago import output
from voice_imago.dialogue.script import Script
from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.duplex_sounddevice import SounddeviceMicrophone, SounddevicePlayer
from voice_imago.engines.microphone_sounddevice import CHUNK_S, QUICK_CHUNK_S
from voice_imago.engines.ports import HEAR_HZ, Heard, Samples
from voice_imago.engines.voice_shelf import HouseVoice
from voice_imago.errors import DeviceError, FileError, RecognitionError
from voice_imago.events import (
    Input,
    KeyPressed,
    PartFailed,
    PartRecovered,
    Performed,
    PromptBegan,
    PromptEnded,
    TextReady,
    Transcribe,
)
from voice_imago.hearing.room import Room
from voice_imago.remembering import remember, told_when_forgotten
from voice_imago.runtime import profiles
from voice_imago.runtime.all_tasks import AllTasks
from voice_imago.runtime.devices import find_device, list_devices, number_again, reinitialise
from voice_imago.runtime.duplex import Chunk, LostSound, make_duplex
from voice_imago.runtime.ear import Ear
from voice_imago.runtime.earcons import earcon
from voice_imago.runtime.evening import Remembering
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.guide_voice import make_prompts
from voice_imago.runtime.interrupts import orderly_end
from voice_imago.runtime.jobs import JobThread
from voice_imago.runtime.journal_tasks import Answer, JournalTasks
from voice_imago.runtime.key_table import key_table
from voice_imago.runtime.keys import Keys
from voice_imago.runtime.model_tasks import Understanding
from voice_imago.runtime.opening import Opening, choose_opening, room_of, with_room
from voice_imago.runtime.plan import StartPlan
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.runtime.settling import Settled
from voice_imago.runtime.stage import Stage, StagePorts
from voice_imago.runtime.table import Part, Table, TableDevices, TableNews
from voice_imago.runtime.tasks import TaskPorts, Tasks
from voice_imago.runtime.understanding import Desk, model_tasks, start_scribe, take_over
from voice_imago.runtime.voice_kept import VoiceTasks, at_start, keep_tuning, own_voices, tunings_of
from voice_imago.runtime.workers import Inbox, LivePrompts
from voice_imago.session import Session, SessionSettings

__all__ = ["Live", "MicrophoneMissing"]

IDLE_FRAMES = 6
"""Frames that are heard at once while nobody speaks, neither a partner nor the guide; their times stay exact."""
LOOK_S = 0.2
"""Seconds between two looks at the health of the devices."""
POLL_S = 0.25
"""The same where nothing is heard."""


class MicrophoneMissing(DeviceError):
    """There is no microphone to start with; the caller plays the rehearsal instead."""


class Live:
    """One evening at the table."""

    def __init__(self, plan: StartPlan, script: Script) -> None:
        self._plan, self._script = plan, script
        self._inbox = Inbox()
        self._key_table = key_table(plan.settings.keys, off=plan.settings.keys_off)
        self._chunks: list[Chunk] = []
        """Not posted yet; only the microphone's thread touches it."""
        self._parts = ExitStack()
        self._leading = False
        self._forgetful = False
        """Something could not be written for the next evening."""
        self._voice_trouble = "No speech engine works."
        self._detector = make_detector(plan.detector)
        self._enough_samples = self._detector.frame_samples
        self._ear = Ear(self._detector, tail_s=plan.settings.tail_s)
        self._duplex = make_duplex(plan, self._ear, self._echo_changed)
        self._lost_sound = LostSound()
        self._table = Table(
            TableDevices(self._new_microphone, self._new_loudspeaker, reinitialise),
            TableNews(
                self._device_lost,
                self._device_back,
                self._silence,
                talking=lambda: self._stage.talking,
                hearing=lambda: self._stage.session.hearing.turn_open,
                silent=self._microphone_silent,
            ),
        )

    def run(self) -> str:
        """Lead the dialogue to its end; gives the reason.

        Before any device is opened: FileError, UsageError, ModelError; MicrophoneMissing when there is none.
        """
        with self._parts, orderly_end(self._interrupted):
            stream = self._open_stream()
            self._look_for_devices()
            self._start_scribe()
            self._set_stage(stream)
            self._parts.enter_context(told_when_forgotten(self._not_remembered))
            self._open_devices()
            self._start_keys()
            self._leading = True
            self._stage.begin(self._ear.now, self._plan.kept.standing)
            self._lead()
        return self._stage.finished or "fault"

    def _lead(self) -> None:
        looked, settled = 0.0, Settled()
        while self._stage.finished is None:
            self._inbox.work(POLL_S)
            self._enough_samples = self._enough()
            now = time.monotonic()
            if now - looked >= LOOK_S:
                looked = now
                self._table.watch(now)
                settled.look(now, busy=self._busy)

    @property
    def _busy(self) -> bool:
        return self._stage.talking or self._stage.session.hearing.turn_open

    def _enough(self) -> int:
        """Samples that are heard at once: every chunk where somebody may be speaking over the guide."""
        if self._stage.talking and self._duplex is not None:
            return 1
        return self._detector.frame_samples * (1 if self._busy else IDLE_FRAMES)

    # ------------------------------------------------------------------ starting, in order

    def _open_stream(self) -> EventStream:
        stream = EventStream(self._plan.events, self._plan.partners, wall=time.monotonic)
        self._parts.callback(stream.close)
        if self._plan.kept.listener is not None:
            stream.listen(self._plan.kept.listener)
        return stream

    def _look_for_devices(self) -> None:
        """Before a model is loaded: a wrong name is told now, and so is a missing microphone."""
        try:
            if not list_devices("input"):
                find_device("input", 0)  # words the error
            find_device("input", self._plan.input)
        except DeviceError as error:
            raise MicrophoneMissing(error.message, error.hint) from error
        if list_devices("output"):
            find_device("output", self._plan.output)

    def _start_scribe(self) -> None:
        self._scribe = start_scribe(self._plan.recogniser_spec(), self._text, self._scribe_fault)
        self._parts.callback(self._scribe.close)

    def _set_stage(self, stream: EventStream) -> None:
        plan = self._plan
        cache, voice = make_prompts(
            self._script,
            plan.language,
            plan.settings,
            background=True,
            on_fault=self._voice_fault,
            asked_voice=plan.settings.voice if plan.voice_asked else "",
        )
        self._parts.callback(cache.close)
        self._parts.callback(voice.close)
        opening = choose_opening(plan, self._scribe.reason, duplex=self._duplex is not None)
        self._ear.enrol(opening.voiceprint)
        for tuned in at_start(tunings_of(plan.settings, plan.partners)):
            cache.retune(tuned.rate, tuned.volume, tuned.pitch, tuned.to)
        if not plan.voice_asked:
            cache.revoice(cache.settings, own_voices(plan.settings, plan.partners, voice.shelf))
        self._start_tasks(opening, cache, voice)
        course = opening.course(plan, self._scribe, self._script)
        if voice.shelf.missing and not voice.at_home:
            course = replace(course, opening=(*course.opening, "guide.voice_missing"))
        hearing = settings_for(self._detector, thinking=plan.thinking)
        session = Session(
            self._script, SessionSettings(course, hearing, recogniser=self._scribe.name, echo=self._echo())
        )
        ports = StagePorts(
            prompts=LivePrompts(
                cache, self._inbox, self._voice_changed, lambda tuned: keep_tuning(plan.partners, tuned, self._jobs)
            ),
            player=self._table,
            pieces=self,
            ear=self._ear,
            stream=stream,
            chime=earcon,
            show=output.say,
            audible=self._table.audible,
            mute=plan.settings.mute,
            tasks=self._tasks,
            journal=plan.kept.keeper,
        )
        self._stage = Stage(session, ports)

    def _start_tasks(self, opening: Opening, cache: PromptCache, voice: HouseVoice) -> None:
        """What measures the room and learns the voices, beside the main loop."""
        self._jobs = jobs = JobThread(self._inbox.post)
        self._parts.callback(jobs.close)
        ports = TaskPorts(
            ear=self._ear,
            run=jobs,
            done=lambda id, outcome: self._post(lambda at: Performed(at, id, outcome)),
            chime=self._table.chime,
            keep=lambda partner, model: profiles.save(self._plan.partners[partner], model),
            audible=self._table.audible,
            late_s=self._table.latency_s,
            room_known=self._room_known,
            raw=self._duplex.raw if self._duplex else None,
            duplex=self._duplex.tested if self._duplex else None,
            trouble=output.error,
        )
        self._ear.gate.coupling_db = self._plan.settings.echo_db
        table = Tasks(ports, room=room_of(self._plan.settings), voices=opening.models)
        desk = Desk(jobs, self._inbox.post, self._post, self._use_model)
        models = model_tasks(desk, self._plan.language, self._plan.model_dir)
        self._tasks = AllTasks(
            table,
            models,
            remembering=Remembering(jobs, ports.done),
            journal=self._journal_tasks(jobs),
            voice=VoiceTasks(cache, voice, jobs, ports.done, self._plan.partners),
        )
        self._parts.callback(self._tasks.close)

    def _journal_tasks(self, jobs: JobThread) -> JournalTasks:
        def done(id: int, answer: Answer) -> None:
            self._post(lambda at: Performed(at, id, answer.outcome, answer.values))

        return JournalTasks(self._plan.kept.keeper, self._plan.partners, jobs, done, self._type_secret)

    def _type_secret(self, typed: Callable[[str | None], None]) -> None:
        """What is typed next is no key; the answer comes in the main loop."""
        self._keys.type_secret(lambda secret: self._inbox.post(lambda: typed(secret)))

    def _use_model(self, folder: Path) -> Understanding:
        """A fetched model takes over; called in the thread of the jobs."""
        return take_over(self._scribe, self._plan.recogniser_spec(), folder)

    def _room_known(self, room: Room) -> None:
        """Numbers for the next evening; the tail counts from now on."""
        self._ear.gate.tail_s, self._ear.gate.coupling_db = room.tail_s, room.echo_db
        # a disk may be slow, and somebody is being heard
        self._jobs(lambda: remember(lambda settings: with_room(settings, room)), lambda done: None)

    def _open_devices(self) -> None:
        self._parts.callback(self._table.close)
        try:
            self._table.open_microphone()
        except DeviceError as error:
            raise MicrophoneMissing(error.message, error.hint) from error
        try:
            self._table.open_loudspeaker()
        except DeviceError as error:
            output.error(f"{error.message} The guide prints its sentences instead. {error.hint}".strip())

    def _start_keys(self) -> None:
        self._keys = Keys(lambda key: self._post(lambda at: KeyPressed(at, key)), self._key_table)
        self._parts.callback(self._keys.close)
        self._keys.start()

    def _new_microphone(self) -> SounddeviceMicrophone:
        chunk_s = QUICK_CHUNK_S if self._duplex else CHUNK_S
        return SounddeviceMicrophone(self._heard, number_again("input", self._plan.input), chunk_s)

    def _new_loudspeaker(self) -> SounddevicePlayer:
        reference = self._duplex.reference.put if self._duplex else None
        number = number_again("output", self._plan.output)
        return SounddevicePlayer(self._began, self._ended, number, reference=reference)

    def _echo(self) -> Literal["half", "full"]:
        """In which way the session begins."""
        return "full" if self._duplex and self._duplex.full else "half"

    # ------------------------------------------------------------------ from other threads

    def _post(self, make: Callable[[float], Input]) -> None:
        """Feed an input that is stamped with the audio clock at the moment it is worked on."""
        self._inbox.post(lambda: self._stage.feed(make(self._ear.now)))

    def _heard(self, chunk: Samples) -> None:
        """Chunks are posted once they hold enough: waking the main loop costs more than the frames themselves."""
        self._chunks.append((self._duplex.taken() if self._duplex else (), chunk))
        if sum(len(chunk) for _, chunk in self._chunks) >= self._enough_samples:
            chunks, self._chunks = self._chunks, []
            self._inbox.post(lambda: self._hear(chunks))

    def _hear(self, chunks: list[Chunk]) -> None:
        """In the main loop."""
        if self._duplex is None:
            self._stage.hear(np.concatenate([chunk for _, chunk in chunks]))
            return
        if self._lost_sound.now(self._table.counters()):
            self._duplex.lost_sound()
        self._stage.hear(self._duplex.clean(chunks))

    def _echo_changed(self, full: bool) -> None:
        """Told in the main loop, in the middle of a chunk."""
        sentence = "The guide's voice is not taken out of the microphone any more."
        self._post(lambda at: PartRecovered(at, "echo") if full else PartFailed(at, "echo", "lost", sentence))

    def _began(self, id: int) -> None:
        self._post(lambda at: PromptBegan(at, id))

    def _ended(self, id: int, interrupted: bool) -> None:
        self._post(lambda at: PromptEnded(at, id, interrupted))

    def _text(self, id: int, heard: Heard, wall_s: float) -> None:
        self._post(lambda at: TextReady(at, id, heard.text, heard.confidence, wall_s))

    def _scribe_fault(self, code: str, message: str) -> None:
        """A server at home is a part of its own: while it is away this computer understands in its place."""
        if code in ("recovered", "home_back"):
            self._post(lambda at: PartRecovered(at, "recogniser" if code == "recovered" else "home"))
        elif code == "home_lost":
            self._post(lambda at: PartFailed(at, "home", "lost", message))
        else:
            self._post(lambda at: PartFailed(at, "recogniser", code, message))

    def _voice_fault(self, code: str, sentence: str) -> None:
        """A prompt that cannot be made is told when it is missing; a full disk costs time only."""
        if code == "cache_disk":
            output.error(sentence)
        elif code == "other_voice":
            output.error(sentence)
            self._post(lambda at: PartFailed(at, "voice", "replaced", sentence))
        else:
            self._voice_trouble = sentence

    def _not_remembered(self, error: FileError) -> None:
        """A disk that takes nothing is told once."""
        if not self._forgetful:
            self._forgetful = True
            self._post(lambda at: PartFailed(at, "settings", "failed", error.message))

    def _interrupted(self) -> None:
        """Ctrl-C is the stop key; before the dialogue has begun it ends the program."""
        if not self._leading:
            raise KeyboardInterrupt
        self._post(lambda at: KeyPressed(at, "q"))

    # ------------------------------------------------------------------ from the main loop

    def _voice_changed(self, well: bool) -> None:
        now = self._ear.now
        self._stage.feed(
            PartRecovered(now, "voice") if well else PartFailed(now, "voice", "failed", self._voice_trouble)
        )

    def _device_lost(self, part: Part, sentence: str) -> None:
        """After what the closed device had still to tell."""
        self._post(lambda at: PartFailed(at, part, "lost", sentence))

    def _device_back(self, part: Part) -> None:
        if self._duplex is not None:
            self._duplex.device_back()
        self._post(lambda at: PartRecovered(at, part))

    def _microphone_silent(self, on: bool) -> None:
        sentence = "The microphone gives no sound at all; it may be switched off."
        self._post(
            lambda at: PartFailed(at, "microphone", "silent", sentence) if on else PartRecovered(at, "microphone")
        )

    def _silence(self, seconds: float) -> None:
        self._stage.hear(np.zeros(round(seconds * HEAR_HZ), np.float32))

    # ------------------------------------------------------------------ stage.Pieces

    def submit(self, wanted: Transcribe, sound: Samples) -> None:
        """Give a piece to the scribe; a piece it refuses has no words."""
        try:
            self._scribe.submit(wanted.id, sound, wanted.short, wanted.turn, look=wanted.look)
        except RecognitionError:
            self._post(lambda at: TextReady(at, wanted.id, "", 0.0))
