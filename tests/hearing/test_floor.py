"""Two people at one microphone: who holds the floor, and what the other voice means."""

from __future__ import annotations

from itertools import pairwise

import pytest
from table import FRAME_S, listening, window

from voice_imago.events import UNKNOWN, Backchannel, Interruption, Overlap, Talked, TurnEnded, TurnPaused, VoiceScored


def near(seconds: float) -> object:
    """Within 0.1 s: a change of speaker is known to a few frames."""
    return pytest.approx(seconds, abs=0.1 + FRAME_S)


def test_the_next_partner_holding_the_floor_for_a_second_ends_the_turn() -> None:
    table = listening()
    table.speaks(0, 3.0)
    table.pauses(0.5)
    table.speaks(1, 2.0)

    ended = table.all(TurnEnded)[0]
    assert (ended.why, ended.speaker) == ("other_voice", 0)  # type: ignore[union-attr]
    assert ended.end == near(3.0)  # type: ignore[union-attr]
    assert ended.at == near(4.5)


def test_the_next_partner_cutting_in_has_to_hold_the_floor_for_longer() -> None:
    """An interruption is told, but does not take the turn: the holder may still go on."""
    table = listening()
    table.speaks(0, 3.0)
    table.speaks(1, 3.5)

    assert [fact.at for fact in table.all(Interruption)] == [near(4.0)]
    assert table.hearing.turn_open
    table.speaks(1, 1.5)
    ended = table.all(TurnEnded)[0]
    assert (ended.why, ended.end, ended.at) == ("other_voice", near(3.0), near(7.0))  # type: ignore[union-attr]


def test_a_breath_of_the_holder_is_no_free_floor() -> None:
    """Less than the 0.2 s that end a segment: who comes in there may still be cutting in."""
    table = listening()
    table.speaks(0, 3.0)
    table.pauses(0.13)
    table.speaks(1, 2.0)

    assert table.all(TurnEnded) == []
    assert [fact.by for fact in table.all(Interruption)] == [1]  # type: ignore[union-attr]


def test_who_cut_in_and_goes_on_alone_after_a_pause_holds_the_floor() -> None:
    table = listening()
    table.speaks(0, 3.0)
    table.speaks(1, 1.2)
    table.pauses(0.5)
    table.speaks(1, 1.5)

    (ended,) = table.all(TurnEnded)
    assert (ended.why, ended.end, ended.at) == ("other_voice", near(3.0), near(5.7))  # type: ignore[union-attr]


def test_a_pause_of_the_next_partner_counts_as_holding_the_floor() -> None:
    """0.5 s of words, 0.5 s of thinking, and the first word after it."""
    table = listening()
    table.speaks(0, 3.0)
    table.pauses(0.5)
    table.speaks(1, 0.5)
    table.pauses(0.5)
    table.speaks(1, 1.0)

    (ended,) = table.all(TurnEnded)
    assert (ended.why, ended.at) == ("other_voice", near(4.6))  # type: ignore[union-attr]


def test_a_listeners_long_sound_does_not_take_the_floor_by_the_silence_behind_it() -> None:
    table = listening()
    table.speaks(0, 3.0)
    table.pauses(0.5)
    table.speaks(1, 0.9)
    table.pauses(1.0)
    table.speaks(0, 1.0)
    table.pauses(3.0)

    assert [(fact.speaker, fact.why) for fact in table.all(TurnEnded)] == [(0, "silence")]  # type: ignore[union-attr]
    assert table.all(Interruption) == []


def test_two_listeners_sounds_in_a_row_do_not_take_the_floor() -> None:
    table = listening()
    table.speaks(0, 3.0)
    for _ in range(2):
        table.pauses(0.6)
        table.speaks(1, 0.25)
    table.pauses(0.6)
    table.speaks(0, 1.0)
    table.pauses(3.0)

    assert [(fact.speaker, fact.why) for fact in table.all(TurnEnded)] == [(0, "silence")]  # type: ignore[union-attr]


