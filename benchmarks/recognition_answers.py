"""Short answers: how soon they are understood, and how well without a model; and what phrasings of a reply mean."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from recognition_models import ANSWER
from recognition_report import percentiles, say
from recognition_turns import Ends, live_table

from audio_fixtures.recogniser.noises import coloured, unit_power
from audio_fixtures.recogniser.synthesis import ESPEAK_VOICES, FLITE_VOICES, Espeak, flite
from tests.dialogue.answer_tables import CODES, NONE, Case, cases_of, opposite, understood
from tests.live_table import pieces_of
from voice_imago.engines.detectors import make_detector, settings_for
from voice_imago.engines.ports import HEAR_HZ, Recogniser, Samples, SpeechDetector
from voice_imago.events import SpeechEnded, Window
from voice_imago.hearing.hearing import Hearing
from voice_imago.runtime.couple import SPEECH_DB, levelled
from voice_imago.runtime.ear import Ear

ANSWERS = ("Yes.", "No.", "You got it.", "Not quite.", "There is more.", "That's all.")
SAME = {"yes you got it": "you got it"}
"""Another wording that the recogniser knows for the same answer."""
RATES_WPM = (130, 165)
NOISE_DB = 10.0
STRAY_S = (0.5, 2.0)
"""Seconds of a stray piece of speech."""
AROUND_S = 0.15


# ------------------------------------------------------------------ with a model: how soon


def measure_latency(folder: Path, count: int, real_time: bool) -> None:
    """From the decision that the answer is over to the event that says what it meant."""
    print("\nshort answers with the model")
    sound = levelled(Espeak().say(ANSWER, "en-us", 150).sound)
    with live_table("answer", folder, real_time, quiet=True) as (table, _):
        for ends in ("silence", "key"):
            lags: list[float] = []
            meant: Counter[str] = Counter()
            for _ in range(count):
                lag, meaning = _one_answer(table, sound, ends)
                lags.append(lag)
                meant[meaning] += 1
            how = "decided by silence" if ends == "silence" else "decided by key at the last sound"
            note = ", ".join(f"{meaning} {n}" for meaning, n in meant.most_common())
            say(f"answer, {how} -> reply", percentiles(lags), "must 0.8 s, aim 0.3 s", note)


def _one_answer(table: Any, sound: Samples, ends: Ends) -> tuple[float, str]:
    table.until_listening()
    replies = len(table.published("reply"))
    table.says(sound)
    decided = table.ends_by_key() if ends == "key" else table.until_decided()
    table.until("reply", lambda event: len(table.published("reply")) > replies)
    reply = table.published("reply")[replies]
    return max(0.0, reply["wall"] - decided["wall"]), reply["meaning"]


# ------------------------------------------------------------------ without a model: how well


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer by one voice."""

    text: str
    voice: str
    sound: Samples


def measure_without_download(stray: Path | None) -> None:
    """The answers that PocketSphinx tells apart, through the live chain; and stray speech that it takes for one."""
    print("\nanswers without a download, synthetic voices")
    if importlib.util.find_spec("pocketsphinx") is None:
        print("pocketsphinx is not installed (extra `answers`)")
        return
    from voice_imago.engines.recogniser_pocketsphinx import AnswerRecogniser

    recogniser, detector = AnswerRecogniser(), make_detector()
    spoken = list(_spoken())
    for title, snr_db in (("clean", None), (f"pink noise {NOISE_DB:.0f} dB below", NOISE_DB)):
        got = Counter(_judged(recogniser, detector, answer, snr_db) for answer in spoken)
        n = len(spoken)
        measured = f"{got['right'] / n:.0%} right, {got['wrong'] / n:.1%} wrong, n {n}"
        target = "must 80 / 2 %, aim 90 / 1 %" if snr_db is None else "no target of its own"
        say(f"accepted, {title}", measured, target, f"not accepted {got['none'] / n:.0%}")
    if stray is None:
        print("stray speech: name a folder of recordings with --stray")
        return
    pieces = list(_stray_pieces(stray, detector))
    taken = Counter(recogniser.recognise(piece, short=True).text for piece in pieces)
    accepted = len(pieces) - taken[""]
    note = ", ".join(f"{text} {n}" for text, n in taken.most_common() if text)
    if pieces:
        measured = f"{accepted / len(pieces):.1%} accepted, n {len(pieces)}"
        say("stray short human speech", measured, "must 10 %, aim 5 %", note)


