"""The real program while its voices fail one after the other: what is cached still plays, another engine speaks, then
only text is left, and the voice comes back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from couple_at_the_table import PLAIN, Guided, speak_fast, start_program
from test_live_faults import about, end_of, wait_for
from virtual_room import VirtualRoom

FLITE = """#!/bin/sh
case "$*" in *-f*) [ -e "{hangs}" ] && exec sleep 600 ;; esac
exec "{real}" "$@"
"""
ESPEAK_DATA = [Path("/usr/lib"), Path("/usr/share")]


class Engines:
    """The engines that this program starts, which can be made to hang (Flite) or to fail (both ways to eSpeak NG)."""

    def __init__(self, folder: Path) -> None:
        real = shutil.which("flite")
        data = next((found for place in ESPEAK_DATA for found in place.glob("**/espeak-ng-data/phontab")), None)
        if real is None or data is None:
            pytest.skip("needs Flite and eSpeak NG")
        self._hangs, self._data, self._shown = folder / "hangs", data.parent, folder / "espeak" / "espeak-ng-data"
        (folder / "bin").mkdir()
        flite = folder / "bin" / "flite"
        flite.write_text(FLITE.format(hangs=self._hangs, real=real))
        flite.chmod(0o755)
        self._shown.parent.mkdir()
        self.espeak(well=True)
        self.env = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "ESPEAK_DATA_PATH": str(self._shown.parent)}

    def flite(self, *, well: bool) -> None:
        if well:
            self._hangs.unlink()
        else:
            self._hangs.touch()

    def espeak(self, *, well: bool) -> None:
        if well:
            self._shown.symlink_to(self._data)
        else:
            self._shown.unlink()
            self._shown.parent.joinpath("broken").touch()


def prompted(guided: Guided, kind: str, prompt: str) -> list[float]:
    """Wall times."""
    return [float(e["wall"]) for e in guided.events if e["event"] == kind and e["prompt"] == prompt]


@pytest.mark.timeout(180)
def test_a_voice_that_hangs_and_one_that_is_dead_cost_no_word(room: VirtualRoom, tmp_path: Path) -> None:
    engines = Engines(tmp_path)
    speak_fast(tmp_path)
    guided = start_program(room, tmp_path, "--recogniser", "none", *PLAIN, env=engines.env)
    try:
        wait_for(guided, about("listening", step="invite"))
        engines.flite(well=False)
        guided.press("r")  # it is cached: nobody notices anything
        wait_for(guided, lambda event: len(prompted(guided, "prompt_finished", "appreciation.invite")) == 2)
        assert not [event for event in guided.events if event["event"] == "fault"]
        guided.press("-")  # how slow it is now has to be rendered anew
        wait_for(guided, about("prompt_finished", prompt="guide.slower", interrupted=False))
        guided.press("-")
        wait_for(guided, about("fault", part="voice", code="replaced"))
        wait_for(guided, about("prompt_finished", prompt="guide.voice_replaced", interrupted=False))
        engines.espeak(well=False)
        guided.press("+")
        guided.press("+")
        wait_for(guided, about("fault", part="voice", code="failed"))
        wait_for(guided, about("prompt_finished", prompt="guide.voice_failed"))
        guided.press("y")
        wait_for(guided, about("step_entered", step="thing"))
        engines.espeak(well=True)
        guided.press("+")
        wait_for(guided, about("recovered", part="voice"))
        wait_for(guided, about("prompt_finished", prompt="guide.voice_back"))
        guided.press("q")
        assert guided.process.wait(timeout=40.0) == 0, (tmp_path / "out.txt").read_text()
    finally:
        end_of(guided)
    said = (tmp_path / "out.txt").read_text()
    assert "Traceback" not in said
    assert "My usual voice does not answer. I go on with another one." in said
    assert "I can't speak just now. My words are on the screen." in said
