"""What is printed is also said: errors before an evening by ear, and everything where --aloud asks for it."""

from __future__ import annotations

import sys

import pytest

from voice_imago import output
from voice_imago.__main__ import main
from voice_imago.runtime import printed_aloud as aloud
from voice_imago.runtime.printed_aloud import printed_aloud
from voice_imago.settings import Settings, save_settings


class Console:
    """first_console.SpokenConsole whose loudspeaker is a list."""

    said: list[tuple[str, str]]

    def __init__(self, script: object, settings: Settings) -> None: ...

    def say(self, line: str, language: str) -> bool:
        self.said.append((line, language))
        return True

    def close(self) -> None: ...


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    Console.said = []
    monkeypatch.setattr(aloud, "SpokenConsole", Console)
    return Console.said


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["voice-imago", *words])
    return main()


def test_what_keeps_an_evening_from_beginning_is_said_with_what_to_do(
    said: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "start", "--partners", "Ana", "Ana") == 2
    assert [line for line, _ in said] == [
        "Both partners are called Ana.",
        "Add an initial or a nickname to one of them.",
    ]
    assert capsys.readouterr().err.strip() == " ".join(line for line, _ in said)


@pytest.mark.parametrize(
    "words",
    [
        ("start", "--typed", "--partners", "Ana", "Ana"),
        ("start", "--mute", "voice", "--partners", "Ana", "Ana"),
        ("rehearse", "no_such_scene"),
    ],
)
def test_where_nobody_listens_nothing_is_said(
    said: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    assert run(monkeypatch, *words) != 0
    assert said == []


def test_whoever_only_reads_hears_nothing(said: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    save_settings(Settings(mute="voice"))
    run(monkeypatch, "start", "--partners", "Ana", "Ana")
    assert said == []


def test_with_aloud_every_printed_line_is_said(
    said: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "enrol", "--list", "--aloud") == 0
    assert [line for line, _ in said] == capsys.readouterr().out.splitlines() == ["No voices are kept."]
    assert run(monkeypatch, "check", "--aloud", "/nowhere") != 0
    assert len(said) > 1


def test_several_lines_at_once_are_said_one_by_one_and_afterwards_nobody_listens(said: list[tuple[str, str]]) -> None:
    with printed_aloud():
        output.say("One.\n\nTwo.")
        output.error("Three.")
    output.say("Four.")
    assert [line for line, _ in said] == ["One.", "Two.", "Three."]
