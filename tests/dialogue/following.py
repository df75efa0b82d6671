"""Small steps along a dialogue for the tests of the graphs: whoever is asked says it, and the guide answers."""

from __future__ import annotations

from tests.dialogue.driver import ANA, Table
from voice_imago.dialogue.state import Phase

__all__ = ["by_keys", "mirrored", "says", "skips_everything", "to_the_end"]

MIRRORED = "You make sense because I heard how you feel about the garden."


def says(table: Table, text: str | None) -> Table:
    """Whoever is asked says it."""
    guide = table.dialogue.guide
    table.says(guide.actor if guide.actor is not None else ANA, text)
    return table.guide_finishes()


def mirrored(table: Table) -> Table:
    """The turn just spoken is mirrored once, and was right."""
    assert table.where[-1] == ("mirror", "mirror"), table.where
    says(table, MIRRORED)
    return says(table, "Yes.")


def to_the_end(table: Table, outcome: str = "good", **answers: str) -> Table:
    """Both do what is asked; tasks end with ``outcome``."""
    for _ in range(250):
        if table.dialogue.over:
            return table
        if table.phase is Phase.WORKING:
            table.performed(outcome).guide_finishes()
        else:
            table.does_what_is_asked(answers)
    raise AssertionError(f"no end: {table.steps[-20:]}")


def skips_everything(table: Table, **keys: str) -> Table:
    """Everything that can be skipped is skipped."""
    for _ in range(200):
        table.guide_finishes()
        if table.dialogue.over:
            return table
        table.key(keys.get(table.step, "s"))
    raise AssertionError(f"no end: {table.steps[-20:]}")


def by_keys(table: Table, outcome: str = "unavailable", **keys: str) -> Table:
    """Nobody's words are understood: voices hold turns, keys answer; tasks end with ``outcome``."""
    for _ in range(300):
        table.guide_finishes()
        if table.dialogue.over:
            return table
        now, guide = table.dialogue.step, table.dialogue.guide
        if table.phase is Phase.WORKING:
            table.performed(outcome)
        elif now.do == "turn":
            table.says(guide.actor, None)
        elif now.do == "rest":
            table.key("space")
        else:
            table.key(keys.get(now.id, {"more": "n"}.get(now.id, "y" if "yes" in now.on else "1")))
    raise AssertionError(f"no end: {table.steps[-20:]}")
