"""The speech server at home: where it may be, what goes over the wire, and everything that can go wrong with it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("wyoming", reason="the extra `home` is not installed")

from tests.home_server import (
    ASR,
    TTS,
    Home,
    Rude,
    a_dead_port,
    answering,
    home_server,
    info,
    line,
    rude_server,
    spoken,
    until_closed,
)
from tests.whisper_fixture import like_speech, write_model
from voice_imago.engines import recognisers, wyoming_wire
from voice_imago.engines.ports import Heard, Recogniser, Samples, Understands, VoiceSettings
from voice_imago.engines.recognisers import RecogniserSpec, choose_recogniser, make_recogniser
from voice_imago.engines.rendering import Deadline, read_wav
from voice_imago.engines.voice_chain import ChainVoice
from voice_imago.engines.voice_espeak import EspeakVoice
from voice_imago.engines.wyoming_address import HomeAddress, HomeTrouble, is_home, look_up, parse_address
from voice_imago.engines.wyoming_offer import read_offer
from voice_imago.engines.wyoming_recogniser import CONFIDENCE, HomeRecogniser, HomeSettings, has_voice
from voice_imago.engines.wyoming_standin import REST_S, HomeFirst
from voice_imago.engines.wyoming_tempo import at_tempo
from voice_imago.engines.wyoming_voice import HomeVoice
from voice_imago.engines.wyoming_wire import Conversation
from voice_imago.errors import ModelError, RecognitionError, UsageError, VoiceError
from voice_imago.runtime.scribe import Scribe

SECOND = 16_000
IMPATIENT = HomeSettings(answer_floor_s=0.2, answer_per_s=0.0)
VOICES = (("en-us", "English (America)"), ("en-gb", "English (Great Britain)"), ("de", "German"))
espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.fixture
def house() -> Iterator[Home]:
    with home_server(Home(voices=VOICES)) as running:
        yield running


class TestAddresses:
    @pytest.mark.parametrize(
        ("text", "host", "port", "name"),
        [
            ("wyoming://homeassistant.local", "homeassistant.local", 10_300, ""),
            ("wyoming://192.168.1.20:10301", "192.168.1.20", 10_301, ""),
            (" WYOMING://localhost/ ", "localhost", 10_300, ""),
            ("wyoming://[::1]", "::1", 10_300, ""),
            ("wyoming://[fe80::1%eth0]:5/en_GB-alba-medium", "fe80::1%eth0", 5, "en_GB-alba-medium"),
            ("wyoming://[::ffff:10.0.0.1]:5", "::ffff:10.0.0.1", 5, ""),
            ("wyoming://küche:7", "küche", 7, ""),
        ],
    )
    def test_host_port_and_name_are_read(self, text: str, host: str, port: int, name: str) -> None:
        assert parse_address(text, 10_300) == HomeAddress(host, port, name)

    @pytest.mark.parametrize(
        "text",
        [
            "wyoming://", "wyoming:box", "wyoming://box:", "wyoming://box:0", "wyoming://box:65536", "wyoming://box:-1",
            "wyoming://box:٣", "wyoming://me@box", "wyoming://box?x", "wyoming://a b", "wyoming://a..b", "wyoming://-x",
            "wyoming://::1", "wyoming://[box]", "wyoming://[1.2.3.4]", "wyoming://[::1", "wyoming://box\x00", "wyoming://.",
        ],
    )  # fmt: skip
    def test_any_other_form_is_one_sentence_and_an_example(self, text: str) -> None:
        assert is_home(text)
        with pytest.raises(UsageError, match="is not the address of a speech server") as caught:
            parse_address(text, 10_300)
        assert "wyoming://192.168.1.20:10300" in caught.value.hint

    @pytest.mark.parametrize("text", ["auto", "whisper", "en-us", "tcp://box:10300", ""])
    def test_other_names_are_no_addresses(self, text: str) -> None:
        assert not is_home(text)

    @pytest.mark.parametrize(
        "host",
        ["8.8.8.8", "172.32.0.1", "100.64.0.1", "0.0.0.1", "192.0.2.1", "[2001:db8::1]", "[2606:4700::1]", "[::]",
         "[::ffff:8.8.8.8]", "224.0.0.1", "255.255.255.255"],
    )  # fmt: skip
    def test_an_address_outside_the_home_is_refused(self, host: str) -> None:
        with pytest.raises(UsageError, match="not in your own network, and your voices do not leave it"):
            parse_address(f"wyoming://{host}:10300", 10_300)

    @pytest.mark.parametrize(
        "host", ["127.8.8.8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.3.4", "[fd12::1]"]
    )
    def test_every_private_network_is_home(self, host: str) -> None:
        assert parse_address(f"wyoming://{host}", 10_300).port == 10_300


class TestLookingUp:
    def told(self, monkeypatch: pytest.MonkeyPatch, *numbers: str) -> None:
        def answer(host: str, port: int, **_: Any) -> list[Any]:
            families = [socket.AF_INET6 if ":" in number else socket.AF_INET for number in numbers]
            pairs = zip(families, numbers, strict=True)
            return [(family, socket.SOCK_STREAM, 6, "", (number, port)) for family, number in pairs]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    def test_a_name_that_stands_for_a_public_address_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told(monkeypatch, "93.184.216.34", "2606:4700::1")
        with pytest.raises(HomeTrouble, match="not in your own network") as caught:
            look_up(HomeAddress("box.example", 10_300), 5.0)
        assert caught.value.kind == "elsewhere"

    def test_only_the_private_addresses_of_a_name_are_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told(monkeypatch, "2606:4700::1", "192.168.1.20", "93.184.216.34", "fe80::7%eth0")
        places = look_up(HomeAddress("box.local", 10_300), 5.0)
        assert [place[0] for _, place in places] == ["192.168.1.20", "fe80::7%eth0"]

    @pytest.mark.parametrize("host", ["nobody.invalid", "x" * 70])
    def test_a_name_that_stands_for_nothing_is_one_sentence(self, host: str) -> None:
        with pytest.raises(HomeTrouble, match=f"There is no computer called {host} in this network") as caught:
            look_up(HomeAddress(host, 10_300), 5.0)
        assert caught.value.kind == "away"

    def test_a_look_up_that_never_ends_is_left_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answered = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(30.0) and [])
        with pytest.raises(HomeTrouble, match="There is no computer called box"):
            look_up(HomeAddress("box", 10_300), 0.05)
        answered.set()

    def test_a_public_name_at_the_start_is_the_users_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told(monkeypatch, "93.184.216.34")
        with pytest.raises(UsageError, match="not in your own network"):
            HomeRecogniser(HomeAddress("box.example", 10_300))


class _Detector:
    """Finds a voice in a frame with a sample of 1."""

    name, frame_samples, lag_s = "test", 100, 0.0

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def reset(self) -> None:
        self.seen.append("reset")

    def probability(self, frame: Samples) -> float:
        self.seen.append(frame.size)
        return float(frame.max())


class TestRecognising:
    def test_the_sound_arrives_as_it_was_and_its_text_comes_back(self, house: Home) -> None:
        sound = np.append(like_speech(1.0), np.float32([1.0, -1.0, 7.0]))
        heard = HomeRecogniser(house.address).recognise(sound, short=False)
        assert heard == Heard("Yes, you got it.", pytest.approx(CONFIDENCE))
        pcm = np.frombuffer(house.heard[0].pcm, "<i2")
        np.testing.assert_array_equal(pcm, np.rint(np.clip(sound, -1.0, 1.0) * 32767).astype(np.int16))
        assert set(house.heard[0].chunk_bytes[:-1]) == {8192}

    def test_the_server_is_asked_once_what_it_can(self, house: Home) -> None:
        recogniser = HomeRecogniser(house.address, "de")
        for _ in range(3):
            recogniser.recognise(like_speech(1.0), short=True)
        assert house.described == 1
        assert [one.language for one in house.heard] == ["de"] * 3
        assert recogniser.name == f"wyoming test-whisper base-int8 at 127.0.0.1:{house.port}"
        assert recogniser.understands == "speech"

    def test_names_are_told_with_pieces_and_not_with_short_answers(self, house: Home) -> None:
        recogniser = HomeRecogniser(house.address)
        recogniser.recognise(like_speech(1.0), short=False, hints=("Ana", "Ben"))
        recogniser.recognise(like_speech(1.0), short=True, hints=("Ana", "Ben"))
        assert [one.names for one in house.heard] == [("Ana", "Ben"), ()]

    def test_names_are_spelled_as_the_partners_spell_them(self, house: Home) -> None:
        house.text = "I told Anna, and she laughed."
        heard = HomeRecogniser(house.address).recognise(like_speech(3.0), short=False, hints=("Ana", "Ben"))
        assert heard.text == "I told Ana, and she laughed."

    def test_a_model_in_the_address_is_asked_for(self, house: Home) -> None:
        house.models = ("base-int8", "small-int8")
        recogniser = HomeRecogniser(HomeAddress("127.0.0.1", house.port, "small-int8"))
        recogniser.recognise(like_speech(1.0), short=False)
        assert house.heard[0].model == "small-int8"
        assert "small-int8" in recogniser.name
        with pytest.raises(UsageError, match=r"has no model huge\. It has: base-int8, small-int8"):
            HomeRecogniser(HomeAddress("127.0.0.1", house.port, "huge"))

    def test_noise_and_silence_never_leave_this_computer(self, house: Home) -> None:
        recogniser = HomeRecogniser(house.address)
        noise = np.random.default_rng(0).normal(0.0, 0.1, 3 * SECOND).astype(np.float32)
        tone = (0.3 * np.sin(np.arange(3 * SECOND) * 0.2)).astype(np.float32)
        for sound in (noise, tone, np.zeros(SECOND, np.float32)):
            assert recogniser.recognise(sound, short=False) == Heard("", 0.0)
        assert house.heard == []

    def test_more_words_than_anybody_can_speak_are_not_believed(self, house: Home) -> None:
        house.text = "one two three four five six seven eight nine ten eleven twelve"
        assert HomeRecogniser(house.address).recognise(like_speech(1.0), short=False) == Heard("", 0.0)

    def test_a_loop_is_said_once_and_too_doubtful_to_act_on(self, house: Home) -> None:
        house.text = "yes yes yes yes yes yes"
        heard = HomeRecogniser(house.address).recognise(like_speech(1.0), short=True)
        assert (heard.text, heard.confidence) == ("yes", pytest.approx(CONFIDENCE / 2))
        assert heard.confidence < 0.6 <= CONFIDENCE

    def test_what_no_text_can_hold_is_taken_out(self) -> None:
        with rude_server(
            answering(info(asr=ASR)), answering(line("transcript", {"text": " Yes\ud800\x1b[31m\n  so\u202e "}))
        ) as at:
            assert HomeRecogniser(at).recognise(like_speech(1.0), short=False).text == "Yes [31m so"

    def test_streaming_servers_are_understood_by_their_last_word(self) -> None:
        raw = line("transcript-start") + line("transcript-chunk", {"text": "Ye"}) + line("transcript", {"text": "Yes."})
        with rude_server(answering(info(asr=ASR)), answering(raw)) as at:
            assert HomeRecogniser(at).recognise(like_speech(1.0), short=True).text == "Yes."

    def test_data_beside_the_line_is_read_too(self) -> None:
        data = json.dumps({"text": "Yes, ä."}).encode()
        raw = json.dumps({"type": "transcript", "data_length": len(data)}).encode() + b"\n" + data
        with rude_server(answering(info(asr=ASR)), answering(raw)) as at:
            assert HomeRecogniser(at).recognise(like_speech(1.0), short=True).text == "Yes, ä."

    def test_a_name_is_looked_up_once(self, house: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        def counted(address: HomeAddress, within_s: float) -> Any:
            asked.append(address.host)
            return look_up(address, within_s)

        monkeypatch.setattr(wyoming_wire, "look_up", counted)
        recogniser = HomeRecogniser(HomeAddress("localhost", house.port))
        for _ in range(3):
            assert recogniser.recognise(like_speech(1.0), short=True).text
        assert asked == ["localhost"]

    def test_the_gate_hears_every_piece_afresh_and_to_its_end(self) -> None:
        detector = _Detector()
        assert not has_voice(np.zeros(250, np.float32), detector)
        assert detector.seen == ["reset", 100, 100, 100]
        late = np.zeros(250, np.float32)
        late[-1] = 1.0
        assert has_voice(late, detector)

    def test_closing_ends_what_still_waits(self) -> None:
        asked = threading.Event()

        def silent(connection: socket.socket) -> None:
            connection.recv(1)
            asked.set()
            until_closed(connection)

        with rude_server(answering(info(asr=ASR)), silent) as at:
            recogniser = HomeRecogniser(at, settings=HomeSettings(answer_floor_s=50.0))
            closing = threading.Thread(target=lambda: asked.wait(30.0) and recogniser.close())
            closing.start()
            with pytest.raises(RecognitionError, match="switched off"):
                recogniser.recognise(like_speech(1.0), short=False)
            closing.join()
            with pytest.raises(RecognitionError, match="switched off"):
                recogniser.recognise(like_speech(1.0), short=False)


class TestWhatItOffers:
    @pytest.mark.parametrize(
        ("code", "name"),
        [("en-gb", "alba"), ("en_US", "amy"), ("en", "amy"), ("en-au", "amy"), ("de", "eva"), ("fr", None)],
    )
    def test_the_best_voice_for_a_language_is_of_the_country_and_installed(self, code: str, name: str | None) -> None:
        made = [("joe", "en_US", False), ("eva", "de_DE", False), ("amy", "en_US", True), ("alba", "en_GB", True)]
        voices = [{"name": name, "languages": [language], "installed": there} for name, language, there in made]
        program = read_offer({"tts": [{"name": "piper", "version": "1.6", "voices": voices}]}, "tts")
        assert program is not None
        best = program.of_language(code)
        assert (best.name if best else None) == name

    def test_the_first_program_is_the_one_that_serves(self) -> None:
        program = read_offer({"asr": [{"name": "one"}, {"name": "two"}]}, "asr")
        assert program is not None
        assert program.name == "one"

    def test_a_server_without_recognition_is_refused(self, house: Home) -> None:
        house.models = ()
        with pytest.raises(UsageError, match="does not offer speech recognition"):
            HomeRecogniser(house.address)

    def test_a_server_that_does_not_know_the_language_is_refused(self, house: Home) -> None:
        house.languages = ("de", "nl")
        with pytest.raises(UsageError, match="does not know the language en"):
            HomeRecogniser(house.address, "en")

    @pytest.mark.parametrize("languages", [(), ("en_US",), ("EN-gb", "fr")])
    def test_a_country_does_not_matter_nor_a_model_that_names_no_language(
        self, house: Home, languages: tuple[str, ...]
    ) -> None:
        house.languages = languages
        assert HomeRecogniser(house.address, "en").understands == "speech"

    @pytest.mark.parametrize(
        "asr",
        [
            [{}],
            [{"name": 5, "models": "many"}],
            [{"models": [None, {}, {"name": "m"}]}],
            [{"models": [{"name": "m", "languages": 3}]}],
        ],
        ids=["empty", "wrong kinds", "half", "no list"],
    )
    def test_a_careless_description_does_not_matter(self, asr: object) -> None:
        with rude_server(answering(info(asr=asr)), answering(line("transcript", {"text": "Yes."}))) as at:
            assert HomeRecogniser(at).recognise(like_speech(1.0), short=True).text == "Yes."


def drop_by_drop(connection: socket.socket) -> None:
    """One letter at a time, for ever: no wait for one receive ever ends it."""
    pause = threading.Event()
    connection.sendall(b'{"type": "')
    while not pause.wait(0.02):
        connection.sendall(b"x")


def endless(connection: socket.socket) -> None:
    connection.sendall(b"{")
    while True:
        connection.sendall(b" " * 65_536)


def not_this_one(connection: socket.socket) -> None:
    while True:
        connection.sendall(line("transcript-chunk", {"text": "and"}))


TROUBLES: dict[str, tuple[Rude, str]] = {
    "never answers": (until_closed, r"did not answer within 0\.2 seconds"),
    "drop by drop": (drop_by_drop, r"did not answer within 0\.2 seconds"),
    "talks of other things": (not_this_one, r"did not answer within 0\.2 seconds"),
    "closes at once": (lambda connection: None, "broke off in the middle"),
    "closes after the question": (answering(b"", then_close=True), "broke off in the middle"),
    "closes in a line": (answering(b'{"type": "tran', then_close=True), "broke off in the middle"),
    "closes in data": (answering(b'{"type":"transcript","data_length":50}\n{"te', then_close=True), "broke off"),
    "closes in payload": (answering(b'{"type":"x","payload_length":9}\nabc', then_close=True), "broke off"),
    "an error": (answering(line("error", {"text": "no\nmemory\x1b", "code": "oom"})), "reports an error: no memory"),
    "an error without words": (answering(line("error")), "reports an error: no reason"),
    "garbage": (answering(b"\x16\x03\x01\x00\xff"), "sends something that is not JSON"),
    "a greeting": (answering(b"SSH-2.0-x\r\n"), "sends something that is not JSON"),
    "broken JSON": (answering(b"{nonsense}\n"), "sends something that is not JSON"),
    "JSON of another shape": (answering(b"{}\n"), "its messages have no type"),
    "a deep nest": (answering(b'{"a":' + b"[" * 100_000 + b"\n"), "sends something that is not JSON"),
    "data that is a list": (answering(b'{"type":"transcript","data_length":2}\n[]'), "something that is not JSON"),
    "a web server": (answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "it is a web server"),
    "a gigabyte of data": (answering(b'{"type":"transcript","data_length":1000000000}\n'), "impossible length"),
    "a gigabyte of payload": (answering(b'{"type":"x","payload_length":1000000000}\n'), "impossible length"),
    "less than nothing": (answering(b'{"type":"x","payload_length":-1}\n'), "impossible length"),
    "half a byte": (answering(b'{"type":"x","payload_length":0.5}\n'), "impossible length"),
    "a length in words": (answering(b'{"type":"x","payload_length":"9"}\n'), "impossible length"),
    "an endless line": (endless, "its messages have no end"),
    "no text": (answering(line("transcript")), "its transcript has no text"),
    "a number for a text": (answering(line("transcript", {"text": 5})), "its transcript has no text"),
}  # fmt: skip


class _SlowSocket:
    """Gives a letter at a time and remembers how long it was allowed to wait."""

    def __init__(self) -> None:
        self.waits_s: list[float] = []

    def settimeout(self, seconds: float) -> None:
        self.waits_s.append(seconds)

    def recv(self, size: int) -> bytes:
        return b"{" if len(self.waits_s) == 1 else b" "


def test_the_deadline_is_for_the_whole_answer_and_not_for_each_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(100))
    monkeypatch.setattr(wyoming_wire.time, "monotonic", lambda: float(next(now)))
    slow = _SlowSocket()
    with pytest.raises(HomeTrouble, match="did not answer within 10 seconds"):
        Conversation(slow, "box:1", 10.0).hear("info")  # type: ignore[arg-type]
    assert slow.waits_s == [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]


class TestServersThatMisbehave:
    @pytest.mark.parametrize("trouble", list(TROUBLES))
    def test_one_piece_is_one_sentence_and_the_next_piece_is_heard(self, trouble: str) -> None:
        manner, sentence = TROUBLES[trouble]
        patience = HomeSettings(answer_floor_s=5.0) if trouble == "an endless line" else IMPATIENT
        with rude_server(answering(info(asr=ASR)), manner, answering(line("transcript", {"text": "Yes."}))) as at:
            recogniser = HomeRecogniser(at, settings=patience)
            with pytest.raises(RecognitionError, match=sentence) as caught:
                recogniser.recognise(like_speech(1.0), short=False)
            assert str(at) in caught.value.message
            assert caught.value.message.isprintable()
            patient = HomeRecogniser.recognise(recogniser, like_speech(1.0), short=False)
            assert patient.text == "Yes."

    @pytest.mark.parametrize(
        ("raw", "error", "sentence"),
        [
            (b"HTTP/1.1 400 Bad Request\r\n", UsageError, "it is a web server"),
            (b"\x15\x03\x01", UsageError, "not JSON"),
            (b"", RecognitionError, "did not answer within"),
            (line("error", {"text": "busy"}), RecognitionError, "reports an error: busy"),
        ],
        ids=["web server", "garbage", "silence", "error"],
    )
    def test_at_the_start_a_wrong_server_is_told_from_one_that_is_away(
        self, monkeypatch: pytest.MonkeyPatch, raw: bytes, error: type[Exception], sentence: str
    ) -> None:
        monkeypatch.setattr(wyoming_wire, "DESCRIBE_S", 0.2)
        with rude_server(answering(raw)) as at, pytest.raises(error, match=sentence):
            HomeRecogniser(at)

    def test_a_port_where_nobody_listens_is_one_sentence(self) -> None:
        with pytest.raises(RecognitionError, match="cannot be reached") as caught:
            HomeRecogniser(HomeAddress("127.0.0.1", a_dead_port()))
        assert caught.value.hint == "Check that it runs, and its port."

    def test_a_computer_that_does_not_answer_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A full backlog swallows the connection as a switched-off computer does."""
        monkeypatch.setattr(wyoming_wire, "CONNECT_S", 0.2)
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            waiting = []
            for _ in range(4):
                waiting.append(socket.socket())
                waiting[-1].setblocking(False)
                waiting[-1].connect_ex(deaf.getsockname())
            with pytest.raises(RecognitionError, match="cannot be reached"):
                HomeRecogniser(HomeAddress("127.0.0.1", deaf.getsockname()[1]))
            for one in waiting:
                one.close()

    def test_a_server_that_takes_no_sound_is_given_up(self) -> None:
        over = threading.Event()

        def stubborn(connection: socket.socket) -> None:
            over.wait(30.0)

        with rude_server(answering(info(asr=ASR)), stubborn) as at:
            recogniser = HomeRecogniser(at, settings=IMPATIENT)
            with pytest.raises(RecognitionError, match=r"did not answer within 0\.2 seconds"):
                recogniser.recognise(np.resize(like_speech(4.0), 300 * SECOND), short=False)
            over.set()

    def test_a_server_that_comes_back_is_found_again(self) -> None:
        port = a_dead_port()
        with home_server(Home(port=port)) as first:
            recogniser = HomeRecogniser(first.address)
            assert recogniser.recognise(like_speech(1.0), short=True).text
        with pytest.raises(RecognitionError, match="cannot be reached"):
            recogniser.recognise(like_speech(1.0), short=True)
        with home_server(Home("Back again.", port=port)):
            assert recogniser.recognise(like_speech(1.0), short=True).text == "Back again."

    def test_longer_sound_may_take_longer(self) -> None:
        with rude_server(answering(info(asr=ASR)), until_closed) as at:
            recogniser = HomeRecogniser(at, settings=HomeSettings(answer_floor_s=0.1, answer_per_s=0.1))
            for seconds, told in ((1, "0.2"), (3, "0.4")):
                with pytest.raises(RecognitionError, match=f"within {told} seconds"):
                    recogniser.recognise(like_speech(float(seconds)), short=False)


