"""One step deeper in the couples dialogue, the third gentle move, a no and a later, and the line that is kept."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, END, Table, step, tiny, with_graphs
from tests.dialogue.following import MIRRORED, mirrored, says, to_the_end
from voice_imago.dialogue.script_shape import Graph, Visits
from voice_imago.dialogue.slots import Slot
from voice_imago.events import Intervention

PLAIN = "The phone lies on the table every evening."
DEEP = "When the phone lies there, I feel alone."


def telling() -> Table:
    return Table("dialogue").goes_to("tell")


def piece(table: Table, text: str | None) -> Table:
    """A piece is sent, mirrored, found right, and there is more."""
    guide = table.dialogue.guide
    table.says(guide.actor, text)
    table.guide_finishes()
    mirrored(table)
    return says(table, "Yes, there is more.")


# ---------------------------------------------------------------------------------------- one step deeper


def test_after_two_pieces_on_the_surface_a_stem_leads_deeper_once() -> None:
    table = piece(telling(), PLAIN)
    assert table.step == "next_piece"
    piece(table, PLAIN)
    assert (table.step, table.actor) == ("deepen", "Ana")
    assert [say.text for say in table.said][-1] == "You could start: When that happens, I feel…"
    piece(table, PLAIN)
    assert table.step == "next_piece"
    piece(table, PLAIN)
    assert table.step == "next_piece"
    assert table.steps.count("deepen") == 1


def test_a_piece_from_inside_needs_no_such_offer() -> None:
    table = piece(piece(piece(telling(), PLAIN), DEEP), PLAIN)
    assert table.step == "next_piece"
    assert "deepen" not in table.steps
    assert piece(table, PLAIN).step == "deepen"


def test_words_that_come_late_are_looked_at_as_well() -> None:
    table = piece(telling(), PLAIN)
    turn = table.says(ANA, None)
    table.guide_finishes()
    mirrored(table)
    table.words_come(turn, ANA, DEEP)
    assert says(table, "Yes.").step == "next_piece"


def test_what_nobody_understood_counts_as_surface() -> None:
    assert piece(piece(telling(), None), None).step == "deepen"


def test_an_appreciation_is_left_where_it_is() -> None:
    table = Table("appreciation").goes_to("thing")
    for _ in range(3):
        piece(table, "One thing I appreciate about you is the breakfast.")
        assert table.step == "send"


def test_help_offers_another_way_to_begin_each_time() -> None:
    table = piece(telling(), PLAIN)
    offered = []
    for _ in range(8):
        table.command("help").guide_finishes()
        offered.append(table.last)
    assert len(set(offered)) == 7
    assert offered[7] == offered[0]
    assert "You could start: What I long for is…" in offered


def test_every_way_to_begin_is_rendered_before_it_is_wanted() -> None:
    table = piece(telling(), PLAIN)
    prepared = {text for effect in table.effects for text in getattr(effect, "texts", ())}
    for stem in ("What hurts is", "The story I tell myself is", "What I long for is"):
        assert f"You could start: {stem}…" in prepared


# ---------------------------------------------------------------------------------------- the third move


def third_move() -> Table:
    """The listener has answered three times instead of mirroring."""
    table = says(telling(), PLAIN)
    for _ in range(3):
        assert table.step == "mirror"
        table.says(BEN, "But that's not true, I never do that.")
        table.guide_finishes().waits(25.0)
    return table


def test_the_third_move_offers_a_pause_a_smaller_piece_or_going_on() -> None:
    table = third_move()
    assert [one.rung for one in table.published(Intervention)] == [1, 2, 3]
    assert table.step == "pause_or_smaller"
    asked = [say.text for say in table.said if say.prompt == "mirror.pause_or_smaller"]
    assert asked[0] == "Ana, Ben: a short pause, a smaller piece, or go on as you are?"


@pytest.mark.parametrize(
    ("answer", "step", "actor"),
    [("Smaller.", "anew", "Ana"), ("Go on.", "mirror", "Ben"), ("A short pause.", "breather", "nobody")],
)
def test_either_may_choose_and_the_mirror_follows(answer: str, step: str, actor: str) -> None:
    for who in (ANA, BEN):
        table = third_move()
        table.says(who, answer)
        table.guide_finishes()
        assert (table.step, table.actor) == (step, actor)
    if step == "breather":
        assert table.waits(61.0).guide_finishes().step == "mirror"


def test_the_choice_comes_twice_for_a_piece_at_most() -> None:
    table = third_move()
    for _ in range(2):
        says(table, "Go on.")
        for _ in range(3):
            table.says(BEN, "But that's not true, I never do that.")
            table.guide_finishes().waits(25.0)
    assert table.steps.count("pause_or_smaller") == 2
    assert table.step == "mirror"


# ---------------------------------------------------------------------------------------- a no, a later


def invited() -> Table:
    return says(Table("dialogue").guide_finishes(), "I'd like to talk about our evenings. Is now a good time?")


@pytest.mark.parametrize(
    ("first", "second", "stored"),
    [
        ("Tomorrow at eight.", None, "date:+1d 20:00"),
        ("Not now.", "On Saturday.", "date:sat"),
        ("No.", "I will, on Saturday.", "date:sat"),
        ("No.", "No.", None),
        ("Not now.", "No.", None),
    ],
)
def test_who_does_not_want_to_talk_now_is_asked_once_for_a_time(
    first: str, second: str | None, stored: str | None
) -> None:
    table = says(invited(), first)
    if second is not None:
        says(table, second)
    assert [one["when"][0] for one in table.stored("appointment")] == ([stored] if stored else [])
    assert to_the_end(table).ended == "finished"
    assert "dialogue.another_day" in table.prompts
    assert "intention" not in table.steps


def test_changing_places_may_be_for_another_day() -> None:
    table = says(Table("dialogue").goes_to("switch"), "Tomorrow evening.")
    assert table.stored("appointment")[0]["when"][0] == "date:+1d evening"
    assert to_the_end(table).steps[-3:] != []
    assert "other_way" not in table.steps
    later = says(Table("dialogue").goes_to("switch"), "Later.")
    assert later.where[-1] == ("find_time", "when")


@pytest.mark.parametrize(
    ("step", "texts", "there"),
    [
        ("feelings", ["I imagine you feel that I am away."], "one_word"),
        ("sense", ["Nothing makes sense.", "It is a hard thing."], "part"),
    ],
)
def test_the_second_pass_offers_the_same_help_to_the_other_one(step: str, texts: list[str], there: str) -> None:
    table = says(Table("dialogue").goes_to(step), texts[0])
    assert (table.step, table.actor) == (there, "Ben")
    for _ in range(150):
        if table.steps.count(step) == 2 and table.step == step:
            break
        table.does_what_is_asked()
    assert table.actor == "Ana"
    assert says(table, texts[-1]).step == there


# ---------------------------------------------------------------------------------------- the line that is kept


@pytest.mark.parametrize(
    ("keeping", "stored"),
    [
        (None, False),
        ("choice:none", False),
        ("choice:counts", False),
        ("choice:notes", True),
        ("choice:transcript", True),
    ],
)
def test_what_they_keep_from_today_is_stored_only_if_both_agreed_to_notes(keeping: str | None, stored: bool) -> None:
    slots = {} if keeping is None else {"keeping": Slot(keeping)}
    table = Table("dialogue", slots=slots).goes_to("keep")
    says(says(table, "The phone sleeps in the hall."), "We ask before we guess.")
    lines = "The phone sleeps in the hall\nWe ask before we guess"
    assert table.stored("note") == ([{"note": ("list", lines)}] if stored else [])
    assert to_the_end(table).ended == "finished"
    assert ("dialogue.lines_kept" in table.prompts) is stored


# ---------------------------------------------------------------------------------------- the general means


def test_a_branch_by_a_name_asks_who_that_is_now() -> None:
    steps = (
        step("who", "ask", "guide", on={"name": "first"}, keep="giver", skippable=False),
        step("first", "branch", "guide", by="giver", on={"receiver": "over"}, next="sent"),
        step("over", "say", "guide", next="again", swap=True),
        step("again", "branch", "guide", by="giver", on={"sender": "sent", "receiver": "end"}, next="end"),
        step("sent", "turn", "sender", next="end"),
        END,
    )
    for name, actor, said in (("Ana.", "Ana", 0), ("Ben.", "Ben", 1)):
        table = Table("tiny", script=tiny(*steps)).guide_finishes()
        says(table, name)
        assert (table.step, table.actor, table.steps.count("over")) == ("sent", actor, said)


def test_who_acts_is_kept_by_name() -> None:
    steps = (
        step("one", "turn", "receiver", keep_who="giver", next="two"),
        step("two", "say", "guide", next="end"),
        END,
    )
    table = Table("tiny", script=tiny(*steps)).guide_finishes()
    assert table.dialogue.guide.state.slots["giver"] == Slot("name:1")


def test_a_list_may_be_heard_again_in_a_step_that_was_reset() -> None:
    def again(resets: tuple[str, ...]) -> list[str]:
        steps = (
            step("one", "turn", heard={"vague": "aside"}, next="two", visits=Visits(3, "end")),
            step("aside", "turn", next="two"),
            step("two", "turn", next="one", resets=resets, heard={"vague": "aside"}),
            END,
        )
        table = Table("tiny", script=tiny(*steps)).guide_finishes()
        for _ in range(6):
            says(table, "You're great.")
        return table.steps

    assert again(()) == ["one", "aside", "two", "aside", "two", "one", "two"]
    assert again(("one",))[:8] == ["one", "aside", "two", "aside", "two", "one", "aside"]


def test_proposed_days_are_the_keys_and_the_yes_of_a_question() -> None:
    when = step("when", "ask", on={"yes": "end", "no": "end", "date": "end"}, keep="day", days=(14, 7), skippable=False)
    for key, kept, said in (("y", "date:+14d", "in two weeks"), ("2", "date:+7d", "in a week"), ("1", "date:+14d", "")):
        table = Table("tiny", script=tiny(when, END)).guide_finishes()
        table.key(key).guide_finishes()
        slot = table.dialogue.guide.state.slots["day"]
        assert slot.meaning == kept
        assert not said or table.dialogue.guide.kept()["day"] == said
    spoken = says(Table("tiny", script=tiny(when, END)).guide_finishes(), "Yes.")
    assert spoken.dialogue.guide.state.slots["day"].meaning == "date:+14d"
    other = says(Table("tiny", script=tiny(when, END)).guide_finishes(), "On Sunday.")
    assert other.dialogue.guide.state.slots["day"].meaning == "date:sun"


def test_a_part_that_is_walked_does_not_change_where_we_are() -> None:
    walked = (step("a", "say", "guide", next="b"), step("b", "turn", next="return"))
    walking = (step("one", "turn", next="walk"), step("walk", "walk", "guide", graph="part", next="two"))
    steps = (*walking, step("two", "turn", next="end"), END)
    part = Graph("part", "a", {one.id: one for one in walked}, shared=True)
    main = Graph("whole", "one", {one.id: one for one in steps}, menu=True)
    table = says(Table("whole", script=with_graphs(part, main)).guide_finishes(), MIRRORED)
    assert table.where[-1] == ("part", "b")
    assert table.dialogue.guide.walker.position(table.dialogue.guide.state) == (1, 2)
