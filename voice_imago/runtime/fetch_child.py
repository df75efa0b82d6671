"""The process that downloads one model. ``models.py`` starts it and ends it when it takes too long.

Its own process, because the hub's library cannot be stopped from inside: against a server that accepts
connections and never answers it was still waiting after ten minutes. It is the only part of the program that
may reach the internet, and only while a download that somebody asked for is running.

One JSON line in: which model, and where to put it. JSON lines out: ``bytes`` as they arrive, then ``done`` or
``error`` with a kind.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from http import HTTPStatus
from typing import Any, BinaryIO

FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
ASK_S = 10.0
"""Seconds in which the server has to answer the first question."""
STEP_BYTES = 256 * 1024
"""Of what arrives between two signs of life; the library's own step of 10 MB takes minutes on a slow line."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main() -> int:
    """Download, and say what happens."""
    outbox = _private_stdout()
    wanted = json.loads(sys.stdin.readline())
    kind = _fetch(wanted, outbox)
    _say(outbox, {"error": kind} if kind else {"done": True})
    return 1 if kind else 0


def _fetch(wanted: dict[str, str], outbox: BinaryIO) -> str:
    """'' when all is there, else the kind of trouble."""
    import huggingface_hub
    from huggingface_hub import constants

    constants.DOWNLOAD_CHUNK_SIZE = STEP_BYTES
    if trouble := _ask(wanted):
        return trouble
    try:
        huggingface_hub.snapshot_download(
            wanted["repo"],
            revision=wanted["revision"],
            local_dir=wanted["folder"],
            allow_patterns=list(FILES),
            max_workers=1,
            token=False,
            tqdm_class=_bar(outbox),
        )
    except Exception as error:  # a worker's boundary: the library lets through what its HTTP library raises
        return _kind(error, "cut")
    return ""


def _ask(wanted: dict[str, str]) -> str:
    """One question without the library's retries, which take 23 s to notice that there is no network."""
    from huggingface_hub import constants, get_session

    url = f"{constants.ENDPOINT}/api/models/{wanted['repo']}/revision/{wanted['revision']}"
    try:
        status = int(get_session().get(url, timeout=ASK_S).status_code)
    except Exception as error:  # a worker's boundary: requests, httpx or httpx2, by the hub library's version
        return _kind(error, "offline")
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.GONE):
        return "missing"
    return f"status {status}" if status >= HTTPStatus.BAD_REQUEST else ""


def _kind(error: Exception, otherwise: str) -> str:
    if any("Timeout" in kind.__name__ for kind in type(error).__mro__):
        return "silent"
    if isinstance(error, OSError) and error.errno in _FULL:
        return "full"
    return "forbidden" if isinstance(error, PermissionError) else otherwise


def _bar(outbox: BinaryIO) -> type[Any]:
    """A progress bar that draws nothing and tells the bytes of one of the library's bars."""
    from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]

    class Told(tqdm):  # type: ignore[misc, type-arg, unused-ignore]
        def __init__(self, *args: Any, **settings: Any) -> None:
            self._told = settings.get("unit") == "B" and "ownload" in str(settings.get("desc"))
            super().__init__(*args, **(settings | {"disable": True}))
            self._bytes = 0

        def update(self, n: float | None = 1) -> bool | None:
            if self._told:
                self._bytes += int(n or 0)
                _say(outbox, {"bytes": self._bytes})
            return None

    return Told


def _private_stdout() -> BinaryIO:
    outbox = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return outbox


def _say(outbox: BinaryIO, told: dict[str, Any]) -> None:
    outbox.write(json.dumps(told).encode() + b"\n")
    outbox.flush()


if __name__ == "__main__":
    sys.exit(main())
