"""What of a session is written, for each level, and that nothing is before both have said yes."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from tests.journal.kept_room import ANA, BEN, MIRRORED, NAMES, SENT, KeptRoom, found, keep_one, kept, raw, rows, script
from voice_imago.events import Agreement, Consent, Publish, TurnEnded
from voice_imago.journal import files
from voice_imago.journal.keeper import UNDECIDED_S
from voice_imago.journal.levels import LEVELS, Level, stricter
from voice_imago.journal.logbook import APPRECIATIONS
from voice_imago.journal.notes import Agreement as Request
from voice_imago.journal.notes import Appointment, Item

TABLES_WITH_WORDS = {"names": "name", "words": "text", "agreements": "text", "appointments": "what", "items": "text"}


@pytest.fixture
def path(home: Path) -> Path:
    return files.journal_file()


def words_in(path: Path) -> dict[str, list[str]]:
    """Every word in every column that may hold one."""
    held = {}
    for table, column in TABLES_WITH_WORDS.items():
        texts = [text for (text,) in rows(path, f"SELECT {column} FROM {table}") if text is not None]  # noqa: S608
        if texts:
            held[table] = texts
    return held


# ---------------------------------------------------------------------- levels


def test_at_none_not_even_a_folder_is_made(path: Path, home: Path) -> None:
    keep_one(path, "none")
    assert not home.exists()


def test_counts_hold_no_word_and_no_name_in_any_byte(path: Path) -> None:
    room = keep_one(path, "counts")
    assert found(path) == set()
    assert words_in(path) == {}
    assert "xylophone" in str(room.inputs)  # the words were there to be kept


def test_counts_hold_what_can_be_counted(path: Path) -> None:
    room = keep_one(path, "counts")
    turns = room.published(TurnEnded)
    ((dialogue, level, reason, length_s, rounds, appreciations, started),) = rows(
        path, "SELECT dialogue, level, reason, length_s, rounds, appreciations, started FROM sessions"
    )
    assert (dialogue, level, reason, started) == ("appreciation", "counts", "finished", "2026-03-01T20:15:00")
    assert length_s == pytest.approx(room.at, abs=2.0)
    mirrored = [turn for turn, step in rows(path, "SELECT turn, step FROM turns") if step == "mirror"]
    assert rounds == len(mirrored) >= 2
    assert appreciations == 1
    kept_turns = rows(path, "SELECT turn, speaker, start_s, end_s, why FROM turns ORDER BY turn")
    assert kept_turns == [(t.turn, t.speaker, t.start, t.end, t.why) for t in turns]
    assert {speaker for _, speaker, *_ in kept_turns} == {0, 1}


def test_appreciations_are_counted_in_every_dialogue_that_asks_for_one(path: Path) -> None:
    """Each by whom and where it was said; one that is taken up again counts once."""
    graphs = script().graphs
    assert all(graphs[graph].steps[step].kind == "send" for graph, step in APPRECIATIONS)
    with kept(path, "counts") as keeper:
        KeptRoom(keeper, "daily").to_the_end()
    assert rows(path, "SELECT dialogue, appreciations FROM sessions") == [("daily", 2)]


def test_notes_hold_names_and_agreements_but_nothing_that_was_said(path: Path) -> None:
    with kept(path, "notes") as keeper:
        room = KeptRoom(keeper).goes_on(3)
        job = keeper.shared.agree(Request(text="A walk on Sunday", who=NAMES[1], starts="2026-03-01"))
        assert job is not None
        job.result()
        room.to_the_end()
    assert found(path) == set(NAMES)
    assert words_in(path) == {"names": list(NAMES), "agreements": ["A walk on Sunday"]}


def test_a_transcript_holds_what_each_said_turn_by_turn(path: Path) -> None:
    keep_one(path, "transcript")
    said = rows(path, "SELECT text, speaker FROM words JOIN turns ON number = turn WHERE kind = 'turn' ORDER BY turn")
    assert (SENT, ANA) in said
    assert (MIRRORED, BEN) in said
    assert found(path) == {"xylophone", "upstairs", *NAMES}


def test_at_counts_an_agreement_is_its_days_alone(path: Path) -> None:
    with kept(path, "counts") as keeper:
        KeptRoom(keeper).goes_on(2)
        shared = keeper.shared
        request = Request(text="The xylophone", who=NAMES[0], what="upstairs", starts="2026-03-01", ends="2026-03-29")
        for job in (shared.agree(request), shared.appoint(Appointment(at="2026-03-08T20:00", what="upstairs"))):
            assert job is not None
            job.result()
        assert shared.propose(Item(document="vision", text="xylophone", by=NAMES[0])) is None
    assert rows(path, "SELECT text, who, what, starts, ends FROM agreements") == [
        (None, None, None, "2026-03-01", "2026-03-29")
    ]
    assert rows(path, "SELECT at, what FROM appointments") == [("2026-03-08T20:00", None)]
    assert found(path) == set()


def test_at_none_nobody_can_keep_an_agreement(path: Path, home: Path) -> None:
    with kept(path, "none") as keeper:
        KeptRoom(keeper).goes_on(1)
        shared = keeper.shared
        assert shared.agree(Request(text="x", starts="2026-03-01")) is None
        assert shared.appoint(Appointment(at="2026-03-08")) is None
        assert shared.count("days_kept") is None
    assert not home.exists()


# ---------------------------------------------------------------------- consent


@pytest.mark.parametrize("one", LEVELS)
@pytest.mark.parametrize("two", LEVELS)
def test_the_stricter_wish_wins(path: Path, one: Level, two: Level) -> None:
    with kept(path, None) as keeper:
        room = KeptRoom(keeper).goes_on(1)
        keeper.consent(0, one)
        assert keeper.level == "none"
        keeper.consent(1, two)
        room.to_the_end()
        assert keeper.level == stricter(one, two)
    if "none" in (one, two):
        assert not path.exists()
        return
    assert rows(path, "SELECT level FROM sessions") == [(stricter(one, two),)]
    secrets = {"counts": set(), "notes": set(NAMES), "transcript": {"xylophone", "upstairs", *NAMES}}
    assert found(path) == secrets[stricter(one, two)]


def test_nothing_is_written_while_only_one_has_spoken(path: Path, home: Path) -> None:
    with kept(path, None) as keeper:
        room = KeptRoom(keeper)
        keeper.consent(0, "transcript")
        room.goes_on(5)
        assert not home.exists()
        assert keeper.session is None


def test_the_words_of_the_time_before_both_agreed_are_not_written(path: Path) -> None:
    """The beginning without words is, so that the session can be replayed."""
    with kept(path, None) as keeper:
        room = KeptRoom(keeper).goes_on(2)  # the xylophone was sent
        keeper.consent(0, "transcript")
        keeper.consent(1, "transcript")
        room.guide_finishes()
        room.says(BEN, "I hear you, and nothing more of it")
        room.is_silent_until_decided()
    assert "xylophone" not in found(path)
    texts = [text for (text,) in rows(path, "SELECT text FROM words WHERE kind = 'turn'")]
    assert texts == ["I hear you, and nothing more of it"]
    assert rows(path, "SELECT whole FROM sessions") == [(1,)]
    assert len(rows(path, "SELECT turn FROM turns")) == 3


def test_whoever_says_none_at_first_is_obeyed_also_about_what_was_before(path: Path) -> None:
    """What came before a later yes is gone; the session cannot be replayed, and says so."""
    with kept(path, None) as keeper:
        room = KeptRoom(keeper).goes_on(2)
        keeper.consent(0, "none")
        keeper.consent(1, "counts")
        room.goes_on(2)
        assert not path.exists()
        yes_at = room.at
        keeper.consent(0, "counts")
        room.to_the_end()
    assert rows(path, "SELECT whole FROM sessions") == [(0,)]
    assert rows(path, "SELECT min(start_s) FROM turns")[0][0] >= yes_at - 0.2 > 10.0


def test_consent_comes_from_the_event_of_the_dialogue(path: Path) -> None:
    """Whoever leads the question publishes ``Consent``; the journal follows."""
    with kept(path, None) as keeper:
        room = KeptRoom(keeper).goes_on(1)
        for partner in (0, 1):
            fact = Consent(room.at, "notes", partner)  # type: ignore[arg-type]
            keeper.take(None, [Publish(fact)], room.session)
        assert keeper.level == "notes"
    assert rows(path, "SELECT level FROM sessions") == [("notes",)]


@pytest.mark.parametrize(("level", "left"), [("notes", set(NAMES)), ("counts", set())])
def test_less_in_the_middle_deletes_what_is_above_now(path: Path, level: Level, left: set[str]) -> None:
    """In every byte, while the session goes on."""
    with kept(path, "transcript") as keeper:
        room = KeptRoom(keeper).goes_on(4)
        keeper.shared.agree(Request(text="The xylophone is mine", who=NAMES[1], starts="2026-03-01"))
        keeper.shared.propose(Item(document="vision", text="We play the xylophone", by=NAMES[0]))
        room.goes_on(1)
        assert {"xylophone", *NAMES} <= found(path)
        keeper.consent(1, level)
        job = keeper.erased()
        assert job is not None
        job.result()
        if level == "counts":
            assert found(path) == left
        else:
            assert found(path) == left | {"xylophone"}  # in what was agreed, not in what was said
            assert set(words_in(path)) == {"names", "agreements", "items"}
        room.to_the_end()
    assert rows(path, "SELECT level, reason FROM sessions") == [(level, "finished")]
    assert words_in(path).get("words") is None


def test_none_in_the_middle_leaves_nothing_of_the_session(path: Path) -> None:
    keep_one(path, "counts")
    with kept(path, "transcript") as keeper:
        room = KeptRoom(keeper).goes_on(4)
        keeper.consent(0, "none")
        room.to_the_end()
        assert keeper.session is None
    assert found(path) == set()
    assert rows(path, "SELECT id, level FROM sessions") == [(1, "counts")]
    for table in ("turns", "words", "names", "tape"):
        assert {session for (session,) in rows(path, f"SELECT session FROM {table}")} <= {1}  # noqa: S608


def test_more_in_the_middle_counts_from_now_on(path: Path) -> None:
    with kept(path, "counts") as keeper:
        room = KeptRoom(keeper).goes_on(2)
        assert found(path) == set()
        keeper.consent(0, "transcript")
        keeper.consent(1, "transcript")
        room.guide_finishes()
        room.says(BEN, "Only from here on, marmalade")
        room.is_silent_until_decided()
    assert found(path, ("xylophone", "marmalade", *NAMES)) == {"marmalade", *NAMES}
    assert rows(path, "SELECT level FROM sessions") == [("transcript",)]


def test_a_session_that_nobody_decides_about_waits_only_so_long(path: Path) -> None:
    with kept(path, None) as keeper:
        room = KeptRoom(keeper).goes_on(1)
        room.key("p")
        room.guide_finishes()
        room.waits(UNDECIDED_S)
        room.key("p")
        keeper.consent(0, "counts")
        keeper.consent(1, "counts")
        room.goes_on(1)
    assert rows(path, "SELECT whole FROM sessions") == [(0,)]


# ---------------------------------------------------------------------- the file


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_only_the_owner_may_read_the_journal(path: Path) -> None:
    before = os.umask(0)
    try:
        with kept(path, "counts") as keeper:
            KeptRoom(keeper).goes_on(2)
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_each_decision_is_in_the_file_before_the_guide_speaks_on(path: Path) -> None:
    """Read through a second connection at the very moment when a prompt is said."""
    seen: list[tuple[str, int, str]] = []
    room: KeptRoom | None = None

    def look(prompt: str) -> None:
        if room is not None and room.published(TurnEnded):
            turns = rows(path, "SELECT count(*) FROM turns")[0][0]
            step = rows(path, "SELECT step FROM sessions")[0][0]
            seen.append((prompt, turns, step))
            assert turns == len(ended), prompt
            assert step == room.session.dialogue.step.id, prompt

    with kept(path, "counts") as keeper:
        room = KeptRoom(keeper, on_say=look)
        ended: list[TurnEnded] = []
        take = keeper.take

        def noting(given: object, effects: list[object], session: object) -> object:
            ended.extend(e.fact for e in effects if isinstance(e, Publish) and isinstance(e.fact, TurnEnded))
            return take(given, effects, session)  # type: ignore[arg-type]

        keeper.take = noting  # type: ignore[method-assign, assignment]
        room.to_the_end()
    assert len(seen) > 10


def test_one_thread_owns_the_database(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from voice_imago.journal import journal as module

    opened, owners = module.open_for_writing, []

    def noting(*arguments: object) -> object:
        owners.append(threading.current_thread().name)
        return opened(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "open_for_writing", noting)
    keep_one(path, "counts", 3)
    assert owners == ["journal"]


def test_an_agreement_of_the_dialogue_is_kept_with_its_words(path: Path) -> None:
    with kept(path, "notes") as keeper:
        room = KeptRoom(keeper).goes_on(1)
        keeper.take(None, [Publish(Agreement(room.at, "We ask before we lift."))], room.session)
    assert rows(path, "SELECT text, starts, state FROM agreements") == [
        ("We ask before we lift.", "2026-03-01", "open")
    ]


def test_a_session_is_small(path: Path) -> None:
    """The tape of a whole appreciation, facts included, is a few thousand bytes a minute."""
    room = keep_one(path, "counts")
    size = rows(path, "SELECT sum(length(content)) FROM tape")[0][0]
    assert size / (room.at / 60) < 6_000
    assert rows(path, "SELECT count(*) FROM tape") == [(1,)]  # one part, once it is over
    assert len(raw(path)) < 200_000  # nearly all of it the empty tables
