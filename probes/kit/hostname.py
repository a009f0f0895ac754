"""Host names: the form in which the wire carries them, and those that nobody outside should be looked for under."""

import re
from ipaddress import ip_address
from typing import Final

import idna

from probes.kit.address import is_address, may_connect

_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PRIVATE: Final = ("localhost", "local", "internal", "home.arpa", "onion", "alt")
"""Names that never lead to a public host. Sources: RFC 6761, 6762, 7686, 8375, 9476; ICANN reserved `.internal` in 2024."""


def ascii_host(host: str) -> str:
    """The form that DNS, SNI and Host carry: lower case, A-labels, no final dot; an IP address in its shortest spelling.

    Raises ValueError, with the remedy, for what is no host or must never be looked for: a bare word, a private name, an
    address of this machine, its link or its cloud's metadata service.
    """
    name = str(ip_address(host)) if is_address(host) else _ascii_name(host.removesuffix("."))
    reason = _unfit_address(name) if is_address(host) else _unfit_name(name)
    if reason:
        raise ValueError(f"{host[:80]!r} {reason}")
    return name


def _ascii_name(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"{host[:80]!r} is not an internationalised host name ({error}): check its spelling") from error


def _unfit_address(address: str) -> str | None:
    if may_connect(address):
        return None
    return "is an address of this machine, its link or its cloud: name a public host"


def _unfit_name(name: str) -> str | None:
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return "is not a host name: write one such as www.example.org"
    if any(name == private or name.endswith(f".{private}") for private in _PRIVATE):
        return "is a private name: name a public host"
    if len(labels) < 2 or _NUMBER.fullmatch(labels[-1]):
        return "is not a full host name: write one such as www.example.org"
    return None
