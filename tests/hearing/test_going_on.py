"""The first half second of a prompt: whoever goes on is heard and gets the turn back; the guide never hears itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from echoing_table import GUIDE, EchoingTable
from made_voices import ANA, HZ, Samples

from voice_imago.engines.detectors import DetectorName
from voice_imago.engines.ports import VoiceOpinion
from voice_imago.events import SpeechStarted, TurnEnded, TurnPaused, TurnReopened

PROMPT = GUIDE.speaks(3.0)
ECHOES_DB = (-40.0, -30.0, -20.0, -12.0, -6.0)


class TardyVoiceprint:
    """Hears a voice at once, and needs half a second to know it."""

    name = "tardy"

    def __init__(self) -> None:
        self.frames = 0

    def frame_llr(self, frame: Samples) -> float | None:
        self.frames += 1
        return 0.01 if self.frames < 16 else 4.0

    def windows(self) -> Sequence[VoiceOpinion]:
        return ()

    def finish(self) -> Sequence[VoiceOpinion]:
        self.frames = 0
        return ()

    def reset(self) -> None:
        self.frames = 0


def said(again_s: float | None) -> Samples:
    """Two seconds of speech, and, later, perhaps two more."""
    sound = np.zeros(round(12.0 * HZ), np.float32)
    parts = [(1.0, ANA.speaks(2.0))]
    if again_s is not None:
        parts.append((again_s, ANA.speaks(2.0)))
    for begin_s, part in parts:
        begin = round(begin_s * HZ)
        sound[begin : begin + len(part)] = part
    return sound


@cache
def end_s(detector: DetectorName) -> float:
    """When silence ends the turn that ``said`` begins."""
    (ended,) = EchoingTable(said(None), PROMPT, -120.0, None, detector).run().all(TurnEnded)
    return ended.at


@pytest.mark.parametrize("detector", ["silero", "webrtc"])
@pytest.mark.parametrize("echo_db", [-40.0, -30.0])
@pytest.mark.parametrize("into_prompt_s", [0.0, 0.2])
def test_going_on_in_the_first_half_second_of_a_prompt_takes_the_turn_back(
    detector: DetectorName, echo_db: float, into_prompt_s: float
) -> None:
    """No audio is lost: one piece holds all that was said after the pause."""
    began = end_s(detector) + into_prompt_s
    table = EchoingTable(said(began), PROMPT, echo_db, echo_db, detector).run()

    assert table.prompted_at == pytest.approx(end_s(detector), abs=0.02)
    reopened = table.all(TurnReopened)
    assert [fact.turn for fact in reopened] == [1]  # type: ignore[union-attr]
    assert reopened[0].at < began + 0.45
    assert table.covers(began + 0.05, began + 1.9)
    assert [fact.turn for fact in table.all(TurnEnded)] == [1, 1]  # type: ignore[union-attr]


@pytest.mark.parametrize("coupling_db", [None, -6.0])
def test_speech_that_runs_when_the_prompt_begins_is_heard_however_loud_the_echo(coupling_db: float | None) -> None:
    """It is believed, and whose it is has not been judged yet, when the gate shuts."""
    late_s, began = 0.5, end_s("silero") + 0.3
    voices = TardyVoiceprint()
    table = EchoingTable(said(began), PROMPT, -6.0, coupling_db, late_s=late_s, voiceprint=voices).run()

    (reopened,) = table.all(TurnReopened)
    assert table.prompted_at is not None
    assert table.all(SpeechStarted)[1].at < table.prompted_at < reopened.at < table.prompted_at + 0.6
    assert table.covers(began + 0.05, began + 1.9)


@pytest.mark.parametrize("detector", ["silero", "webrtc"])
@pytest.mark.parametrize("echo_db", ECHOES_DB)
@pytest.mark.parametrize("wrong_by_db", [None, 0.0, -4.0])
def test_the_guides_own_echo_takes_no_turn_back(
    detector: DetectorName, echo_db: float, wrong_by_db: float | None
) -> None:
    """At any coupling, measured or not, and when the measurement was 4 dB too low."""
    measured = None if wrong_by_db is None else echo_db + wrong_by_db
    table = EchoingTable(said(None), PROMPT, echo_db, measured, detector).run()

    assert table.prompted_at is not None
    assert table.all(TurnReopened) == []
    prompt_s = (table.prompted_at, table.prompted_at + 3.0)
    assert not [fact for fact in table.all(SpeechStarted) if prompt_s[0] < fact.at < prompt_s[1]]


def test_the_echo_would_take_the_turn_back_if_the_coupling_were_ignored() -> None:
    """What the test above can see."""
    table = EchoingTable(said(None), PROMPT, -12.0, -90.0).run()

    assert len(table.all(TurnReopened)) == 1


@pytest.mark.parametrize("detector", ["silero", "webrtc"])
def test_after_half_a_second_of_the_prompt_it_is_too_late(detector: DetectorName) -> None:
    table = EchoingTable(said(end_s(detector) + 0.75), PROMPT, -40.0, -40.0, detector).run()

    assert table.all(TurnReopened) == []
    assert len(table.all(TurnPaused)) == 1
