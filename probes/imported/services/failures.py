"""What Globalping's volunteers say of a look that failed: one sentence of their system or library, and what it tells."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from probes.kit.address import may_connect
from probes.kit.failure import Failure, unknown
from probes.kit.observation import DnsLookup, Facts, HttpExchange, TcpConnect, TlsHandshake

SYSTEM: Final = "system"
"""What the facts call the resolver of whoever looked."""

_NODE: Final[tuple[tuple[re.Pattern[str], Failure], ...]] = tuple(
    (re.compile(pattern), failure)
    for pattern, failure in (
        (r"^connect ECONNREFUSED\b", Failure.CONNECTION_REFUSED),
        (r"^connect ETIMEDOUT\b", Failure.TIMED_OUT),
        (r"^connect ECONNRESET\b", Failure.CONNECTION_RESET),
        (r"^connect EHOSTUNREACH\b", Failure.HOST_UNREACHABLE),
        (r"^connect ENETUNREACH\b", Failure.NETWORK_UNREACHABLE),
    )
)
"""How the volunteers' system says that a connection did not come about. Source: Node.js, `SystemError.syscall`."""

_RESOLVING: Final[tuple[tuple[re.Pattern[str], Failure], ...]] = tuple(
    (re.compile(pattern), failure)
    for pattern, failure in (
        (r"^(?:query\w*|getaddrinfo) ENOTFOUND\b", Failure.DNS_NXDOMAIN),
        (r"^(?:query\w*|getaddrinfo) ENODATA\b", Failure.DNS_NO_ANSWER),
        (r"^Private IP ranges are not allowed", Failure.DNS_BOGON),
    )
)
"""How it says that a name leads nowhere. An address that no public host has is refused by the volunteer's own policy."""

_NO_HANDSHAKE: Final = "Client network socket disconnected before secure TLS connection was established"

_WHOLE: Final[Mapping[str, Failure]] = {
    "Request timeout.": Failure.GENERIC_TIMEOUT,
    "read ECONNRESET": Failure.CONNECTION_RESET,
    "other side closed": Failure.EOF,
    "socket hang up": Failure.EOF,
}
"""Failures of which the stage is not told."""

_PEER: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[0-9a-fA-F:.]+):(\d{1,5})\s*$")


def failed_page(url: str, said: str, hop: int, started: float) -> Facts:
    """A failed look at a page. Only where the volunteer's own words name a stage is it blamed; else the request as a whole."""
    host, port = urlsplit(url).hostname or "", port_of(url)
    common: dict[str, Any] = {"hop": hop, "started": started, "duration": 0.0}
    failure = name_failure(said)
    if failure is not None:
        return Facts(dns=(DnsLookup(**common, failure=failure, resolver=SYSTEM, transport=SYSTEM, name=host, qtype="A"),))
    failure = _fitting(_NODE, said)
    if failure is not None:
        return Facts(tcp=(TcpConnect(**common, failure=failure, address=_peer(said) or host, port=port),))
    if said.startswith(_NO_HANDSHAKE):
        return Facts(tls=(TlsHandshake(**common, failure=Failure.EOF, address=host, port=port, server_name=host),))
    return Facts(http=(HttpExchange(**common, failure=_WHOLE.get(said.strip()) or unknown(said), url=url),))


def name_failure(said: str) -> Failure | None:
    """How a name led nowhere, None where something else failed."""
    return _fitting(_RESOLVING, said)


def _fitting(table: Sequence[tuple[re.Pattern[str], Failure]], said: str) -> Failure | None:
    return next((failure for pattern, failure in table if pattern.match(said)), None)


def _peer(said: str) -> str | None:
    found = _PEER.search(said)
    address = found[1].strip("[]") if found else ""
    return address if may_connect(address) else None


def port_of(url: str) -> int:
    """The port that a page is asked for at."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)
