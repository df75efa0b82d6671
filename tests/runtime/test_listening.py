"""``voice-imago listen``: who spoke when in a recording, streamed and causal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_voices import ANA, BEN, HZ, Samples, scene, silence

from voice_imago.engines.voiceprint_weights import weights_file
from voice_imago.errors import FileError, UsageError
from voice_imago.runtime import listening
from voice_imago.runtime.listening import ListenSettings, Span, listen, to_json, to_rttm, with_overlaps

DEV = Path(__file__).resolve().parents[3] / "shared" / "eval"
PLAIN = ListenSettings(embedding=False)


def conversation() -> Samples:
    """Ben 0.5-3.5, Ana 4.5-7.5, Ben 8-10, Ana 10.8-12.8 s."""
    return scene(
        silence(0.5),
        BEN.speaks(3.0),
        silence(1.0),
        ANA.speaks(3.0),
        silence(0.5),
        replace(BEN, seed=5).speaks(2.0),
        silence(0.8),
        replace(ANA, seed=6).speaks(2.0),
        silence(1.0),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    soundfile.write(folder / "talk.wav", conversation(), HZ)
    for name, voice in (("ana", ANA), ("ben", BEN)):
        soundfile.write(folder / f"{name}.wav", scene(silence(0.3), replace(voice, seed=50).speaks(10.0)), HZ)
    return folder


@pytest.fixture
def partners(folder: Path) -> dict[str, Path]:
    return {"ana": folder / "ana.wav", "ben": folder / "ben.wav"}


def told(spans: list[Span]) -> list[tuple[str, int, int]]:
    """Speaker, start and end in tenths of a second."""
    return [(s.speaker, round(s.start * 10), round(s.end * 10)) for s in spans]


def assert_heard(spans: list[Span], names: tuple[str, str] = ("ben", "ana")) -> None:
    expected = [(0, 0.5, 3.5), (1, 4.5, 7.5), (0, 8.0, 10.0), (1, 10.8, 12.8)]
    assert [s.speaker for s in spans] == [names[who] for who, _, _ in expected]
    for span, (_, start, end) in zip(spans, expected, strict=True):
        assert span.start == pytest.approx(start, abs=0.4)  # a made voice is not always a voice at once
        assert span.end == pytest.approx(end, abs=0.2)


# ---------------------------------------------------------------------- what is heard


@pytest.mark.parametrize("embedding", [True, False])
def test_each_span_has_its_speaker(folder: Path, partners: dict[str, Path], embedding: bool) -> None:
    if embedding and weights_file() is None:
        pytest.skip("the package resemblyzer is not installed")

    spans = listen(folder / "talk.wav", partners, ListenSettings(embedding=embedding))

    assert_heard(spans)
    assert [s.turn for s in spans] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype"),
    [
        ("a.flac", 44_100, 2, None),
        ("a.ogg", 48_000, 1, None),
        ("a.wav", 8_000, 1, "ULAW"),
        ("a.wav", 96_000, 3, "FLOAT"),
        ("a.mp3", 22_050, 2, None),
    ],
)
def test_any_format_rate_and_number_of_channels(
    tmp_path: Path, partners: dict[str, Path], name: str, rate: int, channels: int, subtype: str | None
) -> None:
    import soxr

    sound = soxr.resample(conversation(), HZ, rate)
    soundfile.write(tmp_path / name, np.repeat(sound[:, None], channels, axis=1), rate, subtype=subtype)

    spans = listen(tmp_path / name, partners, PLAIN)

    if rate >= HZ:
        assert_heard(spans)
    else:  # a telephone: the voices' upper half is missing, so only when somebody speaks is certain
        assert spans[0].start == pytest.approx(0.5, abs=0.4)
        assert spans[-1].end == pytest.approx(12.8, abs=0.2)


@pytest.mark.skipif(weights_file() is None, reason="the package resemblyzer is not installed")
def test_without_enrolments_voices_are_numbered_as_they_appear(folder: Path) -> None:
    spans = listen(folder / "talk.wav", {})

    assert spans[0].speaker == "speaker 1"
    for start, end, name in ((0.5, 3.5, "speaker 1"), (4.5, 7.5, "speaker 2"), (10.8, 12.8, "speaker 2")):
        seconds = {s.speaker: 0.0 for s in spans}
        for s in spans:
            seconds[s.speaker] += max(0.0, min(s.end, end) - max(s.start, start))
        assert max(seconds, key=seconds.__getitem__) == name


def test_without_enrolments_and_voice_model_nobody_is_named(folder: Path) -> None:
    spans = listen(folder / "talk.wav", {}, PLAIN)

    assert {s.speaker for s in spans} == {"unknown"}


def test_the_other_detector_hears_the_same_people(folder: Path, partners: dict[str, Path]) -> None:
    spans = listen(folder / "talk.wav", partners, ListenSettings("webrtc", False))

    assert [s.speaker for s in spans] == ["ben", "ana", "ben", "ana"]


def test_progress_is_told_in_rising_percents(folder: Path, partners: dict[str, Path]) -> None:
    percents: list[int] = []
    listen(folder / "talk.wav", partners, PLAIN, percents.append)

    assert percents == sorted(set(percents))
    assert percents[-1] == 100


def music(seconds: float) -> Samples:
    """Four plucked chords, bass drum and snare."""
    random, t = np.random.default_rng(3), np.arange(2 * HZ) / HZ
    bars = []
    for root_hz in (220.0, 174.6, 261.6, 196.0):
        notes = [root_hz * 2.0 ** (half / 12.0) * n for half in (0, 4, 7, 12) for n in range(1, 6)]
        chord = sum(np.sin(2 * np.pi * hz * t) for hz in notes) * np.exp(-0.8 * t)
        snare = random.normal(0.0, 6.0, len(t)) * np.exp(-40.0 * (t % 0.5))
        bars.append(chord + snare + 12.0 * np.sin(2 * np.pi * 60.0 * t) * np.exp(-30.0 * ((t + 0.25) % 0.5)))
    sound = np.resize(np.concatenate(bars), round(seconds * HZ))
    return (0.1 * sound / np.sqrt(np.mean(sound**2))).clip(-1.0, 1.0).astype(np.float32)


@pytest.mark.parametrize(
    ("sound", "sentence"),
    [
        (np.zeros(3 * HZ, np.float32), "is silent from beginning to end"),
        (np.ones(3 * HZ, np.float32), "is too loud: 100.0 % of it is cut off"),
        (np.sign(np.sin(np.arange(3 * HZ) * 0.05)).astype(np.float32), "is too loud"),
        (silence(3.0), "No speech was heard in"),
        (np.zeros(1, np.float32), "is silent"),
        (np.full(1, 0.5, np.float32), "No speech was heard in"),
        (music(20.0), "No speech was heard in"),
    ],
    ids=["zeros", "full scale", "square wave", "room", "one sample", "one loud sample", "music"],
)
def test_a_recording_without_speech_has_no_spans_and_says_so(
    tmp_path: Path, partners: dict[str, Path], sound: Samples, sentence: str
) -> None:
    soundfile.write(tmp_path / "quiet.wav", sound, HZ, subtype="FLOAT")
    told: list[str] = []

    assert listen(tmp_path / "quiet.wav", partners, PLAIN, tell=told.append) == []
    assert sum(sentence in line for line in told) == 1
    assert all(line.endswith(".") and "\n" not in line and "quiet.wav" in line for line in told)


def test_good_recordings_are_passed_over_in_silence(folder: Path, partners: dict[str, Path]) -> None:
    told: list[str] = []

    listen(folder / "talk.wav", partners, PLAIN, tell=told.append)

    assert told == []


def test_a_clipped_recording_is_heard_and_one_sentence(tmp_path: Path, partners: dict[str, Path]) -> None:
    soundfile.write(tmp_path / "loud.wav", np.clip(conversation() * 30.0, -1.0, 1.0), HZ)
    told: list[str] = []

    spans = listen(tmp_path / "loud.wav", partners, PLAIN, tell=told.append)

    assert spans[0].start == pytest.approx(0.5, abs=0.4)
    assert [line for line in told if "loud.wav is too loud" in line] == told
    assert len(told) == 1


@pytest.mark.parametrize(
    ("sound", "sentence"),
    [
        (BEN.speaks(3.0), "holds hardly any speech"),
        (replace(BEN, level_db=-75.0).speaks(10.0), "is very quiet"),
        (np.clip(BEN.speaks(10.0) * 40.0, -1.0, 1.0), "is too loud and cut off"),
        (np.zeros(10 * HZ, np.float32), "is very quiet"),
    ],
    ids=["short", "quiet", "clipped", "zeros"],
)
def test_a_doubtful_enrolment_is_one_sentence(
    tmp_path: Path, folder: Path, partners: dict[str, Path], sound: Samples, sentence: str
) -> None:
    path = tmp_path / "doubtful.wav"
    soundfile.write(path, sound, HZ, subtype="FLOAT")
    told: list[str] = []

    assert listen(folder / "talk.wav", {"ana": partners["ana"], "ben": path}, PLAIN, tell=told.append)
    assert [sentence in line for line in told] == [True]
    assert str(path) in told[0]


def test_sentences_go_to_standard_error_and_the_json_stays_valid(
    tmp_path: Path, partners: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    from voice_imago.cli import main

    soundfile.write(tmp_path / "quiet.wav", np.zeros(HZ, np.float32), HZ)
    same = f"{partners['ana']}"

    code = main(
        ["listen", str(tmp_path / "quiet.wav"), "--partner", f"ana={same}", "--partner", f"ben={same}", "--json"]
    )

    out, err = capsys.readouterr()
    assert code == 0
    assert json.loads(out) == []
    assert [line.split(";")[0] for line in err.splitlines()] == [
        "Both enrolments sound like the same voice",
        f"{tmp_path / 'quiet.wav'} is silent from beginning to end. Check the microphone that recorded it.",
    ]


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path, partners: dict[str, Path]) -> None:
    sound = conversation()
    sound[: HZ // 4] = np.nan
    soundfile.write(tmp_path / "nan.wav", sound, HZ, subtype="FLOAT")

    assert_heard(listen(tmp_path / "nan.wav", partners, PLAIN))


def test_one_voice_for_both_partners_still_gives_every_span(folder: Path) -> None:
    told: list[str] = []
    spans = listen(folder / "talk.wav", {"ana": folder / "ana.wav", "ben": folder / "ana.wav"}, PLAIN, tell=told.append)

    assert [line.partition(";")[0] for line in told] == ["Both enrolments sound like the same voice"]
    assert spans[0].start == pytest.approx(0.5, abs=0.15)
    assert spans[-1].end == pytest.approx(12.8, abs=0.15)


# ---------------------------------------------------------------------- causal


@pytest.mark.parametrize("embedding", [True, False])
def test_the_past_does_not_depend_on_the_future(
    tmp_path: Path, folder: Path, partners: dict[str, Path], embedding: bool
) -> None:
    """Cut the recording anywhere: turns that had ended 0.3 s before are as they are in the whole."""
    if embedding and weights_file() is None:
        pytest.skip("the package resemblyzer is not installed")
    settings = ListenSettings(embedding=embedding)
    sound = conversation()
    whole = listen(folder / "talk.wav", partners, settings)
    for cut_s in np.random.default_rng(8).uniform(1.0, len(sound) / HZ, 5):
        soundfile.write(tmp_path / "cut.wav", sound[: round(cut_s * HZ)], HZ)

        cut = listen(tmp_path / "cut.wav", partners, settings)

        assert _past(cut, cut_s) == _past(whole, cut_s)


@pytest.mark.skipif(not DEV.is_dir(), reason="the development set is not here")
@pytest.mark.skipif(weights_file() is None, reason="the package resemblyzer is not installed")
def test_the_past_of_a_real_conversation_does_not_depend_on_its_future(tmp_path: Path) -> None:
    """With overlaps, noise and quick changes of the speaker."""
    enrolled = {p: DEV / f"c03.enrol{p}.flac" for p in "AB"}
    sound, rate = soundfile.read(DEV / "c03.flac", dtype="float32", stop=30 * HZ)
    soundfile.write(tmp_path / "whole.flac", sound, rate)
    whole = listen(tmp_path / "whole.flac", enrolled)
    assert len({span.turn for span in whole}) == 3
    for cut_s in np.random.default_rng(9).uniform(8.0, 29.0, 3):
        soundfile.write(tmp_path / "cut.flac", sound[: round(cut_s * rate)], rate)

        assert _past(listen(tmp_path / "cut.flac", enrolled), cut_s) == _past(whole, cut_s)


@pytest.mark.parametrize(("rate", "embedding"), [(HZ, False), (HZ, True), (44_100, False)])
def test_it_does_not_matter_in_which_pieces_the_file_is_read(
    tmp_path: Path, partners: dict[str, Path], monkeypatch: pytest.MonkeyPatch, rate: int, embedding: bool
) -> None:
    if embedding and weights_file() is None:
        pytest.skip("the package resemblyzer is not installed")
    import soxr

    sound = conversation()
    soundfile.write(tmp_path / "talk.wav", sound if rate == HZ else soxr.resample(sound, HZ, rate), rate)
    found = []
    for chunk_s in (1.0, 0.0137):
        monkeypatch.setattr(listening, "CHUNK_S", chunk_s)
        found.append(listen(tmp_path / "talk.wav", partners, ListenSettings(embedding=embedding)))

    assert found[0]
    assert found[0] == found[1]


def _past(spans: list[Span], cut_s: float) -> list[tuple[str, int, int]]:
    ends = {s.turn: s.end for s in spans}
    return told([s for s in spans if ends[s.turn] + 0.3 <= cut_s])


@pytest.mark.skipif(not DEV.is_dir(), reason="the development set is not here")
def test_a_real_conversation_is_heard_as_before(tmp_path: Path) -> None:
    """A guard against slow decay, far below what the benchmark reaches."""
    truth = json.loads((DEV / "c12.json").read_text())
    enrolled = {p: DEV / f"c12.enrol{p}.flac" for p in "AB"}

    spans = listen(DEV / "c12.flac", enrolled, PLAIN)

    grid = np.full(round(truth["dur"] * 100) + 1, "", dtype="<U8")
    for span in spans:
        grid[round(span.start * 100) : round(span.end * 100)] = span.speaker
    right = total = 0
    for s in truth["segments"]:
        here = grid[round(s["start"] * 100) : round(s["end"] * 100)]
        right, total = right + int((here == s["speaker"]).sum()), total + len(here)
    assert right / total > 0.9


# ---------------------------------------------------------------------- overlaps


def test_a_change_without_a_pause_is_an_overlap() -> None:
    spans = with_overlaps([Span(0.0, 3.0, "ana", 1), Span(3.0, 5.0, "ben", 2)])

    assert spans == [
        Span(0.0, 3.0, "ana", 1),
        Span(3.0, 3.3, "ana", 1, True),
        Span(3.0, 3.3, "ben", 2, True),
        Span(3.3, 5.0, "ben", 2),
    ]


@pytest.mark.parametrize(
    "second",
    [Span(3.2, 5.0, "ben", 2), Span(3.0, 5.0, "ana", 2), Span(3.0, 5.0, "unknown", 2)],
    ids=["after a pause", "the same voice", "nobody known"],
)
def test_other_changes_are_not(second: Span) -> None:
    spans = [Span(0.0, 3.0, "ana", 1), second]

    assert with_overlaps(spans) == spans


# ---------------------------------------------------------------------- writing it down


def test_json_has_one_span_a_line_and_overlap_only_where_it_is() -> None:
    text = to_json([Span(0.5, 1.25, "ana", 1), Span(1.0, 1.25, "ben", 2, True)])

    assert json.loads(text) == [
        {"start": 0.5, "end": 1.25, "speaker": "ana", "turn": 1},
        {"start": 1.0, "end": 1.25, "speaker": "ben", "turn": 2, "overlap": True},
    ]
    assert len(text.splitlines()) == 4
    assert json.loads(to_json([])) == []


def test_rttm_has_no_spaces_in_names() -> None:
    text = to_rttm([Span(0.5, 1.25, "speaker 1", 1)], "our talk")

    assert text == "SPEAKER our_talk 1 0.500 0.750 <NA> <NA> speaker_1 <NA> <NA>\n"


# ---------------------------------------------------------------------- bad files


def test_a_missing_recording_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"There is no recording .*gone\.wav"):
        listen(tmp_path / "gone.wav", {})


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="There is no recording"):
        listen(tmp_path, {})


@pytest.mark.parametrize("content", [b"", b"not sound at all", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_a_file_that_is_not_sound_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.wav"
    path.write_bytes(content)

    with pytest.raises(FileError, match=r"notes\.wav cannot be read as sound") as caught:
        listen(path, {}, PLAIN)
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_an_empty_recording_is_one_sentence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0, np.float32), HZ)

    with pytest.raises(FileError, match=r"empty\.wav holds no sound"):
        listen(tmp_path / "empty.wav", {}, PLAIN)


def test_a_recording_that_breaks_off_is_heard_as_far_as_it_goes_or_refused(tmp_path: Path, folder: Path) -> None:
    content = (folder / "talk.wav").read_bytes()
    (tmp_path / "torn.wav").write_bytes(content[: len(content) // 2])

    spans = listen(tmp_path / "torn.wav", {}, PLAIN)

    assert 0 < len(spans) < 4


def test_a_damaged_flac_is_one_sentence(tmp_path: Path, folder: Path) -> None:
    sound, rate = soundfile.read(folder / "talk.wav")
    soundfile.write(tmp_path / "bad.flac", sound, rate)
    content = bytearray((tmp_path / "bad.flac").read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (tmp_path / "bad.flac").write_bytes(content)

    with pytest.raises(FileError, match=r"bad\.flac"):
        listen(tmp_path / "bad.flac", {}, PLAIN)


def test_an_enrolment_without_sound_is_one_sentence(tmp_path: Path, folder: Path) -> None:
    soundfile.write(tmp_path / "short.wav", np.zeros(100, np.float32), HZ)

    with pytest.raises(FileError, match=r"short\.wav holds 0\.0 seconds of sound, too little"):
        listen(folder / "talk.wav", {"ana": folder / "ana.wav", "ben": tmp_path / "short.wav"}, PLAIN)


def test_an_enrolment_with_a_click_in_it_alone_is_one_sentence(tmp_path: Path, folder: Path) -> None:
    click = np.zeros(2 * HZ, np.float32)
    click[HZ : HZ + 3000] = np.random.default_rng(2).normal(0.0, 0.1, 3000)
    soundfile.write(tmp_path / "click.wav", click, HZ)

    with pytest.raises(FileError, match=r"click\.wav holds .* too little to know a voice by"):
        listen(folder / "talk.wav", {"ana": folder / "ana.wav", "ben": tmp_path / "click.wav"}, PLAIN)


def test_sound_without_a_head_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "talk.raw").write_bytes(bytes(32_000))

    with pytest.raises(FileError, match=r"talk\.raw does not say how it was recorded"):
        listen(tmp_path / "talk.raw", {}, PLAIN)


def test_one_partner_is_not_enough(folder: Path) -> None:
    with pytest.raises(UsageError, match="two are needed"):
        listen(folder / "talk.wav", {"ana": folder / "ana.wav"}, PLAIN)
