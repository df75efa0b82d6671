"""A stand-in for the model hub on the loopback interface: as much as ``snapshot_download`` needs, and
the ways in which a real network hurts.

Point ``HF_ENDPOINT`` at ``hub.url``. ``Trouble`` says what goes wrong with ``model.bin``, or with everything.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BLOCK_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong; nothing by default."""

    silent: bool = False
    """Accept connections and never answer."""
    status: int = 0
    """Answer everything with this HTTP status."""
    stall_at: int | None = None
    """Stop sending model.bin after so many bytes, and keep the connection open."""
    cut_at: int | None = None
    """Close the connection after so many bytes of model.bin ..."""
    cuts: int = 1
    """... so many times."""
    damage: bool = False
    """Send model.bin with one byte wrong."""
    lacks: str = ""
    """A file that the repository does not have."""


@dataclass
class Hub:
    """One repository at one commit, served on the loopback interface."""

    url: str
    requests: list[str] = field(default_factory=list)
    """Method and path of each request, in order."""
    ranges: list[str] = field(default_factory=list)
    """Range headers of the requests that had one."""


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
        self.files = {f.name: f.read_bytes() for f in folder.iterdir() if f.name != trouble.lacks}
        self.repo, self.commit, self.trouble = repo, commit, trouble
        self.cuts_left = trouble.cuts
        self.released = threading.Event()
        self.hub = Hub(f"http://127.0.0.1:{self.server_address[1]}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle is what the tests are about."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _answer(self, with_body: bool) -> None:
        self.server.hub.requests.append(f"{self.command} {self.path}")
        trouble = self.server.trouble
        if trouble.silent:
            self.server.released.wait()
            self.close_connection = True
        elif trouble.status:
            self._send(trouble.status, b"", with_body)
        elif self.path.startswith("/api/"):
            self._send(200, json.dumps(self._listing()).encode(), with_body, {"Content-Type": "application/json"})
        else:
            self._file(self.path.split("?")[0].rpartition("/")[2], with_body)

    def _listing(self) -> Any:
        entries = [
            {
                "type": "file",
                "path": name,
                "size": len(content),
                "oid": _git_hash(content),
                **_lfs(name, content),
            }
            for name, content in self.server.files.items()
        ]
        if "/tree/" in self.path:
            return entries
        siblings = [{"rfilename": entry["path"]} for entry in entries]
        return {"id": self.server.repo, "sha": self.server.commit, "siblings": siblings, "tags": []}

    def _file(self, name: str, with_body: bool) -> None:
        content = self.server.files.get(name)
        if content is None:
            self._send(404, b"", with_body, {"X-Error-Code": "EntryNotFound"})
            return
        start = int(m[1]) if (m := re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))) else 0
        etag = hashlib.sha256(content).hexdigest() if name == "model.bin" else _git_hash(content)
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": self.server.commit, "Accept-Ranges": "bytes"}
        if start:
            self.server.hub.ranges.append(self.headers["Range"])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if name == "model.bin" and self.server.trouble.damage:
            content = content[:-1] + bytes([content[-1] ^ 1])
        self._send(206 if start else 200, content[start:], with_body, headers, first_byte=start)

    def _send(
        self,
        status: int,
        body: bytes,
        with_body: bool,
        headers: dict[str, str] | None = None,
        first_byte: int = -1,
    ) -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if with_body and first_byte >= 0 and self.path.split("?")[0].endswith("/model.bin"):
            self._weights(body, first_byte)
        elif with_body:
            self.wfile.write(body)

    def _weights(self, body: bytes, first_byte: int) -> None:
        trouble = self.server.trouble
        for at in range(0, len(body), BLOCK_BYTES):
            sent = first_byte + at
            if trouble.stall_at is not None and sent >= trouble.stall_at:
                self.server.released.wait()
            if trouble.cut_at is not None and sent >= trouble.cut_at and self.server.cuts_left:
                self.server.cuts_left -= 1
                self.close_connection = True
                return
            self.wfile.write(body[at : at + BLOCK_BYTES])


def _git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _lfs(name: str, content: bytes) -> dict[str, Any]:
    if name != "model.bin":
        return {}
    return {"lfs": {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}}
