"""Inputs come back from a tape exactly as far as they decide anything, however they were cut into parts."""

from __future__ import annotations

import math
import random
from dataclasses import fields, replace
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_imago import facts, inputs
from voice_imago.engines.detector_silero import SileroDetector
from voice_imago.engines.detector_webrtc import WebrtcDetector
from voice_imago.events import (
    Fact,
    FrameHeard,
    Input,
    KeyPressed,
    LineTyped,
    PartFailed,
    Performed,
    PromptBegan,
    PromptEnded,
    TextReady,
    Ticked,
    VoiceScored,
)
from voice_imago.hearing.gain import SILENCE_DB
from voice_imago.inputs import PER_NAT, PER_STRANGENESS
from voice_imago.journal.overheard import SPOKEN
from voice_imago.journal.tape import Part, Recorder, _digit, inputs_of, joined, packed, placeholder, unpacked
from voice_imago.journal.wordless import FACTS, INPUTS, fact_from, plain_fact, without_words

FRAME_S = 0.032
NAMES = ("Annegret", "Benedikt")
CANARY = "xylophone upstairs"


def played(parts: list[Part], texts: dict[tuple[str, int], str] | None = None) -> list[Input]:
    known = texts or {}
    again = [unpacked(packed(part, small=number % 2 == 0)) for number, part in enumerate(parts)]
    return list(inputs_of(joined(again), FRAME_S, lambda kind, number: known.get((kind, number))))


def taped(given: list[Input], cuts: set[int] = frozenset()) -> tuple[list[Part], dict[tuple[str, int], str]]:  # type: ignore[assignment]
    recorder, parts, texts = Recorder(FRAME_S, NAMES), [], {}
    for number, one in enumerate(given):
        if number in cuts:
            parts.append(recorder.cut())
        text = recorder.input(one)
        if text is not None:
            texts[text[:2]] = text[2]
    return [*parts, recorder.cut()], texts


def as_decided(one: Input) -> Input:
    """An input as it comes back: a probability is known to its tenth."""
    if isinstance(one, FrameHeard) and not one.gated:
        return replace(one, speech=(_digit(one.speech) + 0.5) / 10)
    return replace(one, message="") if isinstance(one, PartFailed) else one


@st.composite
def evenings(draw: st.DrawFn) -> list[Input]:
    """Frames in order, now and then some lost, with everything else in between."""
    number, found = draw(st.integers(0, 300)), []
    for kind in draw(st.lists(st.integers(0, 11), max_size=60)):
        if kind < 5:
            number += 1 if kind else draw(st.integers(1, 40))
            found.append(_frame(draw, number * 512 / 16_000, draw(st.booleans())))
        else:
            found.append(_other(draw, kind, number * 512 / 16_000, len(found)))
    return found


def _other(draw: st.DrawFn, kind: int, at: float, place: int) -> Input:
    samples = st.integers(0, 10**9).map(lambda n: n / 16_000)
    if kind == 5:
        llr, strangeness = draw(st.integers(-999, 999)), draw(st.integers(0, 999))
        return VoiceScored(at, draw(samples), draw(samples), llr / PER_NAT, strangeness / PER_STRANGENESS)
    if kind == 6:
        return KeyPressed(at, draw(st.sampled_from(["space", "y", "+", "<", "1"])))
    if kind == 7:
        return TextReady(at, draw(st.integers(1, 9)) + 10 * place, draw(st.text(max_size=8)), draw(st.floats(0, 1)))
    if kind == 8:
        return PromptBegan(at, draw(st.integers(1, 99)))
    if kind == 9:
        return PromptEnded(at, draw(st.integers(1, 99)), draw(st.booleans()))
    return Performed(at, 3, "good") if kind == 10 else Ticked(draw(st.floats(0, 1e5)))


def _frame(draw: st.DrawFn, at: float, gated: bool) -> FrameHeard:
    if gated:
        return FrameHeard(at, 0.0, SILENCE_DB, None, gated=True)
    llr = draw(st.none() | st.integers(-500, 500).map(lambda n: n / PER_NAT))
    flags = st.booleans()
    marks = {
        "over": draw(flags),
        "quick": draw(st.none() | flags),
        "against": draw(flags),
        "doubtful": draw(flags),
        "faint": draw(flags),
    }
    return FrameHeard(at, draw(st.floats(0, 1)), float(-draw(st.integers(0, 120))), llr, **marks)


@given(evenings(), st.sets(st.integers(0, 60)))
def test_every_input_comes_back_in_its_place(given: list[Input], cuts: set[int]) -> None:
    parts, texts = taped(given, cuts)
    assert played(parts, texts) == [as_decided(one) for one in given]


@given(evenings())
def test_without_the_words_only_that_there_were_some_is_known(given: list[Input]) -> None:
    parts, _ = taped(given)
    wanted = [
        replace(one, text=placeholder(one.text) or (SPOKEN if one.text else ""))
        if isinstance(one, TextReady | LineTyped)
        else one
        for one in map(as_decided, given)
    ]
    assert played(parts) == wanted
    assert CANARY.encode() not in b"".join(map(packed, parts))


