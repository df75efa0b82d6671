"""A scene that is wrong is refused with every problem in it; nothing in a scene file can crash the program."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_imago.dialogue.slots import Slot
from voice_imago.errors import SceneError
from voice_imago.runtime.scene import Fault, find_scene, part_of, read_scene, scenes_folder

HEAD = 'title = "x"\ndialogue = "appreciation"\n'
PARTNERS = 'partners = { ana = { voice = "en-us" }, ben = { voice = "en-gb" } }\n'


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "scene.toml"
    path.write_text(text, encoding="utf-8")
    try:
        read_scene(path)
    except SceneError as error:
        return [problem.strip() for problem in error.problems]
    return []


def test_what_is_known_beforehand_is_told_to_the_dialogue(tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    known = (
        'known = { dialogues = 6, deep = true, notice = false, emergency = "one one two", due = ["tea", "a walk"] }\n'
    )
    path.write_text(HEAD + PARTNERS + known, encoding="utf-8")

    assert read_scene(path).slots == {
        "dialogues": Slot("number:6"),
        "deep": Slot("choice:on"),
        "emergency": Slot("words", "one one two"),
        "due": Slot("list", items=("tea", "a walk")),
    }


def test_a_scene_that_knows_nothing_says_so(tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(HEAD + PARTNERS, encoding="utf-8")

    assert read_scene(path).slots == {}


def test_a_good_scene_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, HEAD + PARTNERS + 'line = [{ by = "ana", say = "hello" }]\n') == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("line = 3", "line: must be a list of tables, written [[line]]"),
        ('line = { by = "ana", say = "x" }', "line: must be a list of tables"),
        ('line = ["hello"]', "line 1: Expected `object`, got `str`"),
        ('line = [{ by = 7, say = "x" }]', "line 1: Expected `str`, got `int` - at `$.by`"),
        (
            'line = [{ by = "ana", say = "x", after_s = "soon" }]',
            "line 1: Expected `float`, got `str` - at `$.after_s`",
        ),
        ('line = [{ by = "ana", say = "x", after_s = -1.0 }]', "line 1: Expected `float` >= 0.0 - at `$.after_s`"),
        ('line = [{ by = "ana", say = "x", after_s = inf }]', "line 1: Expected `float` <= 7200.0 - at `$.after_s`"),
        ('line = [{ by = "ana", say = "x", key = "y" }]', "line 1: give exactly one of say, wav or key"),
        ('line = [{ by = "ana", sey = "x" }]', "line 1: Object contains unknown field `sey`"),
        ("fault = 3", "fault: must be a list of tables, written [[fault]]"),
        ('fault = [{ kind = "microphone_lost" }]', "fault 1: Object missing required field `at_s`"),
        ('fault = [{ at_s = 3, kind = "cat" }]', "fault 1: Invalid enum value 'cat' - at `$.kind`"),
        ("[expect]\nstepps = []", "expect: Object contains unknown field `stepps`"),
        ('[expect]\nends = "well"', "expect: Invalid enum value 'well' - at `$.ends`"),
        ("[expect]\ncounts = { interuption = 0 }", "expect.counts.interuption: there is no such event, did you mean"),
        ('[room]\nsnr_db = "loud"', "room: Expected `float`, got `str` - at `$.snr_db`"),
        ('[room]\nnoise = "none.flac"', "room.noise: there is no file none.flac"),
        ('recogniser = "siri"', "recogniser: Invalid enum value 'siri'"),
        ("thinking = 3", "thinking: Expected `str`, got `int`"),
        ("known = 3", "known: Expected `object`, got `int`"),
        ("known = { deap = true }", "known.deap: nothing of that name is known, did you mean deep?"),
        ("known = { dialogues = -1 }", "known: Expected `int` >= 0 - at `$[...]`"),
        ("known = { dialogues = 1.5 }", "known: Expected `bool | int"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    found = problems(tmp_path, HEAD + PARTNERS + text + "\n")
    assert len(found) == 1, found
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    ("partners", "problem"),
    [
        ("partners = 3", "partners: Expected `object`, got `int`"),
        ('partners = ["ana", "ben"]', "partners: Expected `object`, got `array`"),
        ("partners = { ana = {}, ben = {} }", "partners.ana: give a voice or a folder of clips"),
        ('partners = { ana = { voice = "a" }, Ana = { voice = "b" } }', "partners: both have the same name"),
        ('partners = { ana = { voice = "a" }, "7" = { voice = "b" } }', "partners: '7' cannot be spoken as a name"),
        (
            'partners = { ana = { voice = "a", enrol = "n.wav" }, ben = { voice = "b" } }',
            "partners.ana.enrol: there is no",
        ),
        ('partners = { ana = { voice = "a", rate_wpm = 0 }, ben = { voice = "b" } }', "partners: Expected `int` >= 60"),
    ],
)
def test_wrong_partners_are_named(tmp_path: Path, partners: str, problem: str) -> None:
    found = problems(tmp_path, f"{HEAD}{partners}\n")
    assert found
    assert found[0].startswith(problem)


def test_clips_are_looked_for_in_the_partners_folder(tmp_path: Path) -> None:
    clips = 'partners = { ana = { clips = "hers" }, ben = { voice = "en-gb" } }\n'
    text = HEAD + clips + 'line = [{ by = "ana", wav = "one.wav" }]\n'
    assert problems(tmp_path, text) == ["line 1: wav: there is no file one.wav"]
    (tmp_path / "hers").mkdir()
    (tmp_path / "hers" / "one.wav").write_bytes(b"")
    assert problems(tmp_path, text) == []
    scene = read_scene(tmp_path / "scene.toml")
    assert scene.file_of(scene.line[0]) == tmp_path / "hers" / "one.wav"


def test_a_scene_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes('title = "Zo\xeb"'.encode("latin-1"))
    with pytest.raises(SceneError, match="is not a TOML file"):
        read_scene(tmp_path / "latin.toml")
    with pytest.raises(SceneError, match="cannot be read: Is a directory"):
        read_scene(tmp_path)


def test_a_shipped_scene_is_found_by_its_name_and_any_other_by_its_path(tmp_path: Path) -> None:
    assert find_scene("full_dialogue") == scenes_folder() / "full_dialogue.toml"
    own = tmp_path / "mine.toml"
    own.write_text(HEAD + PARTNERS, encoding="utf-8")
    assert find_scene(str(own)) == own
    with pytest.raises(SceneError, match="Did you mean noisy_kitchen"):
        find_scene("noisy_kitchn")


@pytest.mark.parametrize("kind", ["microphone_lost", "loudspeaker_lost", "recogniser_failed"])
def test_a_fault_names_its_part(kind: str) -> None:
    assert part_of(Fault(1.0, kind)) == kind.split("_")[0]  # type: ignore[arg-type]


VALUES = st.recursive(
    st.one_of(st.integers(-5, 5), st.booleans(), st.sampled_from(['"x"', '""', "inf", "nan", "1e9", "1979-05-27"])),
    lambda inner: st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(map(str, items))}]"),
    max_leaves=4,
)
KEYS = st.sampled_from(["title", "dialogue", "partners", "line", "fault", "room", "expect", "recogniser", "thinking"])


@given(st.dictionaries(KEYS, VALUES.map(lambda value: str(value).lower() if isinstance(value, bool) else str(value))))
def test_whatever_stands_in_a_scene_it_is_read_or_refused(values: dict[str, str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        text = "".join(
            f"{key} = {value.replace('True', 'true').replace('False', 'false')}\n" for key, value in values.items()
        )
        problems(Path(folder), text)
