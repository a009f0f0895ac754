"""What may be looked at, and what a target must say about it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from pydantic import AfterValidator, Field

from probes.kit.hostname import ascii_host
from probes.kit.probe import ProbeParams

MOST_ALSO: Final = 8
"""Addresses besides its own that a look may shake hands with: enough for a CDN's answer, too few for a flood."""

MOST_NEIGHBOURS: Final = 3
"""Neighbours that are visited when the target fails."""

_LONGEST: Final = 4096
_PORTS: Final = {"http": 80, "https": 443}
_SAFE_IN_PATH: Final = "/%:@!$&'()*+,;=~-._"
_SAFE_IN_QUERY: Final = _SAFE_IN_PATH + "?[]{}|\\^`"
"""What a browser leaves as it is. Source: WHATWG URL, path and query percent-encode sets."""


def web_address(text: str) -> str:
    """`text` as a browser would ask for it: scheme and host in lower case, A-labels, ASCII, without fragment.

    Raises ValueError, with the remedy, for what is no web address or leads where nobody may be sent.
    """
    parts = _split(text)
    if parts.scheme not in _PORTS:
        raise ValueError(f"{_shown(text)} is not a web address: write one that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a web address with a user name or password is refused: remove what stands before the @")
    if not parts.hostname:
        raise ValueError(f"{_shown(text)} names no host: write an address such as https://www.example.org/")
    host = ascii_host(parts.hostname)
    path, query = quote(parts.path or "/", safe=_SAFE_IN_PATH), quote(parts.query, safe=_SAFE_IN_QUERY)
    return urlunsplit((parts.scheme, _netloc(host, parts), path, query, ""))


def _split(text: str) -> SplitResult:
    if len(text) > _LONGEST or not text.isprintable() or " " in text:
        raise ValueError(f"{_shown(text)} is not a web address: it must be at most {_LONGEST} characters, without spaces")
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - asking for it is what checks it
    except ValueError as error:
        raise ValueError(f"{_shown(text)} is not a web address ({error}): check its host and port") from error
    return parts


def _shown(text: str) -> str:
    """The text for an error message, unless it may hold a password."""
    return "the address" if "@" in text else repr(text[:80])


def _netloc(host: str, parts: SplitResult) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if parts.port in {None, _PORTS[parts.scheme]} else f"{shown}:{parts.port}"


def host_of(url: str) -> str:
    """The host of a web address; empty for what is none, as an imported look may hold."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_front_page(url: str) -> bool:
    """Whether a web address asks for nothing but the front page."""
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query


def tls_port(url: str) -> int | None:
    """The port at which the host of `url` can prove by TLS who it is; None where a clear-text port was chosen on purpose."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return parts.port or 443
    return 443 if parts.port is None else None


class Params(ProbeParams):
    """What the website probe must know of a target.

    `neighbours` are host names of unrelated websites in the target's network or at its address, which are visited when it
    fails. `also_addresses` is filled by the engine for a control, and for nobody else: the addresses that the vantage point
    found, so that both sides speak of the same hosts.
    """

    url: Annotated[str, AfterValidator(web_address)]
    neighbours: tuple[Annotated[str, AfterValidator(ascii_host)], ...] = Field(default=(), max_length=MOST_NEIGHBOURS)
    also_addresses: tuple[str, ...] | None = Field(default=None, max_length=MOST_ALSO)

    @classmethod
    def for_asset(cls, url: str | None, domain: str | None, given: Mapping[str, Any]) -> Self | None:  # noqa: ARG003 - the interface
        """Look at the asset's URL; a domain that carries no website gives this probe nothing to look at."""
        return None if url is None else cls.model_validate({**given, "url": url})
