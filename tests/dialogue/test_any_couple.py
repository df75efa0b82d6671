"""Couples that say and press anything, led by the real engine through the dialogues that keep and recall."""

from __future__ import annotations

import random

import pytest

from tests.dialogue.driver import ANA, BEN, Table, real_script
from voice_imago.dialogue.script_names import ANY_OUTCOME, OUTCOMES
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import Phase

DIALOGUES = ("workup", "share_workup", "vision", "vision_reading", "caring", "fun", "parent_child")
SAID = (
    "Yes.", "No.", "Nothing.", "I don't remember.", "We laugh a lot, and travel.", "They were warm and funny.",
    "I can't talk about that.", "They did their best.", "It's just like me.", "If you didn't shout.",
    "Tomorrow at eight.",
    "Three.", "Go on.", "Stop here.", "All of it.", "Another day.", "The first one.", "Later.", "What I liked.", "Hmm.",
    "It's too much.", "Not quite.", "Begin anew.", "Pick one.", None,
)  # fmt: skip
KEYS = "yn123srpbt "
LISTS = ("people", "liked", "hard", "wanted", "feelings", "responses", "frustrations", "lines")
VALUES = dict.fromkeys(LISTS, "list") | {"mattered": "words", "happiest": "words", "hear": "choice:hear_all"}
"""What may have been kept on another evening: slot and meaning."""
MOST = 600
"""Things that a couple does; then it stops."""


def any_way_through(dialogue: str, seed: int) -> Table:
    chance = random.Random(f"{dialogue} {seed}")
    known = {"deep": Slot("choice:on"), "dialogues": Slot("number:9")} if chance.random() < 0.8 else {}
    words = chance.choice(["speech", "speech", "answers", "nothing"])
    table = Table(dialogue, words=words, voices=chance.choice(["none", "known"]), slots=known)  # type: ignore[arg-type]
    for _ in range(MOST):
        table.guide_finishes()
        if table.dialogue.over:
            return table
        if table.phase is Phase.WORKING:
            perform_anything(table, chance)
        elif chance.random() < 0.5:
            key = chance.choice(KEYS)
            table.key("space" if key == " " else key)
        elif table.phase in (Phase.RESTING, Phase.PAUSED):
            table.key("space")
        else:
            actor = table.dialogue.guide.actor
            who = chance.choice([ANA, BEN, None]) if actor is None or chance.random() < 0.2 else actor
            turn = table.says(who, chance.choice(SAID) if words == "speech" else None)
            if table.phase is Phase.DECIDING and chance.random() < 0.7:
                table.words_come(turn, who, str(chance.choice(SAID) or ""))
            elif table.phase is Phase.DECIDING:
                table.waits(10.0)
    table.key("q").guide_finishes()
    return table


def perform_anything(table: Table, chance: random.Random) -> None:
    wanted = table.tasks[-1]
    outcome = chance.choice([*OUTCOMES[wanted.task], *ANY_OUTCOME])
    kept = tuple((name, VALUES[name], "one\ntwo") for name in wanted.wanted if name in VALUES and chance.random() < 0.6)
    table.performed(outcome, values=kept if wanted.task == "recall" and outcome == "good" else ())


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_whatever_a_couple_does_it_reaches_an_end_and_nobody_hears_what_is_private(dialogue: str) -> None:
    ends, private = set(), real_script().graphs
    for seed in range(60):
        table = any_way_through(dialogue, seed)

        assert table.dialogue.over, (seed, table.where)
        assert table.ended in ("finished", "stopped", "time_out"), seed
        ends.add(table.ended)
        for task in table.tasks:
            if task.task == "unlock" or task.what == "workup":
                assert task.partner is not None, (seed, task)
            if not private[dialogue].alone:
                assert not {"liked", "hard", "wanted"} & {name for name, _, _ in task.values}
    assert "finished" in ends


@pytest.mark.parametrize("seed", range(40))
def test_whoever_took_a_part_in_the_deep_dialogue_has_put_it_down_before_it_goes_on_or_ends(seed: int) -> None:
    table = any_way_through("parent_child", seed)
    taken = "take_part" in table.steps
    told = [say.prompt for say in table.said]

    if taken:
        assert "parent_child_roles.put_down" in told
        after = table.steps[table.steps.index("take_part") :]
        if "here" in after:
            assert "put_down" in after[: after.index("here")]
