"""The strip of a turn as a picture: one panel that is readable in black and white.

Drawn without pyplot, a screen, or the reader's own matplotlib settings, so that the same turn gives the same bytes.
"""

from __future__ import annotations

import io
import os
import textwrap
import warnings
from collections.abc import Sequence
from typing import Any

from voice_imago.folders import cache_folder
from voice_imago.runtime.explaining_events import Turn
from voice_imago.runtime.explaining_strip import moments, thresholds

__all__ = ["draw_turn"]

SIZE_IN = (10.0, 5.0)
DPI = 150
TITLE_COLUMNS = 100
NAME_COLUMNS = 20
FONT_PT = 11
PLAIN: dict[Any, Any] = {"font.size": FONT_PT, "text.parse_math": False, "hatch.linewidth": 1.0}
"""A partner may be called $ana$."""
HATCHES = ("///", "xxx", "...", "---", "ooo")
LINES = {"E": "-", "S": ":", "D": "--"}
"""Styles of the marked moments."""
BAR = 0.12
"""Height of a speaker's bars, in units of probability."""
GAP = 0.06
WHOSE = {None: "not told apart", "unknown": "neither partner"}


def draw_turn(turn: Turn, partners: Sequence[str], title: str) -> bytes:
    """A PNG. Raises ImportError without matplotlib."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "pictures"))  # its font cache, else in the user's home
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name in a script that the font lacks is drawn as boxes
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(PLAIN)
        figure: Any = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)
        _panel(figure.add_subplot(), turn, partners, title)
        written = io.BytesIO()
        canvas.print_png(written, metadata={"Software": None})
    return written.getvalue()


def _panel(axes: Any, turn: Turn, partners: Sequence[str], title: str) -> None:
    why = turn.why
    begin = min(why.strip_start, why.end)
    axes.set_title(textwrap.fill(title, TITLE_COLUMNS), fontsize=FONT_PT)
    axes.set_xlim(begin - 0.1, why.decided + 0.1)
    _speech(axes, turn)
    speakers = list(dict.fromkeys((*partners, *(who for _, _, who in why.spans))))
    heights = [-(n + 1) * (BAR + GAP) for n in range(len(speakers))]
    for n, (who, height) in enumerate(zip(speakers, heights, strict=True)):
        bars = [(s, e - s) for s, e, speaker in why.spans if speaker == who and e > begin]
        axes.broken_barh(bars, (height, BAR), facecolor="white", edgecolor="black", hatch=HATCHES[n % len(HATCHES)])
    axes.axhline(0.0, color="black", linewidth=0.8)
    _moments(axes, turn)
    axes.set_ylim(min([0.0, *heights]) - GAP, 1.05)
    tenths = [n / 5 for n in range(6)]
    names = [(WHOSE.get(who) or who or "")[:NAME_COLUMNS] for who in speakers]
    axes.set_yticks([*tenths, *(height + BAR / 2 for height in heights)], [*(f"{p:.1f}" for p in tenths), *names])
    axes.set_xlabel("Seconds since the session began")
    axes.set_ylabel("Who spoke, and the probability of speech")


def _speech(axes: Any, turn: Turn) -> None:
    """Each frame's probability, rounded down so that it reaches a threshold where the detector's did; and both."""
    why, rules = turn.why, thresholds(turn).rules
    edges = [why.strip_start + n * why.frame_s for n in range(len(why.strip) + 1)]
    if why.strip:
        tenths = [int(digit) / 10 for digit in why.strip]
        axes.stairs(tenths, edges, fill=True, color="0.8")
        axes.stairs(tenths, edges, color="black", linewidth=0.8, label="probability of speech, rounded down")
    axes.axhline(rules.on, color="black", linewidth=1.0, linestyle="-.", label=f"{rules.on:.1f}: speech starts")
    said = f"below {rules.off:.1f}: silence begins"
    axes.axhline(rules.off, color="black", linewidth=1.0, linestyle=(0, (1, 3)), label=said)


def _moments(axes: Any, turn: Turn) -> None:
    for n, moment in enumerate(moments(turn)):
        style, said = LINES[moment.mark], moment.says.split(":")[0]
        label = f"{moment.mark} {said}, {moment.at:.2f} s"
        axes.axvline(moment.at, color="black", linewidth=1.8, linestyle=style, label=label)
        place = {
            "xytext": (-3, -3 - n * FONT_PT),
            "textcoords": "offset points",
            "ha": "right",
            "va": "top",
            "weight": "bold",
        }
        axes.annotate(moment.mark, (moment.at, 1.05), **place)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False, fontsize=FONT_PT - 1)
