"""Whatever happens at the table, some things always hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from table import Table, settings, window

from voice_imago.engines.ports import Samples
from voice_imago.events import (
    FrameHeard,
    HearingFact,
    SpeechEnded,
    SpeechStarted,
    TurnEnded,
    TurnPaused,
    TurnReopened,
)
from voice_imago.hearing.hearing import Hearing
from voice_imago.runtime.ear import Ear

LENGTHS = st.floats(0.03, 4.0)
HAPPENINGS = st.one_of(
    st.tuples(st.just("speaks"), st.sampled_from([0, 1, None]), LENGTHS),
    st.tuples(st.just("pauses"), LENGTHS),
    st.tuples(st.just("gated"), LENGTHS),
    st.tuples(st.just("stranger_speaks"), LENGTHS),
    st.tuples(
        st.just("expects"),
        st.one_of(
            st.none(),
            st.builds(
                window,
                st.sampled_from([0, 1, None]),
                st.sampled_from([0, 1, None]),
                st.sampled_from(["answer", "send"]),
                st.sampled_from([0.5, 2.5]),
                step=st.sampled_from(["one", "two"]),
            ),
        ),
    ),
    st.tuples(st.just("ends"), st.sampled_from(["key", "phrase", "limit"])),
    st.tuples(st.just("skips"), st.integers(1, 500)),
)


def played(happenings: list[tuple[object, ...]], continuous: bool) -> Table:
    table = Table(Hearing(settings(continuous=continuous, learn=True)))
    for name, *arguments in happenings:
        if name == "skips":
            table.frames += arguments[0]  # type: ignore[operator]
            table.pauses(0.04)
        else:
            getattr(table, str(name))(*arguments)
    return table


@given(st.lists(HAPPENINGS, max_size=25), st.booleans())
def test_facts_are_in_order_and_nothing_overlaps_itself(happenings: list[tuple[object, ...]], continuous: bool) -> None:
    table = played(happenings, continuous)

    times = [fact.at for fact in table.facts]
    assert times == sorted(times)
    speech = [fact for fact in table.facts if isinstance(fact, SpeechStarted | SpeechEnded)]
    assert all(isinstance(fact, SpeechEnded) == (n % 2 == 1) for n, fact in enumerate(speech))
    ended = [fact for fact in speech if isinstance(fact, SpeechEnded)]
    assert all(fact.start <= fact.end <= fact.at for fact in ended)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(ended))


@given(st.lists(HAPPENINGS, max_size=25), st.booleans())
def test_turns_end_once_and_hand_out_each_second_at_most_once(
    happenings: list[tuple[object, ...]], continuous: bool
) -> None:
    table = played(happenings, continuous)

    open_again: set[int] = set()
    seen: set[int] = set()
    for fact in table.facts:
        if isinstance(fact, TurnEnded):
            assert fact.turn not in seen or fact.turn in open_again
            assert fact.start <= fact.end <= fact.decided == fact.at
            assert -1e-6 <= fact.speech_s <= fact.end - fact.start + 1e-6
            seen.add(fact.turn)
            open_again.discard(fact.turn)
        elif isinstance(fact, TurnReopened):
            assert fact.turn in seen
            open_again.add(fact.turn)
    pieces = [fact for fact in table.facts if isinstance(fact, TurnPaused)]
    assert all(piece.start <= piece.end <= piece.at for piece in pieces)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(pieces))


@given(st.lists(HAPPENINGS, max_size=25), st.booleans())
def test_the_same_evening_is_heard_the_same_twice(happenings: list[tuple[object, ...]], continuous: bool) -> None:
    assert played(happenings, continuous).facts == played(happenings, continuous).facts


@given(st.lists(HAPPENINGS, min_size=1, max_size=20), st.booleans(), st.data())
def test_what_was_told_does_not_depend_on_what_comes(
    happenings: list[tuple[object, ...]], continuous: bool, data: st.DataObject
) -> None:
    """Causal: the evening broken off anywhere was heard the same until then."""
    cut = data.draw(st.integers(0, len(happenings)))
    begun = played(happenings[:cut], continuous).facts

    assert played(happenings, continuous).facts[: len(begun)] == begun


@given(st.lists(HAPPENINGS, max_size=25), st.booleans())
def test_every_reopened_turn_had_ended_a_moment_ago(happenings: list[tuple[object, ...]], continuous: bool) -> None:
    """Within two seconds and the time it takes to know the voice, or in the first half second of a prompt."""
    ended: dict[int, TurnEnded] = {}
    for fact in played(happenings, continuous).facts:
        if isinstance(fact, TurnEnded):
            ended[fact.turn] = fact
        elif isinstance(fact, TurnReopened):
            before = ended.pop(fact.turn)
            assert before.why == "silence"
            assert fact.at - before.decided < 2.0 + 0.5 + 4.1  # the longest stretch that may be undecided


PIECES = st.lists(
    st.one_of(
        st.tuples(st.just("loud"), st.floats(0.01, 1.5)),
        st.tuples(st.just("faint"), st.floats(0.01, 1.5)),
        st.tuples(st.just("quiet"), st.floats(0.01, 3.5)),
        st.tuples(st.just("nan"), st.floats(0.01, 0.2)),
        st.tuples(st.just("clipped"), st.floats(0.01, 1.0)),
        st.tuples(st.sampled_from(["prompt", "strict", "open"]), st.just(0.0)),
    ),
    max_size=25,
)
AMPLITUDES = {"loud": 0.1, "faint": 0.02, "quiet": 0.0, "nan": float("nan"), "clipped": 40.0}


class Loudness:
    """Speech is whatever is loud."""

    name, frame_samples, lag_s, level_sensitive = "loudness", 512, 0.06, False

    def probability(self, frame: Samples) -> float:
        return float(np.abs(frame).max() > 0.01)

    def reset(self) -> None: ...


def overheard(pieces: list[tuple[str, float]], chunk: int) -> tuple[list[HearingFact], list[FrameHeard]]:
    """Ear and hearing with prompts, sound cut into chunks."""
    ear, hearing = Ear(Loudness()), Hearing(settings(learn=True))
    ear.gate.coupling_db = -20.0
    hearing.expect(window(), 0.0)
    facts: list[HearingFact] = []
    frames: list[FrameHeard] = []
    at_s = 0.0
    for name, seconds in pieces:
        if name in ("prompt", "strict"):
            ear.gate.shut(at_s, (lambda at: -20.0) if name == "prompt" else None)
        elif name == "open":
            ear.gate.open_after(at_s)
        else:
            sound = np.full(round(seconds * 16_000), AMPLITUDES[name], np.float32)
            at_s += len(sound) / 16_000
            for begin in range(0, len(sound), chunk):
                for heard in ear.hear(sound[begin : begin + chunk]):
                    assert isinstance(heard, FrameHeard)
                    frames.append(heard)
                    facts += hearing.feed(heard)
    return facts, frames


@given(PIECES, st.sampled_from([16, 160, 700, 100_000]))
def test_prompts_silence_and_broken_samples_keep_the_order_whatever_the_chunks(
    pieces: list[tuple[str, float]], chunk: int
) -> None:
    facts, frames = overheard(pieces, 512)

    assert overheard(pieces, chunk) == (facts, frames)
    speech = [fact for fact in facts if isinstance(fact, SpeechStarted | SpeechEnded)]
    assert all(isinstance(fact, SpeechEnded) == (n % 2 == 1) for n, fact in enumerate(speech))
    times = [frame.at for frame in frames]
    assert times == sorted(set(times))
    ended = [fact for fact in speech if isinstance(fact, SpeechEnded)]
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(ended))


@given(PIECES)
def test_no_frame_of_a_plainly_shut_gate_is_ever_heard(pieces: list[tuple[str, float]]) -> None:
    """And with grace none that could be the echo, but for half a second of speech that was running."""
    shut = [("strict" if name == "prompt" else name, seconds) for name, seconds in pieces]
    facts, frames = overheard([("strict", 0.0), *[p for p in shut if p[0] != "open"]], 512)

    assert all(frame.gated and frame.speech == 0.0 for frame in frames)
    assert facts == []
