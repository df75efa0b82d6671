"""The `rehearse` command: gathers the sounds of a scene, plays it through, records or plays it aloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from voice_imago import output
from voice_imago.dialogue.script import load_script, prompts_folder
from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Recogniser, Samples, Voiceprint, VoiceSettings
from voice_imago.engines.recogniser_pocketsphinx import AnswerRecogniser
from voice_imago.engines.recogniser_whisper import WhisperRecogniser
from voice_imago.engines.recorded import read_sound, resample, write_wav
from voice_imago.engines.voice_espeak import EspeakVoice
from voice_imago.engines.voiceprint_enrolment import make_voiceprint
from voice_imago.errors import FileError, VoiceImagoError
from voice_imago.folders import cache_folder
from voice_imago.journal.files import rehearsals_file
from voice_imago.journal.journal import Journal
from voice_imago.journal.keeper import Keeper, KeeperPorts
from voice_imago.journal.levels import Level
from voice_imago.journal.replay import digest_of
from voice_imago.runtime.aloud import Aloud
from voice_imago.runtime.couple import levelled, under_speech
from voice_imago.runtime.earcons import earcon
from voice_imago.runtime.guide_voice import make_prompts
from voice_imago.runtime.plan import check_language, check_scene
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.runtime.rehearsal import Outcome, Rehearsal, RehearsalPorts
from voice_imago.runtime.rehearsal_typed import TypedBeginning, type_the_beginning
from voice_imago.runtime.scene import Line, Scene, read_scene, scenes_folder
from voice_imago.runtime.scene_hub import SceneHub
from voice_imago.settings import Settings

__all__ = ["RehearsePlan", "rehearse"]

ENROLMENT_TEXT = (
    "This is how I speak when nothing is the matter. On Sunday we walked along the river, and it was cold and bright. "
    "Afterwards there was soup, and bread, and a long quiet afternoon with a book each. I could tell you more about it."
)
"""What a partner with a voice but without a recording says, so that the voice can be known."""


@dataclass(frozen=True, slots=True)
class RehearsePlan:
    """Everything that `rehearse` was told."""

    scene: Path
    out: Path | None = None
    events: Path | None = None
    aloud: bool = False
    show: Callable[[str], None] = lambda line: None
    listener: Callable[[Mapping[str, Any]], None] | None = None
    """Told every event."""
    settings: Settings = field(default_factory=Settings)
    keep: Level | None = None
    """What both partners want to be kept; None: what the scene says."""
    journal: Path | None = None
    """Where; None: in the journal of rehearsals."""


def rehearse(plan: RehearsePlan) -> Outcome:
    """Play a scene through. Raises SceneError, PromptError, FileError, UsageError; DeviceError when aloud."""
    scene = read_scene(plan.scene)
    script = load_script(languages=() if scene.typed else (scene.language,))
    check_scene(script, scene.dialogue, scene.prelude)
    check_language(script, scene.language)
    _check_target(plan.out)
    with ExitStack() as parts:
        prompts, voice = make_prompts(script, scene.language, plan.settings, background=False)
        parts.callback(voice.close)
        parts.callback(prompts.close)
        room = _Room(plan)
        parts.callback(room.close)
        before = TypedBeginning()
        if scene.typed:
            before = type_the_beginning(scene, script, plan.settings, plan.show, room.hear)
            script = load_script(formal=before.formal)
        voices = SceneVoices(scene)
        parts.callback(voices.close)
        keeper = _keeper(plan, scene)
        if keeper is not None:
            parts.callback(keeper.journal.close)
            parts.callback(keeper.close)
        recogniser = _recogniser(scene)
        if recogniser is not None:
            parts.callback(recogniser.close)
        hub = None
        if scene.hub is not None:
            hub = SceneHub(scene.folder / scene.hub.folder, scene.hub.takes_s, scene.language, plan.show)
            parts.callback(hub.close)
        ports = RehearsalPorts(
            prompts=prompts,
            voice=voice,
            sound_of=voices.sound_of,
            voiceprint=voices.voiceprint(),
            recogniser=recogniser,
            hub=hub,
            noise=voices.noise,
            chime=earcon,
            events=plan.events,
            journal=keeper,
            show=plan.show,
            listener=plan.listener,
            before=before,
            hear_room=room.hear if room.wanted else None,
        )
        outcome = Rehearsal(scene, script, ports).run()
        room.save()
    return outcome


def _keeper(plan: RehearsePlan, scene: Scene) -> Keeper | None:
    """Both partners of the scene want the same; the sample clock waits for the disk. Raises FileError, JournalError."""
    level = plan.keep or scene.keep
    if level == "none":
        return None
    journal = Journal(plan.journal or rehearsals_file())
    try:
        sentence = journal.open()
    except VoiceImagoError:
        journal.close()
        raise
    if sentence is not None:
        output.error(sentence)
    ports = KeeperPorts(prompts=digest_of(prompts_folder()), wait_s=None, tell=output.error)
    return Keeper(journal, ports, wishes=(level, level))


def _recogniser(scene: Scene) -> Recogniser | None:
    """A real one, where the scene wants to be understood by its sound. Raises ModelError, UsageError."""
    if scene.recogniser == "answers":
        return AnswerRecogniser()
    return WhisperRecogniser(scenes_folder() / "recogniser", scene.language) if scene.recogniser == "fixture" else None


def _check_target(path: Path | None) -> None:
    """Before the scene is played: a recording that cannot be written is told now. Raises FileError."""
    if path is None:
        return
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        hint = "Name a file in a folder that you may write to."
        raise FileError(f"The recording {path} cannot be written: {error.strerror}.", hint) from error


class SceneVoices:
    """The couple's voices: clips from files, sentences from the speech engine, kept in the cache."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.noise = read_sound(scene.folder / scene.room.noise) if scene.room.noise else None
        self._engine = EspeakVoice()
        self._caches = {
            name: PromptCache(
                self._engine,
                VoiceSettings(partner.voice, partner.rate_wpm),
                cache_folder() / "couples",
                background=False,
            )
            for name, partner in scene.everybody.items()
            if partner.voice
        }

    def sound_of(self, line: Line) -> Samples:
        """A line at 16 kHz."""
        return read_sound(self._scene.file_of(line)) if line.wav else self._spoken(line.by, line.say)

    def voiceprint(self) -> Voiceprint | None:
        """Both partners enrolled from their recordings, or from a few sentences in their voices; else None."""
        if not all(partner.enrol or partner.voice for partner in self._scene.partners.values()):
            return None
        first, second = (self._enrolment(name) for name in self._scene.partners)
        return make_voiceprint(first, second)

    def close(self) -> None:
        for cache in self._caches.values():
            cache.close()
        self._engine.close()

    def _enrolment(self, name: str) -> Samples:
        partner = self._scene.partners[name]
        if partner.enrol:
            return read_sound(self._scene.folder / partner.enrol)
        sound = levelled(self._spoken(name, ENROLMENT_TEXT))
        noise = under_speech(self.noise, self._scene.room.snr_db)  # people are enrolled in the room they talk in
        return sound if noise is None else sound + np.resize(noise, sound.shape)

    def _spoken(self, name: str, text: str) -> Samples:
        pcm = self._caches[name].fetch(text)
        sound: Samples = resample(pcm, PLAY_HZ, HEAR_HZ).astype(np.float32) / np.float32(32768)
        return sound


class _Room:
    """What the room heard, to a file or to the loudspeaker."""

    def __init__(self, plan: RehearsePlan) -> None:
        self._path = plan.out
        self._couple: list[Samples] = []
        self._guide: list[Samples] = []
        self._aloud = Aloud() if plan.aloud else None

    @property
    def wanted(self) -> bool:
        return self._path is not None or self._aloud is not None

    def hear(self, couple: Samples, guide: Samples) -> None:
        if self._path is not None:
            self._couple.append(couple)
            self._guide.append(guide)
        if self._aloud is not None:
            self._aloud.play(couple + guide)

    def save(self) -> None:
        if self._path is not None:
            write_wav(self._path, [np.concatenate(self._couple), np.concatenate(self._guide)], HEAR_HZ)

    def close(self) -> None:
        if self._aloud is not None:
            self._aloud.close()
