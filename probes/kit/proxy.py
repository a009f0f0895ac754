"""Reaches a host through a SOCKS5 or HTTP proxy, which looks its name up at the far end.

Whether the proxy or the host failed is kept apart: a dead proxy says nothing about the host.
"""

import base64
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import h11
from socksio import ProtocolError, socks5

from probes.kit.failure import Failed, Failure

_DEFAULT_PORTS: Final = {"socks5h": 1080, "http": 8080}
_SOCKS_FAILURES: Final = {
    socks5.SOCKS5ReplyCode.NETWORK_UNREACHABLE: Failure.NETWORK_UNREACHABLE,
    socks5.SOCKS5ReplyCode.HOST_UNREACHABLE: Failure.HOST_UNREACHABLE,
    socks5.SOCKS5ReplyCode.CONNECTION_REFUSED: Failure.CONNECTION_REFUSED,
    socks5.SOCKS5ReplyCode.TTL_EXPIRED: Failure.GENERIC_TIMEOUT,
}
"""What a SOCKS proxy can say about the host (RFC 1928, 6). Its other codes speak of the proxy itself."""

_GATEWAY_TIMEOUT: Final = 504
"""The one status by which an HTTP proxy says that the host did not answer (RFC 9110); 502 and 503 may be its own trouble."""


class ProxyFailed(Exception):
    """The proxy itself did not work, so nothing was learnt about the host; the message says what it did."""


class Stream(Protocol):
    """What bytes travel over."""

    async def read(self) -> bytes:
        """What has arrived; nothing at the end."""

    def write(self, data: bytes) -> None:
        """Send `data`."""

    def close(self) -> None:
        """Give the connection up."""


class Tunnel(Protocol):
    """A connection to a proxy, on its way to becoming one to a host."""

    async def sign_in(self) -> None:
        """Agree with the proxy. Raises ProxyFailed or OSError."""

    async def reach(self, host: str, port: int) -> None:
        """Become a connection to `host`. Raises Failed for the host's failures, ProxyFailed or OSError for the proxy's."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A vantage point's proxy. The password shows in no `repr`."""

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)

    def tunnel(self, stream: Stream) -> Tunnel:
        """Begin a tunnel over `stream`, which is connected to the proxy."""
        return _Socks(self, stream) if self.scheme == "socks5h" else _Connect(self, stream)


def parse(address: str) -> Proxy:
    """Read a proxy's address. Raises ValueError, without repeating the address: it may hold a password."""
    parts = urlsplit(address)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("a proxy's address is 'socks5h://[user:password@]host:port' or 'http://[user:password@]host:port'")
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    return Proxy(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


class _Socks:
    """SOCKS5 (RFC 1928, 1929). socksio knows the messages; when one is complete it does not, so that is seen to here."""

    def __init__(self, proxy: Proxy, stream: Stream) -> None:
        self._proxy = proxy
        self._stream = stream
        self._messages = socks5.SOCKS5Connection()

    async def sign_in(self) -> None:
        """Of Tunnel."""
        method = socks5.SOCKS5AuthMethod
        wanted = method.USERNAME_PASSWORD if self._proxy.username else method.NO_AUTH_REQUIRED
        offered = await self._exchange(socks5.SOCKS5AuthMethodsRequest([wanted]), 2)
        if not isinstance(offered, socks5.SOCKS5AuthReply) or offered.method != wanted:
            raise ProxyFailed("the proxy does not offer the sign-in that its address asks for")
        if self._proxy.username:
            await self._give_password()

    async def _give_password(self) -> None:
        name, password = self._proxy.username.encode(), self._proxy.password.encode()
        reply = await self._exchange(socks5.SOCKS5UsernamePasswordRequest(name, password), 2)
        if not isinstance(reply, socks5.SOCKS5UsernamePasswordReply) or not reply.success:
            raise ProxyFailed("the proxy refused the user name or password of its address")

    async def reach(self, host: str, port: int) -> None:
        """Of Tunnel."""
        request = socks5.SOCKS5CommandRequest.from_address(socks5.SOCKS5Command.CONNECT, (host, port))
        reply = await self._exchange(request, 5)
        if not isinstance(reply, socks5.SOCKS5Reply):
            raise ProxyFailed("the proxy does not speak SOCKS5")
        if reply.reply_code in _SOCKS_FAILURES:
            raise Failed(_SOCKS_FAILURES[reply.reply_code])
        if reply.reply_code is not socks5.SOCKS5ReplyCode.SUCCEEDED:
            raise ProxyFailed(f"the proxy refused: {reply.reply_code.name.lower().replace('_', ' ')}")

    async def _exchange(self, request: Any, least: int) -> object:
        """Send `request` and read the answer, which has at least `least` bytes."""
        self._messages.send(request)
        self._stream.write(self._messages.data_to_send())
        answer = b""
        while len(answer) < least or len(answer) < _answer_length(answer):
            answer += await _read(self._stream)
        try:
            return self._messages.receive_data(answer)
        except ProtocolError as error:
            raise ProxyFailed("the proxy does not speak SOCKS5") from error


def _answer_length(answer: bytes) -> int:
    """The length of an answer; of a reply to a command it depends on the kind of address in it (RFC 1928, 6)."""
    if len(answer) < 5:
        return 2
    return 6 + {1: 4, 3: 1 + answer[4], 4: 16}.get(answer[3], 0)


class _Connect:
    """HTTP CONNECT (RFC 9110, 9.3.6), for every port: a proxy's error page must never pass for the host's."""

    def __init__(self, proxy: Proxy, stream: Stream) -> None:
        self._proxy = proxy
        self._stream = stream
        self._messages = h11.Connection(h11.CLIENT)

    async def sign_in(self) -> None:
        """Of Tunnel: the credentials travel with the request."""

    async def reach(self, host: str, port: int) -> None:
        """Of Tunnel."""
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        request = h11.Request(method="CONNECT", target=place, headers=[("Host", place), *self._credentials()])
        self._stream.write((self._messages.send(request) or b"") + (self._messages.send(h11.EndOfMessage()) or b""))
        try:
            status = await self._status()
        except h11.ProtocolError as error:
            raise ProxyFailed("the proxy does not speak HTTP") from error
        if status == _GATEWAY_TIMEOUT:
            raise Failed(Failure.GENERIC_TIMEOUT)
        if not 200 <= status < 300:
            raise ProxyFailed(f"the proxy answered with status {status}")

    def _credentials(self) -> list[tuple[str, str]]:
        if not self._proxy.username:
            return []
        token = base64.b64encode(f"{self._proxy.username}:{self._proxy.password}".encode()).decode()
        return [("Proxy-Authorization", f"Basic {token}")]

    async def _status(self) -> int:
        """The status of the final answer. h11 bounds each head, and the stage's budget their number."""
        while not isinstance(event := self._messages.next_event(), h11.Response):
            if event is h11.NEED_DATA:
                self._messages.receive_data(await _read(self._stream))
        return event.status_code


async def _read(stream: Stream) -> bytes:
    data = await stream.read()
    if not data:
        raise ProxyFailed("the proxy closed the connection")
    return data
