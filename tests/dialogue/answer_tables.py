"""The tables of answers, ``answers_<language>.toml``, as cases for tests."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.script import load_script

FOLDER = Path(__file__).parent
CODES = sorted(path.stem.removeprefix("answers_") for path in FOLDER.glob("answers_*.toml"))
PARTNERS = ("Ana", "Ben")
NONE = "none"

YES_LIKE, NO_LIKE = {"yes", "choice:continue", "choice:now"}, {"no", "partly", "choice:later", "choice:stop"}


@dataclass(frozen=True)
class Case:
    """One phrasing of one answer."""

    code: str
    table: str
    """question, when, who or command."""
    text: str
    meaning: str
    expected: tuple[str, ...] = ()
    by: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.text} = {self.meaning}"


@cache
def replies_of(code: str) -> Replies:
    names = table_of(code).get("partners", PARTNERS)
    return Replies(load_script().languages[code], tuple(names))


@cache
def table_of(code: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"answers_{code}.toml").read_text("utf-8"))


def cases_of(code: str) -> list[Case]:
    """Every row of a language's tables."""
    cases = []
    for question in table_of(code)["question"]:
        expected, by = tuple(question["expected"]), question.get("by")
        for meaning, texts in question.items():
            if meaning not in ("asks", "expected", "by"):
                cases += [Case(code, "question", text, meaning, expected, by) for text in texts]
    for table in ("when", "who", "command"):
        for meaning, texts in table_of(code).get(table, {}).items():
            cases += [Case(code, table, text, meaning) for text in texts]
    return cases


def understood(case: Case, text: str | None = None) -> str:
    """What the program makes of a case, or of another text in its place."""
    replies, said = replies_of(case.code), case.text if text is None else text
    if case.table == "when":
        when = replies.when(said)
        return NONE if when is None else when.code
    if case.table == "who":
        return replies.who(said) or NONE
    if case.table == "command":
        return replies.command(said) or NONE
    return replies.meaning(said, case.expected, case.by)  # type: ignore[arg-type]


def opposite(one: str, other: str) -> bool:
    """Whether two meanings lead opposite ways; "partly" for "no" and the reverse do not."""
    return (one in YES_LIKE and other in NO_LIKE) or (one in NO_LIKE and other in YES_LIKE)


ALL = [case for code in CODES for case in cases_of(code)]
