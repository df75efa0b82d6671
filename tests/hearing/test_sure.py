"""Whether a turn's speaker is beyond doubt, and what a reopened turn remembers of its voices."""

from __future__ import annotations

from table import Table, listening, window

from voice_imago.events import UNKNOWN, FrameHeard, TurnEnded, VoiceScored

FRAME_S = 0.032


def whispers(table: Table, seconds: float, nats: float) -> None:
    """Speech about which the voiceprint has hardly an opinion."""
    for _ in range(round(seconds / FRAME_S)):
        table.frames += 1
        table.facts += table.hearing.feed(FrameHeard(table.now, 0.9, -40.0, nats))


def ended(table: Table) -> TurnEnded:
    """The only turn's last end."""
    found = [fact for fact in table.facts if isinstance(fact, TurnEnded)]
    assert len({fact.turn for fact in found}) == 1
    return found[-1]


def test_a_clear_voice_is_sure() -> None:
    table = listening()
    table.speaks(0, 2.0)
    table.pauses(3.0)

    assert (ended(table).speaker, ended(table).sure) == (0, True)


def test_a_voice_too_close_to_call_is_the_likelier_one_but_not_sure() -> None:
    table = listening(window(actor=None, next_actor=None))
    whispers(table, 1.0, -0.4)
    table.pauses(3.0)

    assert (ended(table).speaker, ended(table).sure) == (1, False)


def test_the_same_faint_voice_is_sure_once_it_has_spoken_long_enough() -> None:
    """31 frames of 0.4 nats at weight 0.25 are three nats; three seconds are nine."""
    table = listening(window(actor=None, next_actor=None))
    whispers(table, 3.0, -0.4)
    table.pauses(3.0)

    assert (ended(table).speaker, ended(table).sure) == (1, True)


def test_without_voiceprints_nobody_is_in_doubt() -> None:
    table = listening(voices=False)
    table.speaks(0, 1.0)
    table.pauses(3.0)

    assert (ended(table).speaker, ended(table).sure) == (0, True)


def test_somebody_else_is_surely_somebody_else() -> None:
    table = listening(window(actor=None, next_actor=None))
    for n in range(100):
        whispers(table, FRAME_S, 0.0)
        if n % 12 == 11 and n > 36:
            table.facts += table.hearing.feed(VoiceScored(table.now, table.now - 1.2, table.now, 0.5, 1.5))
    table.pauses(3.0)

    assert (ended(table).speaker, ended(table).sure) == (UNKNOWN, True)


def test_one_faint_word_after_a_reopening_does_not_change_whose_turn_it_was() -> None:
    table = listening(window(actor=None, next_actor=None))
    table.speaks(0, 4.0)
    table.pauses(3.0)
    whispers(table, 0.3, -0.1)
    table.pauses(3.0)

    assert [fact.speaker for fact in table.facts if isinstance(fact, TurnEnded)] == [0, 0]
    assert ended(table).sure
    record = table.hearing.record(1)
    assert record is not None
    assert record.margin_nats > 100.0
