"""Neither partner is treated differently: a dialogue with the partners changed over says the same (criterion 14)."""

from __future__ import annotations

import re

import pytest

from tests.dialogue.driver import Table, real_script
from tests.dialogue.following import to_the_end
from voice_imago.dialogue.slots import Slot

KNOWN = {"deep": Slot("choice:on"), "dialogues": Slot("number:9"), "requests": Slot("number:1")}
OTHER = {"Ana": "Ben", "Ben": "Ana"}


def said(dialogue: str, whose_topic: str, **options: object) -> list[str]:
    table = Table(dialogue, slots=KNOWN, voices="known", **options)  # type: ignore[arg-type]
    to_the_end(table, worry=f"{whose_topic}.", whose_worry=f"{whose_topic}.")
    return [say.text for say in table.said]


def changed_over(text: str) -> str:
    return re.sub(r"\b(Ana|Ben)\b", lambda name: OTHER[name[0]], text)


@pytest.mark.parametrize("dialogue", sorted(g.id for g in real_script().graphs.values() if not g.shared))
def test_with_the_partners_changed_over_the_same_is_said(dialogue: str) -> None:
    texts = said(dialogue, "Ana")
    assert len(texts) > 1
    assert said(dialogue, "Ben", partners=("Ben", "Ana")) == list(map(changed_over, texts))
    assert said(dialogue, "Ben", first=1) == list(map(changed_over, texts))
