"""The inputs of a session, small enough to keep and exact enough to give the same decisions again.

A frame is two or three bytes before compression: a digit for the probability of speech (every threshold is a whole
tenth, so a digit decides the same), whole decibels, sixteenths of a nat; a gated frame is one byte, and one that was
heard over the guide has a byte of marks more. Frames follow each other, so their times are counted. All other inputs
are tables of their fields. Moments are whole samples wherever they can be. Texts are no part of a tape, only whether
there was one: they are in ``words``, if at all.

Beside the inputs a part holds the facts that came of them, for comparison, and what ``overheard`` noted.
"""

from __future__ import annotations

import lzma
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Any, get_type_hints

import msgspec

from voice_imago import inputs
from voice_imago.events import Fact, FrameHeard, Input, LineTyped, Performed, TextReady
from voice_imago.hearing.gain import SILENCE_DB
from voice_imago.inputs import PER_NAT
from voice_imago.journal.overheard import SPOKEN, Answer
from voice_imago.journal.wordless import INPUTS, listed, plain_fact, without_words

__all__ = ["Part", "Recorder", "inputs_of", "joined", "packed", "placeholder", "text_key", "unpacked"]

HZ = 16_000
"""Samples in a second; moments are counted in them."""
MOST_WORDS = 31
"""So many words of a text are counted; a longer one decides the same (``slots.MOST_WORDS``)."""
GATED, WITH_LLR, MARKED = 10, 20, 40
OVER, QUICK_KNOWN, QUICK, AGAINST, DOUBTFUL, FAINT = 1, 2, 4, 8, 16, 32
"""Marks of a frame that was heard over the guide."""
LOWEST_DB = 255
MOST_LLR = 32_767
_JUMP = "FrameNumber"
"""In ``others``: the next frame has this number."""

Texts = Callable[[str, int], str | None]
"""Kind and number of a text -> the text; None: it was not kept."""


class Part(msgspec.Struct):
    """Some of a session, in order."""

    speech: bytes = b""
    """Per frame: the digit, more by ``WITH_LLR`` where there was an opinion, by ``MARKED`` where marks follow; or
    ``GATED``."""
    level: bytes = b""
    """Per frame that was heard: decibels below full scale."""
    llr: bytes = b""
    """Per opinion: sixteenths of a nat, 16 bits each."""
    runs: list[int] = []
    """Frames before each of ``others``."""
    others: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    answers: list[Answer] = []
    closed: bool = False
    """What came afterwards is nobody else's: it was not put on tape."""
    marks: bytes = b""
    """Per marked frame."""


def placeholder(text: str) -> str:
    """What stands in a replay for words that were not kept: as many, so that it is as long to say."""
    return " ".join([SPOKEN] * min(MOST_WORDS, len(text.split())))


def packed(part: Part, *, small: bool = False) -> bytes:
    """As it lies in the file; ``small`` takes longer and is for whole sessions."""
    plain = msgspec.msgpack.encode(part)
    return lzma.compress(plain, lzma.FORMAT_XZ, preset=6) if small else zlib.compress(plain, 6)


