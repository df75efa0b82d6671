"""One evening from its greeting to its goodbye: notice, consent, the private check, calm, menu, close (domain §1.7)."""

from __future__ import annotations

import pytest

from tests.dialogue.driver import ANA, BEN, Room, Table, real_script
from tests.dialogue.following import to_the_end
from voice_imago.dialogue.slots import Slot
from voice_imago.events import Perform, Performed, Publish, Reply, StepEntered

KNOWN = {"notice": Slot("choice:yes")}


def evening(**more: object) -> Table:
    slots = more.pop("slots", KNOWN)
    return Table("session", slots=slots, **more).guide_finishes()  # type: ignore[arg-type]


def keys(table: Table, pressed: str) -> Table:
    for key in pressed:
        table.key(key).guide_finishes()
    return table


def decided(table: Table) -> Table:
    """Past what may be kept: both press 1, nothing."""
    for _ in range(2):
        table.key("1").guide_finishes()
        table.performed("good", values=(("keeping", "choice:none", "nothing"),)).guide_finishes()
    return table


# ------------------------------------------------------------------ the first evening


def test_the_first_evening_begins_with_the_notice_and_both_say_yes_to_it_themselves() -> None:
    table = evening(slots={})
    assert table.where[-1] == ("notice", "machine")
    keys(table, "yy")
    assert (table.step, table.actor) == ("one", "Ana")
    table.says(BEN, "Yes.")
    assert table.step == "one"
    table.says(ANA, "Yes.")
    assert (table.guide_finishes().step, table.actor) == ("other_one", "Ben")
    table.says(BEN, "Yes, all right.")
    assert table.step == "remember"
    table.performed().guide_finishes()
    assert table.step == "private"


def test_the_notice_takes_less_than_a_minute_and_names_every_limit() -> None:
    prompts = real_script().languages["en"].prompts
    names = ("what", "machine", "not_for", "crisis", "better", "freely")
    text = " ".join(prompts[f"notice.{name}"].first for name in names).lower()
    for limit in (
        "violence",
        "fear",
        "control",
        "drinking",
        "drugs",
        "crisis",
        "therapist",
        "affair",
        "leaving",
        "stop",
    ):
        assert limit in text
    assert len(text.split()) / 150 * 60 <= 45.0


@pytest.mark.parametrize("before", ["", "y", "yyy"])
def test_a_no_to_the_notice_ends_the_evening_kindly(before: str) -> None:
    table = keys(evening(slots={}), before + "n")
    assert table.ended == "stopped"
    assert "Then we leave it for today. Thank you for saying so." in [line.text for line in table.said]


def test_later_evenings_are_reminded_in_one_sentence() -> None:
    table = evening()
    assert table.prompts[:2] == ["session.reminder", "consent.wish"]


# ------------------------------------------------------------------ the private check


def alone_with_ana() -> Table:
    """Both said yes, and then yes to the private check."""
    table = keys(evening(slots={}), "yyyy").performed().guide_finishes()
    return keys(table, "y")


def asked_alone(answers: str) -> tuple[list[str], list[object]]:
    """What is said and told in the check, for these answers."""
    room = Room("session").guide_finishes()
    for key in "yyyy":
        room.key(key).guide_finishes()
    task = next(effect.id for effect in room.effects if isinstance(effect, Perform))
    room.feed(Performed(room.at, task, "good"))
    room.guide_finishes().key("y").guide_finishes()
    assert room.session.dialogue.guide.state.call.graph == "private_check"
    room.key("space").guide_finishes()
    begun = len(room.effects)
    for key in answers:
        room.key(key).guide_finishes()
    told = [effect.fact for effect in room.effects[begun:] if isinstance(effect, Publish)]
    steps = [fact.step for fact in told if isinstance(fact, StepEntered)]
    replies: list[object] = [fact.meaning for fact in told if isinstance(fact, Reply)]
    return steps, replies


def test_whatever_is_answered_alone_the_same_is_said_and_nothing_of_it_is_told() -> None:
    steps, replies = asked_alone("yyyyy")
    for answers in ("nnnnn", "ynyny", "sssss", "nynsy"):
        assert asked_alone(answers)[0] == steps
    assert "yes" not in replies
    assert "no" not in asked_alone("nnnnn")[1]
    assert steps[-5:] == ["thanks", "page", "light", "excuse", "back_in"]


def test_in_the_check_only_keys_are_heard() -> None:
    table = alone_with_ana()
    table.key("space").guide_finishes()
    assert (table.step, table.microphone) == ("afraid", False)
    keys(table, "nnnnn")
    assert (table.step, table.microphone) == ("back_in", True)


