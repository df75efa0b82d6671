"""Parts that belong to one person: written without a secret, read only with that person's own.

What a part is about stands inside it. Outside there is a number and a digest of the name, so the file does not tell
what anybody answered. Locking and opening take a second by design and are done by the caller's thread, never by the
writer's.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Any

import msgspec

from voice_imago.errors import UsageError, VaultError
from voice_imago.journal import sealing
from voice_imago.journal.journal import Journal

__all__ = ["Private", "PrivateParts", "forget_person", "mark_of"]

OWN = "Choose one that only you know."


@dataclass(frozen=True, slots=True)
class Private:
    """One part as its owner reads it."""

    part: int
    """Number that the dialogue gave it; answers of one questionnaire have the same."""
    content: dict[str, Any]
    """Plain values by name: answers, a composite."""


@dataclass(frozen=True, slots=True)
class _Person:
    id: int
    recipient: str
    identity: bytes


class PrivateParts:
    """The private parts in a journal. Every method may raise FileError, JournalError and VaultError."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def known(self, name: str) -> bool:
        """Whether that person has a private part here. Raises UsageError for an empty name."""
        return self._journal.run(lambda db: _find(db, name)) is not None

    def begin(self, name: str, passphrase: str) -> None:
        """A private part for a new person. VaultError: not installed, no passphrase, or there is one already."""
        _check(passphrase)
        if self.known(name):
            raise VaultError(f"{name} has a private part already.", "Use its passphrase, or forget it first.")
        recipient, identity = sealing.new_identity(passphrase)
        insert = "INSERT INTO people(mark, recipient, identity) VALUES (?, ?, ?)"
        self._journal.run(lambda db: db.execute(insert, (mark_of(name), recipient, identity)).rowcount)

    def put(self, name: str, one: Private) -> None:
        """Keep a part; needs no secret."""
        person = self._person(name)
        sealed = sealing.seal(msgspec.json.encode(one.content), person.recipient)
        insert = "INSERT INTO private(person, part, sealed) VALUES (?, ?, ?)"
        self._journal.run(lambda db: db.execute(insert, (person.id, one.part, sealed)).rowcount)

    def read(self, name: str, passphrase: str) -> list[Private]:
        """All parts of a person, in the order in which they were kept."""
        person = self._person(name)
        select = "SELECT part, sealed FROM private WHERE person = ? ORDER BY id"
        rows = self._journal.run(lambda db: db.execute(select, (person.id,)).fetchall())
        opened = sealing.open_sealed([sealed for _, sealed in rows], person.identity, passphrase)
        return [
            Private(part, msgspec.json.decode(content, type=dict[str, Any]))
            for (part, _), content in zip(rows, opened, strict=True)
        ]

    def change(self, name: str, old: str, new: str) -> None:
        """Another passphrase for the same parts; what the old one locked is overwritten."""
        _check(new)
        person = self._person(name)
        identity = sealing.relock(person.identity, old, new)
        update = "UPDATE people SET identity = ? WHERE id = ?"
        self._journal.erase(lambda db: db.execute(update, (identity, person.id)).rowcount).result()

    def _person(self, name: str) -> _Person:
        person = self._journal.run(lambda db: _find(db, name))
        if person is None:
            raise VaultError(f"{name} has no private part yet.", "Begin one with a passphrase of your own.")
        return person


def forget_person(connection: Any, name: str) -> bool:
    """Leave nothing of the private part; False if there was none. Needs no secret: forgetting is everybody's right."""
    return bool(connection.execute("DELETE FROM people WHERE mark = ?", (mark_of(name),)).rowcount)


def mark_of(name: str) -> str:
    """Names that differ only in case or spaces are one person. Raises UsageError for an empty name."""
    folded = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    if not folded:
        raise UsageError("A private part needs the name of its owner.", "Say whose it is.")
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _find(connection: Any, name: str) -> _Person | None:
    select = "SELECT id, recipient, identity FROM people WHERE mark = ?"
    found = connection.execute(select, (mark_of(name),)).fetchone()
    return None if found is None else _Person(*found)


def _check(passphrase: str) -> None:
    if not passphrase:
        raise VaultError("A private part needs a passphrase of its owner.", OWN)
