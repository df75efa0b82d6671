"""Keys can be moved, taken away one by one, or switched off."""

from __future__ import annotations

import pytest

from voice_imago.command_words import KEY_ANSWERS, KEY_COMMANDS
from voice_imago.errors import UsageError
from voice_imago.runtime.key_table import MEANINGS, key_table
from voice_imago.runtime.keys import KEYS, named, pressed
from voice_imago.settings import Settings, load_settings, save_settings


def test_without_changes_the_keys_are_as_they_are() -> None:
    assert key_table({}) == KEYS


def test_every_key_can_be_put_anywhere() -> None:
    assert set(MEANINGS.values()) == {*KEY_COMMANDS, *KEY_ANSWERS}
    for meaning, key in MEANINGS.items():
        assert list(pressed("é", key_table({"é": meaning}))) == [key]


def test_a_number_pad_is_enough() -> None:
    table = key_table({"1": "yes", "3": "no", "5": "repeat", "0": "time_out", "Enter": "skip"})
    assert list(pressed("1350\n", table)) == ["y", "n", "r", "t", "s"]
    assert named("5", table) == "r"


def test_a_key_without_a_meaning_does_nothing_and_off_is_all_of_them() -> None:
    assert list(pressed("qr", key_table({"q": ""}))) == ["r"]
    assert list(pressed("qr y", key_table({}, off=True))) == []
    assert named("repeat", key_table({}, off=True)) is None
    assert named("repeat", key_table({"r": ""})) == "r"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"ab": "repeat"}, "The settings name the key 'ab', which is not one key."),
        ({"a": "repaet"}, "Did you mean repeat?"),
        ({"": "repeat"}, "which is not one key"),
    ],
)
def test_what_cannot_be_is_one_sentence(changes: dict[str, str], what: str) -> None:
    with pytest.raises(UsageError) as raised:
        key_table(changes)
    assert what in raised.value.message
    assert raised.value.hint


def test_changes_survive_in_the_settings() -> None:
    changes = {'"': "repeat", "ö": "pause", "\\": ""}
    save_settings(Settings(keys=changes, keys_off=True))
    assert (load_settings().keys, load_settings().keys_off) == (changes, True)
