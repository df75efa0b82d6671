"""One question to a Wyoming speech server and its answer, over a plain socket, with an end to every wait.

A message is one line of JSON (type, and how many bytes follow), its data as JSON, its payload as raw bytes. The
package's own ``read_event`` gives None for the end of the stream and for rubbish alike, swallows Ctrl-C, and reads
whatever length it is told; messages are therefore read here. They are written by the package.

Every question has a connection of its own, as Home Assistant does it: several servers close it after an answer, and
so there is never a dead one to find out about.
"""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from voice_imago.engines.wyoming_address import HomeAddress, HomeTrouble, Place, look_up, missing_extra
from voice_imago.engines.wyoming_offer import plain_text

try:
    from wyoming.event import Event as Message
    from wyoming.event import write_event
except ImportError as missing:
    raise missing_extra() from missing

__all__ = ["CONNECT_S", "DESCRIBE_S", "Conversation", "HomeServer", "Message", "message"]

CONNECT_S = 3.0
"""Seconds to find and reach the server."""
DESCRIBE_S = 5.0
"""Seconds in which it must say what it can do."""
LONGEST_JSON_BYTES = 4_000_000
"""Of a line or of data. A server with a thousand voices needs 0.5 MB to list them."""
LONGEST_PAYLOAD_BYTES = 16_000_000
"""Of one message: 80 seconds of stereo at 48 kHz, where chunks of a tenth of a second are usual."""
TOLD_CHARACTERS = 160
"""Of a server's own words in a sentence of ours."""
_RECEIVE_BYTES = 65_536


def message(type: str, data: dict[str, Any] | None = None, payload: bytes | None = None) -> Message:
    """One message to the server."""
    return Message(type, data or {}, payload)


class HomeServer:
    """Where a server is and how it is reached. Safe from any thread; ``close`` ends what still waits."""

    def __init__(self, address: HomeAddress) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._place: Place | None = None
        """Where it answered last time."""
        self._closed = False

    @contextmanager
    def conversation(self, within_s: float) -> Iterator[Conversation]:
        """A fresh connection, and ``within_s`` seconds for everything that is said on it. Raises HomeTrouble."""
        connection = self._connect(time.monotonic() + CONNECT_S)
        try:
            yield Conversation(connection, str(self.address), within_s, lambda: self._closed)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def describe(self) -> dict[str, Any]:
        """What the server says that it can do. Raises HomeTrouble."""
        with self.conversation(DESCRIBE_S) as talk:
            talk.say([message("describe")])
            return dict(talk.hear("info").data)

    def close(self) -> None:
        """End every conversation at once; later ones are refused."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _connect(self, deadline: float) -> socket.socket:
        known, self._place = self._place, None
        if known is not None:
            with suppress(OSError):
                return self._try(known, deadline - CONNECT_S / 2)  # it may have another address by now
        places = look_up(self.address, deadline - time.monotonic())
        for number, place in enumerate(places):
            now = time.monotonic()
            with suppress(OSError):
                return self._try(place, now + (deadline - now) / (len(places) - number))
        raise HomeTrouble(
            "away", f"The speech server at {self.address} cannot be reached.", "Check that it runs, and its port."
        )

    def _try(self, place: Place, deadline: float) -> socket.socket:
        """Raises OSError, also when the deadline has passed."""
        connection = socket.socket(place[0], socket.SOCK_STREAM)
        with self._lock:
            closed = self._closed
            self._open.add(connection)
        try:
            if closed:
                raise HomeTrouble("away", "The speech server was switched off.")
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            connection.connect(place[1])
            connection.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # the last bytes of a piece wait for nobody
        except BaseException:
            with self._lock:
                self._open.discard(connection)
            connection.close()
            raise
        self._place = place
        return connection


class Conversation:
    """Messages there and back on one connection, until the deadline."""

    def __init__(
        self, connection: socket.socket, server: str, within_s: float, closed: Callable[[], bool] = lambda: False
    ) -> None:
        self._connection, self._server, self._closed = connection, server, closed
        self._within_s = within_s
        self._deadline = time.monotonic() + within_s
        self._buffer = bytearray()

    def say(self, events: Iterable[Message]) -> None:
        """Send these. Raises HomeTrouble."""
        raw = io.BytesIO()
        for event in events:
            write_event(event, raw)
        with self._named():
            self._wait_at_most()
            self._connection.sendall(raw.getbuffer())

    def hear(self, *types: str) -> Message:
        """The next message of one of these types; others are passed over. Raises HomeTrouble, also for an error."""
        while True:
            event = self._read()
            if event.type in types:
                return event
            if event.type == "error":
                said = plain_text(event.data.get("text"))[:TOLD_CHARACTERS] or "no reason"
                raise HomeTrouble("away", f"The speech server at {self._server} reports an error: {said}.")

    def foreign(self, why: str) -> HomeTrouble:
        """For an answer that makes no sense."""
        return HomeTrouble(
            "foreign",
            f"What answers at {self._server} is not a Wyoming speech server: {why}.",
            "Recognition is usually at port 10300 and the voice at 10200.",
        )

    # ------------------------------------------------------------------ reading

    def _read(self) -> Message:
        header = self._parsed(self._line())
        kind, inline = header.get("type"), header.get("data") or {}
        if not isinstance(kind, str) or not isinstance(inline, dict):
            raise self.foreign("its messages have no type")
        data = self._exactly(self._length(header, "data_length", LONGEST_JSON_BYTES))
        payload = self._exactly(self._length(header, "payload_length", LONGEST_PAYLOAD_BYTES))
        return Message(kind, inline | (self._parsed(data) if data else {}), payload or None)

    def _length(self, header: dict[str, Any], name: str, most: int) -> int:
        length = header.get(name) or 0
        if not isinstance(length, int) or not 0 <= length <= most:
            raise self.foreign("it announces a message of an impossible length")
        return length

    def _parsed(self, raw: bytes) -> dict[str, Any]:
        try:
            parsed = json.loads(raw)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            raise self.foreign("it sends something that is not JSON")
        return parsed

    def _line(self) -> bytes:
        seen = 0
        while (end := self._buffer.find(b"\n", seen)) < 0:
            seen = len(self._buffer)
            if seen > LONGEST_JSON_BYTES:
                raise self.foreign("its messages have no end")
            self._receive()
            self._look_at_beginning()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _look_at_beginning(self) -> None:
        """Another protocol is known by its first byte; its line may never end."""
        if self._buffer.startswith(b"HTTP/"):
            raise self.foreign("it is a web server")
        if not self._buffer.startswith((b"{", b"H")):
            raise self.foreign("it sends something that is not JSON")

    def _exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._receive()
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _receive(self) -> None:
        with self._named():
            self._wait_at_most()
            got = self._connection.recv(_RECEIVE_BYTES)
        if not got:
            raise self._ended()
        self._buffer += got

    # ------------------------------------------------------------------ time and trouble

    def _wait_at_most(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0.0:
            raise TimeoutError
        self._connection.settimeout(left)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Foreign errors as HomeTrouble."""
        try:
            yield
        except TimeoutError as error:
            seconds = f"{self._within_s:.1f}".removesuffix(".0")
            raise HomeTrouble(
                "away", f"The speech server at {self._server} did not answer within {seconds} seconds."
            ) from error
        except OSError as error:
            raise self._ended() from error

    def _ended(self) -> HomeTrouble:
        if self._closed():
            return HomeTrouble("away", "The speech server was switched off.")
        return HomeTrouble("away", f"The speech server at {self._server} broke off in the middle of its answer.")