def test_then_the_other_one_is_asked_and_both_come_back_with_their_roles() -> None:
    table = alone_with_ana()
    for who in ("Ana", "Ben"):
        assert (table.step, table.last.split()[0]) == ("go_out", who)
        table.key("space").guide_finishes()
        keys(table, "nnnnn").key("space").guide_finishes()
    assert table.where[-1] == ("consent", "wish")
    assert table.actor == "Ana"


@pytest.mark.parametrize("by", ["words", "key"])
def test_the_check_may_be_asked_for_on_any_day_and_then_both_do_it(by: str) -> None:
    table = keys(decided(evening()), "88")
    assert table.step == "first"
    if by == "words":
        table.command("private_check").guide_finishes()
    else:
        table.key("c").guide_finishes()
    for who in ("Ana", "Ben"):
        assert (table.where[-1], table.last.split()[0]) == (("private_check", "go_out"), who)
        table.key("space").guide_finishes()
        keys(table, "nnnnn").key("space").guide_finishes()
    assert table.step == "first"
    assert table.dialogue.guide.state.sender == 0


@pytest.mark.parametrize("outcome", ["good", "failed", "unavailable"])
def test_a_notice_that_cannot_be_remembered_stops_nobody(outcome: str) -> None:
    table = keys(evening(slots={}), "yyyy").performed(outcome).guide_finishes()
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("store", "notice")
    assert table.step == "private"


# ------------------------------------------------------------------ what is kept


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        ("Nothing.", "All words.", "none"),
        ("Notes.", "Counts, please.", "counts"),
        ("All words.", "Only notes.", "notes"),
    ],
)
def test_both_say_what_may_be_kept_and_the_result_is_said(first: str, second: str, level: str) -> None:
    table = evening()
    table.says(ANA, first)
    assert (table.tasks[-1].task, table.tasks[-1].partner) == ("consent", 0)
    table.performed("good").guide_finishes()
    assert table.actor == "Ben"
    table.says(BEN, second)
    assert (table.tasks[-1].task, table.tasks[-1].partner) == ("consent", 1)
    table.performed("good", values=(("keeping", f"choice:{level}", level),))
    said = {"none": "consent.nothing", "counts": "consent.counts", "notes": "consent.notes"}[level]
    assert said in table.prompts
    table.guide_finishes().key("k")
    assert table.prompts[-1] == f"guide.kept_{level}"


def test_where_nothing_can_be_kept_that_is_said_and_the_evening_goes_on() -> None:
    table = evening().key("3").guide_finishes()
    table.performed("unavailable").guide_finishes()
    assert "consent.nothing" in table.prompts
    assert table.where[-1] == ("check_in", "calm")


# ------------------------------------------------------------------ calm


@pytest.mark.parametrize(
    ("numbers", "step"), [("78", "first"), ("48", "first"), ("38", "offer"), ("82", "offer"), ("00", "offer")]
)
def test_three_or_less_offers_something_lighter_after_both_were_asked(numbers: str, step: str) -> None:
    table = keys(decided(evening()), numbers)
    assert table.step == step


def test_ten_is_the_key_x() -> None:
    table = keys(decided(evening()), "xx")
    assert table.dialogue.guide.state.slots["calm"].meaning == "number:10"


def test_something_lighter_is_an_appreciation_a_time_out_or_another_day() -> None:
    assert keys(decided(evening()), "281").where[-1] == ("appreciation", "invite")
    table = keys(decided(evening()), "282")
    assert table.where[-1] == ("time_out", "how_long")
    table.waits(31).waits(1201).guide_finishes()
    keys(table, "7711")
    assert (table.step, table.where[-1][0]) == ("calm", "check_in")
    assert keys(table, "66").where[-1] == ("menu", "first")
    assert keys(decided(evening()), "283").ended == "stopped"


def test_the_guide_never_says_how_somebody_is() -> None:
    prompts = real_script().languages["en"].prompts
    said = " ".join(p.first.lower() for key, p in prompts.items() if key.startswith(("check_in.", "time_out.")))
    for word in ("angry", "upset now", "you sound", "you seem", "you are upset", "you look"):
        assert word not in said


# ------------------------------------------------------------------ what it shall be


def at_the_menu(**more: object) -> Table:
    return keys(decided(evening(**more)), "88")