def test_a_doubtful_voice_takes_the_floor_only_after_two_seconds() -> None:
    table = listening()
    table.speaks(0, 3.0)
    table.pauses(0.5)
    heard_s = 0.0
    while not table.all(TurnEnded) and heard_s < 4.0:
        table._pass(FRAME_S, 0.9, -0.6)  # 0.15 nats a frame: 4.7 in a second
        heard_s += FRAME_S

    assert 1.8 < heard_s < 2.6
    assert [fact.why for fact in table.all(TurnEnded)] == ["other_voice"]  # type: ignore[union-attr]


def test_what_the_other_said_belongs_to_the_next_window_from_its_first_word() -> None:
    table = listening()
    table.speaks(0, 3.0)
    table.pauses(0.5)
    table.speaks(1, 1.5)
    table.expects(window(actor=1, next_actor=0, step="mirror"))
    table.speaks(1, 1.0)
    table.pauses(3.0)

    first, second = table.all(TurnEnded)
    assert (first.speaker, second.speaker) == (0, 1)  # type: ignore[union-attr]
    assert second.start == near(3.5)  # type: ignore[union-attr]
    pieces = table.all(TurnPaused)
    assert pieces[-1].start >= pieces[0].end  # type: ignore[union-attr]


def test_a_listeners_short_sound_is_a_backchannel_and_never_a_turn() -> None:
    table = listening()
    table.speaks(0, 3.0)
    table.pauses(0.5)
    table.speaks(1, 0.5)
    table.pauses(0.5)
    table.speaks(0, 2.0)
    table.pauses(3.0)

    assert [(fact.by, fact.during) for fact in table.all(Backchannel)] == [(1, 1)]  # type: ignore[union-attr]
    assert [(fact.speaker, fact.why) for fact in table.all(TurnEnded)] == [(0, "silence")]  # type: ignore[union-attr]


def test_a_backchannel_while_the_other_is_still_thinking_opens_no_turn() -> None:
    table = listening(window(actor=0))
    table.pauses(1.0)
    table.speaks(1, 0.5)
    table.pauses(3.0)

    assert len(table.all(Backchannel)) == 1
    assert table.all(TurnEnded) == []
    table.speaks(0, 2.0)
    table.pauses(3.0)
    assert [fact.speaker for fact in table.all(TurnEnded)] == [0]  # type: ignore[union-attr]


def test_a_short_answer_is_an_answer_whoever_gives_it() -> None:
    table = listening(window(actor=0, kind="answer", end_silence_s=1.0))
    table.speaks(1, 0.5)
    table.pauses(2.0)

    assert [fact.speaker for fact in table.all(TurnEnded)] == [1]  # type: ignore[union-attr]


def test_another_voice_for_more_than_a_second_interrupts_once() -> None:
    """The step after this one is the same partner's again, so the listener does not take the floor."""
    table = listening(window(actor=0, next_actor=0))
    table.speaks(0, 3.0)
    table.speaks(1, 3.0)
    table.speaks(0, 3.0)

    assert [(fact.by, fact.during) for fact in table.all(Interruption)] == [(1, 1)]  # type: ignore[union-attr]
    assert table.hearing.turn_open


def test_each_interruption_is_told() -> None:
    table = listening(window(actor=0, next_actor=0))
    for _ in range(2):
        table.speaks(0, 3.0)
        table.speaks(1, 2.0)

    assert len(table.all(Interruption)) == 2


def test_who_cuts_in_and_goes_on_talks_over_the_holder_a_second_and_a_half_later_and_again_at_three() -> None:
    """The listener is expected next: without a rest the floor was not free, so both may be talking."""
    table = listening(window(actor=0, next_actor=1))
    table.speaks(0, 3.0)
    table.speaks(1, 3.4)
    table.speaks(0, 2.0)

    told = [(fact.by, fact.during, fact.seconds) for fact in table.all(Overlap)]  # type: ignore[union-attr]
    assert told == [(1, 1, 1.5), (1, 1, 3.0)]
    assert table.hearing.turn_open

    table.speaks(1, 1.7)
    assert [fact.seconds for fact in table.all(Overlap)] == [1.5, 3.0, 1.5]  # type: ignore[union-attr]


