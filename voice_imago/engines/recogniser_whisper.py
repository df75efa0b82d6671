"""Speech to text with faster-whisper, offline, on one core, without invented words.

Two ways through the model:

* a *piece* (up to half a minute of one turn) goes through ``WhisperModel.transcribe`` with its 30 s window;
* a *short answer* goes through a 12 s window, which costs a third. ``transcribe`` always pads to 30 s, so
  this way is walked here with the library's public steps: features, ``encode``, ``get_prompt`` and
  CTranslate2's ``generate``. An answer that looks wrong (repetitive or improbable) is decoded again with the
  full window.

Decoding is greedy at temperature 0 and unconditioned on earlier text: that bounds the time and stops loops.
What the model says is then judged in ``recogniser_judge``. Every foreign error becomes a ModelError or a
RecognitionError.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voice_imago.engines.ports import HEAR_HZ, Heard, Samples, Understands
from voice_imago.engines.recogniser_door import admit
from voice_imago.engines.recogniser_judge import Decoded, doubtful, judge
from voice_imago.engines.recogniser_none import NOTHING
from voice_imago.engines.whisper_models import missing_files, model_name, read_vocabulary
from voice_imago.errors import LanguageError, ModelError, RecognitionError

MOST_TOKENS = 448
"""CTranslate2 counts prompt and text together; half of it is what a window may hold."""
_FOREIGN_SHARE = 0.05
"""Of the tokenizer's words that may be others than those of the weights; in a model of one piece there are none."""
_TRIAL_S = 4.0
_TRIAL_TOKENS = 12
_OTHER = "Choose a model without .en in its name."
_ADVICE = "Fetch it again with: voice-imago setup, or choose another with --model-dir."


@dataclass(frozen=True, slots=True)
class WhisperSettings:
    """How the model is run."""

    threads: int = 1
    """Cores; a second one makes decoding slower and starves hearing."""
    window_s: float = 30.0
    """Seconds of the window that Whisper was trained with."""
    short_window_s: float = 12.0
    """Seconds of the window for short answers; ``window_s`` switches the cheaper way off."""
    short_margin_s: float = 3.0
    """Seconds of silence that a short window leaves behind the answer at least."""
    short_longest_s: float = 8.0
    """Seconds; a longer answer takes the full window."""
    speech_gate: bool = True
    """Let the speech detector inside faster-whisper cut silence and noise off first."""
    hotwords_from_s: float = 5.0
    """Seconds of a piece from which the partners are named to the model; in a short one names are easily invented."""


class WhisperRecogniser:
    """A verified model folder, loaded; nothing in here ever opens a network connection."""

    understands: Understands = "speech"

    def __init__(self, folder: Path, language: str = "en", settings: WhisperSettings | None = None) -> None:
        self._settings = settings or WhisperSettings()
        self._language = language
        self._model = _load(folder, self._settings.threads)
        self._tokenizer = _tokenizer(self._model, language, folder)
        self._try_out(folder)
        self._closed = False
        self.name = f"whisper {model_name(folder)}"

    def recognise(self, sound: Samples, *, short: bool, hints: Sequence[str] = ()) -> Heard:
        """Text of one piece or short answer; no words for silence. RecognitionError if the model fails."""
        clean = admit(sound)
        if clean is None:
            return NOTHING
        try:
            if self._closed:
                raise RuntimeError("the recogniser was closed")
            decoded = self._answer(clean) if short else self._piece(clean, hints)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise RecognitionError(
                "One piece of speech could not be recognised; the dialogue goes on without its text."
            ) from error
        return judge(decoded, clean.size / HEAR_HZ, hints)

    def close(self) -> None:
        """Let the weights go; from now on every piece fails.

        ctranslate2 leaves the weights in place while its worker has not quite put the last job away, so the weights
        alone do not tell whether the recogniser is closed.
        """
        self._closed = True
        self._model.model.unload_model()

    def _try_out(self, folder: Path) -> None:
        """One decode of nothing: shows files that do not belong together, and makes the first answer quicker."""
        try:
            self._decode(self._model.feature_extractor(np.zeros(HEAR_HZ, np.float32)), _TRIAL_S, _TRIAL_TOKENS)
        except (RuntimeError, ValueError) as error:
            raise _mixed_up(folder) from error

    def _piece(self, sound: Samples, hints: Sequence[str]) -> list[Decoded]:
        length_s = sound.size / HEAR_HZ
        segments, _ = self._model.transcribe(
            sound,
            language=self._language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            no_speech_threshold=0.6,
            log_prob_threshold=-1.0,
            compression_ratio_threshold=2.4,
            # Beyond one window, only timestamps tell where the next one has to begin.
            without_timestamps=length_s <= self._settings.window_s,
            vad_filter=self._settings.speech_gate,
            vad_parameters={"min_silence_duration_ms": 500, "speech_pad_ms": 200},
            hotwords=", ".join(hints[:5]) if hints and length_s >= self._settings.hotwords_from_s else None,
        )
        return [Decoded(part.text, part.avg_logprob, part.no_speech_prob, len(part.tokens)) for part in segments]

    def _answer(self, sound: Samples) -> list[Decoded]:
        if self._settings.speech_gate and not _has_speech(sound):
            return []
        length_s = sound.size / HEAR_HZ
        window_s = max(self._settings.short_window_s, length_s + self._settings.short_margin_s)
        if length_s > self._settings.short_longest_s or window_s >= self._settings.window_s:
            return self._piece(sound, ())
        features = self._model.feature_extractor(sound)
        decoded = self._decode(features, window_s)
        if doubtful(decoded):
            decoded = self._decode(features, self._settings.window_s)
        return [decoded]

    def _decode(self, features: Any, window_s: float, most_tokens: int = MOST_TOKENS) -> Decoded:
        """One greedy decode of the features, padded to the window."""
        frames = int(window_s * self._model.frames_per_second) // 2 * 2
        padded = np.pad(features[:, :frames], ((0, 0), (0, max(0, frames - features.shape[1]))))
        result = self._model.model.generate(
            self._model.encode(padded),
            [self._model.get_prompt(self._tokenizer, [], without_timestamps=True)],
            beam_size=1,
            max_length=most_tokens,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed(),
        )[0]
        tokens = result.sequences_ids[0]
        # CTranslate2 gives the mean over the text tokens; Whisper's own measure counts the end token too.
        logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)
        return Decoded(self._tokenizer.decode(tokens), logprob, result.no_speech_prob, len(tokens))

    def _suppressed(self) -> list[int]:
        from faster_whisper.transcribe import get_suppressed_tokens

        return list(get_suppressed_tokens(self._tokenizer, [-1]))


