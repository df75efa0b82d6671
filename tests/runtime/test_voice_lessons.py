"""Voices learnt at the table: piece by piece or turn by turn, kept, told apart and heard right."""

from __future__ import annotations

import gc
import shutil
import subprocess
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kitchen import Kitchen, LaterRun, Table, speech
from made_voices import ANA, BEN, HZ, Samples, silence

from voice_imago.engines.detectors import make_detector
from voice_imago.engines.recorded import read_sound
from voice_imago.engines.voiceprint_enrolment import VoiceModel, learn_voice
from voice_imago.engines.voiceprint_weights import weights_file
from voice_imago.errors import FileError
from voice_imago.events import FrameHeard, Partner, VoiceScored
from voice_imago.hearing.room import Room
from voice_imago.runtime.profiles import load, save
from voice_imago.runtime.tasks import QUIET_S
from voice_imago.runtime.voice_lessons import Turns

# ---------------------------------------------------------------------- voices


def labels(kitchen: Kitchen, sound: Samples) -> float:
    """All opinions on a new sentence together, in nats: > 0 the first partner."""
    kitchen.heard.clear()
    kitchen.hear(sound)
    kitchen.pass_(0.6)
    frames = [one.llr for one in kitchen.heard if isinstance(one, FrameHeard) and one.llr is not None]
    windows = [one.llr for one in kitchen.heard if isinstance(one, VoiceScored)]
    return sum(frames) + sum(windows)


@pytest.fixture(params=[False, True], ids=["mixtures", "voice model"])
def embedding(request: pytest.FixtureRequest) -> bool:
    if request.param and weights_file() is None:
        pytest.skip("the package resemblyzer is not installed")
    return bool(request.param)


def test_two_partners_are_learnt_and_told_apart(embedding: bool) -> None:
    table = Table(embedding=embedding)
    assert labels(table.kitchen, speech(ANA, 1.0)) == 0.0

    assert table.teach(0, speech(ANA, 9.0)) == "good"
    assert table.outcome("tell_apart") == "missing"
    assert table.teach(1, speech(BEN, 9.0)) == "good"
    assert table.apart == 0
    assert table.outcome("tell_apart") == "good"

    assert table.apart == 1
    for lesson in (20, 30):
        assert labels(table.kitchen, speech(ANA, 2.0, lesson)) > 10.0
        assert labels(table.kitchen, speech(BEN, 2.0, lesson)) < -10.0


def test_how_loud_each_partner_arrives_is_remembered() -> None:
    table = Table(room=Room(noise_db=-66.0, tail_s=0.3))
    table.teach(0, speech(ANA, 9.0))
    table.teach(1, speech(replace(BEN, level_db=-34.0), 9.0))

    room = table.rooms[-1]
    assert room.seat_db == (pytest.approx(-24.0, abs=3.0), pytest.approx(-34.0, abs=3.0))
    assert (room.noise_db, room.tail_s) == (-66.0, 0.3)


def test_pieces_of_one_partner_add_up() -> None:
    table = Table(embedding=False)

    assert table.teach(0, speech(ANA, 2.0, 10)) == "too_short"
    assert table.teach(1, speech(BEN, 2.0, 10)) == "too_short"
    assert table.teach(0, speech(ANA, 2.0, 20)) == "too_short"
    assert table.teach(0, speech(ANA, 2.0, 30)) == "good"
    voice = table.tasks.voices[0]
    assert voice is not None
    assert voice.speech_s > 5.0
    assert table.tasks.voices[1] is None


@pytest.mark.parametrize("spoilt", ["clipped", "too_quiet"])
def test_a_spoilt_piece_is_told_and_does_not_spoil_the_next(spoilt: str) -> None:
    table = Table(embedding=False)
    table.teach(0, speech(ANA, 3.0))
    bad = speech(ANA, 9.0, 20) * np.float32(60.0 if spoilt == "clipped" else 0.002)

    assert table.teach(0, np.clip(bad, -1.0, 1.0)) == spoilt
    assert table.tasks.voices == (None, None)
    assert table.teach(0, speech(ANA, 3.0, 30)) == "good"


def test_a_partner_who_is_hardly_above_the_room_is_noisy_once_the_room_is_known() -> None:
    quiet_voice = replace(ANA, level_db=-32.0)
    table = Table(Kitchen(noise_db=-34.0), embedding=False)
    assert table.teach(0, speech(quiet_voice, 9.0)) == "good"

    table.ask(1, "measure_room")
    table.kitchen.pass_(QUIET_S + 0.1)

    assert table.done[-1] == (1, "noisy")
    assert table.teach(1, speech(quiet_voice, 9.0)) == "noisy"


def test_a_room_of_another_evening_does_not_make_a_partner_noisy() -> None:
    table = Table(room=Room(noise_db=-20.0), embedding=False)

    assert table.teach(0, speech(ANA, 9.0)) == "good"


@pytest.mark.parametrize("noise_db", [-200.0, -75.0], ids=["zeros", "a quiet room"])
def test_silence_is_no_voice(noise_db: float) -> None:
    table = Table(Kitchen(noise_db=noise_db))

    assert table.teach(0, np.zeros(10 * HZ, np.float32)) == "too_quiet"
    assert table.tasks.voices == (None, None)


