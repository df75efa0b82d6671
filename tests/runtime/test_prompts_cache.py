"""Prompts are there before they are needed, from wherever is quickest; a fault costs at most one."""

from __future__ import annotations

import errno
import os
import queue
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest

from voice_imago.engines.ports import PLAY_HZ, Pcm, VoiceSettings
from voice_imago.engines.rendering import part_file
from voice_imago.engines.voice_chain import ChainVoice
from voice_imago.errors import VoiceError
from voice_imago.runtime import prompts_cache, prompts_maker
from voice_imago.runtime.prompt_sound import at_volume, fade_ends, level, ready_to_play, trim
from voice_imago.runtime.prompts_cache import GIVING_UP, CacheLimits, PromptCache
from voice_imago.testing import FakeVoice, write_speech

TEXTS = [f"Ana, tell Ben about number {number}." for number in range(8)]
ANA = TEXTS[0]
SETTINGS = VoiceSettings("en-us", 155, 1.0)
SOON_S = 10.0

Make = Callable[..., PromptCache]


@pytest.fixture
def voice() -> FakeVoice:
    return FakeVoice()


@pytest.fixture
def faults() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prompts"


@pytest.fixture
def make(voice: FakeVoice, folder: Path, faults: list[tuple[str, str]]) -> Iterator[Make]:
    made: list[PromptCache] = []

    def cache(where: Path | None = folder, settings: VoiceSettings = SETTINGS, **options: object) -> PromptCache:
        tell = lambda code, message: faults.append((code, message))  # noqa: E731
        made.append(PromptCache(voice, settings, where, tell, **options))
        return made[-1]

    yield cache
    voice.release()
    for each in made:
        each.close()


def loudness_db(pcm: Pcm) -> float:
    return float(20 * np.log10(np.sqrt(np.square(pcm / 32768.0).mean())))


# ------------------------------------------------------------------------------------------ asking


def test_a_prompt_is_at_hand_only_once_it_was_fetched(make: Make) -> None:
    cache = make()
    assert cache.get(ANA) is None
    fetched = cache.fetch(ANA)
    at_hand = cache.get(ANA)
    assert at_hand is not None
    assert np.array_equal(at_hand, fetched)


def test_a_second_fetch_renders_nothing(make: Make, voice: FakeVoice) -> None:
    cache = make()
    for _ in range(3):
        cache.fetch(ANA)
    assert voice.texts == [ANA]


def test_a_prompt_is_48_khz_trimmed_levelled_and_faded(make: Make) -> None:
    prompt = make().fetch(ANA)
    assert prompt.dtype == np.int16
    assert prompt.size / PLAY_HZ == pytest.approx(0.06 * len(ANA) + 0.030 + 0.060, abs=0.012)
    assert loudness_db(prompt) == pytest.approx(-19.0, abs=0.1)
    assert prompt[0] == 0


def test_the_next_run_starts_from_disk_with_the_same_samples(make: Make, voice: FakeVoice) -> None:
    first = make().fetch(ANA)
    second = make().fetch(ANA)
    assert voice.texts == [ANA]
    assert first.tobytes() == second.tobytes()


def test_the_couples_own_words_are_in_memory_only(make: Make, voice: FakeVoice, folder: Path) -> None:
    """Rendered as well as any other prompt, and kept for this session."""
    cache = make()
    cache.fetch("Ben?")
    before = sorted(path.name for path in folder.rglob("*"))
    cache.never_keep(ANA)
    own = cache.fetch(ANA)

    assert sorted(path.name for path in folder.rglob("*")) == before
    assert cache.fetch(ANA).tobytes() == own.tobytes()
    assert voice.texts == ["Ben?", ANA]
    make().fetch(ANA)
    assert voice.texts == ["Ben?", ANA, ANA]


def test_fetching_needs_no_thread_where_there_is_no_background(make: Make, voice: FakeVoice) -> None:
    before = threading.active_count()
    cache = make(background=False)
    cache.prepare(TEXTS)
    cache.retune(1.2, 1.0)
    cache.fetch(ANA)
    answers: list[Pcm | None] = []
    cache.ask(TEXTS[1], answers.append)
    assert threading.active_count() == before
    assert voice.texts == [ANA, TEXTS[1]]
    assert answers[0] is not None
    assert cache.settle(0.0)


