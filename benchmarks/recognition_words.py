"""How many words are wrong: on clips, piece by piece against the whole turn, and where nobody speaks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from recognition_models import Measured
from recognition_report import say
from recognition_sounds import Clip, clips_in, minutes, normaliser, turns, without_speech, word_errors

from tests.live_table import NAMES, heard_in_pieces, table_in_place
from voice_imago.engines.detectors import make_detector
from voice_imago.engines.recogniser_whisper import WhisperRecogniser

SHORT_S = 3.3
"""Seconds of a clip that is recognised as a short answer is."""
TURNS_S = ((6.0, 12.0), (12.0, 17.0), (30.0, 60.0))
"""Seconds of joined turns; those below 8 are never cut, those of the scenes last up to half a minute."""
NO_SPEECH_S = 1800.0


def measure_words(model: Measured, scenes: Sequence[Clip], folder: Path | None, language: str) -> None:
    """Word error rates of a model that understands something."""
    recogniser = WhisperRecogniser(model.pieces, language)
    print(f"\nwrong words, {normaliser(language)[1]}")
    clips = clips_in(folder) if folder else list(scenes)
    if not clips:
        print(f"no NAME.flac or NAME.wav with NAME.txt in {folder}")
        return
    begun = time.perf_counter()
    heard = [
        recogniser.recognise(c.sound, short=c.length_s <= SHORT_S, hints=() if c.length_s <= SHORT_S else NAMES).text
        for c in clips
    ]
    spent_s = time.perf_counter() - begun
    wrong = word_errors([clip.text for clip in clips], heard, language)
    target = "" if folder else "must 5 %, aim 2 %"
    note = f"{len(clips)} clips, {minutes(clips):.1f} min, {spent_s / 60 / minutes(clips):.3f} of real time"
    say("clips" if folder else "lines of the scenes", f"{wrong:.1f} %", target, note)
    _in_pieces(model, recogniser, clips, language)
    recogniser.close()


def _in_pieces(model: Measured, recogniser: WhisperRecogniser, clips: Sequence[Clip], language: str) -> None:
    detector = make_detector()
    for least_s, most_s in TURNS_S:
        count = max(4, round(60 * minutes(clips) / most_s))
        joined = turns(clips, least_s, most_s, count)
        if not joined:
            continue
        said = [turn.text for turn in joined]
        pieces = word_errors(said, [heard_in_pieces(turn.sound, recogniser, detector) for turn in joined], language)
        name = f"joined turns of {least_s:.0f}-{most_s:.0f} s"
        note = f"{len(joined)} turns, {minutes(joined):.1f} min"
        if most_s > model.longest_s:
            say(f"{name}, in pieces", f"{pieces:.1f} %", note=f"{note}; as a whole beyond this model")
            continue
        whole = word_errors(
            said, [recogniser.recognise(turn.sound, short=False, hints=NAMES).text for turn in joined], language
        )
        measured = f"{pieces - whole:+.1f} points"
        say(f"{name}, in pieces - whole", measured, "must +1, aim 0", f"{pieces:.1f} % - {whole:.1f} %; {note}")


def measure_no_speech(model: Measured, seconds: float = NO_SPEECH_S) -> None:
    """Words in half an hour without speech: through the live chain, and given to the recogniser as it is."""
    print(f"\nwords where nobody speaks, {seconds / 60:.0f} min of silence, noise, music, breathing, kitchen")
    recogniser = WhisperRecogniser(model.pieces)
    table = table_in_place("tell", recogniser)
    table.until_listening()
    told: Counter[str] = Counter()
    for kind, sound in without_speech(seconds):
        before = len(table.cuts)
        table.says(sound)
        told[kind] += len(table.cuts) - before
    texts = [event["text"] for event in table.published("transcript") if event["text"]]
    handed = ", ".join(f"{kind} {n}" for kind, n in told.items() if n) or "none"
    measured = f"{sum(len(text.split()) for text in texts)} words"
    note = f"pieces handed to the recogniser: {handed}"
    say("through the live chain", measured if model.understands else "no words to judge", "must 0, aim 0", note)
    if model.understands:
        alone = [recogniser.recognise(sound, short=False).text for _, sound in without_speech(seconds)]
        say("given to the recogniser itself", f"{sum(len(text.split()) for text in alone)} words", "must 0, aim 0")
    recogniser.close()
