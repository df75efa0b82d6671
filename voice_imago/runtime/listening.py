"""Who spoke when in a recording, with exactly the live hearing: streamed in frames, never looking ahead."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from voice_imago import output
from voice_imago.engines.detectors import DetectorName, make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Samples, Voiceprint
from voice_imago.engines.voiceprint_appearance import AppearanceVoiceprint
from voice_imago.engines.voiceprint_enrolment import VoiceModel, check_voice, learn_voice, tell_apart, too_alike
from voice_imago.engines.voiceprint_weights import weights_file
from voice_imago.errors import FileError, UsageError
from voice_imago.events import HearingFact, TurnEnded, Window
from voice_imago.hearing.hearing import Hearing
from voice_imago.hearing.record import TurnRecord
from voice_imago.runtime.ear import Ear

CHUNK_S = 1.0
"""Seconds read from the file at a time; the result does not depend on it."""
UNKNOWN_NAME = "unknown"
LEAST_ENROLMENT_S = 1.0
"""Seconds of sound below which an enrolment is refused."""
NO_PAUSE_S = 0.03
OVERLAP_S = 0.3
"""How long both voices are taken to speak when one follows the other without a pause."""
FULL_SCALE = 0.999
MOST_CLIPPED = 0.001
"""Share of a recording's samples at full scale from which it is worth a word."""

Tell = Callable[[str], None]
"""Where sentences about doubtful recordings go."""

ENROLMENT_FAULTS = {
    "too_short": "holds hardly any speech; voices may be mixed up. Record about 15 seconds of that partner alone.",
    "too_quiet": "is very quiet; voices may be mixed up. Record that partner closer to the microphone.",
    "clipped": "is too loud and cut off at full scale; voices may be mixed up. Record it with less gain.",
}
ALIKE = (
    "Both enrolments sound like the same voice; who spoke when cannot be trusted. "
    "Record each partner alone, about 15 seconds."
)


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """How to listen to a recording."""

    detector: DetectorName = "auto"
    embedding: bool | None = None
    """Use the pretrained voice model; None: if it is installed."""
    end_silence_s: float = 2.5
    """Seconds of silence that end a turn."""


@dataclass(frozen=True, slots=True)
class Span:
    """Somebody spoke."""

    start: float
    """Seconds from the beginning of the recording."""
    end: float
    speaker: str
    turn: int
    overlap: bool = False


def listen(
    recording: Path,
    enrolments: Mapping[str, Path],
    settings: ListenSettings | None = None,
    progress: Callable[[int], None] | None = None,
    tell: Tell = output.error,
) -> list[Span]:
    """Every span of speech in ``recording`` with its speaker. ``progress`` gets whole percents, ``tell`` one sentence
    about each thing that makes the result doubtful.

    ``enrolments``: about 15 s of each of two partners by name, or none: then the voices are called "speaker 1" and
    "speaker 2" as they appear ("unknown" without the voice model). Raises FileError and UsageError.
    """
    settings = settings or ListenSettings()
    voiceprint = _voiceprint(enrolments, settings.embedding, tell)
    names = tuple(enrolments) or (("speaker 1", "speaker 2") if voiceprint is not None else ())
    condition = Condition()
    chunks = condition.watch(read_chunks(recording, progress))
    spans = [span for record in _hear(chunks, voiceprint, settings) for span in _spans(record, names)]
    spans = _unfinished(spans)
    for sentence in condition.sentences(recording, bool(spans)):
        tell(sentence)
    return with_overlaps(spans if enrolments else _by_appearance(spans, names))


def _voiceprint(enrolments: Mapping[str, Path], embedding: bool | None, tell: Tell) -> Voiceprint | None:
    if not enrolments:
        wanted = weights_file() is not None if embedding is None else embedding
        return AppearanceVoiceprint() if wanted else None
    if len(enrolments) != 2:
        raise UsageError(
            f"Recordings of {len(enrolments)} partners were given; two are needed to tell two voices apart.",
            "Give --partner NAME=FILE twice, or not at all.",
        )
    first, second = (_learnt(path, embedding, tell) for path in enrolments.values())
    if too_alike(first, second):
        tell(ALIKE)
    return tell_apart(first, second)


