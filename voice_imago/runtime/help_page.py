"""The `help-page` command: numbers of people who listen, and where to find a therapist, a book, a course.

Made to be read alone, in plain text. A number is shown with the day on which somebody checked it; one that nobody has
checked within a year is shown with that remark, and the guide never speaks it (domain §2.6).
"""

from __future__ import annotations

import locale as system
from collections.abc import Iterator, Mapping
from datetime import date

from voice_imago import output
from voice_imago.dialogue.script import Resource, load_script
from voice_imago.runtime.plan import choose_name

__all__ = ["emergency_number", "help_page", "is_verified", "page", "read_locale"]

FRESH_DAYS = 365
_TITLES = {
    "emergency": "Emergency",
    "suicide": "Thoughts of ending one's life",
    "partner_violence": "Fear, threats or violence",
    "child": "For children",
    "counselling": "To talk to somebody",
    "find_therapist": "Therapists, courses, books",
}
BOOKS = (
    "Books: Getting the Love You Want (for couples), Keeping the Love You Find (for one person), by Harville Hendrix.",
    "Weekend courses, groups and talks are listed in the directory.",
)


def help_page(wanted: str) -> int:
    """Print the page of a locale; empty: the one of this computer."""
    resources = load_script().resources
    code = choose_name("locale", wanted.upper(), sorted(resources)) if wanted else read_locale(resources)
    for line in page(resources[code], date.today()):
        output.say(line)
    return 0


def page(resources: tuple[Resource, ...], today: date) -> Iterator[str]:
    """The lines of the page."""
    yield "Help numbers. Read this alone. In danger, call your local emergency number."
    for kind, title in _TITLES.items():
        found = [one for one in resources if one.kind == kind]
        if not found:
            continue
        yield ""
        yield title
        for one in found:
            yield from _lines(one, today)
    yield ""
    yield from BOOKS


def _lines(one: Resource, today: date) -> Iterator[str]:
    yield f"  {one.service}: {one.number or one.url}"
    more = [
        "text messages are answered" if one.text_ok else "",
        f"hours: {one.hours}" if one.hours else "",
        "not shown on the phone bill" if one.hidden_on_bill else "",
        one.url if one.number and one.url else "",
        f"checked on {one.verified_on:%d %B %Y}" if is_verified(one, today) else "not checked by us within a year",
    ]
    yield "    " + "; ".join(part for part in more if part) + "."


def is_verified(one: Resource, today: date) -> bool:
    """Whether somebody checked the number within a year; only then it may be spoken."""
    return one.verified_on is not None and 0 <= (today - one.verified_on).days <= FRESH_DAYS


def emergency_number(resources: tuple[Resource, ...], today: date) -> str:
    """What the guide may say aloud ("call 112"); empty where nothing is verified."""
    found = (one.number for one in resources if one.kind == "emergency" and is_verified(one, today))
    return next(found, "")


def read_locale(resources: Mapping[str, tuple[Resource, ...]]) -> str:
    """The locale of this computer, or the nearest thing to it that has a page."""
    try:
        name = system.getlocale()[0] or ""
    except ValueError:
        name = ""
    country = name.partition(".")[0].rpartition("_")[2].upper()
    return country if country in resources else "EU" if "EU" in resources else sorted(resources)[0]