def test_the_menu_leads_to_every_dialogue_by_voice_or_key() -> None:
    chosen: set[str] = set()
    menu = [graph.id for graph in real_script().graphs.values() if graph.menu]
    for keys_to_it in ("", "5", "55", "555", "5554"):
        for key in "1234":
            table = keys(at_the_menu(), keys_to_it + key)
            slot = table.dialogue.guide.state.slots.get("dialogue")
            if slot is not None:
                chosen.add(slot.meaning.removeprefix("choice:"))
    assert chosen >= set(menu)


@pytest.mark.parametrize(
    ("words", "graph"),
    [("An appreciation, please.", "appreciation"), ("Let's do the dialogue.", "dialogue"), ("A dialogue.", "dialogue")],
)
def test_the_menu_understands_names(words: str, graph: str) -> None:
    table = at_the_menu()
    table.says(BEN, words)
    assert table.guide_finishes().where[-1][0] == graph


def test_a_dialogue_that_was_asked_for_needs_no_menu() -> None:
    table = at_the_menu(slots={**KNOWN, "dialogue": Slot("choice:appreciation")})
    assert table.where[-1] == ("appreciation", "invite")
    assert not any(key.startswith("menu.") for key in table.prompts)


def test_nothing_today_leads_to_the_close() -> None:
    assert keys(at_the_menu(), "5555").where[-1][0] == "closing"
    table = keys(at_the_menu(), "555")
    table.says(ANA, "Nothing today.")
    assert table.guide_finishes().where[-1][0] == "closing"


# ------------------------------------------------------------------ what is due


def test_what_is_due_is_offered_first_and_may_wait() -> None:
    due = {**KNOWN, "due": Slot("words", "Two weeks ago Ben chose a walk on Sundays.")}
    table = decided(evening(slots=due))
    assert table.last == "Two weeks ago Ben chose a walk on Sundays. Shall we look at it first?"
    table.says(BEN, "Later.")
    assert table.guide_finishes().where[-1] == ("check_in", "calm")


def test_what_is_due_is_looked_back_at_before_anything_else() -> None:
    due = {**KNOWN, "due": Slot("words", "Two weeks ago Ben chose a walk on Sundays.")}
    table = keys(decided(evening(slots=due)), "y")
    assert table.where[-1] == ("follow_up", "look")
    table.performed("good", values=(("giver", "name:1", ""), ("request", "words", "A walk."))).guide_finishes()
    assert (table.step, table.actor) == ("often", "Ben")
    to_the_end(table, calm="Seven.", calm_too="Seven.", next_time="No.")
    assert table.steps.index("calm") > table.steps.index("keep")


def test_a_date_of_today_is_told_and_nobody_has_to_answer() -> None:
    table = decided(evening(slots={**KNOWN, "dates": Slot("words", "Today, as planned: the holiday")}))
    assert "session.dates" in table.prompts
    assert table.where[-1] == ("check_in", "calm")


@pytest.mark.parametrize(
    ("answer", "then"),
    [("No.", "old_dates"), ("Later.", "calm"), ("Yes.", "when")],
)
def test_a_date_that_went_by_may_get_a_new_one(answer: str, then: str) -> None:
    over = Slot("words", "Some days ago you planned: the holiday. Would you like a new date?")
    table = decided(evening(slots={**KNOWN, "overdue": over}))
    assert table.last == "Some days ago you planned: the holiday. Would you like a new date?"
    table.says(BEN, answer)
    assert table.guide_finishes().step == then
    if then == "when":
        table.says(ANA, "Tomorrow at eight.")
        assert (table.tasks[-1].task, table.tasks[-1].what) == ("store", "appointment")
        table.performed("good").guide_finishes()
    if then != "calm":
        assert (table.tasks[-1].task, table.tasks[-1].what) == ("store", "old_dates")
        table.performed("good").guide_finishes()
    assert table.where[-1] == ("check_in", "calm")


# ------------------------------------------------------------------ an evening that was broken off


def test_what_may_be_kept_is_asked_before_it_goes_on() -> None:
    table = evening(slots={**KNOWN, "unfinished": Slot("words", "the mirror")})
    table.says(BEN, "Yes.")
    assert table.guide_finishes().where[-1] == ("consent", "wish")
    assert (decided(table).tasks[-1].task, table.tasks[-1].what) == ("take_up", "")


def test_no_is_no_for_good() -> None:
    table = evening(slots={**KNOWN, "unfinished": Slot("words", "the mirror")})
    table.says(BEN, "No.")
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("take_up", "declined")
    assert table.performed("good").guide_finishes().where[-1] == ("consent", "wish")


# ------------------------------------------------------------------ what do you keep?


