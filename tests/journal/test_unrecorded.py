"""What nobody else may read is in no byte of the journal: words of harm, the private check, what a third voice said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.journal.kept_room import ANA, BEN, KeptRoom, found, kept, rows, script
from voice_imago.events import (
    UNKNOWN,
    Command,
    Interruption,
    Intervention,
    Publish,
    SessionEnded,
    StepEntered,
    Transcript,
    TurnEnded,
)
from voice_imago.journal import files
from voice_imago.journal.journal import reading
from voice_imago.journal.levels import Level
from voice_imago.journal.replay import kept_session, replay
from voice_imago.journal.store import tape_of

NOT_OURS = ("moment", "breathe", "afraid", "drunk", "pause_here", "private_check", "disclosed", "self_harm")
"""Names of steps, graphs and slots that would tell what was spoken of."""


@pytest.fixture
def path(home: Path) -> Path:
    return files.journal_file()


def everything(path: Path, number: int = 1) -> bytes:
    """All that the rows say of a session, with its tape unpacked."""
    with reading(path) as db:
        part = tape_of(db, number)
        tables = ("sessions", "turns", "words", "agreements", "appointments", "items", "counts", "looks")
        plain = [db.execute(f"SELECT * FROM {name}").fetchall() for name in tables]  # noqa: S608
    return repr((part, plain)).lower().encode()


@pytest.mark.parametrize("level", ["counts", "notes", "transcript"])
def test_words_of_harm_and_what_followed_them_are_kept_nowhere(path: Path, level: Level) -> None:
    """Nor the harmless words of the same turn; turns before and after are kept as ever."""
    with kept(path, level) as keeper:
        room = KeptRoom(keeper).goes_on(1)
        room.guide_finishes()
        assert room.step == "thing"
        room.words_after_s = 0.02
        room.says(ANA, "The marmalade was good")
        room.waits(0.4)
        room.says(ANA, "and then he hits me")
        room.waits(3.0)
        assert room.session.dialogue.guide.state.call.graph == "pause_here"
        before = rows(path, "SELECT step, length_s FROM sessions")
        room.guide_finishes().key("space").guide_finishes()
        assert room.step == "today"
        assert rows(path, "SELECT step FROM sessions") == [before[0][:1]] == [("thing",)]
        room.words_after_s = 0.2
        room.says(ANA, "continue")
        room.is_silent_until_decided()
        room.guide_finishes()
        assert room.step == "thing"
        room.to_the_end()
    content = everything(path)
    assert [word for word in (*NOT_OURS, "hits", "marmalade") if word.encode() in content] == []
    assert found(path, ("hits me", "marmalade")) == set()
    assert rows(path, "SELECT reason FROM sessions") == [("finished",)]
    assert (b"xylophone" in content) is (level == "transcript")
    done = replay(script(), _kept(path))
    assert (done.differences, done.closed) == ((), True)


def test_a_session_that_ends_in_the_pause_ends_where_it_stood(path: Path) -> None:
    with kept(path, "counts") as keeper:
        room = KeptRoom(keeper).goes_on(1)
        room.guide_finishes().says(ANA, "I want to kill myself")
        room.waits(3.0)
        room.guide_finishes().key("space").guide_finishes()
        room.key("q").guide_finishes()
        assert room.published(SessionEnded)
    assert [word for word in NOT_OURS if word.encode() in everything(path)] == []
    assert rows(path, "SELECT reason, step FROM sessions") == [("stopped", "thing")]


def test_of_the_private_check_nothing_is_kept(path: Path) -> None:
    """Not the answers, nor when they came, nor that there was one; it is the same after it."""
    with kept(path, "transcript") as keeper:
        room = KeptRoom(keeper).goes_on(1)
        taken = rows(path, "SELECT length_s FROM sessions")
        room.guide_finishes().key("c")
        for _ in range(40):
            room.guide_finishes()
            if room.step == "thing":
                break
            rest = room.session.dialogue.step.do == "rest"
            room.key("space" if rest else "y")
        assert room.step == "thing"
        assert {"afraid", "drunk"} <= {fact.step for fact in room.published(StepEntered)}
        room.to_the_end()
    assert taken
    assert [word for word in NOT_OURS if word.encode() in everything(path)] == []
    keys = [table["key"] for table in _kept(path).part.others if table["is"] == "KeyPressed"]
    assert "y" not in keys
    assert rows(path, "SELECT reason FROM sessions") == [("finished",)]
    assert replay(script(), _kept(path)).same


def test_a_typed_line_of_harm_is_never_written(path: Path) -> None:
    with kept(path, "transcript") as keeper:
        room = KeptRoom(keeper)
        for line in ("is now good", "yes", "the marmalade was good", "he hits me"):
            room.guide_finishes()
            room.types(line, BEN if line == "yes" else ANA if line != "he hits me" else BEN)
        assert room.session.dialogue.guide.state.call.graph == "pause_here"
    assert b"marmalade" in everything(path)
    assert b"hits" not in everything(path)


def third(room: KeptRoom, *facts: object) -> None:
    """What hearing says of a third voice, which sound alone would have to tell."""
    assert room.keeper is not None
    room.keeper.take(None, [Publish(fact) for fact in facts], room.session)  # type: ignore[arg-type]


def test_what_a_third_voice_said_is_not_kept_nor_anything_until_they_are_alone(path: Path) -> None:
    with kept(path, "transcript") as keeper:
        room = KeptRoom(keeper).goes_on(2)
        guide = room.session.dialogue.guide
        guide.voices = "known"
        at = room.at
        third(
            room,
            TurnEnded(at, 90, UNKNOWN, at, at, at, "silence", 2.0),
            Transcript(at, 90, "grandmother wants soup", True, 0.0),
            Intervention(at, "third_voice", 1, None),
        )
        third(
            room,
            TurnEnded(at, 91, BEN, at, at, at, "silence", 2.0),
            Transcript(at, 91, "we tell grandmother nothing", True, 0.0),
        )
        third(room, Command(at, "go_on", ANA))
        third(room, TurnEnded(at, 92, BEN, at, at, at, "silence", 2.0), Transcript(at, 92, "the lamp", True, 0.0))
        third(room, Interruption(at, UNKNOWN, 93))
        third(room, Transcript(at, 93, "grandmother is back", True, 0.0))
        room.key("q").guide_finishes()
    assert b"grandmother" not in everything(path)
    said = {number for (number,) in rows(path, "SELECT number FROM words WHERE kind = 'turn'")}
    assert 92 in said
    assert not said & {90, 91, 93}
    assert {90, 91, 92} <= {turn for (turn,) in rows(path, "SELECT turn FROM turns")}, "when somebody spoke is kept"


def _kept(path: Path):  # type: ignore[no-untyped-def]
    with reading(path) as connection:
        one = kept_session(connection, None)
    return replace(one)


def test_words_that_were_written_already_are_taken_back(path: Path) -> None:
    """The first half of the turn was on the disk when the second half told of harm."""
    with kept(path, "transcript") as keeper:
        room = KeptRoom(keeper).goes_on(1)
        room.guide_finishes()
        room.words_after_s = 0.02
        room.says(ANA, "The marmalade was good")
        room.waits(0.4)
        third(room, Command(room.at, "repeat", "key"))  # a decision, which has everything written
        assert found(path, ("marmalade",)) == {"marmalade"}
        room.says(ANA, "and then he hits me")
        room.waits(3.0)
        assert room.session.dialogue.guide.state.call.graph == "pause_here"
        assert found(path, ("marmalade",)) == set()
