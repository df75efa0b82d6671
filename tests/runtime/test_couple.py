"""The scripted couple: speaks when the guide listens, at its level, and remembers what was said when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from voice_imago.engines.ports import HEAR_HZ, Samples
from voice_imago.runtime.couple import SPEECH_DB, Couple, levelled
from voice_imago.runtime.scene import Line, Partner, Room, Scene

BLOCK = 512
PARTNERS = {"ana": Partner(voice="a"), "ben": Partner(voice="b")}


def second_long(line: Line) -> Samples:
    """Every line lasts one second; each is a tone of its own."""
    t = np.arange(HEAR_HZ) / HEAR_HZ
    return (0.3 * np.sin(2 * np.pi * (300 + 100 * len(line.say)) * t)).astype(np.float32)


@dataclass
class Table:
    couple: Couple
    at: int = 0

    def pass_s(self, seconds: float) -> tuple[list[Line], Samples]:
        """Lines begun and what was heard in the next seconds."""
        begun, heard = [], []
        for _ in range(round(seconds * HEAR_HZ / BLOCK)):
            begun += self.couple.act(self.at / HEAR_HZ)
            heard.append(self.couple.block(self.at, BLOCK))
            self.at += BLOCK
        return begun, np.concatenate(heard)


def table(*lines: Line, room: Room = Room(), noise: Samples | None = None) -> Table:  # noqa: B008
    scene = Scene("x", "appreciation", PARTNERS, room=room, line=lines)
    return Table(Couple(scene, second_long, noise))


def db(sound: Samples) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(sound)))))


def said(lines: list[Line]) -> list[str]:
    return [line.say for line in lines]


def test_nobody_speaks_before_the_guide_listens() -> None:
    there = table(Line(by="ana", say="hello"))
    assert there.pass_s(5.0)[0] == []
    there.couple.guide_listens("thing", there.at / HEAR_HZ)
    assert said(there.pass_s(1.0)[0]) == ["hello"]


def test_a_line_waits_for_its_step() -> None:
    there = table(Line(by="ana", at="thing", say="hello"))
    there.couple.guide_listens("invite", 0.0)
    assert there.pass_s(3.0)[0] == []
    assert there.couple.waiting_for == "line 1 ('hello') waits for step 'thing'"
    there.couple.guide_listens("thing", there.at / HEAR_HZ)
    assert said(there.pass_s(1.0)[0]) == ["hello"]
    assert there.couple.waiting_for is None


def test_a_line_begins_after_its_pause_and_sounds_as_long_as_it_is() -> None:
    there = table(Line(by="ana", say="hello", after_s=1.0))
    there.couple.guide_listens("thing", 0.0)
    _, heard = there.pass_s(3.0)
    loud = np.flatnonzero(np.abs(heard) > 1e-4) / HEAR_HZ
    assert loud[0] == pytest.approx(1.0, abs=BLOCK / HEAR_HZ)
    assert loud[-1] - loud[0] == pytest.approx(1.0, abs=0.01)


def test_nobody_goes_on_while_the_guide_does_not_listen() -> None:
    there = table(Line(by="ana", say="one"), Line(by="ben", say="two"))
    there.couple.guide_listens("thing", 0.0)
    there.pass_s(1.0)
    there.couple.guide_stops_listening()
    assert there.pass_s(5.0)[0] == []
    there.couple.guide_listens("check", there.at / HEAR_HZ)
    assert said(there.pass_s(1.0)[0]) == ["two"]


def test_an_overlapping_line_begins_before_the_other_ends() -> None:
    there = table(Line(by="ana", say="one", after_s=0.0), Line(by="ben", say="mm-hm", overlap_s=0.4))
    there.couple.guide_listens("thing", 0.0)
    assert said(there.pass_s(0.1)[0]) == ["one", "mm-hm"]
    first, second = there.couple.spoken
    assert (first.end - second.start) / HEAR_HZ == pytest.approx(0.4, abs=0.01)


def test_every_voice_comes_at_the_same_level() -> None:
    there = table(Line(by="ana", say="hello", after_s=0.0), Line(by="ben", say="b", after_s=0.0, gain_db=-6.0))
    there.couple.guide_listens("thing", 0.0)
    _, heard = there.pass_s(2.2)
    assert db(heard[:HEAR_HZ]) == pytest.approx(SPEECH_DB, abs=1.0)
    assert db(heard[HEAR_HZ + BLOCK : 2 * HEAR_HZ]) == pytest.approx(SPEECH_DB - 6.0, abs=1.0)


def test_noise_stands_so_far_below_the_voices_and_is_looped_without_a_gap() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.3, 4_321).astype(np.float32)
    there = table(room=Room(snr_db=10.0), noise=noise)
    _, heard = there.pass_s(2.0)
    assert db(heard) == pytest.approx(SPEECH_DB - 10.0, abs=0.3)
    assert np.array_equal(heard[:4_321], heard[4_321:8_642])
    assert np.abs(heard).reshape(-1, BLOCK).max(axis=1).min() > 0


def test_silence_has_no_level_to_set() -> None:
    assert not levelled(np.zeros(100, np.float32)).any()
    assert not levelled(np.zeros(0, np.float32)).size


def test_a_piece_of_a_line_has_its_share_of_the_words() -> None:
    there = table(Line(by="ana", say="one two three four", after_s=0.0))
    there.couple.guide_listens("thing", 0.0)
    there.pass_s(1.5)
    assert there.couple.words(-0.1, 0.5) == "one two"
    assert there.couple.words(0.5, 1.1) == "three four"
    assert there.couple.words(2.0, 9.0) == ""


def test_words_outlive_their_sound_and_are_forgotten_in_the_end() -> None:
    there = table(Line(by="ana", say="one", after_s=0.0))
    there.couple.guide_listens("thing", 0.0)
    there.pass_s(10.0)
    assert there.couple.words(0.0, 9.0) == "one"
    there.couple.forget_before(9.0)
    assert there.couple.words(0.0, 9.0) == ""


def test_the_text_of_a_clip_is_what_it_says() -> None:
    there = table(Line(by="ana", wav="clip.wav", text="what the clip says", after_s=0.0))
    there.couple.guide_listens("thing", 0.0)
    there.pass_s(1.2)
    assert there.couple.words(0.0, 2.0) == "what the clip says"


def test_a_key_is_no_sound() -> None:
    there = table(Line(key="y", after_s=0.0), Line(by="ana", say="then", after_s=0.0))
    there.couple.guide_listens("thing", 0.0)
    begun, _ = there.pass_s(0.1)
    assert [line.key for line in begun] == ["y", ""]
    assert len(there.couple.spoken) == 1
