"""The ear: chunks of microphone sound in, ``FrameHeard`` and ``VoiceScored`` out; also remembers the sound.

    chunk ─► framing ─► gate ─► gain ─► detector ─► FrameHeard
               │          └──── frames of speech ─► voiceprint ─► its llr, VoiceScored
               └─► ring of the last minutes (for the recogniser)

The only clock is ``now``: samples received. The gate stands before the detector, so nothing the guide says is
ever judged alone; in the first half second of a prompt a partner who goes on is still heard (``Gate.grace``).
The voiceprint sees frames of speech only, and those unamplified; silence costs next to nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from voice_imago.engines.detectors import segmenter_for
from voice_imago.engines.ports import HEAR_HZ, Samples, SpeechDetector, VoiceOpinion, Voiceprint
from voice_imago.events import FrameHeard, VoiceScored
from voice_imago.hearing.framing import Framing, whole_frames
from voice_imago.hearing.gain import SILENCE_DB, Gain, GainSettings, level_db
from voice_imago.hearing.gate import Gate
from voice_imago.hearing.segmenter import Segmenter
from voice_imago.inputs import PER_NAT, PER_STRANGENESS

__all__ = ["Ear", "Gate"]

OFFSET_S = 2.0
"""Seconds in which a microphone's offset is looked for: what every frame has in common, those without a voice, too."""
LEAST_OFFSET = 0.003
"""Of full scale; less does no harm, and healthy sound is left as it is."""
QUICK_SHARE = 0.6
"""Share of a frame from which the quick detector hears a voice in it."""
AGAINST = 0.05
"""Probability below which the detector is wholly against a voice: that of claps and coughs."""
FAINT_DB = 10.0
"""Where more than this was taken out of a frame over the guide, it may be what a jump of the echo left."""
PRE_ROLL_FRAMES = 3
"""Frames before the first speech frame that the voiceprint also gets: the detector is two frames late."""


class _Ring:
    """The last ``keep_s`` seconds as 16-bit numbers, allocated once."""

    def __init__(self, keep_s: float) -> None:
        self._sound: npt.NDArray[np.int16] = np.zeros(max(1, round(keep_s * HEAR_HZ)), np.int16)
        self.written = 0

    def write(self, chunk: Samples) -> None:
        size = len(self._sound)
        self.written += len(chunk)
        pcm = np.rint(chunk[-size:] * 32767.0).astype(np.int16)
        begin = (self.written - len(pcm)) % size
        first = min(len(pcm), size - begin)
        self._sound[begin : begin + first] = pcm[:first]
        self._sound[: len(pcm) - first] = pcm[first:]

    def read(self, start: int, end: int) -> Samples:
        size = len(self._sound)
        start, end = max(0, start, self.written - size), min(end, self.written)
        if end <= start:
            return np.zeros(0, np.float32)
        begin, length = start % size, end - start
        parts = (self._sound[begin : begin + length], self._sound[: max(0, begin + length - size)])
        return np.concatenate(parts).astype(np.float32) / np.float32(32767.0)


