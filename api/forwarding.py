"""For whom a reverse proxy asks, where the configuration says that the proxy can be trusted (`trusted_proxies`).

Each proxy adds at the right the address that it was asked from: `X-Forwarded-For`, or `Forwarded` (RFC 7239). All to the left of
what the last trusted one has added may be forged by whoever asks. Only whom to count follows from this: that a request was
forwarded at all stays to be seen, for programs on this very machine are known by that.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.datastructures import Headers

Address = IPv4Address | IPv6Address

Network = IPv4Network | IPv6Network

_HOPS: Final = 20
"""Proxies in a row, at most, that are followed back."""


def asked_from(peer: Address, headers: Headers, proxies: Sequence[Network]) -> Address | None:
    """Where a request comes from: the right-most address that is no trusted proxy's, or `peer` where none is trusted.

    None where trusted proxies do not say, or the two headers say different things: one of them then comes from whoever asks.
    Nor do they say it with a loopback address, which is that of a proxy or of an onion service before them.
    """
    if not _is_trusted(peer, proxies):
        return peer
    chains = (_listed(headers.getlist("x-forwarded-for")), list(map(_for, _listed(headers.getlist("forwarded")))))
    found = {_rightmost(chain, proxies) for chain in chains if chain}
    if not found:
        return peer
    address = found.pop()
    return None if found or address is None or address.is_loopback else address


def _rightmost(chain: Sequence[str], proxies: Sequence[Network]) -> Address | None:
    for hop in list(reversed(chain))[:_HOPS]:
        address = _address(hop)
        if address is None or not _is_trusted(address, proxies):
            return address
    return address


def _is_trusted(address: Address, proxies: Sequence[Network]) -> bool:
    return any(address in one for one in proxies)


def _listed(values: Iterable[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",")]


def _for(element: str) -> str:
    """The `for` of an element of `Forwarded`. No address has a comma in it, so that splitting there does no harm."""
    pairs = (pair.partition("=") for pair in element.split(";"))
    return next((value.strip().strip('"') for name, _, value in pairs if name.strip().lower() == "for"), "")


def _address(hop: str) -> Address | None:
    """The address in `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::7` or `[2001:db8::7]:4711`; None where there is none."""
    bracketed = hop.startswith("[")
    host = hop[1:].partition("]")[0] if bracketed else hop
    try:
        return plain_address(host.partition(":")[0] if host.count(":") == 1 else host)
    except ValueError:
        return None


def plain_address(host: str) -> Address:
    """An address; one of IPv4 that was written as IPv6 is the same. Raises `ValueError`."""
    address = ip_address(host)
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
