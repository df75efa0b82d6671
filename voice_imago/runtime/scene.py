"""Reads a scene (design §3.2): a scripted couple for rehearsals, tests and benchmarks."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from voice_imago.dialogue.script_names import KNOWN_SLOTS
from voice_imago.dialogue.slots import Slot
from voice_imago.errors import SceneError
from voice_imago.runtime.event_stream import EVENTS

__all__ = [
    "Expect",
    "Fault",
    "Hub",
    "Line",
    "Partner",
    "Room",
    "Scene",
    "find_scene",
    "part_of",
    "read_scene",
    "scenes_folder",
]

Seconds = Annotated[float, Meta(ge=0.0, le=7200.0)]
Known = bool | Annotated[int, Meta(ge=0, le=100_000)] | str | list[str]
Decibel = Annotated[float, Meta(ge=-100.0, le=100.0)]


class Partner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one of the two sounds, or a guest."""

    voice: str = ""
    """A voice of the installed engine, such as 'en-us+f3'."""
    rate_wpm: Annotated[int, Meta(ge=60, le=500)] = 150
    clips: str = ""
    """A folder with the partner's clips, instead of a voice: where `wav` is looked for."""
    enrol: str = ""
    """A recording to know the voice by, relative to the scene; empty: sentences spoken by the voice."""


