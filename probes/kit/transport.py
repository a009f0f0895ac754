"""httpx2 over connections that stand already: the stages before HTTP have been run, timed and judged elsewhere.

httpx2 is used by its public interface only, and h11, which also httpcore2 builds on, reads and writes the messages.
httpcore2 itself is left out: where every look has a connection of its own there is nothing to pool, it would double the
cost of a request, and its pool's work grows with the number of requests that hang, which is when we must be quick.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from functools import lru_cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Protocol

import h11
import httpx2

from probes.kit.failure import Failed, unknown
from probes.kit.meter import Meter
from probes.kit.proxy import Stream

HEAD_CAP: Final = 256 * 1024
"""Bytes before a response's body begins. h11 is told to give up on one head, but it does not count interim ones."""

_ONE_HEAD_CAP: Final = 100 * 1024
_EVENTS_AT_ONCE: Final = 100
"""Pieces of a body that are read before others get their turn: a server may send every byte as a chunk of its own."""
_WIRE: Final = "wire"
_EMPTY_LINE: Final = re.compile(rb"\n\r?\n")
_INTERIM: Final = re.compile(rb"HTTP/\d\.\d 1\d\d")


class MeasuredStream(Stream, Protocol):
    """A stream that can say how fast it arrives."""

    def measure(self) -> Meter:
        """Count from now on what arrives, as it travels: encrypted, where the stream is."""


class Wire:
    """Passes bytes through and remembers what matters, however it ends: what was sent, what came, and how fast.

    `body` is the response's body as it came, without the framing of HTTP; `truncated` says that it was cut off.
    """

    def __init__(self, stream: MeasuredStream) -> None:
        self._stream = stream
        self._meter = stream.measure()
        self._received = 0
        self._head: list[bytes] = []
        self._headers: dict[bytes, bytes] = {}
        self.request = b""
        self.ended = False
        self.status: int | None = None
        self.header_names: tuple[bytes, ...] = ()
        self.body = bytearray()
        self.truncated = False

    async def read(self) -> bytes:
        """What has arrived; nothing at the end. The stage's budget ends all waiting."""
        data = await self._stream.read()
        self._received += len(data)
        self.ended = not data
        if self.status is None:
            self._keep_head(data)
        return data

    def _keep_head(self, data: bytes) -> None:
        self._head.append(data)
        if self._received > HEAD_CAP:
            raise Failed(unknown("the head of the response does not end"))

    def send(self, request: bytes) -> None:
        """Send the request."""
        self.request = request
        self._stream.write(request)

    def close(self) -> None:
        """Give the connection up."""
        self._stream.close()

    def answered(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """The final head has been understood."""
        self.status = status
        self.header_names = tuple(name for name, _ in headers)
        self._headers = {name.lower(): value for name, value in reversed(headers)}

    def header(self, name: bytes) -> str:
        """The value of the first response header `name`, which is given in lower case; empty where there is none."""
        return self._headers.get(name, b"").decode("utf-8", "replace")

    def head(self) -> bytes:
        """The head of the response as it came; all that came, where it was no proper one."""
        arrived = b"".join(self._head)
        return arrived if self.status is None else arrived[: _end_of_head(arrived)]

    def received(self) -> tuple[tuple[float, int], ...]:
        """(seconds since the request, bytes so far on the line), four a second and at the end."""
        return self._meter.samples()


def _end_of_head(arrived: bytes) -> int:
    """Where the final head ends: behind its empty line, and those of the interim heads before it (1xx)."""
    start = 0
    for empty in _EMPTY_LINE.finditer(arrived):
        interim = _INTERIM.match(arrived, start)
        start = empty.end()
        if not interim:
            return start
    return len(arrived)


class _Exchange(httpx2.AsyncByteStream):
    """One request and its response over a wire; as a stream it is the response's body."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._messages = h11.Connection(h11.CLIENT, max_incomplete_event_size=_ONE_HEAD_CAP)

    async def ask(self, request: h11.Request) -> httpx2.Response:
        """Send `request` and wait for the head of the response."""
        self._wire.send((self._messages.send(request) or b"") + (self._messages.send(h11.EndOfMessage()) or b""))
        while not isinstance(event := await self._next(), h11.Response):
            pass
        headers = event.headers.raw_items()
        self._wire.answered(event.status_code, headers)
        return httpx2.Response(event.status_code, headers=headers, stream=self)

    async def _next(self) -> object:
        """The next event of h11, whatever it is."""
        while (event := self._messages.next_event()) is h11.NEED_DATA:
            self._messages.receive_data(await self._wire.read())
        return event

    async def __aiter__(self) -> AsyncIterator[bytes]:
        events = 0
        while isinstance(event := await self._next(), h11.Data):
            yield event.data
            events += 1
            if events % _EVENTS_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        """Of httpx2."""
        self._wire.close()


class Transport(httpx2.AsyncBaseTransport):
    """Sends a GET over the `Wire` among the request's extensions. Raises what h11 and the connection raise."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Of httpx2."""
        asked = _asked(request.url.raw_path, tuple(request.headers.raw))
        return await _Exchange(request.extensions[_WIRE]).ask(asked)


@lru_cache(maxsize=4096)
def _asked(target: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> h11.Request:
    """The request as h11 has checked it, which is worth remembering: the same page is asked for every few minutes."""
    return h11.Request(method="GET", target=target, headers=list(headers))


class Browser:
    """An httpx2 client that looks like a browser and keeps nothing: no cookies, no redirects, no credentials."""

    def __init__(self, user_agent: str) -> None:
        refusing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx2.AsyncClient(transport=Transport(), trust_env=False, cookies=refusing)
        self._headers = lru_cache(maxsize=4096)(partial(_headers, user_agent))

    async def get(self, url: httpx2.URL, wire: Wire, cap: int) -> None:
        """Get `url` over `wire`, which then holds the response, of its body at most `cap` bytes.

        Raises EOFError where the peer closed too early, and what httpx2, h11 and the connection raise.
        """
        headers = self._headers(url.raw_scheme, url.netloc)
        request = httpx2.Request("GET", url, headers=headers, stream=_NOTHING, extensions={_WIRE: wire})
        try:
            await self._receive(request, wire, cap)
        except h11.RemoteProtocolError as error:
            if wire.ended:
                raise EOFError from error
            raise

    async def _receive(self, request: httpx2.Request, wire: Wire, cap: int) -> None:
        response = await self._client.send(request, stream=True)
        async with aclosing(response), aclosing(response.aiter_raw()) as chunks:
            async for chunk in chunks:
                wire.body += chunk[: cap - len(wire.body)]
                if len(wire.body) >= cap:
                    wire.truncated = True
                    return

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()


_NOTHING: Final = httpx2.ByteStream(b"")

_BROWSER: Final = (
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"Accept-Language", b"en-US,en;q=0.5"),
    (b"Accept-Encoding", b"gzip, deflate"),
    (b"Connection", b"keep-alive"),
    (b"Upgrade-Insecure-Requests", b"1"),
)
_OVER_TLS: Final = (
    (b"Sec-Fetch-Dest", b"document"),
    (b"Sec-Fetch-Mode", b"navigate"),
    (b"Sec-Fetch-Site", b"none"),
    (b"Sec-Fetch-User", b"?1"),
)
"""What Firefox sends with a first visit, in its order; the second part only where the connection is encrypted."""


def _headers(user_agent: str, scheme: bytes, host: bytes) -> httpx2.Headers:
    named = ((b"Host", host), (b"User-Agent", user_agent.encode()))
    return httpx2.Headers([*named, *_BROWSER, *(_OVER_TLS if scheme == b"https" else ())])