def test_sound_that_is_not_there_is_too_short() -> None:
    table = Table()

    assert table.outcome("learn_voice", 0, (500.0, 515.0)) == "too_short"
    assert table.outcome("learn_voice", 0, (3.0, 1.0)) == "too_short"


def test_the_same_voice_twice_is_too_alike(embedding: bool) -> None:
    table = Table(embedding=embedding)
    table.teach(0, speech(ANA, 9.0, 10))
    table.teach(1, speech(ANA, 9.0, 20))

    assert table.outcome("tell_apart") == "too_alike"
    assert table.apart == 0
    assert labels(table.kitchen, speech(ANA, 1.0)) == 0.0

    assert table.teach(1, speech(BEN, 9.0)) == "good"  # somebody had spoken for the other
    assert table.outcome("tell_apart") == "good"


def test_kept_voices_are_told_apart_without_learning() -> None:
    ana, ben = (learn_voice(speech(voice, 9.0), embedding=False) for voice in (ANA, BEN))
    table = Table(voices=(ana, ben))

    assert table.outcome("tell_apart") == "good"
    assert labels(table.kitchen, speech(BEN, 2.0, 20)) < -10.0


def test_the_sound_of_a_voice_is_dropped_once_it_is_learnt() -> None:
    table = Table(embedding=False)
    given: list[weakref.ref[Samples]] = []
    sound = table.kitchen.ear.sound

    def noted(start_s: float, end_s: float) -> Samples:
        piece = sound(start_s, end_s)
        given.append(weakref.ref(piece))
        return piece

    table.kitchen.ear.sound = noted  # type: ignore[method-assign]
    table.teach(0, speech(ANA, 3.0))
    gc.collect()
    assert [ref() is not None for ref in given] == [True]

    table.teach(0, speech(ANA, 6.0, 20))
    for n in range(2):
        table.turn(1, speech(BEN, 6.0, 10 * n))
    gc.collect()

    assert len(given) == 4
    assert [ref() for ref in given] == [None] * 4


def test_closing_drops_the_sound_and_answers_nothing_more() -> None:
    run = LaterRun()
    table = Table(run=run, embedding=False)
    span = table.kitchen.hear(speech(ANA, 9.0))
    table.ask(1, "learn_voice", 0, span)
    table.ask(2, "measure_echo")
    table.tasks.close()
    run.work()
    table.ask(3, "learn_voice", 0, span)
    table.kitchen.pass_(5.0)

    assert table.done == []
    assert table.kitchen.chimes == []
    assert run.waiting == []
    assert table.tasks.voices == (None, None)


# ---------------------------------------------------------------------- voices kept


def test_voices_are_kept_for_the_next_evening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_IMAGO_HOME", str(tmp_path))
    names = ("Ana", "Ben")
    table = Table(keep=lambda partner, voice: save(names[partner], voice))
    table.teach(0, speech(ANA, 9.0))
    table.teach(1, speech(BEN, 9.0))
    assert not (tmp_path / "data").exists()  # nothing is kept unasked

    assert table.outcome("keep_voices") == "good"

    evening = Table(voices=(load("Ana"), load("Ben")))
    assert evening.outcome("tell_apart") == "good"
    assert labels(evening.kitchen, speech(ANA, 2.0, 20)) > 10.0


def test_voices_that_cannot_be_kept_are_failed_and_the_reason_is_told() -> None:
    def full(partner: Partner, voice: VoiceModel) -> None:
        raise FileError("The voice cannot be kept: the disk is full.", "Make room.")

    ana = learn_voice(speech(ANA, 9.0), embedding=False)
    table = Table(keep=full, voices=(ana, None))

    assert table.outcome("keep_voices") == "failed"
    assert table.told == ["The voice cannot be kept: the disk is full. Make room."]


def test_there_is_nothing_to_keep_before_a_voice_was_learnt() -> None:
    assert Table().outcome("keep_voices") == "failed"


# ---------------------------------------------------------------------- voices from turns


def test_four_protocol_turns_are_enough_to_tell_two_partners_apart(embedding: bool) -> None:
    table = Table(embedding=embedding)

    assert [table.turn(0, speech(ANA, 5.0, 10)), table.turn(1, speech(BEN, 5.0, 10))] == ["more", "more"]
    assert table.turn(0, speech(ANA, 5.0, 20)) == "more"
    assert table.turn(1, speech(BEN, 5.0, 20)) == "good"

    assert table.apart == 1
    assert labels(table.kitchen, speech(ANA, 2.0, 30)) > 10.0
    assert labels(table.kitchen, speech(BEN, 2.0, 30)) < -10.0
    assert all(level is not None for level in table.tasks.room.seat_db)
    assert table.turn(0, speech(ANA, 2.0, 40)) == "good"
    assert table.apart == 1


