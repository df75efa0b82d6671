"""A private part: written without a secret, read with its owner's own and with no other, gone when it is forgotten."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.journal.kept_room import raw, rows
from tests.tried_once import tried_once
from voice_imago.errors import UsageError, VaultError
from voice_imago.journal import files, sealing
from voice_imago.journal.journal import Journal
from voice_imago.journal.private import Private, PrivateParts, forget_person, mark_of

pytestmark = pytest.mark.timeout(180)

OWN, OTHERS = "river stones and honey", "a window seat"
ANSWERS = Private(7, {"feared": "that nobody asks me", "rated": [1, 3, 2]})


@pytest.fixture
def path(home: Path) -> Path:
    return files.journal_file()


class TestWithAge:
    @pytest.fixture(autouse=True)
    def _installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tried_once(monkeypatch)

    def test_what_is_put_without_a_secret_is_read_with_the_owners(self, path: Path) -> None:
        with Journal(path) as journal:
            private = PrivateParts(journal)
            private.begin("Ana", OWN)
            private.put("Ana", ANSWERS)
            private.put("ana ", Private(8, {"composite": "She listens and forgets birthdays."}))
            assert private.read("Ana", OWN) == [
                ANSWERS,
                Private(8, {"composite": "She listens and forgets birthdays."}),
            ]

    def test_no_other_secret_opens_it(self, path: Path) -> None:
        with Journal(path) as journal:
            private = PrivateParts(journal)
            private.begin("Ana", OWN)
            private.begin("Ben", OTHERS)
            private.put("Ana", ANSWERS)
            with pytest.raises(VaultError, match=r"This passphrase does not open it\. Try again"):
                private.read("Ana", OTHERS)

    def test_no_byte_tells_what_was_answered_or_what_it_is_about_or_the_secret(self, path: Path) -> None:
        with Journal(path) as journal:
            private = PrivateParts(journal)
            private.begin("Annegret", OWN)
            private.put("Annegret", ANSWERS)
            private.put("Annegret", Private(8, {"composite": "birthdays"}))
            content = raw(path)
        for word in ("feared", "nobody asks", "rated", "composite", "birthdays", "Annegret", OWN, "AGE-SECRET-KEY"):
            assert word.encode() not in content
        assert {column for _, column, *_ in rows(path, "PRAGMA table_info(private)")} == {
            "id", "person", "part", "sealed",
        }  # fmt: skip

    def test_another_passphrase_opens_the_same_parts_and_the_old_one_nothing(self, path: Path) -> None:
        with Journal(path) as journal:
            private = PrivateParts(journal)
            private.begin("Ana", OWN)
            private.put("Ana", ANSWERS)
            old = rows(path, "SELECT identity FROM people")[0][0]
            with pytest.raises(VaultError, match="does not open"):
                private.change("Ana", OTHERS, OTHERS)
            private.change("Ana", OWN, OTHERS)
            private.put("Ana", ANSWERS)
            assert private.read("Ana", OTHERS) == [ANSWERS, ANSWERS]
            with pytest.raises(VaultError, match="does not open"):
                private.read("Ana", OWN)
        assert old not in raw(path)

    def test_a_person_begins_once_and_with_a_passphrase(self, path: Path) -> None:
        with Journal(path) as journal:
            private = PrivateParts(journal)
            with pytest.raises(VaultError, match="needs a passphrase of its owner"):
                private.begin("Ana", "")
            private.begin("Ana", OWN)
            assert private.known("ANA")
            assert not private.known("Ben")
            with pytest.raises(VaultError, match="has a private part already"):
                private.begin("Ana", OTHERS)
            with pytest.raises(VaultError, match=r"Ben has no private part yet\. Begin one"):
                private.put("Ben", ANSWERS)

    def test_forgetting_a_person_leaves_no_byte_of_the_parts(self, path: Path) -> None:
        with Journal(path) as journal:
            private = PrivateParts(journal)
            private.begin("Ana", OWN)
            private.put("Ana", ANSWERS)
            ((sealed,),) = rows(path, "SELECT sealed FROM private")
            ((identity,),) = rows(path, "SELECT identity FROM people")
            assert sealed in raw(path)
            assert journal.erase(lambda db: forget_person(db, "Ana")).result()
            content = raw(path)
            assert not private.known("Ana")
        for piece in (sealed[:40], sealed[-40:], identity[:40], identity[-40:]):
            assert piece not in content

    def test_a_part_that_was_damaged_says_so(self, path: Path) -> None:
        with Journal(path) as journal:
            private = PrivateParts(journal)
            private.begin("Ana", OWN)
            private.put("Ana", ANSWERS)
            journal.run(lambda db: db.execute("UPDATE private SET sealed = substr(sealed, 1, 60)").rowcount)
            with pytest.raises(VaultError, match="A private part is damaged"):
                private.read("Ana", OWN)

    def test_other_programs_open_what_was_sealed_with_a_passphrase(self) -> None:
        """The age format, version 1."""
        recipient, identity = sealing.new_identity(OWN)
        assert identity.startswith(b"age-encryption.org/v1\n-> scrypt ")
        assert sealing.open_with(identity, OWN).startswith(b"AGE-SECRET-KEY-1")
        assert sealing.seal(b"notes", recipient).startswith(b"age-encryption.org/v1\n-> X25519 ")


def test_without_age_no_private_part_is_kept_and_the_sentence_says_why(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with Journal(path) as journal:
        with pytest.raises(VaultError) as raised:
            PrivateParts(journal).begin("Ana", OWN)
        assert str(raised.value) == (
            "What locks and opens private parts is not installed. Install it: pip install voice-imago[vault]."
        )
        assert rows(path, "SELECT count(*) FROM people") == [(0,)]


def test_names_that_are_one_person_have_one_mark() -> None:
    assert mark_of("Zoë") == mark_of(" zoe\u0308 ") != mark_of("Zoe")
    with pytest.raises(UsageError):
        mark_of("  ")
