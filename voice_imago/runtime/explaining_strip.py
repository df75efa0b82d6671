"""The strip of a turn as text: what the detector thought, who spoke, and the moments that mattered, by column.

Fixed width, plain ASCII, nothing but digits, letters and rules; each row says first what it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voice_imago.engines.detector_silero import SileroDetector
from voice_imago.engines.detector_webrtc import WebrtcDetector
from voice_imago.hearing.framing import whole_frames
from voice_imago.hearing.pieces import PieceRules, Pieces
from voice_imago.hearing.segmenter import SegmenterSettings
from voice_imago.runtime.explaining_events import Explained, Turn

__all__ = ["Moment", "Thresholds", "guide_until", "initials", "moments", "strip_rows", "thresholds"]

COLUMN_S = 0.19
"""About so many seconds are one character: six frames of 32 ms."""
COLUMNS = 64
"""Characters of a row after its name."""
LABEL_EVERY_S = 2
NOBODY = "."


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The detector that a turn was heard with, and the rules that go with it."""

    detector: str
    rules: SegmenterSettings

    @property
    def onset_frames(self) -> int:
        return whole_frames(self.rules.onset_s, self.rules.frame_s)

    @property
    def hangover_frames(self) -> int:
        return whole_frames(self.rules.hangover_s, self.rules.frame_s)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment worth a mark."""

    mark: str
    at: float
    """Seconds on the audio clock."""
    says: str


def thresholds(turn: Turn) -> Thresholds:
    """The stream does not name the detector, but each has a lag of its own, and that shows in the moments told."""
    silero, webrtc = (
        Thresholds(kind.name, SegmenterSettings(turn.why.frame_s, kind.lag_s, kind.on, kind.off))
        for kind in (SileroDetector, WebrtcDetector)
    )
    if turn.hushed is not None:
        lag_s = turn.hushed - turn.why.end - silero.hangover_frames * turn.why.frame_s
    elif turn.believed is not None:
        lag_s = turn.believed - turn.why.start - silero.onset_frames * turn.why.frame_s
    else:
        return silero
    return min(silero, webrtc, key=lambda known: abs(known.rules.lag_s - lag_s))


def guide_until(turn: Turn) -> float | None:
    """When the guide, having spoken in the silence at the end of the turn, was silent again; None: it did not."""
    why = turn.why
    ends = [guided.end for guided in turn.guided if guided.end is not None and why.end < guided.end < why.decided]
    return max(ends) if ends else None


def moments(turn: Turn) -> list[Moment]:
    """End of speech, hand-out to the recogniser and decision, as far as they were reached, in order."""
    why = turn.why
    found = [Moment("E", why.end, "the last speech ended")]
    soft_s = _handed_out_after_s(why)
    soft = max(why.end, guide_until(turn) or 0.0) + soft_s
    if soft <= why.decided and not _voiced(turn, why.end, soft):
        found.append(Moment("S", soft, "soft end: recognition of the words may start"))
    return [*found, Moment("D", why.decided, "decision: the turn is over")]


def _handed_out_after_s(why: Explained) -> float:
    """After how much silence the last words went to the recogniser, as hearing saw them."""
    pieces = Pieces(PieceRules(), why.frame_s)
    ended: float | None = None
    for start, end, _ in why.spans:
        if ended is not None:
            pieces.in_silence(start, start - ended, why.patience_s)
        pieces.speech(start, None if ended is None else start - ended)
        pieces.silence(end)
        ended = end
    return pieces.due_s(why.patience_s)


def _voiced(turn: Turn, after: float, until: float) -> bool:
    """Whether a frame between two moments of the silence reached the threshold of speech."""
    why, rules = turn.why, thresholds(turn).rules
    first = max(0, math.floor((after + rules.lag_s - why.strip_start) / why.frame_s) + 1)
    last = max(0, math.floor((until - why.strip_start) / why.frame_s))
    return any(int(digit) >= round(10 * rules.on) for digit in why.strip[first:last])


def initials(speakers: Iterable[str | None]) -> dict[str | None, str]:
    """One ASCII character for each speaker: the initial, or a number where that does not tell them apart."""
    names = [name for name in dict.fromkeys(speakers) if name is not None and name != "unknown"]
    letters = [name[:1].upper() for name in names]
    clear = len(set(letters)) == len(letters) and all(letter.isascii() and letter.isalpha() for letter in letters)
    marks = letters if clear else [str(n % 10) for n in range(1, len(names) + 1)]
    return {**dict(zip(names, marks, strict=True)), "unknown": "?", None: "-"}


def strip_rows(turn: Turn, partners: Sequence[str]) -> list[str]:
    """A legend in words, then the rows, with the newest sound last."""
    why = turn.why
    frames = max(1, round(COLUMN_S / why.frame_s))
    column_s = frames * why.frame_s
    speech = _speech(why, frames)
    if not speech:
        return ["The stream holds no strip of this turn."]
    marks = initials((*partners, *(who for _, _, who in why.spans)))
    start = why.decided - len(speech) * column_s
    rows = {
        "speech": speech,
        "who": _who(why, start, column_s, marks)[: len(speech)],
        "mark": _marks(moments(turn), start, column_s, len(speech)),
        "time": _time(start, column_s, len(speech)),
    }
    drawn: list[str] = []
    for begin in range(0, len(speech), COLUMNS):
        drawn += [f"{name:<7} {row[begin : begin + COLUMNS]}".rstrip() for name, row in rows.items()]
    return [*_legend(turn, marks, start, column_s), *drawn]


def _speech(why: Explained, frames: int) -> str:
    """The highest probability in each column; the last column ends with the decision."""
    first = len(why.strip) % frames
    begins = range(first - frames if first else 0, len(why.strip), frames)
    return "".join(max(why.strip[max(0, begin) : begin + frames]) for begin in begins)


def _who(why: Explained, start: float, column_s: float, marks: dict[str | None, str]) -> str:
    """Whose speech the middle of each column is."""
    row = []
    for column in range(round((why.decided - start) / column_s)):
        middle = start + (column + 0.5) * column_s
        row.append(next((marks[who] for begin, end, who in why.spans if begin <= middle < end), NOBODY))
    return "".join(row)


def _column(moment: Moment, start: float, column_s: float, columns: int) -> int | None:
    """Where a moment's mark stands; None before the strip."""
    return None if moment.at < start else min(int((moment.at - start) / column_s), columns - 1)


