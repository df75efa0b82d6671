"""Weights, enrolment and calibration of the voiceprints."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from made_voices import ANA, BEN, HZ, MadeVoice, Samples, scene, silence

from voice_imago.engines import voiceprint_enrolment, voiceprint_weights
from voice_imago.engines.ports import VoiceOpinion
from voice_imago.engines.voiceprint_appearance import AppearanceVoiceprint
from voice_imago.engines.voiceprint_encoder import Encoder, whole_windows
from voice_imago.engines.voiceprint_enrolment import check_enrolment, make_voiceprint
from voice_imago.engines.voiceprint_gmm import GmmVoiceprint, fit_mixture
from voice_imago.engines.voiceprint_resemblyzer import ResemblyzerVoiceprint, calibrate
from voice_imago.engines.voiceprint_spectra import Cepstra, Spectra, encoder_filters
from voice_imago.engines.voiceprint_weights import Weights, _Unpickler, read_weights, weights_file
from voice_imago.errors import ModelError

installed = pytest.mark.skipif(weights_file() is None, reason="the package resemblyzer is not installed")


def enrolment(voice: MadeVoice, seconds: float = 12.0) -> Samples:
    return scene(silence(0.3), replace(voice, seed=voice.seed + 10).speaks(seconds), silence(0.3))


@pytest.fixture(scope="module")
def weights() -> Weights:
    path = weights_file()
    if path is None:
        pytest.skip("the package resemblyzer is not installed")
    return read_weights(path)


# ---------------------------------------------------------------------- weights


def test_the_weights_are_the_encoders(weights: Weights) -> None:
    assert weights["lstm.weight_ih_l0"].shape == (1024, 40)
    assert weights["lstm.weight_hh_l2"].shape == (1024, 256)
    assert weights["linear.weight"].shape == (256, 256)
    assert all(np.isfinite(array).all() for array in weights.values())


@installed
def test_weights_that_were_changed_are_not_opened(tmp_path: Path) -> None:
    source = weights_file()
    assert source is not None
    path = tmp_path / "pretrained.pt"
    path.write_bytes(source.read_bytes()[:-1] + b"x")

    with pytest.raises(ModelError, match="not the one this program knows"):
        read_weights(path)


def test_missing_weights_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        read_weights(tmp_path / "pretrained.pt")


class Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("false",)


def test_a_pickle_that_wants_to_run_something_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    path.write_bytes(pickle.dumps(Runs(), protocol=2))

    with path.open("rb") as file, pytest.raises(pickle.UnpicklingError, match="no place in a file of weights"):
        _Unpickler(file).load()


def test_the_graph_computes_what_the_formulas_say(weights: Weights) -> None:
    """LSTM after LSTM in plain numpy, as torch documents it, against our hand-written graph."""
    mel = np.random.default_rng(0).random((120, 41)).astype(np.float32) * 0.1
    mel[:, -1] = 1.0  # loud enough not to be lifted

    hidden = mel[:, :-1]
    for n in range(3):
        hidden = _lstm(hidden, weights, n)
    raw = np.maximum(0.0, hidden[-1] @ weights["linear.weight"].T + weights["linear.bias"])

    expected = raw / np.linalg.norm(raw)
    assert np.abs(Encoder(weights, exact=True).embed([mel])[0] - expected).max() < 1e-5
    assert float(Encoder(weights).embed([mel])[0] @ expected) > 0.998


def test_an_onnxruntime_without_whole_number_layers_computes_exactly(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = [Encoder(weights).mel(Spectra().push(scene(ANA.speaks(1.3))))]
    exact = Encoder(weights, exact=True).embed(windows)

    monkeypatch.setattr("voice_imago.engines.voiceprint_graph.CONTRIBUTED", "nobody.knows.it")

    assert np.array_equal(Encoder(weights).embed(windows), exact)


def _lstm(rows: np.ndarray, weights: Weights, n: int) -> np.ndarray:
    def sigmoid(x: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 / (1.0 + np.exp(-x)))

    bias = weights[f"lstm.bias_ih_l{n}"] + weights[f"lstm.bias_hh_l{n}"]
    h = c = np.zeros(256, np.float32)
    out = []
    for row in rows:
        gates = weights[f"lstm.weight_ih_l{n}"] @ row + weights[f"lstm.weight_hh_l{n}"] @ h + bias
        i, f, g, o = np.split(gates, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.array(out)


# ---------------------------------------------------------------------- features


def test_spectra_do_not_depend_on_how_the_sound_was_cut() -> None:
    sound = scene(ANA.speaks(1.0))
    whole = Spectra().push(sound)

    cut = Spectra()
    pieces = [cut.push(piece) for piece in np.array_split(sound, 37)]

    assert np.allclose(np.concatenate(pieces), whole, rtol=1e-5)


def test_cepstra_do_not_depend_on_how_the_hops_came() -> None:
    power = Spectra().push(scene(ANA.speaks(1.0)))
    whole, level_db = Cepstra().push(power)

    cut = Cepstra()
    pieces = [cut.push(piece) for piece in np.array_split(power, 23)]

    assert np.allclose(np.concatenate([p[0] for p in pieces]), whole, atol=1e-4)
    assert len(np.concatenate([p[1] for p in pieces])) == len(level_db) == len(power) - 4


def test_a_steady_tone_has_no_deltas() -> None:
    tone = np.sin(2 * np.pi * 1000.0 * np.arange(HZ) / HZ).astype(np.float32)

    features, _ = Cepstra().push(Spectra().push(tone))

    assert np.abs(features[:, 19:]).max() < 1e-2


def test_the_encoders_filters_lie_where_librosas_do() -> None:
    """Slaney's scale: linear to 1 kHz, the top filter ends at 8 kHz, each has area 2 / width."""
    filters = encoder_filters()
    peaks_hz = filters.argmax(axis=0) * 40.0

    assert filters.shape == (201, 40)
    assert np.diff(peaks_hz[:12]).std() < 45.0
    assert 6800.0 < peaks_hz[-1] < 7800.0
    assert filters.max() == pytest.approx(2.0 / 149.0, rel=0.15)