class _Local:
    """This computer's recogniser, as far as standing in goes."""

    name = "local"

    def __init__(self, understands: Understands = "speech") -> None:
        self.understands: Understands = understands
        self.asked = 0

    def recognise(self, sound: Samples, *, short: bool, hints: Sequence[str] = ()) -> Heard:
        self.asked += 1
        return Heard("from here", 0.9)

    def close(self) -> None:
        self.understands = "nothing"


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestStandingIn:
    def home_first(self, port: int, local: Recogniser | Callable[[], Recogniser], clock: _Clock) -> HomeFirst:
        home = HomeRecogniser(HomeAddress("127.0.0.1", port))
        return HomeFirst(home, local if callable(local) else lambda: local, clock)

    def hear(self, recogniser: Recogniser) -> str:
        return recogniser.recognise(like_speech(1.0), short=False).text

    def test_a_server_that_dies_costs_no_words_and_is_asked_again_later(self) -> None:
        port, local, clock = a_dead_port(), _Local(), _Clock()
        with home_server(Home("from home", port=port)) as home:
            recogniser = self.home_first(port, local, clock)
            assert (self.hear(recogniser), recogniser.standing, recogniser.trouble) == ("from home", "home", "")
        assert (self.hear(recogniser), recogniser.standing) == ("from here", "here")
        assert "cannot be reached" in recogniser.trouble
        with home_server(Home("from home", port=port)) as home:
            clock.now = REST_S - 1.0
            assert (self.hear(recogniser), home.heard) == ("from here", [])
            clock.now = REST_S
            assert (self.hear(recogniser), recogniser.standing, recogniser.trouble) == ("from home", "home", "")
        assert local.asked == 2

    def test_the_local_recogniser_is_loaded_when_it_is_needed(self) -> None:
        loaded: list[_Local] = []

        def load() -> _Local:
            loaded.append(_Local())
            return loaded[-1]

        clock = _Clock()
        with home_server(Home()) as home:
            recogniser = self.home_first(home.port, load, clock)
            self.hear(recogniser)
            assert loaded == []
        for _ in range(3):
            self.hear(recogniser)
            clock.now += REST_S
        assert len(loaded) == 1

    @pytest.mark.parametrize("understands", ["answers", "nothing"])
    def test_nobody_stands_in_who_does_not_understand_speech(self, understands: Understands) -> None:
        port, local = a_dead_port(), _Local(understands)
        with home_server(Home(port=port)):
            recogniser = self.home_first(port, local, _Clock())
        for standing in ("home", "away", "away"):
            with pytest.raises(RecognitionError, match="cannot be reached"):
                self.hear(recogniser)
            assert recogniser.standing == standing
        with home_server(Home("from home", port=port)):
            assert (self.hear(recogniser), recogniser.standing) == ("from home", "home")
        assert local.asked == 0

    def test_a_local_model_that_cannot_be_loaded_is_not_tried_twice(self) -> None:
        tried: list[int] = []

        def load() -> Recogniser:
            tried.append(1)
            raise ModelError("The speech model is damaged.")

        with home_server(Home()) as home:
            recogniser = self.home_first(home.port, load, _Clock())
        for _ in range(3):
            with pytest.raises(RecognitionError, match="cannot be reached"):
                self.hear(recogniser)
        assert tried == [1]

    def test_a_noise_that_was_never_sent_does_not_bring_the_server_back(self) -> None:
        clock = _Clock()
        with home_server(Home()) as home:
            recogniser = self.home_first(home.port, _Local(), clock)
        self.hear(recogniser)
        clock.now = REST_S
        recogniser.recognise(np.random.default_rng(0).normal(0, 0.1, SECOND).astype(np.float32), short=False)
        assert recogniser.standing == "here"

    def test_closing_lets_both_go(self) -> None:
        local = _Local()
        with home_server(Home()) as home:
            recogniser = self.home_first(home.port, local, _Clock())
        self.hear(recogniser)
        recogniser.close()
        assert local.understands == "nothing"


