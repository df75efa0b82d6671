"""``voice-imago explain``: what it says is what hearing did, in words that can be listened to."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from voice_imago.__main__ import main
from voice_imago.engines.detector_silero import SileroDetector
from voice_imago.engines.detector_webrtc import WebrtcDetector
from voice_imago.events import (
    Command,
    Fact,
    FrameHeard,
    Listening,
    PromptFinished,
    PromptStarted,
    SessionStarted,
    Transcript,
    TurnEnded,
    VoiceScored,
    Why,
    Window,
)
from voice_imago.hearing.endpointing import EndpointSettings
from voice_imago.hearing.hearing import Hearing, HearingSettings
from voice_imago.hearing.segmenter import SegmenterSettings
from voice_imago.hearing.speakers import SpeakerSettings
from voice_imago.runtime.event_stream import EventStream
from voice_imago.runtime.explaining import explanation
from voice_imago.runtime.explaining_events import MOST_BYTES, Explained, Session, Turn, read_session
from voice_imago.runtime.explaining_strip import COLUMNS, initials, strip_rows, thresholds

Run = Callable[..., tuple[int, str, str]]
FRAME_S = 0.032
MIRROR = Window("mirror", 1, 0, "mirror", 2.5)
BOTH = Window("all_of_it", None, 0, "answer", 1.0)
STARTED = SessionStarted(0.0, "appreciation", "en", ("Ana", "Ben"), "none", "half", "0.1.0")
ANA, BEN, QUIET = 8.0, -8.0, None
SILERO = SegmenterSettings()
WEBRTC = SegmenterSettings(lag_s=WebrtcDetector.lag_s, on=WebrtcDetector.on, off=WebrtcDetector.off)


@dataclass
class Table:
    """The real hearing, fed frame by frame, and the real event stream behind it."""

    path: Path
    rules: SegmenterSettings = SILERO
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    voices: bool = True
    """Somebody tells the voices apart."""
    partners: tuple[str, str] = ("Ana", "Ben")

    def __post_init__(self) -> None:
        self.hearing = Hearing(HearingSettings(self.rules, self.endpoint))
        self.stream = EventStream(self.path, self.partners, lambda: self.at)
        self.frames = 0
        self.write(replace(STARTED, partners=self.partners))

    @property
    def at(self) -> float:
        return round(self.frames * FRAME_S, 6)

    def write(self, *facts: Fact) -> None:
        for fact in facts:
            self.stream.write(fact)

    def expect(self, window: Window) -> None:
        told = Listening(self.at, window.step, window.actor, window.kind, window.end_silence_s)
        self.write(told)
        self.tell(self.hearing.expect(window, self.at))

    def tell(self, facts: Iterable[Any]) -> None:
        """As the session does: a turn's end is followed by its explanation."""
        for fact in facts:
            self.write(fact)
            if isinstance(fact, TurnEnded):
                record = self.hearing.record(fact.turn)
                assert record is not None
                self.write(record.fact(self.at, FRAME_S))

    def hear(self, seconds: float, llr: float | None = QUIET, speech: float | None = None, gated: bool = False) -> None:
        speech = (0.0 if llr is None else 0.95) if speech is None else speech
        for _ in range(round(seconds / FRAME_S)):
            self.frames += 1
            self.tell(self.hearing.feed(FrameHeard(self.at, speech, llr=llr if self.voices else None, gated=gated)))

    def stranger(self, seconds: float) -> None:
        """A voice like neither partner's."""
        for _ in range(round(seconds / 0.32)):
            self.hear(0.32, 0.0)
            self.tell(self.hearing.feed(VoiceScored(self.at, self.at - 1.6, self.at, 0.0, strangeness=1.5)))

    def end(self, why: Why) -> None:
        self.tell(self.hearing.end_turn(self.at, why))

    def explain(self, number: int = 1) -> list[str]:
        self.stream.close()
        session = read_session(self.path, number)
        return explanation(session, session.turns[number])


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path / "x.jsonl")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line: (exit code, standard output, standard error)."""

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["voice-imago", "explain", *map(str, words)])
        code = main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, captured.err

    return command


@pytest.fixture
def events(table: Table) -> Path:
    """Two turns: Ben mirrors and is done by silence, Ana answers and is done by a key."""
    table.expect(MIRROR)
    table.hear(1.0)
    table.hear(3.0, BEN)
    table.hear(3.0)
    table.expect(BOTH)
    table.hear(1.0, ANA)
    table.hear(0.5)
    table.end("key")
    table.stream.close()
    return table.path


def line(lines: Sequence[str], start: str) -> str:
    """The one line that begins so."""
    found = [text for text in lines if text.startswith(start)]
    assert len(found) == 1, (start, lines)
    return found[0]


def numbered(lines: list[str], row: str) -> str:
    return line(lines, f"{row:<7} ")[8:]


# ---------------------------------------------------------------------- each reason


def test_a_turn_ended_by_silence_says_so_in_one_sentence_first(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(1.0)
    table.hear(3.0, BEN)
    table.hear(3.0)
    lines = table.explain()
    assert lines[0] == (
        "Turn 1, Ben in mirror: ended 2.5 seconds after Ben's last word, "
        "because the silence reached the patience of 2.5 seconds."
    )
    assert line(lines, "Silence:").endswith("2.52 seconds later.")
    assert "Ben, clear" in line(lines, "Who:")
    assert line(lines, "Speech:") == "Speech: Ben 3.0 seconds in 1 stretch."
    assert line(lines, "Other voices:").endswith("no interruption, no short sound of the listener.")


def test_the_parts_of_the_patience_are_told_and_multiply(tmp_path: Path) -> None:
    table = Table(tmp_path / "x.jsonl", endpoint=EndpointSettings(thinking="patient"))
    table.expect(MIRROR)
    for _ in range(8):
        table.hear(1.0, BEN)
        table.hear(2.0)
    table.hearing.extend(2.0)
    table.hear(12.0)
    lines = table.explain()
    learned = table.hearing.pauses.factor(1)
    assert learned > 1.2
    assert line(lines, "Patience:") == (
        f"Patience: {2.5 * 2 * learned + 2:.2f} seconds; 2.50 for the step (mirror), times 2.00 for the couple's "
        f"setting (patient), times {learned:.2f} learnt from Ben's own pauses, plus 2.00 after a word that said "
        "more was coming."
    )
    assert f"patience of {2.5 * 2 * learned + 2:.1f} seconds" in lines[0]


def test_a_pause_of_nobody_yet_says_that_nothing_was_learnt(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(1.0, BEN)
    table.hear(3.0)
    assert "times 1.00 learnt from Ben's own pauses (nothing yet)" in line(table.explain(), "Patience:")


def test_the_pauses_are_those_of_the_partner_who_was_expected_not_of_who_spoke_most(table: Table) -> None:
    """Hearing counts the patience of the expected partner as soon as that one spoke."""
    table.expect(replace(MIRROR, next_actor=1))
    table.hear(2.0, BEN)
    table.hear(6.0, ANA)
    table.hear(3.0)
    lines = table.explain()
    assert lines[0].startswith("Turn 1, Ana in mirror")
    assert "Ben's own pauses" in line(lines, "Patience:")


def test_words_that_hand_over_a_key_and_a_limit_have_sentences_of_their_own(table: Table) -> None:
    said = {
        "phrase": "because words were heard that hand the floor over.",
        "key": "because the key for done was pressed.",
        "limit": "because a limit was reached: of time, or of the recording.",
    }
    whys: tuple[Why, ...] = ("phrase", "key", "limit")
    for why in whys:
        table.expect(MIRROR)
        table.hear(1.0, BEN)
        table.hear(1.0)
        table.end(why)
        table.hear(3.0)
    for number, why in enumerate(whys, 1):
        lines = table.explain(number)
        assert lines[0].endswith(f"ended 0.9 seconds after Ben's last word, {said[why]}") or lines[0].endswith(
            f"ended 1.1 seconds after Ben's last word, {said[why]}"
        )
        assert line(lines, "Silence:").endswith("the patience was not waited out.")


def test_a_key_pressed_in_mid_speech_tells_that_somebody_was_speaking(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(2.0, BEN)
    table.end("key")
    lines = table.explain()
    assert (
        lines[0]
        == "Turn 1, Ben in mirror: ended while somebody was still speaking, because the key for done was pressed."
    )
    assert line(lines, "Hangover:").startswith("Hangover: not run out")
    assert not [text for text in lines if text.startswith("Soft end")]


def test_the_other_voice_is_named(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(3.0, BEN)
    table.hear(0.5)
    table.hear(2.0, ANA)
    lines = table.explain()
    assert lines[0].startswith("Turn 1, Ben in mirror: ended 1.")
    assert lines[0].endswith("seconds after Ben's last word, because Ana took the floor.")
    assert not [text for text in lines if text.startswith("Soft end")], "the silence lasted half a second only"
    assert "A" not in numbered(lines, "who"), "what Ana says is no part of this turn"


def test_a_voice_that_is_nobodys_does_not_pass_for_silence(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(2.0, BEN)
    table.hear(0.25)
    table.stranger(8.0)
    lines = table.explain()
    assert "because no partner spoke for the patience of 2.5 seconds" in lines[0]
    assert "the voice that went on was nobody's of the two" in lines[0]


def test_a_reason_of_a_later_version_is_told_as_it_stands(events: Path, run: Run) -> None:
    events.write_text(events.read_text("utf-8").replace('"why": "key"', '"why": "gesture"'), "utf-8")
    code, said, _ = run(events, "--turn", 2)
    assert code == 0
    assert "'gesture', a reason that this version does not know." in said.splitlines()[0]


# ---------------------------------------------------------------------- what held the decision up


def test_the_guides_own_words_in_the_silence_do_not_count(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(2.0, BEN)
    table.hear(1.0)
    table.write(PromptStarted(table.at, "guide.wait", "No hurry.", "first"))
    table.hear(1.2, gated=True)
    until = table.at
    table.write(PromptFinished(until, "guide.wait", "No hurry.", "first", False))
    table.hear(4.0)
    lines = table.explain()
    assert line(lines, "Silence:").endswith(f"; until {until:.2f} the guide spoke, which does not count.")
    assert line(lines, "Soft end:").startswith(f"Soft end: at about {until + 0.7:.2f}")
    assert line(lines, "The guide spoke").endswith(f"until {until:.1f}: No hurry.")


def test_a_time_out_in_the_silence_does_not_count(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(2.0, BEN)
    table.hear(1.0)
    table.hear(2.0, gated=True)
    table.hear(4.0)
    assert line(table.explain(), "Silence:").endswith(
        "; part of it did not count, because the guide was not listening."
    )


# ---------------------------------------------------------------------- who


def test_without_voiceprints_nobody_pretends_to_have_told_voices_apart(tmp_path: Path) -> None:
    table = Table(tmp_path / "x.jsonl", voices=False)
    table.expect(MIRROR)
    table.hear(2.0, BEN)
    table.hear(3.0)
    table.expect(BOTH)
    table.hear(1.0, ANA)
    table.hear(3.0)
    told = "Who: {}, as expected and not by voice, with 0 nats of evidence; the step waited for {}."
    assert line(table.explain(1), "Who:") == told.format("Ben", "Ben")
    assert line(table.explain(2), "Who:") == "Who: nobody knows, with 0 nats of evidence; the step waited for both."


@pytest.mark.parametrize(
    ("nats", "word"),
    [
        (0.5, "not told apart"),
        (SpeakerSettings().sure_turn_nats - 0.1, "not told apart"),
        (SpeakerSettings().sure_turn_nats, "close"),
        (SpeakerSettings().switch_nats - 0.1, "close"),
        (SpeakerSettings().switch_nats, "clear"),
        (900.0, "clear"),
    ],
)
def test_the_margin_is_told_in_nats_and_in_a_word(nats: float, word: str) -> None:
    lines = explanation(Session(partners=("Ana", "Ben")), Turn(explained(margin_nats=nats)))
    assert f"Ben, {word}, the evidence for that voice is {nats:.1f} nats" in line(lines, "Who:")


def test_an_unknown_voice_gets_no_margin(table: Table) -> None:
    table.expect(BOTH)
    table.stranger(6.4)
    table.hear(3.0)
    lines = table.explain()
    assert lines[0].startswith("Turn 1, an unknown voice in all of it: ended")
    assert line(lines, "Who:") == "Who: an unknown voice, like neither partner's; the step waited for both."
    assert "? neither partner" in line(lines, "Row who:")


def test_interruptions_and_short_sounds_are_told_with_their_times(table: Table) -> None:
    send = Window("thing", 0, None, "send", 3.5)
    table.expect(send)
    table.hear(3.0, ANA)
    table.hear(0.3)
    table.hear(0.5, BEN)
    table.hear(0.25)
    table.hear(2.0, ANA)
    table.hear(0.3)
    table.hear(2.0, BEN)
    table.hear(0.3)
    table.hear(2.0, ANA)
    table.hear(4.0)
    told = line(table.explain(), "Other voices:")
    assert "Ben made a short sound at 4." in told
    assert "Ben interrupted at 7." in told


def test_the_words_are_told_only_if_the_stream_holds_them(table: Table, events: Path) -> None:
    assert not [text for text in table.explain() if text.startswith("Words")]
    again = Table(events.with_name("words.jsonl"))
    again.expect(MIRROR)
    again.hear(1.0, BEN)
    again.hear(3.0)
    again.write(Transcript(again.at, 1, "What I\nhear you say", True, 0.0))
    assert line(again.explain(), "Words:") == "Words: What I hear you say"


# ---------------------------------------------------------------------- reopened


def reopen(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(2.0, BEN)
    table.hear(2.8)
    table.hear(2.0, BEN)


def test_a_reopened_turn_is_told_by_its_last_end(table: Table) -> None:
    reopen(table)
    table.hear(4.0)
    lines = table.explain()
    assert line(lines, "Reopened").startswith("Reopened once, at 4.9")
    assert line(lines, "Reopened").endswith("because the same voice went on. This is how it ended then.")
    assert line(lines, "Speech:") == "Speech: Ben 3.9 seconds in 2 stretches."
    assert line(lines, "Onset:").startswith("Onset: speech began at 0.0")
    assert "was believed" in line(lines, "Onset:")
    assert "learnt from Ben's own pauses" in line(lines, "Patience:")


def test_a_turn_in_the_very_first_frame_is_read(table: Table) -> None:
    """The lag is taken out of its times, which makes them negative."""
    table.expect(BOTH)
    table.hear(2.0, ANA)
    table.hear(2.0)
    start = read_session(table.path, 1).turns[1].why.spans[0][0]
    assert start <= 0.0
    assert table.explain()[0].startswith("Turn 1, Ana in all of it")


def test_a_turn_that_was_reopened_and_never_ended_again_says_so(table: Table, run: Run) -> None:
    reopen(table)
    assert line(table.explain(), "Reopened").endswith("The file holds no later end.")
    _, said, _ = run(table.path)
    assert "patience 2.5, reopened once." in said


# ---------------------------------------------------------------------- onset, hangover, the detector


@pytest.mark.parametrize(("rules", "name"), [(SILERO, SileroDetector.name), (WEBRTC, WebrtcDetector.name)])
def test_onset_and_hangover_are_those_of_the_detector_that_heard(
    tmp_path: Path, rules: SegmenterSettings, name: str
) -> None:
    table = Table(tmp_path / "x.jsonl", rules)
    table.expect(MIRROR)
    table.hear(2.0)
    table.hear(3.0, BEN)
    table.hear(4.0)
    lines = table.explain()
    onset, hangover = line(lines, "Onset:"), line(lines, "Hangover:")
    assert f"believed {3 * FRAME_S + rules.lag_s:.2f} seconds later; it takes 3 frames of 0.032 seconds" in onset
    assert f"at {rules.on:.1f} or more, and the detector, {name}, is {rules.lag_s:.2f} seconds late." in onset
    assert f"believed {6 * FRAME_S + rules.lag_s:.2f} seconds after" in hangover
    assert f"6 frames that stay quiet, from the first below {rules.off:.1f} on." in hangover


def test_speech_that_ran_before_the_turn_has_no_onset_of_its_own(table: Table) -> None:
    table.expect(MIRROR)
    table.hear(3.0, BEN)
    table.end("key")
    table.expect(MIRROR)
    table.hear(2.0, BEN)
    table.hear(3.0)
    assert line(table.explain(2), "Onset:").endswith("in speech that was already running or is not in the file.")


# ---------------------------------------------------------------------- the strip


def explained(**changes: Any) -> Explained:
    fields: dict[str, Any] = {
        "turn": 1, "speaker": "Ben", "step": "mirror", "kind": "mirror", "start": 95.0, "end": 98.0, "decided": 100.0,
        "why": "silence", "margin_nats": 50.0, "step_s": 2.0, "thinking": 1.0, "learned": 1.0, "extra_s": 0.0,
        "frame_s": 0.032, "strip": "0" * 100 + "9" * 100 + "0" * 63, "spans": ((95.0, 98.0, "Ben"),),
    }  # fmt: skip
    return Explained(**{**fields, **changes})


def test_the_strip_comes_last_is_plain_ascii_and_fits_the_width(events: Path) -> None:
    session = read_session(events, 1)
    lines = explanation(session, session.turns[1])
    names = [text.split()[0] for text in lines[-4:]]
    assert names == ["speech", "who", "mark", "time"]
    assert all(len(text) <= 76 and text.isascii() for text in lines[-4:])
    assert line(lines, "Strip:").startswith("Strip: the last 6.5 seconds before the decision")


def test_columns_stand_where_their_times_are() -> None:
    lines = strip_rows(Turn(explained()), ("Ana", "Ben"))
    speech, who, mark, time = (numbered(lines, row) for row in ("speech", "who", "mark", "time"))
    column_s = 6 * 0.032
    start = 100.0 - len(speech) * column_s

    def column(at: float) -> int:
        return int((at - start) / column_s)

    assert speech[-1] == "0"
    assert speech.strip("0") == "9" * len(speech.strip("0"))
    assert abs(len(speech.strip("0")) * column_s - 3.2) < 2 * column_s
    assert mark.index("E") == column(98.0)
    assert mark.index("S") == column(98.7)
    assert mark.index("D") == len(speech) - 1
    assert time[column(96.0) :].startswith("|96")
    assert time[column(97.0)] == "|"
    assert who.index("B") in (column(95.0), column(95.0) + 1)
    assert who.rindex("B") in (column(98.0), column(98.0) - 1)


def test_a_short_silence_and_a_short_sound_both_show_their_highest_probability() -> None:
    lines = strip_rows(Turn(explained(strip="000000" + "000700" + "999999")), ())
    assert numbered(lines, "speech") == "079"


def test_a_strip_that_does_not_fill_its_first_character_keeps_the_newest_sound_at_the_end() -> None:
    assert numbered(strip_rows(Turn(explained(strip="9" + "000000" * 2)), ()), "speech") == "900"


def test_a_long_strip_wraps_within_the_width() -> None:
    lines = strip_rows(Turn(explained(strip="01234" * 150)), ("Ana", "Ben"))
    rows = [text for text in lines if text.startswith("speech")]
    assert [len(row) for row in rows] == [8 + COLUMNS, 8 + 125 - COLUMNS]
    assert all(len(text) <= 76 for text in lines if text.startswith(("speech", "who ", "mark", "time")))


def test_an_end_of_speech_before_the_strip_is_told_in_words_not_marked() -> None:
    turn = Turn(explained(start=70.0, end=80.0, spans=((70.0, 80.0, "Ben"),), step_s=20.0, strip="0" * 375))
    lines = strip_rows(turn, ("Ana", "Ben"))
    assert "The last speech ended 7.9 seconds before the strip begins." in lines or (
        "The last speech ended 8.0 seconds before the strip begins." in lines
    )
    assert numbered(lines, "mark").strip() == "D"
    assert "E the last speech" not in line(lines, "Row mark:")


def test_a_mark_that_hides_another_says_so() -> None:
    lines = strip_rows(Turn(explained(end=99.29, why="phrase")), ("Ana", "Ben"))
    assert numbered(lines, "mark").replace(" ", "") == "ED"
    assert "S soft end: recognition of the words may start (in the same place as D), D" in line(lines, "Row mark:")


def test_a_turn_without_a_strip_says_so() -> None:
    assert strip_rows(Turn(explained(strip="")), ()) == ["The stream holds no strip of this turn."]


@pytest.mark.parametrize(
    ("names", "marks"),
    [(("Ana", "Ben"), "AB"), (("Ana", "Alex"), "12"), (("Ève", "Ben"), "12"), (("", "Ben"), "12")],
)
def test_two_partners_never_share_a_letter(names: tuple[str, str], marks: str) -> None:
    found = initials((*names, "unknown", None))
    assert "".join(found[name] for name in names) == marks
    assert len(set(found.values())) == len(found)


# ---------------------------------------------------------------------- all turns


def test_without_a_turn_there_is_one_line_for_each_and_how_to_ask(events: Path, run: Run) -> None:
    code, said, _ = run(events)
    lines = said.splitlines()
    assert code == 0
    assert lines[0] == "2 turns between Ana and Ben, dialogue appreciation. Times are seconds since the session began."
    assert lines[1] == (
        "Turn 1, Ben in mirror, 0.9 to 3.9: ended by silence, 2.5 seconds after the last word, patience 2.5."
    )
    assert lines[2].startswith("Turn 2, Ana in all of it, ")
    assert "ended by a key" in lines[2]
    assert lines[3] == f"For one turn: voice-imago explain {events} --turn 2"
    assert len(lines) == 4


def test_a_file_name_with_blanks_can_be_copied_from_the_hint(events: Path, run: Run) -> None:
    named = events.rename(events.with_name("our evening.jsonl"))
    assert run(named)[1].splitlines()[-1] == f"For one turn: voice-imago explain '{named}' --turn 2"


def test_of_several_sessions_in_one_file_the_last_is_told(events: Path, run: Run) -> None:
    one = events.read_bytes()
    cut = one[: one.index(b'{"t"', one.index(b'"turn_explained"'))]
    events.write_bytes(one + cut)
    _, said, _ = run(events)
    assert said.splitlines()[0].startswith("1 turn between")
    assert "The file holds 2 sessions; this is the last one." in said


# ---------------------------------------------------------------------- files that are not right


def test_a_missing_file_and_a_folder_get_one_sentence_each(tmp_path: Path, run: Run) -> None:
    code, _, said = run(tmp_path / "none.jsonl")
    assert (code, said.splitlines()) == (
        2, [f"There is no event file {tmp_path / 'none.jsonl'}. An event file is written with --events FILE."],
    )  # fmt: skip
    code, _, said = run(tmp_path)
    assert code == 2
    assert f"{tmp_path} is a folder, not an event file." in said


def test_a_file_beneath_a_file_is_no_traceback(events: Path, run: Run) -> None:
    code, _, said = run(events / "x.jsonl")
    assert code == 2
    assert "cannot be read: Not a directory." in said


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty."),
        (b"\n \n", "is empty."),
        (b"hello\n", "line 1, is not JSON."),
        (b'{"t": 0.0, "event": "x"}\nhello\n{"t": 1.0, "event": "x"}\n', "line 2, is not JSON."),
        (b'\n[{"start": 1.0}]\n', "line 2, is no event as this version knows it: expected 'object', got 'array'."),
        (b'{"start": 1}\n', "line 1, is no event as this version knows it: object missing required field 'event'."),
        (b'{"t": "now", "event": "x"}', "line 1, is no event as this version knows it: expected 'float', got 'str'"),
        (b'{"t": 1, "event": "turn_explained"}\n', "line 1, is no event as this version knows it: object missing"),
        (b'{"t": 0.0, "ev', "line 1, breaks off, and nothing whole comes before it."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "line 1, is not text, so this is no event file."),
        (b"RIFF\x00\x00\x00\x00WAVE\xff", "line 1, is not text, so this is no event file."),
        ('{"t": 0.0}'.encode("utf-16"), "line 1, is not text, so this is no event file."),
        (b'{"t":1,"event":"x","a":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n", "line 1, is not JSON."),
        (b'{"t": NaN, "event": "x"}\n', "line 1, is not JSON."),
        (b'{"t": 1e999, "event": "x"}\n', "line 1, is no"),
        (b'{"t": 1, "event": "' + b"x" * MOST_BYTES + b'"}', "line 1, is longer than any event, so this is"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_event_file_is_named_with_its_line(
    content: bytes, complaint: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    code, told, said = run(path)
    assert (code, told) == (2, "")
    assert f"{path}" in said
    assert complaint in said
    assert len(said.splitlines()) == 1
    assert len(said) < 400


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("turn", "one"), ("strip", "0a1"), ("frame_s", 0.0), ("frame_s", 5e-324), ("decided", -2.0), ("end", 1e300),
        ("spans", [[1.0, 2.0]]), ("margin_nats", None), ("speaker", 3),
    ],
)  # fmt: skip
def test_a_turn_with_impossible_values_is_refused_with_its_line(events: Path, run: Run, key: str, value: Any) -> None:
    lines = events.read_text("utf-8").splitlines()
    number = next(n for n, text in enumerate(lines) if "turn_explained" in text)
    lines[number] = json.dumps({**json.loads(lines[number]), key: value})
    events.write_text("\n".join(lines), "utf-8")
    code, _, said = run(events, "--turn", 1)
    assert code == 2
    assert f"{events}, line {number + 1}, is no event as this version knows it: " in said
    assert key in said


def test_a_file_cut_at_any_byte_tells_what_is_whole(events: Path, run: Run) -> None:
    whole = events.read_bytes()
    second = whole.index(b'"turn_explained"', whole.index(b'"turn_explained"') + 1)
    first_line_end = whole.index(b"\n", whole.index(b'"turn_explained"'))
    for end in range(first_line_end + 1, second, 37):
        events.write_bytes(whole[:end])
        code, said, _ = run(events)
        assert code == 0
        assert "Turn 1, Ben in mirror" in said
        cut = whole[end - 1 : end] != b"\n" and whole[end : end + 1] != b"\n"
        assert ("The file breaks off in line" in said) == cut
    line_number = whole[:end].count(b"\n") + 1
    assert f"breaks off in line {line_number}," in said


def test_a_tail_of_zeros_after_a_power_cut_is_a_cut(events: Path, run: Run) -> None:
    events.write_bytes(events.read_bytes() + b"\0" * 4096)
    code, said, _ = run(events)
    assert code == 0
    assert "The file breaks off in line" in said


def test_a_file_of_an_older_version_says_that_it_explains_nothing(events: Path, run: Run) -> None:
    kept = [text for text in events.read_text("utf-8").splitlines() if "turn_explained" not in text]
    events.write_text("\n".join(kept) + "\n", "utf-8")
    code, _, said = run(events)
    assert code == 2
    assert f"{events} is of version 0.1.0, which did not yet write down why a turn ended." in said


def test_a_typed_session_and_one_without_turns_are_not_called_old(tmp_path: Path, run: Run) -> None:
    stream = EventStream(tmp_path / "typed.jsonl", ("Ana", "Ben"), lambda: 0.0)
    stream.write(STARTED)
    stream.write(Command(0.0, "stop", "key"))
    assert "In" in run(tmp_path / "typed.jsonl")[2]
    assert "no turn has ended." in run(tmp_path / "typed.jsonl")[2]
    stream.write(TurnEnded(1.0, -1, 0, 1.0, 1.0, 1.0, "key"))
    stream.close()
    assert "was typed: each line is a turn" in run(tmp_path / "typed.jsonl")[2]


def test_a_turn_that_is_not_there_names_those_that_are(events: Path, run: Run) -> None:
    for number in (7, 0, -1):
        code, _, said = run(events, "--turn", number)
        assert code == 2
        assert f"{events} holds no turn {number}; it holds the turns 1 to 2." in said


def test_events_that_nobody_knows_are_left_alone(events: Path, run: Run) -> None:
    _, before, _ = run(events, "--turn", 1)
    new = b'{"t": 0.5, "event": "candle_lit", "turn": {"deep": [1, null]}}\n'
    events.write_bytes(new.join(events.read_bytes().splitlines(keepends=True)) + new)
    code, after, said = run(events, "--turn", 1)
    assert (code, after, said) == (0, before, "")


def test_a_mark_at_the_beginning_and_windows_line_ends_do_no_harm(events: Path, run: Run) -> None:
    _, before, _ = run(events, "--turn", 1)
    events.write_bytes(b"\xef\xbb\xbf" + events.read_bytes().replace(b"\n", b"\r\n"))
    assert run(events, "--turn", 1) == (0, before, "")


def test_only_the_wanted_turn_keeps_its_strip_and_words(table: Table, events: Path) -> None:
    with events.open("a") as file:
        for turn in (1, 2):
            file.write(json.dumps({"t": 9.0, "event": "transcript", "turn": turn, "text": "yes", "final": True}) + "\n")
    turns = read_session(events, 2).turns
    assert (turns[1].why.strip, turns[1].why.spans, turns[1].words) == ("", (), "")
    assert turns[2].why.strip
    assert turns[2].why.spans
    assert turns[2].words == "yes"


# ---------------------------------------------------------------------- the picture


def test_the_picture_is_a_png_of_plausible_size_with_the_same_words_beside_it(events: Path, run: Run) -> None:
    pytest.importorskip("matplotlib")
    picture = events.with_name("turn.png")
    code, said, complaints = run(events, "--turn", 1, "--png", picture)
    assert (code, complaints) == (0, "")
    png = picture.read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1500, 750)
    assert 15_000 < len(png) < 300_000
    words = events.with_name("turn.png.txt").read_text("utf-8")
    assert said == f"{words}The picture is in {picture}, the same words are in {picture}.txt.\n"


def test_the_picture_holds_light_and_dark_and_no_colour(events: Path, run: Run) -> None:
    pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    picture = events.with_name("turn.png")
    run(events, "--turn", 1, "--png", picture)
    with image.open(picture) as opened:
        assert opened.info.get("dpi") == pytest.approx((150, 150), abs=0.1)
        assert "Creation Time" not in opened.info
        colours = {colour[:3] for _, colour in opened.convert("RGB").getcolors(1 << 20)}
    assert {(0, 0, 0), (255, 255, 255)} <= colours
    assert all(max(colour) == min(colour) for colour in colours)


def test_two_runs_draw_the_same_bytes_whatever_the_readers_own_style_is(events: Path, run: Run) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    first, second = events.with_name("a.png"), events.with_name("b.png")
    run(events, "--turn", 1, "--png", first)
    with matplotlib.rc_context({"font.size": 30.0, "axes.facecolor": "red", "savefig.dpi": 50}):
        run(events, "--turn", 1, "--png", second)
        assert matplotlib.rcParams["font.size"] == 30.0
    assert first.read_bytes() == second.read_bytes()


def test_another_process_draws_the_same_bytes(events: Path, run: Run) -> None:
    pytest.importorskip("matplotlib")
    first, second = events.with_name("a.png"), events.with_name("b.png")
    run(events, "--turn", 2, "--png", first)
    command = [sys.executable, "-m", "voice_imago", "explain", str(events), "--turn", "2", "--png", str(second)]
    done = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).resolve().parents[2])
    assert (done.returncode, done.stderr) == (0, b"")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["$a_{", "阿娜", "A" * 200, "", "\x1b[31mAna"])
def test_a_strange_name_is_drawn_without_a_fault(name: str, tmp_path: Path, run: Run) -> None:
    pytest.importorskip("matplotlib")
    table = Table(tmp_path / "x.jsonl", partners=(name, "Ben"))
    table.expect(replace(MIRROR, actor=0))
    table.hear(2.0, ANA)
    table.hear(4.0)
    table.stream.close()
    code, said, complaints = run(table.path, "--turn", 1, "--png", tmp_path / "x.png")
    assert (code, complaints) == (0, "")
    assert "\x1b" not in said + (tmp_path / "x.png.txt").read_text("utf-8")


@pytest.mark.parametrize(
    "changes",
    [
        {"strip": ""}, {"strip": "9"}, {"spans": ()}, {"end": 100.0}, {"end": 0.0, "start": 0.0},
        {"spans": ((0.0, 1.0, "unknown"), (2.0, 99.0, None))}, {"frame_s": 1.0}, {"frame_s": 0.001}, {"decided": 98.0},
    ],
)  # fmt: skip
def test_a_turn_of_any_shape_can_be_drawn_and_told(changes: dict[str, Any]) -> None:
    pytest.importorskip("matplotlib")
    from voice_imago.runtime.explaining_picture import draw_turn

    turn = Turn(explained(**changes))
    lines = explanation(Session(partners=("Ana", "Ben")), turn)
    png = draw_turn(turn, ("Ana", "Ben"), lines[0])
    assert struct.unpack(">II", png[16:24]) == (1500, 750)
    assert all(len(text) <= 76 for text in lines if text.startswith(("speech ", "who  ", "mark  ", "time  ")))


def test_without_matplotlib_the_words_still_come_and_one_sentence_says_what_to_install(
    events: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("matplotlib", "matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, module, None)
    code, said, complaint = run(events, "--turn", 1, "--png", events.with_name("x.png"))
    assert code == 1
    assert said.startswith("Turn 1, Ben in mirror: ended")
    assert said.splitlines()[-1].startswith("time")
    assert complaint == "There is no picture, because matplotlib is not installed: pip install matplotlib\n"
    assert not events.with_name("x.png").exists()
    assert not events.with_name("x.png.txt").exists()


def test_a_picture_that_cannot_be_written_costs_only_the_picture(events: Path, run: Run) -> None:
    pytest.importorskip("matplotlib")
    picture = events.with_name("nowhere") / "x.png"
    code, said, complaint = run(events, "--turn", 1, "--png", picture)
    assert code == 2
    assert said.startswith("Turn 1, Ben")
    assert complaint.startswith(f"The picture {picture} cannot be written: No such file or directory.")
    folder = events.with_name("folder.png")
    folder.mkdir()
    assert "cannot be written: Is a directory." in run(events, "--turn", 1, "--png", folder)[2]


def test_a_picture_needs_one_turn_and_a_name_that_says_png(events: Path, run: Run) -> None:
    assert run(events, "--png", "x.png")[0] == 2
    assert "A picture shows one turn. Name it with --turn N." in run(events, "--png", "x.png")[2]
    for name in ("x.jpg", "x", ".png"):
        code, said, complaint = run(events, "--turn", 1, "--png", events.with_name(name))
        assert (code, said) == (2, "")
        assert "does not end in .png." in complaint


def test_the_event_file_is_never_drawn_over(events: Path, run: Run) -> None:
    for name, picture in (("x.png", "x.png"), ("y.png.txt", "y.png")):
        named = events.rename(events.with_name(name))
        before = named.read_bytes()
        code, _, complaint = run(named, "--turn", 1, "--png", named.with_name(picture))
        assert code == 2
        assert "is the event file itself." in complaint
        assert named.read_bytes() == before
        events = named


def test_the_command_line_does_not_import_matplotlib_unless_a_picture_is_wanted(events: Path) -> None:
    code = (
        "import sys; sys.argv = ['x', 'explain', sys.argv[1], '--turn', '1']; from voice_imago.__main__ import main; "
        "main(); print('matplotlib' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(events)], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_an_output_that_knows_only_ascii_takes_it_all(events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "argv", ["voice-imago", "explain", str(events), "--turn", "1"])
    monkeypatch.setattr(sys, "stdout", narrow)
    assert main() == 0
    narrow.seek(0)
    assert narrow.read().startswith("Turn 1, Ben in mirror: ended")


def test_thresholds_are_sileros_where_the_stream_gives_no_hint() -> None:
    assert thresholds(Turn(explained())).detector == SileroDetector.name