class Ear:
    """Streams microphone sound through gate, gain, detector and voiceprint."""

    def __init__(
        self,
        detector: SpeechDetector,
        voiceprint: Voiceprint | None = None,
        *,
        keep_s: float = 180.0,
        tail_s: float = 0.2,
    ) -> None:
        self.gate = Gate(tail_s)
        self.faulty_samples = 0
        """Samples that were not a number and became silence."""
        self._detector = detector
        self._frame_samples = detector.frame_samples
        self._frame_s = detector.frame_samples / HEAR_HZ
        self._framing = Framing(detector.frame_samples)
        self._gain = Gain(GainSettings(frame_s=self._frame_s))
        self._level_sensitive: bool = getattr(detector, "level_sensitive", True)
        self._ring = _Ring(keep_s)
        self._frames = 0
        self._means: deque[float] = deque(maxlen=whole_frames(OFFSET_S, self._frame_s))
        self.quick: Callable[[Samples], float] | None = None
        """A quicker detector, for who speaks over the guide: a frame -> share of speech in it."""
        self.own: Callable[[], bool] | None = None
        """Whether it is the guide itself that is heard; asked only when the quick detector hears a voice."""
        self.raw: Callable[[float, float], Samples] | None = None
        """The microphone's own sound between two moments, before the guide was taken out of it."""
        self.doubtful_until_s = 0.0
        """Frames until then are marked as doubtful."""
        self._gated = False
        self._goes_on = False
        """The last frame was heard, and if the gate shut meanwhile, speech has lasted since before."""
        self._nothing = np.zeros(detector.frame_samples, np.float32)
        self._stretch = _Stretch(detector, voiceprint)

    @property
    def now(self) -> float:
        """Seconds on the audio clock: samples received."""
        return self._ring.written / HEAR_HZ

    @property
    def gain(self) -> Gain:
        """The gain stage, for whoever wants to know the room's level."""
        return self._gain

    def enrol(self, voiceprint: Voiceprint | None) -> None:
        """From the next stretch of speech on, voices are told apart by ``voiceprint``."""
        self._stretch = _Stretch(self._detector, voiceprint)

    def hear(self, chunk: Samples) -> list[FrameHeard | VoiceScored]:
        """What the frames completed by ``chunk`` say. Mono float32 at 16 kHz, any number of samples."""
        chunk = self._sound(chunk)
        self._ring.write(chunk)
        heard: list[FrameHeard | VoiceScored] = []
        for frame in self._framing.push(chunk):
            self._frames += 1
            heard += self._frame(frame)
        return heard

    def sound(self, start_s: float, end_s: float) -> Samples:
        """What the microphone delivered between two moments, unamplified; shorter if part is gone or not yet here."""
        return self._ring.read(round(start_s * HEAR_HZ), round(end_s * HEAR_HZ))

    def _sound(self, chunk: Samples) -> Samples:
        if not isinstance(chunk, np.ndarray) or chunk.dtype.kind != "f":
            kind = getattr(chunk, "dtype", type(chunk).__name__)
            raise ValueError(f"the ear takes float32 sound between -1 and 1, not {kind}")
        if chunk.ndim != 1:
            raise ValueError(f"the ear takes mono sound, not an array of shape {chunk.shape}")
        chunk = chunk.astype(np.float32, copy=False)
        if not len(chunk) or (chunk.max() <= 1.0 and chunk.min() >= -1.0):  # False for what is not a number
            return chunk
        good = np.isfinite(chunk)
        if not good.all():
            self.faulty_samples += int(len(chunk) - good.sum())
            chunk = np.where(good, chunk, np.float32(0.0))
        return np.clip(chunk, -1.0, 1.0)

    def _frame(self, frame: Samples) -> Sequence[FrameHeard | VoiceScored]:
        at = self._frames * self._frame_samples / HEAR_HZ
        frame = self._centred(frame)
        start, level = at - self._frame_s, level_db(frame)
        if self.gate.closed(start, at):
            grace = self.gate.grace(start, at, self._detector.lag_s)
            if not grace or not (self._goes_on or self.gate.no_echo(at, level)):
                return self._shut(at, grace)
        else:
            self._goes_on = True
        if self._gated:
            self._gated = False
            self._detector.reset()
        residue = self.gate.full and self.gate.over(start, at)
        amplified = self._gain.apply(frame, level, follow=not residue)
        speech = self._detector.probability(amplified if self._level_sensitive else frame)
        llr, opinions = self._stretch.hear(self._frames, speech, frame)
        self._goes_on = self._goes_on and self._stretch.speaking
        llr = None if llr is None else _in_steps(llr, PER_NAT)
        heard = FrameHeard(at, speech, float(round(level)), llr)
        return [*self._scored(at, opinions), self._over(heard, frame, start)]

    def _over(self, heard: FrameHeard, frame: Samples, start: float) -> FrameHeard:
        """In full duplex: what there is to know where the guide is speaking meanwhile."""
        if not self.gate.full:
            return heard
        quick = None if self.quick is None else self.quick(frame) >= QUICK_SHARE
        if not self.gate.over(start, heard.at):
            return heard
        own = bool(quick) and self.own is not None and self.own()
        raw_db = level_db(self.raw(start, heard.at)) if quick and self.raw is not None else SILENCE_DB
        faint = raw_db - level_db(frame) > FAINT_DB
        against, doubtful = heard.speech < AGAINST, own or heard.at < self.doubtful_until_s
        return replace(heard, over=True, quick=quick, against=against, faint=faint, doubtful=doubtful)

    def _centred(self, frame: Samples) -> Samples:
        """Without the offset that some microphones have: to a level meter it is a loud sound that never ends."""
        self._means.append(float(frame.mean()))
        offset = min(self._means, key=abs)
        return frame if abs(offset) < LEAST_OFFSET else frame - np.float32(offset)

    def _shut(self, at: float, grace: bool) -> Sequence[FrameHeard | VoiceScored]:
        """Nothing is heard; an open stretch gets its last word first, unless it may go on in a moment."""
        self._goes_on = False
        if grace and not self._gated:
            opinions = self._stretch.hear(self._frames, 0.0, self._nothing)[1]
        else:
            opinions = () if self._gated else self._stretch.close()
            self._gated = True
        return [*self._scored(at, opinions), FrameHeard(at, 0.0, SILENCE_DB, None, gated=True)]

    @staticmethod
    def _scored(at: float, opinions: Sequence[VoiceOpinion]) -> list[VoiceScored]:
        return [
            VoiceScored(
                at,
                o.start_sample / HEAR_HZ,
                o.end_sample / HEAR_HZ,
                _in_steps(o.llr, PER_NAT),
                _in_steps(o.strangeness, PER_STRANGENESS),
            )
            for o in opinions
        ]


