"""The microphone is lost and found, the loudspeaker too; nothing blocks, nothing is told twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from voice_imago.engines.ports import Pcm
from voice_imago.errors import DeviceError
from voice_imago.runtime.table import LONGEST_GAP_S, Table, TableDevices, TableNews


class Plugs:
    """Which devices are plugged in, and what became of those that were opened."""

    def __init__(self) -> None:
        self.there = {"microphone": True, "loudspeaker": True}
        self.needs_look = False
        self.open: list[FakeDevice] = []
        self.looks = 0
        self.starts = True
        """Whether sound passes in what is opened from now on."""

    def look_anew(self) -> None:
        assert self.open == [], "PortAudio may only be restarted when every stream is closed"
        self.looks += 1
        self.needs_look = False


class FakeDevice:
    """ports.Microphone and ports.Player in one."""

    def __init__(self, plugs: Plugs, part: str) -> None:
        self.plugs, self.part = plugs, part
        self.state = "ok"
        self.alive = True
        self.running = plugs.starts
        self.behind_s = 0.0
        self.underflows = 0
        self.done: list[str] = []

    def start(self) -> None:
        if not self.plugs.there[self.part] or self.plugs.needs_look:
            raise DeviceError(f"No {self.part} was found.")
        self.plugs.open.append(self)

    def close(self) -> None:
        if self in self.plugs.open:
            self.plugs.open.remove(self)

    def health(self) -> str:
        return self.state

    def play(self, id: int, pcm: Pcm) -> None:
        self.done.append(f"play {id}")

    def stop(self) -> None:
        self.done.append("stop")

    def duck(self) -> None:
        self.done.append("duck")

    def hold(self) -> None:
        self.done.append("hold")

    def resume(self, *, again: bool = True) -> None:
        self.done.append(f"resume {again}")

    def chime(self, pcm: Pcm) -> None:
        self.done.append("chime")


@dataclass
class Rig:
    plugs: Plugs = field(default_factory=Plugs)
    told: list[str] = field(default_factory=list)
    silence_s: float = 0.0
    talking: bool = False
    hearing: bool = False

    def __post_init__(self) -> None:
        self.made: dict[str, list[FakeDevice]] = {"microphone": [], "loudspeaker": []}
        news = TableNews(
            lambda part, sentence: self.told.append(f"{part} lost"),
            lambda part: self.told.append(f"{part} back"),
            self._silence,
            lambda: self.talking,
            lambda: self.hearing,
            lambda on: self.told.append("microphone silent" if on else "microphone sounds"),
        )
        devices = TableDevices(lambda: self.make("microphone"), lambda: self.make("loudspeaker"), self.plugs.look_anew)
        self.table = Table(devices, news)
        self.table.open_microphone()
        self.table.open_loudspeaker()

    def make(self, part: str) -> Any:
        self.made[part].append(FakeDevice(self.plugs, part))
        return self.made[part][-1]

    def _silence(self, seconds: float) -> None:
        self.silence_s += seconds

    def unplug(self, part: str) -> None:
        self.plugs.there[part] = False
        self.made[part][-1].state = "lost"

    def watch(self, start: float, end: float, step: float = 0.25) -> None:
        now = start
        while now < end:
            self.table.watch(now)
            now += step


def test_while_all_is_well_nothing_is_told() -> None:
    rig = Rig()
    rig.watch(0.0, 60.0)
    assert rig.told == []
    assert rig.silence_s == 0.0
    assert rig.plugs.looks == 0


def test_a_lost_microphone_is_told_once_and_time_goes_on_without_it() -> None:
    rig = Rig()
    rig.unplug("microphone")
    rig.watch(100.0, 110.0)
    assert rig.told == ["microphone lost"]
    assert rig.silence_s == pytest.approx(9.75)


def test_a_found_microphone_is_told_and_heard_again() -> None:
    rig = Rig()
    rig.unplug("microphone")
    rig.watch(100.0, 105.0)
    rig.plugs.there["microphone"] = True
    rig.watch(105.0, 108.0)
    assert rig.told == ["microphone lost", "microphone back"]
    before = rig.silence_s
    rig.watch(108.0, 120.0)
    assert rig.silence_s == before
    assert {device.part for device in rig.plugs.open} == {"microphone", "loudspeaker"}


def test_a_new_device_is_looked_for_with_every_stream_closed() -> None:
    """PortAudio's list is frozen: without a look the microphone stays away for ever."""
    rig = Rig()
    rig.unplug("microphone")
    rig.plugs.needs_look = True
    rig.plugs.there["microphone"] = True
    rig.watch(100.0, 105.0)
    assert rig.told == ["microphone lost", "microphone back"]
    assert rig.plugs.looks == 1
    assert rig.table.audible()


