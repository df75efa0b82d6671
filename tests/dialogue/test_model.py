"""A speech model by voice: offered, fetched, tried out and used, with every way out; tasks that take minutes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.driver import ANA, BEN, Room, Table
from voice_imago.dialogue.script_names import (
    LONG_S,
    OUTCOMES,
)
from voice_imago.dialogue.state import Phase
from voice_imago.events import (
    Cancel,
    Perform,
    Progressed,
    RecogniserChanged,
    TaskProgress,
    Transcribe,
    UnderstandingChanged,
)

FETCH_S = LONG_S["fetch_model"]


def offered(**more: object) -> Table:
    """Before a dialogue: the offer stands in the room."""
    table = Table(prelude=("model",), **more).guide_finishes()  # type: ignore[arg-type]
    assert table.step == "offer"
    return table


def fetching(**more: object) -> Table:
    """The middle one is being fetched."""
    table = offered(**more).key("y").performed("good").guide_finishes()
    assert (table.step, table.phase) == ("fetch", Phase.WORKING)
    return table


def progress(table: Table, percent: int, id: int | None = None) -> Table:
    return table.feed(Progressed(table.at, table.tasks[-1].id if id is None else id, percent))


def cancelled(table: Table) -> list[int]:
    return [effect.id for effect in table.effects if isinstance(effect, Cancel)]


def asked(table: Table) -> list[tuple[str, str]]:
    return [(task.task, task.what) for task in table.tasks]


class TestTheOffer:
    def test_yes_fetches_tries_uses_and_leads_to_the_dialogue(self) -> None:
        table = offered()
        table.says(ANA, "Yes, please.")
        table.performed("english").guide_finishes()
        assert table.step == "english"
        table.says(BEN, "Yes.")
        table.guide_finishes().performed("good").guide_finishes()
        assert table.step == "try"
        table.performed("good").performed("good").guide_finishes()
        assert asked(table) == [
            ("choose_model", "base"),
            ("fetch_model", ""),
            ("try_model", ""),
            ("use_model", ""),
        ]
        assert table.steps[-2:] == ["ready", "invite"]
        assert table.where == (("appreciation", "invite"),)

    @pytest.mark.parametrize("words", ["answers", "nothing", "speech"])
    def test_yes_or_no_by_key_is_enough(self, words: str) -> None:
        table = offered(words=words).key("y").performed("english").guide_finishes()
        table.key("n").performed("good").guide_finishes()
        assert asked(table) == [("choose_model", "base"), ("choose_model", "several"), ("fetch_model", "")]

    def test_yes_and_no_by_voice_are_enough_where_nothing_else_is_understood(self) -> None:
        table = offered(words="answers")
        table.says(ANA, "no", confidence=0.9)
        assert table.guide_finishes().step == "smaller"
        table.says(BEN, "yes", confidence=0.9)
        assert asked(table) == [("choose_model", "tiny")]

    def test_no_leads_to_the_smaller_one_and_then_on(self) -> None:
        table = offered().key("n").guide_finishes()
        assert table.step == "smaller"
        table.key("n").guide_finishes()
        assert asked(table) == [("decline_model", "")]
        table.performed("good").guide_finishes()
        assert table.prompts[-3:] == ["model.not_now", "model.meanwhile", "appreciation.invite"]

    def test_skipping_the_offer_declines_nothing(self) -> None:
        table = offered().key("s").guide_finishes()
        assert table.where == (("appreciation", "invite"),)
        assert table.tasks == []

    @pytest.mark.parametrize(
        ("keys", "size"),
        [
            ("2", "base"),
            ("11", "tiny"),
            ("1y", "tiny"),
            ("12", "base"),
            ("33", "small"),
            ("3y", "small"),
            ("32", "base"),
            ("31", "tiny"),
            ("n1", "tiny"),
            ("n33", "small"),
        ],
    )
    def test_one_two_and_three_are_the_sizes_wherever_they_are_asked_for(self, keys: str, size: str) -> None:
        table = offered()
        for key in keys:
            table.key(key).guide_finishes()
        assert asked(table) == [("choose_model", size)]

    @pytest.mark.parametrize(
        ("said", "step"),
        [
            ("The smaller one.", "smaller"),
            ("Is there a bigger one?", "larger"),
            ("The bigger one, please.", "larger"),
            ("The middle one.", "choose_base"),
            ("The third one.", "larger"),
            ("The smallest.", "smaller"),
        ],
    )
    def test_sizes_by_word(self, said: str, step: str) -> None:
        table = offered()
        table.says(ANA, said)
        assert table.guide_finishes().step == step

    @pytest.mark.parametrize(
        ("said", "what"),
        [("English only.", []), ("Yes.", []), ("Several languages.", ["several"]), ("No.", ["several"])],
    )
    def test_english_only_or_several_languages(self, said: str, what: list[str]) -> None:
        table = offered().key("y").performed("english")
        table.says(BEN, said)
        table.guide_finishes()
        while table.tasks[-1].task == "choose_model" and table.phase is Phase.WORKING:
            table.performed("good").guide_finishes()
        assert [task.what for task in table.tasks if task.task == "choose_model"] == ["base", *what]
        assert table.step == "fetch"

    def test_a_language_for_which_there_is_one_kind_is_not_asked_about(self) -> None:
        assert fetching().steps[-2:] == ["choose_base", "fetch"]

    def test_a_predicted_slowness_is_said_to_be_a_guess(self) -> None:
        table = offered().key("y").performed("likely_slow").guide_finishes()
        assert "I guess" in table.last
        assert table.key("y").step == "fetch"
        again = offered().key("y").performed("likely_slow").guide_finishes().key("n").guide_finishes()
        assert again.step == "smaller"

    def test_a_model_that_is_here_is_tried_without_fetching(self) -> None:
        table = offered().key("y").performed("here").guide_finishes()
        assert asked(table) == [("choose_model", "base"), ("try_model", "")]

    def test_each_size_is_said_with_its_megabytes(self) -> None:
        table = offered()
        assert "a hundred and forty-eight megabytes" in table.last
        assert "seventy-eight megabytes" in table.key("1").guide_finishes().last
        assert "four hundred and eighty-six megabytes" in table.key("3").guide_finishes().last


class TestTheSetUp:
    def test_begins_by_looking_what_is_here(self) -> None:
        table = Table("model")
        assert asked(table) == [("look_for_model", "")]
        assert table.performed("none").guide_finishes().step == "offer"

    def test_offers_another_where_there_is_one(self) -> None:
        table = Table("model").performed("here").guide_finishes()
        assert table.step == "here"
        table.key("y").guide_finishes()
        assert table.step == "which"
        table.key("3").performed("good").guide_finishes()
        assert (table.step, table.tasks[-2].what) == ("fetch", "small")

    def test_tries_one_that_was_never_timed(self) -> None:
        table = Table("model").performed("untried").guide_finishes()
        assert asked(table)[-1] == ("try_model", "")

    def test_ends_when_the_model_is_ready(self) -> None:
        table = Table("model").performed("untried").guide_finishes().performed("good").performed("good")
        table.guide_finishes()
        assert table.ended == "finished"
        assert table.prompts[-2:] == ["model.ready", "guide.goodbye"]

    def test_no_to_what_is_here_ends_it(self) -> None:
        table = Table("model").performed("here").guide_finishes().key("n").guide_finishes()
        assert table.ended == "finished"


class TestByCommand:
    @pytest.mark.parametrize("how", ["key", "words"])
    def test_an_aside_from_any_step_that_leads_back(self, how: str) -> None:
        table = Table().goes_to("thing")
        if how == "key":
            table.key("f")
        else:
            table.command("speech_model")
        table.guide_finishes()
        assert table.where == (("appreciation", "thing"), ("model", "look"))
        table.performed("none").guide_finishes().key("n").guide_finishes().key("n").guide_finishes()
        table.performed("good").guide_finishes()
        assert table.where == (("appreciation", "thing"),)
        assert table.phase is Phase.LISTENING

    @pytest.mark.parametrize("said", ["Speech model.", "Fetch a speech model.", "Get the speech model"])
    def test_by_voice_in_a_session(self, said: str) -> None:
        room = Room(words="speech").guide_finishes()
        room.says(ANA, said).is_silent_until_decided().guide_finishes()
        assert room.session.dialogue.guide.state.call.graph == "model"


class TestWhatGoesAmiss:
    @pytest.mark.parametrize("outcome", ["offline", "silent", "cut", "damaged", "full", "failed", "unavailable"])
    def test_has_a_sentence_of_its_own_and_an_offer_to_go_on_without(self, outcome: str) -> None:
        table = fetching().performed(outcome).guide_finishes()
        kind = f"model.{outcome}" if outcome not in ("failed", "unavailable") else "model.trouble"
        assert table.prompts[-2:] == [kind, "model.again"]
        assert "I follow your voices and short answers" in table.last
        table.key("n").guide_finishes()
        assert table.where == (("appreciation", "invite"),)

    def test_all_sentences_differ(self) -> None:
        said = set()
        for outcome in OUTCOMES["fetch_model"][1:]:
            table = fetching()
            before = len(table.said)
            said.add(table.performed(outcome).said[before].text)
        assert len(said) == len(OUTCOMES["fetch_model"]) - 1

    def test_yes_tries_once_more_and_says_less_each_time(self) -> None:
        table = fetching()
        for _ in range(3):
            table.performed("offline").guide_finishes().key("y").guide_finishes()
            assert (table.step, table.phase) == ("fetch", Phase.WORKING)
        offline = [say.form for say in table.said if say.prompt == "model.offline"]
        assert offline == ["first", "repeat", "cue"]

    def test_one_that_the_server_lacks_is_not_tried_again(self) -> None:
        table = fetching().performed("missing").guide_finishes()
        assert table.prompts[-3:] == ["model.missing", "model.meanwhile", "appreciation.invite"]

    def test_one_that_does_not_work_is_left_aside(self) -> None:
        table = fetching().performed("good").guide_finishes().performed("failed").guide_finishes()
        assert table.prompts[-2:] == ["model.unusable", "model.again"]
        assert table.key("n").guide_finishes().where == (("appreciation", "invite"),)


class TestSlow:
    def slow(self, outcome: str = "slow") -> Table:
        return fetching().performed("good").guide_finishes().performed(outcome).guide_finishes()

    @pytest.mark.parametrize(("outcome", "said"), [("slow", "a little slow"), ("too_slow", "too slow")])
    def test_is_said_and_the_smaller_one_offered_with_its_size(self, outcome: str, said: str) -> None:
        table = self.slow(outcome)
        assert said in table.last
        assert asked(table)[-1] == ("look_for_model", "smaller")
        table.performed("tiny").guide_finishes()
        assert table.step == "instead_tiny"
        assert "seventy-eight megabytes" in table.last
        table.key("y")
        assert asked(table)[-1] == ("choose_model", "tiny")

    def test_from_the_larger_one_to_the_middle_one(self) -> None:
        table = self.slow().performed("base").guide_finishes()
        assert table.step == "instead_base"
        assert table.key("y").tasks[-1].what == "base"

    @pytest.mark.parametrize("how", ["no", "smallest"])
    def test_the_slow_one_is_used_and_words_will_come_late(self, how: str) -> None:
        table = self.slow()
        if how == "no":
            table.performed("tiny").guide_finishes().key("n")
        else:
            table.performed("none")
        assert "I won't wait" in table.last
        table.guide_finishes()
        assert asked(table)[-1] == ("use_model", "")


class TestProgress:
    def test_is_published_for_each_new_percent(self) -> None:
        table = fetching()
        for percent in (0, 3, 3, 2, 24):
            progress(table, percent)
        assert [fact.percent for fact in table.published(TaskProgress)] == [3, 24]
        assert {fact.task for fact in table.published(TaskProgress)} == {"fetch_model"}

    def test_each_quarter_is_said_once_in_passing(self) -> None:
        table = fetching()
        for percent in range(100):
            progress(table, percent)
            if table.in_the_air is not None:
                table.guide_finishes_line()
            assert table.phase is Phase.WORKING
        assert table.prompts[-3:] == ["guide.quarter_here", "guide.half_here", "guide.three_quarters_here"]
        assert len([key for key in table.prompts if key.endswith("_here")]) == 3

    def test_quarters_that_come_quickly_are_not_cut_off_by_each_other(self) -> None:
        table = fetching()
        for percent in (25, 50, 75):
            progress(table, percent)
        assert table.said[-1].prompt == "guide.quarter_here"
        table.guide_finishes_line()
        assert table.prompts[-2:] == ["guide.quarter_here", "guide.three_quarters_here"]

    def test_the_outcome_cuts_a_quarter_off(self) -> None:
        table = progress(fetching(), 30)
        table.performed("good")
        assert table.last.startswith("One moment")

    def test_grants_more_time(self) -> None:
        table = fetching()
        for percent in (1, 1, 1, 2):
            table.waits(FETCH_S - 1)
            progress(table, percent)
        assert (table.step, table.phase) == ("fetch", Phase.WORKING)
        table.waits(FETCH_S + 1)
        assert table.dones[-1] == ("fetch_model", "failed")

    def test_a_download_that_gives_no_sign_is_given_up_and_ended(self) -> None:
        table = fetching()
        id = table.tasks[-1].id
        table.waits(FETCH_S + 1)
        assert cancelled(table) == [id]
        assert "model.trouble" in table.prompts

    def test_of_another_task_is_nobodys(self) -> None:
        table = fetching()
        before = len(table.effects)
        progress(table, 30, id=999)
        assert table.effects[before:] == []

    def test_during_help_is_counted_but_not_said(self) -> None:
        table = fetching().command("help")
        progress(table, 60)
        assert not table.prompts[-1].startswith("guide.half")
        table.guide_finishes()
        assert (table.step, table.phase) == ("fetch", Phase.WORKING)
        progress(table, 80)
        assert table.prompts[-1] == "guide.three_quarters_here"
        assert "guide.half_here" not in table.prompts


class TestGivingUp:
    @pytest.mark.parametrize("how", ["key", "words", "during help", "during a quarter"])
    def test_skip_waits_until_nothing_is_left_and_says_so(self, how: str) -> None:
        table = fetching()
        id = table.tasks[-1].id
        if how == "during help":
            table.command("help")
        elif how == "during a quarter":
            progress(table, 25)
        if how == "words":
            table.command("skip")
        else:
            table.key("s")
        assert cancelled(table) == [id]
        assert (table.step, table.phase) == ("fetch", Phase.WORKING)
        table.performed("cancelled", id).guide_finishes()
        assert table.prompts[-3:] == ["model.cancelled", "model.meanwhile", "appreciation.invite"]

    def test_a_download_that_does_not_end_is_not_waited_for(self) -> None:
        table = fetching().key("s").waits(11)
        assert "model.trouble" in table.prompts

    def test_skip_before_it_has_begun_cancels_nothing(self) -> None:
        table = offered().key("y").performed("good")
        assert table.phase is Phase.SPEAKING
        table.key("s").guide_finishes()
        assert cancelled(table) == []
        assert table.where == (("appreciation", "invite"),)

    def test_the_stop_key_says_that_nothing_half_is_left(self) -> None:
        table = fetching()
        id = table.tasks[-1].id
        table.key("q").guide_finishes()
        assert cancelled(table) == [id]
        assert table.prompts[-3:] == ["guide.fetch_stopped", "guide.stopped", "guide.goodbye"]
        assert table.ended == "stopped"

    def test_stop_by_voice_is_asked_back_while_the_download_goes_on(self) -> None:
        table = fetching()
        id = table.tasks[-1].id
        table.command("stop").guide_finishes()
        assert (table.step, cancelled(table)) == ("sure", [])
        table.says(ANA, "Yes.")
        table.guide_finishes()
        assert cancelled(table) == [id]
        assert table.prompts[-3:] == ["guide.fetch_stopped", "stop.stopped", "guide.goodbye"]

    def test_a_stop_that_was_not_meant_goes_on_with_the_same_download(self) -> None:
        table = fetching().command("stop").guide_finishes()
        table.says(ANA, "No.")
        table.guide_finishes()
        assert cancelled(table) == []
        assert (table.step, table.phase, table.tasks[-1].task) == ("fetch", Phase.WORKING, "fetch_model")

    @pytest.mark.parametrize("key", ["p", "t", "v"])
    def test_a_pause_or_an_aside_lets_the_download_go_on(self, key: str) -> None:
        table = fetching().key(key).guide_finishes()
        assert cancelled(table) == []
        if key == "p":
            table.key("p").guide_finishes()
            assert table.tasks[-1].task == "fetch_model"
            assert table.phase is Phase.WORKING

    def test_going_back_ends_it(self) -> None:
        table = fetching()
        id = table.tasks[-1].id
        table.key("b").guide_finishes()
        assert table.step == "offer"
        assert cancelled(table) == [id]

    def test_what_is_done_is_not_cancelled_at_the_end(self) -> None:
        table = fetching().performed("good").guide_finishes()
        table.key("q").guide_finishes()
        assert cancelled(table) == []
        assert "guide.fetch_stopped" not in table.prompts


class TestUnderstanding:
    def test_whole_sentences_are_announced_once(self) -> None:
        table = fetching(words="nothing").performed("good").guide_finishes().performed("good")
        table.feed(UnderstandingChanged(table.at, "whisper base.en", "speech"))
        table.performed("good").guide_finishes()
        assert table.prompts.count("guide.whole_sentences") == 1
        assert table.dialogue.guide.words == "speech"
        table.feed(UnderstandingChanged(table.at, "whisper tiny.en", "speech"))
        table.says(BEN, "Yes.")
        table.guide_finishes()
        assert table.prompts.count("guide.whole_sentences") == 1
        assert table.step == "thing"

    def test_a_recogniser_that_failed_before_is_replaced(self) -> None:
        table = Table(words="speech").fails("recogniser").guide_finishes()
        assert table.dialogue.guide.words == "nothing"
        table.feed(UnderstandingChanged(table.at, "whisper base.en", "speech"))
        assert table.dialogue.guide.words == "speech"

    def test_pieces_go_to_the_new_one_without_a_new_start(self) -> None:
        room = Room(words="nothing").guide_finishes()
        room.says(BEN, "Yes.").is_silent_until_decided().guide_finishes()
        assert not any(isinstance(effect, Transcribe) for effect in room.effects)
        room.feed(RecogniserChanged(room.at, "whisper base.en", "speech"))
        assert [fact.recogniser for fact in room.published(UnderstandingChanged)] == ["whisper base.en"]
        room.says(BEN, "Yes.").is_silent_until_decided().guide_finishes()
        assert any(isinstance(effect, Transcribe) for effect in room.effects)
        assert room.step == "thing"


EVENTS = sorted({outcome for outcomes in OUTCOMES.values() for outcome in outcomes} | {"failed", "unavailable"})
MORE = [*"yn123spbhft", "progress", "wait", "stop", "understands", "finish"]


@given(st.lists(st.sampled_from([*EVENTS, *MORE]), max_size=60))
def test_whatever_happens_a_download_that_nobody_stands_on_is_given_up(what: list[str]) -> None:
    table = offered()
    for one in what:
        if table.ended:
            break
        if one == "progress" and table.tasks:
            progress(table, 30 + len(table.effects) % 60)
        elif one == "wait":
            table.waits(40)
        elif one == "finish":
            table.guide_finishes()
        elif one == "stop":
            table.command("stop")
        elif one == "understands":
            table.feed(UnderstandingChanged(table.at, "whisper", "speech"))
        elif len(one) == 1:
            table.key(one)
        elif table.tasks and table.phase is Phase.WORKING:
            task = table.tasks[-1].task
            if one in (*OUTCOMES[task], "failed", "unavailable"):
                table.performed(one)
        guide = table.dialogue.guide
        if guide.running:
            below = [guide.script.graphs[call.graph].steps[call.step].task for call in guide.state.calls]
            assert "fetch_model" in below
    open_downloads = {e.id for e in table.effects if isinstance(e, Perform) and e.task == "fetch_model"}
    assert set(cancelled(table)) <= open_downloads
    assert len(cancelled(table)) <= len(open_downloads) + what.count("s")
