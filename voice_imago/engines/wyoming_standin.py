"""The home's recogniser first, this computer's own where that one fails: a server that dies costs no words.

A piece that the server did not answer is recognised here, then and there. For a while the server is then left alone,
lest a hanging one delay every answer; after that it is tried again with a piece that somebody waits for.

Only whole speech models stand in. What a recogniser of short answers hears has to be confirmed aloud, and the guide
does that only when it knows beforehand whom it has; without a stand-in the pieces fail and the guide is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from voice_imago.engines.ports import Heard, Recogniser, Samples, Understands
from voice_imago.engines.recogniser_none import NoRecogniser
from voice_imago.errors import RecognitionError, VoiceImagoError

REST_S = 60.0
"""Seconds for which a server that failed is left alone while another one stands in."""
PATIENCE = 2
"""Failures in a row, with nobody to stand in, after which recognition counts as away."""

Standing = Literal["home", "here", "away"]
"""Who answers: the server, this computer in its place, or nobody."""


class HomeFirst:
    """``standing`` and ``trouble`` tell after each piece who answered it, and why not the server."""

    understands: Understands = "speech"

    def __init__(
        self, home: Recogniser, make_local: Callable[[], Recogniser], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._home, self._make_local, self._clock = home, make_local, clock
        self._local: Recogniser | None = None
        self._rests_until = 0.0
        self._failures = 0
        self.name = home.name
        self.standing: Standing = "home"
        self.trouble = ""
        """One sentence: the last thing that went wrong with the server; empty while it answers."""

    def recognise(self, sound: Samples, *, short: bool, hints: Sequence[str] = ()) -> Heard:
        """Text of one piece, by whom it may be. RecognitionError when there is nobody."""
        if self._local is not None and self._clock() < self._rests_until:
            return self._local.recognise(sound, short=short, hints=hints)
        try:
            heard = self._home.recognise(sound, short=short, hints=hints)
        except RecognitionError as error:
            return self._stand_in(error).recognise(sound, short=short, hints=hints)
        if heard.text:  # no words prove nothing: the server may not have been asked
            self._failures, self.standing, self.trouble = 0, "home", ""
        return heard

    def close(self) -> None:
        """Let both go."""
        self._home.close()
        if self._local is not None:
            self._local.close()

    def _stand_in(self, error: RecognitionError) -> Recogniser:
        """This computer's recogniser, loaded when it is first needed; the error when it is none for speech."""
        self._failures += 1
        self.trouble = str(error)
        if self._local is None:
            self._local = self._loaded()
        if self._local.understands != "speech":
            self.standing = "away" if self._failures >= PATIENCE else self.standing
            raise error
        self.standing = "here"
        self._rests_until = self._clock() + REST_S
        return self._local

    def _loaded(self) -> Recogniser:
        try:
            return self._make_local()
        except VoiceImagoError:  # why is of no use to anybody now: the server's trouble is what is told
            return NoRecogniser()
