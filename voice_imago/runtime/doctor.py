"""The command `doctor`: what is there, what is missing, and how to mend it; one plain line each, also spoken."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from voice_imago import __version__, output
from voice_imago.dialogue.script import Script, load_script
from voice_imago.engines import portaudio
from voice_imago.engines.ports import HEAR_HZ, PLAY_HZ, Samples, VoiceSettings
from voice_imago.engines.recognisers import RecogniserSpec, choose_recogniser
from voice_imago.engines.whisper_models import find_model, verify_model
from voice_imago.errors import FileError, VoiceImagoError
from voice_imago.folders import cache_folder, data_folder, settings_file
from voice_imago.hearing.room import noise_of
from voice_imago.runtime.devices import find_device, list_devices
from voice_imago.runtime.first_words import OWN_LANGUAGE
from voice_imago.runtime.guide_voice import check_voice, make_voice, no_voice_sentence
from voice_imago.settings import Settings, load_settings

__all__ = ["CHECKS", "Checkup", "Finding", "doctor", "examine", "spoken_lines"]

LISTEN_S = 1.0
"""Seconds of the microphone that are looked at."""
WAIT_S = 4.0
"""Seconds after which a microphone that delivers nothing is given up."""
ROOM_MB = 500
"""Free space below which a speech model may not fit."""
LOUD_DB = -40.0
"""A steady room above this hides quiet voices."""
State = Literal["ok", "missing", "wrong"]
WORDS: dict[State, str] = {"ok": "ok", "missing": "missing", "wrong": "not right"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    part: str
    state: State
    what: str
    mend: str = ""
    """What to do; empty where nothing has to be done."""

    @property
    def line(self) -> str:
        """The most important words first."""
        return f"{self.part}: {WORDS[self.state]}. {self.what} {self.mend}".strip()


@dataclass(slots=True)
class Checkup:
    """What the checks look at, and what one leaves for another."""

    settings: Settings
    script: Script
    model_dir: Path | None = None
    sound: Samples | None = None
    """What the microphone gave."""


def _microphone(checkup: Checkup) -> Finding:
    part = "Microphone"
    try:
        found = list_devices("input")
        if not found:
            find_device("input", 0)  # words the error
        number = find_device("input", checkup.settings.input)
        checkup.sound = _heard(number)
    except VoiceImagoError as error:
        return Finding(part, "missing", error.message, error.hint)
    name = _name(found, number)
    if checkup.sound is None:
        return Finding(part, "wrong", f"{name} opens but delivers nothing.", "Unplug it and plug it in again.")
    if not np.any(checkup.sound):
        return Finding(part, "wrong", f"{name} gives pure silence.", "Switch it on, or allow it for your terminal.")
    return Finding(part, "ok", f"{name} delivers sound.")


def _loudspeaker(checkup: Checkup) -> Finding:
    part = "Loudspeaker"
    try:
        found = list_devices("output")
        if not found:
            find_device("output", 0)
        number = find_device("output", checkup.settings.output)
        stream = _opened("output", number, PLAY_HZ, None)
        portaudio.close_stream(stream)
    except VoiceImagoError as error:
        return Finding(part, "missing", error.message, error.hint)
    return Finding(part, "ok", f"{_name(found, number)} opens.")


def _rates(checkup: Checkup) -> Finding:
    """Every rate is converted, so that this is never wrong where a device opens."""
    part, told = "Sample rates", []
    for kind, own_hz in (("input", HEAR_HZ), ("output", PLAY_HZ)):
        try:
            wanted = checkup.settings.input if kind == "input" else checkup.settings.output
            stream = _opened(kind, find_device(kind, wanted), own_hz, None)  # type: ignore[arg-type]
            name = "microphone" if kind == "input" else "loudspeaker"
            how = "as it is" if round(stream.samplerate) == own_hz else "converted"
            told.append(f"{name} {stream.samplerate:.0f} hertz, {how}")
            portaudio.close_stream(stream)
        except VoiceImagoError:
            continue
    if not told:
        return Finding(part, "missing", "There is no device to ask.", "See the lines on microphone and loudspeaker.")
    return Finding(part, "ok", f"{'; '.join(told)}.".capitalize())


def _echo(checkup: Checkup) -> Finding:
    part, settings = "Echo", checkup.settings
    able = importlib.util.find_spec("livekit") is not None
    way = "It can be cancelled here" if able else "It is not cancelled here, so I do not listen while I speak"
    if settings.echo_db is None:
        return Finding(part, "missing", f"{way}. It was not measured yet.", "Run: python3 run.py enrol")
    mend = "" if able else "To have it cancelled, where there is a wheel, run: .venv/bin/python -m pip install livekit"
    measured = f"{settings.echo_db:.0f} decibels, {1000 * settings.tail_s:.0f} milliseconds"
    return Finding(part, "ok", f"{way}. {measured}.", mend)


def _noise(checkup: Checkup) -> Finding:
    part, sound = "Noise", checkup.sound
    if sound is None or not np.any(sound):
        return Finding(
            part, "missing", "Nothing is heard, so the room is not known.", "See the line on the microphone."
        )
    level_db = noise_of(sound).noise_db
    if level_db > LOUD_DB:
        return Finding(
            part, "wrong", f"The room is loud, {level_db:.0f} decibels.", "Switch off what hums, or sit closer."
        )
    return Finding(part, "ok", f"The room is quiet enough, {level_db:.0f} decibels.")


def _voice(checkup: Checkup) -> Finding:
    part, language = "Voice", checkup.script.languages[checkup.settings.language]
    house = make_voice(checkup.script, language.code)
    try:
        wanted = checkup.settings.voice
        gone = bool(wanted) and not house.shelf.troubles and house.shelf.find(wanted) is None
        name = check_voice(house.shelf, "" if gone else wanted, asked=False, language=language.name)
        with tempfile.TemporaryDirectory(prefix="voice-imago-") as place:
            house.render("Hello.", VoiceSettings(name), Path(place, "hello.wav"))
        failed = house.failures
    except VoiceImagoError as error:
        return Finding(part, "missing", error.message, error.hint)
    finally:
        house.close()
    if house.shelf.missing:
        return Finding(part, "missing", no_voice_sentence(language.name))
    if gone:
        return Finding(
            part, "wrong", f"The voice {wanted} is gone, {name} speaks.", "Say another voice, or use --voice."
        )
    if failed:
        return Finding(part, "wrong", f"{failed[0].message} Another engine speaks.", "Run: python3 run.py devices")
    return Finding(part, "ok", f"{name} speaks.")


def _recogniser(checkup: Checkup) -> Finding:
    part, settings = "Recogniser", checkup.settings
    try:
        spec = RecogniserSpec(settings.recogniser, settings.model, checkup.model_dir, settings.language, ("Ana", "Ben"))
        choice = choose_recogniser(spec)
    except VoiceImagoError as error:
        return Finding(part, "wrong", error.message, error.hint)
    understands = {
        "whisper": "Whole sentences are understood.",
        "answers": "Short answers are understood, no whole sentences.",
        "none": "Voices and keys are followed, no words.",
        "home": "The server at home understands.",
    }[choice.name]
    fine = choice.name in ("whisper", "home") or settings.recogniser == choice.name
    return Finding(part, "ok" if fine else "wrong", understands, "" if fine else "Run: python3 run.py setup")


def _model(checkup: Checkup) -> Finding:
    from voice_imago.engines.whisper_models import MODELS

    part, wanted = "Speech model", checkup.settings.model
    names = [wanted] if wanted else list(MODELS)
    places = {name: find_model(name, checkup.model_dir) for name in names}
    here = {name: place for name, place in places.items() if place is not None}
    if not here:
        return Finding(
            part, "missing", "None is here; yes, no and keys are enough.", "To fetch one: python3 run.py setup"
        )
    for name, place in here.items():
        if verify_model(place) in ("damaged", "incomplete"):
            return Finding(part, "wrong", f"{name} is damaged.", "To fetch it again: python3 run.py setup")
    return Finding(part, "ok", f"{', '.join(here)} {'is' if len(here) == 1 else 'are'} here and whole.")


def _disk(checkup: Checkup) -> Finding:
    part = "Disk"
    for folder in (data_folder(), cache_folder()):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=folder) as probe:
                probe.write(bytes(262_144))
                probe.flush()
        except OSError as error:
            why = error.strerror or type(error).__name__
            return Finding(part, "wrong", f"Nothing can be written in {folder}: {why}.", "Free some space there.")
    free_mb = shutil.disk_usage(data_folder()).free // 1_000_000
    if free_mb < ROOM_MB:
        return Finding(
            part, "wrong", f"{free_mb} megabytes are free, a speech model needs {ROOM_MB}.", "Free some space."
        )
    return Finding(part, "ok", f"{free_mb} megabytes are free.")


def _permissions(checkup: Checkup) -> Finding:
    """Who else may read what is kept."""
    part, path = "Permissions", settings_file()
    for place in (path, data_folder(), cache_folder() / "prompts"):
        try:
            about = place.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            return Finding(part, "wrong", f"{place} cannot be looked at: {error.strerror}.", "Check who owns it.")
        if os.name == "posix" and about.st_uid != os.geteuid():
            return Finding(part, "wrong", f"{place} belongs to somebody else.", f"Run: sudo chown -R $USER {place}")
        if os.name == "posix" and about.st_mode & 0o077:
            return Finding(part, "wrong", f"Others may look into {place}.", f"Run: chmod -R go-rwx {place}")
    return Finding(part, "ok", "What is kept is yours alone.")


def _versions(checkup: Checkup) -> Finding:
    names = ("faster-whisper", "pyttsx3", "sounddevice", "numpy", "onnxruntime")
    known = {name: _version(name) for name in names}
    gone = [name for name, version in known.items() if not version]
    mine = f"This is {__version__} on Python {platform.python_version()}, {platform.system()}."
    if gone:
        return Finding("Versions", "missing", f"{mine} Not installed: {', '.join(gone)}.", "Run: python3 run.py")
    return Finding("Versions", "ok", f"{mine} {', '.join(f'{name} {version}' for name, version in known.items())}.")


CHECKS: tuple[Callable[[Checkup], Finding], ...] = (
    _microphone, _loudspeaker, _rates, _echo, _noise, _voice, _recogniser, _model, _disk, _permissions, _versions,
)  # fmt: skip


def examine(checkup: Checkup, checks: Sequence[Callable[[Checkup], Finding]] = CHECKS) -> list[Finding]:
    """Every check, whatever the others found; one that breaks is a finding itself."""
    findings = []
    for check in checks:
        try:
            findings.append(check(checkup))
        except Exception as error:  # a doctor that falls ill helps nobody
            part = check.__name__.strip("_").capitalize()
            findings.append(Finding(part, "wrong", f"It could not be looked at: {type(error).__name__}: {error}."))
    return findings


def spoken_lines(findings: Sequence[Finding]) -> list[str]:
    """What is said: how many are right, then what is not, then the rest."""
    amiss = [finding for finding in findings if finding.state != "ok"]
    good = len(findings) - len(amiss)
    first = "Everything is all right." if not amiss else f"{good} of {len(findings)} are all right."
    ordered = [*amiss, *(finding for finding in findings if finding.state == "ok")]
    return [first, *(finding.line for finding in ordered)]


def doctor(mute: Literal["voice", "text", "off"] | None = None, model_dir: Path | None = None) -> int:
    """Look at everything; 1 when something is not right. Printed and spoken, unless one of them is ``mute``.

    ``mute``: None as in the settings. What cannot be said is printed all the same.
    """
    checkup, findings = _at_hand(model_dir)
    findings += examine(checkup)
    lines, mute = spoken_lines(findings), mute or checkup.settings.mute or "off"
    if mute != "text":
        _print(lines)
    if mute != "voice" and not _said(lines, checkup) and mute == "text":
        _print(lines)
    return 0 if all(finding.state == "ok" for finding in findings) else 1


def _at_hand(model_dir: Path | None) -> tuple[Checkup, list[Finding]]:
    """Settings that cannot be used are a finding, and everything else is looked at with the usual ones."""
    script = load_script()
    try:
        return Checkup(load_settings(), script, model_dir), []
    except FileError as error:
        return Checkup(Settings(), script, model_dir), [Finding("Settings", "wrong", error.message, error.hint)]


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        output.say(line)


def _said(lines: Sequence[str], checkup: Checkup) -> bool:
    """Aloud, in a voice for the language that the lines are in; False without a loudspeaker or a voice."""
    from voice_imago.runtime.read_aloud import read_aloud

    settings = checkup.settings
    if settings.language != OWN_LANGUAGE:
        settings = msgspec.structs.replace(settings, language=OWN_LANGUAGE, voice="")
    try:
        read_aloud(lines, checkup.script, settings)
    except VoiceImagoError as error:
        output.error(f"I cannot say this aloud. {error.message}")
        return False
    return True


def _heard(number: int | None) -> Samples | None:
    """A second of the microphone; None when nothing came."""
    from voice_imago.engines.microphone_sounddevice import SounddeviceMicrophone

    chunks: list[Samples] = []
    enough = threading.Event()

    def take(chunk: Samples) -> None:
        chunks.append(chunk)
        if sum(map(len, chunks)) >= LISTEN_S * HEAR_HZ:
            enough.set()

    microphone = SounddeviceMicrophone(take, number)
    try:
        microphone.start()
        enough.wait(WAIT_S)
    finally:
        microphone.close()
    return np.concatenate(chunks) if chunks else None


def _opened(kind: portaudio.Kind, number: int | None, own_hz: int, callback: None) -> Any:
    formats = portaudio.formats(kind, number, own_hz)
    return portaudio.open_stream(kind, number, formats, block_s=0.0, latency=0.2, callback=callback)


def _name(found: Sequence[portaudio.Device], number: int | None) -> str:
    fitting = [d for d in found if (d.number == number if number is not None else d.default)]
    return fitting[0].name if fitting else "The default device"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