def test_short_sounds_and_a_voice_that_began_in_a_silence_talk_over_nobody() -> None:
    table = listening(window(actor=0, next_actor=0))
    table.speaks(0, 3.0)
    table.speaks(1, 1.1)
    table.speaks(0, 3.0)
    table.pauses(0.8)
    table.speaks(1, 3.5)

    assert len(table.all(Interruption)) == 2
    assert table.all(Overlap) == []


def test_a_voice_beside_the_holders_is_heard_by_the_windows_though_the_label_stays() -> None:
    table = listening(window(actor=0, next_actor=1))
    table.speaks(0, 3.0)
    table.both_speak(4.0, -4.0)

    told = [(fact.by, fact.at, fact.seconds) for fact in table.all(Overlap)]  # type: ignore[union-attr]
    assert told == [(1, near(4.35), 1.5), (1, near(5.85), 3.0)]
    assert table.all(Interruption) == []
    assert table.hearing.turn_open

    table.both_speak(3.0, 4.0)
    table.both_speak(2.0, -4.0)
    assert [fact.seconds for fact in table.all(Overlap)] == [1.5, 3.0, 1.5], "each time anew"  # type: ignore[union-attr]


def test_what_windows_said_before_a_rest_or_a_while_ago_is_nobody_beside_the_holder_now() -> None:
    rested, went_on = listening(), listening()
    for table in (rested, went_on):
        table.speaks(0, 3.0)
        table.both_speak(2.2, -4.0)
    rested.pauses(0.5)
    rested.both_speak(1.1, -4.0)  # too short for a window of its own
    went_on.speaks(0, 1.6)

    for table in (rested, went_on):
        assert [fact.seconds for fact in table.all(Overlap)] == [1.5]  # type: ignore[union-attr]


def test_windows_that_doubt_the_holder_a_little_or_for_a_moment_hear_nobody_beside() -> None:
    table = listening(window(actor=0, next_actor=1))
    table.speaks(0, 3.0)
    table.both_speak(3.0, -2.5)
    table.both_speak(3.0, 4.0)
    table.speaks(0, 0.4)
    table.facts += table.hearing.feed(VoiceScored(table.now, table.now - 1.2, table.now, -4.5, 0.0))
    table.speaks(0, 3.0)

    assert table.all(Overlap) == []


def test_a_turn_whose_first_words_were_taken_for_the_other_one_s_has_nobody_beside_it() -> None:
    """Its holder is not yet known rightly; the label is."""
    table = listening(window(actor=1, next_actor=0))
    table.speaks(1, 0.4)
    table.both_speak(3.0, 4.0)

    assert table.all(Overlap) == []


def test_after_an_interruption_the_turn_is_still_its_holders() -> None:
    table = listening(window(actor=0, next_actor=0))
    table.speaks(0, 4.0)
    table.speaks(1, 2.0)
    table.speaks(0, 1.0)
    table.pauses(3.0)

    assert table.all(TurnEnded)[0].speaker == 0  # type: ignore[union-attr]


def test_the_other_voice_before_the_holder_spoke_ends_nothing() -> None:
    table = listening(window(actor=0, next_actor=1))
    table.speaks(1, 3.0)

    assert table.all(TurnEnded) == []
    assert table.hearing.turn_open


def test_where_either_may_speak_the_floor_passes_on() -> None:
    table = listening(window(actor=None, next_actor=None))
    table.speaks(1, 3.0)
    table.pauses(0.5)
    table.speaks(0, 2.0)

    assert [(fact.why, fact.speaker) for fact in table.all(TurnEnded)] == [("other_voice", 1)]  # type: ignore[union-attr]


def test_in_a_recording_the_other_voice_begins_the_next_turn() -> None:
    table = listening(window(actor=None, next_actor=None), continuous=True)
    table.speaks(1, 3.0)
    table.speaks(0, 3.0)
    table.speaks(1, 3.0)
    table.pauses(3.0)

    ended = table.all(TurnEnded)
    assert [fact.speaker for fact in ended] == [1, 0, 1]  # type: ignore[union-attr]
    assert [(a.end, b.start) for a, b in pairwise(ended)] == [  # type: ignore[union-attr]
        (near(3.0), near(3.0)),
        (near(6.0), near(6.0)),
    ]


