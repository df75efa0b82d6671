"""Kept voices: any name, only numbers, nobody else's eyes, and nothing left when they are forgotten."""

from __future__ import annotations

import datetime
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_voices import ANA, BEN, MadeVoice, Samples, scene, silence

from voice_imago.engines.voiceprint_enrolment import VoiceModel, learn_voice
from voice_imago.errors import FileError, UsageError
from voice_imago.runtime import profiles
from voice_imago.runtime.profiles import Profile, forget, forget_all, load, names, save

DAY = datetime.date(2025, 3, 1)
NAMES = [
    "Ana",
    'An"a',
    "O'Brien",
    "../../etc/passwd",
    "a/b\\c",
    "👩‍❤️‍👨",
    "אנה",
    "آنا محمد",
    "A\N{RIGHT-TO-LEFT OVERRIDE}na",
    "x" * 200,
    "ü" * 200,
    ".",
    "..",
    "CON",
    "-rf *",
    "Ana\x00Ben",
    "A\nB",
    "\udcff",
]
posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")


def recording(voice: MadeVoice) -> Samples:
    return scene(silence(0.3), replace(voice, seed=voice.seed + 10).speaks(8.0), silence(0.3))


@pytest.fixture(scope="module")
def ana() -> VoiceModel:
    return learn_voice(recording(ANA))


@pytest.fixture(scope="module")
def ben() -> VoiceModel:
    return learn_voice(recording(BEN), embedding=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICE_IMAGO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def voices(home: Path) -> Path:
    return home / "data" / "voices"


def same(one: VoiceModel | None, other: VoiceModel) -> bool:
    return one is not None and np.array_equal(one.mixture.linear, other.mixture.linear)


def left_over(home: Path) -> list[Path]:
    return sorted(home.rglob("*")) if home.exists() else []


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# ---------------------------------------------------------------------- keeping


@pytest.mark.usefixtures("home")
def test_a_kept_voice_comes_back(ana: VoiceModel, ben: VoiceModel) -> None:
    save("Ana", ana)
    save("Ben", ben)

    assert same(load("Ana"), ana)
    assert same(load("Ben"), ben)


def test_nobody_is_known_before_a_voice_was_kept(home: Path) -> None:
    assert load("Ana") is None
    assert names() == []
    assert not forget("Ana")
    assert not forget_all()
    assert left_over(home) == []


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_can_keep_a_voice_and_forget_it(name: str, home: Path, voices: Path, ben: VoiceModel) -> None:
    save(name, ben, today=DAY)

    assert same(load(name), ben)
    assert [profile.speech_s for profile in names()] == [round(ben.speech_s, 1)]
    assert all(path.parent == voices for path in left_over(home) if path.is_file())
    assert forget(name)
    assert load(name) is None
    assert left_over(home) in ([], [home])


@pytest.mark.usefixtures("home")
def test_names_are_told_as_they_were_written_with_day_and_seconds(ana: VoiceModel, ben: VoiceModel) -> None:
    save("Zoë", ana, today=DAY)
    save("ben", ben, today=datetime.date(2025, 3, 2))

    assert names() == [
        Profile("ben", "2025-03-02", round(ben.speech_s, 1)),
        Profile("Zoë", "2025-03-01", round(ana.speech_s, 1)),
    ]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Ana", "ANA"),
        ("Zoë", "Zoe\N{COMBINING DIAERESIS}"),
        ("Weiß", "WEISS"),
        ("Ana Lu", "  ana   lu "),
        ("Éva", "éva"),
    ],
)
@pytest.mark.usefixtures("home")
def test_one_person_is_one_name(written: str, asked: str, ben: VoiceModel) -> None:
    save(written, ben)

    assert same(load(asked), ben)
    assert forget(asked)
    assert names() == []


@pytest.mark.parametrize(("one", "other"), [("Ana", "Anna"), ("Ana", "Anа"), ("Zoe", "Zoë")], ids=ascii)
@pytest.mark.usefixtures("home")
def test_two_people_are_two_names(one: str, other: str, ana: VoiceModel, ben: VoiceModel) -> None:
    save(one, ana)
    save(other, ben)

    assert same(load(one), ana)
    assert forget(other)
    assert [profile.name for profile in names()] == [one]


