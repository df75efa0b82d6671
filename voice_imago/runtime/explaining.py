"""``voice-imago explain``: why a turn ended when it did, in sentences that can be listened to.

The most important words come first, each line is whole by itself, and the strip, which is for the eye or for
a finger on a braille line, comes last.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from voice_imago import output
from voice_imago.errors import FileError, UsageError
from voice_imago.hearing.endpointing import LEAST_HOLD_S, THINKING
from voice_imago.hearing.speakers import SpeakerSettings
from voice_imago.runtime.explaining_events import Explained, Session, Turn, read_session
from voice_imago.runtime.explaining_strip import guide_until, moments, strip_rows, thresholds

__all__ = ["explain", "explanation", "overview"]

AT_ONCE_S = 0.05
"""Silence shorter than this is none."""
HELD_UP_S = 0.15
"""A decision that came so much later than the patience had a reason."""
HOW_TO_ASK = "For one turn: voice-imago explain {events} --turn {turn}"
BY = {
    "silence": "silence",
    "phrase": "words that hand over",
    "key": "a key",
    "other_voice": "the other voice",
    "limit": "a limit",
}
"""Each ``why`` in few words."""


def explain(events: Path, number: int | None, picture: Path | None) -> int:
    """Tell about all turns of an event file, or about one; ``picture``: also as a PNG. Gives the exit code."""
    if picture is not None:
        _check_picture(events, number, picture)
    session = read_session(events, number)
    _check(session, events)
    if number is None:
        output.say("\n".join(overview(session, events)))
        return 0
    turn = session.turns.get(number)
    if turn is None:
        raise UsageError(
            f"{events} holds no turn {number}; it holds {_numbers(session.turns)}.",
            "A number left out was a short sound or a command, which is no turn.",
        )
    lines = explanation(session, turn)
    output.say("\n".join(lines))
    return 0 if picture is None else _draw(turn, session.partners, lines, picture)


def _draw(turn: Turn, partners: Sequence[str], lines: Sequence[str], picture: Path) -> int:
    from voice_imago.runtime.explaining_picture import draw_turn

    try:
        png = draw_turn(turn, partners, lines[0])
    except ImportError:
        output.error("There is no picture, because matplotlib is not installed: pip install matplotlib")
        return 1
    described = _description_of(picture)
    for path, content in ((picture, png), (described, ("\n".join(map(output.plain, lines)) + "\n").encode())):
        try:
            path.write_bytes(content)
        except OSError as error:
            raise FileError(
                f"The picture {path} cannot be written: {error.strerror}.", "Name a file in a folder of yours."
            ) from error
    output.say(f"The picture is in {picture}, the same words are in {described}.")
    return 0


# ---------------------------------------------------------------------- what cannot be explained


def _description_of(picture: Path) -> Path:
    """The same words beside the picture, under a name that is nobody else's."""
    return picture.with_name(f"{picture.name}.txt")


def _check_picture(events: Path, number: int | None, picture: Path) -> None:
    if number is None:
        raise UsageError("A picture shows one turn.", "Name it with --turn N.")
    if picture.suffix.lower() != ".png":
        raise UsageError(f"The picture {picture} does not end in .png.", "Pictures are written as PNG only.")
    for path in (picture, _description_of(picture)):
        if events.exists() and path.exists() and path.samefile(events):
            raise UsageError(f"{path} is the event file itself.", "Choose another name for the picture.")


def _check(session: Session, events: Path) -> None:
    """There must be a turn to explain."""
    if session.turns:
        return
    if session.heard:
        raise FileError(
            f"{events} is of version {session.version or 'unknown'}, which did not yet write down why a turn ended.",
            "Lead or rehearse the session again with this version.",
        )
    if session.typed:
        raise FileError(
            f"The session in {events} was typed: each line is a turn, and none ended by hearing.",
            "Explain a session that was spoken.",
        )
    raise FileError(f"In {events} no turn has ended.", "Nothing was said in that session, or it was stopped early.")


def _numbers(turns: Sequence[int] | dict[int, Turn]) -> str:
    """Which turns there are: "the turns 1 to 7 and 9"."""
    runs: list[list[int]] = []
    for number in sorted(turns):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    told = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    if len(told) > 8:  # nobody listens to more
        told = [*told[:7], f"others up to {runs[-1][-1]}"]
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"the {'turn' if len(turns) == 1 else 'turns'} {listed}"


def _notes(session: Session) -> Iterator[str]:
    if session.sessions > 1:
        yield f"The file holds {session.sessions} sessions; this is the last one."
    if session.broken_line is not None:
        yield (
            f"The file breaks off in line {session.broken_line}, because the program or the computer was stopped hard; "
            "everything before that was read."
        )


# ---------------------------------------------------------------------- all turns


