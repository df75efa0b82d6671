"""Locking with age (the format of https://age-encryption.org/v1) through pyrage, of the extra ``vault``.

A person's private parts are sealed for an X25519 key, so that writing needs no secret; the key that opens them is
itself locked with the person's passphrase (scrypt). A passphrase is read at the terminal and is never an argument, in
the environment, in a log or on the disk.
"""

from __future__ import annotations

from typing import Any

from voice_imago.errors import VaultError

__all__ = ["new_identity", "open_sealed", "open_with", "relock", "seal", "seal_with"]

NOT_INSTALLED = "What locks and opens private parts is not installed."
INSTALL = "Install it: pip install voice-imago[vault]."
WRONG = "This passphrase does not open it."
AGAIN = "Try again; nothing was changed."


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError as error:
        raise VaultError(NOT_INSTALLED, INSTALL) from error
    return pyrage


def new_identity(passphrase: str) -> tuple[str, bytes]:
    """A new key pair: what seals, as text, and what opens, locked with the passphrase. Raises VaultError."""
    pyrage = _pyrage()
    identity = pyrage.x25519.Identity.generate()
    return str(identity.to_public()), seal_with(str(identity).encode(), passphrase)


def seal(content: bytes, recipient: str) -> bytes:
    """So that only the owner of the key opens it. Raises VaultError."""
    pyrage = _pyrage()
    sealed: bytes = pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient)])
    return sealed


def open_sealed(sealed: list[bytes], identity: bytes, passphrase: str) -> list[bytes]:
    """What was sealed for a key, with the locked key and its passphrase. Raises VaultError."""
    pyrage = _pyrage()
    key = pyrage.x25519.Identity.from_str(open_with(identity, passphrase).decode())
    try:
        return [pyrage.decrypt(one, [key]) for one in sealed]
    except pyrage.DecryptError as error:
        raise VaultError("A private part is damaged.", "Nothing else is lost.") from error


def relock(identity: bytes, old: str, new: str) -> bytes:
    """The same key with another passphrase. Raises VaultError."""
    return seal_with(open_with(identity, old), new)


def seal_with(content: bytes, passphrase: str) -> bytes:
    """Lock with a passphrase alone; takes a second by design. Raises VaultError."""
    sealed: bytes = _pyrage().passphrase.encrypt(content, passphrase)
    return sealed


def open_with(sealed: bytes, passphrase: str) -> bytes:
    """Raises VaultError for a wrong passphrase or a damaged file."""
    pyrage = _pyrage()
    try:
        content: bytes = pyrage.passphrase.decrypt(sealed, passphrase)
    except pyrage.DecryptError as error:
        raise VaultError(WRONG, AGAIN) from error
    return content
