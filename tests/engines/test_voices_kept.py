"""Voices learnt one after the other, checked, kept in a file and read again."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_voices import ANA, BEN, HZ, MadeVoice, Samples, scene, silence

from voice_imago.engines import voiceprint_enrolment, voiceprint_file
from voice_imago.engines.voiceprint_enrolment import (
    Enrolled,
    VoiceModel,
    check_voice,
    learn_voice,
    load_voice,
    make_voiceprint,
    save_voice,
    tell_apart,
    too_alike,
)
from voice_imago.engines.voiceprint_gmm import GmmVoiceprint, fit_mixture
from voice_imago.engines.voiceprint_resemblyzer import ResemblyzerVoiceprint
from voice_imago.engines.voiceprint_weights import weights_file
from voice_imago.errors import FileError, ModelError

installed = pytest.mark.skipif(weights_file() is None, reason="the package resemblyzer is not installed")


def enrolment(voice: MadeVoice, seconds: float = 12.0) -> Samples:
    return scene(silence(0.3), replace(voice, seed=voice.seed + 10).speaks(seconds), silence(0.3))


def opinions(voiceprint: Enrolled, sound: Samples) -> list[object]:
    found: list[object] = []
    for begin in range(0, len(sound) - 511, 512):
        found += [voiceprint.frame_llr(sound[begin : begin + 512]), *voiceprint.windows()]
    return [*found, *voiceprint.finish()]


@pytest.fixture(scope="module", params=["mixtures", "voice model"])
def wanted(request: pytest.FixtureRequest) -> bool:
    if request.param == "voice model" and weights_file() is None:
        pytest.skip("the package resemblyzer is not installed")
    return bool(request.param == "voice model")


@pytest.fixture(scope="module")
def ana(wanted: bool) -> VoiceModel:
    return learn_voice(enrolment(ANA), embedding=wanted)


@pytest.fixture(scope="module")
def ben(wanted: bool) -> VoiceModel:
    return learn_voice(enrolment(BEN), embedding=wanted)


# ---------------------------------------------------------------------- learning


def test_voices_learnt_alone_give_the_opinions_of_an_enrolment_of_both(
    ana: VoiceModel, ben: VoiceModel, wanted: bool
) -> None:
    both = ResemblyzerVoiceprint() if wanted else GmmVoiceprint()
    both.enrol(enrolment(ANA), enrolment(BEN))
    sound = scene(replace(BEN, seed=40).speaks(2.0))

    expected = opinions(both, sound)

    assert opinions(tell_apart(ana, ben), sound) == expected
    assert opinions(make_voiceprint(enrolment(ANA), enrolment(BEN), embedding=wanted), sound) == expected


def test_a_model_tells_how_much_speech_it_knows_and_how_loud_it_was(ana: VoiceModel) -> None:
    assert ana.speech_s == pytest.approx(12.0, abs=0.7)
    assert ana.level_db == pytest.approx(-24.0, abs=3.0)


@pytest.mark.parametrize("samples", [0, 1, 300, 3000])
def test_hardly_any_sound_cannot_be_learnt(samples: int, wanted: bool) -> None:
    with pytest.raises(ValueError, match="too few"):
        learn_voice(ANA.speaks(1.0)[:samples], embedding=wanted)


def test_half_a_second_can_be_learnt_if_somebody_insists(wanted: bool, ben: VoiceModel) -> None:
    short = learn_voice(ANA.speaks(0.5), embedding=wanted)

    assert tell_apart(short, ben).frame_llr(ANA.speaks(0.5)[:512]) is None  # deltas wait for two more hops
    assert isinstance(too_alike(short, ben), bool)


@installed
def test_a_voice_learnt_without_the_voice_model_is_told_apart_by_mixtures() -> None:
    without, with_ = learn_voice(enrolment(ANA), embedding=False), learn_voice(enrolment(BEN), embedding=True)

    assert tell_apart(without, with_).name == "gmm"
    assert tell_apart(with_, without).name == "gmm"


@installed
def test_when_the_voice_model_is_gone_mixtures_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    models = [learn_voice(enrolment(voice)) for voice in (ANA, BEN)]

    def gone() -> None:
        raise ModelError("gone")

    monkeypatch.setattr(voiceprint_enrolment, "installed_encoder", gone)

    assert tell_apart(models[0], models[1]).name == "gmm"
    assert learn_voice(enrolment(ANA)).vectors is None
    with pytest.raises(ModelError, match="gone"):
        learn_voice(enrolment(ANA), embedding=True)


def test_one_voice_twice_is_too_alike_and_two_voices_are_not(ana: VoiceModel, ben: VoiceModel, wanted: bool) -> None:
    halves = [learn_voice(half, embedding=wanted) for half in np.array_split(enrolment(ANA, 24.0), 2)]

    assert too_alike(ana, ana)
    assert too_alike(halves[0], halves[1])
    assert not too_alike(ana, ben)
    assert too_alike(ana, ben) == too_alike(ben, ana)


def test_a_mixture_draws_what_it_learnt() -> None:
    random = np.random.default_rng(1)
    data = np.concatenate([random.normal(-5, 1, (900, 4)), random.normal(5, 2, (300, 4))]).astype(np.float32)

    drawn = fit_mixture(data, 2).draw(4000)

    assert (drawn[:, 0] < 0).mean() == pytest.approx(0.75, abs=0.03)
    assert drawn[drawn[:, 0] > 0].std(axis=0) == pytest.approx([2.0] * 4, abs=0.25)
    assert drawn[drawn[:, 0] < -1].mean(axis=0) == pytest.approx([-5.0] * 4, abs=0.25)


# ---------------------------------------------------------------------- whether a recording will do


def test_what_is_wrong_with_a_recording_is_one_word() -> None:
    good = enrolment(ANA)

    assert check_voice(good) == "good"
    assert check_voice(good, noise_db=-60.0) == "good"
    assert check_voice(scene(ANA.speaks(3.0))) == "too_short"
    assert check_voice(scene(ANA.speaks(3.0)), least_speech_s=2.0) == "good"
    assert check_voice(enrolment(replace(ANA, level_db=-75.0))) == "too_quiet"
    assert check_voice(np.clip(good * 40.0, -1.0, 1.0).astype(np.float32)) == "clipped"


@pytest.mark.parametrize(("above_db", "expected"), [(3.0, "noisy"), (5.0, "noisy"), (9.0, "good")])
def test_speech_that_hardly_rises_above_the_room_is_noisy(above_db: float, expected: str) -> None:
    sound = enrolment(ANA)
    level_db = learn_voice(sound, embedding=False).level_db

    assert check_voice(sound, noise_db=level_db - above_db) == expected


@pytest.mark.parametrize("samples", [0, 1, 399, 12 * HZ])
def test_silence_is_never_good(samples: int) -> None:
    assert check_voice(np.zeros(samples, np.float32)) in ("too_short", "too_quiet")


# ---------------------------------------------------------------------- kept and read again


def test_a_voice_read_again_has_the_same_opinions(tmp_path: Path, ana: VoiceModel, ben: VoiceModel) -> None:
    for model, name in ((ana, "ana"), (ben, "ben")):
        save_voice(model, tmp_path / name)
    sound = scene(replace(ANA, seed=41).speaks(2.0))

    again = tell_apart(load_voice(tmp_path / "ana"), load_voice(tmp_path / "ben"))

    assert again.name == tell_apart(ana, ben).name
    assert opinions(again, sound) == opinions(tell_apart(ana, ben), sound)
    assert load_voice(tmp_path / "ana").speech_s == ana.speech_s
    assert too_alike(load_voice(tmp_path / "ana"), ana)


def test_a_kept_voice_is_private_small_and_replaced_whole(tmp_path: Path, ana: VoiceModel, ben: VoiceModel) -> None:
    path = tmp_path / "voice.npz"
    path.write_bytes(b"old")
    path.chmod(0o644)

    save_voice(ana, path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size < 100_000
    assert [p.name for p in tmp_path.iterdir()] == ["voice.npz"]


def test_the_same_voice_gives_the_same_file(tmp_path: Path, ana: VoiceModel) -> None:
    save_voice(ana, tmp_path / "one")
    save_voice(load_voice(tmp_path / "one"), tmp_path / "two")

    arrays = [np.load(tmp_path / name) for name in ("one", "two")]
    assert arrays[0].files == arrays[1].files
    assert all(np.array_equal(arrays[0][name], arrays[1][name]) for name in arrays[0].files)


def test_no_sound_is_in_the_file(tmp_path: Path, ana: VoiceModel) -> None:
    """Nothing in it is as long as the recording, in samples or in hops."""
    save_voice(ana, tmp_path / "voice")

    with np.load(tmp_path / "voice") as arrays:
        assert max(max(array.shape, default=1) for array in arrays.values()) < 300


def test_a_file_left_by_a_process_that_died_does_not_stand_in_the_way(tmp_path: Path, ana: VoiceModel) -> None:
    (tmp_path / f".voice.{os.getpid()}.part").write_bytes(b"half")

    save_voice(ana, tmp_path / "voice")

    assert [p.name for p in tmp_path.iterdir()] == ["voice"]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path, ana: VoiceModel) -> None:
    with pytest.raises(FileError, match=r"cannot be saved as .*: No such file or directory"):
        save_voice(ana, tmp_path / "gone" / "voice")


def test_a_full_disk_leaves_the_old_voice(
    tmp_path: Path, ana: VoiceModel, ben: VoiceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "voice"
    save_voice(ana, path)
    before = path.read_bytes()

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(FileError, match="No space left"):
        save_voice(ben, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["voice"]


@installed
def test_vectors_of_another_voice_model_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = learn_voice(enrolment(ANA))
    with monkeypatch.context() as older:
        older.setattr(voiceprint_file, "SHA256", "0" * 64)
        save_voice(model, tmp_path / "old")
        assert load_voice(tmp_path / "old").vectors is not None

    again = load_voice(tmp_path / "old")

    assert again.vectors is None
    assert np.array_equal(again.mixture.linear, model.mixture.linear)
    assert tell_apart(again, learn_voice(enrolment(BEN))).name == "gmm"


# ---------------------------------------------------------------------- files that are no voices


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, ana: VoiceModel) -> bytes:
    path = tmp_path_factory.mktemp("kept") / "voice"
    save_voice(ana, path)
    return path.read_bytes()


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        load_voice(path)
    assert str(path) in caught.value.message
    assert caught.value.message.endswith(".")
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"not a voice", "it is damaged"),
        (bytes(5_000_000), "it is too big"),
        (b"PK\x05\x06" + bytes(18), "it holds something else"),
        (b"PK\x03\x04" + bytes(40), "it is damaged"),
    ],
    ids=["empty", "text", "huge", "empty archive", "head of an archive"],
)
def test_a_foreign_file_is_one_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    assert why in refused(tmp_path / "voice", content)


def test_a_missing_voice_a_folder_and_a_pipe_are_one_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "gone", tmp_path, tmp_path / "pipe"):
        with pytest.raises(FileError, match="There is no voice"):
            load_voice(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_voice_of_somebody_else_is_one_sentence(tmp_path: Path, kept: bytes) -> None:
    path = tmp_path / "voice"
    path.write_bytes(kept)
    path.chmod(0)

    with pytest.raises(FileError, match="cannot be read: Permission denied"):
        load_voice(path)


def test_a_torn_file_is_one_sentence_wherever_it_broke_off(tmp_path: Path, kept: bytes) -> None:
    for end in np.linspace(0, len(kept) - 1, 40).astype(int):
        refused(tmp_path / "voice", kept[:end])


def test_flipped_bytes_are_one_sentence_or_do_no_harm(tmp_path: Path, kept: bytes) -> None:
    """The archive has checksums, but not over everything in it."""
    random = np.random.default_rng(5)
    path = tmp_path / "voice"
    refusals = 0
    for _ in range(150):
        content = bytearray(kept)
        for place in random.integers(0, len(content), 3):
            content[place] ^= 1 << int(random.integers(0, 8))
        path.write_bytes(content)
        try:
            model = load_voice(path)
        except FileError:
            refusals += 1
        else:
            assert model.mixture.linear.shape[0] == 38
    assert refusals > 100


def test_a_small_file_that_unpacks_to_a_huge_one_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.npy", bytes(50_000_000))

    assert "it is too big" in refused(path, path.read_bytes())


def test_a_pickled_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil"
    with path.open("wb") as file:
        np.savez(file, kind=np.array([object()], dtype=object))

    assert "it is damaged" in refused(path, path.read_bytes())


Change = Callable[[dict[str, np.ndarray]], None]
CHANGES: dict[str, tuple[Change, str]] = {
    "a later version": (lambda a: a.update(version=np.array(2)), "it was saved in format 2, this program knows 1"),
    "another kind": (lambda a: a.update(kind=np.array("song")), "it holds something else"),
    "no mixture": (lambda a: a.__delitem__("mixture.linear"), "'mixture.linear' is missing or wrong"),
    "a number that is none": (lambda a: a.update({"mixture.constant": a["mixture.constant"] * np.nan}), "missing"),
    "a spread below zero": (lambda a: a.update({"mixture.quadratic": -a["mixture.quadratic"]}), "no mixture"),
    "another size": (lambda a: a.update({"mixture.linear": a["mixture.linear"][:-1]}), "no mixture"),
    "doubles": (lambda a: a.update({"mixture.linear": a["mixture.linear"].astype(float)}), "missing or wrong"),
    "no components": (lambda a: a.update({"first_half.constant": np.zeros(0, np.float32)}), "another size"),
    "speech without end": (lambda a: a.update(speech_s=np.array(np.inf)), "'speech_s' is missing or wrong"),
    "one long vector": (lambda a: a.update(vectors=np.ones((1, 256), np.float32)), "too long"),
    "flat vectors": (lambda a: a.update(vectors=np.zeros(256, np.float32)), "another size"),
    "no vectors": (lambda a: a.update(vectors=np.zeros((0, 256), np.float32)), "another size"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_part_of_the_file_is_checked(tmp_path: Path, kept: bytes, name: str) -> None:
    change, why = CHANGES[name]
    path = tmp_path / "voice"
    path.write_bytes(kept)
    with np.load(path) as arrays:
        content = dict(arrays)
    change(content)
    with path.open("wb") as file:
        np.savez(file, **content)

    assert why in refused(path, path.read_bytes())
