"""Speech servers of the home on the loopback interface: real ones, built with the package wyoming, and rude ones.

``home_server`` understands every sound as the text it was given and speaks with eSpeak NG. ``rude_server`` hands every
connection to the next of some functions, which may do with it what they like.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("wyoming", reason="the extra `home` is not installed")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the package uses audioop where Python still has it
    from wyoming.asr import Transcribe, Transcript
    from wyoming.audio import AudioChunk, AudioStart, AudioStop
    from wyoming.event import Event
    from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker
    from wyoming.server import AsyncEventHandler, AsyncTcpServer
    from wyoming.tts import Synthesize

from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.rendering import read_wav
from voice_imago.engines.voice_espeak import EspeakVoice
from voice_imago.engines.wyoming_address import HomeAddress
from voice_imago.errors import VoiceError

SPEAKERS = ("f3", "m3")


def a_dead_port() -> int:
    """A port at which nobody listens (any more)."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class Heard:
    """One request for a text."""

    language: str | None = None
    names: tuple[str, ...] = ()
    model: str | None = None
    pcm: bytes = b""
    chunk_bytes: list[int] = field(default_factory=list)


@dataclass
class Home:
    """A running server, and what was asked of it."""

    text: str = "Yes, you got it."
    languages: tuple[str, ...] = ("en", "de")
    models: tuple[str, ...] = ("base-int8",)
    voices: tuple[tuple[str, str], ...] = ()
    """Names, which are codes of eSpeak, and descriptions."""
    port: int = 0
    described: int = 0
    heard: list[Heard] = field(default_factory=list)
    said: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """Text, voice and speaker."""

    @property
    def address(self) -> HomeAddress:
        return HomeAddress("127.0.0.1", self.port)

    @property
    def url(self) -> str:
        return f"wyoming://127.0.0.1:{self.port}"

    def info(self) -> Info:
        made = {"attribution": Attribution("", ""), "installed": True, "version": "1.2"}
        models = [AsrModel(name=one, description=None, languages=list(self.languages), **made) for one in self.models]
        speakers = [TtsVoiceSpeaker(name) for name in SPEAKERS]
        voices = [
            TtsVoice(name=name, description=description, languages=[name], speakers=speakers, **made)
            for name, description in self.voices
        ]
        asr = [AsrProgram(name="test-whisper", description=None, models=models, **made)] if models else []
        tts = [TtsProgram(name="test-piper", description=None, voices=voices, **made)] if voices else []
        return Info(asr=asr, tts=tts)


class _Handler(AsyncEventHandler):
    def __init__(self, home: Home, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._home, self._now = home, Heard()

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            self._home.described += 1
            await self.write_event(self._home.info().event())
        elif Transcribe.is_type(event.type):
            told = event.data
            self._now = Heard(told.get("language"), tuple(told.get("transcript_names", ())), told.get("name"))
        elif AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            assert (chunk.rate, chunk.width, chunk.channels) == (16_000, 2, 1)
            self._now.pcm += chunk.audio
            self._now.chunk_bytes.append(len(chunk.audio))
        elif AudioStop.is_type(event.type):
            self._home.heard.append(self._now)
            await self.write_event(Transcript(self._home.text).event())
            return False
        elif Synthesize.is_type(event.type):
            await self._speak(Synthesize.from_event(event))
        return True

    async def _speak(self, wanted: Synthesize) -> None:
        assert wanted.voice is not None
        name, speaker = wanted.voice.name, wanted.voice.speaker
        self._home.said.append((wanted.text, name, speaker))
        try:
            rate_hz, pcm = await asyncio.to_thread(spoken, wanted.text, f"{name}+{speaker}" if speaker else str(name))
        except VoiceError as error:
            await self.write_event(Event("error", {"text": error.message}))
            return
        await self.write_event(AudioStart(rate_hz, 2, 1).event())
        for start in range(0, len(pcm), 2048):
            await self.write_event(AudioChunk(rate_hz, 2, 1, pcm[start : start + 2048]).event())
        await self.write_event(AudioStop().event())


def spoken(text: str, voice: str) -> tuple[int, bytes]:
    """As eSpeak NG says it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "said.wav")
        EspeakVoice().render(text, VoiceSettings(voice, 155, 1.0), path)
        rate_hz, sound = read_wav(path)
    return rate_hz, sound.astype("<i2").tobytes()


@contextmanager
def home_server(home: Home) -> Iterator[Home]:
    """Run it in a thread of its own; at the end everything is closed."""
    started: threading.Event = threading.Event()
    loop = asyncio.new_event_loop()
    server = AsyncTcpServer("127.0.0.1", home.port)

    async def serve() -> None:
        await server.start(lambda reader, writer: _Handler(home, reader, writer))
        home.port = server._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(_ended(server))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, name="home server", daemon=True)
    thread.start()
    assert started.wait(10.0)
    try:
        yield home
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10.0)


async def _ended(server: AsyncTcpServer) -> None:
    await server.stop()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


# ------------------------------------------------------------------------------------------------ rude servers

Rude = Callable[[socket.socket], None]


@contextmanager
def rude_server(*manners: Rude) -> Iterator[HomeAddress]:
    """The first connection goes to the first of ``manners``, and so on; the last one takes all the rest."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threads: list[threading.Thread] = []

    def treat(connection: socket.socket, manner: Rude) -> None:
        with connection, suppress(OSError):
            manner(connection)

    def accept() -> None:
        for manner in itertools.chain(manners, itertools.repeat(manners[-1])):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if over.is_set():
                connection.close()
                return
            thread = threading.Thread(target=treat, args=(connection, manner), daemon=True)
            thread.start()
            threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    port = listener.getsockname()[1]
    try:
        yield HomeAddress("127.0.0.1", port)
    finally:
        over.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5.0):
            pass
        accepting.join(5.0)
        listener.close()
        for thread in threads:
            thread.join(5.0)


def until_closed(connection: socket.socket) -> None:
    """Read whatever comes and say nothing."""
    while connection.recv(65_536):
        pass


def answering(raw: bytes, *, then_close: bool = False) -> Rude:
    """Read until the question is over, give ``raw`` to it, then say nothing any more, or hang up."""

    def manner(connection: socket.socket) -> None:
        seen = b""
        while not any(word in seen for word in (b"describe", b"audio-stop", b"synthesize")):
            got = connection.recv(65_536)
            if not got:
                return
            seen = (seen + got)[-70_000:]
        connection.sendall(raw)
        if not then_close:
            until_closed(connection)

    return manner


def line(type: str, data: object = None, **more: object) -> bytes:
    """One message as old servers write it: with its data in the line."""
    return json.dumps({"type": type, "data": data or {}, **more}).encode() + b"\n"


def info(**offers: object) -> bytes:
    """The answer to ``describe``."""
    return line("info", offers)


ASR = [{"name": "rude", "models": [{"name": "m", "languages": ["en"]}]}]
TTS = [{"name": "rude", "voices": [{"name": "v", "languages": ["en"]}]}]
