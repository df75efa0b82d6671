"""What the fixture recogniser has to understand: the lines of the scenes, answers, commands and stems."""

# ruff: noqa: S311 - see train.py
from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCENES = Path(__file__).parents[1]
PROMPTS = SCENES.parent / "prompts" / "en"
LANGUAGE = "en"
DEFAULT_RATE_WPM = 150
"""A partner's rate where the scene names none."""

# The lists of replies.toml that are whole utterances; the others hold single words and ends of sentences.
ANSWERS = (
    "yes", "right", "willing", "no", "wrong", "partly", "that_is_all", "more", "amount", "question", "ready",
    "now", "later", "forgot", "unsure",
)  # fmt: skip
NAMES = ("Ana", "Ben", "Alex", "Sam", "Maria", "Robin", "Anna", "Daniel", "Eva", "Tom", "Lena", "Max")
_ASKS = ("did", "is", "are", "am", "have", "was", "do", "can", "could", "would", "may", "how", "what", "which", "who")


@dataclass(frozen=True, slots=True)
class Saying:
    """A text, and who says it in a scene (nobody in particular: no voice)."""

    text: str
    voice: str = ""
    rate_wpm: int = DEFAULT_RATE_WPM


def scene_sayings(folder: Path = SCENES) -> list[Saying]:
    """Every spoken line of every scene in the language of the model, as its speaker says it; as often as it is said."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        scene = tomllib.loads(path.read_text(encoding="utf-8"))
        if scene.get("language", LANGUAGE) != LANGUAGE:
            continue
        people = {**scene.get("partners", {}), **scene.get("guests", {})}
        for line in scene.get("line", []):
            speaker = people.get(line.get("by", ""), {})
            if line.get("say") and speaker.get("voice"):
                rate_wpm = speaker.get("rate_wpm", DEFAULT_RATE_WPM)
                found.append(Saying(line["say"], speaker["voice"], rate_wpm))
    return found


def phrases() -> list[str]:
    """Answers, choices, commands and stems, written as sentences; each once."""
    replies = _read("replies.toml")
    lists = [replies[name] for name in ANSWERS] + list(replies["choice"].values())
    lists += [value for value in _read("commands.toml").values() if isinstance(value, list)]
    found = dict.fromkeys(written(phrase) for phrases in lists for phrase in phrases if _is_words(phrase))
    stems = (step["stem"] for step in _steps() if "stem" in step)
    found |= dict.fromkeys(part.strip() for stem in stems for part in stem.split("…") if part.strip())
    return list(found)


def written(phrase: str) -> str:
    """A phrase of a list as a sentence: ``i'm ready`` becomes ``I'm ready.``"""
    words = phrase.strip("= .").split()
    words = ["I" + word[1:] if word == "i" or word.startswith("i'") else word for word in words]
    text = " ".join(words)
    return text[:1].upper() + text[1:] + ("?" if words[0].lower() in _ASKS and len(words) > 2 else ".")


def mixed(texts: list[str], count: int, seed: int) -> list[str]:
    """Made-up texts: the beginning of one sentence with the end of another, or words in any order.

    They keep the decoder from learning the sentences by heart and not listening.
    """
    rng = random.Random(seed)
    long = [text for text in texts if len(text.split()) > 2]
    vocabulary = sorted({word.strip(".,?!").lower() for text in texts for word in text.split()} - {"", "i"})
    return [_spliced(rng, long) if rng.random() < 0.5 else _shuffled(rng, vocabulary) for _ in range(count)]


def _spliced(rng: random.Random, texts: list[str]) -> str:
    first, second = (rng.choice(texts).split() for _ in range(2))
    return " ".join(first[: rng.randint(1, min(7, len(first) - 1))] + second[-rng.randint(1, min(7, len(second))) :])


def _shuffled(rng: random.Random, vocabulary: list[str]) -> str:
    return written(" ".join(rng.choice(vocabulary) for _ in range(rng.randint(1, 6))))


def _is_words(phrase: str) -> bool:
    """Digits are read out, so that nobody could tell what to write."""
    return not any(character.isdigit() for character in phrase)


def _steps() -> Iterator[dict[str, Any]]:
    for path in sorted(PROMPTS.glob("*.toml")):
        yield from (value for value in _read(path.name).values() if isinstance(value, dict))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((PROMPTS / name).read_text(encoding="utf-8"))
