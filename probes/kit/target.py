"""An address on the web, taken apart once."""

from dataclasses import dataclass
from functools import lru_cache

import httpx2

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A page: `url` without user name, password and fragment, `host` in its ASCII form, and whether TLS comes first."""

    url: httpx2.URL
    host: str
    port: int
    secure: bool

    @property
    def server_name(self) -> str:
        """The host as TLS names it: without the final dot (RFC 6066, 3)."""
        return self.host.removesuffix(".")


@lru_cache(maxsize=4096)
def target(address: str) -> Target:
    """Take `address` apart. Raises ValueError where it is no http or https URL with a host and a possible port."""
    try:
        url = httpx2.URL(address).copy_with(userinfo=b"", fragment=None)
    except httpx2.InvalidURL as error:
        raise ValueError(f"{address[:200]!r} is not a URL: {error}") from error
    port = url.port if url.port is not None else _PORTS.get(url.scheme, 0)
    if url.scheme not in _PORTS or not url.host or not 0 < port < 65536:
        raise ValueError(f"{address[:200]!r} is not the address of a page: use http://host/ or https://host/")
    return Target(url, url.raw_host.decode("ascii"), port, url.scheme == "https")
