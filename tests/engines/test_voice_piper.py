"""Piper from a model file that is here: a child that stays, is watched, and fetches nothing.

The real package is tried where ``PIPER_PYTHON`` names an interpreter that has ``piper-tts`` and ``onnx``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import Deadline, read_wav
from voice_imago.engines.voice_piper import CHILD, PiperVoice
from voice_imago.errors import VoiceError

TEXT = "Ana, name one thing you value about Ben."
REAL = os.environ.get("PIPER_PYTHON", "")
real = pytest.mark.skipif(not REAL, reason="PIPER_PYTHON names no interpreter with piper-tts")

STANDIN = """
import json, os, sys, time, wave
import numpy as np
log = sys.argv[1]
open(log, "a").write("started\\n")
starts = len(open(log).read().split())
def answer(**fields):
    sys.stdout.write(json.dumps(fields) + "\\n"); sys.stdout.flush()
def save(request, seconds=2.0):
    sound = (8000 * np.sin(np.arange(int(seconds * request["stretch"] * 22050)) * 0.1)).astype("<i2")
    with wave.open(request["target"], "wb") as file:
        file.setnchannels(1); file.setsampwidth(2); file.setframerate(22050); file.writeframes(sound.tobytes())
answer(ready=True)
for line in sys.stdin:
    request = json.loads(line)
"""


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    folder = tmp_path / "voices"
    folder.mkdir()
    describe(folder, "en_GB-tiny")
    return folder


def describe(folder: Path, name: str, **more: object) -> None:
    (folder / f"{name}.onnx").write_bytes(b"a model")
    about = {"audio": {"sample_rate": 22050}, "espeak": {"voice": "en-gb"}, "language": {"code": name[:5]}, **more}
    (folder / f"{name}.onnx.json").write_text(json.dumps(about))


class Standin:
    """A child in Piper's place that does what a test wants with each request."""

    def __init__(self, folder: Path, body: str) -> None:
        self.log = folder / "starts.log"
        script = folder / "child.py"
        script.write_text(STANDIN + "".join(f"    {line}\n" for line in body.strip().split("\n")))
        self.command = (sys.executable, str(script), str(self.log))

    @property
    def starts(self) -> int:
        return len(self.log.read_text().split())


def test_models_are_those_with_a_description_that_need_nothing_else(voices: Path) -> None:
    describe(voices, "de_DE-tiny")
    describe(voices, "zh_CN-tiny", phoneme_type="pinyin")
    (voices / "lonely.onnx").write_bytes(b"")
    (voices / "damaged.onnx").write_bytes(b"")
    (voices / "damaged.onnx.json").write_text("{")
    piper = PiperVoice(voices)
    assert piper.voices() == ["de_DE-tiny", "en_GB-tiny"]
    assert [piper.language(name) for name in piper.voices()] == ["de", "en"]


def test_a_voice_that_is_not_here_is_one_sentence_and_nothing_is_started(voices: Path, tmp_path: Path) -> None:
    standin = Standin(tmp_path, "answer(done=True)")
    with pytest.raises(VoiceError) as caught:
        PiperVoice(voices, standin.command).render(TEXT, VoiceSettings("nobody"), tmp_path / "a.wav")
    assert caught.value.message == "There is no voice 'nobody' on this computer."
    assert not standin.log.exists()


def test_one_child_speaks_all_prompts_at_the_pace_that_is_asked_for(voices: Path, tmp_path: Path) -> None:
    standin = Standin(tmp_path, "save(request); answer(done=True)")
    piper = PiperVoice(voices, standin.command)
    for rate_wpm in (165, 330):
        piper.render(TEXT, VoiceSettings("en_GB-tiny", rate_wpm), tmp_path / f"{rate_wpm}.wav")
    piper.close()
    assert standin.starts == 1
    assert read_wav(tmp_path / "165.wav")[1].size == pytest.approx(2 * read_wav(tmp_path / "330.wav")[1].size, abs=2)


def test_the_voices_of_two_partners_stay_loaded_and_no_third_one_does(voices: Path, tmp_path: Path) -> None:
    describe(voices, "en_US-other")
    describe(voices, "en_US-third")
    standin = Standin(tmp_path, "save(request); answer(done=True)")
    piper = PiperVoice(voices, standin.command)

    def said(*names: str) -> int:
        for name in names:
            piper.render(TEXT, VoiceSettings(name), tmp_path / "a.wav")
        return standin.starts

    assert said("en_GB-tiny", "en_US-other", "en_GB-tiny", "en_US-other") == 2
    assert said("en_US-third", "en_US-other") == 3, "the one that was used longest ago went"
    assert said("en_GB-tiny") == 4
    children = piper._children
    piper.close()
    assert [child.alive for child in children] == [False, False]


@pytest.mark.parametrize("body", ["os._exit(3)", "time.sleep(600)", "print('nonsense', flush=True)"])
def test_a_child_that_dies_hangs_or_babbles_is_replaced_once(voices: Path, tmp_path: Path, body: str) -> None:
    standin = Standin(tmp_path, body)
    piper = PiperVoice(voices, standin.command, Deadline(0.5, 0.0))
    with pytest.raises(VoiceError) as caught:
        piper.render(TEXT, VoiceSettings("en_GB-tiny"), tmp_path / "a.wav")
    piper.close()
    assert "piper" in caught.value.message
    assert standin.starts == 2
    assert not (tmp_path / "a.wav").exists()