# ---------------------------------------------------------------------- mixtures


def test_a_mixture_finds_two_clouds() -> None:
    random = np.random.default_rng(1)
    data = np.concatenate([random.normal(-5, 1, (300, 4)), random.normal(5, 1, (300, 4))]).astype(np.float32)

    mixture = fit_mixture(data, 2)

    inside, outside = mixture.log_likelihood(data).mean(), mixture.log_likelihood(np.zeros((1, 4), np.float32))[0]
    assert inside > outside + 5.0


def test_fitting_is_the_same_each_time() -> None:
    data = np.random.default_rng(2).normal(0, 1, (500, 6)).astype(np.float32)

    one, two = fit_mixture(data), fit_mixture(data)

    assert (one.linear == two.linear).all()
    assert (one.constant == two.constant).all()


def test_identical_hops_do_not_collapse_a_mixture() -> None:
    mixture = fit_mixture(np.ones((200, 6), np.float32))

    assert np.isfinite(mixture.log_likelihood(np.ones((3, 6), np.float32))).all()


def test_without_enrolment_there_is_no_opinion() -> None:
    assert GmmVoiceprint().frame_llr(ANA.speaks(0.1)[:512]) is None


# ---------------------------------------------------------------------- windows and calibration


@pytest.mark.parametrize(
    ("hops", "windows"),
    [
        (20, [(0, 20)]),
        (120, [(0, 120)]),
        (121, [(0, 120), (1, 121)]),
        (200, [(0, 120), (40, 160), (80, 200)]),
        (210, [(0, 120), (40, 160), (80, 200), (90, 210)]),
    ],
)
def test_windows_cover_a_whole_stretch(hops: int, windows: list[tuple[int, int]]) -> None:
    assert whole_windows(hops) == windows


def test_a_calibration_is_fair_to_both() -> None:
    random = np.random.default_rng(4)
    axes = np.eye(256, dtype=np.float32)
    first, second = (random.normal(0, 0.05, (20, 256)).astype(np.float32) + axes[n] for n in (0, 1))
    first, second = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (first, second))

    calibration = calibrate(first, second)

    assert (calibration.nats(calibration.cosines(first)) > 0).all()
    assert (calibration.nats(calibration.cosines(second)) < 0).all()
    assert calibration.usual[0] == pytest.approx(calibration.cosines(first)[:, 0].mean(), abs=1e-6)


def windows_of(voiceprint: ResemblyzerVoiceprint, sound: Samples) -> list[VoiceOpinion]:
    found: list[VoiceOpinion] = []
    for begin in range(0, len(sound) - 512, 512):
        voiceprint.frame_llr(sound[begin : begin + 512])
        found += voiceprint.windows()
    return [*found, *voiceprint.finish()]


@installed
def test_in_a_monologue_most_windows_are_left_out_but_none_of_it_is_unheard() -> None:
    voiceprint = ResemblyzerVoiceprint()
    voiceprint.enrol(enrolment(ANA), enrolment(BEN))

    found = windows_of(voiceprint, scene(replace(ANA, seed=62).speaks(24.0)))

    assert len(found) < 35  # all would be 57
    assert found[0].start_sample == 0
    assert found[-1].end_sample > 23.8 * HZ
    assert all(after.start_sample <= before.end_sample for before, after in pairwise(found))
    assert all(opinion.llr > 0.0 for opinion in found)


@installed
def test_another_voice_without_a_pause_brings_the_windows_back() -> None:
    voiceprint = ResemblyzerVoiceprint()
    voiceprint.enrol(enrolment(ANA), enrolment(BEN))
    sound = scene(replace(ANA, seed=63).speaks(12.0), replace(BEN, seed=64).speaks(4.0))

    found = windows_of(voiceprint, sound)

    after = [opinion for opinion in found if opinion.end_sample > 12.3 * HZ]
    assert after[0].end_sample < 12.8 * HZ
    assert next(opinion.end_sample for opinion in after if opinion.llr < 0.0) < 13.3 * HZ


