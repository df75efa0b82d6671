"""Where the speech server of the home is: ``wyoming://host[:port][/name]``, and only inside the home.

What a couple says here is for nobody else, so sound goes to an address of this computer or of a private network and
nowhere else. There is no switch to change that: a server elsewhere is reached through a tunnel that ends at home.
A name is looked up by us and the very address that was judged is connected to, so that a name cannot lead astray
between the two.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass
from typing import Any, Literal

from voice_imago.errors import UsageError

SCHEME = "wyoming:"
RECOGNISER_PORT = 10_300
VOICE_PORT = 10_200
"""Where the servers of Home Assistant listen unless told otherwise."""
INSTALL_HINT = "Install it with: pip install 'voice-imago[home]'"

# Named one by one: ``is_private`` of the standard library also covers addresses that are nobody's, and in older
# releases every IPv4 address that is written as an IPv6 one.
_AT_HOME = tuple(
    map(
        ipaddress.ip_network,
        (
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "::1",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
_FORM = re.compile(
    r"""wyoming://
    (?: \[ (?P<six> [0-9a-f:.]+ (?: %\w+ )? ) \] | (?P<host> [\w.-]{1,253} ) )
    (?: : (?P<port> [0-9]{1,5} ) )?
    (?: / (?P<name> [\w.+/\ -]{0,100} ) )?
    """,
    re.IGNORECASE | re.VERBOSE,
)

Trouble = Literal["away", "foreign", "elsewhere"]
Place = tuple[socket.AddressFamily, Any]
"""Family and address, as a socket takes them."""


class HomeTrouble(Exception):
    """Why the server did not serve, in one sentence; the engines make it an error of their own kind.

    ``away``: it may serve another time; ``foreign``: what is there is no server of this kind; ``elsewhere``: it is
    not in the home.
    """

    def __init__(self, kind: Trouble, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.hint = kind, message, hint


@dataclass(frozen=True, slots=True)
class HomeAddress:
    """One server."""

    host: str
    port: int
    name: str = ""
    """The server's name of a voice or of a model; empty: the one that fits the language."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_home(text: str) -> bool:
    """Whether this is meant to be the address of a speech server, right or wrong."""
    return text.strip().casefold().startswith(SCHEME)


def parse_address(text: str, default_port: int) -> HomeAddress:
    """Raises UsageError for an address of another form, and for one that is plainly not in the home."""
    found = _FORM.fullmatch(text.strip())
    host = (found["six"] or found["host"]) if found else ""
    port = int(found["port"] or default_port) if found else 0
    if found is None or not _is_host(host, bracketed=bool(found["six"])) or not 0 < port < 65_536:
        raise UsageError(
            f"{text!r} is not the address of a speech server.",
            f"Write it like wyoming://192.168.1.20:{default_port} or wyoming://homeassistant.local:{default_port}.",
        )
    address = HomeAddress(host, port, (found["name"] or "").strip())
    if _is_number(host) and not _at_home(host):
        trouble = _elsewhere(address)
        raise UsageError(trouble.message, trouble.hint)
    return address


def missing_extra() -> UsageError:
    """For whoever finds that the package is not there."""
    return UsageError("A speech server at home needs the package wyoming, which is not installed.", INSTALL_HINT)


def look_up(address: HomeAddress, within_s: float) -> list[Place]:
    """Every address in the home that the name stands for. HomeTrouble, after ``within_s`` at the latest.

    The system's look-up cannot be interrupted, so it has a thread that is left behind when it takes too long.
    """
    found: list[Place] = []

    def ask() -> None:
        try:
            told = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # UnicodeError: a name that no DNS can hold
            return
        found.extend((family, place) for family, _, _, _, place in told)

    asking = threading.Thread(target=ask, name="look up", daemon=True)
    asking.start()
    asking.join(within_s)
    known = list(found)
    if not known:
        raise HomeTrouble(
            "away",
            f"There is no computer called {address.host} in this network.",
            "Check its name, or give its number, such as wyoming://192.168.1.20.",
        )
    inside = [(family, place) for family, place in known if _at_home(str(place[0]))]
    if not inside:
        raise _elsewhere(address)
    return inside


def _elsewhere(address: HomeAddress) -> HomeTrouble:
    return HomeTrouble(
        "elsewhere",
        f"The speech server {address.host} is not in your own network, and your voices do not leave it.",
        "Use a server at home: an address such as 192.168.1.20 or 10.0.0.5, or this computer itself.",
    )


def _at_home(number: str) -> bool:
    address = ipaddress.ip_address(number)
    plain = getattr(address, "ipv4_mapped", None) or address
    if isinstance(plain, ipaddress.IPv6Address):
        plain = ipaddress.IPv6Address(int(plain))  # without the name of the interface
    return any(plain in network for network in _AT_HOME if network.version == plain.version)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_host(host: str, *, bracketed: bool) -> bool:
    if bracketed:
        return _is_number(host) and ":" in host
    return all(label and not label.startswith("-") for label in host.removesuffix(".").split("."))
