"""A kept session fed again makes the same decisions, with its words or without; a changed one does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.journal.kept_room import BEN, NAMES, KeptRoom, found, keep_one, kept, rows, script
from voice_imago.dialogue.script import prompts_folder
from voice_imago.errors import FileError
from voice_imago.events import KeyPressed, SessionEnded
from voice_imago.journal import files
from voice_imago.journal.journal import reading
from voice_imago.journal.levels import Level
from voice_imago.journal.replay import Kept, digest_of, kept_session, replay


@pytest.fixture
def path(home: Path) -> Path:
    return files.journal_file()


def newest(path: Path, number: int | None = None) -> Kept:
    with reading(path) as connection:
        return kept_session(connection, number)


@pytest.mark.parametrize(("level", "by"), [("counts", "answers"), ("notes", "answers"), ("transcript", "words")])
def test_a_kept_session_makes_the_same_decisions_again(path: Path, level: Level, by: str) -> None:
    room = keep_one(path, level)
    done = replay(script(), newest(path))
    assert done.differences == ()
    assert done.by == by
    over = room.published(SessionEnded)[0].at
    assert done.inputs == sum(1 for one in room.inputs if one.at <= over)
    assert done.facts > 100


@pytest.mark.parametrize("level", ["counts", "transcript"])
def test_answers_commands_and_doubts_come_out_the_same(path: Path, level: Level) -> None:
    """Whatever needs words: a misheard answer, a command in the middle, a question, "no", a time-out."""
    with kept(path, level) as keeper:
        room = KeptRoom(keeper)
        for who, text in ((BEN, "Purple elephants"), (BEN, "yes gladly"), (0, "You lifted it. Over to you."),
                          (1, "I hear you lifted it. Did I get it?"), (0, "Not quite."), (0, "Nearly, you did."),
                          (1, "pause")):  # fmt: skip
            room.guide_finishes()
            room.says(who, text)  # type: ignore[arg-type]
            room.is_silent_until_decided()
        room.key("p")
        room.to_the_end()
    assert replay(script(), newest(path)).differences == ()


def test_a_session_that_was_broken_off_is_replayed_as_far_as_it_was_written(path: Path) -> None:
    keep_one(path, "counts", 4)
    done = replay(script(), newest(path))
    assert done.same
    assert done.facts > 20


def test_a_session_whose_words_were_given_up_midway_is_replayed_without(path: Path) -> None:
    with kept(path, "transcript") as keeper:
        room = KeptRoom(keeper).goes_on(4)
        keeper.consent(0, "counts")
        room.to_the_end()
    assert found(path) == set()
    done = replay(script(), newest(path))
    assert (done.differences, done.by) == ((), "answers")


def test_a_session_by_keys_without_any_recogniser_is_replayed(path: Path) -> None:
    with kept(path, "counts") as keeper:
        room = KeptRoom(keeper, words="nothing")
        for key in ("y", "space", "space", "y", "n", "space", "q"):
            room.guide_finishes()
            room.waits(1.0)
            room.key(key)
        room.guide_finishes()
        assert room.session.over
    assert replay(script(), newest(path)).same


def test_another_key_is_noticed(path: Path) -> None:
    with kept(path, "counts") as keeper:
        KeptRoom(keeper, words="nothing").guide_finishes().key("n").guide_finishes()
    session = newest(path)
    others = [{**table, "key": "y"} if table["is"] == "KeyPressed" else table for table in session.part.others]
    session.part.others = others
    done = replay(script(), session)
    assert not done.same
    assert "Reply" in done.differences[0]
    assert "meaning=no" in done.differences[0]


def test_a_changed_prompt_key_or_patience_is_noticed(path: Path) -> None:
    """What a replay is for: this version decides otherwise than that one."""
    keep_one(path, "counts", 4)
    session, words = newest(path), script()
    timings = {**words.timings, "send": replace(words.timings["send"], end_silence_s=9.0)}
    assert replay(replace(words, timings=timings), session).differences != ()
    mirror = words.graphs["mirror"]
    steps = {**mirror.steps, "mirror": replace(mirror.steps["mirror"], next="more")}
    changed = replace(words, graphs={**words.graphs, "mirror": replace(mirror, steps=steps)})
    assert replay(changed, session).differences != ()


def test_the_newest_session_or_that_of_a_number(path: Path) -> None:
    keep_one(path, "counts", 2)
    keep_one(path, "transcript", 3)
    assert newest(path).row.id == 2
    assert newest(path, 1).row.level == "counts"
    assert newest(path, 2).settings.course.partners == NAMES
    assert newest(path, 1).settings.course.partners == ("One", "Two")
    with pytest.raises(FileError, match=r"There is no session 7\. Kept: 1, 2\."):
        newest(path, 7)


def test_a_session_that_was_not_kept_from_its_beginning_says_so(path: Path) -> None:
    with kept(path, None) as keeper:
        room = KeptRoom(keeper).goes_on(1)
        keeper.consent(0, "none")
        room.goes_on(1)
        keeper.consent(0, "counts")
        keeper.consent(1, "counts")
        room.goes_on(1)
    with pytest.raises(FileError, match="Session 1 was not kept from its beginning"):
        newest(path)


def test_a_session_of_prompts_that_are_gone_says_so(path: Path) -> None:
    keep_one(path, "counts", 2)
    words = script()
    graphs = {name: graph for name, graph in words.graphs.items() if name != "appreciation"}
    with pytest.raises(FileError, match="Session 1 needs prompts that are not here any more"):
        replay(replace(words, graphs=graphs), newest(path))


def test_what_the_stage_itself_feeds_is_on_the_tape(path: Path) -> None:
    """A key within the same moment as a frame keeps its place."""
    with kept(path, "counts") as keeper:
        room = KeptRoom(keeper).guide_finishes()
        room.feed(KeyPressed(room.at, "y"))
        room.frame()
        assert room.session.dialogue.step.id == "thing"
    assert replay(script(), newest(path)).same
    assert rows(path, "SELECT step FROM sessions") == [("thing",)]


def test_the_digest_changes_with_any_word(tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(prompts_folder(), tmp_path / "prompts")
    before = digest_of(folder)
    assert before == digest_of(prompts_folder())
    words = folder / "en" / "guide.toml"
    words.write_text(words.read_text("utf-8").replace("Hello", "Hallo"), "utf-8")
    assert digest_of(folder) != before
