"""The model that is measured: a real one, the fixture recogniser, or random weights of a real one's shape."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audio_fixtures.recogniser.sayings import scene_sayings
from tests.whisper_fixture import SHAPES, Script, write_model
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.script import load_script

FIXTURE = Path(__file__).resolve().parents[1] / "audio_fixtures" / "recogniser"
ANSWER = "Yes, you got it."
TOKENS_PER_S = 3.3
"""150 words a minute: 100 tokens in half a minute."""
STORY_WORDS = 130
"""More than anybody says in one window."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured, and what it can tell."""

    title: str
    pieces: Path
    """Folder of the model for long pieces ..."""
    answers: Path
    """... and for short answers; the same one, unless its weights are random."""
    understands: bool
    """Its words mean something."""
    longest_s: float = 1e9
    """Seconds that it understands at once."""


@contextmanager
def measured_model(told: argparse.Namespace) -> Iterator[Measured]:
    """The model that the command line names, built if it has to be."""
    if told.model:
        yield Measured(f"model {told.model.name}, real weights", told.model, told.model, True)
    elif told.fixture:
        title = "fixture recogniser, trained on the scenes' synthetic voices"
        yield Measured(title, FIXTURE, FIXTURE, True, longest_s=17.0)
    else:
        with tempfile.TemporaryDirectory() as place:
            shape = SHAPES[told.shape]
            story = Script(story_text(), tokens_per_s=TOKENS_PER_S)
            pieces = write_model(Path(place) / told.shape, story, shape)
            answers = write_model(Path(place) / f"{told.shape}-answers", Script(ANSWER), shape)
            yield Measured(f"shape of {told.shape}, random weights: cost only, no words", pieces, answers, False)


def story_text() -> str:
    """Words of the scenes of which no beginning gives the floor away or says that more is coming."""
    replies = Replies(load_script().languages["en"])
    words = " ".join(dict.fromkeys(saying.text.strip(".?!,") for saying in scene_sayings())).split()
    story: list[str] = []
    for word in words:
        now = " ".join([*story, word.strip(".,?!…").lower()])
        if not replies.not_done(now) and not replies.hands_over(now):
            story.append(now.split()[-1])
        if len(story) == STORY_WORDS:
            break
    return " ".join(story)
