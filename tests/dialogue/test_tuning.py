"""Each partner is spoken to in their own way; short tones are introduced once, and may be words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from driver import ANA, BEN, Table, real_script

from voice_imago.dialogue.ahead import roles
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.engine import Dialogue
from voice_imago.dialogue.tuning import LIMITS, VoiceTuning, gentler
from voice_imago.events import Chime, Effect, Mute, Perform, Prepare, Say, TuneVoice, VoiceTuned


def tuned(table: Table) -> list[tuple[float, int | None]]:
    return [(effect.rate, effect.to) for effect in table.effects if isinstance(effect, TuneVoice)]


def test_who_asks_for_it_is_spoken_to_more_slowly_and_both_by_the_slower_pace() -> None:
    table = Table().goes_to("thing").command("slower", ANA)
    assert tuned(table) == [(0.9, ANA), (0.9, None)]
    table.guide_finishes().command("faster", BEN)
    assert tuned(table)[2:] == [(1.15, BEN)], "what is said to both stays as slow as one of them wants it"


def test_a_key_or_an_unknown_voice_means_both() -> None:
    table = Table().goes_to("thing").key("+")
    assert tuned(table) == [(1.15, ANA), (1.15, BEN), (1.15, None)]
    table.guide_finishes().command("slower", None)
    assert tuned(table)[3:] == [(1.0, ANA), (1.0, BEN), (1.0, None)]


def test_each_change_is_told_of_with_whom_it_is_for() -> None:
    table = Table().goes_to("thing").command("louder", BEN)
    told = [(fact.for_, fact.rate, fact.volume, fact.pitch) for fact in table.published(VoiceTuned)]
    assert told == [(BEN, 1.0, 1.0, 1.0), (None, 1.0, 1.0, 1.0)]
    table.guide_finishes().command("louder", BEN)
    assert len(table.published(VoiceTuned)) == 2, "nothing changed"


@pytest.mark.parametrize("by", ["key", None, ANA])
def test_who_is_asked_about_the_pace_sets_their_own_though_no_voice_is_known_yet(by: Any) -> None:
    table = Table("set_up").goes_to("pace").command("slower", by)
    assert tuned(table) == [(0.9, ANA), (0.9, None)]
    assert table.said[-1].to == ANA
    table.guide_finishes().says(ANA, "Yes.")
    table.guide_finishes()
    assert table.step == "pace_too"
    table.command("faster", "key").guide_finishes().command("another_voice", "key")
    assert tuned(table)[2:] == [(1.15, BEN)]
    assert table.tasks[-1].partner == BEN


def test_a_known_voice_speaks_for_itself_also_while_the_other_one_is_asked() -> None:
    table = Table("set_up").goes_to("pace").command("slower", BEN)
    assert tuned(table) == [(0.9, BEN), (0.9, None)]


def test_the_confirmation_is_heard_in_the_new_way_by_whom_it_is_for() -> None:
    table = Table().goes_to("thing").command("lower", BEN)
    said = table.said[-1]
    assert (said.prompt, said.to, said.fresh) == ("guide.lower", BEN, True)


def test_both_hear_the_gentlest_of_what_each_of_them_wants() -> None:
    ana, ben = VoiceTuning(2.0, 0.2, 1.2), VoiceTuning(0.8, 1.0, 1.0)
    assert gentler((ana, ben)) == VoiceTuning(0.8, 1.0, 1.0)


@pytest.mark.parametrize(("way", "last"), list(LIMITS.items()))
def test_each_way_ends_and_says_so(way: str, last: str) -> None:
    table = Table().goes_to("thing")
    for _ in range(12):
        table.command(way, None).guide_finishes()
    assert table.prompts[-1] == f"guide.{last}"


def test_a_prompt_is_said_in_the_way_of_whose_turn_it_is_and_rendered_so_beforehand() -> None:
    table = Table().goes_to("thing")
    said = next(say for say in reversed(table.said) if say.prompt == "appreciation.thing")
    assert said.to == ANA
    ahead = [dict(zip(e.texts, e.to, strict=True)) for e in table.effects if isinstance(e, Prepare) and e.to]
    assert any(prepared.get(said.text) == ANA for prepared in ahead)
    table.says(ANA, "Your breakfast on Sunday.")
    mirror = table.said[-1]
    assert mirror.to == BEN
    assert any(prepared.get(mirror.text) == BEN for prepared in ahead)


def test_another_voice_says_so_itself_and_where_there_is_none_that_is_said() -> None:
    table = Table().goes_to("thing").command("another_voice", ANA)
    assert (table.tasks[-1].task, table.tasks[-1].partner) == ("another_voice", ANA)
    table.performed("good")
    assert (table.said[-1].prompt, table.said[-1].to, table.said[-1].fresh) == ("guide.another_voice", ANA, True)
    table.guide_finishes().key("j").performed("only")
    assert (table.prompts[-1], table.said[-1].to) == ("guide.only_voice", None)
    assert table.guide_finishes().step == "thing"


def to_its_end(dialogue: str) -> Table:
    """A couple who do whatever they are asked to."""
    table = Table(dialogue, greeting=True)
    for _ in range(200):
        if table.ended is not None:
            return table
        table.does_what_is_asked()
    raise AssertionError(f"it does not end: {table.step}")


@pytest.mark.parametrize("dialogue", ["dialogue", "request", "repair"])
def test_whatever_the_dialogue_says_by_itself_was_asked_for_beforehand(dialogue: str) -> None:
    """Of a whole dialogue no prompt comes as a surprise; what holds an answer is asked for one step before.

    And each in the way of whom it is said to, which may be a sound of its own.
    """
    table = to_its_end(dialogue)
    wanted: set[tuple[str, int | None]] = set()
    late = []
    for effect in table.effects:
        if isinstance(effect, Prepare):
            wanted |= set(zip(effect.texts, effect.to or [None] * len(effect.texts), strict=True))
        elif isinstance(effect, Say) and (effect.text, effect.to) not in wanted:
            late.append((effect.text, effect.to))
    assert late == []


@pytest.mark.parametrize("dialogue", ["dialogue", "appreciation", "request"])
def test_whoever_is_called_by_name_is_spoken_to_in_their_own_way(dialogue: str) -> None:
    table = to_its_end(dialogue)
    called = {
        (say.to, who)
        for say in table.said
        for who, name in enumerate(("Ana", "Ben"))
        if say.text.startswith(f"{name}, ")
    }
    assert called == {(ANA, ANA), (BEN, BEN)}


def test_a_move_and_what_is_said_again_are_for_whom_they_call() -> None:
    table = Table("dialogue").goes_to("mirror")
    table.says(BEN, "But that is not true, you are wrong, and you always do that.")
    assert (table.last[: len("Ben,")], table.said[-1].to) == ("Ben,", BEN)
    wording, names = table.dialogue.guide.wording, {"sender": "Ana", "receiver": "Ben", "actor": "Ana", "other": "Ben"}
    assert wording.line("guide.one_sentence", names).to == ANA
    assert wording.line("guide.floor_back", names).to is None


def test_help_repeats_the_step_in_the_way_of_whose_turn_it_is() -> None:
    table = Table().goes_to("thing").key("h").guide_finishes()
    said = next(say for say in reversed(table.said) if say.prompt == "appreciation.thing")
    assert said.to == ANA


def test_a_dialogue_that_is_chosen_at_the_menu_is_asked_for_when_it_begins() -> None:
    dialogue = Dialogue(real_script(), Course("session", "en", ("Ana", "Ben")))
    before = {text for effect in dialogue.begin(0.0) if isinstance(effect, Prepare) for text in effect.texts}
    guide = dialogue.guide
    guide.prepare_all(("repair",))
    now = {text for effect in guide.flush() if isinstance(effect, Prepare) for text in effect.texts}
    first = next(step for step in guide.script.graphs["repair"].steps.values() if step.prompt)
    own = guide.wording.line(first.prompt, roles(("Ana", "Ben"), first, 0)).text
    assert own in now - before


# ------------------------------------------------------------------ earcons


def begun(**course: Any) -> Dialogue:
    dialogue = Dialogue(real_script(), replace(Course("appreciation", "en", ("Ana", "Ben")), **course))
    dialogue.begin(0.0)
    return dialogue


def pauses(dialogue: Dialogue) -> list[Effect]:
    dialogue.guide.chime("paused")
    dialogue.guide.speak([dialogue.guide.line("guide.paused")], "pause")
    return [e for e in dialogue.guide.flush() if isinstance(e, Chime | Say | Perform)]


def test_a_tone_is_introduced_in_words_the_first_time_and_never_again() -> None:
    dialogue = begun(earcons_known=frozenset())
    first, again = pauses(dialogue), pauses(dialogue)
    assert first[0] == Chime("paused")
    assert [e.prompt for e in first if isinstance(e, Say)] == ["guide.sound_paused"]
    assert [(e.task, e.what) for e in first if isinstance(e, Perform)] == [("know_sound", "paused")]
    assert [e.prompt for e in again if isinstance(e, Say)] == ["guide.paused"]
    assert not any(isinstance(e, Perform) for e in again)


def test_words_take_the_place_of_a_tone_where_nothing_else_says_it() -> None:
    dialogue = begun(earcons="words")
    dialogue.guide.chime("listening")
    dialogue.guide.speak([dialogue.guide.line("guide.resumed")], "again")
    said = [e for e in dialogue.guide.flush() if isinstance(e, Chime | Say)]
    assert [getattr(e, "prompt", e) for e in said] == ["guide.instead_listening"]
    assert [getattr(e, "prompt", e) for e in pauses(dialogue)] == ["guide.paused"]


def test_without_tones_there_are_neither_tones_nor_words() -> None:
    assert [getattr(e, "prompt", e) for e in pauses(begun(earcons="off"))] == ["guide.paused"]


def test_a_tone_in_the_middle_of_a_turn_is_introduced_when_the_guide_speaks_next() -> None:
    dialogue = begun(earcons_known=frozenset())
    guide = dialogue.guide
    guide.chime("time", alone=True)
    guide.chime("time", alone=True)
    guide.speak([guide.line("guide.resumed")], "again")
    effects = guide.flush()
    assert [e for e in effects if isinstance(e, Chime)] == [Chime("time", "The time is over.")] * 2
    assert [e.prompt for e in effects if isinstance(e, Say)] == ["guide.sound_time"]
    assert [line.key for line in guide.state.queue] == ["guide.sound_time", "guide.resumed"]


def test_words_in_place_of_a_tone_are_said_in_the_middle_of_a_turn_too() -> None:
    dialogue = begun(earcons="words")
    dialogue.guide.flush()
    dialogue.guide.chime("time", alone=True)
    assert [e.prompt for e in dialogue.guide.flush() if isinstance(e, Say)] == ["guide.instead_time"]


def test_where_the_guide_is_only_read_words_take_the_place_of_tones() -> None:
    dialogue = begun(mute="voice")
    dialogue.guide.chime("listening")
    dialogue.guide.speak([dialogue.guide.line("guide.resumed")], "again")
    said = [e for e in dialogue.guide.flush() if isinstance(e, Chime | Say)]
    assert [getattr(e, "prompt", e) for e in said] == ["guide.instead_listening"]


# ------------------------------------------------------------------ only read, only heard


def muted(table: Table) -> list[tuple[str, str]]:
    return [(effect.what, effect.after) for effect in table.effects if isinstance(effect, Mute)]


@pytest.mark.parametrize(
    ("name", "key", "what"), [("text_only", "*", "voice"), ("voice_only", "#", "text"), ("voice_and_text", "", "")]
)
def test_the_guide_is_only_read_or_only_heard_by_word_and_by_key(name: str, key: str, what: str) -> None:
    for table in (Table().goes_to("thing").command(name, BEN), Table().goes_to("thing").key(key) if key else None):
        if table is not None:
            assert muted(table) == [(what, f"guide.{name}")]
            assert table.prompts[-1] == f"guide.{name}"
            assert (table.tasks[-1].task, table.tasks[-1].what) == ("keep_way", what or "both")
            assert table.guide_finishes().step == "thing"


def test_the_key_that_muted_brings_back_and_the_word_only_ever_mutes() -> None:
    table = Table().goes_to("thing").key("*").guide_finishes().key("*").guide_finishes()
    assert muted(table) == [("voice", "guide.text_only"), ("", "guide.voice_and_text")]
    table.command("text_only", ANA).guide_finishes().command("text_only", ANA)
    assert muted(table)[2:] == [("voice", "guide.text_only"), ("voice", "guide.text_only")]


def test_sounds_are_exchanged_for_words_and_back_by_key_and_by_word() -> None:
    table = Table().goes_to("thing").key(";").guide_finishes().command("sounds", ANA)
    told = [prompt for prompt in table.prompts if prompt in ("guide.words_for_sounds", "guide.sounds_again")]
    assert told == ["guide.words_for_sounds", "guide.sounds_again"]
    assert [task.what for task in table.tasks if task.task == "keep_way"] == ["words", "sounds"]


def test_what_cannot_be_remembered_is_said_before_the_next_prompt() -> None:
    table = Table().goes_to("thing").fails("settings")
    assert "guide.settings_failed" not in table.prompts
    table.says(ANA, "Your breakfast on Sunday.")
    table.guide_finishes()
    assert "guide.settings_failed" in table.prompts


def test_a_tone_that_means_something_else_this_once_is_not_introduced() -> None:
    dialogue = begun(earcons_known=frozenset())
    guide = dialogue.guide
    guide.chime("time", alone=True, instead=guide.line("guide.paused"))
    guide.speak([guide.line("guide.resumed")], "again")
    effects = guide.flush()
    assert [e for e in effects if isinstance(e, Chime)] == [Chime("time", guide.line("guide.paused").text)]
    assert [e.prompt for e in effects if isinstance(e, Say)] == ["guide.resumed"]


def test_words_are_what_it_means_this_once() -> None:
    dialogue = begun(earcons="words")
    guide = dialogue.guide
    guide.chime("time", alone=True, instead=guide.line("guide.paused"))
    assert [e.prompt for e in guide.flush() if isinstance(e, Say)] == ["guide.paused"]


def test_a_voice_that_failed_introduces_no_tone() -> None:
    table = Table("appreciation").goes_to("thing")
    table.dialogue.guide.course = replace(table.dialogue.guide.course, earcons_known=frozenset())
    count = len(table.said)
    table.fails("voice", "failed").guide_finishes()
    assert table.chimes[-1] == "fault"
    assert "guide.sound_fault" not in table.prompts[count:]
    table.fails("detector", "failed").guide_finishes()
    assert "guide.sound_fault" in table.prompts[count:]
