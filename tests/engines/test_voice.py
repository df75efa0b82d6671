"""Speech engines that hang, lie, fall silent or are missing: a whole prompt comes, or one sentence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice_imago.engines import rendering
from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import (
    Deadline,
    clean_text,
    judge,
    plausible_seconds,
    read_wav,
    write_wav16,
)
from voice_imago.engines.voice_chain import PATIENCE, ChainVoice, EngineFailure
from voice_imago.engines.voice_espeak import EspeakVoice
from voice_imago.engines.voice_pyttsx3 import CHILD, Pyttsx3Voice
from voice_imago.errors import VoiceError

TEXT = "Ana, name one thing you value."
SETTINGS = VoiceSettings("en-us")
posix = pytest.mark.skipif(os.name != "posix", reason="process groups and signals of POSIX")

START = """
import json, os, sys, time, wave
with open(sys.argv[1], "a") as log:
    log.write("started\\n")
tries = len(open(sys.argv[1]).readlines())
request = json.loads(sys.stdin.buffer.read())
import numpy as np
sound = (8000 * np.sin(np.arange(2 * 22050) * 0.1)).astype("<i2")
def save(sound, rate=22050, path=request["target"]):
    with wave.open(path, "wb") as file:
        file.setnchannels(1); file.setsampwidth(2); file.setframerate(rate); file.writeframes(sound.tobytes())
def answer(**fields):
    print(json.dumps(fields)); sys.stdout.flush()
"""


class FaultyChild:
    """A child in the place of pyttsx3's that goes wrong in a way written in Python."""

    def __init__(self, folder: Path, body: str) -> None:
        self._log = folder / "tries.log"
        self._script = folder / "child.py"
        self._script.write_text(START + body)
        self.command = [sys.executable, str(self._script), str(self._log)]

    @property
    def tries(self) -> int:
        return len(self._log.read_text().splitlines())

    def voice(self, deadline_s: float = 20.0) -> Pyttsx3Voice:
        return Pyttsx3Voice(self.command, Deadline(deadline_s, 0.0))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "a.wav"


def failure(voice: Pyttsx3Voice, out: Path) -> VoiceError:
    with pytest.raises(VoiceError) as caught:
        voice.render(TEXT, SETTINGS, out)
    assert list(out.parent.iterdir()) == []
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_hanging_engine_is_killed_at_its_deadline_and_tried_once_more(tmp_path: Path, out: Path) -> None:
    child = FaultyChild(tmp_path, "time.sleep(600)")
    error = failure(child.voice(deadline_s=1.0), out)
    assert error.message == "The voice engine pyttsx3 did not finish within 1 seconds."
    assert child.tries == 2


@posix
def test_what_a_hanging_engine_started_is_killed_with_it(tmp_path: Path, out: Path) -> None:
    child = FaultyChild(
        tmp_path,
        f"""
import subprocess
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(tmp_path / "pid")!r}, "w").write(str(grandchild.pid))
time.sleep(600)
""",
    )
    failure(child.voice(deadline_s=2.0), out)
    pid = int((tmp_path / "pid").read_text())
    assert ends(pid), f"Process {pid} lives on."


