"""An evening does not fail for want of a disk; what could not be remembered is told."""

from __future__ import annotations

import threading

import pytest

from voice_imago.errors import FileError
from voice_imago.folders import settings_file
from voice_imago.remembering import remember, told_when_forgotten
from voice_imago.settings import load_settings


def test_one_thing_is_remembered_beside_the_others() -> None:
    assert remember(lambda settings: {"earcons": "words"})
    assert remember(lambda settings: {"mute": "voice"})
    assert (load_settings().earcons, load_settings().mute) == ("words", "voice")


def test_two_threads_lose_nothing_of_each_other() -> None:
    def know(name: str) -> None:
        remember(lambda settings: {"earcons_known": (*settings.earcons_known, name)})

    threads = [threading.Thread(target=know, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(load_settings().earcons_known) == [str(number) for number in range(8)]


def test_what_cannot_be_written_is_printed_and_told_to_whoever_leads(capsys: pytest.CaptureFixture[str]) -> None:
    settings_file().mkdir(parents=True)
    told: list[FileError] = []
    with told_when_forgotten(told.append):
        assert not remember(lambda settings: {"mute": "voice"})
    assert not remember(lambda settings: {"mute": "voice"})
    assert len(told) == 1
    assert capsys.readouterr().err.splitlines() == [str(told[0])] * 2