def test_somebody_else_speaking_alone_is_noticed() -> None:
    table = listening(window(actor=0, next_actor=0, end_silence_s=10.0))
    table.speaks(0, 3.0)
    table.pauses(0.5)
    table.stranger_speaks(5.0)

    assert [fact.by for fact in table.all(Interruption)] == [UNKNOWN]  # type: ignore[union-attr]


def test_a_television_does_not_keep_the_turn_open() -> None:
    table = listening(window(actor=0, next_actor=1, end_silence_s=2.5))
    table.speaks(0, 3.0)
    table.pauses(0.5)
    table.stranger_speaks(8.0)

    ended = table.all(TurnEnded)[0]
    assert (ended.why, ended.speaker) == ("silence", 0)  # type: ignore[union-attr]
    assert ended.end < 5.0  # type: ignore[union-attr]
    assert ended.at < 9.0


def test_somebody_else_alone_is_told_once_and_is_nobodys_turn() -> None:
    """A guest talks into the open window: one interruption, and one turn when they are done, of neither partner."""
    table = listening(window(actor=None, next_actor=None))
    table.stranger_speaks(9.0)
    table.pauses(3.0)

    assert [fact.by for fact in table.all(Interruption)] == [UNKNOWN]  # type: ignore[union-attr]
    assert [(fact.speaker, fact.sure) for fact in table.all(TurnEnded)] == [(UNKNOWN, True)]  # type: ignore[union-attr]


def test_a_guest_after_a_turn_in_a_recording_is_a_turn_of_its_own_or_told() -> None:
    table = listening(window(actor=None, next_actor=None), continuous=True)
    table.speaks(0, 3.0)
    table.pauses(3.0)
    table.stranger_speaks(6.0)
    table.pauses(3.0)

    assert [fact.speaker for fact in table.all(TurnEnded)] == [0, UNKNOWN]  # type: ignore[union-attr]


def test_two_stretches_of_a_guest_are_told_twice() -> None:
    table = listening(window(actor=0, next_actor=0, end_silence_s=30.0))
    table.speaks(0, 3.0)
    for _ in range(2):
        table.pauses(0.5)
        table.stranger_speaks(4.0)
        table.pauses(0.5)
        table.speaks(0, 3.0)
        table.hearing.feed(VoiceScored(table.now, table.now - 1.2, table.now, 10.0, 0.0))

    assert [fact.by for fact in table.all(Interruption)] == [UNKNOWN, UNKNOWN]  # type: ignore[union-attr]


def test_a_guest_who_pauses_for_breath_is_told_once() -> None:
    table = listening(window(actor=0, next_actor=0, end_silence_s=30.0))
    table.speaks(0, 3.0)
    table.pauses(0.5)
    for _ in range(3):
        table.stranger_speaks(4.0)
        table.pauses(0.6)

    assert [fact.by for fact in table.all(Interruption)] == [UNKNOWN]  # type: ignore[union-attr]


def test_the_soft_cap_asks_and_never_cuts() -> None:
    table = listening(window(end_silence_s=2.5, talk_limits_s=(10.0, 20.0)))
    table.speaks(0, 60.0)

    assert [fact.seconds for fact in table.all(Talked)] == [10.0, 20.0]  # type: ignore[union-attr]
    assert table.hearing.turn_open
    assert table.all(TurnEnded) == []


def test_a_tone_into_two_voices_is_no_rest_after_which_the_other_one_had_the_floor() -> None:
    """What the guide's own sound covers is not heard, and neither is it silence."""
    table = listening(window(actor=0, next_actor=1))
    table.speaks(0, 3.0)
    table.speaks(1, 1.6)
    table.gated(0.4)
    table.speaks(1, 1.5)
    table.speaks(0, 2.0)

    assert table.hearing.turn_open
    assert table.all(TurnEnded) == []


def test_silence_after_a_tone_is_a_rest() -> None:
    table = listening(window(actor=0, next_actor=1))
    table.speaks(0, 3.0)
    table.gated(0.4)
    table.pauses(0.5)
    table.speaks(1, 2.0)

    assert [fact.why for fact in table.all(TurnEnded)] == ["other_voice"]  # type: ignore[union-attr]
