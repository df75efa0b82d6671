"""The real chain on a conversation that breaks off anywhere: what was decided until then stays as it was."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from made_voices import ANA, BEN, HZ, Samples, scene, silence

from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.voiceprint_enrolment import make_voiceprint
from voice_imago.events import TurnEnded, Window
from voice_imago.hearing.hearing import Hearing
from voice_imago.hearing.record import TurnRecord
from voice_imago.runtime.ear import Ear

KNOWN_LATER_S = 0.3
"""A label may use so much of what came after the turn was decided."""


@cache
def conversation() -> Samples:
    parts = [silence(1.0)]
    for voice, seconds, gap in ((ANA, 3.0, 0.5), (BEN, 2.2, 0.3), (ANA, 1.6, 1.0), (BEN, 0.6, 2.8), (ANA, 2.0, 0.8)):
        parts += [voice.speaks(seconds), silence(gap)]
    return scene(*parts, BEN.speaks(3.0), silence(3.0))


@cache
def enrolled() -> tuple[Samples, Samples]:
    return scene(silence(0.3), ANA.speaks(8.0)), scene(silence(0.3), BEN.speaks(8.0))


def records(sound: Samples) -> list[TurnRecord]:
    """Every turn of a recording that has ended."""
    detector = make_detector("silero")
    ear = Ear(detector, make_voiceprint(*enrolled(), embedding=False))
    hearing = Hearing(settings_for(detector, continuous=True))
    hearing.expect(Window("recording", None, None, "send", 2.5), 0.0)
    found = []
    for heard in ear.hear(sound):
        for fact in hearing.feed(heard):
            if isinstance(fact, TurnEnded):
                record = hearing.record(fact.turn)
                assert record is not None
                found.append(record)
    return found


@cache
def whole() -> list[TurnRecord]:
    return records(conversation())


def test_the_conversation_has_turns_of_both() -> None:
    assert {record.speaker for record in whole()} == {0, 1}
    assert len(whole()) >= 4


@pytest.mark.parametrize("cut_s", np.random.default_rng(11).uniform(3.0, 22.0, 8).round(3))
def test_the_past_does_not_change_when_the_recording_is_cut(cut_s: float) -> None:
    then = records(conversation()[: round(float(cut_s) * HZ)])
    told = [record for record in whole() if record.decided + KNOWN_LATER_S <= cut_s]

    assert then[: len(told)] == told
    assert len(then) - len(told) <= 1
