"""A stand-in for the model hub on the loopback interface: ``/<repository>/resolve/<commit>/<file>`` with ranges, the
weights on another path behind a redirect as the hub has them, and the ways in which a real network hurts.

Point ``HF_ENDPOINT`` at ``hub.url``. ``Trouble`` says what goes wrong with ``model.bin``, or with everything.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BLOCK_BYTES = 16_384
SLOW_S = 0.25


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong; nothing by default."""

    silent: bool = False
    """Accept connections and never answer."""
    status: int = 0
    """Answer everything with this HTTP status."""
    portal: bool = False
    """Answer everything with a page, as the network of a hotel does."""
    stall_at: int | None = None
    """Stop sending model.bin after so many bytes, and keep the connection open ..."""
    stalls: int = 99
    """... so many times."""
    cut_at: int | None = None
    """Close the connection after so many bytes of model.bin ..."""
    cuts: int = 1
    """... so many times."""
    damage: bool = False
    """Send model.bin with one byte wrong."""
    slow_blocks: int = 0
    """Wait before each of so many blocks of model.bin."""
    lacks: str = ""
    """A file that the repository does not have."""
    no_ranges: bool = False
    """Send all of a file whatever part is asked for."""


@dataclass
class Hub:
    """One repository at one commit, served on the loopback interface."""

    url: str
    requests: list[str] = field(default_factory=list)
    """Method and path of each request, in order."""
    ranges: list[str] = field(default_factory=list)
    """Range headers of the requests for weights that had one and were answered."""
    sent_bytes: int = 0
    """Of model.bin, over all requests."""
    stalled: threading.Event = field(default_factory=threading.Event)
    """Set while a request hangs at ``stall_at``."""


Serve = Callable[..., Hub]
"""Opens a hub with the troubles that are named."""


@contextmanager
def loopback_hub(folder: Path, repo: str, commit: str, trouble: Trouble | None = None) -> Iterator[Hub]:
    """Serve the files of ``folder`` as ``repo`` at ``commit``."""
    server = _Server(folder, repo, commit, trouble or Trouble())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.hub
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path, repo: str, commit: str, trouble: Trouble) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files = {f.name: f.read_bytes() for f in folder.iterdir() if f.is_file() and f.name != trouble.lacks}
        self.place, self.trouble = f"/{repo}/resolve/{commit}/", trouble
        self.cuts_left, self.stalls_left = trouble.cuts, trouble.stalls
        self.released = threading.Event()
        self.hub = Hub(f"http://127.0.0.1:{self.server_address[1]}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle is what the tests are about."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self.server.hub.requests.append(f"GET {self.path}")
        trouble, name = self.server.trouble, self.path.rpartition("/")[2]
        content = self.server.files.get(name)
        if trouble.silent:
            self.server.released.wait()
            self.close_connection = True
        elif trouble.status:
            self._send(trouble.status, b"")
        elif trouble.portal:
            self._send(200, b"<html>Please accept the terms of the hotel.</html>")
        elif self.path.startswith("/elsewhere/") and content is not None:
            self._weights(content)
        elif not self.path.startswith(self.server.place) or content is None:
            self._send(404, b"Entry not found")
        elif name == "model.bin":
            self._send(302, b"", {"Location": f"/elsewhere/{hashlib.sha256(content).hexdigest()}/{name}"})
        else:
            self._send(200, content)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def _weights(self, content: bytes) -> None:
        trouble, asked = self.server.trouble, self.headers.get("Range", "")
        start = int(m[1]) if (m := re.match(r"bytes=(\d+)-", asked)) and not trouble.no_ranges else 0
        if start >= len(content):
            self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            return
        if asked:
            self.server.hub.ranges.append(asked)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if trouble.damage:
            content = content[:-1] + bytes([content[-1] ^ 1])
        self._bytes(content, start)

    def _bytes(self, content: bytes, start: int) -> None:
        trouble, server = self.server.trouble, self.server
        for number, at in enumerate(range(start, len(content), BLOCK_BYTES)):
            if number < trouble.slow_blocks:
                server.released.wait(SLOW_S)
            if trouble.stall_at is not None and at >= trouble.stall_at and server.stalls_left:
                server.stalls_left -= 1
                server.hub.stalled.set()
                server.released.wait()
                self.close_connection = True
                return
            if trouble.cut_at is not None and at >= trouble.cut_at and server.cuts_left:
                server.cuts_left -= 1
                self.close_connection = True
                return
            block = content[at : at + BLOCK_BYTES]
            self.wfile.write(block)
            server.hub.sent_bytes += len(block)