def _spoken() -> Iterator[Answer]:
    espeak = Espeak()
    for rate_wpm in RATES_WPM:
        for text in ANSWERS:
            for voice in ESPEAK_VOICES:
                yield Answer(text, voice, levelled(espeak.say(text, voice, rate_wpm).sound))
            for voice in FLITE_VOICES:
                yield Answer(text, voice, levelled(flite(text, voice, rate_wpm).sound))


def _judged(recogniser: Recogniser, detector: SpeechDetector, answer: Answer, snr_db: float | None) -> str:
    """right, wrong or none; a turn of several pieces is as right as its pieces together."""
    heard = [recogniser.recognise(cut.sound, short=True).text for cut in _cuts(answer, detector, snr_db)]
    texts = {SAME.get(text, text) for text in heard if text}
    if not texts:
        return "none"
    return "right" if texts == {answer.text.strip(".").lower()} else "wrong"


def _cuts(answer: Answer, detector: SpeechDetector, snr_db: float | None) -> list[Any]:
    sound = answer.sound
    if snr_db is not None:
        seed = sum(map(ord, answer.text + answer.voice))
        sound = np.pad(sound, (HEAR_HZ // 2, 2 * HEAR_HZ))  # the noise was there before, and stays
        noise = unit_power(coloured(np.random.default_rng(seed), sound.size, 1.0))
        sound = sound + noise * np.float32(10.0 ** ((SPEECH_DB - snr_db) / 20.0))
    try:
        return pieces_of(sound, "answer", detector)
    except AssertionError:  # nothing was heard, so nothing was decided
        return []


def _stray_pieces(folder: Path, detector: SpeechDetector) -> Iterator[Samples]:
    """Pieces between two pauses, of a length at which they might be answers, as our own hearing finds them."""
    from voice_imago.runtime.listening import read_all

    for path in sorted(folder.glob("*.flac")):
        if "enrol" in path.name:
            continue
        sound = read_all(path)
        detector.reset()
        hearing = Hearing(settings_for(detector, continuous=True))
        hearing.expect(Window("recording", None, None, "send", 60.0), 0.0)
        for heard in Ear(detector, keep_s=1.0).hear(sound):
            for fact in hearing.feed(heard):
                if isinstance(fact, SpeechEnded) and STRAY_S[0] <= fact.end - fact.start <= STRAY_S[1]:
                    begin, end = (round(at * HEAR_HZ) for at in (max(0.0, fact.start - AROUND_S), fact.end + AROUND_S))
                    yield sound[begin:end]


# ------------------------------------------------------------------ what replies mean


def measure_phrasings() -> None:
    """The tables of the tests, language by language: right, one more question, the opposite."""
    print("\nreply phrasings understood")
    for code in CODES:
        got = Counter(_kind(case) for case in cases_of(code))
        n = sum(got.values())
        note = f"{got['unclear']} unclear, {got['other']} something else, {got['opposite']} opposite"
        say(f"phrasings, {code}", f"{got['right'] / n:.1%} right, n {n}", "must 98 %, 0 opposite; aim 100 %", note)


def _kind(case: Case) -> str:
    meaning = understood(case)
    if meaning == case.meaning:
        return "right"
    if meaning in ("unclear", NONE):
        return "unclear"
    return "opposite" if opposite(case.meaning, meaning) else "other"