def ends(pid: int, within_s: float = 20.0) -> bool:
    """Whether the process ends. A killed one still runs for a moment, longer where the processors are busy."""
    status = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if status.read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_an_engine_that_fails_once_is_forgiven(tmp_path: Path, out: Path) -> None:
    child = FaultyChild(tmp_path, "os._exit(1) if tries == 1 else (save(sound), answer(done=True))")
    child.voice().render(TEXT, SETTINGS, out)
    assert read_wav(out)[1].size == 2 * 22050
    assert child.tries == 2


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("os._exit(11)", "broke down (its process ended with code 11)"),
        ("print('Audio saved to x'); answer(done=True)", "broke down (its process ended with code 0)"),
        ("answer(done=True)", "wrote nothing"),
        ("os.remove(request['target']); answer(done=True)", "wrote nothing"),
        ("open(request['target'], 'w').write('<html>' * 999); answer(done=True)", "not sound"),
        ("save(0 * sound); answer(done=True)", "wrote silence"),
        ("save(sound // 100); answer(done=True)", "wrote silence"),
        ("save(sound[:1000]); answer(done=True)", "dropped words: 0.0 s"),
        ("save(np.tile(sound, 100)); answer(done=True)", "ran on: 200.0 s"),
        (
            "save(sound); data = open(request['target'], 'rb').read();"
            "open(request['target'], 'wb').write(data[:-9000]); answer(done=True)",
            "shorter than its header says",
        ),
        ("answer(error='render', message='the engine is upset')", "pyttsx3 failed: the engine is upset."),
    ],
)
def test_whatever_is_wrong_with_the_file_is_found(tmp_path: Path, out: Path, body: str, sentence: str) -> None:
    child = FaultyChild(tmp_path, body)
    assert sentence in str(failure(child.voice(), out))
    assert child.tries == 2


def test_a_missing_engine_says_how_to_get_one_and_is_not_tried_again(tmp_path: Path, out: Path) -> None:
    child = FaultyChild(tmp_path, "answer(error='engine', message='eSpeak is not installed')")
    error = failure(child.voice(), out)
    assert error.message == "No speech engine can be used: eSpeak is not installed."
    assert "apt-get install -y espeak-ng" in error.hint
    assert child.tries == 1


@pytest.mark.parametrize("kind", ["AIFF", "stereo WAV", "24-bit WAV", "8-bit WAV"])
def test_another_kind_of_sound_file_is_converted(tmp_path: Path, out: Path, kind: str) -> None:
    """macOS writes AIFF whatever the file is called."""
    write = {
        "AIFF": "soundfile.write(path, sound, 22050, format='AIFF')",
        "stereo WAV": "soundfile.write(path, np.stack([sound, sound], 1), 22050, format='WAV')",
        "24-bit WAV": "soundfile.write(path, sound / 32768, 22050, format='WAV', subtype='PCM_24')",
        "8-bit WAV": "soundfile.write(path, sound / 32768, 22050, format='WAV', subtype='PCM_U8')",
    }[kind]
    child = FaultyChild(tmp_path, f"import soundfile; path = request['target']; {write}; answer(done=True)")
    child.voice().render(TEXT, SETTINGS, out)
    assert soundfile.info(out).format == "WAV"
    rate_hz, sound = read_wav(out)
    assert (rate_hz, sound.size) == (22_050, 2 * 22_050)
    assert np.abs(sound.astype(int)).max() == pytest.approx(8000, abs=300)


def test_the_text_never_stands_in_a_process_list(tmp_path: Path, out: Path) -> None:
    child = FaultyChild(tmp_path, "open(sys.argv[1] + '.args', 'w').write(repr(sys.argv)); save(sound); answer(done=1)")
    child.voice().render(TEXT, SETTINGS, out)
    arguments = (tmp_path / "tries.log.args").read_text()
    assert "child.py" in arguments
    assert "Ana" not in arguments


def test_closing_kills_a_render_under_way(tmp_path: Path, out: Path) -> None:
    started = tmp_path / "started"
    child = FaultyChild(tmp_path, f"open({str(started)!r}, 'w').close(); time.sleep(600)")
    voice = child.voice(deadline_s=60.0)
    errors: list[VoiceError] = []
    rendering_thread = threading.Thread(target=lambda: errors.append(failure(voice, out)))
    rendering_thread.start()
    while not started.exists():
        rendering_thread.join(0.01)
    voice.close()
    rendering_thread.join(10.0)
    assert [error.message for error in errors] == ["The voice was switched off."]


