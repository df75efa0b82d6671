"""The tasks about speech models: the real download, disk and trial behind them; what is answered, and when."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kitchen import LaterRun

from tests.loopback_hub import Serve
from voice_imago.dialogue.script_names import (
    OUTCOMES,
    WHATS,
)
from voice_imago.engines.whisper_models import Model, verify_model
from voice_imago.engines.whisper_paces import known_pace
from voice_imago.errors import ModelError
from voice_imago.events import Perform
from voice_imago.runtime.all_tasks import AllTasks
from voice_imago.runtime.fetch_drivers import FetchOnClock, FetchThread
from voice_imago.runtime.fetching import Fetching, fetching
from voice_imago.runtime.jobs import JobThread
from voice_imago.runtime.model_shelf import Shelf
from voice_imago.runtime.model_tasks import MODEL_TASKS, ModelPorts, ModelTasks
from voice_imago.runtime.models import list_parts
from voice_imago.runtime.scene import scenes_folder
from voice_imago.runtime.scene_hub import copying
from voice_imago.runtime.trial import Trial
from voice_imago.runtime.workers import Inbox
from voice_imago.words import Task

PATIENCE_S = 30.0
FIXTURE = scenes_folder() / "recogniser"


class Evening:
    """A main loop with the tasks beside it, and everything that they told."""

    def __init__(self, place: Path, language: str = "en", deadline_s: float = 3.0) -> None:
        self.inbox = Inbox()
        self.jobs = JobThread(self.inbox.post)
        self.told: list[tuple[Any, ...]] = []
        self.shown: list[str] = []
        self.remembered: list[str] = []
        self.pace: float | None = None
        self.refuses: str = ""
        self.trial = Trial(tries=1)
        self.shelf = Shelf(language, place)
        self.tasks = ModelTasks(self._ports(deadline_s), self.shelf)
        self._ids = 0

    def _ports(self, deadline_s: float) -> ModelPorts:
        return ModelPorts(
            run=self.jobs,
            driver=FetchThread(self.inbox.post),
            fetch=lambda model, place, afresh: fetching(model, place, deadline_s, afresh=afresh),
            try_out=self._try_out,
            end_trial=self.trial.close,
            use=self._use,
            remember=self.remembered.append,
            done=lambda id, outcome: self.told.append(("done", id, outcome)),
            progress=lambda id, percent: self.told.append(("progress", id, percent)),
            understands=lambda name, words: self.told.append(("understands", name, words)),
            show=self.shown.append,
            trouble=self.shown.append,
        )

    def _try_out(self, folder: Path, language: str) -> float:
        return self.trial.run(folder, language) if self.pace is None else self.pace

    def _use(self, folder: Path) -> tuple[str, Any]:
        if self.refuses:
            raise ModelError(self.refuses)
        return f"whisper {folder.name}", "speech"

    def ask(self, task: Task, what: str = "") -> int:
        self._ids += 1
        self.tasks.perform(Perform(self._ids, task, what=what))
        return self._ids

    def outcome(self, id: int) -> str:
        """What comes of it; waits."""
        for _ in range(int(PATIENCE_S / 0.05)):
            for told in self.told:
                if told[:2] == ("done", id):
                    return str(told[2])
            self.inbox.work(0.05)
        raise AssertionError(f"no answer to {id}, but {self.told}")

    def comes_of(self, task: Task, what: str = "") -> str:
        return self.outcome(self.ask(task, what))

    def until(self, percent: int) -> None:
        while not any(told[0] == "progress" and told[2] >= percent for told in self.told):
            assert self.inbox.work(PATIENCE_S)

    def close(self) -> None:
        self.tasks.close()
        self.jobs.close()


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Evening]:
    made = Evening(tmp_path / "models")
    yield made
    made.close()


def choose_tiny(evening: Evening) -> None:
    assert evening.comes_of("choose_model", "tiny") == "english"


class TestFetching:
    def test_tells_how_far_it_is_and_prints_each_quarter(self, serve: Serve, evening: Evening) -> None:
        serve()
        choose_tiny(evening)
        id = evening.ask("fetch_model")
        assert evening.outcome(id) == "good"
        percents = [told[2] for told in evening.told if told[:2] == ("progress", id)]
        assert percents == sorted(percents)
        assert len(percents) >= 2
        assert max(percents) <= 99
        *quarters, last = [int(line.removesuffix(" percent.")) for line in evening.shown]
        assert last == 100
        assert quarters == sorted({25 * (percent // 25) for percent in percents} - {0})
        assert verify_model(evening.shelf.place / "tiny.en") == "good"

    @pytest.mark.parametrize(
        ("trouble", "outcome"),
        [
            ({"status": 404}, "missing"),
            ({"status": 500}, "failed"),
            ({"silent": True}, "silent"),
            ({"damage": True}, "damaged"),
            ({"stall_at": 300_000}, "silent"),
        ],
    )
    def test_each_trouble_is_an_outcome_and_one_line(
        self, serve: Serve, evening: Evening, trouble: dict[str, Any], outcome: str
    ) -> None:
        serve(**trouble)
        choose_tiny(evening)
        assert evening.comes_of("fetch_model") == outcome
        sentence = evening.shown[-1]
        assert sentence.startswith("The speech model tiny.en")
        assert "\n" not in sentence

    def test_no_network(self, serve: Serve, evening: Evening, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        choose_tiny(evening)
        assert evening.comes_of("fetch_model") == "offline"

    def test_a_full_disk(self, evening: Evening, small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        from voice_imago.engines import whisper_models

        monkeypatch.setitem(whisper_models._KNOWN, "tiny.en", replace(small, download_mb=10**9))
        choose_tiny(evening)
        assert evening.comes_of("fetch_model") == "full"

    def test_a_folder_that_cannot_be_written(self, serve: Serve, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("not a folder")
        evening = Evening(tmp_path / "file")
        choose_tiny(evening)
        assert evening.comes_of("fetch_model") == "failed"
        assert "cannot be written" in evening.shown[-1]
        evening.close()

    def test_cancelled_it_answers_when_nothing_is_left(self, serve: Serve, evening: Evening) -> None:
        serve(stall_at=600_000)
        choose_tiny(evening)
        id = evening.ask("fetch_model")
        evening.until(25)
        evening.tasks.cancel(id)
        assert evening.outcome(id) == "cancelled"
        assert list(evening.shelf.place.iterdir()) == []

    def test_cancelled_after_it_was_done_it_answers_all_the_same(self, serve: Serve, evening: Evening) -> None:
        serve()
        choose_tiny(evening)
        assert evening.comes_of("fetch_model") == "good"
        evening.tasks.cancel(77)
        assert ("done", 77, "cancelled") in evening.told
        assert verify_model(evening.shelf.place / "tiny.en") == "good"

    def test_asked_for_again_it_is_joined(self, serve: Serve, evening: Evening) -> None:
        hub = serve(stall_at=600_000, stalls=1)
        choose_tiny(evening)
        first = evening.ask("fetch_model")
        evening.until(25)
        second = evening.ask("fetch_model")
        assert evening.outcome(second) == "good"
        assert not any(told[:2] == ("done", first) for told in evening.told)
        assert len([request for request in hub.requests if request.endswith("config.json")]) == 2  # and preprocessor_

    def test_done_while_nobody_waited_it_is_good_at_once(self, serve: Serve, evening: Evening) -> None:
        hub = serve()
        choose_tiny(evening)
        assert evening.comes_of("fetch_model") == "good"
        requests = len(hub.requests)
        assert evening.comes_of("fetch_model") == "good"
        assert len(hub.requests) == requests

    def test_another_one_instead_ends_the_first_without_an_answer(self, serve: Serve, evening: Evening) -> None:
        serve(stall_at=600_000)
        choose_tiny(evening)
        first = evening.ask("fetch_model")
        evening.until(25)
        assert evening.comes_of("choose_model", "base") == "english"
        assert evening.comes_of("fetch_model") == "missing"  # the hub has tiny.en only
        assert not any(told[:2] == ("done", first) for told in evening.told)

    def test_after_a_cancel_the_same_one_begins_anew(self, serve: Serve, evening: Evening) -> None:
        serve(stall_at=600_000, stalls=1)
        choose_tiny(evening)
        first = evening.ask("fetch_model")
        evening.until(25)
        evening.tasks.cancel(first)
        assert evening.comes_of("fetch_model") == "good"

    def test_closing_leaves_nothing_half_and_answers_nobody(self, serve: Serve, evening: Evening) -> None:
        serve(stall_at=600_000)
        choose_tiny(evening)
        id = evening.ask("fetch_model")
        evening.until(25)
        evening.tasks.close()
        while evening.inbox.work(0.05):
            pass
        assert not any(told[:2] == ("done", id) for told in evening.told)
        assert list_parts(evening.shelf.place) == ()


class TestLookingAndChoosing:
    def test_what_is_here(self, evening: Evening, source: Path) -> None:
        assert evening.comes_of("look_for_model") == "none"
        evening.shelf.place.mkdir()
        (evening.shelf.place / "tiny.en").symlink_to(source)
        assert evening.comes_of("look_for_model") == "untried"
        assert evening.comes_of("try_model") in ("good", "slow", "too_slow")
        assert evening.comes_of("look_for_model") == "here"

    @pytest.mark.parametrize(("chosen", "below"), [("small", "base"), ("base", "tiny"), ("tiny", "none")])
    def test_the_one_below(self, evening: Evening, chosen: str, below: str) -> None:
        evening.comes_of("choose_model", chosen)
        assert evening.comes_of("look_for_model", "smaller") == below

    def test_other_languages_have_one_kind(self, tmp_path: Path) -> None:
        evening = Evening(tmp_path, "de")
        assert evening.comes_of("choose_model", "base") == "good"
        assert evening.shelf.model("base", several=False).name == "base"
        evening.close()

    def test_several_languages_are_fetched_in_english_too(self, serve: Serve, evening: Evening) -> None:
        hub = serve()
        choose_tiny(evening)
        assert evening.comes_of("choose_model", "several") == "good"
        assert evening.comes_of("fetch_model") == "missing"
        assert "faster-whisper-tiny/" in hub.requests[-1]

    def test_a_prediction_from_another_size(self, evening: Evening, source: Path) -> None:
        evening.shelf.place.mkdir()
        folder = evening.shelf.place / "tiny.en"
        folder.symlink_to(source)
        evening.shelf.remember_pace(folder, 0.1)
        assert evening.comes_of("choose_model", "small") == "likely_slow"
        assert evening.comes_of("choose_model", "base") == "english"

    def test_a_model_that_is_here_need_not_be_fetched(self, evening: Evening, source: Path) -> None:
        evening.shelf.place.mkdir()
        (evening.shelf.place / "base").symlink_to(source)
        assert evening.comes_of("choose_model", "base") == "here"  # it knows English, too
        assert evening.comes_of("choose_model", "tiny") == "english"

    def test_a_folder_that_is_not_there_yet_holds_none(self, tmp_path: Path) -> None:
        evening = Evening(tmp_path / "nowhere")
        assert evening.comes_of("look_for_model") == "none"
        assert evening.shown == []
        evening.close()


class TestTryingAndUsing:
    @pytest.mark.parametrize(
        ("pace", "outcome"), [(0.3, "good"), (0.31, "slow"), (1.0, "slow"), (1.01, "too_slow"), (12.0, "too_slow")]
    )
    def test_the_pace_decides_and_is_remembered(
        self, evening: Evening, source: Path, pace: float, outcome: str
    ) -> None:
        evening.shelf.place.mkdir()
        (evening.shelf.place / "tiny.en").symlink_to(source)
        evening.pace = pace
        evening.comes_of("look_for_model")
        assert evening.comes_of("try_model") == outcome
        assert known_pace(evening.shelf.place / "tiny.en") == pace
        assert evening.shown == [], "what it means is said by the guide; a printed number would have no spoken twin"

    def test_a_model_that_cannot_be_loaded_has_failed(self, evening: Evening) -> None:
        folder = evening.shelf.place / "tiny.en"
        folder.mkdir(parents=True)
        for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.json"):
            (folder / name).write_text("{}")
        assert evening.comes_of("look_for_model") == "untried"
        assert evening.comes_of("try_model") == "failed"
        assert "damaged or of another kind" in evening.shown[-1]

    def test_a_model_that_did_not_work_is_fetched_anew_but_for_its_weights(
        self, serve: Serve, evening: Evening, source: Path
    ) -> None:
        hub = serve()
        choose_tiny(evening)
        assert evening.comes_of("fetch_model") == "good"
        (evening.shelf.place / "tiny.en" / "tokenizer.json").write_text("rubbish")
        assert evening.comes_of("choose_model", "tiny") == "here"
        assert evening.comes_of("try_model") == "failed"
        sent = hub.sent_bytes
        choose_tiny(evening)
        assert evening.comes_of("fetch_model") == "good"
        assert evening.comes_of("try_model") in ("good", "slow", "too_slow")
        assert hub.sent_bytes == sent

    @pytest.mark.parametrize("task", ["try_model", "use_model"])
    def test_nothing_chosen_is_nothing_tried(self, evening: Evening, task: Task) -> None:
        assert evening.comes_of(task) == "failed"

    def test_taking_over_is_told_before_it_is_done_and_remembered(self, evening: Evening, source: Path) -> None:
        evening.shelf.place.mkdir()
        (evening.shelf.place / "tiny.en").symlink_to(source)
        evening.comes_of("look_for_model")
        id = evening.ask("use_model")
        assert evening.outcome(id) == "good"
        assert evening.told[-2:] == [("understands", "whisper tiny.en", "speech"), ("done", id, "good")]
        assert evening.remembered == ["tiny.en"]

    def test_one_that_cannot_take_over_is_not_remembered(self, evening: Evening, source: Path) -> None:
        evening.shelf.place.mkdir()
        (evening.shelf.place / "tiny.en").symlink_to(source)
        evening.refuses = "It stopped."
        evening.comes_of("look_for_model")
        assert evening.comes_of("use_model") == "failed"
        assert (evening.remembered, evening.shown[-1]) == ([], "It stopped.")

    def test_declining_is_remembered(self, evening: Evening) -> None:
        assert evening.comes_of("decline_model") == "good"
        assert evening.remembered == [""]

    def test_closing_ends_a_trial(self, evening: Evening, source: Path) -> None:
        evening.shelf.place.mkdir()
        (evening.shelf.place / "tiny.en").symlink_to(source)
        evening.comes_of("look_for_model")
        evening.ask("try_model")
        evening.close()
        assert threading.active_count() < 10
        with pytest.raises(ModelError):
            evening.trial.run(source, "en")


def test_every_task_is_known_here_or_at_the_table() -> None:
    assert set(get_args(Task)) > MODEL_TASKS
    assert {task for task in OUTCOMES if task.endswith("_model")} == MODEL_TASKS


def test_where_nobody_can_do_it_a_task_is_unavailable() -> None:
    told: list[tuple[int, str]] = []
    tasks = AllTasks(None, None, lambda id, outcome: told.append((id, outcome)))
    tasks.perform(Perform(1, "fetch_model"))
    tasks.perform(Perform(2, "measure_room"))
    tasks.cancel(1)
    tasks.tick(1.0)
    tasks.close()
    assert told == [(1, "unavailable"), (2, "unavailable")]


# ---------------------------------------------------------------------- on the sample clock


class Rehearsed:
    """The same tasks on the sample clock, with jobs that are done when the test says so."""

    def __init__(self, place: Path) -> None:
        self.run = LaterRun()
        self.told: list[tuple[int, str]] = []
        self.percents: list[int] = []
        ports = ModelPorts(
            run=self.run,
            driver=FetchOnClock(0.1),
            fetch=self._fetch,
            try_out=lambda folder, language: 0.2,
            end_trial=lambda: None,
            use=lambda folder: ("whisper", "speech"),
            remember=lambda name: None,
            done=lambda id, outcome: self.told.append((id, outcome)),
            progress=lambda id, percent: self.percents.append(percent),
            understands=lambda name, words: None,
        )
        self.place = place
        self.tasks = ModelTasks(ports, Shelf("en", place, {}))

    def _fetch(self, model: Model, place: Path, afresh: bool) -> Fetching:
        return copying(FIXTURE, steps=10)(model, place, afresh)


def test_the_sample_clock_paces_the_copy(tmp_path: Path) -> None:
    rehearsed = Rehearsed(tmp_path)
    rehearsed.tasks.perform(Perform(1, "fetch_model"))
    for step in range(8):
        rehearsed.tasks.tick(step / 10)
    assert (rehearsed.percents, rehearsed.told) == ([10, 20, 30, 40, 50, 60, 70], [])
    rehearsed.tasks.tick(2.0)
    assert rehearsed.told == [(1, "good")]
    assert verify_model(tmp_path / "base.en") == "good"
    assert [entry.name for entry in tmp_path.iterdir()] == ["base.en"]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(sorted(MODEL_TASKS)), st.integers(0, 3)),
            st.tuples(st.sampled_from(["work", "tick", "cancel", "close"]), st.integers(0, 3)),
        ),
        max_size=25,
    )
)
@settings(max_examples=30)
def test_whatever_happens_a_task_is_answered_at_most_once_and_with_one_of_its_outcomes(
    what: list[tuple[Any, int]],
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        rehearsed, asked, now = Rehearsed(Path(folder)), {}, 0.0
        for id, (name, number) in enumerate(what):
            if name == "work":
                rehearsed.run.work()
            elif name == "tick":
                now += 0.4
                rehearsed.tasks.tick(now)
            elif name == "cancel":
                fetches = [one for one, task in asked.items() if task == "fetch_model"]
                rehearsed.tasks.cancel(fetches[-1] if fetches else 1000)
            elif name == "close":
                rehearsed.tasks.close()
            else:
                choices = WHATS.get(name, ("",))
                asked[id] = name
                rehearsed.tasks.perform(Perform(id, name, what=choices[number % len(choices)]))
        rehearsed.run.work()
        rehearsed.tasks.tick(now + 60.0)
        answered = [id for id, _ in rehearsed.told if id != 1000]
        assert len(set(answered)) == len(answered) or "cancel" in [name for name, _ in what]
        for id, outcome in rehearsed.told:
            if id in asked:
                assert outcome in (*OUTCOMES[asked[id]], "failed")
        rehearsed.tasks.close()
        assert [entry.name for entry in Path(folder).iterdir() if entry.name.startswith(".")] == []