def test_the_guide_is_not_cut_off_by_a_look_for_devices() -> None:
    rig = Rig()
    rig.unplug("microphone")
    rig.talking = True
    rig.watch(100.0, 110.0)
    assert rig.plugs.looks == 0
    rig.talking = False
    rig.watch(110.0, 114.0)
    assert rig.plugs.looks > 0


def test_a_lost_loudspeaker_leaves_the_microphone_alone() -> None:
    rig = Rig()
    rig.unplug("loudspeaker")
    rig.watch(100.0, 110.0)
    assert rig.told == ["loudspeaker lost"]
    assert not rig.table.audible()
    assert rig.silence_s == 0.0
    rig.plugs.there["loudspeaker"] = True
    rig.watch(110.0, 114.0)
    assert rig.told == ["loudspeaker lost", "loudspeaker back"]
    assert rig.table.audible()


def test_a_loudspeaker_that_opens_and_takes_no_sound_is_not_back() -> None:
    """It would be found and lost every second, each time aloud."""
    rig = Rig()
    rig.unplug("loudspeaker")
    rig.plugs.there["loudspeaker"] = True
    rig.plugs.starts = False
    for second in range(100, 110):
        rig.watch(second, second + 1.0)
        assert not rig.table.audible()
        rig.made["loudspeaker"][-1].state = "lost"
    assert rig.told == ["loudspeaker lost"]
    rig.plugs.starts = True
    rig.watch(110.0, 114.0)
    assert rig.told == ["loudspeaker lost", "loudspeaker back"]
    assert rig.table.audible()
    assert {device.part for device in rig.plugs.open} == {"microphone", "loudspeaker"}


def test_a_microphone_that_takes_seconds_to_begin_is_waited_for_and_time_goes_on() -> None:
    rig = Rig()
    rig.unplug("microphone")
    rig.plugs.there["microphone"] = True
    rig.plugs.starts = False
    rig.watch(100.0, 103.0)
    assert rig.told == ["microphone lost"]
    assert len(rig.made["microphone"]) == 2, "it is not opened again and again"
    assert rig.silence_s == pytest.approx(2.75)
    rig.made["microphone"][-1].running = True
    rig.watch(103.0, 104.0)
    assert rig.told == ["microphone lost", "microphone back"]


def test_a_new_loudspeaker_is_looked_for_while_nobody_is_being_heard() -> None:
    """PortAudio's list is frozen here too; the microphone is opened again at once and nothing is told of it."""
    rig = Rig()
    rig.unplug("loudspeaker")
    rig.plugs.needs_look = True
    rig.plugs.there["loudspeaker"] = True
    rig.hearing = True
    rig.watch(100.0, 105.0)
    assert rig.plugs.looks == 0
    rig.hearing = False
    rig.watch(105.0, 108.0)
    assert rig.told == ["loudspeaker lost", "loudspeaker back"]
    assert rig.silence_s == 0.0
    assert {device.part for device in rig.plugs.open} == {"microphone", "loudspeaker"}


def test_both_lost_are_looked_for_also_while_a_prompt_is_read() -> None:
    rig = Rig()
    rig.talking = True
    rig.unplug("microphone")
    rig.unplug("loudspeaker")
    rig.plugs.there = {"microphone": True, "loudspeaker": True}
    rig.plugs.needs_look = True
    rig.watch(100.0, 103.0)
    assert sorted(rig.told[2:]) == ["loudspeaker back", "microphone back"]