def test_what_is_kept_is_told_and_changed_by_both() -> None:
    table = at_the_menu()
    stood = table.where
    table.command("what_is_kept")
    assert table.prompts[-1] == "guide.kept_none"
    table.guide_finishes().says(BEN, "Yes.")
    table.guide_finishes()
    for level in ("none", "notes"):
        table.says(ANA if level == "none" else BEN, "Notes.")
        assert table.tasks[-1].task == "consent"
        table.performed("good", values=(("keeping", f"choice:{level}", ""),)).guide_finishes()
    assert "consent.notes" in table.prompts
    assert table.where == stood
    table.command("what_is_kept").guide_finishes()
    assert "guide.kept_notes" in table.prompts
    table.says(ANA, "No.")
    assert table.guide_finishes().where == stood


@pytest.mark.parametrize(
    ("code", "told"), [("failed", "none"), ("full", "none"), ("late", "notes"), ("aside", "notes")]
)
def test_where_the_disk_fails_nothing_is_said_to_be_kept(code: str, told: str) -> None:
    table = at_the_menu(slots={**KNOWN, "keeping": Slot("choice:notes")})
    table.dialogue.guide.state = table.dialogue.guide.state.keep("keeping", Slot("choice:notes"))
    table.fails("journal", code).guide_finishes().command("what_is_kept")
    assert table.prompts[-1] == f"guide.kept_{told}"


# ------------------------------------------------------------------ the close


def at_the_close() -> Table:
    table = keys(at_the_menu(), "555")
    table.says(ANA, "Nothing today.")
    return table.guide_finishes()


@pytest.mark.parametrize(
    ("outcome", "values", "prompt"),
    [
        ("good", (("times", "number:1", "one"),), "closing.first_time"),
        ("good", (("times", "number:5", "five"),), "closing.that_many"),
        ("not_kept", (), "closing.celebrate"),
        ("unavailable", (), "closing.celebrate"),
    ],
)
def test_the_close_says_one_true_and_equal_sentence(
    outcome: str, values: tuple[tuple[str, str, str], ...], prompt: str
) -> None:
    table = at_the_close()
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("store", "finished")
    table.performed(outcome, values=values)
    assert prompt in table.prompts
    text = next(line.text for line in table.said if line.prompt == prompt)
    assert "Ana" not in text
    assert "Ben" not in text


def test_the_next_time_is_noted_or_said_back_and_the_guide_stops_listening() -> None:
    for outcome, said in (("good", "Saturday at six, then. I have noted it."), ("not_kept", "I keep nothing, so")):
        table = at_the_close().performed("unavailable").guide_finishes()
        table.says(BEN, "On Saturday at six.")
        assert (table.tasks[-1].task, table.tasks[-1].what) == ("store", "appointment")
        table.performed(outcome).guide_finishes()
        assert any(said in line.text for line in table.said)
        assert table.ended == "finished"
        assert table.last == "I have stopped listening. Help numbers are always under help."


def test_notes_can_be_deleted_at_the_end() -> None:
    table = evening()
    table.key("3").guide_finishes()
    table.performed("good").guide_finishes().key("3").guide_finishes()
    table.performed("good", values=(("keeping", "choice:notes", "notes"),)).guide_finishes()
    keys(table, "88555").says(ANA, "Nothing today.")
    table.guide_finishes().performed("not_kept").guide_finishes()
    assert table.step == "keep"
    table.says(BEN, "Delete them.")
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("forget", "session")
    table.performed("good")
    assert "closing.gone" in table.prompts


def test_delete_is_asked_once_at_any_time_and_said_when_it_is_true() -> None:
    table = at_the_menu().command("delete").guide_finishes()
    table.says(ANA, "All of it.")
    assert table.guide_finishes().step == "all"
    table.says(BEN, "Yes.")
    table.guide_finishes()
    assert (table.tasks[-1].task, table.tasks[-1].what) == ("forget", "everything")
    assert "delete.gone" not in table.prompts
    table.performed("good")
    assert table.prompts[-1] == "delete.gone"
    assert table.guide_finishes().where[-1] == ("menu", "first")


def test_where_to_find_help_names_the_directory_two_books_courses_and_groups_and_no_number() -> None:
    table = at_the_menu().command("find_help").guide_finishes()
    said = " ".join(line.text for line in table.said if line.prompt.startswith("find_help."))
    for what in ("directory", "Getting the Love You Want", "Keeping the Love You Find", "courses", "groups", "talks"):
        assert what in said
    assert not any(character.isdigit() for character in said)
