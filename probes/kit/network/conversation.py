"""A question to a resolver over a connection of its own: TCP, TLS or HTTPS.

A connection for every question costs more than asking all over one, but then no answer waits for another, and what breaks
one question leaves the others alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final

import h11

from probes.kit.dnswire import Extra, Question
from probes.kit.failure import Failed, Failure, classify
from probes.kit.network.inquiry import Inquiry, Source, framed
from probes.kit.proxy import Stream
from probes.kit.resolvers import PublicResolver

Exchange = Callable[[bytes], Awaitable[bytes]]
"""Carries a query to a resolver and brings the answer back. Raises Failed, EOFError or OSError."""

_HTTP_CAP: Final = 128 * 1024
"""Bytes of an answer over HTTPS, heads included: twice the longest DNS message."""
_HEAD_CAP: Final = 32 * 1024
_OK: Final = 200
_MESSAGE: Final = b"application/dns-message"


class Conversation(Inquiry):
    """Asks one question by `exchange`."""

    def __init__(self, asked: Question, source: Source, extra: Extra, exchange: Exchange) -> None:
        super().__init__(asked, source, extra)
        self._exchange = exchange

    async def hold(self, seconds: float) -> None:
        """Ask, and wait for the answer for `seconds` at most."""
        self.began = perf_counter()
        try:
            async with asyncio.timeout(max(seconds, 0)):
                answer = await self._exchange(self.messages[0])
            self.accept(answer)
            self.failure = self.said()
        except Exception as error:
            self.failure = classify(error)
        finally:
            self.duration = perf_counter() - self.began


async def by_length(stream: Stream, message: bytes) -> bytes:
    """Exchange messages that have their length before them (RFC 1035, 4.2.2; RFC 7858). Raises EOFError, OSError, Failed."""
    stream.write(framed([message]))
    received = await stream.read()
    while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
        more = await stream.read()
        if not more:
            raise Failed(Failure.EOF)
        received += more
    return received[2 : 2 + int.from_bytes(received[:2], "big")]


async def by_post(stream: Stream, resolver: PublicResolver, message: bytes) -> bytes:
    """Exchange messages by POST (RFC 8484). Raises EOFError, OSError, and Failed where the answer is no DNS message.

    The head is that of a browser's own resolver: nothing in it says who asks.
    """
    messages = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_CAP)
    stream.write(_request(messages, resolver, message))
    try:
        return await _body(stream, messages)
    except h11.RemoteProtocolError as error:
        raise Failed(Failure.EOF if messages.trailing_data[1] else Failure.DNS_SERVER_MISBEHAVING) from error


def _request(messages: h11.Connection, resolver: PublicResolver, message: bytes) -> bytes:
    host = resolver.name or resolver.address
    headers = [
        (b"Host", (host if resolver.port in {None, 443} else f"{host}:{resolver.port}").encode()),
        (b"Accept", _MESSAGE),
        (b"Content-Type", _MESSAGE),
        (b"Content-Length", b"%d" % len(message)),
        (b"Connection", b"keep-alive"),
    ]
    events = (h11.Request(method="POST", target=resolver.path, headers=headers), h11.Data(data=message), h11.EndOfMessage())
    return b"".join(messages.send(event) or b"" for event in events)


async def _body(stream: Stream, messages: h11.Connection) -> bytes:
    body = bytearray()
    received = 0
    while not isinstance(event := messages.next_event(), h11.EndOfMessage | h11.ConnectionClosed):
        if event is h11.NEED_DATA:
            data = await stream.read()
            received += len(data)
            messages.receive_data(data)
        elif isinstance(event, h11.Response) and not _carries_message(event):
            raise Failed(Failure.DNS_SERVER_MISBEHAVING)
        elif isinstance(event, h11.Data):
            body += event.data
        if received > _HTTP_CAP:
            raise Failed(Failure.DNS_SERVER_MISBEHAVING)
    return bytes(body)


def _carries_message(response: h11.Response) -> bool:
    kinds = [value.partition(b";")[0].strip().lower() for name, value in response.headers if name == b"content-type"]
    return response.status_code == _OK and kinds == [_MESSAGE]
