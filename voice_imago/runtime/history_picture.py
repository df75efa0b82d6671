"""The history as one picture of four panels, readable in black and white, with a text that says what is on it.

What is drawn is the couple's: no panel tells the two partners apart. Drawn without pyplot, a screen, or the reader's
own matplotlib settings.
"""

from __future__ import annotations

import datetime
import io
import os
import textwrap
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from voice_imago.folders import cache_folder
from voice_imago.journal.history import Practice

__all__ = ["Panels", "describe", "draw_history", "panels_of"]

Format = Literal["png", "svg"]
SIZE_IN = (12.0, 9.0)
DPI = 120
FONT_PT = 11
PLAIN: dict[Any, Any] = {
    "font.size": FONT_PT, "text.parse_math": False, "hatch.linewidth": 1.0, "svg.fonttype": "none",
    "svg.hashsalt": "voice-imago",
}  # fmt: skip
MOST_STEPS = 8
MOST_REQUESTS = 8
MOST_WEEKS = 40
"""More weeks than these are drawn as months."""
MOST_LISTED = 60
"""Dialogues that the text lists one by one."""
LABEL_COLUMNS = 26
STATES = {"open": "running", "kept": "done", "resized": "made smaller", "dropped": "let go"}
NOTHING = "Nothing yet"


@dataclass(frozen=True, slots=True)
class Panels:
    """What the four panels show, as plain numbers."""

    unit: Literal["week", "month"]
    times: Sequence[tuple[str, int, int]]
    """Beginning of each week or month (every one, also the empty ones), dialogues finished, dialogues not finished."""
    floor: Sequence[tuple[str, float]]
    """Step, minutes; the longest first."""
    rounds: Sequence[tuple[str, int]]
    """Day of each dialogue, and how many turns were mirrored in it."""
    requests: Sequence[tuple[str, int, str]]
    """Request, how often it was kept, what became of it."""


def panels_of(practice: Practice, title_of: Callable[[str], str]) -> Panels:
    """The numbers; ``title_of`` gives a step's title."""
    days = [(_day(row.started), row.reason == "finished") for row in practice.sessions if row.reason != "resumed"]
    unit: Literal["week", "month"] = "week"
    if days and (days[-1][0] - days[0][0]).days > 7 * MOST_WEEKS:
        unit = "month"
    floor: Counter[str] = Counter()
    for step, seconds in practice.floor_s.items():
        floor[title_of(step)] += seconds / 60  # type: ignore[assignment]
    requests = [
        (textwrap.shorten(one.what or one.text or f"Request {number}", LABEL_COLUMNS, placeholder="…"), one.kept,
         STATES.get(one.state, one.state))
        for number, one in enumerate(practice.agreements, 1)
    ]  # fmt: skip
    rounds = [(row.started[:10], row.rounds) for row in practice.sessions if row.rounds]
    return Panels(unit, _times(days, unit), floor.most_common(MOST_STEPS), rounds, requests[-MOST_REQUESTS:])


def _times(days: Sequence[tuple[datetime.date, bool]], unit: str) -> list[tuple[str, int, int]]:
    if not days:
        return []
    done, others = Counter[datetime.date](), Counter[datetime.date]()
    for day, finished in days:
        (done if finished else others)[_begin(day, unit)] += 1
    found, begin, last = [], _begin(min(day for day, _ in days), unit), _begin(max(day for day, _ in days), unit)
    while begin <= last:
        found.append((begin.isoformat(), done[begin], others[begin]))
        begin = _begin(begin + datetime.timedelta(days=7 if unit == "week" else 31), unit)
    return found


def _begin(day: datetime.date, unit: str) -> datetime.date:
    return day.replace(day=1) if unit == "month" else day - datetime.timedelta(days=day.weekday())


def _day(started: str) -> datetime.date:
    return datetime.date.fromisoformat(started[:10])


# ---------------------------------------------------------------------- in words


def describe(panels: Panels) -> str:
    """What is on the picture, panel by panel."""
    lines = ["Four panels. No panel tells the two of you apart.", ""]
    lines += [f"1. Dialogues in each {panels.unit}, finished (hatched) and not finished (white):"]
    lines += [
        f"   {panels.unit.capitalize()} of {begin}: {done} finished, {others} not finished."
        for begin, done, others in panels.times
        if done or others
    ] or [f"   {NOTHING}."]
    lines += ["", "2. Minutes of talk in each step, both of you together:"]
    lines += [f"   {title}: {minutes:.1f} minutes." for title, minutes in panels.floor] or [f"   {NOTHING}."]
    lines += ["", "3. Turns that were mirrored, dialogue by dialogue:"]
    newest = panels.rounds[-MOST_LISTED:]
    if len(newest) < len(panels.rounds):
        lines += [f"   The newest {len(newest)} of {len(panels.rounds)}:"]
    lines += [f"   {day}: {rounds}." for day, rounds in newest] or [f"   {NOTHING}."]
    lines += ["", "4. How often each request was kept:"]
    lines += [f"   {what}: {kept} times, {state}." for what, kept, state in panels.requests] or [f"   {NOTHING}."]
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------------- drawn