def test_two_threads_that_need_one_prompt_render_it_once(make: Make, voice: FakeVoice) -> None:
    cache = make()
    voice.hold()
    got: queue.SimpleQueue[Pcm] = queue.SimpleQueue()
    threads = [threading.Thread(target=lambda: got.put(cache.fetch(ANA))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert voice.waiting.wait(SOON_S)
    voice.release()
    for thread in threads:
        thread.join(SOON_S)
    assert got.qsize() == 4
    assert voice.texts == [ANA]


def test_a_prompt_needed_now_does_not_wait_for_those_being_prepared(make: Make, voice: FakeVoice) -> None:
    cache = make()
    cache.fetch(TEXTS[7])
    cache.retune(1.0, 1.0)
    voice.hold()
    cache.prepare(TEXTS[:4])
    assert voice.waiting.wait(SOON_S)
    answers: queue.SimpleQueue[Pcm | None] = queue.SimpleQueue()
    cache.ask(TEXTS[7], answers.put)
    assert answers.get(timeout=SOON_S) is not None  # at hand, although the engine is busy
    cache.ask(TEXTS[6], answers.put)
    voice.release()
    assert answers.get(timeout=SOON_S) is not None
    assert cache.settle(SOON_S)


def test_asking_for_what_cannot_be_rendered_is_answered_with_nothing(
    make: Make, voice: FakeVoice, faults: list[tuple[str, str]]
) -> None:
    voice.failing = VoiceError("The voice is hoarse.", "Give it tea.")
    answers: queue.SimpleQueue[Pcm | None] = queue.SimpleQueue()
    make().ask(ANA, answers.put)
    assert answers.get(timeout=SOON_S) is None
    assert faults == [("voice_failed", "The voice is hoarse. Give it tea.")]


def test_an_engine_that_hangs_holds_up_neither_what_is_cached_nor_what_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts_cache, "PATIENCE_S", 0.05)
    hanging, other = FakeVoice("hanging 1"), FakeVoice("other 1")
    cache = PromptCache(ChainVoice([hanging, other], soon_s=0.05), SETTINGS, folder)  # type: ignore[list-item]
    cache.fetch(TEXTS[1])
    hanging.hold()
    try:
        hanging.waiting.clear()
        cache.prepare(TEXTS)
        assert hanging.waiting.wait(SOON_S), "the first one is being prepared"
        assert cache.get(TEXTS[1]) is not None
        answers: queue.SimpleQueue[Pcm | None] = queue.SimpleQueue()
        cache.ask(ANA, answers.put)
        assert answers.get(timeout=SOON_S) is not None
        assert other.texts == [ANA]
    finally:
        hanging.release()
        cache.close()


def test_asking_is_answered_even_when_the_engine_breaks_its_promise(make: Make, voice: FakeVoice) -> None:
    voice.failing = RuntimeError("a bug")
    answers: queue.SimpleQueue[Pcm | None] = queue.SimpleQueue()
    make().ask(ANA, answers.put)
    assert answers.get(timeout=SOON_S) is None


def test_the_caller_cannot_spoil_what_is_kept(make: Make) -> None:
    cache = make()
    cache.retune(1.0, 0.5)
    softer = cache.fetch(ANA)
    softer[:] = 0
    again = cache.get(ANA)
    assert again is not None
    assert again.any()


# --------------------------------------------------------------------------------------- preparing


def test_prompts_are_prepared_in_order_of_need(make: Make, voice: FakeVoice) -> None:
    cache = make()
    cache.prepare(TEXTS)
    assert cache.settle(SOON_S)
    assert voice.texts == TEXTS
    assert all(cache.get(text) is not None for text in TEXTS)


def test_two_threads_that_have_nothing_to_do_rest(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """They once woke each other for ever, which took a whole core."""
    cache = make(workers=2)
    cache.prepare(TEXTS)
    assert cache.settle(SOON_S)
    cache.prepare(TEXTS)
    assert cache.settle(SOON_S)
    wakings = threading.Semaphore(0)
    wake = cache._changed.notify_all
    monkeypatch.setattr(cache._changed, "notify_all", lambda: (wakings.release(), wake()))
    cache.prepare(TEXTS)
    taken = sum(1 for _ in takewhile(bool, (wakings.acquire(timeout=0.2) for _ in range(20))))
    assert 0 < taken < 10


def test_what_is_asked_last_is_needed_first(make: Make, voice: FakeVoice) -> None:
    cache = make()
    voice.hold()
    cache.prepare(TEXTS[:4])
    assert voice.waiting.wait(SOON_S)
    cache.prepare([TEXTS[6], TEXTS[2]])
    voice.release()
    assert cache.settle(SOON_S)
    assert voice.texts == [TEXTS[0], TEXTS[6], TEXTS[2], TEXTS[1], TEXTS[3]]


def test_what_is_ready_is_not_prepared_again(make: Make, voice: FakeVoice) -> None:
    cache = make()
    cache.fetch(TEXTS[1])
    cache.prepare(TEXTS[:3])
    assert cache.settle(SOON_S)
    assert voice.texts == [TEXTS[1], TEXTS[0], TEXTS[2]]


def test_a_prompt_that_fails_does_not_stop_the_others(
    make: Make, voice: FakeVoice, faults: list[tuple[str, str]]
) -> None:
    voice.stumbles_over = TEXTS[1]
    cache = make()
    cache.prepare(TEXTS)
    assert cache.settle(SOON_S)
    assert [text for text in TEXTS if cache.get(text) is None] == [TEXTS[1]]
    assert len(faults) == 1


def test_a_dead_engine_is_told_once_and_not_asked_for_every_prompt(
    make: Make, voice: FakeVoice, faults: list[tuple[str, str]]
) -> None:
    voice.failing = VoiceError("The voice is hoarse.")
    cache = make()
    cache.prepare(TEXTS)
    assert cache.settle(SOON_S)
    assert len(voice.rendered) == GIVING_UP
    assert faults == [("voice_failed", "The voice is hoarse.")]
    voice.failing = None
    cache.prepare(TEXTS)
    assert cache.settle(SOON_S)
    assert cache.get(TEXTS[7]) is not None


def test_closing_stops_preparing_and_keeps_what_is_there(make: Make, voice: FakeVoice) -> None:
    cache = make()
    cache.fetch(TEXTS[5])
    voice.waiting.clear()
    voice.hold()
    cache.prepare(TEXTS[:4])
    assert voice.waiting.wait(SOON_S)
    closing = threading.Thread(target=cache.close)
    closing.start()
    voice.release()
    closing.join(SOON_S)
    assert voice.texts == [TEXTS[5], TEXTS[0]]
    assert cache.get(TEXTS[5]) is not None
    cache.prepare(TEXTS)
    assert voice.texts == [TEXTS[5], TEXTS[0]]


# --------------------------------------------------------------------------------- rate and volume


def test_volume_changes_at_once_and_without_rendering(make: Make, voice: FakeVoice) -> None:
    cache = make()
    full = cache.fetch(ANA)
    cache.retune(1.0, 0.5)
    half = cache.get(ANA)
    assert half is not None
    assert loudness_db(half) == pytest.approx(loudness_db(full) - 6.02, abs=0.05)
    assert cache.settle(SOON_S)
    assert voice.texts == [ANA]
    cache.retune(1.0, 0.0)
    silent = cache.get(ANA)
    assert silent is not None
    assert not silent.any()
    assert silent.size == full.size


def test_the_volume_of_the_settings_counts_and_the_engine_always_speaks_up(make: Make, voice: FakeVoice) -> None:
    soft = make(settings=VoiceSettings("en-us", 155, 0.25)).fetch(ANA)
    assert loudness_db(soft) == pytest.approx(-19.0 - 12.04, abs=0.1)
    assert voice.rendered[0][1].volume == 1.0


def test_at_a_new_rate_the_old_prompts_play_until_the_new_ones_are_ready(make: Make, voice: FakeVoice) -> None:
    cache = make()
    cache.prepare(TEXTS[:3])
    assert cache.settle(SOON_S)
    old = cache.fetch(ANA)
    voice.waiting.clear()
    voice.hold()
    cache.retune(2.0, 1.0)
    assert voice.waiting.wait(SOON_S)
    still = cache.get(ANA)
    assert still is not None
    assert still.size == old.size
    voice.release()
    assert cache.settle(SOON_S)
    new = cache.get(ANA)
    assert new is not None
    assert new.size < 0.6 * old.size
    assert [settings.rate_wpm for _, settings in voice.rendered] == [155] * 3 + [310] * 3


def test_after_a_new_rate_what_is_needed_next_is_rendered_first(make: Make, voice: FakeVoice) -> None:
    cache = make()
    cache.prepare(TEXTS[:4])
    assert cache.settle(SOON_S)
    cache.prepare([TEXTS[3], TEXTS[1]])
    assert cache.settle(SOON_S)
    voice.rendered.clear()
    cache.retune(1.3, 1.0)
    assert cache.settle(SOON_S)
    assert voice.texts == [TEXTS[3], TEXTS[1], TEXTS[2], TEXTS[0]]


def test_a_late_render_at_the_old_rate_does_not_replace_the_new_one(make: Make, voice: FakeVoice) -> None:
    cache = make(background=False)
    voice.hold(rate_wpm=155)
    late = threading.Thread(target=cache.fetch, args=(ANA,))
    late.start()
    assert voice.waiting.wait(SOON_S)
    cache.retune(2.0, 1.0)
    new = cache.fetch(ANA)
    voice.release()
    late.join(SOON_S)
    at_hand = cache.get(ANA)
    assert at_hand is not None
    assert at_hand.size == new.size


@pytest.mark.parametrize(("factor", "rate_wpm"), [(0.1, 93), (0.6, 93), (2.5, 388), (9.0, 388)])
def test_the_rate_stays_within_what_people_can_follow(
    make: Make, voice: FakeVoice, factor: float, rate_wpm: int
) -> None:
    cache = make(background=False)
    cache.retune(factor, 1.0)
    cache.fetch(ANA)
    assert voice.rendered[0][1].rate_wpm == rate_wpm


def test_another_voice_renders_anew(make: Make, voice: FakeVoice) -> None:
    cache = make(background=False)
    cache.fetch(ANA)
    cache.revoice(VoiceSettings("en-gb", 155, 1.0))
    cache.fetch(ANA)
    assert [settings.voice for _, settings in voice.rendered] == ["en-us", "en-gb"]


def test_text_voice_rate_and_engine_each_make_a_file_of_their_own(make: Make, voice: FakeVoice, folder: Path) -> None:
    make().fetch(ANA)
    make().fetch(TEXTS[1])
    make(settings=VoiceSettings("en-gb", 155)).fetch(ANA)
    make(settings=VoiceSettings("en-us", 200)).fetch(ANA)
    voice.name = "fake 2"
    make().fetch(ANA)
    assert len(list(folder.glob("*.wav"))) == 5


# -------------------------------------------------------------------------------------------- disk


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_folder_is_private_even_if_it_was_not(make: Make, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    make().fetch(ANA)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_file_names_tell_nothing_of_the_couple(make: Make, folder: Path) -> None:
    make().fetch(ANA)
    (name,) = [path.name for path in folder.iterdir()]
    assert len(name) == 64 + len(".wav")
    assert not set(name.removesuffix(".wav")) - set("0123456789abcdef")


def spoil(kind: str, path: Path) -> None:
    data = path.read_bytes()
    if kind == "silent":
        write_speech(path, ANA, 155)
        path.write_bytes(data[:44] + bytes(len(data) - 44))
        return
    spoilt = {
        "cut": data[: len(data) // 2],
        "empty": b"",
        "header only": data[:44],
        "no sound": b"<html>" * 1000,
        "another prompt": data[:44] + data[44:5000],
        "lying header": data[:40] + (2**31).to_bytes(4, "little") + data[44:],
        "modest header": data[:40] + (len(data) * 3 // 4).to_bytes(4, "little") + data[44:],
    }
    path.write_bytes(spoilt[kind])


@pytest.mark.parametrize(
    "kind", ["cut", "empty", "header only", "no sound", "silent", "another prompt", "lying header", "modest header"]
)
def test_a_spoilt_file_is_rendered_again(make: Make, voice: FakeVoice, folder: Path, kind: str) -> None:
    whole = make().fetch(ANA)
    spoil(kind, next(folder.glob("*.wav")))
    again = make().fetch(ANA)
    assert voice.texts == [ANA, ANA]
    assert np.array_equal(again, whole)
    assert np.array_equal(make().fetch(ANA), whole)
    assert len(voice.texts) == 2


def test_the_folder_stays_within_its_limit_and_loses_what_was_used_longest_ago(
    make: Make, voice: FakeVoice, folder: Path
) -> None:
    cache = make(limits=CacheLimits(disk_bytes=700_000))
    cache.fetch(TEXTS[0])
    kept = next(folder.glob("*.wav"))
    for text in TEXTS[1:5]:
        cache.fetch(text)
    for age, path in enumerate(sorted(folder.glob("*.wav"), key=lambda path: path != kept)):
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    make().fetch(TEXTS[0])  # the oldest, but used by the next run
    for text in TEXTS[5:]:
        cache.fetch(text)
    sizes = [path.stat().st_size for path in folder.glob("*.wav")]
    assert sum(sizes) <= 700_000
    assert len(sizes) == 6
    assert kept.exists()


def test_memory_stays_within_its_limit_but_keeps_what_is_needed_next(make: Make, voice: FakeVoice) -> None:
    one = make().fetch(TEXTS[0]).nbytes
    cache = make(limits=CacheLimits(memory_bytes=3 * one))
    cache.prepare(TEXTS[:2])
    assert cache.settle(SOON_S)
    for text in TEXTS[2:]:
        cache.fetch(text)
    at_hand = [text for text in TEXTS if cache.get(text) is not None]
    assert at_hand[:2] == TEXTS[:2]
    assert len(at_hand) == 3
    assert at_hand[2] == TEXTS[-1]


def test_half_written_files_of_a_killed_run_are_cleared_but_not_those_of_a_living_one(make: Make, folder: Path) -> None:
    folder.mkdir()
    old, new = folder / ".a.1-1.part.wav", folder / ".b.1-1.part.wav"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1_000_000, 1_000_000))
    make()
    assert not old.exists()
    assert new.exists()


def test_with_no_folder_nothing_is_left_on_disk(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts_maker, "RAM_FOLDER", tmp_path / "none")
    monkeypatch.setattr(prompts_maker.tempfile, "tempdir", str(tmp_path))
    cache = make(None)
    assert cache.fetch(ANA).any()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_once_and_prompts_are_kept_in_memory(
    make: Make, voice: FakeVoice, tmp_path: Path, faults: list[tuple[str, str]]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = make(tmp_path / "file" / "prompts")
    for text in TEXTS:
        assert cache.fetch(text).any()
    assert [code for code, _ in faults] == ["cache_disk"]
    assert "file/prompts: Not a directory. For this session they are kept in memory." in faults[0][1]
    assert cache.get(ANA) is not None


def test_a_disk_that_fails_on_the_way_costs_no_prompt(
    make: Make, voice: FakeVoice, folder: Path, faults: list[tuple[str, str]]
) -> None:
    cache = make()
    cache.fetch(TEXTS[0])
    shutil.rmtree(folder)
    folder.write_text("the folder is gone")
    assert cache.fetch(TEXTS[1]).any()
    assert cache.fetch(TEXTS[2]).any()
    assert [code for code, _ in faults] == ["cache_disk"]
    assert voice.texts.count(TEXTS[1]) == 2  # once in vain
    assert voice.texts.count(TEXTS[2]) == 1


class FullDisk(FakeVoice):
    """Half a prompt fits into the folder; in RAM there is room."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        if target.parent == self.folder:
            with part_file(target) as part:
                part.write_bytes(b"RIFF")
                raise VoiceError("The rendered prompt is shorter than its header says.")
        super().render(text, settings, target)


def test_a_full_disk_is_told_once_as_that_costs_no_prompt_and_no_other_voice_speaks(
    folder: Path, monkeypatch: pytest.MonkeyPatch, faults: list[tuple[str, str]]
) -> None:
    stands_in = FakeVoice()
    chain = ChainVoice([FullDisk(folder), stands_in])  # type: ignore[list-item]
    cache = PromptCache(
        chain, SETTINGS, folder, lambda code, sentence: faults.append((code, sentence)), background=False
    )
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.parent == folder and path.suffix == ".probe":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert [cache.fetch(text).any() for text in TEXTS] == [True] * len(TEXTS)
    assert [code for code, _ in faults] == ["cache_disk"]
    assert "full" in faults[0][1]
    assert "\n" not in faults[0][1]
    assert stands_in.texts == []
    assert chain.failures == ()


def test_an_engine_that_fails_is_not_taken_for_a_failing_disk(
    make: Make, voice: FakeVoice, faults: list[tuple[str, str]]
) -> None:
    voice.failing = VoiceError("The voice is hoarse.")
    with pytest.raises(VoiceError, match="hoarse"):
        make().fetch(ANA)
    assert faults == []


# ------------------------------------------------------------------------------------- their sound


def speechlike(seconds: float, rate_hz: int, height: float = 0.2) -> np.ndarray:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (height * np.sin(2 * np.pi * 300 * t)).astype(np.float32)


def test_trimming_keeps_30_ms_before_and_60_ms_after_the_speech() -> None:
    quiet = np.zeros(16_000, dtype=np.float32)
    trimmed = trim(np.concatenate([quiet, speechlike(1.0, 16_000), quiet]), 16_000)
    assert trimmed.size == pytest.approx(16_000 + 480 + 960, abs=80)
    assert not trimmed[:400].any()


def test_trimming_keeps_a_soft_consonant_and_a_pause_inside() -> None:
    soft = speechlike(0.1, 16_000, 0.2 * 10 ** (-40 / 20))
    pause = np.zeros(8_000, dtype=np.float32)
    sound = np.concatenate([soft, pause, speechlike(0.5, 16_000), pause, soft])
    assert trim(sound, 16_000).size == pytest.approx(sound.size, abs=80)


def test_silence_survives_trimming_and_levelling() -> None:
    nothing = np.zeros(1000, dtype=np.float32)
    assert ready_to_play(nothing.astype(np.int16), 22_050).any() == np.False_
    assert level(nothing[:0]).size == 0


def test_levelling_never_clips() -> None:
    spiky = speechlike(1.0, 48_000, 0.001)
    spiky[1000] = 0.9
    assert np.abs(level(spiky)).max() <= 0.9701
    assert ready_to_play((spiky * 32767).astype(np.int16), 48_000).max() < 32_767


def test_fades_also_fit_into_the_shortest_sound() -> None:
    for size in (0, 1, 2, 3, 100):
        assert fade_ends(np.ones(size, dtype=np.float32), 48_000).size == size


def test_full_volume_changes_nothing_and_more_is_not_louder() -> None:
    sound = np.array([1, -32_768, 32_767], dtype=np.int16)
    assert at_volume(sound, 1.0) is sound
    assert at_volume(sound, 3.0) is sound
    assert at_volume(sound, 0.5).tolist() == [0, -16_384, 16_384]


# ------------------------------------------------------------------ to whom, how high, several at once


def test_two_people_who_are_spoken_to_alike_share_one_rendering(make: Make, voice: FakeVoice) -> None:
    cache = make()
    for to in (None, 0, 1):
        cache.fetch(ANA, to)
    assert voice.texts == [ANA]


def test_each_partner_hears_a_text_in_their_own_way(make: Make) -> None:
    cache = make()
    cache.retune(2.0, 0.5, to=1)
    usual, fast = cache.fetch(ANA, 0), cache.fetch(ANA, 1)
    assert fast.size == pytest.approx(usual.size / 2, rel=0.1)
    assert loudness_db(fast) == pytest.approx(loudness_db(usual) - 6.0, abs=0.2)
    assert cache.get(ANA, 0) is not None
    assert np.array_equal(cache.get(ANA, 0), usual)


def test_a_change_for_one_leaves_the_sound_of_the_other_in_memory(make: Make, voice: FakeVoice) -> None:
    cache = make(background=False)
    cache.retune(1.0, 1.0, to=0)
    cache.retune(1.0, 1.0, to=1)
    cache.fetch(ANA, 0)
    cache.retune(1.5, 1.0, to=1)
    cache.fetch(ANA, 1)
    before = len(voice.texts)
    cache.fetch(ANA, 0)
    assert len(voice.texts) == before


def test_what_is_heard_in_the_way_of_the_other_one_is_made_in_the_right_way_for_the_next_time(make: Make) -> None:
    """Nobody waits for it now, and nobody hears it wrong twice."""
    cache = make(background=True)
    cache.retune(2.0, 1.0, to=0)
    cache.retune(0.8, 1.0, to=1)
    fast = cache.fetch(ANA, 0)
    heard = cache.get(ANA, 1)
    assert heard is not None
    assert heard.size == fast.size
    assert cache.settle(SOON_S)
    slow = cache.get(ANA, 1)
    assert slow is not None
    assert slow.size > 1.5 * fast.size


def test_what_tells_of_a_change_is_never_heard_in_the_old_way(make: Make) -> None:
    cache = make(background=False)
    cache.fetch(ANA)
    cache.retune(1.5, 1.0)
    assert cache.get(ANA) is not None
    assert cache.get(ANA, fresh=True) is None


def pitch_hz(pcm: Pcm) -> float:
    spectrum = np.abs(np.fft.rfft(pcm.astype(float) * np.hanning(pcm.size)))
    return float(np.argmax(spectrum) * PLAY_HZ / pcm.size)


@pytest.mark.parametrize("pitch", [0.75, 1.32])
def test_another_pitch_takes_as_long_and_sounds_that_much_higher(make: Make, pitch: float) -> None:
    cache = make()
    usual = cache.fetch(ANA)
    cache.retune(1.0, 1.0, pitch)
    other = cache.fetch(ANA)
    assert pitch_hz(other) == pytest.approx(pitch * pitch_hz(usual), rel=0.02)
    assert other.size == pytest.approx(usual.size, rel=0.05)
    cache.retune(1.0, 1.0, 1.0)
    assert cache.fetch(ANA).tobytes() == usual.tobytes()


class BulkVoice(FakeVoice):
    """Renders several at once; leaves out what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.bulks: list[list[str]] = []
        self.forgets = ""

    def render_many(self, texts: list[str], settings: VoiceSettings, targets: list[Path]) -> None:
        self.bulks.append(list(texts))
        for text, target in zip(texts, targets, strict=True):
            if text != self.forgets:
                write_speech(target, text, settings.rate_wpm)


@pytest.fixture
def voice_in_bulk() -> BulkVoice:
    return BulkVoice()


def test_several_are_rendered_at_once_and_what_is_missing_by_itself(folder: Path, voice_in_bulk: BulkVoice) -> None:
    voice_in_bulk.forgets = TEXTS[2]
    cache = PromptCache(voice_in_bulk, SETTINGS, folder)
    cache.never_keep(TEXTS[3])
    cache.prepare(TEXTS)
    assert cache.settle(SOON_S)
    assert all(cache.get(text) is not None for text in TEXTS)
    assert sorted(voice_in_bulk.texts) == [TEXTS[2], TEXTS[3]]
    assert len(voice_in_bulk.bulks) < len(TEXTS)
    cache.close()


def test_fewer_and_fewer_at_once_so_that_no_thread_is_left_with_many(folder: Path, voice_in_bulk: BulkVoice) -> None:
    cache = PromptCache(voice_in_bulk, SETTINGS, folder)
    cache.prepare([f"{ANA} And number {n}." for n in range(64)])
    assert cache.settle(SOON_S)
    assert [len(texts) for texts in voice_in_bulk.bulks] == [20, 20, 16, 6, 2]
    cache.close()


def test_a_bulk_that_breaks_costs_nothing_but_time(folder: Path, voice_in_bulk: BulkVoice) -> None:
    def breaks(texts: list[str], settings: VoiceSettings, targets: list[Path]) -> None:
        raise RuntimeError("boom")

    voice_in_bulk.render_many = breaks  # type: ignore[method-assign]
    cache = PromptCache(voice_in_bulk, SETTINGS, folder)
    cache.prepare(TEXTS)
    assert cache.settle(SOON_S)
    assert all(cache.get(text) is not None for text in TEXTS)
    cache.close()


def test_a_folder_that_is_too_large_is_made_smaller_when_it_is_opened(make: Make, folder: Path) -> None:
    cache = make()
    for text in TEXTS:
        cache.fetch(text)
    size = sum(path.stat().st_size for path in folder.glob("*.wav"))
    make(limits=CacheLimits(disk_bytes=size // 2))
    assert sum(path.stat().st_size for path in folder.glob("*.wav")) <= size // 2


def test_what_is_on_the_disk_and_not_wanted_next_is_not_read_into_a_full_memory(make: Make, voice: FakeVoice) -> None:
    first = make()
    for text in TEXTS:
        first.fetch(text)
    one = first.fetch(ANA).nbytes
    second = make(limits=CacheLimits(memory_bytes=one))
    second.prepare(TEXTS[1:])
    second.prepare([ANA])
    assert second.settle(SOON_S)
    assert second.get(ANA) is not None
    assert sum(second.get(text) is not None for text in TEXTS) < len(TEXTS)
    assert second.fetch(TEXTS[5]).size
    assert voice.texts == TEXTS


def test_the_next_run_renders_nothing_in_bulk(folder: Path, voice_in_bulk: BulkVoice) -> None:
    for _ in range(2):
        cache = PromptCache(voice_in_bulk, SETTINGS, folder)
        cache.prepare(TEXTS)
        assert cache.settle(SOON_S)
        cache.close()
    assert sum(map(len, voice_in_bulk.bulks)) == len(TEXTS)