def _in_steps(value: float, per_unit: int) -> float:
    return round(value * per_unit) / per_unit


class _Stretch:
    """Gives the voiceprint the frames of one stretch of speech after the other, and nothing in between."""

    def __init__(self, detector: SpeechDetector, voiceprint: Voiceprint | None) -> None:
        self._voiceprint = voiceprint
        self._size = detector.frame_samples
        self._segmenter = Segmenter(segmenter_for(detector))
        self._waiting: deque[Samples] = deque(maxlen=PRE_ROLL_FRAMES)
        self._silent: list[Samples] = []
        self._origin = 0
        if voiceprint is not None:
            voiceprint.reset()

    @property
    def speaking(self) -> bool:
        """Speech is believed and has not ended."""
        return self._segmenter.speaking

    def hear(self, number: int, speech: float, frame: Samples) -> tuple[float | None, Sequence[VoiceOpinion]]:
        """Opinion on this frame, and on windows that became ready. ``number`` counts frames from 1."""
        was_running = self._segmenter.running
        self._segmenter.feed(number * 1.0, speech)
        if self._voiceprint is None:
            return None, ()
        return self._follow(self._voiceprint, number, frame, was_running)

    def _follow(
        self, voiceprint: Voiceprint, number: int, frame: Samples, was_running: bool
    ) -> tuple[float | None, Sequence[VoiceOpinion]]:
        if not self._segmenter.running:
            self._silent.clear()
            self._waiting.append(frame.copy())
            return None, (self._last_word() if was_running else ())
        if not was_running:
            self._begin(number)
        if self._segmenter.silent_frames:  # perhaps the end: wait whether speech goes on
            self._silent.append(frame.copy())
            return None, ()
        for earlier in self._silent:
            voiceprint.frame_llr(earlier)
        self._silent.clear()
        llr = voiceprint.frame_llr(frame)
        return llr, self._placed(voiceprint.windows())

    def close(self) -> Sequence[VoiceOpinion]:
        """The stretch ends here."""
        self._segmenter.close(0.0)
        self._silent.clear()
        self._waiting.clear()
        return self._last_word()

    def _begin(self, number: int) -> None:
        self._origin = (number - 1 - len(self._waiting)) * self._size
        self._silent.extend(self._waiting)
        self._waiting.clear()

    def _last_word(self) -> Sequence[VoiceOpinion]:
        return () if self._voiceprint is None else self._placed(self._voiceprint.finish())

    def _placed(self, opinions: Sequence[VoiceOpinion]) -> Sequence[VoiceOpinion]:
        """Sample counts of the stretch as sample counts of the session."""
        begin = self._origin
        return [VoiceOpinion(o.start_sample + begin, o.end_sample + begin, o.llr, o.strangeness) for o in opinions]
