"""What of a session waits to be written: the tape, closed turns, words, and what is counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from voice_imago.dialogue.beginning import Standing, standing_of
from voice_imago.dialogue.safety import HarmWords
from voice_imago.dialogue.script_names import MIRROR_GRAPH
from voice_imago.events import Effect, Fact, Input, StepEntered, Transcribe, Transcript, TurnEnded
from voice_imago.journal.store import Progress, TurnRow
from voice_imago.journal.tape import Part, Recorder
from voice_imago.session import Session

__all__ = ["Logbook"]

APPRECIATIONS = frozenset(
    {
        ("appreciation", "thing"),
        ("short_appreciation", "thing"),
        ("daily", "today"),
        ("flooding_appreciation", "body"),
        ("flooding_appreciation", "character"),
        ("flooding_appreciation", "doing"),
        ("flooding_appreciation", "whole"),
        ("weekly", "value"),
        ("weekly", "value_two"),
    }
)
"""Graphs and steps in which an appreciation is said."""
MOST_MIRRORED_WORDS = 40
"""Of the last mirrored line that is said again; the rest is left out."""


class Logbook:
    """Fed with everything; ``cut`` gives what came since the last time."""

    def __init__(self, session: Session) -> None:
        guide, settings = session.dialogue.guide, session.settings
        self.partners = guide.course.partners
        self.tape = Recorder(settings.hearing.segmenter.frame_s, self.partners)
        self.seconds = 0.0
        """Length of the session so far."""
        self.mirrored = ""
        """What was mirrored last."""
        self._mirror = guide.script.graphs[MIRROR_GRAPH].start
        self._graph, self._step, self._actor = "", "", ""
        self._turns: list[TurnRow] = []
        self._words: list[tuple[str, int, str]] = []
        self._harm = HarmWords(guide.script.languages[guide.course.language].replies)
        self._place = ("", 0, 0)
        self._standing: Standing | None = None
        self._pieces: dict[int, list[int]] = {}
        """Ids of the pieces of each turn."""
        self._written: set[tuple[str, int]] = set()
        """Words that were handed over: kind and number."""
        self._withheld: set[int] = set()
        """Turns of which no word is kept."""
        self._mirrors: set[int] = set()
        self._appreciated: set[tuple[str, str, str]] = set()
        """Graph, step and who said it."""
        self._closed_turns: set[int] = set()

    def input(self, given: Input, *, words: bool) -> None:
        """One input; ``words``: its text may be kept."""
        self.seconds = max(self.seconds, given.at)
        text = self.tape.input(given)
        if words and text is not None and text[2] and self._may_be_kept(text):
            self._words.append(text)

    def _may_be_kept(self, text: tuple[str, int, str]) -> bool:
        """Words of harm are not even kept for a moment."""
        withheld = text[0] == "piece" and any(text[1] in self._pieces.get(turn, ()) for turn in self._withheld)
        return not withheld and self._harm.kind(text[2]) is None

    def pieces(self, effects: Sequence[Effect]) -> None:
        """Remember which pieces belong to which turn."""
        for effect in effects:
            if isinstance(effect, Transcribe) and effect.turn:
                self._pieces.setdefault(effect.turn, []).append(effect.id)

    def withhold(self, turns: Collection[int]) -> list[tuple[str, int]]:
        """No word of these turns is kept; gives what may be written already: kind and number."""
        self._withheld |= set(turns)
        keys = [("turn", turn) for turn in turns]
        keys += [("piece", piece) for turn in turns for piece in self._pieces.get(turn, ())]
        self._words = [word for word in self._words if word[:2] not in keys]
        if any(turn in self._mirrors for turn in turns):
            self.mirrored = ""
        return [key for key in keys if key in self._written]

    def knows(self, fact: Fact) -> bool:
        """Late words of a turn that was kept."""
        return isinstance(fact, Transcript) and fact.turn in self._closed_turns and bool(fact.text)

    def fact(self, fact: Fact, *, words: bool) -> None:
        """One fact that came of it."""
        self.tape.fact(fact)
        if isinstance(fact, StepEntered):
            self._step, self._actor = fact.step, fact.actor
        elif isinstance(fact, TurnEnded):
            self._turn(fact)
        elif isinstance(fact, Transcript) and fact.final and words and fact.turn not in self._withheld:
            self._words.append(("turn", fact.turn, fact.text))
            if fact.turn in self._mirrors and fact.text:
                self.mirrored = _clipped(fact.text)

    def _turn(self, ended: TurnEnded) -> None:
        """A turn that is taken up again and ends once more takes its own place."""
        row = TurnRow(
            ended.turn, self._step, ended.speaker, ended.start, ended.end, round(ended.speech_s, 3), ended.why
        )
        self._turns.append(row)
        self._closed_turns.add(ended.turn)
        if self._step == self._mirror:
            self._mirrors.add(ended.turn)
        elif (self._graph, self._step) in APPRECIATIONS:
            self._appreciated.add((self._graph, self._step, self._actor))

    def look(self, session: Session) -> None:
        """This is where the dialogue stands."""
        guide = session.dialogue.guide
        number, count = guide.walker.position(guide.state)
        self._place = (guide.step.id, number, count)
        self._graph = guide.state.call.graph
        self._standing = standing_of(guide, self.mirrored)

    def cut(self, reason: str | None) -> Progress:
        """Everything since the last cut, as of the last look; its standing is left to the caller."""
        turns, self._turns = self._turns, []
        words, self._words = self._words, []
        self._written.update(word[:2] for word in words)
        return Progress(
            part=self.tape.cut(),
            length_s=round(self.seconds, 3),
            place=self._place,
            standing=None,
            rounds=len(self._mirrors),
            appreciations=len(self._appreciated),
            reason=reason,
            turns=turns,
            words=words,
        )

    @property
    def standing(self) -> Standing | None:
        """Where the dialogue stood at the last look."""
        return self._standing if self._standing is None else replace(self._standing, mirrored=self.mirrored)

    def drop(self) -> None:
        """What waits is not to be kept."""
        self.tape.cut()
        self.drop_words()
        self._turns = []

    def drop_words(self) -> None:
        """Nor are the words that wait, nor what was mirrored."""
        self._words, self.mirrored = [], ""

    def only_facts(self, part: Part) -> Part:
        """A part of a session whose tape is not whole: nothing to be replayed."""
        return Part(facts=part.facts)


def _clipped(text: str) -> str:
    """Short enough to be said, and without a full stop: the prompt goes on."""
    words = text.split()
    clipped = " ".join(words[:MOST_MIRRORED_WORDS])
    return clipped + "…" if len(words) > MOST_MIRRORED_WORDS else clipped.rstrip(" .!?…,;:")