def test_a_microphone_that_gives_exact_zeros_is_told_once_and_so_is_its_first_sound() -> None:
    rig = Rig()
    rig.made["microphone"][0].state = "silent"
    rig.watch(100.0, 110.0)
    assert rig.told == ["microphone silent"]
    assert rig.table.audible()
    rig.made["microphone"][0].state = "ok"
    rig.watch(110.0, 111.0)
    assert rig.told == ["microphone silent", "microphone sounds"]


def test_zeros_of_a_microphone_that_never_gave_a_sound_are_left_to_the_room_check() -> None:
    rig = Rig()
    rig.made["microphone"][0].state, rig.made["microphone"][0].alive = "silent", False
    rig.watch(100.0, 110.0)
    assert rig.told == []


def test_a_microphone_that_loses_what_it_hears_is_opened_anew_and_a_slow_clock_is_not() -> None:
    rig = Rig()
    microphone = rig.made["microphone"][0]
    now = 100.0
    for _ in range(3 * 3600):
        now += 1.0
        microphone.behind_s += 3e-4
        rig.table.watch(now)
    assert rig.told == []
    for _ in range(12):
        now += 0.25
        microphone.behind_s += 0.1
        rig.table.watch(now)
    assert rig.told[0] == "microphone lost"
    rig.watch(now, now + 3.0)
    assert rig.told == ["microphone lost", "microphone back"]


def test_what_is_ducked_held_and_taken_up_goes_to_the_loudspeaker_of_the_moment() -> None:
    rig = Rig()
    rig.table.duck()
    rig.table.hold()
    rig.table.resume(again=False)
    assert rig.made["loudspeaker"][0].done == ["duck", "hold", "resume False"]
    rig.unplug("loudspeaker")
    rig.watch(100.0, 100.3)
    rig.table.duck()
    rig.table.resume()
    assert rig.table.counters() == (0, 0.0)


def test_a_sound_system_that_dies_and_comes_back_gives_both_back() -> None:
    rig = Rig()
    rig.unplug("microphone")
    rig.unplug("loudspeaker")
    rig.watch(100.0, 105.0)
    assert sorted(rig.told) == ["loudspeaker lost", "microphone lost"]
    rig.plugs.there = {"microphone": True, "loudspeaker": True}
    rig.plugs.needs_look = True
    rig.watch(105.0, 110.0)
    assert sorted(rig.told[2:]) == ["loudspeaker back", "microphone back"]


def test_a_loudspeaker_that_a_look_for_devices_costs_is_told() -> None:
    rig = Rig()
    rig.unplug("microphone")
    rig.plugs.there["loudspeaker"] = False
    rig.watch(100.0, 104.0)
    assert rig.told == ["microphone lost", "loudspeaker lost"]


def test_a_computer_that_slept_is_not_filled_with_an_hour_of_silence() -> None:
    rig = Rig()
    rig.unplug("microphone")
    rig.table.watch(100.0)
    rig.table.watch(3_700.0)
    assert rig.silence_s == LONGEST_GAP_S


def test_what_is_played_goes_to_the_loudspeaker_of_the_moment() -> None:
    rig = Rig()
    rig.table.stop()
    rig.unplug("loudspeaker")
    rig.watch(100.0, 101.0)
    rig.table.stop()
    rig.plugs.there["loudspeaker"] = True
    rig.watch(101.0, 105.0)
    rig.table.stop()
    assert [device.done for device in (rig.made["loudspeaker"][0], rig.made["loudspeaker"][-1])] == [["stop"], ["stop"]]


def test_closing_closes_both_also_twice() -> None:
    rig = Rig()
    rig.table.close()
    rig.table.close()
    assert rig.plugs.open == []


def test_a_session_may_begin_without_a_loudspeaker() -> None:
    plugs = Plugs()
    plugs.there["loudspeaker"] = False
    devices = TableDevices(
        lambda: FakeDevice(plugs, "microphone"), lambda: FakeDevice(plugs, "loudspeaker"), plugs.look_anew
    )
    told: list[Any] = []
    table = Table(devices, TableNews(lambda *said: told.append(said), told.append, told.append, lambda: False))
    table.open_microphone()
    with pytest.raises(DeviceError):
        table.open_loudspeaker()
    table.watch(10.0)
    assert not table.audible()
    assert told == []