def test_several_threads_may_render_at_once(tmp_path: Path) -> None:
    voice = EspeakVoice()
    if voice.name.endswith("missing"):
        pytest.skip("espeak-ng is not installed")
    targets = [tmp_path / f"{place % 2}.wav" for place in range(6)]  # some to the same place
    threads = [threading.Thread(target=voice.render, args=(TEXT, SETTINGS, target)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.wav", "1.wav"]
    assert all(read_wav(path)[1].size > 22_050 for path in tmp_path.iterdir())


@posix
def test_an_orphaned_child_ends_itself() -> None:
    script = "import voice_imago.engines.voice_child as child, time; child._end_if_orphaned(0.05); time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", script], timeout=30, check=False)
    assert done.returncode == -signal.SIGALRM


def test_the_real_child_reports_a_missing_pyttsx3(tmp_path: Path, out: Path) -> None:
    """An interpreter without site-packages has none."""
    voice = Pyttsx3Voice([sys.executable, "-I", "-S", CHILD[-1]])
    error = failure(voice, out)
    assert error.message.startswith("No speech engine can be used: pyttsx3 is not installed")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_full_disk_is_reported_at_once_and_not_after_the_deadline() -> None:
    request = {
        "do": "render",
        "text": TEXT,
        "voice": "en-us",
        "rate_wpm": 155,
        "volume": 1.0,
        "target": "/dev/full",
        "deadline_s": 600.0,
    }
    done = subprocess.run(CHILD, input=json.dumps(request).encode(), capture_output=True, timeout=30, check=False)
    assert json.loads(done.stdout)["error"] == "render"
    assert "No space left" in json.loads(done.stdout)["message"]


def test_a_missing_espeak_says_how_to_get_it(out: Path) -> None:
    voice = EspeakVoice(command="espeak-ng-that-is-not-there")
    with pytest.raises(VoiceError) as caught:
        voice.render(TEXT, SETTINGS, out)
    assert caught.value.message == "The speech engine espeak-ng is not installed."
    assert "apt-get install -y espeak-ng" in caught.value.hint
    assert voice.name == "espeak-ng missing"


FAKE_ESPEAK = """#!{python}
import sys, time
if "--voices" in sys.argv:
    print("Pty Language       Age/Gender VoiceName          File                 Other Languages")
    print(" 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)")
elif sys.argv[1].startswith("--"):
    print("eSpeak NG text-to-speech: 9.9  Data at: /nowhere" if "--version" in sys.argv else "Pty")
else:
    sys.stdin.read()
    {body}
"""


@posix
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("print('hello')", "espeak-ng wrote something that is not sound."),
        ("pass", "espeak-ng wrote something that is not sound."),
        ("sys.exit('first\\nno memory.')", "espeak-ng failed: no memory."),
        ("sys.exit(3)", "espeak-ng failed: it ended with code 3."),
        ("time.sleep(600)", "espeak-ng did not finish within 1 seconds."),
        (
            "sys.stdout.buffer.write(b'RIFF....WAVEfmt ' + bytes(8) + (22050).to_bytes(4, 'little') + bytes(8)"
            " + b'data....' + bytes(501))",
            "dropped words",
        ),
    ],
)
def test_an_espeak_that_goes_wrong_is_found_out(tmp_path: Path, out: Path, body: str, sentence: str) -> None:
    program = tmp_path / "espeak"
    program.write_text(FAKE_ESPEAK.format(python=sys.executable, body=body))
    program.chmod(0o755)
    voice = EspeakVoice(command=str(program), deadline=Deadline(1.0 if "sleep" in body else 20.0, 0.0))
    assert voice.name == "espeak-ng 9.9"
    assert voice.voices() == ["en-us"]
    with pytest.raises(VoiceError) as caught:
        voice.render(TEXT, SETTINGS, out)
    assert sentence in str(caught.value)
    assert list(out.parent.iterdir()) == []


def test_pitch_makes_a_couple_out_of_one_voice(tmp_path: Path) -> None:
    low, high = EspeakVoice(pitch=20), EspeakVoice(pitch=90)
    if low.name.endswith("missing"):
        pytest.skip("espeak-ng is not installed")
    assert low.name != high.name
    for voice, name in ((low, "low.wav"), (high, "high.wav")):
        voice.render(TEXT, SETTINGS, tmp_path / name)
    lows, highs = (_pitch_hz(tmp_path / name) for name in ("low.wav", "high.wav"))
    assert highs > 1.3 * lows


