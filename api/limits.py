"""How much a stranger may send and ask: a cap on bodies and a simple rate limit."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Any, Final

from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import is_local
from api.forwarding import Network, asked_from, plain_address
from api.problems import answer, answer_http
from monitor.core.keys import fingerprint

BODY_CAP: Final = 64 * 1024
"""Bytes of a request's body; nothing that a reader sends here is larger."""

BODY_PATIENCE: Final = 20.0
"""Seconds within which a request's body must have arrived: whoever trickles it holds a connection for nothing."""

BURST: Final = 120
"""Requests that one address, or one key, may make at once."""

PER_SECOND: Final = 10.0
"""Requests a second that one address, or one key, may keep up."""

REMEMBERED: Final = 4096
"""Addresses and keys whose use is remembered; the one that was quiet longest is forgotten first."""


class BodyTooLarge(HTTPException):
    """More was sent than `BODY_CAP`. Of HTTP's own errors, since FastAPI would take any other for a body in disorder."""

    def __init__(self) -> None:
        super().__init__(413, f"Send at most {BODY_CAP // 1024} KiB.", {"connection": "close"})


class BodyTooSlow(HTTPException):
    """The body did not arrive within `BODY_PATIENCE`."""

    def __init__(self) -> None:
        super().__init__(408, "The body did not arrive in time: send it again, at once and whole.", {"connection": "close"})


class BodyCap:
    """Refuses bodies above `BODY_CAP` bytes, whether they announce their length or not, and those that take too long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what is read of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if _announced(request) > BODY_CAP:
            refusal = await answer_http(request, BodyTooLarge())
            await refusal(scope, receive, send)
            return
        await self.app(scope, _counted(receive), send)


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) < 20 else 0


def _counted(receive: Receive) -> Receive:
    loop = asyncio.get_running_loop()
    until: float | None = loop.time() + BODY_PATIENCE
    read = 0

    async def counting() -> Message:
        nonlocal read, until
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow from None
        if not message.get("more_body", False):
            until = None  # whoever listens from now on waits for the reader to leave, and may wait for long
        read += len(message.get("body", b""))
        if read > BODY_CAP:
            raise BodyTooLarge
        return message

    return counting


class RateLimit:
    """A token bucket for each address and for each key: `BURST` requests at once, `PER_SECOND` in the long run.

    Behind a trusted proxy it is the address that the proxy was asked from. Whoever connects from loopback does not count: there
    sit the operator's own tools, and the proxy or onion service through which everybody comes, where it is not known to be one.
    A key counts wherever it comes from, unless a program on this very machine shows it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its sender has not asked too much."""
        wait = self._wait(scope)
        if wait <= 0:
            await self.app(scope, receive, send)
            return
        refusal = answer(Request(scope), 429, "Too many requests: wait a little.", {"retry-after": str(int(wait) + 1)})
        await refusal(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        """The seconds that whoever asks must wait. A refused address takes nothing more: it could fill the memory at no cost."""
        for sender in (sender_of(scope, _proxies(scope)), _key(scope)):
            wait = self._take(sender, scope["app"].state.context.clock.monotonic()) if sender else 0.0
            if wait > 0:
                return wait
        return 0.0

    def _take(self, sender: str, now: float) -> float:
        """Take one token; return the seconds to wait if there is none."""
        tokens, filled_at = self._buckets.pop(sender, (float(BURST), now))
        tokens = min(float(BURST), tokens + (now - filled_at) * PER_SECOND)
        granted = tokens >= 1
        self._buckets[sender] = (tokens - 1 if granted else tokens, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return 0.0 if granted else (1 - tokens) / PER_SECOND


def sender_of(scope: Scope, proxies: Sequence[Network]) -> str | None:
    """Whom to count: an IPv4 address or an IPv6 network of 64 bits; None for whoever is not counted.

    `proxies` are those whose word for whom they ask counts. Of whom they do not say it, all are counted as one.
    """
    client: Any = scope.get("client")
    if scope["type"] != "http" or not client:
        return None
    try:
        peer = plain_address(client[0])
    except ValueError:
        return None
    address = asked_from(peer, Headers(scope=scope), proxies) if proxies else peer
    if address is None:
        return "somebody behind a proxy"
    if address.is_loopback:
        return None
    if isinstance(address, IPv6Address):
        return address.exploded[:19]
    return str(address)


def _proxies(scope: Scope) -> Sequence[Network]:
    """The proxies that are trusted now."""
    proxies: Sequence[Network] = scope["app"].state.context.watchlist().monitor.trusted_proxies if scope["type"] == "http" else ()
    return proxies


def _key(scope: Scope) -> str | None:
    """The key that a request shows, if it is to be counted, by its fingerprint: the secret itself is not remembered."""
    if scope["type"] != "http":
        return None
    request = Request(scope)
    header = request.headers.get("authorization")
    if header is None or is_local(request):
        return None
    return f"key {fingerprint(header)}"
