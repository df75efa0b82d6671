"""Prompts broken at random are refused in plain lines with their files; none crashes the check or lets it hang.

A round breaks some twenty files at once, since each file is read by itself. ``FUZZ_ROUNDS=500`` breaks ten thousand.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dialogue.small_copy import english_copy
from voice_imago.dialogue.script import check_prompts, load_script
from voice_imago.errors import PromptError

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "12"))
AT_ONCE = 20
Lines = list[str]


def _drop_lines(lines: Lines, chance: random.Random) -> Lines:
    at = chance.randrange(len(lines))
    return lines[:at] + lines[at + chance.randint(1, 4) :]


def _double_lines(lines: Lines, chance: random.Random) -> Lines:
    at = chance.randrange(len(lines))
    return lines[: at + 3] + lines[at:]


def _swap_lines(lines: Lines, chance: random.Random) -> Lines:
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return lines


def _cut_short(lines: Lines, chance: random.Random) -> Lines:
    text = "\n".join(lines)
    return text[: chance.randrange(len(text) + 1)].split("\n")


def _change_signs(lines: Lines, chance: random.Random) -> Lines:
    signs = list("\n".join(lines)) or [" "]
    for _ in range(chance.randint(1, 6)):
        signs[chance.randrange(len(signs))] = chance.choice("[]{}\"'=.,#|\\\n\t\0\u202eäß😀0-…")
    return "".join(signs).split("\n")


def _change_value(lines: Lines, chance: random.Random) -> Lines:
    """Another type, a number out of range, a name that nothing has, the step itself."""
    values = [i for i, line in enumerate(lines) if " = " in line]
    if values:
        at = chance.choice(values)
        key = lines[at].partition(" = ")[0]
        odd = (
            '""',
            '"nowhere"',
            "-1",
            "1e308",
            "nan",
            "[]",
            "{}",
            "true",
            '"return"',
            '[["x"]]',
            "2026-02-30",
            '"{nobody}"',
        )
        lines[at] = f"{key} = {chance.choice(odd)}"
    return lines


def _change_key(lines: Lines, chance: random.Random) -> Lines:
    values = [i for i, line in enumerate(lines) if " = " in line]
    if values:
        at = chance.choice(values)
        other = lines[chance.choice(values)].partition(" = ")[0]
        lines[at] = chance.choice([other, "nonsense", "", "on.choice", "a b"]) + " = " + lines[at].partition(" = ")[2]
    return lines


WAYS: tuple[Callable[[Lines, random.Random], Lines], ...] = (
    _drop_lines, _double_lines, _swap_lines, _cut_short, _change_signs, _change_value, _change_value, _change_key,
)  # fmt: skip


def broken(text: str, chance: random.Random) -> bytes:
    """A file, broken in one to three ways."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 3)):
        lines = chance.choice(WAYS)(lines, chance) or [""]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return data + bytes([chance.randrange(256)]) if chance.random() < 0.05 else data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return english_copy(tmp_path_factory.mktemp("broken") / "prompts")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_broken_files_are_refused_in_plain_lines(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = sorted(folder.rglob("*.toml"))
    chosen = chance.sample(files, AT_ONCE)
    whole = {path: path.read_bytes() for path in chosen}
    try:
        for path, text in whole.items():
            path.write_bytes(broken(text.decode(), chance))
        problems = check_prompts(folder)
        for line in problems:
            assert line.isprintable(), line
            assert line.partition(":")[0].endswith(".toml") or line.partition(":")[0] in (
                "en",
                "de",
                "es",
                "fr",
                "nl",
                "tr",
            )
        assert problems, "twenty broken files"
        with pytest.raises(PromptError):
            load_script(folder)
    finally:
        for path, data in whole.items():
            path.write_bytes(data)


def test_the_copy_is_whole_again(folder: Path) -> None:
    """What the rounds above leave behind is what they began with."""
    assert check_prompts(folder) == []
