"""The shipped scenes hold, and a rehearsal gives the same bytes every time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice_imago.dialogue.script import load_script
from voice_imago.engines.ports import HEAR_HZ
from voice_imago.engines.recorded import read_sound
from voice_imago.errors import FileError, SceneError, VoiceError
from voice_imago.folders import journal_folder
from voice_imago.journal import store
from voice_imago.journal.files import rehearsals_file
from voice_imago.journal.journal import Journal, reading
from voice_imago.journal.replay import kept_session, replay
from voice_imago.runtime.event_stream import EVENTS
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.runtime.rehearsal import Outcome
from voice_imago.runtime.rehearse import ENROLMENT_TEXT, RehearsePlan, rehearse
from voice_imago.runtime.scene import find_scene, read_scene, scenes_folder

SCENES = sorted(scenes_folder().glob("*.toml"))
QUICK = """
title = "The shortest way"
dialogue = "appreciation"
recogniser = "{recogniser}"
partners = {{ ana = {{ voice = "en-us" }}, ben = {{ voice = "en-gb" }} }}
line = [
  {{ by = "ana", at = "invite", say = "Is now a good time?" }},
  {{ {answer} }},
]
expect = {{ ends = "finished", steps = ["invite", "later", "another_day"] }}
"""

COUPLES_WORDS = {ENROLMENT_TEXT, "Is now a good time?", "Not now, later."}

WITHOUT = """
title = "No speech model, thank you"
dialogue = "appreciation"
prelude = ["model"]
recogniser = "scene"
partners = { ana = { voice = "en-us" }, ben = { voice = "en-gb" } }
hub = { folder = "recogniser", takes_s = 30.0 }
line = [
  LINES
  { by = "ana", at = "invite", say = "Is now a good time?" },
  { by = "ben", say = "Not now, later." },
]
expect = { ends = "finished", steps = STEPS }
"""

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"),
]


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for the whole module, so that each sentence is rendered once."""
    return tmp_path_factory.mktemp("voices")