@given(name=st.text(max_size=40))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_name_is_kept_inside_the_folder_or_refused(name: str, home: Path, voices: Path, ben: VoiceModel) -> None:
    if not name.split():
        with pytest.raises(UsageError, match="needs a name"):
            save(name, ben)
        return
    save(name, ben)
    assert len(list(voices.iterdir())) == 2
    assert len(names()) == 1
    assert forget(name)
    assert [path for path in left_over(home) if path.is_file()] == []


@pytest.mark.usefixtures("home")
def test_a_voice_learnt_anew_takes_the_place_of_the_old_one(ana: VoiceModel, ben: VoiceModel) -> None:
    save("Ana", ben, today=DAY)
    save("ANA", ana, today=datetime.date(2025, 4, 1))

    assert same(load("Ana"), ana)
    assert [(profile.name, profile.kept) for profile in names()] == [("ANA", "2025-04-01")]


# ---------------------------------------------------------------------- what is in the files


def test_nothing_of_the_sound_is_in_the_files(voices: Path) -> None:
    sound = recording(ANA)
    save("Ana", learn_voice(sound))
    content = b"".join(path.read_bytes() for path in voices.iterdir())

    assert not _holds(content, sound)
    with_sound = io.BytesIO()
    np.savez(with_sound, sound=(sound * 32767).astype(np.int16))
    assert _holds(with_sound.getvalue(), sound)  # so it would have been found


def _holds(content: bytes, sound: Samples) -> bool:
    """Whether any millisecond of the sound is there, as any of the usual numbers."""
    loudest = sound[16_000:16_512]
    kinds = (loudest, loudest.astype(np.float64), (loudest * 32767).astype(np.int16))
    pieces = [kind[n : n + 16].tobytes() for kind in kinds for n in range(0, 496, 8)]
    return any(piece in content for piece in pieces)


def test_the_files_are_not_compressed_so_that_the_test_before_sees_through_them(voices: Path, ben: VoiceModel) -> None:
    save("Ben", ben)
    content = b"".join(path.read_bytes() for path in voices.iterdir())

    assert ben.mixture.constant.tobytes() in content


def test_no_file_name_tells_whose_voice_it_is(voices: Path, ana: VoiceModel) -> None:
    save("Anastasia", ana)

    assert not any("ana" in path.name.lower() for path in voices.iterdir())


@posix
def test_only_their_owner_can_read_the_voices(voices: Path, ana: VoiceModel) -> None:
    voices.mkdir(parents=True, mode=0o755)
    before = os.umask(0)
    try:
        save("Ana", ana)
    finally:
        os.umask(before)

    assert stat.S_IMODE(voices.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in voices.iterdir()} == {0o600}


# ---------------------------------------------------------------------- forgetting


def test_forgetting_leaves_no_file_and_no_folder(home: Path, ana: VoiceModel, ben: VoiceModel) -> None:
    save("Ana", ana)
    save("Ben", ben)

    assert forget("Ana")
    assert [profile.name for profile in names()] == ["Ben"]
    assert forget("Ben")
    assert left_over(home) in ([], [home])


def test_forgetting_everybody_leaves_no_file_and_no_folder(home: Path, ana: VoiceModel, ben: VoiceModel) -> None:
    save("Ana", ana)
    save("Ben", ben)

    assert forget_all()
    assert left_over(home) in ([], [home])
    assert not forget_all()


def test_half_a_file_of_a_process_that_died_is_forgotten_too(home: Path, voices: Path, ana: VoiceModel) -> None:
    save("Ana", ana)
    key = next(voices.glob("*.npz")).stem
    for name in (f".{key}.npz.123.part", f".{key}.json.77.part"):
        (voices / name).write_bytes(b"half a voice")

    assert [profile.name for profile in names()] == ["Ana"]
    assert forget("Ana")
    assert left_over(home) in ([], [home])


def test_forgetting_voices_leaves_other_things_alone(home: Path, voices: Path, ana: VoiceModel) -> None:
    save("Ana", ana)
    (home / "data" / "models").mkdir()
    (voices / "notes.txt").write_text("mine")

    assert forget_all()
    assert sorted(path.name for path in left_over(home)) == ["data", "models", "notes.txt", "voices"]


