"""Which host names and web addresses a configuration may name: public names, never IP addresses, never a local network."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from probes.kit.address import is_address
from probes.kit.hostname import ascii_host

_LOCAL: Final = ("lan", "localdomain", "intranet", "home", "corp", "private")
"""Last labels that no standard reserves, and that lead into people's own networks all the same (ICANN's name collisions)."""

_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_OUTSIDE_URL: Final = re.compile(r"[\x00-\x20\x7f\\\"<>^`{|}]")
_RESOLVER: Final = re.compile(r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<plain>[^:]+))(?::(?P<port>\d{1,5}))?")
_LONGEST_URL: Final = 2000


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a name or address is refused, and what to write instead."""

    message: str
    remedy: str


_NO_ADDRESS = Objection("names an IP address", "write the host name: addresses change, and a target is never an IP address")
_NO_HOST = Objection("does not name a host of the public internet", "write a full public name such as www.example.org")
_NO_URL = Objection("is not a web address", "write a full address such as https://www.example.org/")
_SCHEME = Objection("does not begin with https:// or http://", "write a full address such as https://www.example.org/")
_PASSWORD = Objection("holds a user name or password", "remove everything before the @: looks carry no credentials")


def objection_to_url(url: str) -> Objection | None:
    """Why `url` cannot be a target, or None."""
    if len(url) > _LONGEST_URL or _OUTSIDE_URL.search(url):
        return _NO_URL
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return _NO_URL
    return _NO_URL if port == 0 else _objection_to_parts(parts)


def _objection_to_parts(parts: SplitResult) -> Objection | None:
    if parts.scheme not in {"http", "https"}:
        return _SCHEME
    if "@" in parts.netloc:
        return _PASSWORD
    return objection_to_host(parts.hostname or "")


def objection_to_host(host: str) -> Objection | None:
    """Why the name `host` cannot be looked at, or None. The number forms that browsers take for IP addresses count as such."""
    if is_address(host.strip("[]")) or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return _NO_ADDRESS
    try:
        name = ascii_host(host)
    except ValueError:
        return _NO_HOST
    return _NO_HOST if name.rpartition(".")[2] in _LOCAL else None


def is_resolver(text: str) -> bool:
    """Whether `text` is an IP address, alone or with a port: `9.9.9.9`, `9.9.9.9:53`, `2620:fe::fe`, `[2620:fe::fe]:53`."""
    found = _RESOLVER.fullmatch(text)
    address = (found["bracketed"] or found["plain"]) if found else text
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return not found or found["port"] is None or 0 < int(found["port"]) <= 65535
