"""Garbage goes in quiet moments, once a minute."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from voice_imago.runtime.settling import EVERY_S, Settled


class Knot:
    """Can only be freed by a collection."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def by_hand() -> Iterator[None]:
    """Nothing is collected by itself, and what was left out is taken in again."""
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


def dropped() -> weakref.ref[Knot]:
    return weakref.ref(Knot())


@pytest.mark.usefixtures("by_hand")
def test_garbage_goes_when_nobody_speaks_and_not_more_often_than_once_a_minute() -> None:
    settled = Settled()
    first = dropped()
    settled.look(10.0, busy=True)
    assert first() is not None
    settled.look(10.2, busy=False)
    assert first() is None
    second = dropped()
    settled.look(10.0 + EVERY_S / 2, busy=False)
    assert second() is not None
    settled.look(10.3 + EVERY_S, busy=False)
    assert second() is None