def test_a_child_that_dies_once_is_forgiven(voices: Path, tmp_path: Path) -> None:
    standin = Standin(tmp_path, "os._exit(3) if starts == 1 else (save(request), answer(done=True))")
    piper = PiperVoice(voices, standin.command)
    piper.render(TEXT, VoiceSettings("en_GB-tiny"), tmp_path / "a.wav")
    piper.close()
    assert standin.starts == 2


def test_a_wav_that_lies_about_its_length_is_refused(voices: Path, tmp_path: Path) -> None:
    body = """
save(request)
data = open(request["target"], "rb").read()
open(request["target"], "wb").write(data[:-9000])
answer(done=True)
"""
    piper = PiperVoice(voices, Standin(tmp_path, body).command)
    with pytest.raises(VoiceError, match="shorter than its header says"):
        piper.render(TEXT, VoiceSettings("en_GB-tiny"), tmp_path / "a.wav")
    piper.close()


def test_without_the_package_it_says_how_to_get_it(voices: Path, tmp_path: Path) -> None:
    if PiperVoice.installed():
        pytest.skip("piper-tts is installed here")
    with pytest.raises(VoiceError) as caught:
        PiperVoice(voices).render(TEXT, VoiceSettings("en_GB-tiny"), tmp_path / "a.wav")
    assert caught.value.message.startswith("Piper is not installed")
    assert "pip install piper-tts" in caught.value.hint


def test_a_closed_voice_speaks_no_more(voices: Path, tmp_path: Path) -> None:
    piper = PiperVoice(voices, Standin(tmp_path, "answer(done=True)").command)
    piper.close()
    with pytest.raises(VoiceError, match="switched off"):
        piper.render(TEXT, VoiceSettings("en_GB-tiny"), tmp_path / "a.wav")


# ------------------------------------------------------------------ the real one

MODEL = """
import json, sys
from onnx import TensorProto as T, helper as h, save
def const(name, values, kind, shape):
    return h.make_node("Constant", [], [name], value=h.make_tensor(name, kind, shape, values))
nodes = [
    h.make_node("Gather", ["scales", "one"], ["stretch"]), const("one", [1], T.INT64, []),
    h.make_node("Cast", ["input_lengths"], ["count"], to=T.FLOAT), const("hop", [1600.0], T.FLOAT, []),
    h.make_node("Mul", ["count", "hop"], ["plain"]), h.make_node("Mul", ["plain", "stretch"], ["many"]),
    const("axis", [0], T.INT64, [1]), h.make_node("Squeeze", ["many", "axis"], ["samples"]),
    const("zero", [0.0], T.FLOAT, []), const("step", [1.0], T.FLOAT, []),
    h.make_node("Range", ["zero", "samples", "step"], ["n"]), const("w", [0.1], T.FLOAT, []),
    h.make_node("Mul", ["n", "w"], ["phase"]), h.make_node("Sin", ["phase"], ["wave"]),
    const("shape", [1, 1, 1, -1], T.INT64, [4]), h.make_node("Reshape", ["wave", "shape"], ["output"]),
]
graph = h.make_graph(nodes, "tone", [
    h.make_tensor_value_info("input", T.INT64, [1, "t"]), h.make_tensor_value_info("input_lengths", T.INT64, [1]),
    h.make_tensor_value_info("scales", T.FLOAT, [3])],
    [h.make_tensor_value_info("output", T.FLOAT, [1, 1, 1, "n"])])
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)])
model.ir_version = 9
save(model, sys.argv[1])
symbols = {c: [n] for n, c in enumerate("_^$ abcdefghijklmnopqrstuvwxyz,.")}
json.dump({"audio": {"sample_rate": 22050}, "espeak": {"voice": "en-gb"}, "language": {"code": "en_GB"},
           "phoneme_type": "text", "num_symbols": 64, "num_speakers": 1, "phoneme_id_map": symbols,
           "speaker_id_map": {}, "inference": {}}, open(sys.argv[1] + ".json", "w"))
"""


@real
def test_the_real_package_speaks_a_made_model(tmp_path: Path) -> None:
    """The model hums one tone for each letter: no words, but loading, pace and files are real."""
    subprocess.run([REAL, "-c", MODEL, str(tmp_path / "en_GB-tone.onnx")], check=True)
    piper = PiperVoice(tmp_path, (REAL, *CHILD[1:]))
    lengths = []
    for rate_wpm in (165, 110):
        piper.render(TEXT, VoiceSettings("en_GB-tone", rate_wpm), tmp_path / "a.wav")
        rate_hz, sound = read_wav(tmp_path / "a.wav")
        lengths.append(sound.size / rate_hz)
    piper.close()
    assert lengths[1] == pytest.approx(1.5 * lengths[0], rel=0.05)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@real
def test_the_real_package_tells_of_a_damaged_model(voices: Path, tmp_path: Path) -> None:
    piper = PiperVoice(voices, (REAL, *CHILD[1:]))
    with pytest.raises(VoiceError, match="The voice en_GB-tiny cannot be used"):
        piper.render(TEXT, VoiceSettings("en_GB-tiny"), tmp_path / "a.wav")
    piper.close()