@pytest.fixture(autouse=True)
def shared_home(voices: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("VOICE_IMAGO_HOME", str(voices))


def short_scene(folder: Path, answer: str, recogniser: str = "scene") -> Path:
    path = folder / "short.toml"
    path.write_text(QUICK.format(answer=answer, recogniser=recogniser), encoding="utf-8")
    return path


def events_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(path: Path, folder: Path) -> tuple[Outcome, list[dict[str, object]]]:
    outcome = rehearse(RehearsePlan(path, events=folder / "events.jsonl"))
    return outcome, events_of(folder / "events.jsonl")


KEEPS_NOTHING = frozenset(
    [
        "a_day_of_the_pledge",
        "a_deeper_dialogue",
        "a_first_evening",
        "a_follow_up",
        "a_follow_up_let_go",
        "a_listener_who_answers",
        "a_pledge",
        "a_request",
        "a_request_bargained",
        "a_request_made_clear",
        "a_vision",
        "a_workup",
        "caring_list",
        "fun_list",
        "weekly_check_in",
        "words_of_harm",
    ]
)
"""Scenes that expect that nothing is kept, or of which a part never is: with a journal they go another way."""


def test_who_wishes_to_be_addressed_formally_is_from_then_on(tmp_path: Path) -> None:
    rehearse(RehearsePlan(scenes_folder() / "a_first_start_formal.toml", events=tmp_path / "events.jsonl"))
    said = [event["text"] for event in events_of(tmp_path / "events.jsonl") if event["event"] == "prompt_started"]
    assert said[0] == "Hallo. Schauen wir, wie gut ich Sie verstehen kann."


@pytest.mark.parametrize("path", [path for path in SCENES if path.stem in KEEPS_NOTHING], ids=lambda path: path.stem)
def test_a_shipped_scene_goes_as_it_expects(path: Path, tmp_path: Path) -> None:
    outcome = rehearse(RehearsePlan(path, events=tmp_path / "events.jsonl"))
    assert outcome.problems == []
    assert events_of(tmp_path / "events.jsonl")[-1]["event"] == "session_ended"


@pytest.mark.parametrize(
    "path", [path for path in SCENES if path.stem not in KEEPS_NOTHING], ids=lambda path: path.stem
)
def test_a_shipped_scene_goes_as_it_expects_and_is_replayed(path: Path, tmp_path: Path) -> None:
    """Kept with its words; fed again it makes the same decisions, and again when the words are gone."""
    journal = journal_folder() / f"{path.stem}.db"
    outcome = rehearse(RehearsePlan(path, events=tmp_path / "events.jsonl", keep="transcript", journal=journal))
    events = events_of(tmp_path / "events.jsonl")
    assert outcome.problems == []
    script = load_script()
    with reading(journal) as connection:
        kept = kept_session(connection, None)
        done = replay(script, kept)
        names = store.names_of(connection, kept.row.id)
    assert done.differences == ()
    assert done.facts == sum(1 for event in events if event["event"] in EVENTS)
    assert kept.row.reason == outcome.reason
    assert names == read_scene(path).names
    with Journal(journal) as opened:
        opened.erase(lambda db: store.lower(db, kept.row.id, "counts")).result()
    with reading(journal) as connection:
        wordless = kept_session(connection, None)
    assert wordless.texts == {}
    assert wordless.with_words is (outcome.counts.get("transcript", 0) == 0)
    assert replay(script, wordless).differences == ()
    times = [event["t"] for event in events]
    assert times == sorted(times)  # type: ignore[type-var]
    assert events[0]["event"] == "session_started"
    assert events[-1]["event"] == "session_ended"


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_every_shipped_scene_says_what_it_expects(path: Path) -> None:
    expect = read_scene(path).expect
    assert expect.ends
    assert len(expect.steps) >= 3


def test_each_partner_has_the_guide_speak_in_their_own_way(tmp_path: Path) -> None:
    """By voice for whoever says it, by key for both; the events tell of it and the sound is so."""
    events, room = tmp_path / "events.jsonl", tmp_path / "room.wav"
    outcome = rehearse(RehearsePlan(find_scene("a_voice_for_each"), events=events, out=room))
    assert outcome.problems == []
    told = events_of(events)
    asked = [(event["by"], event["name"]) for event in told if event["event"] == "command"]
    ways = ["slower", "louder", "higher", "another_voice"]
    assert asked == [
        *zip(("Ana", "Ben", "Ben", "Ana"), ways, strict=True),
        *(("key", way) for way in ways),
        ("Ana", "stop"),
    ]
    tuned = [(e["for"], e["rate"], e["volume"], e["pitch"]) for e in told if e["event"] == "voice_tuned"]
    assert tuned[:5] == [
        ("Ana", 0.9, 0.7, 1.0), ("both", 0.9, 0.7, 1.0),
        ("Ben", 1.0, 1.0, 1.0), ("both", 0.9, 1.0, 1.0),
        ("Ben", 1.0, 1.0, 1.1),
    ]  # fmt: skip
    assert tuned[-3:] == [("Ana", 0.8, 1.0, 1.1), ("Ben", 0.9, 1.0, 1.2), ("both", 0.8, 1.0, 1.1)]
    given = [(e["for"], e["outcome"]) for e in told if e["event"] == "task_done"]
    assert given == [("Ana", "good"), ("both", "good")]
    loud = [_loudness(room, told, key) for key in ("guide.slower", "guide.louder")]
    assert loud[1] == pytest.approx(loud[0] / 0.7, rel=0.15), "Ben hears louder what is for him"


def _loudness(room: Path, told: list[dict[str, object]], key: str) -> float:
    """Of the guide in a recording, while it first says this; RMS."""
    began, ended = (
        next(float(str(e["t"])) for e in told if e["event"] == kind and e["prompt"] == key)
        for kind in ("prompt_started", "prompt_finished")
    )
    guide = soundfile.read(room)[0][round(began * HEAR_HZ) : round(ended * HEAR_HZ), 1]
    return float(np.sqrt(np.square(guide).mean()))


def test_at_least_six_scenes_ship() -> None:
    assert len(SCENES) >= 6


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """Events and sound, once the voices are cached."""
    scene = short_scene(tmp_path, 'by = "ben", say = "Not now, later."')
    rehearse(RehearsePlan(scene))
    for name in ("one", "two"):
        rehearse(RehearsePlan(scene, events=tmp_path / f"{name}.jsonl", out=tmp_path / f"{name}.wav"))
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()


def test_the_recording_has_the_couple_left_and_the_guide_right(tmp_path: Path) -> None:
    import soundfile as sf

    scene = short_scene(tmp_path, 'by = "ben", say = "Not now, later."')
    rehearse(RehearsePlan(scene, out=tmp_path / "room.wav", events=tmp_path / "e.jsonl"))
    sound, rate = sf.read(tmp_path / "room.wav")
    assert rate == HEAR_HZ
    events = events_of(tmp_path / "e.jsonl")
    starts = {str(e["event"]): float(e["t"]) for e in reversed(events)}  # type: ignore[arg-type]
    hello = sound[int((starts["prompt_started"] + 0.3) * rate) : int((starts["prompt_finished"] - 0.3) * rate)]
    turn = next(e for e in events if e["event"] == "turn_ended")
    spoken = sound[int(float(turn["start"]) * rate) : int(float(turn["end"]) * rate)]  # type: ignore[arg-type]
    couple, guide = np.sqrt(np.mean(hello**2, axis=0))
    assert guide > 0.02 > couple
    couple, guide = np.sqrt(np.mean(spoken**2, axis=0))
    assert couple > 0.02 > guide


def test_what_is_kept_changes_nothing_of_what_happens(tmp_path: Path) -> None:
    """The same events at the same moments, whether the journal is written or not."""
    scene = short_scene(tmp_path, 'by = "ben", say = "Not now, later."')
    kept = tmp_path / "kept.toml"
    kept.write_text('keep = "transcript"\n' + scene.read_text("utf-8"), "utf-8")
    for name, path in (("one", scene), ("two", kept)):
        rehearse(RehearsePlan(path, events=tmp_path / f"{name}.jsonl"))
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    with reading(rehearsals_file()) as connection:
        assert [row.level for row in store.sessions(connection)][-1] == "transcript"


def test_a_guide_prompt_never_overlaps_a_turn(tmp_path: Path) -> None:
    """Read from the event stream of a whole dialogue."""
    _, events = run(scenes_folder() / "first_appreciation.toml", tmp_path)
    prompts = [
        (float(a["t"]), float(b["t"]))  # type: ignore[arg-type]
        for a, b in zip(
            [e for e in events if e["event"] == "prompt_started"],
            [e for e in events if e["event"] == "prompt_finished"],
            strict=True,
        )
    ]
    turns = [(float(e["start"]), float(e["end"])) for e in events if e["event"] == "turn_ended"]  # type: ignore[arg-type]
    assert turns
    assert not [(p, t) for p in prompts for t in turns if p[0] < t[1] - 0.05 and t[0] < p[1] - 0.05]


def test_a_scene_that_nobody_answers_is_reported_not_endless(tmp_path: Path) -> None:
    outcome, _ = run(short_scene(tmp_path, 'by = "ben", at = "thanks", say = "Too early."'), tmp_path)
    assert outcome.reason == "stalled"
    assert any("'invite'" in problem and "thanks" in problem for problem in outcome.problems)


def test_keys_alone_lead_on_without_a_recogniser(tmp_path: Path) -> None:
    outcome, events = run(short_scene(tmp_path, 'key = "n"', "none"), tmp_path)
    assert outcome.problems == []
    assert [e["by"] for e in events if e["event"] == "reply"] == ["key"]


@pytest.mark.parametrize("answer", ["No.", "Yes."])
def test_the_answer_recogniser_hears_a_synthetic_yes_and_no(answer: str, tmp_path: Path) -> None:
    """pocketsphinx on real sound: it may ask again, but it never takes one for the other."""
    pytest.importorskip("pocketsphinx")
    scene = short_scene(tmp_path, f'by = "ben", say = "{answer}"', "answers")
    _, events = run(scene, tmp_path)
    meanings = {str(e["meaning"]) for e in events if e["event"] == "reply" and e["step"] == "invite"}
    wrong = "no" if answer == "Yes." else "yes"
    assert wrong not in meanings


def test_without_the_guides_voice_the_dialogue_goes_on_by_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One fault says why; each line is given the time to read it."""
    scene = short_scene(tmp_path, 'by = "ben", say = "Not now, later."')
    fetch = PromptCache.fetch

    def broken(self: PromptCache, text: str, *whom: object) -> object:
        if text not in COUPLES_WORDS:
            raise VoiceError("The voice engine is gone.")
        return fetch(self, text, *whom)  # type: ignore[arg-type]

    monkeypatch.setattr(PromptCache, "fetch", broken)
    shown: list[str] = []
    outcome = rehearse(RehearsePlan(scene, events=tmp_path / "e.jsonl", show=shown.append))
    assert outcome.problems == []
    events = events_of(tmp_path / "e.jsonl")
    assert [(e["part"], e["message"]) for e in events if e["event"] == "fault"] == [
        ("voice", "The voice engine is gone.")
    ]
    begun = [float(e["t"]) for e in events if e["event"] == "prompt_started"]  # type: ignore[arg-type]
    ended = [float(e["t"]) for e in events if e["event"] == "prompt_finished"]  # type: ignore[arg-type]
    assert len(begun) == len(ended) >= 4
    assert min(b - a for a, b in zip(begun, ended, strict=True)) >= 0.9
    assert any(line.startswith("Hello Ana") for line in shown)


def test_without_the_couples_voices_a_rehearsal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, text: str) -> None:
        raise VoiceError("The voice engine is gone.")

    monkeypatch.setattr(PromptCache, "fetch", broken)
    with pytest.raises(VoiceError, match="The voice engine is gone"):
        rehearse(RehearsePlan(short_scene(tmp_path, 'by = "ben", say = "No."')))


FAULTY = QUICK.replace("line = [", 'fault = [{{ at_s = {at_s}, kind = "{kind}", for_s = 4.0 }}]\nline = [')


@pytest.mark.parametrize(("kind", "part"), [("loudspeaker_lost", "loudspeaker"), ("microphone_lost", "microphone")])
def test_a_part_that_breaks_while_the_guide_greets_is_told_and_comes_back(kind: str, part: str, tmp_path: Path) -> None:
    """The greeting is cut off, nothing is lost, the dialogue ends as it should."""
    path = tmp_path / "faulty.toml"
    answer = 'by = "ben", say = "Not now, later."'
    path.write_text(FAULTY.format(answer=answer, recogniser="scene", at_s=3.0, kind=kind), encoding="utf-8")
    outcome, events = run(path, tmp_path)
    assert outcome.problems == []
    told = [(e["event"], e["part"]) for e in events if e["event"] in ("fault", "recovered")]
    assert told == [("fault", part), ("recovered", part)]


def test_words_that_nobody_understands_leave_the_answer_to_the_keys(tmp_path: Path) -> None:
    """The recogniser is out of order from before the first question until after it."""
    path = tmp_path / "faulty.toml"
    fault = FAULTY.replace("for_s = 4.0", "for_s = 600.0")
    path.write_text(
        fault.format(answer='key = "n"', recogniser="scene", at_s=1.0, kind="recogniser_failed"), encoding="utf-8"
    )
    outcome, events = run(path, tmp_path)
    assert outcome.problems == []
    assert [e["by"] for e in events if e["event"] == "reply"] == ["key"]
    assert not [e for e in events if e["event"] == "transcript" and e["text"]]


def test_a_recording_of_nothing_is_refused_for_enrolment(tmp_path: Path) -> None:
    import soundfile as sf

    sf.write(tmp_path / "zero.wav", np.zeros(0, np.float32), HEAR_HZ)
    with pytest.raises(FileError):
        read_sound(tmp_path / "zero.wav")


def without(folder: Path, lines: str, steps: list[str]) -> Outcome:
    """A scene that is offered a model, with the fixture recogniser beside it."""
    (folder / "recogniser").symlink_to(scenes_folder() / "recogniser")
    path = folder / "without.toml"
    path.write_text(WITHOUT.replace("LINES", lines).replace("STEPS", json.dumps(steps)), encoding="utf-8")
    return rehearse(RehearsePlan(path))


def test_no_and_no_again_goes_on_without_a_model(tmp_path: Path) -> None:
    lines = '{ by = "ana", at = "offer", say = "No." }, { by = "ben", at = "smaller", say = "No, thanks." },'
    outcome = without(tmp_path, lines, ["why", "offer", "smaller", "not_now", "meanwhile", "invite", "another_day"])
    assert outcome.problems == []
    assert outcome.counts.get("task_progress") is None


def test_a_download_that_is_cancelled_half_way_goes_on_without_it(tmp_path: Path) -> None:
    lines = """{ by = "ana", at = "offer", say = "Yes." }, { by = "ben", at = "english", say = "Yes." },
        { by = "ana", at = "fetch", after_s = 12.0, say = "Skip." },"""
    outcome = without(tmp_path, lines, ["offer", "english", "fetch", "cancelled", "meanwhile", "invite", "another_day"])
    assert outcome.problems == []
    assert 25 <= outcome.counts["task_progress"] < 90
    assert "guide.quarter_here" in outcome.prompts
    assert "model.try" not in outcome.prompts


def test_a_scene_names_a_model_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(WITHOUT.replace("LINES", "").replace("STEPS", "[]"), encoding="utf-8")
    with pytest.raises(SceneError) as caught:
        read_scene(path)
    assert "hub.folder: there is no speech model in recogniser" in str(caught.value)


HALF_HOUR_S = 1800.0


def test_the_guide_leaves_the_time_to_the_couple(tmp_path: Path) -> None:
    """Of a first full dialogue of half an hour at most 30 % is the guide's own speech (domain, criterion 5).

    The scene's couple says a sentence where others tell for minutes, so its own time is no measure.
    """
    rehearse(RehearsePlan(find_scene("full_dialogue"), events=tmp_path / "events.jsonl"))
    spoken_s, since = 0.0, 0.0
    for event in events_of(tmp_path / "events.jsonl"):
        if event["event"] == "prompt_started":
            since = float(event["t"])  # type: ignore[arg-type]
        elif event["event"] == "prompt_finished":
            spoken_s += float(event["t"]) - since  # type: ignore[arg-type]
    assert 60.0 < spoken_s <= 0.3 * HALF_HOUR_S