def _pitch_hz(path: Path) -> float:
    """Of the strongest 40 ms, by autocorrelation."""
    rate_hz, sound = read_wav(path)
    size = rate_hz // 25
    frames = sound[: sound.size // size * size].reshape(-1, size).astype(float)
    frame = frames[np.argmax(np.square(frames).sum(axis=1))]
    likeness = np.correlate(frame, frame, "full")[size:]
    shortest = rate_hz // 400
    return rate_hz / (shortest + np.argmax(likeness[shortest : rate_hz // 60]) + 1)


# --------------------------------------------------------------------------------------- the chain


class ScriptedVoice:
    """Fails as told, else writes a tone."""

    def __init__(self, name: str, fails: bool = False, names: Sequence[str] = ("en-us",)) -> None:
        self.name = name
        self.fails = fails
        self.names = names
        self.asked = 0
        self.closed = False

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        self.asked += 1
        if self.fails:
            raise VoiceError(f"{self.name} failed.")
        target.write_text(self.name)

    def voices(self) -> Sequence[str]:
        if self.fails:
            raise VoiceError(f"{self.name} lists nothing.")
        return self.names

    def close(self) -> None:
        self.closed = True


def test_the_next_engine_takes_over_and_the_failure_is_remembered(tmp_path: Path) -> None:
    told: list[EngineFailure] = []
    chain = ChainVoice([ScriptedVoice("first", fails=True), ScriptedVoice("second")], told.append)
    chain.render(TEXT, SETTINGS, tmp_path / "a")
    assert (tmp_path / "a").read_text() == "second"
    assert chain.failures == (EngineFailure("first", "first failed."),)
    chain.render(TEXT, SETTINGS, tmp_path / "a")
    assert told == list(chain.failures)  # once, though it failed twice


def test_an_engine_that_keeps_failing_is_asked_last_and_gets_its_place_back(tmp_path: Path) -> None:
    first, second = ScriptedVoice("first", fails=True), ScriptedVoice("second")
    chain = ChainVoice([first, second])
    for _ in range(PATIENCE + 5):
        chain.render(TEXT, SETTINGS, tmp_path / "a")
    assert first.asked == PATIENCE
    first.fails, second.fails = False, True
    chain.render(TEXT, SETTINGS, tmp_path / "a")
    assert (tmp_path / "a").read_text() == "first"


class HangingVoice(ScriptedVoice):
    """Does not answer until it is let go."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.go = threading.Event()

    def render(self, text: str, settings: VoiceSettings, target: Path) -> None:
        self.asked += 1
        assert self.go.wait(30.0), "nobody let it go"
        target.write_text(self.name)


def test_a_hanging_engine_delays_one_prompt_that_is_waited_for_and_then_another_speaks(tmp_path: Path) -> None:
    helped: list[EngineFailure] = []
    first, second = HangingVoice("first"), ScriptedVoice("second")
    chain = ChainVoice([first, second], on_helped=helped.append, soon_s=0.05)
    for _ in range(3):
        chain.render_soon(TEXT, SETTINGS, tmp_path / "a")
        assert (tmp_path / "a").read_text() == "second"
        chain.render(TEXT, SETTINGS, tmp_path / "b")
    assert first.asked == 1
    assert helped == [EngineFailure("first", "The voice engine first does not answer.")]
    first.go.set()
    _wait_until(lambda: chain.trusts(0))
    chain.render_soon(TEXT, SETTINGS, tmp_path / "b")
    assert (tmp_path / "b").read_text() == "first", "once it has answered it is asked first again"


def test_an_engine_that_was_only_slow_is_not_spoken_of(tmp_path: Path) -> None:
    helped: list[EngineFailure] = []
    first = HangingVoice("first")
    chain = ChainVoice([first, ScriptedVoice("second")], on_helped=helped.append, soon_s=0.05)
    chain.render_soon(TEXT, SETTINGS, tmp_path / "a")
    chain.render(TEXT, SETTINGS, tmp_path / "b")  # prepared meanwhile
    first.go.set()
    _wait_until(lambda: chain.trusts(0))
    chain.render_soon(TEXT, SETTINGS, tmp_path / "a")
    assert not helped


def test_one_text_that_fails_is_no_reason_to_speak_of_another_voice(tmp_path: Path) -> None:
    helped: list[EngineFailure] = []
    first = ScriptedVoice("first", fails=True)
    chain = ChainVoice([first, ScriptedVoice("second")], on_helped=helped.append)
    chain.render(TEXT, SETTINGS, tmp_path / "a")
    for fails in (False, True, True):
        first.fails = fails
        chain.render(TEXT, SETTINGS, tmp_path / "a")
    assert not helped
    for _ in range(3):
        chain.render(TEXT, SETTINGS, tmp_path / "a")
    assert [failure.engine for failure in helped] == ["first"]


def test_when_nobody_answers_there_is_text_soon(tmp_path: Path) -> None:
    """Long before the deadlines of the engines."""
    voices = [HangingVoice("first"), HangingVoice("second")]
    with pytest.raises(VoiceError, match=r"^The voice engine first does not answer\.$"):
        ChainVoice(voices, soon_s=0.05).render_soon(TEXT, SETTINGS, tmp_path / "a")
    for voice in voices:
        voice.go.set()


def _wait_until(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 20.0
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.005)


def test_when_all_engines_fail_the_first_one_says_why(tmp_path: Path) -> None:
    chain = ChainVoice([ScriptedVoice("first", fails=True), ScriptedVoice("second", fails=True)])
    with pytest.raises(VoiceError, match=r"^first failed\.$"):
        chain.render(TEXT, SETTINGS, tmp_path / "a")
    with pytest.raises(VoiceError, match=r"^first lists nothing\.$"):
        chain.voices()


def test_voices_of_all_engines_are_listed_once() -> None:
    chain = ChainVoice([ScriptedVoice("a", names=["x", "y"]), ScriptedVoice("b", names=["y", "z"])])
    assert chain.voices() == ["x", "y", "z"]


def test_closing_a_chain_closes_all_of_it() -> None:
    engines = [ScriptedVoice("a"), ScriptedVoice("b")]
    ChainVoice(engines).close()
    assert all(engine.closed for engine in engines)


def test_a_chain_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ChainVoice([])


# --------------------------------------------------------------------------- texts and their sound


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("  Go \n on.\t", "Go on."),
        ("Ana\x1b[31m", "Ana [31m"),
        ("a\u202eb\u2066c", "a b c"),
        ("[[h@'loU]]", "[ [h@'loU]]"),
        ('<speak><break time="9s"/>Go on.</speak>', "Go on."),
        ("<Prosody rate='x-fast'>Ana</PROSODY>,<p>go on</p>", "Ana , go on"),
        ("O'Brien & <Łukasz>, <Sam> 2 < 3 > 1", "O'Brien & <Łukasz>, <Sam> 2 < 3 > 1"),
        ("👩\u200d🚀 Zoë", "👩\u200d🚀 Zoë"),
        ("\ud83d broken", "broken"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_texts_lose_only_what_an_engine_might_obey(written: str, spoken: str) -> None:
    assert clean_text(written) == spoken
    assert clean_text(spoken) == spoken or "[[" in written


def test_a_plausible_duration_follows_text_and_rate() -> None:
    shortest, longest = plausible_seconds("a" * 100, 155)
    assert (shortest, longest) == (pytest.approx(2.5), pytest.approx(153.0))
    assert plausible_seconds("a" * 100, 310)[0] == pytest.approx(1.25)
    assert plausible_seconds("你好", 155)[0] == 0.05  # no bound on scripts whose letters are syllables


def test_a_voice_set_to_silent_may_be_silent() -> None:
    judge(np.zeros(44_100, dtype=np.int16), 22_050, TEXT, VoiceSettings(volume=0.0))
    quiet = np.full(44_100, 40, dtype=np.int16)
    judge(quiet, 22_050, TEXT, VoiceSettings(volume=0.1))
    with pytest.raises(VoiceError, match="silence"):
        judge(quiet, 22_050, TEXT, VoiceSettings(volume=1.0))


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        (lambda true: 2**31, "shorter than its header says"),
        (lambda true: 2**32 - 2, "shorter than its header says"),
        (lambda true: true + 2, "shorter than its header says"),
        (lambda true: true // 2, "longer than its header says"),
        (lambda true: 0, "longer than its header says"),
    ],
)
@pytest.mark.parametrize("riff_too", [True, False])
def test_a_wav_that_lies_about_its_length_is_one_sentence(
    tmp_path: Path, says: Callable[[int], int], sentence: str, riff_too: bool
) -> None:
    path = tmp_path / "a.wav"
    write_wav16(path, np.ones(22_050, dtype=np.int16), 22_050)
    data = path.read_bytes()
    told = says(len(data) - 44)
    riff = min(told + 36, 2**32 - 1).to_bytes(4, "little") if riff_too else data[4:8]
    path.write_bytes(data[:4] + riff + data[8:40] + told.to_bytes(4, "little") + data[44:])
    with pytest.raises(VoiceError) as caught:
        read_wav(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rate_hz", [1, 3_999, 200_000])
def test_an_unlikely_rate_is_not_believed(tmp_path: Path, rate_hz: int) -> None:
    write_wav16(tmp_path / "a.wav", np.zeros(10, dtype=np.int16), rate_hz)
    with pytest.raises(VoiceError, match="not 16-bit mono"):
        read_wav(tmp_path / "a.wav")


def test_deadlines_grow_with_the_text() -> None:
    assert rendering.DEADLINE.seconds("") == 10.0
    assert rendering.DEADLINE.seconds("x" * 500) == 15.0


def test_a_render_takes_no_longer_than_its_deadline_even_with_open_pipes(tmp_path: Path, out: Path) -> None:
    """A grandchild that keeps the pipes open must not keep the parent waiting."""
    child = FaultyChild(
        tmp_path,
        """
import subprocess
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
save(sound); answer(done=True)
""",
    )
    started = time.monotonic()
    failure(child.voice(deadline_s=1.0), out)
    assert time.monotonic() - started < 20.0


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("rate_wpm", [100, 300])
def test_several_texts_of_one_child_are_each_complete_and_at_the_pace_that_was_asked_for(
    tmp_path: Path, rate_wpm: int
) -> None:
    """As long as each of them takes by itself."""
    texts = ["Yes.", TEXT, "Hello Ana, hello Ben. I'll guide you step by step.", TEXT]
    targets = [tmp_path / f"{number}.wav" for number in range(len(texts))]
    settings = VoiceSettings("en-us", rate_wpm)
    Pyttsx3Voice().render_many(texts, settings, targets)
    alone = tmp_path / "alone.wav"
    for text, target in zip(texts, targets, strict=True):
        Pyttsx3Voice().render(text, settings, alone)
        assert read_wav(target)[1].size == pytest.approx(read_wav(alone)[1].size, rel=0.03)
    assert len(list(tmp_path.iterdir())) == len(texts) + 1


def test_of_several_texts_those_that_fail_are_missing_and_the_others_are_there(tmp_path: Path) -> None:
    body = """
for place, target in enumerate(request["targets"][:3]):
    save(sound if place != 1 else 0 * sound, path=target)
answer(done=True, count=3)
"""
    (tmp_path / "out").mkdir()
    targets = [tmp_path / "out" / f"{number}.wav" for number in range(4)]
    child = FaultyChild(tmp_path, body)
    child._script.write_text(child._script.read_text().replace('path=request["target"]', "path=None"))
    child.voice().render_many([TEXT] * 4, SETTINGS, targets)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.wav", "2.wav"]
