"""The scribe writes down what is said, beside the dialogue and never in its way.

    submit ─► PieceQueue ─► one thread ─► ScribeProcess (a child, low priority) ─► on_text, on_fault

The one thread owns the child and calls back. The sound of a piece stays here until its text is there, so a
child that dies or hangs costs time and never words: it is started anew and the piece asked again. Every id
that was submitted is answered exactly once (a piece that could not be recognised with no words), until
``close``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from voice_imago.engines.ports import Heard, Recogniser, Samples, Understands
from voice_imago.engines.recogniser_door import admit
from voice_imago.engines.recogniser_none import NOTHING
from voice_imago.engines.recognisers import Reason, RecogniserSpec, choose_recogniser, make_recogniser
from voice_imago.engines.wyoming_standin import Standing
from voice_imago.errors import ModelError, RecognitionError, VoiceImagoError
from voice_imago.runtime.piece_queue import Piece, PieceQueue, as_pcm
from voice_imago.runtime.scribe_process import ChildGone, ScribeProcess

OnText = Callable[[int, Heard, float], None]
"""id, what was heard, wall-clock seconds from submit to text."""
OnFault = Callable[[str, str], None]
"""code, one sentence. Codes: died, hung, piece_failed, piece_lost, too_slow, gave_up, home_lost, home_away;
and recovered, home_back."""


@dataclass(frozen=True, slots=True)
class ScribeSettings:
    """How patient the scribe is."""

    load_s: float = 60.0
    """Seconds to load a model."""
    answer_floor_s: float = 20.0
    """Seconds that any piece may take ..."""
    answer_per_s: float = 2.0
    """... and so many more for each second of its sound; after that the child counts as hung."""
    restarts: int = 3
    """New starts without one answer in between, after which the scribe gives up."""
    tries: int = 3
    """Children that one piece may cost."""
    longest_wait_s: float = 7200.0
    """Seconds of sound that may wait before the oldest goes unwritten."""
    late_s: float = 60.0
    """Seconds of sound that wait when it is said, once, that words come late."""


class Scribe:
    """Recognition in a child process; ``submit`` never blocks."""

    def __init__(
        self, spec: RecogniserSpec, on_text: OnText, on_fault: OnFault, settings: ScribeSettings | None = None
    ) -> None:
        self._spec, self._on_text, self._on_fault = spec, on_text, on_fault
        self._settings = settings or ScribeSettings()
        self._queue = PieceQueue(longest_wait_s=self._settings.longest_wait_s)
        self._given_up: list[Piece] = []
        self._changed = threading.Condition()
        self._closing = False
        self._child: ScribeProcess | None = None
        self._loading: ScribeProcess | None = None
        self._successor: tuple[RecogniserSpec, ScribeProcess] | None = None
        """Loaded, and taken over between two pieces."""
        self._thread = threading.Thread(target=self._work, name="scribe", daemon=True)
        self._restarts = 0
        self._late = False
        self._standing: Standing = "home"
        self.name = "none"
        self.understands: Understands = "nothing"
        self.reason: Reason = "asked"

    def start(self) -> None:
        """Load the recogniser; blocks until it is ready. The ModelError or UsageError that stopped it."""
        choice = choose_recogniser(self._spec)
        self.reason = choice.reason
        if choice.name != "none":
            child = self._first_child()
            self.name, self.understands, self.reason = child.name, child.understands, child.reason
            self._standing = child.standing
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        child = self._child
        return child.pid if child is not None else None

    def submit(self, id: int, sound: Samples, short: bool, turn: int | None = None, *, look: bool = False) -> None:
        """Ask for the text of a piece. RecognitionError for sound of a foreign shape.

        When the scribe falls behind, waiting pieces of the same ``turn`` are joined: the first id then gets
        the whole text, the others none. A newer ``look`` at last words takes the place of one that waits.
        """
        clean = admit(sound)
        piece = Piece((id,), as_pcm(_SILENCE if clean is None else clean), short, turn, (time.monotonic(),), look=look)
        with self._changed:
            if not self._closing:
                self._given_up += self._queue.put(piece)
                self._changed.notify()

    def use(self, spec: RecogniserSpec) -> None:
        """Another recogniser from the next piece on; those that wait are kept for it. Blocks until it is loaded.

        The ModelError or UsageError that stopped it leaves everything as it was.
        """
        fresh = ScribeProcess()
        with self._changed:
            self._loading = fresh  # so that close() can end it
            closing = self._closing
        try:
            if closing:
                raise ChildGone(hung=False)
            fresh.load(spec, self._settings.load_s)
        except BaseException as error:
            fresh.close()
            if isinstance(error, ChildGone):
                raise _not_loaded(error) from error
            raise
        with self._changed:
            skipped, self._successor = self._successor, (spec, fresh)
            self.name, self.understands, self.reason = fresh.name, fresh.understands, fresh.reason
        if skipped is not None:
            skipped[1].close()

    def close(self) -> None:
        """End at once; pieces that still wait stay unanswered."""
        with self._changed:
            self._closing = True
            self._changed.notify()
            children = (self._child, self._loading, self._successor[1] if self._successor else None)
        for child in children:
            if child is not None:
                child.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=5.0)

    # ------------------------------------------------------------------ the scribe's own thread

    def _work(self) -> None:
        while (todo := self._next()) is not None:
            given_up, piece = todo
            self._take_over()
            for old in given_up:
                if not old.look:
                    self._fault("piece_lost", _TOO_SLOW)
                self._answer(old, NOTHING)
            self._tell_when_late()
            if piece is not None:
                self._serve(piece)
            elif not given_up:
                self._look_after_child()

    def _next(self) -> tuple[list[Piece], Piece | None] | None:
        """What is to be done now; blocks for a second at most. None when closing."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._given_up or len(self._queue), timeout=1.0)
            if self._closing:
                return None
            given_up, self._given_up = self._given_up, []
            return given_up, self._queue.take()

    def _tell_when_late(self) -> None:
        if not self._late and self._queue.waiting_s > self._settings.late_s:
            self._late = True
            self._fault("too_slow", "This computer is slow to write down what is said. Words come late; none is lost.")

    def _serve(self, piece: Piece) -> None:
        if self.understands == "nothing" or not piece.pcm.size:
            self._answer(piece, NOTHING)
            return
        try:
            child = self._ready_child()
            heard = child.recognise(piece.sound, short=piece.short, within_s=self._patience_s(piece))
        except RecognitionError as error:
            self._fault("piece_failed", str(error))
            heard = NOTHING
        except ChildGone as gone:
            self._lost_child(piece, gone)
            return
        except VoiceImagoError as error:
            self._give_up(str(error))
            self._answer(piece, NOTHING)
            return
        self._restarts = 0
        self._follow_standing(child)
        self._answer(piece, heard)

    def _follow_standing(self, child: ScribeProcess) -> None:
        """A server at home that stops answering, or answers again, is told."""
        before, self._standing = self._standing, child.standing
        if before == self._standing:
            return
        if self._standing == "home":
            code = "recovered" if before == "away" else "home_back"
            self._fault(code, "The speech server at home is back.")
        else:
            self._fault("home_lost" if self._standing == "here" else "home_away", child.trouble)

    def _lost_child(self, piece: Piece, gone: ChildGone) -> None:
        """The piece is asked again, unless it or the whole of recognition has cost too much already."""
        self._count_loss(gone)
        if self.understands == "nothing" or self._closing:
            self._answer(piece, NOTHING)
            return
        if piece.tries + 1 < self._settings.tries:
            with self._changed:
                self._queue.put_back(replace(piece, tries=piece.tries + 1))
            return
        self._fault("piece_lost", "One piece of speech could not be recognised and stays unwritten.")
        self._answer(piece, NOTHING)

    def _count_loss(self, gone: ChildGone) -> None:
        self._child = None
        self._restarts += 1
        self._fault(*_HUNG if gone.hung else _DIED)
        if self._restarts > self._settings.restarts:
            self._give_up("Speech recognition keeps stopping, so the dialogue goes on without it.")

    def _give_up(self, sentence: str) -> None:
        self.understands = "nothing"
        self._fault("gave_up", sentence)

    def _answer(self, piece: Piece, heard: Heard) -> None:
        now = time.monotonic()
        for id, submitted_s, told in zip(piece.ids, piece.submitted_s, _shares(piece, heard), strict=True):
            if not self._closing:
                self._on_text(id, told, now - submitted_s)

    def _fault(self, code: str, sentence: str) -> None:
        if not self._closing:
            self._on_fault(code, sentence)

    # ------------------------------------------------------------------ children

    def _first_child(self) -> ScribeProcess:
        try:
            return self._new_child()
        except ChildGone as gone:
            raise _not_loaded(gone) from gone

    def _take_over(self) -> None:
        """The child that ``use`` has loaded takes the place of the one that served until now."""
        with self._changed:
            successor, self._successor = self._successor, None
            before = self._child
            if successor is not None:
                self._spec, self._child = successor
        if successor is not None:
            self._restarts, self._standing = 0, successor[1].standing
            if before is not None:
                before.close()

    def _ready_child(self) -> ScribeProcess:
        """The child, started anew if it died. ChildGone, or the error that the new one met."""
        child = self._child
        if child is not None and child.alive:
            return child
        if child is not None:
            child.close()
            self._fault(*_DIED)
        fresh = self._new_child()
        self._fault("recovered", "Speech recognition is back.")
        return fresh

    def _new_child(self) -> ScribeProcess:
        fresh = ScribeProcess()
        with self._changed:
            self._child = fresh  # before it loads, so that close() can end it
            closing = self._closing
        try:
            if closing:
                raise ChildGone(hung=False)
            fresh.load(self._spec, self._settings.load_s)
        except BaseException:
            fresh.close()
            raise
        return fresh

    def _look_after_child(self) -> None:
        """A child that died while nothing was asked is replaced now, not when an answer is waited for."""
        if self.understands == "nothing":
            return
        try:
            self._ready_child()
        except ChildGone as gone:
            self._count_loss(gone)
        except VoiceImagoError as error:
            self._give_up(str(error))

    def _patience_s(self, piece: Piece) -> float:
        return self._settings.answer_floor_s + self._settings.answer_per_s * piece.length_s


