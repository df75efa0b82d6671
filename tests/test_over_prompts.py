"""Full duplex on the sample clock: who speaks over the guide, what becomes of the prompt, and that nothing is lost."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tests.dialogue.driver import ANA, BEN, END, PROMPT_S, Room, step, tiny
from voice_imago.dialogue.script import Script
from voice_imago.dialogue.script_shape import Graph
from voice_imago.dialogue.state import Phase
from voice_imago.events import (
    BargedIn,
    Command,
    Duck,
    Effect,
    FrameHeard,
    Hold,
    Hush,
    Listening,
    PromptFinished,
    Resume,
    Say,
    Speaker,
    Transcribe,
    TurnEnded,
    TurnReopened,
)


class FullRoom(Room):
    """Nothing is gated: frames under a prompt are marked, a held prompt stands still, a resumed one goes on."""

    doubtful = False

    def __init__(self, *more: Any, **options: Any) -> None:
        self.left: float | None = None
        """Seconds of the prompt that is held."""
        super().__init__(*more, gate=False, **options)

    def frame(self, who: Speaker | None = None, quick: bool | None = None, against: bool | None = None) -> Room:
        self.frames += 1
        llr = {0: 4.0, 1: -4.0}.get(who) if who is not None and self.voices else None
        heard = 0.0 if who is None else 0.95
        over = self._playing is not None
        self.feed(
            FrameHeard(
                self.at,
                heard,
                -30.0 if who is not None else -70.0,
                llr,
                over=over,
                quick=heard > 0.0 if quick is None else quick,
                against=heard == 0.0 if against is None else against,
                doubtful=self.doubtful,
            )
        )
        return self._pass_on()

    def _held(self) -> bool:
        return self.left is not None

    voices = False

    def talks_over(self, who: Speaker, text: str = "", seconds: float = 0.8) -> Room:
        """Somebody speaks now, whatever the guide does."""
        self._words.append((self.at, self.at + seconds, text))
        for _ in range(round(seconds / self.FRAME_S)):
            self.frame(who)
        return self

    def did(self, *kinds: type) -> list[Effect]:
        return [effect for effect in self.effects if isinstance(effect, kinds)]

    def forget(self) -> None:
        self.effects.clear()
        self.said.clear()

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Hold) and self._playing is not None:
                self.left = self._playing[1] - self.at
            elif isinstance(effect, Resume) and self._playing is not None and self.left is not None:
                self._playing, self.left = (self._playing[0], self.at + self.left), None
            elif isinstance(effect, Hush | Say):
                self.left = None
        super()._take(effects)


def asking(**more: Any) -> FullRoom:
    """The guide has just begun a question to Ana."""
    script = tiny(step("q", "ask", "sender", on={"yes": "end", "no": "end"}, prompt="mirror.check"), END)
    return FullRoom("tiny", script=script, **more)


def saying(**more: Any) -> FullRoom:
    """The guide has just begun to say something, with a turn of Ana's after it."""
    script = tiny(
        step("tell", "say", "guide", prompt="appreciation.invite", next="piece"),
        step("piece", "turn", "sender", "send", prompt="appreciation.thing", next="end"),
        END,
    )
    return FullRoom("tiny", script=script, **more)


def held(actor: Literal["sender", "guide"] = "guide", **more: Any) -> FullRoom:
    """The guide has just begun a question that has to be heard."""
    script = tiny(step("q", "ask", actor, on={"yes": "end", "no": "end"}, prompt="notice.one"), END)
    graph = script.graphs["tiny"]
    graphs = {**script.graphs, "tiny": Graph(graph.id, graph.start, graph.steps, held=True)}
    return FullRoom("tiny", script=Script(graphs, script.timings, script.languages, script.resources), **more)


def test_speaking_over_a_question_ducks_it_cuts_it_off_and_is_its_answer() -> None:
    room = asking()
    room.waits(0.5)
    room.talks_over(ANA, "Yes exactly")
    kinds = [type(effect) for effect in room.did(Duck, Hush)]
    assert kinds == [Duck, Hush]
    assert room.published(PromptFinished)[-1].interrupted
    assert room.published(BargedIn)[0].prompt == "mirror.check"
    room.is_silent_until_decided()
    assert room.step == "end"
    assert room.published(TurnEnded)[0].start == pytest.approx(0.5, abs=0.1), "its first syllable is part of it"


