"""What the room does to hearing, as numbers: its noise, its echo, and how loud each partner arrives.

Noise: levels of short frames. The floor is what is there most of the time, the peak what stands out of it.

Echo: one soft chirp through the loudspeaker. The recording divided by the chirp is the way from loudspeaker to
microphone (A. Farina, *Simultaneous measurement of impulse response and distortion with a swept-sine technique*,
AES 108, 2000). Summing its energy from the end backwards gives how a sound that stops dies away (M. R. Schroeder,
*New method of measuring reverberation time*, JASA 37, 1965); the sum begins where the way drowns in noise, and what is
lost there is put back from the slope (A. Lundeby et al., *Uncertainties of measurements in room acoustics*,
Acustica 81, 1995).

Nothing here keeps sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from voice_imago.hearing.gain import SILENCE_DB

HZ = 16_000
Samples = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

# ---------------------------------------------------------------------- the room

NOISY_DB = -43.0
"""Floor from which noise hurts: a partner at -33 dB has 10 dB left. Partners arrive at about -30..-45 dB; with 10 dB
detector and voiceprints are nearly whole (F1 .961 of .972), with 5 dB not (.941; all worst files measured are such)."""
STAND_OUT_DB = 10.0
"""Sound this far above the floor is clatter or speech. A fan's frames lie within 3 dB of each other."""
RESTLESS_DB = -48.0
"""Clatter below this disturbs nobody."""
STEADY_DB = 4.5
"""Between the quiet fifth and the loud quarter of a steady noise lies no more (fans, water, a kitchen's hum: 4.4 at
most); speech spreads by 5 dB and more, and then its gaps alone tell of the room."""
LOUDER_DB = 6.0
"""Above the floor that was measured: worth a sentence,"""
MATTERS_DB = -50.0
"""if it is also this loud, or eats the partners' distance from it."""
NEEDED_DB = 15.0
"""Distance of a partner's voice from the noise below which noise begins to matter."""
MOST_ZEROS = 0.99
"""Share of samples without any movement from which the microphone is taken to be dead."""
_FRAME = 512


@dataclass(frozen=True, slots=True)
class Room:
    """What is remembered of a room: numbers only, None where nothing was measured."""

    noise_db: float | None = None
    """Steady floor, dB below full scale."""
    noise_peak_db: float | None = None
    """What stood out of it."""
    seat_db: tuple[float | None, float | None] = (None, None)
    """Level of each partner's speech at the microphone, dB below full scale."""
    echo_db: float | None = None
    """Level at which the guide comes back, relative to how it is played: -18 is 18 dB quieter. None: unheard."""
    tail_s: float = 0.2
    """Seconds from the end of a prompt until its echo is gone."""


Outcome = Literal["good", "noisy", "restless", "silent"]


@dataclass(frozen=True, slots=True)
class Noise:
    """A few seconds in which nobody was asked to speak."""

    outcome: Outcome
    noise_db: float
    """Level in the quiet moments, dB below full scale."""
    noise_peak_db: float
    """Level that is passed for a twentieth of the time."""
    steady: bool = True
    """False: somebody spoke or clattered so much that the room itself was hardly heard."""


def noise_of(sound: Samples) -> Noise:
    """How a stretch without the guide sounds (mono, 16 kHz, a second or more). Without sound: silent."""
    if dead(sound):
        return Noise("silent", SILENCE_DB, SILENCE_DB)
    quiet, low, middle, high, peak = np.percentile(frame_levels_db(sound), (10, 20, 50, 75, 95)).tolist()
    steady = high - low < STEADY_DB
    floor = middle if steady else quiet
    lively = peak - floor > STAND_OUT_DB and peak > RESTLESS_DB
    noisy = floor >= NOISY_DB
    outcome: Outcome = "noisy" if noisy and (steady or not lively) else "restless" if lively else "good"
    return Noise(outcome, floor, peak, steady)


def dead(sound: Samples) -> bool:
    """Whether no microphone can have delivered this: exact zeros, or one number all along."""
    return not len(sound) or float(np.mean(sound == np.median(sound))) >= MOST_ZEROS


def louder(now: Noise, before: Room) -> bool:
    """Whether the room has become so much louder that hearing will suffer."""
    if before.noise_db is None or now.noise_db < before.noise_db + LOUDER_DB:
        return False
    near = [seat - now.noise_db < NEEDED_DB for seat in before.seat_db if seat is not None]
    return any(near) if near else now.noise_db > MATTERS_DB


