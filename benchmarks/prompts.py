"""How soon the guide's words are there: cold, from the disk, and after a change of pace.

    .venv/bin/python benchmarks/prompts.py [--voice flite:rms] [--count 64]

Real engines, a fresh folder, the first prompts of the couples dialogue. Prints each figure beside what it must be.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from voice_imago.dialogue import ahead
from voice_imago.dialogue.script import Script, load_script
from voice_imago.dialogue.wording import Wording
from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.voice_shelf import HouseVoice
from voice_imago.runtime.guide_voice import WORKERS, make_voice
from voice_imago.runtime.prompts_cache import PromptCache

MUST_COLD_S, MUST_WARM_S = 2.0, 0.2
COUPLE = ("Ana", "Ben")


def texts(script: Script, count: int) -> list[str]:
    graphs = ahead.reachable(script.graphs, ("dialogue",))
    found = ahead.everything(graphs, Wording(script.languages["en"], COUPLE), COUPLE, 0).texts
    return list(dict.fromkeys(found))[:count]


def opened(house: HouseVoice, voice: str, folder: Path) -> PromptCache:
    return PromptCache(house, VoiceSettings(voice, 150), folder, lambda *told: print(*told), workers=WORKERS)


def ready(cache: PromptCache, wanted: list[str]) -> tuple[float, float]:
    """Seconds until all are in memory, and seconds of processor time, children included."""
    began, worked = time.perf_counter(), processor_s()
    cache.prepare(wanted)
    cache.settle(120.0)
    return time.perf_counter() - began, processor_s() - worked


def processor_s() -> float:
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system


def figure(name: str, measured: tuple[float, float], must_s: float) -> str:
    wall_s, processor = measured
    return f"  {name:27} {wall_s:6.2f} s   (must {must_s}), processor {processor:.2f} s"


def measure(script: Script, voice: str, count: int) -> None:
    wanted, house = texts(script, count), make_voice(script, "en")
    letters = sum(map(len, wanted)) / len(wanted)
    print(f"\n{voice}: {len(wanted)} prompts of {letters:.0f} letters on average")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "prompts")
        cache = opened(house, voice, folder)
        print(figure("cold", ready(cache, wanted), MUST_COLD_S))
        size = sum(path.stat().st_size for path in folder.glob("*.wav")) / 1e6
        seconds = sum(pcm.size for text in wanted if (pcm := cache.get(text)) is not None) / 48_000
        print(f"  on the disk                 {size:6.1f} MB  for {seconds:.0f} s of speech")
        cache.retune(0.8, 1.0)
        began = time.perf_counter()
        kept = sum(cache.get(text) is not None for text in wanted)
        print(f"  old sound after a change    {kept} of {len(wanted)} still play, {time.perf_counter() - began:.3f} s")
        cache.settle(120.0)
        print(f"  all anew at the other pace  {time.perf_counter() - began:6.2f} s")
        cache.close()
        again = opened(house, voice, folder)
        print(figure("warm, next start", ready(again, wanted), MUST_WARM_S))
        again.close()
    house.close()


def everything(script: Script) -> None:
    """What a whole evening wants beforehand."""
    wording = Wording(script.languages["en"], COUPLE)
    for graph in ("session", "dialogue", "request"):
        graphs = ahead.reachable(script.graphs, (graph,))
        found = dict.fromkeys(ahead.everything(graphs, wording, COUPLE, 0).texts)
        print(f"{graph}: {len(found)} texts in {len(graphs)} graphs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voice", action="append", default=[])
    parser.add_argument("--count", type=int, default=64)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    script = load_script()
    everything(script)
    house = make_voice(script, "en")
    best, usual = house.shelf.names[0], next(name for name in house.shelf.names if name.startswith("pyttsx3"))
    house.close()
    for voice in options.voice or dict.fromkeys([best, usual]):
        measure(script, voice, options.count)


if __name__ == "__main__":
    main()
