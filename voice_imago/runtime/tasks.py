"""Performs what takes its time at the table: measures the room, learns the voices, keeps them. See ``effects.Perform``.

    perform ─► wait for open sound (tick) ─► job (run) ─► done(id, outcome)

Time passes only through ``tick``: seconds of sound received, live as in a rehearsal. Whatever costs the processor is
a job, which ``run`` does elsewhere; a job that raises is an outcome, never a crash. What is learnt of the voices is
``voice_lessons``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from voice_imago.engines.ports import PLAY_HZ, Pcm, Samples, Voiceprint
from voice_imago.engines.voiceprint_enrolment import VoiceModel, tell_apart, too_alike
from voice_imago.errors import VoiceImagoError
from voice_imago.events import Partner, Perform
from voice_imago.hearing.room import LISTEN_S, MOST_TAIL_S, Echo, Noise, Room, chirp, echo_of, louder, noise_of
from voice_imago.runtime.ear import Gate
from voice_imago.runtime.voice_lessons import Pieces, Turns, TurnsLearnt, Voices, speech_s

__all__ = ["Job", "Run", "TaskEar", "TaskPorts", "Tasks", "Then", "at_once", "safely"]

QUIET_S = 3.0
"""Seconds of open microphone in which the room is measured."""
BEFORE_CHIRP_S = 0.5
"""Seconds of open microphone before the chirp, so that nothing else is still in the air."""
PATIENCE_S = 20.0
"""Seconds for which a task waits for the guide to be quiet; less than the dialogue waits for the task."""
BLOCKS_S = 0.03
"""Seconds by which the end of a prompt may be stamped early: sound comes and goes in blocks of 20 ms."""
_SPARE_S = 0.01
CHIRPS = ("measure_echo", "test_echo")

Job = Callable[[], Any]
Then = Callable[[Any], None]
Run = Callable[[Job, Then], None]
"""Does a job, then calls the second with its result in the thread of ``perform``; at once or later."""


class TaskEar(Protocol):
    """What is needed of ear.Ear."""

    gate: Gate

    def sound(self, start_s: float, end_s: float) -> Samples: ...

    def enrol(self, voiceprint: Voiceprint | None) -> None: ...


@dataclass(frozen=True, slots=True)
class TaskPorts:
    """Everything around the tasks; all but ``keep`` are called in the thread of ``perform`` and ``tick``."""

    ear: TaskEar
    run: Run
    done: Callable[[int, str], None]
    """The id of a Perform and its outcome."""
    chime: Callable[[Pcm], None]
    """Plays over the loudspeaker; the gate is shut here."""
    keep: Callable[[Partner, VoiceModel], None]
    """Saves a voice; called inside a job. Raises FileError."""
    audible: Callable[[], bool] = lambda: True
    """Whether there is a loudspeaker."""
    late_s: Callable[[], float] = lambda: 0.0
    """Seconds that the player waits before it tells the end of a prompt: its output latency."""
    room_known: Callable[[Room], None] = lambda room: None
    raw: Callable[[float, float], Samples] | None = None
    """The microphone's own sound between two moments, where what the ear hears is without the guide's echo."""
    duplex: Callable[[Echo | None], str] | None = None
    """Decides with what a chirp told whether the guide listens while it speaks; None: it cannot."""
    trouble: Callable[[str], None] = lambda sentence: None
    """Why a job failed."""
    embedding: bool | None = None
    """Whether the voice model is used; None: if it is installed."""


@dataclass(slots=True)
class _Listening:
    """A task that waits for sound without the guide."""

    wanted: Perform
    since: float | None = None
    """Second from which on the microphone has been open."""
    given_up_at: float | None = None
    chirped_at: float | None = None


def at_once(job: Job, then: Then) -> None:
    """The ``run`` of a rehearsal: the sample clock waits."""
    then(job())


class Tasks:
    """``room`` and ``voices`` are what was kept of earlier evenings."""

    def __init__(self, ports: TaskPorts, *, room: Room | None = None, voices: Voices = (None, None)) -> None:
        self._ports = ports
        self._room = room or Room()
        self._voices = voices
        self._noise_db: float | None = None
        """The floor as it was heard this evening."""
        self._newest: dict[object, int] = {}
        """Kind of task -> id of the one that is answered."""
        self._listening: _Listening | None = None
        self._pieces: dict[Partner, Pieces] = {0: Pieces(), 1: Pieces()}
        self._turns = Turns()
        self._apart = self._closed = False
        self._echo: Echo | None = None
        """As it was measured this evening."""
        self._table: dict[str, Callable[[Perform], None]] = {
            "check_room": self._listen,
            "measure_room": self._listen,
            "measure_echo": self._measure_echo,
            "test_echo": self._test_echo,
            "learn_voice": self._learn_voice,
            "tell_apart": self._tell_apart,
            "keep_voices": self._keep_voices,
            "learn_turn": self._learn_turn,
        }

    @property
    def room(self) -> Room:
        """What is known of the room by now."""
        return self._room

    @property
    def voices(self) -> Voices:
        """What is known of the partners' voices by now."""
        return self._voices

    def perform(self, wanted: Perform) -> None:
        """Begin. A task of the same kind that is not done is dropped without an answer; so is one that still waits
        for sound, whatever its kind: the dialogue asks for one thing after the other."""
        if self._closed:
            return
        if wanted.task != "learn_turn":
            self._listening = None
        self._newest[_kind(wanted)] = wanted.id
        self._table.get(wanted.task, self._cannot)(wanted)

    def tick(self, now_s: float) -> None:
        """So late it is on the audio clock; called after each chunk of sound."""
        task = self._listening
        if task is None:
            return
        if task.chirped_at is not None:
            self._await_echo(task, task.chirped_at, now_s)
        elif self._open_for(task, now_s) >= (BEFORE_CHIRP_S if task.wanted.task in CHIRPS else QUIET_S):
            self._heard_enough(task, now_s)
        elif task.given_up_at is not None and now_s >= task.given_up_at:
            self._listening = None
            self._answer(task.wanted, "unavailable")

    def close(self) -> None:
        """Nothing is answered any more; the sound of voices is dropped."""
        self._closed = True
        self._newest.clear()
        self._listening = None
        self._pieces = {0: Pieces(), 1: Pieces()}
        self._turns = Turns()

    # ------------------------------------------------------------------ jobs and answers

    def _work(self, wanted: Perform, job: Job, then: Callable[[Any], str | None]) -> None:
        """Do a job; ``then`` turns its result into an outcome, or begins another job (None)."""

        def finished(result: Any) -> None:
            if self._newest.get(_kind(wanted)) != wanted.id:
                return
            if isinstance(result, VoiceImagoError):
                self._ports.trouble(str(result))
                self._answer(wanted, "failed" if wanted.task == "keep_voices" else "unavailable")
            elif (outcome := then(result)) is not None:
                self._answer(wanted, outcome)

        self._ports.run(lambda: safely(job), finished)

    def _cannot(self, wanted: Perform) -> None:
        """Something that is not done here: the journal's, for one."""
        self._answer(wanted, "unavailable")

    def _answer(self, wanted: Perform, outcome: str) -> None:
        if self._newest.get(_kind(wanted)) == wanted.id:
            del self._newest[_kind(wanted)]
            self._ports.done(wanted.id, outcome)

    def _now_known(self, room: Room) -> None:
        self._room = room
        self._ports.room_known(room)

    # ------------------------------------------------------------------ the room

    def _listen(self, wanted: Perform) -> None:
        self._listening = _Listening(wanted)

    def _open_for(self, task: _Listening, now_s: float) -> float:
        """Seconds for which neither the guide nor its echo was in the air."""
        if task.given_up_at is None:
            task.given_up_at = now_s + PATIENCE_S
        if task.since is None or self._ports.ear.gate.busy(task.since, now_s):
            task.since = now_s
        return now_s - task.since

    def _heard_enough(self, task: _Listening, now_s: float) -> None:
        if task.wanted.task in CHIRPS:
            task.chirped_at = now_s
            self._ports.ear.gate.open_after(now_s, LISTEN_S)
            self._ports.chime(_as_pcm(chirp(PLAY_HZ)))
            return
        sound = self._ports.ear.sound(now_s - QUIET_S, now_s)
        self._listening = None
        then = self._measured if task.wanted.task == "measure_room" else self._checked
        self._work(task.wanted, lambda: noise_of(sound), then)

    def _measured(self, noise: Noise) -> str:
        """A floor that somebody's talking may have hidden is not remembered."""
        if noise.outcome != "silent" and noise.steady:
            self._noise_db = noise.noise_db
            self._now_known(replace(self._room, noise_db=noise.noise_db, noise_peak_db=noise.noise_peak_db))
        return noise.outcome

    def _checked(self, noise: Noise) -> str:
        if noise.outcome == "silent":
            return "silent"
        if noise.steady:
            self._noise_db = noise.noise_db
        return "louder" if louder(noise, self._room) else "good"

    # ------------------------------------------------------------------ the echo

    def _measure_echo(self, wanted: Perform) -> None:
        if self._ports.audible():
            self._listen(wanted)
        else:
            self._answer(wanted, "unheard")

    def _await_echo(self, task: _Listening, chirped_at: float, now_s: float) -> None:
        over = chirped_at + LISTEN_S
        if now_s < over:
            return
        if self._ports.ear.gate.busy(over, now_s):  # a prompt or a time-out came in between: once more
            task.chirped_at, task.since = None, now_s
            return
        sound = (self._ports.raw or self._ports.ear.sound)(chirped_at, over + _SPARE_S)
        self._listening = None
        then = self._echo_known if task.wanted.task == "measure_echo" else self._echo_tested
        self._work(task.wanted, lambda: echo_of(sound, chirp()), then)

    def _test_echo(self, wanted: Perform) -> None:
        """Where full duplex cannot be, nobody needs to hear a chirp; and one an evening is enough."""
        duplex = self._ports.duplex
        if duplex is None or not self._ports.audible():
            self._answer(wanted, "half")
        elif self._echo is not None:
            self._answer(wanted, duplex(self._echo))
        else:
            self._listen(wanted)

    def _echo_tested(self, echo: Echo) -> str:
        self._echo_known(echo)
        return "half" if self._ports.duplex is None else self._ports.duplex(echo)

    def _echo_known(self, echo: Echo) -> str:
        """An echo that was not found (did somebody speak?) does not shorten the tail that was set."""
        self._echo = echo
        room = replace(self._room, echo_db=echo.echo_db)
        if echo.echo_db is not None:
            way_s = max(0.0, echo.delay_s - self._ports.late_s())
            room = replace(room, tail_s=min(MOST_TAIL_S, echo.tail_s + way_s + BLOCKS_S))
        self._now_known(room)
        return echo.outcome

    # ------------------------------------------------------------------ voices

    def _learn_voice(self, wanted: Perform) -> None:
        partner = wanted.partner
        if partner is None:
            self._answer(wanted, "unavailable")
            return
        pieces = self._pieces[partner].added(self._ports.ear.sound(wanted.start, wanted.end))
        self._pieces[partner] = pieces
        noise_db, embedding = self._noise_db, self._ports.embedding

        def then(learnt: tuple[str, Pieces, VoiceModel | None]) -> str:
            outcome, self._pieces[partner], voice = learnt
            if voice is not None:
                self._voice_known(partner, voice)
            return outcome

        self._work(wanted, lambda: pieces.learn(noise_db, embedding), then)

    def _voice_known(self, partner: Partner, voice: VoiceModel) -> None:
        (first, second), seats = self._voices, self._room.seat_db
        if partner == 0:
            self._voices, seats = (voice, second), (voice.level_db, seats[1])
        else:
            self._voices, seats = (first, voice), (seats[0], voice.level_db)
        self._now_known(replace(self._room, seat_db=seats))

    def _tell_apart(self, wanted: Perform) -> None:
        first, second = self._voices
        if first is None or second is None:
            self._answer(wanted, "missing")
            return

        def job() -> Voiceprint | None:
            return None if too_alike(first, second) else tell_apart(first, second)

        self._work(wanted, job, self._enrolled)

    def _enrolled(self, voiceprint: Voiceprint | None) -> str:
        if voiceprint is None:
            return "too_alike"
        self._apart = True
        self._turns = Turns()
        self._ports.ear.enrol(voiceprint)
        return "good"

    def _keep_voices(self, wanted: Perform) -> None:
        first, second = self._voices

        def job() -> str:
            if first is not None:
                self._ports.keep(0, first)
            if second is not None:
                self._ports.keep(1, second)
            return "failed" if first is second is None else "good"

        self._work(wanted, job, lambda outcome: outcome)

    def _learn_turn(self, wanted: Perform) -> None:
        partner = wanted.partner
        if partner is None:
            self._answer(wanted, "unavailable")
            return
        sound = self._turns.shortened(self._ports.ear.sound(wanted.start, wanted.end))
        self._work(wanted, lambda: speech_s(sound), lambda spoken_s: self._turn_heard(wanted, partner, sound, spoken_s))

    def _turn_heard(self, wanted: Perform, partner: Partner, sound: Samples, spoken_s: float) -> str | None:
        if self._apart:
            return "good"
        self._turns.add(partner, wanted.start, sound, spoken_s)
        lesson = self._turns.lesson(self._voices, self._ports.embedding)
        if lesson is None:
            return "more"
        self._work(wanted, lesson, self._turns_learnt)
        return None

    def _turns_learnt(self, learnt: TurnsLearnt) -> str:
        if self._apart:
            return "good"
        if learnt.voiceprint is None:
            return self._turns.alike()
        for partner, voice in enumerate(learnt.voices):
            self._voice_known(1 if partner else 0, voice)
        return self._enrolled(learnt.voiceprint)


def _kind(wanted: Perform) -> object:
    """Tasks of one kind replace each other; pieces of two partners do not, and every turn counts."""
    if wanted.task == "learn_turn":
        return wanted.task, wanted.id
    return (wanted.task, wanted.partner) if wanted.task == "learn_voice" else wanted.task


def safely(job: Job) -> Any:
    """What comes of a job; an error as a value."""
    try:
        return job()
    except VoiceImagoError as error:
        return error
    except Exception as error:  # a worker's boundary: whatever it is, the evening goes on
        return VoiceImagoError(f"{type(error).__name__}: {error}")


def _as_pcm(sound: Samples) -> Pcm:
    pcm: Pcm = np.rint(sound * 32767.0).astype(np.int16)
    return pcm