def _learnt(path: Path, embedding: bool | None, tell: Tell) -> VoiceModel:
    """The voice in an enrolment. Raises FileError where there is none."""
    sound = read_all(path)
    try:
        if len(sound) < LEAST_ENROLMENT_S * HEAR_HZ:
            raise ValueError("no window is full")
        voice = learn_voice(sound, embedding=embedding)
    except ValueError as too_few:
        raise FileError(
            f"{path} holds {len(sound) / HEAR_HZ:.1f} seconds of sound, too little to know a voice by.",
            "Record about 15 seconds of that partner alone.",
        ) from too_few
    fault = ENROLMENT_FAULTS.get(check_voice(sound))
    if fault:
        tell(f"{path} {fault}")
    return voice


class Condition:
    """What there is to say about a recording after hearing it."""

    def __init__(self) -> None:
        self._samples = self._clipped = 0
        self._peak = 0.0

    def watch(self, chunks: Iterable[Samples]) -> Iterator[Samples]:
        """The same chunks, noticed in passing."""
        for chunk in chunks:
            size = np.abs(chunk)
            self._samples += len(chunk)
            self._clipped += int((size >= FULL_SCALE).sum())
            self._peak = max(self._peak, float(size.max(initial=0.0)))
            yield chunk

    def sentences(self, recording: Path, speech: bool) -> Iterator[str]:
        """What makes the result doubtful, if anything."""
        if self._clipped > MOST_CLIPPED * self._samples:
            share = 100.0 * self._clipped / self._samples
            yield (
                f"{recording} is too loud: {share:.1f} % of it is cut off at full scale, so voices may be mixed up. "
                "Record it with less gain."
            )
        if self._peak == 0.0:
            yield f"{recording} is silent from beginning to end. Check the microphone that recorded it."
        elif not speech:
            yield f"No speech was heard in {recording}, {self._samples / HEAR_HZ:.1f} seconds long. Check the file."


def _hear(chunks: Iterable[Samples], voiceprint: Voiceprint | None, settings: ListenSettings) -> list[TurnRecord]:
    """The live chain, in one window that never closes."""
    detector = make_detector(settings.detector)
    ear = Ear(detector, voiceprint, keep_s=1.0)
    hearing = Hearing(settings_for(detector, continuous=True))
    hearing.expect(Window("recording", None, None, "send", settings.end_silence_s), 0.0)
    records: list[TurnRecord] = []
    for chunk in chunks:
        for heard in ear.hear(chunk):
            records += _ended(hearing, hearing.feed(heard))
    # The recording is over: the gate closes, and whatever is open ends.
    ear.gate.shut()
    rest = ear.hear(np.zeros(2 * detector.frame_samples, np.float32))
    for heard in rest:
        records += _ended(hearing, hearing.feed(heard))
    return records + _ended(hearing, hearing.end_turn(rest[-1].at, "limit"))


def _ended(hearing: Hearing, facts: Iterable[HearingFact]) -> list[TurnRecord]:
    found = [hearing.record(fact.turn) for fact in facts if isinstance(fact, TurnEnded)]
    return [record for record in found if record is not None]


def _spans(record: TurnRecord, names: Sequence[str]) -> Iterator[Span]:
    for s in record.spans:
        speaker = names[s.speaker] if s.speaker in (0, 1) and names else UNKNOWN_NAME
        yield Span(round(s.start, 3), round(s.end, 3), speaker, record.turn)


def _unfinished(spans: list[Span]) -> list[Span]:
    """Who began to speak just before the recording broke off had begun a turn; one second more would have shown it."""
    if not spans:
        return []
    turn = spans[-1].turn
    last = [s for s in spans if s.turn == turn]
    trailing = list(itertools.takewhile(lambda s: s.speaker != last[0].speaker, reversed(last)))
    kept = spans[: len(spans) - len(trailing)]
    return kept + [replace(s, turn=turn + 1) for s in reversed(trailing)]


