"""What every fetcher of speech models and every driver of one promises: the real ones and those of a rehearsal."""

from __future__ import annotations

import hashlib
import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.loopback_hub import loopback_hub
from voice_imago.engines.whisper_models import MODELS, Model, missing_files, verify_model
from voice_imago.errors import ModelError, VoiceImagoError
from voice_imago.runtime.fetch_drivers import FetchDriver, FetchOnClock, FetchThread
from voice_imago.runtime.fetching import Arrived, Fetching, fetching
from voice_imago.runtime.scene import scenes_folder
from voice_imago.runtime.scene_hub import copying

SOURCE = scenes_folder() / "recogniser"
Fetch = Callable[[Path], Fetching]


def the_model() -> Model:
    return replace(
        MODELS["base.en"], sha256=hashlib.sha256((SOURCE / "model.bin").read_bytes()).hexdigest(), download_mb=3
    )


@pytest.fixture(params=["the hub", "a scene"])
def fetch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetch]:
    model = the_model()
    if request.param == "a scene":
        yield lambda place: copying(SOURCE)(model, place, False)
        return
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with loopback_hub(SOURCE, model.repo, model.revision) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield lambda place: fetching(model, place)


class TestAFetcher:
    def test_gives_a_whole_model_under_its_name_in_the_end(self, fetch: Fetch, tmp_path: Path) -> None:
        under_way = fetch(tmp_path)
        arrived: list[Arrived] = []
        place = None
        while place is None:
            try:
                arrived.append(next(under_way))
            except StopIteration as end:
                place = end.value
        assert place == tmp_path / "base.en"
        assert missing_files(place) == ()
        assert verify_model(place) == "good"
        assert [entry.name for entry in tmp_path.iterdir()] == ["base.en"]
        counted = [one.bytes for one in arrived]
        assert counted == sorted(counted)
        assert len(set(counted)) > 3
        assert all(one.bytes <= one.of for one in arrived)
        assert max(one.percent for one in arrived) == 99

    def test_nothing_has_happened_before_it_is_begun(self, fetch: Fetch, tmp_path: Path) -> None:
        under_way = fetch(tmp_path / "models")
        under_way.close()
        assert not (tmp_path / "models").exists()

    def test_closed_half_way_it_leaves_nothing(self, fetch: Fetch, tmp_path: Path) -> None:
        under_way = fetch(tmp_path)
        while not next(under_way).bytes:
            pass
        under_way.close()
        assert list(tmp_path.iterdir()) == []


class Told:
    """What a driver told, in order."""

    def __init__(self) -> None:
        self.percents: list[int] = []
        self.ends: list[Any] = []
        self.posts: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def arrived(self, arrived: Arrived) -> None:
        self.percents.append(arrived.percent)

    def ended(self, result: Path | VoiceImagoError | None) -> None:
        self.ends.append(result)


@pytest.fixture(params=["a thread", "the sample clock"])
def driven(request: pytest.FixtureRequest) -> Iterator[tuple[FetchDriver, Told, Callable[[Callable[[], bool]], None]]]:
    """A driver, what it tells, and a way to let it go on until something is true."""
    told, now = Told(), [0.0]
    driver: FetchDriver = FetchThread(told.posts.put) if request.param == "a thread" else FetchOnClock(0.1)

    def until(true: Callable[[], bool]) -> None:
        for _ in range(2000):
            if true():
                return
            now[0] += 0.1
            driver.tick(now[0])
            if isinstance(driver, FetchThread):
                try:
                    told.posts.get(timeout=0.05)()
                except queue.Empty:
                    continue
        raise AssertionError((told.percents, told.ends))

    yield driver, told, until
    driver.close()


def counting(to: int, result: Path | Exception, closed: list[bool]) -> Fetching:
    """A download of nothing, to see what a driver does with one."""
    try:
        for number in range(to):
            yield Arrived(number, to)
        if isinstance(result, Exception):
            raise result
        return result
    finally:
        closed.append(True)


Driven = tuple[FetchDriver, Told, Callable[[Callable[[], bool]], None]]


class TestADriver:
    def test_tells_how_far_it_is_and_then_the_end_once(self, driven: Driven) -> None:
        driver, told, until = driven
        driver.start(counting(50, Path("there"), []), told.arrived, told.ended)
        until(lambda: bool(told.ends))
        assert told.ends == [Path("there")]
        assert told.percents == sorted(told.percents)
        assert told.percents[-1] == 98

    def test_an_error_is_an_end(self, driven: Driven) -> None:
        driver, told, until = driven
        driver.start(counting(3, ModelError("It broke off."), []), told.arrived, told.ended)
        until(lambda: bool(told.ends))
        assert [str(end) for end in told.ends] == ["It broke off."]

    def test_cancelled_it_closes_the_download_before_it_tells(self, driven: Driven) -> None:
        driver, told, until = driven
        closed: list[bool] = []
        driver.start(counting(10**9, Path("there"), closed), told.arrived, told.ended)
        until(lambda: len(told.percents) > 0 or driver.__class__ is FetchThread)
        driver.cancel()
        until(lambda: bool(told.ends))
        assert (told.ends, closed) == ([None], [True])

    def test_closed_it_tells_nothing_any_more(self, driven: Driven) -> None:
        driver, told, _ = driven
        closed: list[bool] = []
        driver.start(counting(10**9, Path("there"), closed), told.arrived, told.ended)
        driver.tick(1.0)
        driver.close()
        assert told.ends == []
        assert closed == [True] or isinstance(driver, FetchOnClock)

    def test_without_a_download_there_is_nothing_to_cancel(self, driven: Driven) -> None:
        driver, told, _ = driven
        driver.cancel()
        driver.close()
        assert told.ends == []


def test_a_thread_survives_a_fault_that_nobody_thought_of() -> None:
    told = Told()
    driver = FetchThread(told.posts.put)
    driver.start(counting(2, OSError(5, "Input/output error"), []), told.arrived, told.ended)
    while not told.ends:
        told.posts.get(timeout=30.0)()
    assert str(told.ends[0]).startswith("The download stopped: OSError")
    driver.close()
