"""Whatever happens at the table, some things always hold."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from table import Table, settings, window

from voice_imago.events import SpeechEnded, SpeechStarted, TurnEnded, TurnPaused, TurnReopened
from voice_imago.hearing.hearing import Hearing

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
