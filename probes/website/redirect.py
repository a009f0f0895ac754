"""Where a response sends its reader, in the words of OONI Web Connectivity."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from probes.kit.failure import UNKNOWN_PREFIX, Failure
from probes.kit.observation import HttpExchange
from probes.website.target import web_address

TOO_MANY: Final = UNKNOWN_PREFIX + "stopped after too many redirects"
"""The failure of the eleventh redirect (OONI Web Connectivity)."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What follows from a response: a `url` to go on to, a `failure`, a reason for having `refused` to follow, or nothing."""

    url: str | None = None
    failure: str | None = None
    refused: str | None = None


FINAL: Final = Turn()
"""The response is the page itself."""


def is_redirect(exchange: HttpExchange) -> bool:
    """Whether the response sends its reader on. An empty Location names the page itself and sends nobody anywhere."""
    return exchange.status in _REDIRECTS and bool(exchange.location)


def turn_after(exchange: HttpExchange) -> Turn:
    """Where to go from here. A page may send us to any public web address, and nowhere else."""
    if exchange.failure is not None or not is_redirect(exchange):
        return FINAL
    location = (exchange.location or "").strip().replace(" ", "%20")
    try:
        parts, joined = urlsplit(location), urljoin(exchange.url, location)
    except ValueError:
        return Turn(failure=Failure.HTTP_INVALID_REDIRECT)
    names_a_host = parts.scheme in {"http", "https"} or location.startswith("//")
    if names_a_host and not parts.hostname:
        return Turn(failure=Failure.HTTP_INVALID_REDIRECT)
    try:
        return Turn(url=web_address(joined))
    except ValueError as refusal:
        return Turn(refused=str(refusal))
