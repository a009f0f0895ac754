"""Which addresses are bogons, which may never be connected to, and where a test sends those that may.

Facts always name the nominal address, the one that DNS gave. Only the connector asks the map where that leads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, Literal, Self

Address = IPv4Address | IPv6Address
Place = tuple[str, int]
"""Where a socket really connects to: an address in text and a port."""

_Networks = tuple[IPv4Network | IPv6Network, ...]


def _networks(text: str) -> _Networks:
    return tuple(ip_network(word) for word in text.split())


_BOGONS: Final = _networks(
    """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 127.0.53.53/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
    ::/128 ::1/128 ::ffff:0:0/96 ::/96 100::/64 2001:10::/28 2001:db8::/32 fc00::/7 fe80::/10 fec0::/10 ff00::/8
    """
)
"""Addresses that no public host has. Source: OONI Web Connectivity (its list, without the images in 6to4 and Teredo)."""

_LOCAL: Final = _networks("0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 224.0.0.0/4 255.255.255.255/32 ::/128 ::1/128 fe80::/10 ff00::/8")
_METADATA: Final = _networks(
    "100.100.100.200/32 168.63.129.16/32 192.0.0.192/32 fd00:ec2::254/128 fd20:ce::254/128 fd00:42::42/128"
)
"""The metadata services of Alibaba, Azure, Oracle, AWS, Google and Scaleway that are not in 169.254.0.0/16 as well."""

_FORBIDDEN: Final = (*_LOCAL, *_METADATA)
"""Where no name or redirect may lead us: ourselves, our link and all on it, and what tells a cloud machine its secrets."""

_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
_TEREDO: Final = IPv6Network("2001::/32")
_EMBEDDED: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("::ffff:0:0:0/96"), IPv6Network("::/96"), *_NAT64)
"""Prefixes that carry an IPv4 address in their last 32 bits: mapped, translated (RFC 2765), compatible, NAT64."""


@lru_cache(maxsize=4096)
def is_address(text: str) -> bool:
    """Whether `text` is an IP address in its plain spelling."""
    try:
        _parse(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def is_bogon(address: str) -> bool:
    """Whether no public host can have `address`, or the IPv4 address that it wraps. Raises ValueError if it is no address."""
    parsed = _parse(address)
    return _inside(parsed, _BOGONS) or any(_inside(image, _BOGONS) for image in _tunnelled(parsed))


def is_loopback(address: str) -> bool:
    """Whether `address` is this machine itself, in whatever disguise. Raises ValueError if it is no address."""
    parsed = _parse(address)
    return any(form.is_loopback for form in (parsed, *_disguises(parsed)))


@lru_cache(maxsize=4096)
def may_connect(address: str) -> bool:
    """Whether a target may be sought at `address`. What is not an address in its plain spelling may never be connected to."""
    if not is_address(address):
        return False
    parsed = _parse(address)
    return not any(_inside(form, _FORBIDDEN) for form in (parsed, *_disguises(parsed)))


def _parse(address: str) -> Address:
    return ip_address(address.partition("%")[0])


def _inside(address: Address, networks: _Networks) -> bool:
    return any(address in network for network in networks)


def _disguises(address: Address) -> tuple[IPv4Address, ...]:
    """Every IPv4 address that a router or translator on the way might take `address` for."""
    if isinstance(address, IPv4Address):
        return ()
    embedded = (_bits(address, 96),) if _inside(address, _EMBEDDED) else ()
    return (*embedded, *_local_nat64(address), *_tunnelled(address), *_teredo_client(address))


def _tunnelled(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 address of a 6to4 router (RFC 3056) or a Teredo server (RFC 4380) that this address names."""
    if address in _SIX_TO_FOUR:
        return (_bits(address, 16),)
    return (_bits(address, 32),) if address in _TEREDO else ()


def _teredo_client(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The far end of a Teredo tunnel, which is stored inverted (RFC 4380)."""
    return (IPv4Address(int(_bits(address, 96)) ^ 0xFFFFFFFF),) if address in _TEREDO else ()


def _local_nat64(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The layout of RFC 6052 for a /48: 16 bits of the IPv4 address before the byte that must be zero, 16 after it."""
    if address not in _NAT64[1]:
        return ()
    packed = address.packed
    return (IPv4Address(packed[6:8] + packed[9:11]),)


def _bits(address: Address, start: int) -> IPv4Address:
    """The 32 bits of an IPv6 address that begin at bit `start`."""
    return IPv4Address(address.packed[start // 8 : start // 8 + 4])


class Dead(Enum):
    """Where a mapped address may lead instead of to a place."""

    DROP = auto()
    """Nobody answers: the connector waits out its budget."""
    REFUSE = auto()
    """The connection is refused at once."""
    UNREACHABLE = auto()
    """There is no route, as to an IPv6 address from a line without IPv6."""


Route = Place | Dead


@dataclass(frozen=True, slots=True)
class AddressMap:
    """Where a test's nominal addresses really lead. While there is a map, nothing but loopback is ever connected to.

    - `routes`: from `ip:port` or `ip` (any port; IPv6 as `[ip]:port`), optionally with `/udp`, to `127.x.y.z:port`,
      `drop`, `refuse` or `unreachable`. An address that it does not name is dropped. It is asked at every connection, so that a
      test may change it while probes run.
    - `source`: the loopback address to connect from.

    Raises ValueError where anything but loopback is named.
    """

    routes: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None

    def __post_init__(self) -> None:
        for key, value in self.routes.items():
            _route(key, value)
        if self.source is not None and not is_loopback(self.source):
            raise ValueError(f"source {self.source!r} is not a loopback address: use one of 127.0.0.0/8")

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Read `{"source": "127.0.1.1", "routes": {...}}`; other keys are somebody else's."""
        return cls(routes=content.get("routes", {}), source=content.get("source"))

    def route(self, address: str, port: int, protocol: Literal["tcp", "udp"] = "tcp") -> Route:
        """Where a connection to the nominal `address` goes. A route for this port outweighs one for any port."""
        for key in _keys(address, port, protocol):
            if key in self.routes:
                return _route(key, self.routes[key])
        return Dead.DROP


def _keys(address: str, port: int, protocol: str) -> tuple[str, ...]:
    endpoint = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    plain = (endpoint, address)
    return tuple(f"{key}/udp" for key in plain) + plain if protocol == "udp" else plain


@lru_cache(maxsize=4096)
def _route(key: str, value: str) -> Route:
    if value in {"drop", "refuse", "unreachable"}:
        return Dead[value.upper()]
    host, _, port = value.rpartition(":")
    host = host.strip("[]")
    if not is_address(host) or not is_loopback(host) or not port.isdecimal():
        raise ValueError(f"route {key!r} leads to {value!r}: use '127.x.y.z:port', 'drop', 'refuse' or 'unreachable'")
    return host, int(port)