class TestChoosing:
    @pytest.fixture(autouse=True)
    def shelf(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A model folder with one model; nothing else of this computer is seen."""
        shelf = tmp_path / "shelf"
        write_model(shelf / "tiny.en", "From here.")
        monkeypatch.setattr("voice_imago.engines.whisper_models.models_folder", lambda: shelf)
        monkeypatch.setattr(recognisers, "models_folder", lambda: shelf)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        return shelf

    def test_an_address_is_a_recogniser_and_nothing_is_asked_to_choose_it(self) -> None:
        choice = choose_recogniser(RecogniserSpec("wyoming://box.local"))
        assert (choice.name, choice.reason) == ("home", "asked")
        assert choice.address == HomeAddress("box.local", 10_300)

    def test_the_server_is_used_and_this_computer_stands_in_for_it(self) -> None:
        with home_server(Home("From home.")) as home:
            made = make_recogniser(RecogniserSpec(home.url))
            assert made.reason == "asked"
            assert made.recogniser.recognise(like_speech(2.0), short=False).text == "From home."
        assert made.recogniser.recognise(like_speech(2.0), short=False).text == "From here."

    def test_a_server_that_is_away_at_the_start_is_replaced_for_good(self) -> None:
        port = a_dead_port()
        made = make_recogniser(RecogniserSpec(f"wyoming://127.0.0.1:{port}"))
        assert (made.reason, made.recogniser.name) == ("home_away", "whisper tiny.en")
        with home_server(Home("From home.", port=port)) as home:
            assert made.recogniser.recognise(like_speech(2.0), short=False).text == "From here."
        assert home.heard == []

    def test_a_wrong_server_is_an_error_and_not_a_reason_to_fall_back(self) -> None:
        with rude_server(answering(b"HTTP/1.1 400 Bad\r\n")) as at, pytest.raises(UsageError, match="web server"):
            make_recogniser(RecogniserSpec(f"wyoming://{at}"))

    @pytest.mark.parametrize("name", ["wyoming://8.8.8.8", "wyoming://box:0"])
    def test_a_wrong_address_is_told_before_anything_is_opened(self, name: str) -> None:
        with pytest.raises(UsageError):
            choose_recogniser(RecogniserSpec(name))

    def test_a_model_folder_that_is_not_there_is_told_before_the_dialogue(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="There is no model folder"):
            choose_recogniser(RecogniserSpec("wyoming://box", model_dir=tmp_path / "none"))

    def test_without_the_package_one_sentence_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recognisers, "_installed", lambda package: package != "wyoming")
        with pytest.raises(UsageError, match="needs the package wyoming") as caught:
            choose_recogniser(RecogniserSpec("wyoming://box"))
        assert caught.value.hint == "Install it with: pip install 'voice-imago[home]'"

    @pytest.mark.parametrize("module", ["wyoming_recogniser", "wyoming_voice"])
    def test_nor_does_importing_without_the_package_end_in_a_traceback(self, module: str) -> None:
        code = (
            "import sys; sys.modules['wyoming'] = None\n"
            "from voice_imago.errors import UsageError\n"
            f"try:\n    import voice_imago.engines.{module}\n"
            "except UsageError as error:\n    sys.stdout.write(str(error))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("A speech server at home needs the package wyoming")

    def test_everything_else_works_without_the_package(self) -> None:
        code = "import sys; sys.modules['wyoming'] = None; import voice_imago.engines.recognisers"
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_the_scribes_child_process_asks_the_server(self) -> None:
        texts: list[str] = []
        came = threading.Event()

        def text(id: int, heard: Heard, wall_s: float) -> None:
            texts.append(heard.text)
            came.set()

        with home_server(Home("From home.")) as home:
            scribe = Scribe(RecogniserSpec(home.url, hints=("Ana", "Ben")), text, lambda *_: None)
            scribe.start()
            try:
                scribe.submit(1, like_speech(2.0), False)
                assert came.wait(30.0)
            finally:
                scribe.close()
        assert texts == ["From home."]
        assert scribe.understands == "speech"
        assert home.heard[0].names == ("Ana", "Ben")


# ------------------------------------------------------------------------------------------------ voice

PROMPT = "Ana, name one thing you value about Ben."
SHORT = Deadline(0.2, 0.0)


def sound_of(pcm: bytes, rate: int = 16_000, width: int = 2, channels: int = 1) -> bytes:
    """A whole answer of a voice."""
    form = {"rate": rate, "width": width, "channels": channels}
    chunk = line("audio-chunk", form, payload_length=len(pcm)) + pcm
    return line("audio-start", form) + chunk + line("audio-stop")


def buzz(seconds: float, rate_hz: int = 16_000) -> bytes:
    return (like_speech(seconds, rate_hz) * 32767).astype("<i2").tobytes()


@espeak
class TestSpeaking:
    def test_a_voice_is_found_by_name_description_and_language(self, house: Home, tmp_path: Path) -> None:
        voice = HomeVoice(house.address)
        for name in ("", "en-gb", "EN_GB", "English (Great Britain)", "en", "de", "de-at", "en-us+f3"):
            voice.render(PROMPT, VoiceSettings(name), tmp_path / "a.wav")
        used = [(name, speaker) for _, name, speaker in house.said]
        assert used == [("en-us", None), *[("en-gb", None)] * 3, ("en-us", None), *[("de", None)] * 2, ("en-us", "f3")]
        assert house.described == 1

    def test_a_voice_in_the_address_is_used_wherever_it_speaks_the_language(self, house: Home, tmp_path: Path) -> None:
        voice = HomeVoice(HomeAddress("127.0.0.1", house.port, "en-gb+m3"))
        for name in ("", "en", "de", "en-us"):
            voice.render(PROMPT, VoiceSettings(name), tmp_path / "a.wav")
        used = [(name, speaker) for _, name, speaker in house.said]
        assert used == [("en-gb", "m3"), ("en-gb", "m3"), ("de", None), ("en-us", None)]
        assert "en-gb" in voice.name

    def test_the_usual_pace_is_left_as_the_server_speaks_it(self, house: Home, tmp_path: Path) -> None:
        HomeVoice(house.address).render(PROMPT, VoiceSettings("en-us", 150, 1.0), tmp_path / "a.wav")
        rate_hz, sound = read_wav(tmp_path / "a.wav")
        assert (rate_hz, sound.astype("<i2").tobytes()) == spoken(PROMPT, "en-us")

    def test_without_a_voice_for_the_language_it_is_refused(self, house: Home) -> None:
        with pytest.raises(UsageError, match="has no voice for the language pt"):
            HomeVoice(house.address, "pt")
        with pytest.raises(UsageError, match=r"There is no voice 'alba' on the speech server\. It has: en-us, en-gb"):
            HomeVoice(HomeAddress("127.0.0.1", house.port, "alba"))
        house.voices = ()
        with pytest.raises(UsageError, match="does not offer a voice"):
            HomeVoice(house.address)

    def test_a_server_that_dies_leaves_the_voice_to_this_computer(self, tmp_path: Path) -> None:
        with home_server(Home(voices=VOICES)) as home:
            chain = ChainVoice([HomeVoice(home.address), EspeakVoice()])
            chain.render(PROMPT, VoiceSettings("en-us"), tmp_path / "a.wav")
            assert chain.failures == ()
        chain.render(PROMPT, VoiceSettings("en-us"), tmp_path / "b.wav")
        assert "cannot be reached" in chain.failures[0].message
        assert (tmp_path / "b.wav").exists()
        chain.close()


class TestVoicesThatMisbehave:
    TROUBLES = {
        name: trouble
        for name, trouble in TROUBLES.items()
        if name not in ("no text", "a number for a text", "talks of other things", "an endless line")
    } | {
        "an end without sound": (answering(sound_of(b"")), "dropped words"),
        "silence": (answering(sound_of(bytes(2 * 40_000))), "wrote silence"),
        "half the words": (answering(sound_of(buzz(0.3))), "dropped words"),
        "half a sound": (answering(sound_of(buzz(2.0))[:20_000], then_close=True), "broke off in the middle"),
        "no end": (answering(sound_of(buzz(2.0))[:-30]), r"did not answer within 0\.2 seconds"),
        "8 bit": (answering(sound_of(buzz(2.0), width=1)), "its sound is not 16-bit"),
        "five channels": (answering(sound_of(buzz(2.0), channels=5)), "its sound is not 16-bit"),
        "a rate of nothing": (answering(sound_of(buzz(2.0), rate=0)), "its sound is not 16-bit"),
        "a change": (answering(sound_of(buzz(2.0)).replace(b"16000", b"22050", 1)), "its sound changes its format"),
        "too much": (answering(sound_of(buzz(90.0))), "its sound does not end"),
    }

    @pytest.mark.parametrize("trouble", list(TROUBLES))
    def test_one_prompt_is_one_sentence_and_the_next_prompt_is_spoken(self, trouble: str, tmp_path: Path) -> None:
        manner, sentence = self.TROUBLES[trouble]
        with rude_server(answering(info(tts=TTS)), manner, answering(sound_of(buzz(2.0)))) as at:
            voice = HomeVoice(at, deadline=SHORT)
            with pytest.raises(VoiceError, match=sentence):
                voice.render(PROMPT, VoiceSettings(), tmp_path / "a.wav")
            assert list(tmp_path.iterdir()) == []
            voice.render(PROMPT, VoiceSettings(), tmp_path / "a.wav")
            assert read_wav(tmp_path / "a.wav")[1].size == 32_000

    def test_stereo_becomes_mono(self, tmp_path: Path) -> None:
        left = np.frombuffer(buzz(2.0), "<i2").astype(np.int32)
        both = np.stack([left, left // 2], axis=1).astype("<i2").tobytes()
        with rude_server(answering(info(tts=TTS)), answering(sound_of(both, channels=2))) as at:
            HomeVoice(at).render(PROMPT, VoiceSettings(), tmp_path / "a.wav")
        np.testing.assert_allclose(read_wav(tmp_path / "a.wav")[1], left * 0.75, atol=1.5)

    def test_closing_ends_what_is_being_rendered(self, tmp_path: Path) -> None:
        asked = threading.Event()

        def silent(connection: socket.socket) -> None:
            connection.recv(1)
            asked.set()
            until_closed(connection)

        with rude_server(answering(info(tts=TTS)), silent) as at:
            voice = HomeVoice(at, deadline=Deadline(50.0, 0.0))
            closing = threading.Thread(target=lambda: asked.wait(30.0) and voice.close())
            closing.start()
            with pytest.raises(VoiceError, match="switched off"):
                voice.render(PROMPT, VoiceSettings(), tmp_path / "a.wav")
            closing.join()


class TestTempo:
    @pytest.mark.parametrize("factor", [0.6, 0.8, 1.25, 1.6, 2.5])
    def test_the_length_follows_and_the_pitch_stays(self, factor: float) -> None:
        rate_hz = 22_050
        tone = (np.sin(np.arange(3 * rate_hz) * 2 * np.pi * 220.0 / rate_hz) * 12_000).astype(np.int16)
        changed = at_tempo(tone, rate_hz, factor)
        assert changed.size / tone.size == pytest.approx(1 / factor, rel=0.03)
        spectrum = np.abs(np.fft.rfft(changed[rate_hz // 4 : -rate_hz // 4] * 1.0, 2**18))
        assert np.argmax(spectrum) * rate_hz / 2**18 == pytest.approx(220.0, abs=2.0)
        middle = changed[rate_hz // 4 : -rate_hz // 4].astype(float)
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(12_000 / np.sqrt(2), rel=0.05)

    @pytest.mark.parametrize("samples", [0, 1, 300, 700, 1500])
    def test_hardly_any_sound_is_no_trouble(self, samples: int) -> None:
        sound = np.full(samples, 1000, np.int16)
        for factor in (0.5, 2.9):
            assert np.isin(at_tempo(sound, 16_000, factor), np.arange(0, 1001)).all()

    def test_the_first_sound_is_not_faded_in(self) -> None:
        changed = at_tempo(np.full(16_000, 1000, np.int16), 16_000, 1.3)
        assert set(changed[:11_000]) == {1000}

    def test_the_loudest_sound_does_not_turn_over(self) -> None:
        square = np.where(np.arange(16_000) % 160 < 80, 32767, -32768).astype(np.int16)
        changed = at_tempo(square, 16_000, 1.3)
        assert np.abs(np.diff(np.sign(changed.astype(int)))).sum() / 2 < 16_000 / 1.3 / 80 * 1.2
