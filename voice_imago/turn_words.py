"""The words of the turns, which arrive late and piece by piece. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from voice_imago.events import LastWords, Speaker, SpeechEnded, TextReady, Transcribe, TurnEnded, TurnPaused, Utterance

__all__ = ["Piece", "TurnWords", "TurnsInWork"]

SHORT_S = 3.3
"""Seconds of a piece, with the sound around it, that may be an answer or a command."""
REMEMBERED_TURNS = 8
"""Words of older turns are not waited for any more."""


@dataclass(slots=True)
class Piece:
    """A stretch between two pauses of a turn."""

    speaker: Speaker | None
    text: str | None = None
    """None while awaited."""
    confidence: float = 1.0


@dataclass(slots=True)
class TurnWords:
    """The words of one turn, as they arrive."""

    number: int
    pieces: dict[int, Piece] = field(default_factory=dict)
    """By the id of their ``Transcribe``, in the order in which they were said."""
    ended: TurnEnded | None = None
    visit: int = 0
    """Where the dialogue was when the turn was over."""

    @property
    def complete(self) -> bool:
        return all(piece.text is not None for piece in self.pieces.values())

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces.values() if piece.text)

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """Pieces of the same voice in a row are one utterance."""
        joined: list[Utterance] = []
        for piece in self.pieces.values():
            new = Utterance(piece.speaker, piece.text or "", piece.confidence)
            if joined and joined[-1].speaker == new.speaker and joined[-1].text and new.text:
                last = joined.pop()
                new = Utterance(new.speaker, f"{last.text} {new.text}", min(last.confidence, new.confidence))
            joined.append(new)
        return tuple(joined)

    def alone(self, id: int) -> bool:
        """Whether nothing was said in this turn before and after that piece."""
        return all(other == id or piece.text == "" for other, piece in self.pieces.items())


class TurnsInWork:
    """The turns whose words may still come."""

    def __init__(self) -> None:
        self._turns: dict[int, TurnWords] = {}
        self._awaited: dict[int, int] = {}
        self._looks: dict[int, int] = {}
        """Last words that are being looked at: id and turn. Their sound comes again in a piece."""
        self._overheard: dict[int, SpeechEnded] = {}
        self._ids = 0

    def turn(self, number: int) -> TurnWords:
        """That turn; a new one if it was not known."""
        if number not in self._turns:
            self._turns[number] = TurnWords(number)
            for old in [known for known in self._turns if known <= number - REMEMBERED_TURNS]:
                self.forget(old)
        return self._turns[number]

    def known(self, number: int) -> TurnWords | None:
        return self._turns.get(number)

    def ask_piece(self, pause: TurnPaused, answering: bool) -> Transcribe:
        """Have a piece of a turn recognised; what may be an answer or a command jumps the queue."""
        self._ids += 1
        self.turn(pause.turn).pieces[self._ids] = Piece(pause.speaker)
        self._awaited[self._ids] = pause.turn
        short = answering or pause.end - pause.start <= SHORT_S
        return Transcribe(self._ids, pause.start, pause.end, short, pause.turn)

    def ask_look(self, pause: LastWords) -> Transcribe:
        """Have last words recognised ahead of their piece; those of an earlier pause tell nothing any more."""
        self._ids += 1
        self._looks = {self._ids: pause.turn}
        return Transcribe(self._ids, pause.start, pause.end, True, pause.turn, look=True)

    def ask_overheard(self, said: SpeechEnded) -> Transcribe:
        """Have recognised what was said over a prompt and belongs to no turn."""
        self._ids += 1
        self._overheard = {self._ids: said}
        return Transcribe(self._ids, said.start, said.end, True)

    def overheard(self, id: int) -> SpeechEnded | None:
        """What these words were said over; None when they are of a turn, or not wanted any more."""
        return self._overheard.pop(id, None)

    def looked_at(self, id: int) -> int | None:
        """The turn whose last words these are; None when they are not wanted any more."""
        return self._looks.pop(id, None)

    def take(self, ready: TextReady) -> TurnWords | None:
        """Put arrived words in their place; None when nobody waits for them."""
        turn = self._turns.get(self._awaited.pop(ready.id, 0))
        if turn is not None:
            turn.pieces[ready.id].text = ready.text
            turn.pieces[ready.id].confidence = ready.confidence
        return turn

    def forget(self, number: int) -> None:
        turn = self._turns.pop(number, None)
        for id in turn.pieces if turn is not None else ():
            self._awaited.pop(id, None)

    def unfinished(self) -> Iterator[int]:
        """Turns that have not ended."""
        yield from [number for number, turn in self._turns.items() if turn.ended is None]
