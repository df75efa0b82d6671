"""Tasks at the table, performed on the sample clock: the room, the echo, and what is done elsewhere."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kitchen import QUIET_DB, Kitchen, LaterRun, Table, room_response, speech
from made_voices import ANA, BEN, Samples

from voice_imago.engines.detectors import make_detector
from voice_imago.events import FrameHeard
from voice_imago.hearing.room import LEAST_TAIL_S, LISTEN_S, MOST_TAIL_S, Room
from voice_imago.runtime.ear import Gate
from voice_imago.runtime.model_tasks import MODEL_TASKS
from voice_imago.runtime.tasks import PATIENCE_S, QUIET_S
from voice_imago.runtime.voice_kept import VOICE_TASKS
from voice_imago.words import Task

# ---------------------------------------------------------------------- waiting for sound


def test_the_room_is_measured_when_the_guide_and_its_echo_are_silent() -> None:
    table = Table(Kitchen(way=room_response(0.3, -10.0)))
    table.kitchen.prompt()
    table.ask(1, "measure_room")
    table.kitchen.pass_(QUIET_S + 0.1)
    assert table.done == []  # the tail of the prompt is not part of the three seconds

    table.kitchen.pass_(0.3)

    assert table.done == [(1, "good")]
    assert table.tasks.room.noise_db == pytest.approx(QUIET_DB, abs=1.0)
    assert table.rooms == [table.tasks.room]


def test_a_prompt_that_comes_in_between_begins_the_measurement_anew() -> None:
    table = Table(Kitchen(way=room_response(0.3, -10.0)))
    table.ask(1, "measure_room")
    table.kitchen.pass_(2.0)
    table.kitchen.prompt()
    table.kitchen.pass_(2.5)
    assert table.done == []

    table.kitchen.pass_(1.0)

    assert table.done == [(1, "good")]
    assert table.tasks.room.noise_peak_db == pytest.approx(QUIET_DB, abs=2.0)


def test_a_time_out_postpones_the_measurement() -> None:
    table = Table()
    table.ask(1, "measure_room")
    table.kitchen.ear.gate.microphone(False)
    table.kitchen.pass_(10.0)
    table.kitchen.ear.gate.microphone(True)
    assert table.done == []

    table.kitchen.pass_(QUIET_S + 0.1)

    assert table.done == [(1, "good")]


@pytest.mark.parametrize("task", ["check_room", "measure_room", "measure_echo"])
def test_a_task_for_which_it_is_never_quiet_is_given_up(task: str) -> None:
    table = Table()
    table.kitchen.ear.gate.shut()
    table.ask(1, task)
    table.kitchen.pass_(PATIENCE_S + 0.1)

    assert table.done == [(1, "unavailable")]
    assert table.kitchen.chimes == []


@pytest.mark.parametrize(
    ("noise_db", "expected"), [(QUIET_DB, "good"), (-34.0, "noisy"), (-200.0, "silent")], ids=["quiet", "fan", "zeros"]
)
def test_the_room_is_told_as_it_is(noise_db: float, expected: str) -> None:
    table = Table(Kitchen(noise_db=noise_db))
    table.ask(1, "measure_room")
    table.kitchen.pass_(QUIET_S + 0.1)

    assert table.done == [(1, expected)]


def test_a_couple_that_talks_is_restless_and_leaves_the_known_room_as_it_was() -> None:
    table = Table(room=Room(noise_db=-61.0))
    table.ask(1, "measure_room")
    table.kitchen.hear(ANA.speaks(QUIET_S + 0.1))

    assert table.done == [(1, "restless")]
    assert table.rooms == []
    assert table.tasks.room.noise_db == -61.0


@pytest.mark.parametrize(
    ("noise_db", "stored_db", "expected"),
    [
        (-66.0, -66.0, "good"),
        (-40.0, -66.0, "louder"),
        (-40.0, -41.0, "good"),
        (-40.0, None, "good"),
        (-200.0, -66.0, "silent"),
    ],
)
def test_each_start_compares_the_room_with_the_one_that_was_measured(
    noise_db: float, stored_db: float | None, expected: str
) -> None:
    stored = Room(noise_db=stored_db)
    table = Table(Kitchen(noise_db=noise_db), room=stored)
    table.ask(1, "check_room")
    table.kitchen.pass_(QUIET_S + 0.1)

    assert table.done == [(1, expected)]
    assert table.tasks.room == stored


# ---------------------------------------------------------------------- may it listen while it speaks?


def test_the_self_test_plays_a_chirp_and_leaves_the_verdict_to_the_canceller() -> None:
    echoes: list[Any] = []
    kitchen = Kitchen(way=room_response(0.3, -15.0), delay_s=0.1)
    table = Table(kitchen, duplex=lambda echo: echoes.append(echo) or "full")
    table.ask(1, "test_echo")
    table.kitchen.pass_(0.6 + LISTEN_S + 0.1)
    assert table.done == [(1, "full")]
    assert echoes[0].echo_db == pytest.approx(-15.0, abs=1.0)
    assert table.tasks.room.echo_db == pytest.approx(-15.0, abs=1.0), "and the tail of half duplex is known"


def test_an_echo_that_was_measured_this_evening_needs_no_second_chirp() -> None:
    table = Table(Kitchen(way=room_response(0.3, -15.0)), duplex=lambda echo: "full" if echo else "half")
    table.ask(1, "measure_echo")
    table.kitchen.pass_(4.0)
    table.ask(2, "test_echo")
    assert table.done == [(1, "good"), (2, "full")]
    assert len(table.kitchen.chimes) == 1


@pytest.mark.parametrize("able", [False, True])
def test_where_it_cannot_be_or_nobody_would_hear_it_no_chirp_is_played(able: bool) -> None:
    table = Table(duplex=(lambda echo: "full") if able else None, audible=not able)
    table.ask(1, "test_echo")
    assert table.done == [(1, "half")]
    assert table.kitchen.chimes == []


# ---------------------------------------------------------------------- the echo


@pytest.mark.parametrize("rt60_s", [0.25, 0.5])
@pytest.mark.parametrize("delay_s", [0.0, 0.12, 0.45])
def test_the_chirp_finds_the_guides_own_echo(rt60_s: float, delay_s: float) -> None:
    table = Table(Kitchen(way=room_response(rt60_s, -15.0), delay_s=delay_s), room=Room(noise_db=-66.0))
    table.ask(1, "measure_echo")
    table.kitchen.pass_(0.6 + LISTEN_S + 0.1)

    assert table.done == [(1, "good")]
    room = table.tasks.room
    assert room.echo_db == pytest.approx(-15.0, abs=1.0)
    assert room.tail_s > delay_s
    assert room.noise_db == -66.0
    assert table.rooms == [room]


def test_nobody_hears_the_chirp_as_speech() -> None:
    table = Table(Kitchen(way=room_response(0.3, -3.0), delay_s=0.3))
    table.ask(1, "measure_echo")
    table.kitchen.pass_(4.0)

    assert len(table.kitchen.chimes) == 1
    assert not any(isinstance(one, FrameHeard) and one.speech > 0.0 for one in table.kitchen.heard)
    assert not table.kitchen.ear.gate.closed(table.kitchen.ear.now - 0.1, table.kitchen.ear.now)


def test_what_the_player_waits_anyway_is_no_part_of_the_tail() -> None:
    tails = []
    for late_s in (0.0, 0.1, 0.5):
        table = Table(Kitchen(way=room_response(0.3, -10.0), delay_s=0.2), late_s=late_s)
        table.ask(1, "measure_echo")
        table.kitchen.pass_(4.0)
        tails.append(table.tasks.room.tail_s)

    assert tails[0] - tails[1] == pytest.approx(0.1, abs=0.001)
    assert tails[1] - tails[2] == pytest.approx(0.1, abs=0.001)


def test_headphones_leave_the_tail_as_it_was() -> None:
    table = Table(Kitchen(way=None), room=Room(echo_db=-12.0, tail_s=0.3))
    table.ask(1, "measure_echo")
    table.kitchen.pass_(4.0)

    assert table.done == [(1, "unheard")]
    assert table.tasks.room == Room(echo_db=None, tail_s=0.3)


def test_without_a_loudspeaker_nothing_is_waited_for() -> None:
    table = Table(audible=False)

    assert table.outcome("measure_echo") == "unheard"
    assert table.kitchen.chimes == []


def test_a_prompt_over_the_chirp_has_it_repeated() -> None:
    table = Table(Kitchen(way=room_response(0.3, -15.0), delay_s=0.05))
    table.ask(1, "measure_echo")
    table.kitchen.pass_(1.0)
    table.kitchen.prompt(2.5)
    assert table.done == []
    table.kitchen.pass_(0.2 + 0.6 + LISTEN_S + 0.1)

    assert table.done == [(1, "good")]
    assert len(table.kitchen.chimes) == 3  # chirp, prompt, chirp
    assert table.tasks.room.echo_db == pytest.approx(-15.0, abs=1.0)


def test_a_room_that_rings_and_a_guide_that_shouts_are_told() -> None:
    for way, expected in ((room_response(2.5, -2.0), "ringing"), (room_response(0.3, 25.0), "overloud")):
        table = Table(Kitchen(way=way))
        table.ask(1, "measure_echo")
        table.kitchen.pass_(4.0)

        assert table.done == [(1, expected)]
        assert LEAST_TAIL_S <= table.tasks.room.tail_s <= MOST_TAIL_S


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("delay_s", [0.04, 0.3])
def test_after_the_measured_tail_the_detector_hears_nothing_of_the_guide(rt60_s: float, delay_s: float) -> None:
    kitchen = Kitchen(way=room_response(rt60_s, -6.0), delay_s=delay_s, detector=make_detector("auto"))
    table = Table(kitchen)
    kitchen.hear(ANA.speaks(2.0))  # the gain stage knows how loud the partners are
    table.ask(1, "measure_echo")
    kitchen.pass_(4.0)

    assert not guide_heard(kitchen, table.tasks.room.tail_s)
    if delay_s > 0.1:
        assert guide_heard(kitchen, 0.0)


def guide_heard(kitchen: Kitchen, tail_s: float) -> bool:
    """Whether the detector takes anything for speech after prompts, with that tail."""
    kitchen.ear.gate = Gate(tail_s)
    kitchen.heard.clear()
    for _ in range(4):
        kitchen.prompt(1.5)
        kitchen.pass_(1.5)
    return any(isinstance(one, FrameHeard) and one.speech >= 0.4 for one in kitchen.heard)


@pytest.mark.parametrize("block", [16, 160, 3072, 8000])
def test_the_room_is_the_same_in_chunks_of_any_size(block: int) -> None:
    table = Table(Kitchen(way=room_response(0.4, -12.0), delay_s=0.1, block=block))
    table.ask(1, "measure_room")
    table.kitchen.pass_(4.0)
    table.ask(2, "measure_echo")
    table.kitchen.pass_(4.5)

    assert table.done == [(1, "good"), (2, "good")]
    assert table.tasks.room.noise_db == pytest.approx(QUIET_DB, abs=1.0)
    assert table.tasks.room.echo_db == pytest.approx(-12.0, abs=1.0)
    assert table.tasks.room.tail_s == pytest.approx(0.19, abs=0.08)


# ---------------------------------------------------------------------- jobs elsewhere


def test_a_job_answers_when_it_is_done_and_holds_up_nothing() -> None:
    run = LaterRun()
    table = Table(run=run, embedding=False)
    span = table.kitchen.hear(speech(ANA, 9.0))
    table.ask(1, "learn_voice", 0, span)
    table.kitchen.pass_(1.0)
    assert table.done == []

    run.work()

    assert table.done == [(1, "good")]


def test_of_two_tasks_of_one_kind_only_the_second_is_answered() -> None:
    run = LaterRun()
    table = Table(run=run, embedding=False)
    first = table.kitchen.hear(speech(ANA, 3.0, 10))
    second = table.kitchen.hear(speech(ANA, 3.0, 20))
    table.ask(1, "learn_voice", 0, first)
    table.ask(2, "learn_voice", 0, second)
    run.work()

    assert table.done == [(2, "good")]  # with both pieces: no sound is lost


def test_two_partners_may_be_learnt_at_once() -> None:
    run = LaterRun()
    table = Table(run=run, embedding=False)
    spans = [table.kitchen.hear(speech(voice, 9.0)) for voice in (ANA, BEN)]
    table.ask(1, "learn_voice", 0, spans[0])
    table.ask(2, "learn_voice", 1, spans[1])
    run.work()

    assert table.done == [(1, "good"), (2, "good")]


def test_every_turn_counts_also_while_the_one_before_is_looked_at() -> None:
    run = LaterRun()
    table = Table(run=run, embedding=False)
    for id, (partner, voice) in enumerate(((0, ANA), (1, BEN), (0, ANA), (1, BEN))):
        table.ask(id, "learn_turn", partner, table.kitchen.hear(speech(voice, 5.0, id)))  # type: ignore[arg-type]
    while run.waiting:
        run.work()

    assert table.done == [(0, "more"), (1, "more"), (2, "more"), (3, "good")]
    assert table.apart == 1


def test_a_new_task_silences_a_chirp_that_nobody_waits_for() -> None:
    table = Table(Kitchen(way=room_response(0.3, -15.0)))
    table.kitchen.ear.gate.shut()
    table.ask(1, "measure_echo")
    table.kitchen.pass_(1.0)
    table.ask(2, "tell_apart")
    table.kitchen.ear.gate.open_after(table.kitchen.ear.now)
    table.kitchen.pass_(4.0)

    assert table.done == [(2, "missing")]
    assert table.kitchen.chimes == []


def test_a_part_that_breaks_is_unavailable_and_told() -> None:
    def broken(start_s: float, end_s: float) -> Samples:
        return np.array(["no", "sound"])  # type: ignore[return-value]

    for task, partner in (("measure_room", None), ("measure_echo", None), ("learn_voice", 0), ("learn_turn", 1)):
        table = Table(Kitchen(way=room_response(0.3, -15.0)))
        table.kitchen.ear.sound = broken  # type: ignore[method-assign]
        table.ask(1, task, partner)  # type: ignore[arg-type]
        table.kitchen.pass_(4.0)

        assert table.done == [(1, "unavailable")], task
        assert len(table.told) == 1


@pytest.mark.parametrize("task", ["store", "recall", "consent", "forget", "unlock"])
def test_what_is_not_done_at_the_table_is_unavailable(task: str) -> None:
    assert Table().outcome(task) == "unavailable"


@pytest.mark.parametrize("task", ["learn_voice", "learn_turn"])
def test_a_voice_of_nobody_is_unavailable(task: str) -> None:
    assert Table().outcome(task) == "unavailable"


def test_an_answer_may_ask_for_the_next_task() -> None:
    """The stage feeds the session from within ``done``."""
    table = Table()

    class Chain(list[tuple[int, str]]):
        def append(self, one: tuple[int, str]) -> None:
            super().append(one)
            if one[0] < 3:
                table.ask(one[0] + 1, "measure_room")

    table.done = Chain()
    table.ask(1, "measure_room")
    table.kitchen.pass_(3 * QUIET_S + 0.5)

    assert table.done == [(1, "good"), (2, "good"), (3, "good")]


OUTCOMES = {
    "check_room": {"good", "louder", "silent"},
    "measure_room": {"good", "noisy", "restless", "silent"},
    "measure_echo": {"good", "unheard", "ringing", "overloud"},
    "test_echo": {"full", "half"},
    "learn_voice": {"good", "too_short", "too_quiet", "clipped", "noisy"},
    "tell_apart": {"good", "too_alike", "missing"},
    "keep_voices": {"good", "failed"},
    "learn_turn": {"more", "good", "too_alike"},
    **{task: set[str]() for task in ("store", "recall", "consent", "forget", "unlock", "take_up")},  # the journal's
}


def test_every_task_is_known_here() -> None:
    assert set(OUTCOMES) | MODEL_TASKS | VOICE_TASKS == set(get_args(Task))


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(sorted(OUTCOMES)), st.sampled_from([None, 0, 1])),
            st.tuples(st.sampled_from(["ana", "ben", "pass", "prompt", "work", "shut", "open"]), st.none()),
        ),
        max_size=25,
    )
)
@settings(max_examples=40)
def test_whatever_happens_a_task_is_answered_at_most_once_and_with_one_of_its_outcomes(
    what: list[tuple[str, Any]],
) -> None:
    run = LaterRun()
    table = Table(Kitchen(way=room_response(0.2, -15.0), block=2048), run=run, embedding=False)
    asked: dict[int, str] = {}
    span = (0.0, 0.0)
    for id, (name, partner) in enumerate(what):
        if name in ("ana", "ben"):
            span = table.kitchen.hear(speech(ANA if name == "ana" else BEN, 2.5, id))
        elif name == "work":
            run.work()
        elif name == "prompt":
            table.kitchen.prompt(0.5)
        elif name in ("shut", "open"):
            table.kitchen.ear.gate.microphone(name == "open")
        elif name == "pass":
            table.kitchen.pass_(3.5)
        else:
            asked[id] = name
            table.ask(id, name, partner, span)
    while run.waiting:
        run.work()

    ids = [id for id, _ in table.done]
    assert len(ids) == len(set(ids))
    assert all(outcome in OUTCOMES[asked[id]] | {"unavailable"} for id, outcome in table.done)
    assert table.told == []