def _by_appearance(spans: Sequence[Span], names: Sequence[str]) -> list[Span]:
    """Whoever is heard first is called by the first name."""
    appeared = list(dict.fromkeys(s.speaker for s in spans if s.speaker in names))
    called = dict(zip(appeared, names, strict=False))
    return [replace(s, speaker=called.get(s.speaker, s.speaker)) for s in spans]


def with_overlaps(spans: Sequence[Span]) -> list[Span]:
    """Where one voice follows another without any pause, both spoke for a moment.

    Measured on simulated conversations: 11 of 16 such changes lay at the beginning of an overlap.
    """
    found: list[Span] = []
    for span in spans:
        before = found[-1] if found else None
        changed = (
            before is not None and before.speaker != span.speaker and UNKNOWN_NAME not in (before.speaker, span.speaker)
        )
        if before is None or not changed or span.start - before.end > NO_PAUSE_S:
            found.append(span)
            continue
        middle = min(span.end, span.start + OVERLAP_S)
        found.append(Span(span.start, middle, before.speaker, before.turn, True))
        found.append(Span(span.start, middle, span.speaker, span.turn, True))
        if middle < span.end:
            found.append(replace(span, start=middle))
    return found


def read_all(path: Path) -> Samples:
    """A whole recording as mono 16 kHz. Raises FileError."""
    chunks = list(read_chunks(path))
    return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)


def read_chunks(path: Path, progress: Callable[[int], None] | None = None) -> Iterator[Samples]:
    """A recording in pieces of mono 16 kHz; any format that soundfile reads, any rate. Raises FileError."""
    import soundfile

    if not path.is_file():
        raise FileError(f"There is no recording {path}.", "Check the name of the file.")
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames == 0:
                raise FileError(f"{path} holds no sound.", "Choose another recording.")
            yield from _resampled(file, progress or (lambda percent: None))
    except soundfile.LibsndfileError as broken:
        raise FileError(
            f"{path} cannot be read as sound: {broken.error_string}", "Convert it to WAV or FLAC."
        ) from broken
    except TypeError as headless:  # RAW: soundfile wants to be told rate and channels
        raise FileError(f"{path} does not say how it was recorded.", "Convert it to WAV or FLAC.") from headless
    except OSError as unreadable:
        raise FileError(f"{path} cannot be read: {unreadable.strerror}.", "Check its permissions.") from unreadable


def _resampled(file: Any, progress: Callable[[int], None]) -> Iterator[Samples]:
    """The channels' mean at ``HEAR_HZ``, and whole percents as they pass."""
    import soxr

    resample = soxr.ResampleStream(file.samplerate, HEAR_HZ, 1, dtype="float32").resample_chunk
    done, told = 0, -1
    for block in file.blocks(round(CHUNK_S * file.samplerate), dtype="float32", always_2d=True):
        done += len(block)
        mono = np.nan_to_num(block, posinf=0.0, neginf=0.0).mean(axis=1)
        yield mono if file.samplerate == HEAR_HZ else resample(mono)
        percent = min(100, done * 100 // file.frames)
        if percent > told:
            told = percent
            progress(percent)
    if file.samplerate != HEAR_HZ:
        yield resample(np.zeros(0, np.float32), last=True)


def to_json(spans: Sequence[Span]) -> str:
    """A JSON list, one span a line."""
    return "[\n" + ",\n".join(json.dumps(_fields(span)) for span in spans) + "\n]"


def _fields(span: Span) -> dict[str, object]:
    fields = asdict(span)
    if not span.overlap:
        del fields["overlap"]
    return fields


def to_rttm(spans: Sequence[Span], name: str) -> str:
    """NIST's Rich Transcription Time Marked format."""
    name = "_".join(name.split()) or "recording"
    return "".join(
        f"SPEAKER {name} 1 {s.start:.3f} {s.end - s.start:.3f} <NA> <NA> {'_'.join(s.speaker.split())} <NA> <NA>\n"
        for s in spans
    )