def test_the_rest_of_a_prompt_is_left_out_when_its_answer_has_begun() -> None:
    """Prompt and stem: whoever begins under the prompt hears no stem."""
    script = tiny(step("piece", "turn", "sender", "send", prompt="appreciation.thing", next="end"), END)
    room = FullRoom("tiny", script=script)
    assert len(room.session.dialogue.guide.state.queue) == 2
    room.waits(0.3)
    room.talks_over(ANA, "How you made breakfast", 1.5)
    assert room.phase is Phase.LISTENING
    assert room.prompts == ["appreciation.thing"]
    assert room.session.hearing.turn_open


def test_where_nothing_is_asked_the_guide_is_silent_until_they_have_finished_and_goes_on() -> None:
    room = saying()
    room.waits(0.5)
    room.talks_over(ANA, "that is nice", 1.0)
    assert [type(effect) for effect in room.did(Duck, Hold, Resume, Hush)] == [Duck, Hold]
    assert room.left is not None
    room.waits(1.0)
    assert isinstance(room.did(Resume)[-1], Resume)
    room.guide_finishes()
    assert not room.published(PromptFinished)[0].interrupted
    assert room.prompts[1] == "appreciation.thing"
    assert room.phase is Phase.LISTENING


def test_a_cough_ducks_a_prompt_and_it_goes_on_from_its_last_phrase() -> None:
    room = asking()
    room.waits(0.4)
    for _ in range(4):  # quick like a voice, and the slow detector knows better
        room.frame(None, quick=True, against=True)
    room.waits(0.6)
    assert [type(effect) for effect in room.did(Duck, Hush, Hold, Resume)] == [Duck, Resume]
    assert room.did(Resume)[0] == Resume(again=True)
    assert not room.published(BargedIn)


def test_a_prompt_that_has_to_be_heard_is_only_ducked_by_whoever_has_not_the_floor() -> None:
    room = held()
    room.waits(0.3)
    room.talks_over(BEN, "no matter", 0.6)
    assert room.published(BargedIn)
    assert not room.did(Hush, Hold)
    room.guide_finishes()
    assert not room.published(PromptFinished)[0].interrupted


@pytest.mark.parametrize(("who", "cut"), [(ANA, True), (BEN, False)])
def test_the_one_who_has_the_floor_cuts_it_off_once_voices_are_told_apart(who: Literal[0, 1], cut: bool) -> None:
    room = held("sender")
    room.voices = True
    room.waits(0.3)
    room.talks_over(who, "Yes", 0.7)
    assert bool(room.did(Hush)) is cut
    assert room.published(BargedIn)[0].by == who


@pytest.mark.parametrize("make", [asking, saying, held])
def test_a_command_over_any_prompt_is_obeyed(make: Any) -> None:
    """Also over one that has to be heard; it is no turn."""
    room = make()
    room.waits(0.3)
    room.talks_over(BEN, "Pause", 0.6)
    room.waits(2.0).guide_finishes()
    assert [command.name for command in room.published(Command)] == ["pause"]
    assert room.phase is Phase.PAUSED


def test_a_key_cuts_off_what_has_to_be_heard() -> None:
    room = held()
    room.waits(0.3)
    room.key("t")
    assert room.published(PromptFinished)[0].interrupted


def test_other_talk_over_a_prompt_that_goes_on_is_recognised_once_and_means_nothing() -> None:
    room = held()
    room.waits(0.3)
    room.talks_over(BEN, "what a day", 0.6)
    room.waits(1.5)
    assert len(room.did(Transcribe)) == 1
    assert not room.published(Command)


def test_after_lost_sound_nobody_is_believed() -> None:
    room = asking()
    room.doubtful = True
    room.talks_over(ANA, "Yes", 1.0)
    assert not room.did(Duck, Hush, Hold)