@given(st.floats(0, 1) | st.sampled_from([n / 10 for n in range(11)]), st.integers(1, 9))
def test_a_tenth_decides_like_the_probability_itself(speech: float, tenths: int) -> None:
    """Also right beside every threshold."""
    for one in (speech, math.nextafter(tenths / 10, 0), math.nextafter(tenths / 10, 1), tenths / 10):
        kept = (_digit(one) + 0.5) / 10
        for threshold in (n / 10 for n in range(1, 10)):
            assert (kept >= threshold) == (one >= threshold), (one, threshold)


@pytest.mark.parametrize("detector", [SileroDetector, WebrtcDetector])
def test_the_thresholds_of_every_detector_are_whole_tenths(detector: Any) -> None:
    """Else a digit would not decide the same."""
    assert {detector.on, detector.off} <= {n / 10 for n in range(1, 10)}


def test_typed_lines_are_known_by_their_number() -> None:
    given: list[Input] = [LineTyped(1.5, "yes", 0), Ticked(1.75), LineTyped(2.001, "", None), LineTyped(3.0, "no", 1)]
    parts, texts = taped(given, {2})
    assert texts == {("line", 1): "yes", ("line", 2): "", ("line", 3): "no"}
    assert played(parts, texts) == given


def test_a_minute_of_talk_is_a_few_thousand_bytes() -> None:
    dice = random.Random(3)
    given: list[Input] = [
        FrameHeard(n * 512 / 16_000, dice.random(), float(-dice.randint(20, 70)), dice.randint(-128, 128) / PER_NAT)
        for n in range(1, round(60 / FRAME_S))
    ]  # without any order in it: the most that a minute can be
    size = len(packed(joined(taped(given)[0]), small=True))
    assert size < 6_000


def test_a_damaged_part_is_a_value_error() -> None:
    good = packed(taped([KeyPressed(1.0, "y")])[0][0])
    for bad in (b"", good[:-3], b"\xfd" + good, good[:4] + b"\0\0\0" + good[7:]):
        with pytest.raises(ValueError, match="damaged"):
            unpacked(bad)


# ---------------------------------------------------------------------- words


def filled(kind: type) -> Any:
    """A value of that type with the canary in every text."""
    hints = get_type_hints(kind, vars(facts) | vars(inputs))
    values = {}
    for field in fields(kind):
        hint = hints[field.name]
        options = [one for one in (hint, *get_args(hint)) if isinstance(one, type)]
        if hint is str or str in options:
            values[field.name] = CANARY
        elif "tuple" in str(hint):
            values[field.name] = (CANARY, CANARY) if "str" in str(hint) else ()
        elif get_args(hint):
            values[field.name] = next(
                one for one in get_args(hint) if not isinstance(one, type) or one in (int, float, bool)
            )
            values[field.name] = values[field.name] if not isinstance(values[field.name], type) else 1
        else:
            values[field.name] = hint(1)
    return kind(**values)


@pytest.mark.parametrize("kind", [*FACTS.values(), *INPUTS.values()], ids=lambda kind: kind.__name__)
def test_no_text_of_any_fact_or_input_is_taken_for_wordless(kind: type) -> None:
    """Also of those that somebody adds tomorrow."""
    value = filled(kind)
    plain = plain_fact(value, NAMES) if kind in FACTS.values() else without_words(value)
    assert CANARY not in str(plain)
    assert "xylophone" not in str(plain)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_more_than_a_number(name: str) -> None:
    plain = plain_fact(facts.StepEntered(1.0, "thing", name, "sender"), NAMES)
    assert plain == {"is": "StepEntered", "at": 1.0, "step": "thing", "actor": str(NAMES.index(name)), "role": "sender"}
    assert fact_from(plain, NAMES) == facts.StepEntered(1.0, "thing", name, "sender")
    other = plain_fact(facts.StepEntered(1.0, "thing", "Somebody", "sender"), NAMES)
    assert other is not None
    assert other["actor"] == ""


def test_a_fact_comes_back_without_its_words() -> None:
    given: list[Fact] = [
        facts.Reply(1.0, "check", "choice:later", "key"),
        facts.Transcript(2.0, 3, CANARY, True, 0.5),
        facts.Intervention(3.0, "long_turn", 2, None),
        facts.SessionStarted(0.0, "appreciation", "en", NAMES, "scene", "half", "0.1.0"),
    ]
    again = [fact_from(plain, NAMES) for fact in given if (plain := plain_fact(fact, NAMES)) is not None]
    assert again == [
        given[0],
        facts.Transcript(2.0, 3, "", True, 0.5),
        given[2],
        facts.SessionStarted(0.0, "appreciation", "en", ("", ""), "scene", "half", "0.1.0"),
    ]