def _marks(found: Sequence[Moment], start: float, column_s: float, columns: int) -> str:
    """Of two in one place the later is shown."""
    row = [" "] * columns
    for moment in found:
        column = _column(moment, start, column_s, columns)
        if column is not None:
            row[column] = moment.mark
    return "".join(row)


def _marked(found: Sequence[Moment], start: float, column_s: float, columns: int) -> str:
    """The marks in words."""
    told: list[str] = []
    places = [_column(moment, start, column_s, columns) for moment in found]
    for n, (moment, place) in enumerate(zip(found, places, strict=True)):
        hidden = ", ".join(
            later.mark for later, taken in zip(found[n + 1 :], places[n + 1 :], strict=True) if taken == place
        )
        if place is not None:
            told.append(f"{moment.mark} {moment.says}{f' (in the same place as {hidden})' if hidden else ''}")
    return ", ".join(told)


def _time(start: float, column_s: float, columns: int) -> str:
    """A rule at every second, and the second's number behind every other one."""
    row = [" "] * columns
    for second in range(int(start) + 1, int(start + columns * column_s) + 1):
        column = int((second - start) / column_s)
        label = f"|{second}" if second % LABEL_EVERY_S == 0 else "|"
        if column + len(label) <= columns:
            row[column : column + len(label)] = label
    return "".join(row)


def _legend(turn: Turn, marks: dict[str | None, str], start: float, column_s: float) -> list[str]:
    why, rules = turn.why, thresholds(turn).rules
    heard = dict.fromkeys(who for begin, end, who in why.spans if end > start)
    whose = {None: "not told apart", "unknown": "neither partner"}
    names = [f"{marks[who]} {whose.get(who, who or '')}" for who in heard]
    columns = round((why.decided - start) / column_s)
    lines = [
        f"Strip: the last {len(why.strip) * why.frame_s:.1f} seconds before the decision, "
        f"{column_s:.2f} seconds a character.",
        f"Row speech: the probability of speech in tenths, the highest in each character; {rules.on:.1f} starts "
        f"speech, below {rules.off:.1f} silence begins; it trails the sound by {rules.lag_s:.2f} seconds.",
        f"Row who: {', '.join([*names, f'{NOBODY} nobody in this turn'])}.",
        f"Row mark: {_marked(moments(turn), start, column_s, columns)}.",
        "Row time: a rule at each second, with the number of every other second behind it.",
    ]
    if why.end < start:
        lines.insert(1, f"The last speech ended {start - why.end:.1f} seconds before the strip begins.")
    return lines