def test_whoever_was_speaking_before_the_prompt_does_not_barge_in() -> None:
    """Space ends a turn in the middle of a word; the rest of the word is no answer to what follows."""
    script = tiny(
        step("piece", "turn", "sender", "send", prompt="appreciation.thing", next="q"),
        step("q", "ask", "sender", on={"yes": "end", "no": "end"}, prompt="mirror.check"),
        END,
    )
    room = FullRoom("tiny", script=script)
    room.guide_finishes()
    room.talks_over(ANA, "How you made breakfast", 1.0)
    room.key("space")
    asked = len(room.did(Transcribe))
    room.talks_over(ANA, "on Sunday", 0.6)
    assert not room.did(Duck, Hush)
    room.waits(0.4)
    assert len(room.did(Transcribe)) == asked, "nor is it taken for a command"
    room.talks_over(ANA, "Yes", 0.4)
    assert room.did(Duck)


def test_the_same_voice_going_on_into_a_prompt_takes_its_turn_up_again_and_barges_in_nowhere() -> None:
    script = tiny(
        step("piece", "turn", "sender", "send", prompt="appreciation.thing", next="q"),
        step("q", "ask", "receiver", on={"yes": "end", "no": "end"}, prompt="mirror.check"),
        END,
    )
    room = FullRoom("tiny", script=script)
    room.guide_finishes()
    room.says(ANA, "How you made breakfast", 2.0)
    room.is_silent_until_decided()
    assert room.step == "q"
    room.talks_over(ANA, "and the coffee", 1.5)
    assert room.published(TurnReopened)
    assert not room.published(BargedIn)
    assert room.step == "piece"


def test_a_television_makes_the_guide_stammer_only_so_often() -> None:
    """Talk that comes and goes for minutes: the prompt has an end all the same."""
    room = saying()
    for _ in range(40):
        if room.prompts != ["appreciation.invite"]:
            break
        room.talks_over(BEN, "", 0.5)
        room.waits(0.8)
    assert room.prompts[1:2] == ["appreciation.thing"]
    assert sum(effect.again for effect in room.did(Resume) if isinstance(effect, Resume)) <= 3


def test_somebody_who_talks_without_end_is_waited_for_only_so_long() -> None:
    room = saying()
    room.waits(0.3)
    room.talks_over(BEN, "", 20.0)
    assert room.did(Hold, Resume)
    assert room.prompts[1:2] == ["appreciation.thing"]


def test_nothing_calls_a_stopped_session_back() -> None:
    room = asking()
    room.key("q")
    room.waits(0.3)
    room.talks_over(ANA, "wait", 1.0)
    assert not room.did(Hold)
    room.guide_finishes()
    assert room.ended == "stopped"


def test_a_murmur_is_hushed_and_the_turn_goes_on() -> None:
    script = tiny(step("piece", "turn", "sender", "send", prompt="appreciation.thing", next="end"), END)
    room = FullRoom("tiny", script=script)
    room.guide_finishes()
    room.says(ANA, "How you made breakfast", 1.0)
    room.key("w")
    assert room.prompts[-1] == "guide.where"
    room.waits(0.4)
    room.talks_over(ANA, "on Sunday", 1.0)
    assert room.published(PromptFinished)[-1].interrupted
    assert room.session.hearing.turn_open
    assert len(room.published(Listening)) == 1


def test_silence_under_a_murmur_does_not_end_a_turn() -> None:
    script = tiny(step("piece", "turn", "sender", "send", prompt="appreciation.thing", next="end"), END)
    room = FullRoom("tiny", script=script)
    room.guide_finishes()
    room.says(ANA, "How you made breakfast", 1.0)
    before = room.at
    room.key("w")
    while room.session.hearing.turn_open:
        room.frame()
    patience = room.published(Listening)[0].end_silence_s
    assert room.at - before == pytest.approx(PROMPT_S + patience, abs=0.4)


def test_in_half_duplex_nothing_of_this_happens() -> None:
    gated = Room("appreciation", gate=True)
    for _ in range(20):
        gated.frame(ANA)
    assert not [effect for effect in gated.effects if isinstance(effect, Duck | Hold | Resume)]
