"""The process that downloads one model. ``fetching.py`` starts it and ends it when it takes too long.

Its own process, because no library can be stopped from inside: a look-up of a name or a server that accepts
connections and never answers blocks for minutes. It is the only part of the program that may reach the internet, and
only while a download that somebody asked for is running. It ends when its standard input does: with the program.

The hub's files are plain HTTP: ``<hub>/<repository>/resolve/<commit>/<file>``, with ranges. The hub's own library
begins a download that was killed from nothing; here it goes on where it stopped, and the finished weights must have
the pinned hash.

One JSON line in: which model, and where to put it. JSON lines out: ``part`` (where it is being put), ``bytes`` as they
arrive with ``of`` how many, then ``done`` or ``error`` with a kind.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import json
import os
import shutil
import ssl
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import quote

from voice_imago import __version__
from voice_imago.runtime.fetch_parts import WEIGHTS, claimed_part, note_finished

HUB = "https://huggingface.co"
"""Unless ``HF_ENDPOINT`` names a mirror."""
NEEDED = (("config.json",), ("tokenizer.json",), ("vocabulary.txt", "vocabulary.json"))
"""Small files: of each group one must be there."""
WELCOME = "preprocessor_config.json"
"""Only the large models have it."""
STEP_BYTES = 256 * 1024
"""Between two signs of life on a quick line."""
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Before each new try after a connection broke off without bringing anything; then it is given up."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.GONE)

Tell = Callable[..., None]


class Trouble(Exception):
    """Why the download ends without the model; its text is the kind."""


def main() -> int:
    """Download, and say what happens."""
    outbox = _private_stdout()

    def tell(**told: Any) -> None:
        outbox.write(json.dumps(told).encode() + b"\n")
        outbox.flush()

    wanted = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    kind = _fetch(wanted, tell)
    if kind:
        tell(error=kind)
    else:
        tell(done=True)
    return 1 if kind else 0


def _end_with_parent() -> None:
    """Nobody waits for the model any more; what is here stays for the next time."""
    while os.read(0, 1):  # not sys.stdin: a thread waiting in it would break the program's end
        pass
    os._exit(1)


def _fetch(wanted: dict[str, Any], tell: Tell) -> str:
    """'' when all is there, else the kind of trouble."""
    try:
        with claimed_part(Path(wanted["place"]), wanted["name"], wanted["sha256"]) as part:
            tell(part=str(part))
            download = _Download(wanted, part, tell)
            download.check_room()
            download.small_files()
            download.weights()
            note_finished(part)
    except Trouble as trouble:
        return str(trouble)
    except PermissionError:
        return "forbidden"
    except OSError as error:
        return "full" if error.errno in _FULL else "forbidden"
    return ""


class _Download:
    """One model, file by file."""

    def __init__(self, wanted: dict[str, Any], part: Path, tell: Tell) -> None:
        self._part, self._tell = part, tell
        self._sha256, self._need_bytes = str(wanted["sha256"]), int(wanted["need_bytes"])
        self._patience_s = float(wanted["patience_s"])
        hub = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
        self._address = f"{hub}/{wanted['repo']}/resolve/{wanted['revision']}"
        certificates = urllib.request.HTTPSHandler(context=_certificates())
        self._opener = urllib.request.build_opener(certificates, _Redirects())
        self._told = (0, 0.0)
        """Bytes that were told, and when."""
        self._answered = False
        """The server has answered once, so what fails later is a broken connection."""

    def check_room(self) -> None:
        """What is here already needs no room."""
        here = sum(file.stat().st_size for file in self._part.iterdir() if file.is_file())
        if shutil.disk_usage(self._part).free < self._need_bytes - here:
            raise Trouble("full")

    def small_files(self) -> None:
        for names in NEEDED:
            if not any(self._small(name) for name in names):
                raise Trouble("missing")
        self._small(WELCOME)

    def _small(self, name: str) -> bool:
        """Whether the server has it. A page of somebody's network in place of a file is no file."""
        target = self._part / name
        target.unlink(missing_ok=True)
        if not self._file(name):
            return False
        if name.endswith(".json"):
            try:
                json.loads(target.read_bytes())
            except ValueError as error:
                raise Trouble("damaged") from error
        return True

    def weights(self) -> None:
        """The large file. One that was gone on with and has the wrong hash is fetched once more from nothing."""
        target = self._part / WEIGHTS
        left = target.exists()
        if self._whole_file(target):
            return
        target.unlink()
        if not left or not self._whole_file(target):
            raise Trouble("damaged")

    def _whole_file(self, target: Path) -> bool:
        if not self._file(WEIGHTS):
            raise Trouble("missing")
        with target.open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
            os.fsync(weights.fileno())
        return found == self._sha256

    # ------------------------------------------------------------------ one file

    def _file(self, name: str) -> bool:
        """Fetch a file, going on after each cut; False where the server has none. Raises Trouble."""
        target, fruitless = self._part / name, 0
        while True:
            before = _size(target)
            kind = self._go_on(name, target)
            if kind in ("", "missing"):
                return kind == ""
            if not self._answered or kind.startswith("status"):
                raise Trouble(kind)
            fruitless = 0 if _size(target) > before else fruitless + 1
            if fruitless > len(PAUSES_S):
                raise Trouble(kind)
            time.sleep(PAUSES_S[fruitless - 1] if fruitless else 0.0)

    def _go_on(self, name: str, target: Path) -> str:
        """Fetch what is not here yet over one connection: '' when all is here, else the kind of trouble."""
        start = _size(target)
        headers = {"User-Agent": f"voice-imago/{__version__}", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        asked = urllib.request.Request(f"{self._address}/{quote(name)}", headers=headers)  # noqa: S310 - hub or mirror
        try:
            with self._opener.open(asked, timeout=self._patience_s) as answer:
                self._answered = True
                return self._take(answer, target, start)
        except HTTPError as error:
            return self._refused(error, name, target, start)
        except (OSError, http.client.HTTPException) as error:
            if getattr(error, "errno", None) in _FULL:
                raise Trouble("full") from error
            return _kind(error, "cut" if self._answered else "offline")

    def _take(self, answer: Any, target: Path, start: int) -> str:
        """Read an answer to its end. A server that does not know ranges sends all of the file."""
        if start and not _begins_at(answer, start):
            start = 0
            if answer.status == HTTPStatus.PARTIAL_CONTENT:
                target.unlink()
                return "cut"
        length = answer.headers.get("Content-Length")
        of = start + int(length) if length else 0
        with target.open("ab" if start else "wb") as file:
            while block := answer.read1(STEP_BYTES):  # what is there: a slow line brings little, and lives all the same
                file.write(block)
                if target.name == WEIGHTS:
                    self._progress(file.tell(), of)
        return "" if not of or _size(target) == of else "cut"

    def _progress(self, here: int, of: int) -> None:
        """A sign of life for each step or percent, and at least each second in which something came."""
        now, step = time.monotonic(), min(STEP_BYTES, of // 100)
        if here == of or here - self._told[0] >= step or now - self._told[1] >= 1.0:
            self._told = (here, now)
            self._tell(bytes=here, of=max(of, here))

    def _refused(self, error: HTTPError, name: str, target: Path, start: int) -> str:
        with contextlib.closing(error):
            if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
                self._answered = True
                return ""  # all of it is here, or it is too long: the hash tells
            if error.code in _GONE:
                self._answered = True
                return "missing"
            return f"status {error.code}"


class _Redirects(urllib.request.HTTPRedirectHandler):
    """The weights lie on another server than the hub; never on one without encryption where the hub has it."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https:") and (req.type == "https" or not newurl.startswith("http:")):
            raise HTTPError(newurl, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _begins_at(answer: Any, start: int) -> bool:
    told = str(answer.headers.get("Content-Range", ""))
    return answer.status == HTTPStatus.PARTIAL_CONTENT and told.startswith(f"bytes {start}-")


def _certificates() -> ssl.SSLContext:
    """The system's, and those that come with Python's packages: on macOS the system's may be out of reach."""
    context = ssl.create_default_context()
    with contextlib.suppress(ImportError, OSError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _kind(error: Exception, otherwise: str) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    return "silent" if isinstance(reason, TimeoutError) else otherwise


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _private_stdout() -> BinaryIO:
    outbox = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return outbox


if __name__ == "__main__":
    sys.exit(main())