def _not_loaded(gone: ChildGone) -> ModelError:
    why = "was not ready in time" if gone.hung else "stopped while loading its model"
    return ModelError(f"Speech recognition {why}.", "Fetch the model again with: voice-imago setup")


_SILENCE = np.zeros(0, dtype=np.float32)
_DIED = ("died", "Speech recognition stopped and is started again; nothing that was said is lost.")
_HUNG = ("hung", "Speech recognition did not answer and is started again; nothing that was said is lost.")


_TOO_SLOW = "This computer is too slow to write everything down; some words are lost."


def _shares(piece: Piece, heard: Heard) -> list[Heard]:
    """What each request of a joined piece gets: the first all the text, the others none."""
    return [heard, *(Heard("", heard.confidence) for _ in piece.ids[1:])]


class InlineScribe:
    """The same face without a process: recognises inside ``submit``, for rehearsals on the sample clock."""

    def __init__(self, spec: RecogniserSpec, on_text: OnText, on_fault: OnFault) -> None:
        self._spec, self._on_text, self._on_fault = spec, on_text, on_fault
        self._recogniser: Recogniser | None = None
        self.name = "none"
        self.understands: Understands = "nothing"
        self.reason: Reason = "asked"

    def start(self) -> None:
        """Load the recogniser. The ModelError or UsageError that stopped it."""
        made = make_recogniser(self._spec)
        self._recogniser, self.reason = made.recogniser, made.reason
        self.name, self.understands = made.recogniser.name, made.recogniser.understands

    def submit(self, id: int, sound: Samples, short: bool, turn: int | None = None, *, look: bool = False) -> None:
        """Recognise now and call back before returning, with 0 wall-clock seconds."""
        if self._recogniser is None:
            return
        heard = NOTHING
        try:
            heard = self._recogniser.recognise(sound, short=short, hints=self._spec.hints)
        except RecognitionError as error:
            self._on_fault("piece_failed", str(error))
        self._on_text(id, heard, 0.0)

    def close(self) -> None:
        """Let the recogniser go; safe more than once."""
        if self._recogniser is not None:
            self._recogniser.close()
        self._recogniser = None
