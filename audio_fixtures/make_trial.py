"""Makes trial.flac: five seconds of speech with which a speech model is timed on the couple's own computer.

python audio_fixtures/make_trial.py audio_fixtures/trial.flac

The sentence is our own and eSpeak NG reads it, so there is no recording of a person in it. Its licence is that of the
project (Apache-2.0); title, origin and licence stand in the file as well.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

SENTENCE = "This evening we sit down together, we take our time, and each of us says one thing."
VOICE, RATE_WPM = "en-us", 180
RATE_HZ = 16_000
SECONDS = 5.0
LEVEL = 0.1
"""Of the speech, root mean square."""


def spoken() -> np.ndarray:
    """The sentence at 16 kHz, with a little silence around it: exactly five seconds."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "said.wav"
        command = ["espeak-ng", "-v", VOICE, "-s", str(RATE_WPM), "-w", str(wav), SENTENCE]
        subprocess.run(command, check=True)
        sound, rate_hz = sf.read(wav, dtype="float32")
    speech = soxr.resample(sound, rate_hz, RATE_HZ)
    speech *= LEVEL / np.sqrt(np.mean(speech**2))
    n_samples = round(SECONDS * RATE_HZ)
    if speech.size > n_samples:
        raise SystemExit(f"The sentence takes {speech.size / RATE_HZ:.2f} s; read it faster.")
    before = (n_samples - speech.size) // 2
    return np.pad(speech, (before, n_samples - speech.size - before))


if __name__ == "__main__":
    target, sound = Path(sys.argv[1]), np.clip(spoken(), -1.0, 1.0)
    with sf.SoundFile(target, "w", RATE_HZ, 1, "PCM_16", format="FLAC") as file:
        file.title = SENTENCE
        file.comment = f"Made by audio_fixtures/make_trial.py with eSpeak NG, voice {VOICE}, from our own sentence."
        file.license = "Apache-2.0"
        file.write(sound)
    print(f"{target}: {SECONDS:.0f} s")
