"""The one way out for channels that speak HTTP: where an address leads is checked, and only that is gone to.

A webhook's address is written by a person, but its name is resolved by strangers: whoever controls the name could point it
at this machine's own services or at a cloud's metadata (SSRF). So the name is resolved here, once; what it resolves to must
be public, unless the configuration names the host; and the connection goes to exactly that address, while the certificate
is still verified against the name. Redirects are not followed, no proxy is taken from the environment.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from socket import SOCK_STREAM

import httpx2

CONNECT_PATIENCE = 5.0
"""Seconds for one address to accept a connection before the next one is tried."""

ANSWER_CAP = 64 * 1024
"""Bytes of an answer that are read, and dropped, before the connection is closed."""

ANSWER_PATIENCE = 2.0
"""Seconds spent on that: the status is known, so the rest is mere politeness."""

METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Public addresses that serve a cloud's secrets to its machines (Azure). The others are link-local or private anyway."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses in which a translator's IPv4 address stands (RFC 6052)."""

ASSIGNED = (ipaddress.ip_network("2000::/3"), NAT64, ipaddress.ip_network("::ffff:0:0/96"))
"""All IPv6 addresses that lead anywhere on the internet (IANA, global unicast), and those that only wrap an IPv4 address. What
lies outside is another way to write a private one (::127.0.0.1, 64:ff9b:1::/48), is not used any more, or not yet."""

DOCUMENTATION = ipaddress.ip_network("3fff::/20")
"""For examples (RFC 9637); Python 3.11 does not know of it."""


class Unreachable(Exception):
    """No answer came; the message says why.

    `perhaps_received`: a connection stood, so the request may have been taken although its answer was lost.
    """

    def __init__(self, why: str, *, perhaps_received: bool = False) -> None:
        super().__init__(why)
        self.perhaps_received = perhaps_received


class Forbidden(Exception):
    """The address leads where no message may go; the message says where, and what to do if that is meant."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said: its status and its `Retry-After`, as sent."""

    status: int
    retry_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How to reach one receiver. `private` names the hosts that may lead to private addresses, `trust` extra roots (PEM)."""

    url: httpx2.URL
    private: Collection[str] = ()
    trust: Path | None = None

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send `body` and return the answer. Raises `Unreachable` or `Forbidden`; the caller sets the overall time."""
        problem = ""
        port = self.url.port or _PORTS[self.url.scheme]
        for address in await permitted(self.url.host, port, self.private):
            try:
                return await self._post_to(address, body, headers)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                problem = _reason(error)
            except httpx2.HTTPError as error:
                raise Unreachable(f"{self.url.host} did not answer: {_reason(error)}", perhaps_received=True) from None
        raise Unreachable(f"{self.url.host} could not be connected to: {problem}")

    async def _post_to(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        timeout = httpx2.Timeout(None, connect=CONNECT_PATIENCE)
        async with httpx2.AsyncClient(verify=trusting(self.trust), trust_env=False, timeout=timeout) as client:
            request = client.build_request(
                "POST",
                self.url.copy_with(host=address),
                content=body,
                headers={"host": self.url.netloc.decode("ascii"), **headers},
                extensions={"sni_hostname": _ascii_host(self.url)},
            )
            response = await client.send(request, stream=True, follow_redirects=False)
            await _drop(response)
        return Answer(response.status_code, response.headers.get("retry-after"))


async def permitted(host: str, port: int, private: Collection[str]) -> tuple[str, ...]:
    """The addresses of `host` that may be gone to; `private` names the hosts that may lead to private ones.

    Raises `Unreachable` where there is none at all, `Forbidden` where there is none that may be gone to.
    """
    found = await _resolve(_ascii_host(httpx2.URL(scheme="https", host=host)), port)
    if host in private:
        return found
    public = tuple(address for address in found if is_public(address))
    if not public:
        raise Forbidden(
            f"{host} leads to {found[0]}, which is not a public address; if that is meant, name {host} under `allow_private`"
        )
    return public


def is_public(address: str) -> bool:
    """Whether anybody on the internet could go there, so that going there gives nothing away."""
    return all(_is_anybodys(part) for part in _meant(address))


def _is_anybodys(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if address.version == 6 and (address in DOCUMENTATION or not any(address in network for network in ASSIGNED)):
        return False
    return address.is_global and not address.is_multicast and address not in METADATA


_PORTS = {"https": 443, "http": 80}


def _meant(address: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address, and the IPv4 address that is wrapped in it."""
    outer = ipaddress.ip_address(address)
    yield outer
    if isinstance(outer, ipaddress.IPv6Address):
        inner = (outer.ipv4_mapped, outer.sixtofour, *(outer.teredo or ()))
        yield from (one for one in inner if one is not None)
        if outer in NAT64:
            yield ipaddress.IPv4Address(int(outer) & 0xFFFFFFFF)


def _ascii_host(url: httpx2.URL) -> str:
    return url.raw_host.decode("ascii")


async def _resolve(host: str, port: int) -> tuple[str, ...]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"{host} could not be looked up: {error.strerror}") from None
    except UnicodeError:  # what Python says of a label that is empty, or longer than 63 letters
        raise Unreachable(f"{host} could not be looked up: it is no name of a host") from None
    return tuple(dict.fromkeys(str(place[0]) for *_, place in found))


@cache
def trusting(extra: Path | None) -> ssl.SSLContext:
    """How certificates are verified: by the common authorities and those in the PEM file `extra`.

    One context per trust store: making one takes longer than a whole delivery.
    """
    context = httpx2.create_ssl_context(trust_env=False)
    if extra:
        context.load_verify_locations(extra)
    return context


async def _drop(response: httpx2.Response) -> None:
    """Read a little of the answer and close, whatever the receiver does meanwhile."""
    received = 0
    with suppress(httpx2.HTTPError, TimeoutError):
        async with asyncio.timeout(ANSWER_PATIENCE):
            async for part in response.aiter_raw():
                received += len(part)
                if received >= ANSWER_CAP:
                    break
    await response.aclose()


def _reason(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()[:200]
