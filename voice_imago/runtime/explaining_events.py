"""An event file, line by line, as the stories of its turns: what happened in each and why it ended.

Files of any length are read as a stream: of a turn only a few numbers stay, and the strip, the spans and the words
of the one that is asked for. A file whose writer was killed ends in the middle of a line; what is whole counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from voice_imago.errors import FileError

__all__ = ["Explained", "Guided", "Intruded", "Session", "Turn", "read_session"]

MOST_BYTES = 1_000_000
"""Bytes of a line; an event has a few thousand at most."""
KEPT_SEGMENTS = 1024
"""Moments of speech remembered; a turn has fewer."""
KEPT_PROMPTS = 64
ONSET_MOST_S = 1.0
"""Speech that was believed later than this after a turn's start was not the speech that began it."""
HANGOVER_MOST_S = 0.6
"""An end of speech that was believed later than this after a turn's last word belongs to other speech."""

Seconds = Annotated[float, Meta(ge=-1.0, le=1e6)]
"""On the audio clock; the lag taken out of speech in the first frame makes it a little less than nothing."""
Amount = Annotated[float, Meta(ge=0.0, le=1e9)]
Digits = Annotated[str, Meta(pattern="^[0-9]*$", max_length=100_000)]


class _Head(Struct):
    """What every event has."""

    event: str
    t: Seconds


class _SessionStarted(Struct):
    t: Seconds
    dialogue: str
    partners: tuple[str, str]
    version: str = "?"


class _Listening(Struct):
    t: Seconds
    step: str
    for_: str | None = msgspec.field(name="for")


class _Speech(Struct):
    t: Seconds


class _Prompt(Struct):
    t: Seconds
    text: str


class _Turn(Struct):
    t: Seconds
    turn: int


class _Transcript(Struct):
    t: Seconds
    turn: int
    text: str


class _Intrusion(Struct):
    t: Seconds
    by: str | None
    during: int


class Explained(Struct):
    """The event ``turn_explained``; see ``facts.TurnExplained``."""

    turn: int
    speaker: str | None
    step: str
    kind: str
    start: Seconds
    end: Seconds
    decided: Seconds
    why: str
    margin_nats: Amount
    step_s: Amount
    thinking: Amount
    learned: Amount
    extra_s: Amount
    frame_s: Annotated[float, Meta(ge=0.001, le=1.0)]
    strip: Digits
    """A digit per frame, tenths of the probability of speech; the last frame is at ``decided``."""
    spans: tuple[tuple[Seconds, Seconds, str | None], ...]
    least_s: Amount = 0.0

    @property
    def silence_s(self) -> float:
        """Silence at the moment of deciding."""
        return max(0.0, self.decided - self.end)

    @property
    def patience_s(self) -> float:
        """The silence that would end the turn."""
        return max(self.least_s, self.own_s) + self.extra_s

    @property
    def own_s(self) -> float:
        """Of the step, the couple's setting and this partner's pauses."""
        return self.step_s * self.thinking * self.learned

    @property
    def strip_start(self) -> float:
        """Seconds on the audio clock where the strip begins."""
        return self.decided - len(self.strip) * self.frame_s


@dataclass(frozen=True, slots=True)
class Intruded:
    """Another voice inside a turn."""

    kind: str
    """interruption or backchannel."""
    at: float
    by: str | None


@dataclass(slots=True)
class Guided:
    """The guide spoke."""

    start: float
    text: str
    end: float | None = None
    """None: it has not ended yet."""


@dataclass(slots=True)
class Turn:
    """One turn, explained, with what fell into it."""

    why: Explained
    ends: int = 1
    """How often it ended; more than once when it was reopened."""
    reopened: tuple[float, ...] = ()
    """When it was reopened, seconds on the audio clock."""
    expected: str | None = None
    """Who the step was waiting for: a partner, both, or nobody knows."""
    believed: float | None = None
    """When the first speech was believed; None: it was already running."""
    hushed: float | None = None
    """When the last silence was believed; None: somebody spoke at the end."""
    intruded: tuple[Intruded, ...] = ()
    guided: tuple[Guided, ...] = ()
    words: str = ""
    """The transcript, if the stream holds it."""


@dataclass(slots=True)
class Session:
    """What an event file tells about turns; of several sessions in one file, the last."""

    dialogue: str = ""
    version: str = ""
    partners: tuple[str, ...] = ()
    sessions: int = 0
    turns: dict[int, Turn] = field(default_factory=dict)
    heard: int = 0
    """Turns that ended by hearing, explained or not."""
    typed: int = 0
    """Turns that were typed."""
    broken_line: int | None = None
    """The last line, if it breaks off."""


def read_session(path: Path, wanted: int | None = None) -> Session:
    """The turns in an event file; strip, spans and words only of the turn that is ``wanted``. Raises FileError."""
    reading = _Reading(wanted)
    if path.is_dir():
        raise FileError(f"{path} is a folder, not an event file.", "Name the file that --events wrote.")
    try:
        with path.open("rb") as file:
            _read(file, path, reading)
    except FileNotFoundError as missing:
        raise FileError(f"There is no event file {path}.", "An event file is written with --events FILE.") from missing
    except OSError as unreadable:
        raise FileError(f"{path} cannot be read: {unreadable.strerror}.", "Check the file.") from unreadable
    return reading.session


def _read(file: IO[bytes], path: Path, reading: _Reading) -> None:
    whole = number = 0
    for number, line in _lines(file, path):
        if not line.strip():
            continue
        last = not line.endswith(b"\n")
        try:
            reading.take(line)
        except (ValueError, RecursionError) as wrong:
            if (last and whole and not _is_json(line)) or not line.strip(b"\0\r\n"):
                reading.session.broken_line = number
                return
            raise FileError(f"{path}, line {number}, {_complaint(line, wrong, last)}.", _HINT) from wrong
        whole += 1
    if not whole:
        raise FileError(f"{path} is empty.", _HINT)