def unpacked(content: bytes) -> Part:
    """Raises ValueError for what is not a part."""
    try:
        plain = lzma.decompress(content) if content[:1] == b"\xfd" else zlib.decompress(content)
        return msgspec.msgpack.decode(plain, type=Part)
    except (lzma.LZMAError, zlib.error, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ValueError("a part of the tape is damaged") from error


def joined(parts: Sequence[Part]) -> Part:
    """Several parts as one. Frames behind a part's last input count before the next part's first."""
    whole, waiting = Part(runs=[], others=[], facts=[], answers=[]), 0
    speech, level, llr, marks = [], [], [], []
    for part in parts:
        runs = list(part.runs)
        rest = len(part.speech) - sum(runs)
        if runs:
            runs[0] += waiting
            waiting = 0
        waiting += rest
        whole.runs += runs
        whole.others += part.others
        whole.facts += part.facts
        whole.answers += part.answers
        whole.closed = whole.closed or part.closed
        speech.append(part.speech)
        level.append(part.level)
        llr.append(part.llr)
        marks.append(part.marks)
    whole.speech, whole.level, whole.llr, whole.marks = map(b"".join, (speech, level, llr, marks))
    return whole


# ---------------------------------------------------------------------- recording


@dataclass(slots=True)
class _Columns:
    speech: bytearray = field(default_factory=bytearray)
    level: bytearray = field(default_factory=bytearray)
    llr: array[int] = field(default_factory=lambda: array("h"))
    marks: bytearray = field(default_factory=bytearray)
    runs: list[int] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    since: int = 0
    """Frames since the last of ``others``."""


class Recorder:
    """Takes inputs and facts as they come; ``cut`` gives what came since the last time."""

    def __init__(self, frame_s: float, partners: tuple[str, str]) -> None:
        self._samples = round(frame_s * HZ)
        self._partners = partners
        self._last = 0
        """Number of the last frame."""
        self._lines = 0
        self._now = _Columns()
        self._closed = False
        self._settled = 0
        """Answers that belong to inputs which are on the tape."""

    def input(self, given: Input) -> tuple[str, int, str] | None:
        """Take an input; gives its text, with kind and number, if it has one."""
        self._settled = len(self._now.answers)
        if self._closed:
            return None
        if type(given) is FrameHeard and self._frame(given):
            return None
        if isinstance(given, LineTyped):
            self._lines += 1
        self._other(_table(given))
        return text_key(given, self._lines)

    def fact(self, fact: Fact) -> None:
        plain = None if self._closed else plain_fact(fact, self._partners)
        if plain is not None:
            self._now.facts.append(plain)

    def answer(self, answer: Answer) -> None:
        if not self._closed:
            self._now.answers.append(answer)

    def close(self) -> None:
        """Nothing more comes on the tape, nor do the answers that were given since the last input."""
        if not self._closed:
            del self._now.answers[self._settled :]
            self._closed = True

    def cut(self) -> Part:
        """What came since the last cut."""
        c, self._now, self._settled = self._now, _Columns(), 0
        columns = bytes(c.speech), bytes(c.level), c.llr.tobytes()
        return Part(*columns, c.runs, c.others, c.facts, c.answers, self._closed, bytes(c.marks))

    def _other(self, table: dict[str, Any]) -> None:
        self._now.runs.append(self._now.since)
        self._now.others.append(table)
        self._now.since = 0

    def _frame(self, frame: FrameHeard) -> bool:
        """Whether the frame could be put into columns."""
        number = round(frame.at * HZ / self._samples)
        llr = None if frame.llr is None else round(frame.llr * PER_NAT)
        if number * self._samples / HZ != frame.at or (llr is not None and llr / PER_NAT != frame.llr):
            return False
        if frame.gated:
            if frame.speech or frame.level_db != SILENCE_DB or llr is not None:
                return False
        elif not (0 <= -frame.level_db <= LOWEST_DB and frame.level_db.is_integer()) or abs(llr or 0) > MOST_LLR:
            return False
        if number != self._last + 1:
            self._other({"is": _JUMP, "at": number})
        self._last = number
        self._column(frame, llr)
        return True

    def _column(self, frame: FrameHeard, llr: int | None) -> None:
        now = self._now
        now.since += 1
        if frame.gated:
            now.speech.append(GATED)
            return
        marks = _marks(frame)
        now.speech.append(_digit(frame.speech) + (0 if llr is None else WITH_LLR) + (MARKED if marks else 0))
        if marks:
            now.marks.append(marks)
        now.level.append(int(-frame.level_db))
        if llr is not None:
            now.llr.append(llr)


def _digit(speech: float) -> int:
    """The tenth that a probability lies in, exactly where a threshold would put it."""
    digit = min(9, max(0, int(10 * speech)))
    if digit and speech < digit / 10:
        return digit - 1
    return digit + 1 if digit < 9 and speech >= (digit + 1) / 10 else digit


def _marks(frame: FrameHeard) -> int:
    quick = 0 if frame.quick is None else QUICK_KNOWN + QUICK * frame.quick
    known = OVER * frame.over + AGAINST * frame.against + DOUBTFUL * frame.doubtful + FAINT * frame.faint
    return known + quick


def _marked(frame: FrameHeard, marks: int) -> FrameHeard:
    quick = bool(marks & QUICK) if marks & QUICK_KNOWN else None
    over, against, doubtful, faint = (bool(marks & mark) for mark in (OVER, AGAINST, DOUBTFUL, FAINT))
    return replace(frame, over=over, quick=quick, against=against, doubtful=doubtful, faint=faint)


def text_key(given: Input, lines: int) -> tuple[str, int, str] | None:
    """Where the text of an input is kept: kind, number, text; ``lines`` were typed so far."""
    if isinstance(given, TextReady):
        return ("piece", given.id, given.text)
    return ("line", lines, given.text) if isinstance(given, LineTyped) else None


def _table(given: Input) -> dict[str, Any]:
    kind = type(given).__name__
    table = {"is": kind, **{name: _number(kind, name, value) for name, value in without_words(given).items()}}
    if isinstance(given, TextReady | LineTyped):
        table["text"] = len(placeholder(given.text).split()) or int(bool(given.text))
    if isinstance(given, Performed):
        table["values"] = [_value(*value) for value in given.values]
    return table


def _value(name: str, meaning: str, text: str) -> tuple[str, str, str]:
    """What was recalled, without its words: they are kept where they came from."""
    if meaning == "list":
        return listed(name), meaning, "\n".join(f"{SPOKEN}{number}" for number, _ in enumerate(text.split("\n")))
    date = meaning.startswith("date:")
    return listed(name), listed(meaning.replace(" ", "")) if date else listed(meaning), placeholder(text)


def _number(kind: str, name: str, value: Any) -> Any:
    """Seconds that are whole samples as their number."""
    if type(value) is float and name in _floats(kind):
        samples = round(value * HZ) if abs(value) < 1e9 else 0
        return samples if samples / HZ == value else value
    return value


@cache
def _floats(kind: str) -> frozenset[str]:
    hints = get_type_hints(INPUTS[kind], vars(inputs))
    return frozenset(name for name, hint in hints.items() if hint in (float, float | None))


# ---------------------------------------------------------------------- playing


def inputs_of(part: Part, frame_s: float, texts: Texts) -> Iterator[Input]:
    """The inputs again, in order. Raises ValueError for what this version cannot read."""
    frames, lines = _Frames(part, round(frame_s * HZ)), 0
    try:
        for run, table in zip(part.runs, part.others, strict=True):
            yield from frames.take(run)
            if table["is"] == _JUMP:
                frames.number = table["at"]
                continue
            lines += table["is"] == "LineTyped"
            yield _input(table, lines, texts)
        yield from frames.take(len(part.speech))
    except (KeyError, TypeError, StopIteration) as error:
        raise ValueError(f"the tape holds what this version cannot read: {error}") from error


class _Frames:
    """The frames of a part, one after the other."""

    def __init__(self, part: Part, samples: int) -> None:
        llr = array("h")
        llr.frombytes(part.llr)
        self._codes, self._levels, self._llr = iter(part.speech), iter(part.level), iter(llr)
        self._marks = iter(part.marks)
        self._samples = samples
        self.number = 1
        """Of the next frame."""

    def take(self, most: int) -> Iterator[FrameHeard]:
        for code in islice(self._codes, most):
            at = self.number * self._samples / HZ
            self.number += 1
            if code == GATED:
                yield FrameHeard(at, 0.0, SILENCE_DB, None, gated=True)
            else:
                llr = next(self._llr) / PER_NAT if code % MARKED >= WITH_LLR else None
                frame = FrameHeard(at, (code % 10 + 0.5) / 10, float(-next(self._levels)), llr)
                yield _marked(frame, next(self._marks)) if code >= MARKED else frame


def _input(table: dict[str, Any], lines: int, texts: Texts) -> Input:
    values = dict(table)
    kind = values.pop("is")
    floats = _floats(kind)
    values = {name: value / HZ if name in floats and type(value) is int else value for name, value in values.items()}
    if kind in ("TextReady", "LineTyped") and "text" in values:
        key = ("piece", values["id"]) if kind == "TextReady" else ("line", lines)
        values["text"] = (texts(*key) or " ".join([SPOKEN] * values["text"])) if values["text"] else ""
    if kind == "Performed":
        values["values"] = tuple(tuple(value) for value in values.get("values", ()))
    return INPUTS[kind](**values)  # type: ignore[no-any-return]
