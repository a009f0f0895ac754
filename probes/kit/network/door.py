"""How one vantage point reaches the world."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probes.kit.address import AddressMap
from probes.kit.asn import Asns
from probes.kit.budgets import Budgets
from probes.kit.marks import Markers
from probes.kit.resolvers import PublicResolver

BROWSER: Final = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
"""What we say we are: Firefox' long-term release on Windows, which is also what every Tor Browser says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Plain data about one vantage point's way out.

    - `resolvers`: its own resolvers, as `ip` or `ip:port` (`[ip]:port`); none means those of /etc/resolv.conf
    - `proxy`: `socks5h://[user:password@]host:port` or `http://…`; names are then resolved at its far end
    - `trust`: a PEM file of roots to trust beside the system's (a test's)
    - `address_map`: where nominal addresses lead in a test; while there is one, only loopback is ever connected
    - `public_resolvers`: whom a full look asks besides, to see whether the own ones are alone in what they say
    - `asns`, `markers`: what is known of addresses and of block pages; facts then say so
    - `own_addresses`: what to scrub from everything stored, beside the resolvers and what the machine knows itself
    """

    vantage: str
    budgets: Budgets
    resolvers: tuple[str, ...] = ()
    proxy: str | None = None
    user_agent: str = BROWSER
    trust: Path | None = None
    address_map: AddressMap | None = None
    public_resolvers: tuple[PublicResolver, ...] = ()
    asns: Asns | None = None
    markers: Markers | None = None
    own_addresses: tuple[str, ...] = ()