STRANGER = MadeVoice(pitch_hz=420.0, tract=0.7, seed=5)


@installed
def test_a_third_voice_is_unfamiliar_once_the_session_is_under_way() -> None:
    voiceprint = ResemblyzerVoiceprint()
    voiceprint.enrol(enrolment(ANA), enrolment(BEN))
    partners = [windows_of(voiceprint, scene(replace(v, seed=60).speaks(6.0))) for v in (ANA, BEN)]

    stranger = windows_of(voiceprint, scene(STRANGER.speaks(4.0)))

    assert all(np.mean([o.strangeness for o in opinions]) < 0.5 for opinions in partners)
    assert stranger
    assert all(opinion.strangeness > 1.0 for opinion in stranger)


@installed
def test_a_noisy_room_does_not_make_the_partners_strangers() -> None:
    """Enrolled in the quiet, they speak 5 dB above the noise; then everybody is far from the enrolments."""
    voiceprint = ResemblyzerVoiceprint()
    voiceprint.enrol(enrolment(ANA), enrolment(BEN))
    noise = np.random.default_rng(6).normal(0.0, 10.0 ** (-29.0 / 20.0), 20 * HZ).astype(np.float32)
    for voice in (ANA, BEN, ANA, BEN):
        speech = replace(voice, seed=61).speaks(5.0)
        opinions = windows_of(voiceprint, speech + noise[: len(speech)])
        assert np.mean([opinion.strangeness for opinion in opinions]) < 0.75


@installed
def test_voices_are_told_apart_in_the_order_of_appearance() -> None:
    voiceprint = AppearanceVoiceprint()

    def opinion(voice: MadeVoice, seed: int) -> float:
        sound = scene(replace(voice, seed=seed).speaks(4.0))
        found = []
        for begin in range(0, len(sound) - 512, 512):
            voiceprint.frame_llr(sound[begin : begin + 512])
            found += voiceprint.windows()
        return float(np.mean([o.llr for o in [*found, *voiceprint.finish()]]))

    ben, ana = opinion(BEN, 31), opinion(ANA, 32)
    assert ben > 0.0
    assert opinion(ANA, 33) < 0.0
    assert opinion(BEN, 34) > 0.0
    assert ana < ben


# ---------------------------------------------------------------------- enrolment


def test_good_recordings_have_no_faults() -> None:
    assert check_enrolment(enrolment(ANA), enrolment(BEN)) == []


def test_each_fault_names_its_partner() -> None:
    good, short = enrolment(ANA), scene(BEN.speaks(2.0))
    quiet = enrolment(replace(BEN, level_db=-75.0))
    clipped = np.clip(enrolment(BEN) * 40.0, -1.0, 1.0).astype(np.float32)

    assert check_enrolment(good, short) == ["too_short:1"]
    assert check_enrolment(short, good) == ["too_short:0"]
    assert "too_quiet:1" in check_enrolment(good, quiet)
    assert "clipped:1" in check_enrolment(good, clipped)


@pytest.mark.parametrize("weights_here", [True, False])
def test_one_voice_for_both_partners_is_noticed(weights_here: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not weights_here:
        monkeypatch.setattr(voiceprint_enrolment, "weights_file", lambda: None)
    elif weights_file() is None:
        pytest.skip("the package resemblyzer is not installed")

    first, second = np.array_split(enrolment(ANA, 24.0), 2)

    assert check_enrolment(first, second) == ["too_alike"]
    assert check_enrolment(first, first) == ["too_alike"]


@pytest.mark.parametrize(
    "sound",
    [np.zeros(12 * HZ, np.float32), np.ones(12 * HZ, np.float32), np.zeros(0, np.float32), np.zeros(10, np.float32)],
    ids=["zeros", "full scale", "empty", "ten samples"],
)
def test_recordings_without_a_voice_have_faults(sound: Samples) -> None:
    assert check_enrolment(enrolment(ANA), sound)


def test_without_the_wheel_mixtures_alone_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voiceprint_enrolment, "weights_file", lambda: None)

    assert make_voiceprint(enrolment(ANA), enrolment(BEN)).name == "gmm"


def test_damaged_weights_leave_the_mixtures_unless_they_were_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "pretrained.pt"
    path.write_bytes(b"nothing")
    for module in (voiceprint_weights, voiceprint_enrolment):
        monkeypatch.setattr(module, "weights_file", lambda: path)
    monkeypatch.setattr("voice_imago.engines.voiceprint_encoder.weights_file", lambda: path)

    assert make_voiceprint(enrolment(ANA), enrolment(BEN)).name == "gmm"
    with pytest.raises(ModelError, match="not the one this program knows"):
        make_voiceprint(enrolment(ANA), enrolment(BEN), embedding=True)
