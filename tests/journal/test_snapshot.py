"""Where a dialogue stands survives as bytes, wherever it stands, and without a word where none may be kept."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.driver import ANA, BEN, Table, real_script
from tests.journal.kept_room import NAMES
from voice_imago.dialogue.beginning import LASTING, Standing, fits, standing_of
from voice_imago.dialogue.course import Course
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import State
from voice_imago.dialogue.when import When
from voice_imago.events import Disclosed
from voice_imago.hearing.endpointing import EndpointSettings
from voice_imago.hearing.hearing import HearingSettings
from voice_imago.hearing.segmenter import SegmenterSettings
from voice_imago.journal.levels import LEVELS, Level
from voice_imago.journal.snapshot import read_settings, read_standing, write_settings, write_shape, write_standing
from voice_imago.session import SessionSettings

WAYS = (
    "usual", "yes", "no", "partly", "story", "repeat", "back", "skip", "pause", "time_out", "help", "stop", "interrupt",
    "fault", "voices", "wait", "nothing", "not_me",
)  # fmt: skip


def walked(ways: list[str], dialogue: str = "appreciation", prelude: tuple[str, ...] = ()) -> Table:
    """A table where all of that happened, one thing after the other."""
    table = Table(dialogue, partners=NAMES, prelude=prelude, voices="known")
    for way in ways:
        if table.dialogue.over:
            break
        go(table, way)
    return table


def go(table: Table, way: str) -> None:
    who = table.dialogue.guide.actor
    who = ANA if who is None else who
    if way == "usual":
        table.does_what_is_asked()
    elif way in ("yes", "no", "partly", "story"):
        table.guide_finishes()
        if table.window is not None:
            table.says(who, {"story": "It was long and the xylophone fell down the stairs again."}.get(way, way))
    elif way == "interrupt":
        table.interrupts(BEN if who == ANA else ANA)
    elif way == "fault":
        table.fails("recogniser").recovers("recogniser")
    elif way == "voices":
        table.command("learn_voices")
    elif way == "wait":
        table.waits(25.0)
    elif way == "nothing":
        table.guide_finishes()
        if table.window is not None:
            table.says(who, None)
    else:
        table.command(way, who)


@given(st.lists(st.sampled_from(WAYS), max_size=40), st.sampled_from(["appreciation", "dialogue"]))
def test_wherever_it_stands_it_comes_back_the_same(ways: list[str], dialogue: str) -> None:
    guide = walked(ways, dialogue).dialogue.guide
    standing = standing_of(guide, "what was mirrored")
    assert read_standing(write_standing(standing, "transcript")) == standing
    assert fits(real_script(), standing)


@given(st.lists(st.sampled_from(WAYS), max_size=25), st.sampled_from(LEVELS[1:]))
def test_no_word_and_no_name_is_in_it(ways: list[str], level: Level) -> None:
    standing = standing_of(walked(ways).dialogue.guide, "the xylophone went upstairs")
    written = write_standing(standing, level)
    for word in (*NAMES, "stairs"):
        assert word.encode() not in written or (word == "stairs" and level == "transcript")
    mirrored = read_standing(written).mirrored
    assert mirrored == ("the xylophone went upstairs" if level == "transcript" else "")


def test_a_walk_before_the_dialogue_comes_back() -> None:
    guide = walked(["usual"], prelude=("room", "voices")).dialogue.guide
    standing = standing_of(guide)
    assert guide.state.to_come
    assert read_standing(write_standing(standing, "counts")) == standing


def test_what_outlives_the_program_is_on_the_state() -> None:
    """A field that is renamed would be lost without a sound; one of these names may be missing: kept answers."""
    assert set(LASTING) >= {"calls", "to_come", "sender", "trail", "aside_visits"}
    assert set(LASTING) <= {field.name for field in fields(State)}


NUMBER, WORDS = Slot("number:7"), Slot("words", "the xylophone")
LINES, DATE = Slot("list", items=("the xylophone", "tea")), Slot("date:+1d", "tomorrow", When(days=1))


@pytest.mark.parametrize(
    ("level", "left"),
    [("counts", {"calm"}), ("notes", {"calm", "request"}), ("transcript", {"calm", "request", "topic", "lines"})],
)
def test_kept_answers_that_are_words_go_where_no_words_are_kept(level: Level, left: set[str]) -> None:
    """With notes, what is on its way to be agreed on stays; what somebody spoke of harm stays nowhere."""
    slots = {"calm": NUMBER, "topic": WORDS, "request": WORDS, "lines": LINES, "disclosed": Slot("choice:harm")}
    standing = Standing({"slots": slots, "calls": (), "to_come": (), "trail": ()}, {}, "")
    written = write_standing(standing, level, ["request"])
    assert set(read_standing(written).lasting["slots"]) == left
    assert (b"xylophone" in written) is (level != "counts")


def test_a_day_stays_without_the_words_for_it() -> None:
    standing = Standing({"slots": {"when": DATE}, "calls": (), "to_come": (), "trail": ()}, {}, "")
    slots = read_standing(write_standing(standing, "counts")).lasting["slots"]
    assert slots == {"when": replace(DATE, text="")}


def test_the_shape_for_a_replay_says_how_many_words_there_were() -> None:
    slots = {"topic": WORDS, "lines": LINES}
    written = write_shape(Standing({"slots": slots, "calls": (), "to_come": (), "trail": ()}, {}, "the tea"))
    assert b"tea" not in written
    assert b"xylophone" not in written
    found = read_standing(written)
    assert (found.lasting["slots"]["topic"].text, found.mirrored) == ("· ·", "· ·")
    assert found.lasting["slots"]["lines"].items == ("·0", "·1")


def test_of_a_hidden_graph_not_even_the_walk_is_kept() -> None:
    table = Table("appreciation")
    table.guide_finishes().feed(Disclosed(table.at, "harm"))
    standing = standing_of(table.dialogue.guide)
    assert b"pause_here" in write_standing(standing, "transcript")
    lasting = {**standing.lasting, "calls": standing.lasting["calls"][:1]}
    written = write_standing(replace(standing, lasting=lasting), "transcript", (), {"pause_here"})
    assert b"pause_here" not in written
    assert b"harm" not in written


def test_what_this_version_cannot_read_is_a_value_error() -> None:
    good = write_standing(standing_of(walked(["usual"]).dialogue.guide), "counts")
    for bad in (b"", good[:-1], b"\x80", good.replace(b"graph", b"grape")):
        with pytest.raises(ValueError, match="cannot be read"):
            read_standing(bad)


def test_a_standing_of_steps_that_are_gone_does_not_fit() -> None:
    standing = standing_of(walked(["usual"] * 3).dialogue.guide)
    script = real_script()
    calls = standing.lasting["calls"]
    other = replace(calls[-1], step="no_such_step")
    assert fits(script, standing)
    assert not fits(script, replace(standing, lasting={**standing.lasting, "calls": (*calls[:-1], other)}))
    assert not fits(script, replace(standing, lasting={**standing.lasting, "to_come": ("nowhere",)}))
    assert not fits(script, replace(standing, lasting={**standing.lasting, "calls": ()}))


def test_the_settings_come_back_without_names() -> None:
    hearing = HearingSettings(SegmenterSettings(on=0.8, off=0.4, lag_s=0.03), EndpointSettings("patient", least_s=0.9))
    course = Course("dialogue", "en", NAMES, 1, "answers", ("guide.hello",), ("room",), "learn")
    settings = SessionSettings(course, hearing, "scene")
    written = write_settings(settings)
    assert not any(name.encode() in written for name in NAMES)
    assert read_settings(written, NAMES) == settings
    assert read_settings(written).course.partners == ("One", "Two")


def test_the_address_of_a_speech_server_is_not_kept() -> None:
    settings = SessionSettings(Course("dialogue", "en", NAMES), HearingSettings(), "wyoming://192.168.1.20")
    assert b"192.168" not in write_settings(settings)