def draw_history(panels: Panels, format: Format) -> bytes:
    """The picture. Raises ImportError without matplotlib."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "pictures"))  # its font cache, else in the user's home
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a word in a script that the font lacks is drawn as boxes
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(PLAIN)
        figure: Any = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
        upper, lower = figure.subplots(2, 2)
        _draw_times(upper[0], panels)
        _draw_floor(upper[1], panels)
        _draw_rounds(lower[0], panels)
        _draw_requests(lower[1], panels)
        return _written(figure, format)


def _written(figure: Any, format: Format) -> bytes:
    written = io.BytesIO()
    if format == "svg":
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(written, metadata={"Date": None, "Creator": None})
    else:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(figure)
        canvas.print_png(written, metadata={"Software": None})
    return written.getvalue()


def _whole_numbers(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _empty(axes: Any, title: str) -> None:
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, NOTHING, ha="center", va="center", transform=axes.transAxes)


def _draw_times(axes: Any, panels: Panels) -> None:
    title = f"1. Dialogues in each {panels.unit}"
    if not panels.times:
        _empty(axes, title)
        return
    begins, done, others = zip(*panels.times, strict=True)
    places = range(len(begins))
    axes.bar(places, done, color="0.8", edgecolor="black", hatch="///", label="finished")
    axes.bar(places, others, bottom=done, color="white", edgecolor="black", label="not finished")
    every = max(1, -(-len(begins) // 6))
    axes.set_xticks(
        list(places)[::every], [begin[:7] if panels.unit == "month" else begin for begin in begins][::every]
    )
    axes.tick_params(axis="x", rotation=20)
    axes.set_ylabel("Dialogues")
    axes.set_ylim(0, max(one + two for one, two in zip(done, others, strict=True)) * 1.3)
    _whole_numbers(axes.yaxis)
    axes.legend(frameon=False, loc="upper left", ncols=2)
    axes.set_title(title)


def _draw_floor(axes: Any, panels: Panels) -> None:
    title = "2. Minutes of talk in each step"
    if not panels.floor:
        _empty(axes, title)
        return
    titles, minutes = zip(*reversed(panels.floor), strict=True)
    bars = axes.barh(range(len(titles)), minutes, color="white", edgecolor="black", hatch="...")
    axes.bar_label(bars, [f"{value:.1f}" for value in minutes], padding=3)
    axes.set_yticks(range(len(titles)), [textwrap.shorten(one, LABEL_COLUMNS, placeholder="…") for one in titles])
    axes.set_xlim(0, max(minutes) * 1.15)
    axes.set_xlabel("Minutes, both of you together")
    axes.set_title(title)


def _draw_rounds(axes: Any, panels: Panels) -> None:
    title = "3. Turns that were mirrored in each dialogue"
    if not panels.rounds:
        _empty(axes, title)
        return
    days, rounds = zip(*panels.rounds, strict=True)
    places = range(len(days))
    marker = "o" if len(days) <= MOST_WEEKS else ""
    axes.plot(places, rounds, color="black", linewidth=1.2, marker=marker, markerfacecolor="white")
    every = max(1, -(-len(days) // 6))
    axes.set_xticks(list(places)[::every], days[::every])
    axes.tick_params(axis="x", rotation=20)
    axes.set_ylim(0, max(rounds) * 1.2)
    _whole_numbers(axes.yaxis)
    axes.set_ylabel("Turns")
    axes.set_title(title)


def _draw_requests(axes: Any, panels: Panels) -> None:
    title = "4. How often each request was kept"
    if not panels.requests:
        _empty(axes, title)
        return
    what, kept, states = zip(*reversed(panels.requests), strict=True)
    bars = axes.barh(range(len(what)), kept, color="0.9", edgecolor="black", hatch="xxx")
    axes.bar_label(bars, [f"{times} · {state}" for times, state in zip(kept, states, strict=True)], padding=3)
    axes.set_yticks(range(len(what)), what)
    axes.set_xlim(0, max(1, *kept) * 1.6)
    axes.set_xlabel("Times")
    _whole_numbers(axes.xaxis)
    axes.set_title(title)