def overview(session: Session, events: Path) -> list[str]:
    """One line a turn, then how to ask for one."""
    count = len(session.turns)
    between = f" between {' and '.join(session.partners)}" if session.partners else ""
    dialogue = f", dialogue {session.dialogue}" if session.dialogue else ""
    head = f"{count} {'turn' if count == 1 else 'turns'}{between}{dialogue}. Times are seconds since the session began."
    lines = [_short(turn) for turn in session.turns.values()]
    last = HOW_TO_ASK.format(events=shlex.quote(str(events)), turn=next(reversed(session.turns)))
    return [head, *_notes(session), *lines, last]


def _short(turn: Turn) -> str:
    why = turn.why
    again = f", reopened {_times(len(turn.reopened))}" if turn.reopened else ""
    return (
        f"Turn {why.turn}, {_place(why)}, {why.start:.1f} to {why.end:.1f}: ended by {BY.get(why.why, why.why)}, "
        f"{why.silence_s:.1f} seconds after the last word, patience {why.patience_s:.1f}{again}."
    )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _name(speaker: str | None) -> str:
    return {None: "somebody", "unknown": "an unknown voice"}.get(speaker, speaker or "")


def _place(why: Explained) -> str:
    return f"{_name(why.speaker)} in {why.step.replace('_', ' ')}"


# ---------------------------------------------------------------------- one turn


def explanation(session: Session, turn: Turn) -> list[str]:
    """Everything about a turn: the answer in one sentence first, the strip last."""
    parts = (_reopened, _patience, _silence, _soft_end, _who, _shares, _onset, _hangover, _intruded, _guided, _words)
    told = [line for part in parts for line in part(turn)]
    answer = f"Turn {turn.why.turn}, {_place(turn.why)}: ended {_because(session, turn)}."
    return [answer, *told, *_notes(session), *strip_rows(turn, session.partners)]


def _because(session: Session, turn: Turn) -> str:
    why = turn.why
    at_once = why.silence_s < AT_ONCE_S
    word = f"{why.speaker}'s last word" if why.speaker in session.partners else "the last word"
    after = "while somebody was still speaking" if at_once else f"{why.silence_s:.1f} seconds after {word}"
    reasons: dict[str, Callable[[], str]] = {
        "silence": lambda: _silence_reason(turn),
        "phrase": lambda: "words were heard that hand the floor over",
        "key": lambda: "the key for done was pressed",
        "other_voice": lambda: f"{_other(session, why.speaker)} took the floor",
        "limit": lambda: "a limit was reached: of time, or of the recording",
    }
    reason = reasons.get(why.why, lambda: f"of {why.why!r}, a reason that this version does not know")
    return f"{after}, because {reason()}" if why.why in reasons else f"{after}, {reason()}"


def _silence_reason(turn: Turn) -> str:
    patience = f"the patience of {turn.why.patience_s:.1f} seconds"
    if _went_on(turn):
        return f"no partner spoke for {patience}; the voice that went on was nobody's of the two"
    return f"the silence reached {patience}"


def _other(session: Session, speaker: str | None) -> str:
    others = [name for name in session.partners if name != speaker]
    return others[0] if len(others) == 1 else "the other voice"


def _went_on(turn: Turn) -> bool:
    """The sound at the decision was speech, though no partner's."""
    return bool(turn.why.strip) and int(turn.why.strip[-1]) >= round(10 * thresholds(turn).rules.on)


def _reopened(turn: Turn) -> Iterator[str]:
    if not turn.reopened:
        return
    when = " and ".join(f"{at:.1f}" for at in turn.reopened)
    again = "This is how it ended then." if turn.ends > len(turn.reopened) else "The file holds no later end."
    yield f"Reopened {_times(len(turn.reopened))}, at {when} seconds, because the same voice went on. {again}"


def _patience(turn: Turn) -> Iterator[str]:
    why, whose = turn.why, _holder(turn)
    setting = next((name for name, factor in THINKING.items() if abs(factor - why.thinking) < 1e-6), "their own")
    pauses = f"{whose}'s own pauses" if whose else "this partner's own pauses"
    parts = [
        f"{why.step_s:.2f} for the step ({why.kind})",
        f"times {why.thinking:.2f} for the couple's setting ({setting})",
        f"times {why.learned:.2f} learnt from {pauses}" + (" (nothing yet)" if why.learned == 1.0 else ""),
    ]
    if why.own_s < why.least_s:
        parts.append(f"at least {why.least_s:.2f} for the detector to be sure")
    if why.extra_s:
        parts.append(f"plus {why.extra_s:.2f} after a word that said more was coming")
    yield f"Patience: {why.patience_s:.2f} seconds; {', '.join(parts)}."


