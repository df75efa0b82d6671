"""Answers first, pieces in order, neighbours joined, nothing dropped before the bound."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.runtime.piece_queue import Piece, PieceQueue, as_pcm


def piece(
    id: int,
    length_s: float = 10.0,
    *,
    short: bool = False,
    turn: int | None = None,
    tries: int = 0,
    look: bool = False,
) -> Piece:
    pcm = np.full(int(length_s * 16_000), id, np.int16)
    return Piece((id,), pcm, short, turn, (float(id),), tries, look)


def taken(queue: PieceQueue) -> list[tuple[int, ...]]:
    order = []
    while (next_one := queue.take()) is not None:
        order.append(next_one.ids)
    return order


def filled(*pieces: Piece, **bounds: float) -> PieceQueue:
    queue = PieceQueue(**bounds)
    for one in pieces:
        assert queue.put(one) == []
    return queue


def test_pieces_come_in_their_order() -> None:
    assert taken(filled(piece(1), piece(2), piece(3))) == [(1,), (2,), (3,)]


def test_answers_jump_the_queue_in_their_order() -> None:
    queue = filled(piece(1), piece(2, 1.0, short=True), piece(3), piece(4, 1.0, short=True))
    assert taken(queue) == [(2,), (4,), (1,), (3,)]


def test_neighbours_of_one_turn_are_joined_up_to_a_window() -> None:
    queue = filled(*(piece(id, 10.0, turn=1) for id in range(1, 6)))
    assert taken(queue) == [(1, 2), (3, 4), (5,)]


def test_joined_sound_keeps_its_order_and_each_request_its_time() -> None:
    queue = filled(piece(1, 1.0, turn=1), piece(2, 2.0, turn=1))
    joined = queue.take()
    assert joined is not None
    assert joined.length_s == 3.0
    assert list(np.unique(joined.pcm, return_counts=True)[1]) == [16_000, 32_000]
    assert (joined.pcm[0], joined.pcm[-1]) == (1, 2)
    assert joined.submitted_s == (1.0, 2.0)


def test_turns_are_never_mixed() -> None:
    queue = filled(piece(1, 5.0, turn=1), piece(2, 5.0, turn=2), piece(3, 5.0, turn=2), piece(4, 5.0, turn=1))
    assert taken(queue) == [(1,), (2, 3), (4,)]


def test_pieces_without_a_turn_stay_alone() -> None:
    assert taken(filled(piece(1, 5.0), piece(2, 5.0))) == [(1,), (2,)]


def test_answers_are_never_joined() -> None:
    queue = filled(piece(1, 1.0, short=True, turn=1), piece(2, 1.0, short=True, turn=1))
    assert taken(queue) == [(1,), (2,)]


def test_a_piece_that_cost_a_worker_is_tried_again_first_and_alone() -> None:
    queue = filled(piece(2, 5.0, turn=1), piece(3, 5.0, turn=1))
    queue.put_back(piece(1, 5.0, turn=1, tries=1))
    assert taken(queue) == [(1,), (2, 3)]


def test_beyond_the_bound_the_oldest_piece_is_given_up_and_answers_last_of_all() -> None:
    queue = filled(piece(1, 10.0), piece(2, 1.0, short=True), piece(3, 10.0), longest_wait_s=25.0)
    assert [old.ids for old in queue.put(piece(4, 10.0))] == [(1,)]
    assert taken(queue) == [(2,), (3,), (4,)]


def test_a_look_at_last_words_gives_way_to_a_newer_one_and_nothing_else_does() -> None:
    queue = filled(piece(1, 1.0, short=True), piece(2, 3.0, short=True, look=True), piece(3))
    assert [old.ids for old in queue.put(piece(4, 3.0, short=True, look=True))] == [(2,)]
    assert taken(queue) == [(1,), (4,), (3,)]


def test_sound_waits_at_half_its_size_and_comes_out_as_it_went_in() -> None:
    sound = np.linspace(-1.0, 1.0, 2001, dtype=np.float32)
    waiting = Piece((1,), as_pcm(sound), False, 1, (0.0,))
    assert waiting.pcm.nbytes * 2 == sound.nbytes
    assert np.abs(waiting.sound - sound).max() < 2e-5


def test_one_piece_longer_than_the_bound_is_kept() -> None:
    queue = PieceQueue(longest_wait_s=5.0)
    assert queue.put(piece(1, 10.0)) == []
    assert taken(queue) == [(1,)]


def test_an_empty_queue_has_nothing() -> None:
    queue = PieceQueue()
    assert (queue.take(), len(queue), queue.waiting_s) == (None, 0, 0.0)


@given(
    st.lists(st.tuples(st.integers(1, 20), st.booleans(), st.sampled_from([None, 1, 2]), st.booleans()), max_size=30)
)
def test_every_request_comes_out_once(steps: list[tuple[int, bool, int | None, bool]]) -> None:
    queue = PieceQueue(longest_wait_s=60.0)
    given, out = [], []
    for id, (length_s, short, turn, take) in enumerate(steps):
        given.append(id)
        out += [i for old in queue.put(piece(id, float(length_s) / 2, short=short, turn=turn)) for i in old.ids]
        if take and (next_one := queue.take()) is not None:
            out += next_one.ids
            assert next_one.short or next_one.length_s <= 28.0
    out += [i for ids in taken(queue) for i in ids]
    assert sorted(out) == given