def frame_levels_db(sound: Samples) -> Doubles:
    """Level of each 32 ms, an offset left out; a short rest belongs to the last frame."""
    frames = np.array_split(sound.astype(np.float64) - np.mean(sound), max(1, len(sound) // _FRAME))
    levels: Doubles = np.maximum(SILENCE_DB, _db(np.array([np.mean(frame**2) for frame in frames])))
    return levels


# ---------------------------------------------------------------------- the chirp

CHIRP_S = 0.4
LOW_HZ, HIGH_HZ = 500.0, 4000.0
"""What small loudspeakers play, and what speech and its detectors live on."""
CHIRP_PEAK = 0.15
"""Of full scale: as loud as a prompt."""
FADE_S = 0.03


def chirp(rate_hz: int = HZ) -> Samples:
    """A glide upwards over three octaves: exponential, so that every octave takes as long."""
    seconds = np.arange(round(CHIRP_S * rate_hz)) / rate_hz
    octaves = np.log(HIGH_HZ / LOW_HZ)
    phase = 2.0 * np.pi * LOW_HZ * CHIRP_S / octaves * (np.exp(seconds / CHIRP_S * octaves) - 1.0)
    edge = np.clip(np.minimum(seconds, CHIRP_S - seconds) / FADE_S, 0.0, 1.0)
    sound: Samples = (CHIRP_PEAK * np.sin(phase) * np.sin(0.5 * np.pi * edge) ** 2).astype(np.float32)
    return sound


# ---------------------------------------------------------------------- the echo

MOST_DELAY_S = 0.6
"""Buffers, drivers and Bluetooth together."""
MOST_TAIL_S = 1.0
LEAST_TAIL_S = 0.05
LISTEN_S = MOST_DELAY_S + CHIRP_S + MOST_TAIL_S + 0.3
"""Seconds of sound, from the moment at which the chirp was sent, in which every echo is over."""
PROMPT_DB = -19.0
"""Level of a prompt when it is played, dB below full scale."""
MARGIN_DB = 6.0
"""An echo is over when it is this much above the noise; the detector takes nothing so faint for speech."""
UNHEARD_DB = -60.0
"""No room is taken to be quieter than this: the quietest partners arrive 15 dB above it."""
RINGING_S = 0.6
"""Seconds of echo that make partners wait."""
OVERLOUD_DB = 3.0
"""A prompt that comes back this much louder than it was played has peaks at full scale."""
FULL_SCALE = 0.99
CLIPPED_SAMPLES = 16
FOUND = 8.0
"""Times the noise's own correlation with the chirp: over 10,000 places plain noise reaches 5.3,"""
ALIKE = 0.05
"""and the best place must be like the chirp, as a squared correlation: speech reaches 0.04, an echo 5 dB above noise
0.09 at least."""
NOISE_FROM_S = 0.9
"""So long after the direct sound only noise is left to find."""
KNEE = 2.5
"""Times the noise: from here on the decay is not read but continued."""
LEAST_BLOCKS = 4
READABLE_DB = 8.0
"""A decay is read where it is so many blocks long and falls so far;"""
USUAL_RT60_S = 0.4
"""else it is that of a furnished room."""
_BLOCK = 160
"""10 ms."""
_BLOCK_S = _BLOCK / HZ
_LEAD = 64
"""Samples of silence before the recording: a pulse in a band begins before its top, also one without any delay."""


@dataclass(frozen=True, slots=True)
class Echo:
    """How the guide comes back into the microphone."""

    outcome: Literal["good", "unheard", "ringing", "overloud"]
    echo_db: float | None
    """Relative to what was played; None: unheard."""
    tail_s: float
    """Seconds from the end of the direct sound of a prompt until its echo is ``MARGIN_DB`` above the noise."""
    delay_s: float
    """Seconds from sending to arriving."""


UNHEARD = Echo("unheard", None, LEAST_TAIL_S, 0.0)


def echo_of(sound: Samples, played: Samples, *, noise_db: float | None = None, prompt_db: float = PROMPT_DB) -> Echo:
    """Find ``played`` in ``LISTEN_S`` of ``sound`` that begin when it was sent. Both mono, 16 kHz.

    ``noise_db``: the room's floor; None: taken from the quiet moments of ``sound``. ValueError: too little sound.
    """
    if len(sound) < round(LISTEN_S * HZ):
        raise ValueError(f"{len(sound)} samples are too few to hear an echo in")
    if dead(sound) or not _found(sound, played):
        return UNHEARD
    way = _way(np.concatenate((np.zeros(_LEAD, np.float32), sound)), played)
    begin = _arrival(way)
    decay = _decay(way, begin)
    floor_db = float(np.percentile(frame_levels_db(sound), 10)) if noise_db is None else noise_db
    tail_s = decay.seconds_to(max(floor_db, UNHEARD_DB) + MARGIN_DB - prompt_db)
    tail_s = min(MOST_TAIL_S, max(LEAST_TAIL_S, tail_s))
    echo_db = float(decay.curve_db[0])
    return Echo(_outcome(sound, echo_db, tail_s), echo_db, tail_s, max(0, begin - _LEAD) / HZ)


def _outcome(sound: Samples, echo_db: float, tail_s: float) -> Literal["good", "ringing", "overloud"]:
    if echo_db >= OVERLOUD_DB or int(np.sum(np.abs(sound) >= FULL_SCALE)) >= CLIPPED_SAMPLES:
        return "overloud"
    return "ringing" if tail_s >= RINGING_S else "good"


def _spectra(sound: Samples, played: Samples) -> tuple[Complexes, Complexes, Doubles]:
    """Both as spectra of one size, and the band of the chirp with soft edges."""
    size = 1 << (len(sound) + len(played) - 1).bit_length()
    hz = np.fft.rfftfreq(size, 1.0 / HZ)
    edges = np.minimum((hz - LOW_HZ) / (0.25 * LOW_HZ), (HIGH_HZ - hz) / (0.15 * HIGH_HZ))
    band = np.sin(0.5 * np.pi * np.clip(edges, 0.0, 1.0)) ** 2
    return np.fft.rfft(sound, size), np.fft.rfft(played, size), band


def _found(sound: Samples, played: Samples) -> bool:
    """Whether something in the recording is too much like what was played to be chance."""
    heard, sent, band = _spectra(sound, played)
    places = len(sound) - len(played) + 1
    like = np.abs(np.fft.irfft(heard * np.conj(sent))[:places])
    best = int(np.argmax(like[: round(MOST_DELAY_S * HZ)]))
    chance = float(np.median(like)) / 0.6745  # of a Gaussian's absolute values
    within = np.fft.irfft(heard * band)[best : best + len(played)]
    energy = float(np.sum(within**2) * np.sum(played.astype(np.float64) ** 2))
    return bool(like[best] > FOUND * chance and like[best] ** 2 > ALIKE * energy)


def _way(sound: Samples, played: Samples) -> Doubles:
    """Impulse response from loudspeaker to microphone in the chirp's band; energy 1 is no loss. From delay 0 on."""
    heard, sent, band = _spectra(sound, played)
    power = np.abs(sent) ** 2
    response = np.fft.irfft(heard * np.conj(sent) * band / (power + 1e-4 * power.max()))
    way: Doubles = response[: len(sound) - len(played)] / np.sqrt(np.sum(np.fft.irfft(band) ** 2))
    return way


def _arrival(way: Doubles) -> int:
    """Sample of the direct sound: the first that is nearly as strong as the strongest, and close to it."""
    strength = np.abs(way)
    best = int(np.argmax(strength[: round(MOST_DELAY_S * HZ)]))
    from_ = max(0, best - round(0.02 * HZ))
    least = max(0.25 * strength[best], 4.0 * float(np.median(strength)) / 0.6745)
    early = np.flatnonzero(strength[from_ : best + 1] >= min(least, float(strength[best])))
    return from_ + int(early[0])


@dataclass(frozen=True, slots=True)
class _Decay:
    """How a sound that stops dies away."""

    curve_db: Doubles
    """Level each 10 ms after it stopped, relative to what was played."""
    slope_db: float
    """Decibels per 10 ms, below 0, after the curve's end."""

    def seconds_to(self, level_db: float) -> float:
        """Until the level is reached."""
        below = np.flatnonzero(self.curve_db <= level_db)
        if not len(below):
            last = len(self.curve_db) - 1
            return _BLOCK_S * (last + (level_db - float(self.curve_db[last])) / self.slope_db)
        after = int(below[0])
        if after == 0:
            return 0.0
        upper, lower = float(self.curve_db[after - 1]), float(self.curve_db[after])
        return _BLOCK_S * (after - (level_db - lower) / max(1e-9, upper - lower))


def _decay(way: Doubles, begin: int) -> _Decay:
    """Schroeder's backward sum of what stands out of the noise, continued by its slope."""
    begin = max(0, begin - HZ // 1000)  # the band's pulse begins before its top
    blocks = (way[begin : begin + (len(way) - begin) // _BLOCK * _BLOCK].reshape(-1, _BLOCK) ** 2).sum(axis=1)
    noise = float(np.median(blocks[round(NOISE_FROM_S / _BLOCK_S) :]))
    smooth = np.convolve(np.pad(blocks, 1, mode="edge"), np.ones(3) / 3.0, mode="valid")
    drowned = np.flatnonzero(smooth[1:] < KNEE * noise)
    knee = int(drowned[0]) + 1 if len(drowned) else len(blocks)
    energy = np.maximum(blocks[:knee] - noise, 1e-3 * noise + 1e-30)
    slope_db, last_db = _slope(energy)
    lost = 10.0 ** ((last_db + slope_db) / 10.0) / (1.0 - 10.0 ** (slope_db / 10.0))
    return _Decay(_db(np.cumsum(energy[::-1])[::-1] + lost), slope_db)


def _slope(energy: Doubles) -> tuple[float, float]:
    """Decibels per block of a decay, and its level in the last block; the direct sound is left out."""
    late = _db(energy)[1:]
    usual_db, last_db = -60.0 * _BLOCK_S / USUAL_RT60_S, float(_db(energy)[-1])
    if len(late) < LEAST_BLOCKS:
        return usual_db, last_db
    slope_db, start_db = np.polyfit(np.arange(len(late)), late, 1).tolist()
    if slope_db * len(late) > -READABLE_DB:
        return usual_db, last_db
    return slope_db, start_db + slope_db * (len(late) - 1)


def _db(power: Doubles) -> Doubles:
    level: Doubles = 10.0 * np.log10(np.maximum(power, 1e-30))
    return level