def _holder(turn: Turn) -> str | None:
    """Whose pauses count: the expected partner's as soon as they spoke, else the speaker's."""
    expected = turn.expected
    spoke_s = sum(end - start for start, end, who in turn.why.spans if who == expected)
    if expected is not None and spoke_s >= LEAST_HOLD_S:
        return expected
    return None if turn.why.speaker == "unknown" else turn.why.speaker


def _silence(turn: Turn) -> Iterator[str]:
    why = turn.why
    told = f"Silence: the last word ended at {why.end:.2f}, the decision fell at {why.decided:.2f}"
    if why.why != "silence":
        waited = "" if why.silence_s < AT_ONCE_S else f", {why.silence_s:.2f} seconds later"
        yield f"{told}{waited}; the patience was not waited out."
        return
    yield f"{told}, {why.silence_s:.2f} seconds later{_held_up(turn)}."


def _held_up(turn: Turn) -> str:
    """Why more than the patience was waited."""
    why, spoke_until = turn.why, guide_until(turn)
    if spoke_until is not None:
        return f"; until {spoke_until:.2f} the guide spoke, which does not count"
    if why.silence_s - why.patience_s < HELD_UP_S or _went_on(turn):
        return ""
    return "; part of it did not count, because the guide was not listening"


def _soft_end(turn: Turn) -> Iterator[str]:
    for moment in moments(turn):
        if moment.mark == "S":
            at = "at" if guide_until(turn) is None else "at about"
            yield f"Soft end: {at} {moment.at:.2f}; from then on the words could be recognised; nothing was said."


def _who(turn: Turn) -> Iterator[str]:
    why, waited = turn.why, f"the step waited for {turn.expected or 'nobody the file names'}"
    if why.speaker == "unknown":
        yield f"Who: an unknown voice, like neither partner's; {waited}."
    elif why.speaker is None:
        yield f"Who: nobody knows, with {why.margin_nats:.0f} nats of evidence; {waited}."
    elif why.margin_nats:
        sure = f"{_clarity(why.margin_nats)}, the evidence for that voice is {why.margin_nats:.1f} nats"
        yield f"Who: {_name(why.speaker)}, {sure}; {waited}."
    else:
        yield f"Who: {_name(why.speaker)}, as expected and not by voice, with 0 nats of evidence; {waited}."


def _clarity(margin_nats: float) -> str:
    """Evidence in words, by what hearing itself asks for: to be sure of a turn, and to change voices in mid-speech."""
    known = SpeakerSettings()
    if margin_nats < known.sure_turn_nats:
        return "not told apart"
    return "close" if margin_nats < known.switch_nats else "clear"


def _shares(turn: Turn) -> Iterator[str]:
    spans = sorted(turn.why.spans, key=lambda span: span[2] or "")
    told = []
    for who, group in itertools.groupby(spans, key=lambda span: span[2]):
        own = [end - start for start, end, _ in group]
        told.append(f"{_name(who)} {sum(own):.1f} seconds in {len(own)} {'stretch' if len(own) == 1 else 'stretches'}")
    if told:
        yield f"Speech: {', '.join(told)}."


def _onset(turn: Turn) -> Iterator[str]:
    why, known = turn.why, thresholds(turn)
    if turn.believed is None:
        yield f"Onset: at {why.start:.2f}, in speech that was already running or is not in the file."
        return
    yield (
        f"Onset: speech began at {why.start:.2f} and was believed {turn.believed - why.start:.2f} seconds later; "
        f"it takes {known.onset_frames} frames of {why.frame_s:.3f} seconds at {known.rules.on:.1f} or more, "
        f"and the detector, {known.detector}, is {known.rules.lag_s:.2f} seconds late."
    )


def _hangover(turn: Turn) -> Iterator[str]:
    why, known = turn.why, thresholds(turn)
    if turn.hushed is None:
        yield "Hangover: not run out; the speech went on, or was cut where the voice changed."
        return
    yield (
        f"Hangover: that speech had ended was believed {turn.hushed - why.end:.2f} seconds after {why.end:.2f}; "
        f"it takes {known.hangover_frames} frames that stay quiet, from the first below {known.rules.off:.1f} on."
    )


def _intruded(turn: Turn) -> Iterator[str]:
    names = {"interruption": "interrupted", "backchannel": "made a short sound"}
    told = [f"{_name(found.by)} {names[found.kind]} at {found.at:.1f}" for found in turn.intruded]
    yield f"Other voices: {'; '.join(told) if told else 'no interruption, no short sound of the listener'}."


def _guided(turn: Turn) -> Iterator[str]:
    for guided in turn.guided:
        until = "" if guided.end is None else f" until {guided.end:.1f}"
        yield f"The guide spoke inside it, from {guided.start:.1f}{until}: {' '.join(guided.text.split())}"


def _words(turn: Turn) -> Iterator[str]:
    if turn.words:
        yield f"Words: {' '.join(turn.words.split())}"
