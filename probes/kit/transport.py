"""httpx2 over connections that stand already: the stages before HTTP have been run, timed and judged elsewhere.

httpx2 and httpcore2 are used by their public interfaces only. httpcore2's connection pool is left out: there is nothing to
pool where every look has a connection of its own, it would cost a fifth of the request, and its work grows with the number
of requests that hang, which is when we must be quick.
"""

import re
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing
from functools import lru_cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import perf_counter
from typing import Any, Final, cast

import httpcore2
import httpx2

from probes.kit.failure import Failed, unknown
from probes.kit.proxy import Stream

HEAD_CAP: Final = 256 * 1024
"""Bytes before a response's body begins. h11 gives up on one head at 100 KiB, but not on an endless row of interim ones."""
SAMPLE: Final = 0.25
"""Seconds between two samples of how much has arrived."""
_WIRE: Final = "wire"
_EMPTY_LINE: Final = re.compile(rb"\n\r?\n")
_INTERIM: Final = re.compile(rb"HTTP/\d\.\d 1\d\d")


class Wire(httpcore2.AsyncNetworkStream):
    """Passes bytes through and remembers what matters, however it ends: what was sent, what came, and how fast.

    `body` is the response's body as it came, without the framing of HTTP; `truncated` says that it was cut off.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._began = perf_counter()
        self._received = 0
        self._samples: list[tuple[float, int]] = []
        self._sent: list[bytes] = []
        self._head: list[bytes] = []
        self.ended = False
        self.status: int | None = None
        self.header_names: tuple[bytes, ...] = ()
        self._headers: dict[bytes, bytes] = {}
        self.body = bytearray()
        self.truncated = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - httpcore2's
        """Of httpcore2. How much to read is up to what arrived, and the stage's budget ends all waiting."""
        data = await self._stream.read()
        self._sample(perf_counter() - self._began)
        self._received += len(data)
        self.ended = not data
        if self.status is None:
            self._keep_head(data)
        return data

    def _sample(self, elapsed: float) -> None:
        """Fill in the samples that fell due while nothing arrived: a freeze must not look like a trickle."""
        due = (len(self._samples) + 1) * SAMPLE
        while due <= elapsed:
            self._samples.append((round(due, 3), self._received))
            due += SAMPLE

    def _keep_head(self, data: bytes) -> None:
        self._head.append(data)
        if self._received > HEAD_CAP:
            raise Failed(unknown("the head of the response does not end"))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - httpcore2's
        """Of httpcore2, which also writes the nothing of which a GET's body consists."""
        if buffer:
            self._sent.append(buffer)
            self._stream.write(buffer)

    async def aclose(self) -> None:
        """Of httpcore2."""
        self._stream.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - httpcore2's
        server_hostname: str | None = None,  # noqa: ARG002 - httpcore2's
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - httpcore2's
    ) -> httpcore2.AsyncNetworkStream:
        """Of httpcore2: TLS has been started already, where there is any."""
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002 - httpcore2's
        """Of httpcore2: nothing that it would need."""
        return None

    def answered(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """The final head has been understood."""
        self.status = status
        self.header_names = tuple(name for name, _ in headers)
        self._headers = {name.lower(): value for name, value in reversed(headers)}

    def header(self, name: bytes) -> str:
        """The value of the first response header `name`, which is given in lower case; empty where there is none."""
        return self._headers.get(name, b"").decode("utf-8", "replace")

    @property
    def request(self) -> bytes:
        """The request as it was sent."""
        return b"".join(self._sent)

    def head(self) -> bytes:
        """The head of the response as it came; all that came, where it was no proper one."""
        arrived = b"".join(self._head)
        return arrived if self.status is None else arrived[: _end_of_head(arrived)]

    def received(self) -> tuple[tuple[float, int], ...]:
        """(seconds since the request, bytes so far), four a second and at the end."""
        elapsed = perf_counter() - self._began
        self._sample(elapsed)
        return (*self._samples, (round(elapsed, 3), self._received))


def _end_of_head(arrived: bytes) -> int:
    """Where the final head ends: behind its empty line, and those of the interim heads before it (1xx)."""
    start = 0
    for empty in _EMPTY_LINE.finditer(arrived):
        interim = _INTERIM.match(arrived, start)
        start = empty.end()
        if not interim:
            return start
    return len(arrived)


class _Content(httpx2.AsyncByteStream):
    """The body of a response, from httpcore2 to httpx2."""

    def __init__(self, stream: AsyncIterable[bytes], connection: httpcore2.AsyncHTTP11Connection) -> None:
        self._stream = stream
        self._connection = connection

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        """Of httpx2."""
        await self._connection.aclose()


class Transport(httpx2.AsyncBaseTransport):
    """Sends a GET over the `Wire` among the request's extensions. Raises what httpcore2 and the connection raise."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Of httpx2."""
        wire: Wire = request.extensions[_WIRE]
        asked = request.url
        url = httpcore2.URL(scheme=asked.raw_scheme, host=asked.raw_host, port=asked.port, target=asked.raw_path)
        connection = httpcore2.AsyncHTTP11Connection(url.origin, wire)
        response = await connection.handle_async_request(httpcore2.Request("GET", url, headers=request.headers.raw))
        wire.answered(response.status, response.headers)
        content = _Content(cast("AsyncIterable[bytes]", response.stream), connection)
        return httpx2.Response(response.status, headers=response.headers, stream=content)


class Browser:
    """An httpx2 client that looks like a browser and keeps nothing: no cookies, no redirects, no credentials."""

    def __init__(self, user_agent: str) -> None:
        refusing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx2.AsyncClient(transport=Transport(), trust_env=False, cookies=refusing)
        self._headers = lru_cache(maxsize=4096)(partial(_headers, user_agent))

    async def get(self, url: httpx2.URL, wire: Wire, cap: int) -> None:
        """Get `url` over `wire`, which then holds the response, of its body at most `cap` bytes.

        Raises EOFError where the peer closed too early, and what httpx2, httpcore2 and the connection raise.
        """
        headers = self._headers(url.netloc)
        request = httpx2.Request("GET", url, headers=headers, stream=_NOTHING, extensions={_WIRE: wire})
        try:
            await self._receive(request, wire, cap)
        except httpcore2.RemoteProtocolError as error:
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
_HEADERS: Final = (
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"Accept-Language", b"en-US,en;q=0.5"),
    (b"Accept-Encoding", b"gzip, deflate"),
    (b"Connection", b"keep-alive"),
    (b"Upgrade-Insecure-Requests", b"1"),
    (b"Sec-Fetch-Dest", b"document"),
    (b"Sec-Fetch-Mode", b"navigate"),
    (b"Sec-Fetch-Site", b"none"),
    (b"Sec-Fetch-User", b"?1"),
)
"""What Firefox sends with a first visit, in its order, behind its name."""


def _headers(user_agent: str, host: bytes) -> httpx2.Headers:
    return httpx2.Headers([(b"Host", host), (b"User-Agent", user_agent.encode()), *_HEADERS])
