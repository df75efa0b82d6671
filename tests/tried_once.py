"""Locking and opening take a second by design: here each is really done, but the same one only once."""

from __future__ import annotations

from functools import cache

import pytest

from voice_imago.errors import VaultError
from voice_imago.journal import sealing

__all__ = ["tried_once"]

_new_identity, _open_with = sealing.new_identity, sealing.open_with


@cache
def _identity(passphrase: str) -> tuple[str, bytes]:
    return _new_identity(passphrase)


@cache
def _tried(sealed: bytes, passphrase: str) -> bytes | VaultError:
    try:
        return _open_with(sealed, passphrase)
    except VaultError as error:
        return error


def _opened(sealed: bytes, passphrase: str) -> bytes:
    done = _tried(sealed, passphrase)
    if isinstance(done, VaultError):
        raise done
    return done


def tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one test; skips it where what locks is not installed."""
    pytest.importorskip("pyrage")
    monkeypatch.setattr(sealing, "new_identity", _identity)
    monkeypatch.setattr(sealing, "open_with", _opened)
