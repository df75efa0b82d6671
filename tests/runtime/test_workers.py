"""The inbox keeps order; prompts never block the loop, and a broken voice is told once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from voice_imago.engines.ports import Pcm, VoiceSettings
from voice_imago.errors import VoiceError
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.runtime.workers import Inbox, LivePrompts
from voice_imago.testing import FakeVoice

PATIENCE_S = 10.0


def test_posts_are_done_in_order_by_the_one_who_works() -> None:
    inbox, done = Inbox(), []
    for number in range(3):
        inbox.post(lambda number=number: done.append((number, threading.current_thread())))
    while inbox.work(0.0):
        pass
    assert done == [(number, threading.main_thread()) for number in range(3)]


def test_an_empty_inbox_says_so() -> None:
    assert Inbox().work(0.0) is False


def test_an_error_in_a_post_reaches_the_loop_and_the_rest_waits() -> None:
    inbox, done = Inbox(), []

    def broken() -> None:
        raise ValueError("broken")

    inbox.post(broken)
    inbox.post(lambda: done.append("next"))
    with pytest.raises(ValueError, match="broken"):
        inbox.work(0.0)
    assert inbox.work(0.0)
    assert done == ["next"]


@dataclass
class Rig:
    voice: FakeVoice
    inbox: Inbox
    prompts: LivePrompts
    changes: list[bool]
    ready: list[tuple[str, Pcm | None]] = field(default_factory=list)

    def ask(self, text: str) -> None:
        self.prompts.ask(text, lambda pcm: self.ready.append((text, pcm)))

    def answers(self, count: int = 1) -> list[bool]:
        """Work until so many answers came; whether each had sound."""
        before = len(self.ready)
        while len(self.ready) < before + count:
            assert self.inbox.work(PATIENCE_S)
        return [pcm is not None for _, pcm in self.ready[before:]]


@pytest.fixture
def rig() -> Iterator[Rig]:
    voice, inbox, changes = FakeVoice(), Inbox(), []
    cache = PromptCache(voice, VoiceSettings(), None)
    yield Rig(voice, inbox, LivePrompts(cache, inbox, changes.append), changes)
    voice.release()
    cache.close()


def test_a_prompt_in_memory_is_ready_before_ask_returns(rig: Rig) -> None:
    rig.ask("Hello.")
    rig.answers()
    rig.ask("Hello.")
    assert len(rig.ready) == 2


def test_asking_does_not_wait_for_the_voice_and_the_answer_comes_through_the_inbox(rig: Rig) -> None:
    rig.voice.hold()
    rig.ask("Hello.")
    assert rig.voice.waiting.wait(PATIENCE_S)
    assert rig.ready == []
    rig.voice.release()
    assert rig.answers() == [True]


def test_a_voice_that_fails_is_told_once_and_once_again_when_it_is_back(rig: Rig) -> None:
    rig.voice.failing = VoiceError("The voice is gone.")
    for text in ("One.", "Two.", "Three."):
        rig.ask(text)
        assert rig.answers() == [False]
    assert rig.changes == [False]
    rig.voice.failing = None
    for text in ("Four.", "Five."):
        rig.ask(text)
        assert rig.answers() == [True]
    assert rig.changes == [False, True]


def test_even_an_unforeseen_error_in_the_voice_gives_an_answer(rig: Rig) -> None:
    """Or the session would wait for its prompt for ever."""
    rig.voice.failing = ZeroDivisionError("unforeseen")
    rig.ask("Hello.")
    assert rig.answers() == [False]
    assert rig.changes == [False]
