"""Tests in a virtual room. Whatever opens a device runs in a child process with ``room.env()``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from virtual_room import VirtualRoom, missing

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest ones first: where tests run side by side, the others fill the time."""
    inside = [item for item in items if HERE in item.path.parents]
    for item in inside:
        item.add_marker(pytest.mark.room)
    items[:] = [*inside, *(item for item in items if HERE not in item.path.parents)]


@pytest.fixture
def room() -> Iterator[VirtualRoom]:
    """A room of this test's own, already open."""
    if why := missing():
        pytest.skip(why)
    with VirtualRoom() as opened:
        yield opened