_HINT = "Name a file that start or rehearse wrote with --events FILE."


def _lines(file: IO[bytes], path: Path) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(MOST_BYTES + 1):
        number += 1
        if len(line) > MOST_BYTES:
            raise FileError(f"{path}, line {number}, is longer than any event, so this is no event file.", _HINT)
        yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return False
    return True


def _complaint(line: bytes, wrong: Exception, last: bool) -> str:
    if b"\0" in line or isinstance(wrong, UnicodeDecodeError) or not _is_text(line):
        return "is not text, so this is no event file"
    if not _is_json(line):
        return "breaks off, and nothing whole comes before it" if last and line[:1] == b"{" else "is not JSON"
    what = str(wrong).replace("`", "'").replace("$.", "").replace(" - at '$'", "")
    return f"is no event as this version knows it: {what[:1].lower()}{what[1:]}"


def _is_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _first(moments: deque[float], start: float, end: float) -> float | None:
    """The first of the rising moments between two, looked for from the newest back."""
    later = [moment for moment in takewhile(lambda moment: moment > start, reversed(moments)) if moment <= end]
    return later[-1] if later else None


class _Reading:
    """Takes events in order; remembers the little that the end of the next turn will need."""

    def __init__(self, wanted: int | None) -> None:
        self.session = Session()
        self._wanted = wanted
        self._head = msgspec.json.Decoder(_Head)
        self._waiting_for: dict[str, str | None] = {}
        """By step."""
        self._believed: deque[float] = deque(maxlen=KEPT_SEGMENTS)
        self._hushed: deque[float] = deque(maxlen=KEPT_SEGMENTS)
        self._guided: deque[Guided] = deque(maxlen=KEPT_PROMPTS)
        self._intruded: dict[int, list[Intruded]] = {}
        self._known: dict[str, tuple[msgspec.json.Decoder[Any], Callable[[Any], None]]] = {
            name: (msgspec.json.Decoder(shape), taken) for name, (shape, taken) in self._kinds().items()
        }

    def _kinds(self) -> dict[str, tuple[type[Struct], Callable[[Any], None]]]:
        return {
            "session_started": (_SessionStarted, self._session_started),
            "listening": (_Listening, self._listening),
            "speech_started": (_Speech, lambda event: self._believed.append(event.t)),
            "speech_ended": (_Speech, lambda event: self._hushed.append(event.t)),
            "prompt_started": (_Prompt, lambda event: self._guided.append(Guided(event.t, event.text))),
            "prompt_finished": (_Prompt, self._prompt_finished),
            "turn_ended": (_Turn, self._turn_ended),
            "turn_explained": (Explained, self._turn_explained),
            "turn_reopened": (_Turn, self._turn_reopened),
            "transcript": (_Transcript, self._transcript),
            "interruption": (_Intrusion, lambda event: self._intrusion("interruption", event)),
            "backchannel": (_Intrusion, lambda event: self._intrusion("backchannel", event)),
        }

    def take(self, line: bytes) -> None:
        """One line; ValueError if it is no event. Kinds that nobody knows are left alone."""
        known = self._known.get(self._head.decode(line).event)
        if known is not None:
            decoder, taken = known
            taken(decoder.decode(line))

    def _session_started(self, event: _SessionStarted) -> None:
        """Also forgets a session before this one, in a file that was put together."""
        sessions = self.session.sessions + 1
        self.session = Session(event.dialogue, event.version, event.partners, sessions)
        for kept in (self._waiting_for, self._believed, self._hushed, self._guided, self._intruded):
            kept.clear()

    def _listening(self, event: _Listening) -> None:
        self._waiting_for[event.step] = event.for_

    def _prompt_finished(self, event: _Prompt) -> None:
        for guided in reversed(self._guided):
            if guided.text == event.text and guided.end is None:
                guided.end = event.t
                return

    def _turn_ended(self, event: _Turn) -> None:
        if event.turn < 0:
            self.session.typed += 1
        else:
            self.session.heard += 1

    def _turn_explained(self, why: Explained) -> None:
        before = self.session.turns.pop(why.turn, None)
        if why.turn != self._wanted:
            why.strip, why.spans = "", ()
        turn = Turn(why, expected=self._waiting_for.get(why.step))
        turn.believed = _first(self._believed, why.start, why.start + ONSET_MOST_S)
        turn.hushed = _first(self._hushed, why.end, min(why.decided, why.end + HANGOVER_MOST_S))
        turn.intruded = tuple(self._intruded.get(why.turn, ()))
        turn.guided = tuple(g for g in self._guided if g.start < why.decided and (g.end is None or g.end > why.start))
        if before is not None:
            turn.ends, turn.reopened = before.ends + 1, before.reopened
            turn.believed, turn.words = before.believed, before.words
        self.session.turns[why.turn] = turn

    def _turn_reopened(self, event: _Turn) -> None:
        turn = self.session.turns.get(event.turn)
        if turn is not None:
            turn.reopened = (*turn.reopened, event.t)

    def _transcript(self, event: _Transcript) -> None:
        turn = self.session.turns.get(event.turn)
        if event.turn == self._wanted and turn is not None:
            turn.words = event.text

    def _intrusion(self, kind: str, event: _Intrusion) -> None:
        self._intruded.setdefault(event.during, []).append(Intruded(kind, event.t, event.by))