def _load(folder: Path, threads: int) -> Any:
    if missing := missing_files(folder):
        raise ModelError(f"The speech model in {folder} lacks {', '.join(missing)}.", _ADVICE)
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", ORT_DISABLE_TELEMETRY="1")
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise ModelError(
            "Speech recognition needs the package faster-whisper, which cannot be loaded here.",
            "Install it with: pip install faster-whisper, or go on with --recogniser none.",
        ) from error
    try:
        return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
    except Exception as error:
        # Broad on purpose: tokenizers raises bare Exception for a damaged tokenizer.json, the other readers
        # RuntimeError, ValueError, TypeError or KeyError; to a user all of them are one sentence.
        raise ModelError(f"The speech model in {folder} is damaged or of another kind.", _ADVICE) from error


def _tokenizer(model: Any, language: str, folder: Path) -> Any:
    from faster_whisper.tokenizer import Tokenizer

    if not model.model.is_multilingual and language != "en":
        raise LanguageError(
            f"The speech model in {folder} understands English only, but the language is {language}.",
            _OTHER,
        )
    try:
        tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, "transcribe", language)
    except ValueError as error:
        raise LanguageError(f"The speech model in {folder} does not know the language {language}.", _OTHER) from error
    if None in (tokenizer.sot, tokenizer.eot, tokenizer.no_timestamps):
        raise ModelError(f"The file tokenizer.json in {folder} is not one of a Whisper model.", _ADVICE)
    if not _same_words(model.hf_tokenizer, tokenizer.eot, read_vocabulary(folder)):
        raise _mixed_up(folder)
    if model.model.is_multilingual and tokenizer.language is None:
        raise LanguageError(f"The speech model in {folder} does not know the language {language}.", _OTHER)
    return tokenizer


def _same_words(hf_tokenizer: Any, text_tokens: int, words: Sequence[str]) -> bool:
    """Whether tokenizer and weights speak of the same words; the tokens from ``text_tokens`` on are no text.

    Without ``words`` there is nothing to compare.
    """
    if not words:
        return True
    if len(words) < text_tokens:
        return False
    differing = sum(1 for id in range(text_tokens) if hf_tokenizer.id_to_token(id) != words[id])
    return differing <= _FOREIGN_SHARE * text_tokens


def _mixed_up(folder: Path) -> ModelError:
    return ModelError(f"The files of the speech model in {folder} do not belong together.", _ADVICE)


def _has_speech(sound: Samples) -> bool:
    """Silero over the whole clip; of 606 short human pieces it missed 1 %, of 95 noises it let 2 % through."""
    from faster_whisper.vad import get_speech_timestamps

    return bool(get_speech_timestamps(sound))
