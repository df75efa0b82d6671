"""The history in sentences: keys of prompts with what fills them, the most important first.

The words are data (``prompts/<lang>/guide.toml``); the same sentences are spoken and printed. Nothing compares the two
partners.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voice_imago.dialogue.script_shape import Language, Script
from voice_imago.dialogue.wording import Wording
from voice_imago.journal import notes
from voice_imago.journal.history import Practice
from voice_imago.journal.rows import SessionRow

__all__ = ["Told", "all_told", "due_told", "sentences"]

WEEK = 7


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence: a prompt of the guide and its slots."""

    key: str
    slots: Mapping[str, str]
    own: bool = False
    """The couple's own words are in it, so its sound is never written."""
    about: int = 0
    """The request or the date that it is about."""


def all_told(practice: Practice, script: Script, language: str) -> list[Told]:
    """Everything, for whoever asks how the practice goes."""
    return [*due_told(practice), *_unfinished(practice, script, language), *_counts(practice, script, language)]


def due_told(practice: Practice) -> list[Told]:
    """What the next evening opens with: requests to be looked at, dates."""
    requests = [_request(one, practice.today) for one in practice.due]
    return [*requests, *(_date(one, practice.today) for one in practice.dates)]


def sentences(told: list[Told], language: Language) -> list[str]:
    """As they are printed; the guide says the same."""
    wording = Wording(language, ("", ""))
    return [wording.line(one.key, one.slots).text for one in told]


# ---------------------------------------------------------------------- requests and dates


def _request(one: notes.Agreement, today: datetime.date) -> Told:
    what = _plain(one.what or one.text)
    days = (today - _day(one.starts, today)).days
    if not what or not one.who or days < 1:
        return Told("guide.due_unnamed", {}, about=one.id)
    slots = {"name": one.who, "what": what}
    if days == 1:
        key, number = "guide.due_yesterday", 0
    elif days < WEEK:
        key, number = "guide.due_days", days
    elif days < 2 * WEEK:
        key, number = "guide.due_week", 0
    else:
        key, number = "guide.due_weeks", days // WEEK
    return Told(key, slots | ({"number": str(number)} if number else {}), own=True, about=one.id)


def _date(one: notes.Appointment, today: datetime.date) -> Told:
    days = (_day(one.at, today) - today).days
    keys = {0: "guide.date_today", 1: "guide.date_tomorrow"}
    key = keys.get(days, "guide.date_days" if days > 1 else "guide.date_over")
    more = {"number": str(days)} if days > 1 else {}
    what = _plain(one.what)
    return Told(f"{key}" if what else f"{key}_unnamed", {"what": what, **more}, own=bool(what), about=one.id)


def _day(text: str, otherwise: datetime.date) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        return otherwise


def _plain(words: str) -> str:
    """Words as they stand inside a sentence."""
    return " ".join(words.split()).rstrip(" .!?…,;:")


# ---------------------------------------------------------------------- counts


def _unfinished(practice: Practice, script: Script, language: str) -> Iterator[Told]:
    row = practice.unfinished
    if row is not None:
        yield Told("guide.unfinished", {"title": _step_title(row, script, language)})


def _step_title(row: SessionRow, script: Script, language: str) -> str:
    """What "where are we" calls the step; the dialogue's title where that is gone."""
    words = script.languages[language]
    graphs = [graph for graph in script.graphs.values() if row.step in graph.steps]
    own = next((graph for graph in graphs if graph.id == row.dialogue), graphs[0] if graphs else None)
    prompt = words.prompts.get(own.steps[row.step].prompt) if own is not None else None
    return (prompt.title if prompt is not None else "") or words.titles.get(row.dialogue, row.dialogue)


def _counts(practice: Practice, script: Script, language: str) -> Iterator[Told]:
    finished, titles = practice.finished, script.languages[language].titles
    total = sum(finished.values())
    if total == 1:
        yield Told("guide.practice_one", {})
    else:
        yield Told("guide.practice" if total else "guide.practice_none", {"number": str(total)})
    if len(finished) > 1:
        for dialogue, number in sorted(finished.items(), key=lambda item: (-item[1], item[0])):
            title = titles.get(dialogue, dialogue)
            yield Told("guide.practice_kind", {"title": title, "number": str(number)})
    if practice.appreciations:
        yield Told("guide.practice_appreciations", {"number": str(practice.appreciations)})
    chosen, kept = practice.requests
    if chosen:
        yield Told("guide.practice_requests", {"count": str(chosen), "number": str(kept)})
    if practice.days_this_month:
        yield Told("guide.practice_days", {"number": str(practice.days_this_month)})