def test_a_turn_that_went_on_after_all_counts_once() -> None:
    turns = Turns()
    sound = speech(ANA, 5.0)
    turns.add(0, 3.0, sound[: 2 * HZ], 2.0)
    turns.add(0, 3.0, sound, 5.0)
    turns.add(1, 20.0, speech(BEN, 9.0), 9.0)
    turns.add(1, 40.0, speech(BEN, 9.0, 1), 9.0)
    assert turns.lesson((None, None), False) is None

    turns.add(0, 60.0, speech(ANA, 5.0, 1), 5.0)
    assert turns.lesson((None, None), False) is not None


def test_one_long_turn_is_not_enough() -> None:
    table = Table(embedding=False)
    assert table.turn(0, speech(ANA, 20.0)) == "more"
    for lesson in range(5):
        assert table.turn(1, speech(BEN, 2.0, lesson)) == "more"

    assert table.turn(0, speech(ANA, 2.0, 20)) == "good"


def test_many_short_turns_are_not_enough_before_they_add_up() -> None:
    table = Table(embedding=False)
    for lesson in range(2):
        table.turn(0, speech(ANA, 5.0, lesson))
    told = [table.turn(1, speech(BEN, 2.0, lesson)) for lesson in range(5)]

    assert told[:3] == ["more"] * 3
    assert "good" in told


def test_a_kept_voice_needs_only_the_other_ones_turns() -> None:
    ana = learn_voice(speech(ANA, 9.0), embedding=False)
    table = Table(voices=(ana, None), embedding=False)

    assert table.turn(1, speech(BEN, 5.0, 10)) == "more"
    assert table.turn(1, speech(BEN, 5.0, 20)) == "good"
    assert table.tasks.voices[0] is ana


def test_turns_that_sound_alike_are_told_once() -> None:
    table = Table(embedding=False)
    told = [table.turn(partner, speech(ANA, 5.0, n)) for n in range(5) for partner in (0, 1)]  # type: ignore[arg-type]

    assert told.count("too_alike") == 1
    assert set(told) == {"more", "too_alike"}
    assert table.tasks.voices == (None, None)


# ---------------------------------------------------------------------- real voices

SENTENCES = {
    "enrolment": "This morning I had two slices of bread with butter and honey, and a cup of tea with milk. Then I "
    "read the paper for a while, watered the plants by the window, and called my sister about her new job in the city.",
    "first": "I appreciate how you made breakfast for all of us on Sunday.",
    "second": "When that happens I feel alone, and I would like you to ask me.",
}


def said(voice: str, text: str, folder: Path) -> Samples:
    """By espeak-ng or flite, at the level of somebody across the table."""
    path = folder / "said.wav"
    if voice.startswith("flite"):
        command = ["flite", "-voice", voice.removeprefix("flite "), "-t", text, "-o", str(path)]
    else:
        command = ["espeak-ng", "-v", voice, "-s", "150", "-w", str(path), text]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    sound = read_sound(path)
    return (sound * (0.05 / np.sqrt(np.mean(sound**2)))).astype(np.float32)


@pytest.mark.parametrize(
    ("ana", "ben"), [("en-us+f3", "en-gb+m3"), ("flite slt", "flite rms"), ("en-us+f3", "flite slt")]
)
def test_real_voices_are_learnt_told_apart_and_heard_right(ana: str, ben: str, embedding: bool, tmp_path: Path) -> None:
    kitchen = Kitchen(noise_db=-60.0, detector=make_detector("auto"))
    table = Table(kitchen, embedding=embedding)
    table.ask(1, "measure_room")
    kitchen.pass_(3.3)
    assert table.teach(0, said(ana, SENTENCES["enrolment"], tmp_path)) == "good"
    assert table.teach(1, said(ben, SENTENCES["enrolment"], tmp_path)) == "good"
    assert table.outcome("tell_apart") == "good"

    for text in (SENTENCES["first"], SENTENCES["second"]):
        assert labels(kitchen, said(ana, text, tmp_path)) > 10.0
        assert labels(kitchen, said(ben, text, tmp_path)) < -10.0


def test_one_real_voice_for_both_partners_is_too_alike(embedding: bool, tmp_path: Path) -> None:
    table = Table(embedding=embedding)
    sound = said("en-us+f3", SENTENCES["enrolment"], tmp_path)
    assert table.teach(0, sound[: len(sound) // 2]) == "good"
    assert table.teach(1, sound[len(sound) // 2 :]) == "good"

    assert table.outcome("tell_apart") == "too_alike"


def test_a_real_voice_that_is_spoilt_is_told(tmp_path: Path) -> None:
    sound = said("en-us+f3", SENTENCES["enrolment"], tmp_path)
    clipped = np.clip(sound * 40.0, -1.0, 1.0).astype(np.float32)
    fan = Kitchen(noise_db=-27.0)
    noisy = Table(fan)
    noisy.ask(1, "measure_room")
    fan.pass_(3.3)

    assert noisy.teach(0, sound) == "noisy"
    assert Table().teach(0, clipped) == "clipped"
    assert Table().teach(0, sound[: 2 * HZ]) == "too_short"
    assert Table().teach(0, sound * np.float32(0.01)) == "too_quiet"
    assert Table().teach(0, silence(12.0)) == "too_quiet"