class Room(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the microphone hears beside the couple."""

    noise: str = ""
    """A sound file, looped."""
    snr_db: Decibel = 20.0
    echo_db: Decibel | None = None
    """The guide's own voice comes back this much quieter (a negative number)."""


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a partner says or presses."""

    by: str = ""
    at: str = ""
    """A step: wait until the guide listens there."""
    after_s: Seconds = 0.6
    say: str = ""
    wav: str = ""
    text: str = ""
    """What the wav says."""
    key: str = ""
    """A key instead of speech."""
    overlap_s: Seconds = 0.0
    """Start this long before the previous line ends."""
    pause_s: Seconds = 0.0
    """Go on this long after the previous line, whatever the guide does meanwhile."""
    gain_db: Decibel = 0.0


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that breaks on purpose."""

    at_s: Seconds
    kind: Literal["microphone_lost", "loudspeaker_lost", "recogniser_failed"]
    for_s: Seconds = 5.0
    """After these it works again."""


class Hub(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where speech models come from in this scene."""

    folder: str
    """A model beside the scene, fetched in place of any that is asked for."""
    takes_s: Annotated[float, Meta(ge=0.1, le=7200.0)] = 20.0
    """Seconds on the sample clock."""


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must come true."""

    ends: Literal["", "finished", "stopped", "time_out", "fault"] = ""
    steps: tuple[str, ...] = ()
    """Steps that must be entered, in this order (others may lie between)."""
    prompts: tuple[str, ...] = ()
    """Keys of prompts that must be said, in this order (others may lie between)."""
    counts: dict[str, int] = {}
    """How many events of a kind there must be."""
    texts: tuple[str, ...] = ()
    """Pieces of text that some transcript must hold."""
    within_s: Seconds = 0.0
    """The length that it must not exceed, what is typed before it included; 0: any."""
    whys: tuple[str, ...] = ()
    """Why turns ended, in this order (others may lie between)."""


class Scene(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scene; ``folder`` is where its files are looked for."""

    title: str
    dialogue: str
    partners: dict[str, Partner]
    language: str = "en"
    recogniser: Literal["scene", "fixture", "none", "answers"] = "scene"
    """Who understands: the scene's own texts, the speech model made for scenes, nobody, or the answer recogniser."""
    thinking: Literal["quick", "normal", "patient"] = "normal"
    voices: Literal["known", "learn", "none"] = "known"
    """Known before the scene begins, learnt in it (from its turns, or by voice), or never told apart."""
    known: dict[str, Known] = {}
    """What the program knows beforehand, by the names of ``KNOWN_SLOTS``: ``dialogues = 6``, ``deep = true``.

    A number, words, the lines of a list, or simply that it is so (false: nothing is known)."""
    keep: Literal["none", "counts", "notes", "transcript"] = "none"
    """What both partners want to be kept, in the journal of rehearsals."""
    typed: tuple[str, ...] = ()
    """Lines that are typed at a first start, before the session: language, how to be reached, both names."""
    prelude: tuple[str, ...] = ()
    """Graphs before the dialogue: room, voices, room_check, model."""
    hub: Hub | None = None
    guests: dict[str, Partner] = {}
    """Others who are heard: a visitor, a radio."""
    room: Room = Room()
    line: tuple[Line, ...] = ()
    fault: tuple[Fault, ...] = ()
    expect: Expect = Expect()
    folder: Path = Path()

    @property
    def names(self) -> tuple[str, str]:
        """The partners' names as the guide says them."""
        first, second = self.partners
        return first.capitalize(), second.capitalize()

    def file_of(self, line: Line) -> Path:
        """Where the line's wav is: in the partner's clips, else beside the scene."""
        return self.folder / self.everybody[line.by].clips / line.wav

    @property
    def slots(self) -> dict[str, Slot]:
        """What is known beforehand, as the dialogue takes it."""
        return {name: _slot(value) for name, value in self.known.items() if value is not False}

    @property
    def everybody(self) -> dict[str, Partner]:
        """All who are heard, by name."""
        return {**self.partners, **self.guests}

    def index(self, by: str) -> Literal[0, 1]:
        return 0 if by == next(iter(self.partners)) else 1


def _slot(value: Known) -> Slot:
    if isinstance(value, bool):
        return Slot("choice:on")
    if isinstance(value, int):
        return Slot(f"number:{value}")
    return Slot("words", value) if isinstance(value, str) else Slot("list", items=tuple(value))


def part_of(fault: Fault) -> str:
    """The part of the program that breaks."""
    return fault.kind.rpartition("_")[0]


def scenes_folder() -> Path:
    """Where the shipped scenes are: package data in a wheel, else the checkout."""
    packaged = Path(str(files("voice_imago"))) / "_data" / "audio_fixtures"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "audio_fixtures"


def find_scene(name: str) -> Path:
    """A path as it is, or the name of a shipped scene. Raises SceneError that lists the choices."""
    given = Path(name)
    if given.is_file():
        return given
    shipped = {path.stem: path for path in sorted(scenes_folder().glob("*.toml"))}
    if name in shipped:
        return shipped[name]
    close = difflib.get_close_matches(name, shipped, 1)
    did = f" Did you mean {close[0]}?" if close else ""
    raise SceneError(f"There is no scene {name!r}.{did}", hint=f"Scenes: {', '.join(shipped)}; or name a .toml file.")


def read_scene(path: Path) -> Scene:
    """Read and check one scene. Raises SceneError with every problem at once."""
    raw = _parse(path)
    problems: list[str] = []
    parts: dict[str, Any] = {}
    shapes: dict[str, Any] = {
        "title": str,
        "dialogue": str,
        "language": str,
        "recogniser": Literal["scene", "fixture", "none", "answers"],
        "thinking": Literal["quick", "normal", "patient"],
        "voices": Literal["known", "learn", "none"],
        "known": dict[str, Known],
        "keep": Literal["none", "counts", "notes", "transcript"],
        "typed": tuple[str, ...],
        "prelude": tuple[str, ...],
        "guests": dict[str, Partner],
        "room": Room,
        "hub": Hub,
        "expect": Expect,
        "partners": dict[str, Partner],
    }
    for key, value in raw.items():
        if key in ("line", "fault"):
            parts[key] = _each(value, Line if key == "line" else Fault, key, problems)
        elif key in shapes:
            parts[key] = _convert(value, shapes[key], key, problems)
        else:
            problems.append(f"{key}: unknown" + _did_you_mean(key, (*shapes, "line", "fault")))
    problems += [f"{key}: missing" for key in ("title", "dialogue", "partners") if key not in raw]
    problems += _check(parts, path.parent)
    if problems:
        raise SceneError(f"The scene {path} has {len(problems)} problem(s):", [f"  {p}" for p in problems])
    return Scene(**parts, folder=path.parent)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), 1)
    return f", did you mean {close[0]}?" if close else ""


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SceneError(f"The scene {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SceneError(f"The scene {path} is not a TOML file: {error}.") from error


def _each(values: Any, shape: Any, key: str, problems: list[str]) -> tuple[Any, ...]:
    if not isinstance(values, list):
        problems.append(f"{key}: must be a list of tables, written [[{key}]]")
        return ()
    found = [_convert(value, shape, f"{key} {number}", problems) for number, value in enumerate(values, 1)]
    return tuple(found) if None not in found else ()


def _convert(value: Any, shape: Any, where: str, problems: list[str]) -> Any:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        problems.append(f"{where}: {error}")
        return None


def _check(parts: dict[str, Any], folder: Path) -> list[str]:
    """What the shapes cannot say: two partners, known names, files that are there."""
    partners = parts.get("partners")
    guests = parts.get("guests") or {}
    problems = [] if partners is None else _partner_problems(partners, guests, folder)
    everybody = {**(partners or {}), **guests}
    for number, line in enumerate(parts.get("line") or (), 1):
        problems += [f"line {number}: {problem}" for problem in _line_problems(line, everybody, folder)]
    expect = parts.get("expect") or Expect()
    for kind in sorted(set(expect.counts) - EVENTS):
        problems.append(f"expect.counts.{kind}: there is no such event" + _did_you_mean(kind, EVENTS))
    hub = parts.get("hub")
    if hub is not None and not (folder / hub.folder / "model.bin").is_file():
        problems.append(f"hub.folder: there is no speech model in {hub.folder}")
    for name in parts.get("known") or {}:
        if name not in KNOWN_SLOTS:
            problems.append(f"known.{name}: nothing of that name is known" + _did_you_mean(name, KNOWN_SLOTS))
    room = parts.get("room")
    if room is not None and room.noise and not (folder / room.noise).is_file():
        problems.append(f"room.noise: there is no file {room.noise}")
    return problems


def _partner_problems(partners: dict[str, Partner], guests: dict[str, Partner], folder: Path) -> list[str]:
    problems = [] if len(partners) == 2 else [f"partners: two are needed, {len(partners)} given"]
    if len({name.casefold() for name in partners}) < len(partners):
        problems.append("partners: both have the same name")
    problems += [f"guests: {name} is a partner already" for name in guests if name in partners]
    everybody = {f"partners.{name}": partner for name, partner in partners.items()}
    everybody |= {f"guests.{name}": guest for name, guest in guests.items()}
    for name, partner in everybody.items():
        if not any(c.isalpha() for c in name.partition(".")[2]):
            problems.append(f"partners: {name.partition('.')[2]!r} cannot be spoken as a name")
        if not partner.voice and not partner.clips:
            problems.append(f"{name}: give a voice or a folder of clips")
        if partner.enrol and not (folder / partner.enrol).is_file():
            problems.append(f"{name}.enrol: there is no file {partner.enrol}")
    return problems


def _line_problems(line: Line, partners: dict[str, Partner], folder: Path) -> list[str]:
    problems = []
    if sum(1 for given in (line.say, line.wav, line.key) if given) != 1:
        problems.append("give exactly one of say, wav or key")
    if line.key:
        return problems
    if line.by not in partners:
        problems.append(f"by: {line.by!r} is not one of {', '.join(partners)}")
    clips = partners[line.by].clips if line.by in partners else ""
    if line.wav and not (folder / clips / line.wav).is_file():
        problems.append(f"wav: there is no file {line.wav}")
    if line.say and line.by in partners and not partners[line.by].voice:
        problems.append("say needs a voice; this partner has only clips")
    return problems
