"""Thousands of dialogues are led here; making the phrase tables of a language anew for each would take most of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from voice_imago.dialogue import speaking
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.script import Language


@pytest.fixture(autouse=True, scope="package")
def shared_replies() -> Iterator[None]:
    """The same (stateless) ``Replies`` for every dialogue of the same couple."""
    made: dict[tuple[int, tuple[str, ...]], Replies] = {}

    def replies(language: Language, names: tuple[str, ...]) -> Replies:
        key = id(language), names
        if key not in made:
            made[key] = Replies(language, names)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speaking, "Replies", replies)
        yield
