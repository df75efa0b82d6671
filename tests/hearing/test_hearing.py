"""Turns: when they open, when they end, and what is handed out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from table import FRAME_S, Table, listening, settings, window

from voice_imago.events import (
    FrameHeard,
    HearingFact,
    Interruption,
    SpeechEnded,
    SpeechStarted,
    Talked,
    TurnEnded,
    TurnPaused,
    TurnReopened,
    VoiceScored,
    Waited,
    Window,
)
from voice_imago.hearing.hearing import Hearing, HearingSettings

CLOSE = pytest.approx


def near(seconds: float) -> object:
    """Within a frame and a half."""
    return pytest.approx(seconds, abs=1.5 * FRAME_S)


def test_a_turn_is_told_as_a_whole() -> None:
    table = listening()
    table.pauses(1.0)
    table.speaks(0, 3.0)
    table.pauses(3.0)

    assert table.names() == ["SpeechStarted", "SpeechEnded", "LastWords", "TurnPaused", "TurnEnded"]
    ended = table.all(TurnEnded)[0]
    assert isinstance(ended, TurnEnded)
    assert (ended.speaker, ended.why, ended.turn) == (0, "silence", 1)
    assert (ended.start, ended.end, ended.decided) == (near(1.0), near(4.0), near(6.5))
    assert ended.speech_s == near(3.0)


def test_a_long_pause_inside_a_story_does_not_end_the_turn() -> None:
    table = listening()
    for _ in range(3):
        table.speaks(0, 2.0)
        table.pauses(2.3)

    assert table.all(TurnEnded) == []
    table.pauses(0.3)
    assert len(table.all(TurnEnded)) == 1


@pytest.mark.parametrize(("thinking", "seconds"), [("quick", 1.5), ("normal", 2.5), ("patient", 5.0)])
def test_the_couple_sets_how_long_a_pause_may_be(thinking: str, seconds: float) -> None:
    table = listening(thinking=thinking)
    table.speaks(0, 2.0)
    table.pauses(seconds - 0.1)

    assert table.hearing.turn_open
    table.pauses(0.2)
    assert not table.hearing.turn_open


def test_the_pieces_of_a_turn_cover_all_its_speech_once() -> None:
    table = listening()
    for seconds in (3.2, 3.5, 3.1):  # longer than what stands alone, which is handed out at once
        table.speaks(0, seconds)
        table.pauses(0.4)
        table.speaks(0, 0.5)
        table.pauses(2.2)
    table.pauses(2.0)

    pieces = table.all(TurnPaused)
    speech = table.all(SpeechEnded)
    assert len(pieces) == 3
    for piece in pieces:
        inside = [s for s in speech if piece.start <= s.start and s.end <= piece.end]  # type: ignore[union-attr]
        assert len(inside) == 2
    assert all(a.end <= b.start for a, b in pairwise(pieces))  # type: ignore[union-attr]


def test_a_tail_is_handed_out_once_and_says_nothing_of_the_turn() -> None:
    table = listening(window(end_silence_s=3.5))
    table.speaks(0, 4.0)
    table.pauses(3.0)

    assert [fact.at for fact in table.all(TurnPaused)] == [near(6.0)]
    assert table.hearing.turn_open


def test_a_turn_is_handed_out_in_long_pieces_while_it_is_spoken() -> None:
    """Short pauses join; from eight seconds on the next pause of half a second cuts."""
    table = listening(window(end_silence_s=3.5))
    for _ in range(6):
        table.speaks(0, 4.0)
        table.pauses(0.6)
    table.pauses(3.0)

    pieces = table.all(TurnPaused)
    assert [(piece.start, piece.end) for piece in pieces] == [  # type: ignore[union-attr]
        (near(0.0), near(8.75)),
        (near(9.05), near(17.95)),
        (near(18.25), near(27.15)),
    ]
    assert [piece.at for piece in pieces] == [near(9.1), near(18.3), near(27.55)]


def test_whoever_never_pauses_is_handed_out_at_the_quietest_moment() -> None:
    table = listening(window(end_silence_s=3.5))
    table.speaks(0, 26.4)
    table.speaks(0, 0.032, level_db=-45.0)
    table.speaks(0, 9.0)
    table.pauses(4.0)

    first, second = table.all(TurnPaused)
    assert first.at == near(28.0)
    assert first.end == second.start == near(26.4)  # type: ignore[union-attr]
    assert second.end == near(35.45 + 0.15)  # type: ignore[union-attr]
    assert len(table.all(TurnEnded)) == 1


def test_a_little_sound_is_given_along_but_never_the_guides() -> None:
    table = Table()
    table.gated(2.0)
    table.expects(window(end_silence_s=3.5))
    table.pauses(0.064)
    table.speaks(0, 4.0)
    table.pauses(0.5)
    table.speaks(0, 2.0)
    table.pauses(2.5)

    (piece,) = table.all(TurnPaused)
    assert (piece.start, piece.end) == (near(2.0), near(8.56 + 0.15))  # type: ignore[union-attr]


def test_a_short_answer_is_handed_out_before_it_ends() -> None:
    table = listening(window(kind="answer", end_silence_s=1.0), thinking="quick")
    table.speaks(0, 0.4)
    table.pauses(1.0)

    assert table.names()[-2:] == ["TurnPaused", "TurnEnded"]
    assert table.all(TurnEnded)[0].at == near(1.0)


def test_without_a_window_speech_is_heard_but_no_turn_is_formed() -> None:
    table = Table()
    table.speaks(0, 3.0)
    table.pauses(5.0)

    assert table.names() == ["SpeechStarted", "SpeechEnded"]
    assert not table.hearing.turn_open


def test_speech_that_is_running_when_the_window_opens_belongs_to_it() -> None:
    table = Table()
    table.pauses(1.0)
    table.speaks(0, 1.0)
    table.expects(window())
    table.speaks(0, 1.0)
    table.pauses(3.0)

    assert table.all(TurnEnded)[0].start == near(1.0)  # type: ignore[union-attr]


def test_speech_before_the_window_opened_does_not() -> None:
    table = Table()
    table.speaks(0, 1.0)
    table.pauses(1.0)
    table.expects(window())
    table.pauses(5.0)

    assert table.all(TurnEnded) == []


def test_a_window_is_used_up_by_its_turn() -> None:
    table = listening(undo_s=0.0)
    table.speaks(0, 1.0)
    table.pauses(3.0)
    table.speaks(1, 1.0)
    table.pauses(3.0)

    assert len(table.all(TurnEnded)) == 1


def test_closing_the_window_drops_the_turn() -> None:
    table = listening()
    table.speaks(0, 1.0)
    table.expects(None)
    table.pauses(4.0)

    assert not table.hearing.turn_open
    assert table.all(TurnEnded) == []


def test_the_same_step_asked_for_again_keeps_the_turn() -> None:
    table = listening()
    table.speaks(0, 1.0)
    table.expects(window(end_silence_s=4.0))
    table.pauses(3.9)

    assert table.hearing.turn_open
    table.pauses(0.2)
    assert table.all(TurnEnded)[0].turn == 1  # type: ignore[union-attr]


def test_another_step_begins_a_new_turn_with_the_running_speech() -> None:
    table = listening()
    table.speaks(0, 1.0)
    table.expects(window(step="next"))
    table.speaks(0, 1.0)
    table.pauses(3.0)

    ended = table.all(TurnEnded)
    assert [fact.turn for fact in ended] == [2]  # type: ignore[union-attr]


@pytest.mark.parametrize("why", ["key", "phrase"])
def test_a_key_or_a_phrase_ends_the_turn_at_once(why: str) -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.pauses(0.3)
    table.ends(why)

    ended = table.all(TurnEnded)[0]
    assert (ended.why, ended.at, ended.end) == (why, near(2.3), near(2.0))  # type: ignore[union-attr]


def test_a_key_while_speaking_keeps_what_was_said_until_then() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.ends("key")

    assert table.names() == ["SpeechStarted", "TurnPaused", "TurnEnded"]
    assert table.all(TurnPaused)[0].end == near(2.0)  # type: ignore[union-attr]
    assert table.all(TurnEnded)[0].speech_s == near(2.0)  # type: ignore[union-attr]


def test_after_a_key_the_rest_of_the_sentence_is_not_told_twice() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.ends("key")
    table.expects(window(actor=1, next_actor=0, step="next"))
    table.speaks(0, 1.0)
    table.pauses(3.0)

    pieces = table.all(TurnPaused)
    assert pieces[1].start >= pieces[0].end  # type: ignore[union-attr]


def test_ending_without_a_turn_does_nothing() -> None:
    table = listening()
    table.ends("key")

    assert table.facts == []


def test_a_word_that_says_not_done_buys_time_once() -> None:
    table = listening()
    table.speaks(0, 1.0)
    table.pauses(1.0)
    table.hearing.extend(2.0)
    table.pauses(3.4)

    assert table.hearing.turn_open
    table.speaks(0, 1.0)
    table.pauses(2.6)
    assert not table.hearing.turn_open


def test_extending_without_a_turn_does_nothing() -> None:
    hearing = Hearing(settings())
    hearing.extend(2.0)

    assert not hearing.turn_open


# ---------------------------------------------------------------------- reopening


@pytest.mark.parametrize("voices", [True, False])
def test_going_on_within_two_seconds_reopens_the_turn(voices: bool) -> None:
    table = listening(voices=voices)
    table.speaks(0, 2.0)
    table.pauses(2.6)
    table.pauses(1.5)
    table.speaks(0, 2.0)
    table.pauses(3.0)

    assert [type(fact).__name__ for fact in table.facts if type(fact).__name__.startswith("Turn")] == [
        "TurnPaused",
        "TurnEnded",
        "TurnReopened",
        "TurnPaused",
        "TurnEnded",
    ]
    first, second = table.all(TurnEnded)
    assert (second.turn, second.start) == (first.turn, first.start)  # type: ignore[union-attr]
    assert second.speech_s == near(4.0)  # type: ignore[union-attr]
    assert table.all(TurnPaused)[1].start == near(6.1 - 0.15)  # type: ignore[union-attr]


def test_a_reopened_turn_keeps_the_labels_of_its_first_part() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.pauses(3.0)
    table.speaks(0, 1.0)
    table.pauses(3.0)

    record = table.hearing.record(1)
    assert record is not None
    assert [(s.speaker, s.start) for s in record.spans] == [(0, near(0.0)), (0, near(5.0))]


def test_the_other_voice_reopens_nothing() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.pauses(3.0)
    table.speaks(1, 2.0)

    assert table.all(TurnReopened) == []


def test_one_more_word_of_the_same_voice_reopens_the_turn_too() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.pauses(3.0)
    table.speaks(0, 0.3)
    table.pauses(0.5)

    assert len(table.all(TurnReopened)) == 1


def test_after_two_seconds_it_is_too_late() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.pauses(4.7)
    table.speaks(0, 2.0)

    assert table.all(TurnReopened) == []


def test_once_the_guide_has_spoken_nothing_is_reopened() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.pauses(2.6)
    table.gated(0.5)
    table.speaks(0, 2.0)

    assert table.all(TurnReopened) == []


def test_a_turn_ended_by_key_is_not_reopened() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.pauses(0.5)
    table.ends("key")
    table.speaks(0, 2.0)

    assert table.all(TurnReopened) == []


# ---------------------------------------------------------------------- gate and clock


def test_nothing_is_heard_while_the_gate_is_closed() -> None:
    table = listening()
    table.speaks(0, 1.0)
    table.gated(1.0)

    assert table.names()[:2] == ["SpeechStarted", "SpeechEnded"]
    assert table.all(SpeechEnded)[0].end == near(1.0)  # type: ignore[union-attr]


def test_the_guides_own_words_do_not_count_as_the_partners_silence() -> None:
    table = listening()
    table.speaks(0, 1.0)
    table.pauses(1.0)
    table.gated(4.0)
    table.pauses(2.4)

    assert table.hearing.turn_open
    table.pauses(0.2)
    assert not table.hearing.turn_open


def test_silence_is_told_at_each_reminder_once() -> None:
    table = listening(window(reminders_s=(6.0, 20.0)))
    table.pauses(30.0)

    assert [(fact.seconds, fact.at) for fact in table.all(Waited)] == [(6.0, near(6.0)), (20.0, near(20.0))]  # type: ignore[union-attr]


def test_the_clock_of_the_reminders_runs_while_the_guide_speaks() -> None:
    table = listening(window(reminders_s=(6.0,)))
    table.gated(4.0)
    table.pauses(2.1)

    assert len(table.all(Waited)) == 1


def test_speech_begins_the_waiting_anew() -> None:
    table = listening(window(actor=0, reminders_s=(6.0,)))
    table.pauses(5.0)
    table.speaks(1, 0.4)
    table.pauses(5.9)

    assert table.all(Waited) == []
    table.pauses(0.3)
    assert len(table.all(Waited)) == 1


def test_nobody_waits_for_a_turn_that_is_open() -> None:
    table = listening(window(end_silence_s=30.0, reminders_s=(6.0,)))
    table.speaks(0, 1.0)
    table.pauses(10.0)

    assert table.all(Waited) == []


def test_a_long_turn_is_told_at_its_limits() -> None:
    table = listening(window(talk_limits_s=(5.0, 10.0)))
    for _ in range(4):
        table.speaks(0, 2.0)
        table.pauses(1.0)

    assert [fact.seconds for fact in table.all(Talked)] == [5.0, 10.0]  # type: ignore[union-attr]
    assert table.hearing.turn_open


def test_dropped_blocks_count_as_silence() -> None:
    table = listening()
    table.speaks(0, 1.0)
    table.frames += 20
    table.pauses(0.1)

    assert table.all(SpeechEnded)[0].end == near(1.0)  # type: ignore[union-attr]


def test_a_very_long_gap_is_passed_at_once() -> None:
    table = listening()
    table.speaks(0, 1.0)
    table.frames += 10_000_000
    table.pauses(0.1)

    assert table.all(TurnEnded)[0].end == near(1.0)  # type: ignore[union-attr]


def test_time_that_runs_back_is_refused() -> None:
    hearing = Hearing(settings())
    hearing.feed(FrameHeard(1.0, 0.0))

    with pytest.raises(ValueError, match="time ran back"):
        hearing.feed(FrameHeard(1.0, 0.0))


# ---------------------------------------------------------------------- who


def test_without_voiceprints_the_turn_is_the_expected_partners() -> None:
    table = listening(window(actor=1, next_actor=0), voices=False)
    table.speaks(0, 2.0)
    table.pauses(3.0)

    assert table.all(TurnEnded)[0].speaker == 1  # type: ignore[union-attr]
    assert table.all(SpeechStarted)[0].speaker is None  # type: ignore[union-attr]


def test_without_voiceprints_and_expectation_nobody_is_named() -> None:
    table = listening(window(actor=None, next_actor=None), voices=False)
    table.speaks(0, 2.0)
    table.pauses(3.0)

    assert table.all(TurnEnded)[0].speaker is None  # type: ignore[union-attr]


def test_the_other_partner_answering_in_somebodys_place_is_named() -> None:
    table = listening(window(actor=0))
    table.speaks(1, 2.0)
    table.pauses(3.0)

    assert table.all(TurnEnded)[0].speaker == 1  # type: ignore[union-attr]


# ---------------------------------------------------------------------- explaining


def test_a_turn_can_be_explained() -> None:
    table = listening(thinking="patient")
    table.speaks(0, 2.0)
    table.pauses(6.0)

    record = table.hearing.record(1)
    assert record is not None
    assert record.patience.seconds == CLOSE(5.0)
    assert record.silence_s == near(5.0)
    assert record.margin_nats > 10.0
    assert (record.why, record.window.step) == ("silence", "feeling")
    assert min(record.strip[-100:]) == CLOSE(0.02)
    assert max(record.strip) == CLOSE(0.9)


def test_old_turns_are_forgotten() -> None:
    table = Table(Hearing(settings(undo_s=0.0)))
    for _ in range(70):
        table.expects(window())
        table.speaks(0, 0.5)
        table.pauses(3.0)

    assert table.hearing.record(1) is None
    assert table.hearing.record(70) is not None
    assert table.hearing.record(999) is None


def test_a_partner_who_thinks_long_gets_more_time() -> None:
    table = Table(Hearing(settings(learn=True, undo_s=0.0)))
    for _ in range(10):
        table.expects(window(end_silence_s=3.0))
        for _ in range(3):
            table.speaks(0, 1.0)
            table.pauses(2.4)
        table.pauses(3.0)

    record = table.hearing.record(10)
    assert record is not None
    assert 1.3 < record.patience.learned <= 1.5
    assert table.hearing.pauses.factor(1) == 1.0


def test_a_pause_while_the_guide_spoke_teaches_nothing() -> None:
    table = listening(learn=True)
    table.speaks(0, 1.0)
    table.pauses(0.5)
    table.gated(3.0)
    table.pauses(0.5)
    table.speaks(0, 1.0)

    assert table.hearing.pauses.count(0) == 0


def test_a_voice_that_nobody_knows_does_not_end_one_turn_after_the_other() -> None:
    """A television that goes on is one interruption, whatever windows open meanwhile."""
    hearing = Hearing(HearingSettings())
    window = Window("reply", 0, 1, "answer", 1.0)
    hearing.expect(window, 0.0)
    told: list[HearingFact] = []
    for frame in range(1, 600):
        at = 0.032 * frame
        facts = hearing.feed(FrameHeard(at, 0.9, -30.0, 0.0))
        if frame % 10 == 0:
            facts += hearing.feed(VoiceScored(at, at - 1.2, at, 0.0, strangeness=1.5))
        told += facts
        if any(isinstance(fact, TurnEnded) for fact in facts):
            hearing.expect(window, at)

    assert not [fact for fact in told if isinstance(fact, TurnEnded)]
    assert len([fact for fact in told if isinstance(fact, Interruption)]) == 1


def test_a_few_words_after_a_pause_are_handed_out_early() -> None:
    """ "Over to you" must not wait as long as a story."""
    table = listening(window(end_silence_s=3.5))
    table.speaks(0, 4.0)
    table.pauses(1.0)
    table.speaks(0, 0.8)
    table.pauses(1.0)

    story, phrase = table.all(TurnPaused)
    assert story.at == phrase.at == near(5.8 + 0.25)
    assert (story.end, phrase.start) == (near(4.0 + 0.15), near(5.0 - 0.15))  # type: ignore[union-attr]


def test_a_breath_between_words_cuts_no_second_piece_early() -> None:
    table = listening(window(end_silence_s=3.5))
    table.speaks(0, 0.6)
    table.pauses(0.4)
    table.speaks(0, 0.6)
    table.pauses(1.0)

    assert [fact.at for fact in table.all(TurnPaused)] == [near(0.85)]
    table.pauses(1.2)
    assert [fact.at for fact in table.all(TurnPaused)] == [near(0.85), near(1.6 + 2.0)]


def test_whoever_goes_on_after_the_words_that_gave_the_floor_away_keeps_it() -> None:
    table = listening(window(end_silence_s=3.5))
    table.speaks(0, 2.0)
    table.pauses(0.3)
    table.ends("phrase")
    table.pauses(0.5)
    table.speaks(0, 2.0)

    assert [fact.turn for fact in table.all(TurnReopened)] == [1]
    assert table.hearing.pauses.factor(0) == 1.0


def test_a_key_is_not_taken_back_by_going_on() -> None:
    table = listening(window(end_silence_s=3.5))
    table.speaks(0, 2.0)
    table.pauses(0.3)
    table.ends("key")
    table.pauses(0.5)
    table.speaks(0, 2.0)

    assert not table.all(TurnReopened)


def test_what_may_be_the_guide_itself_begins_no_speech_and_ends_none() -> None:
    """After lost sound: its own words would be taken for a command, and a partner's in the air must not be lost."""
    hearing, at = Hearing(settings()), 0.0

    def hear(seconds: float, *, doubtful: bool) -> list[HearingFact]:
        nonlocal at
        facts: list[HearingFact] = []
        for _ in range(round(seconds / FRAME_S)):
            at += FRAME_S
            facts += hearing.feed(FrameHeard(at, 0.95, -30.0, over=True, doubtful=doubtful))
        return facts

    assert hear(1.0, doubtful=True) == []
    assert [type(fact) for fact in hear(1.0, doubtful=False)] == [SpeechStarted]
    assert hear(1.0, doubtful=True) == []
    assert hearing.speaking