# ---------------------------------------------------------------------- damage


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x00" * 5000], ids=["empty", "cut off", "zeros"])
def test_a_damaged_voice_is_one_sentence_and_can_be_forgotten(content: bytes, voices: Path, ana: VoiceModel) -> None:
    save("Ana", ana)
    next(voices.glob("*.npz")).write_bytes(content)

    with pytest.raises(FileError, match="The kept voice of Ana cannot be used") as told:
        load("Ana")
    assert "\n" not in told.value.message
    assert told.value.hint
    assert forget("Ana")
    assert load("Ana") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 50_000,
        b"\xff\xfe",
        b'{"name": "Ben", "kept": "2025-03-01", "speech_s": 8.0}',
        b'{"name": "Ana", "kept": "soon", "speech_s": 8.0}',
        b'{"name": "Ana", "kept": "2025-03-01", "speech_s": []}',
        b'{"name": "", "kept": "2025-03-01", "speech_s": 1}',
    ],
    ids=["empty", "cut off", "no table", "deep", "no text", "another name", "no day", "no number", "no name"],
)
def test_a_voice_whose_name_is_lost_is_listed_without_one_and_still_used(
    content: bytes, voices: Path, ana: VoiceModel
) -> None:
    save("Ana", ana)
    next(voices.glob("*.json")).write_bytes(content)

    assert names() == [Profile("", "", 0.0)]
    assert same(load("Ana"), ana)
    assert forget("Ana")


def test_a_long_or_turning_name_is_shown_short_and_straight(voices: Path, ana: VoiceModel) -> None:
    name = "A\N{RIGHT-TO-LEFT OVERRIDE}\x1b[31m" + "x" * 200
    save(name, ana)
    next(voices.glob("*.npz")).write_bytes(b"")

    with pytest.raises(FileError) as told:
        load(name)
    about = told.value.message.split(" cannot be used")[0]
    assert about.isprintable()
    assert len(about) < 100


@posix
def test_a_full_disk_is_one_sentence_and_keeps_the_earlier_voice(home: Path, ana: VoiceModel, ben: VoiceModel) -> None:
    save("Ana", ben, today=DAY)
    before = left_over(home)

    for size in (10, 2000):
        with disk_full_after(size), pytest.raises(FileError, match=r"The voice of Ana cannot be kept in .*too large"):
            save("Ana", ana)

    assert same(load("Ana"), ben)
    assert [profile.kept for profile in names()] == ["2025-03-01"]
    assert left_over(home) == before


@posix
def test_a_full_disk_leaves_nothing_of_a_new_voice(home: Path, ana: VoiceModel) -> None:
    with disk_full_after(2000), pytest.raises(FileError):
        save("Ana", ana)

    assert left_over(home) in ([], [home])


def test_a_file_in_the_place_of_the_folder_is_one_sentence(home: Path, ana: VoiceModel) -> None:
    home.mkdir()
    (home / "data").write_text("not a folder")

    with pytest.raises(FileError, match="cannot be kept in"):
        save("Ana", ana)
    with pytest.raises(FileError, match="cannot be read"):
        names()


# ---------------------------------------------------------------------- links


@posix
def test_no_voice_is_read_through_a_link(voices: Path, tmp_path: Path, ana: VoiceModel) -> None:
    save("Ana", ana)
    path = next(voices.glob("*.npz"))
    elsewhere = path.rename(tmp_path / "elsewhere.npz")
    path.symlink_to(elsewhere)

    with pytest.raises(FileError, match="is a link to somewhere else"):
        load("Ana")
    assert forget("Ana")
    assert elsewhere.exists()


@posix
def test_no_voice_is_written_through_a_link(voices: Path, tmp_path: Path, ana: VoiceModel, ben: VoiceModel) -> None:
    save("Ana", ana)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for path in list(voices.iterdir()):
        path.unlink()
        path.symlink_to(precious)

    save("Ana", ben)

    assert precious.read_text() == "precious"
    assert same(load("Ana"), ben)


@posix
def test_a_linked_folder_is_not_followed(home: Path, tmp_path: Path, ana: VoiceModel) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ("0" * 32 + ".npz")).write_text("precious")
    (home / "data").mkdir(parents=True)
    (home / "data" / "voices").symlink_to(elsewhere)

    for act in (lambda: save("Ana", ana), lambda: load("Ana"), names, lambda: forget("Ana"), forget_all):
        with pytest.raises(FileError, match="is a link, which is not followed"):
            act()
    assert len(list(elsewhere.iterdir())) == 1


def test_the_door_is_what_it_says() -> None:
    assert set(profiles.__all__) == {"Profile", "forget", "forget_all", "load", "names", "save"}
