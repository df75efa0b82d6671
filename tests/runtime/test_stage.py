"""The stage: one prompt at a time, the gate shut exactly while something sounds, and nothing waits for ever."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from staging import HeldPrompts, SetSession, Staging, full_disk

from voice_imago.engines.ports import PLAY_HZ
from voice_imago.events import (
    Chime,
    FrameHeard,
    Hush,
    KeyPressed,
    Mute,
    PartFailed,
    Prepare,
    PromptBegan,
    PromptEnded,
    Publish,
    Say,
    SessionEnded,
    StepEntered,
    SwitchMicrophone,
)
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.stage import reading_s

TAIL_S = 0.2
LINE = Say(1, "guide.hello", "Hello Ana, hello Ben, good to hear you.", "first")


def say(id: int) -> Say:
    return Say(id, "guide.hello", f"Line {id}.", "first")


def press(session: SetSession, *effects: object) -> KeyPressed:
    """A key that the session answers with these effects."""
    session.answers.setdefault(KeyPressed, []).append(list(effects))  # type: ignore[arg-type]
    return KeyPressed(0.0, "space")


def heard(frames: list[FrameHeard]) -> list[FrameHeard]:
    return [frame for frame in frames if not frame.gated]


def test_nothing_is_heard_while_a_prompt_sounds_and_one_tail_after_it() -> None:
    staging = Staging(SetSession(say(1)))
    assert heard(staging.pass_s(1.0)) == []
    end = staging.ear.now
    staging.stage.feed(PromptEnded(end, 1))
    frames = staging.pass_s(0.5)
    assert heard(frames)[0].at == pytest.approx(end + TAIL_S, abs=0.07)
    assert heard(frames) == frames[len(frames) - len(heard(frames)) :]


def test_the_gate_stays_open_until_a_prompt_is_rendered() -> None:
    """A murmur that is still being made takes nothing away from the one who speaks; made, half a second is left."""
    prompts = HeldPrompts(at_once=False)
    staging = Staging(SetSession(say(1)), prompts)
    assert len(heard(staging.pass_s(0.5))) > 10
    prompts.asked[0][1](prompts.pcm)
    assert len(heard(staging.pass_s(0.5))) >= 15
    assert heard(staging.pass_s(0.5)) == []


def test_the_end_of_an_older_prompt_does_not_open_the_gate_for_a_newer_one() -> None:
    session = SetSession(say(1))
    staging = Staging(session)
    staging.stage.feed(press(session, say(2)))
    staging.stage.feed(PromptEnded(staging.ear.now, 1, True))
    assert heard(staging.pass_s(0.6)) == []
    staging.stage.feed(PromptEnded(staging.ear.now, 2))
    assert heard(staging.pass_s(0.6))


def test_a_new_prompt_stops_the_old_one_before_it_is_rendered() -> None:
    prompts = HeldPrompts()
    session = SetSession(say(1))
    staging = Staging(session, prompts)
    prompts.at_once = False
    staging.stage.feed(press(session, say(2)))
    assert staging.player.done == [("play", 1, PLAY_HZ), ("stop",)]
    prompts.asked[1][1](prompts.pcm)
    assert staging.player.done[-1] == ("play", 2, PLAY_HZ)


def test_a_prompt_that_is_hushed_before_it_is_rendered_is_over_and_never_sounds() -> None:
    prompts = HeldPrompts(at_once=False)
    session = SetSession(say(1))
    staging = Staging(session, prompts)
    staging.stage.feed(press(session, Hush()))
    assert session.got(PromptEnded) == [PromptEnded(0.0, 1, True)]
    prompts.asked[0][1](prompts.pcm)
    assert staging.player.done == []
    assert not staging.stage.talking


def test_an_older_prompt_that_comes_late_from_the_worker_is_dropped() -> None:
    prompts = HeldPrompts(at_once=False)
    session = SetSession(say(1))
    staging = Staging(session, prompts)
    staging.stage.feed(press(session, say(2)))
    prompts.asked[1][1](prompts.pcm)
    prompts.asked[0][1](prompts.pcm)
    assert staging.player.done == [("play", 2, PLAY_HZ)]
    assert session.got(PromptEnded) == [PromptEnded(0.0, 1, True)]


def test_a_prompt_in_the_couples_own_words_is_asked_for_as_one_that_is_not_kept() -> None:
    prompts = HeldPrompts()
    session = SetSession(say(1))
    staging = Staging(session, prompts)
    own = replace(say(2), own=True)
    staging.stage.feed(press(session, own))

    assert prompts.unkept == [own.text]
    staging.stage.feed(press(session, Prepare(("a", "b"), ("b",))))
    assert (prompts.prepared, prompts.unkept) == (["a", "b"], [own.text, "b"])


def test_a_hushed_prompt_is_told_by_the_player_alone() -> None:
    """Twice over would count for the next prompt."""
    session = SetSession(say(1))
    staging = Staging(session)
    staging.stage.feed(press(session, Hush()))
    assert staging.player.done[-1] == ("stop",)
    assert session.got(PromptEnded) == []


def test_a_prompt_without_sound_is_given_the_time_to_read_it() -> None:
    prompts = HeldPrompts()
    prompts.pcm = None
    session = SetSession(LINE)
    staging = Staging(session, prompts)
    assert staging.shown == [LINE.text]
    assert session.got(PromptBegan, PromptEnded) == [PromptBegan(0.0, 1)]
    frames = staging.pass_s(reading_s(LINE.text) + 0.1)
    (ended,) = session.got(PromptEnded)
    assert ended.at == pytest.approx(reading_s(LINE.text), abs=0.04)
    assert heard(frames) == frames, "what is read on a screen shuts no gate"


def test_a_prompt_being_read_can_be_hushed() -> None:
    prompts = HeldPrompts()
    prompts.pcm = None
    session = SetSession(LINE)
    staging = Staging(session, prompts)
    staging.stage.feed(press(session, Hush()))
    assert session.got(PromptEnded) == [PromptEnded(0.0, 1, True)]
    staging.pass_s(4.0)
    assert len(session.got(PromptEnded)) == 1


def test_without_a_loudspeaker_nothing_is_rendered_and_nothing_played() -> None:
    session = SetSession(Prepare(("a", "b")), Chime("time"), say(1))
    staging = Staging(session, audible=False)
    staging.pass_s(2.0)
    assert staging.prompts.asked == []
    assert staging.prompts.prepared == []
    assert staging.player.done == []
    assert [type(input) for input in session.got(PromptBegan, PromptEnded)] == [PromptBegan, PromptEnded]


def test_an_earcon_leads_the_prompt_that_follows_it() -> None:
    staging = Staging(SetSession(Chime("paused"), say(1)))
    assert staging.player.done == [("play", 1, PLAY_HZ + PLAY_HZ // 10)]


def test_an_earcon_alone_is_not_heard_by_the_microphone() -> None:
    session = SetSession()
    staging = Staging(session)
    staging.stage.feed(press(session, Chime("time")))
    assert staging.player.done == [("chime", PLAY_HZ // 10)]
    frames = staging.pass_s(0.5)
    assert heard(frames)[0].at == pytest.approx(0.1 + TAIL_S, abs=0.07)


def test_an_earcon_over_a_prompt_does_not_open_the_gate() -> None:
    session = SetSession(say(1))
    staging = Staging(session)
    staging.stage.feed(press(session, Chime("time")))
    assert heard(staging.pass_s(1.0)) == []


def test_a_microphone_that_is_off_stays_off_after_a_prompt() -> None:
    session = SetSession(SwitchMicrophone(False), say(1))
    staging = Staging(session)
    staging.stage.feed(PromptEnded(0.0, 1))
    assert heard(staging.pass_s(1.0)) == []
    staging.stage.feed(press(session, SwitchMicrophone(True)))
    assert heard(staging.pass_s(0.5))


def test_what_follows_from_an_effect_waits_for_the_effects_at_hand() -> None:
    """The end of a prompt that is cut off is fed after the new prompt is on its way."""
    prompts = HeldPrompts(at_once=False)
    session = SetSession(say(1))
    staging = Staging(session, prompts)
    session.answers[PromptEnded] = [[say(3)]]
    staging.stage.feed(press(session, say(2), Chime("time")))
    assert [text for text, _ in prompts.asked] == ["Line 1.", "Line 2.", "Line 3."]
    assert session.got(PromptEnded) == [PromptEnded(0.0, 1, True), PromptEnded(0.0, 2, True)]


@pytest.mark.skipif(not full_disk().exists(), reason="this system has no /dev/full")
def test_a_full_disk_ends_the_event_file_and_not_the_session() -> None:
    step = Publish(StepEntered(1.0, "invite", "Ana", "sender"))
    session = SetSession()
    staging = Staging(session)
    told: list[object] = []
    stream = EventStream(full_disk(), ("Ana", "Ben"), lambda: 0.0)
    stream.listen(told.append)
    staging.stage.ports = type(staging.stage.ports)(
        **{name: getattr(staging.stage.ports, name) for name in staging.stage.ports.__slots__} | {"stream": stream}
    )
    staging.stage.feed(press(session, step, step, Publish(SessionEnded(1.0, "finished"))))
    (failed,) = session.got(PartFailed)
    assert failed.part == "events"
    assert "The event file cannot be written any more: No space left on device." in failed.message
    assert len(told) == 3, "whoever listens still hears everything"
    stream.close()


def test_an_error_in_the_session_leaves_the_stage_usable() -> None:
    session = SetSession()
    staging = Staging(session)

    def broken(input: object) -> list[object]:
        raise RuntimeError("broken")

    whole, session.feed = session.feed, broken  # type: ignore[method-assign, assignment]
    with pytest.raises(RuntimeError):
        staging.stage.feed(KeyPressed(0.0, "y"))
    session.feed = whole  # type: ignore[method-assign]
    staging.stage.feed(KeyPressed(0.0, "n"))
    assert [input.key for input in session.got(KeyPressed)] == ["n"]  # type: ignore[attr-defined]


def test_reading_takes_longer_for_longer_lines_and_never_less_than_a_moment() -> None:
    assert reading_s("Yes.") == 1.0
    assert 5.0 < reading_s("word " * 20) < 8.0
    assert np.isfinite(reading_s(""))


# ------------------------------------------------------------------ either read or heard


def test_with_muted_text_a_prompt_that_is_heard_is_not_shown() -> None:
    staging = Staging(SetSession(say(1)), mute="text")
    assert staging.shown == []
    assert staging.prompts.asked


def test_what_cannot_be_heard_is_shown_though_text_is_muted() -> None:
    prompts = HeldPrompts()
    prompts.pcm = None
    assert Staging(SetSession(say(1)), prompts=prompts, mute="text").shown == ["Line 1."]
    assert Staging(SetSession(say(1)), audible=False, mute="text").shown == ["Line 1."]


def test_a_tone_that_sounds_alone_is_printed_and_one_that_leads_a_prompt_is_not() -> None:
    session = SetSession(say(1))
    staging = Staging(session)
    staging.stage.feed(press(session, Chime("time", "The time is over.")))
    assert staging.shown == ["Line 1.", "The time is over."]
    staging.stage.feed(press(session, Chime("paused", "Not needed."), say(2)))
    assert staging.shown[2:] == ["Line 2."]
    silent = Staging(session, mute="text")
    silent.stage.feed(press(session, Chime("time", "The time is over.")))
    assert silent.shown == []


def test_a_screen_reader_is_not_listened_to_while_it_says_a_prompt() -> None:
    staging = Staging(SetSession(say(1)), mute="voice")
    assert heard(staging.pass_s(reading_s("Line 1.") + 0.5)) == []
    assert heard(staging.pass_s(1.0))
    others = Staging(SetSession(say(1)), audible=False)
    assert heard(others.pass_s(0.5))


def test_a_screen_reader_whose_line_is_cut_off_no_longer_keeps_the_microphone_shut() -> None:
    session = SetSession(
        replace(say(1), text="A rather long line, to be read in some five seconds or more by anybody.")
    )
    staging = Staging(session, mute="voice")
    staging.stage.feed(press(session, Hush()))
    assert heard(staging.pass_s(1.0))


def test_a_change_is_said_and_printed_before_it_holds() -> None:
    """Also where nothing was printed before; and so is whatever else is said until then."""
    session = SetSession(Mute("voice", "p2"), replace(say(1), prompt="p1"))
    session.answers[PromptEnded] = [[replace(say(2), prompt="p2")], [say(3)]]
    staging = Staging(session, mute="text")
    for id in (1, 2):
        staging.stage.feed(PromptEnded(1.0, id, False))
    assert [text for text, _ in staging.prompts.asked] == ["Line 1.", "Line 2."]
    assert staging.shown == ["Line 1.", "Line 2.", "Line 3."]


def test_a_change_holds_also_where_its_sentence_is_cut_off() -> None:
    session = SetSession(Mute("text", "p1"), replace(say(1), prompt="p1"))
    staging = Staging(session)
    staging.stage.feed(press(session, say(2)))
    assert staging.shown == ["Line 1."]


def test_with_a_muted_voice_a_prompt_is_read_and_nothing_is_rendered_or_played() -> None:
    staging = Staging(SetSession(say(1)), mute="voice")
    assert staging.shown == ["Line 1."]
    assert staging.prompts.asked == []
    assert staging.player.done == []
