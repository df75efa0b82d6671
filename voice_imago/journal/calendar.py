"""Requests and dates as an iCalendar file (RFC 5545), which every calendar program reads.

Times are local and "floating" (§3.3.5): eight in the evening is eight in the evening wherever the laptop is. Lines are
folded at 75 octets (§3.1), text is escaped (§3.3.11).
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence

from voice_imago import __version__
from voice_imago.journal.notes import Agreement, Appointment

__all__ = ["to_calendar"]

LENGTH = "PT1H"
"""Of a date with a time."""
OCTETS = 75
REQUEST, LOOK, DIALOGUE = "Request", "A look at the request", "A dialogue"


def to_calendar(agreements: Sequence[Agreement], appointments: Sequence[Appointment], now: datetime.datetime) -> bytes:
    """``now`` is the moment of writing, with a time zone."""
    stamp = now.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//voice-imago//journal {__version__}//EN",
        "CALSCALE:GREGORIAN",
    ]
    for agreement in agreements:
        lines += _agreement(agreement, stamp)
    for appointment in appointments:
        lines += _appointment(appointment, stamp)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _agreement(one: Agreement, stamp: str) -> Iterator[str]:
    """All its days as one event, and the look at it as another."""
    begin = _day(one.starts)
    if begin is None:
        return
    what = f"{one.who}: {one.what or one.text}" if one.who else one.what or one.text or REQUEST
    end = max(begin, _day(one.ends) or begin)
    yield from _event(("request", one.id, one.starts), stamp, what, _days(begin, end), one.text)
    look = _day(one.review)
    if look is not None:
        yield from _event(("look", one.id, one.starts), stamp, f"{LOOK}: {what}", _days(look, look), one.text)


def _appointment(one: Appointment, stamp: str) -> Iterator[str]:
    what = one.what or DIALOGUE
    try:
        moment = datetime.datetime.fromisoformat(one.at) if "T" in one.at else None
    except ValueError:
        moment = None
    day = _day(one.at)
    if moment is not None:
        when = [f"DTSTART:{moment.strftime('%Y%m%dT%H%M%S')}", f"DURATION:{LENGTH}"]
    elif day is not None:
        when = _days(day, day)
    else:
        return
    yield from _event(("date", one.id, one.at), stamp, what, when, "")


def _event(key: tuple[str, int, str], stamp: str, what: str, when: Sequence[str], more: str) -> Iterator[str]:
    unique = hashlib.sha256(repr(key).encode()).hexdigest()[:32]
    yield from ("BEGIN:VEVENT", f"UID:{unique}@voice-imago.invalid", f"DTSTAMP:{stamp}", *when)
    yield f"SUMMARY:{_escaped(what)}"
    if more and more != what:
        yield f"DESCRIPTION:{_escaped(more)}"
    yield "END:VEVENT"


def _days(first: datetime.date, last: datetime.date) -> list[str]:
    """The end of an event of whole days is the day after it (§3.6.1)."""
    after = last + datetime.timedelta(days=1)
    return [f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}", "TRANSP:TRANSPARENT"]


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        return None


def _escaped(text: str) -> str:
    plain = "".join(c for c in text if c == "\n" or c >= " ")
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Longer lines go on after a space; no character is cut."""
    out, room, octets = bytearray(), OCTETS, 0
    for character in line:
        encoded = character.encode("utf-8", "replace")
        if octets + len(encoded) > room:
            out += b"\r\n "
            room, octets = OCTETS - 1, 0
        out += encoded
        octets += len(encoded)
    return bytes(out) + b"\r\n"
